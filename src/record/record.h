/*
 * Writing records: start, facts, events, links, content, end. No call here blocks, allocates or fails;
 * what cannot be kept is counted in the ring's header.
 *
 * The hot paths (resolving a handle, appending a short entry, marking a chunk) are inline below; all
 * the rest is in record.c.
 */
#ifndef GSP_RECORD_RECORD_H
#define GSP_RECORD_RECORD_H

#include <stdatomic.h>
#include <string.h>

#include <genspan/content.h>

#include "base/compiler.h"
#include "base/copy.h"
#include "record/fact_types.h"
#include "record/layout.h"
#include "record/ring.h"

/* A resolved handle: an open record that the caller may write to. */
struct gsp__record {
    struct gsp__view *view;
    struct gsp__head *head; /* NULL: there is none; nothing else is then set */
};

struct gsp__record_start {
    enum gsp__record_kind kind;
    unsigned span_kind;
    const gsp_context *parent; /* NULL: new trace */
    uint64_t scope;
    int64_t now_ns; /* 0: now */

    /* of attempts */
    uint64_t operation;
    uint16_t attempt_number;
    uint8_t attempt_kind;
    uint32_t target_index;
};

/* Start a record. An inert ring is revived if it may be; else there is none (head is NULL). */
struct gsp__record gsp__record_start(struct gsp__ring *ring, const struct gsp__record_start *start);

/* The handle of a record, as callers hold it. */
static inline gsp_span gsp__record_span(struct gsp__record r)
{
    return r.head ? (gsp_span){gsp__view_handle(r.view, r.head->owner, r.head->generation)} : (gsp_span){0};
}

/* Count a call that came too late or with a handle nobody knows. */
GSP__COLD void gsp__record_missed(const struct gsp__view *view, gsp_span span);

GSP__INLINE struct gsp__record gsp__record_find(gsp_span span)
{
    struct gsp__record r = {NULL, NULL};
    _Atomic uint64_t *words;
    uint32_t index;

    if (span.id == 0)
        return r;
    r.view = &gsp__views[span.id >> (GSP__GENERATION_BITS + GSP__INDEX_BITS)];
    words = atomic_load_explicit(&r.view->words, memory_order_acquire);
    index = gsp__handle_index(span.id);
    if (GSP__UNLIKELY(!words || index >= r.view->n_chunks))
        return r;
    if (GSP__UNLIKELY(atomic_load_explicit(&words[index], memory_order_acquire) !=
                      gsp__word(gsp__handle_generation(span.id), GSP__CHUNK_OPEN))) {
        gsp__record_missed(r.view, span);
        return r;
    }
    r.head = (struct gsp__head *)(void *)(r.view->chunks + (size_t)index * GSP__CHUNK_BYTES);
    return r;
}

/* Bytes an entry's part takes. */
GSP__INLINE uint32_t gsp__entry_pad(uint32_t n)
{
    return (n + 7) & ~7u;
}

/* One piece of an entry's payload; copied, then padded to 8 when it is the last of a part. */
struct gsp__piece {
    const void *bytes;
    uint32_t n;
    uint32_t pad; /* zero bytes that follow */
};

/*
 * Append header and pieces as one entry, over as many chunks as it takes. All or nothing. False if the
 * record is full or there is no chunk: the caller counts that. The slow path of everything.
 */
bool gsp__record_append(struct gsp__record r, struct gsp__entry entry, const struct gsp__piece *pieces,
                        unsigned n_pieces);

/* Room for n contiguous bytes in the tail chunk, or NULL. What the head says is not trusted. */
GSP__INLINE uint8_t *gsp__record_tail(struct gsp__record r, uint32_t n)
{
    struct gsp__head *h = r.head;

    if (GSP__UNLIKELY(h->tail_chunk >= r.view->n_chunks || h->tail_offset > GSP__CHUNK_BYTES ||
                      n > GSP__CHUNK_BYTES - h->tail_offset))
        return NULL;
    return r.view->chunks + (size_t)h->tail_chunk * GSP__CHUNK_BYTES + h->tail_offset;
}

/* Make n appended bytes part of the record. */
GSP__INLINE void gsp__record_commit(struct gsp__record r, uint32_t n)
{
    uint32_t before = atomic_load_explicit(&r.head->n_committed, memory_order_relaxed);

    r.head->tail_offset += n;
    atomic_store_explicit(&r.head->n_committed, before + n, memory_order_release);
}

/* What a fact that is set again, or over a limit, comes to. */
enum gsp__slot {
    GSP__SLOT_NEW,     /* append it */
    GSP__SLOT_AGAIN,   /* an earlier value stands: overwrite it or append */
    GSP__SLOT_REFUSED, /* over the attribute limit; counted */
};

GSP__COLD enum gsp__slot gsp__record_refuse_attribute(struct gsp__record r);

GSP__INLINE enum gsp__slot gsp__record_slot(struct gsp__record r, unsigned fact)
{
    uint64_t *seen = &r.head->facts_seen[fact / 64 % 4];
    uint64_t bit = (uint64_t)1 << (fact % 64);
    bool is_attribute = fact < GSP__FACT_SPAN_NAME; /* genspan's own, from there on, are parts of the span */

    if (GSP__UNLIKELY(*seen & bit))
        return GSP__SLOT_AGAIN;
    if (GSP__UNLIKELY(is_attribute && r.head->n_attributes >= r.view->ring->limits.n_attributes))
        return gsp__record_refuse_attribute(r);
    *seen |= bit;
    r.head->n_attributes = (uint16_t)(r.head->n_attributes + is_attribute);
    return GSP__SLOT_NEW;
}

/* The slow halves of the setters below. */
GSP__NOINLINE void gsp__record_put_int_slow(struct gsp__record r, unsigned fact, int64_t value,
                                            enum gsp__slot slot);
GSP__NOINLINE void gsp__record_put_string_slow(struct gsp__record r, unsigned fact, enum gsp__entry_kind kind,
                                               unsigned index, const char *bytes, size_t n);

GSP__INLINE void gsp__record_put_int(struct gsp__record r, unsigned fact, int64_t value)
{
    enum gsp__slot slot = gsp__record_slot(r, fact);
    uint8_t *p;

    if (GSP__LIKELY(slot == GSP__SLOT_NEW && value == (int32_t)value)) {
        p = gsp__record_tail(r, sizeof(struct gsp__entry));
        if (GSP__LIKELY(p != NULL)) {
            uint64_t e = gsp__entry_word(fact, GSP__ENTRY_INT32, 0, (uint32_t)value);

            memcpy(p, &e, sizeof e);
            gsp__record_commit(r, sizeof e);
            return;
        }
    }
    gsp__record_put_int_slow(r, fact, value, slot);
}

void gsp__record_put_double(struct gsp__record r, unsigned fact, double value);
void gsp__record_put_bool(struct gsp__record r, unsigned fact, bool value);

GSP__INLINE void gsp__record_put_string(struct gsp__record r, unsigned fact, const char *bytes, size_t n)
{
    uint32_t size = 8 + gsp__entry_pad((uint32_t)n);
    uint8_t *p;

    if (GSP__LIKELY(n <= GSP__HEAD_ROOM && n <= r.view->ring->limits.value_length)) {
        p = gsp__record_tail(r, size);
        if (GSP__LIKELY(p != NULL)) {
            uint64_t e = gsp__entry_word(fact, GSP__ENTRY_STRING, 0, (uint32_t)n);

            if (GSP__UNLIKELY(gsp__record_slot(r, fact) == GSP__SLOT_REFUSED))
                return;
            memset(p + size - 8, 0, 8);
            memcpy(p, &e, sizeof e);
            gsp__copy_small(p + 8, bytes, n);
            gsp__record_commit(r, size);
            return;
        }
    }
    gsp__record_put_string_slow(r, fact, GSP__ENTRY_STRING, 0, bytes, n);
}

/* Add an item to a list fact. Duplicates are the reader's matter. */
void gsp__record_add_item(struct gsp__record r, unsigned fact, unsigned index, const char *bytes, size_t n);

/* Set an attribute, fact or custom. Of a wrong type: dropped and counted. */
void gsp__record_put_attribute(struct gsp__record r, const gsp_attribute *attribute);

/* Add an event or a link, whole or not at all. */
void gsp__record_add_event(struct gsp__record r, const char *name, const gsp_attribute *attributes,
                           size_t n_attributes, int64_t now_ns);
void gsp__record_add_link(struct gsp__record r, const gsp_context *context, const gsp_attribute *attributes,
                          size_t n_attributes);

/*
 * Keep a piece of content, or as much of it as there is room for: then it is the record's last. Nothing is
 * kept where capture is off. Its numbers are taken as they are.
 */
void gsp__record_add_piece(struct gsp__record r, const gsp_content_piece *piece);

/* The last to->n_bytes that came as `from` are of `to` after all. */
void gsp__record_move_content(struct gsp__record r, const gsp_content_piece *from,
                              const gsp_content_piece *to);

GSP__INLINE int64_t gsp__record_time(struct gsp__record r, int64_t now_ns)
{
    if (now_ns == 0)
        now_ns = gsp__ring_now_ns(r.view->ring);
    if (GSP__LIKELY(now_ns > r.head->last_ns))
        r.head->last_ns = now_ns;
    return now_ns;
}

/* The stream part of a record, ready to be written to. */
GSP__INLINE struct gsp__stream_part *gsp__record_stream(struct gsp__record r)
{
    if (GSP__UNLIKELY(!(r.head->flags & GSP__FLAG_STREAMED))) {
        memset(&r.head->stream, 0, sizeof r.head->stream);
        r.head->flags |= GSP__FLAG_STREAMED;
    }
    return &r.head->stream;
}

/* One chunk with content; `kind` is below GSP__CONTENT_KINDS. */
GSP__INLINE void gsp__stream_mark_content(struct gsp__stream_part *s, unsigned kind, int64_t now_ns)
{
    if (s->n_content == 0) {
        s->interval_min_ns = INT64_MAX;
    } else {
        int64_t interval = now_ns - s->last_content_ns;
        uint64_t units;
        unsigned bucket;

        if (interval < 0)
            interval = 0;
        units = ((uint64_t)interval + GSP__INTERVAL_FIRST_NS - 1) / GSP__INTERVAL_FIRST_NS;
        bucket = units <= 1 ? 0 : 64 - (unsigned)GSP__CLZ64(units - 1);
        if (bucket >= GSP__INTERVAL_BUCKETS)
            bucket = GSP__INTERVAL_BUCKETS - 1;
        s->intervals[bucket]++;
        s->interval_sum_ns += interval;
        if (interval < s->interval_min_ns)
            s->interval_min_ns = interval;
        if (interval > s->interval_max_ns)
            s->interval_max_ns = interval;
    }
    if (s->first_content_ns[kind] == 0)
        s->first_content_ns[kind] = now_ns;
    s->last_content_ns = now_ns;
    s->n_content++;
}

struct gsp__record_end {
    unsigned outcome;       /* a gsp_outcome */
    const char *error_type; /* NULL or "": no failure */
    const char *message;
    const char *exception;
    const char *cause_type;
    const char *cause_message;
    int64_t now_ns;
    char room[4]; /* for an HTTP status as text */
    char cause_room[4];
};

/*
 * End a record. Only the first end counts; the room for it is kept in the first chunk, so only the
 * longer texts can be lost (a cut message always stays).
 */
void gsp__record_end(gsp_span span, const struct gsp__record_end *end);

/* End as abandoned what is open in a scope, or in the whole ring when `scope` is 0. */
void gsp__records_abandon(struct gsp__ring *ring, uint64_t scope, int64_t now_ns);

/* Scopes: a chunk that counts what was started in it and is still open. */
uint64_t gsp__scope_open(struct gsp__ring *ring);
/* End what is open in it as abandoned, and give the chunk back. */
void gsp__scope_close(uint64_t scope, int64_t now_ns);

#endif
