/*
 * The binary event stream of AWS.
 */
#include "wire/eventstream.h"

#include <string.h>

#include "base/crc32.h"

#define N_PRELUDE 12u
#define N_TRAILER 4u

enum state {
    AT_FRAME,   /* gathering the prelude */
    IN_FRAME,   /* gathering the whole frame, or its head */
    AT_END,     /* then its end */
    IN_PAYLOAD, /* handing out the payload as it comes */
    IN_TRAILER,
    LOST, /* the borders of frames are lost */
};

void gsp__eventstream_init(struct gsp__eventstream *s)
{
    memset(s, 0, offsetof(struct gsp__eventstream, held));
}

static uint32_t read_u32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Bytes of the input up to `n` held ones. True when they are there. */
static bool hold(struct gsp__eventstream *s, uint32_t n)
{
    size_t left = (size_t)(s->end - s->p), wanted = n - s->n_held;

    if (wanted > left)
        wanted = left;
    if (wanted)
        memcpy(s->held + s->n_held, s->p, wanted);
    s->n_held += (uint32_t)wanted;
    s->p += wanted;
    return s->n_held == n;
}

static enum gsp__eventstream_token lose(struct gsp__eventstream *s)
{
    s->state = LOST;
    s->p = s->end;
    return GSP__EVENTSTREAM_REFUSED;
}

static bool check_prelude(struct gsp__eventstream *s, const char *prelude)
{
    s->n_frame = read_u32(prelude);
    s->n_headers = read_u32(prelude + 4);
    return gsp__crc32(0, prelude, 8) == read_u32(prelude + 8) && s->n_frame <= GSP__EVENTSTREAM_FRAME_MAX &&
           s->n_headers <= GSP__EVENTSTREAM_HEADERS_MAX && s->n_frame >= N_PRELUDE + N_TRAILER &&
           s->n_headers <= s->n_frame - N_PRELUDE - N_TRAILER;
}

static bool is(const char *text, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(text, word, n) == 0;
}

static void take_header(struct gsp__eventstream *s, const char *name, size_t n_name, const char *value,
                        size_t n_value)
{
    if (is(name, n_name, ":message-type")) {
        s->is_exception = !is(value, n_value, "event");
    } else if (is(name, n_name, ":event-type") || is(name, n_name, ":exception-type") ||
               is(name, n_name, ":error-code")) {
        s->n_type = (uint8_t)(n_value < sizeof s->type ? n_value : sizeof s->type);
        memcpy(s->type, value, s->n_type);
    } else if (is(name, n_name, ":error-message")) {
        s->message = value;
        s->n_message = n_value;
    }
}

/* The headers, as far as they can be read: a header of a type that nobody knows ends them. */
static void take_headers(struct gsp__eventstream *s, const char *p, const char *end)
{
    static const uint8_t sizes[] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16}; /* by type; 6 and 7 say theirs */

    s->is_exception = false;
    s->n_type = 0;
    s->message = NULL;
    s->n_message = 0;
    while (end - p >= 2) {
        size_t n_name = (unsigned char)*p, n_value;
        const char *name = p + 1;
        unsigned type;

        if ((size_t)(end - name) < n_name + 1)
            return;
        type = (unsigned char)name[n_name];
        p = name + n_name + 1;
        if (type >= sizeof sizes)
            return;
        n_value = sizes[type];
        if (type == 6 || type == 7) {
            if (end - p < 2)
                return;
            n_value = (size_t)(unsigned char)p[0] << 8 | (unsigned char)p[1];
            p += 2;
        }
        if ((size_t)(end - p) < n_value)
            return;
        if (type == 7)
            take_header(s, name, n_name, p, n_value);
        p += n_value;
    }
}

/* How far the headers of a frame are read: as far if it is whole as if it came in pieces. */
static uint32_t headers_end(const struct gsp__eventstream *s)
{
    uint32_t n = N_PRELUDE + s->n_headers;

    return s->n_frame > sizeof s->held && n > sizeof s->held ? (uint32_t)sizeof s->held : n;
}

/* A whole frame. */
static enum gsp__eventstream_token take_frame(struct gsp__eventstream *s, const char *frame)
{
    s->n_held = 0;
    s->state = AT_FRAME;
    if (gsp__crc32(0, frame, s->n_frame - N_TRAILER) != read_u32(frame + s->n_frame - N_TRAILER))
        return GSP__EVENTSTREAM_REFUSED;
    take_headers(s, frame + N_PRELUDE, frame + headers_end(s));
    s->bytes = frame + N_PRELUDE + s->n_headers;
    s->n = s->n_frame - N_PRELUDE - s->n_headers - N_TRAILER;
    if (s->n == 0)
        return GSP__EVENTSTREAM_EVENT;
    s->state = AT_END;
    return GSP__EVENTSTREAM_DATA;
}

/* The head of a frame that is too large to be held. */
static void take_head(struct gsp__eventstream *s)
{
    take_headers(s, s->held + N_PRELUDE, s->held + s->n_held);
    s->crc = gsp__crc32(0, s->held, s->n_held);
    s->n_left = s->n_frame - s->n_held - N_TRAILER;
    s->n_skip = N_PRELUDE + s->n_headers - s->n_held;
    s->n_held = 0;
    s->state = IN_PAYLOAD;
}

static enum gsp__eventstream_token begin_frame(struct gsp__eventstream *s)
{
    if (s->n_held == 0 && (size_t)(s->end - s->p) >= N_PRELUDE) {
        const char *frame = s->p;

        if (!check_prelude(s, frame))
            return lose(s);
        if ((size_t)(s->end - frame) >= s->n_frame) {
            s->p += s->n_frame;
            return take_frame(s, frame);
        }
    }
    if (!hold(s, N_PRELUDE))
        return GSP__EVENTSTREAM_MORE;
    if (!check_prelude(s, s->held))
        return lose(s);
    s->state = IN_FRAME;
    return GSP__EVENTSTREAM_MORE;
}

static enum gsp__eventstream_token continue_frame(struct gsp__eventstream *s)
{
    if (s->n_frame <= sizeof s->held)
        return hold(s, s->n_frame) ? take_frame(s, s->held) : GSP__EVENTSTREAM_MORE;
    if (hold(s, headers_end(s)))
        take_head(s);
    return GSP__EVENTSTREAM_MORE;
}

static enum gsp__eventstream_token continue_payload(struct gsp__eventstream *s)
{
    size_t left = (size_t)(s->end - s->p);
    uint32_t wanted = s->n_skip > 0 ? s->n_skip : s->n_left;
    uint32_t n = wanted < left ? wanted : (uint32_t)left;

    if (wanted == 0) {
        s->state = IN_TRAILER;
        return GSP__EVENTSTREAM_MORE;
    }
    s->bytes = s->p;
    s->n = n;
    s->p += n;
    s->n_left -= n;
    s->crc = gsp__crc32(s->crc, s->bytes, n);
    if (s->n_skip == 0)
        return GSP__EVENTSTREAM_DATA;
    s->n_skip -= n;
    return GSP__EVENTSTREAM_MORE;
}

enum gsp__eventstream_token gsp__eventstream_next(struct gsp__eventstream *s)
{
    enum gsp__eventstream_token token = GSP__EVENTSTREAM_MORE;

    if (s->state == AT_END) {
        s->state = AT_FRAME;
        return GSP__EVENTSTREAM_EVENT;
    }
    while (s->p < s->end && token == GSP__EVENTSTREAM_MORE) {
        switch ((enum state)s->state) {
        case AT_FRAME:
            token = begin_frame(s);
            break;
        case IN_FRAME:
            token = continue_frame(s);
            break;
        case IN_PAYLOAD:
            token = continue_payload(s);
            break;
        case IN_TRAILER:
            if (!hold(s, N_TRAILER))
                return GSP__EVENTSTREAM_MORE;
            token = read_u32(s->held) == s->crc ? GSP__EVENTSTREAM_EVENT : GSP__EVENTSTREAM_REFUSED;
            s->n_held = 0;
            s->state = AT_FRAME;
            break;
        default: /* LOST */
            s->p = s->end;
            break;
        }
    }
    return token;
}

bool gsp__eventstream_finish(const struct gsp__eventstream *s)
{
    return (s->state == AT_FRAME && s->n_held == 0) || s->state == LOST;
}
