/*
 * The OTLP exporter: batches as protobuf or JSON over HTTP, with the spool behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/warn.h"
#include "drain/http_channel.h"
#include "drain/spool.h"
#include "otlp/encode_json.h"
#include "otlp/encode_protobuf.h"

#define ROOM_START       ((size_t)256 << 10)
#define ROOM_MAX         ((size_t)64 << 20)
#define BATCH_BYTES      ((size_t)4 << 20)
#define SPANS_BYTES_MAX  (ROOM_MAX - ((size_t)256 << 10)) /* room is kept for the resource around them */
#define REPLAYS_PER_TICK 64
#define SPOOL_RETRY_NS   ((int64_t)1000000000)

struct otlp {
    struct gsp__exporter base;
    struct gsp__export_context *context;
    struct gsp__http_channel *channels[GSP__SIGNALS]; /* NULL: this signal is not exported here */
    struct gsp__spool spools[GSP__SIGNALS];
    bool is_stuck[GSP__SIGNALS]; /* its files cannot be deleted */
    int64_t spool_due_ns;        /* after it could not be written, it is not tried at every turn */

    /* the batch of traces */
    const struct gsp__resource *resource;
    uint64_t n_spans;
    uint64_t n_records;
    uint64_t n_too_large; /* records of calls that fit into no batch */
    bool is_json;
    bool is_closed; /* the body is complete: only committing is left */
    uint8_t *room;  /* protobuf grows in it from the end to the front */
    size_t room_size;
    struct gsp__pb_writer writer;
    struct gsp__buffer json;
};

static struct otlp *self_of(struct gsp__exporter *exporter)
{
    return (struct otlp *)exporter;
}

static void begin(struct gsp__exporter *exporter, const struct gsp__resource *resource)
{
    struct otlp *o = self_of(exporter);

    o->resource = resource;
    o->n_spans = o->n_records = o->n_too_large = 0;
    o->is_closed = false;
    gsp__pb_write_init(&o->writer, o->room, o->room_size);
    gsp__buffer_clear(&o->json);
}

static size_t batch_bytes(const struct otlp *o)
{
    return o->is_json ? o->json.n : (size_t)(o->room + o->room_size - o->writer.at);
}

static bool grow(struct otlp *o)
{
    size_t size = o->room_size ? o->room_size * 2 : ROOM_START, used = batch_bytes(o);
    uint8_t *room = size <= ROOM_MAX ? malloc(size) : NULL;

    if (!room)
        return false;
    if (used)
        memcpy(room + size - used, o->room + o->room_size - used, used);
    free(o->room);
    o->room = room;
    o->room_size = size;
    o->writer = (struct gsp__pb_writer){room, room + size - used, false};
    return true;
}

static bool write_pb(struct otlp *o, const struct gsp__span_data *spans, uint32_t n)
{
    uint8_t *before = o->writer.at;

    for (uint32_t i = n; i-- > 0;)
        gsp__otlp_span_pb(&o->writer, 2, &spans[i]);
    if (!o->writer.is_full && batch_bytes(o) <= SPANS_BYTES_MAX)
        return true;
    o->writer.at = before;
    o->writer.is_full = false;
    return false;
}

static bool write_json(struct otlp *o, const struct gsp__span_data *spans, uint32_t n)
{
    size_t before;

    if (o->n_spans == 0) { /* here, so that no memory for it costs no more than this call */
        gsp__buffer_clear(&o->json);
        gsp__otlp_open_json(&o->json, "resourceSpans", "scopeSpans", "spans", o->resource,
                            &o->context->scope, GSP__STRING(""));
    }
    before = o->json.n;
    for (uint32_t i = 0; i < n; i++)
        gsp__otlp_span_json(&o->json, &spans[i]);
    if (!o->json.failed && o->json.n <= SPANS_BYTES_MAX)
        return true;
    o->json.n = before;
    o->json.failed = false;
    return false;
}

static void add(struct gsp__exporter *exporter, const struct gsp__call *call,
                const struct gsp__derived *derived, uint32_t n_records)
{
    struct otlp *o = self_of(exporter);
    bool is_written;

    (void)call;
    if (!o->channels[GSP_SIGNAL_TRACES])
        return;
    is_written = o->is_json ? write_json(o, derived->spans, derived->n_spans)
                            : write_pb(o, derived->spans, derived->n_spans);
    while (!is_written && !o->is_json && grow(o))
        is_written = write_pb(o, derived->spans, derived->n_spans);
    if (!is_written) {
        o->n_too_large += n_records;
        return;
    }
    o->n_spans += derived->n_spans;
    o->n_records += n_records;
}

static bool is_ripe(const struct gsp__exporter *exporter)
{
    const struct otlp *o = (const struct otlp *)exporter;

    return o->n_spans > 0 && batch_bytes(o) > BATCH_BYTES;
}

/* The messages around the spans. */
static bool close_batch(struct otlp *o)
{
    if (o->is_closed)
        return true;
    if (o->is_json) {
        size_t before = o->json.n;

        gsp__otlp_close_json(&o->json);
        o->is_closed = !o->json.failed;
        if (!o->is_closed) { /* it is tried again */
            o->json.n = before;
            o->json.failed = false;
        }
        return o->is_closed;
    }
    do {
        uint8_t *before = o->writer.at;

        gsp__otlp_close_pb(&o->writer, o->room + o->room_size, o->resource, &o->context->scope);
        if (!o->writer.is_full) {
            o->is_closed = true;
            return true;
        }
        o->writer.at = before;
        o->writer.is_full = false;
    } while (grow(o));
    return false;
}

/* Put a body on disk; the backend is away. */
static enum gsp__export_result set_aside(struct otlp *o, gsp_signal signal, bool is_json, const void *bytes,
                                         size_t n_bytes, uint64_t n_items)
{
    gsp_error err = {0};
    gsp_status status;

    if (gsp__clock_now_ns(&o->context->clock) < o->spool_due_ns)
        return GSP__EXPORT_WAIT;
    status = gsp__spool_put(&o->spools[signal], signal, is_json, n_items, bytes, n_bytes, &err);
    if (status == GSP_OK)
        return GSP__EXPORT_DONE;
    o->spool_due_ns = gsp__clock_now_ns(&o->context->clock) + SPOOL_RETRY_NS;
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
    if (signal == GSP_SIGNAL_TRACES)
        counts->n_rejected += n_refused(result, &partial, batch.n_items);
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

/* What is new goes out before what was put aside: it is what somebody may be waiting for. */
static enum gsp__export_result deliver(struct otlp *o, gsp_signal signal, bool is_json, const void *bytes,
                                       size_t n_bytes, uint64_t n_items, uint64_t n_records, bool may_spool,
                                       struct gsp__export_counts *counts)
{
    struct gsp__partial_success partial = {0};
    enum gsp__post_result result = GSP__POST_RETRY;
    uint64_t n_lost;

    if (gsp__channel_is_due(o->channels[signal]))
        result = gsp__channel_post(o->channels[signal], is_json, bytes, n_bytes, &partial);
    if (result == GSP__POST_RETRY) {
        if (!may_spool || set_aside(o, signal, is_json, bytes, n_bytes, n_records) == GSP__EXPORT_WAIT)
            return GSP__EXPORT_WAIT;
        counts->n_spooled += n_records;
        return GSP__EXPORT_DONE;
    }
    n_lost = n_refused(result, &partial, n_items);
    if (n_lost == n_items || n_lost > n_records) /* a record may have several spans, or none of its own */
        n_lost = n_records;
    counts->n_rejected += n_lost;
    counts->n_exported += n_records - n_lost;
    return GSP__EXPORT_DONE;
}

static enum gsp__export_result commit(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    struct otlp *o = self_of(exporter);
    enum gsp__export_result result;

    counts->n_rejected += o->n_too_large;
    o->n_too_large = 0;
    if (!o->channels[GSP_SIGNAL_TRACES] || o->n_spans == 0)
        return GSP__EXPORT_DONE;
    if (!close_batch(o)) {
        gsp__warn_once("export-memory", "no memory for a batch of spans: they wait in the ring");
        return GSP__EXPORT_WAIT;
    }
    result = deliver(o, GSP_SIGNAL_TRACES, o->is_json, o->is_json ? (void *)o->json.data : o->writer.at,
                     batch_bytes(o), o->n_spans, o->n_records, true, counts);
    if (result == GSP__EXPORT_DONE)
        o->n_spans = o->n_records = 0;
    return result;
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
    bool traces = replay(self_of(exporter), GSP_SIGNAL_TRACES, counts);

    return replay(self_of(exporter), GSP_SIGNAL_METRICS, counts) && traces;
}

static void free_otlp(struct gsp__exporter *exporter)
{
    struct otlp *o = self_of(exporter);

    for (int i = 0; i < GSP__SIGNALS; i++)
        gsp__channel_close(o->channels[i]);
    gsp__buffer_deinit(&o->json);
    free(o->room);
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

struct gsp__exporter *gsp__exporter_otlp(struct gsp__export_context *context, gsp_error *err)
{
    struct otlp *o = calloc(1, sizeof *o);

    if (!o) {
        gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for an exporter");
        return NULL;
    }
    o->base.ops = &ops;
    o->context = context;
    o->is_json = context->config->signals[GSP_SIGNAL_TRACES].is_json;
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
    if (!grow(o)) {
        gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for an exporter");
        free_otlp(&o->base);
        return NULL;
    }
    return &o->base;
}
