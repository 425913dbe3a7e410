/*
 * A mapped ring file: taking and giving back chunks.
 *
 * The bitmap only says where to look; what decides is the compare-and-swap on the chunk's word. So a
 * drainer that is killed between freeing a word and setting its bit, or one that sets a bit twice, can
 * cost a chunk until the next drainer looks, but never hand one chunk to two records.
 */
#include "record/map.h"

#include "base/compiler.h"

static struct gsp__pool pool_at(uint8_t *base, uint64_t words_at, uint64_t bitmap_at, uint64_t chunks_at,
                                uint32_t n, uint32_t chunk_bytes)
{
    return (struct gsp__pool){
        .words = (_Atomic uint64_t *)(void *)(base + words_at),
        .bitmap = (_Atomic uint64_t *)(void *)(base + bitmap_at),
        .chunks = base + chunks_at,
        .n = n,
        .chunk_bytes = chunk_bytes,
    };
}

void gsp__map_set(struct gsp__map *map, void *base, uint32_t n_chunks, uint32_t n_content_chunks)
{
    struct gsp__ring_shape s = gsp__ring_shape(n_chunks, n_content_chunks);

    map->base = base;
    map->n_bytes = (size_t)s.file_bytes;
    map->header = base;
    map->facts = pool_at(base, s.words_at, s.bitmap_at, s.chunks_at, n_chunks, GSP__CHUNK_BYTES);
    map->content = pool_at(base, s.content_words_at, s.content_bitmap_at, s.content_at, n_content_chunks,
                           GSP__CONTENT_BYTES);
}

/* Claim the chunk itself; false if its bit was only a hint and somebody has it. */
static bool claim(struct gsp__pool *pool, uint32_t index)
{
    uint64_t word = atomic_load_explicit(&pool->words[index], memory_order_relaxed);
    uint64_t generation = gsp__word_generation(word) + 1;

    if (gsp__word_state(word) != GSP__CHUNK_FREE)
        return false;
    if ((generation & GSP__GENERATION_MASK) == 0)
        generation = 1;
    if (!atomic_compare_exchange_strong_explicit(&pool->words[index], &word,
                                                 gsp__word(generation, GSP__CHUNK_RESERVED),
                                                 memory_order_acquire, memory_order_relaxed))
        return false;
    GSP__FENCE(memory_order_release); /* who reads what is written from now on sees the new generation */
    return true;
}

uint32_t gsp__pool_take_at(struct gsp__pool *pool, uint32_t w)
{
    uint64_t bits = atomic_load_explicit(&pool->bitmap[w], memory_order_relaxed);

    while (bits) {
        uint64_t bit = bits & -bits;
        uint32_t index = w * 64 + (uint32_t)GSP__CTZ64(bits);

        bits = atomic_fetch_and_explicit(&pool->bitmap[w], ~bit, memory_order_acquire);
        if ((bits & bit) && index < pool->n && claim(pool, index))
            return index;
        bits &= ~bit;
    }
    return GSP__NO_CHUNK;
}

uint32_t gsp__pool_take(struct gsp__pool *pool, uint32_t start, uint32_t *hint)
{
    uint32_t n_words = (pool->n + 63) / 64;

    for (uint32_t i = 0, w = start; i < n_words; i++, w++) {
        uint32_t index;

        if (w >= n_words)
            w -= n_words;
        index = gsp__pool_take_at(pool, w);
        if (index != GSP__NO_CHUNK) {
            *hint = w;
            return index;
        }
    }
    return GSP__NO_CHUNK;
}

void gsp__pool_give(struct gsp__pool *pool, uint32_t index)
{
    uint64_t word = atomic_load_explicit(&pool->words[index], memory_order_relaxed);

    gsp__pool_set_word(pool, index, gsp__word(gsp__word_generation(word), GSP__CHUNK_FREE));
    atomic_fetch_or_explicit(&pool->bitmap[index / 64], (uint64_t)1 << (index % 64), memory_order_release);
}

bool gsp__map_is_spent(const struct gsp__map *map)
{
    uint64_t n_losses = 0;

    for (uint32_t i = 0; i < map->facts.n; i++)
        if (gsp__word_state(gsp__pool_word(&map->facts, i)) != GSP__CHUNK_FREE)
            return false;
    for (int i = 0; i < GSP__RING_LOSSES; i++)
        n_losses += atomic_load(&map->header->loss[i]);
    return n_losses <= atomic_load(&map->header->n_losses_told);
}
