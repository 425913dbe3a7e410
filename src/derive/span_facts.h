/*
 * The attributes of a span that are facts.
 */
#ifndef GSP_DERIVE_SPAN_FACTS_H
#define GSP_DERIVE_SPAN_FACTS_H

#include "derive/builder.h"

/* All facts and custom attributes of a record, but those that come from elsewhere. */
void gsp__span_facts_add(struct gsp__builder *b, const struct gsp__parsed *p, const bool *is_elsewhere);

/*
 * Mark what an operation's span takes over from the attempt that speaks for the call: what speaks of the
 * whole call (its model, parameters, finish reasons), where the operation does not know it itself; provider
 * and model in any case, if that attempt served (OP-6).
 */
void gsp__span_facts_lift(const struct gsp__parsed *own, const struct gsp__parsed *from, bool has_served,
                          bool lifted[GSP__FACT_LIMIT]);

/* Mark what an attempt's span takes over from its operation: whatever it does not know itself. */
void gsp__span_facts_inherit(const struct gsp__parsed *own, const struct gsp__parsed *from,
                             bool inherited[GSP__FACT_LIMIT]);

/* Add what is marked. */
void gsp__span_facts_add_lifted(struct gsp__builder *b, const struct gsp__parsed *from, const bool *lifted);

void gsp__span_facts_add_usage(struct gsp__builder *b, const struct gsp__head *h);
void gsp__span_facts_add_request_ids(struct gsp__builder *b, const struct gsp__parsed *own,
                                     const struct gsp__call_record *attempts, uint32_t n_attempts);

#endif
