/*
 * A growing byte buffer with a ceiling.
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void gsp__buffer_deinit(struct gsp__buffer *b)
{
    free(b->data);
    memset(b, 0, sizeof *b);
}

bool gsp__buffer_reserve(struct gsp__buffer *b, size_t n)
{
    size_t max = b->max ? b->max : GSP__BUFFER_MAX_DEFAULT;
    size_t cap = b->cap ? b->cap : 256;
    char *data;

    if (b->failed)
        return false;
    if (b->cap - b->n >= n)
        return true;
    if (b->n > max || n > max - b->n) {
        b->failed = true;
        return false;
    }
    while (cap - b->n < n)
        cap *= 2;
    if (cap > max)
        cap = max;
    data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void gsp__buffer_printf(struct gsp__buffer *b, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !gsp__buffer_reserve(b, (size_t)n + 1))
        return;
    va_start(args, format);
    vsnprintf(b->data + b->n, (size_t)n + 1, format, args);
    va_end(args);
    b->n += (size_t)n;
}
