/*
 * Voice turns: spans with marks. What the marks come to is computed when a turn is exported.
 */
#include <genspan/turn.h>

#include "call/recorder_type.h"

_Static_assert(GSP__FACT_SPEECH_START == 204 + GSP_TURN_SPEECH_START, "a mark is a fact");
_Static_assert(GSP__FACT_AGENT_SPEECH_END == 204 + GSP_TURN_AGENT_SPEECH_END, "a mark is a fact");

static void put(struct gsp__record r, unsigned fact, const char *value)
{
    if (value && *value)
        gsp__record_put_string(r, fact, value, strlen(value));
}

static void name_node(struct gsp__record r, enum gsp__node_kind kind)
{
    static const char *const names[] = {"", "user_turn", "agent_turn", "eou_detection"};

    if (!r.head)
        return;
    r.head->node_kind = (uint8_t)kind;
    put(r, GSP__FACT_SPAN_NAME, names[kind]);
}

/* The record of an open turn, else a head of NULL. */
static struct gsp__record find_turn(gsp_span turn)
{
    struct gsp__record r = gsp__record_find(turn);

    if (r.head && r.head->node_kind != GSP__NODE_USER_TURN && r.head->node_kind != GSP__NODE_AGENT_TURN) {
        gsp__view_count(r.view, GSP_LOSS_TYPE);
        r.head = NULL;
    }
    return r;
}

gsp_span gsp_turn_start(gsp_recorder *recorder, gsp_turn_kind kind, const gsp_turn_options *options)
{
    gsp_turn_options defaults = GSP_TURN_OPTIONS_INIT;
    const gsp_turn_options *o = gsp__options(options, &defaults, sizeof defaults);
    struct gsp__record_start start = {
        .kind = GSP__RECORD_SPAN,
        .span_kind = GSP_SPAN_INTERNAL,
        .parent = o->parent,
        .scope = o->scope.id,
        .now_ns = o->now_ns,
    };
    struct gsp__record r = gsp__recorder_start(recorder, &start);

    if (!r.head)
        return gsp__record_span(r);
    name_node(r, kind == GSP_TURN_AGENT ? GSP__NODE_AGENT_TURN : GSP__NODE_USER_TURN);
    put(r, GSP_FACT_SESSION_ID, o->session_id);
    put(r, GSP_FACT_SPEECH_ID, o->speech_id);
    put(r, GSP_FACT_GENERATION_ID, o->generation_id);
    put(r, GSP_FACT_PARENT_GENERATION_ID, o->parent_generation_id);
    return gsp__record_span(r);
}

void gsp_turn_mark(gsp_span turn, gsp_turn_moment moment, int64_t now_ns)
{
    const unsigned first_counts =
        1u << GSP_TURN_SPEECH_START | 1u << GSP_TURN_COMMIT | 1u << GSP_TURN_AGENT_SPEECH_START;
    struct gsp__record r = find_turn(turn);
    unsigned fact = 204 + (unsigned)moment;

    if (!r.head)
        return;
    if ((unsigned)moment < GSP_TURN_SPEECH_START || (unsigned)moment > GSP_TURN_AGENT_SPEECH_END) {
        gsp__view_count(r.view, GSP_LOSS_TYPE);
        return;
    }
    now_ns = gsp__record_time(r, now_ns);
    if ((first_counts >> moment & 1) && (r.head->facts_seen[fact / 64] >> fact % 64 & 1))
        return;
    gsp__record_put_int(r, fact, now_ns);
}

void gsp_turn_set_transcript(gsp_span turn, const char *text, size_t n, double confidence)
{
    struct gsp__record r = find_turn(turn);

    if (!r.head)
        return;
    if (text && n > 0 &&
        (r.view->ring->capture & GSP__CAPTURE_SPAN)) /* CO-1: what is off is never recorded */
        gsp__record_put_string(r, GSP__FACT_TRANSCRIPT, text, n);
    if (confidence >= 0)
        gsp__record_put_double(r, GSP_FACT_TRANSCRIPT_CONFIDENCE, confidence);
}

void gsp_turn_clear(gsp_span turn)
{
    struct gsp__record r = find_turn(turn);

    if (r.head) /* an item, as items keep their place among the ids */
        gsp__record_add_item(r, GSP__FACT_IDS_CLEARED, 0, "1", 1);
}

gsp_span gsp_eou_start(gsp_span turn, int64_t now_ns)
{
    struct gsp__record t = find_turn(turn), r;
    gsp_context parent;
    struct gsp__record_start start = {
        .kind = GSP__RECORD_SPAN, .span_kind = GSP_SPAN_INTERNAL, .parent = &parent};

    if (!t.head)
        return (gsp_span)GSP_NO_SPAN_INIT;
    parent = gsp__record_context(t);
    start.scope = gsp__record_scope(t);
    start.now_ns = gsp__record_time(t, now_ns);
    r = gsp__record_start(t.view->ring, &start);
    name_node(r, GSP__NODE_EOU_DETECTION);
    return gsp__record_span(r);
}
