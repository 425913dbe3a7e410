/*
 * What Bedrock's Converse and ConverseStream have in common.
 *
 * The model stands in the path, percent-encoded where it is an ARN. inputTokens has no cached tokens in it:
 * the total is put together here (US-1). Why a guardrail withheld or masked something is told by the types
 * and names of its findings; what it found there is content and is not read.
 */
#include "wire/bedrock.h"

#include <string.h>

#include "base/compiler.h"
#include "record/fact_types.h"
#include "wire/answer.h"
#include "wire/target.h"

/*
 * The request.
 */

enum request_action {
    REQUEST_NOTHING,
    MESSAGES,
    TEMPERATURE,
    TOP_P,
    TOP_K,
    MAX_TOKENS,
    STOP,
    TOOLS,
    SERVICE_TIER,
    RESPONSE_FORMAT,
    REASONING_LEVEL,
};

static const struct gsp__node in_inference[] = {
    GSP__NODE("maxTokens", FACT, MAX_TOKENS), GSP__NODE("temperature", FACT, TEMPERATURE),
    GSP__NODE("topP", FACT, TOP_P),           GSP__NODE("stopSequences", FACT, STOP),
    GSP__NODE("topK", FACT, TOP_K), /* Nova's, among the model's own */
};

static const struct gsp__node in_tools[] = {
    GSP__NODE("tools", COUNT, TOOLS),
};

static const struct gsp__node in_request_tier[] = {
    GSP__NODE("type", FACT, SERVICE_TIER),
};

static const struct gsp__node in_text_format[] = {
    GSP__NODE("type", FACT, RESPONSE_FORMAT),
};

static const struct gsp__node in_output[] = {
    GSP__NODE_PARENT("textFormat", OBJECT, REQUEST_NOTHING, in_text_format),
};

static const struct gsp__node in_effort[] = {
    GSP__NODE("effort", FACT, REASONING_LEVEL),
    GSP__NODE("maxReasoningEffort", FACT, REASONING_LEVEL),
};

/* What models have of their own: Anthropic's, Nova's, and those with OpenAI's words. */
static const struct gsp__node in_model_fields[] = {
    GSP__NODE("top_k", FACT, TOP_K),
    GSP__NODE_PARENT("inferenceConfig", OBJECT, REQUEST_NOTHING, in_inference),
    GSP__NODE_PARENT("output_config", OBJECT, REQUEST_NOTHING, in_effort),
    GSP__NODE_PARENT("reasoningConfig", OBJECT, REQUEST_NOTHING, in_effort),
    GSP__NODE("reasoning_effort", FACT, REASONING_LEVEL),
    GSP__NODE("reasoning_config", FACT, REASONING_LEVEL),
};

#define REQUEST_NODES                                                                                        \
    GSP__NODE_PARENT("inferenceConfig", OBJECT, REQUEST_NOTHING, in_inference),                              \
        GSP__NODE_PARENT("additionalModelRequestFields", OBJECT, REQUEST_NOTHING, in_model_fields),          \
        GSP__NODE_PARENT("serviceTier", OBJECT, REQUEST_NOTHING, in_request_tier),                           \
        GSP__NODE_PARENT("outputConfig", OBJECT, REQUEST_NOTHING, in_output)

static const struct gsp__node in_request_root[] = {
    GSP__NODE("messages", COUNT, MESSAGES),
    GSP__NODE("system", SKIP, REQUEST_NOTHING),
    GSP__NODE_PARENT("toolConfig", OBJECT, REQUEST_NOTHING, in_tools),
    REQUEST_NODES,
};

const struct gsp__node gsp__bedrock_request_root = GSP__NODE_PARENT("", OBJECT, 0, in_request_root);

/*
 * What it says.
 */

static const struct gsp__node in_said_location[] = {
    GSP__NODE("uri", TEXT, GSP__PROMPT_URL),
};

static const struct gsp__node in_said_source[] = {
    GSP__NODE("bytes", TEXT, GSP__PROMPT_BASE64),
    GSP__NODE_PARENT("s3Location", OBJECT, REQUEST_NOTHING, in_said_location),
};

const struct gsp__node gsp__bedrock_in_said_media[2] = {
    GSP__NODE("format", FACT, GSP__PROMPT_FORMAT),
    GSP__NODE_PARENT("source", OBJECT, REQUEST_NOTHING, in_said_source),
};

static const struct gsp__node in_said_result[] = {
    GSP__NODE("text", TEXT, GSP__PROMPT_RESPONSE),
    GSP__NODE("json", RAW, GSP__PROMPT_RESPONSE),
    GSP__BEDROCK_SAID_MEDIA_NODES,
};

const struct gsp__node gsp__bedrock_in_said_tool_result[2] = {
    GSP__NODE("toolUseId", FACT, GSP__PROMPT_RESPONSE_ID),
    GSP__NODE_PARENT("content", TEXT, GSP__PROMPT_RESPONSE, in_said_result),
};

const struct gsp__node gsp__bedrock_in_said_tool_use[3] = {
    GSP__NODE("toolUseId", FACT, GSP__PROMPT_CALL_ID),
    GSP__NODE("name", FACT, GSP__PROMPT_CALL_NAME),
    GSP__NODE("input", RAW, GSP__PROMPT_ARGUMENTS),
};

static const struct gsp__node in_said_reasoning_text[] = {
    GSP__NODE("text", TEXT, GSP__PROMPT_REASONING),
};

static const struct gsp__node in_said_reasoning[] = {
    GSP__NODE_PARENT("reasoningText", OBJECT, REQUEST_NOTHING, in_said_reasoning_text),
};

/* for a guardrail to look at alone */
static const struct gsp__node in_said_guarded_text[] = {
    GSP__NODE("text", TEXT, GSP__PROMPT_TEXT),
};

static const struct gsp__node in_said_guarded[] = {
    GSP__NODE_PARENT("text", OBJECT, REQUEST_NOTHING, in_said_guarded_text),
    GSP__NODE_PARENT("image", OBJECT, GSP__PROMPT_IMAGE, gsp__bedrock_in_said_media),
};

static const struct gsp__node in_said_block[] = {
    GSP__BEDROCK_SAID_BLOCK_NODES,
    GSP__NODE_PARENT("reasoningContent", OBJECT, REQUEST_NOTHING, in_said_reasoning),
    GSP__NODE_PARENT("guardContent", OBJECT, REQUEST_NOTHING, in_said_guarded),
};

static const struct gsp__node in_said_message[] = {
    GSP__NODE("role", FACT, GSP__PROMPT_ROLE),
    GSP__NODE_PARENT("content", OBJECT, GSP__PROMPT_PART, in_said_block),
};

static const struct gsp__node in_said_system[] = {
    GSP__NODE("text", TEXT, GSP__PROMPT_TEXT),
    GSP__NODE_PARENT("guardContent", OBJECT, REQUEST_NOTHING, in_said_guarded),
};

const struct gsp__node gsp__bedrock_in_said_tools[1] = {
    GSP__NODE("tools", ITEMS, GSP__PROMPT_TOOL),
};

static const struct gsp__node in_content_root[] = {
    GSP__NODE_PARENT("messages", COUNT, GSP__PROMPT_MESSAGE, in_said_message),
    GSP__NODE_PARENT("system", OBJECT, GSP__PROMPT_INSTRUCTIONS, in_said_system),
    GSP__NODE_PARENT("toolConfig", OBJECT, REQUEST_NOTHING, gsp__bedrock_in_said_tools),
    REQUEST_NODES,
};

const struct gsp__node gsp__bedrock_content_root = GSP__NODE_PARENT("", OBJECT, 0, in_content_root);

/* /model/MODEL/converse, where a client that is careless leaves the slashes of an ARN as they are */
void gsp__bedrock_target(struct gsp__request_decoder *d, const char *target, size_t n)
{
    const char *query = memchr(target, '?', n);
    struct gsp__target_value model;

    if (query)
        n = (size_t)(query - target);
    while (n > 0 && target[n - 1] != '/')
        n--;
    if (n > 0 && gsp__target_segment(target, n - 1, "/model/", "", &model))
        gsp__request_put_string(d, GSP_FACT_REQUEST_MODEL, model.bytes, model.n);
}

void gsp__bedrock_request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    switch ((enum request_action)d->map.action) {
    case MESSAGES:
        gsp__request_put_int(d, GSP_FACT_MESSAGE_COUNT, d->map.count);
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
    case MAX_TOKENS:
        gsp__request_int(d, GSP_FACT_MAX_TOKENS);
        break;
    case STOP:
        gsp__request_item(d, GSP_FACT_STOP_SEQUENCE);
        break;
    case TOOLS:
        if (event == GSP__MAP_COUNT && d->map.count > 0)
            gsp__request_put_int(d, GSP_FACT_TOOL_COUNT, d->map.count);
        break;
    case SERVICE_TIER:
        gsp__request_string(d, GSP_FACT_REQUEST_SERVICE_TIER);
        break;
    case RESPONSE_FORMAT:
        gsp__request_string(d, GSP_FACT_RESPONSE_FORMAT);
        break;
    case REASONING_LEVEL:
        gsp__request_string(d, GSP_FACT_REASONING_LEVEL);
        break;
    default:
        break;
    }
}

/*
 * The response.
 */

static const struct gsp__node in_cache_write[] = {
    GSP__NODE("inputTokens", FACT, GSP__BEDROCK_CACHE_WRITE_SIZE),
    GSP__NODE("ttl", FACT, GSP__BEDROCK_CACHE_WRITE_TTL),
};

/* asked for with additionalModelResponseFieldPaths */
const struct gsp__node gsp__bedrock_in_extra[1] = {
    GSP__NODE("stop_sequence", FACT, GSP__BEDROCK_MATCHED_STOP),
};

const struct gsp__node gsp__bedrock_in_usage[6] = {
    GSP__NODE("cacheReadInputTokens", FACT, GSP__BEDROCK_CACHE_READ_TOKENS),
    GSP__NODE("cacheWriteInputTokens", FACT, GSP__BEDROCK_CACHE_WRITE_TOKENS),
    GSP__NODE("inputTokens", FACT, GSP__BEDROCK_INPUT_TOKENS),
    GSP__NODE("outputTokens", FACT, GSP__BEDROCK_OUTPUT_TOKENS),
    GSP__NODE("totalTokens", FACT, GSP__BEDROCK_TOTAL_TOKENS),
    GSP__NODE_PARENT("cacheDetails", OBJECT, GSP__BEDROCK_CACHE_WRITE, in_cache_write),
};

const struct gsp__node gsp__bedrock_in_metrics[1] = {
    GSP__NODE("latencyMs", FACT, GSP__BEDROCK_LATENCY),
};

const struct gsp__node gsp__bedrock_in_tier[1] = {
    GSP__NODE("type", FACT, GSP__BEDROCK_SERVICE_TIER),
};

static const struct gsp__node in_finding[] = {
    GSP__NODE("type", FACT, GSP__BEDROCK_FINDING_TYPE),
    GSP__NODE("name", FACT, GSP__BEDROCK_FINDING_NAME),
    GSP__NODE("action", FACT, GSP__BEDROCK_FINDING_ACTION),
};

static const struct gsp__node in_policy[] = {
    GSP__NODE_PARENT("topics", OBJECT, GSP__BEDROCK_FINDING, in_finding),
    GSP__NODE_PARENT("filters", OBJECT, GSP__BEDROCK_FINDING, in_finding),
    GSP__NODE_PARENT("customWords", OBJECT, GSP__BEDROCK_FINDING, in_finding),
    GSP__NODE_PARENT("managedWordLists", OBJECT, GSP__BEDROCK_FINDING, in_finding),
    GSP__NODE_PARENT("piiEntities", OBJECT, GSP__BEDROCK_FINDING, in_finding),
    GSP__NODE_PARENT("regexes", OBJECT, GSP__BEDROCK_FINDING, in_finding),
};

static const struct gsp__node in_assessment[] = {
    GSP__NODE_PARENT("topicPolicy", OBJECT, GSP__BEDROCK_NOTHING, in_policy),
    GSP__NODE_PARENT("contentPolicy", OBJECT, GSP__BEDROCK_NOTHING, in_policy),
    GSP__NODE_PARENT("wordPolicy", OBJECT, GSP__BEDROCK_NOTHING, in_policy),
    GSP__NODE_PARENT("sensitiveInformationPolicy", OBJECT, GSP__BEDROCK_NOTHING, in_policy),
    GSP__NODE_PARENT("contextualGroundingPolicy", OBJECT, GSP__BEDROCK_NOTHING, in_policy),
};

/* by the guardrail's id */
static const struct gsp__node in_assessments[] = {
    GSP__NODE_PARENT("*", OBJECT, GSP__BEDROCK_NOTHING, in_assessment),
};

static const struct gsp__node in_guardrail[] = {
    GSP__NODE_PARENT("inputAssessment", OBJECT, GSP__BEDROCK_NOTHING, in_assessments),
    GSP__NODE_PARENT("outputAssessments", OBJECT, GSP__BEDROCK_NOTHING, in_assessments),
};

static const struct gsp__node in_router[] = {
    GSP__NODE("invokedModelId", FACT, GSP__BEDROCK_INVOKED_MODEL),
};

const struct gsp__node gsp__bedrock_in_trace[2] = {
    GSP__NODE_PARENT("guardrail", OBJECT, GSP__BEDROCK_NOTHING, in_guardrail),
    GSP__NODE_PARENT("promptRouter", OBJECT, GSP__BEDROCK_NOTHING, in_router),
};

#define TOKENS_MAX ((int64_t)1 << 60) /* what is more is no count of tokens, and sums stay in range */

struct state {
    int64_t input, cache_read, cache_write; /* as reported; input without the cached ones */
    int64_t cache_write_1h;
    int64_t write_size; /* of the entry of cacheDetails that is being read */
    bool has_input;
    bool has_cache_write_1h;
    bool write_is_1h;
    bool has_acted; /* of the finding that is being read: it was blocked or masked */
    bool has_name;
    uint8_t n_reason;
    char reason[96];
};

static bool is(const struct gsp__json_map *m, const char *word)
{
    return m->token == GSP__JSON_STRING && m->value.n == strlen(word) &&
           memcmp(m->value.bytes, word, m->value.n) == 0;
}

static void put_input(struct gsp__decoder *d, const struct state *s)
{
    if (s->has_input)
        gsp__decoder_put_usage(d, GSP_USAGE_INPUT_TOKENS, s->input + s->cache_read + s->cache_write);
}

static void usage(struct gsp__decoder *d, struct state *s)
{
    const struct gsp__json_map *m = &d->map;
    int64_t tokens;

    if (!gsp__decoder_tokens(m, &tokens) || tokens > TOKENS_MAX)
        return;
    switch (m->action) {
    case GSP__BEDROCK_INPUT_TOKENS:
        s->input = tokens;
        s->has_input = true;
        put_input(d, s);
        break;
    case GSP__BEDROCK_OUTPUT_TOKENS:
        gsp__decoder_put_usage(d, GSP_USAGE_OUTPUT_TOKENS, tokens);
        break;
    case GSP__BEDROCK_TOTAL_TOKENS:
        gsp__decoder_put_usage(d, GSP_USAGE_TOTAL_TOKENS, tokens);
        break;
    case GSP__BEDROCK_CACHE_READ_TOKENS:
        s->cache_read = tokens;
        gsp__decoder_put_usage(d, GSP_USAGE_CACHE_READ_TOKENS, tokens);
        put_input(d, s);
        break;
    case GSP__BEDROCK_CACHE_WRITE_TOKENS:
        s->cache_write = tokens;
        gsp__decoder_put_usage(d, GSP_USAGE_CACHE_WRITE_TOKENS, tokens);
        put_input(d, s);
        break;
    case GSP__BEDROCK_CACHE_WRITE_SIZE:
        s->write_size = tokens;
        break;
    default:
        break;
    }
}

/* The reasons for which an answer ends that are a provider's refusal to show it. */
static void stop_reason(struct gsp__decoder *d)
{
    d->answer.choice = 0; /* there is one answer only */
    gsp__answer_finish(d);
    gsp__answer_end_choice(d);
    if (is(&d->map, "guardrail_intervened") || is(&d->map, "content_filtered"))
        gsp__decoder_item(d, GSP_FACT_SAFETY_BLOCK, &d->map);
}

/* A topic and an expression have a name, which says more than their type does. */
static void keep_reason(struct state *s, const struct gsp__json_map *m, bool is_name)
{
    if (m->token != GSP__JSON_STRING || m->value.n == 0 || m->value.n > sizeof s->reason || s->has_name)
        return;
    memcpy(s->reason, m->value.bytes, m->value.n);
    s->n_reason = (uint8_t)m->value.n;
    s->has_name = is_name;
}

/* {"message": ...} is an error where it is the whole answer, or a frame that says it is an exception. */
static bool is_error(const struct gsp__decoder *d)
{
    return d->framing != GSP__FRAMING_EVENTSTREAM || d->frames.eventstream.is_exception;
}

/* "com.amazon.example#ThrottlingException:http..." */
static void error_type(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;
    const char *begin = m->value.bytes, *end, *p;

    if (m->token != GSP__JSON_STRING || m->value.n == 0)
        return;
    end = begin + m->value.n;
    p = memchr(begin, '#', m->value.n);
    if (p)
        begin = p + 1;
    p = memchr(begin, ':', (size_t)(end - begin));
    gsp__decoder_put_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, begin, (size_t)((p ? p : end) - begin),
                            m->value_is_cut);
    gsp__decoder_error(d);
}

static void error(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    if (!is_error(d))
        return;
    if (m->action == GSP__BEDROCK_ERROR_TYPE) {
        error_type(d);
    } else if (m->action == GSP__BEDROCK_ERROR_STATUS) {
        gsp__decoder_code(d, GSP_FACT_PROVIDER_ERROR_CODE, m);
    } else if (m->token == GSP__JSON_STRING) {
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        gsp__decoder_error(d);
    }
}

static void value(struct gsp__decoder *d, struct state *s)
{
    const struct gsp__json_map *m = &d->map;

    switch (m->action) {
    case GSP__BEDROCK_STOP_REASON:
        stop_reason(d);
        break;
    case GSP__BEDROCK_MATCHED_STOP:
        gsp__decoder_string(d, GSP_FACT_MATCHED_STOP, m);
        break;
    case GSP__BEDROCK_CACHE_WRITE_TTL:
        s->write_is_1h = is(m, "1h");
        break;
    case GSP__BEDROCK_LATENCY:
        gsp__decoder_real(d, GSP_FACT_PROCESSING_TIME, m, 0.001);
        break;
    case GSP__BEDROCK_SERVICE_TIER:
        gsp__decoder_string(d, GSP_FACT_SERVICE_TIER, m);
        break;
    case GSP__BEDROCK_INVOKED_MODEL:
        gsp__decoder_string(d, GSP_FACT_RESPONSE_MODEL, m);
        break;
    case GSP__BEDROCK_FINDING_TYPE:
        keep_reason(s, m, false);
        break;
    case GSP__BEDROCK_FINDING_NAME:
        keep_reason(s, m, true);
        break;
    case GSP__BEDROCK_FINDING_ACTION:
        s->has_acted = is(m, "BLOCKED") || is(m, "ANONYMIZED");
        break;
    case GSP__BEDROCK_ERROR_MESSAGE:
    case GSP__BEDROCK_ERROR_TYPE:
    case GSP__BEDROCK_ERROR_STATUS:
        error(d);
        break;
    default:
        usage(d, s);
        break;
    }
}

static void enter(unsigned action, struct state *s)
{
    if (action == GSP__BEDROCK_USAGE) { /* what it says replaces what was said before */
        s->cache_write_1h = 0;
        s->has_cache_write_1h = false;
    } else if (action == GSP__BEDROCK_CACHE_WRITE) {
        s->write_size = 0;
        s->write_is_1h = false;
    } else if (action == GSP__BEDROCK_FINDING) {
        s->has_acted = s->has_name = false;
        s->n_reason = 0;
    }
}

static void leave(struct gsp__decoder *d, unsigned action, struct state *s)
{
    if (action == GSP__BEDROCK_USAGE && s->has_cache_write_1h) {
        gsp__decoder_put_usage(d, GSP_USAGE_CACHE_WRITE_1H_TOKENS, s->cache_write_1h);
    } else if (action == GSP__BEDROCK_CACHE_WRITE && s->write_is_1h &&
               s->cache_write_1h + s->write_size <= TOKENS_MAX) {
        s->cache_write_1h += s->write_size;
        s->has_cache_write_1h = true;
    } else if (action == GSP__BEDROCK_FINDING && s->has_acted && s->n_reason > 0) {
        d->sink->string(d->self, GSP_FACT_SAFETY_BLOCK, 0, s->reason, s->n_reason, false);
    }
}

void gsp__bedrock_report(struct gsp__decoder *d, enum gsp__map_event event)
{
    struct state *s = GSP__STATE_OF(d, struct state);

    if (event == GSP__MAP_ENTER)
        enter(d->map.action, s);
    else if (event == GSP__MAP_LEAVE)
        leave(d, d->map.action, s);
    else if (event == GSP__MAP_VALUE)
        value(d, s);
}
