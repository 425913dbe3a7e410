/*
 * Exponential backoff with full jitter: the arithmetic alone, no waiting.
 */
#ifndef GSP_BASE_BACKOFF_H
#define GSP_BASE_BACKOFF_H

#include <stdint.h>

#include "base/random.h"

/*
 * The delay before retry number `n` (0 for the first): uniform in [0, min(cap, base * 2^n)].
 * `state` is the caller's random state.
 */
static inline int64_t gsp__backoff_ms(int64_t base_ms, int64_t cap_ms, unsigned n, uint64_t *state)
{
    int64_t limit = base_ms;

    while (n-- > 0 && limit < cap_ms)
        limit *= 2;
    if (limit > cap_ms)
        limit = cap_ms;
    return (int64_t)(gsp__random_next(state) % ((uint64_t)limit + 1));
}

#endif
