/*
 * Names of the reasons for loss.
 */
#include <genspan/recorder.h>

#include "base/compiler.h"

const char *gsp_loss_name(gsp_loss reason)
{
    static const char *const names[] = {
        "no_chunk",     "record_full", "attribute_limit", "event_limit", "link_limit",
        "content_full", "late",        "stale",           "type",        "cut",
        "torn",         "format",
    };

    return (unsigned)reason < GSP__COUNT_OF(names) ? names[reason] : "other";
}
