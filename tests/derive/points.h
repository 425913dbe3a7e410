/*
 * Calls of a ring folded into a bank, and the points that come of it, as text.
 */
#ifndef GSP_TESTS_POINTS_H
#define GSP_TESTS_POINTS_H

#include "derive/metric_view.h"

struct test_points {
    uint8_t *bytes;
    uint64_t n_bytes;
    struct gsp__bank bank;
    struct gsp__arena arena;
    struct gsp__metric_views views;
    uint64_t own[GSP__OWN_COUNTERS];
    struct gsp__metric *metrics;
    uint32_t n_metrics;
};

/* An empty bank with room for `cap` bytes; the metrics of "otel". */
void test_points_init(struct test_points *p, size_t cap);
void test_points_free(struct test_points *p);

/* Fold what is ready in a ring; flags as for test_derive. With exemplars. */
void test_points_fold(struct test_points *p, const char *ring, unsigned flags);

/* Derive cumulative points from 100 to 200. */
void test_points_derive(struct test_points *p);

/* The same, of these dialects: "otel,celeste". */
void test_points_derive_as(struct test_points *p, const char *dialects);

/* A metric, or NULL. */
const struct gsp__metric *test_points_metric(const struct test_points *p, const char *name);

/* The point of a metric whose attributes are these, as text; fails the test if there is none. */
const struct gsp__point *test_points_find(const struct test_points *p, const char *name,
                                          const char *attributes);

/*
 * All of it, one line each, in the order of the export. Good until the next call.
 *
 *     name unit
 *       attributes | 2 0.04 0.008 0.032 | 1 0 1      count, sum, least, greatest; buckets up to the last
 *       attributes | 12                              a counter
 */
const char *test_points_text(const struct test_points *p);

#endif
