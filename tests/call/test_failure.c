/* What went wrong, as callers tell it: OP-5 (causes), OP-7 (classes, the text's length), OP-4 (one event). */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

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

static const struct gsp__span_data *end_with(const gsp_failure *failure)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);

    gsp_span_end(op, GSP_OUTCOME_AUTO, failure, 0);
    return test_span(test_spans_of(gsp_recorder_path(rec), false) - 1);
}

/* OP-7: a class where one fits, else the provider's code, the HTTP status, the exception's name, _OTHER. */
static void op_7_the_order_of_what_names_a_failure(void **state)
{
    static const struct {
        gsp_failure failure;
        const char *type;
    } rows[] = {
        {{.type = "rate_limit", .http_status = 503, .provider_code = "x", .exception = "E"}, "rate_limit"},
        {{.type = "my_own_class"}, "my_own_class"},
        {{.provider_code = "context_length_exceeded", .http_status = 400}, "context_length"},
        {{.provider_code = "model_overheated", .http_status = 529}, "overloaded"},
        {{.provider_code = "model_overheated", .http_status = 418, .exception = "E"}, "model_overheated"},
        {{.http_status = 418, .exception = "TeapotError"}, "418"},
        {{.http_status = 200, .exception = "DecodeError"}, "DecodeError"}, /* 200 is no error */
        {{.exception = "TeapotError"}, "TeapotError"},
        {{.message = "something"}, "_OTHER"},
        {{.type = "", .provider_code = "", .exception = ""}, "_OTHER"},
        {{.http_status = -5}, "_OTHER"},
        {{.http_status = 100000}, "_OTHER"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_failure failure = rows[i].failure;
        const struct gsp__span_data *s;

        failure.struct_size = sizeof failure;
        s = end_with(&failure);
        assert_string_equal(test_value(s, "error.type"), rows[i].type);
        assert_int_equal(s->status, GSP__STATUS_ERROR);
        /* OP-4: exactly one exception event */
        assert_int_equal(test_count_events(s, "exception"), 1);
        assert_string_equal(test_event_value(s, "exception", "exception.type"),
                            failure.exception && *failure.exception ? failure.exception : rows[i].type);
    }
}

/* OP-7: the text goes to the exception event and the status, cut at 1 KiB, between two characters. */
static void op_7_the_message_is_cut_at_1_kib(void **state)
{
    static char message[3000];
    gsp_failure failure = GSP_FAILURE_INIT;
    const struct gsp__span_data *s;
    gsp_span span = gsp_span_start(rec, "x", NULL);

    (void)state;
    memset(message, 'm', sizeof message - 1);
    memcpy(message + 1023, "\xe2\x82\xac", 3);
    failure.type = GSP_ERROR_TIMEOUT;
    failure.message = message;
    gsp_span_end(span, GSP_OUTCOME_AUTO, &failure, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    s = test_span(0);
    assert_int_equal(s->status_message.n, 1023);
    assert_memory_equal(s->status_message.bytes, message, 1023);
    assert_string_equal(test_event_value(s, "exception", "exception.message"), test_span_message(s));
    s = end_with(&failure);
    assert_in_range(s->status_message.n, 500, 1024); /* an operation's says more than that */
}

/* OP-7: a message that is no UTF-8 does not break the export. */
static void op_7_a_message_of_any_bytes(void **state)
{
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_span span = gsp_span_start(rec, "x", NULL);

    (void)state;
    failure.message = "bad \xff\xc3 bytes";
    failure.type = "bad\xff";
    gsp_span_end(span, GSP_OUTCOME_AUTO, &failure, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    assert_null(strchr(test_span_message(test_span(0)), '\xff'));
    assert_null(strchr(test_value(test_span(0), "error.type"), '\xff'));
    assert_non_null(strstr(test_span_message(test_span(0)), " bytes"));
}

/* OP-7: a class too long for its place is cut, never lost. */
static void op_7_a_long_class_is_cut(void **state)
{
    gsp_failure failure = GSP_FAILURE_INIT;
    const struct gsp__span_data *s;

    (void)state;
    failure.provider_code = "a_code_of_a_provider_that_is_far_too_long_to_be_of_low_cardinality";
    s = end_with(&failure);
    assert_string_equal(test_value(s, "error.type"), "a_code_of_a_provider_that_is_far");
}

static void chain(gsp_failure *links, int n, const char *const *messages)
{
    for (int i = 0; i < n; i++) {
        links[i] = (gsp_failure)GSP_FAILURE_INIT;
        links[i].type = messages ? messages[i] : "link";
        links[i].cause = i + 1 < n ? &links[i + 1] : NULL;
    }
}

static const char *cause_of(const gsp_failure *failure)
{
    const char *message = test_span_message(end_with(failure));
    const char *cause = strstr(message, "(caused by ");

    return cause ? cause : "none";
}

/* OP-5: the root cause is the innermost; a chain is cut at 10 links. */
static void op_5_cause_chains_are_cut_at_10(void **state)
{
    static const char *const names[] = {"l0", "l1", "l2", "l3",  "l4",  "l5", "l6",
                                        "l7", "l8", "l9", "l10", "l11", "l12"};
    gsp_failure links[13];

    (void)state;
    chain(links, 1, names);
    assert_string_equal(cause_of(&links[0]), "none");
    chain(links, 2, names);
    assert_string_equal(cause_of(&links[0]), "(caused by l1)");
    chain(links, 11, names);
    assert_string_equal(cause_of(&links[0]), "(caused by l10)");
    chain(links, 13, names);
    assert_string_equal(cause_of(&links[0]), "(caused by l10)");
}

/* OP-5: safe against cycles of any length, at the start and further in. */
static void op_5_causes_in_a_circle_end(void **state)
{
    gsp_failure links[12];

    (void)state;
    for (int n = 1; n <= 12; n++)
        for (int back = 0; back < n; back++) {
            const struct gsp__span_data *s;

            set_up(NULL);
            chain(links, n, NULL);
            links[n - 1].cause = &links[back];
            s = end_with(&links[0]);
            assert_string_equal(test_value(s, "error.type"), "link");
            assert_int_equal(test_count_events(s, "exception"), 1);
            tear_down(NULL);
        }
}

/* OP-5: of causes in a circle the root is the last that was not seen before. */
static void op_5_the_root_of_a_circle(void **state)
{
    static const char *const names[] = {"l0", "l1", "l2", "l3"};
    gsp_failure links[4];

    (void)state;
    chain(links, 4, names);
    links[3].cause = &links[1];
    assert_string_equal(cause_of(&links[0]), "(caused by l3)");
    links[3].cause = &links[0];
    assert_string_equal(cause_of(&links[0]), "(caused by l3)");
    links[1].cause = &links[1];
    assert_string_equal(cause_of(&links[0]), "(caused by l1)");
}

/* OP-5: the cause's class is chosen like any other. */
static void op_5_the_cause_has_a_class_too(void **state)
{
    gsp_failure links[2];

    (void)state;
    chain(links, 2, NULL);
    links[1].type = NULL;
    links[1].http_status = 429;
    links[1].message = "slow down";
    assert_string_equal(cause_of(&links[0]), "(caused by rate_limit: slow down)");
    links[1].http_status = 0;
    links[1].exception = "OSError";
    assert_string_equal(cause_of(&links[0]), "(caused by OSError: slow down)");
}

/* With another outcome than failed a failure is no error, but what it knows is kept. */
static void a_cancelled_call_is_no_error(void **state)
{
    static const gsp_outcome outcomes[] = {GSP_OUTCOME_COMPLETED, GSP_OUTCOME_CANCELLED,
                                           GSP_OUTCOME_ABANDONED};
    static const char *const names[] = {"completed", "cancelled", "abandoned"};
    gsp_failure failure = GSP_FAILURE_INIT;

    (void)state;
    failure.http_status = 499;
    failure.message = "closed";
    for (uint32_t i = 0; i < 3; i++) {
        gsp_span_end(gsp_operation_start(rec, "chat", NULL), outcomes[i], &failure, 0);
        assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), i + 1);
        assert_int_equal(test_span(i)->status, GSP__STATUS_UNSET);
        assert_int_equal(test_span(i)->n_events, 0);
        assert_string_equal(test_value(test_span(i), "error.type"), "-");
        assert_string_equal(test_value(test_span(i), "genspan.outcome"), names[i]);
        assert_string_equal(test_value(test_span(i), "http.response.status_code"), "499");
    }
}

static void failed_without_a_failure(void **state)
{
    (void)state;
    gsp_span_end(gsp_span_start(rec, "x", NULL), GSP_OUTCOME_FAILED, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    assert_string_equal(test_value(test_span(0), "error.type"), "_OTHER");
    assert_int_equal(test_span(0)->status, GSP__STATUS_ERROR);
    assert_int_equal(test_count_events(test_span(0), "exception"), 1);
}

/* OP-4: what the caller's own code adds is kept beside the one that genspan makes. */
static void the_status_and_code_are_facts(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);
    gsp_failure failure = GSP_FAILURE_INIT;

    (void)state;
    failure.http_status = 429;
    failure.provider_code = "insufficient_quota";
    gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_AUTO, &failure, 0);
    assert_string_equal(test_dump_record(gsp_recorder_path(rec), 1),
                        "attempt: http_status=429 provider_error_code=\"insufficient_quota\" "
                        "| failed 0 error(rate_limit: )");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(op_7_the_order_of_what_names_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_7_the_message_is_cut_at_1_kib, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_7_a_message_of_any_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_7_a_long_class_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_5_cause_chains_are_cut_at_10, set_up, tear_down),
        cmocka_unit_test(op_5_causes_in_a_circle_end),
        cmocka_unit_test_setup_teardown(op_5_the_root_of_a_circle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_5_the_cause_has_a_class_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_call_is_no_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed_without_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_status_and_code_are_facts, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
