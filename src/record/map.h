/*
 * A mapped ring file: where its parts are, and taking and giving back its chunks. Both sides of a ring
 * use it, the process that writes and the one that drains.
 */
#ifndef GSP_RECORD_MAP_H
#define GSP_RECORD_MAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/layout.h"

/* One kind of chunks: their words, the bitmap of hints, and the chunks themselves. */
struct gsp__pool {
    _Atomic uint64_t *words;
    _Atomic uint64_t *bitmap;
    uint8_t *chunks;
    uint32_t n;
    uint32_t chunk_bytes;
};

struct gsp__map {
    uint8_t *base;
    size_t n_bytes;
    struct gsp__ring_header *header;
    struct gsp__pool facts;
    struct gsp__pool content;
};

#define GSP__NO_CHUNK 0xffffffffu

/* Set the pointers for a mapping at `base` of a ring with these many chunks. */
void gsp__map_set(struct gsp__map *map, void *base, uint32_t n_chunks, uint32_t n_content_chunks);

/*
 * Take a free chunk, looking first at the bitmap word `start` and on from there. Its word is then
 * `reserved` with a new generation. Returns its index and sets *hint to the bitmap word it was found
 * in, or returns GSP__NO_CHUNK. Lock-free; one pass over the bitmap at most.
 */
uint32_t gsp__pool_take(struct gsp__pool *pool, uint32_t start, uint32_t *hint);

/* The same, in the bitmap word `w` alone. */
uint32_t gsp__pool_take_at(struct gsp__pool *pool, uint32_t w);

/* Words of the bitmap that share a cache line, and how many such lines there are. */
#define GSP__LINE_WORDS 8u

static inline uint32_t gsp__pool_lines(const struct gsp__pool *pool)
{
    return (pool->n + GSP__LINE_WORDS * 64 - 1) / (GSP__LINE_WORDS * 64);
}

/* Give a chunk back. The caller must own it. */
void gsp__pool_give(struct gsp__pool *pool, uint32_t index);

static inline void *gsp__pool_chunk(const struct gsp__pool *pool, uint32_t index)
{
    return pool->chunks + (size_t)index * pool->chunk_bytes;
}

static inline uint64_t gsp__pool_word(const struct gsp__pool *pool, uint32_t index)
{
    return atomic_load_explicit(&pool->words[index], memory_order_acquire);
}

static inline void gsp__pool_set_word(struct gsp__pool *pool, uint32_t index, uint64_t word)
{
    atomic_store_explicit(&pool->words[index], word, memory_order_release);
}

static inline uint64_t gsp__pool_generation(const struct gsp__pool *pool, uint32_t index)
{
    return gsp__word_generation(gsp__pool_word(pool, index));
}

static inline void gsp__map_count_loss(const struct gsp__map *map, unsigned reason, uint64_t n)
{
    atomic_fetch_add_explicit(&map->header->loss[reason], n, memory_order_relaxed);
}

/* Whether no record is in it, and every loss was told of: nobody would miss the file. */
bool gsp__map_is_spent(const struct gsp__map *map);

#endif
