/*
 * What happens next to a call: one state machine for retries and fallback (RE-1 to RE-6, FA-1 to FA-7).
 *
 * It takes events with their time and gives one decision for each: what to tell, what to stop, what to do.
 * No I/O, no clock, no allocation; its randomness is a seed. State is per call; availability alone is shared.
 *
 *     START ─► SEND ─► CHUNK ... ─► END ─────────────────────────────► COMPLETE
 *               ▲        │
 *               │        └► FAILURE, or a timeout by TIMER
 *               │             ├ same target again: WAIT ─► TIMER ─┐
 *               ├─────────────┤                                   │
 *               │             └ next target                       │
 *               └─────────────────────────────────────────────────┘   none left: FAIL
 *     STOP at any point: STOPPED
 */
#ifndef GSP_POLICY_FALLBACK_H
#define GSP_POLICY_FALLBACK_H

#include <genspan/runner.h>

#include "policy/availability.h"
#include "policy/plan.h"

/* Why an attempt is cut that has not failed by itself. */
enum gsp__cut {
    GSP__CUT_NONE,
    GSP__CUT_ATTEMPT_TIMEOUT, /* no content in time */
    GSP__CUT_IDLE_TIMEOUT,    /* no chunk in time */
    GSP__CUT_DEADLINE,        /* of the whole operation */
    GSP__CUT_SILENT           /* speech without audio (FA-7) */
};

/* What a failure is to the policy. */
struct gsp__verdict {
    bool is_retryable;
    bool is_conflict;  /* HTTP 409: retryable where the policy says so */
    bool is_own_fault; /* of the request: makes no target unavailable */
    bool is_graceful;  /* 499: the end, without error */
};

enum gsp__event_kind {
    GSP__EVENT_START,     /* of the call: once, first */
    GSP__EVENT_CHUNK,     /* .chunk came, and went to the caller */
    GSP__EVENT_END,       /* the answer is whole */
    GSP__EVENT_FAILURE,   /* the attempt failed: .verdict, .retry_after_ns */
    GSP__EVENT_TIMER,     /* it is gsp__fallback_timer_ns, or later; too early does nothing */
    GSP__EVENT_INPUT,     /* more input, of .length_ns of speech */
    GSP__EVENT_INPUT_END, /* that was all of it */
    GSP__EVENT_STOP       /* the caller closed or cancelled */
};

struct gsp__event {
    enum gsp__event_kind kind;
    gsp_chunk_kind chunk;
    int64_t now_ns;
    int64_t retry_after_ns; /* GSP__NOT_ASKED_FOR: nothing asked for */
    int64_t length_ns;
    struct gsp__verdict verdict;
};

enum gsp__action {
    GSP__DO_NOTHING,  /* go on with what is on */
    GSP__DO_SEND,     /* a request to .target */
    GSP__DO_WAIT,     /* .delay_ns, then TIMER */
    GSP__DO_COMPLETE, /* the call has its answer */
    GSP__DO_FAIL,     /* the call has failed */
    GSP__DO_STOP      /* the call is over, without an answer and without an error */
};

struct gsp__change {
    uint8_t node;
    bool is_available;
    uint64_t n_changes;
};

/* To be obeyed from top to bottom. */
struct gsp__decision {
    bool has_failed_attempt; /* tell of it: the one that is on, or was */
    bool is_recoverable;     /* it will be tried again at the same target */
    uint8_t cut;             /* enum gsp__cut: cancel the attempt, if one is on; this is why it failed */
    uint8_t n_changes;       /* of availability: tell of each */
    struct gsp__change changes[GSP__PATH_MAX];
    uint32_t probes; /* bit i: probe model i now; its slot is taken */
    uint8_t action;  /* enum gsp__action */

    /* of SEND */
    uint8_t target;       /* among the models */
    uint8_t kind;         /* a gsp_attempt_kind */
    bool has_input_ended; /* FA-7 */
    uint16_t n_try;       /* of this target, since it was turned to */
    uint32_t number;      /* of the attempt */
    int64_t offset_ns;    /* input that went before */
    /* of WAIT */
    uint16_t n_retry; /* from 1 */
    int64_t delay_ns;
    /* of FAIL */
    bool is_all_failed; /* of a list: no target was left (FA-5) */
};

struct gsp__node_state {
    int64_t started_ns;
    int64_t not_before_ns; /* what its provider asked for, or those in the list; 0: nothing */
    uint16_t n_retries;
    uint8_t cursor;    /* of a list: the child that is on */
    bool tries_all;    /* of a list: nothing in it was available */
    bool has_tried;    /* of a list: one of its children, in this round */
    bool is_retryable; /* of a list: something in it failed so */
    bool is_own_fault; /* of a list: all that failed in it was the request's fault */
    bool has_content;  /* since it started */
};

struct gsp__fallback {
    const struct gsp__plan *plan;
    struct gsp__availability *shared;
    enum gsp__path path;
    bool is_input_open;
    bool has_text;     /* there is something to say */
    bool is_committed; /* content went to the caller */
    bool has_audio;    /* of this attempt */
    bool has_chunk;    /* of this attempt */
    uint8_t state;
    uint8_t node;      /* the model that is on, or the node that waits */
    uint8_t last_node; /* the model that was sent to last */
    uint8_t active;    /* model that served last (FA-6); GSP__NO_NODE before */
    uint32_t n_attempts;
    uint32_t held_probes; /* wait for the input's end */
    uint32_t tried;       /* bit i: model i got a request */
    uint64_t random, task;
    int64_t started_ns, deadline_ns;
    int64_t wait_until_ns;
    int64_t last_chunk_ns;
    int64_t input_ns; /* when the first of it reached a target (FA-7); 0: none did */
    int64_t input_end_ns;
    int64_t input_length_ns; /* of all of it so far */
    struct gsp__node_state nodes[GSP_TARGETS_MAX];
};

struct gsp__fallback_options {
    enum gsp__path path;
    bool is_input_open;  /* more input will come */
    bool has_text;       /* of text to speech: silence is a failure */
    int64_t deadline_ns; /* INT64_MAX: none */
    uint64_t seed;
    uint64_t task; /* of gsp__ares_task */
};

/* `plan` and `shared` must outlive it. */
void gsp__fallback_init(struct gsp__fallback *f, const struct gsp__plan *plan,
                        struct gsp__availability *shared, const struct gsp__fallback_options *options);

/* One event. After the end, nothing is decided any more. */
void gsp__fallback_step(struct gsp__fallback *f, const struct gsp__event *event, struct gsp__decision *out);

/* When TIMER is due; INT64_MAX: never. */
int64_t gsp__fallback_timer_ns(const struct gsp__fallback *f);

bool gsp__fallback_is_over(const struct gsp__fallback *f);
bool gsp__fallback_is_waiting(const struct gsp__fallback *f);

/*
 * A probe of a model is over: its slot is free again after the cool-down, or after what its provider asked
 * for. Fills in what became available: at most GSP__PATH_MAX changes. Returns how many.
 */
unsigned gsp__probe_done(const struct gsp__plan *plan, struct gsp__availability *shared, unsigned target,
                         enum gsp__path path, bool is_success, int64_t retry_after_ns, int64_t now_ns,
                         struct gsp__change changes[GSP__PATH_MAX]);

#endif
