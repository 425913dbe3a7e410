/*
 * deepgram.listen: Deepgram's transcription of recordings. The request is the query of the URL; its body is
 * the recording, or where it is to be had. The answer is JSON, one transcript per channel of the recording.
 *
 * Of alternatives the first is the answer. Tokens are reported for each analysis of the text (summary,
 * topics ...) by itself and added; the transcription itself is measured in seconds.
 */
#include "wire/deepgram_listen.h"

#include "base/compiler.h"
#include "record/fact_types.h"
#include "wire/decoder.h"
#include "wire/target.h"

enum action {
    NOTHING,
    DOCUMENT,
    REQUEST_ID,
    DURATION,
    MODEL_NAME,
    ANALYSIS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    CHANNEL,
    ALTERNATIVE,
    TRANSCRIPT,
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
}

/* Where the recording is to be had, if it is not the body itself. */
static const struct gsp__node in_content_root[] = {
    GSP__NODE("url", TEXT, GSP__PROMPT_ONLY_AUDIO),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

static const struct gsp__node in_model[] = {
    GSP__NODE("name", FACT, MODEL_NAME),
};

/* by the model's own id */
static const struct gsp__node in_models[] = {
    GSP__NODE_PARENT("*", OBJECT, NOTHING, in_model),
};

static const struct gsp__node in_analysis[] = {
    GSP__NODE("input_tokens", FACT, INPUT_TOKENS),
    GSP__NODE("output_tokens", FACT, OUTPUT_TOKENS),
};

static const struct gsp__node in_metadata[] = {
    GSP__NODE("request_id", FACT, REQUEST_ID),
    GSP__NODE("duration", FACT, DURATION),
    GSP__NODE_PARENT("model_info", OBJECT, NOTHING, in_models),
    GSP__NODE_PARENT("summary_info", OBJECT, ANALYSIS, in_analysis),
    GSP__NODE_PARENT("intents_info", OBJECT, ANALYSIS, in_analysis),
    GSP__NODE_PARENT("sentiment_info", OBJECT, ANALYSIS, in_analysis),
    GSP__NODE_PARENT("topics_info", OBJECT, ANALYSIS, in_analysis),
};

static const struct gsp__node in_alternative[] = {
    GSP__NODE("transcript", TEXT, TRANSCRIPT),
    GSP__NODE("words", SKIP, NOTHING),
};

static const struct gsp__node in_channel[] = {
    GSP__NODE_PARENT("alternatives", OBJECT, ALTERNATIVE, in_alternative),
};

static const struct gsp__node in_results[] = {
    GSP__NODE_PARENT("channels", OBJECT, CHANNEL, in_channel),
};

static const struct gsp__node in_root[] = {
    GSP__NODE_PARENT("metadata", OBJECT, NOTHING, in_metadata),
    GSP__NODE_PARENT("results", OBJECT, NOTHING, in_results),
    GSP__NODE("request_id", FACT, REQUEST_ID), /* of an error, or where the answer goes elsewhere */
    GSP__NODE("err_code", FACT, ERROR_CODE),
    GSP__NODE("err_msg", FACT, ERROR_MESSAGE),
    GSP__NODE("category", FACT, ERROR_TYPE),
    GSP__NODE("message", FACT, BARE_MESSAGE),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, DOCUMENT, in_root);

struct state {
    bool is_error;
    uint32_t channel, alternative;
    bool has_input, has_output; /* of the analysis that is being read */
    int64_t input, output;      /* of all analyses */
};

static struct state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct state);
}

/* The same part twice in one analysis counts once. */
static void add_tokens(struct gsp__decoder *d, gsp_usage part, bool *has, int64_t *sum)
{
    int64_t tokens;

    if (*has || !gsp__decoder_tokens(&d->map, &tokens) || tokens > INT64_MAX - *sum)
        return;
    *has = true;
    *sum += tokens;
    gsp__decoder_put_usage(d, part, *sum);
}

static void report(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    const struct gsp__json_map *m = &d->map;

    switch ((enum action)m->action) {
    case REQUEST_ID:
        if (gsp__decoder_string(d, GSP_FACT_RESPONSE_ID, m))
            gsp__decoder_request_id(d, m);
        break;
    case DURATION:
        gsp__decoder_real(d, GSP_FACT_INPUT_AUDIO_SECONDS, m, 1.0);
        break;
    case MODEL_NAME:
        gsp__decoder_string(d, GSP_FACT_RESPONSE_MODEL, m);
        break;
    case INPUT_TOKENS:
        add_tokens(d, GSP_USAGE_INPUT_TOKENS, &s->has_input, &s->input);
        break;
    case OUTPUT_TOKENS:
        add_tokens(d, GSP_USAGE_OUTPUT_TOKENS, &s->has_output, &s->output);
        break;
    case TRANSCRIPT:
        if (s->alternative == 0)
            gsp__decoder_text(d, s->channel, GSP_MARK_TEXT, m);
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

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    struct state *s = state_of(d);
    unsigned action = d->map.action;

    if (event == GSP__MAP_ENTER && action == CHANNEL) {
        s->channel = d->map.index;
    } else if (event == GSP__MAP_ENTER && action == ALTERNATIVE) {
        s->alternative = d->map.index;
    } else if (event == GSP__MAP_ENTER && action == ANALYSIS) {
        s->has_input = false;
        s->has_output = false;
    } else if (event == GSP__MAP_LEAVE && action == DOCUMENT && s->is_error) {
        gsp__decoder_error(d);
    } else if (event == GSP__MAP_VALUE || event == GSP__MAP_PIECE) {
        report(d);
    }
}

const struct gsp__format gsp__deepgram_listen = {
    .name = "deepgram.listen",
    .operation = "speech_to_text",
    .provider = "deepgram",
    .content_root = &content_root,
    .response_root = &response_root,
    .response = response,
    .target = target,
};
