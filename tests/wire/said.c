/*
 * The content of a request or a response as text, for tests.
 */
#include "wire/said.h"

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

#define ENTRIES_MAX 512

struct entry {
    uint16_t side, kind, place, part;
    uint64_t value;
    struct gsp__buffer text;
};

struct said {
    struct entry entries[ENTRIES_MAX];
    size_t n;
};

static bool is_joined(unsigned kind)
{
    return kind == GSP_CONTENT_TEXT || kind == GSP_CONTENT_REASONING ||
           kind == GSP_CONTENT_TOOL_CALL_ARGUMENTS || kind == GSP_CONTENT_TOOL_RESPONSE ||
           kind == GSP_CONTENT_MEDIA_URI || kind == GSP_CONTENT_JSON;
}

/* The entry of a piece. `is_new` where there was none. */
static struct entry *entry_of(struct said *s, const gsp_content_piece *p, bool *is_new)
{
    for (size_t i = 0; i < s->n; i++) {
        struct entry *e = &s->entries[i];

        *is_new = false;
        if (e->side == p->side && e->kind == p->kind && e->place == p->place && e->part == p->part)
            return e;
    }
    assert_true(s->n < ENTRIES_MAX);
    *is_new = true;
    s->entries[s->n] = (struct entry){p->side, p->kind, p->place, p->part, p->value, {0}};
    return &s->entries[s->n++];
}

static void on_piece(void *self, const gsp_content_piece *piece)
{
    bool is_new;
    struct entry *e = entry_of(self, piece, &is_new);

    assert_int_equal(piece->struct_size, sizeof *piece);
    assert_int_equal(piece->reserved, 0);
    assert_in_range(piece->side, GSP_CONTENT_INPUT, GSP_CONTENT_TOOLS);
    assert_in_range(piece->kind, GSP_CONTENT_ROLE, GSP_CONTENT_JSON);
    assert_true((piece->n_bytes > 0) != (piece->kind == GSP_CONTENT_MEDIA_SIZE));
    if (is_new || is_joined(piece->kind))
        gsp__buffer_add(&e->text, piece->bytes, piece->n_bytes);
}

static void on_move(void *self, const gsp_content_piece *from, const gsp_content_piece *to)
{
    bool is_new;
    struct entry *e = entry_of(self, from, &is_new), *target;
    size_t n = from->n_bytes;

    assert_true(is_joined(from->kind) && is_joined(to->kind));
    assert_int_equal(to->n_bytes, n);
    assert_in_range(n, 1, e->text.n); /* of what was handed over */
    target = entry_of(self, to, &is_new);
    assert_ptr_not_equal(e, target);
    gsp__buffer_add(&target->text, e->text.data + e->text.n - n, n);
    e->text.n -= n;
}

static void on_string(void *self, unsigned fact, unsigned index, const char *bytes, size_t n, bool is_cut)
{
    (void)self, (void)fact, (void)index, (void)bytes, (void)n, (void)is_cut;
}

static void on_integer(void *self, unsigned fact, int64_t value)
{
    (void)self, (void)fact, (void)value;
}

static void on_real(void *self, unsigned fact, double value)
{
    (void)self, (void)fact, (void)value;
}

static void on_boolean(void *self, unsigned fact, bool value)
{
    (void)self, (void)fact, (void)value;
}

static void on_usage(void *self, gsp_usage part, int64_t tokens)
{
    (void)self, (void)part, (void)tokens;
}

static void on_mark(void *self, gsp_mark mark, int64_t now_ns)
{
    (void)self, (void)mark, (void)now_ns;
}

static void on_error(void *self)
{
    (void)self;
}

#define FACTS                                                                                                \
    .string = on_string, .integer = on_integer, .real = on_real, .boolean = on_boolean, .usage = on_usage,   \
    .mark = on_mark, .error = on_error

static const struct gsp__sink sink = {FACTS, .piece = on_piece, .move = on_move};
static const struct gsp__sink deaf_sink = {FACTS};

/*
 * As text.
 */

static int by_place(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const int differences[] = {x->side - y->side, x->place - y->place, x->part - y->part, x->kind - y->kind};

    for (size_t i = 0; i < 4; i++)
        if (differences[i] != 0)
            return differences[i];
    return 0;
}

static const char *text_of(struct said *s)
{
    static const char *const sides[] = {"", "input", "output", "instructions", "tools"};
    static const char *const kinds[] = {"",         "role",      "name",      "text",        "reasoning",
                                        "call_id",  "call_name", "arguments", "response_id", "response",
                                        "modality", "mime",      "uri",       "file",        "size",
                                        "json"};
    static char *last;
    struct gsp__buffer b = {0};

    qsort(s->entries, s->n, sizeof s->entries[0], by_place);
    for (size_t i = 0; i < s->n; i++) {
        const struct entry *e = &s->entries[i];

        if (e->kind == GSP_CONTENT_MEDIA_SIZE || e->text.n > 0) /* else all of it moved */
            gsp__buffer_printf(&b, "%s[%u]", sides[e->side], e->place);
        if (e->kind > GSP_CONTENT_NAME && (e->kind == GSP_CONTENT_MEDIA_SIZE || e->text.n > 0))
            gsp__buffer_printf(&b, ".%u", e->part);
        if (e->kind == GSP_CONTENT_MEDIA_SIZE)
            gsp__buffer_printf(&b, " size %llu\n", (unsigned long long)e->value);
        else if (e->text.n > 0)
            gsp__buffer_printf(&b, " %s \"%.*s\"\n", kinds[e->kind], (int)e->text.n, e->text.data);
        gsp__buffer_deinit(&s->entries[i].text);
    }
    gsp__buffer_add_char(&b, 0);
    assert_false(b.failed);
    free(s);
    free(last);
    last = b.data;
    return last;
}

/*
 * Decoding.
 */

static void take_request(void *self, const char *bytes, size_t n)
{
    gsp__request_body(self, bytes, n);
}

static void take_response(void *self, const char *bytes, size_t n)
{
    gsp__decoder_body(self, bytes, n, 0);
}

const char *said_in_request(const struct gsp__format *format, const char *target, const char *bytes, size_t n,
                            struct cuts cuts)
{
    struct gsp__request_decoder *d = malloc(sizeof *d);
    struct said *s = calloc(1, sizeof *s);

    memset(d, 0xa5, sizeof *d);
    gsp__request_init(d, format, &sink, s);
    if (target)
        gsp__request_target(d, target, strlen(target));
    feed_in_cuts(bytes, n, cuts, take_request, d);
    gsp__request_finish(d);
    free(d);
    return text_of(s);
}

const char *said_in_response(const struct gsp__format *format, enum gsp__framing framing, const char *bytes,
                             size_t n, struct cuts cuts)
{
    struct gsp__decoder *d = malloc(sizeof *d);
    struct said *s = calloc(1, sizeof *s);

    memset(d, 0xa5, sizeof *d);
    gsp__decoder_init(d, format, framing, &sink, s);
    feed_in_cuts(bytes, n, cuts, take_response, d);
    gsp__decoder_finish(d, 0);
    free(d);
    return text_of(s);
}

static void expect_absent(const void *object, size_t size, const char *secret)
{
    if (memmem(object, size, secret, strlen(secret)))
        fail_msg("\"%s\" is kept", secret);
}

void expect_not_kept_of_request(const struct gsp__format *format, const char *bytes, size_t n,
                                const char *secret)
{
    struct gsp__request_decoder *d = calloc(1, sizeof *d);

    gsp__request_init(d, format, &deaf_sink, NULL);
    feed_in_cuts(bytes, n, (struct cuts){n, n, NULL}, take_request, d);
    gsp__request_finish(d);
    expect_absent(d, sizeof *d, secret);
    free(d);
}

void expect_not_kept_of_response(const struct gsp__format *format, enum gsp__framing framing,
                                 const char *bytes, size_t n, const char *secret)
{
    struct gsp__decoder *d = calloc(1, sizeof *d);

    gsp__decoder_init(d, format, framing, &deaf_sink, NULL);
    feed_in_cuts(bytes, n, (struct cuts){n, n, NULL}, take_response, d);
    gsp__decoder_finish(d, 0);
    expect_absent(d, sizeof *d, secret);
    free(d);
}
