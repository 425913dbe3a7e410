/*
 * anthropic.messages: Anthropic's messages as JSON and as SSE, also where Vertex carries them.
 *
 * Usage comes at the start and, cumulative, with each message_delta: every count stands until another one is
 * reported, none is added to the one before. input_tokens has nothing cached in it, so that the total is put
 * together here (US-1); output_tokens has thinking in it. What usage.iterations says is in the totals already
 * or was another model's work, whose price is another, except for compaction: that is the same model's, and
 * left out of the totals.
 */
#include "wire/anthropic_messages.h"

#include <string.h>

#include "record/fact_types.h"
#include "wire/answer.h"
#include "wire/anthropic_body.h"
#include "wire/target.h"

static const struct gsp__node in_request_root[] = {GSP__ANTHROPIC_REQUEST_NODES};

static const struct gsp__node request_root =
    GSP__NODE_PARENT("", OBJECT, GSP__ANTHROPIC_NOTHING, in_request_root);

static const struct gsp__node in_said_block[] = {GSP__ANTHROPIC_SAID_BLOCK_NODES};

static const struct gsp__node in_said_message[] = {GSP__ANTHROPIC_SAID_MESSAGE_NODES(in_said_block)};

static const struct gsp__node in_content_root[] = {GSP__ANTHROPIC_CONTENT_NODES(in_said_message)};

static const struct gsp__node content_root =
    GSP__NODE_PARENT("", OBJECT, GSP__ANTHROPIC_NOTHING, in_content_root);

/* Vertex has the model in the path: .../models/MODEL:rawPredict */
static void target(struct gsp__request_decoder *d, const char *text, size_t n)
{
    struct gsp__target_value model, verb;

    if (!gsp__target_segment(text, n, "/publishers/anthropic/models/", ":/", &model) ||
        !gsp__target_segment(text, n, ":", "/", &verb))
        return;
    gsp__request_put_string(d, GSP_FACT_REQUEST_MODEL, model.bytes, model.n);
    if (strcmp(verb.bytes, "streamRawPredict") == 0)
        gsp__request_put_bool(d, GSP_FACT_STREAM, true);
}

void gsp__anthropic_request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    switch ((enum gsp__anthropic_action)d->map.action) {
    case GSP__ANTHROPIC_MODEL:
        gsp__request_string(d, GSP_FACT_REQUEST_MODEL);
        break;
    case GSP__ANTHROPIC_STREAM:
        gsp__request_bool(d, GSP_FACT_STREAM);
        break;
    case GSP__ANTHROPIC_TEMPERATURE:
        gsp__request_real(d, GSP_FACT_TEMPERATURE);
        break;
    case GSP__ANTHROPIC_TOP_P:
        gsp__request_real(d, GSP_FACT_TOP_P);
        break;
    case GSP__ANTHROPIC_TOP_K:
        gsp__request_int(d, GSP_FACT_TOP_K);
        break;
    case GSP__ANTHROPIC_MAX_TOKENS:
        gsp__request_int(d, GSP_FACT_MAX_TOKENS);
        break;
    case GSP__ANTHROPIC_STOP:
        gsp__request_item(d, GSP_FACT_STOP_SEQUENCE);
        break;
    case GSP__ANTHROPIC_REASONING_LEVEL:
        gsp__request_string(d, GSP_FACT_REASONING_LEVEL);
        break;
    case GSP__ANTHROPIC_RESPONSE_FORMAT:
        gsp__request_string(d, GSP_FACT_RESPONSE_FORMAT);
        break;
    case GSP__ANTHROPIC_SERVICE_TIER:
        gsp__request_string(d, GSP_FACT_REQUEST_SERVICE_TIER);
        break;
    case GSP__ANTHROPIC_MESSAGES:
        if (event == GSP__MAP_COUNT)
            gsp__request_put_int(d, GSP_FACT_MESSAGE_COUNT, d->map.count);
        break;
    case GSP__ANTHROPIC_TOOLS:
        if (event == GSP__MAP_COUNT && d->map.count > 0)
            gsp__request_put_int(d, GSP_FACT_TOOL_COUNT, d->map.count);
        break;
    default:
        break;
    }
}

static const struct gsp__node in_response_root[] = {
    GSP__ANTHROPIC_RESPONSE_NODES,
    GSP__NODE_PARENT("usage", OBJECT, GSP__ANTHROPIC_USAGE, gsp__anthropic_in_usage),
};

static const struct gsp__node response_root =
    GSP__NODE_PARENT("", OBJECT, GSP__ANTHROPIC_DOCUMENT, in_response_root);

static struct gsp__anthropic_state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct gsp__anthropic_state);
}

static bool is(const struct gsp__json_map *m, const char *word)
{
    return m->token == GSP__JSON_STRING && m->value.n == strlen(word) &&
           memcmp(m->value.bytes, word, m->value.n) == 0;
}

/*
 * Usage.
 */

static int64_t sum(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static bool has(const struct gsp__anthropic_counts *c, enum gsp__anthropic_part part)
{
    return c->reported >> part & 1;
}

static bool has_cache_writes(const struct gsp__anthropic_counts *c)
{
    return has(c, GSP__ANTHROPIC_CACHE_WRITE) || has(c, GSP__ANTHROPIC_CACHE_WRITE_5M) ||
           has(c, GSP__ANTHROPIC_CACHE_WRITE_1H);
}

/* The count of all writes, or what they were split into where it was not told. */
static int64_t cache_writes(const struct gsp__anthropic_counts *c)
{
    return has(c, GSP__ANTHROPIC_CACHE_WRITE)
               ? c->n[GSP__ANTHROPIC_CACHE_WRITE]
               : sum(c->n[GSP__ANTHROPIC_CACHE_WRITE_5M], c->n[GSP__ANTHROPIC_CACHE_WRITE_1H]);
}

void gsp__anthropic_count(struct gsp__decoder *d, enum gsp__anthropic_part part)
{
    struct gsp__anthropic_state *s = state_of(d);
    struct gsp__anthropic_counts *c = s->is_in_iteration ? &s->iteration : &s->usage;
    int64_t value;

    if (!gsp__decoder_tokens(&d->map, &value))
        return;
    c->n[part] = value;
    c->reported |= (uint8_t)(1u << part);
}

void gsp__anthropic_put_usage(struct gsp__decoder *d)
{
    const struct gsp__anthropic_state *s = state_of(d);
    const struct gsp__anthropic_counts *u = &s->usage, *c = &s->compaction;
    int64_t read = sum(u->n[GSP__ANTHROPIC_CACHE_READ], c->n[GSP__ANTHROPIC_CACHE_READ]),
            written = sum(cache_writes(u), cache_writes(c));

    if (has(u, GSP__ANTHROPIC_CACHE_READ) || has(c, GSP__ANTHROPIC_CACHE_READ))
        gsp__decoder_put_usage(d, GSP_USAGE_CACHE_READ_TOKENS, read);
    if (has_cache_writes(u) || has_cache_writes(c))
        gsp__decoder_put_usage(d, GSP_USAGE_CACHE_WRITE_TOKENS, written);
    if (has(u, GSP__ANTHROPIC_CACHE_WRITE_1H) || has(c, GSP__ANTHROPIC_CACHE_WRITE_1H))
        gsp__decoder_put_usage(d, GSP_USAGE_CACHE_WRITE_1H_TOKENS,
                               sum(u->n[GSP__ANTHROPIC_CACHE_WRITE_1H], c->n[GSP__ANTHROPIC_CACHE_WRITE_1H]));
    if (has(u, GSP__ANTHROPIC_OUTPUT))
        gsp__decoder_put_usage(d, GSP_USAGE_OUTPUT_TOKENS,
                               sum(u->n[GSP__ANTHROPIC_OUTPUT], c->n[GSP__ANTHROPIC_OUTPUT]));
    if (has(u, GSP__ANTHROPIC_INPUT))
        gsp__decoder_put_usage(
            d, GSP_USAGE_INPUT_TOKENS,
            sum(sum(u->n[GSP__ANTHROPIC_INPUT], c->n[GSP__ANTHROPIC_INPUT]), sum(read, written)));
}

/* The list comes whole each time it comes: it is not added to the one before either. */
static void begin_iteration(struct gsp__decoder *d)
{
    struct gsp__anthropic_state *s = state_of(d);

    if (d->map.index == 0)
        memset(&s->compaction, 0, sizeof s->compaction);
    memset(&s->iteration, 0, sizeof s->iteration);
    s->is_in_iteration = true;
    s->is_compaction = false;
}

static void end_iteration(struct gsp__decoder *d)
{
    struct gsp__anthropic_state *s = state_of(d);

    s->is_in_iteration = false;
    if (!s->is_compaction)
        return;
    if (has_cache_writes(&s->iteration)) {
        s->iteration.n[GSP__ANTHROPIC_CACHE_WRITE] = cache_writes(&s->iteration);
        s->iteration.reported |= 1u << GSP__ANTHROPIC_CACHE_WRITE;
    }
    s->compaction.reported |= s->iteration.reported;
    for (size_t i = 0; i < GSP__ANTHROPIC_PARTS; i++)
        s->compaction.n[i] = sum(s->compaction.n[i], s->iteration.n[i]);
}

void gsp__anthropic_end(struct gsp__decoder *d)
{
    const struct gsp__anthropic_counts *u = &state_of(d)->usage;

    if (has(u, GSP__ANTHROPIC_SEARCHES))
        d->sink->integer(d->self, GSP_FACT_WEB_SEARCHES, u->n[GSP__ANTHROPIC_SEARCHES]);
}

/*
 * Blocks of content.
 */

enum block_type {
    UNKNOWN, /* not told yet */
    TOOL,
    SERVER_TOOL,
    REDACTED,
    OTHER,
};

static void begin_block(struct gsp__decoder *d)
{
    state_of(d)->block_type = UNKNOWN;
    state_of(d)->has_own_id = false;
    gsp__answer_begin_tool(d);
}

static void read_block_type(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    state_of(d)->block_type = is(m, "tool_use")                                   ? TOOL
                              : is(m, "server_tool_use") || is(m, "mcp_tool_use") ? SERVER_TOOL
                              : is(m, "redacted_thinking")                        ? REDACTED
                                                                                  : OTHER;
}

static bool is_tool_block(const struct gsp__anthropic_state *s)
{
    return s->block < 64 ? s->tool_blocks >> s->block & 1 : s->block_type == TOOL;
}

/*
 * A block is known. What the provider's own tools are asked is written by the model and streamed like any
 * other answer: content to the one who waits (ST-3), but no call that the caller has to make.
 */
static void end_block(struct gsp__decoder *d)
{
    static const uint8_t marks[] = {
        [TOOL] = GSP_MARK_TOOL_CALL, [SERVER_TOOL] = GSP_MARK_TOOL_CALL, [REDACTED] = GSP_MARK_REASONING};
    const struct gsp__anthropic_state *s = state_of(d);

    if (s->block_type == TOOL)
        gsp__answer_end_tool_at(d, s->block);
    else if (s->block_type == SERVER_TOOL || s->block_type == REDACTED)
        d->kinds |= (uint8_t)(1u << marks[s->block_type]);
}

/* The event is over, and with it what is said of the block: its place may come after it. */
static void end_started_block(struct gsp__decoder *d)
{
    struct gsp__anthropic_state *s = state_of(d);
    uint64_t bit = s->block < 64 ? (uint64_t)1 << s->block : 0;

    s->has_started = false;
    if (s->tool_blocks & bit)
        return; /* said twice */
    if (s->block_type == TOOL)
        s->tool_blocks |= bit;
    end_block(d);
}

static void read_index(struct gsp__decoder *d)
{
    int64_t index;

    if (gsp__decoder_tokens(&d->map, &index) && index <= UINT16_MAX)
        state_of(d)->block = (uint32_t)index;
}

static void read_tool_input(struct gsp__decoder *d)
{
    if (is_tool_block(state_of(d)))
        gsp__answer_arguments_at(d, state_of(d)->block);
    else if (d->map.value.n > 0)
        d->kinds |= (uint8_t)(1u << GSP_MARK_TOOL_CALL);
}

static void read_block_id(struct gsp__decoder *d)
{
    static const char own[] = "toolu_";
    const struct gsp__json_map *m = &d->map;

    state_of(d)->has_own_id = m->token == GSP__JSON_STRING && m->value.n >= sizeof own - 1 &&
                              memcmp(m->value.bytes, own, sizeof own - 1) == 0;
    gsp__answer_tool_id(d);
}

/* What a tool is asked in a whole message. Before the type is told, the id tells whose tool it is. */
static void read_block_input(struct gsp__decoder *d)
{
    const struct gsp__anthropic_state *s = state_of(d);

    if (s->block_type == TOOL || (s->block_type == UNKNOWN && s->has_own_id))
        gsp__answer_arguments_at(d, s->block);
}

static void finish(struct gsp__decoder *d)
{
    struct gsp__anthropic_state *s = state_of(d);

    d->answer.choice = 0;
    gsp__answer_finish(d);
    gsp__answer_end_choice(d);
    if (is(&d->map, "refusal") && !s->is_refused) {
        d->sink->boolean(d->self, GSP_FACT_REFUSAL, true);
        s->is_refused = true;
    }
}

static void answer(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    switch ((enum gsp__anthropic_action)m->action) {
    case GSP__ANTHROPIC_TYPE:
        if (is(m, "message_stop"))
            gsp__decoder_terminal(d);
        else if (is(m, "error"))
            gsp__decoder_error(d);
        break;
    case GSP__ANTHROPIC_INDEX:
        read_index(d);
        break;
    case GSP__ANTHROPIC_TEXT:
        gsp__decoder_text(d, 0, GSP_MARK_TEXT, m);
        break;
    case GSP__ANTHROPIC_THINKING:
        gsp__decoder_text(d, 0, GSP_MARK_REASONING, m);
        break;
    case GSP__ANTHROPIC_TOOL_INPUT:
        read_tool_input(d);
        break;
    case GSP__ANTHROPIC_BLOCK_TYPE:
        read_block_type(d);
        break;
    case GSP__ANTHROPIC_BLOCK_ID:
        read_block_id(d);
        break;
    case GSP__ANTHROPIC_BLOCK_NAME:
        gsp__answer_tool_name(d);
        break;
    case GSP__ANTHROPIC_BLOCK_INPUT:
        read_block_input(d);
        break;
    case GSP__ANTHROPIC_FINISH:
        finish(d);
        break;
    case GSP__ANTHROPIC_MATCHED_STOP:
        gsp__decoder_string(d, GSP_FACT_MATCHED_STOP, m);
        break;
    case GSP__ANTHROPIC_BLOCKED:
        gsp__decoder_item(d, GSP_FACT_SAFETY_BLOCK, m);
        break;
    default:
        break;
    }
}

/*
 * What is said of the answer.
 */

/* The model of the beginning has declined: the fact is handed over again. */
static void fall_back(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    if (m->token == GSP__JSON_STRING && m->value.n > 0 && !gsp__decoder_string(d, GSP_FACT_RESPONSE_MODEL, m))
        d->sink->string(d->self, GSP_FACT_RESPONSE_MODEL, 0, m->value.bytes, m->value.n, m->value_is_cut);
}

static void report(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;
    unsigned action = m->action;

    switch (action) {
    case GSP__ANTHROPIC_ID:
        if (gsp__decoder_string(d, GSP_FACT_RESPONSE_ID, m))
            gsp__decoder_request_id(d, m); /* by the body's id, too, the provider finds it */
        break;
    case GSP__ANTHROPIC_MODEL:
        gsp__decoder_string(d, GSP_FACT_RESPONSE_MODEL, m);
        break;
    case GSP__ANTHROPIC_FALLBACK_MODEL:
        fall_back(d);
        break;
    case GSP__ANTHROPIC_SERVICE_TIER:
        gsp__decoder_string(d, GSP_FACT_SERVICE_TIER, m);
        break;
    case GSP__ANTHROPIC_REQUEST_ID:
        gsp__decoder_request_id(d, m);
        break;
    case GSP__ANTHROPIC_ERROR: /* error: "text" */
    case GSP__ANTHROPIC_BARE_MESSAGE:
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        if (m->token == GSP__JSON_STRING)
            gsp__decoder_error(d);
        break;
    case GSP__ANTHROPIC_ERROR_TYPE:
        gsp__decoder_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, m);
        break;
    case GSP__ANTHROPIC_ERROR_CODE:
        gsp__decoder_code(d, GSP_FACT_PROVIDER_ERROR_CODE, m);
        break;
    case GSP__ANTHROPIC_ERROR_MESSAGE:
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        break;
    case GSP__ANTHROPIC_THINKING_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_REASONING_TOKENS, m);
        break;
    case GSP__ANTHROPIC_ITERATION_TYPE:
        state_of(d)->is_compaction = is(m, "compaction");
        break;
    default:
        if (action >= GSP__ANTHROPIC_INPUT_TOKENS && action <= GSP__ANTHROPIC_WEB_SEARCHES)
            gsp__anthropic_count(d, (enum gsp__anthropic_part)(action - GSP__ANTHROPIC_INPUT_TOKENS));
        break;
    }
}

static void enter(struct gsp__decoder *d)
{
    switch ((enum gsp__anthropic_action)d->map.action) {
    case GSP__ANTHROPIC_DOCUMENT:
        state_of(d)->has_started = false;
        state_of(d)->is_in_iteration = false;
        break;
    case GSP__ANTHROPIC_STARTED:
        state_of(d)->has_started = true;
        begin_block(d);
        break;
    case GSP__ANTHROPIC_BLOCK:
        begin_block(d);
        state_of(d)->block = d->map.index;
        break;
    case GSP__ANTHROPIC_ITERATION:
        begin_iteration(d);
        break;
    default:
        break;
    }
}

static void leave(struct gsp__decoder *d)
{
    switch ((enum gsp__anthropic_action)d->map.action) {
    case GSP__ANTHROPIC_DOCUMENT:
        if (state_of(d)->has_started)
            end_started_block(d);
        break;
    case GSP__ANTHROPIC_BLOCK:
        end_block(d);
        break;
    case GSP__ANTHROPIC_USAGE:
        gsp__anthropic_put_usage(d);
        break;
    case GSP__ANTHROPIC_ITERATION:
        end_iteration(d);
        break;
    case GSP__ANTHROPIC_ERROR:
        gsp__decoder_error(d);
        break;
    default:
        break;
    }
}

void gsp__anthropic_response(struct gsp__decoder *d, enum gsp__map_event event)
{
    unsigned action = d->map.action;

    if (event == GSP__MAP_ENTER)
        enter(d);
    else if (event == GSP__MAP_LEAVE)
        leave(d);
    else if (event == GSP__MAP_VALUE || event == GSP__MAP_PIECE) {
        if (action >= GSP__ANTHROPIC_TYPE && action <= GSP__ANTHROPIC_BLOCKED)
            answer(d);
        else
            report(d);
    }
}

const struct gsp__format gsp__anthropic_messages = {
    .name = "anthropic.messages",
    .operation = "chat",
    .provider = "anthropic",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = gsp__anthropic_request,
    .response = gsp__anthropic_response,
    .target = target,
    .end = gsp__anthropic_end,
};
