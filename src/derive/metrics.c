/*
 * Metrics: folded from finished calls.
 */
#include "derive/metrics.h"

#include <string.h>

#include "base/compiler.h"
#include "derive/seconds.h"
#include "derive/stream_stats.h"

/* A call that is being folded. */
struct fold {
    struct gsp__bank *bank;
    const struct gsp__call *call;
    enum gsp__class class;
    struct gsp__string operation;
    uint32_t key;
    struct gsp__exemplar_mark mark;
    bool has_exemplars;
};

static const struct gsp__head *head_of(const struct gsp__call_record *r)
{
    return &r->parsed.snapshot->head;
}

static void record(const struct fold *f, enum gsp__measure measure, uint64_t value)
{
    gsp__bank_record(f->bank, f->key, measure, value, f->has_exemplars ? &f->mark : NULL);
}

/* A fact in seconds. False where it is not set, or makes no sense. */
static bool seconds_of(const struct gsp__parsed *p, unsigned fact, uint64_t *out_ns)
{
    const struct gsp__entry_view *e = gsp__parsed_fact(p, fact);

    if (!e || e->kind != GSP__ENTRY_DOUBLE || !(e->scalar.d >= 0) || e->scalar.d > 9e9)
        return false;
    *out_ns = (uint64_t)(e->scalar.d * 1e9 + 0.5);
    return true;
}

static bool count_of(const struct gsp__parsed *p, unsigned fact, uint64_t *out)
{
    const struct gsp__entry_view *e = gsp__parsed_fact(p, fact);

    if (!e || (e->kind != GSP__ENTRY_INT32 && e->kind != GSP__ENTRY_INT64) || e->scalar.i < 0)
        return false;
    *out = (uint64_t)e->scalar.i;
    return true;
}

/*
 * Keys.
 */

static void add_string(struct gsp__series_key *k, enum gsp__dimension dimension, struct gsp__string s)
{
    gsp__series_key_add(k, dimension, s.bytes, s.n);
}

static void add_fact(struct gsp__series_key *k, enum gsp__dimension dimension, const struct gsp__parsed *p,
                     unsigned fact)
{
    add_string(k, dimension, gsp__parsed_string(p, fact));
}

static void add_port(struct gsp__series_key *k, const struct gsp__parsed *p, const struct gsp__parsed *other)
{
    const struct gsp__entry_view *e = gsp__parsed_fact(p, GSP_FACT_SERVER_PORT);

    if (!e && other)
        e = gsp__parsed_fact(other, GSP_FACT_SERVER_PORT);
    if (e && (e->kind == GSP__ENTRY_INT32 || e->kind == GSP__ENTRY_INT64))
        gsp__series_key_add(k, GSP__DIM_SERVER_PORT, &e->scalar.i, 8);
}

/* A fact that an operation knows itself, or has from the attempt that speaks for it. */
static void add_either(struct gsp__series_key *k, enum gsp__dimension dimension, const struct fold *f,
                       const struct gsp__call_record *from, unsigned fact, bool server_first)
{
    struct gsp__string own = gsp__parsed_string(&f->call->root->parsed, fact), theirs = {"", 0};

    if (from)
        theirs = gsp__parsed_string(&from->parsed, fact);
    add_string(k, dimension, own.n == 0 || (server_first && f->call->served && theirs.n > 0) ? theirs : own);
}

static void add_outcome(struct gsp__series_key *k, const struct gsp__ending *end)
{
    static const struct gsp__string names[] = {{"", 0},          {"", 0},          {"failed", 6},
                                               {"cancelled", 9}, {"abandoned", 9}, {"crashed", 7}};

    if (end->outcome < GSP__COUNT_OF(names))
        add_string(k, GSP__DIM_OUTCOME, names[end->outcome]);
    add_string(k, GSP__DIM_ERROR_TYPE, end->error_type);
}

static void set_key(struct fold *f)
{
    const struct gsp__call *c = f->call;
    const struct gsp__parsed *p = &c->root->parsed;
    const struct gsp__call_record *from = c->served;
    struct gsp__series_key k;

    if (!from && c->n_attempts > 0)
        from = &c->attempts[c->n_attempts - 1];
    gsp__series_key_init(&k, f->class);
    add_string(&k, GSP__DIM_OPERATION, f->operation);
    add_either(&k, GSP__DIM_PROVIDER, f, from, GSP_FACT_PROVIDER, true);
    add_either(&k, GSP__DIM_REQUEST_MODEL, f, from, GSP_FACT_REQUEST_MODEL, true);
    add_either(&k, GSP__DIM_RESPONSE_MODEL, f, from, GSP_FACT_RESPONSE_MODEL, false);
    add_either(&k, GSP__DIM_SERVER_ADDRESS, f, from, GSP_FACT_SERVER_ADDRESS, false);
    add_port(&k, p, from ? &from->parsed : NULL);
    if (!(f->class & GSP__CLASSES_BILLABLE)) {
        add_fact(&k, GSP__DIM_TOOL_NAME, p, GSP_FACT_TOOL_NAME);
        add_fact(&k, GSP__DIM_TOOL_TYPE, p, GSP_FACT_TOOL_TYPE);
        add_fact(&k, GSP__DIM_AGENT_NAME, p, GSP_FACT_AGENT_NAME);
        add_fact(&k, GSP__DIM_WORKFLOW_NAME, p, GSP_FACT_WORKFLOW_NAME);
    }
    add_outcome(&k, &c->root->ending);
    f->key = gsp__bank_key(f->bank, &k);
}

/* The ids and the end of a record, for exemplars. */
static void set_mark(struct fold *f, const struct gsp__call_record *r)
{
    const struct gsp__head *h = head_of(r);

    f->mark.trace_id = h->trace_id;
    f->mark.span_id = h->span_id;
    f->mark.time_unix_ns = h->start_unix_ns + (uint64_t)gsp__elapsed_ns(h->start_ns, r->ending.end_ns);
}

/*
 * Attempts.
 */

/* How long it took to get a connection: on whichever record says so. */
static void fold_connection(struct fold *f, const struct gsp__call_record *r)
{
    const struct gsp__parsed *p = &r->parsed;
    const struct gsp__entry_view *reused = gsp__parsed_fact(p, GSP_FACT_CONNECTION_REUSED);
    struct gsp__series_key k;
    uint64_t ns;

    if (!seconds_of(p, GSP_FACT_CONNECTION_TIME, &ns))
        return;
    gsp__series_key_init(&k, f->class);
    add_fact(&k, GSP__DIM_PROVIDER, p, GSP_FACT_PROVIDER);
    add_fact(&k, GSP__DIM_REQUEST_MODEL, p, GSP_FACT_REQUEST_MODEL);
    if (reused && reused->kind == GSP__ENTRY_BOOL)
        add_string(&k, GSP__DIM_CONNECTION_REUSED,
                   reused->scalar.i ? GSP__STRING("true") : GSP__STRING("false"));
    f->key = gsp__bank_key(f->bank, &k);
    record(f, GSP__MEASURE_CONNECTION, ns);
}

static void fold_attempt(struct fold *f, const struct gsp__call_record *r)
{
    const struct gsp__parsed *p = &r->parsed;
    struct gsp__series_key k;

    if (r->ending.outcome >= GSP_OUTCOME_ABANDONED)
        return;
    gsp__series_key_init(&k, f->class);
    add_string(&k, GSP__DIM_OPERATION, f->operation);
    add_fact(&k, GSP__DIM_PROVIDER, p, GSP_FACT_PROVIDER);
    add_fact(&k, GSP__DIM_REQUEST_MODEL, p, GSP_FACT_REQUEST_MODEL);
    add_fact(&k, GSP__DIM_RESPONSE_MODEL, p, GSP_FACT_RESPONSE_MODEL);
    add_fact(&k, GSP__DIM_SERVER_ADDRESS, p, GSP_FACT_SERVER_ADDRESS);
    add_port(&k, p, NULL);
    add_outcome(&k, &r->ending);
    f->key = gsp__bank_key(f->bank, &k);
    set_mark(f, r);
    record(f, GSP__MEASURE_ATTEMPT, (uint64_t)gsp__elapsed_ns(head_of(r)->start_ns, r->ending.end_ns));
    fold_connection(f, r);
}

/*
 * Streams.
 */

/* The record's buckets are finer at the low end and end where these do: the sum is exact. */
static void fold_intervals(const struct fold *f, const struct gsp__stream_part *stream)
{
    const unsigned n_fine = 7; /* 78125 ns * 2^7 is the first bound, 10 ms */
    struct gsp__bank_values v = {.sum = (uint64_t)stream->interval_sum_ns,
                                 .min = (uint64_t)stream->interval_min_ns,
                                 .max = (uint64_t)stream->interval_max_ns};

    if (stream->interval_sum_ns < 0 || stream->interval_min_ns < 0 ||
        stream->interval_max_ns < stream->interval_min_ns)
        return;
    for (unsigned b = 0; b < GSP__INTERVAL_BUCKETS; b++) {
        v.buckets[b <= n_fine ? 0 : b - n_fine] += stream->intervals[b];
        v.count += stream->intervals[b];
    }
    gsp__bank_record_many(f->bank, f->key, GSP__MEASURE_INTERVAL, &v, f->has_exemplars ? &f->mark : NULL);
}

static void fold_stream(const struct fold *f)
{
    const struct gsp__head *h = head_of(f->call->root), *stream = h;
    int64_t first;

    if (f->call->served && h->stream.n_events == 0)
        stream = head_of(f->call->served);
    first = gsp__stream_first_content_ns(&stream->stream);
    if (first <= 0)
        return;
    record(f, GSP__MEASURE_FIRST_CHUNK, (uint64_t)gsp__elapsed_ns(h->start_ns, first));
    fold_intervals(f, &stream->stream);
}

/*
 * Usage.
 */

/* One side of a usage: the parts of input, or those of output. */
struct side {
    gsp_usage total, billed, text, audio, image;
    enum gsp__measure whole, split, rest, of_text, of_audio, of_image;
};

static const struct side sides[] = {
    {GSP_USAGE_INPUT_TOKENS, GSP_USAGE_BILLED_INPUT_TOKENS, GSP_USAGE_TEXT_INPUT_TOKENS,
     GSP_USAGE_AUDIO_INPUT_TOKENS, GSP_USAGE_IMAGE_INPUT_TOKENS, GSP__MEASURE_INPUT, GSP__MEASURE_INPUT_SPLIT,
     GSP__MEASURE_INPUT_REST, GSP__MEASURE_TEXT_INPUT, GSP__MEASURE_AUDIO_INPUT, GSP__MEASURE_IMAGE_INPUT},
    {GSP_USAGE_OUTPUT_TOKENS, GSP_USAGE_BILLED_OUTPUT_TOKENS, GSP_USAGE_TEXT_OUTPUT_TOKENS,
     GSP_USAGE_AUDIO_OUTPUT_TOKENS, GSP_USAGE_IMAGE_OUTPUT_TOKENS, GSP__MEASURE_OUTPUT,
     GSP__MEASURE_OUTPUT_SPLIT, GSP__MEASURE_OUTPUT_REST, GSP__MEASURE_TEXT_OUTPUT, GSP__MEASURE_AUDIO_OUTPUT,
     GSP__MEASURE_IMAGE_OUTPUT},
};

static bool tokens_of(const struct gsp__head *usage, gsp_usage part, uint64_t *out)
{
    if (!(usage->usage_seen & 1u << part) || usage->usage[part] < 0)
        return false;
    *out = (uint64_t)usage->usage[part];
    return true;
}

static uint64_t fold_part(const struct fold *f, const struct gsp__head *usage, gsp_usage part,
                          enum gsp__measure measure)
{
    uint64_t n = 0;

    if (tokens_of(usage, part, &n))
        record(f, measure, n);
    return n;
}

static void fold_side(const struct fold *f, const struct gsp__head *usage, const struct side *s)
{
    uint64_t known = fold_part(f, usage, s->text, s->of_text), total, billed;

    known += fold_part(f, usage, s->audio, s->of_audio);
    known += fold_part(f, usage, s->image, s->of_image);
    if (!tokens_of(usage, s->total, &total))
        return;
    if (!tokens_of(usage, s->billed, &billed))
        billed = total;
    if (known == 0 && billed == total) {
        record(f, s->whole, total);
        return;
    }
    record(f, s->split, total);
    if (known < billed)
        record(f, s->rest, billed - known);
}

/* US-6, CX-2: only leaves are billed, and only once. */
static bool is_billable(const struct fold *f)
{
    const struct gsp__entry_view *e = gsp__parsed_fact(&f->call->root->parsed, GSP_FACT_BILLABLE);

    return (f->class & GSP__CLASSES_BILLABLE) && !(e && e->kind == GSP__ENTRY_BOOL && e->scalar.i == 0);
}

static void fold_usage(const struct fold *f)
{
    const struct gsp__head *usage = head_of(f->call->root);

    if (!is_billable(f))
        return;
    if (f->call->served && usage->usage_seen == 0)
        usage = head_of(f->call->served);
    if (usage->usage_seen == 0)
        return;
    for (size_t i = 0; i < GSP__COUNT_OF(sides); i++)
        fold_side(f, usage, &sides[i]);
    fold_part(f, usage, GSP_USAGE_CACHE_READ_TOKENS, GSP__MEASURE_CACHE_READ);
    fold_part(f, usage, GSP_USAGE_CACHE_WRITE_TOKENS, GSP__MEASURE_CACHE_WRITE);
    fold_part(f, usage, GSP_USAGE_REASONING_TOKENS, GSP__MEASURE_REASONING);
}

/* A fact of the operation, or of the attempt that answered. */
static const struct gsp__parsed *who_knows(const struct fold *f, unsigned fact)
{
    const struct gsp__parsed *own = &f->call->root->parsed;

    return !gsp__parsed_fact(own, fact) && f->call->served ? &f->call->served->parsed : own;
}

/* US-7: what speech is measured in. */
static void fold_speech(const struct fold *f)
{
    uint64_t n;

    if (!(f->class & (GSP__CLASS_SPEECH_TO_TEXT | GSP__CLASS_TEXT_TO_SPEECH)) || !is_billable(f))
        return;
    if (count_of(who_knows(f, GSP_FACT_INPUT_CHARACTERS), GSP_FACT_INPUT_CHARACTERS, &n))
        record(f, GSP__MEASURE_CHARACTERS, n);
    if (seconds_of(who_knows(f, GSP_FACT_INPUT_AUDIO_SECONDS), GSP_FACT_INPUT_AUDIO_SECONDS, &n))
        record(f, GSP__MEASURE_AUDIO_IN, n);
    if (seconds_of(who_knows(f, GSP_FACT_OUTPUT_AUDIO_SECONDS), GSP_FACT_OUTPUT_AUDIO_SECONDS, &n))
        record(f, GSP__MEASURE_AUDIO_OUT, n);
}

/*
 * Calls.
 */

static void fold_operation(struct fold *f)
{
    const struct gsp__call *c = f->call;
    uint64_t duration_ns = (uint64_t)gsp__elapsed_ns(head_of(c->root)->start_ns, c->root->ending.end_ns);

    for (uint32_t i = 0; i < c->n_attempts; i++)
        fold_attempt(f, &c->attempts[i]);
    if (c->root->ending.outcome == GSP_OUTCOME_ABANDONED) /* ST-2: no duration, no more */
        return;
    set_mark(f, c->root);
    fold_connection(f, c->root);
    set_key(f);
    record(f, GSP__MEASURE_OPERATION, duration_ns);
    if (f->class == GSP__CLASS_AGENT)
        record(f, GSP__MEASURE_AGENT, duration_ns);
    if (f->class == GSP__CLASS_WORKFLOW)
        record(f, GSP__MEASURE_WORKFLOW, duration_ns);
    if (c->n_attempts > 0)
        record(f, GSP__MEASURE_ATTEMPTS, c->n_attempts);
    fold_stream(f);
    fold_usage(f);
    fold_speech(f);
}

/* What a turn measured (VO-2); a generic span has none of it, and adds nothing. */
static void fold_turn(struct fold *f)
{
    static const struct {
        gsp_fact fact;
        enum gsp__measure measure;
    } delays[] = {
        {GSP_FACT_E2E_LATENCY, GSP__MEASURE_E2E_LATENCY},
        {GSP_FACT_TRANSCRIPTION_DELAY, GSP__MEASURE_TRANSCRIPTION_DELAY},
        {GSP_FACT_END_OF_TURN_DELAY, GSP__MEASURE_END_OF_TURN_DELAY},
        {GSP_FACT_TURN_COMPLETED_DELAY, GSP__MEASURE_TURN_COMPLETED_DELAY},
    };
    const struct gsp__call_record *r = f->call->root;
    struct gsp__series_key k;
    bool has_key = false;
    uint64_t ns;

    set_mark(f, r);
    fold_connection(f, r);
    for (size_t i = 0; i < GSP__COUNT_OF(delays); i++) {
        if (!seconds_of(&r->parsed, delays[i].fact, &ns))
            continue;
        if (!has_key) {
            gsp__series_key_init(&k, GSP__CLASS_SPAN);
            add_fact(&k, GSP__DIM_PROVIDER, &r->parsed, GSP_FACT_PROVIDER);
            add_fact(&k, GSP__DIM_REQUEST_MODEL, &r->parsed, GSP_FACT_REQUEST_MODEL);
            f->key = gsp__bank_key(f->bank, &k);
            has_key = true;
        }
        record(f, delays[i].measure, ns);
    }
}

void gsp__metrics_fold(struct gsp__bank *bank, const struct gsp__call *call, bool has_exemplars)
{
    struct fold f = {.bank = bank, .call = call, .has_exemplars = has_exemplars, .key = GSP__BANK_NO_KEY};
    const struct gsp__head *h = head_of(call->root);

    if (call->root->ending.outcome == GSP_OUTCOME_CRASHED)
        return;
    f.operation = gsp__parsed_string(&call->root->parsed, GSP_FACT_OPERATION);
    f.class =
        h->kind == GSP__RECORD_OPERATION ? gsp__class_of(f.operation.bytes, f.operation.n) : GSP__CLASS_SPAN;
    if (h->kind == GSP__RECORD_OPERATION)
        fold_operation(&f);
    else if (h->kind == GSP__RECORD_SPAN)
        fold_turn(&f);
    else /* it came too late for its operation */
        fold_attempt(&f, call->root);
}
