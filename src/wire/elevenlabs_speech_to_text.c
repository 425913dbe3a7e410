/*
 * elevenlabs.speech_to_text: ElevenLabs' speech to text.
 */
#include "wire/elevenlabs_speech_to_text.h"

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

const struct gsp__format gsp__elevenlabs_speech_to_text = {
    .name = "elevenlabs.speech_to_text",
    .operation = "speech_to_text",
    .provider = "elevenlabs",
    .request_root = &root,
    .response_root = &root,
    .request = request,
    .response = response,
};
