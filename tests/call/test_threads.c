/* Calls over many threads: one call handed from stage to stage, and many calls at once. Run under the thread
 * sanitizer too. */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define N_CALLS  200
#define N_STAGES 4

/* A call on its way: what is handed from thread to thread. */
struct job {
    gsp_span op, attempt;
    int number;
};

/* A queue of one producer and one consumer; it holds all that ever comes. */
struct queue {
    pthread_mutex_t lock;
    pthread_cond_t grown;
    struct job jobs[N_CALLS];
    int n_put, n_taken;
};

static struct queue queues[N_STAGES];
static gsp_recorder *rec;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    rec = test_recorder(NULL, 4 << 20);
    for (int i = 0; i < N_STAGES; i++) {
        memset(&queues[i], 0, sizeof queues[i]);
        pthread_mutex_init(&queues[i].lock, NULL);
        pthread_cond_init(&queues[i].grown, NULL);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_recorder_close(rec);
    return 0;
}

static void put(struct queue *q, const struct job *job)
{
    pthread_mutex_lock(&q->lock);
    q->jobs[q->n_put++] = *job;
    pthread_cond_signal(&q->grown);
    pthread_mutex_unlock(&q->lock);
}

static struct job take(struct queue *q)
{
    struct job job;

    pthread_mutex_lock(&q->lock);
    while (q->n_put == q->n_taken)
        pthread_cond_wait(&q->grown, &q->lock);
    job = q->jobs[q->n_taken++];
    pthread_mutex_unlock(&q->lock);
    return job;
}

/* What each thread does to a call before it hands it on. */
static void work(int stage, struct job *job)
{
    gsp_attribute a = {.type = GSP_TYPE_INT, .value = {.i = job->number}};
    char key[16];

    snprintf(key, sizeof key, "stage.%d", stage);
    a.key = key;
    switch (stage) {
    case 0:
        job->op = gsp_operation_start(rec, "chat", NULL);
        break;
    case 1:
        job->attempt = gsp_attempt_start(job->op, NULL);
        break;
    case 2:
        gsp_stream_mark(job->attempt, GSP_MARK_TEXT, 0);
        gsp_stream_mark(job->attempt, GSP_MARK_TEXT, 0);
        gsp_stream_mark(job->attempt, GSP_MARK_TERMINAL, 0);
        gsp_span_set_usage(job->attempt, GSP_USAGE_OUTPUT_TOKENS, job->number);
        break;
    default:
        gsp_stream_end(job->attempt, GSP_STREAM_FINISHED, NULL, 0);
        break;
    }
    gsp_span_set_attribute(job->op, &a);
    if (stage == N_STAGES - 1)
        gsp_span_end(job->op, GSP_OUTCOME_AUTO, NULL, 0);
}

static void *run_stage(void *arg)
{
    int stage = (int)(intptr_t)arg;

    for (int i = 0; i < N_CALLS; i++) {
        struct job job = {.number = i};

        if (stage > 0)
            job = take(&queues[stage - 1]);
        work(stage, &job);
        if (stage < N_STAGES - 1)
            put(&queues[stage], &job);
    }
    return NULL;
}

/* design.md, "The ring": one writer at a time, and a record may be handed on. */
static void a_call_is_handed_from_thread_to_thread(void **state)
{
    pthread_t threads[N_STAGES];
    int n_seen = 0;

    (void)state;
    for (intptr_t i = 0; i < N_STAGES; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_stage, (void *)i), 0);
    for (int i = 0; i < N_STAGES; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < GSP_LOSS_LIMIT; i++)
        assert_int_equal(gsp_recorder_loss(rec, (gsp_loss)i), 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2 * N_CALLS);
    for (uint32_t i = 0; i < 2 * N_CALLS; i += 2) {
        const struct gsp__span_data *op = test_span(i), *at = test_span(i + 1);
        const char *number = test_value(op, "stage.0");

        assert_string_equal(test_value(op, "genspan.outcome"), "completed");
        for (int stage = 1; stage < N_STAGES; stage++) {
            char key[16];

            snprintf(key, sizeof key, "stage.%d", stage);
            assert_string_equal(test_value(op, key), number);
        }
        assert_string_equal(test_value(op, "gen_ai.usage.output_tokens"), number);
        assert_string_equal(test_value(op, "genspan.stream.chunks"), "2");
        assert_memory_equal(at->parent_span_id, op->span_id, 8);
        n_seen++;
    }
    assert_int_equal(n_seen, N_CALLS);
}

#define N_THREADS 4
#define N_PASSES  50

static void *make_calls(void *arg)
{
    int thread = (int)(intptr_t)arg;
    gsp_failure failure = GSP_FAILURE_INIT;

    failure.type = GSP_ERROR_TIMEOUT;
    for (int i = 0; i < N_PASSES; i++) {
        gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
        char model[32];
        gsp_span op, at;

        snprintf(model, sizeof model, "m-%d-%d", thread, i);
        o.model = model;
        o.scope = gsp_scope_open(rec);
        op = gsp_operation_start(rec, "chat", &o);
        gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_FAILED, &failure, 0);
        gsp_event_retry(op, 1, "timeout", i, 0, 0);
        at = gsp_attempt_start(op, NULL);
        gsp_span_set_string(at, GSP_FACT_RESPONSE_MODEL, model);
        gsp_span_add_string(at, GSP_FACT_REQUEST_ID, 0, model);
        if (i % 2)
            gsp_span_end(at, GSP_OUTCOME_COMPLETED, NULL, 0);
        if (i % 2)
            gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
        gsp_scope_close(o.scope, 0);
    }
    return NULL;
}

/* OP-6: state is per call: calls that run at once do not mix. */
static void many_calls_at_once_do_not_mix(void **state)
{
    pthread_t threads[N_THREADS];
    uint32_t n;

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (intptr_t i = 0; i < N_THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, make_calls, (void *)i), 0);
        if (round == 1) /* somebody looks on: a reader trusts nothing and harms nothing */
            for (int i = 0; i < 20; i++)
                (void)test_count_records(gsp_recorder_path(rec));
        for (int i = 0; i < N_THREADS; i++)
            pthread_join(threads[i], NULL);
        if (round < 2)
            test_drain(gsp_recorder_path(rec));
    }
    n = 0;
    for (int i = 0; i < test_count_records(gsp_recorder_path(rec)); i++) {
        const char *text = test_dump_record(gsp_recorder_path(rec), i);
        const char *model = strstr(text, "request_model=\"m-");

        if (strncmp(text, "operation:", 10) == 0) {
            assert_non_null(model);
            assert_non_null(strstr(text, "event(gen_ai.retry @"));
            assert_true(strstr(text, "| auto") || strstr(text, "| abandoned"));
            n++;
        } else if (strstr(text, "response_model")) {
            char name[32], expected[80];

            assert_int_equal(sscanf(strstr(text, "response_model=\"") + 16, "%31[^\"]", name), 1);
            snprintf(expected, sizeof expected, "request_id[0]=\"%s\"", name);
            assert_non_null(strstr(text, expected));
        } else {
            assert_string_equal(strstr(text, "error("), "error(timeout: )");
        }
    }
    assert_int_equal(n, N_THREADS * N_PASSES);
    for (int i = 0; i < GSP_LOSS_LIMIT; i++)
        assert_int_equal(gsp_recorder_loss(rec, (gsp_loss)i), 0);
}

struct opener {
    int n_failed;
};

static void *open_and_close(void *arg)
{
    struct opener *o = arg;

    for (int i = 0; i < 20; i++) {
        gsp_recorder_options options = GSP_RECORDER_OPTIONS_INIT;
        gsp_recorder *r;

        options.directory = test_directory();
        options.ring_bytes = 64 << 10;
        if (gsp_recorder_open(&options, &r, NULL) != GSP_OK) {
            o->n_failed++;
            continue;
        }
        gsp_span_end(gsp_operation_start(r, "chat", NULL), GSP_OUTCOME_AUTO, NULL, 0);
        if (gsp_recorder_loss(r, GSP_LOSS_NO_CHUNK))
            o->n_failed++;
        gsp_recorder_close(r);
    }
    return NULL;
}

/* recorder.h: gsp_recorder_open may be called from any thread. */
static void recorders_are_opened_at_once(void **state)
{
    struct opener openers[N_THREADS] = {{0}};
    pthread_t threads[N_THREADS];

    (void)state;
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, &openers[i]), 0);
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(openers[i].n_failed, 0);
    }
    assert_int_equal(test_directory_count(".ring"), N_THREADS * 20 + 1);
    assert_int_equal(test_directory_count(".tmp"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_is_handed_from_thread_to_thread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_calls_at_once_do_not_mix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recorders_are_opened_at_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
