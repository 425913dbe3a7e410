/*
 * Scripts of what the simulated provider does: one step per request, with commas between them; the last one
 * repeats.
 *
 *     ok            answer
 *     429[:S]       refuse with Retry-After of S seconds (default 1)
 *     429ms:N       refuse with retry-after-ms: N
 *     STATUS        refuse with this status, 400 to 599 (529 is "overloaded")
 *     drop          close the connection before any answer
 *     drop-mid      close it in the middle of the answer
 *     stall         stop in the middle of the answer, and hold the connection
 *     malformed     one event of the stream (or the whole document) is no JSON
 *     no-usage      leave the usage out
 *     error-mid     an error event in the middle of the stream
 *     no-end        end the stream cleanly, but without a finish reason and [DONE]
 */
#ifndef GSP_SIM_SCRIPT_H
#define GSP_SIM_SCRIPT_H

#include <genspan/types.h>
#include <stdatomic.h>

#define GSP__SIM_STEPS_MAX 64

enum gsp__sim_action {
    GSP__SIM_ANSWER,
    GSP__SIM_REFUSE,
    GSP__SIM_DROP,
    GSP__SIM_DROP_MID,
    GSP__SIM_STALL,
    GSP__SIM_MALFORMED,
    GSP__SIM_NO_USAGE,
    GSP__SIM_ERROR_MID,
    GSP__SIM_NO_END,
};

struct gsp__sim_step {
    enum gsp__sim_action action;
    int status;          /* of a refusal */
    int64_t retry_after; /* -1: not said */
    int is_retry_ms;     /* it is in ms, and said so */
};

struct gsp__sim_script {
    struct gsp__sim_step steps[GSP__SIM_STEPS_MAX];
    unsigned n_steps;
};

/* GSP_ERR_INVALID with the offset of the step at fault. */
GSP_MUST_USE gsp_status gsp__sim_script_parse(const char *text, struct gsp__sim_script *out, gsp_error *err);

#endif
