/*
 * A good ring beside a fold file that is not: the one that a killed drainer leaves, with bytes overwritten at
 * chosen places, or any bytes. The first byte of an input says which; then comes what fuzz_overwrite takes,
 * or the bytes.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "fuzz_rings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_choices choices = {data, size};
    size_t n, n_fold;
    const uint8_t *sample = fuzz_sample_fold(&n_fold), *ring = fuzz_sample_ring(&n);
    bool is_raw = fuzz_byte(&choices) == 0;
    uint8_t *fold;

    if (is_raw) {
        fuzz_ring_use(ring, n, choices.bytes, choices.n);
        return 0;
    }
    fold = fuzz_copy(sample, n_fold);
    fuzz_overwrite(&choices, fold, n_fold);
    fuzz_ring_use(ring, n, fold, n_fold);
    free(fold);
    return 0;
}
