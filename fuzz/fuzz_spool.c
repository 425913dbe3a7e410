/*
 * Files in the spool. An input is two batches, the first as long as its first three bytes say, which stand
 * there as they are and once more with a good header in front.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "drain/config.h"
#include "drain/spool.h"

#define HEADER_BYTES 40

static const char *const names[] = {"00000000000000000001-1-000001", "00000000000000000002-1-000001"};

static void put(const struct gsp__spool *spool, int i, gsp_signal signal, const uint8_t *bytes, size_t n)
{
    char path[800];

    snprintf(path, sizeof path, "%s/%s.%s", spool->directory, names[i], gsp__signal_name(signal));
    fuzz_write_file(path, bytes, n);
}

/* The same with the magic, the signal, and where it is asked for the numbers and the checksum made good. */
static void put_repaired(const struct gsp__spool *spool, int i, gsp_signal signal, const uint8_t *bytes,
                         size_t n, bool has_checksum)
{
    uint8_t *copy = calloc(1, n + HEADER_BYTES);
    uint32_t words[2] = {(uint32_t)signal, n > 12 ? bytes[12] & 1u : 0};
    uint64_t n_body = n > HEADER_BYTES ? n - HEADER_BYTES : 0, n_items = n_body / 2, checksum;

    FUZZ_CHECK(copy, "no memory");
    if (n)
        memcpy(copy, bytes, n);
    memcpy(copy, "GSPSPL1", 8);
    memcpy(copy + 8, words, sizeof words);
    if (has_checksum) {
        memcpy(copy + 16, &n_items, 8);
        memcpy(copy + 24, &n_body, 8);
        checksum = gsp__fnv1a(GSP__FNV_INIT, copy, HEADER_BYTES - 8);
        checksum = gsp__fnv1a(checksum, copy + HEADER_BYTES, (size_t)n_body);
        memcpy(copy + 32, &checksum, 8);
    }
    put(spool, i, signal, copy, n > HEADER_BYTES ? n : HEADER_BYTES);
    free(copy);
}

/* Take all there is. Returns how many were good. */
static int take_all(struct gsp__spool *spool, gsp_signal signal)
{
    uint64_t n_damaged = 0;
    int n_good = 0, lock_fd = -1;
    struct gsp__spooled batch;

    while (gsp__spool_oldest(spool, signal, &batch, &lock_fd, &n_damaged) == GSP_OK) {
        struct stat st;

        FUZZ_CHECK(++n_good <= 2, "more batches than there are");
        FUZZ_CHECK(batch.signal == signal, "a batch of another signal");
        FUZZ_CHECK(stat(batch.path, &st) == 0 && (size_t)st.st_size >= batch.n_bytes + HEADER_BYTES,
                   "%zu bytes of a file of %lld", batch.n_bytes, (long long)st.st_size);
        FUZZ_CHECK(gsp__spool_done(&batch, lock_fd, true), "a batch that cannot be deleted");
    }
    FUZZ_CHECK(n_damaged + (uint64_t)n_good == 2, "%llu damaged, %d good", (unsigned long long)n_damaged,
               n_good);
    FUZZ_CHECK(gsp__spool_is_empty(spool, signal), "batches that are never done");
    return n_good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_choices choices = {data, size};
    size_t n_first = fuzz_number(&choices, 4096);
    const uint8_t *first = choices.bytes, *second;
    struct gsp__spool spool;

    if (n_first > choices.n)
        n_first = choices.n;
    second = first + n_first;
    gsp__spool_init(&spool, fuzz_directory(), "http://localhost:4318/v1/traces", (uint64_t)1 << 20);
    mkdir(spool.directory, 0700);
    put(&spool, 0, GSP_SIGNAL_TRACES, first, n_first);
    put(&spool, 1, GSP_SIGNAL_TRACES, second, choices.n - n_first);
    take_all(&spool, GSP_SIGNAL_TRACES);
    for (gsp_signal signal = GSP_SIGNAL_METRICS; signal <= GSP_SIGNAL_LOGS; signal++) {
        put_repaired(&spool, 0, signal, first, n_first, true);
        put_repaired(&spool, 1, signal, second, choices.n - n_first, false);
        FUZZ_CHECK(take_all(&spool, signal) >= 1, "a good batch is not taken");
    }
    return 0;
}
