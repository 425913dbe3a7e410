/*
 * openai.embeddings: OpenAI's embeddings, and every service that speaks them.
 */
#include "wire/openai_embeddings.h"

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

const struct gsp__format gsp__openai_embeddings = {
    .name = "openai.embeddings",
    .operation = "embeddings",
    .provider = "openai",
    .request_root = &root,
    .response_root = &root,
    .request = request,
    .response = response,
};
