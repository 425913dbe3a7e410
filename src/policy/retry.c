/*
 * Retries: options, and the delay before the next one.
 */
#include "policy/retry.h"

#include <string.h>

#include "base/random.h"
#include "policy/delay.h"

#define CAP_MS      60000
#define INTERVAL_MS 2000
#define FACTOR      2.0
#define FACTOR_MAX  100.0

static int64_t delay_of(int32_t ms, int32_t otherwise_ms)
{
    if (ms < 0)
        return 0;
    return (int64_t)(ms ? ms : otherwise_ms) * GSP__MS_NS;
}

static const char *fault_of(const gsp_retry_options *o)
{
    if (o->profile > GSP_BACKOFF_ARES)
        return "retry: the profile is none of gsp_backoff";
    if (o->max_retries > GSP__RETRIES_MAX)
        return "retry: max_retries is above 1000";
    if (o->base_ms < -1 || o->interval_ms < -1)
        return "retry: base_ms and interval_ms are -1, 0 or more";
    if (o->cap_ms < 0 || o->max_retry_after_ms < 0 || o->attempt_timeout_ms < 0 || o->idle_timeout_ms < 0)
        return "retry: a time is below 0";
    if (!(o->factor == 0 || (o->factor >= 1 && o->factor <= FACTOR_MAX)))
        return "retry: factor is 0, or from 1 to 100";
    return NULL;
}

bool gsp__retry_init(struct gsp__retry *r, const gsp_retry_options *options, gsp_error *err)
{
    static const int32_t base_ms[] = {
        [GSP_BACKOFF_EXPONENTIAL] = 500, [GSP_BACKOFF_FIXED] = 100, [GSP_BACKOFF_ARES] = 1000};
    gsp_retry_options o = GSP_RETRY_OPTIONS_INIT;
    const char *fault;

    if (options)
        memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    fault = fault_of(&o);
    if (fault) {
        if (err)
            *err = (gsp_error){.code = GSP_ERR_INVALID, .text = fault};
        return false;
    }
    *r = (struct gsp__retry){
        .profile = (uint8_t)o.profile,
        .flags = (uint8_t)o.flags,
        .max_retries = (uint16_t)o.max_retries,
        .base_ns = delay_of(o.base_ms, base_ms[o.profile]),
        .interval_ns = delay_of(o.interval_ms, INTERVAL_MS),
        .cap_ns = delay_of(o.cap_ms, CAP_MS),
        .attempt_timeout_ns = o.attempt_timeout_ms * GSP__MS_NS,
        .idle_timeout_ns = o.idle_timeout_ms * GSP__MS_NS,
        .factor = o.factor > 0 ? o.factor : FACTOR,
    };
    r->max_retry_after_ns = o.max_retry_after_ms ? o.max_retry_after_ms * GSP__MS_NS : r->cap_ns;
    return true;
}

/* In whole milliseconds, as the formula has it; what is asked for is rounded up. */
static int64_t ares_delay_ns(const struct gsp__retry *r, unsigned n, int64_t retry_after_ns, uint64_t task)
{
    int64_t asked_ms =
        retry_after_ns < 0 ? -1 : retry_after_ns / GSP__MS_NS + (retry_after_ns % GSP__MS_NS != 0);

    return gsp__delay_ares_ms(r->base_ns / GSP__MS_NS, r->cap_ns / GSP__MS_NS, n, asked_ms,
                              gsp__ares_hash(task, n)) *
           GSP__MS_NS;
}

int64_t gsp__retry_delay_ns(const struct gsp__retry *r, unsigned n_before, int64_t retry_after_ns,
                            uint64_t task, uint64_t *random)
{
    int64_t delay;

    if (n_before >= r->max_retries)
        return GSP__NOT_RETRIED;
    if (r->profile == GSP_BACKOFF_ARES)
        return ares_delay_ns(r, n_before, retry_after_ns, task);
    if (retry_after_ns > r->max_retry_after_ns)
        return GSP__NOT_RETRIED;
    if (retry_after_ns >= 0)
        return retry_after_ns; /* RE-2: jitter would undercut it */
    if (r->profile == GSP_BACKOFF_EXPONENTIAL)
        return gsp__delay_exponential_ns(r->base_ns, r->factor, r->cap_ns, n_before,
                                         gsp__random_next(random));
    delay = n_before == 0 ? r->base_ns : r->interval_ns;
    return delay < r->cap_ns ? delay : r->cap_ns;
}
