/*
 * The five lifecycle events. Attributes that are not known are left out; a numeric 0 stays.
 */
#include <genspan/operation.h>

#include "call/recorder_type.h"

#define ATTRIBUTES_MAX 6

struct event {
    gsp_attribute attributes[ATTRIBUTES_MAX];
    size_t n;
};

static void with_string(struct event *e, gsp_fact fact, const char *value)
{
    gsp_attribute *a = &e->attributes[e->n];

    if (!value || !*value)
        return;
    memset(a, 0, sizeof *a);
    a->fact = fact;
    a->type = GSP_TYPE_STRING;
    a->value.s = value;
    e->n++;
}

static void with_int(struct event *e, gsp_fact fact, int64_t value)
{
    gsp_attribute *a = &e->attributes[e->n];

    if (value < 0)
        return;
    memset(a, 0, sizeof *a);
    a->fact = fact;
    a->type = GSP_TYPE_INT;
    a->value.i = value;
    e->n++;
}

static void add(gsp_span operation, const char *name, const struct event *e, int64_t now_ns)
{
    struct gsp__record r = gsp__record_find(operation);

    if (r.head)
        gsp__record_add_event(r, name, e->attributes, e->n, now_ns);
}

/* The event's gen_ai.operation.name is the operation's, and is added when it is exported. */
void gsp_event_prompt_sent(gsp_span operation, const char *model, int64_t input_tokens_estimate,
                           int64_t n_messages, int64_t now_ns)
{
    struct event e = {.n = 0};

    with_string(&e, GSP_FACT_REQUEST_MODEL, model);
    with_int(&e, GSP_FACT_INPUT_TOKENS, input_tokens_estimate);
    with_int(&e, GSP_FACT_MESSAGE_COUNT, n_messages);
    add(operation, GSP__EVENT_PROMPT_SENT, &e, now_ns);
}

void gsp_event_first_token(gsp_span operation, int64_t tokens_so_far, int64_t now_ns)
{
    struct event e = {.n = 0};

    with_int(&e, GSP_FACT_TOKENS_SO_FAR, tokens_so_far);
    add(operation, GSP__EVENT_FIRST_TOKEN, &e, now_ns);
}

void gsp_event_retry(gsp_span operation, int64_t n_retry, const char *reason, int64_t delay_ms,
                     int32_t http_status, int64_t now_ns)
{
    struct event e = {.n = 0};

    with_int(&e, GSP_FACT_RETRY_ATTEMPT, n_retry < 0 ? 0 : n_retry);
    with_string(&e, GSP_FACT_RETRY_REASON, reason);
    with_int(&e, GSP_FACT_RETRY_DELAY_MS, delay_ms);
    with_int(&e, GSP_FACT_HTTP_STATUS, http_status > 0 ? http_status : -1);
    add(operation, GSP__EVENT_RETRY, &e, now_ns);
}

void gsp_event_tool_call(gsp_span operation, const char *name, const char *call_id, const char *arguments,
                         int64_t now_ns)
{
    struct gsp__record r = gsp__record_find(operation);
    struct event e = {.n = 0};

    if (!r.head)
        return;
    with_string(&e, GSP_FACT_TOOL_NAME, name);
    with_string(&e, GSP_FACT_TOOL_CALL_ID, call_id);
    if (r.view->ring->capture != GSP__CAPTURE_NONE) /* CO-1: what is off is never recorded */
        with_string(&e, GSP_FACT_TOOL_ARGUMENTS, arguments);
    add(operation, GSP__EVENT_TOOL_CALL, &e, now_ns);
}

/* "stop,length": cut at the last reason that fits. */
static void join(char *out, size_t cap, const char *const *items, size_t n)
{
    size_t used = 0;

    out[0] = 0;
    for (size_t i = 0; i < n; i++) {
        size_t length = items[i] ? strlen(items[i]) : 0;
        size_t comma = used > 0;

        if (length == 0)
            continue;
        if (used + comma + length >= cap)
            return;
        if (comma)
            out[used++] = ',';
        memcpy(out + used, items[i], length + 1);
        used += length;
    }
}

void gsp_event_response_received(gsp_span operation, const char *model, int64_t input_tokens,
                                 int64_t output_tokens, int64_t total_tokens,
                                 const char *const *finish_reasons, size_t n_finish_reasons, int64_t now_ns)
{
    struct event e = {.n = 0};
    char reasons[512];

    join(reasons, sizeof reasons, finish_reasons, finish_reasons ? n_finish_reasons : 0);
    with_string(&e, GSP_FACT_RESPONSE_MODEL, model);
    with_int(&e, GSP_FACT_INPUT_TOKENS, input_tokens);
    with_int(&e, GSP_FACT_OUTPUT_TOKENS, output_tokens);
    with_int(&e, GSP_FACT_TOTAL_TOKENS, total_tokens);
    with_string(&e, GSP_FACT_FINISH_REASONS, reasons);
    add(operation, GSP__EVENT_RESPONSE_RECEIVED, &e, now_ns);
}
