/*
 * Availability, by compare and exchange.
 */
#include "policy/availability.h"

uint64_t gsp__availability_set(struct gsp__availability *a, unsigned node, bool is_available)
{
    _Atomic uint64_t *word = &a->nodes[node].n_changes;
    uint64_t n = atomic_load_explicit(word, memory_order_relaxed);

    do {
        if (((n & 1) == 0) == is_available)
            return 0;
    } while (
        !atomic_compare_exchange_weak_explicit(word, &n, n + 1, memory_order_relaxed, memory_order_relaxed));
    return n + 1;
}

bool gsp__probe_claim(struct gsp__availability *a, unsigned node, enum gsp__path path, int64_t now_ns)
{
    _Atomic int64_t *slot = &a->nodes[node].next_probe_ns[path];
    int64_t next = atomic_load_explicit(slot, memory_order_relaxed);

    do {
        if (next > now_ns)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(slot, &next, GSP__PROBE_ON, memory_order_acquire,
                                                    memory_order_relaxed));
    return true;
}

/* What a provider asked for meanwhile is kept by nobody: while a probe is on, gsp__probe_hold does nothing.
 */
void gsp__probe_release(struct gsp__availability *a, unsigned node, enum gsp__path path, int64_t next_ns)
{
    atomic_store_explicit(&a->nodes[node].next_probe_ns[path], next_ns, memory_order_release);
}

void gsp__probe_hold(struct gsp__availability *a, unsigned node, int64_t until_ns)
{
    for (int path = 0; path < GSP__PATHS; path++) {
        _Atomic int64_t *slot = &a->nodes[node].next_probe_ns[path];
        int64_t next = atomic_load_explicit(slot, memory_order_relaxed);

        while (next < until_ns && !atomic_compare_exchange_weak_explicit(
                                      slot, &next, until_ns, memory_order_relaxed, memory_order_relaxed))
            ;
    }
}
