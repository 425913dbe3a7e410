/*
 * Random models, for properties that hold of any.
 */
#ifndef GSP_TESTS_OTLP_RANDOM_MODEL_H
#define GSP_TESTS_OTLP_RANDOM_MODEL_H

#include "base/arena.h"
#include "derive/model.h"

/* Built in the arena, which must be large enough (1 MiB is). `seed` moves on. */
struct gsp__traces test_random_traces(uint64_t *seed, struct gsp__arena *arena);
struct gsp__metrics test_random_metrics(uint64_t *seed, struct gsp__arena *arena);
struct gsp__logs test_random_logs(uint64_t *seed, struct gsp__arena *arena);

#endif
