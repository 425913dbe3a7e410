/*
 * Values that only some vocabularies have: computed from several facts, often as a JSON text.
 */
#ifndef GSP_DERIVE_SPAN_VALUES_H
#define GSP_DERIVE_SPAN_VALUES_H

#include "derive/builder.h"

/* What is known of the span at hand. */
struct gsp__span_subject {
    const struct gsp__call *call;
    enum gsp__class class;
    bool is_owner; /* of the call's usage, if it is billable: the operation, or the attempt that answered */
    const struct gsp__call_record *own;    /* whose facts it shows */
    const struct gsp__call_record *from;   /* where those come from that it has not, or NULL */
    const struct gsp__call_record *stream; /* the record that streamed, or NULL */
    const struct gsp__head *usage;         /* NULL: it shows none */
    const struct gsp__ending *end;
    int64_t start_ns;
    uint32_t n_retry; /* of an attempt: how many to the same target came before it */
};

/* Add those that a dialect which is on has a key for. */
void gsp__span_values_add(struct gsp__builder *b, const struct gsp__span_subject *s);

#endif
