/* Logs in OTLP protobuf and JSON: there and back, the rules of OTLP/JSON, bodies of every kind, bad input. */
#include "otlp/codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "otlp/decode.h"
#include "otlp/encode_json.h"
#include "otlp/encode_protobuf.h"
#include "otlp/literal.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define BYTES(literal)  literal, sizeof(literal) - 1
#define LOG(fields)     "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{" fields "}]}]}]}"
#define WRITTEN(fields)                                                                                      \
    "{\"resourceLogs\":[{\"resource\":{},\"scopeLogs\":[{\"scope\":{},\"logRecords\":[{" fields "}]}]}]}"

static const struct test_signal *const signal = &test_logs_signal;

static union test_model model_of(const struct gsp__log_data *log, struct gsp__scope_logs *scope,
                                 struct gsp__resource_logs *resource)
{
    *scope = (struct gsp__scope_logs){.logs = log, .n_logs = 1};
    *resource = (struct gsp__resource_logs){.scopes = scope, .n_scopes = 1};
    return (union test_model){.logs = {resource, 1}};
}

/*
 * The rules of OTLP/JSON.
 */

static void logs_in_json(void **state)
{
    static struct gsp__attribute pair = {{"k", 1}, {.type = GSP__VALUE_INT, .u = {.integer = 5}}};
    static const struct gsp__value item = {.type = GSP__VALUE_STRING, .u = {.string = LITERAL("i")}};
    static const struct {
        struct gsp__log_data log;
        const char *json;
    } cases[] = {
        {{0}, WRITTEN("")},
        {{.time_unix_ns = 1,
          .observed_unix_ns = UINT64_MAX,
          .severity = 17,
          .severity_text = LITERAL("ERROR"),
          .event_name = LITERAL("e"),
          .body = {.type = GSP__VALUE_STRING, .u = {.string = LITERAL("a\"b")}},
          .attributes = {&pair, 1, 2},
          .flags = UINT32_MAX,
          .has_trace_id = true,
          .has_span_id = true,
          .trace_id = {0xab, [15] = 0xcd},
          .span_id = {[7] = 0xef}},
         WRITTEN("\"timeUnixNano\":\"1\",\"observedTimeUnixNano\":\"18446744073709551615\","
                 "\"severityNumber\":17,\"severityText\":\"ERROR\",\"body\":{\"stringValue\":\"a\\\"b\"},"
                 "\"attributes\":[{\"key\":\"k\",\"value\":{\"intValue\":\"5\"}}],"
                 "\"droppedAttributesCount\":2,\"flags\":4294967295,"
                 "\"traceId\":\"ab0000000000000000000000000000cd\",\"spanId\":\"00000000000000ef\","
                 "\"eventName\":\"e\"")},
        {{.has_trace_id = true}, WRITTEN("\"traceId\":\"00000000000000000000000000000000\"")},
        {{.body = {.type = GSP__VALUE_STRING, .u = {.string = LITERAL("")}}},
         WRITTEN("\"body\":{\"stringValue\":\"\"}")},
        {{.body = {.type = GSP__VALUE_BOOL}}, WRITTEN("\"body\":{\"boolValue\":false}")},
        {{.body = {.type = GSP__VALUE_INT}}, WRITTEN("\"body\":{\"intValue\":\"0\"}")},
        {{.body = {.type = GSP__VALUE_DOUBLE, .u = {.real = -0.0}}},
         WRITTEN("\"body\":{\"doubleValue\":-0.0}")},
        {{.body = {.type = GSP__VALUE_DOUBLE, .u = {.real = NAN}}},
         WRITTEN("\"body\":{\"doubleValue\":\"NaN\"}")},
        {{.body = {.type = GSP__VALUE_ARRAY}}, WRITTEN("\"body\":{\"arrayValue\":{\"values\":[]}}")},
        {{.body = {.type = GSP__VALUE_ARRAY, .n = 1, .u = {.items = &item}}},
         WRITTEN("\"body\":{\"arrayValue\":{\"values\":[{\"stringValue\":\"i\"}]}}")},
        {{.body = {.type = GSP__VALUE_MAP}}, WRITTEN("\"body\":{\"kvlistValue\":{\"values\":[]}}")},
        {{.body = {.type = GSP__VALUE_MAP, .n = 1, .u = {.pairs = &pair}}},
         WRITTEN("\"body\":{\"kvlistValue\":{\"values\":[{\"key\":\"k\",\"value\":{\"intValue\":\"5\"}}]}}")},
        {{.body = {.type = GSP__VALUE_BYTES, .u = {.string = LITERAL("\xfb\xff")}}},
         WRITTEN("\"body\":{\"bytesValue\":\"+/8=\"}")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gsp__resource_logs resource;
        struct gsp__scope_logs scope;
        union test_model m = model_of(&cases[i].log, &scope, &resource);
        char *json = test_to_json(signal, &m), *from_json, *from_pb;
        size_t n;
        uint8_t *pb = test_to_pb(signal, &m, &n);

        assert_string_equal(json, cases[i].json);
        from_json = test_json_again(signal, true, json, strlen(json));
        from_pb = test_json_again(signal, false, pb, n);
        assert_string_equal(from_json, cases[i].json);
        assert_string_equal(from_pb, cases[i].json);
        free(json);
        free(from_json);
        free(from_pb);
        free(pb);
    }
}

static void resources_and_scopes_in_json(void **state)
{
    static struct gsp__attribute a = {{"k", 1}, {.type = GSP__VALUE_BOOL, .u = {.boolean = true}}};
    struct gsp__scope_logs scopes[] = {
        {.scope = {LITERAL("s"), LITERAL("1"), {&a, 1, 2}}, .schema_url = LITERAL("http://inner")},
        {.n_logs = 0}};
    struct gsp__resource_logs resources[] = {
        {.resource = {{&a, 1, 3}}, .schema_url = LITERAL("http://outer"), .scopes = scopes, .n_scopes = 2},
        {.n_scopes = 0}};
    union test_model m = {.logs = {resources, 2}};
    char *json = test_to_json(signal, &m);

    (void)state;
    assert_string_equal(json,
                        "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"k\",\"value\":"
                        "{\"boolValue\":true}}],\"droppedAttributesCount\":3},\"scopeLogs\":[{\"scope\":"
                        "{\"name\":\"s\",\"version\":\"1\",\"attributes\":[{\"key\":\"k\",\"value\":"
                        "{\"boolValue\":true}}],\"droppedAttributesCount\":2},\"logRecords\":[],"
                        "\"schemaUrl\":\"http://inner\"},{\"scope\":{},\"logRecords\":[]}],\"schemaUrl\":"
                        "\"http://outer\"},{\"resource\":{},\"scopeLogs\":[]}]}");
    free(json);
}

/* A line may be built piece by piece; it says the same. */
static void pieces_make_the_same_json(void **state)
{
    const struct gsp__resource_logs *r = &signal->sample().logs.resources[0];
    const struct gsp__scope_logs *s = &r->scopes[0];
    struct gsp__resource_logs bare = {.resource = r->resource, .scopes = s, .n_scopes = 1};
    struct gsp__logs expected = {&bare, 1}, out;
    struct gsp__buffer b = {0};
    struct gsp__arena arena;
    gsp_error err = {0};

    (void)state;
    assert_true(gsp__arena_init(&arena, 1 << 20));
    gsp__otlp_open_json(&b, "resourceLogs", "scopeLogs", "logRecords", &r->resource, &s->scope,
                        s->schema_url);
    for (uint32_t i = 0; i < s->n_logs; i++)
        gsp__otlp_log_json(&b, &s->logs[i]);
    gsp__otlp_close_json(&b);
    assert_false(b.failed);
    assert_int_equal(gsp__otlp_logs_from_json(b.data, b.n, &arena, &out, &err), GSP_OK);
    assert_null(
        test_logs_signal.difference(&(union test_model){.logs = expected}, &(union test_model){.logs = out}));
    gsp__buffer_deinit(&b);
    gsp__arena_deinit(&arena);
}

static void pieces_make_the_same_protobuf(void **state)
{
    const struct gsp__resource_logs *r = &signal->sample().logs.resources[0];
    const struct gsp__scope_logs *s = &r->scopes[0];
    struct gsp__resource_logs bare = {.resource = r->resource, .scopes = s, .n_scopes = 1};
    union test_model m = {.logs = {&bare, 1}};
    size_t n;
    uint8_t *whole = test_to_pb(signal, &m, &n), *room = malloc(n);
    struct gsp__pb_writer w;

    (void)state;
    gsp__pb_write_init(&w, room, n);
    gsp__otlp_open_pb(&w, s->schema_url);
    for (uint32_t i = s->n_logs; i-- > 0;)
        gsp__otlp_log_pb(&w, 2, &s->logs[i]);
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
        {"{}", "{\"resourceLogs\":[]}"},
        {"{\"resourceLogs\":null}", "{\"resourceLogs\":[]}"},
        {"{\"resourceLogs\":[{}]}", "{\"resourceLogs\":[{\"resource\":{},\"scopeLogs\":[]}]}"},
        {"{\"resourceLogs\":[{\"scopeLogs\":[{\"scope\":null,\"logRecords\":null}]}]}",
         "{\"resourceLogs\":[{\"resource\":{},\"scopeLogs\":[{\"scope\":{},\"logRecords\":[]}]}]}"},
        {LOG(""), WRITTEN("")},
        /* numbers for integers of 64 bits, strings for others; hex of either case */
        {LOG("\"timeUnixNano\":8,\"observedTimeUnixNano\":\"9\",\"flags\":\"1\",\"traceId\":"
             "\"5B8EFFF798038103D269B633813FC60C\",\"spanId\":\"EEE19B7ec3c1b174\""),
         WRITTEN("\"timeUnixNano\":\"8\",\"observedTimeUnixNano\":\"9\",\"flags\":1,\"traceId\":"
                 "\"5b8efff798038103d269b633813fc60c\",\"spanId\":\"eee19b7ec3c1b174\"")},
        /* an empty id is none, and a body without a value is none */
        {LOG("\"traceId\":\"\",\"spanId\":\"\""), WRITTEN("")},
        {LOG("\"body\":{}"), WRITTEN("")},
        {LOG("\"body\":{\"stringValue\":null}"), WRITTEN("")},
        {LOG("\"body\":{\"intValue\":-3}"), WRITTEN("\"body\":{\"intValue\":\"-3\"}")},
        {LOG("\"body\":{\"kvlistValue\":{}}"), WRITTEN("\"body\":{\"kvlistValue\":{\"values\":[]}}")},
        {LOG("\"body\":{\"bytesValue\":\"-_8\"}"), WRITTEN("\"body\":{\"bytesValue\":\"+/8=\"}")},
        /* null is as good as absent */
        {LOG("\"timeUnixNano\":null,\"observedTimeUnixNano\":null,\"severityNumber\":null,"
             "\"severityText\":null,\"body\":null,\"attributes\":null,\"droppedAttributesCount\":null,"
             "\"flags\":null,\"traceId\":null,\"spanId\":null,\"eventName\":null"),
         WRITTEN("")},
        /* a severity that is not known yet stays what it is */
        {LOG("\"severityNumber\":200"), WRITTEN("\"severityNumber\":200")},
        /* unknown keys, snake_case among them */
        {LOG("\"event_name\":5,\"later\":[{}],\"eventName\":\"x\""), WRITTEN("\"eventName\":\"x\"")},
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
        "{\"resourceLogs\":5}",
        "{\"resourceLogs\":[null]}",
        "{\"resourceLogs\":[{\"scopeLogs\":[7]}]}",
        "{\"resourceLogs\":[{\"scopeLogs\":[{\"schemaUrl\":5}]}]}",
        "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":{}}]}]}",
        "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[null]}]}]}",
        LOG("\"timeUnixNano\":-1"),
        LOG("\"observedTimeUnixNano\":1.5"),
        LOG("\"severityNumber\":\"SEVERITY_NUMBER_INFO\""),
        LOG("\"severityNumber\":\"9\""),
        LOG("\"severityNumber\":-1"),
        LOG("\"severityNumber\":256"),
        LOG("\"severityText\":9"),
        LOG("\"body\":\"text\""),
        LOG("\"body\":[]"),
        LOG("\"body\":{\"stringValue\":5}"),
        LOG("\"body\":{\"arrayValue\":[]}"),
        LOG("\"body\":{\"kvlistValue\":{\"values\":[5]}}"),
        LOG("\"body\":{\"bytesValue\":\"*\"}"),
        LOG("\"attributes\":{}"),
        LOG("\"droppedAttributesCount\":4294967296"),
        LOG("\"flags\":-1"),
        LOG("\"traceId\":\"5b8efff798038103d269b633813fc60\""),
        LOG("\"spanId\":\"eee19b7ec3c1b174eee19b7ec3c1b174\""),
        LOG("\"eventName\":{}"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        test_refused(signal, true, cases[i], strlen(cases[i]), GSP_ERR_FORMAT);
}

/*
 * Protobuf as others write it.
 */

static const uint32_t to_log[] = {1, 2, 2};

static void protobuf_of_others_is_read(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *written;
    } cases[] = {
        {BYTES(""), WRITTEN("")},
        /* defaults that are written out */
        {BYTES("\x10\x00\x1a\x00\x38\x00\x4a\x00\x52\x00\x62\x00"), WRITTEN("")},
        {BYTES("\x2a\x00"), WRITTEN("")},
        /* fields in any order; what comes twice: the last stands */
        {BYTES("\x62\x01"
               "e\x10\x09\x62\x01"
               "f\x10\x0d"),
         WRITTEN("\"severityNumber\":13,\"eventName\":\"f\"")},
        {BYTES("\x2a\x03\x0a\x01"
               "a\x2a\x02\x18\x07"),
         WRITTEN("\"body\":{\"intValue\":\"7\"}")},
        {BYTES("\x2a\x05\x0a\x01"
               "a\x10\x01"),
         WRITTEN("\"body\":{\"boolValue\":true}")},
        /* an enum is signed, and may be one of later versions */
        {BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), WRITTEN("")},
        {BYTES("\x10\xc8\x01"), WRITTEN("\"severityNumber\":200")},
        /* unknown fields of each wire type, and field 4, which is reserved */
        {BYTES("\x78\x05\x20\x05\x7a\x01x\xa1\x01"
               "12345678\xa5\x01"
               "1234\x10\x01"),
         WRITTEN("\"severityNumber\":1")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = cases[i].n;
        uint8_t *bytes = test_wrap(to_log, COUNT_OF(to_log), cases[i].bytes, &n);
        char *written = test_json_again(signal, false, bytes, n);

        assert_string_equal(written, cases[i].written);
        free(written);
        free(bytes);
    }
}

static void bad_protobuf_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } cases[] = {
        /* ids of another length than theirs */
        {BYTES("\x4a\x08"
               "12345678")},
        {BYTES("\x52\x10"
               "1234567890123456")},
        /* strings that are not UTF-8 */
        {BYTES("\x1a\x01\xff")},
        {BYTES("\x62\x02\xc0\x80")},
        {BYTES("\x2a\x03\x0a\x01\xff")},
        {BYTES("\x32\x03\x0a\x01\xff")},
        /* messages that are none */
        {BYTES("\x00\x00")},
        {BYTES("\x2a\x01\x0a")},
        {BYTES("\x2a\x04\x2a\x02\x0a\x05")},
        {BYTES("\x32\x05zzzz")},
        /* fields of another wire type than theirs */
        {BYTES("\x08\x05")},
        {BYTES("\x12\x01\x09")},
        {BYTES("\x15"
               "1234")},
        {BYTES("\x18\x05")},
        {BYTES("\x28\x05")},
        {BYTES("\x30\x05")},
        {BYTES("\x3a\x01\x05")},
        {BYTES("\x40\x05")},
        {BYTES("\x48\x05")},
        {BYTES("\x50\x05")},
        {BYTES("\x58\x05")},
        {BYTES("\x60\x05")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = cases[i].n;
        uint8_t *bytes = test_wrap(to_log, COUNT_OF(to_log), cases[i].bytes, &n);
        struct gsp__arena arena;
        struct gsp__logs out;

        assert_true(gsp__arena_init(&arena, 1 << 16));
        if (gsp__otlp_logs_from_pb(bytes, n, &arena, &out, NULL) == GSP_OK)
            fail_msg("case %zu is taken", i);
        gsp__arena_deinit(&arena);
        test_refused(signal, false, bytes, n, GSP_ERR_FORMAT);
        free(bytes);
    }
}

static void an_error_says_where(void **state)
{
    /* an event name that is not UTF-8, in a log record in a scope in a resource: at byte 8 */
    static const char bytes[] = "\x0a\x07\x12\x05\x12\x03\x62\x01\xff";
    struct gsp__arena arena;
    struct gsp__logs out;
    gsp_error err = {0};

    (void)state;
    assert_true(gsp__arena_init(&arena, 4096));
    assert_int_equal(gsp__otlp_logs_from_pb(BYTES(bytes), &arena, &out, &err), GSP_ERR_FORMAT);
    assert_int_equal(err.offset, 8);
    gsp__arena_deinit(&arena);
}

static void a_body_may_be_nested_to_the_limit_and_no_deeper(void **state)
{
    static struct gsp__value values[GSP__OTLP_DEPTH_MAX + 2];

    (void)state;
    for (size_t depth = GSP__OTLP_DEPTH_MAX; depth <= GSP__OTLP_DEPTH_MAX + 1; depth++) {
        struct gsp__log_data log = {0};
        struct gsp__resource_logs resource;
        struct gsp__scope_logs scope;
        union test_model m;
        char *json, *from_pb;
        uint8_t *pb;
        size_t n;

        values[0] = (struct gsp__value){.type = GSP__VALUE_INT, .u = {.integer = 1}};
        for (size_t i = 1; i <= depth; i++)
            values[i] = (struct gsp__value){.type = GSP__VALUE_ARRAY, .n = 1, .u = {.items = &values[i - 1]}};
        log.body = values[depth];
        m = model_of(&log, &scope, &resource);
        json = test_to_json(signal, &m);
        pb = test_to_pb(signal, &m, &n);
        if (depth == GSP__OTLP_DEPTH_MAX) {
            from_pb = test_json_again(signal, false, pb, n);
            assert_string_equal(from_pb, json);
            free(from_pb);
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
        {{0}, 0, 1},       /* resources */
        {{1}, 1, 2},       /* scopes */
        {{1, 2}, 2, 2},    /* log records */
        {{1, 2, 2}, 3, 6}, /* attributes */
    };
    char bytes[2000];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gsp__arena arena;
        struct gsp__logs out;
        size_t n = sizeof bytes;
        uint8_t *pb;

        for (size_t k = 0; k < sizeof bytes; k += 2) {
            bytes[k] = (char)(cases[i].number << 3 | GSP__PB_BYTES);
            bytes[k + 1] = 0;
        }
        pb = test_wrap(cases[i].fields, cases[i].n_fields, bytes, &n);
        assert_true(gsp__arena_init(&arena, GSP__OTLP_ARENA_PER_BYTE * n));
        assert_int_equal(gsp__otlp_logs_from_pb(pb, n, &arena, &out, NULL), GSP_OK);
        gsp__arena_deinit(&arena);
        free(pb);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CODEC_TESTS((void *)(uintptr_t)&test_logs_signal),
        cmocka_unit_test(logs_in_json),
        cmocka_unit_test(resources_and_scopes_in_json),
        cmocka_unit_test(pieces_make_the_same_json),
        cmocka_unit_test(pieces_make_the_same_protobuf),
        cmocka_unit_test(json_of_others_is_read),
        cmocka_unit_test(bad_json_is_refused),
        cmocka_unit_test(protobuf_of_others_is_read),
        cmocka_unit_test(bad_protobuf_is_refused),
        cmocka_unit_test(an_error_says_where),
        cmocka_unit_test(a_body_may_be_nested_to_the_limit_and_no_deeper),
        cmocka_unit_test(the_promised_arena_suffices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
