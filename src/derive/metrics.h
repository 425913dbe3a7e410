/*
 * Metrics: folded from finished calls, each exactly once, whether their spans are sampled or not.
 *
 * The fold is a bank of series: plain bytes without pointers, so that it can live in a mapped file beside
 * the ring and be taken over by the next drainer. Adding a call touches a handful of series; exporting
 * reads the bank.
 */
#ifndef GSP_DERIVE_METRICS_H
#define GSP_DERIVE_METRICS_H

#include "derive/call.h"
#include "derive/model.h"

#define GSP__SERIES_KEY_MAX 384
#define GSP__SERIES_BUCKETS 16

enum gsp__instrument {
    GSP__METRIC_OPERATION_DURATION,
    GSP__METRIC_FIRST_CHUNK,
    GSP__METRIC_CHUNK_INTERVAL,
    GSP__METRIC_TOKEN_USAGE,
    GSP__METRIC_ATTEMPT_DURATION,
    GSP__METRIC_OPERATION_ATTEMPTS,
    GSP__METRIC_RECORDS_EXPORTED,
    GSP__METRIC_RECORDS_SPOOLED,
    GSP__METRIC_RECORDS_DROPPED,
    GSP__INSTRUMENTS
};

/* One series: an instrument and one set of attributes. */
struct gsp__series {
    uint16_t instrument;
    uint16_t n_key;
    uint8_t is_overflow;
    uint8_t zero[3];
    uint64_t count; /* of a sum: its value */
    double sum, min, max;
    uint64_t buckets[GSP__SERIES_BUCKETS];
    uint8_t key[GSP__SERIES_KEY_MAX]; /* dimension, length, bytes; again */
};

struct gsp__bank {
    uint32_t n_series;
    uint32_t cap; /* series there is room for */
    struct gsp__series *series;
};

/*
 * Add a finished call. Unknown values record nothing. When the bank is full, or a set of attributes is
 * too long, the value goes to the instrument's overflow series, for which room is kept.
 */
void gsp__metrics_fold(struct gsp__bank *bank, const struct gsp__call *call);

/*
 * A counter of genspan's own (records exported, spooled, dropped by reason): set it to what is counted
 * elsewhere, or add to it. `reason` may be empty.
 */
void gsp__metrics_set(struct gsp__bank *bank, enum gsp__instrument instrument, const char *reason,
                      uint64_t value);
void gsp__metrics_add(struct gsp__bank *bank, enum gsp__instrument instrument, const char *reason,
                      uint64_t n);

/*
 * The bank as metrics with cumulative points from start to now, in the arena. False if that is full.
 */
bool gsp__metrics_derive(const struct gsp__bank *bank, uint64_t start_unix_ns, uint64_t now_unix_ns,
                         struct gsp__arena *arena, struct gsp__metric **out, uint32_t *n_out);

#endif
