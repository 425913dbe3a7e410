/*
 * Metrics from OTLP JSON.
 */
#include "otlp/decode_json.h"

#include <math.h>

#include "base/status.h"

static void read_number(struct gsp__json_decoder *d, json_t *object, struct gsp__number *out)
{
    if (gsp__from_json_get(object, "asInt")) {
        out->type = GSP__NUMBER_INT;
        out->u.integer = gsp__from_json_i64(d, object, "asInt");
    } else if (gsp__from_json_double(d, object, "asDouble", &out->u.real)) {
        out->type = GSP__NUMBER_DOUBLE;
    }
}

static void read_exemplars(struct gsp__json_decoder *d, json_t *point, struct gsp__point *out)
{
    json_t *array = gsp__from_json_objects(d, point, "exemplars", &out->n_exemplars);
    struct gsp__exemplar *e = gsp__from_json_items(d, out->n_exemplars, sizeof *e);

    out->exemplars = e;
    for (uint32_t i = 0; e && i < out->n_exemplars; i++) {
        json_t *exemplar = json_array_get(array, i);

        gsp__from_json_pairs(d, exemplar, "filteredAttributes", &e[i].filtered);
        e[i].time_unix_ns = gsp__from_json_u64(d, exemplar, "timeUnixNano");
        read_number(d, exemplar, &e[i].value);
        e[i].has_span_id = gsp__from_json_id(d, exemplar, "spanId", e[i].span_id, 8);
        e[i].has_trace_id = gsp__from_json_id(d, exemplar, "traceId", e[i].trace_id, 16);
    }
}

static void read_counts(struct gsp__json_decoder *d, json_t *object, const char *key, const uint64_t **out,
                        uint32_t *n)
{
    json_t *array = gsp__from_json_array(d, object, key, n);
    uint64_t *counts = gsp__from_json_items(d, *n, sizeof *counts);

    *out = counts;
    for (uint32_t i = 0; counts && i < *n; i++)
        counts[i] = gsp__from_json_to_u64(d, json_array_get(array, i));
}

static void read_bounds(struct gsp__json_decoder *d, json_t *point, struct gsp__point *out)
{
    json_t *array = gsp__from_json_array(d, point, "explicitBounds", &out->n_bounds);
    double *bounds = gsp__from_json_items(d, out->n_bounds, sizeof *bounds);

    out->bounds = bounds;
    for (uint32_t i = 0; bounds && i < out->n_bounds; i++)
        bounds[i] = gsp__from_json_to_double(d, json_array_get(array, i));
}

static void read_quantiles(struct gsp__json_decoder *d, json_t *point, struct gsp__point *out)
{
    json_t *array = gsp__from_json_objects(d, point, "quantileValues", &out->n_quantiles);
    struct gsp__quantile *q = gsp__from_json_items(d, out->n_quantiles, sizeof *q);

    out->quantiles = q;
    for (uint32_t i = 0; q && i < out->n_quantiles; i++) {
        gsp__from_json_double(d, json_array_get(array, i), "quantile", &q[i].quantile);
        gsp__from_json_double(d, json_array_get(array, i), "value", &q[i].value);
    }
}

static void read_distribution(struct gsp__json_decoder *d, json_t *point, enum gsp__metric_type type,
                              struct gsp__point *out)
{
    json_t *positive, *negative;

    out->count = gsp__from_json_u64(d, point, "count");
    out->has_sum = gsp__from_json_double(d, point, "sum", &out->sum);
    if (type == GSP__METRIC_SUMMARY) {
        out->has_sum = out->sum != 0 || signbit(out->sum); /* a summary cannot tell 0 from none */
        read_quantiles(d, point, out);
        return;
    }
    out->has_min = gsp__from_json_double(d, point, "min", &out->min);
    out->has_max = gsp__from_json_double(d, point, "max", &out->max);
    if (type == GSP__METRIC_HISTOGRAM) {
        read_counts(d, point, "bucketCounts", &out->buckets, &out->n_buckets);
        read_bounds(d, point, out);
        return;
    }
    positive = gsp__from_json_object(d, point, "positive");
    negative = gsp__from_json_object(d, point, "negative");
    out->scale = gsp__from_json_i32(d, point, "scale");
    out->zero_count = gsp__from_json_u64(d, point, "zeroCount");
    gsp__from_json_double(d, point, "zeroThreshold", &out->zero_threshold);
    out->positive_offset = gsp__from_json_i32(d, positive, "offset");
    out->negative_offset = gsp__from_json_i32(d, negative, "offset");
    read_counts(d, positive, "bucketCounts", &out->buckets, &out->n_buckets);
    read_counts(d, negative, "bucketCounts", &out->negative, &out->n_negative);
}

static void read_point(struct gsp__json_decoder *d, json_t *point, enum gsp__metric_type type,
                       struct gsp__point *out)
{
    gsp__from_json_pairs(d, point, "attributes", &out->attributes);
    out->start_unix_ns = gsp__from_json_u64(d, point, "startTimeUnixNano");
    out->time_unix_ns = gsp__from_json_u64(d, point, "timeUnixNano");
    out->flags = gsp__from_json_u32(d, point, "flags");
    if (type != GSP__METRIC_SUMMARY)
        read_exemplars(d, point, out);
    if (type == GSP__METRIC_GAUGE || type == GSP__METRIC_SUM)
        read_number(d, point, &out->value);
    else
        read_distribution(d, point, type, out);
}

static void read_data(struct gsp__json_decoder *d, json_t *data, enum gsp__metric_type type,
                      struct gsp__metric *out)
{
    json_t *array = gsp__from_json_objects(d, data, "dataPoints", &out->n_points);
    struct gsp__point *points = gsp__from_json_items(d, out->n_points, sizeof *points);

    out->type = type;
    out->points = points;
    if (type != GSP__METRIC_GAUGE && type != GSP__METRIC_SUMMARY) {
        uint8_t temporality = gsp__from_json_enum(d, data, "aggregationTemporality");

        out->temporality = temporality <= GSP__TEMPORALITY_CUMULATIVE ? (enum gsp__temporality)temporality
                                                                      : GSP__TEMPORALITY_UNSPECIFIED;
    }
    if (type == GSP__METRIC_SUM)
        out->is_monotonic = gsp__from_json_bool(d, data, "isMonotonic");
    for (uint32_t i = 0; points && i < out->n_points; i++)
        read_point(d, json_array_get(array, i), type, &points[i]);
}

static void read_metric(struct gsp__json_decoder *d, json_t *metric, struct gsp__metric *out)
{
    static const struct {
        const char *key;
        enum gsp__metric_type type;
    } kinds[] = {{"gauge", GSP__METRIC_GAUGE},
                 {"sum", GSP__METRIC_SUM},
                 {"histogram", GSP__METRIC_HISTOGRAM},
                 {"exponentialHistogram", GSP__METRIC_EXPONENTIAL_HISTOGRAM},
                 {"summary", GSP__METRIC_SUMMARY}};

    out->name = gsp__from_json_string(d, metric, "name");
    out->description = gsp__from_json_string(d, metric, "description");
    out->unit = gsp__from_json_string(d, metric, "unit");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        json_t *data = gsp__from_json_object(d, metric, kinds[i].key);

        if (data) {
            read_data(d, data, kinds[i].type, out);
            break;
        }
    }
}

static void read_metrics(struct gsp__json_decoder *d, json_t *root, struct gsp__metrics *out)
{
    json_t *resources = gsp__from_json_objects(d, root, "resourceMetrics", &out->n_resources);
    struct gsp__resource_metrics *r = gsp__from_json_items(d, out->n_resources, sizeof *r);

    out->resources = r;
    for (uint32_t i = 0; r && i < out->n_resources; i++) {
        json_t *resource = json_array_get(resources, i);
        json_t *scopes = gsp__from_json_objects(d, resource, "scopeMetrics", &r[i].n_scopes);
        struct gsp__scope_metrics *s = gsp__from_json_items(d, r[i].n_scopes, sizeof *s);

        gsp__from_json_resource(d, resource, &r[i].resource);
        r[i].schema_url = gsp__from_json_string(d, resource, "schemaUrl");
        r[i].scopes = s;
        for (uint32_t k = 0; s && k < r[i].n_scopes; k++) {
            json_t *scope = json_array_get(scopes, k);
            json_t *metrics = gsp__from_json_objects(d, scope, "metrics", &s[k].n_metrics);
            struct gsp__metric *data = gsp__from_json_items(d, s[k].n_metrics, sizeof *data);

            gsp__from_json_scope(d, scope, &s[k].scope);
            s[k].schema_url = gsp__from_json_string(d, scope, "schemaUrl");
            s[k].metrics = data;
            for (uint32_t n = 0; data && n < s[k].n_metrics; n++)
                read_metric(d, json_array_get(metrics, n), &data[n]);
        }
    }
}

gsp_status gsp__otlp_metrics_from_json(const char *text, size_t n, struct gsp__arena *arena,
                                       struct gsp__metrics *out, gsp_error *err)
{
    struct gsp__json_decoder d = {arena, GSP_OK, NULL};
    json_t *root = gsp__from_json_load(text, n, err);
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
