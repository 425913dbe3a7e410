/*
 * Bytes to lower-case hex and back.
 */
#include "base/hex.h"

void gsp__hex_encode(char *out, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

bool gsp__hex_decode(uint8_t *out, size_t n, const char *hex)
{
    for (size_t i = 0; i < 2 * n; i++)
        if (gsp__hex_digit(hex[i]) < 0)
            return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(gsp__hex_digit(hex[2 * i]) << 4 | gsp__hex_digit(hex[2 * i + 1]));
    return true;
}
