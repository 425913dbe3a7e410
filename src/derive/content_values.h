/*
 * What was said in a call, as attributes under the keys of the dialects that are on.
 */
#ifndef GSP_DERIVE_CONTENT_VALUES_H
#define GSP_DERIVE_CONTENT_VALUES_H

#include "derive/builder.h"
#include "derive/messages.h"

/* How many attributes that may be, for each dialect. */
#define GSP__CONTENT_VALUES_MAX 8

/* Add what there is of messages, instructions, definitions of tools, and a tool's or a retrieval's own
 * content. */
void gsp__content_values_add(struct gsp__builder *b, const struct gsp__content *content);

#endif
