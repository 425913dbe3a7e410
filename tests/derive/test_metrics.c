/* Metrics folded from calls ("Metrics" in semantics.md): names, units, bounds, attributes, exact sums,
 * ceilings. */
#include "derive/derived.h"
#include "derive/points.h"
#include "support/dump.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "derive/metrics.h"

#define MS INT64_C(1000000)

static struct test_clock test_time;
static gsp_recorder *rec;
static struct test_points points;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    rec = test_recorder(&test_time, 256 << 10);
    test_points_init(&points, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_points_free(&points);
    gsp_recorder_close(rec);
    return 0;
}

static gsp_span start(const char *model)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    o.model = model;
    o.provider = "p";
    return gsp_operation_start(rec, "chat", &o);
}

/* An operation of so many ms, without attempts. */
static void call(const char *model, int64_t ms)
{
    gsp_span op = start(model);

    test_time.now_ns += ms * MS;
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
}

/* Fold what is in the ring, and derive. */
static void fold(unsigned flags)
{
    test_points_fold(&points, gsp_recorder_path(rec), flags);
    test_points_derive(&points);
}

static const struct gsp__metric *find(const char *name)
{
    return test_points_metric(&points, name);
}

static const struct gsp__point *point(const char *name, const char *attributes)
{
    return test_points_find(&points, name, attributes);
}

static void check(const struct gsp__point *p, uint64_t count, double sum, double min, double max)
{
    uint64_t in_buckets = 0;

    assert_int_equal(p->count, count);
    if (p->sum != sum || p->min != min || p->max != max)
        fail_msg("sum %.17g min %.17g max %.17g", p->sum, p->min, p->max);
    assert_true(p->has_sum && p->has_min && p->has_max);
    assert_int_equal(p->n_buckets, p->n_bounds + 1);
    for (uint32_t i = 0; i < p->n_buckets; i++)
        in_buckets += p->buckets[i];
    assert_int_equal(in_buckets, count);
    assert_int_equal(p->start_unix_ns, 100);
    assert_int_equal(p->time_unix_ns, 200);
}

#define PLAIN "gen_ai.operation.name=\"chat\" gen_ai.provider.name=\"p\" gen_ai.request.model=\"m\""

/* Everything that one streamed call with a refused first attempt adds. */
static void one_call_with_all_of_it(void **state)
{
    gsp_failure refused = GSP_FAILURE_INIT;
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_span op = start("m"), attempt;

    (void)state;
    refused.http_status = 429;
    o.provider = "p";
    o.model = "m";
    o.server_address = "h";
    o.server_port = 443;
    attempt = gsp_attempt_start(op, &o);
    test_time.now_ns += 250 * MS;
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 99); /* wasted: not in the metric */
    gsp_span_end(attempt, GSP_OUTCOME_AUTO, &refused, 0);
    test_time.now_ns += 250 * MS;
    attempt = gsp_attempt_start(op, &o);
    test_time.now_ns += 500 * MS;
    gsp_stream_mark(attempt, GSP_MARK_TEXT, 0);
    test_time.now_ns += 8 * MS;
    gsp_stream_mark(attempt, GSP_MARK_TEXT, 0);
    test_time.now_ns += 32 * MS;
    gsp_stream_mark(attempt, GSP_MARK_TEXT, 0);
    gsp_stream_mark(attempt, GSP_MARK_TERMINAL, 0);
    gsp_span_set_string(attempt, GSP_FACT_RESPONSE_MODEL, "m-1");
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 12);
    gsp_span_set_usage(attempt, GSP_USAGE_OUTPUT_TOKENS, 0);
    gsp_span_set_usage(attempt, GSP_USAGE_TOTAL_TOKENS, 12); /* US-8: never in a metric */
    gsp_span_set_usage(attempt, GSP_USAGE_REASONING_TOKENS, 5);
    gsp_stream_end(attempt, GSP_STREAM_FINISHED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    fold(0);
#define SERVED PLAIN " gen_ai.response.model=\"m-1\" server.address=\"h\" server.port=443"
#define FAILED                                                                                               \
    PLAIN " server.address=\"h\" server.port=443 genspan.outcome=\"failed\" error.type=\"rate_limit\""
    assert_int_equal(points.n_metrics, 6);
    check(point("gen_ai.client.operation.duration", SERVED), 1, 1.04, 1.04, 1.04);
    check(point("gen_ai.client.operation.time_to_first_chunk", SERVED), 1, 1.0, 1.0, 1.0);
    check(point("gen_ai.client.operation.time_per_output_chunk", SERVED), 2, 0.04, 0.008, 0.032);
    check(point("gen_ai.client.token.usage", SERVED " gen_ai.token.type=\"input\""), 1, 12, 12, 12);
    check(point("gen_ai.client.token.usage", SERVED " gen_ai.token.type=\"output\""), 1, 0, 0, 0);
    check(point("genspan.attempt.duration", FAILED), 1, 0.25, 0.25, 0.25);
    check(point("genspan.attempt.duration", SERVED), 1, 0.54, 0.54, 0.54);
    check(point("genspan.operation.attempts", SERVED), 1, 2, 2, 2);
    assert_int_equal(find("gen_ai.client.operation.duration")->n_points, 1);
    assert_int_equal(find("gen_ai.client.token.usage")->n_points, 2);
    assert_int_equal(find("genspan.attempt.duration")->n_points, 2);
}

static void names_units_types_and_bounds(void **state)
{
    static const double seconds[] = {0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                     1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
    static const struct {
        const char *name, *unit;
        bool has_seconds;
    } rows[] = {
        {"gen_ai.client.operation.duration", "s", true},
        {"gen_ai.client.operation.time_to_first_chunk", "s", true},
        {"gen_ai.client.operation.time_per_output_chunk", "s", true},
        {"gen_ai.client.token.usage", "{token}", false},
        {"genspan.attempt.duration", "s", true},
        {"genspan.operation.attempts", "{attempt}", false},
    };
    const struct gsp__metric *tokens;

    (void)state;
    one_call_with_all_of_it(state);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gsp__metric *m = find(rows[i].name);

        assert_non_null(m);
        assert_int_equal(m->type, GSP__METRIC_HISTOGRAM);
        assert_int_equal(m->temporality, GSP__TEMPORALITY_CUMULATIVE);
        assert_int_equal(m->unit.n, strlen(rows[i].unit));
        assert_memory_equal(m->unit.bytes, rows[i].unit, m->unit.n);
        assert_true(m->description.n > 0);
        if (!rows[i].has_seconds)
            continue;
        assert_int_equal(m->points[0].n_bounds, 14);
        for (int k = 0; k < 14; k++)
            assert_true(m->points[0].bounds[k] == seconds[k]);
    }
    tokens = find("gen_ai.client.token.usage");
    assert_int_equal(tokens->points[0].n_bounds, 14);
    for (int k = 0; k < 14; k++) /* by powers of 4 to 67108864 */
        assert_true(tokens->points[0].bounds[k] == pow(4, k));
}

/* A bound belongs to the bucket below it. */
static void values_are_in_their_buckets(void **state)
{
    static const struct {
        int64_t ns;
        unsigned bucket;
    } rows[] = {{0, 0},           {10 * MS, 0},     {10 * MS + 1, 1},       {20 * MS, 1},
                {81920 * MS, 13}, {81921 * MS, 14}, {INT64_C(1) << 50, 14}, {640 * MS, 6}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_span op = start("m");

        gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, test_time.now_ns + rows[i].ns);
        points.n_bytes = 0;
        gsp__bank_clear(&points.bank);
        fold(0);
        assert_int_equal(point("gen_ai.client.operation.duration", PLAIN)->buckets[rows[i].bucket], 1);
        test_drain(gsp_recorder_path(rec));
    }
}

/* The record's own buckets are finer; folded they are those that one value per chunk would give. */
static void gaps_are_folded_exactly(void **state)
{
    static const int64_t gaps[] = {0,        1,        78125,       5000000,    10000000,
                                   10000001, 20000000, 81920000000, 81920000001};
    uint64_t expected[15] = {[0] = 5, [1] = 2, [13] = 1, [14] = 1};
    gsp_span op = start("m");
    const struct gsp__point *p;

    (void)state;
    gsp_stream_mark(op, GSP_MARK_TEXT, 0);
    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
        test_time.now_ns += gaps[i];
        gsp_stream_mark(op, GSP_MARK_TEXT, 0);
    }
    gsp_stream_mark(op, GSP_MARK_TERMINAL, 0);
    gsp_stream_end(op, GSP_STREAM_FINISHED, NULL, 0);
    fold(0);
    p = point("gen_ai.client.operation.time_per_output_chunk", PLAIN);
    assert_int_equal(p->count, 9);
    for (int i = 0; i < 15; i++)
        assert_int_equal(p->buckets[i], expected[i]);
    assert_true(p->min == 0 && p->max == 81.920000001);
}

static void calls_of_the_same_attributes_add_up(void **state)
{
    const struct gsp__point *p;

    (void)state;
    call("m", 500);
    call("other", 30);
    call("m", 250);
    call("m", 1000);
    fold(0);
    p = point("gen_ai.client.operation.duration", PLAIN);
    check(p, 3, 1.75, 0.25, 1.0);
    assert_int_equal(find("gen_ai.client.operation.duration")->n_points, 2);
}

/* ST-2: what each outcome adds to the duration. */
static void every_outcome(void **state)
{
    static const struct {
        gsp_outcome outcome;
        const char *suffix;
    } rows[] = {
        {GSP_OUTCOME_COMPLETED, ""},
        {GSP_OUTCOME_FAILED, " genspan.outcome=\"failed\" error.type=\"timeout\""},
        {GSP_OUTCOME_CANCELLED, " genspan.outcome=\"cancelled\""},
    };
    gsp_failure failure = GSP_FAILURE_INIT;
    char attributes[256];

    (void)state;
    failure.type = "timeout";
    for (size_t i = 0; i < 3; i++)
        gsp_span_end(start("m"), rows[i].outcome, rows[i].outcome == GSP_OUTCOME_FAILED ? &failure : NULL, 0);
    gsp_span_end(start("m"), GSP_OUTCOME_ABANDONED, NULL, 0);
    start("m"); /* dies */
    fold(TEST_DEAD);
    assert_int_equal(points.n_metrics, 1);
    assert_int_equal(points.metrics[0].n_points, 3); /* abandoned, crashed: none */
    for (size_t i = 0; i < 3; i++) {
        snprintf(attributes, sizeof attributes, "%s%s", PLAIN, rows[i].suffix);
        check(point("gen_ai.client.operation.duration", attributes), 1, 0, 0, 0);
    }
}

static void what_is_unknown_records_nothing(void **state)
{
    (void)state;
    gsp_span_end(gsp_span_start(rec, "generic", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    fold(0);
    assert_int_equal(points.n_metrics, 0);
    call("m", 1);
    fold(0);
    assert_int_equal(points.n_metrics, 1); /* no tokens, no chunks, no attempts */
    assert_null(find("gen_ai.client.token.usage"));
    assert_null(find("genspan.operation.attempts"));
}

/* CX-3: metrics are exact under sampling. */
static void calls_that_are_not_sampled_count_too(void **state)
{
    static struct test_derived derived;
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_error err;

    (void)state;
    gsp_recorder_close(rec);
    o.directory = test_directory();
    o.ring_bytes = 256 << 10;
    o.clock = &test_time.clock;
    o.sampler = "always_off";
    assert_int_equal(gsp_recorder_open(&o, &rec, &err), GSP_OK);
    for (int i = 0; i < 5; i++)
        call("m", 500);
    test_derive(&derived, gsp_recorder_path(rec), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(derived.calls[i].spans[0].flags & GSP_TRACE_FLAG_SAMPLED, 0);
    test_derived_free(&derived);
    fold(0);
    check(point("gen_ai.client.operation.duration", PLAIN), 5, 2.5, 0.5, 0.5);
}

/* US-5: of an abort whose usage is known the tokens count, once. */
static void a_cancelled_call_counts_its_tokens_once(void **state)
{
    gsp_span op = start("m"), attempt = gsp_attempt_start(op, NULL);

    (void)state;
    gsp_stream_mark(attempt, GSP_MARK_EVENT, 0);
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 7);
    gsp_stream_end(attempt, GSP_STREAM_CLOSED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    fold(0);
    assert_int_equal(find("gen_ai.client.token.usage")->n_points, 1);
    check(point("gen_ai.client.token.usage", PLAIN " gen_ai.token.type=\"input\""), 1, 7, 7, 7);
}

static uint64_t recorded(enum gsp__measure measure, uint64_t *sum)
{
    uint64_t n = 0;

    *sum = 0;
    for (uint32_t i = 0; i < points.bank.n_keys; i++) {
        const struct gsp__series *s = gsp__bank_series_at(&points.bank, i, measure);

        n += s ? s->count : 0;
        *sum += s ? s->sum : 0;
    }
    return n;
}

/* A usage's total is folded whole, or split: into modalities, and what is left of what is billed. */
static void a_usage_is_folded_whole_or_split(void **state)
{
    static const struct {
        int64_t total, text, audio, billed; /* -1: not reported */
        struct {
            int64_t whole, split, rest;
        } expected; /* -1: nothing recorded */
    } rows[] = {
        {100, -1, -1, -1, {100, -1, -1}},  {0, -1, -1, -1, {0, -1, -1}}, /* US-3 */
        {100, -1, 0, -1, {100, -1, -1}},   {100, 70, 20, -1, {-1, 100, 10}},
        {100, 100, -1, -1, {-1, 100, -1}}, {100, 90, 20, -1, {-1, 100, -1}}, /* more parts than there are */
        {100, -1, -1, 80, {-1, 100, 80}},  {100, -1, -1, 100, {100, -1, -1}},
        {100, 30, -1, 80, {-1, 100, 50}},  {-1, 30, -1, -1, {-1, -1, -1}},
        {-1, -1, -1, 80, {-1, -1, -1}},
    };

    (void)state;
    for (size_t i = 0; i < GSP__COUNT_OF(rows); i++) {
        gsp_span op = start("m");
        uint64_t sum;

        if (rows[i].total >= 0)
            gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, rows[i].total);
        if (rows[i].text >= 0)
            gsp_span_set_usage(op, GSP_USAGE_TEXT_INPUT_TOKENS, rows[i].text);
        if (rows[i].audio >= 0)
            gsp_span_set_usage(op, GSP_USAGE_AUDIO_INPUT_TOKENS, rows[i].audio);
        if (rows[i].billed >= 0)
            gsp_span_set_usage(op, GSP_USAGE_BILLED_INPUT_TOKENS, rows[i].billed);
        gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
        points.n_bytes = 0;
        gsp__bank_clear(&points.bank);
        fold(0);
        assert_int_equal(recorded(GSP__MEASURE_INPUT, &sum), rows[i].expected.whole >= 0);
        assert_true(rows[i].expected.whole < 0 || sum == (uint64_t)rows[i].expected.whole);
        assert_int_equal(recorded(GSP__MEASURE_INPUT_SPLIT, &sum), rows[i].expected.split >= 0);
        assert_true(rows[i].expected.split < 0 || sum == (uint64_t)rows[i].expected.split);
        assert_int_equal(recorded(GSP__MEASURE_INPUT_REST, &sum), rows[i].expected.rest >= 0);
        assert_true(rows[i].expected.rest < 0 || sum == (uint64_t)rows[i].expected.rest);
        test_drain(gsp_recorder_path(rec));
    }
}

/* US-6: of agents, workflows and tools no tokens; CX-2: nor of a call that is billed elsewhere. */
static void tokens_are_counted_once_where_they_are_billed(void **state)
{
    static const struct {
        const char *operation;
        bool is_elsewhere, is_counted;
    } rows[] = {{"chat", false, true},          {"chat", true, false},
                {"embeddings", false, true},    {"of my own", false, false},
                {"invoke_agent", false, false}, {"invoke_workflow", false, false},
                {"execute_tool", false, false}};

    (void)state;
    for (size_t i = 0; i < GSP__COUNT_OF(rows); i++) {
        gsp_span op = gsp_operation_start(rec, rows[i].operation, NULL);

        if (rows[i].is_elsewhere)
            gsp_span_set_bool(op, GSP_FACT_BILLABLE, 0);
        gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, 7);
        gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
        points.n_bytes = 0;
        gsp__bank_clear(&points.bank);
        fold(0);
        assert_int_equal(find("gen_ai.client.token.usage") != NULL, rows[i].is_counted);
        assert_non_null(find("gen_ai.client.operation.duration"));
        test_drain(gsp_recorder_path(rec));
    }
}

/* Seconds that are none (not a number, endless, negative, longer than centuries) record nothing. */
static void seconds_that_make_no_sense_record_nothing(void **state)
{
    static const double rows[] = {NAN, INFINITY, -INFINITY, -0.001, 1e10};

    (void)state;
    for (size_t i = 0; i < GSP__COUNT_OF(rows); i++) {
        gsp_span turn = gsp_span_start(rec, "agent_turn", NULL);

        gsp_span_set_double(turn, GSP_FACT_E2E_LATENCY, rows[i]);
        gsp_span_end(turn, GSP_OUTCOME_COMPLETED, NULL, 0);
    }
    fold(0);
    assert_int_equal(points.bank.n_keys, 0);
}

/* An attempt that outlived its operation is still one request that took its time. */
static void an_attempt_that_came_too_late_counts(void **state)
{
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_span op = start("m"), attempt;

    (void)state;
    o.provider = "p";
    attempt = gsp_attempt_start(op, &o);
    gsp_attempt_start(op, &o); /* this one ends with it */
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    test_drain(gsp_recorder_path(rec)); /* the operation goes without it */
    test_time.now_ns += 250 * MS;
    gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    fold(0);
    assert_int_equal(points.n_metrics, 1);
    check(point("genspan.attempt.duration", "gen_ai.provider.name=\"p\""), 1, 0.25, 0.25, 0.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_call_with_all_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_units_types_and_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_are_in_their_buckets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gaps_are_folded_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_of_the_same_attributes_add_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_outcome, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_unknown_records_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_that_are_not_sampled_count_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_call_counts_its_tokens_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_usage_is_folded_whole_or_split, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tokens_are_counted_once_where_they_are_billed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(seconds_that_make_no_sense_record_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_attempt_that_came_too_late_counts, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
