/* The state machine where calls alone do not show it: what another call changes, nested times, flags. */
#include "support/support.h"

#include <string.h>

#include "policy/fallback.h"

#define MS GSP__MS_NS

static struct gsp__plan plan;
static struct gsp__availability shared;
static struct gsp__fallback f;
static struct gsp__decision d;

static gsp_target list_of(const gsp_target *targets, uint32_t n, const gsp_fallback_options *fallback)
{
    gsp_target t = GSP_TARGET_INIT;

    t.targets = targets;
    t.n_targets = n;
    t.fallback = fallback;
    return t;
}

static void begin(struct gsp__plan_options o, const gsp_target *target)
{
    const gsp_target *described[GSP_TARGETS_MAX];
    const struct gsp__fallback_options call = {.deadline_ns = INT64_MAX, .has_text = true};

    o.target = target;
    memset(&shared, 0, sizeof shared);
    assert_true(gsp__plan_init(&plan, &o, described, NULL));
    gsp__fallback_init(&f, &plan, &shared, &call);
}

static void at(int64_t ms, struct gsp__event e)
{
    e.now_ns = ms * MS;
    if (e.kind == GSP__EVENT_FAILURE && e.retry_after_ns == 0)
        e.retry_after_ns = GSP__NOT_ASKED_FOR;
    gsp__fallback_step(&f, &e, &d);
}

static const struct gsp__event start = {.kind = GSP__EVENT_START};
static const struct gsp__event timer = {.kind = GSP__EVENT_TIMER};
static const struct gsp__event breaks = {.kind = GSP__EVENT_FAILURE, .verdict = {.is_retryable = true}};
static const struct gsp__event own_fault = {.kind = GSP__EVENT_FAILURE, .verdict = {.is_own_fault = true}};

/* FA-1: what another call found unavailable meanwhile is skipped by this one too. */
static void fa_1_another_call_finds_the_rest_unavailable(void **state)
{
    gsp_target models[3] = {GSP_TARGET_INIT, GSP_TARGET_INIT, GSP_TARGET_INIT},
               list = list_of(models, 3, NULL);

    (void)state;
    begin((struct gsp__plan_options){0}, &list);
    gsp__availability_set(&shared, 1, false);
    at(1, start);
    assert_int_equal(d.target, 1);
    gsp__availability_set(&shared, 3, false); /* by somebody else */
    at(2, breaks);
    assert_int_equal(d.action, GSP__DO_FAIL);
    assert_true(d.is_all_failed);
    assert_int_equal(f.tried, 2);
}

/* FA-1: with ANY_ERROR, as livekit counts, the request's own fault too. */
static void fa_1_any_error(void **state)
{
    static const gsp_fallback_options any = {.struct_size = sizeof any, .flags = GSP_FALLBACK_ANY_ERROR};
    gsp_target models[2] = {GSP_TARGET_INIT, GSP_TARGET_INIT};

    (void)state;
    for (int i = 0; i < 2; i++) {
        gsp_target list = list_of(models, 2, i ? &any : NULL);

        begin((struct gsp__plan_options){0}, &list);
        at(1, start);
        at(2, own_fault);
        assert_int_equal(d.action, GSP__DO_SEND);
        assert_int_equal(d.target, 1);
        assert_int_equal(d.n_changes, i);
    }
}

/* RE-4: in a gateway any forwarded byte commits. */
static void re_4_any_byte_commits(void **state)
{
    static const gsp_retry_options two = {.struct_size = sizeof two, .max_retries = 2};
    gsp_target model = GSP_TARGET_INIT;

    (void)state;
    for (int i = 0; i < 2; i++) {
        begin((struct gsp__plan_options){.is_any_byte_content = i, .retry = &two}, &model);
        at(1, start);
        at(2, (struct gsp__event){.kind = GSP__EVENT_CHUNK, .chunk = GSP_CHUNK_METADATA});
        at(3, breaks);
        assert_int_equal(d.action, i ? GSP__DO_FAIL : GSP__DO_WAIT);
        assert_int_equal(d.is_recoverable, !i);
    }
}

/* FA-2: a list's own time to first content goes over the times, and the waits, of what is in it. */
static void fa_2_times_nest(void **state)
{
    static const gsp_retry_options often = {
        .struct_size = sizeof often, .profile = GSP_BACKOFF_FIXED, .max_retries = 9, .base_ms = 400};
    static const gsp_retry_options limit = {.struct_size = sizeof limit, .attempt_timeout_ms = 1000};
    static const gsp_fallback_options inner = {.struct_size = sizeof inner, .retry = &often},
                                      outer = {.struct_size = sizeof outer, .retry = &limit};
    gsp_target model = GSP_TARGET_INIT, two[2] = {list_of(&model, 1, &inner), GSP_TARGET_INIT},
               list = list_of(two, 2, &outer);

    (void)state;
    begin((struct gsp__plan_options){0}, &list);
    at(0, start);
    at(700, breaks);
    assert_int_equal(d.action, GSP__DO_WAIT);
    assert_true(gsp__fallback_timer_ns(&f) == 1000 * MS); /* sooner than the wait's end, 1100 */
    at(999, timer);
    assert_int_equal(d.action, GSP__DO_NOTHING);
    at(1000, timer);
    assert_int_equal(d.cut, GSP__CUT_ATTEMPT_TIMEOUT);
    assert_false(d.has_failed_attempt); /* none was on */
    assert_int_equal(d.action, GSP__DO_SEND);
    assert_int_equal(d.target, 1);
    assert_int_equal(d.n_changes, 1);
    assert_int_equal(d.changes[0].node, 1); /* the list, not the model in it */
}

/* FA-4: a list that is unavailable while all in it is available is asked by its first model. */
static void fa_4_probing_a_list(void **state)
{
    static const gsp_retry_options limit = {.struct_size = sizeof limit, .attempt_timeout_ms = 1000};
    static const gsp_fallback_options outer = {
        .struct_size = sizeof outer, .flags = GSP_FALLBACK_RECOVERY, .retry = &limit};
    gsp_target models[2] = {GSP_TARGET_INIT, GSP_TARGET_INIT},
               two[2] = {list_of(models, 2, NULL), GSP_TARGET_INIT}, list = list_of(two, 2, &outer);
    struct gsp__change changes[GSP__PATH_MAX];

    (void)state;
    begin((struct gsp__plan_options){0}, &list);
    at(0, start);
    at(1000, timer);
    assert_int_equal(d.probes, 1);
    assert_false(gsp__is_available(&shared, 1));
    assert_int_equal(
        gsp__probe_done(&plan, &shared, 0, GSP__PATH_WHOLE, true, GSP__NOT_ASKED_FOR, 1500 * MS, changes), 1);
    assert_int_equal(changes[0].node, 1);
    assert_true(changes[0].is_available);
    /* the cool-down is that of the list the model is in: 10 s */
    assert_false(gsp__probe_claim(&shared, plan.node_of[0], GSP__PATH_WHOLE, 11499 * MS));
    assert_true(gsp__probe_claim(&shared, plan.node_of[0], GSP__PATH_WHOLE, 11500 * MS));
}

/* Events that do not fit the moment, or are none, change nothing. */
static void events_out_of_place(void **state)
{
    gsp_target model = GSP_TARGET_INIT;

    (void)state;
    begin((struct gsp__plan_options){0}, &model);
    at(1, breaks);
    assert_int_equal(d.action, GSP__DO_NOTHING);
    at(1, timer);
    assert_int_equal(d.action, GSP__DO_NOTHING);
    at(1, start);
    assert_int_equal(d.action, GSP__DO_SEND);
    at(2, start);
    assert_int_equal(d.action, GSP__DO_NOTHING);
    at(3, (struct gsp__event){.kind = GSP__EVENT_CHUNK, .chunk = (gsp_chunk_kind)99});
    assert_false(f.has_chunk);
    at(4, (struct gsp__event){.kind = GSP__EVENT_END});
    assert_int_equal(d.action, GSP__DO_COMPLETE);
    assert_true(gsp__fallback_is_over(&f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fa_1_another_call_finds_the_rest_unavailable),
        cmocka_unit_test(fa_1_any_error),
        cmocka_unit_test(re_4_any_byte_commits),
        cmocka_unit_test(fa_2_times_nest),
        cmocka_unit_test(fa_4_probing_a_list),
        cmocka_unit_test(events_out_of_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
