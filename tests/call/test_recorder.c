/* Opening a recorder: structs of other sizes, directories, variables with wrong values, the resource. Sizes,
 * locks and closing are in test_ring; limits and samplers have tests of their own. */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/warn.h"

extern char **environ;

/* No variable of ours or OpenTelemetry's from outside, and none warned of yet. */
static int set_up(void **state)
{
    (void)state;
    for (char **e = environ; *e;) {
        char name[128];
        size_t n = strcspn(*e, "=");

        if ((strncmp(*e, "OTEL_", 5) == 0 || strncmp(*e, "GENSPAN_", 8) == 0) && n < sizeof name &&
            strncmp(*e, "GENSPAN_TEST_", 13) != 0 && strncmp(*e, "GENSPAN_SHARED", 14) != 0) {
            memcpy(name, *e, n);
            name[n] = 0;
            unsetenv(name);
            gsp__warn_reset(name);
            e = environ;
            continue;
        }
        e++;
    }
    gsp__warn_reset("resource");
    test_directory_clear();
    return 0;
}

static gsp_recorder *open_here(void)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *r;

    o.directory = test_directory();
    assert_int_equal(gsp_recorder_open(&o, &r, NULL), GSP_OK);
    return r;
}

/* types.h: an older caller's struct is shorter; what lies behind it is not read. */
static void options_of_an_older_caller(void **state)
{
    gsp_recorder_options full = GSP_RECORDER_OPTIONS_INIT, *shorter;
    volatile size_t n = offsetof(gsp_recorder_options, n_attributes_max);
    struct gsp__reader *reader;
    gsp_recorder *r;

    (void)state;
    full.struct_size = (uint32_t)n;
    full.directory = test_directory();
    full.ring_bytes = 64 << 10;
    full.service_name = "older";
    shorter = malloc(n);
    assert_non_null(shorter);
    memcpy((void *)shorter, &full, n);
    assert_int_equal(gsp_recorder_open(shorter, &r, NULL), GSP_OK);
    free(shorter);
    reader = test_reader(gsp_recorder_path(r), GSP__READ_ONLY);
    assert_int_equal(reader->header.n_attributes_max, 128);
    assert_string_equal(reader->header.dialect, "otel");
    gsp__reader_close(reader);
    assert_string_equal(test_resource_value(gsp_recorder_path(r), "service.name"), "older");
    gsp_recorder_close(r);
}

/* A newer caller's is longer: what we do not know of it is left alone. */
static void options_of_a_newer_caller(void **state)
{
    struct {
        gsp_recorder_options options;
        uint64_t unknown[4];
    } longer = {.options = GSP_RECORDER_OPTIONS_INIT, .unknown = {1, 2, 3, 4}};
    struct {
        gsp_span_options options;
        uint64_t unknown[2];
    } span = {.options = GSP_SPAN_OPTIONS_INIT, .unknown = {5, 6}};
    gsp_recorder *r;

    (void)state;
    longer.options.struct_size = sizeof longer;
    longer.options.directory = test_directory();
    longer.options.ring_bytes = 64 << 10;
    assert_int_equal(gsp_recorder_open(&longer.options, &r, NULL), GSP_OK);
    span.options.struct_size = sizeof span;
    span.options.kind = GSP_SPAN_SERVER;
    gsp_span_end(gsp_span_start(r, "x", &span.options), GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(r), false), 1);
    assert_int_equal(test_span(0)->kind, GSP_SPAN_SERVER);
    gsp_recorder_close(r);
}

/* The same holds for spans, operations and attempts; a size of 0 says nothing at all. */
static void other_options_of_older_callers(void **state)
{
    gsp_recorder *r = open_here();
    gsp_operation_options oo = GSP_OPERATION_OPTIONS_INIT;
    gsp_attempt_options ao = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_span_options so = GSP_SPAN_OPTIONS_INIT;
    gsp_span op;

    (void)state;
    oo.struct_size = offsetof(gsp_operation_options, model); /* knows kind and provider only */
    oo.kind = GSP_SPAN_INTERNAL;
    oo.provider = "openai";
    oo.model = "not read";
    oo.parent = (const gsp_context *)(uintptr_t)8;
    op = gsp_operation_start(r, "chat", &oo);
    ao.struct_size = offsetof(gsp_attempt_options, target_name);
    ao.server_port = 99;
    ao.target_name = "not read";
    ao.now_ns = 1;
    gsp_attempt_start(op, &ao);
    so.struct_size = 0;
    so.kind = GSP_SPAN_SERVER;
    so.parent = (const gsp_context *)(uintptr_t)8;
    gsp_span_start(r, "x", &so);
    assert_string_equal(test_dump_record(gsp_recorder_path(r), 0),
                        "operation: operation=\"chat\" provider=\"openai\" | open");
    assert_string_equal(test_dump_record(gsp_recorder_path(r), 1), "attempt: server_port=99 | open");
    assert_int_equal(test_spans_of(gsp_recorder_path(r), false), 3);
    assert_int_equal(test_span(0)->kind, GSP_SPAN_INTERNAL);
    assert_int_equal(test_span(2)->kind, GSP_SPAN_INTERNAL);
    assert_false(test_span(2)->has_parent);
    gsp_recorder_close(r);
}

/* A clock struct that is shorter than ours cannot be called: the system's clocks are used. */
static void a_clock_of_another_size(void **state)
{
    struct test_clock clock;
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *r;

    (void)state;
    test_clock_init(&clock);
    o.directory = test_directory();
    o.clock = &clock.clock;
    assert_int_equal(gsp_recorder_open(&o, &r, NULL), GSP_OK);
    assert_int_equal(gsp_recorder_now_ns(r), clock.now_ns);
    gsp_recorder_close(r);
    clock.clock.struct_size = 8;
    assert_int_equal(gsp_recorder_open(&o, &r, NULL), GSP_OK);
    assert_int_not_equal(gsp_recorder_now_ns(r), clock.now_ns);
    gsp_recorder_close(r);
}

/* design.md, "The ring": with a directory that cannot be used there is an error that says what to do, and the
 * program goes on without a recorder. */
static void directories_that_cannot_be_used(void **state)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    char file[600], below[700], parent[700], dangling[600];
    const char *const paths[] = {"/proc", "/dev/null", file, below, parent, dangling, "/proc/self/nothing"};

    (void)state;
    snprintf(file, sizeof file, "%s/a-file", test_directory());
    snprintf(below, sizeof below, "%s/ring", file);
    snprintf(parent, sizeof parent, "%s/missing/deeper", test_directory());
    snprintf(dangling, sizeof dangling, "%s/dangling", test_directory());
    test_write_file(file, "x", 1);
    assert_int_equal(symlink("/nowhere/at/all", dangling), 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        gsp_recorder *r = (gsp_recorder *)&o;
        gsp_error err = {0};
        gsp_status status;

        o.directory = paths[i];
        status = gsp_recorder_open(&o, &r, &err);
        if (status >= 0)
            fail_msg("%s was taken", paths[i]);
        assert_int_equal(err.code, status);
        assert_true(err.os_errno != 0);
        assert_true(strstr(err.text, "directory") != NULL);
        assert_null(r);
        gsp_span_end(gsp_operation_start(r, "chat", NULL), GSP_OUTCOME_AUTO, NULL, 0);
        assert_int_not_equal(gsp_recorder_open(&o, &r, NULL), GSP_OK); /* err may be NULL */
    }
}

/* A directory that is not there yet is made, for its owner only. */
static void a_directory_is_made(void **state)
{
    char path[600];
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    struct stat st;
    gsp_recorder *r;

    (void)state;
    snprintf(path, sizeof path, "%s/new", test_directory());
    setenv("GENSPAN_DIR", path, 1);
    o.ring_bytes = 64 << 10;
    assert_int_equal(gsp_recorder_open(&o, &r, NULL), GSP_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_memory_equal(gsp_recorder_path(r), path, strlen(path));
    gsp_recorder_close(r);
}

/* A full disk: an error, a recorder that is none, every call a no-op; and recording again once there is room.
 */
static void a_full_disk_stops_nobody(void **state)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    struct rlimit old, small = {.rlim_cur = 1 << 20};
    gsp_error err = {0};
    gsp_recorder *r;
    gsp_span op, at;

    (void)state;
    o.directory = test_directory();
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(gsp_recorder_open(&o, &r, &err), GSP_ERR_NO_SPACE);
    assert_int_equal(err.code, GSP_ERR_NO_SPACE);
    assert_non_null(strstr(err.text, "GENSPAN_RING_BYTES"));
    op = gsp_operation_start(r, "chat", NULL);
    at = gsp_attempt_start(op, NULL);
    gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    gsp_stream_end(at, GSP_STREAM_FINISHED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(gsp_recorder_loss(r, GSP_LOSS_STALE), 0);
    gsp_recorder_close(r);
    assert_int_equal(test_directory_count(""), 0);
    o.ring_bytes = 64 << 10; /* a smaller ring fits, as the error says */
    assert_int_equal(gsp_recorder_open(&o, &r, &err), GSP_OK);
    assert_true(gsp_span_start(r, "x", NULL).id != 0);
    gsp_recorder_close(r);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
}

/* What stderr gets while `open_here` runs twice. */
static char *warnings_of_two_opens(char path[600])
{
    int saved, fd;
    gsp_recorder *r;
    char *text;

    snprintf(path, 600, "%s/stderr.txt", test_directory());
    fflush(stderr);
    saved = dup(STDERR_FILENO);
    fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_true(saved >= 0 && fd >= 0);
    dup2(fd, STDERR_FILENO);
    close(fd);
    r = open_here();
    gsp_recorder_close(r);
    r = open_here();
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    text = test_read_file(path, NULL);
    gsp_span_start(r, "x", NULL); /* so that the ring stays */
    gsp_recorder_close(r);
    return text;
}

static int count_lines(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* recorder.h: a malformed variable is treated as unset and named on stderr, once. */
static void wrong_variables_are_named_once_and_ignored(void **state)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"GENSPAN_RING_BYTES", "lots"},
        {"GENSPAN_RING_BYTES", "65535"},
        {"GENSPAN_RING_BYTES", "1073741825"},
        {"GENSPAN_RING_BYTES", "8M"},
        {"GENSPAN_RECORD_BYTES", "10"},
        {"GENSPAN_GROUP", "no-such-group"},
        {"GENSPAN_ATTEMPT_SPANS", "sometimes"},
        {"GENSPAN_DIALECT", "a-list-of-dialects-that-is-far-too-long-to-be-any-list-of-dialects-at-all"},
        {"OTEL_SDK_DISABLED", "yes"},
        {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "-1"},
        {"OTEL_ATTRIBUTE_COUNT_LIMIT", "x"},
        {"OTEL_SPAN_EVENT_COUNT_LIMIT", "1e3"},
        {"OTEL_SPAN_LINK_COUNT_LIMIT", "x"},
        {"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "x"},
        {"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "x"},
        {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "x"},
        {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "x"},
        {"OTEL_TRACES_SAMPLER", "sometimes"},
        {"OTEL_TRACES_SAMPLER_ARG", "2"},
        {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "perhaps"},
        {"OTEL_RESOURCE_ATTRIBUTES", "a=1,b"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[600], *text;
        struct gsp__reader *reader;
        const struct gsp__ring_header *h;

        set_up(NULL);
        setenv(rows[i].name, rows[i].value, 1);
        text = warnings_of_two_opens(path);
        if (count_lines(text) != 1 || strncmp(text, "genspan: ", 9) != 0 || !strstr(text, rows[i].name))
            fail_msg("%s=%s: \"%s\"", rows[i].name, rows[i].value, text);
        free(text);
        reader = test_reader(test_directory_file(".ring"), GSP__READ_ONLY);
        h = &reader->header;
        assert_in_range(h->file_bytes, (8 << 20) - 8192, 8 << 20);
        assert_int_equal(h->n_content_chunks, 0);
        assert_int_equal(h->n_attributes_max, 128);
        assert_int_equal(h->value_length_max, GSP__NO_LIMIT);
        assert_int_equal(h->record_bytes_max, 64 << 10);
        assert_int_equal(h->capture, 0);
        assert_int_equal(h->attempt_spans, 0);
        assert_string_equal(h->dialect, "otel");
        gsp__reader_close(reader);
        test_spans_of(test_directory_file(".ring"), false);
        assert_int_equal(test_span(0)->flags & GSP_TRACE_FLAG_SAMPLED, GSP_TRACE_FLAG_SAMPLED);
        assert_string_equal(test_resource_value(test_directory_file(".ring"), "a"), "-");
    }
    set_up(NULL);
}

/* Good values, and empty ones (which are unset by OpenTelemetry's rules), warn of nothing. */
static void good_variables_say_nothing(void **state)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"GENSPAN_RING_BYTES", "65536"},
        {"GENSPAN_RECORD_BYTES", ""},
        {"GENSPAN_GROUP", ""},
        {"GENSPAN_ATTEMPT_SPANS", ""},
        {"GENSPAN_ATTEMPT_SPANS", "always"},
        {"GENSPAN_ATTEMPT_SPANS", "multiple"},
        {"OTEL_SDK_DISABLED", "False"},
        {"OTEL_TRACES_SAMPLER", ""},
        {"OTEL_TRACES_SAMPLER_ARG", "0"},
        {"OTEL_RESOURCE_ATTRIBUTES", ""},
        {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "no_content"},
        {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "false"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[600], *text;

        set_up(NULL);
        setenv(rows[i].name, rows[i].value, 1);
        text = warnings_of_two_opens(path);
        assert_string_equal(text, "");
        free(text);
    }
    set_up(NULL);
}

static void good_variables_are_used(void **state)
{
    struct gsp__reader *reader;
    gsp_recorder *r;

    (void)state;
    setenv("GENSPAN_RING_BYTES", "1048576", 1);
    setenv("GENSPAN_CONTENT_BYTES", "131072", 1);
    setenv("GENSPAN_RECORD_BYTES", "8192", 1);
    setenv("GENSPAN_ATTEMPT_SPANS", "multiple", 1);
    setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "Event_Only", 1);
    r = open_here();
    reader = test_reader(gsp_recorder_path(r), GSP__READ_ONLY);
    assert_in_range(reader->header.file_bytes, 1 << 20, (1 << 20) + (160 << 10));
    assert_int_equal(reader->header.n_content_chunks, 32);
    assert_int_equal(reader->header.record_bytes_max, 8192);
    assert_int_equal(reader->header.attempt_spans, 1);
    assert_int_equal(reader->header.capture, 2);
    gsp__reader_close(reader);
    gsp_recorder_close(r);
}

/* CO-1: what is captured, in any case of letters; `true` means spans. By option the same words. */
static void co_1_capture(void **state)
{
    static const struct {
        const char *word;
        uint32_t capture;
    } rows[] = {{"NO_CONTENT", 0}, {"span_only", 1}, {"EVENT_only", 2}, {"Span_And_Event", 3},
                {"true", 1},       {"TRUE", 1},      {"false", 0}};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
        const char *word = rows[i / 2].word;
        struct gsp__reader *reader;
        gsp_recorder *r;

        set_up(NULL);
        o.directory = test_directory();
        o.ring_bytes = 1 << 20;
        setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", i % 2 ? "SPAN_AND_EVENT" : word, 1);
        if (i % 2)
            o.capture = word; /* the option wins */
        assert_int_equal(gsp_recorder_open(&o, &r, NULL), GSP_OK);
        reader = test_reader(gsp_recorder_path(r), GSP__READ_ONLY);
        assert_int_equal(reader->header.capture, rows[i / 2].capture);
        /* a quarter of the ring, where anything is captured */
        assert_int_equal(reader->header.n_content_chunks, rows[i / 2].capture ? 64 : 0);
        gsp__reader_close(reader);
        gsp_recorder_close(r);
    }
    set_up(NULL);
}

/* OTEL_SDK_DISABLED: only `true`, in any case, disables. */
static void disabled(void **state)
{
    static const char *const yes[] = {"true", "True", "TRUE"};
    static const char *const no[] = {"false", "0", "1", "yes", "on", " true"};
    gsp_recorder *r;
    gsp_error err = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        setenv("OTEL_SDK_DISABLED", yes[i], 1);
        setenv("GENSPAN_DIR", test_directory(), 1);
        assert_int_equal(gsp_recorder_open(NULL, &r, &err), GSP_ERR_DISABLED);
        assert_null(r);
        assert_non_null(strstr(err.text, "OTEL_SDK_DISABLED"));
        assert_int_equal(test_directory_count(""), 0);
        assert_int_equal(gsp_span_start(r, "x", NULL).id, 0);
    }
    for (int i = 0; i < 6; i++) {
        setenv("OTEL_SDK_DISABLED", no[i], 1);
        gsp_recorder_close(open_here());
    }
    set_up(NULL);
}

static const char *resource_of_open(const char *key)
{
    gsp_recorder *r = open_here();
    const char *value = test_resource_value(gsp_recorder_path(r), key);

    gsp_recorder_close(r);
    return value;
}

/* OpenTelemetry: OTEL_SERVICE_NAME, then service.name of OTEL_RESOURCE_ATTRIBUTES, then unknown_service. */
static void the_service_name(void **state)
{
    gsp_recorder *r;

    (void)state;
    assert_string_equal(resource_of_open("service.name"), "unknown_service:test_call_recorder");
    setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=of-the-list", 1);
    assert_string_equal(resource_of_open("service.name"), "of-the-list");
    setenv("OTEL_SERVICE_NAME", "of-its-own", 1);
    assert_string_equal(resource_of_open("service.name"), "of-its-own");
    setenv("OTEL_SERVICE_NAME", "", 1);
    assert_string_equal(resource_of_open("service.name"), "of-the-list");
    setenv("OTEL_SERVICE_NAME", "of-its-own", 1);
    r = test_recorder(NULL, 64 << 10); /* says "test" as an option */
    assert_string_equal(test_resource_value(gsp_recorder_path(r), "service.name"), "test");
    gsp_recorder_close(r);
}

static void resource_attributes(void **state)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *r;
    char pid[16];

    (void)state;
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("OTEL_RESOURCE_ATTRIBUTES",
           "deployment.environment.name=prod, team = a%20b%2Cc ,telemetry.sdk.name=mine,process.pid=1,empty=",
           1);
    r = open_here();
    assert_string_equal(test_resource_value(gsp_recorder_path(r), "deployment.environment.name"), "prod");
    assert_string_equal(test_resource_value(gsp_recorder_path(r), "team"), "a b,c");
    assert_string_equal(test_resource_value(gsp_recorder_path(r), "telemetry.sdk.name"), "genspan");
    assert_string_equal(test_resource_value(gsp_recorder_path(r), "telemetry.sdk.language"), "c");
    assert_string_equal(test_resource_value(gsp_recorder_path(r), "telemetry.sdk.version"), gsp_version());
    assert_string_equal(test_resource_value(gsp_recorder_path(r), "process.pid"), pid);
    assert_int_equal(strlen(test_resource_value(gsp_recorder_path(r), "service.instance.id")), 36);
    gsp_recorder_close(r);
    o.directory = test_directory();
    o.resource_attributes = "team=by-option,service.instance.id=mine";
    assert_int_equal(gsp_recorder_open(&o, &r, NULL), GSP_OK);
    assert_string_equal(test_resource_value(gsp_recorder_path(r), "team"), "by-option");
    assert_string_equal(test_resource_value(gsp_recorder_path(r), "service.instance.id"), "mine");
    assert_string_equal(test_resource_value(gsp_recorder_path(r), "deployment.environment.name"), "-");
    gsp_recorder_close(r);
    set_up(NULL);
}

/* More resource than there is room for: said once, and never at the cost of who it is. */
static void a_resource_that_is_too_large(void **state)
{
    static char list[8000];
    char path[600], *text;
    const char *ring;
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 60; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%skey%d=%0*d", i ? "," : "", i, 100, i);
    setenv("OTEL_RESOURCE_ATTRIBUTES", list, 1);
    setenv("OTEL_SERVICE_NAME", "the-service", 1);
    text = warnings_of_two_opens(path);
    assert_int_equal(count_lines(text), 1);
    assert_non_null(strstr(text, "resource"));
    free(text);
    ring = test_directory_file(".ring");
    assert_non_null(ring);
    assert_string_equal(test_resource_value(ring, "service.name"), "the-service");
    assert_int_equal(strlen(test_resource_value(ring, "key0")), 100);
    assert_string_equal(test_resource_value(ring, "key59"), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(options_of_an_older_caller, set_up),
        cmocka_unit_test_setup(options_of_a_newer_caller, set_up),
        cmocka_unit_test_setup(other_options_of_older_callers, set_up),
        cmocka_unit_test_setup(a_clock_of_another_size, set_up),
        cmocka_unit_test_setup(directories_that_cannot_be_used, set_up),
        cmocka_unit_test_setup(a_directory_is_made, set_up),
        cmocka_unit_test_setup(a_full_disk_stops_nobody, set_up),
        cmocka_unit_test_setup(wrong_variables_are_named_once_and_ignored, set_up),
        cmocka_unit_test_setup(good_variables_say_nothing, set_up),
        cmocka_unit_test_setup(good_variables_are_used, set_up),
        cmocka_unit_test_setup(co_1_capture, set_up),
        cmocka_unit_test_setup(disabled, set_up),
        cmocka_unit_test_setup(the_service_name, set_up),
        cmocka_unit_test_setup(resource_attributes, set_up),
        cmocka_unit_test_setup(a_resource_that_is_too_large, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
