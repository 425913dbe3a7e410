/*
 * The bodies of Anthropic's messages, as keys and what they mean: anthropic.messages has them as they are,
 * bedrock.invoke among others. A format that reads them begins its own state with gsp__anthropic_state and
 * its own actions with GSP__ANTHROPIC_ACTIONS.
 */
#ifndef GSP_WIRE_ANTHROPIC_BODY_H
#define GSP_WIRE_ANTHROPIC_BODY_H

#include "wire/decoder.h"

enum gsp__anthropic_action {
    GSP__ANTHROPIC_NOTHING,
    /* request */
    GSP__ANTHROPIC_MODEL,
    GSP__ANTHROPIC_STREAM,
    GSP__ANTHROPIC_TEMPERATURE,
    GSP__ANTHROPIC_TOP_P,
    GSP__ANTHROPIC_TOP_K,
    GSP__ANTHROPIC_MAX_TOKENS,
    GSP__ANTHROPIC_STOP,
    GSP__ANTHROPIC_REASONING_LEVEL,
    GSP__ANTHROPIC_RESPONSE_FORMAT,
    GSP__ANTHROPIC_SERVICE_TIER,
    GSP__ANTHROPIC_MESSAGES,
    GSP__ANTHROPIC_TOOLS,
    /* response: the answer */
    GSP__ANTHROPIC_DOCUMENT,
    GSP__ANTHROPIC_TYPE,
    GSP__ANTHROPIC_INDEX,
    GSP__ANTHROPIC_TEXT,
    GSP__ANTHROPIC_THINKING,
    GSP__ANTHROPIC_TOOL_INPUT,
    GSP__ANTHROPIC_BLOCK,   /* of a whole message */
    GSP__ANTHROPIC_STARTED, /* the same at the beginning of its stream */
    GSP__ANTHROPIC_BLOCK_TYPE,
    GSP__ANTHROPIC_BLOCK_ID,
    GSP__ANTHROPIC_BLOCK_NAME,
    GSP__ANTHROPIC_BLOCK_INPUT,
    GSP__ANTHROPIC_FINISH,
    GSP__ANTHROPIC_MATCHED_STOP,
    GSP__ANTHROPIC_BLOCKED,
    /* what is said of it */
    GSP__ANTHROPIC_ID,
    GSP__ANTHROPIC_FALLBACK_MODEL,
    GSP__ANTHROPIC_REQUEST_ID,
    GSP__ANTHROPIC_ERROR,
    GSP__ANTHROPIC_ERROR_TYPE,
    GSP__ANTHROPIC_ERROR_CODE,
    GSP__ANTHROPIC_ERROR_MESSAGE,
    GSP__ANTHROPIC_BARE_MESSAGE,
    /* usage; from here to WEB_SEARCHES in the order of gsp__anthropic_part */
    GSP__ANTHROPIC_INPUT_TOKENS,
    GSP__ANTHROPIC_CACHE_READ_TOKENS,
    GSP__ANTHROPIC_CACHE_WRITE_TOKENS,
    GSP__ANTHROPIC_CACHE_WRITE_5M_TOKENS,
    GSP__ANTHROPIC_CACHE_WRITE_1H_TOKENS,
    GSP__ANTHROPIC_OUTPUT_TOKENS,
    GSP__ANTHROPIC_WEB_SEARCHES,
    GSP__ANTHROPIC_THINKING_TOKENS,
    GSP__ANTHROPIC_USAGE,
    GSP__ANTHROPIC_ITERATION,
    GSP__ANTHROPIC_ITERATION_TYPE,
    GSP__ANTHROPIC_ACTIONS /* the first that is free */
};

enum gsp__anthropic_part {
    GSP__ANTHROPIC_INPUT, /* neither read from a cache nor written to one */
    GSP__ANTHROPIC_CACHE_READ,
    GSP__ANTHROPIC_CACHE_WRITE,
    GSP__ANTHROPIC_CACHE_WRITE_5M,
    GSP__ANTHROPIC_CACHE_WRITE_1H,
    GSP__ANTHROPIC_OUTPUT,
    GSP__ANTHROPIC_SEARCHES,
    GSP__ANTHROPIC_PARTS
};

struct gsp__anthropic_counts {
    int64_t n[GSP__ANTHROPIC_PARTS];
    uint8_t reported; /* one bit per part */
};

struct gsp__anthropic_state {
    struct gsp__anthropic_counts usage;      /* as it was reported last */
    struct gsp__anthropic_counts compaction; /* of the same model, left out of `usage` */
    struct gsp__anthropic_counts iteration;  /* that is being read */
    uint64_t tool_blocks;                    /* which of the first 64 blocks call a tool of the caller */
    uint32_t block;                          /* the place of the block that is being read */
    uint8_t block_type;
    bool has_started; /* a block, in this event */
    bool has_own_id;  /* the block's id is one of a tool of the caller's */
    bool is_in_iteration;
    bool is_compaction;
    bool is_refused;
};

static const struct gsp__node gsp__anthropic_in_output_config_format[] = {
    GSP__NODE("type", FACT, GSP__ANTHROPIC_RESPONSE_FORMAT),
};

static const struct gsp__node gsp__anthropic_in_output_config[] = {
    GSP__NODE("effort", FACT, GSP__ANTHROPIC_REASONING_LEVEL),
    GSP__NODE_PARENT("format", OBJECT, GSP__ANTHROPIC_NOTHING, gsp__anthropic_in_output_config_format),
};

#define GSP__ANTHROPIC_REQUEST_NODES                                                                         \
    GSP__ANTHROPIC_REQUEST_NODES_WITH(GSP__NODE("messages", COUNT, GSP__ANTHROPIC_MESSAGES),                 \
                                      GSP__NODE("system", SKIP, GSP__ANTHROPIC_NOTHING),                     \
                                      GSP__NODE("tools", COUNT, GSP__ANTHROPIC_TOOLS))

#define GSP__ANTHROPIC_REQUEST_NODES_WITH(messages, system, tools)                                           \
    GSP__NODE("model", FACT, GSP__ANTHROPIC_MODEL),                                                          \
        GSP__NODE("max_tokens", FACT, GSP__ANTHROPIC_MAX_TOKENS), messages, system, tools,                   \
        GSP__NODE("stream", FACT, GSP__ANTHROPIC_STREAM),                                                    \
        GSP__NODE("temperature", FACT, GSP__ANTHROPIC_TEMPERATURE),                                          \
        GSP__NODE("top_p", FACT, GSP__ANTHROPIC_TOP_P), GSP__NODE("top_k", FACT, GSP__ANTHROPIC_TOP_K),      \
        GSP__NODE("stop_sequences", FACT, GSP__ANTHROPIC_STOP),                                              \
        GSP__NODE("service_tier", FACT, GSP__ANTHROPIC_SERVICE_TIER),                                        \
        GSP__NODE_PARENT("output_config", OBJECT, GSP__ANTHROPIC_NOTHING, gsp__anthropic_in_output_config),  \
        GSP__NODE_PARENT("output_format", OBJECT, GSP__ANTHROPIC_NOTHING,                                    \
                         gsp__anthropic_in_output_config_format)

/*
 * What a request says. A block has keys of its own for each of its types, but for `content`, which of a
 * tool's result is the response; others that have one are not content of a caller's.
 */

static const struct gsp__node gsp__anthropic_in_said_source[] = {
    GSP__NODE("type", FACT, GSP__PROMPT_SOURCE_TYPE), GSP__NODE("media_type", FACT, GSP__PROMPT_MIME),
    GSP__NODE("data", TEXT, GSP__PROMPT_SOURCE_DATA), GSP__NODE("url", TEXT, GSP__PROMPT_URL),
    GSP__NODE("file_id", FACT, GSP__PROMPT_FILE_ID),
};

static const struct gsp__node gsp__anthropic_in_said_result[] = {
    GSP__NODE("type", FACT, GSP__PROMPT_TYPE),
    GSP__NODE("text", TEXT, GSP__PROMPT_RESPONSE),
    GSP__NODE_PARENT("source", OBJECT, GSP__PROMPT_SOURCE, gsp__anthropic_in_said_source),
};

#define GSP__ANTHROPIC_SAID_BLOCK_NODES                                                                      \
    GSP__NODE("type", FACT, GSP__PROMPT_TYPE), GSP__NODE("text", TEXT, GSP__PROMPT_TEXT),                    \
        GSP__NODE("thinking", TEXT, GSP__PROMPT_REASONING),                                                  \
        GSP__NODE("signature", SKIP, GSP__ANTHROPIC_NOTHING), GSP__NODE("id", FACT, GSP__PROMPT_CALL_ID),    \
        GSP__NODE("name", FACT, GSP__PROMPT_CALL_NAME), GSP__NODE("input", RAW, GSP__PROMPT_ARGUMENTS),      \
        GSP__NODE("tool_use_id", FACT, GSP__PROMPT_RESPONSE_ID),                                             \
        GSP__NODE_PARENT("content", TEXT, GSP__PROMPT_RESPONSE, gsp__anthropic_in_said_result),              \
        GSP__NODE_PARENT("source", OBJECT, GSP__PROMPT_SOURCE, gsp__anthropic_in_said_source)

static const struct gsp__node gsp__anthropic_in_said_system[] = {
    GSP__NODE("type", SKIP, GSP__ANTHROPIC_NOTHING),
    GSP__NODE("text", TEXT, GSP__PROMPT_TEXT),
};

/* Of a table of blocks. */
#define GSP__ANTHROPIC_SAID_MESSAGE_NODES(blocks)                                                            \
    GSP__NODE("role", FACT, GSP__PROMPT_ROLE), GSP__NODE_PARENT("content", TEXT, GSP__PROMPT_TEXT, blocks)

/* Of a table of messages. */
#define GSP__ANTHROPIC_CONTENT_NODES(messages)                                                               \
    GSP__ANTHROPIC_REQUEST_NODES_WITH(                                                                       \
        GSP__NODE_PARENT("messages", COUNT, GSP__PROMPT_MESSAGE, messages),                                  \
        GSP__NODE_PARENT("system", TEXT, GSP__PROMPT_INSTRUCTIONS, gsp__anthropic_in_said_system),           \
        GSP__NODE("tools", ITEMS, GSP__PROMPT_TOOL))

static const struct gsp__node gsp__anthropic_in_cache_creation[] = {
    GSP__NODE("ephemeral_5m_input_tokens", FACT, GSP__ANTHROPIC_CACHE_WRITE_5M_TOKENS),
    GSP__NODE("ephemeral_1h_input_tokens", FACT, GSP__ANTHROPIC_CACHE_WRITE_1H_TOKENS),
};

#define GSP__ANTHROPIC_COUNT_NODES                                                                           \
    GSP__NODE("input_tokens", FACT, GSP__ANTHROPIC_INPUT_TOKENS),                                            \
        GSP__NODE("cache_creation_input_tokens", FACT, GSP__ANTHROPIC_CACHE_WRITE_TOKENS),                   \
        GSP__NODE("cache_read_input_tokens", FACT, GSP__ANTHROPIC_CACHE_READ_TOKENS),                        \
        GSP__NODE_PARENT("cache_creation", OBJECT, GSP__ANTHROPIC_NOTHING,                                   \
                         gsp__anthropic_in_cache_creation),                                                  \
        GSP__NODE("output_tokens", FACT, GSP__ANTHROPIC_OUTPUT_TOKENS)

static const struct gsp__node gsp__anthropic_in_iteration[] = {
    GSP__NODE("type", FACT, GSP__ANTHROPIC_ITERATION_TYPE),
    GSP__ANTHROPIC_COUNT_NODES,
};

static const struct gsp__node gsp__anthropic_in_output_details[] = {
    GSP__NODE("thinking_tokens", FACT, GSP__ANTHROPIC_THINKING_TOKENS),
};

static const struct gsp__node gsp__anthropic_in_server_tools[] = {
    GSP__NODE("web_search_requests", FACT, GSP__ANTHROPIC_WEB_SEARCHES),
};

#define GSP__ANTHROPIC_USAGE_NODES                                                                           \
    GSP__ANTHROPIC_COUNT_NODES,                                                                              \
        GSP__NODE_PARENT("output_tokens_details", OBJECT, GSP__ANTHROPIC_NOTHING,                            \
                         gsp__anthropic_in_output_details),                                                  \
        GSP__NODE_PARENT("server_tool_use", OBJECT, GSP__ANTHROPIC_NOTHING, gsp__anthropic_in_server_tools), \
        GSP__NODE("service_tier", FACT, GSP__ANTHROPIC_SERVICE_TIER),                                        \
        GSP__NODE("inference_geo", SKIP, GSP__ANTHROPIC_NOTHING),                                            \
        GSP__NODE_PARENT("iterations", OBJECT, GSP__ANTHROPIC_ITERATION, gsp__anthropic_in_iteration)

static const struct gsp__node gsp__anthropic_in_usage[] = {GSP__ANTHROPIC_USAGE_NODES};

#define GSP__ANTHROPIC_BLOCK_NODES                                                                           \
    GSP__NODE("type", FACT, GSP__ANTHROPIC_BLOCK_TYPE), GSP__NODE("text", TEXT, GSP__ANTHROPIC_TEXT),        \
        GSP__NODE("thinking", TEXT, GSP__ANTHROPIC_THINKING),                                                \
        GSP__NODE("id", FACT, GSP__ANTHROPIC_BLOCK_ID), GSP__NODE("name", FACT, GSP__ANTHROPIC_BLOCK_NAME)

static const struct gsp__node gsp__anthropic_in_block[] = {
    GSP__ANTHROPIC_BLOCK_NODES,
    GSP__NODE("input", RAW, GSP__ANTHROPIC_BLOCK_INPUT),
};

/* Where another model takes over, which is the one that answers from here on. */
static const struct gsp__node gsp__anthropic_in_fallback_to[] = {
    GSP__NODE("model", FACT, GSP__ANTHROPIC_FALLBACK_MODEL),
};

static const struct gsp__node gsp__anthropic_in_started[] = {
    GSP__ANTHROPIC_BLOCK_NODES,
    GSP__NODE_PARENT("to", OBJECT, GSP__ANTHROPIC_NOTHING, gsp__anthropic_in_fallback_to),
};

static const struct gsp__node gsp__anthropic_in_stop_details[] = {
    GSP__NODE("category", FACT, GSP__ANTHROPIC_BLOCKED),
};

#define GSP__ANTHROPIC_STOP_NODES                                                                            \
    GSP__NODE("stop_reason", FACT, GSP__ANTHROPIC_FINISH),                                                   \
        GSP__NODE("stop_sequence", FACT, GSP__ANTHROPIC_MATCHED_STOP),                                       \
        GSP__NODE_PARENT("stop_details", OBJECT, GSP__ANTHROPIC_NOTHING, gsp__anthropic_in_stop_details)

static const struct gsp__node gsp__anthropic_in_delta[] = {
    GSP__NODE("type", SKIP, GSP__ANTHROPIC_NOTHING),
    GSP__NODE("text", TEXT, GSP__ANTHROPIC_TEXT),
    GSP__NODE("partial_json", TEXT, GSP__ANTHROPIC_TOOL_INPUT),
    GSP__NODE("thinking", TEXT, GSP__ANTHROPIC_THINKING),
    GSP__ANTHROPIC_STOP_NODES,
};

#define GSP__ANTHROPIC_MESSAGE_NODES                                                                         \
    GSP__NODE("model", FACT, GSP__ANTHROPIC_MODEL), GSP__NODE("id", FACT, GSP__ANTHROPIC_ID),                \
        GSP__NODE("role", SKIP, GSP__ANTHROPIC_NOTHING),                                                     \
        GSP__NODE_PARENT("content", OBJECT, GSP__ANTHROPIC_BLOCK, gsp__anthropic_in_block),                  \
        GSP__ANTHROPIC_STOP_NODES

static const struct gsp__node gsp__anthropic_in_message[] = {
    GSP__NODE("type", SKIP, GSP__ANTHROPIC_NOTHING),
    GSP__ANTHROPIC_MESSAGE_NODES,
    GSP__NODE_PARENT("usage", OBJECT, GSP__ANTHROPIC_USAGE, gsp__anthropic_in_usage),
};

/* `code` and `status` are Google's, where Vertex answers for the model */
static const struct gsp__node gsp__anthropic_in_error[] = {
    GSP__NODE("type", FACT, GSP__ANTHROPIC_ERROR_TYPE),
    GSP__NODE("message", FACT, GSP__ANTHROPIC_ERROR_MESSAGE),
    GSP__NODE("code", FACT, GSP__ANTHROPIC_ERROR_CODE),
    GSP__NODE("status", FACT, GSP__ANTHROPIC_ERROR_TYPE),
};

/* Events and whole messages alike; "usage" is apart, as others have keys of their own in it. */
#define GSP__ANTHROPIC_RESPONSE_NODES                                                                        \
    GSP__NODE("type", FACT, GSP__ANTHROPIC_TYPE), GSP__NODE("index", FACT, GSP__ANTHROPIC_INDEX),            \
        GSP__NODE_PARENT("delta", OBJECT, GSP__ANTHROPIC_NOTHING, gsp__anthropic_in_delta),                  \
        GSP__NODE_PARENT("content_block", OBJECT, GSP__ANTHROPIC_STARTED, gsp__anthropic_in_started),        \
        GSP__NODE_PARENT("message", FACT, GSP__ANTHROPIC_BARE_MESSAGE, gsp__anthropic_in_message),           \
        GSP__ANTHROPIC_MESSAGE_NODES,                                                                        \
        GSP__NODE_PARENT("error", FACT, GSP__ANTHROPIC_ERROR, gsp__anthropic_in_error),                      \
        GSP__NODE("request_id", FACT, GSP__ANTHROPIC_REQUEST_ID)

/* What a value of the request means. */
void gsp__anthropic_request(struct gsp__request_decoder *d, enum gsp__map_event event);

/* What a value or object of the response means. */
void gsp__anthropic_response(struct gsp__decoder *d, enum gsp__map_event event);

/* The response is over. */
void gsp__anthropic_end(struct gsp__decoder *d);

/* A count of the usage that is being read, and the usage as it then stands. */
void gsp__anthropic_count(struct gsp__decoder *d, enum gsp__anthropic_part part);
void gsp__anthropic_put_usage(struct gsp__decoder *d);

#endif
