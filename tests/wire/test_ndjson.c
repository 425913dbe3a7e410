/* Lines of JSON: where a line ends, what is none, and what their type does not say. Each at all cuts. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "wire/ollama_chat.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__ollama_chat, NULL, "ollama_chat");
    return 0;
}

struct body {
    const char *bytes, *expected;
};

static void expect_all(const struct body *bodies, size_t n, enum gsp__framing framing)
{
    for (size_t i = 0; i < n; i++)
        expect_response(bodies[i].bytes, strlen(bodies[i].bytes), framing, bodies[i].expected, &seed);
}

#define EXPECT_ALL(bodies, framing) expect_all(bodies, sizeof(bodies) / sizeof(bodies)[0], framing)

#define A       "{\"message\":{\"content\":\"a\"}}"
#define B       "{\"message\":{\"content\":\"b\"}}"
#define DONE    "{\"done\":true}"
#define TEXT(n) "output_text_bytes=" #n
#define BOTH    TEXT(2) "\nmarks: TT.e\nevents=3 terminal\ntext[0] \"ab\"\n"

static void lines_end_in_any_way(void **state)
{
    static const struct body bodies[] = {
        {A "\n" B "\n" DONE "\n", BOTH}, {A "\r\n" B "\r\n" DONE "\r\n", BOTH},
        {A "\n" B "\n" DONE, BOTH},      {"\n\n" A "\n\n \t\r\n" B "\n  " DONE "  \n\n", BOTH},
        {A " \r\n" B "\n" DONE, BOTH},   {"", "events=0\n"},
        {"\n \r\n\t\n", "events=0\n"},
    };

    (void)state;
    EXPECT_ALL(bodies, GSP__FRAMING_NDJSON);
}

/* What is no line of JSON is counted, and the next is read. */
static void a_bad_line_costs_itself(void **state)
{
    static const struct body bodies[] = {
        {A "\nnot json\n" B "\n", TEXT(2) " decode_errors=1\nmarks: TeT\nevents=3 bad=1\ntext[0] \"ab\"\n"},
        {A "\n{\"message\":\n" B "\n",
         TEXT(2) " decode_errors=1\nmarks: TeT\nevents=3 bad=1\ntext[0] \"ab\"\n"},
        {A B "\n" B "\n", TEXT(2) " decode_errors=1\nmarks: TT\nevents=2 bad=1\ntext[0] \"ab\"\n"},
        {"]\n}\n,\n\"\n" A "\n", TEXT(1) " decode_errors=4\nmarks: eeeeT\nevents=5 bad=4\ntext[0] \"a\"\n"},
        {A "\n{\"message\":{\"content\":\"b",
         TEXT(2) " decode_errors=1\nmarks: TT\nevents=2 bad=1\ntext[0] \"ab\"\n"},
        {"3\n\"text\"\nnull\n[1,2]\n[" A "," B "]\n", TEXT(2) "\nmarks: eeeeT\nevents=5\ntext[0] \"ab\"\n"},
    };

    (void)state;
    EXPECT_ALL(bodies, GSP__FRAMING_NDJSON);
}

/* Lines of a format that may have them are seen as such where their type says less, or something else. */
static void lines_of_another_type(void **state)
{
    static const struct body lines[] = {
        {A "\n" B "\n" DONE "\n", BOTH},
        {"\n" A "\r\n\r\n" B "\n" DONE, BOTH},
    };
    static const struct body documents[] = {
        {A, TEXT(1) "\nevents=0 terminal\ntext[0] \"a\"\n"},
        {A "\n \n", TEXT(1) "\nevents=0 terminal\ntext[0] \"a\"\n"},
        {"{\n \"message\": {\n  \"content\": \"a\"\n }\n}\n", TEXT(1) "\nevents=0 terminal\ntext[0] \"a\"\n"},
        {"{\n \"message\": {\n  \"content\": \"a\"\n",
         TEXT(1) " decode_errors=1\nevents=0 bad=1\ntext[0] \"a\"\n"},
    };

    (void)state;
    EXPECT_ALL(lines, GSP__FRAMING_UNKNOWN);
    EXPECT_ALL(lines, GSP__FRAMING_JSON);
    EXPECT_ALL(documents, GSP__FRAMING_UNKNOWN);
    EXPECT_ALL(documents, GSP__FRAMING_JSON);
}

/* gzip, and nobody said so */
static void bytes_that_are_no_text(void **state)
{
    static const char bytes[] = "\x1f\x8b\x08\x00{}\n{}\n";

    (void)state;
    expect_response(bytes, sizeof bytes - 1, GSP__FRAMING_NDJSON, "decode_errors=1\nevents=0 bad=1\n", &seed);
}

/* A line may be as long as it likes. */
static void a_long_line(void **state)
{
    static const char head[] = "{\"message\":{\"content\":\"", tail[] = "\"}}\n" B "\n";
    size_t n_filling = 9 << 20, n = sizeof head - 1 + n_filling + sizeof tail - 1;
    char *body = malloc(n);
    const char *found;

    (void)state;
    memcpy(body, head, sizeof head - 1);
    memset(body + sizeof head - 1, 'x', n_filling);
    memcpy(body + n - (sizeof tail - 1), tail, sizeof tail - 1);
    found = decoded_response(body, n, GSP__FRAMING_NDJSON, (struct cuts){16384, 16384, NULL});
    assert_non_null(strstr(found, "output_text_bytes=9437185\nmarks: TT\nevents=2\n"));
    free(body);
}

static void random_damage_decodes_the_same_at_all_cuts(void **state)
{
    static const char text[] = A "\n" B "\r\n\n" DONE "\n{\"error\":\"e\"}\n";
    static const char dangerous[] = "\"\\{}[]:,\n \0\xfftfn0-eE.u\r";

    (void)state;
    for (size_t i = 0; i < 500; i++) {
        enum gsp__framing framing = i % 2 ? GSP__FRAMING_NDJSON : GSP__FRAMING_JSON;
        size_t n = sizeof text - 1;
        char *bytes = malloc(n), *whole;

        memcpy(bytes, text, n);
        for (uint64_t k = gsp__random_next(&seed) % 5 + 1; k > 0; k--)
            bytes[gsp__random_next(&seed) % n] = dangerous[gsp__random_next(&seed) % (sizeof dangerous - 1)];
        whole = strdup(decoded_response(bytes, n, framing, (struct cuts){n, n, NULL}));
        assert_string_equal(decoded_response(bytes, n, framing, (struct cuts){1, 1, NULL}), whole);
        for (int k = 0; k < 8; k++)
            assert_string_equal(decoded_response(bytes, n, framing, (struct cuts){0, k % 2 ? 5 : 60, &seed}),
                                whole);
        free(whole);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_in_any_way),  cmocka_unit_test(a_bad_line_costs_itself),
        cmocka_unit_test(lines_of_another_type), cmocka_unit_test(bytes_that_are_no_text),
        cmocka_unit_test(a_long_line),           cmocka_unit_test(random_damage_decodes_the_same_at_all_cuts),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
