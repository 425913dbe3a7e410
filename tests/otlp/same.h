/*
 * Comparing models, field by field. Doubles are compared by their bits.
 */
#ifndef GSP_TESTS_OTLP_SAME_H
#define GSP_TESTS_OTLP_SAME_H

#include "derive/model.h"

/* Where the two differ first, in words, or NULL. Borrowed until the next call. */
const char *test_traces_difference(const struct gsp__traces *a, const struct gsp__traces *b);
const char *test_metrics_difference(const struct gsp__metrics *a, const struct gsp__metrics *b);
const char *test_logs_difference(const struct gsp__logs *a, const struct gsp__logs *b);

#endif
