/*
 * A batch on its way.
 */
#include "drain/batch.h"

#include <string.h>

#include "base/status.h"

#define ARENA_START ((size_t)2 << 20)

typedef struct gsp__exporter *make_exporter(struct gsp__export_context *context, gsp_error *err);

static const struct {
    unsigned bit;
    make_exporter *make;
} makers[] = {
    {GSP__EXPORT_OTLP, gsp__exporter_otlp},
    {GSP__EXPORT_CONSOLE, gsp__exporter_console},
    {GSP__EXPORT_FILE, gsp__exporter_file},
    {GSP__EXPORT_MEMORY, gsp__exporter_memory},
};

/* Whether an exporter is the first of those that take a signal. */
static bool is_first(const struct gsp__drain_config *config, gsp_signal signal, unsigned bit)
{
    unsigned bits = config->signals[signal].exporters;

    return (bits & bit) && (bits & (bit - 1)) == 0;
}

gsp_status gsp__batch_init(struct gsp__batch *b, const struct gsp__drain_config *config, gsp_error *err)
{
    unsigned wanted = 0;

    memset(b, 0, sizeof *b);
    b->context.config = config;
    atomic_store(&b->context.deadline_ns, INT64_MAX);
    for (int i = 0; i < GSP__SIGNALS; i++)
        wanted |= config->signals[i].exporters;
    if (!gsp__arena_init(&b->arena, ARENA_START))
        return gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for a drainer");
    for (size_t i = 0; i < GSP__COUNT_OF(makers); i++) {
        gsp_error fault = {GSP_ERR_NO_MEMORY, 0, 0, ""};
        struct gsp__exporter *exporter;

        if (!(wanted & makers[i].bit))
            continue;
        exporter = makers[i].make(&b->context, &fault);
        if (!exporter) {
            if (err)
                *err = fault;
            gsp__batch_deinit(b);
            return fault.code;
        }
        if (is_first(config, GSP_SIGNAL_TRACES, makers[i].bit))
            b->counting = b->n_exporters;
        if (is_first(config, GSP_SIGNAL_LOGS, makers[i].bit))
            b->counting_logs = b->n_exporters;
        b->exporters[b->n_exporters++] = exporter;
    }
    return GSP_OK;
}

void gsp__batch_deinit(struct gsp__batch *b)
{
    for (unsigned i = 0; i < b->n_exporters; i++)
        b->exporters[i]->ops->free(b->exporters[i]);
    gsp__arena_deinit(&b->arena);
    memset(b, 0, sizeof *b);
}

void gsp__batch_begin(struct gsp__batch *b, struct gsp__reader *ring, const struct gsp__export_origin *origin)
{
    b->ring = ring;
    b->waiting = (1u << b->n_exporters) - 1;
    b->is_committed = false;
    b->n_spans = b->n_records = 0;
    for (unsigned i = 0; i < b->n_exporters; i++)
        b->exporters[i]->ops->begin(b->exporters[i], origin);
}

void gsp__batch_add_call(struct gsp__batch *b, const struct gsp__call *call,
                         const struct gsp__derived *derived, uint32_t n_records)
{
    for (unsigned i = 0; i < b->n_exporters; i++)
        b->exporters[i]->ops->add(b->exporters[i], call, derived, n_records);
    b->n_spans += derived->n_spans;
}

void gsp__batch_add_record(struct gsp__batch *b, const struct gsp__record_ref *ref)
{
    if (b->n_records < GSP__COUNT_OF(b->records))
        b->records[b->n_records++] = *ref;
}

bool gsp__batch_is_ripe(const struct gsp__batch *b, uint32_t batch_max, uint32_t n_records)
{
    if (b->n_records == 0)
        return false;
    if (b->n_spans >= batch_max || b->n_records + n_records > GSP__COUNT_OF(b->records))
        return true;
    for (unsigned i = 0; i < b->n_exporters; i++)
        if (b->exporters[i]->ops->is_ripe(b->exporters[i]))
            return true;
    return false;
}

/*
 * Several exporters may have the same records: each is counted once, as the first that takes traces (or logs)
 * has it. Also of one that waits: its spans may have gone out and its log records not, or what was too large
 * for it is lost already.
 */
bool gsp__batch_commit(struct gsp__batch *b, struct gsp__export_counts *counts)
{
    for (unsigned i = 0; i < b->n_exporters; i++) {
        struct gsp__export_counts own = {0};

        if (!(b->waiting & 1u << i))
            continue;
        if (b->exporters[i]->ops->commit(b->exporters[i], &own) == GSP__EXPORT_DONE)
            b->waiting &= ~(1u << i);
        if (i == b->counting) {
            counts->n_exported += own.n_exported;
            counts->n_spooled += own.n_spooled;
            counts->n_rejected += own.n_rejected;
        }
        if (i == b->counting_logs) {
            counts->n_logs_exported += own.n_logs_exported;
            counts->n_logs_spooled += own.n_logs_spooled;
            counts->n_logs_rejected += own.n_logs_rejected;
        }
    }
    b->is_committed = true;
    return b->waiting == 0;
}

void gsp__batch_release(struct gsp__batch *b)
{
    for (uint32_t i = 0; i < b->n_records; i++)
        gsp__reader_release(b->ring, &b->records[i]);
    b->ring = NULL;
    b->n_records = b->n_spans = 0;
}
