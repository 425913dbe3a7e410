/*
 * openai.audio: transcriptions and translations (a form in; JSON, SSE or plain text out) and speech (JSON in;
 * audio, or SSE with audio as base64, out). Also what those who speak it add: Groq's x_groq, Mistral's
 * seconds of audio and names of events, OpenRouter's cost.
 *
 * Raw audio reports no usage: the characters that were sent are counted. Tokens come once, at the end. The
 * seconds that are paid go before the length of the recording, which comes with some answers besides.
 *
 * In a stream the text comes in deltas, and once more in the last event: there it is passed over, unless no
 * delta came.
 */
#include "wire/openai_audio.h"

#include <string.h>

#include "base/compiler.h"
#include "record/fact_types.h"
#include "wire/decoder.h"
#include "wire/target.h"

enum action {
    NOTHING,
    /* request */
    MODEL,
    STREAM,
    STREAM_FORMAT,
    TEMPERATURE,
    RESPONSE_FORMAT,
    VOICE,
    INPUT,
    /* response */
    DOCUMENT,
    TYPE,
    DELTA,
    TEXT,
    AUDIO,
    DURATION,
    SECONDS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    TOTAL_TOKENS,
    CACHED_TOKENS,
    AUDIO_TOKENS,
    TEXT_TOKENS,
    COST,
    REQUEST_ID,
    ERROR,
    ERROR_MESSAGE,
    ERROR_TYPE,
    ERROR_CODE,
};

/* A voice of one's own is an object. */
static const struct gsp__node in_voice[] = {
    GSP__NODE("id", FACT, VOICE),
};

#define REQUEST_NODES                                                                                        \
    GSP__NODE("model", FACT, MODEL), GSP__NODE_PARENT("voice", FACT, VOICE, in_voice),                       \
        GSP__NODE("response_format", FACT, RESPONSE_FORMAT), GSP__NODE("temperature", FACT, TEMPERATURE),    \
        GSP__NODE("stream", FACT, STREAM), GSP__NODE("stream_format", FACT, STREAM_FORMAT)

static const struct gsp__node in_request_root[] = {
    REQUEST_NODES,
    GSP__NODE("input", TEXT, INPUT),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

/* What is to be spoken, or the recording and what is said of it. */
static const struct gsp__node in_content_root[] = {
    REQUEST_NODES,
    GSP__NODE("input", TEXT, GSP__PROMPT_SPEECH),
    GSP__NODE("instructions", TEXT, GSP__PROMPT_INSTRUCTIONS),
    GSP__NODE("prompt", TEXT, GSP__PROMPT_ONLY),
    GSP__NODE("file", TEXT, GSP__PROMPT_FILE),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

static bool is(const struct gsp__json_map *m, const char *word)
{
    return m->token == GSP__JSON_STRING && m->value.n == strlen(word) &&
           memcmp(m->value.bytes, word, m->value.n) == 0;
}

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
    case STREAM_FORMAT: /* raw audio, the other one, may come in pieces or not */
        if (is(&d->map, "sse"))
            gsp__request_put_bool(d, GSP_FACT_STREAM, true);
        break;
    case TEMPERATURE:
        gsp__request_real(d, GSP_FACT_TEMPERATURE);
        break;
    case RESPONSE_FORMAT:
        gsp__request_string(d, GSP_FACT_RESPONSE_FORMAT);
        break;
    case VOICE:
        gsp__request_string(d, GSP_FACT_VOICE);
        break;
    case INPUT:
        gsp__request_characters(d);
        break;
    default:
        break;
    }
}

static const char *operation_of(const char *target, size_t n)
{
    struct gsp__target_value name;

    return gsp__target_segment(target, n, "/audio/", "/", &name) && strcmp(name.bytes, "speech") == 0
               ? "text_to_speech"
               : "speech_to_text";
}

static const struct gsp__node in_input_details[] = {
    GSP__NODE("audio_tokens", FACT, AUDIO_TOKENS),
    GSP__NODE("text_tokens", FACT, TEXT_TOKENS),
    GSP__NODE("cached_tokens", FACT, CACHED_TOKENS),
};

static const struct gsp__node in_usage[] = {
    GSP__NODE("type", SKIP, NOTHING),
    GSP__NODE("input_tokens", FACT, INPUT_TOKENS),
    GSP__NODE_PARENT("input_token_details", OBJECT, NOTHING, in_input_details),
    GSP__NODE("output_tokens", FACT, OUTPUT_TOKENS),
    GSP__NODE("total_tokens", FACT, TOTAL_TOKENS),
    GSP__NODE("seconds", FACT, SECONDS),
    GSP__NODE("cost", FACT, COST),
    /* Mistral */
    GSP__NODE("prompt_audio_seconds", FACT, SECONDS),
    GSP__NODE("prompt_tokens", FACT, INPUT_TOKENS),
    GSP__NODE("completion_tokens", FACT, OUTPUT_TOKENS),
};

static const struct gsp__node in_groq[] = {
    GSP__NODE("id", FACT, REQUEST_ID),
};

static const struct gsp__node in_error[] = {
    GSP__NODE("message", FACT, ERROR_MESSAGE),
    GSP__NODE("type", FACT, ERROR_TYPE),
    GSP__NODE("code", FACT, ERROR_CODE),
};

static const struct gsp__node in_root[] = {
    GSP__NODE("type", FACT, TYPE),
    GSP__NODE("delta", TEXT, DELTA),
    GSP__NODE("audio", TEXT, AUDIO),
    GSP__NODE("text", TEXT, TEXT),
    GSP__NODE("duration", FACT, DURATION),
    GSP__NODE("model", FACT, MODEL),
    GSP__NODE("segments", SKIP, NOTHING),
    GSP__NODE("words", SKIP, NOTHING),
    GSP__NODE_PARENT("usage", OBJECT, NOTHING, in_usage),
    GSP__NODE_PARENT("x_groq", OBJECT, NOTHING, in_groq),
    GSP__NODE_PARENT("error", FACT, ERROR, in_error),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, DOCUMENT, in_root);

/* What an event says it is; what the others are does not matter. */
enum type {
    OTHER,
    TEXT_DELTA, /* Mistral's has its piece in `text` */
    AUDIO_DELTA,
    DONE,
};

struct state {
    uint8_t type; /* of the event that is being read */
    bool has_delta;
    bool has_seconds, has_duration;
    double seconds, duration;
};

static struct state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct state);
}

static void take_type(struct gsp__decoder *d)
{
    static const struct {
        const char *name;
        enum type type;
    } types[] = {
        {"transcript.text.delta", TEXT_DELTA}, {"transcription.text.delta", TEXT_DELTA},
        {"speech.audio.delta", AUDIO_DELTA},   {"transcript.text.done", DONE},
        {"transcription.done", DONE},          {"speech.audio.done", DONE},
    };

    for (size_t i = 0; i < GSP__COUNT_OF(types); i++)
        if (is(&d->map, types[i].name))
            state_of(d)->type = (uint8_t)types[i].type;
}

static void take_text(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    if (d->framing != GSP__FRAMING_SSE || s->type == TEXT_DELTA || (s->type == DONE && !s->has_delta))
        gsp__decoder_text(d, 0, GSP_MARK_TEXT, &d->map);
}

static void take_delta(struct gsp__decoder *d)
{
    if (state_of(d)->type == AUDIO_DELTA)
        gsp__decoder_base64_audio(d, &d->map);
    else
        gsp__decoder_text(d, 0, GSP_MARK_TEXT, &d->map);
}

static bool take_seconds(const struct gsp__json_map *m, double *out)
{
    return m->token == GSP__JSON_NUMBER && gsp__json_double(m->value, out) && *out >= 0;
}

static void report(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    const struct gsp__json_map *m = &d->map;
    double seconds;

    switch ((enum action)m->action) {
    case MODEL:
        gsp__decoder_string(d, GSP_FACT_RESPONSE_MODEL, m);
        break;
    case DURATION:
        if (take_seconds(m, &seconds)) {
            s->has_duration = true;
            s->duration = seconds;
        }
        break;
    case SECONDS:
        if (take_seconds(m, &seconds)) {
            s->has_seconds = true;
            s->seconds = seconds;
        }
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
    case AUDIO_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_AUDIO_INPUT_TOKENS, m);
        break;
    case TEXT_TOKENS:
        gsp__decoder_usage(d, GSP_USAGE_TEXT_INPUT_TOKENS, m);
        break;
    case COST:
        gsp__decoder_real(d, GSP_FACT_PROVIDER_COST_USD, m, 1.0);
        break;
    case REQUEST_ID:
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
    default:
        break;
    }
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    unsigned action = d->map.action;

    if (event == GSP__MAP_LEAVE) {
        if (action == ERROR)
            gsp__decoder_error(d);
        return;
    }
    if (event != GSP__MAP_VALUE && event != GSP__MAP_PIECE)
        return;
    if (action == TYPE)
        take_type(d);
    else if (action == DELTA)
        take_delta(d);
    else if (action == TEXT)
        take_text(d);
    else if (action == AUDIO)
        gsp__decoder_base64_audio(d, &d->map);
    else
        report(d);
}

static void begin_event(struct gsp__decoder *d)
{
    state_of(d)->type = OTHER;
}

static void end_event(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    s->has_delta = s->has_delta || (s->type != DONE && d->kinds & 1u << GSP_MARK_TEXT);
    if (s->type == DONE)
        gsp__decoder_terminal(d);
}

static void end(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    if (s->has_seconds || s->has_duration)
        gsp__decoder_put_real(d, GSP_FACT_INPUT_AUDIO_SECONDS, s->has_seconds ? s->seconds : s->duration);
}

const struct gsp__format gsp__openai_audio = {
    .name = "openai.audio",
    .operation = "speech_to_text",
    .provider = "openai",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
    .operation_of = operation_of,
    .begin_event = begin_event,
    .end_event = end_event,
    .end = end,
    .is_audio = true,
    .is_text = true,
};
