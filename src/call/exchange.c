/*
 * The transport door: bytes of a request and a response in, facts on the attempt out.
 *
 * This is the glue between the decoders, which know no record, and the recorder, which knows no wire: a
 * sink that writes to the attempt, and the decision what the exchange came to.
 */
#include <genspan/exchange.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/utf8.h"
#include "call/recorder_type.h"
#include "policy/classify.h"
#include "wire/decoder.h"
#include "wire/headers.h"
#include "wire/provider_name.h"
#include "wire/registry.h"

#define CODE_MAX    64
#define MESSAGE_MAX 1025
#define GONE_CLIENT 499 /* RE-1: ends gracefully, without an error */

struct gsp_exchange {
    gsp_span attempt;
    gsp_content_fn *content;
    void *content_self;

    const struct gsp__format *format; /* NULL: unknown traffic, passed over */
    char host[128];                   /* with its port, as in the URL */
    struct gsp__sink sink;
    struct gsp__header_hints hints;
    bool has_request;
    bool has_body;
    bool is_over;
    int http_status;
    gsp_outcome outcome;
    uint64_t n_content;
    char error_type[CODE_MAX]; /* the provider's words first, our class at the end */
    char error_code[CODE_MAX];
    char error_message[MESSAGE_MAX];
    char class[CODE_MAX];
    bool is_retryable;

    struct gsp__request_decoder request;
    struct gsp__decoder response;
};

/*
 * The sink.
 */

static void keep(char *to, size_t cap, const char *bytes, size_t n)
{
    n = gsp__utf8_cut(bytes, n, cap - 1);
    memcpy(to, bytes, n);
    to[n] = 0;
}

static void on_string(void *self, unsigned fact, unsigned index, const char *bytes, size_t n, bool is_cut)
{
    struct gsp_exchange *x = self;
    struct gsp__record r = gsp__record_find(x->attempt);

    if (fact == GSP_FACT_PROVIDER_ERROR_TYPE)
        keep(x->error_type, sizeof x->error_type, bytes, n);
    else if (fact == GSP_FACT_PROVIDER_ERROR_CODE)
        keep(x->error_code, sizeof x->error_code, bytes, n);
    if (fact == GSP__FACT_ERROR_MESSAGE) { /* recorded with the end */
        keep(x->error_message, sizeof x->error_message, bytes, n);
        return;
    }
    if (!r.head)
        return;
    if (is_cut)
        gsp__view_count(r.view, GSP_LOSS_CUT);
    if (gsp__fact_types[fact] == GSP__FACT_LIST)
        gsp__record_add_item(r, fact, index, bytes, n);
    else
        gsp__record_put_string(r, fact, bytes, n);
}

static void on_integer(void *self, unsigned fact, int64_t value)
{
    struct gsp__record r = gsp__record_find(((struct gsp_exchange *)self)->attempt);

    if (r.head)
        gsp__record_put_int(r, fact, value);
}

static void on_real(void *self, unsigned fact, double value)
{
    struct gsp__record r = gsp__record_find(((struct gsp_exchange *)self)->attempt);

    if (r.head)
        gsp__record_put_double(r, fact, value);
}

static void on_boolean(void *self, unsigned fact, bool value)
{
    struct gsp__record r = gsp__record_find(((struct gsp_exchange *)self)->attempt);

    if (r.head)
        gsp__record_put_bool(r, fact, value);
}

static void on_usage(void *self, gsp_usage part, int64_t tokens)
{
    gsp_span_set_usage(((struct gsp_exchange *)self)->attempt, part, tokens);
}

/* Which tools were called is content of the answer; that they were, a count tells at the end. */
static void on_tool_call(void *self, unsigned choice, unsigned index, const char *id, size_t n_id,
                         const char *name, size_t n_name)
{
    (void)self;
    (void)choice;
    (void)index;
    (void)id;
    (void)n_id;
    (void)name;
    (void)n_name;
}

static void on_mark(void *self, gsp_mark mark, int64_t now_ns)
{
    struct gsp_exchange *x = self;

    if (mark >= GSP_MARK_TEXT && mark <= GSP_MARK_AUDIO)
        x->n_content++;
    gsp_stream_mark(x->attempt, mark, now_ns);
}

static void on_error(void *self)
{
    (void)self; /* the decoder remembers it */
}

static void on_content(void *self, unsigned choice, gsp_mark kind, const char *bytes, size_t n)
{
    struct gsp_exchange *x = self;

    x->content(x->content_self, choice, kind, bytes, n);
}

/*
 * The request.
 */

gsp_exchange *gsp_exchange_new(gsp_span attempt)
{
    gsp_exchange *x = calloc(1, sizeof *x);

    if (!x)
        return NULL;
    x->attempt = attempt;
    x->sink = (struct gsp__sink){
        .string = on_string,
        .integer = on_integer,
        .real = on_real,
        .boolean = on_boolean,
        .usage = on_usage,
        .tool_call = on_tool_call,
        .mark = on_mark,
        .error = on_error,
    };
    gsp__header_hints_init(&x->hints);
    return x;
}

void gsp_exchange_on_content(gsp_exchange *x, gsp_content_fn *fn, void *self)
{
    if (!x)
        return;
    x->content = fn;
    x->content_self = self;
    x->sink.content = fn ? on_content : NULL;
}

struct url {
    const char *host; /* with its port */
    size_t n_host, n_name;
    const char *path;
    uint64_t port;
};

static bool split_url(const char *url, struct url *out)
{
    const char *scheme_end = strstr(url, "://");
    const char *at, *colon;
    char port[8] = "";
    size_t n_port;

    if (!scheme_end)
        return false;
    out->host = scheme_end + 3;
    out->n_host = strcspn(out->host, "/?#");
    out->path = out->host + out->n_host;
    at = memchr(out->host, '@', out->n_host); /* a password in the URL is not for us to keep */
    if (at) {
        out->n_host -= (size_t)(at + 1 - out->host);
        out->host = at + 1;
    }
    out->port = strncasecmp(url, "https:", 6) == 0 ? 443 : 80;
    out->n_name = out->n_host;
    if (out->host[0] == '[') { /* [::1]:8080 */
        const char *end = memchr(out->host, ']', out->n_host);

        colon = end && end + 1 < out->host + out->n_host && end[1] == ':' ? end + 1 : NULL;
    } else {
        colon = memchr(out->host, ':', out->n_host);
    }
    if (colon) {
        out->n_name = (size_t)(colon - out->host);
        n_port = out->n_host - out->n_name - 1;
        if (n_port < sizeof port)
            memcpy(port, colon + 1, n_port);
        gsp__parse_u64(port, 65535, &out->port);
    }
    return out->n_name > 0;
}

static bool has_fact(struct gsp__record r, unsigned fact)
{
    return r.head->facts_seen[fact / 64] >> (fact % 64) & 1;
}

static void put_once(struct gsp__record r, unsigned fact, const char *bytes, size_t n)
{
    if (bytes && n > 0 && !has_fact(r, fact))
        gsp__record_put_string(r, fact, bytes, n);
}

void gsp_exchange_request(gsp_exchange *x, const char *method, const char *url)
{
    struct gsp__record r;
    const char *provider;
    struct url u;

    (void)method; /* of no fact yet; formats that need it come later */
    if (!x || !url || x->has_request || !split_url(url, &u))
        return;
    x->has_request = true;
    keep(x->host, sizeof x->host, u.host, u.n_host);
    x->format = gsp__registry_find(u.host, u.n_host, u.path, strlen(u.path));
    r = gsp__record_find(x->attempt);
    if (r.head) {
        put_once(r, GSP_FACT_SERVER_ADDRESS, u.host, u.n_name);
        if (!has_fact(r, GSP_FACT_SERVER_PORT))
            gsp__record_put_int(r, GSP_FACT_SERVER_PORT, (int64_t)u.port);
        provider = gsp__provider_of_host(u.host, u.n_host);
        if (provider)
            put_once(r, GSP_FACT_PROVIDER, provider, strlen(provider));
        if (x->format)
            put_once(r, GSP_FACT_WIRE_FORMAT, x->format->name, strlen(x->format->name));
    }
    if (x->format) {
        gsp__request_init(&x->request, x->format, &x->sink, x);
        gsp__request_target(&x->request, u.path, strlen(u.path));
    }
}

void gsp_exchange_request_body(gsp_exchange *x, const void *bytes, size_t n_bytes)
{
    if (x && bytes && x->format && n_bytes > 0)
        gsp__request_body(&x->request, bytes, n_bytes);
}

/*
 * The response.
 */

static bool take_status_line(struct gsp_exchange *x, const char *line, size_t n)
{
    const char *digits = memchr(line, ' ', n);

    if (n < 5 || strncasecmp(line, "HTTP/", 5) != 0 || !digits || line + n - digits < 4)
        return false;
    digits++;
    if (digits[0] < '1' || digits[0] > '9' || digits[1] < '0' || digits[1] > '9' || digits[2] < '0' ||
        digits[2] > '9')
        return true;
    x->http_status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    gsp__header_hints_init(&x->hints);
    return true;
}

/* The wall clock that a date in Retry-After is read by: the recorder's, where there is one. */
static uint64_t unix_now_ns(const struct gsp_exchange *x)
{
    struct gsp__record r = gsp__record_find(x->attempt);

    return r.head ? gsp__clock_unix_ns(&r.view->ring->clock) : gsp__clock_realtime_ns();
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void gsp_exchange_response_header(gsp_exchange *x, const char *line, size_t n, int64_t now_ns)
{
    const char *colon, *value;
    size_t n_name;

    (void)now_ns; /* the head's time is no fact yet */
    if (!x || !line || x->is_over)
        return;
    while (n > 0 && is_blank(line[n - 1]))
        n--;
    if (take_status_line(x, line, n))
        return;
    colon = memchr(line, ':', n);
    if (!colon)
        return;
    n_name = (size_t)(colon - line);
    value = colon + 1;
    n -= n_name + 1;
    while (n > 0 && is_blank(*value)) {
        value++;
        n--;
    }
    gsp__header(line, n_name, value, n, unix_now_ns(x), &x->hints, &x->sink, x);
}

/* What the head as a whole tells, once the body begins or the exchange ends. */
static void end_head(struct gsp_exchange *x)
{
    struct gsp__record r = gsp__record_find(x->attempt);
    const char *provider;

    if (!r.head)
        return;
    if (x->http_status)
        gsp__record_put_int(r, GSP_FACT_HTTP_STATUS, x->http_status);
    if (x->hints.retry_after_ms >= 0)
        gsp__record_put_double(r, GSP_FACT_RETRY_AFTER, (double)x->hints.retry_after_ms / 1000);
    provider = gsp__provider_of_server(x->host, strlen(x->host), x->hints.server);
    if (!provider && x->format)
        provider = x->format->provider;
    if (provider)
        put_once(r, GSP_FACT_PROVIDER, provider, strlen(provider));
}

void gsp_exchange_response_body(gsp_exchange *x, const void *bytes, size_t n, int64_t now_ns)
{
    struct gsp__record r;
    enum gsp__framing framing;

    if (!x || !bytes || n == 0 || x->is_over)
        return;
    r = gsp__record_find(x->attempt);
    if (now_ns == 0 && r.head)
        now_ns = gsp__ring_now_ns(r.view->ring);
    if (!x->has_body) {
        x->has_body = true;
        end_head(x);
        gsp_stream_mark(x->attempt, GSP_MARK_FIRST_BYTE, now_ns);
        framing = x->hints.framing;
        /* the coding is removed, or else no first byte will look like one of a document or stream */
        if (x->hints.is_coded && framing != GSP__FRAMING_OTHER)
            framing = GSP__FRAMING_UNKNOWN;
        if (x->format)
            gsp__decoder_init(&x->response, x->format, framing, &x->sink, x);
    }
    if (x->format)
        gsp__decoder_body(&x->response, bytes, n, now_ns);
}

/*
 * The end.
 */

static bool is_stream(const struct gsp_exchange *x)
{
    return x->has_body && x->format && gsp__framing_is_stream(x->response.framing);
}

static bool was_decoded(const struct gsp_exchange *x)
{
    return x->has_body && x->format && gsp__framing_is_decoded(x->response.framing);
}

/* US-4: an answer without usage says so; whether a stream's is partial, its end decides. */
static void set_usage_source(struct gsp_exchange *x)
{
    if (was_decoded(x) && !x->response.has_usage && x->http_status < 400)
        gsp_span_set_usage_source(x->attempt, GSP_USAGE_MISSING);
}

/* A JSON answer that broke off, or is none: as truncated as a stream without its terminal event. */
static bool is_cut_document(const struct gsp_exchange *x)
{
    return was_decoded(x) && x->response.framing == GSP__FRAMING_JSON && x->response.n_bad > 0;
}

/* What the exchange's own end makes of how the caller says it ended. */
static gsp_stream_exit exit_of(const struct gsp_exchange *x, gsp_stream_exit how)
{
    if (x->http_status == GONE_CLIENT)
        return GSP_STREAM_CANCELLED;
    if (x->http_status >= 400 || (was_decoded(x) && x->response.is_error))
        return GSP_STREAM_FAILED;
    if (was_decoded(x) && x->response.is_terminal && !is_cut_document(x))
        return GSP_STREAM_FINISHED; /* what comes after the end changes nothing */
    return how;
}

static void describe_failure(struct gsp_exchange *x, const gsp_failure *given, gsp_failure *out)
{
    struct gsp__symptoms symptoms = {
        .http_status = x->http_status,
        .provider_code = x->error_code[0] ? x->error_code : NULL,
        .provider_type = x->error_type[0] ? x->error_type : NULL,
        .exception = given ? given->exception : NULL,
        .should_retry = x->hints.should_retry,
    };
    char room[4];

    if (given)
        *out = *given;
    if (given && given->type && *given->type) {
        symptoms.is_timeout = strcmp(given->type, GSP_ERROR_TIMEOUT) == 0;
        symptoms.is_connection = strcmp(given->type, GSP_ERROR_CONNECTION) == 0;
        keep(x->class, sizeof x->class, given->type, strlen(given->type));
    } else {
        const char *class = gsp__classify(&symptoms, room);

        keep(x->class, sizeof x->class, class, strlen(class));
    }
    x->is_retryable = gsp__is_retryable(&symptoms, x->class);
    out->type = x->class;
    out->http_status = 0; /* a fact of its own already */
    out->provider_code = NULL;
    if (!x->error_message[0] && given && given->message)
        keep(x->error_message, sizeof x->error_message, given->message, strlen(given->message));
    if (!x->error_message[0] && x->http_status)
        snprintf(x->error_message, sizeof x->error_message, "HTTP status %d", x->http_status);
    out->message = x->error_message;
}

static void end_truncated(struct gsp_exchange *x, int64_t now_ns)
{
    gsp_failure failure = GSP_FAILURE_INIT;

    failure.type = GSP_ERROR_TRUNCATED;
    failure.message = "the connection ended before the response did";
    x->outcome = GSP_OUTCOME_FAILED;
    x->is_retryable = true;
    keep(x->class, sizeof x->class, failure.type, strlen(failure.type));
    keep(x->error_message, sizeof x->error_message, failure.message, strlen(failure.message));
    gsp_stream_end(x->attempt, GSP_STREAM_FAILED, &failure, now_ns);
}

void gsp_exchange_end(gsp_exchange *x, gsp_stream_exit how, const gsp_failure *given, int64_t now_ns)
{
    gsp_failure failure = GSP_FAILURE_INIT;

    if (!x || x->is_over)
        return;
    if (!x->has_body)
        end_head(x);
    if (x->has_body && x->format)
        gsp__decoder_finish(&x->response, now_ns);
    x->is_over = true;
    if (is_stream(x))
        on_boolean(x, GSP_FACT_TERMINAL_EVENT, x->response.is_terminal);
    set_usage_source(x);
    how = exit_of(x, how);
    switch (how) {
    case GSP_STREAM_FAILED:
        describe_failure(x, given, &failure);
        x->outcome = GSP_OUTCOME_FAILED;
        gsp_stream_end(x->attempt, how, &failure, now_ns);
        return;
    case GSP_STREAM_FINISHED:
        if (is_cut_document(x) || (is_stream(x) && x->response.n_events > 0 && !x->response.is_terminal)) {
            end_truncated(x, now_ns);
            return;
        }
        x->outcome = GSP_OUTCOME_COMPLETED;
        if (is_stream(x))
            gsp_stream_end(x->attempt, how, NULL, now_ns);
        else
            gsp_span_end(x->attempt, GSP_OUTCOME_COMPLETED, NULL, now_ns);
        return;
    default:
        x->outcome =
            how == GSP_STREAM_DESTROYED && !x->has_body ? GSP_OUTCOME_ABANDONED : GSP_OUTCOME_CANCELLED;
        x->error_message[0] = 0; /* a 499 is no error, whatever its body says */
        gsp_stream_end(x->attempt, how, NULL, now_ns);
        return;
    }
}

void gsp_exchange_free(gsp_exchange *x)
{
    if (!x)
        return;
    gsp_exchange_end(x, GSP_STREAM_DESTROYED, NULL, 0);
    free(x);
}

void gsp_exchange_get_result(const gsp_exchange *x, gsp_exchange_result *out)
{
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;

    if (!x || !out)
        return;
    result.struct_size = out->struct_size;
    result.outcome = (uint32_t)x->outcome;
    result.http_status = x->http_status;
    result.is_retryable = x->is_retryable;
    result.retry_after_ms = x->hints.retry_after_ms;
    result.n_content_chunks = x->n_content;
    result.error_type = x->class;
    result.error_message = x->error_message;
    memcpy(out, &result, out->struct_size < sizeof result ? out->struct_size : sizeof result);
}
