/*
 * Exporting: from records in the ring to OTLP bytes. What a drainer does for each call, less the sending.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derive/assemble.h"
#include "derive/metrics.h"
#include "derive/spans.h"
#include "otlp/encode_json.h"
#include "otlp/encode_protobuf.h"

#define BATCHES 400
#define SPANS   512
#define BANK    ((size_t)4 << 20)

struct exporting {
    struct gsp__reader *reader;
    struct gsp__assembler assembler;
    struct gsp__arena arena;
    struct gsp__span_policy policy;
    struct gsp__bank bank;
    uint8_t *room;
    size_t room_size;
    size_t n_bytes;
    uint32_t n_spans;
};

/* Assemble, derive and encode everything in the ring. */
static void export_all(struct exporting *e, bool folds)
{
    struct gsp__pb_writer w;

    gsp__pb_write_init(&w, e->room, e->room_size);
    gsp__assembler_scan(&e->assembler, e->reader);
    e->n_spans = 0;
    for (uint32_t i = 0; i < e->assembler.n_records; i++) {
        struct gsp__snapshot snapshots[8];
        struct gsp__call call;
        struct gsp__derived derived;
        uint32_t n = 0;

        if (!gsp__assembler_is_ready(&e->assembler, i, false, true))
            continue;
        gsp__arena_reset(&e->arena);
        for (uint32_t k = i; k != GSP__NO_REF && n < 8; k = e->assembler.records[k].next)
            if (gsp__reader_snapshot(e->reader, &e->assembler.records[k].ref, &e->arena, &snapshots[n++]) !=
                GSP__SNAPSHOT_OK)
                abort();
        if (!gsp__call_read(snapshots, n, false, &e->arena, &call))
            abort();
        if (!gsp__spans_derive(&call, &e->policy, &e->arena, &derived))
            abort();
        for (uint32_t k = derived.n_spans; k-- > 0;)
            gsp__otlp_span_pb(&w, 2, &derived.spans[k]);
        if (folds)
            gsp__metrics_fold(&e->bank, &call, true);
        e->n_spans += derived.n_spans;
    }
    if (w.is_full)
        abort();
    e->n_bytes = (size_t)(e->room + e->room_size - w.at);
}

static double time_export(struct exporting *e, bool folds)
{
    double times[BATCHES];

    for (int i = 0; i < BATCHES; i++) {
        int64_t start = bench_now();

        export_all(e, folds);
        times[i] = (double)(bench_now() - start) / e->n_spans;
    }
    return bench_median(times, BATCHES);
}

static double time_copy(size_t n, int count)
{
    char *from = malloc(n * (size_t)count), *to = malloc(n * (size_t)count);
    double times[BATCHES];

    memset(from, 'x', n * (size_t)count);
    memset(to, 'y', n * (size_t)count);
    for (int i = 0; i < BATCHES; i++) {
        int64_t start = bench_now();

        for (int k = 0; k < count; k++) {
            memcpy(to + n * (size_t)k, from + n * (size_t)k, n);
            __asm__ volatile("" ::: "memory");
        }
        times[i] = (double)(bench_now() - start) / count;
    }
    free(from);
    free(to);
    return bench_median(times, BATCHES);
}

/* A call as `genspan chat` records one: refused once, then streamed. */
static void record_call(gsp_recorder *recorder)
{
    gsp_failure refused = GSP_FAILURE_INIT;
    gsp_span op = gsp_operation_start(recorder, "chat", NULL), at;

    refused.type = GSP_ERROR_RATE_LIMIT;
    refused.message = "Rate limit reached for requests";
    at = gsp_attempt_start(op, NULL);
    gsp_span_set_int(at, GSP_FACT_HTTP_STATUS, 429);
    gsp_span_end(at, GSP_OUTCOME_FAILED, &refused, 0);
    gsp_event_retry(op, 1, "rate_limit", 1000, 429, 0);
    at = gsp_attempt_start(op, NULL);
    gsp_span_set_string(at, GSP_FACT_PROVIDER, "openai");
    gsp_span_set_string(at, GSP_FACT_REQUEST_MODEL, "gpt-4o-mini");
    gsp_span_set_string(at, GSP_FACT_RESPONSE_MODEL, "gpt-4o-mini-2024-07-18");
    gsp_span_add_string(at, GSP_FACT_REQUEST_ID, 0, "req_0123456789abcdef");
    gsp_span_add_string(at, GSP_FACT_FINISH_REASON, 0, "stop");
    gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 100);
    gsp_span_set_usage(at, GSP_USAGE_OUTPUT_TOKENS, 50);
    for (int i = 0; i < 20; i++)
        gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    gsp_stream_mark(at, GSP_MARK_TERMINAL, 0);
    gsp_stream_end(at, GSP_STREAM_FINISHED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
}

/* A streamed call of one attempt, of one of so many models. */
static void record_operation(gsp_recorder *recorder, int model)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_attempt_options target = GSP_ATTEMPT_OPTIONS_INIT;
    char name[32];
    gsp_span op, at;

    snprintf(name, sizeof name, "gpt-4o-mini-%d", model);
    o.model = target.model = name;
    o.provider = target.provider = "openai";
    target.server_address = "api.openai.com";
    target.server_port = 443;
    op = gsp_operation_start(recorder, "chat", &o);
    at = gsp_attempt_start(op, &target);
    gsp_span_set_string(at, GSP_FACT_RESPONSE_MODEL, "gpt-4o-mini-2024-07-18");
    gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 100);
    gsp_span_set_usage(at, GSP_USAGE_OUTPUT_TOKENS, 50);
    for (int i = 0; i < 20; i++)
        gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    gsp_stream_mark(at, GSP_MARK_TERMINAL, 0);
    gsp_stream_end(at, GSP_STREAM_FINISHED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
}

/* Read the calls of a ring, as a drainer does before it folds them. */
static int read_calls(struct exporting *e, struct gsp__call *calls, int max)
{
    int n_calls = 0;

    gsp__assembler_scan(&e->assembler, e->reader);
    for (uint32_t i = 0; i < e->assembler.n_records && n_calls < max; i++) {
        struct gsp__snapshot *snapshots = gsp__arena_get(&e->arena, 2 * sizeof *snapshots);
        uint32_t n = 0;

        if (!snapshots)
            abort();
        if (!gsp__assembler_is_ready(&e->assembler, i, false, true))
            continue;
        for (uint32_t k = i; k != GSP__NO_REF && n < 2; k = e->assembler.records[k].next)
            if (gsp__reader_snapshot(e->reader, &e->assembler.records[k].ref, &e->arena, &snapshots[n++]) !=
                GSP__SNAPSHOT_OK)
                abort();
        if (!gsp__call_read(snapshots, n, false, &e->arena, &calls[n_calls++]))
            abort();
    }
    return n_calls;
}

/* Folding operations of so many models: ns for one. */
static double time_fold(gsp_recorder *recorder, struct exporting *e, int n_models, bool has_exemplars)
{
    static struct gsp__call calls[1000];
    static uint8_t bank_bytes[BANK];
    double times[BATCHES];
    struct gsp__bank bank;
    uint64_t n_bytes = 0;
    int n;

    for (int i = 0; i < 1000; i++)
        record_operation(recorder, i % n_models);
    gsp__arena_reset(&e->arena);
    n = read_calls(e, calls, 1000);
    if (n != 1000 || gsp__bank_init(&bank, bank_bytes, BANK, &n_bytes, 1) != GSP_OK)
        abort();
    for (int i = 0; i < BATCHES; i++) {
        int64_t start = bench_now();

        for (int k = 0; k < n; k++)
            gsp__metrics_fold(&bank, &calls[k], has_exemplars);
        times[i] = (double)(bench_now() - start) / n;
    }
    gsp__bank_deinit(&bank);
    bench_release(recorder);
    return bench_median(times, BATCHES);
}

int main(void)
{
    gsp_recorder *recorder = bench_recorder((uint64_t)8 << 20);
    struct exporting e = {.policy = {{{&gsp__dialect_otel}, 1}, true}, .room_size = (size_t)8 << 20};
    uint64_t before, n_bank = 0;
    gsp_error err;
    double ns;

    if (gsp__bank_init(&e.bank, calloc(1, BANK), BANK, &n_bank, 1) != GSP_OK)
        return 1;
    e.room = malloc(e.room_size);
    memset(e.room, 0, e.room_size);
    if (gsp__reader_open(gsp_recorder_path(recorder), GSP__READ_ONLY, &e.reader, &err) != GSP_OK ||
        !gsp__assembler_init(&e.assembler, e.reader->map.facts.n) ||
        !gsp__arena_init(&e.arena, (size_t)16 << 20)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    printf("exporting\n");
    for (int i = 0; i < SPANS; i++)
        bench_record_span(recorder);
    time_export(&e, false);
    before = bench_allocations();
    ns = time_export(&e, false);
    bench_line("reference span: assemble, derive, encode", ns, "ns", "goal: at most 700; %zu bytes",
               e.n_bytes / e.n_spans);
    bench_line("  allocations", (double)(bench_allocations() - before), "", "goal: 0");
    bench_line("  memcpy of the same bytes", time_copy(e.n_bytes / e.n_spans, SPANS), "ns", "");
    ns = time_export(&e, true);
    bench_line("  the same and its metrics folded", ns, "ns", "");
    bench_release(recorder);
    for (int i = 0; i < SPANS; i++)
        record_call(recorder);
    ns = time_export(&e, true);
    bench_line("a retried stream: 3 spans and metrics, per span", ns, "ns", "%zu bytes",
               e.n_bytes / e.n_spans);
    bench_release(recorder);
    ns = time_fold(recorder, &e, 1, true);
    bench_line("metrics of a streamed operation folded", ns, "ns", "goal: at most 300; with exemplars");
    ns = time_fold(recorder, &e, 143, true);
    bench_line("  the same, of 143 models in turn", ns, "ns", "goal: the same; 1001 series");
    gsp__reader_close(e.reader);
    gsp_recorder_close(recorder);
    return 0;
}
