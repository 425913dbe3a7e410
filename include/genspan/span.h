/*
 * genspan/span.h: generic spans, their attributes, events and links; scopes; W3C trace context.
 *
 * Operations and attempts (genspan/operation.h) are spans too: every setter here takes their handles.
 *
 * Rules of every call on a span
 *   - The null handle, a stale one and one that has ended are allowed: the call does nothing, and is counted
 *     as GSP_LOSS_LATE or GSP_LOSS_STALE (not for the null handle, nor once the recorder is closed).
 *   - Strings, attributes, contexts and failures are borrowed for the call; what is kept is copied into the
 *     ring. NULL and "" are passed over.
 *   - Nothing is allocated, nothing blocks. What the record has no room for is counted
 *     (GSP_LOSS_RECORD_FULL), and so is what is over a limit of gsp_recorder_options.
 *   - Thread rule: one thread at a time for one span; different spans may be written by different threads at
 *     once. Ending an operation also ends its open attempt; closing a scope, or the recorder, counts as
 *     writing to every span in it.
 *   - `now_ns` is on the recorder's monotonic clock, in ns; 0: now.
 */
#ifndef GENSPAN_SPAN_H
#define GENSPAN_SPAN_H

#include <genspan/facts.h>
#include <genspan/recorder.h>
#include <genspan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * OpenTelemetry's span kinds, same numbers as OTLP. 0 means the call's default, and so does what is none.
 * Since 0.1. Source: OTLP, Span.SpanKind.
 */
typedef enum gsp_span_kind {
    GSP_SPAN_DEFAULT = 0,
    GSP_SPAN_INTERNAL = 1,
    GSP_SPAN_SERVER = 2,
    GSP_SPAN_CLIENT = 3,
    GSP_SPAN_PRODUCER = 4,
    GSP_SPAN_CONSUMER = 5
} gsp_span_kind;

/* Options of gsp_span_start. Everything is borrowed for the call. Since 0.1. */
typedef struct gsp_span_options {
    uint32_t struct_size;
    uint32_t kind;             /* a gsp_span_kind; default INTERNAL */
    const gsp_context *parent; /* NULL: a root span with a new trace id */
    gsp_scope scope;           /* closes this span with it, if still open */
    int64_t now_ns;            /* start time, ns; 0: now */
} gsp_span_options;

/* All defaults; sets struct_size. Since 0.1. */
#define GSP_SPAN_OPTIONS_INIT                                                                                \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_span_options), 0, NULL, GSP_NO_SCOPE_INIT, 0                                    \
    }

/*
 * Start a span.
 *
 *   recorder  in  NULL is allowed
 *   name      in  its name; not empty
 *   options   in  NULL for all defaults
 *
 * Returns its handle, which is ended by gsp_span_end; the null handle when it cannot be recorded (no
 * recorder, no free chunk: GSP_LOSS_NO_CHUNK). The sampling decision is made here, from the trace id or the
 * parent; the record is made in any case.
 *
 * Memory: one chunk of the ring, 1 KiB, grows by chunks up to record_bytes. Thread-safe. Since 0.1.
 * Source: OpenTelemetry trace API; CX-3.
 */
GSP_API gsp_span gsp_span_start(gsp_recorder *recorder, const char *name, const gsp_span_options *options);

/*
 * Set one fact of the vocabulary. Set twice, the last value stands.
 *
 *   span   in  open
 *   fact   in  one whose type in facts.h is the call's: S, I, D or B; another is dropped and counted
 *              (GSP_LOSS_TYPE)
 *   value  in  in the unit that facts.h gives. A string longer than the value length limit is cut and
 *              counted (GSP_LOSS_CUT); a bool is true when it is not 0
 *
 * Memory: none but the record's. Thread rule: one thread at a time for one span. Since 0.1.
 * Source: genspan/facts.h; US-3; OpenTelemetry attribute limits.
 */
GSP_API void gsp_span_set_string(gsp_span span, gsp_fact fact, const char *value);
GSP_API void gsp_span_set_int(gsp_span span, gsp_fact fact, int64_t value);
GSP_API void gsp_span_set_double(gsp_span span, gsp_fact fact, double value);
GSP_API void gsp_span_set_bool(gsp_span span, gsp_fact fact, int value);

/*
 * Add one string to a list fact.
 *
 *   span   in  open
 *   fact   in  one of type L in facts.h; another is dropped and counted (GSP_LOSS_TYPE)
 *   index  in  the place, 0 to 255 (more counts as 255), in lists that are ordered by something, such as
 *              GSP_FACT_FINISH_REASON by choice; elsewhere 0
 *   value  in  cut as in gsp_span_set_string
 *
 * Memory: none but the record's. Thread rule: one thread at a time for one span. Since 0.1.
 * Source: genspan/facts.h; ID-1.
 */
GSP_API void gsp_span_add_string(gsp_span span, gsp_fact fact, uint32_t index, const char *value);

/*
 * Set one attribute: a fact, or a custom key. Set twice, the last value stands.
 *
 *   span       in  open
 *   attribute  in  its custom key has 1 to 255 bytes. One of GSP_TYPE_NONE, or whose string is NULL or empty
 *                  or list without items, is passed over; a list is cut at 128 strings and 4 KiB
 *
 * Dropped and counted: a fact of another type or a key that is none (GSP_LOSS_TYPE), one over the limit
 * (GSP_LOSS_ATTRIBUTE_LIMIT). Cut values are counted (GSP_LOSS_CUT). NULL is allowed. Memory: none but the
 * record's. Thread rule: one thread at a time for one span. Since 0.1. Source: OpenTelemetry attributes and
 * their limits.
 */
GSP_API void gsp_span_set_attribute(gsp_span span, const gsp_attribute *attribute);

/*
 * Add an event.
 *
 *   span        in  open
 *   name        in  cut at 255 bytes
 *   attributes  in  n_attributes of them, or NULL for none. Those whose string is NULL or empty are left out,
 *                   a numeric 0 stays
 *   now_ns      in  when it happened, ns; 0: now
 *
 * Dropped whole when the record is full (GSP_LOSS_RECORD_FULL) or has as many as it may
 * (GSP_LOSS_EVENT_LIMIT). Of one event, attributes over the limit, or beyond 16 KiB in all, are dropped and
 * counted (GSP_LOSS_ATTRIBUTE_LIMIT, GSP_LOSS_RECORD_FULL). Memory: none but the record's, and 16 KiB of
 * stack. Thread rule: one thread at a time for one span. Since 0.1. Source: OpenTelemetry span events and
 * their limits.
 */
GSP_API void gsp_span_add_event(gsp_span span, const char *name, const gsp_attribute *attributes,
                                size_t n_attributes, int64_t now_ns);

/*
 * Add a link to another span.
 *
 *   span        in  open
 *   context     in  of the other one; NULL, and one whose trace id or span id is all zero, is passed over
 *   attributes  in  as in gsp_span_add_event
 *
 * Dropped and counted as an event is, with GSP_LOSS_LINK_LIMIT. Memory: none but the record's, and 16 KiB of
 * stack. Thread rule: one thread at a time for one span. Since 0.1. Source: OpenTelemetry span links and
 * their limits.
 */
GSP_API void gsp_span_add_link(gsp_span span, const gsp_context *context, const gsp_attribute *attributes,
                               size_t n_attributes);

/*
 * End a span, an operation or an attempt. The first end counts; ending again does nothing. An operation's
 * latest attempt, if still open, ends with it, in the same way. A failed span has status ERROR, error.type
 * and exactly one exception event.
 *
 *   span     in  open
 *   outcome  in  GSP_OUTCOME_AUTO: failed if there is a failure; else completed, and an operation as its last
 *                attempt. GSP_OUTCOME_CRASHED and numbers that are none count as GSP_OUTCOME_AUTO
 *                (GSP_LOSS_TYPE)
 *   failure  in  what went wrong; borrowed for the call; NULL: nothing, or `_OTHER` if the outcome is failed
 *   now_ns   in  the end, ns; 0: now. Before the start: the start
 *
 * The end always fits in the ring; a long message may be cut (GSP_LOSS_CUT). Thread rule: one thread at a
 * time for one span, and for an operation nobody inside a call on its open attempt. Since 0.1.
 * Source: ST-1, OP-4, OP-5, OP-7.
 */
GSP_API void gsp_span_end(gsp_span span, gsp_outcome outcome, const gsp_failure *failure, int64_t now_ns);

/*
 * The span's own context, to be the parent of others or to be sent in a traceparent header.
 *
 *   span  in  open
 *
 * Returns a copy, the caller's; all zero for the null handle and for one that is stale or has ended. No
 * memory. Thread-safe as long as nobody ends the span. Since 0.1. Source: W3C Trace Context level 2; CX-1.
 */
GSP_API gsp_context gsp_span_context(gsp_span span);

/*
 * Scopes. What is started with a scope and still open when the scope closes is ended as abandoned
 * (operations and their open attempts included). A scope exports nothing.
 *
 *   recorder  in  NULL is allowed
 *   scope     in  of gsp_scope_open. The null handle does nothing; one that is closed is counted
 *                 (GSP_LOSS_STALE)
 *   now_ns    in  the end of what is still open, ns; 0: now
 *
 * gsp_scope_open returns a handle, which the caller closes; the null handle when there is no recorder or no
 * chunk (GSP_LOSS_NO_CHUNK): spans started with it are then in no scope. Memory: one chunk of the ring,
 * 1 KiB, until it is closed.
 *
 * Thread rule: opening is thread-safe. Closing a scope counts as writing to every span in it: no other thread
 * may be inside a call on one of these spans, nor be starting one in the scope. Since 0.1. Source: ST-1, ST-2
 * (outcome abandoned).
 */
GSP_API gsp_scope gsp_scope_open(gsp_recorder *recorder);
GSP_API void gsp_scope_close(gsp_scope scope, int64_t now_ns);

/*
 * Read a W3C traceparent header (level 2: versions above 00 are read as far as 00 goes).
 *
 *   traceparent  in   NUL-terminated; surrounding blanks are allowed
 *   out          out  untouched on failure; is_remote is 1
 *
 * Returns GSP_OK; GSP_ERR_FORMAT for NULL and anything malformed, which callers should ignore. Thread-safe,
 * no memory. Since 0.1. Source: W3C Trace Context level 2; CX-1.
 */
GSP_API GSP_MUST_USE gsp_status gsp_context_parse(const char *traceparent, gsp_context *out);

/* Bytes a formatted traceparent needs, NUL included. Since 0.1. */
#define GSP_TRACEPARENT_BYTES 56

/*
 * Write a context as a traceparent header value, version 00.
 *
 *   context  in   NULL, and one whose trace id or span id is all zero, gives ""
 *   out      out  GSP_TRACEPARENT_BYTES, NUL-terminated; not NULL
 *
 * Thread-safe, no memory. Since 0.1. Source: W3C Trace Context level 2.
 */
GSP_API void gsp_context_format(const gsp_context *context, char out[GSP_TRACEPARENT_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
