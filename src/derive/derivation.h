/*
 * What a call comes to under a dialect: its spans, and its log records.
 */
#ifndef GSP_DERIVE_DERIVATION_H
#define GSP_DERIVE_DERIVATION_H

#include "derive/model.h"

struct gsp__derived {
    struct gsp__span_data *spans; /* parents before children */
    uint32_t n_spans;
    struct gsp__log_data *logs; /* in order of time */
    uint32_t n_logs;
};

#endif
