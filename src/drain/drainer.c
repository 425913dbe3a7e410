/*
 * The drainer: which rings, when, and until what time.
 */
#include "drain/drainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/status.h"
#include "base/warn.h"
#include "drain/ring_drain.h"
#include "record/directory.h"

#define RINGS_MAX      1024
#define DISCOVER_NS    ((int64_t)1000000000)
#define REPLAY_NS      ((int64_t)1000000000)
#define RETRY_SLEEP_NS 20000000
#define NS_PER_MS      ((int64_t)1000000)
#define RING_URGENT    50 /* percent used from which a pass does not wait for its time */

struct gsp__drainer {
    struct gsp__drain_config config;
    struct gsp__batch batch;
    struct gsp__drain_report report;
    char directory[GSP__DIRECTORY_MAX];
    char only[GSP__PATH_MAX]; /* empty: all rings */
    uint8_t family_id[16];
    bool dead_only;
    struct gsp__ring_drain *rings[RINGS_MAX];
    unsigned n_rings;
    int64_t discovered_ns;
    int64_t replayed_ns;
};

/*
 * Finding rings.
 */

static bool is_open(const struct gsp__drainer *d, const char *path)
{
    for (unsigned i = 0; i < d->n_rings; i++)
        if (strcmp(d->rings[i]->reader->path, path) == 0)
            return true;
    return false;
}

/* Whether a ring is one of ours; without opening it to drain, which would keep its owner from doing so. */
static bool is_wanted(const struct gsp__drainer *d, const char *path, gsp_error *err)
{
    struct gsp__reader *reader;
    bool is_ours;

    if (!d->only[0] && !d->dead_only)
        return true;
    if (gsp__reader_open(path, GSP__READ_ONLY, &reader, err) != GSP_OK)
        return !d->only[0]; /* to be told of as a bad one */
    is_ours = !d->only[0] || memcmp(reader->header.family_id, d->family_id, 16) == 0;
    if (d->dead_only && gsp__reader_is_live(reader))
        is_ours = false;
    gsp__reader_close(reader);
    return is_ours;
}

static bool visit(void *self, const char *path)
{
    struct gsp__drainer *d = self;
    struct gsp__ring_drain *ring;
    gsp_error err = {0};
    gsp_status status;

    if (d->n_rings == RINGS_MAX)
        return false;
    if (is_open(d, path) || !is_wanted(d, path, &err))
        return true;
    status = gsp__ring_drain_open(path, &ring, &err);
    if (status == GSP_OK) {
        d->rings[d->n_rings++] = ring;
    } else if (status == GSP_ERR_BUSY) {
        d->report.n_busy++;
    } else if (status != GSP_ERR_NOT_FOUND) { /* gone meanwhile: somebody else was done with it */
        d->report.n_bad++;
        gsp__warn_once(path, "%s: %s (byte %llu): left where it is", path, err.text,
                       (unsigned long long)err.offset);
    }
    return true;
}

static void discover(struct gsp__drainer *d)
{
    gsp_error err = {0};

    d->discovered_ns = gsp__clock_monotonic_ns();
    d->report.n_busy = d->report.n_bad = 0;
    if (gsp__directory_list(d->directory, visit, d, &err) != GSP_OK)
        gsp__warn_once("drain-directory", "%s: %s", d->directory, err.text);
}

/*
 * Making and freeing.
 */

static gsp_status set_scope(struct gsp__drainer *d, const struct gsp__drain_scope *scope, gsp_error *err)
{
    gsp_status status = gsp__directory_find(scope->directory, d->directory, err);
    struct gsp__ring_drain *own;

    d->dead_only = scope->dead_only;
    if (status != GSP_OK || !scope->only)
        return status;
    if (strlen(scope->only) >= sizeof d->only)
        return gsp__fail(err, GSP_ERR_INVALID, "the path of the ring is too long");
    memcpy(d->only, scope->only, strlen(scope->only) + 1);
    status = gsp__ring_drain_open(d->only, &own, err);
    if (status != GSP_OK)
        return status;
    memcpy(d->family_id, own->reader->header.family_id, 16);
    d->rings[d->n_rings++] = own;
    return GSP_OK;
}

gsp_status gsp__drainer_new(const struct gsp__drain_scope *scope, const gsp_drainer_options *options,
                            struct gsp__drainer **out, gsp_error *err)
{
    struct gsp__drainer *d = calloc(1, sizeof *d);
    gsp_status status;

    if (!d)
        return gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for a drainer");
    status = gsp__drain_config(options, &d->config, err);
    if (status == GSP_OK)
        status = gsp__batch_init(&d->batch, &d->config, err);
    if (status == GSP_OK)
        status = set_scope(d, scope, err);
    if (status != GSP_OK) {
        gsp__drainer_free(d);
        return status;
    }
    *out = d;
    return GSP_OK;
}

void gsp__drainer_let_go(struct gsp__drainer *d)
{
    for (unsigned i = 0; i < d->n_rings; i++)
        gsp__ring_drain_close(d->rings[i], false);
    d->n_rings = 0;
}

void gsp__drainer_free(struct gsp__drainer *d)
{
    if (!d)
        return;
    gsp__drainer_let_go(d);
    gsp__batch_deinit(&d->batch);
    free(d);
}

/*
 * Passes.
 */

static void drop_ring(struct gsp__drainer *d, unsigned i, bool deletes)
{
    gsp__ring_drain_close(d->rings[i], deletes);
    d->rings[i] = d->rings[--d->n_rings];
    d->report.n_rings += deletes;
}

/* A dead ring without records: its metrics go out for good, then the files. */
static bool finish_ring(struct gsp__drainer *d, unsigned i)
{
    if (!gsp__ring_drain_metrics(d->rings[i], &d->batch, true))
        return false;
    drop_ring(d, i, true);
    return true;
}

/* All there is to do for a ring now. False if a batch waits or time is up. *is_gone: the ring is deleted. */
static bool drain_ring(struct gsp__drainer *d, unsigned i, bool is_last, bool *is_gone)
{
    struct gsp__ring_drain *ring = d->rings[i];
    bool is_live = gsp__reader_is_live(ring->reader), is_empty = false;
    enum gsp__pass_result result;

    *is_gone = false;
    do /* not for ever, where a ring fills as fast as it is drained */
        result = gsp__ring_drain_pass(ring, &d->batch, d->config.batch_max, is_last, &is_empty, &d->report);
    while (result == GSP__PASS_MORE &&
           gsp__clock_monotonic_ns() < atomic_load(&d->batch.context.deadline_ns));
    if (result != GSP__PASS_EMPTY)
        return false;
    if (!is_live && !is_empty) /* the scan that found nothing ready found records of the living: again */
        gsp__ring_drain_pass(ring, &d->batch, d->config.batch_max, is_last, &is_empty, &d->report);
    if (!is_live && is_empty)
        *is_gone = finish_ring(d, i);
    return true;
}

static bool is_due(const struct gsp__drainer *d, const struct gsp__ring_drain *ring, int64_t now)
{
    uint32_t n_ended;
    unsigned percent_used;

    if (d->batch.ring)
        return d->batch.ring == ring->reader;
    if (now - ring->last_pass_ns >= d->config.schedule_delay_ms * NS_PER_MS)
        return true;
    gsp__ring_drain_count(ring, &n_ended, &percent_used);
    return n_ended >= d->config.batch_max || (n_ended > 0 && percent_used >= RING_URGENT);
}

static bool replay(struct gsp__drainer *d)
{
    struct gsp__export_counts counts = {0};
    bool is_empty = true;

    d->replayed_ns = gsp__clock_monotonic_ns();
    for (unsigned i = 0; i < d->batch.n_exporters; i++)
        if (!d->batch.exporters[i]->ops->tick(d->batch.exporters[i], &counts))
            is_empty = false;
    d->report.n_rejected += counts.n_rejected;
    d->report.n_logs_rejected += counts.n_logs_rejected;
    if (d->n_rings > 0) { /* the spool is nobody's in particular: any ring may tell of its losses */
        gsp__fold_count(d->rings[0]->fold, GSP__OWN_REJECTED, counts.n_rejected);
        gsp__fold_count(d->rings[0]->fold, GSP__OWN_SPOOL_DAMAGED, counts.n_damaged);
        gsp__fold_count(d->rings[0]->fold, GSP__OWN_LOGS_REJECTED, counts.n_logs_rejected);
    }
    return is_empty;
}

void gsp__drainer_tick(struct gsp__drainer *d)
{
    int64_t now = gsp__clock_monotonic_ns();

    if (d->discovered_ns == 0 || now - d->discovered_ns >= DISCOVER_NS)
        discover(d);
    for (unsigned i = 0; i < d->n_rings;) {
        bool is_gone = false;

        if (is_due(d, d->rings[i], now))
            drain_ring(d, i, false, &is_gone);
        if (!is_gone && now - d->rings[i]->last_metrics_ns >= d->config.metric_interval_ms * NS_PER_MS)
            gsp__ring_drain_metrics(d->rings[i], &d->batch, false);
        i += !is_gone;
    }
    if (now - d->replayed_ns >= REPLAY_NS)
        replay(d);
}

/* One round over all rings, metrics too. True if nothing is left to do. */
static bool flush_round(struct gsp__drainer *d, bool is_last)
{
    bool is_done = true;

    for (unsigned i = 0; i < d->n_rings;) {
        bool is_gone = false;

        if (!drain_ring(d, i, is_last, &is_gone))
            is_done = false;
        else if (!is_gone && !gsp__ring_drain_metrics(d->rings[i], &d->batch, is_last))
            is_done = false;
        i += !is_gone;
    }
    return is_done;
}

gsp_status gsp__drainer_flush(struct gsp__drainer *d, uint32_t timeout_ms, bool is_last)
{
    int64_t deadline = gsp__clock_monotonic_ns() + timeout_ms * NS_PER_MS;
    bool is_done;

    gsp__drainer_set_deadline(d, deadline);
    discover(d);
    while (!(is_done = flush_round(d, is_last)) && gsp__clock_monotonic_ns() < deadline)
        nanosleep(&(struct timespec){0, RETRY_SLEEP_NS}, NULL);
    if (is_done)
        replay(d);
    gsp__drainer_set_deadline(d, INT64_MAX);
    return is_done ? GSP_OK : GSP_ERR_TIMEOUT;
}

void gsp__drainer_set_deadline(struct gsp__drainer *d, int64_t deadline_ns)
{
    atomic_store(&d->batch.context.deadline_ns, deadline_ns);
}

const struct gsp__drain_report *gsp__drainer_report(const struct gsp__drainer *d)
{
    return &d->report;
}

const struct gsp__drain_config *gsp__drainer_config(const struct gsp__drainer *d)
{
    return &d->config;
}

gsp_status gsp__drainer_take(struct gsp__drainer *d, gsp_signal signal, void **out, size_t *n_bytes)
{
    unsigned k = 0;

    /* exporters stand in the order of their bits; memory is the last */
    for (int i = 0; i < GSP__SIGNALS; i++)
        k |= d->config.signals[i].exporters;
    if (!(k & GSP__EXPORT_MEMORY) || (unsigned)signal >= GSP__SIGNALS)
        return GSP_ERR_INVALID;
    return gsp__exporter_memory_take(d->batch.exporters[d->batch.n_exporters - 1], signal, out, n_bytes);
}
