/*
 * Measures: units and bounds.
 */
#include "derive/measure.h"

#include "base/compiler.h"

#define MS  UINT64_C(1000000)
#define S   (1000 * MS)
#define USD UINT64_C(1000000000) /* in nano-USD */

static const uint64_t second_bounds[] = {10 * MS,    20 * MS,    40 * MS,    80 * MS,   160 * MS,
                                         320 * MS,   640 * MS,   1280 * MS,  2560 * MS, 5120 * MS,
                                         10240 * MS, 20480 * MS, 40960 * MS, 81920 * MS};
static const uint64_t token_bounds[] = {1,     4,     16,     64,      256,     1024,     4096,
                                        16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
static const uint64_t attempt_bounds[] = {1, 2, 3, 4, 5, 6, 8, 10, 15, 20};
static const uint64_t agent_bounds[] = {100 * MS,    200 * MS,    400 * MS,   800 * MS,   1600 * MS,
                                        3200 * MS,   6400 * MS,   12800 * MS, 25600 * MS, 51200 * MS,
                                        102400 * MS, 204800 * MS, 409600 * MS};
static const uint64_t workflow_bounds[] = {1 * S,   5 * S,   10 * S,   30 * S,   60 * S,  120 * S,
                                           300 * S, 600 * S, 1800 * S, 3600 * S, 7200 * S};
static const uint64_t cost_bounds[] = {USD / 100000, USD / 10000, USD / 1000, USD / 200, USD / 100, USD / 20,
                                       USD / 10,     USD / 2,     USD,        5 * USD,   10 * USD,  50 * USD};

#define BUCKETS(bounds) bounds, GSP__COUNT_OF(bounds) + 1

const struct gsp__measure_info gsp__measures[GSP__MEASURES] = {
    [GSP__MEASURE_OPERATION] = {S, BUCKETS(second_bounds)},
    [GSP__MEASURE_FIRST_CHUNK] = {S, BUCKETS(second_bounds)},
    [GSP__MEASURE_INTERVAL] = {S, BUCKETS(second_bounds)},
    [GSP__MEASURE_ATTEMPT] = {S, BUCKETS(second_bounds)},
    [GSP__MEASURE_ATTEMPTS] = {1, BUCKETS(attempt_bounds)},
    [GSP__MEASURE_AGENT] = {S, BUCKETS(agent_bounds)},
    [GSP__MEASURE_WORKFLOW] = {S, BUCKETS(workflow_bounds)},
    [GSP__MEASURE_COST] = {USD, BUCKETS(cost_bounds)},
    [GSP__MEASURE_E2E_LATENCY] = {S, BUCKETS(second_bounds)},
    [GSP__MEASURE_TRANSCRIPTION_DELAY] = {S, BUCKETS(second_bounds)},
    [GSP__MEASURE_END_OF_TURN_DELAY] = {S, BUCKETS(second_bounds)},
    [GSP__MEASURE_TURN_COMPLETED_DELAY] = {S, BUCKETS(second_bounds)},
    [GSP__MEASURE_CONNECTION] = {S, BUCKETS(second_bounds)},
    [GSP__MEASURE_CHARACTERS] = {1, NULL, 0},
    [GSP__MEASURE_AUDIO_OUT] = {S, NULL, 0},
    [GSP__MEASURE_AUDIO_IN] = {S, NULL, 0},
    [GSP__MEASURE_INPUT] = {1, BUCKETS(token_bounds)},
    [GSP__MEASURE_INPUT_SPLIT] = {1, BUCKETS(token_bounds)},
    [GSP__MEASURE_INPUT_REST] = {1, NULL, 0},
    [GSP__MEASURE_OUTPUT] = {1, BUCKETS(token_bounds)},
    [GSP__MEASURE_OUTPUT_SPLIT] = {1, BUCKETS(token_bounds)},
    [GSP__MEASURE_OUTPUT_REST] = {1, NULL, 0},
    [GSP__MEASURE_CACHE_READ] = {1, BUCKETS(token_bounds)},
    [GSP__MEASURE_CACHE_WRITE] = {1, NULL, 0},
    [GSP__MEASURE_REASONING] = {1, BUCKETS(token_bounds)},
    [GSP__MEASURE_TEXT_INPUT] = {1, NULL, 0},
    [GSP__MEASURE_TEXT_OUTPUT] = {1, NULL, 0},
    [GSP__MEASURE_AUDIO_INPUT] = {1, NULL, 0},
    [GSP__MEASURE_AUDIO_OUTPUT] = {1, NULL, 0},
    [GSP__MEASURE_IMAGE_INPUT] = {1, NULL, 0},
    [GSP__MEASURE_IMAGE_OUTPUT] = {1, NULL, 0},
};

_Static_assert(GSP__COUNT_OF(second_bounds) < GSP__BUCKETS_MAX, "buckets");
_Static_assert(GSP__COUNT_OF(token_bounds) < GSP__BUCKETS_MAX, "buckets");
