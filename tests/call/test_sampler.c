/* Head sampling, CX-3: decided by trace id when the trace starts; the record is made in any case. */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/sampler.h"

static int set_up(void **state)
{
    (void)state;
    unsetenv("OTEL_TRACES_SAMPLER");
    unsetenv("OTEL_TRACES_SAMPLER_ARG");
    test_directory_clear();
    return 0;
}

/* A trace id whose 56 random bits (the last 7 bytes) are this part of all. */
static void trace_at(double part, uint8_t out[16])
{
    uint64_t bits = (uint64_t)(part * 72057594037927936.0);

    memset(out, 0xab, 16); /* the others do not count */
    for (int i = 15; i >= 9; i--) {
        out[i] = (uint8_t)bits;
        bits >>= 8;
    }
}

static bool decides(const struct gsp__sampler *s, double part, int parent_flags)
{
    gsp_context parent = {.trace_id = {1}, .span_id = {1}, .trace_flags = (uint8_t)parent_flags};
    uint8_t trace_id[16];

    trace_at(part, trace_id);
    return gsp__sampler_decide(s, trace_id, parent_flags < 0 ? NULL : &parent);
}

struct row {
    const char *name;
    double ratio;
    const char *decisions; /* root at 0.1, 0.6; then the same with a sampled, an unsampled parent */
};

static void check(const struct gsp__sampler *s, const struct row *row)
{
    static const struct {
        double part;
        int parent;
    } cases[] = {{0.1, -1}, {0.6, -1}, {0.1, 1}, {0.6, 1}, {0.1, 0}, {0.6, 0}};

    for (int i = 0; i < 6; i++)
        if (decides(s, cases[i].part, cases[i].parent) != (row->decisions[i] == 'y'))
            fail_msg("%s %g: case %d", row->name, row->ratio, i);
}

static const struct row rows[] = {
    {"always_on", 0, "yyyyyy"},
    {"always_off", 0, "nnnnnn"},
    {"traceidratio", 0.5, "ynynyn"},
    {"traceidratio", 1, "yyyyyy"},
    {"parentbased_always_on", 0, "yyyynn"},
    {"parentbased_always_off", 0, "nnyynn"},
    {"parentbased_traceidratio", 0.5, "ynyynn"},
};

/* CX-3, by option and by variable. */
static void cx_3_every_sampler(void **state)
{
    struct gsp__sampler s;
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(gsp__sampler_set(&s, rows[i].name, rows[i].ratio));
        check(&s, &rows[i]);
        setenv("OTEL_TRACES_SAMPLER", rows[i].name, 1);
        snprintf(text, sizeof text, "%g", rows[i].ratio);
        setenv("OTEL_TRACES_SAMPLER_ARG", text, 1);
        assert_true(gsp__sampler_set(&s, NULL, 0));
        check(&s, &rows[i]);
        set_up(NULL);
    }
    assert_true(gsp__sampler_set(&s, NULL, 0));
    check(&s, &rows[4]); /* the default */
    assert_true(gsp__sampler_set(&s, "", 0));
    check(&s, &rows[4]);
}

/* recorder.h: each zero field is taken from its variable, then from the default; so is the ratio. */
static void the_ratio_has_a_variable_and_a_default(void **state)
{
    struct gsp__sampler s;

    (void)state;
    assert_true(gsp__sampler_set(&s, "traceidratio", 0));
    check(&s, &(struct row){"no ratio", 0, "yyyyyy"});
    setenv("OTEL_TRACES_SAMPLER_ARG", "0.5", 1);
    assert_true(gsp__sampler_set(&s, "traceidratio", 0));
    check(&s, &(struct row){"by variable", 0, "ynynyn"});
    setenv("OTEL_TRACES_SAMPLER", "traceidratio", 1);
    assert_true(gsp__sampler_set(&s, NULL, 1));
    check(&s, &(struct row){"the option wins", 1, "yyyyyy"});
    setenv("OTEL_TRACES_SAMPLER_ARG", "0", 1); /* the variable may say 0 */
    assert_true(gsp__sampler_set(&s, NULL, 0));
    check(&s, &(struct row){"none", 0, "nnnnnn"});
}

static void options_of_no_meaning_are_refused(void **state)
{
    struct gsp__sampler s;

    (void)state;
    assert_false(gsp__sampler_set(&s, "sometimes", 0.5));
    assert_false(gsp__sampler_set(&s, "parentbased_", 0.5));
    assert_false(gsp__sampler_set(&s, "parentbased_parentbased_always_on", 0.5));
    assert_false(gsp__sampler_set(&s, "traceidratio", -0.1));
    assert_false(gsp__sampler_set(&s, "traceidratio", 1.1));
    assert_false(gsp__sampler_set(&s, "traceidratio", NAN));
    assert_false(gsp__sampler_set(&s, NULL, INFINITY));
}

static void variables_of_no_meaning_leave_the_default(void **state)
{
    static const char *const args[] = {"half", "-1", "1.5", "nan", "0x1", "1e999", " "};
    struct gsp__sampler s;

    (void)state;
    setenv("OTEL_TRACES_SAMPLER", "jaeger_remote", 1);
    assert_true(gsp__sampler_set(&s, NULL, 0));
    check(&s, &rows[4]);
    setenv("OTEL_TRACES_SAMPLER", "traceidratio", 1);
    for (size_t i = 0; i < sizeof args / sizeof args[0]; i++) {
        setenv("OTEL_TRACES_SAMPLER_ARG", args[i], 1);
        assert_true(gsp__sampler_set(&s, NULL, 0));
        check(&s, &(struct row){args[i], 1, "yyyyyy"});
    }
    /* OpenTelemetry: values of an enumeration in any case */
    setenv("OTEL_TRACES_SAMPLER", "ParentBased_Always_OFF", 1);
    assert_true(gsp__sampler_set(&s, NULL, 0));
    check(&s, &rows[5]);
}

static gsp_recorder *open_with(const char *sampler, double ratio)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *r;

    o.directory = test_directory();
    o.ring_bytes = 1 << 20;
    o.sampler = sampler;
    o.sampler_ratio = ratio;
    assert_int_equal(gsp_recorder_open(&o, &r, NULL), GSP_OK);
    return r;
}

/* CX-3: what is not sampled is recorded all the same, says so to others, and passes it on to its children. */
static void cx_3_the_record_is_made_anyway(void **state)
{
    gsp_recorder *r = open_with("always_off", 0);
    gsp_span op = gsp_operation_start(r, "chat", NULL), at = gsp_attempt_start(op, NULL);
    gsp_context c = gsp_span_context(at);
    char text[GSP_TRACEPARENT_BYTES];

    (void)state;
    gsp_context_format(&c, text);
    assert_string_equal(text + 52, "-02"); /* not sampled, but a random id */
    gsp_span_set_int(at, GSP_FACT_SEED, 1);
    gsp_span_end(at, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(r), false), 2);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(test_span(i)->flags & GSP_TRACE_FLAG_SAMPLED, 0);
    assert_string_equal(test_value(test_span(0), "gen_ai.request.seed"), "1");
    gsp_recorder_close(r);
}

/* CX-3: an operation and its attempts are of one mind, so that the flag that goes out is true. */
static void cx_3_one_decision_per_trace(void **state)
{
    gsp_recorder *r = open_with("traceidratio", 0.5);
    int n_sampled = 0;

    (void)state;
    for (int i = 0; i < 400; i++) {
        gsp_span op = gsp_operation_start(r, "chat", NULL), at = gsp_attempt_start(op, NULL);
        gsp_context parent = gsp_span_context(op), child = gsp_span_context(at);
        uint8_t flag = parent.trace_flags & GSP_TRACE_FLAG_SAMPLED;
        gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
        gsp_span inner;

        assert_int_equal(child.trace_flags, parent.trace_flags);
        o.parent = &child; /* the id decides again, and the same */
        inner = gsp_operation_start(r, "chat", &o);
        assert_int_equal(gsp_span_context(inner).trace_flags & GSP_TRACE_FLAG_SAMPLED, flag);
        n_sampled += flag;
        gsp_span_end(inner, GSP_OUTCOME_AUTO, NULL, 0);
        gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
        if (i % 100 == 0)
            test_drain(gsp_recorder_path(r));
    }
    assert_in_range(n_sampled, 100, 300); /* 10 standard deviations of 200 */
    gsp_recorder_close(r);
}

/* The parent decides where the sampler follows it; W3C's random bit goes on as it came. */
static void cx_3_a_remote_parent_decides(void **state)
{
    gsp_recorder *r = open_with(NULL, 0);
    gsp_span_options o = GSP_SPAN_OPTIONS_INIT;
    gsp_context parent;

    (void)state;
    o.parent = &parent;
    for (int flags = 0; flags < 4; flags++) {
        parent = (gsp_context){{1}, {2}, (uint8_t)flags, 1, {0}};
        assert_int_equal(gsp_span_context(gsp_span_start(r, "x", &o)).trace_flags, flags);
    }
    memset(parent.trace_id, 0, 16); /* no parent at all: a root of our own */
    parent.trace_flags = 0;
    assert_int_equal(gsp_span_context(gsp_span_start(r, "x", &o)).trace_flags, 3);
    gsp_recorder_close(r);
    r = open_with("always_off", 0); /* follows nobody: the parent's flag does not go on */
    parent = (gsp_context){{1}, {2}, 3, 1, {0}};
    assert_int_equal(gsp_span_context(gsp_span_start(r, "x", &o)).trace_flags, GSP_TRACE_FLAG_RANDOM);
    gsp_recorder_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(cx_3_every_sampler, set_up),
        cmocka_unit_test_setup(the_ratio_has_a_variable_and_a_default, set_up),
        cmocka_unit_test_setup(options_of_no_meaning_are_refused, set_up),
        cmocka_unit_test_setup(variables_of_no_meaning_leave_the_default, set_up),
        cmocka_unit_test_setup(cx_3_the_record_is_made_anyway, set_up),
        cmocka_unit_test_setup(cx_3_one_decision_per_trace, set_up),
        cmocka_unit_test_setup(cx_3_a_remote_parent_decides, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
