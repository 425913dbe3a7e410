/*
 * One request of a runner: from the target's vtable to the attempt's record.
 */
#include <string.h>

#include "base/compiler.h"
#include "base/utf8.h"
#include "call/runner_type.h"
#include "policy/classify.h"

#define GONE_CLIENT 499
#define CONFLICT    409

void gsp__runner_keep(char *to, size_t cap, const char *text)
{
    size_t n = text ? gsp__utf8_cut(text, strlen(text), cap - 1) : 0;

    memcpy(to, text ? text : "", n);
    to[n] = 0;
}

/*
 * Failures.
 */

static bool is_class(const gsp_failure *failure, const char *class)
{
    return failure->type && strcmp(failure->type, class) == 0;
}

/* What the target said, copied and judged (RE-1, OP-7). */
static void judge(const struct gsp__runner_target *target, const gsp_read *read,
                  struct gsp__runner_failure *why)
{
    const gsp_failure *given = &read->failure;
    const struct gsp__symptoms symptoms = {
        .http_status = given->http_status,
        .provider_code = given->provider_code,
        .provider_type = read->error_type,
        .exception = given->exception,
        .provider = target->provider,
        .message = given->message,
        .is_timeout = is_class(given, GSP_ERROR_TIMEOUT),
        .is_connection = is_class(given, GSP_ERROR_CONNECTION),
        .should_retry = read->should_retry,
    };
    char room[4];

    gsp__runner_keep(why->type, sizeof why->type,
                     given->type && *given->type ? given->type : gsp__classify(&symptoms, room));
    gsp__runner_keep(why->message, sizeof why->message, given->message);
    gsp__runner_keep(why->exception, sizeof why->exception, given->exception);
    gsp__runner_keep(why->provider_code, sizeof why->provider_code, given->provider_code);
    why->verdict = (struct gsp__verdict){
        .is_retryable =
            read->is_retryable >= 0 ? read->is_retryable > 0 : gsp__is_retryable(&symptoms, why->type),
        .is_conflict = given->http_status == CONFLICT && read->should_retry >= 0,
        .is_own_fault = gsp__is_own_fault(why->type),
        .is_graceful = given->http_status == GONE_CLIENT,
    };
    why->retry_after_ns = GSP__NOT_ASKED_FOR;
    if (read->retry_after_ms >= 0)
        why->retry_after_ns = read->retry_after_ms < INT64_MAX / (2 * GSP__MS_NS)
                                  ? read->retry_after_ms * GSP__MS_NS
                                  : INT64_MAX / 2;
    why->failure = (gsp_failure)GSP_FAILURE_INIT;
    why->failure.http_status = given->http_status;
    why->failure.type = why->type;
    why->failure.message = why->message;
    why->failure.exception = why->exception;
    why->failure.provider_code = why->provider_code;
}

void gsp__runner_cut(struct gsp__runner_failure *why, enum gsp__cut cut)
{
    static const struct {
        const char *type, *message;
    } texts[] = {
        [GSP__CUT_NONE] = {"", ""},
        [GSP__CUT_ATTEMPT_TIMEOUT] = {GSP_ERROR_TIMEOUT, "no content came within the attempt's time"},
        [GSP__CUT_IDLE_TIMEOUT] = {GSP_ERROR_TIMEOUT, "no further chunk came in time"},
        [GSP__CUT_DEADLINE] = {GSP_ERROR_TIMEOUT, "the operation's time is over"},
        [GSP__CUT_SILENT] = {GSP_ERROR_SERVER_ERROR, "the answer held no audio"},
    };

    memset(why, 0, sizeof *why);
    gsp__runner_keep(why->type, sizeof why->type, texts[cut].type);
    gsp__runner_keep(why->message, sizeof why->message, texts[cut].message);
    why->retry_after_ns = GSP__NOT_ASKED_FOR;
    why->failure = (gsp_failure)GSP_FAILURE_INIT;
    why->failure.type = why->type;
    why->failure.message = why->message;
}

static gsp_read nothing(void)
{
    gsp_read read;

    memset(&read, 0, sizeof read);
    read.struct_size = (uint32_t)sizeof read;
    read.failure = (gsp_failure)GSP_FAILURE_INIT;
    read.retry_after_ms = -1;
    read.is_retryable = -1;
    return read;
}

void gsp_read_exchange(const gsp_exchange *exchange, gsp_read *out)
{
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;

    if (!exchange || !out)
        return;
    gsp_exchange_get_result(exchange, &result);
    switch (result.outcome) {
    case GSP_OUTCOME_AUTO:
        out->kind = GSP_READ_NOTHING;
        return;
    case GSP_OUTCOME_COMPLETED:
        out->kind = GSP_READ_END;
        return;
    default:
        out->kind = GSP_READ_FAILED;
        out->failure.type = *result.error_type ? result.error_type : NULL;
        out->failure.message = result.error_message;
        out->failure.http_status = result.http_status;
        out->retry_after_ms = result.retry_after_ms;
        out->should_retry = result.should_retry;
        out->is_retryable = result.is_retryable;
    }
}

/*
 * A request's life.
 */

static gsp_span start_attempt(const gsp_runner *runner, const struct gsp__runner_order *order,
                              const char *model, int64_t now_ns)
{
    const struct gsp__runner_target *t = &runner->targets[order->target];
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;

    o.kind = order->kind;
    o.target_index = order->target;
    o.target_name = runner->names[runner->plan.node_of[order->target]];
    o.provider = t->provider;
    o.model = model;
    o.server_address = t->server_address;
    o.server_port = t->server_port;
    o.now_ns = now_ns;
    return gsp_attempt_start(order->operation, &o);
}

/* Facts that an exchange would have found. */
static void record_failure(gsp_span attempt, const struct gsp__runner_failure *why)
{
    if (why->failure.http_status > 0)
        gsp_span_set_int(attempt, GSP_FACT_HTTP_STATUS, why->failure.http_status);
    gsp_span_set_string(attempt, GSP_FACT_PROVIDER_ERROR_CODE, why->provider_code);
    if (why->retry_after_ns >= 0)
        gsp_span_set_double(attempt, GSP_FACT_RETRY_AFTER, (double)why->retry_after_ns / 1e9);
}

static void end_attempt(gsp_span attempt, gsp_stream_exit how, const struct gsp__runner_failure *why,
                        int64_t now_ns)
{
    if (how == GSP_STREAM_FAILED)
        record_failure(attempt, why);
    gsp_stream_end(attempt, how, why ? &why->failure : NULL, now_ns);
}

bool gsp__runner_send(gsp_runner *runner, struct gsp__runner_request *r,
                      const struct gsp__runner_order *order, int64_t now_ns, struct gsp__runner_failure *why)
{
    const struct gsp__runner_target *t = &runner->targets[order->target];
    const char *model = *t->model ? t->model : *order->model ? order->model : NULL;
    gsp_read failed = nothing();
    gsp_request request = {.struct_size = (uint32_t)sizeof request,
                           .target = order->target,
                           .kind = order->kind,
                           .number = order->number,
                           .operation = order->operation,
                           .input = order->input,
                           .model = model,
                           .offset_ns = order->offset_ns,
                           .has_ended = order->has_input_ended,
                           .n_try = order->n_try};

    *r = (struct gsp__runner_request){.target = t, .attempt = start_attempt(runner, order, model, now_ns)};
    request.attempt = r->attempt;
    r->state = t->io->start(t->io_self, &request, now_ns, &failed);
    if (r->state)
        return true;
    judge(t, &failed, why);
    end_attempt(r->attempt, why->verdict.is_graceful ? GSP_STREAM_CANCELLED : GSP_STREAM_FAILED, why, now_ns);
    return false;
}

/* ST-2: what follows a finish reason takes nothing from the answer. */
static bool is_whole(const struct gsp__runner_request *r, const gsp_read *read)
{
    if (r->has_finish)
        return read->kind == GSP_READ_EOF || is_class(&read->failure, GSP_ERROR_CONNECTION);
    return read->kind == GSP_READ_EOF && r->n_chunks == 0;
}

void gsp__runner_read(struct gsp__runner_request *r, int64_t now_ns, gsp_read *out,
                      struct gsp__runner_failure *why)
{
    *out = nothing();
    r->target->io->read(r->state, now_ns, out);
    if (out->kind != GSP_READ_EOF && out->kind != GSP_READ_FAILED)
        return;
    if (is_whole(r, out)) {
        out->kind = GSP_READ_END;
        return;
    }
    if (out->kind == GSP_READ_EOF) {
        out->kind = GSP_READ_FAILED;
        out->failure.type = GSP_ERROR_TRUNCATED;
        out->failure.message = "the connection ended before the stream did";
    }
    judge(r->target, out, why);
}

void gsp__runner_mark(struct gsp__runner_request *r, const gsp_read *read)
{
    static const gsp_mark marks[] = {
        [GSP_CHUNK_METADATA] = GSP_MARK_EVENT,      [GSP_CHUNK_TOOL_PARTIAL] = GSP_MARK_TOOL_CALL,
        [GSP_CHUNK_TRANSCRIPT] = GSP_MARK_TEXT,     [GSP_CHUNK_TEXT] = GSP_MARK_TEXT,
        [GSP_CHUNK_REASONING] = GSP_MARK_REASONING, [GSP_CHUNK_TOOL_CALL] = GSP_MARK_TOOL_CALL,
        [GSP_CHUNK_AUDIO] = GSP_MARK_AUDIO,         [GSP_CHUNK_TRANSCRIPT_FINAL] = GSP_MARK_TEXT,
    };
    unsigned chunk = read->chunk < GSP__COUNT_OF(marks) ? read->chunk : GSP_CHUNK_METADATA;

    r->n_chunks++;
    r->has_finish |= read->has_finish != 0;
    r->has_audio |= chunk == GSP_CHUNK_AUDIO;
    r->has_final |= chunk == GSP_CHUNK_TRANSCRIPT_FINAL && read->n_bytes > 0;
    if (r->target->does_record)
        return;
    gsp_stream_mark(r->attempt, marks[chunk], read->at_ns);
    if (read->has_finish)
        gsp_stream_mark(r->attempt, GSP_MARK_TERMINAL, read->at_ns);
}

void gsp__runner_end(struct gsp__runner_request *r, gsp_stream_exit how,
                     const struct gsp__runner_failure *why, int64_t now_ns)
{
    if (!r->state)
        return;
    /* the target first: it may still have a fact to tell */
    r->target->io->end(r->state, how, how == GSP_STREAM_FAILED ? &why->failure : NULL, now_ns);
    r->state = NULL;
    if (r->target->does_record)
        return;
    if (how == GSP_STREAM_FINISHED)
        gsp_stream_mark(r->attempt, GSP_MARK_TERMINAL, now_ns);
    end_attempt(r->attempt, how, why, now_ns);
}
