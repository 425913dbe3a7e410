/*
 * What the marks of a voice turn come to.
 */
#include "derive/turn_delays.h"

#include <string.h>

#include "derive/seconds.h"

#define DELAYS_MAX 3

bool gsp__turn_mark_of(const struct gsp__parsed *p, unsigned fact, int64_t *ns)
{
    const struct gsp__entry_view *e = gsp__parsed_fact(p, fact);

    if (!e || (e->kind != GSP__ENTRY_INT32 && e->kind != GSP__ENTRY_INT64))
        return false;
    *ns = e->scalar.i;
    return true;
}

static void add_delay(struct gsp__parsed *p, unsigned fact, int64_t from, int64_t to)
{
    if (gsp__parsed_fact(p, fact))
        return; /* what the caller set stands */
    p->last[fact] = p->n_entries;
    p->entries[p->n_entries++] = (struct gsp__entry_view){
        .fact = fact, .kind = GSP__ENTRY_DOUBLE, .key = "", .scalar.d = gsp__seconds_between(from, to)};
}

/* VO-2. */
static void add_delays(struct gsp__parsed *p)
{
    int64_t start, end, final, commit, stopped, heard;

    if (gsp__turn_mark_of(p, GSP__FACT_SPEECH_START, &start) &&
        gsp__turn_mark_of(p, GSP__FACT_SPEECH_END, &end) &&
        gsp__turn_mark_of(p, GSP__FACT_FINAL_TRANSCRIPT, &final) && end >= start) {
        add_delay(p, GSP_FACT_TRANSCRIPTION_DELAY, end, final);
        if (gsp__turn_mark_of(p, GSP__FACT_COMMIT, &commit))
            add_delay(p, GSP_FACT_END_OF_TURN_DELAY, end, commit);
    }
    if (gsp__turn_mark_of(p, GSP__FACT_USER_STOPPED, &stopped) &&
        gsp__turn_mark_of(p, GSP__FACT_AGENT_SPEECH_START, &heard) && heard >= stopped)
        add_delay(p, GSP_FACT_E2E_LATENCY, stopped, heard);
}

/* ID-3, VO-3: the ids since the last clear and before the commit; none without one. */
static bool is_left_out(const struct gsp__parsed *p, uint16_t i, bool is_user)
{
    uint16_t commit = p->last[GSP__FACT_COMMIT], cleared = p->last[GSP__FACT_IDS_CLEARED];

    if (!is_user || p->entries[i].fact != GSP_FACT_REQUEST_ID)
        return false;
    return commit == GSP__NO_ENTRY || i > commit || (cleared != GSP__NO_ENTRY && i < cleared);
}

bool gsp__turn_complete(struct gsp__parsed *p, struct gsp__arena *arena)
{
    unsigned kind = p->snapshot->head.node_kind;
    struct gsp__parsed old = *p;

    if (kind != GSP__NODE_USER_TURN && kind != GSP__NODE_AGENT_TURN)
        return true;
    p->entries = gsp__arena_get(arena, (old.n_entries + DELAYS_MAX) * sizeof *p->entries);
    if (!p->entries)
        return false;
    p->n_entries = 0;
    memset(p->last, 0xff, sizeof p->last);
    for (uint16_t i = 0; i < old.n_entries; i++) {
        unsigned fact = old.entries[i].fact;

        if (is_left_out(&old, i, kind == GSP__NODE_USER_TURN))
            continue;
        if (fact > 0 && fact < GSP__FACT_LIMIT) /* 0: custom keys */
            p->last[fact] = p->n_entries;
        p->entries[p->n_entries++] = old.entries[i];
    }
    add_delays(p);
    return true;
}
