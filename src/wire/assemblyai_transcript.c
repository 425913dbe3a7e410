/*
 * assemblyai.transcript: AssemblyAI's transcripts. One request orders a transcript and is answered by its id;
 * others ask for it by this id until its status is completed or error. A transcript that failed is an answer
 * with status 200. The model it names as the one that was used is the answering one, not the one it repeats
 * from the request.
 */
#include "wire/assemblyai_transcript.h"

#include <string.h>

#include "record/fact_types.h"
#include "wire/decoder.h"

enum action {
    NOTHING,
    MODEL,
    ID,
    STATUS,
    TEXT,
    DURATION,
    ERROR,
};

/* A list of models is an order of preference. */
static const struct gsp__node in_request_root[] = {
    GSP__NODE("speech_model", FACT, MODEL),
    GSP__NODE("speech_models", FACT, MODEL),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

static const struct gsp__node in_content_root[] = {
    GSP__NODE("audio_url", TEXT, GSP__PROMPT_ONLY_AUDIO),
    GSP__NODE("speech_model", FACT, MODEL),
    GSP__NODE("speech_models", FACT, MODEL),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

static void request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    (void)event;
    gsp__request_string(d, GSP_FACT_REQUEST_MODEL);
}

static const struct gsp__node in_root[] = {
    GSP__NODE("id", FACT, ID),
    GSP__NODE("status", FACT, STATUS),
    GSP__NODE("text", TEXT, TEXT),
    GSP__NODE("words", SKIP, NOTHING),
    GSP__NODE("utterances", SKIP, NOTHING),
    GSP__NODE("audio_duration", FACT, DURATION),
    GSP__NODE("speech_model_used", FACT, MODEL),
    GSP__NODE("error", FACT, ERROR),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_root);

static bool is(const struct gsp__json_map *m, const char *word)
{
    return m->token == GSP__JSON_STRING && m->value.n == strlen(word) &&
           memcmp(m->value.bytes, word, m->value.n) == 0;
}

static void report(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    switch ((enum action)m->action) {
    case ID:
        if (gsp__decoder_string(d, GSP_FACT_RESPONSE_ID, m))
            gsp__decoder_request_id(d, m);
        break;
    case STATUS:
        gsp__decoder_string(d, GSP_FACT_RESPONSE_STATUS, m);
        if (is(m, "error"))
            gsp__decoder_error(d);
        break;
    case TEXT:
        gsp__decoder_text(d, 0, GSP_MARK_TEXT, m);
        break;
    case DURATION:
        gsp__decoder_real(d, GSP_FACT_INPUT_AUDIO_SECONDS, m, 1.0);
        break;
    case MODEL:
        gsp__decoder_string(d, GSP_FACT_RESPONSE_MODEL, m);
        break;
    case ERROR:
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        if (m->token == GSP__JSON_STRING)
            gsp__decoder_error(d);
        break;
    default:
        break;
    }
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    if (event == GSP__MAP_VALUE || event == GSP__MAP_PIECE)
        report(d);
}

const struct gsp__format gsp__assemblyai_transcript = {
    .name = "assemblyai.transcript",
    .operation = "speech_to_text",
    .provider = "assemblyai",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
};
