/*
 * Whether a target is tried again, and after what delay (RE-1 to RE-3): gsp_retry_options made exact.
 */
#ifndef GSP_POLICY_RETRY_H
#define GSP_POLICY_RETRY_H

#include <genspan/policy.h>
#include <stdbool.h>
#include <stdint.h>

#define GSP__MS_NS         INT64_C(1000000)
#define GSP__RETRIES_MAX   1000
#define GSP__NOT_RETRIED   INT64_C(-1)
#define GSP__NOT_ASKED_FOR INT64_C(-1)

struct gsp__retry {
    uint8_t profile; /* a gsp_backoff */
    uint8_t flags;   /* GSP_RETRY_* */
    uint16_t max_retries;
    int64_t base_ns, interval_ns, cap_ns;
    int64_t max_retry_after_ns;
    int64_t attempt_timeout_ns, idle_timeout_ns; /* 0: none */
    double factor;
};

/* NULL options: one try. Returns false, and says why, when a number is out of its range. */
bool gsp__retry_init(struct gsp__retry *retry, const gsp_retry_options *options, gsp_error *err);

/*
 * The delay before the next try of something that may be retried; GSP__NOT_RETRIED if there is none left, or
 * the provider asks for more than the policy waits for. `n_before`: retries so far. `retry_after_ns`: as the
 * provider asks, or GSP__NOT_ASKED_FOR. `task`: of gsp__ares_task. `random`: state, the caller's.
 */
int64_t gsp__retry_delay_ns(const struct gsp__retry *retry, unsigned n_before, int64_t retry_after_ns,
                            uint64_t task, uint64_t *random);

#endif
