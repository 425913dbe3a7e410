/*
 * Giving records back: the part of reading that writes, for the one drainer that holds the lock.
 *
 * A record is first marked as being freed, then its further chunks are given back, its own last. A
 * drainer killed in between leaves a record in the state `freeing`, which the next one finishes; giving
 * back a chunk twice is harmless, because only one that is still linked to the record is given back.
 */
#include "record/reader.h"

#include <string.h>

/* False if the chain leads to a chunk that is not (or no longer) of this owner. */
static bool give_linked(struct gsp__pool *pool, enum gsp__chunk_state state, uint32_t next, uint32_t owner,
                        uint64_t generation)
{
    /* a loop of links ends where it comes to a chunk that is already given back */
    while (next != 0 && next <= pool->n) {
        uint32_t index = next - 1;
        const struct gsp__chunk_link *link = gsp__pool_chunk(pool, index);

        if (gsp__word_state(gsp__pool_word(pool, index)) != state || link->owner != owner ||
            link->generation != generation)
            return false;
        next = link->next;
        gsp__pool_give(pool, index);
    }
    return next == 0;
}

/* Content is found by its owner where its chain is torn, so that a torn record keeps none. */
static void give_content_of(struct gsp__reader *r, uint32_t owner, uint64_t generation)
{
    struct gsp__pool *pool = &r->map.content;

    for (uint32_t i = 0; i < pool->n; i++) {
        const struct gsp__chunk_link *link = gsp__pool_chunk(pool, i);

        if (gsp__word_state(gsp__pool_word(pool, i)) == GSP__CHUNK_CONTENT && link->owner == owner &&
            link->generation == generation)
            gsp__pool_give(pool, i);
    }
}

static void finish_freeing(struct gsp__reader *r, uint32_t index, uint64_t generation)
{
    const struct gsp__head *head = gsp__pool_chunk(&r->map.facts, index);
    uint32_t content = head->content;

    give_linked(&r->map.facts, GSP__CHUNK_LINKED, head->next, index, generation);
    if (content != 0 && !give_linked(&r->map.content, GSP__CHUNK_CONTENT, content, index, generation))
        give_content_of(r, index, generation);
    gsp__pool_give(&r->map.facts, index);
}

void gsp__reader_mark_folded(struct gsp__reader *r, const struct gsp__record_ref *ref)
{
    uint64_t ended = gsp__word(ref->generation, GSP__CHUNK_ENDED);

    atomic_compare_exchange_strong(&r->map.facts.words[ref->index], &ended,
                                   gsp__word(ref->generation, GSP__CHUNK_FOLDED));
}

void gsp__reader_release(struct gsp__reader *r, const struct gsp__record_ref *ref)
{
    uint64_t word = gsp__pool_word(&r->map.facts, ref->index);
    enum gsp__chunk_state state = gsp__word_state(word);

    if (r->mode != GSP__READ_DRAIN || gsp__word_generation(word) != ref->generation ||
        state < GSP__CHUNK_OPEN || state > GSP__CHUNK_FOLDED)
        return;
    gsp__pool_set_word(&r->map.facts, ref->index, gsp__word(ref->generation, GSP__CHUNK_FREEING));
    finish_freeing(r, ref->index, ref->generation);
}

/* A chunk whose record is gone, because a drainer died while it gave the record back. */
static bool is_stray(const struct gsp__reader *r, const struct gsp__chunk_link *link)
{
    uint64_t word;

    if (link->owner >= r->map.facts.n)
        return true;
    word = gsp__pool_word(&r->map.facts, link->owner);
    return gsp__word_generation(word) != link->generation || gsp__word_state(word) == GSP__CHUNK_FREE;
}

static void adopt_pool(struct gsp__reader *r, struct gsp__pool *pool, enum gsp__chunk_state linked)
{
    for (uint32_t i = 0; i < pool->n; i++) {
        enum gsp__chunk_state state = gsp__word_state(gsp__pool_word(pool, i));

        if (state == GSP__CHUNK_FREE)
            atomic_fetch_or_explicit(&pool->bitmap[i / 64], (uint64_t)1 << (i % 64), memory_order_release);
        else if (state == linked && is_stray(r, gsp__pool_chunk(pool, i)))
            gsp__pool_give(pool, i);
    }
}

void gsp__reader_adopt(struct gsp__reader *r)
{
    for (uint32_t i = 0; i < r->map.facts.n; i++) {
        uint64_t word = gsp__pool_word(&r->map.facts, i);

        if (gsp__word_state(word) == GSP__CHUNK_FREEING)
            finish_freeing(r, i, gsp__word_generation(word));
    }
    adopt_pool(r, &r->map.facts, GSP__CHUNK_LINKED);
    adopt_pool(r, &r->map.content, GSP__CHUNK_CONTENT);
}
