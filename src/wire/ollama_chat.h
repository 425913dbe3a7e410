/*
 * ollama.chat: Ollama's own chat.
 */
#ifndef GSP_WIRE_OLLAMA_CHAT_H
#define GSP_WIRE_OLLAMA_CHAT_H

#include "wire/format.h"

extern const struct gsp__format gsp__ollama_chat;

#endif
