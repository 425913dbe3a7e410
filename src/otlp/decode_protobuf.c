/*
 * OTLP protobuf to the model. Each repeated field is counted first, so that its items can stand together.
 */
#include <string.h>

#include "base/status.h"
#include "base/utf8.h"
#include "otlp/decode.h"
#include "otlp/protobuf.h"

struct decoder {
    const uint8_t *start;
    struct gsp__arena *arena;
    gsp_status status;
    const uint8_t *bad; /* where it went wrong */
};

static bool fail(struct decoder *d, gsp_status status, const uint8_t *where)
{
    if (d->status == GSP_OK) {
        d->status = status;
        d->bad = where;
    }
    return false;
}

/* Whether a message was read to its end without fault. */
static bool is_read(struct decoder *d, const struct gsp__pb_reader *r)
{
    return r->is_bad ? fail(d, GSP_ERR_FORMAT, r->p) : d->status == GSP_OK;
}

static uint32_t count(const struct gsp__pb_field *message, uint32_t number)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;
    uint32_t n = 0;

    while (gsp__pb_next(&r, &f))
        n += f.number == number && f.type == GSP__PB_BYTES;
    return n;
}

/* Room for n items; NULL for none of them too. */
static void *items(struct decoder *d, uint32_t n, size_t size)
{
    void *p = n ? gsp__arena_get(d->arena, n * size) : NULL;

    if (n && !p)
        fail(d, GSP_ERR_NO_SPACE, d->start);
    if (p)
        memset(p, 0, n * size);
    return p;
}

static struct gsp__string string_of(struct decoder *d, const struct gsp__pb_field *f)
{
    const char *bytes = (const char *)f->bytes;

    if (f->type != GSP__PB_BYTES || gsp__utf8_valid_prefix(bytes, f->n) != f->n) {
        fail(d, GSP_ERR_FORMAT, f->bytes);
        return (struct gsp__string){"", 0};
    }
    return (struct gsp__string){bytes, f->n};
}

static bool id_of(struct decoder *d, const struct gsp__pb_field *f, uint8_t *out, size_t n)
{
    if (f->type != GSP__PB_BYTES || (f->n != n && f->n != 0))
        return fail(d, GSP_ERR_FORMAT, f->bytes);
    if (f->n == n)
        memcpy(out, f->bytes, n);
    return f->n == n;
}

static double double_of(const struct gsp__pb_field *f)
{
    double d;

    memcpy(&d, &f->scalar, 8);
    return d;
}

/*
 * Values and attributes.
 */

static void read_attributes(struct decoder *d, const struct gsp__pb_field *message, uint32_t number,
                            unsigned depth, struct gsp__attributes *out);

static void read_value(struct decoder *d, const struct gsp__pb_field *message, unsigned depth,
                       struct gsp__value *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;
    struct gsp__attributes pairs;
    struct gsp__value *values;

    memset(out, 0, sizeof *out);
    if (message->type != GSP__PB_BYTES || depth > GSP__OTLP_DEPTH_MAX) {
        fail(d, GSP_ERR_FORMAT, message->bytes);
        return;
    }
    while (gsp__pb_next(&r, &f)) {
        switch (f.number) {
        case 1:
            out->type = GSP__VALUE_STRING;
            out->u.string = string_of(d, &f);
            break;
        case 2:
            out->type = GSP__VALUE_BOOL;
            out->u.boolean = f.scalar != 0;
            break;
        case 3:
            out->type = GSP__VALUE_INT;
            out->u.integer = (int64_t)f.scalar;
            break;
        case 4:
            out->type = GSP__VALUE_DOUBLE;
            out->u.real = double_of(&f);
            break;
        case 5:
            out->type = GSP__VALUE_ARRAY;
            out->n = count(&f, 1);
            out->u.items = values = items(d, out->n, sizeof *values);
            if (values) {
                struct gsp__pb_reader inner = gsp__pb_read(f.bytes, f.n);
                struct gsp__pb_field item;
                uint32_t i = 0;

                while (gsp__pb_next(&inner, &item))
                    if (item.number == 1 && item.type == GSP__PB_BYTES)
                        read_value(d, &item, depth + 1, &values[i++]);
                is_read(d, &inner);
            }
            break;
        case 6:
            read_attributes(d, &f, 1, depth + 1, &pairs);
            out->type = GSP__VALUE_MAP;
            out->n = pairs.n;
            out->u.pairs = pairs.items;
            break;
        case 7:
            out->type = GSP__VALUE_BYTES;
            out->u.string = (struct gsp__string){(const char *)f.bytes, f.n};
            break;
        default:
            break;
        }
        if (d->status != GSP_OK)
            return;
    }
    is_read(d, &r);
}

static void read_attribute(struct decoder *d, const struct gsp__pb_field *message, unsigned depth,
                           struct gsp__attribute *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    out->key = (struct gsp__string){"", 0};
    while (gsp__pb_next(&r, &f)) {
        if (f.number == 1)
            out->key = string_of(d, &f);
        else if (f.number == 2)
            read_value(d, &f, depth, &out->value);
    }
    is_read(d, &r);
}

static void read_attributes(struct decoder *d, const struct gsp__pb_field *message, uint32_t number,
                            unsigned depth, struct gsp__attributes *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;
    uint32_t i = 0;

    out->n = count(message, number);
    out->n_dropped = 0;
    out->items = items(d, out->n, sizeof *out->items);
    while (d->status == GSP_OK && gsp__pb_next(&r, &f))
        if (f.number == number && f.type == GSP__PB_BYTES)
            read_attribute(d, &f, depth, &out->items[i++]);
    is_read(d, &r);
}

/*
 * Traces.
 */

static void read_event(struct decoder *d, const struct gsp__pb_field *message, struct gsp__span_event *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    out->name = (struct gsp__string){"", 0};
    read_attributes(d, message, 3, 0, &out->attributes);
    while (gsp__pb_next(&r, &f)) {
        if (f.number == 1)
            out->time_unix_ns = f.scalar;
        else if (f.number == 2)
            out->name = string_of(d, &f);
        else if (f.number == 4)
            out->attributes.n_dropped = (uint32_t)f.scalar;
    }
    is_read(d, &r);
}

static void read_link(struct decoder *d, const struct gsp__pb_field *message, struct gsp__span_link *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    out->trace_state = (struct gsp__string){"", 0};
    read_attributes(d, message, 4, 0, &out->attributes);
    while (gsp__pb_next(&r, &f)) {
        switch (f.number) {
        case 1:
            id_of(d, &f, out->trace_id, 16);
            break;
        case 2:
            id_of(d, &f, out->span_id, 8);
            break;
        case 3:
            out->trace_state = string_of(d, &f);
            break;
        case 5:
            out->attributes.n_dropped = (uint32_t)f.scalar;
            break;
        case 6:
            out->flags = (uint32_t)f.scalar;
            break;
        default:
            break;
        }
    }
    is_read(d, &r);
}

static void read_status(struct decoder *d, const struct gsp__pb_field *message, struct gsp__span_data *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    while (gsp__pb_next(&r, &f)) {
        if (f.number == 2)
            out->status_message = string_of(d, &f);
        else if (f.number == 3)
            out->status = (uint8_t)f.scalar;
    }
    is_read(d, &r);
}

static void read_span(struct decoder *d, const struct gsp__pb_field *message, struct gsp__span_data *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;
    uint32_t n_events = count(message, 11), n_links = count(message, 13);

    out->name = out->trace_state = out->status_message = (struct gsp__string){"", 0};
    out->events = items(d, n_events, sizeof *out->events);
    out->links = items(d, n_links, sizeof *out->links);
    read_attributes(d, message, 9, 0, &out->attributes);
    while (d->status == GSP_OK && gsp__pb_next(&r, &f)) {
        switch (f.number) {
        case 1:
            id_of(d, &f, out->trace_id, 16);
            break;
        case 2:
            id_of(d, &f, out->span_id, 8);
            break;
        case 3:
            out->trace_state = string_of(d, &f);
            break;
        case 4:
            out->has_parent = id_of(d, &f, out->parent_span_id, 8);
            break;
        case 5:
            out->name = string_of(d, &f);
            break;
        case 6:
            out->kind = (uint8_t)f.scalar;
            break;
        case 7:
            out->start_unix_ns = f.scalar;
            break;
        case 8:
            out->end_unix_ns = f.scalar;
            break;
        case 10:
            out->attributes.n_dropped = (uint32_t)f.scalar;
            break;
        case 11:
            if (f.type == GSP__PB_BYTES)
                read_event(d, &f, &out->events[out->n_events++]);
            break;
        case 12:
            out->n_dropped_events = (uint32_t)f.scalar;
            break;
        case 13:
            if (f.type == GSP__PB_BYTES)
                read_link(d, &f, &out->links[out->n_links++]);
            break;
        case 14:
            out->n_dropped_links = (uint32_t)f.scalar;
            break;
        case 15:
            read_status(d, &f, out);
            break;
        case 16:
            out->flags = (uint32_t)f.scalar;
            break;
        default:
            break;
        }
    }
    is_read(d, &r);
}

static void read_resource(struct decoder *d, const struct gsp__pb_field *message, struct gsp__resource *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    read_attributes(d, message, 1, 0, &out->attributes);
    while (gsp__pb_next(&r, &f))
        if (f.number == 2)
            out->attributes.n_dropped = (uint32_t)f.scalar;
    is_read(d, &r);
}

static void read_scope(struct decoder *d, const struct gsp__pb_field *message,
                       struct gsp__instrumentation_scope *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    read_attributes(d, message, 3, 0, &out->attributes);
    while (gsp__pb_next(&r, &f)) {
        if (f.number == 1)
            out->name = string_of(d, &f);
        else if (f.number == 2)
            out->version = string_of(d, &f);
        else if (f.number == 4)
            out->attributes.n_dropped = (uint32_t)f.scalar;
    }
    is_read(d, &r);
}

static void read_scope_spans(struct decoder *d, const struct gsp__pb_field *message,
                             struct gsp__scope_spans *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__span_data *spans = items(d, count(message, 2), sizeof *spans);
    struct gsp__pb_field f;

    out->scope.name = out->scope.version = out->schema_url = (struct gsp__string){"", 0};
    out->spans = spans;
    while (d->status == GSP_OK && gsp__pb_next(&r, &f)) {
        if (f.type != GSP__PB_BYTES)
            continue;
        if (f.number == 1)
            read_scope(d, &f, &out->scope);
        else if (f.number == 2)
            read_span(d, &f, &spans[out->n_spans++]);
        else if (f.number == 3)
            out->schema_url = string_of(d, &f);
    }
    is_read(d, &r);
}

static void read_resource_spans(struct decoder *d, const struct gsp__pb_field *message,
                                struct gsp__resource_spans *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__scope_spans *scopes = items(d, count(message, 2), sizeof *scopes);
    struct gsp__pb_field f;

    out->schema_url = (struct gsp__string){"", 0};
    out->scopes = scopes;
    while (d->status == GSP_OK && gsp__pb_next(&r, &f)) {
        if (f.type != GSP__PB_BYTES)
            continue;
        if (f.number == 1)
            read_resource(d, &f, &out->resource);
        else if (f.number == 2)
            read_scope_spans(d, &f, &scopes[out->n_scopes++]);
        else if (f.number == 3)
            out->schema_url = string_of(d, &f);
    }
    is_read(d, &r);
}

static gsp_status result(const struct decoder *d, gsp_error *err)
{
    if (d->status == GSP_ERR_NO_SPACE)
        return gsp__fail(err, GSP_ERR_NO_SPACE, "too much OTLP for the room there is");
    if (d->status != GSP_OK)
        return gsp__fail_at(err, d->status, d->bad ? (uint64_t)(d->bad - d->start) : 0,
                            "malformed OTLP protobuf");
    return GSP_OK;
}

gsp_status gsp__otlp_traces_from_pb(const void *bytes, size_t n, struct gsp__arena *arena,
                                    struct gsp__traces *out, gsp_error *err)
{
    struct decoder d = {bytes, arena, GSP_OK, NULL};
    struct gsp__pb_field message = {0, GSP__PB_BYTES, 0, bytes, n}, f;
    struct gsp__pb_reader r = gsp__pb_read(bytes, n);
    struct gsp__resource_spans *resources = items(&d, count(&message, 1), sizeof *resources);
    uint32_t n_resources = 0;

    while (d.status == GSP_OK && gsp__pb_next(&r, &f))
        if (f.number == 1 && f.type == GSP__PB_BYTES)
            read_resource_spans(&d, &f, &resources[n_resources++]);
    is_read(&d, &r);
    if (d.status == GSP_OK)
        *out = (struct gsp__traces){resources, n_resources};
    return result(&d, err);
}

/*
 * Metrics.
 */

static void read_exemplar(struct decoder *d, const struct gsp__pb_field *message, struct gsp__exemplar *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    read_attributes(d, message, 7, 0, &out->filtered);
    while (gsp__pb_next(&r, &f)) {
        switch (f.number) {
        case 2:
            out->time_unix_ns = f.scalar;
            break;
        case 3:
            out->value.type = GSP__NUMBER_DOUBLE;
            out->value.u.real = double_of(&f);
            break;
        case 4:
            out->has_span_id = id_of(d, &f, out->span_id, 8);
            break;
        case 5:
            out->has_trace_id = id_of(d, &f, out->trace_id, 16);
            break;
        case 6:
            out->value.type = GSP__NUMBER_INT;
            out->value.u.integer = (int64_t)f.scalar;
            break;
        default:
            break;
        }
    }
    is_read(d, &r);
}

static void read_exemplars(struct decoder *d, const struct gsp__pb_field *message, uint32_t number,
                           struct gsp__point *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__exemplar *exemplars;
    struct gsp__pb_field f;

    exemplars = items(d, count(message, number), sizeof *exemplars);
    out->exemplars = exemplars;
    while (d->status == GSP_OK && gsp__pb_next(&r, &f))
        if (f.number == number && f.type == GSP__PB_BYTES)
            read_exemplar(d, &f, &exemplars[out->n_exemplars++]);
}

/* A packed field of 8-byte numbers; the values may come in several parts, or one by one. */
static void read_fixed64s(struct decoder *d, const struct gsp__pb_field *message, uint32_t number,
                          void *out_values, uint32_t *out_n)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;
    size_t n = 0;
    uint8_t *values;

    while (gsp__pb_next(&r, &f))
        if (f.number == number)
            n += f.type == GSP__PB_BYTES ? f.n / 8 : f.type == GSP__PB_FIXED64;
    values = n <= UINT32_MAX ? items(d, (uint32_t)n, 8) : NULL;
    *(void **)out_values = values;
    *out_n = 0;
    r = gsp__pb_read(message->bytes, message->n);
    while (values && gsp__pb_next(&r, &f)) {
        if (f.number != number)
            continue;
        if (f.type == GSP__PB_BYTES) {
            memcpy(values + (size_t)*out_n * 8, f.bytes, f.n / 8 * 8);
            *out_n += (uint32_t)(f.n / 8);
        } else if (f.type == GSP__PB_FIXED64) {
            memcpy(values + (size_t)*out_n * 8, &f.scalar, 8);
            ++*out_n;
        }
    }
}

static int32_t unzigzag(uint64_t n)
{
    return (int32_t)((uint32_t)(n >> 1) ^ -(uint32_t)(n & 1));
}

static void read_exponential_buckets(struct decoder *d, const struct gsp__pb_field *message, int32_t *offset,
                                     const uint64_t **counts, uint32_t *n_counts)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;
    uint64_t value, *values;
    uint32_t n = 0;

    while (gsp__pb_next(&r, &f)) {
        struct gsp__pb_reader packed = gsp__pb_read(f.bytes, f.n);

        if (f.number == 1)
            *offset = unzigzag(f.scalar);
        else if (f.number == 2 && f.type == GSP__PB_VARINT)
            n++;
        else if (f.number == 2 && f.type == GSP__PB_BYTES)
            while (packed.p < packed.end && gsp__pb_read_varint(&packed, &value))
                n++;
    }
    is_read(d, &r);
    *counts = values = items(d, n, sizeof *values);
    *n_counts = 0;
    r = gsp__pb_read(message->bytes, message->n);
    while (values && gsp__pb_next(&r, &f)) {
        struct gsp__pb_reader packed = gsp__pb_read(f.bytes, f.n);

        if (f.number == 2 && f.type == GSP__PB_VARINT)
            values[(*n_counts)++] = f.scalar;
        else if (f.number == 2 && f.type == GSP__PB_BYTES)
            while (packed.p < packed.end && gsp__pb_read_varint(&packed, &value))
                values[(*n_counts)++] = value;
    }
}

static void read_times(const struct gsp__pb_field *f, struct gsp__point *out)
{
    if (f->number == 2)
        out->start_unix_ns = f->scalar;
    else if (f->number == 3)
        out->time_unix_ns = f->scalar;
}

static void read_number_point(struct decoder *d, const struct gsp__pb_field *message, struct gsp__point *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    read_attributes(d, message, 7, 0, &out->attributes);
    read_exemplars(d, message, 5, out);
    while (gsp__pb_next(&r, &f)) {
        read_times(&f, out);
        if (f.number == 4) {
            out->value.type = GSP__NUMBER_DOUBLE;
            out->value.u.real = double_of(&f);
        } else if (f.number == 6) {
            out->value.type = GSP__NUMBER_INT;
            out->value.u.integer = (int64_t)f.scalar;
        } else if (f.number == 8) {
            out->flags = (uint32_t)f.scalar;
        }
    }
    is_read(d, &r);
}

static void read_histogram_point(struct decoder *d, const struct gsp__pb_field *message,
                                 struct gsp__point *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    read_attributes(d, message, 9, 0, &out->attributes);
    read_exemplars(d, message, 8, out);
    read_fixed64s(d, message, 6, &out->buckets, &out->n_buckets);
    read_fixed64s(d, message, 7, &out->bounds, &out->n_bounds);
    while (gsp__pb_next(&r, &f)) {
        read_times(&f, out);
        switch (f.number) {
        case 4:
            out->count = f.scalar;
            break;
        case 5:
            out->has_sum = true;
            out->sum = double_of(&f);
            break;
        case 10:
            out->flags = (uint32_t)f.scalar;
            break;
        case 11:
            out->has_min = true;
            out->min = double_of(&f);
            break;
        case 12:
            out->has_max = true;
            out->max = double_of(&f);
            break;
        default:
            break;
        }
    }
    is_read(d, &r);
}

static void read_exponential_point(struct decoder *d, const struct gsp__pb_field *message,
                                   struct gsp__point *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    read_attributes(d, message, 1, 0, &out->attributes);
    read_exemplars(d, message, 11, out);
    while (gsp__pb_next(&r, &f)) {
        read_times(&f, out);
        switch (f.number) {
        case 4:
            out->count = f.scalar;
            break;
        case 5:
            out->has_sum = true;
            out->sum = double_of(&f);
            break;
        case 6:
            out->scale = unzigzag(f.scalar);
            break;
        case 7:
            out->zero_count = f.scalar;
            break;
        case 8:
            read_exponential_buckets(d, &f, &out->positive_offset, &out->buckets, &out->n_buckets);
            break;
        case 9:
            read_exponential_buckets(d, &f, &out->negative_offset, &out->negative, &out->n_negative);
            break;
        case 10:
            out->flags = (uint32_t)f.scalar;
            break;
        case 12:
            out->has_min = true;
            out->min = double_of(&f);
            break;
        case 13:
            out->has_max = true;
            out->max = double_of(&f);
            break;
        case 14:
            out->zero_threshold = double_of(&f);
            break;
        default:
            break;
        }
    }
    is_read(d, &r);
}

static void read_summary_point(struct decoder *d, const struct gsp__pb_field *message, struct gsp__point *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__quantile *quantiles = items(d, count(message, 6), sizeof *quantiles);
    struct gsp__pb_field f, q;

    out->quantiles = quantiles;
    read_attributes(d, message, 7, 0, &out->attributes);
    while (d->status == GSP_OK && gsp__pb_next(&r, &f)) {
        read_times(&f, out);
        if (f.number == 4) {
            out->count = f.scalar;
        } else if (f.number == 5) {
            out->has_sum = true;
            out->sum = double_of(&f);
        } else if (f.number == 6 && f.type == GSP__PB_BYTES) {
            struct gsp__pb_reader inner = gsp__pb_read(f.bytes, f.n);
            struct gsp__quantile *one = &quantiles[out->n_quantiles++];

            while (gsp__pb_next(&inner, &q)) {
                if (q.number == 1)
                    one->quantile = double_of(&q);
                else if (q.number == 2)
                    one->value = double_of(&q);
            }
            is_read(d, &inner);
        } else if (f.number == 8) {
            out->flags = (uint32_t)f.scalar;
        }
    }
    is_read(d, &r);
}

static void read_points(struct decoder *d, const struct gsp__pb_field *message, struct gsp__metric *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__point *points = items(d, count(message, 1), sizeof *points);
    struct gsp__pb_field f;

    out->type = (enum gsp__metric_type)message->number;
    out->points = points;
    out->n_points = 0;
    while (d->status == GSP_OK && gsp__pb_next(&r, &f)) {
        if (f.number == 2) {
            out->temporality = f.scalar <= GSP__TEMPORALITY_CUMULATIVE ? (enum gsp__temporality)f.scalar
                                                                       : GSP__TEMPORALITY_UNSPECIFIED;
        } else if (f.number == 3) {
            out->is_monotonic = f.scalar != 0;
        } else if (f.number == 1 && f.type == GSP__PB_BYTES) {
            struct gsp__point *p = &points[out->n_points++];

            if (out->type == GSP__METRIC_HISTOGRAM)
                read_histogram_point(d, &f, p);
            else if (out->type == GSP__METRIC_EXPONENTIAL_HISTOGRAM)
                read_exponential_point(d, &f, p);
            else if (out->type == GSP__METRIC_SUMMARY)
                read_summary_point(d, &f, p);
            else
                read_number_point(d, &f, p);
        }
    }
    is_read(d, &r);
}

static void read_metric(struct decoder *d, const struct gsp__pb_field *message, struct gsp__metric *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    out->name = out->description = out->unit = (struct gsp__string){"", 0};
    while (d->status == GSP_OK && gsp__pb_next(&r, &f)) {
        switch (f.number) {
        case 1:
            out->name = string_of(d, &f);
            break;
        case 2:
            out->description = string_of(d, &f);
            break;
        case 3:
            out->unit = string_of(d, &f);
            break;
        case GSP__METRIC_GAUGE:
        case GSP__METRIC_SUM:
        case GSP__METRIC_HISTOGRAM:
        case GSP__METRIC_EXPONENTIAL_HISTOGRAM:
        case GSP__METRIC_SUMMARY:
            if (f.type == GSP__PB_BYTES)
                read_points(d, &f, out);
            break;
        default:
            break;
        }
    }
    is_read(d, &r);
}

static void read_scope_metrics(struct decoder *d, const struct gsp__pb_field *message,
                               struct gsp__scope_metrics *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__metric *metrics = items(d, count(message, 2), sizeof *metrics);
    struct gsp__pb_field f;

    out->scope.name = out->scope.version = out->schema_url = (struct gsp__string){"", 0};
    out->metrics = metrics;
    while (d->status == GSP_OK && gsp__pb_next(&r, &f)) {
        if (f.type != GSP__PB_BYTES)
            continue;
        if (f.number == 1)
            read_scope(d, &f, &out->scope);
        else if (f.number == 2)
            read_metric(d, &f, &metrics[out->n_metrics++]);
        else if (f.number == 3)
            out->schema_url = string_of(d, &f);
    }
    is_read(d, &r);
}

static void read_resource_metrics(struct decoder *d, const struct gsp__pb_field *message,
                                  struct gsp__resource_metrics *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__scope_metrics *scopes = items(d, count(message, 2), sizeof *scopes);
    struct gsp__pb_field f;

    out->schema_url = (struct gsp__string){"", 0};
    out->scopes = scopes;
    while (d->status == GSP_OK && gsp__pb_next(&r, &f)) {
        if (f.type != GSP__PB_BYTES)
            continue;
        if (f.number == 1)
            read_resource(d, &f, &out->resource);
        else if (f.number == 2)
            read_scope_metrics(d, &f, &scopes[out->n_scopes++]);
        else if (f.number == 3)
            out->schema_url = string_of(d, &f);
    }
    is_read(d, &r);
}

gsp_status gsp__otlp_metrics_from_pb(const void *bytes, size_t n, struct gsp__arena *arena,
                                     struct gsp__metrics *out, gsp_error *err)
{
    struct decoder d = {bytes, arena, GSP_OK, NULL};
    struct gsp__pb_field message = {0, GSP__PB_BYTES, 0, bytes, n}, f;
    struct gsp__pb_reader r = gsp__pb_read(bytes, n);
    struct gsp__resource_metrics *resources = items(&d, count(&message, 1), sizeof *resources);
    uint32_t n_resources = 0;

    while (d.status == GSP_OK && gsp__pb_next(&r, &f))
        if (f.number == 1 && f.type == GSP__PB_BYTES)
            read_resource_metrics(&d, &f, &resources[n_resources++]);
    is_read(&d, &r);
    if (d.status == GSP_OK)
        *out = (struct gsp__metrics){resources, n_resources};
    return result(&d, err);
}

/*
 * Responses.
 */

bool gsp__otlp_response_from_pb(const void *bytes, size_t n, struct gsp__partial_success *out)
{
    struct gsp__pb_reader r = gsp__pb_read(bytes, n);
    struct gsp__pb_field f, inner;

    memset(out, 0, sizeof *out);
    while (gsp__pb_next(&r, &f)) {
        struct gsp__pb_reader partial = gsp__pb_read(f.bytes, f.n);

        if (f.number != 1 || f.type != GSP__PB_BYTES)
            continue;
        while (gsp__pb_next(&partial, &inner)) {
            if (inner.number == 1 && inner.type == GSP__PB_VARINT) {
                out->n_rejected = (int64_t)inner.scalar;
            } else if (inner.number == 2 && inner.type == GSP__PB_BYTES) {
                size_t length = gsp__utf8_cut((const char *)inner.bytes, inner.n, sizeof out->message - 1);

                memcpy(out->message, inner.bytes, length);
                out->message[length] = 0;
            }
        }
        if (partial.is_bad)
            return false;
    }
    return !r.is_bad;
}
