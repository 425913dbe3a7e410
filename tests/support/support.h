/*
 * What tests share: cmocka with its prerequisites, a directory of their own, a fake clock, a recorder.
 */
#ifndef GSP_TESTS_SUPPORT_H
#define GSP_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <genspan/operation.h>
#include <genspan/recorder.h>
#include <genspan/span.h>
#include <stdbool.h>

/* A fresh directory, deleted with all in it when the program ends. */
const char *test_directory(void);

/* Delete what is in the directory now. */
void test_directory_clear(void);

/* The path of the only file in the directory that ends so, or NULL. Borrowed until the next call. */
const char *test_directory_file(const char *end);
int test_directory_count(const char *end);

/* A clock that stands still until it is moved. Starts at 1 s, and 1700000000 s of wall time. */
struct test_clock {
    int64_t now_ns;
    uint64_t unix_offset_ns;
    gsp_clock clock;
};

void test_clock_init(struct test_clock *clock);

/* A recorder in the test directory, with fixed ids (seed 1) when `clock` is given. */
gsp_recorder *test_recorder(const struct test_clock *clock, uint64_t ring_bytes);

/* The bytes of a whole file, NUL-terminated; free() them. Fails the test if it cannot be read. */
char *test_read_file(const char *path, size_t *n);
void test_write_file(const char *path, const void *bytes, size_t n);

/* A file of GENSPAN_SHARED (default: ../shared beside the project), or NULL: then the test is to be skipped
 * (with CI set, it fails here). */
const char *test_shared_file(const char *name);

/* Seed for random cuts and the like: GENSPAN_TEST_SEED, else of the clock; printed. */
uint64_t test_seed(void);

#endif
