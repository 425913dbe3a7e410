/*
 * An exporter: takes calls of one ring into a batch, then hands the batch over. Used by one thread at a
 * time.
 *
 * A batch is begun with the ring it is of, added to, and committed. It has the spans and the log records of
 * its calls, which go out apart. While a commit answers "wait", what has not gone out stays as it is and is
 * committed again later, and what has is not sent again; nothing may be added meanwhile.
 */
#ifndef GSP_DRAIN_EXPORTER_H
#define GSP_DRAIN_EXPORTER_H

#include <stdatomic.h>

#include "base/clock.h"
#include "derive/call.h"
#include "derive/derivation.h"
#include "drain/config.h"

enum gsp__export_result {
    GSP__EXPORT_DONE, /* acknowledged, safe on disk, or refused for good: the records may go */
    GSP__EXPORT_WAIT, /* not now */
};

/* What became of a batch's records (as their spans did) or points (of metrics), and of its log records. */
struct gsp__export_counts {
    uint64_t n_exported;
    uint64_t n_spooled;
    uint64_t n_rejected; /* refused by the backend; lost */
    uint64_t n_logs_exported;
    uint64_t n_logs_spooled;
    uint64_t n_logs_rejected;
    uint64_t n_damaged; /* batches of the spool that could not be read again; lost */
};

/* Count what became of items of a signal. */
static inline void gsp__export_count(struct gsp__export_counts *counts, gsp_signal signal,
                                     uint64_t n_exported, uint64_t n_spooled, uint64_t n_rejected)
{
    bool is_logs = signal == GSP_SIGNAL_LOGS;

    *(is_logs ? &counts->n_logs_exported : &counts->n_exported) += n_exported;
    *(is_logs ? &counts->n_logs_spooled : &counts->n_spooled) += n_spooled;
    *(is_logs ? &counts->n_logs_rejected : &counts->n_rejected) += n_rejected;
}

/* What is said once, around all that a batch has. */
struct gsp__export_origin {
    struct gsp__resource resource;
    struct gsp__instrumentation_scope scope;
    struct gsp__string schema_url; /* of the scope: the dialect's, or empty */
};

struct gsp__exporter;

struct gsp__exporter_ops {
    /* The origin must stay until the batch is done. */
    void (*begin)(struct gsp__exporter *self, const struct gsp__export_origin *origin);
    /* Add a call; one too large for any batch is dropped, and counted by the commit. `n_records` are the
     * ring's records it stands for. */
    void (*add)(struct gsp__exporter *self, const struct gsp__call *call, const struct gsp__derived *derived,
                uint32_t n_records);
    /* Whether the batch is large enough to be committed before more is added. */
    bool (*is_ripe)(const struct gsp__exporter *self);
    enum gsp__export_result (*commit)(struct gsp__exporter *self, struct gsp__export_counts *counts);
    /* Export points as they are now; nothing is kept on "wait". `must_keep`: no later export will carry
     * them again. Not while a batch waits. */
    enum gsp__export_result (*metrics)(struct gsp__exporter *self,
                                       const struct gsp__resource_metrics *metrics, bool must_keep,
                                       struct gsp__export_counts *counts);
    /* Called now and then, also when nothing is new: what was put aside may go out now. True if nothing
     * is put aside (any more). Only what is lost is counted: as spooled it has been counted before. */
    bool (*tick)(struct gsp__exporter *self, struct gsp__export_counts *counts);
    void (*free)(struct gsp__exporter *self);
};

struct gsp__exporter {
    const struct gsp__exporter_ops *ops;
};

/* What all exporters of a drainer share. */
struct gsp__export_context {
    const struct gsp__drain_config *config;
    _Atomic int64_t deadline_ns; /* requests end by then (monotonic); INT64_MAX: whenever they do */
    struct gsp__clock clock;     /* zero: the system's */
};

/* Make one; NULL with err set on failure. The context must outlive it. */
struct gsp__exporter *gsp__exporter_otlp(struct gsp__export_context *context, gsp_error *err);
struct gsp__exporter *gsp__exporter_file(struct gsp__export_context *context, gsp_error *err);
struct gsp__exporter *gsp__exporter_console(struct gsp__export_context *context, gsp_error *err);
struct gsp__exporter *gsp__exporter_memory(struct gsp__export_context *context, gsp_error *err);

/* For the memory exporter: take what it holds. GSP_ERR_NO_MEMORY. */
gsp_status gsp__exporter_memory_take(struct gsp__exporter *exporter, gsp_signal signal, void **out,
                                     size_t *n_bytes);

#endif
