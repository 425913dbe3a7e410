/*
 * The writing side of a ring: making the file, the table of slots, forks.
 */
#include "record/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/file_room.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/status.h"
#include "record/directory.h"
#include "record/lock.h"

/* Before the first open, handles are looked up here: nothing is. */
static struct gsp__view no_views[GSP__RING_SLOTS];
struct gsp__view *gsp__views = no_views;

static struct gsp__ring *_Atomic rings[GSP__RING_SLOTS]; /* allocated once per slot, never freed */
static _Atomic bool slot_taken[GSP__RING_SLOTS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* In the child: no ring is ours. The kernel has wiped the views already where it can; the locks'
 * descriptors are closed by another handler. */
static void in_forked_child(void)
{
    memset((void *)gsp__views, 0, GSP__RING_SLOTS * sizeof(struct gsp__view));
    for (int i = 0; i < GSP__RING_SLOTS; i++) {
        struct gsp__ring *ring = atomic_load(&rings[i]);

        if (ring)
            ring->lock_fd = -1;
    }
}

static void set_up_process(void)
{
    size_t n = gsp__page_up(GSP__RING_SLOTS * sizeof(struct gsp__view));
    void *page = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page != MAP_FAILED) {
#ifdef MADV_WIPEONFORK
        madvise(page, n, MADV_WIPEONFORK); /* for a clone() that runs no fork handlers */
#endif
        gsp__views = page;
    }
    pthread_atfork(NULL, NULL, in_forked_child);
}

static struct gsp__ring *take_slot(gsp_error *err)
{
    for (unsigned i = 0; i < GSP__RING_SLOTS; i++) {
        struct gsp__ring *ring;

        if (atomic_exchange(&slot_taken[i], true))
            continue;
        ring = atomic_load(&rings[i]);
        if (!ring) {
            ring = aligned_alloc(GSP__CACHE_LINE, sizeof *ring);
            if (!ring) {
                atomic_store(&slot_taken[i], false);
                gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for a recorder");
                return NULL;
            }
            memset((void *)ring, 0, sizeof *ring);
            ring->slot = i;
            ring->lock_fd = -1;
            atomic_store(&rings[i], ring);
        }
        return ring;
    }
    gsp__fail(err, GSP_ERR_NO_SPACE, "too many recorders are open in this process");
    return NULL;
}

void gsp__ring_fit(uint64_t ring_bytes, uint64_t content_bytes, uint32_t *n_chunks,
                   uint32_t *n_content_chunks)
{
    uint64_t n = ring_bytes / (GSP__CHUNK_BYTES + 8);
    uint64_t c = content_bytes / GSP__CONTENT_BYTES;

    if (n > GSP__RING_CHUNKS_MAX)
        n = GSP__RING_CHUNKS_MAX;
    if (c > GSP__RING_CHUNKS_MAX)
        c = GSP__RING_CHUNKS_MAX;
    while (n > 1 && gsp__ring_shape((uint32_t)n, 0).file_bytes > ring_bytes)
        n--;
    *n_chunks = (uint32_t)n;
    *n_content_chunks = (uint32_t)c;
}

static void write_header(const struct gsp__ring_config *config, struct gsp__ring *ring,
                         const uint8_t ring_id[16])
{
    struct gsp__ring_header *h = ring->map.header;

    memcpy(h->magic, GSP__RING_MAGIC, 8);
    h->version = GSP__RING_VERSION;
    h->header_bytes = GSP__RING_HEADER_BYTES;
    h->file_bytes = ring->map.n_bytes;
    h->n_chunks = ring->map.facts.n;
    h->n_content_chunks = ring->map.content.n;
    memcpy(h->ring_id, ring_id, 16);
    memcpy(h->family_id, ring->family_id, 16);
    h->pid = (uint32_t)ring->pid;
    h->resource_bytes = config->n_resource;
    h->start_ns = gsp__clock_now_ns(&config->clock);
    h->start_unix_ns = gsp__clock_unix_ns(&config->clock);
    h->n_attributes_max = config->limits.n_attributes;
    h->n_events_max = config->limits.n_events;
    h->n_links_max = config->limits.n_links;
    h->n_event_attributes_max = config->limits.n_event_attributes;
    h->n_link_attributes_max = config->limits.n_link_attributes;
    h->value_length_max = config->limits.value_length;
    h->record_bytes_max = config->limits.record_bytes;
    h->capture = config->capture;
    h->attempt_spans = config->attempt_spans;
    memcpy(h->dialect, config->dialect, sizeof h->dialect);
    memcpy(ring->map.base + GSP__RING_RESOURCE_AT, config->resource, config->n_resource);
    h->checksum = gsp__fnv1a(gsp__fnv1a(GSP__FNV_INIT, h, GSP__RING_SUM_BYTES),
                             ring->map.base + GSP__RING_RESOURCE_AT, config->n_resource);
}

static void free_all_chunks(struct gsp__pool *pool, uint64_t first_generation)
{
    for (uint32_t i = 0; i < pool->n; i++) {
        atomic_store_explicit(&pool->words[i], gsp__word(first_generation, GSP__CHUNK_FREE),
                              memory_order_relaxed);
        if (i % 64 == 0)
            atomic_store_explicit(&pool->bitmap[i / 64],
                                  pool->n - i >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << (pool->n - i)) - 1,
                                  memory_order_relaxed);
    }
}

/* Create, size for real, and map the file under its temporary name. */
static gsp_status make_file(const struct gsp__ring_config *config, struct gsp__ring *ring, const char *path,
                            gsp_error *err)
{
    uint32_t n_chunks, n_content;
    struct gsp__ring_shape shape;
    void *base;
    int fd, e;

    gsp__ring_fit(config->ring_bytes, config->content_bytes, &n_chunks, &n_content);
    shape = gsp__ring_shape(n_chunks, n_content);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return gsp__fail_errno(err, "the ring file cannot be created: is the directory writable?");
    if (config->group != (gid_t)-1 && (fchown(fd, (uid_t)-1, config->group) != 0 || fchmod(fd, 0640) != 0)) {
        gsp_status status = gsp__fail_errno(err, "the ring file cannot be given to GENSPAN_GROUP");

        close(fd);
        return status;
    }
    e = gsp__file_room(fd, shape.file_bytes);
    if (e != 0) {
        errno = e;
        close(fd);
        return gsp__fail_errno(err, "no room for the ring file: free space, or set "
                                    "GENSPAN_RING_BYTES or GENSPAN_DIR");
    }
    base = mmap(NULL, (size_t)shape.file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (base == MAP_FAILED)
        return gsp__fail_errno(err, "the ring file cannot be mapped");
    gsp__map_set(&ring->map, base, n_chunks, n_content);
    return GSP_OK;
}

/* Lock under a descriptor that is not mapped: a mapping inherited over fork would keep the lock. */
static gsp_status lock_file(struct gsp__ring *ring, const char *path, gsp_error *err)
{
    gsp_status status;

    ring->lock_fd = gsp__lock_open(path, O_RDWR);
    if (ring->lock_fd < 0)
        return gsp__fail_errno(err, "the ring file cannot be opened for its lock");
    status = gsp__lock_take(ring->lock_fd, GSP__RING_LOCK_WRITER, err);
    if (status != GSP_OK) {
        gsp__lock_close(ring->lock_fd);
        ring->lock_fd = -1;
    }
    return status;
}

_Static_assert((GSP__RING_SHARDS & (GSP__RING_SHARDS - 1)) == 0, "a mask of shards");

static void seed_ids(struct gsp__ring *ring, uint64_t seed, uint64_t *first_generation, uint8_t ring_id[16])
{
    uint64_t state = seed + ring->n_opened++; /* a forked child's ids are not its parent's */

    ring->shard_mask = seed ? 0 : GSP__RING_SHARDS - 1;
    if (seed == 0)
        gsp__random_bytes(&state, sizeof state);
    for (size_t i = 0; i < GSP__COUNT_OF(ring->id_seed); i++)
        ring->id_seed[i] = seed ? gsp__random_next(&state) : 0;
    if (seed == 0)
        gsp__random_bytes(ring->id_seed, sizeof ring->id_seed);
    /* each incarnation of a slot starts elsewhere, so that no handle of an earlier one fits */
    *first_generation = (seed ? 1 : gsp__random_next(&state)) & (GSP__GENERATION_MASK >> 1);
    if (seed) {
        uint64_t a = gsp__random_next(&state), b = gsp__random_next(&state);

        memcpy(ring_id, &a, 8);
        memcpy(ring_id + 8, &b, 8);
    } else {
        gsp__random_bytes(ring_id, 16);
    }
}

static void publish(struct gsp__ring *ring)
{
    struct gsp__view *view = &gsp__views[ring->slot];

    view->chunks = ring->map.facts.chunks;
    view->n_chunks = ring->map.facts.n;
    view->ring = ring;
    atomic_store_explicit(&view->words, ring->map.facts.words, memory_order_release);
}

/* Everything of opening that a forked child does again. */
static gsp_status open_file(struct gsp__ring *ring, gsp_error *err)
{
    const struct gsp__ring_config *config = &ring->config;
    char temporary[GSP__RING_PATH_MAX + 8];
    uint64_t first_generation, name;
    uint8_t ring_id[16];
    gsp_status status;

    ring->pid = getpid();
    seed_ids(ring, config->seed, &first_generation, ring_id);
    gsp__random_bytes(&name, sizeof name);
    snprintf(ring->path, sizeof ring->path, "%s/%ld-%016llx.ring", config->directory, (long)ring->pid,
             (unsigned long long)name);
    snprintf(temporary, sizeof temporary, "%s.tmp", ring->path);
    status = make_file(config, ring, temporary, err);
    if (status == GSP_OK) {
        write_header(config, ring, ring_id);
        free_all_chunks(&ring->map.facts, first_generation);
        free_all_chunks(&ring->map.content, first_generation);
        status = lock_file(ring, temporary, err);
        if (status == GSP_OK && rename(temporary, ring->path) != 0) {
            status = gsp__fail_errno(err, "the ring file cannot be renamed");
            gsp__lock_close(ring->lock_fd);
            ring->lock_fd = -1;
        }
        if (status != GSP_OK)
            munmap(ring->map.base, ring->map.n_bytes);
    }
    if (status != GSP_OK) {
        unlink(temporary);
        ring->map.base = NULL;
        return status;
    }
    atomic_store(&ring->offset_read_ns, 0);
    for (unsigned i = 0; i < GSP__RING_SHARDS; i++) {
        atomic_store(&ring->shards[i].word, 0);
        atomic_store(&ring->shards[i].n_taken, 0);
    }
    publish(ring);
    return GSP_OK;
}

gsp_status gsp__ring_open(const struct gsp__ring_config *config, struct gsp__ring **out, gsp_error *err)
{
    struct gsp__ring *ring;
    gsp_status status;

    pthread_once(&once, set_up_process);
    ring = take_slot(err);
    if (!ring)
        return err ? err->code : GSP_ERR_NO_MEMORY;
    if (ring->map.base) { /* the zero pages that stand in for this slot's last ring */
        munmap(ring->map.base, ring->map.n_bytes);
        ring->map.base = NULL;
    }
    ring->config = *config;
    ring->limits = config->limits;
    ring->clock = config->clock;
    ring->capture = config->capture;
    atomic_store(&ring->is_reopening, 0);
    ring->n_opened = 0;
    gsp__random_bytes(ring->family_id, sizeof ring->family_id);
    status = open_file(ring, err);
    if (status != GSP_OK) {
        atomic_store(&slot_taken[ring->slot], false);
        return status;
    }
    *out = ring;
    return GSP_OK;
}

void gsp__ring_close(struct gsp__ring *ring)
{
    struct gsp__view *view = &gsp__views[ring->slot];

    if (!gsp__ring_is_live(ring)) {
        /* inherited over a fork and never used here: the file is the parent's */
        atomic_store(&slot_taken[ring->slot], false);
        return;
    }
    atomic_store_explicit(&view->words, NULL, memory_order_release);
    if (gsp__map_is_spent(&ring->map))
        gsp__directory_delete_spent(ring->path);
    /* A thread that is just inside a call may still write: give it pages that are nobody's. They stay
     * until the slot is taken again. */
    if (mmap(ring->map.base, ring->map.n_bytes, PROT_READ | PROT_WRITE,
             MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED)
        ring->map.base = NULL; /* then the old mapping stays where it is, and is leaked */
    gsp__lock_close(ring->lock_fd);
    ring->lock_fd = -1;
    atomic_store(&slot_taken[ring->slot], false);
}

bool gsp__ring_revive(struct gsp__ring *ring)
{
    int expected = 0;

    if (ring->pid == getpid() || !atomic_compare_exchange_strong(&ring->is_reopening, &expected, 1))
        return gsp__ring_is_live(ring);
    gsp__lock_close(ring->lock_fd); /* open still after a clone() without fork handlers */
    ring->lock_fd = -1;
    munmap(ring->map.base, ring->map.n_bytes);
    ring->map.base = NULL;
    if (open_file(ring, NULL) != GSP_OK)
        return false; /* one try per process: a full disk must not cost a system call per record */
    atomic_store(&ring->is_reopening, 0);
    return true;
}

uint64_t gsp__ring_unix_ns(struct gsp__ring *ring, int64_t now_ns)
{
    int64_t read_at = atomic_load_explicit(&ring->offset_read_ns, memory_order_relaxed);
    int64_t offset = atomic_load_explicit(&ring->unix_offset_ns, memory_order_relaxed);

    if (GSP__UNLIKELY(read_at == 0 || now_ns - read_at > 1000000000)) {
        int64_t mono = gsp__clock_now_ns(&ring->clock);

        offset = (int64_t)gsp__clock_unix_ns(&ring->clock) - mono;
        atomic_store_explicit(&ring->unix_offset_ns, offset, memory_order_relaxed);
        atomic_store_explicit(&ring->offset_read_ns, mono, memory_order_relaxed);
    }
    return (uint64_t)(now_ns + offset);
}

/*
 * Where the next chunk is looked for. Each processor takes from a line of the bitmap (512 chunks and their
 * words) that no other is at, so that threads share no cache line while there are lines enough. Now and then
 * it starts again at its own first line, where chunks that were freed since are still in the cache.
 */

static uint32_t line_of(const struct gsp__shard *shard)
{
    return atomic_load_explicit(&shard->word, memory_order_relaxed) / GSP__LINE_WORDS;
}

static bool is_line_of_another(const struct gsp__ring *ring, const struct gsp__shard *shard, uint32_t line)
{
    for (unsigned i = 0; i < GSP__RING_SHARDS; i++)
        if (&ring->shards[i] != shard && line_of(&ring->shards[i]) == line &&
            atomic_load_explicit(&ring->shards[i].n_taken, memory_order_relaxed) > 0)
            return true;
    return false;
}

static uint32_t take_from_line(struct gsp__pool *pool, uint32_t line, uint32_t word, struct gsp__shard *shard)
{
    uint32_t n_words = (pool->n + 63) / 64;
    uint32_t end = (line + 1) * GSP__LINE_WORDS;

    for (uint32_t w = word; w < end && w < n_words; w++) {
        uint32_t index = gsp__pool_take_at(pool, w);

        if (index != GSP__NO_CHUNK) {
            atomic_store_explicit(&shard->word, w, memory_order_relaxed);
            return index;
        }
    }
    return GSP__NO_CHUNK;
}

static uint32_t take_from_any_line(struct gsp__ring *ring, struct gsp__shard *shard, uint32_t first,
                                   bool shares)
{
    struct gsp__pool *pool = &ring->map.facts;
    uint32_t n_lines = gsp__pool_lines(pool);

    for (uint32_t i = 0; i < n_lines; i++) {
        uint32_t line = (first + i) % n_lines;
        uint32_t index;

        if (!shares && is_line_of_another(ring, shard, line))
            continue;
        index = take_from_line(pool, line, line * GSP__LINE_WORDS, shard);
        if (index != GSP__NO_CHUNK)
            return index;
    }
    return GSP__NO_CHUNK;
}

uint32_t gsp__ring_take_chunk(struct gsp__ring *ring)
{
    struct gsp__pool *pool = &ring->map.facts;
    unsigned cpu = (unsigned)sched_getcpu() & ring->shard_mask;
    struct gsp__shard *shard = &ring->shards[cpu];
    uint32_t n = atomic_load_explicit(&shard->n_taken, memory_order_relaxed) + 1;
    uint32_t home = gsp__pool_lines(pool) * cpu / GSP__RING_SHARDS;
    uint32_t first = home, index = GSP__NO_CHUNK;

    atomic_store_explicit(&shard->n_taken, n + (n == 0), memory_order_relaxed);
    if (n % 64 != 1) {
        first = line_of(shard);
        index = take_from_line(pool, first, atomic_load_explicit(&shard->word, memory_order_relaxed), shard);
    }
    if (index == GSP__NO_CHUNK)
        index = take_from_any_line(ring, shard, first, false);
    if (index == GSP__NO_CHUNK)
        index = take_from_any_line(ring, shard, first, true);
    return index;
}
