/*
 * Server-sent events (WHATWG HTML, 9.2): fed with bytes in any cuts, it gives the pieces of each event's
 * data as they come, without holding a line back. Lines end in LF, CRLF or CR; a byte order mark at the
 * very start and comments are passed over; an event that the stream ends in is given without its blank
 * line.
 *
 * A line longer than GSP__SSE_LINE_MAX is refused: its event ends as GSP__SSE_REFUSED, and the stream
 * goes on with the next.
 */
#ifndef GSP_WIRE_SSE_H
#define GSP_WIRE_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GSP__SSE_LINE_MAX ((uint32_t)8 << 20)
#define GSP__SSE_NAME_MAX 48 /* of an event's name; a longer one is cut */

enum gsp__sse_token {
    GSP__SSE_MORE,    /* the input is used up */
    GSP__SSE_DATA,    /* a piece of the event's data */
    GSP__SSE_EVENT,   /* the event is complete */
    GSP__SSE_REFUSED, /* the event is over; it had too long a line, and its data is not whole */
};

struct gsp__sse {
    const char *p, *end;
    uint32_t n_line; /* bytes of the current line */
    uint8_t state;
    uint8_t field; /* which field the current line is of */
    uint8_t n_matched;
    uint8_t n_name;
    bool has_data;        /* the event has a data line */
    bool is_named_before; /* `name` is that of the event before */
    bool is_refused;
    bool after_cr;                /* a LF that comes next belongs to the CR before */
    bool is_started;              /* the byte order mark can no longer come */
    char name[GSP__SSE_NAME_MAX]; /* of the event, good when it is complete */
    const char *bytes;            /* of GSP__SSE_DATA, good until the next call */
    size_t n;
};

void gsp__sse_init(struct gsp__sse *s);

static inline void gsp__sse_feed(struct gsp__sse *s, const char *bytes, size_t n)
{
    s->p = bytes;
    s->end = bytes + n;
}

enum gsp__sse_token gsp__sse_next(struct gsp__sse *s);

/* The stream has ended: GSP__SSE_EVENT or GSP__SSE_REFUSED if an event was open, else GSP__SSE_MORE. */
enum gsp__sse_token gsp__sse_finish(struct gsp__sse *s);

#endif
