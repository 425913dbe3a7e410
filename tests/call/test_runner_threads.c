/* Many threads, one runner: their calls do not mix, availability changes are seen once, probes have one
 * owner. */
#include "support/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "call/scripted.h"

#define N_THREADS 4
#define N_CALLS   400
#define N_TARGETS 3

static _Atomic int n_open, n_probes, n_probes_on[N_TARGETS];
static _Atomic uint64_t counter;
static _Atomic char changes[N_TARGETS + 1][N_THREADS * N_CALLS * 4];

struct request {
    unsigned target;
    bool is_probe;
    int turn, fate;
    const int *input; /* the number of the call */
};

static void *start(void *self, const gsp_request *request, int64_t now_ns, gsp_read *failed)
{
    struct request *r = calloc(1, sizeof *r);
    uint64_t n = atomic_fetch_add(&counter, 1);

    (void)self, (void)now_ns, (void)failed;
    *r = (struct request){.target = request->target,
                          .is_probe = request->kind == GSP_ATTEMPT_PROBE,
                          .fate = (int)(gsp__mix64(n) % 3),
                          .input = request->input};
    atomic_fetch_add(&n_open, 1);
    if (r->is_probe) {
        atomic_fetch_add(&n_probes, 1);
        if (atomic_fetch_add(&n_probes_on[r->target], 1) != 0)
            abort(); /* FA-4: one at a time */
    }
    return r;
}

static void read_next(void *request, int64_t now_ns, gsp_read *out)
{
    struct request *r = request;

    (void)now_ns;
    switch (r->turn++) {
    case 0:
        out->kind = GSP_READ_CHUNK; /* metadata */
        return;
    case 1:
        if (r->fate == 0) {
            out->kind = GSP_READ_FAILED;
            out->failure.type = GSP_ERROR_CONNECTION;
            return;
        }
        out->kind = GSP_READ_CHUNK;
        out->chunk = GSP_CHUNK_TEXT;
        out->detail = r->input;
        return;
    default:
        out->kind = GSP_READ_END;
    }
}

static void end(void *request, gsp_stream_exit how, const gsp_failure *failure, int64_t now_ns)
{
    struct request *r = request;

    (void)how, (void)failure, (void)now_ns;
    if (r->is_probe)
        atomic_fetch_sub(&n_probes_on[r->target], 1);
    atomic_fetch_sub(&n_open, 1);
    free(r);
}

static void on_notice(void *self, const gsp_notice *n)
{
    (void)self;
    if (n->kind != GSP_NOTICE_AVAILABILITY || n->n_changes >= sizeof changes[0])
        return;
    if (n->is_available != (n->n_changes % 2 == 0))
        abort();
    if (atomic_exchange(&changes[n->target_index == UINT32_MAX ? N_TARGETS : n->target_index][n->n_changes],
                        1))
        abort(); /* FA-1: each change is told once */
}

static gsp_runner *runner;

static void *work(void *self)
{
    int64_t now_ns = 1000 * MS;
    int *faults = self;

    for (int i = 0; i < N_CALLS; i++) {
        gsp_call_options o = GSP_CALL_OPTIONS_INIT;
        gsp_step step = GSP_STEP_INIT;
        gsp_call *call;

        o.now_ns = now_ns;
        o.seed = (uint64_t)i + 1;
        o.input = &i;
        call = gsp_call_new(runner, &o);
        while (step.kind != GSP_STEP_END) {
            gsp_call_poll(call, now_ns, &step);
            if (step.kind == GSP_STEP_CHUNK && step.read->chunk == GSP_CHUNK_TEXT)
                *faults += step.read->detail != &i; /* another call's */
            if (step.kind == GSP_STEP_WAIT)
                now_ns = step.wake_ns;
        }
        gsp_call_free(call, now_ns);
        now_ns += MS;
    }
    return NULL;
}

/* FA-1, FA-4, FA-6, OP-6. */
static void calls_of_many_threads(void **state)
{
    static const gsp_target_io io = {(uint32_t)sizeof io, 0, start, read_next, end, NULL};
    gsp_fallback_options fallback = GSP_FALLBACK_OPTIONS_INIT;
    gsp_target targets[N_TARGETS], list = GSP_TARGET_INIT;
    gsp_runner_options o = GSP_RUNNER_OPTIONS_INIT;
    pthread_t threads[N_THREADS];
    int faults[N_THREADS] = {0};
    struct test_clock clock;
    gsp_recorder *recorder;

    (void)state;
    test_clock_init(&clock);
    recorder = test_recorder(&clock, 1 << 20); /* gets full, which changes nothing */
    for (int i = 0; i < N_TARGETS; i++) {
        targets[i] = (gsp_target)GSP_TARGET_INIT;
        targets[i].name = "t";
        targets[i].io = &io;
    }
    fallback.flags = GSP_FALLBACK_RECOVERY;
    fallback.probe_cooldown_ms = -1;
    list.fallback = &fallback;
    list.targets = targets;
    list.n_targets = N_TARGETS;
    o.target = &list;
    o.on_notice = on_notice;
    assert_int_equal(gsp_runner_new(recorder, &o, &runner, NULL), GSP_OK);
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &faults[i]), 0);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(faults[i], 0);
    gsp_runner_free(runner, 1000000 * MS);
    assert_int_equal(n_open, 0);
    assert_true(n_probes > 0);
    for (int i = 0; i < N_TARGETS; i++) { /* without a gap */
        size_t n = 1;

        while (n < sizeof changes[i] && changes[i][n])
            n++;
        for (; n < sizeof changes[i]; n++)
            assert_int_equal(changes[i][n], 0);
    }
    gsp_recorder_close(recorder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(calls_of_many_threads)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
