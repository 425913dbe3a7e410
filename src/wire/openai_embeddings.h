/*
 * openai.embeddings: OpenAI's embeddings, and every service that speaks them.
 */
#ifndef GSP_WIRE_OPENAI_EMBEDDINGS_H
#define GSP_WIRE_OPENAI_EMBEDDINGS_H

#include "wire/format.h"

extern const struct gsp__format gsp__openai_embeddings;

#endif
