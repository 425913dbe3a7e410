/*
 * A JSON document as text, for tests of the reader: { } [ ] (key) "string" #number T F N, then . where the
 * value is complete, ! for a fault, ? where more would have to come. The pieces of a string are joined, so
 * that cuts do not show.
 */
#ifndef GSP_TESTS_JSON_TEXT_H
#define GSP_TESTS_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Read a document: a first piece of n_first bytes, then pieces of n_rest, each a block of its own, so that
 * reading outside shows. After token number skip_at the value that comes next is skipped, after leave_at
 * what is left of the innermost container (0: never). The text is good until the next call.
 */
const char *json_text(const char *doc, size_t n, size_t n_first, size_t n_rest, unsigned skip_at,
                      unsigned leave_at);

/* Whole, byte by byte, and in every two pieces: always what is expected. */
void expect_json_with(const char *doc, size_t n, const char *expected, unsigned skip_at, unsigned leave_at);
void expect_json(const char *doc, const char *expected);

struct document {
    const char *text, *expected;
};

void expect_all_json(const struct document *documents, size_t n);

#define EXPECT_ALL(documents) expect_all_json(documents, sizeof(documents) / sizeof(documents)[0])

/* `n` containers, each in the one before; returns the length of the document. */
size_t put_nested(char *doc, size_t n, bool are_objects);

#endif
