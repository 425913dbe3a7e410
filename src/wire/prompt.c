/*
 * Messages, instructions and tools of a request as pieces.
 */
#include "wire/prompt.h"

#include <string.h>

#include "base/compiler.h"
#include "base/utf8.h"
#include "wire/request.h"

static struct gsp__spot spot_of(const struct gsp__prompt *p, unsigned part)
{
    return (struct gsp__spot){p->is_in_instructions ? GSP_CONTENT_INSTRUCTIONS : GSP_CONTENT_INPUT,
                              p->is_in_instructions ? 0 : p->place, (uint16_t)part};
}

static void put(const struct gsp__request_decoder *d, unsigned part, gsp_content_kind kind,
                struct gsp__json_slice value)
{
    gsp__content_put(d->sink, d->self, spot_of(&d->prompt, part), kind, value.bytes, value.n);
}

static bool is(struct gsp__json_slice value, const char *word)
{
    return value.n == strlen(word) && memcmp(value.bytes, word, value.n) == 0;
}

static bool ends_with(struct gsp__json_slice value, const char *end)
{
    size_t n = strlen(end);

    return value.n >= n && memcmp(value.bytes + value.n - n, end, n) == 0;
}

/*
 * Messages and their parts.
 */

#define LAST_PLACE   (UINT16_MAX - 1) /* of the last message, where it is known to be the last */
#define RESULT_PLACE UINT16_MAX       /* of what tools have answered to it */

static void put_role(struct gsp__request_decoder *d, const char *role)
{
    if (d->prompt.has_role)
        return;
    d->prompt.has_role = true;
    put(d, 0, GSP_CONTENT_ROLE, (struct gsp__json_slice){role, strlen(role)});
}

/* Its role may come later: NULL. */
static void begin_at(struct gsp__request_decoder *d, unsigned place, const char *role)
{
    struct gsp__prompt *p = &d->prompt;

    p->place = (uint16_t)place;
    p->n_parts = p->single_part = 0;
    p->is_in_part = p->has_media = p->is_in_media = p->is_thought = false;
    p->has_role = p->is_tool = p->is_output = false;
    p->is_in_instructions = false;
    p->n_id = 0;
    p->n_text = 0;
    p->hint = GSP__MODALITY_UNKNOWN;
    if (role)
        put_role(d, role);
}

static void begin_message(struct gsp__request_decoder *d, const char *role)
{
    struct gsp__prompt *p = &d->prompt;

    begin_at(d, p->n_messages, role);
    if (p->n_messages < LAST_PLACE - 1)
        p->n_messages++;
}

static uint16_t next_part(struct gsp__prompt *p)
{
    uint16_t *n = p->is_in_instructions ? &p->n_instructions : &p->n_parts;

    return *n < UINT16_MAX ? (*n)++ : UINT16_MAX;
}

static void begin_part(struct gsp__prompt *p)
{
    p->part = next_part(p);
    p->is_in_part = true;
    p->has_media = p->is_in_media = p->is_thought = false;
    p->n_text = 0;
    p->hint = GSP__MODALITY_UNKNOWN;
}

/* What a tool has said is one response, in whichever pieces. */
static unsigned single_part(struct gsp__prompt *p)
{
    if (p->single_part == 0)
        p->single_part = (uint16_t)(next_part(p) + 1);
    return p->single_part - 1u;
}

/* The part of a call or a response, which stands in a part of the message or is all there is in it. */
static unsigned own_part(struct gsp__prompt *p)
{
    return p->is_in_part ? p->part : single_part(p);
}

static void end_message(struct gsp__request_decoder *d)
{
    struct gsp__prompt *p = &d->prompt;

    if (p->n_id > 0)
        put(d, own_part(p), p->is_output ? GSP_CONTENT_TOOL_RESPONSE_ID : GSP_CONTENT_TOOL_CALL_ID,
            (struct gsp__json_slice){p->id, p->n_id});
    if (p->n_parts > 0)
        put_role(d, "user"); /* whose it is where nobody says so */
    p->is_in_part = false;
}

static void begin_only(struct gsp__request_decoder *d)
{
    if (!d->prompt.has_only)
        begin_message(d, "user");
    d->prompt.has_only = true;
}

/*
 * Values.
 */

/* The words of the semantic conventions for what providers say; else it is theirs. */
static void take_role(struct gsp__request_decoder *d)
{
    static const char *const roles[][2] = {
        {"model", "assistant"}, {"CHATBOT", "assistant"}, {"Chatbot", "assistant"}, {"USER", "user"},
        {"User", "user"},       {"SYSTEM", "system"},     {"System", "system"},     {"TOOL", "tool"},
        {"Tool", "tool"},       {"function", "tool"},
    };
    struct gsp__prompt *p = &d->prompt;
    struct gsp__json_slice role = d->map.value;

    if (p->has_role || role.n == 0)
        return;
    for (size_t i = 0; i < GSP__COUNT_OF(roles); i++)
        if (is(role, roles[i][0]))
            role = (struct gsp__json_slice){roles[i][1], strlen(roles[i][1])};
    p->has_role = true;
    put(d, 0, GSP_CONTENT_ROLE, role);
    p->is_tool = is(role, "tool");
    if (!p->is_tool || p->n_text == 0)
        return;
    gsp__content_move(d->sink, d->self, spot_of(p, p->part), GSP_CONTENT_TEXT, spot_of(p, single_part(p)),
                      GSP_CONTENT_TOOL_RESPONSE, p->n_text);
    p->n_text = 0;
}

static void take_thought(struct gsp__request_decoder *d)
{
    struct gsp__prompt *p = &d->prompt;

    p->is_thought = true;
    gsp__content_move(d->sink, d->self, spot_of(p, p->part), GSP_CONTENT_TEXT, spot_of(p, p->part),
                      GSP_CONTENT_REASONING, p->n_text);
    p->n_text = 0;
}

/* The words of all formats for a part's type, as far as they say more than its keys do. */
static void take_type(struct gsp__request_decoder *d)
{
    static const struct {
        const char *word;
        uint8_t modality;
    } words[] = {
        {"image", GSP__MODALITY_IMAGE},       {"input_image", GSP__MODALITY_IMAGE},
        {"document", GSP__MODALITY_DOCUMENT}, {"input_file", GSP__MODALITY_DOCUMENT},
        {"file", GSP__MODALITY_DOCUMENT},     {"container_upload", GSP__MODALITY_DOCUMENT},
        {"input_audio", GSP__MODALITY_AUDIO}, {"video", GSP__MODALITY_VIDEO},
        {"input_video", GSP__MODALITY_VIDEO}, {"computer_screenshot", GSP__MODALITY_IMAGE},
        {"image_file", GSP__MODALITY_IMAGE},
    };
    struct gsp__prompt *p = &d->prompt;

    if (is(d->map.value, "reasoning_text"))
        take_thought(d);
    for (size_t i = 0; i < GSP__COUNT_OF(words); i++)
        if (is(d->map.value, words[i].word))
            p->hint = words[i].modality;
    if (p->is_in_media)
        gsp__media_modality(&p->media, (enum gsp__modality)p->hint);
}

/* An item may be more than a message with a role. */
static void take_item_type(struct gsp__request_decoder *d)
{
    struct gsp__prompt *p = &d->prompt;

    p->is_output = ends_with(d->map.value, "_output");
    if (p->is_output)
        put_role(d, "tool");
    else if (ends_with(d->map.value, "_call") || is(d->map.value, "reasoning"))
        put_role(d, "assistant");
}

static void keep_id(struct gsp__request_decoder *d)
{
    struct gsp__prompt *p = &d->prompt;

    p->n_id = (uint8_t)gsp__utf8_cut(d->map.value.bytes, d->map.value.n, sizeof p->id);
    if (p->n_id > 0)
        memcpy(p->id, d->map.value.bytes, p->n_id);
}

/*
 * Media.
 */

static void begin_media(struct gsp__request_decoder *d, enum gsp__modality modality)
{
    struct gsp__prompt *p = &d->prompt;
    unsigned part = p->is_in_part && !p->has_media ? p->part : next_part(p);

    p->has_media = p->is_in_media = true;
    gsp__media_begin(&p->media, d->sink, d->self, spot_of(p, part),
                     modality == GSP__MODALITY_UNKNOWN ? (enum gsp__modality)p->hint : modality);
}

/* Keys of media that stand in the part itself. */
static struct gsp__media *media_of(struct gsp__request_decoder *d)
{
    if (!d->prompt.is_in_media)
        begin_media(d, GSP__MODALITY_UNKNOWN);
    return &d->prompt.media;
}

static enum gsp__modality modality_of(unsigned action)
{
    return action == GSP__PROMPT_IMAGE                                       ? GSP__MODALITY_IMAGE
           : action == GSP__PROMPT_AUDIO || action == GSP__PROMPT_ONLY_AUDIO ? GSP__MODALITY_AUDIO
           : action == GSP__PROMPT_VIDEO                                     ? GSP__MODALITY_VIDEO
           : action == GSP__PROMPT_DOCUMENT                                  ? GSP__MODALITY_DOCUMENT
                                                                             : GSP__MODALITY_UNKNOWN;
}

/* Inline data is base64, or the text itself: what its size is, the type tells that may stand behind it. */
static void end_source(struct gsp__prompt *p)
{
    if (p->media.n_bytes > 0)
        gsp__media_size(&p->media, p->is_text_data ? p->media.n_bytes : p->media.n_base64 * 3 / 4);
}

/*
 * A form's file.
 */

void gsp__prompt_begin_file(struct gsp__request_decoder *d, const char *type, size_t n_type)
{
    begin_only(d);
    begin_media(d, GSP__MODALITY_AUDIO);
    gsp__media_type(&d->prompt.media, (struct gsp__json_slice){type, n_type});
}

void gsp__prompt_end_file(struct gsp__request_decoder *d, uint64_t n_bytes)
{
    gsp__media_size(&d->prompt.media, n_bytes);
}

/*
 * Events.
 */

static void take_text(struct gsp__request_decoder *d, bool is_first)
{
    struct gsp__prompt *p = &d->prompt;

    if (p->is_tool) {
        put(d, single_part(p), GSP_CONTENT_TOOL_RESPONSE, d->map.value);
        return;
    }
    if (is_first && !p->is_in_part) {
        p->part = next_part(p);
        p->n_text = 0;
    }
    if (p->is_thought) {
        put(d, p->part, GSP_CONTENT_REASONING, d->map.value);
    } else {
        put(d, p->part, GSP_CONTENT_TEXT, d->map.value);
        p->n_text += d->map.value.n;
    }
}

static void take_reasoning(struct gsp__request_decoder *d, bool is_first)
{
    struct gsp__prompt *p = &d->prompt;

    if (is_first && !p->is_in_part)
        p->part = next_part(p);
    put(d, p->part, GSP_CONTENT_REASONING, d->map.value);
}

/* A string that is a message, or all of one. */
static void take_message_text(struct gsp__request_decoder *d, unsigned action, bool is_first)
{
    if (action == GSP__PROMPT_ONLY || action == GSP__PROMPT_SPEECH)
        begin_only(d);
    else if (is_first && action == GSP__PROMPT_LAST)
        begin_at(d, LAST_PLACE, "user");
    else if (is_first)
        begin_message(d, "user");
    take_text(d, is_first);
    if (action == GSP__PROMPT_SPEECH)
        gsp__request_characters(d);
    else if (action == GSP__PROMPT_LAST)
        d->n_counted += d->map.token == GSP__JSON_STRING;
}

static void take_instructions(struct gsp__request_decoder *d, bool is_first)
{
    struct gsp__prompt *p = &d->prompt;

    p->is_in_instructions = true;
    if (is_first)
        p->part = next_part(p);
    put(d, p->part, GSP_CONTENT_TEXT, d->map.value);
    p->is_in_instructions = false;
}

static void take_media(struct gsp__request_decoder *d, unsigned action, bool is_first, bool is_last)
{
    struct gsp__prompt *p = &d->prompt;

    switch (action) {
    case GSP__PROMPT_BASE64:
        gsp__media_base64(media_of(d), d->map.value, is_last);
        break;
    case GSP__PROMPT_SOURCE_DATA:
        gsp__media_base64(media_of(d), d->map.value, false);
        break;
    case GSP__PROMPT_IMAGES:
    case GSP__PROMPT_ONLY_IMAGES:
        if (action == GSP__PROMPT_ONLY_IMAGES)
            begin_only(d);
        if (is_first)
            begin_media(d, GSP__MODALITY_IMAGE);
        gsp__media_base64(&p->media, d->map.value, is_last);
        break;
    case GSP__PROMPT_URL:
        gsp__media_url(media_of(d), d->map.value, is_last);
        break;
    default:
        if (action == GSP__PROMPT_ONLY_AUDIO)
            begin_only(d);
        if (is_first)
            begin_media(d, modality_of(action));
        gsp__media_url(&p->media, d->map.value, is_last);
        break;
    }
}

static void take_tool(struct gsp__request_decoder *d)
{
    unsigned place = d->map.index < UINT16_MAX ? d->map.index : UINT16_MAX;

    gsp__content_put(d->sink, d->self, (struct gsp__spot){GSP_CONTENT_TOOLS, (uint16_t)place, 0},
                     GSP_CONTENT_JSON, d->map.value.bytes, d->map.value.n);
}

static void take_piece(struct gsp__request_decoder *d, unsigned action)
{
    struct gsp__prompt *p = &d->prompt;
    bool is_first = !p->is_open, is_last = d->map.token == GSP__JSON_STRING;

    p->is_open = !is_last;
    switch (action) {
    case GSP__PROMPT_ITEM:
    case GSP__PROMPT_INPUT:
    case GSP__PROMPT_LAST:
    case GSP__PROMPT_ONLY:
    case GSP__PROMPT_SPEECH:
        take_message_text(d, action, is_first);
        break;
    case GSP__PROMPT_INSTRUCTIONS:
        take_instructions(d, is_first);
        break;
    case GSP__PROMPT_TOOL:
        take_tool(d);
        break;
    case GSP__PROMPT_TEXT:
        take_text(d, is_first);
        break;
    case GSP__PROMPT_REASONING:
        take_reasoning(d, is_first);
        break;
    case GSP__PROMPT_ARGUMENTS:
        put(d, own_part(p), GSP_CONTENT_TOOL_CALL_ARGUMENTS, d->map.value);
        break;
    case GSP__PROMPT_RESPONSE:
        put(d, own_part(p), GSP_CONTENT_TOOL_RESPONSE, d->map.value);
        break;
    default:
        take_media(d, action, is_first, is_last);
        break;
    }
}

static void take_value(struct gsp__request_decoder *d, unsigned action)
{
    struct gsp__prompt *p = &d->prompt;
    struct gsp__json_slice value = d->map.value;

    if (action == GSP__PROMPT_THOUGHT && d->map.token == GSP__JSON_TRUE)
        take_thought(d);
    if (d->map.token != GSP__JSON_STRING)
        return;
    switch (action) {
    case GSP__PROMPT_ROLE:
        take_role(d);
        break;
    case GSP__PROMPT_NAME:
        put(d, 0, GSP_CONTENT_NAME, value);
        break;
    case GSP__PROMPT_TYPE:
        take_type(d);
        break;
    case GSP__PROMPT_ITEM_TYPE:
        take_item_type(d);
        break;
    case GSP__PROMPT_CALL_ID:
        put(d, own_part(p), GSP_CONTENT_TOOL_CALL_ID, value);
        break;
    case GSP__PROMPT_CALL_NAME:
        put(d, own_part(p), GSP_CONTENT_TOOL_CALL_NAME, value);
        break;
    case GSP__PROMPT_RESPONSE_ID:
        put(d, own_part(p), GSP_CONTENT_TOOL_RESPONSE_ID, value);
        break;
    case GSP__PROMPT_EITHER_ID:
        keep_id(d);
        break;
    case GSP__PROMPT_FILE_ID:
        gsp__media_file_id(media_of(d), value);
        break;
    case GSP__PROMPT_MIME:
        gsp__media_type(media_of(d), value);
        break;
    case GSP__PROMPT_FORMAT:
        gsp__media_format(media_of(d), value);
        break;
    case GSP__PROMPT_SOURCE_TYPE:
        p->is_text_data = is(value, "text");
        break;
    default:
        break;
    }
}

static void enter(struct gsp__request_decoder *d, unsigned action)
{
    struct gsp__prompt *p = &d->prompt;

    switch (action) {
    case GSP__PROMPT_MESSAGE:
    case GSP__PROMPT_HISTORY:
    case GSP__PROMPT_ITEM:
        begin_message(d, NULL);
        break;
    case GSP__PROMPT_INSTRUCTIONS:
        p->is_in_instructions = true;
        begin_part(p);
        break;
    case GSP__PROMPT_RESULTS:
        if (d->map.index == 0)
            begin_at(d, RESULT_PLACE, "tool");
        begin_part(p);
        break;
    case GSP__PROMPT_PART:
    case GSP__PROMPT_TEXT:
        begin_part(p);
        break;
    case GSP__PROMPT_RESPONSE: /* of more than one part: it has the same place in the message */
        p->hint = GSP__MODALITY_UNKNOWN;
        p->is_in_media = false;
        break;
    case GSP__PROMPT_SOURCE:
        p->is_text_data = false;
        begin_media(d, GSP__MODALITY_UNKNOWN);
        break;
    case GSP__PROMPT_MEDIA:
    case GSP__PROMPT_IMAGE:
    case GSP__PROMPT_AUDIO:
    case GSP__PROMPT_VIDEO:
    case GSP__PROMPT_DOCUMENT:
        begin_media(d, modality_of(action));
        break;
    default:
        break;
    }
}

static void leave(struct gsp__request_decoder *d, unsigned action)
{
    struct gsp__prompt *p = &d->prompt;

    switch (action) {
    case GSP__PROMPT_MESSAGE:
    case GSP__PROMPT_HISTORY:
    case GSP__PROMPT_ITEM:
        end_message(d);
        break;
    case GSP__PROMPT_INSTRUCTIONS:
        p->is_in_instructions = false;
        p->is_in_part = false;
        break;
    case GSP__PROMPT_RESULTS:
    case GSP__PROMPT_PART:
    case GSP__PROMPT_TEXT:
        p->is_in_part = false;
        break;
    case GSP__PROMPT_SOURCE:
        end_source(p);
        break;
    default:
        break;
    }
}

void gsp__prompt_event(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    unsigned action = d->map.action;

    switch (event) {
    case GSP__MAP_ENTER:
        enter(d, action);
        break;
    case GSP__MAP_LEAVE:
        leave(d, action);
        break;
    case GSP__MAP_PIECE:
        take_piece(d, action);
        break;
    case GSP__MAP_VALUE:
        take_value(d, action);
        break;
    case GSP__MAP_COUNT:
        if (action == GSP__PROMPT_MESSAGE)
            gsp__request_put_int(d, GSP_FACT_MESSAGE_COUNT, d->map.count);
        else if (action == GSP__PROMPT_HISTORY)
            d->n_counted += d->map.count;
        else if (action == GSP__PROMPT_TOOL && d->map.count > 0)
            gsp__request_put_int(d, GSP_FACT_TOOL_COUNT, d->map.count);
        break;
    default:
        break;
    }
}
