/*
 * The model as OTLP protobuf. Strings are written as they are: they must be UTF-8 (src/derive sees to it), or
 * receivers refuse the whole.
 */
#ifndef GSP_OTLP_ENCODE_PROTOBUF_H
#define GSP_OTLP_ENCODE_PROTOBUF_H

#include "derive/model.h"
#include "otlp/protobuf.h"

/* Write one Span or LogRecord as field `field`, in front of what is there. */
void gsp__otlp_span_pb(struct gsp__pb_writer *w, uint32_t field, const struct gsp__span_data *span);
void gsp__otlp_log_pb(struct gsp__pb_writer *w, uint32_t field, const struct gsp__log_data *log);

/*
 * The messages around spans, metrics or log records, to build them piece by piece, from the end: the scope's
 * schema URL; then the items, as field 2; then what closes the ScopeSpans, ScopeMetrics or ScopeLogs (field
 * 2) and its ResourceSpans, ResourceMetrics or ResourceLogs (field 1), all of which ends at `end`.
 */
void gsp__otlp_open_pb(struct gsp__pb_writer *w, struct gsp__string schema_url);
void gsp__otlp_close_pb(struct gsp__pb_writer *w, const uint8_t *end, const struct gsp__resource *resource,
                        const struct gsp__instrumentation_scope *scope);

/* Write whole TracesData, MetricsData or LogsData; the bodies of export requests are the same bytes. */
void gsp__otlp_traces_pb(struct gsp__pb_writer *w, const struct gsp__traces *traces);
void gsp__otlp_metrics_pb(struct gsp__pb_writer *w, const struct gsp__metrics *metrics);
void gsp__otlp_logs_pb(struct gsp__pb_writer *w, const struct gsp__logs *logs);

#endif
