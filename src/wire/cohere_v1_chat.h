/*
 * cohere.v1_chat: Cohere's chat, version 1.
 */
#ifndef GSP_WIRE_COHERE_V1_CHAT_H
#define GSP_WIRE_COHERE_V1_CHAT_H

#include "wire/format.h"

extern const struct gsp__format gsp__cohere_v1_chat;

#endif
