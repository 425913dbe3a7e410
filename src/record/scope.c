/*
 * Scopes: a chunk that counts the records started in it and still open, so that closing a scope in
 * which everything ended costs nothing.
 */
#include "record/record.h"

uint64_t gsp__scope_open(struct gsp__ring *ring)
{
    struct gsp__scope_chunk *chunk;
    struct gsp__view *view;
    uint64_t generation;
    uint32_t index;

    if (!gsp__ring_is_live(ring) && !gsp__ring_revive(ring))
        return 0;
    view = &gsp__views[ring->slot];
    index = gsp__ring_take_chunk(ring);
    if (index == GSP__NO_CHUNK) {
        gsp__view_count(view, GSP_LOSS_NO_CHUNK);
        return 0;
    }
    generation = gsp__pool_generation(&ring->map.facts, index);
    chunk = gsp__pool_chunk(&ring->map.facts, index);
    chunk->link = (struct gsp__chunk_link){index, 0, generation};
    atomic_store_explicit(&chunk->n_open, 0, memory_order_relaxed);
    gsp__pool_set_word(&ring->map.facts, index, gsp__word(generation, GSP__CHUNK_SCOPE));
    return gsp__view_handle(view, index, generation);
}

void gsp__records_abandon(struct gsp__ring *ring, uint64_t scope, int64_t now_ns)
{
    struct gsp__record_end end = {.outcome = GSP_OUTCOME_ABANDONED, .now_ns = now_ns};
    struct gsp__view *view = &gsp__views[ring->slot];
    struct gsp__pool *pool = &ring->map.facts;

    for (uint32_t i = 0; i < pool->n; i++) {
        uint64_t word = gsp__pool_word(pool, i);
        struct gsp__head *h = gsp__pool_chunk(pool, i);

        if (gsp__word_state(word) == GSP__CHUNK_OPEN &&
            (scope == 0 || atomic_load_explicit(&h->scope, memory_order_relaxed) == scope))
            gsp__record_end((gsp_span){gsp__view_handle(view, i, gsp__word_generation(word))}, &end);
    }
}

void gsp__scope_close(uint64_t scope, int64_t now_ns)
{
    uint32_t index = gsp__handle_index(scope);
    uint64_t generation = gsp__handle_generation(scope);
    uint64_t word = gsp__word(generation, GSP__CHUNK_SCOPE);
    struct gsp__scope_chunk *chunk;
    struct gsp__view *view;
    _Atomic uint64_t *words;

    if (scope == 0)
        return;
    view = gsp__view_of(scope);
    words = atomic_load_explicit(&view->words, memory_order_acquire);
    if (!words || index >= view->n_chunks)
        return;
    if (atomic_load_explicit(&words[index], memory_order_acquire) != word) {
        gsp__view_count(view, GSP_LOSS_STALE);
        return;
    }
    chunk = gsp__pool_chunk(&view->ring->map.facts, index);
    if (atomic_load_explicit(&chunk->n_open, memory_order_relaxed) > 0)
        gsp__records_abandon(view->ring, gsp__handle(index, generation), now_ns);
    if (atomic_compare_exchange_strong(&words[index], &word, gsp__word(generation, GSP__CHUNK_RESERVED)))
        gsp__pool_give(&view->ring->map.facts, index);
}
