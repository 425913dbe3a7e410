/*
 * Metrics of dialect `otel-next`: the GenAI conventions' current main, and genspan's own.
 *
 * Where the conventions ask for a 0 in place of a usage that nobody reported, nothing is recorded: what is
 * not known is absent (semantics.md). How many calls an agent made is not known to an agent's own record
 * either, so there is no inference_calls and no tool_calls.
 */
#include "base/compiler.h"
#include "derive/metric_view.h"

#define TARGET                                                                                               \
    [GSP__DIM_OPERATION] = "gen_ai.operation.name", [GSP__DIM_PROVIDER] = "gen_ai.provider.name",            \
    [GSP__DIM_REQUEST_MODEL] = "gen_ai.request.model", [GSP__DIM_RESPONSE_MODEL] = "gen_ai.response.model",  \
    [GSP__DIM_SERVER_ADDRESS] = "server.address", [GSP__DIM_SERVER_PORT] = "server.port"
#define OUTCOME [GSP__DIM_OUTCOME] = "genspan.outcome", [GSP__DIM_ERROR_TYPE] = "error.type"

static const struct gsp__metric_keys target_keys = {{TARGET}};
static const struct gsp__metric_keys outcome_keys = {{TARGET, OUTCOME}};
static const struct gsp__metric_keys tool_keys = {{
    [GSP__DIM_TOOL_NAME] = "gen_ai.tool.name",
    [GSP__DIM_TOOL_TYPE] = "gen_ai.tool.type",
    [GSP__DIM_AGENT_NAME] = "gen_ai.agent.name",
    OUTCOME,
}};
static const struct gsp__metric_keys agent_keys = {{
    [GSP__DIM_REQUEST_MODEL] = "gen_ai.request.model",
    [GSP__DIM_AGENT_NAME] = "gen_ai.agent.name",
    OUTCOME,
}};
static const struct gsp__metric_keys workflow_keys = {{
    [GSP__DIM_WORKFLOW_NAME] = "gen_ai.workflow.name",
    OUTCOME,
}};

static const struct gsp__metric_source duration[] = {{GSP__MEASURE_OPERATION, NULL}};
static const struct gsp__metric_source first_chunk[] = {{GSP__MEASURE_FIRST_CHUNK, NULL}};
static const struct gsp__metric_source interval[] = {{GSP__MEASURE_INTERVAL, NULL}};
static const struct gsp__metric_source cost[] = {{GSP__MEASURE_COST, NULL}};
static const struct gsp__metric_source attempt[] = {{GSP__MEASURE_ATTEMPT, NULL}};
static const struct gsp__metric_source attempts[] = {{GSP__MEASURE_ATTEMPTS, NULL}};
static const struct gsp__metric_source agent[] = {{GSP__MEASURE_AGENT, NULL}};
static const struct gsp__metric_source workflow[] = {{GSP__MEASURE_WORKFLOW, NULL}};

/* by modality, what is billed; each part once */
static const struct gsp__metric_source input[] = {{GSP__MEASURE_INPUT, "unknown"},
                                                  {GSP__MEASURE_INPUT_REST, "unknown"},
                                                  {GSP__MEASURE_TEXT_INPUT, "text"},
                                                  {GSP__MEASURE_AUDIO_INPUT, "audio"},
                                                  {GSP__MEASURE_IMAGE_INPUT, "image"}};
static const struct gsp__metric_source output[] = {{GSP__MEASURE_OUTPUT, "unknown"},
                                                   {GSP__MEASURE_OUTPUT_REST, "unknown"},
                                                   {GSP__MEASURE_TEXT_OUTPUT, "text"},
                                                   {GSP__MEASURE_AUDIO_OUTPUT, "audio"},
                                                   {GSP__MEASURE_IMAGE_OUTPUT, "image"}};
static const struct gsp__metric_source cache_read[] = {{GSP__MEASURE_CACHE_READ, "unknown"}};
static const struct gsp__metric_source cache_write[] = {{GSP__MEASURE_CACHE_WRITE, "unknown"}};
static const struct gsp__metric_source reasoning[] = {{GSP__MEASURE_REASONING, "unknown"}};

static const struct gsp__metric_source all_input[] = {{GSP__MEASURE_INPUT, NULL},
                                                      {GSP__MEASURE_INPUT_SPLIT, NULL}};
static const struct gsp__metric_source all_output[] = {{GSP__MEASURE_OUTPUT, NULL},
                                                       {GSP__MEASURE_OUTPUT_SPLIT, NULL}};

#define INFERENCE (GSP__CLASSES_LLM | GSP__CLASS_SPEECH_TO_TEXT | GSP__CLASS_TEXT_TO_SPEECH)
#define OTHER     (GSP__CLASS_EMBEDDINGS | GSP__CLASS_RETRIEVAL | GSP__CLASS_AGENT_STEP | GSP__CLASS_OTHER)
#define MODALITY  "gen_ai.token.modality"

static const struct gsp__metric_view views[] = {
    {"gen_ai.client.inference.duration", "Duration of inference, retries and waits included", "s", false,
     INFERENCE, &outcome_keys, NULL, duration, 1},
    {"gen_ai.client.inference.time_to_first_chunk",
     "Time from the start of a streaming inference to its first chunk with content", "s", false, INFERENCE,
     &target_keys, NULL, first_chunk, 1},
    {"gen_ai.client.inference.time_per_output_chunk", "Time between chunks with content", "s", false,
     INFERENCE, &target_keys, NULL, interval, 1},
    {"gen_ai.client.inference.usage.input_tokens", "Input tokens, as billed", "{token}", true, INFERENCE,
     &target_keys, MODALITY, input, GSP__COUNT_OF(input)},
    {"gen_ai.client.inference.usage.output_tokens", "Output tokens, as billed", "{token}", true, INFERENCE,
     &target_keys, MODALITY, output, GSP__COUNT_OF(output)},
    {"gen_ai.client.inference.usage.cache_read.input_tokens", "Input tokens read from a cache", "{token}",
     true, INFERENCE, &target_keys, MODALITY, cache_read, 1},
    {"gen_ai.client.inference.usage.cache_write.input_tokens", "Input tokens written to a cache", "{token}",
     true, INFERENCE, &target_keys, MODALITY, cache_write, 1},
    {"gen_ai.client.inference.usage.reasoning.output_tokens", "Output tokens spent on reasoning", "{token}",
     true, INFERENCE, &target_keys, MODALITY, reasoning, 1},
    {"gen_ai.client.inference.operation.input_tokens", "Input tokens per operation", "{token}", false,
     INFERENCE, &outcome_keys, NULL, all_input, GSP__COUNT_OF(all_input)},
    {"gen_ai.client.inference.operation.output_tokens", "Output tokens per operation", "{token}", false,
     INFERENCE, &outcome_keys, NULL, all_output, GSP__COUNT_OF(all_output)},
    {"gen_ai.client.operation.duration", "Duration of operations other than inference", "s", false, OTHER,
     &outcome_keys, NULL, duration, 1},
    {"gen_ai.client.cost.usd", "Cost of operations", "{USD}", false, 0, &target_keys, NULL, cost, 1},
    {"gen_ai.invoke_agent.duration", "Duration of an agent's work", "s", false, 0, &agent_keys, NULL, agent,
     1},
    {"gen_ai.invoke_workflow.duration", "Duration of a workflow", "s", false, 0, &workflow_keys, NULL,
     workflow, 1},
    {"gen_ai.execute_tool.duration", "Duration of tool calls", "s", false, GSP__CLASS_TOOL, &tool_keys, NULL,
     duration, 1},
    {"genspan.attempt.duration", "Duration of attempts, one request to one provider each", "s", false, 0,
     &outcome_keys, NULL, attempt, 1},
    {"genspan.operation.attempts", "Attempts per operation", "{attempt}", false, 0, &outcome_keys, NULL,
     attempts, 1},
};

const struct gsp__metric_table gsp__metrics_otel_next = {views, GSP__COUNT_OF(views)};
