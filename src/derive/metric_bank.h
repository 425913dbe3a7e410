/*
 * A bank of series: what metrics are folded into. Plain bytes without pointers, so that it can live in a
 * mapped file and be taken over by the next drainer; what makes it fast (an index, exemplars) is private
 * memory, and is made anew by whoever opens it.
 *
 * The bytes are entries, one after another, each a multiple of 8. None is ever moved or taken away.
 *
 *     KEY, a set of attributes                      SERIES, a measure of calls that have them
 *       0  1  1                                       0  1  2
 *       1  1  which bit its enum gsp__class is         1  1  an enum gsp__measure
 *       2  1  1: what has no series of its own        2  2  buckets
 *       3  1  (0)                                     4  4  where its key is
 *       4  4  bytes of attributes                     8  8  how many values
 *       8  n  dimension, length, bytes; again        16  8  their sum    24  8  least    32  8  greatest
 *                                                    40  8  for each bucket
 *
 * A call changes a handful of series. Before one is changed the first time in a batch it is copied to the
 * undo log, so that a batch can be taken back as if it had never been.
 */
#ifndef GSP_DERIVE_METRIC_BANK_H
#define GSP_DERIVE_METRIC_BANK_H

#include <genspan/types.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/copy.h"
#include "derive/dialect.h"
#include "derive/measure.h"

#define GSP__SERIES_KEY_MAX  384
#define GSP__SERIES_BYTES    (sizeof(struct gsp__series) + GSP__BUCKETS_MAX * sizeof(uint64_t)) /* at most */
#define GSP__BANK_CLASSES    12 /* bits of enum gsp__class */
#define GSP__BANK_KEYS_MAX   8192u
#define GSP__BANK_BYTES_MAX  ((size_t)16 << 20)
#define GSP__BANK_BYTES_KEPT ((size_t)24 << 10) /* for overflow; all that there can be is 20 KiB */
#define GSP__SERIES_MAX      2000u              /* of one measure, unless told otherwise */
#define GSP__EXEMPLAR_SETS   2048u              /* series that have them; 600 bytes each */
#define GSP__BANK_NO_KEY     0xffffffffu

/* Attributes of points. Numbers stand in the fold file. */
enum gsp__dimension {
    GSP__DIM_OPERATION = 1,
    GSP__DIM_PROVIDER = 2,
    GSP__DIM_REQUEST_MODEL = 3,
    GSP__DIM_RESPONSE_MODEL = 4,
    GSP__DIM_SERVER_ADDRESS = 5,
    GSP__DIM_SERVER_PORT = 6, /* 8 bytes; all others are text */
    GSP__DIM_TOOL_NAME = 7,
    GSP__DIM_TOOL_TYPE = 8,
    GSP__DIM_AGENT_NAME = 9,
    GSP__DIM_WORKFLOW_NAME = 10,
    GSP__DIM_OUTCOME = 11,
    GSP__DIM_ERROR_TYPE = 12,
    GSP__DIM_CONNECTION_REUSED = 13,
    GSP__DIMENSIONS = 14
};

/* A set of attributes being put together. */
struct gsp__series_key {
    uint16_t n;
    uint8_t class_bit;
    bool is_too_long; /* goes to overflow */
    uint8_t bytes[GSP__SERIES_KEY_MAX];
};

static inline void gsp__series_key_init(struct gsp__series_key *k, enum gsp__class class)
{
    k->n = 0;
    k->class_bit = (uint8_t)GSP__CTZ64((uint64_t) class);
    k->is_too_long = false;
}

/* Add one; nothing where n is 0. */
static inline void gsp__series_key_add(struct gsp__series_key *k, enum gsp__dimension dimension,
                                       const void *bytes, size_t n)
{
    uint8_t *to = k->bytes + k->n;

    if (n == 0)
        return;
    if (n > 255 || k->n + 2 + n > sizeof k->bytes) {
        k->is_too_long = true;
        return;
    }
    to[0] = (uint8_t)dimension;
    to[1] = (uint8_t)n;
    gsp__copy_small(to + 2, bytes, n);
    k->n = (uint16_t)(k->n + 2 + n);
}

struct gsp__bank_key {
    uint8_t type;
    uint8_t class_bit;
    uint8_t is_overflow;
    uint8_t zero;
    uint32_t n;
    uint8_t bytes[];
};

struct gsp__series {
    uint8_t type;
    uint8_t measure;
    uint16_t n_buckets;
    uint32_t key;
    uint64_t count;
    uint64_t sum, min, max; /* units of the measure; the sum stays at the most there is */
    uint64_t buckets[];
};

/* The call that a value is of. */
struct gsp__exemplar_mark {
    uint64_t time_unix_ns;
    const uint8_t *trace_id, *span_id;
};

/* The last value in a bucket. */
struct gsp__exemplar_cell {
    uint64_t time_unix_ns; /* 0: none */
    uint64_t value;
    uint8_t trace_id[16];
    uint8_t span_id[8];
};

struct gsp__exemplar_set {
    struct gsp__exemplar_cell cells[GSP__BUCKETS_MAX];
};

/* Index: where a key and its series are. */
struct gsp__series_ref {
    uint32_t at;        /* 0: there is none */
    uint32_t batch;     /* in which it was last copied to the undo log */
    uint32_t exemplars; /* number of its set + 1 */
};

struct gsp__bank_key_ref {
    uint64_t hash;
    uint32_t at;
    struct gsp__series_ref series[GSP__MEASURES];
};

/* Copies of series as they were before the batch: 4 bytes where, 4 bytes how many, the bytes; again. */
struct gsp__bank_undo {
    uint8_t *bytes;
    uint32_t cap;
    _Atomic uint32_t *n;
};

struct gsp__bank {
    uint8_t *bytes;
    size_t cap; /* bytes there is room for; may grow */
    uint64_t *n;
    struct gsp__bank_undo undo; /* without bytes: a batch cannot be taken back */
    uint64_t n_before;          /* bytes when the batch began */
    uint32_t batch;
    uint32_t series_max; /* of one measure, the overflow included */
    uint32_t n_series[GSP__MEASURES];
    uint64_t seed;

    struct gsp__bank_key_ref *keys;
    uint32_t n_keys, cap_keys;
    uint32_t *slots; /* hash to number of a key + 1 */
    uint32_t n_slots;
    uint32_t overflow[GSP__BANK_CLASSES]; /* number of a key + 1 */
    struct gsp__exemplar_set *exemplars;
    uint32_t n_exemplars, cap_exemplars;
};

/*
 * Open a bank over `cap` bytes, of which the first *n are in use; `seed` is for the index's hash.
 * GSP_ERR_FORMAT: they make no sense; GSP_ERR_NO_MEMORY. Up to 5 MiB of memory besides, with 8192 keys.
 */
GSP_MUST_USE gsp_status gsp__bank_init(struct gsp__bank *bank, uint8_t *bytes, size_t cap, uint64_t *n,
                                       uint64_t seed);
void gsp__bank_deinit(struct gsp__bank *bank);

/* Forget all series: *n was set to 0. */
void gsp__bank_clear(struct gsp__bank *bank);

/* Bytes, in the bank and in the undo log, that a call of so many records takes at most. */
size_t gsp__bank_need(uint32_t n_records);
bool gsp__bank_has_undo_room(const struct gsp__bank *bank, uint32_t n_records);

/* Begin a batch; what was done before it can no longer be taken back. */
void gsp__bank_begin(struct gsp__bank *bank);

/* Take a batch back: restore what the undo log holds. False if it makes no sense. Without an index. */
bool gsp__bank_undo(uint8_t *bytes, size_t n_before, const uint8_t *log, uint32_t n_log);

/* The number of a key, added if need be; of the overflow of its class if there is no room for it.
 * GSP__BANK_NO_KEY if there is not even that. Good until the bank is cleared. */
uint32_t gsp__bank_key(struct gsp__bank *bank, const struct gsp__series_key *key);

/* Add a value to a series. `mark` may be NULL. */
void gsp__bank_record(struct gsp__bank *bank, uint32_t key, enum gsp__measure measure, uint64_t value,
                      const struct gsp__exemplar_mark *mark);

/* Add many values; their exemplar is the greatest. */
struct gsp__bank_values {
    uint64_t count, sum, min, max;
    uint64_t buckets[GSP__BUCKETS_MAX];
};
void gsp__bank_record_many(struct gsp__bank *bank, uint32_t key, enum gsp__measure measure,
                           const struct gsp__bank_values *values, const struct gsp__exemplar_mark *mark);

/*
 * Reading, by numbers of keys from 0 on. What stands in a shared file may have changed since it was opened:
 * NULL where it makes no sense any more.
 */
const struct gsp__bank_key *gsp__bank_key_at(const struct gsp__bank *bank, uint32_t key);
const struct gsp__series *gsp__bank_series_at(const struct gsp__bank *bank, uint32_t key,
                                              enum gsp__measure measure);
/* Its exemplars, by bucket; NULL if it has none. */
const struct gsp__exemplar_cell *gsp__bank_exemplars_at(const struct gsp__bank *bank, uint32_t key,
                                                        enum gsp__measure measure);

#endif
