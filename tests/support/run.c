/*
 * Running a command as a user does.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS   30000
#define FINISH_MS 60000
#define ENV_MAX   64
#define ARGS_MAX  300

extern char **environ;

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * (int64_t)1000 + t.tv_nsec / 1000000;
}

/*
 * Starting.
 */

static char *join(const char *a, const char *b)
{
    char *out;

    assert_true(asprintf(&out, "%s%s", a, b) > 0);
    return out;
}

/* Add a variable, or put it in place of the one of its name. */
static void set_variable(char *env[ENV_MAX], size_t *n, char *entry)
{
    size_t n_name = strcspn(entry, "=") + 1, i = 0;

    while (i < *n && strncmp(env[i], entry, n_name) != 0)
        i++;
    if (i < *n)
        free(env[i]);
    assert_true(i < ENV_MAX - 1);
    env[i] = entry;
    *n += i == *n;
    env[*n] = NULL;
}

static bool is_passed_on(const char *entry)
{
    size_t n = strcspn(entry, "=");

    return strncmp(entry, "PATH=", 5) == 0 || (n > 11 && strncmp(entry + n - 11, "SAN_OPTIONS", 11) == 0);
}

static void make_environment(const struct test_command *c, char *env[ENV_MAX])
{
    size_t n = 0;

    env[0] = NULL;
    for (char **e = environ; *e; e++)
        if (is_passed_on(*e))
            set_variable(env, &n, join(*e, ""));
    set_variable(env, &n, join("LC_ALL=", "C.UTF-8"));
    set_variable(env, &n, join("HOME=", test_directory()));
    set_variable(env, &n, join("GENSPAN_DIR=", test_directory()));
    set_variable(env, &n, join("XDG_STATE_HOME=", test_directory()));
    for (const char *const *e = c->env; e && *e; e++)
        set_variable(env, &n, join(*e, ""));
}

static int open_input(const struct test_command *c)
{
    size_t n = c->n_input || !c->input ? c->n_input : strlen(c->input);
    int fd;

    if (!c->input)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    fd = memfd_create("input", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, c->input, n), n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* In the child: nothing but system calls. */
static void run_child(const struct test_command *c, int in, int out, int err, char **args, char **env)
{
    struct rlimit limit = {c->file_bytes, c->file_bytes};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    signal(SIGPIPE, SIG_DFL);
    if (c->file_bytes)
        setrlimit(RLIMIT_FSIZE, &limit);
    if (c->directory && chdir(c->directory) != 0)
        _exit(126);
    execve(args[0], args, env);
    _exit(127);
}

void test_start(struct test_command *c, const char *const *args)
{
    char *env[ENV_MAX], *all[ARGS_MAX];
    int in = open_input(c), out[2], err[2], own_out = -1;
    size_t n = 0;

    make_environment(c, env);
    all[n++] = (char *)(uintptr_t)(c->program ? c->program : GSP_TEST_COMMAND);
    for (; *args; args++) {
        assert_true(n < ARGS_MAX - 1);
        all[n++] = (char *)(uintptr_t)*args;
    }
    all[n] = NULL;
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(err, O_CLOEXEC), 0);
    if (c->out_path) {
        own_out = open(c->out_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(own_out >= 0);
    }
    free(c->out);
    free(c->err);
    c->out = calloc(1, 1);
    c->err = calloc(1, 1);
    assert_true(c->out && c->err);
    c->n_out = c->n_err = 0;
    c->pid = fork();
    assert_true(c->pid >= 0);
    if (c->pid == 0)
        run_child(c, in, own_out >= 0 ? own_out : out[1], err[1], all, env);
    close(in);
    close(out[1]);
    close(err[1]);
    if (own_out >= 0)
        close(own_out);
    c->fds[0] = out[0];
    c->fds[1] = err[0];
    for (char **e = env; *e; e++)
        free(*e);
}

/*
 * Listening.
 */

static void take(struct test_command *c, int which)
{
    char **to = which ? &c->err : &c->out;
    size_t *n = which ? &c->n_err : &c->n_out;
    char room[65536];
    ssize_t got = read(c->fds[which], room, sizeof room);

    if (got <= 0) {
        close(c->fds[which]);
        c->fds[which] = -1;
        return;
    }
    *to = realloc(*to, *n + (size_t)got + 1);
    assert_non_null(*to);
    memcpy(*to + *n, room, (size_t)got);
    *n += (size_t)got;
    (*to)[*n] = 0;
}

/* Take what comes. False when both are closed or the time is over. */
static bool listen_until(struct test_command *c, int64_t deadline_ms)
{
    struct pollfd fds[2] = {{c->fds[0], POLLIN, 0}, {c->fds[1], POLLIN, 0}};
    int64_t left = deadline_ms - now_ms();

    if ((c->fds[0] < 0 && c->fds[1] < 0) || left <= 0)
        return false;
    if (poll(fds, 2, (int)left) < 0)
        return errno == EINTR;
    for (int i = 0; i < 2; i++)
        if (fds[i].revents)
            take(c, i);
    return true;
}

bool test_wait_out(struct test_command *c, const char *wanted)
{
    int64_t deadline = now_ms() + WAIT_MS;

    while (!strstr(c->out, wanted))
        if (!listen_until(c, deadline))
            return false;
    return true;
}

bool test_wait_err(struct test_command *c, const char *wanted)
{
    int64_t deadline = now_ms() + WAIT_MS;

    while (!strstr(c->err, wanted))
        if (!listen_until(c, deadline))
            return false;
    return true;
}

/*
 * Ending.
 */

static void reap(struct test_command *c)
{
    int status = 0;

    for (int i = 0; i < 2; i++) {
        if (c->fds[i] >= 0)
            close(c->fds[i]);
        c->fds[i] = -1;
    }
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    c->pid = 0;
    c->exit_code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static bool has_ended(const struct test_command *c)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == c->pid;
}

int test_finish(struct test_command *c)
{
    int64_t deadline = now_ms() + FINISH_MS;

    while (listen_until(c, deadline))
        ;
    while (!has_ended(c)) { /* it has closed its output, or may not close it: a short way to its end */
        if (now_ms() >= deadline) {
            kill(c->pid, SIGKILL);
            reap(c);
            fail_msg("it did not end in %d s; it said: %s%s", FINISH_MS / 1000, c->out, c->err);
        }
        poll(NULL, 0, 5);
    }
    reap(c);
    return c->exit_code;
}

int test_stop(struct test_command *c, int signal_number)
{
    kill(c->pid, signal_number);
    return test_finish(c);
}

void test_close_out(struct test_command *c)
{
    close(c->fds[0]);
    c->fds[0] = -1;
}

int test_genspan(struct test_command *c, const char *const *args)
{
    test_start(c, args);
    return test_finish(c);
}

void test_command_free(struct test_command *c)
{
    if (c->pid > 0) {
        kill(c->pid, SIGKILL);
        reap(c);
    }
    free(c->out);
    free(c->err);
    c->out = c->err = NULL;
    c->n_out = c->n_err = 0;
}

int test_count(const char *in, const char *wanted)
{
    int n = 0;

    for (const char *p = in; (p = strstr(p, wanted)); p += strlen(wanted))
        n++;
    return n;
}

const char *test_sim(struct test_command *sim, const char *const *args)
{
    const char *all[ARGS_MAX] = {"sim", "--port", "0"};
    size_t n = 3;

    for (; args && *args && n < ARGS_MAX - 1; args++)
        all[n++] = *args;
    test_start(sim, all);
    if (!test_wait_out(sim, "/v1\n"))
        fail_msg("the simulator did not start: %s", sim->err);
    sim->out[strcspn(sim->out, "\n")] = 0;
    sim->n_out = strlen(sim->out);
    return sim->out;
}
