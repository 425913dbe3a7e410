/*
 * Running scenarios.
 */
#include "sim/scenario_run.h"

#include <genspan/content.h>
#include <genspan/operation.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/status.h"
#include "sim/scenario_collect.h"

#define RING_BYTES ((uint64_t)16 << 20)
#define START_NS   1000000000
#define NS_PER_MS  ((int64_t)1000000)
#define NEVER      INT64_MAX

/* The time of a run. */
struct virtual_clock {
    int64_t now_ns;
    uint64_t start_unix_ns;
};

static int64_t now_ns(void *self)
{
    return ((struct virtual_clock *)self)->now_ns;
}

static uint64_t now_unix_ns(void *self)
{
    const struct virtual_clock *clock = self;

    return clock->start_unix_ns + (uint64_t)(clock->now_ns - START_NS);
}

/* One caller and its request. */
struct caller {
    const struct gsp__scenario *scenario;
    const struct gsp__scripted_target *target;
    gsp_span operation, attempt;
    const struct gsp__call_script *script; /* of the request that is under way */
    uint32_t n_requests, n_read;           /* steps of the script that were read */
    int64_t start_ns;                      /* of the request */
    int64_t resume_ns;                     /* of a wait of the caller's; 0: it does not wait */
    uint32_t at;                           /* step of the caller's */
    int64_t n_wanted;                      /* chunks that are still to be read; -1: all; 0: none */
    bool is_over;                          /* of the request: it has ended, by whichever way */
    bool is_gone;
};

struct run {
    gsp_recorder *recorder;
    struct virtual_clock clock;
    struct caller *callers;
    uint32_t n_callers;
    uint32_t *n_calls; /* of each target: requests that it got; targets are shared by all callers */
    bool is_dead;      /* the process was killed */
    struct gsp__buffer notices;
};

/*
 * Requests.
 */

/* Content is kept only where the scenario captures it. */
static void say(gsp_span span, gsp_content_side side, gsp_content_kind kind, uint32_t place, uint32_t part,
                const char *text)
{
    gsp_content_piece piece = GSP_CONTENT_PIECE_INIT;

    if (!text)
        return;
    piece.side = (uint16_t)side;
    piece.kind = (uint16_t)kind;
    piece.place = (uint16_t)place;
    piece.part = (uint16_t)part;
    piece.bytes = text;
    piece.n_bytes = strlen(text);
    gsp_span_add_content(span, &piece);
}

static void set_request(const struct gsp__scripted_request *q, gsp_span op)
{
    for (uint32_t i = 0; i < q->n_messages; i++) {
        say(op, GSP_CONTENT_INPUT, GSP_CONTENT_ROLE, i, 0, q->messages[i].role);
        say(op, GSP_CONTENT_INPUT, GSP_CONTENT_TEXT, i, 0, q->messages[i].content);
    }
    if (q->is_stream)
        gsp_span_set_bool(op, GSP_FACT_STREAM, 1);
    gsp_span_set_string(op, GSP_FACT_TASK_ID, q->task_id);
    gsp_span_set_string(op, GSP_FACT_USER_ID, q->user);
    gsp_span_set_string(op, GSP_FACT_SESSION_ID, q->session);
    gsp_span_set_string(op, GSP_FACT_CONVERSATION_ID, q->conversation);
    gsp_span_set_string(op, GSP_FACT_TENANT, q->tenant);
    if (q->n_messages > 0)
        gsp_span_set_int(op, GSP_FACT_MESSAGE_COUNT, q->n_messages);
    if (q->n_tools > 0)
        gsp_span_set_int(op, GSP_FACT_TOOL_COUNT, q->n_tools);
    if (q->has_temperature)
        gsp_span_set_double(op, GSP_FACT_TEMPERATURE, q->temperature);
    if (q->has_top_p)
        gsp_span_set_double(op, GSP_FACT_TOP_P, q->top_p);
    if (q->max_tokens >= 0)
        gsp_span_set_int(op, GSP_FACT_MAX_TOKENS, q->max_tokens);
    if (q->seed >= 0)
        gsp_span_set_int(op, GSP_FACT_SEED, q->seed);
}

static const struct gsp__call_script *next_script(struct run *run, const struct gsp__scripted_target *target)
{
    uint32_t n = run->n_calls[0]++;

    return &target->calls[n < target->n_calls ? n : target->n_calls - 1];
}

/* The leaf that a request goes to first. */
static const struct gsp__scripted_target *first_target(const struct gsp__scripted_target *target)
{
    while (target->is_fallback)
        target = &target->targets[0];
    return target;
}

static void start_request(struct run *run, struct caller *c)
{
    const struct gsp__scripted_request *q = &c->scenario->request;
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_attempt_options a = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_context parent;

    if (c->scenario->traceparent && gsp_context_parse(c->scenario->traceparent, &parent) == GSP_OK)
        o.parent = &parent;
    o.model = q->model;
    c->operation = gsp_operation_start(run->recorder, q->operation, &o);
    set_request(q, c->operation);
    a.target_name = c->target->name;
    a.provider = c->target->provider;
    a.model = c->target->model;
    a.server_address = c->target->host;
    a.server_port = c->target->port;
    c->attempt = gsp_attempt_start(c->operation, &a);
    c->script = next_script(run, c->target);
    c->start_ns = run->clock.now_ns;
    c->n_read = 0;
    c->is_over = false;
}

/*
 * What the provider does.
 */

static void add_usage(gsp_span attempt, const int64_t *usage)
{
    for (unsigned i = 0; i < GSP_USAGE_LIMIT; i++)
        if (usage[i] >= 0)
            gsp_span_set_usage(attempt, (gsp_usage)i, usage[i]);
}

static void mark(const struct caller *c, gsp_mark what)
{
    if (c->scenario->request.is_stream)
        gsp_stream_mark(c->attempt, what, 0);
}

static void say_chunk(gsp_span attempt, const struct gsp__step *s)
{
    say(attempt, GSP_CONTENT_OUTPUT, GSP_CONTENT_REASONING, 0, 0, s->reasoning);
    say(attempt, GSP_CONTENT_OUTPUT, GSP_CONTENT_TEXT, 0, 0, s->text);
    say(attempt, GSP_CONTENT_OUTPUT, GSP_CONTENT_TOOL_CALL_ID, 0, 0, s->tool_id);
    say(attempt, GSP_CONTENT_OUTPUT, GSP_CONTENT_TOOL_CALL_NAME, 0, 0, s->tool_name);
    say(attempt, GSP_CONTENT_OUTPUT, GSP_CONTENT_TOOL_CALL_ARGUMENTS, 0, 0, s->tool_arguments);
}

static void take_chunk(struct caller *c, const struct gsp__step *s)
{
    say_chunk(c->attempt, s);
    gsp_span_add_string(c->attempt, GSP_FACT_REQUEST_ID, 0, s->request_header_id);
    gsp_span_add_string(c->attempt, GSP_FACT_REQUEST_ID, 0, s->id);
    gsp_span_set_string(c->attempt, GSP_FACT_RESPONSE_ID, s->id);
    gsp_span_set_string(c->attempt, GSP_FACT_RESPONSE_MODEL, s->model);
    if (s->reasoning)
        mark(c, GSP_MARK_REASONING);
    if (s->text || s->transcript)
        mark(c, GSP_MARK_TEXT);
    else if (s->has_tool_call)
        mark(c, GSP_MARK_TOOL_CALL);
    else if (s->audio_ms >= 0)
        mark(c, GSP_MARK_AUDIO);
    else if (!s->reasoning)
        mark(c, GSP_MARK_EVENT);
    if (s->has_tool_call && !s->is_partial)
        gsp_event_tool_call(c->operation, s->tool_name, s->tool_id, s->tool_arguments, 0);
    if (s->finish) {
        gsp_span_add_string(c->attempt, GSP_FACT_FINISH_REASON, 0, s->finish);
        mark(c, GSP_MARK_TERMINAL);
    }
    add_usage(c->attempt, s->usage);
}

static void end_operation(struct caller *c)
{
    gsp_span_end(c->operation, GSP_OUTCOME_AUTO, NULL, 0);
    c->is_over = true;
}

/* RE-6: nothing is tried again yet, so that every error is the last. */
static void take_error(struct run *run, struct caller *c, const struct gsp__step *s)
{
    static const char *const classes[] = {GSP_ERROR_CONNECTION, GSP_ERROR_TIMEOUT, NULL, NULL, NULL};
    gsp_failure f = GSP_FAILURE_INIT;

    f.type = classes[s->error];
    f.message = s->message;
    f.http_status = s->status;
    if (s->error == GSP__SCRIPTED_EXCEPTION)
        f.exception = s->code;
    else
        f.provider_code = s->code;
    gsp__buffer_printf(&run->notices, " error(%s,final)", c->target->name);
    if (c->scenario->request.is_stream)
        gsp_stream_end(c->attempt, GSP_STREAM_FAILED, &f, 0);
    else
        gsp_span_end(c->attempt, GSP_OUTCOME_FAILED, &f, 0);
    end_operation(c);
}

static void finish(struct caller *c, bool is_whole)
{
    if (is_whole)
        mark(c, GSP_MARK_TERMINAL);
    if (c->scenario->request.is_stream)
        gsp_stream_end(c->attempt, GSP_STREAM_FINISHED, NULL, 0);
    else
        gsp_span_end(c->attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    end_operation(c);
}

/* The step of the script that comes next, or NULL: nothing more ever comes. */
static const struct gsp__step *next_step(const struct caller *c)
{
    const struct gsp__step *s = c->n_read < c->script->n_steps ? &c->script->steps[c->n_read] : NULL;

    return s && s->kind == GSP__STEP_HANG ? NULL : s;
}

static void take_step(struct run *run, struct caller *c)
{
    const struct gsp__step *s = next_step(c);

    if (!s)
        return;
    c->n_read++;
    switch (s->kind) {
    case GSP__STEP_CHUNK:
        take_chunk(c, s);
        if (c->n_wanted > 0)
            c->n_wanted--;
        break;
    case GSP__STEP_ERROR:
        take_error(run, c, s);
        break;
    case GSP__STEP_NOTE_ID:
        gsp_span_add_string(c->attempt, GSP_FACT_REQUEST_ID, 0, s->id);
        break;
    case GSP__STEP_END:
        finish(c, true);
        break;
    case GSP__STEP_EOF:
        finish(c, false);
        break;
    case GSP__STEP_HANG: /* never read */
        break;
    }
}

/*
 * What the caller does.
 */

static void give_up(struct caller *c, gsp_stream_exit how)
{
    if (c->is_over)
        return;
    gsp_stream_end(c->attempt, how, NULL, 0);
    end_operation(c);
}

static void set_after_end(const struct caller *c, const char *key)
{
    gsp_attribute a = {.key = key, .type = GSP_TYPE_BOOL};

    a.value.i = 1;
    gsp_span_set_attribute(c->operation, &a);
}

/* Do the caller's next step; a read only begins here. */
static void take_caller_step(struct run *run, struct caller *c)
{
    static const struct gsp__caller_step by_default[] = {{GSP__CALLER_READ, -1, NULL},
                                                         {GSP__CALLER_CLOSE, 0, NULL}};
    const struct gsp__caller_step *steps = c->scenario->n_caller ? c->scenario->caller : by_default;
    uint32_t n = c->scenario->n_caller ? c->scenario->n_caller : (uint32_t)GSP__COUNT_OF(by_default);
    const struct gsp__caller_step *step;

    if (c->at == n) {
        c->is_gone = true;
        return;
    }
    step = &steps[c->at++];
    switch (step->kind) {
    case GSP__CALLER_READ:
        c->n_wanted = step->n;
        break;
    case GSP__CALLER_WAIT:
        c->resume_ns = run->clock.now_ns + step->n * NS_PER_MS;
        break;
    case GSP__CALLER_CLOSE:
        give_up(c, GSP_STREAM_CLOSED);
        break;
    case GSP__CALLER_CANCEL:
        give_up(c, GSP_STREAM_CANCELLED);
        break;
    case GSP__CALLER_DESTROY:
        give_up(c, GSP_STREAM_DESTROYED);
        break;
    case GSP__CALLER_SET_AFTER_END:
        set_after_end(c, step->key);
        break;
    case GSP__CALLER_NEXT_REQUEST:
        give_up(c, GSP_STREAM_CLOSED);
        start_request(run, c);
        break;
    case GSP__CALLER_KILL:
        run->is_dead = true;
        break;
    }
}

/* When this caller does something next; NEVER if it waits for what does not come. */
static int64_t due_ns(const struct run *run, const struct caller *c)
{
    const struct gsp__step *s;
    int64_t at;

    if (c->is_gone)
        return NEVER;
    if (c->resume_ns > 0)
        return c->resume_ns;
    if (c->n_wanted == 0 || c->is_over)
        return run->clock.now_ns;
    s = next_step(c);
    if (!s)
        return NEVER;
    at = c->start_ns + s->at_ns;
    return at > run->clock.now_ns ? at : run->clock.now_ns; /* it came while nobody read */
}

static void advance(struct run *run, struct caller *c)
{
    if (c->resume_ns > 0) {
        c->resume_ns = 0;
    } else if (c->n_wanted != 0 && !c->is_over) {
        take_step(run, c);
    } else {
        c->n_wanted = 0;
        take_caller_step(run, c);
    }
}

/* Whoever is due first, and of those the first, until nobody is. */
static void play(struct run *run)
{
    for (uint32_t i = 0; i < run->n_callers; i++)
        start_request(run, &run->callers[i]);
    while (!run->is_dead) {
        struct caller *next = NULL;
        int64_t first = NEVER;

        for (uint32_t i = 0; i < run->n_callers; i++) {
            int64_t due = due_ns(run, &run->callers[i]);

            if (due < first) {
                first = due;
                next = &run->callers[i];
            }
        }
        if (!next)
            return;
        run->clock.now_ns = first;
        advance(run, next);
    }
}

static gsp_status open_recorder(struct run *run, const struct gsp__scenario *s, const char *directory,
                                gsp_error *err)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_clock clock = {(uint32_t)sizeof clock, 0, now_ns, now_unix_ns, &run->clock};

    run->clock.now_ns = START_NS;
    run->clock.start_unix_ns = s->start_unix_ns;
    o.directory = directory;
    o.ring_bytes = RING_BYTES;
    o.service_name = "genspan-simulate";
    o.sampler = "always_on";
    o.capture = s->capture ? s->capture : "NO_CONTENT";
    o.clock = &clock;
    o.seed = s->seed ? s->seed : 1;
    return gsp_recorder_open(&o, &run->recorder, err);
}

/* Callers of the scenario itself, or of those that it runs at once. */
static bool set_callers(struct run *run, const struct gsp__scenario *s)
{
    const struct gsp__scenario *of = s->n_parallel ? s->parallel : s;

    run->n_callers = s->n_parallel ? s->n_parallel : 1;
    run->callers = calloc(run->n_callers, sizeof *run->callers);
    run->n_calls = calloc(1, sizeof *run->n_calls);
    if (!run->callers || !run->n_calls)
        return false;
    for (uint32_t i = 0; i < run->n_callers; i++) {
        run->callers[i].scenario = &of[i];
        run->callers[i].target = first_target(&s->targets[0]);
    }
    return true;
}

gsp_status gsp__scenario_run(const struct gsp__scenario *scenario, const char *directory,
                             const struct gsp__dialects *dialects, struct gsp__scenario_result *out,
                             gsp_error *err)
{
    struct run run = {0};
    gsp_status status;
    char path[4096];

    memset(out, 0, sizeof *out);
    status = open_recorder(&run, scenario, directory, err);
    if (status != GSP_OK)
        return status;
    snprintf(path, sizeof path, "%s", gsp_recorder_path(run.recorder));
    if (!set_callers(&run, scenario)) {
        status = gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory to run a scenario");
    } else {
        play(&run);
        if (gsp_recorder_loss(run.recorder, GSP_LOSS_NO_CHUNK) > 0)
            status = gsp__fail(err, GSP_ERR_NO_SPACE, "more happens than a ring of 16 MiB holds");
    }
    if (!run.is_dead) { /* what nobody ended is abandoned, as when a program ends */
        gsp_recorder_close(run.recorder);
        run.recorder = NULL;
    }
    if (status == GSP_OK)
        status = gsp__scenario_collect(&(struct gsp__scenario_end){path, run.is_dead, run.clock.start_unix_ns,
                                                                   now_unix_ns(&run.clock), &run.notices},
                                       dialects, out, err);
    gsp_recorder_close(run.recorder);
    unlink(path);
    free(run.callers);
    free(run.n_calls);
    gsp__buffer_deinit(&run.notices);
    return status;
}

void gsp__scenario_result_deinit(struct gsp__scenario_result *result)
{
    gsp__buffer_deinit(&result->otlp);
    gsp__buffer_deinit(&result->summary);
}
