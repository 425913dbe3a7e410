/* HTTP dates and Retry-After. */
#include "support/support.h"

#include <string.h>

#include "base/http_time.h"

static void dates_of_all_three_forms(void **state)
{
    static const struct {
        const char *text;
        int64_t expected; /* -1: refused */
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Tue, 29 Feb 2028 23:59:60 GMT", 1835481600},
        {"Sat, 21 Nov 2026 07:00:00 GMT", 1795244400},
        {"06 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Foo 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 25:49:37 GMT", -1},
        {"Sun, 06 Nov 1994", -1},
        {"Sun, 32 Nov 1994 08:49:37 GMT", -1},
        {"Sun", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t got = -1;
        bool ok = gsp__http_date(cases[i].text, strlen(cases[i].text), &got);

        assert_int_equal(ok, cases[i].expected >= 0);
        assert_int_equal(got, cases[i].expected);
    }
}

static void times_of_rfc_3339(void **state)
{
    static const struct {
        const char *text;
        int64_t expected; /* -1: refused */
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1994-11-06T08:49:37Z", 784111777000},
        {"1994-11-06t08:49:37z", 784111777000},
        {"1994-11-06 08:49:37Z", 784111777000},
        {"1994-11-06T10:49:37+02:00", 784111777000},
        {"1994-11-06T03:19:37-05:30", 784111777000},
        {"1994-11-06T08:49:37.5Z", 784111777500},
        {"1994-11-06T08:49:37.123999999Z", 784111777123},
        {"2028-02-29T23:59:60Z", 1835481600000},
        {"1994-11-06T08:49:37", -1},
        {"1994-11-06T08:49Z", -1},
        {"1994-11-06", -1},
        {"1994-13-06T08:49:37Z", -1},
        {"1994-00-06T08:49:37Z", -1},
        {"1994-11-32T08:49:37Z", -1},
        {"1969-12-31T23:59:59Z", -1},
        {"1994-11-06T24:49:37Z", -1},
        {"1994-11-06T08:49:37Zx", -1},
        {"1994-11-06T08:49:37+2", -1},
        {"1994-11-06T08:49:37+24:00", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t got = -1;
        bool ok = gsp__rfc3339_ms(cases[i].text, strlen(cases[i].text), &got);

        if (ok != (cases[i].expected >= 0) || got != cases[i].expected)
            fail_msg("%s is %lld", cases[i].text, (long long)got);
    }
}

static void every_cut_of_a_date_is_safe(void **state)
{
    static const char date[] = "Sunday, 06-Nov-94 08:49:37 GMT";
    static const char time[] = "1994-11-06T08:49:37.25+02:00";
    int64_t got;

    (void)state;
    for (size_t n = 0; n < sizeof date; n++)
        (void)gsp__http_date(date, n, &got);
    for (size_t n = 0; n < sizeof time - 1; n++)
        assert_false(gsp__rfc3339_ms(time, n, &got));
}

static void retry_after(void **state)
{
    static const struct {
        const char *text;
        int64_t expected_ms; /* -1: refused */
    } cases[] = {
        {"0", 0},
        {"30", 30000},
        {" 30 ", 30000},
        {"1.5", 1500},
        {"0.0004", 0},
        {"-1", -1},
        {"", -1},
        {"abc", -1},
        {"1s", -1},
        {"99999999999999999999", -1},
        {"1.5.1", -1},
        {"Thu, 01 Jan 1970 00:01:40 GMT", 10000},
        {"Thu, 01 Jan 1970 00:00:01 GMT", 0}, /* past */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = -1;
        bool ok = gsp__retry_after_ms(cases[i].text, strlen(cases[i].text), UINT64_C(90000000000), &ms);

        assert_int_equal(ok, cases[i].expected_ms >= 0);
        assert_int_equal(ms, cases[i].expected_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_of_all_three_forms),
        cmocka_unit_test(times_of_rfc_3339),
        cmocka_unit_test(every_cut_of_a_date_is_safe),
        cmocka_unit_test(retry_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
