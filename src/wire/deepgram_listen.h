/*
 * deepgram.listen: Deepgram's transcription of recordings.
 */
#ifndef GSP_WIRE_DEEPGRAM_LISTEN_H
#define GSP_WIRE_DEEPGRAM_LISTEN_H

#include "wire/format.h"

extern const struct gsp__format gsp__deepgram_listen;

#endif
