/*
 * How long to wait before a retry: the arithmetic of the three profiles alone (RE-3).
 */
#ifndef GSP_POLICY_DELAY_H
#define GSP_POLICY_DELAY_H

#include <stdint.h>

/* Full jitter: anything from 0 to base x factor^n, at most the cap, as `draw` (any 64 bits) has it. */
int64_t gsp__delay_exponential_ns(int64_t base_ns, double factor, int64_t cap_ns, unsigned n, uint64_t draw);

/* The hash that ares spreads delays by: of the task id, as gsp__ares_task gives it, and the retry. */
uint64_t gsp__ares_task(const char *task_id);
uint64_t gsp__ares_hash(uint64_t task, unsigned n);

/*
 * ares: base x 2^min(n,10), or what the provider asked for (-1: nothing), at most the cap; then a quarter up
 * or down, as the hash has it, but not below 100 ms where there is a quarter at all.
 */
int64_t gsp__delay_ares_ms(int64_t base_ms, int64_t cap_ms, unsigned n, int64_t retry_after_ms,
                           uint64_t hash);

#endif
