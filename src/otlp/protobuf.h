/*
 * Protocol buffers' wire format. The writer works backwards, from the end of its room to the front: when a
 * message's length is to be written its content is there already, so nothing is counted twice and nothing
 * is moved. Fields are therefore written in descending order.
 */
#ifndef GSP_OTLP_PROTOBUF_H
#define GSP_OTLP_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/copy.h"

enum gsp__pb_wire_type {
    GSP__PB_VARINT = 0,
    GSP__PB_FIXED64 = 1,
    GSP__PB_BYTES = 2,
    GSP__PB_FIXED32 = 5,
};

struct gsp__pb_writer {
    uint8_t *start; /* of the room */
    uint8_t *at;    /* what is written begins here */
    bool is_full;   /* something did not fit; the content is of no use */
};

static inline void gsp__pb_write_init(struct gsp__pb_writer *w, void *room, size_t n)
{
    w->start = room;
    w->at = (uint8_t *)room + n;
    w->is_full = false;
}

/* Room for n bytes in front, or NULL. */
GSP__INLINE uint8_t *gsp__pb_room(struct gsp__pb_writer *w, size_t n)
{
    if (GSP__UNLIKELY((size_t)(w->at - w->start) < n)) {
        w->is_full = true;
        return NULL;
    }
    w->at -= n;
    return w->at;
}

GSP__INLINE void gsp__pb_varint(struct gsp__pb_writer *w, uint64_t value)
{
    uint8_t bytes[10];
    size_t n = 0;
    uint8_t *p;

    if (GSP__LIKELY(value < 0x80)) {
        p = gsp__pb_room(w, 1);
        if (p)
            *p = (uint8_t)value;
        return;
    }
    do {
        bytes[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    } while (value);
    bytes[n - 1] &= 0x7f;
    p = gsp__pb_room(w, n);
    if (p)
        memcpy(p, bytes, n);
}

GSP__INLINE void gsp__pb_tag(struct gsp__pb_writer *w, uint32_t field, enum gsp__pb_wire_type type)
{
    gsp__pb_varint(w, (uint64_t)field << 3 | type);
}

GSP__INLINE void gsp__pb_bytes(struct gsp__pb_writer *w, uint32_t field, const void *bytes, size_t n)
{
    uint8_t *p = gsp__pb_room(w, n);

    if (p && n)
        gsp__copy_small(p, bytes, n);
    gsp__pb_varint(w, n);
    gsp__pb_tag(w, field, GSP__PB_BYTES);
}

GSP__INLINE void gsp__pb_fixed64(struct gsp__pb_writer *w, uint32_t field, uint64_t value)
{
    uint8_t *p = gsp__pb_room(w, 8);

    if (p)
        memcpy(p, &value, 8);
    gsp__pb_tag(w, field, GSP__PB_FIXED64);
}

GSP__INLINE void gsp__pb_double(struct gsp__pb_writer *w, uint32_t field, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, 8);
    gsp__pb_fixed64(w, field, bits);
}

GSP__INLINE void gsp__pb_fixed32(struct gsp__pb_writer *w, uint32_t field, uint32_t value)
{
    uint8_t *p = gsp__pb_room(w, 4);

    if (p)
        memcpy(p, &value, 4);
    gsp__pb_tag(w, field, GSP__PB_FIXED32);
}

GSP__INLINE void gsp__pb_uint(struct gsp__pb_writer *w, uint32_t field, uint64_t value)
{
    gsp__pb_varint(w, value);
    gsp__pb_tag(w, field, GSP__PB_VARINT);
}

/* A message's end is where the writer stands before its content is written; this closes its front. */
GSP__INLINE void gsp__pb_message(struct gsp__pb_writer *w, uint32_t field, const uint8_t *end)
{
    gsp__pb_varint(w, (uint64_t)(end - w->at));
    gsp__pb_tag(w, field, GSP__PB_BYTES);
}

/* One field of a message, as it is read. */
struct gsp__pb_field {
    uint32_t number;
    enum gsp__pb_wire_type type;
    uint64_t scalar; /* of varints and fixed ones */
    const uint8_t *bytes;
    size_t n;
    const uint8_t *at; /* its tag */
};

struct gsp__pb_reader {
    const uint8_t *p, *end;
    bool is_bad; /* what follows is no protobuf */
};

static inline struct gsp__pb_reader gsp__pb_read(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    return (struct gsp__pb_reader){p, n ? p + n : p, false};
}

/* Take the next field. False at the end, and when the bytes are bad. Groups are passed over as bad. */
bool gsp__pb_next(struct gsp__pb_reader *r, struct gsp__pb_field *out);

/* Take a bare varint, as packed fields have them. */
bool gsp__pb_read_varint(struct gsp__pb_reader *r, uint64_t *out);

#endif
