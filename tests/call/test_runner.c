/* Calls through targets: retries, fallback, what is told and what is recorded. */
#include "support/support.h"

#include <string.h>

#include "call/scripted.h"
#include "call/spans_of.h"

static struct test_clock clock;
static gsp_recorder *recorder;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&clock);
    recorder = test_recorder(&clock, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_recorder_close(recorder);
    return 0;
}

/* Chunks and ends of scripts. */
#define TEXT(ms, t)                                                                                          \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_CHUNK, .chunk = GSP_CHUNK_TEXT, .text = t                              \
    }
#define META(ms)                                                                                             \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_CHUNK, .chunk = GSP_CHUNK_METADATA                                     \
    }
#define END(ms)                                                                                              \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_END                                                                    \
    }
#define FAILED(ms, class)                                                                                    \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_FAILED, .error = class                                                 \
    }
#define STATUS(ms, status)                                                                                   \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_FAILED, .http_status = status                                          \
    }

struct run {
    gsp_runner *runner;
    gsp_call *call;
    struct told told;
    char text[256];
    gsp_step step;
    int64_t end_ns;
};

static struct run run; /* of the test that is on */

static void new_runner(const gsp_target *target, const gsp_retry_options *retry, gsp_media media)
{
    gsp_runner_options o = GSP_RUNNER_OPTIONS_INIT;
    gsp_error err = {0};

    memset(&run, 0, sizeof run);
    o.target = target;
    o.retry = retry;
    o.media = media;
    o.on_notice = told;
    o.notice_self = &run.told;
    if (gsp_runner_new(recorder, &o, &run.runner, &err) != GSP_OK)
        fail_msg("%s", err.text);
}

static gsp_call *new_call(int64_t timeout_ms)
{
    gsp_call_options o = GSP_CALL_OPTIONS_INIT;

    o.now_ns = clock.now_ns;
    o.model = "asked";
    o.timeout_ns = timeout_ms * MS;
    o.seed = 1;
    return gsp_call_new(run.runner, &o);
}

static void go(int64_t timeout_ms)
{
    gsp_call_free(run.call, clock.now_ns);
    run.call = new_call(timeout_ms);
    run.told.text[0] = 0;
    run.step = (gsp_step)GSP_STEP_INIT;
    run.end_ns = scripted_run(run.call, clock.now_ns, run.text, sizeof run.text, &run.step);
    clock.now_ns = run.end_ns;
}

static void done(void)
{
    gsp_call_free(run.call, clock.now_ns);
    gsp_runner_free(run.runner, clock.now_ns);
    run.call = NULL;
}

static const gsp_retry_options three_fixed = {.struct_size = sizeof three_fixed,
                                              .profile = GSP_BACKOFF_FIXED,
                                              .max_retries = 3,
                                              .base_ms = 100,
                                              .interval_ms = 2000};

/* RE-3, RE-5, RE-6, OP-2, OP-3, OP-4: a retry, its wait, its notices, its spans. */
static void re_5_a_retry_then_success(void **state)
{
    struct scripted s = {
        .calls = {{META(5), FAILED(20, "connection")}, {TEXT(10, "hel"), TEXT(15, "lo"), END(16)}}};
    gsp_target t = scripted_target("a", &s);

    (void)state;
    new_runner(&t, &three_fixed, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.told.text, "initial(a) error(a,connection,recoverable) wait(a,100) retry(a)");
    assert_string_equal(run.text, "hello");
    assert_int_equal(run.step.outcome, GSP_OUTCOME_COMPLETED);
    assert_int_equal(run.step.n_attempts, 2);
    assert_int_equal(run.step.target, 0);
    assert_int_equal(run.step.spent_ns, 136 * MS);
    assert_int_equal(s.n_open, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(recorder), false), 3);
    assert_int_equal(test_span_ns(test_span(0)), 136 * MS);
    assert_string_equal(test_value(test_span(0), "genspan.operation.attempts"), "2");
    assert_string_equal(test_value(test_span(0), "genspan.operation.wait"), "0.1");
    assert_string_equal(test_value(test_span(0), "gen_ai.provider.name"), "a");
    assert_string_equal(test_event_value(test_span(0), "gen_ai.retry", "retry.attempt"), "1");
    assert_string_equal(test_event_value(test_span(0), "gen_ai.retry", "retry.delay_ms"), "100");
    assert_string_equal(test_event_value(test_span(0), "gen_ai.retry", "retry.reason"), "provider_error");
    assert_int_equal(test_span_ns(test_span(1)), 20 * MS);
    assert_string_equal(test_value(test_span(1), "error.type"), "connection");
    assert_string_equal(test_value(test_span(2), "genspan.attempt.kind"), "retry");
    done();
}

/* RE-1: what is not retryable is not retried, and its error is the call's. OP-5. */
static void re_1_not_retryable_fails_at_once(void **state)
{
    struct scripted s = {.calls = {{STATUS(20, 401)}}};
    gsp_target t = scripted_target("a", &s);

    (void)state;
    new_runner(&t, &three_fixed, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.told.text, "initial(a) error(a,auth,final)");
    assert_int_equal(run.step.outcome, GSP_OUTCOME_FAILED);
    assert_string_equal(run.step.failure->type, "auth");
    assert_string_equal(run.step.failure->message, "boom");
    assert_int_equal(run.step.target, UINT32_MAX);
    test_spans_of(gsp_recorder_path(recorder), false);
    assert_string_equal(test_span_message(test_span(0)),
                        "chat failed after 1 attempt (caused by auth: boom)");
    assert_string_equal(test_value(test_span(1), "http.response.status_code"), "401");
    done();
}

/* RE-6: the last error is final. OP-5: the count and the cause. */
static void op_5_all_retries_fail(void **state)
{
    struct scripted s = {.calls = {{FAILED(20, "timeout")}}};
    gsp_target t = scripted_target("a", &s);

    (void)state;
    new_runner(&t, &three_fixed, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.told.text,
                        "initial(a) error(a,timeout,recoverable) wait(a,100) "
                        "retry(a) error(a,timeout,recoverable) wait(a,2000) "
                        "retry(a) error(a,timeout,recoverable) wait(a,2000) retry(a) error(a,timeout,final)");
    test_spans_of(gsp_recorder_path(recorder), false);
    assert_string_equal(test_span_message(test_span(0)),
                        "chat failed after 4 attempts (caused by timeout: boom)");
    done();
}

/* RE-1: 499 is the end, without an error and without output. */
static void re_1_499_ends_gracefully(void **state)
{
    struct scripted s = {.calls = {{STATUS(20, 499)}}};
    gsp_target t = scripted_target("a", &s);

    (void)state;
    new_runner(&t, &three_fixed, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.told.text, "initial(a)");
    assert_int_equal(run.step.outcome, GSP_OUTCOME_CANCELLED);
    assert_null(run.step.failure);
    test_spans_of(gsp_recorder_path(recorder), false);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(test_span(i)->status, GSP__STATUS_UNSET);
        assert_string_equal(test_value(test_span(i), "genspan.outcome"), "cancelled");
    }
    done();
}

/* RE-4: metadata and partial tool arguments do not commit, text and a whole tool call do. */
static void re_4_content_that_was_sent_is_not_retried(void **state)
{
    static const struct {
        gsp_chunk_kind chunk;
        bool is_retried;
    } rows[] = {{GSP_CHUNK_METADATA, true},   {GSP_CHUNK_TOOL_PARTIAL, true}, {GSP_CHUNK_TEXT, false},
                {GSP_CHUNK_REASONING, false}, {GSP_CHUNK_TOOL_CALL, false},   {GSP_CHUNK_AUDIO, false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scripted s = {
            .calls = {{{.at_ms = 1, .kind = GSP_READ_CHUNK, .chunk = rows[i].chunk}, FAILED(2, "connection")},
                      {TEXT(1, "x"), END(2)}}};
        gsp_target t = scripted_target("a", &s);

        new_runner(&t, &three_fixed, GSP_MEDIA_TEXT);
        go(0);
        assert_int_equal(run.step.outcome, rows[i].is_retried ? GSP_OUTCOME_COMPLETED : GSP_OUTCOME_FAILED);
        done();
    }
}

/* RE-4: unless the policy says so. */
static void re_4_unless_the_policy_says_so(void **state)
{
    struct scripted s = {.calls = {{TEXT(1, "he"), FAILED(2, "connection")}, {TEXT(1, "hello"), END(2)}}};
    gsp_target t = scripted_target("a", &s);
    gsp_retry_options retry = three_fixed;

    (void)state;
    retry.flags = GSP_RETRY_CHUNK_SENT;
    new_runner(&t, &retry, GSP_MEDIA_TEXT);
    go(0);
    assert_int_equal(run.step.outcome, GSP_OUTCOME_COMPLETED);
    assert_string_equal(run.text, "hehello");
    done();
}

/* RE-2: what is asked for is waited for; more than the cap is not, and the call fails. */
static void re_2_retry_after(void **state)
{
    struct scripted s = {
        .calls = {{{.at_ms = 1, .kind = GSP_READ_FAILED, .http_status = 429, .retry_after_ms = 7000}},
                  {TEXT(1, "x"), END(2)}}};
    gsp_target t = scripted_target("a", &s);
    gsp_retry_options retry = three_fixed;

    (void)state;
    new_runner(&t, &retry, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.told.text, "initial(a) error(a,rate_limit,recoverable) wait(a,7000) retry(a)");
    done();
    s.n_requests = 0;
    retry.cap_ms = 6999;
    new_runner(&t, &retry, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.told.text, "initial(a) error(a,rate_limit,final)");
    done();
}

/* FA-1, FA-4, FA-6, OP-3, OP-6: the next target serves, the first is unavailable and asked whether it is
 * back. */
static void fa_1_the_next_target_serves(void **state)
{
    struct scripted a = {.calls = {{FAILED(5, "connection")}, {TEXT(1, "a"), END(2)}}};
    struct scripted b = {.calls = {{TEXT(10, "b"), END(20)}}};
    gsp_target targets[2] = {scripted_target("a", &a), scripted_target("b", &b)}, list = GSP_TARGET_INIT;
    gsp_fallback_options fallback = GSP_FALLBACK_OPTIONS_INIT;

    (void)state;
    list.targets = targets;
    list.n_targets = 2;
    list.fallback = &fallback;
    new_runner(&list, NULL, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.told.text, "initial(a) error(a,connection,final) avail(a,false) fallback(b)");
    assert_int_equal(run.step.target, 1);
    assert_int_equal(run.step.outcome, GSP_OUTCOME_COMPLETED);
    assert_false(gsp_runner_is_available(run.runner, 0));
    go(0); /* skipped now */
    assert_string_equal(run.told.text, "initial(b)");
    test_spans_of(gsp_recorder_path(recorder), false);
    assert_string_equal(test_value(test_span(0), "gen_ai.provider.name"), "b");
    assert_string_equal(test_value(test_span(0), "gen_ai.request.model"), "b"); /* as that target was sent */
    assert_string_equal(test_value(test_span(1), "genspan.target.name"), "a");
    assert_string_equal(test_value(test_span(2), "genspan.attempt.kind"), "fallback");
    assert_string_equal(test_value(test_span(2), "genspan.target.index"), "1");
    assert_string_equal(test_value(test_span(2), "genspan.attempt.model"), "b");
    done();
}

/* FA-5: one error, with the targets and the time. FA-1: with all unavailable, all are tried. */
static void fa_5_all_fail(void **state)
{
    struct scripted a = {.calls = {{FAILED(5, "connection")}}}, b = {.calls = {{STATUS(10, 503)}}};
    gsp_target targets[2] = {scripted_target("a", &a), scripted_target("b", &b)}, list = GSP_TARGET_INIT;

    (void)state;
    list.targets = targets;
    list.n_targets = 2;
    new_runner(&list, NULL, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.told.text, "initial(a) error(a,connection,final) avail(a,false) "
                                       "fallback(b) error(b,overloaded,final) avail(b,false)");
    assert_string_equal(run.step.failure->message, "all targets failed (a, b) in 0.015 s");
    assert_string_equal(run.step.failure->type, "overloaded");
    assert_string_equal(run.step.failure->cause->message, "boom");
    go(0);
    assert_string_equal(run.told.text,
                        "initial(a) error(a,connection,final) fallback(b) error(b,overloaded,final)");
    test_spans_of(gsp_recorder_path(recorder), false);
    assert_string_equal(test_span_message(test_span(0)),
                        "all targets failed (a, b) in 0.015 s after 2 attempts (caused by overloaded: boom)");
    done();
}

/* FA-2: enforced here: a target that hangs is left after attempt_timeout, a stream that stalls after
 * idle_timeout; a healthy long one is not. */
static void fa_2_timeouts_are_enforced(void **state)
{
    struct scripted hangs = {.calls = {{META(10)}}};
    struct scripted stalls = {.calls = {{TEXT(90, ""), META(180)}}};
    struct scripted healthy = {
        .calls = {{TEXT(90, "a"), TEXT(180, "b"), TEXT(270, "c"), TEXT(360, "d"), END(450)}}};
    gsp_target targets[3] = {scripted_target("hangs", &hangs), scripted_target("stalls", &stalls),
                             scripted_target("healthy", &healthy)};
    gsp_target list = GSP_TARGET_INIT;
    gsp_fallback_options fallback = GSP_FALLBACK_OPTIONS_INIT;
    gsp_retry_options limits = GSP_RETRY_OPTIONS_INIT;

    (void)state;
    limits.attempt_timeout_ms = limits.idle_timeout_ms = 100;
    limits.flags = GSP_RETRY_CHUNK_SENT;
    fallback.retry = &limits;
    fallback.flags = GSP_FALLBACK_CHUNK_SENT;
    list.fallback = &fallback;
    list.targets = targets;
    list.n_targets = 3;
    new_runner(&list, NULL, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.text, "abcd");
    assert_int_equal(run.step.spent_ns, (100 + 280 + 450) * MS);
    assert_int_equal(hangs.last_exit, GSP_STREAM_FAILED);
    assert_int_equal(hangs.n_open + stalls.n_open + healthy.n_open, 0);
    test_spans_of(gsp_recorder_path(recorder), false);
    assert_string_equal(test_value(test_span(1), "error.type"), "timeout");
    assert_int_equal(test_span_ns(test_span(1)), 100 * MS);
    assert_string_equal(test_value(test_span(2), "error.type"), "timeout");
    done();
}

/* FA-2: the deadline is apart from them; no target is blamed for it. */
static void fa_2_the_deadline_of_the_operation(void **state)
{
    struct scripted a = {.calls = {{META(10)}}}, b = {.calls = {{TEXT(1, "b"), END(2)}}};
    gsp_target targets[2] = {scripted_target("a", &a), scripted_target("b", &b)}, list = GSP_TARGET_INIT;

    (void)state;
    list.targets = targets;
    list.n_targets = 2;
    new_runner(&list, NULL, GSP_MEDIA_TEXT);
    go(50);
    assert_string_equal(run.told.text, "initial(a) error(a,timeout,final)");
    assert_int_equal(run.step.spent_ns, 50 * MS);
    assert_string_equal(run.step.failure->message, "the operation's time is over");
    assert_true(gsp_runner_is_available(run.runner, 0));
    done();
}

/* FA-3: content went out, so the error goes to the caller; the list's own flag says otherwise. */
static void fa_3_content_was_forwarded(void **state)
{
    struct scripted a = {.calls = {{TEXT(1, "a"), FAILED(5, "connection")}}},
                    b = {.calls = {{TEXT(1, "b"), END(2)}}};
    gsp_target targets[2] = {scripted_target("a", &a), scripted_target("b", &b)}, list = GSP_TARGET_INIT;
    gsp_fallback_options fallback = GSP_FALLBACK_OPTIONS_INIT;

    (void)state;
    list.targets = targets;
    list.n_targets = 2;
    list.fallback = &fallback;
    new_runner(&list, NULL, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.told.text, "initial(a) error(a,connection,final) avail(a,false)");
    assert_string_equal(run.step.failure->message, "boom");
    assert_int_equal(run.step.target, 0); /* OP-6: who spoke */
    done();
    fallback.flags = GSP_FALLBACK_CHUNK_SENT;
    new_runner(&list, NULL, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.text, "ab");
    done();
}

/* OP-6, FA-6: nested lists resolve to the model. */
static void fa_6_nested_lists(void **state)
{
    struct scripted a = {.calls = {{FAILED(1, "connection")}}}, b = {.calls = {{STATUS(1, 500)}}},
                    c = {.calls = {{TEXT(1, "c"), END(2)}}};
    gsp_target inner[2] = {scripted_target("a", &a), scripted_target("b", &b)};
    gsp_target outer[2] = {GSP_TARGET_INIT, scripted_target("c", &c)}, list = GSP_TARGET_INIT;

    (void)state;
    outer[0].name = "first two";
    outer[0].targets = inner;
    outer[0].n_targets = 2;
    list.targets = outer;
    list.n_targets = 2;
    new_runner(&list, NULL, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.told.text,
                        "initial(a) error(a,connection,final) avail(a,false) fallback(b) "
                        "error(b,server_error,final) avail(b,false) avail(first two,false) fallback(c)");
    assert_int_equal(run.step.target, 2);
    done();
}

/* A list as a whole is tried again, after what the providers in it asked for (RE-2). */
static void re_2_a_list_waits_for_its_providers(void **state)
{
    struct scripted a = {
        .calls = {{{.at_ms = 1, .kind = GSP_READ_FAILED, .http_status = 429, .retry_after_ms = 5000}},
                  {TEXT(1, "a"), END(2)}}};
    struct scripted b = {.calls = {{STATUS(1, 500)}}};
    gsp_target targets[2] = {scripted_target("a", &a), scripted_target("b", &b)}, list = GSP_TARGET_INIT;

    (void)state;
    list.name = "both";
    list.targets = targets;
    list.n_targets = 2;
    new_runner(&list, &three_fixed, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(
        run.told.text,
        "initial(a) error(a,rate_limit,final) avail(a,false) fallback(b) "
        "error(b,server_error,recoverable) avail(b,false) wait(both,4999) fallback(a) avail(a,true)");
    done();
}

/* Cancelling at any point: in a request, in a wait, before anything. ST-1: ended once. */
static void re_cancel_at_any_point(void **state)
{
    static const int64_t at_ms[] = {0, 10, 25, 119};
    gsp_stream_exit exits[] = {GSP_STREAM_CLOSED, GSP_STREAM_CANCELLED, GSP_STREAM_DESTROYED};

    (void)state;
    for (size_t i = 0; i < 12; i++) {
        struct scripted s = {.calls = {{META(5), FAILED(20, "connection")}}};
        gsp_target t = scripted_target("a", &s);
        int64_t start_ns = clock.now_ns, now_ns = start_ns, stop_ns = start_ns + at_ms[i % 4] * MS;
        gsp_step step = GSP_STEP_INIT;
        gsp_call *call;
        int n;

        new_runner(&t, &three_fixed, GSP_MEDIA_TEXT);
        call = new_call(0);
        while (now_ns < stop_ns) {
            gsp_call_poll(call, now_ns, &step);
            if (step.kind == GSP_STEP_WAIT)
                now_ns = step.wake_ns < stop_ns ? step.wake_ns : stop_ns;
        }
        n = s.n_requests;
        gsp_call_end(call, exits[i / 4], now_ns);
        gsp_call_end(call, GSP_STREAM_CANCELLED, now_ns);
        assert_int_equal(s.n_open, 0);
        gsp_call_poll(call, now_ns + 10000 * MS, &step);
        assert_int_equal(step.kind, GSP_STEP_END);
        assert_null(step.failure);
        assert_int_equal(step.spent_ns, now_ns - start_ns);
        assert_int_equal(step.outcome,
                         i / 4 == 2 && i % 4 == 0 ? GSP_OUTCOME_ABANDONED : GSP_OUTCOME_CANCELLED);
        assert_int_equal(s.n_requests, n); /* none after the end */
        gsp_call_free(call, now_ns);
        gsp_runner_free(run.runner, now_ns);
        clock.now_ns = now_ns + MS;
    }
}

/* ST-2: an end of the connection: truncated after chunks, completed before any, whole after a finish reason.
 */
static void st_2_the_connection_ends(void **state)
{
    static const struct {
        struct scripted_step steps[3];
        gsp_outcome outcome;
    } rows[] = {
        {{{.at_ms = 1, .kind = GSP_READ_EOF}}, GSP_OUTCOME_COMPLETED},
        {{TEXT(1, "x"), {.at_ms = 2, .kind = GSP_READ_EOF}}, GSP_OUTCOME_FAILED},
        {{{.at_ms = 1, .kind = GSP_READ_CHUNK, .chunk = GSP_CHUNK_TEXT, .has_finish = true},
          {.at_ms = 2, .kind = GSP_READ_EOF}},
         GSP_OUTCOME_COMPLETED},
        {{{.at_ms = 1, .kind = GSP_READ_CHUNK, .chunk = GSP_CHUNK_TEXT, .has_finish = true},
          FAILED(2, "connection")},
         GSP_OUTCOME_COMPLETED},
        {{{.at_ms = 1, .kind = GSP_READ_CHUNK, .chunk = GSP_CHUNK_TEXT, .has_finish = true},
          FAILED(2, "server_error")},
         GSP_OUTCOME_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scripted s = {0};
        gsp_target t;

        memcpy(s.calls[0], rows[i].steps, sizeof rows[i].steps);
        t = scripted_target("a", &s);
        new_runner(&t, &three_fixed, GSP_MEDIA_TEXT);
        go(0);
        assert_int_equal(run.step.outcome, rows[i].outcome);
        if (i == 1)
            assert_string_equal(run.step.failure->type, "truncated");
        done();
    }
}

/* A request that cannot even begin is a failed attempt like any other. */
static void a_target_that_cannot_begin(void **state)
{
    struct scripted a = {.calls = {{FAILED(-1, "connection")}}}, b = {.calls = {{TEXT(1, "b"), END(2)}}};
    gsp_target targets[2] = {scripted_target("a", &a), scripted_target("b", &b)}, list = GSP_TARGET_INIT;

    (void)state;
    list.targets = targets;
    list.n_targets = 2;
    new_runner(&list, NULL, GSP_MEDIA_TEXT);
    go(0);
    assert_string_equal(run.told.text, "initial(a) error(a,connection,final) avail(a,false) fallback(b)");
    assert_int_equal(test_spans_of(gsp_recorder_path(recorder), false), 3);
    assert_int_equal(test_span_ns(test_span(1)), 0);
    done();
}

/* RE-1: 409 by policy, and not where the provider forbids it. */
static void re_1_conflict_by_policy(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct scripted s = {
            .calls = {
                {{.at_ms = 1, .kind = GSP_READ_FAILED, .http_status = 409, .should_retry = i == 2 ? -1 : 0}},
                {TEXT(1, "x"), END(2)}}};
        gsp_target t = scripted_target("a", &s);
        gsp_retry_options retry = three_fixed;

        retry.flags = i ? GSP_RETRY_CONFLICT : 0;
        new_runner(&t, &retry, GSP_MEDIA_TEXT);
        go(0);
        assert_int_equal(run.step.outcome, i == 1 ? GSP_OUTCOME_COMPLETED : GSP_OUTCOME_FAILED);
        done();
    }
}

static int count_chunks(void *self, const gsp_step *step)
{
    (void)step;
    return ++*(int *)self == 2;
}

static int jump(void *self, int64_t wake_ns, int64_t *now_ns)
{
    (void)self;
    *now_ns = wake_ns;
    return wake_ns == INT64_MAX;
}

/* The blocking way: the caller may leave in a chunk, or in a wait. */
static void run_blocks_until_the_end(void **state)
{
    struct scripted s = {
        .calls = {{FAILED(1, "connection")}, {TEXT(1, "a"), TEXT(2, "b"), TEXT(3, "c"), END(4)}}};
    struct scripted hangs = {0};
    gsp_target t = scripted_target("a", &s), h = scripted_target("h", &hangs);
    gsp_step step = GSP_STEP_INIT;
    gsp_call *call;
    int n = 0;

    (void)state;
    new_runner(&t, &three_fixed, GSP_MEDIA_TEXT);
    call = new_call(0);
    gsp_call_run(call, count_chunks, jump, &n, clock.now_ns, &step);
    assert_int_equal(n, 2);
    assert_int_equal(step.outcome, GSP_OUTCOME_CANCELLED);
    assert_int_equal(s.last_exit, GSP_STREAM_CLOSED);
    gsp_call_free(call, clock.now_ns);
    done();
    new_runner(&h, NULL, GSP_MEDIA_TEXT);
    call = new_call(0);
    gsp_call_run(call, NULL, jump, NULL, clock.now_ns, &step);
    assert_int_equal(step.outcome, GSP_OUTCOME_CANCELLED);
    assert_int_equal(hangs.last_exit, GSP_STREAM_CANCELLED);
    gsp_call_free(call, clock.now_ns);
    done();
}

/* FA-2: who reads slowly cuts nothing, whether the target tells times or not. */
static void fa_2_a_slow_reader_cuts_nothing(void **state)
{
    gsp_retry_options limits = GSP_RETRY_OPTIONS_INIT;

    (void)state;
    limits.attempt_timeout_ms = limits.idle_timeout_ms = 60;
    for (int i = 0; i < 2; i++) {
        struct scripted s = {.calls = {{TEXT(50, "a"), TEXT(100, "b"), END(150)}}, .hides_times = i};
        gsp_target t = scripted_target("a", &s);
        gsp_step step = GSP_STEP_INIT;
        gsp_call *call;
        int n = 0;

        new_runner(&t, &limits, GSP_MEDIA_TEXT);
        call = new_call(0);
        while (step.kind != GSP_STEP_END) {
            gsp_call_poll(call, clock.now_ns, &step);
            n += step.kind == GSP_STEP_CHUNK;
            clock.now_ns += step.kind == GSP_STEP_WAIT ? 10000 * MS : 0;
        }
        assert_int_equal(n, 2);
        assert_int_equal(step.outcome, GSP_OUTCOME_COMPLETED);
        gsp_call_free(call, clock.now_ns);
        done();
    }
}

/* A target that sends pings for ever has to be left all the same. */
static void fa_2_pings_are_no_content(void **state)
{
    struct scripted s = {
        .calls = {{META(20), META(40), META(60), META(80), META(120), TEXT(130, "late"), END(140)}}};
    gsp_target t = scripted_target("a", &s);
    gsp_retry_options limits = GSP_RETRY_OPTIONS_INIT;

    (void)state;
    limits.attempt_timeout_ms = 100;
    limits.idle_timeout_ms = 50;
    new_runner(&t, &limits, GSP_MEDIA_TEXT);
    go(0);
    assert_int_equal(run.step.outcome, GSP_OUTCOME_FAILED);
    assert_int_equal(run.step.spent_ns, 100 * MS);
    done();
}

/* US-5, ID-2: what a failed attempt used and was called stays its own. */
static void us_5_attempts_do_not_mix(void **state)
{
    struct scripted s = {
        .calls = {{{.at_ms = 1, .kind = GSP_READ_CHUNK, .request_id = "req_a", .output_tokens = 9},
                   FAILED(2, "connection")},
                  {{.at_ms = 1,
                    .kind = GSP_READ_CHUNK,
                    .chunk = GSP_CHUNK_TEXT,
                    .text = "x",
                    .request_id = "req_b",
                    .output_tokens = 7},
                   END(2)}}};
    gsp_target t = scripted_target("a", &s);

    (void)state;
    new_runner(&t, &three_fixed, GSP_MEDIA_TEXT);
    go(0);
    test_spans_of(gsp_recorder_path(recorder), false);
    assert_string_equal(test_value(test_span(0), "gen_ai.usage.output_tokens"), "7");
    assert_string_equal(test_value(test_span(0), "genspan.provider.request_ids"), "[req_a,req_b]");
    assert_string_equal(test_value(test_span(1), "genspan.attempt.usage.output_tokens"), "9");
    assert_string_equal(test_value(test_span(2), "genspan.provider.request_ids"), "[req_b]");
    done();
}

/* FA-6, OP-6: two calls at once through one list: each shows its own target, ids and usage. */
static void op_6_calls_at_once_do_not_mix(void **state)
{
    struct scripted a = {.calls = {{{.at_ms = 10,
                                     .kind = GSP_READ_CHUNK,
                                     .chunk = GSP_CHUNK_TEXT,
                                     .text = "1",
                                     .output_tokens = 1,
                                     .request_id = "one"},
                                    END(30)},
                                   {FAILED(10, "connection")}}};
    struct scripted b = {.calls = {{{.at_ms = 10,
                                     .kind = GSP_READ_CHUNK,
                                     .chunk = GSP_CHUNK_TEXT,
                                     .text = "2",
                                     .output_tokens = 2,
                                     .request_id = "two"},
                                    END(30)}}};
    gsp_target targets[2] = {scripted_target("a", &a), scripted_target("b", &b)}, list = GSP_TARGET_INIT;
    gsp_step one = GSP_STEP_INIT, two = GSP_STEP_INIT;
    int64_t now_ns = clock.now_ns;
    gsp_call *first, *second;
    int n = 0;

    (void)state;
    list.targets = targets;
    list.n_targets = 2;
    new_runner(&list, NULL, GSP_MEDIA_TEXT);
    first = new_call(0);
    second = new_call(0);
    for (; one.kind != GSP_STEP_END || two.kind != GSP_STEP_END; now_ns += 5 * MS) {
        gsp_call_poll(first, now_ns, &one);
        gsp_call_poll(second, now_ns, &two);
    }
    assert_int_equal(one.target, 0);
    assert_int_equal(two.target, 1);
    gsp_call_free(first, now_ns);
    gsp_call_free(second, now_ns);
    assert_int_equal(test_spans_of(gsp_recorder_path(recorder), false), 5);
    for (uint32_t i = 0; i < 5; i++) {
        const struct gsp__span_data *span = test_span(i);

        if (strcmp(test_value(span, "genspan.attempt.kind"), "-") != 0)
            continue;
        assert_string_equal(test_value(span, "gen_ai.provider.name"), n ? "b" : "a");
        assert_string_equal(test_value(span, "gen_ai.usage.output_tokens"), n ? "2" : "1");
        assert_string_equal(test_value(span, "genspan.provider.request_ids"), n ? "[two]" : "[one]");
        n++;
    }
    gsp_runner_free(run.runner, now_ns);
}

/* What is refused, and why. */
static void construction(void **state)
{
    struct scripted s = {0};
    gsp_target t = scripted_target("a", &s), two[2] = {t, t}, deep[6], list = GSP_TARGET_INIT, many[33];
    gsp_runner_options o = GSP_RUNNER_OPTIONS_INIT;
    gsp_fallback_options fallback = GSP_FALLBACK_OPTIONS_INIT;
    gsp_runner *runner = NULL;
    gsp_error err;

    (void)state;
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, NULL), GSP_ERR_INVALID);
    o.target = &list; /* a model without io */
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, &err), GSP_ERR_INVALID);
    list.fallback = &fallback; /* FA-1: a list of none */
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, &err), GSP_ERR_INVALID);
    assert_string_equal(err.text, "a list of targets is empty");
    list.targets = two;
    list.n_targets = 2;
    two[0].n_channels = 1; /* FA-7 */
    two[1].n_channels = 2;
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, &err), GSP_ERR_INVALID);
    two[1].n_channels = 1;
    two[1].flags = GSP_TARGET_NO_STREAM;
    o.media = GSP_MEDIA_SPEECH_TO_TEXT;
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, &err), GSP_ERR_INVALID);
    two[1].flags |= GSP_TARGET_HAS_VAD;
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, &err), GSP_OK);
    gsp_runner_free(runner, 1);
    o.media = 3;
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, &err), GSP_ERR_INVALID);
    o.media = 0;
    for (int i = 0; i < 33; i++)
        many[i] = t;
    list.targets = many;
    list.n_targets = 31;
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, &err), GSP_OK);
    gsp_runner_free(runner, 1);
    list.n_targets = 32; /* and the list itself */
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, &err), GSP_ERR_INVALID);
    deep[0] = t;
    for (int i = 1; i < 6; i++) {
        deep[i] = (gsp_target)GSP_TARGET_INIT;
        deep[i].targets = &deep[i - 1];
        deep[i].n_targets = 1;
    }
    o.target = &deep[4];
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, &err), GSP_OK);
    gsp_runner_free(runner, 1);
    o.target = &deep[5];
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, &err), GSP_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(re_5_a_retry_then_success, set_up, tear_down),
        cmocka_unit_test_setup_teardown(re_1_not_retryable_fails_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_5_all_retries_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(re_1_499_ends_gracefully, set_up, tear_down),
        cmocka_unit_test_setup_teardown(re_4_content_that_was_sent_is_not_retried, set_up, tear_down),
        cmocka_unit_test_setup_teardown(re_4_unless_the_policy_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(re_2_retry_after, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_1_the_next_target_serves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_5_all_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_2_timeouts_are_enforced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_2_the_deadline_of_the_operation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_3_content_was_forwarded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_6_nested_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(re_2_a_list_waits_for_its_providers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(re_cancel_at_any_point, set_up, tear_down),
        cmocka_unit_test_setup_teardown(st_2_the_connection_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_target_that_cannot_begin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(re_1_conflict_by_policy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(run_blocks_until_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_2_a_slow_reader_cuts_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_2_pings_are_no_content, set_up, tear_down),
        cmocka_unit_test_setup_teardown(us_5_attempts_do_not_mix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(op_6_calls_at_once_do_not_mix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(construction, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
