/* Response headers: request ids, rate limits, retry hints, times; hostile values and lines. */
#include "support/dump.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include <genspan/exchange.h>

#include "base/buffer.h"
#include "record/fact_types.h"
#include "wire/headers.h"

#define NOW_UNIX_NS UINT64_C(1700000000000000000) /* Tue, 14 Nov 2023 22:13:20 GMT */

/*
 * One header at a time: facts as text.
 */

static struct gsp__buffer facts;

static void on_string(void *self, unsigned fact, unsigned index, const char *bytes, size_t n, bool is_cut)
{
    (void)self;
    assert_int_equal(index, 0);
    assert_false(is_cut);
    gsp__buffer_printf(&facts, "%s=\"%.*s\"", gsp__fact_name(fact), (int)n, bytes);
}

static void on_integer(void *self, unsigned fact, int64_t value)
{
    (void)self;
    assert_int_equal(gsp__fact_types[fact], GSP__FACT_INT);
    gsp__buffer_printf(&facts, "%s=%lld", gsp__fact_name(fact), (long long)value);
}

static void on_real(void *self, unsigned fact, double value)
{
    (void)self;
    assert_int_equal(gsp__fact_types[fact], GSP__FACT_DOUBLE);
    gsp__buffer_printf(&facts, "%s=%.15g", gsp__fact_name(fact), value);
}

static void on_usage(void *self, gsp_usage part, int64_t tokens)
{
    (void)self;
    gsp__buffer_printf(&facts, "[%d]=%lld", (int)part, (long long)tokens);
}

/* Headers have no other facts: the rest is not called. */
static const struct gsp__sink sink = {
    .string = on_string, .integer = on_integer, .real = on_real, .usage = on_usage};

/* The value as a block of its own, so that reading outside shows. */
static void take(struct gsp__header_hints *hints, const char *name, const char *value, size_t n_value)
{
    size_t n_name = strlen(name);
    char *own_name = malloc(n_name), *own_value = malloc(n_value);

    memcpy(own_name, name, n_name);
    if (n_value)
        memcpy(own_value, value, n_value);
    gsp__header(own_name, n_name, own_value, n_value, NOW_UNIX_NS, hints, &sink, NULL);
    free(own_name);
    free(own_value);
}

static void expect(const char *name, const char *value, const char *expected)
{
    struct gsp__header_hints hints;

    gsp__header_hints_init(&hints);
    gsp__buffer_clear(&facts);
    take(&hints, name, value, strlen(value));
    gsp__buffer_add_char(&facts, 0);
    assert_string_equal(facts.data, expected);
}

/* ID-1: every id by which the provider finds the request. Names in any case. */
static void request_ids(void **state)
{
    static const char *const names[] = {"x-request-id",           "request-id",       "x-amzn-requestid",
                                        "apim-request-id",        "x-ms-request-id",  "x-kong-request-id",
                                        "dg-request-id",          "x-dg-request-id",  "x-ds-trace-id",
                                        "mistral-correlation-id", "x-debug-trace-id", "x-trace-id",
                                        "history-item-id",        "cf-ray",           "X-Request-ID",
                                        "Mistral-Correlation-Id"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        expect(names[i], "req_0123456789abcdef", "request_id=\"req_0123456789abcdef\"");
        expect(names[i], "", "");
    }
    expect("x-request-i", "a", "");
    expect("x-request-id-", "a", "");
    expect("x-client-request-id", "a", "");
    expect("", "a", "");
}

static void rate_limits(void **state)
{
    static const struct {
        const char *name, *value, *expected;
    } cases[] = {
        {"x-ratelimit-limit-requests", "10000", "requests_limit=10000"},
        {"x-ratelimit-remaining-requests", "0", "requests_remaining=0"},
        {"x-ratelimit-limit-tokens", "30000000", "tokens_limit=30000000"},
        {"X-RateLimit-Remaining-Tokens", "29999.0", "tokens_remaining=29999"},
        {"x-ratelimit-limit-req-minute", "60", "requests_limit=60"},
        {"x-ratelimit-remaining-req-minute", "59", "requests_remaining=59"},
        {"x-ratelimit-limit-tokens-minute", "500000", "tokens_limit=500000"},
        {"x-ratelimit-remaining-tokens-minute", "499990", "tokens_remaining=499990"},
        {"x-ratelimit-reset-requests", "6ms", "requests_reset=0.006"},
        {"x-ratelimit-reset-tokens", "6m0s", "tokens_reset=360"},
        {"anthropic-ratelimit-requests-limit", "4000", "requests_limit=4000"},
        {"anthropic-ratelimit-requests-remaining", "3999", "requests_remaining=3999"},
        {"anthropic-ratelimit-requests-reset", "2023-11-14T22:13:21.5Z", "requests_reset=1.5"},
        {"anthropic-ratelimit-tokens-limit", "480000", "tokens_limit=480000"},
        {"anthropic-ratelimit-tokens-remaining", "0", "tokens_remaining=0"},
        {"anthropic-ratelimit-tokens-reset", "2023-11-14T22:14:20Z", "tokens_reset=60"},
        {"anthropic-ratelimit-tokens-reset", "2023-11-14T22:13:19Z", "tokens_reset=0"},
        {"anthropic-ratelimit-tokens-reset", "60", ""},
        {"anthropic-ratelimit-input-tokens-limit", "400000", ""},
        /* what is no count or time says nothing */
        {"x-ratelimit-limit-requests", "-1", ""},
        {"x-ratelimit-limit-requests", "many", ""},
        {"x-ratelimit-limit-requests", "10, 20", ""},
        {"x-ratelimit-limit-requests", "1e300", ""},
        {"x-ratelimit-limit-requests", "999999999999999999999999", ""},
        {"x-ratelimit-limit-requests", "0x10", ""},
        {"x-ratelimit-limit-requests", "nan", ""},
        {"x-ratelimit-limit-requests", "", ""},
        {"x-ratelimit-reset-tokens", "soon", ""},
        {"x-ratelimit-reset-tokens", "-5", ""},
        {"x-ratelimit-reset-tokens", "-5s", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(cases[i].name, cases[i].value, cases[i].expected);
}

static void times_of_the_provider(void **state)
{
    (void)state;
    expect("openai-processing-ms", "250", "processing_time=0.25");
    expect("openai-processing-ms", "0", "processing_time=0");
    expect("openai-processing-ms", "-3", "");
    expect("openai-processing-ms", "fast", "");
}

static void error_types(void **state)
{
    (void)state;
    expect("x-amzn-errortype", "ThrottlingException", "provider_error_type=\"ThrottlingException\"");
    expect("x-amzn-ErrorType", "ValidationException:http://internal.amazon.com/x",
           "provider_error_type=\"ValidationException\"");
    expect("x-amzn-errortype", ":x", "");
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        double expected; /* -1: refused */
    } cases[] = {{"12ms", 0.012}, {"0s", 0},         {"1s", 1},     {"6m0s", 360},  {"1h2m3.5s", 3723.5},
                 {"2d", 172800},  {"1.5h", 5400},    {"17", 17},    {"0.25", 0.25}, {"0", 0},
                 {"", -1},        {"s", -1},         {"ms", -1},    {"1x", -1},     {"1 s", -1},
                 {"1s ", -1},     {"1m2", -1},       {"1..2s", -1}, {".s", -1},     {"1sm", -1},
                 {"1S", -1},      {"-1s", -1},       {"1m-1s", -1}, {"+1s", -1},    {"1s,2s", -1},
                 {"\xff", -1},    {"1\xc2\xb5s", -1}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double got = 0;

        if (gsp__header_duration(cases[i].text, strlen(cases[i].text), &got) != (cases[i].expected >= 0))
            fail_msg("\"%s\" is %s duration", cases[i].text, cases[i].expected >= 0 ? "a" : "no");
        if (cases[i].expected >= 0)
            assert_true(got > cases[i].expected - 1e-9 && got < cases[i].expected + 1e-9);
    }
}

/*
 * Hints: what is no fact of its own.
 */

struct header {
    const char *name, *value;
};

static struct gsp__header_hints hints_of(const struct header *headers, size_t n)
{
    struct gsp__header_hints hints;

    memset(&hints, 0xa5, sizeof hints);
    gsp__header_hints_init(&hints);
    gsp__buffer_clear(&facts);
    for (size_t i = 0; i < n; i++)
        take(&hints, headers[i].name, headers[i].value, strlen(headers[i].value));
    assert_int_equal(facts.n, 0);
    return hints;
}

#define HINTS(...)                                                                                           \
    hints_of((const struct header[]){__VA_ARGS__},                                                           \
             sizeof((const struct header[]){__VA_ARGS__}) / sizeof(struct header))

/* RE-2: retry-after-ms goes before Retry-After (seconds or a date), whichever comes first. */
static void retry_after(void **state)
{
    static const struct {
        struct header first, second;
        int64_t expected_ms;
    } cases[] = {
        {{"retry-after", "2"}, {"server", "x"}, 2000},
        {{"Retry-After", "0"}, {"server", "x"}, 0},
        {{"retry-after", "1.5"}, {"server", "x"}, 1500},
        {{"retry-after", "Tue, 14 Nov 2023 22:13:30 GMT"}, {"server", "x"}, 10000},
        {{"retry-after", "Tue, 14 Nov 2023 22:13:10 GMT"}, {"server", "x"}, 0},
        {{"retry-after-ms", "250"}, {"server", "x"}, 250},
        {{"x-ms-retry-after-ms", "70"}, {"server", "x"}, 70},
        {{"retry-after", "2"}, {"retry-after-ms", "250"}, 250},
        {{"retry-after-ms", "250"}, {"retry-after", "2"}, 250},
        /* said twice, the last stands */
        {{"retry-after", "2"}, {"retry-after", "3"}, 3000},
        {{"retry-after-ms", "2"}, {"retry-after-ms", "3"}, 3},
        /* 0 and less, which some send, and what is no delay, says nothing */
        {{"retry-after-ms", "0"}, {"retry-after", "2"}, 2000},
        {{"retry-after", "2"}, {"retry-after-ms", "-1"}, 2000},
        {{"retry-after", "2"}, {"retry-after-ms", "soon"}, 2000},
        {{"retry-after-ms", "1e300"}, {"server", "x"}, -1},
        {{"retry-after", "-1"}, {"server", "x"}, -1},
        {{"retry-after", "soon"}, {"server", "x"}, -1},
        {{"retry-after", "99999999999999999999"}, {"server", "x"}, -1},
        {{"retry-after", ""}, {"server", "x"}, -1},
        {{"server", "x"}, {"server", "x"}, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(HINTS(cases[i].first, cases[i].second).retry_after_ms, cases[i].expected_ms);
}

/* RE-1 */
static void should_retry(void **state)
{
    (void)state;
    assert_int_equal(HINTS({"x-should-retry", "true"}).should_retry, 1);
    assert_int_equal(HINTS({"X-Should-Retry", "FALSE"}).should_retry, -1);
    assert_int_equal(HINTS({"x-should-retry", "1"}).should_retry, 0);
    assert_int_equal(HINTS({"x-should-retry", ""}).should_retry, 0);
    assert_int_equal(HINTS({"x-other", "true"}).should_retry, 0);
}

/* Speech: what was counted and charged stands beside the audio. */
static void what_speech_costs(void **state)
{
    (void)state;
    expect("character-cost", "127", "credits=127");
    expect("Character-Cost", "12.5", "credits=12.5");
    expect("character-cost", "0", "credits=0");
    expect("character-cost", "-1", "");
    expect("character-cost", "1e300", "");
    expect("character-cost", "much", "");
    expect("dg-char-count", "42", "input_characters=42");
    expect("dg-char-count", "-42", "");
    expect("dg-char-count", "", "");
    expect("dg-model-name", "aura-2-thalia-en", "response_model=\"aura-2-thalia-en\"");
    expect("dg-model-name", "", "");
    expect("dg-error", "too many", "error_message=\"too many\"");
}

static void content_types(void **state)
{
    static const struct {
        const char *value;
        enum gsp__framing expected;
    } cases[] = {
        {"application/json", GSP__FRAMING_JSON},
        {"Application/JSON; charset=utf-8", GSP__FRAMING_JSON},
        {"application/problem+json", GSP__FRAMING_JSON},
        {"text/event-stream", GSP__FRAMING_SSE},
        {"text/event-stream;charset=UTF-8", GSP__FRAMING_SSE},
        {"\t text/event-stream", GSP__FRAMING_SSE},
        {"text/plain", GSP__FRAMING_TEXT},
        {"text/vtt; charset=utf-8", GSP__FRAMING_TEXT},
        {"application/x-subrip", GSP__FRAMING_TEXT},
        {"application/octet-stream", GSP__FRAMING_BYTES},
        {"audio/mpeg", GSP__FRAMING_RAW},
        {"", GSP__FRAMING_UNKNOWN},
        {"text/html", GSP__FRAMING_OTHER},
        {"application/jso", GSP__FRAMING_OTHER},
        {"image/png", GSP__FRAMING_OTHER},
        {";", GSP__FRAMING_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(HINTS({"content-type", cases[i].value}).framing, cases[i].expected);
    assert_int_equal(HINTS({"x-other", "x"}).framing, GSP__FRAMING_UNKNOWN);
    assert_string_equal(gsp__framing_name(GSP__FRAMING_JSON), "json");
    assert_string_equal(gsp__framing_name(GSP__FRAMING_RAW), "raw");
    assert_string_equal(gsp__framing_name(GSP__FRAMING_TEXT), "text");
    assert_string_equal(gsp__framing_name(GSP__FRAMING_BYTES), "");
    assert_string_equal(gsp__framing_name(GSP__FRAMING_SSE), "sse");
    assert_string_equal(gsp__framing_name(GSP__FRAMING_UNKNOWN), "");
    assert_string_equal(gsp__framing_name(GSP__FRAMING_OTHER), "");
}

/* An error is neither audio nor a transcript. */
static void content_types_of_errors(void **state)
{
    static const enum gsp__framing answers[] = {GSP__FRAMING_RAW, GSP__FRAMING_TEXT, GSP__FRAMING_BYTES};

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        assert_int_equal(gsp__framing_under(answers[i], 200), answers[i]);
        assert_int_equal(gsp__framing_under(answers[i], 399), answers[i]);
        assert_int_equal(gsp__framing_under(answers[i], 0), answers[i]);
        assert_int_equal(gsp__framing_under(answers[i], 400), GSP__FRAMING_UNKNOWN);
        assert_int_equal(gsp__framing_under(answers[i], 503), GSP__FRAMING_UNKNOWN);
    }
    assert_int_equal(gsp__framing_under(GSP__FRAMING_JSON, 400), GSP__FRAMING_JSON);
    assert_int_equal(gsp__framing_under(GSP__FRAMING_SSE, 500), GSP__FRAMING_SSE);
    assert_int_equal(gsp__framing_under(GSP__FRAMING_OTHER, 500), GSP__FRAMING_OTHER);
}

static void content_codings(void **state)
{
    (void)state;
    assert_true(HINTS({"content-encoding", "gzip"}).is_coded);
    assert_true(HINTS({"Content-Encoding", "br"}).is_coded);
    assert_false(HINTS({"content-encoding", "Identity"}).is_coded);
    assert_false(HINTS({"content-encoding", ""}).is_coded);
    assert_false(HINTS({"x-other", "gzip"}).is_coded);
}

static void the_server_is_kept_and_cut(void **state)
{
    (void)state;
    assert_string_equal(HINTS({"server", "uvicorn"}).server, "uvicorn");
    assert_string_equal(HINTS({"server", "0123456789012345678901234567890"}).server,
                        "0123456789012345678901234567890");
    assert_string_equal(HINTS({"server", "01234567890123456789012345678901"}).server,
                        "0123456789012345678901234567890");
    assert_string_equal(HINTS({"server", "a"}, {"server", "b"}).server, "b");
    assert_string_equal(HINTS({"x-other", "a"}).server, "");
}

/* Any bytes, a NUL among them, are a value that means nothing. */
static void any_bytes_are_safe(void **state)
{
    static const char *const names[] = {"x-request-id",
                                        "retry-after",
                                        "retry-after-ms",
                                        "content-type",
                                        "x-should-retry",
                                        "server",
                                        "content-encoding",
                                        "openai-processing-ms",
                                        "x-ratelimit-reset-tokens",
                                        "x-ratelimit-limit-tokens"};
    static const char bytes[] = "\0\xff\xfe 1\0s2m,;:\"\\\x7f\xc3";

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (size_t from = 0; from < sizeof bytes; from++)
            for (size_t n = 0; n <= sizeof bytes - from; n++) {
                struct gsp__header_hints hints;

                gsp__header_hints_init(&hints);
                take(&hints, names[i], bytes + from, n);
                assert_true(hints.retry_after_ms >= -1);
            }
    gsp__buffer_clear(&facts);
}

/*
 * Whole lines, as a transport hands them over.
 */

static struct test_clock test_time;
static gsp_recorder *rec;
static gsp_exchange *exchange;

static int begin(void **state)
{
    gsp_span operation, attempt;

    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    rec = test_recorder(&test_time, 1 << 20);
    operation = gsp_operation_start(rec, "chat", NULL);
    attempt = gsp_attempt_start(operation, NULL);
    exchange = gsp_exchange_new(attempt);
    gsp_exchange_request(exchange, "POST", "https://llm.example/v1/chat/completions");
    return 0;
}

static int finish(void **state)
{
    (void)state;
    gsp_exchange_free(exchange);
    gsp_recorder_close(rec);
    return 0;
}

/* Blocks of their own, without a NUL behind them. */
static void line(const char *text)
{
    size_t n = strlen(text);
    char *own = malloc(n);

    if (n)
        memcpy(own, text, n);
    gsp_exchange_response_header(exchange, own, n, 0);
    free(own);
}

static const char *attempt_text(void)
{
    return test_dump_record(gsp_recorder_path(rec), 1);
}

static bool says(const char *what)
{
    return strstr(attempt_text(), what) != NULL;
}

static void lines_of_a_head(void **state)
{
    (void)state;
    line("HTTP/1.1 200 OK\r\n");
    line("Content-Type: application/json\r\n");
    line("X-Request-Id:req_1\r\n");
    line("request-id:\t req_2 \t\r\n");
    line("cf-ray: 123:456-FRA");
    line("x-ratelimit-limit-tokens: 1000\n");
    line("\r\n");
    gsp_exchange_end(exchange, GSP_STREAM_FINISHED, NULL, 0);
    assert_true(says(" request_id[0]=\"req_1\" request_id[0]=\"req_2\" request_id[0]=\"123:456-FRA\" "
                     "tokens_limit=1000 http_status=200"));
}

/* A header that comes again: ids collect (ID-1), of a limit the last value stands. */
static void repeated_headers(void **state)
{
    (void)state;
    line("HTTP/2 200");
    for (int i = 0; i < 3; i++) {
        line("x-request-id: a");
        line(i == 2 ? "x-ratelimit-remaining-tokens: 7" : "x-ratelimit-remaining-tokens: 99");
    }
    gsp_exchange_end(exchange, GSP_STREAM_FINISHED, NULL, 0);
    assert_true(says("request_id[0]=\"a\""));
    assert_true(says("tokens_remaining=7"));
    assert_false(says("tokens_remaining=99"));
}

/* A new status line (after 100 Continue, or a redirect) starts afresh. */
static void a_new_status_line_starts_afresh(void **state)
{
    gsp_exchange_result result = {.struct_size = sizeof result};

    (void)state;
    line("HTTP/1.1 503 Service Unavailable");
    line("retry-after: 9");
    line("x-should-retry: false");
    line("HTTP/1.1 429 Too Many Requests");
    gsp_exchange_end(exchange, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_get_result(exchange, &result);
    assert_int_equal(result.http_status, 429);
    assert_true(result.retry_after_ms < 0);
    assert_true(says("http_status=429"));
    assert_false(says("retry_after"));
}

static void hostile_lines_say_nothing(void **state)
{
    static const char *const lines[] = {"",
                                        "\r\n",
                                        ":",
                                        ": x",
                                        "no colon at all",
                                        "x-request-id",
                                        "x-request-id req_1",
                                        "x-request-id:",
                                        "x-request-id: \t \r\n",
                                        " x-request-id: folded",
                                        "x-request-id : blank before the colon",
                                        "HTTP/",
                                        "HTTP/1.1",
                                        "HTTP/1.1 ",
                                        "HTTP/1.1 20",
                                        "HTTP/1.1 abc",
                                        "HTTP/1.1 099 no",
                                        "\xff\xfe\x01: \x02",
                                        "retry-after: \xff",
                                        "x-ratelimit-limit-tokens: 1 2"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        line(lines[i]);
    gsp_exchange_response_header(exchange, NULL, 5, 0);
    gsp_exchange_response_header(NULL, "a: b", 4, 0);
    gsp_exchange_end(exchange, GSP_STREAM_FINISHED, NULL, 0);
    assert_false(says("request_id"));
    assert_false(says("http_status"));
    assert_false(says("retry_after"));
    assert_false(says("tokens_limit"));
}

/* A line of a megabyte: passed over, or cut and counted; what comes after it is read. */
static void over_long_lines(void **state)
{
    static char text[1 << 20];
    size_t n = sizeof text;

    (void)state;
    line("HTTP/1.1 200 OK");
    memset(text, 'a', n);
    gsp_exchange_response_header(exchange, text, n, 0); /* a name without end */
    memcpy(text, "x-ratelimit-limit-tokens: ", 26);
    memset(text + 26, '9', n - 26);
    gsp_exchange_response_header(exchange, text, n, 0);
    memcpy(text, "server: ", 8);
    gsp_exchange_response_header(exchange, text, n, 0);
    memcpy(text, "x-request-id: ", 14);
    gsp_exchange_response_header(exchange, text, n, 0);
    line("request-id: after");
    gsp_exchange_end(exchange, GSP_STREAM_FINISHED, NULL, 0);
    assert_false(says("tokens_limit"));
    assert_true(says("request_id[0]=\"after\""));
    assert_true(says("http_status=200"));
    assert_true(gsp_recorder_loss(rec, GSP_LOSS_CUT) + gsp_recorder_loss(rec, GSP_LOSS_RECORD_FULL) > 0);
}

static void expect_facts(const struct header *headers, size_t n, const char *expected)
{
    struct gsp__header_hints hints;

    gsp__header_hints_init(&hints);
    gsp__buffer_clear(&facts);
    for (size_t i = 0; i < n; i++)
        take(&hints, headers[i].name, headers[i].value, strlen(headers[i].value));
    gsp__buffer_add_char(&facts, 0);
    assert_string_equal(facts.data, expected);
}

/* The total is put together of parts that come in any order (US-1). */
static void usage_in_headers(void **state)
{
    static const char input[] = "x-amzn-bedrock-input-token-count",
                      output[] = "x-amzn-bedrock-output-token-count",
                      read[] = "x-amzn-bedrock-cache-read-input-token-count",
                      write[] = "x-amzn-bedrock-cache-write-input-token-count";
    const struct header all[] = {{input, "10"}, {output, "7"}, {read, "100"}, {write, "1000"}},
                        other_order[] = {{write, "1000"}, {read, "100"}, {output, "0"}, {input, "10"}},
                        without_total[] = {{read, "100"}, {output, "7"}};

    (void)state;
    expect_facts(all, 4, "[0]=10[1]=7[3]=100[0]=110[4]=1000[0]=1110");
    expect_facts(other_order, 4, "[4]=1000[3]=100[1]=0[0]=1110");
    expect_facts(without_total, 2, "[3]=100[1]=7");
    expect(input, "-1", "");
    expect(input, "1e300", "");
    expect(input, "many", "");
    expect(output, "", "");
    expect("x-amzn-bedrock-invocation-latency", "1500", "processing_time=1.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_ids),
        cmocka_unit_test(rate_limits),
        cmocka_unit_test(times_of_the_provider),
        cmocka_unit_test(error_types),
        cmocka_unit_test(usage_in_headers),
        cmocka_unit_test(durations),
        cmocka_unit_test(retry_after),
        cmocka_unit_test(should_retry),
        cmocka_unit_test(what_speech_costs),
        cmocka_unit_test(content_types),
        cmocka_unit_test(content_types_of_errors),
        cmocka_unit_test(content_codings),
        cmocka_unit_test(the_server_is_kept_and_cut),
        cmocka_unit_test(any_bytes_are_safe),
        cmocka_unit_test_setup_teardown(lines_of_a_head, begin, finish),
        cmocka_unit_test_setup_teardown(repeated_headers, begin, finish),
        cmocka_unit_test_setup_teardown(a_new_status_line_starts_afresh, begin, finish),
        cmocka_unit_test_setup_teardown(hostile_lines_say_nothing, begin, finish),
        cmocka_unit_test_setup_teardown(over_long_lines, begin, finish),
    };
    int n = cmocka_run_group_tests(tests, NULL, NULL);

    gsp__buffer_deinit(&facts);
    return n;
}
