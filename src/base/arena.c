/*
 * A bump allocator over one block of fixed size.
 */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

bool gsp__arena_init(struct gsp__arena *a, size_t cap)
{
    memset(a, 0, sizeof *a);
    a->base = malloc(cap);
    if (!a->base)
        return false;
    a->cap = cap;
    return true;
}

void gsp__arena_deinit(struct gsp__arena *a)
{
    free(a->base);
    memset(a, 0, sizeof *a);
}
