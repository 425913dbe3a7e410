/*
 * The attributes of a span that are facts: those it has itself, those it takes over from another record, and
 * lists.
 *
 * Attributes come out in the order in which their facts were recorded, under each dialect's key.
 */
#include "derive/span_facts.h"

#include <string.h>

struct reasons {
    struct gsp__string items[GSP__LIST_MAX];
    uint32_t n;
};

static void set_reason(struct reasons *r, uint32_t choice, const void *bytes, uint32_t n)
{
    if (choice >= GSP__LIST_MAX || n == 0)
        return;
    while (r->n <= choice)
        r->items[r->n++] = GSP__STRING("error");
    r->items[choice] = (struct gsp__string){bytes, n};
}

/* Finish reasons by choice: where one of several is not known, its place says `error`. */
static void add_finish_reasons(struct gsp__builder *b, struct gsp__key key, const struct gsp__parsed *p)
{
    struct reasons reasons;
    struct gsp__list l;

    reasons.n = 0;
    for (uint16_t i = 0; i < p->n_entries; i++) {
        const struct gsp__entry_view *e = &p->entries[i];
        const uint8_t *bytes = e->payload;
        uint32_t left = e->n_payload, n;
        const char *word;

        if (e->fact != GSP_FACT_FINISH_REASON)
            continue;
        if (e->kind == GSP__ENTRY_ITEM)
            set_reason(&reasons, e->index, e->payload, e->n_payload);
        else if (e->kind == GSP__ENTRY_STRINGS) /* all at once */
            for (uint32_t choice = 0; gsp__strings_next(&bytes, &left, &word, &n); choice++)
                set_reason(&reasons, choice, word, n);
    }
    if (reasons.n == 0 || !gsp__list_begin(b, &l, reasons.n))
        return;
    l.keeps_duplicates = true;
    for (uint32_t i = 0; i < reasons.n; i++)
        gsp__list_add(b, &l, reasons.items[i]);
    gsp__list_end(b, &l, key);
}

/* Whether entry i is the one that stands: the last of its fact, or of its custom key. */
GSP__INLINE bool stands(const struct gsp__parsed *p, uint16_t i)
{
    const struct gsp__entry_view *e = &p->entries[i];

    if (e->fact)
        return e->fact < GSP__FACT_LIMIT && p->last[e->fact] == i;
    for (uint16_t k = (uint16_t)(i + 1); k < p->n_entries; k++)
        if (p->entries[k].fact == 0 && p->entries[k].kind < GSP__ENTRY_EVENT &&
            p->entries[k].n_key == e->n_key && memcmp(p->entries[k].key, e->key, e->n_key) == 0)
            return false;
    return true;
}

/* A fact that stands, under one key. */
GSP__INLINE void add_fact(struct gsp__builder *b, struct gsp__key key, const struct gsp__parsed *p,
                          const struct gsp__entry_view *e)
{
    if (!key.name)
        return;
    if (e->fact == GSP_FACT_FINISH_REASON)
        add_finish_reasons(b, key, p);
    else if (gsp__fact_types[e->fact] == GSP__FACT_LIST)
        gsp__build_list(b, key, p, e->fact);
    else
        gsp__build_entry(b, key, e);
}

void gsp__span_facts_add(struct gsp__builder *b, const struct gsp__parsed *p, const bool *is_elsewhere)
{
    for (uint16_t i = 0; i < p->n_entries; i++) {
        const struct gsp__entry_view *e = &p->entries[i];

        if (e->kind >= GSP__ENTRY_EVENT || !stands(p, i))
            continue;
        if (e->fact == 0) {
            gsp__build_custom(b, e);
            continue;
        }
        if (is_elsewhere && is_elsewhere[e->fact])
            continue;
        for (uint32_t set = 0; set < b->n_sets; set++)
            add_fact(b, gsp__build_key(b, set, GSP__WORD_FACT, e->fact), p, e);
    }
}

/* Facts of an attempt that are its own, and say nothing of the call. */
static bool is_attempts_own(unsigned fact)
{
    return fact == GSP_FACT_HTTP_STATUS || fact == GSP_FACT_REQUEST_ID || fact == GSP_FACT_TARGET_NAME ||
           (fact >= GSP_FACT_QUEUE_TIME && fact <= GSP_FACT_PROCESSING_TIME) ||
           (fact >= GSP_FACT_PROVIDER_COST_USD && fact <= GSP_FACT_DECODE_ERRORS);
}

/* Facts that the attempt knows better than the operation. */
static bool is_servers_word(unsigned fact)
{
    return fact == GSP_FACT_PROVIDER || fact == GSP_FACT_REQUEST_MODEL;
}

/* US-7: usage in other units than tokens. US-5: of an attempt that nobody read it is not the operation's. */
static bool is_usage(unsigned fact)
{
    return fact >= GSP_FACT_INPUT_CHARACTERS && fact <= GSP_FACT_WEB_SEARCHES;
}

void gsp__span_facts_lift(const struct gsp__parsed *own, const struct gsp__parsed *from, bool has_served,
                          bool lifted[GSP__FACT_LIMIT])
{
    for (uint16_t i = 0; i < from->n_entries; i++) {
        unsigned fact = from->entries[i].fact;

        if (fact == 0 || fact >= GSP_FACT_TOKENS_SO_FAR || is_attempts_own(fact) ||
            (is_usage(fact) && !has_served))
            continue;
        if (own->last[fact] == GSP__NO_ENTRY || (has_served && is_servers_word(fact)))
            lifted[fact] = true;
    }
}

void gsp__span_facts_inherit(const struct gsp__parsed *own, const struct gsp__parsed *from,
                             bool inherited[GSP__FACT_LIMIT])
{
    for (uint16_t i = 0; i < from->n_entries; i++) {
        unsigned fact = from->entries[i].fact;

        inherited[fact < GSP__FACT_LIMIT ? fact : 0] =
            own->last[fact < GSP__FACT_LIMIT ? fact : 0] == GSP__NO_ENTRY;
    }
    inherited[0] = false;
}

void gsp__span_facts_add_lifted(struct gsp__builder *b, const struct gsp__parsed *from, const bool *lifted)
{
    for (uint16_t i = 0; i < from->n_entries; i++) {
        const struct gsp__entry_view *e = &from->entries[i];

        if (e->fact == 0 || e->fact >= GSP__FACT_LIMIT || e->kind >= GSP__ENTRY_EVENT || !lifted[e->fact] ||
            !stands(from, i))
            continue;
        for (uint32_t set = 0; set < b->n_sets; set++)
            add_fact(b, gsp__build_key(b, set, GSP__WORD_FACT, e->fact), from, e);
    }
}

void gsp__span_facts_add_usage(struct gsp__builder *b, const struct gsp__head *h)
{
    for (unsigned i = 0; i < GSP_USAGE_LIMIT; i++)
        if (h->usage_seen & 1u << i)
            for (uint32_t set = 0; set < b->n_sets; set++)
                gsp__build_int(b, gsp__build_key(b, set, GSP__WORD_USAGE, i), h->usage[i]);
}

/* ID-3: the ids of all attempts, in order. */
void gsp__span_facts_add_request_ids(struct gsp__builder *b, const struct gsp__parsed *own,
                                     const struct gsp__call_record *attempts, uint32_t n_attempts)
{
    uint32_t max = gsp__count_items(own, GSP_FACT_REQUEST_ID);

    for (uint32_t i = 0; i < n_attempts; i++)
        max += gsp__count_items(&attempts[i].parsed, GSP_FACT_REQUEST_ID);
    if (max == 0)
        return;
    for (uint32_t set = 0; set < b->n_sets; set++) {
        struct gsp__key key = gsp__build_key(b, set, GSP__WORD_FACT, GSP_FACT_REQUEST_ID);
        struct gsp__list l;

        if (!key.name || !gsp__list_begin(b, &l, max < GSP__LIST_MAX ? max : GSP__LIST_MAX))
            continue;
        gsp__list_add_record(b, &l, own, GSP_FACT_REQUEST_ID);
        for (uint32_t i = 0; i < n_attempts; i++)
            gsp__list_add_record(b, &l, &attempts[i].parsed, GSP_FACT_REQUEST_ID);
        gsp__list_end(b, &l, key);
    }
}
