/*
 * What a drainer exported, read back.
 */
#include "exported.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "otlp/decode.h"

#define SPANS_MAX 65536

const char *test_traces_file(void)
{
    static char path[300];

    snprintf(path, sizeof path, "%s/traces.jsonl", test_directory());
    return path;
}

const char *test_metrics_file(void)
{
    static char path[300];

    snprintf(path, sizeof path, "%s/metrics.jsonl", test_directory());
    return path;
}

const char *test_logs_file(void)
{
    static char path[300];

    snprintf(path, sizeof path, "%s/logs.jsonl", test_directory());
    return path;
}

gsp_drainer_options test_file_options(void)
{
    gsp_drainer_options o = GSP_DRAINER_OPTIONS_INIT;

    o.traces_exporter = o.metrics_exporter = o.logs_exporter = "file";
    o.traces_file = test_traces_file();
    o.metrics_file = test_metrics_file();
    o.logs_file = test_logs_file();
    o.spool_directory = "-";
    o.schedule_delay_ms = o.metric_interval_ms = 3600000;
    return o;
}

struct gsp__drainer *test_drainer(bool dead_only)
{
    struct gsp__drain_scope scope = {.directory = test_directory(), .dead_only = dead_only};
    gsp_drainer_options options = test_file_options();
    struct gsp__drainer *d;
    gsp_error err = {0};

    if (gsp__drainer_new(&scope, &options, &d, &err) != GSP_OK)
        fail_msg("drainer: %s", err.text);
    return d;
}

struct gsp__drain_report test_drain_once(bool dead_only)
{
    struct gsp__drainer *d = test_drainer(dead_only);
    struct gsp__drain_report report;

    assert_int_equal(gsp__drainer_flush(d, 30000, true), GSP_OK);
    report = *gsp__drainer_report(d);
    gsp__drainer_free(d);
    return report;
}

/*
 * Reading back.
 */

static struct gsp__arena arena;
static char *text;

/* Load a file and make an arena for what it decodes to. False if it is not there. */
static bool load(const char *path)
{
    size_t n;

    free(text);
    text = NULL;
    gsp__arena_deinit(&arena);
    if (access(path, R_OK) != 0)
        return false;
    text = test_read_file(path, &n);
    assert_true(gsp__arena_init(&arena, n * 24 + (1 << 20)));
    return true;
}

/* The next whole line at *at, ended by NUL; NULL at the end. */
static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');

    if (!end)
        return NULL;
    *end = 0;
    *at = end + 1;
    return line;
}

const struct gsp__span_data *test_spans(const char *path, int *n)
{
    static struct gsp__span_data spans[SPANS_MAX];
    char *line, *at;
    gsp_error err = {0};

    *n = 0;
    if (!load(path))
        return spans;
    at = text;
    while ((line = next_line(&at))) {
        struct gsp__traces traces;

        if (gsp__otlp_traces_from_json(line, strlen(line), &arena, &traces, &err) != GSP_OK)
            fail_msg("%s: %s: %.200s", path, err.text, line);
        for (uint32_t r = 0; r < traces.n_resources; r++)
            for (uint32_t s = 0; s < traces.resources[r].n_scopes; s++)
                for (uint32_t i = 0; i < traces.resources[r].scopes[s].n_spans; i++) {
                    assert_true(*n < SPANS_MAX);
                    spans[(*n)++] = traces.resources[r].scopes[s].spans[i];
                }
    }
    return spans;
}

const struct gsp__span_data *test_span(const char *path, const uint8_t span_id[8])
{
    const struct gsp__span_data *spans, *found = NULL;
    int n;

    spans = test_spans(path, &n);
    for (int i = 0; i < n; i++)
        if (memcmp(spans[i].span_id, span_id, 8) == 0) {
            if (found)
                fail_msg("a span was exported twice");
            found = &spans[i];
        }
    return found;
}

static bool equals(struct gsp__string s, const char *other)
{
    return s.n == strlen(other) && memcmp(s.bytes, other, s.n) == 0;
}

const struct gsp__value *test_attribute(const struct gsp__attributes *attributes, const char *key)
{
    for (uint32_t i = 0; i < attributes->n; i++)
        if (equals(attributes->items[i].key, key))
            return &attributes->items[i].value;
    return NULL;
}

int64_t test_int(const struct gsp__attributes *attributes, const char *key)
{
    const struct gsp__value *v = test_attribute(attributes, key);

    if (!v || v->type != GSP__VALUE_INT)
        fail_msg("no integer %s", key);
    return v->u.integer;
}

bool test_is(const struct gsp__attributes *attributes, const char *key, const char *string)
{
    const struct gsp__value *v = test_attribute(attributes, key);

    return v && v->type == GSP__VALUE_STRING && equals(v->u.string, string);
}

bool test_has_item(const struct gsp__attributes *attributes, const char *key, const char *string)
{
    const struct gsp__value *v = test_attribute(attributes, key);

    for (uint32_t i = 0; v && v->type == GSP__VALUE_ARRAY && i < v->n; i++)
        if (v->u.items[i].type == GSP__VALUE_STRING && equals(v->u.items[i].u.string, string))
            return true;
    return false;
}

const struct gsp__span_event *test_event(const struct gsp__span_data *span, const char *name)
{
    for (uint32_t i = 0; i < span->n_events; i++)
        if (equals(span->events[i].name, name))
            return &span->events[i];
    return NULL;
}

static uint64_t count_points(const struct gsp__metric *m, const char *key, const char *value)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < m->n_points; i++)
        if (!key || test_is(&m->points[i].attributes, key, value))
            n += m->type == GSP__METRIC_SUM ? (uint64_t)m->points[i].value.u.integer : m->points[i].count;
    return n;
}

uint64_t test_metric(const char *path, const char *name, const char *key, const char *value)
{
    char *line, *last = NULL, *at;
    struct gsp__metrics metrics;
    gsp_error err = {0};
    uint64_t n = 0;

    if (!load(path))
        return 0;
    at = text;
    while ((line = next_line(&at)))
        last = line;
    if (!last)
        return 0;
    if (gsp__otlp_metrics_from_json(last, strlen(last), &arena, &metrics, &err) != GSP_OK)
        fail_msg("%s: %s: %.200s", path, err.text, last);
    for (uint32_t r = 0; r < metrics.n_resources; r++)
        for (uint32_t s = 0; s < metrics.resources[r].n_scopes; s++)
            for (uint32_t i = 0; i < metrics.resources[r].scopes[s].n_metrics; i++)
                if (equals(metrics.resources[r].scopes[s].metrics[i].name, name))
                    n += count_points(&metrics.resources[r].scopes[s].metrics[i], key, value);
    return n;
}

uint64_t test_fold_count(struct gsp__ring_drain *ring, enum gsp__measure measure, uint64_t *sum)
{
    struct gsp__fold_window window;
    uint64_t n = 0, total = 0;

    gsp__fold_window(ring->fold, ring->reader, &window);
    for (uint32_t i = 0; i < window.bank->n_keys; i++) {
        const struct gsp__series *s = gsp__bank_series_at(window.bank, i, measure);

        n += s ? s->count : 0;
        total += s ? s->sum : 0;
    }
    if (sum)
        *sum = total;
    return n;
}

uint64_t test_fold_own(struct gsp__ring_drain *ring, enum gsp__own_counter counter)
{
    struct gsp__fold_window window;

    gsp__fold_window(ring->fold, ring->reader, &window);
    return window.own[counter];
}

/*
 * Making.
 */

void test_record_calls(gsp_recorder *recorder, int n, gsp_context *out)
{
    for (int i = 0; i < n; i++) {
        gsp_operation_options options = GSP_OPERATION_OPTIONS_INIT;
        gsp_span op, at;

        options.provider = "openai";
        options.model = "m";
        op = gsp_operation_start(recorder, "chat", &options);
        at = gsp_attempt_start(op, NULL);
        assert_true(op.id && at.id);
        if (out)
            out[i] = gsp_span_context(op);
        gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 7);
        gsp_span_end(at, GSP_OUTCOME_COMPLETED, NULL, 0);
        gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    }
}

static void tell(struct gsp__exporter *exporter, const char *step, const struct gsp__span_data *spans,
                 uint32_t n)
{
    struct test_exporter *e = (struct test_exporter *)exporter;

    if (e->on_step)
        e->on_step(e->self, step, spans, n);
}

static void begin(struct gsp__exporter *exporter, const struct gsp__export_origin *origin)
{
    (void)origin;
    tell(exporter, "begin", NULL, 0);
}

static void add(struct gsp__exporter *exporter, const struct gsp__call *call,
                const struct gsp__derived *derived, uint32_t n_records)
{
    (void)call;
    (void)n_records;
    tell(exporter, "add", derived->spans, derived->n_spans);
}

static bool is_ripe(const struct gsp__exporter *exporter)
{
    (void)exporter;
    return false;
}

static enum gsp__export_result commit(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    (void)counts;
    tell(exporter, "commit", NULL, 0);
    return ((struct test_exporter *)exporter)->waits ? GSP__EXPORT_WAIT : GSP__EXPORT_DONE;
}

static enum gsp__export_result metrics(struct gsp__exporter *exporter,
                                       const struct gsp__resource_metrics *resource, bool must_keep,
                                       struct gsp__export_counts *counts)
{
    struct test_exporter *e = (struct test_exporter *)exporter;

    (void)must_keep;
    (void)counts;
    tell(exporter, "metrics", NULL, 0);
    return e->on_metrics ? e->on_metrics(e->self, &resource->scopes[0]) : GSP__EXPORT_DONE;
}

static bool tick(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    (void)exporter;
    (void)counts;
    return true;
}

static void free_nothing(struct gsp__exporter *exporter)
{
    (void)exporter;
}

void test_batch_init(struct gsp__batch *batch, struct test_exporter *exporter)
{
    static const struct gsp__exporter_ops ops = {
        .begin = begin,
        .add = add,
        .is_ripe = is_ripe,
        .commit = commit,
        .metrics = metrics,
        .tick = tick,
        .free = free_nothing,
    };
    static struct gsp__drain_config no_exporters;

    assert_int_equal(gsp__batch_init(batch, &no_exporters, NULL), GSP_OK);
    exporter->base.ops = &ops;
    batch->exporters[0] = &exporter->base;
    batch->n_exporters = 1;
}

/*
 * Children.
 */

int test_wait_child(pid_t pid)
{
    int status = 0;

    for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms += 2) {
        if (ms > 60000) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            fail_msg("a child did not end in 60 s");
        }
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int test_in_child(int (*fn)(void *), void *arg)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(fn(arg));
    return test_wait_child(pid);
}
