/*
 * Building the attributes of a span: values into an array of known size, in the arena. What does not fit sets
 * `is_full`, and the call is derived anew with more room.
 */
#ifndef GSP_DERIVE_BUILDER_H
#define GSP_DERIVE_BUILDER_H

#include <string.h>

#include "base/compiler.h"
#include "base/utf8.h"
#include "derive/call.h"
#include "derive/dialect.h"

#define GSP__LIST_MAX 128 /* strings in one list */

struct gsp__builder {
    const struct gsp__keys *sets[GSP__DIALECTS_MAX]; /* of the dialects that are on, for the span at hand */
    uint32_t n_sets;
    const struct gsp__key *event; /* keys of facts on events */
    struct gsp__arena *arena;
    struct gsp__attributes *to;
    uint32_t cap;
    bool is_full;
    uint32_t n_custom; /* attributes with a key of the caller's own */
    uint32_t *custom;  /* where they are */
};

/* A list of strings, each once (or as often as it comes). */
struct gsp__list {
    struct gsp__value *items;
    uint32_t n, cap;
    bool keeps_duplicates;
};

static inline struct gsp__string gsp__text_of(const char *s)
{
    return (struct gsp__string){s, strlen(s)};
}

/* Text that goes out must be UTF-8; nearly all is. */
GSP__INLINE struct gsp__string gsp__build_clean(struct gsp__builder *b, struct gsp__string s)
{
    char *copy;

    if (GSP__LIKELY(gsp__utf8_valid_prefix(s.bytes, s.n) == s.n))
        return s;
    copy = gsp__arena_get(b->arena, 3 * s.n);
    if (!copy) {
        b->is_full = true;
        return (struct gsp__string){"", 0};
    }
    return (struct gsp__string){copy, gsp__utf8_sanitize(copy, 3 * s.n, s.bytes, s.n)};
}

/*
 * Begin a set of attributes with room for `cap`. End it: a key is there only once, so that of a custom
 * attribute and a fact that the dialect calls the same the fact stands.
 */
void gsp__build_begin(struct gsp__builder *b, struct gsp__attributes *to, uint32_t cap);
void gsp__build_end(struct gsp__builder *b);

/* Room for the value of one more attribute, or NULL. */
GSP__INLINE struct gsp__value *gsp__build_add(struct gsp__builder *b, const char *key, size_t n_key)
{
    struct gsp__attribute *a;

    if (b->to->n == b->cap) {
        b->is_full = true;
        return NULL;
    }
    a = &b->to->items[b->to->n++];
    a->key = (struct gsp__string){key, n_key};
    a->value.n = 0;
    return &a->value;
}

/* Which of a set's tables. */
enum gsp__word {
    GSP__WORD_FACT,
    GSP__WORD_USAGE,
    GSP__WORD_COMPUTED,
};

GSP__INLINE const struct gsp__key *gsp__keys_table(const struct gsp__keys *keys, enum gsp__word word)
{
    return word == GSP__WORD_FACT ? keys->facts : word == GSP__WORD_USAGE ? keys->usage : keys->computed;
}

GSP__INLINE bool gsp__key_same(struct gsp__key a, struct gsp__key b)
{
    return a.n == b.n && a.name && memcmp(a.name, b.name, a.n) == 0;
}

/* What the i-th dialect calls it; no name where it has no word for it, or a dialect before it said the same.
 */
GSP__INLINE struct gsp__key gsp__build_key(const struct gsp__builder *b, uint32_t i, enum gsp__word word,
                                           unsigned what)
{
    const struct gsp__key *table = gsp__keys_table(b->sets[i], word);
    struct gsp__key key = GSP__NO_KEY;

    if (!table || !table[what].name)
        return key;
    key = table[what];
    for (uint32_t k = 0; GSP__UNLIKELY(k < i); k++) {
        table = gsp__keys_table(b->sets[k], word);
        if (table && gsp__key_same(key, table[what]))
            return (struct gsp__key)GSP__NO_KEY;
    }
    return key;
}

/* Whether any dialect has a word for it. */
GSP__INLINE bool gsp__build_wants(const struct gsp__builder *b, enum gsp__word word, unsigned what)
{
    for (uint32_t i = 0; i < b->n_sets; i++) {
        const struct gsp__key *table = gsp__keys_table(b->sets[i], word);

        if (table && table[what].name)
            return true;
    }
    return false;
}

/* Something computed, under each dialect's key for it. */
void gsp__build_computed_string(struct gsp__builder *b, enum gsp__computed what, struct gsp__string s);
void gsp__build_computed_int(struct gsp__builder *b, enum gsp__computed what, int64_t i);
void gsp__build_computed_double(struct gsp__builder *b, enum gsp__computed what, double d);

/* One attribute; left out where the dialect has no key for it, or the string is empty. */
void gsp__build_string(struct gsp__builder *b, struct gsp__key key, struct gsp__string s);
void gsp__build_int(struct gsp__builder *b, struct gsp__key key, int64_t i);
void gsp__build_double(struct gsp__builder *b, struct gsp__key key, double d);

/* The value of any entry that is one. */
void gsp__build_strings_value(struct gsp__builder *b, const struct gsp__entry_view *e, struct gsp__value *v);

GSP__INLINE void gsp__build_value(struct gsp__builder *b, const struct gsp__entry_view *e,
                                  struct gsp__value *v)
{
    switch (e->kind) {
    case GSP__ENTRY_INT32:
    case GSP__ENTRY_INT64:
        v->type = GSP__VALUE_INT;
        v->u.integer = e->scalar.i;
        break;
    case GSP__ENTRY_DOUBLE:
        v->type = GSP__VALUE_DOUBLE;
        v->u.real = e->scalar.d;
        break;
    case GSP__ENTRY_BOOL:
        v->type = GSP__VALUE_BOOL;
        v->u.boolean = e->scalar.i != 0;
        break;
    case GSP__ENTRY_STRINGS:
        gsp__build_strings_value(b, e, v);
        break;
    default:
        v->type = GSP__VALUE_STRING;
        v->u.string = gsp__build_clean(b, (struct gsp__string){(const char *)e->payload, e->n_payload});
        break;
    }
}

GSP__INLINE void gsp__build_entry(struct gsp__builder *b, struct gsp__key key,
                                  const struct gsp__entry_view *e)
{
    struct gsp__value *v = key.name ? gsp__build_add(b, key.name, key.n) : NULL;

    if (v)
        gsp__build_value(b, e, v);
}

/* An attribute with a key of its own. */
void gsp__build_custom(struct gsp__builder *b, const struct gsp__entry_view *e);

/* Lists: begin with room for `cap`, add strings or all items of a fact in a record, end as an attribute. */
bool gsp__list_begin(struct gsp__builder *b, struct gsp__list *l, uint32_t cap);
void gsp__list_add(struct gsp__builder *b, struct gsp__list *l, struct gsp__string s);
void gsp__list_add_record(struct gsp__builder *b, struct gsp__list *l, const struct gsp__parsed *p,
                          unsigned fact);
void gsp__list_end(struct gsp__builder *b, const struct gsp__list *l, struct gsp__key key);

/* How many strings of a list fact a record has; and the fact as one attribute. */
uint32_t gsp__count_items(const struct gsp__parsed *p, unsigned fact);
void gsp__build_list(struct gsp__builder *b, struct gsp__key key, const struct gsp__parsed *p, unsigned fact);

/* The attributes of an event, a link or a resource. `n_extra`: room for that many more. */
void gsp__build_nested(struct gsp__builder *b, struct gsp__attributes *to, struct gsp__entries entries,
                       uint32_t n_dropped, uint32_t n_extra);

#endif
