/* Recovery: who is probed, when, how it shows, and when never (FA-4). */
#include "support/support.h"

#include <string.h>

#include "call/scripted.h"
#include "call/spans_of.h"

static struct test_clock clock;
static gsp_recorder *recorder;
static struct told notices;
static gsp_runner *runner;
static struct scripted a, b;

#define TEXT(ms)                                                                                             \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_CHUNK, .chunk = GSP_CHUNK_TEXT, .text = "x"                            \
    }
#define END(ms)                                                                                              \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_END                                                                    \
    }
#define FAILED(ms, class)                                                                                    \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_FAILED, .error = class                                                 \
    }

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&clock);
    recorder = test_recorder(&clock, 1 << 20);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_runner_free(runner, clock.now_ns);
    runner = NULL;
    assert_int_equal(a.n_open + b.n_open, 0);
    gsp_recorder_close(recorder);
    return 0;
}

/* Targets a and b, in a list with recovery. */
static void new_runner(int32_t cooldown_ms, int32_t probe_timeout_ms)
{
    gsp_target targets[2] = {scripted_target("a", &a), scripted_target("b", &b)}, list = GSP_TARGET_INIT;
    gsp_fallback_options fallback = GSP_FALLBACK_OPTIONS_INIT;
    gsp_runner_options o = GSP_RUNNER_OPTIONS_INIT;

    fallback.flags = GSP_FALLBACK_RECOVERY;
    fallback.probe_cooldown_ms = cooldown_ms;
    fallback.probe_timeout_ms = probe_timeout_ms;
    list.targets = targets;
    list.n_targets = 2;
    list.fallback = &fallback;
    o.target = &list;
    o.on_notice = told;
    o.notice_self = &notices;
    notices.text[0] = 0;
    assert_int_equal(gsp_runner_new(recorder, &o, &runner, NULL), GSP_OK);
}

static gsp_call *new_call(uint32_t flags)
{
    gsp_call_options o = GSP_CALL_OPTIONS_INIT;

    o.now_ns = clock.now_ns;
    o.flags = flags;
    o.seed = 1;
    o.input = &clock;
    return gsp_call_new(runner, &o);
}

static void go(void)
{
    gsp_step step = GSP_STEP_INIT;
    gsp_call *call = new_call(0);

    notices.text[0] = 0;
    clock.now_ns = scripted_run(call, clock.now_ns, NULL, 0, &step);
    gsp_call_free(call, clock.now_ns);
}

/* Let probes go on until none does. */
static void settle(void)
{
    int64_t wake_ns;

    for (gsp_runner_poll(runner, clock.now_ns, &wake_ns); wake_ns != INT64_MAX;
         gsp_runner_poll(runner, clock.now_ns, &wake_ns))
        clock.now_ns = wake_ns;
}

/* FA-4: a probe follows the failure, outlives the call, and brings the target back; it relabels nothing. */
static void fa_4_a_failed_target_is_probed(void **state)
{
    (void)state;
    a = (struct scripted){.calls = {{FAILED(5, "connection")}, {TEXT(100), END(200)}}};
    b = (struct scripted){.calls = {{TEXT(1), END(2)}}};
    new_runner(-1, 0);
    go();
    assert_string_equal(notices.text,
                        "initial(a) error(a,connection,final) avail(a,false) probe(a) fallback(b)");
    assert_int_equal(a.n_open, 1);
    assert_ptr_equal(a.input, &clock); /* the same request */
    assert_false(gsp_runner_is_available(runner, 0));
    settle();
    assert_true(gsp_runner_is_available(runner, 0));
    assert_non_null(strstr(notices.text, "fallback(b) avail(a,true)"));
    go();
    assert_string_equal(notices.text, "initial(a)");
}

/* FA-4: a trace of its own, marked, linked to the call; not among the call's attempts. */
static void fa_4_a_probe_is_its_own_trace(void **state)
{
    const struct gsp__span_data *call, *probe;

    (void)state;
    a = (struct scripted){.calls = {{FAILED(5, "connection")}, {TEXT(100), END(200)}}};
    b = (struct scripted){.calls = {{TEXT(1), END(2)}}};
    new_runner(-1, 0);
    go();
    settle();
    assert_int_equal(test_spans_of(gsp_recorder_path(recorder), false), 5);
    call = test_span(0);
    probe = test_span(3);
    if (strcmp(test_value(call, "genspan.operation.attempts"), "2") != 0) {
        call = test_span(2);
        probe = test_span(0);
    }
    assert_string_equal(test_value(call, "genspan.operation.attempts"), "2");
    assert_string_equal(test_value(probe, "genspan.operation.attempts"), "1");
    assert_memory_not_equal(call->trace_id, probe->trace_id, 16);
    assert_int_equal(probe->n_links, 1);
    assert_memory_equal(probe->links[0].trace_id, call->trace_id, 16);
    assert_memory_equal(probe->links[0].span_id, call->span_id, 8);
    assert_string_equal(test_value(probe + 1, "genspan.attempt.kind"), "probe");
    assert_string_equal(test_value(probe + 1, "genspan.target.index"), "0");
    assert_int_equal(test_span_ns(probe), 200 * MS);
}

/* FA-4: one at a time, and not again before the cool-down is over; skipped targets are probed too. */
static void fa_4_one_at_a_time_with_a_cooldown(void **state)
{
    (void)state;
    a = (struct scripted){.calls = {{FAILED(5, "connection")}}};
    b = (struct scripted){.calls = {{TEXT(1), END(2)}}};
    a.probe = (const struct scripted_step[]){FAILED(300, "connection")};
    new_runner(1000, 0);
    go();
    assert_int_equal(a.n_probes, 1);
    go(); /* one goes on */
    assert_string_equal(notices.text, "initial(b)");
    settle();
    clock.now_ns += 999 * MS;
    go();
    assert_int_equal(a.n_probes, 1);
    clock.now_ns += 1 * MS;
    go();
    assert_int_equal(a.n_probes, 2);
    assert_string_equal(notices.text, "probe(a) initial(b)");
    /* whole requests and streams apart */
    gsp_call_free(new_call(GSP_CALL_STREAM), clock.now_ns);
    assert_int_equal(a.n_probes, 2);
    {
        gsp_call *call = new_call(GSP_CALL_STREAM);
        gsp_step step = GSP_STEP_INIT;

        clock.now_ns = scripted_run(call, clock.now_ns, NULL, 0, &step);
        assert_int_equal(a.n_probes, 3);
        gsp_call_free(call, clock.now_ns);
    }
}

/* RE-2: a provider that asked for a pause is not probed in it. */
static void fa_4_a_pause_that_was_asked_for_holds(void **state)
{
    (void)state;
    a = (struct scripted){
        .calls = {{{.at_ms = 5, .kind = GSP_READ_FAILED, .http_status = 429, .retry_after_ms = 30000}},
                  {TEXT(1), END(2)}}};
    b = (struct scripted){.calls = {{TEXT(1), END(2)}}};
    new_runner(-1, 0);
    go();
    assert_int_equal(a.n_probes, 0);
    clock.now_ns += 29000 * MS;
    go();
    assert_int_equal(a.n_probes, 0);
    clock.now_ns += 1000 * MS;
    go();
    assert_int_equal(a.n_probes, 1);
}

/* FA-4: a probe that hangs is left. */
static void fa_4_a_probe_has_a_time(void **state)
{
    int64_t start_ns;

    (void)state;
    a = (struct scripted){.calls = {{FAILED(5, "connection")}, {TEXT(100)}}};
    b = (struct scripted){.calls = {{TEXT(1), END(2)}}};
    new_runner(-1, 500);
    go();
    start_ns = a.last_start_ns;
    settle();
    assert_int_equal(clock.now_ns, start_ns + 500 * MS);
    assert_int_equal(a.last_exit, GSP_STREAM_FAILED);
    assert_false(gsp_runner_is_available(runner, 0));
}

/* FA-4: none starts after the call was closed. */
static void fa_4_none_after_close(void **state)
{
    gsp_step step = GSP_STEP_INIT;
    gsp_call *call;

    (void)state;
    a = (struct scripted){.calls = {{FAILED(5, "connection")}}};
    b = (struct scripted){.calls = {{TEXT(10), END(20)}}};
    new_runner(-1, 0);
    call = new_call(0);
    gsp_call_poll(call, clock.now_ns, &step);
    gsp_call_end(call, GSP_STREAM_CLOSED, clock.now_ns);
    gsp_call_poll(call, clock.now_ns + 1000 * MS, &step);
    assert_int_equal(a.n_requests, 1);
    assert_int_equal(a.n_probes + b.n_probes, 0);
    gsp_call_free(call, clock.now_ns);
}

/* FA-1: a request's own fault makes nothing unavailable, and nothing is probed for it. */
static void fa_1_own_faults_are_not_probed(void **state)
{
    (void)state;
    a = (struct scripted){.calls = {{FAILED(5, "context_length")}}};
    b = (struct scripted){.calls = {{TEXT(10), END(20)}}};
    new_runner(-1, 0);
    go();
    assert_string_equal(notices.text, "initial(a) error(a,context_length,final) fallback(b)");
    assert_true(gsp_runner_is_available(runner, 0));
}

/* A probe that cannot begin is over at once, and its slot is free again. */
static void fa_4_a_probe_that_cannot_begin(void **state)
{
    int64_t wake_ns;

    (void)state;
    a = (struct scripted){.calls = {{FAILED(-1, "connection")}}};
    b = (struct scripted){.calls = {{TEXT(10), END(20)}}};
    new_runner(-1, 0);
    go();
    gsp_runner_poll(runner, clock.now_ns, &wake_ns);
    assert_true(wake_ns == INT64_MAX);
    go();
    assert_int_equal(a.n_probes, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fa_4_a_failed_target_is_probed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_4_a_probe_is_its_own_trace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_4_one_at_a_time_with_a_cooldown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_4_a_pause_that_was_asked_for_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_4_a_probe_has_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_4_none_after_close, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_1_own_faults_are_not_probed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fa_4_a_probe_that_cannot_begin, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
