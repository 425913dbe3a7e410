/*
 * ollama.generate: Ollama's own generate. What it says it says with the keys of ollama.chat, but for the
 * text itself, which both tables have.
 */
#include "wire/ollama_generate.h"

#include "wire/ollama_chat.h"

const struct gsp__format gsp__ollama_generate = {
    .name = "ollama.generate",
    .operation = "text_completion",
    .provider = "ollama",
    .request_root = &gsp__ollama_request_root,
    .content_root = &gsp__ollama_content_root,
    .response_root = &gsp__ollama_response_root,
    .request = gsp__ollama_request,
    .response = gsp__ollama_response,
    .is_line_stream = true,
};
