/*
 * Messages as values.
 */
#include "derive/message_values.h"

#include <string.h>

#define PAIRS_MAX 7 /* of a part or a message */

/* A map that is being made. */
struct map {
    struct gsp__attribute *pairs;
    uint32_t n;
};

static bool begin(struct gsp__arena *arena, struct map *m)
{
    m->n = 0;
    m->pairs = gsp__arena_get(arena, PAIRS_MAX * sizeof *m->pairs);
    return m->pairs != NULL;
}

static struct gsp__value *add(struct map *m, const char *key)
{
    struct gsp__attribute *pair = &m->pairs[m->n++];

    memset(pair, 0, sizeof *pair);
    pair->key = (struct gsp__string){key, strlen(key)};
    return &pair->value;
}

static void add_string(struct map *m, const char *key, struct gsp__string s)
{
    struct gsp__value *value = add(m, key);

    value->type = GSP__VALUE_STRING;
    value->u.string = s.n ? s : GSP__STRING("");
}

/* A string where there is one. */
static void add_known(struct map *m, const char *key, struct gsp__string s)
{
    if (s.n > 0)
        add_string(m, key, s);
}

static struct gsp__value as_value(const struct map *m)
{
    return (struct gsp__value){.type = GSP__VALUE_MAP, .n = m->n, .u.pairs = m->pairs};
}

/* A reference where there is one; of inline media what it is and how much. */
static void add_media(struct map *m, const struct gsp__part *part)
{
    bool is_file = part->file_id.n > 0, is_uri = !is_file && part->uri.n > 0;
    struct gsp__value *size;

    add_string(m, "type", is_file ? GSP__STRING("file") : is_uri ? GSP__STRING("uri") : GSP__STRING("media"));
    add_known(m, "modality", part->modality);
    add_known(m, "mime_type", part->mime_type);
    if (is_file)
        add_string(m, "file_id", part->file_id);
    if (is_uri)
        add_string(m, "uri", part->uri);
    if (part->has_size) {
        size = add(m, "byte_size");
        size->type = GSP__VALUE_INT;
        size->u.integer = part->n_bytes > INT64_MAX ? INT64_MAX : (int64_t)part->n_bytes;
    }
}

static bool part_value(struct gsp__arena *arena, const struct gsp__part *part, struct gsp__value *out)
{
    struct gsp__value *truncated;
    struct map m;

    if (!begin(arena, &m))
        return false;
    switch (part->type) {
    case GSP__PART_TEXT:
    case GSP__PART_REASONING:
        add_string(&m, "type", part->type == GSP__PART_TEXT ? GSP__STRING("text") : GSP__STRING("reasoning"));
        add_string(&m, "content", part->text);
        break;
    case GSP__PART_TOOL_CALL:
        add_string(&m, "type", GSP__STRING("tool_call"));
        add_known(&m, "id", part->id);
        add_string(&m, "name", part->name);
        add_known(&m, "arguments", part->text);
        break;
    case GSP__PART_TOOL_RESPONSE:
        add_string(&m, "type", GSP__STRING("tool_call_response"));
        add_known(&m, "id", part->id);
        add_string(&m, "response", part->text);
        break;
    case GSP__PART_MEDIA:
        add_media(&m, part);
        break;
    }
    if (part->is_cut) {
        truncated = add(&m, "truncated");
        truncated->type = GSP__VALUE_BOOL;
        truncated->u.boolean = true;
    }
    *out = as_value(&m);
    return true;
}

/* Room for an array's items, which the caller fills. */
static struct gsp__value *array_value(struct gsp__arena *arena, uint32_t n, struct gsp__value *out)
{
    struct gsp__value *items = gsp__arena_get(arena, (n + 1) * sizeof *items);

    *out = (struct gsp__value){.type = GSP__VALUE_ARRAY, .n = n, .u.items = items};
    return items;
}

bool gsp__parts_value(struct gsp__arena *arena, const struct gsp__part *parts, uint32_t n_parts,
                      struct gsp__value *out)
{
    struct gsp__value *items = array_value(arena, n_parts, out);

    if (!items)
        return false;
    for (uint32_t i = 0; i < n_parts; i++)
        if (!part_value(arena, &parts[i], &items[i]))
            return false;
    return true;
}

static bool message_value(struct gsp__arena *arena, const struct gsp__message *message,
                          struct gsp__value *out)
{
    struct map m;

    if (!begin(arena, &m))
        return false;
    add_string(&m, "role", message->role);
    if (!gsp__parts_value(arena, message->parts, message->n_parts, add(&m, "parts")))
        return false;
    add_known(&m, "name", message->name);
    add_known(&m, "finish_reason", message->finish_reason);
    *out = as_value(&m);
    return true;
}

bool gsp__messages_value(struct gsp__arena *arena, const struct gsp__messages *messages,
                         struct gsp__value *out)
{
    struct gsp__value *items = array_value(arena, messages->n, out);

    if (!items)
        return false;
    for (uint32_t i = 0; i < messages->n; i++)
        if (!message_value(arena, &messages->items[i], &items[i]))
            return false;
    return true;
}

/* Whether a definition is there to its end: where there was no room, the last may not be. */
static bool is_whole(struct gsp__string json)
{
    return json.n >= 2 && json.bytes[0] == '{' && json.bytes[json.n - 1] == '}';
}

bool gsp__tools_value(struct gsp__arena *arena, const struct gsp__string *tools, uint32_t n_tools,
                      struct gsp__value *out)
{
    size_t n = 2;
    char *text;

    for (uint32_t i = 0; i < n_tools; i++)
        n += tools[i].n + 1;
    text = gsp__arena_get(arena, n);
    if (!text)
        return false;
    n = 0;
    for (uint32_t i = 0; i < n_tools; i++) {
        if (!is_whole(tools[i]))
            continue;
        text[n] = n == 0 ? '[' : ',';
        memcpy(text + n + 1, tools[i].bytes, tools[i].n);
        n += 1 + tools[i].n;
    }
    if (n == 0)
        text[n++] = '[';
    text[n++] = ']';
    *out = (struct gsp__value){.type = GSP__VALUE_STRING, .u.string = {text, n}};
    return true;
}
