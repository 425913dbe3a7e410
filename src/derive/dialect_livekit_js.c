/*
 * Dialect `livekit-js`: the spans of LiveKit's agents in JavaScript, with the labels of who answered on the
 * spans around the request, and the node as what is paid.
 *
 *     llm_node > llm_request > llm_request_run, one per attempt
 *     llm_node > llm_request > llm_request_run > llm_fallback_attempt, one per target > llm_request >
 * llm_request_run
 *
 * Usage stands on the node, marked as the generation, and again on the request, marked as none.
 */
#include "derive/livekit_keys.h"

static const struct gsp__key request[GSP__FACT_LIMIT] = {GSP__LIVEKIT_REQUEST_KEYS};
static const struct gsp__key run[GSP__FACT_LIMIT] = {GSP__LIVEKIT_ID_KEY};
static const struct gsp__key label[GSP__FACT_LIMIT] = {GSP__LIVEKIT_LABEL_KEYS};
static const struct gsp__key node[GSP__FACT_LIMIT] = {GSP__LIVEKIT_NODE_KEYS};
static const struct gsp__key turn[GSP__FACT_LIMIT] = {GSP__LIVEKIT_NODE_KEYS, GSP__LIVEKIT_ID_KEY};
static const struct gsp__key usage[GSP_USAGE_LIMIT] = {GSP__LIVEKIT_USAGE_KEYS};

#define OBSERVATION_TYPE [GSP__KEY_OBSERVATION_TYPE] = GSP__KEY("langfuse.observation.type")

static const struct gsp__key request_computed[GSP__COMPUTED_LIMIT] = {
    GSP__LIVEKIT_REQUEST_COMPUTED,
    OBSERVATION_TYPE,
};
static const struct gsp__key run_computed[GSP__COMPUTED_LIMIT] = {GSP__LIVEKIT_RUN_COMPUTED};
static const struct gsp__key candidate_computed[GSP__COMPUTED_LIMIT] = {
    [GSP__KEY_TARGET_INDEX] = GSP__KEY("lk.fallback.attempt_index"),
};
static const struct gsp__key llm_computed[GSP__COMPUTED_LIMIT] = {GSP__LIVEKIT_LLM_NODE_COMPUTED,
                                                                  OBSERVATION_TYPE};
static const struct gsp__key tts_computed[GSP__COMPUTED_LIMIT] = {GSP__LIVEKIT_TTS_NODE_COMPUTED,
                                                                  OBSERVATION_TYPE};

static const struct gsp__keys llm_node = {node, usage, llm_computed};
static const struct gsp__keys tts_node = {node, usage, tts_computed};
static const struct gsp__keys other_node = {node, NULL, NULL};
static const struct gsp__keys user_turn = {turn, NULL, NULL};
static const struct gsp__keys adapter_run = {label, NULL, NULL};
static const struct gsp__keys candidate = {label, NULL, candidate_computed};
static const struct gsp__keys target = {request, NULL, request_computed};

/* Places of rows in the table below. */
enum {
    NODE,
    REQUEST,
    ADAPTER_RUN,
    CANDIDATE,
    TARGET,
    N_ROWS_OF_ONE = 7,
};

/* A model's spans, and speech's: the same, at `at` of the table. */
#define MODEL_ROWS(what, classes, node_keys, fallback, at)                                                   \
    GSP__LIVEKIT_ROW(what "_node", classes, OPERATION, node_keys, OPERATION, ALWAYS, GSP__ROW_DERIVED,       \
                     GSP__UNDER_CALLER),                                                                     \
        GSP__LIVEKIT_ROW(what "_request", classes, STEP, NULL, OPERATION, ALWAYS, 0, (at) + NODE),           \
        GSP__LIVEKIT_ROW(what "_request_run", classes, STEP, &adapter_run, OPERATION, SEVERAL_TARGETS,       \
                         GSP__ROW_DERIVED, (at) + REQUEST),                                                  \
        GSP__LIVEKIT_ROW(fallback, classes, STEP, &candidate, TARGET, SEVERAL_TARGETS, GSP__ROW_DERIVED,     \
                         (at) + ADAPTER_RUN),                                                                \
        GSP__LIVEKIT_ROW(what "_request", classes, STEP, &target, TARGET, SEVERAL_TARGETS, GSP__ROW_DERIVED, \
                         (at) + CANDIDATE),                                                                  \
        GSP__LIVEKIT_ROW(what "_request_run", classes, ATTEMPT, NULL, ATTEMPT, SEVERAL_TARGETS, 0,           \
                         (at) + TARGET),                                                                     \
        GSP__LIVEKIT_ROW(what "_request_run", classes, ATTEMPT, NULL, ATTEMPT, ONE_TARGET, 0,                \
                         GSP__UNDER_OPERATION)

static const struct gsp__span_row rows[] = {
    MODEL_ROWS("llm", GSP__CLASSES_LLM, &llm_node, "llm_fallback_attempt", 0),
    MODEL_ROWS("tts", GSP__CLASS_TEXT_TO_SPEECH, &tts_node, "tts_fallback_stream_attempt", N_ROWS_OF_ONE),
    GSP__LIVEKIT_OTHER_ROWS(&other_node, &user_turn),
};

const struct gsp__dialect gsp__dialect_livekit_js = {
    .name = "livekit-js",
    .schema_url = "",
    .keys =
        {
            [GSP__ROLE_OPERATION] = {request, usage, request_computed},
            [GSP__ROLE_ATTEMPT] = {run, NULL, run_computed},
            [GSP__ROLE_STEP] = {request, usage, request_computed},
        },
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
};
