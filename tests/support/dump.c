/*
 * Records as text, for tests.
 */
#include "support/dump.h"

#include "support/support.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "record/fact_types.h"

struct refs {
    struct gsp__record_ref refs[8192];
    int n;
};

static bool collect(void *self, const struct gsp__record_ref *ref)
{
    struct refs *refs = self;

    if (refs->n < (int)(sizeof refs->refs / sizeof refs->refs[0]))
        refs->refs[refs->n++] = *ref;
    return true;
}

struct gsp__reader *test_reader(const char *path, enum gsp__reader_mode mode)
{
    struct gsp__reader *reader;
    gsp_error err = {0};

    if (gsp__reader_open(path, mode, &reader, &err) != GSP_OK)
        fail_msg("%s: %s", path, err.text);
    return reader;
}

static void dump_entries(struct gsp__buffer *b, struct gsp__entries entries, int64_t start_ns);

static void dump_entry(struct gsp__buffer *b, const struct gsp__entry_view *e, int64_t start_ns)
{
    struct gsp__event_view event;
    struct gsp__link_view link;
    const uint8_t *p = e->payload;
    uint32_t n = e->n_payload, n_string;
    const char *string;

    if (e->kind == GSP__ENTRY_EVENT) {
        assert_true(gsp__entry_event(e, &event));
        gsp__buffer_printf(b, " event(%.*s @%lld:", (int)event.n_name, event.name,
                           (long long)(event.time_ns - start_ns));
        dump_entries(b, event.attributes, start_ns);
        gsp__buffer_printf(b, "%s)", e->index ? " refused" : "");
        return;
    }
    if (e->kind == GSP__ENTRY_LINK) {
        assert_true(gsp__entry_link(e, &link));
        gsp__buffer_printf(b, " link(%02x..%02x:", link.context.trace_id[0], link.context.span_id[7]);
        dump_entries(b, link.attributes, start_ns);
        gsp__buffer_printf(b, ")");
        return;
    }
    if (e->fact)
        gsp__buffer_printf(b, " %s", gsp__fact_name(e->fact) ? gsp__fact_name(e->fact) : "?");
    else
        gsp__buffer_printf(b, " '%.*s'", (int)e->n_key, e->key);
    switch (e->kind) {
    case GSP__ENTRY_INT32:
    case GSP__ENTRY_INT64:
        gsp__buffer_printf(b, "=%lld", (long long)e->scalar.i);
        break;
    case GSP__ENTRY_BOOL:
        gsp__buffer_printf(b, "=%s", e->scalar.i ? "true" : "false");
        break;
    case GSP__ENTRY_DOUBLE:
        gsp__buffer_printf(b, "=%g", e->scalar.d);
        break;
    case GSP__ENTRY_STRING:
        if (n > 60)
            gsp__buffer_printf(b, "=<%u bytes>", n);
        else
            gsp__buffer_printf(b, "=\"%.*s\"", (int)n, (const char *)p);
        break;
    case GSP__ENTRY_ITEM:
        gsp__buffer_printf(b, "[%u]=\"%.*s\"", e->index, (int)n, (const char *)p);
        break;
    case GSP__ENTRY_STRINGS:
        gsp__buffer_printf(b, "=[");
        while (gsp__strings_next(&p, &n, &string, &n_string))
            gsp__buffer_printf(b, "\"%.*s\"", (int)n_string, string);
        gsp__buffer_printf(b, "]");
        break;
    default:
        fail_msg("kind %d", e->kind);
    }
}

static void dump_entries(struct gsp__buffer *b, struct gsp__entries entries, int64_t start_ns)
{
    struct gsp__entry_view e;

    while (gsp__entries_next(&entries, &e))
        dump_entry(b, &e, start_ns);
    if (entries.n)
        gsp__buffer_printf(b, " ...torn");
}

static void dump_end(struct gsp__buffer *b, const struct gsp__head *h, int state)
{
    static const char *const outcomes[] = {"auto",      "completed", "failed",
                                           "cancelled", "abandoned", "crashed"};

    if (state < GSP__CHUNK_ENDED) {
        gsp__buffer_printf(b, " | open");
        return;
    }
    gsp__buffer_printf(b, " | %s %lld", outcomes[h->outcome], (long long)(h->end_ns - h->start_ns));
    if (h->n_error_type)
        gsp__buffer_printf(b, " error(%.*s: %.*s)", h->n_error_type, h->error_type, h->n_message, h->message);
}

const char *test_dump_record(const char *path, int n)
{
    static char text[65536];
    static const char *const kinds[] = {"?", "span", "operation", "attempt"};
    static struct refs refs;
    struct gsp__reader *reader = test_reader(path, GSP__READ_ONLY);
    struct gsp__buffer b = {0};
    struct gsp__snapshot s;
    struct gsp__arena arena;
    enum gsp__snapshot_result result;

    refs.n = 0;
    gsp__reader_scan(reader, collect, &refs);
    assert_true(gsp__arena_init(&arena, (size_t)2 << 20));
    strcpy(text, "none");
    if (n < refs.n) {
        result = gsp__reader_snapshot(reader, &refs.refs[n], &arena, &s);
        if (result == GSP__SNAPSHOT_OK) {
            gsp__buffer_printf(&b, "%s:", kinds[s.head.kind]);
            dump_entries(&b, (struct gsp__entries){s.entries, s.n_entries}, s.head.start_ns);
            dump_end(&b, &s.head, s.ref.state);
            snprintf(text, sizeof text, "%.*s", (int)b.n, b.data);
        } else {
            snprintf(text, sizeof text, "snapshot: %d", (int)result);
        }
    }
    gsp__buffer_deinit(&b);
    gsp__arena_deinit(&arena);
    gsp__reader_close(reader);
    return text;
}

int test_count_records(const char *path)
{
    static struct refs refs;
    struct gsp__reader *reader = test_reader(path, GSP__READ_ONLY);

    refs.n = 0;
    gsp__reader_scan(reader, collect, &refs);
    gsp__reader_close(reader);
    return refs.n;
}

int test_snapshots(struct gsp__reader *reader, struct gsp__arena *arena, struct gsp__snapshot *out, int max)
{
    static struct refs refs;
    int n = 0;

    refs.n = 0;
    gsp__reader_scan(reader, collect, &refs);
    for (int i = 0; i < refs.n && n < max; i++)
        if (gsp__reader_snapshot(reader, &refs.refs[i], arena, &out[n]) == GSP__SNAPSHOT_OK)
            n++;
    return n;
}

static bool release(void *self, const struct gsp__record_ref *ref)
{
    if (ref->state >= GSP__CHUNK_ENDED)
        gsp__reader_release(self, ref);
    return true;
}

void test_release_ended(struct gsp__reader *reader)
{
    gsp__reader_scan(reader, release, reader);
}

void test_drain(const char *path)
{
    struct gsp__reader *reader = test_reader(path, GSP__READ_DRAIN);

    test_release_ended(reader);
    gsp__reader_close(reader);
}
