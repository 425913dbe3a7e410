/*
 * genspan/types.h: status codes, errors, identifiers and values shared by every public header.
 *
 * Conventions of the whole API
 *   - Times: `now_ns` is nanoseconds on the recorder's monotonic clock; 0 means "read the clock".
 *     Wall times are called `unix_ns`.
 *   - Strings are NUL-terminated UTF-8 and are copied by the call. NULL and "" mean "not known":
 *     nothing is recorded.
 *   - Recording calls return nothing. They never block, allocate, log or abort, and accept the null
 *     handle (GSP_NO_SPAN_INIT), stale handles and NULL pointers as a no-op. What they cannot keep is
 *     counted by reason (gsp_recorder_loss).
 *   - Thread rule: one thread at a time for one span, many threads for many spans. Calls that are
 *     "thread-safe" may be made from any thread at any time.
 *   - Options structs begin with `struct_size`, are made with their _INIT macro, and grow at the end;
 *     a zero field means the default.
 */
#ifndef GENSPAN_TYPES_H
#define GENSPAN_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* What every declaration carries: it is exported; its result must be looked at. Since 0.1. */
#if defined(__GNUC__)
#define GSP_API      __attribute__((visibility("default")))
#define GSP_MUST_USE __attribute__((warn_unused_result))
#else
#define GSP_API
#define GSP_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Result of a call that can fail. 0 is success, everything negative is a failure. Since 0.1. */
typedef enum gsp_status {
    GSP_OK = 0,
    GSP_ERR_INVALID = -1,     /* an argument or variable is outside its documented range */
    GSP_ERR_NO_MEMORY = -2,   /* malloc or mmap failed */
    GSP_ERR_IO = -3,          /* a system call failed; gsp_error.os_errno says how */
    GSP_ERR_NO_SPACE = -4,    /* the disk, or a ceiling of our own, is full */
    GSP_ERR_FORMAT = -5,      /* bytes from outside are not what they claim to be */
    GSP_ERR_VERSION = -6,     /* a file of another layout version */
    GSP_ERR_BUSY = -7,        /* somebody else holds the lock */
    GSP_ERR_NOT_FOUND = -8,   /* the named thing does not exist */
    GSP_ERR_TIMEOUT = -9,     /* the deadline passed first */
    GSP_ERR_DISABLED = -10,   /* switched off by OTEL_SDK_DISABLED or by the caller */
    GSP_ERR_UNSUPPORTED = -11 /* known, but not offered by this build */
} gsp_status;

/*
 * Details of a failure, filled in by the call that returned it. The caller owns the struct; `text`
 * is static. All fields are written on failure and none on success. Since 0.1.
 */
typedef struct gsp_error {
    gsp_status code;
    int32_t os_errno; /* errno of the system call that failed, or 0 */
    uint64_t offset;  /* byte offset into the input that was at fault, or 0 */
    const char *text; /* what went wrong and what to do, one line, static storage */
} gsp_error;

/*
 * A short name for a status, e.g. "GSP_ERR_NO_SPACE".
 *
 *   status  in  any number
 *
 * Returns a static string, never NULL: "GSP_ERR_UNKNOWN" for what is none. Thread-safe, no memory. Since 0.1.
 * Source: gsp_status.
 */
GSP_API const char *gsp_status_name(gsp_status status);

/*
 * The library's version, "major.minor.patch". Returns a static string, never NULL. Thread-safe, no memory.
 * Since 0.1. Source: Semantic Versioning 2.0.
 */
GSP_API const char *gsp_version(void);

/*
 * Handle of a record in the ring: a span, an operation or an attempt. It is an index and a
 * generation, checked on every call; after the record has ended, or in a forked child, calls on it
 * do nothing. May be copied and passed between threads; one thread at a time may write through it.
 * Since 0.1.
 */
typedef struct gsp_span {
    uint64_t id;
} gsp_span;

/* Handle of a scope (genspan/span.h). Same rules as gsp_span. Since 0.1. */
typedef struct gsp_scope {
    uint64_t id;
} gsp_scope;

/* The null handles: {0}. Every call takes them and does nothing. Since 0.1. */
#define GSP_NO_SPAN_INIT                                                                                     \
    {                                                                                                        \
        0                                                                                                    \
    }
#define GSP_NO_SCOPE_INIT                                                                                    \
    {                                                                                                        \
        0                                                                                                    \
    }

/*
 * A span's identity as it travels between processes: W3C Trace Context level 2. All zero means "no
 * context". Since 0.1.
 */
typedef struct gsp_context {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t trace_flags; /* W3C flags: bit 0 sampled, bit 1 random trace id */
    uint8_t is_remote;   /* 1 when it came from another process */
    uint8_t reserved[6];
} gsp_context;

/* Bits of gsp_context.trace_flags. Since 0.1. Source: W3C Trace Context level 2. */
#define GSP_TRACE_FLAG_SAMPLED 0x01u
#define GSP_TRACE_FLAG_RANDOM  0x02u

/* The type of a gsp_attribute's value. Since 0.1. Source: OpenTelemetry attributes. */
typedef enum gsp_type {
    GSP_TYPE_NONE = 0, /* unset: the attribute is left out */
    GSP_TYPE_STRING = 1,
    GSP_TYPE_INT = 2,
    GSP_TYPE_DOUBLE = 3,
    GSP_TYPE_BOOL = 4,
    GSP_TYPE_STRINGS = 5 /* array of strings */
} gsp_type;

/*
 * One attribute: a fact of the vocabulary (`fact`, see genspan/facts.h) or, when `fact` is 0, a
 * custom key. A fact takes only the type that facts.h gives it; one of another type is dropped and
 * counted. Everything pointed to is borrowed for the call. Since 0.1. Source: OpenTelemetry attributes.
 */
typedef struct gsp_attribute {
    const char *key; /* 1 to 255 bytes; read when `fact` is 0 */
    uint32_t fact;   /* a gsp_fact, or 0 */
    uint32_t type;   /* a gsp_type */
    union {
        const char *s;
        int64_t i; /* also the bool: 0 or 1 */
        double d;
        const char *const *strings;
    } value;
    size_t n_strings; /* for GSP_TYPE_STRINGS */
} gsp_attribute;

/* How a span, an operation or an attempt ended; `design.md`, "Outcomes". Since 0.1. Source: ST-2. */
typedef enum gsp_outcome {
    GSP_OUTCOME_AUTO = 0,      /* failed if a failure is given; an operation: as its last attempt */
    GSP_OUTCOME_COMPLETED = 1, /* the response is whole */
    GSP_OUTCOME_FAILED = 2,    /* an error; says what kind in its gsp_failure */
    GSP_OUTCOME_CANCELLED = 3, /* the caller gave up or closed early */
    GSP_OUTCOME_ABANDONED = 4, /* the handle was dropped without an end */
    GSP_OUTCOME_CRASHED = 5    /* found by recovery; never given by a caller */
} gsp_outcome;

/*
 * What went wrong, given to the call that ends a span. `type` is a low-cardinality class (OP-7); when
 * it is NULL it is chosen from http_status, provider_code and exception, in the order OP-7 gives.
 * All strings are copied; the message is cut at 1 KiB. Since 0.1. Source: OP-5, OP-7.
 */
typedef struct gsp_failure {
    uint32_t struct_size;
    int32_t http_status;             /* 0: none */
    const char *type;                /* one of GSP_ERROR_*, or NULL */
    const char *message;             /* text for people */
    const char *exception;           /* class name in the caller's language */
    const char *provider_code;       /* the provider's own error code */
    const struct gsp_failure *cause; /* chain: followed for at most 10 links, safe against cycles */
} gsp_failure;

/* A failure of which nothing is known; sets struct_size. Since 0.1. */
#define GSP_FAILURE_INIT                                                                                     \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_failure), 0, NULL, NULL, NULL, NULL, NULL                                       \
    }

/* Why something was not recorded. Counted in the ring's header in this order. Since 0.1. */
typedef enum gsp_loss {
    GSP_LOSS_NO_CHUNK = 0,        /* records: no chunk was free */
    GSP_LOSS_RECORD_FULL = 1,     /* facts and events: their record has reached record_bytes, or no
                                     chunk was free to grow it */
    GSP_LOSS_ATTRIBUTE_LIMIT = 2, /* attributes over the count limit */
    GSP_LOSS_EVENT_LIMIT = 3,     /* events over the count limit */
    GSP_LOSS_LINK_LIMIT = 4,      /* links over the count limit */
    GSP_LOSS_CONTENT_FULL = 5,    /* pieces of content: the content quota is used up */
    GSP_LOSS_LATE = 6,            /* facts that came after the end */
    GSP_LOSS_STALE = 7,           /* calls on a handle that is no longer in the ring */
    GSP_LOSS_TYPE = 8,            /* facts of another type than facts.h gives, or unknown */
    GSP_LOSS_CUT = 9,             /* values cut at a length limit (kept, but shorter) */
    GSP_LOSS_TORN = 10,           /* records a reader could not make sense of, or not to their end */
    GSP_LOSS_FORMAT = 11,         /* exchanges of no known wire format: their bodies were passed over */
    GSP_LOSS_LIMIT = 16
} gsp_loss;

/* Values of error.type that genspan itself uses. Since 0.1. Source: OP-7. */
#define GSP_ERROR_TIMEOUT         "timeout"
#define GSP_ERROR_CONNECTION      "connection"
#define GSP_ERROR_RATE_LIMIT      "rate_limit"
#define GSP_ERROR_OVERLOADED      "overloaded"
#define GSP_ERROR_AUTH            "auth"
#define GSP_ERROR_INVALID_REQUEST "invalid_request"
#define GSP_ERROR_CONTEXT_LENGTH  "context_length"
#define GSP_ERROR_SERVER_ERROR    "server_error"
#define GSP_ERROR_CONTENT_FILTER  "content_filter"
#define GSP_ERROR_TRUNCATED       "truncated"
#define GSP_ERROR_CRASHED         "crashed"
#define GSP_ERROR_OTHER           "_OTHER"

#ifdef __cplusplus
}
#endif

#endif
