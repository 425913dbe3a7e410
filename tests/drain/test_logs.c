/*
 * Log records from the ring to a backend, beside the spans of their calls: what one signal's backend does not
 * take, or never answers, is neither lost nor does it make the other come again; also when the drainer is
 * killed meanwhile (design.md, "The ring": at least once, with stable ids; chunks are freed only when a
 * backend has acknowledged them or they are safe in the spool).
 *
 * The linker puts a function of ours in front of gsp__batch_add_call: here each call has one log record,
 * whatever its dialect says.
 */
#include "exported.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/warn.h"
#include "drain/channel.h"
#include "otlp/decode.h"
#include "support/backend.h"
#include "support/capture.h"
#include "support/dump.h"

#define CALLS    3
#define FLUSH_MS 30000

enum {
    TRACES,
    LOGS
};

static struct test_backend *backends[2];
static gsp_recorder *recorder;
static gsp_context wanted[CALLS];
static gsp_drainer_options options;
static char spool[300];

void __real_gsp__batch_add_call(struct gsp__batch *batch, const struct gsp__call *call,
                                const struct gsp__derived *derived, uint32_t n_records);
void __wrap_gsp__batch_add_call(struct gsp__batch *batch, const struct gsp__call *call,
                                const struct gsp__derived *derived, uint32_t n_records);

void __wrap_gsp__batch_add_call(struct gsp__batch *batch, const struct gsp__call *call,
                                const struct gsp__derived *derived, uint32_t n_records)
{
    struct gsp__log_data log = {.event_name = GSP__STRING("details"), .has_span_id = true};
    struct gsp__derived with_log = {derived->spans, derived->n_spans, &log, 1};

    memcpy(log.span_id, derived->spans[0].span_id, 8);
    log.time_unix_ns = derived->spans[0].end_unix_ns;
    __real_gsp__batch_add_call(batch, call, &with_log, n_records);
}

static int set_up(void **state)
{
    static const char *const keys[] = {"export-refused-traces", "export-refused-logs"};

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        gsp__warn_reset(keys[i]);
    test_clear_environment();
    test_directory_clear();
    snprintf(spool, sizeof spool, "%s/spool", test_directory());
    for (int i = 0; i < 2; i++)
        backends[i] = test_backend_start();
    setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", test_backend_url(backends[TRACES]), 1);
    setenv("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", test_backend_url(backends[LOGS]), 1);
    options = test_file_options();
    options.traces_exporter = options.logs_exporter = "otlp";
    setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "60000", 1);
    recorder = test_recorder(NULL, 64 << 10);
    test_record_calls(recorder, CALLS, wanted);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_recorder_close(recorder);
    for (int i = 0; i < 2; i++)
        test_backend_stop(backends[i]);
    test_clear_environment();
    return 0;
}

static void answer(int signal, struct test_answer a)
{
    test_backend_answer(backends[signal], &a, 1);
}

/* No answer, and 0.2 s of patience with that. */
static void fall_silent(int signal)
{
    setenv(signal == TRACES ? "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT" : "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "200",
           1);
    answer(signal, (struct test_answer){.stalls = true});
}

static void recover(int signal)
{
    setenv(signal == TRACES ? "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT" : "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "", 1);
    answer(signal, (struct test_answer){0});
}

static size_t count(int signal)
{
    return test_backend_count(backends[signal]);
}

static int n_records_left(void)
{
    return test_count_records(gsp_recorder_path(recorder));
}

static bool is_wanted(const uint8_t span_id[8])
{
    for (int i = 0; i < CALLS; i++)
        if (memcmp(wanted[i].span_id, span_id, 8) == 0)
            return true;
    return false;
}

static void is_text(struct gsp__string s, const char *expected)
{
    assert_int_equal(s.n, strlen(expected));
    assert_memory_equal(s.bytes, expected, s.n);
}

/* The scope is genspan, whatever the dialect; the schema is the dialect's. */
static void check_scope(const struct gsp__instrumentation_scope *scope, struct gsp__string schema_url)
{
    is_text(scope->name, "genspan");
    is_text(scope->version, gsp_version());
    is_text(schema_url, gsp__dialect_otel.schema_url);
}

/* How many of the recorded calls are in a request. Everything in it must be of one of them. */
static int calls_in(int signal, size_t i)
{
    const struct test_request *r = test_backend_request(backends[signal], i);
    struct gsp__arena arena;
    struct gsp__traces traces;
    struct gsp__logs logs;
    int n = 0;

    assert_true(gsp__arena_init(&arena, 1 << 20));
    if (signal == TRACES) {
        assert_int_equal(gsp__otlp_traces_from_pb(r->body, r->n_body, &arena, &traces, NULL), GSP_OK);
        check_scope(&traces.resources[0].scopes[0].scope, traces.resources[0].scopes[0].schema_url);
        for (uint32_t k = 0; k < traces.resources[0].scopes[0].n_spans; k++)
            n += is_wanted(traces.resources[0].scopes[0].spans[k].span_id);
    } else {
        assert_int_equal(gsp__otlp_logs_from_pb(r->body, r->n_body, &arena, &logs, NULL), GSP_OK);
        check_scope(&logs.resources[0].scopes[0].scope, logs.resources[0].scopes[0].schema_url);
        for (uint32_t k = 0; k < logs.resources[0].scopes[0].n_logs; k++) {
            assert_true(is_wanted(logs.resources[0].scopes[0].logs[k].span_id));
            n++;
        }
    }
    gsp__arena_deinit(&arena);
    return n;
}

/* All calls, and each once, in this request. */
static void check_request(int signal, size_t i)
{
    assert_int_equal(calls_in(signal, i), CALLS);
}

/*
 * Drainers.
 */

static struct gsp__drainer *new_drainer(void)
{
    struct gsp__drain_scope scope = {.directory = test_directory()};
    struct gsp__drainer *d;
    gsp_error err = {0};

    if (gsp__drainer_new(&scope, &options, &d, &err) != GSP_OK)
        fail_msg("drainer: %s", err.text);
    return d;
}

static struct gsp__drain_report drain_here(void)
{
    struct gsp__drainer *d = new_drainer();
    struct gsp__drain_report report;

    assert_int_equal(gsp__drainer_flush(d, FLUSH_MS, true), GSP_OK);
    report = *gsp__drainer_report(d);
    gsp__drainer_free(d);
    return report;
}

/* As long as it takes. */
static int drain_on_and_on(void *arg)
{
    struct gsp__drainer *d = new_drainer();

    (void)arg;
    while (gsp__drainer_flush(d, FLUSH_MS, true) != GSP_OK)
        ;
    gsp__drainer_free(d);
    return 0;
}

static int drain_and_be_killed(void *arg)
{
    struct gsp__drainer *d = new_drainer();

    (void)arg;
    if (gsp__drainer_flush(d, FLUSH_MS, true) == GSP_OK)
        raise(SIGKILL);
    return 1;
}

static pid_t start(int (*fn)(void *))
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(fn(NULL));
    return pid;
}

/* Until so many requests of a signal have come; 30 s at most. */
static void wait_for(int signal, size_t n)
{
    for (int ms = 0; count(signal) < n; ms += 5) {
        assert_true(ms < 30000);
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    }
}

static void kill_child(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(test_wait_child(pid), 1000 + SIGKILL);
}

static void both_signals_go_out_and_the_ring_is_empty(void **state)
{
    struct gsp__drain_report report = drain_here();
    char *metrics = test_read_file(test_metrics_file(), NULL), schema[200];

    (void)state;
    snprintf(schema, sizeof schema, "\"schemaUrl\":\"%s\"", gsp__dialect_otel.schema_url);
    assert_non_null(strstr(metrics, schema));
    free(metrics);
    assert_int_equal(count(TRACES), 1);
    assert_int_equal(count(LOGS), 1);
    check_request(TRACES, 0);
    check_request(LOGS, 0);
    assert_int_equal(n_records_left(), 0);
    assert_int_equal(report.n_exported, 2 * CALLS);
    assert_int_equal(report.n_logs_exported, CALLS);
}

/*
 * Each of these twice: `state` says which signal's backend is in trouble.
 */

/* The records stay until both are taken; what was taken is not sent again meanwhile, however long it lasts.
 */
static void what_never_answers_is_waited_for(void **state)
{
    int silent = *(const int *)*state, other = !silent;
    pid_t pid;

    fall_silent(silent);
    pid = start(drain_on_and_on);
    wait_for(silent, 2); /* it was given up and tried again */
    assert_int_equal(count(other), 1);
    assert_int_equal(n_records_left(), 2 * CALLS);
    recover(silent);
    assert_int_equal(test_wait_child(pid), 0);
    assert_int_equal(count(other), 1);
    check_request(other, 0);
    check_request(silent, count(silent) - 1);
    assert_int_equal(n_records_left(), 0);
}

/* The next drainer knows nothing of what was taken: all of it comes, under the ids it had. */
static void killed_while_it_waits_nothing_is_lost(void **state)
{
    int silent = *(const int *)*state, other = !silent;
    pid_t pid;

    fall_silent(silent);
    pid = start(drain_on_and_on);
    wait_for(silent, 1);
    wait_for(other, 1);
    kill_child(pid);
    assert_int_equal(n_records_left(), 2 * CALLS);
    recover(silent);
    drain_here();
    assert_int_equal(count(other), 2);
    check_request(other, 0);
    check_request(other, 1);
    check_request(silent, count(silent) - 1);
    assert_int_equal(n_records_left(), 0);
}

/* In the spool it is safe: the ring is free, and only what is in the spool is sent when the backend is back.
 */
static void the_spool_holds_what_was_not_taken_and_no_more(void **state)
{
    int away = *(const int *)*state, other = !away;
    struct gsp__drain_report report;
    pid_t pid;

    options.spool_directory = spool;
    answer(away, (struct test_answer){.status = 503});
    assert_int_equal(test_in_child(drain_and_be_killed, NULL), 1000 + SIGKILL);
    assert_int_equal(n_records_left(), 0);
    assert_int_equal(count(away), 1);

    fall_silent(away); /* killed in the middle of the replay */
    pid = start(drain_and_be_killed);
    wait_for(away, 2);
    kill_child(pid);

    recover(away);
    report = drain_here();
    assert_int_equal(count(away), 3);
    check_request(away, 2);
    drain_here();
    assert_int_equal(count(away), 3);
    assert_int_equal(count(other), 1);
    check_request(other, 0);
    assert_int_equal(report.n_calls, 0);
}

/* What is refused for good is lost, and told; the other signal is not. */
static void what_is_refused_is_lost_and_counted(void **state)
{
    int refused = *(const int *)*state, other = !refused;
    struct gsp__drain_report report;

    answer(refused, (struct test_answer){.status = 400});
    test_capture();
    report = drain_here();
    assert_int_equal(test_warnings(test_captured()), 1);
    assert_int_equal(n_records_left(), 0);
    assert_int_equal(count(refused), 1);
    assert_int_equal(count(other), 1);
    check_request(other, 0);
    assert_int_equal(report.n_rejected, refused == TRACES ? 2 * CALLS : 0);
    assert_int_equal(report.n_logs_rejected, refused == LOGS ? CALLS : 0);
    assert_int_equal(report.n_exported, refused == TRACES ? 0 : 2 * CALLS);
    assert_int_equal(report.n_logs_exported, refused == LOGS ? 0 : CALLS);
    assert_int_equal(test_metric(test_metrics_file(), "genspan.records.dropped", "genspan.reason",
                                 refused == LOGS ? "logs_rejected" : "rejected"),
                     refused == LOGS ? CALLS : 2 * CALLS);
}

int main(void)
{
    static int signals[] = {TRACES, LOGS};

#define EITHER(test)                                                                                         \
    cmocka_unit_test_prestate_setup_teardown(test, set_up, tear_down, &signals[TRACES]),                     \
        cmocka_unit_test_prestate_setup_teardown(test, set_up, tear_down, &signals[LOGS])

    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_signals_go_out_and_the_ring_is_empty, set_up, tear_down),
        EITHER(what_never_answers_is_waited_for),
        EITHER(killed_while_it_waits_nothing_is_lost),
        EITHER(the_spool_holds_what_was_not_taken_and_no_more),
        EITHER(what_is_refused_is_lost_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
