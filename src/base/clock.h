/*
 * Clocks as an interface: everything that needs the time is given one of these. The system's clocks
 * are the default; simulators and tests bring their own.
 */
#ifndef GSP_BASE_CLOCK_H
#define GSP_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

struct gsp__clock {
    int64_t (*now_ns)(void *self);       /* NULL: CLOCK_MONOTONIC */
    uint64_t (*now_unix_ns)(void *self); /* NULL: CLOCK_REALTIME */
    void *self;
};

static inline int64_t gsp__clock_monotonic_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline uint64_t gsp__clock_realtime_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline int64_t gsp__clock_now_ns(const struct gsp__clock *clock)
{
    return clock->now_ns ? clock->now_ns(clock->self) : gsp__clock_monotonic_ns();
}

static inline uint64_t gsp__clock_unix_ns(const struct gsp__clock *clock)
{
    return clock->now_unix_ns ? clock->now_unix_ns(clock->self) : gsp__clock_realtime_ns();
}

#endif
