/*
 * OTLP protobuf to the model: what the signals have in common.
 */
#include "otlp/decode_protobuf.h"

#include <string.h>

#include "base/status.h"
#include "base/utf8.h"

struct gsp__pb_decoder gsp__from_pb_begin(const void *bytes, size_t n, struct gsp__arena *arena,
                                          struct gsp__pb_field *out_message)
{
    struct gsp__pb_decoder d = {bytes, arena, GSP_OK, NULL};

    *out_message = (struct gsp__pb_field){.type = GSP__PB_BYTES, .bytes = bytes, .n = n, .at = bytes};
    if (n > UINT32_MAX) /* counts have 32 bits */
        gsp__from_pb_fail(&d, GSP_ERR_NO_SPACE, bytes);
    return d;
}

gsp_status gsp__from_pb_end(const struct gsp__pb_decoder *d, gsp_error *err)
{
    if (d->status == GSP_ERR_NO_SPACE)
        return gsp__fail(err, GSP_ERR_NO_SPACE, "too much OTLP for the room there is");
    if (d->status != GSP_OK)
        return gsp__fail_at(err, d->status, d->bad ? (uint64_t)(d->bad - d->start) : 0,
                            "malformed OTLP protobuf");
    return GSP_OK;
}

bool gsp__from_pb_fail(struct gsp__pb_decoder *d, gsp_status status, const uint8_t *where)
{
    if (d->status == GSP_OK) {
        d->status = status;
        d->bad = where;
    }
    return false;
}

bool gsp__from_pb_next(struct gsp__pb_decoder *d, struct gsp__pb_reader *r, struct gsp__pb_field *out)
{
    if (d->status != GSP_OK)
        return false;
    if (gsp__pb_next(r, out))
        return true;
    return r->is_bad ? gsp__from_pb_fail(d, GSP_ERR_FORMAT, r->p) : false;
}

uint32_t gsp__from_pb_count(const struct gsp__pb_field *message, uint32_t number)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;
    uint32_t n = 0;

    while (gsp__pb_next(&r, &f))
        n += f.number == number && f.type == GSP__PB_BYTES;
    return n;
}

void *gsp__from_pb_items(struct gsp__pb_decoder *d, uint32_t n, size_t size)
{
    void *p = n ? gsp__arena_get(d->arena, n * size) : NULL;

    if (n && !p)
        gsp__from_pb_fail(d, GSP_ERR_NO_SPACE, d->start);
    if (p)
        memset(p, 0, n * size);
    return p;
}

/*
 * Fields.
 */

bool gsp__from_pb_is(struct gsp__pb_decoder *d, const struct gsp__pb_field *f, enum gsp__pb_wire_type type)
{
    return f->type == type || gsp__from_pb_fail(d, GSP_ERR_FORMAT, f->at);
}

uint64_t gsp__from_pb_varint(struct gsp__pb_decoder *d, const struct gsp__pb_field *f)
{
    return gsp__from_pb_is(d, f, GSP__PB_VARINT) ? f->scalar : 0;
}

uint64_t gsp__from_pb_fixed64(struct gsp__pb_decoder *d, const struct gsp__pb_field *f)
{
    return gsp__from_pb_is(d, f, GSP__PB_FIXED64) ? f->scalar : 0;
}

uint32_t gsp__from_pb_fixed32(struct gsp__pb_decoder *d, const struct gsp__pb_field *f)
{
    return gsp__from_pb_is(d, f, GSP__PB_FIXED32) ? (uint32_t)f->scalar : 0;
}

double gsp__from_pb_double(struct gsp__pb_decoder *d, const struct gsp__pb_field *f)
{
    uint64_t bits = gsp__from_pb_fixed64(d, f);
    double value;

    memcpy(&value, &bits, 8);
    return value;
}

struct gsp__string gsp__from_pb_string(struct gsp__pb_decoder *d, const struct gsp__pb_field *f)
{
    const char *bytes = (const char *)f->bytes;
    size_t valid;

    if (!gsp__from_pb_is(d, f, GSP__PB_BYTES))
        return (struct gsp__string){"", 0};
    valid = gsp__utf8_valid_prefix(bytes, f->n);
    if (valid != f->n) {
        gsp__from_pb_fail(d, GSP_ERR_FORMAT, f->bytes + valid);
        return (struct gsp__string){"", 0};
    }
    return (struct gsp__string){bytes, f->n};
}

bool gsp__from_pb_id(struct gsp__pb_decoder *d, const struct gsp__pb_field *f, uint8_t *out, size_t n)
{
    if (!gsp__from_pb_is(d, f, GSP__PB_BYTES))
        return false;
    if (f->n != n && f->n != 0)
        return gsp__from_pb_fail(d, GSP_ERR_FORMAT, f->bytes);
    if (f->n == 0)
        memset(out, 0, n);
    else
        memcpy(out, f->bytes, n);
    return f->n == n;
}

uint8_t gsp__from_pb_enum(struct gsp__pb_decoder *d, const struct gsp__pb_field *f)
{
    uint64_t value = gsp__from_pb_varint(d, f);

    return value <= UINT8_MAX ? (uint8_t)value : 0;
}

/*
 * Values and attributes.
 */

static void read_pairs(struct gsp__pb_decoder *d, const struct gsp__pb_field *message, uint32_t number,
                       unsigned depth, struct gsp__attributes *out);
static void read_value(struct gsp__pb_decoder *d, const struct gsp__pb_field *message, unsigned depth,
                       struct gsp__value *out);

static void read_array(struct gsp__pb_decoder *d, const struct gsp__pb_field *message, unsigned depth,
                       struct gsp__value *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;
    struct gsp__value *values;

    if (!gsp__from_pb_is(d, message, GSP__PB_BYTES))
        return;
    values = gsp__from_pb_items(d, gsp__from_pb_count(message, 1), sizeof *values);
    out->type = GSP__VALUE_ARRAY;
    out->u.items = values;
    while (gsp__from_pb_next(d, &r, &f))
        if (f.number == 1 && gsp__from_pb_is(d, &f, GSP__PB_BYTES))
            read_value(d, &f, depth + 1, &values[out->n++]);
}

static void read_map(struct gsp__pb_decoder *d, const struct gsp__pb_field *message, unsigned depth,
                     struct gsp__value *out)
{
    struct gsp__attributes pairs = {0};

    if (gsp__from_pb_is(d, message, GSP__PB_BYTES))
        read_pairs(d, message, 1, depth + 1, &pairs);
    out->type = GSP__VALUE_MAP;
    out->n = pairs.n;
    out->u.pairs = pairs.items;
}

/* One of the oneof's fields. */
static void read_one_value(struct gsp__pb_decoder *d, const struct gsp__pb_field *f, unsigned depth,
                           struct gsp__value *out)
{
    if (f->number >= 1 && f->number <= 7)
        memset(out, 0, sizeof *out);
    switch (f->number) {
    case 1:
        out->type = GSP__VALUE_STRING;
        out->u.string = gsp__from_pb_string(d, f);
        break;
    case 2:
        out->type = GSP__VALUE_BOOL;
        out->u.boolean = gsp__from_pb_varint(d, f) != 0;
        break;
    case 3:
        out->type = GSP__VALUE_INT;
        out->u.integer = (int64_t)gsp__from_pb_varint(d, f);
        break;
    case 4:
        out->type = GSP__VALUE_DOUBLE;
        out->u.real = gsp__from_pb_double(d, f);
        break;
    case 5:
        read_array(d, f, depth, out);
        break;
    case 6:
        read_map(d, f, depth, out);
        break;
    case 7:
        if (!gsp__from_pb_is(d, f, GSP__PB_BYTES))
            return;
        out->type = GSP__VALUE_BYTES;
        out->u.string = (struct gsp__string){(const char *)f->bytes, f->n};
        break;
    default:
        break;
    }
}

static void read_value(struct gsp__pb_decoder *d, const struct gsp__pb_field *message, unsigned depth,
                       struct gsp__value *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    memset(out, 0, sizeof *out);
    if (!gsp__from_pb_is(d, message, GSP__PB_BYTES))
        return;
    if (depth > GSP__OTLP_DEPTH_MAX) {
        gsp__from_pb_fail(d, GSP_ERR_FORMAT, message->at);
        return;
    }
    while (gsp__from_pb_next(d, &r, &f))
        read_one_value(d, &f, depth, out);
}

static void read_pair(struct gsp__pb_decoder *d, const struct gsp__pb_field *message, unsigned depth,
                      struct gsp__attribute *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    out->key = (struct gsp__string){"", 0};
    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number == 1)
            out->key = gsp__from_pb_string(d, &f);
        else if (f.number == 2)
            read_value(d, &f, depth, &out->value);
    }
}

static void read_pairs(struct gsp__pb_decoder *d, const struct gsp__pb_field *message, uint32_t number,
                       unsigned depth, struct gsp__attributes *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    *out = (struct gsp__attributes){0};
    out->items = gsp__from_pb_items(d, gsp__from_pb_count(message, number), sizeof *out->items);
    while (gsp__from_pb_next(d, &r, &f))
        if (f.number == number && gsp__from_pb_is(d, &f, GSP__PB_BYTES))
            read_pair(d, &f, depth, &out->items[out->n++]);
}

void gsp__from_pb_value(struct gsp__pb_decoder *d, const struct gsp__pb_field *f, struct gsp__value *out)
{
    read_value(d, f, 0, out);
}

void gsp__from_pb_attributes(struct gsp__pb_decoder *d, const struct gsp__pb_field *message, uint32_t number,
                             struct gsp__attributes *out)
{
    read_pairs(d, message, number, 0, out);
}

void gsp__from_pb_resource(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                           struct gsp__resource *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    gsp__from_pb_attributes(d, message, 1, &out->attributes);
    while (gsp__from_pb_next(d, &r, &f))
        if (f.number == 2)
            out->attributes.n_dropped = (uint32_t)gsp__from_pb_varint(d, &f);
}

void gsp__from_pb_scope(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                        struct gsp__instrumentation_scope *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    out->name = out->version = (struct gsp__string){"", 0};
    gsp__from_pb_attributes(d, message, 3, &out->attributes);
    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number == 1)
            out->name = gsp__from_pb_string(d, &f);
        else if (f.number == 2)
            out->version = gsp__from_pb_string(d, &f);
        else if (f.number == 4)
            out->attributes.n_dropped = (uint32_t)gsp__from_pb_varint(d, &f);
    }
}
