/*
 * The JSON pull reader: the same tokens however a document is cut, values skipped and containers left among
 * them; and what jansson takes for JSON, and what not.
 */
#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "wire/json.h"

struct reading {
    struct gsp__json json;
    struct gsp__buffer text; /* tokens; the pieces of a string joined */
    bool is_in_string;
    bool has_failed;
    bool is_complete;
    uint8_t options; /* 0: nothing is skipped */
    unsigned n_tokens;
    bool in_object[GSP__JSON_DEPTH_MAX + 1];
};

static void follow(struct reading *r, enum gsp__json_token token)
{
    if (token == GSP__JSON_OBJECT || token == GSP__JSON_ARRAY) {
        FUZZ_CHECK(r->json.depth <= GSP__JSON_DEPTH_MAX, "deeper than the ceiling");
        r->in_object[r->json.depth] = token == GSP__JSON_OBJECT;
    }
}

/* Skip or leave now and then: a function of the options and of the number of tokens so far. */
static void perhaps_skip(struct reading *r, enum gsp__json_token token)
{
    uint8_t seed[2] = {r->options, (uint8_t)r->n_tokens};
    uint64_t choice = gsp__fnv1a(GSP__FNV_INIT, seed, sizeof seed) >> 16 & 15;

    if (r->options == 0 || r->json.depth == 0)
        return;
    if (choice < 2 && (token == GSP__JSON_KEY || !r->in_object[r->json.depth]))
        gsp__json_skip(&r->json);
    else if (choice == 2)
        gsp__json_leave(&r->json);
}

static void take(struct reading *r, enum gsp__json_token token, struct gsp__json_slice slice)
{
    static const char letters[] = "?{}[]k\"\"#tfn";
    bool is_string = token == GSP__JSON_PART || token == GSP__JSON_STRING;

    if (!is_string || !r->is_in_string)
        gsp__buffer_add_char(&r->text, letters[token]);
    if (is_string || token == GSP__JSON_KEY || token == GSP__JSON_NUMBER)
        gsp__buffer_add(&r->text, slice.bytes, slice.n);
    if (token == GSP__JSON_KEY)
        FUZZ_CHECK(slice.n <= GSP__JSON_KEY_MAX, "a key of %zu bytes", slice.n);
    if (token == GSP__JSON_NUMBER) {
        int64_t i;
        double d;

        FUZZ_CHECK(slice.n <= GSP__JSON_NUMBER_MAX, "a number of %zu bytes", slice.n);
        if (gsp__json_int(slice, &i))
            FUZZ_CHECK(gsp__json_double(slice, &d), "whole, but no number");
    }
    r->is_in_string = token == GSP__JSON_PART;
    if (r->is_in_string)
        return;
    gsp__buffer_add_char(&r->text, ' ');
    r->n_tokens++;
    follow(r, token);
    perhaps_skip(r, token);
}

static bool feed(void *self, const char *bytes, size_t n)
{
    struct reading *r = self;

    gsp__json_feed(&r->json, bytes, n);
    for (;;) {
        struct gsp__json_slice slice = {NULL, 0};
        enum gsp__json_token token = gsp__json_next(&r->json, &slice);

        if (token == GSP__JSON_MORE || token == GSP__JSON_DONE) {
            FUZZ_CHECK(r->json.p == r->json.end, "not all of the input was used");
            return true;
        }
        if (token == GSP__JSON_ERROR) {
            r->has_failed = true;
            FUZZ_CHECK(gsp__json_next(&r->json, &slice) == GSP__JSON_ERROR, "an error that does not last");
            return false;
        }
        take(r, token, slice);
    }
}

static void read_document(struct reading *r, const struct fuzz_document *d, enum fuzz_cutting cutting,
                          uint8_t options)
{
    memset(r, 0xa5, sizeof *r); /* what is not initialised is noticed */
    memset(&r->text, 0, sizeof r->text);
    gsp__json_init(&r->json);
    r->n_tokens = 0;
    r->is_in_string = r->has_failed = false;
    r->in_object[0] = false;
    r->options = options;
    fuzz_feed(d, cutting, feed, r);
    r->is_complete = gsp__json_finish(&r->json);
    FUZZ_CHECK(!r->has_failed || !r->is_complete, "complete after an error");
    gsp__buffer_printf(&r->text, "%s", r->has_failed ? "error" : r->is_complete ? "complete" : "cut off");
}

/* Whether there may be a number so long that its grammar is not checked. */
static bool has_long_number(const char *text, size_t n)
{
    size_t n_run = 0;

    for (size_t i = 0; i < n && n_run <= GSP__JSON_NUMBER_MAX; i++)
        n_run = memchr("0123456789+-.eE", text[i], 15) ? n_run + 1 : 0;
    return n_run > GSP__JSON_NUMBER_MAX;
}

/* Whether jansson's refusal is about what our reader leaves to its callers. */
static bool is_stricter(const char *text, size_t n, enum json_error_code code)
{
    if (code == json_error_numeric_overflow || code == json_error_null_character ||
        code == json_error_stack_overflow)
        return true;
    if (gsp__utf8_valid_prefix(text, n) != n || has_long_number(text, n))
        return true;
    for (size_t i = 0; i < n; i++) /* control characters and lone halves of pairs in strings */
        if ((unsigned char)text[i] < ' ' || (text[i] == '\\' && i + 1 < n && text[i + 1] == 'u'))
            return true;
    return false;
}

static void compare_with_jansson(const struct fuzz_document *d, const struct reading *whole)
{
    json_error_t fault;
    json_t *value;

    if (d->n > 0 && memchr(d->bytes, 0, d->n)) /* jansson takes a NUL after the value for the end */
        return;
    value = json_loadb(d->bytes, d->n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &fault);
    if (value)
        FUZZ_CHECK(whole->is_complete || whole->json.depth == GSP__JSON_DEPTH_MAX,
                   "jansson reads it, we do not");
    else if (whole->is_complete)
        FUZZ_CHECK(is_stricter(d->bytes, d->n, json_error_code(&fault)), "we read it, jansson does not: %s",
                   fault.text);
    json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_document d = fuzz_document(data, size);

    for (int skips = 0; skips <= (d.options != 0); skips++) {
        uint8_t options = skips ? d.options : 0;
        struct reading whole;

        read_document(&whole, &d, FUZZ_WHOLE, options);
        if (!skips)
            compare_with_jansson(&d, &whole);
        for (int cutting = FUZZ_CUT; cutting < FUZZ_CUTTINGS; cutting++) {
            struct reading cut;

            read_document(&cut, &d, (enum fuzz_cutting)cutting, options);
            FUZZ_CHECK_SAME("cuts make a difference", &whole.text, &cut.text);
            gsp__buffer_deinit(&cut.text);
        }
        gsp__buffer_deinit(&whole.text);
    }
    return 0;
}
