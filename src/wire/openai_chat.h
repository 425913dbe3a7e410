/*
 * openai.chat: OpenAI's chat completions, and every service that speaks it.
 */
#ifndef GSP_WIRE_OPENAI_CHAT_H
#define GSP_WIRE_OPENAI_CHAT_H

#include "wire/format.h"

extern const struct gsp__format gsp__openai_chat;

#endif
