/*
 * genspan/span.h: generic spans, their attributes, events and links; scopes; W3C trace context.
 *
 * Operations and attempts (genspan/operation.h) are spans too: every setter here takes their handles.
 */
#ifndef GENSPAN_SPAN_H
#define GENSPAN_SPAN_H

#include <genspan/facts.h>
#include <genspan/recorder.h>
#include <genspan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* OpenTelemetry's span kinds, same numbers as OTLP. 0 means the call's default. */
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
    int64_t now_ns;            /* start time; 0: now */
} gsp_span_options;

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
 * Returns its handle, or the null handle when it cannot be recorded (no recorder, no free chunk: see
 * gsp_recorder_loss). One chunk of the ring, 1 KiB, grows by chunks up to record_bytes. Thread-safe.
 * The sampling decision is made here, from the trace id (CX-3); the record is made in any case.
 * Since 0.1.
 */
GSP_API gsp_span gsp_span_start(gsp_recorder *recorder, const char *name, const gsp_span_options *options);

/*
 * Set one fact of the vocabulary. A fact of another type is dropped and counted (GSP_LOSS_TYPE). Set
 * twice, the last value stands. Strings longer than the value length limit are cut. Since 0.1.
 */
GSP_API void gsp_span_set_string(gsp_span span, gsp_fact fact, const char *value);
GSP_API void gsp_span_set_int(gsp_span span, gsp_fact fact, int64_t value);
GSP_API void gsp_span_set_double(gsp_span span, gsp_fact fact, double value);
GSP_API void gsp_span_set_bool(gsp_span span, gsp_fact fact, int value);

/*
 * Add one string to a list fact (type L). `index` is the place for lists that are ordered by
 * something, such as GSP_FACT_FINISH_REASON by choice (0 to 255); elsewhere 0. Since 0.1.
 */
GSP_API void gsp_span_add_string(gsp_span span, gsp_fact fact, uint32_t index, const char *value);

/* Set one attribute: a fact, or a custom key of at most 255 bytes. Since 0.1. */
GSP_API void gsp_span_set_attribute(gsp_span span, const gsp_attribute *attribute);

/*
 * Add an event. `attributes` may be NULL when n_attributes is 0; attributes whose string is NULL or
 * empty are left out, a numeric 0 stays. Kept whole or, when the record is full, dropped whole and
 * counted. Since 0.1.
 */
GSP_API void gsp_span_add_event(gsp_span span, const char *name, const gsp_attribute *attributes,
                                size_t n_attributes, int64_t now_ns);

/* Add a link to another span, with attributes. An all-zero context is ignored. Since 0.1. */
GSP_API void gsp_span_add_link(gsp_span span, const gsp_context *context, const gsp_attribute *attributes,
                               size_t n_attributes);

/*
 * End a span, an operation or an attempt. The first end counts; ending again does nothing (ST-1).
 * The end always fits in the ring. `failure` may be NULL; with GSP_OUTCOME_AUTO a failure means
 * failed. A failed span has status ERROR, error.type and exactly one exception event (OP-4).
 * Since 0.1.
 */
GSP_API void gsp_span_end(gsp_span span, gsp_outcome outcome, const gsp_failure *failure, int64_t now_ns);

/*
 * The span's own context, to be the parent of others or to be sent in a traceparent header. All zero
 * for the null handle and for one that is stale. Since 0.1.
 */
GSP_API gsp_context gsp_span_context(gsp_span span);

/*
 * Scopes. What is started with a scope and still open when the scope closes is ended as abandoned
 * (operations and their open attempts included). A scope takes one chunk and exports nothing.
 * gsp_scope_open returns the null handle when there is no recorder or no chunk; spans started with it
 * are then in no scope. Since 0.1.
 */
GSP_API gsp_scope gsp_scope_open(gsp_recorder *recorder);
GSP_API void gsp_scope_close(gsp_scope scope, int64_t now_ns);

/*
 * Read a W3C traceparent header (level 2: versions above 00 are read as far as 00 goes).
 *
 *   traceparent  in   NUL-terminated; surrounding blanks are allowed
 *   out          out  untouched on failure; is_remote is 1
 *
 * Returns GSP_OK, or GSP_ERR_FORMAT for anything malformed, which callers should ignore (CX-1).
 * Thread-safe, no memory. Since 0.1. Source: W3C Trace Context level 2.
 */
GSP_API GSP_MUST_USE gsp_status gsp_context_parse(const char *traceparent, gsp_context *out);

/* Bytes a formatted traceparent needs, NUL included. */
#define GSP_TRACEPARENT_BYTES 56

/*
 * Write a context as a traceparent header value. An all-zero context gives "". Since 0.1.
 */
GSP_API void gsp_context_format(const gsp_context *context, char out[GSP_TRACEPARENT_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
