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
 */
#ifndef GENSPAN_EXCHANGE_H
#define GENSPAN_EXCHANGE_H

#include <genspan/operation.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One request and its response. One thread at a time; made once per attempt. */
typedef struct gsp_exchange gsp_exchange;

/*
 * Make an exchange for an attempt. Returns NULL when there is no memory; every call below accepts
 * NULL. An exchange on the null handle still decodes (gsp_exchange_result works), and records nothing.
 * Memory: one allocation of less than 16 KiB, fixed. The caller frees it. Since 0.1.
 */
GSP_API gsp_exchange *gsp_exchange_new(gsp_span attempt);

/* Free an exchange. One whose end was never told ends its attempt as GSP_STREAM_DESTROYED. */
GSP_API void gsp_exchange_free(gsp_exchange *exchange);

/* Visible text, reasoning, tool arguments, as they are decoded: valid for the call only. */
typedef void gsp_content_fn(void *self, uint32_t choice, gsp_mark kind, const char *bytes, size_t n_bytes);

/*
 * Have content handed to a function, for a program that shows it. Without this no content byte is
 * copied anywhere. `kind` is GSP_MARK_TEXT, GSP_MARK_REASONING or GSP_MARK_TOOL_CALL. Since 0.1.
 */
GSP_API void gsp_exchange_on_content(gsp_exchange *exchange, gsp_content_fn *fn, void *self);

/*
 * The request's method and absolute URL; host and path decide which decoder reads the rest. Where they say
 * nothing, a request header may (below), else the first 512 bytes of the response: by words that only one
 * format begins with. What is known by nothing of these is passed over and counted as GSP_LOSS_FORMAT; its
 * status, times and request ids are recorded all the same.
 */
GSP_API void gsp_exchange_request(gsp_exchange *exchange, const char *method, const char *url);

/*
 * One line of the request's head, with or without its line end; after gsp_exchange_request and before the
 * body. Optional. It tells three things: a body with a Content-Encoding is not read; a header that only one
 * provider asks for (anthropic-version) says what is spoken to a host nobody knows; an SDK's count of its
 * own retries makes the attempt's kind GSP_ATTEMPT_CLIENT_RETRY. No value is kept, so secrets may be in it.
 * Since 0.1.
 */
GSP_API void gsp_exchange_request_header(gsp_exchange *exchange, const char *line, size_t n_bytes);

/* Bytes of the request body, in order, in any cuts. */
GSP_API void gsp_exchange_request_body(gsp_exchange *exchange, const void *bytes, size_t n_bytes);

/*
 * One line of the response's head, status line first, with or without its line end. A new status line
 * (after 100 Continue) starts afresh. Names are matched without regard to case.
 */
GSP_API void gsp_exchange_response_header(gsp_exchange *exchange, const char *line, size_t n_bytes,
                                          int64_t now_ns);

/* Bytes of the response body, content coding removed, in order, in any cuts. */
GSP_API void gsp_exchange_response_body(gsp_exchange *exchange, const void *bytes, size_t n_bytes,
                                        int64_t now_ns);

/*
 * The end of the exchange, by whichever way: decides the outcome (ST-2; an HTTP status of 400 and
 * above, or an error object in a 200 stream, is a failure) and ends the attempt. `failure` tells what
 * the transport knows (a connection error, a timeout) and may be NULL. Only the first call counts.
 */
GSP_API void gsp_exchange_end(gsp_exchange *exchange, gsp_stream_exit how, const gsp_failure *failure,
                              int64_t now_ns);

/* What an exchange came to, for the caller that decides whether to try again. Since 0.1. */
typedef struct gsp_exchange_result {
    uint32_t struct_size;
    uint32_t outcome;          /* a gsp_outcome; GSP_OUTCOME_AUTO before the end */
    int32_t http_status;       /* 0: none was seen */
    int32_t is_retryable;      /* 1 if the same request may be sent again (RE-1) */
    int64_t retry_after_ms;    /* as the provider asks, in the head or else in the body; -1: it does not */
    uint64_t n_content_chunks; /* chunks with content that were seen */
    const char *error_type;    /* "" if none; valid until the exchange is freed */
    const char *error_message; /* "" if none; cut at 1 KiB */
    const char *wire_format;   /* openai.chat ...; "" as long as it is not known; static */
    const char *operation;     /* chat, embeddings ...: what such an exchange is; "" if not known; static */
} gsp_exchange_result;

#define GSP_EXCHANGE_RESULT_INIT                                                                             \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_exchange_result), 0, 0, 0, -1, 0, "", "", "", ""                                \
    }

/* Fill in `out`; NULL exchange leaves it as it is. */
GSP_API void gsp_exchange_get_result(const gsp_exchange *exchange, gsp_exchange_result *out);

#ifdef __cplusplus
}
#endif

#endif
