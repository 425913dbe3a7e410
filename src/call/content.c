/*
 * Content that the caller hands over.
 */
#include <genspan/content.h>
#include <strings.h>

#include "call/recorder_type.h"

/* How many bytes the part of a data: URL behind its comma stands for. */
static uint64_t data_size(const char *bytes, size_t n, bool is_base64)
{
    uint64_t size = 0;

    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '%' && n - i > 2)
            i += 2;
        size += !is_base64 || bytes[i] != '=';
    }
    return is_base64 ? size / 4 * 3 + size % 4 * 3 / 4 : size;
}

/* CO-2: of a data: URL, what it is and how much. */
static void add_data_url(struct gsp__record r, const gsp_content_piece *piece)
{
    const char *head = piece->bytes + 5, *end = piece->bytes + piece->n_bytes;
    const char *comma = memchr(head, ',', (size_t)(end - head));
    const char *head_end = comma ? comma : end;
    const char *semicolon = memchr(head, ';', (size_t)(head_end - head));
    bool is_base64 = head_end - head >= 7 && strncasecmp(head_end - 7, ";base64", 7) == 0;
    gsp_content_piece part = *piece;

    part.kind = GSP_CONTENT_MEDIA_MIME_TYPE;
    part.bytes = head;
    part.n_bytes = comma ? (size_t)((semicolon ? semicolon : comma) - head) : 0;
    if (part.n_bytes <= 127) /* longer is no MIME type (RFC 6838) */
        gsp__record_add_piece(r, &part);
    part.kind = GSP_CONTENT_MEDIA_SIZE;
    part.bytes = NULL;
    part.n_bytes = 0;
    part.value = comma ? data_size(comma + 1, (size_t)(end - comma - 1), is_base64) : 0;
    gsp__record_add_piece(r, &part);
}

void gsp_span_add_content(gsp_span span, const gsp_content_piece *piece)
{
    gsp_content_piece defaults = GSP_CONTENT_PIECE_INIT;
    struct gsp__record r = gsp__record_find(span);
    const gsp_content_piece *p;

    if (!r.head || !piece)
        return;
    p = gsp__options(piece, &defaults, sizeof defaults);
    if (p->side < GSP_CONTENT_INPUT || p->side > GSP_CONTENT_DOCUMENTS || p->kind < GSP_CONTENT_ROLE ||
        p->kind > GSP_CONTENT_JSON) {
        gsp__view_count(r.view, GSP_LOSS_TYPE);
        return;
    }
    if (p->kind != GSP_CONTENT_MEDIA_SIZE && !p->bytes)
        return;
    if (p->kind == GSP_CONTENT_MEDIA_URI && p->n_bytes >= 5 && strncasecmp(p->bytes, "data:", 5) == 0)
        add_data_url(r, p);
    else
        gsp__record_add_piece(r, p);
}
