/* The JSON pull reader: numbers, as they stand and as what they are worth. */
#include "support/support.h"
#include "support/set_locale.h"
#include "wire/json_text.h"

#include <locale.h>
#include <string.h>

#include "wire/json.h"

static void numbers_as_they_stand(void **state)
{
    static const struct document documents[] = {
        {"0", "."},
        {"-0", "."},
        {"12 ", "#12."},
        {"[0]", "[ #0 ]."},
        {"[-0]", "[ #-0 ]."},
        {"[0.0,-0.0,0e0,0E-0]", "[ #0.0 #-0.0 #0e0 #0E-0 ]."},
        {"[1e3,1E+3,1e-3,1.25e2]", "[ #1e3 #1E+3 #1e-3 #1.25e2 ]."},
        {"{\"a\":10,\"b\":200}", "{ (a) #10 (b) #200 }."},
        {"[123456789012345678901234567890]", "[ #123456789012345678901234567890 ]."},
        /* 48 characters are read, 49 are none */
        {"[123456789012345678901234567890123456789012345678]",
         "[ #123456789012345678901234567890123456789012345678 ]."},
        {"[1234567890123456789012345678901234567890123456789,2]", "[ # #2 ]."},
        {"{\"a\":0.00000000000000000000000000000000000000000000000000000000001}", "{ (a) # }."},
    };

    (void)state;
    /* a number that ends the input is whole only for gsp__json_finish, which gives no token */
    EXPECT_ALL(documents);
}

static struct gsp__json_slice slice_of(const char *text)
{
    return (struct gsp__json_slice){text, strlen(text)};
}

static void whole_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_one;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"7", true, 7},
        {"-7", true, -7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775807", true, -INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"9223372036854775810", false, 0},
        {"18446744073709551616", false, 0},
        {"99999999999999999999999999", false, 0},
        {"2.0", true, 2},
        {"-2.0", true, -2},
        {"1e3", true, 1000},
        {"1E+3", true, 1000},
        {"1.5e1", true, 15},
        {"100e-2", true, 1},
        {"-0.0", true, 0},
        {"0e99", true, 0},
        {"2.5", false, 0},
        {"1e-3", false, 0},
        {"0.1", false, 0},
        {"-1.000001", false, 0},
        /* beyond 2^53 a double no longer tells whole numbers apart */
        {"9007199254740991.0", true, 9007199254740991},
        {"9007199254740993.0", false, 0},
        {"-9007199254740993.0", false, 0},
        {"1e15", true, 1000000000000000},
        {"1e19", false, 0},
        {"1e300", false, 0},
        {"1e999", false, 0},
        {"", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 4711;

        if (gsp__json_int(slice_of(cases[i].text), &value) != cases[i].is_one)
            fail_msg("\"%s\" is %s whole number", cases[i].text, cases[i].is_one ? "a" : "no");
        assert_int_equal(value, cases[i].is_one ? cases[i].value : 4711);
    }
}

static void other_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_one;
        double value;
    } cases[] = {
        {"0", true, 0},
        {"-1.5", true, -1.5},
        {"1e3", true, 1000},
        {"0.1", true, 0.1},
        {"1.7976931348623157e308", true, 1.7976931348623157e308},
        {"5e-324", true, 5e-324},
        {"1e-999", true, 0},
        {"1e999", false, 0},
        {"-1e999", false, 0},
        {"", false, 0},
        {"123456789012345678901234567890", true, 123456789012345678901234567890.0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = 47.11;

        assert_int_equal(gsp__json_double(slice_of(cases[i].text), &value), cases[i].is_one);
        assert_true(value == (cases[i].is_one ? cases[i].value : 47.11));
    }
}

static void numbers_do_not_follow_the_locale(void **state)
{
    double real = 0;
    int64_t whole = 0;

    (void)state;
    test_set_decimal_point("002C");
    assert_string_equal(localeconv()->decimal_point, ",");
    expect_json("[1.5,-2.25e-2]", "[ #1.5 #-2.25e-2 ].");
    assert_true(gsp__json_double(slice_of("1.5"), &real) && real == 1.5);
    assert_true(gsp__json_double(slice_of("-2.25e-2"), &real) && real == -0.0225);
    assert_true(gsp__json_double(slice_of("3.14159265358979323846"), &real) &&
                real == 3.14159265358979323846);
    assert_false(gsp__json_double(slice_of("1,5"), &real));
    assert_true(gsp__json_int(slice_of("2.5e1"), &whole) && whole == 25);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_as_they_stand),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(other_numbers),
        cmocka_unit_test(numbers_do_not_follow_the_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
