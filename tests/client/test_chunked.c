/* Chunked transfer coding, whole, a byte at a time and at random cuts. */
#include "client/chunked.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *coded, *data;
    bool is_over, is_bad;
};

static const struct row rows[] = {
    {"5\r\nhello\r\n0\r\n\r\n", "hello", true, false},
    {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", true, false},
    {"5;name=value\r\nhello\r\n0;x\r\n\r\n", "hello", true, false},
    {"5 \r\nhello\r\n00\r\n\r\n", "hello", true, false},
    {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", true, false},
    {"a\n0123456789\n0\n\n", "0123456789", true, false}, /* bare line ends are read */
    {"0\r\nx-trailer: 1\r\nx-more: 2\r\n\r\n", "", true, false},
    {"0\r\n\r\n5\r\nhello\r\n", "", true, false}, /* what comes after the end is none of it */
    {"5\r\nhel", "hel", false, false},
    {"5\r\nhello\r\n", "hello", false, false},
    {"5\r\nhello\r\n0\r\n", "hello", false, false},
    {"5\r\nhello!\r\n0\r\n\r\n", "hello", false, true},
    {"{\"a\":1}", "", false, true},
    {"data: x", "", false, true},
    {"\r\n", "", false, true},
    {"-5\r\nhello", "", false, true},
    {"5x\r\nhello", "", false, true},
    {"ffffffffffffffff\r\nhello", "", false, true},
    {"7fffffffffffffff\r\nhello", "", false, true},
    {"fffffffffffffff\r\nhello", "hello", false, false},
    {"", "", false, false},
};

static void read_some(struct gsp__chunked *c, const char *bytes, size_t n, char *to)
{
    char *copy = malloc(n + (n == 0)); /* a step beyond it is seen */
    const char *p = copy, *piece;
    size_t n_piece;

    assert_non_null(copy);
    memcpy(copy, bytes, n);
    while (gsp__chunked_next(c, &p, &n, &piece, &n_piece))
        strncat(to, piece, n_piece);
    free(copy);
}

static void check(const struct row *row, const struct gsp__chunked *c, const char *data)
{
    if (strcmp(data, row->data) != 0 || c->is_over != row->is_over || c->is_bad != row->is_bad)
        fail_msg("%s: \"%s\" %d %d", row->coded, data, c->is_over, c->is_bad);
}

static void in_any_cuts(void **state)
{
    uint64_t random = test_seed();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].coded);

        for (int round = 0; round < 50; round++) {
            struct gsp__chunked c = {0};
            char data[100] = "";

            for (size_t at = 0; at < n;) {
                size_t n_part;

                random = random * 6364136223846793005u + 1442695040888963407u;
                n_part = round == 0 ? n : round == 1 ? 1 : 1 + (size_t)(random >> 33) % n;
                n_part = n_part < n - at ? n_part : n - at;
                read_some(&c, rows[i].coded + at, n_part, data);
                at += n_part;
            }
            check(&rows[i], &c, data);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_any_cuts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
