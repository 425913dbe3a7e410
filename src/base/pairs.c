/*
 * Lists of "key=value,..." with percent-encoding.
 */
#include "base/pairs.h"

#include <string.h>

#include "base/hex.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Decode text[0..n), blanks trimmed, to out (`cap` bytes, NUL included). Returns its length, or -1. */
static long decode(const char *text, size_t n, char *out, size_t cap)
{
    size_t used = 0;

    while (n > 0 && is_blank(*text)) {
        text++;
        n--;
    }
    while (n > 0 && is_blank(text[n - 1]))
        n--;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        if (c == '%') {
            uint8_t byte;

            if (n - i < 3 || !gsp__hex_decode(&byte, 1, text + i + 1) || byte == 0)
                return -1;
            c = (char)byte;
            i += 2;
        }
        if (used + 1 >= cap)
            return -1;
        out[used++] = c;
    }
    if (used >= cap)
        return -1;
    out[used] = 0;
    return (long)used;
}

int gsp__pairs_next(const char **list, char *buf, size_t cap, const char **key, const char **value)
{
    const char *start = *list;
    const char *end, *equals;
    long n_key;

    while (is_blank(*start) || *start == ',')
        start++;
    if (!*start)
        return 0;
    end = start + strcspn(start, ",");
    *list = end;
    equals = memchr(start, '=', (size_t)(end - start));
    if (!equals)
        return -1;
    n_key = decode(start, (size_t)(equals - start), buf, cap);
    if (n_key <= 0)
        return -1;
    if (decode(equals + 1, (size_t)(end - equals - 1), buf + n_key + 1, cap - (size_t)n_key - 1) < 0)
        return -1;
    *key = buf;
    *value = buf + n_key + 1;
    return 1;
}
