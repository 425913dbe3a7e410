/*
 * Draining one ring.
 */
#include "drain/ring_drain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/status.h"
#include "base/warn.h"
#include "derive/metrics.h"

#define RESOURCE_ARENA ((size_t)256 << 10)
#define ATTEMPTS_MAX   512 /* of one call; further ones are exported alone */
#define LATE_NS        ((int64_t)10 * 1000000000)
#define CALL_BYTES_MAX ((size_t)256 << 20)

static void set_policy(struct gsp__ring_drain *r)
{
    const char *dialect = r->reader->header.dialect;
    char fault[128];

    r->policy.lone_attempts = r->reader->header.attempt_spans == 0;
    r->policy.capture = r->reader->header.capture;
    if (!memchr(dialect, 0, sizeof r->reader->header.dialect))
        dialect = "?"; /* none that is known */
    if (!gsp__dialects_parse(dialect, &r->policy.dialects, fault))
        gsp__warn_once(r->reader->path, "GENSPAN_DIALECT: %s; %s is used", fault,
                       r->policy.dialects.items[0]->name);
    for (uint32_t i = 0; i < r->policy.dialects.n; i++)
        gsp__metric_views_add(&r->views, r->policy.dialects.items[i]->name);
}

static struct gsp__string string_of(const char *text)
{
    return (struct gsp__string){text, strlen(text)};
}

/* What is exported with all calls of the ring. */
static gsp_status set_origin(struct gsp__ring_drain *r, gsp_error *err)
{
    r->origin.scope.name = GSP__STRING("genspan");
    r->origin.scope.version = string_of(gsp_version());
    r->origin.schema_url = string_of(r->policy.dialects.items[0]->schema_url);
    if (!gsp__arena_init(&r->resource_arena, RESOURCE_ARENA) ||
        !gsp__resource_derive(r->reader, &r->resource_arena, &r->origin.resource))
        return gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory to drain a ring");
    return GSP_OK;
}

gsp_status gsp__ring_drain_open(const char *path, struct gsp__ring_drain **out, gsp_error *err)
{
    struct gsp__ring_drain *r = calloc(1, sizeof *r);
    gsp_status status;

    if (!r)
        return gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory to drain a ring");
    status = gsp__reader_open(path, GSP__READ_DRAIN, &r->reader, err);
    if (status == GSP_OK) {
        gsp__reader_adopt(r->reader);
        r->fold = gsp__fold_open(r->reader);
        if (!r->fold || !gsp__assembler_init(&r->assembler, r->reader->map.facts.n))
            status = gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory to drain a ring");
    }
    if (status == GSP_OK) {
        set_policy(r);
        status = set_origin(r, err);
    }
    if (status != GSP_OK) {
        gsp__ring_drain_close(r, false);
        return status;
    }
    r->last_pass_ns = r->last_metrics_ns = gsp__clock_monotonic_ns();
    *out = r;
    return GSP_OK;
}

void gsp__ring_drain_close(struct gsp__ring_drain *r, bool deletes)
{
    if (!r)
        return;
    if (deletes)
        unlink(r->reader->path);
    gsp__fold_close(r->fold, deletes || r->is_clean);
    gsp__assembler_deinit(&r->assembler);
    gsp__arena_deinit(&r->resource_arena);
    gsp__reader_close(r->reader);
    free(r);
}

void gsp__ring_drain_count(const struct gsp__ring_drain *r, uint32_t *n_ended, unsigned *percent_used)
{
    const struct gsp__pool *pool = &r->reader->map.facts;
    uint32_t ended = 0, n_free = 0;

    for (uint32_t i = 0; i < pool->n; i++) {
        enum gsp__chunk_state state =
            gsp__word_state(atomic_load_explicit(&pool->words[i], memory_order_relaxed));

        ended += state == GSP__CHUNK_ENDED || state == GSP__CHUNK_FOLDED;
        n_free += state == GSP__CHUNK_FREE;
    }
    *n_ended = ended;
    *percent_used = (unsigned)((uint64_t)(pool->n - n_free) * 100 / pool->n);
}

/*
 * One call.
 */

struct pass {
    struct gsp__ring_drain *ring;
    struct gsp__batch *batch;
    struct gsp__drain_report *report;
    struct gsp__bank *bank;
    bool is_dead;
};

/* What the reader could not make sense of, into the counters. */
static void count_torn(struct gsp__ring_drain *r)
{
    gsp__fold_count(r->fold, GSP__OWN_LOSS + GSP_LOSS_TORN, r->reader->n_torn - r->n_torn_counted);
    r->n_torn_counted = r->reader->n_torn;
}

/* A record that makes no sense: counted, and given back at once. */
static void drop_torn(struct pass *p, const struct gsp__record_ref *ref)
{
    p->report->n_torn++;
    count_torn(p->ring);
    gsp__reader_release(p->ring->reader, ref);
}

/* The attempts of a call; those over the limit become calls of their own in the next pass. */
static uint32_t count_attempts(struct gsp__assembler *a, uint32_t root)
{
    uint32_t n = 0;

    for (uint32_t i = a->records[root].next; i != GSP__NO_REF; i = a->records[i].next)
        if (++n == ATTEMPTS_MAX) {
            a->records[i].next = GSP__NO_REF;
            break;
        }
    return n;
}

static bool has_ended(const struct gsp__record_ref *ref)
{
    return ref->state == GSP__CHUNK_ENDED || ref->state == GSP__CHUNK_FOLDED;
}

/* A larger arena, for a call that did not fit. */
static bool grow_arena(struct gsp__arena *arena)
{
    size_t cap = arena->cap * 2;
    struct gsp__arena larger;

    if (cap > CALL_BYTES_MAX || !gsp__arena_init(&larger, cap))
        return false;
    gsp__arena_deinit(arena);
    *arena = larger;
    return true;
}

enum copied {
    COPIED,
    NO_CALL, /* the root is torn or gone */
    NO_ROOM,
};

/* Copy the call's records into the arena: the root first. Torn attempts are left out. */
static enum copied copy_call(struct pass *p, uint32_t root, struct gsp__snapshot **out, uint32_t *n)
{
    struct gsp__assembler *a = &p->ring->assembler;
    struct gsp__snapshot *snapshots =
        gsp__arena_get(&p->batch->arena, (1 + count_attempts(a, root)) * sizeof *snapshots);

    *n = 0;
    if (!snapshots)
        return NO_ROOM;
    for (uint32_t i = root; i != GSP__NO_REF; i = a->records[i].next) {
        const struct gsp__record_ref *ref = &a->records[i].ref;

        if (i != root && !p->is_dead && !has_ended(ref))
            continue; /* too late for this call; it goes alone when it ends */
        switch (gsp__reader_snapshot(p->ring->reader, ref, &p->batch->arena, &snapshots[*n])) {
        case GSP__SNAPSHOT_OK:
            ++*n;
            break;
        case GSP__SNAPSHOT_FULL:
            return NO_ROOM;
        case GSP__SNAPSHOT_TORN:
            drop_torn(p, ref);
            GSP__FALLTHROUGH;
        case GSP__SNAPSHOT_GONE:
            if (i == root)
                return NO_CALL;
            break;
        }
    }
    *out = snapshots;
    return COPIED;
}

static bool is_sampled(const struct gsp__call *call)
{
    return (call->root->parsed.snapshot->head.trace_flags & GSP_TRACE_FLAG_SAMPLED) != 0;
}

/* Whether the values of a call may stand as examples. */
static bool has_exemplars(const struct pass *p, const struct gsp__call *call)
{
    switch (p->batch->context.config->exemplars) {
    case GSP__EXEMPLARS_ALWAYS:
        return true;
    case GSP__EXEMPLARS_NEVER:
        return false;
    default:
        return is_sampled(call);
    }
}

/* Records whose entries stop making sense on the way: what came before is kept, the rest is lost. */
static uint32_t n_broken(const struct gsp__call *call)
{
    uint32_t n = call->root->parsed.is_torn;

    for (uint32_t i = 0; i < call->n_attempts; i++)
        if (&call->attempts[i] != call->root)
            n += call->attempts[i].parsed.is_torn;
    return n;
}

/* Add one call to the batch. False if the arena is too small for it. */
static bool add_call(struct pass *p, uint32_t root)
{
    struct gsp__derived derived;
    struct gsp__snapshot *snapshots;
    struct gsp__call call;
    uint32_t n = 0;

    gsp__arena_reset(&p->batch->arena);
    switch (copy_call(p, root, &snapshots, &n)) {
    case NO_CALL:
        return true;
    case NO_ROOM:
        return false;
    case COPIED:
        break;
    }
    if (!gsp__call_read(snapshots, n, p->is_dead, &p->batch->arena, &call))
        return false;
    if (is_sampled(&call)) {
        if (!gsp__spans_derive(&call, &p->ring->policy, &p->batch->arena, &derived))
            return false;
        gsp__batch_add_call(p->batch, &call, &derived, n);
    }
    if (snapshots[0].ref.state == GSP__CHUNK_ENDED) {
        gsp__metrics_fold(p->bank, &call, has_exemplars(p, &call));
        p->ring->reader->n_torn += n_broken(&call);
        for (uint32_t i = 0; i < n; i++)
            gsp__fold_add(p->ring->fold, &snapshots[i].ref);
    }
    for (uint32_t i = 0; i < n; i++)
        gsp__batch_add_record(p->batch, &snapshots[i].ref);
    p->report->n_calls++;
    p->report->n_crashed += call.root->ending.outcome == GSP_OUTCOME_CRASHED;
    return true;
}

static void add_or_drop(struct pass *p, uint32_t root)
{
    bool is_added = add_call(p, root);

    while (!is_added && grow_arena(&p->batch->arena))
        is_added = add_call(p, root);
    if (!is_added) { /* no memory for it: it must not stand in the way of all others */
        gsp__warn_once("call-memory", "no memory for a call of this size: it is dropped");
        gsp__fold_count(p->ring->fold, GSP__OWN_NO_MEMORY, 1);
        drop_torn(p, &p->ring->assembler.records[root].ref);
    }
}

/* A call that has ended but waits for an attempt that has not: not for ever. */
static bool holds_late(const struct gsp__ring_drain *r, const struct gsp__record_ref *ref)
{
    const struct gsp__head *h = gsp__pool_chunk(&r->reader->map.facts, ref->index);

    return h->end_ns > gsp__clock_monotonic_ns() - LATE_NS;
}

static void begin(struct pass *p)
{
    struct gsp__ring_drain *r = p->ring;

    r->is_clean = false;
    gsp__batch_begin(p->batch, r->reader, &r->origin);
    p->bank = gsp__fold_begin(r->fold, p->batch->context.config->metric_series_max);
}

static bool commit(struct pass *p)
{
    struct gsp__export_counts counts = {0};
    bool is_done;

    if (!p->batch->is_committed)
        gsp__fold_commit(p->ring->fold, p->ring->reader);
    is_done = gsp__batch_commit(p->batch, &counts);
    /* before the records go: one that is killed in between counts them again as it exports them again */
    gsp__fold_count(p->ring->fold, GSP__OWN_EXPORTED, counts.n_exported);
    gsp__fold_count(p->ring->fold, GSP__OWN_SPOOLED, counts.n_spooled);
    gsp__fold_count(p->ring->fold, GSP__OWN_REJECTED, counts.n_rejected);
    gsp__fold_count(p->ring->fold, GSP__OWN_LOGS_REJECTED, counts.n_logs_rejected);
    count_torn(p->ring);
    if (is_done)
        gsp__batch_release(p->batch);
    p->report->n_exported += counts.n_exported;
    p->report->n_spooled += counts.n_spooled;
    p->report->n_rejected += counts.n_rejected;
    p->report->n_logs_exported += counts.n_logs_exported;
    p->report->n_logs_spooled += counts.n_logs_spooled;
    p->report->n_logs_rejected += counts.n_logs_rejected;
    return is_done;
}

enum gsp__pass_result gsp__ring_drain_pass(struct gsp__ring_drain *r, struct gsp__batch *batch,
                                           uint32_t batch_max, bool is_last, bool *is_empty,
                                           struct gsp__drain_report *report)
{
    /* asked before the scan: a process that dies after it is for the next pass */
    struct pass p = {.ring = r, .batch = batch, .report = report, .is_dead = !gsp__reader_is_live(r->reader)};
    bool is_begun = false, has_more = false;
    uint32_t n;

    *is_empty = false;
    r->last_pass_ns = gsp__clock_monotonic_ns();
    if (batch->ring) { /* one is still on its way */
        if (batch->ring != r->reader || !commit(&p))
            return GSP__PASS_WAIT;
    }
    gsp__assembler_scan(&r->assembler, r->reader);
    *is_empty = r->assembler.n_records == 0;
    for (uint32_t i = 0; i < r->assembler.n_records; i++) {
        const struct gsp__record_ref *ref = &r->assembler.records[i].ref;

        if (!gsp__assembler_is_ready(&r->assembler, i, p.is_dead, !is_last && holds_late(r, ref)))
            continue;
        if (!is_begun) {
            begin(&p);
            is_begun = true;
        }
        n = 1 + count_attempts(&r->assembler, i);
        if (gsp__batch_is_ripe(batch, batch_max, n) || !gsp__fold_reserve(r->fold, n)) {
            has_more = true;
            break;
        }
        add_or_drop(&p, i);
    }
    if (!is_begun)
        return GSP__PASS_EMPTY;
    if (!commit(&p))
        return GSP__PASS_WAIT;
    return has_more ? GSP__PASS_MORE : GSP__PASS_EMPTY;
}

/*
 * Metrics.
 */

/* Derive them; the arena grows until they fit. False if they never do. */
static bool derive(struct gsp__ring_drain *r, const struct gsp__fold_window *window, bool is_delta,
                   struct gsp__arena *arena, struct gsp__scope_metrics *out)
{
    struct gsp__metric_request request = {
        .views = &r->views,
        .temporality = is_delta ? GSP__TEMPORALITY_DELTA : GSP__TEMPORALITY_CUMULATIVE,
        .start_unix_ns = window->start_unix_ns,
        .now_unix_ns = window->now_unix_ns,
        .own = window->own,
    };
    struct gsp__metric *metrics;

    gsp__arena_reset(arena);
    while (!gsp__metrics_derive(window->bank, &request, arena, &metrics, &out->n_metrics)) {
        if (!grow_arena(arena)) {
            gsp__warn_once("metric-memory", "no memory for an export of metrics");
            return false;
        }
    }
    out->metrics = metrics;
    return true;
}

bool gsp__ring_drain_metrics(struct gsp__ring_drain *r, struct gsp__batch *batch, bool must_keep)
{
    struct gsp__export_counts counts = {0};
    struct gsp__scope_metrics scope = {.scope = r->origin.scope, .schema_url = r->origin.schema_url};
    struct gsp__resource_metrics resource = {.resource = r->origin.resource, .scopes = &scope, .n_scopes = 1};
    bool is_done = true, is_delta = batch->context.config->is_delta;
    struct gsp__fold_window window;

    r->is_clean = false;
    if (batch->ring)
        return false; /* the exporters are taken up with a batch of spans */
    r->last_metrics_ns = gsp__clock_monotonic_ns();
    count_torn(r);
    gsp__fold_window(r->fold, r->reader, &window);
    if (window.is_empty) {
        r->is_clean = gsp__map_is_spent(&r->reader->map);
        return true;
    }
    if (is_delta) {
        gsp__fold_tell(r->fold);
        gsp__fold_window(r->fold, r->reader, &window); /* with what that counted */
    }
    resource.schema_url = GSP__STRING("");
    if (!derive(r, &window, is_delta, &batch->arena, &scope))
        return false;
    for (unsigned i = 0; i < batch->n_exporters && scope.n_metrics > 0; i++)
        if (batch->exporters[i]->ops->metrics(batch->exporters[i], &resource, must_keep || is_delta,
                                              &counts) == GSP__EXPORT_WAIT)
            is_done = false;
    if (is_done)
        gsp__fold_told(r->fold, r->reader, &window, is_delta);
    r->is_clean = is_done && gsp__map_is_spent(&r->reader->map);
    return is_done;
}
