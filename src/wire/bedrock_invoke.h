/*
 * bedrock.invoke: Bedrock's InvokeModel and its response stream, with bodies of Anthropic and Nova.
 */
#ifndef GSP_WIRE_BEDROCK_INVOKE_H
#define GSP_WIRE_BEDROCK_INVOKE_H

#include "wire/format.h"

extern const struct gsp__format gsp__bedrock_invoke;

#endif
