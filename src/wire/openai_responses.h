/*
 * openai.responses: OpenAI's responses.
 */
#ifndef GSP_WIRE_OPENAI_RESPONSES_H
#define GSP_WIRE_OPENAI_RESPONSES_H

#include "wire/format.h"

extern const struct gsp__format gsp__openai_responses;

#endif
