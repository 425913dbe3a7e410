/*
 * openai.responses: OpenAI's responses as JSON and as SSE, and those who speak them. What the answer consists
 * of is in wire/openai_responses_output.h.
 *
 * A stream's end is the event response.completed, response.incomplete or response.failed; there is no [DONE].
 * Usage comes with it and has cached and reasoning tokens in its totals: that is what US-1 wants.
 */
#include "wire/openai_responses.h"

#include <string.h>

#include "base/utf8.h"
#include "record/fact_types.h"
#include "wire/answer.h"
#include "wire/openai_responses_output.h"

enum action {
    NOTHING,
    /* request */
    MODEL,
    STREAM,
    TEMPERATURE,
    TOP_P,
    MAX_TOKENS,
    PRESENCE_PENALTY,
    FREQUENCY_PENALTY,
    REASONING_LEVEL,
    RESPONSE_FORMAT,
    SERVICE_TIER,
    PREVIOUS_RESPONSE,
    TOOLS,
    /* response */
    ITEM,
    EVENT_ITEM,
    PART,
    PART_MARK,
    /* of the answer */
    TYPE,
    DELTA,
    OUTPUT_INDEX,
    DONE_TEXT,
    DONE_ARGUMENTS,
    REFUSAL,
    ITEM_TYPE,
    ITEM_ARGUMENTS,
    ITEM_APPROVAL,
    ITEM_FORMAT,
    ITEM_IMAGE,
    TOOL_ID,
    TOOL_NAME,
    PART_TYPE,
    PART_TEXT,
    SUMMARY,
    BARE_CODE,
    BARE_MESSAGE,
    /* of the response */
    ID,
    OBJECT,
    STATUS,
    INCOMPLETE_REASON,
    WEB_SEARCHES,
    ERROR,
    ERROR_MESSAGE,
    ERROR_TYPE,
    ERROR_CODE,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    TOTAL_TOKENS,
    CACHED_TOKENS,
    CACHE_WRITE_TOKENS,
    AUDIO_INPUT_TOKENS,
    AUDIO_OUTPUT_TOKENS,
    TEXT_INPUT_TOKENS,
    TEXT_OUTPUT_TOKENS,
    IMAGE_INPUT_TOKENS,
    IMAGE_OUTPUT_TOKENS,
    REASONING_TOKENS,
    COST,
    N_ACTIONS,
};

/*
 * The request.
 */

static const struct gsp__node in_request_reasoning[] = {
    GSP__NODE("effort", FACT, REASONING_LEVEL),
};

static const struct gsp__node in_request_format[] = {
    GSP__NODE("type", FACT, RESPONSE_FORMAT),
};

static const struct gsp__node in_request_text[] = {
    GSP__NODE_PARENT("format", OBJECT, NOTHING, in_request_format),
};

#define REQUEST_NODES(input, instructions, tools)                                                            \
    input, GSP__NODE("model", FACT, MODEL), GSP__NODE("stream", FACT, STREAM), instructions,                 \
        GSP__NODE("temperature", FACT, TEMPERATURE), GSP__NODE("top_p", FACT, TOP_P),                        \
        GSP__NODE("max_output_tokens", FACT, MAX_TOKENS),                                                    \
        GSP__NODE("presence_penalty", FACT, PRESENCE_PENALTY),                                               \
        GSP__NODE("frequency_penalty", FACT, FREQUENCY_PENALTY),                                             \
        GSP__NODE_PARENT("reasoning", OBJECT, NOTHING, in_request_reasoning),                                \
        GSP__NODE_PARENT("text", OBJECT, NOTHING, in_request_text),                                          \
        GSP__NODE("service_tier", FACT, SERVICE_TIER),                                                       \
        GSP__NODE("previous_response_id", FACT, PREVIOUS_RESPONSE), tools

static const struct gsp__node in_request_root[] = {
    REQUEST_NODES(GSP__NODE("input", SKIP, NOTHING), GSP__NODE("instructions", SKIP, NOTHING),
                  GSP__NODE("tools", COUNT, TOOLS)),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

/*
 * What it says. Each item is a message: of its role, or what a tool is asked (the assistant's) or has
 * answered (the tool's).
 */

static const struct gsp__node in_said_audio[] = {
    GSP__NODE("data", TEXT, GSP__PROMPT_BASE64),
    GSP__NODE("format", FACT, GSP__PROMPT_FORMAT),
};

#define MEDIA_NODES                                                                                          \
    GSP__NODE("image_url", TEXT, GSP__PROMPT_IMAGE), GSP__NODE("file_id", FACT, GSP__PROMPT_FILE_ID),        \
        GSP__NODE("file_url", TEXT, GSP__PROMPT_DOCUMENT),                                                   \
        GSP__NODE("file_data", TEXT, GSP__PROMPT_DOCUMENT),                                                  \
        GSP__NODE_PARENT("input_audio", OBJECT, GSP__PROMPT_AUDIO, in_said_audio)

static const struct gsp__node in_said_part[] = {
    GSP__NODE("type", FACT, GSP__PROMPT_TYPE),
    GSP__NODE("text", TEXT, GSP__PROMPT_TEXT),
    GSP__NODE("refusal", TEXT, GSP__PROMPT_TEXT),
    MEDIA_NODES,
};

static const struct gsp__node in_said_output[] = {
    GSP__NODE("type", FACT, GSP__PROMPT_TYPE),
    GSP__NODE("text", TEXT, GSP__PROMPT_RESPONSE),
    MEDIA_NODES,
};

static const struct gsp__node in_said_summary[] = {
    GSP__NODE("type", SKIP, NOTHING),
    GSP__NODE("text", TEXT, GSP__PROMPT_REASONING),
};

static const struct gsp__node in_said_item[] = {
    GSP__NODE("type", FACT, GSP__PROMPT_ITEM_TYPE),
    GSP__NODE("role", FACT, GSP__PROMPT_ROLE),
    GSP__NODE_PARENT("content", TEXT, GSP__PROMPT_TEXT, in_said_part),
    GSP__NODE("call_id", FACT, GSP__PROMPT_EITHER_ID),
    GSP__NODE("name", FACT, GSP__PROMPT_CALL_NAME),
    GSP__NODE("arguments", TEXT, GSP__PROMPT_ARGUMENTS),
    GSP__NODE("input", TEXT, GSP__PROMPT_ARGUMENTS),
    GSP__NODE_PARENT("output", TEXT, GSP__PROMPT_RESPONSE, in_said_output),
    GSP__NODE_PARENT("summary", OBJECT, GSP__PROMPT_PART, in_said_summary),
};

static const struct gsp__node in_content_root[] = {
    REQUEST_NODES(GSP__NODE_PARENT("input", TEXT, GSP__PROMPT_ITEM, in_said_item),
                  GSP__NODE("instructions", TEXT, GSP__PROMPT_INSTRUCTIONS),
                  GSP__NODE("tools", ITEMS, GSP__PROMPT_TOOL)),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

static void request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    switch ((enum action)d->map.action) {
    case MODEL:
        gsp__request_string(d, GSP_FACT_REQUEST_MODEL);
        break;
    case STREAM:
        gsp__request_bool(d, GSP_FACT_STREAM);
        break;
    case TEMPERATURE:
        gsp__request_real(d, GSP_FACT_TEMPERATURE);
        break;
    case TOP_P:
        gsp__request_real(d, GSP_FACT_TOP_P);
        break;
    case MAX_TOKENS:
        gsp__request_int(d, GSP_FACT_MAX_TOKENS);
        break;
    case PRESENCE_PENALTY:
        gsp__request_real(d, GSP_FACT_PRESENCE_PENALTY);
        break;
    case FREQUENCY_PENALTY:
        gsp__request_real(d, GSP_FACT_FREQUENCY_PENALTY);
        break;
    case REASONING_LEVEL:
        gsp__request_string(d, GSP_FACT_REASONING_LEVEL);
        break;
    case RESPONSE_FORMAT:
        gsp__request_string(d, GSP_FACT_RESPONSE_FORMAT);
        break;
    case SERVICE_TIER:
        gsp__request_string(d, GSP_FACT_REQUEST_SERVICE_TIER);
        break;
    case PREVIOUS_RESPONSE:
        gsp__request_string(d, GSP_FACT_PREVIOUS_RESPONSE_ID);
        break;
    case TOOLS:
        if (event == GSP__MAP_COUNT && d->map.count > 0)
            gsp__request_put_int(d, GSP_FACT_TOOL_COUNT, d->map.count);
        break;
    default:
        break;
    }
}

/*
 * The response's keys.
 */

static const struct gsp__node in_part[] = {
    GSP__NODE("type", FACT, PART_TYPE),      GSP__NODE("annotations", COUNT, PART_MARK),
    GSP__NODE("logprobs", COUNT, PART_MARK), GSP__NODE("text", TEXT, PART_TEXT),
    GSP__NODE("refusal", TEXT, REFUSAL),
};

static const struct gsp__node in_summary[] = {
    GSP__NODE("type", SKIP, NOTHING),
    GSP__NODE("text", TEXT, SUMMARY),
};

static const struct gsp__node in_item[] = {
    GSP__NODE("id", SKIP, NOTHING),
    GSP__NODE("type", FACT, ITEM_TYPE),
    GSP__NODE("status", SKIP, NOTHING),
    GSP__NODE_PARENT("content", OBJECT, PART, in_part),
    GSP__NODE("role", SKIP, NOTHING),
    GSP__NODE("approval_request_id", FACT, ITEM_APPROVAL),
    GSP__NODE("arguments", TEXT, ITEM_ARGUMENTS),
    GSP__NODE("call_id", FACT, TOOL_ID),
    GSP__NODE("name", FACT, TOOL_NAME),
    GSP__NODE("input", TEXT, ITEM_ARGUMENTS),
    GSP__NODE_PARENT("summary", OBJECT, NOTHING, in_summary),
    GSP__NODE("output_format", FACT, ITEM_FORMAT),
    GSP__NODE("result", TEXT, ITEM_IMAGE),
};

/* What an event says of an item: its text comes in events of its own. */
static const struct gsp__node in_event_item[] = {
    GSP__NODE("id", SKIP, NOTHING),      GSP__NODE("type", FACT, ITEM_TYPE),
    GSP__NODE("status", SKIP, NOTHING),  GSP__NODE("arguments", SKIP, NOTHING),
    GSP__NODE("call_id", FACT, TOOL_ID), GSP__NODE("name", FACT, TOOL_NAME),
};

static const struct gsp__node in_error[] = {
    GSP__NODE("type", FACT, ERROR_TYPE),
    GSP__NODE("code", FACT, ERROR_CODE),
    GSP__NODE("message", FACT, ERROR_MESSAGE),
};

static const struct gsp__node in_incomplete[] = {
    GSP__NODE("reason", FACT, INCOMPLETE_REASON),
};

static const struct gsp__node in_web_search[] = {
    GSP__NODE("num_requests", FACT, WEB_SEARCHES),
};

static const struct gsp__node in_tool_usage[] = {
    GSP__NODE_PARENT("web_search", OBJECT, NOTHING, in_web_search),
};

static const struct gsp__node in_input_details[] = {
    GSP__NODE("cached_tokens", FACT, CACHED_TOKENS),
    GSP__NODE("cache_write_tokens", FACT, CACHE_WRITE_TOKENS),
    GSP__NODE("audio_tokens", FACT, AUDIO_INPUT_TOKENS),
    GSP__NODE("text_tokens", FACT, TEXT_INPUT_TOKENS),
    GSP__NODE("image_tokens", FACT, IMAGE_INPUT_TOKENS),
};

static const struct gsp__node in_output_details[] = {
    GSP__NODE("reasoning_tokens", FACT, REASONING_TOKENS),
    GSP__NODE("audio_tokens", FACT, AUDIO_OUTPUT_TOKENS),
    GSP__NODE("text_tokens", FACT, TEXT_OUTPUT_TOKENS),
    GSP__NODE("image_tokens", FACT, IMAGE_OUTPUT_TOKENS),
};

static const struct gsp__node in_usage[] = {
    GSP__NODE("input_tokens", FACT, INPUT_TOKENS),
    GSP__NODE_PARENT("input_tokens_details", OBJECT, NOTHING, in_input_details),
    GSP__NODE("output_tokens", FACT, OUTPUT_TOKENS),
    GSP__NODE_PARENT("output_tokens_details", OBJECT, NOTHING, in_output_details),
    GSP__NODE("total_tokens", FACT, TOTAL_TOKENS),
    GSP__NODE("cost", FACT, COST), /* OpenRouter */
};

/* In the order in which they come. */
#define RESPONSE_NODES                                                                                       \
    GSP__NODE("id", FACT, ID), GSP__NODE("object", FACT, OBJECT), GSP__NODE("created_at", SKIP, NOTHING),    \
        GSP__NODE("status", FACT, STATUS), GSP__NODE("background", SKIP, NOTHING),                           \
        GSP__NODE("completed_at", SKIP, NOTHING), GSP__NODE_PARENT("error", FACT, ERROR, in_error),          \
        GSP__NODE_PARENT("incomplete_details", OBJECT, NOTHING, in_incomplete),                              \
        GSP__NODE("instructions", SKIP, NOTHING), GSP__NODE("model", FACT, MODEL),                           \
        GSP__NODE_PARENT("output", OBJECT, ITEM, in_item), GSP__NODE("service_tier", FACT, SERVICE_TIER),    \
        GSP__NODE_PARENT("tool_usage", OBJECT, NOTHING, in_tool_usage), GSP__NODE("tools", SKIP, NOTHING),   \
        GSP__NODE_PARENT("usage", OBJECT, NOTHING, in_usage)

static const struct gsp__node in_response[] = {
    RESPONSE_NODES,
};

/* An event, or the response itself. */
static const struct gsp__node root[] = {
    GSP__NODE("type", FACT, TYPE),
    GSP__NODE("content_index", SKIP, NOTHING),
    GSP__NODE("delta", TEXT, DELTA),
    GSP__NODE("item_id", SKIP, NOTHING),
    GSP__NODE("logprobs", SKIP, NOTHING),
    GSP__NODE("obfuscation", SKIP, NOTHING),
    GSP__NODE("output_index", FACT, OUTPUT_INDEX),
    GSP__NODE("sequence_number", SKIP, NOTHING),
    GSP__NODE_PARENT("response", OBJECT, NOTHING, in_response),
    GSP__NODE_PARENT("item", OBJECT, EVENT_ITEM, in_event_item),
    GSP__NODE("text", TEXT, DONE_TEXT),
    GSP__NODE("arguments", TEXT, DONE_ARGUMENTS),
    GSP__NODE("input", TEXT, DONE_ARGUMENTS),
    GSP__NODE("refusal", TEXT, REFUSAL),
    GSP__NODE("code", FACT, BARE_CODE),
    GSP__NODE("message", FACT, BARE_MESSAGE),
    RESPONSE_NODES,
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, NOTHING, root);

/* What is kept; of status and tier the last ones count, so they are told at the end. */
struct state {
    struct gsp__responses_output output;
    uint8_t n_status, n_tier;
    char status[24];
    char tier[24];
    uint64_t n_web_searches; /* and one */
};

static struct state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct state);
}

/* The last one, but not one that comes behind the end. */
static void keep(struct gsp__decoder *d, char *to, size_t room, uint8_t *n)
{
    const struct gsp__json_slice *value = &d->map.value;

    if (d->map.token != GSP__JSON_STRING || value->n == 0 || d->is_terminal)
        return;
    *n = (uint8_t)gsp__utf8_cut(value->bytes, value->n, room);
    memcpy(to, value->bytes, *n);
}

static const struct gsp__meaning meanings[N_ACTIONS] = {
    [MODEL] = {GSP__AS_STRING, GSP_FACT_RESPONSE_MODEL},
    [ERROR_MESSAGE] = {GSP__AS_STRING, GSP__FACT_ERROR_MESSAGE},
    [ERROR_TYPE] = {GSP__AS_STRING, GSP_FACT_PROVIDER_ERROR_TYPE},
    [ERROR_CODE] = {GSP__AS_CODE, GSP_FACT_PROVIDER_ERROR_CODE},
    [INPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_INPUT_TOKENS},
    [OUTPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_OUTPUT_TOKENS},
    [TOTAL_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_TOTAL_TOKENS},
    [CACHED_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_CACHE_READ_TOKENS},
    [CACHE_WRITE_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_CACHE_WRITE_TOKENS},
    [AUDIO_INPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_AUDIO_INPUT_TOKENS},
    [AUDIO_OUTPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_AUDIO_OUTPUT_TOKENS},
    [TEXT_INPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_TEXT_INPUT_TOKENS},
    [TEXT_OUTPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_TEXT_OUTPUT_TOKENS},
    [IMAGE_INPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_IMAGE_INPUT_TOKENS},
    [IMAGE_OUTPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_IMAGE_OUTPUT_TOKENS},
    [REASONING_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_REASONING_TOKENS},
    [COST] = {GSP__AS_REAL, GSP_FACT_PROVIDER_COST_USD},
};

static bool is_text(const struct gsp__json_map *m, const char *word)
{
    return m->token == GSP__JSON_STRING && m->value.n == strlen(word) &&
           memcmp(m->value.bytes, word, m->value.n) == 0;
}

static void report(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    const struct gsp__json_map *m = &d->map;
    enum action action = (enum action)m->action;
    int64_t n;

    switch (action) {
    case ID:
        if (gsp__decoder_string(d, GSP_FACT_RESPONSE_ID, m))
            gsp__decoder_request_id(d, m); /* by the body's id, too, the provider finds it */
        break;
    case OBJECT:
        if (is_text(m, "error"))
            gsp__responses_fault(d);
        break;
    case STATUS:
        keep(d, s->status, sizeof s->status, &s->n_status);
        if (is_text(m, "failed"))
            gsp__decoder_error(d);
        break;
    case SERVICE_TIER:
        keep(d, s->tier, sizeof s->tier, &s->n_tier);
        break;
    case INCOMPLETE_REASON:
        gsp__decoder_string(d, GSP_FACT_FINISH_REASON, m);
        break;
    case WEB_SEARCHES:
        if (gsp__decoder_tokens(m, &n) && n < INT64_MAX)
            s->n_web_searches = (uint64_t)n + 1;
        break;
    case ERROR: /* error: "text" */
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        if (m->token == GSP__JSON_STRING)
            gsp__decoder_error(d);
        break;
    default:
        gsp__decoder_take(d, meanings[action]);
        break;
    }
}

static void output(struct gsp__decoder *d)
{
    static void (*const takers[])(struct gsp__decoder *) = {
        [TYPE] = gsp__responses_event_type,
        [DELTA] = gsp__responses_delta,
        [OUTPUT_INDEX] = gsp__responses_event_index,
        [DONE_TEXT] = gsp__responses_done_text,
        [DONE_ARGUMENTS] = gsp__responses_done_arguments,
        [REFUSAL] = gsp__responses_refusal,
        [ITEM_TYPE] = gsp__responses_item_type,
        [ITEM_ARGUMENTS] = gsp__responses_item_arguments,
        [ITEM_APPROVAL] = gsp__responses_item_of_provider,
        [ITEM_FORMAT] = gsp__responses_item_format,
        [ITEM_IMAGE] = gsp__responses_item_image,
        [TOOL_ID] = gsp__answer_tool_id,
        [TOOL_NAME] = gsp__answer_tool_name,
        [PART_TYPE] = gsp__responses_part_type,
        [PART_TEXT] = gsp__responses_part_text,
        [SUMMARY] = gsp__responses_summary,
        [BARE_CODE] = gsp__responses_fault_code,
        [BARE_MESSAGE] = gsp__responses_fault_message,
    };

    takers[d->map.action](d);
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    unsigned action = d->map.action;

    switch (event) {
    case GSP__MAP_PIECE:
    case GSP__MAP_VALUE:
        if (action >= TYPE && action <= BARE_MESSAGE)
            output(d);
        else
            report(d);
        break;
    case GSP__MAP_ENTER:
        if (action == ITEM || action == EVENT_ITEM)
            gsp__responses_begin_item(d, action == EVENT_ITEM);
        else if (action == PART)
            gsp__responses_begin_part(d);
        break;
    case GSP__MAP_LEAVE:
        if (action == PART)
            gsp__responses_end_part(d);
        else if (action == ITEM || action == EVENT_ITEM)
            gsp__responses_end_item(d, action == EVENT_ITEM);
        else if (action == ERROR)
            gsp__decoder_error(d);
        break;
    case GSP__MAP_COUNT:
        if (action == PART_MARK)
            gsp__responses_part_mark(d);
        break;
    default:
        break;
    }
}

static void end(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    gsp__decoder_put_string(d, GSP_FACT_RESPONSE_STATUS, s->status, s->n_status, false);
    gsp__decoder_put_string(d, GSP_FACT_SERVICE_TIER, s->tier, s->n_tier, false);
    if (s->n_web_searches > 0)
        d->sink->integer(d->self, GSP_FACT_WEB_SEARCHES, (int64_t)(s->n_web_searches - 1));
}

const struct gsp__format gsp__openai_responses = {
    .name = "openai.responses",
    .operation = "chat",
    .provider = "openai",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
    .begin_event = gsp__responses_begin_event,
    .end_event = gsp__responses_end_event,
    .end = end,
};
