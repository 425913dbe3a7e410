/* The transport door: what a request and its response come to as facts. How it ends: test_exchange_end. */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <genspan/exchange.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAT "https://api.openai.com/v1/chat/completions"

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

/* The attempt's record, as text. */
static const char *attempt(void)
{
    return test_dump_record(gsp_recorder_path(rec), 1);
}

static void head(gsp_exchange *x, const char *line)
{
    gsp_exchange_response_header(x, line, strlen(line), 0);
}

static void body(gsp_exchange *x, const char *bytes)
{
    gsp_exchange_response_body(x, bytes, strlen(bytes), 0);
}

static const char request[] =
    "{\"model\":\"gpt-4o\",\"stream\":true,\"temperature\":0.5,\"max_tokens\":100,\"seed\":7,"
    "\"messages\":[{\"role\":\"user\",\"content\":\"SECRET-QUESTION\"},{\"role\":\"user\",\"content\":\"\"}]"
    "}";

static const char stream[] =
    "data: "
    "{\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-2024\",\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"SECRET-THOUGHT\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"SECRET-\\u20ac\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"ANSWER\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"function\":"
    "{\"name\":\"f\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6,\"total_tokens\":11}}\n\n"
    "data: [DONE]\n\n";

static void the_request_tells_what_is_asked_and_where(void **state)
{
    gsp_exchange *x = gsp_exchange_new(at);

    (void)state;
    gsp_exchange_request(x, "POST", CHAT "?api-version=1");
    for (size_t i = 0; i < strlen(request); i++)
        gsp_exchange_request_body(x, request + i, 1);
    assert_string_equal(attempt(),
                        "attempt: server_address=\"api.openai.com\" server_port=443 "
                        "provider=\"openai\" wire_format=\"openai.chat\" request_model=\"gpt-4o\" "
                        "stream=true temperature=0.5 max_tokens=100 seed=7 message_count=2 | open");
    gsp_exchange_request(x, "POST", "http://elsewhere:1/v1/chat/completions"); /* only the first counts */
    assert_null(strstr(attempt(), "elsewhere"));
    gsp_exchange_free(x);
}

/* What the caller said of the target is not overwritten by what the URL says. */
static void the_callers_own_facts_stand(void **state)
{
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_exchange *x;

    (void)state;
    o.provider = "my-gateway";
    o.server_address = "gateway.internal";
    o.server_port = 8443;
    at = gsp_attempt_start(op, &o);
    x = gsp_exchange_new(at);
    gsp_exchange_request(x, "POST", CHAT);
    assert_string_equal(test_dump_record(gsp_recorder_path(rec), 2),
                        "attempt: provider=\"my-gateway\" server_address=\"gateway.internal\" "
                        "server_port=8443 wire_format=\"openai.chat\" | open");
    gsp_exchange_free(x);
}

static void urls_of_every_form(void **state)
{
    static const struct {
        const char *url, *address;
        int port; /* 0: nothing is recorded */
    } rows[] = {
        {"https://api.openai.com/v1/chat/completions", "api.openai.com", 443},
        {"http://localhost/v1/chat/completions", "localhost", 80},
        {"HTTPS://localhost/", "localhost", 443},
        {"http://127.0.0.1:8080/v1/chat/completions", "127.0.0.1", 8080},
        {"http://[::1]:8080/v1", "[::1]", 8080},
        {"http://[::1]/v1", "[::1]", 80},
        {"https://user:secret@host.example/v1", "host.example", 443},
        {"https://host.example", "host.example", 443},
        {"https://host.example?x=1", "host.example", 443},
        {"https://host.example:/", "host.example", 443},
        {"https://host.example:99999/", "host.example", 443},
        {"https://host.example:80x/", "host.example", 443},
        {"https://host.example:123456789/", "host.example", 443},
        {"https:///v1", "", 0},
        {"https://:443/v1", "", 0},
        {"https://user@/v1", "", 0},
        {"/v1/chat/completions", "", 0},
        {"", "", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[200];
        gsp_exchange *x;

        set_up(NULL);
        x = gsp_exchange_new(at);
        gsp_exchange_request(x, "POST", rows[i].url);
        snprintf(expected, sizeof expected, "attempt: server_address=\"%s\" server_port=%d", rows[i].address,
                 rows[i].port);
        if (rows[i].port == 0)
            strcpy(expected, "attempt: | open");
        if (strncmp(attempt(), expected, strlen(expected)) != 0)
            fail_msg("%s: %s", rows[i].url, attempt());
        assert_null(strstr(attempt(), "secret"));
        gsp_exchange_free(x);
        tear_down(NULL);
    }
}

static void a_json_answer(void **state)
{
    gsp_exchange *x = gsp_exchange_new(at);
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;

    (void)state;
    gsp_exchange_request(x, "POST", CHAT);
    head(x, "HTTP/2 200\r\n");
    head(x, "content-type: application/json; charset=utf-8\r\n");
    head(x, "openai-processing-ms: 250\r\n");
    head(x, "x-ratelimit-remaining-requests: 59\r\n");
    head(x, "x-ratelimit-reset-tokens: 1m30s\r\n");
    head(x, "\r\n");
    test_time.now_ns += 10;
    body(x, "{\"id\":\"chatcmpl-9\",\"model\":\"gpt-4o-2024\",\"choices\":[{\"message\":{\"content\":"
            "\"hello\"},");
    body(x, "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}");
    gsp_exchange_get_result(x, &result);
    assert_int_equal(result.outcome, GSP_OUTCOME_AUTO); /* it has not ended */
    assert_int_equal(result.http_status, 200);
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_get_result(x, &result);
    assert_int_equal(result.outcome, GSP_OUTCOME_COMPLETED);
    assert_int_equal(result.retry_after_ms, -1);
    assert_string_equal(result.error_type, "");
    assert_string_equal(result.error_message, "");
    gsp_exchange_free(x);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_string_equal(
        attempt(), "attempt: server_address=\"api.openai.com\" server_port=443 provider=\"openai\" "
                   "wire_format=\"openai.chat\" processing_time=0.25 requests_remaining=59 "
                   "tokens_reset=90 http_status=200 response_id=\"chatcmpl-9\" "
                   "request_id[0]=\"chatcmpl-9\" response_model=\"gpt-4o-2024\" finish_reason[0]=\"stop\" "
                   "output_text_bytes=5 | completed 10");
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_string_equal(test_value(test_span(0), "gen_ai.response.finish_reasons"), "[stop]");
    assert_string_equal(test_value(test_span(0), "gen_ai.usage.input_tokens"), "3");
    assert_string_equal(test_value(test_span(0), "gen_ai.response.time_to_first_chunk"), "-"); /* no stream */
}

/* One stream, cut at `first` and `second`; 0: a byte at a time. */
static const char *streamed_record(size_t first, size_t second)
{
    static const char head_lines[] = "HTTP/1.1 200 OK\nContent-Type: text/event-stream\nx-request-id: req_1";
    size_t n = strlen(stream);
    gsp_exchange *x = gsp_exchange_new(at);
    char lines[200], *save, *line;

    gsp_exchange_request(x, "POST", CHAT);
    strcpy(lines, head_lines);
    for (line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        head(x, line);
    if (first == 0) {
        for (size_t i = 0; i < n; i++) {
            char *copy = malloc(1); /* so that a step beyond the piece is seen */

            assert_non_null(copy);
            *copy = stream[i];
            gsp_exchange_response_body(x, copy, 1, 0);
            free(copy);
        }
    } else {
        gsp_exchange_response_body(x, stream, first, 0);
        gsp_exchange_response_body(x, stream + first, second - first, 0);
        gsp_exchange_response_body(x, stream + second, n - second, 0);
    }
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_free(x);
    return attempt();
}

/* style.md 18: whole, a byte at a time, and at random cuts, with equal facts. */
static void a_stream_in_any_cuts(void **state)
{
    char whole[4096];
    uint64_t random = test_seed();
    size_t n = strlen(stream);

    (void)state;
    strcpy(whole, streamed_record(n, n));
    assert_string_equal(whole,
                        "attempt: server_address=\"api.openai.com\" server_port=443 provider=\"openai\" "
                        "wire_format=\"openai.chat\" request_id[0]=\"req_1\" http_status=200 "
                        "response_id=\"chatcmpl-1\" request_id[0]=\"chatcmpl-1\" "
                        "response_model=\"gpt-4o-2024\" finish_reason[0]=\"tool_calls\" "
                        "output_text_bytes=16 reasoning_bytes=14 tool_argument_bytes=2 tool_call_count=1 "
                        "terminal_event=true | completed 0");
    for (int i = 0; i < 301; i++) {
        size_t first, second;

        tear_down(NULL);
        set_up(NULL);
        random = random * 6364136223846793005u + 1442695040888963407u;
        first = i == 0 ? 0 : 1 + (size_t)(random >> 33) % (n - 1);
        second = first + (size_t)(random >> 20) % (n - first + 1);
        assert_string_equal(streamed_record(first, second), whole);
        test_spans_of(gsp_recorder_path(rec), false);
        assert_string_equal(test_value(test_span(0), "genspan.stream.chunks"), "4");
        assert_string_equal(test_value(test_span(0), "gen_ai.usage.output_tokens"), "6");
    }
}

struct shown {
    char text[200], reasoning[200], tool[200];
    unsigned choices; /* one bit for each that was seen */
};

static void show(void *self, uint32_t choice, gsp_mark kind, const char *bytes, size_t n)
{
    struct shown *s = self;
    char *to = kind == GSP_MARK_TEXT ? s->text : kind == GSP_MARK_REASONING ? s->reasoning : s->tool;

    assert_true(kind == GSP_MARK_TEXT || kind == GSP_MARK_REASONING || kind == GSP_MARK_TOOL_CALL);
    s->choices |= 1u << choice;
    strncat(to, bytes, n);
}

static void assert_not_in_ring(const char *secret)
{
    size_t n;
    char *bytes = test_read_file(gsp_recorder_path(rec), &n);

    assert_null(memmem(bytes, n, secret, strlen(secret)));
    free(bytes);
}

/* CO-1, exchange.h: content is handed over where it was asked for, and copied nowhere in any case. */
static void content_only_when_asked(void **state)
{
    struct shown shown = {0}, not_asked = {0};
    gsp_exchange *x = gsp_exchange_new(at), *silent = gsp_exchange_new((gsp_span)GSP_NO_SPAN_INIT);

    (void)state;
    gsp_exchange_on_content(silent, show, &not_asked);
    gsp_exchange_on_content(silent, NULL, NULL); /* no longer */
    gsp_exchange_on_content(x, show, &shown);
    gsp_exchange_request(x, "POST", CHAT);
    gsp_exchange_request(silent, "POST", CHAT);
    gsp_exchange_request_body(x, request, strlen(request));
    gsp_exchange_response_body(x, stream, strlen(stream), 0);
    gsp_exchange_response_body(silent, stream, strlen(stream), 0);
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    assert_string_equal(shown.text, "SECRET-\xe2\x82\xac"
                                    "ANSWER");
    assert_string_equal(shown.reasoning, "SECRET-THOUGHT");
    assert_string_equal(shown.tool, "{}");
    assert_int_equal(shown.choices, 3);
    assert_int_equal(not_asked.choices, 0);
    gsp_exchange_free(x);
    gsp_exchange_free(silent);
    assert_not_in_ring("SECRET-");
    assert_not_in_ring("ANSWER");
}

static void header_lines_of_every_form(void **state)
{
    gsp_exchange *x = gsp_exchange_new(at);
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;

    (void)state;
    gsp_exchange_request(x, "POST", CHAT);
    head(x, "HTTP/1.1 100 Continue\r\n");
    head(x, "Retry-After: 9\r\n");
    head(x, "\r\n");
    head(x, "http/1.1 429 Too Many Requests\n"); /* a new status line starts afresh */
    gsp_exchange_get_result(x, &result);
    assert_int_equal(result.retry_after_ms, -1);
    head(x, "HTTP/1.1 abc"); /* no status */
    head(x, "HTTP/");        /* no line */
    head(x, "no colon here");
    head(x, ":no name");
    head(x, ": ");
    head(x, "X-Request-ID  : not a name");
    head(x, "X-REQUEST-ID:req_1");
    head(x, "x-request-id: \t req_2 \t \r\n");
    head(x, "");
    gsp_exchange_response_header(x, NULL, 5, 0);
    gsp_exchange_response_header(x, "x-request-id: req_3 and what lies behind", 19, 0);
    gsp_exchange_get_result(x, &result);
    assert_int_equal(result.http_status, 429);
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_free(x);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_string_equal(test_value(test_span(1), "genspan.provider.request_ids"), "[req_1,req_2,req_3]");
    assert_string_equal(test_value(test_span(1), "http.response.status_code"), "429");
}

/* Bodies come with their content coding removed, though the header that names it is still there. */
static void a_body_that_was_coded(void **state)
{
    static const char coded[] = "\x1f\x8b\x08 still coded: not ours to read";
    gsp_exchange *x = gsp_exchange_new(at);

    (void)state;
    gsp_exchange_request(x, "POST", CHAT);
    head(x, "HTTP/1.1 200 OK");
    head(x, "Content-Type: application/json");
    head(x, "Content-Encoding: gzip");
    body(x, "{\"model\":\"m-7\",\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}");
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_free(x);
    assert_non_null(strstr(attempt(), "response_model=\"m-7\""));
    x = gsp_exchange_new(gsp_attempt_start(op, NULL));
    gsp_exchange_request(x, "POST", CHAT);
    head(x, "HTTP/1.1 200 OK");
    head(x, "Content-Type: application/json");
    head(x, "Content-Encoding: gzip");
    body(x, coded);
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_free(x);
    assert_non_null(
        strstr(test_dump_record(gsp_recorder_path(rec), 2), "http_status=200 decode_errors=1 | completed 0"));
}

/* Without a recorder the exchange still decodes, for the caller that decides whether to try again. */
static void an_exchange_on_the_null_handle_decodes(void **state)
{
    gsp_exchange *x = gsp_exchange_new((gsp_span)GSP_NO_SPAN_INIT);
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;
    struct shown shown = {0};

    (void)state;
    gsp_exchange_on_content(x, show, &shown);
    gsp_exchange_request(x, "POST", CHAT);
    gsp_exchange_request_body(x, request, strlen(request));
    head(x, "HTTP/1.1 200 OK");
    body(x, stream);
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_get_result(x, &result);
    assert_int_equal(result.outcome, GSP_OUTCOME_COMPLETED);
    assert_int_equal(result.n_content_chunks, 4);
    assert_string_equal(shown.reasoning, "SECRET-THOUGHT");
    gsp_exchange_free(x);
    assert_string_equal(attempt(), "attempt: | open"); /* nothing went elsewhere */
}

/* Traffic of no known format is passed over, but its status and ids are told. */
static void unknown_traffic_is_passed_over(void **state)
{
    gsp_exchange *x = gsp_exchange_new(at);
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;

    (void)state;
    gsp_exchange_request(x, "GET", "https://api.openai.com/v1/unheard-of");
    gsp_exchange_request_body(x, request, strlen(request));
    head(x, "HTTP/1.1 200 OK");
    head(x, "x-request-id: req_1");
    body(x, "\x89PNG anything");
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_get_result(x, &result);
    assert_int_equal(result.outcome, GSP_OUTCOME_COMPLETED);
    gsp_exchange_free(x);
    assert_string_equal(attempt(),
                        "attempt: server_address=\"api.openai.com\" server_port=443 "
                        "provider=\"openai\" request_id[0]=\"req_1\" http_status=200 | completed 0");
}

/* OP-6: state is per call. */
static void exchanges_side_by_side_do_not_mix(void **state)
{
    gsp_span second = gsp_attempt_start(op, NULL);
    gsp_exchange *a = gsp_exchange_new(at), *b = gsp_exchange_new(second);

    (void)state;
    gsp_exchange_request(a, "POST", CHAT);
    gsp_exchange_request(b, "POST", CHAT);
    body(a, "data: {\"model\":\"m-a\",\"choices\":[{\"delta\":{\"cont");
    body(b, "data: {\"model\":\"m-b\",\"choices\":[{\"delta\":{\"cont");
    body(a, "ent\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n");
    body(b, "ent\":\"bb\"},\"finish_reason\":\"length\"}]}\n\n");
    gsp_exchange_end(b, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_end(a, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_free(a);
    gsp_exchange_free(b);
    assert_non_null(
        strstr(attempt(), "response_model=\"m-a\" finish_reason[0]=\"stop\" output_text_bytes=1"));
    assert_non_null(strstr(test_dump_record(gsp_recorder_path(rec), 2),
                           "response_model=\"m-b\" finish_reason[0]=\"length\" output_text_bytes=2"));
}

/* exchange.h: one allocation of less than 16 KiB. */
static void an_exchange_is_small(void **state)
{
    gsp_exchange *x = gsp_exchange_new(at);

    (void)state;
    assert_true(malloc_usable_size(x) < 16 << 10);
    gsp_exchange_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_request_tells_what_is_asked_and_where, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_callers_own_facts_stand, set_up, tear_down),
        cmocka_unit_test(urls_of_every_form),
        cmocka_unit_test_setup_teardown(a_json_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stream_in_any_cuts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(content_only_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(header_lines_of_every_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_body_that_was_coded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_exchange_on_the_null_handle_decodes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_traffic_is_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exchanges_side_by_side_do_not_mix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_exchange_is_small, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
