/*
 * Measures: what is counted of calls, in whole numbers of a small unit, before any dialect gives it a name.
 * Durations are nanoseconds, money is nano-USD, the rest are counts: sums are exact, and so are differences
 * of sums.
 */
#ifndef GSP_DERIVE_MEASURE_H
#define GSP_DERIVE_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "derive/model.h"

/* Numbers stand in the fold file and do not change within a version of its layout. */
enum gsp__measure {
    GSP__MEASURE_OPERATION = 0, /* duration */
    GSP__MEASURE_FIRST_CHUNK = 1,
    GSP__MEASURE_INTERVAL = 2, /* between chunks */
    GSP__MEASURE_ATTEMPT = 3,  /* duration */
    GSP__MEASURE_ATTEMPTS = 4, /* per operation */
    GSP__MEASURE_AGENT = 5,    /* duration, in buckets for minutes */
    GSP__MEASURE_WORKFLOW = 6, /* duration, in buckets for hours */
    GSP__MEASURE_COST = 7,

    /* voice */
    GSP__MEASURE_E2E_LATENCY = 8,
    GSP__MEASURE_TRANSCRIPTION_DELAY = 9,
    GSP__MEASURE_END_OF_TURN_DELAY = 10,
    GSP__MEASURE_TURN_COMPLETED_DELAY = 11,
    GSP__MEASURE_CONNECTION = 12, /* time to get one */
    GSP__MEASURE_CHARACTERS = 13, /* of text to speak */
    GSP__MEASURE_AUDIO_OUT = 14,  /* seconds of it */
    GSP__MEASURE_AUDIO_IN = 15,

    /* Tokens of one operation. Its total is in one of the first two, never in both: in SPLIT where finer
     * parts were reported, or the provider bills another number. REST is then what of the billed total is of
     * no known modality. So a view of all, and one by modality, both add up. */
    GSP__MEASURE_INPUT = 16,
    GSP__MEASURE_INPUT_SPLIT = 17,
    GSP__MEASURE_INPUT_REST = 18,
    GSP__MEASURE_OUTPUT = 19,
    GSP__MEASURE_OUTPUT_SPLIT = 20,
    GSP__MEASURE_OUTPUT_REST = 21,
    GSP__MEASURE_CACHE_READ = 22,
    GSP__MEASURE_CACHE_WRITE = 23,
    GSP__MEASURE_REASONING = 24,
    GSP__MEASURE_TEXT_INPUT = 25,
    GSP__MEASURE_TEXT_OUTPUT = 26,
    GSP__MEASURE_AUDIO_INPUT = 27,
    GSP__MEASURE_AUDIO_OUTPUT = 28,
    GSP__MEASURE_IMAGE_INPUT = 29,
    GSP__MEASURE_IMAGE_OUTPUT = 30,
    GSP__MEASURES = 31
};

#define GSP__BUCKETS_MAX 15

struct gsp__measure_info {
    uint64_t scale;         /* units in one of what is exported */
    const uint64_t *bounds; /* upper bounds of the buckets, in units; NULL: it is only ever summed up */
    uint8_t n_buckets;      /* bounds and one; 0 without */
};

extern const struct gsp__measure_info gsp__measures[GSP__MEASURES];

/* Which bucket: a bound belongs to the bucket below it. */
static inline unsigned gsp__measure_bucket(enum gsp__measure measure, uint64_t value)
{
    const uint64_t *bounds = gsp__measures[measure].bounds;
    unsigned bucket = 0, n = gsp__measures[measure].n_buckets;

    for (; n > 1; n -= n / 2) /* how many there are from `bucket` on */
        bucket += value > bounds[bucket + n / 2 - 1] ? n / 2 : 0;
    return bucket;
}

/* A sum or value as it is exported. */
static inline double gsp__measure_value(enum gsp__measure measure, uint64_t units)
{
    return (double)units / (double)gsp__measures[measure].scale;
}

#endif
