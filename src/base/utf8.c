/*
 * UTF-8: validity, lengths and cuts. Validity is that of RFC 3629: no overlong forms, no surrogates,
 * nothing above U+10FFFF.
 */
#include "base/utf8.h"

#include <string.h>

/* Length of the valid character at p (n > 0), or 0. */
static size_t char_length(const unsigned char *p, size_t n)
{
    unsigned char c = p[0];
    unsigned char low = 0x80, high = 0xbf;
    size_t need;

    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        need = 2;
    else if (c >= 0xe0 && c <= 0xef)
        need = 3;
    else if (c >= 0xf0 && c <= 0xf4)
        need = 4;
    else
        return 0;
    if (c == 0xe0)
        low = 0xa0;
    else if (c == 0xed)
        high = 0x9f;
    else if (c == 0xf0)
        low = 0x90;
    else if (c == 0xf4)
        high = 0x8f;
    if (n < need || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return need;
}

size_t gsp__utf8_valid_prefix(const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t i = 0;

    while (i < n) {
        uint64_t word;
        size_t step;

        while (n - i >= 8) {
            memcpy(&word, p + i, 8);
            if (word & 0x8080808080808080u)
                break;
            i += 8;
        }
        if (i >= n)
            break;
        if (p[i] < 0x80) {
            i++;
            continue;
        }
        step = char_length(p + i, n - i);
        if (step == 0)
            return i;
        i += step;
    }
    return n;
}

size_t gsp__utf8_cut(const char *bytes, size_t n, size_t max)
{
    size_t cut = max, back = 0;

    if (n <= max)
        return n;
    while (back < 3 && cut > 0 && ((unsigned char)bytes[cut] & 0xc0) == 0x80) {
        cut--;
        back++;
    }
    /* three continuation bytes before the cut are no UTF-8 at all: cut where we were asked to */
    return ((unsigned char)bytes[cut] & 0xc0) == 0x80 ? max : cut;
}

size_t gsp__utf8_chars(const char *bytes, size_t n, size_t max)
{
    size_t i = 0;

    while (i < n) {
        if (((unsigned char)bytes[i] & 0xc0) != 0x80) {
            if (max == 0)
                break;
            max--;
        }
        i++;
    }
    return i;
}

size_t gsp__utf8_sanitize(char *out, size_t cap, const char *bytes, size_t n)
{
    size_t used = 0;

    while (n > 0) {
        size_t valid = gsp__utf8_valid_prefix(bytes, n);
        size_t fits = gsp__utf8_cut(bytes, valid, cap - used);

        memcpy(out + used, bytes, fits);
        used += fits;
        if (fits < valid)
            break;
        bytes += valid;
        n -= valid;
        if (n == 0)
            break;
        if (cap - used < 3)
            break;
        memcpy(out + used, "\xef\xbf\xbd", 3);
        used += 3;
        /* one replacement for the whole run that starts no character */
        while (n > 0 && char_length((const unsigned char *)bytes, n) == 0) {
            bytes++;
            n--;
        }
    }
    return used;
}

size_t gsp__utf8_encode(char out[4], uint32_t c)
{
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        c = 0xfffd;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}
