/*
 * One transfer: heads into lines, bodies out of their codings, into an exchange.
 */
#include "client/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void reset_request(struct gsp__transfer *t)
{
    gsp__inflate_deinit(&t->inflate);
    memset(&t->out, 0, sizeof t->out);
    memset(&t->in, 0, sizeof t->in);
    t->is_tunnel = false;
    t->is_http1 = true;
    t->will_follow = false;
    t->status = 0;
    t->coding = GSP__CODING_NONE;
    t->n_length = -1;
    t->n_body = 0;
    t->is_complete = false;
    t->failure = GSP__SAID_NOTHING;
    t->message[0] = 0;
}

/* The operation is called after what it carries, as soon as that is known. */
static void name_operation(struct gsp__transfer *t)
{
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;

    if (!t->owns_operation || !t->exchange)
        return;
    gsp_exchange_get_result(t->exchange, &result);
    if (*result.operation && strcmp(result.operation, t->name) != 0) {
        strncpy(t->name, result.operation, sizeof t->name - 1);
        gsp_span_set_string(t->operation, GSP_FACT_OPERATION, t->name);
    }
}

void gsp__transfer_begin(struct gsp__transfer *t, const char *url, int64_t now_ns)
{
    gsp_attempt_options options = GSP_ATTEMPT_OPTIONS_INIT;

    reset_request(t);
    t->is_open = true;
    options.now_ns = now_ns;
    t->attempt = gsp_attempt_start(t->operation, &options);
    t->exchange = gsp_exchange_new(t->attempt);
    if (!t->exchange) /* no memory: that a request was made is known, and no more */
        return;
    if (t->content)
        gsp_exchange_on_content(t->exchange, t->content, t->content_self);
    gsp_exchange_request(t->exchange, "", url);
    name_operation(t);
}

bool gsp__transfer_is_sent(const struct gsp__transfer *t)
{
    return t->out.is_head_over && !t->is_tunnel;
}

/*
 * Heads.
 */

typedef void line_fn(struct gsp__transfer *t, const char *line, size_t n);

/* Cut what came into lines; what is no whole line yet is held. */
static void split_lines(struct gsp__transfer *t, struct gsp__side *side, const char *bytes, size_t n,
                        line_fn *give)
{
    while (n > 0) {
        const char *end = memchr(bytes, '\n', n);
        size_t n_line = end ? (size_t)(end - bytes) : n;

        if (!end || side->n_line > 0) {
            size_t room = sizeof side->line - side->n_line;
            size_t n_kept = n_line < room ? n_line : room;

            memcpy(side->line + side->n_line, bytes, n_kept);
            side->n_line += n_kept;
            if (end) {
                give(t, side->line, side->n_line);
                memset(side->line, 0, side->n_line); /* a key may have been in it */
                side->n_line = 0;
            }
        } else {
            give(t, bytes, n_line);
        }
        n_line += end != NULL;
        bytes += n_line;
        n -= n_line;
    }
}

/* The value of a header of this name, without blanks; NULL for any other line. */
static const char *value_of(const char *line, size_t n, const char *name, size_t *n_value)
{
    size_t n_name = strlen(name);
    const char *value = line + n_name + 1, *end = line + n;

    if (n <= n_name || line[n_name] != ':' || strncasecmp(line, name, n_name) != 0)
        return NULL;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (value < end && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    *n_value = (size_t)(end - value);
    return value;
}

static bool is_chunked(const char *line, size_t n)
{
    size_t n_value;
    const char *value = value_of(line, n, "transfer-encoding", &n_value);

    return value && n_value >= 7 && strncasecmp(value + n_value - 7, "chunked", 7) == 0;
}

static void take_request_line(struct gsp__transfer *t, const char *line, size_t n)
{
    if (n > 0 && line[n - 1] == '\r')
        n--;
    if (n == 0) {
        t->out.is_head_over = true;
        return;
    }
    if (!t->out.is_first_line_over) {
        t->out.is_first_line_over = true;
        t->is_tunnel = n > 8 && memcmp(line, "CONNECT ", 8) == 0;
        return;
    }
    if (t->is_tunnel)
        return;
    t->out.is_chunked = t->out.is_chunked || is_chunked(line, n);
    gsp_exchange_request_header(t->exchange, line, n);
}

void gsp__transfer_request_head(struct gsp__transfer *t, const char *bytes, size_t n)
{
    if (t->is_tunnel && t->out.is_head_over) { /* the tunnel stands; now the request itself */
        memset(&t->out, 0, sizeof t->out);
        memset(&t->in, 0, sizeof t->in);
        t->is_tunnel = false;
    }
    t->out.has_head = true;
    t->failure = GSP__SAID_NOTHING; /* an address that did not answer, before one that does */
    t->message[0] = 0;
    split_lines(t, &t->out, bytes, n, take_request_line);
    if (t->out.is_head_over)
        name_operation(t);
}

/* 401 and 407 by such a scheme are asked again by libcurl, where it has a name and a password. */
static bool asks_again(const struct gsp__transfer *t, const char *line, size_t n)
{
    size_t n_value;
    const char *value =
        value_of(line, n, t->status == 407 ? "proxy-authenticate" : "www-authenticate", &n_value);

    if ((t->status != 401 && t->status != 407) || !value)
        return false;
    return (n_value >= 6 && strncasecmp(value, "Digest", 6) == 0) ||
           (n_value >= 4 && strncasecmp(value, "NTLM", 4) == 0) ||
           (n_value >= 9 && strncasecmp(value, "Negotiate", 9) == 0);
}

static void take_status_line(struct gsp__transfer *t, const char *line, size_t n)
{
    const char *space = memchr(line, ' ', n);

    t->is_http1 = n >= 7 && memcmp(line, "HTTP/1.", 7) == 0;
    t->status = 0;
    for (const char *p = space; p && ++p < line + n && *p >= '0' && *p <= '9' && t->status < 1000;)
        t->status = t->status * 10 + (*p - '0');
    t->in.is_chunked = false;
    t->coding = GSP__CODING_NONE;
    t->n_length = -1;
    gsp_exchange_response_header(t->exchange, line, n, 0);
}

static int64_t parse_length(const char *digits, size_t n)
{
    int64_t value = 0;

    if (n == 0 || n > 18)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return -1;
        value = value * 10 + (digits[i] - '0');
    }
    return value;
}

/*
 * What is undone here, the exchange is not told of: it would look for it. A length goes with it, and is told
 * at the end of the head.
 */
static void end_head(struct gsp__transfer *t)
{
    char line[48] = "content-length: ", digits[24];
    size_t n = strlen(line), n_digits = 0;

    t->in.is_head_over = t->status >= 200 || t->status == 101;
    t->in.is_first_line_over = false;
    if (t->coding != GSP__CODING_NONE || t->in.is_chunked || t->n_length < 0)
        return;
    for (int64_t left = t->n_length; left > 0 || n_digits == 0; left /= 10)
        digits[n_digits++] = (char)('0' + left % 10);
    while (n_digits > 0)
        line[n++] = digits[--n_digits];
    gsp_exchange_response_header(t->exchange, line, n, 0);
}

static void take_response_line(struct gsp__transfer *t, const char *line, size_t n)
{
    const char *value;
    size_t n_value;

    if (n > 0 && line[n - 1] == '\r')
        n--;
    if (t->is_tunnel)
        return;
    if (n == 0) {
        if (!t->in.is_head_over)
            end_head(t);
        return;
    }
    if (n > 5 && memcmp(line, "HTTP/", 5) == 0 && !t->in.is_first_line_over) {
        t->in.is_first_line_over = true;
        take_status_line(t, line, n);
        return;
    }
    if ((value = value_of(line, n, "content-length", &n_value))) {
        t->n_length = parse_length(value, n_value);
        return;
    }
    if ((value = value_of(line, n, "content-encoding", &n_value))) {
        t->coding = gsp__coding_of(value, n_value);
        return;
    }
    if ((t->status >= 300 && t->status < 400 && value_of(line, n, "location", &n_value)) ||
        asks_again(t, line, n))
        t->will_follow = true;
    t->in.is_chunked = t->in.is_chunked || is_chunked(line, n);
    gsp_exchange_response_header(t->exchange, line, n, 0);
}

void gsp__transfer_response_head(struct gsp__transfer *t, const char *bytes, size_t n)
{
    t->in.has_head = true;
    split_lines(t, &t->in, bytes, n, take_response_line);
}

/*
 * Bodies.
 */

void gsp__transfer_request_body(struct gsp__transfer *t, const char *bytes, size_t n)
{
    const char *piece;
    size_t n_piece;

    if (t->is_tunnel)
        return;
    if (!t->out.is_chunked) {
        gsp_exchange_request_body(t->exchange, bytes, n);
        return;
    }
    while (gsp__chunked_next(&t->out.chunks, &bytes, &n, &piece, &n_piece))
        gsp_exchange_request_body(t->exchange, piece, n_piece);
}

static void give_body(void *self, const void *bytes, size_t n)
{
    gsp_exchange_response_body(((struct gsp__transfer *)self)->exchange, bytes, n, 0);
}

static void read_coding(struct gsp__transfer *t, const char *bytes, size_t n)
{
    if (t->coding == GSP__CODING_NONE) {
        give_body(t, bytes, n);
        return;
    }
    gsp_stream_mark(t->attempt, GSP_MARK_FIRST_BYTE, 0); /* it may take a while until text comes out */
    if (t->coding != GSP__CODING_OTHER)
        gsp__inflate(&t->inflate, t->coding, bytes, n, give_body, t);
}

void gsp__transfer_response_body(struct gsp__transfer *t, const char *bytes, size_t n)
{
    const char *piece;
    size_t n_piece;

    if (t->is_tunnel || t->is_complete)
        return;
    if (t->in.is_chunked && t->is_http1 && !t->is_dechunked) {
        while (gsp__chunked_next(&t->in.chunks, &bytes, &n, &piece, &n_piece))
            read_coding(t, piece, n_piece);
        t->is_complete = t->in.chunks.is_over;
        return;
    }
    if (t->n_length >= 0 && !t->in.is_chunked && (uint64_t)n > (uint64_t)t->n_length - t->n_body)
        n = (size_t)((uint64_t)t->n_length - t->n_body); /* what comes after it is none of its own */
    t->n_body += n;
    read_coding(t, bytes, n);
    t->is_complete = t->n_length >= 0 && !t->in.is_chunked && t->n_body == (uint64_t)t->n_length;
}

/*
 * The end.
 */

void gsp__transfer_fail(struct gsp__transfer *t, enum gsp__said failure, const char *text, size_t n)
{
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    if (n >= sizeof t->message)
        n = sizeof t->message - 1;
    memcpy(t->message, text, n);
    t->message[n] = 0;
    t->failure = failure;
}

bool gsp__transfer_goes_on(const struct gsp__transfer *t)
{
    return t->will_follow;
}

bool gsp__transfer_is_complete(const struct gsp__transfer *t)
{
    return t->is_complete && !t->will_follow;
}

gsp_stream_exit gsp__transfer_exit(const struct gsp__transfer *t, bool is_closed)
{
    bool has_length = t->n_length >= 0 || (t->in.is_chunked && t->is_http1 && !t->is_dechunked);

    if (!is_closed || t->is_complete || (t->in.is_head_over && !has_length))
        return GSP_STREAM_FINISHED;
    return GSP_STREAM_CLOSED;
}

/* What of the body could not be read is counted; the exchange has not seen it. */
static void count_unread(struct gsp__transfer *t)
{
    if (t->inflate.is_bad || t->in.chunks.is_bad || (t->coding == GSP__CODING_OTHER && t->n_body > 0))
        gsp_span_set_int(t->attempt, GSP_FACT_DECODE_ERRORS, 1);
}

void gsp__transfer_end_request(struct gsp__transfer *t, gsp_stream_exit how, const gsp_failure *failure)
{
    if (!t->is_open)
        return;
    t->is_open = false;
    count_unread(t);
    name_operation(t);
    if (t->exchange)
        gsp_exchange_end(t->exchange, how, failure, 0);
    else
        gsp_stream_end(t->attempt, how, failure, 0);
    gsp_exchange_free(t->exchange);
    t->exchange = NULL;
    t->attempt = (gsp_span)GSP_NO_SPAN_INIT;
    gsp__inflate_deinit(&t->inflate);
}

void gsp__transfer_end_as_known(struct gsp__transfer *t, gsp_stream_exit how)
{
    gsp_failure failure = GSP_FAILURE_INIT;

    failure.message = t->message;
    switch (t->failure) {
    case GSP__SAID_TIMEOUT:
        failure.type = GSP_ERROR_TIMEOUT;
        break;
    case GSP__SAID_TRUNCATED:
        failure.type = GSP_ERROR_TRUNCATED;
        break;
    case GSP__SAID_CONNECTION:
        failure.type = GSP_ERROR_CONNECTION;
        break;
    case GSP__SAID_CALLER:
        how = GSP_STREAM_CLOSED;
        break;
    default:
        break;
    }
    if (failure.type)
        gsp__transfer_end_request(t, GSP_STREAM_FAILED, &failure);
    else
        gsp__transfer_end_request(t, how, NULL);
}

void gsp__transfer_deinit(struct gsp__transfer *t)
{
    gsp__transfer_end_as_known(t, GSP_STREAM_CLOSED);
    if (t->owns_operation)
        gsp_span_end(t->operation, GSP_OUTCOME_AUTO, NULL, 0);
}
