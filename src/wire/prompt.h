/*
 * What a request says, as pieces of content: messages, instructions and tools. A format has a second table of
 * nodes for it (gsp__format.content_root), whose actions are those of gsp__prompt_action where a value is
 * content, and its own where it is a fact. Where capture is off that table is not used.
 *
 * Keys come in any order: what a value is may be told behind it (a tool's answer by its role, a thought by a
 * flag). It is then moved, see gsp__sink.
 */
#ifndef GSP_WIRE_PROMPT_H
#define GSP_WIRE_PROMPT_H

#include "wire/json_map.h"
#include "wire/media.h"

#define GSP__PROMPT_ID_MAX 96

struct gsp__request_decoder;

/*
 * Each stands with the node types it is for. Where one of a text has children, the text may be a list of
 * objects, each of which is a part of the message.
 */
enum gsp__prompt_action {
    GSP__PROMPT_FIRST = 128,

    GSP__PROMPT_MESSAGE =
        GSP__PROMPT_FIRST,    /* COUNT: the list of messages; an object: a message of another */
    GSP__PROMPT_ITEM,         /* TEXT: one message, or a list of items which are messages */
    GSP__PROMPT_INPUT,        /* TEXT: each string is a message of the user's */
    GSP__PROMPT_HISTORY,      /* COUNT: messages before the last; n_counted counts all */
    GSP__PROMPT_LAST,         /* TEXT: the last message, wherever its key stands */
    GSP__PROMPT_RESULTS,      /* OBJECT: what tools have answered to it, each a part */
    GSP__PROMPT_ONLY,         /* TEXT: of the only message there is */
    GSP__PROMPT_SPEECH,       /* the same, which is to be spoken: counted besides */
    GSP__PROMPT_INSTRUCTIONS, /* TEXT, OBJECT */
    GSP__PROMPT_TOOL,         /* ITEMS: the list of tools */

    GSP__PROMPT_PART, /* OBJECT: a part of a message */
    GSP__PROMPT_TEXT,
    GSP__PROMPT_REASONING,
    GSP__PROMPT_ARGUMENTS, /* TEXT, RAW: of a tool call */
    GSP__PROMPT_RESPONSE,  /* TEXT, RAW: a tool's */

    /* FACT, all of them */
    GSP__PROMPT_ROLE,
    GSP__PROMPT_NAME,
    GSP__PROMPT_TYPE,      /* of a part */
    GSP__PROMPT_ITEM_TYPE, /* of an item */
    GSP__PROMPT_THOUGHT,   /* true: the part's text is reasoning */
    GSP__PROMPT_CALL_ID,
    GSP__PROMPT_CALL_NAME,
    GSP__PROMPT_RESPONSE_ID,
    GSP__PROMPT_EITHER_ID, /* of an item: of its call, or of the call that it responds to */

    /* media; the first five as OBJECT, or as TEXT of a URL */
    GSP__PROMPT_MEDIA,
    GSP__PROMPT_IMAGE,
    GSP__PROMPT_AUDIO,
    GSP__PROMPT_VIDEO,
    GSP__PROMPT_DOCUMENT,
    GSP__PROMPT_URL,         /* TEXT */
    GSP__PROMPT_BASE64,      /* TEXT */
    GSP__PROMPT_IMAGES,      /* TEXT: base64, each string an image */
    GSP__PROMPT_ONLY_IMAGES, /* the same, of the only message there is */
    GSP__PROMPT_ONLY_AUDIO,  /* TEXT: the URL of the recording that the request is about */
    GSP__PROMPT_FILE_ID,     /* FACT */
    GSP__PROMPT_MIME,        /* FACT */
    GSP__PROMPT_FORMAT,      /* FACT: such as "png" */
    GSP__PROMPT_SOURCE,      /* OBJECT: Anthropic's; data in it is base64 or text, as its type says */
    GSP__PROMPT_SOURCE_TYPE, /* FACT */
    GSP__PROMPT_SOURCE_DATA, /* TEXT */
    GSP__PROMPT_FILE,        /* TEXT: a recording as a form's file */
};

/* What is known of the message and the part that are being read. */
struct gsp__prompt {
    uint32_t n_messages;
    uint16_t place;
    uint16_t part;        /* that is being read, or the text outside of one */
    uint16_t single_part; /* of the message's call or response, where it is no part by itself; and one */
    uint16_t n_parts;
    uint16_t n_instructions;
    uint8_t hint;      /* the modality that the part's type tells */
    bool is_open;      /* inside of a string */
    bool is_in_part;   /* else its text stands in the message itself */
    bool has_media;    /* in the part */
    bool is_in_media;  /* what is said of media is said of the last one */
    bool has_only;     /* the only message there is has begun */
    bool has_role;     /* of the message */
    bool is_tool;      /* its role is a tool's */
    bool is_output;    /* so is its type */
    bool is_thought;   /* the part's text is */
    bool is_text_data; /* of a source: no base64 */
    bool is_in_instructions;
    uint8_t n_id;
    char id[GSP__PROMPT_ID_MAX];
    uint64_t n_text; /* bytes of the part's text so far */
    struct gsp__media media;
};

/* What an event of the map with one of these actions means. */
void gsp__prompt_event(struct gsp__request_decoder *d, enum gsp__map_event event);

/* A form's file with this MIME type (n_type 0: none was told), and its size. */
void gsp__prompt_begin_file(struct gsp__request_decoder *d, const char *type, size_t n_type);
void gsp__prompt_end_file(struct gsp__request_decoder *d, uint64_t n_bytes);

#endif
