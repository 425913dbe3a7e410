/*
 * Values that only some vocabularies have.
 */
#include "derive/span_values.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "derive/seconds.h"
#include "derive/span_events.h"
#include "derive/stream_stats.h"

#define JSON_MAX 1024
#define NS_PER_S 1000000000

/*
 * An object in JSON, whose members are numbers, booleans and words that need no escapes.
 */

struct json {
    char *text;
    size_t n;
};

static bool json_begin(struct gsp__builder *b, struct json *j)
{
    j->text = gsp__arena_get(b->arena, JSON_MAX);
    j->n = 0;
    b->is_full |= !j->text;
    return j->text != NULL;
}

GSP__PRINTF(2, 3) static void json_add(struct json *j, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(j->text + j->n, JSON_MAX - j->n, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < JSON_MAX - j->n - 2) /* room for the end; what does not fit is left out whole */
        j->n += (size_t)n;
}

static const char *json_comma(const struct json *j)
{
    return j->n > 0 ? "," : "{";
}

static void json_int(struct json *j, const char *key, int64_t i)
{
    json_add(j, "%s\"%s\":%lld", json_comma(j), key, (long long)i);
}

static void json_double(struct json *j, const char *key, double d)
{
    if (isfinite(d))
        json_add(j, "%s\"%s\":%.9g", json_comma(j), key, d);
}

static void json_end(struct gsp__builder *b, struct json *j, enum gsp__computed what)
{
    if (j->n == 0)
        return;
    j->text[j->n++] = '}';
    gsp__build_computed_string(b, what, (struct gsp__string){j->text, j->n});
}

/*
 * Facts.
 */

static const struct gsp__entry_view *fact(const struct gsp__span_subject *s, unsigned what)
{
    const struct gsp__entry_view *e = gsp__parsed_fact(&s->own->parsed, what);

    return e || !s->from ? e : gsp__parsed_fact(&s->from->parsed, what);
}

static bool has(const struct gsp__span_subject *s, gsp_usage part)
{
    return s->usage && s->usage->usage_seen >> part & 1;
}

/* A part of the usage; 0 where it was not reported. */
static int64_t tokens(const struct gsp__span_subject *s, gsp_usage part)
{
    return has(s, part) ? s->usage->usage[part] : 0;
}

static int64_t at_least_zero(int64_t n)
{
    return n > 0 ? n : 0;
}

static int64_t duration_ns(const struct gsp__span_subject *s)
{
    return gsp__elapsed_ns(s->start_ns, s->end->end_ns);
}

static int64_t first_chunk_ns(const struct gsp__span_subject *s)
{
    return s->stream ? gsp__stream_first_content_ns(&s->stream->parsed.snapshot->head.stream) : 0;
}

/*
 * Words.
 */

static bool is_failed(const struct gsp__span_subject *s)
{
    return s->end->error_type.n > 0;
}

/* The last word why it failed. */
static struct gsp__string error_text(const struct gsp__span_subject *s)
{
    return s->end->message.n ? s->end->message : s->end->error_type;
}

/* ares: the reason as its program prints it. */
static void add_stop_reason(struct gsp__builder *b, const struct gsp__span_subject *s)
{
    static const struct {
        const char *word, *shown;
    } reasons[] = {
        {"end_turn", "EndTurn"},   {"stop", "EndTurn"},         {"STOP", "EndTurn"},
        {"COMPLETE", "EndTurn"},   {"completed", "EndTurn"},    {"tool_use", "ToolUse"},
        {"tool_calls", "ToolUse"}, {"TOOL_CALL", "ToolUse"},    {"max_tokens", "MaxTokens"},
        {"length", "MaxTokens"},   {"MAX_TOKENS", "MaxTokens"},
    };
    const struct gsp__entry_view *e = fact(s, GSP_FACT_FINISH_REASON);
    char *text;
    int n;

    if (!e || e->kind != GSP__ENTRY_ITEM || is_failed(s))
        return;
    for (size_t i = 0; i < GSP__COUNT_OF(reasons); i++)
        if (strlen(reasons[i].word) == e->n_payload &&
            memcmp(reasons[i].word, e->payload, e->n_payload) == 0) {
            gsp__build_computed_string(b, GSP__KEY_STOP_REASON, gsp__text_of(reasons[i].shown));
            return;
        }
    text = gsp__arena_get(b->arena, e->n_payload + 16);
    if (!text) {
        b->is_full = true;
        return;
    }
    n = snprintf(text, e->n_payload + 16, "Other(\"%.*s\")", (int)e->n_payload, (const char *)e->payload);
    gsp__build_computed_string(b, GSP__KEY_STOP_REASON, (struct gsp__string){text, (size_t)n});
}

/* OpenInference's span kinds. Attempts are steps of what they belong to. */
static const char *span_kind(const struct gsp__span_subject *s)
{
    if (!s->is_owner)
        return "CHAIN";
    switch (s->class) {
    case GSP__CLASS_CHAT:
    case GSP__CLASS_COMPLETION:
    case GSP__CLASS_SPEECH_TO_TEXT:
    case GSP__CLASS_TEXT_TO_SPEECH:
        return "LLM";
    case GSP__CLASS_EMBEDDINGS:
        return "EMBEDDING";
    case GSP__CLASS_TOOL:
        return "TOOL";
    case GSP__CLASS_AGENT:
    case GSP__CLASS_AGENT_STEP:
        return "AGENT";
    case GSP__CLASS_RETRIEVAL:
        return "RETRIEVER";
    default:
        return "CHAIN";
    }
}

/* Langfuse's observation types: only a generation or an embedding is billed. */
static const char *observation_type(const struct gsp__span_subject *s)
{
    if (!s->is_owner)
        return "span";
    switch (s->class) {
    case GSP__CLASS_CHAT:
    case GSP__CLASS_COMPLETION:
    case GSP__CLASS_SPEECH_TO_TEXT:
    case GSP__CLASS_TEXT_TO_SPEECH:
        return "generation";
    case GSP__CLASS_EMBEDDINGS:
        return "embedding";
    case GSP__CLASS_TOOL:
        return "tool";
    case GSP__CLASS_AGENT:
    case GSP__CLASS_AGENT_STEP:
        return "agent";
    case GSP__CLASS_WORKFLOW:
        return "chain";
    case GSP__CLASS_RETRIEVAL:
        return "retriever";
    default:
        return "span";
    }
}

/* celeste: of what has no operation in the conventions. */
static void add_modality(struct gsp__builder *b, const struct gsp__span_subject *s)
{
    if (s->class & (GSP__CLASS_SPEECH_TO_TEXT | GSP__CLASS_TEXT_TO_SPEECH))
        gsp__build_computed_string(b, GSP__KEY_MODALITY, GSP__STRING("audio"));
}

static void add_completion_start(struct gsp__builder *b, const struct gsp__span_subject *s)
{
    int64_t first = first_chunk_ns(s);
    uint64_t unix_ns;
    time_t seconds;
    struct tm tm;
    char *text;
    int n;

    if (first <= 0)
        return;
    unix_ns = gsp__unix_ns(&s->stream->parsed.snapshot->head, first);
    seconds = (time_t)(unix_ns / NS_PER_S);
    text = gsp__arena_get(b->arena, 48);
    if (!text || !gmtime_r(&seconds, &tm)) {
        b->is_full |= !text;
        return;
    }
    n = snprintf(text, 48, "%04d-%02d-%02dT%02d:%02d:%02d.%06uZ", (tm.tm_year + 1900) % 10000, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned)(unix_ns % NS_PER_S / 1000));
    gsp__build_computed_string(b, GSP__KEY_COMPLETION_START, (struct gsp__string){text, (size_t)n});
}

/*
 * Usage.
 */

static void add_uncached_input(struct gsp__builder *b, const struct gsp__span_subject *s)
{
    if (has(s, GSP_USAGE_INPUT_TOKENS))
        gsp__build_computed_int(b, GSP__KEY_UNCACHED_INPUT,
                                at_least_zero(tokens(s, GSP_USAGE_INPUT_TOKENS) -
                                              tokens(s, GSP_USAGE_CACHE_READ_TOKENS) -
                                              tokens(s, GSP_USAGE_CACHE_WRITE_TOKENS)));
}

/* The sum where both are known, else what the provider says. */
static void add_total(struct gsp__builder *b, const struct gsp__span_subject *s)
{
    if (has(s, GSP_USAGE_INPUT_TOKENS) && has(s, GSP_USAGE_OUTPUT_TOKENS))
        gsp__build_computed_int(b, GSP__KEY_TOTAL_TOKENS,
                                tokens(s, GSP_USAGE_INPUT_TOKENS) + tokens(s, GSP_USAGE_OUTPUT_TOKENS));
    else if (has(s, GSP_USAGE_TOTAL_TOKENS))
        gsp__build_computed_int(b, GSP__KEY_TOTAL_TOKENS, tokens(s, GSP_USAGE_TOTAL_TOKENS));
}

/* A total and its parts, disjoint: what is left of the total, then each part under a name of its own. */
static void add_disjoint(struct json *j, const struct gsp__span_subject *s, const char *rest, gsp_usage total,
                         const struct gsp__key *names, const gsp_usage *parts, size_t n)
{
    int64_t left = tokens(s, total);

    if (!has(s, total))
        return;
    for (size_t i = 0; i < n; i++) {
        int64_t part = tokens(s, parts[i]);

        if (part > left) /* what is cached and audio was taken out with the first of them */
            part = left;
        left -= part;
        if (has(s, parts[i]))
            json_int(j, names[i].name, part);
    }
    json_int(j, rest, left);
}

/* Langfuse sums whatever it finds: nothing may be in two places. */
static void add_usage_details(struct gsp__builder *b, const struct gsp__span_subject *s)
{
    static const struct gsp__key input_names[] = {
        GSP__KEY("input_cached_tokens"), GSP__KEY("input_cache_creation"), GSP__KEY("input_audio_tokens")};
    static const gsp_usage input_parts[] = {GSP_USAGE_CACHE_READ_TOKENS, GSP_USAGE_CACHE_WRITE_TOKENS,
                                            GSP_USAGE_AUDIO_INPUT_TOKENS};
    static const struct gsp__key output_names[] = {GSP__KEY("output_reasoning_tokens"),
                                                   GSP__KEY("output_audio_tokens")};
    static const gsp_usage output_parts[] = {GSP_USAGE_REASONING_TOKENS, GSP_USAGE_AUDIO_OUTPUT_TOKENS};
    struct json j;

    if (!s->usage || !json_begin(b, &j))
        return;
    add_disjoint(&j, s, "input", GSP_USAGE_INPUT_TOKENS, input_names, input_parts,
                 GSP__COUNT_OF(input_parts));
    add_disjoint(&j, s, "output", GSP_USAGE_OUTPUT_TOKENS, output_names, output_parts,
                 GSP__COUNT_OF(output_parts));
    if (has(s, GSP_USAGE_INPUT_TOKENS) && has(s, GSP_USAGE_OUTPUT_TOKENS))
        json_int(&j, "total", tokens(s, GSP_USAGE_INPUT_TOKENS) + tokens(s, GSP_USAGE_OUTPUT_TOKENS));
    json_end(b, &j, GSP__KEY_USAGE_DETAILS);
}

static void add_parameters(struct gsp__builder *b, const struct gsp__span_subject *s)
{
    static const struct {
        unsigned fact;
        const char *name;
    } parameters[] = {
        {GSP_FACT_TEMPERATURE, "temperature"},
        {GSP_FACT_TOP_P, "top_p"},
        {GSP_FACT_TOP_K, "top_k"},
        {GSP_FACT_MAX_TOKENS, "max_tokens"},
        {GSP_FACT_FREQUENCY_PENALTY, "frequency_penalty"},
        {GSP_FACT_PRESENCE_PENALTY, "presence_penalty"},
        {GSP_FACT_SEED, "seed"},
        {GSP_FACT_CHOICE_COUNT, "n"},
    };
    struct json j;

    if (!json_begin(b, &j))
        return;
    for (size_t i = 0; i < GSP__COUNT_OF(parameters); i++) {
        const struct gsp__entry_view *e = fact(s, parameters[i].fact);

        if (e && e->kind == GSP__ENTRY_DOUBLE)
            json_double(&j, parameters[i].name, e->scalar.d);
        else if (e && (e->kind == GSP__ENTRY_INT32 || e->kind == GSP__ENTRY_INT64))
            json_int(&j, parameters[i].name, e->scalar.i);
    }
    json_end(b, &j, GSP__KEY_PARAMETERS);
}

/* ST-4, but over the whole duration. */
static void add_total_rate(struct gsp__builder *b, const struct gsp__span_subject *s)
{
    double seconds = gsp__seconds(duration_ns(s));

    if (has(s, GSP_USAGE_OUTPUT_TOKENS) && seconds > 0)
        gsp__build_computed_double(b, GSP__KEY_TOTAL_RATE,
                                   (double)tokens(s, GSP_USAGE_OUTPUT_TOKENS) / seconds);
}

/* LiveKit's metrics of an LLM's or a TTS's request; what is not known is left out, where LiveKit writes 0 or
 * -1. */
static void add_metrics(struct gsp__builder *b, const struct gsp__span_subject *s, enum gsp__computed what)
{
    bool is_llm = what == GSP__KEY_LLM_METRICS;
    int64_t first = first_chunk_ns(s);
    const struct gsp__entry_view *e;
    struct json j;

    if (!s->stream || first <= 0 || !json_begin(b, &j))
        return;
    json_add(&j, "{\"type\":\"%s\"", is_llm ? "llm_metrics" : "tts_metrics");
    json_double(&j, "duration", gsp__seconds(duration_ns(s)));
    json_double(&j, is_llm ? "ttft" : "ttfb", gsp__seconds_between(s->start_ns, first));
    json_add(&j, ",\"cancelled\":%s", s->end->outcome == GSP_OUTCOME_CANCELLED ? "true" : "false");
    if (is_llm) {
        if (has(s, GSP_USAGE_OUTPUT_TOKENS))
            json_int(&j, "completion_tokens", tokens(s, GSP_USAGE_OUTPUT_TOKENS));
        if (has(s, GSP_USAGE_INPUT_TOKENS))
            json_int(&j, "prompt_tokens", tokens(s, GSP_USAGE_INPUT_TOKENS));
        if (has(s, GSP_USAGE_CACHE_READ_TOKENS))
            json_int(&j, "prompt_cached_tokens", tokens(s, GSP_USAGE_CACHE_READ_TOKENS));
        if (has(s, GSP_USAGE_INPUT_TOKENS) && has(s, GSP_USAGE_OUTPUT_TOKENS))
            json_int(&j, "total_tokens",
                     tokens(s, GSP_USAGE_INPUT_TOKENS) + tokens(s, GSP_USAGE_OUTPUT_TOKENS));
        if (has(s, GSP_USAGE_OUTPUT_TOKENS) && duration_ns(s) > 0)
            json_double(&j, "tokens_per_second",
                        (double)tokens(s, GSP_USAGE_OUTPUT_TOKENS) / gsp__seconds(duration_ns(s)));
    } else {
        e = fact(s, GSP_FACT_OUTPUT_AUDIO_SECONDS);
        if (e && e->kind == GSP__ENTRY_DOUBLE)
            json_double(&j, "audio_duration", e->scalar.d);
        e = fact(s, GSP_FACT_INPUT_CHARACTERS);
        if (e && (e->kind == GSP__ENTRY_INT32 || e->kind == GSP__ENTRY_INT64))
            json_int(&j, "characters_count", e->scalar.i);
    }
    json_end(b, &j, what);
}

static void add_value(struct gsp__builder *b, const struct gsp__span_subject *s, enum gsp__computed what)
{
    switch (what) {
    case GSP__KEY_ERROR_MESSAGE:
    case GSP__KEY_STATUS_MESSAGE:
        if (is_failed(s))
            gsp__build_computed_string(b, what, error_text(s));
        break;
    case GSP__KEY_DURATION_MS:
        gsp__build_computed_int(b, what, duration_ns(s) / 1000000);
        break;
    case GSP__KEY_DURATION:
        if (first_chunk_ns(s) > 0)
            gsp__build_computed_double(b, what, gsp__seconds(duration_ns(s)));
        break;
    case GSP__KEY_TOTAL_RATE:
        add_total_rate(b, s);
        break;
    case GSP__KEY_RETRY_COUNT:
        gsp__build_computed_int(b, what, s->n_retry);
        break;
    case GSP__KEY_UNCACHED_INPUT:
        add_uncached_input(b, s);
        break;
    case GSP__KEY_STOP_REASON:
        add_stop_reason(b, s);
        break;
    case GSP__KEY_SPAN_KIND:
        gsp__build_computed_string(b, what, gsp__text_of(span_kind(s)));
        break;
    case GSP__KEY_OBSERVATION_TYPE:
        gsp__build_computed_string(b, what, gsp__text_of(observation_type(s)));
        break;
    case GSP__KEY_LEVEL:
        if (is_failed(s))
            gsp__build_computed_string(b, what, GSP__STRING("ERROR"));
        break;
    case GSP__KEY_COMPLETION_START:
        add_completion_start(b, s);
        break;
    case GSP__KEY_USAGE_DETAILS:
        add_usage_details(b, s);
        break;
    case GSP__KEY_PARAMETERS:
        add_parameters(b, s);
        break;
    case GSP__KEY_TOTAL_TOKENS:
        add_total(b, s);
        break;
    case GSP__KEY_LLM_METRICS:
        if (s->class & GSP__CLASSES_LLM)
            add_metrics(b, s, what);
        break;
    case GSP__KEY_TTS_METRICS:
        if (s->class & GSP__CLASS_TEXT_TO_SPEECH)
            add_metrics(b, s, what);
        break;
    case GSP__KEY_MODALITY:
        add_modality(b, s);
        break;
    default:
        break;
    }
}

void gsp__span_values_add(struct gsp__builder *b, const struct gsp__span_subject *s)
{
    for (unsigned what = GSP__KEY_ERROR_MESSAGE; what < GSP__KEY_INPUT_MESSAGES; what++)
        if (gsp__build_wants(b, GSP__WORD_COMPUTED, what))
            add_value(b, s, (enum gsp__computed)what);
}
