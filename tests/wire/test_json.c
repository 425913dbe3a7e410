/* The JSON pull reader: tokens, grammar, escapes, numbers, skipping; all of it cut everywhere. */
#include "support/support.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "wire/json.h"

/*
 * A document as text: { } [ ] (key) "string" #number T F N, then . where the value is complete, ! for a
 * fault, ? where more would have to come. The pieces of a string are joined, so that cuts do not show.
 */
struct reading {
    struct gsp__json json;
    char text[8192];
    size_t n_text;
    bool is_in_string;
    unsigned n_tokens;
    unsigned skip_at, leave_at; /* after which token to skip or leave; 0: never */
};

static void add(struct reading *r, const char *bytes, size_t n)
{
    assert_true(r->n_text + n < sizeof r->text);
    if (n)
        memcpy(r->text + r->n_text, bytes, n);
    r->n_text += n;
    r->text[r->n_text] = 0;
}

static void add_token(struct reading *r, enum gsp__json_token token, struct gsp__json_slice slice)
{
    static const char *const plain[] = {
        [GSP__JSON_OBJECT] = "{",    [GSP__JSON_OBJECT_END] = "}", [GSP__JSON_ARRAY] = "[",
        [GSP__JSON_ARRAY_END] = "]", [GSP__JSON_KEY] = "(",        [GSP__JSON_NUMBER] = "#",
        [GSP__JSON_TRUE] = "T",      [GSP__JSON_FALSE] = "F",      [GSP__JSON_NULL] = "N",
    };
    bool is_string = token == GSP__JSON_PART || token == GSP__JSON_STRING;

    if (r->n_tokens > 0 && !r->is_in_string)
        add(r, " ", 1);
    if (is_string && !r->is_in_string)
        add(r, "\"", 1);
    if (!is_string)
        add(r, plain[token], 1);
    if (is_string || token == GSP__JSON_KEY || token == GSP__JSON_NUMBER)
        add(r, slice.bytes, slice.n);
    if (token == GSP__JSON_KEY)
        add(r, ")", 1);
    if (token == GSP__JSON_STRING)
        add(r, "\"", 1);
    r->is_in_string = token == GSP__JSON_PART;
    if (r->is_in_string)
        return;
    r->n_tokens++;
    if (r->n_tokens == r->skip_at)
        gsp__json_skip(&r->json);
    if (r->n_tokens == r->leave_at)
        gsp__json_leave(&r->json);
}

/* False when the reader is at its end or stands still. */
static bool take_tokens(struct reading *r)
{
    for (;;) {
        struct gsp__json_slice slice = {NULL, 0};
        enum gsp__json_token token = gsp__json_next(&r->json, &slice);

        if (token == GSP__JSON_MORE || token == GSP__JSON_DONE)
            return true;
        if (token == GSP__JSON_ERROR) {
            add(r, "!", 1);
            return false;
        }
        add_token(r, token, slice);
    }
}

/* Feed a first piece, then pieces of n_rest. Each is a block of its own, so that reading outside shows. */
static void feed(struct reading *r, const char *doc, size_t n, size_t n_first, size_t n_rest)
{
    size_t at = 0, n_piece = n_first < n ? n_first : n;
    bool goes_on;

    do {
        char *piece = malloc(n_piece);

        if (n_piece)
            memcpy(piece, doc + at, n_piece);
        gsp__json_feed(&r->json, piece, n_piece);
        goes_on = take_tokens(r);
        free(piece);
        at += n_piece;
        n_piece = n_rest < n - at ? n_rest : n - at;
    } while (goes_on && at < n);
    if (goes_on)
        add(r, gsp__json_finish(&r->json) ? "." : "?", 1);
    else
        assert_false(gsp__json_finish(&r->json));
}

static const char *read_at(const char *doc, size_t n, size_t n_first, size_t n_rest, unsigned skip_at,
                           unsigned leave_at)
{
    static struct reading r;

    memset(&r, 0xa5, sizeof r); /* what is not initialised is noticed */
    gsp__json_init(&r.json);
    r.n_text = r.n_tokens = 0;
    r.text[0] = 0;
    r.is_in_string = false;
    r.skip_at = skip_at;
    r.leave_at = leave_at;
    feed(&r, doc, n, n_first, n_rest);
    return r.text;
}

/* Whole, byte by byte, and in every two pieces: always the same. */
static void expect_with(const char *doc, size_t n, const char *expected, unsigned skip_at, unsigned leave_at)
{
    assert_string_equal(read_at(doc, n, n, n, skip_at, leave_at), expected);
    assert_string_equal(read_at(doc, n, 1, 1, skip_at, leave_at), expected);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(read_at(doc, n, i, n, skip_at, leave_at), expected);
}

static void expect(const char *doc, const char *expected)
{
    expect_with(doc, strlen(doc), expected, 0, 0);
}

struct document {
    const char *text, *expected;
};

static void expect_all(const struct document *documents, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect(documents[i].text, documents[i].expected);
}

#define EXPECT_ALL(documents) expect_all(documents, sizeof(documents) / sizeof(documents)[0])

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
    expect_with("\"a\0b\"", 5, "\"a", 0, 0); /* a NUL is a byte as any other; here the text ends */
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
        const char *text = read_at(doc, n, n, n, 0, 0);

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
    expect_with("{}\0", 3, "{ }!", 0, 0);
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
            expect(doc, expected);
        }
}

static void numbers_as_they_stand(void **state)
{
    static const struct document documents[] = {
        {"0", "."},
        {"-0", "."},
        {"12 ", "#12."},
        {"[0]", "[ #0 ]."},
        {"[-0]", "[ #-0 ]."},
        {"[0.0,-0.0,0e0,0E-0]", "[ #0.0 #-0.0 #0e0 #0E-0 ]."},
        {"[1e3,1E+3,1e-3,1.25e2]", "[ #1e3 #1E+3 #1e-3 #1.25e2 ]."},
        {"{\"a\":10,\"b\":200}", "{ (a) #10 (b) #200 }."},
        {"[123456789012345678901234567890]", "[ #123456789012345678901234567890 ]."},
        /* 48 characters are read, 49 are none */
        {"[123456789012345678901234567890123456789012345678]",
         "[ #123456789012345678901234567890123456789012345678 ]."},
        {"[1234567890123456789012345678901234567890123456789,2]", "[ # #2 ]."},
        {"{\"a\":0.00000000000000000000000000000000000000000000000000000000001}", "{ (a) # }."},
    };

    (void)state;
    /* a number that ends the input is whole only for gsp__json_finish, which gives no token */
    EXPECT_ALL(documents);
}

static struct gsp__json_slice slice_of(const char *text)
{
    return (struct gsp__json_slice){text, strlen(text)};
}

static void whole_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_one;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"7", true, 7},
        {"-7", true, -7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775807", true, -INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"9223372036854775810", false, 0},
        {"18446744073709551616", false, 0},
        {"99999999999999999999999999", false, 0},
        {"2.0", true, 2},
        {"-2.0", true, -2},
        {"1e3", true, 1000},
        {"1E+3", true, 1000},
        {"1.5e1", true, 15},
        {"100e-2", true, 1},
        {"-0.0", true, 0},
        {"0e99", true, 0},
        {"2.5", false, 0},
        {"1e-3", false, 0},
        {"0.1", false, 0},
        {"-1.000001", false, 0},
        /* beyond 2^53 a double no longer tells whole numbers apart */
        {"9007199254740991.0", true, 9007199254740991},
        {"9007199254740993.0", false, 0},
        {"-9007199254740993.0", false, 0},
        {"1e15", true, 1000000000000000},
        {"1e19", false, 0},
        {"1e300", false, 0},
        {"1e999", false, 0},
        {"", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 4711;

        if (gsp__json_int(slice_of(cases[i].text), &value) != cases[i].is_one)
            fail_msg("\"%s\" is %s whole number", cases[i].text, cases[i].is_one ? "a" : "no");
        assert_int_equal(value, cases[i].is_one ? cases[i].value : 4711);
    }
}

static void other_numbers(void **state)
{
    static const struct {
        const char *text;
        bool is_one;
        double value;
    } cases[] = {
        {"0", true, 0},
        {"-1.5", true, -1.5},
        {"1e3", true, 1000},
        {"0.1", true, 0.1},
        {"1.7976931348623157e308", true, 1.7976931348623157e308},
        {"5e-324", true, 5e-324},
        {"1e-999", true, 0},
        {"1e999", false, 0},
        {"-1e999", false, 0},
        {"", false, 0},
        {"123456789012345678901234567890", true, 123456789012345678901234567890.0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = 47.11;

        assert_int_equal(gsp__json_double(slice_of(cases[i].text), &value), cases[i].is_one);
        assert_true(value == (cases[i].is_one ? cases[i].value : 47.11));
    }
}

/* A host may have set any locale. One that the system does not have is made, where its sources are. */
static bool set_locale(const char *name)
{
    char command[700];

    if (setlocale(LC_ALL, name))
        return true;
    snprintf(command, sizeof command, "localedef -i %.5s -f UTF-8 %s/%s >/dev/null 2>&1", name,
             test_directory(), name);
    if (system(command) != 0)
        return false;
    setenv("LOCPATH", test_directory(), 1);
    return setlocale(LC_ALL, name) != NULL;
}

static void numbers_do_not_follow_the_locale(void **state)
{
    double real = 0;
    int64_t whole = 0;

    (void)state;
    if (!set_locale("de_DE.UTF-8")) {
        print_message("SKIP: there is no locale de_DE.UTF-8, and none can be made\n");
        skip();
    }
    assert_string_equal(localeconv()->decimal_point, ",");
    expect("[1.5,-2.25e-2]", "[ #1.5 #-2.25e-2 ].");
    assert_true(gsp__json_double(slice_of("1.5"), &real) && real == 1.5);
    assert_true(gsp__json_double(slice_of("-2.25e-2"), &real) && real == -0.0225);
    assert_true(gsp__json_double(slice_of("3.14159265358979323846"), &real) &&
                real == 3.14159265358979323846);
    assert_false(gsp__json_double(slice_of("1,5"), &real));
    assert_true(gsp__json_int(slice_of("2.5e1"), &whole) && whole == 25);
    setlocale(LC_ALL, "C");
}

/* `n` containers, each in the one before; objects where the bit says so. */
static size_t put_nested(char *doc, size_t n, bool are_objects)
{
    char *p = doc;

    for (size_t i = 0; i < n; i++) {
        *p++ = are_objects ? '{' : '[';
        if (are_objects && i + 1 < n) {
            memcpy(p, "\"k\":", 4);
            p += 4;
        }
    }
    for (size_t i = 0; i < n; i++)
        *p++ = are_objects ? '}' : ']';
    *p = 0;
    return (size_t)(p - doc);
}

static void depth_has_a_ceiling(void **state)
{
    static char doc[4096];

    (void)state;
    for (int are_objects = 0; are_objects <= 1; are_objects++) {
        size_t n = put_nested(doc, GSP__JSON_DEPTH_MAX, are_objects);
        const char *text = read_at(doc, n, n, n, 0, 0);

        assert_int_equal(text[strlen(text) - 1], '.');
        text = read_at(doc, n, 1, 1, 0, 0);
        assert_int_equal(text[strlen(text) - 1], '.');
        n = put_nested(doc, GSP__JSON_DEPTH_MAX + 1, are_objects);
        text = read_at(doc, n, n, n, 0, 0);
        assert_int_equal(text[strlen(text) - 1], '!');
        text = read_at(doc, n, 1, 1, 0, 0);
        assert_int_equal(text[strlen(text) - 1], '!');
    }
}

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
            expect_with(doc, n + 1, is_good ? "{ (a) }." : "{ (a)!", 2, 0); /* the value */
            expect_with(doc, n + 1, is_good ? "{ (a)." : "{ (a)!", 0, 2);   /* all of it */
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
        char *whole = strdup(read_at(skippable[i], n, n, n, 0, 0));
        unsigned n_tokens = count_tokens(whole);

        assert_true(n_tokens > 8);
        for (unsigned k = 1; k < n_tokens; k++) {
            without(expected, whole, k, end_of_container(whole, k));
            expect_with(skippable[i], n, expected, 0, k);
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
        char *whole = strdup(read_at(skippable[i], n, n, n, 0, 0));
        unsigned n_tokens = count_tokens(whole);

        for (unsigned k = 1; k < n_tokens; k++) {
            char after = *token_at(whole, k);

            if (after == '(' || after == '}' || after == ']') /* no value comes next */
                continue;
            without(expected, whole, k, end_of_value(whole, k));
            expect_with(skippable[i], n, expected, k, 0);
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
        expect_with(cases[i].doc, strlen(cases[i].doc), cases[i].expected, 2, 0);
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

static void random_cuts_change_nothing(void **state)
{
    static const char doc[] =
        "{\"id\":\"chatcmpl-\\u0031\\ud83d\\ude00\",\"n\":[1,-2.50e+3,true,null,\"\\\"quoted\\\"\"],"
        "\"deep\":{\"er\":{\"still\":[[],[{}],\"a longer string, of more than sixteen bytes\"]}},"
        "\"key\\twith\\u0020escapes\":false}  ";
    uint64_t seed = test_seed();
    char *whole = strdup(read_at(doc, sizeof doc - 1, sizeof doc, sizeof doc, 0, 0));

    (void)state;
    assert_int_equal(whole[strlen(whole) - 1], '.');
    for (int round = 0; round < 2000; round++) {
        size_t n_first = (size_t)(gsp__random_next(&seed) % sizeof doc);
        size_t n_rest = (size_t)(gsp__random_next(&seed) % 40) + 1;

        assert_string_equal(read_at(doc, sizeof doc - 1, n_first, n_rest, 0, 0), whole);
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
        cmocka_unit_test(numbers_as_they_stand),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(other_numbers),
        cmocka_unit_test(numbers_do_not_follow_the_locale),
        cmocka_unit_test(depth_has_a_ceiling),
        cmocka_unit_test(depth_has_a_ceiling_in_what_is_skipped),
        cmocka_unit_test(a_fault_in_what_is_skipped_lasts),
        cmocka_unit_test(leaving_at_every_place),
        cmocka_unit_test(skipping_every_value),
        cmocka_unit_test(skipping_checks_for_balance_only),
        cmocka_unit_test(leaving_inside_of_a_string),
        cmocka_unit_test(random_cuts_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
