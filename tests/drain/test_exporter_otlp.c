/* The OTLP exporter: bodies that decode again, what is lost and counted, the spool behind it. */
#include "drain/exporting.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/warn.h"
#include "support/capture.h"

static struct test_backend *backend;
static struct test_exporting e;
static gsp_drainer_options options;
static char spool[300];

static int set_up(void **state)
{
    static const char *const keys[] = {
        "export-refused-traces", "export-partial-traces", "spool",
        "spool-damaged",         "spool-stuck",           "export-refused-metrics",
        "export-refused-logs",   "export-partial-logs"};

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        gsp__warn_reset(keys[i]);
    test_directory_clear();
    snprintf(spool, sizeof spool, "%s/spool", test_directory());
    backend = test_backend_start();
    options = (gsp_drainer_options)GSP_DRAINER_OPTIONS_INIT;
    options.endpoint = test_backend_url(backend);
    options.timeout_ms = 30000;
    options.spool_directory = spool;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_exporting_end(&e);
    test_backend_stop(backend);
    return 0;
}

static void start(void)
{
    test_exporting_start(&e, gsp__exporter_otlp, &options);
}

static void answer(struct test_answer a)
{
    static struct test_answer kept;

    kept = a;
    test_backend_answer(backend, &kept, 1);
}

/* The wait after a failure is over. */
static void wait_until_due(void)
{
    e.c.now_ns += (int64_t)301 * 1000000000;
}

static const char *events_sent(size_t i)
{
    const struct test_request *r = test_backend_request(backend, i);

    assert_string_equal(r->path, "/v1/logs");
    return test_events_in(r->body, r->n_body, strstr(test_request_header(r, "Content-Type"), "json") != NULL);
}

static const char *names_sent(size_t i)
{
    const struct test_request *r = test_backend_request(backend, i);

    assert_string_equal(r->path, "/v1/traces");
    return test_names_in(r->body, r->n_body, strstr(test_request_header(r, "Content-Type"), "json") != NULL);
}

static void check_counts(uint64_t exported, uint64_t spooled, uint64_t rejected)
{
    assert_int_equal(e.counts.n_exported, exported);
    assert_int_equal(e.counts.n_spooled, spooled);
    assert_int_equal(e.counts.n_rejected, rejected);
}

/* The only folder of the spool: that of the traces' endpoint. */
static const char *spool_folder(void)
{
    static char path[600];
    DIR *dir = opendir(spool);
    struct dirent *entry;

    path[0] = 0;
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            snprintf(path, sizeof path, "%s/%s", spool, entry->d_name);
    if (dir)
        closedir(dir);
    return path;
}

/* Protobuf is written from its end to its front, so the last call comes first: OTLP knows no order. */
static void bodies_decode_again(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const struct test_request *r;
        char *body;
        size_t n;

        options.protocol = i & 1 ? "http/json" : "http/protobuf";
        options.compression = i & 2 ? "gzip" : "none";
        start();
        assert_int_equal(test_export(&e, "one two three"), GSP__EXPORT_DONE);
        assert_int_equal(test_export_metrics(&e, 40 + i, false), GSP__EXPORT_DONE);
        check_counts(3, 0, 0);
        test_exporting_end(&e);
        for (size_t k = 0; k < 2; k++) {
            r = test_backend_request(backend, (size_t)i * 2 + k);
            assert_string_equal(test_request_header(r, "Content-Type"),
                                i & 1 ? "application/json" : "application/x-protobuf");
            body = i & 2 ? test_request_unpack(r, &n) : memcpy(malloc(r->n_body + 1), r->body, n = r->n_body);
            assert_string_equal(r->path, k ? "/v1/metrics" : "/v1/traces");
            if (k)
                assert_int_equal(test_value_in(body, n, i & 1), 40 + i);
            else
                assert_string_equal(test_names_in(body, n, i & 1), i & 1 ? "one two three" : "three two one");
            free(body);
        }
    }
}

static void check_log_counts(uint64_t exported, uint64_t spooled, uint64_t rejected)
{
    assert_int_equal(e.counts.n_logs_exported, exported);
    assert_int_equal(e.counts.n_logs_spooled, spooled);
    assert_int_equal(e.counts.n_logs_rejected, rejected);
}

/* Log records are a request of their own, after that of their spans; without any there is none. */
static void log_records_go_to_a_url_of_their_own(void **state)
{
    (void)state;
    for (int is_json = 0; is_json < 2; is_json++) {
        size_t first = test_backend_count(backend);

        options.protocol = is_json ? "http/json" : "http/protobuf";
        start();
        assert_int_equal(test_export(&e, "A b C"), GSP__EXPORT_DONE);
        assert_int_equal(test_backend_count(backend), first + 2);
        assert_string_equal(names_sent(first), is_json ? "A b C" : "C b A");
        assert_string_equal(events_sent(first + 1), is_json ? "A C" : "C A");
        assert_int_equal(test_export(&e, "d"), GSP__EXPORT_DONE);
        assert_int_equal(test_backend_count(backend), first + 3);
        assert_string_equal(names_sent(first + 2), "d");
        assert_int_equal(test_export(&e, "-E"), GSP__EXPORT_DONE);
        assert_int_equal(test_backend_count(backend), first + 4);
        assert_string_equal(events_sent(first + 3), "E");
        check_counts(4, 0, 0);
        check_log_counts(3, 0, 0);
        test_exporting_end(&e);
    }
}

static void signals_may_have_protocols_of_their_own(void **state)
{
    gsp_error err = {0};

    (void)state;
    test_channel_init(&e.c, &options);
    e.c.config.signals[GSP_SIGNAL_METRICS].is_json = true; /* as OTEL_EXPORTER_OTLP_METRICS_PROTOCOL does */
    e.c.config.signals[GSP_SIGNAL_LOGS].is_json = true;
    e.exporter = gsp__exporter_otlp(&e.c.context, &err);
    assert_non_null(e.exporter);
    assert_int_equal(test_export(&e, "A"), GSP__EXPORT_DONE);
    assert_int_equal(test_export_metrics(&e, 7, false), GSP__EXPORT_DONE);
    assert_string_equal(test_request_header(test_backend_request(backend, 0), "Content-Type"),
                        "application/x-protobuf");
    assert_string_equal(names_sent(0), "A");
    assert_string_equal(test_request_header(test_backend_request(backend, 1), "Content-Type"),
                        "application/json");
    assert_string_equal(events_sent(1), "A");
    assert_int_equal(
        test_value_in(test_backend_request(backend, 2)->body, test_backend_request(backend, 2)->n_body, true),
        7);
}

static void an_empty_batch_is_not_sent(void **state)
{
    (void)state;
    start();
    assert_int_equal(test_export(&e, ""), GSP__EXPORT_DONE);
    assert_int_equal(test_backend_count(backend), 0);
    options.traces_exporter = options.logs_exporter = "none";
    test_exporting_end(&e);
    start();
    assert_int_equal(test_export(&e, "A"), GSP__EXPORT_DONE); /* these signals are none of ours */
    assert_int_equal(test_backend_count(backend), 0);
    check_counts(0, 0, 0);
    check_log_counts(0, 0, 0);
    options.logs_exporter = "otlp";
    test_exporting_end(&e);
    start();
    assert_int_equal(test_export(&e, "A b"), GSP__EXPORT_DONE);
    assert_int_equal(test_backend_count(backend), 1);
    assert_string_equal(events_sent(0), "A");
    check_counts(0, 0, 0);
    check_log_counts(1, 0, 0);
}

/* What the backend did not take is counted as lost; it cannot lie about more than there was. */
static void partial_success_is_counted(void **state)
{
    static const struct {
        const char *rejected;
        uint64_t lost;
    } cases[] = {{"2", 2},
                 {"3", 3},
                 {"0", 0},
                 {"-4", 0},
                 {"1000000", 3},
                 {"9223372036854775807", 3},
                 {"-9223372036854775808", 0}};

    (void)state;
    test_capture();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[128];

        snprintf(body, sizeof body, "{\"partialSuccess\":{\"rejectedSpans\":\"%s\"}}", cases[i].rejected);
        answer((struct test_answer){.type = "application/json", .body = body});
        start();
        assert_int_equal(test_export(&e, "a b c"), GSP__EXPORT_DONE);
        check_counts(3 - cases[i].lost, 0, cases[i].lost);
        test_exporting_end(&e);
    }
    assert_int_equal(test_warnings(test_captured()), 1);
}

/* Of log records likewise, and apart from the records that their spans are of. */
static void log_records_that_are_refused_are_counted(void **state)
{
    static const struct test_answer scripts[][2] = {
        {{0}, {.type = "application/json", .body = "{\"partialSuccess\":{\"rejectedLogRecords\":\"1\"}}"}},
        {{0}, {.status = 400}},
        {{.status = 400}, {0}},
    };
    static const uint64_t lost[][2] = {{0, 1}, {0, 2}, {3, 0}}; /* records, log records */

    (void)state;
    test_capture();
    for (size_t i = 0; i < 3; i++) {
        start();
        test_backend_answer(backend, scripts[i], 2);
        assert_int_equal(test_export(&e, "A b C"), GSP__EXPORT_DONE);
        check_counts(3 - lost[i][0], 0, lost[i][0]);
        check_log_counts(2 - lost[i][1], 0, lost[i][1]);
        test_exporting_end(&e);
    }
    assert_int_equal(test_warnings(test_captured()), 3);
}

static void a_refused_batch_is_lost_and_counted(void **state)
{
    const char *text;

    (void)state;
    start();
    answer((struct test_answer){.status = 400});
    test_capture();
    for (int i = 0; i < 5; i++)
        assert_int_equal(test_export(&e, "a b"), GSP__EXPORT_DONE);
    text = test_captured();
    check_counts(0, 0, 10);
    assert_int_equal(test_warnings(text), 1);
    assert_string_equal(spool_folder(), "");
}

static void an_outage_goes_to_the_spool_and_comes_back_in_order(void **state)
{
    static const char *const names[] = {"first", "second", "third"};
    const char *text;

    (void)state;
    start();
    answer((struct test_answer){.status = 503, .retry_after = "10"});
    test_capture();
    for (int i = 0; i < 3; i++)
        assert_int_equal(test_export(&e, names[i]), GSP__EXPORT_DONE);
    assert_false(test_exporting_tick(&e));
    text = test_captured();
    assert_int_equal(test_warnings(text), 1);
    check_counts(0, 3, 0);
    assert_int_equal(test_backend_count(backend), 1); /* Retry-After holds for all */
    answer((struct test_answer){0});
    assert_false(test_exporting_tick(&e));
    assert_int_equal(test_backend_count(backend), 1);
    e.c.now_ns += (int64_t)10 * 1000000000;
    assert_true(test_exporting_tick(&e));
    assert_int_equal(test_backend_count(backend), 4);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(names_sent(i + 1), names[i]);
    assert_true(test_exporting_tick(&e));
    assert_int_equal(test_backend_count(backend), 4);
    check_counts(0, 3, 0);
}

/* The process that wrote it may be gone: the next one sends it, whatever its own protocol is. */
static void the_spool_outlives_the_process(void **state)
{
    (void)state;
    options.protocol = "http/json";
    start();
    answer((struct test_answer){.status = 503});
    test_capture();
    assert_int_equal(test_export(&e, "a b"), GSP__EXPORT_DONE);
    test_captured();
    test_exporting_end(&e);
    answer((struct test_answer){0});
    options.protocol = "http/protobuf";
    options.compression = "gzip";
    start();
    assert_true(test_exporting_tick(&e));
    assert_string_equal(test_request_header(test_backend_request(backend, 1), "Content-Type"),
                        "application/json");
    assert_string_equal(test_request_header(test_backend_request(backend, 1), "Content-Encoding"), "gzip");
}

/* A batch that is being replayed when the backend goes again stays. */
static void replay_stops_where_the_backend_does(void **state)
{
    static const struct test_answer script[] = {{.status = 503}, {0}, {.status = 503}, {0}};

    (void)state;
    start();
    test_backend_answer(backend, script, 1);
    test_capture();
    assert_int_equal(test_export(&e, "a"), GSP__EXPORT_DONE);
    assert_int_equal(test_export(&e, "b"), GSP__EXPORT_DONE);
    assert_int_equal(test_export(&e, "c"), GSP__EXPORT_DONE);
    wait_until_due();
    test_backend_answer(backend, script + 1, 3);
    while (test_backend_count(backend) < 3) { /* a is taken, b is not */
        wait_until_due();
        assert_false(test_exporting_tick(&e));
    }
    wait_until_due();
    assert_true(test_exporting_tick(&e));
    test_captured();
    assert_string_equal(names_sent(test_backend_count(backend) - 2), "b");
    assert_string_equal(names_sent(test_backend_count(backend) - 1), "c");
}

/*
 * A signal whose backend is away waits alone. The other's part of the batch is not sent again, with a spool
 * or without one, and the backend that comes back gets what it missed once.
 */
static void what_one_signal_has_sent_waits_for_the_other_and_is_not_sent_again(void **state)
{
    static const struct test_answer logs_away[] = {{0}, {.status = 503}},
                                    traces_away[] = {{.status = 503}, {0}};

    (void)state;
    for (int i = 0; i < 4; i++) {
        bool is_logs_away = i & 1, has_spool = i & 2;
        size_t first = test_backend_count(backend);

        options.spool_directory = has_spool ? spool : "-";
        start();
        test_backend_answer(backend, is_logs_away ? logs_away : traces_away, 2);
        test_capture();
        assert_int_equal(test_export(&e, "A b"), has_spool ? GSP__EXPORT_DONE : GSP__EXPORT_WAIT);
        for (int k = 0; k < 3; k++) /* not due yet: nothing is asked */
            assert_int_equal(test_exporting_commit(&e), has_spool ? GSP__EXPORT_DONE : GSP__EXPORT_WAIT);
        assert_int_equal(test_warnings(test_captured()), 1);
        assert_int_equal(test_backend_count(backend), first + 2);
        check_counts(is_logs_away ? 2 : 0, !is_logs_away && has_spool ? 2 : 0, 0);
        check_log_counts(!is_logs_away, is_logs_away && has_spool, 0);
        answer((struct test_answer){0});
        wait_until_due();
        assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_DONE);
        assert_true(test_exporting_tick(&e));
        assert_int_equal(test_backend_count(backend), first + 3);
        assert_string_equal(is_logs_away ? events_sent(first + 2) : names_sent(first + 2),
                            is_logs_away ? "A" : "b A");
        test_exporting_end(&e);
    }
}

/* A spool that is full for one signal does not keep the other's away from its own. */
static void each_signal_has_its_own_room_in_the_spool(void **state)
{
    (void)state;
    options.spool_bytes = 400;
    start();
    answer((struct test_answer){.status = 503});
    test_capture();
    assert_int_equal(test_export(&e, "a-name-that-takes-some-room-a-name-that-takes-some-room -B"),
                     GSP__EXPORT_DONE);
    assert_int_equal(test_export(&e, "a-name-that-takes-some-room-a-name-that-takes-some-room -C"),
                     GSP__EXPORT_WAIT);
    test_captured();
    check_counts(0, 1, 0);
    check_log_counts(0, 2, 0);
}

/* Refused after all: the records had been given up to the spool, so here is the only place to count them. */
static void what_is_refused_on_replay_is_counted(void **state)
{
    (void)state;
    start();
    answer((struct test_answer){.status = 503});
    test_capture();
    assert_int_equal(test_export(&e, "a b c"), GSP__EXPORT_DONE);
    answer((struct test_answer){.status = 413});
    wait_until_due();
    assert_true(test_exporting_tick(&e) || test_exporting_tick(&e));
    check_counts(0, 3, 3);
    answer((struct test_answer){.status = 503});
    assert_int_equal(test_export(&e, "-A -B"), GSP__EXPORT_DONE);
    answer((struct test_answer){.status = 413});
    wait_until_due();
    assert_true(test_exporting_tick(&e) || test_exporting_tick(&e));
    test_captured();
    check_counts(0, 3, 3);
    check_log_counts(0, 2, 2);
}

static void a_damaged_file_of_the_spool_is_counted(void **state)
{
    char path[800];

    (void)state;
    start();
    answer((struct test_answer){.status = 503});
    test_capture();
    assert_int_equal(test_export(&e, "a"), GSP__EXPORT_DONE);
    snprintf(path, sizeof path, "%s/00000000000000000001-1-000000.traces", spool_folder());
    test_write_file(path, "GSPSPL1", 8);
    answer((struct test_answer){0});
    wait_until_due();
    while (!test_exporting_tick(&e))
        ;
    assert_int_equal(test_warnings(test_captured()), 2); /* the outage, the damage */
    assert_int_equal(e.counts.n_damaged, 1);
    assert_string_equal(names_sent(1), "a");
    assert_int_equal(access(path, F_OK), -1);
}

/* A full spool: the records wait in the ring, and are sent when the backend is back. */
static void a_full_spool_makes_the_ring_wait(void **state)
{
    const char *text;

    (void)state;
    options.spool_bytes = 100;
    start();
    answer((struct test_answer){.status = 503});
    test_capture();
    assert_int_equal(test_export(&e, "a-name-that-takes-some-room a-name-that-takes-some-room"),
                     GSP__EXPORT_WAIT);
    for (int i = 0; i < 5; i++) {
        wait_until_due();
        assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_WAIT);
    }
    text = test_captured();
    assert_int_equal(test_warnings(text), 2);
    assert_non_null(strstr(text, "GENSPAN_SPOOL_BYTES"));
    check_counts(0, 0, 0);
    answer((struct test_answer){0});
    wait_until_due();
    assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_DONE);
    check_counts(2, 0, 0);
}

static void without_a_spool_the_ring_waits(void **state)
{
    (void)state;
    options.spool_directory = "-";
    start();
    answer((struct test_answer){.status = 503});
    test_capture();
    assert_int_equal(test_export(&e, "a"), GSP__EXPORT_WAIT);
    assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_WAIT); /* not due: not even asked */
    assert_int_equal(test_backend_count(backend), 1);
    assert_int_equal(test_warnings(test_captured()), 1);
    assert_true(test_exporting_tick(&e));
    answer((struct test_answer){0});
    wait_until_due();
    assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_DONE);
    assert_string_equal(names_sent(1), "a");
}

/* A folder that cannot be made: a file stands where it should be. One warning, nothing lost. */
static void a_spool_that_cannot_be_made_is_one_warning(void **state)
{
    const char *text;

    (void)state;
    test_write_file(spool, "in the way", 10);
    start();
    answer((struct test_answer){.status = 503});
    test_capture();
    assert_int_equal(test_export(&e, "a"), GSP__EXPORT_WAIT);
    for (int i = 0; i < 5; i++) {
        wait_until_due();
        assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_WAIT);
    }
    text = test_captured();
    assert_int_equal(test_warnings(text), 2);
    assert_non_null(strstr(text, "GENSPAN_SPOOL_DIR"));
}

/* Cumulative metrics are sent anew anyway: they go to the spool only when there is no next time. */
static void metrics_are_spooled_only_when_they_must_be_kept(void **state)
{
    const struct test_request *r;

    (void)state;
    start();
    answer((struct test_answer){.status = 503});
    test_capture();
    assert_int_equal(test_export_metrics(&e, 1, false), GSP__EXPORT_WAIT);
    assert_string_equal(spool_folder(), "");
    assert_int_equal(test_export_metrics(&e, 2, true), GSP__EXPORT_DONE);
    assert_string_not_equal(spool_folder(), "");
    answer((struct test_answer){0});
    wait_until_due();
    assert_true(test_exporting_tick(&e));
    test_captured();
    r = test_backend_request(backend, test_backend_count(backend) - 1);
    assert_string_equal(r->path, "/v1/metrics");
    assert_int_equal(test_value_in(r->body, r->n_body, false), 2);
}

/* No call may stand in the way of all others: what fits into no body is dropped and counted. */
static void a_call_too_large_for_any_body_is_dropped(void **state)
{
    static const size_t sizes[] = {((size_t)64 << 20) - 1000, ((size_t)64 << 20) - 50, (size_t)65 << 20};

    (void)state;
    for (int is_json = 0; is_json < 2; is_json++) {
        options.protocol = is_json ? "http/json" : "http/protobuf";
        start();
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(test_export_large(&e, sizes[i]), GSP__EXPORT_DONE);
        check_counts(0, 0, 3);
        assert_int_equal(test_export(&e, "after"), GSP__EXPORT_DONE);
        test_exporting_end(&e);
        assert_string_equal(names_sent((size_t)is_json), "after");
    }
}

static void a_log_record_too_large_for_any_body_is_dropped(void **state)
{
    (void)state;
    for (int is_json = 0; is_json < 2; is_json++) {
        options.protocol = is_json ? "http/json" : "http/protobuf";
        start();
        assert_int_equal(test_export_large_log(&e, (size_t)64 << 20), GSP__EXPORT_DONE);
        check_counts(1, 0, 0); /* its span is no larger for it */
        check_log_counts(0, 0, 1);
        assert_int_equal(test_export_large_log(&e, (size_t)9 << 20), GSP__EXPORT_DONE);
        check_log_counts(1, 0, 1);
        test_exporting_end(&e);
    }
}

static void a_batch_of_large_log_records_is_ripe(void **state)
{
    static char text[60 << 10];
    struct gsp__log_data log = {.body = {.type = GSP__VALUE_STRING, .u = {.string = {text, sizeof text}}}};
    int n = 0;

    (void)state;
    start();
    test_exporting_add(&e, "");
    for (; !e.exporter->ops->is_ripe(e.exporter); n++)
        e.exporter->ops->add(e.exporter, NULL, &(struct gsp__derived){.logs = &log, .n_logs = 1}, 1);
    assert_in_range(n, 60, 75); /* 4 MiB */
    assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_DONE);
    check_log_counts((uint64_t)n, 0, 0);
}

static void a_large_call_is_sent(void **state)
{
    (void)state;
    options.compression = "gzip";
    start();
    assert_int_equal(test_export_large(&e, (size_t)9 << 20), GSP__EXPORT_DONE);
    check_counts(1, 0, 0);
    assert_string_equal(test_request_header(test_backend_request(backend, 0), "Content-Encoding"), "gzip");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bodies_decode_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(log_records_go_to_a_url_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(signals_may_have_protocols_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_batch_is_not_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(partial_success_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(log_records_that_are_refused_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_batch_is_lost_and_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_outage_goes_to_the_spool_and_comes_back_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_spool_outlives_the_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replay_stops_where_the_backend_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_one_signal_has_sent_waits_for_the_other_and_is_not_sent_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_signal_has_its_own_room_in_the_spool, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_refused_on_replay_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file_of_the_spool_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_spool_makes_the_ring_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_spool_the_ring_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_spool_that_cannot_be_made_is_one_warning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metrics_are_spooled_only_when_they_must_be_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_too_large_for_any_body_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_log_record_too_large_for_any_body_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_of_large_log_records_is_ripe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_call_is_sent, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
