/*
 * Filling in a gsp_error.
 */
#ifndef GSP_BASE_STATUS_H
#define GSP_BASE_STATUS_H

#include <genspan/types.h>

/* Record a failure in `err` (may be NULL) and return its code. `text` must be static. */
gsp_status gsp__fail(gsp_error *err, gsp_status code, const char *text);

/* The same for a failed system call: keeps errno, and turns ENOSPC and the like into NO_SPACE. */
gsp_status gsp__fail_errno(gsp_error *err, const char *text);

/* The same for a fault at a place in the input. */
gsp_status gsp__fail_at(gsp_error *err, gsp_status code, uint64_t offset, const char *text);

#endif
