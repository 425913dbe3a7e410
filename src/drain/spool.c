/*
 * The spool: batches kept on disk while a backend is away.
 */
#include "drain/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/warn.h"
#include "record/lock.h"

#define MAGIC       "GSPSPL1"
#define SUFFIX_TEMP ".tmp"
#define TEMP_AGE_S  3600 /* a file that takes longer to write has no writer any more */

struct header {
    char magic[8];
    uint32_t signal;
    uint32_t is_json;
    uint64_t n_items;
    uint64_t n_bytes;
    uint64_t checksum;
};

_Static_assert(sizeof(struct header) == 40, "spool layout");

static uint64_t checksum(const struct header *h, const void *bytes)
{
    return gsp__fnv1a(gsp__fnv1a(GSP__FNV_INIT, (const void *)h, offsetof(struct header, checksum)), bytes,
                      (size_t)h->n_bytes);
}

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

static const char *const suffixes[] = {
    [GSP_SIGNAL_TRACES] = ".traces", [GSP_SIGNAL_METRICS] = ".metrics", [GSP_SIGNAL_LOGS] = ".logs"};

static bool is_batch(const char *name)
{
    for (size_t i = 0; i < GSP__COUNT_OF(suffixes); i++)
        if (has_suffix(name, suffixes[i]))
            return true;
    return false;
}

/* What is in the folder, bytes and batches of all signals. Half-written files of the dead go. */
static void measure(const struct gsp__spool *s, uint64_t *n_bytes, uint64_t *n_batches)
{
    DIR *dir = opendir(s->directory);
    time_t now = (time_t)(gsp__clock_realtime_ns() / 1000000000);
    struct dirent *e;
    struct stat st;

    *n_bytes = *n_batches = 0;
    while (dir && (e = readdir(dir))) {
        bool is_temporary = has_suffix(e->d_name, SUFFIX_TEMP);

        if ((!is_temporary && !is_batch(e->d_name)) ||
            fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (is_temporary && now - st.st_mtime > TEMP_AGE_S && unlinkat(dirfd(dir), e->d_name, 0) == 0)
            continue;
        *n_bytes += (uint64_t)st.st_size;
        ++*n_batches;
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

/* Make a file's name last. */
static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_good = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL); /* some file systems have no such thing */

    if (fd >= 0)
        close(fd);
    return is_good;
}

/* Names sort by age also when the wall clock is set back. */
static uint64_t next_name_ns(struct gsp__spool *s)
{
    uint64_t now = gsp__clock_realtime_ns();

    s->last_ns = now > s->last_ns ? now : s->last_ns + 1;
    return s->last_ns;
}

gsp_status gsp__spool_put(struct gsp__spool *s, gsp_signal signal, bool is_json, uint64_t n_items,
                          const void *bytes, size_t n_bytes, gsp_error *err)
{
    struct header h = {MAGIC, (uint32_t)signal, is_json, n_items, n_bytes, 0};
    char temporary[808], path[800];
    uint64_t used, n_batches;
    gsp_status status = GSP_OK;
    int fd;

    if (!s->directory[0])
        return gsp__fail(err, GSP_ERR_UNSUPPORTED, "there is no spool");
    if (!make_folders(s->directory))
        return gsp__fail_errno(err, "the spool's folder cannot be made: set GENSPAN_SPOOL_DIR");
    measure(s, &used, &n_batches);
    if (n_batches >= GSP__SPOOL_BATCHES_MAX || used > s->max_bytes ||
        sizeof h + n_bytes > s->max_bytes - used)
        return gsp__fail(err, GSP_ERR_NO_SPACE, "the spool is full (GENSPAN_SPOOL_BYTES)");
    snprintf(path, sizeof path, "%s/%020" PRIu64 "-%ld-%06" PRIu64 "%s", s->directory, next_name_ns(s),
             (long)getpid(), s->n_put++, suffixes[signal]);
    snprintf(temporary, sizeof temporary, "%s" SUFFIX_TEMP, path);
    h.checksum = checksum(&h, bytes);
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
    else if (!sync_folder(s->directory))
        gsp__warn_once("spool-sync", "%s cannot be synced: what is in it may not outlive a power cut",
                       s->directory);
    return status;
}

static bool is_plain_file(int dir_fd, const struct dirent *e)
{
    struct stat st;

    if (e->d_type != DT_UNKNOWN)
        return e->d_type == DT_REG;
    return fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* The name of the oldest batch of a signal; false if there is none. */
static bool find_oldest(const struct gsp__spool *s, gsp_signal signal, char name[256])
{
    DIR *dir = s->directory[0] ? opendir(s->directory) : NULL;
    struct dirent *e;

    name[0] = 0;
    while (dir && (e = readdir(dir)))
        if (has_suffix(e->d_name, suffixes[signal]) && (!name[0] || strcmp(e->d_name, name) < 0) &&
            is_plain_file(dirfd(dir), e))
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

static bool is_header(const struct header *h, gsp_signal signal, off_t file_bytes)
{
    return memcmp(h->magic, MAGIC, sizeof h->magic) == 0 && h->signal == (uint32_t)signal &&
           h->is_json <= 1 && h->n_items <= h->n_bytes && h->n_bytes <= GSP__SPOOL_BATCH_BYTES &&
           h->n_bytes + sizeof *h == (uint64_t)file_bytes;
}

/* GSP_ERR_FORMAT: the file is damaged; any other failure may pass. */
static gsp_status read_batch(const char *path, gsp_signal signal, struct gsp__spooled *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    gsp_status status = GSP_ERR_FORMAT;
    struct header h;
    struct stat st;

    out->bytes = NULL;
    if (fd < 0)
        return GSP_ERR_IO;
    if (fstat(fd, &st) == 0 && read_all(fd, &h, sizeof h) && is_header(&h, signal, st.st_size)) {
        out->bytes = malloc((size_t)h.n_bytes + 1);
        if (!out->bytes)
            status = GSP_ERR_NO_MEMORY;
        else if (read_all(fd, out->bytes, (size_t)h.n_bytes) && checksum(&h, out->bytes) == h.checksum)
            status = GSP_OK;
    }
    close(fd);
    if (status != GSP_OK) {
        free(out->bytes);
        out->bytes = NULL;
        return status;
    }
    out->signal = signal;
    out->is_json = h.is_json != 0;
    out->n_items = h.n_items;
    out->n_bytes = (size_t)h.n_bytes;
    snprintf(out->path, sizeof out->path, "%s", path);
    return GSP_OK;
}

gsp_status gsp__spool_oldest(struct gsp__spool *s, gsp_signal signal, struct gsp__spooled *out, int *lock_fd,
                             uint64_t *n_damaged)
{
    char name[256], path[800];
    gsp_status status = GSP_ERR_NOT_FOUND;

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
        status = read_batch(path, signal, out);
        if (status == GSP_OK)
            return GSP_OK;
        if (status != GSP_ERR_FORMAT)
            break;
        if (unlink(path) != 0) {
            status = GSP_ERR_IO;
            break;
        }
        ++*n_damaged;
        status = GSP_ERR_NOT_FOUND;
    }
    gsp__lock_close(*lock_fd);
    return status;
}

bool gsp__spool_done(struct gsp__spooled *spooled, int lock_fd, bool is_done)
{
    bool is_gone = !is_done || unlink(spooled->path) == 0 || errno == ENOENT;

    free(spooled->bytes);
    spooled->bytes = NULL;
    gsp__lock_close(lock_fd);
    return is_gone;
}
