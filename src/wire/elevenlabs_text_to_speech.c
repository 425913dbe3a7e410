/*
 * elevenlabs.text_to_speech: ElevenLabs' text to speech. The voice stands in the path, the text is JSON. The
 * answer is audio; or, with timestamps, JSON with the audio as base64, as a stream line by line, which no
 * event ends. What it cost stands in a header (wire/headers.h).
 *
 * Errors are JSON: `detail` is an object, a text, or, where the request has the wrong shape, a list.
 */
#include "wire/elevenlabs_text_to_speech.h"

#include <string.h>

#include "record/fact_types.h"
#include "wire/decoder.h"
#include "wire/target.h"

enum action {
    NOTHING,
    /* request */
    MODEL,
    SEED,
    TEXT,
    /* response */
    AUDIO,
    DETAIL,
    REQUEST_ID,
    ERROR_MESSAGE,
    ERROR_TYPE,
    ERROR_CODE,
};

/* /v1/text-to-speech/VOICE, /stream and /with-timestamps after it in any combination */
static void target(struct gsp__request_decoder *d, const char *text, size_t n)
{
    struct gsp__target_value value;

    if (gsp__target_segment(text, n, "/text-to-speech/", "/", &value))
        gsp__request_put_string(d, GSP_FACT_VOICE, value.bytes, value.n);
    if (gsp__target_segment(text, n, "/text-to-speech/", "", &value) && strstr(value.bytes, "/stream"))
        gsp__request_put_bool(d, GSP_FACT_STREAM, true);
    if (gsp__target_parameter(text, n, "output_format", &value))
        gsp__request_put_string(d, GSP_FACT_RESPONSE_FORMAT, value.bytes, value.n);
}

static const struct gsp__node in_request_root[] = {
    GSP__NODE("text", TEXT, TEXT),
    GSP__NODE("model_id", FACT, MODEL),
    GSP__NODE("seed", FACT, SEED),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

static const struct gsp__node in_content_root[] = {
    GSP__NODE("text", TEXT, GSP__PROMPT_SPEECH),
    GSP__NODE("model_id", FACT, MODEL),
    GSP__NODE("seed", FACT, SEED),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

static void request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    (void)event;
    if (d->map.action == TEXT)
        gsp__request_characters(d);
    else if (d->map.action == MODEL)
        gsp__request_string(d, GSP_FACT_REQUEST_MODEL);
    else if (d->map.action == SEED)
        gsp__request_int(d, GSP_FACT_SEED);
}

static const struct gsp__node in_detail[] = {
    GSP__NODE("type", FACT, ERROR_TYPE),   GSP__NODE("code", FACT, ERROR_CODE),
    GSP__NODE("status", FACT, ERROR_CODE), GSP__NODE("message", FACT, ERROR_MESSAGE),
    GSP__NODE("msg", FACT, ERROR_MESSAGE), GSP__NODE("request_id", FACT, REQUEST_ID),
};

static const struct gsp__node in_root[] = {
    GSP__NODE("audio_base64", TEXT, AUDIO),
    GSP__NODE("alignment", SKIP, NOTHING),
    GSP__NODE("normalized_alignment", SKIP, NOTHING),
    GSP__NODE_PARENT("detail", FACT, DETAIL, in_detail),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_root);

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    const struct gsp__json_map *m = &d->map;

    if (event == GSP__MAP_LEAVE)
        gsp__decoder_error(d);
    if (event != GSP__MAP_VALUE && event != GSP__MAP_PIECE)
        return;
    switch ((enum action)m->action) {
    case AUDIO:
        gsp__decoder_base64_audio(d, m);
        break;
    case DETAIL:
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        if (m->token == GSP__JSON_STRING)
            gsp__decoder_error(d);
        break;
    case REQUEST_ID:
        gsp__decoder_request_id(d, m);
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

const struct gsp__format gsp__elevenlabs_text_to_speech = {
    .name = "elevenlabs.text_to_speech",
    .operation = "text_to_speech",
    .provider = "elevenlabs",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
    .target = target,
    .is_line_stream = true,
    .is_endless = true,
    .is_audio = true,
};
