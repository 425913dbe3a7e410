/*
 * Which facts were handed over.
 */
#ifndef GSP_WIRE_SEEN_H
#define GSP_WIRE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

/* Whether it was not handed over before; from now on it was. */
static inline bool gsp__seen_first(uint64_t seen[4], unsigned fact)
{
    uint64_t bit = (uint64_t)1 << (fact % 64);

    if (seen[fact / 64 % 4] & bit)
        return false;
    seen[fact / 64 % 4] |= bit;
    return true;
}

#endif
