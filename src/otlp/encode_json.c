/*
 * The model as OTLP JSON. Fields whose value is the default are left out, as in protobuf.
 */
#include "otlp/encode_json.h"

#include <math.h>

#include "otlp/json_writer.h"

/* A key, after a comma where it is not the first of its object. */
static void key(struct gsp__buffer *b, const char *name)
{
    if (b->n > 0 && b->data[b->n - 1] != '{')
        gsp__buffer_add_char(b, ',');
    gsp__buffer_add_char(b, '"');
    gsp__buffer_add_string(b, name);
    gsp__buffer_add(b, "\":", 2);
}

static void open_object(struct gsp__buffer *b)
{
    if (b->n > 0 && (b->data[b->n - 1] == '}' || b->data[b->n - 1] == '"'))
        gsp__buffer_add_char(b, ',');
    gsp__buffer_add_char(b, '{');
}

static void close_object(struct gsp__buffer *b)
{
    gsp__buffer_add_char(b, '}');
}

static void put_string(struct gsp__buffer *b, const char *name, struct gsp__string s)
{
    if (s.n == 0)
        return;
    key(b, name);
    gsp__json_put_string(b, s);
}

static void put_uint64(struct gsp__buffer *b, const char *name, uint64_t n)
{
    if (n == 0)
        return;
    key(b, name);
    gsp__json_put_uint64(b, n);
}

/* 32-bit numbers and enums are plain. */
static void put_uint32(struct gsp__buffer *b, const char *name, uint32_t n)
{
    if (n == 0)
        return;
    key(b, name);
    gsp__buffer_printf(b, "%u", n);
}

static void put_int32(struct gsp__buffer *b, const char *name, int32_t n)
{
    if (n == 0)
        return;
    key(b, name);
    gsp__buffer_printf(b, "%d", n);
}

static void put_hex(struct gsp__buffer *b, const char *name, const uint8_t *bytes, size_t n)
{
    key(b, name);
    gsp__json_put_hex(b, bytes, n);
}

static void put_double(struct gsp__buffer *b, const char *name, double d)
{
    key(b, name);
    gsp__json_put_double(b, d);
}

/* One without presence: 0 is left out, -0.0 is not 0. */
static void put_nonzero(struct gsp__buffer *b, const char *name, double d)
{
    if (d != 0 || signbit(d))
        put_double(b, name, d);
}

static void put_pairs(struct gsp__buffer *b, const struct gsp__attribute *pairs, uint32_t n);

static void put_value(struct gsp__buffer *b, const struct gsp__value *v)
{
    gsp__buffer_add_char(b, '{');
    switch (v->type) {
    case GSP__VALUE_STRING:
        key(b, "stringValue");
        gsp__json_put_string(b, v->u.string);
        break;
    case GSP__VALUE_BOOL:
        key(b, "boolValue");
        gsp__buffer_add_string(b, v->u.boolean ? "true" : "false");
        break;
    case GSP__VALUE_INT:
        key(b, "intValue");
        gsp__json_put_int64(b, v->u.integer);
        break;
    case GSP__VALUE_DOUBLE:
        put_double(b, "doubleValue", v->u.real);
        break;
    case GSP__VALUE_ARRAY:
        key(b, "arrayValue");
        gsp__buffer_add_string(b, "{\"values\":[");
        for (uint32_t i = 0; i < v->n; i++) {
            if (i)
                gsp__buffer_add_char(b, ',');
            put_value(b, &v->u.items[i]);
        }
        gsp__buffer_add_string(b, "]}");
        break;
    case GSP__VALUE_MAP:
        key(b, "kvlistValue");
        gsp__buffer_add_string(b, "{\"values\":");
        put_pairs(b, v->u.pairs, v->n);
        gsp__buffer_add_char(b, '}');
        break;
    case GSP__VALUE_BYTES:
        key(b, "bytesValue");
        gsp__json_put_base64(b, v->u.string.bytes, v->u.string.n);
        break;
    case GSP__VALUE_NONE:
        break;
    }
    gsp__buffer_add_char(b, '}');
}

static void put_pairs(struct gsp__buffer *b, const struct gsp__attribute *pairs, uint32_t n)
{
    gsp__buffer_add_char(b, '[');
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            gsp__buffer_add_char(b, ',');
        gsp__buffer_add_string(b, "{\"key\":");
        gsp__json_put_string(b, pairs[i].key);
        gsp__buffer_add_string(b, ",\"value\":");
        put_value(b, &pairs[i].value);
        gsp__buffer_add_char(b, '}');
    }
    gsp__buffer_add_char(b, ']');
}

static void put_attributes(struct gsp__buffer *b, const char *name, const struct gsp__attributes *a)
{
    if (a->n == 0)
        return;
    key(b, name);
    put_pairs(b, a->items, a->n);
}

static void put_event(struct gsp__buffer *b, const struct gsp__span_event *e)
{
    open_object(b);
    put_uint64(b, "timeUnixNano", e->time_unix_ns);
    put_string(b, "name", e->name);
    put_attributes(b, "attributes", &e->attributes);
    put_uint32(b, "droppedAttributesCount", e->attributes.n_dropped);
    close_object(b);
}

static void put_link(struct gsp__buffer *b, const struct gsp__span_link *l)
{
    open_object(b);
    put_hex(b, "traceId", l->trace_id, 16);
    put_hex(b, "spanId", l->span_id, 8);
    put_string(b, "traceState", l->trace_state);
    put_attributes(b, "attributes", &l->attributes);
    put_uint32(b, "droppedAttributesCount", l->attributes.n_dropped);
    put_uint32(b, "flags", l->flags);
    close_object(b);
}

void gsp__otlp_span_json(struct gsp__buffer *b, const struct gsp__span_data *s)
{
    open_object(b);
    put_hex(b, "traceId", s->trace_id, 16);
    put_hex(b, "spanId", s->span_id, 8);
    put_string(b, "traceState", s->trace_state);
    if (s->has_parent)
        put_hex(b, "parentSpanId", s->parent_span_id, 8);
    put_uint32(b, "flags", s->flags);
    put_string(b, "name", s->name);
    put_uint32(b, "kind", s->kind);
    put_uint64(b, "startTimeUnixNano", s->start_unix_ns);
    put_uint64(b, "endTimeUnixNano", s->end_unix_ns);
    put_attributes(b, "attributes", &s->attributes);
    put_uint32(b, "droppedAttributesCount", s->attributes.n_dropped);
    if (s->n_events) {
        key(b, "events");
        gsp__buffer_add_char(b, '[');
        for (uint32_t i = 0; i < s->n_events; i++)
            put_event(b, &s->events[i]);
        gsp__buffer_add_char(b, ']');
    }
    put_uint32(b, "droppedEventsCount", s->n_dropped_events);
    if (s->n_links) {
        key(b, "links");
        gsp__buffer_add_char(b, '[');
        for (uint32_t i = 0; i < s->n_links; i++)
            put_link(b, &s->links[i]);
        gsp__buffer_add_char(b, ']');
    }
    put_uint32(b, "droppedLinksCount", s->n_dropped_links);
    if (s->status || s->status_message.n) {
        key(b, "status");
        gsp__buffer_add_char(b, '{');
        put_string(b, "message", s->status_message);
        put_uint32(b, "code", s->status);
        close_object(b);
    }
    close_object(b);
}

static void put_resource(struct gsp__buffer *b, const struct gsp__resource *r)
{
    key(b, "resource");
    gsp__buffer_add_char(b, '{');
    put_attributes(b, "attributes", &r->attributes);
    put_uint32(b, "droppedAttributesCount", r->attributes.n_dropped);
    close_object(b);
}

static void put_scope(struct gsp__buffer *b, const struct gsp__instrumentation_scope *s)
{
    key(b, "scope");
    gsp__buffer_add_char(b, '{');
    put_string(b, "name", s->name);
    put_string(b, "version", s->version);
    put_attributes(b, "attributes", &s->attributes);
    put_uint32(b, "droppedAttributesCount", s->attributes.n_dropped);
    close_object(b);
}

void gsp__otlp_open_json(struct gsp__buffer *b, const char *resources, const char *scopes, const char *items,
                         const struct gsp__resource *resource, const struct gsp__instrumentation_scope *scope,
                         struct gsp__string schema_url)
{
    gsp__buffer_add_char(b, '{');
    key(b, resources);
    gsp__buffer_add_string(b, "[{");
    put_resource(b, resource);
    key(b, scopes);
    gsp__buffer_add_string(b, "[{");
    put_scope(b, scope);
    put_string(b, "schemaUrl", schema_url);
    key(b, items);
    gsp__buffer_add_char(b, '[');
}

void gsp__otlp_close_json(struct gsp__buffer *b)
{
    gsp__buffer_add_string(b, "]}]}]}");
}

void gsp__otlp_traces_json(struct gsp__buffer *b, const struct gsp__traces *t)
{
    gsp__buffer_add_string(b, "{\"resourceSpans\":[");
    for (uint32_t i = 0; i < t->n_resources; i++) {
        const struct gsp__resource_spans *r = &t->resources[i];

        open_object(b);
        put_resource(b, &r->resource);
        key(b, "scopeSpans");
        gsp__buffer_add_char(b, '[');
        for (uint32_t k = 0; k < r->n_scopes; k++) {
            open_object(b);
            put_scope(b, &r->scopes[k].scope);
            key(b, "spans");
            gsp__buffer_add_char(b, '[');
            for (uint32_t n = 0; n < r->scopes[k].n_spans; n++)
                gsp__otlp_span_json(b, &r->scopes[k].spans[n]);
            gsp__buffer_add_char(b, ']');
            put_string(b, "schemaUrl", r->scopes[k].schema_url);
            close_object(b);
        }
        gsp__buffer_add_char(b, ']');
        put_string(b, "schemaUrl", r->schema_url);
        close_object(b);
    }
    gsp__buffer_add_string(b, "]}");
}

/*
 * Metrics.
 */

static void put_number(struct gsp__buffer *b, const struct gsp__number *n)
{
    if (n->type == GSP__NUMBER_INT) {
        key(b, "asInt");
        gsp__json_put_int64(b, n->u.integer);
    } else if (n->type == GSP__NUMBER_DOUBLE) {
        put_double(b, "asDouble", n->u.real);
    }
}

static void put_exemplars(struct gsp__buffer *b, const struct gsp__point *p)
{
    if (p->n_exemplars == 0)
        return;
    key(b, "exemplars");
    gsp__buffer_add_char(b, '[');
    for (uint32_t i = 0; i < p->n_exemplars; i++) {
        const struct gsp__exemplar *e = &p->exemplars[i];

        open_object(b);
        put_attributes(b, "filteredAttributes", &e->filtered);
        put_uint64(b, "timeUnixNano", e->time_unix_ns);
        put_number(b, &e->value);
        if (e->has_span_id)
            put_hex(b, "spanId", e->span_id, 8);
        if (e->has_trace_id)
            put_hex(b, "traceId", e->trace_id, 16);
        close_object(b);
    }
    gsp__buffer_add_char(b, ']');
}

static void put_counts(struct gsp__buffer *b, const char *name, const uint64_t *counts, uint32_t n)
{
    if (n == 0)
        return;
    key(b, name);
    gsp__buffer_add_char(b, '[');
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            gsp__buffer_add_char(b, ',');
        gsp__json_put_uint64(b, counts[i]);
    }
    gsp__buffer_add_char(b, ']');
}

static void put_bounds(struct gsp__buffer *b, const struct gsp__point *p)
{
    if (p->n_bounds == 0)
        return;
    key(b, "explicitBounds");
    gsp__buffer_add_char(b, '[');
    for (uint32_t i = 0; i < p->n_bounds; i++) {
        if (i)
            gsp__buffer_add_char(b, ',');
        gsp__json_put_double(b, p->bounds[i]);
    }
    gsp__buffer_add_char(b, ']');
}

static void put_exponential_buckets(struct gsp__buffer *b, const char *name, int32_t offset,
                                    const uint64_t *counts, uint32_t n)
{
    if (n == 0 && offset == 0)
        return;
    key(b, name);
    gsp__buffer_add_char(b, '{');
    put_int32(b, "offset", offset);
    put_counts(b, "bucketCounts", counts, n);
    close_object(b);
}

static void put_quantiles(struct gsp__buffer *b, const struct gsp__point *p)
{
    if (p->n_quantiles == 0)
        return;
    key(b, "quantileValues");
    gsp__buffer_add_char(b, '[');
    for (uint32_t i = 0; i < p->n_quantiles; i++) {
        open_object(b);
        put_nonzero(b, "quantile", p->quantiles[i].quantile);
        put_nonzero(b, "value", p->quantiles[i].value);
        close_object(b);
    }
    gsp__buffer_add_char(b, ']');
}

static void put_point(struct gsp__buffer *b, const struct gsp__point *p, enum gsp__metric_type type)
{
    bool is_distribution = type != GSP__METRIC_GAUGE && type != GSP__METRIC_SUM;
    bool is_exponential = type == GSP__METRIC_EXPONENTIAL_HISTOGRAM;

    open_object(b);
    put_attributes(b, "attributes", &p->attributes);
    put_uint64(b, "startTimeUnixNano", p->start_unix_ns);
    put_uint64(b, "timeUnixNano", p->time_unix_ns);
    if (!is_distribution)
        put_number(b, &p->value);
    if (is_distribution) {
        put_uint64(b, "count", p->count);
        if (type == GSP__METRIC_SUMMARY)
            put_nonzero(b, "sum", p->sum);
        else if (p->has_sum)
            put_double(b, "sum", p->sum);
    }
    if (is_exponential) {
        put_int32(b, "scale", p->scale);
        put_uint64(b, "zeroCount", p->zero_count);
        put_exponential_buckets(b, "positive", p->positive_offset, p->buckets, p->n_buckets);
        put_exponential_buckets(b, "negative", p->negative_offset, p->negative, p->n_negative);
        put_nonzero(b, "zeroThreshold", p->zero_threshold);
    } else if (type == GSP__METRIC_HISTOGRAM) {
        put_counts(b, "bucketCounts", p->buckets, p->n_buckets);
        put_bounds(b, p);
    } else if (type == GSP__METRIC_SUMMARY) {
        put_quantiles(b, p);
    }
    if (p->has_min)
        put_double(b, "min", p->min);
    if (p->has_max)
        put_double(b, "max", p->max);
    put_exemplars(b, p);
    put_uint32(b, "flags", p->flags);
    close_object(b);
}

static void put_metric(struct gsp__buffer *b, const struct gsp__metric *m)
{
    const char *kind = m->type == GSP__METRIC_GAUGE                   ? "gauge"
                       : m->type == GSP__METRIC_SUM                   ? "sum"
                       : m->type == GSP__METRIC_HISTOGRAM             ? "histogram"
                       : m->type == GSP__METRIC_EXPONENTIAL_HISTOGRAM ? "exponentialHistogram"
                       : m->type == GSP__METRIC_SUMMARY               ? "summary"
                                                                      : NULL;

    open_object(b);
    put_string(b, "name", m->name);
    put_string(b, "description", m->description);
    put_string(b, "unit", m->unit);
    if (kind) {
        key(b, kind);
        gsp__buffer_add_char(b, '{');
        key(b, "dataPoints");
        gsp__buffer_add_char(b, '[');
        for (uint32_t i = 0; i < m->n_points; i++)
            put_point(b, &m->points[i], m->type);
        gsp__buffer_add_char(b, ']');
        put_uint32(b, "aggregationTemporality", (uint32_t)m->temporality);
        if (m->is_monotonic && m->type == GSP__METRIC_SUM) {
            key(b, "isMonotonic");
            gsp__buffer_add_string(b, "true");
        }
        close_object(b);
    }
    close_object(b);
}

void gsp__otlp_metrics_json(struct gsp__buffer *b, const struct gsp__metrics *t)
{
    gsp__buffer_add_string(b, "{\"resourceMetrics\":[");
    for (uint32_t i = 0; i < t->n_resources; i++) {
        const struct gsp__resource_metrics *r = &t->resources[i];

        open_object(b);
        put_resource(b, &r->resource);
        key(b, "scopeMetrics");
        gsp__buffer_add_char(b, '[');
        for (uint32_t k = 0; k < r->n_scopes; k++) {
            open_object(b);
            put_scope(b, &r->scopes[k].scope);
            key(b, "metrics");
            gsp__buffer_add_char(b, '[');
            for (uint32_t n = 0; n < r->scopes[k].n_metrics; n++)
                put_metric(b, &r->scopes[k].metrics[n]);
            gsp__buffer_add_char(b, ']');
            put_string(b, "schemaUrl", r->scopes[k].schema_url);
            close_object(b);
        }
        gsp__buffer_add_char(b, ']');
        put_string(b, "schemaUrl", r->schema_url);
        close_object(b);
    }
    gsp__buffer_add_string(b, "]}");
}

/*
 * Logs.
 */

void gsp__otlp_log_json(struct gsp__buffer *b, const struct gsp__log_data *l)
{
    open_object(b);
    put_uint64(b, "timeUnixNano", l->time_unix_ns);
    put_uint64(b, "observedTimeUnixNano", l->observed_unix_ns);
    put_uint32(b, "severityNumber", l->severity);
    put_string(b, "severityText", l->severity_text);
    if (l->body.type != GSP__VALUE_NONE) {
        key(b, "body");
        put_value(b, &l->body);
    }
    put_attributes(b, "attributes", &l->attributes);
    put_uint32(b, "droppedAttributesCount", l->attributes.n_dropped);
    put_uint32(b, "flags", l->flags);
    if (l->has_trace_id)
        put_hex(b, "traceId", l->trace_id, 16);
    if (l->has_span_id)
        put_hex(b, "spanId", l->span_id, 8);
    put_string(b, "eventName", l->event_name);
    close_object(b);
}

void gsp__otlp_logs_json(struct gsp__buffer *b, const struct gsp__logs *t)
{
    gsp__buffer_add_string(b, "{\"resourceLogs\":[");
    for (uint32_t i = 0; i < t->n_resources; i++) {
        const struct gsp__resource_logs *r = &t->resources[i];

        open_object(b);
        put_resource(b, &r->resource);
        key(b, "scopeLogs");
        gsp__buffer_add_char(b, '[');
        for (uint32_t k = 0; k < r->n_scopes; k++) {
            open_object(b);
            put_scope(b, &r->scopes[k].scope);
            key(b, "logRecords");
            gsp__buffer_add_char(b, '[');
            for (uint32_t n = 0; n < r->scopes[k].n_logs; n++)
                gsp__otlp_log_json(b, &r->scopes[k].logs[n]);
            gsp__buffer_add_char(b, ']');
            put_string(b, "schemaUrl", r->scopes[k].schema_url);
            close_object(b);
        }
        gsp__buffer_add_char(b, ']');
        put_string(b, "schemaUrl", r->schema_url);
        close_object(b);
    }
    gsp__buffer_add_string(b, "]}");
}
