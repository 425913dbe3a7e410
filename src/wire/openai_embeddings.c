/*
 * openai.embeddings: OpenAI's embeddings, and every service that speaks them. Of the vectors only their
 * number and the length of the first are kept.
 */
#include "wire/openai_embeddings.h"

#include <string.h>

#include "record/fact_types.h"
#include "wire/decoder.h"

enum action {
    NOTHING,
    /* request */
    MODEL,
    ENCODING_FORMAT,
    SERVICE_TIER,
    /* response */
    DOCUMENT,
    ID,
    ITEM,
    VECTOR,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    TOTAL_TOKENS,
    CACHED_TOKENS,
    AUDIO_SECONDS,
    COST,
    UPSTREAM,
    REQUEST_ID,
    ERROR,
    ERROR_MESSAGE,
    ERROR_TYPE,
    ERROR_CODE,
    OBJECT,
    BARE_MESSAGE,
    BARE_TYPE,
    BARE_CODE,
    N_ACTIONS,
};

static const struct gsp__node in_request_root[] = {
    GSP__NODE("input", SKIP, NOTHING),
    GSP__NODE("model", FACT, MODEL),
    GSP__NODE("encoding_format", FACT, ENCODING_FORMAT),
    GSP__NODE("service_tier", FACT, SERVICE_TIER),
};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

/* Each text is by itself; one as numbers of tokens is none. */
static const struct gsp__node in_content_root[] = {
    GSP__NODE("input", TEXT, GSP__PROMPT_INPUT),
    GSP__NODE("model", FACT, MODEL),
    GSP__NODE("encoding_format", FACT, ENCODING_FORMAT),
    GSP__NODE("service_tier", FACT, SERVICE_TIER),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

static void request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    (void)event;
    switch ((enum action)d->map.action) {
    case MODEL:
        gsp__request_string(d, GSP_FACT_REQUEST_MODEL);
        break;
    case ENCODING_FORMAT:
        gsp__request_item(d, GSP_FACT_ENCODING_FORMAT);
        break;
    case SERVICE_TIER:
        gsp__request_string(d, GSP_FACT_REQUEST_SERVICE_TIER);
        break;
    default:
        break;
    }
}

static const struct gsp__node in_item[] = {
    GSP__NODE("object", SKIP, NOTHING),
    GSP__NODE("index", SKIP, NOTHING),
    GSP__NODE("embedding", VECTOR, VECTOR),
};

static const struct gsp__node in_prompt_details[] = {
    GSP__NODE("cached_tokens", FACT, CACHED_TOKENS),
};

static const struct gsp__node in_usage[] = {
    GSP__NODE("prompt_tokens", FACT, INPUT_TOKENS),
    GSP__NODE("total_tokens", FACT, TOTAL_TOKENS),
    GSP__NODE("completion_tokens", FACT, OUTPUT_TOKENS),
    GSP__NODE_PARENT("prompt_tokens_details", OBJECT, NOTHING, in_prompt_details),
    GSP__NODE("prompt_audio_seconds", FACT, AUDIO_SECONDS), /* Mistral */
    GSP__NODE("cost", FACT, COST),                          /* OpenRouter */
};

static const struct gsp__node in_error[] = {
    GSP__NODE("message", FACT, ERROR_MESSAGE),
    GSP__NODE("type", FACT, ERROR_TYPE),
    GSP__NODE("code", FACT, ERROR_CODE),
};

static const struct gsp__node root[] = {
    GSP__NODE("id", FACT, ID),
    GSP__NODE("object", FACT, OBJECT),
    GSP__NODE_PARENT("data", OBJECT, ITEM, in_item),
    GSP__NODE("model", FACT, MODEL),
    GSP__NODE_PARENT("usage", OBJECT, NOTHING, in_usage),
    GSP__NODE("provider", FACT, UPSTREAM),
    GSP__NODE_PARENT("error", FACT, ERROR, in_error),
    GSP__NODE("request_id", FACT, REQUEST_ID),
    GSP__NODE("message", FACT, BARE_MESSAGE),
    GSP__NODE("type", FACT, BARE_TYPE),
    GSP__NODE("code", FACT, BARE_CODE),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, DOCUMENT, root);

struct state {
    bool is_error; /* the document is an error */
    uint32_t n_items;
    uint64_t n_base64; /* characters of the first vector */
};

static struct state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct state);
}

static void dimension(struct gsp__decoder *d, uint64_t n)
{
    if (n > 0 && n <= INT64_MAX)
        d->sink->integer(d->self, GSP_FACT_EMBEDDING_DIMENSION, (int64_t)n);
}

/* The first vector as base64: numbers of four bytes each. Padding is none wherever the piece was cut. */
static void take_base64(struct gsp__decoder *d)
{
    struct state *s = state_of(d);
    const char *p = d->map.value.bytes, *end = p + d->map.value.n;

    s->n_base64 += d->map.value.n;
    while (p < end && (p = memchr(p, '=', (size_t)(end - p)))) {
        p++;
        s->n_base64--;
    }
    if (d->map.token == GSP__JSON_STRING && s->n_base64 * 3 / 4 % 4 == 0)
        dimension(d, s->n_base64 * 3 / 4 / 4);
}

/* What is handed over as it is. */
static const struct gsp__meaning meanings[N_ACTIONS] = {
    [MODEL] = {GSP__AS_STRING, GSP_FACT_RESPONSE_MODEL},
    [INPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_INPUT_TOKENS},
    [OUTPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_OUTPUT_TOKENS},
    [TOTAL_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_TOTAL_TOKENS},
    [CACHED_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_CACHE_READ_TOKENS},
    [AUDIO_SECONDS] = {GSP__AS_REAL, GSP_FACT_INPUT_AUDIO_SECONDS},
    [COST] = {GSP__AS_REAL, GSP_FACT_PROVIDER_COST_USD},
    [UPSTREAM] = {GSP__AS_STRING, GSP_FACT_UPSTREAM_PROVIDER},
    [REQUEST_ID] = {GSP__AS_ITEM, GSP_FACT_REQUEST_ID},
    [ERROR_MESSAGE] = {GSP__AS_STRING, GSP__FACT_ERROR_MESSAGE},
    [ERROR_TYPE] = {GSP__AS_STRING, GSP_FACT_PROVIDER_ERROR_TYPE},
    [ERROR_CODE] = {GSP__AS_CODE, GSP_FACT_PROVIDER_ERROR_CODE},
    [BARE_MESSAGE] = {GSP__AS_STRING, GSP__FACT_ERROR_MESSAGE},
    [BARE_TYPE] = {GSP__AS_STRING, GSP_FACT_PROVIDER_ERROR_TYPE},
    [BARE_CODE] = {GSP__AS_CODE, GSP_FACT_PROVIDER_ERROR_CODE},
};

static void report(struct gsp__decoder *d)
{
    const struct gsp__json_map *m = &d->map;
    enum action action = (enum action)m->action;

    switch (action) {
    case ID: /* Mistral's */
        if (gsp__decoder_string(d, GSP_FACT_RESPONSE_ID, m))
            gsp__decoder_request_id(d, m);
        break;
    case VECTOR:
        take_base64(d);
        break;
    case OBJECT:
        state_of(d)->is_error =
            m->token == GSP__JSON_STRING && m->value.n == 5 && memcmp(m->value.bytes, "error", 5) == 0;
        break;
    case ERROR: /* error: "text" */
        gsp__decoder_string(d, GSP__FACT_ERROR_MESSAGE, m);
        if (m->token == GSP__JSON_STRING)
            gsp__decoder_error(d);
        break;
    case BARE_MESSAGE:
    case BARE_TYPE:
    case BARE_CODE:
        if (state_of(d)->is_error)
            gsp__decoder_take(d, meanings[action]);
        break;
    default:
        gsp__decoder_take(d, meanings[action]);
        break;
    }
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    unsigned action = d->map.action;

    switch (event) {
    case GSP__MAP_LEAVE:
        if (action == ITEM)
            state_of(d)->n_items++;
        else if (action == ERROR || (action == DOCUMENT && state_of(d)->is_error))
            gsp__decoder_error(d);
        break;
    case GSP__MAP_COUNT:
        dimension(d, d->map.count);
        break;
    case GSP__MAP_PIECE:
    case GSP__MAP_VALUE:
        report(d);
        break;
    default:
        break;
    }
}

static void end(struct gsp__decoder *d)
{
    if (state_of(d)->n_items > 0)
        d->sink->integer(d->self, GSP_FACT_EMBEDDING_COUNT, state_of(d)->n_items);
}

const struct gsp__format gsp__openai_embeddings = {
    .name = "openai.embeddings",
    .operation = "embeddings",
    .provider = "openai",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
    .end = end,
};
