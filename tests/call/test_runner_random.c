/*
 * Calls at random through targets at random, and what their spans say: the attempts that were made, the usage
 * of the one that served, probes apart. The seed of a round is printed when something does not hold.
 */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "call/scripted.h"
#include "call/spans_of.h"

#define N_ROUNDS  30
#define N_CALLS   16
#define N_TARGETS 4

static uint64_t random_state;

static uint64_t below(uint64_t n)
{
    return gsp__random_next(&random_state) % n;
}

/* What a request comes to, at random. */
static void write_script(struct scripted_step steps[8])
{
    int n = (int)below(6);
    int64_t ms = 0;

    for (int i = 0; i < n; i++) {
        ms += (int64_t)below(80);
        steps[i] = (struct scripted_step){.at_ms = ms,
                                          .kind = GSP_READ_CHUNK,
                                          .chunk = below(2) ? GSP_CHUNK_METADATA : (gsp_chunk_kind)below(6),
                                          .text = "x",
                                          .output_tokens = below(2) ? 1 + (int64_t)below(100000) : 0,
                                          .request_id = below(2) ? "req" : NULL};
    }
    ms += (int64_t)below(80);
    steps[n] = (struct scripted_step){.at_ms = ms, .kind = GSP_READ_END};
    switch (below(7)) {
    case 0:
        steps[n].kind = GSP_READ_NOTHING; /* hangs */
        break;
    case 1:
        steps[n].kind = GSP_READ_EOF;
        break;
    case 2:
        steps[n].kind = GSP_READ_FAILED;
        steps[n].http_status = 429;
        steps[n].retry_after_ms = (int64_t)below(3000);
        break;
    case 3:
        steps[n].kind = GSP_READ_FAILED;
        steps[n].http_status = (int32_t[]){400, 401, 499, 500, 503, 529}[below(6)];
        break;
    case 4:
        steps[n].kind = GSP_READ_FAILED;
        steps[n].error = "connection";
        steps[n].at_ms = n == 0 && below(2) ? -1 : ms;
        break;
    default:
        break;
    }
}

struct outcome {
    gsp_outcome outcome;
    uint32_t n_attempts;
    int64_t tokens;
    const char *provider;
};

static const char *const names[N_TARGETS] = {"a", "b", "c", "d"};

static int64_t run_call(gsp_runner *runner, struct scripted *scripts, int i, int64_t now_ns,
                        struct outcome *out)
{
    gsp_call_options o = GSP_CALL_OPTIONS_INIT;
    gsp_step step = GSP_STEP_INIT;
    gsp_call *call;

    o.now_ns = now_ns;
    o.seed = 1 + below(1000);
    o.timeout_ns = below(2) ? (int64_t)below(3000) * MS : 0;
    call = gsp_call_new(runner, &o);
    gsp_span_set_int(gsp_call_operation(call), GSP_FACT_SEED, i);
    now_ns = scripted_run(call, now_ns, NULL, 0, &step);
    *out = (struct outcome){(gsp_outcome)step.outcome, step.n_attempts, -1, NULL};
    if (step.outcome == GSP_OUTCOME_COMPLETED) {
        out->tokens = scripts[step.target].tokens;
        out->provider = names[step.target];
    }
    gsp_call_free(call, now_ns);
    return now_ns;
}

static const char *number(int64_t n)
{
    static char text[24];

    snprintf(text, sizeof text, "%lld", (long long)n);
    return n < 0 ? "-" : text;
}

/* OP-2, OP-6, US-5, FA-4, ST-1. */
static void check_spans(const gsp_recorder *recorder, const struct outcome *outcomes)
{
    static const char *const words[] = {"", "completed", "failed", "cancelled", "abandoned"};
    uint32_t n = test_spans_of(gsp_recorder_path(recorder), false);
    int n_seen = 0;

    for (uint32_t i = 0; i < n; i++) {
        const struct gsp__span_data *span = test_span(i);
        const char *seed = test_value(span, "gen_ai.request.seed");
        const struct outcome *o = &outcomes[atoi(seed)];
        bool is_probe = strcmp(test_value(span, "genspan.attempt.kind"), "probe") == 0;

        assert_string_not_equal(test_value(span, "genspan.outcome"), "crashed");
        assert_true(!is_probe || test_span(i - 1)->n_links == 1); /* apart, and linked */
        if (strcmp(seed, "-") == 0)
            continue;
        n_seen++;
        assert_string_equal(test_value(span, "genspan.operation.attempts"), number(o->n_attempts));
        for (uint32_t k = 1; k <= o->n_attempts; k++) {
            assert_string_equal(test_value(test_span(i + k), "genspan.attempt.number"), number(k - 1));
            assert_true(test_span(i + k)->end_unix_ns <= span->end_unix_ns);
        }
        assert_string_equal(test_value(span, "genspan.outcome"), words[o->outcome]);
        if (o->outcome != GSP_OUTCOME_COMPLETED)
            continue;
        assert_string_equal(test_value(span, "gen_ai.usage.output_tokens"), number(o->tokens));
        assert_string_equal(test_value(span, "gen_ai.provider.name"), o->provider);
    }
    assert_int_equal(n_seen, N_CALLS);
}

static void run_round(uint64_t seed)
{
    static struct scripted scripts[N_TARGETS];
    struct outcome outcomes[N_CALLS];
    gsp_retry_options each = GSP_RETRY_OPTIONS_INIT, whole = GSP_RETRY_OPTIONS_INIT;
    gsp_fallback_options fallback = GSP_FALLBACK_OPTIONS_INIT;
    gsp_target targets[N_TARGETS], list = GSP_TARGET_INIT;
    gsp_runner_options o = GSP_RUNNER_OPTIONS_INIT;
    struct test_clock clock;
    gsp_recorder *recorder;
    gsp_runner *runner;
    int64_t now_ns;

    random_state = seed;
    test_directory_clear();
    test_clock_init(&clock);
    recorder = test_recorder(&clock, 2 << 20);
    memset(scripts, 0, sizeof scripts);
    for (int i = 0; i < N_TARGETS; i++) {
        for (int k = 0; k < SCRIPTED_CALLS_MAX; k++)
            write_script(scripts[i].calls[k]);
        scripts[i].n_calls = SCRIPTED_CALLS_MAX;
        targets[i] = scripted_target(names[i], &scripts[i]);
    }
    each.max_retries = (uint32_t)below(2);
    each.attempt_timeout_ms = 150;
    each.idle_timeout_ms = 100;
    each.profile = (uint32_t)below(3);
    each.flags = (uint32_t)below(4);
    whole.max_retries = (uint32_t)below(2);
    fallback.retry = &each;
    fallback.flags = GSP_FALLBACK_RECOVERY | (uint32_t)below(8);
    fallback.probe_timeout_ms = 300;
    fallback.probe_cooldown_ms = -1;
    list.fallback = &fallback;
    list.targets = targets;
    list.n_targets = N_TARGETS;
    o.target = &list;
    o.retry = &whole;
    assert_int_equal(gsp_runner_new(recorder, &o, &runner, NULL), GSP_OK);
    now_ns = clock.now_ns;
    for (int i = 0; i < N_CALLS; i++)
        now_ns = run_call(runner, scripts, i, now_ns, &outcomes[i]);
    gsp_runner_free(runner, now_ns);
    for (int i = 0; i < N_TARGETS; i++)
        assert_int_equal(scripts[i].n_open, 0); /* each request that began was ended */
    check_spans(recorder, outcomes);
    gsp_recorder_close(recorder);
}

static void rounds(void **state)
{
    uint64_t seed = test_seed();

    (void)state;
    for (int i = 0; i < N_ROUNDS; i++)
        run_round(seed + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rounds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
