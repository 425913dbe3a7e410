/* Environment variables by OpenTelemetry's rules, and warnings once per key. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/warn.h"

static void empty_is_unset(void **state)
{
    (void)state;
    unsetenv("GSP_T");
    assert_null(gsp__env("GSP_T"));
    setenv("GSP_T", "", 1);
    assert_null(gsp__env("GSP_T"));
    setenv("GSP_T", "x", 1);
    assert_string_equal(gsp__env("GSP_T"), "x");
}

static void only_true_is_true(void **state)
{
    static const struct {
        const char *value;
        bool expected;
    } cases[] = {{"true", true}, {"TRUE", true},   {"True", true}, {"1", false},
                 {"yes", false}, {"false", false}, {"", false},    {" true", false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setenv("GSP_T", cases[i].value, 1);
        assert_int_equal(gsp__env_bool("GSP_T"), cases[i].expected);
    }
}

static void bad_numbers_are_unset(void **state)
{
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "0x10", "1e3", "abc", "18446744073709551616", "101", "9"};
    uint64_t n = 7;
    double d = 0.5;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        setenv("GSP_T", bad[i], 1);
        assert_false(gsp__env_u64("GSP_T", 10, 100, &n));
        assert_int_equal(n, 7);
    }
    setenv("GSP_T", "10", 1);
    assert_true(gsp__env_u64("GSP_T", 10, 100, &n));
    assert_int_equal(n, 10);
    setenv("GSP_T", "nan", 1);
    assert_false(gsp__env_double("GSP_T", 0, 1, &d));
    setenv("GSP_T", "1.01", 1);
    assert_false(gsp__env_double("GSP_T", 0, 1, &d));
    assert_true(d == 0.5);
    setenv("GSP_T", "0.25", 1);
    assert_true(gsp__env_double("GSP_T", 0, 1, &d));
    assert_true(d == 0.25);
}

/* What is written to stderr while fn runs. */
static size_t stderr_of(void (*fn)(void), char *out, size_t cap)
{
    int saved = dup(2), fds[2];
    ssize_t n;

    assert_int_equal(pipe(fds), 0);
    dup2(fds[1], 2);
    fn();
    dup2(saved, 2);
    close(fds[1]);
    n = read(fds[0], out, cap - 1);
    close(fds[0]);
    close(saved);
    out[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

static void warn_twice(void)
{
    gsp__warn_once("key-a", "first %d", 1);
    gsp__warn_once("key-a", "again %d", 2);
}

static void each_warning_once(void **state)
{
    char text[512];

    (void)state;
    stderr_of(warn_twice, text, sizeof text);
    assert_string_equal(text, "genspan: first 1\n");
    assert_int_equal(stderr_of(warn_twice, text, sizeof text), 0);
    gsp__warn_reset("key-a");
    stderr_of(warn_twice, text, sizeof text);
    assert_string_equal(text, "genspan: first 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_is_unset),
        cmocka_unit_test(only_true_is_true),
        cmocka_unit_test(bad_numbers_are_unset),
        cmocka_unit_test(each_warning_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
