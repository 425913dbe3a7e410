/*
 * genspan/facts.h: the vocabulary of facts.
 *
 * A fact is a typed value with a number that never changes. What key it becomes (gen_ai.*, lk.*,
 * llm.* ...) is a matter of the dialect and decided when the record is exported, not here. Where a
 * comment names a key it is the one of dialect `otel`.
 *
 * The type after each fact is the only one its setter takes: S string, L list of strings (added one
 * by one, duplicates dropped at export), I int, D double, B bool. Set twice, the last value stands. The
 * setters are in genspan/span.h, and their rules with them; here are numbers only.
 */
#ifndef GENSPAN_FACTS_H
#define GENSPAN_FACTS_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The facts. Numbers are never changed or used again. `s` after a type is the unit: seconds; tokens, bytes
 * and counts have none. Since 0.1. Source: OpenTelemetry GenAI semantic conventions; semantics.md, "Keys of
 * genspan's own".
 */
typedef enum gsp_fact {
    GSP_FACT_NONE = 0,

    /* the operation, as the caller asks for it */
    GSP_FACT_OPERATION = 1,       /* S chat, embeddings ...: gen_ai.operation.name */
    GSP_FACT_PROVIDER = 2,        /* S openai, aws.bedrock ...: gen_ai.provider.name */
    GSP_FACT_REQUEST_MODEL = 3,   /* S on an operation asked for, on an attempt sent */
    GSP_FACT_RESPONSE_MODEL = 4,  /* S the model that answered */
    GSP_FACT_RESPONSE_ID = 5,     /* S the provider's id of the response body */
    GSP_FACT_FINISH_REASON = 6,   /* L the provider's own words, one per choice, by choice index */
    GSP_FACT_CONVERSATION_ID = 7, /* S given by the caller, never made up */
    GSP_FACT_OUTPUT_TYPE = 8,     /* S text, json, image, speech */

    /* request parameters */
    GSP_FACT_STREAM = 16,                 /* B gen_ai.request.stream */
    GSP_FACT_CHOICE_COUNT = 17,           /* I */
    GSP_FACT_SEED = 18,                   /* I */
    GSP_FACT_TOP_K = 19,                  /* I */
    GSP_FACT_MAX_TOKENS = 20,             /* I */
    GSP_FACT_TEMPERATURE = 21,            /* D */
    GSP_FACT_TOP_P = 22,                  /* D */
    GSP_FACT_FREQUENCY_PENALTY = 23,      /* D */
    GSP_FACT_PRESENCE_PENALTY = 24,       /* D */
    GSP_FACT_STOP_SEQUENCE = 25,          /* L gen_ai.request.stop_sequences */
    GSP_FACT_ENCODING_FORMAT = 26,        /* L gen_ai.request.encoding_formats */
    GSP_FACT_REASONING_LEVEL = 27,        /* S the provider's own word */
    GSP_FACT_MESSAGE_COUNT = 28,          /* I length of the request's messages */
    GSP_FACT_TOOL_COUNT = 29,             /* I length of the request's tools */
    GSP_FACT_RESPONSE_FORMAT = 30,        /* S the provider's own word, json_schema ... */
    GSP_FACT_PREVIOUS_RESPONSE_ID = 31,   /* S */
    GSP_FACT_CONVERSATION_COMPACTED = 32, /* B true where earlier messages were left out of the context */
    GSP_FACT_STREAM_CURSOR = 33,          /* S gen_ai.request.stream_cursor */
    GSP_FACT_RETRIEVAL_TOP_K = 34,        /* I gen_ai.retrieval.top_k */
    GSP_FACT_PROMPT_NAME = 35,            /* S gen_ai.prompt.name */
    GSP_FACT_PROMPT_VERSION = 36,         /* S gen_ai.prompt.version */
    GSP_FACT_TASK_ID = 37,                /* S task.id of `ares`; also what jitter is drawn from */
    GSP_FACT_INPUT_LANGUAGE = 38,         /* S of speech */

    /* where it went */
    GSP_FACT_SERVER_ADDRESS = 40,     /* S */
    GSP_FACT_SERVER_PORT = 41,        /* I */
    GSP_FACT_HTTP_STATUS = 42,        /* I http.response.status_code */
    GSP_FACT_TARGET_NAME = 43,        /* S the target's name in the fallback list */
    GSP_FACT_RESOURCE_NAMESPACE = 44, /* S azure.resource_provider.namespace */
    GSP_FACT_GUARDRAIL_ID = 45,       /* S aws.bedrock.guardrail.id */
    GSP_FACT_KNOWLEDGE_BASE_ID = 46,  /* S aws.bedrock.knowledge_base.id */

    /* what the provider says of itself */
    GSP_FACT_REQUEST_ID = 48,           /* L every id by which the provider finds the request */
    GSP_FACT_QUEUE_TIME = 49,           /* D s */
    GSP_FACT_PROCESSING_TIME = 50,      /* D s */
    GSP_FACT_SERVICE_TIER = 51,         /* S openai.response.service_tier */
    GSP_FACT_REQUEST_SERVICE_TIER = 52, /* S openai.request.service_tier */
    GSP_FACT_SYSTEM_FINGERPRINT = 53,   /* S openai.response.system_fingerprint */
    GSP_FACT_API_TYPE = 54,             /* S openai.api.type */
    GSP_FACT_UPSTREAM_PROVIDER = 55,    /* S behind a router such as OpenRouter */
    GSP_FACT_PROVIDER_COST_USD = 56,    /* D the cost the provider itself reports */
    GSP_FACT_PROVIDER_ERROR_CODE = 57,  /* S */
    GSP_FACT_PROVIDER_ERROR_TYPE = 58,  /* S */
    GSP_FACT_RETRY_AFTER = 59,          /* D s, as the provider asks */
    GSP_FACT_REQUESTS_LIMIT = 60,       /* I genspan.ratelimit.requests.limit */
    GSP_FACT_REQUESTS_REMAINING = 61,   /* I */
    GSP_FACT_REQUESTS_RESET = 62,       /* D s */
    GSP_FACT_TOKENS_LIMIT = 63,         /* I genspan.ratelimit.tokens.limit */
    GSP_FACT_TOKENS_REMAINING = 64,     /* I */
    GSP_FACT_TOKENS_RESET = 65,         /* D s */
    GSP_FACT_WIRE_FORMAT = 66,          /* S which decoder read it, openai.chat ... */
    GSP_FACT_OUTPUT_TEXT_BYTES = 67,    /* I visible text of all choices, bytes of UTF-8 */
    GSP_FACT_REASONING_BYTES = 68,      /* I */
    GSP_FACT_TOOL_ARGUMENT_BYTES = 69,  /* I */
    GSP_FACT_TOOL_CALL_COUNT = 70,      /* I tool calls in the answer */
    GSP_FACT_DECODE_ERRORS = 71,        /* I events or bodies the decoder could not read */
    GSP_FACT_REFUSAL = 72,              /* B the model refused */
    GSP_FACT_RESPONSE_STATUS = 73,      /* S the response's own status: completed, incomplete ... */
    GSP_FACT_MATCHED_STOP = 74,         /* S the stop sequence that ended the answer */
    GSP_FACT_SAFETY_BLOCK = 75,         /* L why the provider withheld something, its own words */
    GSP_FACT_PROMPT_TIME = 76,          /* D s, the provider's own figure for reading the prompt */
    GSP_FACT_TERMINAL_EVENT = 77,       /* B whether a stream ended by its terminal event */
    GSP_FACT_EMBEDDING_COUNT = 78,      /* I embeddings in the answer */
    GSP_FACT_EMBEDDING_DIMENSION = 79,  /* I numbers in the first of them */

    /* whose it is */
    GSP_FACT_USER_ID = 80,     /* S user.id */
    GSP_FACT_SESSION_ID = 81,  /* S session.id */
    GSP_FACT_TENANT = 82,      /* S genspan.tenant */
    GSP_FACT_BILLABLE = 83,    /* B genspan.billable */
    GSP_FACT_RETRY_GROUP = 84, /* S genspan.retry_group */

    /* what is measured and paid in other units than tokens (US-7) */
    GSP_FACT_INPUT_CHARACTERS = 86,     /* I genspan.usage.input_characters */
    GSP_FACT_INPUT_AUDIO_SECONDS = 87,  /* D genspan.usage.input_audio_seconds */
    GSP_FACT_OUTPUT_AUDIO_SECONDS = 88, /* D genspan.usage.output_audio_seconds */
    GSP_FACT_OUTPUT_AUDIO_BYTES = 89,   /* I genspan.usage.output_audio_bytes */
    GSP_FACT_CREDITS = 90,              /* D genspan.usage.credits, the provider's own unit */
    GSP_FACT_WEB_SEARCHES = 91,         /* I genspan.usage.web_searches */
    GSP_FACT_VOICE = 92,                /* S genspan.request.voice */

    /* tools, agents, workflows */
    GSP_FACT_TOOL_NAME = 96,            /* S */
    GSP_FACT_TOOL_CALL_ID = 97,         /* S */
    GSP_FACT_TOOL_TYPE = 98,            /* S */
    GSP_FACT_AGENT_NAME = 99,           /* S */
    GSP_FACT_AGENT_ID = 100,            /* S */
    GSP_FACT_WORKFLOW_NAME = 101,       /* S */
    GSP_FACT_DATA_SOURCE_ID = 102,      /* S */
    GSP_FACT_AGENT_DESCRIPTION = 103,   /* S */
    GSP_FACT_AGENT_VERSION = 104,       /* S */
    GSP_FACT_TOOL_DESCRIPTION = 105,    /* S */
    GSP_FACT_MEMORY_STORE_ID = 106,     /* S gen_ai.memory.store.id */
    GSP_FACT_MEMORY_RECORD_ID = 107,    /* S gen_ai.memory.record.id */
    GSP_FACT_MEMORY_RECORD_COUNT = 108, /* I gen_ai.memory.record.count */
    GSP_FACT_TOOL_IS_ERROR = 109, /* B the tool answered with an error; that is no failure of the span */
    GSP_FACT_AGENT_ROLE = 110,    /* S agent.role of `ares` */
    GSP_FACT_OP_ID = 111,         /* S op.id of `ares` */

    /* attributes of the lifecycle events only (genspan/operation.h) */
    GSP_FACT_TOKENS_SO_FAR = 112,  /* I gen_ai.stream.tokens_so_far */
    GSP_FACT_RETRY_ATTEMPT = 113,  /* I retry.attempt */
    GSP_FACT_RETRY_REASON = 114,   /* S retry.reason */
    GSP_FACT_RETRY_DELAY_MS = 115, /* I retry.delay_ms */
    GSP_FACT_TOOL_ARGUMENTS = 116, /* S gen_ai.tool.arguments; content: kept only with capture on */
    GSP_FACT_INPUT_TOKENS = 117,   /* I */
    GSP_FACT_OUTPUT_TOKENS = 118,  /* I */
    GSP_FACT_TOTAL_TOKENS = 119,   /* I */
    GSP_FACT_FINISH_REASONS = 120, /* S one comma-joined string */

    /* what somebody thinks of an answer */
    GSP_FACT_EVALUATION_NAME = 121,        /* S gen_ai.evaluation.name */
    GSP_FACT_EVALUATION_SCORE = 122,       /* D gen_ai.evaluation.score.value */
    GSP_FACT_EVALUATION_LABEL = 123,       /* S gen_ai.evaluation.score.label */
    GSP_FACT_EVALUATION_EXPLANATION = 124, /* S gen_ai.evaluation.explanation */

    /* voice turns and the nodes in them */
    GSP_FACT_SPEECH_ID = 128,                   /* S which utterance of the agent */
    GSP_FACT_GENERATION_ID = 129,               /* S which step of an agent turn */
    GSP_FACT_PARENT_GENERATION_ID = 130,        /* S the step that it goes on from */
    GSP_FACT_INTERRUPTED = 131,                 /* B the user spoke into it */
    GSP_FACT_TRANSCRIPT_CONFIDENCE = 132,       /* D 0 to 1 */
    GSP_FACT_TRANSCRIPTION_DELAY = 133,         /* D s; computed from the turn's marks where it is not set */
    GSP_FACT_END_OF_TURN_DELAY = 134,           /* D s; the same */
    GSP_FACT_E2E_LATENCY = 135,                 /* D s; the same */
    GSP_FACT_EOU_PROBABILITY = 136,             /* D of the end of an utterance, 0 to 1 */
    GSP_FACT_EOU_THRESHOLD = 137,               /* D */
    GSP_FACT_ENDPOINTING_DELAY = 138,           /* D s */
    GSP_FACT_EOU_LANGUAGE = 139,                /* S */
    GSP_FACT_EOU_SOURCE = 140,                  /* S */
    GSP_FACT_EOU_DETECTION_DELAY = 141,         /* D s */
    GSP_FACT_EOU_FROM_CACHE = 142,              /* B */
    GSP_FACT_PARTICIPANT_ID = 143,              /* S */
    GSP_FACT_PARTICIPANT_KIND = 144,            /* S */
    GSP_FACT_PARTICIPANT_IDENTITY = 145,        /* S says who it is: redacted as content is */
    GSP_FACT_FUNCTION_TOOL = 146,               /* L names of tools that a node may call */
    GSP_FACT_PROVIDER_TOOL = 147,               /* L */
    GSP_FACT_TOOL_SET = 148,                    /* L */
    GSP_FACT_TTS_STREAMING = 149,               /* B whether a target takes text as it comes */
    GSP_FACT_TTS_LABEL = 150,                   /* S the caller's name of a target */
    GSP_FACT_AGENT_LABEL = 151,                 /* S */
    GSP_FACT_IS_INTERRUPTION = 152,             /* B what a detector said of an overlap */
    GSP_FACT_INTERRUPTION_PROBABILITY = 153,    /* D */
    GSP_FACT_INTERRUPTION_TOTAL_DURATION = 154, /* D s */
    GSP_FACT_INTERRUPTION_PREDICTION_DURATION = 155, /* D s */
    GSP_FACT_INTERRUPTION_DETECTION_DELAY = 156,     /* D s */
    GSP_FACT_TURN_COMPLETED_DELAY = 157, /* D s, of the program's own work at the end of a user's turn */
    GSP_FACT_CONNECTION_TIME = 158,      /* D s it took to get a connection */
    GSP_FACT_CONNECTION_REUSED = 159,    /* B */
    GSP_FACT_PLAYBACK_LATENCY = 160,     /* D s */

    GSP_FACT_LIMIT = 256 /* every fact is below this */
} gsp_fact;

/*
 * The parts of a usage, all counted in tokens as US-1 normalises them: input_tokens is the total
 * with everything cached, output_tokens the total with reasoning; the others are parts of these. Set by
 * gsp_span_set_usage (genspan/operation.h). Since 0.1. Source: US-1.
 */
typedef enum gsp_usage {
    GSP_USAGE_INPUT_TOKENS = 0,
    GSP_USAGE_OUTPUT_TOKENS = 1,
    GSP_USAGE_TOTAL_TOKENS = 2, /* as reported; never in a metric (US-8) */
    GSP_USAGE_CACHE_READ_TOKENS = 3,
    GSP_USAGE_CACHE_WRITE_TOKENS = 4,
    GSP_USAGE_REASONING_TOKENS = 5,
    GSP_USAGE_AUDIO_INPUT_TOKENS = 6,
    GSP_USAGE_AUDIO_OUTPUT_TOKENS = 7,
    GSP_USAGE_TEXT_INPUT_TOKENS = 8,
    GSP_USAGE_TEXT_OUTPUT_TOKENS = 9,
    GSP_USAGE_IMAGE_INPUT_TOKENS = 10,
    GSP_USAGE_IMAGE_OUTPUT_TOKENS = 11,
    GSP_USAGE_CACHE_WRITE_1H_TOKENS = 12, /* the part of cache writes kept for an hour */
    GSP_USAGE_TOOL_USE_TOKENS = 13,       /* prompt tokens spent on tool use, part of input */
    GSP_USAGE_BILLED_INPUT_TOKENS = 14,   /* where the provider bills other units than it counts */
    GSP_USAGE_BILLED_OUTPUT_TOKENS = 15,
    GSP_USAGE_LIMIT = 16
} gsp_usage;

/* Where a usage comes from: gsp_span_set_usage_source. Since 0.1. Source: US-4. */
typedef enum gsp_usage_source {
    GSP_USAGE_UNSET = 0,     /* nothing was said of it */
    GSP_USAGE_REPORTED = 1,  /* by the provider */
    GSP_USAGE_PARTIAL = 2,   /* reported, but the stream ended early */
    GSP_USAGE_INJECTED = 3,  /* reported because the gateway asked for it */
    GSP_USAGE_ESTIMATED = 4, /* by the caller; only if its user wants that */
    GSP_USAGE_MISSING = 5    /* a whole answer that told none */
} gsp_usage_source;

#ifdef __cplusplus
}
#endif

#endif
