/*
 * The model as OTLP protobuf. Strings are written as they are: they must be UTF-8 (src/derive sees to it), or
 * receivers refuse the whole.
 */
#ifndef GSP_OTLP_ENCODE_PROTOBUF_H
#define GSP_OTLP_ENCODE_PROTOBUF_H

#include "derive/model.h"
#include "otlp/protobuf.h"

/* Write one Span as field `field`, in front of what is there. */
void gsp__otlp_span_pb(struct gsp__pb_writer *w, uint32_t field, const struct gsp__span_data *span);

/* The messages around spans and metrics, whose content is written already and ends at `end`: closes a
 * ScopeSpans or ScopeMetrics (field 2) and its ResourceSpans or ResourceMetrics (field 1). */
void gsp__otlp_close_pb(struct gsp__pb_writer *w, const uint8_t *end, const struct gsp__resource *resource,
                        const struct gsp__instrumentation_scope *scope);

/* Write whole TracesData or MetricsData; the bodies of export requests are the same bytes. */
void gsp__otlp_traces_pb(struct gsp__pb_writer *w, const struct gsp__traces *traces);
void gsp__otlp_metrics_pb(struct gsp__pb_writer *w, const struct gsp__metrics *metrics);

#endif
