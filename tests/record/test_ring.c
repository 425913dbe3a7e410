/* The ring file: where it is made, what it takes, who holds its locks, what closing leaves. */
#include "support/dump.h"
#include "support/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/directory.h"
#include "record/lock.h"
#include "record/ring.h"

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    return 0;
}

static void space_is_allocated_for_real(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 1 << 20);
    struct stat st;

    (void)state;
    assert_int_equal(stat(gsp_recorder_path(r), &st), 0);
    assert_true(st.st_size <= 1 << 20);
    assert_true(st.st_size > (1 << 20) - 8192);
    assert_true((uint64_t)st.st_blocks * 512 >= (uint64_t)st.st_size);
    assert_int_equal(st.st_mode & 0777, 0600);
    gsp_recorder_close(r);
}

static void sizes_that_fit(void **state)
{
    static const uint64_t sizes[] = {64 << 10, 100000, 1 << 20, 8 << 20, 1 << 30};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint32_t n, c;
        uint64_t bytes;

        gsp__ring_fit(sizes[i], 0, &n, &c);
        bytes = gsp__ring_shape(n, 0).file_bytes;
        assert_true(bytes <= sizes[i]);
        /* the next chunk may also need the next page of words or bits */
        assert_true(gsp__ring_shape(n + 1, 0).file_bytes > sizes[i]);
        assert_int_equal(c, 0);
    }
}

static void options_out_of_range_are_refused(void **state)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *r = (gsp_recorder *)&o;
    gsp_error err = {0};

    (void)state;
    o.directory = test_directory();
    o.ring_bytes = 1000;
    assert_int_equal(gsp_recorder_open(&o, &r, &err), GSP_ERR_INVALID);
    assert_null(r);
    assert_non_null(strstr(err.text, "ring_bytes"));
    o.ring_bytes = 0;
    o.record_bytes = 5;
    assert_int_equal(gsp_recorder_open(&o, &r, &err), GSP_ERR_INVALID);
    o.record_bytes = 0;
    o.sampler = "sometimes";
    assert_int_equal(gsp_recorder_open(&o, &r, &err), GSP_ERR_INVALID);
    o.sampler = NULL;
    o.capture = "SOME";
    assert_int_equal(gsp_recorder_open(&o, &r, &err), GSP_ERR_INVALID);
    assert_int_equal(test_directory_count(""), 0);
}

static void a_full_disk_means_no_recording(void **state)
{
    struct rlimit old, small = {32 << 10, RLIM_INFINITY};
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *r;
    gsp_error err = {0};

    (void)state;
    o.directory = test_directory();
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(gsp_recorder_open(&o, &r, &err), GSP_ERR_NO_SPACE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_null(r);
    assert_non_null(strstr(err.text, "GENSPAN_DIR"));
    assert_int_equal(test_directory_count(""), 0); /* nothing is left behind */
    gsp_span_set_int(gsp_span_start(r, "x", NULL), GSP_FACT_SEED, 1);
}

static void a_directory_that_cannot_be_made(void **state)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *r;
    gsp_error err = {0};
    char path[600];

    (void)state;
    o.directory = "/proc/genspan/nowhere";
    assert_int_not_equal(gsp_recorder_open(&o, &r, &err), GSP_OK);
    assert_non_null(strstr(err.text, "GENSPAN_DIR"));
    assert_true(err.os_errno != 0);
    snprintf(path, sizeof path, "%s/file", test_directory());
    test_write_file(path, "x", 1);
    o.directory = path;
    assert_int_equal(gsp_recorder_open(&o, &r, &err), GSP_ERR_IO);
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = 0;
    o.directory = path;
    assert_int_equal(gsp_recorder_open(&o, &r, &err), GSP_ERR_INVALID);
}

/* Where rings are looked for: GENSPAN_DIR, /run/genspan, $XDG_RUNTIME_DIR, /dev/shm. */
static void the_directory_that_is_chosen(void **state)
{
    char out[GSP__DIRECTORY_MAX], expected[600];
    gsp_error err;

    (void)state;
    setenv("GENSPAN_DIR", "/tmp/from-variable-that-is-not-made", 1);
    assert_int_equal(gsp__directory_find(test_directory(), out, &err), GSP_OK);
    assert_string_equal(out, test_directory());
    setenv("GENSPAN_DIR", test_directory(), 1);
    assert_int_equal(gsp__directory_find(NULL, out, &err), GSP_OK);
    assert_string_equal(out, test_directory());
    unsetenv("GENSPAN_DIR");
    if (access("/run/genspan", F_OK) == 0)
        return;
    setenv("XDG_RUNTIME_DIR", test_directory(), 1);
    assert_int_equal(gsp__directory_find(NULL, out, &err), GSP_OK);
    snprintf(expected, sizeof expected, "%s/genspan", test_directory());
    assert_string_equal(out, expected);
    setenv("XDG_RUNTIME_DIR", "relative/path", 1);
    assert_int_equal(gsp__directory_find(NULL, out, &err), GSP_OK);
    snprintf(expected, sizeof expected, "/dev/shm/genspan-%lu", (unsigned long)geteuid());
    assert_string_equal(out, expected);
    unsetenv("XDG_RUNTIME_DIR");
}

static void malformed_variables_are_ignored(void **state)
{
    gsp_recorder *r;
    struct stat st;

    (void)state;
    setenv("GENSPAN_RING_BYTES", "lots", 1);
    setenv("OTEL_TRACES_SAMPLER", "sometimes", 1);
    setenv("OTEL_SPAN_EVENT_COUNT_LIMIT", "-1", 1);
    setenv("OTEL_RESOURCE_ATTRIBUTES", "a=1,b", 1);
    setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "perhaps", 1);
    setenv("GENSPAN_GROUP", "no-such-group", 1);
    r = test_recorder(NULL, 0);
    assert_int_equal(stat(gsp_recorder_path(r), &st), 0);
    assert_int_equal(st.st_size, 8 << 20);
    gsp_recorder_close(r);
    unsetenv("GENSPAN_RING_BYTES");
    unsetenv("OTEL_TRACES_SAMPLER");
    unsetenv("OTEL_SPAN_EVENT_COUNT_LIMIT");
    unsetenv("OTEL_RESOURCE_ATTRIBUTES");
    unsetenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT");
    unsetenv("GENSPAN_GROUP");
}

static void a_group_may_read(void **state)
{
    gsp_recorder *r;
    struct stat st;

    (void)state;
    if (geteuid() != 0)
        skip();
    setenv("GENSPAN_GROUP", "daemon", 1);
    r = test_recorder(NULL, 64 << 10);
    unsetenv("GENSPAN_GROUP");
    assert_int_equal(stat(gsp_recorder_path(r), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    gsp_recorder_close(r);
}

static void disabled_by_variable(void **state)
{
    gsp_recorder *r = NULL;
    gsp_error err = {0};

    (void)state;
    setenv("OTEL_SDK_DISABLED", "TRUE", 1);
    assert_int_equal(gsp_recorder_open(NULL, &r, &err), GSP_ERR_DISABLED);
    assert_null(r);
    unsetenv("OTEL_SDK_DISABLED");
}

static void with_no_recorder_every_call_works(void **state)
{
    static const char *const reasons[] = {"stop"};
    gsp_context c;
    gsp_span s;

    (void)state;
    s = gsp_operation_start(NULL, "chat", NULL);
    assert_int_equal(s.id, 0);
    assert_int_equal(gsp_attempt_start(s, NULL).id, 0);
    assert_int_equal(gsp_span_start(NULL, "x", NULL).id, 0);
    assert_int_equal(gsp_scope_open(NULL).id, 0);
    gsp_scope_close((gsp_scope){0}, 0);
    gsp_span_set_string(s, GSP_FACT_PROVIDER, "p");
    gsp_span_set_int(s, GSP_FACT_SEED, 1);
    gsp_span_set_double(s, GSP_FACT_TOP_P, 1);
    gsp_span_set_bool(s, GSP_FACT_STREAM, 1);
    gsp_span_add_string(s, GSP_FACT_REQUEST_ID, 0, "id");
    gsp_span_set_attribute(s, NULL);
    gsp_span_add_event(s, "e", NULL, 3, 0);
    gsp_span_add_link(s, NULL, NULL, 0);
    gsp_span_set_usage(s, GSP_USAGE_INPUT_TOKENS, 1);
    gsp_span_set_usage_source(s, GSP_USAGE_MISSING);
    gsp_stream_mark(s, GSP_MARK_TEXT, 0);
    gsp_stream_end(s, GSP_STREAM_FINISHED, NULL, 0);
    gsp_event_prompt_sent(s, "m", 1, 1, 0);
    gsp_event_first_token(s, 1, 0);
    gsp_event_retry(s, 1, "rate_limit", 1, 429, 0);
    gsp_event_tool_call(s, "t", "id", "{}", 0);
    gsp_event_response_received(s, "m", 1, 2, 3, reasons, 1, 0);
    gsp_span_end(s, GSP_OUTCOME_AUTO, NULL, 0);
    c = gsp_span_context(s);
    assert_int_equal(c.trace_flags, 0);
    assert_int_equal(gsp_recorder_loss(NULL, GSP_LOSS_STALE), 0);
    assert_int_equal(gsp_recorder_now_ns(NULL), 0);
    assert_null(gsp_recorder_path(NULL));
    gsp_recorder_close(NULL);
}

static void garbage_handles_are_harmless(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    uint64_t x = 1;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        gsp_span_set_int((gsp_span){x}, GSP_FACT_SEED, 1);
        gsp_span_end((gsp_span){x}, GSP_OUTCOME_AUTO, NULL, 0);
        gsp_scope_close((gsp_scope){x}, 0);
    }
    assert_int_equal(test_count_records(gsp_recorder_path(r)), 0);
    gsp_recorder_close(r);
}

static void the_writer_holds_its_lock(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_span s = gsp_span_start(r, "x", NULL);
    struct gsp__reader *reader = test_reader(gsp_recorder_path(r), GSP__READ_DRAIN);
    struct gsp__reader *second;
    gsp_error err;

    (void)state;
    assert_true(gsp__reader_is_live(reader));
    assert_int_equal(gsp__reader_open(gsp_recorder_path(r), GSP__READ_DRAIN, &second, &err), GSP_ERR_BUSY);
    assert_int_equal(gsp__reader_open(gsp_recorder_path(r), GSP__READ_ONLY, &second, &err), GSP_OK);
    gsp__reader_close(second);
    assert_true(gsp__reader_is_live(reader)); /* closing another descriptor loses no lock */
    gsp_span_end(s, GSP_OUTCOME_AUTO, NULL, 0);
    gsp_recorder_close(r);
    assert_false(gsp__reader_is_live(reader));
    gsp__reader_close(reader);
}

static void closing_abandons_what_is_open(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    char path[600];
    gsp_span s;

    (void)state;
    snprintf(path, sizeof path, "%s", gsp_recorder_path(r));
    s = gsp_span_start(r, "left open", NULL);
    gsp_recorder_close(r);
    assert_non_null(strstr(test_dump_record(path, 0), "| abandoned"));
    gsp_span_set_int(s, GSP_FACT_SEED, 1); /* inert now */
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_non_null(strstr(test_dump_record(path, 0), "| abandoned"));
}

static void an_unused_ring_is_deleted(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);

    (void)state;
    assert_int_equal(test_directory_count(".ring"), 1);
    gsp_recorder_close(r);
    assert_int_equal(test_directory_count(""), 0);
}

static void handles_of_a_closed_recorder_do_not_reach_the_next(void **state)
{
    gsp_span old[20];
    gsp_recorder *r = test_recorder(NULL, 64 << 10);

    (void)state;
    for (int i = 0; i < 20; i++)
        old[i] = gsp_span_start(r, "old", NULL);
    gsp_recorder_close(r);
    r = test_recorder(NULL, 64 << 10); /* takes the same slot, and the same chunks */
    for (int i = 0; i < 20; i++)
        gsp_span_start(r, "new", NULL);
    for (int i = 0; i < 20; i++)
        gsp_span_end(old[i], GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(gsp_recorder_loss(r, GSP_LOSS_STALE), 20);
    for (int i = 0; i < 20; i++)
        assert_string_equal(test_dump_record(gsp_recorder_path(r), i), "span: span_name=\"new\" | open");
    gsp_recorder_close(r);
}

static void recorders_are_limited_and_come_back(void **state)
{
    gsp_recorder *r[GSP__RING_SLOTS + 1];
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_error err = {0};

    (void)state;
    o.directory = test_directory();
    o.ring_bytes = 64 << 10;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < GSP__RING_SLOTS; i++)
            assert_int_equal(gsp_recorder_open(&o, &r[i], &err), GSP_OK);
        assert_int_equal(gsp_recorder_open(&o, &r[GSP__RING_SLOTS], &err), GSP_ERR_NO_SPACE);
        for (int i = 0; i < GSP__RING_SLOTS; i++)
            gsp_recorder_close(r[i]);
    }
}

static bool go_on(void *self, const char *path)
{
    (void)path;
    ++*(int *)self;
    return true;
}

static void leftovers_of_a_dead_maker_are_deleted(void **state)
{
    struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    char path[600], fresh[600];
    gsp_error err;
    int n = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/1-dead.ring.tmp", test_directory());
    snprintf(fresh, sizeof fresh, "%s/1-fresh.ring.tmp", test_directory());
    test_write_file(path, "x", 1);
    test_write_file(fresh, "x", 1);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_int_equal(gsp__directory_list(test_directory(), go_on, &n, &err), GSP_OK);
    assert_int_equal(n, 1);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(access(fresh, F_OK), 0);
    gsp_recorder_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(space_is_allocated_for_real, set_up),
        cmocka_unit_test_setup(sizes_that_fit, set_up),
        cmocka_unit_test_setup(options_out_of_range_are_refused, set_up),
        cmocka_unit_test_setup(a_full_disk_means_no_recording, set_up),
        cmocka_unit_test_setup(a_directory_that_cannot_be_made, set_up),
        cmocka_unit_test_setup(the_directory_that_is_chosen, set_up),
        cmocka_unit_test_setup(malformed_variables_are_ignored, set_up),
        cmocka_unit_test_setup(a_group_may_read, set_up),
        cmocka_unit_test_setup(disabled_by_variable, set_up),
        cmocka_unit_test_setup(with_no_recorder_every_call_works, set_up),
        cmocka_unit_test_setup(garbage_handles_are_harmless, set_up),
        cmocka_unit_test_setup(the_writer_holds_its_lock, set_up),
        cmocka_unit_test_setup(closing_abandons_what_is_open, set_up),
        cmocka_unit_test_setup(an_unused_ring_is_deleted, set_up),
        cmocka_unit_test_setup(handles_of_a_closed_recorder_do_not_reach_the_next, set_up),
        cmocka_unit_test_setup(recorders_are_limited_and_come_back, set_up),
        cmocka_unit_test_setup(leftovers_of_a_dead_maker_are_deleted, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
