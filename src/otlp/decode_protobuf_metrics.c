/*
 * Metrics from OTLP protobuf.
 */
#include "otlp/decode_protobuf.h"

#include <math.h>
#include <string.h>

static void read_exemplar(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                          struct gsp__exemplar *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    gsp__from_pb_attributes(d, message, 7, &out->filtered);
    while (gsp__from_pb_next(d, &r, &f)) {
        switch (f.number) {
        case 2:
            out->time_unix_ns = gsp__from_pb_fixed64(d, &f);
            break;
        case 3:
            out->value.type = GSP__NUMBER_DOUBLE;
            out->value.u.real = gsp__from_pb_double(d, &f);
            break;
        case 4:
            out->has_span_id = gsp__from_pb_id(d, &f, out->span_id, 8);
            break;
        case 5:
            out->has_trace_id = gsp__from_pb_id(d, &f, out->trace_id, 16);
            break;
        case 6:
            out->value.type = GSP__NUMBER_INT;
            out->value.u.integer = (int64_t)gsp__from_pb_fixed64(d, &f);
            break;
        default:
            break;
        }
    }
}

static void read_exemplars(struct gsp__pb_decoder *d, const struct gsp__pb_field *message, uint32_t number,
                           struct gsp__point *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__exemplar *exemplars;
    struct gsp__pb_field f;

    exemplars = gsp__from_pb_items(d, gsp__from_pb_count(message, number), sizeof *exemplars);
    out->exemplars = exemplars;
    while (gsp__from_pb_next(d, &r, &f))
        if (f.number == number && gsp__from_pb_is(d, &f, GSP__PB_BYTES))
            read_exemplar(d, &f, &exemplars[out->n_exemplars++]);
}

/* Going through the numbers of a packed field, which may come in several parts, or one by one. */
struct packed {
    struct gsp__pb_reader message;
    struct gsp__pb_reader part;
    uint32_t number;
    enum gsp__pb_wire_type type; /* of one by itself: varint or fixed64 */
};

static bool next_packed(struct gsp__pb_decoder *d, struct packed *p, uint64_t *out)
{
    struct gsp__pb_field f;

    while (p->part.p == p->part.end) {
        do {
            if (!gsp__from_pb_next(d, &p->message, &f))
                return false;
        } while (f.number != p->number);
        if (f.type == p->type) {
            *out = f.scalar;
            return true;
        }
        if (!gsp__from_pb_is(d, &f, GSP__PB_BYTES))
            return false;
        p->part = gsp__pb_read(f.bytes, f.n);
    }
    if (p->type == GSP__PB_VARINT)
        return gsp__pb_read_varint(&p->part, out) || gsp__from_pb_fail(d, GSP_ERR_FORMAT, p->part.p);
    if (p->part.end - p->part.p < 8)
        return gsp__from_pb_fail(d, GSP_ERR_FORMAT, p->part.p);
    memcpy(out, p->part.p, 8);
    p->part.p += 8;
    return true;
}

/* All of them, of 8 bytes each. */
static const void *read_packed(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                               uint32_t number, enum gsp__pb_wire_type type, uint32_t *out_n)
{
    const struct packed start = {gsp__pb_read(message->bytes, message->n), {NULL, NULL, false}, number, type};
    struct packed p = start;
    uint64_t value;
    uint32_t n = 0;
    uint8_t *values;

    while (next_packed(d, &p, &value))
        n++;
    *out_n = 0;
    values = gsp__from_pb_items(d, n, sizeof value);
    for (p = start; values && next_packed(d, &p, &value); ++*out_n)
        memcpy(values + *out_n * sizeof value, &value, sizeof value);
    return values;
}

static int32_t unzigzag(uint64_t n)
{
    return (int32_t)((uint32_t)(n >> 1) ^ -(uint32_t)(n & 1));
}

static void read_exponential_buckets(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                                     int32_t *offset, const uint64_t **counts, uint32_t *n_counts)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    if (!gsp__from_pb_is(d, message, GSP__PB_BYTES))
        return;
    *offset = 0;
    while (gsp__from_pb_next(d, &r, &f))
        if (f.number == 1)
            *offset = unzigzag(gsp__from_pb_varint(d, &f));
    *counts = read_packed(d, message, 2, GSP__PB_VARINT, n_counts);
}

static void read_times(struct gsp__pb_decoder *d, const struct gsp__pb_field *f, struct gsp__point *out)
{
    if (f->number == 2)
        out->start_unix_ns = gsp__from_pb_fixed64(d, f);
    else if (f->number == 3)
        out->time_unix_ns = gsp__from_pb_fixed64(d, f);
}

static void read_number_point(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                              struct gsp__point *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    gsp__from_pb_attributes(d, message, 7, &out->attributes);
    read_exemplars(d, message, 5, out);
    while (gsp__from_pb_next(d, &r, &f)) {
        read_times(d, &f, out);
        if (f.number == 4) {
            out->value.type = GSP__NUMBER_DOUBLE;
            out->value.u.real = gsp__from_pb_double(d, &f);
        } else if (f.number == 6) {
            out->value.type = GSP__NUMBER_INT;
            out->value.u.integer = (int64_t)gsp__from_pb_fixed64(d, &f);
        } else if (f.number == 8) {
            out->flags = (uint32_t)gsp__from_pb_varint(d, &f);
        }
    }
}

static void read_histogram_point(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                                 struct gsp__point *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    gsp__from_pb_attributes(d, message, 9, &out->attributes);
    read_exemplars(d, message, 8, out);
    out->buckets = read_packed(d, message, 6, GSP__PB_FIXED64, &out->n_buckets);
    out->bounds = read_packed(d, message, 7, GSP__PB_FIXED64, &out->n_bounds);
    while (gsp__from_pb_next(d, &r, &f)) {
        read_times(d, &f, out);
        switch (f.number) {
        case 4:
            out->count = gsp__from_pb_fixed64(d, &f);
            break;
        case 5:
            out->has_sum = true;
            out->sum = gsp__from_pb_double(d, &f);
            break;
        case 10:
            out->flags = (uint32_t)gsp__from_pb_varint(d, &f);
            break;
        case 11:
            out->has_min = true;
            out->min = gsp__from_pb_double(d, &f);
            break;
        case 12:
            out->has_max = true;
            out->max = gsp__from_pb_double(d, &f);
            break;
        default:
            break;
        }
    }
}

static void read_exponential_point(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                                   struct gsp__point *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    gsp__from_pb_attributes(d, message, 1, &out->attributes);
    read_exemplars(d, message, 11, out);
    while (gsp__from_pb_next(d, &r, &f)) {
        read_times(d, &f, out);
        switch (f.number) {
        case 4:
            out->count = gsp__from_pb_fixed64(d, &f);
            break;
        case 5:
            out->has_sum = true;
            out->sum = gsp__from_pb_double(d, &f);
            break;
        case 6:
            out->scale = unzigzag(gsp__from_pb_varint(d, &f));
            break;
        case 7:
            out->zero_count = gsp__from_pb_fixed64(d, &f);
            break;
        case 8:
            read_exponential_buckets(d, &f, &out->positive_offset, &out->buckets, &out->n_buckets);
            break;
        case 9:
            read_exponential_buckets(d, &f, &out->negative_offset, &out->negative, &out->n_negative);
            break;
        case 10:
            out->flags = (uint32_t)gsp__from_pb_varint(d, &f);
            break;
        case 12:
            out->has_min = true;
            out->min = gsp__from_pb_double(d, &f);
            break;
        case 13:
            out->has_max = true;
            out->max = gsp__from_pb_double(d, &f);
            break;
        case 14:
            out->zero_threshold = gsp__from_pb_double(d, &f);
            break;
        default:
            break;
        }
    }
}

static void read_quantile(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                          struct gsp__quantile *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number == 1)
            out->quantile = gsp__from_pb_double(d, &f);
        else if (f.number == 2)
            out->value = gsp__from_pb_double(d, &f);
    }
}

static void read_summary_point(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                               struct gsp__point *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__quantile *quantiles =
        gsp__from_pb_items(d, gsp__from_pb_count(message, 6), sizeof *quantiles);
    struct gsp__pb_field f;

    out->quantiles = quantiles;
    gsp__from_pb_attributes(d, message, 7, &out->attributes);
    while (gsp__from_pb_next(d, &r, &f)) {
        read_times(d, &f, out);
        if (f.number == 4) {
            out->count = gsp__from_pb_fixed64(d, &f);
        } else if (f.number == 5) {
            out->sum = gsp__from_pb_double(d, &f);
            out->has_sum = out->sum != 0 || signbit(out->sum); /* a summary cannot tell 0 from none */
        } else if (f.number == 6 && gsp__from_pb_is(d, &f, GSP__PB_BYTES)) {
            read_quantile(d, &f, &quantiles[out->n_quantiles++]);
        } else if (f.number == 8) {
            out->flags = (uint32_t)gsp__from_pb_varint(d, &f);
        }
    }
}

static void read_point(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                       enum gsp__metric_type type, struct gsp__point *out)
{
    if (type == GSP__METRIC_HISTOGRAM)
        read_histogram_point(d, message, out);
    else if (type == GSP__METRIC_EXPONENTIAL_HISTOGRAM)
        read_exponential_point(d, message, out);
    else if (type == GSP__METRIC_SUMMARY)
        read_summary_point(d, message, out);
    else
        read_number_point(d, message, out);
}

/* A metric's data: the field number of the oneof is the type. */
static void read_data(struct gsp__pb_decoder *d, const struct gsp__pb_field *message, struct gsp__metric *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__point *points = gsp__from_pb_items(d, gsp__from_pb_count(message, 1), sizeof *points);
    struct gsp__pb_field f;
    uint64_t temporality;

    out->type = (enum gsp__metric_type)message->number;
    out->temporality = GSP__TEMPORALITY_UNSPECIFIED;
    out->is_monotonic = false;
    out->points = points;
    out->n_points = 0;
    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number == 1 && gsp__from_pb_is(d, &f, GSP__PB_BYTES)) {
            read_point(d, &f, out->type, &points[out->n_points++]);
        } else if (f.number == 2 && out->type != GSP__METRIC_GAUGE && out->type != GSP__METRIC_SUMMARY) {
            temporality = gsp__from_pb_varint(d, &f);
            out->temporality = temporality <= GSP__TEMPORALITY_CUMULATIVE ? (enum gsp__temporality)temporality
                                                                          : GSP__TEMPORALITY_UNSPECIFIED;
        } else if (f.number == 3 && out->type == GSP__METRIC_SUM) {
            out->is_monotonic = gsp__from_pb_varint(d, &f) != 0;
        }
    }
}

static void read_metric(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                        struct gsp__metric *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    out->name = out->description = out->unit = (struct gsp__string){"", 0};
    while (gsp__from_pb_next(d, &r, &f)) {
        switch (f.number) {
        case 1:
            out->name = gsp__from_pb_string(d, &f);
            break;
        case 2:
            out->description = gsp__from_pb_string(d, &f);
            break;
        case 3:
            out->unit = gsp__from_pb_string(d, &f);
            break;
        case GSP__METRIC_GAUGE:
        case GSP__METRIC_SUM:
        case GSP__METRIC_HISTOGRAM:
        case GSP__METRIC_EXPONENTIAL_HISTOGRAM:
        case GSP__METRIC_SUMMARY:
            if (gsp__from_pb_is(d, &f, GSP__PB_BYTES))
                read_data(d, &f, out);
            break;
        default:
            break;
        }
    }
}

static void read_scope_metrics(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                               struct gsp__scope_metrics *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__metric *metrics = gsp__from_pb_items(d, gsp__from_pb_count(message, 2), sizeof *metrics);
    struct gsp__pb_field f;

    out->scope.name = out->scope.version = out->schema_url = (struct gsp__string){"", 0};
    out->metrics = metrics;
    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number <= 3 && !gsp__from_pb_is(d, &f, GSP__PB_BYTES))
            break;
        if (f.number == 1)
            gsp__from_pb_scope(d, &f, &out->scope);
        else if (f.number == 2)
            read_metric(d, &f, &metrics[out->n_metrics++]);
        else if (f.number == 3)
            out->schema_url = gsp__from_pb_string(d, &f);
    }
}

static void read_resource_metrics(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                                  struct gsp__resource_metrics *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__scope_metrics *scopes = gsp__from_pb_items(d, gsp__from_pb_count(message, 2), sizeof *scopes);
    struct gsp__pb_field f;

    out->schema_url = (struct gsp__string){"", 0};
    out->scopes = scopes;
    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number <= 3 && !gsp__from_pb_is(d, &f, GSP__PB_BYTES))
            break;
        if (f.number == 1)
            gsp__from_pb_resource(d, &f, &out->resource);
        else if (f.number == 2)
            read_scope_metrics(d, &f, &scopes[out->n_scopes++]);
        else if (f.number == 3)
            out->schema_url = gsp__from_pb_string(d, &f);
    }
}

gsp_status gsp__otlp_metrics_from_pb(const void *bytes, size_t n, struct gsp__arena *arena,
                                     struct gsp__metrics *out, gsp_error *err)
{
    struct gsp__pb_field message, f;
    struct gsp__pb_decoder d = gsp__from_pb_begin(bytes, n, arena, &message);
    struct gsp__pb_reader r = gsp__pb_read(bytes, n);
    struct gsp__resource_metrics *resources =
        gsp__from_pb_items(&d, gsp__from_pb_count(&message, 1), sizeof *resources);
    uint32_t n_resources = 0;

    while (gsp__from_pb_next(&d, &r, &f))
        if (f.number == 1 && gsp__from_pb_is(&d, &f, GSP__PB_BYTES))
            read_resource_metrics(&d, &f, &resources[n_resources++]);
    if (d.status == GSP_OK)
        *out = (struct gsp__metrics){resources, n_resources};
    return gsp__from_pb_end(&d, err);
}
