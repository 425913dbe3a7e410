/*
 * Dialect `otel-next`: the main branch of OpenTelemetry's GenAI conventions. What differs from `otel` stands
 * behind the common rows.
 */
#include "derive/otel_keys.h"

static const struct gsp__key operation[GSP__FACT_LIMIT] = {
    GSP__OTEL_OPERATION_KEYS,
    [GSP_FACT_RESPONSE_STATUS] = GSP__KEY("gen_ai.response.status"),
};
static const struct gsp__key attempt[GSP__FACT_LIMIT] = {GSP__OTEL_ATTEMPT_KEYS};
static const struct gsp__key event[GSP__FACT_LIMIT] = {GSP__OTEL_EVENT_KEYS};
static const struct gsp__key usage[GSP_USAGE_LIMIT] = {
    GSP__OTEL_USAGE_KEYS,
    [GSP_USAGE_CACHE_WRITE_TOKENS] = GSP__KEY("gen_ai.usage.cache_write.input_tokens"),
    [GSP_USAGE_AUDIO_INPUT_TOKENS] = GSP__KEY("gen_ai.usage.audio.input_tokens"),
    [GSP_USAGE_AUDIO_OUTPUT_TOKENS] = GSP__KEY("gen_ai.usage.audio.output_tokens"),
    [GSP_USAGE_TEXT_INPUT_TOKENS] = GSP__KEY("gen_ai.usage.text.input_tokens"),
    [GSP_USAGE_TEXT_OUTPUT_TOKENS] = GSP__KEY("gen_ai.usage.text.output_tokens"),
    [GSP_USAGE_IMAGE_INPUT_TOKENS] = GSP__KEY("gen_ai.usage.image.input_tokens"),
    [GSP_USAGE_IMAGE_OUTPUT_TOKENS] = GSP__KEY("gen_ai.usage.image.output_tokens"),
};
static const struct gsp__key wasted[GSP_USAGE_LIMIT] = {GSP__OTEL_WASTED_KEYS};
static const struct gsp__key computed[GSP__COMPUTED_LIMIT] = {GSP__OTEL_COMPUTED_KEYS};

static const struct gsp__span_row rows[] = {GSP__OTEL_ROWS};

const struct gsp__dialect gsp__dialect_otel_next = {
    .name = "otel-next",
    .schema_url = "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev",
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
