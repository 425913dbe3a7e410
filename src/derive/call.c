/*
 * Calls: an operation's record and those of its attempts, joined and read.
 */
#include "derive/call.h"

#include <stdlib.h>
#include <string.h>

#include "derive/seconds.h"
#include "derive/turn_delays.h"

bool gsp__parse(const struct gsp__snapshot *s, struct gsp__arena *arena, struct gsp__parsed *out)
{
    struct gsp__entries rest = {s->entries, s->n_entries};
    uint32_t max = s->n_entries / 8;
    struct gsp__entry_view *entries;
    uint16_t n = 0;

    if (max >= GSP__NO_ENTRY)
        max = GSP__NO_ENTRY - 1;
    entries = gsp__arena_get(arena, (max + 1) * sizeof *entries);
    if (!entries)
        return false;
    memset(out->last, 0xff, sizeof out->last);
    while (n < max && gsp__entries_next(&rest, &entries[n])) {
        if (entries[n].fact < GSP__FACT_LIMIT)
            out->last[entries[n].fact] = n;
        n++;
    }
    out->last[0] = GSP__NO_ENTRY; /* custom keys */
    out->snapshot = s;
    out->entries = entries;
    out->n_entries = n;
    out->is_torn = rest.n > 0;
    /* the arena keeps what was not needed of the guess */
    arena->used -= (max - n) * sizeof *entries & ~(size_t)15;
    return true;
}

struct gsp__string gsp__parsed_string(const struct gsp__parsed *p, unsigned fact)
{
    const struct gsp__entry_view *e = gsp__parsed_fact(p, fact);

    if (!e || e->kind != GSP__ENTRY_STRING)
        return (struct gsp__string){"", 0};
    return (struct gsp__string){(const char *)e->payload, e->n_payload};
}

static void read_ending(struct gsp__call_record *r, bool is_dead)
{
    const struct gsp__head *h = &r->parsed.snapshot->head;
    unsigned state = r->parsed.snapshot->ref.state;
    struct gsp__ending *e = &r->ending;

    memset(e, 0, sizeof *e);
    e->error_type.bytes = e->message.bytes = e->exception.bytes = "";
    e->cause_type.bytes = e->cause_message.bytes = "";
    if (state < GSP__CHUNK_ENDED) { /* still open: crashed if nobody can end it any more */
        e->outcome = is_dead ? GSP_OUTCOME_CRASHED : GSP_OUTCOME_ABANDONED;
        e->end_ns = h->last_ns < h->start_ns ? h->start_ns : h->last_ns;
        if (is_dead) {
            e->error_type = GSP__STRING(GSP_ERROR_CRASHED);
            e->message = GSP__STRING("the process died before the call ended");
        }
        return;
    }
    e->outcome = h->outcome;
    e->end_ns = h->end_ns < h->start_ns ? h->start_ns : h->end_ns;
    if (h->outcome != GSP_OUTCOME_FAILED)
        return;
    e->error_type = (struct gsp__string){h->error_type, h->n_error_type};
    if (e->error_type.n == 0)
        e->error_type = GSP__STRING(GSP_ERROR_OTHER);
    e->message = gsp__parsed_string(&r->parsed, GSP__FACT_ERROR_MESSAGE);
    if (e->message.n == 0)
        e->message = (struct gsp__string){h->message, h->n_message};
    e->exception = gsp__parsed_string(&r->parsed, GSP__FACT_EXCEPTION_TYPE);
    e->cause_type = gsp__parsed_string(&r->parsed, GSP__FACT_CAUSE_TYPE);
    e->cause_message = gsp__parsed_string(&r->parsed, GSP__FACT_CAUSE_MESSAGE);
}

static const struct gsp__head *head_of(const struct gsp__call_record *r)
{
    return &r->parsed.snapshot->head;
}

static int by_number(const void *a, const void *b)
{
    unsigned x = head_of(a)->attempt_number, y = head_of(b)->attempt_number;

    return (x > y) - (x < y);
}

/*
 * The attempt whose answer the caller got: the last that completed, else the last whose content reached
 * the caller (OP-6, US-5), else the last of all if it was cancelled or crashed: what it had used by
 * then was not wasted on a failure, and is billed somewhere (US-6). NULL if none came to that.
 */
static const struct gsp__call_record *find_served(const struct gsp__call *c)
{
    for (uint32_t i = c->n_attempts; i-- > 0;)
        if (c->attempts[i].ending.outcome == GSP_OUTCOME_COMPLETED)
            return &c->attempts[i];
    for (uint32_t i = c->n_attempts; i-- > 0;)
        if (head_of(&c->attempts[i])->stream.n_content > 0)
            return &c->attempts[i];
    if (c->n_attempts > 0) {
        const struct gsp__call_record *last = &c->attempts[c->n_attempts - 1];

        if (last->ending.outcome == GSP_OUTCOME_CANCELLED || last->ending.outcome == GSP_OUTCOME_CRASHED)
            return last;
    }
    return NULL;
}

/* Between the end of one attempt and the start of the next, where there is time between them. */
static int64_t total_wait(const struct gsp__call *c)
{
    int64_t wait = 0;

    for (uint32_t i = 1; i < c->n_attempts; i++) {
        int64_t gap = gsp__elapsed_ns(c->attempts[i - 1].ending.end_ns, head_of(&c->attempts[i])->start_ns);

        wait = gap > INT64_MAX - wait ? INT64_MAX : wait + gap;
    }
    return wait;
}

/* An operation that was ended "as its last attempt ended", or that never was. */
static void inherit_ending(struct gsp__call *c, bool is_dead)
{
    struct gsp__ending *e = &c->root->ending;
    const struct gsp__ending *last = c->n_attempts ? &c->attempts[c->n_attempts - 1].ending : NULL;

    if (e->outcome == GSP_OUTCOME_CRASHED && is_dead)
        for (uint32_t i = 0; i < c->n_attempts; i++)
            if (c->attempts[i].ending.end_ns > e->end_ns)
                e->end_ns = c->attempts[i].ending.end_ns;
    if (e->outcome != GSP_OUTCOME_AUTO)
        return;
    e->outcome = last ? last->outcome : GSP_OUTCOME_COMPLETED;
    if (last && e->error_type.n == 0) {
        e->error_type = last->error_type;
        e->exception = last->exception;
    }
}

/* The reasons are facts, by choice; the message of a choice is where it stands in the output. */
static void put_finish_reasons(struct gsp__messages *output, const struct gsp__parsed *p)
{
    for (unsigned i = 0; i < p->n_entries; i++) {
        const struct gsp__entry_view *e = &p->entries[i];

        if (e->fact != GSP_FACT_FINISH_REASON || e->kind != GSP__ENTRY_ITEM)
            continue;
        for (uint32_t k = 0; k < output->n && output->items[k].place <= e->index; k++)
            if (output->items[k].place == e->index)
                output->items[k].finish_reason = (struct gsp__string){(const char *)e->payload, e->n_payload};
    }
}

static bool read_content_of(const struct gsp__call_record *r, struct gsp__arena *arena,
                            struct gsp__content *out)
{
    const struct gsp__snapshot *s = r->parsed.snapshot;

    if (!gsp__content_read(s, arena, out))
        return false;
    put_finish_reasons(&out->output, &r->parsed);
    return true;
}

static bool has_content(const struct gsp__call_record *r)
{
    return r && (r->parsed.snapshot->content || r->parsed.snapshot->is_content_cut);
}

static void prefer_own(struct gsp__string *own, const struct gsp__string *other)
{
    if (own->n == 0)
        *own = *other;
}

/* What the operation itself does not say, its attempt does: but an answer only the one that served. */
static void merge_content(struct gsp__content *own, const struct gsp__content *attempt, bool is_served)
{
    if (own->input.n == 0)
        own->input = attempt->input;
    if (own->n_instructions == 0) {
        own->instructions = attempt->instructions;
        own->n_instructions = attempt->n_instructions;
    }
    if (own->n_tools == 0) {
        own->tools = attempt->tools;
        own->n_tools = attempt->n_tools;
    }
    if (is_served && attempt->output.n > 0)
        own->output = attempt->output;
    prefer_own(&own->tool_arguments, &attempt->tool_arguments);
    prefer_own(&own->tool_result, &attempt->tool_result);
    prefer_own(&own->transcript, &attempt->transcript);
    prefer_own(&own->query, &attempt->query);
    prefer_own(&own->documents, &attempt->documents);
    own->is_cut |= attempt->is_cut;
}

static bool read_content(struct gsp__call *c, struct gsp__arena *arena)
{
    const struct gsp__call_record *attempt = c->served;
    struct gsp__content *both;

    c->content = NULL;
    if (!attempt && c->n_attempts > 0)
        attempt = &c->attempts[c->n_attempts - 1];
    if (!has_content(c->root) && !has_content(attempt))
        return true;
    both = gsp__arena_get(arena, 2 * sizeof *both);
    if (!both)
        return false;
    memset(both, 0, 2 * sizeof *both);
    if (has_content(c->root) && !read_content_of(c->root, arena, &both[0]))
        return false;
    if (has_content(attempt) && !read_content_of(attempt, arena, &both[1]))
        return false;
    merge_content(&both[0], &both[1], c->served != NULL);
    c->content = &both[0];
    return true;
}

bool gsp__call_read(const struct gsp__snapshot *snapshots, uint32_t n, bool is_dead, struct gsp__arena *arena,
                    struct gsp__call *out)
{
    struct gsp__call_record *records = gsp__arena_get(arena, n * sizeof *records);

    if (!records)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!gsp__parse(&snapshots[i], arena, &records[i].parsed) ||
            !gsp__turn_complete(&records[i].parsed, arena))
            return false;
        read_ending(&records[i], is_dead);
    }
    out->root = records;
    out->attempts = records + 1;
    out->n_attempts = n - 1;
    if (n > 2)
        qsort(out->attempts, n - 1, sizeof *records, by_number);
    out->served = find_served(out);
    out->wait_ns = total_wait(out);
    inherit_ending(out, is_dead);
    return read_content(out, arena);
}
