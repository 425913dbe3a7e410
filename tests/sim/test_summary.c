/* Summaries of spans, and comparing them with what was expected. */
#include "support/support.h"

#include <string.h>

#include "sim/summary.h"

#define TEXT(s)                                                                                              \
    {                                                                                                        \
        .type = GSP__VALUE_STRING, .u = {.string = {s, sizeof(s) - 1} }                                      \
    }

static struct gsp__span_data span(uint8_t id, uint8_t parent, const char *name, uint64_t start_ms,
                                  uint64_t end_ms)
{
    struct gsp__span_data s = {.trace_id = {1}, .span_id = {id}, .parent_span_id = {parent}};

    s.has_parent = parent != 0;
    s.name = (struct gsp__string){name, strlen(name)};
    s.start_unix_ns = 1000000000 + start_ms * 1000000;
    s.end_unix_ns = 1000000000 + end_ms * 1000000;
    return s;
}

static void check(const struct gsp__span_data *spans, uint32_t n, const char *expected)
{
    struct gsp__buffer out = {0};

    assert_true(gsp__summary_spans(&out, spans, n));
    gsp__buffer_add_char(&out, 0);
    assert_string_equal(out.data, expected);
    gsp__buffer_deinit(&out);
}

static void spans_stand_beneath_their_parents_in_order_of_start(void **state)
{
    struct gsp__span_data spans[] = {
        span(3, 1, "second", 30, 40), span(2, 1, "first", 10, 20), span(1, 0, "root", 0, 50),
        span(9, 8, "orphan", 5, 5),   span(4, 2, "leaf", 11, 12),
    };

    (void)state;
    check(spans, 5,
          "root UNSET 50ms []\n"
          "  first UNSET 10ms []\n"
          "    leaf UNSET 1ms []\n"
          "  second UNSET 10ms []\n"
          "orphan UNSET 0ms []\n");
}

static void spans_in_a_circle_are_each_there_once(void **state)
{
    struct gsp__span_data spans[] = {span(1, 2, "a", 0, 1), span(2, 1, "b", 0, 1), span(3, 3, "self", 0, 1)};

    (void)state;
    check(spans, 3, "self UNSET 1ms []\na UNSET 1ms []\n  b UNSET 1ms []\n");
}

static void attributes_are_sorted_and_events_have_times(void **state)
{
    struct gsp__value ids[] = {TEXT("req_a"), TEXT("b\"")};
    struct gsp__attribute items[] = {
        {GSP__STRING("z"), {.type = GSP__VALUE_BOOL, .u = {.boolean = true}}},
        {GSP__STRING("ids"), {.type = GSP__VALUE_ARRAY, .n = 2, .u = {.items = ids}}},
        {GSP__STRING("blank"), TEXT("a b")},
        {GSP__STRING("bare"), TEXT("a-b")},
        {GSP__STRING("d"), {.type = GSP__VALUE_DOUBLE, .u = {.real = 0.125}}},
        {GSP__STRING("idx"), {.type = GSP__VALUE_INT, .u = {.integer = -3}}},
        {GSP__STRING("empty"), TEXT("")},
    };
    struct gsp__span_event events[] = {
        {.time_unix_ns = 1020000000, .name = GSP__STRING("gen_ai.retry")},
        {.time_unix_ns = 1030500000, .name = GSP__STRING("other")},
        {.time_unix_ns = 1031000000, .name = GSP__STRING("exception")},
    };
    struct gsp__span_data s = span(1, 0, "chat m1", 0, 136);

    (void)state;
    s.status = GSP__STATUS_ERROR;
    s.attributes = (struct gsp__attributes){items, 7, 0};
    s.events = events;
    s.n_events = 3;
    check(&s, 1,
          "chat m1 ERROR 136ms [bare=a-b blank=\"a b\" d=0.125 empty=\"\" ids=[\"req_a\",\"b\\\"\"] idx=-3 "
          "z=true]"
          " {gen_ai.retry@20ms other@30.5ms exception}\n");
}

static void dots_stand_for_anything(void **state)
{
    static const char text[] = "chat m1 UNSET [a=1 b=2]\n  run ERROR [c=3]\nsleeps_ms: 100\n";
    static const struct {
        const char *expect[4];
        uint32_t n, line, expected;
    } rows[] = {
        {{"chat m1 UNSET [a=1 b=2]", "  run ERROR [c=3]", "sleeps_ms: 100"}, 3, 0, 3},
        {{"chat m1 UNSET [...]", "  run ERROR [...c=3]", "sleeps_ms: ..."}, 3, 0, 3},
        {{"..."}, 1, 0, 1},
        {{"chat...", "..."}, 2, 0, 2},
        {{"...", "sleeps_ms: 100"}, 2, 0, 2},
        {{"...", "sleeps_ms: 100", "..."}, 3, 0, 3},
        {{"chat m1 UNSET [...b=3]", "..."}, 2, 1, 0},
        {{"chat m1 UNSET [a=1 b=2]", "  run UNSET...", "..."}, 3, 2, 1},
        {{"chat...", "  run..."}, 2, 3, 2},                             /* a line too many */
        {{"chat...", "  run...", "sleeps...", "notices:..."}, 4, 4, 3}, /* a line missing */
        {{"...", "nowhere"}, 2, 4, 1},
        {{"c...h...t m1...]x...", "..."}, 2, 1, 0},
        {{"c...a...t m1...b=2]...", "..."}, 2, 0, 2},
        {{""}, 1, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t expected = 77;

        assert_int_equal(gsp__summary_compare(text, strlen(text), rows[i].expect, rows[i].n, &expected),
                         rows[i].line);
        assert_int_equal(expected, rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_stand_beneath_their_parents_in_order_of_start),
        cmocka_unit_test(spans_in_a_circle_are_each_there_once),
        cmocka_unit_test(attributes_are_sorted_and_events_have_times),
        cmocka_unit_test(dots_stand_for_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
