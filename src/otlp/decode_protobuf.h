/*
 * What decoding the signals from protobuf has in common: the decoder's state, fields of each type,
 * and the messages that all signals use.
 *
 * Each repeated field is counted first, so that its items can stand together. A field of another wire type
 * than its own is malformed (the two forms of a packed field are both its own). Where a message that may
 * come once comes again, the last stands.
 */
#ifndef GSP_OTLP_DECODE_PROTOBUF_H
#define GSP_OTLP_DECODE_PROTOBUF_H

#include "otlp/decode.h"
#include "otlp/protobuf.h"

struct gsp__pb_decoder {
    const uint8_t *start;
    struct gsp__arena *arena;
    gsp_status status;
    const uint8_t *bad; /* where it went wrong */
};

/* Begin with whole messages of n bytes; `out_message` is a field that has them as its content. */
struct gsp__pb_decoder gsp__from_pb_begin(const void *bytes, size_t n, struct gsp__arena *arena,
                                          struct gsp__pb_field *out_message);
/* What became of it. */
gsp_status gsp__from_pb_end(const struct gsp__pb_decoder *d, gsp_error *err);

/* The first fault stands. False, always. */
bool gsp__from_pb_fail(struct gsp__pb_decoder *d, gsp_status status, const uint8_t *where);

/* Take the next field. False at the end, and after a fault of any kind. */
bool gsp__from_pb_next(struct gsp__pb_decoder *d, struct gsp__pb_reader *r, struct gsp__pb_field *out);

/* How often a message has a field, and room for that many items, zeroed; NULL for none of them too. */
uint32_t gsp__from_pb_count(const struct gsp__pb_field *message, uint32_t number);
void *gsp__from_pb_items(struct gsp__pb_decoder *d, uint32_t n, size_t size);

/* A field's value. Of another wire type: 0, and a fault. */
bool gsp__from_pb_is(struct gsp__pb_decoder *d, const struct gsp__pb_field *f, enum gsp__pb_wire_type type);
uint64_t gsp__from_pb_varint(struct gsp__pb_decoder *d, const struct gsp__pb_field *f);
uint64_t gsp__from_pb_fixed64(struct gsp__pb_decoder *d, const struct gsp__pb_field *f);
uint32_t gsp__from_pb_fixed32(struct gsp__pb_decoder *d, const struct gsp__pb_field *f);
double gsp__from_pb_double(struct gsp__pb_decoder *d, const struct gsp__pb_field *f);
struct gsp__string gsp__from_pb_string(struct gsp__pb_decoder *d, const struct gsp__pb_field *f);
/* Whether it is there: an empty one is not. */
bool gsp__from_pb_id(struct gsp__pb_decoder *d, const struct gsp__pb_field *f, uint8_t *out, size_t n);
/* An enum that is kept in one byte; what is larger is not known, and unspecified. */
uint8_t gsp__from_pb_enum(struct gsp__pb_decoder *d, const struct gsp__pb_field *f);

/* A field that is an AnyValue. */
void gsp__from_pb_value(struct gsp__pb_decoder *d, const struct gsp__pb_field *f, struct gsp__value *out);
/* The attributes that a message has under a field number. The count of dropped ones becomes 0. */
void gsp__from_pb_attributes(struct gsp__pb_decoder *d, const struct gsp__pb_field *message, uint32_t number,
                             struct gsp__attributes *out);
void gsp__from_pb_resource(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                           struct gsp__resource *out);
void gsp__from_pb_scope(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                        struct gsp__instrumentation_scope *out);

#endif
