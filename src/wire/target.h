/*
 * Finding values in a request's target: path and query.
 */
#ifndef GSP_WIRE_TARGET_H
#define GSP_WIRE_TARGET_H

#include <stdbool.h>
#include <stddef.h>

/* What was found, percent-decoded, NUL-terminated. */
struct gsp__target_value {
    size_t n;
    char bytes[256];
};

/*
 * The value of a query parameter. False if the target has none of this name, or its value does not fit.
 */
bool gsp__target_parameter(const char *target, size_t n, const char *name, struct gsp__target_value *out);

/*
 * What stands in the path between `before` (such as "/models/", its last occurrence) and the next character
 * of `stops` or the path's end.
 */
bool gsp__target_segment(const char *target, size_t n, const char *before, const char *stops,
                         struct gsp__target_value *out);

#endif
