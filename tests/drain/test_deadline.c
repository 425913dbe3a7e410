/*
 * Flush and shutdown have deadlines, whatever an exporter does; and a drainer may go at any time without
 * losing anything, or exporting it twice (genspan/export.h).
 */
#include "exported.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <genspan/export.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/dump.h"

#define NEVER_MS 3600000
#define STOP_MS  30000

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    return 0;
}

/* A backend that takes connections, and never answers: nobody ever accepts them. */
static int never_answers(char url[64])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    snprintf(url, 64, "http://127.0.0.1:%d", ntohs(a.sin_port));
    return fd;
}

/* It would wait for an hour, were it not for the deadline. */
static gsp_drainer_options patient_options(const char *url)
{
    gsp_drainer_options o = test_file_options();

    o.traces_exporter = o.metrics_exporter = "otlp";
    o.endpoint = url;
    o.timeout_ms = NEVER_MS;
    return o;
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

static void a_flush_ends_by_its_deadline(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    char url[64];
    int fd = never_answers(url);
    gsp_drainer *d = start(r, patient_options(url));

    (void)state;
    test_record_calls(r, 3, NULL);
    assert_int_equal(gsp_drainer_flush(d, 100), GSP_ERR_TIMEOUT);
    assert_int_equal(gsp_drainer_flush(d, 0), GSP_ERR_TIMEOUT);
    assert_int_equal(gsp_drainer_stop(d, 100), GSP_ERR_TIMEOUT);
    close(fd);
    /* nothing is lost, nothing counted twice */
    assert_int_equal(test_count_records(gsp_recorder_path(r)), 6);
    test_drain_once(false);
    assert_int_equal(count_spans(), 6);
    assert_int_equal(test_metric(test_metrics_file(), "gen_ai.client.operation.duration", NULL, NULL), 3);
    gsp_recorder_close(r);
}

/* With a spool, what the backend does not take by the deadline is safe on disk: that is as good as sent. */
static void with_a_spool_a_flush_ends_well(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    char url[64], spool[300];
    int fd = never_answers(url);
    gsp_drainer_options o = patient_options(url);
    gsp_drainer *d;

    (void)state;
    snprintf(spool, sizeof spool, "%s/spool", test_directory());
    o.spool_directory = spool;
    d = start(r, o);
    test_record_calls(r, 3, NULL);
    assert_int_equal(gsp_drainer_stop(d, 100), GSP_OK);
    close(fd);
    assert_int_equal(test_count_records(gsp_recorder_path(r)), 0);
    gsp_recorder_close(r);
    assert_int_equal(test_directory_count(".ring") + test_directory_count(".fold"), 0);
}

/* A request that is under way already when the deadline is set: sent because it was time to. */
static void a_stop_ends_a_request_under_way(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    char url[64];
    int fd = never_answers(url);
    gsp_drainer_options o = patient_options(url);
    struct pollfd p = {fd, POLLIN, 0};
    gsp_drainer *d;

    (void)state;
    o.schedule_delay_ms = 1;
    d = start(r, o);
    test_record_calls(r, 1, NULL);
    assert_int_equal(poll(&p, 1, 30000), 1); /* it has connected */
    assert_int_equal(gsp_drainer_stop(d, 100), GSP_ERR_TIMEOUT);
    close(fd);
    test_drain_once(false);
    assert_int_equal(count_spans(), 2);
    gsp_recorder_close(r);
}

static gsp_recorder *kept_recorder; /* where the leak checker finds them */
static gsp_drainer *kept_drainer;

static int exit_with_a_backend_that_never_answers(void *url)
{
    gsp_drainer_options o = patient_options(url);

    o.exit_timeout_ms = 100;
    kept_recorder = test_recorder(NULL, 64 << 10);
    kept_drainer = start(kept_recorder, o);
    test_record_calls(kept_recorder, 3, NULL);
    exit(0);
}

static void exit_ends_by_its_deadline_and_loses_nothing(void **state)
{
    char url[64];
    int fd = never_answers(url);

    (void)state;
    assert_int_equal(test_in_child(exit_with_a_backend_that_never_answers, url), 0);
    close(fd);
    assert_int_equal(test_drain_once(true).n_crashed, 0);
    assert_int_equal(count_spans(), 6);
    assert_int_equal(test_metric(test_metrics_file(), "gen_ai.client.operation.duration", NULL, NULL), 3);
    assert_int_equal(test_directory_count(".ring") + test_directory_count(".fold"), 0);
}

/*
 * An exporter that blocks in a system call that no deadline reaches: a pipe that nobody reads.
 */

static int blocking_pipe(gsp_drainer_options *o, char path[300])
{
    int fd;

    snprintf(path, 300, "%s/pipe", test_directory());
    assert_int_equal(mkfifo(path, 0600), 0);
    fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_SETPIPE_SZ, 4096) >= 0);
    *o = test_file_options();
    o->traces_file = path;
    return fd;
}

/* Read the pipe, if there is one, until the ring is free for another drainer: the thread has come back and
 * gone. */
static bool wait_until_free(int fd, const char *ring)
{
    char room[65536];

    for (int i = 0; i < 3000; i++) {
        struct gsp__reader *reader;

        while (read(fd, room, sizeof room) > 0)
            ;
        if (gsp__reader_open(ring, GSP__READ_DRAIN, &reader, NULL) == GSP_OK) {
            gsp__reader_close(reader);
            return true;
        }
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    return false;
}

static void a_stop_does_not_wait_for_a_stuck_exporter(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 1 << 20);
    gsp_drainer_options o;
    gsp_drainer *d;
    char path[300];
    int fd = blocking_pipe(&o, path);

    (void)state;
    d = start(r, o);
    test_record_calls(r, 200, NULL); /* far more than the pipe holds */
    assert_int_equal(gsp_drainer_flush(d, 10), GSP_ERR_TIMEOUT);
    assert_int_equal(gsp_drainer_stop(d, 10), GSP_ERR_TIMEOUT);
    assert_true(wait_until_free(fd, gsp_recorder_path(r)));
    close(fd);
    gsp_recorder_close(r);
}

static int exit_with_a_stuck_exporter(void *arg)
{
    gsp_drainer_options o = *(gsp_drainer_options *)arg;

    o.exit_timeout_ms = 10;
    kept_recorder = test_recorder(NULL, 1 << 20);
    kept_drainer = start(kept_recorder, o);
    test_record_calls(kept_recorder, 200, NULL);
    exit(0);
}

static void exit_does_not_wait_for_a_stuck_exporter(void **state)
{
    gsp_drainer_options o;
    char path[300];
    int fd = blocking_pipe(&o, path);

    (void)state;
    assert_int_equal(test_in_child(exit_with_a_stuck_exporter, &o), 0);
    close(fd);
    assert_int_equal(test_drain_once(true).n_calls, 200);
    assert_int_equal(test_metric(test_metrics_file(), "gen_ai.client.operation.duration", NULL, NULL), 200);
}

/*
 * A ring that fills as fast as it is drained.
 */

static _Atomic bool records_on;

struct refill {
    gsp_recorder *recorder;
    int fd;
};

static void record(gsp_recorder *recorder, int n)
{
    while (n-- > 0)
        gsp_span_end(gsp_span_start(recorder, "x", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
}

/* For each batch that is exported, one record more: the ring never gets empty. */
static void *record_on_and_on(void *arg)
{
    struct refill *refill = arg;
    struct pollfd p = {refill->fd, POLLIN, 0};
    char room[4096];

    while (atomic_load(&records_on)) {
        ssize_t n = poll(&p, 1, 100) == 1 ? read(refill->fd, room, sizeof room) : 0;

        for (ssize_t i = 0; i < n; i++)
            record(refill->recorder, room[i] == '\n');
    }
    return NULL;
}

static void a_stop_ends_though_others_record_on_and_on(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 256 << 10);
    gsp_drainer_options o;
    struct refill refill = {.recorder = r};
    pthread_t thread;
    char path[300];
    gsp_drainer *d;
    bool is_free;

    (void)state;
    refill.fd = blocking_pipe(&o, path);
    o.metrics_exporter = "none";
    o.batch_max = 1; /* a line each */
    record(r, 200);
    d = start(r, o);
    atomic_store(&records_on, true);
    assert_int_equal(pthread_create(&thread, NULL, record_on_and_on, &refill), 0);
    assert_int_equal(gsp_drainer_flush(d, 100), GSP_ERR_TIMEOUT);
    assert_int_equal(gsp_drainer_stop(d, 100), GSP_ERR_TIMEOUT);
    is_free = wait_until_free(-1, gsp_recorder_path(r)); /* its thread has ended, the other is still at it */
    atomic_store(&records_on, false);
    pthread_join(thread, NULL);
    assert_true(is_free);
    close(refill.fd);
    gsp_recorder_close(r);
}

/*
 * Freed at any time.
 */

static void a_drainer_freed_with_a_batch_on_its_way_loses_nothing(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    char url[64];
    int fd = never_answers(url);
    struct gsp__drain_scope scope = {.directory = test_directory()};
    gsp_drainer_options o = patient_options(url);
    struct gsp__drainer *d;
    gsp_error err = {0};

    (void)state;
    o.batch_max = 4;
    for (int i = 1; i <= 3; i++) {
        test_record_calls(r, 5, NULL);
        assert_int_equal(gsp__drainer_new(&scope, &o, &d, &err), GSP_OK);
        assert_int_equal(gsp__drainer_flush(d, 1, false), GSP_ERR_TIMEOUT);
        gsp__drainer_free(d);
    }
    close(fd);
    assert_int_equal(gsp__drainer_new(&scope, &o, &d, &err), GSP_OK);
    gsp__drainer_free(d); /* nor one that never did anything */
    test_drain_once(false);
    assert_int_equal(count_spans(), 30);
    assert_int_equal(test_metric(test_metrics_file(), "gen_ai.client.operation.duration", NULL, NULL), 15);
    gsp_recorder_close(r);
}

static _Atomic int n_recorded;

static void *record_slowly(void *recorder)
{
    while (atomic_load(&records_on)) {
        gsp_span s = gsp_span_start(recorder, "x", NULL);

        gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
        if (s.id)
            atomic_fetch_add(&n_recorded, 1);
        nanosleep(&(struct timespec){0, 20000}, NULL);
    }
    return NULL;
}

/* Started and stopped over and over while the program records: each record is exported once. */
static void drainers_come_and_go_while_the_program_records(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 1 << 20);
    gsp_drainer_options o = test_file_options();
    const struct gsp__span_data *spans;
    pthread_t thread;
    int n;

    (void)state;
    o.schedule_delay_ms = 1;
    atomic_store(&records_on, true);
    atomic_store(&n_recorded, 0);
    assert_int_equal(pthread_create(&thread, NULL, record_slowly, r), 0);
    for (int i = 0; i < 40; i++)
        gsp_drainer_stop(start(r, o), i % 2 ? STOP_MS : 0);
    atomic_store(&records_on, false);
    pthread_join(thread, NULL);
    test_drain_once(false);
    assert_true(atomic_load(&n_recorded) > 0);
    spans = test_spans(test_traces_file(), &n);
    assert_int_equal(n, atomic_load(&n_recorded));
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            if (memcmp(spans[i].span_id, spans[k].span_id, 8) == 0)
                fail_msg("a span was exported twice");
    gsp_recorder_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_flush_ends_by_its_deadline, set_up),
        cmocka_unit_test_setup(with_a_spool_a_flush_ends_well, set_up),
        cmocka_unit_test_setup(a_stop_ends_a_request_under_way, set_up),
        cmocka_unit_test_setup(exit_ends_by_its_deadline_and_loses_nothing, set_up),
        cmocka_unit_test_setup(a_stop_does_not_wait_for_a_stuck_exporter, set_up),
        cmocka_unit_test_setup(exit_does_not_wait_for_a_stuck_exporter, set_up),
        cmocka_unit_test_setup(a_stop_ends_though_others_record_on_and_on, set_up),
        cmocka_unit_test_setup(a_drainer_freed_with_a_batch_on_its_way_loses_nothing, set_up),
        cmocka_unit_test_setup(drainers_come_and_go_while_the_program_records, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
