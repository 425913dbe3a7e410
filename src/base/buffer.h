/*
 * A growing byte buffer with a ceiling. For encoders, exporters and the command; never on the
 * recording path. A failed append (no memory, ceiling reached) sets `failed` and leaves the content as
 * it was; later appends fail too, so a caller may check once at the end.
 */
#ifndef GSP_BASE_BUFFER_H
#define GSP_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

struct gsp__buffer {
    char *data;
    size_t n;
    size_t cap;
    size_t max; /* ceiling in bytes; 0: 64 MiB */
    bool failed;
};

#define GSP__BUFFER_MAX_DEFAULT ((size_t)64 << 20)

void gsp__buffer_deinit(struct gsp__buffer *b);

/* Make room for n more bytes; false (and failed) if that cannot be. */
bool gsp__buffer_reserve(struct gsp__buffer *b, size_t n);

void gsp__buffer_printf(struct gsp__buffer *b, const char *format, ...) GSP__PRINTF(2, 3);

static inline void gsp__buffer_clear(struct gsp__buffer *b)
{
    b->n = 0;
    b->failed = false;
}

static inline void gsp__buffer_add(struct gsp__buffer *b, const void *bytes, size_t n)
{
    if (GSP__UNLIKELY(b->failed || b->cap - b->n < n) && !gsp__buffer_reserve(b, n))
        return;
    if (n)
        memcpy(b->data + b->n, bytes, n);
    b->n += n;
}

static inline void gsp__buffer_add_char(struct gsp__buffer *b, char c)
{
    gsp__buffer_add(b, &c, 1);
}

static inline void gsp__buffer_add_string(struct gsp__buffer *b, const char *s)
{
    gsp__buffer_add(b, s, strlen(s));
}

#endif
