/* Usage and streams on spans: whose it is, nothing twice, the unknown absent (ST-2 to ST-4, US-1 to US-6). */
#include "derive/derived.h"
#include "support/dump.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000

static struct test_clock test_time;
static gsp_recorder *rec;
static struct test_derived derived;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    rec = test_recorder(&test_time, 256 << 10);
    derived.reader = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (derived.reader)
        test_derived_free(&derived);
    gsp_recorder_close(rec);
    return 0;
}

static gsp_span start(void)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    o.model = "m";
    return gsp_operation_start(rec, "chat", &o);
}

static void derive(unsigned flags)
{
    if (derived.reader)
        test_derived_free(&derived);
    test_derive(&derived, gsp_recorder_path(rec), flags);
}

/* An attribute of span n of the first call, as text; "-" if it is absent. */
static const char *attribute(unsigned n, const char *key)
{
    const char *text;

    assert_true(derived.n_calls > 0 && n < derived.calls[0].n_spans);
    text = test_attribute(&derived.calls[0].spans[n].attributes, key);
    return text ? text : "-";
}

static void mark(gsp_span span, gsp_mark mark, int ms)
{
    test_time.now_ns += (int64_t)ms * MS;
    gsp_stream_mark(span, mark, 0);
}

/* How many attributes of all spans of the first call begin so. */
static int count(const char *prefix)
{
    int n = 0;

    for (uint32_t i = 0; i < derived.calls[0].n_spans; i++) {
        const struct gsp__attributes *a = &derived.calls[0].spans[i].attributes;

        for (uint32_t k = 0; k < a->n; k++)
            n += a->items[k].key.n >= strlen(prefix) &&
                 memcmp(a->items[k].key.bytes, prefix, strlen(prefix)) == 0;
    }
    return n;
}

/*
 * The table of ST-2. In every row the stream is one attempt that reported input tokens (where it was read
 * at all); the operation ends as its attempt did.
 */
static void every_exit_of_a_stream(void **state)
{
    static const struct {
        const char *name;
        int n_chunks;
        bool has_event, has_terminal;
        gsp_stream_exit exit;
        bool is_failure;
        const char *outcome, *error_type, *usage, *source;
        int n_exceptions;
    } rows[] = {
        {"natural end", 2, true, true, GSP_STREAM_FINISHED, false, "\"completed\"", "-", "7", "\"reported\"",
         0},
        {"no terminal event", 2, true, false, GSP_STREAM_FINISHED, false, "\"failed\"", "\"truncated\"", "7",
         "\"partial\"", 1},
        {"zero chunks", 0, false, false, GSP_STREAM_FINISHED, false, "\"completed\"", "-", "-", "-", 0},
        {"error after chunks", 2, true, false, GSP_STREAM_FAILED, true, "\"failed\"", "\"overloaded\"", "7",
         "\"partial\"", 1},
        {"closed early", 2, true, false, GSP_STREAM_CLOSED, false, "\"cancelled\"", "-", "7", "\"partial\"",
         0},
        {"closed before content", 0, true, false, GSP_STREAM_CLOSED, false, "\"cancelled\"", "-", "7",
         "\"partial\"", 0},
        {"cancelled", 2, true, false, GSP_STREAM_CANCELLED, false, "\"cancelled\"", "-", "7", "\"partial\"",
         0},
        {"never read", 0, false, false, GSP_STREAM_DESTROYED, false, "\"abandoned\"", "-", "-", "-", 0},
    };
    gsp_failure failure = GSP_FAILURE_INIT;

    (void)state;
    failure.type = GSP_ERROR_OVERLOADED;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_span op = start(), attempt = gsp_attempt_start(op, NULL);

        print_message("  %s\n", rows[i].name);
        if (rows[i].has_event) {
            mark(attempt, GSP_MARK_EVENT, 10);
            gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 7);
        }
        for (int k = 0; k < rows[i].n_chunks; k++)
            mark(attempt, GSP_MARK_TEXT, 10);
        if (rows[i].has_terminal)
            mark(attempt, GSP_MARK_TERMINAL, 0);
        gsp_stream_end(attempt, rows[i].exit, rows[i].is_failure ? &failure : NULL, 0);
        gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
        derive(0);
        for (unsigned n = 0; n < 2; n++) {
            const struct gsp__span_data *s = &derived.calls[0].spans[n];

            assert_string_equal(attribute(n, "genspan.outcome"), rows[i].outcome);
            assert_string_equal(attribute(n, "error.type"), rows[i].error_type);
            assert_int_equal(s->status, rows[i].n_exceptions ? GSP__STATUS_ERROR : GSP__STATUS_UNSET);
            assert_int_equal(s->n_events, rows[i].n_exceptions);
        }
        assert_string_equal(attribute(0, "gen_ai.usage.input_tokens"), rows[i].usage);
        assert_string_equal(attribute(0, "genspan.usage.source"), rows[i].source);
        assert_int_equal(count("genspan.attempt.usage."), 0);
        assert_string_equal(attribute(0, "gen_ai.response.time_to_first_chunk"),
                            rows[i].n_chunks ? "0.02" : "-");
        test_drain(gsp_recorder_path(rec));
    }
}

/* ST-2, last row: usage as recorded, end at the last fact. */
static void a_stream_that_died_keeps_what_it_had_reported(void **state)
{
    gsp_span op = start(), attempt = gsp_attempt_start(op, NULL);

    (void)state;
    mark(attempt, GSP_MARK_EVENT, 10);
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 7);
    test_time.now_ns += 999;
    derive(TEST_DEAD);
    for (unsigned n = 0; n < 2; n++) {
        const struct gsp__span_data *s = &derived.calls[0].spans[n];

        assert_string_equal(attribute(n, "genspan.outcome"), "\"crashed\"");
        assert_string_equal(attribute(n, "error.type"), "\"crashed\"");
        assert_int_equal(s->status, GSP__STATUS_ERROR);
        assert_int_equal(s->n_events, 1);
        assert_int_equal(s->end_unix_ns - s->start_unix_ns, 10 * MS);
    }
    assert_string_equal(attribute(0, "gen_ai.usage.input_tokens"), "7");
    assert_int_equal(count("genspan.attempt.usage."), 0);
}

/* US-3, US-6: every part has its key, once, on the operation; 0 stays and what was not said is absent. */
static void every_part_of_a_usage_has_its_key(void **state)
{
    static const char *const keys[GSP_USAGE_LIMIT] = {
        [GSP_USAGE_INPUT_TOKENS] = "gen_ai.usage.input_tokens",
        [GSP_USAGE_OUTPUT_TOKENS] = "gen_ai.usage.output_tokens",
        [GSP_USAGE_CACHE_READ_TOKENS] = "gen_ai.usage.cache_read.input_tokens",
        [GSP_USAGE_CACHE_WRITE_TOKENS] = "gen_ai.usage.cache_creation.input_tokens",
        [GSP_USAGE_REASONING_TOKENS] = "genspan.usage.reasoning_output_tokens",
        [GSP_USAGE_AUDIO_INPUT_TOKENS] = "genspan.usage.audio_input_tokens",
        [GSP_USAGE_AUDIO_OUTPUT_TOKENS] = "genspan.usage.audio_output_tokens",
        [GSP_USAGE_TEXT_INPUT_TOKENS] = "genspan.usage.text_input_tokens",
        [GSP_USAGE_TEXT_OUTPUT_TOKENS] = "genspan.usage.text_output_tokens",
        [GSP_USAGE_IMAGE_INPUT_TOKENS] = "genspan.usage.image_input_tokens",
        [GSP_USAGE_IMAGE_OUTPUT_TOKENS] = "genspan.usage.image_output_tokens",
        [GSP_USAGE_CACHE_WRITE_1H_TOKENS] = "genspan.usage.cache_write_1h_input_tokens",
        [GSP_USAGE_TOOL_USE_TOKENS] = "genspan.usage.tool_use_input_tokens",
        [GSP_USAGE_BILLED_INPUT_TOKENS] = "genspan.usage.billed_input_tokens",
        [GSP_USAGE_BILLED_OUTPUT_TOKENS] = "genspan.usage.billed_output_tokens",
    };

    (void)state;
    for (unsigned part = 0; part < GSP_USAGE_LIMIT; part++) {
        gsp_span op = start(), attempt = gsp_attempt_start(op, NULL);

        gsp_span_set_usage(attempt, (gsp_usage)part, 5);
        gsp_span_set_usage(attempt, (gsp_usage)part, 0); /* US-2: the last value wins, 0 or not */
        gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
        gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
        derive(0);
        if (keys[part])
            assert_string_equal(attribute(0, keys[part]), "0");
        assert_int_equal(count("gen_ai.usage.") + count("genspan.usage."), keys[part] ? 2 : 1); /* source */
        assert_int_equal(count("genspan.attempt.usage."), 0);
        test_drain(gsp_recorder_path(rec));
    }
}

/* US-5: what a failed attempt reported is wasted, stays with it, and is never added to the operation's. */
static void what_a_failed_attempt_spent_is_the_attempts(void **state)
{
    gsp_span op = start(), attempt = gsp_attempt_start(op, NULL);

    (void)state;
    for (unsigned part = 0; part < GSP_USAGE_LIMIT; part++)
        gsp_span_set_usage(attempt, (gsp_usage)part, 1000 + (int)part);
    gsp_span_end(attempt, GSP_OUTCOME_FAILED, NULL, 0);
    attempt = gsp_attempt_start(op, NULL);
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 10);
    gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive(0);
    assert_string_equal(attribute(0, "gen_ai.usage.input_tokens"), "10");
    assert_string_equal(attribute(0, "gen_ai.usage.output_tokens"), "-");
    assert_string_equal(attribute(1, "genspan.attempt.usage.input_tokens"), "1000");
    assert_string_equal(attribute(1, "genspan.attempt.usage.output_tokens"), "1001");
    assert_string_equal(attribute(1, "genspan.attempt.usage.reasoning_output_tokens"), "1005");
    assert_int_equal(count("genspan.attempt.usage."), GSP_USAGE_LIMIT - 1); /* all but the total */
    for (unsigned n = 1; n < 3; n++)
        assert_string_equal(attribute(n, "gen_ai.usage.input_tokens"), "-");
    assert_string_equal(attribute(2, "genspan.attempt.usage.input_tokens"), "-");
}

static void a_failed_call_without_content_bills_nothing(void **state)
{
    gsp_span op = start(), attempt = gsp_attempt_start(op, NULL);

    (void)state;
    mark(attempt, GSP_MARK_EVENT, 1);
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 7);
    gsp_span_set_int(attempt, GSP_FACT_WEB_SEARCHES, 3); /* US-7: of other units too */
    gsp_span_set_double(attempt, GSP_FACT_CREDITS, 0.5);
    gsp_stream_end(attempt, GSP_STREAM_FAILED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive(0);
    assert_int_equal(count("genspan.usage."), 0);
    assert_string_equal(attribute(0, "gen_ai.usage.input_tokens"), "-");
    assert_string_equal(attribute(0, "genspan.usage.source"), "-");
    assert_string_equal(attribute(1, "genspan.attempt.usage.input_tokens"), "7");
}

/* US-5: unless that attempt's content reached the caller: then it is the operation's, and only its. */
static void a_failed_attempt_whose_content_was_read_is_billed(void **state)
{
    gsp_span op = start(), attempt = gsp_attempt_start(op, NULL);

    (void)state;
    mark(attempt, GSP_MARK_TEXT, 1);
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 7);
    gsp_stream_end(attempt, GSP_STREAM_FAILED, NULL, 0);
    gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_FAILED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive(0);
    assert_string_equal(attribute(0, "gen_ai.usage.input_tokens"), "7");
    assert_string_equal(attribute(0, "genspan.usage.source"), "\"partial\"");
    assert_int_equal(count("genspan.attempt.usage."), 0);
}

/* What the caller told the operation itself stands, and the attempt's is not shown a second time. */
static void the_operations_own_usage_stands(void **state)
{
    gsp_span op = start(), attempt = gsp_attempt_start(op, NULL);

    (void)state;
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 10);
    gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, 12);
    gsp_span_set_usage_source(op, GSP_USAGE_INJECTED);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive(0);
    assert_string_equal(attribute(0, "gen_ai.usage.input_tokens"), "12");
    assert_string_equal(attribute(0, "genspan.usage.source"), "\"injected\"");
    assert_int_equal(count("genspan.attempt.usage."), 0);
}

/* US-4 */
static void every_source_of_a_usage_has_its_word(void **state)
{
    static const char *const words[] = {
        "-", "\"reported\"", "\"partial\"", "\"injected\"", "\"estimated\"", "\"missing\""};

    (void)state;
    for (unsigned source = 0; source <= GSP_USAGE_MISSING; source++) {
        gsp_span op = start();

        gsp_span_set_usage_source(op, (gsp_usage_source)source);
        gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
        derive(0);
        assert_string_equal(attribute(0, "genspan.usage.source"), words[source]);
        test_drain(gsp_recorder_path(rec));
    }
}

/* ST-3, ST-4: from the operation's start, over the retry; and each attempt's own. */
static void the_times_of_a_stream(void **state)
{
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_span op = start(), attempt;

    (void)state;
    failure.type = GSP_ERROR_CONNECTION;
    attempt = gsp_attempt_start(op, NULL);
    mark(attempt, GSP_MARK_FIRST_BYTE, 5);
    mark(attempt, GSP_MARK_EVENT, 5);
    gsp_stream_end(attempt, GSP_STREAM_FAILED, &failure, 0);
    test_time.now_ns += 90 * MS;
    attempt = gsp_attempt_start(op, NULL);
    mark(attempt, GSP_MARK_FIRST_BYTE, 10);
    mark(attempt, GSP_MARK_FIRST_BYTE, 1);
    mark(attempt, GSP_MARK_EVENT, 9); /* the role: no content */
    mark(attempt, GSP_MARK_TEXT, 30);
    mark(attempt, GSP_MARK_TEXT, 10);
    mark(attempt, GSP_MARK_TEXT, 10);
    mark(attempt, GSP_MARK_EVENT, 0); /* the usage: no content */
    mark(attempt, GSP_MARK_TERMINAL, 0);
    gsp_span_set_usage(attempt, GSP_USAGE_OUTPUT_TOKENS, 30);
    test_time.now_ns += 10 * MS;
    gsp_stream_end(attempt, GSP_STREAM_FINISHED, NULL, 0);
    test_time.now_ns += 1000 * MS; /* the caller takes its time to end the operation */
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive(0);
    assert_string_equal(attribute(0, "gen_ai.response.time_to_first_chunk"), "0.15");
    assert_string_equal(attribute(0, "genspan.stream.chunks"), "3");
    assert_string_equal(attribute(0, "genspan.stream.output_rate"), "1000.0");
    assert_string_equal(attribute(0, "genspan.stream.interval.min"), "0.01");
    assert_string_equal(attribute(0, "genspan.stream.interval.avg"), "0.01");
    assert_string_equal(attribute(0, "genspan.stream.interval.p50"), "0.01");
    assert_string_equal(attribute(0, "genspan.stream.interval.p90"), "0.01");
    assert_string_equal(attribute(0, "genspan.stream.interval.max"), "0.01");
    assert_string_equal(attribute(1, "genspan.time_to_first_byte"), "0.005");
    assert_string_equal(attribute(1, "genspan.attempt.time_to_first_chunk"), "-");
    assert_string_equal(attribute(2, "genspan.time_to_first_byte"), "0.01");
    assert_string_equal(attribute(2, "genspan.attempt.time_to_first_chunk"), "0.05");
    assert_int_equal(count("genspan.stream."), 7); /* on the operation only */
}

/* ST-4, ST-6: absent, never 0, where it is not known. */
static void what_is_not_known_of_a_stream_is_absent(void **state)
{
    gsp_span op = start(), attempt = gsp_attempt_start(op, NULL);

    (void)state;
    mark(attempt, GSP_MARK_TEXT, 10);
    mark(attempt, GSP_MARK_TERMINAL, 0);
    gsp_span_set_usage(attempt, GSP_USAGE_OUTPUT_TOKENS, 30);
    gsp_stream_end(attempt, GSP_STREAM_FINISHED, NULL, 0); /* in the moment of its only chunk */
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive(0);
    assert_string_equal(attribute(0, "genspan.stream.chunks"), "1");
    assert_string_equal(attribute(0, "genspan.stream.output_rate"), "-");
    assert_int_equal(count("genspan.stream.interval."), 0);
    assert_string_equal(attribute(1, "genspan.time_to_first_byte"), "-");
    test_drain(gsp_recorder_path(rec));

    op = start(); /* not a stream at all */
    gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive(0);
    assert_int_equal(count("genspan.stream."), 0);
    assert_int_equal(count("gen_ai.response."), 0);
    assert_int_equal(count("genspan.usage."), 0);
    assert_int_equal(count("gen_ai.usage."), 0);
}

/* Callers pass times; one that lies before the start is no negative duration. */
static void times_before_the_start_are_zero(void **state)
{
    gsp_span op = start(), attempt = gsp_attempt_start(op, NULL);
    int64_t before = test_time.now_ns - 500 * MS;

    (void)state;
    gsp_stream_mark(attempt, GSP_MARK_FIRST_BYTE, before);
    gsp_stream_mark(attempt, GSP_MARK_TEXT, before);
    gsp_stream_mark(attempt, GSP_MARK_TEXT, before - 100);
    gsp_stream_mark(attempt, GSP_MARK_TERMINAL, before);
    gsp_stream_end(attempt, GSP_STREAM_FINISHED, NULL, before);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, before);
    derive(0);
    assert_string_equal(attribute(0, "gen_ai.response.time_to_first_chunk"), "0.0");
    assert_string_equal(attribute(1, "genspan.attempt.time_to_first_chunk"), "0.0");
    assert_string_equal(attribute(1, "genspan.time_to_first_byte"), "0.0");
    assert_string_equal(attribute(0, "genspan.stream.interval.max"), "0.0");
    for (unsigned n = 0; n < 2; n++)
        assert_true(derived.calls[0].spans[n].end_unix_ns == derived.calls[0].spans[n].start_unix_ns);
}

/* A stream on the operation itself, without attempts. */
static void an_operation_may_stream_itself(void **state)
{
    gsp_span op = start();

    (void)state;
    mark(op, GSP_MARK_TEXT, 10);
    mark(op, GSP_MARK_TEXT, 20);
    mark(op, GSP_MARK_TERMINAL, 0);
    gsp_span_set_usage(op, GSP_USAGE_OUTPUT_TOKENS, 4);
    gsp_stream_end(op, GSP_STREAM_FINISHED, NULL, 0);
    derive(0);
    assert_int_equal(derived.calls[0].n_spans, 1);
    assert_string_equal(attribute(0, "gen_ai.response.time_to_first_chunk"), "0.01");
    assert_string_equal(attribute(0, "genspan.stream.chunks"), "2");
    assert_string_equal(attribute(0, "genspan.stream.output_rate"), "200.0");
    assert_string_equal(attribute(0, "gen_ai.usage.output_tokens"), "4");
    assert_string_equal(attribute(0, "genspan.operation.attempts"), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_exit_of_a_stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stream_that_died_keeps_what_it_had_reported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_part_of_a_usage_has_its_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_failed_attempt_spent_is_the_attempts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_call_without_content_bills_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_attempt_whose_content_was_read_is_billed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_operations_own_usage_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_source_of_a_usage_has_its_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_times_of_a_stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_known_of_a_stream_is_absent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_before_the_start_are_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_operation_may_stream_itself, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
