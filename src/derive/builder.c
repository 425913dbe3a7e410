/*
 * Building the attributes of a span.
 */
#include "derive/builder.h"

void gsp__build_begin(struct gsp__builder *b, struct gsp__attributes *to, uint32_t cap)
{
    b->to = to;
    b->cap = cap;
    b->n_custom = 0;
    b->custom = NULL;
    to->n = 0;
    to->n_dropped = 0;
    to->items = gsp__arena_get(b->arena, (cap ? cap : 1) * sizeof *to->items);
    if (!to->items) {
        b->is_full = true;
        b->cap = 0;
    }
}

void gsp__build_custom(struct gsp__builder *b, const struct gsp__entry_view *e)
{
    struct gsp__string key = gsp__build_clean(b, (struct gsp__string){e->key, e->n_key});
    struct gsp__value *v;

    if (!b->custom)
        b->custom = gsp__arena_get(b->arena, (b->cap ? b->cap : 1) * sizeof *b->custom);
    v = b->custom ? gsp__build_add(b, key.bytes, key.n) : NULL;
    if (!v) {
        b->is_full = true;
        return;
    }
    b->custom[b->n_custom++] = b->to->n - 1;
    gsp__build_value(b, e, v);
}

void gsp__build_end(struct gsp__builder *b)
{
    struct gsp__attribute *items = b->to->items;

    for (uint32_t c = b->n_custom; c-- > 0;) {
        uint32_t at = b->custom[c], i = 0;

        while (i < b->to->n && (i == at || items[i].key.n != items[at].key.n ||
                                memcmp(items[i].key.bytes, items[at].key.bytes, items[at].key.n) != 0))
            i++;
        if (i == b->to->n)
            continue;
        memmove(&items[at], &items[at + 1], (b->to->n - at - 1) * sizeof *items);
        b->to->n--;
    }
}

void gsp__build_string(struct gsp__builder *b, struct gsp__key key, struct gsp__string s)
{
    struct gsp__value *v = key.name && s.n ? gsp__build_add(b, key.name, key.n) : NULL;

    if (!v)
        return;
    v->type = GSP__VALUE_STRING;
    v->u.string = gsp__build_clean(b, s);
}

void gsp__build_int(struct gsp__builder *b, struct gsp__key key, int64_t i)
{
    struct gsp__value *v = key.name ? gsp__build_add(b, key.name, key.n) : NULL;

    if (!v)
        return;
    v->type = GSP__VALUE_INT;
    v->u.integer = i;
}

void gsp__build_double(struct gsp__builder *b, struct gsp__key key, double d)
{
    struct gsp__value *v = key.name ? gsp__build_add(b, key.name, key.n) : NULL;

    if (!v)
        return;
    v->type = GSP__VALUE_DOUBLE;
    v->u.real = d;
}

void gsp__build_computed_string(struct gsp__builder *b, enum gsp__computed what, struct gsp__string s)
{
    for (uint32_t i = 0; i < b->n_sets; i++)
        gsp__build_string(b, gsp__build_key(b, i, GSP__WORD_COMPUTED, what), s);
}

void gsp__build_computed_int(struct gsp__builder *b, enum gsp__computed what, int64_t value)
{
    for (uint32_t i = 0; i < b->n_sets; i++)
        gsp__build_int(b, gsp__build_key(b, i, GSP__WORD_COMPUTED, what), value);
}

void gsp__build_computed_double(struct gsp__builder *b, enum gsp__computed what, double value)
{
    for (uint32_t i = 0; i < b->n_sets; i++)
        gsp__build_double(b, gsp__build_key(b, i, GSP__WORD_COMPUTED, what), value);
}

void gsp__build_strings_value(struct gsp__builder *b, const struct gsp__entry_view *e, struct gsp__value *v)
{
    const uint8_t *p = e->payload;
    uint32_t left = e->n_payload, n_string, n = 0;
    struct gsp__value *items = gsp__arena_get(b->arena, (left / 4 + 1) * sizeof *items);
    const char *string;

    if (!items) {
        b->is_full = true;
        v->type = GSP__VALUE_NONE;
        return;
    }
    while (gsp__strings_next(&p, &left, &string, &n_string)) {
        items[n].type = GSP__VALUE_STRING;
        items[n++].u.string = gsp__build_clean(b, (struct gsp__string){string, n_string});
    }
    v->type = GSP__VALUE_ARRAY;
    v->n = n;
    v->u.items = items;
}

static bool is_item(const struct gsp__entry_view *e, unsigned fact)
{
    return e->fact == fact && (e->kind == GSP__ENTRY_ITEM || e->kind == GSP__ENTRY_STRINGS);
}

uint32_t gsp__count_items(const struct gsp__parsed *p, unsigned fact)
{
    uint32_t n = 0;

    for (uint16_t i = 0; i < p->n_entries; i++) {
        const struct gsp__entry_view *e = &p->entries[i];
        const uint8_t *bytes = e->payload;
        uint32_t left = e->n_payload, n_string;
        const char *string;

        if (!is_item(e, fact))
            continue;
        if (e->kind == GSP__ENTRY_ITEM)
            n++;
        else
            while (gsp__strings_next(&bytes, &left, &string, &n_string))
                n++;
    }
    return n;
}

void gsp__list_add(struct gsp__builder *b, struct gsp__list *l, struct gsp__string s)
{
    if (s.n == 0)
        return;
    for (uint32_t i = 0; !l->keeps_duplicates && i < l->n; i++)
        if (l->items[i].u.string.n == s.n && memcmp(l->items[i].u.string.bytes, s.bytes, s.n) == 0)
            return;
    if (l->n == l->cap)
        return;
    l->items[l->n].type = GSP__VALUE_STRING;
    l->items[l->n++].u.string = gsp__build_clean(b, s);
}

void gsp__list_add_record(struct gsp__builder *b, struct gsp__list *l, const struct gsp__parsed *p,
                          unsigned fact)
{
    for (uint16_t i = 0; i < p->n_entries; i++) {
        const struct gsp__entry_view *e = &p->entries[i];
        const uint8_t *bytes = e->payload;
        uint32_t left = e->n_payload, n;
        const char *string;

        if (!is_item(e, fact))
            continue;
        if (e->kind == GSP__ENTRY_ITEM)
            gsp__list_add(b, l, (struct gsp__string){(const char *)e->payload, e->n_payload});
        else
            while (gsp__strings_next(&bytes, &left, &string, &n))
                gsp__list_add(b, l, (struct gsp__string){string, n});
    }
}

bool gsp__list_begin(struct gsp__builder *b, struct gsp__list *l, uint32_t cap)
{
    l->n = 0;
    l->cap = cap;
    l->keeps_duplicates = false;
    l->items = gsp__arena_get(b->arena, (cap ? cap : 1) * sizeof *l->items);
    b->is_full |= !l->items;
    return l->items != NULL;
}

void gsp__list_end(struct gsp__builder *b, const struct gsp__list *l, struct gsp__key key)
{
    struct gsp__value *v = key.name && l->n ? gsp__build_add(b, key.name, key.n) : NULL;

    if (!v)
        return;
    v->type = GSP__VALUE_ARRAY;
    v->n = l->n;
    v->u.items = l->items;
}

void gsp__build_list(struct gsp__builder *b, struct gsp__key key, const struct gsp__parsed *p, unsigned fact)
{
    struct gsp__list l;
    uint32_t max = gsp__count_items(p, fact);

    if (!key.name || !gsp__list_begin(b, &l, max < GSP__LIST_MAX ? max : GSP__LIST_MAX))
        return;
    gsp__list_add_record(b, &l, p, fact);
    gsp__list_end(b, &l, key);
}

void gsp__build_nested(struct gsp__builder *b, struct gsp__attributes *to, struct gsp__entries entries,
                       uint32_t n_dropped, uint32_t n_extra)
{
    struct gsp__entry_view e;

    gsp__build_begin(b, to, entries.n / 8 + n_extra);
    to->n_dropped = n_dropped;
    while (gsp__entries_next(&entries, &e)) {
        if (e.kind >= GSP__ENTRY_EVENT)
            continue; /* no attribute: it has no key */
        if (e.fact == 0) {
            struct gsp__string key = gsp__build_clean(b, (struct gsp__string){e.key, e.n_key});
            struct gsp__value *v = gsp__build_add(b, key.bytes, key.n);

            if (v)
                gsp__build_value(b, &e, v);
        } else if (b->event && e.fact < GSP__FACT_LIMIT) {
            gsp__build_entry(b, b->event[e.fact], &e);
        }
    }
}
