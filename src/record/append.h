/*
 * Appending entries: what the parts of the writing side share. Not for other layers.
 */
#ifndef GSP_RECORD_APPEND_H
#define GSP_RECORD_APPEND_H

#include "record/record.h"

static inline struct gsp__piece gsp__piece_padded(const void *bytes, size_t n)
{
    return (struct gsp__piece){bytes, (uint32_t)n, gsp__entry_pad((uint32_t)n) - (uint32_t)n};
}

/* Append an attribute's entry, or count it as dropped. */
void gsp__record_append_attribute(struct gsp__record r, struct gsp__entry entry,
                                  const struct gsp__piece *pieces, unsigned n_pieces);

/*
 * The last entry of a fact, or of a custom key when `key` is given: its header in *header and where its
 * value stands in *value (for those with an 8-byte value). False if there is none.
 */
bool gsp__record_find_entry(struct gsp__record r, unsigned fact, const char *key, size_t n_key,
                            struct gsp__entry **header, uint8_t **value);

/*
 * Overwrite a scalar where it stands, with one store, so that a reader sees the old or the new. False
 * if the last value is not of this kind.
 */
bool gsp__record_overwrite(struct gsp__record r, unsigned fact, const char *key, size_t n_key,
                           enum gsp__entry_kind kind, uint32_t small, const void *large);

/* The length to keep under the value length limit, which counts characters; a cut is counted. */
size_t gsp__record_limit_length(struct gsp__record r, const char *bytes, size_t n);

/* Whether a context names a span: neither id is all zero. NULL is none. */
bool gsp__context_is_usable(const gsp_context *context);

#endif
