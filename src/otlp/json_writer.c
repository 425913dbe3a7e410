/*
 * Writing JSON into a buffer.
 */
#include "otlp/json_writer.h"

#include <inttypes.h>
#include <math.h>

#include "base/hex.h"
#include "base/number.h"
#include "base/utf8.h"

static void put_escaped(struct gsp__buffer *b, unsigned char c)
{
    switch (c) {
    case '"':
        gsp__buffer_add(b, "\\\"", 2);
        break;
    case '\\':
        gsp__buffer_add(b, "\\\\", 2);
        break;
    case '\n':
        gsp__buffer_add(b, "\\n", 2);
        break;
    case '\r':
        gsp__buffer_add(b, "\\r", 2);
        break;
    case '\t':
        gsp__buffer_add(b, "\\t", 2);
        break;
    default:
        gsp__buffer_printf(b, "\\u%04x", c);
        break;
    }
}

/* Text that is UTF-8 already. */
static void put_text(struct gsp__buffer *b, const char *bytes, size_t n)
{
    size_t start = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        gsp__buffer_add(b, bytes + start, i - start);
        put_escaped(b, c);
        start = i + 1;
    }
    gsp__buffer_add(b, bytes + start, n - start);
}

void gsp__json_put_string(struct gsp__buffer *b, struct gsp__string s)
{
    gsp__buffer_add_char(b, '"');
    while (s.n > 0) {
        size_t valid = gsp__utf8_valid_prefix(s.bytes, s.n);

        put_text(b, s.bytes, valid);
        s.bytes += valid;
        s.n -= valid;
        if (s.n > 0) {
            gsp__buffer_add(b, "\xef\xbf\xbd", 3);
            do { /* one for the whole run */
                s.bytes++;
                s.n--;
            } while (s.n > 0 && gsp__utf8_valid_prefix(s.bytes, s.n) == 0);
        }
    }
    gsp__buffer_add_char(b, '"');
}

void gsp__json_put_double(struct gsp__buffer *b, double d)
{
    char text[GSP__NUMBER_TEXT_MAX];
    size_t n = gsp__format_double(d, text);

    if (n == 2 && text[0] == '-' && text[1] == '0')
        gsp__buffer_add_string(b, "-0.0"); /* many read "-0" as the integer, which has no sign */
    else if (n > 0)
        gsp__buffer_add(b, text, n);
    else
        gsp__buffer_add_string(b, isnan(d) ? "\"NaN\"" : d > 0 ? "\"Infinity\"" : "\"-Infinity\"");
}

void gsp__json_put_int64(struct gsp__buffer *b, int64_t i)
{
    gsp__buffer_printf(b, "\"%" PRId64 "\"", i);
}

void gsp__json_put_uint64(struct gsp__buffer *b, uint64_t i)
{
    gsp__buffer_printf(b, "\"%" PRIu64 "\"", i);
}

void gsp__json_put_hex(struct gsp__buffer *b, const uint8_t *bytes, size_t n)
{
    gsp__buffer_add_char(b, '"');
    if (gsp__buffer_reserve(b, 2 * n)) {
        gsp__hex_encode(b->data + b->n, bytes, n);
        b->n += 2 * n;
    }
    gsp__buffer_add_char(b, '"');
}

void gsp__json_put_base64(struct gsp__buffer *b, const void *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = bytes;

    gsp__buffer_add_char(b, '"');
    for (; n >= 3; p += 3, n -= 3) {
        char four[4] = {digits[p[0] >> 2], digits[(p[0] & 3) << 4 | p[1] >> 4],
                        digits[(p[1] & 15) << 2 | p[2] >> 6], digits[p[2] & 63]};

        gsp__buffer_add(b, four, 4);
    }
    if (n > 0) {
        uint8_t second = n > 1 ? p[1] : 0;
        char four[4] = {digits[p[0] >> 2], digits[(p[0] & 3) << 4 | second >> 4],
                        n > 1 ? digits[(second & 15) << 2] : '=', '='};

        gsp__buffer_add(b, four, 4);
    }
    gsp__buffer_add_char(b, '"');
}
