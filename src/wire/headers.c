/*
 * Facts in HTTP response headers. Names are compared without regard to case, by a table.
 */
#include "wire/headers.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/http_time.h"
#include "base/number.h"
#include "record/fact_types.h"
#include "wire/content.h"

enum meaning {
    REQUEST_ID,
    LIMIT,    /* whole number */
    RESET,    /* duration, or seconds */
    RESET_AT, /* the time when */
    MILLIS,   /* milliseconds, a fact in seconds */
    REAL,     /* a number, not negative */
    TEXT,
    RETRY_AFTER,
    RETRY_AFTER_MS,
    COUNT,      /* of a usage whose total is the sum of its parts; `fact` is the part */
    ERROR_TYPE, /* a class of errors; after a colon, where it is explained */
    SHOULD_RETRY,
    CONTENT_TYPE,
    CONTENT_ENCODING,
    SERVER,
};

static const struct {
    const char *name;
    enum meaning meaning;
    unsigned fact;
} table[] = {
    {"x-request-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"request-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"x-amzn-requestid", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"apim-request-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"x-ms-request-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"mistral-correlation-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"x-kong-request-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"dg-request-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"x-dg-request-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"x-debug-trace-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"x-ds-trace-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"x-trace-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"history-item-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"x-goog-request-id", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"cf-ray", REQUEST_ID, GSP_FACT_REQUEST_ID},
    {"x-ratelimit-limit-requests", LIMIT, GSP_FACT_REQUESTS_LIMIT},
    {"x-ratelimit-remaining-requests", LIMIT, GSP_FACT_REQUESTS_REMAINING},
    {"x-ratelimit-reset-requests", RESET, GSP_FACT_REQUESTS_RESET},
    {"x-ratelimit-limit-tokens", LIMIT, GSP_FACT_TOKENS_LIMIT},
    {"x-ratelimit-remaining-tokens", LIMIT, GSP_FACT_TOKENS_REMAINING},
    {"x-ratelimit-reset-tokens", RESET, GSP_FACT_TOKENS_RESET},
    {"x-ratelimit-limit-req-minute", LIMIT, GSP_FACT_REQUESTS_LIMIT},
    {"x-ratelimit-remaining-req-minute", LIMIT, GSP_FACT_REQUESTS_REMAINING},
    {"x-ratelimit-limit-tokens-minute", LIMIT, GSP_FACT_TOKENS_LIMIT},
    {"x-ratelimit-remaining-tokens-minute", LIMIT, GSP_FACT_TOKENS_REMAINING},
    {"anthropic-ratelimit-requests-limit", LIMIT, GSP_FACT_REQUESTS_LIMIT},
    {"anthropic-ratelimit-requests-remaining", LIMIT, GSP_FACT_REQUESTS_REMAINING},
    {"anthropic-ratelimit-requests-reset", RESET_AT, GSP_FACT_REQUESTS_RESET},
    {"anthropic-ratelimit-tokens-limit", LIMIT, GSP_FACT_TOKENS_LIMIT},
    {"anthropic-ratelimit-tokens-remaining", LIMIT, GSP_FACT_TOKENS_REMAINING},
    {"anthropic-ratelimit-tokens-reset", RESET_AT, GSP_FACT_TOKENS_RESET},
    {"x-amzn-bedrock-input-token-count", COUNT, GSP__HEADER_INPUT_TOKENS},
    {"x-amzn-bedrock-cache-read-input-token-count", COUNT, GSP__HEADER_CACHE_READ_TOKENS},
    {"x-amzn-bedrock-cache-write-input-token-count", COUNT, GSP__HEADER_CACHE_WRITE_TOKENS},
    {"x-amzn-bedrock-output-token-count", COUNT, GSP__HEADER_OUTPUT_TOKENS},
    {"x-amzn-bedrock-invocation-latency", MILLIS, GSP_FACT_PROCESSING_TIME},
    {"x-amzn-errortype", ERROR_TYPE, GSP_FACT_PROVIDER_ERROR_TYPE},
    {"x-trial-endpoint-call-limit", LIMIT, GSP_FACT_REQUESTS_LIMIT}, /* Cohere */
    {"x-trial-endpoint-call-remaining", LIMIT, GSP_FACT_REQUESTS_REMAINING},
    {"openai-processing-ms", MILLIS, GSP_FACT_PROCESSING_TIME},
    {"character-cost", REAL, GSP_FACT_CREDITS}, /* ElevenLabs */
    {"dg-char-count", LIMIT, GSP_FACT_INPUT_CHARACTERS},
    {"dg-model-name", TEXT, GSP_FACT_RESPONSE_MODEL},
    {"dg-error", TEXT, GSP__FACT_ERROR_MESSAGE},
    {"retry-after", RETRY_AFTER, GSP_FACT_RETRY_AFTER},
    {"retry-after-ms", RETRY_AFTER_MS, GSP_FACT_RETRY_AFTER},
    {"x-ms-retry-after-ms", RETRY_AFTER_MS, GSP_FACT_RETRY_AFTER},
    {"x-should-retry", SHOULD_RETRY, 0},
    {"content-type", CONTENT_TYPE, 0},
    {"content-encoding", CONTENT_ENCODING, 0},
    {"server", SERVER, 0},
};

void gsp__header_hints_init(struct gsp__header_hints *hints)
{
    memset(hints, 0, sizeof *hints);
    hints->retry_after_ms = -1;
}

static bool is(const char *text, size_t n, const char *word)
{
    return strlen(word) == n && strncasecmp(text, word, n) == 0;
}

bool gsp__header_duration(const char *text, size_t n, double *out_s)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    const char *end = text + n;
    double total = 0;

    if (gsp__parse_double(text, n, out_s))
        return *out_s >= 0;
    if (n == 0)
        return false;
    while (text < end) {
        const char *digits = text, *unit;
        double value;
        size_t i;

        while (text < end && ((*text >= '0' && *text <= '9') || *text == '.'))
            text++;
        unit = text;
        while (text < end && *text >= 'a' && *text <= 'z')
            text++;
        if (!gsp__parse_double(digits, (size_t)(unit - digits), &value))
            return false;
        for (i = 0; i < GSP__COUNT_OF(units); i++)
            if (is(unit, (size_t)(text - unit), units[i].unit))
                break;
        if (i == GSP__COUNT_OF(units))
            return false;
        total += value * units[i].seconds;
    }
    *out_s = total;
    return true;
}

/* A provider may ask for a wait twice; the one in milliseconds is exact. 0 and less says nothing. */
static void retry_after(struct gsp__header_hints *hints, int64_t ms, bool is_exact)
{
    if (hints->has_exact_retry && !is_exact)
        return;
    hints->retry_after_ms = ms;
    hints->has_exact_retry = is_exact;
}

/* Seconds until then; a time that has passed is now. Without a time of our own nothing can be said. */
static bool reset_at(const char *value, size_t n, uint64_t now_unix_ns, double *out_s)
{
    int64_t unix_ms, now_ms = (int64_t)(now_unix_ns / 1000000);

    if (now_ms == 0 || !gsp__rfc3339_ms(value, n, &unix_ms))
        return false;
    *out_s = unix_ms > now_ms ? (double)(unix_ms - now_ms) / 1000 : 0;
    return true;
}

/* US-1: the total has everything in it, which the header of the input has not. */
static void count(struct gsp__header_hints *hints, unsigned part, int64_t tokens,
                  const struct gsp__sink *sink, void *self)
{
    static const gsp_usage usages[] = {
        [GSP__HEADER_CACHE_READ_TOKENS] = GSP_USAGE_CACHE_READ_TOKENS,
        [GSP__HEADER_CACHE_WRITE_TOKENS] = GSP_USAGE_CACHE_WRITE_TOKENS,
        [GSP__HEADER_OUTPUT_TOKENS] = GSP_USAGE_OUTPUT_TOKENS,
    };

    hints->tokens[part] = tokens;
    if (part == GSP__HEADER_INPUT_TOKENS)
        hints->has_input_tokens = true;
    else
        sink->usage(self, usages[part], tokens);
    if (hints->has_input_tokens && part != GSP__HEADER_OUTPUT_TOKENS)
        sink->usage(self, GSP_USAGE_INPUT_TOKENS,
                    hints->tokens[GSP__HEADER_INPUT_TOKENS] + hints->tokens[GSP__HEADER_CACHE_READ_TOKENS] +
                        hints->tokens[GSP__HEADER_CACHE_WRITE_TOKENS]);
}

static bool real_of(enum meaning meaning, const char *value, size_t n, uint64_t now_unix_ns, double *out)
{
    switch (meaning) {
    case RESET:
        return gsp__header_duration(value, n, out);
    case RESET_AT:
        return reset_at(value, n, now_unix_ns, out);
    default:
        if (!gsp__parse_double(value, n, out) || !(*out >= 0 && *out < 1e15))
            return false;
        *out /= meaning == MILLIS ? 1000 : 1;
        return true;
    }
}

static void error_type(unsigned fact, const char *value, size_t n, const struct gsp__sink *sink, void *self)
{
    const char *colon = memchr(value, ':', n);

    n = colon ? (size_t)(colon - value) : n;
    if (n > 0)
        sink->string(self, fact, 0, value, n, false);
}

/* Of a type without its parameters. */
static size_t type_length(const char *type, size_t n)
{
    size_t i = 0;

    while (i < n && type[i] != ';' && type[i] != ' ' && type[i] != '\t')
        i++;
    return i;
}

void gsp__header(const char *name, size_t n_name, const char *value, size_t n_value, uint64_t now_unix_ns,
                 struct gsp__header_hints *hints, const struct gsp__sink *sink, void *self)
{
    double number = 0;
    int64_t ms;
    size_t i;

    for (i = 0; i < GSP__COUNT_OF(table); i++)
        if (is(name, n_name, table[i].name))
            break;
    if (i == GSP__COUNT_OF(table) || n_value == 0)
        return;
    switch (table[i].meaning) {
    case REQUEST_ID:
        sink->string(self, GSP_FACT_REQUEST_ID, 0, value, n_value, false);
        break;
    case LIMIT:
        if (gsp__parse_double(value, n_value, &number) && number >= 0 && number < 1e15)
            sink->integer(self, table[i].fact, (int64_t)number);
        break;
    case RESET:
    case RESET_AT:
    case MILLIS:
    case REAL:
        if (real_of(table[i].meaning, value, n_value, now_unix_ns, &number))
            sink->real(self, table[i].fact, number);
        break;
    case COUNT:
        if (gsp__parse_double(value, n_value, &number) && number >= 0 && number < 1e15)
            count(hints, table[i].fact, (int64_t)number, sink, self);
        break;
    case ERROR_TYPE:
        error_type(table[i].fact, value, n_value, sink, self);
        break;
    case TEXT:
        sink->string(self, table[i].fact, 0, value, n_value, false);
        break;
    case RETRY_AFTER:
        if (gsp__retry_after_ms(value, n_value, now_unix_ns, &ms))
            retry_after(hints, ms, false);
        break;
    case RETRY_AFTER_MS:
        if (gsp__parse_double(value, n_value, &number) && number > 0 && number < 1e12)
            retry_after(hints, (int64_t)number, true);
        break;
    case SHOULD_RETRY:
        hints->should_retry = is(value, n_value, "true") ? 1 : is(value, n_value, "false") ? -1 : 0;
        break;
    case CONTENT_TYPE:
        hints->framing = gsp__framing_of(value, n_value);
        if (hints->framing == GSP__FRAMING_RAW) /* the answer is audio of this type */
            gsp__content_put(sink, self, gsp__audio_spot, GSP_CONTENT_MEDIA_MIME_TYPE, value,
                             type_length(value, n_value));
        break;
    case CONTENT_ENCODING:
        hints->is_coded = !is(value, n_value, "identity");
        break;
    case SERVER:
        if (n_value >= sizeof hints->server)
            n_value = sizeof hints->server - 1;
        memcpy(hints->server, value, n_value);
        hints->server[n_value] = 0;
        break;
    }
}
