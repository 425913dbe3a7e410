/*
 * ollama.chat: Ollama's own chat. Its keys are those of ollama.generate, too.
 */
#ifndef GSP_WIRE_OLLAMA_CHAT_H
#define GSP_WIRE_OLLAMA_CHAT_H

#include "wire/format.h"

extern const struct gsp__format gsp__ollama_chat;

extern const struct gsp__node gsp__ollama_request_root;
extern const struct gsp__node gsp__ollama_content_root;
extern const struct gsp__node gsp__ollama_response_root;
void gsp__ollama_request(struct gsp__request_decoder *d, enum gsp__map_event event);
void gsp__ollama_response(struct gsp__decoder *d, enum gsp__map_event event);

#endif
