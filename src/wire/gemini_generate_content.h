/*
 * gemini.generate_content: Gemini's generateContent and streamGenerateContent, also on Vertex AI.
 */
#ifndef GSP_WIRE_GEMINI_GENERATE_CONTENT_H
#define GSP_WIRE_GEMINI_GENERATE_CONTENT_H

#include "wire/format.h"

extern const struct gsp__format gsp__gemini_generate_content;

#endif
