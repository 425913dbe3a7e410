/*
 * The summary of a scenario's run.
 */
#include "sim/summary.h"

#include <stdlib.h>

#include "otlp/json_writer.h"

static const char any[] = "...";

/*
 * Values.
 */

static bool is_bare(struct gsp__string s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.bytes[i] <= ' ' || strchr("\"[]{}", s.bytes[i]))
            return false;
    return s.n > 0;
}

static void add_value(struct gsp__buffer *out, const struct gsp__value *v, bool is_inner);

static void add_map(struct gsp__buffer *out, const struct gsp__value *v)
{
    gsp__buffer_add_char(out, '{');
    for (uint32_t i = 0; i < v->n; i++) {
        if (i > 0)
            gsp__buffer_add_char(out, ',');
        gsp__json_put_string(out, v->u.pairs[i].key);
        gsp__buffer_add_char(out, ':');
        add_value(out, &v->u.pairs[i].value, true);
    }
    gsp__buffer_add_char(out, '}');
}

static void add_array(struct gsp__buffer *out, const struct gsp__value *v)
{
    gsp__buffer_add_char(out, '[');
    for (uint32_t i = 0; i < v->n; i++) {
        if (i > 0)
            gsp__buffer_add_char(out, ',');
        add_value(out, &v->u.items[i], true);
    }
    gsp__buffer_add_char(out, ']');
}

static void add_value(struct gsp__buffer *out, const struct gsp__value *v, bool is_inner)
{
    switch (v->type) {
    case GSP__VALUE_STRING:
        if (!is_inner && is_bare(v->u.string))
            gsp__buffer_add(out, v->u.string.bytes, v->u.string.n);
        else
            gsp__json_put_string(out, v->u.string);
        break;
    case GSP__VALUE_BOOL:
        gsp__buffer_add_string(out, v->u.boolean ? "true" : "false");
        break;
    case GSP__VALUE_INT:
        gsp__buffer_printf(out, "%lld", (long long)v->u.integer);
        break;
    case GSP__VALUE_DOUBLE:
        gsp__buffer_printf(out, "%.9g", v->u.real);
        break;
    case GSP__VALUE_ARRAY:
        add_array(out, v);
        break;
    case GSP__VALUE_MAP:
        add_map(out, v);
        break;
    case GSP__VALUE_BYTES:
        gsp__json_put_base64(out, v->u.string.bytes, v->u.string.n);
        break;
    case GSP__VALUE_NONE:
        gsp__buffer_add_string(out, "null");
        break;
    }
}

/*
 * Spans.
 */

static int compare_strings(struct gsp__string a, struct gsp__string b)
{
    int order = memcmp(a.bytes, b.bytes, a.n < b.n ? a.n : b.n);

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_key(const void *a, const void *b)
{
    const struct gsp__attribute *const *x = a, *const *y = b;

    return compare_strings((*x)->key, (*y)->key);
}

static bool add_attributes(struct gsp__buffer *out, const struct gsp__attributes *attributes)
{
    const struct gsp__attribute **sorted = malloc((attributes->n + 1) * sizeof *sorted);

    if (!sorted)
        return false;
    for (uint32_t i = 0; i < attributes->n; i++)
        sorted[i] = &attributes->items[i];
    qsort(sorted, attributes->n, sizeof *sorted, by_key);
    gsp__buffer_add_string(out, " [");
    for (uint32_t i = 0; i < attributes->n; i++) {
        if (i > 0)
            gsp__buffer_add_char(out, ' ');
        gsp__buffer_add(out, sorted[i]->key.bytes, sorted[i]->key.n);
        gsp__buffer_add_char(out, '=');
        add_value(out, &sorted[i]->value, false);
    }
    gsp__buffer_add_char(out, ']');
    free(sorted);
    return true;
}

static void add_ms(struct gsp__buffer *out, uint64_t from_ns, uint64_t to_ns)
{
    gsp__buffer_printf(out, "%.10gms", to_ns < from_ns ? 0.0 : (double)(to_ns - from_ns) / 1e6);
}

static void add_events(struct gsp__buffer *out, const struct gsp__span_data *span)
{
    for (uint32_t i = 0; i < span->n_events; i++) {
        const struct gsp__span_event *e = &span->events[i];

        gsp__buffer_add_string(out, i == 0 ? " {" : " ");
        gsp__buffer_add(out, e->name.bytes, e->name.n);
        if (e->name.n != 9 || memcmp(e->name.bytes, "exception", 9) != 0) {
            gsp__buffer_add_char(out, '@');
            add_ms(out, span->start_unix_ns, e->time_unix_ns);
        }
    }
    if (span->n_events > 0)
        gsp__buffer_add_char(out, '}');
}

static bool add_span(struct gsp__buffer *out, const struct gsp__span_data *span, unsigned depth)
{
    static const char *const statuses[] = {"UNSET", "OK", "ERROR"};

    for (unsigned i = 0; i < depth; i++)
        gsp__buffer_add_string(out, "  ");
    gsp__buffer_add(out, span->name.bytes, span->name.n);
    gsp__buffer_printf(out, " %s ", statuses[span->status <= GSP__STATUS_ERROR ? span->status : 0]);
    add_ms(out, span->start_unix_ns, span->end_unix_ns);
    if (!add_attributes(out, &span->attributes))
        return false;
    add_events(out, span);
    gsp__buffer_add_char(out, '\n');
    return !out->failed;
}

/*
 * The tree.
 */

struct tree {
    const struct gsp__span_data *spans;
    uint32_t n;
    uint32_t *order; /* by start; those of the same start as they came */
    bool *is_shown;
};

static bool is_child(const struct gsp__span_data *span, const struct gsp__span_data *parent)
{
    return span->has_parent && span != parent && memcmp(span->parent_span_id, parent->span_id, 8) == 0 &&
           memcmp(span->trace_id, parent->trace_id, 16) == 0;
}

static bool has_parent(const struct tree *t, const struct gsp__span_data *span)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (is_child(span, &t->spans[i]))
            return true;
    return false;
}

static bool add_tree(struct gsp__buffer *out, struct tree *t, uint32_t root, unsigned depth)
{
    if (t->is_shown[root]) /* each once, whatever the parents say */
        return true;
    t->is_shown[root] = true;
    if (!add_span(out, &t->spans[root], depth))
        return false;
    for (uint32_t i = 0; i < t->n; i++)
        if (is_child(&t->spans[t->order[i]], &t->spans[root]) && !add_tree(out, t, t->order[i], depth + 1))
            return false;
    return true;
}

/* Few spans, mostly in order already: an insertion sort keeps those of the same start as they came. */
static void sort_by_start(struct tree *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t k = i;

        for (; k > 0 && t->spans[t->order[k - 1]].start_unix_ns > t->spans[i].start_unix_ns; k--)
            t->order[k] = t->order[k - 1];
        t->order[k] = i;
    }
}

bool gsp__summary_spans(struct gsp__buffer *out, const struct gsp__span_data *spans, uint32_t n)
{
    struct tree t = {spans, n, calloc(n + 1, sizeof *t.order), calloc(n + 1, sizeof *t.is_shown)};
    bool is_good = t.order && t.is_shown;

    if (is_good) {
        sort_by_start(&t);
        for (uint32_t i = 0; is_good && i < n; i++)
            if (!has_parent(&t, &spans[t.order[i]]))
                is_good = add_tree(out, &t, t.order[i], 0);
        for (uint32_t i = 0; is_good && i < n; i++) /* what only hangs together in a circle */
            is_good = add_tree(out, &t, t.order[i], 0);
    }
    free(t.order);
    free(t.is_shown);
    return is_good && !out->failed;
}

/*
 * Comparing.
 */

/* Whether a line is as a pattern says; the last place where a `...` may end is tried again and again. */
static bool line_matches(const char *line, size_t n, const char *pattern)
{
    const char *resume_pattern = NULL;
    size_t i = 0, resume = 0;

    for (;;) {
        if (strncmp(pattern, any, 3) == 0) {
            pattern += 3;
            resume_pattern = pattern;
            resume = i;
        } else if (i < n && *pattern && line[i] == *pattern) {
            pattern++;
            i++;
        } else if (i == n && !*pattern) {
            return true;
        } else if (resume_pattern && resume < n) {
            i = ++resume;
            pattern = resume_pattern;
        } else {
            return false;
        }
    }
}

uint32_t gsp__summary_compare(const char *text, size_t n, const char *const *expect, uint32_t n_expect,
                              uint32_t *expected)
{
    const char *end = text + n;
    bool skips = false; /* a line of `...` alone was passed */
    uint32_t number = 1, e = 0;

    for (; text < end; number++) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        size_t n_line = (size_t)((line_end ? line_end : end) - text);

        while (e < n_expect && strcmp(expect[e], any) == 0) {
            skips = true;
            e++;
        }
        if (e < n_expect && line_matches(text, n_line, expect[e])) {
            skips = false;
            e++;
        } else if (!skips) {
            *expected = e;
            return number;
        }
        text += n_line + (line_end != NULL);
    }
    while (e < n_expect && strcmp(expect[e], any) == 0)
        e++;
    *expected = e;
    return e < n_expect ? number : 0;
}
