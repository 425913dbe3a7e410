/*
 * Room on the disk for a file that is going to be mapped.
 */
#ifndef GSP_BASE_FILE_ROOM_H
#define GSP_BASE_FILE_ROOM_H

#include <stdint.h>

/*
 * Allocate the file's first n bytes for real, so that writing to them through a map never fails. Returns 0,
 * or an errno: ENOSPC and the like; EFBIG where the process's limit on file sizes (RLIMIT_FSIZE) is below
 * that: asked for first, because the kernel would send SIGXFSZ, which kills.
 */
int gsp__file_room(int fd, uint64_t n_bytes);

#endif
