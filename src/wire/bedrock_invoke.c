/*
 * bedrock.invoke: Bedrock's InvokeModel and its response stream, with bodies of Anthropic and Nova.
 *
 * A body is the vendor's own. In the stream each frame "chunk" wraps one of the vendor's events as base64:
 * {"bytes":"...","p":"padding"}. What Bedrock itself has counted comes with the last one.
 */
#include "wire/bedrock_invoke.h"

#include <string.h>

#include "base/base64.h"
#include "record/fact_types.h"
#include "wire/answer.h"
#include "wire/anthropic_body.h"
#include "wire/bedrock.h"
#include "wire/target.h"

enum action {
    NOTHING = GSP__ANTHROPIC_NOTHING,
    TOTAL_TOKENS = GSP__ANTHROPIC_ACTIONS,
    LATENCY,
    GUARDRAIL,
    ERROR_CLASS,
    TOOL,    /* of a whole message of Nova */
    STARTED, /* a block in Nova's stream */
    PLACE,   /* of that block */
    TOOL_INPUT,
};

static const struct gsp__node in_reasoning_config[] = {
    GSP__NODE("maxReasoningEffort", FACT, GSP__ANTHROPIC_REASONING_LEVEL),
};

static const struct gsp__node in_inference_config[] = {
    GSP__NODE("maxTokens", FACT, GSP__ANTHROPIC_MAX_TOKENS),
    GSP__NODE("max_new_tokens", FACT, GSP__ANTHROPIC_MAX_TOKENS),
    GSP__NODE("temperature", FACT, GSP__ANTHROPIC_TEMPERATURE),
    GSP__NODE("topP", FACT, GSP__ANTHROPIC_TOP_P),
    GSP__NODE("top_p", FACT, GSP__ANTHROPIC_TOP_P),
    GSP__NODE("topK", FACT, GSP__ANTHROPIC_TOP_K),
    GSP__NODE("top_k", FACT, GSP__ANTHROPIC_TOP_K),
    GSP__NODE("stopSequences", FACT, GSP__ANTHROPIC_STOP),
    GSP__NODE_PARENT("reasoningConfig", OBJECT, NOTHING, in_reasoning_config),
};

static const struct gsp__node in_tool_config[] = {
    GSP__NODE("tools", COUNT, GSP__ANTHROPIC_TOOLS),
};

static const struct gsp__node in_request_root[] = {
    GSP__ANTHROPIC_REQUEST_NODES,
    GSP__NODE_PARENT("inferenceConfig", OBJECT, NOTHING, in_inference_config),
    GSP__NODE_PARENT("toolConfig", OBJECT, NOTHING, in_tool_config),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

/* Nova's blocks are those of Converse. */
static const struct gsp__node in_said_block[] = {
    GSP__ANTHROPIC_SAID_BLOCK_NODES,
    GSP__BEDROCK_SAID_TOOL_NODES,
    GSP__BEDROCK_SAID_MEDIA_NODES,
};

static const struct gsp__node in_said_message[] = {GSP__ANTHROPIC_SAID_MESSAGE_NODES(in_said_block)};

static const struct gsp__node in_content_root[] = {
    GSP__ANTHROPIC_CONTENT_NODES(in_said_message),
    GSP__NODE_PARENT("inferenceConfig", OBJECT, NOTHING, in_inference_config),
    GSP__NODE_PARENT("toolConfig", OBJECT, NOTHING, gsp__bedrock_in_said_tools),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

/* /model/MODEL/invoke or /model/MODEL/invoke-with-response-stream */
static void target(struct gsp__request_decoder *d, const char *text, size_t n)
{
    static const char stream[] = "invoke-with-response-stream";
    struct gsp__target_value model, verb;

    if (!gsp__target_segment(text, n, "/model/", "/", &model))
        return;
    gsp__request_put_string(d, GSP_FACT_REQUEST_MODEL, model.bytes, model.n);
    if (gsp__target_segment(text, n, "/", "", &verb) && strcmp(verb.bytes, stream) == 0)
        gsp__request_put_bool(d, GSP_FACT_STREAM, true);
}

/* Bedrock's and Nova's counts, which have nothing cached in their input either. */
static const struct gsp__node in_metrics[] = {
    GSP__NODE("inputTokenCount", FACT, GSP__ANTHROPIC_INPUT_TOKENS),
    GSP__NODE("outputTokenCount", FACT, GSP__ANTHROPIC_OUTPUT_TOKENS),
    GSP__NODE("invocationLatency", FACT, LATENCY),
    GSP__NODE("firstByteLatency", SKIP, NOTHING),
    GSP__NODE("cacheReadInputTokenCount", FACT, GSP__ANTHROPIC_CACHE_READ_TOKENS),
    GSP__NODE("cacheWriteInputTokenCount", FACT, GSP__ANTHROPIC_CACHE_WRITE_TOKENS),
};

#define NOVA_USAGE_NODES                                                                                     \
    GSP__NODE("inputTokens", FACT, GSP__ANTHROPIC_INPUT_TOKENS),                                             \
        GSP__NODE("outputTokens", FACT, GSP__ANTHROPIC_OUTPUT_TOKENS),                                       \
        GSP__NODE("totalTokens", FACT, TOTAL_TOKENS),                                                        \
        GSP__NODE("cacheReadInputTokenCount", FACT, GSP__ANTHROPIC_CACHE_READ_TOKENS),                       \
        GSP__NODE("cacheWriteInputTokenCount", FACT, GSP__ANTHROPIC_CACHE_WRITE_TOKENS),                     \
        GSP__NODE("cacheReadInputTokens", FACT, GSP__ANTHROPIC_CACHE_READ_TOKENS),                           \
        GSP__NODE("cacheWriteInputTokens", FACT, GSP__ANTHROPIC_CACHE_WRITE_TOKENS)

static const struct gsp__node in_nova_usage[] = {NOVA_USAGE_NODES};

static const struct gsp__node in_usage[] = {GSP__ANTHROPIC_USAGE_NODES, NOVA_USAGE_NODES};

static const struct gsp__node in_reasoning_text[] = {
    GSP__NODE("text", TEXT, GSP__ANTHROPIC_THINKING),
};

static const struct gsp__node in_reasoning[] = {
    GSP__NODE("text", TEXT, GSP__ANTHROPIC_THINKING),
    GSP__NODE_PARENT("reasoningText", OBJECT, NOTHING, in_reasoning_text),
};

static const struct gsp__node in_tool_use[] = {
    GSP__NODE("toolUseId", FACT, GSP__ANTHROPIC_BLOCK_ID),
    GSP__NODE("name", FACT, GSP__ANTHROPIC_BLOCK_NAME),
};

static const struct gsp__node in_whole_tool_use[] = {
    GSP__NODE("toolUseId", FACT, GSP__ANTHROPIC_BLOCK_ID),
    GSP__NODE("name", FACT, GSP__ANTHROPIC_BLOCK_NAME),
    GSP__NODE("input", RAW, TOOL_INPUT),
};

static const struct gsp__node in_content[] = {
    GSP__NODE("text", TEXT, GSP__ANTHROPIC_TEXT),
    GSP__NODE_PARENT("toolUse", OBJECT, TOOL, in_whole_tool_use),
    GSP__NODE_PARENT("reasoningContent", OBJECT, NOTHING, in_reasoning),
};

static const struct gsp__node in_output_message[] = {
    GSP__NODE_PARENT("content", OBJECT, NOTHING, in_content),
};

static const struct gsp__node in_output[] = {
    GSP__NODE_PARENT("message", OBJECT, NOTHING, in_output_message),
};

static const struct gsp__node in_start[] = {
    GSP__NODE_PARENT("toolUse", OBJECT, NOTHING, in_tool_use),
};

static const struct gsp__node in_block_start[] = {
    GSP__NODE_PARENT("start", OBJECT, NOTHING, in_start),
    GSP__NODE("contentBlockIndex", FACT, PLACE),
};

static const struct gsp__node in_tool_delta[] = {
    GSP__NODE("input", TEXT, TOOL_INPUT),
};

static const struct gsp__node in_delta[] = {
    GSP__NODE("text", TEXT, GSP__ANTHROPIC_TEXT),
    GSP__NODE_PARENT("toolUse", OBJECT, NOTHING, in_tool_delta),
    GSP__NODE_PARENT("reasoningContent", OBJECT, NOTHING, in_reasoning),
};

static const struct gsp__node in_block_delta[] = {
    GSP__NODE_PARENT("delta", OBJECT, NOTHING, in_delta),
};

static const struct gsp__node in_message_stop[] = {
    GSP__NODE("stopReason", FACT, GSP__ANTHROPIC_FINISH),
};

static const struct gsp__node in_metadata[] = {
    GSP__NODE_PARENT("usage", OBJECT, GSP__ANTHROPIC_USAGE, in_nova_usage),
};

static const struct gsp__node in_response_root[] = {
    GSP__ANTHROPIC_RESPONSE_NODES,
    GSP__NODE_PARENT("usage", OBJECT, GSP__ANTHROPIC_USAGE, in_usage),
    GSP__NODE_PARENT("contentBlockDelta", OBJECT, NOTHING, in_block_delta),
    GSP__NODE_PARENT("contentBlockStart", OBJECT, STARTED, in_block_start),
    GSP__NODE_PARENT("messageStop", OBJECT, NOTHING, in_message_stop),
    GSP__NODE_PARENT("metadata", OBJECT, NOTHING, in_metadata),
    GSP__NODE_PARENT("output", OBJECT, NOTHING, in_output),
    GSP__NODE("stopReason", FACT, GSP__ANTHROPIC_FINISH),
    GSP__NODE_PARENT("amazon-bedrock-invocationMetrics", OBJECT, GSP__ANTHROPIC_USAGE, in_metrics),
    GSP__NODE("amazon-bedrock-guardrailAction", FACT, GUARDRAIL),
    GSP__NODE("Message", FACT, GSP__ANTHROPIC_BARE_MESSAGE),
    GSP__NODE("__type", FACT, ERROR_CLASS),
    GSP__NODE("originalStatusCode", FACT, GSP__ANTHROPIC_ERROR_CODE),
};

static const struct gsp__node response_root =
    GSP__NODE_PARENT("", OBJECT, GSP__ANTHROPIC_DOCUMENT, in_response_root);

struct state {
    struct gsp__anthropic_state anthropic; /* first: see wire/anthropic_body.h */
    struct gsp__json wrapping;             /* of a chunk */
    struct gsp__base64 base64;
    bool is_bytes; /* the value that is being read */
    bool is_blocked;
};

static struct state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct state);
}

static bool is_wrapped(const struct gsp__decoder *d)
{
    return d->framing == GSP__FRAMING_EVENTSTREAM && gsp__decoder_event_is(d, "chunk");
}

static void begin_event(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    gsp__json_init(&s->wrapping);
    s->base64 = (struct gsp__base64){0};
    s->is_bytes = false;
}

static void read_base64(struct gsp__decoder *d, struct gsp__json_slice text)
{
    struct state *s = state_of(d);
    char bytes[512];

    while (text.n > 0) {
        size_t n = text.n < 512 ? text.n : 512;

        gsp__decoder_read(d, bytes, gsp__base64_decode(&s->base64, bytes, text.bytes, n));
        text.bytes += n;
        text.n -= n;
    }
}

static void unwrap(struct gsp__decoder *d, const char *bytes, size_t n)
{
    struct state *s = state_of(d);
    struct gsp__json_slice slice = {NULL, 0};

    if (!is_wrapped(d)) {
        gsp__decoder_read(d, bytes, n);
        return;
    }
    gsp__json_feed(&s->wrapping, bytes, n);
    while (!d->is_event_bad) {
        switch (gsp__json_next(&s->wrapping, &slice)) {
        case GSP__JSON_MORE:
        case GSP__JSON_DONE:
            return;
        case GSP__JSON_ERROR:
            d->is_event_bad = true;
            return;
        case GSP__JSON_KEY:
            s->is_bytes = slice.n == 5 && memcmp(slice.bytes, "bytes", 5) == 0;
            if (!s->is_bytes)
                gsp__json_skip(&s->wrapping);
            break;
        case GSP__JSON_PART:
        case GSP__JSON_STRING:
            if (s->is_bytes)
                read_base64(d, slice);
            break;
        default:
            break;
        }
    }
}

/* An event that is whole may have come in a wrapping that is not. */
static void end_event(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    if (is_wrapped(d) && !d->is_event_bad && gsp__json_finish(&d->map.json) &&
        !(gsp__json_finish(&s->wrapping) && gsp__base64_finish(&s->base64)))
        d->n_bad++;
}

/* NAMESPACE#ThrottlingException */
static void put_error_class(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;
    const char *begin = m->value.bytes, *sharp;

    if (m->token != GSP__JSON_STRING || m->value.n == 0)
        return;
    sharp = memchr(begin, '#', m->value.n);
    begin = sharp ? sharp + 1 : begin;
    gsp__decoder_put_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, begin,
                            (size_t)(m->value.bytes + m->value.n - begin), m->value_is_cut);
    gsp__decoder_error(d);
}

/* INTERVENED or NONE; again with every event where it is told in a stream. */
static void put_guardrail(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    if (m->token != GSP__JSON_STRING || m->value.n != 10 || memcmp(m->value.bytes, "INTERVENED", 10) != 0 ||
        state_of(d)->is_blocked)
        return;
    state_of(d)->is_blocked = true;
    gsp__decoder_item(d, GSP_FACT_SAFETY_BLOCK, m);
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    const struct gsp__json_map *m = &d->map;

    switch ((enum action)m->action) {
    case TOTAL_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_TOTAL_TOKENS, m);
        break;
    case LATENCY:
        gsp__decoder_real(d, GSP_FACT_PROCESSING_TIME, m, 0.001);
        break;
    case GUARDRAIL:
        put_guardrail(d);
        break;
    case ERROR_CLASS:
        put_error_class(d);
        break;
    case TOOL:
    case STARTED:
        if (event == GSP__MAP_ENTER)
            gsp__answer_begin_tool(d);
        else if (event == GSP__MAP_LEAVE)
            gsp__answer_end_tool(d);
        break;
    case PLACE:
        gsp__answer_tool_index(d);
        break;
    case TOOL_INPUT:
        gsp__answer_arguments(d);
        break;
    default:
        gsp__anthropic_response(d, event);
        break;
    }
}

const struct gsp__format gsp__bedrock_invoke = {
    .name = "bedrock.invoke",
    .operation = "chat",
    .provider = "aws.bedrock",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = gsp__anthropic_request,
    .response = response,
    .target = target,
    .unwrap = unwrap,
    .begin_event = begin_event,
    .end_event = end_event,
    .end = gsp__anthropic_end,
};
