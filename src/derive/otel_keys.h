/*
 * Keys of OpenTelemetry's GenAI conventions and of genspan's own: rows for the tables of the dialects that
 * are built upon them. A table lists what it has otherwise after them: the later row stands.
 */
#ifndef GSP_DERIVE_OTEL_KEYS_H
#define GSP_DERIVE_OTEL_KEYS_H

#include "derive/dialect.h"

/* Facts on operations, and on spans that are none. */
#define GSP__OTEL_OPERATION_KEYS                                                                             \
    [GSP_FACT_OPERATION] = GSP__KEY("gen_ai.operation.name"),                                                \
    [GSP_FACT_PROVIDER] = GSP__KEY("gen_ai.provider.name"),                                                  \
    [GSP_FACT_REQUEST_MODEL] = GSP__KEY("gen_ai.request.model"),                                             \
    [GSP_FACT_RESPONSE_MODEL] = GSP__KEY("gen_ai.response.model"),                                           \
    [GSP_FACT_RESPONSE_ID] = GSP__KEY("gen_ai.response.id"),                                                 \
    [GSP_FACT_FINISH_REASON] = GSP__KEY("gen_ai.response.finish_reasons"),                                   \
    [GSP_FACT_CONVERSATION_ID] = GSP__KEY("gen_ai.conversation.id"),                                         \
    [GSP_FACT_OUTPUT_TYPE] = GSP__KEY("gen_ai.output.type"),                                                 \
    [GSP_FACT_STREAM] = GSP__KEY("gen_ai.request.stream"),                                                   \
    [GSP_FACT_CHOICE_COUNT] = GSP__KEY("gen_ai.request.choice.count"),                                       \
    [GSP_FACT_SEED] = GSP__KEY("gen_ai.request.seed"), [GSP_FACT_TOP_K] = GSP__KEY("gen_ai.request.top_k"),  \
    [GSP_FACT_MAX_TOKENS] = GSP__KEY("gen_ai.request.max_tokens"),                                           \
    [GSP_FACT_TEMPERATURE] = GSP__KEY("gen_ai.request.temperature"),                                         \
    [GSP_FACT_TOP_P] = GSP__KEY("gen_ai.request.top_p"),                                                     \
    [GSP_FACT_FREQUENCY_PENALTY] = GSP__KEY("gen_ai.request.frequency_penalty"),                             \
    [GSP_FACT_PRESENCE_PENALTY] = GSP__KEY("gen_ai.request.presence_penalty"),                               \
    [GSP_FACT_STOP_SEQUENCE] = GSP__KEY("gen_ai.request.stop_sequences"),                                    \
    [GSP_FACT_ENCODING_FORMAT] = GSP__KEY("gen_ai.request.encoding_formats"),                                \
    [GSP_FACT_REASONING_LEVEL] = GSP__KEY("gen_ai.request.reasoning.level"),                                 \
    [GSP_FACT_PREVIOUS_RESPONSE_ID] = GSP__KEY("gen_ai.request.previous_response.id"),                       \
    [GSP_FACT_SERVER_ADDRESS] = GSP__KEY("server.address"),                                                  \
    [GSP_FACT_SERVER_PORT] = GSP__KEY("server.port"),                                                        \
    [GSP_FACT_REQUEST_ID] = GSP__KEY("genspan.provider.request_ids"),                                        \
    [GSP_FACT_SERVICE_TIER] = GSP__KEY("openai.response.service_tier"),                                      \
    [GSP_FACT_REQUEST_SERVICE_TIER] = GSP__KEY("openai.request.service_tier"),                               \
    [GSP_FACT_SYSTEM_FINGERPRINT] = GSP__KEY("openai.response.system_fingerprint"),                          \
    [GSP_FACT_API_TYPE] = GSP__KEY("openai.api.type"), [GSP_FACT_USER_ID] = GSP__KEY("user.id"),             \
    [GSP_FACT_SESSION_ID] = GSP__KEY("session.id"), [GSP_FACT_TENANT] = GSP__KEY("genspan.tenant"),          \
    [GSP_FACT_BILLABLE] = GSP__KEY("genspan.billable"), [GSP_FACT_TOOL_NAME] = GSP__KEY("gen_ai.tool.name"), \
    [GSP_FACT_TOOL_CALL_ID] = GSP__KEY("gen_ai.tool.call.id"),                                               \
    [GSP_FACT_TOOL_TYPE] = GSP__KEY("gen_ai.tool.type"),                                                     \
    [GSP_FACT_AGENT_NAME] = GSP__KEY("gen_ai.agent.name"),                                                   \
    [GSP_FACT_AGENT_ID] = GSP__KEY("gen_ai.agent.id"),                                                       \
    [GSP_FACT_WORKFLOW_NAME] = GSP__KEY("gen_ai.workflow.name"),                                             \
    [GSP_FACT_DATA_SOURCE_ID] = GSP__KEY("gen_ai.data_source.id"),                                           \
    [GSP_FACT_HTTP_STATUS] = GSP__KEY("http.response.status_code"),                                          \
    [GSP_FACT_RESPONSE_STATUS] = GSP__KEY("genspan.response.status"),                                        \
    [GSP_FACT_MATCHED_STOP] = GSP__KEY("genspan.response.stop_sequence"),                                    \
    [GSP_FACT_SAFETY_BLOCK] = GSP__KEY("genspan.response.safety_blocks"),                                    \
    [GSP_FACT_EMBEDDING_DIMENSION] = GSP__KEY("gen_ai.embeddings.dimension.count"),                          \
    [GSP_FACT_INPUT_CHARACTERS] = GSP__KEY("genspan.usage.input_characters"),                                \
    [GSP_FACT_INPUT_AUDIO_SECONDS] = GSP__KEY("genspan.usage.input_audio_seconds"),                          \
    [GSP_FACT_OUTPUT_AUDIO_SECONDS] = GSP__KEY("genspan.usage.output_audio_seconds"),                        \
    [GSP_FACT_OUTPUT_AUDIO_BYTES] = GSP__KEY("genspan.usage.output_audio_bytes"),                            \
    [GSP_FACT_CREDITS] = GSP__KEY("genspan.usage.credits"),                                                  \
    [GSP_FACT_WEB_SEARCHES] = GSP__KEY("genspan.usage.web_searches"),                                        \
    [GSP_FACT_VOICE] = GSP__KEY("genspan.request.voice"),                                                    \
    [GSP_FACT_CONVERSATION_COMPACTED] = GSP__KEY("gen_ai.conversation.compacted"),                           \
    [GSP_FACT_STREAM_CURSOR] = GSP__KEY("gen_ai.request.stream_cursor"),                                     \
    [GSP_FACT_RETRIEVAL_TOP_K] = GSP__KEY("gen_ai.retrieval.top_k"),                                         \
    [GSP_FACT_PROMPT_NAME] = GSP__KEY("gen_ai.prompt.name"),                                                 \
    [GSP_FACT_PROMPT_VERSION] = GSP__KEY("gen_ai.prompt.version"),                                           \
    [GSP_FACT_TASK_ID] = GSP__KEY("genspan.task.id"),                                                        \
    [GSP_FACT_INPUT_LANGUAGE] = GSP__KEY("genspan.request.language"),                                        \
    [GSP_FACT_RESOURCE_NAMESPACE] = GSP__KEY("azure.resource_provider.namespace"),                           \
    [GSP_FACT_GUARDRAIL_ID] = GSP__KEY("aws.bedrock.guardrail.id"),                                          \
    [GSP_FACT_KNOWLEDGE_BASE_ID] = GSP__KEY("aws.bedrock.knowledge_base.id"),                                \
    [GSP_FACT_RETRY_GROUP] = GSP__KEY("genspan.retry_group"),                                                \
    [GSP_FACT_AGENT_DESCRIPTION] = GSP__KEY("gen_ai.agent.description"),                                     \
    [GSP_FACT_AGENT_VERSION] = GSP__KEY("gen_ai.agent.version"),                                             \
    [GSP_FACT_TOOL_DESCRIPTION] = GSP__KEY("gen_ai.tool.description"),                                       \
    [GSP_FACT_MEMORY_STORE_ID] = GSP__KEY("gen_ai.memory.store.id"),                                         \
    [GSP_FACT_MEMORY_RECORD_ID] = GSP__KEY("gen_ai.memory.record.id"),                                       \
    [GSP_FACT_MEMORY_RECORD_COUNT] = GSP__KEY("gen_ai.memory.record.count"),                                 \
    [GSP_FACT_TOOL_IS_ERROR] = GSP__KEY("genspan.tool.is_error"),                                            \
    [GSP_FACT_AGENT_ROLE] = GSP__KEY("genspan.agent.role"), [GSP_FACT_OP_ID] = GSP__KEY("genspan.op.id"),    \
    [GSP_FACT_EVALUATION_NAME] = GSP__KEY("gen_ai.evaluation.name"),                                         \
    [GSP_FACT_EVALUATION_SCORE] = GSP__KEY("gen_ai.evaluation.score.value"),                                 \
    [GSP_FACT_EVALUATION_LABEL] = GSP__KEY("gen_ai.evaluation.score.label"),                                 \
    [GSP_FACT_EVALUATION_EXPLANATION] = GSP__KEY("gen_ai.evaluation.explanation"),                           \
    [GSP_FACT_SPEECH_ID] = GSP__KEY("genspan.turn.speech_id"),                                               \
    [GSP_FACT_GENERATION_ID] = GSP__KEY("genspan.turn.generation_id"),                                       \
    [GSP_FACT_PARENT_GENERATION_ID] = GSP__KEY("genspan.turn.parent_generation_id"),                         \
    [GSP_FACT_INTERRUPTED] = GSP__KEY("genspan.turn.interrupted"),                                           \
    [GSP__FACT_TRANSCRIPT] = GSP__KEY("genspan.turn.transcript"),                                            \
    [GSP_FACT_TRANSCRIPT_CONFIDENCE] = GSP__KEY("genspan.turn.transcript_confidence"),                       \
    [GSP_FACT_TRANSCRIPTION_DELAY] = GSP__KEY("genspan.turn.transcription_delay"),                           \
    [GSP_FACT_END_OF_TURN_DELAY] = GSP__KEY("genspan.turn.end_of_turn_delay"),                               \
    [GSP_FACT_E2E_LATENCY] = GSP__KEY("genspan.turn.e2e_latency"),                                           \
    [GSP_FACT_EOU_PROBABILITY] = GSP__KEY("genspan.eou.probability"),                                        \
    [GSP_FACT_EOU_THRESHOLD] = GSP__KEY("genspan.eou.unlikely_threshold"),                                   \
    [GSP_FACT_ENDPOINTING_DELAY] = GSP__KEY("genspan.eou.endpointing_delay"),                                \
    [GSP_FACT_EOU_LANGUAGE] = GSP__KEY("genspan.eou.language"),                                              \
    [GSP_FACT_EOU_SOURCE] = GSP__KEY("genspan.eou.source"),                                                  \
    [GSP_FACT_EOU_DETECTION_DELAY] = GSP__KEY("genspan.eou.detection_delay"),                                \
    [GSP_FACT_EOU_FROM_CACHE] = GSP__KEY("genspan.eou.from_cache"),                                          \
    [GSP_FACT_PARTICIPANT_ID] = GSP__KEY("genspan.participant.id"),                                          \
    [GSP_FACT_PARTICIPANT_KIND] = GSP__KEY("genspan.participant.kind"),                                      \
    [GSP_FACT_PARTICIPANT_IDENTITY] = GSP__KEY("genspan.pii.participant_identity"),                          \
    [GSP_FACT_FUNCTION_TOOL] = GSP__KEY("genspan.node.function_tools"),                                      \
    [GSP_FACT_PROVIDER_TOOL] = GSP__KEY("genspan.node.provider_tools"),                                      \
    [GSP_FACT_TOOL_SET] = GSP__KEY("genspan.node.tool_sets"),                                                \
    [GSP_FACT_TTS_STREAMING] = GSP__KEY("genspan.tts.streaming"),                                            \
    [GSP_FACT_TTS_LABEL] = GSP__KEY("genspan.tts.label"),                                                    \
    [GSP_FACT_AGENT_LABEL] = GSP__KEY("genspan.agent.label"),                                                \
    [GSP_FACT_IS_INTERRUPTION] = GSP__KEY("genspan.interruption.detected"),                                  \
    [GSP_FACT_INTERRUPTION_PROBABILITY] = GSP__KEY("genspan.interruption.probability"),                      \
    [GSP_FACT_INTERRUPTION_TOTAL_DURATION] = GSP__KEY("genspan.interruption.total_duration"),                \
    [GSP_FACT_INTERRUPTION_PREDICTION_DURATION] = GSP__KEY("genspan.interruption.prediction_duration"),      \
    [GSP_FACT_INTERRUPTION_DETECTION_DELAY] = GSP__KEY("genspan.interruption.detection_delay"),              \
    [GSP_FACT_TURN_COMPLETED_DELAY] = GSP__KEY("genspan.turn.completed_delay"),                              \
    [GSP_FACT_CONNECTION_TIME] = GSP__KEY("genspan.connection.acquire_time"),                                \
    [GSP_FACT_CONNECTION_REUSED] = GSP__KEY("genspan.connection.reused"),                                    \
    [GSP_FACT_PLAYBACK_LATENCY] = GSP__KEY("genspan.turn.playback_latency")

/* Facts on attempts. */
#define GSP__OTEL_ATTEMPT_KEYS                                                                               \
    [GSP_FACT_PROVIDER] = GSP__KEY("genspan.attempt.provider"),                                              \
    [GSP_FACT_REQUEST_MODEL] = GSP__KEY("genspan.attempt.model"),                                            \
    [GSP_FACT_RESPONSE_MODEL] = GSP__KEY("genspan.attempt.response_model"),                                  \
    [GSP_FACT_TARGET_NAME] = GSP__KEY("genspan.target.name"),                                                \
    [GSP_FACT_SERVER_ADDRESS] = GSP__KEY("server.address"),                                                  \
    [GSP_FACT_SERVER_PORT] = GSP__KEY("server.port"),                                                        \
    [GSP_FACT_HTTP_STATUS] = GSP__KEY("http.response.status_code"),                                          \
    [GSP_FACT_REQUEST_ID] = GSP__KEY("genspan.provider.request_ids"),                                        \
    [GSP_FACT_QUEUE_TIME] = GSP__KEY("genspan.provider.queue_time"),                                         \
    [GSP_FACT_PROMPT_TIME] = GSP__KEY("genspan.provider.prompt_time"),                                       \
    [GSP_FACT_PROCESSING_TIME] = GSP__KEY("genspan.provider.processing_time"),                               \
    [GSP_FACT_REQUESTS_LIMIT] = GSP__KEY("genspan.ratelimit.requests.limit"),                                \
    [GSP_FACT_REQUESTS_REMAINING] = GSP__KEY("genspan.ratelimit.requests.remaining"),                        \
    [GSP_FACT_REQUESTS_RESET] = GSP__KEY("genspan.ratelimit.requests.reset"),                                \
    [GSP_FACT_TOKENS_LIMIT] = GSP__KEY("genspan.ratelimit.tokens.limit"),                                    \
    [GSP_FACT_TOKENS_REMAINING] = GSP__KEY("genspan.ratelimit.tokens.remaining"),                            \
    [GSP_FACT_TOKENS_RESET] = GSP__KEY("genspan.ratelimit.tokens.reset")

/* Facts on events. */
#define GSP__OTEL_EVENT_KEYS                                                                                 \
    [GSP_FACT_OPERATION] = GSP__KEY("gen_ai.operation.name"),                                                \
    [GSP_FACT_PROVIDER] = GSP__KEY("gen_ai.provider.name"),                                                  \
    [GSP_FACT_REQUEST_MODEL] = GSP__KEY("gen_ai.request.model"),                                             \
    [GSP_FACT_RESPONSE_MODEL] = GSP__KEY("gen_ai.response.model"),                                           \
    [GSP_FACT_RESPONSE_ID] = GSP__KEY("gen_ai.response.id"),                                                 \
    [GSP_FACT_MESSAGE_COUNT] = GSP__KEY("gen_ai.request.message_count"),                                     \
    [GSP_FACT_HTTP_STATUS] = GSP__KEY("http.response.status_code"),                                          \
    [GSP_FACT_TOOL_NAME] = GSP__KEY("gen_ai.tool.name"),                                                     \
    [GSP_FACT_TOOL_CALL_ID] = GSP__KEY("gen_ai.tool.call.id"),                                               \
    [GSP_FACT_TOOL_ARGUMENTS] = GSP__KEY("gen_ai.tool.arguments"),                                           \
    [GSP_FACT_TOKENS_SO_FAR] = GSP__KEY("gen_ai.stream.tokens_so_far"),                                      \
    [GSP_FACT_RETRY_ATTEMPT] = GSP__KEY("retry.attempt"),                                                    \
    [GSP_FACT_RETRY_REASON] = GSP__KEY("retry.reason"),                                                      \
    [GSP_FACT_RETRY_DELAY_MS] = GSP__KEY("retry.delay_ms"),                                                  \
    [GSP_FACT_INPUT_TOKENS] = GSP__KEY("gen_ai.usage.input_tokens"),                                         \
    [GSP_FACT_OUTPUT_TOKENS] = GSP__KEY("gen_ai.usage.output_tokens"),                                       \
    [GSP_FACT_TOTAL_TOKENS] = GSP__KEY("gen_ai.usage.total_tokens"),                                         \
    [GSP_FACT_FINISH_REASONS] = GSP__KEY("gen_ai.response.finish_reasons")

/* The usage; the conventions' v1.41 has no words for its parts by modality. */
#define GSP__OTEL_USAGE_KEYS                                                                                 \
    [GSP_USAGE_INPUT_TOKENS] = GSP__KEY("gen_ai.usage.input_tokens"),                                        \
    [GSP_USAGE_OUTPUT_TOKENS] = GSP__KEY("gen_ai.usage.output_tokens"),                                      \
    [GSP_USAGE_CACHE_READ_TOKENS] = GSP__KEY("gen_ai.usage.cache_read.input_tokens"),                        \
    [GSP_USAGE_CACHE_WRITE_TOKENS] = GSP__KEY("gen_ai.usage.cache_creation.input_tokens"),                   \
    [GSP_USAGE_REASONING_TOKENS] = GSP__KEY("gen_ai.usage.reasoning.output_tokens"),                         \
    [GSP_USAGE_AUDIO_INPUT_TOKENS] = GSP__KEY("genspan.usage.audio_input_tokens"),                           \
    [GSP_USAGE_AUDIO_OUTPUT_TOKENS] = GSP__KEY("genspan.usage.audio_output_tokens"),                         \
    [GSP_USAGE_TEXT_INPUT_TOKENS] = GSP__KEY("genspan.usage.text_input_tokens"),                             \
    [GSP_USAGE_TEXT_OUTPUT_TOKENS] = GSP__KEY("genspan.usage.text_output_tokens"),                           \
    [GSP_USAGE_IMAGE_INPUT_TOKENS] = GSP__KEY("genspan.usage.image_input_tokens"),                           \
    [GSP_USAGE_IMAGE_OUTPUT_TOKENS] = GSP__KEY("genspan.usage.image_output_tokens"),                         \
    [GSP_USAGE_CACHE_WRITE_1H_TOKENS] = GSP__KEY("genspan.usage.cache_write_1h_input_tokens"),               \
    [GSP_USAGE_TOOL_USE_TOKENS] = GSP__KEY("genspan.usage.tool_use_input_tokens"),                           \
    [GSP_USAGE_BILLED_INPUT_TOKENS] = GSP__KEY("genspan.usage.billed_input_tokens"),                         \
    [GSP_USAGE_BILLED_OUTPUT_TOKENS] = GSP__KEY("genspan.usage.billed_output_tokens")

/* The usage that was wasted, on the attempt. */
#define GSP__OTEL_WASTED_KEYS                                                                                \
    [GSP_USAGE_INPUT_TOKENS] = GSP__KEY("genspan.attempt.usage.input_tokens"),                               \
    [GSP_USAGE_OUTPUT_TOKENS] = GSP__KEY("genspan.attempt.usage.output_tokens"),                             \
    [GSP_USAGE_CACHE_READ_TOKENS] = GSP__KEY("genspan.attempt.usage.cache_read_input_tokens"),               \
    [GSP_USAGE_CACHE_WRITE_TOKENS] = GSP__KEY("genspan.attempt.usage.cache_write_input_tokens"),             \
    [GSP_USAGE_REASONING_TOKENS] = GSP__KEY("genspan.attempt.usage.reasoning_output_tokens"),                \
    [GSP_USAGE_AUDIO_INPUT_TOKENS] = GSP__KEY("genspan.attempt.usage.audio_input_tokens"),                   \
    [GSP_USAGE_AUDIO_OUTPUT_TOKENS] = GSP__KEY("genspan.attempt.usage.audio_output_tokens"),                 \
    [GSP_USAGE_TEXT_INPUT_TOKENS] = GSP__KEY("genspan.attempt.usage.text_input_tokens"),                     \
    [GSP_USAGE_TEXT_OUTPUT_TOKENS] = GSP__KEY("genspan.attempt.usage.text_output_tokens"),                   \
    [GSP_USAGE_IMAGE_INPUT_TOKENS] = GSP__KEY("genspan.attempt.usage.image_input_tokens"),                   \
    [GSP_USAGE_IMAGE_OUTPUT_TOKENS] = GSP__KEY("genspan.attempt.usage.image_output_tokens"),                 \
    [GSP_USAGE_CACHE_WRITE_1H_TOKENS] = GSP__KEY("genspan.attempt.usage.cache_write_1h_input_tokens"),       \
    [GSP_USAGE_TOOL_USE_TOKENS] = GSP__KEY("genspan.attempt.usage.tool_use_input_tokens"),                   \
    [GSP_USAGE_BILLED_INPUT_TOKENS] = GSP__KEY("genspan.attempt.usage.billed_input_tokens"),                 \
    [GSP_USAGE_BILLED_OUTPUT_TOKENS] = GSP__KEY("genspan.attempt.usage.billed_output_tokens")

/* What is computed. */
#define GSP__OTEL_COMPUTED_KEYS                                                                              \
    [GSP__KEY_OUTCOME] = GSP__KEY("genspan.outcome"), [GSP__KEY_ERROR_TYPE] = GSP__KEY("error.type"),        \
    [GSP__KEY_ATTEMPTS] = GSP__KEY("genspan.operation.attempts"),                                            \
    [GSP__KEY_WAIT] = GSP__KEY("genspan.operation.wait"),                                                    \
    [GSP__KEY_ATTEMPT_NUMBER] = GSP__KEY("genspan.attempt.number"),                                          \
    [GSP__KEY_ATTEMPT_KIND] = GSP__KEY("genspan.attempt.kind"),                                              \
    [GSP__KEY_TARGET_INDEX] = GSP__KEY("genspan.target.index"),                                              \
    [GSP__KEY_FIRST_CHUNK] = GSP__KEY("gen_ai.response.time_to_first_chunk"),                                \
    [GSP__KEY_ATTEMPT_FIRST_CHUNK] = GSP__KEY("genspan.attempt.time_to_first_chunk"),                        \
    [GSP__KEY_FIRST_BYTE] = GSP__KEY("genspan.time_to_first_byte"),                                          \
    [GSP__KEY_CHUNKS] = GSP__KEY("genspan.stream.chunks"),                                                   \
    [GSP__KEY_OUTPUT_RATE] = GSP__KEY("genspan.stream.output_rate"),                                         \
    [GSP__KEY_INTERVAL_MIN] = GSP__KEY("genspan.stream.interval.min"),                                       \
    [GSP__KEY_INTERVAL_AVG] = GSP__KEY("genspan.stream.interval.avg"),                                       \
    [GSP__KEY_INTERVAL_P50] = GSP__KEY("genspan.stream.interval.p50"),                                       \
    [GSP__KEY_INTERVAL_P90] = GSP__KEY("genspan.stream.interval.p90"),                                       \
    [GSP__KEY_INTERVAL_MAX] = GSP__KEY("genspan.stream.interval.max"),                                       \
    [GSP__KEY_USAGE_SOURCE] = GSP__KEY("genspan.usage.source"),                                              \
    [GSP__KEY_INPUT_MESSAGES] = GSP__KEY("gen_ai.input.messages"),                                           \
    [GSP__KEY_OUTPUT_MESSAGES] = GSP__KEY("gen_ai.output.messages"),                                         \
    [GSP__KEY_INSTRUCTIONS] = GSP__KEY("gen_ai.system_instructions"),                                        \
    [GSP__KEY_TOOL_DEFINITIONS] = GSP__KEY("gen_ai.tool.definitions"),                                       \
    [GSP__KEY_TOOL_ARGUMENTS] = GSP__KEY("gen_ai.tool.call.arguments"),                                      \
    [GSP__KEY_TOOL_RESULT] = GSP__KEY("gen_ai.tool.call.result"),                                            \
    [GSP__KEY_QUERY] = GSP__KEY("gen_ai.retrieval.query.text"),                                              \
    [GSP__KEY_DOCUMENTS] = GSP__KEY("gen_ai.retrieval.documents")

/* The tree of spans: one per operation, with one per attempt beneath it. `flags`: of the attempts. */
#define GSP__OTEL_OPERATION_ROW(name, classes)                                                               \
    {                                                                                                        \
        name, classes, GSP__ROLE_OPERATION, GSP__PER_OPERATION, GSP__ALWAYS, 0, GSP__ROW_LIFECYCLE,          \
            GSP__UNDER_CALLER                                                                                \
    }
#define GSP__OTEL_OPERATION_ROWS                                                                             \
    GSP__OTEL_OPERATION_ROW("{operation} {model}", GSP__CLASSES_BILLABLE | GSP__CLASS_OTHER),                \
        GSP__OTEL_OPERATION_ROW("{operation} {tool}", GSP__CLASS_TOOL),                                      \
        GSP__OTEL_OPERATION_ROW("{operation} {agent}", GSP__CLASS_AGENT | GSP__CLASS_AGENT_STEP),            \
        GSP__OTEL_OPERATION_ROW("{operation} {workflow}", GSP__CLASS_WORKFLOW),                              \
        GSP__OTEL_OPERATION_ROW("{operation} {source}", GSP__CLASS_RETRIEVAL),                               \
        GSP__OTEL_OPERATION_ROW(NULL, GSP__CLASS_SPAN)
#define GSP__OTEL_ROWS                                                                                       \
    GSP__OTEL_OPERATION_ROWS,                                                                                \
    {                                                                                                        \
        "{operation} attempt", GSP__CLASSES_OPERATIONS, GSP__ROLE_ATTEMPT, GSP__PER_ATTEMPT, GSP__ALWAYS, 0, \
            GSP__ROW_WASTED_USAGE | GSP__ROW_IF_LONE_WANTED | GSP__ROW_LIFECYCLE, GSP__UNDER_OPERATION       \
    }

#endif
