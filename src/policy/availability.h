/*
 * Which targets are available, shared by all calls of a runner and all their threads (FA-1, FA-4).
 *
 * No lock: a target's state is one word, the number of its changes, so that each change is seen by exactly
 * one thread, and whoever gets two of them out of order can tell. A probe's slot is one word too: the time
 * from which the next one may start, or GSP__PROBE_ON while one goes on.
 */
#ifndef GSP_POLICY_AVAILABILITY_H
#define GSP_POLICY_AVAILABILITY_H

#include <genspan/policy.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Whole requests and streams are probed apart. */
enum gsp__path {
    GSP__PATH_WHOLE,
    GSP__PATH_STREAM,
    GSP__PATHS
};

#define GSP__PROBE_ON INT64_MAX

/* All zero: everything is available, and nothing was probed. */
struct gsp__availability {
    struct gsp__available {
        _Atomic uint64_t n_changes; /* odd: unavailable */
        _Atomic int64_t next_probe_ns[GSP__PATHS];
    } nodes[GSP_TARGETS_MAX];
};

static inline bool gsp__is_available(const struct gsp__availability *a, unsigned node)
{
    return (atomic_load_explicit(&a->nodes[node].n_changes, memory_order_relaxed) & 1) == 0;
}

/* Make it so. Returns the number of this change; 0 if it was so already. */
uint64_t gsp__availability_set(struct gsp__availability *a, unsigned node, bool is_available);

/* Take a probe's slot. False if one goes on or it is too early. */
bool gsp__probe_claim(struct gsp__availability *a, unsigned node, enum gsp__path path, int64_t now_ns);

/* Give it back; the next one may start at `next_ns`. */
void gsp__probe_release(struct gsp__availability *a, unsigned node, enum gsp__path path, int64_t next_ns);

/* No probe of this target starts before `until_ns`: its provider asked for that. */
void gsp__probe_hold(struct gsp__availability *a, unsigned node, int64_t until_ns);

#endif
