/*
 * Scenarios: scripts of what providers do and what the caller does, for `genspan simulate`. This reads the
 * format (docs/scenarios.md); scenario_run.h runs it.
 *
 * Everything in a scenario lives as long as it does. Ceilings: a file of 4 MiB; nesting of targets and of
 * parallel scenarios 4 deep; per scenario 64 targets, 64 calls of a target, 4096 steps of a call.
 */
#ifndef GSP_SIM_SCENARIO_H
#define GSP_SIM_SCENARIO_H

#include <genspan/facts.h>
#include <genspan/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/fields.h"

enum gsp__step_kind {
    GSP__STEP_CHUNK,
    GSP__STEP_ERROR,
    GSP__STEP_HANG,    /* nothing more ever comes */
    GSP__STEP_END,     /* the provider's terminal event */
    GSP__STEP_EOF,     /* the connection ends without one */
    GSP__STEP_NOTE_ID, /* an id that arrives late */
};

enum gsp__scripted_error {
    GSP__SCRIPTED_CONNECTION,
    GSP__SCRIPTED_TIMEOUT,
    GSP__SCRIPTED_STATUS,    /* an HTTP status */
    GSP__SCRIPTED_PROVIDER,  /* an error object in a stream of status 200 */
    GSP__SCRIPTED_EXCEPTION, /* raised by the caller's own code */
};

/* One step of a call; what it does not say is NULL, -1 or false. */
struct gsp__step {
    int64_t at_ns; /* from the request's start */
    enum gsp__step_kind kind;

    /* of a chunk; `id` also of an id that comes late */
    const char *id, *request_header_id, *text, *reasoning, *finish, *model, *raw, *transcript;
    const char *tool_id, *tool_name, *tool_arguments;
    bool has_tool_call, is_partial; /* arguments that go on in the next chunk */
    bool is_final;                  /* transcript */
    int64_t audio_ms;
    int64_t usage[GSP_USAGE_LIMIT];

    /* of an error */
    enum gsp__scripted_error error;
    int status;
    const char *code, *message;
    int64_t retry_after_ms;
};

struct gsp__call_script {
    struct gsp__step *steps;
    uint32_t n_steps;
};

struct gsp__scripted_fallback {
    int64_t attempt_timeout_ms, idle_timeout_ms, retry_interval_ms; /* -1: not said */
    int max_retries_per_target;                                     /* -1 */
    bool retry_on_chunk_sent;
    bool recovery;
    int64_t cooldown_ms; /* -1 */
};

/* A target, or a fallback over several. */
struct gsp__scripted_target {
    const char *name; /* what notices call it: the model where nothing else is said */
    const char *provider, *model, *host;
    unsigned port; /* 0: not said */
    struct gsp__call_script *calls;
    uint32_t n_calls;
    struct gsp__call_script *probe_calls; /* of recovery probes; none: they take the next of `calls` */
    uint32_t n_probe_calls;
    bool is_streaming;           /* speech to text: takes audio as it comes */
    int sample_rate, n_channels; /* text to speech; 0: not said */

    bool is_fallback;
    struct gsp__scripted_fallback fallback;
    struct gsp__scripted_target *targets;
    uint32_t n_targets;
};

enum gsp__caller_kind {
    GSP__CALLER_READ, /* `n` chunks, or all (-1) */
    GSP__CALLER_WAIT, /* `n` ms */
    GSP__CALLER_CLOSE,
    GSP__CALLER_CANCEL,
    GSP__CALLER_DESTROY,
    GSP__CALLER_SET_AFTER_END, /* attribute `key` */
    GSP__CALLER_NEXT_REQUEST,
    GSP__CALLER_KILL,
};

struct gsp__caller_step {
    enum gsp__caller_kind kind;
    int64_t n;
    const char *key;
};

enum gsp__retry_profile {
    GSP__PROFILE_EXPONENTIAL,
    GSP__PROFILE_FIXED,
    GSP__PROFILE_ARES,
};

struct gsp__scripted_retry {
    enum gsp__retry_profile profile;
    int max_retries;                                                   /* -1: not said */
    int64_t base_ms, cap_ms, first_delay_ms, interval_ms, deadline_ms; /* -1 */
    double factor;                                                     /* 0 */
    bool retry_on_chunk_sent, retry_conflict;
};

struct gsp__scripted_message {
    const char *role, *content;
};

struct gsp__scripted_request {
    const char *operation, *model, *task_id;
    bool is_stream;
    struct gsp__scripted_message *messages;
    uint32_t n_messages;
    const char **tools;
    uint32_t n_tools;
    bool has_temperature, has_top_p;
    double temperature, top_p;
    int64_t max_tokens, seed; /* -1 */
    const char *user, *session, *conversation, *tenant;
};

/* Voice turns around the request; times in ms from its start, -1: did not happen. */
struct gsp__scripted_turn {
    bool has_user, has_agent;
    int64_t speech_start_ms, speech_end_ms, final_transcript_ms, commit_ms;
    int64_t speaking_start_ms, speaking_end_ms;
    bool is_interrupted;
};

struct gsp__scenario {
    const char *name, *dialect, *capture, *traceparent;
    uint64_t start_unix_ns, seed;
    struct gsp__scripted_request request;
    struct gsp__scripted_target *targets;
    uint32_t n_targets;
    struct gsp__scripted_retry retry;
    bool has_retry, has_fallback;
    struct gsp__scripted_fallback fallback;
    struct gsp__caller_step *caller;
    uint32_t n_caller;
    bool has_turn;
    struct gsp__scripted_turn turn;
    struct gsp__scenario *parallel; /* these at once, in place of `request` */
    uint32_t n_parallel;
    const char **expect; /* lines of the summary */
    uint32_t n_expect;
};

/*
 * Read a scenario. NULL with `fault` filled in. To be freed with gsp__scenario_free, which takes NULL.
 */
struct gsp__scenario *gsp__scenario_read(const char *text, size_t n, struct gsp__fields_fault *fault);
void gsp__scenario_free(struct gsp__scenario *scenario);

#endif
