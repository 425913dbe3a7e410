/*
 * What came of a scenario: its ring, read as a drainer reads it.
 */
#include "sim/scenario_collect.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "derive/assemble.h"
#include "derive/metric_view.h"
#include "derive/metrics.h"
#include "derive/spans.h"
#include "otlp/encode_json.h"
#include "record/reader.h"
#include "sim/summary.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define BANK_BYTES  ((size_t)1 << 20)

struct spans {
    struct gsp__span_data *items;
    uint32_t n, cap;
};

/* All that a ring's calls come to. */
struct collected {
    struct gsp__arena arena;
    struct spans spans;
    struct gsp__buffer logs; /* the line of log records so far */
    const char *schema_url;
    uint8_t *bank_bytes;
    uint64_t n_bank;
    struct gsp__bank bank;
};

static bool copy_call(struct gsp__reader *reader, const struct gsp__assembler *a, uint32_t root,
                      struct gsp__arena *arena, struct gsp__snapshot **out, uint32_t *n)
{
    uint32_t max = 0;

    for (uint32_t i = root; i != GSP__NO_REF; i = a->records[i].next)
        max++;
    *n = 0;
    *out = gsp__arena_get(arena, max * sizeof **out);
    if (!*out)
        return false;
    for (uint32_t i = root; i != GSP__NO_REF; i = a->records[i].next)
        if (gsp__reader_snapshot(reader, &a->records[i].ref, arena, &(*out)[(*n)++]) != GSP__SNAPSHOT_OK)
            return false;
    return true;
}

static bool add_spans(struct spans *spans, const struct gsp__derived *derived)
{
    if (spans->n + derived->n_spans > spans->cap) {
        uint32_t cap = (spans->n + derived->n_spans) * 2;
        struct gsp__span_data *items = realloc(spans->items, cap * sizeof *items);

        if (!items)
            return false;
        spans->items = items;
        spans->cap = cap;
    }
    memcpy(spans->items + spans->n, derived->spans, derived->n_spans * sizeof *spans->items);
    spans->n += derived->n_spans;
    return true;
}

/* What says whose they are: the same wherever it runs. */
static struct gsp__resource resource_of(struct gsp__attribute *service)
{
    service->key = GSP__STRING("service.name");
    service->value =
        (struct gsp__value){.type = GSP__VALUE_STRING, .u = {.string = GSP__STRING("genspan-simulate")}};
    return (struct gsp__resource){{service, 1, 0}};
}

static struct gsp__string string_of(const char *text)
{
    return (struct gsp__string){text, strlen(text)};
}

/* Begin a line: whose items they are, and in which words. */
static void open_line(struct gsp__buffer *out, const char *resources, const char *scopes, const char *items,
                      const char *schema_url)
{
    struct gsp__attribute service;
    struct gsp__resource resource = resource_of(&service);
    struct gsp__instrumentation_scope scope = {
        GSP__STRING("genspan"), string_of(gsp_version()), {NULL, 0, 0}};

    gsp__otlp_open_json(out, resources, scopes, items, &resource, &scope, string_of(schema_url));
}

static void close_line(struct gsp__buffer *out)
{
    gsp__otlp_close_json(out);
    gsp__buffer_add_char(out, '\n');
}

static void add_logs(struct collected *to, const struct gsp__derived *derived)
{
    for (uint32_t i = 0; i < derived->n_logs; i++) {
        if (to->logs.n == 0)
            open_line(&to->logs, "resourceLogs", "scopeLogs", "logRecords", to->schema_url);
        gsp__otlp_log_json(&to->logs, &derived->logs[i]);
    }
}

static bool derive_all(struct gsp__reader *reader, const struct gsp__assembler *a, bool is_dead,
                       const struct gsp__span_policy *policy, struct collected *to)
{
    for (uint32_t i = 0; i < a->n_records; i++) {
        struct gsp__snapshot *snapshots;
        struct gsp__derived derived;
        struct gsp__call call;
        uint32_t n;

        if (!gsp__assembler_is_ready(a, i, is_dead, false))
            continue;
        if (!copy_call(reader, a, i, &to->arena, &snapshots, &n) ||
            !gsp__call_read(snapshots, n, is_dead, &to->arena, &call) ||
            !gsp__spans_derive(&call, policy, &to->arena, &derived) || !add_spans(&to->spans, &derived))
            return false;
        gsp__metrics_fold(&to->bank, &call, true);
        add_logs(to, &derived);
    }
    return true;
}

static void write_traces(struct gsp__buffer *out, const struct collected *c)
{
    if (c->spans.n == 0)
        return;
    open_line(out, "resourceSpans", "scopeSpans", "spans", c->schema_url);
    for (uint32_t i = 0; i < c->spans.n; i++)
        gsp__otlp_span_json(out, &c->spans.items[i]);
    close_line(out);
}

static void write_logs(struct gsp__buffer *out, struct collected *c)
{
    if (c->logs.n == 0)
        return;
    close_line(&c->logs);
    gsp__buffer_add(out, c->logs.data, c->logs.n);
    out->failed |= c->logs.failed;
}

static bool write_metrics(struct gsp__buffer *out, struct collected *c, const struct gsp__dialects *dialects,
                          const struct gsp__scenario_end *end)
{
    static const uint64_t own[GSP__OWN_COUNTERS];
    struct gsp__metric_views views = {.n = 0};
    struct gsp__metric_request request = {&views, GSP__TEMPORALITY_CUMULATIVE, end->start_unix_ns,
                                          end->now_unix_ns, own};
    struct gsp__attribute service;
    struct gsp__scope_metrics scope = {
        .scope = {GSP__STRING("genspan"), string_of(gsp_version()), {NULL, 0, 0}}};
    struct gsp__resource_metrics resource = {resource_of(&service), GSP__STRING(""), &scope, 1};
    struct gsp__metrics all = {&resource, 1};
    struct gsp__metric *metrics;

    for (uint32_t i = 0; i < dialects->n; i++)
        gsp__metric_views_add(&views, dialects->items[i]->name);
    if (!gsp__metrics_derive(&c->bank, &request, &c->arena, &metrics, &scope.n_metrics))
        return false;
    scope.metrics = metrics;
    scope.schema_url = string_of(dialects->items[0]->schema_url);
    if (scope.n_metrics > 0) {
        gsp__otlp_metrics_json(out, &all);
        gsp__buffer_add_char(out, '\n');
    }
    return true;
}

static bool write_summary(struct gsp__buffer *out, const struct spans *spans,
                          const struct gsp__buffer *notices)
{
    if (!gsp__summary_spans(out, spans->items, spans->n))
        return false;
    gsp__buffer_add_string(out, "sleeps_ms:\nnotices:");
    gsp__buffer_add(out, notices->data, notices->n);
    gsp__buffer_add_char(out, '\n');
    return !out->failed;
}

static bool collected_init(struct collected *c)
{
    memset(c, 0, sizeof *c);
    c->bank_bytes = calloc(1, BANK_BYTES);
    return c->bank_bytes && gsp__arena_init(&c->arena, ARENA_BYTES) &&
           gsp__bank_init(&c->bank, c->bank_bytes, BANK_BYTES, &c->n_bank, 1) == GSP_OK;
}

static void collected_deinit(struct collected *c)
{
    gsp__bank_deinit(&c->bank);
    gsp__arena_deinit(&c->arena);
    gsp__buffer_deinit(&c->logs);
    free(c->bank_bytes);
    free(c->spans.items);
}

gsp_status gsp__scenario_collect(const struct gsp__scenario_end *end, const struct gsp__dialects *dialects,
                                 struct gsp__scenario_result *out, gsp_error *err)
{
    struct gsp__span_policy policy = {.dialects = *dialects, .lone_attempts = true};
    struct gsp__assembler assembler = {0};
    struct gsp__reader *reader = NULL;
    struct collected c;
    gsp_status status = gsp__reader_open(end->path, GSP__READ_ONLY, &reader, err);

    if (status != GSP_OK)
        return status;
    if (!collected_init(&c) || !gsp__assembler_init(&assembler, reader->map.facts.n)) {
        status = gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory to read what was recorded");
        goto out;
    }
    c.schema_url = dialects->items[0]->schema_url;
    policy.capture = reader->header.capture;
    gsp__bank_begin(&c.bank);
    gsp__assembler_scan(&assembler, reader);
    if (derive_all(reader, &assembler, end->is_dead, &policy, &c) &&
        write_summary(&out->summary, &c.spans, end->notices)) {
        bool has_metrics;

        write_traces(&out->otlp, &c);
        has_metrics = write_metrics(&out->otlp, &c, dialects, end);
        write_logs(&out->otlp, &c);
        if (has_metrics && !out->otlp.failed)
            goto out;
    }
    status = gsp__fail(err, GSP_ERR_NO_SPACE, "more spans than there is memory for");
out:
    collected_deinit(&c);
    gsp__assembler_deinit(&assembler);
    gsp__reader_close(reader);
    return status;
}
