/*
 * The decoder: the body of an HTTP response in, facts out. A fixed-size object without allocation, I/O or
 * clock; fed in any cuts, in one pass, without a copy of the stream. wire/request.h is its other side.
 *
 * The framing (wire/framing.h) and the format (openai.chat ...) are apart: a format is a tree of JSON keys
 * and a function that says what each value means (wire/format.h).
 */
#ifndef GSP_WIRE_DECODER_H
#define GSP_WIRE_DECODER_H

#include "wire/eventstream.h"
#include "wire/format.h"
#include "wire/framing.h"
#include "wire/json_map.h"
#include "wire/media.h"
#include "wire/request.h"
#include "wire/sink.h"
#include "wire/sse.h"

#define GSP__BEGINNING_MAX    256
#define GSP__FORMAT_STATE_MAX 384
#define GSP__TOOL_ID_MAX      96
#define GSP__TOOL_NAME_MAX    128
#define GSP__TOOL_CHOICES_MAX 8 /* tool calls are told apart in so many choices, 64 in each */

/* What is known of the choice and the tool call that are being read (wire/answer.h). */
struct gsp__answer {
    uint64_t tool_calls[GSP__TOOL_CHOICES_MAX]; /* one bit per index that was counted */
    uint32_t choice;
    uint32_t tool_index;
    uint32_t arguments_index; /* under which arguments were handed over */
    uint64_t n_arguments;     /* bytes of them, of the call that is being read */
    uint64_t n_text;          /* bytes of text and of reasoning that were handed over of this choice */
    uint64_t n_reasoning;
    bool has_tool_index;
    uint8_t n_finish;
    uint8_t n_tool_id;
    uint8_t n_tool_name;
    char finish[32];
    char tool_id[GSP__TOOL_ID_MAX];
    char tool_name[GSP__TOOL_NAME_MAX];
};

struct gsp__decoder {
    const struct gsp__format *format;
    const struct gsp__sink *sink;
    void *self;
    enum gsp__framing framing;
    bool has_begun;    /* the framing is settled */
    bool is_line_over; /* one document was read, and its line is over: see is_line_stream */
    uint64_t seen[4];  /* facts that were handed over */
    int64_t now_ns;

    /* of the event that is being read */
    bool is_event_open;
    bool is_event_bad;
    uint8_t n_done; /* characters of "[DONE]" that were seen */
    uint8_t kinds;  /* content in it: one bit per gsp_mark */
    uint8_t n_name; /* SSE's event field, the type of a frame; SSE may tell it only at the end */
    const char *name;
    uint64_t n_base64; /* of a string of audio that is being read */

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
    uint64_t n_audio_bytes; /* of audio as it is, not as base64 */
    uint16_t n_media;       /* others, and the audio as the first */
    bool has_audio_type;

    struct gsp__answer answer;
    struct gsp__media media;
    /* what the format keeps besides, zero at the beginning; see GSP__STATE_OF */
    union {
        uint64_t align;
        char bytes[GSP__FORMAT_STATE_MAX];
    } state;
    union {
        struct gsp__sse sse;
        struct gsp__eventstream eventstream;
    } frames;
    struct gsp__json_map map;

    /* The beginning that events have in common, where the format says so: what is the same as in an event
     * before says nothing new, and is not read again. */
    struct gsp__map_place place;
    uint16_t n_beginning; /* 0: none yet */
    char beginning[GSP__BEGINNING_MAX];
};

/* A format's own state, a struct of its source file that has to fit. */
#define GSP__STATE_OF(d, type)                                                                               \
    ((void)sizeof(char[sizeof(type) <= GSP__FORMAT_STATE_MAX ? 1 : -1]), (type *)(void *)(d)->state.bytes)

/* GSP__FRAMING_UNKNOWN: the body's first bytes decide. */
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
 * Whether the end of such a body can be seen in it. Otherwise the connection's end is its end: of bytes, of a
 * text, of lines that none of them ends.
 */
static inline bool gsp__decoder_has_end(const struct gsp__decoder *d)
{
    bool is_endless = d->framing == GSP__FRAMING_NDJSON && d->format->is_endless;

    return gsp__framing_is_decoded(d->framing) && d->framing != GSP__FRAMING_RAW &&
           d->framing != GSP__FRAMING_TEXT && !is_endless;
}

/*
 * For formats.
 */

/* Whether the event has this name. */
bool gsp__decoder_event_is(const struct gsp__decoder *d, const char *name);

/* For a format's unwrap: the next bytes of the event's own document. */
void gsp__decoder_read(struct gsp__decoder *d, const char *bytes, size_t n);

/* With begins_alike: what was just read is of this event alone, so that its beginning is not kept. */
void gsp__decoder_begins_apart(struct gsp__decoder *d);

/* The response is, or contains, the provider's error. */
void gsp__decoder_error(struct gsp__decoder *d);

/* The answer's end was seen: a stream that breaks off now has lost nothing. */
void gsp__decoder_terminal(struct gsp__decoder *d);

/*
 * Hand over the value that was just read, each fact once (true if this was the once). What is not what the
 * fact wants (a negative count, a fraction, text for a number) is passed over. A code may be a string or a
 * number.
 */
bool gsp__decoder_string(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m);
void gsp__decoder_code(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m);
void gsp__decoder_int(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m);
void gsp__decoder_real(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m, double scale);

/* The same for what did not come as a JSON value. */
void gsp__decoder_put_real(struct gsp__decoder *d, unsigned fact, double value);
bool gsp__decoder_put_string(struct gsp__decoder *d, unsigned fact, const char *bytes, size_t n, bool is_cut);

/* A list's item: each string counts, and may be there before. */
void gsp__decoder_item(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m);
void gsp__decoder_request_id(struct gsp__decoder *d, const struct gsp__json_map *m);

/* A part of the usage: whole numbers from 0 on are reports, all else is none (US-3); the last one stands. */
void gsp__decoder_usage(struct gsp__decoder *d, gsp_usage part, const struct gsp__json_map *m);
bool gsp__decoder_tokens(const struct gsp__json_map *m, int64_t *out);
void gsp__decoder_put_usage(struct gsp__decoder *d, gsp_usage part, int64_t tokens);

/*
 * The value that was just read, as what a table says of it: for formats with many values that are handed over
 * as they are.
 */
enum gsp__as {
    GSP__AS_NOTHING,
    GSP__AS_STRING,
    GSP__AS_ITEM,
    GSP__AS_CODE,
    GSP__AS_INT,
    GSP__AS_REAL,
    GSP__AS_MILLIS, /* milliseconds, a fact in seconds */
    GSP__AS_TOKENS, /* a part of the usage */
};

struct gsp__meaning {
    uint8_t as;
    uint8_t what; /* the fact, or the part of the usage */
};

void gsp__decoder_take(struct gsp__decoder *d, struct gsp__meaning meaning);

/* A piece of content: text or reasoning; of a tool's arguments see wire/answer.h. */
void gsp__decoder_text(struct gsp__decoder *d, unsigned choice, gsp_mark kind, const struct gsp__json_map *m);

/* What is text to the one who waits, but not the answer's: a refusal, the transcript of an audio answer. It
 * is a part of its own. */
void gsp__decoder_aside(struct gsp__decoder *d, unsigned choice, const struct gsp__json_map *m);

/* The last n bytes of text of this choice were reasoning after all, or the other way round. */
void gsp__decoder_move(struct gsp__decoder *d, unsigned choice, gsp_mark kind, gsp_mark to_kind, uint64_t n);

/* A piece of audio as base64. All audio is one part of the answer, whose size is told at the end. */
void gsp__decoder_base64_audio(struct gsp__decoder *d, const struct gsp__json_map *m);
void gsp__decoder_audio_type(struct gsp__decoder *d, struct gsp__json_slice mime_type);

void gsp__decoder_end_audio(struct gsp__decoder *d); /* the response is over */

/* Other media in the answer, one at a time: a part each. Then what wire/media.h has, or a piece of its URL.
 */
struct gsp__media *gsp__decoder_begin_media(struct gsp__decoder *d, unsigned choice,
                                            enum gsp__modality modality);
void gsp__decoder_media_url(struct gsp__decoder *d, const struct gsp__json_map *m);

#endif
