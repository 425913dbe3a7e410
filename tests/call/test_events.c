/* The five lifecycle events: their names and keys as in semantics.md, "Events". */
#include "call/spans_of.h"
#include "support/support.h"

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

/* An event as it is exported: "name key=value key=value". */
static const char *event_text(const struct gsp__span_event *e)
{
    static char text[2048];
    int n = snprintf(text, sizeof text, "%.*s", (int)e->name.n, e->name.bytes);

    for (uint32_t i = 0; i < e->attributes.n; i++) {
        const struct gsp__attribute *a = &e->attributes.items[i];

        n += snprintf(text + n, sizeof text - (size_t)n, " %.*s=", (int)a->key.n, a->key.bytes);
        if (a->value.type == GSP__VALUE_INT)
            n += snprintf(text + n, sizeof text - (size_t)n, "%lld", (long long)a->value.u.integer);
        else
            n += snprintf(text + n, sizeof text - (size_t)n, "'%.*s'", (int)a->value.u.string.n,
                          a->value.u.string.bytes);
    }
    return text;
}

static gsp_span op;

static void start(void)
{
    op = gsp_operation_start(rec, "chat", NULL);
}

/* The i-th event of the only operation. */
static const char *event(uint32_t i)
{
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    if (i >= test_span(0)->n_events)
        return "none";
    return event_text(&test_span(0)->events[i]);
}

static void prompt_sent(void **state)
{
    (void)state;
    start();
    gsp_event_prompt_sent(op, "gpt-4o", 100, 3, 0);
    gsp_event_prompt_sent(op, "", 0, 0, 0); /* a numeric 0 stays */
    gsp_event_prompt_sent(op, NULL, -1, -1, 0);
    assert_string_equal(event(0), "gen_ai.prompt.sent gen_ai.request.model='gpt-4o' "
                                  "gen_ai.usage.input_tokens=100 gen_ai.request.message_count=3 "
                                  "gen_ai.operation.name='chat'");
    assert_string_equal(event(1), "gen_ai.prompt.sent gen_ai.usage.input_tokens=0 "
                                  "gen_ai.request.message_count=0 gen_ai.operation.name='chat'");
    assert_string_equal(event(2), "gen_ai.prompt.sent gen_ai.operation.name='chat'");
}

static void first_token(void **state)
{
    (void)state;
    start();
    gsp_event_first_token(op, 7, 0);
    gsp_event_first_token(op, 0, 0);
    gsp_event_first_token(op, -1, 0);
    assert_string_equal(event(0), "gen_ai.stream.first_token gen_ai.stream.tokens_so_far=7");
    assert_string_equal(event(1), "gen_ai.stream.first_token gen_ai.stream.tokens_so_far=0");
    assert_string_equal(event(2), "gen_ai.stream.first_token");
}

static void retry(void **state)
{
    (void)state;
    start();
    gsp_event_retry(op, 1, "rate_limit", 2000, 429, 0);
    gsp_event_retry(op, 2, "custom reason", 0, 0, 0); /* no status was seen; no delay is one of 0 */
    gsp_event_retry(op, -1, NULL, -1, -1, 0);         /* retry.attempt is always there */
    assert_string_equal(event(0), "gen_ai.retry retry.attempt=1 retry.reason='rate_limit' "
                                  "retry.delay_ms=2000 http.response.status_code=429");
    assert_string_equal(event(1), "gen_ai.retry retry.attempt=2 retry.reason='custom reason' "
                                  "retry.delay_ms=0");
    assert_string_equal(event(2), "gen_ai.retry retry.attempt=0");
}

/* RE-5: the retry stands in the record before its wait starts, and also where the process dies in it. */
static void re_5_a_retry_is_recorded_before_its_wait(void **state)
{
    gsp_span at;

    (void)state;
    start();
    at = gsp_attempt_start(op, NULL);
    test_time.now_ns += 10;
    gsp_span_end(at, GSP_OUTCOME_FAILED, NULL, 0);
    gsp_event_retry(op, 1, "timeout", 5, 0, 0);
    test_time.now_ns += 5000000;
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), true), 2); /* killed in the wait */
    assert_int_equal(test_span(0)->events[0].time_unix_ns, test_span(1)->end_unix_ns);
    assert_int_equal(test_count_events(test_span(0), "gen_ai.retry"), 1);
    gsp_attempt_start(op, NULL);
    test_spans_of(gsp_recorder_path(rec), false);
    assert_int_equal(test_span(2)->start_unix_ns, test_span(0)->events[0].time_unix_ns + 5000000);
}

/* CO-1: what a tool was called with is content, and off by default; test_record looks at the bytes. */
static void tool_call(void **state)
{
    (void)state;
    start();
    gsp_event_tool_call(op, "get_weather", "call_1", "{\"city\":\"Paris\"}", 0);
    gsp_event_tool_call(op, "get_weather", "", NULL, 0);
    assert_string_equal(event(0),
                        "gen_ai.tool.call gen_ai.tool.name='get_weather' gen_ai.tool.call.id='call_1'");
    assert_string_equal(event(1), "gen_ai.tool.call gen_ai.tool.name='get_weather'");
}

static void tool_call_with_capture(void **state)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;

    (void)state;
    gsp_recorder_close(rec);
    test_directory_clear();
    o.directory = test_directory();
    o.ring_bytes = 256 << 10;
    o.capture = "SPAN_AND_EVENT";
    assert_int_equal(gsp_recorder_open(&o, &rec, NULL), GSP_OK);
    start();
    gsp_event_tool_call(op, "get_weather", "call_1", "{\"city\":\"Paris\"}", 0);
    assert_string_equal(event(0), "gen_ai.tool.call gen_ai.tool.name='get_weather' "
                                  "gen_ai.tool.call.id='call_1' "
                                  "gen_ai.tool.arguments='{\"city\":\"Paris\"}'");
}

/* Finish reasons are one comma-joined string here, and left out when there is none. */
static void response_received(void **state)
{
    static const char *const reasons[] = {"stop", NULL, "", "length"};
    static const char *const nothing[] = {"", NULL};

    (void)state;
    start();
    gsp_event_response_received(op, "gpt-4o-2024", 10, 20, 30, reasons, 4, 0);
    gsp_event_response_received(op, NULL, 0, 0, 0, reasons, 1, 0);
    gsp_event_response_received(op, "", -1, -1, -1, nothing, 2, 0);
    gsp_event_response_received(op, "", -1, -1, -1, NULL, 7, 0);
    assert_string_equal(event(0),
                        "gen_ai.response.received gen_ai.response.model='gpt-4o-2024' "
                        "gen_ai.usage.input_tokens=10 gen_ai.usage.output_tokens=20 "
                        "gen_ai.usage.total_tokens=30 gen_ai.response.finish_reasons='stop,length'");
    assert_string_equal(event(1), "gen_ai.response.received gen_ai.usage.input_tokens=0 "
                                  "gen_ai.usage.output_tokens=0 gen_ai.usage.total_tokens=0 "
                                  "gen_ai.response.finish_reasons='stop'");
    assert_string_equal(event(2), "gen_ai.response.received");
    assert_string_equal(event(3), "gen_ai.response.received");
}

/* More finish reasons than there is room for: whole ones, as many as fit; one too long is left out. */
static void many_finish_reasons(void **state)
{
    static const char *reasons[200];
    static char huge[600];
    const char *list;
    size_t n;

    (void)state;
    for (int i = 0; i < 200; i++)
        reasons[i] = "length";
    start();
    gsp_event_response_received(op, NULL, -1, -1, -1, reasons, 200, 0);
    memset(huge, 'x', 512);
    reasons[0] = huge;
    gsp_event_response_received(op, NULL, -1, -1, -1, reasons, 1, 0);
    huge[511] = 0;
    gsp_event_response_received(op, NULL, -1, -1, -1, reasons, 1, 0);
    list = strchr(event(0), '\'');
    assert_non_null(list);
    n = strlen(list + 1) - 1;
    assert_in_range(n, 400, 511);
    assert_int_equal(n % 7, 6); /* "length," and the last without its comma */
    assert_string_equal(event(1), "gen_ai.response.received");
    assert_int_equal(strlen(strchr(event(2), '\'')), 511 + 2);
}

/* An event has the time it is told, or the clock's; on attempts and generic spans as well. */
static void times_and_places(void **state)
{
    gsp_span span;

    (void)state;
    start();
    test_time.now_ns += 100;
    gsp_event_first_token(op, 1, 0);
    gsp_event_first_token(op, 2, test_time.now_ns + 11);
    assert_non_null(strstr(event(0), "=1"));
    assert_int_equal(test_span(0)->events[0].time_unix_ns, test_span(0)->start_unix_ns + 100);
    assert_int_equal(test_span(0)->events[1].time_unix_ns, test_span(0)->start_unix_ns + 111);
    gsp_event_first_token(gsp_attempt_start(op, NULL), 3, 0);
    span = gsp_span_start(rec, "x", NULL);
    gsp_event_prompt_sent(span, "m", -1, -1, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 3);
    assert_int_equal(test_count_events(test_span(1), "gen_ai.stream.first_token"), 1);
    assert_string_equal(event_text(&test_span(2)->events[0]), "gen_ai.prompt.sent gen_ai.request.model='m'");
}

static void events_after_the_end_are_late(void **state)
{
    (void)state;
    start();
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_event_prompt_sent(op, "m", 1, 1, 0);
    gsp_event_first_token(op, 1, 0);
    gsp_event_retry(op, 1, "timeout", 1, 0, 0);
    gsp_event_tool_call(op, "t", NULL, NULL, 0);
    gsp_event_response_received(op, "m", 1, 1, 1, NULL, 0, 0);
    assert_string_equal(event(0), "none");
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(prompt_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(first_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(retry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(re_5_a_retry_is_recorded_before_its_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tool_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tool_call_with_capture, set_up, tear_down),
        cmocka_unit_test_setup_teardown(response_received, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_finish_reasons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_and_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_after_the_end_are_late, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
