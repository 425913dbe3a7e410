/* Speech through targets: what is a failure, where a stream goes on, what time is measured from (FA-7). */
#include "support/support.h"

#include <string.h>

#include "call/scripted.h"

static struct told notices;
static gsp_runner *runner;

#define AUDIO(ms)                                                                                            \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_CHUNK, .chunk = GSP_CHUNK_AUDIO, .text = "~"                           \
    }
#define META(ms)                                                                                             \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_CHUNK                                                                  \
    }
#define INTERIM(ms, t)                                                                                       \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_CHUNK, .chunk = GSP_CHUNK_TRANSCRIPT, .text = t                        \
    }
#define FINAL(ms, t)                                                                                         \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_CHUNK, .chunk = GSP_CHUNK_TRANSCRIPT_FINAL, .text = t                  \
    }
#define END(ms)                                                                                              \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_END                                                                    \
    }
#define FAILED(ms, class)                                                                                    \
    {                                                                                                        \
        .at_ms = ms, .kind = GSP_READ_FAILED, .error = class                                                 \
    }
#define START (1000 * MS)

static void new_runner(gsp_media media, struct scripted *a, struct scripted *b, uint32_t flags,
                       const gsp_retry_options *retry)
{
    gsp_target targets[2] = {scripted_target("a", a), scripted_target("b", b)}, list = GSP_TARGET_INIT;
    gsp_fallback_options fallback = GSP_FALLBACK_OPTIONS_INIT;
    gsp_runner_options o = GSP_RUNNER_OPTIONS_INIT;

    fallback.flags = flags;
    fallback.retry = retry;
    list.targets = targets;
    list.n_targets = 2;
    list.fallback = &fallback;
    o.target = &list;
    o.media = media;
    o.on_notice = told;
    o.notice_self = &notices;
    notices.text[0] = 0;
    assert_int_equal(gsp_runner_new(NULL, &o, &runner, NULL), GSP_OK);
}

static gsp_call *new_call(uint32_t flags)
{
    gsp_call_options o = GSP_CALL_OPTIONS_INIT;

    o.now_ns = START;
    o.flags = flags;
    o.seed = 1;
    return gsp_call_new(runner, &o);
}

/* Poll up to a time; what was read goes to `text`. */
static gsp_step until(gsp_call *call, int64_t *now_ns, int64_t to_ns, char *text)
{
    gsp_step step = GSP_STEP_INIT;

    for (;;) {
        gsp_call_poll(call, *now_ns, &step);
        if (step.kind == GSP_STEP_CHUNK && text)
            strcat(text, step.read->bytes ? step.read->bytes : "");
        if (step.kind == GSP_STEP_CHUNK)
            continue;
        if (step.kind == GSP_STEP_END || *now_ns >= to_ns)
            return step;
        *now_ns = step.wake_ns < to_ns ? step.wake_ns : to_ns;
    }
}

/* FA-7: "no audio" is a failure. */
static void fa_7_silence_is_a_failure(void **state)
{
    struct scripted a = {.calls = {{META(5), END(10)}}}, b = {.calls = {{AUDIO(5), END(10)}}};
    gsp_step step = GSP_STEP_INIT;
    gsp_call *call;

    (void)state;
    new_runner(GSP_MEDIA_TEXT_TO_SPEECH, &a, &b, 0, NULL);
    call = new_call(0);
    scripted_run(call, START, NULL, 0, &step);
    assert_string_equal(notices.text, "initial(a) error(a,server_error,final) avail(a,false) fallback(b)");
    assert_int_equal(step.outcome, GSP_OUTCOME_COMPLETED);
    assert_int_equal(step.target, 1);
    gsp_call_free(call, START);
    gsp_runner_free(runner, START);
}

/* FA-7: a turn of tools alone says nothing, and that is right. */
static void fa_7_a_turn_of_tools_only_is_no_failure(void **state)
{
    struct scripted a = {.calls = {{META(5), END(10)}}}, b = {.calls = {{AUDIO(5), END(10)}}};

    (void)state;
    for (int i = 0; i < 2; i++) {
        gsp_step step = GSP_STEP_INIT;
        gsp_call *call;

        new_runner(GSP_MEDIA_TEXT_TO_SPEECH, &a, &b, GSP_FALLBACK_RECOVERY, NULL);
        call = new_call(i ? GSP_CALL_OPEN_INPUT : GSP_CALL_NO_TEXT); /* or text that never came */
        gsp_call_input_end(call, START);
        scripted_run(call, START, NULL, 0, &step);
        assert_string_equal(notices.text, "initial(a)");
        assert_int_equal(step.outcome, GSP_OUTCOME_COMPLETED);
        assert_int_equal(gsp_call_input_ns(call), 0);
        gsp_call_free(call, START);
        gsp_runner_free(runner, START);
    }
}

/* FA-7: an abort before audio blames nobody. */
static void fa_7_an_abort_before_audio_is_no_failure(void **state)
{
    struct scripted a = {.calls = {{META(5), AUDIO(100), END(110)}}}, b = {.calls = {{AUDIO(5), END(10)}}};
    int64_t now_ns = START;
    gsp_call *call;

    (void)state;
    new_runner(GSP_MEDIA_TEXT_TO_SPEECH, &a, &b, 0, NULL);
    call = new_call(0);
    until(call, &now_ns, START + 50 * MS, NULL);
    gsp_call_end(call, GSP_STREAM_CANCELLED, now_ns);
    assert_string_equal(notices.text, "initial(a)");
    assert_true(gsp_runner_is_available(runner, 0));
    gsp_call_free(call, now_ns);
    gsp_runner_free(runner, now_ns);
}

/* FA-3, FA-7: after audio went out, the error goes to the caller. */
static void fa_3_audio_commits(void **state)
{
    struct scripted a = {.calls = {{AUDIO(5), FAILED(10, "connection")}}},
                    b = {.calls = {{AUDIO(5), END(10)}}};
    gsp_step step = GSP_STEP_INIT;
    gsp_call *call;

    (void)state;
    new_runner(GSP_MEDIA_TEXT_TO_SPEECH, &a, &b, 0, NULL);
    call = new_call(0);
    scripted_run(call, START, NULL, 0, &step);
    assert_int_equal(step.outcome, GSP_OUTCOME_FAILED);
    assert_int_equal(b.n_requests, 0);
    gsp_call_free(call, START);
    gsp_runner_free(runner, START);
}

/* FA-7: time to first byte is measured from the first text handed to any target, and the attempt's time too.
 */
static void fa_7_the_anchor_is_the_first_text(void **state)
{
    struct scripted a = {0}, b = {.calls = {{AUDIO(5), END(10)}}};
    gsp_retry_options limits = GSP_RETRY_OPTIONS_INIT;
    int64_t now_ns = START;
    gsp_step step;
    gsp_call *call;

    (void)state;
    limits.attempt_timeout_ms = 100;
    new_runner(GSP_MEDIA_TEXT_TO_SPEECH, &a, &b, 0, &limits);
    call = new_call(GSP_CALL_OPEN_INPUT | GSP_CALL_STREAM);
    step = until(call, &now_ns, START + 5000 * MS, NULL); /* nothing asked for, nothing late */
    assert_true(step.wake_ns == INT64_MAX);
    assert_int_equal(gsp_call_input_ns(call), 0);
    gsp_call_input(call, "Hello", 5, 0, now_ns);
    assert_int_equal(a.n_input, 5);
    gsp_call_input_end(call, now_ns);
    assert_true(a.has_ended);
    step = until(call, &now_ns, INT64_MAX - 1, NULL);
    assert_int_equal(step.outcome, GSP_OUTCOME_COMPLETED);
    assert_int_equal(b.last_start_ns, START + 5100 * MS);
    assert_true(b.has_ended); /* FA-7: the end of input reaches the new target */
    assert_int_equal(gsp_call_input_ns(call), START + 5000 * MS); /* kept */
    gsp_call_free(call, now_ns);
    gsp_runner_free(runner, now_ns);
}

/* FA-4: a stream of speech is probed when all its text is there. */
static void fa_4_probes_wait_for_the_input(void **state)
{
    struct scripted a = {.calls = {{FAILED(5, "connection")}, {AUDIO(1), END(2)}}},
                    b = {.calls = {{AUDIO(50), END(60)}}};
    int64_t now_ns = START;
    gsp_call *call;

    (void)state;
    new_runner(GSP_MEDIA_TEXT_TO_SPEECH, &a, &b, GSP_FALLBACK_RECOVERY, NULL);
    call = new_call(GSP_CALL_OPEN_INPUT | GSP_CALL_STREAM);
    until(call, &now_ns, START + 10 * MS, NULL);
    gsp_call_input(call, "Hi", 2, 0, now_ns);
    assert_int_equal(a.n_probes, 0);
    gsp_call_input_end(call, now_ns);
    assert_int_equal(a.n_probes, 1);
    until(call, &now_ns, START + 100 * MS, NULL);
    assert_string_equal(notices.text,
                        "initial(a) error(a,connection,final) avail(a,false) fallback(b) probe(a) "
                        "avail(a,true)");
    gsp_call_free(call, now_ns);
    gsp_runner_free(runner, now_ns);
}

/* FA-7: a stream that was being heard goes on at another target, where it was in time, and is told the end.
 */
static void fa_7_a_stream_goes_on_elsewhere(void **state)
{
    struct scripted a = {
        .calls = {{META(1), FINAL(100, "one "), INTERIM(200, "tw"), FAILED(300, "connection")}}};
    struct scripted b = {.calls = {{META(1), FINAL(100, "two"), END(900)}}};
    gsp_retry_options limits = GSP_RETRY_OPTIONS_INIT;
    int64_t now_ns = START;
    char text[64] = "";
    gsp_step step;
    gsp_call *call;

    (void)state;
    limits.idle_timeout_ms = limits.attempt_timeout_ms = 50; /* a speaker's silence is no fault of a target */
    new_runner(GSP_MEDIA_SPEECH_TO_TEXT, &a, &b, 0, &limits);
    call = new_call(GSP_CALL_OPEN_INPUT | GSP_CALL_STREAM);
    gsp_call_poll(call, now_ns, &(gsp_step)GSP_STEP_INIT);
    until(call, &now_ns, START + 2 * MS, text);
    gsp_call_input(call, "....", 4, 250 * MS, now_ns);
    until(call, &now_ns, START + 350 * MS, text);
    assert_string_equal(text, "one tw");
    assert_int_equal(b.offset_ns, 250 * MS);
    assert_false(b.has_ended);
    gsp_call_input(call, "..", 2, 125 * MS, now_ns);
    assert_int_equal(b.n_input, 2);
    until(call, &now_ns, START + 450 * MS, text);
    gsp_call_end(call, GSP_STREAM_CLOSED, now_ns);
    step = until(call, &now_ns, START + 2000 * MS, text);
    assert_string_equal(text, "one twtwo");
    assert_int_equal(step.target, 1);
    gsp_call_free(call, now_ns);
    gsp_runner_free(runner, now_ns);
}

/* Retries are counted afresh after each final transcript. */
static void final_transcripts_reset_retries(void **state)
{
    struct scripted a = {.calls = {{FINAL(1, "a"), FAILED(2, "connection")},
                                   {FINAL(1, "b"), FAILED(2, "connection")},
                                   {FAILED(2, "connection")},
                                   {FINAL(1, "c"), END(2)}}};
    struct scripted b = {.calls = {{FINAL(1, "never"), END(2)}}};
    gsp_retry_options retry = GSP_RETRY_OPTIONS_INIT;
    gsp_step step = GSP_STEP_INIT;
    char text[64] = "";
    gsp_call *call;

    (void)state;
    retry.profile = GSP_BACKOFF_FIXED;
    retry.max_retries = 2;
    new_runner(GSP_MEDIA_SPEECH_TO_TEXT, &a, &b, 0, &retry);
    call = new_call(GSP_CALL_STREAM);
    scripted_run(call, START, text, sizeof text, &step);
    assert_string_equal(text, "abc");
    assert_int_equal(step.n_attempts, 4);
    gsp_call_free(call, START);
    gsp_runner_free(runner, START);
}

/* FA-4: a stream of speech to text is back when it understood something. */
static void fa_4_a_probe_has_to_understand(void **state)
{
    static const struct scripted_step deaf[] = {FINAL(1, ""), END(2)}, hears[] = {FINAL(1, "x"), END(2)};
    struct scripted a = {.calls = {{FAILED(1, "connection")}}}, b = {.calls = {{FINAL(50, "b"), END(60)}}};

    (void)state;
    for (int i = 0; i < 2; i++) {
        gsp_step step = GSP_STEP_INIT;
        gsp_call *call;

        a.probe = i ? hears : deaf;
        new_runner(GSP_MEDIA_SPEECH_TO_TEXT, &a, &b, GSP_FALLBACK_RECOVERY, NULL);
        call = new_call(GSP_CALL_STREAM);
        scripted_run(call, START, NULL, 0, &step);
        assert_int_equal(gsp_runner_is_available(runner, 0), i);
        gsp_call_free(call, START);
        gsp_runner_free(runner, START);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fa_7_silence_is_a_failure),
        cmocka_unit_test(fa_7_a_turn_of_tools_only_is_no_failure),
        cmocka_unit_test(fa_7_an_abort_before_audio_is_no_failure),
        cmocka_unit_test(fa_3_audio_commits),
        cmocka_unit_test(fa_7_the_anchor_is_the_first_text),
        cmocka_unit_test(fa_4_probes_wait_for_the_input),
        cmocka_unit_test(fa_7_a_stream_goes_on_elsewhere),
        cmocka_unit_test(final_transcripts_reset_retries),
        cmocka_unit_test(fa_4_a_probe_has_to_understand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
