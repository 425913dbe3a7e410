/*
 * What stands behind a gsp_exchange. exchange.c takes the bytes, exchange_sink.c writes what the decoders
 * find, exchange_end.c decides what it came to.
 */
#ifndef GSP_CALL_EXCHANGE_TYPE_H
#define GSP_CALL_EXCHANGE_TYPE_H

#include <genspan/exchange.h>

#include "call/recorder_type.h"
#include "wire/decoder.h"
#include "wire/headers.h"

#define GSP__EXCHANGE_CODE_MAX    64
#define GSP__EXCHANGE_MESSAGE_MAX 1025
#define GSP__EXCHANGE_HELD_MAX    512 /* of a body whose format its first bytes have to tell */

struct gsp_exchange {
    gsp_span attempt;
    gsp_content_fn *content;
    void *content_self;

    const struct gsp__format *format; /* NULL: unknown traffic, passed over */
    const char *operation;            /* what it carries; NULL as long as the format is not known */
    char host[128];                   /* with its port, as in the URL */
    char path[256];                   /* without the query, for what a header tells later; "" if too long */
    struct gsp__sink sink;
    struct gsp__header_hints hints;
    bool has_request;
    bool has_request_body; /* some of it was seen */
    bool is_request_coded; /* it is not read */
    bool is_request_over;
    bool has_body;
    bool has_usage;      /* in the head or in the body */
    bool is_passed_over; /* the body's format is not to be known */
    bool is_over;
    bool has_retry_after; /* the head said it: the body's word is not asked */
    int http_status;
    gsp_outcome outcome;
    uint64_t n_content;
    uint64_t n_body;                         /* bytes of the response body */
    int64_t n_expected;                      /* Content-Length; -1: not said */
    char error_type[GSP__EXCHANGE_CODE_MAX]; /* the provider's words first, our class at the end */
    char error_code[GSP__EXCHANGE_CODE_MAX];
    char error_message[GSP__EXCHANGE_MESSAGE_MAX];
    char class[GSP__EXCHANGE_CODE_MAX];
    bool is_retryable;

    size_t n_held;
    char held[GSP__EXCHANGE_HELD_MAX];
    struct gsp__request_decoder request;
    struct gsp__decoder response;
};

/* What the decoders find goes to the attempt. */
void gsp__exchange_sink_init(struct gsp_exchange *x);

/* Copy what fits, cut between characters, NUL-terminated. */
void gsp__exchange_keep(char *to, size_t cap, const char *bytes, size_t n);

/* Set a fact that nobody set before. */
void gsp__exchange_put_once(struct gsp__record r, unsigned fact, const char *bytes, size_t n);
static inline bool gsp__exchange_has_fact(struct gsp__record r, unsigned fact)
{
    return r.head->facts_seen[fact / 64] >> (fact % 64) & 1;
}

/* The request is over, as far as it will be read. */
void gsp__exchange_end_request(struct gsp_exchange *x);

/* What the response's head as a whole tells: once the body begins or the exchange ends. */
void gsp__exchange_end_head(struct gsp_exchange *x);

#endif
