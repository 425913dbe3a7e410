/*
 * Both encodings of all signals under one roof, for fuzz_otlp_protobuf and fuzz_otlp_json.
 */
#ifndef GSP_FUZZ_FUZZ_OTLP_H
#define GSP_FUZZ_FUZZ_OTLP_H

#include "base/arena.h"
#include "base/buffer.h"
#include "derive/model.h"
#include "genspan/types.h"

union fuzz_model {
    struct gsp__traces traces;
    struct gsp__metrics metrics;
    struct gsp__logs logs;
};

enum fuzz_signal {
    FUZZ_TRACES,
    FUZZ_METRICS,
    FUZZ_LOGS,
};

/* Decode from a block of exactly n bytes, which must outlive the model. A failure must say what it is. */
gsp_status fuzz_otlp_decode(enum fuzz_signal signal, bool is_json, const void *bytes, size_t n,
                            struct gsp__arena *arena, union fuzz_model *out, gsp_error *err);

struct gsp__buffer fuzz_otlp_encode(enum fuzz_signal signal, bool is_json, const union fuzz_model *model);

/*
 * The invariant: what these bytes decode to, encoded and decoded again, is the same; and what the other
 * encoding makes of it can be decoded at least. Arenas by GSP__OTLP_ARENA_PER_BYTE suffice.
 */
void fuzz_otlp_check(enum fuzz_signal signal, bool is_json, const void *bytes, size_t n);

/* The same of bytes that genspan itself encoded: they must be decodable. */
void fuzz_otlp_check_encoded(enum fuzz_signal signal, bool is_json, const void *bytes, size_t n);

#endif
