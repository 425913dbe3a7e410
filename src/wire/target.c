/*
 * Finding values in a request's target.
 */
#include "wire/target.h"

#include <string.h>

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool decode(const char *p, size_t n, struct gsp__target_value *out)
{
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        char c = p[i];

        if (out->n + 1 == sizeof out->bytes)
            return false;
        if (c == '%' && i + 2 < n && hex(p[i + 1]) >= 0 && hex(p[i + 2]) >= 0) {
            c = (char)(hex(p[i + 1]) << 4 | hex(p[i + 2]));
            i += 2;
        }
        out->bytes[out->n++] = c;
    }
    out->bytes[out->n] = 0;
    return out->n > 0;
}

bool gsp__target_parameter(const char *target, size_t n, const char *name, struct gsp__target_value *out)
{
    const char *end = target + n, *p = memchr(target, '?', n);
    size_t n_name = strlen(name);

    while (p && ++p < end) {
        const char *next = memchr(p, '&', (size_t)(end - p)), *stop = next ? next : end;

        if ((size_t)(stop - p) > n_name && memcmp(p, name, n_name) == 0 && p[n_name] == '=')
            return decode(p + n_name + 1, (size_t)(stop - p) - n_name - 1, out);
        p = next;
    }
    return false;
}

bool gsp__target_segment(const char *target, size_t n, const char *before, const char *stops,
                         struct gsp__target_value *out)
{
    const char *query = memchr(target, '?', n), *end = query ? query : target + n, *found = NULL, *stop;
    size_t n_before = strlen(before);

    for (const char *p = target; (size_t)(end - p) >= n_before; p++)
        if (memcmp(p, before, n_before) == 0)
            found = p + n_before;
    if (!found)
        return false;
    for (stop = found; stop < end && !strchr(stops, *stop); stop++)
        continue;
    return decode(found, (size_t)(stop - found), out);
}
