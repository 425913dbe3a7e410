/*
 * Dialect `langfuse`: the keys that Langfuse reads first, added to another's spans. It sums what it finds:
 * the operation is the one generation, with its usage in disjoint parts, and every other span says that it is
 * none.
 */
#include "derive/dialect.h"

static const struct gsp__key operation[GSP__FACT_LIMIT] = {
    [GSP_FACT_REQUEST_MODEL] = GSP__KEY("langfuse.observation.model.name"),
    [GSP_FACT_SESSION_ID] = GSP__KEY("langfuse.session.id"),
    [GSP_FACT_USER_ID] = GSP__KEY("langfuse.user.id"),
    [GSP_FACT_PROMPT_NAME] = GSP__KEY("langfuse.observation.prompt.name"),
    [GSP_FACT_PROMPT_VERSION] = GSP__KEY("langfuse.observation.prompt.version"),
};

static const struct gsp__key computed[GSP__COMPUTED_LIMIT] = {
    [GSP__KEY_OBSERVATION_TYPE] = GSP__KEY("langfuse.observation.type"),
    [GSP__KEY_LEVEL] = GSP__KEY("langfuse.observation.level"),
    [GSP__KEY_STATUS_MESSAGE] = GSP__KEY("langfuse.observation.status_message"),
    [GSP__KEY_COMPLETION_START] = GSP__KEY("langfuse.observation.completion_start_time"),
    [GSP__KEY_USAGE_DETAILS] = GSP__KEY("langfuse.observation.usage_details"),
    [GSP__KEY_PARAMETERS] = GSP__KEY("langfuse.observation.model.parameters"),
};

static const struct gsp__key computed_step[GSP__COMPUTED_LIMIT] = {
    [GSP__KEY_OBSERVATION_TYPE] = GSP__KEY("langfuse.observation.type"),
    [GSP__KEY_LEVEL] = GSP__KEY("langfuse.observation.level"),
    [GSP__KEY_STATUS_MESSAGE] = GSP__KEY("langfuse.observation.status_message"),
};

const struct gsp__dialect gsp__dialect_langfuse = {
    .name = "langfuse",
    .schema_url = "",
    .only_adds = true,
    .keys =
        {
            [GSP__ROLE_OPERATION] = {operation, NULL, computed},
            [GSP__ROLE_ATTEMPT] = {NULL, NULL, computed_step},
            [GSP__ROLE_STEP] = {NULL, NULL, computed_step},
        },
};
