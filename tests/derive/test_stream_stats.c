/* Statistics of a stream from its marks: first chunk, gaps, rate, and times that make no sense (ST-3, ST-4,
 * ST-6). */
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "derive/stream_stats.h"
#include "record/append.h"

#define MS INT64_C(1000000)

static struct gsp__stream_part stream;
static struct gsp__head usage;

static int set_up(void **state)
{
    (void)state;
    memset(&stream, 0, sizeof stream);
    memset(&usage, 0, sizeof usage);
    return 0;
}

static void chunk(unsigned kind, int64_t ns)
{
    gsp__stream_mark_content(&stream, kind, ns);
}

static void set_usage(gsp_usage part, int64_t tokens)
{
    usage.usage[part] = tokens;
    usage.usage_seen |= 1u << part;
}

static void near(double value, double expected)
{
    if (fabs(value - expected) > 1e-9)
        fail_msg("%.12g is not %.12g", value, expected);
}

static void the_first_chunk_is_the_earliest_of_any_kind(void **state)
{
    (void)state;
    assert_int_equal(gsp__stream_first_content_ns(&stream), 0);
    for (unsigned kind = 0; kind < GSP__CONTENT_KINDS; kind++) {
        memset(&stream, 0, sizeof stream);
        chunk(kind, 70);
        assert_int_equal(gsp__stream_first_content_ns(&stream), 70);
    }
    memset(&stream, 0, sizeof stream);
    chunk(2, 500);
    chunk(0, 400); /* marks of two threads may come out of order */
    chunk(2, 100); /* the kind has its first already */
    assert_int_equal(gsp__stream_first_content_ns(&stream), 400);
}

static void no_gap_without_a_second_chunk(void **state)
{
    struct gsp__intervals i;

    (void)state;
    assert_false(gsp__stream_intervals(&stream, &i));
    chunk(0, 5 * MS);
    assert_false(gsp__stream_intervals(&stream, &i));
    chunk(0, 8 * MS);
    assert_true(gsp__stream_intervals(&stream, &i));
    assert_int_equal(i.n, 1);
    near(i.min_s, 0.003);
    near(i.avg_s, 0.003);
    near(i.p50_s, 0.003);
    near(i.p90_s, 0.003);
    near(i.max_s, 0.003);
}

/* ST-6: durations may be 0. */
static void chunks_of_one_moment_have_gaps_of_zero(void **state)
{
    struct gsp__intervals i;

    (void)state;
    for (int k = 0; k < 5; k++)
        chunk(0, 5 * MS);
    assert_true(gsp__stream_intervals(&stream, &i));
    assert_int_equal(i.n, 4);
    assert_true(i.min_s == 0 && i.avg_s == 0 && i.p50_s == 0 && i.p90_s == 0 && i.max_s == 0);
}

static void time_that_runs_backwards_makes_gaps_of_zero(void **state)
{
    struct gsp__intervals i;

    (void)state;
    chunk(0, 10 * MS);
    chunk(0, 4 * MS);
    chunk(0, 6 * MS);
    assert_true(gsp__stream_intervals(&stream, &i));
    assert_int_equal(i.n, 2);
    near(i.min_s, 0);
    near(i.max_s, 0.002);
    near(i.avg_s, 0.001);
    assert_true(i.p50_s >= i.min_s && i.p90_s <= i.max_s);
}

/* Bounds of the buckets: at most 78125 ns * 2^i, the last without bound. */
static void every_gap_is_in_its_bucket(void **state)
{
    (void)state;
    for (unsigned b = 0; b < GSP__INTERVAL_BUCKETS; b++) {
        int64_t bound = (int64_t)GSP__INTERVAL_FIRST_NS << b;

        memset(&stream, 0, sizeof stream);
        chunk(0, 1);
        chunk(0, 1 + bound); /* the bound belongs to the bucket */
        assert_int_equal(stream.intervals[b], 1);
        memset(&stream, 0, sizeof stream);
        chunk(0, 1);
        chunk(0, 2 + bound);
        assert_int_equal(stream.intervals[b + 1 < GSP__INTERVAL_BUCKETS ? b + 1 : b], 1);
    }
    memset(&stream, 0, sizeof stream);
    chunk(0, 1);
    chunk(0, INT64_MAX);
    assert_int_equal(stream.intervals[GSP__INTERVAL_BUCKETS - 1], 1);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Count, sum, min and max are exact; a quantile is in the bucket of the true one, so off by less than half.
 */
static void statistics_of_random_gaps(void **state)
{
    static int64_t gaps[400];
    uint64_t seed = test_seed();

    (void)state;
    srand((unsigned)seed);
    for (int round = 0; round < 300; round++) {
        int n = 1 + rand() % 400;
        int64_t at = 1000, sum = 0, true_p50, true_p90;
        struct gsp__intervals i;

        memset(&stream, 0, sizeof stream);
        chunk(0, at);
        for (int k = 0; k < n; k++) {
            gaps[k] = rand() % 3 ? rand() % (50 * MS) : rand() % 200000;
            at += gaps[k];
            sum += gaps[k];
            chunk(0, at);
        }
        qsort(gaps, (size_t)n, sizeof gaps[0], by_value);
        assert_true(gsp__stream_intervals(&stream, &i));
        assert_int_equal(i.n, n);
        assert_int_equal(stream.interval_sum_ns, sum);
        near(i.avg_s, (double)sum / n / 1e9);
        near(i.min_s, (double)gaps[0] / 1e9);
        near(i.max_s, (double)gaps[n - 1] / 1e9);
        assert_true(i.min_s <= i.p50_s && i.p50_s <= i.p90_s && i.p90_s <= i.max_s);
        true_p50 = gaps[(n + 1) / 2 - 1];
        true_p90 = gaps[(int)ceil(0.9 * n - 1e-9) - 1];
        if (true_p50 > GSP__INTERVAL_FIRST_NS)
            assert_true(i.p50_s * 1e9 <= 2.0 * (double)true_p50 && i.p50_s * 1e9 >= 0.5 * (double)true_p50);
        if (true_p90 > GSP__INTERVAL_FIRST_NS)
            assert_true(i.p90_s * 1e9 <= 2.0 * (double)true_p90 && i.p90_s * 1e9 >= 0.5 * (double)true_p90);
    }
}

/* ST-4: output tokens over the time from the first chunk to the end. */
static void the_rate_of_output(void **state)
{
    double rate = -1;

    (void)state;
    chunk(0, 1000 * MS);
    assert_false(gsp__stream_output_rate(&stream, &usage, 2000 * MS, &rate)); /* no usage */
    set_usage(GSP_USAGE_INPUT_TOKENS, 100);
    assert_false(gsp__stream_output_rate(&stream, &usage, 2000 * MS, &rate));
    set_usage(GSP_USAGE_OUTPUT_TOKENS, 30);
    assert_false(gsp__stream_output_rate(&stream, &usage, 1000 * MS, &rate)); /* no time */
    assert_false(gsp__stream_output_rate(&stream, &usage, 999 * MS, &rate));  /* time that runs backwards */
    assert_true(rate == -1);                                                  /* untouched */
    assert_true(gsp__stream_output_rate(&stream, &usage, 3000 * MS, &rate));
    near(rate, 15);
    set_usage(GSP_USAGE_OUTPUT_TOKENS, 0); /* US-3: 0 reported is 0 */
    assert_true(gsp__stream_output_rate(&stream, &usage, 3000 * MS, &rate));
    near(rate, 0);
    memset(&stream, 0, sizeof stream);
    assert_false(gsp__stream_output_rate(&stream, &usage, 3000 * MS, &rate)); /* no chunk */
}

static void reasoning_counts_where_it_was_streamed(void **state)
{
    double rate;

    (void)state;
    set_usage(GSP_USAGE_OUTPUT_TOKENS, 30);
    set_usage(GSP_USAGE_REASONING_TOKENS, 20);
    chunk(GSP_MARK_TEXT - GSP_MARK_TEXT, 1000 * MS);
    assert_true(gsp__stream_output_rate(&stream, &usage, 2000 * MS, &rate));
    near(rate, 10);
    chunk(GSP_MARK_REASONING - GSP_MARK_TEXT, 1500 * MS);
    assert_true(gsp__stream_output_rate(&stream, &usage, 2000 * MS, &rate));
    near(rate, 30);
    memset(&stream, 0, sizeof stream);
    chunk(0, 1000 * MS);
    set_usage(GSP_USAGE_REASONING_TOKENS, 31); /* a part that is more than the whole is no rate below 0 */
    assert_false(gsp__stream_output_rate(&stream, &usage, 2000 * MS, &rate));
}

/* What stands in a ring may be anything. */
static void a_hostile_record_gives_finite_numbers(void **state)
{
    uint64_t seed = test_seed();

    (void)state;
    srand((unsigned)seed);
    for (int round = 0; round < 20000; round++) {
        struct gsp__intervals i;
        uint8_t *bytes = (uint8_t *)&stream;
        double rate;

        for (size_t k = 0; k < sizeof stream; k++)
            bytes[k] = rand() % 4 ? (uint8_t)rand() : (uint8_t)(rand() % 2 * 255);
        for (size_t k = 0; k < sizeof usage.usage; k++)
            ((uint8_t *)usage.usage)[k] = (uint8_t)rand();
        usage.usage_seen = (uint32_t)rand();
        if (gsp__stream_intervals(&stream, &i))
            assert_true(isfinite(i.min_s) && isfinite(i.avg_s) && isfinite(i.p50_s) && isfinite(i.p90_s) &&
                        isfinite(i.max_s));
        if (gsp__stream_output_rate(&stream, &usage, (int64_t)rand() << 32 | rand(), &rate))
            assert_true(isfinite(rate) && rate >= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_chunk_is_the_earliest_of_any_kind, set_up),
        cmocka_unit_test_setup(no_gap_without_a_second_chunk, set_up),
        cmocka_unit_test_setup(chunks_of_one_moment_have_gaps_of_zero, set_up),
        cmocka_unit_test_setup(time_that_runs_backwards_makes_gaps_of_zero, set_up),
        cmocka_unit_test_setup(every_gap_is_in_its_bucket, set_up),
        cmocka_unit_test_setup(statistics_of_random_gaps, set_up),
        cmocka_unit_test_setup(the_rate_of_output, set_up),
        cmocka_unit_test_setup(reasoning_counts_where_it_was_streamed, set_up),
        cmocka_unit_test_setup(a_hostile_record_gives_finite_numbers, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
