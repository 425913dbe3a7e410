/*
 * assemblyai.transcript: AssemblyAI's transcripts.
 */
#include "wire/assemblyai_transcript.h"

#include "wire/answer.h"

static const struct gsp__node root = GSP__NODE("", OBJECT, 0);

static void request(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    (void)d;
    (void)event;
}

static void response(struct gsp__decoder *d, enum gsp__map_event event)
{
    (void)d;
    (void)event;
}

const struct gsp__format gsp__assemblyai_transcript = {
    .name = "assemblyai.transcript",
    .operation = "speech_to_text",
    .provider = "assemblyai",
    .request_root = &root,
    .response_root = &root,
    .request = request,
    .response = response,
};
