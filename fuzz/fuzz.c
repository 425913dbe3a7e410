/*
 * What the fuzz targets share.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/random.h"

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* The sanitizers ask for these when nothing is set: a target run by hand stops at the first fault too. */
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:detect_stack_use_after_return=1";
}

const char *__ubsan_default_options(void)
{
    return "halt_on_error=1:print_stacktrace=1";
}

void fuzz_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

static void show(const char *name, const struct gsp__buffer *b, size_t from)
{
    size_t n = b->n - from < 200 ? b->n - from : 200;

    fprintf(stderr, "%s (%zu bytes): ...", name, b->n);
    for (size_t i = 0; i < n; i++) {
        char c = b->data[from + i];

        if (c >= ' ' && c < 0x7f)
            fputc(c, stderr);
        else
            fprintf(stderr, "\\x%02x", (unsigned)(unsigned char)c);
    }
    fputc('\n', stderr);
}

void fuzz_check_same(const char *file, int line, const char *what, const struct gsp__buffer *a,
                     const struct gsp__buffer *b)
{
    size_t i = 0;

    while (i < a->n && i < b->n && a->data[i] == b->data[i])
        i++;
    if (i == a->n && i == b->n)
        return;
    i = i < 40 ? 0 : i - 40;
    show("one", a, i);
    show("other", b, i);
    fuzz_fail(file, line, "%s", what);
}

/*
 * Documents.
 */

struct fuzz_document fuzz_document(const uint8_t *data, size_t size)
{
    struct fuzz_document d = {.bytes = (const char *)data, .n = size};
    const uint8_t *mark = size ? memrchr(data, 0xff, size) : NULL;

    if (!mark)
        return d;
    d.n = (size_t)(mark - data);
    size -= d.n + 1;
    if (size > 0) {
        d.options = mark[1];
        d.lengths = mark + 2;
        d.n_lengths = size - 1;
    }
    return d;
}

void *fuzz_copy(const void *bytes, size_t n)
{
    void *copy = malloc(n);

    FUZZ_CHECK(copy || n == 0, "no memory");
    if (n)
        memcpy(copy, bytes, n);
    return copy;
}

void fuzz_feed(const struct fuzz_document *d, enum fuzz_cutting cutting,
               bool (*feed)(void *self, const char *bytes, size_t n), void *self)
{
    uint64_t state = gsp__fnv1a(GSP__FNV_INIT, d->bytes, d->n);
    size_t at = 0, n_pieces = 0;
    bool goes_on = true;

    do {
        size_t n = d->n;
        char *piece;

        if (cutting == FUZZ_BYTE_BY_BYTE)
            n = 1;
        else if (cutting == FUZZ_CUT && n_pieces < d->n_lengths * 64)
            n = d->lengths[n_pieces % d->n_lengths];
        else if (cutting == FUZZ_CUT)
            n = (size_t)(gsp__random_next(&state) % (n_pieces % 8 == 0 ? 1 + d->n / 2 : 24));
        n_pieces++;
        if (n > d->n - at)
            n = d->n - at;
        piece = fuzz_copy(d->bytes + at, n);
        goes_on = feed(self, piece, n);
        free(piece);
        at += n;
    } while (goes_on && at < d->n);
}

/*
 * Choices.
 */

uint8_t fuzz_byte(struct fuzz_choices *c)
{
    if (c->n == 0)
        return 0;
    c->n--;
    return *c->bytes++;
}

uint32_t fuzz_number(struct fuzz_choices *c, uint32_t below)
{
    uint32_t value = fuzz_byte(c);

    value |= (uint32_t)fuzz_byte(c) << 8;
    value |= (uint32_t)fuzz_byte(c) << 16;
    return below ? value % below : 0;
}

void fuzz_overwrite(struct fuzz_choices *c, uint8_t *bytes, size_t n)
{
    while (c->n > 4) {
        size_t at = fuzz_number(c, (uint32_t)n), n_new = 1u + fuzz_byte(c) % 16u;

        if (n_new > n - at)
            n_new = n - at;
        if (n_new > c->n)
            n_new = c->n;
        memcpy(bytes + at, c->bytes, n_new);
        c->bytes += n_new;
        c->n -= n_new;
    }
}

/*
 * Files.
 */

static char directory[256];

static void remove_directory(void)
{
    DIR *dir = opendir(directory);
    struct dirent *e;

    while (dir && (e = readdir(dir)))
        unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(directory);
}

const char *fuzz_directory(void)
{
    if (!directory[0]) {
        const char *tmp = getenv("TMPDIR");

        snprintf(directory, sizeof directory, "%s/genspan-fuzz-XXXXXX", tmp && *tmp ? tmp : "/tmp");
        FUZZ_CHECK(mkdtemp(directory), "no directory can be made");
        atexit(remove_directory);
    }
    return directory;
}

const char *fuzz_path(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", fuzz_directory(), name);
    return path;
}

void fuzz_write_file(const char *path, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    FUZZ_CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n, "%s cannot be written", path);
    close(fd);
}

uint8_t *fuzz_read_file(const char *path, size_t *n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    uint8_t *bytes;

    if (fd < 0)
        return NULL;
    FUZZ_CHECK(fstat(fd, &st) == 0, "%s cannot be examined", path);
    *n = (size_t)st.st_size;
    bytes = malloc(*n + 1);
    FUZZ_CHECK(bytes && read(fd, bytes, *n) == st.st_size, "%s cannot be read", path);
    close(fd);
    return bytes;
}
