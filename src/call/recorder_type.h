/*
 * What stands behind a gsp_recorder.
 */
#ifndef GSP_CALL_RECORDER_TYPE_H
#define GSP_CALL_RECORDER_TYPE_H

#include <genspan/recorder.h>

#include "call/sampler.h"
#include "record/record.h"

struct gsp_recorder {
    struct gsp__ring *ring;
    struct gsp__sampler sampler;
};

/* Start a record with the sampling decision made. No record for a NULL recorder. */
struct gsp__record gsp__recorder_start(gsp_recorder *recorder, const struct gsp__record_start *start);

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
