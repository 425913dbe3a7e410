/* Rings whose bytes were changed, and memory that runs out: derived without harm, or not at all. */
#include "derive/derived.h"
#include "derive/points.h"
#include "support/dump.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derive/metrics.h"

static struct test_clock test_time;
static gsp_recorder *rec;

/* One call with everything in it, and a generic span. */
static int set_up(void **state)
{
    static const char *const words[] = {"a", "b"};
    gsp_attribute custom = {
        .key = "k", .type = GSP_TYPE_STRINGS, .value = {.strings = words}, .n_strings = 2};
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_context to = {.trace_id = {1}, .span_id = {2}};
    gsp_span op, attempt;

    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    rec = test_recorder(&test_time, 64 << 10);
    o.model = "model";
    op = gsp_operation_start(rec, "chat", &o);
    gsp_event_prompt_sent(op, "model", 1, 2, 0);
    failure.type = "timeout";
    failure.message = "no answer";
    failure.cause = &(gsp_failure){.struct_size = sizeof failure, .type = "connection", .message = "reset"};
    attempt = gsp_attempt_start(op, NULL);
    gsp_span_set_int(attempt, GSP_FACT_SERVER_PORT, 443);
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 0, "id");
    gsp_span_end(attempt, GSP_OUTCOME_AUTO, &failure, 0);
    gsp_event_retry(op, 1, "timeout", 10, 0, 0);
    attempt = gsp_attempt_start(op, NULL);
    for (int i = 0; i < 5; i++) {
        test_time.now_ns += 10000000;
        gsp_stream_mark(attempt, GSP_MARK_TEXT, 0);
    }
    gsp_span_set_attribute(attempt, &custom);
    gsp_span_add_link(attempt, &to, &custom, 1);
    gsp_span_add_event(attempt, "e", &custom, 1, 0);
    gsp_span_add_string(attempt, GSP_FACT_FINISH_REASON, 1, "stop");
    gsp_span_set_usage(attempt, GSP_USAGE_OUTPUT_TOKENS, 5);
    gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, &failure, 0);
    gsp_span_end(gsp_span_start(rec, "generic", NULL), GSP_OUTCOME_AUTO, &failure, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_recorder_close(rec);
    return 0;
}

static void check_number(double d)
{
    if (!isfinite(d))
        fail_msg("%g", d);
}

/* Touch all of what was derived, so that the sanitizers see what lies outside. */
static uint64_t touch_string(struct gsp__string s)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < s.n; i++)
        sum += (uint8_t)s.bytes[i];
    return sum;
}

static uint64_t touch_attributes(const struct gsp__attributes *a)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < a->n; i++) {
        const struct gsp__value *v = &a->items[i].value;

        sum += touch_string(a->items[i].key);
        if (v->type == GSP__VALUE_STRING)
            sum += touch_string(v->u.string);
        for (uint32_t k = 0; v->type == GSP__VALUE_ARRAY && k < v->n; k++)
            sum += touch_string(v->u.items[k].u.string);
    }
    return sum;
}

static uint64_t touch(const struct gsp__span_data *s)
{
    uint64_t sum = touch_string(s->name) + touch_string(s->status_message) + touch_attributes(&s->attributes);

    for (uint32_t i = 0; i < s->n_events; i++)
        sum += touch_string(s->events[i].name) + touch_attributes(&s->events[i].attributes);
    for (uint32_t i = 0; i < s->n_links; i++)
        sum += touch_attributes(&s->links[i].attributes);
    return sum;
}

static void fold_and_check(const struct test_derived *d)
{
    static struct test_points points;

    if (!points.bytes)
        test_points_init(&points, 64 << 10);
    points.n_bytes = 0;
    gsp__bank_clear(&points.bank);
    for (int i = 0; i < d->n_calls; i++)
        gsp__metrics_fold(&points.bank, &d->calls[i].call, true);
    test_points_derive_as(&points, "otel,otel-next,livekit");
    for (uint32_t m = 0; m < points.n_metrics; m++)
        for (uint32_t p = 0; p < points.metrics[m].n_points; p++) {
            check_number(points.metrics[m].points[p].sum);
            touch_attributes(&points.metrics[m].points[p].attributes);
        }
}

static void changed_bytes_do_no_harm(void **state)
{
    static struct test_derived d;
    uint64_t seed = test_seed(), sum = 0;
    struct gsp__reader *reader = test_reader(gsp_recorder_path(rec), GSP__READ_DRAIN);
    uint8_t *ring, *saved;
    size_t n, used = 0;
    int n_derived = 0;

    (void)state;
    srand((unsigned)seed);
    ring = gsp__pool_chunk(&reader->map.facts, 0); /* shared: what is changed here the reader below sees */
    n = (size_t)reader->map.facts.n * GSP__CHUNK_BYTES;
    saved = malloc(n);
    assert_non_null(saved);
    memcpy(saved, ring, n);
    for (size_t i = 0; i < n; i++)
        if (saved[i])
            used = i + 1;
    d.reader = reader;
    assert_true(gsp__arena_init(&d.arena, 4 << 20));
    for (int round = 0; round < 4000; round++) {
        int n_changes = 1 + rand() % 4;
        size_t places[4];

        for (int k = 0; k < n_changes; k++) {
            places[k] = (size_t)rand() % used;
            ring[places[k]] = rand() % 3 ? (uint8_t)rand() : (uint8_t)(rand() % 2 * 255);
        }
        gsp__arena_reset(&d.arena);
        test_derive_reader(&d, rand() % 2 ? TEST_DEAD : 0);
        for (int i = 0; i < d.n_calls; i++)
            for (uint32_t k = 0; k < d.calls[i].n_spans; k++)
                sum += touch(&d.calls[i].spans[k]);
        n_derived += d.n_calls;
        fold_and_check(&d);
        for (int k = 0; k < n_changes; k++)
            ring[places[k]] = saved[places[k]];
    }
    assert_true(n_derived > 4000 && sum > 0); /* most changes leave something to derive */
    free(saved);
    gsp__arena_deinit(&d.arena);
    gsp__reader_close(reader);
}

static int64_t any_time(void)
{
    static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, 1000000000, 1000000001, INT64_MAX};

    return times[rand() % 8];
}

/* Times that no clock gives. No duration is negative, or anything but a number. */
static void extreme_times_do_no_harm(void **state)
{
    static struct test_derived d;
    struct gsp__reader *reader = test_reader(gsp_recorder_path(rec), GSP__READ_DRAIN);
    uint64_t seed = test_seed();

    (void)state;
    srand((unsigned)seed);
    d.reader = reader;
    assert_true(gsp__arena_init(&d.arena, 4 << 20));
    for (int round = 0; round < 3000; round++) {
        for (uint32_t i = 0; i < reader->map.facts.n; i++) {
            struct gsp__head *h = gsp__pool_chunk(&reader->map.facts, i);
            enum gsp__chunk_state chunk = gsp__word_state(gsp__pool_word(&reader->map.facts, i));

            if (chunk != GSP__CHUNK_ENDED)
                continue;
            h->start_ns = any_time();
            h->end_ns = any_time();
            h->last_ns = any_time();
            if (!(h->flags & GSP__FLAG_STREAMED))
                continue;
            h->stream.first_byte_ns = any_time();
            h->stream.interval_sum_ns = any_time();
            h->stream.interval_min_ns = any_time();
            h->stream.interval_max_ns = any_time();
            for (int k = 0; k < GSP__CONTENT_KINDS; k++)
                h->stream.first_content_ns[k] = any_time();
        }
        gsp__arena_reset(&d.arena);
        test_derive_reader(&d, rand() % 2 ? TEST_DEAD : 0);
        assert_int_equal(d.n_calls, 2);
        for (uint32_t k = 0; k < d.calls[0].n_spans; k++) {
            const struct gsp__attributes *a = &d.calls[0].spans[k].attributes;

            for (uint32_t i = 0; i < a->n; i++)
                if (a->items[i].value.type == GSP__VALUE_DOUBLE) {
                    check_number(a->items[i].value.u.real);
                    assert_true(a->items[i].value.u.real >= 0);
                }
        }
        fold_and_check(&d);
    }
    gsp__arena_deinit(&d.arena);
    gsp__reader_close(reader);
}

/* What is no attribute has no key: as an attribute of an event it is left out. */
static void an_event_inside_an_event_is_no_attribute(void **state)
{
    static const enum gsp__entry_kind kinds[] = {GSP__ENTRY_EVENT, GSP__ENTRY_LINK};
    gsp_attribute a = {.key = "k", .type = GSP_TYPE_STRING, .value = {.s = "0123456789abcdef"}};
    struct gsp__span_policy policy = {{{&gsp__dialect_otel}, 1}, true};
    gsp_span span = gsp_span_start(rec, "x", NULL);
    struct gsp__snapshot all[8];
    static uint8_t entries[1024];
    struct gsp__reader *reader;
    int n;

    (void)state;
    gsp_span_add_event(span, "e", &a, 1, 0);
    gsp_span_end(span, GSP_OUTCOME_COMPLETED, NULL, 0);
    reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
    for (size_t i = 0; i <= sizeof kinds / sizeof kinds[0]; i++) {
        struct gsp__derived derived;
        struct gsp__span_data out;
        struct gsp__event_view event;
        struct gsp__arena arena;
        struct gsp__call call;
        uint8_t *nested;

        assert_true(gsp__arena_init(&arena, 1 << 20));
        n = test_snapshots(reader, &arena, all, 8);
        assert_int_equal(n, 5);
        assert_true(all[4].n_entries <= sizeof entries);
        memcpy(entries, all[4].entries, all[4].n_entries);
        all[4].entries = entries;
        assert_true(gsp__call_read(&all[4], 1, false, &arena, &call));
        assert_true(gsp__entry_event(&call.root->parsed.entries[1], &event));
        nested = entries + (event.attributes.bytes - entries);
        if (i > 0)
            nested[2] = (uint8_t)kinds[i - 1];
        assert_true(gsp__spans_derive(&call, &policy, &arena, &derived));
        assert_int_equal(derived.n_spans, 1);
        out = derived.spans[0];
        assert_int_equal(out.n_events, 1);
        assert_int_equal(out.events[0].attributes.n, i == 0);
        gsp__arena_deinit(&arena);
    }
    gsp__reader_close(reader);
}

/* A full arena is told, and nothing half done is given out: the caller comes back with more room. */
static void an_arena_of_any_size_is_enough_or_says_so(void **state)
{
    struct gsp__span_policy policy = {{{&gsp__dialect_otel}, 1}, true};
    struct gsp__reader *reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
    struct gsp__snapshot all[4], snapshots[3];
    struct gsp__arena records, arena;
    static char expected[3][4096];
    size_t enough = 0;
    int n_refused = 0;

    (void)state;
    assert_true(gsp__arena_init(&records, 1 << 20));
    assert_int_equal(test_snapshots(reader, &records, all, 4), 4);
    memcpy(snapshots, all, sizeof snapshots);
    for (size_t cap = (size_t)64 << 10; cap > 0; cap -= cap > 8192 ? 256 : 16) {
        struct gsp__derived derived;
        struct gsp__call call;
        uint32_t n = 0;

        assert_true(gsp__arena_init(&arena, cap));
        if (gsp__call_read(snapshots, 3, false, &arena, &call)) {
            if (gsp__spans_derive(&call, &policy, &arena, &derived)) {
                n = derived.n_spans;
                assert_int_equal(n, 3);
            }
        }
        for (uint32_t i = 0; i < n; i++) {
            if (enough == 0)
                snprintf(expected[i], sizeof expected[i], "%s", test_span(&derived.spans[i]));
            assert_string_equal(test_span(&derived.spans[i]), expected[i]);
        }
        if (n)
            enough = cap;
        else
            n_refused++;
        gsp__arena_deinit(&arena);
    }
    assert_true(enough > 0 && n_refused > 10);
    gsp__arena_deinit(&records);
    gsp__reader_close(reader);
}

static void metrics_in_an_arena_of_any_size_are_whole_or_none(void **state)
{
    static struct test_points points;
    static char expected[8192];
    size_t enough = 0;
    int n_refused = 0;

    (void)state;
    test_points_init(&points, 64 << 10);
    test_points_fold(&points, gsp_recorder_path(rec), 0);
    test_points_derive(&points);
    snprintf(expected, sizeof expected, "%s", test_points_text(&points));
    for (size_t cap = points.arena.used + 64; cap > 0; cap -= cap > 64 ? 64 : cap) {
        struct gsp__metric_request request = {
            .views = &points.views, .start_unix_ns = 1, .now_unix_ns = 2, .own = points.own};
        struct gsp__arena arena;

        assert_true(gsp__arena_init(&arena, cap));
        if (gsp__metrics_derive(&points.bank, &request, &arena, &points.metrics, &points.n_metrics)) {
            assert_string_equal(test_points_text(&points), expected);
            enough = cap;
        } else {
            n_refused++;
        }
        gsp__arena_deinit(&arena);
    }
    assert_true(enough > 0 && n_refused > 10);
    test_points_free(&points);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changed_bytes_do_no_harm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(extreme_times_do_no_harm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_inside_an_event_is_no_attribute, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_arena_of_any_size_is_enough_or_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metrics_in_an_arena_of_any_size_are_whole_or_none, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
