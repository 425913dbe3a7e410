/*
 * Calls to spans, under a dialect.
 */
#ifndef GSP_DERIVE_SPANS_H
#define GSP_DERIVE_SPANS_H

#include "derive/call.h"
#include "derive/dialect.h"

/* What of the exporting policy spans depend on. */
struct gsp__span_policy {
    const struct gsp__dialect *dialect;
    bool lone_attempts; /* an only attempt has a span of its own too */
};

/*
 * Derive the spans of a call, parents before children. `out` has room for 1 + n_attempts. Returns how many
 * there are; 0 if the arena is full. Strings point into the snapshots, the dialect and the arena.
 */
uint32_t gsp__spans_derive(const struct gsp__call *call, const struct gsp__span_policy *policy,
                           struct gsp__arena *arena, struct gsp__span_data *out);

/* The resource of a ring, from its header's entries. False if the arena is full. */
bool gsp__resource_derive(const struct gsp__reader *reader, struct gsp__arena *arena,
                          struct gsp__resource *out);

#endif
