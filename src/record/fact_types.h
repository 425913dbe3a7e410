/*
 * The vocabulary of facts, for code: types and names of `facts.def`.
 */
#ifndef GSP_RECORD_FACT_TYPES_H
#define GSP_RECORD_FACT_TYPES_H

#include <stdint.h>

#include <genspan/facts.h>

#define GSP__FACT_LIMIT 256

enum gsp__fact_type {
    GSP__FACT_NONE = 0, /* no such fact */
    GSP__FACT_STRING = 1,
    GSP__FACT_INT = 2,
    GSP__FACT_DOUBLE = 3,
    GSP__FACT_BOOL = 4,
    GSP__FACT_LIST = 5,
};

/* genspan's own facts; the public ones are in genspan/facts.h. */
enum {
    GSP__FACT_SPAN_NAME = 200,
    GSP__FACT_ERROR_MESSAGE = 201,
    GSP__FACT_EXCEPTION_TYPE = 202,
    GSP__FACT_CAUSE_TYPE = 203,
    GSP__FACT_CAUSE_MESSAGE = 204,
    /* marks of a voice turn: 204 + gsp_turn_moment, monotonic ns */
    GSP__FACT_SPEECH_START = 205,
    GSP__FACT_SPEECH_END = 206,
    GSP__FACT_FINAL_TRANSCRIPT = 207,
    GSP__FACT_COMMIT = 208,
    GSP__FACT_USER_STOPPED = 209,
    GSP__FACT_AGENT_SPEECH_START = 210,
    GSP__FACT_AGENT_SPEECH_END = 211,
    GSP__FACT_TRANSCRIPT = 212,  /* content */
    GSP__FACT_IDS_CLEARED = 213, /* the request ids before it do not count */
};

/* Names of the lifecycle events, as they stand in records. */
#define GSP__EVENT_PROMPT_SENT       "gen_ai.prompt.sent"
#define GSP__EVENT_FIRST_TOKEN       "gen_ai.stream.first_token"
#define GSP__EVENT_RETRY             "gen_ai.retry"
#define GSP__EVENT_TOOL_CALL         "gen_ai.tool.call"
#define GSP__EVENT_RESPONSE_RECEIVED "gen_ai.response.received"

/* The type of each fact by number; GSP__FACT_NONE where there is none. */
extern const uint8_t gsp__fact_types[GSP__FACT_LIMIT];

/* The name of a fact, or NULL. */
const char *gsp__fact_name(unsigned fact);

#endif
