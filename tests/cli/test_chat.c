/* genspan chat: what it sends, what it prints, when it tries again, and how it fails. */
#include "cli/spans_file.h"
#include "support/backend.h"
#include "support/run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])
#define ANSWER      "The flight recorder keeps what really happened: who answered, when, and at what cost.\n"
#define STREAM_TYPE "text/event-stream"
#define HELLO                                                                                                \
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,"   \
    "\"delta\":{\"content\":\"Hello\"},\"finish_reason\":null}]}\n\n"                                        \
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,"   \
    "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

static struct test_command sim, chat;
static char traces[300];

static int set_up(void **state)
{
    (void)state;
    memset(&sim, 0, sizeof sim);
    memset(&chat, 0, sizeof chat);
    test_directory_clear();
    snprintf(traces, sizeof traces, "%s/traces.jsonl", test_directory());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_command_free(&sim);
    test_command_free(&chat);
    return 0;
}

/* A fast simulator with this script. */
static const char *sim_with(const char *script)
{
    return test_sim(&sim, TEST_ARGS("--latency", "0", "--pace-ms", "1", "--script", script));
}

/* `genspan chat`, its traces in a file, without the picture; `more` are further arguments or NULL. */
static int call(const char *url, const char *more, const char *value)
{
    const char *args[16] = {"chat",          "--base-url", url,    "--traces", "file",
                            "--traces-file", traces,       "Why?", more,       value};

    return test_genspan(&chat, args);
}

static json_t *the_operation(json_t *spans)
{
    assert_int_equal(test_spans_named(spans, "chat gpt-4o-mini"), 1);
    return test_span_named(spans, "chat gpt-4o-mini", 0);
}

/*
 * The answer.
 */

static void the_answer_goes_to_standard_output_and_the_picture_to_standard_error(void **state)
{
    (void)state;
    assert_int_equal(test_genspan(&chat, TEST_ARGS("chat", "--base-url", sim_with("ok"), "Why?")), 0);
    assert_string_equal(chat.out, ANSWER);
    assert_non_null(strstr(chat.err, "chat gpt-4o-mini "));
    assert_non_null(strstr(chat.err, "18 chunks  tokens 12 in, 18 out"));
    assert_non_null(strstr(chat.err, "request ids req_sim_000000, chatcmpl-sim-000000"));
    assert_null(strchr(chat.err, '\x1b')); /* no terminal, no colours */
}

static void quiet_leaves_the_picture_out(void **state)
{
    (void)state;
    assert_int_equal(
        test_genspan(&chat, TEST_ARGS("chat", "--quiet", "--base-url", sim_with("ok"), "Why", "not?")), 0);
    assert_string_equal(chat.out, ANSWER);
    assert_string_equal(chat.err, "");
}

static void an_answer_in_one_document_is_the_same_answer(void **state)
{
    json_t *spans, *operation;

    (void)state;
    assert_int_equal(call(sim_with("ok"), "--no-stream", NULL), 0);
    assert_string_equal(chat.out, ANSWER);
    spans = test_spans_of(traces);
    operation = the_operation(spans);
    assert_string_equal(test_attribute_of(operation, "gen_ai.usage.output_tokens"), "18");
    assert_null(test_attribute_of(operation, "gen_ai.response.time_to_first_chunk")); /* ST-3 */
    json_decref(spans);
}

/* What the environment says, against the request that arrives. */
static void the_request_is_as_it_was_asked_for(void **state)
{
    static const struct test_answer hello = {.type = STREAM_TYPE, .body = HELLO};
    struct test_backend *server = test_backend_start();
    const struct test_request *request;
    char base[128], model[] = "OPENAI_MODEL=gpt-test", key[] = "OPENAI_API_KEY=sk-test-1234";
    json_t *body, *wanted;

    (void)state;
    test_backend_answer(server, &hello, 1);
    snprintf(base, sizeof base, "OPENAI_BASE_URL=%s/v1/", test_backend_url(server));
    chat.env = (const char *const[]){base, model, key, NULL};
    assert_int_equal(
        test_genspan(&chat, TEST_ARGS("chat", "--quiet", "--system", "Be brief.", "--temperature", "0.5",
                                      "--top-p", "1", "--max-tokens", "100", "--seed", "7", "--header",
                                      "X-Team: blue", "two", "words")),
        0);
    assert_string_equal(chat.out, "Hello\n");
    request = test_backend_request(server, 0);
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->path, "/v1/chat/completions");
    assert_string_equal(test_request_header(request, "Authorization"), "Bearer sk-test-1234");
    assert_string_equal(test_request_header(request, "X-Team"), "blue");
    assert_string_equal(test_request_header(request, "Content-Type"), "application/json");
    assert_null(test_request_header(request, "traceparent")); /* CX-1: not to a provider by default */
    body = json_loads(request->body, 0, NULL);
    wanted = json_pack("{s:s, s:[{s:s,s:s},{s:s,s:s}], s:b, s:{s:b}, s:f, s:f, s:i, s:i}", "model",
                       "gpt-test", "messages", "role", "system", "content", "Be brief.", "role", "user",
                       "content", "two words", "stream", 1, "stream_options", "include_usage", 1,
                       "temperature", 0.5, "top_p", 1.0, "max_tokens", 100, "seed", 7);
    assert_true(json_equal(body, wanted));
    json_decref(body);
    json_decref(wanted);
    test_backend_stop(server);
}

static void without_a_key_none_is_sent(void **state)
{
    static const struct test_answer hello = {.type = STREAM_TYPE, .body = HELLO};
    struct test_backend *server = test_backend_start();

    (void)state;
    test_backend_answer(server, &hello, 1);
    assert_int_equal(call(test_backend_url(server), "--quiet", NULL), 0);
    assert_null(test_request_header(test_backend_request(server, 0), "Authorization"));
    test_backend_stop(server);
}

static void the_prompt_may_come_on_standard_input(void **state)
{
    static const struct test_answer hello = {.type = STREAM_TYPE, .body = HELLO};
    struct test_backend *server = test_backend_start();
    json_t *body, *message;

    (void)state;
    test_backend_answer(server, &hello, 1);
    chat.input = "two\nlines\n\n";
    assert_int_equal(
        test_genspan(&chat, TEST_ARGS("chat", "--quiet", "--base-url", test_backend_url(server))), 0);
    body = json_loads(test_backend_request(server, 0)->body, 0, NULL);
    message = json_array_get(json_object_get(body, "messages"), 0);
    assert_string_equal(json_string_value(json_object_get(message, "content")), "two\nlines");
    json_decref(body);
    test_backend_stop(server);
}

static void text_that_is_no_utf8_is_not_sent(void **state)
{
    static const char *const args[][5] = {
        {"chat", "\xff"}, {"chat", "--system", "\xff", "hi"}, {"chat", "--model", "\xc3", "hi"}};

    (void)state;
    chat.env = (const char *const[]){"OPENAI_BASE_URL=http://127.0.0.1:1", NULL};
    for (size_t i = 0; i < COUNT_OF(args); i++) {
        assert_int_equal(test_genspan(&chat, args[i]), 1);
        assert_non_null(strstr(chat.err, "is not UTF-8"));
        assert_null(strstr(chat.err, "connect"));
    }
}

static void a_prompt_beyond_4_mib_is_refused(void **state)
{
    size_t n = ((size_t)4 << 20) + 1;
    char *prompt = malloc(n);

    (void)state;
    assert_non_null(prompt);
    memset(prompt, 'x', n);
    chat.input = prompt;
    chat.n_input = n;
    assert_int_equal(test_genspan(&chat, TEST_ARGS("chat", "--base-url", "http://127.0.0.1:1")), 1);
    assert_string_equal(chat.err, "genspan chat: the prompt is longer than 4 MiB\n");
    free(prompt);
}

/*
 * Trying again.
 */

/* RE-2, RE-5, OP-2, OP-4: a 429 with Retry-After is waited out, and the call is a good one. */
static void a_retry_waits_as_the_provider_asks(void **state)
{
    json_t *spans, *operation, *first, *second, *retry;

    (void)state;
    assert_int_equal(call(sim_with("429:1,429ms:30,ok"), NULL, NULL), 0);
    assert_string_equal(chat.out, ANSWER);
    spans = test_spans_of(traces);
    operation = the_operation(spans);
    assert_int_equal(test_status_of(operation), 0);
    assert_string_equal(test_attribute_of(operation, "genspan.operation.attempts"), "3");
    assert_true(atof(test_attribute_of(operation, "genspan.operation.wait")) >= 1.03);
    assert_string_equal(test_attribute_of(operation, "genspan.provider.request_ids"),
                        "req_sim_000000,req_sim_000001,req_sim_000002,chatcmpl-sim-000002"); /* ID-3 */
    retry = test_event_of(operation, "gen_ai.retry", 0);
    assert_string_equal(test_attribute_of(retry, "retry.attempt"), "1");
    assert_string_equal(test_attribute_of(retry, "retry.reason"), "rate_limit");
    assert_string_equal(test_attribute_of(retry, "retry.delay_ms"), "1000");
    assert_string_equal(test_attribute_of(retry, "http.response.status_code"), "429");
    retry = test_event_of(operation, "gen_ai.retry", 1);
    assert_string_equal(test_attribute_of(retry, "retry.attempt"), "2");
    assert_string_equal(test_attribute_of(retry, "retry.delay_ms"), "30");
    first = test_span_named(spans, "chat attempt", 0);
    assert_int_equal(test_status_of(first), 2);
    assert_string_equal(test_attribute_of(first, "error.type"), "rate_limit");
    second = test_span_named(spans, "chat attempt", 1);
    assert_true(strtoull(json_string_value(json_object_get(second, "startTimeUnixNano")), NULL, 10) >=
                strtoull(json_string_value(json_object_get(first, "endTimeUnixNano")), NULL, 10) +
                    1000000000);
    json_decref(spans);
}

/* RE-1: connection errors, 5xx and 529 are tried again; with backoff where the provider asks for nothing. */
static void connection_errors_and_overload_are_tried_again(void **state)
{
    json_t *spans;

    (void)state;
    assert_int_equal(call(sim_with("drop,529:0,500:0,ok"), "--retries", "3"), 0);
    assert_string_equal(chat.out, ANSWER);
    spans = test_spans_of(traces);
    assert_string_equal(test_attribute_of(test_span_named(spans, "chat attempt", 0), "error.type"),
                        "connection");
    assert_string_equal(test_attribute_of(test_span_named(spans, "chat attempt", 1), "error.type"),
                        "overloaded");
    assert_string_equal(test_attribute_of(test_span_named(spans, "chat attempt", 2), "error.type"),
                        "server_error");
    json_decref(spans);
}

/* OP-5: the failure says how many attempts were made and why. */
static void when_all_retries_are_refused_the_call_fails(void **state)
{
    json_t *spans, *operation;

    (void)state;
    assert_int_equal(call(sim_with("429ms:1"), "--retries", "2"), 1);
    assert_string_equal(chat.out, "");
    assert_string_equal(chat.err, "genspan chat: rate_limit: Rate limit reached for requests\n");
    spans = test_spans_of(traces);
    operation = the_operation(spans);
    assert_int_equal(test_status_of(operation), 2);
    assert_string_equal(test_attribute_of(operation, "genspan.operation.attempts"), "3");
    assert_non_null(strstr(test_status_text(operation), "after 3 attempts"));
    json_decref(spans);
}

/* RE-1, RE-2, RE-4: once and no more. The next step of the script would answer. */
static void what_is_not_to_be_tried_again_is_not(void **state)
{
    static const struct {
        const char *script, *more, *value, *message;
    } cases[] = {
        {"401,ok", "--retries", "5", "auth: Incorrect API key provided"},
        {"400,ok", "--retries", "5", "invalid_request: The request is not as it should be"},
        {"404,ok", "--retries", "5", "The request is not as it should be"},
        {"429:121,ok", "--retries", "5", "rate_limit: Rate limit reached"},
        {"429:0,ok", "--retries", "0", "rate_limit: Rate limit reached"},
        {"drop-mid,ok", "--retries", "5", "truncated: "},
        {"error-mid,ok", "--retries", "5", "server_error: The server had an error while processing"},
        {"no-end,ok", "--retries", "5", "truncated: the connection ended before the response did"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *spans;

        unlink(traces);
        if (call(sim_with(cases[i].script), cases[i].more, cases[i].value) != 1 ||
            !strstr(chat.err, cases[i].message))
            fail_msg("%s: exit code %d, \"%s\"", cases[i].script, chat.exit_code, chat.err);
        spans = test_spans_of(traces);
        assert_string_equal(test_attribute_of(the_operation(spans), "genspan.operation.attempts"), "1");
        json_decref(spans);
        test_command_free(&sim);
    }
}

/*
 * Failing.
 */

/* RE-4, ST-2: what came before the stream was cut was forwarded, and is not asked for twice. */
static void a_stream_that_is_cut_leaves_its_text_and_fails(void **state)
{
    json_t *spans, *operation;

    (void)state;
    assert_int_equal(call(sim_with("drop-mid,ok"), NULL, NULL), 1);
    assert_string_equal(chat.out, "The flight recorder keeps what really happened: who\n");
    spans = test_spans_of(traces);
    operation = the_operation(spans);
    assert_int_equal(test_status_of(operation), 2);
    assert_string_equal(test_attribute_of(operation, "genspan.outcome"), "failed");
    assert_string_equal(test_attribute_of(operation, "genspan.stream.chunks"), "9");
    json_decref(spans);
}

static void a_malformed_event_is_passed_over_and_a_malformed_document_fails(void **state)
{
    (void)state;
    assert_int_equal(call(sim_with("malformed"), NULL, NULL), 0);
    assert_string_equal(chat.out, ANSWER);
    assert_int_equal(call(sim.out, "--no-stream", "--retries=0"), 1);
    assert_non_null(strstr(chat.err, "truncated: "));
}

static void a_connection_refused_is_told(void **state)
{
    json_t *spans;

    (void)state;
    assert_int_equal(call(test_nobody_url(), "--retries", "0"), 1);
    assert_string_equal(chat.out, "");
    assert_non_null(strstr(chat.err, "genspan chat: connection: "));
    spans = test_spans_of(traces);
    assert_string_equal(test_attribute_of(the_operation(spans), "error.type"), "connection");
    json_decref(spans);
}

static void a_timeout_bounds_the_attempt(void **state)
{
    json_t *spans;

    (void)state;
    assert_int_equal(call(sim_with("stall"), "--timeout", "1"), 1);
    assert_non_null(strstr(chat.err, "genspan chat: timeout: "));
    spans = test_spans_of(traces);
    assert_string_equal(test_attribute_of(the_operation(spans), "error.type"), "timeout");
    json_decref(spans);
}

/* A server that speaks HTTP, but not as a provider does. */
static void an_answer_that_is_none_fails(void **state)
{
    static const struct {
        struct test_answer answer;
        const char *message;
    } cases[] = {
        {{.status = 301}, "the server sends elsewhere, which is not followed"},
        {{.type = "text/html", .body = "<html>Welcome</html>"}, "the answer is empty: is --base-url"},
        {{.type = STREAM_TYPE, .body = ""}, "the answer is empty: is --base-url"},
        {{.raw = "garbage\r\n\r\n"}, "connection: "},
        {{.raw = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n{"},
         "truncated: "},
    };
    struct test_backend *server = test_backend_start();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        test_backend_answer(server, &cases[i].answer, 1);
        if (call(test_backend_url(server), "--retries", "0") != 1 || !strstr(chat.err, cases[i].message))
            fail_msg("case %zu: exit code %d, \"%s\"", i, chat.exit_code, chat.err);
        assert_string_equal(chat.out, "");
    }
    test_backend_stop(server);
}

static void a_providers_message_cannot_move_the_terminals_cursor(void **state)
{
    static const struct test_answer hostile = {
        .status = 400,
        .type = "application/json",
        .body = "{\"error\":{\"message\":\"a\\u001b[2Jb\\u009b1mc\\r\\nd\",\"type\":\"x\"}}"};
    struct test_backend *server = test_backend_start();

    (void)state;
    test_backend_answer(server, &hostile, 1);
    assert_int_equal(test_genspan(&chat, TEST_ARGS("chat", "--base-url", test_backend_url(server), "hi")), 1);
    assert_non_null(strstr(chat.err, "genspan chat: invalid_request: a.[2Jb..1mc..d\n"));
    assert_null(strchr(chat.err, '\x1b'));
    assert_null(strstr(chat.err, "\xc2\x9b"));
    assert_null(strchr(chat.err, '\r'));
    test_backend_stop(server);
}

/* Nor can the answer, where it goes to a terminal; a file gets it as it came. */
static void an_answer_cannot_move_the_terminals_cursor(void **state)
{
    static const struct test_answer hostile = {
        .status = 200,
        .type = "application/json",
        .body = "{\"choices\":[{\"message\":{\"content\":\"a\\u001b[2Jb\\u009b1mc\\u00e9\"},"
                "\"finish_reason\":\"stop\"}]}"};
    const struct test_answer answers[] = {hostile, hostile};
    struct test_backend *server = test_backend_start();
    struct test_command terminal = {.program = "/usr/bin/script", .env = chat.env};
    int pty = posix_openpt(O_RDWR | O_NOCTTY);
    char line[512];

    (void)state;
    if (pty < 0 || access(terminal.program, X_OK) != 0) {
        print_message("SKIP: no pseudo-terminals, or no script(1)\n");
        test_backend_stop(server);
        skip();
    }
    close(pty);
    test_backend_answer(server, answers, 2);
    snprintf(line, sizeof line, "%s chat --quiet --traces none --base-url %s hi", GSP_TEST_COMMAND,
             test_backend_url(server));
    assert_int_equal(test_genspan(&terminal, TEST_ARGS("-qec", line, "/dev/null")), 0);
    assert_non_null(strstr(terminal.out, "a.[2Jb.1mc\xc3\xa9"));
    assert_null(strchr(terminal.out, '\x1b'));
    test_command_free(&terminal);
    assert_int_equal(test_genspan(&chat, TEST_ARGS("chat", "--quiet", "--traces", "none", "--base-url",
                                                   test_backend_url(server), "hi")),
                     0);
    assert_non_null(strstr(chat.out, "a\x1b[2Jb\xc2\x9b"
                                     "1mc\xc3\xa9"));
    test_backend_stop(server);
}

/* The call was made and is recorded; but who asked did not get the answer. */
static void an_answer_that_cannot_be_written_is_a_failure(void **state)
{
    json_t *spans;

    (void)state;
    chat.out_path = "/dev/full";
    assert_int_equal(call(sim_with("ok"), NULL, NULL), 1);
    assert_non_null(strstr(chat.err, "genspan chat: standard output cannot be written"));
    spans = test_spans_of(traces);
    assert_string_equal(test_attribute_of(the_operation(spans), "genspan.outcome"), "completed");
    json_decref(spans);
}

/* ST-2: the caller cancels. The status stays unset, usage was not reported. */
static void an_interrupted_call_is_recorded_as_cancelled(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};

    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "0", "--pace-ms", "60000", "--chunks", "5"));
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        json_t *spans, *operation;

        unlink(traces);
        test_start(&chat, TEST_ARGS("chat", "--base-url", sim.out, "--header", "x-genspan-sim: stall",
                                    "--traces", "file", "--traces-file", traces, "Why?"));
        /* in flight as soon as top sees the connection's first byte; any moment after the start will do */
        for (int k = 0; k < 200; k++) {
            struct test_command top = {0};
            bool is_seen;

            test_genspan(&top, TEST_ARGS("top", "--once"));
            is_seen = strstr(top.out, "gpt-4o-mini") != NULL;
            test_command_free(&top);
            if (is_seen)
                break;
        }
        assert_int_equal(test_stop(&chat, signals[i]), 130);
        spans = test_spans_of(traces);
        operation = the_operation(spans);
        assert_int_equal(test_status_of(operation), 0);
        assert_string_equal(test_attribute_of(operation, "genspan.outcome"), "cancelled");
        assert_null(test_attribute_of(operation, "gen_ai.usage.output_tokens"));
        assert_string_equal(test_attribute_of(test_span_named(spans, "chat attempt", 0), "genspan.outcome"),
                            "cancelled");
        json_decref(spans);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_answer_goes_to_standard_output_and_the_picture_to_standard_error),
        CASE(quiet_leaves_the_picture_out),
        CASE(an_answer_in_one_document_is_the_same_answer),
        CASE(the_request_is_as_it_was_asked_for),
        CASE(without_a_key_none_is_sent),
        CASE(the_prompt_may_come_on_standard_input),
        CASE(text_that_is_no_utf8_is_not_sent),
        CASE(a_prompt_beyond_4_mib_is_refused),
        CASE(a_retry_waits_as_the_provider_asks),
        CASE(connection_errors_and_overload_are_tried_again),
        CASE(when_all_retries_are_refused_the_call_fails),
        CASE(what_is_not_to_be_tried_again_is_not),
        CASE(a_stream_that_is_cut_leaves_its_text_and_fails),
        CASE(a_malformed_event_is_passed_over_and_a_malformed_document_fails),
        CASE(a_connection_refused_is_told),
        CASE(a_timeout_bounds_the_attempt),
        CASE(an_answer_that_is_none_fails),
        CASE(a_providers_message_cannot_move_the_terminals_cursor),
        CASE(an_answer_cannot_move_the_terminals_cursor),
        CASE(an_answer_that_cannot_be_written_is_a_failure),
        CASE(an_interrupted_call_is_recorded_as_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
