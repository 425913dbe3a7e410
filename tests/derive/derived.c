/*
 * Calls of a ring, assembled and derived as a drainer would, and what came out as text.
 */
#include "derive/derived.h"

#include "support/dump.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"

#define ARENA_BYTES ((size_t)32 << 20)
#define TEXTS       8
#define TEXT_MAX    16384

struct gsp__dialects test_dialects = {{&gsp__dialect_otel}, 1};

static void read_call(struct test_derived *d, struct gsp__assembler *a, uint32_t root, unsigned flags)
{
    struct gsp__span_policy policy = {test_dialects, !(flags & TEST_LONE_LEFT_OUT)};
    struct test_call *c = &d->calls[d->n_calls];
    struct gsp__derived derived;
    struct gsp__snapshot *snapshots;
    uint32_t n = 0, max = 0;

    for (uint32_t i = root; i != GSP__NO_REF; i = a->records[i].next)
        max++;
    snapshots = gsp__arena_get(&d->arena, max * sizeof *snapshots);
    assert_non_null(snapshots);
    for (uint32_t i = root; i != GSP__NO_REF; i = a->records[i].next) {
        const struct gsp__record_ref *ref = &a->records[i].ref;
        enum gsp__snapshot_result result;

        if (!(flags & TEST_DEAD) && ref->state < GSP__CHUNK_ENDED)
            continue;
        result = gsp__reader_snapshot(d->reader, ref, &d->arena, &snapshots[n]);
        n += result == GSP__SNAPSHOT_OK;
        d->n_torn += result == GSP__SNAPSHOT_TORN;
        if (i == root && n == 0)
            return;
    }
    assert_true(gsp__call_read(snapshots, n, (flags & TEST_DEAD) != 0, &d->arena, &c->call));
    assert_true(gsp__spans_derive(&c->call, &policy, &d->arena, &derived));
    c->spans = derived.spans;
    c->n_spans = derived.n_spans;
    d->n_calls++;
}

void test_derive_reader(struct test_derived *d, unsigned flags)
{
    struct gsp__assembler a;

    d->n_calls = d->n_torn = 0;
    assert_true(gsp__assembler_init(&a, d->reader->map.facts.n));
    gsp__assembler_scan(&a, d->reader);
    for (uint32_t i = 0; i < a.n_records && d->n_calls < TEST_CALLS_MAX; i++)
        if (gsp__assembler_is_ready(&a, i, (flags & TEST_DEAD) != 0, false))
            read_call(d, &a, i, flags);
    gsp__assembler_deinit(&a);
}

void test_derive(struct test_derived *d, const char *path, unsigned flags)
{
    d->reader = test_reader(path, GSP__READ_ONLY);
    assert_true(gsp__arena_init(&d->arena, ARENA_BYTES));
    test_derive_reader(d, flags);
}

void test_derived_free(struct test_derived *d)
{
    gsp__arena_deinit(&d->arena);
    gsp__reader_close(d->reader);
}

/*
 * Text.
 */

static const char *keep(struct gsp__buffer *b)
{
    static char texts[TEXTS][TEXT_MAX];
    static unsigned at;
    char *text = texts[at++ % TEXTS];

    assert_false(b->failed);
    assert_true(b->n < TEXT_MAX);
    if (b->n)
        memcpy(text, b->data, b->n);
    text[b->n] = 0;
    gsp__buffer_deinit(b);
    return text;
}

static void put_value(struct gsp__buffer *b, const struct gsp__value *v)
{
    char number[64];

    switch (v->type) {
    case GSP__VALUE_STRING:
        gsp__buffer_printf(b, "\"%.*s\"", (int)v->u.string.n, v->u.string.bytes);
        break;
    case GSP__VALUE_INT:
        gsp__buffer_printf(b, "%lld", (long long)v->u.integer);
        break;
    case GSP__VALUE_DOUBLE:
        snprintf(number, sizeof number, "%.12g", v->u.real);
        gsp__buffer_printf(b, "%s%s", number, strpbrk(number, ".en") ? "" : ".0");
        break;
    case GSP__VALUE_BOOL:
        gsp__buffer_add_string(b, v->u.boolean ? "true" : "false");
        break;
    case GSP__VALUE_ARRAY:
        gsp__buffer_add_char(b, '[');
        for (uint32_t i = 0; i < v->n; i++) {
            if (i)
                gsp__buffer_add_char(b, ',');
            put_value(b, &v->u.items[i]);
        }
        gsp__buffer_add_char(b, ']');
        break;
    default:
        fail_msg("a value of type %d", (int)v->type);
    }
}

static void put_attributes(struct gsp__buffer *b, const struct gsp__attributes *attributes)
{
    for (uint32_t i = 0; i < attributes->n; i++) {
        const struct gsp__attribute *a = &attributes->items[i];

        gsp__buffer_printf(b, "%s%.*s=", i ? " " : "", (int)a->key.n, a->key.bytes);
        put_value(b, &a->value);
    }
    if (attributes->n_dropped)
        gsp__buffer_printf(b, "%s-%u", attributes->n ? " " : "", attributes->n_dropped);
}

const char *test_attribute(const struct gsp__attributes *attributes, const char *key)
{
    struct gsp__buffer b = {0};
    unsigned n = 0;

    for (uint32_t i = 0; i < attributes->n; i++) {
        const struct gsp__attribute *a = &attributes->items[i];

        if (a->key.n == strlen(key) && memcmp(a->key.bytes, key, a->key.n) == 0 && n++ == 0)
            put_value(&b, &a->value);
    }
    if (n > 1) {
        gsp__buffer_clear(&b);
        gsp__buffer_add_string(&b, "twice");
    }
    return n ? keep(&b) : NULL;
}

const char *test_attributes(const struct gsp__attributes *attributes)
{
    struct gsp__buffer b = {0};

    put_attributes(&b, attributes);
    return keep(&b);
}

const char *test_span(const struct gsp__span_data *s)
{
    static const char *const kinds[] = {"?", "internal", "server", "client", "producer", "consumer"};
    struct gsp__buffer b = {0};

    gsp__buffer_printf(&b, "%.*s | %s %lld | ", (int)s->name.n, s->name.bytes,
                       s->kind < sizeof kinds / sizeof kinds[0] ? kinds[s->kind] : "?",
                       (long long)(s->end_unix_ns - s->start_unix_ns));
    if (s->status == GSP__STATUS_UNSET)
        gsp__buffer_printf(&b, "unset%.*s |", (int)s->status_message.n, s->status_message.bytes);
    else
        gsp__buffer_printf(&b, "%s(%.*s) |", s->status == GSP__STATUS_ERROR ? "ERROR" : "OK",
                           (int)s->status_message.n, s->status_message.bytes);
    if (s->attributes.n || s->attributes.n_dropped)
        gsp__buffer_add_char(&b, ' ');
    put_attributes(&b, &s->attributes);
    for (uint32_t i = 0; i < s->n_events; i++) {
        const struct gsp__span_event *e = &s->events[i];

        gsp__buffer_printf(&b, " | %.*s @%lld {", (int)e->name.n, e->name.bytes,
                           (long long)(e->time_unix_ns - s->start_unix_ns));
        put_attributes(&b, &e->attributes);
        gsp__buffer_add_char(&b, '}');
    }
    if (s->n_dropped_events)
        gsp__buffer_printf(&b, " | -%u events", s->n_dropped_events);
    for (uint32_t i = 0; i < s->n_links; i++) {
        const struct gsp__span_link *l = &s->links[i];

        gsp__buffer_printf(&b, " | link %02x..%02x %x {", l->trace_id[0], l->span_id[7], l->flags);
        put_attributes(&b, &l->attributes);
        gsp__buffer_add_char(&b, '}');
    }
    if (s->n_dropped_links)
        gsp__buffer_printf(&b, " | -%u links", s->n_dropped_links);
    return keep(&b);
}
