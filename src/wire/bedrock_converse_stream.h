/*
 * bedrock.converse_stream: Bedrock's ConverseStream.
 */
#ifndef GSP_WIRE_BEDROCK_CONVERSE_STREAM_H
#define GSP_WIRE_BEDROCK_CONVERSE_STREAM_H

#include "wire/format.h"

extern const struct gsp__format gsp__bedrock_converse_stream;

#endif
