/*
 * genspan/export.h: exporting from inside the process. In libgenspan-export; needs libcurl and zlib.
 *
 * A drainer is one thread that reads the recorder's ring, assembles calls, and hands spans, log records and
 * metrics to exporters. The same code runs as `genspan drain`, outside of the process; only one of them
 * drains a ring at a time. The thread blocks all signals, is joined at exit, and stays valid if the library
 * is unloaded.
 */
#ifndef GENSPAN_EXPORT_H
#define GENSPAN_EXPORT_H

#include <genspan/recorder.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A drainer. Made by gsp_drainer_start, freed by gsp_drainer_stop. Since 0.1. */
typedef struct gsp_drainer gsp_drainer;

/* What OTLP exports: one kind of data each. Since 0.1. Source: OTLP 1.x. */
typedef enum gsp_signal {
    GSP_SIGNAL_TRACES = 0,
    GSP_SIGNAL_METRICS = 1,
    GSP_SIGNAL_LOGS = 2
} gsp_signal;

/*
 * Options of gsp_drainer_start, copied by it. Each zero field is taken from its environment variable, then
 * from the default. Variables of one signal (OTEL_EXPORTER_OTLP_TRACES_...) go before those of all. Since
 * 0.1. Source: OpenTelemetry SDK environment variables; docs/configuration.md.
 *
 *   field              variable                        default
 *   traces_exporter    OTEL_TRACES_EXPORTER            otlp
 *   metrics_exporter   OTEL_METRICS_EXPORTER           otlp
 *   logs_exporter      OTEL_LOGS_EXPORTER              otlp
 *   endpoint           OTEL_EXPORTER_OTLP_ENDPOINT     http://localhost:4318
 *   headers            OTEL_EXPORTER_OTLP_HEADERS      none; "key=value,..." percent-encoded
 *   protocol           OTEL_EXPORTER_OTLP_PROTOCOL     http/protobuf; or http/json
 *   compression        OTEL_EXPORTER_OTLP_COMPRESSION  none; or gzip
 *   timeout_ms         OTEL_EXPORTER_OTLP_TIMEOUT      10000
 *   certificate        OTEL_EXPORTER_OTLP_CERTIFICATE         the system's authorities
 *   client_certificate OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE  none
 *   client_key         OTEL_EXPORTER_OTLP_CLIENT_KEY          none
 *   traces_file        GENSPAN_TRACES_FILE             genspan-traces.jsonl, for exporter `file`
 *   metrics_file       GENSPAN_METRICS_FILE            genspan-metrics.jsonl
 *   logs_file          GENSPAN_LOGS_FILE               genspan-logs.jsonl
 *   spool_directory    GENSPAN_SPOOL_DIR               $XDG_STATE_HOME/genspan/spool, else
 *                                                      ~/.local/state/genspan/spool; "-": no spool
 *   spool_bytes        GENSPAN_SPOOL_BYTES             64 MiB, for each URL that is sent to: one per signal
 *   schedule_delay_ms  OTEL_BSP_SCHEDULE_DELAY         5000
 *   batch_max          OTEL_BSP_MAX_EXPORT_BATCH_SIZE  512 spans
 *   metric_interval_ms OTEL_METRIC_EXPORT_INTERVAL     60000
 *   exit_timeout_ms    GENSPAN_EXIT_TIMEOUT            5000: how long exit() may take to flush
 *
 * Times are in ms, sizes in bytes. Exporters, several with commas between them: `otlp` (over HTTP), `console`
 * (a waterfall on stderr, metrics as lines; nothing of logs), `file` (OTLP JSON lines), `memory`
 * (gsp_drainer_take), `none`.
 */
typedef struct gsp_drainer_options {
    uint32_t struct_size;
    uint32_t timeout_ms;
    const char *traces_exporter;
    const char *metrics_exporter;
    const char *endpoint;
    const char *headers;
    const char *protocol;
    const char *compression;
    const char *certificate;
    const char *client_certificate;
    const char *client_key;
    const char *traces_file;
    const char *metrics_file;
    const char *spool_directory;
    uint64_t spool_bytes;
    uint32_t schedule_delay_ms;
    uint32_t batch_max;
    uint32_t metric_interval_ms;
    uint32_t exit_timeout_ms;
    const char *logs_exporter;
    const char *logs_file;
} gsp_drainer_options;

/* All defaults; sets struct_size. Since 0.1. */
#define GSP_DRAINER_OPTIONS_INIT                                                                             \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_drainer_options), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,      \
            NULL, NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL                                                      \
    }

/*
 * Start draining a recorder's ring, and those of the processes forked from this one.
 *
 *   recorder  in   not NULL; must outlive the drainer
 *   options   in   NULL for all defaults
 *   out       out  the drainer; NULL on failure. The caller owns it.
 *   err       out  details on failure; may be NULL
 *
 * Returns GSP_OK; GSP_ERR_INVALID (no recorder, an unknown exporter or protocol, a URL that is none);
 * GSP_ERR_BUSY (another process drains this ring: nothing is to be done); GSP_ERR_IO, GSP_ERR_NOT_FOUND or
 * GSP_ERR_NO_SPACE (a certificate or an output file cannot be opened); GSP_ERR_NO_SPACE also for a 17th
 * drainer in a process; GSP_ERR_NO_MEMORY. An unreachable backend is no failure: it is told once on stderr,
 * and what was recorded waits in the ring and the spool.
 *
 * Memory: under 4 MiB, and in each exporter the bytes of one batch (at most 64 MiB of spans, and as much of
 * log records). Beyond that, only where it is needed: 64 MiB at most for a batch that is sent from the spool;
 * with gzip, room for one more batch of each signal (65 MiB at most); and for one huge call, with all its
 * attempts and content, an arena that grows from 2 MiB to 256 MiB at most and stays so large. A buffer takes
 * half as much again while it grows. A call that does not fit into the arena is dropped, told of on stderr
 * and counted as `no_memory`.
 *
 * Thread-safe. After a fork the child has no drainer; it may start its own, else its ring is drained by the
 * parent's. Since 0.1. Source: OpenTelemetry SDK environment variables; OTLP 1.x.
 */
GSP_API GSP_MUST_USE gsp_status gsp_drainer_start(gsp_recorder *recorder, const gsp_drainer_options *options,
                                                  gsp_drainer **out, gsp_error *err);

/*
 * Export what has ended so far: spans, log records and metrics.
 *
 *   drainer     in  NULL, and in a forked child the parent's, is GSP_OK
 *   timeout_ms  in  ms; 0: what can be done at once
 *
 * Returns GSP_OK when all of it was acknowledged or is safe in the spool; GSP_ERR_TIMEOUT when the deadline
 * came first (it will be exported later), or the process is in exit(). Blocks for at most timeout_ms and,
 * where a request is under way, 1.5 seconds. No memory of its own: the drainer's thread does the work.
 *
 * Thread rule: any thread, several at once, but not together with gsp_drainer_stop. Not in a signal handler.
 * Since 0.1. Source: OpenTelemetry SDK, ForceFlush.
 */
GSP_API GSP_MUST_USE gsp_status gsp_drainer_flush(gsp_drainer *drainer, uint32_t timeout_ms);

/*
 * Flush as above, then end the thread and free the drainer. What could not be exported stays in the ring,
 * for `genspan drain` or `genspan recover`.
 *
 *   drainer     in  not to be used again. NULL, and in a forked child the parent's, is GSP_OK; so is one that
 *                   exit() has stopped already
 *   timeout_ms  in  ms, as in gsp_drainer_flush
 *
 * Returns and blocks as gsp_drainer_flush; the result may be ignored. A thread that is stuck in an exporter
 * for longer is left to itself, and frees the drainer when it comes back.
 *
 * Thread rule: any thread, once, while no other is inside a call on this drainer. Before
 * gsp_recorder_close. Since 0.1. Source: OpenTelemetry SDK, Shutdown.
 */
GSP_API gsp_status gsp_drainer_stop(gsp_drainer *drainer, uint32_t timeout_ms);

/*
 * Take from the `memory` exporter what it holds of a signal: the bytes of an OTLP protobuf
 * ExportTraceServiceRequest, ExportMetricsServiceRequest or ExportLogsServiceRequest.
 *
 *   drainer  in   NULL is GSP_ERR_INVALID
 *   signal   in   which of the three
 *   out      out  *n_bytes of new memory, NULL for nothing or on failure; the caller frees it with free()
 *   n_bytes  out  bytes; 0 for nothing
 *
 * Returns GSP_OK (also for nothing); GSP_ERR_INVALID (no drainer, no memory exporter, a signal that is none);
 * GSP_ERR_NO_MEMORY (what is held stays). Memory: 16 MiB per signal at most; then records wait in the ring.
 * Thread rule: any thread, several at once, but not together with gsp_drainer_stop. Since 0.1. Source:
 * OTLP 1.x.
 */
GSP_API GSP_MUST_USE gsp_status gsp_drainer_take(gsp_drainer *drainer, gsp_signal signal, void **out,
                                                 size_t *n_bytes);

#ifdef __cplusplus
}
#endif

#endif
