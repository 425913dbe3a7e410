/*
 * elevenlabs.speech_to_text: ElevenLabs' transcription of recordings: a form in, JSON out, which has one
 * transcript, or one per channel of the recording, or, where they go elsewhere, only the ids.
 *
 * Errors are JSON: `detail` is an object, a text, or, where the request has the wrong shape, a list.
 */
#include "wire/elevenlabs_speech_to_text.h"

#include "record/fact_types.h"
#include "wire/decoder.h"

enum action {
    NOTHING,
    /* request */
    MODEL,
    TEMPERATURE,
    SEED,
    /* response */
    TEXT,
    CHANNEL,
    CHANNEL_TEXT,
    ID,
    DURATION,
    DETAIL,
    REQUEST_ID,
    ERROR_MESSAGE,
    ERROR_TYPE,
    ERROR_CODE,
};

static const struct gsp__node in_request_root[] = {
    GSP__NODE("model_id", FACT, MODEL),
    GSP__NODE("temperature", FACT, TEMPERATURE),
    GSP__NODE("seed", FACT, SEED),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

static const struct gsp__node in_content_root[] = {
    GSP__NODE("model_id", FACT, MODEL),
    GSP__NODE("temperature", FACT, TEMPERATURE),
    GSP__NODE("seed", FACT, SEED),
    GSP__NODE("file", TEXT, GSP__PROMPT_FILE),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

static void request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    (void)event;
    if (d->map.action == MODEL)
        gsp__request_string(d, GSP_FACT_REQUEST_MODEL);
    else if (d->map.action == TEMPERATURE)
        gsp__request_real(d, GSP_FACT_TEMPERATURE);
    else if (d->map.action == SEED)
        gsp__request_int(d, GSP_FACT_SEED);
}

static const struct gsp__node in_detail[] = {
    GSP__NODE("type", FACT, ERROR_TYPE),   GSP__NODE("code", FACT, ERROR_CODE),
    GSP__NODE("status", FACT, ERROR_CODE), GSP__NODE("message", FACT, ERROR_MESSAGE),
    GSP__NODE("msg", FACT, ERROR_MESSAGE), GSP__NODE("request_id", FACT, REQUEST_ID),
};

static const struct gsp__node in_channel[] = {
    GSP__NODE("text", TEXT, CHANNEL_TEXT),
    GSP__NODE("words", SKIP, NOTHING),
};

static const struct gsp__node in_root[] = {
    GSP__NODE("text", TEXT, TEXT),
    GSP__NODE("words", SKIP, NOTHING),
    GSP__NODE("transcription_id", FACT, ID),
    GSP__NODE("audio_duration_secs", FACT, DURATION),
    GSP__NODE_PARENT("transcripts", OBJECT, CHANNEL, in_channel),
    GSP__NODE("request_id", FACT, REQUEST_ID),
    GSP__NODE_PARENT("detail", FACT, DETAIL, in_detail),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_root);

struct state {
    uint32_t channel;
};

static void report(struct gsp__decoder *d)
{
    struct state *s = GSP__STATE_OF(d, struct state);
    const struct gsp__json_map *m = &d->map;

    switch ((enum action)m->action) {
    case TEXT:
        gsp__decoder_text(d, 0, GSP_MARK_TEXT, m);
        break;
    case CHANNEL_TEXT:
        gsp__decoder_text(d, s->channel, GSP_MARK_TEXT, m);
        break;
    case ID:
        if (gsp__decoder_string(d, GSP_FACT_RESPONSE_ID, m))
            gsp__decoder_request_id(d, m);
        break;
    case DURATION:
        gsp__decoder_real(d, GSP_FACT_INPUT_AUDIO_SECONDS, m, 1.0);
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

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    unsigned action = d->map.action;

    if (event == GSP__MAP_ENTER && action == CHANNEL)
        GSP__STATE_OF(d, struct state)->channel = d->map.index;
    else if (event == GSP__MAP_LEAVE && action == DETAIL)
        gsp__decoder_error(d);
    else if (event == GSP__MAP_VALUE || event == GSP__MAP_PIECE)
        report(d);
}

const struct gsp__format gsp__elevenlabs_speech_to_text = {
    .name = "elevenlabs.speech_to_text",
    .operation = "speech_to_text",
    .provider = "elevenlabs",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
};
