/*
 * One call of a runner: feeds the state machine with what targets say, and does what it decides.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "call/recorder_type.h"
#include "call/runner_type.h"
#include "policy/delay.h"

static const char *operation_of(const gsp_call_options *o, unsigned media)
{
    if (o->operation && *o->operation)
        return o->operation;
    return media == GSP_MEDIA_SPEECH_TO_TEXT   ? "speech_to_text"
           : media == GSP_MEDIA_TEXT_TO_SPEECH ? "text_to_speech"
                                               : "chat";
}

static gsp_span start_operation(const gsp_call *c, const gsp_call_options *given)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    o.model = c->model;
    o.parent = given->parent;
    o.scope = given->scope;
    o.now_ns = given->now_ns;
    return gsp_operation_start(c->runner->recorder, c->operation_name, &o);
}

static void init_fallback(gsp_call *c, const gsp_call_options *o)
{
    bool is_open = (o->flags & GSP_CALL_OPEN_INPUT) != 0;
    struct gsp__fallback_options f = {
        .path = o->flags & GSP_CALL_STREAM ? GSP__PATH_STREAM : GSP__PATH_WHOLE,
        .is_input_open = is_open,
        .has_text = !is_open && !(o->flags & GSP_CALL_NO_TEXT),
        .deadline_ns = INT64_MAX,
        .seed = o->seed,
        .task = gsp__ares_task(o->task_id ? o->task_id : ""),
    };

    if (o->timeout_ns > 0 && o->timeout_ns < INT64_MAX - o->now_ns)
        f.deadline_ns = o->now_ns + o->timeout_ns;
    if (f.seed == 0)
        gsp__random_bytes(&f.seed, sizeof f.seed);
    gsp__fallback_init(&c->fallback, &c->runner->plan, &c->runner->availability, &f);
}

gsp_call *gsp_call_new(gsp_runner *runner, const gsp_call_options *options)
{
    gsp_call_options defaults = GSP_CALL_OPTIONS_INIT;
    const gsp_call_options *o = gsp__options(options, &defaults, sizeof defaults);
    gsp_call *c = runner ? calloc(1, sizeof *c) : NULL;

    if (!c)
        return NULL;
    c->runner = runner;
    c->on_notice = o->on_notice ? o->on_notice : runner->on_notice;
    c->notice_self = o->on_notice ? o->notice_self : runner->notice_self;
    c->input = o->input;
    c->start_ns = c->polled_ns = o->now_ns;
    gsp__runner_keep(c->operation_name, sizeof c->operation_name, operation_of(o, runner->plan.media));
    gsp__runner_keep(c->model, sizeof c->model, o->model);
    init_fallback(c, o);
    c->operation = start_operation(c, o);
    return c;
}

gsp_span gsp_call_operation(const gsp_call *c)
{
    return c ? c->operation : (gsp_span)GSP_NO_SPAN_INIT;
}

int64_t gsp_call_input_ns(const gsp_call *c)
{
    return c ? c->fallback.input_ns : 0;
}

/*
 * Notices.
 */

/* Of the attempt that is on, or was last. */
static gsp_notice new_notice(const gsp_call *c, gsp_notice_kind kind, int64_t now_ns)
{
    return (gsp_notice){
        .struct_size = (uint32_t)sizeof(gsp_notice),
        .kind = kind,
        .now_ns = now_ns,
        .target = c->runner->names[c->runner->plan.node_of[c->attempt_target]],
        .target_index = c->attempt_target,
        .attempt_kind = c->attempt_kind,
        .number = c->attempt_number,
    };
}

static void tell(const gsp_call *c, const gsp_notice *notice)
{
    if (c->on_notice)
        c->on_notice(c->notice_self, notice);
}

/* RE-6. */
static void tell_error(const gsp_call *c, bool is_recoverable, int64_t now_ns)
{
    gsp_notice notice = new_notice(c, GSP_NOTICE_ERROR, now_ns);

    notice.is_recoverable = is_recoverable;
    notice.error_type = c->failed.type;
    notice.message = c->failed.message;
    notice.http_status = c->failed.failure.http_status;
    tell(c, &notice);
}

static const char *retry_reason(const char *class)
{
    if (strcmp(class, GSP_ERROR_RATE_LIMIT) == 0)
        return "rate_limit";
    return strcmp(class, GSP_ERROR_TIMEOUT) == 0 ? "timeout" : "provider_error";
}

/* RE-5: before the wait starts. */
static void tell_wait(const gsp_call *c, const struct gsp__decision *d, int64_t now_ns)
{
    gsp_notice notice = new_notice(c, GSP_NOTICE_WAIT, now_ns);
    unsigned node = c->fallback.node; /* a list may wait too */

    notice.target = c->runner->names[node];
    if (c->runner->plan.nodes[node].target == GSP__NO_NODE)
        notice.target_index = UINT32_MAX;
    notice.delay_ns = d->delay_ns;
    notice.number = d->n_retry;
    notice.http_status = c->failed.failure.http_status;
    gsp_event_retry(c->operation, d->n_retry, retry_reason(c->failed.type), d->delay_ns / GSP__MS_NS,
                    notice.http_status, now_ns);
    tell(c, &notice);
}

/*
 * The end.
 */

/* FA-5: "all targets failed (a, b) in 1.234 s". */
static void describe_all_failed(gsp_call *c, int64_t now_ns)
{
    const struct gsp__plan *plan = &c->runner->plan;
    const char *comma = "";
    size_t n = (size_t)snprintf(c->message, sizeof c->message, "all targets failed (");

    for (unsigned i = 0; i < plan->n_targets; i++) {
        int more;

        if (!(c->fallback.tried >> i & 1))
            continue;
        more = snprintf(c->message + n, sizeof c->message - n, "%s%s", comma,
                        c->runner->names[plan->node_of[i]]);
        n += (size_t)more < sizeof c->message - n ? (size_t)more : sizeof c->message - n - 1;
        comma = ", ";
    }
    snprintf(c->message + n, sizeof c->message - n, ") in %.3f s", (double)(now_ns - c->start_ns) / 1e9);
    c->failure.message = c->message;
    c->failure.cause = &c->failed.failure;
}

static void over(gsp_call *c, gsp_outcome outcome, int64_t now_ns)
{
    gsp_failure recorded = c->failure;

    if (recorded.message == c->failed.message && !c->is_late)
        recorded.message = NULL; /* OP-5: the last attempt's words are added when it is exported */
    c->outcome = outcome;
    c->end_ns = now_ns;
    gsp_span_end(c->operation, outcome, outcome == GSP_OUTCOME_FAILED ? &recorded : NULL, now_ns);
}

static void fail(gsp_call *c, const struct gsp__decision *d, int64_t now_ns)
{
    c->is_late = d->cut == GSP__CUT_DEADLINE;
    if (c->is_late)
        gsp__runner_cut(&c->failed, GSP__CUT_DEADLINE);
    c->failure = c->failed.failure;
    if (d->is_all_failed)
        describe_all_failed(c, now_ns);
    over(c, GSP_OUTCOME_FAILED, now_ns);
}

/* ST-2: a caller that leaves after a finish reason has its answer. */
static gsp_outcome outcome_of_stop(const gsp_call *c, gsp_stream_exit how, bool was_on)
{
    if (was_on && c->request.has_finish)
        return GSP_OUTCOME_COMPLETED;
    return how == GSP_STREAM_DESTROYED && !c->has_chunks ? GSP_OUTCOME_ABANDONED : GSP_OUTCOME_CANCELLED;
}

static void stop(gsp_call *c, gsp_stream_exit how, int64_t now_ns)
{
    bool was_on = c->request.state != NULL;

    gsp__runner_end(&c->request, how, NULL, now_ns);
    over(c, outcome_of_stop(c, how, was_on), now_ns);
}

/*
 * Decisions.
 */

/* False if the request could not even begin: `c->failed` says why. */
static bool send(gsp_call *c, const struct gsp__decision *d, int64_t now_ns)
{
    const struct gsp__runner_order order = {
        .operation = c->operation,
        .target = d->target,
        .kind = (gsp_attempt_kind)d->kind,
        .number = d->number,
        .n_try = d->n_try,
        .input = c->input,
        .model = c->model,
        .offset_ns = d->offset_ns,
        .has_input_ended = d->has_input_ended,
    };
    gsp_notice notice;

    c->attempt_kind = d->kind;
    c->attempt_target = d->target;
    c->attempt_number = d->number;
    notice = new_notice(c, GSP_NOTICE_ATTEMPT, now_ns);
    tell(c, &notice);
    return gsp__runner_send(c->runner, &c->request, &order, now_ns, &c->failed);
}

/* Do what was decided, in the order of gsp__decision. False if a request failed at once. */
static bool obey(gsp_call *c, const struct gsp__decision *d, int64_t now_ns)
{
    if (d->cut != GSP__CUT_NONE && c->request.state) {
        gsp__runner_cut(&c->failed, (enum gsp__cut)d->cut);
        gsp__runner_end(&c->request, GSP_STREAM_FAILED, &c->failed, now_ns);
    }
    if (d->has_failed_attempt)
        tell_error(c, d->is_recoverable, now_ns);
    gsp__runner_tell_changes(c->runner, c->on_notice, c->notice_self, d->changes, d->n_changes, now_ns);
    for (unsigned i = 0; d->probes >> i; i++)
        if (d->probes >> i & 1)
            gsp__runner_probe(c, i, now_ns);
    switch ((enum gsp__action)d->action) {
    case GSP__DO_SEND:
        return send(c, d, now_ns);
    case GSP__DO_WAIT:
        tell_wait(c, d, now_ns);
        return true;
    case GSP__DO_COMPLETE:
        gsp__runner_end(&c->request, GSP_STREAM_FINISHED, NULL, now_ns);
        over(c, GSP_OUTCOME_COMPLETED, now_ns);
        return true;
    case GSP__DO_FAIL:
        fail(c, d, now_ns);
        return true;
    case GSP__DO_STOP:
        stop(c, GSP_STREAM_CANCELLED, now_ns);
        return true;
    case GSP__DO_NOTHING:
        return true;
    }
    return true;
}

static struct gsp__event failure_event(const gsp_call *c, int64_t now_ns)
{
    return (struct gsp__event){.kind = GSP__EVENT_FAILURE,
                               .now_ns = now_ns,
                               .verdict = c->failed.verdict,
                               .retry_after_ns = c->failed.retry_after_ns};
}

/* One event, and what follows from it: targets that fail at once are events too. */
static void step(gsp_call *c, struct gsp__event event, int64_t now_ns)
{
    struct gsp__decision d;

    gsp__fallback_step(&c->fallback, &event, &d);
    while (!obey(c, &d, now_ns)) {
        event = failure_event(c, now_ns);
        gsp__fallback_step(&c->fallback, &event, &d);
    }
}

/*
 * Polling.
 */

/*
 * When what was read came, for the policy's clocks. A target that does not tell may have had it ready since
 * the caller last looked: its silence is not blamed on the target.
 */
static int64_t came_ns(const gsp_call *c, int64_t now_ns)
{
    if (c->read.at_ns == 0)
        return c->polled_ns;
    return c->read.at_ns < now_ns ? c->read.at_ns : now_ns;
}

enum taken {
    TAKEN_NOTHING,
    TAKEN_CHUNK,
    TAKEN_OTHER
};

/* Read once, and let the policy have it. */
static enum taken take(gsp_call *c, int64_t now_ns)
{
    int64_t timer_ns = gsp__fallback_timer_ns(&c->fallback);
    struct gsp__event event = {.now_ns = now_ns, .retry_after_ns = GSP__NOT_ASKED_FOR};

    gsp__runner_read(&c->request, now_ns, &c->read, &c->failed);
    if (c->read.kind == GSP_READ_NOTHING && now_ns < timer_ns)
        return TAKEN_NOTHING;
    if (c->read.kind == GSP_READ_NOTHING || came_ns(c, now_ns) > timer_ns) {
        event.kind = GSP__EVENT_TIMER;
        step(c, event, now_ns);
        return TAKEN_OTHER;
    }
    if (c->read.at_ns == 0 || c->read.at_ns > now_ns)
        c->read.at_ns = now_ns;
    switch (c->read.kind) {
    case GSP_READ_CHUNK:
        gsp__runner_mark(&c->request, &c->read);
        event.kind = GSP__EVENT_CHUNK;
        event.chunk = (gsp_chunk_kind)c->read.chunk;
        event.now_ns = c->read.at_ns;
        c->has_chunks = true;
        step(c, event, now_ns);
        return TAKEN_CHUNK;
    case GSP_READ_END:
        event.kind = GSP__EVENT_END;
        break;
    default:
        event = failure_event(c, now_ns);
        gsp__runner_end(&c->request, event.verdict.is_graceful ? GSP_STREAM_CANCELLED : GSP_STREAM_FAILED,
                        &c->failed, now_ns);
        break;
    }
    step(c, event, now_ns);
    return TAKEN_OTHER;
}

static void tell_end(const gsp_call *c, int64_t now_ns, gsp_step *step)
{
    step->kind = GSP_STEP_END;
    step->outcome = c->outcome;
    step->failure = c->outcome == GSP_OUTCOME_FAILED ? &c->failure : NULL;
    step->spent_ns = c->end_ns - c->start_ns;
    gsp_runner_poll(c->runner, now_ns, &step->wake_ns);
}

static void tell_waiting(const gsp_call *c, int64_t now_ns, gsp_step *step)
{
    int64_t probes_ns;

    step->kind = GSP_STEP_WAIT;
    step->is_waiting = gsp__fallback_is_waiting(&c->fallback);
    step->wake_ns = gsp__fallback_timer_ns(&c->fallback);
    if (!step->is_waiting && c->read.wake_ns > 0 && c->read.wake_ns < step->wake_ns)
        step->wake_ns = c->read.wake_ns;
    gsp_runner_poll(c->runner, now_ns, &probes_ns);
    if (probes_ns < step->wake_ns)
        step->wake_ns = probes_ns;
}

/* As far as it goes without waiting. */
static void go_on(gsp_call *c, int64_t now_ns, gsp_step *out)
{
    const struct gsp__event timer = {.kind = GSP__EVENT_TIMER, .now_ns = now_ns};

    if (!c->has_begun) {
        c->has_begun = true;
        step(c, (struct gsp__event){.kind = GSP__EVENT_START, .now_ns = now_ns}, now_ns);
    }
    while (c->outcome == GSP_OUTCOME_AUTO) {
        if (c->request.state) {
            enum taken taken = take(c, now_ns);

            if (taken == TAKEN_CHUNK) {
                out->kind = GSP_STEP_CHUNK;
                out->read = &c->read;
                return;
            }
            if (taken == TAKEN_NOTHING)
                break;
        } else if (now_ns >= gsp__fallback_timer_ns(&c->fallback)) {
            step(c, timer, now_ns);
        } else {
            break;
        }
    }
    if (c->outcome != GSP_OUTCOME_AUTO)
        tell_end(c, now_ns, out);
    else
        tell_waiting(c, now_ns, out);
}

static void fill(const gsp_call *c, gsp_step *step)
{
    step->target = c->fallback.active == GSP__NO_NODE ? UINT32_MAX : c->fallback.active;
    step->n_attempts = c->fallback.n_attempts;
}

void gsp_call_poll(gsp_call *c, int64_t now_ns, gsp_step *out)
{
    gsp_step step = GSP_STEP_INIT;

    if (!c || !out)
        return;
    step.struct_size = out->struct_size;
    go_on(c, now_ns, &step);
    c->polled_ns = now_ns;
    fill(c, &step);
    memcpy(out, &step, out->struct_size < sizeof step ? out->struct_size : sizeof step);
}

/*
 * Input, and the ends that the caller chooses.
 */

static void hand_on(const gsp_call *c, const void *bytes, size_t n, bool has_ended, int64_t now_ns)
{
    if (c->request.state && c->request.target->io->input)
        c->request.target->io->input(c->request.state, bytes, n, has_ended, now_ns);
}

void gsp_call_input(gsp_call *c, const void *bytes, size_t n_bytes, int64_t duration_ns, int64_t now_ns)
{
    if (!c || c->outcome != GSP_OUTCOME_AUTO || !c->fallback.is_input_open)
        return;
    step(c,
         (struct gsp__event){
             .kind = GSP__EVENT_INPUT, .now_ns = now_ns, .length_ns = duration_ns > 0 ? duration_ns : 0},
         now_ns);
    hand_on(c, bytes, n_bytes, false, now_ns);
}

void gsp_call_input_end(gsp_call *c, int64_t now_ns)
{
    if (!c || c->outcome != GSP_OUTCOME_AUTO || !c->fallback.is_input_open)
        return;
    step(c, (struct gsp__event){.kind = GSP__EVENT_INPUT_END, .now_ns = now_ns}, now_ns);
    hand_on(c, NULL, 0, true, now_ns);
}

void gsp_call_end(gsp_call *c, gsp_stream_exit how, int64_t now_ns)
{
    const struct gsp__event event = {.kind = GSP__EVENT_STOP, .now_ns = now_ns};
    struct gsp__decision d;

    if (!c || c->outcome != GSP_OUTCOME_AUTO)
        return;
    gsp__fallback_step(&c->fallback, &event, &d);
    stop(c, how == GSP_STREAM_CANCELLED || how == GSP_STREAM_DESTROYED ? how : GSP_STREAM_CLOSED, now_ns);
}

void gsp_call_free(gsp_call *c, int64_t now_ns)
{
    if (!c)
        return;
    gsp_call_end(c, GSP_STREAM_DESTROYED, now_ns);
    free(c);
}

void gsp_call_run(gsp_call *c, int (*on_chunk)(void *self, const gsp_step *step), gsp_wait_fn *wait,
                  void *self, int64_t now_ns, gsp_step *out)
{
    if (!c || !out)
        return;
    for (;;) {
        gsp_call_poll(c, now_ns, out);
        switch (out->kind) {
        case GSP_STEP_END:
            return;
        case GSP_STEP_CHUNK:
            if (on_chunk && on_chunk(self, out) != 0)
                gsp_call_end(c, GSP_STREAM_CLOSED, now_ns);
            break;
        default:
            if (wait(self, out->wake_ns, &now_ns) != 0)
                gsp_call_end(c, GSP_STREAM_CANCELLED, now_ns);
        }
    }
}
