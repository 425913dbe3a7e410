/*
 * HTTP/1.1 chunked transfer coding (RFC 9112, 7.1), fed in any cuts: gives the pieces of data in it.
 */
#ifndef GSP_CLIENT_CHUNKED_H
#define GSP_CLIENT_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gsp__chunked {
    uint64_t n_left; /* of the chunk's data; while its size is read: the size so far */
    uint8_t state;
    uint8_t n_digits;
    bool is_over; /* the last chunk and the trailers after it were seen */
    bool is_bad;  /* it is no such coding: nothing more is given */
};

/* All zero is the beginning. */

/*
 * The next piece of data in *bytes, which is moved on past it. False when the input is used up.
 */
bool gsp__chunked_next(struct gsp__chunked *c, const char **bytes, size_t *n_bytes, const char **piece,
                       size_t *n_piece);

#endif
