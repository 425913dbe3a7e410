/* Availability between threads: each change is seen once, probes are one at a time (FA-1, FA-4). */
#include "support/support.h"

#include <pthread.h>
#include <string.h>

#include "base/random.h"
#include "policy/availability.h"

#define N_THREADS 4
#define N_TURNS   20000

static struct gsp__availability shared;

/* FA-1: what is so already is no change. */
static void fa_1_transitions_only(void **state)
{
    (void)state;
    memset(&shared, 0, sizeof shared);
    assert_true(gsp__is_available(&shared, 3));
    assert_int_equal(gsp__availability_set(&shared, 3, true), 0);
    assert_int_equal(gsp__availability_set(&shared, 3, false), 1);
    assert_int_equal(gsp__availability_set(&shared, 3, false), 0);
    assert_false(gsp__is_available(&shared, 3));
    assert_true(gsp__is_available(&shared, 2));
    assert_int_equal(gsp__availability_set(&shared, 3, true), 2);
    assert_true(gsp__is_available(&shared, 3));
}

/* FA-4: one probe per target and path, a cool-down, and a pause that was asked for. */
static void fa_4_a_slot_has_one_owner(void **state)
{
    (void)state;
    memset(&shared, 0, sizeof shared);
    assert_true(gsp__probe_claim(&shared, 0, GSP__PATH_WHOLE, 10));
    assert_false(gsp__probe_claim(&shared, 0, GSP__PATH_WHOLE, INT64_MAX - 1));
    assert_true(gsp__probe_claim(&shared, 0, GSP__PATH_STREAM, 10));
    assert_true(gsp__probe_claim(&shared, 1, GSP__PATH_WHOLE, 10));
    gsp__probe_hold(&shared, 0, 500); /* one is on: its end decides */
    gsp__probe_release(&shared, 0, GSP__PATH_WHOLE, 100);
    assert_false(gsp__probe_claim(&shared, 0, GSP__PATH_WHOLE, 99));
    gsp__probe_hold(&shared, 0, 300);
    gsp__probe_hold(&shared, 0, 200); /* never shorter */
    assert_false(gsp__probe_claim(&shared, 0, GSP__PATH_WHOLE, 299));
    assert_true(gsp__probe_claim(&shared, 0, GSP__PATH_WHOLE, 300));
}

struct worker {
    pthread_t thread;
    uint64_t random;
    uint64_t changes[N_TURNS];
    int n_changes, n_claims;
    int *owned; /* written only by who has the slot */
};

static void *work(void *self)
{
    struct worker *w = self;

    for (int i = 0; i < N_TURNS; i++) {
        bool is_available = gsp__random_next(&w->random) & 1;
        uint64_t n = gsp__availability_set(&shared, 0, is_available);

        if (n) {
            if ((n & 1) == is_available)
                return w; /* a change with the wrong number */
            w->changes[w->n_changes++] = n;
        }
        if (gsp__probe_claim(&shared, 0, GSP__PATH_WHOLE, i)) {
            ++*w->owned; /* the thread sanitizer sees two at once */
            w->n_claims++;
            gsp__probe_release(&shared, 0, GSP__PATH_WHOLE, 0);
        }
    }
    return NULL;
}

/* FA-1: four threads at one target: its changes are numbered without a gap, each seen by one of them. */
static void fa_1_each_change_is_seen_once(void **state)
{
    static struct worker workers[N_THREADS];
    static char seen[N_THREADS * N_TURNS + 1];
    int owned = 0, n_claims = 0;
    uint64_t n = 0;

    (void)state;
    memset(&shared, 0, sizeof shared);
    for (int i = 0; i < N_THREADS; i++) {
        workers[i].random = (uint64_t)i;
        workers[i].owned = &owned;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        void *fault;

        pthread_join(workers[i].thread, &fault);
        assert_null(fault);
        n_claims += workers[i].n_claims;
        for (int k = 0; k < workers[i].n_changes; k++) {
            assert_int_equal(seen[workers[i].changes[k]], 0);
            seen[workers[i].changes[k]] = 1;
            n++;
        }
    }
    assert_true(n > 0 && seen[n] == 1);
    assert_int_equal(owned, n_claims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fa_1_transitions_only),
        cmocka_unit_test(fa_4_a_slot_has_one_owner),
        cmocka_unit_test(fa_1_each_change_is_seen_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
