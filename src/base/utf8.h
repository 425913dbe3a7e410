/*
 * UTF-8: how much of a string is valid, how many characters it has, where it may be cut.
 */
#ifndef GSP_BASE_UTF8_H
#define GSP_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the longest valid prefix of bytes[0..n). */
size_t gsp__utf8_valid_prefix(const char *bytes, size_t n);

/* The largest length <= max at which a string may be cut without splitting a character. */
size_t gsp__utf8_cut(const char *bytes, size_t n, size_t max);

/* The byte length of the first `max` characters. */
size_t gsp__utf8_chars(const char *bytes, size_t n, size_t max);

/*
 * Copy, with each run of invalid bytes replaced by U+FFFD. Writes at most `cap` bytes, whole
 * characters only; returns the bytes written. `cap` of 3 * n always suffices.
 */
size_t gsp__utf8_sanitize(char *out, size_t cap, const char *bytes, size_t n);

/* Encode one code point (surrogates and values above 10FFFF become U+FFFD); returns 1 to 4. */
size_t gsp__utf8_encode(char out[4], uint32_t code_point);

#endif
