/*
 * genspan/operation.h: operations, their attempts, streams and lifecycle events.
 *
 * An operation is one logical call as its caller sees it (OP-1): retries, waits and fallbacks are
 * inside it. An attempt is one request to one provider (OP-2). Facts that a provider tells go on the
 * attempt; the operation gets them when the call is assembled, from the attempt that served it.
 *
 *     gsp_span op = gsp_operation_start(recorder, "chat", &options);
 *     gsp_span at = gsp_attempt_start(op, NULL);
 *     gsp_stream_mark(at, GSP_MARK_TEXT, 0);              once per chunk with content
 *     gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 12);
 *     gsp_stream_end(at, GSP_STREAM_FINISHED, NULL, 0);
 *     gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);        ends as its last attempt did
 *
 * Rules of every call here
 *   - The null handle, a stale one and one that has ended are allowed: the call does nothing, and is counted
 *     as GSP_LOSS_LATE or GSP_LOSS_STALE (not for the null handle, nor once the recorder is closed).
 *   - Strings, options and failures are borrowed for the call; what is kept is copied into the ring.
 *   - Nothing is allocated, nothing blocks. A record takes one chunk of the ring, 1 KiB, and grows by chunks
 *     up to record_bytes; what finds no room is counted as GSP_LOSS_RECORD_FULL.
 *   - Thread rule: one thread at a time for one span. Different spans may be written by different threads at
 *     once, an operation and its attempt too; but gsp_attempt_start writes to the operation, and ending an
 *     operation also ends its open attempt.
 *   - `now_ns` is on the recorder's monotonic clock, in ns; 0: now.
 */
#ifndef GENSPAN_OPERATION_H
#define GENSPAN_OPERATION_H

#include <genspan/span.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Options of gsp_operation_start. Everything is borrowed for the call. Since 0.1. Source: OP-1, OP-6. */
typedef struct gsp_operation_options {
    uint32_t struct_size;
    uint32_t kind;             /* a gsp_span_kind; default INTERNAL for execute_tool, invoke_agent,
                                  invoke_workflow and plan, else CLIENT */
    const char *provider;      /* as the caller names it; NULL: as the serving attempt does */
    const char *model;         /* the model asked for */
    const gsp_context *parent; /* NULL: a root span with a new trace id */
    gsp_scope scope;           /* closes this operation with it, if still open; its attempts too */
    int64_t now_ns;            /* start time, ns; 0: now */
} gsp_operation_options;

/* All defaults; sets struct_size. Since 0.1. */
#define GSP_OPERATION_OPTIONS_INIT                                                                           \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_operation_options), 0, NULL, NULL, NULL, GSP_NO_SCOPE_INIT, 0                   \
    }

/*
 * Start an operation: when the caller asks. Its span is `{operation} {model}`.
 *
 *   recorder   in  NULL is allowed
 *   operation  in  `chat`, `generate_content`, `text_completion`, `embeddings`, `speech_to_text`,
 *                  `text_to_speech`, `execute_tool`, `invoke_agent`, `invoke_workflow` or a custom name, not
 *                  empty
 *   options    in  NULL for all defaults
 *
 * Returns its handle, which is ended by gsp_span_end; the null handle when it cannot be recorded (no
 * recorder, no free chunk: GSP_LOSS_NO_CHUNK). The sampling decision is made here, from the trace id or the
 * parent; the record is made in any case. One chunk, 1 KiB. Thread-safe. Since 0.1. Source: OP-1, CX-3.
 */
GSP_API gsp_span gsp_operation_start(gsp_recorder *recorder, const char *operation,
                                     const gsp_operation_options *options);

/* What kind of request an attempt is. Since 0.1. Source: OP-3. */
typedef enum gsp_attempt_kind {
    GSP_ATTEMPT_AUTO = 0, /* first: initial; same target_index as the one before: retry; else
                             fallback */
    GSP_ATTEMPT_INITIAL = 1,
    GSP_ATTEMPT_RETRY = 2,
    GSP_ATTEMPT_FALLBACK = 3,
    GSP_ATTEMPT_PROBE = 4,
    GSP_ATTEMPT_CLIENT_RETRY = 5
} gsp_attempt_kind;

/* Options of gsp_attempt_start. Everything is borrowed for the call. Since 0.1. Source: OP-2, OP-3. */
typedef struct gsp_attempt_options {
    uint32_t struct_size;
    uint32_t kind;              /* a gsp_attempt_kind */
    uint32_t target_index;      /* place in the fallback list, from 0 */
    uint32_t server_port;       /* 0: not known */
    const char *target_name;    /* the target's name in the fallback list; NULL: not known */
    const char *provider;       /* a gen_ai.provider.name */
    const char *model;          /* the model sent to this target */
    const char *server_address; /* host name or address; NULL: not known */
    int64_t now_ns;             /* start time, ns; 0: now */
} gsp_attempt_options;

/* All defaults; sets struct_size. Since 0.1. */
#define GSP_ATTEMPT_OPTIONS_INIT                                                                             \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_attempt_options), 0, 0, 0, NULL, NULL, NULL, NULL, 0                            \
    }

/*
 * Start an attempt of an operation: call it when the request is issued. Attempts are numbered from 0
 * in the order they start. End it before any wait for the next one.
 *
 *   operation  in  of gsp_operation_start, open
 *   options    in  NULL for all defaults
 *
 * Returns its handle, which is ended by gsp_stream_end, gsp_exchange_end or gsp_span_end; the null handle
 * when the operation is none or has ended, or there is no free chunk (GSP_LOSS_NO_CHUNK). It is in the
 * operation's scope. One chunk, 1 KiB. Thread rule: it writes to the operation, so one thread at a time for
 * one operation; the attempt may then go to another thread. Since 0.1. Source: OP-2, OP-3.
 */
GSP_API gsp_span gsp_attempt_start(gsp_span operation, const gsp_attempt_options *options);

/*
 * Set one part of the usage. Cumulative reports overwrite: the last value stands. Setting any part makes
 * the source `reported` where none was set.
 *
 *   span    in  the attempt that was told it; an operation without attempts; or another span
 *   part    in  which part: below GSP_USAGE_LIMIT
 *   tokens  in  tokens, from 0; 0 is recorded as 0
 *
 * A part that is none or a negative number is dropped and counted (GSP_LOSS_TYPE). Always fits: no memory.
 * Thread rule: one thread at a time for one span. Since 0.1. Source: US-1, US-2, US-3, US-5.
 */
GSP_API void gsp_span_set_usage(gsp_span span, gsp_usage part, int64_t tokens);

/*
 * Say where a span's usage comes from, in place of what gsp_span_set_usage took it for. The last call
 * counts; a stream that ends early turns `reported` into `partial` (gsp_stream_end).
 *
 *   span    in  as in gsp_span_set_usage
 *   source  in  GSP_USAGE_UNSET takes back what was said; a number that is none of gsp_usage_source does
 *               nothing
 *
 * Always fits: no memory. Thread rule: one thread at a time for one span. Since 0.1. Source: US-4.
 */
GSP_API void gsp_span_set_usage_source(gsp_span span, gsp_usage_source source);

/* Something that happened in a stream. Since 0.1. Source: ST-2, ST-3, ST-4. */
typedef enum gsp_mark {
    GSP_MARK_FIRST_BYTE = 0, /* of the response body; the first mark counts */
    GSP_MARK_EVENT = 1,      /* one event or frame, with or without content */
    GSP_MARK_TEXT = 2,       /* a chunk with visible text; includes GSP_MARK_EVENT's meaning: do not
                                send both for one event */
    GSP_MARK_REASONING = 3,
    GSP_MARK_TOOL_CALL = 4,
    GSP_MARK_AUDIO = 5,
    GSP_MARK_TERMINAL = 6 /* the provider's terminal event or a finish reason was seen */
} gsp_mark;

/*
 * Mark one chunk of a stream. The first mark that carries content gives the time to first chunk; every
 * further one adds an interval.
 *
 *   span    in  the attempt that streams, or an operation without attempts
 *   mark    in  what came; a number that is none is counted (GSP_LOSS_TYPE)
 *   now_ns  in  when it came, ns; 0: now, which costs a clock read. Before the start: the start
 *
 * Always fits: no memory, however many chunks come. Thread rule: one thread at a time for one span.
 * Since 0.1. Source: ST-3, ST-4.
 */
GSP_API void gsp_stream_mark(gsp_span span, gsp_mark mark, int64_t now_ns);

/* How reading a stream came to its end: the rows of ST-2. Since 0.1. Source: ST-2. */
typedef enum gsp_stream_exit {
    GSP_STREAM_FINISHED = 1,  /* the connection ended; truncated if events came and no terminal
                                 one did; completed without any event */
    GSP_STREAM_FAILED = 2,    /* an error in the stream, before or after chunks */
    GSP_STREAM_CLOSED = 3,    /* the caller closed it before its end */
    GSP_STREAM_CANCELLED = 4, /* the caller cancelled */
    GSP_STREAM_DESTROYED = 5  /* the handle was dropped: abandoned if never read, else cancelled */
} gsp_stream_exit;

/*
 * The one finaliser of a stream: decides outcome and failure, and ends the span. May be reached from every
 * exit; only the first counts. After it, end the operation with GSP_OUTCOME_AUTO, or start the next attempt.
 *
 *   span     in  the attempt that streamed, or an operation without attempts
 *   how      in  which exit. After GSP_MARK_TERMINAL every exit but GSP_STREAM_FAILED is a natural end
 *   failure  in  for GSP_STREAM_FAILED, else not read; borrowed for the call; NULL: `_OTHER`
 *   now_ns   in  the span's end, ns; 0: now
 *
 * The end always fits; a long message may be cut (GSP_LOSS_CUT). No memory. Thread rule: one thread at a
 * time for one span. Since 0.1. Source: ST-1, ST-2, US-4.
 */
GSP_API void gsp_stream_end(gsp_span span, gsp_stream_exit how, const gsp_failure *failure, int64_t now_ns);

/*
 * The five lifecycle events: prompt sent, first token, retry, tool call, response received. Each adds one
 * event to the operation's span. Attributes that are NULL, empty or negative are left out; 0 stays. The
 * event's gen_ai.operation.name is the operation's, and is added when it is exported.
 *
 *   operation              in  of gsp_operation_start, open (any other span is taken too)
 *   model                  in  of prompt_sent the model asked for, of response_received the one that answered
 *   input_tokens_estimate  in  tokens, as the caller estimates them; -1: not known
 *   n_messages             in  messages in the request; -1: not known
 *   tokens_so_far          in  tokens received with the first chunk; -1: not known
 *   n_retry                in  1 for the first retry; always there, a negative one is 0
 *   reason                 in  `rate_limit`, `timeout`, `provider_error` or a custom word
 *   delay_ms               in  the wait that now begins, ms; -1: not known
 *   http_status            in  of the attempt that failed; 0 or less: none
 *   name, call_id          in  of the tool, and of this call of it
 *   arguments              in  JSON text; content: recorded only where content capture is on
 *   input_tokens ...       in  tokens, as US-1 counts them; -1: not known
 *   finish_reasons         in  n_finish_reasons strings, in the order of the choices; NULL for none. They
 *                              become one comma-joined string, cut at the last that fits into 511 bytes
 *   now_ns                 in  when it happened, ns; 0: now
 *
 * Call gsp_event_retry before the wait starts. An event that finds no room is dropped whole and counted
 * (GSP_LOSS_RECORD_FULL, GSP_LOSS_EVENT_LIMIT). Memory: none but the record's. Thread rule: one thread at a
 * time for one operation. Since 0.1. Source: semantics.md, "Events"; RE-5; CO-1.
 */
GSP_API void gsp_event_prompt_sent(gsp_span operation, const char *model, int64_t input_tokens_estimate,
                                   int64_t n_messages, int64_t now_ns);
GSP_API void gsp_event_first_token(gsp_span operation, int64_t tokens_so_far, int64_t now_ns);
GSP_API void gsp_event_retry(gsp_span operation, int64_t n_retry, const char *reason, int64_t delay_ms,
                             int32_t http_status, int64_t now_ns);
GSP_API void gsp_event_tool_call(gsp_span operation, const char *name, const char *call_id,
                                 const char *arguments, int64_t now_ns);
GSP_API void gsp_event_response_received(gsp_span operation, const char *model, int64_t input_tokens,
                                         int64_t output_tokens, int64_t total_tokens,
                                         const char *const *finish_reasons, size_t n_finish_reasons,
                                         int64_t now_ns);

#ifdef __cplusplus
}
#endif

#endif
