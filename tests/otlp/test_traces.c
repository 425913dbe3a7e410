/* Traces in OTLP protobuf and JSON: there and back, the rules of OTLP/JSON, bad input, ceilings. */
#include "otlp/codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "otlp/decode.h"
#include "otlp/encode_json.h"
#include "otlp/encode_protobuf.h"
#include "otlp/literal.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define SPAN(fields)    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" fields "}]}]}]}"
#define VALUE(fields)   SPAN("\"attributes\":[{\"key\":\"k\",\"value\":{" fields "}}]")
#define BYTES(literal)  literal, sizeof(literal) - 1
#define TRACE_ID_JSON   "000102030405060708090a0b0c0d0e0f"
#define TRACE_ID_PB     "\x0a\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
#define SPAN_ID_PB      "\x12\x08\x01\x02\x03\x04\x05\x06\x07\x08"

/* What a decoded span without any field looks like when it is written. */
#define NO_IDS "\"traceId\":\"00000000000000000000000000000000\",\"spanId\":\"0000000000000000\""
#define WRITTEN(fields)                                                                                      \
    "{\"resourceSpans\":[{\"resource\":{},\"scopeSpans\":[{\"scope\":{},\"spans\":[{" fields "}]}]}]}"
#define WRITTEN_VALUE(fields) WRITTEN(NO_IDS ",\"attributes\":[{\"key\":\"k\",\"value\":{" fields "}}]")

static const struct test_signal *const signal = &test_traces_signal;

static union test_model model_of(const struct gsp__span_data *span, struct gsp__scope_spans *scope,
                                 struct gsp__resource_spans *resource)
{
    *scope = (struct gsp__scope_spans){.spans = span, .n_spans = 1};
    *resource = (struct gsp__resource_spans){.scopes = scope, .n_scopes = 1};
    return (union test_model){.traces = {resource, 1}};
}

/*
 * The rules of OTLP/JSON.
 */

static void values_in_json(void **state)
{
    static const struct gsp__value items[] = {
        {.type = GSP__VALUE_INT, .u = {.integer = 1}},
        {.type = GSP__VALUE_NONE},
        {.type = GSP__VALUE_ARRAY},
    };
    static const struct gsp__attribute pairs[] = {
        {{"a", 1}, {.type = GSP__VALUE_BOOL, .u = {.boolean = true}}},
        {{"", 0}, {.type = GSP__VALUE_MAP}},
    };
    static const struct {
        struct gsp__value value;
        const char *json;
    } cases[] = {
        {{.type = GSP__VALUE_NONE}, WRITTEN_VALUE("")},
        {{.type = GSP__VALUE_STRING, .u = {.string = LITERAL("")}}, WRITTEN_VALUE("\"stringValue\":\"\"")},
        {{.type = GSP__VALUE_STRING, .u = {.string = LITERAL("a\"\x01\0b")}},
         WRITTEN_VALUE("\"stringValue\":\"a\\\"\\u0001\\u0000b\"")},
        {{.type = GSP__VALUE_BOOL, .u = {.boolean = false}}, WRITTEN_VALUE("\"boolValue\":false")},
        {{.type = GSP__VALUE_BOOL, .u = {.boolean = true}}, WRITTEN_VALUE("\"boolValue\":true")},
        {{.type = GSP__VALUE_INT, .u = {.integer = 0}}, WRITTEN_VALUE("\"intValue\":\"0\"")},
        {{.type = GSP__VALUE_INT, .u = {.integer = INT64_MIN}},
         WRITTEN_VALUE("\"intValue\":\"-9223372036854775808\"")},
        {{.type = GSP__VALUE_INT, .u = {.integer = INT64_MAX}},
         WRITTEN_VALUE("\"intValue\":\"9223372036854775807\"")},
        {{.type = GSP__VALUE_DOUBLE, .u = {.real = 1.5}}, WRITTEN_VALUE("\"doubleValue\":1.5")},
        {{.type = GSP__VALUE_DOUBLE, .u = {.real = 0}}, WRITTEN_VALUE("\"doubleValue\":0")},
        {{.type = GSP__VALUE_DOUBLE, .u = {.real = -0.0}}, WRITTEN_VALUE("\"doubleValue\":-0.0")},
        {{.type = GSP__VALUE_DOUBLE, .u = {.real = NAN}}, WRITTEN_VALUE("\"doubleValue\":\"NaN\"")},
        {{.type = GSP__VALUE_DOUBLE, .u = {.real = INFINITY}}, WRITTEN_VALUE("\"doubleValue\":\"Infinity\"")},
        {{.type = GSP__VALUE_DOUBLE, .u = {.real = -INFINITY}},
         WRITTEN_VALUE("\"doubleValue\":\"-Infinity\"")},
        {{.type = GSP__VALUE_BYTES, .u = {.string = LITERAL("")}}, WRITTEN_VALUE("\"bytesValue\":\"\"")},
        {{.type = GSP__VALUE_BYTES, .u = {.string = LITERAL("\xfb\xff")}},
         WRITTEN_VALUE("\"bytesValue\":\"+/8=\"")},
        {{.type = GSP__VALUE_ARRAY}, WRITTEN_VALUE("\"arrayValue\":{\"values\":[]}")},
        {{.type = GSP__VALUE_ARRAY, .n = 3, .u = {.items = items}},
         WRITTEN_VALUE("\"arrayValue\":{\"values\":[{\"intValue\":\"1\"},{},"
                       "{\"arrayValue\":{\"values\":[]}}]}")},
        {{.type = GSP__VALUE_MAP}, WRITTEN_VALUE("\"kvlistValue\":{\"values\":[]}")},
        {{.type = GSP__VALUE_MAP, .n = 2, .u = {.pairs = pairs}},
         WRITTEN_VALUE("\"kvlistValue\":{\"values\":["
                       "{\"key\":\"a\",\"value\":{\"boolValue\":true}},"
                       "{\"key\":\"\",\"value\":{\"kvlistValue\":{\"values\":[]}}}]}")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gsp__attribute attribute = {{"k", 1}, cases[i].value};
        struct gsp__span_data span = {.attributes = {&attribute, 1, 0}};
        struct gsp__resource_spans resource;
        struct gsp__scope_spans scope;
        union test_model m = model_of(&span, &scope, &resource);
        char *json = test_to_json(signal, &m);
        char *again = test_json_again(signal, true, json, strlen(json));

        assert_string_equal(json, cases[i].json);
        assert_string_equal(again, cases[i].json);
        free(json);
        free(again);
    }
}

static void a_whole_span_in_json(void **state)
{
    struct gsp__attribute a = {{"n", 1}, {.type = GSP__VALUE_INT, .u = {.integer = 5}}};
    struct gsp__span_event events[] = {
        {18, GSP__STRING("first"), {&a, 1, 2}},
        {0},
    };
    struct gsp__span_link links[] = {
        {{0xab, [15] = 0xcd}, {0xef}, 0x301, GSP__STRING("x=y"), {&a, 1, 3}},
        {{1}, {2}, 0, {0}, {0}},
    };
    struct gsp__span_data span = {
        .trace_id = {0x5b, 0x8e, 0xff, 0xf7, 0x98, 3, 0x81, 3, 0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6,
                     0x0c},
        .span_id = {0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74},
        .parent_span_id = {0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x73},
        .has_parent = true,
        .kind = 3,
        .status = GSP__STATUS_ERROR,
        .flags = 0x101,
        .name = GSP__STRING("chat"),
        .trace_state = GSP__STRING("a=1"),
        .status_message = GSP__STRING("no"),
        .start_unix_ns = 1544712660000000000,
        .end_unix_ns = UINT64_MAX,
        .attributes = {&a, 1, 4},
        .events = events,
        .n_events = 2,
        .n_dropped_events = 5,
        .links = links,
        .n_links = 2,
        .n_dropped_links = UINT32_MAX,
    };
    struct gsp__scope_spans scope;
    struct gsp__resource_spans resource;
    union test_model m = model_of(&span, &scope, &resource);
    char *json;

    (void)state;
    scope.scope = (struct gsp__instrumentation_scope){GSP__STRING("s"), GSP__STRING("1"), {&a, 1, 6}};
    scope.schema_url = GSP__STRING("http://inner");
    resource.resource.attributes = (struct gsp__attributes){&a, 1, 7};
    resource.schema_url = GSP__STRING("http://outer");
    json = test_to_json(signal, &m);
    assert_string_equal(
        json, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"n\",\"value\":"
              "{\"intValue\":\"5\"}}],\"droppedAttributesCount\":7},\"scopeSpans\":[{\"scope\":"
              "{\"name\":\"s\",\"version\":\"1\",\"attributes\":[{\"key\":\"n\",\"value\":"
              "{\"intValue\":\"5\"}}],\"droppedAttributesCount\":6},\"spans\":[{"
              "\"traceId\":\"5b8efff798038103d269b633813fc60c\",\"spanId\":\"eee19b7ec3c1b174\","
              "\"traceState\":\"a=1\",\"parentSpanId\":\"eee19b7ec3c1b173\",\"flags\":257,"
              "\"name\":\"chat\",\"kind\":3,\"startTimeUnixNano\":\"1544712660000000000\","
              "\"endTimeUnixNano\":\"18446744073709551615\",\"attributes\":[{\"key\":\"n\",\"value\":"
              "{\"intValue\":\"5\"}}],\"droppedAttributesCount\":4,\"events\":[{\"timeUnixNano\":\"18\","
              "\"name\":\"first\",\"attributes\":[{\"key\":\"n\",\"value\":{\"intValue\":\"5\"}}],"
              "\"droppedAttributesCount\":2},{}],\"droppedEventsCount\":5,\"links\":[{\"traceId\":"
              "\"ab0000000000000000000000000000cd\",\"spanId\":\"ef00000000000000\",\"traceState\":"
              "\"x=y\",\"attributes\":[{\"key\":\"n\",\"value\":{\"intValue\":\"5\"}}],"
              "\"droppedAttributesCount\":3,\"flags\":769},{\"traceId\":"
              "\"01000000000000000000000000000000\",\"spanId\":\"0200000000000000\"}],"
              "\"droppedLinksCount\":4294967295,\"status\":{\"message\":\"no\",\"code\":2}}],"
              "\"schemaUrl\":\"http://inner\"}],\"schemaUrl\":\"http://outer\"}]}");
    free(json);
}

/* A line may be built piece by piece; it is the same line. */
static void pieces_make_the_same_json(void **state)
{
    const struct gsp__resource_spans *r = &signal->sample().traces.resources[0];
    const struct gsp__scope_spans *s = &r->scopes[0];
    struct gsp__scope_spans bare_scope = {.scope = s->scope, .spans = s->spans, .n_spans = s->n_spans};
    struct gsp__resource_spans bare = {.resource = r->resource, .scopes = &bare_scope, .n_scopes = 1};
    union test_model m = {.traces = {&bare, 1}};
    char *whole = test_to_json(signal, &m);
    struct gsp__buffer b = {0};

    (void)state;
    gsp__otlp_open_json(&b, "resourceSpans", "scopeSpans", "spans", &r->resource, &s->scope, GSP__STRING(""));
    for (uint32_t i = 0; i < s->n_spans; i++)
        gsp__otlp_span_json(&b, &s->spans[i]);
    gsp__otlp_close_json(&b);
    gsp__buffer_add_char(&b, 0);
    assert_false(b.failed);
    assert_string_equal(b.data, whole);
    gsp__buffer_deinit(&b);
    free(whole);
}

static void pieces_make_the_same_protobuf(void **state)
{
    const struct gsp__resource_spans *r = &signal->sample().traces.resources[0];
    const struct gsp__scope_spans *s = &r->scopes[0];
    struct gsp__resource_spans bare = {.resource = r->resource, .scopes = s, .n_scopes = 1};
    union test_model m = {.traces = {&bare, 1}};
    size_t n;
    uint8_t *whole = test_to_pb(signal, &m, &n), *room = malloc(n);
    struct gsp__pb_writer w;

    (void)state;
    gsp__pb_write_init(&w, room, n);
    gsp__otlp_open_pb(&w, s->schema_url);
    for (uint32_t i = s->n_spans; i-- > 0;)
        gsp__otlp_span_pb(&w, 2, &s->spans[i]);
    gsp__otlp_close_pb(&w, room + n, &r->resource, &s->scope);
    assert_false(w.is_full);
    assert_ptr_equal(w.at, room);
    assert_memory_equal(room, whole, n);
    free(whole);
    free(room);
}

/*
 * JSON as others write it.
 */

static void json_of_others_is_read(void **state)
{
    static const struct {
        const char *json, *written;
    } cases[] = {
        {" { } ", "{\"resourceSpans\":[]}"},
        {"{\"resourceSpans\":null}", "{\"resourceSpans\":[]}"},
        {"{\"resourceSpans\":[],\"other\":[{\"x\":1}]}", "{\"resourceSpans\":[]}"},
        {"{\"resourceSpans\":[{}]}", "{\"resourceSpans\":[{\"resource\":{},\"scopeSpans\":[]}]}"},
        {"{\"resourceSpans\":[{\"resource\":null,\"scopeSpans\":null,\"schemaUrl\":null}]}",
         "{\"resourceSpans\":[{\"resource\":{},\"scopeSpans\":[]}]}"},
        {"{\"resourceSpans\":[{\"scopeSpans\":[{\"scope\":null,\"spans\":null}]}]}",
         "{\"resourceSpans\":[{\"resource\":{},\"scopeSpans\":[{\"scope\":{},\"spans\":[]}]}]}"},
        {SPAN(""), WRITTEN(NO_IDS)},
        /* hex of either case */
        {SPAN("\"traceId\":\"5B8EFFF798038103D269B633813FC60C\",\"spanId\":\"EEE19B7ec3c1b174\","
              "\"parentSpanId\":\"EEE19B7EC3C1B173\""),
         WRITTEN("\"traceId\":\"5b8efff798038103d269b633813fc60c\",\"spanId\":\"eee19b7ec3c1b174\","
                 "\"parentSpanId\":\"eee19b7ec3c1b173\"")},
        {SPAN("\"traceId\":\"\",\"spanId\":\"\",\"parentSpanId\":\"\""), WRITTEN(NO_IDS)},
        /* 64-bit integers as numbers and as strings, 32-bit ones too */
        {SPAN("\"startTimeUnixNano\":1544712660000000000,\"endTimeUnixNano\":\"1544712660000000001\""),
         WRITTEN(NO_IDS ",\"startTimeUnixNano\":\"1544712660000000000\","
                        "\"endTimeUnixNano\":\"1544712660000000001\"")},
        {SPAN("\"droppedAttributesCount\":\"7\",\"flags\":\"257\",\"kind\":2"),
         WRITTEN(NO_IDS ",\"flags\":257,\"kind\":2,\"droppedAttributesCount\":7")},
        {SPAN("\"events\":[{\"timeUnixNano\":5}],\"links\":[{\"spanId\":\"00000000000000AA\"}]"),
         WRITTEN(NO_IDS ",\"events\":[{\"timeUnixNano\":\"5\"}],\"links\":[{\"traceId\":"
                        "\"00000000000000000000000000000000\",\"spanId\":\"00000000000000aa\"}]")},
        {VALUE("\"intValue\":-3"), WRITTEN_VALUE("\"intValue\":\"-3\"")},
        {VALUE("\"intValue\":\"-3\""), WRITTEN_VALUE("\"intValue\":\"-3\"")},
        {VALUE("\"intValue\":\"-9223372036854775808\""),
         WRITTEN_VALUE("\"intValue\":\"-9223372036854775808\"")},
        {VALUE("\"doubleValue\":2"), WRITTEN_VALUE("\"doubleValue\":2")},
        {VALUE("\"doubleValue\":\"2.5\""), WRITTEN_VALUE("\"doubleValue\":2.5")},
        {VALUE("\"doubleValue\":1e300"), WRITTEN_VALUE("\"doubleValue\":1e+300")},
        {VALUE("\"bytesValue\":\"-_8\""), WRITTEN_VALUE("\"bytesValue\":\"+/8=\"")},
        {VALUE("\"bytesValue\":\"Zg\""), WRITTEN_VALUE("\"bytesValue\":\"Zg==\"")},
        {VALUE("\"stringValue\":\"\\u20ac\\ud83d\\ude00\\u0000\\/\""),
         WRITTEN_VALUE("\"stringValue\":\"\xe2\x82\xac\xf0\x9f\x98\x80\\u0000/\"")},
        {VALUE("\"arrayValue\":{}"), WRITTEN_VALUE("\"arrayValue\":{\"values\":[]}")},
        {VALUE("\"kvlistValue\":{\"values\":null}"), WRITTEN_VALUE("\"kvlistValue\":{\"values\":[]}")},
        /* null is as good as absent */
        {SPAN("\"traceId\":null,\"spanId\":null,\"parentSpanId\":null,\"traceState\":null,"
              "\"flags\":null,\"name\":null,\"kind\":null,\"startTimeUnixNano\":null,"
              "\"endTimeUnixNano\":null,\"attributes\":null,\"droppedAttributesCount\":null,"
              "\"events\":null,\"droppedEventsCount\":null,\"links\":null,"
              "\"droppedLinksCount\":null,\"status\":null"),
         WRITTEN(NO_IDS)},
        {SPAN("\"status\":{\"code\":null,\"message\":null}"), WRITTEN(NO_IDS)},
        {SPAN("\"attributes\":[{\"key\":\"k\",\"value\":null}]"), WRITTEN_VALUE("")},
        {SPAN("\"attributes\":[{\"key\":\"k\"}]"), WRITTEN_VALUE("")},
        {SPAN("\"attributes\":[{\"key\":null,\"value\":{}}]"),
         WRITTEN(NO_IDS ",\"attributes\":[{\"key\":\"\",\"value\":{}}]")},
        {VALUE("\"stringValue\":null,\"boolValue\":null,\"intValue\":null,\"doubleValue\":null,"
               "\"arrayValue\":null,\"kvlistValue\":null,\"bytesValue\":null"),
         WRITTEN_VALUE("")},
        {VALUE("\"intValue\":null,\"doubleValue\":0.5"), WRITTEN_VALUE("\"doubleValue\":0.5")},
        {VALUE("\"stringValue\":null,\"bytesValue\":\"\""), WRITTEN_VALUE("\"bytesValue\":\"\"")},
        /* unknown keys, snake_case among them */
        {SPAN("\"trace_id\":5,\"new\":{\"a\":[1,2,{\"b\":null}]},\"kind\":5"), WRITTEN(NO_IDS ",\"kind\":5")},
        {VALUE("\"stringValueStrindex\":4,\"x\":[]"), WRITTEN_VALUE("")},
        {SPAN("\"status\":{\"code\":1,\"deprecatedCode\":\"X\"}"),
         WRITTEN(NO_IDS ",\"status\":{\"code\":1}")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *written;

        written = test_json_again(signal, true, cases[i].json, strlen(cases[i].json));
        assert_string_equal(written, cases[i].written);
        free(written);
    }
}

static void bad_json_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "[]",
        "null",
        "5",
        "{",
        "{}x",
        "{\"a\":1,\"a\":2}",
        "{\"resourceSpans\":{}}",
        "{\"resourceSpans\":[5]}",
        "{\"resourceSpans\":[null]}",
        "{\"resourceSpans\":[{\"resource\":5}]}",
        "{\"resourceSpans\":[{\"resource\":[]}]}",
        "{\"resourceSpans\":[{\"schemaUrl\":5}]}",
        "{\"resourceSpans\":[{\"scopeSpans\":5}]}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"scope\":\"x\"}]}]}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"scope\":{\"name\":5}}]}]}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":{}}]}]}",
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[[]]}]}]}",
        /* enums are integers */
        SPAN("\"kind\":\"SPAN_KIND_CLIENT\""),
        SPAN("\"kind\":\"3\""),
        SPAN("\"kind\":3.0"),
        SPAN("\"kind\":-1"),
        SPAN("\"kind\":256"),
        SPAN("\"kind\":true"),
        SPAN("\"status\":{\"code\":\"STATUS_CODE_ERROR\"}"),
        SPAN("\"status\":{\"code\":\"ERROR\"}"),
        SPAN("\"status\":{\"code\":257}"),
        SPAN("\"status\":2"),
        SPAN("\"status\":[]"),
        SPAN("\"status\":{\"message\":2}"),
        /* ids are hex, of their length */
        SPAN("\"traceId\":\"5b8efff798038103d269b633813fc60\""),
        SPAN("\"traceId\":\"5b8efff798038103d269b633813fc60cc\""),
        SPAN("\"traceId\":\"5b8efff798038103d269b633813fc60g\""),
        SPAN("\"traceId\":\"W47/95gDgQPSabYzgT/GDA==\""),
        SPAN("\"traceId\":5"),
        SPAN("\"spanId\":\"eee19b7ec3c1b17\""),
        SPAN("\"spanId\":\" ee19b7ec3c1b174\""),
        SPAN("\"parentSpanId\":\"eee19b7ec3c1b174eee19b7ec3c1b174\""),
        SPAN("\"parentSpanId\":false"),
        SPAN("\"links\":[{\"traceId\":\"0g\"}]"),
        /* numbers */
        SPAN("\"startTimeUnixNano\":-1"),
        SPAN("\"startTimeUnixNano\":\"-1\""),
        SPAN("\"startTimeUnixNano\":\"\""),
        SPAN("\"startTimeUnixNano\":\"1x\""),
        SPAN("\"startTimeUnixNano\":\"1\\u00002\""),
        SPAN("\"startTimeUnixNano\":\" 1\""),
        SPAN("\"startTimeUnixNano\":\"0x1\""),
        SPAN("\"startTimeUnixNano\":\"18446744073709551616\""),
        SPAN("\"startTimeUnixNano\":1.5"),
        SPAN("\"startTimeUnixNano\":true"),
        SPAN("\"startTimeUnixNano\":[]"),
        SPAN("\"droppedAttributesCount\":4294967296"),
        SPAN("\"flags\":-1"),
        VALUE("\"intValue\":1.5"),
        VALUE("\"intValue\":\"1.5\""),
        VALUE("\"intValue\":\"--1\""),
        VALUE("\"intValue\":\"-\""),
        VALUE("\"intValue\":\"9223372036854775808\""),
        VALUE("\"intValue\":\"-9223372036854775809\""),
        VALUE("\"intValue\":true"),
        VALUE("\"doubleValue\":\"nan\""),
        VALUE("\"doubleValue\":\"1,5\""),
        VALUE("\"doubleValue\":\"\""),
        VALUE("\"doubleValue\":\"1\\u0000x\""),
        VALUE("\"doubleValue\":1e400"),
        VALUE("\"doubleValue\":false"),
        VALUE("\"doubleValue\":NaN"),
        /* other types */
        SPAN("\"name\":5"),
        SPAN("\"name\":[\"x\"]"),
        SPAN("\"traceState\":{}"),
        SPAN("\"attributes\":{}"),
        SPAN("\"attributes\":[1]"),
        SPAN("\"attributes\":[{\"key\":5}]"),
        SPAN("\"attributes\":[{\"key\":\"k\",\"value\":5}]"),
        SPAN("\"attributes\":[{\"key\":\"k\",\"value\":\"v\"}]"),
        SPAN("\"attributes\":[{\"key\":\"k\",\"value\":[]}]"),
        SPAN("\"events\":5"),
        SPAN("\"events\":[\"e\"]"),
        SPAN("\"links\":{\"traceId\":\"\"}"),
        VALUE("\"stringValue\":5"),
        VALUE("\"stringValue\":{}"),
        VALUE("\"boolValue\":1"),
        VALUE("\"boolValue\":\"true\""),
        VALUE("\"arrayValue\":5"),
        VALUE("\"arrayValue\":[]"),
        VALUE("\"arrayValue\":{\"values\":5}"),
        VALUE("\"arrayValue\":{\"values\":[5]}"),
        VALUE("\"kvlistValue\":\"x\""),
        VALUE("\"kvlistValue\":{\"values\":[null]}"),
        VALUE("\"bytesValue\":5"),
        VALUE("\"bytesValue\":\"Zg!!\""),
        VALUE("\"bytesValue\":\"Z\""),
        VALUE("\"bytesValue\":\"Zm9vZ\""),
        VALUE("\"bytesValue\":\"Z=g=\""),
        /* text that is not UTF-8 */
        SPAN("\"name\":\"\xff\""),
        SPAN("\"name\":\"\xed\xa0\x80\""),
        SPAN("\"name\":\"\\ud800\""),
        SPAN("\"name\":\"\n\""),
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        test_refused(signal, true, cases[i], strlen(cases[i]), GSP_ERR_FORMAT);
}

/*
 * Protobuf as others write it.
 */

static const uint32_t to_span[] = {1, 2, 2};

static void protobuf_of_others_is_read(void **state)
{
    static const struct {
        const char *bytes; /* of a span */
        size_t n;
        const char *written;
    } cases[] = {
        {BYTES(""), WRITTEN(NO_IDS)},
        {BYTES(TRACE_ID_PB SPAN_ID_PB),
         WRITTEN("\"traceId\":\"" TRACE_ID_JSON "\",\"spanId\":\"0102030405060708\"")},
        /* fields in any order, the last of a field stands */
        {BYTES(SPAN_ID_PB "\x2a\x01z" TRACE_ID_PB "\x2a\x01"
                          "a"),
         WRITTEN("\"traceId\":\"" TRACE_ID_JSON "\",\"spanId\":\"0102030405060708\","
                 "\"name\":\"a\"")},
        /* empty ids are none */
        {BYTES("\x0a\x00\x12\x00\x22\x00"), WRITTEN(NO_IDS)},
        /* unknown fields of every wire type */
        {BYTES("\xc0\x3e\x05\xc1\x3e"
               "12345678"
               "\xc2\x3e\x03"
               "abc"
               "\xc5\x3e"
               "1234"
               "\x30\x03"),
         WRITTEN(NO_IDS ",\"kind\":3")},
        /* enums that are not known yet */
        {BYTES("\x30\x09"), WRITTEN(NO_IDS ",\"kind\":9")},
        {BYTES("\x30\x83\x02"), WRITTEN(NO_IDS)},
        {BYTES("\x7a\x03\x18\x81\x02"), WRITTEN(NO_IDS)},
        {BYTES("\x7a\x0b\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), WRITTEN(NO_IDS)},
        /* attributes: without a key, without a value, with an empty one, of a type to come */
        {BYTES("\x4a\x00"), WRITTEN(NO_IDS ",\"attributes\":[{\"key\":\"\",\"value\":{}}]")},
        {BYTES("\x4a\x03\x0a\x01k"), WRITTEN_VALUE("")},
        {BYTES("\x4a\x05\x0a\x01k\x12\x00"), WRITTEN_VALUE("")},
        {BYTES("\x4a\x07\x0a\x01k\x12\x02\x40\x07"), WRITTEN_VALUE("")},
        {BYTES("\x4a\x07\x12\x02\x18\x05\x0a\x01k"), WRITTEN_VALUE("\"intValue\":\"5\"")},
        {BYTES("\x4a\x09\x0a\x01k\x12\x04\x18\x05\x10\x01"), WRITTEN_VALUE("\"boolValue\":true")},
        {BYTES("\x4a\x08\x0a\x01k\x12\x03\x10\x80\x01"), WRITTEN_VALUE("\"boolValue\":true")},
        {BYTES("\x4a\x07\x0a\x01k\x12\x02\x2a\x00"), WRITTEN_VALUE("\"arrayValue\":{\"values\":[]}")},
        {BYTES("\x4a\x08\x0a\x01k\x12\x03\x3a\x01\xff"), WRITTEN_VALUE("\"bytesValue\":\"/w==\"")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = cases[i].n;
        uint8_t *bytes = test_wrap(to_span, COUNT_OF(to_span), cases[i].bytes, &n);
        char *written = test_json_again(signal, false, bytes, n);

        assert_string_equal(written, cases[i].written);
        free(written);
        free(bytes);
    }
}

static void bad_protobuf_is_refused(void **state)
{
    static const struct {
        const char *bytes; /* of a span */
        size_t n;
    } cases[] = {
        /* ids of other lengths */
        {BYTES("\x0a\x0f"
               "123456789012345")},
        {BYTES("\x0a\x11"
               "12345678901234567")},
        {BYTES("\x0a\x01"
               "1")},
        {BYTES("\x0a\x08"
               "12345678")},
        {BYTES("\x12\x07"
               "1234567")},
        {BYTES("\x12\x10"
               "1234567890123456")},
        {BYTES("\x22\x09"
               "123456789")},
        {BYTES("\x6a\x03\x0a\x01"
               "1")},
        {BYTES("\x6a\x03\x12\x01"
               "1")},
        /* strings that are not UTF-8 */
        {BYTES("\x2a\x01\xff")},
        {BYTES("\x2a\x02\xc0\x80")},
        {BYTES("\x2a\x03\xed\xa0\x80")},
        {BYTES("\x2a\x02\xe2\x82")},
        {BYTES("\x1a\x01\x80")},
        {BYTES("\x7a\x03\x12\x01\xff")},
        {BYTES("\x4a\x03\x0a\x01\xff")},
        {BYTES("\x4a\x08\x0a\x01k\x12\x03\x0a\x01\xff")},
        {BYTES("\x5a\x03\x12\x01\xff")},
        {BYTES("\x6a\x03\x1a\x01\xff")},
        /* messages that are none */
        {BYTES("\x00\x00")},
        {BYTES("\x0b\x0c")},
        {BYTES("\x4a\x01\x0a")},
        {BYTES("\x4a\x02\x0a\x01")},
        {BYTES("\x4a\x04\x12\x02\x0a\x05")},
        {BYTES("\x4a\x05\x12\x03\x2a\x01\x0a")},
        {BYTES("\x4a\x07\x12\x05\x2a\x03\x0a\x01\x08")},
        {BYTES("\x4a\x05\x12\x03\x32\x01\x0a")},
        {BYTES("\x5a\x01\x09")},
        {BYTES("\x6a\x01\x35")},
        {BYTES("\x7a\x01\x18")},
        {BYTES("\x7a\x05zzzz")},
        /* fields of another wire type than theirs */
        {BYTES("\x08\x05")},
        {BYTES("\x10\x05")},
        {BYTES("\x20\x05")},
        {BYTES("\x28\x05")},
        {BYTES("\x32\x01\x03")},
        {BYTES("\x31"
               "12345678")},
        {BYTES("\x38\x05")},
        {BYTES("\x40\x05")},
        {BYTES("\x48\x05")},
        {BYTES("\x52\x01\x05")},
        {BYTES("\x58\x05")},
        {BYTES("\x62\x01\x05")},
        {BYTES("\x68\x05")},
        {BYTES("\x72\x01\x05")},
        {BYTES("\x78\x05")},
        {BYTES("\x80\x01\x05")},
        {BYTES("\x4a\x02\x10\x05")},
        {BYTES("\x4a\x04\x12\x02\x08\x05")},
        {BYTES("\x4a\x04\x12\x02\x12\x00")},
        {BYTES("\x4a\x04\x12\x02\x1a\x00")},
        {BYTES("\x4a\x04\x12\x02\x20\x05")},
        {BYTES("\x4a\x04\x12\x02\x28\x05")},
        {BYTES("\x4a\x04\x12\x02\x30\x05")},
        {BYTES("\x4a\x04\x12\x02\x38\x05")},
        {BYTES("\x4a\x06\x12\x04\x2a\x02\x08\x05")},
        {BYTES("\x5a\x02\x08\x05")},
        {BYTES("\x6a\x02\x30\x05")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = cases[i].n;
        uint8_t *bytes = test_wrap(to_span, COUNT_OF(to_span), cases[i].bytes, &n);
        struct gsp__arena arena;
        struct gsp__traces out;

        assert_true(gsp__arena_init(&arena, 1 << 16));
        if (gsp__otlp_traces_from_pb(bytes, n, &arena, &out, NULL) == GSP_OK)
            fail_msg("case %zu is taken", i);
        gsp__arena_deinit(&arena);
        test_refused(signal, false, bytes, n, GSP_ERR_FORMAT);
        free(bytes);
    }
}

static void an_error_says_where(void **state)
{
    /* a name that is not UTF-8, in a span in a scope in a resource: at byte 8 */
    static const char bytes[] = "\x0a\x07\x12\x05\x12\x03\x2a\x01\xff";
    struct gsp__arena arena;
    struct gsp__traces out;
    gsp_error err = {0};

    (void)state;
    assert_true(gsp__arena_init(&arena, 4096));
    assert_int_equal(gsp__otlp_traces_from_pb(BYTES(bytes), &arena, &out, &err), GSP_ERR_FORMAT);
    assert_int_equal(err.offset, 8);
    assert_int_equal(gsp__otlp_traces_from_json("{\"a\":1 x", 8, &arena, &out, &err), GSP_ERR_FORMAT);
    assert_in_range(err.offset, 7, 8);
    gsp__arena_deinit(&arena);
}

/*
 * Depth.
 */

/* A value inside `depth` arrays and maps, in turn or all of one kind. */
static struct gsp__value nested(struct gsp__value *values, struct gsp__attribute *pairs, size_t depth,
                                bool has_arrays, bool has_maps)
{
    struct gsp__value v = {.type = GSP__VALUE_INT, .u = {.integer = 1}};

    for (size_t i = 0; i < depth; i++) {
        bool is_map = has_maps && (!has_arrays || i % 2);

        values[i] = v;
        pairs[i] = (struct gsp__attribute){{"k", 1}, v};
        v = (struct gsp__value){.type = is_map ? GSP__VALUE_MAP : GSP__VALUE_ARRAY, .n = 1};
        if (is_map)
            v.u.pairs = &pairs[i];
        else
            v.u.items = &values[i];
    }
    return v;
}

static void values_may_be_nested_to_the_limit_and_no_deeper(void **state)
{
    static const size_t depths[] = {1, GSP__OTLP_DEPTH_MAX, GSP__OTLP_DEPTH_MAX + 1, 100, 3000};
    static struct gsp__value values[3000];
    static struct gsp__attribute pairs[3000];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(depths); i++)
        for (int kind = 1; kind <= 3; kind++) {
            struct gsp__attribute attribute = {{"k", 1},
                                               nested(values, pairs, depths[i], kind & 1, kind & 2)};
            struct gsp__span_data span = {.attributes = {&attribute, 1, 0}};
            struct gsp__resource_spans resource;
            struct gsp__scope_spans scope;
            union test_model m = model_of(&span, &scope, &resource);
            char *json = test_to_json(signal, &m);
            size_t n;
            uint8_t *pb = test_to_pb(signal, &m, &n);

            if (depths[i] <= GSP__OTLP_DEPTH_MAX) {
                char *from_pb = test_json_again(signal, false, pb, n);
                char *from_json = test_json_again(signal, true, json, strlen(json));

                assert_string_equal(from_pb, json);
                assert_string_equal(from_json, json);
                free(from_pb);
                free(from_json);
            } else {
                test_refused(signal, false, pb, n, GSP_ERR_FORMAT);
                test_refused(signal, true, json, strlen(json), GSP_ERR_FORMAT);
            }
            free(json);
            free(pb);
        }
}

/* The arena that decode.h promises is enough for the input that needs most. */
static void the_promised_arena_suffices(void **state)
{
    static const struct {
        uint32_t fields[4];
        size_t n_fields;
        uint8_t number; /* of the empty field, repeated */
    } cases[] = {
        {{0}, 0, 1},        /* resources */
        {{1}, 1, 2},        /* scopes */
        {{1, 2}, 2, 2},     /* spans */
        {{1, 2, 2}, 3, 9},  /* attributes */
        {{1, 2, 2}, 3, 11}, /* events */
        {{1, 2, 2}, 3, 13}, /* links */
        {{1, 1}, 2, 1},     /* attributes of a resource */
    };
    char bytes[2000];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t size = 2; size <= sizeof bytes; size *= 10) {
            struct gsp__arena arena;
            struct gsp__traces out;
            size_t n = size;
            uint8_t *pb;

            for (size_t k = 0; k < size; k += 2) {
                bytes[k] = (char)(cases[i].number << 3 | GSP__PB_BYTES);
                bytes[k + 1] = 0;
            }
            pb = test_wrap(cases[i].fields, cases[i].n_fields, bytes, &n);
            assert_true(gsp__arena_init(&arena, GSP__OTLP_ARENA_PER_BYTE * n));
            assert_int_equal(gsp__otlp_traces_from_pb(pb, n, &arena, &out, NULL), GSP_OK);
            gsp__arena_deinit(&arena);
            free(pb);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CODEC_TESTS((void *)(uintptr_t)&test_traces_signal),
        cmocka_unit_test(values_in_json),
        cmocka_unit_test(a_whole_span_in_json),
        cmocka_unit_test(pieces_make_the_same_json),
        cmocka_unit_test(pieces_make_the_same_protobuf),
        cmocka_unit_test(json_of_others_is_read),
        cmocka_unit_test(bad_json_is_refused),
        cmocka_unit_test(protobuf_of_others_is_read),
        cmocka_unit_test(bad_protobuf_is_refused),
        cmocka_unit_test(an_error_says_where),
        cmocka_unit_test(values_may_be_nested_to_the_limit_and_no_deeper),
        cmocka_unit_test(the_promised_arena_suffices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
