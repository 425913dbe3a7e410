/*
 * Draining a ring that is written to all the while: every call goes out whole, with all its attempts, once.
 */
#include "drain/exported.h"

#include <pthread.h>
#include <stdatomic.h>

#include "drain/drainer.h"

#define N_OPEN   64 /* operations that are open at a time, so that chunks are taken all over the ring */
#define N_BURSTS 12
#define N_CALLS  1500 /* of a burst; the ring has room for all */

static gsp_recorder *rec;
static atomic_int n_done;

/* Each call is refused once, then answered. */
static void finish_call(gsp_span op)
{
    gsp_failure refused = GSP_FAILURE_INIT;
    gsp_span attempt;

    refused.type = GSP_ERROR_RATE_LIMIT;
    attempt = gsp_attempt_start(op, NULL);
    gsp_span_end(attempt, GSP_OUTCOME_FAILED, &refused, 0);
    attempt = gsp_attempt_start(op, NULL);
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 12);
    gsp_span_end(attempt, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
}

static void *record_burst(void *unused)
{
    gsp_span open[N_OPEN] = {{0}};

    (void)unused;
    for (int i = 0; i < N_CALLS + N_OPEN; i++) {
        if (i >= N_OPEN)
            finish_call(open[i % N_OPEN]);
        if (i < N_CALLS)
            open[i % N_OPEN] = gsp_operation_start(rec, "chat", NULL);
    }
    atomic_store(&n_done, 1);
    return NULL;
}

static void calls_go_out_with_all_their_attempts(void **state)
{
    struct gsp__drainer *d;
    const struct gsp__span_data *spans;
    int n, n_operations = 0;

    (void)state;
    rec = test_recorder(NULL, 16 << 20);
    d = test_drainer(false);
    for (int burst = 0; burst < N_BURSTS; burst++) {
        pthread_t writer;

        atomic_store(&n_done, 0);
        assert_int_equal(pthread_create(&writer, NULL, record_burst, NULL), 0);
        while (!atomic_load(&n_done))
            (void)!gsp__drainer_flush(d, 0, false);
        pthread_join(writer, NULL);
        assert_int_equal(gsp__drainer_flush(d, 60000, false), GSP_OK);
    }
    gsp__drainer_free(d);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_NO_CHUNK), 0);
    spans = test_spans(test_traces_file(), &n);
    assert_int_equal(n, 3 * N_BURSTS * N_CALLS);
    for (int i = 0; i < n; i++) {
        const struct gsp__value *attempts =
            test_attribute(&spans[i].attributes, "genspan.operation.attempts");

        if (!attempts)
            continue;
        n_operations++;
        assert_int_equal(attempts->u.integer, 2);
        assert_true(test_is(&spans[i].attributes, "genspan.outcome", "completed"));
        assert_int_equal(test_int(&spans[i].attributes, "gen_ai.usage.input_tokens"), 12);
    }
    assert_int_equal(n_operations, N_BURSTS * N_CALLS);
    assert_int_equal(test_metric(test_metrics_file(), "genspan.attempt.duration", NULL, NULL),
                     2 * n_operations);
    gsp_recorder_close(rec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_go_out_with_all_their_attempts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
