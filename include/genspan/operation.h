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
 */
#ifndef GENSPAN_OPERATION_H
#define GENSPAN_OPERATION_H

#include <genspan/span.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Options of gsp_operation_start. Everything is borrowed for the call. Since 0.1. */
typedef struct gsp_operation_options {
    uint32_t struct_size;
    uint32_t kind;             /* a gsp_span_kind; default CLIENT */
    const char *provider;      /* as the caller names it; NULL: as the serving attempt does */
    const char *model;         /* the model asked for */
    const gsp_context *parent; /* NULL: a root span with a new trace id */
    gsp_scope scope;
    int64_t now_ns;
} gsp_operation_options;

#define GSP_OPERATION_OPTIONS_INIT                                                                           \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_operation_options), 0, NULL, NULL, NULL, GSP_NO_SCOPE_INIT, 0                   \
    }

/*
 * Start an operation. `operation` is `chat`, `generate_content`, `text_completion`, `embeddings`,
 * `speech_to_text`, `text_to_speech`, `execute_tool`, `invoke_agent`, `invoke_workflow` or a custom
 * name, not empty. Returns as gsp_span_start does. Its span is `{operation} {model}`. Since 0.1.
 */
GSP_API gsp_span gsp_operation_start(gsp_recorder *recorder, const char *operation,
                                     const gsp_operation_options *options);

/* What kind of request an attempt is (OP-3). */
typedef enum gsp_attempt_kind {
    GSP_ATTEMPT_AUTO = 0, /* first: initial; same target_index as the one before: retry; else
                             fallback */
    GSP_ATTEMPT_INITIAL = 1,
    GSP_ATTEMPT_RETRY = 2,
    GSP_ATTEMPT_FALLBACK = 3,
    GSP_ATTEMPT_PROBE = 4,
    GSP_ATTEMPT_CLIENT_RETRY = 5
} gsp_attempt_kind;

/* Options of gsp_attempt_start. Everything is borrowed for the call. Since 0.1. */
typedef struct gsp_attempt_options {
    uint32_t struct_size;
    uint32_t kind;         /* a gsp_attempt_kind */
    uint32_t target_index; /* place in the fallback list */
    uint32_t server_port;  /* 0: not known */
    const char *target_name;
    const char *provider; /* a gen_ai.provider.name */
    const char *model;    /* the model sent to this target */
    const char *server_address;
    int64_t now_ns;
} gsp_attempt_options;

#define GSP_ATTEMPT_OPTIONS_INIT                                                                             \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_attempt_options), 0, 0, 0, NULL, NULL, NULL, NULL, 0                            \
    }

/*
 * Start an attempt of an operation: call it when the request is issued. Attempts are numbered from 0
 * in the order they start. Returns the null handle when the operation has ended or there is no chunk.
 * End it before any wait for the next one (OP-2). The operation's own thread calls it. Since 0.1.
 */
GSP_API gsp_span gsp_attempt_start(gsp_span operation, const gsp_attempt_options *options);

/*
 * Set one part of the usage. Cumulative reports overwrite: the last value stands (US-2). Negative
 * values are dropped and counted as GSP_LOSS_TYPE. Setting any part makes the source `reported`
 * unless gsp_span_set_usage_source says otherwise. Always fits. Since 0.1.
 */
GSP_API void gsp_span_set_usage(gsp_span span, gsp_usage part, int64_t tokens);
GSP_API void gsp_span_set_usage_source(gsp_span span, gsp_usage_source source);

/* Something that happened in a stream. */
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
 * Mark one chunk of a stream, on the attempt that streams (or on an operation without attempts). The
 * first mark that carries content gives the time to first chunk (ST-3); every further one adds an
 * interval (ST-4). Costs a clock read when now_ns is 0. Since 0.1.
 */
GSP_API void gsp_stream_mark(gsp_span span, gsp_mark mark, int64_t now_ns);

/* How reading a stream came to its end: the rows of ST-2. */
typedef enum gsp_stream_exit {
    GSP_STREAM_FINISHED = 1,  /* the connection ended; truncated if events came and no terminal
                                 one did; completed without any event */
    GSP_STREAM_FAILED = 2,    /* an error in the stream, before or after chunks */
    GSP_STREAM_CLOSED = 3,    /* the caller closed it before its end */
    GSP_STREAM_CANCELLED = 4, /* the caller cancelled */
    GSP_STREAM_DESTROYED = 5  /* the handle was dropped: abandoned if never read, else cancelled */
} gsp_stream_exit;

/*
 * The one finaliser of a stream (ST-1): decides outcome and failure by ST-2 and ends the span. May be
 * reached from every exit; only the first counts. `failure` is for GSP_STREAM_FAILED and may be NULL.
 * After it, end the operation with GSP_OUTCOME_AUTO, or start the next attempt. Since 0.1.
 */
GSP_API void gsp_stream_end(gsp_span span, gsp_stream_exit how, const gsp_failure *failure, int64_t now_ns);

/*
 * The five lifecycle events. Attributes that are NULL, empty or negative are left out; 0 stays.
 * Their names and keys are in `semantics.md`, "Events". Since 0.1.
 */
GSP_API void gsp_event_prompt_sent(gsp_span operation, const char *model, int64_t input_tokens_estimate,
                                   int64_t n_messages, int64_t now_ns);
GSP_API void gsp_event_first_token(gsp_span operation, int64_t tokens_so_far, int64_t now_ns);
/* `n_retry` is 1 for the first retry; call it before the wait starts (RE-5). */
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
