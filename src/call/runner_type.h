/*
 * What stands behind a gsp_runner and a gsp_call. runner.c holds what calls share, runner_request.c one
 * request, runner_probe.c probes, runner_call.c one call.
 */
#ifndef GSP_CALL_RUNNER_TYPE_H
#define GSP_CALL_RUNNER_TYPE_H

#include <genspan/runner.h>

#include "policy/fallback.h"

#define GSP__RUNNER_NAME_MAX    64
#define GSP__RUNNER_MODEL_MAX   128
#define GSP__RUNNER_WORD_MAX    64
#define GSP__RUNNER_MESSAGE_MAX 1025

/* A model, as it was described. */
struct gsp__runner_target {
    const gsp_target_io *io;
    void *io_self;
    bool does_record; /* GSP_TARGET_RECORDS */
    uint32_t server_port;
    char provider[GSP__RUNNER_NAME_MAX];
    char model[GSP__RUNNER_MODEL_MAX];
    char server_address[GSP__RUNNER_MODEL_MAX];
};

/* Why a request failed, copied from what the target said of it. */
struct gsp__runner_failure {
    gsp_failure failure; /* its strings are those below */
    struct gsp__verdict verdict;
    int64_t retry_after_ns;
    char type[GSP__RUNNER_WORD_MAX];
    char exception[GSP__RUNNER_WORD_MAX];
    char provider_code[GSP__RUNNER_WORD_MAX];
    char message[GSP__RUNNER_MESSAGE_MAX];
};

/* One request to one target: an attempt. */
struct gsp__runner_request {
    const struct gsp__runner_target *target;
    void *state; /* the target's; NULL: it is over */
    gsp_span attempt;
    uint32_t n_chunks;
    bool has_finish;
    bool has_audio;
    bool has_final; /* transcript */
};

/* A probe, in the slot that its target and path have. */
struct gsp__runner_probe {
    _Atomic bool is_on; /* set by the call that starts it, cleared by who ends it */
    int64_t due_ns;
    int64_t wake_ns;
    gsp_span operation;
    struct gsp__runner_request request;
};

struct gsp_runner {
    gsp_recorder *recorder;
    gsp_notice_fn *on_notice;
    void *notice_self;
    struct gsp__plan plan;
    struct gsp__availability availability;
    char names[GSP_TARGETS_MAX][GSP__RUNNER_NAME_MAX]; /* of nodes */
    struct gsp__runner_target targets[GSP_TARGETS_MAX];
    _Atomic uint32_t n_probes;
    atomic_flag probes_taken; /* by who lets them go on */
    struct gsp__runner_probe probes[GSP_TARGETS_MAX][GSP__PATHS];
};

struct gsp_call {
    gsp_runner *runner;
    gsp_notice_fn *on_notice;
    void *notice_self;
    const void *input;
    gsp_span operation;
    int64_t start_ns, polled_ns;
    bool has_begun;
    bool has_chunks; /* some went to the caller */
    bool is_late;    /* its own time was over */
    uint32_t attempt_kind, attempt_target, attempt_number;
    gsp_outcome outcome; /* GSP_OUTCOME_AUTO: not over */
    int64_t end_ns;
    char operation_name[GSP__RUNNER_NAME_MAX];
    char model[GSP__RUNNER_MODEL_MAX];
    struct gsp__fallback fallback;
    struct gsp__runner_request request;
    struct gsp__runner_failure failed; /* the last that did */
    gsp_failure failure;               /* the call's own */
    char message[GSP__RUNNER_MESSAGE_MAX];
    gsp_read read;
};

/* Copy a string, cut between characters; NULL is "". */
void gsp__runner_keep(char *to, size_t cap, const char *text);

/*
 * Requests.
 */

/* What a request is for. */
struct gsp__runner_order {
    gsp_span operation;
    unsigned target;
    gsp_attempt_kind kind;
    uint32_t number, n_try;
    const void *input;
    const char *model; /* asked for; "" if not known */
    int64_t offset_ns;
    bool has_input_ended;
};

/* Start it: attempt and all. False, with `why` and the attempt ended, when it could not begin. */
bool gsp__runner_send(gsp_runner *runner, struct gsp__runner_request *request,
                      const struct gsp__runner_order *order, int64_t now_ns, struct gsp__runner_failure *why);

/*
 * What came: as the target gave it, but that an end of the connection is made GSP_READ_END or
 * GSP_READ_FAILED; `why` is filled in for the latter. Nothing is recorded yet.
 */
void gsp__runner_read(struct gsp__runner_request *request, int64_t now_ns, gsp_read *out,
                      struct gsp__runner_failure *why);

/* Record a chunk. */
void gsp__runner_mark(struct gsp__runner_request *request, const gsp_read *read);

/* End it; `why` is read for GSP_STREAM_FAILED. Does nothing when it is over. */
void gsp__runner_end(struct gsp__runner_request *request, gsp_stream_exit how,
                     const struct gsp__runner_failure *why, int64_t now_ns);

/* A failure of our own. `why` keeps what it has of retry_after. */
void gsp__runner_cut(struct gsp__runner_failure *why, enum gsp__cut cut);

/*
 * Probes.
 */

/* Start a probe whose slot is taken; linked to the call's operation. */
void gsp__runner_probe(gsp_call *call, unsigned target, int64_t now_ns);

/* End all that go on. */
void gsp__runner_end_probes(gsp_runner *runner, int64_t now_ns);

/*
 * Notices.
 */

/* Tell of changes of availability. */
void gsp__runner_tell_changes(const gsp_runner *runner, gsp_notice_fn *fn, void *self,
                              const struct gsp__change *changes, unsigned n, int64_t now_ns);

#endif
