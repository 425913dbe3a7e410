/*
 * genspan simulate: every scenario of ours comes out as it says, always with the same bytes; and what it
 * complains of.
 */
#include "support/run.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCENARIOS_MAX 256

static struct test_command c;

static int set_up(void **state)
{
    (void)state;
    memset(&c, 0, sizeof c);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_command_free(&c);
    return 0;
}

/* simulate, these arguments, and all scenarios in order of their names. Returns how many there are. */
static int all_scenarios(const char *const *options, const char *args[SCENARIOS_MAX + 8])
{
    static char paths[SCENARIOS_MAX][300];
    struct dirent **names;
    int n = scandir(GSP_TEST_SCENARIOS, &names, NULL, alphasort), n_args = 0, n_files = 0;

    assert_true(n > 2);
    args[n_args++] = "simulate";
    while (*options)
        args[n_args++] = *options++;
    for (int i = 0; i < n; i++) {
        if (strstr(names[i]->d_name, ".json")) {
            assert_true(n_files < SCENARIOS_MAX);
            snprintf(paths[n_files], sizeof paths[0], "%s/%s", GSP_TEST_SCENARIOS, names[i]->d_name);
            args[n_args++] = paths[n_files++];
        }
        free(names[i]);
    }
    free(names);
    args[n_args] = NULL;
    return n_files;
}

static void every_scenario_is_as_it_says(void **state)
{
    const char *args[SCENARIOS_MAX + 8];
    int n = all_scenarios(TEST_ARGS("--check"), args), n_ok = 0;

    (void)state;
    assert_true(n >= 60);
    if (test_genspan(&c, args) != 0)
        fail_msg("%s%s", c.out, c.err);
    for (const char *p = c.out; (p = strstr(p, "ok   ")); p++)
        n_ok++;
    assert_int_equal(n_ok, n);
}

static void the_same_bytes_every_time(void **state)
{
    const char *args[SCENARIOS_MAX + 8];
    char *first;
    size_t n;

    (void)state;
    all_scenarios(TEST_ARGS("--dialect", "otel,langfuse"), args);
    assert_int_equal(test_genspan(&c, args), 0);
    assert_true(c.n_out > 60 * 500);
    first = malloc(c.n_out);
    assert_non_null(first);
    n = c.n_out;
    memcpy(first, c.out, n);
    test_command_free(&c);
    memset(&c, 0, sizeof c);
    assert_int_equal(test_genspan(&c, args), 0);
    assert_int_equal(c.n_out, n);
    assert_memory_equal(c.out, first, n);
    free(first);
}

static const char one[] = "{\"request\": {\"model\": \"m1\"}, \"targets\": [{\"model\": \"m1\", \"calls\": "
                          "[[{\"at_ms\": 5, \"end\": true}]]}],"
                          " \"expect\": [\"chat m1 UNSET 6ms...\", \"...\"]}";

/* CO-1: what was said is where the capture mode says, and in no other line. */
static void content_goes_where_it_is_captured_for(void **state)
{
    static const struct {
        const char *mode;
        bool on_spans, on_logs;
    } rows[] = {
        {"NO_CONTENT", false, false},
        {"SPAN_ONLY", true, false},
        {"EVENT_ONLY", false, true},
        {"SPAN_AND_EVENT", true, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[600];
        const char *logs, *said;

        snprintf(text, sizeof text,
                 "{\"capture\": \"%s\", \"request\": {\"model\": \"m\", \"messages\": [{\"role\": \"user\","
                 " \"content\": \"the secret\"}]}, \"targets\": [{\"model\": \"m\", \"calls\": [[{\"end\": "
                 "true}]]}]}",
                 rows[i].mode);
        c.input = text;
        assert_int_equal(test_genspan(&c, TEST_ARGS("simulate", "-")), 0);
        logs = strstr(c.out, "\"resourceLogs\"");
        said = strstr(c.out, "the secret");
        assert_int_equal(said && said < strstr(c.out, "\"resourceMetrics\""), rows[i].on_spans);
        assert_int_equal(logs != NULL, rows[i].on_logs);
        if (logs) {
            assert_non_null(strstr(logs, "the secret"));
            assert_non_null(strstr(logs, "gen_ai.client.inference.operation.details"));
        }
        test_command_free(&c);
        memset(&c, 0, sizeof c);
    }
}

/* A difference is shown, and is exit code 1. */
static void a_difference_is_told(void **state)
{
    (void)state;
    c.input = one;
    assert_int_equal(test_genspan(&c, TEST_ARGS("simulate", "--check", "-")), 1);
    assert_non_null(strstr(c.out, "FAIL -: line 1 of the summary\n"));
    assert_non_null(strstr(c.out, "  expected chat m1 UNSET 6ms...\n"));
    assert_non_null(strstr(c.out, "  got      chat m1 UNSET 5ms ["));
}

static void a_summary_of_standard_input(void **state)
{
    (void)state;
    c.input = one;
    assert_int_equal(test_genspan(&c, TEST_ARGS("simulate", "--summary", "--dialect", "celeste", "-")), 0);
    assert_string_equal(c.out, "chat m1 UNSET 5ms [gen_ai.operation.name=chat gen_ai.request.model=m1]\n"
                               "sleeps_ms:\nnotices:\n");
}

static void what_is_wrong_is_told(void **state)
{
    static const struct {
        const char *args[5], *input, *complaint;
        int code;
    } rows[] = {
        {{"simulate"}, "", "which scenario?", 2},
        {{"simulate", "--frobnicate", "-"}, one, "--frobnicate", 2},
        {{"simulate", "--dialect"}, one, "--dialect", 2},
        {{"simulate", "--dialect", "klingon", "-"}, one, "klingon is not known", 2},
        {{"simulate", "--dialect", "otel,livekit", "-"}, one, "a tree of spans of its own", 2},
        {{"simulate", "/nowhere.json"}, "", "/nowhere.json: No such file", 1},
        {{"simulate", "-"}, "{\"targets\": [{\"model\": \"m\"}]}", "$.targets[0]: a target without calls", 2},
        {{"simulate", "-"}, "{", "line 1", 2},
        {{"simulate", "-"},
         "{\"dialect\": \"x\", \"targets\": [{\"model\": \"m\", \"calls\": [[]]}]}",
         "$.dialect: x is not known",
         2},
        {{"simulate", "-"},
         "{\"capture\": \"SOME\", \"targets\": [{\"model\": \"m\", \"calls\": [[]]}]}",
         "capture",
         2},
        {{"simulate", "--check", "-"},
         "{\"targets\": [{\"model\": \"m\", \"calls\": [[]]}]}",
         "expects nothing",
         1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        c.input = rows[i].input;
        if (test_genspan(&c, rows[i].args) != rows[i].code || !strstr(c.err, rows[i].complaint))
            fail_msg("row %zu: exit %d, not %d: %s", i, c.exit_code, rows[i].code, c.err);
        test_command_free(&c);
        memset(&c, 0, sizeof c);
    }
}

/* One that is wrong does not keep the others from being run; the worst tells. */
static void the_worst_of_several_counts(void **state)
{
    const char *args[SCENARIOS_MAX + 8];

    (void)state;
    all_scenarios(TEST_ARGS("--summary", "/nowhere.json"), args);
    args[4] = NULL;
    assert_int_equal(test_genspan(&c, args), 1);
    assert_non_null(strstr(c.out, "sleeps_ms:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_scenario_is_as_it_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_bytes_every_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(content_goes_where_it_is_captured_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_difference_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_summary_of_standard_input, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_worst_of_several_counts, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
