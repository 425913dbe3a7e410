/*
 * anthropic.messages: Anthropic's messages.
 */
#ifndef GSP_WIRE_ANTHROPIC_MESSAGES_H
#define GSP_WIRE_ANTHROPIC_MESSAGES_H

#include "wire/format.h"

extern const struct gsp__format gsp__anthropic_messages;

#endif
