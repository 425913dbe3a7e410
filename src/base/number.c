/*
 * Numbers as text. The C library's strtod and printf write the decimal point as the locale has it, and a
 * host may have set any: the short cases are done here, for the others the point is exchanged.
 */
#include "base/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool gsp__parse_u64(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');

        if (*text < '0' || *text > '9')
            return false;
        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    if (n > max)
        return false;
    *out = n;
    return true;
}

/*
 * Mantissa and power of ten of at most 2^53 and 10^22: both are exact doubles, so one operation rounds
 * correctly (Clinger). False if the text is not of this kind.
 */
static bool parse_short(const char *text, size_t n, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    bool is_negative = n > 0 && text[0] == '-';
    uint64_t mantissa = 0;
    int scale = 0, digits = 0;
    bool has_point = false;
    double d;

    for (size_t i = is_negative; i < n; i++) {
        if (text[i] == '.' && !has_point) {
            has_point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || ++digits > 15)
            return false;
        mantissa = mantissa * 10 + (uint64_t)(text[i] - '0');
        scale += has_point;
    }
    if (digits == 0)
        return false;
    d = (double)mantissa / powers[scale];
    *out = is_negative ? -d : d;
    return true;
}

/* Points are at most so many bytes long: that of Pashto has two. */
#define POINT_MAX 8

bool gsp__parse_double(const char *text, size_t n, double *out)
{
    char copy[GSP__NUMBER_TEXT_MAX + POINT_MAX + 1];
    const char *point, *local;
    size_t n_local, n_before;
    char *end;
    double d;

    if (parse_short(text, n, out))
        return true;
    if (n == 0 || n > GSP__NUMBER_TEXT_MAX ||
        !((text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '.'))
        return false;
    memcpy(copy, text, n);
    copy[n] = 0;
    if (strspn(copy, "0123456789+-.eE") != n) /* no hex, no nan, no blanks */
        return false;
    point = memchr(text, '.', n);
    if (point) {
        local = localeconv()->decimal_point;
        n_local = strlen(local);
        n_before = (size_t)(point - text);
        if (n_local > POINT_MAX)
            return false;
        memcpy(copy + n_before, local, n_local);
        memcpy(copy + n_before + n_local, point + 1, n - n_before - 1);
        n += n_local - 1;
        copy[n] = 0;
    }
    d = strtod(copy, &end);
    if (end != copy + n || !isfinite(d))
        return false;
    *out = d;
    return true;
}

size_t gsp__format_double(double value, char out[GSP__NUMBER_TEXT_MAX])
{
    const char *local = localeconv()->decimal_point, *point;
    char text[GSP__NUMBER_TEXT_MAX];
    /* 15 digits tell all numbers apart that are written with as many, but not the smallest ones */
    int precision = fabs(value) < DBL_MIN ? 1 : 15;
    size_t n, n_before, n_local = strlen(local);

    if (!isfinite(value))
        return 0;
    for (; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    n = strlen(text);
    point = n_local > 0 ? strstr(text, local) : NULL;
    if (!point) {
        memcpy(out, text, n);
        return n;
    }
    n_before = (size_t)(point - text);
    memcpy(out, text, n_before);
    out[n_before] = '.';
    memcpy(out + n_before + 1, point + n_local, n - n_before - n_local);
    return n - n_local + 1;
}
