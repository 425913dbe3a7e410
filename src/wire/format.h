/*
 * A wire format: which keys of a request and a response it knows, and what they mean. One file pair each.
 */
#ifndef GSP_WIRE_FORMAT_H
#define GSP_WIRE_FORMAT_H

#include "wire/json_map.h"

struct gsp__decoder;
struct gsp__request_decoder;

struct gsp__format {
    const char *name;                     /* "openai.chat" */
    const char *operation;                /* gen_ai.operation.name of what it carries */
    const char *provider;                 /* of an unknown host that speaks it: the one whose format it is */
    const struct gsp__node *request_root; /* NULL: its body says nothing */
    const struct gsp__node *content_root; /* the same with what it says; NULL: that is no content */
    const struct gsp__node *response_root;
    void (*request)(struct gsp__request_decoder *d, enum gsp__map_event event);
    void (*response)(struct gsp__decoder *d, enum gsp__map_event event);

    /* all of these may be NULL */
    void (*target)(struct gsp__request_decoder *d, const char *target, size_t n); /* path and query */
    void (*end_request)(struct gsp__request_decoder *d);                          /* the body is complete */
    const char *(*operation_of)(const char *target, size_t n); /* instead of `operation`, by path and query */
    void (*unwrap)(struct gsp__decoder *d, const char *bytes,
                   size_t n); /* an event's data, see gsp__decoder_read */
    void (*begin_event)(struct gsp__decoder *d);
    void (*end_event)(struct gsp__decoder *d); /* before its mark is made */
    void (*end)(struct gsp__decoder *d);       /* the response is over */

    /* Events begin with facts of the whole answer (id, model ...), which say nothing again when they come
     * again; what an event says of itself comes after them. `begin_event` sets right what such a fact sets.
     */
    bool begins_alike;
    bool is_array_stream; /* an array as the document is a stream of its elements */
    bool is_eventstream;  /* a body that is no text is AWS frames, where no header tells the type */
    bool is_line_stream;  /* so are documents line by line, whatever their type says */
    bool is_endless;      /* no line of such a stream is its last: the connection ends it */
    bool is_audio;        /* answers may be audio, also of a type that says nothing */
    bool is_text;         /* answers may be plain text */
};

#endif
