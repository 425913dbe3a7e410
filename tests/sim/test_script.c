/* Scripts of the simulated provider: what is understood, and what a wrong one is told. */
#include "support/support.h"

#include <stdio.h>
#include <string.h>

#include "sim/script.h"

static void good_steps(void **state)
{
    static const struct {
        const char *text;
        enum gsp__sim_action action;
        int status, is_ms;
        int64_t retry_after;
    } rows[] = {
        {"ok", GSP__SIM_ANSWER, 0, 0, 0},           {"drop", GSP__SIM_DROP, 0, 0, 0},
        {"drop-mid", GSP__SIM_DROP_MID, 0, 0, 0},   {"stall", GSP__SIM_STALL, 0, 0, 0},
        {"malformed", GSP__SIM_MALFORMED, 0, 0, 0}, {"no-usage", GSP__SIM_NO_USAGE, 0, 0, 0},
        {"error-mid", GSP__SIM_ERROR_MID, 0, 0, 0}, {"no-end", GSP__SIM_NO_END, 0, 0, 0},
        {"429", GSP__SIM_REFUSE, 429, 0, 1},        {"429:0", GSP__SIM_REFUSE, 429, 0, 0},
        {"429:30", GSP__SIM_REFUSE, 429, 0, 30},    {"429ms:250", GSP__SIM_REFUSE, 429, 1, 250},
        {"503:2", GSP__SIM_REFUSE, 503, 0, 2},      {"503ms:2", GSP__SIM_REFUSE, 503, 1, 2},
        {"500", GSP__SIM_REFUSE, 500, 0, -1},       {"529", GSP__SIM_REFUSE, 529, 0, -1},
        {"400", GSP__SIM_REFUSE, 400, 0, -1},       {"599", GSP__SIM_REFUSE, 599, 0, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gsp__sim_script script;
        gsp_error err = {0};

        if (gsp__sim_script_parse(rows[i].text, &script, &err) != GSP_OK)
            fail_msg("%s: %s", rows[i].text, err.text);
        assert_int_equal(script.n_steps, 1);
        assert_int_equal(script.steps[0].action, rows[i].action);
        assert_int_equal(script.steps[0].status, rows[i].status);
        assert_int_equal(script.steps[0].is_retry_ms, rows[i].is_ms);
        assert_int_equal(script.steps[0].retry_after, rows[i].retry_after);
        assert_null(err.text); /* nothing is written on success */
    }
}

static void several_steps_are_in_order(void **state)
{
    struct gsp__sim_script script;

    (void)state;
    assert_int_equal(gsp__sim_script_parse("429:2,drop,ok", &script, NULL), GSP_OK);
    assert_int_equal(script.n_steps, 3);
    assert_int_equal(script.steps[0].status, 429);
    assert_int_equal(script.steps[1].action, GSP__SIM_DROP);
    assert_int_equal(script.steps[2].action, GSP__SIM_ANSWER);
}

static void wrong_steps_are_told_where_and_what(void **state)
{
    static const struct {
        const char *text;
        uint64_t offset;
        const char *says;
    } rows[] = {
        {"", 0, "empty"},
        {",", 0, "empty"},
        {"ok,", 3, "empty"},
        {"ok,,ok", 3, "empty"},
        {"okay", 0, "not known"},
        {"OK", 0, "not known"},
        {" ok", 0, "not known"},
        {"ok, drop", 3, "429[:S]"},
        {"drop-mid,x", 9, "not known"},
        {"399", 0, "not known"},
        {"600", 0, "not known"},
        {"-429", 0, "not known"},
        {"429:", 0, "not known"},
        {"429:x", 0, "not known"},
        {"429:-1", 0, "not known"},
        {"429ms", 0, "not known"},
        {"429ms:", 0, "not known"},
        {"429m:1", 0, "not known"},
        {"429:1:2", 0, "not known"},
        {"429:1.5", 0, "not known"},
        {"ok:1", 0, "not known"},
        {"429:99999999999", 0, "not known"},
        {":1", 0, "not known"},
        {"ms:1", 0, "not known"},
        {"42900000000000000000000000000000000000000000000000000000000000000000000", 0, "too long"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gsp__sim_script script, before;
        gsp_error err = {0};

        memset(&script, 0x5a, sizeof script);
        before = script;
        if (gsp__sim_script_parse(rows[i].text, &script, &err) != GSP_ERR_INVALID)
            fail_msg("\"%s\" was taken", rows[i].text);
        assert_int_equal(err.code, GSP_ERR_INVALID);
        if (err.offset != rows[i].offset || !strstr(err.text, rows[i].says))
            fail_msg("\"%s\": at %d: %s", rows[i].text, (int)err.offset, err.text);
        assert_memory_equal(&script, &before, sizeof script); /* on failure outputs are untouched */
        assert_int_equal(gsp__sim_script_parse(rows[i].text, &script, NULL), GSP_ERR_INVALID);
    }
}

static void the_number_of_steps_has_a_ceiling(void **state)
{
    struct gsp__sim_script script;
    gsp_error err = {0};
    char text[3 * (GSP__SIM_STEPS_MAX + 1) + 1] = "ok";

    (void)state;
    for (int i = 1; i < GSP__SIM_STEPS_MAX; i++)
        strcat(text, ",ok");
    assert_int_equal(gsp__sim_script_parse(text, &script, &err), GSP_OK);
    assert_int_equal(script.n_steps, GSP__SIM_STEPS_MAX);
    strcat(text, ",ok");
    assert_int_equal(gsp__sim_script_parse(text, &script, &err), GSP_ERR_INVALID);
    assert_int_equal(err.offset, 3 * GSP__SIM_STEPS_MAX);
    assert_non_null(strstr(err.text, "64"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_steps),
        cmocka_unit_test(several_steps_are_in_order),
        cmocka_unit_test(wrong_steps_are_told_where_and_what),
        cmocka_unit_test(the_number_of_steps_has_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
