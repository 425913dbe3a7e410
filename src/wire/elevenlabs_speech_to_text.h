/*
 * elevenlabs.speech_to_text: ElevenLabs' speech to text.
 */
#ifndef GSP_WIRE_ELEVENLABS_SPEECH_TO_TEXT_H
#define GSP_WIRE_ELEVENLABS_SPEECH_TO_TEXT_H

#include "wire/format.h"

extern const struct gsp__format gsp__elevenlabs_speech_to_text;

#endif
