/*
 * The registry of formats.
 *
 * Rows are tried from the top; the first whose host and path match is it. In a pattern a star stands for any
 * characters, also none. A host pattern of NULL is any host: the path alone is telling.
 */
#include "wire/registry.h"

#include <string.h>

#include "base/compiler.h"
#include "wire/openai_chat.h"

static const struct {
    const char *host;
    const char *path;
    const struct gsp__format *format;
} routes[] = {
    {NULL, "*/chat/completions", &gsp__openai_chat},
};

/* What only one format's responses begin with; the text is searched for in their first bytes. */
static const struct {
    const char *text;
    const struct gsp__format *format;
} shapes[] = {
    {"\"object\":\"chat.completion", &gsp__openai_chat},
};

/* Whether the text matches the pattern; hosts are compared without regard to case. */
static bool matches(const char *pattern, const char *text, size_t n)
{
    const char *star = NULL, *end = text + n, *back = text;

    while (text < end) {
        char c = *text, p = *pattern;

        if (p == '*') {
            star = ++pattern;
            back = text;
        } else if (p == c || (c >= 'A' && c <= 'Z' && p == c + ('a' - 'A'))) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++back;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

const struct gsp__format *gsp__registry_find(const char *host, size_t n_host, const char *path, size_t n_path)
{
    const char *query = memchr(path, '?', n_path), *port = memchr(host, ':', n_host);

    if (query)
        n_path = (size_t)(query - path);
    if (port)
        n_host = (size_t)(port - host);
    for (size_t i = 0; i < GSP__COUNT_OF(routes); i++)
        if ((!routes[i].host || matches(routes[i].host, host, n_host)) &&
            matches(routes[i].path, path, n_path))
            return routes[i].format;
    return NULL;
}

/* Blanks in the JSON are passed over: the text has none outside of its strings. */
static bool begins_here(const char *p, const char *end, const char *text)
{
    bool is_in_string = false;

    for (; p < end && *text; p++) {
        if (!is_in_string && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
            continue;
        if (*p != *text++)
            return false;
        if (*p == '"')
            is_in_string = !is_in_string;
    }
    return !*text;
}

const struct gsp__format *gsp__registry_find_by_shape(const char *bytes, size_t n)
{
    const char *end = bytes + n;

    for (const char *p = bytes; p < end && (p = memchr(p, '"', (size_t)(end - p))); p++)
        for (size_t i = 0; i < GSP__COUNT_OF(shapes); i++)
            if (begins_here(p, end, shapes[i].text))
                return shapes[i].format;
    return NULL;
}

const struct gsp__format *gsp__registry_named(const char *name)
{
    for (size_t i = 0; i < GSP__COUNT_OF(routes); i++)
        if (strcmp(routes[i].format->name, name) == 0)
            return routes[i].format;
    return NULL;
}

const struct gsp__format *gsp__registry_at(size_t i)
{
    for (size_t k = 0; k < GSP__COUNT_OF(routes); k++) {
        size_t before = 0;

        while (before < k && routes[before].format != routes[k].format)
            before++;
        if (before == k && i-- == 0)
            return routes[k].format;
    }
    return NULL;
}
