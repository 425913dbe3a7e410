/*
 * Metrics of dialect `celeste`: tokens by more types than the conventions', and durations, in the
 * conventions' buckets.
 */
#include "base/compiler.h"
#include "derive/metric_view.h"

static const struct gsp__metric_keys request_keys = {{
    [GSP__DIM_OPERATION] = "gen_ai.operation.name",
    [GSP__DIM_PROVIDER] = "gen_ai.provider.name",
    [GSP__DIM_REQUEST_MODEL] = "gen_ai.request.model",
}};
static const struct gsp__metric_keys error_keys = {{
    [GSP__DIM_OPERATION] = "gen_ai.operation.name",
    [GSP__DIM_PROVIDER] = "gen_ai.provider.name",
    [GSP__DIM_REQUEST_MODEL] = "gen_ai.request.model",
    [GSP__DIM_ERROR_TYPE] = "error.type",
}};

static const struct gsp__metric_source duration[] = {{GSP__MEASURE_OPERATION, NULL}};
static const struct gsp__metric_source tokens[] = {
    {GSP__MEASURE_INPUT, "input"},         {GSP__MEASURE_INPUT_SPLIT, "input"},
    {GSP__MEASURE_OUTPUT, "output"},       {GSP__MEASURE_OUTPUT_SPLIT, "output"},
    {GSP__MEASURE_REASONING, "reasoning"}, {GSP__MEASURE_CACHE_READ, "cached_input"}};

static const struct gsp__metric_view views[] = {
    {"gen_ai.client.token.usage", "Tokens used by operations", "{token}", false, 0, &request_keys,
     "gen_ai.token.type", tokens, GSP__COUNT_OF(tokens)},
    {"gen_ai.client.operation.duration", "Duration of operations, retries and waits included", "s", false, 0,
     &error_keys, NULL, duration, 1},
};

const struct gsp__metric_table gsp__metrics_celeste = {views, GSP__COUNT_OF(views)};
