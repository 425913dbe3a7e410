/*
 * Writing records: their start and their end.
 */
#include "record/append.h"

#include "base/random.h"
#include "base/utf8.h"

#define MESSAGE_BYTES_MAX 1024

void gsp__record_missed(const struct gsp__view *view, gsp_span span)
{
    uint64_t word = gsp__pool_word(&view->ring->map.facts, gsp__handle_index(span.id));
    enum gsp__chunk_state state = gsp__word_state(word);
    bool is_same = gsp__word_generation(word) == gsp__handle_generation(span.id);

    if (is_same && (state == GSP__CHUNK_ENDING || state == GSP__CHUNK_ENDED || state == GSP__CHUNK_FOLDED ||
                    state == GSP__CHUNK_FREEING))
        gsp__view_count(view, GSP_LOSS_LATE);
    else
        gsp__view_count(view, GSP_LOSS_STALE);
}

/*
 * Starting.
 */

static void make_ids(const struct gsp__ring *ring, struct gsp__head *h, uint32_t index, uint64_t generation,
                     const gsp_context *parent)
{
    /* a handle is unique in its ring, so a keyed bijection of it makes a unique span id */
    uint64_t unique = gsp__handle(index, generation);
    uint64_t id = gsp__mix64(unique ^ ring->id_seed[0]) ^ ring->id_seed[1];

    id += id == 0;
    memcpy(h->span_id, &id, 8);
    if (parent) {
        memcpy(h->trace_id, parent->trace_id, 16);
        memcpy(h->parent_span_id, parent->span_id, 8);
        h->trace_flags = parent->trace_flags;
        h->flags = (uint8_t)(GSP__FLAG_HAS_PARENT | (parent->is_remote ? GSP__FLAG_REMOTE_PARENT : 0));
    } else {
        uint64_t high = gsp__mix64(unique ^ ring->id_seed[1]) ^ ring->id_seed[2];
        uint64_t low = gsp__mix64(unique ^ ring->id_seed[2]) ^ ring->id_seed[0];

        memcpy(h->trace_id, &high, 8);
        memcpy(h->trace_id + 8, &low, 8);
        h->trace_id[15] |= (uint8_t)(high == 0 && low == 0);
        h->trace_flags = GSP_TRACE_FLAG_SAMPLED; /* until the sampler says otherwise */
    }
}

/* Join a scope, if it is one and of this ring. */
static void enter_scope(struct gsp__view *view, struct gsp__head *h, uint64_t scope)
{
    uint32_t index = gsp__handle_index(scope);
    struct gsp__scope_chunk *chunk;

    if (gsp__view_of(scope) != view || index >= view->n_chunks ||
        gsp__pool_word(&view->ring->map.facts, index) !=
            gsp__word(gsp__handle_generation(scope), GSP__CHUNK_SCOPE)) {
        gsp__view_count(view, GSP_LOSS_STALE);
        return;
    }
    chunk = gsp__pool_chunk(&view->ring->map.facts, index);
    atomic_fetch_add_explicit(&chunk->n_open, 1, memory_order_relaxed);
    atomic_store_explicit(&h->scope, gsp__handle(index, gsp__handle_generation(scope)), memory_order_relaxed);
}

static void leave_scope(struct gsp__view *view, struct gsp__head *h)
{
    uint64_t scope = atomic_load_explicit(&h->scope, memory_order_relaxed);
    uint32_t index = gsp__handle_index(scope);
    struct gsp__scope_chunk *chunk;

    if (scope == 0 || index >= view->n_chunks ||
        gsp__pool_word(&view->ring->map.facts, index) !=
            gsp__word(gsp__handle_generation(scope), GSP__CHUNK_SCOPE))
        return;
    chunk = gsp__pool_chunk(&view->ring->map.facts, index);
    atomic_fetch_sub_explicit(&chunk->n_open, 1, memory_order_relaxed);
}

bool gsp__context_is_usable(const gsp_context *context)
{
    static const gsp_context none;

    return context && memcmp(context->trace_id, none.trace_id, 16) != 0 &&
           memcmp(context->span_id, none.span_id, 8) != 0;
}

struct gsp__record gsp__record_start(struct gsp__ring *ring, const struct gsp__record_start *start)
{
    struct gsp__record none = {NULL, NULL};
    struct gsp__view *view;
    struct gsp__head *h;
    uint64_t generation;
    uint32_t index;
    int64_t now;

    if (GSP__UNLIKELY(!gsp__ring_is_live(ring)) && !gsp__ring_revive(ring))
        return none;
    view = &gsp__views[ring->slot];
    index = gsp__ring_take_chunk(ring);
    if (GSP__UNLIKELY(index == GSP__NO_CHUNK)) {
        gsp__view_count(view, GSP_LOSS_NO_CHUNK);
        return none;
    }
    generation = gsp__pool_generation(&ring->map.facts, index);
    h = gsp__pool_chunk(&ring->map.facts, index);
    memset((void *)h, 0, GSP__HEAD_START_BYTES);
    now = start->now_ns ? start->now_ns : gsp__ring_now_ns(ring);
    h->owner = index;
    h->generation = generation;
    h->tail_chunk = index;
    h->tail_offset = GSP__HEAD_BYTES;
    make_ids(ring, h, index, generation, gsp__context_is_usable(start->parent) ? start->parent : NULL);
    h->start_ns = now;
    h->last_ns = now;
    h->start_unix_ns = gsp__ring_unix_ns(ring, now);
    h->kind = (uint8_t)start->kind;
    h->span_kind = (uint8_t)start->span_kind;
    h->operation = start->operation;
    h->attempt_number = start->attempt_number;
    h->attempt_kind = start->attempt_kind;
    h->target_index = start->target_index;
    if (start->scope)
        enter_scope(view, h, start->scope);
    gsp__pool_set_word(&ring->map.facts, index, gsp__word(generation, GSP__CHUNK_OPEN));
    return (struct gsp__record){view, h};
}

/*
 * Ending.
 */

static void put_end_text(struct gsp__record r, unsigned fact, const char *text, size_t max)
{
    size_t n;

    if (!text || !*text)
        return;
    n = strnlen(text, max + 1);
    n = gsp__utf8_cut(text, n, max);
    if (gsp__record_append(r, (struct gsp__entry){(uint16_t)fact, GSP__ENTRY_STRING, 0, (uint32_t)n},
                           &(struct gsp__piece){text, (uint32_t)n, gsp__entry_pad((uint32_t)n) - (uint32_t)n},
                           1))
        return;
    gsp__view_count(r.view, GSP_LOSS_CUT);
}

static uint8_t keep_cut(char *to, size_t room, const char *text)
{
    size_t n = text ? strnlen(text, room + 1) : 0;

    n = gsp__utf8_cut(text ? text : "", n, room);
    if (n)
        memcpy(to, text, n);
    return (uint8_t)n;
}

void gsp__record_end(gsp_span span, const struct gsp__record_end *end)
{
    struct gsp__record r = gsp__record_find(span);
    uint32_t index = gsp__handle_index(span.id);
    uint64_t generation = gsp__handle_generation(span.id);
    uint64_t open = gsp__word(generation, GSP__CHUNK_OPEN);
    int64_t now;

    if (!r.head)
        return;
    now = end->now_ns ? end->now_ns : gsp__ring_now_ns(r.view->ring);
    if (!atomic_compare_exchange_strong_explicit(
            &atomic_load_explicit(&r.view->words, memory_order_relaxed)[index], &open,
            gsp__word(generation, GSP__CHUNK_ENDING), memory_order_acq_rel, memory_order_relaxed))
        return; /* another thread was faster: its end counts */
    if (now < r.head->start_ns)
        now = r.head->start_ns;
    r.head->last_ns = now;
    r.head->outcome = (uint8_t)end->outcome;
    if (end->error_type && *end->error_type) {
        r.head->n_error_type = keep_cut(r.head->error_type, sizeof r.head->error_type, end->error_type);
        r.head->n_message = keep_cut(r.head->message, sizeof r.head->message, end->message);
        if (end->message && r.head->message[0] &&
            strnlen(end->message, r.head->n_message + 1u) > r.head->n_message)
            put_end_text(r, GSP__FACT_ERROR_MESSAGE, end->message, MESSAGE_BYTES_MAX);
        put_end_text(r, GSP__FACT_EXCEPTION_TYPE, end->exception, 255);
        put_end_text(r, GSP__FACT_CAUSE_TYPE, end->cause_type, 255);
        put_end_text(r, GSP__FACT_CAUSE_MESSAGE, end->cause_message, MESSAGE_BYTES_MAX);
    }
    r.head->end_ns = now;
    leave_scope(r.view, r.head);
    gsp__pool_set_word(&r.view->ring->map.facts, index, gsp__word(generation, GSP__CHUNK_ENDED));
}
