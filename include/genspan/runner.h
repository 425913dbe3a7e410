/*
 * genspan/runner.h: drives an operation through targets, tries again and goes elsewhere as genspan/policy.h
 * has it, and records every attempt, wait and probe.
 *
 *     gsp_runner_new(recorder, &runner_options, &runner, &err);        once, for all threads
 *     gsp_call *call = gsp_call_new(runner, &call_options);            one per operation
 *     for (;;) {
 *         gsp_call_poll(call, now_ns, &step);
 *         if (step.kind == GSP_STEP_CHUNK) ...                         step.chunk: show it
 *         if (step.kind == GSP_STEP_WAIT) ...                          until step.wake_ns, or until a target
 * has more if (step.kind == GSP_STEP_END) break;                        step.outcome, step.failure
 *     }
 *     gsp_call_free(call);
 *
 * It owns no clock, socket or thread: times are given to it, targets do the I/O. Under a virtual clock it
 * does the same thing every time. What a target says goes to the attempt's span, which gsp_request names: by
 * gsp_span_set_... and the like, or by a gsp_exchange (GSP_TARGET_RECORDS).
 *
 * Rules of every call here
 *   - NULL for the runner or the call is allowed and does nothing.
 *   - Strings and options are borrowed for the call, but for what a comment says.
 *   - `now_ns` is on the recorder's monotonic clock, in ns, never 0 and never going back.
 *   - Thread rule: one thread at a time for one gsp_call; many calls of one runner may run on many threads.
 */
#ifndef GENSPAN_RUNNER_H
#define GENSPAN_RUNNER_H

#include <genspan/exchange.h>
#include <genspan/operation.h>
#include <genspan/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Targets.
 */

/* What a target is asked for. Borrowed while `start` runs. Since 0.1. Source: OP-2, OP-3, FA-4, FA-7. */
typedef struct gsp_request {
    uint32_t struct_size;
    uint32_t target;    /* its place among the runner's models, in order, lists passed over; from 0 */
    uint32_t kind;      /* a gsp_attempt_kind */
    uint32_t number;    /* of this request, in its operation; from 0 */
    gsp_span operation; /* the probe's own, if it is one */
    gsp_span attempt;   /* where facts go */
    const void *input;  /* gsp_call_options.input */
    const char *model;  /* to be sent: the target's, else the one asked for; NULL: neither is known */
    int64_t offset_ns;  /* of speech: how much input went before this request */
    uint32_t has_ended; /* 1: the input is whole, nothing follows */
    uint32_t n_try;     /* of this target since it was last turned to; 0: the first */
} gsp_request;

/* What a target has. Since 0.1. */
typedef enum gsp_read_kind {
    GSP_READ_NOTHING = 0, /* not yet; wake_ns may say when */
    GSP_READ_CHUNK = 1,   /* one chunk */
    GSP_READ_END = 2,     /* the provider's terminal event, or a whole answer */
    GSP_READ_EOF = 3,     /* the connection ended without one: truncated where chunks came */
    GSP_READ_FAILED = 4   /* failure says how */
} gsp_read_kind;

/* What a chunk holds. The first three do not commit the call to its target (RE-4). Since 0.1. Source: RE-4,
 * ST-3. */
typedef enum gsp_chunk_kind {
    GSP_CHUNK_METADATA = 0,     /* ids, roles, pings, usage: no content */
    GSP_CHUNK_TOOL_PARTIAL = 1, /* content; tool arguments that are not whole yet */
    GSP_CHUNK_TRANSCRIPT = 2,   /* content; of speech, may still change */
    GSP_CHUNK_TEXT = 3,
    GSP_CHUNK_REASONING = 4,
    GSP_CHUNK_TOOL_CALL = 5, /* a whole one, or its last piece */
    GSP_CHUNK_AUDIO = 6,
    GSP_CHUNK_TRANSCRIPT_FINAL = 7 /* retries are counted afresh from here */
} gsp_chunk_kind;

/*
 * What `read` gives. All fields but `kind` are optional; the runner has set them to nothing known before.
 * What it points to must live until the next call on the request. Since 0.1. Source: RE-1, RE-2, OP-7.
 */
typedef struct gsp_read {
    uint32_t struct_size;
    uint32_t kind;   /* a gsp_read_kind */
    int64_t at_ns;   /* when it came; 0: now. Not after now */
    int64_t wake_ns; /* of NOTHING: when there will be something; 0: not known */

    uint32_t has_finish; /* of CHUNK: 1: a finish reason is in it; what ends after that is whole (ST-2) */
    uint32_t chunk;      /* of CHUNK: a gsp_chunk_kind */
    uint32_t choice;     /* which answer */
    const void *bytes;   /* given to the caller as they are */
    size_t n_bytes;
    const void *detail; /* whatever target and caller agree on; given to the caller as it is */

    gsp_failure failure; /* of FAILED: type (a GSP_ERROR_* or NULL: found from the rest), http_status ... */
    const char *error_type; /* the provider's own type, where it has one beside failure.provider_code */
    int64_t retry_after_ms; /* as the provider asks; -1: it does not */
    int32_t should_retry;   /* x-should-retry: 1 true, -1 false, 0 not said */
    int32_t is_retryable;   /* 1, 0 as gsp_exchange_result has it; -1: to be found from the failure */
} gsp_read;

/*
 * What an exchange came to, as `read` gives it: for a target that has one (GSP_TARGET_RECORDS).
 *
 *   exchange  in   whose end was told; before that, GSP_READ_NOTHING comes of it. NULL is allowed, and does
 *                  nothing
 *   out       out  as `read` got it. Its strings are the exchange's
 *
 * No memory. Thread rule: that of the exchange. Since 0.1. Source: RE-1, RE-2.
 */
GSP_API void gsp_read_exchange(const gsp_exchange *exchange, gsp_read *out);

/*
 * How a target is reached. One of these serves all its requests, which may come from several threads at
 * once. No function may block, or call the runner or the call. Since 0.1. Source: FA-2, FA-4.
 *
 * start  Issue a request. Returns whatever the other two are given; NULL when it could not even begin: the
 *        failure is then in `read` (kind is taken for GSP_READ_FAILED). What it needs later, it copies: a
 *        probe may outlive its call, and be read by another thread of the runner, one at a time.
 * read   What has come since, at most one thing. After END, EOF and FAILED it is not called again.
 * end    The request is over: give back what it holds, stop what still goes on. Called once for each request
 *        that began, after its last read. `how` is why: GSP_STREAM_FINISHED, FAILED (by the target itself,
 *        or cut by a timeout: `failure` says so), CLOSED, CANCELLED, DESTROYED. A target that records
 *        (GSP_TARGET_RECORDS) ends the attempt with it, by gsp_exchange_end.
 * input  More input came (NULL where none is taken): for streams of speech. has_ended: that was all.
 */
typedef struct gsp_target_io {
    uint32_t struct_size;
    uint32_t reserved; /* 0 */
    void *(*start)(void *self, const gsp_request *request, int64_t now_ns, gsp_read *failed);
    void (*read)(void *request, int64_t now_ns, gsp_read *out);
    void (*end)(void *request, gsp_stream_exit how, const gsp_failure *failure, int64_t now_ns);
    void (*input)(void *request, const void *bytes, size_t n_bytes, int has_ended, int64_t now_ns);
} gsp_target_io;

/*
 * Notices.
 */

/* What a notice tells. Since 0.1. Source: RE-6, FA-1. */
typedef enum gsp_notice_kind {
    GSP_NOTICE_ERROR = 1,        /* an attempt failed */
    GSP_NOTICE_AVAILABILITY = 2, /* a target or a list became available or unavailable */
    GSP_NOTICE_WAIT = 3,         /* a wait begins, before the same target is tried again */
    GSP_NOTICE_ATTEMPT = 4       /* a request goes out, of a probe too */
} gsp_notice_kind;

/* One notice. Borrowed for the call. Since 0.1. Source: RE-5, RE-6, FA-1, FA-4. */
typedef struct gsp_notice {
    uint32_t struct_size;
    uint32_t kind;         /* a gsp_notice_kind */
    int64_t now_ns;        /* when */
    const char *target;    /* its name; a list's is its own */
    uint32_t target_index; /* its place among the models; UINT32_MAX for a list */
    uint32_t attempt_kind; /* of ERROR and ATTEMPT: a gsp_attempt_kind */
    uint32_t
        is_recoverable;     /* of ERROR: 1 exactly when the target, or a list it is in, will be tried again */
    uint32_t is_available;  /* of AVAILABILITY */
    uint64_t n_changes;     /* of AVAILABILITY: how often it changed, this one included: orders notices that
                               several threads bring */
    int64_t delay_ns;       /* of WAIT */
    const char *error_type; /* of ERROR: a class (OP-7) */
    const char *message;    /* of ERROR; "" if none */
    int32_t http_status;    /* of ERROR and WAIT; 0: none */
    uint32_t number;        /* of ATTEMPT and ERROR: the attempt's; of WAIT: which retry, from 1 */
} gsp_notice;

/*
 * Takes notices, in the order in which things happen.
 *
 *   self    in  as given with it
 *   notice  in  borrowed for the call
 *
 * Runs inside the call that brings it about, on its thread; those about probes come from whichever call of
 * the runner starts or polls them. It must not call the runner or the call. Since 0.1.
 */
typedef void gsp_notice_fn(void *self, const gsp_notice *notice);

/*
 * The runner: what calls share.
 */

/* Targets with their policy and availability. Made by gsp_runner_new, freed by gsp_runner_free. Since 0.1. */
typedef struct gsp_runner gsp_runner;

/* Options of gsp_runner_new. Since 0.1. Source: FA-1, FA-7, RE-4. */
typedef struct gsp_runner_options {
    uint32_t struct_size;
    uint32_t media;                 /* a gsp_media */
    uint32_t flags;                 /* GSP_RUNNER_* */
    uint32_t reserved;              /* 0 */
    const gsp_target *target;       /* a model, or a list; not NULL */
    const gsp_retry_options *retry; /* of it as a whole: of a list, all of it once more. NULL: one try */
    gsp_notice_fn *on_notice;       /* of probes, and of calls that have none of their own; from any thread.
                                       NULL: none */
    void *notice_self;              /* must outlive the runner */
} gsp_runner_options;

/* Whatever was forwarded commits, content or not: a gateway's rule. Since 0.1. Source: RE-4. */
#define GSP_RUNNER_ANY_BYTE_COMMITS 0x1u

/* No target; sets struct_size. Since 0.1. */
#define GSP_RUNNER_OPTIONS_INIT                                                                              \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_runner_options), 0, 0, 0, NULL, NULL, NULL, NULL                                \
    }

/*
 * Make a runner.
 *
 *   recorder  in   of all its calls; NULL: nothing is recorded. Must outlive the runner
 *   options   in   copied, names and all; `io` and `io_self` of the targets must outlive the runner
 *   out       out  the runner, the caller's until gsp_runner_free
 *   err       out  or NULL
 *
 * Returns GSP_OK; GSP_ERR_INVALID for no target, a list of none, more than GSP_TARGETS_MAX or deeper than
 * GSP_TARGET_DEPTH_MAX, a model without `io`, a number out of its range, channels that differ, and speech to
 * text by a target that cannot stream; GSP_ERR_NO_MEMORY.
 *
 * Memory: one allocation, below 64 KiB. Thread-safe. Since 0.1. Source: FA-1, FA-7.
 */
GSP_API GSP_MUST_USE gsp_status gsp_runner_new(gsp_recorder *recorder, const gsp_runner_options *options,
                                               gsp_runner **out, gsp_error *err);

/*
 * Free a runner. Probes that still go on are cancelled.
 *
 *   runner  in  none of its calls is left
 *   now_ns  in  their end
 *
 * Thread rule: no other thread may be inside a call on it. Since 0.1. Source: FA-4.
 */
GSP_API void gsp_runner_free(gsp_runner *runner, int64_t now_ns);

/*
 * Let probes go on. gsp_call_poll of any of the runner's calls does so too; this is for when there is none.
 *
 *   runner    in
 *   now_ns    in
 *   out_wake  out  when to call again at the latest, ns; INT64_MAX: no probe goes on. NULL is allowed
 *
 * Thread-safe: while another thread is at it, this does nothing, and tells INT64_MAX. Since 0.1.
 * Source: FA-4.
 */
GSP_API void gsp_runner_poll(gsp_runner *runner, int64_t now_ns, int64_t *out_wake);

/*
 * Whether a model is available now.
 *
 *   runner  in
 *   target  in  its place among the models
 *
 * Returns 1 or 0; 1 for what is none. Thread-safe, one atomic load. Since 0.1. Source: FA-1.
 */
GSP_API int gsp_runner_is_available(const gsp_runner *runner, uint32_t target);

/*
 * One call.
 */

/* An operation on its way. Made by gsp_call_new, freed by gsp_call_free. Since 0.1. */
typedef struct gsp_call gsp_call;

/* Options of gsp_call_new. Since 0.1. Source: OP-1, FA-2, RE-3. */
typedef struct gsp_call_options {
    uint32_t struct_size;
    uint32_t flags;            /* GSP_CALL_* */
    const char *operation;     /* chat ...; NULL: by the runner's media */
    const char *model;         /* asked for, or NULL */
    const void *input;         /* given to the targets as it is; must live until the call is freed */
    const gsp_context *parent; /* NULL: a trace of its own */
    gsp_scope scope;           /* as in gsp_operation_options */
    const char *task_id;       /* spreads the delays of GSP_BACKOFF_ARES; NULL: "" */
    uint64_t seed;             /* spreads the others; 0: of the kernel's randomness */
    int64_t now_ns;            /* the start; not 0 */
    int64_t timeout_ns;        /* of the whole operation, waits and all; 0: none */
    gsp_notice_fn *on_notice;  /* NULL: the runner's */
    void *notice_self;
} gsp_call_options;

#define GSP_CALL_STREAM                                                                                      \
    0x1u /* input and answer are a stream: probes have a slot apart from whole requests                      \
          */
#define GSP_CALL_OPEN_INPUT 0x2u /* of speech: input follows, by gsp_call_input */
#define GSP_CALL_NO_TEXT                                                                                     \
    0x4u /* to speech: there is nothing to say (tools only), so silence is no failure                        \
          */

/* All defaults, but that now_ns is to be set; sets struct_size. Since 0.1. */
#define GSP_CALL_OPTIONS_INIT                                                                                \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_call_options), 0, NULL, NULL, NULL, NULL, GSP_NO_SCOPE_INIT, NULL, 0, 0, 0,     \
            NULL, NULL                                                                                       \
    }

/*
 * Begin a call: its operation starts. The first request goes out with the first gsp_call_poll.
 *
 *   runner   in  not NULL; must outlive the call
 *   options  in  NULL is not allowed
 *
 * Returns the call, the caller's until gsp_call_free; NULL when there is no memory. One allocation, below
 * 8 KiB, and one chunk of the ring. Thread-safe. Since 0.1. Source: OP-1.
 */
GSP_API gsp_call *gsp_call_new(gsp_runner *runner, const gsp_call_options *options);

/* The call's operation, for facts and events; the null handle where nothing is recorded. No memory. Thread
 * rule: above. Since 0.1. Source: OP-1. */
GSP_API gsp_span gsp_call_operation(const gsp_call *call);

/* What gsp_call_poll has. Since 0.1. */
typedef enum gsp_step_kind {
    GSP_STEP_WAIT = 0,  /* nothing before wake_ns, unless a target has more, the input goes on, or it ends */
    GSP_STEP_CHUNK = 1, /* one chunk */
    GSP_STEP_END = 2    /* the call is over: the same from now on */
} gsp_step_kind;

/* One step. Pointers are good until the next call on this gsp_call. Since 0.1. Source: FA-5, FA-6, ST-2. */
typedef struct gsp_step {
    uint32_t struct_size;
    uint32_t kind;        /* a gsp_step_kind */
    int64_t wake_ns;      /* of WAIT; INT64_MAX: no time is set. Of END: when the runner's probes want to be
                             polled, INT64_MAX if none goes on */
    uint32_t outcome;     /* of END: a gsp_outcome */
    uint32_t target;      /* the active one: it served last; UINT32_MAX before any did */
    uint32_t n_attempts;  /* so far */
    uint32_t is_waiting;  /* of WAIT: 1 between two tries, 0 for a target */
    const gsp_read *read; /* of CHUNK: as the target gave it */
    const gsp_failure *failure; /* of END, if it failed; its cause is the last attempt's */
    int64_t spent_ns;           /* of END: from the start */
} gsp_step;

/* Nothing; sets struct_size. Since 0.1. */
#define GSP_STEP_INIT                                                                                        \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_step), 0, 0, 0, 0, 0, 0, NULL, NULL, 0                                          \
    }

/*
 * Go on: send, read, wait, as far as it goes without waiting, up to one chunk or the end. What has come is
 * looked at before timeouts are, so a caller that reads slowly cuts nothing.
 *
 *   call    in
 *   now_ns  in
 *   out     out  made with GSP_STEP_INIT
 *
 * No memory of its own. Thread rule: above. Since 0.1. Source: RE-1 to RE-6, FA-1 to FA-7.
 */
GSP_API void gsp_call_poll(gsp_call *call, int64_t now_ns, gsp_step *out);

/*
 * More input, of speech: handed to the target that is on now, and its length remembered for the next one.
 * Before a request is out, and of a target without `input`, bytes are not kept: keep them at `input`.
 *
 *   call         in
 *   bytes        in  n_bytes of it; or none
 *   duration_ns  in  how long it sounds; 0 for text
 *   now_ns       in
 *
 * gsp_call_input_end: that was all; a target that is turned to later is told so too. No memory. Thread rule:
 * above. Since 0.1. Source: FA-7.
 */
GSP_API void gsp_call_input(gsp_call *call, const void *bytes, size_t n_bytes, int64_t duration_ns,
                            int64_t now_ns);
GSP_API void gsp_call_input_end(gsp_call *call, int64_t now_ns);

/*
 * End a call before its end: the attempt is cancelled, no request and no probe begins any more. After its
 * end it does nothing.
 *
 *   call    in
 *   how     in  GSP_STREAM_CLOSED, GSP_STREAM_CANCELLED or GSP_STREAM_DESTROYED; others count as CLOSED
 *   now_ns  in
 *
 * No memory. Thread rule: above. Since 0.1. Source: ST-1, ST-2.
 */
GSP_API void gsp_call_end(gsp_call *call, gsp_stream_exit how, int64_t now_ns);

/*
 * When the first text reached any target, of speech: what the time to first byte is measured from.
 *
 *   call  in
 *
 * Returns ns; 0: none did. No memory. Thread rule: above. Since 0.1. Source: FA-7.
 */
GSP_API int64_t gsp_call_input_ns(const gsp_call *call);

/*
 * Free a call. One that has not ended ends as GSP_STREAM_DESTROYED. Its probes go on with the runner.
 *
 *   call    in
 *   now_ns  in
 *
 * Thread rule: above. Since 0.1. Source: ST-1, FA-4.
 */
GSP_API void gsp_call_free(gsp_call *call, int64_t now_ns);

/*
 * Waits for what a call waits for.
 *
 *   self        in   as given with it
 *   wake_ns     in   no longer than until then; INT64_MAX: for the targets alone
 *   out_now_ns  out  the time afterwards
 *
 * Returns 0 to go on; else the call is cancelled. Since 0.1.
 */
typedef int gsp_wait_fn(void *self, int64_t wake_ns, int64_t *out_now_ns);

/*
 * Run a call to its end, blocking in `wait`.
 *
 *   call      in
 *   on_chunk  in   is given each chunk; returns 0 to go on, else the call is closed. NULL: none is shown
 *   wait      in   not NULL
 *   self      in   given to both
 *   now_ns    in   the time now
 *   out       out  the last step; made with GSP_STEP_INIT
 *
 * No memory of its own. Thread rule: above. Since 0.1. Source: OP-1.
 */
GSP_API void gsp_call_run(gsp_call *call, int (*on_chunk)(void *self, const gsp_step *step),
                          gsp_wait_fn *wait, void *self, int64_t now_ns, gsp_step *out);

#ifdef __cplusplus
}
#endif

#endif
