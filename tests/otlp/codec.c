/*
 * Checks of encoding and decoding that the signals share.
 */
#include "otlp/codec.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "otlp/decode.h"
#include "otlp/encode_json.h"
#include "otlp/encode_protobuf.h"
#include "otlp/random_model.h"
#include "otlp/same.h"
#include "otlp/sample.h"

/*
 * The three signals.
 */

static union test_model sample_traces(void)
{
    return (union test_model){.traces = *test_sample_traces()};
}

static union test_model sample_metrics(void)
{
    return (union test_model){.metrics = *test_sample_metrics()};
}

static union test_model sample_logs(void)
{
    return (union test_model){.logs = *test_sample_logs()};
}

static union test_model random_traces(uint64_t *seed, struct gsp__arena *arena)
{
    return (union test_model){.traces = test_random_traces(seed, arena)};
}

static union test_model random_metrics(uint64_t *seed, struct gsp__arena *arena)
{
    return (union test_model){.metrics = test_random_metrics(seed, arena)};
}

static union test_model random_logs(uint64_t *seed, struct gsp__arena *arena)
{
    return (union test_model){.logs = test_random_logs(seed, arena)};
}

static void traces_to_pb(struct gsp__pb_writer *w, const union test_model *m)
{
    gsp__otlp_traces_pb(w, &m->traces);
}

static void metrics_to_pb(struct gsp__pb_writer *w, const union test_model *m)
{
    gsp__otlp_metrics_pb(w, &m->metrics);
}

static void logs_to_pb(struct gsp__pb_writer *w, const union test_model *m)
{
    gsp__otlp_logs_pb(w, &m->logs);
}

static void traces_to_json(struct gsp__buffer *b, const union test_model *m)
{
    gsp__otlp_traces_json(b, &m->traces);
}

static void metrics_to_json(struct gsp__buffer *b, const union test_model *m)
{
    gsp__otlp_metrics_json(b, &m->metrics);
}

static void logs_to_json(struct gsp__buffer *b, const union test_model *m)
{
    gsp__otlp_logs_json(b, &m->logs);
}

static gsp_status traces_from_pb(const void *bytes, size_t n, struct gsp__arena *arena, union test_model *out,
                                 gsp_error *err)
{
    return gsp__otlp_traces_from_pb(bytes, n, arena, &out->traces, err);
}

static gsp_status metrics_from_pb(const void *bytes, size_t n, struct gsp__arena *arena,
                                  union test_model *out, gsp_error *err)
{
    return gsp__otlp_metrics_from_pb(bytes, n, arena, &out->metrics, err);
}

static gsp_status logs_from_pb(const void *bytes, size_t n, struct gsp__arena *arena, union test_model *out,
                               gsp_error *err)
{
    return gsp__otlp_logs_from_pb(bytes, n, arena, &out->logs, err);
}

static gsp_status traces_from_json(const char *text, size_t n, struct gsp__arena *arena,
                                   union test_model *out, gsp_error *err)
{
    return gsp__otlp_traces_from_json(text, n, arena, &out->traces, err);
}

static gsp_status metrics_from_json(const char *text, size_t n, struct gsp__arena *arena,
                                    union test_model *out, gsp_error *err)
{
    return gsp__otlp_metrics_from_json(text, n, arena, &out->metrics, err);
}

static gsp_status logs_from_json(const char *text, size_t n, struct gsp__arena *arena, union test_model *out,
                                 gsp_error *err)
{
    return gsp__otlp_logs_from_json(text, n, arena, &out->logs, err);
}

static const char *traces_difference(const union test_model *a, const union test_model *b)
{
    return test_traces_difference(&a->traces, &b->traces);
}

static const char *metrics_difference(const union test_model *a, const union test_model *b)
{
    return test_metrics_difference(&a->metrics, &b->metrics);
}

static const char *logs_difference(const union test_model *a, const union test_model *b)
{
    return test_logs_difference(&a->logs, &b->logs);
}

const struct test_signal test_traces_signal = {
    sample_traces,  random_traces,    traces_to_pb,      traces_to_json,
    traces_from_pb, traces_from_json, traces_difference,
};

const struct test_signal test_metrics_signal = {
    sample_metrics,  random_metrics,    metrics_to_pb,      metrics_to_json,
    metrics_from_pb, metrics_from_json, metrics_difference,
};

const struct test_signal test_logs_signal = {
    sample_logs, random_logs, logs_to_pb, logs_to_json, logs_from_pb, logs_from_json, logs_difference,
};

/*
 * Helpers.
 */

#define ROOM ((size_t)1 << 20)

static struct gsp__arena new_arena(size_t cap)
{
    struct gsp__arena arena;

    assert_true(gsp__arena_init(&arena, cap));
    return arena;
}

static void *copy_of(const void *bytes, size_t n)
{
    void *p = malloc(n);

    assert_true(p || n == 0);
    if (n)
        memcpy(p, bytes, n);
    return p;
}

uint8_t *test_to_pb(const struct test_signal *s, const union test_model *m, size_t *n)
{
    static uint8_t room[ROOM];
    struct gsp__pb_writer w;

    gsp__pb_write_init(&w, room, ROOM);
    s->to_pb(&w, m);
    assert_false(w.is_full);
    *n = (size_t)(room + ROOM - w.at);
    return copy_of(w.at, *n);
}

char *test_to_json(const struct test_signal *s, const union test_model *m)
{
    struct gsp__buffer b = {0};

    s->to_json(&b, m);
    gsp__buffer_add_char(&b, 0);
    assert_false(b.failed);
    assert_int_equal(strlen(b.data), b.n - 1); /* NULs are escaped */
    return b.data;
}

uint8_t *test_wrap(const uint32_t *fields, size_t n_fields, const void *bytes, size_t *n)
{
    size_t size = *n + n_fields * 16;
    uint8_t *room = malloc(size), *out;
    struct gsp__pb_writer w;

    assert_non_null(room);
    gsp__pb_write_init(&w, room, size);
    w.at -= *n;
    memcpy(w.at, bytes, *n);
    for (size_t i = n_fields; i-- > 0;)
        gsp__pb_message(&w, fields[i], room + size);
    *n = (size_t)(room + size - w.at);
    out = copy_of(w.at, *n);
    free(room);
    return out;
}

static gsp_status decode(const struct test_signal *s, bool is_json, const void *bytes, size_t n,
                         struct gsp__arena *arena, union test_model *out, gsp_error *err)
{
    return is_json ? s->from_json(bytes, n, arena, out, err) : s->from_pb(bytes, n, arena, out, err);
}

/* Decode from a copy of exactly n bytes. A failure must say what it is and leave the output alone. */
static gsp_status try(const struct test_signal *s, bool is_json, const void *bytes, size_t n,
                      struct gsp__arena *arena)
{
    void *copy = copy_of(bytes, n);
    union test_model model, before;
    gsp_error err = {0};
    gsp_status status;

    memset(&model, 0xaa, sizeof model);
    memset(&before, 0xaa, sizeof before);
    status = decode(s, is_json, copy, n, arena, &model, &err);
    if (status == GSP_OK) {
        assert_int_equal(err.code, 0);
    } else {
        assert_int_equal(err.code, status);
        assert_non_null(err.text);
        assert_true(err.offset <= n);
        assert_memory_equal(&model, &before, sizeof model);
    }
    free(copy);
    return status;
}

void test_refused(const struct test_signal *s, bool is_json, const void *bytes, size_t n, gsp_status expected)
{
    struct gsp__arena arena = new_arena(n * 128 + 1024);
    gsp_status status = try(s, is_json, bytes, n, &arena);

    if (status != expected)
        fail_msg("%s, not %s: %.*s", gsp_status_name(status), gsp_status_name(expected),
                 is_json ? (int)(n < 2000 ? n : 2000) : 0, (const char *)bytes);
    gsp__arena_deinit(&arena);
}

char *test_json_again(const struct test_signal *s, bool is_json, const void *bytes, size_t n)
{
    struct gsp__arena arena = new_arena(ROOM);
    void *copy = copy_of(bytes, n);
    union test_model model;
    gsp_error err = {0};
    char *text;

    if (decode(s, is_json, copy, n, &arena, &model, &err) != GSP_OK)
        fail_msg("%s at %llu: %.*s", err.text, (unsigned long long)err.offset, is_json ? (int)n : 0,
                 (const char *)bytes);
    text = test_to_json(s, &model);
    free(copy);
    gsp__arena_deinit(&arena);
    return text;
}

/*
 * There and back.
 */

static void survives(const struct test_signal *s, const union test_model *m)
{
    struct gsp__arena arena = new_arena(2 * ROOM);
    union test_model from_pb, from_json;
    size_t n, n_again;
    uint8_t *pb = test_to_pb(s, m, &n), *pb_again;
    char *json = test_to_json(s, m), *json_again;
    gsp_error err = {0};
    const char *difference;

    if (s->from_pb(pb, n, &arena, &from_pb, &err) != GSP_OK)
        fail_msg("protobuf: %s at %llu", err.text, (unsigned long long)err.offset);
    if ((difference = s->difference(m, &from_pb)))
        fail_msg("protobuf: %s", difference);
    json_again = test_to_json(s, &from_pb);
    assert_string_equal(json_again, json);

    if (s->from_json(json_again, strlen(json_again), &arena, &from_json, &err) != GSP_OK)
        fail_msg("JSON: %s at %llu", err.text, (unsigned long long)err.offset);
    if ((difference = s->difference(m, &from_json)))
        fail_msg("JSON: %s", difference);
    pb_again = test_to_pb(s, &from_json, &n_again);
    assert_int_equal(n_again, n);
    assert_memory_equal(pb_again, pb, n);
    free(pb);
    free(pb_again);
    free(json);
    free(json_again);
    gsp__arena_deinit(&arena);
}

void codec_the_sample_survives(void **state)
{
    const struct test_signal *s = *state;
    union test_model sample = s->sample();

    survives(s, &sample);
}

void codec_any_model_survives(void **state)
{
    const struct test_signal *s = *state;
    struct gsp__arena arena = new_arena(ROOM);
    uint64_t seed = test_seed();

    for (int i = 0; i < 300; i++) {
        union test_model m = s->random(&seed, &arena);

        survives(s, &m);
        gsp__arena_reset(&arena);
    }
    gsp__arena_deinit(&arena);
}

void codec_nothing_at_all_is_an_empty_model(void **state)
{
    const struct test_signal *s = *state;
    struct gsp__arena arena = {0};
    union test_model none = {0}, out;
    uint8_t *pb;
    size_t n;

    assert_int_equal(s->from_pb(NULL, 0, &arena, &out, NULL), GSP_OK);
    assert_null(s->difference(&out, &none));
    assert_int_equal(s->from_json("{}", 2, &arena, &out, NULL), GSP_OK);
    assert_null(s->difference(&out, &none));
    pb = test_to_pb(s, &none, &n);
    assert_int_equal(n, 0);
    free(pb);
}

/*
 * Ceilings.
 */

void codec_a_writer_without_room_is_full(void **state)
{
    const struct test_signal *s = *state;
    union test_model sample = s->sample();
    size_t n;
    uint8_t *pb = test_to_pb(s, &sample, &n);

    for (size_t size = 0; size <= n; size++) {
        uint8_t *room = malloc(size);
        struct gsp__pb_writer w;

        gsp__pb_write_init(&w, room, size);
        s->to_pb(&w, &sample);
        assert_int_equal(w.is_full, size < n);
        assert_true(w.at >= w.start && w.at <= room + size);
        free(room);
    }
    free(pb);
}

void codec_a_buffer_at_its_ceiling_has_failed(void **state)
{
    const struct test_signal *s = *state;
    union test_model sample = s->sample();
    char *whole = test_to_json(s, &sample);
    size_t n = strlen(whole);

    for (size_t max = 1; max < n; max += 1 + max / 256) {
        struct gsp__buffer b = {.max = max};

        s->to_json(&b, &sample);
        assert_true(b.failed);
        assert_true(b.n <= max && b.cap <= max);
        gsp__buffer_deinit(&b);
    }
    free(whole);
}

static void arena_sizes(const struct test_signal *s, bool is_json, const void *bytes, size_t n, size_t step)
{
    struct gsp__arena arena = new_arena(ROOM);
    size_t needed;

    assert_int_equal(try(s, is_json, bytes, n, &arena), GSP_OK);
    needed = arena.used;
    gsp__arena_deinit(&arena);
    for (size_t cap = 0; cap < needed; cap += step) {
        arena = new_arena(cap);
        assert_int_equal(try(s, is_json, bytes, n, &arena), GSP_ERR_NO_SPACE);
        assert_true(arena.n_failed > 0);
        gsp__arena_deinit(&arena);
    }
    arena = new_arena(needed - 1);
    assert_int_equal(try(s, is_json, bytes, n, &arena), GSP_ERR_NO_SPACE);
    gsp__arena_deinit(&arena);
    arena = new_arena(needed);
    assert_int_equal(try(s, is_json, bytes, n, &arena), GSP_OK);
    gsp__arena_deinit(&arena);
}

void codec_a_small_arena_is_no_space(void **state)
{
    const struct test_signal *s = *state;
    union test_model sample = s->sample();
    size_t n;
    uint8_t *pb = test_to_pb(s, &sample, &n);
    char *json = test_to_json(s, &sample);

    arena_sizes(s, false, pb, n, 16);
    arena_sizes(s, true, json, strlen(json), 208);
    free(pb);
    free(json);
}

/*
 * Bad input.
 */

void codec_cut_protobuf_is_refused(void **state)
{
    const struct test_signal *s = *state;
    struct gsp__arena arena = new_arena(ROOM);
    union test_model sample = s->sample();
    size_t n, n_whole = 0;
    uint8_t *pb = test_to_pb(s, &sample, &n);
    struct gsp__pb_reader r = gsp__pb_read(pb, n);
    struct gsp__pb_field f;

    for (size_t cut = 0; cut <= n; cut++) {
        /* between two resources it is just a shorter list */
        bool is_between = pb + cut == r.p;

        gsp__arena_reset(&arena);
        assert_int_equal(try(s, false, pb, cut, &arena), is_between ? GSP_OK : GSP_ERR_FORMAT);
        n_whole += is_between;
        if (is_between)
            gsp__pb_next(&r, &f);
    }
    assert_int_equal(n_whole, 4); /* of 0 to 3 resources */
    free(pb);
    gsp__arena_deinit(&arena);
}

void codec_cut_json_is_refused(void **state)
{
    const struct test_signal *s = *state;
    struct gsp__arena arena = new_arena(ROOM);
    union test_model sample = s->sample();
    char *json = test_to_json(s, &sample);
    size_t n = strlen(json);
    uint64_t seed = test_seed();

    for (size_t cut = 0; cut < n; cut += 1 + gsp__random_next(&seed) % 32) {
        gsp__arena_reset(&arena);
        assert_int_equal(try(s, true, json, cut, &arena), GSP_ERR_FORMAT);
    }
    free(json);
    gsp__arena_deinit(&arena);
}

/*
 * A changed byte makes the bytes malformed, or another model, or changes nothing that is read; whichever,
 * the comparison and the encoder must agree on it.
 */
void codec_changed_protobuf_is_refused_or_another_model(void **state)
{
    const struct test_signal *s = *state;
    struct gsp__arena arena = new_arena(2 * ROOM);
    union test_model sample = s->sample(), changed;
    int n_same = 0, n_other = 0, n_refused = 0;
    size_t n, n_again;
    uint8_t *pb = test_to_pb(s, &sample, &n), *again;
    uint64_t seed = test_seed();

    for (size_t i = 0; i < 2 * n; i++) {
        uint8_t *copy = copy_of(pb, n);
        gsp_status status;

        copy[i % n] ^= (uint8_t)(1 + gsp__random_next(&seed) % 255);
        gsp__arena_reset(&arena);
        status = s->from_pb(copy, n, &arena, &changed, NULL);
        if (status == GSP_OK) {
            const char *difference = s->difference(&sample, &changed);

            again = test_to_pb(s, &changed, &n_again);
            if (n_again == n && memcmp(again, pb, n) == 0) {
                n_same++;
                assert_null(difference);
            } else {
                n_other++;
                assert_non_null(difference);
            }
            free(again);
        } else {
            n_refused++;
            assert_int_equal(status, GSP_ERR_FORMAT);
        }
        free(copy);
    }
    assert_true(n_other > 0 && n_refused > 0);
    print_message("%d refused, %d another model, %d the same\n", n_refused, n_other, n_same);
    free(pb);
    gsp__arena_deinit(&arena);
}

/* A random model's JSON, short enough to go through all its bytes. */
static char *short_json(const struct test_signal *s, uint64_t *seed)
{
    struct gsp__arena arena = new_arena(ROOM);
    char *json = NULL;
    size_t n = 0;

    while (n < 400 || n > 1000) {
        union test_model m;

        free(json);
        gsp__arena_reset(&arena);
        m = s->random(seed, &arena);
        json = test_to_json(s, &m);
        n = strlen(json);
    }
    gsp__arena_deinit(&arena);
    return json;
}

void codec_short_json_cut_anywhere_is_refused(void **state)
{
    const struct test_signal *s = *state;
    struct gsp__arena arena = new_arena(ROOM);
    uint64_t seed = test_seed();
    char *json = short_json(s, &seed);

    for (size_t cut = 0; cut < strlen(json); cut++) {
        gsp__arena_reset(&arena);
        assert_int_equal(try(s, true, json, cut, &arena), GSP_ERR_FORMAT);
    }
    gsp__arena_reset(&arena);
    assert_int_equal(try(s, true, json, strlen(json), &arena), GSP_OK);
    free(json);
    gsp__arena_deinit(&arena);
}

void codec_short_json_with_any_bit_flipped_never_crashes(void **state)
{
    const struct test_signal *s = *state;
    struct gsp__arena arena = new_arena(ROOM);
    uint64_t seed = test_seed();
    char *json = short_json(s, &seed);
    size_t n = strlen(json), n_refused = 0;

    for (size_t i = 0; i < 8 * n; i++) {
        gsp_status status;

        json[i / 8] = (char)(json[i / 8] ^ 1 << i % 8);
        gsp__arena_reset(&arena);
        status = try(s, true, json, n, &arena);
        assert_true(status == GSP_OK || status == GSP_ERR_FORMAT);
        n_refused += status != GSP_OK;
        json[i / 8] = (char)(json[i / 8] ^ 1 << i % 8);
    }
    assert_true(n_refused > n); /* the highest bit of a byte is never right alone */
    free(json);
    gsp__arena_deinit(&arena);
}

/* Also where no value is expected, and where nobody looks. */
void codec_json_nested_without_end_is_refused(void **state)
{
    static const char *const fronts[] = {
        "", "{\"unknown\":", "{\"resourceSpans\":", "{\"resourceMetrics\":", "{\"resourceLogs\":"};
    const struct test_signal *s = *state;

    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
        for (int is_object = 0; is_object < 2; is_object++) {
            struct gsp__buffer b = {0};

            gsp__buffer_add_string(&b, fronts[i]);
            for (int depth = 0; depth < 100000; depth++)
                gsp__buffer_add_string(&b, is_object ? "{\"a\":" : "[");
            assert_false(b.failed);
            test_refused(s, true, b.data, b.n, GSP_ERR_FORMAT);
            gsp__buffer_deinit(&b);
        }
}

void codec_changed_json_never_crashes(void **state)
{
    const struct test_signal *s = *state;
    static const char characters[] = "{}[]\",:0-9.eEtfn\\u\x80\xff ";
    struct gsp__arena arena = new_arena(ROOM);
    union test_model sample = s->sample();
    char *json = test_to_json(s, &sample);
    size_t n = strlen(json);
    uint64_t seed = test_seed();

    for (int i = 0; i < 600; i++) {
        char *at = json + gsp__random_next(&seed) % n, before = *at;
        gsp_status status;

        *at = characters[gsp__random_next(&seed) % (sizeof characters - 1)];
        gsp__arena_reset(&arena);
        status = try(s, true, json, n, &arena);
        assert_true(status == GSP_OK || status == GSP_ERR_FORMAT);
        *at = before;
    }
    free(json);
    gsp__arena_deinit(&arena);
}

/* jansson's memory: the n-th allocation fails, and all after it. */
static size_t n_allocations, fail_from;

static void *failing_malloc(size_t n)
{
    return n_allocations++ < fail_from ? malloc(n) : NULL;
}

int codec_restore_allocations(void **state)
{
    (void)state;
    json_set_alloc_funcs(malloc, free);
    return 0;
}

void codec_failing_allocations_never_crash(void **state)
{
    const struct test_signal *s = *state;
    struct gsp__arena arena = new_arena(ROOM);
    union test_model sample = s->sample();
    char *json = test_to_json(s, &sample);
    size_t n = strlen(json), n_failed = 0;
    gsp_status status = GSP_ERR_NO_MEMORY;

    json_set_alloc_funcs(failing_malloc, free);
    for (fail_from = 0; status != GSP_OK; fail_from += 1 + fail_from / 32) {
        n_allocations = 0;
        gsp__arena_reset(&arena);
        status = try(s, true, json, n, &arena);
        n_failed += status != GSP_OK;
        assert_int_equal(status == GSP_OK, n_allocations <= fail_from);
    }
    assert_true(n_failed > 100);
    free(json);
    gsp__arena_deinit(&arena);
}
