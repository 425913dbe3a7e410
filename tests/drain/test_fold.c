/*
 * Metric folds are exactly once: whenever a drainer is killed, what the next one exports is the sum of what
 * was recorded (design.md, "The ring"; fold_file.h).
 */
#include "exported.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "support/dump.h"

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    return 0;
}

#define BANK_AT   278528
#define KEY_BYTES 16 /* of an attempt: chat */

static struct gsp__ring_drain *open_drain(const char *path)
{
    struct gsp__ring_drain *r;
    gsp_error err = {0};

    if (gsp__ring_drain_open(path, &r, &err) != GSP_OK)
        fail_msg("%s: %s", path, err.text);
    return r;
}

static uint64_t n_folded(struct gsp__ring_drain *r)
{
    uint64_t n = test_fold_count(r, GSP__MEASURE_OPERATION, NULL), tokens;

    /* one attempt each, 7 input tokens each: all measures agree, or the fold is torn */
    assert_int_equal(test_fold_count(r, GSP__MEASURE_ATTEMPT, NULL), n);
    assert_int_equal(test_fold_count(r, GSP__MEASURE_ATTEMPTS, NULL), n);
    assert_int_equal(test_fold_count(r, GSP__MEASURE_INPUT, &tokens), n);
    assert_int_equal(tokens, 7 * n);
    return n;
}

/* Passes until nothing is ready, with an exporter that takes all. */
static void drain_all(struct gsp__ring_drain *r)
{
    struct test_exporter exporter = {0};
    struct gsp__drain_report report = {0};
    struct gsp__batch batch;
    bool is_empty;

    test_batch_init(&batch, &exporter);
    while (gsp__ring_drain_pass(r, &batch, 512, true, &is_empty, &report) == GSP__PASS_MORE)
        ;
    gsp__batch_deinit(&batch);
}

/* All chunks are free, and are found: a killed drainer costs none for good. */
static void check_free(const struct gsp__pool *pool)
{
    for (uint32_t i = 0; i < pool->n; i++) {
        assert_int_equal(gsp__word_state(gsp__pool_word(pool, i)), GSP__CHUNK_FREE);
        assert_true(atomic_load(&pool->bitmap[i / 64]) >> (i % 64) & 1);
    }
}

/* What the next drainer finds, and leaves. */
static void check_folded(const char *path, uint64_t n_expected)
{
    struct gsp__ring_drain *r = open_drain(path);

    drain_all(r);
    assert_int_equal(n_folded(r), n_expected);
    assert_int_equal(test_count_records(path), 0);
    check_free(&r->reader->map.facts);
    gsp__ring_drain_close(r, false);
}

/*
 * Killed in a step of the exporter: between the first look at a batch and its last record given back.
 */

struct killer {
    const char *step; /* at which */
    int n_left;       /* after how many of them */
    int signal;
};

static void kill_at_step(void *self, const char *step, const struct gsp__span_data *spans, uint32_t n)
{
    struct killer *k = self;

    (void)spans;
    (void)n;
    if (strcmp(step, k->step) == 0 && k->n_left-- == 0)
        raise(k->signal);
}

struct victim {
    const char *path;
    struct killer killer;
    uint32_t batch_max;
};

static int drain_to_death(void *arg)
{
    struct victim *v = arg;
    struct test_exporter exporter = {.on_step = kill_at_step, .self = &v->killer};
    struct gsp__ring_drain *r;
    struct gsp__drain_report report = {0};
    struct gsp__batch batch;
    bool is_empty;

    if (gsp__ring_drain_open(v->path, &r, NULL) != GSP_OK)
        return 1;
    test_batch_init(&batch, &exporter);
    while (gsp__ring_drain_pass(r, &batch, v->batch_max, true, &is_empty, &report) == GSP__PASS_MORE)
        ;
    gsp__batch_deinit(&batch);
    gsp__ring_drain_close(r, false);
    return 0;
}

static void a_drainer_killed_in_any_step_folds_each_call_once(void **state)
{
    static const char *const steps[] = {"begin", "add", "commit"};
    gsp_recorder *recorder = test_recorder(NULL, 64 << 10);
    const char *path = gsp_recorder_path(recorder);
    uint64_t n = 0;
    int n_killed = 0;

    (void)state;
    for (size_t s = 0; s < 3; s++)
        for (int at = 0; at < 6; at++) {
            struct victim v = {path, {steps[s], at, SIGKILL}, 4}; /* two calls a batch */
            int status;

            test_record_calls(recorder, 5, NULL);
            n += 5;
            status = test_in_child(drain_to_death, &v);
            assert_true(status == 0 || status == 1000 + SIGKILL);
            n_killed += status != 0;
            check_folded(path, n);
        }
    assert_true(n_killed >= 9); /* begin, commit: 3 batches; add: 5 calls */
    gsp_recorder_close(recorder);
}

/*
 * Killed between any two instructions: the drainer stops itself in a step of its exporter, is then led
 * step by step, and killed.
 */

static bool lead(pid_t pid)
{
    int status;

    return ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid &&
           WIFSTOPPED(status);
}

/* Let it run until it stops itself, lead it until *shared changes, if that is given, then n_steps more. True
 * if it was killed there; false if it had ended before. */
static bool kill_after_steps(pid_t pid, const _Atomic uint32_t *shared, unsigned n_steps)
{
    uint32_t before = shared ? atomic_load(shared) : 0;
    int status;

    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
        return false;
    while (shared && atomic_load(shared) == before)
        if (!lead(pid))
            return false;
    for (unsigned i = 0; i < n_steps; i++)
        if (!lead(pid))
            return false;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return true;
}

static pid_t start_traced(int (*run)(void *), struct victim *v)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(77);
        _exit(run(v));
    }
    return pid;
}

static bool can_trace(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0);
    if (test_wait_child(pid) == 0)
        return true;
    print_message("SKIP: processes may not be traced here\n");
    return false;
}

static void fold_path(const char *ring, char out[600])
{
    snprintf(out, 600, "%.*s.fold", (int)strlen(ring) - 5, ring);
}

/* The state of the batch, in the file. */
static const _Atomic uint32_t *map_batch(const char *ring)
{
    char file[600];
    uint8_t *base;
    int fd;

    fold_path(ring, file);
    fd = open(file, O_RDONLY | O_CLOEXEC);
    base = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    assert_true(base != MAP_FAILED);
    close(fd);
    return (const _Atomic uint32_t *)(void *)(base + 32);
}

/* Between making a batch part of the metrics and marking its records: there it would be counted twice. */
static void a_drainer_killed_right_after_the_commit_folds_each_call_once(void **state)
{
    gsp_recorder *recorder = test_recorder(NULL, 64 << 10);
    const char *path = gsp_recorder_path(recorder);
    const _Atomic uint32_t *batch;
    uint64_t n = 0;

    (void)state;
    if (!can_trace())
        skip();
    check_folded(path, 0); /* makes the file */
    batch = map_batch(path);
    for (unsigned n_steps = 0; n_steps < 240; n_steps += 60) {
        struct victim v = {path, {"add", 1, SIGTRAP}, 512};

        test_record_calls(recorder, 2, NULL);
        n += 2;
        assert_true(kill_after_steps(start_traced(drain_to_death, &v), batch, n_steps));
        check_folded(path, n);
    }
    munmap((void *)((uintptr_t)batch - 32), 4096);
    gsp_recorder_close(recorder);
}

static void a_drainer_killed_at_any_instruction_folds_each_call_once(void **state)
{
    static const char *const steps[] = {"add", "commit"}; /* folding; giving records back */
    gsp_recorder *recorder = test_recorder(NULL, 64 << 10);
    const char *path = gsp_recorder_path(recorder);
    uint64_t random = test_seed(), n = 0;
    unsigned n_killed = 0;

    (void)state;
    if (!can_trace())
        skip();
    for (int i = 0; i < 24; i++) {
        struct victim v = {path, {steps[i % 2], 0, SIGTRAP}, 512};

        test_record_calls(recorder, 2, NULL);
        n += 2;
        n_killed += kill_after_steps(start_traced(drain_to_death, &v), NULL,
                                     (unsigned)(gsp__random_next(&random) % 1500));
        check_folded(path, n);
    }
    assert_true(n_killed > 0);
    gsp_recorder_close(recorder);
}

/* Exports deltas, and stops itself when they are with the exporter. */
static int tell_to_death(void *arg)
{
    struct victim *v = arg;
    struct test_exporter exporter = {.on_step = kill_at_step, .self = &v->killer};
    static const struct gsp__drain_config deltas = {.is_delta = true};
    struct gsp__drain_report report = {0};
    struct gsp__ring_drain *r;
    struct gsp__batch batch;
    bool is_empty;

    if (gsp__ring_drain_open(v->path, &r, NULL) != GSP_OK)
        return 1;
    test_batch_init(&batch, &exporter);
    batch.context.config = &deltas;
    gsp__ring_drain_pass(r, &batch, 512, true, &is_empty, &report);
    gsp__ring_drain_metrics(r, &batch, false);
    return 0;
}

/* A window of deltas ends at once: whenever its drainer is killed the next one finds all of it, or nothing.
 */
static void a_window_ends_at_once(void **state)
{
    gsp_recorder *recorder = test_recorder(NULL, 64 << 10);
    const char *path = gsp_recorder_path(recorder);
    uint64_t n = 0;
    int n_ended = 0, n_open = 0;

    (void)state;
    if (!can_trace())
        skip();
    /* a build that watches every access takes many more instructions to the end */
    for (unsigned n_steps = 0; n_steps < 2800 || (n_ended == 0 && n_steps < 100000);
         n_steps += n_steps < 2800 ? 70 : 1500) {
        struct victim v = {path, {"metrics", 0, SIGTRAP}, 512};
        struct gsp__ring_drain *r;
        uint64_t found;

        test_record_calls(recorder, 1, NULL);
        n++;
        kill_after_steps(start_traced(tell_to_death, &v), NULL, n_steps);
        r = open_drain(path);
        found = n_folded(r);
        assert_true(found == n || found == 0);
        /* the counters are of the same window: a record was exported, or none was since */
        assert_int_equal(test_fold_own(r, GSP__OWN_RESENT) > 0, found > 1);
        n = found;
        n_ended += found == 0;
        n_open += found > 0;
        gsp__ring_drain_close(r, false);
    }
    assert_true(n_ended > 0 && n_open > 0);
    gsp_recorder_close(recorder);
}

/*
 * The file.
 */

static void a_batch_that_was_not_committed_never_was(void **state)
{
    gsp_recorder *recorder = test_recorder(NULL, 64 << 10);
    const char *path = gsp_recorder_path(recorder);
    struct gsp__series_key key = {.n = 0};
    struct gsp__fold_window window;
    struct gsp__ring_drain *r;
    struct gsp__bank *bank;
    uint64_t start;

    (void)state;
    test_record_calls(recorder, 3, NULL);
    r = open_drain(path);
    drain_all(r);
    gsp__fold_window(r->fold, r->reader, &window);
    start = window.start_unix_ns;
    bank = gsp__fold_begin(r->fold, 0);
    for (uint32_t i = 0; i < 2; i++) { /* what was there is changed, and something is added */
        for (unsigned m = 0; m < GSP__MEASURES; m++)
            gsp__bank_record(bank, i, m, 1000, NULL);
        gsp__bank_record(bank, gsp__bank_key(bank, &key), GSP__MEASURE_OPERATION, 1000, NULL);
        key.class_bit = 1;
    }
    assert_int_equal(bank->n_keys, 4);
    gsp__ring_drain_close(r, false);
    r = open_drain(path);
    assert_int_equal(n_folded(r), 3);
    gsp__fold_window(r->fold, r->reader, &window);
    assert_int_equal(window.bank->n_keys, 2);
    /* cumulative points go on from the same start: the backend sees no reset */
    assert_int_equal(window.start_unix_ns, start);
    gsp__ring_drain_close(r, false);
    gsp_recorder_close(recorder);
}

/* The state in which a drainer dies between making a batch part of the metrics and marking its records. */
static void a_committed_batch_whose_records_were_not_marked_is_not_folded_again(void **state)
{
    gsp_recorder *recorder = test_recorder(NULL, 64 << 10);
    const char *path = gsp_recorder_path(recorder);
    struct gsp__series_key key = {.n = 0};
    struct gsp__ring_drain *r;
    struct gsp__snapshot snapshots[8];
    struct gsp__bank *bank;
    struct gsp__arena arena;
    int n;

    (void)state;
    test_record_calls(recorder, 2, NULL);
    r = open_drain(path);
    assert_true(gsp__arena_init(&arena, 1 << 20));
    n = test_snapshots(r->reader, &arena, snapshots, 8);
    assert_int_equal(n, 4);
    bank = gsp__fold_begin(r->fold, 0);
    for (int i = 0; i < 2; i++)
        gsp__bank_record(bank, gsp__bank_key(bank, &key), GSP__MEASURE_OPERATION, 1, NULL);
    for (int i = 0; i < n; i++)
        gsp__fold_add(r->fold, &snapshots[i].ref);
    gsp__fold_commit(r->fold, r->reader);
    for (int i = 0; i < n; i++) /* take the marks back */
        gsp__pool_set_word(&r->reader->map.facts, snapshots[i].ref.index,
                           gsp__word(snapshots[i].ref.generation, GSP__CHUNK_ENDED));
    gsp__ring_drain_close(r, false);
    gsp__arena_deinit(&arena);

    r = open_drain(path);
    drain_all(r);
    assert_int_equal(test_fold_count(r, GSP__MEASURE_OPERATION, NULL), 2);
    assert_int_equal(test_fold_count(r, GSP__MEASURE_ATTEMPT, NULL), 0);
    assert_int_equal(test_count_records(path), 0); /* exported they were, all the same */
    gsp__ring_drain_close(r, false);
    gsp_recorder_close(recorder);
}

/* While an exporter does not take a batch, nothing is folded twice, however often it is tried. */
static void a_batch_that_waits_is_folded_once(void **state)
{
    gsp_recorder *recorder = test_recorder(NULL, 64 << 10);
    const char *path = gsp_recorder_path(recorder);
    struct test_exporter exporter = {.waits = true};
    struct gsp__drain_report report = {0};
    struct gsp__ring_drain *r = open_drain(path);
    struct gsp__batch batch;
    bool is_empty;

    (void)state;
    test_record_calls(recorder, 3, NULL);
    test_batch_init(&batch, &exporter);
    for (int i = 0; i < 5; i++)
        assert_int_equal(gsp__ring_drain_pass(r, &batch, 512, false, &is_empty, &report), GSP__PASS_WAIT);
    assert_int_equal(n_folded(r), 3);
    assert_int_equal(test_count_records(path), 6);
    gsp__ring_drain_close(r, false); /* and the drainer goes, with the batch not taken */
    gsp__batch_deinit(&batch);
    check_folded(path, 3);
    gsp_recorder_close(recorder);
}

static void a_damaged_file_is_begun_anew(void **state)
{
    /* where: magic, version, ring id, batch, window, list length, undo length, bytes in the bank; and in the
     * bank type, class, length and kind of the key, and measure, buckets and key of the first series */
    static const unsigned places[] = {0,
                                      8,
                                      16,
                                      33,
                                      37,
                                      41,
                                      58,
                                      256 + 11,
                                      BANK_AT,
                                      BANK_AT + 1,
                                      BANK_AT + 2,
                                      BANK_AT + 6,
                                      BANK_AT + KEY_BYTES,
                                      BANK_AT + KEY_BYTES + 1,
                                      BANK_AT + KEY_BYTES + 2,
                                      BANK_AT + KEY_BYTES + 5};
    gsp_recorder *recorder = test_recorder(NULL, 64 << 10);
    const char *path = gsp_recorder_path(recorder);
    char file[600];
    uint64_t n = 0;

    (void)state;
    fold_path(path, file);
    for (size_t i = 0; i < GSP__COUNT_OF(places); i++) {
        FILE *f;

        test_record_calls(recorder, 1, NULL);
        check_folded(path, ++n);
        f = fopen(file, "r+b");
        assert_non_null(f);
        fseek(f, places[i], SEEK_SET);
        fputc(0xff, f);
        assert_int_equal(fclose(f), 0);
        check_folded(path, 0);
        n = 0;
    }
    test_record_calls(recorder, 1, NULL);
    check_folded(path, 1);
    assert_int_equal(truncate(file, 100), 0);
    check_folded(path, 0);
    gsp_recorder_close(recorder);
}

/* Whatever stands in the series and lists of a file with a good head: no crash, nothing torn in the ring. */
static void a_hostile_file_does_no_harm(void **state)
{
    uint64_t random = test_seed();
    gsp_recorder *recorder = test_recorder(NULL, 64 << 10);
    const char *path = gsp_recorder_path(recorder);
    char file[600];

    (void)state;
    fold_path(path, file);
    for (int round = 0; round < 20; round++) {
        size_t n;
        char *bytes;

        test_record_calls(recorder, 2, NULL);
        test_drain_once(false); /* its fold goes with the drainer when all was told */
        gsp__ring_drain_close(open_drain(path), false);
        bytes = test_read_file(file, &n);
        *(uint32_t *)(void *)(bytes + 32) = (uint32_t)(round % 3); /* none, folding, committed */
        *(uint32_t *)(void *)(bytes + 40) = GSP__FOLD_LIST_MAX;
        *(uint64_t *)(void *)(bytes + 48) = GSP__FOLD_BANK_START;
        *(uint32_t *)(void *)(bytes + 56) = 4096;
        for (size_t i = 64; i < n; i++)
            bytes[i] = (char)gsp__random_next(&random);
        test_write_file(file, bytes, n);
        free(bytes);
        test_record_calls(recorder, 2, NULL);
        test_drain_once(false);
        assert_int_equal(test_count_records(path), 0);
        unlink(file);
    }
    gsp_recorder_close(recorder);
}

/* A link in its place is not followed, and what it points to not touched. */
static void a_link_in_place_of_the_file_is_not_followed(void **state)
{
    gsp_recorder *recorder = test_recorder(NULL, 64 << 10);
    const char *path = gsp_recorder_path(recorder);
    char file[600], victim[600], *bytes;
    struct gsp__ring_drain *r;
    size_t n;

    (void)state;
    snprintf(victim, sizeof victim, "%s/victim", test_directory());
    test_write_file(victim, "precious", 8);
    fold_path(path, file);
    assert_int_equal(symlink(victim, file), 0);
    test_record_calls(recorder, 3, NULL);
    r = open_drain(path);
    drain_all(r);
    assert_int_equal(n_folded(r), 3); /* in memory */
    gsp__ring_drain_close(r, false);
    bytes = test_read_file(victim, &n);
    assert_int_equal(n, 8);
    assert_memory_equal(bytes, "precious", 8);
    free(bytes);
    gsp_recorder_close(recorder);
}

/*
 * The fold goes only when all that is in it was handed over. What was folded after the last export of
 * metrics stays on disk when the drainer goes without a flush.
 */
static void what_was_folded_after_the_last_export_is_kept(void **state)
{
    gsp_recorder *recorder = test_recorder(NULL, 64 << 10);
    const char *path = gsp_recorder_path(recorder);
    struct test_exporter exporter = {0};
    struct gsp__drain_report report = {0};
    struct gsp__ring_drain *r = open_drain(path);
    struct gsp__batch batch;
    bool is_empty;

    (void)state;
    test_batch_init(&batch, &exporter);
    test_record_calls(recorder, 2, NULL);
    assert_int_equal(gsp__ring_drain_pass(r, &batch, 512, false, &is_empty, &report), GSP__PASS_EMPTY);
    assert_true(gsp__ring_drain_metrics(r, &batch, false)); /* all is told, the ring is empty */
    test_record_calls(recorder, 3, NULL);
    assert_int_equal(gsp__ring_drain_pass(r, &batch, 512, false, &is_empty, &report), GSP__PASS_EMPTY);
    gsp__ring_drain_close(r, false); /* no metrics since */
    gsp__batch_deinit(&batch);
    check_folded(path, 5);
    gsp_recorder_close(recorder);
}

/* More calls than a batch's list holds: batches end before it is full. */
static void more_calls_than_a_list_holds_are_folded_once(void **state)
{
    gsp_recorder *recorder = test_recorder(NULL, 4 << 20);
    const char *path = gsp_recorder_path(recorder);
    struct victim v = {path, {"commit", 1, SIGKILL}, 65536};

    (void)state;
    test_record_calls(recorder, 1500, NULL); /* 3000 records, lists hold 1024 */
    assert_int_equal(test_in_child(drain_to_death, &v), 1000 + SIGKILL);
    check_folded(path, 1500);
    gsp_recorder_close(recorder);
}

static int drain_under_a_limit(void *unused)
{
    const struct rlimit limit = {100 << 10, 100 << 10}; /* room for the smallest ring, not for its fold */
    gsp_recorder *r;
    struct gsp__drainer *d;

    (void)unused;
    signal(SIGXFSZ, SIG_DFL);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    r = test_recorder(NULL, 64 << 10);
    test_record_calls(r, 2, NULL);
    d = test_drainer(false);
    if (gsp__drainer_flush(d, 30000, false) != GSP_OK)
        return 2;
    gsp__drainer_free(d);
    gsp_recorder_close(r);
    return 0;
}

/* A limit on file sizes costs the fold its file, not the host its life. */
static void a_limit_on_file_sizes_does_not_kill(void **state)
{
    (void)state;
    assert_int_equal(test_in_child(drain_under_a_limit, NULL), 0);
    assert_int_equal(test_metric(test_metrics_file(), "genspan.attempt.duration", NULL, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_drainer_killed_in_any_step_folds_each_call_once, set_up),
        cmocka_unit_test_setup(a_drainer_killed_right_after_the_commit_folds_each_call_once, set_up),
        cmocka_unit_test_setup(a_drainer_killed_at_any_instruction_folds_each_call_once, set_up),
        cmocka_unit_test_setup(a_window_ends_at_once, set_up),
        cmocka_unit_test_setup(a_batch_that_was_not_committed_never_was, set_up),
        cmocka_unit_test_setup(a_committed_batch_whose_records_were_not_marked_is_not_folded_again, set_up),
        cmocka_unit_test_setup(a_batch_that_waits_is_folded_once, set_up),
        cmocka_unit_test_setup(a_damaged_file_is_begun_anew, set_up),
        cmocka_unit_test_setup(a_hostile_file_does_no_harm, set_up),
        cmocka_unit_test_setup(a_link_in_place_of_the_file_is_not_followed, set_up),
        cmocka_unit_test_setup(what_was_folded_after_the_last_export_is_kept, set_up),
        cmocka_unit_test_setup(more_calls_than_a_list_holds_are_folded_once, set_up),
        cmocka_unit_test_setup(a_limit_on_file_sizes_does_not_kill, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
