/*
 * What formats hand over of a response: values that were just read, checked and once each.
 */
#include <string.h>

#include "base/compiler.h"
#include "wire/decoder.h"
#include "wire/seen.h"

bool gsp__decoder_put_string(struct gsp__decoder *d, unsigned fact, const char *bytes, size_t n, bool is_cut)
{
    if (n == 0 || !gsp__seen_first(d->seen, fact))
        return false;
    d->sink->string(d->self, fact, 0, bytes, n, is_cut);
    return true;
}

void gsp__decoder_put_real(struct gsp__decoder *d, unsigned fact, double value)
{
    if (value >= 0 && gsp__seen_first(d->seen, fact))
        d->sink->real(d->self, fact, value);
}

bool gsp__decoder_string(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m)
{
    return m->token == GSP__JSON_STRING &&
           gsp__decoder_put_string(d, fact, m->value.bytes, m->value.n, m->value_is_cut);
}

void gsp__decoder_code(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m)
{
    if (m->token == GSP__JSON_STRING || m->token == GSP__JSON_NUMBER)
        gsp__decoder_put_string(d, fact, m->value.bytes, m->value.n, m->value_is_cut);
}

void gsp__decoder_item(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m)
{
    if (m->token == GSP__JSON_STRING && m->value.n > 0)
        d->sink->string(d->self, fact, 0, m->value.bytes, m->value.n, m->value_is_cut);
}

void gsp__decoder_int(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m)
{
    int64_t value;

    if (m->token == GSP__JSON_NUMBER && gsp__json_int(m->value, &value) && value >= 0 &&
        gsp__seen_first(d->seen, fact))
        d->sink->integer(d->self, fact, value);
}

void gsp__decoder_real(struct gsp__decoder *d, unsigned fact, const struct gsp__json_map *m, double scale)
{
    double value;

    if (m->token == GSP__JSON_NUMBER && gsp__json_double(m->value, &value) && value >= 0 &&
        gsp__seen_first(d->seen, fact))
        d->sink->real(d->self, fact, value * scale);
}

bool gsp__decoder_tokens(const struct gsp__json_map *m, int64_t *out)
{
    /* US-3: null, booleans and what is no number are no report; nor is less than nothing */
    return m->token == GSP__JSON_NUMBER && gsp__json_int(m->value, out) && *out >= 0;
}

void gsp__decoder_put_usage(struct gsp__decoder *d, gsp_usage part, int64_t tokens)
{
    d->has_usage = true;
    d->sink->usage(d->self, part, tokens);
}

void gsp__decoder_usage(struct gsp__decoder *d, gsp_usage part, const struct gsp__json_map *m)
{
    int64_t tokens;

    if (gsp__decoder_tokens(m, &tokens))
        gsp__decoder_put_usage(d, part, tokens);
}

static uint64_t *total_of(struct gsp__decoder *d, gsp_mark kind)
{
    return kind == GSP_MARK_TEXT        ? &d->n_text_bytes
           : kind == GSP_MARK_REASONING ? &d->n_reasoning_bytes
                                        : &d->n_argument_bytes;
}

/*
 * Content.
 */

static gsp_content_kind content_of(gsp_mark kind)
{
    return kind == GSP_MARK_TEXT        ? GSP_CONTENT_TEXT
           : kind == GSP_MARK_REASONING ? GSP_CONTENT_REASONING
                                        : GSP_CONTENT_TOOL_CALL_ARGUMENTS;
}

static gsp_content_piece piece_of(const struct gsp__decoder *d, unsigned choice, gsp_mark kind)
{
    gsp_content_piece piece = GSP_CONTENT_PIECE_INIT;

    piece.side = GSP_CONTENT_OUTPUT;
    piece.kind = (uint16_t)content_of(kind);
    piece.place = (uint16_t)choice;
    piece.part = (uint16_t)(kind == GSP_MARK_TOOL_CALL ? d->answer.tool_index : 0);
    return piece;
}

void gsp__decoder_text(struct gsp__decoder *d, unsigned choice, gsp_mark kind, const struct gsp__json_map *m)
{
    gsp_content_piece piece;

    if (m->value.n == 0)
        return;
    d->kinds |= (uint8_t)(1u << kind);
    *total_of(d, kind) += m->value.n;
    if (GSP__LIKELY(!d->sink->piece))
        return;
    piece = piece_of(d, choice, kind);
    piece.bytes = m->value.bytes;
    piece.n_bytes = m->value.n;
    d->sink->piece(d->self, &piece);
}

void gsp__decoder_move(struct gsp__decoder *d, unsigned choice, gsp_mark kind, unsigned to_choice,
                       gsp_mark to_kind, uint64_t n)
{
    gsp_content_piece from, to;

    if (n == 0)
        return;
    *total_of(d, kind) -= n;
    *total_of(d, to_kind) += n;
    if (!d->sink->piece || !d->sink->move)
        return;
    from = piece_of(d, choice, kind);
    to = piece_of(d, to_choice, to_kind);
    from.n_bytes = to.n_bytes = (size_t)n;
    d->sink->move(d->self, &from, &to);
}

void gsp__decoder_base64_audio(struct gsp__decoder *d, const struct gsp__json_map *m)
{
    const char *p = m->value.bytes, *end = p + m->value.n;
    size_t n = m->value.n;

    while (p < end && (p = memchr(p, '=', (size_t)(end - p)))) { /* wherever the piece was cut */
        p++;
        n--;
    }
    if (n > 0)
        d->kinds |= (uint8_t)(1u << GSP_MARK_AUDIO);
    d->n_base64 += n;
    if (m->token != GSP__JSON_STRING)
        return;
    d->n_audio_bytes += d->n_base64 * 3 / 4;
    d->n_base64 = 0;
}

void gsp__decoder_request_id(struct gsp__decoder *d, const struct gsp__json_map *m)
{
    gsp__decoder_item(d, GSP_FACT_REQUEST_ID, m);
}

void gsp__decoder_take(struct gsp__decoder *d, struct gsp__meaning meaning)
{
    const struct gsp__json_map *m = &d->map;

    switch ((enum gsp__as)meaning.as) {
    case GSP__AS_NOTHING:
        break;
    case GSP__AS_STRING:
        gsp__decoder_string(d, meaning.what, m);
        break;
    case GSP__AS_ITEM:
        gsp__decoder_item(d, meaning.what, m);
        break;
    case GSP__AS_CODE:
        gsp__decoder_code(d, meaning.what, m);
        break;
    case GSP__AS_INT:
        gsp__decoder_int(d, meaning.what, m);
        break;
    case GSP__AS_REAL:
        gsp__decoder_real(d, meaning.what, m, 1.0);
        break;
    case GSP__AS_MILLIS:
        gsp__decoder_real(d, meaning.what, m, 0.001);
        break;
    case GSP__AS_TOKENS:
        gsp__decoder_usage(d, (gsp_usage)meaning.what, m);
        break;
    }
}
