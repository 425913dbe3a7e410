/*
 * Dialect `openinference`: the keys that Phoenix reads, added to another's spans. Token counts stand on the
 * operation alone; attempts are steps (CHAIN), which are not billed.
 */
#include "derive/dialect.h"

static const struct gsp__key operation[GSP__FACT_LIMIT] = {
    [GSP_FACT_PROVIDER] = GSP__KEY("llm.provider"),
    [GSP_FACT_REQUEST_MODEL] = GSP__KEY("llm.model_name"),
    [GSP_FACT_RESPONSE_MODEL] = GSP__KEY("llm.response.model_name"),
    [GSP_FACT_SESSION_ID] = GSP__KEY("session.id"),
    [GSP_FACT_USER_ID] = GSP__KEY("user.id"),
    [GSP_FACT_TOOL_NAME] = GSP__KEY("tool.name"),
    [GSP_FACT_TOOL_CALL_ID] = GSP__KEY("tool.id"),
    [GSP_FACT_TOOL_DESCRIPTION] = GSP__KEY("tool.description"),
    [GSP_FACT_AGENT_NAME] = GSP__KEY("agent.name"),
    [GSP_FACT_PROMPT_NAME] = GSP__KEY("prompt.id"),
    [GSP_FACT_PROVIDER_COST_USD] = GSP__KEY("llm.cost.total"),
};

static const struct gsp__key usage[GSP_USAGE_LIMIT] = {
    [GSP_USAGE_INPUT_TOKENS] = GSP__KEY("llm.token_count.prompt"),
    [GSP_USAGE_OUTPUT_TOKENS] = GSP__KEY("llm.token_count.completion"),
    [GSP_USAGE_CACHE_READ_TOKENS] = GSP__KEY("llm.token_count.prompt_details.cache_read"),
    [GSP_USAGE_CACHE_WRITE_TOKENS] = GSP__KEY("llm.token_count.prompt_details.cache_write"),
    [GSP_USAGE_REASONING_TOKENS] = GSP__KEY("llm.token_count.completion_details.reasoning"),
    [GSP_USAGE_AUDIO_INPUT_TOKENS] = GSP__KEY("llm.token_count.prompt_details.audio"),
    [GSP_USAGE_AUDIO_OUTPUT_TOKENS] = GSP__KEY("llm.token_count.completion_details.audio"),
};

static const struct gsp__key computed[GSP__COMPUTED_LIMIT] = {
    [GSP__KEY_SPAN_KIND] = GSP__KEY("openinference.span.kind"),
    [GSP__KEY_PARAMETERS] = GSP__KEY("llm.invocation_parameters"),
    [GSP__KEY_TOTAL_TOKENS] = GSP__KEY("llm.token_count.total"),
};

static const struct gsp__key computed_step[GSP__COMPUTED_LIMIT] = {
    [GSP__KEY_SPAN_KIND] = GSP__KEY("openinference.span.kind"),
};

const struct gsp__dialect gsp__dialect_openinference = {
    .name = "openinference",
    .schema_url = "",
    .only_adds = true,
    .keys =
        {
            [GSP__ROLE_OPERATION] = {operation, usage, computed},
            [GSP__ROLE_ATTEMPT] = {NULL, NULL, computed_step},
            [GSP__ROLE_STEP] = {NULL, NULL, computed_step},
        },
};
