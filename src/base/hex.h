/*
 * Bytes to lower-case hex and back.
 */
#ifndef GSP_BASE_HEX_H
#define GSP_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Write 2 * n characters; no NUL. */
void gsp__hex_encode(char *out, const uint8_t *bytes, size_t n);

/* Read 2 * n characters of either case. False, and `out` untouched, if one is no hex digit. */
bool gsp__hex_decode(uint8_t *out, size_t n, const char *hex);

/* The value of a hex digit, or -1. */
static inline int gsp__hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

#endif
