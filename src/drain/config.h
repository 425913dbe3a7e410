/*
 * What a drainer is to do: options, then environment variables, then defaults.
 */
#ifndef GSP_DRAIN_CONFIG_H
#define GSP_DRAIN_CONFIG_H

#include <genspan/export.h>
#include <stdbool.h>

#define GSP__SIGNALS         3
#define GSP__URL_MAX         1024
#define GSP__PATH_MAX        512
#define GSP__HEADER_LINE_MAX 4096

enum gsp__exporter_bit {
    GSP__EXPORT_OTLP = 1,
    GSP__EXPORT_CONSOLE = 2,
    GSP__EXPORT_FILE = 4,
    GSP__EXPORT_MEMORY = 8,
};

/* Which calls the points of histograms may name as examples. */
enum gsp__exemplars {
    GSP__EXEMPLARS_SAMPLED, /* those whose traces are exported */
    GSP__EXEMPLARS_ALWAYS,
    GSP__EXEMPLARS_NEVER,
};

/* "traces", "metrics" or "logs". */
const char *gsp__signal_name(gsp_signal signal);

struct gsp__signal_config {
    unsigned exporters; /* gsp__exporter_bit */
    char endpoint[GSP__URL_MAX];
    char headers[GSP__HEADER_LINE_MAX]; /* "Name: value" lines, each ended by NUL; an empty one ends them */
    bool is_json;
    bool is_gzip;
    uint32_t timeout_ms; /* 0: no limit */
    char certificate[GSP__PATH_MAX];
    char client_certificate[GSP__PATH_MAX];
    char client_key[GSP__PATH_MAX];
    char file[GSP__PATH_MAX];
};

struct gsp__drain_config {
    struct gsp__signal_config signals[GSP__SIGNALS]; /* by gsp_signal */
    char spool_directory[GSP__PATH_MAX];             /* empty: no spool */
    uint64_t spool_bytes;
    uint32_t schedule_delay_ms;
    uint32_t batch_max;
    uint32_t metric_interval_ms;
    uint32_t metric_series_max; /* points of one metric, the overflow included */
    bool is_delta;              /* metrics as deltas; else cumulative */
    enum gsp__exemplars exemplars;
    uint32_t exit_timeout_ms;
};

/*
 * Fill in `out`. GSP_ERR_INVALID with what to do in err. Malformed variables (as opposed to options) are
 * warned of and taken as unset.
 */
GSP_MUST_USE gsp_status gsp__drain_config(const gsp_drainer_options *options, struct gsp__drain_config *out,
                                          gsp_error *err);

#endif
