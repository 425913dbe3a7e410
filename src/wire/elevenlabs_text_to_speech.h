/*
 * elevenlabs.text_to_speech: ElevenLabs' text to speech.
 */
#ifndef GSP_WIRE_ELEVENLABS_TEXT_TO_SPEECH_H
#define GSP_WIRE_ELEVENLABS_TEXT_TO_SPEECH_H

#include "wire/format.h"

extern const struct gsp__format gsp__elevenlabs_text_to_speech;

#endif
