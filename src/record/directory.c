/*
 * The directory where every genspan tool of a user looks for rings.
 */
#include "record/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/env.h"
#include "base/status.h"
#include "record/layout.h"
#include "record/lock.h"
#include "record/reader.h"

#define LEFTOVER_AGE_S 60

static gsp_status copy_path(const char *a, const char *b, char out[GSP__DIRECTORY_MAX], gsp_error *err)
{
    int n = snprintf(out, GSP__DIRECTORY_MAX, "%s%s", a, b);

    if (n < 0 || n >= GSP__DIRECTORY_MAX)
        return gsp__fail(err, GSP_ERR_INVALID, "the path of the ring directory is too long");
    return GSP_OK;
}

static gsp_status make(const char *path, gsp_error *err)
{
    struct stat st;

    if (mkdir(path, 0700) == 0)
        return GSP_OK;
    if (errno != EEXIST)
        return gsp__fail_errno(err, "the ring directory cannot be made: set GENSPAN_DIR to one that "
                                    "can be written");
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return gsp__fail_errno(err, "the ring directory is not a directory: set GENSPAN_DIR");
    }
    return GSP_OK;
}

static gsp_status find_in_shm(char out[GSP__DIRECTORY_MAX], gsp_error *err)
{
    struct stat st;
    char uid[32];
    gsp_status status;

    snprintf(uid, sizeof uid, "%lu", (unsigned long)geteuid());
    status = copy_path("/dev/shm/genspan-", uid, out, err);
    if (status == GSP_OK)
        status = make(out, err);
    if (status != GSP_OK)
        return status;
    if (lstat(out, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
        errno = EPERM;
        return gsp__fail_errno(err, "/dev/shm/genspan-UID belongs to somebody else, or others may "
                                    "write there: set GENSPAN_DIR");
    }
    return GSP_OK;
}

gsp_status gsp__directory_find(const char *wish, char out[GSP__DIRECTORY_MAX], gsp_error *err)
{
    const char *runtime = gsp__env("XDG_RUNTIME_DIR");
    gsp_status status;

    if (!wish || !*wish)
        wish = gsp__env("GENSPAN_DIR");
    if (wish) {
        status = copy_path(wish, "", out, err);
        return status == GSP_OK ? make(out, err) : status;
    }
    if (access("/run/genspan", W_OK | X_OK) == 0)
        return copy_path("/run/genspan", "", out, err);
    if (runtime && runtime[0] == '/' && access(runtime, W_OK | X_OK) == 0) {
        status = copy_path(runtime, "/genspan", out, err);
        return status == GSP_OK ? make(out, err) : status;
    }
    return find_in_shm(out, err);
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), n_end = strlen(end);

    return n > n_end && strcmp(name + n - n_end, end) == 0;
}

/* A ring that was never finished: nobody holds its lock, and it is not just being made. */
static void delete_leftover(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
        time(NULL) - st.st_mtime > LEFTOVER_AGE_S && !gsp__lock_is_held(fd, GSP__RING_LOCK_WRITER))
        unlink(path);
    close(fd);
}

gsp_status gsp__directory_list(const char *directory, bool (*visit)(void *self, const char *path), void *self,
                               gsp_error *err)
{
    char path[GSP__DIRECTORY_MAX + 256];
    DIR *dir = opendir(directory);
    struct dirent *entry;

    if (!dir)
        return gsp__fail_errno(err, "the ring directory cannot be read");
    while ((entry = readdir(dir))) {
        int n = snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);

        if (n < 0 || (size_t)n >= sizeof path)
            continue;
        if (ends_with(entry->d_name, ".ring.tmp"))
            delete_leftover(path);
        else if (ends_with(entry->d_name, ".ring") && !visit(self, path))
            break;
    }
    closedir(dir);
    return GSP_OK;
}

static bool has_fold(const char *path)
{
    char fold[GSP__DIRECTORY_MAX + 256];
    size_t n = strlen(path);

    /* NAME.ring and NAME.fold */
    snprintf(fold, sizeof fold, "%.*s.fold", (int)(n > 5 ? n - 5 : n), path);
    return access(fold, F_OK) == 0;
}

void gsp__directory_delete_spent(const char *path)
{
    int fd = gsp__lock_open(path, O_RDWR);

    if (fd < 0)
        return;
    if (gsp__lock_take(fd, GSP__RING_LOCK_DRAINER, NULL) == GSP_OK && !has_fold(path))
        unlink(path);
    gsp__lock_close(fd);
}

static bool tidy_one(void *self, const char *path)
{
    unsigned *n_left = self;
    struct gsp__reader *reader;
    bool is_spent;

    if (gsp__reader_open(path, GSP__READ_ONLY, &reader, NULL) == GSP_OK) {
        is_spent = !gsp__reader_is_live(reader) && gsp__map_is_spent(&reader->map);
        gsp__reader_close(reader);
        if (is_spent)
            gsp__directory_delete_spent(path);
    }
    return --*n_left > 0;
}

void gsp__directory_tidy(const char *directory)
{
    unsigned n_left = 64;

    (void)!gsp__directory_list(directory, tidy_one, &n_left, NULL);
}
