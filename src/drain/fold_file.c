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

#define MAGIC      "GSPFOLD"
#define VERSION    2
#define UNDO_BYTES 261120

enum {
    NO_BATCH,
    FOLDING,
    COMMITTED
};

struct listed {
    uint64_t generation;
    uint32_t index;
    uint32_t zero;
};

struct window {
    uint64_t start_unix_ns;
    uint64_t n_bytes;
    uint64_t told[GSP__OWN_COUNTERS];
    _Atomic uint32_t is_sending;
    uint8_t zero[44];
};

struct layout {
    char magic[8];
    uint32_t version;
    uint32_t zero1;
    uint8_t ring_id[16];
    _Atomic uint32_t batch;
    _Atomic uint32_t window;
    uint32_t n_listed;
    uint32_t zero2;
    uint64_t n_before;
    _Atomic uint32_t n_undo;
    uint32_t zero3;
    _Atomic uint64_t own[GSP__OWN_COUNTERS];
    struct window windows[2];
    uint8_t zero4[256];
    struct listed list[GSP__FOLD_LIST_MAX];
    uint8_t undo[UNDO_BYTES];
};

_Static_assert(offsetof(struct layout, windows) == 256, "fold layout");
_Static_assert(offsetof(struct layout, list) == 1024, "fold layout");
_Static_assert(offsetof(struct layout, undo) == 17408, "fold layout");
_Static_assert(sizeof(struct layout) == 278528, "fold layout");
_Static_assert(GSP__OWN_LOSS + GSP__RING_LOSSES == GSP__OWN_COUNTERS, "fold layout");

#define FILE_MAX (sizeof(struct layout) + GSP__BANK_BYTES_MAX)

struct gsp__fold {
    struct layout *shared; /* FILE_MAX of addresses; what is behind the end of the file is not touched */
    bool is_file;          /* else in memory only */
    char path[520];
    dev_t device;
    ino_t inode;
    struct gsp__bank bank;
};

static void set_path(struct gsp__fold *f, const char *ring)
{
    size_t n = strlen(ring);

    /* NAME.ring becomes NAME.fold */
    if (n > 5 && strcmp(ring + n - 5, ".ring") == 0)
        n -= 5;
    snprintf(f->path, sizeof f->path, "%.*s.fold", (int)n, ring);
}

static struct window *window_of(const struct gsp__fold *f)
{
    return &f->shared->windows[atomic_load(&f->shared->window)];
}

static uint8_t *bank_bytes(const struct gsp__fold *f)
{
    return (uint8_t *)f->shared + sizeof *f->shared;
}

/*
 * Opening.
 */

static bool has_good_size(off_t size)
{
    return size >= (off_t)(sizeof(struct layout) + GSP__FOLD_BANK_START) && size <= (off_t)FILE_MAX &&
           size % 4096 == 0;
}

/* Map the file, made and allocated for real if need be. *cap: bytes for the bank. NULL: it cannot be had. */
static struct layout *map_file(struct gsp__fold *f, size_t *cap)
{
    int fd = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    void *base = MAP_FAILED;
    struct stat st;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        size_t size = (size_t)st.st_size;

        if (!has_good_size(st.st_size)) {
            size = sizeof(struct layout) + GSP__FOLD_BANK_START;
            if (ftruncate(fd, 0) != 0)
                goto out;
        }
        if (gsp__file_room(fd, size) == 0)
            base = mmap(NULL, FILE_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        *cap = size - sizeof(struct layout);
        f->device = st.st_dev;
        f->inode = st.st_ino;
    }
out:
    close(fd);
    if (base == MAP_FAILED)
        unlink(f->path);
    return base == MAP_FAILED ? NULL : base;
}

static struct layout *map_memory(size_t *cap)
{
    void *base =
        mmap(NULL, FILE_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    *cap = GSP__BANK_BYTES_MAX;
    return base == MAP_FAILED ? NULL : base;
}

static void begin_anew(struct gsp__fold *f, const struct gsp__reader *ring)
{
    struct layout *l = f->shared;

    memset((void *)l, 0, offsetof(struct layout, undo));
    memcpy(l->magic, MAGIC, sizeof l->magic);
    l->version = VERSION;
    memcpy(l->ring_id, ring->header.ring_id, 16);
    l->windows[0].start_unix_ns = gsp__clock_realtime_ns();
    for (unsigned i = 0; i < GSP__RING_LOSSES; i++)
        l->windows[0].told[GSP__OWN_LOSS + i] = atomic_load(&ring->map.header->loss_told[i]);
}

static bool is_sane(const struct layout *l, const struct gsp__reader *ring, size_t cap)
{
    return memcmp(l->magic, MAGIC, sizeof l->magic) == 0 && l->version == VERSION &&
           memcmp(l->ring_id, ring->header.ring_id, 16) == 0 && atomic_load(&l->batch) <= COMMITTED &&
           atomic_load(&l->window) <= 1 && l->n_listed <= GSP__FOLD_LIST_MAX &&
           atomic_load(&l->n_undo) <= UNDO_BYTES && l->windows[atomic_load(&l->window)].n_bytes <= cap;
}

/* Take back a batch that was not committed. */
static bool undo(struct gsp__fold *f, size_t cap)
{
    struct layout *l = f->shared;

    if (atomic_load(&l->batch) != FOLDING)
        return true;
    if (l->n_before > cap || !gsp__bank_undo(bank_bytes(f), l->n_before, l->undo, atomic_load(&l->n_undo)))
        return false;
    window_of(f)->n_bytes = l->n_before;
    atomic_store(&l->batch, NO_BATCH);
    return true;
}

static gsp_status open_bank(struct gsp__fold *f, const struct gsp__reader *ring, size_t cap)
{
    gsp_status status;
    uint64_t seed;

    memcpy(&seed, ring->header.ring_id, sizeof seed); /* random */
    status = gsp__bank_init(&f->bank, bank_bytes(f), cap, &window_of(f)->n_bytes, seed);
    if (status == GSP_OK)
        f->bank.undo = (struct gsp__bank_undo){f->shared->undo, UNDO_BYTES, &f->shared->n_undo};
    return status;
}

static void mark_listed(struct gsp__fold *f, struct gsp__reader *ring)
{
    const struct layout *l = f->shared;

    if (atomic_load(&l->batch) != COMMITTED)
        return;
    for (uint32_t i = 0; i < l->n_listed; i++) {
        struct gsp__record_ref ref = {.index = l->list[i].index, .generation = l->list[i].generation};

        if (ref.index < ring->map.facts.n)
            gsp__reader_mark_folded(ring, &ref);
    }
}

static bool map(struct gsp__fold *f, size_t *cap)
{
    f->shared = map_file(f, cap);
    f->is_file = f->shared != NULL;
    if (!f->shared) {
        gsp__warn_once("fold", "%s cannot be made: metrics of this process are kept in memory only", f->path);
        f->shared = map_memory(cap);
    }
    return f->shared != NULL;
}

struct gsp__fold *gsp__fold_open(struct gsp__reader *ring)
{
    struct gsp__fold *f = calloc(1, sizeof *f);
    gsp_status status = GSP_ERR_FORMAT;
    size_t cap;

    if (!f)
        return NULL;
    set_path(f, ring->path);
    if (!map(f, &cap)) {
        free(f);
        return NULL;
    }
    if (is_sane(f->shared, ring, cap) && undo(f, cap))
        status = open_bank(f, ring, cap);
    if (status == GSP_ERR_FORMAT) {
        begin_anew(f, ring);
        status = open_bank(f, ring, cap);
    }
    if (status != GSP_OK) {
        gsp__fold_close(f, false);
        return NULL;
    }
    mark_listed(f, ring);
    return f;
}

void gsp__fold_close(struct gsp__fold *f, bool deletes)
{
    if (!f)
        return;
    gsp__bank_deinit(&f->bank);
    munmap((void *)f->shared, FILE_MAX);
    if (f->is_file && deletes)
        unlink(f->path);
    free(f);
}

/*
 * Batches.
 */

struct gsp__bank *gsp__fold_begin(struct gsp__fold *f, uint32_t series_max)
{
    struct layout *l = f->shared;

    l->n_listed = 0;
    f->bank.series_max = series_max ? series_max : GSP__SERIES_MAX;
    gsp__bank_begin(&f->bank);
    l->n_before = *f->bank.n;
    atomic_store(&l->batch, FOLDING);
    return &f->bank;
}

/* The file as large as it must be, allocated for real. The name may be another's by now: that is left alone.
 */
static bool grow_file(const struct gsp__fold *f, size_t size)
{
    int fd = open(f->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    bool is_done;

    if (fd < 0)
        return false;
    is_done = fstat(fd, &st) == 0 && st.st_dev == f->device && st.st_ino == f->inode &&
              gsp__file_room(fd, size) == 0;
    close(fd);
    return is_done;
}

bool gsp__fold_reserve(struct gsp__fold *f, uint32_t n_records)
{
    size_t cap = f->bank.cap, need = *f->bank.n + gsp__bank_need(n_records) + GSP__BANK_BYTES_KEPT;

    if (!gsp__bank_has_undo_room(&f->bank, n_records))
        return false;
    while (cap < need && cap < GSP__BANK_BYTES_MAX)
        cap *= 2;
    if (cap > f->bank.cap && cap <= GSP__BANK_BYTES_MAX && grow_file(f, sizeof(struct layout) + cap))
        f->bank.cap = cap;
    return true;
}

void gsp__fold_add(struct gsp__fold *f, const struct gsp__record_ref *ref)
{
    struct layout *l = f->shared;

    if (l->n_listed < GSP__FOLD_LIST_MAX)
        l->list[l->n_listed++] = (struct listed){ref->generation, ref->index, 0};
}

void gsp__fold_commit(struct gsp__fold *f, struct gsp__reader *ring)
{
    atomic_store(&f->shared->batch, COMMITTED);
    mark_listed(f, ring);
}

void gsp__fold_count(struct gsp__fold *f, enum gsp__own_counter counter, uint64_t n)
{
    if (n)
        atomic_fetch_add(&f->shared->own[counter], n);
}

/*
 * Windows.
 */

void gsp__fold_window(struct gsp__fold *f, const struct gsp__reader *ring, struct gsp__fold_window *out)
{
    const struct window *w = window_of(f);
    uint64_t now = gsp__clock_realtime_ns();

    out->bank = &f->bank;
    out->start_unix_ns = w->start_unix_ns;
    out->now_unix_ns = now > w->start_unix_ns ? now : w->start_unix_ns;
    out->is_empty = f->bank.n_keys == 0;
    for (unsigned i = 0; i < GSP__OWN_COUNTERS; i++) {
        out->total[i] = atomic_load(&f->shared->own[i]);
        if (i >= GSP__OWN_LOSS) {
            out->losses[i - GSP__OWN_LOSS] = gsp__reader_loss(ring, i - GSP__OWN_LOSS);
            out->total[i] += out->losses[i - GSP__OWN_LOSS];
        }
        out->own[i] = out->total[i] > w->told[i] ? out->total[i] - w->told[i] : 0;
        out->is_empty = out->is_empty && out->own[i] == 0;
    }
}

void gsp__fold_tell(struct gsp__fold *f)
{
    if (atomic_exchange(&window_of(f)->is_sending, 1))
        gsp__fold_count(f, GSP__OWN_RESENT, 1);
}

static void tell_losses(struct gsp__reader *ring, const struct gsp__fold_window *told)
{
    struct gsp__ring_header *h = ring->map.header;
    uint64_t sum = 0;

    for (unsigned i = 0; i < GSP__RING_LOSSES; i++) {
        uint64_t n = told->losses[i];

        sum += n;
        atomic_store(&h->loss_told[i], n < UINT32_MAX ? (uint32_t)n : UINT32_MAX);
    }
    atomic_store(&h->n_losses_told, sum);
}

void gsp__fold_told(struct gsp__fold *f, struct gsp__reader *ring, const struct gsp__fold_window *told,
                    bool is_delta)
{
    uint32_t next = 1 - atomic_load(&f->shared->window);
    struct window *w = &f->shared->windows[next];

    tell_losses(ring, told);
    if (!is_delta)
        return;
    w->start_unix_ns = told->now_unix_ns;
    w->n_bytes = 0;
    memcpy(w->told, told->total, sizeof w->told);
    atomic_store(&w->is_sending, 0);
    atomic_store(&f->shared->window, next);
    f->bank.n = &w->n_bytes;
    gsp__bank_clear(&f->bank);
}
