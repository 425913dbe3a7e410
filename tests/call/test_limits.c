/* The limits of records: by variable and by option, and what they dropped as it is exported. That the
 * recorder keeps to them, entry by entry, is in test_record. */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const variables[] = {
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "GENSPAN_RECORD_BYTES",
};

static gsp_recorder_options options;
static gsp_recorder *rec;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    options = (gsp_recorder_options)GSP_RECORDER_OPTIONS_INIT;
    options.directory = test_directory();
    options.ring_bytes = 256 << 10;
    rec = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_recorder_close(rec);
    return 0;
}

static void open_recorder(void)
{
    assert_int_equal(gsp_recorder_open(&options, &rec, NULL), GSP_OK);
}

static void set_int(gsp_span s, const char *key, int64_t value)
{
    gsp_attribute a = {.key = key, .type = GSP_TYPE_INT, .value = {.i = value}};

    gsp_span_set_attribute(s, &a);
}

static void set_string(gsp_span s, const char *key, const char *value)
{
    gsp_attribute a = {.key = key, .type = GSP_TYPE_STRING, .value = {.s = value}};

    gsp_span_set_attribute(s, &a);
}

/* The only span, after `n` attributes, events and links of `n` attributes each were added to it. */
static const struct gsp__span_data *span_of(int n)
{
    gsp_attribute *a = calloc((size_t)n, sizeof *a);
    char(*keys)[8] = calloc((size_t)n, sizeof *keys);
    gsp_context other = {.trace_id = {1}, .span_id = {1}};
    gsp_span s = gsp_span_start(rec, "x", NULL);

    assert_true(a && keys);
    for (int i = 0; i < n; i++) {
        snprintf(keys[i], sizeof keys[i], "k%d", i);
        a[i] = (gsp_attribute){.key = keys[i], .type = GSP_TYPE_INT, .value = {.i = i}};
    }
    gsp_span_add_event(s, "many", a, (size_t)n, 0);
    gsp_span_add_link(s, &other, a, (size_t)n);
    for (int i = 0; i < n; i++) {
        gsp_span_set_attribute(s, &a[i]);
        gsp_span_add_event(s, "e", NULL, 0, 0);
        gsp_span_add_link(s, &other, NULL, 0);
    }
    gsp_span_end(s, GSP_OUTCOME_COMPLETED, NULL, 0);
    free(a);
    free(keys);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    return test_span(0);
}

/* OpenTelemetry's defaults, and the counts of what was dropped, on the exported span. */
static void the_defaults_are_128_of_each(void **state)
{
    const struct gsp__span_data *s;

    (void)state;
    open_recorder();
    s = span_of(200);
    assert_int_equal(s->attributes.n, 127); /* the span's own name takes the place of one */
    assert_int_equal(s->attributes.n_dropped, 73);
    assert_int_equal(s->n_events, 128);
    assert_int_equal(s->n_dropped_events, 73);
    assert_int_equal(s->n_links, 128);
    assert_int_equal(s->n_dropped_links, 73);
    assert_int_equal(s->events[0].attributes.n, 128);
    assert_int_equal(s->events[0].attributes.n_dropped, 72);
    assert_int_equal(s->links[0].attributes.n, 128);
    assert_int_equal(s->links[0].attributes.n_dropped, 72);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_ATTRIBUTE_LIMIT), 73 + 72 + 72);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_EVENT_LIMIT), 73);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LINK_LIMIT), 73);
}

static void check_small_limits(void)
{
    const struct gsp__span_data *s;

    open_recorder();
    s = span_of(10);
    assert_int_equal(s->attributes.n, 3);
    assert_int_equal(s->attributes.n_dropped, 7);
    assert_int_equal(s->n_events, 5);
    assert_int_equal(s->n_dropped_events, 6);
    assert_int_equal(s->n_links, 6);
    assert_int_equal(s->n_dropped_links, 5);
    assert_int_equal(s->events[0].attributes.n, 7);
    assert_int_equal(s->events[0].attributes.n_dropped, 3);
    assert_int_equal(s->links[0].attributes.n, 8);
    assert_int_equal(s->links[0].attributes.n_dropped, 2);
}

static void limits_by_variable(void **state)
{
    (void)state;
    setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "4", 1);
    setenv("OTEL_ATTRIBUTE_COUNT_LIMIT", "99", 1); /* the general one comes second */
    setenv("OTEL_SPAN_EVENT_COUNT_LIMIT", "5", 1);
    setenv("OTEL_SPAN_LINK_COUNT_LIMIT", "6", 1);
    setenv("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "7", 1);
    setenv("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "8", 1);
    check_small_limits();
}

static void limits_by_option(void **state)
{
    (void)state;
    options.n_attributes_max = 4;
    options.n_events_max = 5;
    options.n_links_max = 6;
    options.n_event_attributes_max = 7;
    options.n_link_attributes_max = 8;
    for (int i = 0; i < 6; i++)
        setenv(variables[i], "20", 1); /* options win */
    check_small_limits();
}

static void the_general_limit_is_for_what_has_none(void **state)
{
    (void)state;
    setenv("OTEL_ATTRIBUTE_COUNT_LIMIT", "3", 1);
    open_recorder();
    assert_int_equal(span_of(10)->attributes.n, 2);
}

static void a_limit_may_be_0(void **state)
{
    const struct gsp__span_data *s;

    (void)state;
    for (int i = 0; i < 6; i++)
        setenv(variables[i], "0", 1);
    setenv("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "0", 1);
    open_recorder();
    s = span_of(3);
    assert_int_equal(s->attributes.n + s->n_events + s->n_links, 0);
    assert_int_equal(s->attributes.n_dropped, 4); /* the name is the fourth */
    assert_int_equal(s->n_dropped_events, 4);
    assert_int_equal(s->n_dropped_links, 4);
}

/* Failures say what they have to say under any limit (OP-4). */
static void limits_do_not_cost_the_exception(void **state)
{
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_span op;

    (void)state;
    for (int i = 0; i < 6; i++)
        setenv(variables[i], "0", 1);
    open_recorder();
    failure.type = GSP_ERROR_TIMEOUT;
    failure.message = "late";
    op = gsp_operation_start(rec, "chat", NULL);
    gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, 3);
    gsp_span_end(op, GSP_OUTCOME_AUTO, &failure, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    assert_string_equal(test_event_value(test_span(0), "exception", "exception.message"), "late");
    assert_string_equal(test_value(test_span(0), "error.type"), "timeout");
    assert_string_equal(test_value(test_span(0), "gen_ai.usage.input_tokens"), "3");
}

static void numbers_of_no_meaning_leave_the_default(void **state)
{
    static const char *const wrong[] = {
        "", "many", "-1", "1.5", "0x10", " 5", "5 ", "99999999999999999999", "65536"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct gsp__reader *reader;

        set_up(NULL);
        for (int v = 0; v < 6; v++)
            setenv(variables[v], wrong[i], 1);
        open_recorder();
        reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
        assert_int_equal(reader->header.n_attributes_max, 128);
        assert_int_equal(reader->header.n_events_max, 128);
        assert_int_equal(reader->header.n_links_max, 128);
        assert_int_equal(reader->header.n_event_attributes_max, 128);
        assert_int_equal(reader->header.n_link_attributes_max, 128);
        gsp__reader_close(reader);
        tear_down(NULL);
    }
}

/* A wrong special variable does not hide a good general one. */
static void a_wrong_variable_hides_no_good_one(void **state)
{
    struct gsp__reader *reader;

    (void)state;
    setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "some", 1);
    setenv("OTEL_ATTRIBUTE_COUNT_LIMIT", "17", 1);
    setenv("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "-3", 1);
    setenv("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "18", 1);
    open_recorder();
    reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
    assert_int_equal(reader->header.n_attributes_max, 17);
    assert_int_equal(reader->header.value_length_max, 18);
    gsp__reader_close(reader);
}

static const char *const lengths[] = {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                                      "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"};

/* Strings, also in lists, in events and in links, are cut; what is no attribute is not. */
static void value_length(void **state)
{
    static const char *const items[] = {"abcdef", "ab"};

    (void)state;
    for (int v = 0; v < 2; v++) {
        gsp_attribute a[2] = {
            {.key = "s", .type = GSP_TYPE_STRING, .value = {.s = "abcdef"}},
            {.key = "l", .type = GSP_TYPE_STRINGS, .value = {.strings = items}, .n_strings = 2}};
        gsp_context other = {.trace_id = {1}, .span_id = {1}};
        gsp_failure failure = GSP_FAILURE_INIT;
        const struct gsp__span_data *span;
        gsp_span s;

        set_up(NULL);
        setenv(lengths[v], "4", 1);
        if (v == 0)
            setenv(lengths[1], "1", 1); /* the general one comes second */
        open_recorder();
        s = gsp_operation_start(rec, "chat", NULL);
        gsp_span_set_attribute(s, &a[0]);
        gsp_span_set_attribute(s, &a[1]);
        gsp_span_set_string(s, GSP_FACT_RESPONSE_MODEL, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
        gsp_span_add_string(s, GSP_FACT_REQUEST_ID, 0, "abcdef");
        gsp_span_add_event(s, "a long name", a, 1, 0);
        gsp_span_add_link(s, &other, a, 1);
        assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_CUT), 6);
        failure.type = "invalid_request";
        failure.message = "a long message";
        gsp_span_end(s, GSP_OUTCOME_AUTO, &failure, 0);
        assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
        span = test_span(0);
        assert_string_equal(test_value(span, "s"), "abcd");
        assert_string_equal(test_value(span, "l"), "[abcd,ab]");
        assert_string_equal(test_value(span, "gen_ai.response.model"), "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4");
        assert_string_equal(test_value(span, "genspan.provider.request_ids"), "[abcd]");
        assert_string_equal(test_event_value(span, "a long name", "s"), "abcd");
        assert_int_equal(span->links[0].attributes.items[0].value.u.string.n, 4);
        assert_string_equal(test_span_message(span), "a long message");
        tear_down(NULL);
    }
    set_up(NULL);
}

/* GENSPAN_RECORD_BYTES: the record's ceiling; what is over it is dropped whole, and the end still fits. */
static void record_bytes(void **state)
{
    static char value[1001];
    gsp_failure failure = GSP_FAILURE_INIT;
    const struct gsp__span_data *s;
    char key[16];
    gsp_span span;
    int64_t lost;

    (void)state;
    memset(value, 'v', 1000);
    setenv("GENSPAN_RECORD_BYTES", "4096", 1);
    open_recorder();
    span = gsp_span_start(rec, "x", NULL);
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "k%d", i);
        set_string(span, key, value);
    }
    set_int(span, "small", 1); /* there is room for this still */
    failure.type = GSP_ERROR_SERVER_ERROR;
    failure.message = value;
    gsp_span_end(span, GSP_OUTCOME_AUTO, &failure, 0);
    lost = (int64_t)gsp_recorder_loss(rec, GSP_LOSS_RECORD_FULL);
    assert_in_range(lost, 16, 18);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    s = test_span(0);
    assert_int_equal(s->attributes.n_dropped, lost);
    assert_string_equal(test_value(s, "k0"), value);
    assert_string_equal(test_value(s, "k19"), "-");
    assert_string_equal(test_value(s, "small"), "1");
    assert_string_equal(test_value(s, "error.type"), "server_error");
    assert_int_equal(test_count_events(s, "exception"), 1);
    assert_in_range(s->status_message.n, 20, 1000); /* cut, never lost */
}

static void record_bytes_out_of_range(void **state)
{
    static const char *const wrong[] = {"4095", "1048577", "big"};
    static const uint32_t refused[] = {1, 4095, (1 << 20) + 1};
    struct gsp__reader *reader;

    (void)state;
    for (int i = 0; i < 3; i++) {
        set_up(NULL);
        setenv("GENSPAN_RECORD_BYTES", wrong[i], 1);
        open_recorder();
        reader = test_reader(gsp_recorder_path(rec), GSP__READ_ONLY);
        assert_int_equal(reader->header.record_bytes_max, 64 << 10);
        gsp__reader_close(reader);
        tear_down(NULL);
        options.record_bytes = refused[i];
        assert_int_equal(gsp_recorder_open(&options, &rec, NULL), GSP_ERR_INVALID);
        assert_null(rec);
    }
}

/* Events of a full record are dropped whole, and counted on the span. */
static void a_full_record_counts_its_events(void **state)
{
    static char value[1001];
    gsp_attribute a = {.key = "v", .type = GSP_TYPE_STRING, .value = {.s = value}};
    gsp_context other = {.trace_id = {1}, .span_id = {1}};
    const struct gsp__span_data *s;
    gsp_span span;

    (void)state;
    memset(value, 'v', 1000);
    options.record_bytes = 4096;
    open_recorder();
    span = gsp_span_start(rec, "x", NULL);
    for (int i = 0; i < 10; i++) {
        gsp_span_add_event(span, "e", &a, 1, 0);
        gsp_span_add_link(span, &other, &a, 1);
    }
    gsp_span_end(span, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 1);
    s = test_span(0);
    assert_in_range(s->n_events + s->n_links, 3, 4);
    assert_int_equal(s->n_events + s->n_dropped_events, 10);
    assert_int_equal(s->n_links + s->n_dropped_links, 10);
    assert_int_equal(s->n_dropped_events + s->n_dropped_links, gsp_recorder_loss(rec, GSP_LOSS_RECORD_FULL));
}

/* The span of an attempt says what was dropped of it, the operation's what was dropped there. */
static void every_span_counts_its_own(void **state)
{
    gsp_span op, at;
    char key[16];

    (void)state;
    options.n_attributes_max = 5;
    open_recorder();
    op = gsp_operation_start(rec, "chat", NULL);
    at = gsp_attempt_start(op, NULL);
    for (int i = 0; i < 7; i++) {
        snprintf(key, sizeof key, "k%d", i);
        set_int(at, key, i);
    }
    set_int(op, "one", 1);
    gsp_span_end(at, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    assert_int_equal(test_spans_of(gsp_recorder_path(rec), false), 2);
    assert_int_equal(test_span(0)->attributes.n_dropped, 0);
    assert_int_equal(test_span(1)->attributes.n_dropped, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_defaults_are_128_of_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_by_variable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_by_option, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_general_limit_is_for_what_has_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_limit_may_be_0, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_do_not_cost_the_exception, set_up, tear_down),
        cmocka_unit_test(numbers_of_no_meaning_leave_the_default),
        cmocka_unit_test_setup_teardown(a_wrong_variable_hides_no_good_one, set_up, tear_down),
        cmocka_unit_test(value_length),
        cmocka_unit_test_setup_teardown(record_bytes, set_up, tear_down),
        cmocka_unit_test(record_bytes_out_of_range),
        cmocka_unit_test_setup_teardown(a_full_record_counts_its_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_span_counts_its_own, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
