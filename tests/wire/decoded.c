/*
 * What a decoder finds in an exchange, as text, for tests.
 */
#include "wire/decoded.h"

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/random.h"
#include "record/fact_types.h"
#include "wire/openai_chat.h"

static const struct gsp__format *as_format = &gsp__openai_chat;
static const char *as_target;
static const char *as_directory = "openai_chat";

void decode_as(const struct gsp__format *format, const char *target, const char *directory)
{
    as_format = format;
    as_target = target;
    as_directory = directory;
}

#define CONTENTS_MAX 32
#define CALLS_MAX    64

struct call {
    unsigned choice, index;
    char id[GSP__TOOL_ID_MAX + 1], name[GSP__TOOL_NAME_MAX + 1];
};

struct decoded {
    struct gsp__buffer facts, marks;
    uint64_t seen[4];
    int64_t usage[GSP_USAGE_LIMIT];
    bool is_reported[GSP_USAGE_LIMIT];
    struct call calls[CALLS_MAX];
    size_t n_calls;
    struct content {
        unsigned choice;
        unsigned kind;
        struct gsp__buffer text;
    } contents[CONTENTS_MAX];
    size_t n_contents;
    unsigned n_errors;
};

/* Each fact at most once, lists item by item, but for the response's model: wire/sink.h. */
static void add_name(struct decoded *d, unsigned fact, unsigned type)
{
    uint64_t bit = (uint64_t)1 << (fact % 64);

    assert_true(fact < GSP__FACT_LIMIT);
    assert_non_null(gsp__fact_name(fact));
    if (gsp__fact_types[fact] != type)
        fail_msg("%s is handed over as another type", gsp__fact_name(fact));
    if (type != GSP__FACT_LIST && fact != GSP_FACT_RESPONSE_MODEL && d->seen[fact / 64] & bit)
        fail_msg("%s is handed over twice", gsp__fact_name(fact));
    d->seen[fact / 64] |= bit;
    gsp__buffer_printf(&d->facts, "%s%s", d->facts.n ? " " : "", gsp__fact_name(fact));
}

static void on_string(void *self, unsigned fact, unsigned index, const char *bytes, size_t n, bool is_cut)
{
    struct decoded *d = self;
    bool is_list = gsp__fact_types[fact] == GSP__FACT_LIST;

    assert_true(n > 0);
    add_name(d, fact, is_list ? GSP__FACT_LIST : GSP__FACT_STRING);
    if (is_list && fact != GSP_FACT_REQUEST_ID)
        gsp__buffer_printf(&d->facts, "[%u]", index);
    gsp__buffer_add_string(&d->facts, is_cut ? "=~\"" : "=\"");
    gsp__buffer_add(&d->facts, bytes, n);
    gsp__buffer_add_char(&d->facts, '"');
}

static void on_integer(void *self, unsigned fact, int64_t value)
{
    struct decoded *d = self;

    add_name(d, fact, GSP__FACT_INT);
    gsp__buffer_printf(&d->facts, "=%lld", (long long)value);
}

static void on_real(void *self, unsigned fact, double value)
{
    struct decoded *d = self;

    add_name(d, fact, GSP__FACT_DOUBLE);
    gsp__buffer_printf(&d->facts, "=%.15g", value);
}

static void on_boolean(void *self, unsigned fact, bool value)
{
    struct decoded *d = self;

    add_name(d, fact, GSP__FACT_BOOL);
    gsp__buffer_printf(&d->facts, "=%s", value ? "true" : "false");
}

static void on_usage(void *self, gsp_usage part, int64_t tokens)
{
    struct decoded *d = self;

    assert_in_range(part, 0, GSP_USAGE_LIMIT - 1);
    d->usage[part] = tokens;
    d->is_reported[part] = true;
}

static void fill_in(char *to, size_t cap, const char *bytes, size_t n)
{
    assert_true(n < cap);
    if (*to || n == 0)
        return;
    memcpy(to, bytes, n);
    to[n] = 0;
}

static struct call *call_at(struct decoded *d, const gsp_content_piece *piece)
{
    size_t i = 0;

    while (i < d->n_calls && (d->calls[i].choice != piece->place || d->calls[i].index != piece->part))
        i++;
    if (i == CALLS_MAX)
        return NULL;
    if (i == d->n_calls) {
        d->calls[i] = (struct call){piece->place, piece->part, "", ""};
        d->n_calls++;
    }
    return &d->calls[i];
}

static void on_tool_call(struct decoded *d, const gsp_content_piece *piece)
{
    struct call *call = call_at(d, piece);

    if (call && piece->kind == GSP_CONTENT_TOOL_CALL_ID)
        fill_in(call->id, sizeof call->id, piece->bytes, piece->n_bytes);
    else if (call)
        fill_in(call->name, sizeof call->name, piece->bytes, piece->n_bytes);
}

static void on_mark(void *self, gsp_mark mark, int64_t now_ns)
{
    static const char letters[] = "-eTRCA.";
    struct decoded *d = self;

    assert_in_range(mark, GSP_MARK_EVENT, GSP_MARK_TERMINAL);
    assert_int_equal(now_ns, 4711); /* the time that was passed in, no other */
    gsp__buffer_add_char(&d->marks, letters[mark]);
}

static void on_error(void *self)
{
    ((struct decoded *)self)->n_errors++;
}

/* Joined by choice and kind. */
static struct gsp__buffer *content_at(struct decoded *d, const gsp_content_piece *piece)
{
    size_t i = 0;

    while (i < d->n_contents && (d->contents[i].choice != piece->place || d->contents[i].kind != piece->kind))
        i++;
    assert_true(i < CONTENTS_MAX);
    if (i == d->n_contents) {
        d->contents[i].choice = piece->place;
        d->contents[i].kind = piece->kind;
        d->n_contents++;
    }
    return &d->contents[i].text;
}

static void on_piece(void *self, const gsp_content_piece *piece)
{
    assert_int_equal(piece->struct_size, sizeof *piece);
    if (piece->side != GSP_CONTENT_OUTPUT)
        return;
    if (piece->kind == GSP_CONTENT_TOOL_CALL_ID || piece->kind == GSP_CONTENT_TOOL_CALL_NAME)
        on_tool_call(self, piece);
    else if (piece->kind == GSP_CONTENT_TOOL_CALL_ARGUMENTS || piece->kind == GSP_CONTENT_REASONING ||
             (piece->kind == GSP_CONTENT_TEXT && piece->part == 0))
        gsp__buffer_add(content_at(self, piece), piece->bytes, piece->n_bytes);
}

static void on_move(void *self, const gsp_content_piece *from, const gsp_content_piece *to)
{
    size_t n = from->n_bytes;
    struct gsp__buffer *text = content_at(self, from);
    char *moved;

    assert_true(from->place != to->place || from->kind != to->kind || from->part != to->part);
    assert_in_range(n, 1, text->n); /* of what was handed over */
    moved = malloc(n);
    memcpy(moved, text->data + text->n - n, n);
    text->n -= n;
    gsp__buffer_add(content_at(self, to), moved, n);
    free(moved);
}

static const struct gsp__sink sink = {
    .string = on_string,
    .integer = on_integer,
    .real = on_real,
    .boolean = on_boolean,
    .usage = on_usage,
    .mark = on_mark,
    .error = on_error,
    .piece = on_piece,
    .move = on_move,
};

/*
 * As text.
 */

static void put_usage(struct gsp__buffer *b, const struct decoded *d)
{
    static const char *const names[GSP_USAGE_LIMIT] = {"input",       "output",    "total",     "cache_read",
                                                       "cache_write", "reasoning", "audio_in",  "audio_out",
                                                       "text_in",     "text_out",  "image_in",  "image_out",
                                                       "cache_1h",    "tool_use",  "billed_in", "billed_out"};
    bool is_first = true;

    for (size_t i = 0; i < GSP_USAGE_LIMIT; i++) {
        if (!d->is_reported[i])
            continue;
        gsp__buffer_printf(b, "%s %s=%lld", is_first ? "usage" : "", names[i], (long long)d->usage[i]);
        is_first = false;
    }
    if (!is_first)
        gsp__buffer_add_char(b, '\n');
}

static void put_facts(struct gsp__buffer *b, const struct decoded *d)
{
    gsp__buffer_add(b, d->facts.data, d->facts.n);
    if (d->facts.n)
        gsp__buffer_add_char(b, '\n');
    for (size_t i = 0; i < d->n_calls; i++)
        gsp__buffer_printf(b, "call[%u][%u] \"%s\" \"%s\"\n", d->calls[i].choice, d->calls[i].index,
                           d->calls[i].id, d->calls[i].name);
    put_usage(b, d);
    if (d->marks.n)
        gsp__buffer_printf(b, "marks: %.*s\n", (int)d->marks.n, d->marks.data);
}

static void put_end(struct gsp__buffer *b, const struct decoded *d, const struct gsp__decoder *decoder)
{
    bool has_usage = false;

    gsp__buffer_printf(b, "events=%llu", (unsigned long long)decoder->n_events);
    if (decoder->n_bad)
        gsp__buffer_printf(b, " bad=%u", decoder->n_bad);
    gsp__buffer_printf(b, "%s%s\n", decoder->is_terminal ? " terminal" : "",
                       decoder->is_error ? " error" : "");
    for (size_t i = 0; i < GSP_USAGE_LIMIT; i++)
        has_usage = has_usage || d->is_reported[i];
    assert_int_equal(d->n_errors, decoder->is_error); /* told once */
    assert_int_equal(has_usage, decoder->has_usage);
}

static void put_contents(struct gsp__buffer *b, const struct decoded *d)
{
    static const char *const kinds[] = {[GSP_CONTENT_TEXT] = "text",
                                        [GSP_CONTENT_REASONING] = "reasoning",
                                        [GSP_CONTENT_TOOL_CALL_ARGUMENTS] = "arguments"};

    for (size_t i = 0; i < d->n_contents; i++) {
        const struct content *c = &d->contents[i];

        if (c->text.n == 0) /* all of it moved */
            continue;
        assert_true(c->kind < sizeof kinds / sizeof kinds[0] && kinds[c->kind]);
        gsp__buffer_printf(b, "%s[%u] \"", kinds[c->kind], c->choice);
        gsp__buffer_add(b, c->text.data, c->text.n);
        gsp__buffer_add_string(b, "\"\n");
    }
}

static const char *text_of(struct gsp__buffer *b)
{
    static char *last;

    gsp__buffer_add_char(b, 0);
    assert_false(b->failed);
    free(last);
    last = b->data;
    return last;
}

static void deinit(struct decoded *d)
{
    gsp__buffer_deinit(&d->facts);
    gsp__buffer_deinit(&d->marks);
    for (size_t i = 0; i < d->n_contents; i++)
        gsp__buffer_deinit(&d->contents[i].text);
}

/*
 * Feeding.
 */

static size_t n_rest_of(const struct cuts *cuts, size_t left)
{
    size_t n = cuts->seed ? (size_t)(gsp__random_next(cuts->seed) % cuts->n_rest) + 1 : cuts->n_rest;

    return n < left ? n : left;
}

static size_t n_first_of(const struct cuts *cuts, size_t n)
{
    if (cuts->seed)
        return n_rest_of(cuts, n);
    return cuts->n_first < n ? cuts->n_first : n;
}

void feed_in_cuts(const char *bytes, size_t n, struct cuts cuts,
                  void (*take)(void *self, const char *bytes, size_t n), void *self)
{
    size_t at = 0, n_piece = n_first_of(&cuts, n);

    if (n == 0)
        return;

    for (;;) {
        char *piece = malloc(n_piece);

        if (n_piece)
            memcpy(piece, bytes + at, n_piece);
        take(self, piece, n_piece);
        if (n_piece)
            memset(piece, 0xa5, n_piece); /* nor may anything of it be kept */
        free(piece);
        at += n_piece;
        if (at == n)
            return;
        n_piece = n_rest_of(&cuts, n - at);
    }
}

static void take_response(void *self, const char *bytes, size_t n)
{
    gsp__decoder_body(self, bytes, n, 4711);
}

static void take_request(void *self, const char *bytes, size_t n)
{
    gsp__request_body(self, bytes, n);
}

static const char *decode_response(const char *bytes, size_t n, enum gsp__framing framing, struct cuts cuts,
                                   bool has_content)
{
    struct gsp__sink with = sink;
    struct decoded found = {0};
    struct gsp__decoder *d = malloc(sizeof *d);
    struct gsp__buffer b = {0};

    memset(d, 0xa5, sizeof *d); /* what is not initialised is noticed */
    if (!has_content)
        with.piece = NULL;
    gsp__decoder_init(d, as_format, framing, &with, &found);
    feed_in_cuts(bytes, n, cuts, take_response, d);
    gsp__decoder_finish(d, 4711);
    put_facts(&b, &found);
    put_end(&b, &found, d);
    put_contents(&b, &found);
    deinit(&found);
    free(d);
    return text_of(&b);
}

const char *decoded_response(const char *bytes, size_t n, enum gsp__framing framing, struct cuts cuts)
{
    return decode_response(bytes, n, framing, cuts, true);
}

static const char *decode_request(const char *bytes, size_t n, struct cuts cuts, bool has_content)
{
    struct gsp__sink with = sink;
    struct decoded found = {0};
    struct gsp__request_decoder *d = malloc(sizeof *d);
    struct gsp__buffer b = {0};

    memset(d, 0xa5, sizeof *d);
    if (!has_content)
        with.piece = NULL;
    gsp__request_init(d, as_format, &with, &found);
    if (as_target)
        gsp__request_target(d, as_target, strlen(as_target));
    feed_in_cuts(bytes, n, cuts, take_request, d);
    gsp__request_finish(d);
    put_facts(&b, &found);
    deinit(&found);
    free(d);
    return text_of(&b);
}

const char *decoded_request(const char *bytes, size_t n, struct cuts cuts)
{
    return decode_request(bytes, n, cuts, false);
}

/*
 * At all cuts.
 */

struct cuts cuts_of(size_t way, size_t n, uint64_t *seed)
{
    if (way == 0)
        return (struct cuts){n, n, NULL};
    if (way == 1)
        return (struct cuts){1, 1, NULL};
    if (way < 52)
        return (struct cuts){0, way % 2 ? 7 : 300, seed};
    return (struct cuts){way - 52, n, NULL};
}

void expect_request(const char *bytes, size_t n, const char *expected, uint64_t *seed)
{
    for (size_t way = 0; way < 52 + n; way++)
        for (int has_content = 0; has_content < 2; has_content++)
            assert_string_equal(decode_request(bytes, n, cuts_of(way, n, seed), has_content), expected);
}

/* Where no content is wanted: the same lines, but those of tool calls and of contents, which are the last. */
static void assert_beginning(const char *expected, const char *facts)
{
    while (*facts) {
        size_t n = strcspn(expected, "\n") + 1;

        if (strncmp(expected, "call[", 5) != 0) {
            assert_memory_equal(facts, expected, n);
            facts += n;
        }
        expected += n;
    }
}

void expect_response(const char *bytes, size_t n, enum gsp__framing framing, const char *expected,
                     uint64_t *seed)
{
    for (size_t way = 0; way < 52 + n; way++)
        assert_string_equal(decoded_response(bytes, n, framing, cuts_of(way, n, seed)), expected);
    /* and the same facts where no content is wanted */
    assert_beginning(expected, decode_response(bytes, n, framing, (struct cuts){n, n, NULL}, false));
}

enum gsp__framing framing_of_name(const char *name)
{
    static const enum gsp__framing framings[] = {GSP__FRAMING_SSE, GSP__FRAMING_NDJSON,
                                                 GSP__FRAMING_EVENTSTREAM, GSP__FRAMING_RAW};
    const char *end = strrchr(name, '.');

    for (size_t i = 0; end && i < sizeof framings / sizeof framings[0]; i++)
        if (strcmp(end + 1, gsp__framing_name(framings[i])) == 0)
            return framings[i];
    return GSP__FRAMING_JSON;
}

char *read_fixture(const char *name, size_t *n, enum gsp__framing *framing)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/%s/%s", GSP_TEST_FIXTURES, as_directory, name);
    *framing = framing_of_name(name);
    return test_read_file(path, n);
}

void expect_fixture(const char *name, const char *expected, uint64_t *seed)
{
    enum gsp__framing framing;
    size_t n;
    char *bytes = read_fixture(name, &n, &framing);

    expect_response(bytes, n, framing, expected, seed);
    if (framing == GSP__FRAMING_JSON || framing == GSP__FRAMING_SSE) /* which their first byte tells */
        expect_response(bytes, n, GSP__FRAMING_UNKNOWN, expected, seed);
    free(bytes);
}
