/*
 * What benchmarks share: medians over batches, counted allocations, the reference span.
 *
 * The reference span: 12 attributes (6 strings, 6 integers, facts of the vocabulary) and 3 events with 3
 * attributes each; about 1 KiB of OTLP.
 */
#ifndef GSP_BENCH_BENCH_H
#define GSP_BENCH_BENCH_H

#include <genspan/operation.h>
#include <stdint.h>

/* Nanoseconds now. */
int64_t bench_now(void);

/* The median of n values; sorts them. */
double bench_median(double *values, int n);

/* malloc, calloc and realloc calls of this process so far. */
uint64_t bench_allocations(void);

/* One line of the report: "  what ....... 123.4 ns   note". */
void bench_line(const char *what, double value, const char *unit, const char *note, ...)
    __attribute__((format(printf, 4, 5)));

/* Record the reference span, start to end. */
void bench_record_span(gsp_recorder *recorder);

/* A recorder in a directory of its own, deleted at exit. */
gsp_recorder *bench_recorder(uint64_t ring_bytes);

/* Give back everything that has ended in the recorder's ring. */
void bench_release(const gsp_recorder *recorder);

#endif
