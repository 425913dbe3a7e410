/*
 * The spool: batches kept on disk while a backend is away. One folder per endpoint, one file per batch:
 *
 *     off  size
 *       0     8  magic "GSPSPL1\0"
 *       8     4  signal: 0 traces, 1 metrics, 2 logs
 *      12     4  1 if JSON, 0 if protobuf
 *      16     8  items in it: records of traces, points of metrics, log records
 *      24     8  bytes of the body
 *      32     8  FNV-1a 64 of all of this up to here, then of the body
 *      40     n  the body of the request, not compressed
 *
 * Files are written under a temporary name, synced, and renamed; then the folder is synced. One that was left
 * half-written is never read, and deleted after an hour. Names sort by age. Several processes may share a
 * spool: each writes files of its own, one at a time sends them (a lock on the file `lock`). What is in the
 * folder and is no plain file is left alone.
 */
#ifndef GSP_DRAIN_SPOOL_H
#define GSP_DRAIN_SPOOL_H

#include <genspan/export.h>
#include <stdbool.h>
#include <stdint.h>

#define GSP__SPOOL_BATCHES_MAX 4096
#define GSP__SPOOL_BATCH_BYTES ((uint64_t)64 << 20) /* of one; no exporter makes larger ones */

struct gsp__spool {
    char directory[512]; /* of this endpoint; empty: there is no spool */
    uint64_t max_bytes;
    uint64_t n_put;   /* for names */
    uint64_t last_ns; /* the time in the last name */
};

/* Find the folder for an endpoint; nothing is made before the first batch. */
void gsp__spool_init(struct gsp__spool *spool, const char *directory, const char *endpoint,
                     uint64_t max_bytes);

struct gsp__spooled {
    gsp_signal signal;
    bool is_json;
    uint64_t n_items;
    size_t n_bytes;
    void *bytes; /* free() it */
    char path[800];
};

/* Keep a batch. GSP_ERR_NO_SPACE (the bound, or the disk), GSP_ERR_IO, GSP_ERR_UNSUPPORTED (no spool). */
GSP_MUST_USE gsp_status gsp__spool_put(struct gsp__spool *spool, gsp_signal signal, bool is_json,
                                       uint64_t n_items, const void *bytes, size_t n_bytes, gsp_error *err);

/*
 * The oldest batch of a signal. GSP_ERR_NOT_FOUND when there is none; GSP_ERR_BUSY when another process is
 * sending; GSP_ERR_IO and GSP_ERR_NO_MEMORY when it cannot be read now. A file that is damaged is deleted and
 * counted in *n_damaged. While one is out, the lock is held under *lock_fd; give it back with
 * gsp__spool_done.
 */
GSP_MUST_USE gsp_status gsp__spool_oldest(struct gsp__spool *spool, gsp_signal signal,
                                          struct gsp__spooled *out, int *lock_fd, uint64_t *n_damaged);

/* Delete the batch if it is done with, free its bytes, drop the lock. False if it could not be deleted: it
 * would be sent again. */
bool gsp__spool_done(struct gsp__spooled *spooled, int lock_fd, bool is_done);

/* Whether there may be anything of a signal; cheap when there is no folder. */
bool gsp__spool_is_empty(const struct gsp__spool *spool, gsp_signal signal);

#endif
