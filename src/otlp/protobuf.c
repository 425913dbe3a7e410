/*
 * Reading protocol buffers' wire format.
 */
#include "otlp/protobuf.h"

bool gsp__pb_read_varint(struct gsp__pb_reader *r, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;

        if (r->p == r->end)
            break;
        byte = *r->p++;
        if (shift == 63 && byte > 1)
            break; /* more than 64 bits */
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *out = value;
            return true;
        }
    }
    r->is_bad = true;
    return false;
}

static bool take(struct gsp__pb_reader *r, size_t n, const uint8_t **out)
{
    if ((size_t)(r->end - r->p) < n) {
        r->is_bad = true;
        return false;
    }
    *out = r->p;
    r->p += n;
    return true;
}

bool gsp__pb_next(struct gsp__pb_reader *r, struct gsp__pb_field *out)
{
    uint64_t tag, n;
    uint32_t small;
    const uint8_t *p;

    out->at = r->p;
    if (r->is_bad || r->p == r->end || !gsp__pb_read_varint(r, &tag))
        return false;
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff) {
        r->is_bad = true;
        return false;
    }
    out->number = (uint32_t)(tag >> 3);
    out->type = (enum gsp__pb_wire_type)(tag & 7);
    out->bytes = NULL;
    out->n = 0;
    out->scalar = 0;
    switch (out->type) {
    case GSP__PB_VARINT:
        return gsp__pb_read_varint(r, &out->scalar);
    case GSP__PB_FIXED64:
        if (!take(r, 8, &p))
            return false;
        memcpy(&out->scalar, p, 8);
        return true;
    case GSP__PB_FIXED32:
        if (!take(r, 4, &p))
            return false;
        memcpy(&small, p, 4);
        out->scalar = small;
        return true;
    case GSP__PB_BYTES:
        if (!gsp__pb_read_varint(r, &n) || n > (uint64_t)(r->end - r->p)) {
            r->is_bad = true;
            return false;
        }
        out->n = (size_t)n;
        return take(r, (size_t)n, &out->bytes);
    }
    r->is_bad = true;
    return false;
}
