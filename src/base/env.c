/*
 * Environment variables by OpenTelemetry's rules.
 */
#include "base/env.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/warn.h"

const char *gsp__env(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

bool gsp__env_bool(const char *name)
{
    const char *value = gsp__env(name);

    if (!value)
        return false;
    if (strcasecmp(value, "true") == 0)
        return true;
    if (strcasecmp(value, "false") != 0)
        gsp__warn_once(name, "%s=\"%.64s\" is neither true nor false: taken as false", name, value);
    return false;
}

bool gsp__env_u64(const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
    const char *value = gsp__env(name);
    uint64_t n;

    if (!value)
        return false;
    if (!gsp__parse_u64(value, max, &n) || n < min) {
        gsp__warn_once(name, "%s=\"%.64s\" is not a whole number from %llu to %llu: ignored", name, value,
                       (unsigned long long)min, (unsigned long long)max);
        return false;
    }
    *out = n;
    return true;
}

bool gsp__env_double(const char *name, double min, double max, double *out)
{
    const char *value = gsp__env(name);
    double d;

    if (!value)
        return false;
    if (!gsp__parse_double(value, strlen(value), &d) || d < min || d > max) {
        gsp__warn_once(name, "%s=\"%.64s\" is not a number from %g to %g: ignored", name, value, min, max);
        return false;
    }
    *out = d;
    return true;
}
