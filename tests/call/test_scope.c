/* Scopes: they close what was left open, and nothing else. What test_record has of them is not repeated. */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <pthread.h>
#include <string.h>

static struct test_clock test_time;
static gsp_recorder *rec;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    rec = test_recorder(&test_time, 256 << 10);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_recorder_close(rec);
    return 0;
}

static gsp_span span_in(gsp_scope scope, const char *name)
{
    gsp_span_options o = GSP_SPAN_OPTIONS_INIT;

    o.scope = scope;
    return gsp_span_start(rec, name, &o);
}

static gsp_span chat_in(gsp_scope scope)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    o.scope = scope;
    return gsp_operation_start(rec, "chat", &o);
}

static const char *outcome(uint32_t span)
{
    return test_value(test_span(span), "genspan.outcome");
}

/* design.md, "Outcomes": abandoned is no error; what was recorded up to then is kept. */
static void what_was_left_open_is_abandoned(void **state)
{
    gsp_scope scope = gsp_scope_open(rec);
    gsp_span op = chat_in(scope), at = gsp_attempt_start(op, NULL);

    (void)state;
    gsp_span_set_string(at, GSP_FACT_RESPONSE_MODEL, "m-2");
    gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 5);
    gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    test_time.now_ns += 50;
    gsp_scope_close(scope, test_time.now_ns + 7);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_string_equal(outcome(i), "abandoned");
        assert_int_equal(test_span(i)->status, GSP__STATUS_UNSET);
        assert_int_equal(test_span(i)->n_events, 0);
        assert_int_equal(test_span_ns(test_span(i)), 57);
    }
    assert_string_equal(test_value(test_span(0), "gen_ai.response.model"), "m-2");
    assert_string_equal(test_value(test_span(0), "gen_ai.usage.input_tokens"), "5");
}

/* An attempt is in its operation's scope, also where the operation was given none. */
static void attempts_follow_their_operation(void **state)
{
    gsp_scope scope = gsp_scope_open(rec);
    gsp_span inside = chat_in(scope), outside = gsp_operation_start(rec, "chat", NULL);

    (void)state;
    gsp_attempt_start(inside, NULL);
    gsp_attempt_start(outside, NULL);
    gsp_scope_close(scope, 0);
    assert_null(strstr(test_dump_record(gsp_recorder_path(rec), 2), "| open"));
    assert_non_null(strstr(test_dump_record(gsp_recorder_path(rec), 3), "attempt: | open"));
    assert_int_equal(gsp_attempt_start(inside, NULL).id, 0);
    gsp_span_end(outside, GSP_OUTCOME_COMPLETED, NULL, 0);
}

/* Scopes within scopes: each closes its own, in whichever order they close. */
static void scopes_side_by_side(void **state)
{
    gsp_scope outer = gsp_scope_open(rec), inner = gsp_scope_open(rec), empty = gsp_scope_open(rec);

    (void)state;
    span_in(outer, "outer 1");
    span_in(inner, "inner");
    span_in(outer, "outer 2");
    gsp_scope_close(inner, 0);
    gsp_scope_close(empty, 0);
    test_spans_of(gsp_recorder_path(rec), true);
    assert_string_equal(outcome(0), "crashed"); /* open still */
    assert_string_equal(outcome(1), "abandoned");
    assert_string_equal(outcome(2), "crashed");
    span_in(outer, "outer 3");
    gsp_scope_close(outer, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), true), 4);
    assert_string_equal(outcome(0), "abandoned");
    assert_string_equal(outcome(2), "abandoned");
    assert_string_equal(outcome(3), "abandoned");
    for (int i = 0; i < GSP_LOSS_LIMIT; i++)
        assert_int_equal(gsp_recorder_loss(rec, (gsp_loss)i), 0);
}

/* The first end counts: neither the scope's close nor an end after it changes another's. */
static void what_ended_before_stays_as_it_ended(void **state)
{
    gsp_scope scope = gsp_scope_open(rec);
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_span failed = span_in(scope, "failed"), done = span_in(scope, "done"), open = span_in(scope, "open");

    (void)state;
    failure.type = GSP_ERROR_TIMEOUT;
    gsp_span_end(failed, GSP_OUTCOME_AUTO, &failure, 0);
    gsp_span_end(done, GSP_OUTCOME_COMPLETED, NULL, 0);
    test_time.now_ns += 9;
    gsp_scope_close(scope, 0);
    gsp_scope_close(scope, 0); /* twice: a counted no-op */
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_STALE), 1);
    gsp_span_end(open, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 1);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 3);
    assert_string_equal(outcome(0), "failed");
    assert_int_equal(test_span_ns(test_span(0)), 0);
    assert_string_equal(outcome(1), "-"); /* completed */
    assert_string_equal(outcome(2), "abandoned");
}

/* A handle that is none of a scope closes nothing, and a span started with it is in no scope. */
static void handles_that_are_no_scopes(void **state)
{
    gsp_scope scope = gsp_scope_open(rec), old, not_one;
    gsp_span s = gsp_span_start(rec, "x", NULL);

    (void)state;
    gsp_scope_close((gsp_scope)GSP_NO_SCOPE_INIT, 0);
    span_in((gsp_scope)GSP_NO_SCOPE_INIT, "in none");
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_STALE), 0);
    not_one.id = s.id;
    gsp_scope_close(not_one, 0);
    span_in(not_one, "in a span");
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_STALE), 2);
    old = scope;
    gsp_scope_close(scope, 0);
    scope = gsp_scope_open(rec); /* very likely in the same place */
    span_in(old, "in an old one");
    span_in(scope, "in the new one");
    gsp_scope_close(old, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_STALE), 4);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), true), 5);
    for (uint32_t i = 0; i < 5; i++)
        assert_string_equal(outcome(i), "crashed"); /* open, all of them */
    /* a span's setters do nothing to a scope */
    s.id = scope.id;
    gsp_span_set_int(s, GSP_FACT_SEED, 1);
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_STALE), 6);
    gsp_scope_close(scope, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_STALE), 6);
}

/* A scope of one recorder means nothing in another, and nothing after its recorder was closed. */
static void scopes_of_other_recorders(void **state)
{
    gsp_recorder *second = test_recorder(&test_time, 64 << 10);
    gsp_scope scope = gsp_scope_open(second);
    gsp_span_options o = GSP_SPAN_OPTIONS_INIT;
    gsp_span s = span_in(scope, "elsewhere");

    (void)state;
    assert_true(s.id != 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_STALE), 1);
    o.scope = scope;
    gsp_span_start(second, "inside", &o);
    gsp_recorder_close(second);
    gsp_scope_close(scope, 0);
    span_in(scope, "after");
    gsp_span_set_int(s, GSP_FACT_SEED, 7);
    assert_non_null(strstr(test_dump_record(gsp_recorder_path(rec), 0), "seed=7 | open"));
}

static void *close_scope(void *arg)
{
    gsp_scope_close(*(gsp_scope *)arg, 0);
    return NULL;
}

/* A scope is handed to another thread; two that close it at once make one end of each record. */
static void a_scope_may_be_handed_on(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        gsp_scope scope = gsp_scope_open(rec);
        pthread_t a, b;

        assert_true(scope.id != 0);
        span_in(scope, "one");
        gsp_attempt_start(chat_in(scope), NULL);
        assert_int_equal(pthread_create(&a, NULL, close_scope, &scope), 0);
        assert_int_equal(pthread_create(&b, NULL, close_scope, &scope), 0);
        pthread_join(a, NULL);
        pthread_join(b, NULL);
        assert_int_equal(test_spans_of(gsp_recorder_path(rec), true), 3);
        for (uint32_t i = 0; i < 3; i++)
            assert_string_equal(outcome(i), "abandoned");
        test_drain(gsp_recorder_path(rec));
    }
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_NO_CHUNK), 0); /* every scope gave its chunk back */
}

#define N_STARTED 2000

struct starter {
    gsp_scope scope;
    int n_started;
};

static void *start_and_end(void *arg)
{
    struct starter *s = arg;

    for (int i = 0; i < N_STARTED; i++) {
        gsp_span span = span_in(s->scope, "busy");

        s->n_started += span.id != 0;
        if (i % 2)
            gsp_span_end(span, GSP_OUTCOME_COMPLETED, NULL, 0);
    }
    return NULL;
}

/* A scope that closes while others still start in it: no record is left that nobody can end. */
static void closing_while_others_start(void **state)
{
    struct starter s = {.n_started = 0};
    pthread_t thread;
    int n_open = 0;
    uint32_t n;

    (void)state;
    gsp_recorder_close(rec);
    rec = test_recorder(NULL, 4 << 20);
    s.scope = gsp_scope_open(rec);
    assert_int_equal(pthread_create(&thread, NULL, start_and_end, &s), 0);
    gsp_scope_close(s.scope, 0);
    pthread_join(thread, NULL);
    assert_int_equal(s.n_started, N_STARTED);
    assert_int_equal(test_count_records(gsp_recorder_path(rec)), N_STARTED);
    gsp_scope_close(gsp_scope_open(rec), 0); /* the ring goes on */
    for (n = 0; n < N_STARTED; n++)
        n_open += strstr(test_dump_record(gsp_recorder_path(rec), (int)n), "| open") != NULL;
    assert_in_range(n_open, 0, N_STARTED / 2);
}

static void no_scope_without_a_chunk(void **state)
{
    gsp_scope scope;

    (void)state;
    while (gsp_span_start(rec, "filler", NULL).id)
        ;
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_NO_CHUNK), 1);
    scope = gsp_scope_open(rec);
    assert_int_equal(scope.id, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_NO_CHUNK), 2);
    gsp_scope_close(scope, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_STALE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_left_open_is_abandoned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(attempts_follow_their_operation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scopes_side_by_side, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_ended_before_stays_as_it_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(handles_that_are_no_scopes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scopes_of_other_recorders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_scope_may_be_handed_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_while_others_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_scope_without_a_chunk, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
