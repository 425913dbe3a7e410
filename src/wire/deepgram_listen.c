/*
 * deepgram.listen: Deepgram's transcription of recordings.
 */
#include "wire/deepgram_listen.h"

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

const struct gsp__format gsp__deepgram_listen = {
    .name = "deepgram.listen",
    .operation = "speech_to_text",
    .provider = "deepgram",
    .request_root = &root,
    .response_root = &root,
    .request = request,
    .response = response,
};
