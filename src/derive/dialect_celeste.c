/*
 * Dialect `celeste`: one span per call, none per attempt.
 */
#include "derive/dialect.h"

#include <genspan/span.h>

static const struct gsp__key operation[GSP__FACT_LIMIT] = {
    [GSP_FACT_OPERATION] = GSP__KEY("gen_ai.operation.name"),
    [GSP_FACT_PROVIDER] = GSP__KEY("gen_ai.provider.name"),
    [GSP_FACT_REQUEST_MODEL] = GSP__KEY("gen_ai.request.model"),
    [GSP_FACT_STREAM] = GSP__KEY("gen_ai.request.stream"),
    [GSP_FACT_RESPONSE_MODEL] = GSP__KEY("gen_ai.response.model"),
    [GSP_FACT_FINISH_REASON] = GSP__KEY("gen_ai.response.finish_reasons"),
    [GSP_FACT_INPUT_CHARACTERS] = GSP__KEY("celeste.usage.input_characters"),
    [GSP_FACT_INPUT_AUDIO_SECONDS] = GSP__KEY("celeste.usage.input_audio_seconds"),
    [GSP_FACT_OUTPUT_AUDIO_SECONDS] = GSP__KEY("celeste.usage.output_audio_seconds"),
    [GSP_FACT_OUTPUT_AUDIO_BYTES] = GSP__KEY("celeste.usage.output_audio_bytes"),
    [GSP_FACT_CREDITS] = GSP__KEY("celeste.usage.credits"),
    [GSP_FACT_WEB_SEARCHES] = GSP__KEY("celeste.usage.web_searches"),
    [GSP_FACT_TOOL_NAME] = GSP__KEY("gen_ai.tool.name"),
    [GSP_FACT_TOOL_CALL_ID] = GSP__KEY("gen_ai.tool.call.id"),
    [GSP_FACT_AGENT_NAME] = GSP__KEY("gen_ai.agent.name"),
    [GSP_FACT_WORKFLOW_NAME] = GSP__KEY("gen_ai.workflow.name"),
};

static const struct gsp__key usage[GSP_USAGE_LIMIT] = {
    [GSP_USAGE_INPUT_TOKENS] = GSP__KEY("gen_ai.usage.input_tokens"),
    [GSP_USAGE_OUTPUT_TOKENS] = GSP__KEY("gen_ai.usage.output_tokens"),
    [GSP_USAGE_TOTAL_TOKENS] = GSP__KEY("gen_ai.usage.total_tokens"),
    [GSP_USAGE_REASONING_TOKENS] = GSP__KEY("gen_ai.usage.reasoning_tokens"),
    [GSP_USAGE_CACHE_READ_TOKENS] = GSP__KEY("gen_ai.usage.cached_input_tokens"),
    [GSP_USAGE_CACHE_WRITE_TOKENS] = GSP__KEY("celeste.usage.cache_write_tokens"),
    [GSP_USAGE_AUDIO_INPUT_TOKENS] = GSP__KEY("celeste.usage.audio_input_tokens"),
    [GSP_USAGE_AUDIO_OUTPUT_TOKENS] = GSP__KEY("celeste.usage.audio_output_tokens"),
    [GSP_USAGE_BILLED_INPUT_TOKENS] = GSP__KEY("celeste.usage.billed_input_tokens"),
    [GSP_USAGE_BILLED_OUTPUT_TOKENS] = GSP__KEY("celeste.usage.billed_output_tokens"),
};

static const struct gsp__key computed[GSP__COMPUTED_LIMIT] = {
    [GSP__KEY_FIRST_CHUNK] = GSP__KEY("gen_ai.response.time_to_first_chunk"),
    [GSP__KEY_MODALITY] = GSP__KEY("celeste.modality"),
    [GSP__KEY_ERROR_TYPE] = GSP__KEY("error.type"),
};

static const struct gsp__span_row rows[] = {
    {"celeste.audio {model}", GSP__CLASS_SPEECH_TO_TEXT | GSP__CLASS_TEXT_TO_SPEECH, GSP__ROLE_OPERATION,
     GSP__PER_OPERATION, GSP__ALWAYS, GSP_SPAN_INTERNAL, 0, GSP__UNDER_CALLER},
    {"{operation} {model}", GSP__CLASSES_LLM | GSP__CLASS_EMBEDDINGS | GSP__CLASS_OTHER, GSP__ROLE_OPERATION,
     GSP__PER_OPERATION, GSP__ALWAYS, GSP_SPAN_INTERNAL, 0, GSP__UNDER_CALLER},
    {"{operation} {tool}", GSP__CLASS_TOOL, GSP__ROLE_OPERATION, GSP__PER_OPERATION, GSP__ALWAYS,
     GSP_SPAN_INTERNAL, 0, GSP__UNDER_CALLER},
    {"{operation} {agent}", GSP__CLASS_AGENT | GSP__CLASS_AGENT_STEP, GSP__ROLE_OPERATION, GSP__PER_OPERATION,
     GSP__ALWAYS, GSP_SPAN_INTERNAL, 0, GSP__UNDER_CALLER},
    {"{operation} {workflow}", GSP__CLASS_WORKFLOW, GSP__ROLE_OPERATION, GSP__PER_OPERATION, GSP__ALWAYS,
     GSP_SPAN_INTERNAL, 0, GSP__UNDER_CALLER},
    {"{operation} {source}", GSP__CLASS_RETRIEVAL, GSP__ROLE_OPERATION, GSP__PER_OPERATION, GSP__ALWAYS,
     GSP_SPAN_INTERNAL, 0, GSP__UNDER_CALLER},
    {NULL, GSP__CLASS_SPAN, GSP__ROLE_OPERATION, GSP__PER_OPERATION, GSP__ALWAYS, 0, 0, GSP__UNDER_CALLER},
};

const struct gsp__dialect gsp__dialect_celeste = {
    .name = "celeste",
    .schema_url = "",
    .keys = {[GSP__ROLE_OPERATION] = {operation, usage, computed}},
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
};
