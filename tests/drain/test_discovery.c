/*
 * Finding rings: what is in the directory, who may have made it, and what of it is no ring. A drainer names
 * what it cannot read, leaves it where it is, and drains the rest (design.md, "The ring").
 */
#include "exported.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "record/directory.h"
#include "record/record.h"
#include "support/dump.h"
#include "support/run.h"

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    return 0;
}

static const char *in_directory(const char *name)
{
    static char path[600];

    snprintf(path, sizeof path, "%s/%s", test_directory(), name);
    return path;
}

static int count_spans(void)
{
    int n;

    test_spans(test_traces_file(), &n);
    return n;
}

static int drain_by_command(struct test_command *c, const char *command)
{
    if (strcmp(command, "drain") == 0)
        return test_genspan(c, TEST_ARGS("drain", "--once", "--traces-file", test_traces_file(),
                                         "--metrics-file", test_metrics_file()));
    return test_genspan(
        c, TEST_ARGS(command, "--traces-file", test_traces_file(), "--metrics-file", test_metrics_file()));
}

/* A process that records two calls and is gone, as if killed: its ring stays. */
static int record_and_die(void *n_calls)
{
    test_record_calls(test_recorder(NULL, 64 << 10), *(int *)n_calls, NULL);
    return 0;
}

static void die(int n_calls)
{
    assert_int_equal(test_in_child(record_and_die, &n_calls), 0);
}

/*
 * Who picks up what.
 */

static void drain_picks_up_all_rings_recover_those_of_the_dead(void **state)
{
    gsp_recorder *a = test_recorder(NULL, 64 << 10), *b = test_recorder(NULL, 64 << 10);
    struct test_command c = {0};

    (void)state;
    test_record_calls(a, 1, NULL);
    test_record_calls(b, 2, NULL);
    die(3);
    die(4);
    assert_int_equal(drain_by_command(&c, "recover"), 0);
    assert_non_null(strstr(c.err, "7 calls exported (14 records sent); 2 rings of dead programs emptied"));
    assert_int_equal(count_spans(), 14);
    test_command_free(&c);
    assert_int_equal(test_directory_count(".ring"), 2);
    assert_int_equal(drain_by_command(&c, "drain"), 0);
    assert_non_null(strstr(c.err, "3 calls exported"));
    assert_int_equal(count_spans(), 20);
    test_command_free(&c);
    /* the living go on in their own */
    assert_int_equal(test_directory_count(".ring"), 2);
    test_record_calls(a, 1, NULL);
    assert_int_equal(test_count_records(gsp_recorder_path(a)), 2);
    gsp_recorder_close(a);
    gsp_recorder_close(b);
}

/* One that runs on finds rings that come later, and flushes when it is told to end. */
static void a_drain_that_runs_on_finds_what_comes_later(void **state)
{
    static const char *const env[] = {"OTEL_BSP_SCHEDULE_DELAY=10", NULL};
    struct test_command c = {.env = env};
    gsp_recorder *r;

    (void)state;
    test_start(
        &c, TEST_ARGS("drain", "--traces-file", test_traces_file(), "--metrics-file", test_metrics_file()));
    r = test_recorder(NULL, 64 << 10);
    test_record_calls(r, 3, NULL);
    for (int i = 0; count_spans() < 6 && i < 3000; i++)
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    assert_int_equal(count_spans(), 6);
    test_record_calls(r, 1, NULL);
    gsp_recorder_close(r);
    test_stop(&c, SIGTERM);
    assert_int_equal(c.exit_code, 0);
    assert_int_equal(count_spans(), 8);
    assert_int_equal(test_metric(test_metrics_file(), "gen_ai.client.operation.duration", NULL, NULL), 4);
    assert_int_equal(test_directory_count(".ring") + test_directory_count(".fold"), 0);
    test_command_free(&c);
}

/* Where: as --dir says, else GENSPAN_DIR; one that is not there is made. */
static void the_directory_is_given_or_made(void **state)
{
    char other[600], dir[700];
    const char *const env[] = {dir, NULL};
    struct test_command c = {.env = env};
    struct stat st;

    (void)state;
    die(1);
    snprintf(other, sizeof other, "%s", in_directory("made"));
    snprintf(dir, sizeof dir, "GENSPAN_DIR=%s", other);
    assert_int_equal(drain_by_command(&c, "recover"), 0);
    assert_non_null(strstr(c.err, "0 calls exported"));
    assert_int_equal(stat(other, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    test_command_free(&c);
    assert_int_equal(test_genspan(&c, TEST_ARGS("recover", "--dir", test_directory(), "--traces-file",
                                                test_traces_file(), "--metrics", "none")),
                     0);
    assert_int_equal(count_spans(), 2);
    test_command_free(&c);
}

static void a_directory_that_is_none_is_told(void **state)
{
    char file[600];
    struct test_command c = {0};

    (void)state;
    snprintf(file, sizeof file, "%s", in_directory("file"));
    test_write_file(file, "x", 1);
    assert_int_equal(test_genspan(&c, TEST_ARGS("recover", "--dir", file, "--traces", "none")), 1);
    assert_non_null(strstr(c.err, "GENSPAN_DIR"));
    test_command_free(&c);
    assert_int_equal(test_genspan(&c, TEST_ARGS("recover", "--dir", "/nonexistent/a/b", "--traces", "none")),
                     1);
    assert_non_null(strstr(c.err, "GENSPAN_DIR"));
    test_command_free(&c);
}

/*
 * What is no ring.
 */

static char *good_ring(size_t *n)
{
    char *bytes;

    die(2);
    bytes = test_read_file(test_directory_file(".ring"), n);
    test_directory_clear();
    return bytes;
}

/* Write a ring's bytes with some of them changed. */
static void write_changed(const char *name, const char *bytes, size_t n, size_t at, char value)
{
    char *copy = malloc(n);

    assert_non_null(copy);
    memcpy(copy, bytes, n);
    if (at < n)
        copy[at] = value;
    test_write_file(in_directory(name), copy, n);
    free(copy);
}

static const char *const bad_names[] = {
    "text.ring",     "empty.ring", "head.ring",      "truncated.ring", "longer.ring", "version.ring",
    "checksum.ring", "shape.ring", "directory.ring", "fifo.ring",      "link.ring",   "dangling.ring",
};

static void make_bad_files(const char *bytes, size_t n)
{
    char target[600];

    test_write_file(in_directory("text.ring"), "hello", 5);
    test_write_file(in_directory("empty.ring"), "", 0);
    test_write_file(in_directory("head.ring"), bytes, 300);
    test_write_file(in_directory("truncated.ring"), bytes, n - 4096);
    {
        char *longer = calloc(1, n + 4096);

        assert_non_null(longer);
        memcpy(longer, bytes, n);
        test_write_file(in_directory("longer.ring"), longer, n + 4096);
        free(longer);
    }
    write_changed("version.ring", bytes, n, 8, 99);
    write_changed("checksum.ring", bytes, n, 72, (char)(bytes[72] ^ 1));
    write_changed("shape.ring", bytes, n, 27, 0x7f);
    assert_int_equal(mkdir(in_directory("directory.ring"), 0700), 0);
    assert_int_equal(mkfifo(in_directory("fifo.ring"), 0600), 0);
    snprintf(target, sizeof target, "%s", in_directory("elsewhere"));
    test_write_file(target, bytes, n); /* a ring, but not under a ring's name */
    assert_int_equal(symlink(target, in_directory("link.ring")), 0);
    assert_int_equal(symlink("/nonexistent", in_directory("dangling.ring")), 0);
}

static void what_cannot_be_read_is_named_and_left_and_the_rest_is_drained(void **state)
{
    static const char *const commands[] = {"drain", "recover"};
    size_t n, n_after;
    char *bytes = good_ring(&n), *after;

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct test_command c = {0};
        char told[64];

        make_bad_files(bytes, n);
        test_write_file(in_directory("notes.txt"), "not ours", 8);
        test_write_file(in_directory("ring"), "nor this", 8);
        die(2);
        assert_int_equal(drain_by_command(&c, commands[k]), 1);
        for (size_t i = 0; i < GSP__COUNT_OF(bad_names); i++) {
            struct stat st;

            if (!strstr(c.err, bad_names[i]))
                fail_msg("%s is not named: %s", bad_names[i], c.err);
            assert_int_equal(lstat(in_directory(bad_names[i]), &st), 0);
        }
        assert_null(strstr(c.err, "notes.txt"));
        snprintf(told, sizeof told, "%d files are no ring", (int)GSP__COUNT_OF(bad_names));
        assert_non_null(strstr(c.err, told));
        assert_int_equal(count_spans(), 4);
        /* what the link leads to is as it was */
        after = test_read_file(in_directory("elsewhere"), &n_after);
        assert_int_equal(n, n_after);
        assert_memory_equal(bytes, after, n);
        free(after);
        test_command_free(&c);
        test_directory_clear();
    }
    free(bytes);
}

static void other_versions_are_told_from_damage(void **state)
{
    size_t n;
    char *bytes = good_ring(&n);
    struct test_command c = {0};

    (void)state;
    write_changed("version.ring", bytes, n, 8, 2);
    free(bytes);
    assert_int_equal(drain_by_command(&c, "drain"), 1);
    assert_non_null(strstr(c.err, "another layout version"));
    test_command_free(&c);
}

/* Each file is told of once, not at every look. */
static void a_bad_file_is_told_once(void **state)
{
    static const char *const env[] = {"OTEL_BSP_SCHEDULE_DELAY=10", NULL};
    struct test_command c = {.env = env};

    (void)state;
    test_write_file(in_directory("text.ring"), "hello", 5);
    test_start(&c, TEST_ARGS("drain", "--traces-file", test_traces_file(), "--metrics", "none"));
    assert_true(test_wait_err(&c, "text.ring"));
    /* it has looked again when it has drained what came after */
    for (int k = 0; k < 2; k++) {
        int n = count_spans();

        die(1);
        for (int i = 0; count_spans() == n && i < 3000; i++)
            nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    test_stop(&c, SIGTERM);
    assert_int_equal(test_count(c.err, "text.ring"), 1);
    test_command_free(&c);
}

/* A ring whose owner took away the right to read it. */
static void a_ring_without_permission_is_told(void **state)
{
    struct test_command c = {0};

    (void)state;
    if (geteuid() == 0) {
        print_message("SKIP: root may read everything\n");
        skip();
    }
    die(1);
    assert_int_equal(chmod(test_directory_file(".ring"), 0), 0);
    assert_int_equal(drain_by_command(&c, "recover"), 1);
    assert_non_null(strstr(c.err, ".ring"));
    test_command_free(&c);
}

/* Records that make no sense in a ring that does. */
static void torn_records_are_counted_and_the_others_exported(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    struct test_command c = {0};
    gsp_span torn;

    (void)state;
    test_record_calls(r, 2, NULL);
    torn = gsp_operation_start(r, "chat", NULL);
    gsp__record_find(torn).head->generation ^= 1;
    test_record_calls(r, 1, NULL);
    gsp_span_end(torn, GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(drain_by_command(&c, "drain"), 0);
    assert_non_null(strstr(c.err, "3 calls exported (6 records sent, 1 torn and lost)"));
    assert_int_equal(test_metric(test_metrics_file(), "genspan.records.dropped", "genspan.reason", "torn"),
                     1);
    test_command_free(&c);
    gsp_recorder_close(r);
}

/*
 * What a ring is allowed to be, and what is left over.
 */

static mode_t ring_mode(gid_t *group)
{
    struct stat st;

    assert_int_equal(stat(test_directory_file(".ring"), &st), 0);
    *group = st.st_gid;
    return st.st_mode & 07777;
}

static void a_ring_is_its_owners_or_its_groups(void **state)
{
    struct group *own = getgrgid(getegid());
    gsp_recorder *r;
    gid_t group;

    (void)state;
    unsetenv("GENSPAN_GROUP");
    r = test_recorder(NULL, 64 << 10);
    assert_int_equal(ring_mode(&group), 0600);
    gsp_recorder_close(r);
    setenv("GENSPAN_GROUP", "no-such-group-here", 1);
    r = test_recorder(NULL, 64 << 10); /* told on stderr, and ignored */
    assert_int_equal(ring_mode(&group), 0600);
    gsp_recorder_close(r);
    if (own) {
        setenv("GENSPAN_GROUP", own->gr_name, 1);
        r = test_recorder(NULL, 64 << 10);
        assert_int_equal(ring_mode(&group), 0640);
        assert_int_equal(group, own->gr_gid);
        gsp_recorder_close(r);
    }
    if (geteuid() == 0 && getgrnam("daemon")) {
        setenv("GENSPAN_GROUP", "daemon", 1);
        r = test_recorder(NULL, 64 << 10);
        assert_int_equal(ring_mode(&group), 0640);
        assert_int_equal(group, getgrnam("daemon")->gr_gid);
        gsp_recorder_close(r);
    }
    unsetenv("GENSPAN_GROUP");
}

static bool count_ring(void *n, const char *path)
{
    (void)path;
    ++*(int *)n;
    return true;
}

/* Rings that were never finished go, once it is sure that nobody is making them. */
static void leftovers_are_deleted_when_they_are_old(void **state)
{
    struct utimbuf long_ago = {time(NULL) - 3600, time(NULL) - 3600};
    char old[600], old_link[600], new[600], victim[600];
    gsp_error err = {0};
    int n = 0;

    (void)state;
    snprintf(old, sizeof old, "%s", in_directory("1-old.ring.tmp"));
    snprintf(new, sizeof new, "%s", in_directory("2-new.ring.tmp"));
    snprintf(old_link, sizeof old_link, "%s", in_directory("3-link.ring.tmp"));
    snprintf(victim, sizeof victim, "%s", in_directory("victim"));
    test_write_file(old, "x", 1);
    test_write_file(new, "x", 1);
    test_write_file(victim, "x", 1);
    assert_int_equal(utime(old, &long_ago), 0);
    assert_int_equal(utime(victim, &long_ago), 0);
    assert_int_equal(symlink(victim, old_link), 0);
    assert_int_equal(gsp__directory_list(test_directory(), count_ring, &n, &err), GSP_OK);
    assert_int_equal(n, 0);
    assert_int_equal(access(old, F_OK), -1);
    assert_int_equal(access(new, F_OK), 0);
    assert_int_equal(access(victim, F_OK), 0);
}

/* The next recorder deletes rings of the dead in which nothing is left; others wait for a drainer. */
static int record_drain_and_die(void *arg)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);

    (void)arg;
    test_record_calls(r, 1, NULL);
    test_drain_once(false);
    return 0;
}

static void spent_rings_of_the_dead_are_tidied_away(void **state)
{
    gsp_recorder *r;

    (void)state;
    assert_int_equal(test_in_child(record_drain_and_die, NULL), 0);
    assert_int_equal(test_directory_count(".ring"), 1);
    die(1); /* its recorder is the next */
    assert_int_equal(test_directory_count(".ring"), 1);
    r = test_recorder(NULL, 64 << 10);
    assert_int_equal(test_directory_count(".ring"), 2); /* the full one, and this */
    gsp_recorder_close(r);
    assert_int_equal(test_drain_once(true).n_calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(drain_picks_up_all_rings_recover_those_of_the_dead, set_up),
        cmocka_unit_test_setup(a_drain_that_runs_on_finds_what_comes_later, set_up),
        cmocka_unit_test_setup(the_directory_is_given_or_made, set_up),
        cmocka_unit_test_setup(a_directory_that_is_none_is_told, set_up),
        cmocka_unit_test_setup(what_cannot_be_read_is_named_and_left_and_the_rest_is_drained, set_up),
        cmocka_unit_test_setup(other_versions_are_told_from_damage, set_up),
        cmocka_unit_test_setup(a_bad_file_is_told_once, set_up),
        cmocka_unit_test_setup(a_ring_without_permission_is_told, set_up),
        cmocka_unit_test_setup(torn_records_are_counted_and_the_others_exported, set_up),
        cmocka_unit_test_setup(a_ring_is_its_owners_or_its_groups, set_up),
        cmocka_unit_test_setup(leftovers_are_deleted_when_they_are_old, set_up),
        cmocka_unit_test_setup(spent_rings_of_the_dead_are_tidied_away, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
