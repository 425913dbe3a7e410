/*
 * Calls to spans, under a dialect.
 *
 * Attributes come out in the order in which their facts were recorded, then what is computed. Facts that
 * an attempt learnt and that speak of the whole call (its model, parameters, finish reasons) go to the
 * operation, from the attempt that served it, where the operation does not know them itself; provider and
 * model are those of that attempt in any case (OP-6).
 */
#include "derive/spans.h"

#include <stdio.h>
#include <string.h>

#include "derive/builder.h"
#include "derive/seconds.h"
#include "derive/stream_stats.h"

#define STATUS_TEXT_MAX 1024

struct reasons {
    struct gsp__string items[GSP__LIST_MAX];
    uint32_t n;
};

static void set_reason(struct reasons *r, uint32_t choice, const void *bytes, uint32_t n)
{
    if (choice >= GSP__LIST_MAX || n == 0)
        return;
    while (r->n <= choice)
        r->items[r->n++] = GSP__STRING("error");
    r->items[choice] = (struct gsp__string){bytes, n};
}

/* Finish reasons by choice: where one of several is not known, its place says `error`. */
static void add_finish_reasons(struct gsp__builder *b, struct gsp__key key, const struct gsp__parsed *p)
{
    struct reasons reasons;
    struct gsp__list l;

    reasons.n = 0;
    for (uint16_t i = 0; i < p->n_entries; i++) {
        const struct gsp__entry_view *e = &p->entries[i];
        const uint8_t *bytes = e->payload;
        uint32_t left = e->n_payload, n;
        const char *word;

        if (e->fact != GSP_FACT_FINISH_REASON)
            continue;
        if (e->kind == GSP__ENTRY_ITEM)
            set_reason(&reasons, e->index, e->payload, e->n_payload);
        else if (e->kind == GSP__ENTRY_STRINGS) /* all at once */
            for (uint32_t choice = 0; gsp__strings_next(&bytes, &left, &word, &n); choice++)
                set_reason(&reasons, choice, word, n);
    }
    if (reasons.n == 0 || !gsp__list_begin(b, &l, reasons.n))
        return;
    l.keeps_duplicates = true;
    for (uint32_t i = 0; i < reasons.n; i++)
        gsp__list_add(b, &l, reasons.items[i]);
    gsp__list_end(b, &l, key);
}

/*
 * Events and links.
 */

static uint64_t unix_ns(const struct gsp__head *h, int64_t mono_ns)
{
    return h->start_unix_ns + ((uint64_t)mono_ns - (uint64_t)h->start_ns);
}

static bool name_is(struct gsp__string s, const char *name)
{
    return strlen(name) == s.n && memcmp(s.bytes, name, s.n) == 0;
}

static void add_event(struct gsp__builder *b, struct gsp__span_data *span, const struct gsp__parsed *p,
                      const struct gsp__entry_view *e)
{
    struct gsp__span_event *out = &span->events[span->n_events];
    struct gsp__event_view event;

    if (!gsp__entry_event(e, &event))
        return;
    out->time_unix_ns = unix_ns(&p->snapshot->head, event.time_ns);
    out->name = gsp__build_clean(b, (struct gsp__string){event.name, event.n_name});
    gsp__build_nested(b, &out->attributes, event.attributes, e->index, 1);
    if (name_is(out->name, GSP__EVENT_PROMPT_SENT))
        gsp__build_string(b, b->dialect->event[GSP_FACT_OPERATION],
                          gsp__parsed_string(p, GSP_FACT_OPERATION));
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

    out->time_unix_ns = unix_ns(&p->snapshot->head, end->end_ns);
    out->name = GSP__STRING("exception");
    gsp__build_begin(b, &out->attributes, 2);
    gsp__build_string(b, type, end->exception.n ? end->exception : end->error_type);
    gsp__build_string(b, message, end->message);
}

static void add_events_and_links(struct gsp__builder *b, struct gsp__span_data *span,
                                 const struct gsp__parsed *p, const struct gsp__ending *end)
{
    const struct gsp__head *h = &p->snapshot->head;
    uint32_t n_events = 1, n_links = 0;

    for (uint16_t i = 0; i < p->n_entries; i++) {
        n_events += p->entries[i].kind == GSP__ENTRY_EVENT;
        n_links += p->entries[i].kind == GSP__ENTRY_LINK;
    }
    span->events = gsp__arena_get(b->arena, n_events * sizeof *span->events);
    span->links = gsp__arena_get(b->arena, (n_links + 1) * sizeof *span->links);
    if (!span->events || !span->links) {
        b->is_full = true;
        return;
    }
    if (n_events > 1 || n_links > 0)
        for (uint16_t i = 0; i < p->n_entries; i++) {
            if (p->entries[i].kind == GSP__ENTRY_EVENT)
                add_event(b, span, p, &p->entries[i]);
            else if (p->entries[i].kind == GSP__ENTRY_LINK)
                add_link(b, span, &p->entries[i]);
        }
    if (end->error_type.n)
        add_exception(b, span, p, end);
    span->n_dropped_events = h->n_dropped_events;
    span->n_dropped_links = h->n_dropped_links;
}

/*
 * Attributes.
 */

/* Whether entry i is the one that stands: the last of its fact, or of its custom key. */
GSP__INLINE bool stands(const struct gsp__parsed *p, uint16_t i)
{
    const struct gsp__entry_view *e = &p->entries[i];

    if (e->fact)
        return e->fact < GSP__FACT_LIMIT && p->last[e->fact] == i;
    for (uint16_t k = (uint16_t)(i + 1); k < p->n_entries; k++)
        if (p->entries[k].fact == 0 && p->entries[k].kind < GSP__ENTRY_EVENT &&
            p->entries[k].n_key == e->n_key && memcmp(p->entries[k].key, e->key, e->n_key) == 0)
            return false;
    return true;
}

static void add_own_facts(struct gsp__builder *b, const struct gsp__parsed *p,
                          const struct gsp__key keys[GSP__FACT_LIMIT], const bool *is_elsewhere)
{
    for (uint16_t i = 0; i < p->n_entries; i++) {
        const struct gsp__entry_view *e = &p->entries[i];

        if (e->kind >= GSP__ENTRY_EVENT || !stands(p, i))
            continue;
        if (e->fact == 0) {
            gsp__build_custom(b, e);
        } else if (is_elsewhere && is_elsewhere[e->fact]) {
            continue;
        } else if (e->fact == GSP_FACT_FINISH_REASON) {
            add_finish_reasons(b, keys[e->fact], p);
        } else if (gsp__fact_types[e->fact] == GSP__FACT_LIST) {
            gsp__build_list(b, keys[e->fact], p, e->fact);
        } else {
            gsp__build_entry(b, keys[e->fact], e);
        }
    }
}

/* Facts of an attempt that are its own, and say nothing of the call. */
static bool is_attempts_own(unsigned fact)
{
    return fact == GSP_FACT_HTTP_STATUS || fact == GSP_FACT_REQUEST_ID || fact == GSP_FACT_TARGET_NAME ||
           (fact >= GSP_FACT_QUEUE_TIME && fact <= GSP_FACT_PROCESSING_TIME) ||
           (fact >= GSP_FACT_PROVIDER_COST_USD && fact <= GSP_FACT_DECODE_ERRORS);
}

/* Facts that the attempt knows better than the operation. */
static bool is_servers_word(unsigned fact)
{
    return fact == GSP_FACT_PROVIDER || fact == GSP_FACT_REQUEST_MODEL;
}

/* US-7: usage in other units than tokens. US-5: of an attempt that nobody read it is not the operation's. */
static bool is_usage(unsigned fact)
{
    return fact >= GSP_FACT_INPUT_CHARACTERS && fact <= GSP_FACT_WEB_SEARCHES;
}

/* What the operation's span takes over from the attempt that speaks for the call. */
static void mark_lifted(const struct gsp__parsed *own, const struct gsp__parsed *from, bool has_served,
                        bool lifted[GSP__FACT_LIMIT])
{
    memset(lifted, 0, GSP__FACT_LIMIT * sizeof lifted[0]);
    for (uint16_t i = 0; i < from->n_entries; i++) {
        unsigned fact = from->entries[i].fact;

        if (fact == 0 || fact >= GSP_FACT_TOKENS_SO_FAR || is_attempts_own(fact) ||
            (is_usage(fact) && !has_served))
            continue;
        if (own->last[fact] == GSP__NO_ENTRY || (has_served && is_servers_word(fact)))
            lifted[fact] = true;
    }
}

static void add_lifted(struct gsp__builder *b, const struct gsp__parsed *from, const bool *lifted)
{
    const struct gsp__key *keys = b->dialect->operation;

    for (uint16_t i = 0; i < from->n_entries; i++) {
        const struct gsp__entry_view *e = &from->entries[i];

        if (e->fact == 0 || e->fact >= GSP__FACT_LIMIT || e->kind >= GSP__ENTRY_EVENT || !lifted[e->fact] ||
            !stands(from, i))
            continue;
        if (e->fact == GSP_FACT_FINISH_REASON)
            add_finish_reasons(b, keys[e->fact], from);
        else if (gsp__fact_types[e->fact] == GSP__FACT_LIST)
            gsp__build_list(b, keys[e->fact], from, e->fact);
        else
            gsp__build_entry(b, keys[e->fact], e);
    }
}

static void add_usage(struct gsp__builder *b, const struct gsp__head *h, const struct gsp__key *keys)
{
    for (unsigned i = 0; i < GSP_USAGE_LIMIT; i++)
        if (h->usage_seen & 1u << i)
            gsp__build_int(b, keys[i], h->usage[i]);
}

/* US-4: nobody could say any more that what a stream reported before a crash is only part of it. */
static void add_usage_source(struct gsp__builder *b, const struct gsp__head *h, const struct gsp__ending *end)
{
    static const char *const names[] = {"", "reported", "partial", "injected", "estimated", "missing"};
    unsigned source = h->usage_source;

    if (source == GSP_USAGE_REPORTED && end->outcome == GSP_OUTCOME_CRASHED &&
        (h->flags & (GSP__FLAG_STREAMED | GSP__FLAG_TERMINAL)) == GSP__FLAG_STREAMED)
        source = GSP_USAGE_PARTIAL;
    if (source > 0 && source < GSP__COUNT_OF(names))
        gsp__build_string(b, b->dialect->computed[GSP__KEY_USAGE_SOURCE], gsp__text_of(names[source]));
}

static void add_outcome(struct gsp__builder *b, const struct gsp__ending *end)
{
    static const char *const names[] = {"", "completed", "failed", "cancelled", "abandoned", "crashed"};

    if (end->outcome < GSP__COUNT_OF(names))
        gsp__build_string(b, b->dialect->computed[GSP__KEY_OUTCOME], gsp__text_of(names[end->outcome]));
    gsp__build_string(b, b->dialect->computed[GSP__KEY_ERROR_TYPE], end->error_type);
}

static void add_stream(struct gsp__builder *b, const struct gsp__head *h, const struct gsp__head *usage,
                       int64_t start_ns, int64_t end_ns)
{
    const struct gsp__key *keys = b->dialect->computed;
    int64_t first = gsp__stream_first_content_ns(&h->stream);
    struct gsp__intervals i;
    double rate;

    if (h->stream.n_events == 0)
        return;
    if (first > 0)
        gsp__build_double(b, keys[GSP__KEY_FIRST_CHUNK], gsp__seconds_between(start_ns, first));
    gsp__build_int(b, keys[GSP__KEY_CHUNKS], (int64_t)h->stream.n_content);
    if (gsp__stream_output_rate(&h->stream, usage, end_ns, &rate))
        gsp__build_double(b, keys[GSP__KEY_OUTPUT_RATE], rate);
    if (!gsp__stream_intervals(&h->stream, &i))
        return;
    gsp__build_double(b, keys[GSP__KEY_INTERVAL_MIN], i.min_s);
    gsp__build_double(b, keys[GSP__KEY_INTERVAL_AVG], i.avg_s);
    gsp__build_double(b, keys[GSP__KEY_INTERVAL_P50], i.p50_s);
    gsp__build_double(b, keys[GSP__KEY_INTERVAL_P90], i.p90_s);
    gsp__build_double(b, keys[GSP__KEY_INTERVAL_MAX], i.max_s);
}

/* ID-3: the ids of all attempts, in order. */
static void add_request_ids(struct gsp__builder *b, const struct gsp__call *call)
{
    struct gsp__key key = b->dialect->operation[GSP_FACT_REQUEST_ID];
    uint32_t max = gsp__count_items(&call->root->parsed, GSP_FACT_REQUEST_ID);
    struct gsp__list l;

    for (uint32_t i = 0; i < call->n_attempts; i++)
        max += gsp__count_items(&call->attempts[i].parsed, GSP_FACT_REQUEST_ID);
    if (!key.name || max == 0 || !gsp__list_begin(b, &l, max < GSP__LIST_MAX ? max : GSP__LIST_MAX))
        return;
    gsp__list_add_record(b, &l, &call->root->parsed, GSP_FACT_REQUEST_ID);
    for (uint32_t i = 0; i < call->n_attempts; i++)
        gsp__list_add_record(b, &l, &call->attempts[i].parsed, GSP_FACT_REQUEST_ID);
    gsp__list_end(b, &l, key);
}

/*
 * Spans.
 */

static void begin_span(struct gsp__span_data *span, const struct gsp__call_record *r)
{
    const struct gsp__head *h = &r->parsed.snapshot->head;

    memset(span, 0, sizeof *span);
    memcpy(span->trace_id, h->trace_id, 16);
    memcpy(span->span_id, h->span_id, 8);
    span->has_parent = (h->flags & GSP__FLAG_HAS_PARENT) != 0;
    if (span->has_parent)
        memcpy(span->parent_span_id, h->parent_span_id, 8);
    span->kind = h->span_kind;
    span->flags = h->trace_flags | GSP__SPAN_FLAG_HAS_REMOTE;
    if (h->flags & GSP__FLAG_REMOTE_PARENT)
        span->flags |= GSP__SPAN_FLAG_IS_REMOTE;
    span->start_unix_ns = h->start_unix_ns;
    span->end_unix_ns = unix_ns(h, r->ending.end_ns);
    span->name.bytes = span->trace_state.bytes = span->status_message.bytes = "";
}

static void set_status(struct gsp__builder *b, struct gsp__span_data *span, const struct gsp__ending *end)
{
    if (end->error_type.n == 0)
        return;
    span->status = GSP__STATUS_ERROR;
    span->status_message = gsp__build_clean(b, end->message.n ? end->message : end->error_type);
}

/* Two strings with a blank between, in the arena. */
static struct gsp__string join(struct gsp__builder *b, struct gsp__string x, struct gsp__string y)
{
    char *p;

    if (y.n == 0)
        return gsp__build_clean(b, x);
    p = gsp__arena_get(b->arena, x.n + 1 + y.n);
    if (!p) {
        b->is_full = true;
        return x;
    }
    memcpy(p, x.bytes, x.n);
    p[x.n] = ' ';
    memcpy(p + x.n + 1, y.bytes, y.n);
    return gsp__build_clean(b, (struct gsp__string){p, x.n + 1 + y.n});
}

static int width(struct gsp__string s, int max)
{
    return (int)gsp__utf8_cut(s.bytes, s.n, (size_t)max);
}

/* OP-5: "chat failed after 3 attempts (caused by timeout: ...)". */
static void describe_failure(struct gsp__builder *b, const struct gsp__call *call, struct gsp__ending *end)
{
    const struct gsp__ending *last = call->n_attempts ? &call->attempts[call->n_attempts - 1].ending : NULL;
    struct gsp__string type = end->cause_type, message = end->cause_message;
    struct gsp__string operation = gsp__parsed_string(&call->root->parsed, GSP_FACT_OPERATION);
    char *text = gsp__arena_get(b->arena, STATUS_TEXT_MAX + 1);
    int n;

    if (!text) {
        b->is_full = true;
        return;
    }
    if (type.n == 0 && last && last->error_type.n) {
        type = last->error_type;
        message = last->message;
    }
    if (end->message.n)
        n = snprintf(text, STATUS_TEXT_MAX, "%.*s", width(end->message, 512), end->message.bytes);
    else
        n = snprintf(text, STATUS_TEXT_MAX, "%.*s failed", width(operation, 64), operation.bytes);
    if (call->n_attempts > 0)
        n += snprintf(text + n, (size_t)(STATUS_TEXT_MAX - n), " after %u attempt%s", call->n_attempts,
                      call->n_attempts == 1 ? "" : "s");
    if (type.n)
        n += snprintf(text + n, (size_t)(STATUS_TEXT_MAX - n), " (caused by %.*s%s%.*s)", width(type, 64),
                      type.bytes, message.n ? ": " : "", width(message, 380), message.bytes);
    end->message = (struct gsp__string){text, (size_t)n};
}

/* The attempt whose facts the operation shows: the one that served, else the last. */
static const struct gsp__call_record *speaker(const struct gsp__call *call)
{
    if (call->served)
        return call->served;
    return call->n_attempts ? &call->attempts[call->n_attempts - 1] : NULL;
}

static void derive_operation(struct gsp__builder *b, const struct gsp__call *call,
                             struct gsp__span_data *span)
{
    const struct gsp__call_record *root = call->root, *from = speaker(call);
    const struct gsp__parsed *own = &root->parsed;
    const struct gsp__head *h = &own->snapshot->head;
    const struct gsp__head *usage = h, *stream = h;
    struct gsp__string model = gsp__parsed_string(own, GSP_FACT_REQUEST_MODEL);
    struct gsp__ending end = root->ending;
    bool lifted[GSP__FACT_LIMIT] = {false};

    begin_span(span, root);
    if (end.outcome == GSP_OUTCOME_FAILED)
        describe_failure(b, call, &end);
    gsp__build_begin(b, &span->attributes,
                     own->n_entries + (from ? from->parsed.n_entries : 0u) + GSP_USAGE_LIMIT +
                         GSP__COMPUTED_LIMIT + 1);
    lifted[GSP_FACT_REQUEST_ID] = true; /* of all attempts, below */
    if (from) {
        mark_lifted(own, &from->parsed, call->served != NULL, lifted);
        lifted[GSP_FACT_REQUEST_ID] = true;
        if (lifted[GSP_FACT_REQUEST_MODEL])
            model = gsp__parsed_string(&from->parsed, GSP_FACT_REQUEST_MODEL);
    }
    add_own_facts(b, own, b->dialect->operation, lifted);
    lifted[GSP_FACT_REQUEST_ID] = false;
    if (from)
        add_lifted(b, &from->parsed, lifted);
    span->name = join(b, gsp__parsed_string(own, GSP_FACT_OPERATION), model);
    if (call->served) { /* US-5: what a failed attempt spent is the attempt's */
        const struct gsp__head *served = &call->served->parsed.snapshot->head;

        if (h->usage_seen == 0 && h->usage_source == 0)
            usage = served;
        if (h->stream.n_events == 0)
            stream = served;
    }
    add_request_ids(b, call);
    add_outcome(b, &end);
    add_usage(b, usage, b->dialect->usage);
    add_usage_source(b, usage, usage == h ? &end : &call->served->ending);
    add_stream(b, stream, usage, h->start_ns, call->served ? call->served->ending.end_ns : end.end_ns);
    if (call->n_attempts > 0) {
        gsp__build_int(b, b->dialect->computed[GSP__KEY_ATTEMPTS], call->n_attempts);
        gsp__build_double(b, b->dialect->computed[GSP__KEY_WAIT], gsp__seconds(call->wait_ns));
    }
    gsp__build_end(b);
    set_status(b, span, &end);
    span->attributes.n_dropped = h->n_dropped_attributes;
    add_events_and_links(b, span, own, &end);
}

static void derive_attempt(struct gsp__builder *b, const struct gsp__call *call,
                           const struct gsp__call_record *r, struct gsp__span_data *span)
{
    static const char *const kinds[] = {"", "initial", "retry", "fallback", "probe", "client_retry"};
    const struct gsp__parsed *own = &r->parsed;
    const struct gsp__head *h = &own->snapshot->head;
    const struct gsp__key *keys = b->dialect->computed;
    struct gsp__string operation = gsp__parsed_string(&call->root->parsed, GSP_FACT_OPERATION);
    int64_t first = gsp__stream_first_content_ns(&h->stream);

    begin_span(span, r);
    span->name = operation.n ? join(b, operation, GSP__STRING("attempt")) : GSP__STRING("attempt");
    gsp__build_begin(b, &span->attributes, own->n_entries + GSP_USAGE_LIMIT + GSP__COMPUTED_LIMIT);
    add_own_facts(b, own, b->dialect->attempt, NULL);
    add_outcome(b, &r->ending);
    gsp__build_int(b, keys[GSP__KEY_ATTEMPT_NUMBER], h->attempt_number);
    if (h->attempt_kind > 0 && h->attempt_kind < GSP__COUNT_OF(kinds))
        gsp__build_string(b, keys[GSP__KEY_ATTEMPT_KIND], gsp__text_of(kinds[h->attempt_kind]));
    gsp__build_int(b, keys[GSP__KEY_TARGET_INDEX], h->target_index);
    if (h->stream.first_byte_ns > 0)
        gsp__build_double(b, keys[GSP__KEY_FIRST_BYTE],
                          gsp__seconds_between(h->start_ns, h->stream.first_byte_ns));
    if (first > 0)
        gsp__build_double(b, keys[GSP__KEY_ATTEMPT_FIRST_CHUNK], gsp__seconds_between(h->start_ns, first));
    if (r != call->served)
        add_usage(b, h, b->dialect->attempt_usage);
    gsp__build_end(b);
    set_status(b, span, &r->ending);
    span->attributes.n_dropped = h->n_dropped_attributes;
    add_events_and_links(b, span, own, &r->ending);
}

static void derive_generic(struct gsp__builder *b, const struct gsp__call_record *r,
                           struct gsp__span_data *span)
{
    const struct gsp__parsed *own = &r->parsed;

    begin_span(span, r);
    span->name = gsp__build_clean(b, gsp__parsed_string(own, GSP__FACT_SPAN_NAME));
    gsp__build_begin(b, &span->attributes, own->n_entries + 2u);
    add_own_facts(b, own, b->dialect->operation, NULL);
    if (r->ending.outcome != GSP_OUTCOME_COMPLETED)
        add_outcome(b, &r->ending);
    gsp__build_end(b);
    set_status(b, span, &r->ending);
    span->attributes.n_dropped = own->snapshot->head.n_dropped_attributes;
    add_events_and_links(b, span, own, &r->ending);
}

bool gsp__spans_derive(const struct gsp__call *call, const struct gsp__span_policy *policy,
                       struct gsp__arena *arena, struct gsp__derived *out)
{
    struct gsp__builder b = {.dialect = policy->dialect, .arena = arena};
    uint32_t n = 0;

    memset(out, 0, sizeof *out);
    out->spans = gsp__arena_get(arena, (1 + call->n_attempts) * sizeof *out->spans);
    if (!out->spans)
        return false;
    switch (call->root->parsed.snapshot->head.kind) {
    case GSP__RECORD_OPERATION:
        derive_operation(&b, call, &out->spans[n++]);
        break;
    case GSP__RECORD_ATTEMPT: /* its operation is gone, or is still open */
        derive_attempt(&b, call, call->root, &out->spans[n++]);
        break;
    default:
        derive_generic(&b, call->root, &out->spans[n++]);
        break;
    }
    if (call->n_attempts > 1 || policy->lone_attempts)
        for (uint32_t i = 0; i < call->n_attempts; i++)
            derive_attempt(&b, call, &call->attempts[i], &out->spans[n++]);
    out->n_spans = n;
    return !b.is_full;
}

bool gsp__resource_derive(const struct gsp__reader *reader, struct gsp__arena *arena,
                          struct gsp__resource *out)
{
    struct gsp__builder b = {.dialect = &gsp__dialect_otel, .arena = arena};
    struct gsp__entries entries = {reader->resource, reader->header.resource_bytes};

    gsp__build_nested(&b, &out->attributes, entries, 0, 0);
    return !b.is_full;
}
