/*
 * Running scenarios: the recorder and the derivation of a real program, under a clock that stands still until
 * the next thing happens. Nothing in it is left to chance: the same scenario always gives the same bytes.
 *
 * Each request goes to its first target, once: what a scenario says of retries and fallbacks is read, and not
 * yet obeyed.
 */
#ifndef GSP_SIM_SCENARIO_RUN_H
#define GSP_SIM_SCENARIO_RUN_H

#include "base/buffer.h"
#include "derive/dialect.h"
#include "sim/scenario.h"

/* What came out: to be freed with gsp__scenario_result_deinit. */
struct gsp__scenario_result {
    struct gsp__buffer otlp;    /* lines of OTLP JSON: traces, metrics, logs; none of what there is none */
    struct gsp__buffer summary; /* lines */
};

/*
 * Run a scenario in an empty directory of the caller's, in which its ring is put and deleted again.
 * GSP_ERR_INVALID (a capture mode that is not known), GSP_ERR_NO_MEMORY, GSP_ERR_NO_SPACE (more than a ring
 * holds), or what opening a recorder fails with.
 */
GSP_MUST_USE gsp_status gsp__scenario_run(const struct gsp__scenario *scenario, const char *directory,
                                          const struct gsp__dialects *dialects,
                                          struct gsp__scenario_result *out, gsp_error *err);
void gsp__scenario_result_deinit(struct gsp__scenario_result *result);

#endif
