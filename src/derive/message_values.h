/*
 * Messages as values: the shape that the conventions give messages, instructions and definitions of tools
 * (CO-2), for dialects that have it.
 */
#ifndef GSP_DERIVE_MESSAGE_VALUES_H
#define GSP_DERIVE_MESSAGE_VALUES_H

#include "base/arena.h"
#include "derive/messages.h"

/*
 * Arrays: of messages {role, parts, name?, finish_reason?}; of parts {type, ...}. A part of which some is
 * lost says `truncated: true`. Definitions are one text, a JSON array of them as they came; one that is not
 * whole is left out, so that it stays JSON. False if the arena is full.
 */
bool gsp__messages_value(struct gsp__arena *arena, const struct gsp__messages *messages,
                         struct gsp__value *out);
bool gsp__parts_value(struct gsp__arena *arena, const struct gsp__part *parts, uint32_t n_parts,
                      struct gsp__value *out);
bool gsp__tools_value(struct gsp__arena *arena, const struct gsp__string *tools, uint32_t n_tools,
                      struct gsp__value *out);

#endif
