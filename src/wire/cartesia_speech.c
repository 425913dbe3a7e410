/*
 * cartesia.speech: Cartesia's text to speech and speech to text over HTTP.
 */
#include "wire/cartesia_speech.h"

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

const struct gsp__format gsp__cartesia_speech = {
    .name = "cartesia.speech",
    .operation = "text_to_speech",
    .provider = "cartesia",
    .request_root = &root,
    .response_root = &root,
    .request = request,
    .response = response,
};
