/* Targets that record by themselves, through an exchange: what it came to decides, and each attempt ends
 * once. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include "call/scripted.h"
#include "call/spans_of.h"

/* Answers as they come over the wire, one for each request. */
struct answer {
    const char *head;
    const char *body;
};

struct backend {
    const struct answer *answers;
    int n_requests;
};

struct request {
    const struct answer *answer;
    gsp_exchange *exchange;
    int turn;
};

static void *start(void *self, const gsp_request *request, int64_t now_ns, gsp_read *failed)
{
    struct backend *b = self;
    struct request *r = calloc(1, sizeof *r);

    (void)now_ns, (void)failed;
    r->answer = &b->answers[b->n_requests++];
    r->exchange = gsp_exchange_new(request->attempt);
    gsp_exchange_request(r->exchange, "POST", "https://api.openai.com/v1/chat/completions");
    return r;
}

/* A chunk for the body, then what it came to. */
static void read_next(void *request, int64_t now_ns, gsp_read *out)
{
    struct request *r = request;

    switch (r->turn++) {
    case 0:
        for (const char *line = r->answer->head; line; line = strchr(line, '\n')) {
            line += *line == '\n';
            gsp_exchange_response_header(r->exchange, line, strcspn(line, "\n"), now_ns);
        }
        gsp_exchange_response_body(r->exchange, r->answer->body, strlen(r->answer->body), now_ns);
        out->kind = GSP_READ_CHUNK;
        return;
    default:
        gsp_read_exchange(r->exchange, out);
        assert_int_equal(out->kind, GSP_READ_NOTHING); /* its end was not told yet */
        gsp_exchange_end(r->exchange, GSP_STREAM_FINISHED, NULL, now_ns);
        gsp_read_exchange(r->exchange, out);
    }
}

static void end(void *request, gsp_stream_exit how, const gsp_failure *failure, int64_t now_ns)
{
    struct request *r = request;

    gsp_exchange_end(r->exchange, how, failure, now_ns);
    gsp_exchange_free(r->exchange);
    free(r);
}

static const char stream_head[] = "HTTP/1.1 200 OK\nContent-Type: text/event-stream\nx-request-id: req_2";
static const char stream_body[] =
    "data: "
    "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,"
    "\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,"
    "\"completion_tokens\":1,\"total_tokens\":4}}\n\ndata: [DONE]\n\n";

static struct test_clock clock;
static gsp_recorder *recorder;
static struct told notices;

static gsp_outcome run(struct backend *backend, const gsp_retry_options *retry)
{
    static const gsp_target_io io = {(uint32_t)sizeof io, 0, start, read_next, end, NULL};
    gsp_runner_options o = GSP_RUNNER_OPTIONS_INIT;
    gsp_call_options c = GSP_CALL_OPTIONS_INIT;
    gsp_target t = GSP_TARGET_INIT;
    gsp_step step = GSP_STEP_INIT;
    gsp_runner *runner;
    gsp_call *call;

    test_directory_clear();
    test_clock_init(&clock);
    recorder = test_recorder(&clock, 1 << 20);
    notices.text[0] = 0;
    t.name = "a";
    t.flags = GSP_TARGET_RECORDS;
    t.io = &io;
    t.io_self = backend;
    o.target = &t;
    o.retry = retry;
    o.on_notice = told;
    o.notice_self = &notices;
    assert_int_equal(gsp_runner_new(recorder, &o, &runner, NULL), GSP_OK);
    c.now_ns = clock.now_ns;
    call = gsp_call_new(runner, &c);
    clock.now_ns = scripted_run(call, clock.now_ns, NULL, 0, &step);
    gsp_call_free(call, clock.now_ns);
    gsp_runner_free(runner, clock.now_ns);
    test_spans_of(gsp_recorder_path(recorder), false);
    assert_int_equal(gsp_recorder_loss(recorder, GSP_LOSS_LATE), 0); /* nothing was ended twice */
    return (gsp_outcome)step.outcome;
}

static const gsp_retry_options twice = {.struct_size = sizeof twice, .max_retries = 2};

/* RE-1, RE-2: Retry-After in the head; the second request is answered. */
static void re_2_an_exchange_is_retried(void **state)
{
    static const struct answer answers[] = {
        {"HTTP/1.1 429 Too Many Requests\nRetry-After: 7\nContent-Type: application/json\nx-request-id: "
         "req_1",
         "{\"error\":{\"message\":\"slow down\",\"code\":\"rate_limit_exceeded\"}}"},
        {stream_head, stream_body}};
    struct backend backend = {answers, 0};

    (void)state;
    assert_int_equal(run(&backend, &twice), GSP_OUTCOME_COMPLETED);
    assert_string_equal(notices.text, "initial(a) error(a,rate_limit,recoverable) wait(a,7000) retry(a)");
    assert_string_equal(test_value(test_span(0), "gen_ai.usage.input_tokens"), "3");
    assert_string_equal(test_value(test_span(0), "genspan.provider.request_ids"), "[req_1,req_2,chatcmpl-1]");
    assert_string_equal(test_value(test_span(1), "http.response.status_code"), "429");
    assert_string_equal(test_value(test_span(1), "error.type"), "rate_limit");
    gsp_recorder_close(recorder);
}

/* RE-1: a quota that is spent is not waited for; x-should-retry: false goes before a policy that retries 409.
 */
static void re_1_what_an_exchange_knows(void **state)
{
    static const struct answer spent[] = {
        {"HTTP/1.1 429 Too Many Requests\nContent-Type: application/json",
         "{\"error\":{\"message\":\"You exceeded your current quota\",\"code\":\"insufficient_quota\"}}"}};
    static const struct answer conflict[] = {{"HTTP/1.1 409 Conflict\nx-should-retry: false", "{}"}};
    gsp_retry_options retry = twice;
    struct backend backend = {spent, 0};

    (void)state;
    assert_int_equal(run(&backend, &retry), GSP_OUTCOME_FAILED);
    assert_string_equal(notices.text, "initial(a) error(a,rate_limit,final)");
    gsp_recorder_close(recorder);
    retry.flags = GSP_RETRY_CONFLICT;
    backend = (struct backend){conflict, 0};
    assert_int_equal(run(&backend, &retry), GSP_OUTCOME_FAILED);
    assert_int_equal(backend.n_requests, 1);
    gsp_recorder_close(recorder);
}

/* ST-2: a stream that broke off is truncated, and retried. RE-1: 499 ends gracefully. */
static void st_2_how_an_exchange_ends(void **state)
{
    static const struct answer cut[] = {{stream_head, "data: {\"object\":\"chat.completion.chunk\"}\n\n"},
                                        {stream_head, stream_body}};
    static const struct answer gone[] = {{"HTTP/1.1 499 Client Closed Request", "{}"}};
    struct backend backend = {cut, 0};

    (void)state;
    assert_int_equal(run(&backend, &twice), GSP_OUTCOME_COMPLETED);
    assert_string_equal(test_value(test_span(1), "error.type"), "truncated");
    assert_int_equal(backend.n_requests, 2);
    gsp_recorder_close(recorder);
    backend = (struct backend){gone, 0};
    assert_int_equal(run(&backend, &twice), GSP_OUTCOME_CANCELLED);
    assert_string_equal(notices.text, "initial(a)");
    gsp_recorder_close(recorder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(re_2_an_exchange_is_retried),
        cmocka_unit_test(re_1_what_an_exchange_knows),
        cmocka_unit_test(st_2_how_an_exchange_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
