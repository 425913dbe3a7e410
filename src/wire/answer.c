/*
 * Choices and tool calls.
 */
#include "wire/answer.h"

#include <string.h>

#include "base/utf8.h"

/* Keep a string until its object ends; what does not fit is cut. */
static uint8_t keep(char *to, size_t room, const struct gsp__json_map *m)
{
    size_t n;

    if (m->token != GSP__JSON_STRING)
        return 0;
    n = gsp__utf8_cut(m->value.bytes, m->value.n, room);
    if (n)
        memcpy(to, m->value.bytes, n);
    return (uint8_t)n;
}

static bool index_of(const struct gsp__json_map *m, uint32_t *out)
{
    int64_t value;

    if (m->token != GSP__JSON_NUMBER || !gsp__json_int(m->value, &value) || value < 0 || value > UINT16_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

void gsp__answer_begin_choice(struct gsp__decoder *d)
{
    d->answer.choice = d->map.index;
    d->answer.n_finish = 0;
}

void gsp__answer_index(struct gsp__decoder *d)
{
    index_of(&d->map, &d->answer.choice);
}

void gsp__answer_finish(struct gsp__decoder *d)
{
    d->answer.n_finish = keep(d->answer.finish, sizeof d->answer.finish, &d->map);
}

void gsp__answer_end_choice(struct gsp__decoder *d)
{
    struct gsp__answer *a = &d->answer;

    if (a->n_finish == 0)
        return;
    d->sink->string(d->self, GSP_FACT_FINISH_REASON, a->choice, a->finish, a->n_finish, false);
    gsp__decoder_terminal(d);
}

void gsp__answer_begin_tool(struct gsp__decoder *d)
{
    d->answer.has_tool_index = false;
    d->answer.n_tool_id = 0;
    d->answer.n_tool_name = 0;
}

void gsp__answer_tool_index(struct gsp__decoder *d)
{
    d->answer.has_tool_index = index_of(&d->map, &d->answer.tool_index);
}

void gsp__answer_tool_id(struct gsp__decoder *d)
{
    d->answer.n_tool_id = keep(d->answer.tool_id, sizeof d->answer.tool_id, &d->map);
}

void gsp__answer_tool_name(struct gsp__decoder *d)
{
    d->answer.n_tool_name = keep(d->answer.tool_name, sizeof d->answer.tool_name, &d->map);
}

/* Events that say the same index are of one call, which counts once. Providers may begin at any index. A call
 * without one gets an index that no other has. */
static void count_tool(struct gsp__decoder *d)
{
    struct gsp__answer *a = &d->answer;
    uint32_t choice = a->choice < GSP__TOOL_CHOICES_MAX ? a->choice : GSP__TOOL_CHOICES_MAX - 1;
    uint64_t *seen = &a->tool_calls[choice], bit;

    if (!a->has_tool_index) {
        a->tool_index = d->n_tool_calls;
        while (a->tool_index < 63 && *seen & (uint64_t)1 << a->tool_index)
            a->tool_index++;
    }
    bit = (uint64_t)1 << (a->tool_index < 64 ? a->tool_index : 63);
    if (a->has_tool_index && *seen & bit)
        return;
    *seen |= bit;
    d->n_tool_calls++;
}

static void put_tool(const struct gsp__decoder *d, gsp_content_kind kind, const char *bytes, size_t n)
{
    gsp_content_piece piece = GSP_CONTENT_PIECE_INIT;

    if (n == 0)
        return;
    piece.side = GSP_CONTENT_OUTPUT;
    piece.kind = (uint16_t)kind;
    piece.place = (uint16_t)d->answer.choice;
    piece.part = (uint16_t)d->answer.tool_index;
    piece.bytes = bytes;
    piece.n_bytes = n;
    d->sink->piece(d->self, &piece);
}

void gsp__answer_end_tool(struct gsp__decoder *d)
{
    struct gsp__answer *a = &d->answer;

    if (a->n_tool_id == 0 && a->n_tool_name == 0)
        return;
    d->kinds |= (uint8_t)(1u << GSP_MARK_TOOL_CALL);
    count_tool(d);
    if (!d->sink->piece)
        return;
    put_tool(d, GSP_CONTENT_TOOL_CALL_ID, a->tool_id, a->n_tool_id);
    put_tool(d, GSP_CONTENT_TOOL_CALL_NAME, a->tool_name, a->n_tool_name);
}
