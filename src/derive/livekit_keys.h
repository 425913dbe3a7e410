/*
 * Keys that LiveKit's agents have in Python and in JavaScript alike: rows for the tables of both dialects.
 */
#ifndef GSP_DERIVE_LIVEKIT_KEYS_H
#define GSP_DERIVE_LIVEKIT_KEYS_H

#include <genspan/span.h>

#include "derive/dialect.h"

/* The labels of who answered. */
#define GSP__LIVEKIT_LABEL_KEYS                                                                              \
    [GSP_FACT_PROVIDER] = GSP__KEY("gen_ai.provider.name"), [GSP_FACT_REQUEST_MODEL] =                       \
                                                                GSP__KEY("gen_ai.request.model")

#define GSP__LIVEKIT_REQUEST_KEYS                                                                            \
    GSP__LIVEKIT_LABEL_KEYS, [GSP_FACT_OPERATION] = GSP__KEY("gen_ai.operation.name"),                       \
                             [GSP_FACT_TTS_STREAMING] = GSP__KEY("lk.tts.streaming"),                        \
                             [GSP_FACT_TTS_LABEL] = GSP__KEY("lk.tts.label")

/* Of nodes, turns, tools, and whatever spans the program has of its own. */
#define GSP__LIVEKIT_NODE_KEYS                                                                               \
    GSP__LIVEKIT_LABEL_KEYS,                                                                                 \
        [GSP_FACT_FUNCTION_TOOL] = GSP__KEY("lk.function_tools"),                                            \
        [GSP_FACT_PROVIDER_TOOL] = GSP__KEY("lk.provider_tools"),                                            \
        [GSP_FACT_TOOL_SET] = GSP__KEY("lk.tool_sets"), [GSP_FACT_SPEECH_ID] = GSP__KEY("lk.speech_id"),     \
        [GSP_FACT_AGENT_LABEL] = GSP__KEY("lk.agent_label"),                                                 \
        [GSP_FACT_GENERATION_ID] = GSP__KEY("lk.generation_id"),                                             \
        [GSP_FACT_PARENT_GENERATION_ID] = GSP__KEY("lk.parent_generation_id"),                               \
        [GSP_FACT_INTERRUPTED] = GSP__KEY("lk.interrupted"),                                                 \
        [GSP__FACT_TRANSCRIPT] = GSP__KEY("lk.pii.user_transcript"),                                         \
        [GSP_FACT_TRANSCRIPT_CONFIDENCE] = GSP__KEY("lk.transcript_confidence"),                             \
        [GSP_FACT_TRANSCRIPTION_DELAY] = GSP__KEY("lk.transcription_delay"),                                 \
        [GSP_FACT_END_OF_TURN_DELAY] = GSP__KEY("lk.end_of_turn_delay"),                                     \
        [GSP_FACT_E2E_LATENCY] = GSP__KEY("lk.e2e_latency"),                                                 \
        [GSP_FACT_EOU_PROBABILITY] = GSP__KEY("lk.eou.probability"),                                         \
        [GSP_FACT_EOU_THRESHOLD] = GSP__KEY("lk.eou.unlikely_threshold"),                                    \
        [GSP_FACT_ENDPOINTING_DELAY] = GSP__KEY("lk.eou.endpointing_delay"),                                 \
        [GSP_FACT_EOU_LANGUAGE] = GSP__KEY("lk.eou.language"),                                               \
        [GSP_FACT_EOU_SOURCE] = GSP__KEY("lk.eou.source"),                                                   \
        [GSP_FACT_EOU_DETECTION_DELAY] = GSP__KEY("lk.eou.detection_delay"),                                 \
        [GSP_FACT_EOU_FROM_CACHE] = GSP__KEY("lk.eou.from_cache"),                                           \
        [GSP_FACT_PARTICIPANT_ID] = GSP__KEY("lk.participant_id"),                                           \
        [GSP_FACT_PARTICIPANT_KIND] = GSP__KEY("lk.participant_kind"),                                       \
        [GSP_FACT_PARTICIPANT_IDENTITY] = GSP__KEY("lk.pii.participant_identity"),                           \
        [GSP_FACT_IS_INTERRUPTION] = GSP__KEY("lk.is_interruption"),                                         \
        [GSP_FACT_INTERRUPTION_PROBABILITY] = GSP__KEY("lk.interruption.probability"),                       \
        [GSP_FACT_INTERRUPTION_TOTAL_DURATION] = GSP__KEY("lk.interruption.total_duration"),                 \
        [GSP_FACT_INTERRUPTION_PREDICTION_DURATION] = GSP__KEY("lk.interruption.prediction_duration"),       \
        [GSP_FACT_INTERRUPTION_DETECTION_DELAY] = GSP__KEY("lk.interruption.detection_delay"),               \
        [GSP_FACT_TOOL_CALL_ID] = GSP__KEY("lk.function_tool.id"),                                           \
        [GSP_FACT_TOOL_NAME] = GSP__KEY("lk.function_tool.name"),                                            \
        [GSP_FACT_TOOL_IS_ERROR] = GSP__KEY("lk.function_tool.is_error")

/* ID-4: of attempts and of the user's turn. */
#define GSP__LIVEKIT_ID_KEY [GSP_FACT_REQUEST_ID] = GSP__KEY("lk.provider_request_ids")

#define GSP__LIVEKIT_USAGE_KEYS                                                                              \
    [GSP_USAGE_INPUT_TOKENS] = GSP__KEY("gen_ai.usage.input_tokens"),                                        \
    [GSP_USAGE_OUTPUT_TOKENS] = GSP__KEY("gen_ai.usage.output_tokens"),                                      \
    [GSP_USAGE_CACHE_READ_TOKENS] = GSP__KEY("gen_ai.usage.cache_read.input_tokens"),                        \
    [GSP_USAGE_TEXT_INPUT_TOKENS] = GSP__KEY("gen_ai.usage.input_text_tokens"),                              \
    [GSP_USAGE_AUDIO_INPUT_TOKENS] = GSP__KEY("gen_ai.usage.input_audio_tokens"),                            \
    [GSP_USAGE_TEXT_OUTPUT_TOKENS] = GSP__KEY("gen_ai.usage.output_text_tokens"),                            \
    [GSP_USAGE_AUDIO_OUTPUT_TOKENS] = GSP__KEY("gen_ai.usage.output_audio_tokens")

/* What is computed, on requests, on attempts, on nodes. */
#define GSP__LIVEKIT_REQUEST_COMPUTED                                                                        \
    [GSP__KEY_LLM_METRICS] = GSP__KEY("lk.llm_metrics"),                                                     \
    [GSP__KEY_TTS_METRICS] = GSP__KEY("lk.tts_metrics"),                                                     \
    [GSP__KEY_COMPLETION_START] = GSP__KEY("langfuse.observation.completion_start_time")
#define GSP__LIVEKIT_RUN_COMPUTED      [GSP__KEY_RETRY_COUNT] = GSP__KEY("lk.retry_count")
#define GSP__LIVEKIT_LLM_NODE_COMPUTED [GSP__KEY_FIRST_CHUNK] = GSP__KEY("lk.response.ttft")
#define GSP__LIVEKIT_TTS_NODE_COMPUTED [GSP__KEY_FIRST_CHUNK] = GSP__KEY("lk.response.ttfb")

/* Rows, all INTERNAL but for spans of the program's own. */
#define GSP__LIVEKIT_ROW(name, classes, role, keys, level, when, flags, parent)                              \
    {                                                                                                        \
        name, classes, GSP__ROLE_##role, GSP__PER_##level, GSP__##when, GSP_SPAN_INTERNAL, flags, parent,    \
            keys                                                                                             \
    }

/* What is neither a model nor speech that goes out: a turn that consists of a transcription, tools, agents,
 * the rest; spans of the program, turns with their ids among them. */
#define GSP__LIVEKIT_OTHER_ROWS(node, turn)                                                                  \
    GSP__LIVEKIT_ROW("user_turn", GSP__CLASS_SPEECH_TO_TEXT, OPERATION, turn, OPERATION, IF_ROOT, 0,         \
                     GSP__UNDER_CALLER),                                                                     \
        GSP__LIVEKIT_ROW("{operation} {model}", GSP__CLASS_SPEECH_TO_TEXT, OPERATION, turn, OPERATION,       \
                         IF_CHILD, 0, GSP__UNDER_CALLER),                                                    \
        GSP__LIVEKIT_ROW("function_tool", GSP__CLASS_TOOL, OPERATION, node, OPERATION, ALWAYS, 0,            \
                         GSP__UNDER_CALLER),                                                                 \
        GSP__LIVEKIT_ROW("agent_turn", GSP__CLASS_AGENT, OPERATION, node, OPERATION, ALWAYS, 0,              \
                         GSP__UNDER_CALLER),                                                                 \
        GSP__LIVEKIT_ROW("{operation} {model}",                                                              \
                         GSP__CLASS_EMBEDDINGS | GSP__CLASS_WORKFLOW | GSP__CLASS_RETRIEVAL |                \
                             GSP__CLASS_AGENT_STEP | GSP__CLASS_OTHER,                                       \
                         OPERATION, NULL, OPERATION, ALWAYS, 0, GSP__UNDER_CALLER),                          \
    {                                                                                                        \
        NULL, GSP__CLASS_SPAN, GSP__ROLE_OPERATION, GSP__PER_OPERATION, GSP__ALWAYS, 0, 0,                   \
            GSP__UNDER_CALLER, turn                                                                          \
    }

#endif
