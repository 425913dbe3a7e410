/* The JSON pull reader: what is skipped and left, at every place where it may be. */
#include "support/support.h"
#include "wire/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

static void depth_has_a_ceiling_in_what_is_skipped(void **state)
{
    static char doc[4096];

    (void)state;
    for (int are_objects = 0; are_objects <= 1; are_objects++)
        for (size_t n_levels = GSP__JSON_DEPTH_MAX - 1; n_levels <= GSP__JSON_DEPTH_MAX; n_levels++) {
            bool is_good = n_levels < GSP__JSON_DEPTH_MAX;
            size_t n;

            strcpy(doc, "{\"a\":");
            n = 5 + put_nested(doc + 5, n_levels, are_objects);
            strcpy(doc + n, "}");
            expect_json_with(doc, n + 1, is_good ? "{ (a) }." : "{ (a)!", 2, 0); /* the value */
            expect_json_with(doc, n + 1, is_good ? "{ (a)." : "{ (a)!", 0, 2);   /* all of it */
        }
}

/* A fault inside of what is skipped lasts as well, whatever is fed after it. */
static void a_fault_in_what_is_skipped_lasts(void **state)
{
    static char doc[4096];
    struct gsp__json j;
    struct gsp__json_slice slice;
    size_t n;

    (void)state;
    strcpy(doc, "[");
    n = 1 + put_nested(doc + 1, GSP__JSON_DEPTH_MAX, false);
    gsp__json_init(&j);
    gsp__json_feed(&j, doc, n);
    assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_ARRAY);
    gsp__json_leave(&j);
    assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_ERROR);
    for (size_t i = 0; i < n; i++) {
        gsp__json_feed(&j, "]", 1);
        assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_ERROR);
    }
    assert_false(gsp__json_finish(&j));
}

/*
 * Skipping and leaving, at every place of a document where they may be called: what comes after is what
 * comes after in the document as a whole.
 */

/* Where the n-th token of a whole reading's text begins, counted from 0; its dot if there are fewer. The
 * documents below have no blanks in their strings. */
static const char *token_at(const char *text, unsigned n)
{
    const char *dot = text + strlen(text) - 1;

    while (n-- > 0 && text < dot) {
        text += strcspn(text, " ");
        text = *text ? text + 1 : dot;
    }
    return text;
}

static unsigned count_tokens(const char *text)
{
    unsigned n = 0;

    while (*token_at(text, n) != '.')
        n++;
    return n;
}

/* The number of tokens up to the end of the container that is open after the first `n`. */
static unsigned end_of_container(const char *text, unsigned n)
{
    int depth = 1;

    for (;; n++) {
        char c = *token_at(text, n);

        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        if (depth == 0)
            return n + 1;
    }
}

static unsigned end_of_value(const char *text, unsigned n)
{
    char c = *token_at(text, n);

    return c == '{' || c == '[' ? end_of_container(text, n + 1) : n + 1;
}

/* The first n tokens, then those from `from` on. */
static void without(char *out, const char *text, unsigned n, unsigned from)
{
    size_t n_before = (size_t)(token_at(text, n) - text);
    const char *rest = token_at(text, from);

    memcpy(out, text, n_before);
    if (*rest == '.' && n_before > 0 && out[n_before - 1] == ' ')
        n_before--;
    strcpy(out + n_before, rest);
}

static const char *const skippable[] = {
    "{\"a\":1,\"b\":[2,{\"c\":\"d\"},[3,[],{}]],\"e\":{\"f\":{\"g\":null}},\"h\":true}",
    "[[[1],[2]],{\"a\":{}},\"s\",-1.5e3,false,[]]",
    " { \"a\" : [ 1 , 2 ] , \"b\" : \"x\" } ",
    /* quotes and brackets in strings are none; nor are escaped quotes */
    "{\"a\":\"}]\\\"\",\"b\":[\"]}\\\\\",\"\\\\\\\"{\"],\"c\":{\"\\\"}\":\"[\\u005d\"}}",
};

static void leaving_at_every_place(void **state)
{
    char expected[1000];

    (void)state;
    for (size_t i = 0; i < sizeof skippable / sizeof skippable[0]; i++) {
        size_t n = strlen(skippable[i]);
        char *whole = strdup(json_text(skippable[i], n, n, n, 0, 0));
        unsigned n_tokens = count_tokens(whole);

        assert_true(n_tokens > 8);
        for (unsigned k = 1; k < n_tokens; k++) {
            without(expected, whole, k, end_of_container(whole, k));
            expect_json_with(skippable[i], n, expected, 0, k);
        }
        free(whole);
    }
}

static void skipping_every_value(void **state)
{
    char expected[1000];

    (void)state;
    for (size_t i = 0; i < sizeof skippable / sizeof skippable[0]; i++) {
        size_t n = strlen(skippable[i]);
        char *whole = strdup(json_text(skippable[i], n, n, n, 0, 0));
        unsigned n_tokens = count_tokens(whole);

        for (unsigned k = 1; k < n_tokens; k++) {
            char after = *token_at(whole, k);

            if (after == '(' || after == '}' || after == ']') /* no value comes next */
                continue;
            without(expected, whole, k, end_of_value(whole, k));
            expect_json_with(skippable[i], n, expected, k, 0);
        }
        free(whole);
    }
}

static void skipping_checks_for_balance_only(void **state)
{
    static const struct {
        const char *doc, *expected; /* the value of the first key is skipped */
    } cases[] = {
        {"{\"a\":nonsense,\"b\":1}", "{ (a) (b) #1 }."},
        {"{\"a\":01.e,\"b\":1}", "{ (a) (b) #1 }."},
        {"{\"a\":[1 2 nonsense],\"b\":1}", "{ (a) (b) #1 }."},
        {"{\"a\":{1:2},\"b\":1}", "{ (a) (b) #1 }."},
        {"{\"a\":\"\\x\",\"b\":1}", "{ (a) (b) #1 }."},
        {"{\"a\":\"\xff\",\"b\":1}", "{ (a) (b) #1 }."},
        {"{\"a\":1}", "{ (a) }."},
        {"{\"a\": \"s\" }", "{ (a) }."},
        {"{\"a\":[]]", "{ (a)!"},
        {"{\"a\":}", "{ (a)!"},
        {"{\"a\":,\"b\":1}", "{ (a)!"},
        {"{\"a\"::1}", "{ (a)!"},
        {"{\"a\":]}", "{ (a)!"},
        {"{\"a\" 1}", "{ (a)!"},
        {"{\"a\":\"x\"y}", "{ (a)!"},
        {"{\"a\":[", "{ (a)?"},
        {"{\"a\":\"x", "{ (a)?"},
        {"{\"a\":\"x\\", "{ (a)?"},
        {"{\"a\":12", "{ (a)?"},
        {"{\"a\":", "{ (a)?"},
        {"{\"a\"", "{ (a)?"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_json_with(cases[i].doc, strlen(cases[i].doc), cases[i].expected, 2, 0);
}

/* In the middle of a string the rest of it belongs to what is left. */
static void leaving_inside_of_a_string(void **state)
{
    static const char *const strings[] = {"ab]}\\\"]", "\\n\\u0041]", "\\ud83d\\ude00\\\"]", "x\\ud83d]"};
    static const char rest[] = "\",{\"k\":[\"]\"]}],true]";

    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        char doc[200];
        size_t n;

        n = (size_t)snprintf(doc, sizeof doc, "[[\"%s%s", strings[i], rest);
        for (size_t cut = 3; cut < n - sizeof rest + 2; cut++) {
            struct gsp__json j;
            struct gsp__json_slice slice;
            enum gsp__json_token token;

            gsp__json_init(&j);
            gsp__json_feed(&j, doc, cut);
            assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_ARRAY);
            assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_ARRAY);
            while ((token = gsp__json_next(&j, &slice)) == GSP__JSON_PART)
                ;
            assert_int_equal(token, GSP__JSON_MORE);
            gsp__json_leave(&j);
            gsp__json_feed(&j, doc + cut, n - cut);
            assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_TRUE);
            assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_ARRAY_END);
            assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_DONE);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_has_a_ceiling_in_what_is_skipped),
        cmocka_unit_test(a_fault_in_what_is_skipped_lasts),
        cmocka_unit_test(leaving_at_every_place),
        cmocka_unit_test(skipping_every_value),
        cmocka_unit_test(skipping_checks_for_balance_only),
        cmocka_unit_test(leaving_inside_of_a_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
