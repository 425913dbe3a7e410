/*
 * Events and links of a span.
 */
#include "derive/span_events.h"

#include <string.h>

static bool name_is(struct gsp__string s, const char *name)
{
    return strlen(name) == s.n && memcmp(s.bytes, name, s.n) == 0;
}

static bool is_lifecycle(struct gsp__string name)
{
    static const char *const names[] = {GSP__EVENT_PROMPT_SENT, GSP__EVENT_FIRST_TOKEN, GSP__EVENT_RETRY,
                                        GSP__EVENT_TOOL_CALL, GSP__EVENT_RESPONSE_RECEIVED};

    for (size_t i = 0; i < GSP__COUNT_OF(names); i++)
        if (name_is(name, names[i]))
            return true;
    return false;
}

static void add_event(struct gsp__builder *b, struct gsp__span_data *span, const struct gsp__parsed *p,
                      const struct gsp__entry_view *e, bool has_lifecycle)
{
    struct gsp__span_event *out = &span->events[span->n_events];
    struct gsp__event_view event;

    if (!gsp__entry_event(e, &event))
        return;
    if (!has_lifecycle && is_lifecycle((struct gsp__string){event.name, event.n_name}))
        return;
    out->time_unix_ns = gsp__unix_ns(&p->snapshot->head, event.time_ns);
    out->name = gsp__build_clean(b, (struct gsp__string){event.name, event.n_name});
    gsp__build_nested(b, &out->attributes, event.attributes, e->index, 1);
    if (b->event && name_is(out->name, GSP__EVENT_PROMPT_SENT))
        gsp__build_string(b, b->event[GSP_FACT_OPERATION], gsp__parsed_string(p, GSP_FACT_OPERATION));
    span->n_events++;
}

static void add_link(struct gsp__builder *b, struct gsp__span_data *span, const struct gsp__entry_view *e)
{
    struct gsp__span_link *out = &span->links[span->n_links];
    struct gsp__link_view link;

    if (!gsp__entry_link(e, &link))
        return;
    memset(out, 0, sizeof *out);
    memcpy(out->trace_id, link.context.trace_id, 16);
    memcpy(out->span_id, link.context.span_id, 8);
    out->flags = link.context.trace_flags | GSP__SPAN_FLAG_HAS_REMOTE |
                 (link.context.is_remote ? GSP__SPAN_FLAG_IS_REMOTE : 0);
    gsp__build_nested(b, &out->attributes, link.attributes, e->index, 0);
    span->n_links++;
}

/* OP-4: what failed has exactly one exception event, made here from how it ended. */
static void add_exception(struct gsp__builder *b, struct gsp__span_data *span, const struct gsp__parsed *p,
                          const struct gsp__ending *end)
{
    static const struct gsp__key type = GSP__KEY("exception.type"), message = GSP__KEY("exception.message");
    struct gsp__span_event *out = &span->events[span->n_events++];

    out->time_unix_ns = gsp__unix_ns(&p->snapshot->head, end->end_ns);
    out->name = GSP__STRING("exception");
    gsp__build_begin(b, &out->attributes, 2);
    gsp__build_string(b, type, end->exception.n ? end->exception : end->error_type);
    gsp__build_string(b, message, end->message);
}

static void add_recorded(struct gsp__builder *b, struct gsp__span_data *span, const struct gsp__parsed *p,
                         bool has_lifecycle)
{
    const struct gsp__head *h = &p->snapshot->head;

    for (uint16_t i = 0; i < p->n_entries; i++) {
        if (p->entries[i].kind == GSP__ENTRY_EVENT)
            add_event(b, span, p, &p->entries[i], has_lifecycle);
        else if (p->entries[i].kind == GSP__ENTRY_LINK)
            add_link(b, span, &p->entries[i]);
    }
    span->n_dropped_events = h->n_dropped_events;
    span->n_dropped_links = h->n_dropped_links;
}

void gsp__span_events_add(struct gsp__builder *b, struct gsp__span_data *span, const struct gsp__parsed *p,
                          const struct gsp__ending *end, bool is_owner, bool has_lifecycle)
{
    uint32_t n_events = 1, n_links = 0;

    for (uint16_t i = 0; is_owner && i < p->n_entries; i++) {
        n_events += p->entries[i].kind == GSP__ENTRY_EVENT;
        n_links += p->entries[i].kind == GSP__ENTRY_LINK;
    }
    span->events = gsp__arena_get(b->arena, n_events * sizeof *span->events);
    span->links = gsp__arena_get(b->arena, (n_links + 1) * sizeof *span->links);
    if (!span->events || !span->links) {
        b->is_full = true;
        return;
    }
    if (is_owner)
        add_recorded(b, span, p, has_lifecycle);
    if (end->error_type.n)
        add_exception(b, span, p, end);
}
