/*
 * What requests to Gemini say.
 */
#ifndef GSP_WIRE_GEMINI_REQUEST_H
#define GSP_WIRE_GEMINI_REQUEST_H

#include "wire/request.h"

extern const struct gsp__node gsp__gemini_request_root;
extern const struct gsp__node gsp__gemini_content_root;

void gsp__gemini_request(struct gsp__request_decoder *d, enum gsp__map_event event);
void gsp__gemini_target(struct gsp__request_decoder *d, const char *text, size_t n);

#endif
