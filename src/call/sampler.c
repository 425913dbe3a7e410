/*
 * Head sampling. The ratio takes the lower 56 bits of the trace id, the ones that W3C level 2 calls
 * random.
 */
#include "call/sampler.h"

#include <string.h>
#include <strings.h>

#include "base/env.h"
#include "base/warn.h"

#define RATIO_BITS 56

static bool set_by_name(struct gsp__sampler *s, const char *name)
{
    static const char prefix[] = "parentbased_";

    s->follows_parent = strncasecmp(name, prefix, sizeof prefix - 1) == 0;
    if (s->follows_parent)
        name += sizeof prefix - 1;
    if (strcasecmp(name, "always_on") == 0)
        s->root = GSP__SAMPLER_ON;
    else if (strcasecmp(name, "always_off") == 0)
        s->root = GSP__SAMPLER_OFF;
    else if (strcasecmp(name, "traceidratio") == 0)
        s->root = GSP__SAMPLER_RATIO;
    else
        return false;
    return true;
}

static uint64_t threshold_of(double ratio)
{
    return (uint64_t)(ratio * (double)((uint64_t)1 << RATIO_BITS));
}

bool gsp__sampler_set(struct gsp__sampler *s, const char *name, double ratio)
{
    static const char fallback[] = "parentbased_always_on";
    const char *variable = gsp__env("OTEL_TRACES_SAMPLER");

    if (!(ratio >= 0 && ratio <= 1)) /* nor a NaN */
        return false;
    if (ratio == 0) {
        ratio = 1;
        gsp__env_double("OTEL_TRACES_SAMPLER_ARG", 0, 1, &ratio);
    }
    s->threshold = threshold_of(ratio);
    if (name && *name)
        return set_by_name(s, name);
    if (variable && set_by_name(s, variable))
        return true;
    if (variable)
        gsp__warn_once("OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER=\"%.64s\" is not known here: %s is used",
                       variable, fallback);
    return set_by_name(s, fallback);
}

bool gsp__sampler_decide(const struct gsp__sampler *s, const uint8_t trace_id[16], const gsp_context *parent)
{
    uint64_t random = 0;

    if (parent && s->follows_parent)
        return (parent->trace_flags & GSP_TRACE_FLAG_SAMPLED) != 0;
    if (s->root != GSP__SAMPLER_RATIO)
        return s->root == GSP__SAMPLER_ON;
    for (int i = 9; i < 16; i++)
        random = random << 8 | trace_id[i];
    return random < s->threshold;
}
