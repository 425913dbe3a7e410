/*
 * cohere.v1_chat: Cohere's chat, version 1, as JSON and as lines of it (stream-start, text-generation,
 * tool-calls-chunk, tool-calls-generation, stream-end). The last line repeats the whole answer under
 * "response"; of it only what no line before had is read.
 *
 * The generation's id is the response's; response_id, which a stream has only at its end, is one more id by
 * which the provider finds it. Cohere counts tokens, and bills fewer: both are reported.
 */
#include "wire/cohere_v1_chat.h"

#include <string.h>

#include "record/fact_types.h"
#include "wire/answer.h"

enum action {
    NOTHING,
    /* request */
    MODEL,
    STREAM,
    MESSAGE,
    HISTORY,
    TOOLS,
    CONVERSATION,
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
    EVENT_TYPE,
    IS_FINISHED,
    GENERATION_ID,
    RESPONSE_ID,
    CONTENT,
    FINISH,
    TOOL_CALL,
    TOOL_DELTA,
    TOOL_INDEX,
    TOOL_ID,
    TOOL_NAME,
    TOOL_ARGUMENTS,
    ARGUMENTS_PIECE,
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

#define REQUEST_NODES(message, history, tools)                                                               \
    message, GSP__NODE("model", FACT, MODEL), GSP__NODE("stream", FACT, STREAM), history,                    \
        GSP__NODE("conversation_id", FACT, CONVERSATION), GSP__NODE("temperature", FACT, TEMPERATURE),       \
        GSP__NODE("max_tokens", FACT, MAX_TOKENS), GSP__NODE("k", FACT, TOP_K), GSP__NODE("p", FACT, TOP_P), \
        GSP__NODE("seed", FACT, SEED), GSP__NODE("stop_sequences", FACT, STOP),                              \
        GSP__NODE("frequency_penalty", FACT, FREQUENCY_PENALTY),                                             \
        GSP__NODE("presence_penalty", FACT, PRESENCE_PENALTY), tools,                                        \
        GSP__NODE_PARENT("response_format", OBJECT, NOTHING, in_request_format)

static const struct gsp__node in_request[] = {
    REQUEST_NODES(GSP__NODE("message", TEXT, MESSAGE), GSP__NODE("chat_history", COUNT, HISTORY),
                  GSP__NODE("tools", COUNT, TOOLS)),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request);

/*
 * What it says.
 */

static const struct gsp__node in_said_result[] = {
    GSP__NODE("call", SKIP, NOTHING), /* by name and parameters: calls have no id */
    GSP__NODE("outputs", RAW, GSP__PROMPT_RESPONSE),
};

static const struct gsp__node in_said_call[] = {
    GSP__NODE("name", FACT, GSP__PROMPT_CALL_NAME),
    GSP__NODE("parameters", RAW, GSP__PROMPT_ARGUMENTS),
};

static const struct gsp__node in_said_message[] = {
    GSP__NODE("role", FACT, GSP__PROMPT_ROLE),
    GSP__NODE("message", TEXT, GSP__PROMPT_TEXT),
    GSP__NODE_PARENT("tool_calls", OBJECT, GSP__PROMPT_PART, in_said_call),
    GSP__NODE_PARENT("tool_results", OBJECT, GSP__PROMPT_PART, in_said_result),
};

static const struct gsp__node in_content_root[] = {
    REQUEST_NODES(GSP__NODE("message", TEXT, GSP__PROMPT_LAST),
                  GSP__NODE_PARENT("chat_history", COUNT, GSP__PROMPT_HISTORY, in_said_message),
                  GSP__NODE("tools", ITEMS, GSP__PROMPT_TOOL)),
    GSP__NODE("preamble", TEXT, GSP__PROMPT_INSTRUCTIONS),
    GSP__NODE_PARENT("tool_results", OBJECT, GSP__PROMPT_RESULTS, in_said_result),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

/* n_counted: the messages of the history, and the one that is always there */
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
    case MESSAGE:
        if (d->map.token == GSP__JSON_STRING)
            d->n_counted++;
        break;
    case HISTORY:
        d->n_counted += d->map.count;
        break;
    case TOOLS:
        if (d->map.count > 0)
            gsp__request_put_int(d, GSP_FACT_TOOL_COUNT, d->map.count);
        break;
    case CONVERSATION:
        gsp__request_string(d, GSP_FACT_CONVERSATION_ID);
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

static void end_request(struct gsp__request_decoder *d)
{
    if (d->n_counted > 0)
        gsp__request_put_int(d, GSP_FACT_MESSAGE_COUNT, (int64_t)d->n_counted);
}

static const struct gsp__node in_tokens[] = {
    GSP__NODE("input_tokens", FACT, INPUT_TOKENS),
    GSP__NODE("output_tokens", FACT, OUTPUT_TOKENS),
};

static const struct gsp__node in_billed_units[] = {
    GSP__NODE("input_tokens", FACT, BILLED_INPUT_TOKENS),
    GSP__NODE("output_tokens", FACT, BILLED_OUTPUT_TOKENS),
};

static const struct gsp__node in_meta[] = {
    GSP__NODE_PARENT("billed_units", OBJECT, NOTHING, in_billed_units),
    GSP__NODE_PARENT("tokens", OBJECT, NOTHING, in_tokens),
    GSP__NODE("cached_tokens", FACT, CACHED_TOKENS),
};

static const struct gsp__node in_tool_call[] = {
    GSP__NODE("id", FACT, TOOL_ID),
    GSP__NODE("name", FACT, TOOL_NAME),
    GSP__NODE("parameters", RAW, TOOL_ARGUMENTS),
};

static const struct gsp__node in_tool_delta[] = {
    GSP__NODE("index", FACT, TOOL_INDEX),
    GSP__NODE("id", FACT, TOOL_ID),
    GSP__NODE("name", FACT, TOOL_NAME),
    GSP__NODE("parameters", TEXT, ARGUMENTS_PIECE),
};

static const struct gsp__node in_last[] = {
    GSP__NODE("response_id", FACT, RESPONSE_ID),     GSP__NODE("text", SKIP, NOTHING),
    GSP__NODE("generation_id", FACT, GENERATION_ID), GSP__NODE("chat_history", SKIP, NOTHING),
    GSP__NODE("finish_reason", FACT, FINISH),        GSP__NODE_PARENT("meta", OBJECT, NOTHING, in_meta),
};

static const struct gsp__node in_response[] = {
    GSP__NODE("is_finished", FACT, IS_FINISHED),
    GSP__NODE("event_type", FACT, EVENT_TYPE),
    GSP__NODE("text", TEXT, CONTENT),
    GSP__NODE_PARENT("response", OBJECT, NOTHING, in_last),
    GSP__NODE("finish_reason", FACT, FINISH),
    GSP__NODE("response_id", FACT, RESPONSE_ID),
    GSP__NODE("generation_id", FACT, GENERATION_ID),
    GSP__NODE("chat_history", SKIP, NOTHING),
    GSP__NODE_PARENT("meta", OBJECT, NOTHING, in_meta),
    GSP__NODE_PARENT("tool_calls", OBJECT, TOOL_CALL, in_tool_call),
    GSP__NODE_PARENT("tool_call_delta", OBJECT, TOOL_DELTA, in_tool_delta),
    GSP__NODE("message", FACT, ERROR_MESSAGE),
    GSP__NODE("error", FACT, ERROR_MESSAGE),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, DOCUMENT, in_response);

struct state {
    bool is_plan;     /* the document's text is about the tools to call, not the answer */
    bool is_finished; /* it is the last */
    bool has_deltas;  /* arguments came in pieces, and come whole once more */
};

static struct state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct state);
}

static bool begins_with(const struct gsp__json_map *m, const char *word)
{
    size_t n = strlen(word);

    return m->token == GSP__JSON_STRING && m->value.n >= n && memcmp(m->value.bytes, word, n) == 0;
}

/* Cohere has reasons that are errors: ERROR, ERROR_TOXIC, ERROR_LIMIT. */
static void finish(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    gsp__answer_finish(d);
    if (!begins_with(m, "ERROR"))
        return;
    if (gsp__decoder_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, m) && begins_with(m, "ERROR_TOXIC"))
        gsp__decoder_item(d, GSP_FACT_SAFETY_BLOCK, m);
    gsp__decoder_error(d);
}

static void arguments(struct gsp__decoder *d)
{
    if (d->map.action == ARGUMENTS_PIECE)
        state_of(d)->has_deltas = true;
    else if (state_of(d)->has_deltas)
        return;
    gsp__answer_arguments(d);
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
    case EVENT_TYPE:
        state_of(d)->is_plan = begins_with(m, "tool-calls");
        break;
    case IS_FINISHED:
        state_of(d)->is_finished = m->token == GSP__JSON_TRUE;
        break;
    case GENERATION_ID:
        if (gsp__decoder_string(d, GSP_FACT_RESPONSE_ID, m))
            gsp__decoder_request_id(d, m);
        break;
    case RESPONSE_ID:
        gsp__decoder_request_id(d, m);
        break;
    case CONTENT:
        gsp__decoder_text(d, 0, state_of(d)->is_plan ? GSP_MARK_REASONING : GSP_MARK_TEXT, m);
        break;
    case FINISH:
        finish(d);
        break;
    case TOOL_INDEX:
        gsp__answer_tool_index(d);
        break;
    case TOOL_ID:
        gsp__answer_tool_id(d);
        break;
    case TOOL_NAME:
        gsp__answer_tool_name(d);
        break;
    case TOOL_ARGUMENTS:
    case ARGUMENTS_PIECE:
        arguments(d);
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

static void enter(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    switch ((enum action)d->map.action) {
    case DOCUMENT:
        gsp__answer_begin_choice(d);
        d->answer.choice = 0;
        s->is_plan = false;
        s->is_finished = false;
        break;
    case TOOL_DELTA:
        gsp__answer_begin_tool(d);
        break;
    case TOOL_CALL: /* the same place is the same call that came in pieces */
        gsp__answer_begin_tool(d);
        d->answer.tool_index = d->map.index;
        d->answer.has_tool_index = true;
        break;
    default:
        break;
    }
}

static void leave(struct gsp__decoder *d)
{
    switch ((enum action)d->map.action) {
    case TOOL_DELTA:
    case TOOL_CALL:
        gsp__answer_end_tool(d);
        break;
    case DOCUMENT:
        if (d->answer.n_finish > 0)
            gsp__answer_end_choice(d);
        else if (state_of(d)->is_finished)
            gsp__decoder_terminal(d);
        break;
    default:
        break;
    }
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    if (event == GSP__MAP_ENTER)
        enter(d);
    else if (event == GSP__MAP_LEAVE)
        leave(d);
    else if (event == GSP__MAP_VALUE || event == GSP__MAP_PIECE)
        value(d);
}

const struct gsp__format gsp__cohere_v1_chat = {
    .name = "cohere.v1_chat",
    .operation = "chat",
    .provider = "cohere",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
    .end_request = end_request,
    .is_line_stream = true,
};
