/*
 * OTLP JSON: the bytes as traces, as metrics, as logs, and as the response to an export.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "fuzz_otlp.h"
#include "otlp/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gsp__partial_success partial = {0};
    void *copy = fuzz_copy(data, size);

    fuzz_otlp_check(FUZZ_TRACES, true, data, size);
    fuzz_otlp_check(FUZZ_METRICS, true, data, size);
    fuzz_otlp_check(FUZZ_LOGS, true, data, size);
    if (gsp__otlp_response_from_json(copy, size, &partial))
        FUZZ_CHECK(memchr(partial.message, 0, sizeof partial.message), "a message without an end");
    free(copy);
    return 0;
}
