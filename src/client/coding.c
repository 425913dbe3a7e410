/*
 * Content codings.
 */
#include "client/coding.h"

#include <string.h>
#include <strings.h>

#define PIECE_BYTES 4096

static bool is_word(const char *value, size_t n, const char *word)
{
    return strlen(word) == n && strncasecmp(value, word, n) == 0;
}

enum gsp__coding gsp__coding_of(const char *value, size_t n)
{
    if (n == 0 || is_word(value, n, "identity"))
        return GSP__CODING_NONE;
    if (is_word(value, n, "gzip") || is_word(value, n, "x-gzip"))
        return GSP__CODING_GZIP;
    return is_word(value, n, "deflate") ? GSP__CODING_DEFLATE : GSP__CODING_OTHER;
}

static bool begin(struct gsp__inflate *z, enum gsp__coding coding, unsigned char first)
{
    bool has_head = coding == GSP__CODING_GZIP || ((first & 0x0f) == 8 && first >> 4 <= 7);
    int bits = has_head ? MAX_WBITS + 32 : -MAX_WBITS;

    if (inflateInit2(&z->stream, bits) != Z_OK) {
        z->is_bad = true;
        return false;
    }
    z->is_begun = true;
    return true;
}

void gsp__inflate(struct gsp__inflate *z, enum gsp__coding coding, const void *bytes, size_t n,
                  void (*give)(void *self, const void *bytes, size_t n), void *self)
{
    unsigned char piece[PIECE_BYTES];
    int result = Z_OK;

    if (n == 0 || z->is_bad || (!z->is_begun && !begin(z, coding, *(const unsigned char *)bytes)))
        return;
    /* zlib reads it only, whatever its type says */
    memcpy(&z->stream.next_in, &(const void *){bytes}, sizeof(void *));
    z->stream.avail_in = (uInt)n;
    do {
        if (result == Z_STREAM_END) /* gzip: members one after the other */
            inflateReset(&z->stream);
        z->stream.next_out = piece;
        z->stream.avail_out = sizeof piece;
        result = inflate(&z->stream, Z_NO_FLUSH);
        if (z->stream.avail_out < sizeof piece)
            give(self, piece, sizeof piece - z->stream.avail_out);
    } while ((result == Z_OK || result == Z_STREAM_END) &&
             (z->stream.avail_in > 0 || z->stream.avail_out == 0));
    z->is_bad = result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
}

void gsp__inflate_deinit(struct gsp__inflate *z)
{
    if (z->is_begun)
        inflateEnd(&z->stream);
    memset(z, 0, sizeof *z);
}
