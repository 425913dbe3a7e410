/*
 * Comparing models, field by field.
 */
#include "otlp/same.h"

#include <stdio.h>
#include <string.h>

/* Where the comparison is, for the message: "resource[0].scope[1].span[2].name". */
static char place[512];
static size_t n_place;
static char difference[600];

static size_t enter(const char *name, uint32_t i)
{
    size_t before = n_place;
    int n = snprintf(place + n_place, sizeof place - n_place, ".%s[%u]", name, i);

    if (n > 0 && (size_t)n < sizeof place - n_place)
        n_place += (size_t)n;
    return before;
}

static void leave(size_t before)
{
    n_place = before;
    place[before] = 0;
}

/* Note the first difference. */
static bool check(bool is_same, const char *field)
{
    if (!is_same && !difference[0])
        snprintf(difference, sizeof difference, "the models differ at %s.%s", place, field);
    return is_same;
}

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool same_string(struct gsp__string a, struct gsp__string b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.bytes, b.bytes, a.n) == 0);
}

static bool same_number(struct gsp__number a, struct gsp__number b)
{
    if (a.type != b.type)
        return false;
    if (a.type == GSP__NUMBER_INT)
        return a.u.integer == b.u.integer;
    return a.type == GSP__NUMBER_NONE || same_double(a.u.real, b.u.real);
}

static void compare_pairs(const char *name, const struct gsp__attribute *a, const struct gsp__attribute *b,
                          uint32_t n);

static void compare_value(const struct gsp__value *a, const struct gsp__value *b)
{
    if (!check(a->type == b->type, "type"))
        return;
    switch (a->type) {
    case GSP__VALUE_NONE:
        break;
    case GSP__VALUE_STRING:
    case GSP__VALUE_BYTES:
        check(same_string(a->u.string, b->u.string), "string");
        break;
    case GSP__VALUE_BOOL:
        check(a->u.boolean == b->u.boolean, "boolean");
        break;
    case GSP__VALUE_INT:
        check(a->u.integer == b->u.integer, "integer");
        break;
    case GSP__VALUE_DOUBLE:
        check(same_double(a->u.real, b->u.real), "real");
        break;
    case GSP__VALUE_ARRAY:
        if (!check(a->n == b->n, "n"))
            return;
        for (uint32_t i = 0; i < a->n; i++) {
            size_t before = enter("item", i);

            compare_value(&a->u.items[i], &b->u.items[i]);
            leave(before);
        }
        break;
    case GSP__VALUE_MAP:
        if (check(a->n == b->n, "n"))
            compare_pairs("pair", a->u.pairs, b->u.pairs, a->n);
        break;
    }
}

static void compare_pairs(const char *name, const struct gsp__attribute *a, const struct gsp__attribute *b,
                          uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        size_t before = enter(name, i);

        check(same_string(a[i].key, b[i].key), "key");
        compare_value(&a[i].value, &b[i].value);
        leave(before);
    }
}

static void compare_attributes(const struct gsp__attributes *a, const struct gsp__attributes *b)
{
    check(a->n_dropped == b->n_dropped, "attributes.n_dropped");
    if (check(a->n == b->n, "attributes.n"))
        compare_pairs("attribute", a->items, b->items, a->n);
}

static void compare_scope(const struct gsp__instrumentation_scope *a,
                          const struct gsp__instrumentation_scope *b)
{
    check(same_string(a->name, b->name), "scope.name");
    check(same_string(a->version, b->version), "scope.version");
    compare_attributes(&a->attributes, &b->attributes);
}

static void compare_event(const struct gsp__span_event *a, const struct gsp__span_event *b)
{
    check(a->time_unix_ns == b->time_unix_ns, "time_unix_ns");
    check(same_string(a->name, b->name), "name");
    compare_attributes(&a->attributes, &b->attributes);
}

static void compare_link(const struct gsp__span_link *a, const struct gsp__span_link *b)
{
    check(memcmp(a->trace_id, b->trace_id, 16) == 0, "trace_id");
    check(memcmp(a->span_id, b->span_id, 8) == 0, "span_id");
    check(a->flags == b->flags, "flags");
    check(same_string(a->trace_state, b->trace_state), "trace_state");
    compare_attributes(&a->attributes, &b->attributes);
}

static void compare_span(const struct gsp__span_data *a, const struct gsp__span_data *b)
{
    check(memcmp(a->trace_id, b->trace_id, 16) == 0, "trace_id");
    check(memcmp(a->span_id, b->span_id, 8) == 0, "span_id");
    check(a->has_parent == b->has_parent, "has_parent");
    check(memcmp(a->parent_span_id, b->parent_span_id, 8) == 0, "parent_span_id");
    check(a->kind == b->kind, "kind");
    check(a->status == b->status, "status");
    check(a->flags == b->flags, "flags");
    check(same_string(a->name, b->name), "name");
    check(same_string(a->trace_state, b->trace_state), "trace_state");
    check(same_string(a->status_message, b->status_message), "status_message");
    check(a->start_unix_ns == b->start_unix_ns, "start_unix_ns");
    check(a->end_unix_ns == b->end_unix_ns, "end_unix_ns");
    compare_attributes(&a->attributes, &b->attributes);
    if (!check(a->n_events == b->n_events, "n_events"))
        return;
    check(a->n_dropped_events == b->n_dropped_events, "n_dropped_events");
    if (!check(a->n_links == b->n_links, "n_links"))
        return;
    check(a->n_dropped_links == b->n_dropped_links, "n_dropped_links");
    for (uint32_t i = 0; i < a->n_events; i++) {
        size_t before = enter("event", i);

        compare_event(&a->events[i], &b->events[i]);
        leave(before);
    }
    for (uint32_t i = 0; i < a->n_links; i++) {
        size_t before = enter("link", i);

        compare_link(&a->links[i], &b->links[i]);
        leave(before);
    }
}

static void compare_traces(const struct gsp__traces *a, const struct gsp__traces *b)
{
    if (!check(a->n_resources == b->n_resources, "n_resources"))
        return;
    for (uint32_t i = 0; i < a->n_resources; i++) {
        const struct gsp__resource_spans *ra = &a->resources[i], *rb = &b->resources[i];
        size_t at_resource = enter("resource", i);

        compare_attributes(&ra->resource.attributes, &rb->resource.attributes);
        check(same_string(ra->schema_url, rb->schema_url), "schema_url");
        if (!check(ra->n_scopes == rb->n_scopes, "n_scopes"))
            return;
        for (uint32_t k = 0; k < ra->n_scopes; k++) {
            const struct gsp__scope_spans *sa = &ra->scopes[k], *sb = &rb->scopes[k];
            size_t at_scope = enter("scope", k);

            compare_scope(&sa->scope, &sb->scope);
            check(same_string(sa->schema_url, sb->schema_url), "schema_url");
            if (!check(sa->n_spans == sb->n_spans, "n_spans"))
                return;
            for (uint32_t n = 0; n < sa->n_spans; n++) {
                size_t at_span = enter("span", n);

                compare_span(&sa->spans[n], &sb->spans[n]);
                leave(at_span);
            }
            leave(at_scope);
        }
        leave(at_resource);
    }
}

/*
 * Metrics.
 */

static void compare_exemplar(const struct gsp__exemplar *a, const struct gsp__exemplar *b)
{
    compare_attributes(&a->filtered, &b->filtered);
    check(a->time_unix_ns == b->time_unix_ns, "time_unix_ns");
    check(same_number(a->value, b->value), "value");
    check(a->has_span_id == b->has_span_id, "has_span_id");
    check(a->has_trace_id == b->has_trace_id, "has_trace_id");
    check(memcmp(a->span_id, b->span_id, 8) == 0, "span_id");
    check(memcmp(a->trace_id, b->trace_id, 16) == 0, "trace_id");
}

static bool same_counts(const uint64_t *a, uint32_t n_a, const uint64_t *b, uint32_t n_b)
{
    return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * sizeof *a) == 0);
}

static void compare_point(const struct gsp__point *a, const struct gsp__point *b)
{
    compare_attributes(&a->attributes, &b->attributes);
    check(a->start_unix_ns == b->start_unix_ns, "start_unix_ns");
    check(a->time_unix_ns == b->time_unix_ns, "time_unix_ns");
    check(a->flags == b->flags, "flags");
    check(same_number(a->value, b->value), "value");
    check(a->count == b->count, "count");
    check(a->has_sum == b->has_sum, "has_sum");
    check(a->has_min == b->has_min, "has_min");
    check(a->has_max == b->has_max, "has_max");
    check(same_double(a->sum, b->sum), "sum");
    check(same_double(a->min, b->min), "min");
    check(same_double(a->max, b->max), "max");
    check(same_counts(a->buckets, a->n_buckets, b->buckets, b->n_buckets), "buckets");
    if (!check(a->n_bounds == b->n_bounds, "n_bounds"))
        return;
    for (uint32_t i = 0; i < a->n_bounds; i++)
        check(same_double(a->bounds[i], b->bounds[i]), "bounds");
    check(a->scale == b->scale, "scale");
    check(a->zero_count == b->zero_count, "zero_count");
    check(same_double(a->zero_threshold, b->zero_threshold), "zero_threshold");
    check(a->positive_offset == b->positive_offset, "positive_offset");
    check(a->negative_offset == b->negative_offset, "negative_offset");
    check(same_counts(a->negative, a->n_negative, b->negative, b->n_negative), "negative");
    if (!check(a->n_quantiles == b->n_quantiles, "n_quantiles"))
        return;
    for (uint32_t i = 0; i < a->n_quantiles; i++) {
        check(same_double(a->quantiles[i].quantile, b->quantiles[i].quantile), "quantile");
        check(same_double(a->quantiles[i].value, b->quantiles[i].value), "quantile's value");
    }
    if (!check(a->n_exemplars == b->n_exemplars, "n_exemplars"))
        return;
    for (uint32_t i = 0; i < a->n_exemplars; i++) {
        size_t before = enter("exemplar", i);

        compare_exemplar(&a->exemplars[i], &b->exemplars[i]);
        leave(before);
    }
}

static void compare_metric(const struct gsp__metric *a, const struct gsp__metric *b)
{
    check(same_string(a->name, b->name), "name");
    check(same_string(a->description, b->description), "description");
    check(same_string(a->unit, b->unit), "unit");
    check(a->type == b->type, "type");
    check(a->temporality == b->temporality, "temporality");
    check(a->is_monotonic == b->is_monotonic, "is_monotonic");
    if (!check(a->n_points == b->n_points, "n_points"))
        return;
    for (uint32_t i = 0; i < a->n_points; i++) {
        size_t before = enter("point", i);

        compare_point(&a->points[i], &b->points[i]);
        leave(before);
    }
}

static void compare_metrics(const struct gsp__metrics *a, const struct gsp__metrics *b)
{
    if (!check(a->n_resources == b->n_resources, "n_resources"))
        return;
    for (uint32_t i = 0; i < a->n_resources; i++) {
        const struct gsp__resource_metrics *ra = &a->resources[i], *rb = &b->resources[i];
        size_t at_resource = enter("resource", i);

        compare_attributes(&ra->resource.attributes, &rb->resource.attributes);
        check(same_string(ra->schema_url, rb->schema_url), "schema_url");
        if (!check(ra->n_scopes == rb->n_scopes, "n_scopes"))
            return;
        for (uint32_t k = 0; k < ra->n_scopes; k++) {
            const struct gsp__scope_metrics *sa = &ra->scopes[k], *sb = &rb->scopes[k];
            size_t at_scope = enter("scope", k);

            compare_scope(&sa->scope, &sb->scope);
            check(same_string(sa->schema_url, sb->schema_url), "schema_url");
            if (!check(sa->n_metrics == sb->n_metrics, "n_metrics"))
                return;
            for (uint32_t n = 0; n < sa->n_metrics; n++) {
                size_t at_metric = enter("metric", n);

                compare_metric(&sa->metrics[n], &sb->metrics[n]);
                leave(at_metric);
            }
            leave(at_scope);
        }
        leave(at_resource);
    }
}

/*
 * Logs.
 */

static void compare_log(const struct gsp__log_data *a, const struct gsp__log_data *b)
{
    size_t before;

    check(a->time_unix_ns == b->time_unix_ns, "time_unix_ns");
    check(a->observed_unix_ns == b->observed_unix_ns, "observed_unix_ns");
    check(a->severity == b->severity, "severity");
    check(same_string(a->severity_text, b->severity_text), "severity_text");
    check(same_string(a->event_name, b->event_name), "event_name");
    check(a->flags == b->flags, "flags");
    check(a->has_trace_id == b->has_trace_id, "has_trace_id");
    check(a->has_span_id == b->has_span_id, "has_span_id");
    check(memcmp(a->trace_id, b->trace_id, 16) == 0, "trace_id");
    check(memcmp(a->span_id, b->span_id, 8) == 0, "span_id");
    compare_attributes(&a->attributes, &b->attributes);
    before = enter("body", 0);
    compare_value(&a->body, &b->body);
    leave(before);
}

static void compare_scope_logs(const struct gsp__scope_logs *a, const struct gsp__scope_logs *b)
{
    compare_scope(&a->scope, &b->scope);
    check(same_string(a->schema_url, b->schema_url), "schema_url");
    if (!check(a->n_logs == b->n_logs, "n_logs"))
        return;
    for (uint32_t i = 0; i < a->n_logs; i++) {
        size_t before = enter("log", i);

        compare_log(&a->logs[i], &b->logs[i]);
        leave(before);
    }
}

static void compare_logs(const struct gsp__logs *a, const struct gsp__logs *b)
{
    if (!check(a->n_resources == b->n_resources, "n_resources"))
        return;
    for (uint32_t i = 0; i < a->n_resources; i++) {
        const struct gsp__resource_logs *ra = &a->resources[i], *rb = &b->resources[i];
        size_t at_resource = enter("resource", i);

        compare_attributes(&ra->resource.attributes, &rb->resource.attributes);
        check(same_string(ra->schema_url, rb->schema_url), "schema_url");
        if (!check(ra->n_scopes == rb->n_scopes, "n_scopes"))
            return;
        for (uint32_t k = 0; k < ra->n_scopes; k++) {
            size_t at_scope = enter("scope", k);

            compare_scope_logs(&ra->scopes[k], &rb->scopes[k]);
            leave(at_scope);
        }
        leave(at_resource);
    }
}

const char *test_traces_difference(const struct gsp__traces *a, const struct gsp__traces *b)
{
    leave(0);
    difference[0] = 0;
    compare_traces(a, b);
    return difference[0] ? difference : NULL;
}

const char *test_metrics_difference(const struct gsp__metrics *a, const struct gsp__metrics *b)
{
    leave(0);
    difference[0] = 0;
    compare_metrics(a, b);
    return difference[0] ? difference : NULL;
}

const char *test_logs_difference(const struct gsp__logs *a, const struct gsp__logs *b)
{
    leave(0);
    difference[0] = 0;
    compare_logs(a, b);
    return difference[0] ? difference : NULL;
}
