/*
 * Deciding what comes next: one step of the state machine, through a list of four targets. Beside it, in the
 * same run, what any decision needs at least: reading the clock once.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "policy/fallback.h"

#define BATCHES 400
#define N       1000
#define MS      GSP__MS_NS

static struct gsp__plan plan;
static struct gsp__availability shared;
static struct gsp__fallback f;
static struct gsp__decision d;
static int64_t now_ns = 1000 * MS;
static uint64_t n_seen; /* so that nothing is optimised away */

static void begin_call(void)
{
    const struct gsp__fallback_options o = {.deadline_ns = INT64_MAX, .has_text = true, .seed = 7};

    gsp__fallback_init(&f, &plan, &shared, &o);
}

static void step(enum gsp__event_kind kind)
{
    const struct gsp__event e = {.kind = kind,
                                 .chunk = GSP_CHUNK_TEXT,
                                 .now_ns = now_ns,
                                 .retry_after_ns = GSP__NOT_ASKED_FOR,
                                 .verdict = {.is_retryable = true}};

    gsp__fallback_step(&f, &e, &d);
    n_seen += d.action;
}

static void one_chunk(void)
{
    now_ns += MS;
    step(GSP__EVENT_CHUNK);
}

static void one_timer(void)
{
    n_seen += (uint64_t)gsp__fallback_timer_ns(&f);
}

/* A whole call in three decisions: its start, a chunk, its end. */
static void one_call(void)
{
    begin_call();
    step(GSP__EVENT_START);
    step(GSP__EVENT_CHUNK);
    step(GSP__EVENT_END);
}

/* Six: start, failure and wait, retry, failure and next target, chunk, end. */
static void one_bad_call(void)
{
    begin_call();
    step(GSP__EVENT_START);
    step(GSP__EVENT_FAILURE);
    now_ns = gsp__fallback_timer_ns(&f);
    step(GSP__EVENT_TIMER);
    step(GSP__EVENT_FAILURE);
    step(GSP__EVENT_CHUNK);
    step(GSP__EVENT_END);
    gsp__availability_set(&shared, 1, true);
}

static void one_clock(void)
{
    n_seen += (uint64_t)bench_now();
}

static double run(void (*one)(void), int n_decisions)
{
    double times[BATCHES];

    for (int i = 0; i < BATCHES; i++) {
        int64_t start = bench_now();

        for (int k = 0; k < N; k++)
            one();
        times[i] = (double)(bench_now() - start) / N / n_decisions;
    }
    return bench_median(times, BATCHES);
}

int main(void)
{
    gsp_retry_options retry = GSP_RETRY_OPTIONS_INIT;
    gsp_fallback_options fallback = GSP_FALLBACK_OPTIONS_INIT;
    gsp_target models[4] = {GSP_TARGET_INIT, GSP_TARGET_INIT, GSP_TARGET_INIT, GSP_TARGET_INIT};
    gsp_target list = GSP_TARGET_INIT;
    struct gsp__plan_options o = {.target = &list};
    const gsp_target *described[GSP_TARGETS_MAX];
    gsp_error err;
    uint64_t n_allocations;

    retry.max_retries = 1;
    retry.attempt_timeout_ms = retry.idle_timeout_ms = 5000;
    fallback.retry = &retry;
    list.targets = models;
    list.n_targets = 4;
    list.fallback = &fallback;
    if (!gsp__plan_init(&plan, &o, described, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    puts("Deciding what comes next, a list of four targets");
    n_allocations = bench_allocations();
    begin_call();
    step(GSP__EVENT_START);
    bench_line("a chunk", run(one_chunk, 1), "ns", "each");
    bench_line("when to look again", run(one_timer, 1), "ns", "each");
    bench_line("a decision of a call that goes well", run(one_call, 3), "ns",
               "its own state's start included");
    bench_line("a decision of one with a retry and a fallback", run(one_bad_call, 6), "ns", "the same");
    bench_line("allocations in all of these", (double)(bench_allocations() - n_allocations), "", "");
    bench_line("reading the clock once", run(one_clock, 1), "ns", "for comparison");
    bench_line("state of a call", (double)sizeof f, "bytes", "fixed");
    return n_seen == 0;
}
