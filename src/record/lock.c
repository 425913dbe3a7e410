/*
 * Advisory locks on single bytes of a file.
 */
#include "record/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/status.h"

#define FDS_MAX 1088

static _Atomic int fds[FDS_MAX]; /* descriptor + 1; 0: free */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void in_forked_child(void)
{
    for (int i = 0; i < FDS_MAX; i++) {
        int fd = atomic_exchange(&fds[i], 0) - 1;

        if (fd >= 0)
            close(fd);
    }
}

static void set_up_process(void)
{
    pthread_atfork(NULL, NULL, in_forked_child);
}

int gsp__lock_open(const char *path, int flags)
{
    int fd;

    pthread_once(&once, set_up_process);
    fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    for (int i = 0; fd >= 0 && i < FDS_MAX; i++) {
        int nothing = 0;

        if (atomic_compare_exchange_strong(&fds[i], &nothing, fd + 1))
            break;
    }
    return fd;
}

void gsp__lock_close(int fd)
{
    if (fd < 0)
        return;
    for (int i = 0; i < FDS_MAX; i++) {
        int mine = fd + 1;

        if (atomic_compare_exchange_strong(&fds[i], &mine, 0))
            break;
    }
    close(fd);
}

static struct flock lock_of(int byte, short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
}

gsp_status gsp__lock_take(int fd, int byte, gsp_error *err)
{
    struct flock lock = lock_of(byte, F_WRLCK);

    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return GSP_OK;
    if (errno == EAGAIN || errno == EACCES)
        return gsp__fail(err, GSP_ERR_BUSY, "another process holds the lock");
    return gsp__fail_errno(err, "the file cannot be locked");
}

bool gsp__lock_is_held(int fd, int byte)
{
    struct flock lock = lock_of(byte, F_WRLCK);

    return fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}
