/*
 * A bank of series out of any bytes, after a batch was taken back by any log: refused, or good to export and
 * to go on with. An input is 2 bytes with the length of the log, the log, and the bank.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "derive/metric_view.h"
#include "fuzz_otlp.h"

#define ROOM ((size_t)64 << 10)

static void check_export(const struct gsp__bank *bank)
{
    static struct gsp__arena arena;
    static struct gsp__metric_views views;
    static const uint64_t own[GSP__OWN_COUNTERS] = {1, [GSP__OWN_LOSS] = 2};
    struct gsp__metric_request request = {
        .views = &views, .temporality = GSP__TEMPORALITY_DELTA, .now_unix_ns = 1, .own = own};
    struct gsp__scope_metrics scope = {.scope = {.name = GSP__STRING("genspan"), .version = GSP__STRING("0")},
                                       .schema_url = GSP__STRING("")};
    struct gsp__resource_metrics resource = {.schema_url = GSP__STRING(""), .scopes = &scope, .n_scopes = 1};
    union fuzz_model model = {.metrics = {&resource, 1}};
    struct gsp__metric *metrics;

    if (!arena.base) {
        FUZZ_CHECK(gsp__arena_init(&arena, (size_t)64 << 20), "no memory");
        gsp__metric_views_add(&views, "otel");
        gsp__metric_views_add(&views, "otel-next");
        gsp__metric_views_add(&views, "livekit");
    }
    gsp__arena_reset(&arena);
    FUZZ_CHECK(gsp__metrics_derive(bank, &request, &arena, &metrics, &scope.n_metrics), "the arena is full");
    scope.metrics = metrics;
    for (int is_json = 0; is_json < 2; is_json++) {
        struct gsp__buffer encoded = fuzz_otlp_encode(FUZZ_METRICS, is_json, &model);

        fuzz_otlp_check_encoded(FUZZ_METRICS, is_json, encoded.data, encoded.n);
        gsp__buffer_deinit(&encoded);
    }
}

static void go_on(struct gsp__bank *bank)
{
    static const uint8_t id[16] = {1};
    struct gsp__exemplar_mark mark = {1, id, id};
    struct gsp__series_key key = {.n = 0};

    for (uint32_t k = 0; k < bank->n_keys && k < 32; k++)
        for (unsigned m = 0; m < GSP__MEASURES; m++)
            gsp__bank_record(bank, k, m, 1000000, &mark);
    gsp__bank_record(bank, gsp__bank_key(bank, &key), GSP__MEASURE_OPERATION, 1, &mark);
    FUZZ_CHECK(*bank->n <= bank->cap, "past the end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_choices choices = {data, size};
    uint32_t n_log = fuzz_byte(&choices) | (uint32_t)fuzz_byte(&choices) << 8;
    uint8_t *bytes = malloc(ROOM), *log;
    struct gsp__bank bank;
    uint64_t n;

    FUZZ_CHECK(bytes, "no memory");
    if (n_log > choices.n)
        n_log = (uint32_t)choices.n;
    log = fuzz_copy(choices.bytes, n_log);
    n = choices.n - n_log;
    memcpy(bytes, choices.bytes + n_log, n);
    if (gsp__bank_undo(bytes, n, log, n_log) && gsp__bank_init(&bank, bytes, ROOM, &n, 1) == GSP_OK) {
        check_export(&bank);
        go_on(&bank);
        check_export(&bank);
        gsp__bank_deinit(&bank);
    }
    free(log);
    free(bytes);
    return 0;
}
