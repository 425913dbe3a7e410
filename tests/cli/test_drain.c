/* genspan drain and genspan recover as commands: what they take on, what they say, how they end. */
#include "cli/spans_file.h"
#include "support/backend.h"
#include "support/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drain/spool.h"

static struct test_command c, other;
static char traces[300];
static gsp_recorder *rec;

static int set_up(void **state)
{
    (void)state;
    memset(&c, 0, sizeof c);
    memset(&other, 0, sizeof other);
    test_directory_clear();
    snprintf(traces, sizeof traces, "%s/traces.jsonl", test_directory());
    rec = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_command_free(&c);
    test_command_free(&other);
    gsp_recorder_close(rec);
    return 0;
}

/* A call with one attempt that has sent a chunk; ended if `is_whole`. */
static gsp_span record_call(gsp_recorder *recorder, const char *model, bool is_whole)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_span operation, attempt;

    o.model = model;
    operation = gsp_operation_start(recorder, "chat", &o);
    attempt = gsp_attempt_start(operation, NULL);
    gsp_stream_mark(attempt, GSP_MARK_TEXT, 0);
    if (is_whole) {
        gsp_stream_mark(attempt, GSP_MARK_TERMINAL, 0);
        gsp_stream_end(attempt, GSP_STREAM_FINISHED, NULL, 0);
        gsp_span_end(operation, GSP_OUTCOME_AUTO, NULL, 0);
    }
    return operation;
}

/* A process that records such calls, the whole ones first, and dies without closing anything. */
static void leave_behind(int n_whole, int n_open)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        gsp_recorder *recorder = test_recorder(NULL, 0);

        for (int i = 0; i < n_whole + n_open; i++)
            record_call(recorder, i < n_whole ? "whole" : "open", i < n_whole);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(test_directory_count(".ring"), 1);
}

static int recover(const char *more, const char *value)
{
    return test_genspan(&c, TEST_ARGS("recover", "--traces-file", traces, "--metrics", "none", more, value));
}

static void expect_spans(const char *name, int n)
{
    json_t *spans = test_spans_of(traces);

    assert_int_equal(test_spans_named(spans, name), n);
    json_decref(spans);
}

static void where_there_is_nothing_it_says_so(void **state)
{
    (void)state;
    assert_int_equal(recover(NULL, NULL), 0);
    assert_string_equal(c.out, "");
    assert_string_equal(c.err, "there was nothing to export\n");
    assert_int_equal(test_genspan(&c, TEST_ARGS("drain", "--once", "--traces=none", "--metrics=none")), 0);
    assert_string_equal(c.err, "there was nothing to export\n");
}

/* "Outcomes": a call under way at its process's death is crashed; ST-2: with the facts recorded up to then.
 */
static void recover_exports_the_dead_and_says_what_it_was(void **state)
{
    json_t *spans, *crashed;

    (void)state;
    leave_behind(2, 1);
    assert_int_equal(recover(NULL, NULL), 0);
    assert_string_equal(c.err,
                        "3 calls exported, 1 of them cut short by a crash (6 records sent); 1 ring of dead "
                        "programs emptied and deleted\n");
    assert_int_equal(test_directory_count(".ring"), 0);
    spans = test_spans_of(traces);
    assert_int_equal(json_array_size(spans), 6);
    crashed = test_span_named(spans, "chat open", 0);
    assert_int_equal(test_status_of(crashed), 2);
    assert_string_equal(test_attribute_of(crashed, "error.type"), "crashed");
    assert_string_equal(test_attribute_of(crashed, "genspan.outcome"), "crashed");
    assert_string_equal(test_attribute_of(crashed, "genspan.stream.chunks"), "1");
    assert_int_equal(test_status_of(test_span_named(spans, "chat whole", 0)), 0);
    json_decref(spans);
    assert_int_equal(recover(NULL, NULL), 0); /* once is enough */
    assert_string_equal(c.err, "there was nothing to export\n");
    expect_spans("chat", 6);
}

static void recover_is_drain_dead_once(void **state)
{
    (void)state;
    leave_behind(0, 1);
    assert_int_equal(test_genspan(&c, TEST_ARGS("drain", "--dead", "--once", "--traces-file", traces,
                                                "--metrics", "none")),
                     0);
    assert_string_equal(c.err,
                        "1 call exported, 1 of them cut short by a crash (2 records sent); 1 ring of dead "
                        "programs emptied and deleted\n");
}

static void the_living_are_left_alone_by_recover_and_drained_by_drain(void **state)
{
    gsp_span open;

    (void)state;
    rec = test_recorder(NULL, 0);
    record_call(rec, "whole", true);
    open = record_call(rec, "open", false);
    assert_int_equal(recover(NULL, NULL), 0);
    assert_string_equal(c.err, "there was nothing to export\n");
    assert_int_equal(
        test_genspan(&c, TEST_ARGS("drain", "--once", "--traces-file", traces, "--metrics", "none")), 0);
    assert_non_null(strstr(c.err, "1 call exported (2 records sent)"));
    expect_spans("chat whole", 1);
    expect_spans("chat open", 0);
    gsp_span_end(open, GSP_OUTCOME_CANCELLED, NULL, 0);
    assert_int_equal(
        test_genspan(&c, TEST_ARGS("drain", "--once", "--traces-file", traces, "--metrics", "none")), 0);
    expect_spans("chat whole", 1);
    expect_spans("chat open", 1);
}

static bool wait_for_span(const char *name)
{
    for (int i = 0; i < 3000; i++) {
        char *text = access(traces, F_OK) == 0 ? test_read_file(traces, NULL) : NULL;
        bool is_there = text && strstr(text, name);

        free(text);
        if (is_there)
            return true;
        usleep(10000);
    }
    return false;
}

static void drain_goes_on_until_it_is_interrupted(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};

    (void)state;
    rec = test_recorder(NULL, 0);
    c.env = (const char *const[]){"OTEL_BSP_SCHEDULE_DELAY=10", NULL};
    for (int i = 0; i < 2; i++) {
        test_start(&c, TEST_ARGS("drain", "--traces-file", traces, "--metrics", "none"));
        record_call(rec, i ? "second" : "first", true);
        assert_true(wait_for_span(i ? "chat second" : "chat first"));
        assert_int_equal(test_stop(&c, signals[i]), 0);
        assert_non_null(strstr(c.err, "1 call exported (2 records sent); 0 rings"));
    }
    expect_spans("chat first", 1);
}

/* "The ring": a drainer takes only rings that no one drains. */
static void a_ring_that_others_drain_is_left_to_them(void **state)
{
    (void)state;
    rec = test_recorder(NULL, 0);
    other.env = (const char *const[]){"OTEL_BSP_SCHEDULE_DELAY=10", NULL};
    test_start(&other, TEST_ARGS("drain", "--traces-file", traces, "--metrics", "none"));
    record_call(rec, "first", true);
    assert_true(wait_for_span("chat first"));
    assert_int_equal(
        test_genspan(&c, TEST_ARGS("drain", "--once", "--traces-file", traces, "--metrics", "none")), 0);
    assert_non_null(strstr(c.err, "1 drained by others"));
    assert_int_equal(test_stop(&other, SIGTERM), 0);
    expect_spans("chat first", 1);
}

/* Nothing is lost to a file that cannot be opened, or to a full disk: exit codes 1 and 3. */
static void what_cannot_be_written_stays_in_the_ring(void **state)
{
    (void)state;
    leave_behind(1, 0);
    assert_int_equal(test_genspan(&c, TEST_ARGS("recover", "--traces-file", "/proc/none/x")), 1);
    assert_string_equal(c.err, "genspan recover: the exporter's file cannot be opened for writing\n");
    assert_int_equal(test_genspan(&c, TEST_ARGS("recover", "--traces-file", "/dev/full", "--metrics", "none",
                                                "--timeout", "100")),
                     3);
    assert_int_equal(test_count(c.err, "/dev/full cannot be written"), 1);
    assert_non_null(
        strstr(c.err, "genspan recover: not all could be exported; the rest is kept where it is\n"));
    assert_int_equal(test_directory_count(".ring"), 1);
    assert_int_equal(recover(NULL, NULL), 0);
    expect_spans("chat whole", 1);
}

static void a_backend_that_is_away_gets_it_from_the_spool_later(void **state)
{
    struct test_backend *backend;

    (void)state;
    leave_behind(1, 0);
    assert_int_equal(
        test_genspan(&c, TEST_ARGS("recover", "--endpoint", test_nobody_url(), "--metrics", "none")), 3);
    assert_non_null(strstr(c.err, "2 kept in the spool"));
    assert_int_equal(test_count(c.err, "traces cannot be exported"), 1);
    assert_int_equal(test_directory_count(".ring"), 0);
    backend = test_backend_start();
    /* the spool is kept by backend; this one is another, and gets what is its own */
    leave_behind(1, 0);
    assert_int_equal(
        test_genspan(&c, TEST_ARGS("recover", "--endpoint", test_backend_url(backend), "--metrics", "none",
                                   "--protocol", "http/json", "--headers", "k=v")),
        0);
    assert_int_equal(test_backend_count(backend), 1);
    assert_string_equal(test_backend_request(backend, 0)->path, "/v1/traces");
    assert_non_null(strstr(test_backend_request(backend, 0)->body, "\"chat whole\""));
    assert_string_equal(test_request_header(test_backend_request(backend, 0), "k"), "v");
    test_backend_stop(backend);
}

static void the_spool_is_replayed_when_the_backend_is_back(void **state)
{
    static const struct test_answer away = {.status = 503, .retry_after = "3600"}, there = {.status = 200};
    struct test_backend *backend = test_backend_start();
    size_t n;

    (void)state;
    leave_behind(1, 0);
    test_backend_answer(backend, &away, 1);
    assert_int_equal(
        test_genspan(&c, TEST_ARGS("recover", "--endpoint", test_backend_url(backend), "--metrics", "none",
                                   "--protocol", "http/json", "--timeout", "2000")),
        3);
    test_backend_answer(backend, &there, 1);
    n = test_backend_count(backend);
    assert_int_equal(test_genspan(&c, TEST_ARGS("drain", "--once", "--endpoint", test_backend_url(backend),
                                                "--metrics", "none", "--protocol", "http/json")),
                     0);
    assert_int_equal(test_backend_count(backend), n + 1);
    assert_non_null(strstr(test_backend_request(backend, n)->body, "\"chat whole\""));
    test_backend_stop(backend);
}

static void without_a_spool_it_waits_in_the_ring(void **state)
{
    (void)state;
    leave_behind(1, 0);
    assert_int_equal(test_genspan(&c, TEST_ARGS("recover", "--endpoint", test_nobody_url(), "--metrics",
                                                "none", "--spool", "-", "--timeout", "100")),
                     3);
    assert_int_equal(test_directory_count(".ring"), 1);
    assert_int_equal(recover(NULL, NULL), 0);
    expect_spans("chat whole", 1);
}

static void what_the_backend_refuses_is_lost_and_told(void **state)
{
    static const struct test_answer refusal = {.status = 400};
    struct test_backend *backend = test_backend_start();

    (void)state;
    leave_behind(1, 0);
    test_backend_answer(backend, &refusal, 1);
    assert_int_equal(
        test_genspan(&c, TEST_ARGS("recover", "--endpoint", test_backend_url(backend), "--metrics", "none")),
        1);
    assert_non_null(strstr(c.err, "2 refused by the backend and lost"));
    test_backend_stop(backend);
}

/* --logs and --logs-file are to log records what the others are to theirs. */
static void a_logs_file_that_is_named_is_written(void **state)
{
    char logs[300];

    (void)state;
    snprintf(logs, sizeof logs, "%s/logs.jsonl", test_directory());
    assert_int_equal(recover("--logs", "none"), 0);
    assert_int_equal(access(logs, F_OK), -1);
    assert_int_equal(recover("--logs-file", logs), 0);
    assert_int_equal(access(logs, F_OK), 0);
    assert_int_equal(recover("--logs", "jaeger"), 2);
    assert_non_null(strstr(c.err, "exporters: not of otlp, console, file, memory, none"));
}

/* Log records that a backend refuses after all, when they come from the spool: told, and exit code 1. */
static void log_records_that_are_refused_are_told(void **state)
{
    static const struct test_answer refusal = {.status = 400};
    struct test_backend *backend = test_backend_start();
    char directory[300], endpoint[300];
    struct gsp__spool spool;

    (void)state;
    snprintf(directory, sizeof directory, "%s/spool", test_directory());
    snprintf(endpoint, sizeof endpoint, "%s/v1/logs", test_backend_url(backend));
    gsp__spool_init(&spool, directory, endpoint, 1 << 20);
    assert_int_equal(gsp__spool_put(&spool, GSP_SIGNAL_LOGS, false, 3, "body", 4, NULL), GSP_OK);
    test_backend_answer(backend, &refusal, 1);
    assert_int_equal(test_genspan(&c, TEST_ARGS("drain", "--once", "--endpoint", test_backend_url(backend),
                                                "--spool", directory)),
                     1);
    assert_non_null(strstr(c.err, "; 3 log records refused by the backend and lost)"));
    assert_int_equal(test_backend_count(backend), 1);
    assert_string_equal(test_backend_request(backend, 0)->path, "/v1/logs");
    test_backend_stop(backend);
}

static void a_file_that_is_no_ring_is_told_and_left_alone(void **state)
{
    char path[300];

    (void)state;
    snprintf(path, sizeof path, "%s/junk.ring", test_directory());
    leave_behind(1, 0);
    test_write_file(path, "junk", 4);
    assert_int_equal(recover(NULL, NULL), 1);
    assert_non_null(strstr(c.err,
                           "1 call exported (2 records sent); 1 ring of dead programs emptied and deleted; "
                           "1 file is no ring\n"));
    expect_spans("chat whole", 1);
    assert_int_equal(access(path, F_OK), 0);
}

static void a_directory_that_cannot_be_had_is_a_failure(void **state)
{
    (void)state;
    assert_int_equal(recover("--dir", "/proc/none/x"), 1);
    assert_string_equal(c.err,
                        "genspan recover: the ring directory cannot be made: set GENSPAN_DIR to one that "
                        "can be written\n");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(where_there_is_nothing_it_says_so),
        CASE(recover_exports_the_dead_and_says_what_it_was),
        CASE(recover_is_drain_dead_once),
        CASE(the_living_are_left_alone_by_recover_and_drained_by_drain),
        CASE(drain_goes_on_until_it_is_interrupted),
        CASE(a_ring_that_others_drain_is_left_to_them),
        CASE(what_cannot_be_written_stays_in_the_ring),
        CASE(a_backend_that_is_away_gets_it_from_the_spool_later),
        CASE(the_spool_is_replayed_when_the_backend_is_back),
        CASE(without_a_spool_it_waits_in_the_ring),
        CASE(what_the_backend_refuses_is_lost_and_told),
        CASE(a_logs_file_that_is_named_is_written),
        CASE(log_records_that_are_refused_are_told),
        CASE(a_file_that_is_no_ring_is_told_and_left_alone),
        CASE(a_directory_that_cannot_be_had_is_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
