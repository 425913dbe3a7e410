/*
 * The file exporter: OTLP JSON lines, one TracesData, MetricsData or LogsData a line, one signal a file. A
 * line is written whole or, when the disk is full, not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/status.h"
#include "base/warn.h"
#include "drain/body.h"
#include "otlp/encode_json.h"

#define LINE_BYTES ((size_t)4 << 20)

struct file {
    struct gsp__exporter base;
    struct gsp__export_context *context;
    int fds[GSP__SIGNALS]; /* -1: this signal is not exported here */
    struct gsp__body spans, logs;
};

static struct file *self_of(struct gsp__exporter *exporter)
{
    return (struct file *)exporter;
}

static void begin(struct gsp__exporter *exporter, const struct gsp__export_origin *origin)
{
    struct file *f = self_of(exporter);

    gsp__body_begin(&f->spans, origin);
    gsp__body_begin(&f->logs, origin);
}

static void add(struct gsp__exporter *exporter, const struct gsp__call *call,
                const struct gsp__derived *derived, uint32_t n_records)
{
    struct file *f = self_of(exporter);

    (void)call;
    if (f->fds[GSP_SIGNAL_TRACES] >= 0)
        gsp__body_add(&f->spans, derived, n_records);
    if (f->fds[GSP_SIGNAL_LOGS] >= 0)
        gsp__body_add(&f->logs, derived, n_records);
}

static bool is_ripe(const struct gsp__exporter *exporter)
{
    const struct file *f = (const struct file *)exporter;

    return gsp__body_is_over(&f->spans, LINE_BYTES) || gsp__body_is_over(&f->logs, LINE_BYTES);
}

/* Append a line; what was written of it is taken back if it did not all fit. */
static bool append(int fd, const char *bytes, size_t n)
{
    off_t start = lseek(fd, 0, SEEK_END);
    size_t done = 0;

    while (done < n) {
        ssize_t written = write(fd, bytes + done, n - done);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            int e = errno;

            if (start >= 0 && ftruncate(fd, start) != 0)
                (void)0; /* a pipe: nothing can be taken back */
            errno = e;
            return false;
        }
        done += (size_t)written;
    }
    return true;
}

static enum gsp__export_result write_line(struct file *f, gsp_signal signal, struct gsp__buffer *line)
{
    const char *path = f->context->config->signals[signal].file;
    gsp_error err = {0};

    gsp__buffer_add_char(line, '\n');
    if (!line->failed && append(f->fds[signal], line->data, line->n)) {
        gsp__warn_reset(path);
        return GSP__EXPORT_DONE;
    }
    if (line->failed)
        errno = ENOMEM;
    gsp__fail_errno(&err, "the file cannot be written");
    gsp__warn_once(path, "%s cannot be written (%s): records wait in the ring", path,
                   gsp_status_name(err.code));
    if (!line->failed)
        line->n--; /* the line end: it is added anew next time */
    line->failed = false;
    return GSP__EXPORT_WAIT;
}

static enum gsp__export_result commit_body(struct file *f, struct gsp__body *b,
                                           struct gsp__export_counts *counts)
{
    gsp__body_count_too_large(b, counts);
    if (b->n_items == 0)
        return GSP__EXPORT_DONE;
    if (!gsp__body_close(b) || write_line(f, b->signal, &b->json) == GSP__EXPORT_WAIT)
        return GSP__EXPORT_WAIT;
    gsp__export_count(counts, b->signal, b->n_counted, 0, 0);
    gsp__body_end(b);
    return GSP__EXPORT_DONE;
}

static enum gsp__export_result commit(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    struct file *f = self_of(exporter);
    enum gsp__export_result spans = commit_body(f, &f->spans, counts);
    enum gsp__export_result logs = commit_body(f, &f->logs, counts);

    return spans == GSP__EXPORT_DONE ? logs : spans;
}

static enum gsp__export_result metrics(struct gsp__exporter *exporter,
                                       const struct gsp__resource_metrics *resource, bool must_keep,
                                       struct gsp__export_counts *counts)
{
    struct file *f = self_of(exporter);
    struct gsp__metrics all = {resource, 1};
    struct gsp__buffer line = {0};
    enum gsp__export_result result;

    (void)must_keep;
    (void)counts;
    if (f->fds[GSP_SIGNAL_METRICS] < 0)
        return GSP__EXPORT_DONE;
    gsp__otlp_metrics_json(&line, &all);
    result = write_line(f, GSP_SIGNAL_METRICS, &line);
    gsp__buffer_deinit(&line);
    return result;
}

static bool tick(struct gsp__exporter *exporter, struct gsp__export_counts *counts)
{
    (void)exporter;
    (void)counts;
    return true;
}

static void free_file(struct gsp__exporter *exporter)
{
    struct file *f = self_of(exporter);

    for (int i = 0; i < GSP__SIGNALS; i++)
        if (f->fds[i] >= 0)
            close(f->fds[i]);
    gsp__body_deinit(&f->spans);
    gsp__body_deinit(&f->logs);
    free(f);
}

static const struct gsp__exporter_ops ops = {
    .begin = begin,
    .add = add,
    .is_ripe = is_ripe,
    .commit = commit,
    .metrics = metrics,
    .tick = tick,
    .free = free_file,
};

struct gsp__exporter *gsp__exporter_file(struct gsp__export_context *context, gsp_error *err)
{
    struct file *f = calloc(1, sizeof *f);

    if (!f) {
        gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for an exporter");
        return NULL;
    }
    f->base.ops = &ops;
    f->context = context;
    gsp__body_init(&f->spans, GSP_SIGNAL_TRACES, true, GSP__BODY_BYTES_MAX);
    gsp__body_init(&f->logs, GSP_SIGNAL_LOGS, true, GSP__BODY_BYTES_MAX);
    for (int i = 0; i < GSP__SIGNALS; i++)
        f->fds[i] = -1;
    for (int i = 0; i < GSP__SIGNALS; i++) {
        if (!(context->config->signals[i].exporters & GSP__EXPORT_FILE))
            continue;
        f->fds[i] = open(context->config->signals[i].file,
                         O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
        if (f->fds[i] < 0) {
            gsp__fail_errno(err, "the exporter's file cannot be opened for writing");
            if (err)
                err->code = GSP_ERR_IO; /* whatever the reason: os_errno has it */
            free_file(&f->base);
            return NULL;
        }
    }
    return &f->base;
}
