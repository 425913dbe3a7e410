/*
 * What a decoder finds in an exchange, as text, for tests.
 *
 *     response_id="x" response_model="m" finish_reason[0]="stop" output_text_bytes=5
 *     call[0][0] "id" "name"
 *     usage input=3 output=2
 *     marks: TRt.
 *     events=3 bad=1 terminal error
 *     text[0] "Hello"
 *
 * Facts in the order in which they come, a ~ before one that was cut. One mark per event, as they come: e
 * without content, T text, R reasoning, C tool call, A audio, and a dot for a terminal one. The pieces of
 * content are joined by choice and kind, so that cuts do not show.
 */
#ifndef GSP_TESTS_DECODED_H
#define GSP_TESTS_DECODED_H

#include <stdint.h>

#include "wire/decoder.h"

/* How the bytes are handed over: a first piece, then pieces of n_rest, or, with a seed, pieces of any size
 * below n_rest. Each is a block of its own, so that reading outside shows. */
struct cuts {
    size_t n_first, n_rest;
    uint64_t *seed;
};

/* Ways to cut n bytes: whole, one at a time, at random (2 to 51), in two (from 52 on). */
struct cuts cuts_of(size_t way, size_t n, uint64_t *seed);
void feed_in_cuts(const char *bytes, size_t n, struct cuts cuts,
                  void (*take)(void *self, const char *bytes, size_t n), void *self);

/*
 * From now on exchanges are of this format. `target` is path and query of the request, or NULL; fixtures are
 * in tests/fixtures/DIRECTORY.
 */
void decode_as(const struct gsp__format *format, const char *target, const char *directory);

/* Good until the next call. */
const char *decoded_request(const char *bytes, size_t n, struct cuts cuts);
const char *decoded_response(const char *bytes, size_t n, enum gsp__framing framing, struct cuts cuts);

/* Whole, one byte at a time, in every two pieces, and at random cuts: always what is expected. */
void expect_request(const char *bytes, size_t n, const char *expected, uint64_t *seed);
void expect_response(const char *bytes, size_t n, enum gsp__framing framing, const char *expected,
                     uint64_t *seed);

/* The bytes of a fixture; free() them. The name's end (.json, .sse, .ndjson, .eventstream, .raw) tells the
 * framing. */
char *read_fixture(const char *name, size_t *n, enum gsp__framing *framing);
enum gsp__framing framing_of_name(const char *name);
void expect_fixture(const char *name, const char *expected, uint64_t *seed);

#endif
