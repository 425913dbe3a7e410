/*
 * The model of what is exported: spans, metric points and log records as OTLP has them, with pointers into
 * somebody else's memory (an arena, mostly). Plain data; the encoders read it, the decoders build it.
 */
#ifndef GSP_DERIVE_MODEL_H
#define GSP_DERIVE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gsp__string {
    const char *bytes;
    size_t n;
};

#define GSP__STRING(literal) ((struct gsp__string){literal, sizeof(literal) - 1})

enum gsp__value_type {
    GSP__VALUE_NONE, /* AnyValue without a value */
    GSP__VALUE_STRING,
    GSP__VALUE_BOOL,
    GSP__VALUE_INT,
    GSP__VALUE_DOUBLE,
    GSP__VALUE_ARRAY,
    GSP__VALUE_MAP,
    GSP__VALUE_BYTES,
};

struct gsp__attribute;

struct gsp__value {
    enum gsp__value_type type;
    uint32_t n; /* of an array's items, a map's pairs */
    union {
        struct gsp__string string; /* also of bytes */
        bool boolean;
        int64_t integer;
        double real;
        const struct gsp__value *items;
        const struct gsp__attribute *pairs;
    } u;
};

struct gsp__attribute {
    struct gsp__string key;
    struct gsp__value value;
};

struct gsp__attributes {
    struct gsp__attribute *items;
    uint32_t n;
    uint32_t n_dropped;
};

struct gsp__resource {
    struct gsp__attributes attributes;
};

struct gsp__instrumentation_scope {
    struct gsp__string name;
    struct gsp__string version;
    struct gsp__attributes attributes;
};

enum gsp__status_code {
    GSP__STATUS_UNSET = 0,
    GSP__STATUS_OK = 1,
    GSP__STATUS_ERROR = 2,
};

struct gsp__span_event {
    uint64_t time_unix_ns;
    struct gsp__string name;
    struct gsp__attributes attributes;
};

struct gsp__span_link {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint32_t flags;
    struct gsp__string trace_state;
    struct gsp__attributes attributes;
};

#define GSP__SPAN_FLAG_HAS_REMOTE 0x100u
#define GSP__SPAN_FLAG_IS_REMOTE  0x200u

struct gsp__span_data {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t parent_span_id[8];
    bool has_parent;
    uint8_t kind; /* OTLP's numbers */
    uint8_t status;
    uint32_t flags;
    struct gsp__string name;
    struct gsp__string trace_state;
    struct gsp__string status_message;
    uint64_t start_unix_ns;
    uint64_t end_unix_ns;
    struct gsp__attributes attributes;
    struct gsp__span_event *events;
    uint32_t n_events;
    uint32_t n_dropped_events;
    struct gsp__span_link *links;
    uint32_t n_links;
    uint32_t n_dropped_links;
};

enum gsp__metric_type {
    GSP__METRIC_NONE = 0,
    GSP__METRIC_GAUGE = 5, /* the numbers of OTLP's oneof */
    GSP__METRIC_SUM = 7,
    GSP__METRIC_HISTOGRAM = 9,
    GSP__METRIC_EXPONENTIAL_HISTOGRAM = 10,
    GSP__METRIC_SUMMARY = 11,
};

enum gsp__temporality {
    GSP__TEMPORALITY_UNSPECIFIED = 0,
    GSP__TEMPORALITY_DELTA = 1,
    GSP__TEMPORALITY_CUMULATIVE = 2,
};

enum gsp__number_type {
    GSP__NUMBER_NONE,
    GSP__NUMBER_INT,
    GSP__NUMBER_DOUBLE,
};

struct gsp__number {
    enum gsp__number_type type;
    union {
        int64_t integer;
        double real;
    } u;
};

struct gsp__exemplar {
    struct gsp__attributes filtered;
    uint64_t time_unix_ns;
    struct gsp__number value;
    uint8_t span_id[8];
    uint8_t trace_id[16];
    bool has_span_id;
    bool has_trace_id;
};

struct gsp__quantile {
    double quantile;
    double value;
};

/* One point of any type; what its metric's type does not have is zero. */
struct gsp__point {
    struct gsp__attributes attributes;
    uint64_t start_unix_ns;
    uint64_t time_unix_ns;
    uint32_t flags;
    struct gsp__number value; /* gauge, sum */
    uint64_t count;           /* the histograms and the summary */
    double sum, min, max;
    bool has_sum, has_min, has_max;
    const uint64_t *buckets; /* histogram; positive buckets of the exponential one */
    uint32_t n_buckets;
    const double *bounds;
    uint32_t n_bounds;
    int32_t scale; /* exponential histogram */
    uint64_t zero_count;
    double zero_threshold;
    int32_t positive_offset, negative_offset;
    const uint64_t *negative;
    uint32_t n_negative;
    const struct gsp__quantile *quantiles; /* summary */
    uint32_t n_quantiles;
    const struct gsp__exemplar *exemplars;
    uint32_t n_exemplars;
};

struct gsp__metric {
    struct gsp__string name;
    struct gsp__string description;
    struct gsp__string unit;
    enum gsp__metric_type type;
    enum gsp__temporality temporality;
    bool is_monotonic;
    const struct gsp__point *points;
    uint32_t n_points;
};

/* A log record; genspan's are events, which have a name and say everything in attributes. */
struct gsp__log_data {
    uint64_t time_unix_ns; /* 0: not known */
    uint64_t observed_unix_ns;
    uint8_t severity; /* OTLP's numbers; 0: none */
    struct gsp__string severity_text;
    struct gsp__string event_name;
    struct gsp__value body;
    struct gsp__attributes attributes;
    uint32_t flags; /* W3C trace flags in the low byte */
    bool has_trace_id, has_span_id;
    uint8_t trace_id[16];
    uint8_t span_id[8];
};

/* All that one export carries, as OTLP nests it. */
struct gsp__scope_spans {
    struct gsp__instrumentation_scope scope;
    struct gsp__string schema_url;
    const struct gsp__span_data *spans;
    uint32_t n_spans;
};

struct gsp__resource_spans {
    struct gsp__resource resource;
    struct gsp__string schema_url;
    const struct gsp__scope_spans *scopes;
    uint32_t n_scopes;
};

struct gsp__traces {
    const struct gsp__resource_spans *resources;
    uint32_t n_resources;
};

struct gsp__scope_metrics {
    struct gsp__instrumentation_scope scope;
    struct gsp__string schema_url;
    const struct gsp__metric *metrics;
    uint32_t n_metrics;
};

struct gsp__resource_metrics {
    struct gsp__resource resource;
    struct gsp__string schema_url;
    const struct gsp__scope_metrics *scopes;
    uint32_t n_scopes;
};

struct gsp__metrics {
    const struct gsp__resource_metrics *resources;
    uint32_t n_resources;
};

struct gsp__scope_logs {
    struct gsp__instrumentation_scope scope;
    struct gsp__string schema_url;
    const struct gsp__log_data *logs;
    uint32_t n_logs;
};

struct gsp__resource_logs {
    struct gsp__resource resource;
    struct gsp__string schema_url;
    const struct gsp__scope_logs *scopes;
    uint32_t n_scopes;
};

struct gsp__logs {
    const struct gsp__resource_logs *resources;
    uint32_t n_resources;
};

#endif
