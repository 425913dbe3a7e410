/*
 * The spool: batches kept on disk while a backend is away.
 */
#include "drain/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/status.h"
#include "record/lock.h"

#define MAGIC       "GSPSPL1"
#define BATCHES_MAX 4096
#define BYTES_MAX   ((uint64_t)64 << 20) /* of one batch; no exporter makes larger ones */

struct header {
    char magic[8];
    uint32_t signal;
    uint32_t is_json;
    uint64_t n_items;
    uint64_t n_bytes;
    uint64_t checksum;
};

_Static_assert(sizeof(struct header) == 40, "spool layout");

void gsp__spool_init(struct gsp__spool *s, const char *directory, const char *endpoint, uint64_t max_bytes)
{
    uint64_t hash = gsp__fnv1a(GSP__FNV_INIT, endpoint, strlen(endpoint));
    int n;

    memset(s, 0, sizeof *s);
    s->max_bytes = max_bytes;
    if (!*directory)
        return;
    n = snprintf(s->directory, sizeof s->directory, "%s/%016" PRIx64, directory, hash);
    if (n < 0 || (size_t)n >= sizeof s->directory)
        s->directory[0] = 0;
}

/* Make a folder and those above it. */
static bool make_folders(const char *path)
{
    char part[512];
    size_t n = strlen(path);

    for (size_t i = 1; i <= n && n < sizeof part; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return false;
    }
    return n < sizeof part;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), n_suffix = strlen(suffix);

    return n > n_suffix && strcmp(name + n - n_suffix, suffix) == 0;
}

static const char *suffix_of(gsp_signal signal)
{
    return signal == GSP_SIGNAL_TRACES ? ".traces" : ".metrics";
}

/* What is in the folder: bytes and batches of all signals. */
static void measure(const struct gsp__spool *s, uint64_t *n_bytes, uint64_t *n_batches)
{
    DIR *dir = opendir(s->directory);
    struct dirent *e;
    struct stat st;

    *n_bytes = *n_batches = 0;
    while (dir && (e = readdir(dir))) {
        if (!has_suffix(e->d_name, ".traces") && !has_suffix(e->d_name, ".metrics"))
            continue;
        if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            *n_bytes += (uint64_t)st.st_size;
            ++*n_batches;
        }
    }
    if (dir)
        closedir(dir);
}

static bool write_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t written = write(fd, p, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        p += written;
        n -= (size_t)written;
    }
    return true;
}

gsp_status gsp__spool_put(struct gsp__spool *s, gsp_signal signal, bool is_json, uint64_t n_items,
                          const void *bytes, size_t n_bytes, gsp_error *err)
{
    struct header h = {MAGIC,   (uint32_t)signal, is_json,
                       n_items, n_bytes,          gsp__fnv1a(GSP__FNV_INIT, bytes, n_bytes)};
    char temporary[808], path[800];
    uint64_t used, n_batches;
    gsp_status status = GSP_OK;
    int fd;

    if (!s->directory[0])
        return gsp__fail(err, GSP_ERR_UNSUPPORTED, "there is no spool");
    if (!make_folders(s->directory))
        return gsp__fail_errno(err, "the spool's folder cannot be made: set GENSPAN_SPOOL_DIR");
    measure(s, &used, &n_batches);
    if (n_batches >= BATCHES_MAX || used > s->max_bytes || sizeof h + n_bytes > s->max_bytes - used)
        return gsp__fail(err, GSP_ERR_NO_SPACE, "the spool is full (GENSPAN_SPOOL_BYTES)");
    snprintf(path, sizeof path, "%s/%020" PRIu64 "-%ld-%06" PRIu64 "%s", s->directory,
             gsp__clock_realtime_ns(), (long)getpid(), s->n_put++, suffix_of(signal));
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return gsp__fail_errno(err, "the spool cannot be written");
    if (!write_all(fd, &h, sizeof h) || !write_all(fd, bytes, n_bytes) || fsync(fd) != 0)
        status = gsp__fail_errno(err, "the spool cannot be written");
    if (close(fd) != 0 && status == GSP_OK)
        status = gsp__fail_errno(err, "the spool cannot be written");
    if (status == GSP_OK && rename(temporary, path) != 0)
        status = gsp__fail_errno(err, "the spool cannot be written");
    if (status != GSP_OK)
        unlink(temporary);
    return status;
}

/* The name of the oldest batch of a signal; false if there is none. */
static bool find_oldest(const struct gsp__spool *s, gsp_signal signal, char name[256])
{
    DIR *dir = s->directory[0] ? opendir(s->directory) : NULL;
    struct dirent *e;

    name[0] = 0;
    while (dir && (e = readdir(dir)))
        if (has_suffix(e->d_name, suffix_of(signal)) && (!name[0] || strcmp(e->d_name, name) < 0))
            snprintf(name, 256, "%s", e->d_name);
    if (dir)
        closedir(dir);
    return name[0] != 0;
}

bool gsp__spool_is_empty(const struct gsp__spool *s, gsp_signal signal)
{
    char name[256];

    return !find_oldest(s, signal, name);
}

static bool read_all(int fd, void *bytes, size_t n)
{
    char *p = bytes;

    while (n > 0) {
        ssize_t got = read(fd, p, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

static bool read_batch(const char *path, gsp_signal signal, struct gsp__spooled *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct header h;
    bool is_good = false;

    out->bytes = NULL;
    if (fd < 0)
        return false;
    if (read_all(fd, &h, sizeof h) && memcmp(h.magic, MAGIC, sizeof h.magic) == 0 &&
        h.signal == (uint32_t)signal && h.n_bytes <= BYTES_MAX) {
        out->bytes = malloc((size_t)h.n_bytes + 1);
        is_good = out->bytes && read_all(fd, out->bytes, (size_t)h.n_bytes) &&
                  gsp__fnv1a(GSP__FNV_INIT, out->bytes, (size_t)h.n_bytes) == h.checksum;
    }
    close(fd);
    if (!is_good) {
        free(out->bytes);
        out->bytes = NULL;
        return false;
    }
    out->signal = signal;
    out->is_json = h.is_json != 0;
    out->n_items = h.n_items;
    out->n_bytes = (size_t)h.n_bytes;
    snprintf(out->path, sizeof out->path, "%s", path);
    return true;
}

gsp_status gsp__spool_oldest(struct gsp__spool *s, gsp_signal signal, struct gsp__spooled *out, int *lock_fd,
                             uint64_t *n_damaged)
{
    char name[256], path[800];

    if (!find_oldest(s, signal, name))
        return GSP_ERR_NOT_FOUND;
    snprintf(path, sizeof path, "%s/lock", s->directory);
    *lock_fd = gsp__lock_open(path, O_RDWR | O_CREAT);
    if (*lock_fd < 0)
        return GSP_ERR_IO;
    if (gsp__lock_take(*lock_fd, 0, NULL) != GSP_OK) {
        gsp__lock_close(*lock_fd);
        return GSP_ERR_BUSY;
    }
    while (find_oldest(s, signal, name)) { /* again: now nobody else takes one */
        snprintf(path, sizeof path, "%s/%s", s->directory, name);
        if (read_batch(path, signal, out))
            return GSP_OK;
        ++*n_damaged;
        if (unlink(path) != 0)
            break;
    }
    gsp__lock_close(*lock_fd);
    return GSP_ERR_NOT_FOUND;
}

void gsp__spool_done(struct gsp__spooled *spooled, int lock_fd, bool was_sent)
{
    if (was_sent)
        unlink(spooled->path);
    free(spooled->bytes);
    spooled->bytes = NULL;
    gsp__lock_close(lock_fd);
}
