/* How exchanges of every framing end: whole, cut, dropped by the transport, closed by the caller. */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <genspan/exchange.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GEMINI  "https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent"
#define OLLAMA  "http://localhost:11434/api/chat"
#define SPEECH  "https://api.openai.com/v1/audio/speech"
#define NOBODY  "https://proxy.example/ask"
#define BEDROCK "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse-stream"
#define CHUNK   "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}"
#define LAST    "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"b\"}]},\"finishReason\":\"STOP\"}]}"
#define LINE    "{\"message\":{\"content\":\"a\"},\"done\":false}\n"
#define OVER    "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n"
#define FIN     GSP_STREAM_FINISHED
#define FAIL    GSP_STREAM_FAILED
#define CLOSE   GSP_STREAM_CLOSED

static gsp_recorder *rec;
static gsp_span op, at;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    rec = test_recorder(NULL, 256 << 10);
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

struct row {
    const char *what, *url;
    const char *header, *length; /* NULL: none */
    const char *body;
    gsp_stream_exit how; /* FAIL: of the connection */
    const char *outcome, *error_type;
    const char *terminal; /* of the record: "true", "false", or "" where that is no fact */
};

#define JSON_TYPE "Content-Type: application/json"
#define AUDIO     "Content-Type: audio/mpeg"
#define LINES     "Content-Type: application/x-ndjson"
#define FRAMES    "Content-Type: application/vnd.amazon.eventstream"

static const struct row rows[] = {
    {"an array", GEMINI, JSON_TYPE, NULL, "[" CHUNK "," LAST "]", FIN, "completed", "-", "true"},
    {"an array without a finish reason", GEMINI, JSON_TYPE, NULL, "[" CHUNK "," CHUNK "]", FIN, "completed",
     "-", "true"},
    {"an array that is cut", GEMINI, JSON_TYPE, NULL, "[" CHUNK "," CHUNK, FIN, "failed", "truncated",
     "false"},
    {"an array that is cut in its first", GEMINI, JSON_TYPE, NULL, "[{\"cand", FIN, "failed", "truncated",
     "false"},
    {"an array that the connection drops", GEMINI, JSON_TYPE, NULL, "[" CHUNK ",", FAIL, "failed",
     "truncated", "false"},
    {"an array closed early", GEMINI, JSON_TYPE, NULL, "[" CHUNK ",", CLOSE, "cancelled", "-", "false"},
    {"an array, then dropped", GEMINI, JSON_TYPE, NULL, "[" LAST "]", FAIL, "completed", "-", "true"},
    {"lines", OLLAMA, LINES, NULL, LINE LINE OVER, FIN, "completed", "-", "true"},
    {"lines without the last", OLLAMA, LINES, NULL, LINE LINE, FIN, "failed", "truncated", "false"},
    {"lines cut in one", OLLAMA, LINES, NULL, LINE "{\"mess", FIN, "failed", "truncated", "false"},
    {"lines closed early", OLLAMA, LINES, NULL, LINE, CLOSE, "cancelled", "-", "false"},
    {"frames cut in the first", BEDROCK, FRAMES, NULL, "abc", FIN, "failed", "truncated", "false"},
    {"audio", SPEECH, AUDIO, NULL, "12345", FIN, "completed", "-", ""},
    {"audio of its length", SPEECH, AUDIO, "5", "12345", FIN, "completed", "-", ""},
    {"audio of its length, then dropped", SPEECH, AUDIO, "5", "12345", FAIL, "completed", "-", ""},
    {"audio of its length, then closed", SPEECH, AUDIO, "5", "12345", CLOSE, "completed", "-", ""},
    {"audio that is cut", SPEECH, AUDIO, "6", "12345", FIN, "failed", "truncated", ""},
    {"audio that the connection drops", SPEECH, AUDIO, NULL, "12345", FAIL, "failed", "connection", ""},
    {"audio closed early", SPEECH, AUDIO, "6", "12345", CLOSE, "cancelled", "-", ""},
    {"unknown, of its length", NOBODY, JSON_TYPE, "5", "12345", FIN, "completed", "-", ""},
    {"unknown, cut", NOBODY, JSON_TYPE, "6", "12345", FIN, "failed", "truncated", ""},
    {"unknown, of a length that is none", NOBODY, JSON_TYPE, "-1", "12345", FIN, "completed", "-", ""},
    {"unknown, of a length too long to be one", NOBODY, JSON_TYPE, "99999999999999999999", "12345", FIN,
     "completed", "-", ""},
    {"unknown, dropped", NOBODY, JSON_TYPE, NULL, "12345", FAIL, "failed", "connection", ""},
};

static void line(gsp_exchange *x, const char *text)
{
    gsp_exchange_response_header(x, text, strlen(text), 0);
}

static void play(const struct row *row, size_t piece)
{
    gsp_exchange *x = gsp_exchange_new(at);
    gsp_failure failure = GSP_FAILURE_INIT;
    size_t n = strlen(row->body);
    char length[64];

    gsp_exchange_request(x, "POST", row->url);
    line(x, "HTTP/1.1 200 OK");
    line(x, row->header);
    if (row->length) {
        snprintf(length, sizeof length, "Content-Length: %s", row->length);
        line(x, length);
    }
    for (size_t from = 0; from < n; from += piece)
        gsp_exchange_response_body(x, row->body + from, piece < n - from ? piece : n - from, 0);
    failure.type = GSP_ERROR_CONNECTION;
    gsp_exchange_end(x, row->how, row->how == FAIL ? &failure : NULL, 0);
    gsp_exchange_free(x);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
}

static void check(const struct row *row)
{
    const char *record = test_dump_record(gsp_recorder_path(rec), 1);
    char terminal[40];

    if (*row->terminal) {
        snprintf(terminal, sizeof terminal, "terminal_event=%s", row->terminal);
        if (!strstr(record, terminal))
            fail_msg("%s: %s", row->what, record);
    } else if (strstr(record, "terminal_event")) {
        fail_msg("%s: %s", row->what, record);
    }
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    if (strcmp(test_value(test_span(1), "genspan.outcome"), row->outcome) != 0 ||
        strcmp(test_value(test_span(1), "error.type"), row->error_type) != 0)
        fail_msg("%s: %s %s", row->what, test_value(test_span(1), "genspan.outcome"),
                 test_value(test_span(1), "error.type"));
}

static void every_framing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t piece = 1; piece < 200; piece = piece * 3 + 1) {
            set_up(NULL);
            play(&rows[i], piece);
            check(&rows[i]);
            tear_down(NULL);
        }
}

/* US-4: what is measured in other units lacks no tokens. */
static void sounds_lack_no_usage(void **state)
{
    (void)state;
    play(&(struct row){"", SPEECH, AUDIO, NULL, "12345", FIN, "", "", ""}, 9);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_string_equal(test_value(test_span(0), "genspan.usage.source"), "-");
    tear_down(NULL);
    set_up(NULL);
    play(&(struct row){"", OLLAMA, LINES, NULL, LINE OVER, FIN, "", "", ""}, 9);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_string_equal(test_value(test_span(0), "genspan.usage.source"), "missing");
}

/* RE-2: a wait that the body asks for is told where the head asks for none. */
static void a_wait_that_the_body_asks_for(void **state)
{
    static const char body[] =
        "{\"error\":{\"code\":429,\"message\":\"no\",\"status\":\"RESOURCE_EXHAUSTED\","
        "\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
        "\"retryDelay\":\"7.5s\"}]}}";

    (void)state;
    for (int has_header = 0; has_header < 2; has_header++) {
        gsp_exchange *x = gsp_exchange_new(gsp_attempt_start(op, NULL));
        gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;
        const char *record;

        gsp_exchange_request(x, "POST",
                             "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent");
        line(x, "HTTP/1.1 429 No");
        line(x, JSON_TYPE);
        if (has_header)
            line(x, "Retry-After: 3");
        gsp_exchange_response_body(x, body, strlen(body), 0);
        gsp_exchange_end(x, FIN, NULL, 0);
        gsp_exchange_get_result(x, &result);
        assert_int_equal(result.is_retryable, 1);
        assert_int_equal(result.retry_after_ms, has_header ? 3000 : 7500);
        gsp_exchange_free(x);
        record = test_dump_record(gsp_recorder_path(rec), 2 + has_header);
        assert_non_null(strstr(record, has_header ? "retry_after=3 " : "retry_after=7.5 "));
        assert_null(strstr(record, has_header ? "retry_after=7.5" : "retry_after=3 "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_framing),
        cmocka_unit_test_setup_teardown(sounds_lack_no_usage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wait_that_the_body_asks_for, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
