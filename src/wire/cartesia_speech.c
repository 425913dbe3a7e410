/*
 * cartesia.speech: Cartesia's text to speech (JSON in; audio, or SSE with audio as base64, out) and speech to
 * text (a form in, JSON out).
 *
 * Neither reports a usage of tokens: the characters that were sent are counted, and the transcript says how
 * long the recording is. The context is an id that the caller chose, and by which Cartesia finds the speech.
 */
#include "wire/cartesia_speech.h"

#include <string.h>

#include "record/fact_types.h"
#include "wire/decoder.h"
#include "wire/target.h"

enum action {
    NOTHING,
    /* request */
    MODEL,
    TRANSCRIPT,
    VOICE,
    CONTAINER,
    /* both */
    CONTEXT_ID,
    /* response */
    DOCUMENT,
    TYPE,
    AUDIO,
    TEXT,
    DURATION,
    REQUEST_ID,
    ERROR,
    ERROR_CODE,
    ERROR_MESSAGE,
    STATUS_CODE,
};

static bool is_speech(const char *text, size_t n)
{
    struct gsp__target_value value;

    return gsp__target_segment(text, n, "/tts/", "/", &value);
}

static const char *operation_of(const char *text, size_t n)
{
    return is_speech(text, n) ? "text_to_speech" : "speech_to_text";
}

static void target(struct gsp__request_decoder *d, const char *text, size_t n)
{
    struct gsp__target_value value;

    if (gsp__target_segment(text, n, "/tts/", "/", &value) && strcmp(value.bytes, "sse") == 0)
        gsp__request_put_bool(d, GSP_FACT_STREAM, true);
}

static const struct gsp__node in_voice[] = {
    GSP__NODE("id", FACT, VOICE),
};

static const struct gsp__node in_output_format[] = {
    GSP__NODE("container", FACT, CONTAINER),
};

#define REQUEST_NODES                                                                                        \
    GSP__NODE("model_id", FACT, MODEL), GSP__NODE_PARENT("voice", OBJECT, NOTHING, in_voice),                \
        GSP__NODE_PARENT("output_format", OBJECT, NOTHING, in_output_format),                                \
        GSP__NODE("context_id", FACT, CONTEXT_ID), GSP__NODE("model", FACT, MODEL) /* of a recording */

static const struct gsp__node in_request_root[] = {
    GSP__NODE("transcript", TEXT, TRANSCRIPT),
    REQUEST_NODES,
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

/* What is to be spoken, or the recording. */
static const struct gsp__node in_content_root[] = {
    GSP__NODE("transcript", TEXT, GSP__PROMPT_SPEECH),
    GSP__NODE("file", TEXT, GSP__PROMPT_FILE),
    REQUEST_NODES,
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

static void request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    (void)event;
    switch ((enum action)d->map.action) {
    case MODEL:
        gsp__request_string(d, GSP_FACT_REQUEST_MODEL);
        break;
    case TRANSCRIPT:
        gsp__request_characters(d);
        break;
    case VOICE:
        gsp__request_string(d, GSP_FACT_VOICE);
        break;
    case CONTAINER:
        gsp__request_string(d, GSP_FACT_RESPONSE_FORMAT);
        break;
    case CONTEXT_ID:
        gsp__request_item(d, GSP_FACT_REQUEST_ID);
        break;
    default:
        break;
    }
}

static const struct gsp__node in_root[] = {
    GSP__NODE("type", FACT, TYPE),
    GSP__NODE("data", TEXT, AUDIO),
    GSP__NODE("status_code", FACT, STATUS_CODE),
    GSP__NODE("context_id", FACT, CONTEXT_ID),
    GSP__NODE("word_timestamps", SKIP, NOTHING),
    GSP__NODE("phoneme_timestamps", SKIP, NOTHING),
    GSP__NODE("text", TEXT, TEXT),
    GSP__NODE("request_id", FACT, REQUEST_ID),
    GSP__NODE("duration", FACT, DURATION),
    GSP__NODE("words", SKIP, NOTHING),
    GSP__NODE("error", FACT, ERROR), /* of older versions, all that they say */
    GSP__NODE("error_code", FACT, ERROR_CODE),
    GSP__NODE("title", FACT, ERROR),
    GSP__NODE("message", FACT, ERROR_MESSAGE),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, DOCUMENT, in_root);

struct state {
    bool is_error, is_done; /* of the event that is being read */
    bool has_context;
    uint8_t n_title, n_status;
    char title[200]; /* the message of an error that has no other */
    char status[4];  /* its code, if it has no other */
};

static struct state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct state);
}

static bool is(const struct gsp__json_map *m, const char *word)
{
    return m->token == GSP__JSON_STRING && m->value.n == strlen(word) &&
           memcmp(m->value.bytes, word, m->value.n) == 0;
}

static void take_title(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    const struct gsp__json_map *m = &d->map;

    if (m->token != GSP__JSON_STRING)
        return;
    s->is_error = true;
    s->n_title = (uint8_t)(m->value.n < sizeof s->title ? m->value.n : 0);
    memcpy(s->title, m->value.bytes, s->n_title);
}

static void report(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    const struct gsp__json_map *m = &d->map;

    switch ((enum action)m->action) {
    case TYPE:
        s->is_error = s->is_error || is(m, "error");
        s->is_done = is(m, "done");
        break;
    case AUDIO:
        gsp__decoder_base64_audio(d, m);
        break;
    case TEXT:
        gsp__decoder_text(d, 0, GSP_MARK_TEXT, m);
        break;
    case DURATION:
        gsp__decoder_real(d, GSP_FACT_INPUT_AUDIO_SECONDS, m, 1.0);
        break;
    case CONTEXT_ID: /* the same in every event */
        if (!s->has_context)
            gsp__decoder_request_id(d, m);
        s->has_context = s->has_context || (m->token == GSP__JSON_STRING && m->value.n > 0);
        break;
    case REQUEST_ID:
        gsp__decoder_request_id(d, m);
        break;
    case STATUS_CODE:
        if (m->token == GSP__JSON_NUMBER && m->value.n < sizeof s->status) {
            s->n_status = (uint8_t)m->value.n;
            memcpy(s->status, m->value.bytes, s->n_status);
        }
        break;
    case ERROR:
        take_title(d);
        break;
    case ERROR_CODE:
        gsp__decoder_string(d, GSP_FACT_PROVIDER_ERROR_CODE, m);
        s->is_error = s->is_error || m->token == GSP__JSON_STRING;
        break;
    case ERROR_MESSAGE: /* what comes before it says that it is one */
        if (s->is_error)
            gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        break;
    default:
        break;
    }
}

static void end_document(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    if (!s->is_error)
        return;
    gsp__decoder_put_string(d, GSP__FACT_ERROR_MESSAGE, s->title, s->n_title, false);
    gsp__decoder_put_string(d, GSP_FACT_PROVIDER_ERROR_CODE, s->status, s->n_status, false);
    gsp__decoder_error(d);
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    if (event == GSP__MAP_LEAVE)
        end_document(d);
    else if (event == GSP__MAP_VALUE || event == GSP__MAP_PIECE)
        report(d);
}

static void begin_event(struct gsp__decoder *d)
{
    struct state *s = state_of(d);

    s->is_error = false;
    s->is_done = false;
    s->n_title = 0;
    s->n_status = 0;
}

static void end_event(struct gsp__decoder *d)
{
    if (state_of(d)->is_done)
        gsp__decoder_terminal(d);
}

const struct gsp__format gsp__cartesia_speech = {
    .name = "cartesia.speech",
    .operation = "text_to_speech",
    .provider = "cartesia",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
    .target = target,
    .operation_of = operation_of,
    .begin_event = begin_event,
    .end_event = end_event,
    .is_audio = true,
};
