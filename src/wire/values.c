/*
 * What formats hand over of a response: values that were just read, checked and once each.
 */
#include <string.h>

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
