/* The arithmetic of delays (RE-3): ares to its golden vectors, full jitter within its bounds. */
#include "support/support.h"

#include "base/random.h"
#include "policy/delay.h"

/* RE-3: base 1000, cap 60000, retries 0 to 5. */
static void re_3_ares_golden_vectors(void **state)
{
    static const struct {
        const char *task;
        uint64_t hash;
        int64_t sleeps[6];
    } rows[] = {
        {"task-123", 0xfcaf787dca92b0c7u, {1185, 2224, 4357, 7146, 16091, 31880}},
        {"", 0xaf63bd4c8601b7dfu, {1205, 1744, 4877, 9666, 18611, 26400}},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint64_t task = gsp__ares_task(rows[i].task);

        assert_true(gsp__ares_hash(task, 0) == rows[i].hash);
        for (unsigned n = 0; n < 6; n++)
            assert_int_equal(gsp__delay_ares_ms(1000, 60000, n, -1, gsp__ares_hash(task, n)),
                             rows[i].sleeps[n]);
    }
}

/* RE-3: what a provider asks for goes into the formula, which may undercut it and is capped; small ones. */
static void re_3_ares_with_retry_after(void **state)
{
    static const struct {
        int64_t asked_ms, sleep_ms;
    } rows[] = {{5000, 4685}, {120000, 55935}, {0, 0}, {3, 3}, {4, 100}};
    uint64_t hash = gsp__ares_hash(gsp__ares_task("task-123"), 0);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(gsp__delay_ares_ms(1000, 60000, 0, rows[i].asked_ms, hash), rows[i].sleep_ms);
}

/* RE-3: 2^min(n, 10), saturating. */
static void re_3_ares_far_out(void **state)
{
    uint64_t task = gsp__ares_task("task-123");

    (void)state;
    assert_int_equal(gsp__delay_ares_ms(1000, 60000, 12, -1, gsp__ares_hash(task, 12)), 47403);
    /* 2^10, not 2^11: 1 ms becomes 1024 */
    for (unsigned n = 10; n < 13; n++) {
        int64_t ms = gsp__delay_ares_ms(1, INT64_MAX / 4, n, -1, gsp__ares_hash(task, n));

        assert_true(ms >= 1024 - 256 && ms < 1024 + 256);
    }
    assert_true(gsp__delay_ares_ms(INT64_MAX, 60000, 3, -1, 0) == 45000);
    assert_true(gsp__delay_ares_ms(INT64_MAX / 2 + 1, 60000, 1, -1, 0) == 45000);
}

/* RE-3: exponential: anything up to base x factor^n, capped; both ends are reached. */
static void re_3_exponential_full_jitter(void **state)
{
    static const struct {
        unsigned n;
        int64_t most;
    } rows[] = {{0, 50}, {1, 100}, {2, 200}, {3, 400}, {4, 500}, {1000, 500}};
    uint64_t random = test_seed();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t least = INT64_MAX, most = -1;

        for (int k = 0; k < 20000; k++) {
            int64_t d = gsp__delay_exponential_ns(50, 2, 500, rows[i].n, gsp__random_next(&random));

            least = d < least ? d : least;
            most = d > most ? d : most;
        }
        assert_int_equal(least, 0);
        assert_int_equal(most, rows[i].most);
    }
    assert_int_equal(gsp__delay_exponential_ns(0, 2, 500, 5, 77), 0);
    assert_int_equal(gsp__delay_exponential_ns(100, 1.5, 1000, 2, 225), 225);
    assert_int_equal(gsp__delay_exponential_ns(100, 1.5, 1000, 2, 226), 0);
    assert_int_equal(gsp__delay_exponential_ns(100, 1, 1000, 1000, 100), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(re_3_ares_golden_vectors),
        cmocka_unit_test(re_3_ares_with_retry_after),
        cmocka_unit_test(re_3_ares_far_out),
        cmocka_unit_test(re_3_exponential_full_jitter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
