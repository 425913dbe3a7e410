/*
 * Views: what the measures of a bank are called under a dialect, which attributes their points have, and
 * under which keys. A view that leaves attributes out adds up the series that differ in nothing else.
 *
 * Tables are in metrics_*.c, one for each dialect that has metrics of its own; the recorder's own counters
 * (genspan.records.*) go out under every dialect.
 */
#ifndef GSP_DERIVE_METRIC_VIEW_H
#define GSP_DERIVE_METRIC_VIEW_H

#include "base/arena.h"
#include "derive/metric_bank.h"
#include "derive/model.h"

/* One measure that is part of a metric, and what its points say at `word_key`; NULL: nothing. */
struct gsp__metric_source {
    enum gsp__measure measure;
    const char *word;
};

/* What each dimension is called; NULL: it is left out. */
struct gsp__metric_keys {
    const char *of[GSP__DIMENSIONS];
};

struct gsp__metric_view {
    const char *name, *description, *unit;
    bool is_counter;  /* of the sum of the values; else a histogram of them, over one set of bounds */
    uint32_t classes; /* only of these enum gsp__class; 0: of all */
    const struct gsp__metric_keys *keys;
    const char *word_key;
    const struct gsp__metric_source *sources;
    uint32_t n_sources;
};

struct gsp__metric_table {
    const struct gsp__metric_view *views;
    uint32_t n;
};

extern const struct gsp__metric_table gsp__metrics_otel;
extern const struct gsp__metric_table gsp__metrics_otel_next;
extern const struct gsp__metric_table gsp__metrics_livekit; /* and livekit-js */
extern const struct gsp__metric_table gsp__metrics_celeste;
extern const struct gsp__metric_table gsp__metrics_autotel;

/* The metrics of a dialect; NULL where it has none of its own. */
const struct gsp__metric_table *gsp__metric_table_of(const char *dialect);

#define GSP__VIEWS_MAX 96

/* The views of all dialects that are on. */
struct gsp__metric_views {
    const struct gsp__metric_view *items[GSP__VIEWS_MAX];
    uint32_t n;
};

/* Add those of one more dialect, but for metrics of a name that is there already. */
void gsp__metric_views_add(struct gsp__metric_views *views, const char *dialect);

/*
 * Counters of genspan's own, kept beside the bank. Their numbers stand in the fold file. From GSP__OWN_LOSS
 * on, one for each gsp_loss.
 */
enum gsp__own_counter {
    GSP__OWN_EXPORTED = 0,
    GSP__OWN_SPOOLED = 1,
    GSP__OWN_NO_MEMORY = 2,
    GSP__OWN_REJECTED = 3,
    GSP__OWN_SPOOL_DAMAGED = 4,
    GSP__OWN_RESENT = 5, /* windows of deltas */
    GSP__OWN_LOGS_REJECTED = 6,
    GSP__OWN_LOSS = 8,
    GSP__OWN_COUNTERS = 24
};

struct gsp__metric_request {
    const struct gsp__metric_views *views;
    enum gsp__temporality temporality;
    uint64_t start_unix_ns, now_unix_ns;
    const uint64_t *own; /* GSP__OWN_COUNTERS values, since start */
};

/*
 * A bank as metrics, in the arena; strings point into the bank. Metrics without points are left out. A metric
 * has up to bank->series_max points, the last of which stands for all that are over that. False if the
 * arena is full.
 */
bool gsp__metrics_derive(const struct gsp__bank *bank, const struct gsp__metric_request *request,
                         struct gsp__arena *arena, struct gsp__metric **out, uint32_t *n_out);

#endif
