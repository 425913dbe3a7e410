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

#endif
