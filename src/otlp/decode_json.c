/*
 * OTLP JSON to the model, over jansson. Numbers of 64 bits may be strings or numbers, ids hex of either
 * case; enums must be integers. Unknown keys are passed over.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/hex.h"
#include "base/number.h"
#include "base/status.h"
#include "base/utf8.h"
#include "otlp/decode.h"

struct decoder {
    struct gsp__arena *arena;
    gsp_status status;
    const char *fault; /* static text */
};

static bool fail(struct decoder *d, gsp_status status, const char *fault)
{
    if (d->status == GSP_OK) {
        d->status = status;
        d->fault = fault;
    }
    return false;
}

static void *items(struct decoder *d, size_t n, size_t size)
{
    void *p = n ? gsp__arena_get(d->arena, n * size) : NULL;

    if (n && !p)
        fail(d, GSP_ERR_NO_SPACE, "too much OTLP for the room there is");
    if (p)
        memset(p, 0, n * size);
    return p;
}

/* The array under a key, NULL for none; *n is 0 then. An item that is no object is a fault. */
static json_t *objects(struct decoder *d, json_t *object, const char *key, uint32_t *n)
{
    json_t *array = json_object_get(object, key), *item;
    size_t i;

    *n = 0;
    if (!array || json_is_null(array))
        return NULL;
    if (!json_is_array(array)) {
        fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: an array is expected");
        return NULL;
    }
    json_array_foreach(array, i, item)
    {
        if (!json_is_object(item)) {
            fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: an array of objects is expected");
            return NULL;
        }
    }
    *n = (uint32_t)json_array_size(array);
    return array;
}

static struct gsp__string copy(struct decoder *d, json_t *value)
{
    size_t n = json_string_length(value);
    char *p = n ? gsp__arena_get(d->arena, n) : NULL;

    if (n && !p) {
        fail(d, GSP_ERR_NO_SPACE, "too much OTLP for the room there is");
        n = 0;
    }
    if (n)
        memcpy(p, json_string_value(value), n);
    return (struct gsp__string){p ? p : "", n};
}

static struct gsp__string string_at(struct decoder *d, json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value))
        return (struct gsp__string){"", 0};
    if (!json_is_string(value)) {
        fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: a string is expected");
        return (struct gsp__string){"", 0};
    }
    return copy(d, value);
}

static uint64_t parse_u64(struct decoder *d, json_t *value)
{
    uint64_t n = 0;

    if (json_is_integer(value) && json_integer_value(value) >= 0)
        return (uint64_t)json_integer_value(value);
    if (json_is_string(value) && gsp__parse_u64(json_string_value(value), UINT64_MAX, &n))
        return n;
    fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: an unsigned integer is expected");
    return 0;
}

static int64_t parse_i64(struct decoder *d, json_t *value)
{
    const char *text = json_string_value(value);
    uint64_t n;

    if (json_is_integer(value))
        return json_integer_value(value);
    if (text && *text == '-' && gsp__parse_u64(text + 1, (uint64_t)INT64_MAX + 1, &n))
        return (int64_t)-n;
    if (text && gsp__parse_u64(text, INT64_MAX, &n))
        return (int64_t)n;
    fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: an integer is expected");
    return 0;
}

static double parse_double(struct decoder *d, json_t *value)
{
    const char *text = json_string_value(value);
    double number;

    if (json_is_number(value))
        return json_number_value(value);
    if (text && strcmp(text, "NaN") == 0)
        return NAN;
    if (text && strcmp(text, "Infinity") == 0)
        return INFINITY;
    if (text && strcmp(text, "-Infinity") == 0)
        return -INFINITY;
    if (text && gsp__parse_double(text, strlen(text), &number))
        return number;
    fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: a number is expected");
    return 0;
}

static uint64_t u64_at(struct decoder *d, json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    return value && !json_is_null(value) ? parse_u64(d, value) : 0;
}

static uint32_t u32_at(struct decoder *d, json_t *object, const char *key)
{
    uint64_t n = u64_at(d, object, key);

    if (n > UINT32_MAX)
        fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: a number is out of range");
    return (uint32_t)n;
}

/* An enum: an integer, and nothing else. */
static uint32_t enum_at(struct decoder *d, json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value))
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > 255) {
        fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: enums are integers");
        return 0;
    }
    return (uint32_t)json_integer_value(value);
}

static bool double_at(struct decoder *d, json_t *object, const char *key, double *out)
{
    json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value))
        return false;
    *out = parse_double(d, value);
    return true;
}

/* An id in hex; an empty one is none. */
static bool id_at(struct decoder *d, json_t *object, const char *key, uint8_t *out, size_t n)
{
    json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0))
        return false;
    if (!json_is_string(value) || json_string_length(value) != 2 * n ||
        !gsp__hex_decode(out, n, json_string_value(value)))
        return fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: an id is not hex of its length");
    return true;
}

/*
 * Values and attributes.
 */

static void read_pairs(struct decoder *d, json_t *object, const char *key, unsigned depth,
                       struct gsp__attributes *out);

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

static struct gsp__string bytes_of(struct decoder *d, json_t *value)
{
    const char *text = json_string_value(value);
    size_t n = json_string_length(value), used = 0;
    uint32_t bits = 0, n_bits = 0;
    uint8_t *p;

    while (n > 0 && text[n - 1] == '=')
        n--;
    p = items(d, n + 1, 1);
    for (size_t i = 0; p && i < n; i++) {
        int digit = base64_digit(text[i]);

        if (digit < 0) {
            fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: bytes are not base64");
            break;
        }
        bits = bits << 6 | (uint32_t)digit;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            p[used++] = (uint8_t)(bits >> n_bits);
        }
    }
    return (struct gsp__string){(const char *)p, used};
}

static void read_value(struct decoder *d, json_t *object, unsigned depth, struct gsp__value *out)
{
    json_t *v;

    memset(out, 0, sizeof *out);
    if (!object || json_is_null(object))
        return;
    if (!json_is_object(object) || depth > GSP__OTLP_DEPTH_MAX) {
        fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: a value is no object, or nested too deep");
        return;
    }
    if ((v = json_object_get(object, "stringValue")) && json_is_string(v)) {
        out->type = GSP__VALUE_STRING;
        out->u.string = copy(d, v);
    } else if ((v = json_object_get(object, "boolValue")) && json_is_boolean(v)) {
        out->type = GSP__VALUE_BOOL;
        out->u.boolean = json_is_true(v);
    } else if ((v = json_object_get(object, "intValue"))) {
        out->type = GSP__VALUE_INT;
        out->u.integer = parse_i64(d, v);
    } else if ((v = json_object_get(object, "doubleValue"))) {
        out->type = GSP__VALUE_DOUBLE;
        out->u.real = parse_double(d, v);
    } else if ((v = json_object_get(object, "arrayValue"))) {
        uint32_t n;
        json_t *array = objects(d, v, "values", &n);
        struct gsp__value *values = items(d, n, sizeof *values);

        out->type = GSP__VALUE_ARRAY;
        out->u.items = values;
        for (uint32_t i = 0; values && i < n; i++)
            read_value(d, json_array_get(array, i), depth + 1, &values[i]);
        out->n = values ? n : 0;
    } else if ((v = json_object_get(object, "kvlistValue"))) {
        struct gsp__attributes pairs;

        read_pairs(d, v, "values", depth + 1, &pairs);
        out->type = GSP__VALUE_MAP;
        out->n = pairs.n;
        out->u.pairs = pairs.items;
    } else if ((v = json_object_get(object, "bytesValue")) && json_is_string(v)) {
        out->type = GSP__VALUE_BYTES;
        out->u.string = bytes_of(d, v);
    }
}

static void read_pairs(struct decoder *d, json_t *object, const char *key, unsigned depth,
                       struct gsp__attributes *out)
{
    uint32_t n;
    json_t *array = objects(d, object, key, &n);

    out->n_dropped = 0;
    out->items = items(d, n, sizeof *out->items);
    out->n = out->items ? n : 0;
    for (uint32_t i = 0; i < out->n; i++) {
        json_t *pair = json_array_get(array, i);

        out->items[i].key = string_at(d, pair, "key");
        read_value(d, json_object_get(pair, "value"), depth, &out->items[i].value);
    }
}

static void read_attributes(struct decoder *d, json_t *object, struct gsp__attributes *out)
{
    read_pairs(d, object, "attributes", 0, out);
    out->n_dropped = u32_at(d, object, "droppedAttributesCount");
}

/*
 * Traces.
 */

static void read_events(struct decoder *d, json_t *span, struct gsp__span_data *out)
{
    uint32_t n;
    json_t *array = objects(d, span, "events", &n);

    out->events = items(d, n, sizeof *out->events);
    out->n_events = out->events ? n : 0;
    for (uint32_t i = 0; i < out->n_events; i++) {
        json_t *event = json_array_get(array, i);

        out->events[i].time_unix_ns = u64_at(d, event, "timeUnixNano");
        out->events[i].name = string_at(d, event, "name");
        read_attributes(d, event, &out->events[i].attributes);
    }
}

static void read_links(struct decoder *d, json_t *span, struct gsp__span_data *out)
{
    uint32_t n;
    json_t *array = objects(d, span, "links", &n);

    out->links = items(d, n, sizeof *out->links);
    out->n_links = out->links ? n : 0;
    for (uint32_t i = 0; i < out->n_links; i++) {
        json_t *link = json_array_get(array, i);

        id_at(d, link, "traceId", out->links[i].trace_id, 16);
        id_at(d, link, "spanId", out->links[i].span_id, 8);
        out->links[i].trace_state = string_at(d, link, "traceState");
        out->links[i].flags = u32_at(d, link, "flags");
        read_attributes(d, link, &out->links[i].attributes);
    }
}

static void read_span(struct decoder *d, json_t *span, struct gsp__span_data *out)
{
    json_t *status = json_object_get(span, "status");

    id_at(d, span, "traceId", out->trace_id, 16);
    id_at(d, span, "spanId", out->span_id, 8);
    out->has_parent = id_at(d, span, "parentSpanId", out->parent_span_id, 8);
    out->trace_state = string_at(d, span, "traceState");
    out->flags = u32_at(d, span, "flags");
    out->name = string_at(d, span, "name");
    out->kind = (uint8_t)enum_at(d, span, "kind");
    out->start_unix_ns = u64_at(d, span, "startTimeUnixNano");
    out->end_unix_ns = u64_at(d, span, "endTimeUnixNano");
    read_attributes(d, span, &out->attributes);
    read_events(d, span, out);
    out->n_dropped_events = u32_at(d, span, "droppedEventsCount");
    read_links(d, span, out);
    out->n_dropped_links = u32_at(d, span, "droppedLinksCount");
    out->status_message = string_at(d, status, "message");
    out->status = (uint8_t)enum_at(d, status, "code");
}

static void read_resource(struct decoder *d, json_t *parent, struct gsp__resource *out)
{
    json_t *resource = json_object_get(parent, "resource");

    memset(out, 0, sizeof *out);
    if (json_is_object(resource))
        read_attributes(d, resource, &out->attributes);
}

static void read_scope(struct decoder *d, json_t *parent, struct gsp__instrumentation_scope *out)
{
    json_t *scope = json_object_get(parent, "scope");

    memset(out, 0, sizeof *out);
    out->name = string_at(d, scope, "name");
    out->version = string_at(d, scope, "version");
    if (json_is_object(scope))
        read_attributes(d, scope, &out->attributes);
}

static void read_traces(struct decoder *d, json_t *root, struct gsp__traces *out)
{
    json_t *resources = objects(d, root, "resourceSpans", &out->n_resources);
    struct gsp__resource_spans *r = items(d, out->n_resources, sizeof *r);

    out->resources = r;
    for (uint32_t i = 0; r && i < out->n_resources; i++) {
        json_t *resource = json_array_get(resources, i);
        json_t *scopes = objects(d, resource, "scopeSpans", &r[i].n_scopes);
        struct gsp__scope_spans *s = items(d, r[i].n_scopes, sizeof *s);

        read_resource(d, resource, &r[i].resource);
        r[i].schema_url = string_at(d, resource, "schemaUrl");
        r[i].scopes = s;
        for (uint32_t k = 0; s && k < r[i].n_scopes; k++) {
            json_t *scope = json_array_get(scopes, k);
            json_t *spans = objects(d, scope, "spans", &s[k].n_spans);
            struct gsp__span_data *data = items(d, s[k].n_spans, sizeof *data);

            read_scope(d, scope, &s[k].scope);
            s[k].schema_url = string_at(d, scope, "schemaUrl");
            s[k].spans = data;
            for (uint32_t n = 0; data && n < s[k].n_spans; n++)
                read_span(d, json_array_get(spans, n), &data[n]);
        }
    }
}

/*
 * Metrics.
 */

static void read_number(struct decoder *d, json_t *object, struct gsp__number *out)
{
    json_t *as_int = json_object_get(object, "asInt");

    if (as_int && !json_is_null(as_int)) {
        out->type = GSP__NUMBER_INT;
        out->u.integer = parse_i64(d, as_int);
    } else if (double_at(d, object, "asDouble", &out->u.real)) {
        out->type = GSP__NUMBER_DOUBLE;
    }
}

static void read_exemplars(struct decoder *d, json_t *point, struct gsp__point *out)
{
    json_t *array = objects(d, point, "exemplars", &out->n_exemplars);
    struct gsp__exemplar *e = items(d, out->n_exemplars, sizeof *e);

    out->exemplars = e;
    for (uint32_t i = 0; e && i < out->n_exemplars; i++) {
        json_t *exemplar = json_array_get(array, i);

        read_pairs(d, exemplar, "filteredAttributes", 0, &e[i].filtered);
        e[i].time_unix_ns = u64_at(d, exemplar, "timeUnixNano");
        read_number(d, exemplar, &e[i].value);
        e[i].has_span_id = id_at(d, exemplar, "spanId", e[i].span_id, 8);
        e[i].has_trace_id = id_at(d, exemplar, "traceId", e[i].trace_id, 16);
    }
}

static json_t *numbers(struct decoder *d, json_t *object, const char *key, uint32_t *n)
{
    json_t *array = json_object_get(object, key);

    *n = 0;
    if (!array || json_is_null(array))
        return NULL;
    if (!json_is_array(array)) {
        fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: an array is expected");
        return NULL;
    }
    *n = (uint32_t)json_array_size(array);
    return array;
}

static void read_counts(struct decoder *d, json_t *object, const char *key, const uint64_t **out, uint32_t *n)
{
    json_t *array = numbers(d, object, key, n);
    uint64_t *counts = items(d, *n, sizeof *counts);

    *out = counts;
    for (uint32_t i = 0; counts && i < *n; i++)
        counts[i] = parse_u64(d, json_array_get(array, i));
}

static void read_bounds(struct decoder *d, json_t *point, struct gsp__point *out)
{
    json_t *array = numbers(d, point, "explicitBounds", &out->n_bounds);
    double *bounds = items(d, out->n_bounds, sizeof *bounds);

    out->bounds = bounds;
    for (uint32_t i = 0; bounds && i < out->n_bounds; i++)
        bounds[i] = parse_double(d, json_array_get(array, i));
}

static int32_t i32_at(struct decoder *d, json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    int64_t n = value && !json_is_null(value) ? parse_i64(d, value) : 0;

    if (n < INT32_MIN || n > INT32_MAX)
        fail(d, GSP_ERR_FORMAT, "malformed OTLP JSON: a number is out of range");
    return (int32_t)n;
}

static void read_quantiles(struct decoder *d, json_t *point, struct gsp__point *out)
{
    json_t *array = objects(d, point, "quantileValues", &out->n_quantiles);
    struct gsp__quantile *q = items(d, out->n_quantiles, sizeof *q);

    out->quantiles = q;
    for (uint32_t i = 0; q && i < out->n_quantiles; i++) {
        double_at(d, json_array_get(array, i), "quantile", &q[i].quantile);
        double_at(d, json_array_get(array, i), "value", &q[i].value);
    }
}

static void read_point(struct decoder *d, json_t *point, enum gsp__metric_type type, struct gsp__point *out)
{
    json_t *positive = json_object_get(point, "positive");
    json_t *negative = json_object_get(point, "negative");

    read_attributes(d, point, &out->attributes);
    out->start_unix_ns = u64_at(d, point, "startTimeUnixNano");
    out->time_unix_ns = u64_at(d, point, "timeUnixNano");
    out->flags = u32_at(d, point, "flags");
    read_exemplars(d, point, out);
    if (type == GSP__METRIC_GAUGE || type == GSP__METRIC_SUM) {
        read_number(d, point, &out->value);
        return;
    }
    out->count = u64_at(d, point, "count");
    out->has_sum = double_at(d, point, "sum", &out->sum);
    out->has_min = double_at(d, point, "min", &out->min);
    out->has_max = double_at(d, point, "max", &out->max);
    if (type == GSP__METRIC_HISTOGRAM) {
        read_counts(d, point, "bucketCounts", &out->buckets, &out->n_buckets);
        read_bounds(d, point, out);
    } else if (type == GSP__METRIC_EXPONENTIAL_HISTOGRAM) {
        out->scale = i32_at(d, point, "scale");
        out->zero_count = u64_at(d, point, "zeroCount");
        double_at(d, point, "zeroThreshold", &out->zero_threshold);
        out->positive_offset = i32_at(d, positive, "offset");
        out->negative_offset = i32_at(d, negative, "offset");
        read_counts(d, positive, "bucketCounts", &out->buckets, &out->n_buckets);
        read_counts(d, negative, "bucketCounts", &out->negative, &out->n_negative);
    } else {
        read_quantiles(d, point, out);
    }
}

static void read_metric(struct decoder *d, json_t *metric, struct gsp__metric *out)
{
    static const struct {
        const char *key;
        enum gsp__metric_type type;
    } kinds[] = {{"gauge", GSP__METRIC_GAUGE},
                 {"sum", GSP__METRIC_SUM},
                 {"histogram", GSP__METRIC_HISTOGRAM},
                 {"exponentialHistogram", GSP__METRIC_EXPONENTIAL_HISTOGRAM},
                 {"summary", GSP__METRIC_SUMMARY}};

    out->name = string_at(d, metric, "name");
    out->description = string_at(d, metric, "description");
    out->unit = string_at(d, metric, "unit");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        json_t *data = json_object_get(metric, kinds[i].key), *array;
        struct gsp__point *points;

        if (!json_is_object(data))
            continue;
        out->type = kinds[i].type;
        array = objects(d, data, "dataPoints", &out->n_points);
        points = items(d, out->n_points, sizeof *points);
        out->points = points;
        out->temporality = (enum gsp__temporality)(enum_at(d, data, "aggregationTemporality") % 3);
        out->is_monotonic = json_is_true(json_object_get(data, "isMonotonic"));
        for (uint32_t k = 0; points && k < out->n_points; k++)
            read_point(d, json_array_get(array, k), out->type, &points[k]);
        return;
    }
}

static void read_metrics(struct decoder *d, json_t *root, struct gsp__metrics *out)
{
    json_t *resources = objects(d, root, "resourceMetrics", &out->n_resources);
    struct gsp__resource_metrics *r = items(d, out->n_resources, sizeof *r);

    out->resources = r;
    for (uint32_t i = 0; r && i < out->n_resources; i++) {
        json_t *resource = json_array_get(resources, i);
        json_t *scopes = objects(d, resource, "scopeMetrics", &r[i].n_scopes);
        struct gsp__scope_metrics *s = items(d, r[i].n_scopes, sizeof *s);

        read_resource(d, resource, &r[i].resource);
        r[i].schema_url = string_at(d, resource, "schemaUrl");
        r[i].scopes = s;
        for (uint32_t k = 0; s && k < r[i].n_scopes; k++) {
            json_t *scope = json_array_get(scopes, k);
            json_t *metrics = objects(d, scope, "metrics", &s[k].n_metrics);
            struct gsp__metric *data = items(d, s[k].n_metrics, sizeof *data);

            read_scope(d, scope, &s[k].scope);
            s[k].schema_url = string_at(d, scope, "schemaUrl");
            s[k].metrics = data;
            for (uint32_t n = 0; data && n < s[k].n_metrics; n++)
                read_metric(d, json_array_get(metrics, n), &data[n]);
        }
    }
}

/*
 * Documents.
 */

static json_t *load(const char *text, size_t n, gsp_error *err)
{
    json_error_t fault;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &fault);

    if (root && json_is_object(root))
        return root;
    json_decref(root);
    gsp__fail_at(err, GSP_ERR_FORMAT, root ? 0 : (uint64_t)(fault.position > 0 ? fault.position : 0),
                 "malformed OTLP JSON: not one object");
    return NULL;
}

gsp_status gsp__otlp_traces_from_json(const char *text, size_t n, struct gsp__arena *arena,
                                      struct gsp__traces *out, gsp_error *err)
{
    struct decoder d = {arena, GSP_OK, NULL};
    json_t *root = load(text, n, err);
    struct gsp__traces traces = {0};

    if (!root)
        return GSP_ERR_FORMAT;
    read_traces(&d, root, &traces);
    json_decref(root);
    if (d.status != GSP_OK)
        return gsp__fail(err, d.status, d.fault);
    *out = traces;
    return GSP_OK;
}

gsp_status gsp__otlp_metrics_from_json(const char *text, size_t n, struct gsp__arena *arena,
                                       struct gsp__metrics *out, gsp_error *err)
{
    struct decoder d = {arena, GSP_OK, NULL};
    json_t *root = load(text, n, err);
    struct gsp__metrics metrics = {0};

    if (!root)
        return GSP_ERR_FORMAT;
    read_metrics(&d, root, &metrics);
    json_decref(root);
    if (d.status != GSP_OK)
        return gsp__fail(err, d.status, d.fault);
    *out = metrics;
    return GSP_OK;
}

bool gsp__otlp_response_from_json(const char *text, size_t n, struct gsp__partial_success *out)
{
    json_t *root = json_loadb(text, n, 0, NULL), *partial;
    struct gsp__arena no_room = {NULL, 0, 0, 0};
    struct decoder d = {&no_room, GSP_OK, NULL};

    memset(out, 0, sizeof *out);
    if (!json_is_object(root)) {
        json_decref(root);
        return false;
    }
    partial = json_object_get(root, "partialSuccess");
    if (json_is_object(partial)) {
        static const char *const counts[] = {"rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"};
        json_t *message = json_object_get(partial, "errorMessage");

        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            json_t *value = json_object_get(partial, counts[i]);

            if (value)
                out->n_rejected = parse_i64(&d, value);
        }
        if (json_is_string(message)) {
            size_t length = gsp__utf8_cut(json_string_value(message), json_string_length(message),
                                          sizeof out->message - 1);

            memcpy(out->message, json_string_value(message), length);
            out->message[length] = 0;
        }
    }
    json_decref(root);
    return d.status == GSP_OK;
}
