/*
 * cartesia.speech: Cartesia's text to speech and speech to text over HTTP.
 */
#ifndef GSP_WIRE_CARTESIA_SPEECH_H
#define GSP_WIRE_CARTESIA_SPEECH_H

#include "wire/format.h"

extern const struct gsp__format gsp__cartesia_speech;

#endif
