/* Records to calls: what belongs together, when it is ready, and what it comes to. */
#include "derive/derived.h"
#include "support/dump.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct test_clock test_time;
static gsp_recorder *rec;
static struct test_derived derived;

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

static gsp_span start(const char *model)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    o.model = model;
    return gsp_operation_start(rec, "chat", &o);
}

static void end(gsp_span span)
{
    test_time.now_ns += 10;
    gsp_span_end(span, GSP_OUTCOME_COMPLETED, NULL, 0);
}

static const struct gsp__head *head(const struct gsp__call_record *r)
{
    return &r->parsed.snapshot->head;
}

/* The record of an assembler that has this kind and attempt number, by its order in the scan. */
static uint32_t find(const struct gsp__assembler *a, const struct gsp__reader *reader, unsigned kind,
                     unsigned number)
{
    for (uint32_t i = 0; i < a->n_records; i++) {
        const struct gsp__head *h = gsp__pool_chunk(&reader->map.facts, a->records[i].ref.index);

        if (a->records[i].ref.kind == kind && (kind != GSP__RECORD_ATTEMPT || h->attempt_number == number))
            return i;
    }
    fail_msg("no record of kind %u, number %u", kind, number);
    return 0;
}

static void attempts_are_in_their_order_whatever_the_records_are(void **state)
{
    static const int orders[][3] = {{1, 2, 3}, {3, 2, 1}, {2, 3, 1}, {3, 1, 2}};
    struct gsp__snapshot found[4], given[4];
    struct gsp__reader *reader;
    struct gsp__arena arena;
    struct gsp__call call;
    gsp_span op = start("m");

    (void)state;
    for (int i = 0; i < 3; i++)
        end(gsp_attempt_start(op, NULL));
    end(op);
    reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
    assert_true(gsp__arena_init(&arena, 1 << 20));
    assert_int_equal(test_snapshots(reader, &arena, found, 4), 4);
    for (int k = 0; k < 4; k++) {
        given[0] = found[0];
        for (int i = 0; i < 3; i++)
            given[i + 1] = found[orders[k][i]];
        assert_true(gsp__call_read(given, 4, false, &arena, &call));
        assert_int_equal(head(call.root)->kind, GSP__RECORD_OPERATION);
        assert_int_equal(call.n_attempts, 3);
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(head(&call.attempts[i])->attempt_number, i);
        assert_ptr_equal(call.served, &call.attempts[2]);
    }
    gsp__arena_deinit(&arena);
    gsp__reader_close(reader);
}

static void interleaved_calls_do_not_mix(void **state)
{
    static const char *const models[] = {"a", "b", "c"};
    gsp_span ops[3], attempts[3], tool;

    (void)state;
    for (int i = 0; i < 3; i++)
        ops[i] = start(models[i]);
    tool = gsp_span_start(rec, "tool", NULL);
    for (int round = 0; round < 3; round++) {
        for (int i = round; i < 3; i++) { /* a: 1 attempt, b: 2, c: 3 */
            gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;

            o.model = models[i];
            attempts[i] = gsp_attempt_start(ops[i], &o);
        }
        for (int i = 2; i >= round; i--)
            end(attempts[i]);
    }
    end(tool);
    for (int i = 2; i >= 0; i--)
        end(ops[i]);
    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.n_calls, 4);
    for (unsigned i = 0; i < 3; i++) {
        const struct gsp__call *c = &derived.calls[i].call;

        assert_int_equal(c->n_attempts, i + 1);
        for (unsigned k = 0; k <= i; k++) {
            struct gsp__string model = gsp__parsed_string(&c->attempts[k].parsed, GSP_FACT_REQUEST_MODEL);

            assert_int_equal(head(&c->attempts[k])->attempt_number, k);
            assert_memory_equal(model.bytes, models[i], 1);
            assert_memory_equal(head(&c->attempts[k])->parent_span_id, head(c->root)->span_id, 8);
        }
    }
    assert_int_equal(head(derived.calls[3].call.root)->kind, GSP__RECORD_SPAN);
    assert_int_equal(derived.calls[3].call.n_attempts, 0);
    test_derived_free(&derived);
}

static void an_operation_without_attempts_is_a_call(void **state)
{
    gsp_span op = start("m");

    (void)state;
    test_time.now_ns += 5;
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.n_calls, 1);
    assert_int_equal(derived.calls[0].call.n_attempts, 0);
    assert_null(derived.calls[0].call.served);
    assert_int_equal(derived.calls[0].call.wait_ns, 0);
    assert_int_equal(derived.calls[0].call.root->ending.outcome, GSP_OUTCOME_COMPLETED);
    test_derived_free(&derived);
}

static void a_call_is_ready_when_all_of_it_has_ended(void **state)
{
    gsp_span op = start("m"), first = gsp_attempt_start(op, NULL), second;
    struct gsp__reader *reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
    struct gsp__assembler a;
    uint32_t root;

    (void)state;
    assert_true(gsp__assembler_init(&a, reader->map.facts.n));
    gsp__assembler_scan(&a, reader);
    root = find(&a, reader, GSP__RECORD_OPERATION, 0);
    assert_false(gsp__assembler_is_ready(&a, root, false, true));
    assert_false(gsp__assembler_is_ready(&a, root, false, false)); /* open is open, however long */
    assert_true(gsp__assembler_is_ready(&a, root, true, true));    /* nobody will end it any more */

    second = gsp_attempt_start(op, NULL);
    end(second);
    end(op); /* ends its latest attempt with it, not one from before */
    gsp__assembler_scan(&a, reader);
    root = find(&a, reader, GSP__RECORD_OPERATION, 0);
    assert_false(gsp__assembler_is_ready(&a, root, false, true));
    assert_true(gsp__assembler_is_ready(&a, root, false, false));
    for (unsigned n = 0; n < 2; n++) /* an attempt is never ready by itself while its operation is there */
        assert_false(gsp__assembler_is_ready(&a, find(&a, reader, GSP__RECORD_ATTEMPT, n), true, false));

    end(first);
    gsp__assembler_scan(&a, reader);
    assert_true(gsp__assembler_is_ready(&a, find(&a, reader, GSP__RECORD_OPERATION, 0), false, true));
    gsp__assembler_deinit(&a);
    gsp__reader_close(reader);
}

static void an_attempt_that_comes_after_the_end_goes_alone(void **state)
{
    struct gsp__reader *drainer = test_reader(gsp_recorder_path(rec), GSP__READ_DRAIN);
    gsp_span op = start("m"), late = gsp_attempt_start(op, NULL);
    gsp_context operation = gsp_span_context(op);
    const struct gsp__span_data *span;

    (void)state;
    end(gsp_attempt_start(op, NULL));
    end(op);
    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.n_calls, 1);
    assert_int_equal(derived.calls[0].call.n_attempts, 1); /* the late one is not waited for */
    test_derived_free(&derived);
    test_release_ended(drainer);

    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.n_calls, 0);
    test_derived_free(&derived);
    end(late);
    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.n_calls, 1);
    assert_int_equal(derived.calls[0].n_spans, 1);
    span = &derived.calls[0].spans[0];
    assert_memory_equal(span->trace_id, operation.trace_id, 16);
    assert_true(span->has_parent);
    assert_memory_equal(span->parent_span_id, operation.span_id, 8);
    assert_string_equal(test_attribute(&span->attributes, "genspan.attempt.number"), "0");
    test_derived_free(&derived);
    gsp__reader_close(drainer);
}

static void an_attempt_is_not_taken_for_one_of_another_operation_in_the_same_place(void **state)
{
    struct gsp__reader *drainer = test_reader(gsp_recorder_path(rec), GSP__READ_DRAIN);
    gsp_span op = start("gone"), late = gsp_attempt_start(op, NULL), taker = GSP_NO_SPAN_INIT;
    uint32_t place = gsp__handle_index(op.id);

    (void)state;
    end(gsp_attempt_start(op, NULL));
    end(op);
    test_release_ended(drainer);
    for (int i = 0; i < 10000 && (taker.id == 0 || gsp__handle_index(taker.id) != place); i++) {
        end(taker);
        test_release_ended(drainer);
        taker = start("taker");
    }
    assert_int_equal(gsp__handle_index(taker.id), place);
    end(late);
    end(taker);
    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.n_calls, 2);
    for (int i = 0; i < 2; i++)
        assert_int_equal(derived.calls[i].call.n_attempts, 0);
    test_derived_free(&derived);
    gsp__reader_close(drainer);
}

static void rings_of_one_process_do_not_mix(void **state)
{
    gsp_recorder *first = rec, *second = test_recorder(&test_time, 128 << 10);
    gsp_span op = start("first"), other;
    gsp_context parent = gsp_span_context(op);
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    (void)state;
    o.parent = &parent;
    other = gsp_operation_start(second, "chat", &o);
    end(gsp_attempt_start(op, NULL));
    end(gsp_attempt_start(other, NULL));
    end(gsp_attempt_start(other, NULL));
    end(other);
    end(op);
    test_derive(&derived, gsp_recorder_path(first), 0);
    assert_int_equal(derived.n_calls, 1);
    assert_int_equal(derived.calls[0].call.n_attempts, 1);
    test_derived_free(&derived);
    test_derive(&derived, gsp_recorder_path(second), 0);
    assert_int_equal(derived.n_calls, 1); /* a parent in another ring is a parent, not the same call */
    assert_int_equal(derived.calls[0].call.n_attempts, 2);
    assert_memory_equal(derived.calls[0].spans[0].parent_span_id, parent.span_id, 8);
    assert_memory_equal(derived.calls[0].spans[0].trace_id, parent.trace_id, 16);
    test_derived_free(&derived);
    gsp_recorder_close(second);
}

/* Runs in the child: an operation under the parent's, left open. Its ring's path goes to the pipe. */
static void child_body(gsp_span op, gsp_context parent, int to)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    const char *path;

    o.parent = &parent;
    gsp_attempt_start(op, NULL); /* inherited handles are inert */
    end(gsp_attempt_start(gsp_operation_start(rec, "chat", &o), NULL));
    path = gsp_recorder_path(rec);
    _exit(path && write(to, path, strlen(path) + 1) > 0 ? 0 : 1);
}

static void a_call_whose_parent_is_in_another_process_is_its_own(void **state)
{
    gsp_span op = start("m");
    gsp_context parent = gsp_span_context(op);
    const struct gsp__span_data *span;
    char path[512] = "";
    int fds[2], status;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    child = fork();
    if (child == 0)
        child_body(op, parent, fds[1]);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(read(fds[0], path, sizeof path) > 0);
    close(fds[0]);
    close(fds[1]);
    end(op);

    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.n_calls, 1);
    assert_int_equal(derived.calls[0].call.n_attempts, 0);
    test_derived_free(&derived);

    assert_string_not_equal(path, gsp_recorder_path(rec));
    test_derive(&derived, path, TEST_DEAD);
    assert_false(gsp__reader_is_live(derived.reader));
    assert_int_equal(derived.n_calls, 1);
    assert_int_equal(derived.calls[0].call.n_attempts, 1);
    span = &derived.calls[0].spans[0];
    assert_memory_equal(span->trace_id, parent.trace_id, 16);
    assert_memory_equal(span->parent_span_id, parent.span_id, 8);
    assert_string_equal(test_attribute(&span->attributes, "genspan.outcome"), "\"crashed\"");
    test_derived_free(&derived);
}

/* ST-2, last row: ERROR, crashed, end = last fact; what had ended before stays as it was. */
static void what_a_dead_process_left_open_has_crashed(void **state)
{
    gsp_span op = start("m"), first = gsp_attempt_start(op, NULL), second;
    const struct gsp__call *c;

    (void)state;
    end(first);
    second = gsp_attempt_start(op, NULL);
    test_time.now_ns += 30;
    gsp_stream_mark(second, GSP_MARK_TEXT, 0);
    test_time.now_ns += 1000; /* dies without a further word */
    test_derive(&derived, gsp_recorder_path(rec), TEST_DEAD);
    assert_int_equal(derived.n_calls, 1);
    c = &derived.calls[0].call;
    assert_int_equal(c->n_attempts, 2);
    assert_int_equal(c->attempts[0].ending.outcome, GSP_OUTCOME_COMPLETED);
    assert_int_equal(c->attempts[0].ending.end_ns - head(c->root)->start_ns, 10);
    assert_int_equal(c->attempts[1].ending.outcome, GSP_OUTCOME_CRASHED);
    assert_memory_equal(c->attempts[1].ending.error_type.bytes, "crashed", 7);
    assert_int_equal(c->attempts[1].ending.end_ns - head(c->root)->start_ns, 40);
    assert_int_equal(c->root->ending.outcome, GSP_OUTCOME_CRASHED);
    assert_int_equal(c->root->ending.end_ns - head(c->root)->start_ns, 40); /* no earlier than its attempts */
    test_derived_free(&derived);
}

static void what_was_left_open_by_a_living_process_was_abandoned(void **state)
{
    gsp_scope scope = gsp_scope_open(rec);
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    const struct gsp__call *c;

    (void)state;
    o.scope = scope;
    gsp_attempt_start(gsp_operation_start(rec, "chat", &o), NULL);
    gsp_scope_close(scope, 0);
    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.n_calls, 1);
    c = &derived.calls[0].call;
    assert_int_equal(c->root->ending.outcome, GSP_OUTCOME_ABANDONED);
    assert_int_equal(c->attempts[0].ending.outcome, GSP_OUTCOME_ABANDONED);
    assert_int_equal(c->root->ending.error_type.n, 0);
    test_derived_free(&derived);
}

static void an_operation_ends_as_its_last_attempt_did(void **state)
{
    static const struct {
        gsp_outcome last, expected;
    } rows[] = {
        {GSP_OUTCOME_COMPLETED, GSP_OUTCOME_COMPLETED},
        {GSP_OUTCOME_FAILED, GSP_OUTCOME_FAILED},
        {GSP_OUTCOME_CANCELLED, GSP_OUTCOME_CANCELLED},
        {GSP_OUTCOME_ABANDONED, GSP_OUTCOME_ABANDONED},
    };
    gsp_failure failure = GSP_FAILURE_INIT;

    (void)state;
    failure.type = GSP_ERROR_TIMEOUT;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_span op = start("m");

        gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_FAILED, &failure, 0);
        gsp_span_end(gsp_attempt_start(op, NULL), rows[i].last,
                     rows[i].last == GSP_OUTCOME_FAILED ? &failure : NULL, 0);
        gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    }
    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.n_calls, 4);
    for (int i = 0; i < 4; i++) {
        const struct gsp__ending *e = &derived.calls[i].call.root->ending;

        assert_int_equal(e->outcome, rows[i].expected);
        assert_int_equal(e->error_type.n, rows[i].expected == GSP_OUTCOME_FAILED ? 7 : 0);
    }
    test_derived_free(&derived);
}

/* OP-2: backoff is between attempts; attempts that overlap wait for nothing. */
static void the_wait_is_what_lies_between_attempts(void **state)
{
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;
    int64_t t0 = test_time.now_ns;
    static const int64_t times[][2] = {{0, 100}, {350, 400}, {380, 500}, {500, 510}, {1000, 900}};
    gsp_span op = start("m");

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        gsp_span attempt;

        o.now_ns = t0 + times[i][0];
        attempt = gsp_attempt_start(op, &o);
        gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, t0 + times[i][1]);
    }
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, t0 + 2000);
    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.calls[0].call.wait_ns, 250 + 490);
    /* an end before the start is no end in the past */
    assert_int_equal(derived.calls[0].call.attempts[4].ending.end_ns, t0 + 1000);
    test_derived_free(&derived);
}

static void a_call_may_have_hundreds_of_attempts(void **state)
{
    gsp_span op;

    (void)state;
    gsp_recorder_close(rec);
    rec = test_recorder(&test_time, 1 << 20);
    op = start("m");
    for (int i = 0; i < 600; i++)
        end(gsp_attempt_start(op, NULL));
    end(op);
    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.n_calls, 1);
    assert_int_equal(derived.calls[0].call.n_attempts, 600);
    for (unsigned i = 0; i < 600; i++)
        assert_int_equal(head(&derived.calls[0].call.attempts[i])->attempt_number, i);
    assert_int_equal(derived.calls[0].n_spans, 601);
    test_derived_free(&derived);
}

static void a_full_ring_is_assembled_whole(void **state)
{
    struct gsp__reader *reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
    struct gsp__assembler a;
    uint32_t n = 0;

    (void)state;
    while (gsp_recorder_loss(rec, GSP_LOSS_NO_CHUNK) == 0) {
        end(start("m"));
        n++;
    }
    assert_true(gsp__assembler_init(&a, reader->map.facts.n));
    gsp__assembler_scan(&a, reader);
    assert_int_equal(a.n_records, n - 1);
    assert_true(a.n_records <= a.cap);
    for (uint32_t i = 0; i < a.n_records; i++)
        assert_true(gsp__assembler_is_ready(&a, i, false, true));
    gsp__assembler_deinit(&a);
    gsp__reader_close(reader);
}

static void what_is_torn_ends_the_walk_and_says_so(void **state)
{
    struct gsp__snapshot s, cut;
    struct gsp__reader *reader;
    struct gsp__arena arena;
    struct gsp__parsed p;
    static uint8_t entries[1024];
    gsp_span op = start("model-name");

    (void)state;
    gsp_span_set_int(op, GSP_FACT_SEED, 7);
    gsp_span_set_string(op, GSP_FACT_USER_ID, "somebody");
    end(op);
    reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
    assert_true(gsp__arena_init(&arena, 1 << 20));
    assert_int_equal(test_snapshots(reader, &arena, &s, 1), 1);
    assert_true(gsp__parse(&s, &arena, &p));
    assert_false(p.is_torn);
    assert_int_equal(p.n_entries, 4);
    cut = s;
    cut.n_entries -= 8; /* the last payload is not there */
    assert_true(gsp__parse(&cut, &arena, &p));
    assert_true(p.is_torn);
    assert_int_equal(p.n_entries, 3);
    assert_non_null(gsp__parsed_fact(&p, GSP_FACT_SEED));
    assert_null(gsp__parsed_fact(&p, GSP_FACT_USER_ID));

    assert_true(s.n_entries <= sizeof entries);
    memcpy(entries, s.entries, s.n_entries);
    cut.entries = entries;
    cut.n_entries = s.n_entries;
    entries[2] = 0xee; /* no kind of entry */
    assert_true(gsp__parse(&cut, &arena, &p));
    assert_true(p.is_torn);
    assert_int_equal(p.n_entries, 0);
    gsp__arena_deinit(&arena);
    gsp__reader_close(reader);
}

static void a_torn_attempt_costs_only_itself(void **state)
{
    gsp_span op = start("m"), good = gsp_attempt_start(op, NULL), torn;
    struct gsp__reader *reader = test_reader(gsp_recorder_path(rec), GSP__READ_DRAIN);
    struct gsp__head *h;

    (void)state;
    end(good);
    torn = gsp_attempt_start(op, NULL);
    end(torn);
    end(op);
    h = gsp__pool_chunk(&reader->map.facts, gsp__handle_index(torn.id));
    h->n_committed = 3; /* entries are multiples of 8 */
    test_derive(&derived, gsp_recorder_path(rec), 0);
    assert_int_equal(derived.n_torn, 1);
    assert_int_equal(derived.reader->n_torn, 1);
    assert_int_equal(derived.n_calls, 1);
    assert_int_equal(derived.calls[0].call.n_attempts, 1);
    assert_int_equal(head(&derived.calls[0].call.attempts[0])->attempt_number, 0);
    test_derived_free(&derived);
    gsp__reader_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(attempts_are_in_their_order_whatever_the_records_are, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(interleaved_calls_do_not_mix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_operation_without_attempts_is_a_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_is_ready_when_all_of_it_has_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_attempt_that_comes_after_the_end_goes_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_attempt_is_not_taken_for_one_of_another_operation_in_the_same_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rings_of_one_process_do_not_mix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_whose_parent_is_in_another_process_is_its_own, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_a_dead_process_left_open_has_crashed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_left_open_by_a_living_process_was_abandoned, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_operation_ends_as_its_last_attempt_did, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_wait_is_what_lies_between_attempts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_may_have_hundreds_of_attempts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_ring_is_assembled_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_torn_ends_the_walk_and_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_torn_attempt_costs_only_itself, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
