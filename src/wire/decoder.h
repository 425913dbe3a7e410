/*
 * The decoder: one HTTP exchange's bodies in, facts out. A fixed-size object without allocation, I/O or
 * clock; fed in any cuts, in one pass, without a copy of the stream.
 *
 * The framing (JSON document, SSE) and the format (openai.chat ...) are apart: a format is a table of
 * JSON keys and a function that says what each value means (wire/format.h).
 */
#ifndef GSP_WIRE_DECODER_H
#define GSP_WIRE_DECODER_H

#include "wire/format.h"
#include "wire/json_map.h"
#include "wire/sink.h"
#include "wire/sse.h"

enum gsp__framing {
    GSP__FRAMING_UNKNOWN, /* the first byte of the body decides */
    GSP__FRAMING_JSON,
    GSP__FRAMING_SSE,
    GSP__FRAMING_OTHER, /* not decoded */
};

/* The name as in the corpus: "json", "sse"; "" for the others. */
const char *gsp__framing_name(enum gsp__framing framing);

/* What a Content-Type header says of the framing. */
enum gsp__framing gsp__framing_of(const char *content_type, size_t n);

/* The request's side. */
struct gsp__request_decoder {
    const struct gsp__format *format;
    const struct gsp__sink *sink;
    void *self;
    bool is_over; /* complete, or not JSON */
    uint64_t seen[4];
    struct gsp__json_map map;
};

void gsp__request_init(struct gsp__request_decoder *d, const struct gsp__format *format,
                       const struct gsp__sink *sink, void *self);
void gsp__request_body(struct gsp__request_decoder *d, const char *bytes, size_t n);

/* The response's side. */
struct gsp__decoder {
    const struct gsp__format *format;
    const struct gsp__sink *sink;
    void *self;
    enum gsp__framing framing;
    uint64_t seen[4]; /* facts that were handed over */
    int64_t now_ns;

    /* of the event that is being read */
    bool is_event_open;
    bool is_event_bad;
    bool is_event_done; /* the event's document is complete */
    uint8_t n_done;     /* characters of "[DONE]" that were seen */
    uint8_t kinds;      /* content in it: one bit per gsp_mark */

    /* of the whole response */
    bool is_terminal; /* a terminal event or a finish reason was seen */
    bool is_error;    /* the provider's error was seen */
    bool has_usage;
    uint32_t n_bad; /* events and documents that could not be read */
    uint32_t n_tool_calls;
    uint64_t n_events;     /* data events, "[DONE]" not counted */
    uint64_t n_text_bytes; /* visible text of all choices */
    uint64_t n_reasoning_bytes;
    uint64_t n_argument_bytes;

    union gsp__format_state state;
    struct gsp__sse sse;
    struct gsp__json_map map;
};

void gsp__decoder_init(struct gsp__decoder *d, const struct gsp__format *format, enum gsp__framing framing,
                       const struct gsp__sink *sink, void *self);

/* Bytes of the response body, content coding removed. `now_ns` is given on to the sink's marks. */
void gsp__decoder_body(struct gsp__decoder *d, const char *bytes, size_t n, int64_t now_ns);

/*
 * The body has ended: the last event, totals (bytes of text, reasoning and arguments, tool calls, bad
 * events). A JSON document that is not whole counts as bad.
 */
void gsp__decoder_finish(struct gsp__decoder *d, int64_t now_ns);

/*
 * For formats: hand over a value. Strings, numbers and booleans each once per fact (true if this was the
 * once); values that are not what the fact wants (negative counts, fractions, text for a number) are
 * passed over. A code may be a string or a number.
 */
bool gsp__decoder_string(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m);
void gsp__decoder_code(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m);
void gsp__decoder_real(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m, double scale);
void gsp__decoder_usage(struct gsp__decoder *d, gsp_usage part, const struct gsp__json_map *m);
void gsp__decoder_text(struct gsp__decoder *d, unsigned choice, gsp_mark kind, const struct gsp__json_map *m);
void gsp__decoder_error(struct gsp__decoder *d);

/* Whether the event that is read has this name, as far as it is known: SSE may tell it after the data. */
bool gsp__decoder_event_is(const struct gsp__decoder *d, const char *name);

void gsp__request_string(struct gsp__request_decoder *d, unsigned fact);
void gsp__request_int(struct gsp__request_decoder *d, unsigned fact);
void gsp__request_real(struct gsp__request_decoder *d, unsigned fact);
void gsp__request_bool(struct gsp__request_decoder *d, unsigned fact);

/* A value that the format worked out; each once per fact. */
void gsp__request_put_int(struct gsp__request_decoder *d, unsigned fact, int64_t value);

#endif
