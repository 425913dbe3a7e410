/*
 * The end of an exchange: what it came to, for the record and for the caller that may try again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/exchange_type.h"
#include "policy/classify.h"
#include "wire/provider_name.h"

#define GONE_CLIENT 499 /* RE-1: ends gracefully, without an error */

static bool is_stream(const struct gsp_exchange *x)
{
    return x->has_body && x->format && gsp__framing_is_stream(x->response.framing);
}

static bool was_decoded(const struct gsp_exchange *x)
{
    return x->has_body && x->format && gsp__framing_is_decoded(x->response.framing);
}

/* Sounds are measured in characters and seconds; that they tell of no tokens is no gap. */
static bool is_counted_in_tokens(const struct gsp_exchange *x)
{
    return !x->operation || strstr(x->operation, "speech") == NULL;
}

/* US-4: an answer without usage says so; whether a stream's is partial, its end decides. */
static void set_usage_source(struct gsp_exchange *x)
{
    bool is_answer = x->http_status == 0 || (x->http_status >= 200 && x->http_status < 300);

    if (is_answer && was_decoded(x) && !x->response.has_usage && !x->hints.has_input_tokens &&
        is_counted_in_tokens(x))
        gsp_span_set_usage_source(x->attempt, GSP_USAGE_MISSING);
}

/* Whether the body's own end can be seen in it: a document's, or a stream's terminal event. */
static bool has_end(const struct gsp_exchange *x)
{
    return was_decoded(x) && gsp__decoder_has_end(&x->response);
}

/* A JSON answer that broke off, or is none: as truncated as a stream without its terminal event. */
static bool is_cut_document(const struct gsp_exchange *x)
{
    return has_end(x) && x->response.framing == GSP__FRAMING_JSON && x->response.n_bad > 0;
}

static bool is_whole(const struct gsp_exchange *x)
{
    if (has_end(x))
        return x->response.is_terminal && !is_cut_document(x);
    return was_decoded(x) && !x->hints.is_coded && x->n_expected >= 0 && x->n_body >= (uint64_t)x->n_expected;
}

/* What the body lacks, where the connection is said to have ended well. */
static bool is_truncated(const struct gsp_exchange *x)
{
    if (is_stream(x) && has_end(x))
        return !x->response.is_terminal && (x->response.n_events > 0 || x->response.n_bad > 0);
    if (has_end(x))
        return is_cut_document(x);
    return x->has_body && !x->hints.is_coded && x->n_expected >= 0 && x->n_body < (uint64_t)x->n_expected;
}

/* What the exchange's own end makes of how the caller says it ended. */
static gsp_stream_exit exit_of(const struct gsp_exchange *x, gsp_stream_exit how)
{
    if (x->http_status == GONE_CLIENT)
        return GSP_STREAM_CANCELLED;
    if (x->http_status >= 400 || (was_decoded(x) && x->response.is_error))
        return GSP_STREAM_FAILED;
    if (is_whole(x))
        return GSP_STREAM_FINISHED; /* what comes after the end changes nothing */
    return how;
}

static void describe_failure(struct gsp_exchange *x, const gsp_failure *given, gsp_failure *out)
{
    struct gsp__symptoms symptoms = {
        .http_status = x->http_status,
        .provider_code = x->error_code[0] ? x->error_code : NULL,
        .provider_type = x->error_type[0] ? x->error_type : NULL,
        .exception = given ? given->exception : NULL,
        .provider = gsp__provider_of_host(x->host, strlen(x->host)),
        .message = x->error_message,
        .should_retry = x->hints.should_retry,
    };
    char room[4];

    if (given)
        *out = *given;
    if (given && given->type && *given->type) {
        symptoms.is_timeout = strcmp(given->type, GSP_ERROR_TIMEOUT) == 0;
        symptoms.is_connection = strcmp(given->type, GSP_ERROR_CONNECTION) == 0;
        gsp__exchange_keep(x->class, sizeof x->class, given->type, strlen(given->type));
    } else {
        const char *class = gsp__classify(&symptoms, room);

        gsp__exchange_keep(x->class, sizeof x->class, class, strlen(class));
    }
    x->is_retryable = gsp__is_retryable(&symptoms, x->class);
    out->type = x->class;
    out->http_status = 0; /* a fact of its own already */
    out->provider_code = NULL;
    if (!x->error_message[0] && given && given->message)
        gsp__exchange_keep(x->error_message, sizeof x->error_message, given->message, strlen(given->message));
    if (!x->error_message[0] && x->http_status)
        snprintf(x->error_message, sizeof x->error_message, "HTTP status %d", x->http_status);
    out->message = x->error_message;
}

/* ST-2: a connection that ends in the middle of an answer truncates it, however it ends. */
static bool is_cut_off(const struct gsp_exchange *x, const gsp_failure *given)
{
    return given && given->type && strcmp(given->type, GSP_ERROR_CONNECTION) == 0 && x->http_status < 400 &&
           x->has_body && !(was_decoded(x) && x->response.is_error) && is_truncated(x);
}

static void end_truncated(struct gsp_exchange *x, const gsp_failure *given, int64_t now_ns)
{
    gsp_failure failure = GSP_FAILURE_INIT;

    failure.type = GSP_ERROR_TRUNCATED;
    failure.message =
        given && given->message ? given->message : "the connection ended before the response did";
    failure.exception = given ? given->exception : NULL;
    x->outcome = GSP_OUTCOME_FAILED;
    x->is_retryable = true;
    gsp__exchange_keep(x->class, sizeof x->class, failure.type, strlen(failure.type));
    gsp__exchange_keep(x->error_message, sizeof x->error_message, failure.message, strlen(failure.message));
    gsp_stream_end(x->attempt, GSP_STREAM_FAILED, &failure, now_ns);
}

/* Unknown traffic is passed over, and counted. */
static void count_unknown(const struct gsp_exchange *x)
{
    struct gsp__record r;

    if (x->format || !(x->has_request || x->has_body))
        return;
    r = gsp__record_find(x->attempt);
    if (r.head)
        gsp__view_count(r.view, GSP_LOSS_FORMAT);
}

/* Both sides are over: the last facts. */
static void finish(struct gsp_exchange *x, int64_t now_ns)
{
    gsp__exchange_end_request(x);
    if (!x->has_body)
        gsp__exchange_end_head(x);
    if (x->has_body && x->format)
        gsp__decoder_finish(&x->response, now_ns);
    x->is_over = true;
    count_unknown(x);
    if (is_stream(x) && has_end(x)) {
        x->sink.boolean(x, GSP_FACT_TERMINAL_EVENT, x->response.is_terminal);
        if (x->response.is_terminal) /* the end of an array is seen only here */
            gsp_stream_mark(x->attempt, GSP_MARK_TERMINAL, now_ns);
    }
    set_usage_source(x);
}

void gsp_exchange_end(gsp_exchange *x, gsp_stream_exit how, const gsp_failure *given, int64_t now_ns)
{
    gsp_failure failure = GSP_FAILURE_INIT;

    if (!x || x->is_over)
        return;
    finish(x, now_ns);
    how = exit_of(x, how);
    switch (how) {
    case GSP_STREAM_FAILED:
        if (is_cut_off(x, given)) {
            end_truncated(x, given, now_ns);
            return;
        }
        describe_failure(x, given, &failure);
        x->outcome = GSP_OUTCOME_FAILED;
        gsp_stream_end(x->attempt, how, &failure, now_ns);
        return;
    case GSP_STREAM_FINISHED:
        if (is_truncated(x)) {
            end_truncated(x, NULL, now_ns);
            return;
        }
        x->outcome = GSP_OUTCOME_COMPLETED;
        if (is_stream(x) && has_end(x))
            gsp_stream_end(x->attempt, how, NULL, now_ns);
        else
            gsp_span_end(x->attempt, GSP_OUTCOME_COMPLETED, NULL, now_ns);
        return;
    default:
        x->outcome =
            how == GSP_STREAM_DESTROYED && !x->has_body ? GSP_OUTCOME_ABANDONED : GSP_OUTCOME_CANCELLED;
        x->error_message[0] = 0; /* a 499 is no error, whatever its body says */
        gsp_stream_end(x->attempt, how, NULL, now_ns);
        return;
    }
}

void gsp_exchange_free(gsp_exchange *x)
{
    if (!x)
        return;
    gsp_exchange_end(x, GSP_STREAM_DESTROYED, NULL, 0);
    free(x);
}

void gsp_exchange_get_result(const gsp_exchange *x, gsp_exchange_result *out)
{
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;

    if (!x || !out)
        return;
    result.struct_size = out->struct_size;
    result.outcome = (uint32_t)x->outcome;
    result.http_status = x->http_status;
    result.is_retryable = x->is_retryable;
    result.retry_after_ms = x->hints.retry_after_ms;
    result.n_content_chunks = x->n_content;
    result.should_retry = x->hints.should_retry;
    result.error_type = x->class;
    result.error_message = x->error_message;
    if (x->format) {
        result.wire_format = x->format->name;
        result.operation = x->operation ? x->operation : "";
    }
    memcpy(out, &result, out->struct_size < sizeof result ? out->struct_size : sizeof result);
}
