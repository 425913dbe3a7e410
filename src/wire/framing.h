/*
 * How a response body is cut into documents.
 */
#ifndef GSP_WIRE_FRAMING_H
#define GSP_WIRE_FRAMING_H

#include <stdbool.h>
#include <stddef.h>

enum gsp__framing {
    GSP__FRAMING_UNKNOWN, /* the first byte of the body decides */
    GSP__FRAMING_JSON,
    GSP__FRAMING_JSON_ARRAY,  /* one array, whose elements come one by one as a stream */
    GSP__FRAMING_SSE,         /* server-sent events */
    GSP__FRAMING_NDJSON,      /* one document per line */
    GSP__FRAMING_EVENTSTREAM, /* application/vnd.amazon.eventstream */
    GSP__FRAMING_RAW,         /* no documents: the bytes of an audio file */
    GSP__FRAMING_TEXT,  /* no documents: a text that is the answer, or nothing where no format answers so */
    GSP__FRAMING_BYTES, /* a type that says no more: audio where the format answers in audio */
    GSP__FRAMING_OTHER, /* not decoded */
};

/* The name as in the corpus: "json", "sse" ...; "" where nothing is decoded. */
const char *gsp__framing_name(enum gsp__framing framing);

/* What a Content-Type header says of the framing. */
enum gsp__framing gsp__framing_of(const char *content_type, size_t n);

/*
 * What a body's first byte that is not blank says, where no header does: an object or array is JSON, a field
 * name or a comment is SSE.
 */
enum gsp__framing gsp__framing_sniff(char first);

/* What it says under an HTTP status: errors are neither audio nor a transcript, whatever their type says. */
static inline enum gsp__framing gsp__framing_under(enum gsp__framing f, int http_status)
{
    bool is_answer = f == GSP__FRAMING_RAW || f == GSP__FRAMING_TEXT || f == GSP__FRAMING_BYTES;

    return is_answer && http_status >= 400 ? GSP__FRAMING_UNKNOWN : f;
}

/* Whether it carries one event after the other, each at its time. */
static inline bool gsp__framing_is_stream(enum gsp__framing f)
{
    return f == GSP__FRAMING_SSE || f == GSP__FRAMING_NDJSON || f == GSP__FRAMING_EVENTSTREAM ||
           f == GSP__FRAMING_JSON_ARRAY;
}

/* Whether it is read at all. */
static inline bool gsp__framing_is_decoded(enum gsp__framing f)
{
    return f != GSP__FRAMING_UNKNOWN && f != GSP__FRAMING_OTHER;
}

#endif
