/* UTF-8, hex, buffers, arenas. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/hex.h"
#include "base/utf8.h"

static void utf8_validity(void **state)
{
    static const struct {
        const char *bytes;
        size_t valid;
    } cases[] = {
        {"", 0},
        {"plain ascii, longer than a word", 31},
        {"caf\xc3\xa9", 5},
        {"\xe2\x82\xac", 3},
        {"\xf0\x9f\x98\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"ab\xff", 2},
        {"ab\xc0\x80", 2},         /* overlong */
        {"ab\xe0\x80\x80", 2},     /* overlong */
        {"ab\xed\xa0\x80", 2},     /* surrogate */
        {"ab\xf4\x90\x80\x80", 2}, /* above 10FFFF */
        {"ab\xe2\x82", 2},         /* cut */
        {"12345678\x80", 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(gsp__utf8_valid_prefix(cases[i].bytes, strlen(cases[i].bytes)), cases[i].valid);
}

static void utf8_sanitize(void **state)
{
    static const struct {
        const char *bytes, *expected;
    } cases[] = {
        {"ok", "ok"},
        {"a\xff\xfe"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\xe2\x82", "\xef\xbf\xbd"},
        {"x\xed\xa0\x80y", "x\xef\xbf\xbdy"},
    };
    char out[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = gsp__utf8_sanitize(out, sizeof out, cases[i].bytes, strlen(cases[i].bytes));

        assert_int_equal(n, strlen(cases[i].expected));
        assert_memory_equal(out, cases[i].expected, n);
        for (size_t cap = 0; cap <= n; cap++) {
            size_t some = gsp__utf8_sanitize(out, cap, cases[i].bytes, strlen(cases[i].bytes));

            assert_true(some <= cap);
            assert_int_equal(gsp__utf8_valid_prefix(out, some), some);
        }
    }
}

static void utf8_cuts_between_characters(void **state)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";

    (void)state;
    for (size_t max = 0; max < sizeof text + 2; max++) {
        size_t n = gsp__utf8_cut(text, sizeof text - 1, max);

        assert_true(n <= max && n <= sizeof text - 1);
        assert_int_equal(gsp__utf8_valid_prefix(text, n), n);
    }
    assert_int_equal(gsp__utf8_chars(text, sizeof text - 1, 0), 0);
    assert_int_equal(gsp__utf8_chars(text, sizeof text - 1, 2), 3);
    assert_int_equal(gsp__utf8_chars(text, sizeof text - 1, 4), 10);
    assert_int_equal(gsp__utf8_chars(text, sizeof text - 1, 99), 11);
    assert_int_equal(gsp__utf8_cut("\x80\x80\x80\x80\x80", 5, 4), 4); /* no UTF-8: cut as asked */
}

static void utf8_encodes_code_points(void **state)
{
    static const struct {
        uint32_t c;
        const char *bytes;
    } cases[] = {{'a', "a"},
                 {0xe9, "\xc3\xa9"},
                 {0x20ac, "\xe2\x82\xac"},
                 {0x1f600, "\xf0\x9f\x98\x80"},
                 {0xd800, "\xef\xbf\xbd"},
                 {0x110000, "\xef\xbf\xbd"}};
    char out[4];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = gsp__utf8_encode(out, cases[i].c);

        assert_int_equal(n, strlen(cases[i].bytes));
        assert_memory_equal(out, cases[i].bytes, n);
    }
}

static void hex_both_ways(void **state)
{
    uint8_t bytes[3] = {0x00, 0xaf, 0x7e}, back[3] = {1, 2, 3};
    char text[7] = "";

    (void)state;
    gsp__hex_encode(text, bytes, 3);
    assert_string_equal(text, "00af7e");
    assert_true(gsp__hex_decode(back, 3, "00AF7e"));
    assert_memory_equal(bytes, back, 3);
    back[0] = 9;
    assert_false(gsp__hex_decode(back, 3, "00ag7e"));
    assert_int_equal(back[0], 9);
}

static void a_buffer_stops_at_its_ceiling(void **state)
{
    struct gsp__buffer b = {.max = 600};
    char big[512];

    (void)state;
    memset(big, 'x', sizeof big);
    gsp__buffer_printf(&b, "%d-%s", 7, "seven");
    assert_int_equal(b.n, 7);
    gsp__buffer_add(&b, big, sizeof big);
    assert_false(b.failed);
    assert_int_equal(b.n, 519);
    gsp__buffer_add(&b, big, sizeof big);
    assert_true(b.failed);
    assert_int_equal(b.n, 519);
    gsp__buffer_add(&b, "y", 1); /* stays failed: a caller may check once */
    assert_int_equal(b.n, 519);
    gsp__buffer_clear(&b);
    gsp__buffer_add_string(&b, "z");
    assert_int_equal(b.n, 1);
    gsp__buffer_deinit(&b);
    gsp__buffer_deinit(&b);
}

static void an_arena_never_grows(void **state)
{
    struct gsp__arena a;
    char *p, *q;

    (void)state;
    assert_true(gsp__arena_init(&a, 64));
    p = gsp__arena_get(&a, 1);
    q = gsp__arena_get(&a, 17);
    assert_non_null(p);
    assert_int_equal(q - p, 16);
    assert_non_null(gsp__arena_get(&a, 16));
    assert_null(gsp__arena_get(&a, 1));
    assert_null(gsp__arena_get(&a, SIZE_MAX));
    assert_int_equal(a.n_failed, 2);
    gsp__arena_reset(&a);
    assert_non_null(gsp__arena_get(&a, 64));
    gsp__arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_validity),
        cmocka_unit_test(utf8_sanitize),
        cmocka_unit_test(utf8_cuts_between_characters),
        cmocka_unit_test(utf8_encodes_code_points),
        cmocka_unit_test(hex_both_ways),
        cmocka_unit_test(a_buffer_stops_at_its_ceiling),
        cmocka_unit_test(an_arena_never_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
