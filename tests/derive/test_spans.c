/* Calls to spans in dialect otel: names, kinds, parents, keys, status, events, links, what was dropped. */
#include "derive/derived.h"
#include "support/dump.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

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

static gsp_span start(const char *operation, const char *model)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    o.model = model;
    return gsp_operation_start(rec, operation, &o);
}

/* Derive what is in the ring now. Span n of call 0. */
static void derive(unsigned flags)
{
    if (derived.reader)
        test_derived_free(&derived);
    test_derive(&derived, gsp_recorder_path(rec), flags);
}

static const struct gsp__span_data *span_of(int call, unsigned n)
{
    assert_true(call < derived.n_calls);
    assert_true(n < derived.calls[call].n_spans);
    return &derived.calls[call].spans[n];
}

static const char *attribute(unsigned n, const char *key)
{
    return test_attribute(&span_of(0, n)->attributes, key);
}

static gsp_failure failure_of(const char *type, const char *message)
{
    gsp_failure f = GSP_FAILURE_INIT;

    f.type = type;
    f.message = message;
    return f;
}

/* OP-2, OP-3, OP-4: one refused attempt, a wait, one that serves; every attribute there is. */
static void a_call_that_is_retried(void **state)
{
    gsp_failure refused = failure_of(NULL, "slow down");
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_span op = start("chat", "m1"), attempt;

    (void)state;
    refused.http_status = 429;
    o.provider = "openai";
    o.model = "m1-sent";
    o.server_address = "api.example.com";
    o.server_port = 443;
    o.target_name = "main";
    attempt = gsp_attempt_start(op, &o);
    test_time.now_ns += 100;
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 0, "req_1");
    gsp_span_end(attempt, GSP_OUTCOME_AUTO, &refused, 0);
    gsp_event_retry(op, 1, "rate_limit", 1500, 429, 0);
    test_time.now_ns += 1500000000;
    attempt = gsp_attempt_start(op, &o);
    gsp_span_set_int(attempt, GSP_FACT_HTTP_STATUS, 200);
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 0, "req_2");
    gsp_span_set_string(attempt, GSP_FACT_RESPONSE_MODEL, "m1-0613");
    gsp_span_set_string(attempt, GSP_FACT_RESPONSE_ID, "chatcmpl-1");
    gsp_span_add_string(attempt, GSP_FACT_FINISH_REASON, 0, "stop");
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 10);
    gsp_span_set_usage(attempt, GSP_USAGE_OUTPUT_TOKENS, 0);
    test_time.now_ns += 50;
    gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive(0);
    assert_int_equal(derived.calls[0].n_spans, 3);
    assert_string_equal(
        test_span(span_of(0, 0)),
        "chat m1-sent | client 1500000150 | unset | gen_ai.operation.name=\"chat\" "
        "gen_ai.provider.name=\"openai\" gen_ai.request.model=\"m1-sent\" "
        "server.address=\"api.example.com\" server.port=443 gen_ai.response.model=\"m1-0613\" "
        "gen_ai.response.id=\"chatcmpl-1\" gen_ai.response.finish_reasons=[\"stop\"] "
        "genspan.provider.request_ids=[\"req_1\",\"req_2\"] genspan.outcome=\"completed\" "
        "gen_ai.usage.input_tokens=10 gen_ai.usage.output_tokens=0 genspan.usage.source=\"reported\" "
        "genspan.operation.attempts=2 genspan.operation.wait=1.5 | gen_ai.retry @100 {retry.attempt=1 "
        "retry.reason=\"rate_limit\" retry.delay_ms=1500 http.response.status_code=429}");
    assert_string_equal(test_span(span_of(0, 1)),
                        "chat attempt | client 100 | ERROR(slow down) | genspan.attempt.provider=\"openai\" "
                        "genspan.attempt.model=\"m1-sent\" genspan.target.name=\"main\" "
                        "server.address=\"api.example.com\" server.port=443 "
                        "genspan.provider.request_ids=[\"req_1\"] http.response.status_code=429 "
                        "genspan.outcome=\"failed\" error.type=\"rate_limit\" genspan.attempt.number=0 "
                        "genspan.attempt.kind=\"initial\" genspan.target.index=0 | exception @100 "
                        "{exception.type=\"rate_limit\" exception.message=\"slow down\"}");
    assert_string_equal(
        test_span(span_of(0, 2)),
        "chat attempt | client 50 | unset | genspan.attempt.provider=\"openai\" "
        "genspan.attempt.model=\"m1-sent\" genspan.target.name=\"main\" "
        "server.address=\"api.example.com\" server.port=443 http.response.status_code=200 "
        "genspan.provider.request_ids=[\"req_2\"] genspan.attempt.response_model=\"m1-0613\" "
        "genspan.outcome=\"completed\" genspan.attempt.number=1 genspan.attempt.kind=\"retry\" "
        "genspan.target.index=0");
}

static void ids_parents_and_times_are_those_of_the_records(void **state)
{
    gsp_context remote = {.trace_id = {1, 2}, .span_id = {3}, .trace_flags = 1, .is_remote = 1};
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_context own, attempts;
    gsp_span op, attempt;

    (void)state;
    o.parent = &remote;
    op = gsp_operation_start(rec, "chat", &o);
    own = gsp_span_context(op);
    test_time.now_ns += 7;
    attempt = gsp_attempt_start(op, NULL);
    attempts = gsp_span_context(attempt);
    gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    gsp_span_end(gsp_span_start(rec, "root", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    derive(0);
    assert_memory_equal(span_of(0, 0)->trace_id, remote.trace_id, 16);
    assert_memory_equal(span_of(0, 0)->span_id, own.span_id, 8);
    assert_true(span_of(0, 0)->has_parent);
    assert_memory_equal(span_of(0, 0)->parent_span_id, remote.span_id, 8);
    assert_int_equal(span_of(0, 0)->flags,
                     GSP__SPAN_FLAG_HAS_REMOTE | GSP__SPAN_FLAG_IS_REMOTE | own.trace_flags);
    assert_true(span_of(0, 0)->start_unix_ns == UINT64_C(1700000000000000000));
    assert_true(span_of(0, 0)->end_unix_ns == UINT64_C(1700000000000000007));

    assert_memory_equal(span_of(0, 1)->trace_id, remote.trace_id, 16);
    assert_memory_equal(span_of(0, 1)->span_id, attempts.span_id, 8);
    assert_memory_equal(span_of(0, 1)->parent_span_id, own.span_id, 8);
    assert_int_equal(span_of(0, 1)->flags, GSP__SPAN_FLAG_HAS_REMOTE | own.trace_flags);
    assert_true(span_of(0, 1)->start_unix_ns == UINT64_C(1700000000000000007));

    assert_false(span_of(1, 0)->has_parent);
    assert_string_equal(test_span(span_of(1, 0)), "root | internal 0 | unset |");
}

/* A second export says the same, byte for byte: also of one call that is derived twice. */
static void two_derivations_are_the_same(void **state)
{
    gsp_failure timeout = failure_of("timeout", "no answer");
    static char first[3][2048];
    gsp_span op = start("chat", "m1");
    struct gsp__span_policy policy = {{{&gsp__dialect_otel}, 1}, true};
    struct gsp__span_data again[3];
    struct gsp__derived second;

    (void)state;
    for (int i = 0; i < 2; i++)
        gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_AUTO, &timeout, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive(0);
    for (unsigned i = 0; i < 3; i++)
        snprintf(first[i], sizeof first[i], "%s", test_span(span_of(0, i)));
    assert_true(gsp__spans_derive(&derived.calls[0].call, &policy, &derived.arena, &second));
    assert_int_equal(second.n_spans, 3);
    memcpy(again, second.spans, sizeof again);
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(test_span(&again[i]), first[i]);
        assert_memory_equal(again[i].span_id, span_of(0, i)->span_id, 8);
    }
    memcpy(again, derived.calls[0].spans, sizeof again); /* the ids, at least, outlive the arena */
    derive(0);
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(test_span(span_of(0, i)), first[i]);
        assert_memory_equal(again[i].span_id, span_of(0, i)->span_id, 8);
        assert_memory_equal(again[i].trace_id, span_of(0, i)->trace_id, 16);
        assert_memory_equal(again[i].parent_span_id, span_of(0, i)->parent_span_id, 8);
    }
}

/* OP-1, OP-2: {operation} {model}; without a model the operation alone. */
static void names_and_kinds(void **state)
{
    static const struct {
        const char *operation, *model;
        uint32_t kind;
        const char *expected;
    } rows[] = {
        {"chat", "gpt-4o", 0, "chat gpt-4o | client 0 |"},
        {"embeddings", "e-3", GSP_SPAN_INTERNAL, "embeddings e-3 | internal 0 |"},
        {"invoke_agent", NULL, GSP_SPAN_INTERNAL, "invoke_agent | internal 0 |"},
        {"my own", "", GSP_SPAN_SERVER, "my own | server 0 |"},
        {"chat", "m\xff", 0, "chat m\xef\xbf\xbd | client 0 |"}, /* what goes out is UTF-8 */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

        o.kind = rows[i].kind;
        o.model = rows[i].model;
        gsp_span_end(gsp_operation_start(rec, rows[i].operation, &o), GSP_OUTCOME_COMPLETED, NULL, 0);
    }
    derive(0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_memory_equal(test_span(span_of((int)i, 0)), rows[i].expected, strlen(rows[i].expected));
}

/* OP-2: GENSPAN_ATTEMPT_SPANS=multiple. */
static void a_lone_attempt_may_be_left_out(void **state)
{
    gsp_span op = start("chat", "m1");

    (void)state;
    gsp_span_add_string(gsp_attempt_start(op, NULL), GSP_FACT_REQUEST_ID, 0, "r1");
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    op = start("chat", "m2");
    gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    derive(TEST_LONE_LEFT_OUT);
    assert_int_equal(derived.calls[0].n_spans, 1);
    assert_string_equal(attribute(0, "genspan.operation.attempts"), "1");
    assert_string_equal(attribute(0, "genspan.provider.request_ids"), "[\"r1\"]");
    assert_int_equal(derived.calls[1].n_spans, 3);
    derive(0);
    assert_int_equal(derived.calls[0].n_spans, 2);
    assert_int_equal(derived.calls[1].n_spans, 3);
}

/* OP-3 */
static void every_kind_of_attempt_has_its_word(void **state)
{
    static const struct {
        uint32_t kind, target;
        const char *expected;
    } rows[] = {
        {GSP_ATTEMPT_AUTO, 0, "\"initial\""},
        {GSP_ATTEMPT_AUTO, 0, "\"retry\""},
        {GSP_ATTEMPT_AUTO, 2, "\"fallback\""},
        {GSP_ATTEMPT_PROBE, 1, "\"probe\""},
        {GSP_ATTEMPT_CLIENT_RETRY, 1, "\"client_retry\""},
    };
    gsp_span op = start("chat", "m");

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;

        o.kind = rows[i].kind;
        o.target_index = rows[i].target;
        gsp_span_end(gsp_attempt_start(op, &o), GSP_OUTCOME_COMPLETED, NULL, 0);
    }
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    derive(0);
    for (unsigned i = 0; i < 5; i++) {
        char number[8];

        assert_string_equal(attribute(i + 1, "genspan.attempt.kind"), rows[i].expected);
        snprintf(number, sizeof number, "%u", i);
        assert_string_equal(attribute(i + 1, "genspan.attempt.number"), number);
        snprintf(number, sizeof number, "%u", rows[i].target);
        assert_string_equal(attribute(i + 1, "genspan.target.index"), number);
    }
}

/* OP-5: the message names how many attempts were made and the root cause. */
static void a_failed_operation_says_why(void **state)
{
    gsp_failure root = failure_of("timeout", "no answer in 30 s"), outer = failure_of(NULL, "gave up");
    gsp_failure plain = failure_of("auth", NULL);
    gsp_span op = start("chat", "m");

    (void)state;
    outer.cause = &root;
    outer.exception = "RetryError";
    for (int i = 0; i < 3; i++)
        gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_AUTO, &root, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, &outer, 0); /* told by the caller */
    op = start("chat", "m");
    gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_AUTO, &root, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0); /* as its last attempt */
    gsp_span_end(start("chat", "m"), GSP_OUTCOME_AUTO, &plain, 0);
    gsp_span_end(start("chat", "m"), GSP_OUTCOME_FAILED, NULL, 0);
    derive(0);
    assert_string_equal(test_span(span_of(0, 0)),
                        "chat m | client 0 | ERROR(gave up after 3 attempts (caused by timeout: no answer in "
                        "30 s)) | gen_ai.operation.name=\"chat\" gen_ai.request.model=\"m\" "
                        "genspan.outcome=\"failed\" error.type=\"RetryError\" genspan.operation.attempts=3 "
                        "genspan.operation.wait=0.0 | exception @0 {exception.type=\"RetryError\" "
                        "exception.message=\"gave up after 3 attempts (caused by timeout: no answer in "
                        "30 s)\"}");
    assert_string_equal(test_span(span_of(1, 0)),
                        "chat m | client 0 | ERROR(chat failed after 1 attempt (caused by timeout: no answer "
                        "in 30 s)) | gen_ai.operation.name=\"chat\" gen_ai.request.model=\"m\" "
                        "genspan.outcome=\"failed\" error.type=\"timeout\" genspan.operation.attempts=1 "
                        "genspan.operation.wait=0.0 | exception @0 {exception.type=\"timeout\" "
                        "exception.message=\"chat failed after 1 attempt (caused by timeout: no answer in 30 "
                        "s)\"}");
    assert_memory_equal(test_span(span_of(2, 0)), "chat m | client 0 | ERROR(chat failed) |", 40);
    assert_string_equal(test_attribute(&span_of(3, 0)->attributes, "error.type"), "\"_OTHER\"");
    for (int i = 0; i < 4; i++) /* exactly one exception event */
        assert_int_equal(span_of(i, 0)->n_events, 1);
}

/* OP-7: the text is cut at 1 KiB, in whole characters, also where all its parts are long. */
static void a_long_status_text_is_cut(void **state)
{
    static char text[4096];
    gsp_failure root = failure_of("timeout", text), outer = failure_of("connection", text);
    gsp_span op = start("chat", "m");

    (void)state;
    for (size_t i = 0; i + 3 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    outer.cause = &root;
    gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_AUTO, &root, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, &outer, 0);
    derive(0);
    for (unsigned i = 0; i < 2; i++) {
        struct gsp__string s = span_of(0, i)->status_message;

        assert_true(s.n > 500 && s.n <= 1024);
        assert_int_equal(gsp__utf8_valid_prefix(s.bytes, s.n), s.n);
        assert_null(memmem(s.bytes, s.n, "\xef\xbf\xbd", 3));
    }
    assert_non_null(memmem(span_of(0, 0)->status_message.bytes, span_of(0, 0)->status_message.n,
                           " after 1 attempt (caused by timeout: ", 37));
}

/* ID-1, ID-3: the ids of all attempts in order, each once; an attempt has only its own. */
static void request_ids_of_all_attempts_in_order(void **state)
{
    static const char *const more[] = {"b", "", "c"};
    gsp_attribute list = {
        .fact = GSP_FACT_REQUEST_ID, .type = GSP_TYPE_STRINGS, .value = {.strings = more}, .n_strings = 3};
    gsp_span op = start("chat", "m"), attempt = gsp_attempt_start(op, NULL);

    (void)state;
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 0, "a");
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 0, "b");
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 0, "a");
    gsp_span_end(attempt, GSP_OUTCOME_FAILED, NULL, 0);
    attempt = gsp_attempt_start(op, NULL);
    gsp_span_set_attribute(attempt, &list);
    gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    derive(0);
    assert_string_equal(attribute(0, "genspan.provider.request_ids"), "[\"a\",\"b\",\"c\"]");
    assert_string_equal(attribute(1, "genspan.provider.request_ids"), "[\"a\",\"b\"]");
    assert_string_equal(attribute(2, "genspan.provider.request_ids"), "[\"b\",\"c\"]");
    assert_null(attribute(3, "genspan.provider.request_ids"));
}

/* One per choice, in order; `error` where a reason was expected and did not come. Never deduplicated. */
static void finish_reasons_are_by_choice(void **state)
{
    static const char *const words[] = {"stop", "stop"};
    gsp_attribute list = {.fact = GSP_FACT_FINISH_REASON,
                          .type = GSP_TYPE_STRINGS,
                          .value = {.strings = words},
                          .n_strings = 2};
    gsp_span op = start("chat", "m");

    (void)state;
    gsp_span_add_string(op, GSP_FACT_FINISH_REASON, 2, "stop");
    gsp_span_add_string(op, GSP_FACT_FINISH_REASON, 0, "stop");
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    op = start("chat", "m");
    gsp_span_add_string(op, GSP_FACT_FINISH_REASON, 0, "length");
    gsp_span_add_string(op, GSP_FACT_FINISH_REASON, 0, "tool_calls"); /* the last word stands */
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    op = start("chat", "m");
    gsp_span_set_attribute(op, &list); /* all at once */
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    derive(0);
    assert_string_equal(test_attribute(&span_of(0, 0)->attributes, "gen_ai.response.finish_reasons"),
                        "[\"stop\",\"error\",\"stop\"]");
    assert_string_equal(test_attribute(&span_of(1, 0)->attributes, "gen_ai.response.finish_reasons"),
                        "[\"tool_calls\"]");
    assert_string_equal(test_attribute(&span_of(2, 0)->attributes, "gen_ai.response.finish_reasons"),
                        "[\"stop\",\"stop\"]");
}

/* OP-6: provider and model are those of the attempt that served; the rest the operation knows better. */
static void the_operation_speaks_as_the_attempt_that_served(void **state)
{
    gsp_attempt_options a = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_span op, attempt;

    (void)state;
    o.model = "asked";
    o.provider = "router";
    op = gsp_operation_start(rec, "chat", &o);
    gsp_span_set_double(op, GSP_FACT_TEMPERATURE, 0.5);
    a.provider = "first";
    a.model = "m-first";
    attempt = gsp_attempt_start(op, &a);
    gsp_span_set_string(attempt, GSP_FACT_RESPONSE_ID, "id-first");
    gsp_span_set_int(attempt, GSP_FACT_SEED, 1);
    gsp_span_end(attempt, GSP_OUTCOME_FAILED, NULL, 0);
    a.provider = "second";
    a.model = "m-second";
    a.target_index = 1;
    attempt = gsp_attempt_start(op, &a);
    gsp_span_set_double(attempt, GSP_FACT_TEMPERATURE, 0.7);
    gsp_span_set_int(attempt, GSP_FACT_MAX_TOKENS, 9);
    gsp_span_set_string(attempt, GSP_FACT_RESPONSE_MODEL, "m-second-0101");
    gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive(0);
    assert_memory_equal(test_span(span_of(0, 0)), "chat m-second |", 15);
    assert_string_equal(attribute(0, "gen_ai.provider.name"), "\"second\"");
    assert_string_equal(attribute(0, "gen_ai.request.model"), "\"m-second\"");
    assert_string_equal(attribute(0, "gen_ai.response.model"), "\"m-second-0101\"");
    assert_string_equal(attribute(0, "gen_ai.request.temperature"), "0.5");
    assert_string_equal(attribute(0, "gen_ai.request.max_tokens"), "9");
    assert_null(attribute(0, "gen_ai.request.seed"));
    assert_null(attribute(0, "gen_ai.response.id"));
    assert_string_equal(attribute(1, "genspan.attempt.model"), "\"m-first\"");
    assert_null(attribute(1, "gen_ai.request.model")); /* US-6 */
    assert_null(attribute(2, "gen_ai.request.model"));
    assert_string_equal(attribute(2, "genspan.attempt.response_model"), "\"m-second-0101\"");
}

static void an_operation_that_nobody_served_keeps_its_own_names(void **state)
{
    gsp_attempt_options a = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_span op = start("chat", "asked");

    (void)state;
    a.model = "sent";
    a.provider = "p";
    gsp_span_end(gsp_attempt_start(op, &a), GSP_OUTCOME_FAILED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive(0);
    assert_memory_equal(test_span(span_of(0, 0)), "chat asked |", 12);
    assert_string_equal(attribute(0, "gen_ai.request.model"), "\"asked\"");
    assert_string_equal(attribute(0, "gen_ai.provider.name"), "\"p\""); /* better than nothing */
}

/* "Events": keys, order, and a numeric 0 stays. */
static void the_five_lifecycle_events(void **state)
{
    static const char *const reasons[] = {"stop", "length"};
    gsp_span op = start("chat", "m");

    (void)state;
    gsp_event_prompt_sent(op, "m", 0, 3, 0);
    test_time.now_ns += 5;
    gsp_event_first_token(op, 0, 0);
    gsp_event_retry(op, 1, "timeout", 0, 0, 0);
    gsp_event_tool_call(op, "get_weather", "call_1", "{\"secret\":1}", 0);
    gsp_event_response_received(op, "m-0613", 10, 0, 10, reasons, 2, 0);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    derive(0);
    assert_string_equal(
        strchr(test_span(span_of(0, 0)), '}') - strlen("gen_ai.prompt.sent @0 {gen_ai.request.model=\"m\" "
                                                       "gen_ai.usage.input_tokens=0 "
                                                       "gen_ai.request.message_count=3 "
                                                       "gen_ai.operation.name=\"chat\""),
        "gen_ai.prompt.sent @0 {gen_ai.request.model=\"m\" gen_ai.usage.input_tokens=0 "
        "gen_ai.request.message_count=3 gen_ai.operation.name=\"chat\"} | "
        "gen_ai.stream.first_token @5 {gen_ai.stream.tokens_so_far=0} | "
        "gen_ai.retry @5 {retry.attempt=1 retry.reason=\"timeout\" retry.delay_ms=0} | "
        "gen_ai.tool.call @5 {gen_ai.tool.name=\"get_weather\" gen_ai.tool.call.id=\"call_1\"} | "
        "gen_ai.response.received @5 {gen_ai.response.model=\"m-0613\" gen_ai.usage.input_tokens=10 "
        "gen_ai.usage.output_tokens=0 gen_ai.usage.total_tokens=10 "
        "gen_ai.response.finish_reasons=\"stop,length\"}");
}

/* CO-1: what is off is never recorded, not merely not exported. */
static void tool_arguments_only_where_content_is_captured(void **state)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_error err;
    gsp_span op = start("chat", "m");
    size_t n;
    char *ring;

    (void)state;
    gsp_event_tool_call(op, "t", NULL, "{\"the-secret\":1}", 0);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    ring = test_read_file(gsp_recorder_path(rec), &n);
    assert_null(memmem(ring, n, "the-secret", 10));
    free(ring);

    gsp_recorder_close(rec);
    o.directory = test_directory();
    o.ring_bytes = 256 << 10;
    o.capture = "SPAN_ONLY";
    o.clock = &test_time.clock;
    assert_int_equal(gsp_recorder_open(&o, &rec, &err), GSP_OK);
    op = start("chat", "m");
    gsp_event_tool_call(op, "t", NULL, "{\"the-secret\":1}", 0);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    derive(0);
    assert_string_equal(test_attribute(&span_of(0, 0)->events[0].attributes, "gen_ai.tool.arguments"),
                        "\"{\"the-secret\":1}\"");
}

static void links_and_what_was_dropped(void **state)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_context to = {.trace_id = {0xaa}, .span_id = {[7] = 0xbb}, .trace_flags = 1, .is_remote = 1};
    gsp_attribute pair[2] = {{.key = "a", .type = GSP_TYPE_INT, .value = {.i = 1}},
                             {.key = "b", .type = GSP_TYPE_INT, .value = {.i = 2}}};
    gsp_error err;
    gsp_span s;

    (void)state;
    gsp_recorder_close(rec);
    o.directory = test_directory();
    o.ring_bytes = 256 << 10;
    o.clock = &test_time.clock;
    o.n_attributes_max = 1; /* the name is no attribute */
    o.n_events_max = 2;
    o.n_links_max = 1;
    o.n_event_attributes_max = o.n_link_attributes_max = 1;
    assert_int_equal(gsp_recorder_open(&o, &rec, &err), GSP_OK);
    s = gsp_span_start(rec, "work", NULL);
    for (int i = 0; i < 3; i++) {
        gsp_span_add_link(s, &to, pair, 2);
        gsp_span_add_event(s, "e", pair, 2, 0);
    }
    gsp_span_set_attribute(s, &pair[0]);
    gsp_span_set_attribute(s, &pair[1]);
    gsp_span_end(s, GSP_OUTCOME_FAILED, NULL, 0);
    derive(0);
    /* the exception of OP-4 is not subject to the limit */
    assert_string_equal(test_span(span_of(0, 0)),
                        "work | internal 0 | ERROR(_OTHER) | a=1 genspan.outcome=\"failed\" "
                        "error.type=\"_OTHER\" -1 | e @0 {a=1 -1} | e @0 {a=1 -1} | exception @0 "
                        "{exception.type=\"_OTHER\"} | -1 events | link aa..bb 301 {a=1 -1} | -2 links");
}

/* OTLP: keys are unique. Where a custom attribute has the name of a fact's key, the fact stands. */
static void a_key_is_there_once(void **state)
{
    static const char *const keys[] = {"gen_ai.request.model", "gen_ai.usage.input_tokens", "genspan.outcome",
                                       "mine"};
    gsp_span op = start("chat", "m"), attempt = gsp_attempt_start(op, NULL);
    gsp_attribute a = {.type = GSP_TYPE_STRING, .value = {.s = "custom"}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        a.key = keys[i];
        gsp_span_set_attribute(op, &a);
        gsp_span_set_attribute(attempt, &a);
    }
    a.value.s = "later";
    gsp_span_set_attribute(op, &a);
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 5);
    gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    derive(0);
    assert_string_equal(attribute(0, "gen_ai.request.model"), "\"m\"");
    assert_string_equal(attribute(0, "gen_ai.usage.input_tokens"), "5");
    assert_string_equal(attribute(0, "genspan.outcome"), "\"completed\"");
    assert_string_equal(attribute(0, "mine"), "\"later\"");
    assert_string_equal(attribute(1, "genspan.outcome"), "\"completed\"");
}

static void generic_spans_say_only_what_they_were_told(void **state)
{
    gsp_span s = gsp_span_start(rec, "execute_tool t", NULL);

    (void)state;
    gsp_span_set_string(s, GSP_FACT_TOOL_NAME, "t");
    gsp_span_set_usage(s, GSP_USAGE_INPUT_TOKENS, 5); /* US-6: not billable */
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(gsp_span_start(rec, "x", NULL), GSP_OUTCOME_CANCELLED, NULL, 0);
    derive(0);
    assert_string_equal(test_span(span_of(0, 0)),
                        "execute_tool t | internal 0 | unset | gen_ai.tool.name=\"t\"");
    assert_string_equal(test_span(span_of(1, 0)), "x | internal 0 | unset | genspan.outcome=\"cancelled\"");
}

static void the_resource_is_that_of_the_ring(void **state)
{
    struct gsp__resource resource;

    (void)state;
    derive(0);
    assert_true(gsp__resource_derive(derived.reader, &derived.arena, &resource));
    assert_string_equal(test_attribute(&resource.attributes, "service.name"), "\"test\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_that_is_retried, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_parents_and_times_are_those_of_the_records, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_derivations_are_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_and_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lone_attempt_may_be_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_kind_of_attempt_has_its_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_operation_says_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_status_text_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(request_ids_of_all_attempts_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finish_reasons_are_by_choice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_operation_speaks_as_the_attempt_that_served, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_operation_that_nobody_served_keeps_its_own_names, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_five_lifecycle_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tool_arguments_only_where_content_is_captured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_and_what_was_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_is_there_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(generic_spans_say_only_what_they_were_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_resource_is_that_of_the_ring, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
