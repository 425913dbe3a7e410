/*
 * Writes the seeds that are better made than kept: FOLDER/TARGET/NAME. Run by the build of the fuzz targets.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz_otlp.h"
#include "fuzz_rings.h"
#include "otlp/sample.h"

#define BANK_BYTES_AT 264 /* in a fold file */
#define BANK_AT       278528

static const char *folder;

static void seed(const char *target, const char *name, const void *bytes, size_t n)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/%s", folder, target);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
    fuzz_write_file(path, bytes, n);
}

static void seed_otlp(enum fuzz_signal signal, const union fuzz_model *model, const char *name)
{
    for (int is_json = 0; is_json < 2; is_json++) {
        struct gsp__buffer b = fuzz_otlp_encode(signal, is_json, model);

        seed(is_json ? "fuzz_otlp_json" : "fuzz_otlp_protobuf", name, b.data, b.n);
        gsp__buffer_deinit(&b);
    }
}

/* One change of a ring or a fold, as fuzz_overwrite takes it. */
static void seed_change(const char *target, const char *name, int first, size_t at, const void *bytes,
                        size_t n)
{
    uint8_t seed_bytes[32];
    size_t n_seed = 0;

    if (first >= 0)
        seed_bytes[n_seed++] = (uint8_t)first;
    seed_bytes[n_seed++] = (uint8_t)at;
    seed_bytes[n_seed++] = (uint8_t)(at >> 8);
    seed_bytes[n_seed++] = (uint8_t)(at >> 16);
    seed_bytes[n_seed++] = (uint8_t)(n - 1);
    memcpy(seed_bytes + n_seed, bytes, n);
    seed(target, name, seed_bytes, n_seed + n);
}

static void seed_rings(void)
{
    static const uint8_t least[8] = {0, 0, 0, 0, 0, 0, 0, 0x80};
    static const uint8_t ones[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t one[4] = {1};
    static uint8_t bank[2 + 4096];
    uint64_t n_bank;
    size_t n, n_fold, chunks_at = fuzz_sample_chunks_at();
    const uint8_t *ring = fuzz_sample_ring(&n), *fold = fuzz_sample_fold(&n_fold);

    seed("fuzz_ring", "sample", ring, n);
    for (unsigned i = 0; i < 14; i++) {
        char name[32];

        snprintf(name, sizeof name, "chunk%u", i);
        seed_change("fuzz_ring_spoilt", name, -1, chunks_at + i * 1024 + 8, ones, 8);
        /* the earliest start and end there are: no duration may overflow */
        snprintf(name, sizeof name, "chunk%u_start", i);
        seed_change("fuzz_ring_spoilt", name, -1, chunks_at + i * 1024 + 64, least, 8);
        snprintf(name, sizeof name, "chunk%u_end", i);
        seed_change("fuzz_ring_spoilt", name, -1, chunks_at + i * 1024 + 176, least, 8);
    }
    seed_change("fuzz_fold", "series", 3, 16, ones, 8);
    seed_change("fuzz_fold", "list", 1, 1024, ones, 8);
    seed_change("fuzz_fold", "undo", 2, 32, one, 4);
    seed("fuzz_fold", "head", fold, 64);
    memcpy(&n_bank, fold + BANK_BYTES_AT, sizeof n_bank);
    FUZZ_CHECK(n_bank <= sizeof bank - 2, "a larger bank");
    memcpy(bank + 2, fold + BANK_AT, n_bank); /* without a log */
    seed("fuzz_metric_bank", "sample", bank, 2 + n_bank);
}

static void seed_spool(void)
{
    uint8_t bytes[3 + 40 + 40 + 16] = {56, 0, 0};

    memcpy(bytes + 3, "GSPSPL1", 8);
    bytes[3 + 24] = 16;
    memcpy(bytes + 3 + 40, "0123456789abcdef", 16);
    memcpy(bytes + 3 + 56, "GSPSPL1", 8);
    seed("fuzz_spool", "two", bytes, sizeof bytes);
}

int main(int argc, char **argv)
{
    union fuzz_model traces = {.traces = *test_sample_traces()};
    union fuzz_model metrics = {.metrics = *test_sample_metrics()};
    union fuzz_model logs = {.logs = *test_sample_logs()};

    if (argc != 2) {
        fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    folder = argv[1];
    mkdir(folder, 0755);
    seed_otlp(FUZZ_TRACES, &traces, "traces");
    seed_otlp(FUZZ_METRICS, &metrics, "metrics");
    seed_otlp(FUZZ_LOGS, &logs, "logs");
    seed_rings();
    seed_spool();
    return 0;
}
