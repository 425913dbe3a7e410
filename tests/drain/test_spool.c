/* The spool: bounded files on disk, oldest first, whatever else lies in its folder. */
#include "support/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "drain/spool.h"

#define HEADER 40

static struct gsp__spool spool;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    gsp__spool_init(&spool, test_directory(), "http://a/v1/traces", 1 << 20);
    return 0;
}

static gsp_status put(gsp_signal signal, const char *text)
{
    gsp_error err = {0};
    gsp_status status = gsp__spool_put(&spool, signal, false, 1, text, strlen(text), &err);

    assert_int_equal(err.code, status);
    return status;
}

/* Take the oldest batch out; its text, or the status's name. */
static const char *take(gsp_signal signal, uint64_t *n_damaged)
{
    static char text[1024];
    struct gsp__spooled batch;
    uint64_t damaged = 0;
    int fd = -1;
    gsp_status status = gsp__spool_oldest(&spool, signal, &batch, &fd, &damaged);

    if (n_damaged)
        *n_damaged = damaged;
    else
        assert_int_equal(damaged, 0);
    if (status != GSP_OK)
        return gsp_status_name(status);
    assert_int_equal(batch.signal, signal);
    snprintf(text, sizeof text, "%.*s", (int)batch.n_bytes, (const char *)batch.bytes);
    assert_true(gsp__spool_done(&batch, fd, true));
    return text;
}

#define TAKEN(text) assert_string_equal(take(GSP_SIGNAL_TRACES, NULL), text)
#define IS_EMPTY()  assert_string_equal(take(GSP_SIGNAL_TRACES, NULL), "GSP_ERR_NOT_FOUND")

/* The files of the folder that end so; the path of the last one. */
static int files(const char *end, char path[800])
{
    DIR *dir = opendir(spool.directory);
    struct dirent *e;
    int n = 0;

    while (dir && (e = readdir(dir))) {
        size_t length = strlen(e->d_name), n_end = strlen(end);

        if (e->d_name[0] == '.' || length < n_end || strcmp(e->d_name + length - n_end, end) != 0)
            continue;
        if (path)
            snprintf(path, 800, "%s/%s", spool.directory, e->d_name);
        n++;
    }
    if (dir)
        closedir(dir);
    return n;
}

static const char *in_folder(const char *name)
{
    static char path[800];

    snprintf(path, sizeof path, "%s/%s", spool.directory, name);
    return path;
}

static void batches_come_back_oldest_first(void **state)
{
    char text[32];

    (void)state;
    assert_true(gsp__spool_is_empty(&spool, GSP_SIGNAL_TRACES));
    IS_EMPTY();
    for (int i = 0; i < 50; i++) {
        snprintf(text, sizeof text, "batch %d", i);
        assert_int_equal(put(GSP_SIGNAL_TRACES, text), GSP_OK);
    }
    assert_false(gsp__spool_is_empty(&spool, GSP_SIGNAL_TRACES));
    assert_true(gsp__spool_is_empty(&spool, GSP_SIGNAL_METRICS));
    assert_true(gsp__spool_is_empty(&spool, GSP_SIGNAL_LOGS));
    for (int i = 0; i < 50; i++) {
        snprintf(text, sizeof text, "batch %d", i);
        TAKEN(text);
    }
    IS_EMPTY();
    assert_int_equal(files(".tmp", NULL), 0);
}

static void everything_about_a_batch_comes_back(void **state)
{
    static const char body[] = "\0binary\xff\n";
    struct gsp__spooled batch;
    struct stat st;
    char path[800];
    uint64_t damaged = 0;
    gsp_error err;
    int fd = -1;

    (void)state;
    assert_int_equal(gsp__spool_put(&spool, GSP_SIGNAL_METRICS, true, 5, body, sizeof body, &err), GSP_OK);
    assert_int_equal(gsp__spool_oldest(&spool, GSP_SIGNAL_METRICS, &batch, &fd, &damaged), GSP_OK);
    assert_int_equal(batch.signal, GSP_SIGNAL_METRICS);
    assert_true(batch.is_json);
    assert_int_equal(batch.n_items, 5);
    assert_int_equal(batch.n_bytes, sizeof body);
    assert_memory_equal(batch.bytes, body, sizeof body);
    /* what is recorded may be private: nobody else reads it */
    assert_int_equal(stat(batch.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(spool.directory, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_true(gsp__spool_done(&batch, fd, false)); /* not sent: it stays */
    assert_null(batch.bytes);
    assert_int_equal(files(".metrics", path), 1);
}

static void an_empty_batch_may_be_kept(void **state)
{
    gsp_error err;

    (void)state;
    assert_int_equal(gsp__spool_put(&spool, GSP_SIGNAL_TRACES, false, 0, "", 0, &err), GSP_OK);
    TAKEN("");
    IS_EMPTY();
}

static void endpoints_have_folders_of_their_own(void **state)
{
    struct gsp__spool first = spool;

    (void)state;
    assert_int_equal(put(GSP_SIGNAL_TRACES, "for a"), GSP_OK);
    gsp__spool_init(&spool, test_directory(), "http://b/v1/traces", 1 << 20);
    IS_EMPTY();
    assert_int_equal(put(GSP_SIGNAL_TRACES, "for b"), GSP_OK);
    TAKEN("for b");
    spool = first;
    TAKEN("for a");
}

static void there_may_be_no_spool(void **state)
{
    char longer[600];

    (void)state;
    gsp__spool_init(&spool, "", "http://a", 1 << 20);
    assert_int_equal(put(GSP_SIGNAL_TRACES, "x"), GSP_ERR_UNSUPPORTED);
    assert_true(gsp__spool_is_empty(&spool, GSP_SIGNAL_TRACES));
    IS_EMPTY();
    memset(longer, 'd', sizeof longer);
    longer[sizeof longer - 1] = 0;
    gsp__spool_init(&spool, longer, "http://a", 1 << 20);
    assert_int_equal(put(GSP_SIGNAL_TRACES, "x"), GSP_ERR_UNSUPPORTED);
}

static void the_bound_holds_for_all_signals_together(void **state)
{
    (void)state;
    spool.max_bytes = 4 * (HEADER + 10);
    assert_int_equal(put(GSP_SIGNAL_TRACES, "0123456789"), GSP_OK);
    assert_int_equal(put(GSP_SIGNAL_METRICS, "0123456789"), GSP_OK);
    assert_int_equal(put(GSP_SIGNAL_LOGS, "9876543210"), GSP_OK);
    assert_int_equal(put(GSP_SIGNAL_TRACES, "0123456789a"), GSP_ERR_NO_SPACE);
    assert_int_equal(put(GSP_SIGNAL_TRACES, "0123456789"), GSP_OK); /* fits to the byte */
    assert_int_equal(put(GSP_SIGNAL_TRACES, ""), GSP_ERR_NO_SPACE);
    assert_int_equal(files(".tmp", NULL), 0);
    TAKEN("0123456789");
    assert_int_equal(put(GSP_SIGNAL_TRACES, "again room"), GSP_OK);
    spool.max_bytes = 10; /* made smaller meanwhile: what is there stays */
    assert_int_equal(put(GSP_SIGNAL_TRACES, ""), GSP_ERR_NO_SPACE);
    TAKEN("0123456789");
    TAKEN("again room");
    assert_string_equal(take(GSP_SIGNAL_LOGS, NULL), "9876543210");
    assert_true(gsp__spool_is_empty(&spool, GSP_SIGNAL_LOGS));
}

static void the_number_of_files_is_bounded(void **state)
{
    char name[64];

    (void)state;
    assert_int_equal(put(GSP_SIGNAL_TRACES, "x"), GSP_OK);
    for (int i = 1; i < GSP__SPOOL_BATCHES_MAX; i++) {
        snprintf(name, sizeof name, "%020d-1-000000.metrics", i);
        close(open(in_folder(name), O_CREAT | O_WRONLY, 0600));
    }
    assert_int_equal(put(GSP_SIGNAL_TRACES, "x"), GSP_ERR_NO_SPACE);
    assert_int_equal(unlink(in_folder(name)), 0);
    assert_int_equal(put(GSP_SIGNAL_TRACES, "x"), GSP_OK);
}

/* Every byte of a file changed in turn, and every length: deleted and counted, or never noticed to differ. */
static void a_damaged_file_is_deleted_and_counted(void **state)
{
    char path[800], *good;
    uint64_t n_damaged;
    size_t n;

    (void)state;
    assert_int_equal(put(GSP_SIGNAL_TRACES, "what was recorded"), GSP_OK);
    assert_int_equal(files(".traces", path), 1);
    good = test_read_file(path, &n);
    assert_int_equal(n, HEADER + 17);
    for (size_t i = 0; i < n; i++) {
        good[i] ^= 0x41;
        test_write_file(path, good, n);
        good[i] ^= 0x41;
        if (strcmp(take(GSP_SIGNAL_TRACES, &n_damaged), "GSP_ERR_NOT_FOUND") != 0 || n_damaged != 1)
            fail_msg("byte %zu may be changed", i);
        assert_int_equal(access(path, F_OK), -1);
    }
    for (size_t cut = 0; cut < n + 5; cut++) {
        char longer[100] = {0};

        if (cut == n)
            continue;
        memcpy(longer, good, n);
        test_write_file(path, longer, cut);
        assert_string_equal(take(GSP_SIGNAL_TRACES, &n_damaged), "GSP_ERR_NOT_FOUND");
        assert_int_equal(n_damaged, 1);
    }
    test_write_file(path, good, n);
    TAKEN("what was recorded");
    free(good);
}

static void a_file_that_claims_much_costs_nothing(void **state)
{
    static const uint64_t claims[] = {UINT64_MAX, UINT64_MAX - HEADER + 1, (uint64_t)1 << 62,
                                      ((uint64_t)64 << 20) + 1, (uint64_t)64 << 20};
    uint64_t n_damaged, header[HEADER / 8] = {0};

    (void)state;
    assert_int_equal(put(GSP_SIGNAL_TRACES, "good"), GSP_OK);
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        char name[64];

        memcpy(header, "GSPSPL1", 8);
        header[3] = claims[i];
        snprintf(name, sizeof name, "%020zu.traces", i);
        test_write_file(in_folder(name), header, sizeof header);
    }
    assert_string_equal(take(GSP_SIGNAL_TRACES, &n_damaged), "good");
    assert_int_equal(n_damaged, sizeof claims / sizeof claims[0]);
}

/* A folder, a pipe, a link, files of others: left alone, and in nobody's way. */
static void what_is_no_batch_is_left_alone(void **state)
{
    static const char *const names[] = {"0-folder.traces", "0-pipe.traces", "0-link.traces",
                                        "0-loose.traces"};
    struct stat st;

    (void)state;
    assert_int_equal(put(GSP_SIGNAL_TRACES, "good"), GSP_OK);
    assert_int_equal(mkdir(in_folder(names[0]), 0700), 0);
    assert_int_equal(mkfifo(in_folder(names[1]), 0600), 0);
    assert_int_equal(symlink("/etc/passwd", in_folder(names[2])), 0);
    assert_int_equal(symlink("/nowhere", in_folder(names[3])), 0);
    test_write_file(in_folder("README"), "x", 1);
    test_write_file(in_folder(".traces"), "x", 1);
    TAKEN("good");
    IS_EMPTY();
    for (int i = 0; i < 4; i++)
        assert_int_equal(lstat(in_folder(names[i]), &st), 0);
    assert_true(gsp__spool_is_empty(&spool, GSP_SIGNAL_TRACES));
}

static void set_age(const char *path, int seconds)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec -= seconds;
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){now, now}, 0), 0);
}

/* A crash while writing leaves such a file: it is never sent, it counts, and it does not stay for ever. */
static void a_half_written_file_is_ignored(void **state)
{
    (void)state;
    assert_int_equal(put(GSP_SIGNAL_TRACES, "good"), GSP_OK);
    test_write_file(in_folder("00000000000000000001-1-000000.traces.tmp"), "GSPSPL1", 8);
    TAKEN("good");
    IS_EMPTY();
    assert_true(gsp__spool_is_empty(&spool, GSP_SIGNAL_TRACES));
    assert_int_equal(put(GSP_SIGNAL_TRACES, "next"), GSP_OK);
    assert_int_equal(files(".tmp", NULL), 1); /* young: somebody may be writing it */
    spool.max_bytes = 8 + HEADER + 4 + HEADER + 3;
    assert_int_equal(put(GSP_SIGNAL_TRACES, "last"), GSP_ERR_NO_SPACE);
    set_age(in_folder("00000000000000000001-1-000000.traces.tmp"), 4000);
    assert_int_equal(put(GSP_SIGNAL_TRACES, "las"), GSP_OK);
    assert_int_equal(files(".tmp", NULL), 0);
}

/* A process that dies in the middle of many puts: what is there is whole, the rest is not sent. */
static void a_killed_writer_leaves_only_whole_batches(void **state)
{
    char text[4096];
    int n = 0;

    (void)state;
    memset(text, 't', sizeof text);
    text[sizeof text - 1] = 0;
    for (int round = 0; round < 10; round++) {
        int fds[2];
        pid_t pid;
        char c;

        assert_int_equal(pipe(fds), 0);
        pid = fork();
        if (pid == 0) {
            for (;;) {
                gsp_error err;

                if (gsp__spool_put(&spool, GSP_SIGNAL_TRACES, false, 1, text, sizeof text - 1, &err) !=
                    GSP_OK)
                    _exit(1);
                if (write(fds[1], "x", 1) != 1)
                    _exit(1);
            }
        }
        for (int i = 0; i <= round; i++)
            assert_int_equal(read(fds[0], &c, 1), 1);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        close(fds[0]);
        close(fds[1]);
        for (n = 0; !gsp__spool_is_empty(&spool, GSP_SIGNAL_TRACES); n++)
            assert_memory_equal(take(GSP_SIGNAL_TRACES, NULL), text, 1023);
        assert_true(n >= round + 1);
    }
}

/* One at a time sends: the others are told to come back. */
static void one_process_sends_at_a_time(void **state)
{
    struct gsp__spooled batch;
    uint64_t damaged = 0;
    int fd = -1;

    (void)state;
    assert_int_equal(put(GSP_SIGNAL_TRACES, "a"), GSP_OK);
    assert_int_equal(put(GSP_SIGNAL_TRACES, "b"), GSP_OK);
    assert_int_equal(gsp__spool_oldest(&spool, GSP_SIGNAL_TRACES, &batch, &fd, &damaged), GSP_OK);
    assert_string_equal(take(GSP_SIGNAL_TRACES, NULL), "GSP_ERR_BUSY");
    assert_int_equal(put(GSP_SIGNAL_TRACES, "c"), GSP_OK); /* writing goes on */
    assert_true(gsp__spool_done(&batch, fd, false));
    TAKEN("a");
    TAKEN("b");
    TAKEN("c");
}

/* A full disk, as the kernel's file size limit plays it: an error, nothing half-written stays. */
static void a_full_disk_leaves_nothing_behind(void **state)
{
    struct rlimit before, small = {.rlim_cur = 100};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
    char text[500];
    gsp_status status;

    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    assert_int_equal(put(GSP_SIGNAL_TRACES, "before"), GSP_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    sigaction(SIGXFSZ, &ignore, &old);
    setrlimit(RLIMIT_FSIZE, &small);
    status = put(GSP_SIGNAL_TRACES, text);
    setrlimit(RLIMIT_FSIZE, &before);
    sigaction(SIGXFSZ, &old, NULL);
    assert_int_equal(status, GSP_ERR_NO_SPACE);
    assert_int_equal(files(".tmp", NULL), 0);
    TAKEN("before");
    IS_EMPTY();
}

/* Run fn where nothing may be written to the folder: as somebody else, if we are root. */
static int as_nobody(int (*fn)(void))
{
    pid_t pid;
    int status;

    chmod(test_directory(), 0755);
    pid = fork();
    if (pid == 0) {
        if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        _exit(fn());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int put_in_vain(void)
{
    gsp_error err = {0};

    return gsp__spool_put(&spool, GSP_SIGNAL_TRACES, false, 1, "x", 1, &err) == GSP_ERR_IO && *err.text ? 7
                                                                                                        : 1;
}

/* It can be read and sent, but not deleted: that is told, or it would be sent for ever. */
static int take_in_vain(void)
{
    struct gsp__spooled batch;
    uint64_t damaged = 0;
    int fd = -1;

    if (gsp__spool_oldest(&spool, GSP_SIGNAL_TRACES, &batch, &fd, &damaged) != GSP_OK)
        return 1;
    return gsp__spool_done(&batch, fd, true) ? 2 : 7;
}

static void a_folder_that_is_read_only(void **state)
{
    char path[800];

    (void)state;
    assert_int_equal(put(GSP_SIGNAL_TRACES, "before"), GSP_OK);
    files(".traces", path);
    chmod(path, 0644);
    close(open(in_folder("lock"), O_CREAT | O_RDWR, 0666));
    chmod(in_folder("lock"), 0666);
    chmod(spool.directory, 0555);
    assert_int_equal(as_nobody(put_in_vain), 7);
    assert_int_equal(as_nobody(take_in_vain), 7);
    chmod(spool.directory, 0700);
    TAKEN("before");
}

static int find_unreadable(void)
{
    struct gsp__spooled batch;
    uint64_t damaged = 0;
    int fd = -1;

    return gsp__spool_oldest(&spool, GSP_SIGNAL_TRACES, &batch, &fd, &damaged) == GSP_ERR_IO && damaged == 0
               ? 7
               : 1;
}

/* Not to be had now is not damaged: what is only kept from us is not deleted. */
static void a_file_that_cannot_be_read_stays(void **state)
{
    char path[800];

    (void)state;
    assert_int_equal(put(GSP_SIGNAL_TRACES, "before"), GSP_OK);
    files(".traces", path);
    chmod(path, 0);
    chmod(spool.directory, 0777);
    assert_int_equal(as_nobody(find_unreadable), 7);
    assert_int_equal(access(path, F_OK), 0);
    unlink(in_folder("lock"));
    chmod(path, 0600);
    TAKEN("before");
}

static void a_folder_that_cannot_be_made(void **state)
{
    char path[300];

    (void)state;
    snprintf(path, sizeof path, "%s/file", test_directory());
    test_write_file(path, "", 0);
    gsp__spool_init(&spool, path, "http://a", 1 << 20);
    assert_int_not_equal(put(GSP_SIGNAL_TRACES, "x"), GSP_OK);
    assert_true(gsp__spool_is_empty(&spool, GSP_SIGNAL_TRACES));
    snprintf(path, sizeof path, "%s/a/b/c", test_directory());
    gsp__spool_init(&spool, path, "http://a", 1 << 20);
    assert_int_equal(put(GSP_SIGNAL_TRACES, "x"), GSP_OK); /* made with all above it */
    TAKEN("x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(batches_come_back_oldest_first, set_up),
        cmocka_unit_test_setup(everything_about_a_batch_comes_back, set_up),
        cmocka_unit_test_setup(an_empty_batch_may_be_kept, set_up),
        cmocka_unit_test_setup(endpoints_have_folders_of_their_own, set_up),
        cmocka_unit_test_setup(there_may_be_no_spool, set_up),
        cmocka_unit_test_setup(the_bound_holds_for_all_signals_together, set_up),
        cmocka_unit_test_setup(the_number_of_files_is_bounded, set_up),
        cmocka_unit_test_setup(a_damaged_file_is_deleted_and_counted, set_up),
        cmocka_unit_test_setup(a_file_that_claims_much_costs_nothing, set_up),
        cmocka_unit_test_setup(what_is_no_batch_is_left_alone, set_up),
        cmocka_unit_test_setup(a_half_written_file_is_ignored, set_up),
        cmocka_unit_test_setup(a_killed_writer_leaves_only_whole_batches, set_up),
        cmocka_unit_test_setup(one_process_sends_at_a_time, set_up),
        cmocka_unit_test_setup(a_full_disk_leaves_nothing_behind, set_up),
        cmocka_unit_test_setup(a_folder_that_is_read_only, set_up),
        cmocka_unit_test_setup(a_file_that_cannot_be_read_stays, set_up),
        cmocka_unit_test_setup(a_folder_that_cannot_be_made, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
