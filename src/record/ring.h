/*
 * The writing side of a ring: its file, its place in this process, and what all its records share.
 *
 * A process has at most GSP__RING_SLOTS rings. A handle names its slot, so that a call needs no
 * recorder to find its record; the table of slots is wiped in a forked child, which makes every
 * inherited handle inert there.
 */
#ifndef GSP_RECORD_RING_H
#define GSP_RECORD_RING_H

#include <genspan/types.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "record/map.h"

#define GSP__RING_SLOTS    64
#define GSP__RING_SHARDS   8
#define GSP__RING_PATH_MAX 512

struct gsp__limits {
    uint32_t n_attributes;
    uint32_t n_events;
    uint32_t n_links;
    uint32_t n_event_attributes;
    uint32_t n_link_attributes;
    uint32_t value_length; /* characters, GSP__NO_LIMIT for none */
    uint32_t record_bytes;
};

/* What a ring is made from; kept, so that a forked child can make its own. */
struct gsp__ring_config {
    char directory[GSP__RING_PATH_MAX - 64];
    uint64_t ring_bytes;
    uint64_t content_bytes;
    struct gsp__limits limits;
    uint32_t capture;
    uint32_t attempt_spans;
    char dialect[64];
    gid_t group; /* (gid_t)-1: none, mode 0600 */
    struct gsp__clock clock;
    uint64_t seed; /* 0: random */
    uint32_t n_resource;
    uint8_t resource[GSP__RING_RESOURCE_MAX]; /* entries */
};

#define GSP__CACHE_LINE 64

/* Where threads of one processor look for a free chunk: the bitmap word that had the last one. */
struct gsp__shard {
    _Alignas(GSP__CACHE_LINE) _Atomic uint32_t word;
    _Atomic uint32_t n_taken;
};

struct gsp__ring {
    struct gsp__map map;
    struct gsp__limits limits;
    struct gsp__clock clock;
    uint64_t id_seed[3];
    unsigned shard_mask; /* 0 where ids are a function of a seed: no processor may have a say in them */
    _Atomic int64_t unix_offset_ns; /* wall clock - monotonic clock */
    _Atomic int64_t offset_read_ns; /* when that was read */
    uint64_t n_opened;              /* 1, and one more for each fork in between */
    uint32_t capture;
    unsigned slot;
    pid_t pid;
    int lock_fd;
    _Atomic int is_reopening;
    uint8_t family_id[16];
    char path[GSP__RING_PATH_MAX];
    struct gsp__ring_config config;
    struct gsp__shard shards[GSP__RING_SHARDS];
    struct gsp__shard content_shard;
};

/* What a call on a handle needs, in one cache line. `words` is NULL where there is no ring. */
struct gsp__view {
    _Atomic(_Atomic uint64_t *) words;
    uint8_t *chunks;
    struct gsp__ring *ring;
    uint32_t n_chunks;
    char pad[36];
};

extern struct gsp__view *gsp__views;

/*
 * Make a ring file and take a slot. On success *out is valid for the life of the process (closing
 * makes it inert, a later open may take it again). GSP_ERR_NO_SPACE, GSP_ERR_IO, GSP_ERR_NO_MEMORY.
 */
GSP_MUST_USE gsp_status gsp__ring_open(const struct gsp__ring_config *config, struct gsp__ring **out,
                                       gsp_error *err);

/* Make every handle inert, let go of the locks. Deletes the file if nothing was ever recorded. */
void gsp__ring_close(struct gsp__ring *ring);

/*
 * Called when a ring is found inert at the start of a record: in a forked child this makes the child's
 * own ring, once. Returns whether the ring is usable now.
 */
bool gsp__ring_revive(struct gsp__ring *ring);

static inline bool gsp__ring_is_live(const struct gsp__ring *ring)
{
    return atomic_load_explicit(&gsp__views[ring->slot].words, memory_order_acquire) != NULL;
}

static inline int64_t gsp__ring_now_ns(const struct gsp__ring *ring)
{
    return gsp__clock_now_ns(&ring->clock);
}

/* The wall time of a monotonic time. Re-reads the clocks when the pair is older than a second. */
uint64_t gsp__ring_unix_ns(struct gsp__ring *ring, int64_t now_ns);

/*
 * Take a free chunk for facts, or GSP__NO_CHUNK. Threads on different processors start in different
 * parts of the ring, so that they do not share cache lines.
 */
uint32_t gsp__ring_take_chunk(struct gsp__ring *ring);

/* The handle of a record of this view's ring. */
static inline uint64_t gsp__view_handle(const struct gsp__view *view, uint32_t index, uint64_t generation)
{
    uint64_t slot = (uint64_t)(view - gsp__views);

    return slot << (GSP__GENERATION_BITS + GSP__INDEX_BITS) | gsp__handle(index, generation);
}

static inline struct gsp__view *gsp__view_of(uint64_t handle)
{
    return &gsp__views[handle >> (GSP__GENERATION_BITS + GSP__INDEX_BITS)];
}

static inline void gsp__view_count(const struct gsp__view *view, gsp_loss reason)
{
    gsp__map_count_loss(&view->ring->map, reason, 1);
}

/* The largest number of chunks (and content chunks) whose ring fits in these many bytes. */
void gsp__ring_fit(uint64_t ring_bytes, uint64_t content_bytes, uint32_t *n_chunks,
                   uint32_t *n_content_chunks);

#endif
