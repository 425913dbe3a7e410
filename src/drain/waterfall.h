/*
 * A call as a picture in the terminal: its attempts and the waits between them on one time axis, with the
 * facts a person asks for first.
 */
#ifndef GSP_DRAIN_WATERFALL_H
#define GSP_DRAIN_WATERFALL_H

#include "base/buffer.h"
#include "derive/call.h"

struct gsp__waterfall_style {
    unsigned width; /* columns of the terminal; at least 60 */
    bool is_utf8;   /* else ASCII only */
    bool has_colour;
};

/* What this terminal is: COLUMNS, the locale's character set, NO_COLOR. */
struct gsp__waterfall_style gsp__waterfall_style_of(int fd);

/* Append the picture, with line ends. Text from providers is shown without control characters. */
void gsp__waterfall(struct gsp__buffer *out, const struct gsp__call *call,
                    const struct gsp__waterfall_style *style);

/*
 * Text from outside, for a terminal: at most `max` bytes, without control characters (a hostile name must
 * not move the cursor), as ASCII where the terminal has no more.
 */
void gsp__put_terminal_text(struct gsp__buffer *out, struct gsp__string s, size_t max, bool is_utf8);

/* A time for people: 850 µs, 12.3 ms, 1.36 s, 2 m 5 s. */
void gsp__put_duration(struct gsp__buffer *out, int64_t ns, bool is_utf8);

#endif
