/*
 * What the marks of a voice turn come to: its delays, and the request ids that count.
 */
#ifndef GSP_DERIVE_TURN_DELAYS_H
#define GSP_DERIVE_TURN_DELAYS_H

#include "base/arena.h"
#include "derive/call.h"

/*
 * Complete a turn's record as if its writer had set all this: add the delays that can be told (VO-2) and were
 * not set, and leave out the request ids that do not count (ID-3, VO-3). Other records stay as they are.
 * False if the arena is full.
 */
bool gsp__turn_complete(struct gsp__parsed *p, struct gsp__arena *arena);

/* When a moment was marked: one of the facts from GSP__FACT_SPEECH_START on. False where it was not. */
bool gsp__turn_mark_of(const struct gsp__parsed *p, unsigned fact, int64_t *ns);

#endif
