/*
 * Content: a record's journal of pieces, in chunks of their own quota, so that it can never cost a fact.
 *
 * The journal is one stream of bytes over a chain of content chunks. What says how much of it is there is
 * written last, so that a process may die at any point and leaves whole pieces. When the quota is used up,
 * the journal ends where it stands, also in the middle of a piece, and says so.
 */
#include "record/append.h"

static struct gsp__journal *journal_of(struct gsp__record r)
{
    uint32_t first = r.head->content;

    if (first == 0 || first > r.view->ring->map.content.n)
        return NULL;
    return gsp__pool_chunk(&r.view->ring->map.content, first - 1);
}

/* A chunk of the record's; GSP__NO_CHUNK when the quota is used up. */
static uint32_t take_chunk(struct gsp__record r, size_t n_zeroed)
{
    struct gsp__ring *ring = r.view->ring;
    struct gsp__pool *pool = &ring->map.content;
    uint32_t hint = atomic_load_explicit(&ring->content_shard.word, memory_order_relaxed);
    uint32_t index = gsp__pool_take(pool, hint, &hint);
    struct gsp__chunk_link *link;

    if (index == GSP__NO_CHUNK)
        return index;
    atomic_store_explicit(&ring->content_shard.word, hint, memory_order_relaxed);
    link = gsp__pool_chunk(pool, index);
    memset((void *)link, 0, n_zeroed);
    link->owner = r.head->owner;
    link->generation = r.head->generation;
    gsp__pool_set_word(pool, index, gsp__word(gsp__pool_generation(pool, index), GSP__CHUNK_CONTENT));
    return index;
}

static struct gsp__journal *begin_journal(struct gsp__record r)
{
    uint32_t index = take_chunk(r, sizeof(struct gsp__journal));
    struct gsp__journal *j;

    if (index == GSP__NO_CHUNK) {
        r.head->content = GSP__CONTENT_NONE_KEPT;
        return NULL;
    }
    j = gsp__pool_chunk(&r.view->ring->map.content, index);
    j->tail_chunk = index;
    j->tail_offset = sizeof *j;
    r.head->content = index + 1;
    return j;
}

/* Write behind what is there, without making it part of the journal; how many bytes had room. */
static size_t write_bytes(struct gsp__record r, struct gsp__journal *j, const char *bytes, size_t n)
{
    struct gsp__pool *pool = &r.view->ring->map.content;
    size_t done = 0;

    while (done < n && j->tail_chunk < pool->n && j->tail_offset <= GSP__CONTENT_BYTES) {
        size_t room = GSP__CONTENT_BYTES - j->tail_offset;
        uint32_t fresh;

        if (room == 0) {
            fresh = take_chunk(r, sizeof(struct gsp__chunk_link));
            if (fresh == GSP__NO_CHUNK)
                break;
            ((struct gsp__chunk_link *)gsp__pool_chunk(pool, j->tail_chunk))->next = fresh + 1;
            j->tail_chunk = fresh;
            j->tail_offset = sizeof(struct gsp__chunk_link);
            continue;
        }
        if (room > n - done)
            room = n - done;
        memcpy((uint8_t *)gsp__pool_chunk(pool, j->tail_chunk) + j->tail_offset, bytes + done, room);
        j->tail_offset += (uint32_t)room;
        done += room;
    }
    return done;
}

static void append(struct gsp__record r, const struct gsp__journal_piece *piece, const char *bytes)
{
    struct gsp__journal *j = journal_of(r);
    size_t n;

    if (!j && r.head->content == 0)
        j = begin_journal(r);
    if (!j || j->is_cut) {
        gsp__view_count(r.view, GSP_LOSS_CONTENT_FULL);
        return;
    }
    n = write_bytes(r, j, (const char *)piece, sizeof *piece);
    if (n == sizeof *piece)
        n += write_bytes(r, j, bytes, piece->n_bytes);
    if (n < sizeof *piece + (size_t)piece->n_bytes) {
        j->is_cut = 1;
        gsp__view_count(r.view, GSP_LOSS_CONTENT_FULL);
    }
    atomic_store_explicit(&j->n_bytes, atomic_load_explicit(&j->n_bytes, memory_order_relaxed) + n,
                          memory_order_release);
}

static struct gsp__journal_piece piece_header(const gsp_content_piece *piece, size_t n)
{
    return (struct gsp__journal_piece){
        .side = (uint8_t)piece->side,
        .kind = (uint8_t)piece->kind,
        .place = piece->place,
        .part = piece->part,
        .n_bytes = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX,
    };
}

void gsp__record_add_piece(struct gsp__record r, const gsp_content_piece *piece)
{
    bool is_size = piece->kind == GSP_CONTENT_MEDIA_SIZE;
    struct gsp__journal_piece header;

    if (r.view->ring->capture == GSP__CAPTURE_NONE || (piece->n_bytes == 0 && !is_size))
        return;
    header = piece_header(piece, is_size ? sizeof piece->value : piece->n_bytes);
    append(r, &header, is_size ? (const char *)&piece->value : piece->bytes);
}

void gsp__record_move_content(struct gsp__record r, const gsp_content_piece *from,
                              const gsp_content_piece *to)
{
    struct gsp__journal_piece header = piece_header(from, sizeof header);
    struct gsp__journal_piece target = piece_header(to, to->n_bytes);

    if (r.view->ring->capture == GSP__CAPTURE_NONE || to->n_bytes == 0)
        return;
    header.is_move = 1;
    append(r, &header, (const char *)&target);
}
