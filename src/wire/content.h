/*
 * Handing pieces of content to a sink: nothing happens where it wants none.
 */
#ifndef GSP_WIRE_CONTENT_H
#define GSP_WIRE_CONTENT_H

#include "wire/sink.h"

/* Where a piece belongs: see gsp_content_piece. */
struct gsp__spot {
    uint16_t side, place, part;
};

/* The audio of an answer. */
static const struct gsp__spot gsp__audio_spot = {GSP_CONTENT_OUTPUT, 0, 0};

static inline gsp_content_piece gsp__content_piece(struct gsp__spot spot, gsp_content_kind kind)
{
    gsp_content_piece piece = GSP_CONTENT_PIECE_INIT;

    piece.side = spot.side;
    piece.kind = (uint16_t)kind;
    piece.place = spot.place;
    piece.part = spot.part;
    return piece;
}

static inline void gsp__content_put(const struct gsp__sink *sink, void *self, struct gsp__spot spot,
                                    gsp_content_kind kind, const char *bytes, size_t n)
{
    gsp_content_piece piece = gsp__content_piece(spot, kind);

    if (n == 0 || !sink->piece)
        return;
    piece.bytes = bytes;
    piece.n_bytes = n;
    sink->piece(self, &piece);
}

static inline void gsp__content_move(const struct gsp__sink *sink, void *self, struct gsp__spot from,
                                     gsp_content_kind kind, struct gsp__spot to, gsp_content_kind to_kind,
                                     uint64_t n)
{
    gsp_content_piece piece = gsp__content_piece(from, kind), target = gsp__content_piece(to, to_kind);

    if (n == 0 || !sink->piece || !sink->move)
        return;
    piece.n_bytes = target.n_bytes = (size_t)n;
    sink->move(self, &piece, &target);
}

#endif
