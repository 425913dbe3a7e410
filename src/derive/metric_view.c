/*
 * Views: from the series of a bank to points.
 */
#include "derive/metric_view.h"

#include <genspan/recorder.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/utf8.h"

static const struct {
    const char *dialect;
    const struct gsp__metric_table *table;
} tables[] = {
    {"otel", &gsp__metrics_otel},       {"otel-next", &gsp__metrics_otel_next},
    {"livekit", &gsp__metrics_livekit}, {"livekit-js", &gsp__metrics_livekit},
    {"celeste", &gsp__metrics_celeste}, {"autotel", &gsp__metrics_autotel},
};

const struct gsp__metric_table *gsp__metric_table_of(const char *dialect)
{
    for (size_t i = 0; i < GSP__COUNT_OF(tables); i++)
        if (strcmp(tables[i].dialect, dialect) == 0)
            return tables[i].table;
    return NULL;
}

static bool has_name(const struct gsp__metric_views *views, const char *name)
{
    for (uint32_t i = 0; i < views->n; i++)
        if (strcasecmp(views->items[i]->name, name) == 0)
            return true;
    return false;
}

void gsp__metric_views_add(struct gsp__metric_views *views, const char *dialect)
{
    const struct gsp__metric_table *table = gsp__metric_table_of(dialect);

    for (uint32_t i = 0; table && i < table->n && views->n < GSP__VIEWS_MAX; i++)
        if (!has_name(views, table->views[i].name))
            views->items[views->n++] = &table->views[i];
}

static struct gsp__string string_of(const char *text)
{
    return (struct gsp__string){text, strlen(text)};
}

/*
 * One metric: series are put together that have the same attributes as the view sees them.
 */

/* What will be a point. */
struct group {
    uint64_t hash;
    const struct gsp__bank_key *key;
    const char *word;
    uint64_t count, sum, min, max;
    uint64_t *buckets;
    const struct gsp__exemplar_cell *exemplars[GSP__BUCKETS_MAX];
    bool is_overflow;
};

struct metric {
    const struct gsp__bank *bank;
    const struct gsp__metric_view *view;
    struct gsp__arena *arena;
    struct group *groups;
    uint32_t n_groups;
    uint32_t *slots; /* hash to number of a group + 1 */
    uint32_t n_slots;
    uint32_t overflow; /* number of that group + 1 */
};

/* The next attribute of a key. False at the end. */
static bool next_dimension(const struct gsp__bank_key *k, uint32_t *at, unsigned *dimension,
                           const uint8_t **bytes, uint8_t *n)
{
    if (k->n > GSP__SERIES_KEY_MAX || *at + 2 > k->n || *at + 2u + k->bytes[*at + 1] > k->n)
        return false;
    *dimension = k->bytes[*at];
    *n = k->bytes[*at + 1];
    *bytes = k->bytes + *at + 2;
    *at += 2u + *n;
    return *dimension > 0 && *dimension < GSP__DIMENSIONS;
}

/* The next attribute that the view shows. */
static bool next_shown(const struct gsp__metric_view *view, const struct gsp__bank_key *k, uint32_t *at,
                       unsigned *dimension, const uint8_t **bytes, uint8_t *n)
{
    while (next_dimension(k, at, dimension, bytes, n))
        if (view->keys->of[*dimension])
            return true;
    return false;
}

static uint64_t hash_shown(const struct gsp__metric_view *view, const struct gsp__bank_key *k,
                           const char *word)
{
    uint64_t hash = gsp__fnv1a(GSP__FNV_INIT, word ? word : "", word ? strlen(word) : 0);
    uint32_t at = 0;
    unsigned dimension;
    const uint8_t *bytes;
    uint8_t n;

    while (next_shown(view, k, &at, &dimension, &bytes, &n))
        hash = gsp__fnv1a(gsp__fnv1a(hash, &n, 1), bytes, n);
    return hash;
}

static bool shows_the_same(const struct gsp__metric_view *view, const struct gsp__bank_key *a,
                           const struct gsp__bank_key *b)
{
    uint32_t at_a = 0, at_b = 0;
    unsigned dim_a, dim_b;
    const uint8_t *bytes_a, *bytes_b;
    uint8_t n_a, n_b;

    for (;;) {
        bool has_a = next_shown(view, a, &at_a, &dim_a, &bytes_a, &n_a);
        bool has_b = next_shown(view, b, &at_b, &dim_b, &bytes_b, &n_b);

        if (!has_a || !has_b)
            return has_a == has_b;
        if (dim_a != dim_b || n_a != n_b || memcmp(bytes_a, bytes_b, n_a) != 0)
            return false;
    }
}

static bool is_same_word(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static struct group *new_group(struct metric *m, const struct gsp__bank_key *key, const char *word)
{
    unsigned n_buckets = gsp__measures[m->view->sources[0].measure].n_buckets;
    struct group *g = &m->groups[m->n_groups];

    memset(g, 0, sizeof *g);
    g->key = key;
    g->word = word;
    if (!m->view->is_counter) {
        g->buckets = gsp__arena_get(m->arena, n_buckets * sizeof *g->buckets);
        if (!g->buckets)
            return NULL;
        memset(g->buckets, 0, n_buckets * sizeof *g->buckets);
    }
    m->n_groups++;
    return g;
}

static struct group *overflow_group(struct metric *m, const struct gsp__bank_key *key)
{
    struct group *g;

    if (m->overflow)
        return &m->groups[m->overflow - 1];
    g = new_group(m, key, NULL);
    if (!g)
        return NULL;
    g->is_overflow = true;
    m->overflow = m->n_groups;
    return g;
}

/* The group of a key; NULL if the arena is full. */
static struct group *group_of(struct metric *m, const struct gsp__bank_key *key, const char *word)
{
    uint64_t hash = hash_shown(m->view, key, word);
    uint32_t at = (uint32_t)hash & (m->n_slots - 1);
    struct group *g;

    if (key->is_overflow)
        return overflow_group(m, key);
    for (; m->slots[at]; at = (at + 1) & (m->n_slots - 1)) {
        g = &m->groups[m->slots[at] - 1];
        if (g->hash == hash && is_same_word(g->word, word) && shows_the_same(m->view, g->key, key))
            return g;
    }
    if (m->n_groups - (m->overflow != 0) + 1 >= m->bank->series_max) /* one is kept for overflow */
        return overflow_group(m, key);
    g = new_group(m, key, word);
    if (!g)
        return NULL;
    g->hash = hash;
    m->slots[at] = m->n_groups;
    return g;
}

static void merge(struct metric *m, struct group *g, const struct gsp__series *s,
                  const struct gsp__exemplar_cell *cells)
{
    if (g->count == 0 || s->min < g->min)
        g->min = s->min;
    if (g->count == 0 || s->max > g->max)
        g->max = s->max;
    g->count += s->count;
    g->sum = s->sum > UINT64_MAX - g->sum ? UINT64_MAX : g->sum + s->sum;
    if (m->view->is_counter)
        return;
    for (unsigned i = 0; i < gsp__measures[m->view->sources[0].measure].n_buckets; i++) {
        g->buckets[i] += s->buckets[i];
        if (cells && cells[i].time_unix_ns &&
            (!g->exemplars[i] || cells[i].time_unix_ns > g->exemplars[i]->time_unix_ns))
            g->exemplars[i] = &cells[i];
    }
}

static bool is_of_view(const struct metric *m, const struct gsp__bank_key *k)
{
    return k && k->class_bit < GSP__BANK_CLASSES &&
           (m->view->classes == 0 || (m->view->classes & 1u << k->class_bit));
}

/* Visit every series of the view, or only count them. */
static bool each_series(struct metric *m, bool counts_only, uint32_t *n)
{
    *n = 0;
    for (uint32_t key = 0; key < m->bank->n_keys; key++) {
        const struct gsp__bank_key *k = gsp__bank_key_at(m->bank, key);

        if (!is_of_view(m, k))
            continue;
        for (uint32_t i = 0; i < m->view->n_sources; i++) {
            const struct gsp__metric_source *source = &m->view->sources[i];
            const struct gsp__series *s = gsp__bank_series_at(m->bank, key, source->measure);
            struct group *g;

            if (!s)
                continue;
            ++*n;
            if (counts_only)
                continue;
            g = group_of(m, k, source->word);
            if (!g)
                return false;
            merge(m, g, s, gsp__bank_exemplars_at(m->bank, key, source->measure));
        }
    }
    return true;
}

static bool make_groups(struct metric *m)
{
    uint32_t n, max;

    m->n_groups = m->overflow = 0;
    each_series(m, true, &n);
    if (n == 0)
        return true;
    max = n < m->bank->series_max ? n : m->bank->series_max;
    for (m->n_slots = 4; m->n_slots < max * 2; m->n_slots *= 2)
        ;
    m->groups = gsp__arena_get(m->arena, max * sizeof *m->groups);
    m->slots = gsp__arena_get(m->arena, m->n_slots * sizeof *m->slots);
    if (!m->groups || !m->slots)
        return false;
    memset(m->slots, 0, m->n_slots * sizeof *m->slots);
    return each_series(m, false, &n);
}

/*
 * Points.
 */

static void add_text(struct gsp__attributes *to, const char *key, const char *text, size_t n)
{
    to->items[to->n++] = (struct gsp__attribute){
        .key = string_of(key),
        .value = {.type = GSP__VALUE_STRING, .u = {.string = {text, gsp__utf8_valid_prefix(text, n)}}},
    };
}

static void add_dimension(struct gsp__attributes *to, const char *key, unsigned dimension,
                          const uint8_t *bytes, uint8_t n)
{
    struct gsp__attribute *a = &to->items[to->n];

    if (dimension != GSP__DIM_SERVER_PORT || n != 8) {
        add_text(to, key, (const char *)bytes, n);
        return;
    }
    *a = (struct gsp__attribute){.key = string_of(key), .value = {.type = GSP__VALUE_INT}};
    memcpy(&a->value.u.integer, bytes, 8);
    to->n++;
}

static bool attributes_of(const struct metric *m, const struct group *g, struct gsp__attributes *out)
{
    uint32_t at = 0;
    unsigned dimension;
    const uint8_t *bytes;
    uint8_t n;

    out->n = out->n_dropped = 0;
    out->items = gsp__arena_get(m->arena, (GSP__DIMENSIONS + 1) * sizeof *out->items);
    if (!out->items)
        return false;
    if (g->is_overflow) {
        out->items[out->n++] = (struct gsp__attribute){
            .key = GSP__STRING("otel.metric.overflow"),
            .value = {.type = GSP__VALUE_BOOL, .u = {.boolean = true}},
        };
        return true;
    }
    while (out->n < GSP__DIMENSIONS && next_shown(m->view, g->key, &at, &dimension, &bytes, &n))
        add_dimension(out, m->view->keys->of[dimension], dimension, bytes, n);
    if (g->word)
        add_text(out, m->view->word_key, g->word, strlen(g->word));
    return true;
}

static struct gsp__number number_of(enum gsp__measure measure, uint64_t value)
{
    struct gsp__number number = {.type = GSP__NUMBER_DOUBLE};

    if (gsp__measures[measure].scale == 1) {
        number.type = GSP__NUMBER_INT;
        number.u.integer = value > INT64_MAX ? INT64_MAX : (int64_t)value;
    } else {
        number.u.real = gsp__measure_value(measure, value);
    }
    return number;
}

static bool exemplars_of(const struct metric *m, const struct group *g, struct gsp__point *p)
{
    enum gsp__measure measure = m->view->sources[0].measure;
    struct gsp__exemplar *out;
    uint32_t n = 0;

    for (unsigned i = 0; i < GSP__BUCKETS_MAX; i++)
        n += g->exemplars[i] != NULL;
    if (n == 0)
        return true;
    p->exemplars = out = gsp__arena_get(m->arena, n * sizeof *out);
    if (!out)
        return false;
    for (unsigned i = 0; i < GSP__BUCKETS_MAX; i++) {
        const struct gsp__exemplar_cell *cell = g->exemplars[i];

        if (!cell)
            continue;
        memset(out, 0, sizeof *out);
        out->time_unix_ns = cell->time_unix_ns;
        out->value = number_of(measure, cell->value);
        memcpy(out->trace_id, cell->trace_id, sizeof out->trace_id);
        memcpy(out->span_id, cell->span_id, sizeof out->span_id);
        out->has_trace_id = out->has_span_id = true;
        out++;
    }
    p->n_exemplars = n;
    return true;
}

static bool point_of(const struct metric *m, const struct group *g, const struct gsp__metric_request *request,
                     const double *bounds, struct gsp__point *p)
{
    enum gsp__measure measure = m->view->sources[0].measure;

    memset(p, 0, sizeof *p);
    p->start_unix_ns = request->start_unix_ns;
    p->time_unix_ns = request->now_unix_ns;
    if (!attributes_of(m, g, &p->attributes))
        return false;
    if (m->view->is_counter) {
        p->value = number_of(measure, g->sum);
        return true;
    }
    p->count = g->count;
    p->sum = gsp__measure_value(measure, g->sum);
    p->min = gsp__measure_value(measure, g->min);
    p->max = gsp__measure_value(measure, g->max);
    p->has_sum = p->has_min = p->has_max = true;
    p->bounds = bounds;
    p->n_buckets = gsp__measures[measure].n_buckets;
    p->n_bounds = p->n_buckets - 1;
    p->buckets = g->buckets;
    return exemplars_of(m, g, p);
}

/* The bounds as they are exported; NULL if the arena is full. */
static const double *bounds_of(struct gsp__arena *arena, enum gsp__measure measure)
{
    const struct gsp__measure_info *info = &gsp__measures[measure];
    double *bounds = gsp__arena_get(arena, (info->n_buckets + 1u) * sizeof *bounds);

    for (unsigned i = 0; bounds && i + 1 < info->n_buckets; i++)
        bounds[i] = gsp__measure_value(measure, info->bounds[i]);
    return bounds;
}

static void describe(struct gsp__metric *out, const struct gsp__metric_view *view,
                     const struct gsp__metric_request *request)
{
    memset(out, 0, sizeof *out);
    out->name = string_of(view->name);
    out->description = string_of(view->description);
    out->unit = string_of(view->unit);
    out->type = view->is_counter ? GSP__METRIC_SUM : GSP__METRIC_HISTOGRAM;
    out->temporality = request->temporality;
    out->is_monotonic = view->is_counter;
}

static bool metric_of(struct metric *m, const struct gsp__metric_request *request, struct gsp__metric *out)
{
    struct gsp__point *points;
    const double *bounds;

    if (!make_groups(m))
        return false;
    describe(out, m->view, request);
    if (m->n_groups == 0)
        return true;
    points = gsp__arena_get(m->arena, m->n_groups * sizeof *points);
    bounds = bounds_of(m->arena, m->view->sources[0].measure);
    if (!points || !bounds)
        return false;
    for (uint32_t i = 0; i < m->n_groups; i++)
        if (!point_of(m, &m->groups[i], request, bounds, &points[i]))
            return false;
    out->points = points;
    out->n_points = m->n_groups;
    return true;
}

/*
 * The recorder's own counters.
 */

static const struct {
    const char *name, *description, *unit;
} own_metrics[] = {
    {"genspan.records.exported", "Records handed to a backend", "{record}"},
    {"genspan.records.spooled", "Records put into the spool while the backend was away", "{record}"},
    {"genspan.records.dropped", "Records, facts and events that were lost, by reason", "{record}"},
    {"genspan.metrics.resent",
     "Windows of delta metrics that were sent again, because they may not have arrived", "{window}"},
};

enum {
    EXPORTED,
    SPOOLED,
    DROPPED,
    RESENT
};

/* Those of the losses in a ring are parts of DROPPED. */
static const struct {
    uint8_t metric;
    const char *reason; /* NULL: no such counter */
} own_counters[GSP__OWN_LOSS] = {
    [GSP__OWN_EXPORTED] = {EXPORTED, ""},
    [GSP__OWN_SPOOLED] = {SPOOLED, ""},
    [GSP__OWN_NO_MEMORY] = {DROPPED, "no_memory"},
    [GSP__OWN_REJECTED] = {DROPPED, "rejected"},
    [GSP__OWN_SPOOL_DAMAGED] = {DROPPED, "spool_damaged"},
    [GSP__OWN_RESENT] = {RESENT, ""},
    [GSP__OWN_LOGS_REJECTED] = {DROPPED, "logs_rejected"},
};

/* What a counter of this metric says as its reason; NULL if it is of another. */
static const char *reason_of(unsigned counter, unsigned metric)
{
    if (counter >= GSP__OWN_LOSS)
        return metric == DROPPED ? gsp_loss_name((gsp_loss)(counter - GSP__OWN_LOSS)) : NULL;
    return own_counters[counter].metric == metric ? own_counters[counter].reason : NULL;
}

static bool own_point(struct gsp__arena *arena, const struct gsp__metric_request *request, const char *reason,
                      uint64_t value, struct gsp__point *p)
{
    memset(p, 0, sizeof *p);
    p->start_unix_ns = request->start_unix_ns;
    p->time_unix_ns = request->now_unix_ns;
    p->value.type = GSP__NUMBER_INT;
    p->value.u.integer = value > INT64_MAX ? INT64_MAX : (int64_t)value;
    p->attributes.items = gsp__arena_get(arena, sizeof *p->attributes.items);
    if (!p->attributes.items)
        return false;
    if (*reason)
        add_text(&p->attributes, "genspan.reason", reason, strlen(reason));
    return true;
}

static bool own_metric(struct gsp__arena *arena, const struct gsp__metric_request *request, unsigned metric,
                       struct gsp__metric *out)
{
    const struct gsp__metric_view view = {.name = own_metrics[metric].name,
                                          .description = own_metrics[metric].description,
                                          .unit = own_metrics[metric].unit,
                                          .is_counter = true};
    struct gsp__point *points = gsp__arena_get(arena, GSP__OWN_COUNTERS * sizeof *points);
    uint32_t n = 0;

    if (!points)
        return false;
    for (unsigned i = 0; i < GSP__OWN_COUNTERS; i++) {
        const char *reason = reason_of(i, metric);

        if (reason && request->own[i] > 0 &&
            !own_point(arena, request, reason, request->own[i], &points[n++]))
            return false;
    }
    describe(out, &view, request);
    out->points = points;
    out->n_points = n;
    return true;
}

bool gsp__metrics_derive(const struct gsp__bank *bank, const struct gsp__metric_request *request,
                         struct gsp__arena *arena, struct gsp__metric **out, uint32_t *n_out)
{
    uint32_t max = request->views->n + GSP__COUNT_OF(own_metrics), n = 0;
    struct gsp__metric *metrics = gsp__arena_get(arena, max * sizeof *metrics);

    if (!metrics)
        return false;
    for (uint32_t i = 0; i < request->views->n; i++) {
        struct metric m = {.bank = bank, .view = request->views->items[i], .arena = arena};

        if (!metric_of(&m, request, &metrics[n]))
            return false;
        n += metrics[n].n_points > 0;
    }
    for (unsigned i = 0; i < GSP__COUNT_OF(own_metrics); i++) {
        if (!own_metric(arena, request, i, &metrics[n]))
            return false;
        n += metrics[n].n_points > 0;
    }
    *out = metrics;
    *n_out = n;
    return true;
}
