/*
 * What a ring's calls are exported as.
 */
#include "call/spans_of.h"

#include "support/dump.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

#include "derive/assemble.h"

#define ARENA_BYTES ((size_t)8 << 20)

static struct gsp__span_data spans[TEST_SPANS_MAX];
static struct gsp__snapshot snapshots[TEST_SPANS_MAX];
static uint32_t n_spans;
static struct gsp__arena arena;

static const char *keep(struct gsp__string s)
{
    static char texts[16][4096];
    static unsigned next;
    char *text = texts[next++ % 16];

    snprintf(text, sizeof texts[0], "%.*s", (int)s.n, s.bytes);
    return text;
}

/* One call's records, the root first. Spans point into them, so they are kept. */
static uint32_t copy_call(struct gsp__reader *reader, const struct gsp__assembler *a, uint32_t root,
                          struct gsp__snapshot *out)
{
    uint32_t n = 0;

    for (uint32_t k = root; k != GSP__NO_REF; k = a->records[k].next) {
        assert_true(out + n < snapshots + TEST_SPANS_MAX);
        assert_int_equal(gsp__reader_snapshot(reader, &a->records[k].ref, &arena, &out[n]), GSP__SNAPSHOT_OK);
        n++;
    }
    return n;
}

uint32_t test_spans_of(const char *ring_path, bool is_dead)
{
    const struct gsp__span_policy policy = {.dialects = {{&gsp__dialect_otel}, 1}, .lone_attempts = true};
    struct gsp__reader *reader = test_reader(ring_path, GSP__READ_ONLY);
    struct gsp__assembler assembler;
    struct gsp__call call;
    uint32_t n_snapshots = 0;

    if (!arena.base)
        assert_true(gsp__arena_init(&arena, ARENA_BYTES));
    gsp__arena_reset(&arena);
    n_spans = 0;
    assert_true(gsp__assembler_init(&assembler, reader->header.n_chunks));
    gsp__assembler_scan(&assembler, reader);
    for (uint32_t i = 0; i < assembler.n_records; i++) {
        struct gsp__derived derived;
        uint32_t n;

        if (!assembler.records[i].is_root)
            continue;
        n = copy_call(reader, &assembler, i, &snapshots[n_snapshots]);
        assert_true(gsp__call_read(&snapshots[n_snapshots], n, is_dead, &arena, &call));
        assert_true(gsp__spans_derive(&call, &policy, &arena, &derived));
        n_snapshots += n;
        n += snapshots[n_snapshots - n].head.node_kind != 0 && derived.n_spans == 2; /* what was spoken */
        assert_int_equal(derived.n_spans, n);
        assert_true(n_spans + n <= TEST_SPANS_MAX);
        memcpy(&spans[n_spans], derived.spans, n * sizeof spans[0]);
        n_spans += n;
    }
    assert_int_equal(reader->n_torn, 0);
    gsp__assembler_deinit(&assembler);
    gsp__reader_close(reader);
    return n_spans;
}

const struct gsp__span_data *test_span(uint32_t i)
{
    if (i >= n_spans)
        fail_msg("there are only %u spans", n_spans);
    return &spans[i];
}

static bool is(struct gsp__string s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.bytes, text, s.n) == 0;
}

static const char *value_text(const struct gsp__value *v)
{
    char text[4096];
    size_t n = 0;

    switch (v->type) {
    case GSP__VALUE_STRING:
        return keep(v->u.string);
    case GSP__VALUE_BOOL:
        return v->u.boolean ? "true" : "false";
    case GSP__VALUE_INT:
        n = (size_t)snprintf(text, sizeof text, "%lld", (long long)v->u.integer);
        break;
    case GSP__VALUE_DOUBLE:
        n = (size_t)snprintf(text, sizeof text, "%.9g", v->u.real);
        break;
    case GSP__VALUE_ARRAY:
        text[n++] = '[';
        for (uint32_t i = 0; i < v->n; i++) {
            const struct gsp__string *s = &v->u.items[i].u.string;

            assert_int_equal(v->u.items[i].type, GSP__VALUE_STRING);
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", i ? "," : "", (int)s->n, s->bytes);
        }
        text[n++] = ']';
        break;
    default:
        fail_msg("value of type %d", v->type);
    }
    return keep((struct gsp__string){text, n});
}

static const char *value_in(const struct gsp__attributes *attributes, const char *key)
{
    const char *found = NULL;

    for (uint32_t i = 0; i < attributes->n; i++) {
        if (!is(attributes->items[i].key, key))
            continue;
        if (found)
            fail_msg("%s is there twice", key);
        found = value_text(&attributes->items[i].value);
    }
    return found ? found : "-";
}

const char *test_value(const struct gsp__span_data *span, const char *key)
{
    return value_in(&span->attributes, key);
}

bool test_has_key(const struct gsp__span_data *span, const char *prefix)
{
    for (uint32_t i = 0; i < span->attributes.n; i++) {
        struct gsp__string key = span->attributes.items[i].key;

        if (key.n >= strlen(prefix) && memcmp(key.bytes, prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

int test_count_events(const struct gsp__span_data *span, const char *name)
{
    int n = 0;

    for (uint32_t i = 0; i < span->n_events; i++)
        n += is(span->events[i].name, name);
    return n;
}

const char *test_event_value(const struct gsp__span_data *span, const char *name, const char *key)
{
    assert_int_equal(test_count_events(span, name), 1);
    for (uint32_t i = 0; i < span->n_events; i++)
        if (is(span->events[i].name, name))
            return value_in(&span->events[i].attributes, key);
    return "-";
}

const char *test_span_name(const struct gsp__span_data *span)
{
    return keep(span->name);
}

const char *test_span_message(const struct gsp__span_data *span)
{
    return keep(span->status_message);
}

int64_t test_span_ns(const struct gsp__span_data *span)
{
    return (int64_t)(span->end_unix_ns - span->start_unix_ns);
}

const char *test_resource_value(const char *ring_path, const char *key)
{
    struct gsp__reader *reader = test_reader(ring_path, GSP__READ_ONLY);
    struct gsp__resource resource;
    const char *value;

    if (!arena.base)
        assert_true(gsp__arena_init(&arena, ARENA_BYTES));
    gsp__arena_reset(&arena);
    assert_true(gsp__resource_derive(reader, &arena, &resource));
    value = value_in(&resource.attributes, key);
    gsp__reader_close(reader);
    return value;
}
