/* Whether there is another try, and after how long (RE-1 to RE-3). */
#include "support/support.h"

#include <string.h>

#include "policy/delay.h"
#include "policy/retry.h"

#define MS GSP__MS_NS

static struct gsp__retry retry_of(gsp_retry_options o)
{
    struct gsp__retry r;

    o.struct_size = sizeof o;
    assert_true(gsp__retry_init(&r, &o, NULL));
    return r;
}

static int64_t delay(const struct gsp__retry *r, unsigned n, int64_t asked_ms)
{
    uint64_t random = 7;
    int64_t ns = gsp__retry_delay_ns(r, n, asked_ms < 0 ? GSP__NOT_ASKED_FOR : asked_ms * MS,
                                     gsp__ares_task("task-123"), &random);

    return ns == GSP__NOT_RETRIED ? -1 : ns / MS;
}

/* RE-3: fixed: 100 ms, then the interval. */
static void re_3_fixed(void **state)
{
    struct gsp__retry r = retry_of((gsp_retry_options){.profile = GSP_BACKOFF_FIXED, .max_retries = 3});

    (void)state;
    assert_int_equal(delay(&r, 0, -1), 100);
    assert_int_equal(delay(&r, 1, -1), 2000);
    assert_int_equal(delay(&r, 2, -1), 2000);
    assert_int_equal(delay(&r, 3, -1), -1);
    r = retry_of((gsp_retry_options){
        .profile = GSP_BACKOFF_FIXED, .max_retries = 2, .base_ms = -1, .interval_ms = 90000});
    assert_int_equal(delay(&r, 0, -1), 0);
    assert_int_equal(delay(&r, 1, -1), 60000); /* capped */
}

/* RE-3: ares by its formula, whatever is asked for. */
static void re_3_ares(void **state)
{
    struct gsp__retry r = retry_of((gsp_retry_options){.profile = GSP_BACKOFF_ARES, .max_retries = 5});

    (void)state;
    assert_int_equal(delay(&r, 0, -1), 1185);
    assert_int_equal(delay(&r, 4, -1), 16091);
    assert_int_equal(delay(&r, 0, 5000), 4685);
    assert_int_equal(delay(&r, 0, 120000), 55935);
    assert_int_equal(delay(&r, 5, -1), -1);
}

/* RE-2: what is asked for goes before the backoff, without jitter, up to the cap; beyond, there is no retry.
 */
static void re_2_retry_after(void **state)
{
    static const gsp_backoff profiles[] = {GSP_BACKOFF_EXPONENTIAL, GSP_BACKOFF_FIXED};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct gsp__retry r =
            retry_of((gsp_retry_options){.profile = profiles[i], .max_retries = 2, .cap_ms = 8000});

        assert_int_equal(delay(&r, 0, 0), 0);
        assert_int_equal(delay(&r, 1, 8000), 8000);
        assert_int_equal(delay(&r, 1, 8001), -1);
        r = retry_of((gsp_retry_options){
            .profile = profiles[i], .max_retries = 2, .cap_ms = 8000, .max_retry_after_ms = 120000});
        assert_int_equal(delay(&r, 1, 120000), 120000);
        assert_int_equal(delay(&r, 1, 120001), -1);
    }
}

/* RE-3: exponential within its bounds, never above the cap. */
static void re_3_exponential(void **state)
{
    struct gsp__retry r = retry_of((gsp_retry_options){.max_retries = 1000, .cap_ms = 3000});
    uint64_t random = test_seed();
    int64_t most[3] = {0, 0, 0};

    (void)state;
    for (int k = 0; k < 3000; k++)
        for (unsigned n = 0; n < 3; n++) {
            int64_t d = gsp__retry_delay_ns(&r, n == 2 ? 999 : n, GSP__NOT_ASKED_FOR, 0, &random);

            assert_true(d >= 0);
            most[n] = d > most[n] ? d : most[n];
        }
    assert_true(most[0] > 400 * MS && most[0] <= 500 * MS);
    assert_true(most[1] > 800 * MS && most[1] <= 1000 * MS);
    assert_true(most[2] > 2500 * MS && most[2] <= 3000 * MS);
}

static void without_options_there_is_one_try(void **state)
{
    struct gsp__retry r;

    (void)state;
    assert_true(gsp__retry_init(&r, NULL, NULL));
    assert_int_equal(delay(&r, 0, -1), -1);
    assert_int_equal(r.attempt_timeout_ns, 0);
}

static void numbers_out_of_range(void **state)
{
    static const gsp_retry_options bad[] = {
        {.profile = 3},
        {.max_retries = 1001},
        {.base_ms = -2},
        {.interval_ms = -2},
        {.cap_ms = -1},
        {.max_retry_after_ms = -1},
        {.attempt_timeout_ms = -1},
        {.idle_timeout_ms = -1},
        {.factor = 0.5},
        {.factor = 101},
        {.factor = -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        gsp_retry_options o = bad[i];
        struct gsp__retry r;
        gsp_error err = {0};

        o.struct_size = sizeof o;
        assert_false(gsp__retry_init(&r, &o, &err));
        assert_int_equal(err.code, GSP_ERR_INVALID);
        assert_non_null(err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(re_3_fixed),
        cmocka_unit_test(re_3_ares),
        cmocka_unit_test(re_2_retry_after),
        cmocka_unit_test(re_3_exponential),
        cmocka_unit_test(without_options_there_is_one_try),
        cmocka_unit_test(numbers_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
