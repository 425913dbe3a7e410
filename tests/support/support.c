/*
 * What tests share.
 */
#include "support.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char directory[256];
static pid_t owner;

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), n_end = strlen(end);

    return n >= n_end && strcmp(name + n - n_end, end) == 0;
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *e;
    char file[512];

    if (!dir)
        return;
    chmod(path, 0700);
    while ((e = readdir(dir))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        if (unlink(file) != 0) {
            remove_tree(file);
            rmdir(file);
        }
    }
    closedir(dir);
}

static void remove_directory(void)
{
    if (getpid() != owner)
        return;
    remove_tree(directory);
    rmdir(directory);
}

const char *test_directory(void)
{
    if (!directory[0]) {
        const char *tmp = getenv("TMPDIR");

        snprintf(directory, sizeof directory, "%s/genspan-test-XXXXXX", tmp ? tmp : "/tmp");
        if (!mkdtemp(directory)) {
            perror("mkdtemp");
            abort();
        }
        owner = getpid();
        atexit(remove_directory);
    }
    return directory;
}

void test_directory_clear(void)
{
    remove_tree(test_directory());
}

static int find(const char *end, char *out, size_t cap)
{
    DIR *dir = opendir(test_directory());
    struct dirent *e;
    int n = 0;

    while (dir && (e = readdir(dir)))
        if (e->d_name[0] != '.' && ends_with(e->d_name, end)) {
            if (out)
                snprintf(out, cap, "%s/%s", directory, e->d_name);
            n++;
        }
    if (dir)
        closedir(dir);
    return n;
}

const char *test_directory_file(const char *end)
{
    static char path[600];

    return find(end, path, sizeof path) == 1 ? path : NULL;
}

int test_directory_count(const char *end)
{
    return find(end, NULL, 0);
}

static int64_t clock_now(void *self)
{
    return ((struct test_clock *)self)->now_ns;
}

static uint64_t clock_unix(void *self)
{
    const struct test_clock *c = self;

    return c->unix_offset_ns + (uint64_t)c->now_ns;
}

void test_clock_init(struct test_clock *c)
{
    c->now_ns = 1000000000;
    c->unix_offset_ns = 1700000000u * (uint64_t)1000000000 - 1000000000u;
    c->clock = (gsp_clock){sizeof c->clock, 0, clock_now, clock_unix, c};
}

gsp_recorder *test_recorder(const struct test_clock *clock, uint64_t ring_bytes)
{
    gsp_recorder_options options = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *recorder;
    gsp_error err = {0};

    options.directory = test_directory();
    options.ring_bytes = ring_bytes;
    options.service_name = "test";
    if (clock) {
        options.clock = &clock->clock;
        options.seed = 1;
    }
    if (gsp_recorder_open(&options, &recorder, &err) != GSP_OK)
        fail_msg("recorder: %s", err.text);
    return recorder;
}

char *test_read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *bytes;
    long size;

    if (!f)
        fail_msg("cannot read %s", path);
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    bytes = malloc((size_t)size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)size, f), size);
    fclose(f);
    bytes[size] = 0;
    if (n)
        *n = (size_t)size;
    return bytes;
}

void test_write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

const char *test_shared_file(const char *name)
{
    static char path[1024];
    const char *shared = getenv("GENSPAN_SHARED");

    snprintf(path, sizeof path, "%s/%s", shared ? shared : GSP_TEST_SHARED, name);
    if (access(path, R_OK) == 0)
        return path;
    if (getenv("CI"))
        fail_msg("CI is set and %s is not there", path);
    print_message("SKIP: %s is not there (set GENSPAN_SHARED)\n", path);
    return NULL;
}

uint64_t test_seed(void)
{
    const char *given = getenv("GENSPAN_TEST_SEED");
    struct timespec ts;
    uint64_t seed;

    clock_gettime(CLOCK_REALTIME, &ts);
    seed = given ? strtoull(given, NULL, 0) : (uint64_t)ts.tv_sec * 1000003u + (uint64_t)ts.tv_nsec;
    print_message("seed: GENSPAN_TEST_SEED=%" PRIu64 "\n", seed);
    return seed;
}
