/*
 * Reading base64.
 */
#include "base/base64.h"

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Padding: what was gathered is the end. */
static size_t take_padding(struct gsp__base64 *b, uint8_t *out)
{
    size_t n = b->n == 3 ? 2 : b->n == 2 ? 1 : 0;

    b->is_bad = b->is_bad || b->n == 1;
    if (n > 0)
        out[0] = (uint8_t)(n == 2 ? b->bits >> 10 : b->bits >> 4);
    if (n > 1)
        out[1] = (uint8_t)(b->bits >> 2);
    b->n = 0;
    b->bits = 0;
    b->is_over = true;
    return n;
}

size_t gsp__base64_decode(struct gsp__base64 *b, void *to, const char *in, size_t n)
{
    uint8_t *out = to, *p = out;

    for (size_t i = 0; i < n; i++) {
        int value = value_of(in[i]);

        if (in[i] == '=') {
            p += take_padding(b, p);
            continue;
        }
        if (value < 0 || b->is_over)
            b->is_bad = true;
        if (b->is_bad)
            return 0;
        b->bits = b->bits << 6 | (uint32_t)value;
        if (++b->n < 4)
            continue;
        *p++ = (uint8_t)(b->bits >> 16);
        *p++ = (uint8_t)(b->bits >> 8);
        *p++ = (uint8_t)b->bits;
        b->n = 0;
        b->bits = 0;
    }
    return b->is_bad ? 0 : (size_t)(p - out);
}

bool gsp__base64_finish(const struct gsp__base64 *b)
{
    return !b->is_bad && b->n == 0;
}
