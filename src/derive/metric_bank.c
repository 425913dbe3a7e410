/*
 * A bank of series.
 */
#include "derive/metric_bank.h"

#include <stdlib.h>
#include <string.h>

enum {
    TYPE_KEY = 1,
    TYPE_SERIES = 2
};

_Static_assert(sizeof(struct gsp__bank_key) == 8, "bank layout");
_Static_assert(sizeof(struct gsp__series) == 40, "bank layout");
_Static_assert(GSP__CLASSES_ALL == (1 << GSP__BANK_CLASSES) - 1, "classes");

static size_t padded(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static size_t series_bytes(enum gsp__measure measure)
{
    return sizeof(struct gsp__series) + gsp__measures[measure].n_buckets * sizeof(uint64_t);
}

/*
 * Keys, and their index.
 */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static uint64_t hash_of(const struct gsp__bank *b, unsigned class_bit, const uint8_t *bytes, size_t n)
{
    uint64_t hash = mix(b->seed, n << 8 | class_bit), word;

    for (; n >= 8; n -= 8, bytes += 8) {
        memcpy(&word, bytes, 8);
        hash = mix(hash, word);
    }
    word = 0;
    gsp__copy_small((uint8_t *)&word, bytes, n);
    return mix(hash, word);
}

static void put_in_slot(struct gsp__bank *b, uint32_t key)
{
    uint32_t at = (uint32_t)b->keys[key].hash & (b->n_slots - 1);

    while (b->slots[at])
        at = (at + 1) & (b->n_slots - 1);
    b->slots[at] = key + 1;
}

/* Room for one more key in the index. */
static bool grow_index(struct gsp__bank *b)
{
    uint32_t cap = b->cap_keys ? b->cap_keys * 2 : 16;
    struct gsp__bank_key_ref *keys;
    uint32_t *slots;

    if (b->n_keys < b->cap_keys)
        return true;
    if (cap > GSP__BANK_KEYS_MAX)
        return false;
    keys = realloc(b->keys, cap * sizeof *keys);
    if (!keys)
        return false;
    b->keys = keys;
    slots = calloc(cap * 2, sizeof *slots);
    if (!slots)
        return false;
    free(b->slots);
    b->slots = slots;
    b->n_slots = cap * 2;
    b->cap_keys = cap;
    for (uint32_t i = 0; i < b->n_keys; i++)
        put_in_slot(b, i);
    return true;
}

/* A key that stands in the bytes, into the index. */
static bool index_key(struct gsp__bank *b, uint32_t at, uint64_t hash)
{
    const struct gsp__bank_key *k = (const void *)(b->bytes + at);
    struct gsp__bank_key_ref *ref;

    if (!grow_index(b))
        return false;
    ref = &b->keys[b->n_keys];
    memset(ref, 0, sizeof *ref);
    ref->hash = hash;
    ref->at = at;
    put_in_slot(b, b->n_keys++);
    if (k->is_overflow)
        b->overflow[k->class_bit] = b->n_keys;
    return true;
}

static void *append(struct gsp__bank *b, size_t n, size_t kept)
{
    void *entry = b->bytes + *b->n;

    if (*b->n > b->cap || b->cap - *b->n < n + kept)
        return NULL;
    memset(entry, 0, n);
    return entry;
}

/* The entry is whole: now it counts. */
static void appended(struct gsp__bank *b, size_t n)
{
    atomic_signal_fence(memory_order_release);
    *b->n += n;
}

static uint32_t add_key(struct gsp__bank *b, const uint8_t *bytes, uint16_t n, unsigned class_bit,
                        bool is_overflow, uint64_t hash)
{
    size_t size = sizeof(struct gsp__bank_key) + padded(n);
    struct gsp__bank_key *k;
    uint32_t at = (uint32_t)*b->n;

    if (!grow_index(b))
        return GSP__BANK_NO_KEY;
    k = append(b, size, is_overflow ? 0 : GSP__BANK_BYTES_KEPT);
    if (!k)
        return GSP__BANK_NO_KEY;
    k->type = TYPE_KEY;
    k->class_bit = (uint8_t)class_bit;
    k->is_overflow = is_overflow;
    k->n = n;
    memcpy(k->bytes, bytes, n);
    appended(b, size);
    index_key(b, at, hash);
    return b->n_keys - 1;
}

static uint32_t overflow_of(struct gsp__bank *b, unsigned class_bit)
{
    if (b->overflow[class_bit])
        return b->overflow[class_bit] - 1;
    return add_key(b, (const uint8_t *)"", 0, class_bit, true, 0);
}

uint32_t gsp__bank_key(struct gsp__bank *b, const struct gsp__series_key *key)
{
    uint32_t at, found;
    uint64_t hash;

    if (key->is_too_long)
        return overflow_of(b, key->class_bit);
    hash = hash_of(b, key->class_bit, key->bytes, key->n);
    for (at = (uint32_t)hash & (b->n_slots - 1); b->slots[at]; at = (at + 1) & (b->n_slots - 1)) {
        const struct gsp__bank_key_ref *ref = &b->keys[b->slots[at] - 1];
        const struct gsp__bank_key *k = (const void *)(b->bytes + ref->at);

        if (ref->hash == hash && k->class_bit == key->class_bit && !k->is_overflow && k->n == key->n &&
            memcmp(k->bytes, key->bytes, key->n) == 0)
            return b->slots[at] - 1;
    }
    found = b->n_keys + GSP__BANK_CLASSES + 1 < GSP__BANK_KEYS_MAX /* some are kept for overflow */
                ? add_key(b, key->bytes, key->n, key->class_bit, false, hash)
                : GSP__BANK_NO_KEY;
    return found != GSP__BANK_NO_KEY ? found : overflow_of(b, key->class_bit);
}

/*
 * Series.
 */

static struct gsp__series *series_of(const struct gsp__bank *b, uint32_t key, enum gsp__measure measure)
{
    uint32_t at = b->keys[key].series[measure].at;

    return at ? (struct gsp__series *)(void *)(b->bytes + at) : NULL;
}

static bool add_series(struct gsp__bank *b, uint32_t key, enum gsp__measure measure, bool is_overflow)
{
    struct gsp__series *s;

    if (!is_overflow && b->n_series[measure] + 1 >= b->series_max) /* one is kept for overflow */
        return false;
    s = append(b, series_bytes(measure), is_overflow ? 0 : GSP__BANK_BYTES_KEPT);
    if (!s)
        return false;
    s->type = TYPE_SERIES;
    s->measure = (uint8_t)measure;
    s->n_buckets = gsp__measures[measure].n_buckets;
    s->key = b->keys[key].at;
    b->keys[key].series[measure].at = (uint32_t)*b->n;
    b->n_series[measure] += !is_overflow;
    appended(b, series_bytes(measure));
    return true;
}

/* Copy a series to the undo log before the batch changes it. */
static bool save(struct gsp__bank *b, struct gsp__series_ref *ref, size_t size)
{
    uint32_t n, head[2] = {ref->at, (uint32_t)size};

    n = atomic_load_explicit(b->undo.n, memory_order_relaxed);
    if (b->undo.cap - n < sizeof head + size)
        return false;
    memcpy(b->undo.bytes + n, head, sizeof head);
    memcpy(b->undo.bytes + n + sizeof head, b->bytes + ref->at, size);
    atomic_store_explicit(b->undo.n, (uint32_t)(n + sizeof head + size), memory_order_release);
    atomic_signal_fence(memory_order_seq_cst);
    ref->batch = b->batch;
    return true;
}

/* The series itself, or that of the overflow, which becomes *key; added if need be. */
static GSP__COLD bool find_series(struct gsp__bank *b, uint32_t *key, enum gsp__measure measure)
{
    const struct gsp__bank_key *k = (const void *)(b->bytes + b->keys[*key].at);

    if (add_series(b, *key, measure, k->is_overflow))
        return true;
    *key = overflow_of(b, k->class_bit % GSP__BANK_CLASSES);
    return *key != GSP__BANK_NO_KEY &&
           (b->keys[*key].series[measure].at != 0 || add_series(b, *key, measure, true));
}

/* A series, ready to be changed; that of the overflow if it cannot be had. *key: whose it is. */
static inline struct gsp__series *open_series(struct gsp__bank *b, uint32_t *key, enum gsp__measure measure)
{
    struct gsp__series_ref *ref;

    if (*key >= b->n_keys || (b->keys[*key].series[measure].at == 0 && !find_series(b, key, measure)))
        return NULL;
    ref = &b->keys[*key].series[measure];
    if (ref->batch != b->batch && ref->at < b->n_before && b->undo.bytes &&
        !save(b, ref, series_bytes(measure)))
        return NULL;
    return (struct gsp__series *)(void *)(b->bytes + ref->at);
}

static struct gsp__exemplar_set *exemplars_of(struct gsp__bank *b, struct gsp__series_ref *ref)
{
    if (ref->exemplars)
        return &b->exemplars[ref->exemplars - 1];
    if (b->n_exemplars == b->cap_exemplars) {
        uint32_t cap = b->cap_exemplars ? b->cap_exemplars * 2 : 16;
        struct gsp__exemplar_set *sets =
            cap <= GSP__EXEMPLAR_SETS ? realloc(b->exemplars, cap * sizeof *sets) : NULL;

        if (!sets)
            return NULL;
        b->exemplars = sets;
        b->cap_exemplars = cap;
    }
    ref->exemplars = ++b->n_exemplars;
    memset(&b->exemplars[b->n_exemplars - 1], 0, sizeof b->exemplars[0]);
    return &b->exemplars[ref->exemplars - 1];
}

static inline void keep_exemplar(struct gsp__bank *b, uint32_t key, enum gsp__measure measure, uint64_t value,
                                 unsigned bucket, const struct gsp__exemplar_mark *mark)
{
    struct gsp__exemplar_set *set = exemplars_of(b, &b->keys[key].series[measure]);
    struct gsp__exemplar_cell *cell;

    if (!set)
        return;
    cell = &set->cells[bucket];
    cell->time_unix_ns = mark->time_unix_ns;
    cell->value = value;
    memcpy(cell->trace_id, mark->trace_id, sizeof cell->trace_id);
    memcpy(cell->span_id, mark->span_id, sizeof cell->span_id);
}

static inline void observe(struct gsp__series *s, uint64_t count, uint64_t sum, uint64_t min, uint64_t max)
{
    if (s->count == 0 || min < s->min)
        s->min = min;
    if (s->count == 0 || max > s->max)
        s->max = max;
    s->count += count;
    s->sum = sum > UINT64_MAX - s->sum ? UINT64_MAX : s->sum + sum;
}

void gsp__bank_record(struct gsp__bank *b, uint32_t key, enum gsp__measure measure, uint64_t value,
                      const struct gsp__exemplar_mark *mark)
{
    struct gsp__series *s = open_series(b, &key, measure);
    unsigned bucket;

    if (!s)
        return;
    observe(s, 1, value, value, value);
    if (gsp__measures[measure].n_buckets == 0)
        return;
    bucket = gsp__measure_bucket(measure, value);
    s->buckets[bucket]++;
    if (mark)
        keep_exemplar(b, key, measure, value, bucket, mark);
}

void gsp__bank_record_many(struct gsp__bank *b, uint32_t key, enum gsp__measure measure,
                           const struct gsp__bank_values *v, const struct gsp__exemplar_mark *mark)
{
    struct gsp__series *s = v->count ? open_series(b, &key, measure) : NULL;

    if (!s)
        return;
    observe(s, v->count, v->sum, v->min, v->max);
    for (unsigned i = 0; i < gsp__measures[measure].n_buckets; i++)
        s->buckets[i] += v->buckets[i];
    if (mark)
        keep_exemplar(b, key, measure, v->max, gsp__measure_bucket(measure, v->max), mark);
}

/*
 * Opening.
 */

/* The number of the key that stands at this place. Keys are in the index in the order of their places. */
static uint32_t key_number(const struct gsp__bank *b, uint32_t at)
{
    uint32_t low = 0, high = b->n_keys;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (b->keys[middle].at == at)
            return middle;
        if (b->keys[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return GSP__BANK_NO_KEY;
}

static size_t read_key(struct gsp__bank *b, uint32_t at, size_t n_left)
{
    const struct gsp__bank_key *k = (const void *)(b->bytes + at);

    if (k->class_bit >= GSP__BANK_CLASSES || k->is_overflow > 1 || k->n > GSP__SERIES_KEY_MAX ||
        sizeof *k + padded(k->n) > n_left || (k->is_overflow && b->overflow[k->class_bit]))
        return 0;
    return index_key(b, at, hash_of(b, k->class_bit, k->bytes, k->n)) ? sizeof *k + padded(k->n) : 0;
}

static size_t read_series(struct gsp__bank *b, uint32_t at, size_t n_left)
{
    const struct gsp__series *s = (const void *)(b->bytes + at);
    const struct gsp__bank_key *k;
    uint32_t key;

    if (n_left < sizeof *s || s->measure >= GSP__MEASURES ||
        s->n_buckets != gsp__measures[s->measure].n_buckets || series_bytes(s->measure) > n_left)
        return 0;
    key = key_number(b, s->key);
    if (key == GSP__BANK_NO_KEY || b->keys[key].series[s->measure].at != 0)
        return 0;
    k = (const void *)(b->bytes + s->key);
    b->keys[key].series[s->measure].at = at;
    b->n_series[s->measure] += !k->is_overflow;
    return series_bytes(s->measure);
}

/* Walk the entries and index them. */
static gsp_status load(struct gsp__bank *b)
{
    uint64_t n = *b->n, at = 0;

    if (n > b->cap || n % 8 != 0)
        return GSP_ERR_FORMAT;
    while (at < n) {
        uint8_t type = b->bytes[at];
        size_t size;

        if (!grow_index(b))
            return b->n_keys < GSP__BANK_KEYS_MAX ? GSP_ERR_NO_MEMORY : GSP_ERR_FORMAT;
        size = type == TYPE_KEY      ? read_key(b, (uint32_t)at, n - at)
               : type == TYPE_SERIES ? read_series(b, (uint32_t)at, n - at)
                                     : 0;
        if (size == 0)
            return GSP_ERR_FORMAT;
        at += size;
    }
    return GSP_OK;
}

gsp_status gsp__bank_init(struct gsp__bank *b, uint8_t *bytes, size_t cap, uint64_t *n, uint64_t seed)
{
    gsp_status status;

    memset(b, 0, sizeof *b);
    b->bytes = bytes;
    b->cap = cap;
    b->n = n;
    b->seed = seed;
    b->series_max = GSP__SERIES_MAX;
    status = grow_index(b) ? load(b) : GSP_ERR_NO_MEMORY;
    if (status != GSP_OK)
        gsp__bank_deinit(b);
    return status;
}

void gsp__bank_deinit(struct gsp__bank *b)
{
    free(b->keys);
    free(b->slots);
    free(b->exemplars);
    memset(b, 0, sizeof *b);
}

void gsp__bank_clear(struct gsp__bank *b)
{
    b->n_keys = b->n_exemplars = 0;
    memset(b->n_series, 0, sizeof b->n_series);
    memset(b->overflow, 0, sizeof b->overflow);
    memset(b->slots, 0, b->n_slots * sizeof *b->slots);
}

/*
 * Batches.
 */

/* One key and two series for each record, another key each where it tells of its connection, and the rest of
 * the root's series. */
size_t gsp__bank_need(uint32_t n_records)
{
    return (size_t)n_records * 2 * (sizeof(struct gsp__bank_key) + GSP__SERIES_KEY_MAX) +
           ((size_t)n_records * 2 + GSP__MEASURES) * (GSP__SERIES_BYTES + 8);
}

bool gsp__bank_has_undo_room(const struct gsp__bank *b, uint32_t n_records)
{
    uint32_t n = b->undo.bytes ? atomic_load_explicit(b->undo.n, memory_order_relaxed) : 0;

    return !b->undo.bytes ||
           b->undo.cap - n >= ((size_t)n_records * 2 + GSP__MEASURES) * (GSP__SERIES_BYTES + 8);
}

void gsp__bank_begin(struct gsp__bank *b)
{
    b->batch++;
    b->n_before = *b->n;
    if (b->undo.bytes)
        atomic_store_explicit(b->undo.n, 0, memory_order_release);
}

bool gsp__bank_undo(uint8_t *bytes, size_t n_before, const uint8_t *log, uint32_t n_log)
{
    uint32_t head[2];

    while (n_log > 0) {
        if (n_log < sizeof head)
            return false;
        memcpy(head, log, sizeof head);
        log += sizeof head;
        n_log -= (uint32_t)sizeof head;
        if (head[1] > n_log || head[0] > n_before || head[1] > n_before - head[0])
            return false;
        memcpy(bytes + head[0], log, head[1]);
        log += head[1];
        n_log -= head[1];
    }
    return true;
}

/*
 * Reading.
 */

const struct gsp__bank_key *gsp__bank_key_at(const struct gsp__bank *b, uint32_t key)
{
    uint32_t at = b->keys[key].at;
    const struct gsp__bank_key *k = (const void *)(b->bytes + at);

    return k->n <= GSP__SERIES_KEY_MAX && k->n <= b->cap - at - sizeof *k ? k : NULL;
}

const struct gsp__series *gsp__bank_series_at(const struct gsp__bank *b, uint32_t key,
                                              enum gsp__measure measure)
{
    return series_of(b, key, measure);
}

const struct gsp__exemplar_cell *gsp__bank_exemplars_at(const struct gsp__bank *b, uint32_t key,
                                                        enum gsp__measure measure)
{
    uint32_t number = b->keys[key].series[measure].exemplars;

    return number ? b->exemplars[number - 1].cells : NULL;
}
