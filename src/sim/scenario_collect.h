/*
 * What came of a scenario: its ring, read as a drainer reads it, or, of a process that was killed, as
 * recovery does.
 */
#ifndef GSP_SIM_SCENARIO_COLLECT_H
#define GSP_SIM_SCENARIO_COLLECT_H

#include "sim/scenario_run.h"

/* How a run ended. */
struct gsp__scenario_end {
    const char *path; /* of the ring */
    bool is_dead;     /* killed */
    uint64_t start_unix_ns, now_unix_ns;
    const struct gsp__buffer *notices; /* each with a blank before it */
};

/* Fill in the result. GSP_ERR_NO_MEMORY, GSP_ERR_NO_SPACE, or what reading a ring fails with. */
GSP_MUST_USE gsp_status gsp__scenario_collect(const struct gsp__scenario_end *end,
                                              const struct gsp__dialects *dialects,
                                              struct gsp__scenario_result *out, gsp_error *err);

#endif
