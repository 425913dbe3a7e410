/*
 * Building AWS event streams for tests, with a checksum of their own: what is wrong in the product's shows.
 */
#ifndef GSP_TESTS_FRAMES_H
#define GSP_TESTS_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct frame_header {
    const char *name;
    uint8_t type; /* 7 is a string; 6 is bytes; the others have the size of their type */
    const char *value;
    size_t n;
};

/* Bit by bit, as the standard defines it. */
uint32_t frames_crc32(const void *bytes, size_t n);

/* One frame at the end of the buffer. */
void frames_add(struct gsp__buffer *b, const struct frame_header *headers, size_t n_headers,
                const char *payload, size_t n_payload);

/* With the headers that services send. */
void frames_add_event(struct gsp__buffer *b, const char *event_type, const char *json);
void frames_add_exception(struct gsp__buffer *b, const char *exception_type, const char *json);
void frames_add_error(struct gsp__buffer *b, const char *code, const char *message);

/* An event "chunk" whose payload is {"bytes": the JSON as base64, "p": padding}: InvokeModel's stream. */
void frames_add_chunk(struct gsp__buffer *b, const char *json);

/* Make both checksums of the frame at this offset right again. */
void frames_seal(struct gsp__buffer *b, size_t at);

#endif
