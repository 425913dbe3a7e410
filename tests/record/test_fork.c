/* Forks and deaths: inherited handles are inert, a child has a ring of its own, locks die with their
 * holder, a dead process leaves everything it recorded. */
#include "support/dump.h"
#include "support/support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/directory.h"

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    return 0;
}

/* Run fn in a child; its return value is the exit status. */
static int in_child(int (*fn)(void *), void *arg)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0)
        _exit(fn(arg));
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

struct inherited {
    gsp_recorder *recorder;
    gsp_span span;
};

static int use_inherited(void *arg)
{
    struct inherited *i = arg;
    gsp_span own;

    gsp_span_set_int(i->span, GSP_FACT_SEED, 1);
    gsp_span_end(i->span, GSP_OUTCOME_FAILED, NULL, 0);
    own = gsp_span_start(i->recorder, "child", NULL);
    if (own.id == 0)
        return 1;
    gsp_span_set_int(i->span, GSP_FACT_SEED, 2); /* still inert, also beside a ring of our own */
    gsp_span_set_int(own, GSP_FACT_SEED, 3);
    gsp_span_end(own, GSP_OUTCOME_COMPLETED, NULL, 0);
    return 0;
}

static void inherited_handles_are_inert(void **state)
{
    struct inherited i = {.recorder = test_recorder(NULL, 64 << 10)};
    char parent[600];

    (void)state;
    snprintf(parent, sizeof parent, "%s", gsp_recorder_path(i.recorder));
    i.span = gsp_span_start(i.recorder, "parent", NULL);
    assert_int_equal(in_child(use_inherited, &i), 0);
    assert_int_equal(test_directory_count(".ring"), 2);
    assert_string_equal(test_dump_record(parent, 0), "span: span_name=\"parent\" | open");
    assert_int_equal(test_count_records(parent), 1);
    gsp_span_set_int(i.span, GSP_FACT_SEED, 9); /* and the parent goes on as before */
    assert_string_equal(test_dump_record(parent, 0), "span: span_name=\"parent\" seed=9 | open");
    gsp_span_end(i.span, GSP_OUTCOME_COMPLETED, NULL, 0);
    test_drain(parent);
    gsp_recorder_close(i.recorder);
    unlink(parent);
    assert_non_null(strstr(test_dump_record(test_directory_file(".ring"), 0),
                           "span: span_name=\"child\" seed=3 | completed "));
}

static int only_look(void *arg)
{
    (void)arg;
    return 0;
}

static void a_child_that_records_nothing_makes_nothing(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);

    (void)state;
    assert_int_equal(in_child(only_look, r), 0);
    assert_int_equal(test_directory_count(".ring"), 1);
    gsp_recorder_close(r);
}

static int close_inherited(void *arg)
{
    gsp_recorder_close(arg);
    return 0;
}

static void closing_in_a_child_leaves_the_parents_ring(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);

    (void)state;
    assert_int_equal(in_child(close_inherited, r), 0);
    assert_int_equal(test_directory_count(".ring"), 1);
    assert_true(gsp_span_start(r, "x", NULL).id != 0);
    gsp_recorder_close(r);
}

/* The parent dies while its child lives on: the parent's ring must look dead. */
static void a_living_child_does_not_keep_its_parents_lock(void **state)
{
    int ready[2], hold[2];
    struct gsp__reader *reader;
    pid_t parent, child = 0;
    char byte;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(hold), 0);
    parent = fork();
    if (parent == 0) {
        gsp_recorder *r = test_recorder(NULL, 64 << 10);

        gsp_span_start(r, "orphaned", NULL);
        if (fork() == 0) { /* back from fork(), its handlers have run */
            child = getpid();
            close(hold[1]);
            (void)!write(ready[1], &child, sizeof child);
            (void)!read(hold[0], &byte, 1); /* until the test is done */
            _exit(0);
        }
        pause();
    }
    close(hold[0]);
    assert_int_equal(read(ready[0], &child, sizeof child), sizeof child);
    assert_int_equal(kill(parent, SIGKILL), 0);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    assert_int_equal(kill(child, 0), 0);
    reader = test_reader(test_directory_file(".ring"), GSP__READ_DRAIN);
    assert_false(gsp__reader_is_live(reader));
    gsp__reader_close(reader);
    close(hold[1]);
    close(ready[0]);
    close(ready[1]);
}

static int die_recording(void *arg)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_span s = gsp_span_start(r, "killed", NULL);

    (void)arg;
    gsp_span_set_int(s, GSP_FACT_SEED, 5);
    gsp_span_set_string(s, GSP_FACT_PROVIDER, "p");
    raise(SIGKILL);
    return 0;
}

static void what_a_killed_process_recorded_is_there(void **state)
{
    struct gsp__reader *reader;

    (void)state;
    assert_int_equal(in_child(die_recording, NULL), 1000 + SIGKILL);
    assert_string_equal(test_dump_record(test_directory_file(".ring"), 0),
                        "span: span_name=\"killed\" seed=5 provider=\"p\" | open");
    reader = test_reader(test_directory_file(".ring"), GSP__READ_DRAIN);
    assert_false(gsp__reader_is_live(reader));
    gsp__reader_close(reader);
}

/* Rings of a process and of the children it forked are of one family. */
static int record_one(void *arg)
{
    gsp_span_end(gsp_span_start(arg, "child", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    return 0;
}

static bool add_family(void *self, const char *path)
{
    struct gsp__reader *reader = test_reader(path, GSP__READ_ONLY);
    uint8_t(*families)[16] = self;

    while ((*families)[0] | (*families)[1] | (*families)[2])
        families++;
    memcpy(*families, reader->header.family_id, 16);
    gsp__reader_close(reader);
    return true;
}

static void a_family_of_rings(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    gsp_recorder *other = test_recorder(NULL, 64 << 10);
    uint8_t families[8][16] = {{0}};
    int same = 0;
    gsp_error err;

    (void)state;
    assert_int_equal(in_child(record_one, r), 0);
    assert_int_equal(in_child(record_one, r), 0);
    assert_int_equal(test_directory_count(".ring"), 4);
    assert_int_equal(gsp__directory_list(test_directory(), add_family, families, &err), GSP_OK);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            same += memcmp(families[i], families[j], 16) == 0;
    assert_int_equal(same, 3); /* three of the four are one family */
    gsp_recorder_close(r);
    gsp_recorder_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(inherited_handles_are_inert, set_up),
        cmocka_unit_test_setup(a_child_that_records_nothing_makes_nothing, set_up),
        cmocka_unit_test_setup(closing_in_a_child_leaves_the_parents_ring, set_up),
        cmocka_unit_test_setup(a_living_child_does_not_keep_its_parents_lock, set_up),
        cmocka_unit_test_setup(what_a_killed_process_recorded_is_there, set_up),
        cmocka_unit_test_setup(a_family_of_rings, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
