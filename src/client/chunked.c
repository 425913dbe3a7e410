/*
 * Chunked transfer coding.
 */
#include "client/chunked.h"

enum state {
    SIZE,      /* hexadecimal digits */
    EXTENSION, /* the rest of that line */
    DATA,
    DATA_END, /* the line end after the data */
    TRAILER,  /* the beginning of a line after the last chunk */
    TRAILER_LINE,
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void begin_data(struct gsp__chunked *c)
{
    c->state = c->n_left > 0 ? DATA : TRAILER;
    c->n_digits = 0;
}

static void read_size(struct gsp__chunked *c, char byte)
{
    int digit = digit_of(byte);

    if (digit >= 0 && c->n_digits < 15) {
        c->n_left = c->n_left << 4 | (uint64_t)digit;
        c->n_digits++;
    } else if (c->n_digits == 0 || digit >= 0) {
        c->is_bad = true;
    } else if (byte == '\n') {
        begin_data(c);
    } else if (byte == ';' || byte == ' ' || byte == '\t' || byte == '\r') {
        c->state = EXTENSION;
    } else {
        c->is_bad = true;
    }
}

/* A byte that is no data. */
static void read_framing(struct gsp__chunked *c, char byte)
{
    switch (c->state) {
    case SIZE:
        read_size(c, byte);
        break;
    case EXTENSION:
        if (byte == '\n')
            begin_data(c);
        break;
    case DATA_END:
        if (byte == '\n')
            c->state = SIZE;
        else
            c->is_bad = byte != '\r';
        break;
    case TRAILER:
        if (byte == '\n')
            c->is_over = true;
        else if (byte != '\r')
            c->state = TRAILER_LINE;
        break;
    default:
        if (byte == '\n')
            c->state = TRAILER;
        break;
    }
}

bool gsp__chunked_next(struct gsp__chunked *c, const char **bytes, size_t *n_bytes, const char **piece,
                       size_t *n_piece)
{
    while (*n_bytes > 0 && !c->is_over && !c->is_bad) {
        if (c->state == DATA) {
            size_t n = *n_bytes < c->n_left ? *n_bytes : (size_t)c->n_left;

            *piece = *bytes;
            *n_piece = n;
            *bytes += n;
            *n_bytes -= n;
            c->n_left -= n;
            if (c->n_left == 0)
                c->state = DATA_END;
            return true;
        }
        read_framing(c, **bytes);
        ++*bytes;
        --*n_bytes;
    }
    return false;
}
