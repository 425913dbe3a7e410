/* Protobuf's wire format: varints of all lengths, writing backwards into too little room, bad input. */
#include "support/support.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "otlp/protobuf.h"

#define BYTES(literal) literal, sizeof(literal) - 1

/* The values at which a varint becomes one byte longer. */
static const struct {
    uint64_t value;
    const char *bytes;
    size_t n;
} varints[] = {
    {0, BYTES("\x00")},
    {1, BYTES("\x01")},
    {0x7f, BYTES("\x7f")},
    {0x80, BYTES("\x80\x01")},
    {300, BYTES("\xac\x02")},
    {0x3fff, BYTES("\xff\x7f")},
    {0x4000, BYTES("\x80\x80\x01")},
    {0x1fffff, BYTES("\xff\xff\x7f")},
    {0x200000, BYTES("\x80\x80\x80\x01")},
    {0xfffffff, BYTES("\xff\xff\xff\x7f")},
    {0x10000000, BYTES("\x80\x80\x80\x80\x01")},
    {0xffffffff, BYTES("\xff\xff\xff\xff\x0f")},
    {0x7ffffffff, BYTES("\xff\xff\xff\xff\x7f")},
    {0x800000000, BYTES("\x80\x80\x80\x80\x80\x01")},
    {0x3ffffffffff, BYTES("\xff\xff\xff\xff\xff\x7f")},
    {0x40000000000, BYTES("\x80\x80\x80\x80\x80\x80\x01")},
    {0x1ffffffffffff, BYTES("\xff\xff\xff\xff\xff\xff\x7f")},
    {0x2000000000000, BYTES("\x80\x80\x80\x80\x80\x80\x80\x01")},
    {0xffffffffffffff, BYTES("\xff\xff\xff\xff\xff\xff\xff\x7f")},
    {0x100000000000000, BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x01")},
    {0x7fffffffffffffff, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\x7f")},
    {0x8000000000000000, BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")},
    {UINT64_MAX, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
};

static void varints_of_all_lengths(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof varints / sizeof varints[0]; i++) {
        uint8_t room[10];
        struct gsp__pb_writer w;
        struct gsp__pb_reader r = gsp__pb_read(varints[i].bytes, varints[i].n);
        uint64_t value = 0;

        gsp__pb_write_init(&w, room, sizeof room);
        gsp__pb_varint(&w, varints[i].value);
        assert_false(w.is_full);
        assert_int_equal(room + sizeof room - w.at, varints[i].n);
        assert_memory_equal(w.at, varints[i].bytes, varints[i].n);
        assert_true(gsp__pb_read_varint(&r, &value));
        assert_int_equal(value, varints[i].value);
        assert_ptr_equal(r.p, r.end);
        assert_false(r.is_bad);
    }
}

static void cut_varints_are_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof varints / sizeof varints[0]; i++)
        for (size_t n = 0; n < varints[i].n; n++) {
            char *copy = malloc(n + 1); /* one before the end, so that the end is the block's */
            struct gsp__pb_reader r;
            uint64_t value = 42;

            assert_non_null(copy);
            memcpy(copy + 1, varints[i].bytes, n);
            r = gsp__pb_read(copy + 1, n);
            assert_false(gsp__pb_read_varint(&r, &value));
            assert_true(r.is_bad);
            assert_int_equal(value, 42);
            free(copy);
        }
}

static void longer_varints_than_needed_are_read(void **state)
{
    struct gsp__pb_reader r = gsp__pb_read("\x85\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10);
    uint64_t value = 0;

    (void)state;
    assert_true(gsp__pb_read_varint(&r, &value));
    assert_int_equal(value, 5);
    assert_ptr_equal(r.p, r.end);
}

static void varints_beyond_64_bits_are_bad(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } cases[] = {
        {BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")},
        {BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00")},
        {BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")},
        {BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02")}, /* bit 64 */
        {BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gsp__pb_reader r = gsp__pb_read(cases[i].bytes, cases[i].n);
        uint64_t value;

        assert_false(gsp__pb_read_varint(&r, &value));
        assert_true(r.is_bad);
    }
}

/* A message with a field of each wire type, and a message in it. */
static void write_everything(struct gsp__pb_writer *w)
{
    uint8_t *end;

    gsp__pb_uint(w, 0x1fffffff, 7);
    end = w->at;
    gsp__pb_bytes(w, 16, "inner", 5);
    gsp__pb_message(w, 6, end);
    gsp__pb_bytes(w, 5, NULL, 0);
    gsp__pb_double(w, 4, -0.5);
    gsp__pb_fixed32(w, 3, 0x01020304);
    gsp__pb_fixed64(w, 2, 0x0102030405060708);
    gsp__pb_uint(w, 1, UINT64_MAX);
}

static const char everything[] = "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                 "\x11\x08\x07\x06\x05\x04\x03\x02\x01"
                                 "\x1d\x04\x03\x02\x01"
                                 "\x21\x00\x00\x00\x00\x00\x00\xe0\xbf"
                                 "\x2a\x00"
                                 "\x32\x08\x82\x01\x05inner"
                                 "\xf8\xff\xff\xff\x0f\x07";

static void what_is_written_last_stands_first(void **state)
{
    uint8_t room[sizeof everything - 1];
    struct gsp__pb_writer w;

    (void)state;
    gsp__pb_write_init(&w, room, sizeof room);
    write_everything(&w);
    assert_false(w.is_full);
    assert_ptr_equal(w.at, room);
    assert_memory_equal(room, everything, sizeof room);
}

static void nothing_is_written_outside_the_room(void **state)
{
    uint8_t block[sizeof everything + 64];

    (void)state;
    for (size_t size = 0; size < sizeof everything + 16; size++) {
        struct gsp__pb_writer w;

        memset(block, 0xa5, sizeof block);
        gsp__pb_write_init(&w, block + 32, size);
        write_everything(&w);
        assert_int_equal(w.is_full, size < sizeof everything - 1);
        assert_true(w.at >= block + 32 && w.at <= block + 32 + size);
        for (size_t i = 0; i < sizeof block; i++)
            if (i < 32 || i >= 32 + size)
                assert_int_equal(block[i], 0xa5);
    }
}

static void bytes_of_any_length_are_copied(void **state)
{
    uint8_t bytes[200], room[210];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i + 1);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        struct gsp__pb_reader r;
        struct gsp__pb_writer w;
        struct gsp__pb_field f;

        gsp__pb_write_init(&w, room, sizeof room);
        gsp__pb_bytes(&w, 1, bytes, n);
        r = gsp__pb_read(w.at, (size_t)(room + sizeof room - w.at));
        assert_true(gsp__pb_next(&r, &f));
        assert_int_equal(f.n, n);
        assert_memory_equal(f.bytes, bytes, n);
        assert_false(gsp__pb_next(&r, &f));
        assert_false(r.is_bad);
    }
}

static void doubles_keep_their_bits(void **state)
{
    static const double cases[] = {0, -0.0, 1, DBL_MAX, DBL_MIN, 5e-324, INFINITY, -INFINITY, NAN};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t room[9];
        struct gsp__pb_writer w;

        gsp__pb_write_init(&w, room, sizeof room);
        gsp__pb_double(&w, 1, cases[i]);
        assert_ptr_equal(w.at, room);
        assert_memory_equal(room + 1, &cases[i], 8);
    }
}

static void fields_are_read_in_turn(void **state)
{
    struct gsp__pb_reader r = gsp__pb_read(BYTES(everything));
    struct gsp__pb_field f;

    (void)state;
    assert_true(gsp__pb_next(&r, &f));
    assert_int_equal(f.number, 1);
    assert_int_equal(f.type, GSP__PB_VARINT);
    assert_int_equal(f.scalar, UINT64_MAX);
    assert_null(f.bytes);
    assert_true(gsp__pb_next(&r, &f));
    assert_int_equal(f.number, 2);
    assert_int_equal(f.type, GSP__PB_FIXED64);
    assert_int_equal(f.scalar, 0x0102030405060708);
    assert_true(gsp__pb_next(&r, &f));
    assert_int_equal(f.number, 3);
    assert_int_equal(f.type, GSP__PB_FIXED32);
    assert_int_equal(f.scalar, 0x01020304);
    assert_true(gsp__pb_next(&r, &f));
    assert_int_equal(f.scalar, 0xbfe0000000000000);
    assert_true(gsp__pb_next(&r, &f));
    assert_int_equal(f.number, 5);
    assert_int_equal(f.type, GSP__PB_BYTES);
    assert_int_equal(f.n, 0);
    assert_int_equal(f.scalar, 0);
    assert_true(gsp__pb_next(&r, &f));
    assert_int_equal(f.number, 6);
    assert_int_equal(f.n, 8);
    assert_memory_equal(f.bytes, "\x82\x01\x05inner", 8);
    assert_true(gsp__pb_next(&r, &f));
    assert_int_equal(f.number, 0x1fffffff);
    assert_int_equal(f.scalar, 7);
    assert_false(gsp__pb_next(&r, &f));
    assert_false(r.is_bad);
}

static void no_bytes_are_no_fields(void **state)
{
    struct gsp__pb_reader r = gsp__pb_read(NULL, 0);
    struct gsp__pb_field f;

    (void)state;
    assert_false(gsp__pb_next(&r, &f));
    assert_false(r.is_bad);
}

static void bad_fields_end_the_reading(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        int n_good; /* fields before it */
    } cases[] = {
        {BYTES("\x00\x01"), 0},                     /* field 0 */
        {BYTES("\x02\x00"), 0},                     /* field 0, bytes */
        {BYTES("\x08\x01\x00"), 1},                 /* field 0, later */
        {BYTES("\x80\x80\x80\x80\x10\x00"), 0},     /* field 2^29 */
        {BYTES("\xf8\xff\xff\xff\xff\x01\x00"), 0}, /* a tag of more than 32 bits */
        {BYTES("\x08"), 0},                         /* no value */
        {BYTES("\x08\x80"), 0},                     /* half a value */
        {BYTES("\x88"), 0},                         /* half a tag */
        {BYTES("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), 0},
        {BYTES("\x09\x01\x02\x03\x04\x05\x06\x07"), 0},
        {BYTES("\x09"), 0},
        {BYTES("\x0d\x01\x02\x03"), 0},
        {BYTES("\x0d"), 0},
        {BYTES("\x0a"), 0},     /* no length */
        {BYTES("\x0a\x80"), 0}, /* half a length */
        {BYTES("\x0a\x01"), 0}, /* a length beyond the end */
        {BYTES("\x0a\x03zz"), 0},
        {BYTES("\x0a\xff\xff\xff\xff\x0f"), 0},
        {BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), 0},
        {BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01zz"), 0},
        {BYTES("\x0b\x08\x01\x0c"), 0}, /* a group */
        {BYTES("\x08\x05\x0c"), 1},     /* a group's end */
        {BYTES("\x0e\x00"), 0},         /* wire types that do not exist */
        {BYTES("\x0f\x00"), 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy = malloc(cases[i].n);
        struct gsp__pb_reader r;
        struct gsp__pb_field f;
        int n = 0;

        assert_non_null(copy);
        memcpy(copy, cases[i].bytes, cases[i].n);
        r = gsp__pb_read(copy, cases[i].n);
        while (gsp__pb_next(&r, &f))
            n++;
        if (!r.is_bad || n != cases[i].n_good)
            fail_msg("case %zu: bad is %d after %d fields", i, r.is_bad, n);
        assert_false(gsp__pb_next(&r, &f)); /* and it stays bad */
        assert_true(r.p <= r.end);
        free(copy);
    }
}

static void cut_messages_are_bad_unless_between_fields(void **state)
{
    static const size_t ends[] = {0, 11, 20, 25, 34, 36, 46, 52};

    (void)state;
    for (size_t n = 0, next = 0; n < sizeof everything; n++) {
        char *copy = malloc(n + 1);
        struct gsp__pb_reader r;
        struct gsp__pb_field f;
        size_t n_fields = 0;

        assert_non_null(copy);
        memcpy(copy + 1, everything, n);
        r = gsp__pb_read(copy + 1, n);
        while (gsp__pb_next(&r, &f))
            n_fields++;
        if (n == ends[next]) {
            assert_false(r.is_bad);
            assert_int_equal(n_fields, next);
            next++;
        } else {
            assert_true(r.is_bad);
            assert_int_equal(n_fields, next - 1);
        }
        free(copy);
    }
}

static void random_bytes_never_lead_outside(void **state)
{
    uint64_t seed = test_seed();

    (void)state;
    for (int i = 0; i < 20000; i++) {
        size_t n = gsp__random_next(&seed) % 40;
        uint8_t *bytes = malloc(n + 1);
        struct gsp__pb_reader r;
        struct gsp__pb_field f;

        assert_non_null(bytes);
        for (size_t k = 0; k <= n; k++)
            bytes[k] = (uint8_t)gsp__random_next(&seed) & (gsp__random_next(&seed) & 1 ? 0x7f : 0xff);
        r = gsp__pb_read(bytes + 1, n);
        while (gsp__pb_next(&r, &f)) {
            assert_in_range(f.number, 1, 0x1fffffff);
            if (f.type == GSP__PB_BYTES)
                assert_true(f.bytes > bytes && f.n <= n && f.bytes + f.n <= bytes + 1 + n);
            else
                assert_null(f.bytes);
        }
        assert_true(r.is_bad || r.p == r.end);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_of_all_lengths),
        cmocka_unit_test(cut_varints_are_bad),
        cmocka_unit_test(longer_varints_than_needed_are_read),
        cmocka_unit_test(varints_beyond_64_bits_are_bad),
        cmocka_unit_test(what_is_written_last_stands_first),
        cmocka_unit_test(nothing_is_written_outside_the_room),
        cmocka_unit_test(bytes_of_any_length_are_copied),
        cmocka_unit_test(doubles_keep_their_bits),
        cmocka_unit_test(fields_are_read_in_turn),
        cmocka_unit_test(no_bytes_are_no_fields),
        cmocka_unit_test(bad_fields_end_the_reading),
        cmocka_unit_test(cut_messages_are_bad_unless_between_fields),
        cmocka_unit_test(random_bytes_never_lead_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
