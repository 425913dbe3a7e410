/*
 * deepgram.speak: Deepgram's speech.
 */
#ifndef GSP_WIRE_DEEPGRAM_SPEAK_H
#define GSP_WIRE_DEEPGRAM_SPEAK_H

#include "wire/format.h"

extern const struct gsp__format gsp__deepgram_speak;

#endif
