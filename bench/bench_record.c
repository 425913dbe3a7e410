/*
 * Recording: the reference span, chunks of a stream, two threads, memory. Through libgenspan.so, as a
 * program would.
 */
#include "bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record/layout.h"
#include "record/ring.h"

#define BATCHES 400

/* Nanoseconds per span over batches; chunks are given back between them, untimed. */
static double record_spans(gsp_recorder *recorder, int batch)
{
    double times[BATCHES];

    for (int i = 0; i < BATCHES; i++) {
        int64_t start = bench_now();

        for (int k = 0; k < batch; k++)
            bench_record_span(recorder);
        times[i] = (double)(bench_now() - start) / batch;
        bench_release(recorder);
    }
    return bench_median(times, BATCHES);
}

static double copy_bytes(size_t n, int batch)
{
    char *from = malloc(n * (size_t)batch), *to = malloc(n * (size_t)batch);
    double times[BATCHES];

    memset(from, 'x', n * (size_t)batch);
    memset(to, 'y', n * (size_t)batch);
    for (int i = 0; i < BATCHES; i++) {
        int64_t start = bench_now();

        for (int k = 0; k < batch; k++) {
            memcpy(to + n * (size_t)k, from + n * (size_t)k, n);
            __asm__ volatile("" ::: "memory");
        }
        times[i] = (double)(bench_now() - start) / batch;
    }
    free(from);
    free(to);
    return bench_median(times, BATCHES);
}

static double read_clock(void)
{
    double times[BATCHES];

    for (int i = 0; i < BATCHES; i++) {
        int64_t start = bench_now();

        for (int k = 0; k < 100; k++)
            bench_now();
        times[i] = (double)(bench_now() - start) / 101;
    }
    return bench_median(times, BATCHES);
}

static double mark_chunks(gsp_recorder *recorder, bool gives_time)
{
    gsp_span operation = gsp_operation_start(recorder, "chat", NULL);
    gsp_span attempt = gsp_attempt_start(operation, NULL);
    int64_t now = gsp_recorder_now_ns(recorder);
    double times[BATCHES];

    for (int i = 0; i < BATCHES; i++) {
        int64_t start = bench_now();

        for (int k = 0; k < 1000; k++)
            gsp_stream_mark(attempt, GSP_MARK_TEXT, gives_time ? (now += 20000) : 0);
        times[i] = (double)(bench_now() - start) / 1000;
    }
    gsp_span_end(operation, GSP_OUTCOME_COMPLETED, NULL, 0);
    return bench_median(times, BATCHES);
}

/*
 * Two threads into one ring of the default size: they start a batch together, and its time is the slower
 * one's. The ring is emptied between batches, untimed.
 */

#define THREAD_BATCH   3000
#define THREAD_BATCHES 60

struct crew {
    gsp_recorder *recorder;
    pthread_barrier_t start;
    pthread_barrier_t end;
};

static void *work(void *self)
{
    struct crew *crew = self;

    for (int i = 0; i < THREAD_BATCHES; i++) {
        pthread_barrier_wait(&crew->start);
        for (int k = 0; k < THREAD_BATCH; k++)
            bench_record_span(crew->recorder);
        pthread_barrier_wait(&crew->end);
    }
    return NULL;
}

/* Spans per second of n threads. */
static double record_in_threads(gsp_recorder *recorder, int n)
{
    struct crew crew = {.recorder = recorder};
    double times[THREAD_BATCHES];
    pthread_t threads[2];

    pthread_barrier_init(&crew.start, NULL, (unsigned)n + 1);
    pthread_barrier_init(&crew.end, NULL, (unsigned)n + 1);
    for (int i = 0; i < n; i++)
        if (pthread_create(&threads[i], NULL, work, &crew) != 0)
            abort();
    for (int i = 0; i < THREAD_BATCHES; i++) {
        int64_t start;

        pthread_barrier_wait(&crew.start);
        start = bench_now();
        pthread_barrier_wait(&crew.end);
        times[i] = (double)(bench_now() - start);
        bench_release(recorder);
    }
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&crew.start);
    pthread_barrier_destroy(&crew.end);
    return n * THREAD_BATCH / bench_median(times, THREAD_BATCHES) * 1e9;
}

static void threads(gsp_recorder *recorder)
{
    double ratios[9], one[9], two[9];
    uint64_t lost = gsp_recorder_loss(recorder, GSP_LOSS_NO_CHUNK);

    for (int i = 0; i < 9; i++) {
        one[i] = record_in_threads(recorder, 1);
        two[i] = record_in_threads(recorder, 2);
        ratios[i] = two[i] / one[i];
    }
    bench_line("one thread", bench_median(one, 9) / 1e6, "M/s", "spans");
    bench_line("two threads, one ring", bench_median(two, 9) / 1e6, "M/s", "spans");
    bench_line("  scaling, median of 9 pairs", bench_median(ratios, 9), "x", "goal: at least 1.8");
    if (gsp_recorder_loss(recorder, GSP_LOSS_NO_CHUNK) != lost)
        printf("  (spans were lost: the figures above are of less work)\n");
}

static void memory(void)
{
    static const uint64_t sizes[] = {(uint64_t)64 << 10, (uint64_t)8 << 20};
    static const char *const names[] = {"smallest ring", "default ring"};

    for (int i = 0; i < 2; i++) {
        uint32_t n_chunks, n_content;
        char note[64];

        gsp__ring_fit(sizes[i], 0, &n_chunks, &n_content);
        snprintf(note, sizeof note, "mapped: %u records of 1 KiB", n_chunks);
        bench_line(names[i], (double)gsp__ring_shape(n_chunks, 0).file_bytes / 1024, "KiB", "%s", note);
    }
}

int main(void)
{
    gsp_recorder *recorder = bench_recorder((uint64_t)8 << 20);
    uint64_t before;
    double ns;

    printf("recording\n");
    bench_line("one clock read", read_clock(), "ns", "of which the reference span needs 5");
    record_spans(recorder, 256);
    before = bench_allocations();
    ns = record_spans(recorder, 256);
    bench_line("reference span, 256 at a time (in the cache)", ns, "ns", "goal: at most 300");
    bench_line("  allocations after open", (double)(bench_allocations() - before), "", "goal: 0");
    bench_line("  memcpy of the same bytes", copy_bytes(GSP__CHUNK_BYTES, 256), "ns",
               "1 KiB, the chunk it fills");
    bench_line("reference span, the whole 8 MiB ring at a time", record_spans(recorder, 8000), "ns",
               "out of the cache");
    bench_line("  memcpy of the same bytes", copy_bytes(GSP__CHUNK_BYTES, 8000), "ns", "");
    bench_line("mark a chunk, clock read", mark_chunks(recorder, false), "ns", "goal: at most 40");
    bench_line("mark a chunk, time given", mark_chunks(recorder, true), "ns", "goal: at most 15");
    bench_release(recorder);
    threads(recorder);
    gsp_recorder_close(recorder);
    memory();
    return 0;
}
