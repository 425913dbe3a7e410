/* The times of a stream: ST-3 (first chunk), ST-4 (intervals, rate), ST-6 (durations of 0). */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <genspan/exchange.h>
#include <string.h>

#define MS 1000000LL

static struct test_clock test_time;
static gsp_recorder *rec;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    rec = test_recorder(&test_time, 256 << 10);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_recorder_close(rec);
    return 0;
}

static void mark_after(gsp_span span, int64_t ms, gsp_mark mark)
{
    test_time.now_ns += ms * MS;
    gsp_stream_mark(span, mark, 0);
}

static uint32_t spans(void)
{
    return test_spans_of(gsp_recorder_path(rec), false);
}

/* The only record's stream part. */
static struct gsp__stream_part stream_of_first(void)
{
    struct gsp__reader *reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
    struct gsp__snapshot s;
    struct gsp__arena arena;

    assert_true(gsp__arena_init(&arena, 1 << 16));
    assert_int_equal(test_snapshots(reader, &arena, &s, 1), 1);
    gsp__arena_deinit(&arena);
    gsp__reader_close(reader);
    return s.head.stream;
}

#define FIRST_CHUNK         "gen_ai.response.time_to_first_chunk"
#define ATTEMPT_FIRST_CHUNK "genspan.attempt.time_to_first_chunk"

/* ST-3: from the operation's start, over retries and waits; each attempt's own time from its own start. */
static void st_3_time_to_first_chunk_spans_retries(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL), at;

    (void)state;
    test_time.now_ns += 10 * MS;
    at = gsp_attempt_start(op, NULL);
    mark_after(at, 20, GSP_MARK_FIRST_BYTE);
    mark_after(at, 5, GSP_MARK_EVENT);
    gsp_stream_end(at, GSP_STREAM_FAILED, NULL, 0);
    test_time.now_ns += 1000 * MS; /* the wait */
    at = gsp_attempt_start(op, NULL);
    mark_after(at, 30, GSP_MARK_FIRST_BYTE);
    mark_after(at, 2, GSP_MARK_EVENT); /* the role */
    mark_after(at, 8, GSP_MARK_TEXT);
    mark_after(at, 50, GSP_MARK_TEXT);
    gsp_stream_mark(at, GSP_MARK_TERMINAL, 0);
    gsp_stream_end(at, GSP_STREAM_FINISHED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(spans(), 3);
    assert_string_equal(test_value(test_span(0), FIRST_CHUNK), "1.075");
    assert_string_equal(test_value(test_span(1), "genspan.time_to_first_byte"), "0.02");
    assert_string_equal(test_value(test_span(1), ATTEMPT_FIRST_CHUNK), "-");
    assert_string_equal(test_value(test_span(2), "genspan.time_to_first_byte"), "0.03");
    assert_string_equal(test_value(test_span(2), ATTEMPT_FIRST_CHUNK), "0.04");
}

/* ST-3: text, reasoning, tool calls and audio are content. */
static void st_3_every_kind_of_content_counts(void **state)
{
    static const gsp_mark kinds[] = {GSP_MARK_TEXT, GSP_MARK_REASONING, GSP_MARK_TOOL_CALL, GSP_MARK_AUDIO};

    (void)state;
    for (int i = 0; i < 4; i++) {
        gsp_span op = gsp_operation_start(rec, "chat", NULL);

        mark_after(op, 1, GSP_MARK_EVENT);
        mark_after(op, 1 + i, kinds[i]);
        mark_after(op, 1, GSP_MARK_TEXT);
        gsp_stream_end(op, GSP_STREAM_CLOSED, NULL, 0);
    }
    assert_int_equal(spans(), 4);
    assert_string_equal(test_value(test_span(0), FIRST_CHUNK), "0.002");
    assert_string_equal(test_value(test_span(1), FIRST_CHUNK), "0.003");
    assert_string_equal(test_value(test_span(2), FIRST_CHUNK), "0.004");
    assert_string_equal(test_value(test_span(3), FIRST_CHUNK), "0.005");
}

/* ST-3: none seen: absent, never 0 or -1. */
static void st_3_without_content_it_is_absent(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);

    (void)state;
    mark_after(op, 1, GSP_MARK_FIRST_BYTE);
    mark_after(op, 1, GSP_MARK_EVENT);
    mark_after(op, 1, GSP_MARK_EVENT);
    mark_after(op, 1, GSP_MARK_TERMINAL);
    gsp_stream_end(op, GSP_STREAM_FINISHED, NULL, 0);
    gsp_span_end(gsp_operation_start(rec, "chat", NULL), GSP_OUTCOME_COMPLETED, NULL, 0); /* no stream */
    assert_int_equal(spans(), 2);
    assert_string_equal(test_value(test_span(0), FIRST_CHUNK), "-");
    assert_string_equal(test_value(test_span(0), "genspan.stream.chunks"), "0");
    assert_false(test_has_key(test_span(0), "genspan.stream.interval."));
    assert_string_equal(test_value(test_span(1), FIRST_CHUNK), "-");
    assert_false(test_has_key(test_span(1), "genspan.stream."));
}

/* ST-3: first byte, first event and first chunk are three facts, each the first of its kind. */
static void st_3_first_byte_first_event_first_chunk(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);
    int64_t start = test_time.now_ns;
    struct gsp__stream_part s;

    (void)state;
    for (int i = 0; i < 2; i++) {
        mark_after(op, 1, GSP_MARK_FIRST_BYTE);
        mark_after(op, 1, GSP_MARK_EVENT);
        mark_after(op, 1, GSP_MARK_TEXT);
    }
    s = stream_of_first();
    assert_int_equal(s.first_byte_ns, start + 1 * MS);
    assert_int_equal(s.first_event_ns, start + 2 * MS);
    assert_int_equal(s.first_content_ns[0], start + 3 * MS);
    assert_int_equal(s.last_content_ns, start + 6 * MS);
    assert_int_equal(s.n_events, 4);
    assert_int_equal(s.n_content, 2);
}

/* ST-3: on the wire, chunks of metadata, of a role, of usage, and comments do not count. */
static void st_3_chunks_without_content_do_not_count(void **state)
{
    static const char *const pieces[] = {
        ": ping\n\n",
        "data: {\"id\":\"chatcmpl-1\",\"model\":\"m\",\"choices\":[]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n",
        "data: [DONE]\n\n",
    };
    gsp_span op = gsp_operation_start(rec, "chat", NULL), at = gsp_attempt_start(op, NULL);
    gsp_exchange *x = gsp_exchange_new(at);
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;

    (void)state;
    gsp_exchange_request(x, "POST", "http://localhost/v1/chat/completions");
    for (int i = 0; i < 6; i++) {
        test_time.now_ns += 1 * MS;
        gsp_exchange_response_body(x, pieces[i], strlen(pieces[i]), 0);
    }
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_get_result(x, &result);
    assert_int_equal(result.n_content_chunks, 1);
    gsp_exchange_free(x);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(spans(), 2);
    assert_string_equal(test_value(test_span(0), FIRST_CHUNK), "0.005");
    assert_string_equal(test_value(test_span(1), "genspan.time_to_first_byte"), "0.001");
    assert_string_equal(test_value(test_span(0), "genspan.stream.chunks"), "1");
}

/* ST-4: one interval per content chunk after the first, end to end. */
static void st_4_one_interval_per_chunk_after_the_first(void **state)
{
    static const int64_t gaps_ms[] = {500, 10, 40, 10, 100};
    gsp_span op = gsp_operation_start(rec, "chat", NULL);
    struct gsp__stream_part s;
    uint64_t n = 0;

    (void)state;
    for (int i = 0; i < 5; i++) {
        mark_after(op, gaps_ms[i] / 2, GSP_MARK_EVENT); /* events between are no chunks */
        mark_after(op, gaps_ms[i] - gaps_ms[i] / 2, i % 2 ? GSP_MARK_REASONING : GSP_MARK_TEXT);
    }
    s = stream_of_first();
    for (int i = 0; i < GSP__INTERVAL_BUCKETS; i++)
        n += s.intervals[i];
    assert_int_equal(n, 4);
    assert_int_equal(s.interval_sum_ns, 160 * MS);
    assert_int_equal(s.interval_min_ns, 10 * MS);
    assert_int_equal(s.interval_max_ns, 100 * MS);
    gsp_stream_end(op, GSP_STREAM_CLOSED, NULL, 0);
    assert_int_equal(spans(), 1);
    assert_string_equal(test_value(test_span(0), "genspan.stream.interval.min"), "0.01");
    assert_string_equal(test_value(test_span(0), "genspan.stream.interval.avg"), "0.04");
    assert_string_equal(test_value(test_span(0), "genspan.stream.interval.max"), "0.1");
    assert_string_equal(test_value(test_span(0), "genspan.stream.chunks"), "5");
}

/* ST-4: every interval falls into the bucket whose bounds hold it, the smallest and the largest too. */
static void st_4_the_histogram_holds_any_interval(void **state)
{
    (void)state;
    for (int bucket = 0; bucket < GSP__INTERVAL_BUCKETS; bucket++) {
        int64_t high = (int64_t)GSP__INTERVAL_FIRST_NS << bucket;
        int64_t low = bucket ? ((int64_t)GSP__INTERVAL_FIRST_NS << (bucket - 1)) + 1 : 0;
        struct gsp__stream_part s;
        gsp_span op;

        if (bucket == GSP__INTERVAL_BUCKETS - 1)
            high = INT64_MAX / 4; /* the last has no upper bound */
        set_up(NULL);
        op = gsp_operation_start(rec, "chat", NULL);
        gsp_stream_mark(op, GSP_MARK_TEXT, test_time.now_ns);
        gsp_stream_mark(op, GSP_MARK_TEXT, test_time.now_ns + low);
        gsp_stream_mark(op, GSP_MARK_TEXT, test_time.now_ns + low + high);
        s = stream_of_first();
        assert_int_equal(s.intervals[bucket], 2);
        tear_down(NULL);
    }
}

/* ST-4: a clock that is told to run backwards makes an interval of 0, not a negative one. */
static void st_4_never_negative(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);
    struct gsp__stream_part s;

    (void)state;
    gsp_stream_mark(op, GSP_MARK_TEXT, test_time.now_ns + 100);
    gsp_stream_mark(op, GSP_MARK_TEXT, test_time.now_ns + 50);
    gsp_stream_end(op, GSP_STREAM_CLOSED, NULL, test_time.now_ns + 200);
    s = stream_of_first();
    assert_int_equal(s.intervals[0], 1);
    assert_int_equal(s.interval_sum_ns, 0);
    assert_int_equal(spans(), 1);
    assert_string_equal(test_value(test_span(0), "genspan.stream.interval.min"), "0");
}

struct rate_row {
    int64_t output, reasoning; /* -1: not reported */
    gsp_mark first;
    int64_t stream_ms;
    const char *rate;
};

/* ST-4: output rate = (output - reasoning that was not streamed) / (end - first chunk). */
static void st_4_output_rate(void **state)
{
    static const struct rate_row rates[] = {
        {100, -1, GSP_MARK_TEXT, 2000, "50"},
        {100, 40, GSP_MARK_TEXT, 2000, "30"},
        {100, 40, GSP_MARK_REASONING, 2000, "50"}, /* reasoning was streamed: it counts */
        {0, -1, GSP_MARK_TEXT, 2000, "0"},
        {-1, -1, GSP_MARK_TEXT, 2000, "-"},   /* usage is not known */
        {100, -1, GSP_MARK_EVENT, 2000, "-"}, /* no chunk */
        {100, -1, GSP_MARK_TEXT, 0, "-"},     /* ST-6: no time passed */
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        gsp_span op = gsp_operation_start(rec, "chat", NULL);

        mark_after(op, 1000, rates[i].first);
        if (rates[i].output >= 0)
            gsp_span_set_usage(op, GSP_USAGE_OUTPUT_TOKENS, rates[i].output);
        if (rates[i].reasoning >= 0)
            gsp_span_set_usage(op, GSP_USAGE_REASONING_TOKENS, rates[i].reasoning);
        test_time.now_ns += rates[i].stream_ms * MS;
        gsp_stream_mark(op, GSP_MARK_TERMINAL, 0);
        gsp_stream_end(op, GSP_STREAM_FINISHED, NULL, 0);
        spans();
        assert_string_equal(test_value(test_span(i), "genspan.stream.output_rate"), rates[i].rate);
    }
}

/* ST-6: a call in which the clock never moves has durations of 0, and nothing divides by them. */
static void st_6_durations_may_be_0(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL), at = gsp_attempt_start(op, NULL);

    (void)state;
    gsp_stream_mark(at, GSP_MARK_FIRST_BYTE, 0);
    for (int i = 0; i < 3; i++)
        gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    gsp_stream_mark(at, GSP_MARK_TERMINAL, 0);
    gsp_span_set_usage(at, GSP_USAGE_OUTPUT_TOKENS, 10);
    gsp_stream_end(at, GSP_STREAM_FINISHED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(spans(), 2);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(test_span_ns(test_span(i)), 0);
    assert_string_equal(test_value(test_span(0), FIRST_CHUNK), "0");
    assert_string_equal(test_value(test_span(0), "genspan.stream.output_rate"), "-");
    assert_string_equal(test_value(test_span(0), "genspan.stream.interval.min"), "0");
    assert_string_equal(test_value(test_span(0), "genspan.stream.interval.avg"), "0");
    assert_string_equal(test_value(test_span(0), "genspan.stream.interval.p50"), "0");
    assert_string_equal(test_value(test_span(0), "genspan.stream.interval.max"), "0");
    assert_string_equal(test_value(test_span(1), "genspan.time_to_first_byte"), "0");
    assert_string_equal(test_value(test_span(1), ATTEMPT_FIRST_CHUNK), "0");
}

/* ST-3: no time is ever negative, whatever times the caller passes. */
static void st_3_marks_before_the_start_are_at_the_start(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL), at = gsp_attempt_start(op, NULL);

    (void)state;
    gsp_stream_mark(at, GSP_MARK_FIRST_BYTE, 5);
    gsp_stream_mark(at, GSP_MARK_TEXT, 5);
    gsp_stream_end(at, GSP_STREAM_CLOSED, NULL, 5);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 5);
    assert_int_equal(spans(), 2);
    assert_string_equal(test_value(test_span(0), FIRST_CHUNK), "0");
    assert_string_equal(test_value(test_span(1), "genspan.time_to_first_byte"), "0");
    assert_string_equal(test_value(test_span(1), ATTEMPT_FIRST_CHUNK), "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(st_3_time_to_first_chunk_spans_retries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_3_every_kind_of_content_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_3_without_content_it_is_absent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_3_first_byte_first_event_first_chunk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_3_chunks_without_content_do_not_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_4_one_interval_per_chunk_after_the_first, set_up, tear_down),
        cmocka_unit_test(st_4_the_histogram_holds_any_interval),
        cmocka_unit_test_setup_teardown(st_4_never_negative, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_4_output_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_6_durations_may_be_0, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_3_marks_before_the_start_are_at_the_start, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
