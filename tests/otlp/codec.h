/*
 * What holds of traces, metrics and logs alike: a signal's functions, and checks that take a signal. Those
 * named codec_* are cmocka tests whose state is a struct test_signal.
 */
#ifndef GSP_TESTS_OTLP_CODEC_H
#define GSP_TESTS_OTLP_CODEC_H

#include "support/support.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "derive/model.h"
#include "otlp/protobuf.h"

union test_model {
    struct gsp__traces traces;
    struct gsp__metrics metrics;
    struct gsp__logs logs;
};

struct test_signal {
    union test_model (*sample)(void);
    union test_model (*random)(uint64_t *seed, struct gsp__arena *arena);
    void (*to_pb)(struct gsp__pb_writer *w, const union test_model *m);
    void (*to_json)(struct gsp__buffer *b, const union test_model *m);
    gsp_status (*from_pb)(const void *bytes, size_t n, struct gsp__arena *arena, union test_model *out,
                          gsp_error *err);
    gsp_status (*from_json)(const char *text, size_t n, struct gsp__arena *arena, union test_model *out,
                            gsp_error *err);
    const char *(*difference)(const union test_model *a, const union test_model *b);
};

extern const struct test_signal test_traces_signal, test_metrics_signal, test_logs_signal;

/* The model's protobuf in a block of exactly that size, or its JSON with a NUL. free() them. */
uint8_t *test_to_pb(const struct test_signal *s, const union test_model *m, size_t *n);
char *test_to_json(const struct test_signal *s, const union test_model *m);

/* Put `bytes` into messages, the outermost's field number first. Returns the whole, `*n` is in and out. */
uint8_t *test_wrap(const uint32_t *fields, size_t n_fields, const void *bytes, size_t *n);

/* Decode, from a copy of exactly n bytes, what must be refused with `expected`. */
void test_refused(const struct test_signal *s, bool is_json, const void *bytes, size_t n,
                  gsp_status expected);

/* Decode what must be good and write it again as JSON. free() it. */
char *test_json_again(const struct test_signal *s, bool is_json, const void *bytes, size_t n);

void codec_the_sample_survives(void **state);
void codec_any_model_survives(void **state);
void codec_nothing_at_all_is_an_empty_model(void **state);
void codec_a_writer_without_room_is_full(void **state);
void codec_a_buffer_at_its_ceiling_has_failed(void **state);
void codec_a_small_arena_is_no_space(void **state);
void codec_cut_protobuf_is_refused(void **state);
void codec_cut_json_is_refused(void **state);
void codec_changed_protobuf_is_refused_or_another_model(void **state);
void codec_short_json_cut_anywhere_is_refused(void **state);
void codec_short_json_with_any_bit_flipped_never_crashes(void **state);
void codec_json_nested_without_end_is_refused(void **state);
void codec_changed_json_never_crashes(void **state);
void codec_failing_allocations_never_crash(void **state);
int codec_restore_allocations(void **state); /* its teardown, also after a failure */

#define CODEC_TESTS(signal)                                                                                  \
    cmocka_unit_test_prestate(codec_the_sample_survives, (signal)),                                          \
        cmocka_unit_test_prestate(codec_any_model_survives, (signal)),                                       \
        cmocka_unit_test_prestate(codec_nothing_at_all_is_an_empty_model, (signal)),                         \
        cmocka_unit_test_prestate(codec_a_writer_without_room_is_full, (signal)),                            \
        cmocka_unit_test_prestate(codec_a_buffer_at_its_ceiling_has_failed, (signal)),                       \
        cmocka_unit_test_prestate(codec_a_small_arena_is_no_space, (signal)),                                \
        cmocka_unit_test_prestate(codec_cut_protobuf_is_refused, (signal)),                                  \
        cmocka_unit_test_prestate(codec_cut_json_is_refused, (signal)),                                      \
        cmocka_unit_test_prestate(codec_changed_protobuf_is_refused_or_another_model, (signal)),             \
        cmocka_unit_test_prestate(codec_short_json_cut_anywhere_is_refused, (signal)),                       \
        cmocka_unit_test_prestate(codec_short_json_with_any_bit_flipped_never_crashes, (signal)),            \
        cmocka_unit_test_prestate(codec_json_nested_without_end_is_refused, (signal)),                       \
        cmocka_unit_test_prestate(codec_changed_json_never_crashes, (signal)),                               \
        cmocka_unit_test_prestate_setup_teardown(codec_failing_allocations_never_crash, NULL,                \
                                                 codec_restore_allocations, (signal))

#endif
