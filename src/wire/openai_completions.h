/*
 * openai.completions: OpenAI's text completions (the older interface), and those who speak it.
 */
#ifndef GSP_WIRE_OPENAI_COMPLETIONS_H
#define GSP_WIRE_OPENAI_COMPLETIONS_H

#include "wire/format.h"

extern const struct gsp__format gsp__openai_completions;

#endif
