/* Numbers as text, both ways: what is one and what is not, exact to the last digit, in any locale. */
#include "support/set_locale.h"
#include "support/support.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/random.h"

static void whole_numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool is_one;
        uint64_t value;
    } cases[] = {
        {"0", 10, true, 0},
        {"7", 10, true, 7},
        {"10", 10, true, 10},
        {"11", 10, false, 0},
        {"0010", 10, true, 10},
        {"0", 0, true, 0},
        {"1", 0, false, 0},
        {"65535", 65535, true, 65535},
        {"65536", 65535, false, 0},
        {"1844674407370955160", UINT64_MAX, true, UINT64_C(1844674407370955160)},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551609", UINT64_MAX, true, UINT64_C(18446744073709551609)},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"18446744073709551620", UINT64_MAX, false, 0},
        {"99999999999999999999999999", UINT64_MAX, false, 0},
        {"", 10, false, 0},
        {" 1", 10, false, 0},
        {"1 ", 10, false, 0},
        {"+1", 10, false, 0},
        {"-1", 10, false, 0},
        {"1.0", 10, false, 0},
        {"1e1", 10, false, 0},
        {"0x1", 10, false, 0},
        {"1s", 10, false, 0},
        {"\xd9\xa1", 10, false, 0}, /* a digit, but none of ours */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t got = 4711;

        if (gsp__parse_u64(cases[i].text, cases[i].max, &got) != cases[i].is_one)
            fail_msg("\"%s\" is %s number up to %llu", cases[i].text, cases[i].is_one ? "a" : "no",
                     (unsigned long long)cases[i].max);
        assert_true(got == (cases[i].is_one ? cases[i].value : 4711)); /* on failure untouched */
    }
}

/* The text as a block of its own, so that reading outside shows. */
static bool parse(const char *text, size_t n, double *out)
{
    char *own = malloc(n);
    bool is_one;

    if (n)
        memcpy(own, text, n);
    is_one = gsp__parse_double(own, n, out);
    free(own);
    return is_one;
}

static void decimal_numbers(void **state)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"0", 0},
        {"-0", -0.0},
        {"1", 1},
        {"-1.5", -1.5},
        {"0.1", 0.1},
        {".5", 0.5},
        {"0007", 7},
        {"1e3", 1000},
        {"1E+3", 1000},
        {"25e-2", 0.25},
        {"123456789012345", 123456789012345.0},
        {"0.123456789012345", 0.123456789012345},
        /* more digits than the short way takes */
        {"1234567890123456", 1234567890123456.0},
        {"3.14159265358979323846", 3.14159265358979323846},
        {"9007199254740993", 9007199254740992.0}, /* half way: to even */
        {"9007199254740993.0000001", 9007199254740994.0},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
        {"0.000000000000000000000000000001", 1e-30},
        {"1.7976931348623157e308", DBL_MAX},
        {"2.2250738585072014e-308", DBL_MIN},
        {"5e-324", 5e-324},
        {"1e-999", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double got = 47.11;

        if (!parse(cases[i].text, strlen(cases[i].text), &got))
            fail_msg("\"%s\" is no number", cases[i].text);
        assert_memory_equal(&got, &cases[i].value, sizeof got); /* the sign of 0, too */
    }
}

static void what_is_no_number(void **state)
{
    static const char *const cases[] = {"", " ", " 1", "1 ", "+1", "--1", "-", ".", "-.", "1.2.3", "1,5",
                                        "1e", "1e+", "e5", "1e5e5", "1e5.", "0x10", "0X1p", "inf", "-inf",
                                        "nan", "NaN", "1e999", "-1e999", "1f", "1L", "1_0", "1'0", "1-2",
                                        "1+2", "\t1", "1\n", "\xd9\xa1", "infinity",
                                        /* longer than is read */
                                        "1234567890123456789012345678901234567890123456789"};
    double got = 47.11;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (parse(cases[i], strlen(cases[i]), &got))
            fail_msg("\"%s\" is a number", cases[i]);
        assert_true(got == 47.11);
    }
    assert_false(parse("1\0", 2, &got));
    assert_false(parse("1\0002", 3, &got));
    assert_false(parse("1e1\0", 4, &got));
    assert_true(parse("123456789012345678901234567890123456789012345678", GSP__NUMBER_TEXT_MAX, &got));
}

/* Only the n characters that are told, whatever stands behind them. */
static void a_number_ends_where_it_is_told(void **state)
{
    double got = 0;

    (void)state;
    assert_true(gsp__parse_double("12.5e3", 2, &got) && got == 12);
    assert_true(gsp__parse_double("12.5e3", 4, &got) && got == 12.5);
    assert_false(gsp__parse_double("12.5e3", 5, &got));
    assert_true(gsp__parse_double("12.5e3", 6, &got) && got == 12500);
    assert_true(gsp__parse_double("1e308999", 5, &got) && got == 1e308);
}

static const char *format(double value)
{
    static char text[GSP__NUMBER_TEXT_MAX + 1];
    size_t n;

    memset(text, 'x', sizeof text);
    n = gsp__format_double(value, text);
    assert_true(n <= GSP__NUMBER_TEXT_MAX);
    text[n] = 0;
    return text;
}

static void the_shortest_text_that_reads_back(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {100, "100"},
        {1e15, "1e+15"},
        {123456789012345, "123456789012345"},
        {1e22, "1e+22"},
        {1e-7, "1e-07"},
        {5e-324, "5e-324"},
        {1e-310, "1e-310"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {-DBL_MAX, "-1.7976931348623157e+308"},
        {9007199254740993.0, "9007199254740992"},
        {NAN, ""},
        {INFINITY, ""},
        {-INFINITY, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(format(cases[i].value), cases[i].text);
}

/* Any double that is finite, by its bits. */
static double random_double(uint64_t *seed)
{
    double d;

    do {
        uint64_t bits = gsp__random_next(seed);

        memcpy(&d, &bits, sizeof d);
    } while (!isfinite(d));
    return d;
}

static void every_double_reads_back(void **state)
{
    uint64_t seed = test_seed();

    (void)state;
    for (int i = 0; i < 50000; i++) {
        double d = i % 2 ? random_double(&seed) : (double)(gsp__random_next(&seed) % 2000000) / 1000,
               got = 47.11;
        const char *text = format(d);

        if (!gsp__parse_double(text, strlen(text), &got) || memcmp(&d, &got, sizeof d) != 0)
            fail_msg("%s is not %a", text, d);
    }
}

/* As the C library rounds it: correctly. */
static void random_decimals_are_rounded_as_the_c_library_does(void **state)
{
    uint64_t seed = test_seed();
    char text[64];

    (void)state;
    for (int i = 0; i < 50000; i++) {
        int n_digits = (int)(gsp__random_next(&seed) % 20) + 1, point = (int)(gsp__random_next(&seed) % 21),
            n = 0;
        double got;

        for (int k = 0; k < n_digits; k++) {
            if (k == point)
                text[n++] = '.';
            text[n++] = (char)('0' + gsp__random_next(&seed) % 10);
        }
        text[n] = 0;
        if (!gsp__parse_double(text, (size_t)n, &got) || got != strtod(text, NULL))
            fail_msg("%s", text);
    }
}

static void expect_no_locale(void)
{
    double got = 0;

    assert_true(gsp__parse_double("1.5", 3, &got) && got == 1.5);
    assert_true(gsp__parse_double("-2.25e-2", 8, &got) && got == -0.0225);
    assert_true(gsp__parse_double("3.14159265358979323846", 22, &got) && got == 3.14159265358979323846);
    assert_true(gsp__parse_double("12345678901234567890", 20, &got) && got == 12345678901234567890.0);
    assert_false(gsp__parse_double("1,5", 3, &got));
    assert_false(gsp__parse_double("3,14159265358979323846", 22, &got));
    assert_false(gsp__parse_double("3\xd9\xab"
                                   "14159265358979323846",
                                   23, &got));
    assert_string_equal(format(1.5), "1.5");
    assert_string_equal(format(-1.0 / 3), "-0.3333333333333333");
    assert_string_equal(format(1.25e-300), "1.25e-300");
    assert_string_equal(format(1e22), "1e+22");
    assert_string_equal(format(1234567), "1234567");
}

static int to_c_locale(void **state)
{
    (void)state;
    return setlocale(LC_ALL, "C") ? 0 : -1;
}

static void a_comma_as_decimal_point_changes_nothing(void **state)
{
    (void)state;
    test_set_decimal_point("002C");
    assert_string_equal(localeconv()->decimal_point, ",");
    expect_no_locale();
}

/* U+066B, two bytes. */
static void nor_does_a_point_of_several_bytes(void **state)
{
    (void)state;
    test_set_decimal_point("066B");
    assert_string_equal(localeconv()->decimal_point, "\xd9\xab");
    expect_no_locale();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(decimal_numbers),
        cmocka_unit_test(what_is_no_number),
        cmocka_unit_test(a_number_ends_where_it_is_told),
        cmocka_unit_test(the_shortest_text_that_reads_back),
        cmocka_unit_test(every_double_reads_back),
        cmocka_unit_test(random_decimals_are_rounded_as_the_c_library_does),
        cmocka_unit_test_teardown(a_comma_as_decimal_point_changes_nothing, to_c_locale),
        cmocka_unit_test_teardown(nor_does_a_point_of_several_bytes, to_c_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
