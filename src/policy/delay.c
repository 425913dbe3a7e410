/*
 * The arithmetic of delays.
 */
#include "policy/delay.h"

#include <string.h>

#include "base/hash.h"

#define ARES_DOUBLINGS_MAX 10
#define ARES_LEAST_MS      100

int64_t gsp__delay_exponential_ns(int64_t base_ns, double factor, int64_t cap_ns, unsigned n, uint64_t draw)
{
    double limit = (double)base_ns;
    int64_t most;

    while (n-- > 0 && limit < (double)cap_ns && factor > 1)
        limit *= factor;
    most = limit < (double)cap_ns ? (int64_t)limit : cap_ns;
    return (int64_t)(draw % ((uint64_t)most + 1));
}

uint64_t gsp__ares_task(const char *task_id)
{
    return gsp__fnv1a(GSP__FNV_INIT, task_id, strlen(task_id));
}

uint64_t gsp__ares_hash(uint64_t task, unsigned n)
{
    return (task ^ n) * GSP__FNV_PRIME; /* the whole number as if it were a byte */
}

int64_t gsp__delay_ares_ms(int64_t base_ms, int64_t cap_ms, unsigned n, int64_t retry_after_ms, uint64_t hash)
{
    unsigned doublings = n < ARES_DOUBLINGS_MAX ? n : ARES_DOUBLINGS_MAX;
    int64_t delay = base_ms > INT64_MAX >> doublings ? INT64_MAX : base_ms << doublings;
    int64_t jitter;

    if (retry_after_ms >= 0)
        delay = retry_after_ms;
    if (delay > cap_ms)
        delay = cap_ms;
    jitter = delay / 4;
    if (jitter == 0)
        return delay;
    delay += (int64_t)(hash % (uint64_t)(2 * jitter)) - jitter;
    return delay > ARES_LEAST_MS ? delay : ARES_LEAST_MS;
}
