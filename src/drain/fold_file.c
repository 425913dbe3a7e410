/*
 * The fold file.
 */
#include "drain/fold_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file_room.h"
#include "base/warn.h"

#define MAGIC "GSPFOLD"

struct listed {
    uint64_t generation;
    uint32_t index;
    uint32_t zero;
};

struct layout {
    char magic[8];
    uint32_t version;
    uint32_t cap;
    uint8_t ring_id[16];
    _Atomic uint32_t active;
    uint32_t zero;
    uint32_t n_series[2];
    uint32_t n_listed[2];
    uint64_t start_unix_ns;
    struct listed list[2][GSP__FOLD_LIST_MAX];
    struct gsp__series series[2][GSP__FOLD_SERIES];
};

_Static_assert(offsetof(struct layout, list) == 64, "fold layout");
_Static_assert(offsetof(struct layout, series) == 32832, "fold layout");

struct gsp__fold {
    struct layout *shared;
    bool is_file; /* else in memory only */
    char path[520];
    struct gsp__bank active;
    struct gsp__bank next; /* the batch that is being folded */
};

static void set_path(struct gsp__fold *f, const char *ring)
{
    size_t n = strlen(ring);

    /* NAME.ring becomes NAME.fold */
    if (n > 5 && strcmp(ring + n - 5, ".ring") == 0)
        n -= 5;
    snprintf(f->path, sizeof f->path, "%.*s.fold", (int)n, ring);
}

static bool is_sane(const struct layout *l, const struct gsp__reader *ring)
{
    return memcmp(l->magic, MAGIC, sizeof l->magic) == 0 && l->version == 1 && l->cap == GSP__FOLD_SERIES &&
           memcmp(l->ring_id, ring->header.ring_id, 16) == 0 && atomic_load(&l->active) <= 1 &&
           l->n_series[0] <= l->cap && l->n_series[1] <= l->cap && l->n_listed[0] <= GSP__FOLD_LIST_MAX &&
           l->n_listed[1] <= GSP__FOLD_LIST_MAX;
}

static void begin_anew(struct layout *l, const struct gsp__reader *ring)
{
    memset((void *)l, 0, sizeof *l);
    memcpy(l->magic, MAGIC, sizeof l->magic);
    l->version = 1;
    l->cap = GSP__FOLD_SERIES;
    memcpy(l->ring_id, ring->header.ring_id, 16);
    l->start_unix_ns = gsp__clock_realtime_ns();
}

/* Map the file, made and allocated for real if need be. NULL: it cannot be had. */
static struct layout *map_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    void *base = MAP_FAILED;
    struct stat st;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        if (st.st_size != (off_t)sizeof(struct layout) && ftruncate(fd, 0) != 0)
            goto out;
        if (gsp__file_room(fd, sizeof(struct layout)) == 0)
            base = mmap(NULL, sizeof(struct layout), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
out:
    close(fd);
    if (base == MAP_FAILED)
        unlink(path);
    return base == MAP_FAILED ? NULL : base;
}

static struct layout *map_memory(void)
{
    void *base =
        mmap(NULL, sizeof(struct layout), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return base == MAP_FAILED ? NULL : base;
}

static void use_active(struct gsp__fold *f)
{
    uint32_t active = atomic_load(&f->shared->active);

    f->active = (struct gsp__bank){f->shared->n_series[active], GSP__FOLD_SERIES, f->shared->series[active]};
}

static void mark_listed(struct gsp__fold *f, struct gsp__reader *ring)
{
    uint32_t active = atomic_load(&f->shared->active);

    for (uint32_t i = 0; i < f->shared->n_listed[active]; i++) {
        struct gsp__record_ref ref = {.index = f->shared->list[active][i].index,
                                      .generation = f->shared->list[active][i].generation};

        if (ref.index < ring->map.facts.n)
            gsp__reader_mark_folded(ring, &ref);
    }
}

struct gsp__fold *gsp__fold_open(struct gsp__reader *ring)
{
    struct gsp__fold *f = calloc(1, sizeof *f);

    if (!f)
        return NULL;
    set_path(f, ring->path);
    f->shared = map_file(f->path);
    f->is_file = f->shared != NULL;
    if (!f->shared) {
        gsp__warn_once("fold", "%s cannot be made: metrics of this process are kept in memory only", f->path);
        f->shared = map_memory();
    }
    if (!f->shared) {
        free(f);
        return NULL;
    }
    if (!is_sane(f->shared, ring))
        begin_anew(f->shared, ring);
    use_active(f);
    mark_listed(f, ring);
    return f;
}

void gsp__fold_close(struct gsp__fold *f, bool deletes)
{
    if (!f)
        return;
    munmap((void *)f->shared, sizeof *f->shared);
    if (f->is_file && deletes)
        unlink(f->path);
    free(f);
}

struct gsp__bank *gsp__fold_begin(struct gsp__fold *f)
{
    uint32_t next = 1 - atomic_load(&f->shared->active);

    memcpy(f->shared->series[next], f->active.series, f->active.n_series * sizeof(struct gsp__series));
    f->shared->n_listed[next] = 0;
    f->next = (struct gsp__bank){f->active.n_series, GSP__FOLD_SERIES, f->shared->series[next]};
    return &f->next;
}

void gsp__fold_add(struct gsp__fold *f, const struct gsp__record_ref *ref)
{
    uint32_t next = 1 - atomic_load(&f->shared->active);
    uint32_t n = f->shared->n_listed[next];

    if (n == GSP__FOLD_LIST_MAX)
        return;
    f->shared->list[next][n] = (struct listed){ref->generation, ref->index, 0};
    f->shared->n_listed[next] = n + 1;
}

void gsp__fold_commit(struct gsp__fold *f, struct gsp__reader *ring)
{
    uint32_t next = 1 - atomic_load(&f->shared->active);

    f->shared->n_series[next] = f->next.n_series;
    atomic_store(&f->shared->active, next);
    use_active(f);
    mark_listed(f, ring);
}

const struct gsp__bank *gsp__fold_bank(const struct gsp__fold *f)
{
    return &f->active;
}

uint64_t gsp__fold_start_unix_ns(const struct gsp__fold *f)
{
    return f->shared->start_unix_ns;
}
