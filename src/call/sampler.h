/*
 * Head sampling (CX-3): decided by the trace id when a trace starts, so that the flag sent to others is
 * true. The record is made in any case; the decision is a bit in it.
 */
#ifndef GSP_CALL_SAMPLER_H
#define GSP_CALL_SAMPLER_H

#include <genspan/types.h>
#include <stdbool.h>
#include <stdint.h>

enum gsp__sampler_kind {
    GSP__SAMPLER_ON,
    GSP__SAMPLER_OFF,
    GSP__SAMPLER_RATIO,
};

struct gsp__sampler {
    enum gsp__sampler_kind root; /* for traces that start here */
    bool follows_parent;         /* with a parent, its flag decides */
    uint64_t threshold;          /* of the ratio: sampled below it */
};

/*
 * From the caller's wish, else (name NULL or empty, ratio 0) OTEL_TRACES_SAMPLER and _ARG, else
 * parentbased_always_on and 1. Names are matched without regard to case. False if the wish is no sampler
 * that we know, or the ratio is not from 0 to 1.
 */
bool gsp__sampler_set(struct gsp__sampler *sampler, const char *name, double ratio);

/* Whether a span is sampled. `parent` is NULL for a root. */
bool gsp__sampler_decide(const struct gsp__sampler *sampler, const uint8_t trace_id[16],
                         const gsp_context *parent);

#endif
