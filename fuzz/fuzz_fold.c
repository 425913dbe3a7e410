/*
 * A good ring beside a fold file that is not: the one that a killed drainer leaves, with bytes overwritten at
 * chosen places, or any bytes. The first byte of an input says which: 0 any bytes; else overwritten, 1
 * anywhere, 2 in the head, 3 in the bank, where most that matters is; then comes what fuzz_overwrite takes,
 * or the bytes.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "fuzz_rings.h"

#define HEAD_BYTES 1024
#define BANK_AT    278528
#define BANK_BYTES 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        size_t at, n;
    } places[4] = {[2] = {0, HEAD_BYTES}, [3] = {BANK_AT, BANK_BYTES}};
    struct fuzz_choices choices = {data, size};
    size_t n, n_fold;
    const uint8_t *sample = fuzz_sample_fold(&n_fold), *ring = fuzz_sample_ring(&n);
    unsigned where = fuzz_byte(&choices) % 4;
    uint8_t *fold;

    if (where == 0) {
        fuzz_ring_use(ring, n, choices.bytes, choices.n);
        return 0;
    }
    fold = fuzz_copy(sample, n_fold);
    fuzz_overwrite(&choices, fold + places[where].at, places[where].n ? places[where].n : n_fold);
    fuzz_ring_use(ring, n, fold, n_fold);
    free(fold);
    return 0;
}
