/*
 * Dialect `autotel`: one span per call with the five lifecycle events; usage on it only where it is a leaf.
 */
#include "derive/otel_keys.h"

static const struct gsp__key operation[GSP__FACT_LIMIT] = {
    GSP__OTEL_OPERATION_KEYS,
    /* what autotel has no word for, and its readers no use */
    [GSP_FACT_REQUEST_ID] = GSP__NO_KEY,
    [GSP_FACT_HTTP_STATUS] = GSP__NO_KEY,
    [GSP_FACT_RESPONSE_STATUS] = GSP__NO_KEY,
    [GSP_FACT_MATCHED_STOP] = GSP__NO_KEY,
    [GSP_FACT_SAFETY_BLOCK] = GSP__NO_KEY,
    [GSP_FACT_TENANT] = GSP__NO_KEY,
};

static const struct gsp__key usage[GSP_USAGE_LIMIT] = {
    [GSP_USAGE_INPUT_TOKENS] = GSP__KEY("gen_ai.usage.input_tokens"),
    [GSP_USAGE_OUTPUT_TOKENS] = GSP__KEY("gen_ai.usage.output_tokens"),
    [GSP_USAGE_REASONING_TOKENS] = GSP__KEY("gen_ai.usage.reasoning.output_tokens"),
    [GSP_USAGE_CACHE_READ_TOKENS] = GSP__KEY("gen_ai.usage.cache_read.input_tokens"),
    [GSP_USAGE_CACHE_WRITE_TOKENS] = GSP__KEY("gen_ai.usage.cache_creation.input_tokens"),
};

static const struct gsp__key computed[GSP__COMPUTED_LIMIT] = {
    [GSP__KEY_ERROR_TYPE] = GSP__KEY("error.type"),
    [GSP__KEY_FIRST_CHUNK] = GSP__KEY("gen_ai.response.time_to_first_chunk"),
    [GSP__KEY_INTERVAL_AVG] = GSP__KEY("gen_ai.response.time_per_output_chunk"),
    [GSP__KEY_DURATION] = GSP__KEY("gen_ai.response.time_to_finish"),
    [GSP__KEY_INPUT_MESSAGES] = GSP__KEY("gen_ai.input.messages"),
    [GSP__KEY_OUTPUT_MESSAGES] = GSP__KEY("gen_ai.output.messages"),
    [GSP__KEY_INSTRUCTIONS] = GSP__KEY("gen_ai.system_instructions"),
    [GSP__KEY_TOOL_DEFINITIONS] = GSP__KEY("gen_ai.tool.definitions"),
    [GSP__KEY_TOOL_ARGUMENTS] = GSP__KEY("gen_ai.tool.call.arguments"),
    [GSP__KEY_TOOL_RESULT] = GSP__KEY("gen_ai.tool.call.result"),
    [GSP__KEY_TOTAL_RATE] = GSP__KEY("gen_ai.response.output_tokens_per_second"),
};

static const struct gsp__span_row rows[] = {GSP__OTEL_OPERATION_ROWS};

const struct gsp__dialect gsp__dialect_autotel = {
    .name = "autotel",
    .schema_url = "",
    .keys = {[GSP__ROLE_OPERATION] = {operation, usage, computed}},
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
};
