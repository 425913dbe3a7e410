/*
 * Statistics of a stream, from the marks in a record.
 */
#include "derive/stream_stats.h"

#include <genspan/operation.h>

#include "derive/seconds.h"

int64_t gsp__stream_first_content_ns(const struct gsp__stream_part *s)
{
    int64_t first = 0;

    for (int i = 0; i < GSP__CONTENT_KINDS; i++)
        if (s->first_content_ns[i] > 0 && (first == 0 || s->first_content_ns[i] < first))
            first = s->first_content_ns[i];
    return first;
}

static double upper_bound_s(unsigned bucket)
{
    return gsp__seconds((int64_t)GSP__INTERVAL_FIRST_NS << bucket);
}

static double quantile(const struct gsp__stream_part *s, uint64_t n, double q)
{
    double min = gsp__seconds(s->interval_min_ns), max = gsp__seconds(s->interval_max_ns);
    double rank = q * (double)n, below = 0;

    for (unsigned i = 0; i < GSP__INTERVAL_BUCKETS; i++) {
        double low = i ? upper_bound_s(i - 1) : 0, high = upper_bound_s(i);

        if (s->intervals[i] == 0)
            continue;
        if (below + s->intervals[i] < rank) {
            below += s->intervals[i];
            continue;
        }
        if (low < min)
            low = min;
        if (high > max || i == GSP__INTERVAL_BUCKETS - 1)
            high = max;
        return high < low ? low : low + (high - low) * (rank - below) / s->intervals[i];
    }
    return max;
}

bool gsp__stream_intervals(const struct gsp__stream_part *s, struct gsp__intervals *out)
{
    uint64_t n = 0;

    for (int i = 0; i < GSP__INTERVAL_BUCKETS; i++)
        n += s->intervals[i];
    if (n == 0 || s->interval_min_ns < 0 || s->interval_max_ns < s->interval_min_ns || s->interval_sum_ns < 0)
        return false;
    out->n = n;
    out->min_s = gsp__seconds(s->interval_min_ns);
    out->max_s = gsp__seconds(s->interval_max_ns);
    out->avg_s = gsp__seconds(s->interval_sum_ns) / (double)n;
    out->p50_s = quantile(s, n, 0.5);
    out->p90_s = quantile(s, n, 0.9);
    return true;
}

bool gsp__stream_output_rate(const struct gsp__stream_part *s, const struct gsp__head *usage, int64_t end_ns,
                             double *out)
{
    int64_t start_ns = gsp__stream_first_content_ns(s), tokens;
    bool streamed_reasoning = s->first_content_ns[GSP_MARK_REASONING - GSP_MARK_TEXT] != 0;

    if (start_ns == 0 || end_ns <= start_ns || !(usage->usage_seen & 1u << GSP_USAGE_OUTPUT_TOKENS))
        return false;
    tokens = usage->usage[GSP_USAGE_OUTPUT_TOKENS];
    if ((usage->usage_seen & 1u << GSP_USAGE_REASONING_TOKENS) && !streamed_reasoning)
        tokens -= usage->usage[GSP_USAGE_REASONING_TOKENS];
    if (tokens < 0)
        return false;
    *out = (double)tokens / gsp__seconds_between(start_ns, end_ns);
    return true;
}
