/*
 * The state machine.
 *
 * A call moves through the plan's tree: begin() goes down from a node to the model to send to, fail() goes up
 * from a node that failed until something can be tried again or is next.
 */
#include "policy/fallback.h"

#include <string.h>

#include "base/compiler.h"

enum state {
    IDLE,
    RUNNING,
    WAITING,
    OVER
};

void gsp__fallback_init(struct gsp__fallback *f, const struct gsp__plan *plan,
                        struct gsp__availability *shared, const struct gsp__fallback_options *o)
{
    memset(f, 0, sizeof *f);
    f->plan = plan;
    f->shared = shared;
    f->path = o->path;
    f->is_input_open = o->is_input_open;
    f->has_text = o->has_text;
    f->deadline_ns = o->deadline_ns;
    f->random = o->seed;
    f->task = o->task;
    f->active = f->last_node = GSP__NO_NODE;
}

bool gsp__fallback_is_over(const struct gsp__fallback *f)
{
    return f->state == OVER;
}

bool gsp__fallback_is_waiting(const struct gsp__fallback *f)
{
    return f->state == WAITING;
}

/*
 * Availability and probes.
 */

static bool is_model(const struct gsp__plan *plan, unsigned node)
{
    return plan->nodes[node].first == GSP__NO_NODE;
}

static void probe_model(struct gsp__fallback *f, unsigned node, int64_t now_ns, struct gsp__decision *out)
{
    uint32_t bit = 1u << f->plan->nodes[node].target;

    if (f->plan->media == GSP_MEDIA_TEXT_TO_SPEECH && f->is_input_open)
        f->held_probes |= bit; /* FA-4: there is nothing whole to be said yet */
    else if (gsp__probe_claim(f->shared, node, f->path, now_ns))
        out->probes |= bit;
}

static bool is_within(const struct gsp__plan *plan, unsigned node, unsigned list)
{
    while (node != list && node != GSP__NO_NODE)
        node = plan->nodes[node].parent;
    return node == list;
}

/* FA-4: of a list, the models in it that are unavailable; if none is, the first. */
static void probe(struct gsp__fallback *f, unsigned node, int64_t now_ns, struct gsp__decision *out)
{
    const struct gsp__plan *plan = f->plan;
    unsigned first = GSP__NO_NODE;
    bool is_any = false;

    if (!(plan->nodes[plan->nodes[node].parent].flags & GSP_FALLBACK_RECOVERY))
        return;
    for (unsigned i = 0; i < plan->n_targets; i++) {
        unsigned model = plan->node_of[i];

        if (!is_within(plan, model, node))
            continue;
        if (first == GSP__NO_NODE)
            first = model;
        if (gsp__is_available(f->shared, model))
            continue;
        probe_model(f, model, now_ns, out);
        is_any = true;
    }
    if (!is_any)
        probe_model(f, first, now_ns, out);
}

static void probe_held(struct gsp__fallback *f, int64_t now_ns, struct gsp__decision *out)
{
    for (unsigned i = 0; i < f->plan->n_targets; i++)
        if (f->held_probes >> i & 1)
            probe_model(f, f->plan->node_of[i], now_ns, out);
    f->held_probes = 0;
}

/* A model served: it and the lists around it are available. The root has no state. */
static unsigned set_available(const struct gsp__plan *plan, struct gsp__availability *shared, unsigned node,
                              struct gsp__change changes[GSP__PATH_MAX])
{
    unsigned n = 0;

    for (; plan->nodes[node].parent != GSP__NO_NODE; node = plan->nodes[node].parent) {
        uint64_t number = gsp__is_available(shared, node) ? 0 : gsp__availability_set(shared, node, true);

        if (number)
            changes[n++] = (struct gsp__change){(uint8_t)node, true, number};
    }
    return n;
}

unsigned gsp__probe_done(const struct gsp__plan *plan, struct gsp__availability *shared, unsigned target,
                         enum gsp__path path, bool is_success, int64_t retry_after_ns, int64_t now_ns,
                         struct gsp__change changes[GSP__PATH_MAX])
{
    unsigned node = plan->node_of[target], n = 0;
    const struct gsp__node *list = &plan->nodes[plan->nodes[node].parent];
    int64_t pause = list->probe_cooldown_ns;

    if (retry_after_ns > pause)
        pause = retry_after_ns;
    if (is_success)
        n = set_available(plan, shared, node, changes);
    gsp__probe_release(shared, node, path, now_ns + pause);
    return n;
}

/*
 * Down to the next request.
 */

static void end(struct gsp__fallback *f, enum gsp__action action, struct gsp__decision *out)
{
    f->state = OVER;
    f->held_probes = 0;
    out->action = (uint8_t)action;
}

static gsp_attempt_kind kind_of(const struct gsp__fallback *f, unsigned node)
{
    if (f->n_attempts == 0)
        return GSP_ATTEMPT_INITIAL;
    return node == f->last_node ? GSP_ATTEMPT_RETRY : GSP_ATTEMPT_FALLBACK;
}

static void send(struct gsp__fallback *f, unsigned node, int64_t now_ns, struct gsp__decision *out)
{
    f->state = RUNNING;
    f->node = (uint8_t)node;
    f->has_audio = f->has_chunk = false;
    out->action = GSP__DO_SEND;
    out->target = f->plan->nodes[node].target;
    out->kind = (uint8_t)kind_of(f, node);
    out->number = f->n_attempts++;
    out->n_try = f->nodes[node].n_retries;
    out->offset_ns = f->input_length_ns;
    out->has_input_ended = !f->is_input_open;
    f->tried |= 1u << out->target;
    f->last_node = (uint8_t)node;
    if (f->input_ns == 0 && f->has_text)
        f->input_ns = now_ns;
}

static bool is_any_available(const struct gsp__fallback *f, unsigned list)
{
    for (unsigned i = f->plan->nodes[list].first; i != GSP__NO_NODE; i = f->plan->nodes[i].next)
        if (gsp__is_available(f->shared, i))
            return true;
    return false;
}

/* FA-1: from the list's cursor on, what is available; all, where nothing is. GSP__NO_NODE: the list is
 * through. */
static uint8_t next_child(struct gsp__fallback *f, unsigned list, int64_t now_ns, struct gsp__decision *out)
{
    struct gsp__node_state *s = &f->nodes[list];

    for (;;) {
        for (; s->cursor != GSP__NO_NODE; s->cursor = f->plan->nodes[s->cursor].next) {
            if (s->tries_all || gsp__is_available(f->shared, s->cursor)) {
                s->has_tried = true;
                return s->cursor;
            }
            probe(f, s->cursor, now_ns, out);
        }
        if (s->has_tried)
            return GSP__NO_NODE;
        s->tries_all = true; /* another call found the rest unavailable just now */
        s->cursor = f->plan->nodes[list].first;
    }
}

static void begin(struct gsp__fallback *f, unsigned node, int64_t now_ns, struct gsp__decision *out)
{
    struct gsp__node_state *s;

    if (now_ns >= f->deadline_ns) {
        out->cut = GSP__CUT_DEADLINE;
        end(f, GSP__DO_FAIL, out);
        return;
    }
    for (;;) {
        s = &f->nodes[node];
        s->started_ns = now_ns;
        s->has_content = false;
        if (is_model(f->plan, node)) {
            send(f, node, now_ns, out);
            return;
        }
        s->not_before_ns = 0;
        s->cursor = f->plan->nodes[node].first;
        s->tries_all = !is_any_available(f, node);
        s->has_tried = s->is_retryable = false;
        s->is_own_fault = true;
        node = next_child(f, node, now_ns, out);
        f->nodes[node].n_retries = 0;
    }
}

/*
 * Up from what failed.
 */

/* Why something failed, as it is carried up. */
struct failing {
    struct gsp__verdict verdict;
    int64_t retry_after_ns;
    int64_t now_ns;
};

/* RE-1, RE-2, RE-4. */
static bool try_again(struct gsp__fallback *f, unsigned node, const struct failing *why,
                      struct gsp__decision *out)
{
    const struct gsp__retry *retry = &f->plan->nodes[node].retry;
    struct gsp__node_state *s = &f->nodes[node];
    int64_t delay;

    if (!why->verdict.is_retryable && !(why->verdict.is_conflict && (retry->flags & GSP_RETRY_CONFLICT)))
        return false;
    if (f->is_committed && !(retry->flags & GSP_RETRY_CHUNK_SENT))
        return false;
    delay = gsp__retry_delay_ns(retry, s->n_retries, why->retry_after_ns, f->task, &f->random);
    if (delay == GSP__NOT_RETRIED || delay >= f->deadline_ns - why->now_ns)
        return false;
    s->n_retries++;
    f->state = WAITING;
    f->node = (uint8_t)node;
    f->wait_until_ns = why->now_ns + delay;
    out->is_recoverable = out->has_failed_attempt;
    out->action = GSP__DO_WAIT;
    out->delay_ns = delay;
    out->n_retry = s->n_retries;
    return true;
}

/* FA-1: it is unavailable from now on, and asked whether it is back (FA-4). */
static void give_up(struct gsp__fallback *f, unsigned node, const struct failing *why,
                    struct gsp__decision *out)
{
    uint8_t flags = f->plan->nodes[f->plan->nodes[node].parent].flags;
    uint64_t number;

    if (why->verdict.is_own_fault && !(flags & GSP_FALLBACK_ANY_ERROR))
        return;
    number = gsp__availability_set(f->shared, node, false);
    if (number)
        out->changes[out->n_changes++] = (struct gsp__change){(uint8_t)node, false, number};
    if (why->retry_after_ns > 0)
        gsp__probe_hold(f->shared, node, why->now_ns + why->retry_after_ns);
    probe(f, node, why->now_ns, out);
}

/* What failed in a list counts for the list. */
static void note(struct gsp__fallback *f, unsigned list, const struct failing *why)
{
    struct gsp__node_state *s = &f->nodes[list];

    s->is_retryable |= why->verdict.is_retryable;
    s->is_own_fault &= why->verdict.is_own_fault;
    if (why->retry_after_ns > 0 && why->now_ns + why->retry_after_ns > s->not_before_ns)
        s->not_before_ns = why->now_ns + why->retry_after_ns;
}

static struct failing of_list(const struct gsp__fallback *f, unsigned list, int64_t now_ns)
{
    const struct gsp__node_state *s = &f->nodes[list];
    struct failing why = {.verdict = {.is_retryable = s->is_retryable, .is_own_fault = s->is_own_fault},
                          .retry_after_ns = GSP__NOT_ASKED_FOR,
                          .now_ns = now_ns};

    if (s->not_before_ns > now_ns)
        why.retry_after_ns = s->not_before_ns - now_ns;
    return why;
}

static void fail(struct gsp__fallback *f, unsigned node, struct failing why, struct gsp__decision *out)
{
    bool is_through = false;

    for (;;) {
        unsigned list = f->plan->nodes[node].parent;
        uint8_t next;

        if (try_again(f, node, &why, out))
            return;
        if (list == GSP__NO_NODE)
            break;
        give_up(f, node, &why, out);
        note(f, list, &why);
        is_through = false;
        if (!f->is_committed || (f->plan->nodes[list].flags & GSP_FALLBACK_CHUNK_SENT)) {
            f->nodes[list].cursor = f->plan->nodes[node].next;
            next = next_child(f, list, why.now_ns, out);
            if (next != GSP__NO_NODE) {
                f->nodes[next].n_retries = 0;
                begin(f, next, why.now_ns, out);
                return;
            }
            is_through = true;
        }
        why = of_list(f, list, why.now_ns);
        node = list;
    }
    out->is_all_failed = is_through;
    end(f, GSP__DO_FAIL, out);
}

/*
 * Time.
 */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* From when the first content is waited for; INT64_MAX: not yet, nothing was asked so far. */
static int64_t asked_ns(const struct gsp__fallback *f, unsigned node)
{
    bool waits_for_input = f->plan->media != GSP_MEDIA_TEXT && f->is_input_open;

    if (waits_for_input && f->input_ns == 0)
        return INT64_MAX;
    return later(f->nodes[node].started_ns, f->input_ns);
}

/* While somebody speaks, or does not, nothing is to be heard: then a sign of life is enough. */
static bool is_listening(const struct gsp__fallback *f)
{
    return f->plan->media == GSP_MEDIA_SPEECH_TO_TEXT && f->is_input_open;
}

/* When a node's patience ends, and why; INT64_MAX: never. */
static int64_t timeout_of(const struct gsp__fallback *f, unsigned node, enum gsp__cut *why)
{
    const struct gsp__retry *limits = &f->plan->nodes[node].retry;
    bool is_on = f->state == RUNNING, has_sign = f->has_chunk && is_on && is_listening(f);
    int64_t due = INT64_MAX;

    if (limits->attempt_timeout_ns && !f->nodes[node].has_content && !has_sign) {
        int64_t asked = asked_ns(f, node);

        if (asked < INT64_MAX - limits->attempt_timeout_ns) {
            due = asked + limits->attempt_timeout_ns;
            *why = GSP__CUT_ATTEMPT_TIMEOUT;
        }
    }
    if (limits->idle_timeout_ns && is_on && f->has_chunk && !is_listening(f)) {
        int64_t idle = later(f->last_chunk_ns, f->input_end_ns) + limits->idle_timeout_ns;

        if (idle < due) {
            due = idle;
            *why = GSP__CUT_IDLE_TIMEOUT;
        }
    }
    return due;
}

/* The soonest end of patience from the node that is on up to the root. While one waits, those above it do. */
static int64_t patience(const struct gsp__fallback *f, unsigned *node, enum gsp__cut *why)
{
    unsigned at = f->state == WAITING ? f->plan->nodes[f->node].parent : f->node;
    int64_t soonest = INT64_MAX;

    for (; at != GSP__NO_NODE; at = f->plan->nodes[at].parent) {
        enum gsp__cut cut = GSP__CUT_NONE;
        int64_t due = timeout_of(f, at, &cut);

        if (due < soonest) {
            soonest = due;
            *node = at;
            *why = cut;
        }
    }
    return soonest;
}

int64_t gsp__fallback_timer_ns(const struct gsp__fallback *f)
{
    unsigned node = 0;
    enum gsp__cut why = GSP__CUT_NONE;
    int64_t due;

    if (f->state != RUNNING && f->state != WAITING)
        return INT64_MAX;
    due = patience(f, &node, &why);
    if (f->state == WAITING && f->wait_until_ns < due)
        due = f->wait_until_ns;
    return due < f->deadline_ns ? due : f->deadline_ns;
}

/* What providers asked for on the way from the node that is on up to the one whose time is over, kept there.
 */
static int64_t asked_for_up_to(struct gsp__fallback *f, unsigned node, int64_t now_ns)
{
    int64_t until_ns = 0;

    for (unsigned at = f->node; at != f->plan->nodes[node].parent; at = f->plan->nodes[at].parent)
        until_ns = later(until_ns, f->nodes[at].not_before_ns);
    f->nodes[node].not_before_ns = until_ns;
    return until_ns > now_ns ? until_ns - now_ns : GSP__NOT_ASKED_FOR;
}

static void on_timer(struct gsp__fallback *f, int64_t now_ns, struct gsp__decision *out)
{
    struct failing timeout = {.verdict = {.is_retryable = true}, .now_ns = now_ns};
    enum gsp__cut why = GSP__CUT_NONE;
    unsigned node = 0;

    if (now_ns >= f->deadline_ns) { /* the caller's choice: no target is blamed for it */
        out->cut = GSP__CUT_DEADLINE;
        out->has_failed_attempt = f->state == RUNNING;
        end(f, GSP__DO_FAIL, out);
    } else if (patience(f, &node, &why) <= now_ns) {
        out->cut = (uint8_t)why;
        out->has_failed_attempt = f->state == RUNNING;
        timeout.retry_after_ns = asked_for_up_to(f, node, now_ns);
        fail(f, node, timeout, out);
    } else if (f->state == WAITING && now_ns >= f->wait_until_ns) {
        begin(f, f->node, now_ns, out);
    }
}

/*
 * Events.
 */

static const struct {
    bool is_content; /* ST-3 */
    bool commits;    /* RE-4 */
} chunks[] = {
    [GSP_CHUNK_METADATA] = {false, false},  [GSP_CHUNK_TOOL_PARTIAL] = {true, false},
    [GSP_CHUNK_TRANSCRIPT] = {true, false}, [GSP_CHUNK_TEXT] = {true, true},
    [GSP_CHUNK_REASONING] = {true, true},   [GSP_CHUNK_TOOL_CALL] = {true, true},
    [GSP_CHUNK_AUDIO] = {true, true},       [GSP_CHUNK_TRANSCRIPT_FINAL] = {true, false},
};

static void on_chunk(struct gsp__fallback *f, const struct gsp__event *e)
{
    bool is_speech_heard = f->plan->media == GSP_MEDIA_SPEECH_TO_TEXT;

    if ((unsigned)e->chunk >= GSP__COUNT_OF(chunks))
        return;
    f->has_chunk = true;
    f->last_chunk_ns = e->now_ns;
    f->has_audio |= e->chunk == GSP_CHUNK_AUDIO;
    if (!is_speech_heard)
        f->is_committed |= chunks[e->chunk].commits || f->plan->is_any_byte_content;
    if (!chunks[e->chunk].is_content)
        return;
    f->active = f->plan->nodes[f->node].target;
    for (unsigned at = f->node; at != GSP__NO_NODE; at = f->plan->nodes[at].parent) {
        f->nodes[at].has_content = true;
        if (e->chunk == GSP_CHUNK_TRANSCRIPT_FINAL)
            f->nodes[at].n_retries = 0;
    }
}

static void on_end(struct gsp__fallback *f, int64_t now_ns, struct gsp__decision *out)
{
    if (f->plan->media == GSP_MEDIA_TEXT_TO_SPEECH && f->has_text && !f->has_audio) {
        const struct failing silent = {
            .verdict = {.is_retryable = true}, .retry_after_ns = GSP__NOT_ASKED_FOR, .now_ns = now_ns};

        out->cut = GSP__CUT_SILENT;
        out->has_failed_attempt = true;
        fail(f, f->node, silent, out);
        return;
    }
    f->active = f->plan->nodes[f->node].target;
    out->n_changes = (uint8_t)set_available(f->plan, f->shared, f->node, out->changes);
    end(f, GSP__DO_COMPLETE, out);
}

static void on_failure(struct gsp__fallback *f, const struct gsp__event *e, struct gsp__decision *out)
{
    const struct failing why = {e->verdict, e->retry_after_ns, e->now_ns};

    if (e->verdict.is_graceful) {
        end(f, GSP__DO_STOP, out);
        return;
    }
    out->has_failed_attempt = true;
    f->nodes[f->node].not_before_ns = e->retry_after_ns > 0 ? e->now_ns + e->retry_after_ns : 0;
    fail(f, f->node, why, out);
}

static void on_input(struct gsp__fallback *f, const struct gsp__event *e)
{
    if (f->input_ns == 0 && f->state == RUNNING)
        f->input_ns = e->now_ns;
    f->has_text = true;
    f->input_length_ns += e->length_ns;
}

void gsp__fallback_step(struct gsp__fallback *f, const struct gsp__event *e, struct gsp__decision *out)
{
    memset(out, 0, sizeof *out);
    switch (e->kind) {
    case GSP__EVENT_START:
        if (f->state == IDLE) {
            f->started_ns = e->now_ns;
            begin(f, 0, e->now_ns, out);
        }
        return;
    case GSP__EVENT_CHUNK:
        if (f->state == RUNNING)
            on_chunk(f, e);
        return;
    case GSP__EVENT_END:
        if (f->state == RUNNING)
            on_end(f, e->now_ns, out);
        return;
    case GSP__EVENT_FAILURE:
        if (f->state == RUNNING)
            on_failure(f, e, out);
        return;
    case GSP__EVENT_TIMER:
        if (f->state == RUNNING || f->state == WAITING)
            on_timer(f, e->now_ns, out);
        return;
    case GSP__EVENT_INPUT:
        if (f->state != OVER)
            on_input(f, e);
        return;
    case GSP__EVENT_INPUT_END:
        if (f->state != OVER && f->is_input_open) {
            f->is_input_open = false;
            f->input_end_ns = e->now_ns;
            probe_held(f, e->now_ns, out);
        }
        return;
    case GSP__EVENT_STOP:
        if (f->state != OVER)
            end(f, GSP__DO_STOP, out);
        return;
    }
}
