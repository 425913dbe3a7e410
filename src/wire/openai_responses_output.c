/*
 * The answer in openai.responses.
 *
 * A stream tells everything up to three times: in deltas, in the event that a part is done, and in the whole
 * response at its end. What came in deltas counts, else what came with a part's end, else the last.
 *
 * What a string is stands in a `type`, which may come behind it where keys are sorted: for events the event's
 * name tells, and for the parts of an answer their other keys do, see kind_of_text.
 *
 * Of tool calls those count that the caller is to answer; what the provider runs itself (searches, its own
 * interpreter, MCP) is none of them.
 */
#include "wire/openai_responses_output.h"

#include <string.h>

#include "base/compiler.h"
#include "base/utf8.h"
#include "record/fact_types.h"
#include "wire/answer.h"

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
    IMAGE,
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
    NAME("image_generation_call", IMAGE),
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

static struct gsp__responses_output *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct gsp__responses_output);
}

static uint8_t bit(unsigned kind)
{
    return (uint8_t)(1u << kind);
}

/* Whether what the whole response tells is to be taken: nothing of this kind came before. */
static bool is_news(const struct gsp__responses_output *s, enum kind kind)
{
    return !((s->in_deltas | s->in_ends) & bit(kind));
}

static bool is_text(const struct gsp__json_map *m, const char *word)
{
    return m->token == GSP__JSON_STRING && m->value.n == strlen(word) &&
           memcmp(m->value.bytes, word, m->value.n) == 0;
}

static void text(struct gsp__decoder *d, enum kind kind)
{
    if (kind == ARGUMENTS)
        gsp__answer_arguments(d);
    else
        gsp__decoder_text(d, 0, kind == TEXT ? GSP_MARK_TEXT : GSP_MARK_REASONING, &d->map);
}

/* The calls of an answer are told apart by the places of their items. */
static void place_tool(struct gsp__decoder *d)
{
    d->answer.choice = 0;
    d->answer.tool_index = state_of(d)->output_index;
    d->answer.has_tool_index = true;
}

/* Text of the whole response: whatever comes behind it is no news. */
static void whole_text(struct gsp__decoder *d, enum kind kind)
{
    state_of(d)->in_whole |= bit(kind);
    text(d, kind);
}

static void refuse(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);

    d->kinds |= 1u << GSP_MARK_TEXT; /* content to the one who waits, but not the answer's text */
    if (!s->is_refused)
        d->sink->boolean(d->self, GSP_FACT_REFUSAL, true);
    s->is_refused = true;
    gsp__decoder_aside(d, 0, &d->map);
}

/*
 * Texts of events.
 */

/* Of content that nobody wants, all that counting asks for. */
static void keep_padding(char *to, const char *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from[i] == '=' ? '=' : '-';
}

static void hold(struct gsp__decoder *d, bool is_message)
{
    struct gsp__responses_output *s = state_of(d);
    struct gsp__json_slice value = d->map.value;

    s->is_message = is_message;
    if (s->n_held < sizeof s->held) {
        size_t room = sizeof s->held - (size_t)s->n_held;

        if (value.n < room)
            room = value.n;
        if (is_message || d->sink->piece)
            memcpy(s->held + s->n_held, value.bytes, room);
        else
            keep_padding(s->held + s->n_held, value.bytes, room);
    }
    s->n_held += value.n;
}

void gsp__responses_delta(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);
    enum kind kind = (enum kind)s->event;
    bool is_empty = d->map.value.n == 0;

    switch (kind) {
    case UNKNOWN:
        if (!is_empty)
            hold(d, false);
        break;
    case TEXT:
    case REASONING:
    case ARGUMENTS:
        if (is_empty || s->in_whole & bit(kind))
            break;
        s->in_deltas |= bit(kind);
        if (s->has_index && kind == ARGUMENTS)
            place_tool(d);
        text(d, kind);
        break;
    case REFUSED:
        if (is_empty || s->in_whole & bit(kind))
            break;
        s->in_deltas |= bit(kind);
        refuse(d);
        break;
    case AUDIO:
        gsp__decoder_base64_audio(d, &d->map);
        break;
    case TRANSCRIPT:
        d->kinds |= is_empty ? 0 : 1u << GSP_MARK_AUDIO;
        gsp__decoder_aside(d, 0, &d->map);
        break;
    case PROVIDER_TOOL:
        d->kinds |= is_empty ? 0 : 1u << GSP_MARK_TOOL_CALL;
        break;
    default:
        break;
    }
}

static void done(struct gsp__decoder *d, bool is_of_kind)
{
    struct gsp__responses_output *s = state_of(d);
    enum kind kind = (enum kind)s->event;

    if (!is_of_kind || d->map.value.n == 0 || (s->in_deltas | s->in_whole) & bit(kind))
        return;
    s->in_ends |= bit(kind);
    if (s->has_index && kind == ARGUMENTS)
        place_tool(d);
    text(d, kind);
}

void gsp__responses_done_text(struct gsp__decoder *d)
{
    uint8_t event = state_of(d)->event;

    done(d, event == TEXT || event == REASONING);
}

void gsp__responses_done_arguments(struct gsp__decoder *d)
{
    done(d, state_of(d)->event == ARGUMENTS);
}

/* Of an event that says that a part is done, or of a part of the whole. */
void gsp__responses_refusal(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);
    bool is_of_event = d->map.depth == 1;

    if (d->map.value.n == 0 || s->in_deltas & bit(REFUSED) ||
        (is_of_event ? s->in_whole : s->in_ends) & bit(REFUSED))
        return;
    *(is_of_event ? &s->in_ends : &s->in_whole) |= bit(REFUSED);
    refuse(d);
}

/*
 * Events.
 */

/* The event's kind became known: what was held back finds its place. */
static void release(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);
    struct gsp__json_slice now = d->map.value;
    size_t n = s->n_held < sizeof s->held ? (size_t)s->n_held : sizeof s->held;
    uint64_t n_lost;

    if (s->n_code > 0 && s->event == FAULT)
        gsp__decoder_put_string(d, GSP_FACT_PROVIDER_ERROR_CODE, s->code, s->n_code, false);
    s->n_code = 0;
    if (n < s->n_held && gsp__utf8_valid_prefix(s->held, n) + 4 > n)
        n = gsp__utf8_valid_prefix(s->held, n); /* not in the middle of a character */
    n_lost = s->n_held - n;
    s->n_held = 0;
    if (s->is_message) {
        if (s->event == FAULT)
            gsp__decoder_put_string(d, GSP__FACT_ERROR_MESSAGE, s->held, n, n_lost > 0);
        return;
    }
    if (s->event == UNKNOWN || n == 0)
        return;
    d->map.value = (struct gsp__json_slice){s->held, n};
    gsp__responses_delta(d);
    d->map.value = now;
    d->n_text_bytes += s->event == TEXT ? n_lost : 0;
    d->n_reasoning_bytes += s->event == REASONING ? n_lost : 0;
    d->n_argument_bytes += s->event == ARGUMENTS ? n_lost : 0;
}

void gsp__responses_begin_event(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);

    s->event = (uint8_t)KIND_OF(events, d->name, d->n_name);
    s->has_index = false;
    s->had_tools = d->n_tool_calls > 0;
    s->is_tool_pending = false;
    gsp__answer_begin_tool(d);
}

void gsp__responses_event_type(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);

    if (s->event == UNKNOWN) {
        s->event = NAMED_KIND(events, &d->map);
        release(d);
    } else if (s->event == FAULT && !is_text(&d->map, "error")) {
        gsp__decoder_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, &d->map);
    }
}

void gsp__responses_event_index(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);
    int64_t n;

    s->has_index = gsp__decoder_tokens(&d->map, &n) && n <= UINT16_MAX;
    s->output_index = s->has_index ? (uint32_t)n : 0;
}

void gsp__responses_fault(struct gsp__decoder *d)
{
    state_of(d)->event = FAULT;
    release(d);
}

void gsp__responses_fault_code(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);
    const struct gsp__json_map *m = &d->map;

    if (s->event == FAULT) {
        gsp__decoder_code(d, GSP_FACT_PROVIDER_ERROR_CODE, m);
    } else if (s->event == UNKNOWN && (m->token == GSP__JSON_STRING || m->token == GSP__JSON_NUMBER)) {
        s->n_code = (uint8_t)gsp__utf8_cut(m->value.bytes, m->value.n, sizeof s->code);
        if (s->n_code > 0)
            memcpy(s->code, m->value.bytes, s->n_code);
    }
}

void gsp__responses_fault_message(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);

    if (s->event == FAULT)
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, &d->map);
    else if (s->event == UNKNOWN && s->n_held == 0 && d->map.token == GSP__JSON_STRING)
        hold(d, true);
}

static void tell_tool(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);
    uint64_t told = s->output_index < 64 ? (uint64_t)1 << s->output_index : 0;

    if (s->tools_told & told)
        return;
    if (d->answer.n_tool_id > 0 && d->answer.n_tool_name > 0)
        s->tools_told |= told;
    place_tool(d);
    gsp__answer_end_tool(d);
}

void gsp__responses_end_event(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);

    if (s->event == UNKNOWN) { /* the name may have come behind the data */
        s->event = (uint8_t)KIND_OF(events, d->name, d->n_name);
        release(d);
    }
    if (s->has_index && d->answer.n_arguments > 0) { /* the index may have come behind them */
        place_tool(d);
        gsp__answer_end_arguments(d);
    }
    if (s->is_tool_pending && s->has_index)
        tell_tool(d);
    if (s->event == COMPLETE || s->event == FAILED)
        gsp__decoder_terminal(d);
    if (s->event == FAILED || s->event == FAULT)
        gsp__decoder_error(d);
}

/*
 * Items.
 */

void gsp__responses_begin_item(struct gsp__decoder *d, bool is_of_event)
{
    struct gsp__responses_output *s = state_of(d);

    s->item = s->part = UNKNOWN;
    s->is_provider = s->has_image = false;
    s->n_as_text = s->n_as_reasoning = s->n_as_arguments = 0;
    if (!is_of_event)
        s->output_index = d->map.index;
    gsp__answer_begin_tool(d);
    if (!is_of_event)
        place_tool(d);
}

void gsp__responses_item_type(struct gsp__decoder *d)
{
    state_of(d)->item = NAMED_KIND(items, &d->map);
}

void gsp__responses_item_of_provider(struct gsp__decoder *d)
{
    state_of(d)->is_provider = true;
}

void gsp__responses_item_arguments(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);

    if ((s->item != ARGUMENTS && s->item != UNKNOWN) || s->is_provider || !is_news(s, ARGUMENTS))
        return;
    s->n_as_arguments += d->map.value.n;
    whole_text(d, ARGUMENTS);
}

static void begin_image(struct gsp__decoder *d)
{
    if (!state_of(d)->has_image)
        gsp__decoder_begin_media(d, 0, GSP__MODALITY_IMAGE);
    state_of(d)->has_image = true;
}

void gsp__responses_item_format(struct gsp__decoder *d)
{
    if (state_of(d)->item != IMAGE || d->map.token != GSP__JSON_STRING)
        return;
    begin_image(d);
    gsp__media_format(&d->media, d->map.value);
}

void gsp__responses_item_image(struct gsp__decoder *d)
{
    if (state_of(d)->item != IMAGE)
        return;
    begin_image(d);
    gsp__media_base64(&d->media, d->map.value, d->map.token == GSP__JSON_STRING);
}

void gsp__responses_summary(struct gsp__decoder *d)
{
    if (is_news(state_of(d), REASONING))
        whole_text(d, REASONING);
}

/* The type became known: what was taken for something else is moved, or no longer counted. */
static void recount(struct gsp__decoder *d, uint8_t kind)
{
    struct gsp__responses_output *s = state_of(d);

    if (kind == UNKNOWN)
        return;
    if (kind == TEXT) {
        gsp__decoder_move(d, 0, GSP_MARK_REASONING, GSP_MARK_TEXT, s->n_as_reasoning);
    } else if (kind == REASONING) {
        gsp__decoder_move(d, 0, GSP_MARK_TEXT, GSP_MARK_REASONING, s->n_as_text);
    } else {
        d->n_text_bytes -= s->n_as_text;
        d->n_reasoning_bytes -= s->n_as_reasoning;
    }
    s->n_as_text = s->n_as_reasoning = 0;
}

void gsp__responses_end_item(struct gsp__decoder *d, bool is_of_event)
{
    struct gsp__responses_output *s = state_of(d);

    recount(d, s->item);
    if (s->item != ARGUMENTS)
        d->n_argument_bytes -= s->n_as_arguments;
    else if (is_of_event)
        s->is_tool_pending = true;
    else if (!s->had_tools)
        tell_tool(d);
}

/*
 * Parts.
 */

void gsp__responses_begin_part(struct gsp__decoder *d)
{
    state_of(d)->part = UNKNOWN;
    state_of(d)->is_marked = false;
}

void gsp__responses_end_part(struct gsp__decoder *d)
{
    recount(d, state_of(d)->part);
}

void gsp__responses_part_type(struct gsp__decoder *d)
{
    state_of(d)->part = NAMED_KIND(parts, &d->map);
}

void gsp__responses_part_mark(struct gsp__decoder *d)
{
    state_of(d)->is_marked = true;
}

/*
 * What a part's text is, which is known by its own type or its item's. Where neither has come, keys are
 * sorted, and then annotations stand before the text of a message; reasoning has none.
 */
static enum kind kind_of_text(const struct gsp__responses_output *s)
{
    if (s->part != UNKNOWN)
        return (enum kind)s->part;
    if (s->item != UNKNOWN)
        return (enum kind)s->item;
    return s->is_marked ? TEXT : REASONING;
}

void gsp__responses_part_text(struct gsp__decoder *d)
{
    struct gsp__responses_output *s = state_of(d);
    enum kind kind = kind_of_text(s);

    if ((kind != TEXT && kind != REASONING) || !is_news(s, kind))
        return;
    if (s->part == UNKNOWN && s->item == UNKNOWN) {
        if (!is_news(s, TEXT) || !is_news(s, REASONING)) /* it may be what came before */
            return;
        *(kind == TEXT ? &s->n_as_text : &s->n_as_reasoning) += d->map.value.n;
    }
    whole_text(d, kind);
}
