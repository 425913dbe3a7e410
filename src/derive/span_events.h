/*
 * Events and links of a span.
 */
#ifndef GSP_DERIVE_SPAN_EVENTS_H
#define GSP_DERIVE_SPAN_EVENTS_H

#include "derive/builder.h"

/* A time of the record's process as wall time. */
static inline uint64_t gsp__unix_ns(const struct gsp__head *h, int64_t mono_ns)
{
    return h->start_unix_ns + ((uint64_t)mono_ns - (uint64_t)h->start_ns);
}

/*
 * Add what the record has, and the exception event of what failed (OP-4). `is_owner`: the record is this
 * span's own (else only the exception is added); `has_lifecycle`: the five lifecycle events stand on it too.
 */
void gsp__span_events_add(struct gsp__builder *b, struct gsp__span_data *span, const struct gsp__parsed *p,
                          const struct gsp__ending *end, bool is_owner, bool has_lifecycle);

#endif
