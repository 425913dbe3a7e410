/*
 * bedrock.converse_stream: Bedrock's ConverseStream.
 */
#include "wire/bedrock_converse_stream.h"

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

const struct gsp__format gsp__bedrock_converse_stream = {
    .name = "bedrock.converse_stream",
    .operation = "chat",
    .provider = "aws.bedrock",
    .request_root = &root,
    .response_root = &root,
    .request = request,
    .response = response,
};
