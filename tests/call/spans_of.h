/*
 * What a ring's calls are exported as: for tests that write with the public API and read spans of dialect
 * `otel` back, through the reader, the assembler and the derivation.
 */
#ifndef GSP_TESTS_SPANS_OF_H
#define GSP_TESTS_SPANS_OF_H

#include "derive/spans.h"

#define TEST_SPANS_MAX 512

/*
 * Derive the spans of all calls in a ring, each call's operation before its attempts. `is_dead`: read it as
 * that of a process that is gone. Returns how many; they are good until the next call.
 */
uint32_t test_spans_of(const char *ring_path, bool is_dead);

/* The i-th span of the last call of test_spans_of; fails the test if there is none. */
const struct gsp__span_data *test_span(uint32_t i);

/*
 * An attribute's value as text: `chat`, `12`, `0.5`, `true`, `[a,b]`; "-" where there is none. Fails the test
 * if a key is there twice. Good for the next 16 calls.
 */
const char *test_value(const struct gsp__span_data *span, const char *key);

/* Whether any attribute's key begins so. */
bool test_has_key(const struct gsp__span_data *span, const char *prefix);

/* Events of a name; the only one's attribute as text (fails the test if there is not just one). */
int test_count_events(const struct gsp__span_data *span, const char *name);
const char *test_event_value(const struct gsp__span_data *span, const char *name, const char *key);

/* A span's name and status message as C strings; good for the next 16 calls. */
const char *test_span_name(const struct gsp__span_data *span);
const char *test_span_message(const struct gsp__span_data *span);

/* Nanoseconds from start to end. */
int64_t test_span_ns(const struct gsp__span_data *span);

/* The resource of a ring: an attribute as text, "-" if there is none. */
const char *test_resource_value(const char *ring_path, const char *key);

#endif
