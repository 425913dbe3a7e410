/*
 * Metrics of dialect `autotel`.
 */
#include "base/compiler.h"
#include "derive/metric_view.h"

static const struct gsp__metric_keys keys = {{
    [GSP__DIM_OPERATION] = "gen_ai.operation.name",
    [GSP__DIM_PROVIDER] = "gen_ai.provider.name",
    [GSP__DIM_REQUEST_MODEL] = "gen_ai.request.model",
    [GSP__DIM_RESPONSE_MODEL] = "gen_ai.response.model",
    [GSP__DIM_ERROR_TYPE] = "error.type",
}};
static const struct gsp__metric_keys workflow_keys = {{
    [GSP__DIM_WORKFLOW_NAME] = "gen_ai.workflow.name",
    [GSP__DIM_ERROR_TYPE] = "error.type",
}};

static const struct gsp__metric_source duration[] = {{GSP__MEASURE_OPERATION, NULL}};
static const struct gsp__metric_source first_chunk[] = {{GSP__MEASURE_FIRST_CHUNK, NULL}};
static const struct gsp__metric_source interval[] = {{GSP__MEASURE_INTERVAL, NULL}};
static const struct gsp__metric_source tokens[] = {{GSP__MEASURE_INPUT, "input"},
                                                   {GSP__MEASURE_INPUT_SPLIT, "input"},
                                                   {GSP__MEASURE_OUTPUT, "output"},
                                                   {GSP__MEASURE_OUTPUT_SPLIT, "output"}};
static const struct gsp__metric_source cost[] = {{GSP__MEASURE_COST, NULL}};
static const struct gsp__metric_source workflow[] = {{GSP__MEASURE_WORKFLOW, NULL}};

static const struct gsp__metric_view views[] = {
    {"gen_ai.client.operation.duration", "Duration of operations, retries and waits included", "s", false, 0,
     &keys, NULL, duration, 1},
    {"gen_ai.client.token.usage", "Tokens used by operations", "{token}", false, 0, &keys,
     "gen_ai.token.type", tokens, GSP__COUNT_OF(tokens)},
    {"gen_ai.client.cost.usd", "Cost of operations", "{USD}", false, 0, &keys, NULL, cost, 1},
    {"gen_ai.client.operation.time_to_first_chunk",
     "Time from the start of a streaming operation to its first chunk with content", "s", false, 0, &keys,
     NULL, first_chunk, 1},
    {"gen_ai.client.operation.time_per_output_chunk", "Time between chunks with content", "s", false, 0,
     &keys, NULL, interval, 1},
    {"gen_ai.workflow.duration", "Duration of a workflow", "s", false, 0, &workflow_keys, NULL, workflow, 1},
};

const struct gsp__metric_table gsp__metrics_autotel = {views, GSP__COUNT_OF(views)};
