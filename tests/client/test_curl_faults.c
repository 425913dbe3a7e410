/* gsp_curl_observe: transfers that fail, are cut or given up, with and without gsp_curl_done; handles that go
 * away, are reset, copied, or belong to a program with a debug function of its own. */
#include "call/spans_of.h"
#include "client/raw_server.h"
#include "client/transfer.h"
#include "support/backend.h"
#include "support/support.h"

#include <genspan/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUEST "{\"model\":\"m\",\"stream\":true}"
#define SSE     "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
#define JSON    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define TEXT    "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n" /* 47 bytes */
#define CHUNK   "2f\r\n" TEXT "\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

static gsp_recorder *rec;
static struct raw_server *server;
static CURL *easy;
/* The program's write function takes so much, then fails. */
static _Thread_local size_t n_taken_max = SIZE_MAX;

static size_t on_body(char *bytes, size_t size, size_t n, void *self)
{
    (void)bytes;
    (void)size;
    (void)self;
    if (n_taken_max < n)
        return 0;
    n_taken_max -= n;
    return n;
}

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    rec = test_recorder(NULL, 512 << 10);
    easy = curl_easy_init();
    n_taken_max = SIZE_MAX;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    curl_easy_cleanup(easy);
    easy = NULL;
    gsp_recorder_close(rec);
    raw_server_stop(server);
    server = NULL;
    return 0;
}

static void prepare(CURL *handle, const char *base)
{
    char url[200];

    snprintf(url, sizeof url, "%s/v1/chat/completions", base);
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, REQUEST);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
}

static void against(const struct raw_answer *answers, size_t n)
{
    raw_server_stop(server);
    server = raw_server_start(answers, n);
    prepare(easy, raw_server_url(server));
}

static void assert_ended(const char *what, uint32_t at, const char *outcome, const char *error_type)
{
    const struct gsp__span_data *span = test_span(at);

    if (strcmp(test_value(span, "genspan.outcome"), outcome) != 0)
        fail_msg("%s: %s", what, test_value(span, "genspan.outcome"));
    if (strcmp(test_value(span, "error.type"), error_type) != 0)
        fail_msg("%s: %s (%s)", what, test_value(span, "error.type"), test_span_message(span));
}

struct row {
    const char *what;
    struct raw_answer answer;
    const char *base; /* instead of the server's */
    long timeout_ms;
    size_t n_taken_max; /* 0: all */
    const char *outcome, *error_type;
};

/* ST-2 and OP-7 on the wire. */
static const struct row rows[] = {
    {"closed in a stream's chunk",
     {.bytes = SSE CHUNKED CHUNK "2f\r\ndata", .closes = true},
     NULL,
     0,
     0,
     "failed",
     "truncated"},
    {"closed before the length",
     {.bytes = JSON "Content-Length: 99\r\n\r\n{\"id\":1", .closes = true},
     NULL,
     0,
     0,
     "failed",
     "truncated"},
    {"a stream without its end", {.bytes = SSE CHUNKED CHUNK "0\r\n\r\n"}, NULL, 0, 0, "failed", "truncated"},
    {"a stream until the connection closes",
     {.bytes = SSE "\r\n" TEXT "data: [DONE]\n\n", .closes = true},
     NULL,
     0,
     0,
     "completed",
     "-"},
    {"a stream that the closing cuts",
     {.bytes = SSE "\r\n" TEXT, .closes = true},
     NULL,
     0,
     0,
     "failed",
     "truncated"},
    {"no answer", {.bytes = "H", .n = 0, .closes = true}, NULL, 0, 0, "failed", "connection"},
    {"refused", {.bytes = ""}, "nobody", 0, 0, "failed", "connection"},
    {"unknown host", {.bytes = ""}, "http://no-such-host.invalid", 0, 0, "failed", "connection"},
    {"late", {.bytes = SSE CHUNKED CHUNK, .stalls = true}, NULL, 150, 0, "failed", "timeout"},
    {"no answer in time", {.bytes = "H", .stalls = true}, NULL, 150, 0, "failed", "timeout"},
    {"given up by the program",
     {.bytes = SSE CHUNKED CHUNK CHUNK CHUNK, .stalls = true, .piece = 60},
     NULL,
     0,
     50,
     "cancelled",
     "-"},
    {"a refusal",
     {.bytes = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"},
     NULL,
     0,
     0,
     "failed",
     "overloaded"},
    {"an empty answer", {.bytes = SSE "Content-Length: 0\r\n\r\n"}, NULL, 0, 0, "completed", "-"},
};

static void play(const struct row *row, bool is_told, bool waits)
{
    gsp_curl_options options = GSP_CURL_OPTIONS_INIT;
    CURLcode code;

    against(&row->answer, 1);
    if (row->base)
        prepare(easy, strcmp(row->base, "nobody") == 0 ? test_nobody_url() : row->base);
    if (row->n_taken_max)
        n_taken_max = row->n_taken_max;
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, row->timeout_ms);
    options.waits_for_done = waits;
    gsp_curl_observe(easy, rec, &options);
    code = curl_easy_perform(easy);
    if (is_told)
        gsp_curl_done(easy, code);
}

static void every_ending(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) /* not told, told, only told */
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            set_up(NULL);
            play(&rows[i], way > 0, way > 1);
            if (test_spans_of(gsp_recorder_path(rec), false) != 2)
                fail_msg("%s: not one call (way %d)", rows[i].what, way);
            assert_ended(rows[i].what, 0, rows[i].outcome, rows[i].error_type);
            assert_ended(rows[i].what, 1, rows[i].outcome, rows[i].error_type);
            assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 0);
            tear_down(NULL);
        }
}

/* The provider dropped the idle connection: libcurl asks again on a fresh one. */
static void a_connection_that_died(void **state)
{
    static const struct raw_answer answers[] = {{.bytes = JSON "Content-Length: 2\r\n\r\n{}"},
                                                {.bytes = "", .closes = true},
                                                {.bytes = JSON "Content-Length: 2\r\n\r\n{}"}};

    (void)state;
    for (int told = 0; told < 2; told++) {
        if (told)
            set_up(NULL);
        against(answers, 3);
        gsp_curl_observe(easy, rec, NULL);
        for (int i = 0; i < 2; i++) {
            CURLcode code = curl_easy_perform(easy);

            assert_int_equal(code, CURLE_OK);
            if (told)
                gsp_curl_done(easy, code);
        }
        assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 5);
        assert_string_equal(test_value(test_span(2), "genspan.operation.attempts"), "2");
        assert_ended("first", 3, "failed", "connection");
        assert_ended("second", 4, "completed", "-");
        if (!told)
            tear_down(NULL);
    }
}

/* Something that fails before a request is on its way is known from gsp_curl_done alone. */
static void a_url_that_is_none(void **state)
{
    (void)state;
    curl_easy_setopt(easy, CURLOPT_URL, "nothing://x/v1/chat/completions");
    gsp_curl_observe(easy, rec, NULL);
    gsp_curl_done(easy, curl_easy_perform(easy));
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_ended("scheme", 0, "failed", "_OTHER");
}

/*
 * Handles and their owners.
 */

static const struct raw_answer whole[] = {{.bytes = JSON "Content-Length: 2\r\n\r\n{}"}};
static const struct raw_answer stalling[] = {{.bytes = SSE CHUNKED CHUNK, .stalls = true}};

static int on_debug(CURL *handle, curl_infotype type, char *bytes, size_t n, void *self)
{
    unsigned *kinds = self;

    (void)bytes;
    (void)n;
    assert_non_null(handle);
    *kinds |= 1u << type;
    return 0;
}

static void a_debug_function_of_the_program(void **state)
{
    gsp_curl_options options = GSP_CURL_OPTIONS_INIT;
    unsigned kinds = 0, all = 1u << CURLINFO_TEXT | 1u << CURLINFO_HEADER_IN | 1u << CURLINFO_HEADER_OUT |
                              1u << CURLINFO_DATA_IN | 1u << CURLINFO_DATA_OUT;

    (void)state;
    against(whole, 1);
    options.debug = on_debug;
    options.debug_data = &kinds;
    gsp_curl_observe(easy, rec, &options);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_int_equal(kinds, all);
    gsp_curl_forget(easy);
    kinds = 0;
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_int_equal(kinds, all); /* its own again */
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
}

static void handles_come_and_go(void **state)
{
    (void)state;
    against(whole, 1);
    for (int i = 0; i < 20; i++) {
        CURL *one = curl_easy_init();

        prepare(one, raw_server_url(server));
        gsp_curl_observe(one, rec, NULL);
        assert_int_equal(curl_easy_perform(one), CURLE_OK);
        if (i % 3 == 0)
            gsp_curl_forget(one);
        curl_easy_cleanup(one);
        if (i % 3 != 0)
            gsp_curl_done(one, CURLE_RECV_ERROR); /* a handle that is gone: only its address is used */
    }
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 40);
}

static void a_handle_that_is_reset_is_observed_no_more(void **state)
{
    (void)state;
    against(whole, 1);
    gsp_curl_observe(easy, rec, NULL);
    curl_easy_reset(easy);
    prepare(easy, raw_server_url(server));
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 0);
    gsp_curl_observe(easy, rec, NULL);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
}

static void a_copy_is_not_observed(void **state)
{
    CURL *copy;

    (void)state;
    against(whole, 1);
    gsp_curl_observe(easy, rec, NULL);
    copy = curl_easy_duphandle(easy);
    assert_int_equal(curl_easy_perform(copy), CURLE_OK);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 0);
    gsp_curl_forget(easy);
    assert_int_equal(curl_easy_perform(copy), CURLE_OK);
    gsp_curl_observe(copy, rec, NULL);
    assert_int_equal(curl_easy_perform(copy), CURLE_OK);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    curl_easy_cleanup(copy);
}

static void nothing_to_record_leaves_the_handle_alone(void **state)
{
    (void)state;
    against(whole, 1);
    assert_int_equal(gsp_curl_observe(NULL, rec, NULL), GSP_ERR_INVALID);
    assert_int_equal(gsp_curl_observe(easy, NULL, NULL), GSP_OK);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    gsp_curl_done(easy, CURLE_OK);
    gsp_curl_done(NULL, CURLE_OK);
    gsp_curl_forget(easy);
    gsp_curl_forget(NULL);
    gsp_curl_observe(easy, rec, NULL);
    gsp_curl_observe(easy, NULL, NULL); /* no longer */
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 0);
}

/* A stream is taken out of its multi handle in its midst. */
static void a_stream_that_is_taken_out(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) { /* removed, told, cleaned up, forgotten */
        CURLM *multi = curl_multi_init();
        int n_running = 1;

        if (way > 0)
            set_up(NULL);
        against(stalling, 1);
        gsp_curl_observe(easy, rec, NULL);
        curl_multi_add_handle(multi, easy);
        for (n_taken_max = SIZE_MAX; n_taken_max == SIZE_MAX;) {
            curl_multi_perform(multi, &n_running);
            curl_multi_poll(multi, NULL, 0, 10, NULL);
        }
        if (way == 1)
            gsp_curl_done(easy, CURLE_ABORTED_BY_CALLBACK);
        if (way == 3)
            gsp_curl_forget(easy);
        curl_multi_remove_handle(multi, easy);
        if (way == 2) {
            curl_easy_cleanup(easy);
            easy = curl_easy_init();
        }
        curl_multi_cleanup(multi);
        assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
        assert_ended("taken out", 0, "cancelled", "-");
        assert_string_equal(test_value(test_span(0), "genspan.stream.chunks"), "1");
        if (way < 3)
            tear_down(NULL);
    }
}

/* At the latest a call ends with its scope. */
static void a_scope_ends_what_is_open(void **state)
{
    gsp_curl_options options = GSP_CURL_OPTIONS_INIT;

    (void)state;
    against(whole, 1);
    options.scope = gsp_scope_open(rec);
    options.waits_for_done = 1;
    gsp_curl_observe(easy, rec, &options);
    assert_int_equal(curl_easy_perform(easy), CURLE_OK);
    gsp_scope_close(options.scope, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_ended("scope", 0, "abandoned", "-");
    gsp_curl_forget(easy);
}

/* Several at once in one multi handle do not mix (OP-6). */
static void many_at_once(void **state)
{
    CURL *handles[8];
    CURLM *multi = curl_multi_init();
    static const struct raw_answer slow[] = {
        {.bytes = SSE CHUNKED CHUNK CHUNK "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n", .piece = 9}};
    int n_running = 1, n_left;
    CURLMsg *message;

    (void)state;
    against(slow, 1);
    for (int i = 0; i < 8; i++) {
        handles[i] = curl_easy_init();
        prepare(handles[i], raw_server_url(server));
        gsp_curl_observe(handles[i], rec, NULL);
        curl_multi_add_handle(multi, handles[i]);
    }
    while (n_running) {
        curl_multi_perform(multi, &n_running);
        curl_multi_poll(multi, NULL, 0, 100, NULL);
    }
    while ((message = curl_multi_info_read(multi, &n_left)))
        gsp_curl_done(message->easy_handle, message->data.result);
    for (int i = 0; i < 8; i++) {
        curl_multi_remove_handle(multi, handles[i]);
        curl_easy_cleanup(handles[i]);
    }
    curl_multi_cleanup(multi);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 16);
    for (uint32_t i = 0; i < 16; i += 2) {
        assert_ended("one of many", i, "completed", "-");
        assert_string_equal(test_value(test_span(i), "genspan.stream.chunks"), "2");
    }
}

static void *make_calls(void *self)
{
    (void)self;
    for (int i = 0; i < 10; i++) {
        CURL *one = curl_easy_init();

        prepare(one, raw_server_url(server));
        gsp_curl_observe(one, rec, NULL);
        if (curl_easy_perform(one) == CURLE_OK && i % 2)
            gsp_curl_forget(one);
        curl_easy_cleanup(one);
    }
    return NULL;
}

static void from_several_threads(void **state)
{
    pthread_t threads[4];

    (void)state;
    against(whole, 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_calls, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 80);
}

/* HTTP/2 as libcurl tells it: heads as of HTTP/1, a body without chunks, nothing said at the end. */
static void http_2_ends_by_its_length(void **state)
{
    static const char request[] = "POST /v1/chat/completions HTTP/2\r\nHost: h\r\n\r\n";
    static const char head[] = "HTTP/2 200 \r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n";
    struct gsp__transfer t = {.operation = gsp_operation_start(rec, "chat", NULL), .owns_operation = true};

    (void)state;
    gsp__transfer_begin(&t, "https://api.openai.com/v1/chat/completions", 0);
    for (size_t i = 0; i < sizeof request - 1; i++) {
        assert_false(gsp__transfer_is_sent(&t));
        gsp__transfer_request_head(&t, request + i, 1);
    }
    assert_true(gsp__transfer_is_sent(&t));
    for (size_t i = 0; i < sizeof head - 1; i++)
        gsp__transfer_response_head(&t, head + i, 1);
    gsp__transfer_response_body(&t, "{", 1);
    assert_false(gsp__transfer_is_complete(&t));
    gsp__transfer_response_body(&t, "}{and more", 10);
    assert_true(gsp__transfer_is_complete(&t));
    gsp__transfer_end_as_known(&t, gsp__transfer_exit(&t, false));
    gsp__transfer_deinit(&t);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_ended("HTTP/2", 0, "completed", "-");
}

/* A line longer than what is held of one, in pieces: cut, and what follows is read. */
static void a_line_longer_than_is_held(void **state)
{
    char line[5000];
    struct gsp__transfer t = {.operation = gsp_operation_start(rec, "chat", NULL), .owns_operation = true};

    (void)state;
    memset(line, 'x', sizeof line);
    memcpy(line, "x-long: ", 8);
    line[sizeof line - 1] = '\n';
    gsp__transfer_begin(&t, "https://api.openai.com/v1/chat/completions", 0);
    gsp__transfer_request_head(&t, "POST / HTTP/1.1\n", 16);
    for (size_t i = 0; i < sizeof line; i += 100)
        gsp__transfer_request_head(&t, line + i, 100);
    gsp__transfer_request_head(&t, "\n", 1);
    assert_true(gsp__transfer_is_sent(&t));
    gsp__transfer_deinit(&t);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_ending),
        CASE(a_connection_that_died),
        CASE(a_url_that_is_none),
        CASE(a_debug_function_of_the_program),
        CASE(handles_come_and_go),
        CASE(a_handle_that_is_reset_is_observed_no_more),
        CASE(a_copy_is_not_observed),
        CASE(nothing_to_record_leaves_the_handle_alone),
        CASE(a_stream_that_is_taken_out),
        CASE(a_scope_ends_what_is_open),
        CASE(many_at_once),
        CASE(from_several_threads),
        CASE(http_2_ends_by_its_length),
        CASE(a_line_longer_than_is_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
