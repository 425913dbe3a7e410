/*
 * Metrics: folded from finished calls, each exactly once, whether their spans are sampled or not, and under
 * no dialect: what they are called is a matter of the views (metric_view.h).
 */
#ifndef GSP_DERIVE_METRICS_H
#define GSP_DERIVE_METRICS_H

#include "derive/call.h"
#include "derive/metric_bank.h"

/*
 * Add a finished call. Unknown values record nothing. `has_exemplars`: its values may stand as examples,
 * with its ids.
 */
void gsp__metrics_fold(struct gsp__bank *bank, const struct gsp__call *call, bool has_exemplars);

#endif
