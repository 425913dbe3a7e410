/*
 * Probes: requests that ask whether a target is back (FA-4). Each is an operation of its own, in a trace of
 * its own, linked to the call that brought it about, and goes on when that call is gone.
 *
 * A slot belongs to who claimed it (gsp__probe_claim) until `is_on` is set, then to who has `probes_taken`.
 */
#include <string.h>

#include "call/runner_type.h"

static void tell_attempt(const gsp_runner *r, unsigned target, int64_t now_ns)
{
    const gsp_notice notice = {
        .struct_size = (uint32_t)sizeof notice,
        .kind = GSP_NOTICE_ATTEMPT,
        .now_ns = now_ns,
        .target = r->names[r->plan.node_of[target]],
        .target_index = target,
        .attempt_kind = GSP_ATTEMPT_PROBE,
    };

    if (r->on_notice)
        r->on_notice(r->notice_self, &notice);
}

static gsp_span start_operation(const gsp_call *call, int64_t now_ns)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_context of_call = gsp_span_context(call->operation);
    gsp_span operation;

    o.model = call->model;
    o.now_ns = now_ns;
    operation = gsp_operation_start(call->runner->recorder, call->operation_name, &o);
    gsp_span_add_link(operation, &of_call, NULL, 0);
    return operation;
}

/* It is over, and its slot anybody's from the moment that gsp__probe_done gives it back. */
static void finish(gsp_runner *r, unsigned target, enum gsp__path path, bool is_success,
                   int64_t retry_after_ns, int64_t now_ns)
{
    struct gsp__runner_probe *p = &r->probes[target][path];
    struct gsp__change changes[GSP__PATH_MAX];
    unsigned n;

    gsp_span_end(p->operation, GSP_OUTCOME_AUTO, NULL, now_ns);
    if (atomic_load_explicit(&p->is_on, memory_order_relaxed)) {
        atomic_store_explicit(&p->is_on, false, memory_order_relaxed);
        atomic_fetch_sub_explicit(&r->n_probes, 1, memory_order_relaxed);
    }
    n = gsp__probe_done(&r->plan, &r->availability, target, path, is_success, retry_after_ns, now_ns,
                        changes);
    gsp__runner_tell_changes(r, r->on_notice, r->notice_self, changes, n, now_ns);
}

void gsp__runner_probe(gsp_call *call, unsigned target, int64_t now_ns)
{
    gsp_runner *r = call->runner;
    enum gsp__path path = call->fallback.path;
    struct gsp__runner_probe *p = &r->probes[target][path];
    const struct gsp__node *list = &r->plan.nodes[r->plan.nodes[r->plan.node_of[target]].parent];
    struct gsp__runner_order order = {.target = target,
                                      .kind = GSP_ATTEMPT_PROBE,
                                      .input = call->input,
                                      .model = call->model,
                                      .has_input_ended = true};
    struct gsp__runner_failure why;

    p->operation = order.operation = start_operation(call, now_ns);
    p->due_ns = now_ns + list->probe_timeout_ns;
    p->wake_ns = now_ns;
    tell_attempt(r, target, now_ns);
    if (!gsp__runner_send(r, &p->request, &order, now_ns, &why)) {
        finish(r, target, path, false, why.retry_after_ns, now_ns);
        return;
    }
    atomic_fetch_add_explicit(&r->n_probes, 1, memory_order_relaxed);
    atomic_store_explicit(&p->is_on, true, memory_order_release);
}

/* FA-4, FA-7: speech has to be heard, or understood, to be back. */
static bool is_success(const gsp_runner *r, const struct gsp__runner_probe *p, enum gsp__path path)
{
    switch (r->plan.media) {
    case GSP_MEDIA_TEXT_TO_SPEECH:
        return p->request.has_audio;
    case GSP_MEDIA_SPEECH_TO_TEXT:
        return path == GSP__PATH_WHOLE || p->request.has_final;
    default:
        return true;
    }
}

/* Let one go on. True when it is over. */
static bool go_on(gsp_runner *r, unsigned target, enum gsp__path path, int64_t now_ns)
{
    struct gsp__runner_probe *p = &r->probes[target][path];
    struct gsp__runner_failure why = {.retry_after_ns = GSP__NOT_ASKED_FOR};
    gsp_read read;

    for (;;) {
        gsp__runner_read(&p->request, now_ns, &read, &why);
        if (read.at_ns == 0)
            read.at_ns = now_ns;
        if (read.kind == GSP_READ_NOTHING ? now_ns >= p->due_ns : read.at_ns > p->due_ns) {
            gsp__runner_cut(&why, GSP__CUT_ATTEMPT_TIMEOUT);
            read.kind = GSP_READ_FAILED;
        }
        switch (read.kind) {
        case GSP_READ_CHUNK:
            gsp__runner_mark(&p->request, &read);
            continue;
        case GSP_READ_END:
            gsp__runner_end(&p->request, GSP_STREAM_FINISHED, NULL, now_ns);
            finish(r, target, path, is_success(r, p, path), GSP__NOT_ASKED_FOR, now_ns);
            return true;
        case GSP_READ_FAILED:
            gsp__runner_end(&p->request, why.verdict.is_graceful ? GSP_STREAM_CANCELLED : GSP_STREAM_FAILED,
                            &why, now_ns);
            finish(r, target, path, false, why.retry_after_ns, now_ns);
            return true;
        default:
            p->wake_ns = read.wake_ns > 0 && read.wake_ns < p->due_ns ? read.wake_ns : p->due_ns;
            return false;
        }
    }
}

static bool is_on(struct gsp__runner_probe *p)
{
    return atomic_load_explicit(&p->is_on, memory_order_acquire);
}

void gsp_runner_poll(gsp_runner *r, int64_t now_ns, int64_t *out_wake)
{
    int64_t soonest = INT64_MAX;

    if (out_wake)
        *out_wake = INT64_MAX;
    if (!r || atomic_load_explicit(&r->n_probes, memory_order_relaxed) == 0 ||
        atomic_flag_test_and_set_explicit(&r->probes_taken, memory_order_acquire))
        return;
    for (unsigned i = 0; i < r->plan.n_targets; i++)
        for (int path = 0; path < GSP__PATHS; path++) {
            struct gsp__runner_probe *p = &r->probes[i][path];

            if (is_on(p) && !go_on(r, i, (enum gsp__path)path, now_ns) && p->wake_ns < soonest)
                soonest = p->wake_ns;
        }
    atomic_flag_clear_explicit(&r->probes_taken, memory_order_release);
    if (out_wake)
        *out_wake = soonest;
}

void gsp__runner_end_probes(gsp_runner *r, int64_t now_ns)
{
    for (unsigned i = 0; i < r->plan.n_targets; i++)
        for (int path = 0; path < GSP__PATHS; path++) {
            struct gsp__runner_probe *p = &r->probes[i][path];

            if (!is_on(p))
                continue;
            gsp__runner_end(&p->request, GSP_STREAM_CANCELLED, NULL, now_ns);
            gsp_span_end(p->operation, GSP_OUTCOME_AUTO, NULL, now_ns);
        }
}
