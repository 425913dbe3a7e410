/*
 * The registry of formats: which one a request's path asks for.
 */
#include <string.h>

#include "base/compiler.h"
#include "wire/format.h"

static const struct {
    const char *path_end;
    const struct gsp__format *format;
} by_path[] = {
    {"/chat/completions", &gsp__openai_chat},
};

const struct gsp__format *gsp__format_of(const char *path, size_t n)
{
    const char *query = memchr(path, '?', n);

    if (query)
        n = (size_t)(query - path);
    for (size_t i = 0; i < GSP__COUNT_OF(by_path); i++) {
        size_t n_end = strlen(by_path[i].path_end);

        if (n >= n_end && memcmp(path + n - n_end, by_path[i].path_end, n_end) == 0)
            return by_path[i].format;
    }
    return NULL;
}

const struct gsp__format *gsp__format_named(const char *name)
{
    for (size_t i = 0; i < GSP__COUNT_OF(by_path); i++)
        if (strcmp(by_path[i].format->name, name) == 0)
            return by_path[i].format;
    return NULL;
}
