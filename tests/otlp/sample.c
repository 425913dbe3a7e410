/*
 * The hand-made models.
 */
#include "otlp/sample.h"

#include <float.h>
#include <math.h>

#include "otlp/literal.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

#define TEXT(literal)                                                                                        \
    {                                                                                                        \
        .type = GSP__VALUE_STRING, .u = {.string = {literal, sizeof(literal) - 1} }                          \
    }
#define BYTES(literal)                                                                                       \
    {                                                                                                        \
        .type = GSP__VALUE_BYTES, .u = {.string = {literal, sizeof(literal) - 1} }                           \
    }
#define BOOL(b)                                                                                              \
    {                                                                                                        \
        .type = GSP__VALUE_BOOL, .u = {.boolean = (b) }                                                      \
    }
#define INT(i)                                                                                               \
    {                                                                                                        \
        .type = GSP__VALUE_INT, .u = {.integer = (i) }                                                       \
    }
#define DOUBLE(d)                                                                                            \
    {                                                                                                        \
        .type = GSP__VALUE_DOUBLE, .u = {.real = (d) }                                                       \
    }
#define ARRAY(array)                                                                                         \
    {                                                                                                        \
        .type = GSP__VALUE_ARRAY, .n = COUNT_OF(array), .u = {.items = (array) }                             \
    }
#define MAP(array)                                                                                           \
    {                                                                                                        \
        .type = GSP__VALUE_MAP, .n = COUNT_OF(array), .u = {.pairs = (array) }                               \
    }
#define PAIR(name, ...)                                                                                      \
    {                                                                                                        \
        .key = {name, sizeof(name) - 1}, .value = __VA_ARGS__                                                \
    }
#define ATTRIBUTES(array, dropped)                                                                           \
    {                                                                                                        \
        .items = (array), .n = COUNT_OF(array), .n_dropped = (dropped)                                       \
    }

/*
 * Values of every type, nested and at the edges.
 */

static const struct gsp__value inner[] = {INT(1), TEXT("two"), {.type = GSP__VALUE_NONE}, DOUBLE(3.5)};

static const struct gsp__attribute deep_map[] = {
    PAIR("list", ARRAY(inner)),
    PAIR("empty list", {.type = GSP__VALUE_ARRAY}),
    PAIR("empty map", {.type = GSP__VALUE_MAP}),
};

static const struct gsp__value list[] = {
    TEXT(""),    BOOL(true), ARRAY(inner), MAP(deep_map), BYTES("\x00\xff"), {.type = GSP__VALUE_NONE},
    BOOL(false), INT(0),
};

static struct gsp__attribute every_value[] = {
    PAIR("text", TEXT("plain")),
    PAIR("text.empty", TEXT("")),
    PAIR("text.escaped", TEXT("quote \" slash \\ / tab \t line \n return \r bell \a nul \0 del \x7f")),
    PAIR("text.wide", TEXT("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80")),
    PAIR("bool.true", BOOL(true)),
    PAIR("bool.false", BOOL(false)),
    PAIR("int.zero", INT(0)),
    PAIR("int.minus", INT(-1)),
    PAIR("int.min", INT(INT64_MIN)),
    PAIR("int.max", INT(INT64_MAX)),
    PAIR("double", DOUBLE(0.1)),
    PAIR("double.whole", DOUBLE(100000)),
    PAIR("double.zero", DOUBLE(0)),
    PAIR("double.minus_zero", DOUBLE(-0.0)),
    PAIR("double.max", DOUBLE(DBL_MAX)),
    PAIR("double.least", DOUBLE(5e-324)),
    PAIR("double.nan", DOUBLE(NAN)),
    PAIR("double.infinity", DOUBLE(INFINITY)),
    PAIR("double.minus_infinity", DOUBLE(-INFINITY)),
    PAIR("bytes.0", BYTES("")),
    PAIR("bytes.1", BYTES("\xfb")),
    PAIR("bytes.2", BYTES("\xfb\xff")),
    PAIR("bytes.3", BYTES("\xfb\xff\x00")),
    PAIR("bytes.4", BYTES("abcd")),
    PAIR("list", ARRAY(list)),
    PAIR("map", MAP(deep_map)),
    PAIR("none", {.type = GSP__VALUE_NONE}),
    PAIR("", TEXT("a key may be empty")),
};

static struct gsp__attribute few[] = {PAIR("a", INT(7)), PAIR("b", TEXT("x"))};

/*
 * Traces.
 */

static struct gsp__span_event events[] = {
    {1700000000000000001u, LITERAL("gen_ai.choice"), ATTRIBUTES(every_value, 3)},
    {UINT64_MAX, LITERAL("last"), {0}},
    {0, LITERAL(""), ATTRIBUTES(few, 0)},
    {0},
};

static struct gsp__span_link links[] = {
    {.trace_id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xab},
     .span_id = {8, 7, 6, 5, 4, 3, 2, 0xcd},
     .flags = GSP__SPAN_FLAG_HAS_REMOTE | GSP__SPAN_FLAG_IS_REMOTE | 1,
     .trace_state = LITERAL("vendor=value,other=1"),
     .attributes = ATTRIBUTES(few, 4)},
    {.trace_id = {0xff}, .span_id = {[7] = 0xff}},
    {.trace_id = {0}},
};

static const struct gsp__span_data spans[] = {
    {.trace_id = {0x5b, 0x8e, 0xff, 0xf7, 0x98, 0x03, 0x81, 0x03, 0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6,
                  0x0c},
     .span_id = {0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74},
     .parent_span_id = {0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x73},
     .has_parent = true,
     .kind = 3,
     .status = GSP__STATUS_ERROR,
     .flags = 0x301,
     .name = LITERAL("chat gpt-x"),
     .trace_state = LITERAL("a=1"),
     .status_message = LITERAL("it \"broke\"\n"),
     .start_unix_ns = 1700000000000000000u,
     .end_unix_ns = 1700000001999999999u,
     .attributes = ATTRIBUTES(every_value, 5),
     .events = events,
     .n_events = COUNT_OF(events),
     .n_dropped_events = 6,
     .links = links,
     .n_links = COUNT_OF(links),
     .n_dropped_links = UINT32_MAX},
    {.trace_id = {[15] = 1}, .span_id = {[7] = 1}, .status = GSP__STATUS_OK},
    {.trace_id = {[15] = 1}, .span_id = {[7] = 2}, .status_message = LITERAL("no code")},
    {.trace_id = {0}},
};

static const struct gsp__scope_spans full_scopes[] = {
    {.scope = {LITERAL("genspan"), LITERAL("0.1.0"), ATTRIBUTES(few, 8)},
     .schema_url = LITERAL("https://opentelemetry.io/schemas/1.37.0"),
     .spans = spans,
     .n_spans = COUNT_OF(spans)},
    {.spans = &spans[1], .n_spans = 1},
    {.scope = {LITERAL("no spans"), LITERAL(""), {0}}},
};

static const struct gsp__scope_spans bare_scope[] = {{.spans = &spans[1], .n_spans = 2}};

static const struct gsp__resource_spans resource_spans[] = {
    {.resource = {ATTRIBUTES(every_value, 9)},
     .schema_url = LITERAL("https://opentelemetry.io/schemas/1.36.0"),
     .scopes = full_scopes,
     .n_scopes = COUNT_OF(full_scopes)},
    {.scopes = bare_scope, .n_scopes = COUNT_OF(bare_scope)},
    {.resource = {ATTRIBUTES(few, 0)}},
};

static const struct gsp__traces traces = {resource_spans, COUNT_OF(resource_spans)};

const struct gsp__traces *test_sample_traces(void)
{
    return &traces;
}

/*
 * Metrics.
 */

#define AT(ns) .start_unix_ns = 1700000000000000000u, .time_unix_ns = 1700000000000000000u + (ns)

static const struct gsp__exemplar exemplars[] = {
    {.filtered = ATTRIBUTES(few, 0),
     .time_unix_ns = 1700000000000000009u,
     .value = {GSP__NUMBER_DOUBLE, {.real = 0.75}},
     .span_id = {1, 2, 3, 4, 5, 6, 7, 8},
     .trace_id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
     .has_span_id = true,
     .has_trace_id = true},
    {.value = {GSP__NUMBER_INT, {.integer = INT64_MIN}}, .has_trace_id = true},
    {.value = {GSP__NUMBER_INT, {.integer = 0}}, .span_id = {[7] = 9}, .has_span_id = true},
    {.value = {GSP__NUMBER_NONE}},
};

static const struct gsp__point gauge_points[] = {
    {.attributes = ATTRIBUTES(every_value, 0),
     AT(1),
     .value = {GSP__NUMBER_INT, {.integer = -42}},
     .flags = 0,
     .exemplars = exemplars,
     .n_exemplars = COUNT_OF(exemplars)},
    {AT(2), .value = {GSP__NUMBER_DOUBLE, {.real = 0.5}}},
    {AT(3), .value = {GSP__NUMBER_DOUBLE, {.real = NAN}}},
    {AT(4), .value = {GSP__NUMBER_INT, {.integer = INT64_MAX}}},
    {AT(5), .flags = 1},
    {.value = {GSP__NUMBER_INT, {.integer = 0}}},
};

static const struct gsp__point sum_points[] = {
    {.attributes = ATTRIBUTES(few, 0),
     AT(6),
     .value = {GSP__NUMBER_INT, {.integer = 12}},
     .exemplars = exemplars,
     .n_exemplars = 1},
    {AT(7), .value = {GSP__NUMBER_DOUBLE, {.real = -0.0}}},
};

static const uint64_t buckets[] = {0, 1, 127, 128, UINT64_MAX};
static const double bounds[] = {-1, 0, 0.25, 1e6};
static const uint64_t counts[] = {0, 127, 128, UINT64_MAX, 5};

static const struct gsp__point histogram_points[] = {
    {.attributes = ATTRIBUTES(few, 0),
     AT(8),
     .count = 256,
     .sum = 12.5,
     .min = -0.5,
     .max = 8,
     .has_sum = true,
     .has_min = true,
     .has_max = true,
     .buckets = buckets,
     .n_buckets = COUNT_OF(buckets),
     .bounds = bounds,
     .n_bounds = COUNT_OF(bounds),
     .exemplars = exemplars,
     .n_exemplars = COUNT_OF(exemplars),
     .flags = 1},
    {AT(9), .count = 3},
    {AT(10), .has_sum = true, .has_min = true, .has_max = true}, /* zero, and known to be */
    {AT(11), .count = UINT64_MAX, .sum = INFINITY, .has_sum = true, .buckets = buckets, .n_buckets = 1},
};

static const struct gsp__point exponential_points[] = {
    {.attributes = ATTRIBUTES(few, 0),
     AT(12),
     .count = 260,
     .sum = 1e9,
     .min = -1,
     .max = 1e8,
     .has_sum = true,
     .has_min = true,
     .has_max = true,
     .scale = -11,
     .zero_count = 4,
     .zero_threshold = 1e-9,
     .positive_offset = 40,
     .buckets = counts,
     .n_buckets = COUNT_OF(counts),
     .negative_offset = -40,
     .negative = counts,
     .n_negative = 2,
     .exemplars = exemplars,
     .n_exemplars = COUNT_OF(exemplars),
     .flags = 1},
    {AT(13), .scale = 20, .positive_offset = INT32_MAX, .negative_offset = INT32_MIN},
    {AT(14), .scale = INT32_MIN, .negative = counts, .n_negative = 1},
    {AT(15), .scale = INT32_MAX},
};

static const struct gsp__quantile quantiles[] = {{0, -3}, {0.5, 0}, {1, 1e9}, {0.99, NAN}, {0, 0}};

static const struct gsp__point summary_points[] = {
    {.attributes = ATTRIBUTES(few, 0),
     AT(16),
     .count = 9,
     .sum = 1.25,
     .has_sum = true,
     .quantiles = quantiles,
     .n_quantiles = COUNT_OF(quantiles),
     .flags = 1},
    {AT(17)},
};

#define POINTS(array) .points = (array), .n_points = COUNT_OF(array)

static const struct gsp__metric metrics[] = {
    {.name = LITERAL("g"),
     .description = LITERAL("a gauge"),
     .unit = LITERAL("1"),
     .type = GSP__METRIC_GAUGE,
     POINTS(gauge_points)},
    {.name = LITERAL("s"),
     .description = LITERAL("a counter"),
     .unit = LITERAL("{token}"),
     .type = GSP__METRIC_SUM,
     .temporality = GSP__TEMPORALITY_CUMULATIVE,
     .is_monotonic = true,
     POINTS(sum_points)},
    {.name = LITERAL("u"),
     .unit = LITERAL("By"),
     .type = GSP__METRIC_SUM,
     .temporality = GSP__TEMPORALITY_DELTA,
     POINTS(sum_points)},
    {.name = LITERAL("h"),
     .description = LITERAL("a histogram"),
     .unit = LITERAL("s"),
     .type = GSP__METRIC_HISTOGRAM,
     .temporality = GSP__TEMPORALITY_CUMULATIVE,
     POINTS(histogram_points)},
    {.name = LITERAL("e"),
     .description = LITERAL("an exponential histogram"),
     .unit = LITERAL("ms"),
     .type = GSP__METRIC_EXPONENTIAL_HISTOGRAM,
     .temporality = GSP__TEMPORALITY_DELTA,
     POINTS(exponential_points)},
    {.name = LITERAL("q"),
     .description = LITERAL("a summary"),
     .type = GSP__METRIC_SUMMARY,
     POINTS(summary_points)},
    {.name = LITERAL("no points"), .type = GSP__METRIC_GAUGE},
    {.name = LITERAL("no points, but cumulative"),
     .type = GSP__METRIC_HISTOGRAM,
     .temporality = GSP__TEMPORALITY_CUMULATIVE},
    {.name = LITERAL("no data")},
    {.type = GSP__METRIC_SUMMARY},
};

static const struct gsp__scope_metrics metric_scopes[] = {
    {.scope = {LITERAL("genspan"), LITERAL("0.1.0"), ATTRIBUTES(every_value, 8)},
     .schema_url = LITERAL("https://opentelemetry.io/schemas/1.37.0"),
     .metrics = metrics,
     .n_metrics = COUNT_OF(metrics)},
    {.metrics = &metrics[1], .n_metrics = 1},
    {.scope = {LITERAL("no metrics"), LITERAL("2"), {0}}},
};

static const struct gsp__resource_metrics resource_metrics[] = {
    {.resource = {ATTRIBUTES(every_value, 9)},
     .schema_url = LITERAL("https://opentelemetry.io/schemas/1.36.0"),
     .scopes = metric_scopes,
     .n_scopes = COUNT_OF(metric_scopes)},
    {.scopes = &metric_scopes[1], .n_scopes = 1},
    {.resource = {ATTRIBUTES(few, 1)}},
};

static const struct gsp__metrics all_metrics = {resource_metrics, COUNT_OF(resource_metrics)};

const struct gsp__metrics *test_sample_metrics(void)
{
    return &all_metrics;
}

/*
 * Logs.
 */

static const struct gsp__log_data logs[] = {
    {.time_unix_ns = 1700000000000000001u,
     .observed_unix_ns = 1700000000000000002u,
     .severity = 9,
     .severity_text = LITERAL("INFO"),
     .event_name = LITERAL("gen_ai.client.inference.operation.details"),
     .body = TEXT("caf\xc3\xa9 \"quoted\"\n\0"),
     .attributes = ATTRIBUTES(every_value, 3),
     .flags = 1,
     .has_trace_id = true,
     .has_span_id = true,
     .trace_id = {0x5b, 0x8e, 0xff, 0xf7, 0x98, 0x03, 0x81, 0x03, 0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6,
                  0x0c},
     .span_id = {0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74}},
    {.time_unix_ns = UINT64_MAX, .body = MAP(deep_map), .severity = 24, .flags = UINT32_MAX},
    {.observed_unix_ns = UINT64_MAX, .body = ARRAY(list), .has_trace_id = true, .trace_id = {[15] = 1}},
    {.body = BYTES("\x00\xff"), .severity = 1, .has_span_id = true, .span_id = {[7] = 1}},
    {.body = BYTES(""), .severity_text = LITERAL("no number")},
    {.body = TEXT(""), .event_name = LITERAL("x")},
    {.body = BOOL(false)},
    {.body = INT(0)},
    {.body = INT(INT64_MIN)},
    {.body = DOUBLE(-0.0)},
    {.body = DOUBLE(NAN)},
    {.body = {.type = GSP__VALUE_ARRAY}},
    {.body = {.type = GSP__VALUE_MAP}},
    {.attributes = {.n_dropped = UINT32_MAX}, .has_trace_id = true, .has_span_id = true},
    {0},
};

static const struct gsp__scope_logs log_scopes[] = {
    {.scope = {LITERAL("genspan"), LITERAL("0.1.0"), ATTRIBUTES(few, 8)},
     .schema_url = LITERAL("https://opentelemetry.io/schemas/1.41.0"),
     .logs = logs,
     .n_logs = COUNT_OF(logs)},
    {.logs = &logs[1], .n_logs = 1},
    {.scope = {LITERAL("no logs"), LITERAL("2"), {0}}},
};

static const struct gsp__resource_logs resource_logs[] = {
    {.resource = {ATTRIBUTES(every_value, 9)},
     .schema_url = LITERAL("https://opentelemetry.io/schemas/1.36.0"),
     .scopes = log_scopes,
     .n_scopes = COUNT_OF(log_scopes)},
    {.scopes = &log_scopes[1], .n_scopes = 1},
    {.resource = {ATTRIBUTES(few, 1)}},
};

static const struct gsp__logs all_logs = {resource_logs, COUNT_OF(resource_logs)};

const struct gsp__logs *test_sample_logs(void)
{
    return &all_logs;
}
