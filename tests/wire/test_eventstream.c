/* AWS event streams: frames in any cuts, held, whole and larger than what is held, broken ones, headers. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "wire/eventstream.h"
#include "wire/frames.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    return 0;
}

/*
 * A stream as text: for each frame its type in brackets (* before it: an exception; =message after it), its
 * payload and a bar; ! for one refused, whatever was handed out of it; ~ at the end if it broke off.
 */
struct reading {
    struct gsp__eventstream s;
    struct gsp__buffer text;
    size_t n_open; /* where the payload begins of the frame that is being read */
};

static void end_frame(struct reading *r)
{
    struct gsp__buffer payload = {0};

    gsp__buffer_add(&payload, r->text.data + r->n_open, r->text.n - r->n_open);
    r->text.n = r->n_open;
    gsp__buffer_printf(&r->text, "%s(%.*s", r->s.is_exception ? "*" : "", r->s.n_type, r->s.type);
    if (r->s.message) {
        gsp__buffer_add_char(&r->text, '=');
        gsp__buffer_add(&r->text, r->s.message, r->s.n_message);
    }
    gsp__buffer_add_char(&r->text, ')');
    gsp__buffer_add(&r->text, payload.data, payload.n);
    gsp__buffer_add_char(&r->text, '|');
    gsp__buffer_deinit(&payload);
}

static void take_tokens(struct reading *r)
{
    enum gsp__eventstream_token token;

    while ((token = gsp__eventstream_next(&r->s)) != GSP__EVENTSTREAM_MORE) {
        if (token == GSP__EVENTSTREAM_DATA) {
            assert_true(r->s.n > 0);
            gsp__buffer_add(&r->text, r->s.bytes, r->s.n);
            continue;
        }
        if (token == GSP__EVENTSTREAM_EVENT) {
            end_frame(r);
        } else {
            r->text.n = r->n_open;
            gsp__buffer_add_string(&r->text, "!|");
        }
        r->n_open = r->text.n;
    }
    assert_ptr_equal(r->s.p, r->s.end);
}

/* Feed a first piece, then pieces of n_rest, or of any size below it. Each is a block of its own, so that
 * reading outside shows. free() the text. */
static char *read_at(const char *stream, size_t n, size_t n_first, size_t n_rest, bool is_random)
{
    struct reading *r = malloc(sizeof *r);
    size_t at = 0, n_piece = n_first < n ? n_first : n;
    char *text;

    memset(r, 0xa5, sizeof *r); /* what is not initialised is noticed */
    memset(&r->text, 0, sizeof r->text);
    r->n_open = 0;
    gsp__eventstream_init(&r->s);
    do {
        char *piece = malloc(n_piece);

        if (n_piece)
            memcpy(piece, stream + at, n_piece);
        gsp__eventstream_feed(&r->s, piece, n_piece);
        take_tokens(r);
        if (n_piece)
            memset(piece, 0x5a, n_piece);
        free(piece);
        at += n_piece;
        n_piece = is_random ? (size_t)(gsp__random_next(&seed) % n_rest) : n_rest;
        n_piece = n_piece < n - at ? n_piece : n - at;
    } while (at < n);
    r->text.n = r->n_open;
    if (!gsp__eventstream_finish(&r->s))
        gsp__buffer_add_char(&r->text, '~');
    gsp__buffer_add_char(&r->text, 0);
    text = r->text.data;
    free(r);
    return text;
}

static void expect_at(const char *stream, size_t n, size_t n_first, size_t n_rest, bool is_random,
                      const char *expected)
{
    char *text = read_at(stream, n, n_first, n_rest, is_random);

    assert_string_equal(text, expected);
    free(text);
}

/* Whole, byte by byte, in every two pieces (of a short stream) and at random cuts. */
static void expect_bytes(const char *stream, size_t n, const char *expected)
{
    expect_at(stream, n, n, n, false, expected);
    expect_at(stream, n, 1, 1, false, expected);
    for (size_t i = 0; i <= n; i += n > 4000 ? n / 1000 : 1)
        expect_at(stream, n, i, n, false, expected);
    for (size_t i = 0; i < 50; i++)
        expect_at(stream, n, 0, i % 2 ? 9 : 700, true, expected);
}

/* Take the stream, and empty it. */
static void expect(struct gsp__buffer *b, const char *expected)
{
    assert_false(b->failed);
    expect_bytes(b->data, b->n, expected);
    gsp__buffer_deinit(b);
    memset(b, 0, sizeof *b);
}

static void frames_one_after_the_other(void **state)
{
    struct gsp__buffer b = {0};

    (void)state;
    frames_add_event(&b, "messageStart", "{\"role\":\"assistant\"}");
    frames_add_event(&b, "contentBlockDelta", "{}");
    frames_add_event(&b, "x", "");
    frames_add_exception(&b, "throttlingException", "{\"message\":\"slow down\"}");
    frames_add_error(&b, "InternalError", "it broke");
    frames_add_event(&b, "metadata", "z");
    expect(&b, "(messageStart){\"role\":\"assistant\"}|(contentBlockDelta){}|(x)|"
               "*(throttlingException){\"message\":\"slow down\"}|*(InternalError=it broke)|(metadata)z|");
    frames_add(&b, NULL, 0, "", 0); /* the smallest that there is */
    frames_add(&b, NULL, 0, "a", 1);
    expect(&b, "()|()a|");
    expect_bytes("", 0, "");
}

static void add_filled(struct gsp__buffer *b, const char *type, size_t n, char filling)
{
    char *payload = malloc(n + 1);

    memset(payload, filling, n);
    payload[n] = 0;
    frames_add_event(b, type, payload);
    free(payload);
}

/* Sizes on both sides of what can be held, each between two small ones. */
static void frames_of_every_size(void **state)
{
    struct gsp__buffer empty = {0}, b = {0}, expected = {0};
    size_t n_least;

    (void)state;
    frames_add_event(&empty, "big", "");
    n_least = empty.n;
    gsp__buffer_deinit(&empty);
    for (size_t n = GSP__EVENTSTREAM_HELD_MAX - 3; n <= GSP__EVENTSTREAM_HELD_MAX + 3; n++) {
        frames_add_event(&b, "one", "1");
        add_filled(&b, "big", n - n_least, 'x');
        frames_add_event(&b, "two", "2");
        gsp__buffer_add_string(&expected, "(one)1|(big)");
        for (size_t i = n_least; i < n; i++)
            gsp__buffer_add_char(&expected, 'x');
        gsp__buffer_add_string(&expected, "|(two)2|");
        gsp__buffer_add_char(&expected, 0);
        expect(&b, expected.data);
        gsp__buffer_clear(&expected);
    }
    add_filled(&b, "big", 70000, 'y');
    frames_add_event(&b, "two", "2");
    gsp__buffer_add_string(&expected, "(big)");
    for (size_t i = 0; i < 70000; i++)
        gsp__buffer_add_char(&expected, 'y');
    gsp__buffer_add_string(&expected, "|(two)2|");
    gsp__buffer_add_char(&expected, 0);
    expect(&b, expected.data);
    gsp__buffer_deinit(&expected);
}

/* A byte that is wrong anywhere in a frame: behind the prelude that frame is refused, and the stream goes on;
 * in it, all is lost. */
static void a_wrong_byte(void **state)
{
    struct gsp__buffer good = {0}, b = {0};
    size_t at, end;

    (void)state;
    frames_add_event(&good, "one", "1");
    at = good.n;
    frames_add_event(&good, "bad", "payload");
    end = good.n;
    frames_add_event(&good, "two", "2");
    for (size_t i = at; i < end; i++) {
        gsp__buffer_add(&b, good.data, good.n);
        b.data[i] = (char)(b.data[i] ^ (i % 2 ? 0x01 : 0x80));
        expect(&b, i < at + 12 ? "(one)1|!|" : "(one)1|!|(two)2|");
    }
    gsp__buffer_deinit(&good);
}

/* Also where the frame is too large to be held: then its payload may have been handed out before. */
static void a_wrong_byte_in_a_large_frame(void **state)
{
    struct gsp__buffer good = {0}, b = {0};
    size_t end;

    (void)state;
    add_filled(&good, "big", 3000, 'x');
    end = good.n;
    frames_add_event(&good, "two", "2");
    for (size_t i = 12; i < end; i += i < 100 || i > end - 10 ? 1 : 333) {
        gsp__buffer_add(&b, good.data, good.n);
        b.data[i] = (char)(b.data[i] ^ 0x10);
        expect_at(b.data, b.n, b.n, b.n, false, "!|(two)2|");
        expect_at(b.data, b.n, 1, 1, false, "!|(two)2|");
        expect_at(b.data, b.n, 700, 100, true, "!|(two)2|");
        gsp__buffer_clear(&b);
    }
    gsp__buffer_deinit(&b);
    gsp__buffer_deinit(&good);
}

/* Lengths that cannot be, with a prelude whose checksum is right. The rest is lost, and refused once. */
static void lengths_that_cannot_be(void **state)
{
    static const struct {
        uint32_t n_frame, n_headers;
    } cases[] = {
        {0, 0},
        {12, 0},
        {15, 0},
        {16, 1},
        {100, 85},
        {100, UINT32_MAX},
        {UINT32_MAX, 0},
        {UINT32_MAX, UINT32_MAX},
        {GSP__EVENTSTREAM_FRAME_MAX + 1, 0},
        {GSP__EVENTSTREAM_FRAME_MAX, GSP__EVENTSTREAM_HEADERS_MAX + 1},
    };
    struct gsp__buffer b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint32_t numbers[] = {cases[i].n_frame, cases[i].n_headers};
        uint32_t crc;
        size_t at;

        frames_add_event(&b, "one", "1");
        at = b.n;
        for (size_t k = 0; k < 8; k++)
            gsp__buffer_add_char(&b, (char)(numbers[k / 4] >> (24 - 8 * (k % 4))));
        crc = frames_crc32(b.data + at, 8);
        for (size_t k = 0; k < 4; k++)
            gsp__buffer_add_char(&b, (char)(crc >> (24 - 8 * k)));
        frames_add_event(&b, "two", "2");
        frames_add_event(&b, "three", "3");
        expect(&b, "(one)1|!|");
    }
}

/* The largest lengths that can be are believed, and the frame breaks off. */
static void lengths_at_the_ceiling(void **state)
{
    struct gsp__buffer b = {0};
    uint32_t crc;

    (void)state;
    gsp__buffer_add(&b, "\x01\x80\x00\x00\x00\x02\x00\x00", 8);
    crc = frames_crc32(b.data, 8);
    for (size_t k = 0; k < 4; k++)
        gsp__buffer_add_char(&b, (char)(crc >> (24 - 8 * k)));
    for (size_t i = 0; i < 2000; i++)
        gsp__buffer_add_char(&b, 0);
    expect(&b, "~");
}

static void a_stream_that_breaks_off(void **state)
{
    struct gsp__buffer b = {0};

    (void)state;
    frames_add_event(&b, "one", "1");
    frames_add_event(&b, "two", "22");
    for (size_t n = 0, n_one = 0; n <= b.n; n++) {
        if (n == 0)
            n_one = (size_t)(unsigned char)b.data[3];
        expect_at(b.data, n, n, n, false,
                  n == 0       ? ""
                  : n < n_one  ? "~"
                  : n == n_one ? "(one)1|"
                  : n < b.n    ? "(one)1|~"
                               : "(one)1|(two)22|");
        expect_at(b.data, n, 1, 1, false,
                  n == 0       ? ""
                  : n < n_one  ? "~"
                  : n == n_one ? "(one)1|"
                  : n < b.n    ? "(one)1|~"
                               : "(one)1|(two)22|");
    }
    gsp__buffer_clear(&b);
    add_filled(&b, "big", 3000, 'x');
    for (size_t n = 1; n < b.n; n += n < b.n - 10 ? 97 : 1)
        expect_bytes(b.data, n, "~");
    gsp__buffer_deinit(&b);
}

/* Those that are not looked for are passed over, of whatever type. */
static void headers_of_every_type(void **state)
{
    static const struct frame_header headers[] = {
        {"true", 0, "", 0},
        {"false", 1, "", 0},
        {"byte", 2, "\x07", 1},
        {"short", 3, "\x07\x07", 2},
        {"int", 4, "\x07\x07\x07\x07", 4},
        {"long", 5, "\x07\x07\x07\x07\x07\x07\x07\x07", 8},
        {"bytes", 6, "abc", 3},
        {"no bytes", 6, "", 0},
        {"string", 7, "def", 3},
        {"time", 8, "\x07\x07\x07\x07\x07\x07\x07\x07", 8},
        {"uuid", 9, "0123456789abcdef", 16},
        {"", 7, "no name", 7},
        {":event-type", 7, "seen", 4},
        {":message-type", 7, "event", 5},
    };
    struct gsp__buffer b = {0};

    (void)state;
    frames_add(&b, headers, sizeof headers / sizeof headers[0], "p", 1);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        frames_add(&b, headers + i, 1, "", 0);
    expect(&b, "(seen)p|()|()|()|()|()|()|()|()|()|()|()|()|(seen)|()|");
}

/* What says the type counts as a string only; a type longer than is kept is cut. Nothing carries over. */
static void headers_that_are_odd(void **state)
{
    static const struct frame_header not_strings[] = {{":event-type", 6, "bytes", 5},
                                                      {":message-type", 4, "\x00\x00\x00\x00", 4}};
    static const char name[] = "a-name-of-an-event-that-is-longer-than-48-characters";
    static const struct frame_header too_long[] = {{":event-type", 7, name, sizeof name - 1}};
    static const struct frame_header other[] = {
        {":message-type", 7, "eventful", 8}, {":event-typo", 7, "typo", 4}, {":error-code", 7, "E42", 3}};
    struct gsp__buffer b = {0};

    (void)state;
    frames_add_exception(&b, "gone", "");
    frames_add(&b, not_strings, 2, "", 0);
    frames_add(&b, too_long, 1, "", 0);
    frames_add(&b, other, 3, "", 0);
    frames_add_error(&b, "", "");
    frames_add(&b, NULL, 0, "", 0);
    expect(&b, "*(gone)|()|(a-name-of-an-event-that-is-longer-than-48-charac)|*(E42)|*(=)|()|");
}

/* Headers whose lengths lie are read up to there, and the frame stands: its checksum is right. */
static void headers_that_lie(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } tails[] = {
        {"\x05", 1}, /* a name, and no bytes of it */
        {"\x03"
         "ab",
         3}, /* half a name */
        {"\x02"
         "ab",
         3}, /* no type */
        {"\x02"
         "ab\x0a",
         4}, /* a type that nobody knows */
        {"\x02"
         "ab\xff",
         4},
        {"\x02"
         "ab\x07",
         4}, /* no length */
        {"\x02"
         "ab\x07\x00",
         5},
        {"\x02"
         "ab\x07\x00\x05wxyz",
         10}, /* a value that is too long */
        {"\x02"
         "ab\x06\xff\xffz",
         7},
        {"\x02"
         "ab\x05\x00\x00\x00\x00\x00\x00\x00",
         11}, /* half a number */
        {"\x02"
         "ab\x09\x00",
         5},
    };
    static const char head[] = "\x0b:event-type\x07\x00\x04seen";
    struct gsp__buffer b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        size_t at = b.n, n_headers = sizeof head - 1 + tails[i].n;
        struct gsp__buffer raw = {0};

        gsp__buffer_add(&raw, head, sizeof head - 1);
        gsp__buffer_add(&raw, tails[i].bytes, tails[i].n);
        gsp__buffer_add(&raw, "p", 1);
        frames_add(&b, NULL, 0, raw.data, raw.n);
        b.data[at + 7] = (char)n_headers; /* what was payload is now headers */
        frames_seal(&b, at);
        gsp__buffer_deinit(&raw);
    }
    expect(&b, "(seen)p|(seen)p|(seen)p|(seen)p|(seen)p|(seen)p|(seen)p|(seen)p|(seen)p|(seen)p|(seen)p|");
}

/* Headers beyond what is held are no payload, and the same is known of them at all cuts. */
static void headers_that_are_large(void **state)
{
    static char filling[2000];
    const struct frame_header headers[] = {{":event-type", 7, "first", 5},
                                           {"filling", 6, filling, sizeof filling},
                                           {":event-type", 7, "last", 4}};
    struct gsp__buffer b = {0};

    (void)state;
    memset(filling, '-', sizeof filling);
    frames_add(&b, headers, 3, "payload", 7);
    frames_add(&b, headers, 3, "", 0);
    frames_add_event(&b, "two", "2");
    expect(&b, "(first)payload|(first)|(two)2|");
    /* and up to there they are all read */
    for (size_t n = 960; n < 990; n++) {
        const struct frame_header some[] = {{"filling", 6, filling, n}, {":event-type", 7, "last", 4}};
        size_t n_head = 12 + (1 + 7 + 1 + 2 + n) + (1 + 11 + 1 + 2 + 4);

        frames_add(&b, some, 2, "payload", 7);
        expect(&b, n_head <= GSP__EVENTSTREAM_HELD_MAX ? "(last)payload|" : "()payload|");
    }
}

/* Whatever bytes come: cuts make no difference as to which frames stand, and nothing is read outside. */
static void random_damage(void **state)
{
    (void)state;
    for (size_t i = 0; i < 300; i++) {
        struct gsp__buffer b = {0};
        char *whole;

        while (gsp__random_next(&seed) % 6)
            add_filled(&b, "event", gsp__random_next(&seed) % (i % 4 ? 200 : 2000), 'x');
        for (uint64_t k = gsp__random_next(&seed) % 4; k > 0 && b.n > 0; k--)
            b.data[gsp__random_next(&seed) % b.n] = (char)gsp__random_next(&seed);
        if (b.n > 0)
            b.n -= gsp__random_next(&seed) % (b.n < 50 ? b.n : 50);
        whole = read_at(b.data, b.n, b.n, b.n, false);
        expect_at(b.data, b.n, 1, 1, false, whole);
        for (size_t k = 0; k < 5; k++)
            expect_at(b.data, b.n, 0, k % 2 ? 9 : 700, true, whole);
        free(whole);
        gsp__buffer_deinit(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_one_after_the_other),
        cmocka_unit_test(frames_of_every_size),
        cmocka_unit_test(a_wrong_byte),
        cmocka_unit_test(a_wrong_byte_in_a_large_frame),
        cmocka_unit_test(lengths_that_cannot_be),
        cmocka_unit_test(lengths_at_the_ceiling),
        cmocka_unit_test(a_stream_that_breaks_off),
        cmocka_unit_test(headers_of_every_type),
        cmocka_unit_test(headers_that_are_odd),
        cmocka_unit_test(headers_that_lie),
        cmocka_unit_test(headers_that_are_large),
        cmocka_unit_test(random_damage),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
