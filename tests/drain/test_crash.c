/*
 * Death at any moment. A process that streams is killed: recovery exports its operation with every fact
 * recorded up to then, ERROR, error.type crashed, once (ST-1, ST-2, design.md "The ring"). A drainer is
 * killed in mid-export: nothing is lost, and the second export bears the same ids.
 */
#include "exported.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "support/dump.h"
#include "support/run.h"

#define N_KILLS       200
#define COMMAND_EVERY 25 /* each so many-th is recovered by the command, the others in this process */
#define MARKS_MAX     20000
#define EVENTS_MAX    100
#define IDS_MAX       40

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    return 0;
}

/*
 * The process that streams. It notes in a page that it shares with the test what it is about to record, and
 * what is recorded: what is exported must lie between the two.
 */

struct bound {
    _Atomic int64_t begun, done;
};

struct notes {
    int64_t n_marks_of_first; /* given by the test: then it fails, and the next streams until it is killed */
    gsp_context operation;    /* once `operations` is done */
    _Atomic int64_t start_ns; /* of the operation */
    struct bound operations;  /* 1 */
    struct bound attempts;    /* how many were started */
    struct bound ended_attempts; /* 1: the first has failed */
    struct bound retries;        /* 1: the event */
    struct bound marks[2];       /* of each attempt */
    struct bound tokens[2];      /* output tokens, cumulative: the last value stands (US-2) */
    struct bound ids[2];         /* request ids */
    struct bound events;         /* on the operation */
    struct bound step;           /* a custom attribute that is set over and over */
    struct bound time_ns;        /* of the last fact that has one */
};

/* Run `call` between noting that it is about to be and that it is. */
#define NOTE(bound, value, call)                                                                             \
    do {                                                                                                     \
        atomic_store(&(bound).begun, value);                                                                 \
        call;                                                                                                \
        atomic_store(&(bound).done, value);                                                                  \
    } while (0)

static void mark(struct notes *n, gsp_recorder *recorder, gsp_span attempt, int which, int64_t i)
{
    int64_t now = gsp_recorder_now_ns(recorder);

    atomic_store(&n->time_ns.begun, now);
    NOTE(n->marks[which], i, gsp_stream_mark(attempt, GSP_MARK_TEXT, now));
    atomic_store(&n->time_ns.done, now);
}

static void add_id(struct notes *n, gsp_span attempt, int which, int64_t i)
{
    char id[64];

    snprintf(id, sizeof id, "req-%d-%d", which, (int)i);
    NOTE(n->ids[which], i, gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 0, id));
}

static void add_event(struct notes *n, gsp_span operation, int64_t i)
{
    char name[32];

    snprintf(name, sizeof name, "event-%d", (int)i);
    NOTE(n->events, i, gsp_span_add_event(operation, name, NULL, 0, 0));
}

static void set_step(struct notes *n, gsp_span operation, int64_t i)
{
    gsp_attribute a = {.key = "step", .type = GSP_TYPE_INT, .value = {.i = i}};

    NOTE(n->step, i, gsp_span_set_attribute(operation, &a));
}

static void stream(struct notes *n, gsp_recorder *recorder, gsp_span operation, gsp_span attempt, int which,
                   int64_t n_marks)
{
    for (int64_t i = 1; i <= n_marks; i++) {
        mark(n, recorder, attempt, which, i);
        if (i % 3 == 0)
            NOTE(n->tokens[which], i, gsp_span_set_usage(attempt, GSP_USAGE_OUTPUT_TOKENS, i));
        if (i % 5 == 0 && i / 5 <= IDS_MAX)
            add_id(n, attempt, which, i / 5);
        if (i % 7 == 0)
            set_step(n, operation, which * 1000000 + i);
        if (which == 1 && i % 11 == 0 && i / 11 <= EVENTS_MAX)
            add_event(n, operation, i / 11);
    }
}

static void run_streaming(struct notes *n)
{
    gsp_operation_options options = GSP_OPERATION_OPTIONS_INIT;
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_recorder *recorder = test_recorder(NULL, 128 << 10);
    gsp_span op, at = {0};

    options.provider = "openai";
    options.model = "m";
    options.now_ns = gsp_recorder_now_ns(recorder);
    atomic_store(&n->start_ns, options.now_ns);
    atomic_store(&n->time_ns.begun, options.now_ns);
    atomic_store(&n->operations.begun, 1);
    op = gsp_operation_start(recorder, "chat", &options);
    n->operation = gsp_span_context(op);
    atomic_store(&n->operations.done, 1);
    NOTE(n->attempts, 1, at = gsp_attempt_start(op, NULL));
    stream(n, recorder, op, at, 0, n->n_marks_of_first);
    failure.http_status = 429;
    NOTE(n->ended_attempts, 1, gsp_stream_end(at, GSP_STREAM_FAILED, &failure, 0));
    NOTE(n->retries, 1, gsp_event_retry(op, 1, "rate_limit", 20, 429, 0));
    NOTE(n->attempts, 2, at = gsp_attempt_start(op, NULL));
    stream(n, recorder, op, at, 1, INT64_MAX);
}

/* A page that outlives its writer. */
static struct notes *new_notes(void)
{
    void *page = mmap(NULL, sizeof(struct notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(page != MAP_FAILED);
    return page;
}

/*
 * Killing it.
 */

static int64_t n_marks(const struct notes *n)
{
    return atomic_load(&n->marks[0].begun) + atomic_load(&n->marks[1].begun);
}

/* When: after a time from its start, or when it has recorded so many chunks. */
static void kill_at_random(pid_t pid, const struct notes *n, uint64_t *random)
{
    int64_t at = (int64_t)(gsp__random_next(random) % MARKS_MAX);

    if (gsp__random_next(random) % 2) {
        nanosleep(&(struct timespec){0, at * 1000}, NULL);
    } else {
        while (n_marks(n) < at && kill(pid, 0) == 0)
            sched_yield();
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(test_wait_child(pid), 1000 + SIGKILL);
}

/*
 * What is exported of it.
 */

static void check(const char *what, int64_t value, const struct bound *bound)
{
    if (value < atomic_load(&bound->done) || value > atomic_load(&bound->begun))
        fail_msg("%s: %lld is exported, recorded were %lld, begun %lld", what, (long long)value,
                 (long long)atomic_load(&bound->done), (long long)atomic_load(&bound->begun));
}

static int64_t int_or_0(const struct gsp__span_data *span, const char *key)
{
    return test_attribute(&span->attributes, key) ? test_int(&span->attributes, key) : 0;
}

/* How many of a numbered series of names are there; they must be the first. */
static int64_t count_ids(const struct gsp__span_data *span, int which)
{
    int64_t n = 0, last = 0;

    for (int64_t i = 1; i <= IDS_MAX; i++) {
        char id[64];

        snprintf(id, sizeof id, "req-%d-%d", which, (int)i);
        if (test_has_item(&span->attributes, "genspan.provider.request_ids", id)) {
            n++;
            last = i;
        }
    }
    assert_int_equal(n, last);
    return n;
}

static int64_t count_events(const struct gsp__span_data *span)
{
    int64_t n = 0;

    for (uint32_t i = 0; i < span->n_events; i++)
        n += span->events[i].name.n > 6 && memcmp(span->events[i].name.bytes, "event-", 6) == 0;
    return n;
}

static void check_crashed(const struct gsp__span_data *span)
{
    const struct gsp__span_event *exception = test_event(span, "exception");

    assert_int_equal(span->status, GSP__STATUS_ERROR);
    assert_true(test_is(&span->attributes, "error.type", "crashed"));
    assert_true(test_is(&span->attributes, "genspan.outcome", "crashed"));
    assert_non_null(exception);
}

/* Which of the attempts' chunks and tokens are the operation's: of the last whose content came (US-5). */
static void check_operation(const struct notes *n, const struct gsp__span_data *span)
{
    int64_t seen = int_or_0(span, "genspan.stream.chunks"), tokens;
    int64_t end_ns = (int64_t)(span->end_unix_ns - span->start_unix_ns) + atomic_load(&n->start_ns);
    int which = atomic_load(&n->marks[1].done) > 0 || (atomic_load(&n->marks[1].begun) > 0 && seen == 1);

    check_crashed(span);
    check("chunks", seen, &n->marks[which]);
    tokens = int_or_0(span, "gen_ai.usage.output_tokens");
    check("tokens", tokens, &n->tokens[which]);
    if (tokens > 0) /* US-4: a stream that ended early */
        assert_true(test_is(&span->attributes, "genspan.usage.source", "partial"));
    check("request ids of the first attempt", count_ids(span, 0), &n->ids[0]);
    check("request ids of the second attempt", count_ids(span, 1), &n->ids[1]);
    check("retries", test_event(span, "gen_ai.retry") != NULL, &n->retries);
    check("events", count_events(span), &n->events);
    check("step", int_or_0(span, "step"), &n->step);
    check("attempts", int_or_0(span, "genspan.operation.attempts"), &n->attempts);
    /* its end is its last fact; later ones than the last mark are not noted with their time */
    if (end_ns < atomic_load(&n->time_ns.done))
        fail_msg("it ends %lld ns before its last fact", (long long)(atomic_load(&n->time_ns.done) - end_ns));
    assert_true(test_is(&span->attributes, "gen_ai.request.model", "m") ||
                atomic_load(&n->operations.done) == 0);
}

static void check_attempt(const struct notes *n, const struct gsp__span_data *span)
{
    int64_t number = test_int(&span->attributes, "genspan.attempt.number");

    assert_true(number == 0 || number == 1);
    assert_memory_equal(span->parent_span_id, n->operation.span_id, 8);
    assert_int_equal(span->status, GSP__STATUS_ERROR);
    if (number == 0 && test_is(&span->attributes, "error.type", "rate_limit")) {
        check("ended attempts", 1, &n->ended_attempts);
    } else {
        if (number == 0)
            check("ended attempts", 0, &n->ended_attempts);
        check_crashed(span);
    }
    check("an attempt's request ids", count_ids(span, (int)number), &n->ids[number]);
}

static void check_exported(const struct notes *n)
{
    const struct gsp__span_data *spans;
    int n_spans, n_operations = 0, n_attempts = 0;

    spans = test_spans(test_traces_file(), &n_spans);
    for (int i = 0; i < n_spans; i++) {
        if (!spans[i].has_parent) {
            n_operations++;
            if (atomic_load(&n->operations.done))
                assert_memory_equal(spans[i].span_id, n->operation.span_id, 8);
            check_operation(n, &spans[i]);
        } else {
            n_attempts++;
            check_attempt(n, &spans[i]);
        }
    }
    check("operations", n_operations, &n->operations);
    check("attempt spans", n_attempts, &n->attempts);
}

static size_t traces_bytes(void)
{
    size_t n = 0;

    if (access(test_traces_file(), R_OK) == 0)
        free(test_read_file(test_traces_file(), &n));
    return n;
}

static void recover(bool by_command, bool has_operation)
{
    struct test_command c = {0};

    if (!by_command) {
        test_drain_once(true);
        return;
    }
    if (test_genspan(&c, TEST_ARGS("recover", "--traces-file", test_traces_file(), "--metrics-file",
                                   test_metrics_file())) != 0)
        fail_msg("genspan recover: %s", c.err);
    if (has_operation && !strstr(c.err, "1 of them cut short by a crash"))
        fail_msg("genspan recover says: %s", c.err);
    test_command_free(&c);
}

static void a_streaming_process_killed_at_200_random_moments_is_recovered(void **state)
{
    uint64_t random = test_seed();
    struct notes *n = new_notes();
    int n_recovered = 0, n_second = 0;

    (void)state;
    for (int i = 0; i < N_KILLS; i++) {
        bool by_command = i % COMMAND_EVERY == 0;
        size_t n_bytes;
        pid_t pid;

        memset((void *)n, 0, sizeof *n);
        n->n_marks_of_first = (int64_t)(gsp__random_next(&random) % (i % 2 ? MARKS_MAX : 20 * MARKS_MAX));
        test_directory_clear();
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            run_streaming(n);
            _exit(0);
        }
        kill_at_random(pid, n, &random);
        recover(by_command, atomic_load(&n->operations.done) > 0);
        check_exported(n);
        assert_int_equal(test_directory_count(".ring") + test_directory_count(".fold"), 0);
        n_recovered += atomic_load(&n->operations.done) > 0;
        n_second += atomic_load(&n->marks[1].done) > 0;
        if (i % 5 != 0)
            continue;
        n_bytes = traces_bytes(); /* a second time: nothing */
        recover(by_command, false);
        assert_int_equal(traces_bytes(), n_bytes);
    }
    print_message("%d of %d had begun their operation, %d were in their second attempt\n", n_recovered,
                  N_KILLS, n_second);
    assert_true(n_recovered > N_KILLS / 4 && n_second > N_KILLS / 20);
    munmap(n, sizeof *n);
}

/* ST-2: a call that a crash cut short has no duration, and is no part of the metrics. */
static int die_in_a_stream(void *arg)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_span op, at;

    (void)arg;
    test_record_calls(r, 2, NULL);
    op = gsp_operation_start(r, "chat", NULL);
    at = gsp_attempt_start(op, NULL);
    gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    raise(SIGKILL);
    return 0;
}

static void a_crashed_call_is_in_no_metric_and_a_finished_one_is(void **state)
{
    struct gsp__drain_report report;

    (void)state;
    assert_int_equal(test_in_child(die_in_a_stream, NULL), 1000 + SIGKILL);
    report = test_drain_once(true);
    assert_int_equal(report.n_calls, 3);
    assert_int_equal(report.n_crashed, 1);
    assert_int_equal(report.n_rings, 1);
    assert_int_equal(test_metric(test_metrics_file(), "gen_ai.client.operation.duration", NULL, NULL), 2);
    assert_int_equal(test_metric(test_metrics_file(), "genspan.attempt.duration", NULL, NULL), 2);
}

/* Recovery leaves alone what lives. */
static void recovery_leaves_the_living_alone(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    struct test_command c = {0};

    (void)state;
    test_record_calls(r, 2, NULL);
    assert_int_equal(
        test_genspan(&c, TEST_ARGS("recover", "--traces-file", test_traces_file(), "--metrics", "none")), 0);
    assert_non_null(strstr(c.err, "nothing to export"));
    test_command_free(&c);
    assert_int_equal(test_count_records(gsp_recorder_path(r)), 4);
    gsp_recorder_close(r);
}

/* Of recoveries that run at once, each call is exported by one. */
static void recoveries_at_once_share_the_work(void **state)
{
    struct test_command c[3] = {{0}};
    int n, n_rings = 0;

    (void)state;
    for (int i = 0; i < 12; i++)
        assert_int_equal(test_in_child(die_in_a_stream, NULL), 1000 + SIGKILL);
    for (int i = 0; i < 3; i++)
        test_start(&c[i], TEST_ARGS("recover", "--traces-file", test_traces_file(), "--metrics-file",
                                    test_metrics_file()));
    for (int i = 0; i < 3; i++) {
        const char *rings;

        assert_int_equal(test_finish(&c[i]), 0);
        rings = strstr(c[i].err, "); ");
        if (rings)
            n_rings += atoi(rings + 3);
        else /* the others were faster */
            assert_non_null(strstr(c[i].err, "nothing to export"));
        test_command_free(&c[i]);
    }
    assert_int_equal(n_rings, 12);
    test_spans(test_traces_file(), &n);
    assert_int_equal(n, 12 * 6);
    assert_int_equal(test_directory_count(".ring") + test_directory_count(".fold"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_streaming_process_killed_at_200_random_moments_is_recovered, set_up),
        cmocka_unit_test_setup(a_crashed_call_is_in_no_metric_and_a_finished_one_is, set_up),
        cmocka_unit_test_setup(recovery_leaves_the_living_alone, set_up),
        cmocka_unit_test_setup(recoveries_at_once_share_the_work, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
