/*
 * openai.completions: OpenAI's text completions (the older interface) as JSON and as SSE, and those who speak
 * it: vLLM with the stop sequence it met and cumulative usage, DeepSeek's cache hits, llama.cpp's times,
 * OpenRouter's provider and cost.
 *
 * As in openai.chat the totals have their parts in them, which is what US-1 wants, and the last usage stands.
 */
#include "wire/openai_completions.h"

#include <string.h>

#include "record/fact_types.h"
#include "wire/answer.h"

enum action {
    NOTHING,
    /* request */
    MODEL,
    STREAM,
    TEMPERATURE,
    TOP_P,
    TOP_K,
    SEED,
    MAX_TOKENS,
    PRESENCE_PENALTY,
    FREQUENCY_PENALTY,
    CHOICE_COUNT,
    STOP,
    SERVICE_TIER,
    RESPONSE_FORMAT,
    /* response */
    DOCUMENT,
    ID,
    FINGERPRINT,
    UPSTREAM,
    CHOICE,
    CHOICE_INDEX,
    TEXT,
    REASONING,
    FINISH,
    MATCHED_STOP,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    TOTAL_TOKENS,
    CACHED_TOKENS,
    CACHE_WRITE_TOKENS,
    REASONING_TOKENS,
    COST,
    PROMPT_MS,
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

/*
 * The request.
 */

static const struct gsp__node in_request_format[] = {
    GSP__NODE("type", FACT, RESPONSE_FORMAT),
};

#define REQUEST_NODES(prompt)                                                                                \
    GSP__NODE("model", FACT, MODEL), prompt, GSP__NODE("stream", FACT, STREAM),                              \
        GSP__NODE("temperature", FACT, TEMPERATURE), GSP__NODE("top_p", FACT, TOP_P),                        \
        GSP__NODE("top_k", FACT, TOP_K), GSP__NODE("seed", FACT, SEED),                                      \
        GSP__NODE("max_tokens", FACT, MAX_TOKENS), GSP__NODE("presence_penalty", FACT, PRESENCE_PENALTY),    \
        GSP__NODE("frequency_penalty", FACT, FREQUENCY_PENALTY), GSP__NODE("n", FACT, CHOICE_COUNT),         \
        GSP__NODE("stop", FACT, STOP), GSP__NODE("service_tier", FACT, SERVICE_TIER),                        \
        GSP__NODE_PARENT("response_format", OBJECT, NOTHING, in_request_format)

static const struct gsp__node in_request_root[] = {REQUEST_NODES(GSP__NODE("prompt", SKIP, NOTHING))};

static const struct gsp__node request_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_request_root);

/* A prompt as numbers of tokens has no text. */
static const struct gsp__node in_content_root[] = {
    REQUEST_NODES(GSP__NODE("prompt", TEXT, GSP__PROMPT_INPUT)),
};

static const struct gsp__node content_root = GSP__NODE_PARENT("", OBJECT, NOTHING, in_content_root);

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
    case TEMPERATURE:
        gsp__request_real(d, GSP_FACT_TEMPERATURE);
        break;
    case TOP_P:
        gsp__request_real(d, GSP_FACT_TOP_P);
        break;
    case TOP_K:
        gsp__request_int(d, GSP_FACT_TOP_K);
        break;
    case SEED:
        gsp__request_int(d, GSP_FACT_SEED);
        break;
    case MAX_TOKENS:
        gsp__request_int(d, GSP_FACT_MAX_TOKENS);
        break;
    case PRESENCE_PENALTY:
        gsp__request_real(d, GSP_FACT_PRESENCE_PENALTY);
        break;
    case FREQUENCY_PENALTY:
        gsp__request_real(d, GSP_FACT_FREQUENCY_PENALTY);
        break;
    case CHOICE_COUNT:
        gsp__request_int(d, GSP_FACT_CHOICE_COUNT);
        break;
    case STOP:
        gsp__request_item(d, GSP_FACT_STOP_SEQUENCE);
        break;
    case SERVICE_TIER:
        gsp__request_string(d, GSP_FACT_REQUEST_SERVICE_TIER);
        break;
    case RESPONSE_FORMAT:
        gsp__request_string(d, GSP_FACT_RESPONSE_FORMAT);
        break;
    default:
        break;
    }
}

/*
 * The response.
 */

static const struct gsp__node in_choice[] = {
    GSP__NODE("text", TEXT, TEXT),
    GSP__NODE("index", FACT, CHOICE_INDEX),
    GSP__NODE("logprobs", SKIP, NOTHING),
    GSP__NODE("finish_reason", FACT, FINISH),
    GSP__NODE("stop_reason", FACT, MATCHED_STOP),
    GSP__NODE("reasoning", TEXT, REASONING),
};

static const struct gsp__node in_prompt_details[] = {
    GSP__NODE("cached_tokens", FACT, CACHED_TOKENS),
    GSP__NODE("cache_write_tokens", FACT, CACHE_WRITE_TOKENS),
};

static const struct gsp__node in_completion_details[] = {
    GSP__NODE("reasoning_tokens", FACT, REASONING_TOKENS),
};

static const struct gsp__node in_usage[] = {
    GSP__NODE("prompt_tokens", FACT, INPUT_TOKENS),
    GSP__NODE("completion_tokens", FACT, OUTPUT_TOKENS),
    GSP__NODE("total_tokens", FACT, TOTAL_TOKENS),
    GSP__NODE_PARENT("prompt_tokens_details", OBJECT, NOTHING, in_prompt_details),
    GSP__NODE_PARENT("completion_tokens_details", OBJECT, NOTHING, in_completion_details),
    GSP__NODE("prompt_cache_hit_tokens", FACT, CACHED_TOKENS),
    GSP__NODE("cost", FACT, COST),
};

static const struct gsp__node in_timings[] = {
    GSP__NODE("prompt_ms", FACT, PROMPT_MS),
};

static const struct gsp__node in_error[] = {
    GSP__NODE("message", FACT, ERROR_MESSAGE),
    GSP__NODE("type", FACT, ERROR_TYPE),
    GSP__NODE("code", FACT, ERROR_CODE),
};

static const struct gsp__node root[] = {
    GSP__NODE("id", FACT, ID),
    GSP__NODE("object", FACT, OBJECT),
    GSP__NODE("created", SKIP, NOTHING),
    GSP__NODE_PARENT("choices", OBJECT, CHOICE, in_choice),
    GSP__NODE("model", FACT, MODEL),
    GSP__NODE_PARENT("usage", OBJECT, NOTHING, in_usage),
    GSP__NODE("system_fingerprint", FACT, FINGERPRINT),
    GSP__NODE("service_tier", FACT, SERVICE_TIER),
    GSP__NODE("provider", FACT, UPSTREAM),
    GSP__NODE_PARENT("timings", OBJECT, NOTHING, in_timings),
    GSP__NODE_PARENT("error", FACT, ERROR, in_error),
    GSP__NODE("request_id", FACT, REQUEST_ID),
    GSP__NODE("message", FACT, BARE_MESSAGE),
    GSP__NODE("type", FACT, BARE_TYPE),
    GSP__NODE("code", FACT, BARE_CODE),
};

static const struct gsp__node response_root = GSP__NODE_PARENT("", OBJECT, DOCUMENT, root);

struct state {
    bool is_error; /* the document is an error */
};

static struct state *state_of(struct gsp__decoder *d)
{
    return GSP__STATE_OF(d, struct state);
}

/* Whether the document is the error itself, not one that has an error in it. */
static bool is_bare_error(struct gsp__decoder *d)
{
    return state_of(d)->is_error || gsp__decoder_event_is(d, "error");
}

static void answer(struct gsp__decoder *d)
{
    switch ((enum action)d->map.action) {
    case TEXT:
        gsp__decoder_text(d, d->answer.choice, GSP_MARK_TEXT, &d->map);
        break;
    case REASONING:
        gsp__decoder_text(d, d->answer.choice, GSP_MARK_REASONING, &d->map);
        break;
    case CHOICE_INDEX:
        gsp__answer_index(d); /* it stands behind the text */
        break;
    case FINISH:
        gsp__answer_finish(d);
        break;
    default:
        break;
    }
}

/* What is handed over as it is. */
static const struct gsp__meaning meanings[N_ACTIONS] = {
    [MODEL] = {GSP__AS_STRING, GSP_FACT_RESPONSE_MODEL},
    [SERVICE_TIER] = {GSP__AS_STRING, GSP_FACT_SERVICE_TIER},
    [FINGERPRINT] = {GSP__AS_STRING, GSP_FACT_SYSTEM_FINGERPRINT},
    [UPSTREAM] = {GSP__AS_STRING, GSP_FACT_UPSTREAM_PROVIDER},
    [MATCHED_STOP] = {GSP__AS_STRING, GSP_FACT_MATCHED_STOP}, /* vLLM; it may be the number of a token */
    [INPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_INPUT_TOKENS},
    [OUTPUT_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_OUTPUT_TOKENS},
    [TOTAL_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_TOTAL_TOKENS},
    [CACHED_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_CACHE_READ_TOKENS},
    [CACHE_WRITE_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_CACHE_WRITE_TOKENS},
    [REASONING_TOKENS] = {GSP__AS_TOKENS, GSP_USAGE_REASONING_TOKENS},
    [COST] = {GSP__AS_REAL, GSP_FACT_PROVIDER_COST_USD},
    [PROMPT_MS] = {GSP__AS_MILLIS, GSP_FACT_PROMPT_TIME},
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
    case ID:
        if (gsp__decoder_string(d, GSP_FACT_RESPONSE_ID, m))
            gsp__decoder_request_id(d, m); /* by the body's id, too, the provider finds it */
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
        if (is_bare_error(d))
            gsp__decoder_take(d, meanings[action]);
        break;
    default:
        gsp__decoder_take(d, meanings[action]);
        break;
    }
}

static void begin_event(struct gsp__decoder *d)
{
    state_of(d)->is_error = false;
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    unsigned action = d->map.action;

    switch (event) {
    case GSP__MAP_ENTER:
        if (action == CHOICE)
            gsp__answer_begin_choice(d);
        break;
    case GSP__MAP_LEAVE:
        if (action == CHOICE)
            gsp__answer_end_choice(d);
        else if (action == ERROR || (action == DOCUMENT && state_of(d)->is_error))
            gsp__decoder_error(d);
        break;
    case GSP__MAP_PIECE:
    case GSP__MAP_VALUE:
        if (action >= CHOICE_INDEX && action <= FINISH)
            answer(d);
        else
            report(d);
        break;
    default:
        break;
    }
}

const struct gsp__format gsp__openai_completions = {
    .name = "openai.completions",
    .operation = "text_completion",
    .provider = "openai",
    .request_root = &request_root,
    .content_root = &content_root,
    .response_root = &response_root,
    .request = request,
    .response = response,
    .begin_event = begin_event,
};
