/* Usage: US-1 to US-5, set by hand and read from the wire. */
#include "call/spans_of.h"
#include "support/support.h"

#include <genspan/exchange.h>
#include <stdio.h>
#include <string.h>

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

static gsp_exchange *start_exchange(gsp_span attempt, const char *content_type)
{
    gsp_exchange *x = gsp_exchange_new(attempt);
    char line[100];
    int n = snprintf(line, sizeof line, "Content-Type: %s", content_type);

    assert_non_null(x);
    gsp_exchange_request(x, "POST", "https://api.openai.com/v1/chat/completions");
    gsp_exchange_response_header(x, "HTTP/1.1 200 OK", 15, 0);
    gsp_exchange_response_header(x, line, (size_t)n, 0);
    return x;
}

/* One operation with one attempt that gets this body; its spans are then 0 and 1. */
static void exchange(const char *content_type, const char *body, gsp_stream_exit how)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL), at = gsp_attempt_start(op, NULL);
    gsp_exchange *x = start_exchange(at, content_type);

    gsp_exchange_response_body(x, body, strlen(body), 0);
    gsp_exchange_end(x, how, NULL, 0);
    gsp_exchange_free(x);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
}

static const char *value(const char *key)
{
    return test_value(test_span(0), key);
}

/* US-1: totals with their parts inside; stored as the wire decoder normalises them, never added up. */
static void us_1_totals_include_their_parts(void **state)
{
    (void)state;
    exchange("application/json",
             "{\"choices\":[{\"message\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}],"
             "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":50,\"total_tokens\":150,"
             "\"prompt_tokens_details\":{\"cached_tokens\":80,\"audio_tokens\":5},"
             "\"completion_tokens_details\":{\"reasoning_tokens\":30,\"audio_tokens\":2}}}",
             GSP_STREAM_FINISHED);
    assert_string_equal(value("gen_ai.usage.input_tokens"), "100");
    assert_string_equal(value("gen_ai.usage.output_tokens"), "50");
    assert_string_equal(value("gen_ai.usage.cache_read.input_tokens"), "80");
    assert_string_equal(value("gen_ai.usage.reasoning.output_tokens"), "30");
    assert_string_equal(value("genspan.usage.audio_input_tokens"), "5");
    assert_string_equal(value("genspan.usage.audio_output_tokens"), "2");
    assert_string_equal(value("genspan.usage.source"), "reported");
    assert_false(test_has_key(test_span(1), "gen_ai.usage.")); /* US-6: on the operation only */
}

/* US-2: cumulative reports overwrite, never add; a null does not overwrite a number. */
static void us_2_the_last_report_stands(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);

    (void)state;
    for (int64_t i = 1; i <= 10; i++)
        gsp_span_set_usage(op, GSP_USAGE_OUTPUT_TOKENS, i);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    assert_string_equal(value("gen_ai.usage.output_tokens"), "10");
}

static void us_2_a_null_overwrites_nothing(void **state)
{
    (void)state;
    exchange("text/event-stream",
             "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":7,"
             "\"completion_tokens\":1}}\n\n"
             "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}],\"usage\":{\"prompt_tokens\":7,"
             "\"completion_tokens\":2}}\n\n"
             "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n"
             "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":null,\"completion_tokens\":3}}\n\n"
             "data: [DONE]\n\n",
             GSP_STREAM_FINISHED);
    assert_string_equal(value("gen_ai.usage.input_tokens"), "7");
    assert_string_equal(value("gen_ai.usage.output_tokens"), "3");
    assert_string_equal(value("genspan.usage.source"), "reported");
}

/* US-3: 0 reported is 0 recorded; what was not reported is absent. */
static void us_3_zero_is_a_number_and_absent_is_absent(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);

    (void)state;
    gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, 0);
    gsp_span_set_usage(op, GSP_USAGE_REASONING_TOKENS, -1); /* no report */
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    assert_string_equal(value("gen_ai.usage.input_tokens"), "0");
    assert_string_equal(value("gen_ai.usage.output_tokens"), "-");
    assert_string_equal(value("gen_ai.usage.reasoning.output_tokens"), "-");
    assert_string_equal(value("genspan.usage.source"), "reported");
}

/* US-3: null, booleans and what is no number are skipped, on the wire too. */
static void us_3_what_is_no_number_is_no_report(void **state)
{
    (void)state;
    exchange("application/json",
             "{\"choices\":[{\"message\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}],"
             "\"usage\":{\"prompt_tokens\":null,\"completion_tokens\":true,\"total_tokens\":\"12\","
             "\"prompt_tokens_details\":{\"cached_tokens\":-3,\"audio_tokens\":1.5},"
             "\"completion_tokens_details\":{\"reasoning_tokens\":0}}}",
             GSP_STREAM_FINISHED);
    assert_string_equal(value("gen_ai.usage.reasoning.output_tokens"), "0");
    assert_string_equal(value("gen_ai.usage.input_tokens"), "-");
    assert_string_equal(value("gen_ai.usage.output_tokens"), "-");
    assert_string_equal(value("gen_ai.usage.cache_read.input_tokens"), "-");
    assert_string_equal(value("genspan.usage.audio_input_tokens"), "-");
}

/* US-3: a part beyond the vocabulary is none; the last part of the vocabulary is one. */
static void us_3_every_part_is_kept_apart(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);

    (void)state;
    for (int i = 0; i < GSP_USAGE_LIMIT; i++)
        gsp_span_set_usage(op, (gsp_usage)i, 1000 + i);
    gsp_span_set_usage(op, GSP_USAGE_LIMIT, 5);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_TYPE), 1);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    assert_string_equal(value("gen_ai.usage.input_tokens"), "1000");
    assert_string_equal(value("gen_ai.usage.cache_read.input_tokens"), "1003");
    assert_string_equal(value("gen_ai.usage.cache_creation.input_tokens"), "1004");
    assert_string_equal(value("genspan.usage.billed_output_tokens"), "1015");
}

#define CONTENT "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
#define USAGE   "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1}}\n\n"
#define DONE    "data: [DONE]\n\n"

/* US-4: where the usage comes from, by how the stream went. */
static void us_4_the_source_says_how_much_is_known(void **state)
{
    static const struct {
        const char *type, *body;
        gsp_stream_exit how;
        const char *source, *input;
    } rows[] = {
        {"text/event-stream", CONTENT USAGE DONE, GSP_STREAM_FINISHED, "reported", "7"},
        {"text/event-stream", CONTENT DONE, GSP_STREAM_FINISHED, "missing", "-"},
        {"text/event-stream", USAGE CONTENT, GSP_STREAM_FINISHED, "partial", "7"}, /* truncated */
        {"text/event-stream", USAGE CONTENT, GSP_STREAM_CLOSED, "partial", "7"},
        {"text/event-stream", USAGE CONTENT, GSP_STREAM_CANCELLED, "partial", "7"},
        {"text/event-stream", USAGE CONTENT, GSP_STREAM_FAILED, "partial", "7"},
        {"text/event-stream", USAGE CONTENT, GSP_STREAM_DESTROYED, "partial", "7"},
        {"text/event-stream", CONTENT, GSP_STREAM_CLOSED, "missing", "-"},
        /* all was there when the caller closed it */
        {"text/event-stream", CONTENT USAGE DONE, GSP_STREAM_CLOSED, "reported", "7"},
        {"application/json", "{\"choices\":[{\"message\":{\"content\":\"a\"}}]}", GSP_STREAM_FINISHED,
         "missing", "-"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_up(NULL);
        exchange(rows[i].type, rows[i].body, rows[i].how);
        if (strcmp(value("genspan.usage.source"), rows[i].source) != 0 ||
            strcmp(value("gen_ai.usage.input_tokens"), rows[i].input) != 0)
            fail_msg("row %zu: %s, %s", i, value("genspan.usage.source"), value("gen_ai.usage.input_tokens"));
        tear_down(NULL);
    }
}

/* US-4: what the caller says of it stands, also when parts are set after. */
static void us_4_the_caller_may_say_the_source(void **state)
{
    static const struct {
        gsp_usage_source source;
        const char *name;
    } rows[] = {
        {GSP_USAGE_INJECTED, "injected"}, {GSP_USAGE_ESTIMATED, "estimated"}, {GSP_USAGE_PARTIAL, "partial"},
        {GSP_USAGE_MISSING, "missing"},   {(gsp_usage_source)99, "reported"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_span op = gsp_operation_start(rec, "chat", NULL);

        gsp_span_set_usage_source(op, rows[i].source);
        gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, 1);
        gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    }
    test_spans_of(gsp_recorder_path(rec), false);
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(test_value(test_span(i), "genspan.usage.source"), rows[i].name);
}

/* US-4: injected and estimated stay what they are when the stream then breaks off. */
static void us_4_only_reported_becomes_partial(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);

    (void)state;
    gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, 1);
    gsp_span_set_usage_source(op, GSP_USAGE_ESTIMATED);
    gsp_stream_mark(op, GSP_MARK_TEXT, 0);
    gsp_stream_end(op, GSP_STREAM_CLOSED, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    assert_string_equal(value("genspan.usage.source"), "estimated");
}

static gsp_span attempt_with_usage(gsp_span op, int64_t input, int n_chunks)
{
    gsp_span at = gsp_attempt_start(op, NULL);

    gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, input);
    for (int i = 0; i < n_chunks; i++)
        gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    return at;
}

/* US-5: what a failed attempt spent is wasted, and the attempt's; unless its content reached the caller. */
static void us_5_wasted_usage_stays_on_the_attempt(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);

    (void)state;
    gsp_stream_end(attempt_with_usage(op, 11, 0), GSP_STREAM_FAILED, NULL, 0);
    gsp_stream_mark(op, GSP_MARK_EVENT, 0);
    gsp_span_end(attempt_with_usage(op, 22, 1), GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    op = gsp_operation_start(rec, "chat", NULL);
    gsp_stream_end(attempt_with_usage(op, 33, 2), GSP_STREAM_FAILED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 5);
    assert_string_equal(value("gen_ai.usage.input_tokens"), "22");
    assert_string_equal(test_value(test_span(1), "genspan.attempt.usage.input_tokens"), "11");
    assert_string_equal(test_value(test_span(2), "genspan.attempt.usage.input_tokens"), "-");
    assert_string_equal(test_value(test_span(3), "gen_ai.usage.input_tokens"), "33");
    assert_string_equal(test_value(test_span(3), "genspan.usage.source"), "partial");
    assert_string_equal(test_value(test_span(4), "genspan.attempt.usage.input_tokens"), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(us_1_totals_include_their_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(us_2_the_last_report_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(us_2_a_null_overwrites_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(us_3_zero_is_a_number_and_absent_is_absent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(us_3_what_is_no_number_is_no_report, set_up, tear_down),
        cmocka_unit_test_setup_teardown(us_3_every_part_is_kept_apart, set_up, tear_down),
        cmocka_unit_test(us_4_the_source_says_how_much_is_known),
        cmocka_unit_test_setup_teardown(us_4_the_caller_may_say_the_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(us_4_only_reported_becomes_partial, set_up, tear_down),
        cmocka_unit_test_setup_teardown(us_5_wasted_usage_stays_on_the_attempt, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
