/*
 * Choices and tool calls.
 */
#include "wire/answer.h"

#include <string.h>

#include "base/compiler.h"
#include "base/utf8.h"
#include "wire/content.h"

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
    d->answer.n_text = d->answer.n_reasoning = 0;
}

/* Its calls stay where they are: of them more is told than can be moved. */
void gsp__answer_index(struct gsp__decoder *d)
{
    struct gsp__answer *a = &d->answer;
    struct gsp__spot from = {GSP_CONTENT_OUTPUT, (uint16_t)a->choice, 0}, to = from;

    if (!index_of(&d->map, &a->choice) || a->choice == from.place)
        return;
    to.place = (uint16_t)a->choice;
    gsp__content_move(d->sink, d->self, from, GSP_CONTENT_TEXT, to, GSP_CONTENT_TEXT, a->n_text);
    gsp__content_move(d->sink, d->self, from, GSP_CONTENT_REASONING, to, GSP_CONTENT_REASONING,
                      a->n_reasoning);
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

/* The same of content, of which no byte is kept where nobody wants it: whether there is any is a fact. */
static uint8_t keep_content(const struct gsp__decoder *d, char *to, size_t room)
{
    if (d->sink->piece)
        return keep(to, room, &d->map);
    return d->map.token == GSP__JSON_STRING && d->map.value.n > 0;
}

void gsp__answer_begin_tool(struct gsp__decoder *d)
{
    d->answer.n_arguments = 0;
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
    d->answer.n_tool_id = keep_content(d, d->answer.tool_id, sizeof d->answer.tool_id);
}

void gsp__answer_tool_name(struct gsp__decoder *d)
{
    d->answer.n_tool_name = keep_content(d, d->answer.tool_name, sizeof d->answer.tool_name);
}

static uint64_t *seen_calls(struct gsp__answer *a)
{
    return &a->tool_calls[a->choice < GSP__TOOL_CHOICES_MAX ? a->choice : GSP__TOOL_CHOICES_MAX - 1];
}

/* A call without an index gets one that no other has. */
static void find_index(struct gsp__decoder *d)
{
    struct gsp__answer *a = &d->answer;

    if (a->has_tool_index)
        return;
    a->tool_index = d->n_tool_calls;
    while (a->tool_index < 63 && *seen_calls(a) & (uint64_t)1 << a->tool_index)
        a->tool_index++;
}

/* Events that say the same index are of one call, which counts once. Providers may begin at any index. */
static void count_tool(struct gsp__decoder *d)
{
    struct gsp__answer *a = &d->answer;
    uint64_t *seen = seen_calls(a), bit = (uint64_t)1 << (a->tool_index < 64 ? a->tool_index : 63);

    if (a->has_tool_index && *seen & bit)
        return;
    *seen |= bit;
    d->n_tool_calls++;
}

static struct gsp__spot call_spot(const struct gsp__answer *a, uint32_t index)
{
    return (struct gsp__spot){GSP_CONTENT_OUTPUT, (uint16_t)a->choice, (uint16_t)index};
}

static bool has_name(const struct gsp__answer *a)
{
    return a->n_tool_id > 0 || a->n_tool_name > 0;
}

void gsp__answer_arguments(struct gsp__decoder *d)
{
    struct gsp__answer *a = &d->answer;

    if (GSP__UNLIKELY(d->sink->piece)) {
        if (a->n_arguments == 0) {
            if (has_name(a))
                find_index(d);
            a->arguments_index = a->tool_index; /* so far: of the call before */
        }
        a->n_arguments += d->map.value.n;
    }
    gsp__decoder_text(d, a->choice, GSP_MARK_TOOL_CALL, &d->map);
}

void gsp__answer_arguments_at(struct gsp__decoder *d, uint32_t index)
{
    d->answer.tool_index = index;
    gsp__decoder_text(d, d->answer.choice, GSP_MARK_TOOL_CALL, &d->map);
}

void gsp__answer_end_arguments(struct gsp__decoder *d)
{
    struct gsp__answer *a = &d->answer;

    if (a->n_arguments > 0 && a->arguments_index != a->tool_index)
        gsp__content_move(d->sink, d->self, call_spot(a, a->arguments_index), GSP_CONTENT_TOOL_CALL_ARGUMENTS,
                          call_spot(a, a->tool_index), GSP_CONTENT_TOOL_CALL_ARGUMENTS, a->n_arguments);
    a->n_arguments = 0;
}

void gsp__answer_put_tool(struct gsp__decoder *d)
{
    struct gsp__answer *a = &d->answer;
    struct gsp__spot spot = call_spot(a, a->tool_index);

    gsp__content_put(d->sink, d->self, spot, GSP_CONTENT_TOOL_CALL_ID, a->tool_id, a->n_tool_id);
    gsp__content_put(d->sink, d->self, spot, GSP_CONTENT_TOOL_CALL_NAME, a->tool_name, a->n_tool_name);
}

static void end_tool(struct gsp__decoder *d)
{
    gsp__answer_end_arguments(d);
    if (!has_name(&d->answer))
        return;
    d->kinds |= (uint8_t)(1u << GSP_MARK_TOOL_CALL);
    count_tool(d);
    gsp__answer_put_tool(d);
}

void gsp__answer_end_tool(struct gsp__decoder *d)
{
    if (has_name(&d->answer))
        find_index(d);
    end_tool(d);
}

void gsp__answer_end_tool_at(struct gsp__decoder *d, uint32_t index)
{
    d->answer.has_tool_index = false; /* it counts */
    d->answer.tool_index = index;
    end_tool(d);
}
