/*
 * Every public call of the recorder with nothing behind it: no recorder, the null handle, stale and made-up
 * handles, NULL for every pointer. The list below is held against the library's symbol map, so that a new
 * call cannot be forgotten.
 */
#include "support/dump.h"
#include "support/support.h"

#include <genspan/content.h>
#include <genspan/exchange.h>
#include <genspan/runner.h>
#include <genspan/turn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a call is made with. */
struct with {
    gsp_recorder *recorder; /* NULL, but for some NULL pointers beside a live one */
    gsp_span span;
    gsp_scope scope;
    bool has_pointers; /* else NULL for whatever may be NULL */
};

static const gsp_attribute attribute = {.key = "k", .type = GSP_TYPE_INT, .value = {.i = 1}};
static const gsp_context context = {.trace_id = {1}, .span_id = {1}};
static const gsp_failure failure = {sizeof failure, 500, "timeout", "m", "E", "c", NULL};
static const char *const reasons[] = {"stop"};

static void call_status_name(const struct with *w)
{
    (void)w;
    assert_non_null(gsp_status_name((gsp_status)-999));
    assert_non_null(gsp_status_name((gsp_status)999));
    assert_string_equal(gsp_status_name(GSP_ERR_NO_SPACE), "GSP_ERR_NO_SPACE");
}

static void call_version(const struct with *w)
{
    (void)w;
    assert_non_null(gsp_version());
}

static void call_recorder_open(const struct with *w)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *r;

    (void)w;
    o.directory = "/dev/null";
    assert_int_not_equal(gsp_recorder_open(&o, &r, NULL), GSP_OK);
    assert_null(r);
}

static void call_recorder_close(const struct with *w)
{
    (void)w;
    gsp_recorder_close(NULL);
}

static void call_recorder_path(const struct with *w)
{
    assert_int_equal(gsp_recorder_path(w->recorder) == NULL, w->recorder == NULL);
}

static void call_recorder_loss(const struct with *w)
{
    gsp_recorder_loss(w->recorder, GSP_LOSS_STALE);
    assert_int_equal(gsp_recorder_loss(w->recorder, (gsp_loss)-1), 0);
    assert_int_equal(gsp_recorder_loss(w->recorder, GSP_LOSS_LIMIT), 0);
    assert_int_equal(gsp_recorder_loss(NULL, GSP_LOSS_LATE), 0);
}

static void call_recorder_now_ns(const struct with *w)
{
    assert_int_equal(gsp_recorder_now_ns(w->recorder) == 0, w->recorder == NULL);
}

static void call_loss_name(const struct with *w)
{
    (void)w;
    for (int i = -1; i <= GSP_LOSS_LIMIT; i++)
        assert_non_null(gsp_loss_name((gsp_loss)i));
    assert_string_equal(gsp_loss_name(GSP_LOSS_NO_CHUNK), "no_chunk");
}

static void call_span_start(const struct with *w)
{
    gsp_span_options o = GSP_SPAN_OPTIONS_INIT;
    gsp_span s = gsp_span_start(w->recorder, w->has_pointers ? "x" : NULL, w->has_pointers ? &o : NULL);

    assert_int_equal(s.id == 0, w->recorder == NULL);
    gsp_span_end(s, GSP_OUTCOME_AUTO, NULL, 0);
}

static void call_operation_start(const struct with *w)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_span s =
        gsp_operation_start(w->recorder, w->has_pointers ? "chat" : NULL, w->has_pointers ? &o : NULL);

    assert_int_equal(s.id == 0, w->recorder == NULL);
    gsp_span_end(s, GSP_OUTCOME_AUTO, NULL, 0);
}

static void call_attempt_start(const struct with *w)
{
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;

    gsp_attempt_start(w->span, w->has_pointers ? &o : NULL);
}

static void call_span_set_string(const struct with *w)
{
    gsp_span_set_string(w->span, GSP_FACT_PROVIDER, w->has_pointers ? "openai" : NULL);
}

static void call_span_set_int(const struct with *w)
{
    gsp_span_set_int(w->span, GSP_FACT_SEED, 1);
}

static void call_span_set_double(const struct with *w)
{
    gsp_span_set_double(w->span, GSP_FACT_TOP_P, 0.5);
}

static void call_span_set_bool(const struct with *w)
{
    gsp_span_set_bool(w->span, GSP_FACT_STREAM, 1);
}

static void call_span_add_string(const struct with *w)
{
    gsp_span_add_string(w->span, GSP_FACT_REQUEST_ID, 0, w->has_pointers ? "id" : NULL);
}

static void call_span_set_attribute(const struct with *w)
{
    gsp_span_set_attribute(w->span, w->has_pointers ? &attribute : NULL);
}

static void call_span_add_event(const struct with *w)
{
    gsp_span_add_event(w->span, w->has_pointers ? "e" : NULL, w->has_pointers ? &attribute : NULL, 1, 0);
    gsp_span_add_event(w->span, "e", NULL, 7, 0);
}

static void call_span_add_link(const struct with *w)
{
    gsp_span_add_link(w->span, w->has_pointers ? &context : NULL, w->has_pointers ? &attribute : NULL, 1);
    gsp_span_add_link(w->span, &context, NULL, 7);
}

static void call_span_add_content(const struct with *w)
{
    gsp_content_piece piece = GSP_CONTENT_PIECE_INIT;

    piece.side = GSP_CONTENT_INPUT;
    piece.kind = GSP_CONTENT_TEXT;
    piece.bytes = w->has_pointers ? "text" : NULL;
    piece.n_bytes = 4;
    gsp_span_add_content(w->span, w->has_pointers ? &piece : NULL);
    gsp_span_add_content(w->span, &piece);
}

static void call_span_end(const struct with *w)
{
    gsp_span_end(w->span, GSP_OUTCOME_AUTO, w->has_pointers ? &failure : NULL, 0);
}

static void call_span_context(const struct with *w)
{
    (void)gsp_span_context(w->span);
}

static void call_span_set_usage(const struct with *w)
{
    gsp_span_set_usage(w->span, GSP_USAGE_INPUT_TOKENS, 1);
}

static void call_span_set_usage_source(const struct with *w)
{
    gsp_span_set_usage_source(w->span, GSP_USAGE_REPORTED);
}

static void call_scope_open(const struct with *w)
{
    gsp_scope scope = gsp_scope_open(w->recorder);

    assert_int_equal(scope.id == 0, w->recorder == NULL);
    gsp_scope_close(scope, 0);
}

static void call_scope_close(const struct with *w)
{
    gsp_scope_close(w->scope, 0);
}

static void call_context_parse(const struct with *w)
{
    gsp_context c;

    (void)w;
    assert_int_equal(gsp_context_parse(NULL, &c), GSP_ERR_FORMAT);
}

static void call_context_format(const struct with *w)
{
    char text[GSP_TRACEPARENT_BYTES];
    gsp_context none = {{0}, {0}, 0, 0, {0}};

    gsp_context_format(w->has_pointers ? &none : NULL, text);
    assert_string_equal(text, "");
}

static void call_stream_mark(const struct with *w)
{
    for (int mark = -1; mark < 9; mark++)
        gsp_stream_mark(w->span, (gsp_mark)mark, 0);
}

static void call_stream_end(const struct with *w)
{
    gsp_stream_end(w->span, GSP_STREAM_FAILED, w->has_pointers ? &failure : NULL, 0);
}

static void call_turn_start(const struct with *w)
{
    gsp_turn_options o = GSP_TURN_OPTIONS_INIT;

    gsp_span_end(gsp_turn_start(w->recorder, (gsp_turn_kind)99, w->has_pointers ? &o : NULL),
                 GSP_OUTCOME_AUTO, NULL, 0);
}

static void call_turn_mark(const struct with *w)
{
    gsp_turn_mark(w->span, GSP_TURN_COMMIT, 0);
}

static void call_turn_set_transcript(const struct with *w)
{
    gsp_turn_set_transcript(w->span, w->has_pointers ? "t" : NULL, 1, 0.5);
}

static void call_turn_clear(const struct with *w)
{
    gsp_turn_clear(w->span);
}

static void call_eou_start(const struct with *w)
{
    gsp_span_end(gsp_eou_start(w->span, 0), GSP_OUTCOME_AUTO, NULL, 0);
}

static void call_event_prompt_sent(const struct with *w)
{
    gsp_event_prompt_sent(w->span, w->has_pointers ? "m" : NULL, 1, 1, 0);
}

static void call_event_first_token(const struct with *w)
{
    gsp_event_first_token(w->span, 1, 0);
}

static void call_event_retry(const struct with *w)
{
    gsp_event_retry(w->span, 1, w->has_pointers ? "timeout" : NULL, 1, 429, 0);
}

static void call_event_tool_call(const struct with *w)
{
    const char *text = w->has_pointers ? "t" : NULL;

    gsp_event_tool_call(w->span, text, text, text, 0);
}

static void call_event_response_received(const struct with *w)
{
    gsp_event_response_received(w->span, w->has_pointers ? "m" : NULL, 1, 1, 1,
                                w->has_pointers ? reasons : NULL, 1, 0);
}

static void all_of_an_exchange(gsp_exchange *x, bool has_pointers)
{
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;

    gsp_exchange_on_content(x, NULL, NULL);
    gsp_exchange_request(x, has_pointers ? "POST" : NULL,
                         has_pointers ? "http://h/v1/chat/completions" : NULL);
    gsp_exchange_request_header(x, has_pointers ? "x-stainless-retry-count: 1" : NULL, 26);
    gsp_exchange_request_body(x, has_pointers ? "{}" : NULL, 2);
    gsp_exchange_response_header(x, has_pointers ? "HTTP/1.1 200 OK" : NULL, 15, 0);
    gsp_exchange_response_body(x, has_pointers ? "{}" : NULL, 2, 0);
    gsp_exchange_get_result(x, has_pointers ? &result : NULL);
    gsp_exchange_end(x, GSP_STREAM_FAILED, has_pointers ? &failure : NULL, 0);
    gsp_exchange_get_result(x, has_pointers ? &result : NULL);
    if (x && has_pointers)
        assert_int_equal(result.outcome, GSP_OUTCOME_COMPLETED); /* a whole document came first */
}

/* Every function of exchange.h, on NULL and on an exchange of this handle. */
static void call_exchange(const struct with *w)
{
    gsp_exchange *x = gsp_exchange_new(w->span);

    assert_non_null(x);
    all_of_an_exchange(x, w->has_pointers);
    gsp_exchange_free(x);
    all_of_an_exchange(NULL, w->has_pointers);
    gsp_exchange_free(NULL);
}

static void *start_nothing(void *self, const gsp_request *request, int64_t now_ns, gsp_read *failed)
{
    (void)self, (void)request, (void)now_ns, (void)failed;
    return NULL;
}

static void read_nothing(void *request, int64_t now_ns, gsp_read *out)
{
    (void)request, (void)now_ns, (void)out;
}

static void end_nothing(void *request, gsp_stream_exit how, const gsp_failure *why, int64_t now_ns)
{
    (void)request, (void)how, (void)why, (void)now_ns;
}

static int do_not_wait(void *self, int64_t wake_ns, int64_t *out_now_ns)
{
    (void)self, (void)wake_ns, (void)out_now_ns;
    return 1;
}

static void all_of_a_call(gsp_call *call)
{
    gsp_step step = GSP_STEP_INIT;
    gsp_read read = {.struct_size = sizeof read};

    gsp_read_exchange(NULL, &read);
    gsp_call_operation(call);
    gsp_call_input(call, NULL, 0, 0, 1);
    gsp_call_input_end(call, 1);
    gsp_call_input_ns(call);
    gsp_call_poll(call, 1, NULL);
    gsp_call_run(call, NULL, do_not_wait, NULL, 1, &step);
    gsp_call_poll(call, 1, &step);
    assert_int_equal(step.outcome, call ? GSP_OUTCOME_FAILED : GSP_OUTCOME_AUTO);
    gsp_call_end(call, GSP_STREAM_CLOSED, 1);
    gsp_call_free(call, 1);
}

/* Every function of runner.h, on NULL and on a runner without a recorder. */
static void call_runner(const struct with *w)
{
    static const gsp_target_io io = {(uint32_t)sizeof io, 0, start_nothing, read_nothing, end_nothing, NULL};
    gsp_runner_options o = GSP_RUNNER_OPTIONS_INIT;
    gsp_call_options c = GSP_CALL_OPTIONS_INIT;
    gsp_target t = GSP_TARGET_INIT;
    gsp_runner *r;

    (void)w;
    t.io = &io;
    assert_int_equal(gsp_runner_new(NULL, &o, &r, NULL), GSP_ERR_INVALID);
    o.target = &t;
    assert_int_equal(gsp_runner_new(NULL, &o, &r, NULL), GSP_OK);
    c.now_ns = 1;
    all_of_a_call(gsp_call_new(r, &c));
    all_of_a_call(NULL);
    assert_null(gsp_call_new(NULL, &c));
    assert_true(gsp_runner_is_available(r, 99));
    assert_true(gsp_runner_is_available(NULL, 0));
    gsp_runner_poll(r, 1, NULL);
    gsp_runner_poll(NULL, 1, NULL);
    gsp_runner_free(r, 1);
    gsp_runner_free(NULL, 1);
}

static const struct call {
    const char *name;
    void (*make)(const struct with *w);
} calls[] = {
    {"gsp_status_name", call_status_name},
    {"gsp_version", call_version},
    {"gsp_recorder_open", call_recorder_open},
    {"gsp_recorder_close", call_recorder_close},
    {"gsp_recorder_path", call_recorder_path},
    {"gsp_recorder_loss", call_recorder_loss},
    {"gsp_recorder_now_ns", call_recorder_now_ns},
    {"gsp_loss_name", call_loss_name},
    {"gsp_span_start", call_span_start},
    {"gsp_operation_start", call_operation_start},
    {"gsp_attempt_start", call_attempt_start},
    {"gsp_span_set_string", call_span_set_string},
    {"gsp_span_set_int", call_span_set_int},
    {"gsp_span_set_double", call_span_set_double},
    {"gsp_span_set_bool", call_span_set_bool},
    {"gsp_span_add_string", call_span_add_string},
    {"gsp_span_set_attribute", call_span_set_attribute},
    {"gsp_span_add_event", call_span_add_event},
    {"gsp_span_add_link", call_span_add_link},
    {"gsp_span_add_content", call_span_add_content},
    {"gsp_span_context", call_span_context},
    {"gsp_span_set_usage", call_span_set_usage},
    {"gsp_span_set_usage_source", call_span_set_usage_source},
    {"gsp_scope_open", call_scope_open},
    {"gsp_context_parse", call_context_parse},
    {"gsp_context_format", call_context_format},
    {"gsp_stream_mark", call_stream_mark},
    {"gsp_turn_start", call_turn_start},
    {"gsp_turn_mark", call_turn_mark},
    {"gsp_turn_set_transcript", call_turn_set_transcript},
    {"gsp_turn_clear", call_turn_clear},
    {"gsp_eou_start", call_eou_start},
    {"gsp_event_prompt_sent", call_event_prompt_sent},
    {"gsp_event_first_token", call_event_first_token},
    {"gsp_event_retry", call_event_retry},
    {"gsp_event_tool_call", call_event_tool_call},
    {"gsp_event_response_received", call_event_response_received},
    /* one by one in all_of_an_exchange */
    {"gsp_exchange_new", call_exchange},
    {"gsp_exchange_free", call_exchange},
    {"gsp_exchange_on_content", call_exchange},
    {"gsp_exchange_request", call_exchange},
    {"gsp_exchange_request_header", call_exchange},
    {"gsp_exchange_request_body", call_exchange},
    {"gsp_exchange_response_header", call_exchange},
    {"gsp_exchange_response_body", call_exchange},
    {"gsp_exchange_end", call_exchange},
    {"gsp_exchange_get_result", call_exchange},
    /* one by one in all_of_a_call */
    {"gsp_read_exchange", call_runner},
    {"gsp_runner_new", call_runner},
    {"gsp_runner_free", call_runner},
    {"gsp_runner_poll", call_runner},
    {"gsp_runner_is_available", call_runner},
    {"gsp_call_new", call_runner},
    {"gsp_call_free", call_runner},
    {"gsp_call_operation", call_runner},
    {"gsp_call_poll", call_runner},
    {"gsp_call_input", call_runner},
    {"gsp_call_input_end", call_runner},
    {"gsp_call_input_ns", call_runner},
    {"gsp_call_end", call_runner},
    {"gsp_call_run", call_runner},
    /* those that end come last, so that a live handle lives as long as it can */
    {"gsp_stream_end", call_stream_end},
    {"gsp_span_end", call_span_end},
    {"gsp_scope_close", call_scope_close},
};

#define N_CALLS (sizeof calls / sizeof calls[0])

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    return 0;
}

static void make_all(struct with w)
{
    for (int i = 0; i < 2; i++) {
        w.has_pointers = i == 0;
        for (size_t k = 0; k < N_CALLS; k++)
            calls[k].make(&w);
    }
}

/* Nothing is missing in the list above. */
static void the_list_is_that_of_the_symbol_map(void **state)
{
    char *map = test_read_file(GSP_TEST_FIXTURES "/../../src/genspan.map", NULL);
    int n = 0;

    (void)state;
    for (const char *p = strstr(map, "gsp_"); p; p = strstr(p + 1, "gsp_")) {
        size_t length = strcspn(p, ";"), k;

        for (k = 0; k < N_CALLS; k++)
            if (strlen(calls[k].name) == length && memcmp(calls[k].name, p, length) == 0)
                break;
        if (k == N_CALLS)
            fail_msg("%.*s is public and not called here", (int)length, p);
        n++;
    }
    assert_int_equal(n, N_CALLS);
    free(map);
}

static void with_no_recorder(void **state)
{
    (void)state;
    make_all((struct with){.recorder = NULL});
    assert_int_equal(test_directory_count(""), 0);
}

/* Handles whose recorder was closed, before and after another has taken its place. */
static void with_handles_of_a_closed_recorder(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    struct with w = {.span = gsp_operation_start(r, "chat", NULL), .scope = gsp_scope_open(r)};
    int n;

    (void)state;
    gsp_recorder_close(r);
    make_all(w);
    r = test_recorder(NULL, 64 << 10);
    w.recorder = r;
    make_all(w);
    n = test_count_records(gsp_recorder_path(r));
    assert_int_equal(n, 6); /* what was started by the calls, twice one span, one operation, one turn */
    assert_true(gsp_recorder_loss(r, GSP_LOSS_STALE) > 20);
    gsp_recorder_close(r);
}

/* Handles of a record that has ended: late, and the record stays as it was. */
static void with_handles_that_have_ended(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    struct with w = {.span = gsp_operation_start(r, "chat", NULL), .scope = gsp_scope_open(r)};
    char before[500];

    (void)state;
    gsp_span_end(w.span, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_scope_close(w.scope, 0);
    snprintf(before, sizeof before, "%s", test_dump_record(gsp_recorder_path(r), 0));
    make_all(w);
    assert_string_equal(test_dump_record(gsp_recorder_path(r), 0), before);
    assert_int_equal(test_count_records(gsp_recorder_path(r)), 1);
    assert_true(gsp_recorder_loss(r, GSP_LOSS_LATE) > 20);
    gsp_recorder_close(r);
}

/* Numbers that never were handles, also beside a recorder that is live. */
static void with_made_up_handles(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_span bystander = gsp_span_start(r, "bystander", NULL);
    uint64_t x = test_seed();

    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct with w = {.span = {x}, .scope = {x ^ bystander.id}};

        x = x * 6364136223846793005u + 1442695040888963407u;
        if (i % 2)
            w.span.id = bystander.id ^ (uint64_t)1 << (i / 2 % 64); /* one bit from a true one */
        make_all(w);
    }
    assert_int_equal(test_count_records(gsp_recorder_path(r)), 1);
    assert_string_equal(test_dump_record(gsp_recorder_path(r), 0), "span: span_name=\"bystander\" | open");
    gsp_recorder_close(r);
}

/* NULL for every pointer beside a live handle: nothing is recorded, nothing breaks. */
static void with_a_live_handle_and_null_pointers(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    struct with w = {.span = gsp_operation_start(r, "chat", NULL), .scope = gsp_scope_open(r)};

    (void)state;
    for (size_t k = 0; k < N_CALLS; k++)
        if (strncmp(calls[k].name, "gsp_exchange", 12) != 0)
            calls[k].make(&w);
    assert_non_null(strstr(test_dump_record(gsp_recorder_path(r), 0), "| failed"));
    assert_null(strstr(test_dump_record(gsp_recorder_path(r), 0), "provider"));
    assert_null(strstr(test_dump_record(gsp_recorder_path(r), 0), "request_id"));
    w.span = gsp_operation_start(r, "chat", NULL);
    make_all(w); /* and all of them, in order, on one that is open */
    gsp_recorder_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_list_is_that_of_the_symbol_map, set_up),
        cmocka_unit_test_setup(with_no_recorder, set_up),
        cmocka_unit_test_setup(with_handles_of_a_closed_recorder, set_up),
        cmocka_unit_test_setup(with_handles_that_have_ended, set_up),
        cmocka_unit_test_setup(with_made_up_handles, set_up),
        cmocka_unit_test_setup(with_a_live_handle_and_null_pointers, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
