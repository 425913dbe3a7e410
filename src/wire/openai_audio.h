/*
 * openai.audio: OpenAI's transcriptions, translations and speech.
 */
#ifndef GSP_WIRE_OPENAI_AUDIO_H
#define GSP_WIRE_OPENAI_AUDIO_H

#include "wire/format.h"

extern const struct gsp__format gsp__openai_audio;

#endif
