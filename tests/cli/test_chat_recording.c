/* genspan chat: what it records and exports, what it never does, and that recording never costs the answer.
 */
#include "cli/spans_file.h"
#include "support/backend.h"
#include "support/run.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])
#define ANSWER      "The flight recorder keeps what really happened: who answered, when, and at what cost.\n"
#define KEY         "sk-secret-5TpQ9"

static struct test_command sim, chat;
static char traces[300];

static int set_up(void **state)
{
    (void)state;
    memset(&sim, 0, sizeof sim);
    memset(&chat, 0, sizeof chat);
    test_directory_clear();
    snprintf(traces, sizeof traces, "%s/traces.jsonl", test_directory());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_command_free(&sim);
    test_command_free(&chat);
    return 0;
}

static const char *sim_with(const char *script)
{
    return test_sim(&sim, TEST_ARGS("--latency", "0", "--pace-ms", "1", "--script", script));
}

/* Whether a file under a directory has this text in it. */
static bool is_in_files(const char *directory, const char *text)
{
    DIR *dir = opendir(directory);
    struct dirent *e;
    bool is_in = false;

    while (dir && (e = readdir(dir)) && !is_in) {
        char path[700], *bytes;
        struct stat st;
        size_t n;

        snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
        if (e->d_name[0] == '.' || stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode)) {
            is_in = is_in_files(path, text);
            continue;
        }
        bytes = test_read_file(path, &n);
        is_in = memmem(bytes, n, text, strlen(text)) != NULL;
        free(bytes);
    }
    if (dir)
        closedir(dir);
    return is_in;
}

/*
 * The key.
 */

/* Not in what is printed, in the ring, in the spool, nor in what is exported; with content capture on, too.
 */
static void the_key_is_nowhere(void **state)
{
    static const char *const scripts[] = {"ok", "401", "drop"};
    char endpoint[100];

    (void)state;
    snprintf(endpoint, sizeof endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT=%s", test_nobody_url());
    chat.env = (const char *const[]){"OPENAI_API_KEY=" KEY, endpoint,
                                     "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true", NULL};
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        test_genspan(&chat, TEST_ARGS("chat", "--base-url", sim_with(scripts[i]), "--traces",
                                      "console,file,otlp", "--traces-file", traces, "--metrics", "otlp",
                                      "--retries", "0", "--header", "X-Other-Secret: " KEY, "hi"));
        assert_null(strstr(chat.out, KEY));
        assert_null(strstr(chat.err, KEY));
        test_command_free(&sim);
    }
    assert_true(is_in_files(test_directory(), "gpt-4o-mini")); /* the search finds what is there */
    assert_false(is_in_files(test_directory(), KEY));
}

/* A process that dies with a request on its way leaves a ring behind: without the key. */
static void the_key_is_not_in_the_ring_of_a_process_that_died(void **state)
{
    (void)state;
    chat.env = (const char *const[]){"OPENAI_API_KEY=" KEY, NULL};
    test_sim(&sim, TEST_ARGS("--latency", "0", "--pace-ms", "0", "--script", "stall"));
    test_start(&chat, TEST_ARGS("chat", "--base-url", sim.out, "hi"));
    assert_true(test_wait_out(&chat, "The flight"));
    test_stop(&chat, SIGKILL);
    assert_int_equal(test_directory_count(".ring"), 1);
    assert_true(is_in_files(test_directory(), "gpt-4o-mini"));
    assert_false(is_in_files(test_directory(), KEY));
}

/* A line end in the key would begin a header of its own. */
static void a_key_that_is_none_is_refused_and_not_shown(void **state)
{
    char long_key[5000] = "OPENAI_API_KEY=", broken[] = "OPENAI_API_KEY=" KEY "\r\nX-Injected: yes";

    (void)state;
    memset(long_key + 15, 'k', sizeof long_key - 16);
    for (int i = 0; i < 2; i++) {
        chat.env = (const char *const[]){i ? long_key : broken, NULL};
        assert_int_equal(test_genspan(&chat, TEST_ARGS("chat", "--base-url", "http://127.0.0.1:1", "hi")), 2);
        assert_non_null(strstr(chat.err, "OPENAI_API_KEY is no key"));
        assert_null(strstr(chat.err, KEY));
        assert_null(strstr(chat.err, "kkkk"));
    }
}

/* CO-1: nothing of what was said is kept unless that was switched on. */
static void what_was_said_is_not_recorded(void **state)
{
    (void)state;
    assert_int_equal(test_genspan(&chat, TEST_ARGS("chat", "--base-url", sim_with("ok"), "--traces", "file",
                                                   "--traces-file", traces, "a-telling-prompt")),
                     0);
    assert_true(is_in_files(test_directory(), "gpt-4o-mini"));
    assert_false(is_in_files(test_directory(), "a-telling-prompt"));
    assert_false(is_in_files(test_directory(), "happened"));
}

/*
 * Where nothing can be recorded.
 */

static void expect_an_answer_and_one_line(const char *line)
{
    if (chat.exit_code != 0 || strcmp(chat.out, ANSWER) != 0 || test_count(chat.err, line) != 1 ||
        test_count(chat.err, "\n") != 1)
        fail_msg("exit code %d, out \"%s\", err \"%s\"", chat.exit_code, chat.out, chat.err);
}

/* The first of them also for those who may write anywhere: nobody makes files in /proc. */
static void without_a_directory_for_the_ring_the_answer_comes_all_the_same(void **state)
{
    static const struct {
        const char *directory, *line;
    } cases[] = {
        {"GENSPAN_DIR=/proc", "genspan chat: nothing is recorded: the ring file cannot be created"},
        {"GENSPAN_DIR=/proc/none/at/all",
         "nothing is recorded: the ring directory cannot be made: set GENSPAN_DIR"},
        {"GENSPAN_DIR=/dev/null",
         "nothing is recorded: the ring directory is not a directory: set GENSPAN_DIR"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        chat.env = (const char *const[]){cases[i].directory, NULL};
        test_genspan(&chat, TEST_ARGS("chat", "--base-url", sim_with("429ms:1,ok"), "hi"));
        expect_an_answer_and_one_line(cases[i].line);
        test_command_free(&sim);
    }
}

static void on_a_full_disk_the_answer_comes_all_the_same(void **state)
{
    (void)state;
    sim_with("429ms:1,ok");
    chat.file_bytes = 64 << 10;
    test_genspan(&chat, TEST_ARGS("chat", "--base-url", sim.out, "hi"));
    expect_an_answer_and_one_line(
        "genspan chat: nothing is recorded: no room for the ring file: free space, or "
        "set GENSPAN_RING_BYTES or GENSPAN_DIR");
    assert_int_equal(test_directory_count(".ring"), 0);
    assert_int_equal(test_directory_count(".tmp"), 0);
}

/* What the complaint above advises helps. */
static void a_smaller_ring_fits_where_there_is_little_room(void **state)
{
    (void)state;
    sim_with("ok");
    chat.file_bytes = 128 << 10;
    chat.env = (const char *const[]){"GENSPAN_RING_BYTES=65536", NULL};
    assert_int_equal(test_genspan(&chat, TEST_ARGS("chat", "--base-url", sim.out, "hi")), 0);
    assert_null(strstr(chat.err, "nothing is recorded"));
    assert_non_null(strstr(chat.err, "chat gpt-4o-mini "));
}

/* The user's own name of the service goes before the command's, wherever it is given. */
static void the_service_is_named_as_the_user_says(void **state)
{
    static const struct {
        const char *variable, *name;
    } cases[] = {
        {"NONE=", "{\"stringValue\":\"genspan-chat\"}"},
        {"OTEL_SERVICE_NAME=shop", "{\"stringValue\":\"shop\"}"},
        {"OTEL_RESOURCE_ATTRIBUTES=a=b,service.name=store", "{\"stringValue\":\"store\"}"},
    };

    (void)state;
    sim_with("ok");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text;

        unlink(traces);
        chat.env = (const char *const[]){cases[i].variable, NULL};
        assert_int_equal(
            test_genspan(&chat, TEST_ARGS("chat", "--base-url", sim.out, "--traces-file", traces, "hi")), 0);
        text = test_read_file(traces, NULL);
        assert_non_null(strstr(text, cases[i].name));
        free(text);
    }
}

static void where_it_is_switched_off_it_says_nothing(void **state)
{
    (void)state;
    chat.env = (const char *const[]){"OTEL_SDK_DISABLED=true", NULL};
    assert_int_equal(test_genspan(&chat, TEST_ARGS("chat", "--base-url", sim_with("ok"), "hi")), 0);
    assert_string_equal(chat.out, ANSWER);
    assert_string_equal(chat.err, "");
    assert_int_equal(test_directory_count(".ring"), 0);
}

/*
 * Where it cannot be exported.
 */

static void what_cannot_be_exported_is_there_for_recover(void **state)
{
    struct test_command recover = {0};
    json_t *spans;

    (void)state;
    test_genspan(&chat, TEST_ARGS("chat", "--base-url", sim_with("ok"), "--traces", "file", "--traces-file",
                                  "/proc/none/traces.jsonl", "hi"));
    expect_an_answer_and_one_line(
        "nothing is exported: the exporter's file cannot be opened for writing; genspan "
        "recover does it later");
    assert_int_equal(
        test_genspan(&recover, TEST_ARGS("recover", "--traces-file", traces, "--metrics", "none")), 0);
    assert_non_null(strstr(recover.err, "1 call exported"));
    spans = test_spans_of(traces);
    assert_int_equal(test_spans_named(spans, "chat gpt-4o-mini"), 1);
    json_decref(spans);
    test_command_free(&recover);
}

/* One warning for each signal, however often the backend refuses; the batches wait in the spool. */
static void a_backend_that_is_away_is_one_line(void **state)
{
    char endpoint[100];

    (void)state;
    snprintf(endpoint, sizeof endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT=%s", test_nobody_url());
    chat.env = (const char *const[]){endpoint, NULL};
    test_genspan(
        &chat, TEST_ARGS("chat", "--quiet", "--metrics", "none", "--base-url", sim_with("429ms:1,ok"), "hi"));
    expect_an_answer_and_one_line("genspan: traces cannot be exported to ");
}

/* By default: the picture; the backend too, as soon as one is named. */
static void a_backend_that_is_named_gets_traces_and_metrics(void **state)
{
    struct test_backend *backend = test_backend_start();
    bool has_traces = false, has_metrics = false;
    char endpoint[100];

    (void)state;
    snprintf(endpoint, sizeof endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT=%s", test_backend_url(backend));
    chat.env = (const char *const[]){endpoint, NULL};
    assert_int_equal(test_genspan(&chat, TEST_ARGS("chat", "--base-url", sim_with("ok"), "hi")), 0);
    assert_non_null(strstr(chat.err, "chat gpt-4o-mini "));
    for (size_t i = 0; i < test_backend_count(backend); i++) {
        has_traces |= strcmp(test_backend_request(backend, i)->path, "/v1/traces") == 0;
        has_metrics |= strcmp(test_backend_request(backend, i)->path, "/v1/metrics") == 0;
    }
    assert_true(has_traces && has_metrics);
    assert_int_equal(test_directory_count(".ring"), 0);
    test_backend_stop(backend);
}

static void files_that_are_named_are_written(void **state)
{
    char metrics[300], logs[300], *text;
    json_t *spans;

    (void)state;
    snprintf(metrics, sizeof metrics, "%s/metrics.jsonl", test_directory());
    snprintf(logs, sizeof logs, "%s/logs.jsonl", test_directory());
    assert_int_equal(
        test_genspan(&chat, TEST_ARGS("chat", "--base-url", sim_with("ok"), "--traces-file", traces,
                                      "--metrics-file", metrics, "--logs-file", logs, "hi")),
        0);
    assert_int_equal(access(logs, F_OK), 0);
    spans = test_spans_of(traces);
    assert_int_equal(json_array_size(spans), 2);
    json_decref(spans);
    text = test_read_file(metrics, NULL);
    assert_non_null(strstr(text, "gen_ai.client.operation.duration"));
    free(text);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_key_is_nowhere),
        CASE(the_key_is_not_in_the_ring_of_a_process_that_died),
        CASE(a_key_that_is_none_is_refused_and_not_shown),
        CASE(what_was_said_is_not_recorded),
        CASE(without_a_directory_for_the_ring_the_answer_comes_all_the_same),
        CASE(on_a_full_disk_the_answer_comes_all_the_same),
        CASE(a_smaller_ring_fits_where_there_is_little_room),
        CASE(the_service_is_named_as_the_user_says),
        CASE(where_it_is_switched_off_it_says_nothing),
        CASE(what_cannot_be_exported_is_there_for_recover),
        CASE(a_backend_that_is_away_is_one_line),
        CASE(a_backend_that_is_named_gets_traces_and_metrics),
        CASE(files_that_are_named_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
