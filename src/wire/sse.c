/*
 * Server-sent events.
 */
#include "wire/sse.h"

#include <string.h>

#include "base/compiler.h"
#include "base/scan.h"

enum state {
    AT_LINE,  /* the first byte of a line decides whether it is blank */
    IN_FIELD, /* in the field's name */
    AT_VALUE, /* one blank after the colon is not part of the value */
    IN_VALUE,
};

enum field {
    UNKNOWN, /* comments, id, retry and what nobody knows: passed over */
    MAYBE_DATA,
    MAYBE_EVENT,
    DATA,
    EVENT,
};

void gsp__sse_init(struct gsp__sse *s)
{
    memset(s, 0, offsetof(struct gsp__sse, name));
}

static enum gsp__sse_token end_event(struct gsp__sse *s)
{
    enum gsp__sse_token token = s->is_refused ? GSP__SSE_REFUSED : GSP__SSE_EVENT;

    s->has_data = false;
    s->is_refused = false;
    s->is_named_before = true;
    return token;
}

/* The name of a field, byte by byte, as far as it can still be one that we know. */
static void match_field(struct gsp__sse *s, char c)
{
    static const char data[] = "data", event[] = "event";

    if (s->n_matched == 0)
        s->field = c == 'd' ? MAYBE_DATA : c == 'e' ? MAYBE_EVENT : UNKNOWN;
    else if (s->field == MAYBE_DATA && (s->n_matched >= 4 || c != data[s->n_matched]))
        s->field = UNKNOWN;
    else if (s->field == MAYBE_EVENT && (s->n_matched >= 5 || c != event[s->n_matched]))
        s->field = UNKNOWN;
    if (s->n_matched < 255)
        s->n_matched++;
}

/* The name is over, at a colon or at the line's end: which field is it? */
static void end_field(struct gsp__sse *s)
{
    if (s->field == MAYBE_DATA && s->n_matched == 4)
        s->field = DATA;
    else if (s->field == MAYBE_EVENT && s->n_matched == 5)
        s->field = EVENT;
    else
        s->field = UNKNOWN;
    if (s->field == EVENT) {
        s->n_name = 0;
        s->is_named_before = false;
    }
}

/* What `name` says is of the event before, and this one has begun. */
static void forget_name(struct gsp__sse *s)
{
    if (s->is_named_before) {
        s->n_name = 0;
        s->is_named_before = false;
    }
}

/* The line of a data field begins: after the first one, a newline stands between them. True if there
 * is such a newline to hand out. */
static bool begin_data(struct gsp__sse *s)
{
    bool is_further = s->has_data;

    forget_name(s);
    s->has_data = true;
    s->bytes = "\n";
    s->n = 1;
    return is_further && !s->is_refused;
}

static void keep_name(struct gsp__sse *s, const char *bytes, size_t n)
{
    size_t room = sizeof s->name - s->n_name;

    if (n > room)
        n = room;
    if (n)
        memcpy(s->name + s->n_name, bytes, n);
    s->n_name = (uint8_t)(s->n_name + n);
}

/* A line's end was reached at p; step over it. */
static void end_line(struct gsp__sse *s)
{
    s->after_cr = *s->p++ == '\r';
    s->state = AT_LINE;
    s->n_line = 0;
}

/* The bytes from p on that are in the current line; hands out a piece of data or nothing. Of a line that
 * is too long the first GSP__SSE_LINE_MAX bytes, so that cuts make no difference. */
static enum gsp__sse_token take_value(struct gsp__sse *s)
{
    const char *start = s->p;
    size_t n, room = GSP__SSE_LINE_MAX - s->n_line;
    bool was_refused = s->is_refused;

    s->p = gsp__scan_two(s->p, s->end, '\n', '\r');
    n = (size_t)(s->p - start);
    if (n > room) {
        s->is_refused = true;
        forget_name(s);
        n = room;
    }
    s->n_line += (uint32_t)n;
    if (s->field == EVENT)
        keep_name(s, start, n);
    if (s->p < s->end)
        end_line(s);
    if (s->field != DATA || n == 0 || was_refused)
        return GSP__SSE_MORE;
    s->bytes = start;
    s->n = n;
    return GSP__SSE_DATA;
}

/* The whole of "data: " in one go, where a line begins with it in the input. */
GSP__INLINE bool begins_data(const struct gsp__sse *s)
{
    return s->end - s->p >= 6 && memcmp(s->p, "data: ", 6) == 0;
}

/* A byte order mark may stand before everything, cut anywhere. True when p is past it, or there is none. */
static bool pass_byte_order_mark(struct gsp__sse *s)
{
    static const char mark[] = "\xef\xbb\xbf";

    while (s->p < s->end && s->n_matched < 3) {
        if (*s->p != mark[s->n_matched]) {
            /* part of a mark is no field that we know; the line is passed over as unknown */
            s->is_started = true;
            s->state = s->n_matched ? IN_FIELD : AT_LINE;
            return true;
        }
        s->p++;
        s->n_matched++;
    }
    if (s->n_matched < 3)
        return false;
    s->is_started = true;
    s->n_matched = 0;
    return true;
}

enum gsp__sse_token gsp__sse_next(struct gsp__sse *s)
{
    if (GSP__UNLIKELY(!s->is_started) && !pass_byte_order_mark(s))
        return GSP__SSE_MORE;
    while (s->p < s->end) {
        char c = *s->p;

        switch ((enum state)s->state) {
        case AT_LINE:
            if (c == '\n' && s->after_cr) {
                s->after_cr = false;
                s->p++;
                continue;
            }
            s->after_cr = false;
            if (GSP__LIKELY(begins_data(s))) {
                s->p += 6;
                s->field = DATA;
                s->state = IN_VALUE;
                if (begin_data(s))
                    return GSP__SSE_DATA;
                continue;
            }
            if (c == '\n' || c == '\r') {
                bool is_event = s->has_data || s->is_refused;

                end_line(s);
                if (is_event)
                    return end_event(s);
                s->n_name = 0;
                continue;
            }
            s->state = IN_FIELD;
            s->n_matched = 0;
            continue;
        case IN_FIELD:
            if (c == '\n' || c == '\r' || c == ':') {
                end_field(s);
                if (c == ':') {
                    s->p++;
                    s->state = AT_VALUE;
                } else {
                    end_line(s);
                }
                if (s->field == DATA && begin_data(s))
                    return GSP__SSE_DATA;
                continue;
            }
            match_field(s, c);
            s->p++;
            if (s->field == UNKNOWN)
                s->state = IN_VALUE; /* its colon no longer matters */
            continue;
        case AT_VALUE:
            s->state = IN_VALUE;
            if (c == ' ')
                s->p++;
            continue;
        case IN_VALUE:
            if (take_value(s) == GSP__SSE_DATA)
                return GSP__SSE_DATA;
            continue;
        }
    }
    return GSP__SSE_MORE;
}

enum gsp__sse_token gsp__sse_finish(struct gsp__sse *s)
{
    return s->has_data || s->is_refused ? end_event(s) : GSP__SSE_MORE;
}
