/* The waterfall: a retried call as people see it; text from outside, which must not touch the terminal. */
#include "support/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drain/exporting.h"
#include "drain/waterfall.h"
#include "support/capture.h"
#include "support/dump.h"

#define MS ((int64_t)1000000)

static struct test_clock test_time;
static gsp_recorder *rec;
static struct gsp__buffer picture;
static struct gsp__arena arena;
static const struct gsp__waterfall_style utf8 = {.width = 80, .is_utf8 = true};
static const struct gsp__waterfall_style ascii = {.width = 80};

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    rec = test_recorder(&test_time, 256 << 10);
    assert_true(gsp__arena_init(&arena, 1 << 20));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp__buffer_deinit(&picture);
    gsp__arena_deinit(&arena);
    gsp_recorder_close(rec);
    return 0;
}

/* All records of the ring as one call: the first is its root. Good until the arena is reset. */
static void read_call(struct gsp__call *call, bool is_dead)
{
    static struct gsp__snapshot snapshots[16];
    struct gsp__reader *reader = test_reader(gsp_recorder_path(rec), GSP__READ_DRAIN);
    int n;

    gsp__arena_reset(&arena);
    n = test_snapshots(reader, &arena, snapshots, 16);
    gsp__reader_close(reader);
    assert_true(n > 0);
    assert_true(gsp__call_read(snapshots, (uint32_t)n, is_dead, &arena, call));
}

static const char *draw(const struct gsp__waterfall_style *style, bool is_dead)
{
    struct gsp__call call;

    read_call(&call, is_dead);
    gsp__buffer_clear(&picture);
    gsp__waterfall(&picture, &call, style);
    gsp__buffer_add_char(&picture, 0);
    assert_false(picture.failed);
    return picture.data;
}

static void pass_ms(int64_t ms)
{
    test_time.now_ns += ms * MS;
}

static gsp_span start_operation(const char *model)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    o.model = model;
    o.provider = "openai";
    return gsp_operation_start(rec, "chat", &o);
}

static void fail_attempt(gsp_span attempt, int status, const char *message)
{
    gsp_failure failure = GSP_FAILURE_INIT;

    failure.http_status = status;
    failure.message = message;
    gsp_span_set_int(attempt, GSP_FACT_HTTP_STATUS, status);
    gsp_span_end(attempt, GSP_OUTCOME_FAILED, &failure, 0);
}

static void stream(gsp_span attempt, int n_chunks)
{
    gsp_stream_mark(attempt, GSP_MARK_FIRST_BYTE, 0);
    for (int i = 0; i < n_chunks; i++) {
        pass_ms(100);
        gsp_stream_mark(attempt, GSP_MARK_TEXT, 0);
    }
    gsp_stream_mark(attempt, GSP_MARK_TERMINAL, 0);
}

/* Refused with 429, a second of waiting, answered in a stream. */
static void record_retried_call(void)
{
    gsp_span operation = start_operation("gpt-x"), attempt;

    attempt = gsp_attempt_start(operation, NULL);
    pass_ms(120);
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 0, "req_first");
    fail_attempt(attempt, 429, "Rate limit reached for gpt-x");
    gsp_event_retry(operation, 1, "rate_limit", 1000, 429, 0);
    pass_ms(1000);
    attempt = gsp_attempt_start(operation, NULL);
    gsp_span_set_int(attempt, GSP_FACT_HTTP_STATUS, 200);
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 0, "req_second");
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 1, "chatcmpl-1");
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 2, "req_second");
    gsp_span_set_string(attempt, GSP_FACT_RESPONSE_MODEL, "gpt-x-2024");
    pass_ms(200);
    stream(attempt, 8);
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 12);
    gsp_span_set_usage(attempt, GSP_USAGE_OUTPUT_TOKENS, 70);
    gsp_stream_end(attempt, GSP_STREAM_FINISHED, NULL, 0);
    gsp_span_end(operation, GSP_OUTCOME_COMPLETED, NULL, 0);
}

static void a_retried_streamed_call(void **state)
{
    (void)state;
    record_retried_call();
    assert_string_equal(
        draw(&utf8, false),
        "chat gpt-x  2.12 s  completed  2 attempts, 1.00 s waiting\n"
        "  provider openai  answered by gpt-x-2024  first chunk after 1.42 s  8 chunks  tokens 12 in, 70 "
        "out, "
        "100.0/s\n"
        "  ├ #0 initial    ░                                120 ms  rate_limit (429)\n"
        "  │ Rate limit reached for gpt-x\n"
        "  │ request ids req_first\n"
        "  │ wait           ···············                 1.00 s\n"
        "  └ #1 retry                      ░░░░░▓▓▓▓▓▓▓▓▓▓▓ 1.00 s  completed (200)  first chunk 300 ms\n"
        "    request ids req_second, chatcmpl-1\n"
        "  trace c3553e37d095e3b20ab02259fbe8db25\n");
}

static void the_same_in_ascii(void **state)
{
    (void)state;
    record_retried_call();
    assert_string_equal(
        draw(&ascii, false),
        "chat gpt-x  2.12 s  completed  2 attempts, 1.00 s waiting\n"
        "  provider openai  answered by gpt-x-2024  first chunk after 1.42 s  8 chunks  tokens 12 in, 70 "
        "out, "
        "100.0/s\n"
        "  | #0 initial    -                                120 ms  rate_limit (429)\n"
        "  | Rate limit reached for gpt-x\n"
        "  | request ids req_first\n"
        "  | wait           ...............                 1.00 s\n"
        "  ` #1 retry                      -----=========== 1.00 s  completed (200)  first chunk 300 ms\n"
        "    request ids req_second, chatcmpl-1\n"
        "  trace c3553e37d095e3b20ab02259fbe8db25\n");
}

/* Colours are only added to the text: taken out, it is the same. */
static void colours_change_no_text(void **state)
{
    struct gsp__waterfall_style style = utf8;
    char *plain, stripped[4096];
    size_t n = 0;

    (void)state;
    record_retried_call();
    plain = strdup(draw(&utf8, false));
    style.has_colour = true;
    for (const char *p = draw(&style, false); *p; p++) {
        if (*p == '\x1b')
            p += strcspn(p, "m");
        else
            stripped[n++] = *p;
    }
    stripped[n] = 0;
    assert_string_equal(stripped, plain);
    assert_true(strlen(picture.data) > n);
    assert_non_null(strstr(picture.data, "\x1b[31m"
                                         "rate_limit\x1b[0m"));
    assert_non_null(strstr(picture.data, "\x1b[32m"
                                         "completed"));
    free(plain);
}

/* ST-2: a stream that broke off; US-4: what was reported of its usage is partial. */
static void a_broken_stream(void **state)
{
    gsp_span operation = start_operation("m"), attempt = gsp_attempt_start(operation, NULL);

    (void)state;
    pass_ms(5);
    gsp_stream_mark(attempt, GSP_MARK_TEXT, 0);
    pass_ms(5);
    gsp_span_set_usage(attempt, GSP_USAGE_INPUT_TOKENS, 3);
    gsp_stream_end(attempt, GSP_STREAM_FINISHED, NULL, 0);
    gsp_span_end(operation, GSP_OUTCOME_AUTO, NULL, 0);
    draw(&ascii, false);
    assert_non_null(strstr(picture.data, "chat m  10 ms  failed truncated\n"));
    assert_non_null(strstr(picture.data, "first chunk after 5.0 ms  1 chunk  tokens 3 in (partial)\n"));
    assert_non_null(strstr(picture.data, "10 ms  truncated  first chunk 5.0 ms\n"));
}

/* What was open when its process died. */
static void a_crashed_call(void **state)
{
    gsp_span attempt;

    (void)state;
    attempt = gsp_attempt_start(start_operation("m"), NULL);
    pass_ms(50);
    gsp_stream_mark(attempt, GSP_MARK_TEXT, 0);
    draw(&ascii, true);
    assert_non_null(strstr(picture.data, "chat m  50 ms  crashed crashed\n"));
    assert_non_null(strstr(picture.data, "` #0 initial"));
}

static void a_span_without_attempts(void **state)
{
    gsp_span span = gsp_span_start(rec, "load documents", NULL);
    gsp_failure failure = GSP_FAILURE_INIT;

    (void)state;
    failure.type = "server_error";
    failure.message = "no such folder";
    gsp_span_end(span, GSP_OUTCOME_FAILED, &failure, 0); /* ST-6: a duration of 0 */
    draw(&ascii, false);
    assert_memory_equal(picture.data,
                        "load documents  0 us  failed server_error\n    no such folder\n  trace ", 69);
}

static void attempts_of_no_duration_have_bars(void **state)
{
    gsp_span operation = start_operation("m");

    (void)state;
    for (int i = 0; i < 4; i++)
        fail_attempt(gsp_attempt_start(operation, NULL), 503, "");
    gsp_span_end(operation, GSP_OUTCOME_FAILED, NULL, 0);
    draw(&ascii, false);
    for (int i = 0; i < 4; i++) {
        char label[32];

        snprintf(label, sizeof label, "%s#%d %s", i == 3 ? "` " : "| ", i, i ? "retry" : "initial");
        assert_non_null(strstr(picture.data, label));
    }
    assert_null(strstr(picture.data, "wait"));
}

/* Every string that a provider or a caller gives ends up as text, wherever it is shown. */
static void escapes_are_neutralised_everywhere(void **state)
{
    static const char evil[] = "\x1b[2J\x1b]0;x\x07\r\n\b\x9b"
                               "1m\xc2\x9b"
                               "1m\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8"
                               "e";
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_span operation, attempt;

    (void)state;
    o.model = o.provider = evil;
    operation = gsp_operation_start(rec, evil, &o);
    attempt = gsp_attempt_start(operation, NULL);
    gsp_span_add_string(attempt, GSP_FACT_REQUEST_ID, 0, evil);
    gsp_span_set_string(attempt, GSP_FACT_RESPONSE_MODEL, evil);
    failure.type = failure.message = failure.exception = failure.provider_code = evil;
    gsp_span_end(attempt, GSP_OUTCOME_FAILED, &failure, 0);
    gsp_span_end(operation, GSP_OUTCOME_FAILED, &failure, 0);
    for (int is_utf8 = 0; is_utf8 < 2; is_utf8++) {
        draw(is_utf8 ? &utf8 : &ascii, false);
        for (const char *p = picture.data; *p; p++)
            if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f ||
                (!is_utf8 && (unsigned char)*p >= 0x80))
                fail_msg("byte %d in: %s", *p, picture.data);
        assert_null(strstr(picture.data, "\xc2\x9b"));
        assert_null(strstr(picture.data, "\xe2\x80\xae"));
        assert_non_null(strstr(picture.data, ".[2J.]0;x...."));
        assert_int_equal(picture.data[0], '.');
    }
    /* seven lines: the head, the facts, the attempt, its message, its ids, the trace; no one broke a line */
    {
        int n = 0;

        for (const char *p = picture.data; (p = strchr(p, '\n')); p++)
            n++;
        assert_int_equal(n, 6);
    }
}

static void text_for_terminals(void **state)
{
    static const struct {
        const char *in;
        size_t max;
        const char *utf8, *ascii;
    } cases[] = {
        {"plain", 64, "plain", "plain"},
        {"", 64, "", ""},
        {"caf\xc3\xa9", 64, "caf\xc3\xa9", "caf?"},
        {"\xe6\xbc\xa2\xe5\xad\x97", 64, "\xe6\xbc\xa2\xe5\xad\x97", "??"}, /* two columns each */
        {"\xe6\xbc\xa2\xe5\xad\x97", 5, "\xe6\xbc\xa2", "?"},               /* never half a character */
        {"\xf0\x9f\x98\x80!", 64, "\xf0\x9f\x98\x80!", "?!"},
        {"\xf0\x9f\x98\x80!", 3, "", ""},
        {"a\xff\xfe"
         "b",
         64,
         "a\xef\xbf\xbd"
         "b",
         "a?b"},
        {"\xc3", 64, "\xef\xbf\xbd", "?"},
        {"\xed\xa0\x80", 64, "\xef\xbf\xbd", "?"}, /* a surrogate */
        {"\xc0\xaf", 64, "\xef\xbf\xbd", "?"},     /* an overlong slash */
        {"\x1b[31mred", 64, ".[31mred", ".[31mred"},
        {"\xc2\x9b"
         "31m\xc2\xa0x",
         64, ".31m\xc2\xa0x", ".31m?x"},
        {"a\tb\x7f", 64, "a.b.", "a.b."},
        {"\xe2\x80\xaegnp.exe", 64, ".gnp.exe", ".gnp.exe"},
        {"\xe2\x82\xac", 64, "\xe2\x82\xac", "?"}, /* its neighbours stay */
    };
    char longer[1000];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int k = 0; k < 2; k++) {
            gsp__buffer_clear(&picture);
            gsp__put_terminal_text(&picture, (struct gsp__string){cases[i].in, strlen(cases[i].in)},
                                   cases[i].max, k == 0);
            gsp__buffer_add_char(&picture, 0);
            assert_string_equal(picture.data, k == 0 ? cases[i].utf8 : cases[i].ascii);
        }
    memset(longer, '\xff', sizeof longer);
    gsp__buffer_clear(&picture);
    gsp__put_terminal_text(&picture, (struct gsp__string){longer, sizeof longer}, 64, true);
    assert_int_equal(picture.n, 3); /* a run of them is one replacement */
    memset(longer, 'x', sizeof longer);
    gsp__buffer_clear(&picture);
    gsp__put_terminal_text(&picture, (struct gsp__string){longer, sizeof longer}, 64, true);
    assert_int_equal(picture.n, 64);
}

static void durations_for_people(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {0, "0 us"},
        {999, "0 us"},
        {850000, "850 us"},
        {999999, "999 us"},
        {1000000, "1.0 ms"},
        {9940000, "9.9 ms"},
        {12300000, "12 ms"},
        {999999999, "999 ms"},
        {1000000000, "1.00 s"},
        {59990000000, "59.99 s"},
        {60000000000, "1 m 0 s"},
        {125000000000, "2 m 5 s"},
        {7265000000000, "121 m 5 s"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gsp__buffer_clear(&picture);
        gsp__put_duration(&picture, cases[i].ns, false);
        gsp__buffer_add_char(&picture, 0);
        assert_string_equal(picture.data, cases[i].text);
    }
    gsp__buffer_clear(&picture);
    gsp__put_duration(&picture, 5000, true);
    assert_memory_equal(picture.data, "5 \xc2\xb5s", 5);
}

/* No width makes it write outside of itself, whatever the terminal claims to be. */
static void any_width_will_do(void **state)
{
    struct gsp__waterfall_style style = utf8;

    (void)state;
    record_retried_call();
    for (style.width = 60; style.width <= 120; style.width++) {
        draw(&style, false);
        assert_non_null(strstr(picture.data, "\n  trace "));
    }
}

static void what_the_terminal_is(void **state)
{
    static const struct {
        const char *all, *ctype, *lang;
        bool is_utf8;
    } cases[] = {{NULL, NULL, NULL, false},         {"C.UTF-8", NULL, NULL, true},
                 {"C", NULL, "en_US.UTF-8", false}, {NULL, "de_DE.utf8", "C", true},
                 {NULL, NULL, "en_US.UTF-8", true}, {"", "", "de_DE.UTF-8", true},
                 {NULL, "POSIX", "C.UTF-8", false}};
    static const struct {
        const char *columns;
        unsigned width;
    } widths[] = {{NULL, 100}, {"80", 80}, {"20", 60}, {"500", 120}};
    int fd = open("/dev/null", O_WRONLY);

    (void)state;
    unsetenv("NO_COLOR");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cases[i].all ? setenv("LC_ALL", cases[i].all, 1) : unsetenv("LC_ALL");
        cases[i].ctype ? setenv("LC_CTYPE", cases[i].ctype, 1) : unsetenv("LC_CTYPE");
        cases[i].lang ? setenv("LANG", cases[i].lang, 1) : unsetenv("LANG");
        assert_int_equal(gsp__waterfall_style_of(fd).is_utf8, cases[i].is_utf8);
    }
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        widths[i].columns ? setenv("COLUMNS", widths[i].columns, 1) : unsetenv("COLUMNS");
        assert_int_equal(gsp__waterfall_style_of(fd).width, widths[i].width);
    }
    assert_false(gsp__waterfall_style_of(fd).has_colour); /* no terminal */
    close(fd);
}

/* The exporter: pictures and counters on standard error, nothing anywhere else. */
static void the_exporter_writes_to_standard_error(void **state)
{
    static const struct gsp__export_origin origin;
    gsp_drainer_options o = GSP_DRAINER_OPTIONS_INIT;
    struct gsp__export_counts counts = {0};
    struct test_exporting e;
    struct gsp__call call;
    const char *text;

    (void)state;
    setenv("LC_ALL", "C", 1);
    setenv("COLUMNS", "80", 1);
    o.traces_exporter = o.metrics_exporter = "console";
    test_capture();
    test_exporting_start(&e, gsp__exporter_console, &o);
    record_retried_call();
    read_call(&call, false);
    e.exporter->ops->begin(e.exporter, &origin);
    e.exporter->ops->add(e.exporter, &call, NULL, 3);
    assert_int_equal(e.exporter->ops->commit(e.exporter, &counts), GSP__EXPORT_DONE);
    assert_int_equal(e.exporter->ops->commit(e.exporter, &counts), GSP__EXPORT_DONE); /* once */
    assert_int_equal(counts.n_exported, 3);
    assert_int_equal(test_export_metrics(&e, 77, false), GSP__EXPORT_DONE);
    test_exporting_end(&e);
    text = test_captured();
    draw(&ascii, false);
    assert_int_equal(strlen(text), picture.n - 1 + 5);
    assert_memory_equal(text, picture.data, picture.n - 1);
    assert_string_equal(text + picture.n - 1, "m 77\n");
}

/* One signal alone. */
static void a_signal_that_goes_elsewhere_is_not_shown(void **state)
{
    gsp_drainer_options o = GSP_DRAINER_OPTIONS_INIT;
    struct test_exporting e;

    (void)state;
    o.traces_exporter = "console";
    o.metrics_exporter = "none";
    test_capture();
    test_exporting_start(&e, gsp__exporter_console, &o);
    assert_int_equal(test_export_metrics(&e, 77, false), GSP__EXPORT_DONE);
    test_exporting_end(&e);
    o.traces_exporter = "none";
    o.metrics_exporter = "console";
    test_exporting_start(&e, gsp__exporter_console, &o);
    assert_int_equal(test_export(&e, "a"), GSP__EXPORT_DONE);
    assert_int_equal(e.counts.n_exported, 0);
    test_exporting_end(&e);
    assert_string_equal(test_captured(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_retried_streamed_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_in_ascii, set_up, tear_down),
        cmocka_unit_test_setup_teardown(colours_change_no_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crashed_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_span_without_attempts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(attempts_of_no_duration_have_bars, set_up, tear_down),
        cmocka_unit_test_setup_teardown(escapes_are_neutralised_everywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_for_terminals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(durations_for_people, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_width_will_do, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_terminal_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_exporter_writes_to_standard_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signal_that_goes_elsewhere_is_not_shown, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
