/* Metrics in OTLP protobuf and JSON: there and back, the rules of OTLP/JSON, packed fields, bad input. */
#include "otlp/codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "otlp/decode.h"
#include "otlp/encode_json.h"
#include "otlp/encode_protobuf.h"
#include "otlp/literal.h"

#define COUNT_OF(array)     (sizeof(array) / sizeof(array)[0])
#define BYTES(literal)      literal, sizeof(literal) - 1
#define METRIC(fields)      "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{" fields "}]}]}]}"
#define POINT(type, fields) METRIC("\"" type "\":{\"dataPoints\":[{" fields "}]}")

#define WRITTEN(fields)                                                                                      \
    "{\"resourceMetrics\":[{\"resource\":{},\"scopeMetrics\":[{\"scope\":{},\"metrics\":[{" fields "}]}]}]}"
#define WRITTEN_POINT(type, fields) WRITTEN("\"" type "\":{\"dataPoints\":[{" fields "}]}")

static const struct test_signal *const signal = &test_metrics_signal;

/*
 * The rules of OTLP/JSON.
 */

static void metrics_in_json(void **state)
{
    static struct gsp__attribute a = {{"n", 1}, {.type = GSP__VALUE_INT, .u = {.integer = 5}}};
    static const struct gsp__exemplar exemplars[] = {
        {{&a, 1, 0}, 3, {GSP__NUMBER_INT, {.integer = -4}}, {0xab}, {0xcd, [15] = 0xef}, true, true},
        {.value = {GSP__NUMBER_DOUBLE, {.real = INFINITY}}},
        {.time_unix_ns = 0},
    };
    static const uint64_t counts[] = {0, UINT64_MAX};
    static const double bounds[] = {0.5, INFINITY};
    static const struct gsp__quantile quantiles[] = {{0, -1}, {0.5, 0}, {1, NAN}};
    static const struct gsp__point ints[] = {
        {.attributes = {&a, 1, 0},
         .start_unix_ns = 1,
         .time_unix_ns = UINT64_MAX,
         .flags = 1,
         .value = {GSP__NUMBER_INT, {.integer = INT64_MIN}},
         .exemplars = exemplars,
         .n_exemplars = 3},
        {.value = {GSP__NUMBER_INT, {.integer = 0}}},
        {.time_unix_ns = 0},
    };
    static const struct gsp__point doubles[] = {
        {.value = {GSP__NUMBER_DOUBLE, {.real = 0}}},
        {.value = {GSP__NUMBER_DOUBLE, {.real = NAN}}},
        {.value = {GSP__NUMBER_DOUBLE, {.real = -0.25}}},
    };
    static const struct gsp__point histogram[] = {
        {.count = 7,
         .has_sum = true,
         .sum = 1.5,
         .has_min = true,
         .has_max = true,
         .max = 2,
         .buckets = counts,
         .n_buckets = 2,
         .bounds = bounds,
         .n_bounds = 2},
    };
    static const struct gsp__point exponential[] = {
        {.count = 7,
         .has_sum = true,
         .scale = -3,
         .zero_count = 9,
         .zero_threshold = 0.125,
         .positive_offset = -2,
         .buckets = counts,
         .n_buckets = 2,
         .negative_offset = 4,
         .has_min = true,
         .min = -1},
    };
    static const struct gsp__point summary[] = {
        {.count = 2, .has_sum = true, .sum = 4, .quantiles = quantiles, .n_quantiles = 3},
    };
    static const struct {
        struct gsp__metric metric;
        const char *json;
    } cases[] = {
        {{.name = LITERAL("g"),
          .description = LITERAL("d"),
          .unit = LITERAL("By"),
          .type = GSP__METRIC_GAUGE,
          .points = ints,
          .n_points = 3},
         WRITTEN("\"name\":\"g\",\"description\":\"d\",\"unit\":\"By\",\"gauge\":{\"dataPoints\":["
                 "{\"attributes\":[{\"key\":\"n\",\"value\":{\"intValue\":\"5\"}}],"
                 "\"startTimeUnixNano\":\"1\",\"timeUnixNano\":\"18446744073709551615\","
                 "\"asInt\":\"-9223372036854775808\",\"exemplars\":[{\"filteredAttributes\":"
                 "[{\"key\":\"n\",\"value\":{\"intValue\":\"5\"}}],\"timeUnixNano\":\"3\","
                 "\"asInt\":\"-4\",\"spanId\":\"ab00000000000000\",\"traceId\":"
                 "\"cd0000000000000000000000000000ef\"},{\"asDouble\":\"Infinity\"},{}],"
                 "\"flags\":1},{\"asInt\":\"0\"},{}]}")},
        {{.type = GSP__METRIC_SUM,
          .temporality = GSP__TEMPORALITY_CUMULATIVE,
          .is_monotonic = true,
          .points = doubles,
          .n_points = 3},
         WRITTEN("\"sum\":{\"dataPoints\":[{\"asDouble\":0},{\"asDouble\":\"NaN\"},"
                 "{\"asDouble\":-0.25}],\"aggregationTemporality\":2,\"isMonotonic\":true}")},
        {{.type = GSP__METRIC_SUM, .temporality = GSP__TEMPORALITY_DELTA},
         WRITTEN("\"sum\":{\"dataPoints\":[],\"aggregationTemporality\":1}")},
        {{.type = GSP__METRIC_HISTOGRAM, .points = histogram, .n_points = 1},
         WRITTEN("\"histogram\":{\"dataPoints\":[{\"count\":\"7\",\"sum\":1.5,\"bucketCounts\":"
                 "[\"0\",\"18446744073709551615\"],\"explicitBounds\":[0.5,\"Infinity\"],"
                 "\"min\":0,\"max\":2}]}")},
        {{.type = GSP__METRIC_EXPONENTIAL_HISTOGRAM,
          .temporality = GSP__TEMPORALITY_DELTA,
          .points = exponential,
          .n_points = 1},
         WRITTEN("\"exponentialHistogram\":{\"dataPoints\":[{\"count\":\"7\",\"sum\":0,"
                 "\"scale\":-3,\"zeroCount\":\"9\",\"positive\":{\"offset\":-2,\"bucketCounts\":"
                 "[\"0\",\"18446744073709551615\"]},\"negative\":{\"offset\":4},"
                 "\"zeroThreshold\":0.125,\"min\":-1}],\"aggregationTemporality\":1}")},
        {{.type = GSP__METRIC_SUMMARY, .points = summary, .n_points = 1},
         WRITTEN("\"summary\":{\"dataPoints\":[{\"count\":\"2\",\"sum\":4,\"quantileValues\":"
                 "[{\"value\":-1},{\"quantile\":0.5},{\"quantile\":1,\"value\":\"NaN\"}]}]}")},
        {{.name = LITERAL("only a name")}, WRITTEN("\"name\":\"only a name\"")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gsp__scope_metrics scope = {.metrics = &cases[i].metric, .n_metrics = 1};
        struct gsp__resource_metrics resource = {.scopes = &scope, .n_scopes = 1};
        union test_model m = {.metrics = {&resource, 1}};
        char *json = test_to_json(signal, &m);
        char *again = test_json_again(signal, true, json, strlen(json));

        assert_string_equal(json, cases[i].json);
        assert_string_equal(again, cases[i].json);
        free(json);
        free(again);
    }
}

static void resources_and_scopes_in_json(void **state)
{
    static struct gsp__attribute a = {{"k", 1}, {.type = GSP__VALUE_BOOL, .u = {.boolean = true}}};
    struct gsp__scope_metrics scopes[] = {
        {.scope = {LITERAL("s"), LITERAL("1"), {&a, 1, 2}}, .schema_url = LITERAL("http://inner")},
        {.n_metrics = 0}};
    struct gsp__resource_metrics resources[] = {
        {.resource = {{&a, 1, 3}}, .schema_url = LITERAL("http://outer"), .scopes = scopes, .n_scopes = 2},
        {.n_scopes = 0}};
    union test_model m = {.metrics = {resources, 2}};
    char *json = test_to_json(signal, &m);

    (void)state;
    assert_string_equal(json,
                        "{\"resourceMetrics\":[{\"resource\":{\"attributes\":[{\"key\":\"k\",\"value\":"
                        "{\"boolValue\":true}}],\"droppedAttributesCount\":3},\"scopeMetrics\":[{\"scope\":"
                        "{\"name\":\"s\",\"version\":\"1\",\"attributes\":[{\"key\":\"k\",\"value\":"
                        "{\"boolValue\":true}}],\"droppedAttributesCount\":2},\"metrics\":[],\"schemaUrl\":"
                        "\"http://inner\"},{\"scope\":{},\"metrics\":[]}],\"schemaUrl\":\"http://outer\"},"
                        "{\"resource\":{},\"scopeMetrics\":[]}]}");
    free(json);
}

/*
 * JSON as others write it.
 */

static void json_of_others_is_read(void **state)
{
    static const struct {
        const char *json, *written;
    } cases[] = {
        {"{}", "{\"resourceMetrics\":[]}"},
        {"{\"resourceMetrics\":null}", "{\"resourceMetrics\":[]}"},
        {METRIC(""), WRITTEN("")},
        {METRIC("\"name\":null,\"description\":null,\"unit\":null,\"gauge\":null,\"sum\":null,"
                "\"histogram\":null,\"exponentialHistogram\":null,\"summary\":null"),
         WRITTEN("")},
        {METRIC("\"gauge\":{}"), WRITTEN("\"gauge\":{\"dataPoints\":[]}")},
        {METRIC("\"gauge\":{\"dataPoints\":null}"), WRITTEN("\"gauge\":{\"dataPoints\":[]}")},
        {METRIC("\"gauge\":null,\"summary\":{}"), WRITTEN("\"summary\":{\"dataPoints\":[]}")},
        {METRIC("\"metadata\":[{\"key\":\"x\"}],\"later\":{}"), WRITTEN("")},
        /* numbers for integers of 64 bits, strings for others */
        {POINT("gauge", "\"asInt\":-7,\"timeUnixNano\":8,\"flags\":\"1\""),
         WRITTEN_POINT("gauge", "\"timeUnixNano\":\"8\",\"asInt\":\"-7\",\"flags\":1")},
        {POINT("gauge", "\"asInt\":\"-7\""), WRITTEN_POINT("gauge", "\"asInt\":\"-7\"")},
        {POINT("gauge", "\"asDouble\":3"), WRITTEN_POINT("gauge", "\"asDouble\":3")},
        {POINT("gauge", "\"asDouble\":\"-1e-3\""), WRITTEN_POINT("gauge", "\"asDouble\":-0.001")},
        {POINT("gauge", "\"asDouble\":\"NaN\""), WRITTEN_POINT("gauge", "\"asDouble\":\"NaN\"")},
        {POINT("histogram", "\"count\":5,\"bucketCounts\":[1,\"4\"],\"explicitBounds\":[2,\"0.5\"]"),
         WRITTEN_POINT("histogram", "\"count\":\"5\",\"bucketCounts\":[\"1\",\"4\"],"
                                    "\"explicitBounds\":[2,0.5]")},
        {POINT("exponentialHistogram", "\"scale\":\"-4\",\"zeroCount\":2,\"positive\":{\"offset\":"
                                       "\"3\",\"bucketCounts\":[1]}"),
         WRITTEN_POINT("exponentialHistogram", "\"scale\":-4,\"zeroCount\":\"2\",\"positive\":"
                                               "{\"offset\":3,\"bucketCounts\":[\"1\"]}")},
        {POINT("summary", "\"quantileValues\":[{\"quantile\":\"0.5\",\"value\":\"Infinity\"},{}]"),
         WRITTEN_POINT("summary", "\"quantileValues\":[{\"quantile\":0.5,\"value\":\"Infinity\"},"
                                  "{}]")},
        /* hex of either case; an empty id is none */
        {POINT("gauge", "\"exemplars\":[{\"spanId\":\"00000000000000Ab\",\"traceId\":\"\"}]"),
         WRITTEN_POINT("gauge", "\"exemplars\":[{\"spanId\":\"00000000000000ab\"}]")},
        /* null is as good as absent */
        {POINT("sum", "\"attributes\":null,\"startTimeUnixNano\":null,\"timeUnixNano\":null,"
                      "\"asInt\":null,\"asDouble\":null,\"exemplars\":null,\"flags\":null"),
         WRITTEN_POINT("sum", "")},
        {POINT("sum", "\"asInt\":null,\"asDouble\":1.5"), WRITTEN_POINT("sum", "\"asDouble\":1.5")},
        {POINT("histogram", "\"count\":null,\"sum\":null,\"min\":null,\"max\":null,"
                            "\"bucketCounts\":null,\"explicitBounds\":null"),
         WRITTEN_POINT("histogram", "")},
        {POINT("exponentialHistogram", "\"scale\":null,\"zeroCount\":null,\"positive\":null,"
                                       "\"negative\":{\"offset\":null},\"zeroThreshold\":null"),
         WRITTEN_POINT("exponentialHistogram", "")},
        {POINT("summary", "\"quantileValues\":null"), WRITTEN_POINT("summary", "")},
        /* a summary's sum has no presence: 0 is none */
        {POINT("summary", "\"sum\":0"), WRITTEN_POINT("summary", "")},
        {POINT("summary", "\"sum\":-0.0"), WRITTEN_POINT("summary", "\"sum\":-0.0")},
        {METRIC("\"sum\":{\"aggregationTemporality\":null,\"isMonotonic\":null}"),
         WRITTEN("\"sum\":{\"dataPoints\":[]}")},
        {METRIC("\"sum\":{\"aggregationTemporality\":2,\"isMonotonic\":false}"),
         WRITTEN("\"sum\":{\"dataPoints\":[],\"aggregationTemporality\":2}")},
        /* a temporality that is not known yet is unspecified */
        {METRIC("\"sum\":{\"aggregationTemporality\":4}"), WRITTEN("\"sum\":{\"dataPoints\":[]}")},
        /* what the type does not have is unknown to it */
        {METRIC("\"gauge\":{\"aggregationTemporality\":2,\"isMonotonic\":true}"),
         WRITTEN("\"gauge\":{\"dataPoints\":[]}")},
        {METRIC("\"histogram\":{\"isMonotonic\":true}"), WRITTEN("\"histogram\":{\"dataPoints\":[]}")},
        {METRIC("\"summary\":{\"aggregationTemporality\":1}"), WRITTEN("\"summary\":{\"dataPoints\":[]}")},
        {POINT("summary", "\"min\":1,\"max\":2,\"bucketCounts\":[\"1\"],\"exemplars\":[{}]"),
         WRITTEN_POINT("summary", "")},
        {POINT("gauge", "\"sum\":1,\"count\":2,\"scale\":3"), WRITTEN_POINT("gauge", "")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *written = test_json_again(signal, true, cases[i].json, strlen(cases[i].json));

        assert_string_equal(written, cases[i].written);
        free(written);
    }
}

static void bad_json_is_refused(void **state)
{
    static const char *const cases[] = {
        "[]",
        "{\"resourceMetrics\":5}",
        "{\"resourceMetrics\":[{\"scopeMetrics\":[7]}]}",
        METRIC("\"name\":5"),
        METRIC("\"gauge\":5"),
        METRIC("\"gauge\":[]"),
        METRIC("\"summary\":\"x\""),
        METRIC("\"gauge\":{\"dataPoints\":{}}"),
        METRIC("\"gauge\":{\"dataPoints\":[null]}"),
        METRIC("\"sum\":{\"aggregationTemporality\":\"AGGREGATION_TEMPORALITY_DELTA\"}"),
        METRIC("\"sum\":{\"aggregationTemporality\":\"2\"}"),
        METRIC("\"sum\":{\"aggregationTemporality\":-1}"),
        METRIC("\"sum\":{\"isMonotonic\":\"true\"}"),
        METRIC("\"sum\":{\"isMonotonic\":1}"),
        POINT("gauge", "\"asInt\":1.5"),
        POINT("gauge", "\"asInt\":\"x\""),
        POINT("gauge", "\"asInt\":\"9223372036854775808\""),
        POINT("gauge", "\"asDouble\":\"x\""),
        POINT("gauge", "\"asDouble\":{}"),
        POINT("gauge", "\"flags\":4294967296"),
        POINT("gauge", "\"attributes\":5"),
        POINT("gauge", "\"exemplars\":[5]"),
        POINT("gauge", "\"exemplars\":[{\"spanId\":\"ab\"}]"),
        POINT("gauge", "\"exemplars\":[{\"traceId\":\"00000000000000ab\"}]"),
        POINT("gauge", "\"exemplars\":[{\"filteredAttributes\":{}}]"),
        POINT("histogram", "\"count\":-1"),
        POINT("histogram", "\"sum\":true"),
        POINT("histogram", "\"min\":\"\""),
        POINT("histogram", "\"bucketCounts\":5"),
        POINT("histogram", "\"bucketCounts\":[-1]"),
        POINT("histogram", "\"bucketCounts\":[null]"),
        POINT("histogram", "\"bucketCounts\":[1.5]"),
        POINT("histogram", "\"explicitBounds\":{}"),
        POINT("histogram", "\"explicitBounds\":[null]"),
        POINT("histogram", "\"explicitBounds\":[\"x\"]"),
        POINT("exponentialHistogram", "\"scale\":2147483648"),
        POINT("exponentialHistogram", "\"scale\":-2147483649"),
        POINT("exponentialHistogram", "\"scale\":\"x\""),
        POINT("exponentialHistogram", "\"positive\":5"),
        POINT("exponentialHistogram", "\"negative\":[]"),
        POINT("exponentialHistogram", "\"positive\":{\"offset\":true}"),
        POINT("exponentialHistogram", "\"positive\":{\"bucketCounts\":[\"-1\"]}"),
        POINT("summary", "\"quantileValues\":[[]]"),
        POINT("summary", "\"quantileValues\":[{\"value\":\"x\"}]"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        test_refused(signal, true, cases[i], strlen(cases[i]), GSP_ERR_FORMAT);
}

/*
 * Protobuf as others write it.
 */

#define ONE  "\x01\x00\x00\x00\x00\x00\x00\x00"
#define TWO  "\x02\x00\x00\x00\x00\x00\x00\x00"
#define HALF "\x00\x00\x00\x00\x00\x00\xe0\x3f"

enum {
    GAUGE = 5,
    SUM = 7,
    HISTOGRAM = 9,
    EXPONENTIAL = 10,
    SUMMARY = 11
};

static void protobuf_of_others_is_read(void **state)
{
    static const struct {
        uint32_t type;
        const char *bytes; /* of a point */
        size_t n;
        const char *written;
    } cases[] = {
        {GAUGE, BYTES(""), WRITTEN_POINT("gauge", "")},
        {GAUGE, BYTES("\x31" ONE "\x21" HALF), WRITTEN_POINT("gauge", "\"asDouble\":0.5")},
        {GAUGE, BYTES("\x21" HALF "\x31" ONE), WRITTEN_POINT("gauge", "\"asInt\":\"1\"")},
        /* packed, in parts, one by one, and in between */
        {HISTOGRAM, BYTES("\x32\x10" ONE TWO), WRITTEN_POINT("histogram", "\"bucketCounts\":[\"1\",\"2\"]")},
        {HISTOGRAM, BYTES("\x32\x08" ONE "\x32\x00\x32\x08" TWO),
         WRITTEN_POINT("histogram", "\"bucketCounts\":[\"1\",\"2\"]")},
        {HISTOGRAM, BYTES("\x31" ONE "\x31" TWO),
         WRITTEN_POINT("histogram", "\"bucketCounts\":[\"1\",\"2\"]")},
        {HISTOGRAM, BYTES("\x31" TWO "\x21" ONE "\x32\x10" ONE TWO),
         WRITTEN_POINT("histogram", "\"count\":\"1\",\"bucketCounts\":[\"2\",\"1\",\"2\"]")},
        {HISTOGRAM, BYTES("\x39" HALF "\x3a\x08" HALF),
         WRITTEN_POINT("histogram", "\"explicitBounds\":[0.5,0.5]")},
        {EXPONENTIAL, BYTES("\x42\x08\x08\x03\x12\x04\x01\xac\x02\x00"),
         WRITTEN_POINT("exponentialHistogram",
                       "\"positive\":{\"offset\":-2,\"bucketCounts\":[\"1\",\"300\",\"0\"]}")},
        {EXPONENTIAL, BYTES("\x4a\x0c\x10\x07\x12\x01\x05\x12\x00\x10\x80\x01\x08\x02"),
         WRITTEN_POINT("exponentialHistogram",
                       "\"negative\":{\"offset\":1,\"bucketCounts\":[\"7\",\"5\",\"128\"]}")},
        {EXPONENTIAL, BYTES("\x30\x01\x42\x00"), WRITTEN_POINT("exponentialHistogram", "\"scale\":-1")},
        /* fields that a type does not have, and of types to come */
        {GAUGE, BYTES("\x08\x07\x98\x06\x01"), WRITTEN_POINT("gauge", "")},
        {SUMMARY, BYTES("\x32\x00"), WRITTEN_POINT("summary", "\"quantileValues\":[{}]")},
        {SUMMARY,
         BYTES("\x29"
               "\x00\x00\x00\x00\x00\x00\x00\x00"),
         WRITTEN_POINT("summary", "")},
        {HISTOGRAM,
         BYTES("\x29"
               "\x00\x00\x00\x00\x00\x00\x00\x00"),
         WRITTEN_POINT("histogram", "\"sum\":0")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const uint32_t fields[] = {1, 2, 2, cases[i].type, 1};
        size_t n = cases[i].n;
        uint8_t *bytes = test_wrap(fields, COUNT_OF(fields), cases[i].bytes, &n);
        char *written = test_json_again(signal, false, bytes, n);

        assert_string_equal(written, cases[i].written);
        free(written);
        free(bytes);
    }
}

static void metrics_of_others_are_read(void **state)
{
    static const struct {
        const char *bytes; /* of a metric */
        size_t n;
        const char *written;
    } cases[] = {
        {BYTES("\x0a\x01n\x22\x01x\x62\x00"), WRITTEN("\"name\":\"n\"")},
        {BYTES("\x3a\x02\x10\x02"), WRITTEN("\"sum\":{\"dataPoints\":[],\"aggregationTemporality\":2}")},
        {BYTES("\x3a\x04\x10\x07\x18\x01"), WRITTEN("\"sum\":{\"dataPoints\":[],\"isMonotonic\":true}")},
        {BYTES("\x2a\x04\x10\x02\x18\x01"), WRITTEN("\"gauge\":{\"dataPoints\":[]}")},
        {BYTES("\x5a\x02\x10\x02"), WRITTEN("\"summary\":{\"dataPoints\":[]}")},
        {BYTES("\x4a\x02\x18\x01"), WRITTEN("\"histogram\":{\"dataPoints\":[]}")},
        /* of two the last stands, whole */
        {BYTES("\x3a\x06\x10\x02\x18\x01\x0a\x00\x2a\x00"), WRITTEN("\"gauge\":{\"dataPoints\":[]}")},
    };
    static const uint32_t fields[] = {1, 2, 2};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = cases[i].n;
        uint8_t *bytes = test_wrap(fields, COUNT_OF(fields), cases[i].bytes, &n);
        char *written = test_json_again(signal, false, bytes, n);

        assert_string_equal(written, cases[i].written);
        free(written);
        free(bytes);
    }
}

static void bad_protobuf_is_refused(void **state)
{
    static const struct {
        uint32_t type;
        const char *bytes; /* of a point */
        size_t n;
    } cases[] = {
        {GAUGE, BYTES("\x2a\x03\x22\x01z")}, /* ids of other lengths, in exemplars */
        {GAUGE, BYTES("\x2a\x0a\x2a\x08"
                      "12345678")},
        {HISTOGRAM, BYTES("\x42\x03\x22\x01z")},
        {EXPONENTIAL, BYTES("\x5a\x03\x2a\x01z")},
        {GAUGE, BYTES("\x3a\x03\x0a\x01\xff")}, /* a key that is not UTF-8 */
        {GAUGE, BYTES("\x2a\x05\x3a\x03\x0a\x01\xff")},
        {HISTOGRAM, BYTES("\x32\x07"
                          "1234567")}, /* packed, but not of whole numbers */
        {HISTOGRAM, BYTES("\x32\x09"
                          "123456789")},
        {HISTOGRAM, BYTES("\x3a\x01"
                          "1")},
        {EXPONENTIAL, BYTES("\x42\x03\x12\x01\x80")},
        {EXPONENTIAL, BYTES("\x4a\x04\x12\x02\x01\xff")},
        {EXPONENTIAL, BYTES("\x42\x0d\x12\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
        {EXPONENTIAL, BYTES("\x42\x01\x08")},
        {SUMMARY, BYTES("\x32\x01\x09")},
        {GAUGE, BYTES("\x00\x00")},
        /* fields of another wire type than theirs */
        {GAUGE, BYTES("\x10\x05")},
        {GAUGE, BYTES("\x18\x05")},
        {GAUGE, BYTES("\x22\x00")},
        {GAUGE, BYTES("\x30\x05")},
        {GAUGE, BYTES("\x28\x05")},
        {GAUGE, BYTES("\x38\x05")},
        {GAUGE, BYTES("\x42\x00")},
        {GAUGE, BYTES("\x2a\x02\x10\x05")},
        {GAUGE, BYTES("\x2a\x02\x20\x05")},
        {HISTOGRAM, BYTES("\x20\x05")},
        {HISTOGRAM, BYTES("\x28\x05")},
        {HISTOGRAM, BYTES("\x30\x05")},
        {HISTOGRAM, BYTES("\x3d"
                          "1234")},
        {HISTOGRAM, BYTES("\x58\x05")},
        {EXPONENTIAL, BYTES("\x31" ONE)},
        {EXPONENTIAL, BYTES("\x40\x05")},
        {EXPONENTIAL, BYTES("\x70\x05")},
        {EXPONENTIAL, BYTES("\x42\x09\x11" ONE)},
        {EXPONENTIAL, BYTES("\x42\x05\x0d"
                            "1234")},
        {SUMMARY, BYTES("\x28\x05")},
        {SUMMARY, BYTES("\x32\x02\x08\x05")},
        {SUMMARY, BYTES("\x30\x05")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const uint32_t fields[] = {1, 2, 2, cases[i].type, 1};
        size_t n = cases[i].n;
        uint8_t *bytes = test_wrap(fields, COUNT_OF(fields), cases[i].bytes, &n);
        struct gsp__arena arena;
        struct gsp__metrics out;

        assert_true(gsp__arena_init(&arena, 1 << 16));
        if (gsp__otlp_metrics_from_pb(bytes, n, &arena, &out, NULL) == GSP_OK)
            fail_msg("case %zu is taken", i);
        gsp__arena_deinit(&arena);
        test_refused(signal, false, bytes, n, GSP_ERR_FORMAT);
        free(bytes);
    }
}

/* The arena that decode.h promises is enough for the input that needs most. */
static void the_promised_arena_suffices(void **state)
{
    static const struct {
        uint32_t fields[6];
        size_t n_fields;
        uint8_t number; /* of the empty field, repeated */
    } cases[] = {
        {{1, 2}, 2, 2},                 /* metrics */
        {{1, 2, 2}, 3, GAUGE},          /* one metric's data, again and again */
        {{1, 2, 2, GAUGE}, 4, 1},       /* points */
        {{1, 2, 2, HISTOGRAM}, 4, 1},   /* */
        {{1, 2, 2, EXPONENTIAL}, 4, 1}, /* */
        {{1, 2, 2, SUMMARY}, 4, 1},     /* */
        {{1, 2, 2, GAUGE, 1}, 5, 5},    /* exemplars */
        {{1, 2, 2, SUMMARY, 1}, 5, 6},  /* quantiles */
    };
    char bytes[2000];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t size = 2; size <= sizeof bytes; size *= 10) {
            struct gsp__arena arena;
            struct gsp__metrics out;
            size_t n = size;
            uint8_t *pb;

            for (size_t k = 0; k < size; k += 2) {
                bytes[k] = (char)(cases[i].number << 3 | GSP__PB_BYTES);
                bytes[k + 1] = 0;
            }
            pb = test_wrap(cases[i].fields, cases[i].n_fields, bytes, &n);
            assert_true(gsp__arena_init(&arena, GSP__OTLP_ARENA_PER_BYTE * n));
            assert_int_equal(gsp__otlp_metrics_from_pb(pb, n, &arena, &out, NULL), GSP_OK);
            gsp__arena_deinit(&arena);
            free(pb);
        }
}

/* The same of JSON, whose shortest point is "{},". */
static void the_promised_arena_suffices_for_json(void **state)
{
    struct gsp__buffer b = {0};
    struct gsp__arena arena;
    struct gsp__metrics out;

    (void)state;
    gsp__buffer_add_string(&b, "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"gauge\":"
                               "{\"dataPoints\":[{}");
    for (int i = 0; i < 5000; i++)
        gsp__buffer_add_string(&b, ",{}");
    gsp__buffer_add_string(&b, "]}}]}]}]}");
    assert_false(b.failed);
    assert_true(gsp__arena_init(&arena, GSP__OTLP_ARENA_PER_BYTE * b.n));
    assert_int_equal(gsp__otlp_metrics_from_json(b.data, b.n, &arena, &out, NULL), GSP_OK);
    gsp__arena_deinit(&arena);
    gsp__buffer_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CODEC_TESTS((void *)(uintptr_t)&test_metrics_signal),
        cmocka_unit_test(metrics_in_json),
        cmocka_unit_test(resources_and_scopes_in_json),
        cmocka_unit_test(json_of_others_is_read),
        cmocka_unit_test(bad_json_is_refused),
        cmocka_unit_test(protobuf_of_others_is_read),
        cmocka_unit_test(metrics_of_others_are_read),
        cmocka_unit_test(bad_protobuf_is_refused),
        cmocka_unit_test(the_promised_arena_suffices),
        cmocka_unit_test(the_promised_arena_suffices_for_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
