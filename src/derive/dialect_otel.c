/*
 * Dialect `otel`: OpenTelemetry's GenAI conventions, semantic conventions v1.41, and genspan's own keys.
 */
#include "derive/otel_keys.h"

static const struct gsp__key operation[GSP__FACT_LIMIT] = {GSP__OTEL_OPERATION_KEYS};
static const struct gsp__key attempt[GSP__FACT_LIMIT] = {GSP__OTEL_ATTEMPT_KEYS};
static const struct gsp__key event[GSP__FACT_LIMIT] = {GSP__OTEL_EVENT_KEYS};
static const struct gsp__key usage[GSP_USAGE_LIMIT] = {GSP__OTEL_USAGE_KEYS};
static const struct gsp__key wasted[GSP_USAGE_LIMIT] = {GSP__OTEL_WASTED_KEYS};
static const struct gsp__key computed[GSP__COMPUTED_LIMIT] = {GSP__OTEL_COMPUTED_KEYS};

static const struct gsp__span_row rows[] = {GSP__OTEL_ROWS};

const struct gsp__dialect gsp__dialect_otel = {
    .name = "otel",
    .schema_url = "https://opentelemetry.io/schemas/1.41.0",
    .keys =
        {
            [GSP__ROLE_OPERATION] = {operation, usage, computed},
            [GSP__ROLE_ATTEMPT] = {attempt, wasted, computed},
        },
    .event = event,
    .details_event = "gen_ai.client.inference.operation.details",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
};
