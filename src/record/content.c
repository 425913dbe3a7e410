/*
 * Content: pieces of messages, in chunks of their own quota, so that they can never cost a fact.
 */
#include "record/append.h"

static void give_content(struct gsp__pool *pool, uint32_t index)
{
    while (index != GSP__NO_CHUNK) {
        struct gsp__chunk_link *link = gsp__pool_chunk(pool, index);
        uint32_t next = link->next ? link->next - 1 : GSP__NO_CHUNK;

        gsp__pool_give(pool, index);
        index = next;
    }
}

/* Copy bytes into a chain of content chunks; its first, or GSP__NO_CHUNK with nothing taken. */
static uint32_t take_content(struct gsp__record r, const char *bytes, size_t n)
{
    struct gsp__ring *ring = r.view->ring;
    struct gsp__pool *pool = &ring->map.content;
    uint32_t first = GSP__NO_CHUNK;
    struct gsp__chunk_link *last = NULL;

    do {
        uint32_t hint = atomic_load_explicit(&ring->content_shard.word, memory_order_relaxed);
        uint32_t index = gsp__pool_take(pool, hint, &hint);
        size_t part = n < GSP__CONTENT_ROOM ? n : GSP__CONTENT_ROOM;
        struct gsp__chunk_link *link;

        if (index == GSP__NO_CHUNK) {
            give_content(pool, first);
            return GSP__NO_CHUNK;
        }
        atomic_store_explicit(&ring->content_shard.word, hint, memory_order_relaxed);
        link = gsp__pool_chunk(pool, index);
        link->owner = r.head->owner;
        link->next = 0;
        link->generation = r.head->generation;
        memcpy(link + 1, bytes, part);
        gsp__pool_set_word(pool, index, gsp__word(gsp__pool_generation(pool, index), GSP__CHUNK_CONTENT));
        if (last)
            last->next = index + 1;
        else
            first = index;
        last = link;
        bytes += part;
        n -= part;
    } while (n > 0);
    return first;
}

void gsp__record_add_content(struct gsp__record r, uint32_t content_kind, const char *bytes, size_t n)
{
    struct gsp__ring *ring = r.view->ring;
    struct gsp__entry e = {0, GSP__ENTRY_CONTENT, 0, sizeof(struct gsp__content_ref)};
    struct gsp__content_ref ref = {.n_bytes = n, .content_kind = content_kind};
    struct gsp__piece piece = {&ref, sizeof ref, 0};

    if (ring->capture == GSP__CAPTURE_NONE || n == 0)
        return;
    ref.first_chunk = take_content(r, bytes, n);
    if (ref.first_chunk == GSP__NO_CHUNK) {
        gsp__view_count(r.view, GSP_LOSS_CONTENT_FULL);
        return;
    }
    ref.generation = gsp__pool_generation(&ring->map.content, ref.first_chunk);
    if (!gsp__record_append(r, e, &piece, 1)) {
        give_content(&ring->map.content, ref.first_chunk);
        gsp__view_count(r.view, GSP_LOSS_RECORD_FULL);
    }
}
