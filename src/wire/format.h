/*
 * A wire format: which keys of a request and a response it knows, and what they mean. One file pair each.
 */
#ifndef GSP_WIRE_FORMAT_H
#define GSP_WIRE_FORMAT_H

#include "wire/json_map.h"
#include "wire/openai_chat.h"

struct gsp__decoder;
struct gsp__request_decoder;

struct gsp__format {
    const char *name;      /* "openai.chat" */
    const char *operation; /* gen_ai.operation.name of what it carries */
    const char *provider;  /* of an unknown host that speaks it: the one whose format it is */
    const struct gsp__node *request_nodes;
    const struct gsp__node *response_nodes;
    void (*request)(struct gsp__request_decoder *d, enum gsp__map_event event);
    void (*response)(struct gsp__decoder *d, enum gsp__map_event event);
    void (*begin_event)(struct gsp__decoder *d); /* NULL: nothing to do */
};

/* What formats keep while they read a response. */
union gsp__format_state {
    struct gsp__openai_chat_state openai_chat;
};

/*
 * The format of a request, by its path (query left out). NULL where it is none that we know: such traffic
 * is passed over, never guessed.
 */
const struct gsp__format *gsp__format_of(const char *path, size_t n);

/* The format of this name, or NULL. */
const struct gsp__format *gsp__format_named(const char *name);

#endif
