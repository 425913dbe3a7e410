/*
 * A batch on its way: calls of one ring, given to all exporters, and the records that may go when every one
 * of them is done.
 */
#ifndef GSP_DRAIN_BATCH_H
#define GSP_DRAIN_BATCH_H

#include "base/arena.h"
#include "drain/drainer.h"
#include "drain/exporter.h"
#include "drain/fold_file.h"

#define GSP__EXPORTERS_MAX 4

struct gsp__batch {
    struct gsp__export_context context;
    struct gsp__exporter *exporters[GSP__EXPORTERS_MAX];
    unsigned n_exporters;
    /* The exporters whose counts are the batch's: the first that takes traces, and logs. */
    unsigned counting, counting_logs;
    struct gsp__arena arena; /* of the call that is being added */

    struct gsp__reader *ring; /* NULL: no batch is begun */
    unsigned waiting;         /* exporters that are not done: one bit each */
    bool is_committed;        /* to all of them once */
    uint32_t n_spans;
    uint32_t n_records;
    struct gsp__record_ref records[GSP__FOLD_LIST_MAX];
};

/* Make the exporters that the configuration names. */
GSP_MUST_USE gsp_status gsp__batch_init(struct gsp__batch *batch, const struct gsp__drain_config *config,
                                        gsp_error *err);
void gsp__batch_deinit(struct gsp__batch *batch);

void gsp__batch_begin(struct gsp__batch *batch, struct gsp__reader *ring,
                      const struct gsp__export_origin *origin);

/* Give a call to the exporters, if it is sampled. */
void gsp__batch_add_call(struct gsp__batch *batch, const struct gsp__call *call,
                         const struct gsp__derived *derived, uint32_t n_records);

/* A record that goes with the batch. */
void gsp__batch_add_record(struct gsp__batch *batch, const struct gsp__record_ref *ref);

/* Whether `n_records` more would be too many, or an exporter has enough. */
bool gsp__batch_is_ripe(const struct gsp__batch *batch, uint32_t batch_max, uint32_t n_records);

/* Commit to the exporters that are not done yet. False if one waits; else the batch must be released. */
bool gsp__batch_commit(struct gsp__batch *batch, struct gsp__export_counts *counts);

/* All exporters are done: the records are given back, and the batch is over. */
void gsp__batch_release(struct gsp__batch *batch);

#endif
