/*
 * Copying short strings.
 */
#ifndef GSP_BASE_COPY_H
#define GSP_BASE_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

/* Copy n bytes where n is mostly small, reading and writing only within [0, n): two overlapping moves
 * of a fixed size are cheaper than a call. */
GSP__INLINE void gsp__copy_small(uint8_t *to, const void *bytes, size_t n)
{
    const uint8_t *from = bytes;

    if (n > 32) {
        memcpy(to, from, n);
    } else if (n >= 16) {
        memcpy(to, from, 16);
        memcpy(to + n - 16, from + n - 16, 16);
    } else if (n >= 8) {
        memcpy(to, from, 8);
        memcpy(to + n - 8, from + n - 8, 8);
    } else if (n >= 4) {
        memcpy(to, from, 4);
        memcpy(to + n - 4, from + n - 4, 4);
    } else {
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
    }
}

#endif
