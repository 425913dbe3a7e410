/* How an exchange ends: ST-2 on the wire, errors by OP-7 and RE-1, and the result for who decides to retry.
 */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <genspan/exchange.h>
#include <stdio.h>
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

#define JSON                 "Content-Type: application/json"
#define SSE                  "Content-Type: text/event-stream"
#define TEXT                 "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
#define ROLE                 "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"
#define DONE                 "data: [DONE]\n\n"
#define STOP                 "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define ANSWER               "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}"
#define ERROR(code, message) "{\"error\":{\"message\":\"" message "\",\"code\":\"" code "\"}}"
#define FIN                  GSP_STREAM_FINISHED
#define FAIL                 GSP_STREAM_FAILED
#define CLOSE                GSP_STREAM_CLOSED
#define ABORT                GSP_STREAM_CANCELLED
#define DROP                 GSP_STREAM_DESTROYED
#define NO                   (-1)

struct row {
    const char *what;
    int status; /* 0: no response at all */
    const char *header;
    const char *body;
    gsp_stream_exit how;
    const char *failure; /* the type that the transport gives */
    const char *outcome, *error_type;
    int is_retryable;
    int64_t retry_after_ms;
    uint64_t n_content;
};

static const struct row rows[] = {
    /* ST-2: natural ends */
    {"a stream", 200, SSE, TEXT TEXT STOP DONE, FIN, NULL, "completed", "", 0, NO, 2},
    {"a stream with a finish reason only", 200, SSE, TEXT STOP, FIN, NULL, "completed", "", 0, NO, 1},
    {"a stream with [DONE] only", 200, SSE, TEXT DONE, FIN, NULL, "completed", "", 0, NO, 1},
    {"a stream that nobody named", 200, "x: y", TEXT DONE, FIN, NULL, "completed", "", 0, NO, 1},
    {"a document", 200, JSON, ANSWER, FIN, NULL, "completed", "", 0, NO, 0},
    {"zero chunks", 200, SSE, "", FIN, NULL, "completed", "", 0, NO, 0},
    {"comments only", 200, SSE, ": ping\n\n: ping\n\n", FIN, NULL, "completed", "", 0, NO, 0},
    /* ST-2: the connection ended without a terminal event */
    {"truncated stream", 200, SSE, TEXT TEXT, FIN, NULL, "failed", "truncated", 1, NO, 2},
    {"truncated within an event", 200, SSE, TEXT "data: {\"choi", FIN, NULL, "failed", "truncated", 1, NO, 1},
    {"truncated after the role", 200, SSE, ROLE, FIN, NULL, "failed", "truncated", 1, NO, 0},
    {"truncated document", 200, JSON, "{\"choices\":[{\"mess", FIN, NULL, "failed", "truncated", 1, NO, 0},
    {"truncated after the finish reason", 200, JSON, "{\"choices\":[{\"finish_reason\":\"stop\"}],\"us", FIN,
     NULL, "failed", "truncated", 1, NO, 0},
    {"a page instead of a document", 200, JSON, "<html>", FIN, NULL, "failed", "truncated", 1, NO, 0},
    /* ST-2: errors of the transport */
    {"refused", 0, "", "", FAIL, "connection", "failed", "connection", 1, NO, 0},
    {"timed out before the head", 0, "", "", FAIL, "timeout", "failed", "timeout", 1, NO, 0},
    {"dropped after the head", 200, SSE, "", FAIL, "connection", "failed", "connection", 1, NO, 0},
    {"dropped in the stream", 200, SSE, TEXT, FAIL, "connection", "failed", "truncated", 1, NO, 1},
    {"timed out in a document", 200, JSON, "{\"choices\":[{\"finish_reason\":\"stop\"}],\"us", FAIL,
     "timeout", "failed", "timeout", 1, NO, 0},
    {"failed without a reason", 200, SSE, TEXT, FAIL, NULL, "failed", "_OTHER", 0, NO, 1},
    {"dropped after the end of the stream", 200, SSE, TEXT DONE, FAIL, "connection", "completed", "", 0, NO,
     1},
    {"dropped after a whole document", 200, JSON, ANSWER, FAIL, "connection", "completed", "", 0, NO, 0},
    /* ST-2: the caller's ways out */
    {"closed early", 200, SSE, TEXT, CLOSE, NULL, "cancelled", "", 0, NO, 1},
    {"closed after the end", 200, SSE, TEXT DONE, CLOSE, NULL, "completed", "", 0, NO, 1},
    {"closed after a whole document", 200, JSON, ANSWER, CLOSE, NULL, "completed", "", 0, NO, 0},
    {"closed in a document", 200, JSON, "{\"choices\":[{\"finish_reason\":\"stop\"}],\"us", CLOSE, NULL,
     "cancelled", "", 0, NO, 0},
    {"cancelled", 200, SSE, TEXT, ABORT, NULL, "cancelled", "", 0, NO, 1},
    {"cancelled before anything", 0, "", "", ABORT, NULL, "cancelled", "", 0, NO, 0},
    {"destroyed unread", 200, SSE, "", DROP, NULL, "abandoned", "", 0, NO, 0},
    {"destroyed unsent", 0, "", "", DROP, NULL, "abandoned", "", 0, NO, 0},
    {"destroyed in the stream", 200, SSE, TEXT, DROP, NULL, "cancelled", "", 0, NO, 1},
    {"destroyed after the end", 200, SSE, TEXT DONE, DROP, NULL, "completed", "", 0, NO, 1},
    /* OP-7 and RE-1: the provider's refusals */
    {"429", 429, "Retry-After: 3", "", FIN, NULL, "failed", "rate_limit", 1, 3000, 0},
    {"429 in milliseconds", 429, "retry-after-ms: 1500", "", FIN, NULL, "failed", "rate_limit", 1, 1500, 0},
    {"429 until a date", 429, "Retry-After: Tue, 14 Nov 2023 22:13:50 GMT", "", FIN, NULL, "failed",
     "rate_limit", 1, 30000, 0},
    {"429 until a date that is past", 429, "Retry-After: Tue, 14 Nov 2000 22:13:50 GMT", "", FIN, NULL,
     "failed", "rate_limit", 1, 0, 0},
    {"429 with a wait of no meaning", 429, "Retry-After: soon", "", FIN, NULL, "failed", "rate_limit", 1, NO,
     0},
    {"429 for spent quota", 429, JSON, ERROR("insufficient_quota", "no"), FIN, NULL, "failed", "rate_limit",
     0, NO, 0},
    {"429, told not to", 429, "x-should-retry: false", "", FIN, NULL, "failed", "rate_limit", 0, NO, 0},
    {"400, told to", 400, "x-should-retry: true", "", FIN, NULL, "failed", "invalid_request", 1, NO, 0},
    {"401", 401, JSON, ERROR("invalid_api_key", "no"), FIN, NULL, "failed", "auth", 0, NO, 0},
    {"context length", 400, JSON, ERROR("context_length_exceeded", "no"), FIN, NULL, "failed",
     "context_length", 0, NO, 0},
    {"500", 500, JSON, ERROR("server_error", "no"), FIN, NULL, "failed", "server_error", 1, NO, 0},
    {"503", 503, "x: y", "", FIN, NULL, "failed", "overloaded", 1, NO, 0},
    {"529", 529, "x: y", "", FIN, NULL, "failed", "overloaded", 1, NO, 0},
    {"a proxy's page", 502, "Content-Type: text/html", "<html>", FIN, NULL, "failed", "server_error", 1, NO,
     0},
    {"a refusal that the caller closes", 500, JSON, "", CLOSE, NULL, "failed", "server_error", 1, NO, 0},
    /* RE-1: 499 ends gracefully */
    {"499", 499, JSON, ERROR("closed", "no"), FIN, NULL, "cancelled", "", 0, NO, 0},
    /* an error in a 200 */
    {"error document in a 200", 200, JSON, ERROR("rate_limit_exceeded", "no"), FIN, NULL, "failed",
     "rate_limit", 1, NO, 0},
    {"error without a code in a 200", 200, JSON, "{\"error\":{\"message\":\"no\"}}", FIN, NULL, "failed",
     "_OTHER", 0, NO, 0},
    {"error that is a text", 200, JSON, "{\"error\":\"no\"}", FIN, NULL, "failed", "_OTHER", 0, NO, 0},
    {"error in the stream", 200, SSE, TEXT "data: " ERROR("server_error", "no") "\n\n", FIN, NULL, "failed",
     "server_error", 1, NO, 1},
    {"error before the first chunk", 200, SSE, "data: " ERROR("teapot", "no") "\n\n" DONE, FIN, NULL,
     "failed", "teapot", 0, NO, 0},
    {"error event", 200, SSE, TEXT "event: error\ndata: {\"message\":\"no\"}\n\n", FIN, NULL, "failed",
     "_OTHER", 0, NO, 1},
    {"error in the stream, then closed", 200, SSE, "data: " ERROR("server_error", "no") "\n\n", CLOSE, NULL,
     "failed", "server_error", 1, NO, 0},
};

static gsp_exchange *play(const struct row *row, gsp_span span)
{
    gsp_exchange *x = gsp_exchange_new(span);
    gsp_failure failure = GSP_FAILURE_INIT;
    char line[100];

    gsp_exchange_request(x, "POST", "http://localhost/v1/chat/completions");
    if (row->status) {
        snprintf(line, sizeof line, "HTTP/1.1 %d Whatever", row->status);
        gsp_exchange_response_header(x, line, strlen(line), 0);
        gsp_exchange_response_header(x, row->header, strlen(row->header), 0);
    }
    gsp_exchange_response_body(x, row->body, strlen(row->body), 0);
    failure.type = row->failure;
    failure.message = "the transport's words";
    gsp_exchange_end(x, row->how, row->failure ? &failure : NULL, 0);
    return x;
}

static const char *outcome_name(uint32_t outcome)
{
    static const char *const names[] = {"auto", "completed", "failed", "cancelled", "abandoned", "crashed"};

    return names[outcome];
}

static void check_result(const struct row *row, const gsp_exchange *x)
{
    gsp_exchange_result r = GSP_EXCHANGE_RESULT_INIT;

    gsp_exchange_get_result(x, &r);
    if (strcmp(outcome_name(r.outcome), row->outcome) != 0)
        fail_msg("%s: outcome %s", row->what, outcome_name(r.outcome));
    if (strcmp(r.error_type, row->error_type) != 0)
        fail_msg("%s: error type %s", row->what, r.error_type);
    if (r.is_retryable != row->is_retryable)
        fail_msg("%s: retryable %d", row->what, r.is_retryable);
    if (r.retry_after_ms != row->retry_after_ms)
        fail_msg("%s: retry after %lld", row->what, (long long)r.retry_after_ms);
    if (r.n_content_chunks != row->n_content)
        fail_msg("%s: %llu chunks", row->what, (unsigned long long)r.n_content_chunks);
    if (r.http_status != row->status)
        fail_msg("%s: status %d", row->what, r.http_status);
    if (*r.error_message && strcmp(row->outcome, "failed") != 0)
        fail_msg("%s: message \"%s\"", row->what, r.error_message);
}

/* The result that the caller decides by, and the record, say the same. */
static void check_span(const struct row *row, const struct gsp__span_data *s)
{
    bool is_failed = strcmp(row->outcome, "failed") == 0;

    if (strcmp(test_value(s, "genspan.outcome"), row->outcome) != 0)
        fail_msg("%s: recorded outcome %s", row->what, test_value(s, "genspan.outcome"));
    assert_string_equal(test_value(s, "error.type"), is_failed ? row->error_type : "-");
    assert_int_equal(s->status, is_failed ? GSP__STATUS_ERROR : GSP__STATUS_UNSET);
    assert_int_equal(test_count_events(s, "exception"), is_failed);
    if (row->status)
        assert_int_equal(atoi(test_value(s, "http.response.status_code")), row->status);
    else
        assert_string_equal(test_value(s, "http.response.status_code"), "-");
}

static void every_ending(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_exchange *x;

        set_up(NULL);
        x = play(&rows[i], at);
        check_result(&rows[i], x);
        gsp_exchange_free(x);
        gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
        assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
        check_span(&rows[i], test_span(1));
        tear_down(NULL);
    }
}

/* The null handle: the same results, but for dates, which are then read by the system's clock. */
static void every_ending_without_a_recorder(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_exchange *x = play(&rows[i], (gsp_span)GSP_NO_SPAN_INIT);

        if (!strstr(rows[i].header, "GMT"))
            check_result(&rows[i], x);
        gsp_exchange_free(x);
    }
}

/* ST-1: only the first end counts, and what comes after it changes nothing. */
static void st_1_only_the_first_end_counts(void **state)
{
    gsp_exchange *x = play(&(struct row){"", 200, SSE, TEXT, FAIL, "timeout", "", "", 0, 0, 0}, at);
    gsp_exchange_result before = GSP_EXCHANGE_RESULT_INIT, after = GSP_EXCHANGE_RESULT_INIT;

    (void)state;
    gsp_exchange_get_result(x, &before);
    gsp_exchange_response_header(x, "HTTP/1.1 500 Late", 17, 0);
    gsp_exchange_response_body(x, TEXT DONE, strlen(TEXT DONE), 0);
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_get_result(x, &after);
    assert_memory_equal(&before, &after, sizeof before);
    gsp_exchange_free(x);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_string_equal(test_value(test_span(1), "error.type"), "timeout");
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 0);
}

/* ST-1: an exchange whose end was never told ends its attempt when it is freed. */
static void st_1_freeing_ends_the_attempt(void **state)
{
    gsp_span second = gsp_attempt_start(op, NULL);
    gsp_exchange *x = gsp_exchange_new(at);

    (void)state;
    gsp_exchange_request(x, "POST", "http://localhost/v1/chat/completions");
    gsp_exchange_free(x);
    x = gsp_exchange_new(second);
    gsp_exchange_request(x, "POST", "http://localhost/v1/chat/completions");
    gsp_exchange_response_body(x, TEXT, strlen(TEXT), 0);
    gsp_exchange_free(x);
    gsp_exchange_free(NULL);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 3);
    assert_string_equal(test_value(test_span(1), "genspan.outcome"), "abandoned");
    assert_string_equal(test_value(test_span(2), "genspan.outcome"), "cancelled");
}

/* OP-7: where the message comes from: the provider, else the transport, else the status; at most 1 KiB. */
static void op_7_the_message(void **state)
{
    static char body[3000];
    gsp_exchange_result r = GSP_EXCHANGE_RESULT_INIT;
    gsp_exchange *x;

    (void)state;
    x = play(&(struct row){"", 429, JSON, ERROR("x", "from the provider"), FIN, NULL, "", "", 0, 0, 0}, at);
    gsp_exchange_get_result(x, &r);
    assert_string_equal(r.error_message, "from the provider");
    gsp_exchange_free(x);
    x = play(&(struct row){"", 0, "", "", FAIL, "connection", "", "", 0, 0, 0}, gsp_attempt_start(op, NULL));
    gsp_exchange_get_result(x, &r);
    assert_string_equal(r.error_message, "the transport's words");
    gsp_exchange_free(x);
    x = play(&(struct row){"", 503, "", "", FIN, NULL, "", "", 0, 0, 0}, gsp_attempt_start(op, NULL));
    gsp_exchange_get_result(x, &r);
    assert_string_equal(r.error_message, "HTTP status 503");
    gsp_exchange_free(x);
    strcpy(body, "{\"error\":{\"message\":\"");
    memset(body + strlen(body), 'm', 2500);
    strcat(body, "\"}}");
    x = play(&(struct row){"", 400, JSON, body, FIN, NULL, "", "", 0, 0, 0}, gsp_attempt_start(op, NULL));
    gsp_exchange_get_result(x, &r);
    assert_in_range(strlen(r.error_message), 200, 1024);
    gsp_exchange_free(x);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 5);
    assert_string_equal(test_span_message(test_span(1)), "from the provider");
    assert_string_equal(test_span_message(test_span(2)), "the transport's words");
    assert_string_equal(test_span_message(test_span(3)), "HTTP status 503");
    /* OP-5: the operation fails as its last attempt did */
    assert_non_null(strstr(test_span_message(test_span(0)), "chat failed after 4 attempts (caused by "
                                                            "invalid_request: mmm"));
}

/* A wait that the provider asks for is a fact of the attempt, in seconds. */
static void the_wait_asked_for_is_recorded(void **state)
{
    gsp_exchange *x = play(&(struct row){"", 429, "Retry-After: 3", "", FIN, NULL, "", "", 0, 0, 0}, at);

    (void)state;
    gsp_exchange_free(x);
    assert_non_null(strstr(test_dump_record(gsp_recorder_path(rec), 1), "http_status=429 retry_after=3 "));
}

/* types.h: structs grow at the end; an older caller's is not written beyond its size. */
static void a_result_of_another_size(void **state)
{
    gsp_exchange *x = play(&(struct row){"", 429, "Retry-After: 3", "", FIN, NULL, "", "", 0, 0, 0}, at);
    struct {
        gsp_exchange_result result;
        char guard[64];
    } wide;
    volatile size_t n_narrow = offsetof(gsp_exchange_result, is_retryable);
    gsp_exchange_result *narrow = malloc(n_narrow);

    (void)state;
    assert_non_null(narrow);
    narrow->struct_size = offsetof(gsp_exchange_result, is_retryable);
    gsp_exchange_get_result(x, narrow); /* the sanitizer sees a byte too much */
    assert_int_equal(narrow->http_status, 429);
    assert_int_equal(narrow->struct_size, offsetof(gsp_exchange_result, is_retryable));
    free(narrow);
    memset(&wide, 0x5a, sizeof wide);
    wide.result.struct_size = sizeof wide;
    gsp_exchange_get_result(x, &wide.result);
    assert_int_equal(wide.result.retry_after_ms, 3000);
    assert_int_equal(wide.result.struct_size, sizeof wide);
    for (size_t i = 0; i < sizeof wide.guard; i++)
        assert_int_equal(wide.guard[i], 0x5a);
    gsp_exchange_get_result(x, NULL);
    gsp_exchange_get_result(NULL, &wide.result);
    assert_int_equal(wide.result.retry_after_ms, 3000); /* as it was */
    gsp_exchange_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_ending),
        cmocka_unit_test(every_ending_without_a_recorder),
        cmocka_unit_test_setup_teardown(st_1_only_the_first_end_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_1_freeing_ends_the_attempt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_7_the_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_wait_asked_for_is_recorded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_result_of_another_size, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
