/*
 * Messages, made of the pieces of a journal: pieces become runs of bytes, moves are carried out, runs are
 * sorted into the order of CO-2, and each group of them becomes a part.
 */
#include "derive/messages.h"

#include <genspan/content.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* A move looks back over no more runs than this: what it moves came just before. */
#define MOVE_RUNS_MAX 4096u

/* What groups pieces, in the order in which it is shown. */
enum rank {
    RANK_MESSAGE, /* role and name */
    RANK_MEDIA,
    RANK_TEXT,
    RANK_REASONING,
    RANK_TOOL_CALL,
    RANK_TOOL_RESPONSE,
};

struct run {
    uint64_t key; /* side, place, rank, part, kind: from the high bits down */
    const char *bytes;
    uint32_t n;
    uint32_t index;
    bool is_cut; /* the journal ended within it */
};

struct runs {
    struct run *items;
    uint32_t n;
};

static unsigned side_of(const struct run *r)
{
    return (unsigned)(r->key >> 48);
}

static unsigned place_of(const struct run *r)
{
    return (unsigned)(r->key >> 32 & 0xffff);
}

static enum rank rank_of(const struct run *r)
{
    return (enum rank)(r->key >> 24 & 0xff);
}

static unsigned kind_of(const struct run *r)
{
    return (unsigned)(r->key & 0xff);
}

/* What runs of one part have in common. */
static uint64_t group_of(const struct run *r)
{
    return r->key >> 8;
}

static enum rank rank_of_kind(unsigned kind)
{
    switch (kind) {
    case GSP_CONTENT_ROLE:
    case GSP_CONTENT_NAME:
        return RANK_MESSAGE;
    case GSP_CONTENT_REASONING:
        return RANK_REASONING;
    case GSP_CONTENT_TOOL_CALL_ID:
    case GSP_CONTENT_TOOL_CALL_NAME:
    case GSP_CONTENT_TOOL_CALL_ARGUMENTS:
        return RANK_TOOL_CALL;
    case GSP_CONTENT_TOOL_RESPONSE_ID:
    case GSP_CONTENT_TOOL_RESPONSE:
        return RANK_TOOL_RESPONSE;
    case GSP_CONTENT_TEXT:
    case GSP_CONTENT_JSON:
        return RANK_TEXT;
    default:
        return RANK_MEDIA;
    }
}

/* Sides without messages are one text for each place, or one in all, whatever their pieces are. */
static uint64_t key_of(const struct gsp__journal_piece *p)
{
    uint64_t key = (uint64_t)p->side << 48 | (uint64_t)p->place << 32;
    enum rank rank = rank_of_kind(p->kind);

    if (p->side == GSP_CONTENT_TOOLS)
        return key;
    if (p->side > GSP_CONTENT_TOOLS)
        return (uint64_t)p->side << 48;
    if (rank != RANK_MESSAGE)
        key |= (uint64_t)p->part << 8;
    return key | (uint64_t)rank << 24 | (p->kind == GSP_CONTENT_JSON ? GSP_CONTENT_TEXT : p->kind);
}

static bool is_known(const struct gsp__journal_piece *p)
{
    return p->side >= GSP_CONTENT_INPUT && p->side <= GSP_CONTENT_DOCUMENTS && p->kind >= GSP_CONTENT_ROLE &&
           p->kind <= GSP_CONTENT_JSON;
}

/* Give the last n bytes of a key another one. The array has room for one more run. */
static void move(struct runs *runs, uint64_t from, uint64_t to, uint32_t n)
{
    uint32_t seen = 0;

    for (uint32_t i = runs->n; i-- > 0 && n > 0 && seen < MOVE_RUNS_MAX; seen++) {
        struct run *r = &runs->items[i];

        if (r->key != from)
            continue;
        if (r->n > n) { /* its end only */
            memmove(r + 1, r, (runs->n - i) * sizeof *r);
            runs->n++;
            r[0].n -= n;
            r[0].is_cut = false;
            r[1].bytes += r[0].n;
            r[1].n = n;
            r++;
        }
        n -= r->n;
        r->key = to;
    }
}

static void take_piece(struct runs *runs, const struct gsp__journal_piece *p, const uint8_t *bytes,
                       uint32_t n)
{
    struct gsp__journal_piece to;

    if (!is_known(p))
        return;
    if (!p->is_move) {
        runs->items[runs->n++] = (struct run){key_of(p), (const char *)bytes, n, 0, n < p->n_bytes};
    } else if (n == sizeof to) {
        memcpy(&to, bytes, sizeof to);
        if (is_known(&to))
            move(runs, key_of(p), key_of(&to), to.n_bytes);
    }
}

static int by_key(const void *a, const void *b)
{
    const struct run *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static bool read_runs(const struct gsp__snapshot *s, struct gsp__arena *arena, struct runs *out)
{
    /* a piece is a run, and a move, which is two headers, makes one more */
    size_t cap = s->n_content / sizeof(struct gsp__journal_piece) + 1;
    const uint8_t *at = s->content;
    uint32_t left = s->n_content;
    struct gsp__journal_piece p;

    out->n = 0;
    out->items = gsp__arena_get(arena, cap * sizeof *out->items);
    if (!out->items)
        return false;
    while (left >= sizeof p) {
        uint32_t n;

        memcpy(&p, at, sizeof p);
        at += sizeof p;
        left -= (uint32_t)sizeof p;
        n = p.n_bytes < left ? p.n_bytes : left;
        take_piece(out, &p, at, n);
        at += n;
        left -= n;
    }
    for (uint32_t i = 0; i < out->n; i++)
        out->items[i].index = i;
    qsort(out->items, out->n, sizeof *out->items, by_key);
    return true;
}

/* UTF-8, in any case; of what is cut, no half character. */
static bool repair(struct gsp__string *s, bool is_cut, struct gsp__arena *arena)
{
    size_t valid = gsp__utf8_valid_prefix(s->bytes, s->n);
    char *fresh;

    if (is_cut && s->n - valid < 4)
        s->n = valid;
    if (valid >= s->n)
        return true;
    fresh = gsp__arena_get(arena, 3 * s->n);
    if (!fresh)
        return false;
    s->n = gsp__utf8_sanitize(fresh, 3 * s->n, s->bytes, s->n);
    s->bytes = fresh;
    return true;
}

/* The bytes of runs as one string. */
static bool join(const struct run *runs, uint32_t n, struct gsp__arena *arena, struct gsp__string *out)
{
    size_t total = 0;
    char *to;

    *out = (struct gsp__string){runs[0].bytes, runs[0].n};
    if (n > 1) {
        for (uint32_t i = 0; i < n; i++)
            total += runs[i].n;
        to = gsp__arena_get(arena, total + 1);
        if (!to)
            return false;
        *out = (struct gsp__string){to, total};
        for (uint32_t i = 0; i < n; i++) {
            memcpy(to, runs[i].bytes, runs[i].n);
            to += runs[i].n;
        }
    }
    return repair(out, runs[n - 1].is_cut, arena);
}

/* Of all but texts the first of a part counts. */
static bool is_joined(unsigned kind)
{
    return kind == GSP_CONTENT_TEXT || kind == GSP_CONTENT_REASONING ||
           kind == GSP_CONTENT_TOOL_CALL_ARGUMENTS || kind == GSP_CONTENT_TOOL_RESPONSE ||
           kind == GSP_CONTENT_MEDIA_URI;
}

static struct gsp__string *field_of(struct gsp__part *part, unsigned kind)
{
    switch (kind) {
    case GSP_CONTENT_TOOL_CALL_ID:
    case GSP_CONTENT_TOOL_RESPONSE_ID:
        return &part->id;
    case GSP_CONTENT_TOOL_CALL_NAME:
        return &part->name;
    case GSP_CONTENT_MEDIA_MODALITY:
        return &part->modality;
    case GSP_CONTENT_MEDIA_MIME_TYPE:
        return &part->mime_type;
    case GSP_CONTENT_MEDIA_URI:
        return &part->uri;
    case GSP_CONTENT_MEDIA_FILE_ID:
        return &part->file_id;
    default:
        return &part->text;
    }
}

static const enum gsp__part_type types[] = {
    [RANK_MEDIA] = GSP__PART_MEDIA,
    [RANK_TEXT] = GSP__PART_TEXT,
    [RANK_REASONING] = GSP__PART_REASONING,
    [RANK_TOOL_CALL] = GSP__PART_TOOL_CALL,
    [RANK_TOOL_RESPONSE] = GSP__PART_TOOL_RESPONSE,
};

static bool make_part(const struct run *runs, uint32_t n, struct gsp__arena *arena, struct gsp__part *out)
{
    *out = (struct gsp__part){.type = types[rank_of(runs)]};
    for (uint32_t i = 0, end; i < n; i = end) {
        unsigned kind = kind_of(&runs[i]);

        for (end = i; end < n && kind_of(&runs[end]) == kind; end++)
            out->is_cut |= runs[end].is_cut;
        if (kind != GSP_CONTENT_MEDIA_SIZE) {
            if (!join(&runs[i], is_joined(kind) ? end - i : 1, arena, field_of(out, kind)))
                return false;
        } else if (runs[i].n == sizeof out->n_bytes) {
            out->has_size = true;
            memcpy(&out->n_bytes, runs[i].bytes, sizeof out->n_bytes);
        }
    }
    /* CO-2: never exported, not even where a hostile ring has it */
    if (out->uri.n >= 5 && strncasecmp(out->uri.bytes, "data:", 5) == 0)
        out->uri = (struct gsp__string){NULL, 0};
    return true;
}

/* Where everything goes: one array of parts, of messages and of tools, each as long as may be needed. */
struct maker {
    struct gsp__arena *arena;
    struct gsp__content *content;
    struct gsp__part *parts;
    struct gsp__message *messages;
    uint32_t n_parts, n_messages;
};

static bool add_message(struct maker *m, const struct run *runs, uint32_t n, struct gsp__messages *to)
{
    struct gsp__message *message;

    if (to->n == 0)
        to->items = &m->messages[m->n_messages];
    message = &to->items[to->n++];
    m->n_messages++;
    *message = (struct gsp__message){.place = (uint16_t)place_of(runs), .parts = &m->parts[m->n_parts]};
    message->role = side_of(runs) == GSP_CONTENT_OUTPUT ? GSP__STRING("assistant") : GSP__STRING("user");
    for (uint32_t i = 0, end; i < n; i = end) {
        end = i + 1;
        if (rank_of(&runs[i]) == RANK_MESSAGE) {
            bool is_role = kind_of(&runs[i]) == GSP_CONTENT_ROLE;

            while (end < n && runs[end].key == runs[i].key)
                end++;
            if (!join(&runs[i], 1, m->arena, is_role ? &message->role : &message->name))
                return false;
            continue;
        }
        while (end < n && group_of(&runs[end]) == group_of(&runs[i]))
            end++;
        if (!make_part(&runs[i], end - i, m->arena, &m->parts[m->n_parts++]))
            return false;
        message->n_parts++;
    }
    return true;
}

/* Instructions are parts without messages, in order of place. */
static bool add_instructions(struct maker *m, const struct run *runs, uint32_t n)
{
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && group_of(&runs[end]) == group_of(&runs[i]);)
            end++;
        if (rank_of(&runs[i]) == RANK_MESSAGE)
            continue;
        if (m->content->n_instructions == 0)
            m->content->instructions = &m->parts[m->n_parts];
        if (!make_part(&runs[i], end - i, m->arena, &m->parts[m->n_parts++]))
            return false;
        m->content->n_instructions++;
    }
    return true;
}

/* The JSON of a tool; half of it is none. */
static bool add_tool(struct maker *m, const struct run *runs, uint32_t n)
{
    struct gsp__content *c = m->content;

    if (runs[n - 1].is_cut)
        return true;
    return join(runs, n, m->arena, &c->tools[c->n_tools++]);
}

static struct gsp__string *text_of_side(struct gsp__content *c, unsigned side)
{
    switch (side) {
    case GSP_CONTENT_TOOL_ARGUMENTS:
        return &c->tool_arguments;
    case GSP_CONTENT_TOOL_RESULT:
        return &c->tool_result;
    case GSP_CONTENT_TRANSCRIPT:
        return &c->transcript;
    case GSP_CONTENT_QUERY:
        return &c->query;
    default:
        return &c->documents;
    }
}

/* All runs of one place. */
static bool add_place(struct maker *m, const struct run *runs, uint32_t n)
{
    switch (side_of(runs)) {
    case GSP_CONTENT_INPUT:
        return add_message(m, runs, n, &m->content->input);
    case GSP_CONTENT_OUTPUT:
        return add_message(m, runs, n, &m->content->output);
    case GSP_CONTENT_INSTRUCTIONS:
        return add_instructions(m, runs, n);
    case GSP_CONTENT_TOOLS:
        return add_tool(m, runs, n);
    default:
        return join(runs, n, m->arena, text_of_side(m->content, side_of(runs)));
    }
}

static uint64_t place_key(const struct run *r)
{
    return r->key >> 32;
}

/* How many places and parts there are; runs behind too many of them are left out. */
static void count(struct runs *runs, struct gsp__content *content, uint32_t *n_places, uint32_t *n_parts)
{
    *n_places = *n_parts = 0;
    for (uint32_t i = 0; i < runs->n; i++) {
        const struct run *r = &runs->items[i];

        *n_places += i == 0 || place_key(r) != place_key(r - 1);
        *n_parts += i == 0 || group_of(r) != group_of(r - 1);
        if (*n_parts > GSP__PARTS_MAX) {
            content->is_cut = true;
            runs->n = i;
            return;
        }
    }
}

bool gsp__content_read(const struct gsp__snapshot *snapshot, struct gsp__arena *arena,
                       struct gsp__content *out)
{
    struct maker m = {.arena = arena, .content = out};
    uint32_t n_places, n_parts;
    struct runs runs;

    memset(out, 0, sizeof *out);
    out->is_cut = snapshot->is_content_cut;
    if (!read_runs(snapshot, arena, &runs))
        return false;
    count(&runs, out, &n_places, &n_parts);
    m.parts = gsp__arena_get(arena, (n_parts + 1) * sizeof *m.parts);
    m.messages = gsp__arena_get(arena, (n_places + 1) * sizeof *m.messages);
    out->tools = gsp__arena_get(arena, (n_places + 1) * sizeof *out->tools);
    if (!m.parts || !m.messages || !out->tools)
        return false;
    for (uint32_t i = 0, end; i < runs.n; i = end) {
        for (end = i + 1; end < runs.n && place_key(&runs.items[end]) == place_key(&runs.items[i]);)
            end++;
        if (!add_place(&m, &runs.items[i], end - i))
            return false;
    }
    return true;
}
