/*
 * bedrock.converse: Bedrock's Converse.
 */
#ifndef GSP_WIRE_BEDROCK_CONVERSE_H
#define GSP_WIRE_BEDROCK_CONVERSE_H

#include "wire/format.h"

extern const struct gsp__format gsp__bedrock_converse;

#endif
