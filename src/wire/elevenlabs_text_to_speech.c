/*
 * elevenlabs.text_to_speech: ElevenLabs' text to speech.
 */
#include "wire/elevenlabs_text_to_speech.h"

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

const struct gsp__format gsp__elevenlabs_text_to_speech = {
    .name = "elevenlabs.text_to_speech",
    .operation = "text_to_speech",
    .provider = "elevenlabs",
    .request_root = &root,
    .response_root = &root,
    .request = request,
    .response = response,
};
