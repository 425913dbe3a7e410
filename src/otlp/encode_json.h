/*
 * The model as OTLP JSON: lowerCamelCase keys, ids in hex, enums as integers, 64-bit integers as strings.
 */
#ifndef GSP_OTLP_ENCODE_JSON_H
#define GSP_OTLP_ENCODE_JSON_H

#include "base/buffer.h"
#include "derive/model.h"

/* Write whole TracesData, MetricsData or LogsData as one line, without a line end. */
void gsp__otlp_traces_json(struct gsp__buffer *b, const struct gsp__traces *traces);
void gsp__otlp_metrics_json(struct gsp__buffer *b, const struct gsp__metrics *metrics);
void gsp__otlp_logs_json(struct gsp__buffer *b, const struct gsp__logs *logs);

/* Parts of it, to build a line piece by piece: what stands before the items (here the scope's schema URL,
 * too), the items, and the end, which is always the same few bytes. */
void gsp__otlp_open_json(struct gsp__buffer *b, const char *resources, const char *scopes, const char *items,
                         const struct gsp__resource *resource, const struct gsp__instrumentation_scope *scope,
                         struct gsp__string schema_url);
void gsp__otlp_span_json(struct gsp__buffer *b, const struct gsp__span_data *span);
void gsp__otlp_log_json(struct gsp__buffer *b, const struct gsp__log_data *log);
void gsp__otlp_close_json(struct gsp__buffer *b);

#endif
