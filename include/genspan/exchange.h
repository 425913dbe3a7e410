/*
 * genspan/exchange.h: the transport door. Hand an attempt the bytes of its HTTP request and response,
 * in whatever cuts they come, from any callback or event loop; it finds the facts in them (model,
 * parameters, chunks, usage, finish reasons, ids, limits, errors) and ends the attempt.
 *
 *     gsp_exchange *x = gsp_exchange_new(attempt);
 *     gsp_exchange_request(x, "POST", url);
 *     gsp_exchange_request_header(x, line, n_line);       each line, if they are at hand
 *     gsp_exchange_request_body(x, body, n_body);
 *     gsp_exchange_response_header(x, line, n_line, 0);   each line, the status line first
 *     gsp_exchange_response_body(x, bytes, n_bytes, 0);   each piece as it arrives
 *     gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
 *     gsp_exchange_free(x);
 *
 * Nothing given to it is changed or held on to; nothing but facts is kept.
 *
 * Rules of every call on an exchange
 *   - NULL for the exchange is allowed and does nothing. So do NULL bytes, a length of 0, and what is told
 *     after gsp_exchange_end.
 *   - Bytes, lines and strings are borrowed for the call.
 *   - Nothing is returned: what cannot be kept is counted (gsp_recorder_loss). Nothing blocks, and after
 *     gsp_exchange_new nothing is allocated.
 *   - Thread rule: one thread at a time for one exchange. Each call also counts as writing to the attempt:
 *     no other thread may be inside a call on that span. Two exchanges do not touch each other.
 *   - `now_ns` is on the recorder's monotonic clock, in ns; 0: now.
 */
#ifndef GENSPAN_EXCHANGE_H
#define GENSPAN_EXCHANGE_H

#include <genspan/operation.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One request and its response: made once per attempt by gsp_exchange_new, freed by gsp_exchange_free.
 * Since 0.1.
 */
typedef struct gsp_exchange gsp_exchange;

/*
 * Make an exchange for an attempt.
 *
 *   attempt  in  of gsp_attempt_start, open; or an operation or span, if there is no attempt. On the null
 *                handle the exchange still decodes (gsp_exchange_get_result works), and records nothing
 *
 * Returns the exchange, which the caller owns until gsp_exchange_free; NULL when there is no memory.
 *
 * Memory: one allocation of less than 16 KiB, fixed, whatever passes through. Thread-safe. Since 0.1.
 * Source: OP-2.
 */
GSP_API gsp_exchange *gsp_exchange_new(gsp_span attempt);

/*
 * Free an exchange. One whose end was never told ends its attempt as GSP_STREAM_DESTROYED.
 *
 *   exchange  in  NULL is allowed; not to be used afterwards, nor what gsp_exchange_get_result gave of it
 *
 * Thread rule: no other thread may be inside a call on it or on its attempt. Since 0.1.
 * Source: ST-1, ST-2.
 */
GSP_API void gsp_exchange_free(gsp_exchange *exchange);

/*
 * What gsp_exchange_on_content calls with content as it is decoded.
 *
 *   self     in  as given to gsp_exchange_on_content
 *   choice   in  which answer it belongs to, from 0
 *   kind     in  GSP_MARK_TEXT (visible text), GSP_MARK_REASONING or GSP_MARK_TOOL_CALL (arguments)
 *   bytes    in  n_bytes of it, escapes removed, no NUL at the end: borrowed for the call
 *
 * Runs inside the call that brought the bytes, on its thread. It must not call the exchange. Since 0.1.
 */
typedef void gsp_content_fn(void *self, uint32_t choice, gsp_mark kind, const char *bytes, size_t n_bytes);

/*
 * Have content handed to a function, for a program that shows it. Without this no content byte is
 * copied anywhere. To be set before the response.
 *
 *   exchange  in  NULL is allowed
 *   fn        in  NULL: none (any longer). The last one set counts
 *   self      in  given back to fn; what it points to must live as long as fn may be called
 *
 * No memory. Thread rule: above. Since 0.1. Source: CO-1.
 */
GSP_API void gsp_exchange_on_content(gsp_exchange *exchange, gsp_content_fn *fn, void *self);

/*
 * The request's method and absolute URL; host and path decide which decoder reads the rest. Where they say
 * nothing, a request header may (below), else the first 512 bytes of the response: by words that only one
 * format begins with. What is known by nothing of these is passed over and counted as GSP_LOSS_FORMAT; its
 * status, times and request ids are recorded all the same. To be called first, and once: further calls do
 * nothing.
 *
 *   exchange  in  NULL is allowed
 *   method    in  "POST" ...; of no effect yet, NULL is allowed
 *   url       in  with scheme and host; one without is passed over. User, password and query are not kept
 *
 * Sets server address, port and provider where the attempt has none. No memory. Thread rule: above.
 * Since 0.1. Source: OP-6.
 */
GSP_API void gsp_exchange_request(gsp_exchange *exchange, const char *method, const char *url);

/*
 * One line of the request's head, with or without its line end; after gsp_exchange_request and before the
 * body. Optional. It tells three things: a body with a Content-Encoding is not read; a header that only one
 * provider asks for (anthropic-version) says what is spoken to a host nobody knows; an SDK's count of its
 * own retries makes the attempt's kind GSP_ATTEMPT_CLIENT_RETRY. No value is kept, so secrets may be in it.
 *
 *   exchange  in  NULL is allowed
 *   line      in  n_bytes of "Name: value"; a line without a colon or a value is passed over
 *
 * No memory. Thread rule: above. Since 0.1. Source: OP-3.
 */
GSP_API void gsp_exchange_request_header(gsp_exchange *exchange, const char *line, size_t n_bytes);

/*
 * Bytes of the request body, in order, in any cuts. They are read until the response's body begins.
 *
 *   exchange  in  NULL is allowed
 *   bytes     in  n_bytes of it, as sent
 *
 * No memory. Thread rule: above. Since 0.1. Source: OP-6.
 */
GSP_API void gsp_exchange_request_body(gsp_exchange *exchange, const void *bytes, size_t n_bytes);

/*
 * One line of the response's head, status line first, with or without its line end. A new status line
 * (after 100 Continue) starts afresh. Names are matched without regard to case.
 *
 *   exchange  in  NULL is allowed
 *   line      in  n_bytes of it; a line without a colon that is no status line is passed over
 *   now_ns    in  of no effect yet
 *
 * No memory. Thread rule: above. Since 0.1. Source: ID-1, RE-2.
 */
GSP_API void gsp_exchange_response_header(gsp_exchange *exchange, const char *line, size_t n_bytes,
                                          int64_t now_ns);

/*
 * Bytes of the response body, content coding removed, in order, in any cuts.
 *
 *   exchange  in  NULL is allowed
 *   bytes     in  n_bytes of it
 *   now_ns    in  when they came: the time of every chunk that they complete, ns; 0: now
 *
 * What the decoder cannot read is counted in GSP_FACT_DECODE_ERRORS. No memory beyond the exchange's own.
 * Thread rule: above. Since 0.1. Source: ST-3, ST-4, US-1, US-2.
 */
GSP_API void gsp_exchange_response_body(gsp_exchange *exchange, const void *bytes, size_t n_bytes,
                                        int64_t now_ns);

/*
 * The end of the exchange, by whichever way: decides the outcome (ST-2; an HTTP status of 400 and
 * above, or an error object in a 200 stream, is a failure) and ends the attempt. Only the first call
 * counts.
 *
 *   exchange  in  NULL is allowed
 *   how       in  how the transport saw it end. What the bytes say goes before: an answer that is whole is
 *                 completed, one that broke off is failed with GSP_ERROR_TRUNCATED, a status of 499 is
 *                 cancelled
 *   failure   in  what the transport knows (a connection error, a timeout): type, message, exception;
 *                 borrowed for the call; NULL: nothing. Read where the exchange has failed
 *   now_ns    in  the attempt's end, ns; 0: now
 *
 * No memory. Thread rule: above. Since 0.1. Source: ST-1, ST-2, OP-7, RE-1, US-4.
 */
GSP_API void gsp_exchange_end(gsp_exchange *exchange, gsp_stream_exit how, const gsp_failure *failure,
                              int64_t now_ns);

/*
 * What an exchange came to, for the caller that decides whether to try again. The struct is the caller's,
 * its strings are not: those that are not called static belong to the exchange, may change with the next
 * call on it, and are gone when it is freed. Since 0.1. Source: RE-1, RE-2.
 */
typedef struct gsp_exchange_result {
    uint32_t struct_size;
    uint32_t outcome;          /* a gsp_outcome; GSP_OUTCOME_AUTO before the end */
    int32_t http_status;       /* 0: none was seen */
    int32_t is_retryable;      /* 1 if the same request may be sent again (RE-1) */
    int64_t retry_after_ms;    /* as the provider asks, in the head or else in the body; -1: it does not */
    uint64_t n_content_chunks; /* chunks with content that were seen */
    const char *error_type;    /* the error.type of OP-7; "" if none */
    const char *error_message; /* "" if none; cut at 1 KiB */
    const char *wire_format;   /* openai.chat ...; "" as long as it is not known; static */
    const char *operation;     /* chat, embeddings ...: what such an exchange is; "" if not known; static */
    int32_t should_retry;      /* x-should-retry: 1 true, -1 false, 0 not said */
    uint32_t reserved;         /* 0 */
} gsp_exchange_result;

/* A result with nothing in it; sets struct_size. Since 0.1. */
#define GSP_EXCHANGE_RESULT_INIT                                                                             \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_exchange_result), 0, 0, 0, -1, 0, "", "", "", "", 0, 0                          \
    }

/*
 * What the exchange has come to so far: whole after gsp_exchange_end.
 *
 *   exchange  in   NULL: `out` stays as it is
 *   out       out  made with GSP_EXCHANGE_RESULT_INIT; as many bytes are written as its struct_size says
 *
 * No memory, no clock. Thread rule: above, but it does not write to the attempt. Since 0.1. Source: RE-1,
 * RE-2.
 */
GSP_API void gsp_exchange_get_result(const gsp_exchange *exchange, gsp_exchange_result *out);

#ifdef __cplusplus
}
#endif

#endif
