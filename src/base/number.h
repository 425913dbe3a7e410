/*
 * Numbers as text, both ways, whatever the program's locale is.
 */
#ifndef GSP_BASE_NUMBER_H
#define GSP_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GSP__NUMBER_TEXT_MAX 48

/* A whole number without sign, blank or rest; false if it is none or above max. */
bool gsp__parse_u64(const char *text, uint64_t max, uint64_t *out);

/* A finite decimal number, all n characters of it, correctly rounded. */
bool gsp__parse_double(const char *text, size_t n, double *out);

/*
 * The shortest text that reads back as the same double, in JSON's form ("1", "0.1", "1e+22"). Returns
 * its length; nothing and 0 for NaN and infinities. No NUL.
 */
size_t gsp__format_double(double value, char out[GSP__NUMBER_TEXT_MAX]);

#endif
