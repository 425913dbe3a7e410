/*
 * The memory exporter: keeps OTLP protobuf until it is taken. One batch after the other is one message:
 * repeated fields of protobuf messages may simply be joined.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/status.h"
#include "drain/body.h"
#include "otlp/encode_protobuf.h"

#define HELD_MAX ((size_t)16 << 20)
#define ROOM     ((size_t)4 << 20)

struct memory {
    struct gsp__exporter base;
    struct gsp__export_context *context;
    pthread_mutex_t lock; /* of `held`: taking comes from other threads */
    struct gsp__buffer held[GSP__SIGNALS];
    struct gsp__body spans, logs;
    uint8_t room[ROOM]; /* for metrics */
};

static struct memory *self_of(struct gsp__exporter *exporter)
{
    return (struct memory *)exporter;
}

static void begin(struct gsp__exporter *exporter, const struct gsp__export_origin *origin)
{
    struct memory *m = self_of(exporter);

    gsp__body_begin(&m->spans, origin);
    gsp__body_begin(&m->logs, origin);
}

static bool wants(const struct memory *m, gsp_signal signal)
{
    return (m->context->config->signals[signal].exporters & GSP__EXPORT_MEMORY) != 0;
}

static void add(struct gsp__exporter *exporter, const struct gsp__call *call,
                const struct gsp__derived *derived, uint32_t n_records)
{
    struct memory *m = self_of(exporter);

    (void)call;
    if (wants(m, GSP_SIGNAL_TRACES))
        gsp__body_add(&m->spans, derived, n_records);
    if (wants(m, GSP_SIGNAL_LOGS))
        gsp__body_add(&m->logs, derived, n_records);
}

static bool is_ripe(const struct gsp__exporter *exporter)
{
    const struct memory *m = (const struct memory *)exporter;

    return gsp__body_is_over(&m->spans, ROOM / 2) || gsp__body_is_over(&m->logs, ROOM / 2);
}

static enum gsp__export_result hold(struct memory *m, gsp_signal signal, const void *bytes, size_t n)
{
    enum gsp__export_result result;

    pthread_mutex_lock(&m->lock);
    gsp__buffer_add(&m->held[signal], bytes, n);
    result = m->held[signal].failed ? GSP__EXPORT_WAIT : GSP__EXPORT_DONE;
    m->held[signal].failed = false;
    pthread_mutex_unlock(&m->lock);
    return result;
}

static enum gsp__export_result commit_body(struct memory *m, struct gsp__body *b,
                                           struct gsp__export_counts *counts)
{
    const void *bytes;
    size_t n;

    gsp__body_count_too_large(b, counts);
    if (b->n_items == 0)
        return GSP__EXPORT_DONE;
    if (!gsp__body_close(b))
        return GSP__EXPORT_WAIT;
    bytes = gsp__body_bytes(b, &n);
    if (hold(m, b->signal, bytes, n) == GSP__EXPORT_WAIT)
        return GSP__EXPORT_WAIT;
    gsp__export_count(counts, b->signal, b->n_counted, 0, 0);
    gsp__body_end(b);
    return GSP__EXPORT_DONE;
}

static enum gsp__export_result commit(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    struct memory *m = self_of(exporter);
    enum gsp__export_result spans = commit_body(m, &m->spans, counts);
    enum gsp__export_result logs = commit_body(m, &m->logs, counts);

    return spans == GSP__EXPORT_DONE ? logs : spans;
}

static enum gsp__export_result metrics(struct gsp__exporter *exporter,
                                       const struct gsp__resource_metrics *resource, bool must_keep,
                                       struct gsp__export_counts *counts)
{
    struct memory *m = self_of(exporter);
    struct gsp__metrics all = {resource, 1};
    struct gsp__pb_writer w;

    (void)must_keep;
    (void)counts;
    if (!wants(m, GSP_SIGNAL_METRICS))
        return GSP__EXPORT_DONE;
    gsp__pb_write_init(&w, m->room, sizeof m->room);
    gsp__otlp_metrics_pb(&w, &all);
    if (w.is_full)
        return GSP__EXPORT_WAIT;
    return hold(m, GSP_SIGNAL_METRICS, w.at, (size_t)(m->room + sizeof m->room - w.at));
}

static bool tick(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    (void)exporter;
    (void)counts;
    return true;
}

static void free_memory(struct gsp__exporter *exporter)
{
    struct memory *m = self_of(exporter);

    for (int i = 0; i < GSP__SIGNALS; i++)
        gsp__buffer_deinit(&m->held[i]);
    gsp__body_deinit(&m->spans);
    gsp__body_deinit(&m->logs);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static const struct gsp__exporter_ops ops = {
    .begin = begin,
    .add = add,
    .is_ripe = is_ripe,
    .commit = commit,
    .metrics = metrics,
    .tick = tick,
    .free = free_memory,
};

struct gsp__exporter *gsp__exporter_memory(struct gsp__export_context *context, gsp_error *err)
{
    struct memory *m = calloc(1, sizeof *m);

    if (!m) {
        gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for an exporter");
        return NULL;
    }
    m->base.ops = &ops;
    m->context = context;
    pthread_mutex_init(&m->lock, NULL);
    gsp__body_init(&m->spans, GSP_SIGNAL_TRACES, false, ROOM);
    gsp__body_init(&m->logs, GSP_SIGNAL_LOGS, false, ROOM);
    for (int i = 0; i < GSP__SIGNALS; i++)
        m->held[i].max = HELD_MAX;
    return &m->base;
}

gsp_status gsp__exporter_memory_take(struct gsp__exporter *exporter, gsp_signal signal, void **out,
                                     size_t *n_bytes)
{
    struct memory *m = self_of(exporter);
    gsp_status status = GSP_OK;

    *out = NULL;
    *n_bytes = 0;
    pthread_mutex_lock(&m->lock);
    if (m->held[signal].n > 0) {
        *out = malloc(m->held[signal].n);
        if (*out) {
            memcpy(*out, m->held[signal].data, m->held[signal].n);
            *n_bytes = m->held[signal].n;
            gsp__buffer_clear(&m->held[signal]);
        } else {
            status = GSP_ERR_NO_MEMORY;
        }
    }
    pthread_mutex_unlock(&m->lock);
    return status;
}
