/*
 * Advisory locks on single bytes of a file, which the kernel drops when the holder dies. They belong to
 * the open file description: closing another descriptor of the same file does not lose them, and two
 * holders in one process keep each other out.
 *
 * A lock would live on in a forked child that inherits its descriptor. So descriptors that carry locks are
 * opened and closed here, and a child closes those of its parent; and they are never mapped, since a
 * mapping keeps the file description too.
 */
#ifndef GSP_RECORD_LOCK_H
#define GSP_RECORD_LOCK_H

#include <genspan/types.h>
#include <stdbool.h>

/* open() for a file to be locked; -1 with errno. At most 1088 at once; further ones are inherited. */
int gsp__lock_open(const char *path, int flags);

/* Close it. -1 is allowed. */
void gsp__lock_close(int fd);

/* GSP_ERR_BUSY if another holds it, GSP_ERR_IO. Never waits. */
GSP_MUST_USE gsp_status gsp__lock_take(int fd, int byte, gsp_error *err);

/* Whether anybody but this descriptor holds it; true also when that cannot be found out. */
bool gsp__lock_is_held(int fd, int byte);

#endif
