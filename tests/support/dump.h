/*
 * Records as text, for tests: one line each.
 *
 *     operation: operation="chat" stream=true seed=42 k{1.5} finish_reason[0]="stop"
 *         event(gen_ai.retry @5: retry_attempt=1) link(0102...:...) | completed error(timeout: msg)
 *         usage(input_tokens...) ...
 */
#ifndef GSP_TESTS_DUMP_H
#define GSP_TESTS_DUMP_H

#include "record/reader.h"

/* The n-th record (in order of index) of a ring, as text; "none", or why it could not be read. The
 * string is good until the next call. */
const char *test_dump_record(const char *path, int n);

/* The records in a ring. */
int test_count_records(const char *path);

/* Open a ring to drain it; fails the test otherwise. */
struct gsp__reader *test_reader(const char *path, enum gsp__reader_mode mode);

/* Copies of all records, in order of index; the arena is the caller's. Returns how many. */
int test_snapshots(struct gsp__reader *reader, struct gsp__arena *arena, struct gsp__snapshot *out, int max);

/* Give back all ended records: through a reader, or of the ring at a path. */
void test_release_ended(struct gsp__reader *reader);
void test_drain(const char *path);

#endif
