/*
 * An exporter by itself.
 */
#include "drain/exporting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otlp/decode.h"

static struct gsp__attribute resource_attributes[] = {
    {.key = {"service.name", 12}, .value = {.type = GSP__VALUE_STRING, .u = {.string = {TEST_SERVICE, 9}}}}};
static const struct gsp__export_origin origin = {
    .resource = {.attributes = {.items = resource_attributes, .n = 1}},
    .scope = {.name = {TEST_SCOPE, sizeof TEST_SCOPE - 1}},
    .schema_url = {TEST_SCHEMA_URL, sizeof TEST_SCHEMA_URL - 1}};

void test_exporting_start(struct test_exporting *e, test_maker *make, const gsp_drainer_options *options)
{
    gsp_error err = {0};

    memset(e, 0, sizeof *e);
    test_channel_init(&e->c, options);
    e->exporter = make(&e->c.context, &err);
    if (!e->exporter)
        fail_msg("exporter: %s", err.text);
}

void test_exporting_end(struct test_exporting *e)
{
    if (e->exporter)
        e->exporter->ops->free(e->exporter);
    e->exporter = NULL;
}

static struct gsp__span_data span_named(const char *name, size_t n)
{
    struct gsp__span_data span = {
        .trace_id = {1}, .span_id = {2}, .kind = 3, .start_unix_ns = 1, .end_unix_ns = 2};

    span.name = (struct gsp__string){name, n};
    return span;
}

/* A call whose name is in capitals has a log record too, of the same name; "-NAME" has nothing else. */
static void add_call(struct test_exporting *e, const char *name, size_t n)
{
    bool is_log_only = *name == '-';
    struct gsp__string s = {name + is_log_only, n - is_log_only};
    struct gsp__span_data span = span_named(s.bytes, s.n);
    struct gsp__log_data log = {.time_unix_ns = 1,
                                .event_name = s,
                                .has_trace_id = true,
                                .has_span_id = true,
                                .trace_id = {1},
                                .span_id = {2}};
    struct gsp__derived derived = {.spans = &span, .logs = &log};

    derived.n_spans = !is_log_only;
    derived.n_logs = is_log_only || (*s.bytes >= 'A' && *s.bytes <= 'Z');
    e->exporter->ops->add(e->exporter, NULL, &derived, 1);
}

void test_exporting_add(struct test_exporting *e, const char *names)
{
    e->exporter->ops->begin(e->exporter, &origin);
    for (const char *name = names + strspn(names, " "); *name;) {
        size_t n = strcspn(name, " ");

        add_call(e, name, n);
        name += n;
        name += strspn(name, " ");
    }
}

static void count(struct test_exporting *e, const struct gsp__export_counts *counts)
{
    e->counts.n_exported += counts->n_exported;
    e->counts.n_spooled += counts->n_spooled;
    e->counts.n_rejected += counts->n_rejected;
    e->counts.n_logs_exported += counts->n_logs_exported;
    e->counts.n_logs_spooled += counts->n_logs_spooled;
    e->counts.n_logs_rejected += counts->n_logs_rejected;
    e->counts.n_damaged += counts->n_damaged;
}

enum gsp__export_result test_exporting_commit(struct test_exporting *e)
{
    struct gsp__export_counts counts = {0};
    enum gsp__export_result result = e->exporter->ops->commit(e->exporter, &counts);

    count(e, &counts);
    return result;
}

enum gsp__export_result test_export(struct test_exporting *e, const char *names)
{
    test_exporting_add(e, names);
    return test_exporting_commit(e);
}

static enum gsp__export_result export_large(struct test_exporting *e, size_t n_bytes, bool is_log)
{
    char *bytes = malloc(n_bytes);
    struct gsp__value value = {.type = GSP__VALUE_STRING, .u = {.string = {bytes, n_bytes}}};
    struct gsp__attribute attribute = {.key = {"large", 5}, .value = value};
    struct gsp__span_data span = span_named("large", 5);
    struct gsp__log_data log = {.event_name = {"large", 5}, .body = value};
    struct gsp__derived derived = {&span, 1, &log, is_log};

    assert_non_null(bytes);
    memset(bytes, 'x', n_bytes);
    if (!is_log)
        span.attributes = (struct gsp__attributes){&attribute, 1, 0};
    e->exporter->ops->begin(e->exporter, &origin);
    e->exporter->ops->add(e->exporter, NULL, &derived, 1);
    free(bytes);
    return test_exporting_commit(e);
}

enum gsp__export_result test_export_large(struct test_exporting *e, size_t n_bytes)
{
    return export_large(e, n_bytes, false);
}

enum gsp__export_result test_export_large_log(struct test_exporting *e, size_t n_bytes)
{
    return export_large(e, n_bytes, true);
}

enum gsp__export_result test_export_metrics(struct test_exporting *e, int64_t value, bool must_keep)
{
    const struct gsp__point point = {.time_unix_ns = 1, .value = {GSP__NUMBER_INT, {.integer = value}}};
    const struct gsp__metric metric = {.name = GSP__STRING("m"),
                                       .type = GSP__METRIC_SUM,
                                       .temporality = GSP__TEMPORALITY_CUMULATIVE,
                                       .points = &point,
                                       .n_points = 1};
    const struct gsp__scope_metrics scope = {.scope = origin.scope, .metrics = &metric, .n_metrics = 1};
    const struct gsp__resource_metrics all = {.resource = origin.resource, .scopes = &scope, .n_scopes = 1};
    struct gsp__export_counts counts = {0};

    return e->exporter->ops->metrics(e->exporter, &all, must_keep, &counts);
}

bool test_exporting_tick(struct test_exporting *e)
{
    struct gsp__export_counts counts = {0};
    bool is_empty = e->exporter->ops->tick(e->exporter, &counts);

    count(e, &counts);
    return is_empty;
}

/* What stands around the items of a body. */
static void check_origin(const struct gsp__resource *resource, const struct gsp__instrumentation_scope *scope,
                         struct gsp__string schema_url)
{
    assert_int_equal(resource->attributes.n, 1);
    assert_memory_equal(resource->attributes.items[0].value.u.string.bytes, TEST_SERVICE, 9);
    assert_int_equal(scope->name.n, strlen(TEST_SCOPE));
    assert_memory_equal(scope->name.bytes, TEST_SCOPE, scope->name.n);
    assert_int_equal(schema_url.n, strlen(TEST_SCHEMA_URL));
    assert_memory_equal(schema_url.bytes, TEST_SCHEMA_URL, schema_url.n);
}

static char names_found[4096];

static void add_name(struct gsp__string name)
{
    size_t used = strlen(names_found);

    snprintf(names_found + used, sizeof names_found - used, "%s%.*s", used ? " " : "", (int)name.n,
             name.bytes);
}

const char *test_names_in(const void *bytes, size_t n, bool is_json)
{
    struct gsp__arena arena;
    struct gsp__traces traces;
    gsp_error err = {0};
    gsp_status status;

    names_found[0] = 0;
    assert_true(gsp__arena_init(&arena, n * GSP__OTLP_ARENA_PER_BYTE + 4096));
    status = is_json ? gsp__otlp_traces_from_json(bytes, n, &arena, &traces, &err)
                     : gsp__otlp_traces_from_pb(bytes, n, &arena, &traces, &err);
    if (status != GSP_OK)
        fail_msg("no OTLP: %s", err.text);
    for (uint32_t i = 0; i < traces.n_resources; i++) {
        const struct gsp__resource_spans *r = &traces.resources[i];

        for (uint32_t j = 0; j < r->n_scopes; j++) {
            check_origin(&r->resource, &r->scopes[j].scope, r->scopes[j].schema_url);
            for (uint32_t k = 0; k < r->scopes[j].n_spans; k++)
                add_name(r->scopes[j].spans[k].name);
        }
    }
    gsp__arena_deinit(&arena);
    return names_found;
}

const char *test_events_in(const void *bytes, size_t n, bool is_json)
{
    struct gsp__arena arena;
    struct gsp__logs logs;
    gsp_error err = {0};
    gsp_status status;

    names_found[0] = 0;
    assert_true(gsp__arena_init(&arena, n * GSP__OTLP_ARENA_PER_BYTE + 4096));
    status = is_json ? gsp__otlp_logs_from_json(bytes, n, &arena, &logs, &err)
                     : gsp__otlp_logs_from_pb(bytes, n, &arena, &logs, &err);
    if (status != GSP_OK)
        fail_msg("no OTLP: %s", err.text);
    for (uint32_t i = 0; i < logs.n_resources; i++) {
        const struct gsp__resource_logs *r = &logs.resources[i];

        for (uint32_t j = 0; j < r->n_scopes; j++) {
            check_origin(&r->resource, &r->scopes[j].scope, r->scopes[j].schema_url);
            for (uint32_t k = 0; k < r->scopes[j].n_logs; k++)
                add_name(r->scopes[j].logs[k].event_name);
        }
    }
    gsp__arena_deinit(&arena);
    return names_found;
}

int64_t test_value_in(const void *bytes, size_t n, bool is_json)
{
    struct gsp__arena arena;
    struct gsp__metrics metrics;
    gsp_error err = {0};
    gsp_status status;
    int64_t value;

    assert_true(gsp__arena_init(&arena, n * GSP__OTLP_ARENA_PER_BYTE + 4096));
    status = is_json ? gsp__otlp_metrics_from_json(bytes, n, &arena, &metrics, &err)
                     : gsp__otlp_metrics_from_pb(bytes, n, &arena, &metrics, &err);
    if (status != GSP_OK)
        fail_msg("no OTLP: %s", err.text);
    assert_int_equal(metrics.n_resources, 1);
    value = metrics.resources[0].scopes[0].metrics[0].points[0].value.u.integer;
    gsp__arena_deinit(&arena);
    return value;
}
