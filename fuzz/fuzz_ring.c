/*
 * Any bytes as a ring file, as they are and behind a good header.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "fuzz_rings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *repaired;
    size_t n;

    fuzz_ring_use(data, size, NULL, 0);
    repaired = fuzz_ring_repair(data, size, &n);
    fuzz_ring_use(repaired, n, NULL, 0);
    free(repaired);
    return 0;
}
