/*
 * Where a decoder puts what it finds. The functions are called while the decoder is fed, in the order of
 * the stream; all but `self` must be set, except where it says so. Strings are good for the call only.
 */
#ifndef GSP_WIRE_SINK_H
#define GSP_WIRE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

    /* A tool call in the answer. May come again with what was missing: the same choice and index is the
     * same call. Either string may be empty. */
    void (*tool_call)(void *self, unsigned choice, unsigned index, const char *id, size_t n_id,
                      const char *name, size_t n_name);

    /* One event of a stream. */
    void (*mark)(void *self, gsp_mark mark, int64_t now_ns);

    /* The response is, or contains, the provider's error; its type, code and message came as facts. */
    void (*error)(void *self);

    /* A piece of text, reasoning or tool arguments; NULL where capture is off. */
    void (*content)(void *self, unsigned choice, gsp_mark kind, const char *bytes, size_t n);

    /* The last n bytes of content of this choice and kind are of another, which the provider says only after
     * them (Gemini). NULL where nobody asks. */
    void (*move)(void *self, unsigned choice, gsp_mark kind, unsigned to_choice, gsp_mark to_kind, size_t n);
};

#endif
