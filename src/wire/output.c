/*
 * What formats hand over of an answer: text, reasoning, audio and other media, which are counted, and are
 * content where somebody wants it. Tool calls are in wire/answer.c.
 */
#include <string.h>

#include "base/compiler.h"
#include "wire/content.h"
#include "wire/decoder.h"

static uint64_t *total_of(struct gsp__decoder *d, gsp_mark kind)
{
    return kind == GSP_MARK_TEXT        ? &d->n_text_bytes
           : kind == GSP_MARK_REASONING ? &d->n_reasoning_bytes
                                        : &d->n_argument_bytes;
}

static gsp_content_kind content_of(gsp_mark kind)
{
    return kind == GSP_MARK_TEXT        ? GSP_CONTENT_TEXT
           : kind == GSP_MARK_REASONING ? GSP_CONTENT_REASONING
                                        : GSP_CONTENT_TOOL_CALL_ARGUMENTS;
}

static struct gsp__spot spot_of(const struct gsp__decoder *d, unsigned choice, gsp_mark kind)
{
    unsigned part = kind == GSP_MARK_TOOL_CALL ? d->answer.tool_index : 0;

    return (struct gsp__spot){GSP_CONTENT_OUTPUT, (uint16_t)choice, (uint16_t)part};
}

/* What the choice that is being read has handed over so far. */
static uint64_t *given_of(struct gsp__decoder *d, gsp_mark kind)
{
    return kind == GSP_MARK_TEXT ? &d->answer.n_text : &d->answer.n_reasoning;
}

static void put(struct gsp__decoder *d, unsigned choice, gsp_mark kind, struct gsp__json_slice text)
{
    gsp__content_put(d->sink, d->self, spot_of(d, choice, kind), content_of(kind), text.bytes, text.n);
    if (kind != GSP_MARK_TOOL_CALL)
        *given_of(d, kind) += text.n;
}

void gsp__decoder_text(struct gsp__decoder *d, unsigned choice, gsp_mark kind, const struct gsp__json_map *m)
{
    if (m->value.n == 0)
        return;
    d->kinds |= (uint8_t)(1u << kind);
    *total_of(d, kind) += m->value.n;
    if (GSP__UNLIKELY(d->sink->piece))
        put(d, choice, kind, m->value);
}

void gsp__decoder_move(struct gsp__decoder *d, unsigned choice, gsp_mark kind, gsp_mark to_kind, uint64_t n)
{
    *total_of(d, kind) -= n;
    *total_of(d, to_kind) += n;
    if (n == 0 || !d->sink->piece)
        return;
    *given_of(d, kind) -= n;
    *given_of(d, to_kind) += n;
    gsp__content_move(d->sink, d->self, spot_of(d, choice, kind), content_of(kind),
                      spot_of(d, choice, to_kind), content_of(to_kind), n);
}

#define ASIDE_PART 1 /* the answer's text is part 0 */

void gsp__decoder_aside(struct gsp__decoder *d, unsigned choice, const struct gsp__json_map *m)
{
    gsp__content_put(d->sink, d->self, (struct gsp__spot){GSP_CONTENT_OUTPUT, (uint16_t)choice, ASIDE_PART},
                     GSP_CONTENT_TEXT, m->value.bytes, m->value.n);
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

/*
 * Media. The audio of an answer is part 0, others follow.
 */

void gsp__decoder_audio_type(struct gsp__decoder *d, struct gsp__json_slice mime_type)
{
    if (!d->has_audio_type)
        gsp__content_put(d->sink, d->self, gsp__audio_spot, GSP_CONTENT_MEDIA_MIME_TYPE, mime_type.bytes,
                         mime_type.n);
    d->has_audio_type = true;
}

void gsp__decoder_end_audio(struct gsp__decoder *d)
{
    struct gsp__media audio;

    if (d->n_audio_bytes == 0)
        return;
    gsp__media_begin(&audio, d->sink, d->self, gsp__audio_spot, GSP__MODALITY_AUDIO);
    gsp__media_size(&audio, d->n_audio_bytes);
}

struct gsp__media *gsp__decoder_begin_media(struct gsp__decoder *d, unsigned choice,
                                            enum gsp__modality modality)
{
    struct gsp__spot spot = {GSP_CONTENT_OUTPUT, (uint16_t)choice, 0};

    if (d->n_media < UINT16_MAX)
        d->n_media++;
    spot.part = d->n_media;
    gsp__media_begin(&d->media, d->sink, d->self, spot, modality);
    return &d->media;
}

void gsp__decoder_media_url(struct gsp__decoder *d, const struct gsp__json_map *m)
{
    if (d->sink->piece)
        gsp__media_url(&d->media, m->value, m->token == GSP__JSON_STRING);
}
