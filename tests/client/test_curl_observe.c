/* gsp_curl_observe: transfers of every kind come out as calls, and the program sees no difference. */
#include "call/spans_of.h"
#include "client/raw_server.h"
#include "sim/provider.h"
#include "support/dump.h"
#include "support/support.h"

#include <genspan/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define REQUEST                                                                                              \
    "{\"model\":\"gpt-4o-mini\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"
#define ANSWER                                                                                               \
    "{\"id\":\"chatcmpl-7\",\"model\":\"m-1\",\"choices\":[{\"message\":{\"content\":\"hello\"},"            \
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}"
#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req_9\r\n"
#define TEXT      "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
#define DONE      "data: [DONE]\n\n"

static gsp_recorder *rec;
static struct raw_server *server;
static struct gsp__sim *sim;
static CURL *easy;
static char url[200], seen[65536], seen_head[8192];

static size_t on_bytes(char *bytes, size_t size, size_t n, void *to)
{
    (void)size;
    strncat(to, bytes, n);
    return n;
}

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    rec = test_recorder(NULL, 512 << 10);
    easy = curl_easy_init();
    seen[0] = seen_head[0] = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    curl_easy_cleanup(easy);
    gsp_recorder_close(rec);
    raw_server_stop(server);
    gsp__sim_stop(sim);
    server = NULL;
    sim = NULL;
    return 0;
}

static void prepare(CURL *handle, const char *base)
{
    snprintf(url, sizeof url, "%s/v1/chat/completions", base);
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, REQUEST);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, (void *)seen);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_bytes);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, (void *)seen_head);
}

static void against(const struct raw_answer *answers, size_t n)
{
    server = raw_server_start(answers, n);
    prepare(easy, raw_server_url(server));
}

#define AGAINST(...)                                                                                         \
    static const struct raw_answer answers_of_this[] = {__VA_ARGS__};                                        \
    against(answers_of_this, sizeof answers_of_this / sizeof answers_of_this[0])

static void against_sim(const char *script)
{
    struct gsp__sim_options o = {.n_chunks = 18};
    char base[64];
    gsp_error err;

    o.script.n_steps = 1;
    if (script)
        assert_int_equal(gsp__sim_script_parse(script, &o.script, &err), GSP_OK);
    assert_int_equal(gsp__sim_start(&o, &sim, &err), GSP_OK);
    snprintf(base, sizeof base, "http://127.0.0.1:%u", gsp__sim_port(sim));
    prepare(easy, base);
}

static const struct gsp__span_data *spans(uint32_t n_expected, uint32_t i)
{
    uint32_t n = test_spans_of(gsp_recorder_path(rec), false);

    if (n != n_expected)
        fail_msg("%u spans, not %u", n, n_expected);
    return test_span(i);
}

static void assert_value(const struct gsp__span_data *span, const char *key, const char *expected)
{
    if (strcmp(test_value(span, key), expected) != 0)
        fail_msg("%s is %s, not %s", key, test_value(span, key), expected);
}

static void one_line_records_a_streamed_call(void **state)
{
    const struct gsp__span_data *op, *at;

    (void)state;
    against_sim(NULL);
    assert_int_equal(gsp_curl_observe(easy, rec, NULL), GSP_OK);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    op = spans(2, 0);
    at = test_span(1);
    assert_string_equal(test_span_name(op), "chat gpt-4o-mini");
    assert_value(op, "genspan.outcome", "completed");
    assert_value(op, "genspan.stream.chunks", "18");
    assert_value(op, "gen_ai.request.stream", "true");
    assert_value(op, "genspan.provider.request_ids", "[req_sim_000000,chatcmpl-sim-000000]");
    assert_value(at, "server.address", "127.0.0.1");
    assert_value(at, "http.response.status_code", "200");
    assert_string_not_equal(test_value(op, "gen_ai.response.time_to_first_chunk"), "-");
    assert_true(test_span_ns(at) > 0 && test_span_ns(op) >= test_span_ns(at));
    assert_int_equal(op->start_unix_ns > at->start_unix_ns, 0);
}

/* The callbacks of the program, and its body and head, are what they are without an observer. */
static void the_program_sees_no_difference(void **state)
{
    char body[sizeof seen], head[sizeof seen_head];
    long status = 0;

    (void)state;
    AGAINST(
        {.bytes = JSON_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n3;x=y\r\n12}\r\n0\r\n\r\n"});
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    strcpy(body, seen);
    strcpy(head, seen_head);
    seen[0] = seen_head[0] = 0;
    gsp_curl_observe(easy, rec, NULL);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_string_equal(seen, body);
    assert_string_equal(seen_head, head);
    assert_string_equal(seen, "{\"a\":12}");
    assert_int_equal(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status), CURLE_OK);
    assert_int_equal(status, 200);
    spans(2, 0);
}

/* A handle used again makes a call for each transfer, over the connection that it kept. */
static void each_transfer_is_a_call(void **state)
{
    (void)state;
    against_sim(NULL);
    gsp_curl_observe(easy, rec, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    spans(6, 0);
    for (uint32_t i = 0; i < 6; i++)
        assert_value(test_span(i), "genspan.outcome", "completed");
    assert_value(test_span(4), "genspan.provider.request_ids", "[req_sim_000002,chatcmpl-sim-000002]");
}

/* The program says how each ended; nothing is recorded twice. */
static void done_may_be_told_too(void **state)
{
    gsp_curl_options options = GSP_CURL_OPTIONS_INIT;

    (void)state;
    against_sim(NULL);
    for (int waits = 0; waits < 2; waits++) {
        options.waits_for_done = (uint32_t)waits;
        gsp_curl_observe(easy, rec, &options);
        for (int i = 0; i < 2; i++)
            gsp_curl_done(easy, curl_easy_perform(easy));
        gsp_curl_done(easy, CURLE_OK);
    }
    spans(8, 0);
    for (uint32_t i = 0; i < 8; i++)
        assert_value(test_span(i), "genspan.outcome", "completed");
}

static void without_done_a_call_stays_open_where_done_was_promised(void **state)
{
    gsp_curl_options options = GSP_CURL_OPTIONS_INIT;

    (void)state;
    against_sim(NULL);
    options.waits_for_done = 1;
    gsp_curl_observe(easy, rec, &options);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_value(spans(2, 0), "genspan.outcome", "abandoned"); /* as one that is open is read */
    gsp_curl_done(easy, CURLE_OK);
    assert_value(spans(2, 0), "genspan.outcome", "completed");
}

/* A program that retries has an operation of its own; each request is an attempt of it. */
static void attempts_of_the_programs_operation(void **state)
{
    gsp_curl_options options = GSP_CURL_OPTIONS_INIT;
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    (void)state;
    against_sim("429,ok");
    o.model = "asked-for";
    options.operation = gsp_operation_start(rec, "chat", &o);
    gsp_curl_observe(easy, rec, &options);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    gsp_span_end(options.operation, GSP_OUTCOME_AUTO, NULL, 0);
    spans(3, 0);
    assert_value(test_span(0), "genspan.operation.attempts", "2");
    assert_value(test_span(1), "error.type", "rate_limit");
    assert_value(test_span(2), "genspan.attempt.kind", "retry");
    assert_value(test_span(2), "genspan.outcome", "completed");
}

/* What libcurl follows is one call of several attempts. */
static void a_redirect_is_an_attempt(void **state)
{
    (void)state;
    AGAINST(
        {.bytes = "HTTP/1.1 307 Elsewhere\r\nLocation: /other/v1/chat/completions\r\nContent-Length: "
                  "4\r\n\r\nmove"},
        /* of a body that is passed over libcurl says so; here is none */
        {.bytes =
             "HTTP/1.1 308 Elsewhere\r\nLocation: /third/v1/chat/completions\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = JSON_HEAD "Content-Length: 0\r\nLocation: /nowhere\r\n\r\n"});
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    gsp_curl_observe(easy, rec, NULL);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    spans(4, 0);
    assert_value(test_span(0), "genspan.operation.attempts", "3");
    assert_value(test_span(1), "http.response.status_code", "307");
    assert_value(test_span(2), "http.response.status_code", "308");
    assert_value(test_span(3), "http.response.status_code", "200");
    assert_value(test_span(0), "genspan.provider.request_ids", "[req_9]");
}

/* One that is not followed: the call ends with the next, at the latest. */
static void a_redirect_that_is_not_followed(void **state)
{
    (void)state;
    AGAINST({.bytes = "HTTP/1.1 307 Elsewhere\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"},
            {.bytes = JSON_HEAD "Content-Length: 2\r\n\r\n{}"});
    gsp_curl_observe(easy, rec, NULL);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    spans(4, 0);
    assert_value(test_span(1), "http.response.status_code", "307");
    assert_value(test_span(3), "http.response.status_code", "200");
}

/* 401 to a request without a name, and again with one: libcurl's own way with digests. */
static void asked_again_for_a_password(void **state)
{
    (void)state;
    AGAINST({.bytes = "HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n"
                      "Content-Length: 0\r\n\r\n"},
            {.bytes = JSON_HEAD "Content-Length: 2\r\n\r\n{}"});
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST);
    curl_easy_setopt(easy, CURLOPT_USERPWD, "u:p");
    gsp_curl_observe(easy, rec, NULL);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    spans(3, 0);
    assert_value(test_span(0), "genspan.operation.attempts", "2");
    assert_value(test_span(0), "genspan.outcome", "completed");
}

static void a_100_continue_is_no_answer(void **state)
{
    (void)state;
    AGAINST({.bytes = "HTTP/1.1 100 Continue\r\n\r\n" JSON_HEAD "Content-Length: 2\r\n\r\n{}"});
    gsp_curl_observe(easy, rec, NULL);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_value(spans(2, 1), "http.response.status_code", "200");
}

static void a_proxys_tunnel_is_none_of_ours(void **state)
{
    (void)state;
    AGAINST({.bytes = "HTTP/1.1 200 Connected\r\nx-request-id: proxy\r\n\r\n"},
            {.bytes = JSON_HEAD "Content-Length: 2\r\n\r\n{}"});
    curl_easy_setopt(easy, CURLOPT_PROXY, raw_server_url(server));
    curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(easy, CURLOPT_URL, "http://provider.example/v1/chat/completions");
    gsp_curl_observe(easy, rec, NULL);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    spans(2, 0);
    assert_value(test_span(1), "server.address", "provider.example");
    assert_value(test_span(0), "genspan.provider.request_ids", "[req_9]");
    assert_value(test_span(0), "gen_ai.request.model", "gpt-4o-mini");
}

/*
 * Codings.
 */

/* ANSWER, packed: gzip (bits 31), zlib (15), as it is (-15). */
static size_t pack(int bits, char *out, size_t cap)
{
    z_stream z = {0};
    static char answer[] = ANSWER;

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)answer;
    z.avail_in = sizeof answer - 1;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return cap - z.avail_out;
}

static void a_compressed_answer_is_read(void **state)
{
    static const struct {
        const char *name;
        int bits;
        bool asks, is_chunked;
    } rows[] = {{"gzip", 31, true, false},
                {"deflate", 15, true, false},
                {"deflate", -15, false, false},
                {"gzip", 31, false, true}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char packed[1000], answer[2000];
        size_t n = pack(rows[i].bits, packed, sizeof packed), n_head;
        struct raw_answer raw = {.bytes = answer, .piece = 7};

        if (i > 0)
            set_up(NULL);
        n_head = (size_t)snprintf(answer, sizeof answer, JSON_HEAD "Content-Encoding: %s\r\n", rows[i].name);
        if (rows[i].is_chunked)
            n_head += (size_t)snprintf(answer + n_head, 100, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", n);
        else
            n_head += (size_t)snprintf(answer + n_head, 100, "Content-Length: %zu\r\n\r\n", n);
        memcpy(answer + n_head, packed, n);
        memcpy(answer + n_head + n, "\r\n0\r\n\r\n", 8);
        raw.n = n_head + n + (rows[i].is_chunked ? 7 : 0);
        against(&raw, 1);
        if (rows[i].asks)
            curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
        gsp_curl_observe(easy, rec, NULL);
        assert_int_equal(curl_easy_perform(easy), CURLE_OK);
        spans(2, 0);
        assert_value(test_span(0), "gen_ai.response.model", "m-1");
        assert_value(test_span(0), "gen_ai.usage.input_tokens", "3");
        assert_value(test_span(0), "genspan.outcome", "completed");
        if (i + 1 < sizeof rows / sizeof rows[0])
            tear_down(NULL);
    }
}

/* What cannot be unpacked is counted, and nothing is made of it. */
static void a_coding_nobody_knows_is_counted(void **state)
{
    (void)state;
    AGAINST({.bytes = JSON_HEAD "Content-Encoding: zz\r\nContent-Length: 9\r\n\r\ndata: {}\n"},
            {.bytes = JSON_HEAD "Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nno gzip!!"});
    gsp_curl_observe(easy, rec, NULL);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    spans(4, 0);
    for (uint32_t i = 1; i < 4; i += 2) {
        assert_value(test_span(i), "genspan.outcome", "completed");
        assert_value(test_span(i), "http.response.status_code", "200");
        assert_non_null(strstr(test_dump_record(gsp_recorder_path(rec), (int)i), " decode_errors=1"));
    }
}

/* Bodies of the request that come in chunks are read, too. */
static size_t read_request(char *to, size_t size, size_t n, void *self)
{
    const char **left = self;
    size_t n_left = strlen(*left), n_part = n_left < 10 ? n_left : 10;

    (void)size;
    (void)n;
    memcpy(to, *left, n_part);
    *left += n_part;
    return n_part;
}

static void a_request_in_chunks(void **state)
{
    const char *left = REQUEST;
    struct curl_slist *headers = curl_slist_append(NULL, "Transfer-Encoding: chunked");

    (void)state;
    AGAINST({.bytes = JSON_HEAD "Content-Length: 2\r\n\r\n{}"});
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_request);
    curl_easy_setopt(easy, CURLOPT_READDATA, &left);
    gsp_curl_observe(easy, rec, NULL);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_string_equal(test_span_name(spans(2, 0)), "chat gpt-4o-mini");
    curl_slist_free_all(headers);
}

/* A large answer, in small pieces, comes out as a stream of as many chunks as it has. */
static void a_long_stream_in_pieces(void **state)
{
    static char stream[40000];
    struct raw_answer raw = {.bytes = stream, .piece = 997};

    (void)state;
    strcpy(stream,
           "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 500; i++) /* one event in two chunks */
        strcat(stream, "18\r\ndata: {\"choices\":[{\"delt\r\n17\r\na\":{\"content\":\"a\"}}]}\n\n\r\n");
    strcat(stream, "e\r\ndata: [DONE]\n\n\r\n0\r\nx-trailer: 1\r\n\r\n");
    against(&raw, 1);
    gsp_curl_observe(easy, rec, NULL);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_value(spans(2, 0), "genspan.stream.chunks", "500");
    assert_value(test_span(0), "genspan.outcome", "completed");
}

/* What is not of any format is passed over: its operation has the name that was given. */
static void unknown_traffic(void **state)
{
    gsp_curl_options options = GSP_CURL_OPTIONS_INIT;

    (void)state;
    AGAINST({.bytes = JSON_HEAD "Content-Length: 2\r\n\r\n{}"});
    snprintf(url, sizeof url, "%s/status", raw_server_url(server));
    curl_easy_setopt(easy, CURLOPT_URL, url);
    gsp_curl_observe(easy, rec, NULL);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    options.name = "health";
    gsp_curl_observe(easy, rec, &options);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_string_equal(test_span_name(spans(4, 0)), "request");
    assert_string_equal(test_span_name(test_span(2)), "health");
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_FORMAT), 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(one_line_records_a_streamed_call),
        CASE(the_program_sees_no_difference),
        CASE(each_transfer_is_a_call),
        CASE(done_may_be_told_too),
        CASE(without_done_a_call_stays_open_where_done_was_promised),
        CASE(attempts_of_the_programs_operation),
        CASE(a_redirect_is_an_attempt),
        CASE(a_redirect_that_is_not_followed),
        CASE(asked_again_for_a_password),
        CASE(a_100_continue_is_no_answer),
        CASE(a_proxys_tunnel_is_none_of_ours),
        CASE(a_compressed_answer_is_read),
        CASE(a_coding_nobody_knows_is_counted),
        CASE(a_request_in_chunks),
        CASE(a_long_stream_in_pieces),
        CASE(unknown_traffic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
