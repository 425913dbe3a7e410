/* Writing JSON: escapes, what is not UTF-8, numbers that JSON does not have, hex and base64. */
#include "support/set_locale.h"
#include "support/support.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "otlp/json_writer.h"
#include "otlp/literal.h"

/* Take the buffer's text and empty it. */
static const char *text_of(struct gsp__buffer *b)
{
    gsp__buffer_add_char(b, 0);
    assert_false(b->failed);
    b->n = 0;
    return b->data;
}

static void strings(void **state)
{
    static const struct {
        struct gsp__string s;
        const char *json;
    } cases[] = {
        {{"", 0}, "\"\""},
        {{NULL, 0}, "\"\""},
        {LITERAL("plain"), "\"plain\""},
        {LITERAL("\"\\/"), "\"\\\"\\\\/\""},
        {LITERAL("\n\r\t"), "\"\\n\\r\\t\""},
        {LITERAL("\b\f\v\x1f"), "\"\\u0008\\u000c\\u000b\\u001f\""},
        {LITERAL("a\0b"), "\"a\\u0000b\""},
        {LITERAL("\x7f"), "\"\x7f\""},
        {LITERAL("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {LITERAL("\xe2\x80\xa8"), "\"\xe2\x80\xa8\""},
        /* not UTF-8 */
        {LITERAL("\xff"), "\"\xef\xbf\xbd\""},
        {LITERAL("a\x80z"), "\"a\xef\xbf\xbdz\""},
        {LITERAL("a\xff\"\xfe"), "\"a\xef\xbf\xbd\\\"\xef\xbf\xbd\""},
        {LITERAL("a\xff\xfe\xfd-"), "\"a\xef\xbf\xbd-\""}, /* one for a run */
        {LITERAL("\xed\xa0\x80"), "\"\xef\xbf\xbd\""},     /* a surrogate */
        {LITERAL("\xc0\x80"), "\"\xef\xbf\xbd\""},         /* an overlong NUL */
        {LITERAL("cut \xe2\x82"), "\"cut \xef\xbf\xbd\""},
    };
    struct gsp__buffer b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gsp__json_put_string(&b, cases[i].s);
        assert_string_equal(text_of(&b), cases[i].json);
    }
    gsp__buffer_deinit(&b);
}

static const struct {
    double d;
    const char *json;
} doubles[] = {
    {0, "0"},
    {-0.0, "-0.0"}, /* "-0" would be read as an integer */
    {1, "1"},
    {-1.5, "-1.5"},
    {0.1, "0.1"},
    {1e15, "1e+15"},
    {100000, "100000"},
    {123456789012345678.0, "1.2345678901234568e+17"},
    {DBL_MAX, "1.7976931348623157e+308"},
    {5e-324, "5e-324"},
    {NAN, "\"NaN\""},
    {-NAN, "\"NaN\""},
    {INFINITY, "\"Infinity\""},
    {-INFINITY, "\"-Infinity\""},
};

static void check_doubles(void)
{
    struct gsp__buffer b = {0};

    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++) {
        gsp__json_put_double(&b, doubles[i].d);
        assert_string_equal(text_of(&b), doubles[i].json);
    }
    gsp__buffer_deinit(&b);
}

static void doubles_and_what_json_does_not_have(void **state)
{
    (void)state;
    check_doubles();
}

static void doubles_have_a_point_whatever_the_locale(void **state)
{
    (void)state;
    test_set_decimal_point("002C");
    assert_string_equal(localeconv()->decimal_point, ",");
    check_doubles();
}

static int to_c_locale(void **state)
{
    (void)state;
    return setlocale(LC_ALL, "C") ? 0 : -1;
}

static void integers_of_64_bits_are_strings(void **state)
{
    struct gsp__buffer b = {0};

    (void)state;
    gsp__json_put_int64(&b, INT64_MIN);
    assert_string_equal(text_of(&b), "\"-9223372036854775808\"");
    gsp__json_put_int64(&b, 0);
    assert_string_equal(text_of(&b), "\"0\"");
    gsp__json_put_uint64(&b, UINT64_MAX);
    assert_string_equal(text_of(&b), "\"18446744073709551615\"");
    gsp__buffer_deinit(&b);
}

static void bytes_in_hex_and_base64(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *hex, *base64;
    } cases[] = {
        {"", 0, "\"\"", "\"\""},
        {"f", 1, "\"66\"", "\"Zg==\""},
        {"fo", 2, "\"666f\"", "\"Zm8=\""},
        {"foo", 3, "\"666f6f\"", "\"Zm9v\""},
        {"foob", 4, "\"666f6f62\"", "\"Zm9vYg==\""},
        {"fooba", 5, "\"666f6f6261\"", "\"Zm9vYmE=\""},
        {"foobar", 6, "\"666f6f626172\"", "\"Zm9vYmFy\""},
        {"\x00\xab\xff", 3, "\"00abff\"", "\"AKv/\""},
        {"\xfb\xef\xbe", 3, "\"fbefbe\"", "\"++++\""},
    };
    struct gsp__buffer b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gsp__json_put_hex(&b, (const uint8_t *)cases[i].bytes, cases[i].n);
        assert_string_equal(text_of(&b), cases[i].hex);
        gsp__json_put_base64(&b, cases[i].bytes, cases[i].n);
        assert_string_equal(text_of(&b), cases[i].base64);
    }
    gsp__buffer_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(doubles_and_what_json_does_not_have),
        cmocka_unit_test_teardown(doubles_have_a_point_whatever_the_locale, to_c_locale),
        cmocka_unit_test(integers_of_64_bits_are_strings),
        cmocka_unit_test(bytes_in_hex_and_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
