/*
 * assemblyai.transcript: AssemblyAI's transcripts.
 */
#ifndef GSP_WIRE_ASSEMBLYAI_TRANSCRIPT_H
#define GSP_WIRE_ASSEMBLYAI_TRANSCRIPT_H

#include "wire/format.h"

extern const struct gsp__format gsp__assemblyai_transcript;

#endif
