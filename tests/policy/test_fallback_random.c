/*
 * A million steps of the state machine at random, under a virtual clock: what must hold, whatever happens.
 *
 * A world is a tree of targets with its shared availability, and a number of calls through it; all of it
 * comes from one seed, which is printed when something does not hold. Seeds that once failed stay in
 * `permanent`.
 */
#include "support/support.h"

#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "policy/fallback.h"

#define MS GSP__MS_NS

#define N_STEPS     1000000
#define N_CALLS     40
#define STEPS_MAX   20000 /* of one call: more is a call that never ends */
#define OUTCOME_MAX 8

static const uint64_t permanent[] = {
    1795859096190021, /* a list's time was over while a target in it waited as its provider had asked */
};

struct world {
    uint64_t seed, random;
    gsp_target targets[GSP_TARGETS_MAX];
    gsp_fallback_options lists[GSP_TARGETS_MAX];
    gsp_retry_options retries[GSP_TARGETS_MAX + 1];
    int n_lists;
    struct gsp__plan plan;
    struct gsp__availability shared;
    uint64_t n_changes[GSP_TARGETS_MAX]; /* as told */
    bool may_be_ares, has_ares;
    int64_t now_ns;
    struct {
        bool is_on;
        int64_t until_ns;
    } probes[GSP_TARGETS_MAX][GSP__PATHS];
    uint64_t n_steps;
};

/* One call. */
struct trip {
    struct gsp__fallback f;
    enum gsp__path path;
    int64_t deadline_ns;
    bool is_over, is_on, is_stopped, has_reset;
    unsigned target;        /* that is on */
    uint64_t usage, billed; /* of the attempt; of the call */
    bool has_bill;
    uint32_t n_attempts;
    int64_t not_before_ns[GSP_TARGETS_MAX];
    bool was_blamed; /* something failed that is a target's fault */
    bool is_content; /* of the attempt */
    int64_t sent_ns;
};

static uint64_t below(struct world *w, uint64_t n)
{
    return gsp__random_next(&w->random) % n;
}

static bool chance(struct world *w, unsigned percent)
{
    return below(w, 100) < percent;
}

#define HOLDS(w, what)                                                                                       \
    do {                                                                                                     \
        if (!(what))                                                                                         \
            fail_msg("seed %llu: %s", (unsigned long long)(w)->seed, #what);                                 \
    } while (0)

/*
 * Worlds.
 */

static const gsp_retry_options *new_retry(struct world *w, int i)
{
    gsp_retry_options *r = &w->retries[i];

    r->struct_size = sizeof *r;
    r->profile = (uint32_t)below(w, w->may_be_ares ? 3 : 2);
    r->max_retries = (uint32_t)below(w, 4);
    r->flags = (uint32_t)below(w, 4);
    r->base_ms = (int32_t)below(w, 300) - 1;
    r->cap_ms = 1 + (int32_t)below(w, 4000);
    r->attempt_timeout_ms = chance(w, 60) ? 1 + (int32_t)below(w, 500) : 0;
    r->idle_timeout_ms = chance(w, 60) ? 1 + (int32_t)below(w, 200) : 0;
    return r;
}

/* Fill a place with a model, or a list and what is in it. */
static void grow(struct world *w, gsp_target *t, int *used, unsigned depth)
{
    int n = 1 + (int)below(w, 4), first = *used;
    gsp_fallback_options *list;

    *t = (gsp_target)GSP_TARGET_INIT;
    if (depth == 3 || (depth > 0 && chance(w, 70)) || *used + n > GSP_TARGETS_MAX - 1)
        return;
    *used += n;
    list = &w->lists[w->n_lists++];
    list->struct_size = sizeof *list;
    list->flags = (uint32_t)below(w, 8);
    list->probe_cooldown_ms = (int32_t)below(w, 500) - 1;
    list->retry = new_retry(w, w->n_lists);
    t->targets = &w->targets[first];
    t->n_targets = (uint32_t)n;
    t->fallback = list;
    for (int i = 0; i < n; i++)
        grow(w, &w->targets[first + i], used, depth + 1);
}

static void new_world(struct world *w, uint64_t seed)
{
    const gsp_target *described[GSP_TARGETS_MAX];
    struct gsp__plan_options o = {0};
    int used = 1;

    memset(w, 0, sizeof *w);
    w->seed = w->random = seed;
    w->now_ns = 1000 * MS;
    w->may_be_ares = chance(w, 30);
    o.media = (gsp_media)below(w, 3);
    o.is_any_byte_content = chance(w, 10);
    grow(w, &w->targets[0], &used, 0);
    o.target = &w->targets[0];
    o.retry = new_retry(w, 0);
    assert_true(gsp__plan_init(&w->plan, &o, described, NULL));
    for (int i = 0; i < w->plan.n_nodes; i++)
        w->has_ares |= w->plan.nodes[i].retry.profile == GSP_BACKOFF_ARES;
}

/* As many requests as a node may bring about. */
static uint64_t allowed(const struct gsp__plan *plan, unsigned node)
{
    uint64_t once = 0;

    if (plan->nodes[node].first == GSP__NO_NODE)
        once = 1;
    for (unsigned i = plan->nodes[node].first; i != GSP__NO_NODE; i = plan->nodes[i].next)
        once += allowed(plan, i);
    return once * (1 + plan->nodes[node].retry.max_retries);
}

/*
 * What must hold of each decision.
 */

/* FA-1: notices of one target alternate: their numbers have no gap, and odd ones say unavailable. */
static void check_changes(struct world *w, const struct gsp__change *changes, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        HOLDS(w, changes[i].n_changes == ++w->n_changes[changes[i].node]);
        HOLDS(w, changes[i].is_available == (changes[i].n_changes % 2 == 0));
    }
}

/* FA-1: a request's own fault, or the caller's choice, makes nothing unavailable. */
static void check_blame(struct world *w, const struct trip *t, const struct gsp__decision *d)
{
    for (unsigned i = 0; i < d->n_changes; i++) {
        unsigned node = d->changes[i].node;

        if (d->changes[i].is_available)
            continue;
        if (w->plan.nodes[w->plan.nodes[node].parent].flags & GSP_FALLBACK_ANY_ERROR)
            continue;
        HOLDS(w, t->was_blamed);
    }
}

/* FA-4: one probe per target and path, none after the caller left. */
static void take_probes(struct world *w, struct trip *t, const struct gsp__decision *d)
{
    for (unsigned i = 0; i < w->plan.n_targets; i++) {
        unsigned list = w->plan.nodes[w->plan.node_of[i]].parent;

        if (!(d->probes >> i & 1))
            continue;
        HOLDS(w, !t->is_stopped);
        HOLDS(w, list != GSP__NO_NODE);
        HOLDS(w, !w->probes[i][t->path].is_on);
        w->probes[i][t->path].is_on = true;
        w->probes[i][t->path].until_ns = w->now_ns + (int64_t)below(w, 400) * MS;
    }
}

static void finish(struct world *w, struct trip *t)
{
    HOLDS(w, !t->is_over); /* each call ends once */
    t->is_over = true;
    t->is_on = false;
}

/* RE-1, RE-2, FA-2: at most the allowed attempts, none after the deadline, none before what was asked for. */
static void sent(struct world *w, struct trip *t, const struct gsp__decision *d)
{
    HOLDS(w, !t->is_over && !t->is_stopped && !t->is_on);
    HOLDS(w, w->now_ns < t->deadline_ns);
    HOLDS(w, d->target < w->plan.n_targets);
    HOLDS(w, d->number == t->n_attempts);
    HOLDS(w, (d->kind == GSP_ATTEMPT_INITIAL) == (t->n_attempts == 0));
    HOLDS(w, w->has_ares || w->now_ns >= t->not_before_ns[d->target]);
    t->n_attempts++;
    HOLDS(w, t->has_reset || t->n_attempts <= allowed(&w->plan, 0));
    t->is_on = true;
    t->is_content = false;
    t->target = d->target;
    t->usage = gsp__random_next(&w->random);
    t->sent_ns = w->now_ns;
}

static void obey(struct world *w, struct trip *t, const struct gsp__decision *d)
{
    if (d->cut || d->has_failed_attempt)
        t->is_on = false;
    t->was_blamed |= d->cut != GSP__CUT_NONE && d->cut != GSP__CUT_DEADLINE; /* too slow, or silent */
    check_changes(w, d->changes, d->n_changes);
    check_blame(w, t, d);
    take_probes(w, t, d);
    HOLDS(w, !d->is_recoverable || d->action == GSP__DO_WAIT);
    switch ((enum gsp__action)d->action) {
    case GSP__DO_SEND:
        sent(w, t, d);
        break;
    case GSP__DO_WAIT:
        HOLDS(w, !t->is_on && d->delay_ns >= 0 && d->delay_ns < t->deadline_ns - w->now_ns);
        break;
    case GSP__DO_COMPLETE:
        t->billed = t->usage; /* US-5: of the attempt that served */
        t->has_bill = true;
        HOLDS(w, t->f.active == t->target);
        finish(w, t);
        break;
    case GSP__DO_FAIL:
    case GSP__DO_STOP:
        finish(w, t);
        break;
    case GSP__DO_NOTHING:
        break;
    }
}

static void step(struct world *w, struct trip *t, struct gsp__event e)
{
    struct gsp__decision d;

    e.now_ns = w->now_ns;
    w->n_steps++;
    gsp__fallback_step(&t->f, &e, &d);
    obey(w, t, &d);
    HOLDS(w, gsp__fallback_is_over(&t->f) == t->is_over);
    if (t->is_over) { /* nothing more comes of it */
        e.kind = (enum gsp__event_kind)below(w, GSP__EVENT_STOP + 1);
        gsp__fallback_step(&t->f, &e, &d);
        HOLDS(w, d.action == GSP__DO_NOTHING && d.probes == 0 && d.n_changes == 0);
        HOLDS(w, gsp__fallback_timer_ns(&t->f) == INT64_MAX);
    }
}

/*
 * What happens.
 */

static void fail_at_random(struct world *w, struct trip *t)
{
    struct gsp__event e = {.kind = GSP__EVENT_FAILURE, .retry_after_ns = GSP__NOT_ASKED_FOR};

    e.verdict.is_graceful = chance(w, 2);
    e.verdict.is_own_fault = chance(w, 20);
    e.verdict.is_retryable = !e.verdict.is_own_fault && chance(w, 70);
    e.verdict.is_conflict = chance(w, 5);
    if (chance(w, 30)) {
        e.retry_after_ns = (int64_t)below(w, 6000) * MS;
        t->not_before_ns[t->target] = w->now_ns + e.retry_after_ns;
    }
    t->was_blamed |= !e.verdict.is_own_fault;
    t->is_on = false;
    step(w, t, e);
}

static void chunk_at_random(struct world *w, struct trip *t)
{
    gsp_chunk_kind chunk = chance(w, 50) ? GSP_CHUNK_METADATA : (gsp_chunk_kind)below(w, OUTCOME_MAX);

    t->is_content |= chunk != GSP_CHUNK_METADATA;
    t->has_reset |= chunk == GSP_CHUNK_TRANSCRIPT_FINAL;
    step(w, t, (struct gsp__event){.kind = GSP__EVENT_CHUNK, .chunk = chunk});
}

static void probes_go_on(struct world *w)
{
    for (unsigned i = 0; i < w->plan.n_targets; i++)
        for (int path = 0; path < GSP__PATHS; path++) {
            struct gsp__change changes[GSP__PATH_MAX];
            unsigned n;

            if (!w->probes[i][path].is_on || w->probes[i][path].until_ns > w->now_ns)
                continue;
            w->probes[i][path].is_on = false;
            n = gsp__probe_done(&w->plan, &w->shared, i, (enum gsp__path)path, chance(w, 50),
                                chance(w, 10) ? (int64_t)below(w, 900) * MS : GSP__NOT_ASKED_FOR, w->now_ns,
                                changes);
            check_changes(w, changes, n);
        }
}

/* FA-2: who has no content by now was cut. Open input waits for the speaker. */
static void check_patience(struct world *w, const struct trip *t)
{
    int64_t limit = w->plan.nodes[w->plan.node_of[t->target]].retry.attempt_timeout_ns;

    if (t->is_on && !t->is_content && limit && !t->f.is_input_open && t->f.input_ns <= t->sent_ns)
        HOLDS(w, w->now_ns <= t->sent_ns + limit);
}

/* Time passes until something happens: a timer, or what a target says before it. */
static void happen(struct world *w, struct trip *t)
{
    int64_t timer_ns = gsp__fallback_timer_ns(&t->f);
    int64_t next_ns = w->now_ns + (int64_t)(chance(w, 50) ? below(w, 20) : below(w, 700)) * MS;

    if (!t->is_on || next_ns >= timer_ns) {
        HOLDS(w, t->is_on || timer_ns < INT64_MAX); /* nobody waits for ever */
        if (timer_ns < INT64_MAX)
            w->now_ns = timer_ns > w->now_ns ? timer_ns : w->now_ns;
        step(w, t, (struct gsp__event){.kind = GSP__EVENT_TIMER});
        return;
    }
    w->now_ns = next_ns;
    check_patience(w, t);
    switch (below(w, 12)) {
    case 0:
    case 1:
    case 2:
    case 3:
        fail_at_random(w, t);
        break;
    case 4:
        step(w, t, (struct gsp__event){.kind = GSP__EVENT_END});
        break;
    case 5:
        step(w, t, (struct gsp__event){.kind = GSP__EVENT_INPUT, .length_ns = MS});
        break;
    case 6:
        step(w, t, (struct gsp__event){.kind = GSP__EVENT_INPUT_END});
        break;
    default:
        chunk_at_random(w, t);
    }
}

static void call(struct world *w)
{
    struct trip t = {.path = (enum gsp__path)below(w, GSP__PATHS), .deadline_ns = INT64_MAX};
    struct gsp__fallback_options o = {.path = t.path, .seed = w->random, .deadline_ns = INT64_MAX};

    o.is_input_open = chance(w, 30);
    o.has_text = !o.is_input_open && chance(w, 90);
    if (chance(w, 50))
        o.deadline_ns = t.deadline_ns = w->now_ns + (int64_t)below(w, 8000) * MS;
    gsp__fallback_init(&t.f, &w->plan, &w->shared, &o);
    step(w, &t, (struct gsp__event){.kind = GSP__EVENT_START});
    for (int n = 0; !t.is_over; n++) {
        HOLDS(w, n < STEPS_MAX);
        if (chance(w, 3)) {
            t.is_stopped = true;
            step(w, &t, (struct gsp__event){.kind = GSP__EVENT_STOP});
            HOLDS(w, t.is_over);
            break;
        }
        happen(w, &t);
        probes_go_on(w);
    }
    HOLDS(w, !t.has_bill || t.billed == t.usage);
}

static uint64_t run_world(uint64_t seed)
{
    static struct world w;

    new_world(&w, seed);
    for (int i = 0; i < N_CALLS; i++) {
        call(&w);
        w.now_ns += (int64_t)below(&w, 1000) * MS;
        probes_go_on(&w);
    }
    return w.n_steps;
}

static void seeds_that_once_failed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof permanent / sizeof permanent[0]; i++)
        run_world(permanent[i]);
}

/* RE-1, RE-2, RE-6, FA-1, FA-2, FA-4, US-5, ST-1. */
static void a_million_steps(void **state)
{
    uint64_t seed = test_seed(), n_steps = 0;

    (void)state;
    while (n_steps < N_STEPS)
        n_steps += run_world(seed++);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_that_once_failed),
        cmocka_unit_test(a_million_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
