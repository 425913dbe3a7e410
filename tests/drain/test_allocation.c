/*
 * Every allocation fails once, in turn (style rule 19): what comes of it is an error or a counted drop, never
 * a crash, a leak or a lie. And recording allocates nothing at all (style rule 11).
 *
 * The linker puts the functions below between genspan's code and the C library; libcurl's allocations come
 * by curl_global_init_mem. What the C library allocates for itself is out of reach here, but for recording
 * it is counted too where no sanitizer stands in the way.
 */
#include "exported.h"

#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <genspan/exchange.h>
#include <genspan/export.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/dump.h"

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    return 0;
}

/*
 * Failing.
 */

static _Atomic bool is_counting;
static _Atomic long n_asked;    /* since counting began */
static _Atomic long fails_at;   /* the so many-th fails; 0: none */
static _Atomic bool fails_on;   /* and all after it */
static _Atomic bool has_failed; /* one did */

static bool fails(void)
{
    long n;

    if (!atomic_load(&is_counting))
        return false;
    n = atomic_fetch_add(&n_asked, 1) + 1;
    if (atomic_load(&fails_at) == 0 || n < atomic_load(&fails_at) ||
        (n > atomic_load(&fails_at) && !atomic_load(&fails_on)))
        return false;
    atomic_store(&has_failed, true);
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
void *__real_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset);
DIR *__real_opendir(const char *name);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *a, void *(*fn)(void *), void *arg);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
void *__wrap_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset);
DIR *__wrap_opendir(const char *name);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *a, void *(*fn)(void *), void *arg);

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, n);
}

void *__wrap_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    return fails() ? MAP_FAILED : __real_mmap(at, n, protection, flags, fd, offset);
}

DIR *__wrap_opendir(const char *name)
{
    return fails() ? NULL : __real_opendir(name);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *a, void *(*fn)(void *), void *arg)
{
    return fails() ? EAGAIN : __real_pthread_create(thread, a, fn, arg);
}

static char *curl_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = __wrap_malloc(n);

    if (copy)
        memcpy(copy, s, n);
    return copy;
}

static void begin(long at, bool and_on)
{
    atomic_store(&n_asked, 0);
    atomic_store(&fails_at, at);
    atomic_store(&fails_on, and_on);
    atomic_store(&has_failed, false);
    atomic_store(&is_counting, true);
}

static long end(void)
{
    atomic_store(&is_counting, false);
    return atomic_load(&n_asked);
}

/*
 * Run `attempt` with its first allocation failing, its second, and so on, until it asks for no more; once
 * with only that one failing, once with all that follow. Each run must leave the world as it found it.
 */
static void sweep(void (*attempt)(void *self, bool *is_good), void *self)
{
    for (int and_on = 0; and_on < 2; and_on++)
        for (long at = 1;; at++) {
            bool is_good = false;

            begin(at, and_on);
            attempt(self, &is_good);
            end();
            if (!atomic_load(&has_failed)) {
                assert_true(is_good);
                assert_true(at > 1); /* there was something to fail */
                break;
            }
            assert_true(at < 2000);
        }
}

/*
 * What is swept.
 */

static void open_recorder(void *self, bool *is_good)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *r = NULL;
    gsp_error err = {0};
    gsp_status status;

    (void)self;
    o.directory = test_directory();
    o.ring_bytes = 64 << 10;
    status = gsp_recorder_open(&o, &r, &err);
    end();
    *is_good = status == GSP_OK;
    assert_true(*is_good == (r != NULL));
    if (r) {
        test_record_calls(r, 1, NULL);
    } else {
        assert_int_equal(err.code, status);
        assert_non_null(err.text);
        assert_int_equal(test_directory_count(".ring") + test_directory_count(".tmp"), 0);
    }
    gsp_recorder_close(r);
    test_directory_clear();
}

static void opening_a_recorder(void **state)
{
    (void)state;
    sweep(open_recorder, NULL);
}

/* A ring whose recorder cannot even look for the spent ones of others. */
static int record_and_die(void *arg)
{
    test_record_calls(test_recorder(NULL, 64 << 10), 3, arg);
    return 0;
}

static void open_beside_others(void *self, bool *is_good)
{
    gsp_recorder *r;

    (void)self;
    end();
    assert_int_equal(test_in_child(record_and_die, NULL), 0);
    atomic_store(&n_asked, 0);
    atomic_store(&is_counting, true);
    *is_good = gsp_recorder_open(NULL, &r, NULL) == GSP_OK;
    end();
    if (*is_good)
        gsp_recorder_close(r);
    assert_int_equal(test_directory_count(".ring"), 1); /* it was not taken for a spent one */
    test_directory_clear();
}

static void opening_a_recorder_beside_rings_of_the_dead(void **state)
{
    (void)state;
    setenv("GENSPAN_DIR", test_directory(), 1);
    sweep(open_beside_others, NULL);
    unsetenv("GENSPAN_DIR");
}

static void start_drainer(void *self, bool *is_good)
{
    static const char *const exporters[] = {"otlp", "console", "file", "memory", "otlp,console,file,memory"};
    const char *exporter = exporters[*(int *)self];
    gsp_drainer_options o = test_file_options();
    gsp_recorder *r;
    gsp_drainer *d = NULL;
    gsp_error err = {0};
    gsp_status status;

    end();
    r = test_recorder(NULL, 64 << 10);
    o.traces_exporter = o.metrics_exporter = exporter;
    o.headers = "a=b,c=d";
    o.endpoint = "http://127.0.0.1:1";
    atomic_store(&n_asked, 0);
    atomic_store(&is_counting, true);
    status = gsp_drainer_start(r, &o, &d, &err);
    end();
    *is_good = status == GSP_OK;
    assert_true(*is_good == (d != NULL));
    if (!d) {
        assert_int_equal(err.code, status);
        assert_int_equal(status, GSP_ERR_NO_MEMORY);
    }
    gsp_drainer_stop(d, 30000);
    /* whoever comes next gets the ring */
    test_drain(gsp_recorder_path(r));
    gsp_recorder_close(r);
    test_directory_clear();
}

static void starting_a_drainer(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        sweep(start_drainer, &i);
}

/*
 * A drain pass. Whatever fails, each call is exported in the end or counted as lost; none comes twice in
 * this process, and all that was written is good OTLP.
 */
static uint64_t lost(void)
{
    return test_metric(test_metrics_file(), "genspan.records.dropped", NULL, NULL);
}

static void drain_calls(void *self, bool *is_good)
{
    const int n_calls = 4;
    gsp_context ids[4];
    struct gsp__drainer *d;
    gsp_recorder *r;
    int n_exported = 0;

    (void)self;
    end();
    r = test_recorder(NULL, 64 << 10);
    test_record_calls(r, n_calls, ids);
    d = test_drainer(false);
    atomic_store(&n_asked, 0);
    atomic_store(&is_counting, true);
    *is_good = gsp__drainer_flush(d, 0, false) == GSP_OK;
    end();
    /* the same drainer goes on as if nothing had been */
    assert_int_equal(gsp__drainer_flush(d, 30000, false), GSP_OK);
    gsp__drainer_free(d);
    test_drain_once(false);
    for (int i = 0; i < n_calls; i++)
        n_exported += test_span(test_traces_file(), ids[i].span_id) != NULL;
    if (n_exported < n_calls && lost() == 0)
        fail_msg("allocation %ld: %d of %d calls are exported, and no loss is told", atomic_load(&fails_at),
                 n_exported, n_calls);
    assert_int_equal(test_count_records(gsp_recorder_path(r)), 0);
    gsp_recorder_close(r);
    test_directory_clear();
}

static void draining(void **state)
{
    (void)state;
    sweep(drain_calls, NULL);
}

/* A call that is too large for the memory at hand is dropped, and told as a loss: it must not stand in the
 * way. */
static void record_large_call(gsp_recorder *r)
{
    gsp_span op = gsp_operation_start(r, "chat", NULL);
    static char text[60001];

    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 60; i++) {
        gsp_span at = gsp_attempt_start(op, NULL);

        gsp_span_set_string(at, GSP_FACT_RESPONSE_ID, text);
        gsp_span_end(at, GSP_OUTCOME_COMPLETED, NULL, 0);
    }
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
}

static void a_call_for_which_there_is_no_memory_is_a_counted_drop(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 8 << 20);
    struct gsp__drainer *d = test_drainer(false);

    (void)state;
    assert_int_equal(gsp__drainer_flush(d, 30000, false), GSP_OK); /* it has found the ring */
    record_large_call(r);
    assert_int_equal(gsp_recorder_loss(r, GSP_LOSS_NO_CHUNK), 0);
    begin(1, true); /* its arena cannot grow */
    (void)!gsp__drainer_flush(d, 0, false);
    end();
    assert_int_equal(gsp__drainer_flush(d, 30000, false), GSP_OK);
    gsp__drainer_free(d);
    assert_int_equal(
        test_metric(test_metrics_file(), "genspan.records.dropped", "genspan.reason", "no_memory"), 1);
    gsp_recorder_close(r);
}

/*
 * Recording.
 */

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !HAS_FEATURE(address_sanitizer) &&    \
    !HAS_FEATURE(thread_sanitizer) && defined(__GLIBC__)
/* The C library's own allocations are counted too: it calls these. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static _Atomic long n_library;

#undef malloc
#undef calloc
#undef realloc
__attribute__((visibility("default"))) void *malloc(size_t n)
{
    n_library += atomic_load(&is_counting);
    return __libc_malloc(n);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
    n_library += atomic_load(&is_counting);
    return __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t n)
{
    n_library += atomic_load(&is_counting);
    return __libc_realloc(p, n);
}
#else
static _Atomic long n_library;
#endif

static void record_everything(gsp_recorder *r, gsp_span op, gsp_span at)
{
    static const char *const strings[] = {"a", "b"};
    gsp_attribute attributes[] = {
        {.key = "s", .type = GSP_TYPE_STRING, .value = {.s = "value"}},
        {.key = "i", .type = GSP_TYPE_INT, .value = {.i = 1}},
        {.key = "d", .type = GSP_TYPE_DOUBLE, .value = {.d = 0.5}},
        {.key = "b", .type = GSP_TYPE_BOOL, .value = {.i = 1}},
        {.key = "l", .type = GSP_TYPE_STRINGS, .value = {.strings = strings}, .n_strings = 2},
    };
    gsp_context context = gsp_span_context(op);
    char traceparent[GSP_TRACEPARENT_BYTES], text[3000];

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    gsp_context_format(&context, traceparent);
    (void)!gsp_context_parse(traceparent, &context);
    for (int i = 0; i < 5; i++)
        gsp_span_set_attribute(at, &attributes[i]);
    gsp_span_set_string(at, GSP_FACT_RESPONSE_MODEL, text);
    gsp_span_set_int(at, GSP_FACT_SEED, INT64_MAX);
    gsp_span_set_double(at, GSP_FACT_TEMPERATURE, 0.7);
    gsp_span_set_bool(at, GSP_FACT_STREAM, 1);
    gsp_span_add_string(at, GSP_FACT_REQUEST_ID, 0, "req");
    gsp_span_add_event(op, "event", attributes, 5, 0);
    gsp_span_add_link(op, &context, attributes, 5);
    gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 7);
    gsp_span_set_usage_source(at, GSP_USAGE_REPORTED);
    for (int m = GSP_MARK_FIRST_BYTE; m <= GSP_MARK_TERMINAL; m++)
        gsp_stream_mark(at, (gsp_mark)m, 0);
    gsp_event_prompt_sent(op, "m", 1, 2, 0);
    gsp_event_first_token(op, 1, 0);
    gsp_event_retry(op, 1, "rate_limit", 5, 429, 0);
    gsp_event_tool_call(op, "tool", "id", "{}", 0);
    gsp_event_response_received(op, "m", 1, 2, 3, strings, 2, 0);
    (void)gsp_recorder_loss(r, GSP_LOSS_CUT);
    (void)gsp_recorder_now_ns(r);
}

static void record_all(gsp_recorder *r)
{
    gsp_failure cause = GSP_FAILURE_INIT, failure = GSP_FAILURE_INIT;
    gsp_operation_options oo = GSP_OPERATION_OPTIONS_INIT;
    gsp_span_options so = GSP_SPAN_OPTIONS_INIT;
    gsp_scope scope = gsp_scope_open(r);
    gsp_span op, at;

    oo.model = "m";
    oo.scope = so.scope = scope;
    op = gsp_operation_start(r, "chat", &oo);
    at = gsp_attempt_start(op, NULL);
    record_everything(r, op, at);
    cause.exception = "Cause";
    cause.message = "why";
    failure.http_status = 500;
    failure.message = "a message that is longer than the room that is kept for it in the head of a record";
    failure.cause = &cause;
    gsp_stream_end(at, GSP_STREAM_FAILED, &failure, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    record_everything(r, op, at); /* late */
    gsp_span_start(r, "left open", &so);
    gsp_scope_close(scope, 0);
    record_everything(r, (gsp_span)GSP_NO_SPAN_INIT, (gsp_span)GSP_NO_SPAN_INIT);
    record_everything(NULL, (gsp_span){12345}, (gsp_span){12345});
}

static void recording_allocates_nothing_at_all(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 256 << 10);
    void *(*volatile allocate)(size_t n) = malloc; /* a call that no compiler leaves out */

    (void)state;
    begin(0, false);
    record_all(r);
    for (int i = 0; i < 1000; i++) /* until the ring is full, and beyond */
        gsp_span_start(r, "x", NULL);
    assert_int_equal(end(), 0);
    assert_true(gsp_recorder_loss(r, GSP_LOSS_NO_CHUNK) > 0);
    gsp_recorder_close(r);

    n_library = 0;
    r = test_recorder(NULL, 256 << 10);
    atomic_store(&is_counting, true);
    record_all(r);
    end();
    assert_int_equal(n_library, 0);
    gsp_recorder_close(r);

    /* the counters do count */
    begin(0, false);
    free(allocate(1));
    assert_true(end() + n_library > 0);
}

/* An exchange is one allocation; when that fails, its calls do nothing. */
static void an_exchange_that_cannot_be_made_is_null_and_harmless(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_exchange *x;

    (void)state;
    begin(1, true);
    x = gsp_exchange_new(gsp_span_start(r, "x", NULL));
    gsp_exchange_request(x, "POST", "http://127.0.0.1/v1/chat/completions");
    gsp_exchange_response_body(x, "{}", 2, 0);
    gsp_exchange_end(x, GSP_STREAM_FINISHED, NULL, 0);
    gsp_exchange_free(x);
    assert_int_equal(end(), 1);
    assert_null(x);
    gsp_recorder_close(r);
}

static int set_up_curl(void **state)
{
    (void)state;
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, free, __wrap_realloc, curl_strdup,
                                __wrap_calloc) != CURLE_OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(opening_a_recorder, set_up),
        cmocka_unit_test_setup(opening_a_recorder_beside_rings_of_the_dead, set_up),
        cmocka_unit_test_setup(starting_a_drainer, set_up),
        cmocka_unit_test_setup(draining, set_up),
        cmocka_unit_test_setup(a_call_for_which_there_is_no_memory_is_a_counted_drop, set_up),
        cmocka_unit_test_setup(recording_allocates_nothing_at_all, set_up),
        cmocka_unit_test_setup(an_exchange_that_cannot_be_made_is_null_and_harmless, set_up),
    };
    return cmocka_run_group_tests(tests, set_up_curl, NULL);
}
