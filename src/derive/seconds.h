/*
 * Nanoseconds as the seconds that OpenTelemetry wants. Divided, not multiplied by 1e-9: so that 1.5 s is 1.5
 * and not 1.5000000000000002.
 */
#ifndef GSP_DERIVE_SECONDS_H
#define GSP_DERIVE_SECONDS_H

#include <stdint.h>

static inline double gsp__seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* From start to end, for times out of a ring, which may be any: never negative, never more than there is. */
static inline int64_t gsp__elapsed_ns(int64_t start_ns, int64_t end_ns)
{
    uint64_t ns = (uint64_t)end_ns - (uint64_t)start_ns;

    if (end_ns <= start_ns)
        return 0;
    return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

static inline double gsp__seconds_between(int64_t start_ns, int64_t end_ns)
{
    return gsp__seconds(gsp__elapsed_ns(start_ns, end_ns));
}

#endif
