/*
 * A JSON document as text, read in pieces.
 */
#include "json_text.h"

#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

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

const char *json_text(const char *doc, size_t n, size_t n_first, size_t n_rest, unsigned skip_at,
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
void expect_json_with(const char *doc, size_t n, const char *expected, unsigned skip_at, unsigned leave_at)
{
    assert_string_equal(json_text(doc, n, n, n, skip_at, leave_at), expected);
    assert_string_equal(json_text(doc, n, 1, 1, skip_at, leave_at), expected);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(json_text(doc, n, i, n, skip_at, leave_at), expected);
}

void expect_json(const char *doc, const char *expected)
{
    expect_json_with(doc, strlen(doc), expected, 0, 0);
}

void expect_all_json(const struct document *documents, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect_json(documents[i].text, documents[i].expected);
}

size_t put_nested(char *doc, size_t n, bool are_objects)
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
