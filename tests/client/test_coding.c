/* Content codings: what is named, and what comes out, in any cuts. */
#include "client/coding.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

static char out[200000];
static size_t n_out;

static void give(void *self, const void *bytes, size_t n)
{
    assert_ptr_equal(self, out);
    assert_true(n > 0 && n_out + n <= sizeof out);
    memcpy(out + n_out, bytes, n);
    n_out += n;
}

static void names(void **state)
{
    static const struct {
        const char *name;
        enum gsp__coding coding;
    } rows[] = {
        {"", GSP__CODING_NONE},           {"identity", GSP__CODING_NONE}, {"Identity", GSP__CODING_NONE},
        {"gzip", GSP__CODING_GZIP},       {"GZip", GSP__CODING_GZIP},     {"x-gzip", GSP__CODING_GZIP},
        {"deflate", GSP__CODING_DEFLATE}, {"br", GSP__CODING_OTHER},      {"zstd", GSP__CODING_OTHER},
        {"gzip, br", GSP__CODING_OTHER},  {"gzi", GSP__CODING_OTHER}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(gsp__coding_of(rows[i].name, strlen(rows[i].name)), rows[i].coding);
}

static size_t pack(int bits, const char *text, size_t n, char *to, size_t cap)
{
    z_stream z = {0};

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)to;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return cap - z.avail_out;
}

/* Feed it in pieces of a size. */
static bool unpack(enum gsp__coding coding, const char *bytes, size_t n, size_t piece)
{
    struct gsp__inflate z = {0};
    bool is_bad;

    n_out = 0;
    for (size_t at = 0; at < n; at += piece) {
        size_t n_part = piece < n - at ? piece : n - at;
        char *copy = malloc(n_part);

        assert_non_null(copy);
        memcpy(copy, bytes + at, n_part);
        gsp__inflate(&z, coding, copy, n_part, give, out);
        free(copy);
    }
    is_bad = z.is_bad;
    gsp__inflate_deinit(&z);
    gsp__inflate_deinit(&z);
    return !is_bad;
}

static void what_was_packed_comes_out(void **state)
{
    static const int bits[] = {31, 15, -15};
    static char text[100000], packed[120000];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i * i % 23);
    for (size_t n = 0; n < sizeof text; n = n * 7 + 1) {
        for (size_t b = 0; b < 3; b++) {
            size_t n_packed = pack(bits[b], text, n, packed, sizeof packed);

            for (size_t piece = 1; piece <= n_packed; piece = piece * 5 + 2) {
                assert_true(
                    unpack(bits[b] == 31 ? GSP__CODING_GZIP : GSP__CODING_DEFLATE, packed, n_packed, piece));
                assert_int_equal(n_out, n);
                assert_memory_equal(out, text, n);
            }
        }
    }
}

/* gzip allows members one after the other. */
static void members_in_a_row(void **state)
{
    char packed[400];
    size_t n = pack(31, "one, ", 5, packed, sizeof packed);

    (void)state;
    n += pack(31, "two", 3, packed + n, sizeof packed - n);
    for (size_t piece = 1; piece <= n; piece++) {
        assert_true(unpack(GSP__CODING_GZIP, packed, n, piece));
        assert_int_equal(n_out, 8);
        assert_memory_equal(out, "one, two", 8);
    }
}

/* What is broken gives what came before, and no more. */
static void broken(void **state)
{
    static char text[5000], packed[6000];
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i * i * i % 19);
    n = pack(31, text, sizeof text, packed, sizeof packed);
    assert_true(unpack(GSP__CODING_GZIP, packed, n - 10, 100)); /* cut: no fault that can be seen here */
    assert_true(n_out <= sizeof text);
    packed[n - 6] ^= 1; /* the checksum */
    assert_false(unpack(GSP__CODING_GZIP, packed, n, 100));
    assert_false(unpack(GSP__CODING_GZIP, "\x1f\x8b no gzip", 11, 1));
    assert_int_equal(n_out, 0);
    assert_false(unpack(GSP__CODING_GZIP, "{\"plain\":1}", 11, 11));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(what_was_packed_comes_out),
        cmocka_unit_test(members_in_a_row),
        cmocka_unit_test(broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
