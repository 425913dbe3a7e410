/*
 * Reading base64 (RFC 4648, both alphabets), in any cuts.
 */
#ifndef GSP_BASE_BASE64_H
#define GSP_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is left over between two calls; all zero to begin with. */
struct gsp__base64 {
    uint32_t bits;
    uint8_t n;    /* characters in `bits` */
    bool is_over; /* padding was seen: only padding may follow */
    bool is_bad;
};

/*
 * Decode n more characters into `out`, which has room for 3 * (n + 3) / 4 bytes. Returns how many there were;
 * after a character that is none of base64's, 0 and `is_bad`.
 */
size_t gsp__base64_decode(struct gsp__base64 *b, void *out, const char *in, size_t n);

/* No more characters come: whether all was whole. */
bool gsp__base64_finish(const struct gsp__base64 *b);

#endif
