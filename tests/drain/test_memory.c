/* The memory exporter: what goes in comes out once; bounded. */
#include "drain/exporting.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <genspan/export.h>

#define HELD_MAX ((size_t)16 << 20)

static struct test_exporting e;
static gsp_drainer_options options;

static int set_up(void **state)
{
    (void)state;
    options = (gsp_drainer_options)GSP_DRAINER_OPTIONS_INIT;
    options.traces_exporter = options.metrics_exporter = options.logs_exporter = "memory";
    test_exporting_start(&e, gsp__exporter_memory, &options);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_exporting_end(&e);
    return 0;
}

static size_t take(gsp_signal signal, void **out)
{
    size_t n = 1;

    assert_int_equal(gsp__exporter_memory_take(e.exporter, signal, out, &n), GSP_OK);
    assert_int_equal(*out != NULL, n > 0);
    return n;
}

/* Batches joined are one message still: what is repeated in protobuf may simply be put together. */
static void batches_come_out_as_one_message(void **state)
{
    void *bytes;
    size_t n;

    (void)state;
    assert_int_equal(test_export(&e, "a"), GSP__EXPORT_DONE);
    assert_int_equal(test_export(&e, "b"), GSP__EXPORT_DONE);
    assert_int_equal(test_export_metrics(&e, 9, false), GSP__EXPORT_DONE);
    assert_int_equal(e.counts.n_exported, 2);
    n = take(GSP_SIGNAL_TRACES, &bytes);
    assert_string_equal(test_names_in(bytes, n, false), "a b");
    free(bytes);
    n = take(GSP_SIGNAL_METRICS, &bytes);
    assert_int_equal(test_value_in(bytes, n, false), 9);
    free(bytes);
}

static void log_records_are_a_message_of_their_own(void **state)
{
    void *bytes;
    size_t n;

    (void)state;
    assert_int_equal(test_export(&e, "A b"), GSP__EXPORT_DONE);
    assert_int_equal(test_export(&e, "-C"), GSP__EXPORT_DONE);
    assert_int_equal(e.counts.n_exported, 2);
    assert_int_equal(e.counts.n_logs_exported, 2);
    n = take(GSP_SIGNAL_LOGS, &bytes);
    assert_string_equal(test_events_in(bytes, n, false), "A C");
    free(bytes);
    n = take(GSP_SIGNAL_TRACES, &bytes);
    assert_string_equal(test_names_in(bytes, n, false), "b A");
    free(bytes);
    assert_int_equal(take(GSP_SIGNAL_LOGS, &bytes), 0);
}

/* One signal's memory is full: the batch waits, and what the other holds is not held twice. */
static void a_full_memory_of_logs_holds_up_logs_alone(void **state)
{
    void *bytes;
    size_t n;

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(test_export_large_log(&e, (size_t)3 << 20), GSP__EXPORT_DONE);
    assert_int_equal(test_export_large_log(&e, (size_t)3 << 20), GSP__EXPORT_WAIT);
    for (int i = 0; i < 3; i++)
        assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_WAIT);
    assert_int_equal(e.counts.n_exported, 6);
    assert_int_equal(e.counts.n_logs_exported, 5);
    n = take(GSP_SIGNAL_TRACES, &bytes);
    assert_string_equal(test_names_in(bytes, n, false), "large large large large large large");
    free(bytes);
    n = take(GSP_SIGNAL_LOGS, &bytes);
    assert_in_range(n, (size_t)15 << 20, HELD_MAX);
    free(bytes);
    assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_DONE);
    n = take(GSP_SIGNAL_LOGS, &bytes);
    assert_string_equal(test_events_in(bytes, n, false), "large");
    free(bytes);
    assert_int_equal(take(GSP_SIGNAL_TRACES, &bytes), 0);
    assert_int_equal(e.counts.n_exported, 6);
    assert_int_equal(e.counts.n_logs_exported, 6);
}

static void a_log_record_too_large_for_a_batch_is_dropped(void **state)
{
    size_t n;
    void *bytes;

    (void)state;
    assert_int_equal(test_export_large_log(&e, (size_t)4 << 20), GSP__EXPORT_DONE);
    assert_int_equal(e.counts.n_logs_rejected, 1);
    assert_int_equal(e.counts.n_exported, 1); /* its span is no larger for it */
    assert_int_equal(e.counts.n_rejected, 0);
    assert_int_equal(test_export(&e, "After"), GSP__EXPORT_DONE);
    n = take(GSP_SIGNAL_LOGS, &bytes);
    assert_string_equal(test_events_in(bytes, n, false), "After");
    free(bytes);
}

static void what_was_taken_is_gone(void **state)
{
    void *bytes;
    size_t n;

    (void)state;
    assert_int_equal(take(GSP_SIGNAL_TRACES, &bytes), 0);
    assert_int_equal(test_export(&e, "a"), GSP__EXPORT_DONE);
    take(GSP_SIGNAL_TRACES, &bytes);
    free(bytes);
    assert_int_equal(take(GSP_SIGNAL_TRACES, &bytes), 0);
    assert_int_equal(take(GSP_SIGNAL_METRICS, &bytes), 0);
    assert_int_equal(test_export(&e, "b"), GSP__EXPORT_DONE);
    n = take(GSP_SIGNAL_TRACES, &bytes);
    assert_string_equal(test_names_in(bytes, n, false), "b");
    free(bytes);
}

static void an_empty_batch_holds_nothing(void **state)
{
    void *bytes;

    (void)state;
    assert_int_equal(test_export(&e, ""), GSP__EXPORT_DONE);
    assert_int_equal(take(GSP_SIGNAL_TRACES, &bytes), 0);
    assert_true(test_exporting_tick(&e));
}

/* Until the ceiling; then the ring waits, and nothing is lost. */
static void a_full_memory_makes_the_ring_wait(void **state)
{
    size_t n_done = 0, n;
    void *bytes;

    (void)state;
    while (test_export_large(&e, (size_t)3 << 20) == GSP__EXPORT_DONE)
        n_done++;
    assert_int_equal(n_done, 5);
    assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_WAIT);
    assert_int_equal(e.counts.n_exported, 5);
    n = take(GSP_SIGNAL_TRACES, &bytes);
    assert_in_range(n, (size_t)15 << 20, HELD_MAX);
    assert_string_equal(test_names_in(bytes, n, false), "large large large large large");
    free(bytes);
    assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_DONE);
    n = take(GSP_SIGNAL_TRACES, &bytes);
    assert_string_equal(test_names_in(bytes, n, false), "large");
    free(bytes);
    assert_int_equal(e.counts.n_exported, 6);
}

static void a_call_too_large_for_a_batch_is_dropped(void **state)
{
    static const size_t sizes[] = {((size_t)4 << 20) - 100, ((size_t)4 << 20) - 8000, (size_t)4 << 20,
                                   (size_t)9 << 20};
    size_t n;
    void *bytes;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(test_export_large(&e, sizes[i]), GSP__EXPORT_DONE);
    assert_int_equal(e.counts.n_rejected, 4);
    assert_int_equal(test_export(&e, "after"), GSP__EXPORT_DONE);
    n = take(GSP_SIGNAL_TRACES, &bytes);
    assert_string_equal(test_names_in(bytes, n, false), "after");
    free(bytes);
    assert_int_equal(e.counts.n_exported, 1);
}

static void a_batch_is_ripe_before_it_is_full(void **state)
{
    static char text[60 << 10];
    struct gsp__attribute attribute = {
        .key = {"k", 1}, .value = {.type = GSP__VALUE_STRING, .u = {.string = {text, sizeof text}}}};
    struct gsp__span_data span = {.trace_id = {1}, .span_id = {1}, .attributes = {&attribute, 1, 0}};
    int n = 0;

    (void)state;
    test_exporting_add(&e, "");
    for (; !e.exporter->ops->is_ripe(e.exporter); n++)
        e.exporter->ops->add(e.exporter, NULL, &(struct gsp__derived){.spans = &span, .n_spans = 1}, 1);
    assert_in_range(n, 30, 60);
    assert_int_equal(test_exporting_commit(&e), GSP__EXPORT_DONE);
    assert_int_equal(e.counts.n_exported, n);
    assert_int_equal(e.counts.n_rejected, 0);
}

static void a_signal_that_goes_elsewhere_is_not_held(void **state)
{
    void *bytes;

    (void)state;
    test_exporting_end(&e);
    options.traces_exporter = "none";
    test_exporting_start(&e, gsp__exporter_memory, &options);
    assert_int_equal(test_export(&e, "a"), GSP__EXPORT_DONE);
    assert_int_equal(take(GSP_SIGNAL_TRACES, &bytes), 0);
    assert_int_equal(e.counts.n_exported, 0);
}

static void *take_all(void *count)
{
    size_t *n_taken = count;
    void *bytes;

    while (*n_taken < 500) {
        size_t n = take(GSP_SIGNAL_TRACES, &bytes);

        for (size_t i = 0; i + 5 <= n; i++)
            *n_taken += memcmp((char *)bytes + i, "thing", 5) == 0;
        free(bytes);
    }
    return NULL;
}

/* Taking comes from any thread. */
static void taking_and_exporting_at_once(void **state)
{
    size_t n_taken = 0;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, take_all, &n_taken), 0);
    for (int i = 0; i < 500; i++)
        assert_int_equal(test_export(&e, "thing"), GSP__EXPORT_DONE);
    pthread_join(thread, NULL);
    assert_int_equal(n_taken, 500);
}

/* The public door: from a recorder to the bytes. */
static void through_the_public_functions(void **state)
{
    gsp_drainer_options o = GSP_DRAINER_OPTIONS_INIT;
    gsp_recorder *recorder = test_recorder(NULL, 256 << 10);
    gsp_drainer *drainer;
    gsp_error err = {0};
    size_t n;
    void *bytes;

    (void)state;
    o.traces_exporter = o.metrics_exporter = "memory";
    assert_int_equal(gsp_drainer_start(recorder, &o, &drainer, &err), GSP_OK);
    gsp_span_end(gsp_span_start(recorder, "work", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(gsp_drainer_flush(drainer, 30000), GSP_OK);
    assert_int_equal(gsp_drainer_take(drainer, GSP_SIGNAL_TRACES, &bytes, &n), GSP_OK);
    assert_non_null(memmem(bytes, n, "work", 4));
    free(bytes);
    assert_int_equal(gsp_drainer_take(drainer, (gsp_signal)7, &bytes, &n), GSP_ERR_INVALID);
    assert_null(bytes);
    assert_int_equal(gsp_drainer_stop(drainer, 30000), GSP_OK);
    assert_int_equal(gsp_drainer_take(NULL, GSP_SIGNAL_TRACES, &bytes, &n), GSP_ERR_INVALID);
    o.traces_exporter = o.metrics_exporter = "none";
    assert_int_equal(gsp_drainer_start(recorder, &o, &drainer, &err), GSP_OK);
    assert_int_equal(gsp_drainer_take(drainer, GSP_SIGNAL_TRACES, &bytes, &n), GSP_ERR_INVALID);
    assert_int_equal(gsp_drainer_stop(drainer, 30000), GSP_OK);
    gsp_recorder_close(recorder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(batches_come_out_as_one_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(log_records_are_a_message_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_memory_of_logs_holds_up_logs_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_log_record_too_large_for_a_batch_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_taken_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_batch_holds_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_memory_makes_the_ring_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_too_large_for_a_batch_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_is_ripe_before_it_is_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signal_that_goes_elsewhere_is_not_held, set_up, tear_down),
        cmocka_unit_test_setup_teardown(taking_and_exporting_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(through_the_public_functions, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
