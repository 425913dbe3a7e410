/*
 * ollama.generate: Ollama's own generate.
 */
#ifndef GSP_WIRE_OLLAMA_GENERATE_H
#define GSP_WIRE_OLLAMA_GENERATE_H

#include "wire/format.h"

extern const struct gsp__format gsp__ollama_generate;

#endif
