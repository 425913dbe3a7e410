/* Operations and their attempts: OP-1 to OP-5, as they are recorded and as they are exported. */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

#define SECOND 1000000000LL

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

static uint32_t spans(void)
{
    return test_spans_of(gsp_recorder_path(rec), false);
}

static gsp_span start_chat(const char *model)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    o.model = model;
    return gsp_operation_start(rec, "chat", &o);
}

static void end_failed(gsp_span span, const char *type, const char *message)
{
    gsp_failure failure = GSP_FAILURE_INIT;

    failure.type = type;
    failure.message = message;
    gsp_span_end(span, GSP_OUTCOME_AUTO, &failure, 0);
}

/* OP-1: from the asking to the whole answer; retries and waits are inside. */
static void op_1_retries_and_waits_are_inside(void **state)
{
    gsp_span op = start_chat("gpt-4o"), at;

    (void)state;
    test_time.now_ns += 1 * SECOND; /* before the first request */
    at = gsp_attempt_start(op, NULL);
    test_time.now_ns += 2 * SECOND;
    end_failed(at, GSP_ERROR_RATE_LIMIT, "slow down");
    test_time.now_ns += 4 * SECOND; /* the wait */
    at = gsp_attempt_start(op, NULL);
    test_time.now_ns += 8 * SECOND;
    gsp_span_end(at, GSP_OUTCOME_COMPLETED, NULL, 0);
    test_time.now_ns += 16 * SECOND; /* what the caller's client does after it */
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);

    assert_int_equal(spans(), 3);
    assert_int_equal(test_span_ns(test_span(0)), 31 * SECOND);
    assert_int_equal(test_span(0)->start_unix_ns, 1700000000u * (uint64_t)SECOND);
    assert_int_equal(test_span(1)->start_unix_ns, test_span(0)->start_unix_ns + SECOND);
    /* OP-2: backoff is never inside an attempt */
    assert_int_equal(test_span_ns(test_span(1)), 2 * SECOND);
    assert_int_equal(test_span_ns(test_span(2)), 8 * SECOND);
    assert_int_equal(test_span(2)->start_unix_ns, test_span(1)->end_unix_ns + 4 * SECOND);
    assert_string_equal(test_value(test_span(0), "genspan.operation.attempts"), "2");
    assert_string_equal(test_value(test_span(0), "genspan.operation.wait"), "4");
}

/* OP-1: the operations there are, and any custom one; OP-2: how the spans are called. */
static void op_1_any_operation_has_a_name_of_its_own(void **state)
{
    static const char *const names[] = {
        "chat",           "generate_content", "text_completion", "embeddings",      "speech_to_text",
        "text_to_speech", "execute_tool",     "invoke_agent",    "invoke_workflow", "rerank"};
    enum {
        N = sizeof names / sizeof names[0]
    };
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    char expected[64];

    (void)state;
    o.model = "m-1";
    for (int i = 0; i < N; i++) {
        gsp_span op = gsp_operation_start(rec, names[i], &o);

        gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
        gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    }
    assert_int_equal(spans(), 2 * N);
    for (uint32_t i = 0; i < N; i++) {
        snprintf(expected, sizeof expected, "%s m-1", names[i]);
        assert_string_equal(test_span_name(test_span(2 * i)), expected);
        assert_string_equal(test_value(test_span(2 * i), "gen_ai.operation.name"), names[i]);
        snprintf(expected, sizeof expected, "%s attempt", names[i]);
        assert_string_equal(test_span_name(test_span(2 * i + 1)), expected);
    }
}

/* OP-2: every attempt has its own span under the operation's, also when there is only one. */
static void op_2_a_lone_attempt_has_a_span(void **state)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_span op = gsp_operation_start(rec, "chat", NULL);
    gsp_context c = gsp_span_context(op);

    (void)state;
    gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    o.kind = GSP_SPAN_INTERNAL;
    gsp_span_end(gsp_operation_start(rec, "execute_tool", &o), GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(spans(), 3);
    assert_string_equal(test_span_name(test_span(0)), "chat");
    assert_int_equal(test_span(0)->kind, GSP_SPAN_CLIENT);
    assert_false(test_span(0)->has_parent);
    assert_string_equal(test_value(test_span(0), "genspan.operation.attempts"), "1");
    assert_string_equal(test_value(test_span(0), "genspan.operation.wait"), "0");
    assert_int_equal(test_span(1)->kind, GSP_SPAN_CLIENT);
    assert_memory_equal(test_span(1)->trace_id, c.trace_id, 16);
    assert_memory_equal(test_span(1)->parent_span_id, c.span_id, 8);
    assert_int_equal(test_span(2)->kind, GSP_SPAN_INTERNAL);
    assert_string_equal(test_value(test_span(2), "genspan.operation.attempts"), "-"); /* there was none */
}

static gsp_span attempt_at(gsp_span op, gsp_attempt_kind kind, uint32_t target)
{
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;

    o.kind = (uint32_t)kind;
    o.target_index = target;
    return gsp_attempt_start(op, &o);
}

/* OP-3: numbers from 0; the kind follows from the target where the caller does not say it. */
static void op_3_numbers_and_kinds(void **state)
{
    static const struct {
        gsp_attempt_kind wish;
        uint32_t target;
        const char *kind;
    } rows[] = {
        {GSP_ATTEMPT_AUTO, 2, "initial"},   {GSP_ATTEMPT_AUTO, 2, "retry"},
        {GSP_ATTEMPT_AUTO, 3, "fallback"},  {GSP_ATTEMPT_AUTO, 3, "retry"},
        {GSP_ATTEMPT_AUTO, 2, "fallback"},  {GSP_ATTEMPT_PROBE, 2, "probe"},
        {GSP_ATTEMPT_RETRY, 9, "retry"},    {GSP_ATTEMPT_CLIENT_RETRY, 9, "client_retry"},
        {(gsp_attempt_kind)99, 9, "retry"}, /* of no meaning: as if it were not said */
    };
    enum {
        N = sizeof rows / sizeof rows[0]
    };
    gsp_span op = start_chat("m");
    char text[16];

    (void)state;
    for (int i = 0; i < N; i++)
        end_failed(attempt_at(op, rows[i].wish, rows[i].target), GSP_ERROR_OVERLOADED, NULL);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(spans(), 1 + N);
    for (uint32_t i = 0; i < N; i++) {
        snprintf(text, sizeof text, "%u", i);
        assert_string_equal(test_value(test_span(1 + i), "genspan.attempt.number"), text);
        assert_string_equal(test_value(test_span(1 + i), "genspan.attempt.kind"), rows[i].kind);
        snprintf(text, sizeof text, "%u", rows[i].target);
        assert_string_equal(test_value(test_span(1 + i), "genspan.target.index"), text);
    }
}

/* OP-3: operations side by side do not mix their numbers (OP-6: state is per call). */
static void op_3_numbers_are_per_operation(void **state)
{
    gsp_span a = start_chat("a"), b = start_chat("b");

    (void)state;
    for (int i = 0; i < 3; i++) {
        end_failed(gsp_attempt_start(a, NULL), GSP_ERROR_TIMEOUT, NULL);
        gsp_span_end(gsp_attempt_start(b, NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    }
    gsp_span_end(a, GSP_OUTCOME_AUTO, NULL, 0);
    gsp_span_end(b, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(spans(), 8);
    for (uint32_t call = 0; call < 2; call++)
        for (uint32_t i = 0; i < 3; i++) {
            static const char *const numbers[] = {"0", "1", "2"};
            const struct gsp__span_data *s = test_span(4 * call + 1 + i);

            assert_string_equal(test_value(s, "genspan.attempt.number"), numbers[i]);
            assert_string_equal(test_value(s, "genspan.outcome"), call ? "completed" : "failed");
        }
}

/* OP-4: a failed attempt that was followed by a successful one is its own failure only. */
static void op_4_a_retry_that_succeeds_leaves_the_status_unset(void **state)
{
    gsp_span op = start_chat("m");
    const struct gsp__span_data *s;

    (void)state;
    end_failed(gsp_attempt_start(op, NULL), GSP_ERROR_RATE_LIMIT, "slow down");
    gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(spans(), 3);
    s = test_span(0);
    assert_int_equal(s->status, GSP__STATUS_UNSET);
    assert_int_equal(s->n_events, 0);
    assert_string_equal(test_value(s, "error.type"), "-");
    assert_string_equal(test_value(s, "genspan.outcome"), "completed");
    s = test_span(1);
    assert_int_equal(s->status, GSP__STATUS_ERROR);
    assert_string_equal(test_span_message(s), "slow down");
    assert_string_equal(test_value(s, "error.type"), "rate_limit");
    assert_string_equal(test_value(s, "genspan.outcome"), "failed");
    assert_string_equal(test_event_value(s, "exception", "exception.message"), "slow down");
    s = test_span(2);
    assert_int_equal(s->status, GSP__STATUS_UNSET);
    assert_int_equal(s->n_events, 0);
}

/* OP-5: with AUTO the operation fails as its last attempt did; how many there were, and why. */
static void op_5_a_failed_operation_names_attempts_and_cause(void **state)
{
    gsp_span op = start_chat("m");
    const struct gsp__span_data *s;

    (void)state;
    end_failed(gsp_attempt_start(op, NULL), GSP_ERROR_RATE_LIMIT, "slow down");
    end_failed(gsp_attempt_start(op, NULL), GSP_ERROR_OVERLOADED, "busy");
    end_failed(gsp_attempt_start(op, NULL), GSP_ERROR_TIMEOUT, "no byte for 30 s");
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(spans(), 4);
    s = test_span(0);
    assert_int_equal(s->status, GSP__STATUS_ERROR);
    assert_string_equal(test_value(s, "error.type"), "timeout");
    assert_string_equal(test_value(s, "genspan.outcome"), "failed");
    assert_string_equal(test_span_message(s),
                        "chat failed after 3 attempts (caused by timeout: no byte for 30 s)");
    assert_int_equal(test_count_events(s, "exception"), 1);
    assert_string_equal(test_event_value(s, "exception", "exception.type"), "timeout");
    assert_string_equal(test_event_value(s, "exception", "exception.message"), test_span_message(s));
    for (uint32_t i = 1; i < 4; i++)
        assert_int_equal(test_count_events(test_span(i), "exception"), 1);
}

/* OP-5: what the caller says of the failure comes first, its innermost cause in brackets. */
static void op_5_the_callers_own_words(void **state)
{
    gsp_failure outer = GSP_FAILURE_INIT, middle = GSP_FAILURE_INIT, root = GSP_FAILURE_INIT;
    gsp_span op = start_chat("m");

    (void)state;
    root.type = GSP_ERROR_CONNECTION;
    root.message = "connection refused";
    middle.message = "in between";
    middle.cause = &root;
    outer.type = GSP_ERROR_SERVER_ERROR;
    outer.message = "all targets failed";
    outer.cause = &middle;
    end_failed(gsp_attempt_start(op, NULL), GSP_ERROR_TIMEOUT, "late");
    gsp_span_end(op, GSP_OUTCOME_FAILED, &outer, 0);
    op = start_chat("m");
    end_failed(op, GSP_ERROR_INVALID_REQUEST, "no messages"); /* before any request was made */
    assert_int_equal(spans(), 3);
    assert_string_equal(test_span_message(test_span(0)),
                        "all targets failed after 1 attempt (caused by connection: connection refused)");
    assert_string_equal(test_value(test_span(0), "error.type"), "server_error");
    assert_string_equal(test_span_message(test_span(2)), "no messages");
    assert_string_equal(test_value(test_span(2), "error.type"), "invalid_request");
}

/* OP-2: an operation that ends takes an attempt that was left open with it, and ends as it does. */
static void an_open_attempt_ends_with_its_operation(void **state)
{
    gsp_span op = start_chat("m"), late;

    (void)state;
    late = gsp_attempt_start(op, NULL);
    test_time.now_ns += 5;
    end_failed(op, GSP_ERROR_TIMEOUT, "deadline");
    op = start_chat("m");
    gsp_attempt_start(op, NULL);
    gsp_span_end(op, GSP_OUTCOME_CANCELLED, NULL, 0);
    assert_int_equal(spans(), 4);
    assert_string_equal(test_value(test_span(1), "genspan.outcome"), "failed");
    assert_string_equal(test_value(test_span(1), "error.type"), "timeout");
    assert_int_equal(test_span_ns(test_span(1)), 5);
    assert_string_equal(test_span_message(test_span(0)),
                        "deadline after 1 attempt (caused by timeout: deadline)");
    assert_string_equal(test_value(test_span(2), "genspan.outcome"), "cancelled");
    assert_string_equal(test_value(test_span(3), "genspan.outcome"), "cancelled");
    gsp_span_end(late, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 1);
}

static void only_an_open_operation_has_attempts(void **state)
{
    gsp_span span = gsp_span_start(rec, "generic", NULL), op = start_chat("m"), at;

    (void)state;
    assert_int_equal(gsp_attempt_start(span, NULL).id, 0);
    at = gsp_attempt_start(op, NULL);
    assert_int_equal(gsp_attempt_start(at, NULL).id, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 0);
    assert_int_equal(gsp_attempt_start(op, NULL).id, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 1); /* one call, counted once */
    assert_int_equal(test_count_records(gsp_recorder_path(rec)), 3);
}

static void options_become_facts(void **state)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_attempt_options ao = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_span op;

    (void)state;
    o.provider = "openai";
    o.model = "gpt-4o";
    o.now_ns = test_time.now_ns + 10;
    ao.provider = "azure.ai.openai";
    ao.model = "my-deployment";
    ao.target_name = "backup";
    ao.server_address = "example.openai.azure.com";
    ao.server_port = 443;
    ao.now_ns = test_time.now_ns + 20;
    op = gsp_operation_start(rec, "chat", &o);
    gsp_span_end(gsp_attempt_start(op, &ao), GSP_OUTCOME_COMPLETED, NULL, test_time.now_ns + 21);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, test_time.now_ns + 30);
    assert_string_equal(
        test_dump_record(gsp_recorder_path(rec), 0),
        "operation: operation=\"chat\" provider=\"openai\" request_model=\"gpt-4o\" | auto 20");
    assert_string_equal(test_dump_record(gsp_recorder_path(rec), 1),
                        "attempt: provider=\"azure.ai.openai\" request_model=\"my-deployment\" "
                        "target_name=\"backup\" server_address=\"example.openai.azure.com\" server_port=443 "
                        "| completed 1");
}

/* What makes no sense in a call must not cost the record: a reader would take it for torn. */
static void outcomes_and_kinds_of_no_meaning_lose_nothing(void **state)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_span_options so = GSP_SPAN_OPTIONS_INIT;
    gsp_span s;

    (void)state;
    s = gsp_span_start(rec, "x", NULL);
    gsp_span_set_int(s, GSP_FACT_SEED, 1);
    gsp_span_end(s, (gsp_outcome)77, NULL, 0);
    /* design.md: found by recovery, never given by a caller */
    gsp_span_end(gsp_span_start(rec, "y", NULL), GSP_OUTCOME_CRASHED, NULL, 0);
    end_failed(gsp_span_start(rec, "z", NULL), GSP_ERROR_OTHER, NULL);
    gsp_span_end(gsp_operation_start(rec, "chat", NULL), (gsp_outcome)-1, NULL, 0);
    o.kind = 300;
    so.kind = 6;
    gsp_span_end(gsp_operation_start(rec, "chat", &o), GSP_OUTCOME_AUTO, NULL, 0);
    gsp_span_end(gsp_span_start(rec, "x", &so), GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(spans(), 6);
    assert_string_equal(test_value(test_span(0), "gen_ai.request.seed"), "1");
    assert_string_equal(test_value(test_span(0), "genspan.outcome"), "-"); /* completed, on a generic span */
    assert_string_equal(test_value(test_span(1), "genspan.outcome"), "-");
    assert_string_equal(test_value(test_span(2), "genspan.outcome"), "failed");
    assert_string_equal(test_value(test_span(3), "genspan.outcome"), "completed");
    assert_int_equal(test_span(4)->kind, GSP_SPAN_CLIENT);
    assert_int_equal(test_span(5)->kind, GSP_SPAN_INTERNAL);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_TYPE), 3); /* the outcomes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(op_1_retries_and_waits_are_inside, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_1_any_operation_has_a_name_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_2_a_lone_attempt_has_a_span, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_3_numbers_and_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_3_numbers_are_per_operation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_4_a_retry_that_succeeds_leaves_the_status_unset, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(op_5_a_failed_operation_names_attempts_and_cause, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_5_the_callers_own_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_open_attempt_ends_with_its_operation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_an_open_operation_has_attempts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(options_become_facts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(outcomes_and_kinds_of_no_meaning_lose_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
