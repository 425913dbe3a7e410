/*
 * Windows of metrics: cumulative points add up from one start; deltas are each told once, and at least once
 * when a drainer is killed (fold_file.h). Exemplars, ceilings, and genspan's own counters on their way
 * through a drainer.
 */
#include "exported.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/dump.h"

static struct test_clock test_time;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    return 0;
}

/* What an exporter was shown last, of one metric. */
struct seen {
    const char *name;
    enum gsp__export_result answer;
    int n_exports, n_points;
    enum gsp__temporality temporality;
    uint64_t start_unix_ns, time_unix_ns, value; /* of the metric's points together */
    double sum, min, max;
    uint32_t n_exemplars;
    struct gsp__exemplar exemplar;
    bool has_overflow;
};

static bool equals(struct gsp__string s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.bytes, text, s.n) == 0;
}

static void see_point(struct seen *s, const struct gsp__metric *m, const struct gsp__point *p)
{
    s->start_unix_ns = p->start_unix_ns;
    s->time_unix_ns = p->time_unix_ns;
    s->value += m->type == GSP__METRIC_SUM ? (uint64_t)p->value.u.integer : p->count;
    s->sum += p->sum;
    s->min = p->min;
    s->max = p->max;
    s->n_exemplars += p->n_exemplars;
    if (p->n_exemplars)
        s->exemplar = p->exemplars[0];
    if (test_attribute(&p->attributes, "otel.metric.overflow"))
        s->has_overflow = true;
}

static enum gsp__export_result see(void *self, const struct gsp__scope_metrics *metrics)
{
    struct seen *s = self;

    s->n_exports++;
    s->n_points = 0;
    s->value = s->n_exemplars = 0;
    s->sum = 0;
    s->has_overflow = false;
    for (uint32_t i = 0; i < metrics->n_metrics; i++) {
        const struct gsp__metric *m = &metrics->metrics[i];

        if (!equals(m->name, s->name))
            continue;
        s->temporality = m->temporality;
        s->n_points = (int)m->n_points;
        for (uint32_t k = 0; k < m->n_points; k++)
            see_point(s, m, &m->points[k]);
    }
    return s->answer;
}

#define DURATION "gen_ai.client.operation.duration"

/* A drainer of one ring, with an exporter that looks. */
struct drain {
    struct gsp__drain_config config;
    struct test_exporter exporter;
    struct seen seen;
    struct gsp__batch batch;
    struct gsp__ring_drain *ring;
};

static void begin(struct drain *d, const char *path, bool is_delta)
{
    gsp_error err = {0};

    memset(&d->exporter, 0, sizeof d->exporter);
    d->seen = (struct seen){.name = DURATION, .answer = GSP__EXPORT_DONE};
    d->exporter.on_metrics = see;
    d->exporter.self = &d->seen;
    test_batch_init(&d->batch, &d->exporter);
    memset(&d->config, 0, sizeof d->config);
    d->config.is_delta = is_delta;
    d->batch.context.config = &d->config;
    if (gsp__ring_drain_open(path, &d->ring, &err) != GSP_OK)
        fail_msg("%s: %s", path, err.text);
}

static void end(struct drain *d)
{
    gsp__ring_drain_close(d->ring, false);
    gsp__batch_deinit(&d->batch);
}

static void pass(struct drain *d)
{
    struct gsp__drain_report report = {0};
    bool is_empty;

    while (gsp__ring_drain_pass(d->ring, &d->batch, 512, true, &is_empty, &report) == GSP__PASS_MORE)
        ;
}

static bool export(struct drain *d)
{
    pass(d);
    return gsp__ring_drain_metrics(d->ring, &d->batch, false);
}

/* Calls of exactly so many ms. */
static void record_ms(gsp_recorder *recorder, const char *model, int64_t ms, int n)
{
    for (int i = 0; i < n; i++) {
        gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
        gsp_span op;

        o.model = model;
        op = gsp_operation_start(recorder, "chat", &o);
        test_time.now_ns += ms * 1000000;
        gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    }
}

/*
 * Sequences.
 */

static void cumulative_points_add_up_from_one_start(void **state)
{
    gsp_recorder *recorder = test_recorder(&test_time, 64 << 10);
    static struct drain d;
    uint64_t start, time;

    (void)state;
    begin(&d, gsp_recorder_path(recorder), false);
    record_ms(recorder, "m", 500, 2);
    assert_true(export(&d));
    assert_int_equal(d.seen.temporality, GSP__TEMPORALITY_CUMULATIVE);
    assert_true(d.seen.value == 2 && d.seen.sum == 1.0 && d.seen.min == 0.5);
    start = d.seen.start_unix_ns;
    time = d.seen.time_unix_ns;
    record_ms(recorder, "m", 100, 1);
    assert_true(export(&d));
    assert_true(d.seen.value == 3 && d.seen.sum == 1.1 && d.seen.min == 0.1 && d.seen.max == 0.5);
    assert_int_equal(d.seen.start_unix_ns, start);
    assert_true(d.seen.time_unix_ns > time);
    end(&d);
    gsp_recorder_close(recorder);
}

static void deltas_are_what_is_new(void **state)
{
    gsp_recorder *recorder = test_recorder(&test_time, 64 << 10);
    static struct drain d;
    uint64_t time;

    (void)state;
    begin(&d, gsp_recorder_path(recorder), true);
    record_ms(recorder, "m", 500, 2);
    assert_true(export(&d));
    assert_int_equal(d.seen.temporality, GSP__TEMPORALITY_DELTA);
    assert_true(d.seen.value == 2 && d.seen.sum == 1.0);
    time = d.seen.time_unix_ns;
    record_ms(recorder, "m", 100, 1);
    assert_true(export(&d));
    assert_true(d.seen.value == 1 && d.seen.sum == 0.1 && d.seen.min == 0.1 && d.seen.max == 0.1);
    assert_int_equal(d.seen.start_unix_ns, time); /* windows follow on each other without gap or overlap */
    assert_int_equal(d.seen.n_exports, 2);
    assert_true(export(&d)); /* nothing is new: nothing is said */
    assert_int_equal(d.seen.n_exports, 2);
    end(&d);
    gsp_recorder_close(recorder);
}

/* As long as an exporter does not take it a window stays open: with one start, and more and more in it. */
static void a_window_stays_open_until_it_is_taken(void **state)
{
    gsp_recorder *recorder = test_recorder(&test_time, 64 << 10);
    static struct drain d;
    uint64_t start;

    (void)state;
    begin(&d, gsp_recorder_path(recorder), true);
    d.seen.answer = GSP__EXPORT_WAIT;
    record_ms(recorder, "m", 500, 2);
    assert_false(export(&d));
    start = d.seen.start_unix_ns;
    record_ms(recorder, "m", 500, 1);
    assert_false(export(&d));
    assert_int_equal(d.seen.value, 3);
    end(&d);
    begin(&d, gsp_recorder_path(recorder), true); /* also for the next drainer */
    assert_true(export(&d));
    assert_int_equal(d.seen.value, 3);
    assert_int_equal(d.seen.start_unix_ns, start);
    d.seen.name = "genspan.metrics.resent";
    record_ms(recorder, "m", 500, 1);
    assert_true(export(&d));
    assert_int_equal(d.seen.n_points, 0); /* it was told with the window */
    end(&d);
    gsp_recorder_close(recorder);
}

/* A change of preference loses nothing: the first deltas hold all that was folded so far. */
static void deltas_after_cumulative_points_begin_with_all(void **state)
{
    gsp_recorder *recorder = test_recorder(&test_time, 64 << 10);
    static struct drain d;

    (void)state;
    begin(&d, gsp_recorder_path(recorder), false);
    record_ms(recorder, "m", 500, 2);
    d.seen.answer = GSP__EXPORT_WAIT; /* so that the fold is kept */
    assert_false(export(&d));
    end(&d);
    begin(&d, gsp_recorder_path(recorder), true);
    assert_true(export(&d));
    assert_int_equal(d.seen.value, 2);
    record_ms(recorder, "m", 500, 1);
    assert_true(export(&d));
    assert_int_equal(d.seen.value, 1);
    end(&d);
    begin(&d, gsp_recorder_path(recorder), false); /* and back: from the last window's end on */
    record_ms(recorder, "m", 500, 1);
    assert_true(export(&d));
    record_ms(recorder, "m", 500, 1);
    assert_true(export(&d));
    assert_int_equal(d.seen.value, 2);
    end(&d);
    gsp_recorder_close(recorder);
}

/*
 * Killed.
 */

static void kill_at(void *self, const char *step, const struct gsp__span_data *spans, uint32_t n)
{
    (void)spans;
    (void)n;
    if (strcmp(step, self) == 0)
        raise(SIGKILL);
}

static int tell_and_die(void *path)
{
    static struct drain d;

    begin(&d, path, true);
    d.exporter.on_metrics = NULL;
    d.exporter.on_step = kill_at;
    d.exporter.self = (void *)(uintptr_t) "metrics";
    export(&d);
    return 0;
}

/* Sent, and not known to have been: it is sent again, with the same start, and that is counted. */
static void deltas_are_at_least_once(void **state)
{
    gsp_recorder *recorder = test_recorder(&test_time, 64 << 10);
    char path[512];
    static struct drain d;
    uint64_t start;

    (void)state;
    snprintf(path, sizeof path, "%s", gsp_recorder_path(recorder));
    begin(&d, path, true);
    d.seen.answer = GSP__EXPORT_WAIT;
    record_ms(recorder, "m", 500, 1);
    export(&d);
    start = d.seen.start_unix_ns;
    d.seen.answer = GSP__EXPORT_DONE;
    assert_true(export(&d)); /* counts one */
    end(&d);
    record_ms(recorder, "m", 500, 2);
    for (int i = 0; i < 2; i++)
        assert_int_equal(test_in_child(tell_and_die, path), 1000 + SIGKILL);
    begin(&d, path, true);
    d.seen.name = "genspan.metrics.resent";
    d.seen.answer = GSP__EXPORT_WAIT;
    export(&d);
    assert_int_equal(d.seen.value, 2); /* of the second child, and of this drainer */
    d.seen.name = DURATION;
    d.seen.answer = GSP__EXPORT_DONE;
    assert_true(export(&d));
    assert_int_equal(d.seen.value, 2);
    assert_true(d.seen.start_unix_ns > start);
    end(&d);
    gsp_recorder_close(recorder);
}

static int drain_and_die(void *path)
{
    static struct drain d;
    struct gsp__drain_report report = {0};
    bool is_empty;

    begin(&d, path, false);
    d.exporter.on_metrics = NULL;
    gsp__ring_drain_pass(d.ring, &d.batch, 4, true, &is_empty, &report); /* a few go */
    d.exporter.on_step = kill_at;
    d.exporter.self = (void *)(uintptr_t) "commit";
    gsp__ring_drain_pass(d.ring, &d.batch, 4, true, &is_empty, &report);
    return 0;
}

static enum gsp__export_result count_all(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    (void)exporter;
    counts->n_exported += 3;
    counts->n_rejected += 1;
    return GSP__EXPORT_DONE;
}

/* Counters of what was handed over stand in the file: they survive whoever counted. */
static void own_counters_survive_a_killed_drainer(void **state)
{
    gsp_recorder *recorder = test_recorder(&test_time, 64 << 10);
    char path[512];
    static struct drain d;
    struct gsp__exporter_ops ops;
    struct gsp__drain_report report = {0};
    bool is_empty;

    (void)state;
    snprintf(path, sizeof path, "%s", gsp_recorder_path(recorder));
    record_ms(recorder, "m", 1, 1);
    begin(&d, path, false);
    ops = *d.exporter.base.ops;
    ops.commit = count_all;
    d.exporter.base.ops = &ops;
    gsp__ring_drain_pass(d.ring, &d.batch, 512, true, &is_empty, &report);
    assert_int_equal(report.n_exported, 3);
    end(&d); /* without an export of metrics */
    begin(&d, path, false);
    assert_int_equal(test_fold_own(d.ring, GSP__OWN_EXPORTED), 3);
    assert_int_equal(test_fold_own(d.ring, GSP__OWN_REJECTED), 1);
    end(&d);
    record_ms(recorder, "m", 1, 8);
    assert_int_equal(test_in_child(drain_and_die, path), 1000 + SIGKILL);
    begin(&d, path, false);
    assert_int_equal(test_fold_own(d.ring, GSP__OWN_EXPORTED), 3);
    pass(&d);
    assert_int_equal(test_fold_count(d.ring, GSP__MEASURE_OPERATION, NULL), 9);
    end(&d);
    gsp_recorder_close(recorder);
}

/* Losses that were told of are not told again by the next drainer, whose fold is a new one. */
static void losses_are_told_once_by_all_drainers_together(void **state)
{
    gsp_recorder *recorder = test_recorder(&test_time, 64 << 10);
    static struct drain d;

    (void)state;
    for (int is_delta = 0; is_delta < 2; is_delta++)
        for (uint64_t i = 1; i <= 2; i++) {
            gsp_span span = gsp_span_start(recorder, "x", NULL);

            gsp_span_end(span, GSP_OUTCOME_COMPLETED, NULL, 0);
            gsp_span_set_int(span, GSP_FACT_SEED, 1); /* late */
            begin(&d, gsp_recorder_path(recorder), is_delta);
            d.seen.name = "genspan.records.dropped";
            assert_true(export(&d));
            assert_int_equal(d.seen.value, 1);
            end(&d);
            assert_int_equal(test_directory_count(".fold"), 0); /* clean: it is deleted */
        }
    gsp_recorder_close(recorder);
}

/*
 * Exemplars.
 */

static gsp_recorder *recorder_with(const char *sampler)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *recorder;
    gsp_error err = {0};

    o.directory = test_directory();
    o.ring_bytes = 64 << 10;
    o.sampler = sampler;
    if (gsp_recorder_open(&o, &recorder, &err) != GSP_OK)
        fail_msg("recorder: %s", err.text);
    return recorder;
}

/* OTEL_METRICS_EXEMPLAR_FILTER: by default only what is sampled, so that they point at traces there are. */
static void exemplars_point_at_the_trace(void **state)
{
    static const struct {
        const char *sampler;
        enum gsp__exemplars filter;
        uint32_t n;
    } rows[] = {{"always_on", GSP__EXEMPLARS_SAMPLED, 1},
                {"always_off", GSP__EXEMPLARS_SAMPLED, 0},
                {"always_off", GSP__EXEMPLARS_ALWAYS, 1},
                {"always_on", GSP__EXEMPLARS_NEVER, 0},
                {"always_on", GSP__EXEMPLARS_ALWAYS, 1}};
    static struct drain d;

    (void)state;
    for (size_t i = 0; i < GSP__COUNT_OF(rows); i++) {
        gsp_recorder *recorder = recorder_with(rows[i].sampler);
        gsp_context contexts[2];

        begin(&d, gsp_recorder_path(recorder), i % 2);
        d.config.exemplars = rows[i].filter;
        test_record_calls(recorder, 2, contexts);
        assert_true(export(&d));
        assert_int_equal(d.seen.value, 2); /* CX-3: counted they are in any case */
        assert_int_equal(d.seen.n_exemplars, rows[i].n);
        if (rows[i].n) {
            assert_true(d.seen.exemplar.has_trace_id && d.seen.exemplar.has_span_id);
            assert_true(memcmp(d.seen.exemplar.trace_id, contexts[0].trace_id, 16) == 0 ||
                        memcmp(d.seen.exemplar.trace_id, contexts[1].trace_id, 16) == 0);
            assert_true(memcmp(d.seen.exemplar.span_id, contexts[0].span_id, 8) == 0 ||
                        memcmp(d.seen.exemplar.span_id, contexts[1].span_id, 8) == 0);
            assert_true(d.seen.exemplar.time_unix_ns > 0);
        }
        end(&d);
        gsp_recorder_close(recorder);
        test_directory_clear();
    }
}

/* Deltas' exemplars are of their window. */
static void exemplars_go_with_their_window(void **state)
{
    gsp_recorder *recorder = test_recorder(&test_time, 64 << 10);
    static struct drain d;

    (void)state;
    begin(&d, gsp_recorder_path(recorder), true);
    record_ms(recorder, "m", 500, 1);
    assert_true(export(&d));
    assert_int_equal(d.seen.n_exemplars, 1);
    record_ms(recorder, "m", 5, 1);
    assert_true(export(&d));
    assert_int_equal(d.seen.n_exemplars, 1);
    assert_true(d.seen.exemplar.value.u.real == 0.005);
    end(&d);
    gsp_recorder_close(recorder);
}

/*
 * Ceilings.
 */

static void record_models(gsp_recorder *recorder, struct drain *d, int from, int to)
{
    for (int i = from; i < to; i++) {
        char model[16];

        snprintf(model, sizeof model, "m%d", i);
        record_ms(recorder, model, 500, 1);
        if (i % 50 == 49)
            pass(d);
    }
}

static off_t fold_size(const char *ring)
{
    char file[600];
    struct stat st;

    snprintf(file, sizeof file, "%.*s.fold", (int)strlen(ring) - 5, ring);
    return stat(file, &st) == 0 ? st.st_size : -1;
}

/* The default is OpenTelemetry's 2000 points of a metric; the file grows as far as that takes. */
static void series_have_a_ceiling(void **state)
{
    gsp_recorder *recorder = test_recorder(&test_time, 128 << 10);
    const char *path = gsp_recorder_path(recorder);
    static struct drain d;

    (void)state;
    begin(&d, path, false);
    assert_int_equal(fold_size(path), 278528 + (64 << 10));
    record_models(recorder, &d, 0, 1500);
    assert_true(fold_size(path) > 278528 + (64 << 10));
    end(&d);
    begin(&d, path, false); /* a larger file is taken over as it is */
    assert_true(export(&d));
    assert_true(d.seen.n_points == 1500 && d.seen.value == 1500 && !d.seen.has_overflow);
    record_models(recorder, &d, 1500, 2500);
    assert_true(export(&d));
    assert_true(d.seen.n_points == 2000 && d.seen.value == 2500 && d.seen.has_overflow);
    assert_true(fold_size(path) <= 278528 + (2 << 20));
    end(&d);
    begin(&d, path, true);
    d.config.metric_series_max = 3; /* another drainer may have a lower one */
    record_models(recorder, &d, 0, 50);
    assert_true(export(&d));
    assert_true(d.seen.n_points == 3 && d.seen.value == 50 && d.seen.has_overflow);
    end(&d);
    gsp_recorder_close(recorder);
}

static int fill_under_a_limit(void *path)
{
    struct rlimit limit = {278528 + (64 << 10), 278528 + (64 << 10)};
    gsp_recorder *recorder = test_recorder(&test_time, 128 << 10);
    static struct drain d;

    (void)path;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    begin(&d, gsp_recorder_path(recorder), false);
    record_models(recorder, &d, 0, 1500);
    if (!export(&d) || d.seen.value != 1500 || !d.seen.has_overflow || d.seen.n_points < 100)
        return 2;
    end(&d);
    gsp_recorder_close(recorder);
    return 0;
}

/* A file that cannot grow costs attributes, and not one call. */
static void a_file_that_cannot_grow_overflows(void **state)
{
    (void)state;
    assert_int_equal(test_in_child(fill_under_a_limit, NULL), 0);
}

/* Whoever took the file's place is left alone. */
static void another_file_in_its_place_does_not_grow(void **state)
{
    gsp_recorder *recorder = test_recorder(&test_time, 128 << 10);
    const char *path = gsp_recorder_path(recorder);
    static struct drain d;
    char file[600];

    (void)state;
    begin(&d, path, false);
    snprintf(file, sizeof file, "%.*s.fold", (int)strlen(path) - 5, path);
    assert_int_equal(unlink(file), 0);
    test_write_file(file, "precious", 8);
    record_models(recorder, &d, 0, 1500);
    assert_true(export(&d));
    assert_int_equal(d.seen.value, 1500);
    assert_int_equal(fold_size(path), 8);
    end(&d);
    gsp_recorder_close(recorder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(cumulative_points_add_up_from_one_start, set_up),
        cmocka_unit_test_setup(deltas_are_what_is_new, set_up),
        cmocka_unit_test_setup(a_window_stays_open_until_it_is_taken, set_up),
        cmocka_unit_test_setup(deltas_after_cumulative_points_begin_with_all, set_up),
        cmocka_unit_test_setup(deltas_are_at_least_once, set_up),
        cmocka_unit_test_setup(own_counters_survive_a_killed_drainer, set_up),
        cmocka_unit_test_setup(losses_are_told_once_by_all_drainers_together, set_up),
        cmocka_unit_test_setup(exemplars_point_at_the_trace, set_up),
        cmocka_unit_test_setup(exemplars_go_with_their_window, set_up),
        cmocka_unit_test_setup(series_have_a_ceiling, set_up),
        cmocka_unit_test_setup(a_file_that_cannot_grow_overflows, set_up),
        cmocka_unit_test_setup(another_file_in_its_place_does_not_grow, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
