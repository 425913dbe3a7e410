/*
 * cohere.v2_chat: Cohere's chat, version 2, as JSON and as SSE (message-start, content-*, tool-plan-delta,
 * tool-call-*, citation-*, message-end). Cohere counts tokens, and bills fewer: both are reported. What the
 * model plans to do with tools is reasoning, no text.
 */
#include "wire/cohere_v2_chat.h"

#include <string.h>

#include "record/fact_types.h"
#include "wire/answer.h"

enum action {
    NOTHING,
    /* request */
    MODEL,
    STREAM,
    MESSAGES,
    TOOLS,
    RESPONSE_FORMAT,
    TEMPERATURE,
    TOP_P,
    TOP_K,
    SEED,
    MAX_TOKENS,
    STOP,
    PRESENCE_PENALTY,
    FREQUENCY_PENALTY,
    /* response */
    DOCUMENT,
    ID,
    INDEX,
    CONTENT,
    REASONING,
    FINISH,
    TOOL_CALL,
    TOOL_EVENT,
    TOOL_ID,
    TOOL_NAME,
    TOOL_ARGUMENTS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    BILLED_INPUT_TOKENS,
    BILLED_OUTPUT_TOKENS,
    CACHED_TOKENS,
    ERROR_MESSAGE,
};

static const struct gsp__node in_request_format[] = {
    GSP__NODE("type", FACT, RESPONSE_FORMAT),
};

#define REQUEST_NODES(messages, tools)                                                                       \
    GSP__NODE("model", FACT, MODEL), messages, GSP__NODE("stream", FACT, STREAM), tools,                     \
        GSP__NODE("temperature", FACT, TEMPERATURE), GSP__NODE("max_tokens", FACT, MAX_TOKENS),              \
        GSP__NODE("k", FACT, TOP_K), GSP__NODE("p", FACT, TOP_P), GSP__NODE("seed", FACT, SEED),             \
        GSP__NODE("stop_sequences", FACT, STOP), GSP__NODE("frequency_penalty", FACT, FREQUENCY_PENALTY),    \
        GSP__NODE("presence_penalty", FACT, PRESENCE_PENALTY),                                               \
        GSP__NODE_PARENT("response_format", OBJECT, NOTHING, in_request_format)

static const struct gsp__node in_request[] = {
    REQUEST_NODES(GSP__NODE("messages", COUNT, MESSAGES), GSP__NODE("tools", COUNT, TOOLS)),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request);

/*
 * What it says. A document is what a tool has found.
 */

static const struct gsp__node in_said_url[] = {
    GSP__NODE("url", TEXT, GSP__PROMPT_URL),
};

static const struct gsp__node in_said_document[] = {
    GSP__NODE("id", SKIP, NOTHING),
    GSP__NODE("data", RAW, GSP__PROMPT_TEXT),
};

static const struct gsp__node in_said_part[] = {
    GSP__NODE("type", FACT, GSP__PROMPT_TYPE),
    GSP__NODE("text", TEXT, GSP__PROMPT_TEXT),
    GSP__NODE("thinking", TEXT, GSP__PROMPT_REASONING),
    GSP__NODE_PARENT("image_url", OBJECT, GSP__PROMPT_IMAGE, in_said_url),
    GSP__NODE_PARENT("document", OBJECT, NOTHING, in_said_document),
};

static const struct gsp__node in_said_function[] = {
    GSP__NODE("name", FACT, GSP__PROMPT_CALL_NAME),
    GSP__NODE("arguments", RAW, GSP__PROMPT_ARGUMENTS),
};

static const struct gsp__node in_said_call[] = {
    GSP__NODE("id", FACT, GSP__PROMPT_CALL_ID),
    GSP__NODE("type", SKIP, NOTHING),
    GSP__NODE_PARENT("function", OBJECT, NOTHING, in_said_function),
};

static const struct gsp__node in_said_message[] = {
    GSP__NODE("role", FACT, GSP__PROMPT_ROLE),
    GSP__NODE_PARENT("content", TEXT, GSP__PROMPT_TEXT, in_said_part),
    GSP__NODE_PARENT("tool_calls", OBJECT, GSP__PROMPT_PART, in_said_call),
    GSP__NODE("tool_plan", TEXT, GSP__PROMPT_REASONING),
    GSP__NODE("tool_call_id", FACT, GSP__PROMPT_RESPONSE_ID),
};

static const struct gsp__node in_content_root[] = {
    REQUEST_NODES(GSP__NODE_PARENT("messages", COUNT, GSP__PROMPT_MESSAGE, in_said_message),
                  GSP__NODE("tools", ITEMS, GSP__PROMPT_TOOL)),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

static void request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    (void)event;
    switch ((enum action)d->map.action) {
    case MODEL:
        gsp__request_string(d, GSP_FACT_REQUEST_MODEL);
        break;
    case STREAM:
        gsp__request_bool(d, GSP_FACT_STREAM);
        break;
    case MESSAGES:
        gsp__request_put_int(d, GSP_FACT_MESSAGE_COUNT, d->map.count);
        break;
    case TOOLS:
        if (d->map.count > 0)
            gsp__request_put_int(d, GSP_FACT_TOOL_COUNT, d->map.count);
        break;
    case RESPONSE_FORMAT:
        gsp__request_string(d, GSP_FACT_RESPONSE_FORMAT);
        break;
    case TEMPERATURE:
        gsp__request_real(d, GSP_FACT_TEMPERATURE);
        break;
    case TOP_P:
        gsp__request_real(d, GSP_FACT_TOP_P);
        break;
    case TOP_K:
        gsp__request_int(d, GSP_FACT_TOP_K);
        break;
    case SEED:
        gsp__request_int(d, GSP_FACT_SEED);
        break;
    case MAX_TOKENS:
        gsp__request_int(d, GSP_FACT_MAX_TOKENS);
        break;
    case STOP:
        gsp__request_item(d, GSP_FACT_STOP_SEQUENCE);
        break;
    case PRESENCE_PENALTY:
        gsp__request_real(d, GSP_FACT_PRESENCE_PENALTY);
        break;
    case FREQUENCY_PENALTY:
        gsp__request_real(d, GSP_FACT_FREQUENCY_PENALTY);
        break;
    default:
        break;
    }
}

static const struct gsp__node in_tokens[] = {
    GSP__NODE("input_tokens", FACT, INPUT_TOKENS),
    GSP__NODE("output_tokens", FACT, OUTPUT_TOKENS),
};

static const struct gsp__node in_billed_units[] = {
    GSP__NODE("input_tokens", FACT, BILLED_INPUT_TOKENS),
    GSP__NODE("output_tokens", FACT, BILLED_OUTPUT_TOKENS),
};

static const struct gsp__node in_usage[] = {
    GSP__NODE_PARENT("billed_units", OBJECT, NOTHING, in_billed_units),
    GSP__NODE_PARENT("tokens", OBJECT, NOTHING, in_tokens),
    GSP__NODE("cached_tokens", FACT, CACHED_TOKENS),
};

static const struct gsp__node in_function[] = {
    GSP__NODE("name", FACT, TOOL_NAME),
    GSP__NODE("arguments", TEXT, TOOL_ARGUMENTS),
};

static const struct gsp__node in_tool_call[] = {
    GSP__NODE("id", FACT, TOOL_ID),
    GSP__NODE("type", SKIP, NOTHING),
    GSP__NODE_PARENT("function", OBJECT, NOTHING, in_function),
};

static const struct gsp__node in_content[] = {
    GSP__NODE("type", SKIP, NOTHING),
    GSP__NODE("text", TEXT, CONTENT),
    GSP__NODE("thinking", TEXT, REASONING),
};

static const struct gsp__node in_delta_message[] = {
    GSP__NODE_PARENT("content", TEXT, CONTENT, in_content),
    GSP__NODE("tool_plan", TEXT, REASONING),
    GSP__NODE_PARENT("tool_calls", OBJECT, TOOL_EVENT, in_tool_call),
};

static const struct gsp__node in_delta[] = {
    GSP__NODE_PARENT("message", OBJECT, NOTHING, in_delta_message),
    GSP__NODE("error", FACT, ERROR_MESSAGE),
    GSP__NODE("finish_reason", FACT, FINISH),
    GSP__NODE_PARENT("usage", OBJECT, NOTHING, in_usage),
};

static const struct gsp__node in_message[] = {
    GSP__NODE("role", SKIP, NOTHING),        GSP__NODE_PARENT("content", TEXT, CONTENT, in_content),
    GSP__NODE("tool_plan", TEXT, REASONING), GSP__NODE_PARENT("tool_calls", OBJECT, TOOL_CALL, in_tool_call),
    GSP__NODE("citations", SKIP, NOTHING),
};

/* `message` is the answer, or what an error says */
static const struct gsp__node in_response[] = {
    GSP__NODE("type", SKIP, NOTHING),
    GSP__NODE("index", FACT, INDEX),
    GSP__NODE_PARENT("delta", OBJECT, NOTHING, in_delta),
    GSP__NODE("id", FACT, ID),
    GSP__NODE_PARENT("message", FACT, ERROR_MESSAGE, in_message),
    GSP__NODE("finish_reason", FACT, FINISH),
    GSP__NODE_PARENT("usage", OBJECT, NOTHING, in_usage),
    GSP__NODE("error", FACT, ERROR_MESSAGE),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, DOCUMENT, in_response);

struct state {
    bool is_tool_event; /* a call is in the event */
};

static bool is_word(const struct gsp__json_map *m, const char *word)
{
    return m->token == GSP__JSON_STRING && m->value.n == strlen(word) &&
           memcmp(m->value.bytes, word, m->value.n) == 0;
}

/* Cohere has reasons that are errors; `error` says more of them, or not. */
static void finish(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    gsp__answer_finish(d);
    if (!is_word(m, "ERROR") && !is_word(m, "TIMEOUT"))
        return;
    gsp__decoder_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, m);
    gsp__decoder_error(d);
}

static void count(struct gsp__decoder *d)
{
    static const gsp_usage parts[] = {
        [INPUT_TOKENS - INPUT_TOKENS] = GSP_USAGE_INPUT_TOKENS,
        [OUTPUT_TOKENS - INPUT_TOKENS] = GSP_USAGE_OUTPUT_TOKENS,
        [BILLED_INPUT_TOKENS - INPUT_TOKENS] = GSP_USAGE_BILLED_INPUT_TOKENS,
        [BILLED_OUTPUT_TOKENS - INPUT_TOKENS] = GSP_USAGE_BILLED_OUTPUT_TOKENS,
        [CACHED_TOKENS - INPUT_TOKENS] = GSP_USAGE_CACHE_READ_TOKENS,
    };

    gsp__decoder_usage(d, parts[d->map.action - INPUT_TOKENS], &d->map);
}

static void value(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    switch ((enum action)m->action) {
    case ID:
        if (gsp__decoder_string(d, GSP_FACT_RESPONSE_ID, m))
            gsp__decoder_request_id(d, m);
        break;
    case INDEX:
        gsp__answer_tool_index(d);
        break;
    case CONTENT:
        gsp__decoder_text(d, 0, GSP_MARK_TEXT, m);
        break;
    case REASONING:
        gsp__decoder_text(d, 0, GSP_MARK_REASONING, m);
        break;
    case FINISH:
        finish(d);
        break;
    case TOOL_ID:
        gsp__answer_tool_id(d);
        break;
    case TOOL_NAME:
        gsp__answer_tool_name(d);
        break;
    case TOOL_ARGUMENTS:
        gsp__answer_arguments(d);
        break;
    case INPUT_TOKENS:
    case OUTPUT_TOKENS:
    case BILLED_INPUT_TOKENS:
    case BILLED_OUTPUT_TOKENS:
    case CACHED_TOKENS:
        count(d);
        break;
    case ERROR_MESSAGE:
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        if (m->token == GSP__JSON_STRING)
            gsp__decoder_error(d);
        break;
    default:
        break;
    }
}

/* An event has one call at most, and its index may come after it: it ends with the event. */
static void end_document(struct gsp__decoder *d)
{
    if (GSP__STATE_OF(d, struct state)->is_tool_event)
        gsp__answer_end_tool(d);
    gsp__answer_end_choice(d);
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    unsigned action = d->map.action;

    switch (event) {
    case GSP__MAP_ENTER:
        if (action == DOCUMENT) {
            gsp__answer_begin_choice(d);
            gsp__answer_begin_tool(d);
            d->answer.choice = 0;
            GSP__STATE_OF(d, struct state)->is_tool_event = false;
        } else if (action == TOOL_CALL) {
            gsp__answer_begin_tool(d);
        } else if (action == TOOL_EVENT) {
            GSP__STATE_OF(d, struct state)->is_tool_event = true;
        }
        break;
    case GSP__MAP_LEAVE:
        if (action == TOOL_CALL)
            gsp__answer_end_tool(d);
        else if (action == DOCUMENT)
            end_document(d);
        break;
    case GSP__MAP_PIECE:
    case GSP__MAP_VALUE:
        value(d);
        break;
    default:
        break;
    }
}

const struct gsp__format gsp__cohere_v2_chat = {
    .name = "cohere.v2_chat",
    .operation = "chat",
    .provider = "cohere",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
};
