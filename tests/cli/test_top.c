/* genspan top: calls in flight as they stand in the rings of the living. */
#include "support/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS_NS 1000000

static struct test_command top, sim, chat;
static gsp_recorder *rec;

static int set_up(void **state)
{
    (void)state;
    memset(&top, 0, sizeof top);
    memset(&sim, 0, sizeof sim);
    memset(&chat, 0, sizeof chat);
    test_directory_clear();
    rec = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_command_free(&top);
    test_command_free(&chat);
    test_command_free(&sim);
    gsp_recorder_close(rec);
    return 0;
}

/* What a line of the table says, column by column. */
struct row {
    unsigned pid;
    char operation[32], model[64], provider[32], attempt[16], age[32], chunks[16], rate[16];
};

/* The n-th line of the only look; the columns are at fixed places, of which some are empty. */
static struct row row_at(int n)
{
    const char *line = strchr(top.out, '\n');
    struct row row;
    size_t length;

    for (int i = 0; line && i <= n; i++)
        line = strchr(line + 1, '\n');
    if (!line || !line[1])
        fail_msg("there is no line %d in: %s", n, top.out);
    line++;
    length = strcspn(line, "\n");
    assert_true(length >= 100);
    memset(&row, 0, sizeof row);
    row.pid = (unsigned)strtoul(line, NULL, 10);
    sscanf(line + 10, "%31s", row.operation);
    snprintf(row.model, sizeof row.model, "%.28s", line + 27);
    row.model[strcspn(row.model, " ")] = 0;
    snprintf(row.provider, sizeof row.provider, "%.14s", line + 56);
    row.provider[strcspn(row.provider, " ")] = 0;
    sscanf(line + 71, "%15s", row.attempt);
    snprintf(row.age, sizeof row.age, "%.9s", line + 79);
    sscanf(line + 89, "%15s %15s", row.chunks, row.rate);
    return row;
}

static void look(void)
{
    assert_int_equal(test_genspan(&top, TEST_ARGS("top", "--once")), 0);
    assert_string_equal(top.err, "");
}

static int64_t opened_ns;

static void open_recorder(void)
{
    rec = test_recorder(NULL, 0);
    opened_ns = gsp_recorder_now_ns(rec);
}

/* A little while before the recorder was opened: a machine may have been up for no longer. */
static int64_t ago(int ms)
{
    return opened_ns - (int64_t)ms * MS_NS;
}

static gsp_span operation_of(const char *model, int age_ms)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    o.model = model;
    o.now_ns = ago(age_ms);
    return gsp_operation_start(rec, "chat", &o);
}

static gsp_span attempt_of(gsp_span operation, const char *model, const char *provider)
{
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;

    o.now_ns = ago(2500);
    o.model = model;
    o.provider = provider;
    return gsp_attempt_start(operation, &o);
}

static void without_programs_it_says_so(void **state)
{
    (void)state;
    look();
    assert_string_equal(top.out, "0 calls in flight, 0 programs recording\n");
    open_recorder();
    look();
    assert_string_equal(top.out, "0 calls in flight, 1 program recording\n");
}

static void a_call_in_flight_has_model_attempt_age_chunks_and_rate(void **state)
{
    gsp_span operation, attempt;
    struct row row;

    (void)state;
    open_recorder();
    operation = operation_of("gpt-4o-mini", 3000);
    gsp_span_end(attempt_of(operation, NULL, NULL), GSP_OUTCOME_FAILED, NULL, 0);
    attempt = attempt_of(operation, NULL, "openai");
    for (int i = 0; i < 100; i++)
        gsp_stream_mark(attempt, GSP_MARK_TEXT, ago(2000));
    look();
    assert_memory_equal(top.out, "1 call in flight, 1 program recording\n", 38);
    row = row_at(0);
    assert_int_equal(row.pid, getpid());
    assert_string_equal(row.operation, "chat");
    assert_string_equal(row.model, "gpt-4o-mini");
    assert_string_equal(row.provider, "openai");
    assert_string_equal(row.attempt, "1"); /* OP-3: counted from 0 */
    assert_true(atof(row.age) >= 3.0 && strchr(row.age, 's'));
    assert_string_equal(row.chunks, "100");
    assert_true(atof(row.rate) > 0 && atof(row.rate) <= 50.0); /* 100 in the last 2 s and a bit */
    assert_null(strchr(top.out, '\x1b'));
}

static void before_the_first_attempt_and_between_two_it_says_so(void **state)
{
    gsp_span operation;
    struct row row;

    (void)state;
    open_recorder();
    operation = operation_of("m", 1);
    look();
    row = row_at(0);
    assert_string_equal(row.attempt, "-");
    assert_string_equal(row.provider, "");
    assert_string_equal(row.chunks, "0");
    assert_string_equal(row.rate, "-");
    gsp_span_end(attempt_of(operation, NULL, NULL), GSP_OUTCOME_FAILED, NULL, 0);
    look();
    assert_string_equal(row_at(0).attempt, "wait");
}

static void what_has_ended_is_not_shown_and_the_oldest_is_first(void **state)
{
    (void)state;
    open_recorder();
    operation_of("young", 100);
    operation_of("old", 2000);
    gsp_span_end(operation_of("ended", 1000), GSP_OUTCOME_COMPLETED, NULL, 0);
    look();
    assert_memory_equal(top.out, "2 calls in flight", 17);
    assert_string_equal(row_at(0).model, "old");
    assert_string_equal(row_at(1).model, "young");
    assert_null(strstr(top.out, "ended"));
}

/* The caller named no model: the one that is sent is known. */
static void a_model_that_only_the_attempt_knows_is_shown(void **state)
{
    (void)state;
    open_recorder();
    attempt_of(operation_of(NULL, 1), "sent-model", "mistral_ai");
    look();
    assert_string_equal(row_at(0).model, "sent-model");
}

static void a_hostile_model_name_cannot_move_the_cursor(void **state)
{
    (void)state;
    open_recorder();
    operation_of("m\x1b[2J\a\xc2\x9b\x7f\nx", 10);
    look();
    assert_string_equal(row_at(0).model, "m.[2J....x");
    for (const char *p = top.out; *p; p++)
        assert_true((unsigned char)*p >= ' ' || *p == '\n');
    assert_null(strchr(top.out, 0x7f));
    assert_int_equal(test_count(top.out, "\n"), 3);
}

/* 28 bytes are shown: cut between characters, and without UTF-8 none of them gets out. */
static void a_long_name_is_cut_between_characters(void **state)
{
    (void)state;
    open_recorder();
    operation_of("abcdefghijklmnopqrstuvwxyz0\xc3\xa9\xc3\xa9", 10);
    look();
    assert_string_equal(row_at(0).model, "abcdefghijklmnopqrstuvwxyz0");
    assert_null(strchr(top.out, '\xc3'));
    operation_of("\xc3\xa9", 100);
    look();
    assert_string_equal(row_at(0).model, "\xc3\xa9");
    top.env = (const char *const[]){"LC_ALL=C", NULL};
    look();
    assert_null(strchr(top.out, '\xc3'));
}

static void the_dead_and_what_is_no_ring_are_passed_over(void **state)
{
    char junk[300];
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        open_recorder();
        operation_of("dead", 10);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(test_directory_count(".ring"), 1);
    snprintf(junk, sizeof junk, "%s/junk.ring", test_directory());
    test_write_file(junk, "junk", 4);
    look();
    assert_string_equal(top.out, "0 calls in flight, 0 programs recording\n");
    assert_int_equal(test_directory_count(".ring"), 2); /* it changes nothing */
}

static void a_directory_that_cannot_be_had_is_a_failure(void **state)
{
    (void)state;
    assert_int_equal(test_genspan(&top, TEST_ARGS("top", "--once", "--dir", "/proc/none/x")), 1);
    assert_string_equal(top.out, "");
    assert_non_null(strstr(top.err, "genspan top: the ring directory cannot be made: set GENSPAN_DIR"));
}

/* Look until a line has this text; every look is whole. */
static bool is_seen(const char *text)
{
    for (int i = 0; i < 1000; i++) {
        look();
        if (strstr(top.out, text))
            return true;
    }
    return false;
}

static void a_call_of_another_process_is_seen_while_it_streams(void **state)
{
    struct row row;

    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "0", "--pace-ms", "0", "--script", "429ms:1,stall"));
    test_start(&chat, TEST_ARGS("chat", "--quiet", "--base-url", sim.out, "--model", "some-model", "hi"));
    assert_true(test_wait_out(&chat, "really happened: who"));
    look();
    row = row_at(0);
    assert_int_equal(row.pid, chat.pid);
    assert_string_equal(row.model, "some-model");
    assert_string_equal(row.provider, "openai");
    assert_string_equal(row.attempt, "1");
    assert_string_equal(row.chunks, "9");
    assert_int_equal(test_stop(&chat, SIGINT), 130);
    look();
    assert_memory_equal(top.out, "0 calls in flight", 17);
}

/* RE-5, and a signal ends the wait: the call is cancelled, not tried again. */
static void a_call_that_waits_is_seen_to(void **state)
{
    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "0", "--script", "429:100,ok"));
    test_start(&chat, TEST_ARGS("chat", "--quiet", "--base-url", sim.out, "hi"));
    assert_true(is_seen(" wait "));
    assert_int_equal(test_stop(&chat, SIGINT), 130);
    assert_string_equal(chat.out, "");
}

static void it_looks_again_and_again(void **state)
{
    (void)state;
    open_recorder();
    test_start(&top, TEST_ARGS("top", "--interval", "1"));
    assert_true(test_wait_out(&top, "0 calls in flight"));
    operation_of("appears", 0);
    assert_true(test_wait_out(&top, "appears"));
    assert_int_equal(test_stop(&top, SIGTERM), 0);
    assert_null(strchr(top.out, '\x1b')); /* no terminal: nothing is cleared */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(without_programs_it_says_so),
        CASE(a_call_in_flight_has_model_attempt_age_chunks_and_rate),
        CASE(before_the_first_attempt_and_between_two_it_says_so),
        CASE(what_has_ended_is_not_shown_and_the_oldest_is_first),
        CASE(a_model_that_only_the_attempt_knows_is_shown),
        CASE(a_hostile_model_name_cannot_move_the_cursor),
        CASE(a_long_name_is_cut_between_characters),
        CASE(the_dead_and_what_is_no_ring_are_passed_over),
        CASE(a_directory_that_cannot_be_had_is_a_failure),
        CASE(a_call_of_another_process_is_seen_while_it_streams),
        CASE(a_call_that_waits_is_seen_to),
        CASE(it_looks_again_and_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
