/*
 * The OTLP exporter: batches as protobuf or JSON over HTTP, each signal to its own URL, with the spool behind
 * it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/warn.h"
#include "drain/body.h"
#include "drain/http_channel.h"
#include "drain/spool.h"
#include "otlp/encode_json.h"
#include "otlp/encode_protobuf.h"

#define ROOM_START       ((size_t)256 << 10)
#define ROOM_MAX         GSP__BODY_BYTES_MAX
#define BATCH_BYTES      ((size_t)4 << 20)
#define REPLAYS_PER_TICK 64
#define SPOOL_RETRY_NS   ((int64_t)1000000000)

struct otlp {
    struct gsp__exporter base;
    struct gsp__export_context *context;
    struct gsp__http_channel *channels[GSP__SIGNALS]; /* NULL: this signal is not exported here */
    struct gsp__spool spools[GSP__SIGNALS];
    bool is_stuck[GSP__SIGNALS];        /* its files cannot be deleted */
    int64_t spool_due_ns[GSP__SIGNALS]; /* after it could not be written, it is not tried at every turn */
    struct gsp__body spans, logs;
};

static struct otlp *self_of(struct gsp__exporter *exporter)
{
    return (struct otlp *)exporter;
}

static void begin(struct gsp__exporter *exporter, const struct gsp__export_origin *origin)
{
    struct otlp *o = self_of(exporter);

    gsp__body_begin(&o->spans, origin);
    gsp__body_begin(&o->logs, origin);
}

static void add(struct gsp__exporter *exporter, const struct gsp__call *call,
                const struct gsp__derived *derived, uint32_t n_records)
{
    struct otlp *o = self_of(exporter);

    (void)call;
    if (o->channels[GSP_SIGNAL_TRACES])
        gsp__body_add(&o->spans, derived, n_records);
    if (o->channels[GSP_SIGNAL_LOGS])
        gsp__body_add(&o->logs, derived, n_records);
}

static bool is_ripe(const struct gsp__exporter *exporter)
{
    const struct otlp *o = (const struct otlp *)exporter;

    return gsp__body_is_over(&o->spans, BATCH_BYTES) || gsp__body_is_over(&o->logs, BATCH_BYTES);
}

/* Put a body on disk; the backend is away. */
static enum gsp__export_result set_aside(struct otlp *o, gsp_signal signal, bool is_json, const void *bytes,
                                         size_t n_bytes, uint64_t n_items)
{
    gsp_error err = {0};
    gsp_status status;

    if (gsp__clock_now_ns(&o->context->clock) < o->spool_due_ns[signal])
        return GSP__EXPORT_WAIT;
    status = gsp__spool_put(&o->spools[signal], signal, is_json, n_items, bytes, n_bytes, &err);
    if (status == GSP_OK)
        return GSP__EXPORT_DONE;
    o->spool_due_ns[signal] = gsp__clock_now_ns(&o->context->clock) + SPOOL_RETRY_NS;
    if (status != GSP_ERR_UNSUPPORTED)
        gsp__warn_once("spool", "%s: records wait in the ring", err.text);
    return GSP__EXPORT_WAIT;
}

/* How many of a body's items its answer says are lost. A backend may say more than there were, or less than
 * 0. */
static uint64_t n_refused(enum gsp__post_result result, const struct gsp__partial_success *partial,
                          uint64_t n_items)
{
    if (result == GSP__POST_REJECT)
        return n_items;
    if (result == GSP__POST_RETRY || partial->n_rejected <= 0)
        return 0;
    return (uint64_t)partial->n_rejected < n_items ? (uint64_t)partial->n_rejected : n_items;
}

/* Send one batch of the spool. GSP__POST_OK also when there is none. */
static enum gsp__post_result replay_one(struct otlp *o, gsp_signal signal, bool *is_empty,
                                        struct gsp__export_counts *counts)
{
    struct gsp__spool *spool = &o->spools[signal];
    struct gsp__partial_success partial;
    struct gsp__spooled batch;
    enum gsp__post_result result;
    uint64_t n_damaged = 0;
    int lock_fd = -1;
    gsp_status status = gsp__spool_oldest(spool, signal, &batch, &lock_fd, &n_damaged);

    counts->n_damaged += n_damaged;
    if (n_damaged > 0)
        gsp__warn_once("spool-damaged", "a damaged batch in %s was deleted", spool->directory);
    if (status == GSP_ERR_IO)
        gsp__warn_once("spool-read", "the spool in %s cannot be read", spool->directory);
    *is_empty = status != GSP_OK;
    if (*is_empty)
        return GSP__POST_OK;
    result = gsp__channel_post(o->channels[signal], batch.is_json, batch.bytes, batch.n_bytes, &partial);
    if (signal != GSP_SIGNAL_METRICS)
        gsp__export_count(counts, signal, 0, 0, n_refused(result, &partial, batch.n_items));
    if (!gsp__spool_done(&batch, lock_fd, result != GSP__POST_RETRY)) {
        gsp__warn_once("spool-stuck",
                       "%s cannot be deleted: what is in the spool is not sent any more, "
                       "or it would be sent again and again",
                       batch.path);
        o->is_stuck[signal] = true;
    }
    return result;
}

static bool replay(struct otlp *o, gsp_signal signal, struct gsp__export_counts *counts)
{
    bool is_empty = false;

    if (!o->channels[signal] || o->is_stuck[signal] || gsp__spool_is_empty(&o->spools[signal], signal))
        return true;
    for (int i = 0; i < REPLAYS_PER_TICK && gsp__channel_is_due(o->channels[signal]); i++) {
        enum gsp__post_result result = replay_one(o, signal, &is_empty, counts);

        if (is_empty || o->is_stuck[signal])
            return true;
        if (result == GSP__POST_RETRY)
            return false;
    }
    return false;
}

/* What is new goes out before what was put aside: it is what somebody may be waiting for. `n_counted`: what
 * the items count as. */
static enum gsp__export_result deliver(struct otlp *o, gsp_signal signal, bool is_json, const void *bytes,
                                       size_t n_bytes, uint64_t n_items, uint64_t n_counted, bool may_spool,
                                       struct gsp__export_counts *counts)
{
    struct gsp__partial_success partial = {0};
    enum gsp__post_result result = GSP__POST_RETRY;
    uint64_t n_lost;

    if (gsp__channel_is_due(o->channels[signal]))
        result = gsp__channel_post(o->channels[signal], is_json, bytes, n_bytes, &partial);
    if (result == GSP__POST_RETRY) {
        if (!may_spool || set_aside(o, signal, is_json, bytes, n_bytes, n_counted) == GSP__EXPORT_WAIT)
            return GSP__EXPORT_WAIT;
        gsp__export_count(counts, signal, 0, n_counted, 0);
        return GSP__EXPORT_DONE;
    }
    n_lost = n_refused(result, &partial, n_items);
    if (n_lost == n_items || n_lost > n_counted) /* a record may have several spans, or none of its own */
        n_lost = n_counted;
    gsp__export_count(counts, signal, n_counted - n_lost, 0, n_lost);
    return GSP__EXPORT_DONE;
}

static enum gsp__export_result commit_body(struct otlp *o, struct gsp__body *b,
                                           struct gsp__export_counts *counts)
{
    enum gsp__export_result result;
    const void *bytes;
    size_t n_bytes;

    gsp__body_count_too_large(b, counts);
    if (b->n_items == 0)
        return GSP__EXPORT_DONE;
    if (!gsp__body_close(b)) {
        gsp__warn_once("export-memory", "no memory for a batch of %s: they wait in the ring",
                       gsp__signal_name(b->signal));
        return GSP__EXPORT_WAIT;
    }
    bytes = gsp__body_bytes(b, &n_bytes);
    result = deliver(o, b->signal, b->is_json, bytes, n_bytes, b->n_items, b->n_counted, true, counts);
    if (result == GSP__EXPORT_DONE)
        gsp__body_end(b);
    return result;
}

/* Both are tried: a backend may take the one and not the other. */
static enum gsp__export_result commit(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    struct otlp *o = self_of(exporter);
    enum gsp__export_result spans = commit_body(o, &o->spans, counts);
    enum gsp__export_result logs = commit_body(o, &o->logs, counts);

    return spans == GSP__EXPORT_DONE ? logs : spans;
}

static enum gsp__export_result metrics(struct gsp__exporter *exporter,
                                       const struct gsp__resource_metrics *resource, bool must_keep,
                                       struct gsp__export_counts *counts)
{
    struct otlp *o = self_of(exporter);
    struct gsp__metrics all = {resource, 1};
    enum gsp__export_result result = GSP__EXPORT_WAIT;
    uint64_t n_points = 0;

    if (!o->channels[GSP_SIGNAL_METRICS])
        return GSP__EXPORT_DONE;
    for (uint32_t i = 0; i < resource->scopes[0].n_metrics; i++)
        n_points += resource->scopes[0].metrics[i].n_points;
    if (o->context->config->signals[GSP_SIGNAL_METRICS].is_json) {
        struct gsp__buffer body = {0};

        gsp__otlp_metrics_json(&body, &all);
        if (!body.failed)
            result = deliver(o, GSP_SIGNAL_METRICS, true, body.data, body.n, n_points, n_points, must_keep,
                             counts);
        gsp__buffer_deinit(&body);
        return result;
    }
    for (size_t size = ROOM_START; size <= ROOM_MAX; size *= 2) {
        uint8_t *room = malloc(size);
        struct gsp__pb_writer w;

        if (!room)
            break;
        gsp__pb_write_init(&w, room, size);
        gsp__otlp_metrics_pb(&w, &all);
        if (!w.is_full)
            result = deliver(o, GSP_SIGNAL_METRICS, false, w.at, (size_t)(room + size - w.at), n_points,
                             n_points, must_keep, counts);
        free(room);
        if (!w.is_full)
            break;
    }
    return result;
}

static bool tick(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    bool is_empty = true;

    for (int i = 0; i < GSP__SIGNALS; i++)
        if (!replay(self_of(exporter), (gsp_signal)i, counts))
            is_empty = false;
    return is_empty;
}

static void free_otlp(struct gsp__exporter *exporter)
{
    struct otlp *o = self_of(exporter);

    for (int i = 0; i < GSP__SIGNALS; i++)
        gsp__channel_close(o->channels[i]);
    gsp__body_deinit(&o->spans);
    gsp__body_deinit(&o->logs);
    free(o);
}

static const struct gsp__exporter_ops ops = {
    .begin = begin,
    .add = add,
    .is_ripe = is_ripe,
    .commit = commit,
    .metrics = metrics,
    .tick = tick,
    .free = free_otlp,
};

static void init_body(struct otlp *o, struct gsp__body *b, gsp_signal signal)
{
    gsp__body_init(b, signal, o->context->config->signals[signal].is_json, GSP__BODY_BYTES_MAX);
}

struct gsp__exporter *gsp__exporter_otlp(struct gsp__export_context *context, gsp_error *err)
{
    struct otlp *o = calloc(1, sizeof *o);

    if (!o) {
        gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for an exporter");
        return NULL;
    }
    o->base.ops = &ops;
    o->context = context;
    init_body(o, &o->spans, GSP_SIGNAL_TRACES);
    init_body(o, &o->logs, GSP_SIGNAL_LOGS);
    for (int i = 0; i < GSP__SIGNALS; i++) {
        const struct gsp__signal_config *config = &context->config->signals[i];

        if (!(config->exporters & GSP__EXPORT_OTLP))
            continue;
        gsp__spool_init(&o->spools[i], context->config->spool_directory, config->endpoint,
                        context->config->spool_bytes);
        if (gsp__channel_open(context, (gsp_signal)i, &o->channels[i], err) != GSP_OK) {
            free_otlp(&o->base);
            return NULL;
        }
    }
    return &o->base;
}
