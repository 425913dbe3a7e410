/*
 * The assembler.
 */
#include "derive/assemble.h"

#include <stdlib.h>
#include <string.h>

bool gsp__assembler_init(struct gsp__assembler *a, uint32_t n_chunks)
{
    memset(a, 0, sizeof *a);
    a->records = malloc(n_chunks * sizeof *a->records);
    a->by_index = malloc(n_chunks * sizeof *a->by_index);
    a->cap = n_chunks;
    if (a->records && a->by_index)
        return true;
    gsp__assembler_deinit(a);
    return false;
}

void gsp__assembler_deinit(struct gsp__assembler *a)
{
    free(a->records);
    free(a->by_index);
    memset(a, 0, sizeof *a);
}

static bool collect(struct gsp__assembler *a, const struct gsp__record_ref *ref)
{
    if (a->n_records == a->cap)
        return false;
    a->by_index[ref->index] = a->n_records + 1;
    a->records[a->n_records++] = (struct gsp__assembled){*ref, GSP__NO_REF, true};
    return true;
}

static bool collect_roots(void *self, const struct gsp__record_ref *ref)
{
    return ref->kind == GSP__RECORD_ATTEMPT || collect(self, ref);
}

static bool collect_attempts(void *self, const struct gsp__record_ref *ref)
{
    return ref->kind != GSP__RECORD_ATTEMPT || collect(self, ref);
}

/* Whether the operation of an attempt came into the ring after its place was looked at. */
static bool is_missed(const struct gsp__reader *r, const struct gsp__record_ref *attempt)
{
    uint32_t index = gsp__handle_index(attempt->operation);
    const struct gsp__head *h;
    uint64_t word;

    if (attempt->operation == 0 || index >= r->map.facts.n)
        return false;
    word = gsp__pool_word(&r->map.facts, index);
    h = gsp__pool_chunk(&r->map.facts, index);
    return gsp__word_generation(word) == gsp__handle_generation(attempt->operation) &&
           gsp__word_state(word) >= GSP__CHUNK_OPEN && gsp__word_state(word) <= GSP__CHUNK_FOLDED &&
           h->kind == GSP__RECORD_OPERATION;
}

/* The record of an attempt's operation, or GSP__NO_REF if that is not in the ring (any more). */
static uint32_t operation_of(const struct gsp__assembler *a, const struct gsp__record_ref *attempt)
{
    uint32_t index = gsp__handle_index(attempt->operation), i;
    const struct gsp__record_ref *ref;

    if (attempt->operation == 0 || index >= a->cap || a->by_index[index] == 0)
        return GSP__NO_REF;
    i = a->by_index[index] - 1;
    ref = &a->records[i].ref;
    return ref->kind == GSP__RECORD_OPERATION && ref->generation == gsp__handle_generation(attempt->operation)
               ? i
               : GSP__NO_REF;
}

/*
 * The ring goes on while it is looked at. Operations first, their attempts afterwards: one that is seen to
 * have ended has all its attempts in the second look. An attempt whose operation began in between waits for
 * the next pass.
 */
void gsp__assembler_scan(struct gsp__assembler *a, const struct gsp__reader *reader)
{
    a->n_records = 0;
    memset(a->by_index, 0, a->cap * sizeof *a->by_index);
    gsp__reader_scan(reader, collect_roots, a);
    gsp__reader_scan(reader, collect_attempts, a);
    for (uint32_t i = 0; i < a->n_records; i++) {
        const struct gsp__record_ref *ref = &a->records[i].ref;
        uint32_t root;

        if (ref->kind != GSP__RECORD_ATTEMPT)
            continue;
        root = operation_of(a, ref);
        a->records[i].is_root = root == GSP__NO_REF && !is_missed(reader, ref);
        if (root == GSP__NO_REF)
            continue;
        a->records[i].next = a->records[root].next;
        a->records[root].next = i;
    }
}

static bool has_ended(const struct gsp__record_ref *ref)
{
    return ref->state == GSP__CHUNK_ENDED || ref->state == GSP__CHUNK_FOLDED;
}

bool gsp__assembler_is_ready(const struct gsp__assembler *a, uint32_t i, bool is_dead, bool holds_late)
{
    if (!a->records[i].is_root)
        return false;
    if (is_dead)
        return true;
    if (!has_ended(&a->records[i].ref))
        return false;
    if (!holds_late)
        return true;
    for (uint32_t k = a->records[i].next; k != GSP__NO_REF; k = a->records[k].next)
        if (!has_ended(&a->records[k].ref))
            return false;
    return true;
}
