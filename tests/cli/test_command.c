/* The command line as such: commands, help, version, wrong flags and values, exit codes, full disks. */
#include "support/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])

static const char *const commands[] = {"chat", "top", "drain", "recover", "decode", "sim"};

/* recover is drain with two of its options set */
static const char *source_of(const char *command)
{
    return strcmp(command, "recover") == 0 ? "drain" : command;
}

static void without_a_command_the_help_goes_to_standard_error(void **state)
{
    struct test_command c = {0};

    (void)state;
    assert_int_equal(test_genspan(&c, TEST_ARGS(NULL)), 2);
    assert_string_equal(c.out, "");
    assert_non_null(strstr(c.err, "usage: genspan COMMAND"));
    test_command_free(&c);
}

static void the_help_names_every_command_and_every_exit_code(void **state)
{
    static const char *const ways[] = {"--help", "-h", "help"};
    struct test_command c = {0};

    (void)state;
    for (size_t w = 0; w < COUNT_OF(ways); w++) {
        assert_int_equal(test_genspan(&c, TEST_ARGS(ways[w])), 0);
        assert_string_equal(c.err, "");
        for (size_t i = 0; i < COUNT_OF(commands); i++) {
            char line[32];

            snprintf(line, sizeof line, "\n  %s ", commands[i]);
            assert_non_null(strstr(c.out, line));
        }
        assert_non_null(strstr(c.out, "0 done; 1 failed; 2 wrong usage; 3 part of it"));
        assert_non_null(strstr(c.out, "130 interrupted"));
    }
    test_command_free(&c);
}

static void the_version_is_the_librarys(void **state)
{
    struct test_command c = {0};
    char line[64];

    (void)state;
    snprintf(line, sizeof line, "genspan %s\n", gsp_version());
    assert_int_equal(test_genspan(&c, TEST_ARGS("--version")), 0);
    assert_string_equal(c.out, line);
    assert_string_equal(c.err, "");
    test_command_free(&c);
}

static void a_command_that_is_none_is_wrong_usage(void **state)
{
    struct test_command c = {0};

    (void)state;
    assert_int_equal(test_genspan(&c, TEST_ARGS("chatt", "--help")), 2);
    assert_string_equal(c.out, "");
    assert_string_equal(c.err, "genspan: there is no command \"chatt\"\nSee: genspan --help\n");
    assert_int_equal(test_genspan(&c, TEST_ARGS("\x1b[2J")), 2);
    assert_null(strchr(c.err, '\x1b'));
    test_command_free(&c);
}

/* The long options in a command's own table, as its source has them. */
static int options_of(const char *command, char names[32][32])
{
    char path[512], *text, *p;
    int n = 0;

    snprintf(path, sizeof path, "%s/../../src/cli/cmd_%s.c", GSP_TEST_FIXTURES, source_of(command));
    text = test_read_file(path, NULL);
    p = strstr(text, "struct option options[] = {");
    assert_non_null(p);
    while ((p = strstr(p, "{\"")) && n < 32) {
        size_t length = strcspn(p + 2, "\"");

        if (strncmp(p + 2 + length, "\", required_argument", 20) == 0 ||
            strncmp(p + 2 + length, "\", no_argument", 14) == 0)
            snprintf(names[n++], 32, "--%.*s", (int)length, p + 2);
        p += 2;
    }
    free(text);
    return n;
}

/* recover is always --once and --dead; it takes them, and does not speak of them as options. */
static bool is_implied(const char *command, const char *option)
{
    return strcmp(command, "recover") == 0 &&
           (strcmp(option, "--once") == 0 || strcmp(option, "--dead") == 0);
}

static void the_help_of_a_command_names_every_option_it_has(void **state)
{
    struct test_command c = {0};
    char names[32][32];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        int n = options_of(commands[i], names);

        assert_true(n >= 4);
        assert_int_equal(test_genspan(&c, TEST_ARGS(commands[i], "--help")), 0);
        assert_string_equal(c.err, "");
        assert_memory_equal(c.out, "usage: genspan ", 15);
        assert_int_equal(strncmp(c.out + 15, commands[i], strlen(commands[i])), 0);
        for (int k = 0; k < n; k++) {
            char line[64];

            snprintf(line, sizeof line, "\n  %.31s ", names[k]);
            if (!is_implied(commands[i], names[k]) && !strstr(c.out, line))
                fail_msg("genspan %s --help does not name %s", commands[i], names[k]);
        }
        assert_int_equal(test_genspan(&c, TEST_ARGS(commands[i], "-h")), 0);
        assert_memory_equal(c.out, "usage: genspan ", 15);
    }
    test_command_free(&c);
}

static void the_help_of_a_command_names_no_option_it_has_not(void **state)
{
    struct test_command c = {0};
    char names[32][32];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        int n = options_of(commands[i], names), k;

        test_genspan(&c, TEST_ARGS(commands[i], "--help"));
        for (const char *p = c.out; (p = strstr(p, "\n  --")); p++) {
            size_t length = strcspn(p + 3, " \n");

            for (k = 0; k < n; k++)
                if (strlen(names[k]) == length && strncmp(names[k], p + 3, length) == 0)
                    break;
            if (k == n)
                fail_msg("genspan %s --help names %.*s", commands[i], (int)length, p + 3);
        }
    }
    test_command_free(&c);
}

/* Exit code 2; what is wrong, and where to read on; nothing done, nothing on standard output. */
static void wrong_usage_says_what_is_wrong(void **state)
{
    static const struct {
        const char *args[6];
        const char *message;
    } cases[] = {
        {{"chat", "--nope", "hi"}, "--nope is not known"},
        {{"chat", "--quiet", "-qx", "hi"}, "-q is not known"},
        {{"chat", "hi", "--model"}, "--model needs a value"},
        {{"chat", "--no-stream=yes", "hi"}, "--no-stream takes no value"},
        {{"chat", "--retries", "many", "hi"}, "--retries many: not a whole number from 0 to 100"},
        {{"chat", "--retries", "101", "hi"}, "--retries 101: not a whole number from 0 to 100"},
        {{"chat", "--retries=-1", "hi"}, "--retries -1: not a whole number"},
        {{"chat", "--timeout", "99999999999999999999", "hi"}, "not a whole number from 0 to 86400"},
        {{"chat", "--max-tokens", "0", "hi"}, "--max-tokens 0: not a whole number from 1"},
        {{"chat", "--temperature", "nan", "hi"}, "--temperature nan: not a number"},
        {{"chat", "--top-p", "0,5", "hi"}, "--top-p 0,5: not a number"},
        {{"chat", "--header", "no colon", "hi"}, "--header no colon: not NAME:VALUE"},
        {{"chat", "--header", "A: b\r\nC: d", "hi"}, "not NAME:VALUE"},
        {{"chat", "--base-url", "ftp://x", "hi"}, "ftp://x: not an http:// or https:// URL"},
        {{"chat", "--base-url", "http://127.0.0.1:1"}, "there is no prompt"},
        {{"chat", "--traces", "printer", "hi"}, "exporters: not of otlp, console, file, memory, none"},
        {{"decode"}, "tell the format by --url or --format"},
        {{"decode", "--format", "morse", "--url", "http://x/v1/chat/completions"},
         "--format morse: not known"},
        {{"decode", "--url", "http://x/v1/nothing"}, "its path tells no format that is known"},
        {{"decode", "--status", "99"}, "--status 99: not a whole number from 100 to 599"},
        {{"decode", "--header", ":x"}, "not NAME:VALUE"},
        {{"decode", "--jsonl", "--status", "200"}, "with --jsonl, each line tells its own"},
        {{"decode", "a", "b"}, "one file at a time: what is \"b\"?"},
        {{"drain", "now"}, "what is \"now\"? drain takes only options"},
        {{"drain", "--once", "--traces", "x"}, "exporters: not of otlp, console, file, memory, none"},
        {{"drain", "--once", "--endpoint", "localhost:4318"}, "endpoint: not an http:// or https:// URL"},
        {{"drain", "--once", "--protocol", "grpc"}, "protocol or compression: not of http/protobuf"},
        {{"drain", "--once", "--headers", "novalue"}, "headers: not a list of key=value"},
        {{"drain", "--timeout", "-1"}, "--timeout -1: not a whole number"},
        {{"recover", "all"}, "what is \"all\"? recover takes only options"},
        {{"top", "--interval", "0"}, "--interval 0: not a whole number from 1 to 3600"},
        {{"top", "5"}, "what is \"5\"? top takes only options"},
        {{"sim", "--port", "65536"}, "--port 65536: not a whole number from 0 to 65535"},
        {{"sim", "--script", "ok,explode"},
         "--script ok,explode: at character 4: a step of the script is not"},
        {{"sim", "--chunks", ""}, "--chunks : not a whole number"},
        {{"sim", "8080"}, "what is \"8080\"? sim takes only options"},
    };
    struct test_command c = {0};
    char see[64];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int code = test_genspan(&c, cases[i].args);

        snprintf(see, sizeof see, "\nSee: genspan %s --help\n", cases[i].args[0]);
        if (code != 2 || c.n_out || !strstr(c.err, cases[i].message) || !strstr(c.err, see))
            fail_msg("genspan %s %s: exit code %d, out \"%s\", err \"%s\"", cases[i].args[0],
                     cases[i].args[1] ? cases[i].args[1] : "", code, c.out, c.err);
        assert_int_equal(strncmp(c.err, "genspan ", 8), 0);
        assert_int_equal(test_count(c.err, "\n"), 2);
    }
    test_command_free(&c);
}

/* What a full disk swallowed is no success, whoever wrote it. */
static void output_that_cannot_be_written_is_a_failure(void **state)
{
    static const char *const args[][6] = {
        {"--help"},
        {"--version"},
        {"sim", "--help"},
        {"top", "--once"},
        {"decode", "--format", "openai.chat"},
        {"sim"},
    };
    struct test_command c = {.out_path = "/dev/full"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(args); i++) {
        if (test_genspan(&c, args[i]) != 1)
            fail_msg("%s to a full disk: exit code %d", args[i][0], c.exit_code);
        assert_non_null(strstr(c.err, "standard output cannot be written"));
    }
    test_command_free(&c);
}

/* `genspan ... | head -1` ends when head does. */
static void a_closed_pipe_ends_what_runs_for_ever(void **state)
{
    struct test_command c = {0};

    (void)state;
    test_start(&c, TEST_ARGS("top"));
    assert_true(test_wait_out(&c, "0 calls in flight"));
    test_close_out(&c);
    assert_int_equal(test_finish(&c), 1);
    test_command_free(&c);
}

static void what_runs_for_ever_ends_with_a_signal(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    struct test_command c = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        test_start(&c, TEST_ARGS("top", "--interval", "3600"));
        assert_true(test_wait_out(&c, "0 calls in flight"));
        assert_int_equal(test_stop(&c, signals[i]), 0);
        assert_string_equal(c.err, "");
    }
    test_command_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_command_the_help_goes_to_standard_error),
        cmocka_unit_test(the_help_names_every_command_and_every_exit_code),
        cmocka_unit_test(the_version_is_the_librarys),
        cmocka_unit_test(a_command_that_is_none_is_wrong_usage),
        cmocka_unit_test(the_help_of_a_command_names_every_option_it_has),
        cmocka_unit_test(the_help_of_a_command_names_no_option_it_has_not),
        cmocka_unit_test(wrong_usage_says_what_is_wrong),
        cmocka_unit_test(output_that_cannot_be_written_is_a_failure),
        cmocka_unit_test(a_closed_pipe_ends_what_runs_for_ever),
        cmocka_unit_test(what_runs_for_ever_ends_with_a_signal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
