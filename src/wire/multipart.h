/*
 * multipart/form-data (RFC 7578), fed with bytes in any cuts: the name and type of each part, and the bytes
 * of its value as they come. The boundary is read from the body's first line.
 *
 * A line that is no header we know is passed over; a boundary, header line or name that is too long makes
 * the rest be passed over.
 */
#ifndef GSP_WIRE_MULTIPART_H
#define GSP_WIRE_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GSP__MULTIPART_BOUNDARY_MAX 72 /* RFC 2046 allows 70, and the two dashes */
#define GSP__MULTIPART_NAME_MAX     48
#define GSP__MULTIPART_TYPE_MAX     80
#define GSP__MULTIPART_LINE_MAX     256 /* of a header; what is beyond is not looked at */

enum gsp__multipart_token {
    GSP__MULTIPART_MORE,  /* the input is used up */
    GSP__MULTIPART_PART,  /* a part begins: `name`, `is_file` */
    GSP__MULTIPART_PIECE, /* a piece of its value */
    GSP__MULTIPART_END,   /* the part is complete */
    GSP__MULTIPART_DONE,  /* the form is complete, or cannot be read; the rest is passed over */
};

struct gsp__multipart {
    const char *p, *end;
    uint8_t state;
    uint8_t n_boundary; /* with its leading dashes */
    uint8_t n_matched;  /* of CR LF and the boundary, at the end of a value */
    uint8_t n_name;
    uint8_t n_type;
    bool is_file; /* the part has a filename */
    uint16_t n_line;
    char boundary[GSP__MULTIPART_BOUNDARY_MAX + 2]; /* CR LF before it */
    char name[GSP__MULTIPART_NAME_MAX];
    char type[GSP__MULTIPART_TYPE_MAX]; /* its MIME type, where it is told */
    char line[GSP__MULTIPART_LINE_MAX];
    const char *bytes; /* of a piece, good until the next call */
    size_t n;
};

void gsp__multipart_init(struct gsp__multipart *m);

static inline void gsp__multipart_feed(struct gsp__multipart *m, const char *bytes, size_t n)
{
    m->p = bytes;
    m->end = bytes + n;
}

enum gsp__multipart_token gsp__multipart_next(struct gsp__multipart *m);

#endif
