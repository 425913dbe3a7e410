/*
 * What benchmarks share.
 */
#include "bench.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "record/reader.h"

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

static _Atomic uint64_t n_allocations;

void *malloc(size_t n)
{
    atomic_fetch_add_explicit(&n_allocations, 1, memory_order_relaxed);
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    atomic_fetch_add_explicit(&n_allocations, 1, memory_order_relaxed);
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    atomic_fetch_add_explicit(&n_allocations, 1, memory_order_relaxed);
    return __libc_realloc(p, n);
}

uint64_t bench_allocations(void)
{
    return atomic_load(&n_allocations);
}

int64_t bench_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

void bench_line(const char *what, double value, const char *unit, const char *note, ...)
{
    va_list args;

    printf("  %-52s %9.1f %-6s", what, value, unit);
    va_start(args, note);
    vprintf(note, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

void bench_record_span(gsp_recorder *recorder)
{
    gsp_span s = gsp_operation_start(recorder, "chat", NULL);

    gsp_span_set_string(s, GSP_FACT_PROVIDER, "openai");
    gsp_span_set_string(s, GSP_FACT_REQUEST_MODEL, "gpt-4o-mini");
    gsp_span_set_string(s, GSP_FACT_RESPONSE_MODEL, "gpt-4o-mini-2024-07-18");
    gsp_span_set_string(s, GSP_FACT_RESPONSE_ID, "chatcmpl-DD5ZUiYP51qTz4XJPEDCGl0fdcHEm");
    gsp_span_set_string(s, GSP_FACT_SERVER_ADDRESS, "api.openai.com");
    gsp_span_set_int(s, GSP_FACT_SERVER_PORT, 443);
    gsp_span_set_int(s, GSP_FACT_MAX_TOKENS, 1000);
    gsp_span_set_int(s, GSP_FACT_SEED, 42);
    gsp_span_set_int(s, GSP_FACT_TOP_K, 40);
    gsp_span_set_int(s, GSP_FACT_CHOICE_COUNT, 2);
    gsp_span_set_int(s, GSP_FACT_HTTP_STATUS, 200);
    for (int i = 1; i <= 3; i++) {
        const gsp_attribute attributes[3] = {
            {.fact = GSP_FACT_RETRY_REASON, .type = GSP_TYPE_STRING, .value = {.s = "rate_limit"}},
            {.fact = GSP_FACT_RETRY_ATTEMPT, .type = GSP_TYPE_INT, .value = {.i = i}},
            {.fact = GSP_FACT_RETRY_DELAY_MS, .type = GSP_TYPE_INT, .value = {.i = 1000}},
        };

        gsp_span_add_event(s, "gen_ai.retry", attributes, 3, 0);
    }
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
}

static char directory[64];

static void remove_directory(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", directory);
    if (system(command) != 0)
        fprintf(stderr, "%s is left behind\n", directory);
}

gsp_recorder *bench_recorder(uint64_t ring_bytes)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *recorder;
    gsp_error err;

    if (!directory[0]) {
        snprintf(directory, sizeof directory, "/dev/shm/genspan-bench-XXXXXX");
        if (!mkdtemp(directory)) {
            perror(directory);
            exit(1);
        }
        atexit(remove_directory);
    }
    o.directory = directory;
    o.ring_bytes = ring_bytes;
    if (gsp_recorder_open(&o, &recorder, &err) != GSP_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return recorder;
}

static bool release(void *self, const struct gsp__record_ref *ref)
{
    if (ref->state >= GSP__CHUNK_ENDED)
        gsp__reader_release(self, ref);
    return true;
}

void bench_release(const gsp_recorder *recorder)
{
    static struct gsp__reader *reader;
    static const gsp_recorder *of;
    gsp_error err;

    if (of != recorder) {
        gsp__reader_close(reader);
        if (gsp__reader_open(gsp_recorder_path(recorder), GSP__READ_DRAIN, &reader, &err) != GSP_OK) {
            fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
        of = recorder;
    }
    gsp__reader_scan(reader, release, reader);
}
