/*
 * Content of a call as messages: what dialects make their shapes of. Made from the pieces in a record; no
 * dialect sees those.
 */
#ifndef GSP_DERIVE_MESSAGES_H
#define GSP_DERIVE_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "derive/model.h"
#include "record/reader.h"

enum gsp__part_type {
    GSP__PART_TEXT,
    GSP__PART_REASONING,
    GSP__PART_TOOL_CALL,
    GSP__PART_TOOL_RESPONSE,
    GSP__PART_MEDIA,
};

struct gsp__part {
    enum gsp__part_type type;
    bool is_cut;             /* some of it is lost: there was no room */
    struct gsp__string text; /* of a text or reasoning; a tool call's arguments; a tool's response */
    struct gsp__string id;   /* of a tool call, also of the one that is responded to */
    struct gsp__string name; /* of the tool */
    struct gsp__string modality, mime_type, uri, file_id; /* of media */
    bool has_size;
    uint64_t n_bytes; /* of inline media */
};

/* Parts are in CO-2's order: media before text in input; content, reasoning, tool calls in output. */
struct gsp__message {
    struct gsp__string role;
    struct gsp__string name;
    struct gsp__string finish_reason; /* of output, where it is known */
    struct gsp__part *parts;
    uint32_t n_parts;
    uint16_t place; /* of output: the choice */
};

struct gsp__messages {
    struct gsp__message *items;
    uint32_t n;
};

/* All content of one record; what is not there is empty. Strings are UTF-8. */
struct gsp__content {
    struct gsp__messages input, output;
    struct gsp__part *instructions;
    uint32_t n_instructions;
    struct gsp__string *tools; /* each the JSON of one definition */
    uint32_t n_tools;
    struct gsp__string tool_arguments, tool_result, transcript, query, documents;
    bool is_cut; /* pieces are missing at the end */
};

/*
 * Make messages of a record's journal of content, which is not trusted: pieces that make no sense are left
 * out. Strings are in the arena or in the journal. False if the arena is full. Of more than
 * GSP__PARTS_MAX parts, the later ones are left out, and is_cut is set.
 */
bool gsp__content_read(const struct gsp__snapshot *snapshot, struct gsp__arena *arena,
                       struct gsp__content *out);

#define GSP__PARTS_MAX 16384u

#endif
