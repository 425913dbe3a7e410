/*
 * Rings for fuzzing.
 */
#include "fuzz_rings.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "derive/assemble.h"
#include "derive/spans.h"
#include "drain/ring_drain.h"
#include "drain/waterfall.h"
#include "fuzz_otlp.h"
#include "genspan/operation.h"
#include "record/record.h"

#define CHUNKS         14
#define CONTENT_CHUNKS 2
#define ARENA_BYTES    ((size_t)8 << 20)

/*
 * The sample.
 */

static int64_t sample_now(void *self)
{
    return *(int64_t *)self += 1000000;
}

static uint64_t sample_unix(void *self)
{
    return (uint64_t)1700000000 * 1000000000 + (uint64_t) * (int64_t *)self;
}

static void fill_attempt(gsp_span at)
{
    static const char *const words[] = {"one", "two", ""};
    static char long_text[2500];
    const gsp_attribute attributes[] = {
        {.key = "text", .type = GSP_TYPE_STRING, .value = {.s = long_text}},
        {.key = "number", .type = GSP_TYPE_DOUBLE, .value = {.d = 0.1}},
        {.key = "yes", .type = GSP_TYPE_BOOL, .value = {.i = 1}},
        {.key = "words", .type = GSP_TYPE_STRINGS, .value = {.strings = words}, .n_strings = 3},
    };

    memset(long_text, 'x', sizeof long_text - 1);
    for (size_t i = 0; i < GSP__COUNT_OF(attributes); i++)
        gsp_span_set_attribute(at, &attributes[i]);
    gsp_span_set_string(at, GSP_FACT_RESPONSE_MODEL, "gpt-4o-mini-2024-07-18");
    gsp_span_set_int(at, GSP_FACT_TOKENS_LIMIT, (int64_t)1 << 40);
    gsp_span_add_string(at, GSP_FACT_FINISH_REASON, 0, "stop");
    gsp_span_add_string(at, GSP_FACT_REQUEST_ID, 0, "req_1");
    gsp_span_add_string(at, GSP_FACT_REQUEST_ID, 0, "chatcmpl-1");
    gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 12);
    gsp_span_set_usage(at, GSP_USAGE_OUTPUT_TOKENS, 34);
    gsp_span_add_link(at, &(gsp_context){.trace_id = {1}, .span_id = {2}}, attributes + 1, 2);
    gsp_stream_mark(at, GSP_MARK_FIRST_BYTE, 0);
    for (int i = 0; i < 4; i++)
        gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    gsp_stream_mark(at, GSP_MARK_TERMINAL, 0);
    for (uint16_t kind = GSP_CONTENT_ROLE; kind <= GSP_CONTENT_JSON; kind++) {
        gsp_content_piece piece = {sizeof piece, GSP_CONTENT_OUTPUT, kind, 0, 1, 0, long_text, 500, 12};

        gsp_span_add_content(at, &piece);
        piece.side = GSP_CONTENT_INPUT;
        gsp_span_add_content(at, &piece);
    }
}

static void fill(gsp_recorder *r)
{
    gsp_operation_options options = GSP_OPERATION_OPTIONS_INIT;
    gsp_attempt_options target = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_span op, at, left;

    options.model = "gpt-4o-mini";
    target.provider = "openai";
    target.server_address = "api.openai.com";
    target.server_port = 443;
    failure.type = GSP_ERROR_RATE_LIMIT;
    failure.message = "slow down";
    failure.http_status = 429;
    op = gsp_operation_start(r, "chat", &options);
    at = gsp_attempt_start(op, &target);
    gsp_span_end(at, GSP_OUTCOME_FAILED, &failure, 0);
    gsp_event_retry(op, 1, "rate_limit", 1000, 429, 0);
    at = gsp_attempt_start(op, &target);
    fill_attempt(at);
    gsp_stream_end(at, GSP_STREAM_FINISHED, NULL, 0);
    gsp_event_response_received(op, "gpt-4o-mini", 12, 34, 46, NULL, 0, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    left = gsp_span_start(r, "left open", NULL);
    gsp_span_add_event(left, "e", NULL, 0, 0);
    op = gsp_operation_start(r, "embeddings", NULL);
    gsp_span_end(gsp_attempt_start(op, NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
}

/* The first chunks of a ring, as a ring. */
static uint8_t *cut_down(const uint8_t *ring, size_t *n)
{
    struct gsp__ring_header h;
    struct gsp__ring_shape from, to = gsp__ring_shape(CHUNKS, CONTENT_CHUNKS);
    uint8_t *out = calloc(1, (size_t)to.file_bytes);

    memcpy((void *)&h, ring, sizeof h);
    from = gsp__ring_shape(h.n_chunks, h.n_content_chunks);
    FUZZ_CHECK(out && from.n_chunks >= CHUNKS && from.n_content_chunks >= CONTENT_CHUNKS, "no sample");
    memcpy(out, ring, GSP__RING_HEADER_BYTES);
    memcpy(out + to.words_at, ring + from.words_at, CHUNKS * 8);
    memcpy(out + to.bitmap_at, ring + from.bitmap_at, 8);
    memcpy(out + to.chunks_at, ring + from.chunks_at, CHUNKS * GSP__CHUNK_BYTES);
    memcpy(out + to.content_words_at, ring + from.content_words_at, CONTENT_CHUNKS * 8);
    memcpy(out + to.content_bitmap_at, ring + from.content_bitmap_at, 8);
    memcpy(out + to.content_at, ring + from.content_at, CONTENT_CHUNKS * GSP__CONTENT_BYTES);
    h.n_chunks = CHUNKS;
    h.n_content_chunks = CONTENT_CHUNKS;
    h.file_bytes = to.file_bytes;
    h.pid = 1;
    memset(h.ring_id, 7, sizeof h.ring_id);
    memset(h.family_id, 7, sizeof h.family_id);
    memcpy(out, (void *)&h, sizeof h);
    *n = (size_t)to.file_bytes;
    fuzz_ring_seal(out, *n);
    return out;
}

const uint8_t *fuzz_sample_ring(size_t *n)
{
    static uint8_t *sample;
    static size_t n_sample;

    if (!sample) {
        static int64_t now_ns = 1000000000;
        gsp_clock clock = {sizeof clock, 0, sample_now, sample_unix, &now_ns};
        gsp_recorder_options options = GSP_RECORDER_OPTIONS_INIT;
        gsp_recorder *r;
        gsp_error err = {0};
        char path[512];
        uint8_t *whole;

        options.directory = fuzz_directory();
        options.ring_bytes = 128 << 10;
        options.content_bytes = 64 << 10;
        options.capture = "SPAN_ONLY";
        options.service_name = "fuzz";
        options.clock = &clock;
        options.seed = 1;
        FUZZ_CHECK(gsp_recorder_open(&options, &r, &err) == GSP_OK, "%s", err.text);
        fill(r);
        snprintf(path, sizeof path, "%s", gsp_recorder_path(r));
        whole = fuzz_read_file(path, &n_sample); /* with what is still open */
        FUZZ_CHECK(whole, "the sample is gone");
        gsp_recorder_close(r);
        unlink(path);
        sample = cut_down(whole, &n_sample);
        free(whole);
    }
    *n = n_sample;
    return sample;
}

size_t fuzz_sample_chunks_at(void)
{
    return (size_t)gsp__ring_shape(CHUNKS, CONTENT_CHUNKS).chunks_at;
}

void fuzz_ring_seal(uint8_t *ring, size_t n)
{
    struct gsp__ring_header h;
    uint64_t sum;

    if (n < GSP__RING_HEADER_BYTES)
        return;
    memcpy((void *)&h, ring, sizeof h);
    sum = gsp__fnv1a(GSP__FNV_INIT, ring, GSP__RING_SUM_BYTES);
    if (h.resource_bytes <= GSP__RING_RESOURCE_MAX)
        sum = gsp__fnv1a(sum, ring + GSP__RING_RESOURCE_AT, h.resource_bytes);
    memcpy(ring + GSP__RING_SUM_BYTES, &sum, sizeof sum);
}

uint8_t *fuzz_ring_repair(const uint8_t *bytes, size_t n, size_t *n_out)
{
    struct gsp__ring_header h = {0};
    struct gsp__ring_shape shape;
    uint8_t *out;

    memcpy((void *)&h, bytes, n < sizeof h ? n : sizeof h);
    memcpy(h.magic, GSP__RING_MAGIC, sizeof h.magic);
    h.version = GSP__RING_VERSION;
    h.header_bytes = GSP__RING_HEADER_BYTES;
    h.n_chunks = 1 + h.n_chunks % 15;
    h.n_content_chunks %= 4;
    h.resource_bytes %= GSP__RING_RESOURCE_MAX + 1;
    shape = gsp__ring_shape(h.n_chunks, h.n_content_chunks);
    h.file_bytes = shape.file_bytes;
    out = calloc(1, (size_t)shape.file_bytes);
    FUZZ_CHECK(out, "no memory");
    memcpy(out, bytes, n < shape.file_bytes ? n : (size_t)shape.file_bytes);
    memcpy(out, (void *)&h, sizeof h);
    *n_out = (size_t)shape.file_bytes;
    fuzz_ring_seal(out, *n_out);
    return out;
}

/*
 * Looking.
 */

static volatile unsigned sum; /* so that every byte is read */

static void read_bytes(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < n; i++)
        sum += p[i];
}

static void read_entries(struct gsp__entries entries, struct gsp__reader *reader,
                         const struct gsp__record_ref *ref, struct gsp__arena *arena)
{
    struct gsp__entry_view e;
    struct gsp__event_view event;
    struct gsp__link_view link;

    while (gsp__entries_next(&entries, &e)) {
        const uint8_t *p = e.payload;
        uint32_t n = e.n_payload, n_string;
        const char *string;

        read_bytes(p, n);
        if (e.fact == 0 && e.kind < GSP__ENTRY_EVENT)
            read_bytes(e.key, e.n_key);
        if (e.kind == GSP__ENTRY_STRINGS)
            while (gsp__strings_next(&p, &n, &string, &n_string))
                read_bytes(string, n_string);
        if (e.kind == GSP__ENTRY_EVENT && gsp__entry_event(&e, &event))
            read_entries(event.attributes, reader, ref, arena);
        if (e.kind == GSP__ENTRY_LINK && gsp__entry_link(&e, &link))
            read_entries(link.attributes, reader, ref, arena);
    }
}

/* A terminal must not be moved by what a hostile ring holds. */
static void check_picture(const struct gsp__call *call)
{
    for (int is_utf8 = 0; is_utf8 < 2; is_utf8++) {
        struct gsp__waterfall_style style = {is_utf8 ? 60 : 120, is_utf8, false};
        struct gsp__buffer picture = {0};

        gsp__waterfall(&picture, call, &style);
        for (size_t i = 0; i < picture.n; i++) {
            unsigned char c = (unsigned char)picture.data[i];

            FUZZ_CHECK(c == '\n' || (c >= ' ' && c != 0x7f && (is_utf8 || c < 0x80)),
                       "byte 0x%02x in a picture", c);
        }
        gsp__buffer_deinit(&picture);
    }
}

/* What a backend would be sent must be OTLP. */
static void check_spans(const struct gsp__span_data *spans, uint32_t n, const struct gsp__resource *resource)
{
    struct gsp__scope_spans scope = {.scope = {.name = GSP__STRING("genspan"), .version = GSP__STRING("0")},
                                     .schema_url = GSP__STRING(""),
                                     .spans = spans,
                                     .n_spans = n};
    struct gsp__resource_spans of_ring = {*resource, GSP__STRING(""), &scope, 1};
    union fuzz_model model = {.traces = {&of_ring, 1}};

    for (int is_json = 0; is_json < 2; is_json++) {
        struct gsp__buffer encoded = fuzz_otlp_encode(FUZZ_TRACES, is_json, &model);

        fuzz_otlp_check_encoded(FUZZ_TRACES, is_json, encoded.data, encoded.n);
        gsp__buffer_deinit(&encoded);
    }
}

static void look_at_call(struct gsp__reader *reader, const struct gsp__assembler *a, uint32_t root,
                         const struct gsp__resource *resource, bool is_dead)
{
    static struct gsp__arena arena;
    struct gsp__snapshot snapshots[16];
    struct gsp__derived derived;
    struct gsp__span_policy policy = {{{&gsp__dialect_otel}, 1}, is_dead};
    struct gsp__call call;
    uint32_t n = 0;

    if (!arena.base)
        FUZZ_CHECK(gsp__arena_init(&arena, ARENA_BYTES), "no memory for an arena");
    gsp__arena_reset(&arena);
    for (uint32_t i = root; i != GSP__NO_REF && n < 16; i = a->records[i].next)
        if (gsp__reader_snapshot(reader, &a->records[i].ref, &arena, &snapshots[n]) == GSP__SNAPSHOT_OK)
            n++;
        else if (i == root)
            return;
    for (uint32_t i = 0; i < n; i++)
        read_entries((struct gsp__entries){snapshots[i].entries, snapshots[i].n_entries}, reader,
                     &snapshots[i].ref, &arena);
    if (!gsp__call_read(snapshots, n, is_dead, &arena, &call))
        return; /* too large for this arena */
    check_picture(&call);
    if (gsp__spans_derive(&call, &policy, &arena, &derived))
        check_spans(derived.spans, derived.n_spans, resource);
}

static bool look(const char *path)
{
    struct gsp__reader *reader;
    struct gsp__resource resource;
    struct gsp__assembler a;
    struct gsp__arena arena;
    gsp_error err = {0};

    if (gsp__reader_open(path, GSP__READ_ONLY, &reader, &err) != GSP_OK) {
        FUZZ_CHECK(err.text && *err.text, "an error without a text");
        return false;
    }
    FUZZ_CHECK(!gsp__reader_is_live(reader), "nobody writes it, and it lives");
    for (unsigned i = 0; i < GSP__RING_LOSSES; i++)
        sum += (unsigned)gsp__reader_loss(reader, i);
    FUZZ_CHECK(gsp__arena_init(&arena, (size_t)256 << 10), "no memory");
    FUZZ_CHECK(gsp__assembler_init(&a, reader->map.facts.n), "no memory");
    FUZZ_CHECK(gsp__resource_derive(reader, &arena, &resource), "a resource needs more than its arena");
    gsp__assembler_scan(&a, reader);
    for (uint32_t i = 0; i < a.n_records; i++)
        for (int is_dead = 0; is_dead < 2; is_dead++)
            if (gsp__assembler_is_ready(&a, i, is_dead, i % 2))
                look_at_call(reader, &a, i, &resource, is_dead);
    gsp__assembler_deinit(&a);
    gsp__arena_deinit(&arena);
    gsp__reader_close(reader);
    return true;
}

/*
 * Draining.
 */

static struct gsp__drain_config config;

static struct gsp__batch *batch_for_memory(void)
{
    static struct gsp__batch *batch;
    gsp_error err = {0};

    if (!batch) {
        config.signals[GSP_SIGNAL_TRACES].exporters = GSP__EXPORT_MEMORY;
        config.signals[GSP_SIGNAL_METRICS].exporters = GSP__EXPORT_MEMORY;
        config.signals[GSP_SIGNAL_LOGS].exporters = GSP__EXPORT_MEMORY;
        batch = calloc(1, sizeof *batch);
        FUZZ_CHECK(batch && gsp__batch_init(batch, &config, &err) == GSP_OK, "no batch");
    }
    return batch;
}

static void check_held(struct gsp__batch *batch, gsp_signal signal)
{
    static const enum fuzz_signal signals[GSP__SIGNALS] = {FUZZ_TRACES, FUZZ_METRICS, FUZZ_LOGS};
    void *bytes;
    size_t n;

    FUZZ_CHECK(gsp__exporter_memory_take(batch->exporters[0], signal, &bytes, &n) == GSP_OK, "no memory");
    fuzz_otlp_check_encoded(signals[signal], false, bytes, n);
    free(bytes);
}

static void drain(const char *path)
{
    struct gsp__batch *batch = batch_for_memory();
    struct gsp__drain_report report = {0};
    struct gsp__ring_drain *ring;
    bool is_empty = false;
    uint32_t n_ended;
    unsigned percent;
    gsp_error err = {0};

    FUZZ_CHECK(gsp__ring_drain_open(path, &ring, &err) == GSP_OK, "readable, but not to be drained: %s",
               err.text);
    gsp__ring_drain_count(ring, &n_ended, &percent);
    FUZZ_CHECK(percent <= 100 && n_ended <= ring->reader->map.facts.n, "a count of %u", n_ended);
    for (int i = 0; !is_empty; i++) {
        FUZZ_CHECK(i < 100, "records that are never given back");
        FUZZ_CHECK(gsp__ring_drain_pass(ring, batch, 3, i > 0, &is_empty, &report) != GSP__PASS_WAIT,
                   "waits for memory");
    }
    check_held(batch, GSP_SIGNAL_TRACES);
    check_held(batch, GSP_SIGNAL_LOGS);
    for (int i = 0; i < 3; i++) { /* as they stand; as deltas; and again, when there are none */
        config.is_delta = i > 0;
        FUZZ_CHECK(gsp__ring_drain_metrics(ring, batch, true), "no metrics");
        check_held(batch, GSP_SIGNAL_METRICS);
    }
    gsp__ring_drain_close(ring, false);
}

void fuzz_ring_use(const uint8_t *ring, size_t n, const uint8_t *fold, size_t n_fold)
{
    const char *path = fuzz_path("fuzz.ring"), *fold_path = fuzz_path("fuzz.fold");

    fuzz_write_file(path, ring, n);
    if (fold)
        fuzz_write_file(fold_path, fold, n_fold);
    else
        unlink(fold_path);
    if (look(path))
        drain(path);
}

const uint8_t *fuzz_sample_fold(size_t *n)
{
    static uint8_t *sample;
    static size_t n_sample;

    if (!sample) {
        const char *path = fuzz_path("fuzz.ring"), *fold_path = fuzz_path("fuzz.fold");
        struct gsp__drain_report report = {0};
        struct gsp__ring_drain *ring;
        const uint8_t *bytes = fuzz_sample_ring(n);
        bool is_empty;

        fuzz_write_file(path, bytes, *n);
        unlink(fold_path);
        FUZZ_CHECK(gsp__ring_drain_open(path, &ring, NULL) == GSP_OK, "the sample cannot be drained");
        gsp__ring_drain_pass(ring, batch_for_memory(), 1, true, &is_empty, &report);
        sample = fuzz_read_file(fold_path, &n_sample);
        FUZZ_CHECK(sample, "there is no fold");
        gsp__ring_drain_close(ring, false);
    }
    *n = n_sample;
    return sample;
}
