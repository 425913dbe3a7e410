/*
 * What stands behind a gsp_recorder.
 */
#ifndef GSP_CALL_RECORDER_TYPE_H
#define GSP_CALL_RECORDER_TYPE_H

#include <genspan/span.h>

#include "call/sampler.h"
#include "record/record.h"

struct gsp_recorder {
    struct gsp__ring *ring;
    struct gsp__sampler sampler;
};

/* Start a record with the sampling decision made. No record for a NULL recorder. */
struct gsp__record gsp__recorder_start(gsp_recorder *recorder, const struct gsp__record_start *start);

/* The context of an open record. */
GSP__INLINE gsp_context gsp__record_context(struct gsp__record r)
{
    gsp_context c = {.trace_flags = r.head->trace_flags};

    memcpy(c.trace_id, r.head->trace_id, 16);
    memcpy(c.span_id, r.head->span_id, 8);
    return c;
}

/* The scope a record is in, as a handle: what is started under it is in the same. */
GSP__INLINE uint64_t gsp__record_scope(struct gsp__record r)
{
    uint64_t scope = atomic_load_explicit(&r.head->scope, memory_order_relaxed);

    if (scope == 0)
        return 0;
    return gsp__view_handle(r.view, gsp__handle_index(scope), gsp__handle_generation(scope));
}

/* The kind a caller wants; the default for 0 and for what is none. */
GSP__INLINE unsigned gsp__span_kind(uint32_t wish, gsp_span_kind fallback)
{
    return wish != GSP_SPAN_DEFAULT && wish <= GSP_SPAN_CONSUMER ? wish : (unsigned)fallback;
}

/*
 * The options a caller gave, as a whole struct: its own where it is as long as ours, else a copy of what
 * it has, over the defaults. The struct begins with its size.
 */
GSP__INLINE const void *gsp__options(const void *given, void *defaults, uint32_t size)
{
    uint32_t given_size;

    if (!given)
        return defaults;
    memcpy(&given_size, given, sizeof given_size);
    if (GSP__LIKELY(given_size >= size))
        return given;
    memcpy(defaults, given, given_size);
    return defaults;
}

#endif
