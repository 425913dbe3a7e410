/*
 * Calls of a ring, assembled and derived as a drainer would, and what came out as text.
 */
#ifndef GSP_TESTS_DERIVED_H
#define GSP_TESTS_DERIVED_H

#include "derive/assemble.h"
#include "derive/call.h"
#include "derive/spans.h"

#define TEST_CALLS_MAX 512

enum {
    TEST_DEAD = 1,          /* read as if the writer had died */
    TEST_LONE_LEFT_OUT = 2, /* GENSPAN_ATTEMPT_SPANS=multiple */
};

struct test_call {
    struct gsp__call call;
    struct gsp__span_data *spans;
    uint32_t n_spans;
};

struct test_derived {
    struct gsp__reader *reader;
    struct gsp__arena arena;
    struct test_call calls[TEST_CALLS_MAX];
    int n_calls;
    int n_torn;
};

/* In which dialects; otel as long as nobody says otherwise. */
extern struct gsp__dialects test_dialects;

/* Read all calls that are ready, without waiting for late attempts, by index of their root. */
void test_derive(struct test_derived *d, const char *path, unsigned flags);
void test_derived_free(struct test_derived *d);

/* The ready calls of a ring that is open already, into `d`, whose arena is used up further. */
void test_derive_reader(struct test_derived *d, unsigned flags);

/*
 * A value as text that shows its type: "text", 12, 1.5 or 2.0, true, ["a","b"]. An attribute's; NULL
 * if there is none of that key, "twice" if there are two. Good until eight more were asked for.
 */
const char *test_attribute(const struct gsp__attributes *attributes, const char *key);

/* All attributes, as `key=value` with blanks between. Good until the next call but seven. */
const char *test_attributes(const struct gsp__attributes *attributes);

/*
 * A span on one line, times in ns from its start:
 *
 *     chat m1 | client 500 | unset | key=value ... | gen_ai.retry @20 {key=value} | link 01..02 {}
 *     chat m1 | client 500 | ERROR(message) | ...
 */
const char *test_span(const struct gsp__span_data *span);

#endif
