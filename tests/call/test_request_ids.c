/* The ids by which a provider finds a request: ID-1 to ID-3. */
#include "call/spans_of.h"
#include "support/support.h"

#include <genspan/exchange.h>
#include <stdio.h>
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

static const char *ids_of(uint32_t span)
{
    return test_value(test_span(span), "genspan.provider.request_ids");
}

static void add(gsp_span span, const char *id)
{
    gsp_span_add_string(span, GSP_FACT_REQUEST_ID, 0, id);
}

static void head(gsp_exchange *x, const char *line)
{
    gsp_exchange_response_header(x, line, strlen(line), 0);
}

/* ID-1: an ordered list of strings, without duplicates or empty ones. */
static void id_1_in_order_without_duplicates_or_empty_ones(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL), at = gsp_attempt_start(op, NULL);

    (void)state;
    add(at, "sent-by-us"); /* ids sent to the provider */
    add(at, "b");
    add(at, "");
    add(at, NULL);
    add(at, "a");
    add(at, "b");
    add(at, "sent-by-us");
    add(at, "late"); /* note_provider_request_id */
    gsp_span_end(at, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_string_equal(ids_of(1), "[sent-by-us,b,a,late]");
    assert_string_equal(ids_of(0), "[sent-by-us,b,a,late]");
}

/* ID-1: every header and body field that names the request, in any case of letters. */
static void id_1_from_headers_and_body(void **state)
{
    static const char *const headers[] = {"x-request-id",    "Request-Id",    "X-Amzn-RequestId",
                                          "apim-request-id", "DG-REQUEST-ID", "mistral-correlation-id"};
    static const char body[] = "{\"id\":\"chatcmpl-1\",\"x_groq\":{\"id\":\"req_groq\"},"
                               "\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"stop\"}]}";
    gsp_span op = gsp_operation_start(rec, "chat", NULL), at = gsp_attempt_start(op, NULL);
    gsp_exchange *x = gsp_exchange_new(at);
    char line[100];

    (void)state;
    gsp_exchange_request(x, "POST", "http://localhost/v1/chat/completions");
    head(x, "HTTP/1.1 200 OK");
    for (int i = 0; i < 6; i++) {
        snprintf(line, sizeof line, "%s: id-%d\r\n", headers[i], i);
        head(x, line);
    }
    head(x, "x-request-id: id-0"); /* again */
    head(x, "x-request-id:");      /* empty */
    head(x, "x-other-id: id-9");
    gsp_exchange_response_body(x, body, strlen(body), 0);
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_free(x);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_string_equal(ids_of(1), "[id-0,id-1,id-2,id-3,id-4,id-5,chatcmpl-1,req_groq]");
}

/* ID-2: frozen at the attempt's end; a failed attempt keeps its own, the next starts empty. ID-3: the
 * operation has them all, in order. */
static void id_2_frozen_at_the_attempts_end(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL), at[3];

    (void)state;
    at[0] = gsp_attempt_start(op, NULL);
    add(at[0], "first");
    gsp_span_end(at[0], GSP_OUTCOME_FAILED, NULL, 0);
    at[1] = gsp_attempt_start(op, NULL);
    gsp_span_end(at[1], GSP_OUTCOME_FAILED, NULL, 0); /* it got none */
    add(at[0], "too late");
    add(at[1], "too late");
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 2);
    at[2] = gsp_attempt_start(op, NULL);
    add(at[2], "third");
    add(at[2], "first"); /* the same id again is one id of the operation */
    gsp_span_end(at[2], GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 4);
    assert_string_equal(ids_of(1), "[first]");
    assert_string_equal(ids_of(2), "-");
    assert_string_equal(ids_of(3), "[third,first]");
    assert_string_equal(ids_of(0), "[first,third]");
}

/* ID-2: it holds when the producer never yields: a refusal without a body, a drop after the head. */
static void id_2_kept_when_nothing_was_ever_read(void **state)
{
    gsp_span op = gsp_operation_start(rec, "chat", NULL);
    gsp_failure dropped = GSP_FAILURE_INIT;
    gsp_exchange *x = gsp_exchange_new(gsp_attempt_start(op, NULL));

    (void)state;
    dropped.type = GSP_ERROR_CONNECTION;
    head(x, "HTTP/1.1 429 Too Many Requests");
    head(x, "x-request-id: refused");
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_free(x);
    x = gsp_exchange_new(gsp_attempt_start(op, NULL));
    head(x, "HTTP/1.1 200 OK");
    head(x, "x-request-id: dropped");
    gsp_exchange_end(x, GSP_STREAM_FAILED, &dropped, 0);
    gsp_exchange_free(x);
    x = gsp_exchange_new(gsp_attempt_start(op, NULL));
    head(x, "HTTP/1.1 200 OK");
    head(x, "x-request-id: destroyed");
    gsp_exchange_free(x);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 4);
    assert_string_equal(ids_of(1), "[refused]");
    assert_string_equal(ids_of(2), "[dropped]");
    assert_string_equal(ids_of(3), "[destroyed]");
    assert_string_equal(ids_of(0), "[refused,dropped,destroyed]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(id_1_in_order_without_duplicates_or_empty_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(id_1_from_headers_and_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(id_2_frozen_at_the_attempts_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(id_2_kept_when_nothing_was_ever_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
