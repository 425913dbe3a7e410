/*
 * What Bedrock's Converse and ConverseStream have in common: the request, and all of the response but the
 * content of the answer.
 */
#ifndef GSP_WIRE_BEDROCK_H
#define GSP_WIRE_BEDROCK_H

#include "wire/decoder.h"

enum gsp__bedrock_action {
    GSP__BEDROCK_NOTHING,
    GSP__BEDROCK_STOP_REASON,
    GSP__BEDROCK_MATCHED_STOP,
    GSP__BEDROCK_USAGE,
    GSP__BEDROCK_INPUT_TOKENS,
    GSP__BEDROCK_OUTPUT_TOKENS,
    GSP__BEDROCK_TOTAL_TOKENS,
    GSP__BEDROCK_CACHE_READ_TOKENS,
    GSP__BEDROCK_CACHE_WRITE_TOKENS,
    GSP__BEDROCK_CACHE_WRITE, /* one of usage.cacheDetails */
    GSP__BEDROCK_CACHE_WRITE_SIZE,
    GSP__BEDROCK_CACHE_WRITE_TTL,
    GSP__BEDROCK_LATENCY,
    GSP__BEDROCK_SERVICE_TIER,
    GSP__BEDROCK_INVOKED_MODEL,
    GSP__BEDROCK_FINDING, /* of a guardrail */
    GSP__BEDROCK_FINDING_TYPE,
    GSP__BEDROCK_FINDING_NAME,
    GSP__BEDROCK_FINDING_ACTION,
    GSP__BEDROCK_ERROR_MESSAGE,
    GSP__BEDROCK_ERROR_TYPE,
    GSP__BEDROCK_ERROR_STATUS,
    GSP__BEDROCK_OWN, /* a format's own actions begin here */
};

extern const struct gsp__node gsp__bedrock_request_root;
extern const struct gsp__node gsp__bedrock_content_root;
extern const struct gsp__node gsp__bedrock_in_said_media[2];
extern const struct gsp__node gsp__bedrock_in_said_tool_use[3];
extern const struct gsp__node gsp__bedrock_in_said_tool_result[2];
extern const struct gsp__node gsp__bedrock_in_said_tools[1];
extern const struct gsp__node gsp__bedrock_in_extra[1];
extern const struct gsp__node gsp__bedrock_in_usage[6];
extern const struct gsp__node gsp__bedrock_in_metrics[1];
extern const struct gsp__node gsp__bedrock_in_tier[1];
extern const struct gsp__node gsp__bedrock_in_trace[2];

/* What a message of a request says in a block, which Nova's messages have too. */
#define GSP__BEDROCK_SAID_MEDIA_NODES                                                                        \
    GSP__NODE_PARENT("image", OBJECT, GSP__PROMPT_IMAGE, gsp__bedrock_in_said_media),                        \
        GSP__NODE_PARENT("document", OBJECT, GSP__PROMPT_DOCUMENT, gsp__bedrock_in_said_media),              \
        GSP__NODE_PARENT("video", OBJECT, GSP__PROMPT_VIDEO, gsp__bedrock_in_said_media),                    \
        GSP__NODE_PARENT("audio", OBJECT, GSP__PROMPT_AUDIO, gsp__bedrock_in_said_media)

#define GSP__BEDROCK_SAID_TOOL_NODES                                                                         \
    GSP__NODE_PARENT("toolUse", OBJECT, GSP__BEDROCK_NOTHING, gsp__bedrock_in_said_tool_use),                \
        GSP__NODE_PARENT("toolResult", OBJECT, GSP__BEDROCK_NOTHING, gsp__bedrock_in_said_tool_result)

#define GSP__BEDROCK_SAID_BLOCK_NODES                                                                        \
    GSP__NODE("text", TEXT, GSP__PROMPT_TEXT), GSP__BEDROCK_SAID_TOOL_NODES, GSP__BEDROCK_SAID_MEDIA_NODES

/* The keys of a response that gsp__bedrock_report knows, for the root of a format's tree. */
#define GSP__BEDROCK_REPORTS                                                                                 \
    GSP__NODE("stopReason", FACT, GSP__BEDROCK_STOP_REASON),                                                 \
        GSP__NODE_PARENT("additionalModelResponseFields", OBJECT, GSP__BEDROCK_NOTHING,                      \
                         gsp__bedrock_in_extra),                                                             \
        GSP__NODE_PARENT("usage", OBJECT, GSP__BEDROCK_USAGE, gsp__bedrock_in_usage),                        \
        GSP__NODE_PARENT("metrics", OBJECT, GSP__BEDROCK_NOTHING, gsp__bedrock_in_metrics),                  \
        GSP__NODE_PARENT("trace", OBJECT, GSP__BEDROCK_NOTHING, gsp__bedrock_in_trace),                      \
        GSP__NODE_PARENT("serviceTier", OBJECT, GSP__BEDROCK_NOTHING, gsp__bedrock_in_tier),                 \
        GSP__NODE("message", FACT, GSP__BEDROCK_ERROR_MESSAGE),                                              \
        GSP__NODE("Message", FACT, GSP__BEDROCK_ERROR_MESSAGE),                                              \
        GSP__NODE("__type", FACT, GSP__BEDROCK_ERROR_TYPE),                                                  \
        GSP__NODE("originalStatusCode", FACT, GSP__BEDROCK_ERROR_STATUS)

void gsp__bedrock_target(struct gsp__request_decoder *d, const char *target, size_t n);
void gsp__bedrock_request(struct gsp__request_decoder *d, enum gsp__map_event event);

/* Uses the format's own state. */
void gsp__bedrock_report(struct gsp__decoder *d, enum gsp__map_event event);

#endif
