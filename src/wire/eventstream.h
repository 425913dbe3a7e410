/*
 * The binary event stream of AWS (application/vnd.amazon.eventstream), fed with bytes in any cuts.
 *
 * A frame, integers big-endian:
 *     off          size
 *       0             4  length of the whole frame, n
 *       4             4  length of the headers, h
 *       8             4  CRC-32 of bytes 0 to 7
 *      12             h  headers: name length (1), name, type (1), value; a string's value (type 7) is
 *                        its length (2) and its bytes
 *      12 + h  n - h - 16  payload
 *       n - 4         4  CRC-32 of bytes 0 to n - 5
 *
 * A frame that lies whole in the input, or fits into GSP__EVENTSTREAM_HELD_MAX, is checked before anything of
 * it is handed out. The payload of a larger one that is cut is handed out as it comes and judged at its end.
 * A frame with a wrong checksum is refused, and the stream goes on with the next; after a prelude that cannot
 * be, the frames' borders are lost: that is refused once, and the rest passed over. Of a frame that does not
 * fit, headers are read as far as they would be held.
 */
#ifndef GSP_WIRE_EVENTSTREAM_H
#define GSP_WIRE_EVENTSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GSP__EVENTSTREAM_FRAME_MAX   ((uint32_t)24 << 20)
#define GSP__EVENTSTREAM_HEADERS_MAX ((uint32_t)128 << 10)
#define GSP__EVENTSTREAM_HELD_MAX    1024
#define GSP__EVENTSTREAM_NAME_MAX    48 /* of an event's type; a longer one is cut */

enum gsp__eventstream_token {
    GSP__EVENTSTREAM_MORE,    /* the input is used up */
    GSP__EVENTSTREAM_DATA,    /* a piece of the payload */
    GSP__EVENTSTREAM_EVENT,   /* the frame is complete and its checksum right */
    GSP__EVENTSTREAM_REFUSED, /* the frame is broken; what was handed out of it is not to be trusted */
};

struct gsp__eventstream {
    const char *p, *end;
    uint8_t state;
    bool is_exception; /* :message-type is exception or error */
    uint8_t n_type;
    char type[GSP__EVENTSTREAM_NAME_MAX]; /* :event-type, :exception-type or :error-code */
    size_t n_message;
    const char *message; /* :error-message, or NULL; good until the call after the frame's last token */
    uint32_t n_frame, n_headers;
    uint32_t n_skip; /* of its headers, to be passed over */
    uint32_t n_left; /* of the payload of a frame that is handed out as it comes */
    uint32_t crc;
    uint32_t n_held;
    const char *bytes; /* of GSP__EVENTSTREAM_DATA, good until the next call */
    size_t n;
    char held[GSP__EVENTSTREAM_HELD_MAX];
};

void gsp__eventstream_init(struct gsp__eventstream *s);

static inline void gsp__eventstream_feed(struct gsp__eventstream *s, const char *bytes, size_t n)
{
    s->p = bytes;
    s->end = bytes + n;
}

enum gsp__eventstream_token gsp__eventstream_next(struct gsp__eventstream *s);

/* The stream has ended: true if it did so between two frames. */
bool gsp__eventstream_finish(const struct gsp__eventstream *s);

#endif
