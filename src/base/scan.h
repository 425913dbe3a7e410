/*
 * Looking for a few bytes in many: 16 at a time where the processor can (SSE2, which every x86-64 has),
 * else one by one. Never reads outside [p, end).
 */
#ifndef GSP_BASE_SCAN_H
#define GSP_BASE_SCAN_H

#include <stdint.h>

#include "base/compiler.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* The first byte that is `a` or `b`, or `end`. */
GSP__INLINE const char *gsp__scan_two(const char *p, const char *end, char a, char b)
{
#if defined(__SSE2__)
    const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b);

    while (end - p >= 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        int hit = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, va), _mm_cmpeq_epi8(x, vb)));

        if (hit)
            return p + GSP__CTZ64((uint64_t)(unsigned)hit);
        p += 16;
    }
#endif
    while (p < end && *p != a && *p != b)
        p++;
    return p;
}

/* The first of " { } [ ], or `end`: where a skipped JSON value may change its depth. */
GSP__INLINE const char *gsp__scan_structure(const char *p, const char *end)
{
#if defined(__SSE2__)
    /* with bit 5 set, [ and { are the same, and so are ] and } */
    const __m128i bit = _mm_set1_epi8(0x20), quote = _mm_set1_epi8('"');
    const __m128i open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}');

    while (end - p >= 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i lower = _mm_or_si128(x, bit);
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(lower, open));
        int hit = _mm_movemask_epi8(_mm_or_si128(found, _mm_cmpeq_epi8(lower, close)));

        if (hit)
            return p + GSP__CTZ64((uint64_t)(unsigned)hit);
        p += 16;
    }
#endif
    while (p < end && *p != '"' && (*p | 0x20) != '{' && (*p | 0x20) != '}')
        p++;
    return p;
}

#endif
