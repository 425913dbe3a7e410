/*
 * Random models. What a type does not have stays zero, as src/derive/model.h wants it; strings are UTF-8.
 */
#include "otlp/random_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/utf8.h"

struct source {
    uint64_t *seed;
    struct gsp__arena *arena;
};

static uint64_t below(struct source *s, uint64_t n)
{
    return gsp__random_next(s->seed) % n;
}

static bool coin(struct source *s)
{
    return below(s, 2) == 0;
}

/* Any number of bits, so that varints of all lengths come up. */
static uint64_t number(struct source *s)
{
    uint64_t n = gsp__random_next(s->seed);

    return coin(s) ? n >> below(s, 64) : below(s, 4) == 0 ? 0 : UINT64_MAX - below(s, 3);
}

static double real(struct source *s)
{
    static const double edges[] = {0, -0.0, 1, -1, 0.1, 1e15, 1e16, 1e17, 123456789012345678.0};
    uint64_t bits = gsp__random_next(s->seed);
    double d;

    if (coin(s))
        return edges[below(s, sizeof edges / sizeof edges[0])];
    if (coin(s))
        return (double)(int64_t)bits / (double)(1u << below(s, 30));
    memcpy(&d, &bits, sizeof d);
    return isnan(d) ? NAN : d; /* one NaN: JSON knows no other */
}

/* Items that are zero. */
static void *items(struct source *s, uint32_t n, size_t size)
{
    void *p = gsp__arena_get(s->arena, n * size + 1);

    if (!p)
        abort(); /* the arena is too small: the caller's mistake */
    memset(p, 0, n * size + 1);
    return p;
}

static void bytes(struct source *s, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)gsp__random_next(s->seed);
}

/* Characters of all lengths, control characters and NULs too. */
static struct gsp__string string(struct source *s)
{
    static const uint32_t limits[] = {0x20, 0x80, 0x80, 0x800, 0x10000, 0x110000};
    uint32_t n_chars = (uint32_t)(coin(s) ? below(s, 8) : below(s, 80));
    char *p = items(s, n_chars, 4);
    size_t n = 0;

    for (uint32_t i = 0; i < n_chars; i++)
        n += gsp__utf8_encode(p + n, (uint32_t)below(s, limits[below(s, 6)]));
    return (struct gsp__string){p, n};
}

static struct gsp__value value(struct source *s, unsigned depth);

static struct gsp__attribute *pairs(struct source *s, uint32_t n, unsigned depth)
{
    struct gsp__attribute *p = items(s, n, sizeof *p);

    for (uint32_t i = 0; i < n; i++) {
        p[i].key = string(s);
        p[i].value = value(s, depth);
    }
    return p;
}

static struct gsp__value value(struct source *s, unsigned depth)
{
    struct gsp__value v = {.type = (enum gsp__value_type)below(s, 8)};
    struct gsp__value *list;

    if (depth > 4 && (v.type == GSP__VALUE_ARRAY || v.type == GSP__VALUE_MAP))
        v.type = GSP__VALUE_NONE;
    switch (v.type) {
    case GSP__VALUE_NONE:
        break;
    case GSP__VALUE_STRING:
        v.u.string = string(s);
        break;
    case GSP__VALUE_BOOL:
        v.u.boolean = coin(s);
        break;
    case GSP__VALUE_INT:
        v.u.integer = (int64_t)number(s);
        break;
    case GSP__VALUE_DOUBLE:
        v.u.real = real(s);
        break;
    case GSP__VALUE_ARRAY:
        v.n = (uint32_t)below(s, 4);
        v.u.items = list = items(s, v.n, sizeof *list);
        for (uint32_t i = 0; i < v.n; i++)
            list[i] = value(s, depth + 1);
        break;
    case GSP__VALUE_MAP:
        v.n = (uint32_t)below(s, 4);
        v.u.pairs = pairs(s, v.n, depth + 1);
        break;
    case GSP__VALUE_BYTES: {
        uint32_t n = (uint32_t)below(s, 20);
        uint8_t *p = items(s, n, 1);

        bytes(s, p, n);
        v.u.string = (struct gsp__string){(char *)p, n};
        break;
    }
    }
    return v;
}

static struct gsp__attributes attributes(struct source *s)
{
    struct gsp__attributes a = {.n = (uint32_t)below(s, 5)};

    a.items = pairs(s, a.n, 0);
    if (coin(s))
        a.n_dropped = (uint32_t)number(s);
    return a;
}

static struct gsp__instrumentation_scope scope(struct source *s)
{
    struct gsp__instrumentation_scope out = {.name = string(s)};

    out.version = string(s);
    out.attributes = attributes(s);
    return out;
}

/*
 * Traces.
 */

static struct gsp__span_event event(struct source *s)
{
    struct gsp__span_event e = {.time_unix_ns = number(s)};

    e.name = string(s);
    e.attributes = attributes(s);
    return e;
}

static struct gsp__span_link span_link(struct source *s)
{
    struct gsp__span_link l = {.flags = (uint32_t)number(s)};

    l.trace_state = string(s);
    l.attributes = attributes(s);
    bytes(s, l.trace_id, 16);
    bytes(s, l.span_id, 8);
    return l;
}

static struct gsp__span_data span(struct source *s)
{
    struct gsp__span_data d = {0};

    bytes(s, d.trace_id, 16);
    bytes(s, d.span_id, 8);
    d.has_parent = coin(s);
    if (d.has_parent)
        bytes(s, d.parent_span_id, 8);
    d.kind = (uint8_t)below(s, 6);
    d.status = (uint8_t)below(s, 3);
    d.flags = (uint32_t)number(s);
    d.name = string(s);
    d.trace_state = string(s);
    d.status_message = string(s);
    d.start_unix_ns = number(s);
    d.end_unix_ns = number(s);
    d.attributes = attributes(s);
    d.n_events = (uint32_t)below(s, 3);
    d.events = items(s, d.n_events, sizeof *d.events);
    for (uint32_t i = 0; i < d.n_events; i++)
        d.events[i] = event(s);
    d.n_dropped_events = (uint32_t)number(s);
    d.n_links = (uint32_t)below(s, 3);
    d.links = items(s, d.n_links, sizeof *d.links);
    for (uint32_t i = 0; i < d.n_links; i++)
        d.links[i] = span_link(s);
    d.n_dropped_links = (uint32_t)number(s);
    return d;
}

struct gsp__traces test_random_traces(uint64_t *seed, struct gsp__arena *arena)
{
    struct source s = {seed, arena};
    struct gsp__traces t = {.n_resources = (uint32_t)below(&s, 3)};
    struct gsp__resource_spans *resources = items(&s, t.n_resources, sizeof *resources);

    t.resources = resources;
    for (uint32_t i = 0; i < t.n_resources; i++) {
        uint32_t n_scopes = (uint32_t)below(&s, 3);
        struct gsp__scope_spans *scopes = items(&s, n_scopes, sizeof *scopes);

        for (uint32_t k = 0; k < n_scopes; k++) {
            uint32_t n_spans = (uint32_t)below(&s, 4);
            struct gsp__span_data *spans = items(&s, n_spans, sizeof *spans);

            for (uint32_t n = 0; n < n_spans; n++)
                spans[n] = span(&s);
            scopes[k] = (struct gsp__scope_spans){.spans = spans, .n_spans = n_spans};
            scopes[k].scope = scope(&s);
            scopes[k].schema_url = string(&s);
        }
        resources[i] = (struct gsp__resource_spans){.scopes = scopes, .n_scopes = n_scopes};
        resources[i].resource.attributes = attributes(&s);
        resources[i].schema_url = string(&s);
    }
    return t;
}

/*
 * Metrics.
 */

static struct gsp__number any_number(struct source *s)
{
    struct gsp__number n = {.type = (enum gsp__number_type)below(s, 3)};

    if (n.type == GSP__NUMBER_INT)
        n.u.integer = (int64_t)number(s);
    else if (n.type == GSP__NUMBER_DOUBLE)
        n.u.real = real(s);
    return n;
}

static uint64_t *counts(struct source *s, uint32_t *n)
{
    uint64_t *p;

    *n = (uint32_t)below(s, 12);
    p = items(s, *n, sizeof *p);
    for (uint32_t i = 0; i < *n; i++)
        p[i] = number(s);
    return p;
}

static double *reals(struct source *s, uint32_t *n)
{
    double *p;

    *n = (uint32_t)below(s, 12);
    p = items(s, *n, sizeof *p);
    for (uint32_t i = 0; i < *n; i++)
        p[i] = real(s);
    return p;
}

static struct gsp__exemplar exemplar(struct source *s)
{
    struct gsp__exemplar e = {.time_unix_ns = number(s)};
    uint32_t n = (uint32_t)below(s, 3);

    e.value = any_number(s);
    e.filtered = (struct gsp__attributes){pairs(s, n, 2), n, 0};
    e.has_span_id = coin(s);
    if (e.has_span_id)
        bytes(s, e.span_id, 8);
    e.has_trace_id = coin(s);
    if (e.has_trace_id)
        bytes(s, e.trace_id, 16);
    return e;
}

static void add_exemplars(struct source *s, struct gsp__point *p)
{
    struct gsp__exemplar *e;

    p->n_exemplars = (uint32_t)below(s, 3);
    p->exemplars = e = items(s, p->n_exemplars, sizeof *e);
    for (uint32_t i = 0; i < p->n_exemplars; i++)
        e[i] = exemplar(s);
}

static void add_quantiles(struct source *s, struct gsp__point *p)
{
    struct gsp__quantile *q;

    p->n_quantiles = (uint32_t)below(s, 4);
    p->quantiles = q = items(s, p->n_quantiles, sizeof *q);
    for (uint32_t i = 0; i < p->n_quantiles; i++)
        q[i].quantile = real(s), q[i].value = real(s);
}

static struct gsp__point point(struct source *s, enum gsp__metric_type type)
{
    struct gsp__point p = {.attributes = attributes(s)};

    p.attributes.n_dropped = 0; /* points have no such count */
    p.start_unix_ns = number(s);
    p.time_unix_ns = number(s);
    p.flags = (uint32_t)number(s);
    if (type != GSP__METRIC_SUMMARY)
        add_exemplars(s, &p);
    if (type == GSP__METRIC_GAUGE || type == GSP__METRIC_SUM) {
        p.value = any_number(s);
        return p;
    }
    p.count = number(s);
    p.has_sum = coin(s);
    p.sum = p.has_sum ? real(s) : 0;
    if (type == GSP__METRIC_SUMMARY) {
        p.has_sum = p.sum != 0 || signbit(p.sum); /* a summary cannot tell 0 from none */
        add_quantiles(s, &p);
        return p;
    }
    p.has_min = coin(s);
    p.min = p.has_min ? real(s) : 0;
    p.has_max = coin(s);
    p.max = p.has_max ? real(s) : 0;
    p.buckets = counts(s, &p.n_buckets);
    if (type == GSP__METRIC_HISTOGRAM) {
        p.bounds = reals(s, &p.n_bounds);
        return p;
    }
    p.scale = (int32_t)number(s);
    p.zero_count = number(s);
    p.zero_threshold = real(s);
    p.positive_offset = (int32_t)number(s);
    p.negative_offset = (int32_t)number(s);
    p.negative = counts(s, &p.n_negative);
    return p;
}

static struct gsp__metric metric(struct source *s)
{
    static const enum gsp__metric_type types[] = {GSP__METRIC_NONE,      GSP__METRIC_GAUGE,
                                                  GSP__METRIC_SUM,       GSP__METRIC_SUM,
                                                  GSP__METRIC_HISTOGRAM, GSP__METRIC_EXPONENTIAL_HISTOGRAM,
                                                  GSP__METRIC_SUMMARY};
    struct gsp__metric m = {.name = string(s)};
    struct gsp__point *points;

    m.description = string(s);
    m.unit = string(s);
    m.type = types[below(s, 7)];
    if (m.type == GSP__METRIC_NONE)
        return m;
    if (m.type != GSP__METRIC_GAUGE && m.type != GSP__METRIC_SUMMARY)
        m.temporality = (enum gsp__temporality)below(s, 3);
    m.is_monotonic = m.type == GSP__METRIC_SUM && coin(s);
    m.n_points = (uint32_t)below(s, 4);
    m.points = points = items(s, m.n_points, sizeof *points);
    for (uint32_t i = 0; i < m.n_points; i++)
        points[i] = point(s, m.type);
    return m;
}

struct gsp__metrics test_random_metrics(uint64_t *seed, struct gsp__arena *arena)
{
    struct source s = {seed, arena};
    struct gsp__metrics t = {.n_resources = (uint32_t)below(&s, 3)};
    struct gsp__resource_metrics *resources = items(&s, t.n_resources, sizeof *resources);

    t.resources = resources;
    for (uint32_t i = 0; i < t.n_resources; i++) {
        uint32_t n_scopes = (uint32_t)below(&s, 3);
        struct gsp__scope_metrics *scopes = items(&s, n_scopes, sizeof *scopes);

        for (uint32_t k = 0; k < n_scopes; k++) {
            uint32_t n_metrics = (uint32_t)below(&s, 5);
            struct gsp__metric *metrics = items(&s, n_metrics, sizeof *metrics);

            for (uint32_t n = 0; n < n_metrics; n++)
                metrics[n] = metric(&s);
            scopes[k] = (struct gsp__scope_metrics){.metrics = metrics, .n_metrics = n_metrics};
            scopes[k].scope = scope(&s);
            scopes[k].schema_url = string(&s);
        }
        resources[i] = (struct gsp__resource_metrics){.scopes = scopes, .n_scopes = n_scopes};
        resources[i].resource.attributes = attributes(&s);
        resources[i].schema_url = string(&s);
    }
    return t;
}

/*
 * Logs.
 */

static struct gsp__log_data log_record(struct source *s)
{
    struct gsp__log_data l = {.time_unix_ns = number(s), .observed_unix_ns = number(s)};

    l.severity = (uint8_t)below(s, 25);
    l.severity_text = string(s);
    l.event_name = string(s);
    l.body = value(s, 0);
    l.attributes = attributes(s);
    l.flags = (uint32_t)number(s);
    l.has_trace_id = coin(s);
    if (l.has_trace_id)
        bytes(s, l.trace_id, 16);
    l.has_span_id = coin(s);
    if (l.has_span_id)
        bytes(s, l.span_id, 8);
    return l;
}

struct gsp__logs test_random_logs(uint64_t *seed, struct gsp__arena *arena)
{
    struct source s = {seed, arena};
    struct gsp__logs t = {.n_resources = (uint32_t)below(&s, 3)};
    struct gsp__resource_logs *resources = items(&s, t.n_resources, sizeof *resources);

    t.resources = resources;
    for (uint32_t i = 0; i < t.n_resources; i++) {
        uint32_t n_scopes = (uint32_t)below(&s, 3);
        struct gsp__scope_logs *scopes = items(&s, n_scopes, sizeof *scopes);

        for (uint32_t k = 0; k < n_scopes; k++) {
            uint32_t n_logs = (uint32_t)below(&s, 5);
            struct gsp__log_data *logs = items(&s, n_logs, sizeof *logs);

            for (uint32_t n = 0; n < n_logs; n++)
                logs[n] = log_record(&s);
            scopes[k] = (struct gsp__scope_logs){.logs = logs, .n_logs = n_logs};
            scopes[k].scope = scope(&s);
            scopes[k].schema_url = string(&s);
        }
        resources[i] = (struct gsp__resource_logs){.scopes = scopes, .n_scopes = n_scopes};
        resources[i].resource.attributes = attributes(&s);
        resources[i].schema_url = string(&s);
    }
    return t;
}
