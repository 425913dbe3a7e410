/*
 * The console exporter: each call as a waterfall on stderr, metrics as one line each. Log records are not
 * shown: what they say of a call is in its picture, less the content.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/status.h"
#include "drain/exporter.h"
#include "drain/waterfall.h"

struct console {
    struct gsp__exporter base;
    struct gsp__export_context *context;
    struct gsp__waterfall_style style;
    struct gsp__buffer text;
    uint64_t n_records;
};

static struct console *self_of(struct gsp__exporter *exporter)
{
    return (struct console *)exporter;
}

static void begin(struct gsp__exporter *exporter, const struct gsp__export_origin *origin)
{
    struct console *c = self_of(exporter);

    (void)origin;
    gsp__buffer_clear(&c->text);
    c->n_records = 0;
}

static void add(struct gsp__exporter *exporter, const struct gsp__call *call,
                const struct gsp__derived *derived, uint32_t n_records)
{
    struct console *c = self_of(exporter);

    (void)derived;
    if (!(c->context->config->signals[GSP_SIGNAL_TRACES].exporters & GSP__EXPORT_CONSOLE))
        return;
    gsp__waterfall(&c->text, call, &c->style);
    c->n_records += n_records;
}

static bool is_ripe(const struct gsp__exporter *exporter)
{
    return ((const struct console *)exporter)->text.n > 64 << 10;
}

static enum gsp__export_result commit(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    struct console *c = self_of(exporter);

    if (c->text.n)
        fwrite(c->text.data, 1, c->text.n, stderr);
    counts->n_exported += c->n_records;
    gsp__buffer_clear(&c->text);
    c->n_records = 0;
    return GSP__EXPORT_DONE;
}

static void put_point(struct gsp__buffer *b, bool is_utf8, const struct gsp__metric *m,
                      const struct gsp__point *p)
{
    gsp__buffer_printf(b, "%.*s", (int)m->name.n, m->name.bytes);
    for (uint32_t i = 0; i < p->attributes.n; i++) {
        const struct gsp__attribute *a = &p->attributes.items[i];

        gsp__buffer_printf(b, "%s%.*s=", i ? " " : " {", (int)a->key.n, a->key.bytes);
        if (a->value.type == GSP__VALUE_STRING)
            gsp__put_terminal_text(b, a->value.u.string, 128, is_utf8);
        else
            gsp__buffer_printf(b, "%" PRId64, a->value.u.integer);
    }
    if (p->attributes.n)
        gsp__buffer_add_char(b, '}');
    if (m->type == GSP__METRIC_SUM)
        gsp__buffer_printf(b, " %" PRId64 "\n", p->value.u.integer);
    else
        gsp__buffer_printf(b, " count %" PRIu64 " sum %g min %g max %g %.*s\n", p->count, p->sum, p->min,
                           p->max, (int)m->unit.n, m->unit.bytes);
}

static enum gsp__export_result metrics(struct gsp__exporter *exporter,
                                       const struct gsp__resource_metrics *resource, bool must_keep,
                                       struct gsp__export_counts *counts)
{
    struct console *c = self_of(exporter);
    struct gsp__buffer text = {0};

    (void)must_keep;
    (void)counts;
    if (!(c->context->config->signals[GSP_SIGNAL_METRICS].exporters & GSP__EXPORT_CONSOLE))
        return GSP__EXPORT_DONE;
    for (uint32_t i = 0; i < resource->scopes[0].n_metrics; i++)
        for (uint32_t k = 0; k < resource->scopes[0].metrics[i].n_points; k++)
            put_point(&text, c->style.is_utf8, &resource->scopes[0].metrics[i],
                      &resource->scopes[0].metrics[i].points[k]);
    if (text.n)
        fwrite(text.data, 1, text.n, stderr);
    gsp__buffer_deinit(&text);
    return GSP__EXPORT_DONE;
}

static bool tick(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    (void)exporter;
    (void)counts;
    return true;
}

static void free_console(struct gsp__exporter *exporter)
{
    struct console *c = self_of(exporter);

    gsp__buffer_deinit(&c->text);
    free(c);
}

static const struct gsp__exporter_ops ops = {
    .begin = begin,
    .add = add,
    .is_ripe = is_ripe,
    .commit = commit,
    .metrics = metrics,
    .tick = tick,
    .free = free_console,
};

struct gsp__exporter *gsp__exporter_console(struct gsp__export_context *context, gsp_error *err)
{
    struct console *c = calloc(1, sizeof *c);

    if (!c) {
        gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for an exporter");
        return NULL;
    }
    c->base.ops = &ops;
    c->context = context;
    c->style = gsp__waterfall_style_of(STDERR_FILENO);
    return &c->base;
}
