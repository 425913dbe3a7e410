/*
 * The spans in files of OTLP JSON lines, read with jansson alone: what a user's own tools would see.
 */
#ifndef GSP_TESTS_CLI_SPANS_FILE_H
#define GSP_TESTS_CLI_SPANS_FILE_H

#include <jansson.h>

/* All spans of a file, in order: an array to be given back with json_decref. Empty if there is no file. */
json_t *test_spans_of(const char *path);

/* The n-th span whose name begins so; fails the test if there is none. Borrowed. */
json_t *test_span_named(json_t *spans, const char *name, int n);
int test_spans_named(json_t *spans, const char *name);

/* An attribute of a span or event as text (lists: items with commas between), NULL if it is not there.
 * Borrowed until the fourth call after. */
const char *test_attribute_of(json_t *span, const char *key);

/* The n-th event of this name, or NULL. */
json_t *test_event_of(json_t *span, const char *name, int n);

/* Its status code: 0 unset, 2 error; and the text with it, "" for none. */
int test_status_of(json_t *span);
const char *test_status_text(json_t *span);

#endif
