/*
 * Where a decoder puts what it finds. The functions are called while the decoder is fed, in the order of
 * the stream; all but `self` must be set, except where it says so. Strings are good for the call only.
 */
#ifndef GSP_WIRE_SINK_H
#define GSP_WIRE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <genspan/content.h>
#include <genspan/operation.h>

struct gsp__sink {
    /* A fact of the vocabulary. `index` is the choice of a finish reason, else 0; `is_cut` if the
     * string was longer than what is handed over. Each fact at most once, lists item by item; only the
     * response's model comes again where another one takes over in the middle of an answer. */
    void (*string)(void *self, unsigned fact, unsigned index, const char *bytes, size_t n, bool is_cut);
    void (*integer)(void *self, unsigned fact, int64_t value);
    void (*real)(void *self, unsigned fact, double value);
    void (*boolean)(void *self, unsigned fact, bool value);

    /* One part of the usage as it now stands; the last value counts (US-2). */
    void (*usage)(void *self, gsp_usage part, int64_t tokens);

    /* One event of a stream. */
    void (*mark)(void *self, gsp_mark mark, int64_t now_ns);

    /* The response is, or contains, the provider's error; its type, code and message came as facts. */
    void (*error)(void *self);

    /*
     * A piece of content, of the request or the answer, in the shape of CO-2; NULL where capture is off: then
     * no byte of content is copied. Pieces of text, reasoning, arguments, responses, JSON and URIs are
     * joined, as many as the input was cut into; all others are whole, and the first of its kind in a part
     * (of a message, for its role and name) counts. Places and parts say an order, and may leave out numbers.
     * The answer's messages have no role: it is the assistant's.
     */
    void (*piece)(void *self, const gsp_content_piece *piece);

    /*
     * The last n_bytes that came as `from` (by side, place, part and kind) are of `to` after all: providers
     * may say only behind a text which choice it is of, or that it was a thought. NULL where nobody asks.
     * Both have no bytes; n_bytes is the same in both, and not 0.
     */
    void (*move)(void *self, const gsp_content_piece *from, const gsp_content_piece *to);
};

#endif
