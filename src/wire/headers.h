/*
 * Facts in HTTP response headers: request ids, rate limits, retry hints, times.
 */
#ifndef GSP_WIRE_HEADERS_H
#define GSP_WIRE_HEADERS_H

#include "wire/decoder.h"

/* Counts that come one by one. */
enum gsp__header_tokens {
    GSP__HEADER_INPUT_TOKENS, /* neither read from a cache nor written to one */
    GSP__HEADER_CACHE_READ_TOKENS,
    GSP__HEADER_CACHE_WRITE_TOKENS,
    GSP__HEADER_OUTPUT_TOKENS,
    GSP__HEADER_COUNTS
};

/* What headers say that is no fact of its own. */
struct gsp__header_hints {
    enum gsp__framing framing; /* of Content-Type; unknown without one */
    bool is_coded;             /* Content-Encoding is something else than identity */
    int should_retry;          /* x-should-retry: 1, -1, or 0 where it is not said */
    int64_t retry_after_ms;    /* -1: not said; retry-after-ms goes before Retry-After */
    bool has_exact_retry;      /* it came from retry-after-ms */
    int64_t tokens[GSP__HEADER_COUNTS];
    bool has_input_tokens;
    char server[32]; /* the Server header, cut */
};

void gsp__header_hints_init(struct gsp__header_hints *hints);

/*
 * One header, name and value without blanks around them. `now_unix_ns` is for dates.
 */
void gsp__header(const char *name, size_t n_name, const char *value, size_t n_value, uint64_t now_unix_ns,
                 struct gsp__header_hints *hints, const struct gsp__sink *sink, void *self);

/* A time such as 12ms, 6m0s, 1h2m3.5s or plain seconds. False if it is none. */
bool gsp__header_duration(const char *text, size_t n, double *out_s);

#endif
