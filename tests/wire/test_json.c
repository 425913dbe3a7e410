/* The JSON pull reader: tokens, grammar, escapes, depth; all of it cut everywhere. */
#include "support/support.h"
#include "wire/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "wire/json.h"

static void every_type_of_token(void **state)
{
    static const struct document documents[] = {
        {"{}", "{ }."},
        {"[]", "[ ]."},
        {"true", "T."},
        {"false", "F."},
        {"null", "N."},
        {"\"\"", "\"\"."},
        {"\"text\"", "\"text\"."},
        {" \t\r\n{ } \t\r\n", "{ }."},
        {"{\"a\":1}", "{ (a) #1 }."},
        {" { \"a\" : 1 , \"b\" : [ ] } ", "{ (a) #1 (b) [ ] }."},
        {"[1,2.5,-3e+2,true,false,null,\"s\",[],{}]", "[ #1 #2.5 #-3e+2 T F N \"s\" [ ] { } ]."},
        {"{\"a\":{\"b\":{\"c\":[[[null]]]}},\"d\":\"e\"}",
         "{ (a) { (b) { (c) [ [ [ N ] ] ] } } (d) \"e\" }."},
        {"{\"a\":1,\"a\":2}", "{ (a) #1 (a) #2 }."},
        {"{\"\":\"\"}", "{ () \"\" }."},
        {"[\"{[,:]}\",\"\xe2\x82\xac \xf0\x9f\x98\x80\"]",
         "[ \"{[,:]}\" \"\xe2\x82\xac \xf0\x9f\x98\x80\" ]."},
        /* strings may hold any bytes, also what is no UTF-8, and line ends */
        {"\"\xff\xc0\x80\n\x01\"", "\"\xff\xc0\x80\n\x01\"."},
        /* longer than what is looked at in one step */
        {"{\"a key that is longer than sixteen bytes\":\"and a string that is longer as well\"}",
         "{ (a key that is longer than sixteen bytes) \"and a string that is longer as well\" }."},
    };

    (void)state;
    EXPECT_ALL(documents);
    expect_json_with("\"a\0b\"", 5, "\"a", 0, 0); /* a NUL is a byte as any other; here the text ends */
}

static void what_is_not_whole_is_not_complete(void **state)
{
    static const char doc[] = "{\"a\":[1,true,\"s\\u0041\",{\"b\":null}]}";
    static const struct document documents[] = {
        {"", "?"},
        {" ", "?"},
        {"{", "{?"},
        {"[", "[?"},
        {"\"", "?"},
        {"\"a", "\"a?"},
        {"{\"a", "{?"},
        {"{\"a\"", "{ (a)?"},
        {"{\"a\":", "{ (a)?"},
        {"[1", "[?"},
        {"[1,", "[ #1?"},
        {"t", "?"},
        {"nul", "?"},
        {"-", "?"},
        {"1e", "?"},
        {"1.", "?"},
        {"\"\\", "?"},
        {"\"\\ud83d", "?"},
        {"\"\\ud83d\\ude0", "?"},
    };

    (void)state;
    EXPECT_ALL(documents);
    for (size_t n = 0; n < sizeof doc - 1; n++) {
        const char *text = json_text(doc, n, n, n, 0, 0);

        assert_int_equal(text[strlen(text) - 1], '?');
    }
}

static void bad_grammar_is_a_fault(void **state)
{
    static const struct document documents[] = {
        {"}", "!"},
        {"]", "!"},
        {",", "!"},
        {":", "!"},
        {"x", "!"},
        {"'a'", "!"},
        {"+1", "!"},
        {".5", "!"},
        {"\xef\xbb\xbf{}", "!"},
        {"/*c*/1", "!"},
        {"NaN", "!"},
        {"Infinity", "!"},
        {"True", "!"},
        {"nil", "!"},
        {"tru ", "!"},
        {"falsy", "!"},
        {"nulL", "!"},
        {"{]", "{!"},
        {"[}", "[!"},
        {"{,}", "{!"},
        {"[,]", "[!"},
        {"[,1]", "[!"},
        {"[1,]", "[ #1!"},
        {"[1,,2]", "[ #1!"},
        {"[1 2]", "[ #1!"},
        {"[1:2]", "[ #1!"},
        {"[1}", "[ #1!"},
        {"[\"a\" \"b\"]", "[ \"a\"!"},
        {"[true false]", "[ T!"},
        {"[[]", "[ [ ]?"},
        {"[[]}", "[ [ ]!"},
        {"[{}]]", "[ { } ]!"},
        {"{1:2}", "{!"},
        {"{a:1}", "{!"},
        {"{null:1}", "{!"},
        {"{\"a\"}", "{ (a)!"},
        {"{\"a\",}", "{ (a)!"},
        {"{\"a\" 1}", "{ (a)!"},
        {"{\"a\"::1}", "{ (a)!"},
        {"{\"a\":}", "{ (a)!"},
        {"{\"a\":,}", "{ (a)!"},
        {"{\"a\":1,}", "{ (a) #1!"},
        {"{\"a\":1]", "{ (a) #1!"},
        {"{\"a\":1 \"b\":2}", "{ (a) #1!"},
        {"{\"a\":1;\"b\":2}", "{ (a) #1!"},
        {"{\"a\":1,,\"b\":2}", "{ (a) #1!"},
        {"truex", "T!"},
        {"nullnull", "N!"},
        {"1x", "#1!"},
        {"1\"a\"", "#1!"},
        {"{}{", "{ }!"},
        {"01 ", "!"},
        {"-01 ", "!"},
        {"00 ", "!"},
        {"01", "?"},
        {"- 1", "!"},
        {"--1 ", "!"},
        {"1. ", "!"},
        {"1.e5 ", "!"},
        {"1.5.2 ", "!"},
        {"1e ", "!"},
        {"1e+ ", "!"},
        {"1e5e ", "!"},
        {"1-2 ", "!"},
        {"1+ ", "!"},
        {"-.5 ", "!"},
        {"0x10", "#0!"},
        {"1_000", "#1!"},
        {"[01]", "[!"},
        {"{\"a\":-}", "{ (a)!"},
        {"[1e5.5]", "[!"},
        {"[0123456789012345678]", "[!"},
        {"\"\\x\"", "!"},
        {"\"a\\'\"", "\"a!"},
        {"\"\\0\"", "!"},
        {"\"\\U0041\"", "!"},
        {"\"\\\n\"", "!"},
        {"\"\\u\"    ", "!"},
        {"\"\\u12\"  ", "!"},
        {"\"\\u00g0\"", "!"},
        {"\"\\u 041\"", "!"},
        {"\"\\u+041\"", "!"},
        {"\"\\ud83d\\x\"", "!"},
        {"\"\\ud83d\\u00g0\"", "!"},
        {"{\"\\x\":1}", "{!"},
        {"{\"a\\u00zz\":1}", "{!"},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void only_blanks_may_follow(void **state)
{
    static const struct document documents[] = {
        {"{} ", "{ }."},  {"[]\r\n\t ", "[ ]."},    {"1 ", "#1."},
        {"true ", "T."},  {"\"a\"\n", "\"a\"."},    {"{} x", "{ }!"},
        {"{}{}", "{ }!"}, {"[],", "[ ]!"},          {"1 2", "#1!"},
        {"true,", "T!"},  {"\"a\"\"b\"", "\"a\"!"}, {"\"a\":", "\"a\"!"},
        {"null}", "N!"},
    };

    (void)state;
    EXPECT_ALL(documents);
    expect_json_with("{}\0", 3, "{ }!", 0, 0);
}

static void a_fault_lasts_until_the_next_init(void **state)
{
    static const char *const faults[] = {"}", "{]", "[1,]", "\"\\x", "[01]"};
    struct gsp__json_slice slice;

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct gsp__json j;
        enum gsp__json_token token;

        gsp__json_init(&j);
        gsp__json_feed(&j, faults[i], strlen(faults[i]));
        while ((token = gsp__json_next(&j, &slice)) != GSP__JSON_ERROR)
            assert_int_not_equal(token, GSP__JSON_MORE);
        for (int k = 0; k < 3; k++) {
            gsp__json_skip(&j); /* of no effect any more */
            gsp__json_leave(&j);
            assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_ERROR);
            gsp__json_feed(&j, "{}]}", 4);
            assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_ERROR);
            assert_false(gsp__json_finish(&j));
        }
        gsp__json_init(&j);
        gsp__json_feed(&j, "1 ", 2);
        assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_NUMBER);
        assert_int_equal(gsp__json_next(&j, &slice), GSP__JSON_DONE);
        assert_true(gsp__json_finish(&j));
    }
}

static void escapes(void **state)
{
    static const struct document documents[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\"\\/\b\f\n\r\t\"."},
        {"\"a\\nb\"", "\"a\nb\"."},
        {"\"\\u0041\\u00e9\\u20AC\\u20ac\"", "\"A\xc3\xa9\xe2\x82\xac\xe2\x82\xac\"."},
        {"\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"", "\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\"."},
        {"\"x\\ud83d\\ude00y\"", "\"x\xf0\x9f\x98\x80y\"."},
        {"\"\\uD800\\uDC00\\udbff\\udfff\"", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"."},
        /* half a pair: one U+FFFD for each */
        {"\"\\ud83d\"", "\"\xef\xbf\xbd\"."},
        {"\"\\ude00\"", "\"\xef\xbf\xbd\"."},
        {"\"\\ud83dx\"", "\"\xef\xbf\xbdx\"."},
        {"\"\\ude00\\ud83d\"", "\"\xef\xbf\xbd\xef\xbf\xbd\"."},
        {"\"\\ud83d\\ud83d\\ude00\"", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\"."},
        {"\"\\ud83d\\ud83d\"", "\"\xef\xbf\xbd\xef\xbf\xbd\"."},
        {"\"\\ud83d\\n\"", "\"\xef\xbf\xbd\n\"."},
        {"\"\\ud83d\\\\\"", "\"\xef\xbf\xbd\\\"."},
        {"\"\\ud83d\\\"\"", "\"\xef\xbf\xbd\"\"."},
        {"\"\\ud83d\\u0041\"", "\"\xef\xbf\xbd"
                               "A\"."},
        {"\"\\ud83d\\u20ac\"", "\"\xef\xbf\xbd\xe2\x82\xac\"."},
        {"[\"\\ud83d\",\"\\ude00\"]", "[ \"\xef\xbf\xbd\" \"\xef\xbf\xbd\" ]."},
        {"{\"\\ud83d\":\"\\ude00\"}", "{ (\xef\xbf\xbd) \"\xef\xbf\xbd\" }."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void escapes_in_keys(void **state)
{
    static const struct document documents[] = {
        {"{\"\\u0061\":1}", "{ (a) #1 }."},
        {"{\"a\\\"b\\\\c\":1}", "{ (a\"b\\c) #1 }."},
        {"{\"\\ud83d\\ude00\":1}", "{ (\xf0\x9f\x98\x80) #1 }."},
        {"{\"x\\ud83dy\":1}", "{ (x\xef\xbf\xbdy) #1 }."},
        {"{\"\\n\":{\"\\t\":[]}}", "{ (\n) { (\t) [ ] } }."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

/* A key of n letters, as it is or as escapes. */
static void put_key(char *doc, size_t n, bool is_escaped)
{
    *doc = 0;
    strcat(doc, "{\"");
    for (size_t i = 0; i < n; i++)
        strcat(doc, is_escaped && i % 3 == 0 ? "\\u006b" : "k");
    strcat(doc, "\":true,\"next\":null}");
}

static void a_key_that_is_too_long_has_no_name(void **state)
{
    char doc[600], expected[200];

    (void)state;
    for (size_t n = GSP__JSON_KEY_MAX - 2; n <= GSP__JSON_KEY_MAX + 20; n++)
        for (int is_escaped = 0; is_escaped <= 1; is_escaped++) {
            char name[100] = "";

            if (n <= GSP__JSON_KEY_MAX)
                memset(name, 'k', n);
            put_key(doc, n, is_escaped);
            snprintf(expected, sizeof expected, "{ (%s) T (next) N }.", name);
            expect_json(doc, expected);
        }
}

static void depth_has_a_ceiling(void **state)
{
    static char doc[4096];

    (void)state;
    for (int are_objects = 0; are_objects <= 1; are_objects++) {
        size_t n = put_nested(doc, GSP__JSON_DEPTH_MAX, are_objects);
        const char *text = json_text(doc, n, n, n, 0, 0);

        assert_int_equal(text[strlen(text) - 1], '.');
        text = json_text(doc, n, 1, 1, 0, 0);
        assert_int_equal(text[strlen(text) - 1], '.');
        n = put_nested(doc, GSP__JSON_DEPTH_MAX + 1, are_objects);
        text = json_text(doc, n, n, n, 0, 0);
        assert_int_equal(text[strlen(text) - 1], '!');
        text = json_text(doc, n, 1, 1, 0, 0);
        assert_int_equal(text[strlen(text) - 1], '!');
    }
}

static void random_cuts_change_nothing(void **state)
{
    static const char doc[] =
        "{\"id\":\"chatcmpl-\\u0031\\ud83d\\ude00\",\"n\":[1,-2.50e+3,true,null,\"\\\"quoted\\\"\"],"
        "\"deep\":{\"er\":{\"still\":[[],[{}],\"a longer string, of more than sixteen bytes\"]}},"
        "\"key\\twith\\u0020escapes\":false}  ";
    uint64_t seed = test_seed();
    char *whole = strdup(json_text(doc, sizeof doc - 1, sizeof doc, sizeof doc, 0, 0));

    (void)state;
    assert_int_equal(whole[strlen(whole) - 1], '.');
    for (int round = 0; round < 2000; round++) {
        size_t n_first = (size_t)(gsp__random_next(&seed) % sizeof doc);
        size_t n_rest = (size_t)(gsp__random_next(&seed) % 40) + 1;

        assert_string_equal(json_text(doc, sizeof doc - 1, n_first, n_rest, 0, 0), whole);
    }
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_token),
        cmocka_unit_test(what_is_not_whole_is_not_complete),
        cmocka_unit_test(bad_grammar_is_a_fault),
        cmocka_unit_test(only_blanks_may_follow),
        cmocka_unit_test(a_fault_lasts_until_the_next_init),
        cmocka_unit_test(escapes),
        cmocka_unit_test(escapes_in_keys),
        cmocka_unit_test(a_key_that_is_too_long_has_no_name),
        cmocka_unit_test(depth_has_a_ceiling),
        cmocka_unit_test(random_cuts_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
