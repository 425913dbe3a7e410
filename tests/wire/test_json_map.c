/* Finding values by a table of keys: with a small table of its own, and every document cut everywhere. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/json_map.h"

/*
 * name: fact; text: text, with parts where it is an object; list: objects with an id and inner objects;
 * items: counted; both: fact, or an object that says why; plain: an object that says nothing by itself;
 * any: objects under every key but one; deep: objects in each other, as far as they go.
 */
static const struct gsp__node in_inner[] = {
    GSP__NODE("v", FACT, 'v'),
};

static const struct gsp__node in_list[] = {
    GSP__NODE("id", FACT, 'i'),
    GSP__NODE_PARENT("inner", OBJECT, 'j', in_inner),
    GSP__NODE("tags", FACT, 'g'),
};

static const struct gsp__node in_text[] = {
    GSP__NODE("part", TEXT, 'p'),
};

static const struct gsp__node in_both[] = {
    GSP__NODE("why", FACT, 'w'),
};

/* these have themselves beneath them */
static const struct gsp__node in_deep[2], in_root[10];

static const struct gsp__node in_deep[2] = {
    GSP__NODE_PARENT("deep", OBJECT, 'd', in_deep),
    GSP__NODE("v", FACT, 'v'),
};

static const struct gsp__node in_any[] = {
    GSP__NODE("known", FACT, 'k'),
    GSP__NODE_PARENT("*", FACT, 'a', in_inner),
};

static const struct gsp__node in_root[10] = {
    GSP__NODE("name", FACT, 'n'),
    GSP__NODE_PARENT("text", TEXT, 't', in_text),
    GSP__NODE_PARENT("list", OBJECT, 'l', in_list),
    GSP__NODE("items", COUNT, 'c'),
    GSP__NODE_PARENT("both", FACT, 'b', in_both),
    GSP__NODE_PARENT("plain", OBJECT, 0, in_root),
    GSP__NODE_PARENT("deep", OBJECT, 'd', in_deep),
    GSP__NODE("empty", OBJECT, 'e'),
    GSP__NODE("raw", RAW, 'r'),
    GSP__NODE_PARENT("any", OBJECT, 0, in_any),
};

static const struct gsp__node root = GSP__NODE_PARENT("", OBJECT, 0, in_root);

/*
 * What is found, as text: `n0="x"` a fact with its index (~ before a value that was cut), `t0:x;` a text,
 * its pieces joined, `c#3` a count, `<l0` and `>l0` an object; then . ! or ?.
 */
struct finding {
    struct gsp__json_map map;
    char text[8192];
    size_t n_text;
    uint8_t open_text; /* action of the text that is not over */
    bool is_done;
};

static void add(struct finding *f, const char *bytes, size_t n)
{
    assert_true(f->n_text + n < sizeof f->text);
    if (n)
        memcpy(f->text + f->n_text, bytes, n);
    f->n_text += n;
    f->text[f->n_text] = 0;
}

static void add_head(struct finding *f, const char *before, const char *after)
{
    char head[40];

    snprintf(head, sizeof head, "%s%s%c%u%s", f->n_text ? " " : "", before, f->map.action, f->map.index,
             after);
    add(f, head, strlen(head));
}

static void add_value(struct finding *f)
{
    static const char *const words[] = {
        [GSP__JSON_TRUE] = "true", [GSP__JSON_FALSE] = "false", [GSP__JSON_NULL] = "null"};
    const struct gsp__json_map *m = &f->map;
    const char *quote = m->token == GSP__JSON_STRING ? "\"" : "";

    add_head(f, m->value_is_cut ? "~" : "", "=");
    if (m->token == GSP__JSON_STRING || m->token == GSP__JSON_NUMBER) {
        add(f, quote, strlen(quote));
        add(f, m->value.bytes, m->value.n);
        add(f, quote, strlen(quote));
    } else {
        add(f, words[m->token], strlen(words[m->token]));
    }
}

static void add_piece(struct finding *f)
{
    if (!f->open_text)
        add_head(f, "", ":");
    else
        assert_int_equal(f->open_text, f->map.action);
    add(f, f->map.value.bytes, f->map.value.n);
    f->open_text = f->map.token == GSP__JSON_STRING ? 0 : f->map.action;
    if (!f->open_text)
        add(f, ";", 1);
}

/* False when the rest is of no use. */
static bool take_events(struct finding *f)
{
    for (;;) {
        char count[32];

        switch (gsp__json_map_next(&f->map)) {
        case GSP__MAP_MORE:
            return true;
        case GSP__MAP_ENTER:
            add_head(f, "<", "");
            break;
        case GSP__MAP_LEAVE:
            add_head(f, ">", "");
            break;
        case GSP__MAP_VALUE:
            add_value(f);
            break;
        case GSP__MAP_PIECE:
            add_piece(f);
            break;
        case GSP__MAP_COUNT:
            snprintf(count, sizeof count, "%s%c#%u", f->n_text ? " " : "", f->map.action, f->map.count);
            add(f, count, strlen(count));
            break;
        case GSP__MAP_BRANCH: /* not asked for */
            fail();
            break;
        case GSP__MAP_ELEMENT: /* of a document that is an array; its objects tell as much */
            break;
        case GSP__MAP_DONE:
            f->is_done = true;
            return true;
        case GSP__MAP_ERROR:
            add(f, "!", 1);
            return false;
        }
    }
}

/* Feed a first piece, then pieces of n_rest. Each is a block of its own, so that reading outside shows. */
static const char *find_at(const char *doc, size_t n, size_t n_first, size_t n_rest)
{
    static struct finding f;
    size_t at = 0, n_piece = n_first < n ? n_first : n;
    bool goes_on;

    memset(&f, 0xa5, sizeof f); /* what is not initialised is noticed */
    gsp__json_map_init(&f.map, &root);
    f.n_text = 0;
    f.open_text = 0;
    f.is_done = false;
    f.text[0] = 0;
    do {
        char *piece = malloc(n_piece);

        if (n_piece)
            memcpy(piece, doc + at, n_piece);
        gsp__json_map_feed(&f.map, piece, n_piece);
        goes_on = take_events(&f);
        free(piece);
        at += n_piece;
        n_piece = n_rest < n - at ? n_rest : n - at;
    } while (goes_on && at < n);
    if (goes_on)
        add(&f, f.is_done ? "." : "?", 1);
    return f.text;
}

static void expect(const char *doc, const char *expected)
{
    size_t n = strlen(doc);

    assert_string_equal(find_at(doc, n, n, n), expected);
    assert_string_equal(find_at(doc, n, 1, 1), expected);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(find_at(doc, n, i, n), expected);
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

static void facts_are_handed_over_whole(void **state)
{
    static const struct document documents[] = {
        {"{\"name\":\"x\"}", "n0=\"x\"."},
        {"{\"name\":\"\"}", "n0=\"\"."},
        {"{\"name\":\"a\\u20acb\\n\"}", "n0=\"a\xe2\x82\xac"
                                        "b\n\"."},
        {"{\"name\":1.5e3}", "n0=1.5e3."},
        {"{\"name\":true}", "n0=true."},
        {"{\"name\":false}", "n0=false."},
        {"{\"name\":null}", "n0=null."},
        {"{\"both\":\"x\"}", "b0=\"x\"."},
        {"{\"both\":{\"why\":7}}", "<b0 w0=7 >b0."},
        {"{\"\\u006eame\":1}", "n0=1."},
        {"{\"plain\":{\"name\":1},\"name\":2}", "n0=1 n0=2."},
        {"{}", "."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void texts_come_in_pieces(void **state)
{
    static const struct document documents[] = {
        {"{\"text\":\"some text\"}", "t0:some text;."},
        {"{\"text\":\"\"}", "t0:;."},
        {"{\"text\":\"a\\nb\\ud83d\\ude00\"}", "t0:a\nb\xf0\x9f\x98\x80;."},
        {"{\"text\":{\"part\":\"x\"}}", "<t0 p0:x; >t0."},
        {"{\"text\":[{\"part\":\"x\"},{\"part\":\"y\"}]}", "<t0 p0:x; >t0 <t1 p1:y; >t1."},
        {"{\"text\":[\"x\",\"y\\n\"]}", "t0:x; t1:y\n;."},
        /* what is no text says nothing */
        {"{\"text\":null,\"name\":1}", "n0=1."},
        {"{\"text\":5,\"name\":1}", "n0=1."},
        {"{\"text\":true}", "."},
        {"{\"text\":[1,null,\"x\",{\"part\":2}]}", "t2:x; <t3 >t3."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void objects_are_entered_and_left(void **state)
{
    static const struct document documents[] = {
        {"{\"list\":{}}", "<l0 >l0."},
        {"{\"list\":{\"id\":1}}", "<l0 i0=1 >l0."},
        {"{\"list\":{\"inner\":{\"v\":1},\"id\":2}}", "<l0 <j0 v0=1 >j0 i0=2 >l0."},
        {"{\"plain\":{\"list\":{\"id\":1}}}", "<l0 i0=1 >l0."},
        /* the document itself, and what says nothing, makes no event */
        {"{\"plain\":{\"plain\":{}}}", "."},
        /* an object nothing is known of is skipped */
        {"{\"empty\":{\"name\":1},\"name\":2}", "n0=2."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void arrays_are_looked_through(void **state)
{
    static const struct document documents[] = {
        {"{\"list\":[]}", "."},
        {"{\"list\":[{\"id\":\"a\"},{\"id\":\"b\"}]}", "<l0 i0=\"a\" >l0 <l1 i1=\"b\" >l1."},
        {"{\"name\":[1,\"x\",null]}", "n0=1 n1=\"x\" n2=null."},
        {"{\"name\":[[1,2],[[3]],4]}", "n0=1 n1=2 n0=3 n2=4."},
        {"{\"plain\":[{\"name\":1},[{\"name\":2}]]}", "n0=1 n0=2."},
        {"[{\"name\":1},{\"name\":2}]", "n0=1 n1=2."},
        {"[]", "."},
        {"[[],[[]]]", "."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void the_index_is_that_of_the_innermost_array(void **state)
{
    static const struct document documents[] = {
        {"{\"list\":[{},{\"id\":1,\"tags\":[\"x\",\"y\"],\"inner\":{\"v\":2}},{\"id\":3}],\"name\":4}",
         "<l0 >l0 <l1 i1=1 g0=\"x\" g1=\"y\" <j1 v1=2 >j1 >l1 <l2 i2=3 >l2 n0=4."},
        {"{\"list\":[{\"inner\":[{\"v\":1},{\"v\":2}],\"id\":3},{\"id\":4}]}",
         "<l0 <j0 v0=1 >j0 <j1 v1=2 >j1 i0=3 >l0 <l1 i1=4 >l1."},
        {"{\"list\":[{\"tags\":[]},{\"tags\":[],\"id\":1}]}", "<l0 >l0 <l1 i1=1 >l1."},
        /* elements of other types take their places */
        {"{\"list\":[null,5,\"a\\nb\",[],{\"id\":1}]}", "<l4 i4=1 >l4."},
        {"{\"name\":[{\"a\":1},[{}],\"x\"]}", "n2=\"x\"."},
        {"{\"text\":[\"a long piece\",\"another\",\"x\"]}", "t0:a long piece; t1:another; t2:x;."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void counted_arrays(void **state)
{
    static const struct document documents[] = {
        {"{\"items\":[]}", "c#0."},
        {"{\"items\":[1]}", "c#1."},
        {"{\"items\":[1,\"two\",{\"name\":3},null,true]}", "c#5."},
        {"{\"items\":[\"a\\nb\",\"c\\u0041d\"]}", "c#2."},
        /* elements are skipped, arrays among them */
        {"{\"items\":[[1,2,3],[]]}", "c#2."},
        {"{\"items\":[[[]]],\"name\":1}", "c#1 n0=1."},
        /* what is no array is not counted */
        {"{\"items\":7,\"name\":1}", "n0=1."},
        {"{\"items\":{\"name\":7},\"name\":1}", "n0=1."},
        {"{\"items\":\"text\"}", "."},
        {"{\"items\":null}", "."},
        {"{\"plain\":[{\"items\":[1]},{\"items\":[1,2]}]}", "c#1 c#2."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void values_of_other_types_are_skipped(void **state)
{
    static const struct document documents[] = {
        {"{\"name\":{\"name\":1},\"both\":2}", "b0=2."},
        {"{\"list\":5,\"name\":1}", "n0=1."},
        {"{\"list\":\"x\",\"name\":1}", "n0=1."},
        {"{\"list\":null,\"name\":1}", "n0=1."},
        {"{\"list\":[1,\"x\",null,true,[2]],\"name\":1}", "n0=1."},
        {"{\"plain\":false,\"name\":1}", "n0=1."},
        {"{\"both\":[{\"why\":[1,{\"why\":2}]},3]}", "<b0 w0=1 >b0 b1=3."},
        {"\"name\"", "."},
        {"5 ", "."},
        {"true", "."},
        {"null", "."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void unknown_keys_are_skipped(void **state)
{
    static const struct document documents[] = {
        {"{\"x\":1,\"name\":2}", "n0=2."},
        {"{\"x\":\"name\",\"name\":2}", "n0=2."},
        {"{\"x\":{\"name\":1,\"list\":[{\"id\":2}]},\"name\":2}", "n0=2."},
        {"{\"x\":[[[{\"name\":\"]}\"}]]],\"name\":2}", "n0=2."},
        {"{\"\":0,\"n\":0,\"nam\":0,\"names\":0,\"Name\":0,\"NAME\":0,\"name \":0,\"name\":2}", "n0=2."},
        {"{\"id\":0,\"v\":0,\"part\":0,\"name\":2}", "n0=2."},
        {"{\"list\":{\"name\":0,\"id\":1}}", "<l0 i0=1 >l0."},
        {"{\"a key that is longer than any that is ever looked for, by far, and then some more\":0,"
         "\"name\":2}",
         "n0=2."},
        {"{\"x\":\"\\\"\\\\\",\"name\":2}", "n0=2."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

/* The node of the star is that of every key that its siblings do not know. */
static void any_key(void **state)
{
    static const struct document documents[] = {
        {"{\"any\":{\"x\":1,\"known\":2,\"\":3,\"*\":4,\"known\":5}}", "a0=1 k0=2 a0=3 a0=4 k0=5."},
        {"{\"any\":{\"x\":{\"v\":1,\"w\":2},\"y\":[{\"v\":3},4],\"z\":{}}}",
         "<a0 v0=1 >a0 <a0 v0=3 >a0 a1=4 <a0 >a0."},
        {"{\"any\":{\"x\":{\"x\":1}},\"x\":2}", "<a0 >a0."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void keys_may_come_in_any_order_and_again(void **state)
{
    static const struct document documents[] = {
        {"{\"both\":1,\"name\":2,\"both\":3,\"name\":4}", "b0=1 n0=2 b0=3 n0=4."},
        {"{\"name\":1,\"name\":2,\"name\":null}", "n0=1 n0=2 n0=null."},
        {"{\"list\":{\"id\":1,\"id\":2},\"list\":[{\"id\":3}]}", "<l0 i0=1 i0=2 >l0 <l0 i0=3 >l0."},
        {"{\"items\":[1],\"items\":[1,2]}", "c#1 c#2."},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void what_is_no_json_is_an_error(void **state)
{
    static const struct document documents[] = {
        {"", "?"},
        {"{", "?"},
        {"{\"name\":\"x\"", "n0=\"x\"?"},
        {"{\"text\":\"x", "t0:x?"},
        {"{\"name\":\"x", "?"},
        {"{\"list\":[{\"id\":1}", "<l0 i0=1 >l0?"},
        {"}", "!"},
        {"{\"name\":x}", "!"},
        {"{\"name\":1,}", "n0=1!"},
        {"{\"name\":1}}", "n0=1!"},
        {"{\"name\":1} 2", "n0=1!"},
        {"{\"list\":[{\"id\":1},]}", "<l0 i0=1 >l0!"},
        {"{\"x\":}", "!"},
        {"{\"name\":\"\\x\"}", "!"},
    };

    (void)state;
    EXPECT_ALL(documents);
}

/* {"name":"aaa<middle>aaa...","both":"after"} with a string of n letters after the middle */
static char *long_fact(const char *key, size_t n_before, const char *middle, size_t n_after)
{
    char *doc = malloc(n_before + n_after + 100), *p = doc;

    p += sprintf(p, "{\"%s\":\"", key);
    memset(p, 'a', n_before);
    p += n_before;
    p += sprintf(p, "%s", middle);
    memset(p, 'a', n_after);
    p += n_after;
    strcpy(p, "\",\"both\":\"after\"}");
    return doc;
}

static void long_facts_are_cut_and_marked(void **state)
{
    enum {
        MAX = GSP__MAP_GATHER_MAX
    };
    static const struct {
        size_t n_before;
        const char *middle;
        size_t n_after;
        size_t n_kept; /* of the value, escapes decoded */
        bool is_cut;
    } cases[] = {
        {MAX - 1, "", 0, MAX - 1, false},
        {MAX, "", 0, MAX, false},
        {MAX + 1, "", 0, MAX, true},
        {MAX * 3, "", 0, MAX, true},
        {MAX - 1, "\\n", 0, MAX, false},
        {MAX - 1, "\\n", 1, MAX, true},
        /* in the middle of a character: before it */
        {MAX - 3, "\xe2\x82\xac", 0, MAX, false},
        {MAX - 2, "\xe2\x82\xac", 5, MAX - 2, true},
        {MAX - 1, "\xe2\x82\xac", 5, MAX - 1, true},
        {MAX - 1, "\xc3\xa9", 5, MAX - 1, true},
        {MAX - 3, "\xf0\x9f\x98\x80", 5, MAX - 3, true},
        {MAX - 2, "\\u20ac", 5, MAX - 2, true},
        {MAX - 1, "\\ud83d\\ude00", 0, MAX - 1, true},
        /* no UTF-8 at all: where the room ends */
        {MAX - 5, "\xff\x80\x80\x80\x80\x80", 5, MAX, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *doc = long_fact("name", cases[i].n_before, cases[i].middle, cases[i].n_after);
        size_t n = strlen(doc), n_found;
        const char *text, *end;

        text = find_at(doc, n, n, n);
        assert_int_equal(text[0] == '~', cases[i].is_cut);
        text += cases[i].is_cut;
        end = strstr(text, " b0=\"after\".");
        assert_non_null(end);
        n_found = (size_t)(end - text) - strlen("n0=\"\"");
        assert_int_equal(n_found, cases[i].n_kept);
        text = strdup(find_at(doc, n, n, n));
        expect(doc, text);
        free((void *)(uintptr_t)text);
        free(doc);
    }
}

static void texts_are_never_cut(void **state)
{
    char *doc = long_fact("text", 3000, "\\n\xe2\x82\xac", 3000), expected[6100];
    size_t n;

    (void)state;
    n = (size_t)sprintf(expected, "t0:");
    memset(expected + n, 'a', 3000);
    n += 3000;
    n += (size_t)sprintf(expected + n, "\n\xe2\x82\xac");
    memset(expected + n, 'a', 3000);
    n += 3000;
    strcpy(expected + n, "; b0=\"after\".");
    for (size_t n_piece = 1; n_piece < 2000; n_piece += 97)
        assert_string_equal(find_at(doc, strlen(doc), n_piece, n_piece), expected);
    free(doc);
}

/* {"deep":{"deep":...{"v":1}...},"name":2}: n objects below the document's own. */
static void deeper_than_the_levels_is_skipped(void **state)
{
    (void)state;
    for (size_t n = GSP__MAP_DEPTH_MAX - 2; n < GSP__MAP_DEPTH_MAX + 3; n++) {
        size_t n_seen = n < GSP__MAP_DEPTH_MAX ? n : GSP__MAP_DEPTH_MAX - 1;
        char doc[400] = "{", expected[400] = "";

        for (size_t i = 0; i < n; i++)
            strcat(doc, "\"deep\":{");
        strcat(doc, "\"v\":1");
        for (size_t i = 0; i < n; i++)
            strcat(doc, "}");
        strcat(doc, ",\"name\":2}");
        for (size_t i = 0; i < n_seen; i++)
            strcat(expected, "<d0 ");
        if (n == n_seen)
            strcat(expected, "v0=1 ");
        for (size_t i = 0; i < n_seen; i++)
            strcat(expected, ">d0 ");
        strcat(expected, "n0=2.");
        expect(doc, expected);
    }
}

static void arrays_take_levels_as_well(void **state)
{
    (void)state;
    for (size_t n = GSP__MAP_DEPTH_MAX - 2; n < GSP__MAP_DEPTH_MAX + 3; n++) {
        char doc[200] = "{\"name\":";

        for (size_t i = 0; i < n; i++)
            strcat(doc, "[");
        strcat(doc, "1");
        for (size_t i = 0; i < n; i++)
            strcat(doc, "]");
        strcat(doc, ",\"both\":2}");
        expect(doc, n < GSP__MAP_DEPTH_MAX ? "n0=1 b0=2." : "b0=2.");
    }
}

/* Deeper than the JSON reader goes is an error, also in what is skipped. */
static void deeper_than_json_goes_is_an_error(void **state)
{
    static char doc[3 * GSP__JSON_DEPTH_MAX];
    static const char *const keys[] = {"x", "name", "list", "items", "text"};

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        for (size_t n = GSP__JSON_DEPTH_MAX - 1; n <= GSP__JSON_DEPTH_MAX; n++) {
            char *p = doc + sprintf(doc, "{\"%s\":", keys[i]);
            bool is_good = n < GSP__JSON_DEPTH_MAX, is_counted = strcmp(keys[i], "items") == 0;

            memset(p, '[', n);
            memset(p + n, ']', n);
            strcpy(p + 2 * n, "}");
            expect(doc, !is_good ? "!" : is_counted ? "c#1." : ".");
        }
}

/* A raw value goes through as it stands: blanks, escapes and keys that are known elsewhere. */
static void raw_values(void **state)
{
    static const struct document documents[] = {
        {"{\"raw\":{},\"name\":1}", "r0:{}; n0=1."},
        {"{\"raw\": { \"name\" : [1, {\"a\":\"}\\\"]\"}] } ,\"name\":1}",
         "r0:{ \"name\" : [1, {\"a\":\"}\\\"]\"}] }; n0=1."},
        {"{\"raw\":[1,[2],\"]\"],\"name\":1}", "r0:[1,[2],\"]\"]; n0=1."},
        {"{\"raw\":\"a\\nb\",\"name\":1}", "r0:a\nb; n0=1."},
        {"{\"raw\":null,\"name\":1}", "n0=1."},
        {"{\"raw\":true,\"name\":1}", "n0=1."},
        {"{\"raw\":7,\"name\":1}", "n0=1."},
        {"{\"plain\":{\"raw\":{\"x\":1}},\"raw\":[]}", "r0:{\"x\":1}; r0:[];."},
        {"{\"raw\":{\"a\":1", "r0:{\"a\":1?"},
        {"{\"raw\":{\"a\":\"1\\", "r0:{\"a\":\"1\\?"},
        {"{\"raw\":{\"a\":1}]", "r0:{\"a\":1};!"},
        {"{\"raw\":{\"a\":1]]", "r0:{\"a\":1];!"},
    };

    (void)state;
    EXPECT_ALL(documents);
}

/* Brackets deeper than the ceiling end it, at all cuts at the same place. */
static void a_raw_value_nested_too_deep(void **state)
{
    char doc[400] = "{\"raw\":", expected[400] = "r0:";

    (void)state;
    memset(doc + strlen(doc), '[', GSP__JSON_DEPTH_MAX + 20);
    memset(expected + strlen(expected), '[', GSP__JSON_DEPTH_MAX);
    expected[strlen(expected)] = '!';
    expect(doc, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_are_handed_over_whole),
        cmocka_unit_test(texts_come_in_pieces),
        cmocka_unit_test(objects_are_entered_and_left),
        cmocka_unit_test(arrays_are_looked_through),
        cmocka_unit_test(the_index_is_that_of_the_innermost_array),
        cmocka_unit_test(counted_arrays),
        cmocka_unit_test(values_of_other_types_are_skipped),
        cmocka_unit_test(unknown_keys_are_skipped),
        cmocka_unit_test(any_key),
        cmocka_unit_test(keys_may_come_in_any_order_and_again),
        cmocka_unit_test(what_is_no_json_is_an_error),
        cmocka_unit_test(long_facts_are_cut_and_marked),
        cmocka_unit_test(texts_are_never_cut),
        cmocka_unit_test(deeper_than_the_levels_is_skipped),
        cmocka_unit_test(arrays_take_levels_as_well),
        cmocka_unit_test(deeper_than_json_goes_is_an_error),
        cmocka_unit_test(raw_values),
        cmocka_unit_test(a_raw_value_nested_too_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
