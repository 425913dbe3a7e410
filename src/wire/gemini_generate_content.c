/*
 * gemini.generate_content: Gemini's generateContent and streamGenerateContent, also on Vertex AI.
 */
#include "wire/gemini_generate_content.h"

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

const struct gsp__format gsp__gemini_generate_content = {
    .name = "gemini.generate_content",
    .operation = "generate_content",
    .provider = "gcp.gemini",
    .request_root = &root,
    .response_root = &root,
    .request = request,
    .response = response,
};
