/* What a backend answers to an export: how many it refused and why, in protobuf and JSON. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "otlp/decode.h"
#include "otlp/protobuf.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static void protobuf_responses(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        bool is_response;
        int64_t n_rejected;
        const char *message;
    } cases[] = {
        {BYTES(""), true, 0, ""},
        {BYTES("\x0a\x00"), true, 0, ""},
        {BYTES("\x0a\x02\x08\x07"), true, 7, ""},
        {BYTES("\x0a\x0d\x08\xac\x02\x12\x08too long"), true, 300, "too long"},
        {BYTES("\x0a\x09\x12\x07warning"), true, 0, "warning"},
        {BYTES("\x0a\x0c\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x12\x00"), true, INT64_MAX, ""},
        {BYTES("\x12\x02\x08\x07\x1a\x01z\x0a\x06\x08\x01\x18\x05\x22\x00"), true, 1, ""},
        {BYTES("\x0a\x06\x08\x07\x12\x09zz"), false, 0, ""}, /* cut within */
        {BYTES("\x0a\x05\x08\x07"), false, 0, ""},
        {BYTES("\x0a\x02\x08\x07\x0b"), false, 0, ""},
        {BYTES("\x08"), false, 0, ""},
        {BYTES("<html>502 Bad Gateway</html>"), false, 0, ""},
        {BYTES("{\"partialSuccess\":{}}"), false, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy = malloc(cases[i].n);
        struct gsp__partial_success out;

        memset(&out, 0xaa, sizeof out);
        memcpy(copy, cases[i].bytes, cases[i].n);
        if (gsp__otlp_response_from_pb(copy, cases[i].n, &out) != cases[i].is_response)
            fail_msg("case %zu", i);
        assert_int_equal(out.n_rejected, cases[i].n_rejected);
        assert_string_equal(out.message, cases[i].message);
        free(copy);
    }
}

static void json_responses(void **state)
{
    static const struct {
        const char *json;
        bool is_response;
        int64_t n_rejected;
        const char *message;
    } cases[] = {
        {"", true, 0, ""},
        {"{}", true, 0, ""},
        {"{\"partialSuccess\":null}", true, 0, ""},
        {"{\"partialSuccess\":{}}", true, 0, ""},
        {"{\"partialSuccess\":{\"rejectedSpans\":\"7\"}}", true, 7, ""},
        {"{\"partialSuccess\":{\"rejectedSpans\":7,\"errorMessage\":\"too long\"}}", true, 7, "too long"},
        {"{\"partialSuccess\":{\"rejectedDataPoints\":\"300\"}}", true, 300, ""},
        {"{\"partialSuccess\":{\"rejectedLogRecords\":\"1\"}}", true, 1, ""},
        {"{\"partialSuccess\":{\"rejectedLogRecords\":4,\"errorMessage\":\"too old\"}}", true, 4, "too old"},
        {"{\"partialSuccess\":{\"errorMessage\":\"w\\u00e4rning\"}}", true, 0, "w\xc3\xa4rning"},
        {"{\"partialSuccess\":{\"rejectedSpans\":null,\"errorMessage\":null}}", true, 0, ""},
        {"{\"partialSuccess\":{\"later\":[1]},\"other\":5}", true, 0, ""},
        {"{\"partialSuccess\":{\"rejectedSpans\":\"x\"}}", false, 0, ""},
        {"{\"partialSuccess\":{\"rejectedSpans\":1.5,\"errorMessage\":\"m\"}}", false, 0, ""},
        {"{\"partialSuccess\":{\"rejectedSpans\":true}}", false, 0, ""},
        {"{\"partialSuccess\":5}", false, 0, ""},
        {"{\"partialSuccess\":{\"errorMessage\":5}}", false, 0, ""},
        {"[]", false, 0, ""},
        {"null", false, 0, ""},
        {"{", false, 0, ""},
        {"<html>502 Bad Gateway</html>", false, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gsp__partial_success out;

        memset(&out, 0xaa, sizeof out);
        if (gsp__otlp_response_from_json(cases[i].json, strlen(cases[i].json), &out) != cases[i].is_response)
            fail_msg("%s", cases[i].json);
        assert_int_equal(out.n_rejected, cases[i].n_rejected);
        assert_string_equal(out.message, cases[i].message);
    }
}

/* A message of any length is cut between characters, and always ends. */
static void long_messages_are_cut(void **state)
{
    static char text[2000], json[2100];
    struct gsp__partial_success out;

    (void)state;
    for (size_t n_chars = 80; n_chars < 90; n_chars++)
        for (size_t ahead = 0; ahead < 3; ahead++) {
            size_t n = ahead, n_whole;
            uint8_t room[2000];
            struct gsp__pb_writer w;

            memset(text, 'a', ahead);
            for (size_t i = 0; i < n_chars; i++, n += 3)
                memcpy(text + n, "\xe2\x82\xac", 3);
            text[n] = 0;
            gsp__pb_write_init(&w, room, sizeof room);
            gsp__pb_bytes(&w, 2, text, n);
            gsp__pb_message(&w, 1, room + sizeof room);
            memset(&out, 0xaa, sizeof out);
            assert_true(gsp__otlp_response_from_pb(w.at, (size_t)(room + sizeof room - w.at), &out));
            n_whole = n <= 255 ? n : 255 - (255 - ahead) % 3;
            assert_int_equal(strlen(out.message), n_whole);
            assert_memory_equal(out.message, text, n_whole);

            snprintf(json, sizeof json, "{\"partialSuccess\":{\"errorMessage\":\"%s\"}}", text);
            memset(&out, 0xaa, sizeof out);
            assert_true(gsp__otlp_response_from_json(json, strlen(json), &out));
            assert_int_equal(strlen(out.message), n_whole);
        }
}

/* It is printed: bytes that are no text must not get that far. */
static void messages_are_utf8(void **state)
{
    static const char bytes[] = "\x0a\x08\x12\x06"
                                "a\xff\xfe"
                                "b\xe2\x82";
    struct gsp__partial_success out;

    (void)state;
    assert_true(gsp__otlp_response_from_pb(BYTES(bytes), &out));
    assert_string_equal(out.message, "a\xef\xbf\xbd"
                                     "b\xef\xbf\xbd");
}

/* Whatever it is: no read outside it, a message that ends, and nothing said where it is refused. */
static void check_any(bool is_json, const char *bytes, size_t n)
{
    struct gsp__partial_success out;
    char *copy = malloc(n);
    bool is_response;

    assert_true(copy || n == 0);
    if (n)
        memcpy(copy, bytes, n);
    memset(&out, 0xaa, sizeof out);
    is_response =
        is_json ? gsp__otlp_response_from_json(copy, n, &out) : gsp__otlp_response_from_pb(copy, n, &out);
    assert_non_null(memchr(out.message, 0, sizeof out.message));
    assert_int_equal(gsp__utf8_valid_prefix(out.message, strlen(out.message)), strlen(out.message));
    if (!is_response) {
        assert_int_equal(out.n_rejected, 0);
        assert_string_equal(out.message, "");
    }
    free(copy);
}

static void cut_and_changed_responses_never_crash(void **state)
{
    static const struct {
        bool is_json;
        const char *bytes;
        size_t n;
    } cases[] = {
        {false, BYTES("\x0a\x10\x08\xac\x02\x12\x0b"
                      "too long \xc3\xa4\x12\x02\x08\x07")},
        {true,
         BYTES("{\"partialSuccess\":{\"rejectedSpans\":\"300\",\"errorMessage\":\"\\u0000too \xc3\xa4\"},"
               "\"x\":[{}]}")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *changed = malloc(cases[i].n);

        assert_non_null(changed);
        for (size_t n = 0; n <= cases[i].n; n++)
            check_any(cases[i].is_json, cases[i].bytes, n);
        memcpy(changed, cases[i].bytes, cases[i].n);
        for (size_t k = 0; k < 256 * cases[i].n; k++) {
            changed[k / 256] = (char)(k % 256);
            check_any(cases[i].is_json, changed, cases[i].n);
            changed[k / 256] = cases[i].bytes[k / 256];
        }
        free(changed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protobuf_responses),
        cmocka_unit_test(json_responses),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(messages_are_utf8),
        cmocka_unit_test(cut_and_changed_responses_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
