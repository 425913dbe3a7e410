/*
 * cohere.v1_chat: Cohere's chat, version 1.
 */
#include "wire/cohere_v1_chat.h"

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

const struct gsp__format gsp__cohere_v1_chat = {
    .name = "cohere.v1_chat",
    .operation = "chat",
    .provider = "cohere",
    .request_root = &root,
    .response_root = &root,
    .request = request,
    .response = response,
};
