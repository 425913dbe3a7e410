/*
 * Calls to spans, under one dialect or several.
 *
 * The first dialect's rows say which spans there are. A span of the operation shows the operation's facts and
 * those of the attempt that speaks for the call, an attempt's span its own; what they are called is a matter
 * of the tables.
 */
#include "derive/spans.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "derive/builder.h"
#include "derive/content_values.h"
#include "derive/seconds.h"
#include "derive/span_events.h"
#include "derive/span_facts.h"
#include "derive/span_values.h"
#include "derive/stream_stats.h"
#include "derive/turn_delays.h"

#define STATUS_TEXT_MAX 1024
#define NAME_MAX_BYTES  512

/* The call that is being derived. */
struct deriving {
    struct gsp__builder b;
    const struct gsp__call *call;
    const struct gsp__dialects *dialects;
    struct gsp__derived *out;
    enum gsp__class class;
    uint32_t capture;
    uint32_t n_groups;                  /* of attempts that follow each other at one target */
    uint32_t first_span[GSP__ROWS_MAX]; /* of each row's spans */
    struct gsp__ending end;             /* of the operation, with the words for it (OP-5) */
};

/* What one span is made of. */
struct subject {
    const struct gsp__span_row *row;
    const struct gsp__call_record *own, *from; /* see struct gsp__span_subject */
    struct gsp__ending end;
    bool is_owner;  /* the record is this span's own */
    uint32_t group; /* of attempts: which of those that follow each other at one target */
};

/*
 * Common parts.
 */

static const struct gsp__head *head_of(const struct gsp__call_record *r)
{
    return &r->parsed.snapshot->head;
}

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
    span->end_unix_ns = gsp__unix_ns(h, r->ending.end_ns);
    span->name.bytes = span->trace_state.bytes = span->status_message.bytes = "";
}

static void set_status(struct gsp__builder *b, struct gsp__span_data *span, const struct gsp__ending *end)
{
    if (end->error_type.n == 0)
        return;
    span->status = GSP__STATUS_ERROR;
    span->status_message = gsp__build_clean(b, end->message.n ? end->message : end->error_type);
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

/* US-4: nobody could say any more that what a stream reported before a crash is only part of it. */
static void add_usage_source(struct gsp__builder *b, const struct gsp__head *h, const struct gsp__ending *end)
{
    static const char *const names[] = {"", "reported", "partial", "injected", "estimated", "missing"};
    unsigned source = h->usage_source;

    if (source == GSP_USAGE_REPORTED && end->outcome == GSP_OUTCOME_CRASHED &&
        (h->flags & (GSP__FLAG_STREAMED | GSP__FLAG_TERMINAL)) == GSP__FLAG_STREAMED)
        source = GSP_USAGE_PARTIAL;
    if (source > 0 && source < GSP__COUNT_OF(names))
        gsp__build_computed_string(b, GSP__KEY_USAGE_SOURCE, gsp__text_of(names[source]));
}

static void add_outcome(struct gsp__builder *b, const struct gsp__ending *end)
{
    static const char *const names[] = {"", "completed", "failed", "cancelled", "abandoned", "crashed"};

    if (end->outcome < GSP__COUNT_OF(names))
        gsp__build_computed_string(b, GSP__KEY_OUTCOME, gsp__text_of(names[end->outcome]));
    gsp__build_computed_string(b, GSP__KEY_ERROR_TYPE, end->error_type);
}

static void add_stream(struct gsp__builder *b, const struct gsp__stream_part *stream,
                       const struct gsp__head *usage, int64_t start_ns, int64_t end_ns)
{
    int64_t first = gsp__stream_first_content_ns(stream);
    struct gsp__intervals i;
    double rate;

    if (stream->n_events == 0)
        return;
    if (first > 0)
        gsp__build_computed_double(b, GSP__KEY_FIRST_CHUNK, gsp__seconds_between(start_ns, first));
    gsp__build_computed_int(b, GSP__KEY_CHUNKS, (int64_t)stream->n_content);
    if (gsp__stream_output_rate(stream, usage, end_ns, &rate))
        gsp__build_computed_double(b, GSP__KEY_OUTPUT_RATE, rate);
    if (!gsp__stream_intervals(stream, &i))
        return;
    gsp__build_computed_double(b, GSP__KEY_INTERVAL_MIN, i.min_s);
    gsp__build_computed_double(b, GSP__KEY_INTERVAL_AVG, i.avg_s);
    gsp__build_computed_double(b, GSP__KEY_INTERVAL_P50, i.p50_s);
    gsp__build_computed_double(b, GSP__KEY_INTERVAL_P90, i.p90_s);
    gsp__build_computed_double(b, GSP__KEY_INTERVAL_MAX, i.max_s);
}

/*
 * Names: templates, where what is not known is left out with the blank before it.
 */

struct name {
    char *text;
    size_t n;
};

static void name_add(struct name *name, struct gsp__string s)
{
    size_t room = NAME_MAX_BYTES - name->n, n = gsp__utf8_cut(s.bytes, s.n, room);

    memcpy(name->text + name->n, s.bytes, n);
    name->n += n;
}

static struct gsp__string fact_of(const struct subject *s, unsigned fact)
{
    struct gsp__string own = gsp__parsed_string(&s->own->parsed, fact);

    return own.n > 0 || !s->from ? own : gsp__parsed_string(&s->from->parsed, fact);
}

/* OP-6: an operation's model is that of the attempt that served it. */
static struct gsp__string model_of(const struct deriving *d, const struct subject *s)
{
    struct gsp__string served = {"", 0};

    if (d->call->served && s->row->level == GSP__PER_OPERATION)
        served = gsp__parsed_string(&d->call->served->parsed, GSP_FACT_REQUEST_MODEL);
    return served.n > 0 ? served : fact_of(s, GSP_FACT_REQUEST_MODEL);
}

/* One word of a template. An operation that should have another's name and has none is called by its model.
 */
static struct gsp__string word_of(const struct deriving *d, const struct subject *s, const char *word)
{
    static const struct {
        const char *word;
        unsigned fact;
    } words[] = {
        {"{tool}", GSP_FACT_TOOL_NAME},
        {"{agent}", GSP_FACT_AGENT_NAME},
        {"{workflow}", GSP_FACT_WORKFLOW_NAME},
        {"{source}", GSP_FACT_DATA_SOURCE_ID},
    };
    struct gsp__string found = {"", 0};

    if (strncmp(word, "{operation}", 11) == 0)
        return gsp__parsed_string(&d->call->root->parsed, GSP_FACT_OPERATION);
    for (size_t i = 0; i < GSP__COUNT_OF(words); i++)
        if (strncmp(word, words[i].word, strlen(words[i].word)) == 0)
            found = fact_of(s, words[i].fact);
    return found.n > 0 ? found : model_of(d, s);
}

static struct gsp__string name_of(struct deriving *d, const struct subject *s)
{
    const char *template = s->row->name;
    struct name name = {.n = 0};

    if (!template)
        return gsp__build_clean(&d->b, gsp__parsed_string(&s->own->parsed, GSP__FACT_SPAN_NAME));
    if (!strchr(template, '{'))
        return gsp__text_of(template);
    name.text = gsp__arena_get(d->b.arena, NAME_MAX_BYTES);
    if (!name.text) {
        d->b.is_full = true;
        return gsp__text_of("");
    }
    while (*template) {
        size_t n = strcspn(template, " ");
        struct gsp__string word =
            *template == '{' ? word_of(d, s, template) : (struct gsp__string){template, n};

        if (word.n > 0 && name.n > 0)
            name_add(&name, GSP__STRING(" "));
        name_add(&name, word);
        template += n;
        template += *template == ' ';
    }
    return gsp__build_clean(&d->b, (struct gsp__string){name.text, name.n});
}

/*
 * Identity: of a span with a record, the record's; of one without, a hash of the record's and of which span
 * it is, so that a second export says the same.
 */

static void derive_id(uint8_t id[8], const struct gsp__head *h, uint32_t row, uint32_t group)
{
    uint64_t hash = gsp__fnv1a(GSP__FNV_INIT, h->span_id, 8);

    hash = gsp__fnv1a(hash, &row, sizeof row);
    hash = gsp__fnv1a(hash, &group, sizeof group);
    if (hash == 0)
        hash = 1;
    memcpy(id, &hash, 8);
}

static const uint8_t *parent_id(const struct deriving *d, const struct subject *s)
{
    const struct gsp__span_row *rows = d->dialects->items[0]->rows;
    uint32_t parent;

    if (s->row->parent == GSP__UNDER_OPERATION)
        return head_of(d->call->root)->span_id;
    parent = d->first_span[s->row->parent];
    if (rows[s->row->parent].level == GSP__PER_TARGET)
        parent += s->group;
    return d->out->spans[parent].span_id;
}

static void place(struct deriving *d, struct gsp__span_data *span, const struct subject *s)
{
    const struct gsp__span_row *row = s->row, *rows = d->dialects->items[0]->rows;
    const struct gsp__head *root = head_of(d->call->root);
    uint32_t number = (uint32_t)(row - rows);

    if (row->flags & GSP__ROW_DERIVED)
        derive_id(span->span_id, root, number, s->group);
    if (root->kind == GSP__RECORD_ATTEMPT)
        return; /* alone: its operation went before it, or will come after it */
    span->flags &= ~GSP__SPAN_FLAG_IS_REMOTE;
    if (row->parent != GSP__UNDER_CALLER) {
        span->has_parent = true;
        memcpy(span->parent_span_id, parent_id(d, s), 8);
    } else {
        span->has_parent = (root->flags & GSP__FLAG_HAS_PARENT) != 0;
        memcpy(span->parent_span_id, root->parent_span_id, 8);
        if (!span->has_parent)
            memset(span->parent_span_id, 0, 8);
        if (root->flags & GSP__FLAG_REMOTE_PARENT)
            span->flags |= GSP__SPAN_FLAG_IS_REMOTE;
    }
}

static struct gsp__span_data *begin_subject(struct deriving *d, const struct subject *s, uint32_t cap)
{
    struct gsp__span_data *span = &d->out->spans[d->out->n_spans++];

    begin_span(span, s->own);
    place(d, span, s);
    if (s->row->kind)
        span->kind = s->row->kind;
    d->b.n_sets = d->dialects->n;
    for (uint32_t i = 0; i < d->dialects->n; i++)
        d->b.sets[i] = &d->dialects->items[i]->keys[s->row->role];
    if (s->row->keys)
        d->b.sets[0] = s->row->keys;
    gsp__build_begin(&d->b, &span->attributes,
                     s->own->parsed.n_entries +
                         d->b.n_sets * ((s->from ? s->from->parsed.n_entries : 0u) +
                                        (d->b.n_sets > 1 ? s->own->parsed.n_entries : 0u) + GSP_USAGE_LIMIT +
                                        GSP__COMPUTED_LIMIT + cap));
    span->name = name_of(d, s);
    return span;
}

static void end_subject(struct deriving *d, const struct subject *s, struct gsp__span_data *span,
                        const struct gsp__head *usage, const struct gsp__call_record *stream,
                        uint32_t n_retry)
{
    struct gsp__span_subject subject = {
        .call = d->call,
        .class = d->class,
        .is_owner = s->row->role == GSP__ROLE_OPERATION && (s->row->level == GSP__PER_OPERATION || usage),
        .own = s->own,
        .from = s->from,
        .stream = stream && head_of(stream)->stream.n_events > 0 ? stream : NULL,
        .usage = usage,
        .end = &s->end,
        .start_ns = head_of(s->own)->start_ns,
        .n_retry = n_retry,
    };

    gsp__span_values_add(&d->b, &subject);
    gsp__build_end(&d->b);
    set_status(&d->b, span, &s->end);
    span->attributes.n_dropped = s->is_owner ? head_of(s->own)->n_dropped_attributes : 0;
    gsp__span_events_add(&d->b, span, &s->own->parsed, &s->end, s->is_owner,
                         (s->row->flags & GSP__ROW_LIFECYCLE) != 0);
}

/*
 * A span of the operation.
 */

/* The attempt whose facts the operation shows: the one that served, else the last. */
static const struct gsp__call_record *speaker(const struct gsp__call *call)
{
    if (call->served)
        return call->served;
    return call->n_attempts ? &call->attempts[call->n_attempts - 1] : NULL;
}

static void add_operation_facts(struct deriving *d, const struct subject *s)
{
    bool lifted[GSP__FACT_LIMIT] = {false};

    lifted[GSP_FACT_REQUEST_ID] = true; /* of all attempts, below */
    if (s->from) {
        gsp__span_facts_lift(&s->own->parsed, &s->from->parsed, d->call->served != NULL, lifted);
        lifted[GSP_FACT_REQUEST_ID] = true;
    }
    gsp__span_facts_add(&d->b, &s->own->parsed, lifted);
    lifted[GSP_FACT_REQUEST_ID] = false;
    if (s->from)
        gsp__span_facts_add_lifted(&d->b, &s->from->parsed, lifted);
    gsp__span_facts_add_request_ids(&d->b, &s->own->parsed, d->call->attempts, d->call->n_attempts);
}

/* The span's attributes and more. False if the arena is full. */
static bool join(struct deriving *d, const struct gsp__attributes *x, const struct gsp__attributes *y,
                 struct gsp__attributes *out)
{
    out->items = gsp__arena_get(d->b.arena, (x->n + y->n + 1) * sizeof *out->items);
    out->n = x->n + y->n;
    out->n_dropped = x->n_dropped;
    if (!out->items) {
        d->b.is_full = true;
        return false;
    }
    memcpy(out->items, x->items, x->n * sizeof *x->items);
    memcpy(out->items + x->n, y->items, y->n * sizeof *y->items);
    return true;
}

/* The log record that has all that the span has, and what was said. */
static void add_details(struct deriving *d, const struct gsp__span_data *span,
                        const struct gsp__attributes *all)
{
    const char *name = d->dialects->items[0]->details_event;
    struct gsp__log_data *log;

    if (!name || !(d->class & GSP__CLASSES_BILLABLE))
        return;
    log = gsp__arena_get(d->b.arena, sizeof *log);
    if (!log) {
        d->b.is_full = true;
        return;
    }
    memset(log, 0, sizeof *log);
    log->time_unix_ns = log->observed_unix_ns = span->end_unix_ns;
    log->severity = 5; /* DEBUG */
    log->severity_text = GSP__STRING("DEBUG");
    log->event_name = gsp__text_of(name);
    log->attributes = *all;
    log->flags = span->flags & 0xff;
    log->has_trace_id = log->has_span_id = true;
    memcpy(log->trace_id, span->trace_id, 16);
    memcpy(log->span_id, span->span_id, 8);
    d->out->logs = log;
    d->out->n_logs = 1;
}

/* CO-1: what was said goes where the capture mode says, and nowhere else. */
static void add_content(struct deriving *d, struct gsp__span_data *span)
{
    struct gsp__attributes said, all;

    gsp__build_begin(&d->b, &said, d->b.n_sets * GSP__CONTENT_VALUES_MAX);
    gsp__content_values_add(&d->b, d->call->content);
    if (said.n == 0 || !join(d, &span->attributes, &said, &all))
        return;
    if (d->capture & GSP__CAPTURE_EVENT)
        add_details(d, span, &all);
    if (d->capture & GSP__CAPTURE_SPAN)
        span->attributes = all;
}

static void derive_operation(struct deriving *d, const struct gsp__span_row *row)
{
    const struct gsp__call *call = d->call;
    struct subject s = {.row = row, .own = call->root, .from = speaker(call), .end = d->end};
    const struct gsp__head *h = head_of(call->root), *usage = h;
    const struct gsp__call_record *stream = call->root;
    struct gsp__span_data *span;

    s.is_owner = !(row->flags & GSP__ROW_DERIVED);
    span = begin_subject(d, &s, 1);
    if (call->served) { /* US-5: what a failed attempt spent is the attempt's */
        if (h->usage_seen == 0 && h->usage_source == 0)
            usage = head_of(call->served);
        if (h->stream.n_events == 0)
            stream = call->served;
    }
    add_operation_facts(d, &s);
    add_outcome(&d->b, &s.end);
    gsp__span_facts_add_usage(&d->b, usage);
    add_usage_source(&d->b, usage, usage == h ? &s.end : &call->served->ending);
    add_stream(&d->b, &head_of(stream)->stream, usage, h->start_ns,
               call->served ? call->served->ending.end_ns : s.end.end_ns);
    if (call->n_attempts > 0) {
        gsp__build_computed_int(&d->b, GSP__KEY_ATTEMPTS, call->n_attempts);
        gsp__build_computed_double(&d->b, GSP__KEY_WAIT, gsp__seconds(call->wait_ns));
    }
    end_subject(d, &s, span, usage->usage_seen ? usage : NULL, stream, 0);
    if (call->content && s.is_owner)
        add_content(d, span);
}

/* A span that is no operation. */
static void derive_plain(struct deriving *d, const struct gsp__span_row *row)
{
    struct subject s = {.row = row, .own = d->call->root, .end = d->end, .is_owner = true};
    struct gsp__span_data *span = begin_subject(d, &s, 0);

    gsp__span_facts_add(&d->b, &s.own->parsed, NULL);
    if (s.end.outcome != GSP_OUTCOME_COMPLETED)
        add_outcome(&d->b, &s.end);
    end_subject(d, &s, span, NULL, NULL, 0);
}

/* VO-1: in a turn, the time between its first and its last word. It has no record. */
static void derive_speaking(struct deriving *d)
{
    const struct gsp__call_record *turn = d->call->root;
    const struct gsp__head *h = head_of(turn);
    bool is_user = h->node_kind == GSP__NODE_USER_TURN;
    struct gsp__span_data *span;
    int64_t start_ns, end_ns;

    if (h->kind != GSP__RECORD_SPAN || (!is_user && h->node_kind != GSP__NODE_AGENT_TURN) ||
        !gsp__turn_mark_of(&turn->parsed, is_user ? GSP__FACT_SPEECH_START : GSP__FACT_AGENT_SPEECH_START,
                           &start_ns) ||
        !gsp__turn_mark_of(&turn->parsed, is_user ? GSP__FACT_SPEECH_END : GSP__FACT_AGENT_SPEECH_END,
                           &end_ns) ||
        end_ns < start_ns)
        return;
    span = &d->out->spans[d->out->n_spans++];
    begin_span(span, turn);
    derive_id(span->span_id, h, GSP__ROWS_MAX, 0);
    span->has_parent = true;
    memcpy(span->parent_span_id, h->span_id, 8);
    span->flags &= ~GSP__SPAN_FLAG_IS_REMOTE;
    span->start_unix_ns = gsp__unix_ns(h, start_ns);
    span->end_unix_ns = gsp__unix_ns(h, end_ns);
    span->name = gsp__text_of(is_user ? "user_speaking" : "agent_speaking");
}

/*
 * Spans of attempts and of targets.
 */

static void add_inherited(struct deriving *d, const struct subject *s)
{
    bool inherited[GSP__FACT_LIMIT] = {false};

    gsp__span_facts_inherit(&s->own->parsed, &s->from->parsed, inherited);
    gsp__span_facts_add_lifted(&d->b, &s->from->parsed, inherited);
}

static const struct gsp__head *usage_of_attempt(const struct deriving *d, const struct subject *s)
{
    bool has_served = s->own == d->call->served;

    if ((s->row->flags & GSP__ROW_WASTED_USAGE) && !has_served)
        return head_of(s->own);
    if ((s->row->flags & GSP__ROW_OWN_USAGE) && (has_served || s->end.outcome == GSP_OUTCOME_COMPLETED))
        return head_of(s->own);
    return NULL;
}

static void derive_attempt(struct deriving *d, const struct gsp__span_row *row,
                           const struct gsp__call_record *r, uint32_t group, uint32_t n_retry)
{
    static const char *const kinds[] = {"", "initial", "retry", "fallback", "probe", "client_retry"};
    struct subject s = {.row = row, .own = r, .end = r->ending, .is_owner = true, .group = group};
    const struct gsp__head *h = head_of(r), *usage;
    int64_t first = gsp__stream_first_content_ns(&h->stream);
    struct gsp__span_data *span;

    if ((row->flags & GSP__ROW_INHERITS) && r != d->call->root)
        s.from = d->call->root;
    span = begin_subject(d, &s, 0);
    gsp__span_facts_add(&d->b, &r->parsed, NULL);
    if (s.from)
        add_inherited(d, &s);
    add_outcome(&d->b, &r->ending);
    gsp__build_computed_int(&d->b, GSP__KEY_ATTEMPT_NUMBER, h->attempt_number);
    if (h->attempt_kind > 0 && h->attempt_kind < GSP__COUNT_OF(kinds))
        gsp__build_computed_string(&d->b, GSP__KEY_ATTEMPT_KIND, gsp__text_of(kinds[h->attempt_kind]));
    gsp__build_computed_int(&d->b, GSP__KEY_TARGET_INDEX, h->target_index);
    if (h->stream.first_byte_ns > 0)
        gsp__build_computed_double(&d->b, GSP__KEY_FIRST_BYTE,
                                   gsp__seconds_between(h->start_ns, h->stream.first_byte_ns));
    if (first > 0)
        gsp__build_computed_double(&d->b, GSP__KEY_ATTEMPT_FIRST_CHUNK,
                                   gsp__seconds_between(h->start_ns, first));
    usage = usage_of_attempt(d, &s);
    if (usage)
        gsp__span_facts_add_usage(&d->b, usage);
    end_subject(d, &s, span, usage, r, n_retry);
}

/* Attempts `first` to `first + n - 1`, which went to one target one after the other. */
static void derive_target(struct deriving *d, const struct gsp__span_row *row, uint32_t group, uint32_t first,
                          uint32_t n)
{
    const struct gsp__call_record *last = &d->call->attempts[first + n - 1];
    const struct gsp__head *start = head_of(&d->call->attempts[first]), *usage = NULL;
    struct subject s = {.row = row, .own = last, .from = d->call->root, .end = last->ending, .group = group};
    struct gsp__span_data *span;
    bool is_elsewhere[GSP__FACT_LIMIT] = {false};

    if ((row->flags & GSP__ROW_OWN_USAGE) && last == d->call->served)
        usage = head_of(last);
    span = begin_subject(d, &s, 0);
    span->start_unix_ns = start->start_unix_ns;
    is_elsewhere[GSP_FACT_REQUEST_ID] = true;
    gsp__span_facts_add(&d->b, &last->parsed, is_elsewhere);
    add_inherited(d, &s);
    gsp__span_facts_add_request_ids(&d->b, &d->call->attempts[first].parsed, &d->call->attempts[first + 1],
                                    n - 1);
    add_outcome(&d->b, &s.end);
    gsp__build_computed_int(&d->b, GSP__KEY_TARGET_INDEX, head_of(last)->target_index);
    if (usage)
        gsp__span_facts_add_usage(&d->b, usage);
    end_subject(d, &s, span, usage, last, 0);
}

/*
 * The tree.
 */

/* How many attempts from `first` on went to the same target. */
static uint32_t group_size(const struct gsp__call *call, uint32_t first)
{
    uint32_t n = 1;

    while (first + n < call->n_attempts &&
           head_of(&call->attempts[first + n])->target_index == head_of(&call->attempts[first])->target_index)
        n++;
    return n;
}

static uint32_t count_groups(const struct gsp__call *call)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < call->n_attempts; i += group_size(call, i))
        n++;
    return n;
}

static bool is_in_tree(const struct deriving *d, const struct gsp__span_row *row, bool lone_attempts)
{
    if (!(row->classes & d->class))
        return false;
    if ((row->flags & GSP__ROW_IF_LONE_WANTED) && d->call->n_attempts == 1 && !lone_attempts)
        return false;
    switch ((enum gsp__when)row->when) {
    case GSP__ALWAYS:
        return true;
    case GSP__ONE_TARGET:
        return d->n_groups <= 1;
    case GSP__SEVERAL_TARGETS:
        return d->n_groups > 1;
    case GSP__NO_ATTEMPTS:
        return d->call->n_attempts == 0;
    case GSP__IF_ROOT:
    case GSP__IF_CHILD:
        return !(head_of(d->call->root)->flags & GSP__FLAG_HAS_PARENT) == (row->when == GSP__IF_ROOT);
    }
    return false;
}

static uint32_t count_spans(const struct deriving *d, const struct gsp__span_row *row)
{
    return row->level == GSP__PER_OPERATION ? 1
           : row->level == GSP__PER_TARGET  ? d->n_groups
                                            : d->call->n_attempts;
}

static void derive_row(struct deriving *d, const struct gsp__span_row *row)
{
    const struct gsp__call *call = d->call;
    uint32_t group = 0;

    if (row->level == GSP__PER_OPERATION) {
        if (d->class == GSP__CLASS_SPAN)
            derive_plain(d, row);
        else
            derive_operation(d, row);
        return;
    }
    for (uint32_t first = 0; first < call->n_attempts; group++) {
        uint32_t n = group_size(call, first);

        if (row->level == GSP__PER_TARGET)
            derive_target(d, row, group, first, n);
        else
            for (uint32_t i = 0; i < n; i++)
                derive_attempt(d, row, &call->attempts[first + i], group, i);
        first += n;
    }
}

/* An attempt without its operation: as the dialect's attempts are, or else as otel's. */
static void derive_orphan(struct deriving *d)
{
    static const struct gsp__dialects otel = {{&gsp__dialect_otel}, 1};
    const struct gsp__dialect *dialect = d->dialects->items[0];

    for (uint32_t i = 0; i < dialect->n_rows; i++)
        if (dialect->rows[i].level == GSP__PER_ATTEMPT) {
            derive_attempt(d, &dialect->rows[i], d->call->root, 0, 0);
            return;
        }
    d->dialects = &otel;
    derive_orphan(d);
}

static enum gsp__class class_of(const struct gsp__call *call)
{
    struct gsp__string operation = gsp__parsed_string(&call->root->parsed, GSP_FACT_OPERATION);

    if (head_of(call->root)->kind == GSP__RECORD_SPAN)
        return GSP__CLASS_SPAN;
    return operation.n > 0 ? gsp__class_of(operation.bytes, operation.n) : GSP__CLASS_OTHER;
}

bool gsp__spans_derive(const struct gsp__call *call, const struct gsp__span_policy *policy,
                       struct gsp__arena *arena, struct gsp__derived *out)
{
    const struct gsp__dialect *dialect = policy->dialects.items[0];
    const struct gsp__key *event = dialect->event ? dialect->event : gsp__dialect_otel.event;
    struct deriving d = {.b = {.arena = arena, .event = event},
                         .call = call,
                         .dialects = &policy->dialects,
                         .out = out,
                         .class = class_of(call),
                         .capture = policy->capture,
                         .n_groups = count_groups(call),
                         .end = call->root->ending};
    bool is_orphan = head_of(call->root)->kind == GSP__RECORD_ATTEMPT;
    uint32_t n = 2; /* an orphan, or what is spoken in a turn */

    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < dialect->n_rows; i++)
        n += count_spans(&d, &dialect->rows[i]);
    out->spans = gsp__arena_get(arena, n * sizeof *out->spans);
    if (!out->spans)
        return false;
    if (is_orphan) {
        derive_orphan(&d);
        return !d.b.is_full;
    }
    if (d.end.outcome == GSP_OUTCOME_FAILED && d.class != GSP__CLASS_SPAN)
        describe_failure(&d.b, call, &d.end);
    for (uint32_t i = 0; i < dialect->n_rows; i++) {
        d.first_span[i] = out->n_spans;
        if (is_in_tree(&d, &dialect->rows[i], policy->lone_attempts))
            derive_row(&d, &dialect->rows[i]);
    }
    derive_speaking(&d);
    return !d.b.is_full;
}

bool gsp__resource_derive(const struct gsp__reader *reader, struct gsp__arena *arena,
                          struct gsp__resource *out)
{
    struct gsp__builder b = {.arena = arena};
    struct gsp__entries entries = {reader->resource, reader->header.resource_bytes};

    gsp__build_nested(&b, &out->attributes, entries, 0, 0);
    return !b.is_full;
}
