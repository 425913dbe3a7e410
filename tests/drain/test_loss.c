/*
 * Loss is counted by reason when it happens, and exported as genspan.records.dropped (design.md, idea 5:
 * what is lost is counted and reported).
 */
#include "exported.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/record.h"
#include "support/dump.h"

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    return 0;
}

static gsp_recorder *open_recorder(gsp_recorder_options options)
{
    gsp_recorder *recorder;
    gsp_error err = {0};

    options.directory = test_directory();
    options.ring_bytes = 64 << 10;
    options.service_name = "test";
    if (gsp_recorder_open(&options, &recorder, &err) != GSP_OK)
        fail_msg("recorder: %s", err.text);
    return recorder;
}

static uint64_t exported(const char *reason)
{
    return test_metric(test_metrics_file(), "genspan.records.dropped", "genspan.reason", reason);
}

/*
 * The reasons, and what brings each about.
 */

static void lose_chunks(gsp_recorder *r)
{
    while (gsp_span_start(r, "x", NULL).id != 0)
        ;
}

static void lose_to_full_record(gsp_recorder *r)
{
    gsp_span s = gsp_span_start(r, "x", NULL);
    char key[32], text[1001];

    memset(text, 'x', sizeof text);
    text[1000] = 0;
    for (int i = 0; gsp_recorder_loss(r, GSP_LOSS_RECORD_FULL) == 0 && i < 100; i++) {
        gsp_attribute a = {.key = key, .type = GSP_TYPE_STRING, .value = {.s = text}};

        snprintf(key, sizeof key, "k%d", i);
        gsp_span_set_attribute(s, &a);
    }
}

static void lose_attribute(gsp_recorder *r)
{
    gsp_span s = gsp_span_start(r, "x", NULL);
    gsp_fact facts[] = {GSP_FACT_SEED, GSP_FACT_TOP_K, GSP_FACT_MAX_TOKENS, GSP_FACT_HTTP_STATUS};

    for (int i = 0; gsp_recorder_loss(r, GSP_LOSS_ATTRIBUTE_LIMIT) == 0 && i < 4; i++)
        gsp_span_set_int(s, facts[i], 1);
}

static void lose_event(gsp_recorder *r)
{
    gsp_span s = gsp_span_start(r, "x", NULL);

    gsp_span_add_event(s, "one", NULL, 0, 0);
    gsp_span_add_event(s, "two", NULL, 0, 0);
}

static void lose_link(gsp_recorder *r)
{
    gsp_span s = gsp_span_start(r, "x", NULL);
    gsp_context to = gsp_span_context(s);

    gsp_span_add_link(s, &to, NULL, 0);
    gsp_span_add_link(s, &to, NULL, 0);
}

static void lose_content(gsp_recorder *r)
{
    gsp_span s = gsp_span_start(r, "x", NULL);
    char text[8192] = {'x'};

    gsp_content_piece piece = {
        sizeof piece, GSP_CONTENT_INPUT, GSP_CONTENT_TEXT, 0, 0, 0, text, sizeof text, 0};

    /* the smallest quota is one chunk */
    gsp_span_add_content(s, &piece);
}

static void lose_late(gsp_recorder *r)
{
    gsp_span s = gsp_span_start(r, "x", NULL);

    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_set_int(s, GSP_FACT_SEED, 1);
}

static void lose_stale(gsp_recorder *r)
{
    gsp_span s = gsp_span_start(r, "x", NULL);

    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    test_drain(gsp_recorder_path(r));
    gsp_span_set_int(s, GSP_FACT_SEED, 1);
}

static void lose_type(gsp_recorder *r)
{
    gsp_span s = gsp_span_start(r, "x", NULL);

    gsp_span_set_string(s, GSP_FACT_SEED, "not a number");
}

static void lose_to_cut(gsp_recorder *r)
{
    gsp_span s = gsp_span_start(r, "x", NULL);

    gsp_span_set_string(s, GSP_FACT_REQUEST_MODEL, "longer than ten");
}

static const struct {
    gsp_loss reason;
    const char *name;
    void (*lose)(gsp_recorder *recorder);
    gsp_recorder_options options;
} reasons[] = {
    {GSP_LOSS_NO_CHUNK, "no_chunk", lose_chunks, GSP_RECORDER_OPTIONS_INIT},
    {GSP_LOSS_RECORD_FULL,
     "record_full",
     lose_to_full_record,
     {.struct_size = sizeof(gsp_recorder_options), .record_bytes = 4096}},
    {GSP_LOSS_ATTRIBUTE_LIMIT,
     "attribute_limit",
     lose_attribute,
     {.struct_size = sizeof(gsp_recorder_options), .n_attributes_max = 2}},
    {GSP_LOSS_EVENT_LIMIT,
     "event_limit",
     lose_event,
     {.struct_size = sizeof(gsp_recorder_options), .n_events_max = 1}},
    {GSP_LOSS_LINK_LIMIT,
     "link_limit",
     lose_link,
     {.struct_size = sizeof(gsp_recorder_options), .n_links_max = 1}},
    {GSP_LOSS_CONTENT_FULL,
     "content_full",
     lose_content,
     {.struct_size = sizeof(gsp_recorder_options), .capture = "SPAN_ONLY", .content_bytes = 4096}},
    {GSP_LOSS_LATE, "late", lose_late, GSP_RECORDER_OPTIONS_INIT},
    {GSP_LOSS_STALE, "stale", lose_stale, GSP_RECORDER_OPTIONS_INIT},
    {GSP_LOSS_TYPE, "type", lose_type, GSP_RECORDER_OPTIONS_INIT},
    {GSP_LOSS_CUT, "cut", lose_to_cut, {.struct_size = sizeof(gsp_recorder_options), .value_length_max = 10}},
};

static void each_reason_is_counted_once_and_exported(void **state)
{
    (void)state;
    for (size_t i = 0; i < GSP__COUNT_OF(reasons); i++) {
        gsp_recorder *r = open_recorder(reasons[i].options);

        assert_string_equal(gsp_loss_name(reasons[i].reason), reasons[i].name);
        reasons[i].lose(r);
        for (int k = 0; k < GSP_LOSS_LIMIT; k++)
            if (gsp_recorder_loss(r, (gsp_loss)k) != (k == (int)reasons[i].reason))
                fail_msg("%s: %s is %d", reasons[i].name, gsp_loss_name((gsp_loss)k),
                         (int)gsp_recorder_loss(r, (gsp_loss)k));
        test_drain_once(false);
        for (size_t k = 0; k < GSP__COUNT_OF(reasons); k++)
            if (exported(reasons[k].name) != (k == i))
                fail_msg("%s was lost, and %s is exported as %d", reasons[i].name, reasons[k].name,
                         (int)exported(reasons[k].name));
        gsp_recorder_close(r);
        test_directory_clear();
    }
}

/* A record whose head makes no sense is given back, and counted by who could not read it. */
static void torn_records_are_counted_and_exported(void **state)
{
    gsp_recorder *r = open_recorder((gsp_recorder_options)GSP_RECORDER_OPTIONS_INIT);
    gsp_span torn = gsp_span_start(r, "torn", NULL);
    struct gsp__head *head;
    struct gsp__drain_report report;

    (void)state;
    test_record_calls(r, 1, NULL);
    head = gsp__record_find(torn).head;
    if (!head)
        fail();
    else
        head->n_committed = 3;
    gsp_span_end(torn, GSP_OUTCOME_COMPLETED, NULL, 0);
    report = test_drain_once(false);
    assert_int_equal(report.n_torn, 1);
    assert_int_equal(report.n_calls, 1);
    assert_int_equal(exported("torn"), 1);
    assert_int_equal(test_count_records(gsp_recorder_path(r)), 0);
    gsp_recorder_close(r);
}

/* A record that makes sense up to somewhere is exported as far as it does, and counted. */
static void records_that_break_off_are_counted_and_exported_so_far(void **state)
{
    gsp_recorder *r = open_recorder((gsp_recorder_options)GSP_RECORDER_OPTIONS_INIT);
    gsp_span broken = gsp_operation_start(r, "chat", NULL);
    struct gsp__head *head = gsp__record_find(broken).head;
    struct gsp__drain_report report;

    (void)state;
    gsp_span_set_int(broken, GSP_FACT_SEED, 1);
    gsp_span_set_int(broken, GSP_FACT_TOP_K, 2);
    if (!head)
        fail();
    else
        ((struct gsp__entry *)(void *)((char *)head + sizeof *head))[2].kind =
            77; /* after operation and seed */
    gsp_span_end(broken, GSP_OUTCOME_COMPLETED, NULL, 0);
    report = test_drain_once(false);
    assert_int_equal(report.n_calls, 1);
    assert_int_equal(exported("torn"), 1);
    assert_int_equal(test_count_records(gsp_recorder_path(r)), 0);
    gsp_recorder_close(r);
}

/* What was lost more than once, in a life with several exports, is one cumulative sum. */
static void losses_are_cumulative_and_are_not_added_twice(void **state)
{
    gsp_recorder *r = open_recorder((gsp_recorder_options)GSP_RECORDER_OPTIONS_INIT);
    struct gsp__drainer *d = test_drainer(false);

    (void)state;
    for (uint64_t i = 1; i <= 3; i++) {
        lose_late(r);
        lose_type(r);
        assert_int_equal(gsp__drainer_flush(d, 30000, false), GSP_OK);
        assert_int_equal(exported("late"), i);
        assert_int_equal(exported("type"), i);
    }
    gsp__drainer_free(d);
    gsp_recorder_close(r);
}

/* Nothing but a loss is left of it: that is still told before the ring goes. */
static int die_after_a_loss(void *arg)
{
    gsp_recorder *r = open_recorder((gsp_recorder_options)GSP_RECORDER_OPTIONS_INIT);

    (void)arg;
    lose_stale(r);
    return 0; /* without closing: as if it had died */
}

static void losses_of_a_dead_process_are_told_before_its_ring_goes(void **state)
{
    struct gsp__drain_report report;
    size_t n_before, n_after;

    (void)state;
    assert_int_equal(test_in_child(die_after_a_loss, NULL), 0);
    assert_int_equal(test_directory_count(".ring"), 1);
    report = test_drain_once(true);
    assert_int_equal(report.n_rings, 1);
    assert_int_equal(report.n_calls, 0);
    assert_int_equal(exported("stale"), 1);
    assert_int_equal(test_directory_count(".ring") + test_directory_count(".fold"), 0);
    free(test_read_file(test_metrics_file(), &n_before));
    test_drain_once(true);
    free(test_read_file(test_metrics_file(), &n_after));
    assert_int_equal(n_before, n_after);
}

/* A ring whose only content is an untold loss is no spent ring: closing must not delete it. */
static void a_ring_with_an_untold_loss_outlives_its_recorder(void **state)
{
    gsp_recorder *r = open_recorder((gsp_recorder_options)GSP_RECORDER_OPTIONS_INIT);

    (void)state;
    lose_stale(r);
    gsp_recorder_close(r);
    assert_int_equal(test_directory_count(".ring"), 1);
    test_drain_once(true);
    assert_int_equal(exported("stale"), 1);
    assert_int_equal(test_directory_count(".ring"), 0);
}

/* Records that an exporter could not take for good are lost by a reason too, and never counted as sent. */
static void what_was_sent_is_counted(void **state)
{
    gsp_recorder *r = open_recorder((gsp_recorder_options)GSP_RECORDER_OPTIONS_INIT);

    (void)state;
    test_record_calls(r, 5, NULL);
    test_drain_once(false);
    assert_int_equal(test_metric(test_metrics_file(), "genspan.records.exported", NULL, NULL), 10);
    assert_int_equal(test_metric(test_metrics_file(), "genspan.records.dropped", NULL, NULL), 0);
    gsp_recorder_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_reason_is_counted_once_and_exported, set_up),
        cmocka_unit_test_setup(torn_records_are_counted_and_exported, set_up),
        cmocka_unit_test_setup(records_that_break_off_are_counted_and_exported_so_far, set_up),
        cmocka_unit_test_setup(losses_are_cumulative_and_are_not_added_twice, set_up),
        cmocka_unit_test_setup(losses_of_a_dead_process_are_told_before_its_ring_goes, set_up),
        cmocka_unit_test_setup(a_ring_with_an_untold_loss_outlives_its_recorder, set_up),
        cmocka_unit_test_setup(what_was_sent_is_counted, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
