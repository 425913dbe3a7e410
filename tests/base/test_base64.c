/* Reading base64: RFC 4648's own examples, both alphabets, all cuts, and what is none. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"

/* In pieces of n, each into a block of just the room that the header asks for. False if it is no base64. */
static bool decode(const char *text, size_t n_piece, char *out, size_t *n_out)
{
    struct gsp__base64 b = {0};
    size_t n = strlen(text);

    *n_out = 0;
    for (size_t at = 0; at < n; at += n_piece) {
        size_t n_in = n_piece < n - at ? n_piece : n - at, n_room = 3 * (n_in + 3) / 4, got;
        char *room = malloc(n_room);

        got = gsp__base64_decode(&b, room, text + at, n_in);
        assert_in_range(got, 0, n_room);
        memcpy(out + *n_out, room, got);
        *n_out += got;
        free(room);
    }
    return gsp__base64_finish(&b);
}

static void expect(const char *text, const char *expected, size_t n)
{
    for (size_t n_piece = 1; n_piece <= strlen(text) + 1; n_piece++) {
        char out[128];
        size_t n_out;

        assert_true(decode(text, n_piece, out, &n_out));
        assert_int_equal(n_out, n);
        assert_memory_equal(out, expected, n);
    }
}

static void what_the_standard_shows(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg==", "foob"},
        {"Zm9vYmE=", "fooba"},
        {"Zm9vYmFy", "foobar"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(cases[i][0], cases[i][1], strlen(cases[i][1]));
}

static void both_alphabets_and_every_byte(void **state)
{
    (void)state;
    expect("+/+/", "\xfb\xff\xbf", 3);
    expect("-_-_", "\xfb\xff\xbf", 3);
    expect("AAECA/3+/w==", "\0\1\2\3\xfd\xfe\xff", 7);
}

static void what_is_no_base64(void **state)
{
    static const char *const cases[] = {"Z",      "Zg",   "Zm8",      "Zm9vY", "Z===",   "Zm 9v",
                                        "Zm9v\n", "Zm9*", "Zg==Zg==", "Zg=v",  "\xffm9v"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t n_piece = 1; n_piece <= strlen(cases[i]); n_piece++) {
            char out[128];
            size_t n_out;

            if (decode(cases[i], n_piece, out, &n_out))
                fail_msg("%s is taken in pieces of %zu", cases[i], n_piece);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_standard_shows),
        cmocka_unit_test(both_alphabets_and_every_byte),
        cmocka_unit_test(what_is_no_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
