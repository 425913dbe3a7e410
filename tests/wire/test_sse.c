/* Server-sent events: line ends, fields, byte order marks, ends of streams, lines that are too long. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "wire/sse.h"

/* A stream as text: for each event its name in brackets, its data, and a bar; ! for one refused. */
struct reading {
    struct gsp__sse sse;
    char text[4096];
    size_t n_text;
    size_t n_open; /* where the data of the event begins that is being read */
};

static void add(struct reading *r, const char *bytes, size_t n)
{
    assert_true(r->n_text + n < sizeof r->text);
    if (n)
        memcpy(r->text + r->n_text, bytes, n);
    r->n_text += n;
    r->text[r->n_text] = 0;
}

/* The name is known when the event is complete: it goes in front of the data. */
static void end_event(struct reading *r, bool is_refused)
{
    char data[4096];
    size_t n = r->n_text - r->n_open;

    memcpy(data, r->text + r->n_open, n);
    r->n_text = r->n_open;
    add(r, "(", 1);
    add(r, r->sse.name, r->sse.n_name);
    add(r, ")", 1);
    add(r, is_refused ? "!" : data, is_refused ? 1 : n);
    add(r, "|", 1);
    r->n_open = r->n_text;
}

static void take_tokens(struct reading *r)
{
    enum gsp__sse_token token;

    while ((token = gsp__sse_next(&r->sse)) != GSP__SSE_MORE) {
        if (token == GSP__SSE_DATA) {
            assert_true(r->sse.n > 0);
            add(r, r->sse.bytes, r->sse.n);
        } else {
            end_event(r, token == GSP__SSE_REFUSED);
        }
    }
    assert_ptr_equal(r->sse.p, r->sse.end);
}

/* Feed a first piece, then pieces of n_rest. Each is a block of its own, so that reading outside shows. */
static const char *read_at(const char *stream, size_t n, size_t n_first, size_t n_rest)
{
    static struct reading r;
    size_t at = 0, n_piece = n_first < n ? n_first : n;
    enum gsp__sse_token token;

    memset(&r, 0xa5, sizeof r); /* what is not initialised is noticed */
    gsp__sse_init(&r.sse);
    r.n_text = r.n_open = 0;
    r.text[0] = 0;
    do {
        char *piece = malloc(n_piece);

        if (n_piece)
            memcpy(piece, stream + at, n_piece);
        gsp__sse_feed(&r.sse, piece, n_piece);
        take_tokens(&r);
        free(piece);
        at += n_piece;
        n_piece = n_rest < n - at ? n_rest : n - at;
    } while (at < n);
    token = gsp__sse_finish(&r.sse);
    if (token != GSP__SSE_MORE)
        end_event(&r, token == GSP__SSE_REFUSED);
    assert_int_equal(gsp__sse_finish(&r.sse), GSP__SSE_MORE);
    return r.text;
}

static void expect_bytes(const char *stream, size_t n, const char *expected)
{
    assert_string_equal(read_at(stream, n, n, n), expected);
    assert_string_equal(read_at(stream, n, 1, 1), expected);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(read_at(stream, n, i, n), expected);
}

struct stream {
    const char *text, *expected;
};

static void expect_all(const struct stream *streams, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect_bytes(streams[i].text, strlen(streams[i].text), streams[i].expected);
}

#define EXPECT_ALL(streams) expect_all(streams, sizeof(streams) / sizeof(streams)[0])

static void lines_end_in_lf_cr_or_crlf(void **state)
{
    static const struct stream streams[] = {
        {"data: a\n\n", "()a|"},
        {"data: a\r\r", "()a|"},
        {"data: a\r\n\r\n", "()a|"},
        {"data: a\n\ndata: b\n\n", "()a|()b|"},
        {"data: a\r\rdata: b\r\r", "()a|()b|"},
        {"data: a\r\n\r\ndata: b\r\n\r\n", "()a|()b|"},
        /* mixed */
        {"data: a\n\r\ndata: b\r\n\n", "()a|()b|"},
        {"data: a\r\n\rdata: b\r\r\n", "()a|()b|"},
        {"data: a\n\rdata: b\r\r", "()a|()b|"},
        {"data: a\rdata: b\r\ndata: c\n\n", "()a\nb\nc|"},
        /* an LF after a CR ends no second line */
        {"data: a\r\ndata: b\r\n\r\n", "()a\nb|"},
        {"data\r\ndata\r\n\r\n", "()\n|"},
        {"event: x\r\ndata: a\r\n\r\n", "(x)a|"},
        {": c\r\ndata: a\r\n\r\n", "()a|"},
        /* blank lines where no event is open */
        {"\n\n\ndata: a\n\n\n\n", "()a|"},
        {"\r\r\rdata: a\r\r\r", "()a|"},
        {"\r\n\r\ndata: a\r\n\r\n\r\n", "()a|"},
        {"", ""},
        {"\n", ""},
        {"\r", ""},
        {"\r\n", ""},
    };

    (void)state;
    EXPECT_ALL(streams);
}

static void fields(void **state)
{
    static const struct stream streams[] = {
        {"data:a\n\n", "()a|"},
        {"data: a\n\n", "()a|"},
        {"data:  a \n\n", "() a |"}, /* one blank belongs to the colon, no more */
        {"data:\ta\n\n", "()\ta|"},
        {"data: a:b: c\n\n", "()a:b: c|"},
        {"data::\n\n", "():|"},
        {"data: data: x\n\n", "()data: x|"},
        /* empty data is an event */
        {"data\n\n", "()|"},
        {"data:\n\n", "()|"},
        {"data: \n\n", "()|"},
        /* several lines */
        {"data: a\ndata: b\n\n", "()a\nb|"},
        {"data: a\ndata\ndata: b\n\n", "()a\n\nb|"},
        {"data\ndata\n\n", "()\n|"},
        {"data:\ndata: b\n\n", "()\nb|"},
        {"data: a\ndata:\n\n", "()a\n|"},
        {"data: a\n: in between\nid: 7\ndata: b\n\n", "()a\nb|"},
        {"data: {\ndata: \"a\": 1\ndata: }\n\n", "(){\n\"a\": 1\n}|"},
        /* names that are not quite */
        {"dat: x\n\n", ""},
        {"dataa: x\n\n", ""},
        {"data : x\n\n", ""},
        {" data: x\n\n", ""},
        {"Data: x\n\n", ""},
        {"DATA: x\n\n", ""},
        {"d\n\n", ""},
        {"dat\n\n", ""},
        {"datum: x\n\n", ""},
        {"xdata: x\n\n", ""},
        {"evend: x\ndata: y\n\n", "()y|"},
        {"even\ndata: y\n\n", "()y|"},
        {"events: x\ndata: y\n\n", "()y|"},
        {"e: x\ndata: y\n\n", "()y|"},
        {"datadatadata: x\ndata: y\n\n", "()y|"},
        /* fields that say nothing to us */
        {"id: 1\nretry: 100\nfoo: bar\nbare\ndata: a\n\n", "()a|"},
        {"id\nretry\nid:\n\n", ""},
        {"data: a\nid: 2\n\nretry: 5\n\ndata: b\n\n", "()a|()b|"},
        {"data: a value that is longer than sixteen bytes, and more\n\n",
         "()a value that is longer than sixteen bytes, and more|"},
    };

    (void)state;
    EXPECT_ALL(streams);
}

static void comments_are_passed_over(void **state)
{
    static const struct stream streams[] = {
        {":\n\n", ""},
        {": keep-alive\n\ndata: a\n\n", "()a|"},
        {": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: a\n\n", "()a|"},
        {":data: x\n\ndata: a\n\n", "()a|"},
        {"data: a\n:event: x\n:data: y\n\n", "()a|"},
        {":::\n:\n: \ndata: a\n\n", "()a|"},
    };

    (void)state;
    EXPECT_ALL(streams);
}

static void events_have_names(void **state)
{
    static const struct stream streams[] = {
        {"event: x\ndata: a\n\n", "(x)a|"},
        {"event:x\ndata: a\n\n", "(x)a|"},
        {"data: a\nevent: x\n\n", "(x)a|"},
        {"event:  x \ndata: a\n\n", "( x )a|"},
        {"event: x\nevent: y\ndata: a\n\n", "(y)a|"},
        {"event: long\nevent: y\ndata: a\n\n", "(y)a|"},
        {"event: x\nevent\ndata: a\n\n", "()a|"},
        {"event: x\nevent:\ndata: a\n\n", "()a|"},
        {"event: x\ndata: a\ndata: b\n\n", "(x)a\nb|"},
        /* a name without data is forgotten */
        {"event: x\n\ndata: a\n\n", "()a|"},
        {"event: x\n\n", ""},
        /* and holds for one event */
        {"event: x\ndata: a\n\ndata: b\n\n", "(x)a|()b|"},
        {"event: x\ndata: a\n\nevent: y\ndata: b\n\ndata: c\n\n", "(x)a|(y)b|()c|"},
        {"event: x\ndata: a\n\ndata: b\nevent: y\n\n", "(x)a|(y)b|"},
        {"event: x\ndata: a\n\n\ndata: b\n\n", "(x)a|()b|"},
    };

    (void)state;
    EXPECT_ALL(streams);
}

static void a_long_name_is_cut(void **state)
{
    char stream[300], expected[300], name[GSP__SSE_NAME_MAX + 3];

    (void)state;
    for (size_t n = GSP__SSE_NAME_MAX - 1; n < sizeof name; n++) {
        memset(name, 'n', n);
        name[n] = 0;
        snprintf(stream, sizeof stream, "event: %s\ndata: a\n\ndata: b\n\n", name);
        snprintf(expected, sizeof expected, "(%.*s)a|()b|", GSP__SSE_NAME_MAX, name);
        expect_bytes(stream, strlen(stream), expected);
    }
}

static void a_byte_order_mark_may_come_first(void **state)
{
    static const struct stream streams[] = {
        {"\xef\xbb\xbf", ""},
        {"\xef\xbb\xbf"
         "data: a\n\n",
         "()a|"},
        {"\xef\xbb\xbf: c\ndata: a\n\n", "()a|"},
        {"\xef\xbb\xbf\n\ndata: a\n\n", "()a|"},
        {"\xef\xbb\xbf"
         "event: x\ndata: a\n\n",
         "(x)a|"},
        /* a part of one is no mark: the line's name is not known */
        {"\xef\xbb"
         "data: a\n\ndata: b\n\n",
         "()b|"},
        {"\xef"
         "data: a\n\ndata: b\n\n",
         "()b|"},
        {"\xef\xbb: x\ndata: b\n\n", "()b|"},
        {"\xef\n\ndata: b\n\n", "()b|"},
        {"\xef\xbb\rdata: b\r\r", "()b|"},
        {"\xef\xbb\xbe"
         "data: a\ndata: b\n\n",
         "()b|"},
        {"\xef", ""},
        {"\xef\xbb", ""},
        /* one, and only at the start */
        {"\xef\xbb\xbf\xef\xbb\xbf"
         "data: a\n\ndata: b\n\n",
         "()b|"},
        {"data: a\n\n\xef\xbb\xbf"
         "data: b\n\ndata: c\n\n",
         "()a|()c|"},
        {"\n\xef\xbb\xbf"
         "data: b\n\ndata: c\n\n",
         "()c|"},
    };

    (void)state;
    EXPECT_ALL(streams);
}

static void a_stream_may_end_in_an_event(void **state)
{
    static const struct stream streams[] = {
        {"data: a", "()a|"},
        {"data: a\n", "()a|"},
        {"data: a\r", "()a|"},
        {"data: a\r\n", "()a|"},
        {"data: a\n\ndata: b", "()a|()b|"},
        {"event: x\ndata: a", "(x)a|"},
        {"data: a\ndata: b", "()a\nb|"},
        {"data: a\nid: 1", "()a|"},
        {"data: a\n: c", "()a|"},
        {"data: a\nda", "()a|"},
        /* what has no data is no event at the end either */
        {"da", ""},
        {"data", ""},
        {"event: x", ""},
        {"event: x\n", ""},
        {": c", ""},
        {"id: 1\n", ""},
    };

    (void)state;
    EXPECT_ALL(streams);
}

static void any_bytes_are_passed_through(void **state)
{
    static const char with_nul[] = "data: a\0b\n\ndata: c\n\n";
    static const struct stream streams[] = {
        {"data: \xff\xfe\xc0\x80\xed\xa0\x80\xe2\x82\n\n", "()\xff\xfe\xc0\x80\xed\xa0\x80\xe2\x82|"},
        {"data: \xe2\x82\xac\n\n", "()\xe2\x82\xac|"},
        {"event: \xff\ndata: \x01\x7f\n\n", "(\xff)\x01\x7f|"},
        {"\xff\xff: x\ndata: a\n\n", "()a|"},
        /* U+2028 and U+0085 end no line */
        {"data: a\xe2\x80\xa8"
         "b\xc2\x85"
         "c\x0b\x0c\n\n",
         "()a\xe2\x80\xa8"
         "b\xc2\x85"
         "c\x0b\x0c|"},
    };

    (void)state;
    EXPECT_ALL(streams);
    read_at(with_nul, sizeof with_nul - 1, 1, 1);
    assert_memory_equal(read_at(with_nul, sizeof with_nul - 1, 9, 3), "()a\0b|()c|", 11);
}

/*
 * Lines that are too long; made here, read in pieces of any size, counted.
 */
struct tally {
    size_t n_bytes; /* of data, in all */
    char ends[64];  /* of events: E or R, with the name before */
};

static struct tally tally(const char *stream, size_t n, size_t n_piece)
{
    struct tally t = {0};
    struct gsp__sse s;
    enum gsp__sse_token token = GSP__SSE_MORE;

    gsp__sse_init(&s);
    for (size_t at = 0; at < n || token != GSP__SSE_MORE;) {
        size_t left = n - at;

        if (token == GSP__SSE_MORE) {
            gsp__sse_feed(&s, stream + at, left < n_piece ? left : n_piece);
            at += left < n_piece ? left : n_piece;
        }
        token = gsp__sse_next(&s);
        if (token == GSP__SSE_DATA)
            t.n_bytes += s.n;
        else if (token != GSP__SSE_MORE)
            snprintf(t.ends + strlen(t.ends), sizeof t.ends - strlen(t.ends), "%.*s%c", s.n_name, s.name,
                     token == GSP__SSE_EVENT ? 'E' : 'R');
    }
    token = gsp__sse_finish(&s);
    if (token != GSP__SSE_MORE)
        snprintf(t.ends + strlen(t.ends), sizeof t.ends - strlen(t.ends), "%c",
                 token == GSP__SSE_EVENT ? 'E' : 'R');
    return t;
}

static void a_line_has_a_ceiling(void **state)
{
    static const struct {
        const char *before, *after; /* of a line's value of `n` bytes */
        size_t n;
        const char *ends;
        size_t n_bytes; /* of data that are handed out, however the stream is cut */
    } cases[] = {
        {"data: ", "\n\ndata: next\n\n", GSP__SSE_LINE_MAX, "EE", GSP__SSE_LINE_MAX + 4},
        {"data: ", "\n\ndata: next\n\n", GSP__SSE_LINE_MAX + 1, "RE", GSP__SSE_LINE_MAX + 4},
        {"data: ", "\n\ndata: next\n\n", 10 << 20, "RE", GSP__SSE_LINE_MAX + 4},
        {"data:", "\r\n\r\ndata: next", 10 << 20, "RE", GSP__SSE_LINE_MAX + 4},
        {"data: ", "", 10 << 20, "R", GSP__SSE_LINE_MAX},
        /* what follows in the same event is not handed out; its name is known */
        {"data: ", "\ndata: more\nevent: x\n\ndata: next\n\n", 10 << 20, "xRE", GSP__SSE_LINE_MAX + 4},
        {"data: ab\ndata: ", "\n\n", 10 << 20, "R", GSP__SSE_LINE_MAX + 3},
        /* other lines have the same ceiling */
        {"data: a\n\n: ", "\ndata: b\n\ndata: next\n\n", 10 << 20, "ERE", 5},
        {"event: x\ndata: a\n\n: ", "\n\ndata: next\n\n", 10 << 20, "xERE", 5},
        {"event: ", "\n\ndata: next\n\n", 10 << 20, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnRE", 4},
        /* a name that never ends */
        {"", "\n\ndata: next\n\n", 10 << 20, "RE", 4},
        /* an event has none: this one is of two lines */
        {"data: x\ndata: ", "\ndata: more\n\n", GSP__SSE_LINE_MAX, "E", GSP__SSE_LINE_MAX + 7},
    };
    static const size_t pieces[] = {SIZE_MAX, 1 << 20, 65536, 4095};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n_before = strlen(cases[i].before), n_after = strlen(cases[i].after);
        size_t n = n_before + cases[i].n + n_after;
        char *stream = malloc(n + 1);

        memcpy(stream, cases[i].before, n_before);
        memset(stream + n_before, 'n', cases[i].n);
        memcpy(stream + n_before + cases[i].n, cases[i].after, n_after);
        for (size_t k = 0; k < sizeof pieces / sizeof pieces[0] + (i == 1); k++) {
            struct tally t = tally(stream, n, k < 4 ? pieces[k] : 1);

            assert_string_equal(t.ends, cases[i].ends);
            assert_int_equal(t.n_bytes, cases[i].n_bytes);
        }
        free(stream);
    }
}

static void random_cuts_change_nothing(void **state)
{
    static const char stream[] =
        "\xef\xbb\xbf: hello\r\n\r\nevent: first\rdata: {\"a\":1}\rdata:{\"b\":2}\r\rid: 7\nretry: 3\n"
        "data\ndata: three\n\nevent: error\r\ndata: {\"error\":\"\xe2\x82\xac\"}\r\n\r\ndata: [DONE]";
    uint64_t seed = test_seed();

    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t n_first = (size_t)(gsp__random_next(&seed) % sizeof stream);
        size_t n_rest = (size_t)(gsp__random_next(&seed) % 40) + 1;

        assert_string_equal(read_at(stream, sizeof stream - 1, n_first, n_rest),
                            "(first){\"a\":1}\n{\"b\":2}|()\nthree|"
                            "(error){\"error\":\"\xe2\x82\xac\"}|()[DONE]|");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_in_lf_cr_or_crlf),   cmocka_unit_test(fields),
        cmocka_unit_test(comments_are_passed_over),     cmocka_unit_test(events_have_names),
        cmocka_unit_test(a_long_name_is_cut),           cmocka_unit_test(a_byte_order_mark_may_come_first),
        cmocka_unit_test(a_stream_may_end_in_an_event), cmocka_unit_test(any_bytes_are_passed_through),
        cmocka_unit_test(a_line_has_a_ceiling),         cmocka_unit_test(random_cuts_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
