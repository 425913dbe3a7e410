/*
 * openai.chat: OpenAI's chat completions, and every service that speaks it.
 */
#ifndef GSP_WIRE_OPENAI_CHAT_H
#define GSP_WIRE_OPENAI_CHAT_H

#include <stdbool.h>
#include <stdint.h>

struct gsp__format;

extern const struct gsp__format gsp__openai_chat;

#define GSP__TOOL_ID_MAX      96
#define GSP__TOOL_NAME_MAX    128
#define GSP__TOOL_CHOICES_MAX 8 /* tool calls are told apart in so many choices, 64 in each */

/* What is known of the response, and of the choice and the tool call that are being read. */
struct gsp__openai_chat_state {
    uint64_t tool_calls[GSP__TOOL_CHOICES_MAX]; /* one bit per index that was counted */
    bool is_refused;
    bool is_error; /* the document is an error */
    uint32_t choice;
    uint32_t tool_index;
    bool has_tool_index;
    uint8_t n_finish;
    uint8_t n_tool_id;
    uint8_t n_tool_name;
    char finish[32];
    char tool_id[GSP__TOOL_ID_MAX];
    char tool_name[GSP__TOOL_NAME_MAX];
};

#endif
