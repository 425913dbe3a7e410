/* Reading rings that are torn, truncated, from another version, or hostile; giving records back. */
#include "support/dump.h"
#include "support/support.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/random.h"

static struct test_clock test_time;

/* A small ring of a dead process, with records of every kind; its bytes, to be spoilt by the tests. */
static char *ring_bytes;
static size_t n_ring_bytes;

static void fill(gsp_recorder *r)
{
    static char long_text[3001];
    gsp_attribute a = {.key = "custom", .type = GSP_TYPE_STRING, .value = {.s = long_text}};
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_span op = gsp_operation_start(r, "chat", NULL), at, left;

    memset(long_text, 'x', 3000);
    failure.type = GSP_ERROR_RATE_LIMIT;
    failure.message = "slow down";
    at = gsp_attempt_start(op, NULL);
    gsp_span_set_string(at, GSP_FACT_PROVIDER, "openai");
    gsp_span_end(at, GSP_OUTCOME_FAILED, &failure, 0);
    gsp_event_retry(op, 1, "rate_limit", 1000, 429, 0);
    at = gsp_attempt_start(op, NULL);
    gsp_span_set_attribute(at, &a);
    gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 5);
    gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    gsp_span_add_link(at, &(gsp_context){.trace_id = {1}, .span_id = {2}}, NULL, 0);
    gsp_span_end(at, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    left = gsp_span_start(r, "left open", NULL);
    gsp_span_add_event(left, "e", NULL, 0, 0);
}

static int set_up(void **state)
{
    gsp_recorder *r;

    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    r = test_recorder(&test_time, 64 << 10);
    fill(r);
    free(ring_bytes);
    ring_bytes = test_read_file(gsp_recorder_path(r), &n_ring_bytes);
    gsp_recorder_close(r);
    test_directory_clear();
    return 0;
}

static const char *put(const void *bytes, size_t n)
{
    static char path[600];

    snprintf(path, sizeof path, "%s/spoilt.ring", test_directory());
    test_write_file(path, bytes, n);
    return path;
}

static gsp_status open_it(const char *path, gsp_error *err)
{
    struct gsp__reader *reader;
    gsp_status status = gsp__reader_open(path, GSP__READ_DRAIN, &reader, err);

    if (status == GSP_OK)
        gsp__reader_close(reader);
    return status;
}

static void files_that_are_no_rings(void **state)
{
    gsp_error err = {0};
    char path[600];

    (void)state;
    snprintf(path, sizeof path, "%s/nowhere.ring", test_directory());
    assert_int_equal(open_it(path, &err), GSP_ERR_NOT_FOUND);
    assert_int_equal(open_it(put("", 0), &err), GSP_ERR_FORMAT);
    assert_int_equal(open_it(put("hello", 5), &err), GSP_ERR_FORMAT);
    assert_int_equal(err.offset, 5);
    snprintf(path, sizeof path, "%s/folder.ring", test_directory());
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_not_equal(open_it(path, &err), GSP_OK);
    snprintf(path, sizeof path, "%s/pipe.ring", test_directory());
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_not_equal(open_it(path, &err), GSP_OK); /* and does not wait for a writer */
    snprintf(path, sizeof path, "%s/link.ring", test_directory());
    assert_int_equal(symlink(put(ring_bytes, n_ring_bytes), path), 0);
    assert_int_not_equal(open_it(path, &err), GSP_OK);
}

static void another_version(void **state)
{
    gsp_error err = {0};
    uint32_t version = 2;

    (void)state;
    memcpy(ring_bytes + 8, &version, 4);
    assert_int_equal(open_it(put(ring_bytes, n_ring_bytes), &err), GSP_ERR_VERSION);
    assert_int_equal(err.offset, 8);
    assert_non_null(strstr(err.text, "version"));
}

static void truncated_anywhere(void **state)
{
    gsp_error err;

    (void)state;
    for (size_t n = 0; n < n_ring_bytes; n += n < 5000 ? 7 : 511)
        assert_int_equal(open_it(put(ring_bytes, n), &err), GSP_ERR_FORMAT);
    assert_int_equal(open_it(put(ring_bytes, n_ring_bytes), &err), GSP_OK);
}

/* A header that claims what the file does not have, with a good checksum. */
static void a_lying_header(void **state)
{
    static const struct {
        size_t offset;
        uint32_t value;
    } lies[] = {{12, 8192}, {24, 0},          {24, 0xffffffff}, {24, 1000000},
                {28, 77},   {28, 0xffffffff}, {68, 0xffffffff}, {68, 3585}};
    gsp_error err;

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        char *copy = malloc(n_ring_bytes);
        uint64_t sum;

        memcpy(copy, ring_bytes, n_ring_bytes);
        memcpy(copy + lies[i].offset, &lies[i].value, 4);
        sum = gsp__fnv1a(GSP__FNV_INIT, copy, GSP__RING_SUM_BYTES);
        memcpy(copy + GSP__RING_SUM_BYTES, &sum, 8);
        assert_int_equal(open_it(put(copy, n_ring_bytes), &err), GSP_ERR_FORMAT);
        free(copy);
    }
}

/* Look at everything there is to look at, as a drainer would, and give it all back. */
struct visit {
    struct gsp__reader *reader;
    struct gsp__arena arena;
    struct gsp__record_ref refs[256];
    int n;
};

static bool collect(void *self, const struct gsp__record_ref *ref)
{
    struct visit *v = self;

    v->refs[v->n++] = *ref;
    return v->n < 256;
}

static volatile size_t sum; /* so that every byte is read */

static void look_at(struct gsp__entries entries)
{
    struct gsp__entry_view e;
    struct gsp__event_view event;
    struct gsp__link_view link;

    while (gsp__entries_next(&entries, &e)) {
        const uint8_t *p = e.payload;
        uint32_t n = e.n_payload, n_string;
        const char *string;

        for (uint32_t i = 0; i < n; i++)
            sum += p[i];
        if (e.kind == GSP__ENTRY_STRINGS)
            while (gsp__strings_next(&p, &n, &string, &n_string))
                for (uint32_t i = 0; i < n_string; i++)
                    sum += (size_t)string[i];
        if (e.kind == GSP__ENTRY_EVENT && gsp__entry_event(&e, &event))
            look_at(event.attributes);
        if (e.kind == GSP__ENTRY_LINK && gsp__entry_link(&e, &link))
            look_at(link.attributes);
    }
}

static void drain(const char *path)
{
    static struct visit v;
    gsp_error err;

    if (gsp__reader_open(path, GSP__READ_DRAIN, &v.reader, &err) != GSP_OK)
        return;
    v.n = 0;
    if (!v.arena.base)
        assert_true(gsp__arena_init(&v.arena, 1 << 20));
    gsp__reader_adopt(v.reader);
    gsp__reader_scan(v.reader, collect, &v);
    for (int i = 0; i < v.n; i++) {
        struct gsp__snapshot s;

        gsp__arena_reset(&v.arena);
        if (gsp__reader_snapshot(v.reader, &v.refs[i], &v.arena, &s) == GSP__SNAPSHOT_OK)
            look_at((struct gsp__entries){s.entries, s.n_entries});
        gsp__reader_mark_folded(v.reader, &v.refs[i]);
        gsp__reader_release(v.reader, &v.refs[i]);
    }
    v.n = 0;
    gsp__reader_scan(v.reader, collect, &v);
    assert_int_equal(v.n, 0); /* torn or not, everything is given back */
    gsp__reader_close(v.reader);
}

/* Every byte of a small ring, flipped: no crash, no hang, no read outside (the sanitizers watch). */
static void every_byte_flipped(void **state)
{
    struct gsp__ring_shape shape;
    const char *path = put(ring_bytes, n_ring_bytes);
    uint32_t n_chunks;
    int fd = open(path, O_RDWR);
    size_t used;

    (void)state;
    memcpy(&n_chunks, ring_bytes + 24, 4);
    shape = gsp__ring_shape(n_chunks, 0);
    used = (size_t)shape.chunks_at + 9 * GSP__CHUNK_BYTES; /* the chunks that were taken */
    assert_true(used < n_ring_bytes);
    for (size_t i = 0; i < used; i++) {
        char flipped = (char)~ring_bytes[i];

        assert_int_equal(pwrite(fd, ring_bytes, used, 0), used);
        assert_int_equal(pwrite(fd, &flipped, 1, (off_t)i), 1);
        drain(path);
    }
    close(fd);
}

static void random_bytes_anywhere(void **state)
{
    const char *path = put(ring_bytes, n_ring_bytes);
    uint64_t seed = test_seed();
    int fd = open(path, O_RDWR);

    (void)state;
    for (int round = 0; round < 3000; round++) {
        assert_int_equal(pwrite(fd, ring_bytes, n_ring_bytes, 0), n_ring_bytes);
        for (int k = 0; k < 1 + round % 40; k++) {
            uint64_t at = gsp__random_next(&seed), value = gsp__random_next(&seed);
            size_t where =
                GSP__RING_HEADER_BYTES + (size_t)(at % (n_ring_bytes - GSP__RING_HEADER_BYTES - 8));

            /* small numbers are what links, lengths and kinds are made of */
            if (value & 1)
                value = value >> 8 & 0xff;
            assert_int_equal(pwrite(fd, &value, 4, (off_t)(where & ~(size_t)3)), 4);
        }
        drain(path);
    }
    close(fd);
}

static void torn_records_are_counted_not_followed(void **state)
{
    struct gsp__ring_shape shape;
    struct gsp__reader *reader;
    struct gsp__snapshot snapshots[8];
    struct gsp__arena arena;
    struct gsp__head head;
    uint32_t n_chunks;

    (void)state;
    memcpy(&n_chunks, ring_bytes + 24, 4);
    shape = gsp__ring_shape(n_chunks, 0);
    memcpy((void *)&head, ring_bytes + shape.chunks_at + 2 * GSP__CHUNK_BYTES, sizeof head);
    assert_int_equal(head.kind, GSP__RECORD_ATTEMPT);
    assert_true(head.next != 0);
    head.next = 1; /* a chain that leads into another record */
    memcpy(ring_bytes + shape.chunks_at + 2 * GSP__CHUNK_BYTES, (void *)&head, sizeof head);
    assert_true(gsp__arena_init(&arena, 1 << 20));
    reader = test_reader(put(ring_bytes, n_ring_bytes), GSP__READ_DRAIN);
    assert_int_equal(test_snapshots(reader, &arena, snapshots, 8), 3);
    assert_int_equal(reader->n_torn, 1);
    gsp__reader_close(reader);
    gsp__arena_deinit(&arena);
}

/* A drainer that was killed at any point of giving a record back: the next one finishes. */
static void adoption_finishes_what_was_begun(void **state)
{
    struct gsp__ring_shape shape;
    uint32_t n_chunks;

    (void)state;
    memcpy(&n_chunks, ring_bytes + 24, 4);
    shape = gsp__ring_shape(n_chunks, 0);
    for (int n_given = 0; n_given <= 4; n_given++) {
        char *copy = malloc(n_ring_bytes);
        uint64_t *words = (uint64_t *)(void *)(copy + shape.words_at);
        uint64_t *bitmap = (uint64_t *)(void *)(copy + shape.bitmap_at);
        struct gsp__reader *reader;
        uint32_t n_free = 0, n_bits = 0, next = 0;
        const char *path;

        memcpy(copy, ring_bytes, n_ring_bytes);
        words[2] = gsp__word(gsp__word_generation(words[2]), GSP__CHUNK_FREEING);
        memcpy(&next, copy + shape.chunks_at + 2 * GSP__CHUNK_BYTES + 4, 4);
        for (int i = 0; i < n_given && next; i++) {
            uint32_t index = next - 1;

            memcpy(&next, copy + shape.chunks_at + index * GSP__CHUNK_BYTES + 4, 4);
            words[index] = gsp__word(gsp__word_generation(words[index]), GSP__CHUNK_FREE);
            if (i + 1 < n_given) /* killed before the last bit was set */
                bitmap[index / 64] |= (uint64_t)1 << (index % 64);
        }
        if (n_given == 4) /* killed after its own word, before its bit */
            words[2] = gsp__word(gsp__word_generation(words[2]), GSP__CHUNK_FREE);
        path = put(copy, n_ring_bytes);
        reader = test_reader(path, GSP__READ_DRAIN);
        gsp__reader_adopt(reader);
        assert_int_equal(test_count_records(path), 3);
        for (uint32_t i = 0; i < n_chunks; i++) {
            n_free += gsp__word_state(gsp__pool_word(&reader->map.facts, i)) == GSP__CHUNK_FREE;
            n_bits += reader->map.facts.bitmap[i / 64] >> (i % 64) & 1;
        }
        assert_int_equal(n_free, n_chunks - 3); /* operation, first attempt, the one left open */
        assert_int_equal(n_bits, n_free);
        gsp__reader_close(reader);
        free(copy);
    }
}

static void giving_back_makes_room(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    struct gsp__reader *reader = test_reader(gsp_recorder_path(r), GSP__READ_DRAIN);

    (void)state;
    for (int i = 0; i < 5000; i++) {
        fill(r);
        test_release_ended(reader);
        if (i % 8 == 7) { /* what was left open */
            gsp_recorder_close(r);
            gsp__reader_close(reader);
            test_directory_clear();
            r = test_recorder(NULL, 64 << 10);
            reader = test_reader(gsp_recorder_path(r), GSP__READ_DRAIN);
        }
        assert_int_equal(gsp_recorder_loss(r, GSP_LOSS_NO_CHUNK), 0);
        assert_int_equal(gsp_recorder_loss(r, GSP_LOSS_RECORD_FULL), 0);
    }
    gsp__reader_close(reader);
    gsp_recorder_close(r);
}

static void a_stale_ref_gives_nothing_back(void **state)
{
    gsp_recorder *r = test_recorder(NULL, 64 << 10);
    struct gsp__reader *reader = test_reader(gsp_recorder_path(r), GSP__READ_DRAIN);
    struct gsp__snapshot s;
    struct gsp__arena arena;

    (void)state;
    assert_true(gsp__arena_init(&arena, 1 << 16));
    gsp_span_end(gsp_span_start(r, "one", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(test_snapshots(reader, &arena, &s, 1), 1);
    gsp__reader_release(reader, &s.ref);
    gsp_span_start(r, "two", NULL); /* the same chunk again */
    gsp__reader_release(reader, &s.ref);
    gsp__reader_mark_folded(reader, &s.ref);
    assert_int_equal(gsp__reader_snapshot(reader, &s.ref, &arena, &s), GSP__SNAPSHOT_GONE);
    assert_string_equal(test_dump_record(gsp_recorder_path(r), 0), "span: span_name=\"two\" | open");
    gsp__reader_close(reader);
    gsp__arena_deinit(&arena);
    gsp_recorder_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(files_that_are_no_rings, set_up),
        cmocka_unit_test_setup(another_version, set_up),
        cmocka_unit_test_setup(truncated_anywhere, set_up),
        cmocka_unit_test_setup(a_lying_header, set_up),
        cmocka_unit_test_setup(every_byte_flipped, set_up),
        cmocka_unit_test_setup(random_bytes_anywhere, set_up),
        cmocka_unit_test_setup(torn_records_are_counted_not_followed, set_up),
        cmocka_unit_test_setup(adoption_finishes_what_was_begun, set_up),
        cmocka_unit_test_setup(giving_back_makes_room, set_up),
        cmocka_unit_test_setup(a_stale_ref_gives_nothing_back, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
