/*
 * Appending entries to a record over its chunks, finding those that stand already, and the setters'
 * slow halves.
 */
#include "record/append.h"

#include "base/utf8.h"

/* A place in the chain; moving it on allocates and links chunks, but nothing is part of the record
 * until it is committed. */
struct place {
    uint32_t chunk;
    uint32_t offset;
};

static bool next_chunk(struct gsp__record r, struct place *at)
{
    struct gsp__pool *pool = &r.view->ring->map.facts;
    struct gsp__chunk_link *link = gsp__pool_chunk(pool, at->chunk);
    struct gsp__chunk_link *fresh;
    uint32_t index;

    if (link->next) { /* taken by an append that then failed */
        index = link->next - 1;
        if (index >= pool->n)
            return false;
    } else {
        index = gsp__ring_take_chunk(r.view->ring);
        if (index == GSP__NO_CHUNK)
            return false;
        fresh = gsp__pool_chunk(pool, index);
        fresh->owner = r.head->owner;
        fresh->next = 0;
        fresh->generation = r.head->generation;
        gsp__pool_set_word(pool, index, gsp__word(gsp__pool_generation(pool, index), GSP__CHUNK_LINKED));
        link->next = index + 1;
    }
    at->chunk = index;
    at->offset = GSP__CHUNK_LINK_BYTES;
    return true;
}

static bool write_bytes(struct gsp__record r, struct place *at, const uint8_t *bytes, uint32_t n)
{
    while (n > 0) {
        uint32_t room = GSP__CHUNK_BYTES - at->offset;
        uint8_t *to;

        if (room == 0) {
            if (!next_chunk(r, at))
                return false;
            continue;
        }
        if (room > n)
            room = n;
        to = r.view->chunks + (size_t)at->chunk * GSP__CHUNK_BYTES + at->offset;
        if (bytes) {
            memcpy(to, bytes, room);
            bytes += room;
        } else {
            memset(to, 0, room);
        }
        at->offset += room;
        n -= room;
    }
    return true;
}

bool gsp__record_append(struct gsp__record r, struct gsp__entry entry, const struct gsp__piece *pieces,
                        unsigned n_pieces)
{
    struct place at = {r.head->tail_chunk, r.head->tail_offset};
    uint64_t total = sizeof entry;

    for (unsigned i = 0; i < n_pieces; i++)
        total += (uint64_t)pieces[i].n + pieces[i].pad;
    if (r.head->n_committed + total > r.view->ring->limits.record_bytes)
        return false;
    if (at.chunk >= r.view->n_chunks || at.offset > GSP__CHUNK_BYTES)
        return false;
    if (!write_bytes(r, &at, (const uint8_t *)&entry, sizeof entry))
        return false;
    for (unsigned i = 0; i < n_pieces; i++)
        if (!write_bytes(r, &at, pieces[i].bytes, pieces[i].n) || !write_bytes(r, &at, NULL, pieces[i].pad))
            return false;
    r.head->tail_chunk = at.chunk;
    r.head->tail_offset = at.offset;
    atomic_store_explicit(&r.head->n_committed, r.head->n_committed + (uint32_t)total, memory_order_release);
    return true;
}

enum gsp__slot gsp__record_refuse_attribute(struct gsp__record r)
{
    r.head->n_dropped_attributes++;
    gsp__view_count(r.view, GSP_LOSS_ATTRIBUTE_LIMIT);
    return GSP__SLOT_REFUSED;
}

void gsp__record_append_attribute(struct gsp__record r, struct gsp__entry entry,
                                  const struct gsp__piece *pieces, unsigned n_pieces)
{
    if (gsp__record_append(r, entry, pieces, n_pieces))
        return;
    r.head->n_dropped_attributes++;
    gsp__view_count(r.view, GSP_LOSS_RECORD_FULL);
}

/*
 * Finding an entry that stands already. Entries begin at multiples of 8 and so do chunks' parts: an
 * entry's header and an 8-byte value never straddle two chunks.
 */
struct walk {
    struct gsp__record r;
    struct place at;
    uint32_t left; /* committed bytes from here on */
};

static uint8_t *walk_bytes(struct walk *w)
{
    struct gsp__chunk_link *link;

    if (w->at.offset == GSP__CHUNK_BYTES) {
        link = gsp__pool_chunk(&w->r.view->ring->map.facts, w->at.chunk);
        if (link->next == 0 || link->next > w->r.view->n_chunks)
            return NULL;
        w->at.chunk = link->next - 1;
        w->at.offset = GSP__CHUNK_LINK_BYTES;
    }
    return w->r.view->chunks + (size_t)w->at.chunk * GSP__CHUNK_BYTES + w->at.offset;
}

static bool walk_skip(struct walk *w, uint32_t n)
{
    if (n > w->left)
        return false;
    w->left -= n;
    while (n > 0) {
        uint32_t room;

        if (!walk_bytes(w))
            return false;
        room = GSP__CHUNK_BYTES - w->at.offset;
        if (room > n)
            room = n;
        w->at.offset += room;
        n -= room;
    }
    return true;
}

static bool walk_equals(struct walk w, const char *bytes, size_t n)
{
    while (n > 0) {
        uint8_t *p = walk_bytes(&w);
        size_t room;

        if (!p)
            return false;
        room = GSP__CHUNK_BYTES - w.at.offset;
        if (room > n)
            room = n;
        if (memcmp(p, bytes, room) != 0)
            return false;
        bytes += room;
        n -= room;
        w.at.offset += (uint32_t)room;
    }
    return true;
}

/*
 * The last entry of a fact, or of a custom key when `key` is given: its header in *header and where its
 * value stands in *value (for those with an 8-byte value). False if there is none.
 */
bool gsp__record_find_entry(struct gsp__record r, unsigned fact, const char *key, size_t n_key,
                            struct gsp__entry **header, uint8_t **value)
{
    struct walk w = {r, {r.head->owner, GSP__HEAD_BYTES}, r.head->n_committed};
    bool found = false;

    while (w.left >= sizeof(struct gsp__entry)) {
        struct gsp__entry *e = (void *)walk_bytes(&w);
        bool match;

        if (!e || !walk_skip(&w, sizeof *e))
            break;
        match = e->fact == fact && e->kind < GSP__ENTRY_EVENT;
        if (e->fact == 0 && e->kind < GSP__ENTRY_EVENT) {
            uint8_t *length = walk_bytes(&w);

            if (!length)
                break;
            if (match) {
                struct walk name = w;

                match = *length == n_key && walk_skip(&name, 1) && walk_equals(name, key, n_key);
            }
            if (!walk_skip(&w, gsp__entry_pad(1u + *length)))
                break;
        }
        if (match) {
            *header = e;
            *value = gsp__entry_has_payload(e->kind) ? walk_bytes(&w) : NULL;
            found = true;
        }
        if (gsp__entry_has_payload(e->kind) && !walk_skip(&w, gsp__entry_pad(e->value)))
            break;
    }
    return found;
}

/* Overwrite a scalar where it stands, with one store, so that a reader sees the old or the new. */
bool gsp__record_overwrite(struct gsp__record r, unsigned fact, const char *key, size_t n_key,
                           enum gsp__entry_kind kind, uint32_t small, const void *large)
{
    struct gsp__entry *e;
    uint8_t *value;
    uint64_t word;

    if (!gsp__record_find_entry(r, fact, key, n_key, &e, &value) || e->kind != kind)
        return false;
    if (!large) {
        atomic_store_explicit((_Atomic uint32_t *)&e->value, small, memory_order_relaxed);
        return true;
    }
    memcpy(&word, large, 8);
    atomic_store_explicit((_Atomic uint64_t *)(void *)value, word, memory_order_relaxed);
    return true;
}

static void put_scalar(struct gsp__record r, unsigned fact, enum gsp__slot slot, enum gsp__entry_kind kind,
                       uint32_t small, const void *large)
{
    struct gsp__entry e = {(uint16_t)fact, (uint8_t)kind, 0, large ? 8 : small};
    struct gsp__piece piece = gsp__piece_padded(large, 8);

    if (slot == GSP__SLOT_REFUSED)
        return;
    if (slot == GSP__SLOT_AGAIN && gsp__record_overwrite(r, fact, NULL, 0, kind, small, large))
        return;
    gsp__record_append_attribute(r, e, &piece, large ? 1 : 0);
}

void gsp__record_put_int_slow(struct gsp__record r, unsigned fact, int64_t value, enum gsp__slot slot)
{
    if (value == (int32_t)value)
        put_scalar(r, fact, slot, GSP__ENTRY_INT32, (uint32_t)value, NULL);
    else
        put_scalar(r, fact, slot, GSP__ENTRY_INT64, 0, &value);
}

void gsp__record_put_double(struct gsp__record r, unsigned fact, double value)
{
    put_scalar(r, fact, gsp__record_slot(r, fact), GSP__ENTRY_DOUBLE, 0, &value);
}

void gsp__record_put_bool(struct gsp__record r, unsigned fact, bool value)
{
    put_scalar(r, fact, gsp__record_slot(r, fact), GSP__ENTRY_BOOL, value, NULL);
}

/* Apply the value length limit, which counts characters. */
size_t gsp__record_limit_length(struct gsp__record r, const char *bytes, size_t n)
{
    uint32_t limit = r.view->ring->limits.value_length;
    size_t cut;

    if (n <= limit)
        return n;
    cut = gsp__utf8_chars(bytes, n, limit);
    if (cut < n)
        gsp__view_count(r.view, GSP_LOSS_CUT);
    return cut;
}

void gsp__record_put_string_slow(struct gsp__record r, unsigned fact, enum gsp__entry_kind kind,
                                 unsigned index, const char *bytes, size_t n)
{
    struct gsp__entry e = {(uint16_t)fact, (uint8_t)kind, (uint8_t)index, 0};
    struct gsp__piece piece;

    if (gsp__record_slot(r, fact) == GSP__SLOT_REFUSED)
        return;
    n = gsp__record_limit_length(r, bytes, n);
    if (n > r.view->ring->limits.record_bytes)
        n = r.view->ring->limits.record_bytes + 1; /* too long in any case, but fits 32 bits */
    e.value = (uint32_t)n;
    piece = gsp__piece_padded(bytes, n);
    gsp__record_append_attribute(r, e, &piece, 1);
}

void gsp__record_add_item(struct gsp__record r, unsigned fact, unsigned index, const char *bytes, size_t n)
{
    gsp__record_put_string_slow(r, fact, GSP__ENTRY_ITEM, index > 255 ? 255 : index, bytes, n);
}
