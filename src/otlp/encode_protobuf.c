/*
 * The model as OTLP protobuf. Everything is written from the end to the front: the last field first, the
 * last item first. Fields whose value is the default are left out, as proto3 has it.
 */
#include "otlp/encode_protobuf.h"

#include <math.h>

static void write_attributes(struct gsp__pb_writer *w, uint32_t field, const struct gsp__attributes *a);

/* Fields of AnyValue, in front of what is there. */
static void write_value(struct gsp__pb_writer *w, const struct gsp__value *v)
{
    uint8_t *end;

    switch (v->type) {
    case GSP__VALUE_STRING:
        gsp__pb_bytes(w, 1, v->u.string.bytes, v->u.string.n);
        break;
    case GSP__VALUE_BOOL:
        gsp__pb_uint(w, 2, v->u.boolean);
        break;
    case GSP__VALUE_INT:
        gsp__pb_uint(w, 3, (uint64_t)v->u.integer);
        break;
    case GSP__VALUE_DOUBLE:
        gsp__pb_double(w, 4, v->u.real);
        break;
    case GSP__VALUE_ARRAY:
        end = w->at;
        for (uint32_t i = v->n; i-- > 0;) {
            uint8_t *item_end = w->at;

            write_value(w, &v->u.items[i]);
            gsp__pb_message(w, 1, item_end);
        }
        gsp__pb_message(w, 5, end);
        break;
    case GSP__VALUE_MAP: {
        struct gsp__attributes pairs = {(struct gsp__attribute *)(uintptr_t)v->u.pairs, v->n, 0};

        end = w->at;
        write_attributes(w, 1, &pairs);
        gsp__pb_message(w, 6, end);
        break;
    }
    case GSP__VALUE_BYTES:
        gsp__pb_bytes(w, 7, v->u.string.bytes, v->u.string.n);
        break;
    case GSP__VALUE_NONE:
        break;
    }
}

GSP__INLINE void write_attribute(struct gsp__pb_writer *w, uint32_t field, const struct gsp__attribute *a)
{
    uint8_t *end = w->at;

    write_value(w, &a->value);
    gsp__pb_message(w, 2, end);
    if (a->key.n)
        gsp__pb_bytes(w, 1, a->key.bytes, a->key.n);
    gsp__pb_message(w, field, end);
}

static void write_attributes(struct gsp__pb_writer *w, uint32_t field, const struct gsp__attributes *a)
{
    for (uint32_t i = a->n; i-- > 0;)
        write_attribute(w, field, &a->items[i]);
}

static void write_string(struct gsp__pb_writer *w, uint32_t field, struct gsp__string s)
{
    if (s.n)
        gsp__pb_bytes(w, field, s.bytes, s.n);
}

static void write_count(struct gsp__pb_writer *w, uint32_t field, uint64_t n)
{
    if (n)
        gsp__pb_uint(w, field, n);
}

static void write_event(struct gsp__pb_writer *w, const struct gsp__span_event *e)
{
    uint8_t *end = w->at;

    write_count(w, 4, e->attributes.n_dropped);
    write_attributes(w, 3, &e->attributes);
    write_string(w, 2, e->name);
    if (e->time_unix_ns)
        gsp__pb_fixed64(w, 1, e->time_unix_ns);
    gsp__pb_message(w, 11, end);
}

static void write_link(struct gsp__pb_writer *w, const struct gsp__span_link *l)
{
    uint8_t *end = w->at;

    if (l->flags)
        gsp__pb_fixed32(w, 6, l->flags);
    write_count(w, 5, l->attributes.n_dropped);
    write_attributes(w, 4, &l->attributes);
    write_string(w, 3, l->trace_state);
    gsp__pb_bytes(w, 2, l->span_id, 8);
    gsp__pb_bytes(w, 1, l->trace_id, 16);
    gsp__pb_message(w, 13, end);
}

void gsp__otlp_span_pb(struct gsp__pb_writer *w, uint32_t field, const struct gsp__span_data *s)
{
    uint8_t *end = w->at, *status_end;

    if (s->flags)
        gsp__pb_fixed32(w, 16, s->flags);
    if (s->status || s->status_message.n) {
        status_end = w->at;
        write_count(w, 3, s->status);
        write_string(w, 2, s->status_message);
        gsp__pb_message(w, 15, status_end);
    }
    write_count(w, 14, s->n_dropped_links);
    for (uint32_t i = s->n_links; i-- > 0;)
        write_link(w, &s->links[i]);
    write_count(w, 12, s->n_dropped_events);
    for (uint32_t i = s->n_events; i-- > 0;)
        write_event(w, &s->events[i]);
    write_count(w, 10, s->attributes.n_dropped);
    write_attributes(w, 9, &s->attributes);
    if (s->end_unix_ns)
        gsp__pb_fixed64(w, 8, s->end_unix_ns);
    if (s->start_unix_ns)
        gsp__pb_fixed64(w, 7, s->start_unix_ns);
    write_count(w, 6, s->kind);
    write_string(w, 5, s->name);
    if (s->has_parent)
        gsp__pb_bytes(w, 4, s->parent_span_id, 8);
    write_string(w, 3, s->trace_state);
    gsp__pb_bytes(w, 2, s->span_id, 8);
    gsp__pb_bytes(w, 1, s->trace_id, 16);
    gsp__pb_message(w, field, end);
}

static void write_scope(struct gsp__pb_writer *w, const struct gsp__instrumentation_scope *scope)
{
    uint8_t *end = w->at;

    write_count(w, 4, scope->attributes.n_dropped);
    write_attributes(w, 3, &scope->attributes);
    write_string(w, 2, scope->version);
    write_string(w, 1, scope->name);
    gsp__pb_message(w, 1, end);
}

static void write_resource(struct gsp__pb_writer *w, const struct gsp__resource *resource)
{
    uint8_t *end = w->at;

    write_count(w, 2, resource->attributes.n_dropped);
    write_attributes(w, 1, &resource->attributes);
    gsp__pb_message(w, 1, end);
}

void gsp__otlp_open_pb(struct gsp__pb_writer *w, struct gsp__string schema_url)
{
    write_string(w, 3, schema_url);
}

void gsp__otlp_close_pb(struct gsp__pb_writer *w, const uint8_t *end, const struct gsp__resource *resource,
                        const struct gsp__instrumentation_scope *scope)
{
    write_scope(w, scope);
    gsp__pb_message(w, 2, end);
    write_resource(w, resource);
    gsp__pb_message(w, 1, end);
}

void gsp__otlp_traces_pb(struct gsp__pb_writer *w, const struct gsp__traces *traces)
{
    for (uint32_t i = traces->n_resources; i-- > 0;) {
        const struct gsp__resource_spans *r = &traces->resources[i];
        uint8_t *end = w->at;

        write_string(w, 3, r->schema_url);
        for (uint32_t k = r->n_scopes; k-- > 0;) {
            const struct gsp__scope_spans *s = &r->scopes[k];
            uint8_t *scope_end = w->at;

            write_string(w, 3, s->schema_url);
            for (uint32_t n = s->n_spans; n-- > 0;)
                gsp__otlp_span_pb(w, 2, &s->spans[n]);
            write_scope(w, &s->scope);
            gsp__pb_message(w, 2, scope_end);
        }
        write_resource(w, &r->resource);
        gsp__pb_message(w, 1, end);
    }
}

/*
 * Metrics.
 */

static void write_exemplar(struct gsp__pb_writer *w, uint32_t field, const struct gsp__exemplar *e)
{
    uint8_t *end = w->at;

    write_attributes(w, 7, &e->filtered);
    if (e->value.type == GSP__NUMBER_INT)
        gsp__pb_fixed64(w, 6, (uint64_t)e->value.u.integer);
    if (e->has_trace_id)
        gsp__pb_bytes(w, 5, e->trace_id, 16);
    if (e->has_span_id)
        gsp__pb_bytes(w, 4, e->span_id, 8);
    if (e->value.type == GSP__NUMBER_DOUBLE)
        gsp__pb_double(w, 3, e->value.u.real);
    if (e->time_unix_ns)
        gsp__pb_fixed64(w, 2, e->time_unix_ns);
    gsp__pb_message(w, field, end);
}

/* One without presence: 0 is left out, -0.0 is not 0. */
static void write_double(struct gsp__pb_writer *w, uint32_t field, double d)
{
    if (d != 0 || signbit(d))
        gsp__pb_double(w, field, d);
}

static void write_exemplars(struct gsp__pb_writer *w, uint32_t field, const struct gsp__point *p)
{
    for (uint32_t i = p->n_exemplars; i-- > 0;)
        write_exemplar(w, field, &p->exemplars[i]);
}

static void write_times(struct gsp__pb_writer *w, const struct gsp__point *p)
{
    if (p->time_unix_ns)
        gsp__pb_fixed64(w, 3, p->time_unix_ns);
    if (p->start_unix_ns)
        gsp__pb_fixed64(w, 2, p->start_unix_ns);
}

static void write_number_point(struct gsp__pb_writer *w, const struct gsp__point *p)
{
    write_count(w, 8, p->flags);
    write_attributes(w, 7, &p->attributes);
    if (p->value.type == GSP__NUMBER_INT)
        gsp__pb_fixed64(w, 6, (uint64_t)p->value.u.integer);
    write_exemplars(w, 5, p);
    if (p->value.type == GSP__NUMBER_DOUBLE)
        gsp__pb_double(w, 4, p->value.u.real);
    write_times(w, p);
}

static void write_packed64(struct gsp__pb_writer *w, uint32_t field, const void *values, uint32_t n)
{
    if (n)
        gsp__pb_bytes(w, field, values, (size_t)n * 8);
}

static void write_histogram_point(struct gsp__pb_writer *w, const struct gsp__point *p)
{
    if (p->has_max)
        gsp__pb_double(w, 12, p->max);
    if (p->has_min)
        gsp__pb_double(w, 11, p->min);
    write_count(w, 10, p->flags);
    write_attributes(w, 9, &p->attributes);
    write_exemplars(w, 8, p);
    write_packed64(w, 7, p->bounds, p->n_bounds);
    write_packed64(w, 6, p->buckets, p->n_buckets);
    if (p->has_sum)
        gsp__pb_double(w, 5, p->sum);
    if (p->count)
        gsp__pb_fixed64(w, 4, p->count);
    write_times(w, p);
}

static uint64_t zigzag(int32_t n)
{
    return (uint32_t)n << 1 ^ (uint32_t)(n >> 31);
}

static void write_exponential_buckets(struct gsp__pb_writer *w, uint32_t field, int32_t offset,
                                      const uint64_t *counts, uint32_t n)
{
    uint8_t *end = w->at;

    if (n == 0 && offset == 0)
        return;
    for (uint32_t i = n; i-- > 0;)
        gsp__pb_varint(w, counts[i]);
    if (n)
        gsp__pb_message(w, 2, end);
    if (offset)
        gsp__pb_uint(w, 1, zigzag(offset));
    gsp__pb_message(w, field, end);
}

static void write_exponential_point(struct gsp__pb_writer *w, const struct gsp__point *p)
{
    write_double(w, 14, p->zero_threshold);
    if (p->has_max)
        gsp__pb_double(w, 13, p->max);
    if (p->has_min)
        gsp__pb_double(w, 12, p->min);
    write_exemplars(w, 11, p);
    write_count(w, 10, p->flags);
    write_exponential_buckets(w, 9, p->negative_offset, p->negative, p->n_negative);
    write_exponential_buckets(w, 8, p->positive_offset, p->buckets, p->n_buckets);
    if (p->zero_count)
        gsp__pb_fixed64(w, 7, p->zero_count);
    if (p->scale)
        gsp__pb_uint(w, 6, zigzag(p->scale));
    if (p->has_sum)
        gsp__pb_double(w, 5, p->sum);
    if (p->count)
        gsp__pb_fixed64(w, 4, p->count);
    write_times(w, p);
    write_attributes(w, 1, &p->attributes);
}

static void write_summary_point(struct gsp__pb_writer *w, const struct gsp__point *p)
{
    write_count(w, 8, p->flags);
    write_attributes(w, 7, &p->attributes);
    for (uint32_t i = p->n_quantiles; i-- > 0;) {
        uint8_t *end = w->at;

        write_double(w, 2, p->quantiles[i].value);
        write_double(w, 1, p->quantiles[i].quantile);
        gsp__pb_message(w, 6, end);
    }
    write_double(w, 5, p->sum);
    if (p->count)
        gsp__pb_fixed64(w, 4, p->count);
    write_times(w, p);
}

static void write_metric(struct gsp__pb_writer *w, const struct gsp__metric *m)
{
    uint8_t *end = w->at, *data_end = w->at;

    if (m->type != GSP__METRIC_NONE) {
        if (m->type == GSP__METRIC_SUM && m->is_monotonic)
            gsp__pb_uint(w, 3, 1);
        write_count(w, 2, m->temporality);
        for (uint32_t i = m->n_points; i-- > 0;) {
            uint8_t *point_end = w->at;

            if (m->type == GSP__METRIC_HISTOGRAM)
                write_histogram_point(w, &m->points[i]);
            else if (m->type == GSP__METRIC_EXPONENTIAL_HISTOGRAM)
                write_exponential_point(w, &m->points[i]);
            else if (m->type == GSP__METRIC_SUMMARY)
                write_summary_point(w, &m->points[i]);
            else
                write_number_point(w, &m->points[i]);
            gsp__pb_message(w, 1, point_end);
        }
        gsp__pb_message(w, (uint32_t)m->type, data_end);
    }
    write_string(w, 3, m->unit);
    write_string(w, 2, m->description);
    write_string(w, 1, m->name);
    gsp__pb_message(w, 2, end);
}

void gsp__otlp_metrics_pb(struct gsp__pb_writer *w, const struct gsp__metrics *metrics)
{
    for (uint32_t i = metrics->n_resources; i-- > 0;) {
        const struct gsp__resource_metrics *r = &metrics->resources[i];
        uint8_t *end = w->at;

        write_string(w, 3, r->schema_url);
        for (uint32_t k = r->n_scopes; k-- > 0;) {
            const struct gsp__scope_metrics *s = &r->scopes[k];
            uint8_t *scope_end = w->at;

            write_string(w, 3, s->schema_url);
            for (uint32_t n = s->n_metrics; n-- > 0;)
                write_metric(w, &s->metrics[n]);
            write_scope(w, &s->scope);
            gsp__pb_message(w, 2, scope_end);
        }
        write_resource(w, &r->resource);
        gsp__pb_message(w, 1, end);
    }
}

/*
 * Logs.
 */

void gsp__otlp_log_pb(struct gsp__pb_writer *w, uint32_t field, const struct gsp__log_data *l)
{
    uint8_t *end = w->at, *body_end;

    write_string(w, 12, l->event_name);
    if (l->observed_unix_ns)
        gsp__pb_fixed64(w, 11, l->observed_unix_ns);
    if (l->has_span_id)
        gsp__pb_bytes(w, 10, l->span_id, 8);
    if (l->has_trace_id)
        gsp__pb_bytes(w, 9, l->trace_id, 16);
    if (l->flags)
        gsp__pb_fixed32(w, 8, l->flags);
    write_count(w, 7, l->attributes.n_dropped);
    write_attributes(w, 6, &l->attributes);
    if (l->body.type != GSP__VALUE_NONE) {
        body_end = w->at;
        write_value(w, &l->body);
        gsp__pb_message(w, 5, body_end);
    }
    write_string(w, 3, l->severity_text);
    write_count(w, 2, l->severity);
    if (l->time_unix_ns)
        gsp__pb_fixed64(w, 1, l->time_unix_ns);
    gsp__pb_message(w, field, end);
}

void gsp__otlp_logs_pb(struct gsp__pb_writer *w, const struct gsp__logs *logs)
{
    for (uint32_t i = logs->n_resources; i-- > 0;) {
        const struct gsp__resource_logs *r = &logs->resources[i];
        uint8_t *end = w->at;

        write_string(w, 3, r->schema_url);
        for (uint32_t k = r->n_scopes; k-- > 0;) {
            const struct gsp__scope_logs *s = &r->scopes[k];
            uint8_t *scope_end = w->at;

            write_string(w, 3, s->schema_url);
            for (uint32_t n = s->n_logs; n-- > 0;)
                gsp__otlp_log_pb(w, 2, &s->logs[n]);
            write_scope(w, &s->scope);
            gsp__pb_message(w, 2, scope_end);
        }
        write_resource(w, &r->resource);
        gsp__pb_message(w, 1, end);
    }
}
