/*
 * Environment variables by OpenTelemetry's rules: empty is unset; only "true" (any case) is true; a
 * bad number or word is warned of once and treated as unset.
 */
#ifndef GSP_BASE_ENV_H
#define GSP_BASE_ENV_H

#include <stdbool.h>
#include <stdint.h>

/* The value, or NULL if unset or empty. Borrowed from the environment. */
const char *gsp__env(const char *name);

/* True only for "true"; any other word is false, and warned of unless it is "false". */
bool gsp__env_bool(const char *name);

/* A whole number in [min, max]. Returns whether there was a good one; `out` is untouched if not. */
bool gsp__env_u64(const char *name, uint64_t min, uint64_t max, uint64_t *out);

/* A decimal number in [min, max]; same rule. */
bool gsp__env_double(const char *name, double min, double max, double *out);

#endif
