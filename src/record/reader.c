/*
 * Reading rings: opening, scanning, copying records out.
 */
#include "record/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/status.h"
#include "record/lock.h"

static gsp_status check_header(const struct gsp__reader *r, uint64_t file_bytes, gsp_error *err)
{
    const struct gsp__ring_header *h = &r->header;

    if (memcmp(h->magic, GSP__RING_MAGIC, 8) != 0)
        return gsp__fail_at(err, GSP_ERR_FORMAT, 0, "not a ring: no magic");
    if (h->version != GSP__RING_VERSION)
        return gsp__fail_at(err, GSP_ERR_VERSION, 8,
                            "a ring of another layout version: use the genspan that wrote it");
    if (h->header_bytes != GSP__RING_HEADER_BYTES)
        return gsp__fail_at(err, GSP_ERR_FORMAT, 12, "torn ring: header size");
    if (h->n_chunks == 0 || h->n_chunks > GSP__RING_CHUNKS_MAX)
        return gsp__fail_at(err, GSP_ERR_FORMAT, 24, "torn ring: number of chunks");
    if (h->n_content_chunks > GSP__RING_CHUNKS_MAX)
        return gsp__fail_at(err, GSP_ERR_FORMAT, 28, "torn ring: number of content chunks");
    if (h->file_bytes != file_bytes ||
        gsp__ring_shape(h->n_chunks, h->n_content_chunks).file_bytes != file_bytes)
        return gsp__fail_at(err, GSP_ERR_FORMAT, 16, "torn ring: the file has another size");
    if (h->resource_bytes > GSP__RING_RESOURCE_MAX)
        return gsp__fail_at(err, GSP_ERR_FORMAT, 68, "torn ring: resource size");
    if (gsp__fnv1a(gsp__fnv1a(GSP__FNV_INIT, h, GSP__RING_SUM_BYTES), r->resource, h->resource_bytes) !=
        h->checksum)
        return gsp__fail_at(err, GSP_ERR_FORMAT, 248, "torn ring: checksum of the header");
    return GSP_OK;
}

/* The header is read, not looked at in the mapping: what was checked cannot change afterwards. */
static gsp_status read_header(struct gsp__reader *r, int fd, gsp_error *err)
{
    struct stat st;
    ssize_t n;

    if (fstat(fd, &st) != 0)
        return gsp__fail_errno(err, "the ring file cannot be examined");
    if (!S_ISREG(st.st_mode))
        return gsp__fail(err, GSP_ERR_FORMAT, "not a ring: no regular file");
    n = pread(fd, &r->header, sizeof r->header, 0);
    if (n < 0)
        return gsp__fail_errno(err, "the ring file cannot be read");
    if (n != (ssize_t)sizeof r->header)
        return gsp__fail_at(err, GSP_ERR_FORMAT, (uint64_t)n, "not a ring: too short");
    n = pread(fd, r->resource, sizeof r->resource, GSP__RING_RESOURCE_AT);
    if (n != (ssize_t)sizeof r->resource)
        return gsp__fail_at(err, GSP_ERR_FORMAT, GSP__RING_RESOURCE_AT, "not a ring: too short");
    return check_header(r, (uint64_t)st.st_size, err);
}

gsp_status gsp__reader_open(const char *path, enum gsp__reader_mode mode, struct gsp__reader **out,
                            gsp_error *err)
{
    bool drains = mode == GSP__READ_DRAIN;
    int flags = (drains ? O_RDWR : O_RDONLY) | O_NONBLOCK;
    struct gsp__reader *r = calloc(1, sizeof *r);
    gsp_status status;
    int map_fd = -1;
    void *base;

    if (!r)
        return gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for a ring reader");
    r->mode = mode;
    r->fd = -1;
    snprintf(r->path, sizeof r->path, "%s", path);
    r->fd = gsp__lock_open(path, flags);
    if (r->fd < 0) {
        status = gsp__fail_errno(err, "the ring file cannot be opened");
        goto out;
    }
    if (drains) {
        status = gsp__lock_take(r->fd, GSP__RING_LOCK_DRAINER, err);
        if (status != GSP_OK)
            goto out;
    }
    status = read_header(r, r->fd, err);
    if (status != GSP_OK)
        goto out;
    map_fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
    if (map_fd < 0) {
        status = gsp__fail_errno(err, "the ring file cannot be opened");
        goto out;
    }
    base = mmap(NULL, (size_t)r->header.file_bytes, drains ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
                map_fd, 0);
    if (base == MAP_FAILED) {
        status = gsp__fail_errno(err, "the ring file cannot be mapped");
        goto out;
    }
    gsp__map_set(&r->map, base, r->header.n_chunks, r->header.n_content_chunks);
    *out = r;
    r = NULL;
out:
    if (map_fd >= 0)
        close(map_fd);
    gsp__reader_close(r);
    return status;
}

void gsp__reader_close(struct gsp__reader *r)
{
    if (!r)
        return;
    if (r->map.base)
        munmap(r->map.base, r->map.n_bytes);
    gsp__lock_close(r->fd);
    free(r);
}

bool gsp__reader_is_live(const struct gsp__reader *r)
{
    return gsp__lock_is_held(r->fd, GSP__RING_LOCK_WRITER);
}

uint64_t gsp__reader_loss(const struct gsp__reader *r, unsigned reason)
{
    return atomic_load_explicit(&r->map.header->loss[reason], memory_order_relaxed);
}

void gsp__reader_scan(const struct gsp__reader *r,
                      bool (*visit)(void *self, const struct gsp__record_ref *ref), void *self)
{
    for (uint32_t i = 0; i < r->map.facts.n; i++) {
        uint64_t word = gsp__pool_word(&r->map.facts, i);
        enum gsp__chunk_state state = gsp__word_state(word);
        const struct gsp__head *h;
        struct gsp__record_ref ref;

        if (state < GSP__CHUNK_OPEN || state > GSP__CHUNK_FOLDED)
            continue;
        h = gsp__pool_chunk(&r->map.facts, i);
        ref = (struct gsp__record_ref){
            .index = i,
            .state = (uint8_t)state,
            .kind = h->kind,
            .generation = gsp__word_generation(word),
            .operation = h->operation,
        };
        if (!visit(self, &ref))
            return;
    }
}

/* Whether the word still says what the scan saw; an open record may have ended meanwhile. */
static bool is_same(const struct gsp__reader *r, const struct gsp__record_ref *ref)
{
    uint64_t word;
    enum gsp__chunk_state state;

    GSP__FENCE(memory_order_acquire); /* what was copied before was copied before this look */
    word = gsp__pool_word(&r->map.facts, ref->index);
    state = gsp__word_state(word);
    return gsp__word_generation(word) == ref->generation && state >= GSP__CHUNK_OPEN &&
           state <= GSP__CHUNK_FOLDED;
}

static bool head_makes_sense(const struct gsp__reader *r, const struct gsp__record_ref *ref,
                             const struct gsp__head *h)
{
    static const uint8_t zero[16];

    return h->owner == ref->index && h->generation == ref->generation && h->kind >= GSP__RECORD_SPAN &&
           h->kind <= GSP__RECORD_ATTEMPT &&
           /* the limit is checked where a record grows by a chunk, so the last may be used up */
           h->n_committed <= (uint64_t)r->header.record_bytes_max + GSP__CHUNK_BYTES &&
           h->n_committed % 8 == 0 && h->n_error_type <= sizeof h->error_type &&
           h->n_message <= sizeof h->message && h->outcome <= GSP_OUTCOME_CRASHED &&
           memcmp(h->trace_id, zero, 16) != 0 && memcmp(h->span_id, zero, 8) != 0;
}

/* Copy the entries, chunk by chunk. False where a link leads out of the record. */
static bool copy_entries(const struct gsp__reader *r, const struct gsp__record_ref *ref,
                         const struct gsp__head *h, uint8_t *to)
{
    const struct gsp__pool *pool = &r->map.facts;
    uint32_t left = h->n_committed, next = h->next;
    uint32_t part = left < GSP__HEAD_ROOM ? left : GSP__HEAD_ROOM;

    memcpy(to, (uint8_t *)gsp__pool_chunk(pool, ref->index) + GSP__HEAD_BYTES, part);
    for (left -= part; left > 0; left -= part) {
        const struct gsp__chunk_link *link;

        to += part;
        if (next == 0 || next > pool->n ||
            gsp__word_state(gsp__pool_word(pool, next - 1)) != GSP__CHUNK_LINKED)
            return false;
        link = gsp__pool_chunk(pool, next - 1);
        if (link->owner != ref->index || link->generation != ref->generation)
            return false;
        part = left < GSP__CHUNK_ROOM ? left : GSP__CHUNK_ROOM;
        memcpy(to, link + 1, part);
        next = link->next;
    }
    return true;
}

/* The bytes of a content chunk of this record, or NULL. */
static struct gsp__chunk_link *content_chunk(const struct gsp__reader *r, const struct gsp__record_ref *ref,
                                             uint32_t next)
{
    const struct gsp__pool *pool = &r->map.content;
    struct gsp__chunk_link *link;

    if (next == 0 || next > pool->n || gsp__word_state(gsp__pool_word(pool, next - 1)) != GSP__CHUNK_CONTENT)
        return NULL;
    link = gsp__pool_chunk(pool, next - 1);
    return link->owner == ref->index && link->generation == ref->generation ? link : NULL;
}

/* Copy the journal as far as its chain makes sense. False if the arena is full. */
static bool copy_journal(const struct gsp__reader *r, const struct gsp__record_ref *ref, uint32_t first,
                         struct gsp__arena *arena, struct gsp__snapshot *out)
{
    struct gsp__journal *j = (void *)content_chunk(r, ref, first);
    uint64_t left, room = (uint64_t)r->map.content.n * GSP__CONTENT_ROOM;
    const struct gsp__chunk_link *link;
    size_t offset = sizeof *j;
    uint8_t *to;

    out->is_content_cut = true;
    if (!j)
        return true;
    left = atomic_load_explicit(&j->n_bytes, memory_order_acquire);
    out->is_content_cut = j->is_cut || left > room || left > GSP__JOURNAL_BYTES_MAX;
    left = left < room ? left : room;
    left = left < GSP__JOURNAL_BYTES_MAX ? left : GSP__JOURNAL_BYTES_MAX;
    out->content = to = gsp__arena_get(arena, (size_t)left + 1);
    if (!to)
        return false;
    for (link = &j->link; left > 0; link = content_chunk(r, ref, link->next)) {
        size_t part = GSP__CONTENT_BYTES - offset;

        if (!link) {
            out->is_content_cut = true;
            break;
        }
        part = left < part ? (size_t)left : part;
        memcpy(to + out->n_content, (const uint8_t *)link + offset, part);
        out->n_content += (uint32_t)part;
        left -= part;
        offset = sizeof *link;
    }
    return true;
}

enum gsp__snapshot_result gsp__reader_snapshot(struct gsp__reader *r, const struct gsp__record_ref *ref,
                                               struct gsp__arena *arena, struct gsp__snapshot *out)
{
    uint8_t *entries;

    /* what is committed when we look is complete: everything else is copied after that */
    struct gsp__head *shared = gsp__pool_chunk(&r->map.facts, ref->index);
    uint32_t n = atomic_load_explicit(&shared->n_committed, memory_order_acquire);

    memcpy((void *)&out->head, shared, sizeof out->head);
    out->head.n_committed = n;
    if (!(out->head.flags & GSP__FLAG_STREAMED))
        memset(&out->head.stream, 0, sizeof out->head.stream);
    out->ref = *ref;
    if (!is_same(r, ref))
        return GSP__SNAPSHOT_GONE;
    if (!head_makes_sense(r, ref, &out->head)) {
        r->n_torn++;
        return GSP__SNAPSHOT_TORN;
    }
    entries = gsp__arena_get(arena, n + 1u);
    if (!entries)
        return GSP__SNAPSHOT_FULL;
    if (!copy_entries(r, ref, &out->head, entries)) {
        if (!is_same(r, ref))
            return GSP__SNAPSHOT_GONE;
        r->n_torn++;
        return GSP__SNAPSHOT_TORN;
    }
    out->content = NULL;
    out->n_content = 0;
    out->is_content_cut = false;
    if (out->head.content != 0 && !copy_journal(r, ref, out->head.content, arena, out))
        return GSP__SNAPSHOT_FULL;
    if (!is_same(r, ref))
        return GSP__SNAPSHOT_GONE;
    out->entries = entries;
    out->n_entries = n;
    return GSP__SNAPSHOT_OK;
}
