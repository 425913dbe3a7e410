/*
 * The drainer as a thread of the process: its signals, exit, dlclose, forks, and who drains what
 * (genspan/export.h).
 */
#include "exported.h"

#include <dirent.h>
#include <dlfcn.h>
#include <genspan/export.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "support/dump.h"
#include "support/run.h"

#define STOP_MS 30000

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    return 0;
}

static gsp_drainer *start(gsp_recorder *recorder, gsp_drainer_options options)
{
    gsp_drainer *d;
    gsp_error err = {0};

    if (gsp_drainer_start(recorder, &options, &d, &err) != GSP_OK)
        fail_msg("drainer: %s", err.text);
    return d;
}

static int count_spans(void)
{
    int n;

    test_spans(test_traces_file(), &n);
    return n;
}

/* Poll until the file has n spans. */
static bool wait_for_spans(int n)
{
    for (int i = 0; i < 3000; i++) {
        if (count_spans() >= n)
            return count_spans() == n;
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return false;
}

static void what_was_recorded_is_exported(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_drainer *d = start(r, test_file_options());
    gsp_context ids[3];

    (void)state;
    test_record_calls(r, 3, ids);
    assert_int_equal(gsp_drainer_flush(d, STOP_MS), GSP_OK);
    assert_int_equal(count_spans(), 6);
    for (int i = 0; i < 3; i++)
        assert_memory_equal(test_span(test_traces_file(), ids[i].span_id)->trace_id, ids[i].trace_id, 16);
    test_record_calls(r, 1, NULL);
    assert_int_equal(gsp_drainer_stop(d, STOP_MS), GSP_OK);
    assert_int_equal(count_spans(), 8);
    assert_int_equal(test_metric(test_metrics_file(), "gen_ai.client.operation.duration", NULL, NULL), 4);
    gsp_recorder_close(r);
    assert_int_equal(test_directory_count(".ring") + test_directory_count(".fold"), 0);
}

static void it_exports_by_itself_when_it_is_time(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_drainer_options o = test_file_options();
    gsp_drainer *d;

    (void)state;
    o.schedule_delay_ms = 1;
    d = start(r, o);
    test_record_calls(r, 2, NULL);
    assert_true(wait_for_spans(4));
    gsp_drainer_stop(d, STOP_MS);
    gsp_recorder_close(r);
}

static void null_and_half_made_drainers_are_harmless(void **state)
{
    gsp_drainer_options bad = test_file_options();
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_drainer *d;
    gsp_error err = {0};
    size_t n;
    void *bytes;

    (void)state;
    assert_int_equal(gsp_drainer_start(NULL, NULL, &d, &err), GSP_ERR_INVALID);
    assert_null(d);
    assert_int_equal(gsp_drainer_flush(NULL, 1), GSP_OK);
    assert_int_equal(gsp_drainer_stop(NULL, 1), GSP_OK);
    assert_int_equal(gsp_drainer_take(NULL, GSP_SIGNAL_TRACES, &bytes, &n), GSP_ERR_INVALID);
    bad.traces_exporter = "nonsense";
    assert_int_equal(gsp_drainer_start(r, &bad, &d, &err), GSP_ERR_INVALID);
    assert_null(d);
    bad.traces_exporter = "file";
    bad.traces_file = "/nonexistent/directory/file";
    assert_int_not_equal(gsp_drainer_start(r, &bad, &d, &err), GSP_OK);
    assert_null(d);
    /* and the ring is free for one that is in order */
    d = start(r, test_file_options());
    assert_int_equal(gsp_drainer_take(d, GSP_SIGNAL_TRACES, &bytes, &n), GSP_ERR_INVALID);
    assert_int_equal(gsp_drainer_stop(d, STOP_MS), GSP_OK);
    gsp_recorder_close(r);
}

/*
 * Signals.
 */

/* A line of /proc/self/task/TID/status. */
static bool task_line(const char *tid, const char *name, char out[64])
{
    char path[300], line[256];
    FILE *f;
    bool found = false;

    snprintf(path, sizeof path, "/proc/self/task/%s/status", tid);
    f = fopen(path, "r");
    while (f && !found && fgets(line, sizeof line, f))
        if (strncmp(line, name, strlen(name)) == 0) {
            snprintf(out, 64, "%s", line + strlen(name));
            found = true;
        }
    if (f)
        fclose(f);
    return found;
}

/* Whether a thread of that name exists; what it blocks in `blocked`. */
static bool drainer_thread(char blocked[64])
{
    DIR *dir = opendir("/proc/self/task");
    struct dirent *e;
    bool found = false;

    assert_non_null(dir);
    while (!found && (e = readdir(dir))) {
        char name[64];

        if (e->d_name[0] != '.' && task_line(e->d_name, "Name:\t", name) &&
            strncmp(name, "genspan-drain", 13) == 0)
            found = task_line(e->d_name, "SigBlk:\t", blocked);
    }
    closedir(dir);
    return found;
}

/* "All signals" is what the C library lets any thread block. */
static void its_thread_blocks_all_signals_and_the_callers_stay(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_drainer *d = start(r, test_file_options());
    char blocked[64] = "", expected[64] = "", tid[32];
    sigset_t all, before, now;

    (void)state;
    snprintf(tid, sizeof tid, "%ld", syscall(SYS_gettid));
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    assert_true(task_line(tid, "SigBlk:\t", expected));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    /* it gives itself its name when it runs */
    for (int i = 0; i < 3000 && !drainer_thread(blocked); i++)
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    assert_string_equal(blocked, expected);
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    assert_int_equal(sigismember(&now, SIGTERM), 0);
    assert_int_equal(sigismember(&now, SIGUSR1), 0);
    assert_int_equal(gsp_drainer_stop(d, STOP_MS), GSP_OK);
    assert_false(drainer_thread(blocked));
    gsp_recorder_close(r);
}

/*
 * Exit and dlclose.
 */

static gsp_recorder *kept_recorder; /* where the leak checker finds them */
static gsp_drainer *kept_drainer;

static void stop_after_exit_began(void)
{
    size_t n;
    void *bytes;

    /* the drainer has ended already; the program does not know */
    (void)!gsp_drainer_flush(kept_drainer, 1000);
    (void)!gsp_drainer_take(kept_drainer, GSP_SIGNAL_TRACES, &bytes, &n);
    gsp_drainer_stop(kept_drainer, 1000);
    gsp_recorder_close(kept_recorder);
}

static int exit_without_stop(void *arg)
{
    if (arg)
        atexit(stop_after_exit_began); /* before the drainer's own: so it runs after */
    kept_recorder = test_recorder(NULL, 64 << 10);
    kept_drainer = start(kept_recorder, test_file_options());
    test_record_calls(kept_recorder, 3, NULL);
    exit(0);
}

static void exit_flushes_what_was_recorded(void **state)
{
    (void)state;
    assert_int_equal(test_in_child(exit_without_stop, NULL), 0);
    assert_int_equal(count_spans(), 6);
    assert_int_equal(test_metric(test_metrics_file(), "gen_ai.client.operation.duration", NULL, NULL), 3);
}

/* Its ring is spent: the next recorder deletes it, and rings do not pile up where nobody recovers. */
static void exit_leaves_no_more_than_a_spent_ring(void **state)
{
    gsp_recorder *r;

    (void)state;
    assert_int_equal(test_in_child(exit_without_stop, NULL), 0);
    assert_int_equal(test_directory_count(".fold"), 0);
    r = test_recorder(NULL, 64 << 10);
    assert_int_equal(test_directory_count(".ring"), 1); /* this one's own */
    gsp_recorder_close(r);
}

static void stop_after_exit_began_is_harmless(void **state)
{
    (void)state;
    assert_int_equal(test_in_child(exit_without_stop, state), 0);
    assert_int_equal(count_spans(), 6);
    assert_int_equal(test_directory_count(".ring") + test_directory_count(".fold"), 0);
}

/* Of the libraries as they are installed. */
static int close_library(void *arg)
{
    void *library = dlopen(arg, RTLD_NOW | RTLD_LOCAL);
    gsp_recorder_options ro = GSP_RECORDER_OPTIONS_INIT;
    gsp_drainer_options o = test_file_options();
    gsp_status (*recorder_open)(const gsp_recorder_options *, gsp_recorder **, gsp_error *);
    gsp_status (*drainer_start)(gsp_recorder *, const gsp_drainer_options *, gsp_drainer **, gsp_error *);
    gsp_span (*span_start)(gsp_recorder *, const char *, const gsp_span_options *);
    void (*span_end)(gsp_span, gsp_outcome, const gsp_failure *, int64_t);

    if (!library)
        return 2;
    *(void **)&recorder_open = dlsym(library, "gsp_recorder_open");
    *(void **)&drainer_start = dlsym(library, "gsp_drainer_start");
    *(void **)&span_start = dlsym(library, "gsp_span_start");
    *(void **)&span_end = dlsym(library, "gsp_span_end");
    if (!recorder_open || !drainer_start || !span_start || !span_end)
        return 3;
    ro.directory = test_directory();
    o.schedule_delay_ms = 1;
    if (recorder_open(&ro, &kept_recorder, NULL) != GSP_OK ||
        drainer_start(kept_recorder, &o, &kept_drainer, NULL) != GSP_OK)
        return 4;
    span_end(span_start(kept_recorder, "before", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    dlclose(library);
    span_end(span_start(kept_recorder, "after", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    if (!wait_for_spans(2))
        return 5;
    span_end(span_start(kept_recorder, "at exit", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    exit(0);
}

static void its_thread_survives_dlclose(void **state)
{
    char path[1024];

    (void)state;
    snprintf(path, sizeof path, "%s", GSP_TEST_COMMAND);
    snprintf(strrchr(path, '/'), 64, "/libgenspan-export.so");
    if (access(path, R_OK) != 0) {
        print_message("SKIP: %s is not built\n", path);
        skip();
    }
    assert_int_equal(test_in_child(close_library, path), 0);
    assert_int_equal(count_spans(), 3);
}

/*
 * Forks.
 */

struct pair {
    gsp_recorder *recorder;
    gsp_drainer *drainer;
};

static int use_inherited(void *arg)
{
    struct pair *p = arg;
    char blocked[64];
    size_t n;
    void *bytes;

    if (drainer_thread(blocked))
        return 1;
    if (gsp_drainer_flush(p->drainer, 1000) != GSP_OK)
        return 2;
    test_record_calls(p->recorder, 2, NULL); /* into a ring of its own */
    if (gsp_drainer_flush(p->drainer, 1000) != GSP_OK || count_spans() != 0)
        return 3;
    (void)!gsp_drainer_take(p->drainer, GSP_SIGNAL_TRACES, &bytes, &n);
    if (gsp_drainer_stop(p->drainer, 1000) != GSP_OK)
        return 4;
    _exit(0); /* what exit() does is seen below */
}

static int only_exit(void *arg)
{
    kept_recorder = arg;
    exit(0);
}

static void a_childs_drainer_is_inert_and_its_parents_unharmed(void **state)
{
    struct pair p = {test_recorder(NULL, 64 << 10), NULL};

    (void)state;
    p.drainer = start(p.recorder, test_file_options());
    test_record_calls(p.recorder, 3, NULL);
    assert_int_equal(test_in_child(use_inherited, &p), 0);
    assert_int_equal(count_spans(), 0); /* nothing was exported by the child */
    assert_int_equal(test_directory_count(".ring"), 2);
    /* the parent's drains its own, and the family's: the child's ring is gone then */
    assert_int_equal(gsp_drainer_flush(p.drainer, STOP_MS), GSP_OK);
    assert_int_equal(count_spans(), 10);
    assert_int_equal(test_directory_count(".ring"), 1);
    assert_int_equal(gsp_drainer_stop(p.drainer, STOP_MS), GSP_OK);
    gsp_recorder_close(p.recorder);
}

static void exit_in_a_child_neither_flushes_nor_hangs(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);

    (void)state;
    kept_drainer = start(r, test_file_options());
    test_record_calls(r, 1, NULL);
    assert_int_equal(test_in_child(only_exit, r), 0);
    assert_int_equal(count_spans(), 0);
    assert_int_equal(gsp_drainer_stop(kept_drainer, STOP_MS), GSP_OK);
    assert_int_equal(count_spans(), 2);
    gsp_recorder_close(r);
}

static int start_own(void *arg)
{
    struct pair *p = arg;
    gsp_drainer *own;

    test_record_calls(p->recorder, 2, NULL);
    if (gsp_drainer_start(p->recorder, &(gsp_drainer_options){.struct_size = 0}, &own, NULL) != GSP_OK)
        return 1;
    return 0;
}

static int start_own_with_files(void *arg)
{
    struct pair *p = arg;
    gsp_drainer_options o = test_file_options();
    gsp_drainer *own;

    test_record_calls(p->recorder, 2, NULL);
    if (gsp_drainer_start(p->recorder, &o, &own, NULL) != GSP_OK)
        return 1;
    return gsp_drainer_stop(own, STOP_MS) == GSP_OK ? 0 : 2;
}

static void a_child_may_start_a_drainer_of_its_own(void **state)
{
    struct pair p = {test_recorder(NULL, 64 << 10), NULL};

    (void)state;
    p.drainer = start(p.recorder, test_file_options());
    assert_int_equal(test_in_child(start_own_with_files, &p), 0);
    assert_int_equal(count_spans(), 4);
    assert_int_equal(test_in_child(start_own, &p), 0); /* and one that dies with it takes nothing along */
    assert_int_equal(gsp_drainer_stop(p.drainer, STOP_MS), GSP_OK);
    assert_int_equal(count_spans(), 8);
    gsp_recorder_close(p.recorder);
}

/*
 * Who drains what.
 */

static void of_two_drainers_only_one_gets_a_ring(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_drainer *first = start(r, test_file_options()), *second;
    gsp_drainer_options o = test_file_options();
    struct test_command c = {0};
    gsp_error err = {0};

    (void)state;
    test_record_calls(r, 2, NULL);
    assert_int_equal(gsp_drainer_start(r, &o, &second, &err), GSP_ERR_BUSY);
    assert_null(second);
    assert_int_equal(test_genspan(&c, TEST_ARGS("drain", "--once", "--traces-file", test_traces_file(),
                                                "--metrics", "none")),
                     0);
    assert_non_null(strstr(c.err, "0 calls exported"));
    assert_non_null(strstr(c.err, "1 drained by others"));
    test_command_free(&c);
    assert_int_equal(count_spans(), 0);
    assert_int_equal(gsp_drainer_stop(first, STOP_MS), GSP_OK);
    assert_int_equal(count_spans(), 4);
    /* it is free again */
    test_record_calls(r, 1, NULL);
    assert_int_equal(test_genspan(&c, TEST_ARGS("drain", "--once", "--traces-file", test_traces_file(),
                                                "--metrics", "none")),
                     0);
    assert_non_null(strstr(c.err, "1 call exported"));
    test_command_free(&c);
    assert_int_equal(count_spans(), 6);
    gsp_recorder_close(r);
}

static void a_drainer_leaves_the_rings_of_other_programs(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10), *other = test_recorder(NULL, 64 << 10);
    gsp_drainer *d = start(r, test_file_options());

    (void)state;
    test_record_calls(other, 1, NULL);
    assert_int_equal(gsp_drainer_stop(d, STOP_MS), GSP_OK);
    assert_int_equal(count_spans(), 0);
    assert_int_equal(test_count_records(gsp_recorder_path(other)), 2);
    gsp_recorder_close(other);
    gsp_recorder_close(r);
}

static void a_process_has_room_for_sixteen(void **state)
{
    gsp_recorder *r[17];
    gsp_drainer *d[17];
    gsp_drainer_options o = test_file_options();
    gsp_error err = {0};

    (void)state;
    for (int i = 0; i < 17; i++)
        r[i] = test_recorder(NULL, 64 << 10);
    for (int i = 0; i < 16; i++)
        d[i] = start(r[i], o);
    assert_int_equal(gsp_drainer_start(r[16], &o, &d[16], &err), GSP_ERR_NO_SPACE);
    assert_int_equal(gsp_drainer_stop(d[3], STOP_MS), GSP_OK);
    d[3] = start(r[16], o);
    for (int i = 0; i < 16; i++)
        assert_int_equal(gsp_drainer_stop(d[i], STOP_MS), GSP_OK);
    for (int i = 0; i < 17; i++)
        gsp_recorder_close(r[i]);
}

static void the_memory_exporter_gives_what_it_holds_once(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_drainer_options o = test_file_options();
    gsp_drainer *d;
    size_t n;
    void *bytes;

    (void)state;
    o.traces_exporter = o.metrics_exporter = "memory";
    d = start(r, o);
    test_record_calls(r, 1, NULL);
    assert_int_equal(gsp_drainer_flush(d, STOP_MS), GSP_OK);
    for (gsp_signal signal = GSP_SIGNAL_TRACES; signal <= GSP_SIGNAL_METRICS; signal++) {
        assert_int_equal(gsp_drainer_take(d, signal, &bytes, &n), GSP_OK);
        assert_true(bytes && n > 0);
        free(bytes);
        assert_int_equal(gsp_drainer_take(d, signal, &bytes, &n), GSP_OK);
        assert_true(!bytes && n == 0);
    }
    assert_int_equal(gsp_drainer_stop(d, STOP_MS), GSP_OK);
    gsp_recorder_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_recorded_is_exported, set_up),
        cmocka_unit_test_setup(it_exports_by_itself_when_it_is_time, set_up),
        cmocka_unit_test_setup(null_and_half_made_drainers_are_harmless, set_up),
        cmocka_unit_test_setup(its_thread_blocks_all_signals_and_the_callers_stay, set_up),
        cmocka_unit_test_setup(exit_flushes_what_was_recorded, set_up),
        cmocka_unit_test_setup(exit_leaves_no_more_than_a_spent_ring, set_up),
        cmocka_unit_test_setup(stop_after_exit_began_is_harmless, set_up),
        cmocka_unit_test_setup(its_thread_survives_dlclose, set_up),
        cmocka_unit_test_setup(a_childs_drainer_is_inert_and_its_parents_unharmed, set_up),
        cmocka_unit_test_setup(exit_in_a_child_neither_flushes_nor_hangs, set_up),
        cmocka_unit_test_setup(a_child_may_start_a_drainer_of_its_own, set_up),
        cmocka_unit_test_setup(of_two_drainers_only_one_gets_a_ring, set_up),
        cmocka_unit_test_setup(a_drainer_leaves_the_rings_of_other_programs, set_up),
        cmocka_unit_test_setup(a_process_has_room_for_sixteen, set_up),
        cmocka_unit_test_setup(the_memory_exporter_gives_what_it_holds_once, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
