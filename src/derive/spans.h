/*
 * Calls to spans, under a dialect.
 */
#ifndef GSP_DERIVE_SPANS_H
#define GSP_DERIVE_SPANS_H

#include "derive/call.h"
#include "derive/derivation.h"
#include "derive/dialect.h"

/* What of the exporting policy spans depend on. */
struct gsp__span_policy {
    struct gsp__dialects dialects;
    bool lone_attempts; /* an only attempt has a span of its own too */
    uint32_t capture;   /* where content goes: an enum gsp__capture */
};

/*
 * Derive a call. False if the arena is full. Strings point into the snapshots, the dialect and the arena.
 */
bool gsp__spans_derive(const struct gsp__call *call, const struct gsp__span_policy *policy,
                       struct gsp__arena *arena, struct gsp__derived *out);

/* The resource of a ring, from its header's entries. False if the arena is full. */
bool gsp__resource_derive(const struct gsp__reader *reader, struct gsp__arena *arena,
                          struct gsp__resource *out);

#endif
