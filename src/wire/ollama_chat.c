/*
 * ollama.chat: Ollama's own chat, as JSON and as lines of it. Its last document (done: true) has counts and
 * times. A prompt that was read before is not counted: its prompt_eval_count is then absent, and so is the
 * input here.
 */
#include "wire/ollama_chat.h"

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
    REASONING_LEVEL,
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
    CONTENT,
    REASONING,
    TOOL_CALL,
    TOOL_ID,
    TOOL_NAME,
    TOOL_ARGUMENTS,
    DONE,
    FINISH,
    TOTAL_NS,
    PROMPT_NS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    ERROR,
    ERROR_MESSAGE,
};

static const struct gsp__node in_options[] = {
    GSP__NODE("temperature", FACT, TEMPERATURE),
    GSP__NODE("top_p", FACT, TOP_P),
    GSP__NODE("top_k", FACT, TOP_K),
    GSP__NODE("seed", FACT, SEED),
    GSP__NODE("num_predict", FACT, MAX_TOKENS),
    GSP__NODE("stop", FACT, STOP),
    GSP__NODE("presence_penalty", FACT, PRESENCE_PENALTY),
    GSP__NODE("frequency_penalty", FACT, FREQUENCY_PENALTY),
};

#define REQUEST_NODES                                                                                        \
    GSP__NODE("model", FACT, MODEL), GSP__NODE("stream", FACT, STREAM),                                      \
        GSP__NODE("format", FACT, RESPONSE_FORMAT), GSP__NODE("think", FACT, REASONING_LEVEL),               \
        GSP__NODE_PARENT("options", OBJECT, NOTHING, in_options)

static const struct gsp__node in_request[] = {
    GSP__NODE("messages", COUNT, MESSAGES),
    GSP__NODE("prompt", SKIP, NOTHING),
    GSP__NODE("tools", COUNT, TOOLS),
    REQUEST_NODES,
};

const struct gsp__node gsp__ollama_request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request);

/*
 * What it says.
 */

static const struct gsp__node in_said_function[] = {
    GSP__NODE("name", FACT, GSP__PROMPT_CALL_NAME),
    GSP__NODE("arguments", RAW, GSP__PROMPT_ARGUMENTS),
};

static const struct gsp__node in_said_call[] = {
    GSP__NODE("id", FACT, GSP__PROMPT_CALL_ID),
    GSP__NODE_PARENT("function", OBJECT, NOTHING, in_said_function),
};

static const struct gsp__node in_said_message[] = {
    GSP__NODE("role", FACT, GSP__PROMPT_ROLE),
    GSP__NODE("content", TEXT, GSP__PROMPT_TEXT),
    GSP__NODE("thinking", TEXT, GSP__PROMPT_REASONING),
    GSP__NODE("images", TEXT, GSP__PROMPT_IMAGES),
    GSP__NODE_PARENT("tool_calls", OBJECT, GSP__PROMPT_PART, in_said_call),
    GSP__NODE("tool_call_id", FACT, GSP__PROMPT_RESPONSE_ID),
    GSP__NODE("tool_name", FACT, GSP__PROMPT_NAME),
};

static const struct gsp__node in_content[] = {
    GSP__NODE_PARENT("messages", COUNT, GSP__PROMPT_MESSAGE, in_said_message),
    GSP__NODE("prompt", TEXT, GSP__PROMPT_ONLY),
    GSP__NODE("images", TEXT, GSP__PROMPT_ONLY_IMAGES),
    GSP__NODE("system", TEXT, GSP__PROMPT_INSTRUCTIONS),
    GSP__NODE("tools", ITEMS, GSP__PROMPT_TOOL),
    REQUEST_NODES,
};

const struct gsp__node gsp__ollama_content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content);

void gsp__ollama_request(struct gsp__request_decoder *d, enum gsp__map_event event)
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
    case REASONING_LEVEL: /* a level, or a boolean, which is none */
        gsp__request_string(d, GSP_FACT_REASONING_LEVEL);
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

static const struct gsp__node in_function[] = {
    GSP__NODE("index", SKIP, NOTHING), /* a call comes whole, and is one of its own */
    GSP__NODE("name", FACT, TOOL_NAME),
    GSP__NODE("arguments", RAW, TOOL_ARGUMENTS),
};

static const struct gsp__node in_tool_call[] = {
    GSP__NODE("id", FACT, TOOL_ID),
    GSP__NODE_PARENT("function", OBJECT, NOTHING, in_function),
};

static const struct gsp__node in_message[] = {
    GSP__NODE("role", SKIP, NOTHING),
    GSP__NODE("content", TEXT, CONTENT),
    GSP__NODE("thinking", TEXT, REASONING),
    GSP__NODE_PARENT("tool_calls", OBJECT, TOOL_CALL, in_tool_call),
};

static const struct gsp__node in_error[] = {
    GSP__NODE("message", FACT, ERROR_MESSAGE),
};

static const struct gsp__node in_response[] = {
    GSP__NODE("model", FACT, MODEL),
    GSP__NODE("created_at", SKIP, NOTHING),
    GSP__NODE_PARENT("message", OBJECT, NOTHING, in_message),
    GSP__NODE("response", TEXT, CONTENT),
    GSP__NODE("thinking", TEXT, REASONING),
    GSP__NODE("done", FACT, DONE),
    GSP__NODE("done_reason", FACT, FINISH),
    GSP__NODE("context", SKIP, NOTHING),
    GSP__NODE("total_duration", FACT, TOTAL_NS),
    GSP__NODE("load_duration", SKIP, NOTHING),
    GSP__NODE("prompt_eval_count", FACT, INPUT_TOKENS),
    GSP__NODE("prompt_eval_duration", FACT, PROMPT_NS),
    GSP__NODE("eval_count", FACT, OUTPUT_TOKENS),
    GSP__NODE("eval_duration", SKIP, NOTHING),
    GSP__NODE_PARENT("error", FACT, ERROR, in_error),
};

const struct gsp__node gsp__ollama_response_root = GSP__NODE_PARENT("", OBJECT, DOCUMENT, in_response);

struct state {
    bool is_done; /* the document is the last */
};

static void value(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    switch ((enum action)m->action) {
    case MODEL:
        gsp__decoder_string(d, GSP_FACT_RESPONSE_MODEL, m);
        break;
    case CONTENT:
        gsp__decoder_text(d, 0, GSP_MARK_TEXT, m);
        break;
    case REASONING:
        gsp__decoder_text(d, 0, GSP_MARK_REASONING, m);
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
    case DONE:
        GSP__STATE_OF(d, struct state)->is_done = m->token == GSP__JSON_TRUE;
        break;
    case FINISH:
        gsp__answer_finish(d);
        break;
    case TOTAL_NS:
        gsp__decoder_real(d, GSP_FACT_PROCESSING_TIME, m, 1e-9);
        break;
    case PROMPT_NS:
        gsp__decoder_real(d, GSP_FACT_PROMPT_TIME, m, 1e-9);
        break;
    case INPUT_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_INPUT_TOKENS, m);
        break;
    case OUTPUT_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_OUTPUT_TOKENS, m);
        break;
    case ERROR: /* error: "text" */
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        if (m->token == GSP__JSON_STRING)
            gsp__decoder_error(d);
        break;
    case ERROR_MESSAGE:
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        break;
    default:
        break;
    }
}

static void end_document(struct gsp__decoder *d)
{
    if (d->answer.n_finish > 0)
        gsp__answer_end_choice(d);
    else if (GSP__STATE_OF(d, struct state)->is_done) /* older servers give no reason */
        gsp__decoder_terminal(d);
}

void gsp__ollama_response(struct gsp__decoder *d, enum gsp__map_event event)
{
    unsigned action = d->map.action;

    switch (event) {
    case GSP__MAP_ENTER:
        if (action == TOOL_CALL) {
            gsp__answer_begin_tool(d);
        } else if (action == DOCUMENT) {
            gsp__answer_begin_choice(d);
            d->answer.choice = 0; /* there is one, whose parts stand in the document itself */
            GSP__STATE_OF(d, struct state)->is_done = false;
        }
        break;
    case GSP__MAP_LEAVE:
        if (action == TOOL_CALL)
            gsp__answer_end_tool(d);
        else if (action == ERROR)
            gsp__decoder_error(d);
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

const struct gsp__format gsp__ollama_chat = {
    .name = "ollama.chat",
    .operation = "chat",
    .provider = "ollama",
    .request_root = &gsp__ollama_request_root,
    .content_root = &gsp__ollama_content_root,
    .response_root = &gsp__ollama_response_root,
    .request = gsp__ollama_request,
    .response = gsp__ollama_response,
    .is_line_stream = true,
};
