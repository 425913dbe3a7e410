/* CRC-32: known values, and against the definition, bit by bit. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "base/random.h"

static uint32_t by_definition(const unsigned char *p, size_t n)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

static void known_values(void **state)
{
    static const struct {
        const char *text;
        uint32_t crc;
    } cases[] = {
        {"", 0},
        {"a", 0xe8b7be43},
        {"abc", 0x352441c2},
        {"123456789", 0xcbf43926}, /* the check value of the CRC catalogues */
        {"The quick brown fox jumps over the lazy dog", 0x414fa339},
    };
    char zeros[32] = {0}, ones[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(gsp__crc32(0, cases[i].text, strlen(cases[i].text)), cases[i].crc);
    memset(ones, 0xff, sizeof ones);
    assert_int_equal(gsp__crc32(0, zeros, sizeof zeros), 0x190a55ad);
    assert_int_equal(gsp__crc32(0, ones, sizeof ones), 0xff6cab0b);
    assert_int_equal(gsp__crc32(0, NULL, 0), 0);
    assert_int_equal(gsp__crc32(0x12345678, NULL, 0), 0x12345678);
}

/* Each length and each byte: every entry of every table is used. */
static void every_length_and_byte(void **state)
{
    (void)state;
    for (size_t n = 0; n < 300; n++) {
        unsigned char *bytes = calloc(1, n + 1); /* with its end at the end, so that reading outside shows */

        for (size_t k = 0; k < n; k++)
            bytes[k + 1] = (unsigned char)(k * 7 + n);
        assert_int_equal(gsp__crc32(0, bytes + 1, n), by_definition(bytes + 1, n));
        free(bytes);
    }
    for (unsigned place = 0; place < 8; place++)
        for (unsigned value = 0; value < 256; value++) {
            unsigned char bytes[8] = {0};

            bytes[place] = (unsigned char)value;
            assert_int_equal(gsp__crc32(0, bytes, 8), by_definition(bytes, 8));
        }
}

/* In pieces it is the same as at once. */
static void in_pieces(void **state)
{
    static unsigned char bytes[5000];
    uint64_t seed = test_seed();

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)gsp__random_next(&seed);
    for (size_t i = 0; i < 200; i++) {
        size_t n = gsp__random_next(&seed) % sizeof bytes, at = 0;
        uint32_t crc = 0;

        while (at < n) {
            size_t n_piece = gsp__random_next(&seed) % 40;

            n_piece = n_piece < n - at ? n_piece : n - at;
            crc = gsp__crc32(crc, bytes + at, n_piece);
            at += n_piece;
        }
        assert_int_equal(crc, by_definition(bytes, n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(every_length_and_byte),
        cmocka_unit_test(in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
