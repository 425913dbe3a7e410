/*
 * gemini.generate_content: Gemini's generateContent and streamGenerateContent, also on Vertex AI: JSON, SSE,
 * and without alt=sse an array whose elements come as a stream. The request is in wire/gemini_request.h, the
 * usage in wire/gemini_usage.h.
 *
 * A part says after its text that it is a thought, a candidate after its content which one it is: such
 * content is handed over as what it seems to be, and moved. Asked for enums as numbers, Google answers with
 * numbers where the words stand: they are the words then.
 */
#include "wire/gemini_generate_content.h"

#include <string.h>

#include "base/utf8.h"
#include "record/fact_types.h"
#include "wire/answer.h"
#include "wire/gemini_request.h"
#include "wire/gemini_usage.h"
#include "wire/headers.h"

enum action {
    NOTHING,
    /* the answer */
    CANDIDATE,
    CANDIDATE_INDEX,
    FINISH,
    PART,
    TEXT,
    THOUGHT,
    FUNCTION_CALL,
    TOOL_ID,
    TOOL_NAME,
    TOOL_ARGUMENTS,
    TOOL_PIECES,
    SERVER_TOOL,
    MEDIA,
    MEDIA_TYPE,
    MEDIA_DATA,
    /* what is said of it */
    ID,
    MODEL,
    BLOCK_REASON,
    RATING,
    CATEGORY,
    BLOCKED,
    PROMPT_TOKENS,
    TOOL_USE_TOKENS,
    CANDIDATE_TOKENS,
    THOUGHT_TOKENS,
    TOTAL_TOKENS,
    CACHED_TOKENS,
    PROMPT_DETAIL,
    TOOL_USE_DETAIL,
    CANDIDATE_DETAIL,
    MODALITY,
    MODALITY_TOKENS,
    SERVICE_TIER,
    ERROR,
    ERROR_MESSAGE,
    ERROR_STATUS,
    ERROR_CODE,
    RETRY_DELAY,
    QUOTA_ID,
};

static const struct gsp__node in_function_call[] = {
    GSP__NODE("id", FACT, TOOL_ID),
    GSP__NODE("name", FACT, TOOL_NAME),
    GSP__NODE("args", RAW, TOOL_ARGUMENTS),
    GSP__NODE("partialArgs", COUNT, TOOL_PIECES),
};

static const struct gsp__node in_media[] = {
    GSP__NODE("mimeType", FACT, MEDIA_TYPE),
    GSP__NODE("data", TEXT, MEDIA_DATA),
};

/* what a tool on Google's side is asked, which is no call of the caller's */
static const struct gsp__node in_server_tool[] = {
    GSP__NODE("id", SKIP, NOTHING),
};

static const struct gsp__node in_part[] = {
    GSP__NODE("text", TEXT, TEXT),
    GSP__NODE("thought", FACT, THOUGHT),
    GSP__NODE_PARENT("functionCall", OBJECT, FUNCTION_CALL, in_function_call),
    GSP__NODE("thoughtSignature", SKIP, NOTHING),
    GSP__NODE_PARENT("inlineData", OBJECT, MEDIA, in_media),
    GSP__NODE_PARENT("executableCode", OBJECT, SERVER_TOOL, in_server_tool),
    GSP__NODE_PARENT("toolCall", OBJECT, SERVER_TOOL, in_server_tool),
};

static const struct gsp__node in_content[] = {
    GSP__NODE_PARENT("parts", OBJECT, PART, in_part),
    GSP__NODE("role", SKIP, NOTHING),
};

static const struct gsp__node in_rating[] = {
    GSP__NODE("category", FACT, CATEGORY),
    GSP__NODE("probability", SKIP, NOTHING),
    GSP__NODE("blocked", FACT, BLOCKED),
};

static const struct gsp__node in_candidate[] = {
    GSP__NODE_PARENT("content", OBJECT, NOTHING, in_content),
    GSP__NODE("finishReason", FACT, FINISH),
    GSP__NODE("index", FACT, CANDIDATE_INDEX),
    GSP__NODE_PARENT("safetyRatings", OBJECT, RATING, in_rating),
};

static const struct gsp__node in_detail[] = {
    GSP__NODE("modality", FACT, MODALITY),
    GSP__NODE("tokenCount", FACT, MODALITY_TOKENS),
};

static const struct gsp__node in_usage[] = {
    GSP__NODE("promptTokenCount", FACT, PROMPT_TOKENS),
    GSP__NODE("candidatesTokenCount", FACT, CANDIDATE_TOKENS),
    GSP__NODE("totalTokenCount", FACT, TOTAL_TOKENS),
    GSP__NODE("cachedContentTokenCount", FACT, CACHED_TOKENS),
    GSP__NODE_PARENT("promptTokensDetails", OBJECT, PROMPT_DETAIL, in_detail),
    GSP__NODE_PARENT("candidatesTokensDetails", OBJECT, CANDIDATE_DETAIL, in_detail),
    GSP__NODE("toolUsePromptTokenCount", FACT, TOOL_USE_TOKENS),
    GSP__NODE_PARENT("toolUsePromptTokensDetails", OBJECT, TOOL_USE_DETAIL, in_detail),
    GSP__NODE("thoughtsTokenCount", FACT, THOUGHT_TOKENS),
    GSP__NODE("serviceTier", FACT, SERVICE_TIER),
};

static const struct gsp__node in_feedback[] = {
    GSP__NODE("blockReason", FACT, BLOCK_REASON),
    GSP__NODE_PARENT("safetyRatings", OBJECT, RATING, in_rating),
};

static const struct gsp__node in_violation[] = {
    GSP__NODE("quotaId", FACT, QUOTA_ID),
};

/* QuotaFailure has violations, RetryInfo a delay */
static const struct gsp__node in_error_detail[] = {
    GSP__NODE_PARENT("violations", OBJECT, NOTHING, in_violation),
    GSP__NODE("retryDelay", FACT, RETRY_DELAY),
};

static const struct gsp__node in_error[] = {
    GSP__NODE("code", FACT, ERROR_CODE),
    GSP__NODE("message", FACT, ERROR_MESSAGE),
    GSP__NODE("status", FACT, ERROR_STATUS),
    GSP__NODE_PARENT("details", OBJECT, NOTHING, in_error_detail),
};

static const struct gsp__node in_response[] = {
    GSP__NODE_PARENT("candidates", OBJECT, CANDIDATE, in_candidate),
    GSP__NODE_PARENT("promptFeedback", OBJECT, NOTHING, in_feedback),
    GSP__NODE_PARENT("usageMetadata", OBJECT, NOTHING, in_usage),
    GSP__NODE("modelVersion", FACT, MODEL),
    GSP__NODE("createTime", SKIP, NOTHING),
    GSP__NODE("responseId", FACT, ID),
    GSP__NODE_PARENT("error", FACT, ERROR, in_error),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_response);

/* A word that is kept until its object ends. */
struct word {
    uint8_t n;
    char bytes[63];
};

/* What is kept besides what all formats keep. */
struct state {
    /* of the part and the candidate that are being read */
    uint64_t n_part; /* bytes of the part's text */
    uint64_t n_base64;
    uint8_t kinds; /* of content in the event before the part */
    bool is_thought;
    bool is_audio;
    /* of the rating, the error */
    bool is_blocked;
    bool is_quota;    /* `word` is the quota that is spent */
    struct word word; /* the rating's category, the error's code, the media's type */
    struct gsp__gemini_usage usage;
};

static struct state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct state);
}

static bool is_word(const struct gsp__json_map *m, const char *word)
{
    return m->value.n == strlen(word) && memcmp(m->value.bytes, word, m->value.n) == 0;
}

/* A value of an enum: a word, or its number. Each has a first one that says nothing. */
static bool is_enum(const struct gsp__json_map *m)
{
    static const char nothing[] = "_UNSPECIFIED";
    size_t n = sizeof nothing - 1;

    if (m->token == GSP__JSON_NUMBER)
        return m->value.n > 0 && !is_word(m, "0");
    return m->token == GSP__JSON_STRING && m->value.n > 0 &&
           (m->value.n < n || memcmp(m->value.bytes + m->value.n - n, nothing, n) != 0);
}

static void keep_word(struct word *w, const struct gsp__json_map *m)
{
    w->n = (uint8_t)gsp__utf8_cut(m->value.bytes, m->value.n, sizeof w->bytes);
    memcpy(w->bytes, m->value.bytes, w->n);
}

/*
 * Content.
 */

static void take_text(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    gsp_mark kind = s->is_thought ? GSP_MARK_REASONING : GSP_MARK_TEXT;

    gsp__decoder_text(d, d->answer.choice, kind, &d->map);
    if (!s->is_thought)
        s->n_part += d->map.value.n;
}

/* What came of the part was reasoning. */
static void take_thought(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    if (d->map.token != GSP__JSON_TRUE)
        return;
    s->is_thought = true;
    if (s->n_part == 0)
        return;
    gsp__decoder_move(d, d->answer.choice, GSP_MARK_TEXT, GSP_MARK_REASONING, s->n_part);
    s->n_part = 0;
    if (!(s->kinds & 1u << GSP_MARK_TEXT))
        d->kinds &= (uint8_t) ~(1u << GSP_MARK_TEXT);
    d->kinds |= 1u << GSP_MARK_REASONING;
}

/* Audio is one, in however many parts it comes; others are each by itself. */
static void end_media(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    uint64_t n = s->n_base64 * 3 / 4;
    struct gsp__media *media;

    if (n == 0)
        return;
    if (s->is_audio) {
        d->kinds |= 1u << GSP_MARK_AUDIO;
        d->n_audio_bytes += n;
        gsp__decoder_audio_type(d, (struct gsp__json_slice){s->word.bytes, s->word.n});
        return;
    }
    media = gsp__decoder_begin_media(d, d->answer.choice, GSP__MODALITY_UNKNOWN);
    gsp__media_type(media, (struct gsp__json_slice){s->word.bytes, s->word.n});
    gsp__media_size(media, n);
}

/* Padding is no data, wherever it stands. */
static void take_media(struct gsp__decoder *d)
{
    const struct gsp__json_slice data = d->map.value;

    for (size_t i = 0; i < data.n; i++)
        state_of(d)->n_base64 += data.bytes[i] != '=';
}

static void take_finish(struct gsp__decoder *d)
{
    struct gsp__answer *a = &d->answer;
    const struct gsp__json_map *m = &d->map;

    if (!is_enum(m))
        return;
    a->n_finish = (uint8_t)gsp__utf8_cut(m->value.bytes, m->value.n, sizeof a->finish);
    memcpy(a->finish, m->value.bytes, a->n_finish);
}

static void answer(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    const struct gsp__json_map *m = &d->map;

    switch ((enum action)m->action) {
    case CANDIDATE_INDEX:
        gsp__answer_index(d);
        break;
    case FINISH:
        take_finish(d);
        break;
    case TEXT:
        take_text(d);
        break;
    case THOUGHT:
        take_thought(d);
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
    case MEDIA_TYPE:
        if (m->token != GSP__JSON_STRING)
            break;
        s->is_audio = m->value.n > 6 && memcmp(m->value.bytes, "audio/", 6) == 0;
        keep_word(&s->word, m);
        break;
    case MEDIA_DATA:
        take_media(d);
        break;
    default:
        break;
    }
}

/*
 * Usage.
 */

static void count(struct gsp__decoder *d)
{
    struct gsp__gemini_usage *u = &state_of(d)->usage;

    switch ((enum action)d->map.action) {
    case PROMPT_TOKENS:
        gsp__gemini_count(d, u, GSP__GEMINI_PROMPT);
        break;
    case TOOL_USE_TOKENS:
        gsp__gemini_count(d, u, GSP__GEMINI_TOOL_USE);
        break;
    case CANDIDATE_TOKENS:
        gsp__gemini_count(d, u, GSP__GEMINI_CANDIDATES);
        break;
    case THOUGHT_TOKENS:
        gsp__gemini_count(d, u, GSP__GEMINI_THOUGHTS);
        break;
    case TOTAL_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_TOTAL_TOKENS, &d->map);
        break;
    case CACHED_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_CACHE_READ_TOKENS, &d->map);
        break;
    case MODALITY:
        gsp__gemini_modality(d, u);
        break;
    case MODALITY_TOKENS:
        gsp__gemini_detail_tokens(d, u);
        break;
    default:
        break;
    }
}

/*
 * What was withheld, and errors.
 */

/* Without an answer to the prompt nothing more comes. */
static void take_block_reason(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    if (!is_enum(m))
        return;
    d->sink->string(d->self, GSP_FACT_SAFETY_BLOCK, 0, m->value.bytes, m->value.n, m->value_is_cut);
    gsp__decoder_terminal(d);
}

static void end_rating(struct gsp__decoder *d)
{
    const struct state *s = state_of(d);

    if (s->is_blocked && s->word.n > 0)
        d->sink->string(d->self, GSP_FACT_SAFETY_BLOCK, 0, s->word.bytes, s->word.n, false);
}

/* RetryInfo's: seconds with an s. */
static void take_retry_delay(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;
    double seconds;

    if (m->token == GSP__JSON_STRING && m->value.n > 1 && m->value.bytes[m->value.n - 1] == 's' &&
        gsp__header_duration(m->value.bytes, m->value.n, &seconds))
        gsp__decoder_put_real(d, GSP_FACT_RETRY_AFTER, seconds);
}

static bool is_of_the_day(const struct gsp__json_map *m)
{
    return memmem(m->value.bytes, m->value.n, "PerDay", 6) != NULL;
}

/* The quota that is spent says more than the code, which is that of HTTP; one of the day most of all, as no
 * wait mends it. */
static void take_quota(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    const struct gsp__json_map *m = &d->map;

    if (m->token != GSP__JSON_STRING || m->value.n == 0 || (s->is_quota && !is_of_the_day(m)))
        return;
    keep_word(&s->word, m);
    s->is_quota = true;
}

static void end_error(struct gsp__decoder *d)
{
    const struct word *code = &state_of(d)->word;

    gsp__decoder_put_string(d, GSP_FACT_PROVIDER_ERROR_CODE, code->bytes, code->n, false);
    gsp__decoder_error(d);
}

static void report(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    const struct gsp__json_map *m = &d->map;

    switch ((enum action)m->action) {
    case ID:
        if (gsp__decoder_string(d, GSP_FACT_RESPONSE_ID, m))
            gsp__decoder_request_id(d, m);
        break;
    case MODEL:
        gsp__decoder_string(d, GSP_FACT_RESPONSE_MODEL, m);
        break;
    case BLOCK_REASON:
        take_block_reason(d);
        break;
    case CATEGORY:
        if (is_enum(m))
            keep_word(&s->word, m);
        break;
    case BLOCKED:
        s->is_blocked = m->token == GSP__JSON_TRUE;
        break;
    case SERVICE_TIER:
        gsp__decoder_string(d, GSP_FACT_SERVICE_TIER, m);
        break;
    case ERROR: /* error: "text" */
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        if (m->token == GSP__JSON_STRING)
            gsp__decoder_error(d);
        break;
    case ERROR_MESSAGE:
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        break;
    case ERROR_STATUS:
        gsp__decoder_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, m);
        break;
    case ERROR_CODE:
        if (!s->is_quota && (m->token == GSP__JSON_NUMBER || m->token == GSP__JSON_STRING))
            keep_word(&s->word, m);
        break;
    case RETRY_DELAY:
        take_retry_delay(d);
        break;
    case QUOTA_ID:
        take_quota(d);
        break;
    default:
        count(d);
        break;
    }
}

static void enter(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    switch ((enum action)d->map.action) {
    case CANDIDATE:
        gsp__answer_begin_choice(d);
        break;
    case PART:
        s->n_part = 0;
        s->is_thought = false;
        s->kinds = d->kinds;
        break;
    case FUNCTION_CALL:
        gsp__answer_begin_tool(d);
        break;
    case SERVER_TOOL:
        d->kinds |= 1u << GSP_MARK_TOOL_CALL;
        break;
    case MEDIA:
        s->is_audio = false;
        s->n_base64 = 0;
        s->word.n = 0;
        break;
    case RATING:
        s->is_blocked = false;
        s->word.n = 0;
        break;
    case PROMPT_DETAIL:
    case TOOL_USE_DETAIL:
    case CANDIDATE_DETAIL:
        gsp__gemini_begin_detail(&s->usage);
        break;
    case ERROR:
        s->is_quota = false;
        s->word.n = 0;
        break;
    default:
        break;
    }
}

static void leave(struct gsp__decoder *d)
{
    switch ((enum action)d->map.action) {
    case CANDIDATE:
        gsp__answer_end_choice(d);
        break;
    case FUNCTION_CALL:
        gsp__answer_end_tool(d);
        break;
    case MEDIA:
        end_media(d);
        break;
    case RATING:
        end_rating(d);
        break;
    case PROMPT_DETAIL:
        gsp__gemini_end_detail(d, &state_of(d)->usage, GSP__GEMINI_PROMPT);
        break;
    case TOOL_USE_DETAIL:
        gsp__gemini_end_detail(d, &state_of(d)->usage, GSP__GEMINI_TOOL_USE);
        break;
    case CANDIDATE_DETAIL:
        gsp__gemini_end_detail(d, &state_of(d)->usage, GSP__GEMINI_CANDIDATES);
        break;
    case ERROR:
        end_error(d);
        break;
    default:
        break;
    }
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    unsigned action = d->map.action;

    switch (event) {
    case GSP__MAP_ENTER:
        enter(d);
        break;
    case GSP__MAP_LEAVE:
        leave(d);
        break;
    case GSP__MAP_PIECE:
    case GSP__MAP_VALUE:
        if (action >= CANDIDATE && action <= MEDIA_DATA)
            answer(d);
        else
            report(d);
        break;
    case GSP__MAP_COUNT:
        if (action == TOOL_PIECES && d->map.count > 0)
            d->kinds |= 1u << GSP_MARK_TOOL_CALL;
        break;
    default:
        break;
    }
}

const struct gsp__format gsp__gemini_generate_content = {
    .name = "gemini.generate_content",
    .operation = "generate_content",
    .provider = "gcp.gemini",
    .request_root = &gsp__gemini_request_root,
    .content_root = &gsp__gemini_content_root,
    .response_root = &response_root,
    .request = gsp__gemini_request,
    .response = response,
    .target = gsp__gemini_target,
    .is_array_stream = true,
};
