/*
 * openai.responses: OpenAI's responses as JSON and as SSE, and those who speak them.
 *
 * A stream tells everything up to three times: in deltas, in the event that a part is done, and in the whole
 * response at its end. What came in deltas counts, else what came with a part's end, else the last. Its end
 * is the event response.completed, response.incomplete or response.failed; there is no [DONE].
 *
 * What a string is stands in a `type`, which may come behind it where keys are sorted: for events the event's
 * name tells, and for the parts of an answer their other keys do, see kind_of_text.
 *
 * Of tool calls those count that the caller is to answer; what the provider runs itself (searches, its own
 * interpreter, MCP) is none of them. The usage has cached and reasoning tokens in its totals (US-1).
 */
#include "wire/openai_responses.h"

#include <string.h>

#include "base/compiler.h"
#include "base/utf8.h"
#include "record/fact_types.h"
#include "wire/answer.h"

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
    /* response: values of which something is to be made */
    DOCUMENT,
    TYPE,
    DELTA,
    OUTPUT_INDEX,
    DONE_TEXT,
    DONE_ARGUMENTS,
    REFUSAL,
    STREAM_ITEM,
    ITEM,
    ITEM_TYPE,
    ITEM_ARGUMENTS,
    ITEM_APPROVAL,
    TOOL_ID,
    TOOL_NAME,
    PART,
    PART_TYPE,
    PART_MARK,
    PART_TEXT,
    PART_REFUSAL,
    SUMMARY,
    ID,
    OBJECT,
    STATUS,
    INCOMPLETE_REASON,
    WEB_SEARCHES,
    ERROR,
    BARE_MESSAGE,
    BARE_CODE,
    /* and those that are handed over as they are */
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

static const struct gsp__node in_request_root[] = {
    GSP__NODE("input", SKIP, NOTHING),
    GSP__NODE("model", FACT, MODEL),
    GSP__NODE("stream", FACT, STREAM),
    GSP__NODE("temperature", FACT, TEMPERATURE),
    GSP__NODE("top_p", FACT, TOP_P),
    GSP__NODE("max_output_tokens", FACT, MAX_TOKENS),
    GSP__NODE("presence_penalty", FACT, PRESENCE_PENALTY),
    GSP__NODE("frequency_penalty", FACT, FREQUENCY_PENALTY),
    GSP__NODE_PARENT("reasoning", OBJECT, NOTHING, in_request_reasoning),
    GSP__NODE_PARENT("text", OBJECT, NOTHING, in_request_text),
    GSP__NODE("service_tier", FACT, SERVICE_TIER),
    GSP__NODE("previous_response_id", FACT, PREVIOUS_RESPONSE),
    GSP__NODE("tools", COUNT, TOOLS),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

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
    GSP__NODE("type", FACT, PART_TYPE),       GSP__NODE("annotations", COUNT, PART_MARK),
    GSP__NODE("logprobs", COUNT, PART_MARK),  GSP__NODE("text", TEXT, PART_TEXT),
    GSP__NODE("refusal", TEXT, PART_REFUSAL),
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
};

/* What an event says of an item: its text comes in events of its own. */
static const struct gsp__node in_stream_item[] = {
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
    GSP__NODE_PARENT("item", OBJECT, STREAM_ITEM, in_stream_item),
    GSP__NODE("text", TEXT, DONE_TEXT),
    GSP__NODE("arguments", TEXT, DONE_ARGUMENTS),
    GSP__NODE("input", TEXT, DONE_ARGUMENTS),
    GSP__NODE("refusal", TEXT, REFUSAL),
    GSP__NODE("code", FACT, BARE_CODE),
    GSP__NODE("message", FACT, BARE_MESSAGE),
    RESPONSE_NODES,
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, DOCUMENT, root);

/*
 * What types mean.
 */

enum kind {
    UNKNOWN, /* not told so far */
    OTHER,
    /* content */
    TEXT,
    REASONING,
    ARGUMENTS,
    REFUSED,
    AUDIO,
    TRANSCRIPT,
    PROVIDER_TOOL, /* what the model writes for a tool of the provider's own */
    /* events */
    COMPLETE,
    FAILED,
    FAULT,
};

struct name {
    const char *name;
    uint8_t n;
    uint8_t kind;
};

#define NAME(name, kind)                                                                                     \
    {                                                                                                        \
        name, sizeof(name) - 1, kind                                                                         \
    }

static const struct name events[] = {
    NAME("response.output_text.delta", TEXT),
    NAME("response.function_call_arguments.delta", ARGUMENTS),
    NAME("response.reasoning_summary_text.delta", REASONING),
    NAME("response.reasoning_text.delta", REASONING),
    NAME("response.custom_tool_call_input.delta", ARGUMENTS),
    NAME("response.refusal.delta", REFUSED),
    NAME("response.output_text.done", TEXT),
    NAME("response.function_call_arguments.done", ARGUMENTS),
    NAME("response.reasoning_summary_text.done", REASONING),
    NAME("response.reasoning_text.done", REASONING),
    NAME("response.custom_tool_call_input.done", ARGUMENTS),
    NAME("response.refusal.done", REFUSED),
    NAME("response.completed", COMPLETE),
    NAME("response.incomplete", COMPLETE),
    NAME("response.failed", FAILED),
    NAME("error", FAULT),
    NAME("response.created", OTHER),
    NAME("response.in_progress", OTHER),
    NAME("response.queued", OTHER),
    NAME("response.output_item.added", OTHER),
    NAME("response.output_item.done", OTHER),
    NAME("response.content_part.added", OTHER),
    NAME("response.content_part.done", OTHER),
    NAME("response.mcp_call_arguments.delta", PROVIDER_TOOL),
    NAME("response.code_interpreter_call_code.delta", PROVIDER_TOOL),
    NAME("response.audio.delta", AUDIO),
    NAME("response.output_audio.delta", AUDIO),
    NAME("response.audio.transcript.delta", TRANSCRIPT),
    NAME("response.output_audio_transcript.delta", TRANSCRIPT),
};

/* Items of the answer: ARGUMENTS are calls of tools that the caller is to answer. */
static const struct name items[] = {
    NAME("message", TEXT),
    NAME("reasoning", REASONING),
    NAME("function_call", ARGUMENTS),
    NAME("custom_tool_call", ARGUMENTS),
    NAME("computer_call", ARGUMENTS),
    NAME("local_shell_call", ARGUMENTS),
    NAME("shell_call", ARGUMENTS),
    NAME("apply_patch_call", ARGUMENTS),
};

static const struct name parts[] = {
    NAME("output_text", TEXT),
    NAME("reasoning_text", REASONING),
};

static enum kind kind_of(const struct name *names, size_t n_names, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n_names; i++)
        if (names[i].n == n && memcmp(names[i].name, bytes, n) == 0)
            return (enum kind)names[i].kind;
    return UNKNOWN;
}

#define KIND_OF(names, bytes, n) kind_of(names, GSP__COUNT_OF(names), bytes, n)

/* The kind that the string just read names; one that we do not know is some other. */
static uint8_t named_kind(const struct name *names, size_t n_names, const struct gsp__json_map *m)
{
    enum kind kind =
        m->token == GSP__JSON_STRING ? kind_of(names, n_names, m->value.bytes, m->value.n) : UNKNOWN;

    return (uint8_t)(kind == UNKNOWN ? OTHER : kind);
}

#define NAMED_KIND(names, m) named_kind(names, GSP__COUNT_OF(names), m)

/*
 * What is kept.
 */

#define HELD_MAX 160

struct state {
    uint8_t event; /* enum kind of the event that is being read */
    uint8_t item;
    uint8_t part;
    bool has_index; /* the event's output_index is known */
    bool had_tools; /* tool calls came in events before this one */
    bool is_tool_pending;
    bool is_refused;
    bool is_marked;             /* the part has what only visible text has */
    bool is_provider;           /* the call has what only calls have that the provider runs */
    uint8_t in_deltas, in_ends; /* bits of kinds that came so */
    uint8_t n_status, n_tier;
    uint32_t output_index;
    uint64_t n_web_searches; /* and one */
    uint64_t tools_told;     /* bits by output index: calls of which all is known */
    uint64_t n_as_text;      /* bytes that were taken for this before their type was known */
    uint64_t n_as_reasoning;
    uint64_t n_as_arguments;
    uint64_t n_held; /* more than fits is counted only */
    uint8_t held_as; /* DELTA or BARE_MESSAGE */
    uint8_t n_code;
    char status[24]; /* the last ones count, so they are told at the end */
    char tier[24];
    char code[40];
    char held[HELD_MAX];
};

static struct state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct state);
}

static uint8_t keep(char *to, size_t room, const struct gsp__json_map *m, uint8_t n_before)
{
    size_t n = gsp__utf8_cut(m->value.bytes, m->value.n, room);

    if (m->token != GSP__JSON_STRING || n == 0)
        return n_before;
    memcpy(to, m->value.bytes, n);
    return (uint8_t)n;
}

static uint8_t bit(unsigned kind)
{
    return (uint8_t)(1u << kind);
}

/*
 * Events.
 */

static void refuse(struct gsp__decoder *d, bool is_delta)
{
    struct state *s = state_of(d);

    if (d->map.value.n == 0 || (s->is_refused && !is_delta))
        return;
    d->kinds |= 1u << GSP_MARK_TEXT; /* content to the one who waits, but not the answer's text */
    if (!s->is_refused)
        d->sink->boolean(d->self, GSP_FACT_REFUSAL, true);
    s->is_refused = true;
}

static void hold(struct gsp__decoder *d, enum action as)
{
    struct state *s = state_of(d);
    const struct gsp__json_slice *value = &d->map.value;

    s->held_as = (uint8_t)as;
    if (s->n_held < HELD_MAX) {
        size_t n = value->n < HELD_MAX - s->n_held ? value->n : HELD_MAX - (size_t)s->n_held;

        memcpy(s->held + s->n_held, value->bytes, n);
    }
    s->n_held += value->n;
}

static void text(struct gsp__decoder *d, enum kind kind)
{
    static const uint8_t marks[] = {
        [TEXT] = GSP_MARK_TEXT, [REASONING] = GSP_MARK_REASONING, [ARGUMENTS] = GSP_MARK_TOOL_CALL};

    gsp__decoder_text(d, 0, (gsp_mark)marks[kind], &d->map);
}

static void delta(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    enum kind kind = (enum kind)s->event;

    switch (kind) {
    case UNKNOWN:
        hold(d, DELTA);
        break;
    case TEXT:
    case REASONING:
    case ARGUMENTS:
        s->in_deltas |= bit(kind);
        text(d, kind);
        break;
    case REFUSED:
        refuse(d, true);
        break;
    case AUDIO:
        gsp__decoder_base64_audio(d, &d->map);
        break;
    case TRANSCRIPT:
        d->kinds |= d->map.value.n ? 1u << GSP_MARK_AUDIO : 0;
        break;
    case PROVIDER_TOOL:
        d->kinds |= d->map.value.n ? 1u << GSP_MARK_TOOL_CALL : 0;
        break;
    default:
        break;
    }
}

/* A part's end tells the whole of it. */
static void done(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    enum kind kind = (enum kind)s->event;
    bool is_arguments = d->map.action == DONE_ARGUMENTS;

    if (kind < TEXT || kind > ARGUMENTS || is_arguments != (kind == ARGUMENTS) || s->in_deltas & bit(kind))
        return;
    s->in_ends |= bit(kind);
    text(d, kind);
}

/* The event's kind became known: what was held back finds its place. */
static void release(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    struct gsp__json_map *m = &d->map;
    struct gsp__json_slice now = m->value;
    uint64_t n_lost = s->n_held > HELD_MAX ? s->n_held - HELD_MAX : 0;
    size_t n = (size_t)(s->n_held - n_lost);

    if (s->n_code > 0 && s->event == FAULT)
        gsp__decoder_put_string(d, GSP_FACT_PROVIDER_ERROR_CODE, s->code, s->n_code, false);
    s->n_code = 0;
    if (s->n_held == 0 || s->event == UNKNOWN)
        return;
    if (n_lost > 0) {
        n = gsp__utf8_valid_prefix(s->held, n);
        n_lost = s->n_held - n;
    }
    if (s->held_as == BARE_MESSAGE && s->event == FAULT)
        gsp__decoder_put_string(d, GSP__FACT_ERROR_MESSAGE, s->held, n, n_lost > 0);
    if (s->held_as == DELTA) {
        m->value = (struct gsp__json_slice){s->held, n};
        delta(d);
        m->value = now;
        d->n_text_bytes += s->event == TEXT ? n_lost : 0;
        d->n_reasoning_bytes += s->event == REASONING ? n_lost : 0;
        d->n_argument_bytes += s->event == ARGUMENTS ? n_lost : 0;
    }
    s->n_held = 0;
}

static void begin_event(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    s->event = (uint8_t)KIND_OF(events, d->name, d->n_name);
    s->has_index = false;
    s->had_tools = d->n_tool_calls > 0;
    s->is_tool_pending = false;
    s->n_held = 0;
    s->n_code = 0;
}

static void tell_tool(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    uint64_t told = s->output_index < 64 ? (uint64_t)1 << s->output_index : 0;

    if (s->tools_told & told)
        return;
    if (d->answer.n_tool_id > 0 && d->answer.n_tool_name > 0)
        s->tools_told |= told;
    d->answer.choice = 0;
    d->answer.tool_index = s->output_index;
    d->answer.has_tool_index = true;
    gsp__answer_end_tool(d);
}

static void end_event(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    if (s->event == UNKNOWN) { /* the name may have come behind the data */
        s->event = (uint8_t)KIND_OF(events, d->name, d->n_name);
        release(d);
    }
    if (s->is_tool_pending && s->has_index)
        tell_tool(d);
    if (s->event == COMPLETE || s->event == FAILED)
        gsp__decoder_terminal(d);
    if (s->event == FAILED || s->event == FAULT)
        gsp__decoder_error(d);
}

/*
 * Items and their parts.
 */

/*
 * What a part's text is, which is known by its own type or its item's. Where neither has come, keys are
 * sorted, and then annotations stand before the text of a message; reasoning has none.
 */
static enum kind kind_of_text(const struct state *s)
{
    if (s->part != UNKNOWN)
        return (enum kind)s->part;
    if (s->item != UNKNOWN)
        return (enum kind)s->item;
    return s->is_marked ? TEXT : REASONING;
}

static void part_text(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    enum kind kind = kind_of_text(s);

    if ((kind != TEXT && kind != REASONING) || (s->in_deltas | s->in_ends) & bit(kind))
        return;
    if (s->part == UNKNOWN && s->item == UNKNOWN)
        *(kind == TEXT ? &s->n_as_text : &s->n_as_reasoning) += d->map.value.n;
    text(d, kind);
}

/* The type became known: bytes that were taken for something else are counted right. */
static void recount(struct gsp__decoder *d, uint8_t kind)
{
    struct state *s = state_of(d);
    uint64_t n = s->n_as_text + s->n_as_reasoning;

    if (kind == UNKNOWN)
        return;
    d->n_text_bytes -= s->n_as_text;
    d->n_reasoning_bytes -= s->n_as_reasoning;
    d->n_text_bytes += kind == TEXT ? n : 0;
    d->n_reasoning_bytes += kind == REASONING ? n : 0;
    s->n_as_text = s->n_as_reasoning = 0;
}

static void item_arguments(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    if ((s->item != ARGUMENTS && s->item != UNKNOWN) || s->is_provider ||
        (s->in_deltas | s->in_ends) & bit(ARGUMENTS))
        return;
    s->n_as_arguments += d->map.value.n;
    text(d, ARGUMENTS);
}

static void begin_item(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    s->item = s->part = UNKNOWN;
    s->is_provider = false;
    s->n_as_text = s->n_as_reasoning = s->n_as_arguments = 0;
    if (d->map.action == ITEM)
        s->output_index = d->map.index;
    gsp__answer_begin_tool(d);
}

static void end_item(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    recount(d, s->item);
    if (s->item != ARGUMENTS)
        d->n_argument_bytes -= s->n_as_arguments;
    else if (d->map.action == STREAM_ITEM)
        s->is_tool_pending = true; /* its index may stand behind it */
    else if (!s->had_tools)
        tell_tool(d);
}

static void item(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    switch ((enum action)d->map.action) {
    case ITEM_TYPE:
        s->item = NAMED_KIND(items, &d->map);
        break;
    case ITEM_ARGUMENTS:
        item_arguments(d);
        break;
    case ITEM_APPROVAL:
        s->is_provider = true;
        break;
    case TOOL_ID:
        gsp__answer_tool_id(d);
        break;
    case TOOL_NAME:
        gsp__answer_tool_name(d);
        break;
    case PART_TYPE:
        s->part = NAMED_KIND(parts, &d->map);
        break;
    case PART_TEXT:
        part_text(d);
        break;
    case PART_REFUSAL:
        refuse(d, false);
        break;
    case SUMMARY:
        if (!((s->in_deltas | s->in_ends) & bit(REASONING)))
            text(d, REASONING);
        break;
    default:
        break;
    }
}

/*
 * The rest.
 */

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

static void event_type(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    if (s->event == UNKNOWN) {
        s->event = NAMED_KIND(events, &d->map);
        release(d);
    } else if (s->event == FAULT && !is_text(&d->map, "error")) {
        gsp__decoder_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, &d->map);
    }
}

/* An error without an object of its own: in an event of that name, or with `object` or `type` that say so. */
static void bare_error(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    bool is_code = d->map.action == BARE_CODE;

    if (s->event == FAULT)
        gsp__decoder_take(d, meanings[is_code ? ERROR_CODE : ERROR_MESSAGE]);
    else if (s->event == UNKNOWN && is_code)
        s->n_code = keep(s->code, sizeof s->code, &d->map, 0);
    else if (s->event == UNKNOWN && d->map.token == GSP__JSON_STRING)
        hold(d, BARE_MESSAGE);
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
        if (is_text(m, "error")) {
            s->event = FAULT;
            release(d);
        }
        break;
    case STATUS:
        s->n_status = keep(s->status, sizeof s->status, m, s->n_status);
        if (is_text(m, "failed"))
            gsp__decoder_error(d);
        break;
    case SERVICE_TIER:
        s->n_tier = keep(s->tier, sizeof s->tier, m, s->n_tier);
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

static void value(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    int64_t n;

    switch ((enum action)d->map.action) {
    case TYPE:
        event_type(d);
        break;
    case DELTA:
        delta(d);
        break;
    case OUTPUT_INDEX:
        s->has_index = gsp__decoder_tokens(&d->map, &n) && n <= UINT16_MAX;
        s->output_index = s->has_index ? (uint32_t)n : 0;
        break;
    case DONE_TEXT:
    case DONE_ARGUMENTS:
        done(d);
        break;
    case REFUSAL:
        refuse(d, false);
        break;
    case BARE_CODE:
    case BARE_MESSAGE:
        bare_error(d);
        break;
    default:
        report(d);
        break;
    }
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    struct state *s = state_of(d);
    unsigned action = d->map.action;

    switch (event) {
    case GSP__MAP_PIECE:
    case GSP__MAP_VALUE:
        if (action >= ITEM_TYPE && action <= SUMMARY)
            item(d);
        else
            value(d);
        break;
    case GSP__MAP_ENTER:
        if (action == ITEM || action == STREAM_ITEM) {
            begin_item(d);
        } else if (action == PART) {
            s->part = UNKNOWN;
            s->is_marked = false;
        }
        break;
    case GSP__MAP_LEAVE:
        if (action == PART)
            recount(d, s->part);
        else if (action == ITEM || action == STREAM_ITEM)
            end_item(d);
        else if (action == ERROR)
            gsp__decoder_error(d);
        break;
    case GSP__MAP_COUNT:
        s->is_marked = true;
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
    .response_root = &response_root,
    .request = request,
    .response = response,
    .begin_event = begin_event,
    .end_event = end_event,
    .end = end,
};
