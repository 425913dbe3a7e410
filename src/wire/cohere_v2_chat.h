/*
 * cohere.v2_chat: Cohere's chat, version 2.
 */
#ifndef GSP_WIRE_COHERE_V2_CHAT_H
#define GSP_WIRE_COHERE_V2_CHAT_H

#include "wire/format.h"

extern const struct gsp__format gsp__cohere_v2_chat;

#endif
