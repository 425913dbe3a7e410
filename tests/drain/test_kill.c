/*
 * A drainer that is killed in mid-export loses nothing, and the next one exports under the same ids
 * (design.md, "The ring": at least once, with stable ids).
 */
#include "exported.h"

#include <genspan/turn.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "support/dump.h"

#define CALLS_MAX     4096
#define CALLS_AT_ONCE 50

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    return 0;
}

/*
 * Killed in the one moment that matters most: the backend has it, the ring does not know yet.
 */

struct taken {
    int n_until_death; /* commits */
    int n;
    uint8_t span_ids[64][8];
    uint8_t trace_ids[64][16];
    uint64_t end_unix_ns[64];
};

static void take(void *self, const char *step, const struct gsp__span_data *spans, uint32_t n)
{
    struct taken *t = self;

    for (uint32_t i = 0; i < n && t->n < 64; i++, t->n++) {
        memcpy(t->span_ids[t->n], spans[i].span_id, 8);
        memcpy(t->trace_ids[t->n], spans[i].trace_id, 16);
        t->end_unix_ns[t->n] = spans[i].end_unix_ns;
    }
    if (strcmp(step, "commit") == 0 && t->n_until_death-- == 0)
        raise(SIGKILL);
}

struct drain {
    const char *path;
    struct taken *taken;
};

static int drain(void *arg)
{
    struct drain *d = arg;
    struct test_exporter exporter = {.on_step = take, .self = d->taken};
    struct gsp__drain_report report = {0};
    struct gsp__ring_drain *r;
    struct gsp__batch batch;
    bool is_empty;

    if (gsp__ring_drain_open(d->path, &r, NULL) != GSP_OK)
        return 1;
    test_batch_init(&batch, &exporter);
    while (gsp__ring_drain_pass(r, &batch, 512, true, &is_empty, &report) == GSP__PASS_MORE)
        ;
    gsp__batch_deinit(&batch);
    gsp__ring_drain_close(r, false);
    return 0;
}

static struct taken *new_taken(int n_until_death)
{
    struct taken *t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(t != MAP_FAILED);
    t->n_until_death = n_until_death;
    return t;
}

static void what_the_backend_has_already_comes_again_under_the_same_ids(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    struct taken *first = new_taken(0), *second = new_taken(100);
    struct drain d = {gsp_recorder_path(r), first};

    (void)state;
    test_record_calls(r, 5, NULL);
    assert_int_equal(test_in_child(drain, &d), 1000 + SIGKILL);
    assert_int_equal(first->n, 10);
    assert_int_equal(test_count_records(d.path), 10);
    d.taken = second;
    assert_int_equal(test_in_child(drain, &d), 0);
    assert_int_equal(second->n, 10);
    assert_memory_equal(first->span_ids, second->span_ids, sizeof first->span_ids);
    assert_memory_equal(first->trace_ids, second->trace_ids, sizeof first->trace_ids);
    assert_memory_equal(first->end_unix_ns, second->end_unix_ns, sizeof first->end_unix_ns);
    assert_int_equal(test_count_records(d.path), 0);
    munmap(first, sizeof *first);
    munmap(second, sizeof *second);
    gsp_recorder_close(r);
}

/* The same of a call that a crash cut short: its end is of its last fact, not of the time of the export. */
static int die_in_a_stream(void *arg)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_span op = gsp_operation_start(r, "chat", NULL), at = gsp_attempt_start(op, NULL);

    (void)arg;
    gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    raise(SIGKILL);
    return 0;
}

/* VO-1: the same of a turn, whose speaking span has no record of its own. */
static int die_in_a_turn(void *arg)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_span turn = gsp_turn_start(r, GSP_TURN_USER, NULL);

    (void)arg;
    gsp_turn_mark(turn, GSP_TURN_SPEECH_START, 0);
    gsp_turn_mark(turn, GSP_TURN_SPEECH_END, 0);
    raise(SIGKILL);
    return 0;
}

static void comes_again_as_it_was(int (*die)(void *))
{
    struct taken *first = new_taken(0), *second = new_taken(100);
    struct drain d = {NULL, first};
    char path[600];

    assert_int_equal(test_in_child(die, NULL), 1000 + SIGKILL);
    snprintf(path, sizeof path, "%s", test_directory_file(".ring"));
    d.path = path;
    assert_int_equal(test_in_child(drain, &d), 1000 + SIGKILL);
    d.taken = second;
    assert_int_equal(test_in_child(drain, &d), 0);
    assert_int_equal(first->n, 2);
    assert_int_equal(second->n, 2);
    assert_memory_equal(first->span_ids, second->span_ids, sizeof first->span_ids);
    assert_memory_equal(first->end_unix_ns, second->end_unix_ns, sizeof first->end_unix_ns);
    munmap(first, sizeof *first);
    munmap(second, sizeof *second);
}

static void a_crashed_call_comes_again_as_it_was(void **state)
{
    (void)state;
    comes_again_as_it_was(die_in_a_stream);
}

static void a_crashed_turn_comes_again_as_it_was(void **state)
{
    (void)state;
    comes_again_as_it_was(die_in_a_turn);
}

/*
 * Killed at random moments, over and over, while the program records.
 */

static int drain_for_ever(void)
{
    struct gsp__drain_scope scope = {.directory = test_directory()};
    gsp_drainer_options options = test_file_options();
    struct gsp__drainer *d;

    options.batch_max = 4; /* many batches */
    if (gsp__drainer_new(&scope, &options, &d, NULL) != GSP_OK)
        return 1;
    for (;;)
        (void)!gsp__drainer_flush(d, 1000, false);
}

/* A write that a kill cut off leaves part of a line; the next begins a line of its own here. */
static void end_the_last_line(const char *path)
{
    size_t n = 0;
    char *text;
    FILE *f;

    if (access(path, R_OK) != 0)
        return;
    text = test_read_file(path, &n);
    while (n > 0 && text[n - 1] != '\n')
        n--;
    free(text);
    f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), (off_t)n), 0);
    fclose(f);
}

static bool count_record(void *n, const struct gsp__record_ref *ref)
{
    (void)ref;
    ++*(uint64_t *)n;
    return true;
}

/* Until no more records than these are left in the ring; 30 s at most. */
static void wait_until_left(const struct gsp__reader *reader, uint64_t n_wanted)
{
    int64_t deadline_ns = gsp__clock_monotonic_ns() + (int64_t)30000000000;
    uint64_t n;

    do {
        n = 0;
        gsp__reader_scan(reader, count_record, &n);
    } while (n > n_wanted && gsp__clock_monotonic_ns() < deadline_ns);
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, 8);
}

static void drainers_killed_at_random_lose_nothing_and_make_nothing_up(void **state)
{
    static uint8_t wanted[CALLS_MAX][8];
    static bool seen[CALLS_MAX];
    gsp_recorder *r = test_recorder(NULL, 256 << 10);
    uint64_t random = test_seed();
    const struct gsp__span_data *spans;
    int n_calls = 0, n_spans, n_operations = 0, n_midway = 0;
    struct gsp__reader *reader = test_reader(gsp_recorder_path(r), GSP__READ_ONLY);

    (void)state;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < 50; i++) {
        gsp_context ids[CALLS_AT_ONCE];
        int n_left;
        pid_t pid;

        test_record_calls(r, CALLS_AT_ONCE, ids);
        for (int k = 0; k < CALLS_AT_ONCE; k++)
            memcpy(wanted[n_calls++], ids[k].span_id, 8);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(drain_for_ever());
        wait_until_left(reader, gsp__random_next(&random) % (2 * CALLS_AT_ONCE));
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(test_wait_child(pid), 1000 + SIGKILL);
        end_the_last_line(test_traces_file());
        end_the_last_line(test_metrics_file());
        n_left = test_count_records(gsp_recorder_path(r));
        n_midway += n_left > 0 && n_left < 2 * CALLS_AT_ONCE;
    }
    test_drain_once(false);
    assert_int_equal(test_count_records(gsp_recorder_path(r)), 0);
    qsort(wanted, (size_t)n_calls, 8, by_id);
    spans = test_spans(test_traces_file(), &n_spans);
    for (int i = 0; i < n_spans; i++) {
        const uint8_t(*found)[8];

        if (spans[i].has_parent)
            continue;
        found = bsearch(spans[i].span_id, wanted, (size_t)n_calls, 8, by_id);
        assert_non_null(found); /* none is made up */
        seen[found - (const uint8_t(*)[8])wanted] = true;
        n_operations++;
    }
    for (int i = 0; i < n_calls; i++)
        assert_true(seen[i]); /* none is lost */
    print_message("%d drainers were killed midway; %d of %d calls were exported again\n", n_midway,
                  n_operations - n_calls, n_calls);
    gsp__reader_close(reader);
    assert_int_equal(test_metric(test_metrics_file(), "gen_ai.client.operation.duration", NULL, NULL),
                     n_calls);
    gsp_recorder_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_the_backend_has_already_comes_again_under_the_same_ids, set_up),
        cmocka_unit_test_setup(a_crashed_call_comes_again_as_it_was, set_up),
        cmocka_unit_test_setup(a_crashed_turn_comes_again_as_it_was, set_up),
        cmocka_unit_test_setup(drainers_killed_at_random_lose_nothing_and_make_nothing_up, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
