/*
 * From what a caller says went wrong to what stands in a record's end.
 */
#ifndef GSP_CALL_FAILURE_H
#define GSP_CALL_FAILURE_H

#include <genspan/types.h>

#include "record/record.h"

/*
 * Set the failure's fields of `end` (OP-7 for the type, OP-5 for the cause). `failure` may be NULL: the
 * type is then _OTHER. Pointers go into the failure.
 */
void gsp__failure_describe(const gsp_failure *failure, struct gsp__record_end *end);

#endif
