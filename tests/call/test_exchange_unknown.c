/* The transport door where host and path do not tell the format: a request header may, else the first bytes
 * of the response; what nobody knows is passed over and counted. And what else a request's head says. */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <genspan/exchange.h>
#include <stdlib.h>
#include <string.h>

static struct test_clock test_time;
static gsp_recorder *rec;
static gsp_span op, at;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    rec = test_recorder(&test_time, 256 << 10);
    op = gsp_operation_start(rec, "chat", NULL);
    at = gsp_attempt_start(op, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_recorder_close(rec);
    return 0;
}

static const char *attempt(void)
{
    return test_dump_record(gsp_recorder_path(rec), 1);
}

static void header(gsp_exchange *x, const char *line)
{
    gsp_exchange_request_header(x, line, strlen(line));
}

static void head(gsp_exchange *x, const char *line)
{
    gsp_exchange_response_header(x, line, strlen(line), 0);
}

#define SHAPE(padding)                                                                                       \
    "{\"padding\":\"" padding "\",\"object\" : \"chat.completion\",\"model\":\"m-9\",\"choices\":"           \
    "[{\"message\":{\"content\":\"hello\"},\"finish_reason\":\"stop\"}]}"

static gsp_exchange_result finish(gsp_exchange *x)
{
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;

    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_get_result(x, &result);
    result.error_type = result.error_message = "";
    gsp_exchange_free(x);
    return result;
}

/* A body in three pieces to a host and path that say nothing. */
static gsp_exchange_result shaped(const char *body, size_t n, size_t first, size_t second)
{
    gsp_exchange *x = gsp_exchange_new(at);
    size_t ends[] = {first, second, n}, from = 0;

    gsp_exchange_request(x, "POST", "https://proxy.example/ask?key=SECRET");
    head(x, "HTTP/1.1 200 OK");
    for (int i = 0; i < 3; i++) {
        char *copy = malloc(ends[i] - from + 1);

        assert_non_null(copy);
        memcpy(copy, body + from, ends[i] - from);
        gsp_exchange_response_body(x, copy, ends[i] - from, 0);
        free(copy);
        from = ends[i];
    }
    return finish(x);
}

static void the_responses_shape_tells_in_any_cuts(void **state)
{
    static const char body[] = SHAPE("x");
    size_t n = sizeof body - 1;
    char whole[2000];

    (void)state;
    assert_string_equal(shaped(body, n, n, n).wire_format, "openai.chat");
    strcpy(whole, attempt());
    assert_non_null(strstr(whole, "wire_format=\"openai.chat\""));
    assert_non_null(strstr(whole, "response_model=\"m-9\" finish_reason[0]=\"stop\" output_text_bytes=5"));
    assert_null(strstr(whole, "SECRET"));
    for (size_t first = 0; first <= n; first++)
        for (size_t second = first; second <= n; second += 13) {
            tear_down(NULL);
            set_up(NULL);
            shaped(body, n, first, second);
            assert_string_equal(attempt(), whole);
        }
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_FORMAT), 0);
}

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Only the first 512 bytes are asked, however they come. */
static void a_shape_that_shows_too_late(void **state)
{
    static const char body[] = SHAPE(X64 X64 X64 X64 X64 X64 X64 X64);
    size_t n = sizeof body - 1;

    (void)state;
    for (size_t first = 1; first < n; first += 40) {
        gsp_exchange_result result;

        tear_down(NULL);
        set_up(NULL);
        result = shaped(body, n, first, first);
        assert_string_equal(result.wire_format, "");
        assert_string_equal(result.operation, "");
        assert_int_equal(result.outcome, GSP_OUTCOME_COMPLETED);
        assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_FORMAT), 1);
        assert_null(strstr(attempt(), "wire_format"));
    }
}

static void what_nobody_knows_is_counted_once(void **state)
{
    gsp_exchange *x = gsp_exchange_new(at);

    (void)state;
    gsp_exchange_free(gsp_exchange_new(gsp_attempt_start(op, NULL))); /* nothing went over it */
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_FORMAT), 0);
    gsp_exchange_request(x, "GET", "https://proxy.example/unheard-of");
    head(x, "HTTP/1.1 200 OK");
    head(x, "Content-Type: text/html");
    gsp_exchange_response_body(x, "\"object\":\"chat.completion\"", 26, 0); /* a page is no answer */
    finish(x);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_FORMAT), 1);
    assert_string_equal(gsp_loss_name(GSP_LOSS_FORMAT), "format");
    assert_null(strstr(attempt(), "wire_format"));
}

/* A stream at an unknown place is a stream all the same: marked, and truncated if it breaks off. */
static void a_stream_told_by_its_shape(void **state)
{
    static const char event[] = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":"
                                "{\"content\":\"a\"}}]}\n\n";
    gsp_exchange *x = gsp_exchange_new(at);
    gsp_exchange_result result;

    (void)state;
    gsp_exchange_request(x, "POST", "https://proxy.example/ask");
    head(x, "HTTP/1.1 200 OK");
    head(x, "Content-Type: text/event-stream");
    for (size_t i = 0; i < 3 * (sizeof event - 1); i++)
        gsp_exchange_response_body(x, event + i % (sizeof event - 1), 1, 0);
    result = finish(x);
    assert_int_equal(result.n_content_chunks, 3);
    assert_int_equal(result.outcome, GSP_OUTCOME_FAILED);
    assert_non_null(strstr(attempt(), "terminal_event=false"));
    assert_non_null(strstr(attempt(), "error(truncated"));
}

static void a_header_settles_it(void **state)
{
    gsp_exchange *x = gsp_exchange_new(at);
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;

    (void)state;
    gsp_exchange_request(x, "POST", "https://proxy.example/v1/messages");
    gsp_exchange_get_result(x, &result);
    assert_string_equal(result.wire_format, "");
    header(x, "POST /v1/messages HTTP/1.1\r\n");
    header(x, "x-api-key: SECRET-KEY\r\n");
    header(x, "Anthropic-Version: 2023-06-01\r\n");
    header(x, "\r\n");
    gsp_exchange_get_result(x, &result);
    assert_string_equal(result.wire_format, "anthropic.messages");
    assert_string_equal(result.operation, "chat");
    gsp_exchange_request_body(x, "{\"model\":\"claude-x\",\"max_tokens\":5}", 35);
    gsp_exchange_free(x);
    assert_non_null(strstr(attempt(), "wire_format=\"anthropic.messages\""));
    assert_non_null(strstr(attempt(), "request_model=\"claude-x\""));
    assert_null(strstr(attempt(), "SECRET"));
    assert_null(strstr(attempt(), "2023-06-01"));
}

/* It is for a host nobody knows: where the place tells, the place counts. */
static void a_header_changes_no_known_place(void **state)
{
    gsp_exchange *x = gsp_exchange_new(at);

    (void)state;
    gsp_exchange_request(x, "POST", "https://api.openai.com/v1/chat/completions");
    header(x, "anthropic-version: 2023-06-01");
    gsp_exchange_free(x);
    assert_non_null(strstr(attempt(), "wire_format=\"openai.chat\""));
}

/* A coded request is not read: its bytes are no JSON, though they may look like it. */
static void a_coded_request_is_not_read(void **state)
{
    gsp_exchange *x = gsp_exchange_new(at);

    (void)state;
    gsp_exchange_request(x, "POST", "https://api.openai.com/v1/chat/completions");
    header(x, "content-encoding:gzip");
    gsp_exchange_request_body(x, "{\"model\":\"m-1\"}", 15);
    gsp_exchange_free(x);
    assert_null(strstr(attempt(), "m-1"));
    x = gsp_exchange_new(gsp_attempt_start(op, NULL));
    gsp_exchange_request(x, "POST", "https://api.openai.com/v1/chat/completions");
    header(x, "Content-Encoding: identity");
    gsp_exchange_request_body(x, "{\"model\":\"m-2\"}", 15);
    gsp_exchange_free(x);
    assert_non_null(strstr(test_dump_record(gsp_recorder_path(rec), 2), "m-2"));
}

/* OP-3: the calling SDK's own retry. */
static void an_sdks_retry(void **state)
{
    static const struct {
        const char *line, *kind;
        uint32_t wish;
    } rows[] = {{"x-stainless-retry-count: 0", "initial", 0},
                {"X-Stainless-Retry-Count: 2", "client_retry", 0},
                {"x-stainless-retry-count: x", "initial", 0},
                {"x-stainless-retry-count:", "initial", 0},
                {"x-stainless-retry-count: 1", "probe", GSP_ATTEMPT_PROBE}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;
        gsp_exchange *x;

        tear_down(NULL);
        set_up(NULL);
        gsp_span_end(at, GSP_OUTCOME_COMPLETED, NULL, 0);
        op = gsp_operation_start(rec, "chat", NULL);
        o.kind = rows[i].wish;
        x = gsp_exchange_new(gsp_attempt_start(op, &o));
        gsp_exchange_request(x, "POST", "https://api.openai.com/v1/chat/completions");
        header(x, rows[i].line);
        finish(x);
        gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
        assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 4);
        assert_string_equal(test_value(test_span(3), "genspan.attempt.kind"), rows[i].kind);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_responses_shape_tells_in_any_cuts),
        CASE(a_shape_that_shows_too_late),
        CASE(what_nobody_knows_is_counted_once),
        CASE(a_stream_told_by_its_shape),
        CASE(a_header_settles_it),
        CASE(a_header_changes_no_known_place),
        CASE(a_coded_request_is_not_read),
        CASE(an_sdks_retry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
