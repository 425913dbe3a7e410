/*
 * Room on the disk.
 */
#include "base/file_room.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

int gsp__file_room(int fd, uint64_t n_bytes)
{
    struct rlimit limit;
    int e;

    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && n_bytes > limit.rlim_cur)
        return EFBIG;
    do
        e = posix_fallocate(fd, 0, (off_t)n_bytes);
    while (e == EINTR);
    return e;
}
