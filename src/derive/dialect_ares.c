/*
 * Dialect `ares`: one `llm.call` span per attempt, which ends before any wait for the next. Its usage is that
 * of attempts that succeeded; a failed one has status ERROR. Work that ares does not know is named as in
 * `otel`.
 */
#include <genspan/span.h>

#include "derive/otel_keys.h"

static const struct gsp__key attempt[GSP__FACT_LIMIT] = {
    [GSP_FACT_REQUEST_MODEL] = GSP__KEY("llm.model"),
    [GSP_FACT_TOOL_COUNT] = GSP__KEY("llm.tool_count"),
    [GSP_FACT_MESSAGE_COUNT] = GSP__KEY("llm.message_count"),
    [GSP_FACT_TASK_ID] = GSP__KEY("task.id"),
};

static const struct gsp__key usage[GSP_USAGE_LIMIT] = {
    [GSP_USAGE_OUTPUT_TOKENS] = GSP__KEY("llm.output_tokens"),
    [GSP_USAGE_CACHE_READ_TOKENS] = GSP__KEY("llm.cache_read_tokens"),
    [GSP_USAGE_CACHE_WRITE_TOKENS] = GSP__KEY("llm.cache_creation_tokens"),
};

static const struct gsp__key computed[GSP__COMPUTED_LIMIT] = {
    [GSP__KEY_ATTEMPT_NUMBER] = GSP__KEY("llm.attempt"),
    [GSP__KEY_DURATION_MS] = GSP__KEY("llm.duration_ms"),
    [GSP__KEY_UNCACHED_INPUT] = GSP__KEY("llm.input_tokens"),
    [GSP__KEY_STOP_REASON] = GSP__KEY("llm.stop_reason"),
    [GSP__KEY_ERROR_MESSAGE] = GSP__KEY("llm.error"),
};

/* agent.loop and what else the program has around it */
static const struct gsp__key around[GSP__FACT_LIMIT] = {
    [GSP_FACT_OP_ID] = GSP__KEY("op.id"),           [GSP_FACT_TASK_ID] = GSP__KEY("task.id"),
    [GSP_FACT_AGENT_ROLE] = GSP__KEY("agent.role"), [GSP_FACT_REQUEST_MODEL] = GSP__KEY("agent.model"),
    [GSP_FACT_TOOL_NAME] = GSP__KEY("tool.name"),
};

static const struct gsp__key around_computed[GSP__COMPUTED_LIMIT] = {
    [GSP__KEY_ERROR_MESSAGE] = GSP__KEY("error.message"),
};

/* An attempt is what ares pays for: what others add to an operation, they add to it. */
static const struct gsp__keys call = {attempt, usage, computed};

static const struct gsp__span_row rows[] = {
    {"llm.call", GSP__CLASSES_BILLABLE | GSP__CLASS_OTHER, GSP__ROLE_OPERATION, GSP__PER_ATTEMPT, GSP__ALWAYS,
     GSP_SPAN_INTERNAL, GSP__ROW_INHERITS | GSP__ROW_OWN_USAGE, GSP__UNDER_CALLER, &call},
    {"llm.call", GSP__CLASSES_BILLABLE | GSP__CLASS_OTHER, GSP__ROLE_OPERATION, GSP__PER_OPERATION,
     GSP__NO_ATTEMPTS, GSP_SPAN_INTERNAL, 0, GSP__UNDER_CALLER, &call},
    {"{operation} {tool}", GSP__CLASS_TOOL, GSP__ROLE_OPERATION, GSP__PER_OPERATION, GSP__ALWAYS,
     GSP_SPAN_INTERNAL, 0, GSP__UNDER_CALLER},
    {"agent.loop", GSP__CLASS_AGENT, GSP__ROLE_OPERATION, GSP__PER_OPERATION, GSP__ALWAYS, GSP_SPAN_INTERNAL,
     0, GSP__UNDER_CALLER},
    {"{operation}", GSP__CLASS_WORKFLOW | GSP__CLASS_RETRIEVAL | GSP__CLASS_AGENT_STEP, GSP__ROLE_OPERATION,
     GSP__PER_OPERATION, GSP__ALWAYS, GSP_SPAN_INTERNAL, 0, GSP__UNDER_CALLER},
    {NULL, GSP__CLASS_SPAN, GSP__ROLE_OPERATION, GSP__PER_OPERATION, GSP__ALWAYS, 0, 0, GSP__UNDER_CALLER},
};

const struct gsp__dialect gsp__dialect_ares = {
    .name = "ares",
    .schema_url = "",
    .keys =
        {
            [GSP__ROLE_OPERATION] = {around, NULL, around_computed},
        },
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
};
