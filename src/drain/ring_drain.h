/*
 * Draining one ring: its reader, its fold, and the passes over its records.
 */
#ifndef GSP_DRAIN_RING_DRAIN_H
#define GSP_DRAIN_RING_DRAIN_H

#include "derive/assemble.h"
#include "derive/spans.h"
#include "drain/batch.h"
#include "drain/fold_file.h"

struct gsp__ring_drain {
    struct gsp__reader *reader;
    struct gsp__fold *fold;
    struct gsp__assembler assembler;
    struct gsp__arena resource_arena; /* of the origin */
    struct gsp__export_origin origin;
    struct gsp__span_policy policy;
    struct gsp__metric_views views;
    uint64_t n_torn_counted; /* of those that its reader found */
    bool is_clean;           /* all that was in it is handed over, metrics too */
    int64_t last_pass_ns;
    int64_t last_metrics_ns;
};

/* Open a ring to drain it. Fails as gsp__reader_open does. */
GSP_MUST_USE gsp_status gsp__ring_drain_open(const char *path, struct gsp__ring_drain **out, gsp_error *err);

/*
 * `deletes`: its process is dead and everything in it was handed over; the files go. Of a living one that is
 * clean only the fold goes.
 */
void gsp__ring_drain_close(struct gsp__ring_drain *ring, bool deletes);

/* How many records have ended, and how full the ring is, in percent. */
void gsp__ring_drain_count(const struct gsp__ring_drain *ring, uint32_t *n_ended, unsigned *percent_used);

enum gsp__pass_result {
    GSP__PASS_EMPTY, /* nothing in it is ready any more */
    GSP__PASS_MORE,  /* more is ready: call again */
    GSP__PASS_WAIT,  /* a batch waits for its exporters */
};

/*
 * One pass: assemble what is ready, up to one batch of `batch_max` spans, and commit it. `is_last`: do not
 * wait for late attempts. *is_empty is set when no record at all is left in the ring.
 */
enum gsp__pass_result gsp__ring_drain_pass(struct gsp__ring_drain *ring, struct gsp__batch *batch,
                                           uint32_t batch_max, bool is_last, bool *is_empty,
                                           struct gsp__drain_report *report);

/* Export the ring's metrics as they stand: all of them, or as deltas what there is since the last export that
 * all exporters took. True when they did. */
bool gsp__ring_drain_metrics(struct gsp__ring_drain *ring, struct gsp__batch *batch, bool must_keep);

#endif
