/*
 * openai.chat: OpenAI's chat completions as JSON and as SSE, and what those who speak it add: Groq's
 * x_groq and times, DeepSeek's cache hits, Mistral's content lists and cached tokens, OpenRouter's
 * provider and cost, Cerebras' times, vLLM's and Mistral's error objects.
 *
 * Usage comes once at the end, or with every chunk and cumulative (vLLM, OpenRouter): the last value
 * stands in both cases. prompt_tokens has cached tokens in it, completion_tokens has reasoning in it:
 * that is what US-1 wants.
 */
#include "wire/openai_chat.h"

#include <string.h>

#include "base/compiler.h"
#include "record/fact_types.h"
#include "wire/answer.h"

enum action {
    NOTHING,
    /* request */
    MODEL,
    STREAM,
    TEMPERATURE,
    TOP_P,
    TOP_K,
    SEED,
    MAX_TOKENS,
    PRESENCE_PENALTY,
    FREQUENCY_PENALTY,
    CHOICE_COUNT,
    STOP,
    REASONING_LEVEL,
    RESPONSE_FORMAT,
    SERVICE_TIER,
    MESSAGES,
    TOOLS,
    /* response */
    DOCUMENT,
    ID,
    FINGERPRINT,
    UPSTREAM,
    CHOICE,
    CHOICE_INDEX,
    FINISH,
    CONTENT,
    REASONING,
    REFUSAL,
    TOOL_CALL,
    TOOL_INDEX,
    TOOL_ID,
    TOOL_NAME,
    TOOL_ARGUMENTS,
    FUNCTION_CALL,
    AUDIO,
    IMAGE,
    AUDIO_TRANSCRIPT,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    TOTAL_TOKENS,
    CACHED_TOKENS,
    CACHE_WRITE_TOKENS,
    AUDIO_INPUT_TOKENS,
    AUDIO_OUTPUT_TOKENS,
    TEXT_INPUT_TOKENS,
    TEXT_OUTPUT_TOKENS,
    REASONING_TOKENS,
    IMAGE_INPUT_TOKENS,
    IMAGE_OUTPUT_TOKENS,
    COST,
    QUEUE_SECONDS,
    TOTAL_SECONDS,
    REQUEST_ID,
    ERROR,
    ERROR_MESSAGE,
    ERROR_TYPE,
    ERROR_CODE,
    OBJECT,
    BARE_MESSAGE,
    BARE_TYPE,
    BARE_CODE,
};

static const struct gsp__node in_request_format[] = {
    GSP__NODE("type", FACT, RESPONSE_FORMAT),
};

/* OpenRouter's way to say it */
static const struct gsp__node in_request_reasoning[] = {
    GSP__NODE("effort", FACT, REASONING_LEVEL),
};

#define REQUEST_NODES(messages, tools)                                                                       \
    GSP__NODE("model", FACT, MODEL), messages, GSP__NODE("stream", FACT, STREAM),                            \
        GSP__NODE("temperature", FACT, TEMPERATURE), GSP__NODE("top_p", FACT, TOP_P),                        \
        GSP__NODE("top_k", FACT, TOP_K), GSP__NODE("seed", FACT, SEED),                                      \
        GSP__NODE("max_tokens", FACT, MAX_TOKENS), GSP__NODE("max_completion_tokens", FACT, MAX_TOKENS),     \
        GSP__NODE("presence_penalty", FACT, PRESENCE_PENALTY),                                               \
        GSP__NODE("frequency_penalty", FACT, FREQUENCY_PENALTY), GSP__NODE("n", FACT, CHOICE_COUNT),         \
        GSP__NODE("stop", FACT, STOP), GSP__NODE("reasoning_effort", FACT, REASONING_LEVEL),                 \
        GSP__NODE("service_tier", FACT, SERVICE_TIER), tools,                                                \
        GSP__NODE_PARENT("response_format", OBJECT, NOTHING, in_request_format),                             \
        GSP__NODE_PARENT("reasoning", OBJECT, NOTHING, in_request_reasoning)

static const struct gsp__node in_request_root[] = {
    REQUEST_NODES(GSP__NODE("messages", COUNT, MESSAGES), GSP__NODE("tools", COUNT, TOOLS)),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

/*
 * What it says.
 */

static const struct gsp__node in_said_url[] = {
    GSP__NODE("url", TEXT, GSP__PROMPT_URL),
};

static const struct gsp__node in_said_audio[] = {
    GSP__NODE("data", TEXT, GSP__PROMPT_BASE64),
    GSP__NODE("format", FACT, GSP__PROMPT_FORMAT),
};

static const struct gsp__node in_said_file[] = {
    GSP__NODE("file_data", TEXT, GSP__PROMPT_URL),
    GSP__NODE("file_id", FACT, GSP__PROMPT_FILE_ID),
};

static const struct gsp__node in_said_thinking[] = {
    GSP__NODE("text", TEXT, GSP__PROMPT_REASONING),
};

/* OpenAI's parts, and the films and documents of those who speak it */
static const struct gsp__node in_said_part[] = {
    GSP__NODE("type", FACT, GSP__PROMPT_TYPE),
    GSP__NODE("text", TEXT, GSP__PROMPT_TEXT),
    GSP__NODE_PARENT("image_url", TEXT, GSP__PROMPT_IMAGE, in_said_url),
    GSP__NODE_PARENT("input_audio", TEXT, GSP__PROMPT_AUDIO, in_said_audio),
    GSP__NODE_PARENT("file", OBJECT, GSP__PROMPT_DOCUMENT, in_said_file),
    GSP__NODE("refusal", TEXT, GSP__PROMPT_TEXT),
    GSP__NODE_PARENT("thinking", TEXT, GSP__PROMPT_REASONING, in_said_thinking),
    GSP__NODE_PARENT("audio_url", TEXT, GSP__PROMPT_AUDIO, in_said_url),
    GSP__NODE_PARENT("video_url", TEXT, GSP__PROMPT_VIDEO, in_said_url),
    GSP__NODE_PARENT("document_url", TEXT, GSP__PROMPT_DOCUMENT, in_said_url),
};

static const struct gsp__node in_said_function[] = {
    GSP__NODE("name", FACT, GSP__PROMPT_CALL_NAME), GSP__NODE("arguments", RAW, GSP__PROMPT_ARGUMENTS),
    GSP__NODE("input", TEXT, GSP__PROMPT_ARGUMENTS), /* of a custom tool */
};

static const struct gsp__node in_said_call[] = {
    GSP__NODE("id", FACT, GSP__PROMPT_CALL_ID),
    GSP__NODE("type", SKIP, NOTHING),
    GSP__NODE_PARENT("function", OBJECT, NOTHING, in_said_function),
    GSP__NODE_PARENT("custom", OBJECT, NOTHING, in_said_function),
};

static const struct gsp__node in_said_message[] = {
    GSP__NODE("role", FACT, GSP__PROMPT_ROLE),
    GSP__NODE_PARENT("content", TEXT, GSP__PROMPT_TEXT, in_said_part),
    GSP__NODE("name", FACT, GSP__PROMPT_NAME),
    GSP__NODE_PARENT("tool_calls", OBJECT, GSP__PROMPT_PART, in_said_call),
    GSP__NODE("tool_call_id", FACT, GSP__PROMPT_RESPONSE_ID),
    GSP__NODE("reasoning_content", TEXT, GSP__PROMPT_REASONING),
    GSP__NODE("reasoning", TEXT, GSP__PROMPT_REASONING),
    GSP__NODE("refusal", TEXT, GSP__PROMPT_TEXT),
    GSP__NODE_PARENT("function_call", OBJECT, GSP__PROMPT_PART, in_said_function),
};

static const struct gsp__node in_content_root[] = {
    REQUEST_NODES(GSP__NODE_PARENT("messages", COUNT, GSP__PROMPT_MESSAGE, in_said_message),
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
    case TOP_K:
        gsp__request_int(d, GSP_FACT_TOP_K);
        break;
    case SEED:
        gsp__request_int(d, GSP_FACT_SEED);
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
    case CHOICE_COUNT:
        gsp__request_int(d, GSP_FACT_CHOICE_COUNT);
        break;
    case STOP:
        if (d->map.token == GSP__JSON_STRING && d->map.value.n > 0)
            d->sink->string(d->self, GSP_FACT_STOP_SEQUENCE, d->map.index, d->map.value.bytes, d->map.value.n,
                            d->map.value_is_cut);
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
    case MESSAGES:
        gsp__request_put_int(d, GSP_FACT_MESSAGE_COUNT, d->map.count);
        break;
    case TOOLS:
        if (event == GSP__MAP_COUNT && d->map.count > 0)
            gsp__request_put_int(d, GSP_FACT_TOOL_COUNT, d->map.count);
        break;
    default:
        break;
    }
}

static const struct gsp__node in_thinking[] = {
    GSP__NODE("text", TEXT, REASONING),
};

/* Mistral's lists of parts */
static const struct gsp__node in_content[] = {
    GSP__NODE("text", TEXT, CONTENT),
    GSP__NODE_PARENT("thinking", TEXT, REASONING, in_thinking),
};

static const struct gsp__node in_function[] = {
    GSP__NODE("name", FACT, TOOL_NAME),
    GSP__NODE("arguments", TEXT, TOOL_ARGUMENTS),
};

static const struct gsp__node in_tool_call[] = {
    GSP__NODE("index", FACT, TOOL_INDEX),
    GSP__NODE("id", FACT, TOOL_ID),
    GSP__NODE_PARENT("function", OBJECT, NOTHING, in_function),
};

static const struct gsp__node in_audio[] = {
    GSP__NODE("data", TEXT, AUDIO),
    GSP__NODE("transcript", TEXT, AUDIO_TRANSCRIPT),
};

static const struct gsp__node in_image_url[] = {
    GSP__NODE("url", TEXT, IMAGE),
};

/* OpenRouter's */
static const struct gsp__node in_image[] = {
    GSP__NODE("type", SKIP, NOTHING),
    GSP__NODE_PARENT("image_url", OBJECT, IMAGE, in_image_url),
};

static const struct gsp__node in_message[] = {
    GSP__NODE("role", SKIP, NOTHING),
    GSP__NODE_PARENT("content", TEXT, CONTENT, in_content),
    GSP__NODE("reasoning", TEXT, REASONING),
    GSP__NODE("reasoning_content", TEXT, REASONING),
    GSP__NODE("refusal", TEXT, REFUSAL),
    GSP__NODE_PARENT("tool_calls", OBJECT, TOOL_CALL, in_tool_call),
    GSP__NODE_PARENT("function_call", OBJECT, FUNCTION_CALL, in_function),
    GSP__NODE_PARENT("audio", OBJECT, NOTHING, in_audio),
    GSP__NODE("thinking", TEXT, REASONING),
    GSP__NODE_PARENT("images", OBJECT, NOTHING, in_image),
};

static const struct gsp__node in_choice[] = {
    GSP__NODE("index", FACT, CHOICE_INDEX),
    GSP__NODE_PARENT("delta", OBJECT, NOTHING, in_message),
    GSP__NODE("logprobs", SKIP, NOTHING),
    GSP__NODE("finish_reason", FACT, FINISH),
    GSP__NODE_PARENT("message", OBJECT, NOTHING, in_message),
};

static const struct gsp__node in_prompt_details[] = {
    GSP__NODE("cached_tokens", FACT, CACHED_TOKENS),
    GSP__NODE("audio_tokens", FACT, AUDIO_INPUT_TOKENS),
    GSP__NODE("cache_write_tokens", FACT, CACHE_WRITE_TOKENS),
    GSP__NODE("text_tokens", FACT, TEXT_INPUT_TOKENS),
    GSP__NODE("image_tokens", FACT, IMAGE_INPUT_TOKENS),
};

static const struct gsp__node in_completion_details[] = {
    GSP__NODE("reasoning_tokens", FACT, REASONING_TOKENS),
    GSP__NODE("audio_tokens", FACT, AUDIO_OUTPUT_TOKENS),
    GSP__NODE("text_tokens", FACT, TEXT_OUTPUT_TOKENS),
    GSP__NODE("image_tokens", FACT, IMAGE_OUTPUT_TOKENS),
};

static const struct gsp__node in_usage[] = {
    GSP__NODE("prompt_tokens", FACT, INPUT_TOKENS),
    GSP__NODE("completion_tokens", FACT, OUTPUT_TOKENS),
    GSP__NODE("total_tokens", FACT, TOTAL_TOKENS),
    GSP__NODE_PARENT("prompt_tokens_details", OBJECT, NOTHING, in_prompt_details),
    GSP__NODE_PARENT("completion_tokens_details", OBJECT, NOTHING, in_completion_details),
    GSP__NODE("prompt_cache_hit_tokens", FACT, CACHED_TOKENS),
    GSP__NODE("num_cached_tokens", FACT, CACHED_TOKENS),
    GSP__NODE("cached_tokens", FACT, CACHED_TOKENS),
    GSP__NODE("cost", FACT, COST),
    GSP__NODE("queue_time", FACT, QUEUE_SECONDS),
    GSP__NODE("total_time", FACT, TOTAL_SECONDS),
};

static const struct gsp__node in_error[] = {
    GSP__NODE("message", FACT, ERROR_MESSAGE),
    GSP__NODE("type", FACT, ERROR_TYPE),
    GSP__NODE("code", FACT, ERROR_CODE),
};

static const struct gsp__node in_groq[] = {
    GSP__NODE("id", FACT, REQUEST_ID),
    GSP__NODE_PARENT("usage", OBJECT, NOTHING, in_usage),
    GSP__NODE_PARENT("error", FACT, ERROR, in_error),
};

/* Cerebras */
static const struct gsp__node in_times[] = {
    GSP__NODE("queue_time", FACT, QUEUE_SECONDS),
    GSP__NODE("total_time", FACT, TOTAL_SECONDS),
};

static const struct gsp__node root[] = {
    GSP__NODE("id", FACT, ID),
    GSP__NODE("object", FACT, OBJECT),
    GSP__NODE("created", SKIP, NOTHING),
    GSP__NODE("model", FACT, MODEL),
    GSP__NODE("service_tier", FACT, SERVICE_TIER),
    GSP__NODE("system_fingerprint", FACT, FINGERPRINT),
    GSP__NODE_PARENT("choices", OBJECT, CHOICE, in_choice),
    GSP__NODE_PARENT("usage", OBJECT, NOTHING, in_usage),
    GSP__NODE("provider", FACT, UPSTREAM),
    GSP__NODE_PARENT("x_groq", OBJECT, NOTHING, in_groq),
    GSP__NODE_PARENT("error", FACT, ERROR, in_error),
    GSP__NODE_PARENT("time_info", OBJECT, NOTHING, in_times),
    GSP__NODE("request_id", FACT, REQUEST_ID),
    GSP__NODE("message", FACT, BARE_MESSAGE),
    GSP__NODE("type", FACT, BARE_TYPE),
    GSP__NODE("code", FACT, BARE_CODE),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, DOCUMENT, root);

/* What is kept besides what all formats keep. */
struct state {
    bool is_refused;
    bool is_error; /* the document is an error */
};

static struct state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct state);
}

/* The older way to call a tool: content to the one who waits (ST-3), but no call with an id of its own. */
static void end_function_call(struct gsp__decoder *d)
{
    if (d->answer.n_tool_name > 0)
        d->kinds |= 1u << GSP_MARK_TOOL_CALL;
    gsp__answer_put_tool(d);
}

static void answer(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    const struct gsp__json_map *m = &d->map;

    switch ((enum action)m->action) {
    case CHOICE_INDEX:
        gsp__answer_index(d);
        break;
    case FINISH:
        gsp__answer_finish(d);
        break;
    case CONTENT:
        gsp__decoder_text(d, d->answer.choice, GSP_MARK_TEXT, m);
        break;
    case REASONING:
        gsp__decoder_text(d, d->answer.choice, GSP_MARK_REASONING, m);
        break;
    case REFUSAL: /* content to the one who waits, but not the answer's text */
        if (m->value.n > 0) {
            d->kinds |= 1u << GSP_MARK_TEXT;
            if (!s->is_refused)
                d->sink->boolean(d->self, GSP_FACT_REFUSAL, true);
            s->is_refused = true;
        }
        gsp__decoder_aside(d, d->answer.choice, m);
        break;
    case AUDIO:
        gsp__decoder_base64_audio(d, m);
        break;
    case AUDIO_TRANSCRIPT:
        if (m->value.n > 0)
            d->kinds |= 1u << GSP_MARK_AUDIO;
        gsp__decoder_aside(d, d->answer.choice, m);
        break;
    case IMAGE:
        gsp__decoder_media_url(d, m);
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
        gsp__answer_arguments(d);
        break;
    default:
        break;
    }
}

/* Whether the document is the error itself, not one that has an error in it: it says so (vLLM, Mistral), or
 * the event's name does. */
static bool is_bare_error(struct gsp__decoder *d)
{
    return state_of(d)->is_error || gsp__decoder_event_is(d, "error");
}

static void report(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    const struct gsp__json_map *m = &d->map;

    switch ((enum action)m->action) {
    case ID:
        if (gsp__decoder_string(d, GSP_FACT_RESPONSE_ID, m))
            gsp__decoder_request_id(d, m); /* by the body's id, too, the provider finds it */
        break;
    case MODEL:
        gsp__decoder_string(d, GSP_FACT_RESPONSE_MODEL, m);
        break;
    case SERVICE_TIER:
        gsp__decoder_string(d, GSP_FACT_SERVICE_TIER, m);
        break;
    case FINGERPRINT:
        gsp__decoder_string(d, GSP_FACT_SYSTEM_FINGERPRINT, m);
        break;
    case UPSTREAM:
        gsp__decoder_string(d, GSP_FACT_UPSTREAM_PROVIDER, m);
        break;
    case INPUT_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_INPUT_TOKENS, m);
        break;
    case OUTPUT_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_OUTPUT_TOKENS, m);
        break;
    case TOTAL_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_TOTAL_TOKENS, m);
        break;
    case CACHED_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_CACHE_READ_TOKENS, m);
        break;
    case CACHE_WRITE_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_CACHE_WRITE_TOKENS, m);
        break;
    case AUDIO_INPUT_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_AUDIO_INPUT_TOKENS, m);
        break;
    case AUDIO_OUTPUT_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_AUDIO_OUTPUT_TOKENS, m);
        break;
    case TEXT_INPUT_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_TEXT_INPUT_TOKENS, m);
        break;
    case TEXT_OUTPUT_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_TEXT_OUTPUT_TOKENS, m);
        break;
    case REASONING_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_REASONING_TOKENS, m);
        break;
    case IMAGE_INPUT_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_IMAGE_INPUT_TOKENS, m);
        break;
    case IMAGE_OUTPUT_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_IMAGE_OUTPUT_TOKENS, m);
        break;
    case COST:
        gsp__decoder_real(d, GSP_FACT_PROVIDER_COST_USD, m, 1.0);
        break;
    case QUEUE_SECONDS:
        gsp__decoder_real(d, GSP_FACT_QUEUE_TIME, m, 1.0);
        break;
    case TOTAL_SECONDS:
        gsp__decoder_real(d, GSP_FACT_PROCESSING_TIME, m, 1.0);
        break;
    case REQUEST_ID:
        gsp__decoder_begins_apart(d);
        gsp__decoder_request_id(d, m);
        break;
    case ERROR: /* error: "text" */
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        if (m->token == GSP__JSON_STRING)
            gsp__decoder_error(d);
        break;
    case ERROR_MESSAGE:
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        break;
    case ERROR_TYPE:
        gsp__decoder_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, m);
        break;
    case ERROR_CODE:
        gsp__decoder_code(d, GSP_FACT_PROVIDER_ERROR_CODE, m);
        break;
    case OBJECT:
        s->is_error =
            m->token == GSP__JSON_STRING && m->value.n == 5 && memcmp(m->value.bytes, "error", 5) == 0;
        if (s->is_error)
            gsp__decoder_begins_apart(d);
        break;
    case BARE_MESSAGE:
        if (is_bare_error(d))
            gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        break;
    case BARE_TYPE:
        if (is_bare_error(d))
            gsp__decoder_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, m);
        break;
    case BARE_CODE:
        if (is_bare_error(d))
            gsp__decoder_code(d, GSP_FACT_PROVIDER_ERROR_CODE, m);
        break;
    default:
        break;
    }
}

static void begin_event(struct gsp__decoder *d)
{
    state_of(d)->is_error = false;
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    unsigned action = d->map.action;

    switch (event) {
    case GSP__MAP_ENTER:
        if (action == CHOICE)
            gsp__answer_begin_choice(d);
        else if (action == TOOL_CALL || action == FUNCTION_CALL)
            gsp__answer_begin_tool(d);
        else if (action == IMAGE)
            gsp__decoder_begin_media(d, d->answer.choice, GSP__MODALITY_IMAGE);
        break;
    case GSP__MAP_LEAVE:
        if (action == CHOICE)
            gsp__answer_end_choice(d);
        else if (action == TOOL_CALL)
            gsp__answer_end_tool(d);
        else if (action == FUNCTION_CALL)
            end_function_call(d);
        else if (action == ERROR || (action == DOCUMENT && state_of(d)->is_error))
            gsp__decoder_error(d);
        break;
    case GSP__MAP_PIECE:
    case GSP__MAP_VALUE:
        if (action >= CHOICE_INDEX && action <= AUDIO_TRANSCRIPT)
            answer(d);
        else
            report(d);
        break;
    default:
        break;
    }
}

const struct gsp__format gsp__openai_chat = {
    .name = "openai.chat",
    .operation = "chat",
    .provider = "openai",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
    .begin_event = begin_event,
    .begins_alike = true,
};
