/* The file exporter: OTLP JSON lines, whole or not at all. And whose counts a batch has. */
#include "drain/exporting.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/warn.h"
#include "drain/batch.h"
#include "support/capture.h"

static struct test_exporting e;
static gsp_drainer_options options;
static char traces[300], metrics[300], logs[300];

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    snprintf(traces, sizeof traces, "%s/traces.jsonl", test_directory());
    snprintf(metrics, sizeof metrics, "%s/metrics.jsonl", test_directory());
    snprintf(logs, sizeof logs, "%s/logs.jsonl", test_directory());
    gsp__warn_reset("/dev/full");
    gsp__warn_reset(traces);
    options = (gsp_drainer_options)GSP_DRAINER_OPTIONS_INIT;
    options.traces_exporter = options.metrics_exporter = options.logs_exporter = "file";
    options.traces_file = traces;
    options.metrics_file = metrics;
    options.logs_file = logs;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_exporting_end(&e);
    return 0;
}

static void start(void)
{
    test_exporting_start(&e, gsp__exporter_file, &options);
}

/* The n-th line of a file, without its end; "" after the last. Fails if the last one has no end. */
static const char *line_of(const char *path, int n)
{
    static char *text;
    char *line, *end;
    size_t size;

    free(text);
    text = test_read_file(path, &size);
    assert_true(size == 0 || text[size - 1] == '\n');
    for (line = text; n > 0 && *line; n--)
        line = strchr(line, '\n') + 1;
    end = strchr(line, '\n');
    if (end)
        *end = 0;
    return line;
}

static void check_names(int line, const char *names)
{
    const char *text = line_of(traces, line);

    assert_string_equal(test_names_in(text, strlen(text), true), names);
}

static void a_batch_is_a_line(void **state)
{
    const char *text;

    (void)state;
    start();
    assert_int_equal(test_export(&e, "a b"), GSP__EXPORT_DONE);
    assert_int_equal(test_export(&e, "c"), GSP__EXPORT_DONE);
    assert_int_equal(test_export_metrics(&e, 5, false), GSP__EXPORT_DONE);
    check_names(0, "a b");
    check_names(1, "c");
    assert_string_equal(line_of(traces, 2), "");
    text = line_of(metrics, 0);
    assert_int_equal(test_value_in(text, strlen(text), true), 5);
    assert_int_equal(e.counts.n_exported, 3);
}

/* Log records have lines in a file of their own; a batch without any has none there. */
static void log_records_are_lines_of_their_own(void **state)
{
    const char *text;

    (void)state;
    start();
    assert_int_equal(test_export(&e, "A b C"), GSP__EXPORT_DONE);
    assert_int_equal(test_export(&e, "d"), GSP__EXPORT_DONE);
    assert_int_equal(test_export(&e, "-E"), GSP__EXPORT_DONE);
    check_names(0, "A b C");
    check_names(1, "d");
    assert_string_equal(line_of(traces, 2), "");
    text = line_of(logs, 0);
    assert_string_equal(test_events_in(text, strlen(text), true), "A C");
    text = line_of(logs, 1);
    assert_string_equal(test_events_in(text, strlen(text), true), "E");
    assert_string_equal(line_of(logs, 2), "");
    assert_int_equal(e.counts.n_exported, 4);
    assert_int_equal(e.counts.n_logs_exported, 3);
}

/* What is on disk is not written again because the other signal's disk is full. */
static void a_full_disk_of_one_signal_holds_up_that_one_alone(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    for (int is_logs_full = 0; is_logs_full < 2; is_logs_full++) {
        const char *text, *good = is_logs_full ? traces : logs;

        gsp__warn_reset("/dev/full");
        options.traces_file = is_logs_full ? traces : "/dev/full";
        options.logs_file = is_logs_full ? "/dev/full" : logs;
        start();
        test_capture();
        assert_int_equal(test_export(&e, "A"), GSP__EXPORT_WAIT);
        for (int i = 0; i < 5; i++)
            assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_WAIT);
        assert_int_equal(test_warnings(test_captured()), 1);
        assert_int_equal(e.counts.n_exported, is_logs_full);
        assert_int_equal(e.counts.n_logs_exported, !is_logs_full);
        text = line_of(good, 0);
        assert_string_equal(is_logs_full ? test_names_in(text, strlen(text), true)
                                         : test_events_in(text, strlen(text), true),
                            "A");
        assert_string_equal(line_of(good, 1), "");
        test_exporting_end(&e);
    }
}

static void an_empty_batch_is_no_line(void **state)
{
    (void)state;
    start();
    assert_int_equal(test_export(&e, ""), GSP__EXPORT_DONE);
    assert_string_equal(line_of(traces, 0), "");
    assert_true(test_exporting_tick(&e));
}

static void lines_are_added_to_what_is_there(void **state)
{
    struct test_exporting second;

    (void)state;
    test_write_file(traces, "{\"mine\":1}\n", 11);
    start();
    assert_int_equal(test_export(&e, "a"), GSP__EXPORT_DONE);
    test_exporting_start(&second, gsp__exporter_file, &options); /* two at once, as two processes */
    assert_int_equal(test_export(&second, "b"), GSP__EXPORT_DONE);
    assert_int_equal(test_export(&e, "c"), GSP__EXPORT_DONE);
    test_exporting_end(&second);
    assert_string_equal(line_of(traces, 0), "{\"mine\":1}");
    check_names(1, "a");
    check_names(2, "b");
    check_names(3, "c");
}

/* One signal alone opens no file for the other. */
static void a_signal_that_goes_elsewhere_has_no_file(void **state)
{
    (void)state;
    options.metrics_exporter = "none";
    start();
    assert_int_equal(test_export_metrics(&e, 5, true), GSP__EXPORT_DONE);
    assert_int_equal(access(metrics, F_OK), -1);
    test_exporting_end(&e);
    options.metrics_exporter = "file";
    options.traces_exporter = "none";
    start();
    assert_int_equal(test_export(&e, "A"), GSP__EXPORT_DONE);
    assert_int_equal(e.counts.n_exported, 0);
    assert_int_equal(e.counts.n_logs_exported, 1);
    test_exporting_end(&e);
    assert_int_equal(unlink(logs), 0);
    options.traces_exporter = "file";
    options.logs_exporter = "none";
    start();
    assert_int_equal(test_export(&e, "A"), GSP__EXPORT_DONE);
    assert_int_equal(access(logs, F_OK), -1);
    assert_int_equal(e.counts.n_exported, 1);
    assert_int_equal(e.counts.n_logs_exported, 0);
}

static void a_full_disk_is_one_warning_and_loses_nothing(void **state)
{
    const char *text;

    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    options.traces_file = options.metrics_file = "/dev/full";
    start();
    test_capture();
    assert_int_equal(test_export(&e, "a"), GSP__EXPORT_WAIT);
    for (int i = 0; i < 5; i++)
        assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_WAIT);
    assert_int_equal(test_export_metrics(&e, 5, false), GSP__EXPORT_WAIT);
    text = test_captured();
    assert_int_equal(test_warnings(text), 1);
    assert_non_null(strstr(text, "/dev/full cannot be written (GSP_ERR_NO_SPACE)"));
    assert_int_equal(e.counts.n_exported, 0);
}

/* The disk fills up in the middle of a line, and has room again: no half line stays. */
static void a_line_is_written_whole_or_not_at_all(void **state)
{
    struct rlimit before, small;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
    struct stat st;
    off_t size;

    (void)state;
    start();
    assert_int_equal(test_export(&e, "first"), GSP__EXPORT_DONE);
    assert_int_equal(stat(traces, &st), 0);
    size = st.st_size;
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){.rlim_cur = (rlim_t)size + 20, .rlim_max = before.rlim_max};
    sigaction(SIGXFSZ, &ignore, &old);
    test_capture();
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(test_export(&e, "second"), GSP__EXPORT_WAIT);
    assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_WAIT);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(test_warnings(test_captured()), 1);
    assert_int_equal(stat(traces, &st), 0);
    assert_int_equal(st.st_size, size);
    assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_DONE);
    check_names(0, "first");
    check_names(1, "second");
    assert_string_equal(line_of(traces, 2), "");
    test_capture(); /* once it went well, the next time is told again */
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(test_export(&e, "third"), GSP__EXPORT_WAIT);
    setrlimit(RLIMIT_FSIZE, &before);
    sigaction(SIGXFSZ, &old, NULL);
    assert_int_equal(test_warnings(test_captured()), 1);
}

static void a_path_that_cannot_be_written_is_told_at_once(void **state)
{
    static const char *const paths[] = {"/nowhere/at/all.jsonl", "/", "/proc/version/x"};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct gsp__exporter *exporter;
        gsp_error err = {0};

        options.traces_file = paths[i];
        test_channel_init(&e.c, &options);
        exporter = gsp__exporter_file(&e.c.context, &err);
        assert_null(exporter);
        assert_int_equal(err.code, GSP_ERR_IO);
        assert_non_null(strstr(err.text, "file"));
    }
}

/*
 * A line has a ceiling; what does not fit is dropped and counted, and the next one is written. To the byte: a
 * call that fits while the end of its line does not would stand in the way of all others for ever.
 */
static void a_call_too_large_for_a_line_is_dropped(void **state)
{
    size_t fits = (size_t)63 << 20, too_large = (size_t)64 << 20;

    (void)state;
    options.traces_file = "/dev/null";
    start();
    while (too_large - fits > 1) {
        size_t n_bytes = fits + (too_large - fits) / 2;

        e.counts = (struct gsp__export_counts){0};
        assert_int_equal(test_export_large(&e, n_bytes), GSP__EXPORT_DONE);
        assert_int_equal(e.counts.n_exported + e.counts.n_rejected, 1);
        if (e.counts.n_exported)
            fits = n_bytes;
        else
            too_large = n_bytes;
    }
    test_exporting_end(&e);
    options.traces_file = traces;
    start();
    assert_int_equal(test_export_large(&e, too_large), GSP__EXPORT_DONE);
    assert_int_equal(test_export(&e, "after"), GSP__EXPORT_DONE);
    check_names(0, "after");
}

static void put_call(struct gsp__batch *batch)
{
    static const struct gsp__export_origin origin;
    static struct gsp__span_data span = {.trace_id = {1}, .span_id = {1}, .name = {"s", 1}};
    static struct gsp__log_data log[3];

    gsp__batch_begin(batch, NULL, &origin);
    gsp__batch_add_call(batch, NULL, &(struct gsp__derived){&span, 1, log, 3}, 2);
}

/* Records are counted by the first exporter that takes traces, not by one that only takes metrics; log
 * records by the first that takes logs. */
static void a_batch_counts_as_the_first_exporter_of_traces_does(void **state)
{
    static const struct {
        const char *traces, *metrics, *logs;
        uint64_t expected, expected_logs;
    } cases[] = {{"file", "otlp", "none", 2, 0},
                 {"file", "console,otlp", "memory", 2, 3},
                 {"file,memory", "otlp,file", "memory,file", 2, 3},
                 {"memory", "file", "file", 2, 3},
                 {"file", "file", "console", 2, 0},
                 {"none", "file", "memory", 0, 3},
                 {"memory,file", "none", "console,file", 2, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gsp__export_counts counts = {0};
        static struct gsp__batch batch;
        gsp_error err = {0};

        options.traces_exporter = cases[i].traces;
        options.metrics_exporter = cases[i].metrics;
        options.logs_exporter = cases[i].logs;
        options.spool_directory = "-";
        test_channel_init(&e.c, &options);
        assert_int_equal(gsp__batch_init(&batch, &e.c.config, &err), GSP_OK);
        put_call(&batch);
        assert_true(gsp__batch_commit(&batch, &counts));
        if (counts.n_exported != cases[i].expected || counts.n_logs_exported != cases[i].expected_logs)
            fail_msg("%s, %s, %s: %d, %d", cases[i].traces, cases[i].metrics, cases[i].logs,
                     (int)counts.n_exported, (int)counts.n_logs_exported);
        gsp__batch_deinit(&batch);
    }
}

/* While one exporter waits the batch does, and those that are done do not get it twice. */
static void a_batch_waits_for_its_last_exporter(void **state)
{
    struct gsp__export_counts counts = {0};
    static struct gsp__batch batch;
    gsp_error err = {0};
    size_t n_bytes;
    void *bytes;

    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    options.traces_exporter = "file,memory";
    options.metrics_exporter = options.logs_exporter = "none";
    options.traces_file = "/dev/full";
    test_channel_init(&e.c, &options);
    assert_int_equal(gsp__batch_init(&batch, &e.c.config, &err), GSP_OK);
    put_call(&batch);
    test_capture();
    for (int i = 0; i < 3; i++)
        assert_false(gsp__batch_commit(&batch, &counts));
    test_captured();
    assert_int_equal(gsp__exporter_memory_take(batch.exporters[1], GSP_SIGNAL_TRACES, &bytes, &n_bytes),
                     GSP_OK);
    assert_non_null(bytes);
    free(bytes);
    assert_false(gsp__batch_commit(&batch, &counts));
    assert_int_equal(gsp__exporter_memory_take(batch.exporters[1], GSP_SIGNAL_TRACES, &bytes, &n_bytes),
                     GSP_OK);
    assert_null(bytes);
    assert_int_equal(counts.n_exported, 0);
    gsp__batch_deinit(&batch);
}

/* Log records went out while their spans wait: they are counted when they go, and once. */
static void what_is_done_is_counted_though_the_rest_waits(void **state)
{
    struct gsp__export_counts counts = {0};
    static struct gsp__batch batch;
    gsp_error err = {0};

    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    options.metrics_exporter = "none";
    options.traces_file = "/dev/full";
    test_channel_init(&e.c, &options);
    assert_int_equal(gsp__batch_init(&batch, &e.c.config, &err), GSP_OK);
    put_call(&batch);
    test_capture();
    for (int i = 0; i < 3; i++)
        assert_false(gsp__batch_commit(&batch, &counts));
    test_captured();
    assert_int_equal(counts.n_exported, 0);
    assert_int_equal(counts.n_logs_exported, 3);
    gsp__batch_deinit(&batch);
}

static int end_lines(void **state)
{
    (void)state;
    test_write_file(traces, "", 0);
    line_of(traces, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_is_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(log_records_are_lines_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_of_one_signal_holds_up_that_one_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_batch_is_no_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_are_added_to_what_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signal_that_goes_elsewhere_has_no_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_one_warning_and_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_is_written_whole_or_not_at_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_path_that_cannot_be_written_is_told_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_too_large_for_a_line_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_counts_as_the_first_exporter_of_traces_does, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_batch_waits_for_its_last_exporter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_done_is_counted_though_the_rest_waits, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, end_lines);
}
