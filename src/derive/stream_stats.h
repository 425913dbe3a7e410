/*
 * Statistics of a stream, from the marks in a record.
 */
#ifndef GSP_DERIVE_STREAM_STATS_H
#define GSP_DERIVE_STREAM_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "record/layout.h"

/* When the first chunk with content of any kind came; 0 if none did. */
int64_t gsp__stream_first_content_ns(const struct gsp__stream_part *stream);

struct gsp__intervals {
    uint64_t n;
    double min_s, avg_s, p50_s, p90_s, max_s;
};

/* False if there is no interval, or none that makes sense. Quantiles are interpolated inside their bucket. */
bool gsp__stream_intervals(const struct gsp__stream_part *stream, struct gsp__intervals *out);

/*
 * Tokens per second (ST-4): output tokens, without reasoning that was not streamed, over the time from the
 * first chunk to `end_ns`. False if either is not known or no time passed. `usage` is the head of the record
 * that has the usage.
 */
bool gsp__stream_output_rate(const struct gsp__stream_part *stream, const struct gsp__head *usage,
                             int64_t end_ns, double *out);

#endif
