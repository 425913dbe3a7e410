/*
 * Dialect `livekit`: the spans of LiveKit's agents in Python.
 *
 *     llm_node > llm_request > llm_request_run, one per attempt
 *     llm_node > llm_fallback_adapter > llm_request_run > llm_request, one per target > llm_request_run
 *
 * and the same for tts. The labels on the adapter and the node are those of who answered; usage stands on the
 * request that answered and nowhere else; what the provider did not report is absent.
 */
#include "derive/livekit_keys.h"

static const struct gsp__key request[GSP__FACT_LIMIT] = {GSP__LIVEKIT_REQUEST_KEYS};
static const struct gsp__key run[GSP__FACT_LIMIT] = {GSP__LIVEKIT_ID_KEY};
static const struct gsp__key node[GSP__FACT_LIMIT] = {GSP__LIVEKIT_NODE_KEYS};
static const struct gsp__key turn[GSP__FACT_LIMIT] = {GSP__LIVEKIT_NODE_KEYS, GSP__LIVEKIT_ID_KEY};
static const struct gsp__key usage[GSP_USAGE_LIMIT] = {GSP__LIVEKIT_USAGE_KEYS};

static const struct gsp__key request_computed[GSP__COMPUTED_LIMIT] = {GSP__LIVEKIT_REQUEST_COMPUTED};
static const struct gsp__key run_computed[GSP__COMPUTED_LIMIT] = {GSP__LIVEKIT_RUN_COMPUTED};
static const struct gsp__key llm_computed[GSP__COMPUTED_LIMIT] = {GSP__LIVEKIT_LLM_NODE_COMPUTED};
static const struct gsp__key tts_computed[GSP__COMPUTED_LIMIT] = {GSP__LIVEKIT_TTS_NODE_COMPUTED};

static const struct gsp__keys llm_node = {node, NULL, llm_computed};
static const struct gsp__keys tts_node = {node, NULL, tts_computed};
static const struct gsp__keys other_node = {node, NULL, NULL};
static const struct gsp__keys user_turn = {turn, NULL, NULL};
static const struct gsp__keys adapter = {request, NULL, NULL};

/* Places of rows in the table below. */
enum {
    NODE,
    ADAPTER,
    ADAPTER_RUN,
    TARGET,
    N_ROWS_OF_ONE = 7,
};

/* A model's spans, and speech's: the same, at `at` of the table. */
#define MODEL_ROWS(what, classes, node_keys, at)                                                             \
    GSP__LIVEKIT_ROW(what "_node", classes, STEP, node_keys, OPERATION, ALWAYS, GSP__ROW_DERIVED,            \
                     GSP__UNDER_CALLER),                                                                     \
        GSP__LIVEKIT_ROW(what "_fallback_adapter", classes, STEP, &adapter, OPERATION, SEVERAL_TARGETS, 0,   \
                         (at) + NODE),                                                                       \
        GSP__LIVEKIT_ROW(what "_request_run", classes, STEP, NULL, OPERATION, SEVERAL_TARGETS,               \
                         GSP__ROW_DERIVED, (at) + ADAPTER),                                                  \
        GSP__LIVEKIT_ROW(what "_request", classes, OPERATION, NULL, TARGET, SEVERAL_TARGETS,                 \
                         GSP__ROW_DERIVED | GSP__ROW_OWN_USAGE, (at) + ADAPTER_RUN),                         \
        GSP__LIVEKIT_ROW(what "_request_run", classes, ATTEMPT, NULL, ATTEMPT, SEVERAL_TARGETS, 0,           \
                         (at) + TARGET),                                                                     \
        GSP__LIVEKIT_ROW(what "_request", classes, OPERATION, NULL, OPERATION, ONE_TARGET, 0, (at) + NODE),  \
        GSP__LIVEKIT_ROW(what "_request_run", classes, ATTEMPT, NULL, ATTEMPT, ONE_TARGET, 0,                \
                         GSP__UNDER_OPERATION)

static const struct gsp__span_row rows[] = {
    MODEL_ROWS("llm", GSP__CLASSES_LLM, &llm_node, 0),
    MODEL_ROWS("tts", GSP__CLASS_TEXT_TO_SPEECH, &tts_node, N_ROWS_OF_ONE),
    GSP__LIVEKIT_OTHER_ROWS(&other_node, &user_turn),
};

const struct gsp__dialect gsp__dialect_livekit = {
    .name = "livekit",
    .schema_url = "",
    .keys =
        {
            [GSP__ROLE_OPERATION] = {request, usage, request_computed},
            [GSP__ROLE_ATTEMPT] = {run, NULL, run_computed},
        },
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
};
