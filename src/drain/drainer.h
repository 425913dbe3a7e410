/*
 * The drainer: finds rings, assembles their calls, folds metrics, hands batches to exporters, gives records
 * back. The same for the thread in a process, for `genspan drain`, and for recovery. It has no thread and no
 * loop of its own: somebody calls tick or flush.
 */
#ifndef GSP_DRAIN_DRAINER_H
#define GSP_DRAIN_DRAINER_H

#include <genspan/export.h>
#include <stdbool.h>
#include <stdint.h>

struct gsp__drainer;

/* Which rings. */
struct gsp__drain_scope {
    const char *directory;
    const char *only; /* path of a ring: it and its family (the processes forked from its own) */
    bool dead_only;   /* leave the rings of living processes alone */
};

struct gsp__drain_report {
    uint64_t n_rings; /* that were drained to the end and deleted */
    uint64_t n_busy;  /* that others drain */
    uint64_t n_bad;   /* that are no rings, or torn in the head */
    uint64_t n_calls;
    uint64_t n_crashed;  /* calls of those whose process died in them */
    uint64_t n_exported; /* records */
    uint64_t n_spooled;
    uint64_t n_rejected; /* lost: the backend refused them */
    uint64_t n_logs_exported;
    uint64_t n_logs_spooled;
    uint64_t n_logs_rejected;
    uint64_t n_torn; /* lost: records that made no sense */
};

/*
 * Make a drainer; options as for gsp_drainer_start. GSP_ERR_INVALID, GSP_ERR_IO, GSP_ERR_NO_MEMORY; and
 * GSP_ERR_BUSY when `only` is drained by somebody else.
 */
GSP_MUST_USE gsp_status gsp__drainer_new(const struct gsp__drain_scope *scope,
                                         const gsp_drainer_options *options, struct gsp__drainer **out,
                                         gsp_error *err);
void gsp__drainer_free(struct gsp__drainer *d);

/* Close all rings, so that others may drain them. The drainer must not be ticked or flushed again. */
void gsp__drainer_let_go(struct gsp__drainer *d);

/* Do what is due: called every 100 ms or so, and never blocks longer than a request takes. */
void gsp__drainer_tick(struct gsp__drainer *d);

/*
 * Export all that has ended, metrics included, until `timeout_ms` is over. GSP_OK when nothing is left to
 * do; GSP_ERR_TIMEOUT. `is_last`: the drainer will not come back (records that wait for a late attempt go
 * without it, metrics are kept for good).
 */
gsp_status gsp__drainer_flush(struct gsp__drainer *d, uint32_t timeout_ms, bool is_last);

/* From any thread: let a request that is under way end by this time (monotonic). */
void gsp__drainer_set_deadline(struct gsp__drainer *d, int64_t deadline_ns);

const struct gsp__drain_report *gsp__drainer_report(const struct gsp__drainer *d);
const struct gsp__drain_config *gsp__drainer_config(const struct gsp__drainer *d);

/* Of the memory exporter; GSP_ERR_INVALID without one. */
gsp_status gsp__drainer_take(struct gsp__drainer *d, gsp_signal signal, void **out, size_t *n_bytes);

#endif
