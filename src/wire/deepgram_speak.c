/*
 * deepgram.speak: Deepgram's text to speech. The parameters are the query of the URL, the text is JSON, the
 * answer is audio; what it cost stands in its headers (wire/headers.h). Errors are JSON.
 */
#include "wire/deepgram_speak.h"

#include "record/fact_types.h"
#include "wire/decoder.h"
#include "wire/target.h"

enum action {
    NOTHING,
    TEXT,
    DOCUMENT,
    REQUEST_ID,
    ERROR_MESSAGE,
    BARE_MESSAGE,
    ERROR_TYPE,
    ERROR_CODE,
};

static void target(struct gsp__request_decoder *d, const char *text, size_t n)
{
    struct gsp__target_value value;

    if (gsp__target_parameter(text, n, "model", &value))
        gsp__request_put_string(d, GSP_FACT_REQUEST_MODEL, value.bytes, value.n);
    if (gsp__target_parameter(text, n, "encoding", &value))
        gsp__request_put_string(d, GSP_FACT_RESPONSE_FORMAT, value.bytes, value.n);
}

static const struct gsp__node in_request_root[] = {
    GSP__NODE("text", TEXT, TEXT),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

static const struct gsp__node in_content_root[] = {
    GSP__NODE("text", TEXT, GSP__PROMPT_SPEECH),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

static void request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    if (event == GSP__MAP_PIECE)
        gsp__request_characters(d);
}

static const struct gsp__node in_root[] = {
    GSP__NODE("request_id", FACT, REQUEST_ID), GSP__NODE("err_code", FACT, ERROR_CODE),
    GSP__NODE("err_msg", FACT, ERROR_MESSAGE), GSP__NODE("category", FACT, ERROR_TYPE),
    GSP__NODE("message", FACT, BARE_MESSAGE),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, DOCUMENT, in_root);

struct state {
    bool is_error;
};

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    struct state *s = GSP__STATE_OF(d, struct state);
    const struct gsp__json_map *m = &d->map;

    if (event == GSP__MAP_LEAVE && s->is_error)
        gsp__decoder_error(d);
    if (event != GSP__MAP_VALUE)
        return;
    switch ((enum action)m->action) {
    case REQUEST_ID:
        gsp__decoder_request_id(d, m);
        break;
    case ERROR_MESSAGE:
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        break;
    case BARE_MESSAGE: /* the category that comes before it makes it one */
        if (s->is_error)
            gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        break;
    case ERROR_TYPE:
        gsp__decoder_string(d, GSP_FACT_PROVIDER_ERROR_TYPE, m);
        s->is_error = s->is_error || m->token == GSP__JSON_STRING;
        break;
    case ERROR_CODE:
        gsp__decoder_code(d, GSP_FACT_PROVIDER_ERROR_CODE, m);
        s->is_error = s->is_error || m->token == GSP__JSON_STRING;
        break;
    default:
        break;
    }
}

const struct gsp__format gsp__deepgram_speak = {
    .name = "deepgram.speak",
    .operation = "text_to_speech",
    .provider = "deepgram",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
    .target = target,
    .is_audio = true,
};
