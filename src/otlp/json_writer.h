/*
 * Writing JSON into a buffer: just enough of it, compact.
 */
#ifndef GSP_OTLP_JSON_WRITER_H
#define GSP_OTLP_JSON_WRITER_H

#include "base/buffer.h"
#include "derive/model.h"

/* A string with its quotes. What is not UTF-8 becomes U+FFFD. */
void gsp__json_put_string(struct gsp__buffer *b, struct gsp__string s);

/* A number as JSON has it; NaN and infinities as the strings that protobuf's JSON mapping uses. */
void gsp__json_put_double(struct gsp__buffer *b, double d);

/* A 64-bit integer as a string, with its quotes. */
void gsp__json_put_int64(struct gsp__buffer *b, int64_t i);
void gsp__json_put_uint64(struct gsp__buffer *b, uint64_t i);

/* Bytes in hex, or in base64, with their quotes. */
void gsp__json_put_hex(struct gsp__buffer *b, const uint8_t *bytes, size_t n);
void gsp__json_put_base64(struct gsp__buffer *b, const void *bytes, size_t n);

#endif
