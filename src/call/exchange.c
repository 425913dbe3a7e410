/*
 * The transport door: bytes of a request and a response in, facts on the attempt out.
 *
 * This is the glue between the decoders, which know no record, and the recorder, which knows no wire.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/number.h"
#include "call/exchange_type.h"
#include "wire/provider_name.h"
#include "wire/registry.h"

gsp_exchange *gsp_exchange_new(gsp_span attempt)
{
    gsp_exchange *x = calloc(1, sizeof *x);

    if (!x)
        return NULL;
    x->attempt = attempt;
    x->n_expected = -1;
    gsp__exchange_sink_init(x);
    gsp__header_hints_init(&x->hints);
    return x;
}

/*
 * The request.
 */

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

/* The format is known: from here on its decoder reads the request. */
static void begin_request(struct gsp_exchange *x, const char *target, size_t n)
{
    struct gsp__record r = gsp__record_find(x->attempt);

    if (r.head)
        gsp__exchange_put_once(r, GSP_FACT_WIRE_FORMAT, x->format->name, strlen(x->format->name));
    x->operation = x->format->operation_of ? x->format->operation_of(target, n) : x->format->operation;
    gsp__request_init(&x->request, x->format, &x->sink, x);
    gsp__request_target(&x->request, target, n);
}

void gsp_exchange_request(gsp_exchange *x, const char *method, const char *url)
{
    struct gsp__record r;
    const char *provider;
    struct url u;
    size_t n_path;

    (void)method; /* of no fact yet; formats that need it come later */
    if (!x || !url || x->has_request || !split_url(url, &u))
        return;
    x->has_request = true;
    gsp__exchange_keep(x->host, sizeof x->host, u.host, u.n_host);
    n_path = strcspn(u.path, "?#"); /* a query may hold a key */
    if (n_path < sizeof x->path)
        gsp__exchange_keep(x->path, sizeof x->path, u.path, n_path);
    x->format = gsp__registry_find(u.host, u.n_host, u.path, strlen(u.path));
    r = gsp__record_find(x->attempt);
    if (r.head) {
        gsp__exchange_put_once(r, GSP_FACT_SERVER_ADDRESS, u.host, u.n_name);
        if (!gsp__exchange_has_fact(r, GSP_FACT_SERVER_PORT))
            gsp__record_put_int(r, GSP_FACT_SERVER_PORT, (int64_t)u.port);
        provider = gsp__provider_of_host(u.host, u.n_host);
        if (provider)
            gsp__exchange_put_once(r, GSP_FACT_PROVIDER, provider, strlen(provider));
    }
    if (x->format)
        begin_request(x, u.path, strlen(u.path));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct header {
    const char *name, *value;
    size_t n_name, n_value;
};

/* A line of a head, without the blanks around its value. False if it has no name. */
static bool split_header(const char *line, size_t n, struct header *out)
{
    const char *colon = memchr(line, ':', n);

    if (!colon)
        return false;
    out->name = line;
    out->n_name = (size_t)(colon - line);
    out->value = colon + 1;
    out->n_value = n - out->n_name - 1;
    while (out->n_value > 0 && is_blank(out->value[out->n_value - 1]))
        out->n_value--;
    while (out->n_value > 0 && is_blank(*out->value)) {
        out->value++;
        out->n_value--;
    }
    return true;
}

static bool is_text(const char *text, size_t n, const char *word)
{
    return strlen(word) == n && strncasecmp(text, word, n) == 0;
}

static bool is_named(const struct header *h, const char *name)
{
    return is_text(h->name, h->n_name, name);
}

/* OP-3: the calling SDK says that it sends this for the second time or more. */
static void note_client_retry(struct gsp_exchange *x)
{
    struct gsp__record r = gsp__record_find(x->attempt);

    if (r.head && r.head->kind == GSP__RECORD_ATTEMPT && r.head->attempt_kind == GSP_ATTEMPT_INITIAL)
        r.head->attempt_kind = GSP_ATTEMPT_CLIENT_RETRY;
}

void gsp_exchange_request_header(gsp_exchange *x, const char *line, size_t n)
{
    struct header h;

    if (!x || !line || x->is_over || !split_header(line, n, &h) || h.n_value == 0)
        return;
    if (is_named(&h, "content-encoding")) {
        x->is_request_coded = !is_text(h.value, h.n_value, "identity");
    } else if (is_named(&h, "x-stainless-retry-count")) {
        if (*h.value >= '1' && *h.value <= '9')
            note_client_retry(x);
    } else if (!x->format && x->path[0] && !x->has_request_body) {
        x->format = gsp__registry_find_by_header(h.name, h.n_name, x->path, strlen(x->path));
        if (x->format)
            begin_request(x, x->path, strlen(x->path));
    }
}

void gsp_exchange_request_body(gsp_exchange *x, const void *bytes, size_t n_bytes)
{
    if (!x || !bytes || n_bytes == 0)
        return;
    x->has_request_body = true;
    if (x->format && !x->is_request_coded && !x->is_request_over)
        gsp__request_body(&x->request, bytes, n_bytes);
}

void gsp__exchange_end_request(struct gsp_exchange *x)
{
    if (x->is_request_over)
        return;
    x->is_request_over = true;
    if (x->format)
        gsp__request_finish(&x->request);
}

/*
 * The response.
 */

static bool take_status_line(struct gsp_exchange *x, const char *line, size_t n)
{
    const char *digits = memchr(line, ' ', n);
    int status;

    if (n < 5 || strncasecmp(line, "HTTP/", 5) != 0 || !digits || line + n - digits < 4)
        return false;
    digits++;
    if (digits[0] < '1' || digits[0] > '9' || digits[1] < '0' || digits[1] > '9' || digits[2] < '0' ||
        digits[2] > '9')
        return true;
    status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    x->http_status = status < 200 ? 0 : status; /* 100 Continue is no answer yet */
    x->n_expected = -1;
    gsp__header_hints_init(&x->hints);
    return true;
}

/* The wall clock that a date in Retry-After is read by: the recorder's, where there is one. */
static uint64_t unix_now_ns(const struct gsp_exchange *x)
{
    struct gsp__record r = gsp__record_find(x->attempt);

    return r.head ? gsp__clock_unix_ns(&r.view->ring->clock) : gsp__clock_realtime_ns();
}

static void take_length(struct gsp_exchange *x, const struct header *h)
{
    char digits[20];
    uint64_t n;

    if (h->n_value >= sizeof digits)
        return;
    memcpy(digits, h->value, h->n_value);
    digits[h->n_value] = 0;
    if (gsp__parse_u64(digits, INT64_MAX, &n))
        x->n_expected = (int64_t)n;
}

void gsp_exchange_response_header(gsp_exchange *x, const char *line, size_t n, int64_t now_ns)
{
    struct header h;

    (void)now_ns; /* the head's time is no fact yet */
    if (!x || !line || x->is_over)
        return;
    while (n > 0 && is_blank(line[n - 1]))
        n--;
    if (take_status_line(x, line, n) || !split_header(line, n, &h))
        return;
    if (is_named(&h, "content-length"))
        take_length(x, &h);
    gsp__header(h.name, h.n_name, h.value, h.n_value, unix_now_ns(x), &x->hints, &x->sink, x);
}

static void note_provider(struct gsp_exchange *x)
{
    struct gsp__record r = gsp__record_find(x->attempt);
    const char *provider;

    if (!r.head)
        return;
    provider = gsp__provider_of_server(x->host, strlen(x->host), x->hints.server);
    if (!provider && x->format)
        provider = x->format->provider;
    if (provider)
        gsp__exchange_put_once(r, GSP_FACT_PROVIDER, provider, strlen(provider));
}

void gsp__exchange_end_head(struct gsp_exchange *x)
{
    struct gsp__record r = gsp__record_find(x->attempt);

    x->has_retry_after = x->hints.retry_after_ms >= 0;
    if (!r.head)
        return;
    if (x->http_status)
        gsp__record_put_int(r, GSP_FACT_HTTP_STATUS, x->http_status);
    if (x->has_retry_after)
        gsp__record_put_double(r, GSP_FACT_RETRY_AFTER, (double)x->hints.retry_after_ms / 1000);
    note_provider(x);
}

/* The coding is removed, or else no first byte will look like one of a document or stream. */
static enum gsp__framing framing_of(const struct gsp_exchange *x)
{
    if (x->hints.is_coded && x->hints.framing != GSP__FRAMING_OTHER)
        return GSP__FRAMING_UNKNOWN;
    return gsp__framing_under(x->hints.framing, x->http_status);
}

static void begin_body(struct gsp_exchange *x, int64_t now_ns)
{
    enum gsp__framing framing = framing_of(x);

    x->has_body = true;
    gsp__exchange_end_request(x);
    gsp__exchange_end_head(x);
    gsp_stream_mark(x->attempt, GSP_MARK_FIRST_BYTE, now_ns);
    if (x->format)
        gsp__decoder_init(&x->response, x->format, framing, &x->sink, x);
    else /* a page or a sound has no shape to be known by */
        x->is_passed_over = framing == GSP__FRAMING_OTHER || framing == GSP__FRAMING_RAW;
}

/* The body's first bytes may tell what host and path did not. Returns how many were taken. */
static size_t hold(struct gsp_exchange *x, const char *bytes, size_t n, int64_t now_ns)
{
    struct gsp__record r;

    if (n > sizeof x->held - x->n_held)
        n = sizeof x->held - x->n_held;
    memcpy(x->held + x->n_held, bytes, n);
    x->n_held += n;
    x->format = gsp__registry_find_by_shape(x->held, x->n_held);
    if (!x->format) {
        x->is_passed_over = x->n_held == sizeof x->held;
        return n;
    }
    r = gsp__record_find(x->attempt);
    if (r.head)
        gsp__exchange_put_once(r, GSP_FACT_WIRE_FORMAT, x->format->name, strlen(x->format->name));
    note_provider(x);
    x->operation = x->format->operation;
    gsp__decoder_init(&x->response, x->format, framing_of(x), &x->sink, x);
    gsp__decoder_body(&x->response, x->held, x->n_held, now_ns);
    return n;
}

void gsp_exchange_response_body(gsp_exchange *x, const void *bytes, size_t n, int64_t now_ns)
{
    const char *p = bytes;
    struct gsp__record r;
    size_t n_taken;

    if (!x || !bytes || n == 0 || x->is_over)
        return;
    r = gsp__record_find(x->attempt);
    if (now_ns == 0 && r.head)
        now_ns = gsp__ring_now_ns(r.view->ring);
    x->n_body += n;
    if (!x->has_body)
        begin_body(x, now_ns);
    if (!x->format && !x->is_passed_over) {
        n_taken = hold(x, p, n, now_ns);
        p += n_taken;
        n -= n_taken;
    }
    if (x->format && n > 0)
        gsp__decoder_body(&x->response, p, n, now_ns);
}
