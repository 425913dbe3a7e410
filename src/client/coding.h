/*
 * Content codings that are undone: gzip and deflate, by zlib.
 */
#ifndef GSP_CLIENT_CODING_H
#define GSP_CLIENT_CODING_H

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

enum gsp__coding {
    GSP__CODING_NONE,
    GSP__CODING_GZIP,
    GSP__CODING_DEFLATE, /* with zlib's head, as it should be, or without: the first byte tells */
    GSP__CODING_OTHER,   /* br, zstd ...: what is in it is not read */
};

/* What a Content-Encoding header names. */
enum gsp__coding gsp__coding_of(const char *value, size_t n);

struct gsp__inflate {
    z_stream stream;
    bool is_begun;
    bool is_bad;
};

/* All zero is the beginning. Gives what is in these bytes of gzip or deflate, piece by piece. */
void gsp__inflate(struct gsp__inflate *z, enum gsp__coding coding, const void *bytes, size_t n,
                  void (*give)(void *self, const void *bytes, size_t n), void *self);
void gsp__inflate_deinit(struct gsp__inflate *z);

#endif
