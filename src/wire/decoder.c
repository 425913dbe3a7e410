/*
 * The decoder: framing, and what all formats share.
 */
#include "wire/decoder.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"

static const char done_mark[] = "[DONE]";

const char *gsp__framing_name(enum gsp__framing framing)
{
    static const char *const names[] = {"", "json", "sse", ""};

    return names[framing];
}

static bool begins(const char *text, size_t n, const char *with)
{
    size_t n_with = strlen(with);

    return n >= n_with && strncasecmp(text, with, n_with) == 0;
}

enum gsp__framing gsp__framing_of(const char *content_type, size_t n)
{
    while (n > 0 && (*content_type == ' ' || *content_type == '\t')) {
        content_type++;
        n--;
    }
    if (n == 0)
        return GSP__FRAMING_UNKNOWN;
    if (begins(content_type, n, "text/event-stream"))
        return GSP__FRAMING_SSE;
    if (begins(content_type, n, "application/json") || begins(content_type, n, "application/problem+json"))
        return GSP__FRAMING_JSON;
    if (begins(content_type, n, "text/plain") || begins(content_type, n, "application/octet-stream"))
        return GSP__FRAMING_UNKNOWN; /* some servers say no better */
    return GSP__FRAMING_OTHER;
}

/* Whether a fact was not handed over before; from now on it was. */
static bool is_new(uint64_t seen[4], unsigned fact)
{
    uint64_t bit = (uint64_t)1 << (fact % 64);

    if (seen[fact / 64 % 4] & bit)
        return false;
    seen[fact / 64 % 4] |= bit;
    return true;
}

/*
 * The request's side.
 */

void gsp__request_init(struct gsp__request_decoder *d, const struct gsp__format *format,
                       const struct gsp__sink *sink, void *self)
{
    d->format = format;
    d->sink = sink;
    d->self = self;
    d->is_over = false;
    memset(d->seen, 0, sizeof d->seen);
    gsp__json_map_init(&d->map, format->request_nodes);
}

void gsp__request_body(struct gsp__request_decoder *d, const char *bytes, size_t n)
{
    enum gsp__map_event event;

    if (d->is_over)
        return;
    gsp__json_map_feed(&d->map, bytes, n);
    while ((event = gsp__json_map_next(&d->map)) != GSP__MAP_MORE) {
        if (event == GSP__MAP_DONE || event == GSP__MAP_ERROR) {
            d->is_over = true;
            return;
        }
        d->format->request(d, event);
    }
}

void gsp__request_string(struct gsp__request_decoder *d, unsigned fact)
{
    const struct gsp__json_map *m = &d->map;

    if (m->token == GSP__JSON_STRING && m->value.n > 0 && is_new(d->seen, fact))
        d->sink->string(d->self, fact, 0, m->value.bytes, m->value.n, m->value_is_cut);
}

void gsp__request_int(struct gsp__request_decoder *d, unsigned fact)
{
    int64_t value;

    if (d->map.token == GSP__JSON_NUMBER && gsp__json_int(d->map.value, &value) && is_new(d->seen, fact))
        d->sink->integer(d->self, fact, value);
}

void gsp__request_real(struct gsp__request_decoder *d, unsigned fact)
{
    double value;

    if (d->map.token == GSP__JSON_NUMBER && gsp__json_double(d->map.value, &value) && is_new(d->seen, fact))
        d->sink->real(d->self, fact, value);
}

void gsp__request_bool(struct gsp__request_decoder *d, unsigned fact)
{
    if ((d->map.token == GSP__JSON_TRUE || d->map.token == GSP__JSON_FALSE) && is_new(d->seen, fact))
        d->sink->boolean(d->self, fact, d->map.token == GSP__JSON_TRUE);
}

void gsp__request_put_int(struct gsp__request_decoder *d, unsigned fact, int64_t value)
{
    if (is_new(d->seen, fact))
        d->sink->integer(d->self, fact, value);
}

/*
 * The response's side.
 */

void gsp__decoder_init(struct gsp__decoder *d, const struct gsp__format *format, enum gsp__framing framing,
                       const struct gsp__sink *sink, void *self)
{
    memset(d, 0, offsetof(struct gsp__decoder, sse));
    d->format = format;
    d->framing = framing;
    d->sink = sink;
    d->self = self;
    gsp__sse_init(&d->sse);
}

static void begin_event(struct gsp__decoder *d)
{
    d->is_event_open = true;
    d->is_event_bad = false;
    d->is_event_done = false;
    d->n_done = 0;
    d->kinds = 0;
    gsp__json_map_init(&d->map, d->format->response_nodes);
    if (d->format->begin_event)
        d->format->begin_event(d);
}

static void read_json(struct gsp__decoder *d, const char *bytes, size_t n)
{
    enum gsp__map_event event;

    if (d->is_event_bad)
        return;
    gsp__json_map_feed(&d->map, bytes, n);
    while ((event = gsp__json_map_next(&d->map)) != GSP__MAP_MORE) {
        if (event == GSP__MAP_DONE) {
            d->is_event_done = true;
            return;
        }
        if (event == GSP__MAP_ERROR) {
            d->is_event_bad = true;
            return;
        }
        d->format->response(d, event);
    }
}

/* The data of an event is "[DONE]" as long as nothing else came. */
static void read_event_data(struct gsp__decoder *d, const char *bytes, size_t n)
{
    if (GSP__UNLIKELY(!d->is_event_open))
        begin_event(d);
    if (GSP__LIKELY(n > 0 && d->n_done == 0 && *bytes != '[')) {
        d->n_done = sizeof done_mark; /* can no longer be */
    } else if (d->n_done < sizeof done_mark) {
        size_t i = 0, n_before = d->n_done;

        while (i < n && d->n_done < sizeof done_mark - 1 && bytes[i] == done_mark[d->n_done]) {
            d->n_done++;
            i++;
        }
        if (i == n)
            return;
        d->n_done = sizeof done_mark;
        read_json(d, done_mark, n_before);
    }
    read_json(d, bytes, n);
}

static void mark_event(struct gsp__decoder *d)
{
    static const gsp_mark order[] = {GSP_MARK_TEXT, GSP_MARK_REASONING, GSP_MARK_TOOL_CALL, GSP_MARK_AUDIO};

    for (size_t i = 0; i < GSP__COUNT_OF(order); i++)
        if (d->kinds & 1u << order[i]) {
            d->sink->mark(d->self, order[i], d->now_ns);
            return;
        }
    d->sink->mark(d->self, GSP_MARK_EVENT, d->now_ns);
}

bool gsp__decoder_event_is(const struct gsp__decoder *d, const char *name)
{
    size_t n = strlen(name);

    return d->framing == GSP__FRAMING_SSE && d->sse.n_name == n && memcmp(d->sse.name, name, n) == 0;
}

static void end_event(struct gsp__decoder *d, bool is_refused)
{
    d->is_event_open = false;
    if (d->n_done == sizeof done_mark - 1) {
        d->is_terminal = true;
        d->sink->mark(d->self, GSP_MARK_TERMINAL, d->now_ns);
        return;
    }
    if (is_refused || d->is_event_bad || !gsp__json_finish(&d->map.json))
        d->n_bad++;
    if (gsp__decoder_event_is(d, "error"))
        gsp__decoder_error(d);
    d->n_events++;
    mark_event(d);
}

static void read_sse(struct gsp__decoder *d, const char *bytes, size_t n)
{
    enum gsp__sse_token token;

    gsp__sse_feed(&d->sse, bytes, n);
    while ((token = gsp__sse_next(&d->sse)) != GSP__SSE_MORE) {
        if (token == GSP__SSE_DATA) {
            read_event_data(d, d->sse.bytes, d->sse.n);
            continue;
        }
        if (!d->is_event_open) /* data lines that were empty, or an event refused at once */
            begin_event(d);
        end_event(d, token == GSP__SSE_REFUSED);
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* A body that nobody told the type of: an object or array is JSON, a field name or comment is SSE. */
static enum gsp__framing sniff(char first)
{
    if (first == '{' || first == '[')
        return GSP__FRAMING_JSON;
    if (first == ':' || (first >= 'a' && first <= 'z') || first == '\xef')
        return GSP__FRAMING_SSE;
    return GSP__FRAMING_OTHER;
}

void gsp__decoder_body(struct gsp__decoder *d, const char *bytes, size_t n, int64_t now_ns)
{
    d->now_ns = now_ns;
    if (d->framing == GSP__FRAMING_UNKNOWN) {
        while (n > 0 && is_blank(*bytes)) { /* passed over, so that cuts make no difference */
            bytes++;
            n--;
        }
        if (n > 0)
            d->framing = sniff(*bytes);
    }
    if (d->framing == GSP__FRAMING_SSE) {
        read_sse(d, bytes, n);
    } else if (d->framing == GSP__FRAMING_JSON) {
        if (!d->is_event_open)
            begin_event(d);
        read_json(d, bytes, n);
    }
}

static void total(struct gsp__decoder *d, unsigned fact, uint64_t n)
{
    if (n > 0 && n <= INT64_MAX)
        d->sink->integer(d->self, fact, (int64_t)n);
}

void gsp__decoder_finish(struct gsp__decoder *d, int64_t now_ns)
{
    enum gsp__sse_token token;

    d->now_ns = now_ns;
    if (d->framing == GSP__FRAMING_SSE) {
        token = gsp__sse_finish(&d->sse);
        if (token != GSP__SSE_MORE) {
            if (!d->is_event_open)
                begin_event(d);
            end_event(d, token == GSP__SSE_REFUSED);
        }
    } else if (d->framing == GSP__FRAMING_JSON && d->is_event_open) {
        if (d->is_event_bad || !gsp__json_finish(&d->map.json))
            d->n_bad++;
        else
            d->is_terminal = true;
        d->is_event_open = false;
    }
    total(d, GSP_FACT_OUTPUT_TEXT_BYTES, d->n_text_bytes);
    total(d, GSP_FACT_REASONING_BYTES, d->n_reasoning_bytes);
    total(d, GSP_FACT_TOOL_ARGUMENT_BYTES, d->n_argument_bytes);
    total(d, GSP_FACT_TOOL_CALL_COUNT, d->n_tool_calls);
    total(d, GSP_FACT_DECODE_ERRORS, d->n_bad);
}

static bool once(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m)
{
    if (m->value.n == 0 || !is_new(d->seen, fact))
        return false;
    d->sink->string(d->self, fact, 0, m->value.bytes, m->value.n, m->value_is_cut);
    return true;
}

bool gsp__decoder_string(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m)
{
    return m->token == GSP__JSON_STRING && once(d, fact, m);
}

void gsp__decoder_code(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m)
{
    if (m->token == GSP__JSON_STRING || m->token == GSP__JSON_NUMBER)
        once(d, fact, m);
}

void gsp__decoder_real(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m, double scale)
{
    double value;

    if (m->token == GSP__JSON_NUMBER && gsp__json_double(m->value, &value) && value >= 0 &&
        is_new(d->seen, fact))
        d->sink->real(d->self, fact, value * scale);
}

void gsp__decoder_usage(struct gsp__decoder *d, gsp_usage part, const struct gsp__json_map *m)
{
    int64_t tokens;

    /* US-3: null, booleans and what is no number are no report; nor is less than nothing */
    if (m->token != GSP__JSON_NUMBER || !gsp__json_int(m->value, &tokens) || tokens < 0)
        return;
    d->has_usage = true;
    d->sink->usage(d->self, part, tokens);
}

void gsp__decoder_text(struct gsp__decoder *d, unsigned choice, gsp_mark kind, const struct gsp__json_map *m)
{
    if (m->value.n == 0)
        return;
    d->kinds |= (uint8_t)(1u << kind);
    if (kind == GSP_MARK_TEXT)
        d->n_text_bytes += m->value.n;
    else if (kind == GSP_MARK_REASONING)
        d->n_reasoning_bytes += m->value.n;
    else if (kind == GSP_MARK_TOOL_CALL)
        d->n_argument_bytes += m->value.n;
    if (d->sink->content)
        d->sink->content(d->self, choice, kind, m->value.bytes, m->value.n);
}

void gsp__decoder_error(struct gsp__decoder *d)
{
    if (!d->is_error)
        d->sink->error(d->self);
    d->is_error = true;
}
