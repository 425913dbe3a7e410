/*
 * Scripted targets.
 */
#include "call/scripted.h"

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
    struct scripted *script;
    const struct scripted_step *steps;
    int at;
    int64_t start_ns;
    gsp_span attempt;
    bool is_probe;
};

static void *start(void *self, const gsp_request *request, int64_t now_ns, gsp_read *failed)
{
    struct scripted *s = self;
    bool is_probe = request->kind == GSP_ATTEMPT_PROBE;
    int n = s->n_requests < s->n_calls ? s->n_requests : s->n_calls - 1;
    const struct scripted_step *steps = is_probe && s->probe ? s->probe : s->calls[n];
    struct request *r;

    if (!is_probe || !s->probe)
        s->n_requests++;
    s->n_probes += is_probe;
    s->last_start_ns = now_ns;
    s->offset_ns = request->offset_ns;
    s->has_ended = request->has_ended;
    s->model = request->model;
    s->input = request->input;
    if (steps[0].kind == GSP_READ_FAILED && steps[0].at_ms < 0) { /* cannot even begin */
        failed->failure.type = steps[0].error;
        return NULL;
    }
    r = calloc(1, sizeof *r);
    *r = (struct request){s, steps, 0, now_ns, request->attempt, is_probe};
    s->n_open++;
    if (!is_probe)
        s->tokens = -1;
    return r;
}

static void read_step(void *request, int64_t now_ns, gsp_read *out)
{
    struct request *r = request;
    const struct scripted_step *step = &r->steps[r->at];
    int64_t at_ns = r->start_ns + step->at_ms * MS;

    if (step->kind == GSP_READ_NOTHING)
        return;
    if (at_ns > now_ns) {
        out->wake_ns = at_ns;
        return;
    }
    r->at++;
    out->kind = step->kind;
    out->at_ns = r->script->hides_times ? 0 : at_ns;
    out->chunk = step->chunk;
    out->bytes = step->text;
    out->n_bytes = step->text ? strlen(step->text) : 0;
    out->has_finish = step->has_finish;
    out->failure.type = step->error;
    out->failure.http_status = step->http_status;
    out->should_retry = step->should_retry;
    out->retry_after_ms = step->retry_after_ms ? step->retry_after_ms : -1;
    if (step->kind == GSP_READ_FAILED)
        out->failure.message = "boom";
    if (step->output_tokens) {
        gsp_span_set_usage(r->attempt, GSP_USAGE_OUTPUT_TOKENS, step->output_tokens);
        if (!r->is_probe)
            r->script->tokens = step->output_tokens;
    }
    gsp_span_add_string(r->attempt, GSP_FACT_REQUEST_ID, 0, step->request_id);
}

static void end(void *request, gsp_stream_exit how, const gsp_failure *failure, int64_t now_ns)
{
    struct request *r = request;

    (void)now_ns;
    assert_true(how != GSP_STREAM_FAILED || (failure && failure->type && *failure->type));
    r->script->last_exit = how;
    r->script->n_open--;
    free(r);
}

static void input(void *request, const void *bytes, size_t n, int has_ended, int64_t now_ns)
{
    struct request *r = request;

    (void)bytes, (void)now_ns;
    r->script->n_input += n;
    r->script->has_ended |= has_ended != 0;
}

const gsp_target_io scripted_io = {(uint32_t)sizeof scripted_io, 0, start, read_step, end, input};

gsp_target scripted_target(const char *name, struct scripted *script)
{
    gsp_target t = GSP_TARGET_INIT;

    while (script->n_calls < SCRIPTED_CALLS_MAX && script->calls[script->n_calls][0].kind)
        script->n_calls++;
    if (script->n_calls == 0)
        script->n_calls = 1; /* hangs */
    t.name = name;
    t.provider = name;
    t.model = name;
    t.io = &scripted_io;
    t.io_self = script;
    return t;
}

void told(void *self, const gsp_notice *n)
{
    struct told *t = self;
    size_t at = strlen(t->text), cap = sizeof t->text - at;
    const char *space = at ? " " : "";

    switch (n->kind) {
    case GSP_NOTICE_ATTEMPT:
        snprintf(t->text + at, cap, "%s%s(%s)", space,
                 n->attempt_kind == GSP_ATTEMPT_PROBE      ? "probe"
                 : n->attempt_kind == GSP_ATTEMPT_RETRY    ? "retry"
                 : n->attempt_kind == GSP_ATTEMPT_FALLBACK ? "fallback"
                                                           : "initial",
                 n->target);
        break;
    case GSP_NOTICE_ERROR:
        snprintf(t->text + at, cap, "%serror(%s,%s,%s)", space, n->target, n->error_type,
                 n->is_recoverable ? "recoverable" : "final");
        break;
    case GSP_NOTICE_AVAILABILITY:
        snprintf(t->text + at, cap, "%savail(%s,%s)", space, n->target, n->is_available ? "true" : "false");
        break;
    case GSP_NOTICE_WAIT:
        snprintf(t->text + at, cap, "%swait(%s,%lld)", space, n->target, (long long)(n->delay_ns / MS));
        break;
    default:
        fail_msg("a notice of kind %u", n->kind);
    }
}

int64_t scripted_run(gsp_call *call, int64_t now_ns, char *text, size_t cap, gsp_step *out)
{
    size_t n = 0;

    for (;;) {
        gsp_call_poll(call, now_ns, out);
        switch (out->kind) {
        case GSP_STEP_CHUNK:
            if (text)
                n += snprintf(text + n, cap - n, "%.*s", (int)out->read->n_bytes,
                              out->read->bytes ? (const char *)out->read->bytes : "");
            break;
        case GSP_STEP_WAIT:
            if (out->wake_ns == INT64_MAX)
                fail_msg("the call waits for ever");
            assert_true(out->wake_ns > now_ns);
            now_ns = out->wake_ns;
            break;
        default:
            return now_ns;
        }
    }
}
