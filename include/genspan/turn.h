/*
 * genspan/turn.h: the turns of a voice agent.
 *
 * A turn is a span with marks: when the user spoke, when the final transcript came, when the turn was
 * committed, when the agent spoke. Delays are not computed here but from the marks, when the turn is
 * exported. What belongs to a turn has the turn as its parent:
 *
 *     gsp_span turn = gsp_turn_start(recorder, GSP_TURN_USER, &options);
 *     gsp_turn_mark(turn, GSP_TURN_SPEECH_START, 0);
 *     gsp_turn_mark(turn, GSP_TURN_SPEECH_END, 0);
 *     gsp_turn_mark(turn, GSP_TURN_FINAL_TRANSCRIPT, 0);
 *     gsp_span_add_string(turn, GSP_FACT_REQUEST_ID, 0, id);  as the transcriber tells it
 *     gsp_turn_mark(turn, GSP_TURN_COMMIT, 0);
 *     gsp_span_end(turn, GSP_OUTCOME_AUTO, NULL, 0);
 *
 * A turn is a span in all else: the rules of genspan/span.h hold, with its setters for more facts
 * (GSP_FACT_INTERRUPTED for a turn that was spoken into). Calls of models, of speech and of tools are
 * operations whose `parent` is gsp_span_context(turn).
 */
#ifndef GENSPAN_TURN_H
#define GENSPAN_TURN_H

#include <genspan/span.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whose turn it is: spans `user_turn` and `agent_turn`. Since 0.1. Source: VO-1. */
typedef enum gsp_turn_kind {
    GSP_TURN_USER = 1,
    GSP_TURN_AGENT = 2
} gsp_turn_kind;

/* Options of gsp_turn_start. Everything is borrowed for the call. Since 0.1. Source: VO-1. */
typedef struct gsp_turn_options {
    uint32_t struct_size;
    uint32_t reserved;                /* 0 */
    const gsp_context *parent;        /* NULL: a root span with a new trace id */
    gsp_scope scope;                  /* closes this turn with it, if still open */
    int64_t now_ns;                   /* start time, ns; 0: now */
    const char *session_id;           /* GSP_FACT_SESSION_ID; NULL or "" for none, as below */
    const char *speech_id;            /* GSP_FACT_SPEECH_ID */
    const char *generation_id;        /* GSP_FACT_GENERATION_ID */
    const char *parent_generation_id; /* GSP_FACT_PARENT_GENERATION_ID */
} gsp_turn_options;

/* All defaults; sets struct_size. Since 0.1. */
#define GSP_TURN_OPTIONS_INIT                                                                                \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_turn_options), 0, NULL, GSP_NO_SCOPE_INIT, 0, NULL, NULL, NULL, NULL            \
    }

/*
 * Start a turn: a user's when speech begins, an agent's when it begins to answer.
 *
 *   recorder  in  NULL is allowed
 *   kind      in  a gsp_turn_kind; a number that is none makes it a user's
 *   options   in  NULL for all defaults
 *
 * Returns its handle, which is ended by gsp_span_end; the null handle when it cannot be recorded (no
 * recorder, no free chunk: GSP_LOSS_NO_CHUNK). One chunk of the ring, 1 KiB, grows by chunks up to
 * record_bytes. Thread-safe. Since 0.1. Source: VO-1; CX-3.
 */
GSP_API gsp_span gsp_turn_start(gsp_recorder *recorder, gsp_turn_kind kind, const gsp_turn_options *options);

/* A moment in a turn. Since 0.1. Source: VO-2. */
typedef enum gsp_turn_moment {
    GSP_TURN_SPEECH_START = 1,       /* the user begins to speak; the first counts */
    GSP_TURN_SPEECH_END = 2,         /* the user's last word so far; the last counts */
    GSP_TURN_FINAL_TRANSCRIPT = 3,   /* the last counts */
    GSP_TURN_COMMIT = 4,             /* the turn is the agent's to answer; the first counts */
    GSP_TURN_USER_STOPPED = 5,       /* on an agent's turn: when the user it answers fell silent */
    GSP_TURN_AGENT_SPEECH_START = 6, /* the agent is heard; the first counts */
    GSP_TURN_AGENT_SPEECH_END = 7    /* the last counts */
} gsp_turn_moment;

/*
 * Mark a moment of a turn. From the marks come, unless they are set by hand: GSP_FACT_TRANSCRIPTION_DELAY
 * (final transcript - end of speech) and GSP_FACT_END_OF_TURN_DELAY (commit - end of speech), both absent
 * where start, end or final transcript is not marked or the end is before the start; and GSP_FACT_E2E_LATENCY
 * (the agent is heard - the user stopped), absent where one of the two is not marked or they are in the wrong
 * order. A delay is never below 0.
 *
 *   turn    in  of gsp_turn_start, open; another span is counted (GSP_LOSS_TYPE)
 *   moment  in  which; a number that is none is counted (GSP_LOSS_TYPE)
 *   now_ns  in  when it was, ns; 0: now
 *
 * Memory: none but the record's. Thread rule: one thread at a time for one turn. Since 0.1. Source: VO-2.
 */
GSP_API void gsp_turn_mark(gsp_span turn, gsp_turn_moment moment, int64_t now_ns);

/*
 * Set what was understood of a turn. The last call counts.
 *
 *   turn        in  of gsp_turn_start, open; another span is counted (GSP_LOSS_TYPE)
 *   text        in  `n` bytes of UTF-8, borrowed for the call; NULL: not known. Content: recorded only where
 *                   content capture on spans is on; cut at the value length limit (GSP_LOSS_CUT)
 *   n           in  bytes
 *   confidence  in  0 to 1; below 0, or none: not known. Recorded in any case
 *
 * Memory: none but the record's. Thread rule: one thread at a time for one turn. Since 0.1. Source: VO-1,
 * CO-1.
 */
GSP_API void gsp_turn_set_transcript(gsp_span turn, const char *text, size_t n, double confidence);

/*
 * Forget the request ids that a user's turn has collected so far: what was said does not count. Ids are
 * exported of a committed turn only, and only those that came before the commit.
 *
 *   turn  in  of gsp_turn_start, open; another span is counted (GSP_LOSS_TYPE)
 *
 * Memory: none but the record's. Thread rule: one thread at a time for one turn. Since 0.1. Source: ID-3,
 * VO-3.
 */
GSP_API void gsp_turn_clear(gsp_span turn);

/*
 * Start a span `eou_detection` in a turn: whether the user has done speaking. Its facts are
 * GSP_FACT_EOU_PROBABILITY and those after it.
 *
 *   turn    in  of gsp_turn_start, open; another span is counted (GSP_LOSS_TYPE)
 *   now_ns  in  start time, ns; 0: now
 *
 * Returns its handle, which is ended by gsp_span_end; the null handle where there is no turn or no free chunk
 * (GSP_LOSS_NO_CHUNK). It is in the turn's scope. One chunk, 1 KiB. Thread rule: one thread at a time for one
 * turn. Since 0.1. Source: VO-1.
 */
GSP_API gsp_span gsp_eou_start(gsp_span turn, int64_t now_ns);

#ifdef __cplusplus
}
#endif

#endif
