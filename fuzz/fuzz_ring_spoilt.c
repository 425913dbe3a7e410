/*
 * A good small ring with bytes overwritten at chosen places. An input is what fuzz_overwrite takes.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "fuzz_rings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_choices choices = {data, size};
    size_t n;
    const uint8_t *sample = fuzz_sample_ring(&n);
    uint8_t *ring = fuzz_copy(sample, n);

    fuzz_overwrite(&choices, ring, n);
    fuzz_ring_seal(ring, n);
    fuzz_ring_use(ring, n, NULL, 0);
    free(ring);
    return 0;
}
