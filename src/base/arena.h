/*
 * A bump allocator over one block of fixed size: what is needed for one call is taken from it and all
 * given back at once. It never grows; a full arena returns NULL and counts.
 */
#ifndef GSP_BASE_ARENA_H
#define GSP_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct gsp__arena {
    char *base;
    size_t cap;
    size_t used;
    uint64_t n_failed;
};

/* Allocate the block. False if there is no memory. */
bool gsp__arena_init(struct gsp__arena *a, size_t cap);
void gsp__arena_deinit(struct gsp__arena *a);

static inline void gsp__arena_reset(struct gsp__arena *a)
{
    a->used = 0;
}

/* n bytes, aligned to 16, not zeroed; NULL when full. */
static inline void *gsp__arena_get(struct gsp__arena *a, size_t n)
{
    size_t size = (n + 15) & ~(size_t)15;
    char *p;

    if (GSP__UNLIKELY(size < n || a->cap - a->used < size)) {
        a->n_failed++;
        return NULL;
    }
    p = a->base + a->used;
    a->used += size;
    return p;
}

#endif
