/* The bank of series: sums that are exact, ceilings and overflow, batches that are taken back, bytes that
 * make no sense. */
#include "derive/points.h"
#include "support/dump.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

#define BYTES     ((size_t)1 << 20)
#define UNDO      4096
#define DURATION  GSP__MEASURE_OPERATION
#define OVERFLOWN "otel.metric.overflow=true"

static uint8_t *bytes;
static uint64_t n_bytes;
static uint8_t undo[UNDO];
static _Atomic uint32_t n_undo;
static struct gsp__bank bank;

static void open_bank(void)
{
    assert_int_equal(gsp__bank_init(&bank, bytes, BYTES, &n_bytes, 7), GSP_OK);
    bank.undo = (struct gsp__bank_undo){undo, UNDO, &n_undo};
}

static int set_up(void **state)
{
    (void)state;
    bytes = malloc(BYTES);
    n_bytes = 0;
    if (!bytes)
        return -1;
    open_bank();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp__bank_deinit(&bank);
    free(bytes);
    return 0;
}

static uint32_t key(unsigned class, const char *model)
{
    struct gsp__series_key k;

    gsp__series_key_init(&k, class);
    gsp__series_key_add(&k, GSP__DIM_REQUEST_MODEL, model, strlen(model));
    return gsp__bank_key(&bank, &k);
}

static void record(const char *model, enum gsp__measure measure, uint64_t value)
{
    gsp__bank_record(&bank, key(GSP__CLASS_CHAT, model), measure, value, NULL);
}

/* As text, under otel. */
static const char *text(void)
{
    static struct test_points points;

    points.bank = bank;
    points.views.n = 0;
    gsp__metric_views_add(&points.views, "otel");
    if (!points.arena.base)
        assert_true(gsp__arena_init(&points.arena, (size_t)4 << 20));
    test_points_derive(&points);
    return test_points_text(&points);
}

static void values_add_up(void **state)
{
    (void)state;
    record("a", DURATION, 1000000000);
    record("b", DURATION, 30000000);
    record("a", DURATION, 250000000);
    record("a", GSP__MEASURE_ATTEMPTS, 3);
    assert_string_equal(text(), "gen_ai.client.operation.duration s\n"
                                "  gen_ai.request.model=\"a\" | 2 1.25 0.25 1 | 0 0 0 0 0 1 0 1\n"
                                "  gen_ai.request.model=\"b\" | 1 0.03 0.03 0.03 | 0 0 1\n"
                                "genspan.operation.attempts {attempt}\n"
                                "  gen_ai.request.model=\"a\" | 1 3 3 3 | 0 0 1\n");
}

/* Tenths of seconds, which no sum of doubles gets right: whole nanoseconds do. */
static void sums_are_exact(void **state)
{
    const struct gsp__series *s;

    (void)state;
    for (int i = 0; i < 1000000; i++)
        record("a", DURATION, 100000000);
    s = gsp__bank_series_at(&bank, key(GSP__CLASS_CHAT, "a"), DURATION);
    assert_true(gsp__measure_value(DURATION, s->sum) == 100000.0);
    record("a", DURATION, UINT64_MAX); /* and stay at the most there is */
    record("a", DURATION, UINT64_MAX);
    assert_true(s->sum == UINT64_MAX && s->count == 1000002);
}

/* Money is nano-USD inside (PR-3), and USD outside. */
static void money_is_exported_in_usd(void **state)
{
    (void)state;
    record("a", GSP__MEASURE_COST, 10000); /* 1e-5: a bound */
    record("a", GSP__MEASURE_COST, 12500000);
    assert_string_equal(text(), "gen_ai.client.cost.usd {USD}\n"
                                "  gen_ai.request.model=\"a\" | 2 0.01251 1e-05 0.0125 | 1 0 0 0 0 1\n");
}

static void a_class_is_part_of_the_key(void **state)
{
    (void)state;
    assert_int_not_equal(key(GSP__CLASS_CHAT, "a"), key(GSP__CLASS_TEXT_TO_SPEECH, "a"));
    assert_int_equal(key(GSP__CLASS_CHAT, "a"), key(GSP__CLASS_CHAT, "a"));
}

/* A thousand keys, found again, also by the next who opens it. */
static void what_was_put_is_found(void **state)
{
    uint32_t numbers[1000];
    char model[16];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(model, sizeof model, "m%d", i);
        numbers[i] = key(GSP__CLASS_CHAT, model);
        gsp__bank_record(&bank, numbers[i], DURATION, (uint64_t)i, NULL);
    }
    for (int again = 0; again < 2; again++) {
        assert_int_equal(bank.n_keys, 1000);
        assert_int_equal(bank.n_series[DURATION], 1000);
        for (int i = 0; i < 1000; i++) {
            snprintf(model, sizeof model, "m%d", i);
            assert_int_equal(key(GSP__CLASS_CHAT, model), numbers[i]);
            assert_int_equal(gsp__bank_series_at(&bank, numbers[i], DURATION)->sum, i);
        }
        gsp__bank_deinit(&bank);
        open_bank();
    }
}

/*
 * Ceilings.
 */

static uint64_t n_in(const char *lines, const char *what)
{
    uint64_t n = 0;

    for (const char *p = lines; (p = strstr(p, what)); p++)
        n++;
    return n;
}

/* What comes after the ceiling on series is counted in one overflow series of the metric. */
static void too_many_series_overflow(void **state)
{
    char model[16];

    (void)state;
    bank.series_max = 20;
    for (int i = 0; i < 40; i++) {
        snprintf(model, sizeof model, "m%d", i);
        record(model, DURATION, 500000000);
    }
    record("m0", DURATION, 500000000);       /* what was there before goes on */
    record("new", GSP__MEASURE_ATTEMPTS, 2); /* and other measures have a ceiling of their own */
    assert_int_equal(n_in(text(), "request.model"), 19 + 1);
    assert_non_null(strstr(text(), "  " OVERFLOWN " | 21 10.5 0.5 0.5 | 0 0 0 0 0 0 21\n"));
    assert_non_null(strstr(text(), "  gen_ai.request.model=\"m0\" | 2 1 0.5 0.5 |"));
    assert_non_null(strstr(text(), "  gen_ai.request.model=\"new\" | 1 2 2 2 |"));
}

/* A metric made of several measures keeps the ceiling, too; so does one that adds up. */
static void too_many_points_overflow(void **state)
{
    char model[16];

    (void)state;
    bank.series_max = 10;
    for (int i = 0; i < 9; i++) {
        snprintf(model, sizeof model, "m%d", i);
        record(model, GSP__MEASURE_INPUT, 5);
        record(model, GSP__MEASURE_OUTPUT, 7);
    }
    assert_int_equal(n_in(text(), "token.type"), 9);
    assert_non_null(strstr(text(), "  " OVERFLOWN " | 9 "));
}

static void attributes_that_are_too_long_overflow(void **state)
{
    static char model[400];

    (void)state;
    memset(model, 'x', sizeof model - 1);
    record(model, DURATION, 500000000);
    assert_string_equal(text(), "gen_ai.client.operation.duration s\n"
                                "  " OVERFLOWN " | 1 0.5 0.5 0.5 | 0 0 0 0 0 0 1\n");
}

/* What there can be of a class. */
static bool is_of_class(unsigned class, unsigned measure)
{
    bool is_turn = measure >= GSP__MEASURE_E2E_LATENCY && measure <= GSP__MEASURE_TURN_COMPLETED_DELAY;

    if (measure == GSP__MEASURE_CONNECTION || measure == GSP__MEASURE_ATTEMPT)
        return true;
    if (class == GSP__CLASS_SPAN || is_turn)
        return class == GSP__CLASS_SPAN && is_turn;
    if (measure == GSP__MEASURE_AGENT)
        return class == GSP__CLASS_AGENT;
    if (measure == GSP__MEASURE_WORKFLOW)
        return class == GSP__CLASS_WORKFLOW;
    return (class & GSP__CLASSES_BILLABLE) || measure <= GSP__MEASURE_ATTEMPTS;
}

/* Without room for another series there is still room for the overflow of every one that there may be. */
static void a_full_bank_overflows(void **state)
{
    uint64_t n = 0, n_recorded = 0;
    char model[16];

    (void)state;
    bank.cap = (size_t)40 << 10;
    for (int i = 0; i < 500; i++) {
        snprintf(model, sizeof model, "m%d", i);
        for (unsigned class = 1; class < GSP__CLASSES_ALL; class <<= 1)
            for (unsigned m = 0; m < GSP__MEASURES; m++)
                if (is_of_class(class, m)) {
                    gsp__bank_record(&bank, key(class, model), m, 1, NULL);
                    n_recorded++;
                }
    }
    assert_true(n_bytes <= bank.cap);
    for (uint32_t i = 0; i < bank.n_keys; i++)
        for (unsigned m = 0; m < GSP__MEASURES; m++)
            n += gsp__bank_series_at(&bank, i, m) ? gsp__bank_series_at(&bank, i, m)->count : 0;
    assert_int_equal(n, n_recorded); /* nothing is lost but attributes */
}

static void a_bank_without_room_loses_without_harm(void **state)
{
    (void)state;
    for (bank.cap = 0; bank.cap < 400; bank.cap += 8) {
        n_bytes = 0;
        gsp__bank_clear(&bank);
        record("a", DURATION, 1);
        assert_true(n_bytes <= bank.cap);
    }
}

/*
 * Batches.
 */

/* Whatever is done in a batch can be taken back, to the byte. */
static void a_batch_is_taken_back(void **state)
{
    static uint8_t before[4096];
    uint64_t random = test_seed(), n_before;
    char model[16];

    (void)state;
    for (int i = 0; i < 8; i++) {
        snprintf(model, sizeof model, "m%d", i);
        record(model, DURATION, 1000000);
        record(model, GSP__MEASURE_INPUT, 10);
    }
    n_before = n_bytes;
    assert_true(n_before <= sizeof before);
    memcpy(before, bytes, n_before);
    for (int round = 0; round < 20; round++) {
        gsp__bank_begin(&bank);
        for (int i = 0; i < 200; i++) {
            snprintf(model, sizeof model, "m%d", (int)(gsp__random_next(&random) % 12));
            record(model, i % 2 ? DURATION : GSP__MEASURE_INPUT, gsp__random_next(&random) % 1000000000);
        }
        assert_true(memcmp(before, bytes, n_before) != 0);
        assert_true(gsp__bank_undo(bytes, n_before, undo, atomic_load(&n_undo)));
        n_bytes = n_before;
        assert_memory_equal(before, bytes, n_before);
        gsp__bank_deinit(&bank);
        open_bank();
    }
}

/* When the log is full, what could not be taken back is not done; whoever asks beforehand never gets there.
 */
static void the_undo_log_is_bounded(void **state)
{
    char model[16];
    int n_fit = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(model, sizeof model, "m%d", i);
        record(model, DURATION, 1);
    }
    gsp__bank_begin(&bank);
    for (int i = 0; i < 100; i++) {
        const struct gsp__series *s;

        snprintf(model, sizeof model, "m%d", i);
        record(model, DURATION, 1);
        s = gsp__bank_series_at(&bank, key(GSP__CLASS_CHAT, model), DURATION);
        n_fit += s->count == 2;
        assert_true(atomic_load(&n_undo) <= UNDO);
    }
    assert_int_equal(n_fit, UNDO / (8 + 40 + 15 * 8));
    assert_false(gsp__bank_has_undo_room(&bank, 1));
}

/* A log that makes no sense changes nothing outside the bank. */
static void a_log_that_makes_no_sense_is_refused(void **state)
{
    static const uint32_t logs[][3] = {{0, 100, 0}, {4096, 4, 0}, {4093, 4, 0}, {0xffffffff, 4, 0}};
    uint8_t outside[8192];

    (void)state;
    memset(outside, 1, sizeof outside);
    for (size_t i = 0; i < GSP__COUNT_OF(logs); i++)
        assert_false(gsp__bank_undo(outside, 4096, (const uint8_t *)logs[i], 12));
    assert_false(gsp__bank_undo(outside, 4096, (const uint8_t *)logs[0], 7));
    for (size_t i = 4096; i < sizeof outside; i++)
        assert_int_equal(outside[i], 1);
    assert_true(gsp__bank_undo(outside, 4096, (const uint8_t *)(const uint32_t[]){4092, 4, 0}, 12));
}

/* Any byte of a bank changed: refused, or used without harm. */
static void bytes_that_make_no_sense_are_refused(void **state)
{
    uint64_t n;
    int n_refused = 0;

    (void)state;
    record("a", DURATION, 1);
    record("a", GSP__MEASURE_CHARACTERS, 1);
    record("b", GSP__MEASURE_INPUT, 1);
    n = n_bytes;
    for (uint64_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            gsp_status status;

            gsp__bank_deinit(&bank);
            bytes[i] ^= (uint8_t)(1 << bit);
            status = gsp__bank_init(&bank, bytes, BYTES, &n_bytes, 7);
            assert_true(status == GSP_OK || status == GSP_ERR_FORMAT);
            if (status == GSP_OK) {
                text();
                for (unsigned m = 0; m < GSP__MEASURES; m++)
                    for (uint32_t k = 0; k < bank.n_keys; k++)
                        gsp__bank_record(&bank, k, m, 1, NULL);
                gsp__bank_deinit(&bank);
            }
            n_refused += status != GSP_OK;
            n_bytes = 0; /* begun anew, as its owner does */
            open_bank();
            record("a", DURATION, 1);
            record("a", GSP__MEASURE_CHARACTERS, 1);
            record("b", GSP__MEASURE_INPUT, 1);
            assert_int_equal(n_bytes, n);
        }
    assert_true(n_refused > 100);
    for (n_bytes = 0; n_bytes < n; n_bytes++) { /* cut off anywhere but after an entry */
        gsp__bank_deinit(&bank);
        if (gsp__bank_init(&bank, bytes, BYTES, &n_bytes, 7) == GSP_OK)
            assert_true(n_bytes % 8 == 0);
    }
}

/*
 * Exemplars.
 */

static void exemplars_are_the_last_of_each_bucket(void **state)
{
    static const uint8_t trace_id[16] = {1}, span_id[8] = {2};
    const struct gsp__exemplar_cell *cells;
    uint32_t k = key(GSP__CLASS_CHAT, "a");

    (void)state;
    assert_null(gsp__bank_exemplars_at(&bank, k, DURATION));
    for (uint64_t i = 1; i <= 5; i++)
        gsp__bank_record(&bank, k, DURATION, i * 4000000,
                         &(struct gsp__exemplar_mark){1000 + i, trace_id, span_id});
    cells = gsp__bank_exemplars_at(&bank, k, DURATION);
    assert_non_null(cells);
    assert_true(cells[0].value == 8000000 && cells[0].time_unix_ns == 1002); /* up to 10 ms */
    assert_true(cells[1].value == 20000000 && cells[1].time_unix_ns == 1005);
    assert_int_equal(cells[2].time_unix_ns, 0);
    assert_memory_equal(cells[0].trace_id, trace_id, 16);
    assert_memory_equal(cells[0].span_id, span_id, 8);
    gsp__bank_record(&bank, k, GSP__MEASURE_CHARACTERS, 7,
                     &(struct gsp__exemplar_mark){1, trace_id, span_id});
    assert_null(gsp__bank_exemplars_at(&bank, k, GSP__MEASURE_CHARACTERS)); /* counters have none */
}

static void exemplars_are_bounded(void **state)
{
    static const uint8_t id[16] = {1};
    uint32_t n = 0;
    char model[16];

    (void)state;
    bank.series_max = 8000;
    for (int i = 0; i < 3000; i++) {
        snprintf(model, sizeof model, "m%d", i);
        gsp__bank_record(&bank, key(GSP__CLASS_CHAT, model), DURATION, 1,
                         &(struct gsp__exemplar_mark){1, id, id});
    }
    for (uint32_t i = 0; i < bank.n_keys; i++)
        n += gsp__bank_exemplars_at(&bank, i, DURATION) != NULL;
    assert_int_equal(bank.n_keys, 3000);
    assert_int_equal(n, GSP__EXEMPLAR_SETS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_add_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sums_are_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(money_is_exported_in_usd, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_class_is_part_of_the_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_put_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_series_overflow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_points_overflow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(attributes_that_are_too_long_overflow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_bank_overflows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bank_without_room_loses_without_harm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_is_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_undo_log_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_log_that_makes_no_sense_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_that_make_no_sense_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exemplars_are_the_last_of_each_bucket, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exemplars_are_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
