/*
 * Both encodings of all signals under one roof.
 */
#include "fuzz_otlp.h"

#include "fuzz.h"

#include <stdlib.h>

#include "otlp/decode.h"
#include "otlp/encode_json.h"
#include "otlp/encode_protobuf.h"
#include "otlp/same.h"

gsp_status fuzz_otlp_decode(enum fuzz_signal signal, bool is_json, const void *bytes, size_t n,
                            struct gsp__arena *arena, union fuzz_model *out, gsp_error *fault)
{
    gsp_error err = {0};
    gsp_status status;

    if (signal == FUZZ_TRACES)
        status = is_json ? gsp__otlp_traces_from_json(bytes, n, arena, &out->traces, &err)
                         : gsp__otlp_traces_from_pb(bytes, n, arena, &out->traces, &err);
    else if (signal == FUZZ_METRICS)
        status = is_json ? gsp__otlp_metrics_from_json(bytes, n, arena, &out->metrics, &err)
                         : gsp__otlp_metrics_from_pb(bytes, n, arena, &out->metrics, &err);
    else
        status = is_json ? gsp__otlp_logs_from_json(bytes, n, arena, &out->logs, &err)
                         : gsp__otlp_logs_from_pb(bytes, n, arena, &out->logs, &err);
    if (status != GSP_OK) {
        FUZZ_CHECK(status == GSP_ERR_FORMAT, "%s: %s", gsp_status_name(status), err.text ? err.text : "");
        FUZZ_CHECK(err.code == status && err.text && err.offset <= n, "an error without details");
    }
    *fault = err;
    return status;
}

static struct gsp__buffer to_json(enum fuzz_signal signal, const union fuzz_model *m)
{
    struct gsp__buffer b = {0};

    if (signal == FUZZ_TRACES)
        gsp__otlp_traces_json(&b, &m->traces);
    else if (signal == FUZZ_METRICS)
        gsp__otlp_metrics_json(&b, &m->metrics);
    else
        gsp__otlp_logs_json(&b, &m->logs);
    FUZZ_CHECK(!b.failed, "no room for JSON");
    return b;
}

static struct gsp__buffer to_pb(enum fuzz_signal signal, const union fuzz_model *m)
{
    struct gsp__buffer b = {0};

    for (size_t cap = 16384;; cap *= 4) {
        struct gsp__pb_writer w;

        FUZZ_CHECK(cap < (size_t)1 << 30 && gsp__buffer_reserve(&b, cap), "no room for protobuf");
        gsp__pb_write_init(&w, b.data, cap);
        if (signal == FUZZ_TRACES)
            gsp__otlp_traces_pb(&w, &m->traces);
        else if (signal == FUZZ_METRICS)
            gsp__otlp_metrics_pb(&w, &m->metrics);
        else
            gsp__otlp_logs_pb(&w, &m->logs);
        if (w.is_full)
            continue;
        b.n = (size_t)((uint8_t *)b.data + cap - w.at);
        memmove(b.data, w.at, b.n);
        return b;
    }
}

struct gsp__buffer fuzz_otlp_encode(enum fuzz_signal signal, bool is_json, const union fuzz_model *m)
{
    return is_json ? to_json(signal, m) : to_pb(signal, m);
}

/* An arena of the size that suffices for n bytes. Its block is kept, and grows: there are two. */
static struct gsp__arena arena_for(int which, size_t n)
{
    static struct gsp__arena kept[2];
    struct gsp__arena arena;
    size_t cap = n * GSP__OTLP_ARENA_PER_BYTE + 1024;

    if (kept[which].cap < cap) {
        gsp__arena_deinit(&kept[which]);
        FUZZ_CHECK(gsp__arena_init(&kept[which], cap), "no memory for an arena");
    }
    arena = kept[which];
    arena.cap = cap;
    arena.used = 0;
    return arena;
}

/* Decode what was encoded; it must be possible, and say the same where `same` is given. */
static void check_again(enum fuzz_signal signal, bool is_json, const void *bytes, size_t n,
                        const union fuzz_model *same)
{
    struct gsp__arena arena = arena_for(1, n);
    void *copy = fuzz_copy(bytes, n);
    const char *difference = NULL;
    union fuzz_model again;
    gsp_error err;

    FUZZ_CHECK(fuzz_otlp_decode(signal, is_json, copy, n, &arena, &again, &err) == GSP_OK,
               "what was encoded cannot be decoded: %s at %llu: %.*s", err.text,
               (unsigned long long)err.offset, is_json ? (int)n : 0, (const char *)copy);
    if (same && signal == FUZZ_TRACES)
        difference = test_traces_difference(&same->traces, &again.traces);
    else if (same && signal == FUZZ_METRICS)
        difference = test_metrics_difference(&same->metrics, &again.metrics);
    else if (same)
        difference = test_logs_difference(&same->logs, &again.logs);
    FUZZ_CHECK(!difference, "%s", difference);
    free(copy);
}

void fuzz_otlp_check(enum fuzz_signal signal, bool is_json, const void *bytes, size_t n)
{
    struct gsp__arena arena = arena_for(0, n);
    void *copy = fuzz_copy(bytes, n);
    union fuzz_model model;
    gsp_error err;

    if (fuzz_otlp_decode(signal, is_json, copy, n, &arena, &model, &err) == GSP_OK) {
        struct gsp__buffer own = fuzz_otlp_encode(signal, is_json, &model);
        struct gsp__buffer other = fuzz_otlp_encode(signal, !is_json, &model);

        check_again(signal, is_json, own.data, own.n, &model);
        check_again(signal, !is_json, other.data, other.n, NULL);
        gsp__buffer_deinit(&own);
        gsp__buffer_deinit(&other);
    }
    free(copy);
}

void fuzz_otlp_check_encoded(enum fuzz_signal signal, bool is_json, const void *bytes, size_t n)
{
    check_again(signal, is_json, bytes, n, NULL);
}
