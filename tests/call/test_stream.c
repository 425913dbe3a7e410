/* The one finaliser of a stream: ST-1, and ST-2 row by row. Also ST-5. */
#include "call/spans_of.h"
#include "support/dump.h"
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

enum exit_way {
    BY_STREAM_END,
    LEFT_OPEN, /* the process died */
};

struct row {
    const char *what;
    const char *marks; /* b first byte, e event, t text, r reasoning, c tool call, a audio, ! terminal */
    enum exit_way way;
    gsp_stream_exit how;
    const char *failure; /* type of the failure given, or NULL */
    const char *outcome;
    const char *error_type; /* "-": status unset, no exception event */
};

/* ST-2. Usage is US-4's matter (test_usage), the metric column that of tests/derive/test_metrics. */
static const struct row rows[] = {
    {"natural end", "bett!", BY_STREAM_END, GSP_STREAM_FINISHED, NULL, "completed", "-"},
    {"natural end, the finish reason is not last", "bt!te", BY_STREAM_END, GSP_STREAM_FINISHED, NULL,
     "completed", "-"},
    {"natural end of a tool call", "bec!", BY_STREAM_END, GSP_STREAM_FINISHED, NULL, "completed", "-"},
    {"natural end without content", "be!", BY_STREAM_END, GSP_STREAM_FINISHED, NULL, "completed", "-"},
    {"connection ended without a terminal event", "bett", BY_STREAM_END, GSP_STREAM_FINISHED, NULL, "failed",
     "truncated"},
    {"the same, after reasoning only", "br", BY_STREAM_END, GSP_STREAM_FINISHED, NULL, "failed", "truncated"},
    {"the same: what the caller believes does not count", "bt", BY_STREAM_END, GSP_STREAM_FINISHED, "timeout",
     "failed", "truncated"},
    {"ended with zero chunks", "", BY_STREAM_END, GSP_STREAM_FINISHED, NULL, "completed", "-"},
    {"ended with zero chunks, after a byte", "b", BY_STREAM_END, GSP_STREAM_FINISHED, NULL, "completed", "-"},
    {"error before chunks", "", BY_STREAM_END, GSP_STREAM_FAILED, "connection", "failed", "connection"},
    {"error after chunks", "bett", BY_STREAM_END, GSP_STREAM_FAILED, "timeout", "failed", "timeout"},
    {"error that nobody describes", "bt", BY_STREAM_END, GSP_STREAM_FAILED, NULL, "failed", "_OTHER"},
    {"error after the terminal event", "bt!", BY_STREAM_END, GSP_STREAM_FAILED, "server_error", "failed",
     "server_error"},
    {"caller closes early", "bett", BY_STREAM_END, GSP_STREAM_CLOSED, NULL, "cancelled", "-"},
    {"caller closes before the first chunk", "", BY_STREAM_END, GSP_STREAM_CLOSED, NULL, "cancelled", "-"},
    {"caller closes early and has an error at hand", "bt", BY_STREAM_END, GSP_STREAM_CLOSED, "timeout",
     "cancelled", "-"},
    {"close after the end", "bt!", BY_STREAM_END, GSP_STREAM_CLOSED, NULL, "completed", "-"},
    {"caller cancels", "bt", BY_STREAM_END, GSP_STREAM_CANCELLED, NULL, "cancelled", "-"},
    {"caller cancels before the first chunk", "", BY_STREAM_END, GSP_STREAM_CANCELLED, NULL, "cancelled",
     "-"},
    {"handle destroyed, never read", "", BY_STREAM_END, GSP_STREAM_DESTROYED, NULL, "abandoned", "-"},
    {"handle destroyed after reading", "bt", BY_STREAM_END, GSP_STREAM_DESTROYED, NULL, "cancelled", "-"},
    {"handle destroyed after the end", "bt!", BY_STREAM_END, GSP_STREAM_DESTROYED, NULL, "completed", "-"},
    {"process died in the stream", "bett", LEFT_OPEN, GSP_STREAM_FINISHED, NULL, "crashed", "crashed"},
    {"process died before the stream", "", LEFT_OPEN, GSP_STREAM_FINISHED, NULL, "crashed", "crashed"},
};

static void mark_all(gsp_span s, const char *marks)
{
    static const char letters[] = "betrca!"; /* in the order of gsp_mark */

    for (; *marks; marks++) {
        test_time.now_ns += 10;
        gsp_stream_mark(s, (gsp_mark)(strchr(letters, *marks) - letters), 0);
    }
}

static void end_row(gsp_span s, const struct row *row)
{
    gsp_failure failure = GSP_FAILURE_INIT;

    failure.type = row->failure;
    failure.message = "as it was said";
    if (row->way == BY_STREAM_END)
        gsp_stream_end(s, row->how, row->failure ? &failure : NULL, 0);
}

static void check_row(const struct row *row, const struct gsp__span_data *s)
{
    bool is_error = strcmp(row->error_type, "-") != 0;

    if (strcmp(test_value(s, "genspan.outcome"), row->outcome) != 0)
        fail_msg("%s: outcome %s", row->what, test_value(s, "genspan.outcome"));
    if (strcmp(test_value(s, "error.type"), row->error_type) != 0)
        fail_msg("%s: error.type %s", row->what, test_value(s, "error.type"));
    if (s->status != (is_error ? GSP__STATUS_ERROR : GSP__STATUS_UNSET))
        fail_msg("%s: status %d", row->what, s->status);
    if (test_count_events(s, "exception") != is_error)
        fail_msg("%s: %d exception events", row->what, test_count_events(s, "exception"));
}

/* ST-2, on an attempt and, through AUTO, on its operation. */
static void st_2_every_exit_of_an_attempts_stream(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_span op, at;

        set_up(NULL);
        op = gsp_operation_start(rec, "chat", NULL);
        at = gsp_attempt_start(op, NULL);
        mark_all(at, rows[i].marks);
        end_row(at, &rows[i]);
        if (rows[i].way == BY_STREAM_END)
            gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
        assert_int_equal(test_spans_of(gsp_recorder_path(rec), rows[i].way == LEFT_OPEN), 2);
        check_row(&rows[i], test_span(1));
        check_row(&rows[i], test_span(0));
        /* one end: the last moment that is known */
        assert_int_equal(test_span_ns(test_span(1)), 10 * strlen(rows[i].marks));
        tear_down(NULL);
    }
}

/* ST-2, on an operation that has no attempts. */
static void st_2_every_exit_of_an_operations_stream(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_span op;

        set_up(NULL);
        op = gsp_operation_start(rec, "chat", NULL);
        mark_all(op, rows[i].marks);
        end_row(op, &rows[i]);
        assert_int_equal(test_spans_of(gsp_recorder_path(rec), rows[i].way == LEFT_OPEN), 1);
        check_row(&rows[i], test_span(0));
        tear_down(NULL);
    }
}

static void take_exit(gsp_span s, int exit)
{
    gsp_failure failure = GSP_FAILURE_INIT;

    failure.type = GSP_ERROR_TIMEOUT;
    test_time.now_ns += 100;
    if (exit < 5)
        gsp_stream_end(s, (gsp_stream_exit)(GSP_STREAM_FINISHED + exit), &failure, 0);
    else
        gsp_span_end(s, exit == 5 ? GSP_OUTCOME_COMPLETED : GSP_OUTCOME_FAILED, &failure, 0);
}

/* ST-1: whatever comes after the first exit changes nothing: one span end, one duration, one exception. */
static void st_1_only_the_first_exit_counts(void **state)
{
    enum {
        EXITS = 7
    };
    char first[500];

    (void)state;
    for (int i = 0; i < EXITS; i++)
        for (int k = 0; k < EXITS; k++) {
            gsp_span op;

            set_up(NULL);
            op = gsp_operation_start(rec, "chat", NULL);
            mark_all(op, "bt");
            take_exit(op, i);
            snprintf(first, sizeof first, "%s", test_dump_record(gsp_recorder_path(rec), 0));
            assert_null(strstr(first, "| open"));
            take_exit(op, k);
            mark_all(op, "t!"); /* late marks */
            gsp_span_set_usage(op, GSP_USAGE_OUTPUT_TOKENS, 5);
            assert_string_equal(test_dump_record(gsp_recorder_path(rec), 0), first);
            assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 4);
            assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
            assert_int_equal(test_span_ns(test_span(0)), 120);
            assert_true(test_count_events(test_span(0), "exception") <= 1);
            assert_string_equal(test_value(test_span(0), "gen_ai.usage.output_tokens"), "-");
            assert_string_equal(test_value(test_span(0), "genspan.stream.chunks"), "1");
            tear_down(NULL);
        }
}

/* ST-1: the scope's and the recorder's close are exits like any other. */
static void st_1_closing_the_recorder_is_an_exit(void **state)
{
    char path[600];
    gsp_span ended, open;

    (void)state;
    snprintf(path, sizeof path, "%s", gsp_recorder_path(rec));
    ended = gsp_operation_start(rec, "chat", NULL);
    mark_all(ended, "bt!");
    gsp_stream_end(ended, GSP_STREAM_FINISHED, NULL, 0);
    open = gsp_operation_start(rec, "chat", NULL);
    mark_all(open, "bt");
    gsp_recorder_close(rec);
    rec = NULL;
    gsp_stream_end(open, GSP_STREAM_FAILED, NULL, 0);
    assert_int_equal(test_spans_of(path, true), 2);
    assert_string_equal(test_value(test_span(0), "genspan.outcome"), "completed");
    assert_string_equal(test_value(test_span(1), "genspan.outcome"), "abandoned");
    assert_int_equal(test_span(1)->status, GSP__STATUS_UNSET);
}

/* ST-2: a partial answer that failed still shows what is known of it. */
static void st_2_what_was_known_before_the_error_stays(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL), at = gsp_attempt_start(op, NULL);

    (void)state;
    gsp_span_set_string(at, GSP_FACT_RESPONSE_MODEL, "m-2");
    mark_all(at, "bett");
    gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 9);
    gsp_stream_end(at, GSP_STREAM_FAILED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_string_equal(test_value(test_span(0), "gen_ai.response.model"), "m-2");
    assert_string_equal(test_value(test_span(0), "gen_ai.usage.input_tokens"), "9");
    assert_string_equal(test_value(test_span(0), "genspan.usage.source"), "partial");
    assert_string_equal(test_value(test_span(0), "genspan.stream.chunks"), "2");
}

/* ST-2: the end of a crashed call is its last fact, though others were recorded later in the process. */
static void st_2_a_crashed_call_ends_at_its_last_fact(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL), at;

    (void)state;
    test_time.now_ns += 1000;
    at = gsp_attempt_start(op, NULL);
    mark_all(at, "bt");
    test_time.now_ns += 5000;
    gsp_span_start(rec, "something else", NULL);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), true), 3);
    assert_int_equal(test_span_ns(test_span(1)), 20);
    assert_int_equal(test_span(0)->end_unix_ns, test_span(1)->end_unix_ns);
    assert_string_equal(test_value(test_span(0), "error.type"), "crashed");
    assert_string_equal(test_value(test_span(1), "genspan.outcome"), "crashed");
}

/*
 * ST-5: genspan keeps no current span: while the caller's code runs nothing that it starts on its own becomes
 * a child of the stream; the transport's span nests under the attempt because it is given its context.
 */
static void st_5_only_what_is_given_a_context_nests(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL), at = gsp_attempt_start(op, NULL);
    gsp_context attempt = gsp_span_context(at), before = gsp_span_context(op), after;
    gsp_span_options o = GSP_SPAN_OPTIONS_INIT;
    char header[GSP_TRACEPARENT_BYTES];
    gsp_context received;

    (void)state;
    mark_all(at, "bt");
    gsp_span_end(gsp_span_start(rec, "caller's own", NULL), GSP_OUTCOME_AUTO, NULL, 0);
    o.parent = &attempt;
    o.kind = GSP_SPAN_CLIENT;
    gsp_span_end(gsp_span_start(rec, "POST", &o), GSP_OUTCOME_AUTO, NULL, 0);
    after = gsp_span_context(op);
    assert_memory_equal(&before, &after, sizeof before);
    gsp_context_format(&attempt, header); /* for the provider's request */
    assert_int_equal(gsp_context_parse(header, &received), GSP_OK);
    assert_memory_equal(received.span_id, attempt.span_id, 8);
    mark_all(at, "!");
    gsp_stream_end(at, GSP_STREAM_FINISHED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 4);
    assert_false(test_span(2)->has_parent);
    assert_memory_not_equal(test_span(2)->trace_id, before.trace_id, 16);
    assert_memory_equal(test_span(3)->trace_id, before.trace_id, 16);
    assert_memory_equal(test_span(3)->parent_span_id, attempt.span_id, 8);
    assert_memory_equal(test_span(1)->parent_span_id, before.span_id, 8);
}

static void marks_of_no_meaning_are_counted(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);

    (void)state;
    gsp_stream_mark(op, (gsp_mark)7, 0);
    gsp_stream_mark(op, (gsp_mark)-1, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_TYPE), 2);
    gsp_stream_end(op, GSP_STREAM_DESTROYED, NULL, 0); /* it was never read */
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    assert_string_equal(test_value(test_span(0), "genspan.outcome"), "abandoned");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(st_2_every_exit_of_an_attempts_stream),
        cmocka_unit_test(st_2_every_exit_of_an_operations_stream),
        cmocka_unit_test(st_1_only_the_first_exit_counts),
        cmocka_unit_test_setup_teardown(st_1_closing_the_recorder_is_an_exit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_2_what_was_known_before_the_error_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_2_a_crashed_call_ends_at_its_last_fact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_5_only_what_is_given_a_context_nests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(marks_of_no_meaning_are_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
