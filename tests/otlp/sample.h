/*
 * Models made by hand which between them use every field of src/derive/model.h. The tests round-trip them,
 * protoc and the official Python package decode them (tests/peers).
 */
#ifndef GSP_TESTS_OTLP_SAMPLE_H
#define GSP_TESTS_OTLP_SAMPLE_H

#include "derive/model.h"

/* Static. All strings are UTF-8; some hold control characters and NULs. */
const struct gsp__traces *test_sample_traces(void);
const struct gsp__metrics *test_sample_metrics(void);
const struct gsp__logs *test_sample_logs(void);

#endif
