/*
 * Gemini's usage.
 */
#include "wire/gemini_usage.h"

#include <string.h>

#include "base/compiler.h"

enum modality {
    OTHER_MODALITY,
    IN_TEXT,
    IN_IMAGES,
    IN_AUDIO
};

/* So much that two of them still add up. */
static bool tokens_of(const struct gsp__json_map *m, int64_t *out)
{
    int64_t tokens;

    if (!gsp__decoder_tokens(m, &tokens) || tokens > INT64_MAX / 2)
        return false;
    *out = tokens;
    return true;
}

/* The total is what is known of its parts: Google leaves out those that are 0. */
void gsp__gemini_count(struct gsp__decoder *d, struct gsp__gemini_usage *u, enum gsp__gemini_count what)
{
    const int64_t *counts = u->counts;

    if (!tokens_of(&d->map, &u->counts[what]))
        return;
    if (what == GSP__GEMINI_TOOL_USE)
        gsp__decoder_put_usage(d, GSP_USAGE_TOOL_USE_TOKENS, counts[what]);
    else if (what == GSP__GEMINI_THOUGHTS)
        gsp__decoder_put_usage(d, GSP_USAGE_REASONING_TOKENS, counts[what]);
    if (what <= GSP__GEMINI_TOOL_USE)
        gsp__decoder_put_usage(d, GSP_USAGE_INPUT_TOKENS,
                               counts[GSP__GEMINI_PROMPT] + counts[GSP__GEMINI_TOOL_USE]);
    else
        gsp__decoder_put_usage(d, GSP_USAGE_OUTPUT_TOKENS,
                               counts[GSP__GEMINI_CANDIDATES] + counts[GSP__GEMINI_THOUGHTS]);
}

void gsp__gemini_begin_detail(struct gsp__gemini_usage *u)
{
    u->modality = OTHER_MODALITY;
    u->has_detail = false;
}

/* A word, or its number. Of video and documents no part of a usage is kept. */
void gsp__gemini_modality(struct gsp__decoder *d, struct gsp__gemini_usage *u)
{
    static const struct {
        const char *word, *number;
        enum modality modality;
    } table[] = {{"TEXT", "1", IN_TEXT}, {"IMAGE", "2", IN_IMAGES}, {"AUDIO", "4", IN_AUDIO}};
    const struct gsp__json_map *m = &d->map;

    for (size_t i = 0; i < GSP__COUNT_OF(table); i++) {
        const char *word = m->token == GSP__JSON_STRING   ? table[i].word
                           : m->token == GSP__JSON_NUMBER ? table[i].number
                                                          : "";

        if (*word && strlen(word) == m->value.n && memcmp(word, m->value.bytes, m->value.n) == 0)
            u->modality = (uint8_t)table[i].modality;
    }
}

void gsp__gemini_detail_tokens(struct gsp__decoder *d, struct gsp__gemini_usage *u)
{
    u->has_detail = tokens_of(&d->map, &u->n_detail);
}

void gsp__gemini_end_detail(struct gsp__decoder *d, struct gsp__gemini_usage *u, enum gsp__gemini_count what)
{
    static const gsp_usage inputs[] = {
        [IN_TEXT] = GSP_USAGE_TEXT_INPUT_TOKENS,
        [IN_IMAGES] = GSP_USAGE_IMAGE_INPUT_TOKENS,
        [IN_AUDIO] = GSP_USAGE_AUDIO_INPUT_TOKENS,
    };
    static const gsp_usage outputs[] = {
        [IN_TEXT] = GSP_USAGE_TEXT_OUTPUT_TOKENS,
        [IN_IMAGES] = GSP_USAGE_IMAGE_OUTPUT_TOKENS,
        [IN_AUDIO] = GSP_USAGE_AUDIO_OUTPUT_TOKENS,
    };
    unsigned i = u->modality;

    if (i == OTHER_MODALITY || !u->has_detail)
        return;
    if (what > GSP__GEMINI_TOOL_USE) {
        gsp__decoder_put_usage(d, outputs[i], u->n_detail);
        return;
    }
    u->details[what][i] = u->n_detail;
    gsp__decoder_put_usage(d, inputs[i], u->details[0][i] + u->details[1][i]);
}
