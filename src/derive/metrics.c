/*
 * Metrics: folded from finished calls.
 */
#include "derive/metrics.h"

#include <string.h>

#include "base/compiler.h"
#include "base/utf8.h"
#include "derive/seconds.h"
#include "derive/stream_stats.h"

/* Attributes of the points, by number; the numbers stand in the fold file. */
enum dimension {
    DIM_OPERATION = 1,
    DIM_PROVIDER = 2,
    DIM_REQUEST_MODEL = 3,
    DIM_RESPONSE_MODEL = 4,
    DIM_SERVER_ADDRESS = 5,
    DIM_SERVER_PORT = 6,
    DIM_OUTCOME = 7,
    DIM_ERROR_TYPE = 8,
    DIM_TOKEN_TYPE = 9,
    DIM_REASON = 10,
    DIM_LIMIT
};

static const struct {
    const char *name;
    bool is_int;
} dimensions[DIM_LIMIT] = {
    [DIM_OPERATION] = {"gen_ai.operation.name", false},
    [DIM_PROVIDER] = {"gen_ai.provider.name", false},
    [DIM_REQUEST_MODEL] = {"gen_ai.request.model", false},
    [DIM_RESPONSE_MODEL] = {"gen_ai.response.model", false},
    [DIM_SERVER_ADDRESS] = {"server.address", false},
    [DIM_SERVER_PORT] = {"server.port", true},
    [DIM_OUTCOME] = {"genspan.outcome", false},
    [DIM_ERROR_TYPE] = {"error.type", false},
    [DIM_TOKEN_TYPE] = {"gen_ai.token.type", false},
    [DIM_REASON] = {"genspan.reason", false},
};

static const double second_bounds[] = {0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                       1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
static const double token_bounds[] = {1,     4,     16,     64,      256,     1024,     4096,
                                      16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
static const double attempt_bounds[] = {1, 2, 3, 4, 5, 6, 8, 10, 15, 20};

static const struct {
    const char *name, *description, *unit;
    enum gsp__metric_type type;
    const double *bounds;
    uint32_t n_bounds;
} instruments[GSP__INSTRUMENTS] = {
    [GSP__METRIC_OPERATION_DURATION] = {"gen_ai.client.operation.duration",
                                        "Duration of operations, retries and waits included", "s",
                                        GSP__METRIC_HISTOGRAM, second_bounds, GSP__COUNT_OF(second_bounds)},
    [GSP__METRIC_FIRST_CHUNK] = {"gen_ai.client.operation.time_to_first_chunk",
                                 "Time from the start of a streaming operation to its first chunk "
                                 "with content",
                                 "s", GSP__METRIC_HISTOGRAM, second_bounds, GSP__COUNT_OF(second_bounds)},
    [GSP__METRIC_CHUNK_INTERVAL] = {"gen_ai.client.operation.time_per_output_chunk",
                                    "Time between chunks with content", "s", GSP__METRIC_HISTOGRAM,
                                    second_bounds, GSP__COUNT_OF(second_bounds)},
    [GSP__METRIC_TOKEN_USAGE] = {"gen_ai.client.token.usage", "Tokens used by operations", "{token}",
                                 GSP__METRIC_HISTOGRAM, token_bounds, GSP__COUNT_OF(token_bounds)},
    [GSP__METRIC_ATTEMPT_DURATION] = {"genspan.attempt.duration",
                                      "Duration of attempts, one request to one provider each", "s",
                                      GSP__METRIC_HISTOGRAM, second_bounds, GSP__COUNT_OF(second_bounds)},
    [GSP__METRIC_OPERATION_ATTEMPTS] = {"genspan.operation.attempts", "Attempts per operation", "{attempt}",
                                        GSP__METRIC_HISTOGRAM, attempt_bounds, GSP__COUNT_OF(attempt_bounds)},
    [GSP__METRIC_RECORDS_EXPORTED] = {"genspan.records.exported", "Records handed to a backend", "{record}",
                                      GSP__METRIC_SUM, NULL, 0},
    [GSP__METRIC_RECORDS_SPOOLED] = {"genspan.records.spooled",
                                     "Records put into the spool while the backend was away", "{record}",
                                     GSP__METRIC_SUM, NULL, 0},
    [GSP__METRIC_RECORDS_DROPPED] = {"genspan.records.dropped",
                                     "Records, facts and events that were lost, by reason", "{record}",
                                     GSP__METRIC_SUM, NULL, 0},
};

/*
 * Keys of series.
 */

struct key {
    uint8_t bytes[GSP__SERIES_KEY_MAX];
    uint16_t n;
    bool is_too_long;
};

static void key_add(struct key *k, enum dimension dimension, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    if (n > 255 || k->n + 2 + n > sizeof k->bytes) {
        k->is_too_long = true;
        return;
    }
    k->bytes[k->n] = (uint8_t)dimension;
    k->bytes[k->n + 1] = (uint8_t)n;
    memcpy(k->bytes + k->n + 2, bytes, n);
    k->n = (uint16_t)(k->n + 2 + n);
}

static void key_add_string(struct key *k, enum dimension dimension, struct gsp__string s)
{
    key_add(k, dimension, s.bytes, s.n);
}

static bool is_series(const struct gsp__series *s, enum gsp__instrument instrument, const struct key *k,
                      bool is_overflow)
{
    return s->instrument == instrument && s->is_overflow == is_overflow && s->n_key == k->n &&
           memcmp(s->key, k->bytes, k->n) == 0;
}

static struct gsp__series *add_series(struct gsp__bank *bank, enum gsp__instrument instrument,
                                      const struct key *k, bool is_overflow)
{
    struct gsp__series *s = &bank->series[bank->n_series++];

    memset(s, 0, sizeof *s);
    s->instrument = (uint16_t)instrument;
    s->is_overflow = is_overflow;
    s->n_key = k->n;
    memcpy(s->key, k->bytes, k->n);
    return s;
}

/* One place per instrument is kept for its overflow. */
static struct gsp__series *find(struct gsp__bank *bank, enum gsp__instrument instrument, const struct key *k)
{
    static const struct key nothing;

    if (!k->is_too_long) {
        for (uint32_t i = 0; i < bank->n_series; i++)
            if (is_series(&bank->series[i], instrument, k, false))
                return &bank->series[i];
        if (bank->n_series + GSP__INSTRUMENTS < bank->cap)
            return add_series(bank, instrument, k, false);
    }
    for (uint32_t i = 0; i < bank->n_series; i++)
        if (is_series(&bank->series[i], instrument, &nothing, true))
            return &bank->series[i];
    return bank->n_series < bank->cap ? add_series(bank, instrument, &nothing, true) : NULL;
}

static unsigned bucket_of(enum gsp__instrument instrument, double value)
{
    unsigned i = 0;

    while (i < instruments[instrument].n_bounds && value > instruments[instrument].bounds[i])
        i++;
    return i;
}

static void observe(struct gsp__series *s, double value, double sum, uint64_t count, unsigned bucket)
{
    if (s->count == 0 || value < s->min)
        s->min = value;
    if (s->count == 0 || value > s->max)
        s->max = value;
    s->count += count;
    s->sum += sum;
    s->buckets[bucket] += count;
}

static void record(struct gsp__bank *bank, enum gsp__instrument instrument, const struct key *k, double value)
{
    struct gsp__series *s = find(bank, instrument, k);

    if (s)
        observe(s, value, value, 1, bucket_of(instrument, value));
}

/*
 * Folding.
 */

/* Facts that an operation knows itself or has from the attempt that speaks for it. */
static struct gsp__string fact_of(const struct gsp__call *call, unsigned fact, bool server_first)
{
    const struct gsp__call_record *from = call->served;
    struct gsp__string own = gsp__parsed_string(&call->root->parsed, fact), theirs = {"", 0};

    if (!from && call->n_attempts > 0)
        from = &call->attempts[call->n_attempts - 1];
    if (from)
        theirs = gsp__parsed_string(&from->parsed, fact);
    if (own.n == 0 || (server_first && call->served && theirs.n > 0))
        return theirs;
    return own;
}

static void key_add_port(struct key *k, const struct gsp__entry_view *e)
{
    if (e && (e->kind == GSP__ENTRY_INT32 || e->kind == GSP__ENTRY_INT64))
        key_add(k, DIM_SERVER_PORT, &e->scalar.i, 8);
}

static void add_port(struct key *k, const struct gsp__call *call)
{
    const struct gsp__entry_view *e = gsp__parsed_fact(&call->root->parsed, GSP_FACT_SERVER_PORT);
    const struct gsp__call_record *from = call->served;

    if (!from && call->n_attempts > 0)
        from = &call->attempts[call->n_attempts - 1];
    if (!e && from)
        e = gsp__parsed_fact(&from->parsed, GSP_FACT_SERVER_PORT);
    key_add_port(k, e);
}

static void key_of_call(struct key *k, const struct gsp__call *call)
{
    k->n = 0;
    k->is_too_long = false;
    key_add_string(k, DIM_OPERATION, fact_of(call, GSP_FACT_OPERATION, false));
    key_add_string(k, DIM_PROVIDER, fact_of(call, GSP_FACT_PROVIDER, true));
    key_add_string(k, DIM_REQUEST_MODEL, fact_of(call, GSP_FACT_REQUEST_MODEL, true));
    key_add_string(k, DIM_RESPONSE_MODEL, fact_of(call, GSP_FACT_RESPONSE_MODEL, false));
    key_add_string(k, DIM_SERVER_ADDRESS, fact_of(call, GSP_FACT_SERVER_ADDRESS, false));
    add_port(k, call);
}

static void add_outcome(struct key *k, const struct gsp__ending *end)
{
    static const char *const names[] = {"", "", "failed", "cancelled", "abandoned", "crashed"};

    if (end->outcome < GSP__COUNT_OF(names))
        key_add(k, DIM_OUTCOME, names[end->outcome], strlen(names[end->outcome]));
    key_add_string(k, DIM_ERROR_TYPE, end->error_type);
}

static const struct gsp__head *head_of(const struct gsp__call_record *r)
{
    return &r->parsed.snapshot->head;
}

static void fold_attempts(struct gsp__bank *bank, const struct gsp__call *call)
{
    for (uint32_t i = 0; i < call->n_attempts; i++) {
        const struct gsp__call_record *r = &call->attempts[i];
        const struct gsp__parsed *p = &r->parsed;
        struct key k = {.n = 0};

        if (r->ending.outcome >= GSP_OUTCOME_ABANDONED)
            continue;
        key_add_string(&k, DIM_OPERATION, fact_of(call, GSP_FACT_OPERATION, false));
        key_add_string(&k, DIM_PROVIDER, gsp__parsed_string(p, GSP_FACT_PROVIDER));
        key_add_string(&k, DIM_REQUEST_MODEL, gsp__parsed_string(p, GSP_FACT_REQUEST_MODEL));
        key_add_string(&k, DIM_RESPONSE_MODEL, gsp__parsed_string(p, GSP_FACT_RESPONSE_MODEL));
        key_add_string(&k, DIM_SERVER_ADDRESS, gsp__parsed_string(p, GSP_FACT_SERVER_ADDRESS));
        key_add_port(&k, gsp__parsed_fact(p, GSP_FACT_SERVER_PORT));
        add_outcome(&k, &r->ending);
        record(bank, GSP__METRIC_ATTEMPT_DURATION, &k,
               gsp__seconds_between(head_of(r)->start_ns, r->ending.end_ns));
    }
}

/* The record's buckets are finer at the low end and end where these do: the sum is exact. */
static void fold_intervals(struct gsp__bank *bank, const struct key *k, const struct gsp__stream_part *stream)
{
    const unsigned n_fine = 7; /* 78125 ns * 2^7 is the first bound, 10 ms */
    struct gsp__intervals i;
    struct gsp__series *s;

    if (!gsp__stream_intervals(stream, &i))
        return;
    s = find(bank, GSP__METRIC_CHUNK_INTERVAL, k);
    if (!s)
        return;
    if (s->count == 0 || i.min_s < s->min)
        s->min = i.min_s;
    if (s->count == 0 || i.max_s > s->max)
        s->max = i.max_s;
    s->count += i.n;
    s->sum += gsp__seconds(stream->interval_sum_ns);
    for (unsigned b = 0; b < GSP__INTERVAL_BUCKETS; b++)
        s->buckets[b <= n_fine ? 0 : b - n_fine] += stream->intervals[b];
}

static void fold_tokens(struct gsp__bank *bank, const struct key *call_key, const struct gsp__head *usage)
{
    static const struct {
        gsp_usage part;
        const char *type;
    } types[] = {{GSP_USAGE_INPUT_TOKENS, "input"}, {GSP_USAGE_OUTPUT_TOKENS, "output"}};

    for (size_t i = 0; i < GSP__COUNT_OF(types); i++) {
        struct key k = *call_key;

        if (!(usage->usage_seen & 1u << types[i].part))
            continue;
        key_add(&k, DIM_TOKEN_TYPE, types[i].type, strlen(types[i].type));
        record(bank, GSP__METRIC_TOKEN_USAGE, &k, (double)usage->usage[types[i].part]);
    }
}

void gsp__metrics_fold(struct gsp__bank *bank, const struct gsp__call *call)
{
    const struct gsp__head *h = head_of(call->root), *stream = h, *usage = h;
    struct key plain, k;
    int64_t first;

    if (h->kind != GSP__RECORD_OPERATION || call->root->ending.outcome == GSP_OUTCOME_CRASHED)
        return;
    fold_attempts(bank, call);
    if (call->root->ending.outcome == GSP_OUTCOME_ABANDONED) /* ST-2: no duration, no more */
        return;
    key_of_call(&plain, call);
    k = plain;
    add_outcome(&k, &call->root->ending);
    record(bank, GSP__METRIC_OPERATION_DURATION, &k,
           gsp__seconds_between(h->start_ns, call->root->ending.end_ns));
    if (call->n_attempts > 0)
        record(bank, GSP__METRIC_OPERATION_ATTEMPTS, &k, call->n_attempts);
    if (call->served && h->stream.n_events == 0)
        stream = head_of(call->served);
    if (call->served && h->usage_seen == 0)
        usage = head_of(call->served);
    first = gsp__stream_first_content_ns(&stream->stream);
    if (first > 0) {
        record(bank, GSP__METRIC_FIRST_CHUNK, &plain, gsp__seconds_between(h->start_ns, first));
        fold_intervals(bank, &plain, &stream->stream);
    }
    fold_tokens(bank, &plain, usage);
}

static struct gsp__series *find_reason(struct gsp__bank *bank, enum gsp__instrument instrument,
                                       const char *reason)
{
    struct key k = {.n = 0};

    key_add(&k, DIM_REASON, reason, strlen(reason));
    return find(bank, instrument, &k);
}

void gsp__metrics_set(struct gsp__bank *bank, enum gsp__instrument instrument, const char *reason,
                      uint64_t value)
{
    struct gsp__series *s = find_reason(bank, instrument, reason);

    if (s)
        s->count = value;
}

void gsp__metrics_add(struct gsp__bank *bank, enum gsp__instrument instrument, const char *reason, uint64_t n)
{
    struct gsp__series *s = find_reason(bank, instrument, reason);

    if (s)
        s->count += n;
}

/*
 * Exporting.
 */

static bool attributes_of(const struct gsp__series *s, struct gsp__arena *arena, struct gsp__attributes *out)
{
    uint16_t at = 0;

    out->n = 0;
    out->n_dropped = 0;
    out->items = gsp__arena_get(arena, DIM_LIMIT * sizeof *out->items);
    if (!out->items)
        return false;
    if (s->is_overflow) {
        out->items[0] = (struct gsp__attribute){
            .key = GSP__STRING("otel.metric.overflow"),
            .value = {.type = GSP__VALUE_BOOL, .u = {.boolean = true}},
        };
        out->n = 1;
    }
    while (at + 2 <= s->n_key && s->n_key <= sizeof s->key && out->n < DIM_LIMIT) {
        unsigned dimension = s->key[at], n = s->key[at + 1];
        struct gsp__attribute *a = &out->items[out->n];

        if (dimension == 0 || dimension >= DIM_LIMIT || at + 2u + n > s->n_key)
            break;
        a->key = (struct gsp__string){dimensions[dimension].name, strlen(dimensions[dimension].name)};
        a->value.n = 0;
        if (dimensions[dimension].is_int && n == 8) {
            a->value.type = GSP__VALUE_INT;
            memcpy(&a->value.u.integer, s->key + at + 2, 8);
        } else {
            const char *text = (const char *)s->key + at + 2;

            a->value.type = GSP__VALUE_STRING;
            a->value.u.string = (struct gsp__string){text, gsp__utf8_valid_prefix(text, n)};
        }
        out->n++;
        at = (uint16_t)(at + 2 + n);
    }
    return true;
}

static bool point_of(const struct gsp__series *s, uint64_t start_unix_ns, uint64_t now_unix_ns,
                     struct gsp__arena *arena, struct gsp__point *p)
{
    memset(p, 0, sizeof *p);
    p->start_unix_ns = start_unix_ns;
    p->time_unix_ns = now_unix_ns;
    if (!attributes_of(s, arena, &p->attributes))
        return false;
    if (instruments[s->instrument].type == GSP__METRIC_SUM) {
        p->value.type = GSP__NUMBER_INT;
        p->value.u.integer = (int64_t)s->count;
        return true;
    }
    p->count = s->count;
    p->sum = s->sum;
    p->min = s->min;
    p->max = s->max;
    p->has_sum = p->has_min = p->has_max = true;
    p->bounds = instruments[s->instrument].bounds;
    p->n_bounds = instruments[s->instrument].n_bounds;
    p->buckets = s->buckets;
    p->n_buckets = p->n_bounds + 1;
    return true;
}

static void describe(struct gsp__metric *m, unsigned instrument)
{
    memset(m, 0, sizeof *m);
    m->name = (struct gsp__string){instruments[instrument].name, strlen(instruments[instrument].name)};
    m->description = (struct gsp__string){instruments[instrument].description,
                                          strlen(instruments[instrument].description)};
    m->unit = (struct gsp__string){instruments[instrument].unit, strlen(instruments[instrument].unit)};
    m->type = instruments[instrument].type;
    m->temporality = GSP__TEMPORALITY_CUMULATIVE;
    m->is_monotonic = m->type == GSP__METRIC_SUM;
}

bool gsp__metrics_derive(const struct gsp__bank *bank, uint64_t start_unix_ns, uint64_t now_unix_ns,
                         struct gsp__arena *arena, struct gsp__metric **out, uint32_t *n_out)
{
    struct gsp__metric *metrics = gsp__arena_get(arena, GSP__INSTRUMENTS * sizeof *metrics);
    uint32_t n_metrics = 0;

    if (!metrics)
        return false;
    for (unsigned instrument = 0; instrument < GSP__INSTRUMENTS; instrument++) {
        struct gsp__point *points;
        uint32_t n = 0;

        for (uint32_t i = 0; i < bank->n_series; i++)
            n += bank->series[i].instrument == instrument;
        if (n == 0)
            continue;
        points = gsp__arena_get(arena, n * sizeof *points);
        if (!points)
            return false;
        describe(&metrics[n_metrics], instrument);
        metrics[n_metrics].points = points;
        metrics[n_metrics].n_points = n;
        n = 0;
        for (uint32_t i = 0; i < bank->n_series; i++)
            if (bank->series[i].instrument == instrument &&
                !point_of(&bank->series[i], start_unix_ns, now_unix_ns, arena, &points[n++]))
                return false;
        n_metrics++;
    }
    *out = metrics;
    *n_out = n_metrics;
    return true;
}
