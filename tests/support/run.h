/*
 * Running a command as a user does: with arguments, an environment of its own and input; bounded in time;
 * with all that it says. In the foreground, or beside the test, told apart by what it has said so far.
 *
 *     struct test_command c = {.input = "hello"};
 *
 *     assert_int_equal(test_genspan(&c, TEST_ARGS("chat", "--quiet")), 0);
 *     assert_string_equal(c.out, "...");
 *     test_command_free(&c);
 */
#ifndef GSP_TESTS_RUN_H
#define GSP_TESTS_RUN_H

#include "support.h"

#include <sys/types.h>

#define TEST_ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct test_command {
    /* how it is run; all of it may be left out */
    const char *program;    /* default: the genspan command of this build */
    const char *const *env; /* "NAME=value", ended by NULL; added to a small fixed environment */
    const char *input;      /* standard input; default: empty */
    size_t n_input;         /* its bytes; 0: up to its NUL */
    const char *directory;  /* to run in */
    const char *out_path;   /* standard output goes there, not to `out` */
    uint64_t file_bytes;    /* no file may grow beyond this, as on a full disk; 0: no limit */

    /* what comes of it */
    char *out, *err; /* NUL-terminated, never NULL once it was started */
    size_t n_out, n_err;
    int exit_code; /* minus the signal if one ended it */
    pid_t pid;     /* 0 when it has ended */
    int fds[2];    /* our ends of its standard output and error; -1: closed */
};

/*
 * Start it. The environment it gets: PATH, the sanitizers' options, LC_ALL=C.UTF-8, and HOME, GENSPAN_DIR,
 * XDG_STATE_HOME in the test directory; then `env`. It dies with the test program.
 */
void test_start(struct test_command *c, const char *const *args);

/* Wait until its standard output (or error) has this text. False when it ended, or 30 s went by, before. */
bool test_wait_out(struct test_command *c, const char *text);
bool test_wait_err(struct test_command *c, const char *text);

/* Read what it still says and wait for its end, 60 s at most (then the test fails). Returns exit_code. */
int test_finish(struct test_command *c);

/* Send it a signal, then test_finish. */
int test_stop(struct test_command *c, int signal);

/* Nobody reads its standard output any more. */
void test_close_out(struct test_command *c);

/* Start and finish. */
int test_genspan(struct test_command *c, const char *const *args);

/* Forget what it said, end it if it still runs. What was set before the start stays. */
void test_command_free(struct test_command *c);

/* How often `text` is in `in`. */
int test_count(const char *in, const char *text);

/* Start `genspan sim` with these arguments more, and return its base URL, good until it is freed. */
const char *test_sim(struct test_command *sim, const char *const *args);

#endif
