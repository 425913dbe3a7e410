/*
 * Metrics of dialect `otel`: semantic conventions v1.41, and genspan's own ("Metrics" in semantics.md).
 */
#include "base/compiler.h"
#include "derive/metric_view.h"

static const struct gsp__metric_keys target_keys = {{
    [GSP__DIM_OPERATION] = "gen_ai.operation.name",
    [GSP__DIM_PROVIDER] = "gen_ai.provider.name",
    [GSP__DIM_REQUEST_MODEL] = "gen_ai.request.model",
    [GSP__DIM_RESPONSE_MODEL] = "gen_ai.response.model",
    [GSP__DIM_SERVER_ADDRESS] = "server.address",
    [GSP__DIM_SERVER_PORT] = "server.port",
}};

static const struct gsp__metric_keys outcome_keys = {{
    [GSP__DIM_OPERATION] = "gen_ai.operation.name",
    [GSP__DIM_PROVIDER] = "gen_ai.provider.name",
    [GSP__DIM_REQUEST_MODEL] = "gen_ai.request.model",
    [GSP__DIM_RESPONSE_MODEL] = "gen_ai.response.model",
    [GSP__DIM_SERVER_ADDRESS] = "server.address",
    [GSP__DIM_SERVER_PORT] = "server.port",
    [GSP__DIM_OUTCOME] = "genspan.outcome",
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
static const struct gsp__metric_source attempt[] = {{GSP__MEASURE_ATTEMPT, NULL}};
static const struct gsp__metric_source attempts[] = {{GSP__MEASURE_ATTEMPTS, NULL}};

static const struct gsp__metric_view views[] = {
    {"gen_ai.client.operation.duration", "Duration of operations, retries and waits included", "s", false, 0,
     &outcome_keys, NULL, duration, 1},
    {"gen_ai.client.operation.time_to_first_chunk",
     "Time from the start of a streaming operation to its first chunk with content", "s", false, 0,
     &target_keys, NULL, first_chunk, 1},
    {"gen_ai.client.operation.time_per_output_chunk", "Time between chunks with content", "s", false, 0,
     &target_keys, NULL, interval, 1},
    {"gen_ai.client.token.usage", "Tokens used by operations", "{token}", false, 0, &target_keys,
     "gen_ai.token.type", tokens, GSP__COUNT_OF(tokens)},
    {"gen_ai.client.cost.usd", "Cost of operations", "{USD}", false, 0, &target_keys, NULL, cost, 1},
    {"genspan.attempt.duration", "Duration of attempts, one request to one provider each", "s", false, 0,
     &outcome_keys, NULL, attempt, 1},
    {"genspan.operation.attempts", "Attempts per operation", "{attempt}", false, 0, &outcome_keys, NULL,
     attempts, 1},
};

const struct gsp__metric_table gsp__metrics_otel = {views, GSP__COUNT_OF(views)};
