/* The scenario format: what is read, and where a malformed one is wrong. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario.h"

#define TARGET "\"targets\": [{\"model\": \"m1\", \"calls\": [[{\"at_ms\": 1, \"end\": true}]]}]"

static struct gsp__scenario *read(const char *text)
{
    struct gsp__fields_fault fault;
    struct gsp__scenario *s = gsp__scenario_read(text, strlen(text), &fault);

    if (!s)
        fail_msg("%s: %s", fault.path, fault.text);
    return s;
}

static void what_is_not_said_is_a_default_or_absent(void **state)
{
    struct gsp__scenario *s = read("{" TARGET "}");

    (void)state;
    assert_string_equal(s->request.operation, "chat");
    assert_true(s->start_unix_ns == 1700000000000000000u);
    assert_false(s->has_retry);
    assert_false(s->has_fallback);
    assert_int_equal(s->retry.max_retries, -1);
    assert_int_equal(s->request.max_tokens, -1);
    assert_null(s->request.model);
    assert_int_equal(s->n_targets, 1);
    assert_string_equal(s->targets[0].name, "m1"); /* the model, where it has no name */
    assert_int_equal(s->targets[0].calls[0].steps[0].usage[GSP_USAGE_INPUT_TOKENS], -1);
    gsp__scenario_free(s);
}

static void a_whole_one(void **state)
{
    struct gsp__scenario *s = read(
        "{\"name\": \"n\", \"dialect\": \"livekit\", \"capture\": \"SPAN_ONLY\", \"seed\": 7,"
        " \"request\": {\"operation\": \"chat\", \"model\": \"m\", \"stream\": true, \"task_id\": \"t\","
        "  \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}], \"tools\": [\"a\", \"b\"],"
        "  \"parameters\": {\"temperature\": 0.5, \"max_tokens\": 9}},"
        " \"targets\": [{\"provider\": \"p\", \"model\": \"m\", \"server\": \"h.example:8443\", \"calls\": [["
        "  {\"at_ms\": 5, \"chunk\": {\"id\": \"r\", \"text\": \"x\", \"usage\": {\"input_tokens\": 0,"
        "    \"cache_read\": null}, \"tool_call\": {\"id\": \"c\", \"name\": \"f\", \"arguments\": \"{\","
        "    \"partial\": true}}},"
        "  {\"at_ms\": 6, \"note_id\": \"late\"},"
        "  {\"at_ms\": 6, \"error\": {\"kind\": \"status\", \"status\": 429, \"retry_after_ms\": 10}}],"
        "  [{\"hang\": true}]]},"
        " {\"fallback\": {\"recovery\": true}, \"targets\": [{\"model\": \"leaf\", \"calls\": [[]]}]}],"
        " \"retry\": {\"profile\": \"ares\", \"max_retries\": 5, \"base_ms\": 1},"
        " \"fallback\": {\"attempt_timeout_ms\": 100},"
        " \"caller\": [{\"read\": 2}, {\"wait_ms\": 3}, {\"set_after_end\": \"k\"}, {\"read\": \"all\"},"
        "  {\"kill\": true}],"
        " \"turn\": {\"user\": {\"speech_start_ms\": 0}},"
        " \"expect\": [\"...\"]}");
    const struct gsp__step *steps;

    (void)state;
    assert_int_equal(s->n_targets, 2);
    assert_string_equal(s->targets[0].host, "h.example");
    assert_int_equal(s->targets[0].port, 8443);
    assert_int_equal(s->targets[0].n_calls, 2);
    steps = s->targets[0].calls[0].steps;
    assert_int_equal(steps[0].at_ns, 5000000);
    assert_int_equal(steps[0].usage[GSP_USAGE_INPUT_TOKENS], 0);       /* US-3: 0 is 0 */
    assert_int_equal(steps[0].usage[GSP_USAGE_CACHE_READ_TOKENS], -1); /* and null is nothing */
    assert_true(steps[0].has_tool_call && steps[0].is_partial);
    assert_int_equal(steps[1].kind, GSP__STEP_NOTE_ID);
    assert_string_equal(steps[1].id, "late");
    assert_int_equal(steps[2].error, GSP__SCRIPTED_STATUS);
    assert_int_equal(steps[2].retry_after_ms, 10);
    assert_int_equal(s->targets[0].calls[1].steps[0].kind, GSP__STEP_HANG);
    assert_true(s->targets[1].is_fallback && s->targets[1].fallback.recovery);
    assert_string_equal(s->targets[1].targets[0].name, "leaf");
    assert_int_equal(s->retry.profile, GSP__PROFILE_ARES);
    assert_int_equal(s->fallback.attempt_timeout_ms, 100);
    assert_int_equal(s->fallback.idle_timeout_ms, -1);
    assert_int_equal(s->n_caller, 5);
    assert_int_equal(s->caller[0].n, 2);
    assert_int_equal(s->caller[3].n, -1);
    assert_int_equal(s->caller[4].kind, GSP__CALLER_KILL);
    assert_int_equal(s->request.n_tools, 2);
    assert_true(s->request.has_temperature && !s->request.has_top_p);
    assert_true(s->has_turn && s->turn.has_user && !s->turn.has_agent);
    assert_int_equal(s->turn.speech_end_ms, -1);
    gsp__scenario_free(s);
}

static void a_fault_is_told_with_its_path(void **state)
{
    static const struct {
        const char *text, *path;
    } rows[] = {
        {"[]", "$"},
        {"{}", "$"},
        {"{\"targets\": []}", "$"},
        {"{\"nmae\": \"x\", " TARGET "}", "$.nmae"},
        {"{\"name\": 1, " TARGET "}", "$.name"},
        {"{\"start_unix_ms\": \"now\", " TARGET "}", "$.start_unix_ms"},
        {"{\"targets\": [{\"calls\": [[]]}]}", "$.targets[0]"},
        {"{\"targets\": [{\"model\": \"m\"}]}", "$.targets[0]"},
        {"{\"targets\": [{\"model\": \"m\", \"calls\": {}}]}", "$.targets[0].calls"},
        {"{\"targets\": [{\"model\": \"m\", \"server\": \"h:0\", \"calls\": [[]]}]}", "$.targets[0].server"},
        {"{\"targets\": [{\"model\": \"m\", \"calls\": [[], [{\"at_ms\": -1, \"end\": true}]]}]}",
         "$.targets[0].calls[1][0].at_ms"},
        {"{\"targets\": [{\"model\": \"m\", \"calls\": [[{\"at_ms\": 1}]]}]}", "$.targets[0].calls[0][0]"},
        {"{\"targets\": [{\"model\": \"m\", \"calls\": [[{\"end\": true, \"eof\": true}]]}]}",
         "$.targets[0].calls[0][0]"},
        {"{\"targets\": [{\"model\": \"m\", \"calls\": [[{\"end\": false}]]}]}",
         "$.targets[0].calls[0][0].end"},
        {"{\"targets\": [{\"model\": \"m\", \"calls\": [[{\"at_ms\": 2, \"end\": true},"
         " {\"at_ms\": 1, \"eof\": true}]]}]}",
         "$.targets[0].calls[0][1]"},
        {"{\"targets\": [{\"model\": \"m\", \"calls\": [[{\"error\": {\"kind\": \"status\"}}]]}]}",
         "$.targets[0].calls[0][0].error"},
        {"{\"targets\": [{\"model\": \"m\", \"calls\": [[{\"error\": {\"message\": \"x\"}}]]}]}",
         "$.targets[0].calls[0][0].error"},
        {"{\"targets\": [{\"model\": \"m\", \"calls\": [[{\"error\": {\"kind\": \"odd\"}}]]}]}",
         "$.targets[0].calls[0][0].error.kind"},
        {"{\"targets\": [{\"model\": \"m\", \"calls\": [[{\"chunk\": {\"usage\": {\"tokens\": 1}}}]]}]}",
         "$.targets[0].calls[0][0].chunk.usage.tokens"},
        {"{\"targets\": [{\"model\": \"m\", \"calls\": [[{\"chunk\": {\"usage\": {\"input_tokens\": "
         "true}}}]]}]}",
         "$.targets[0].calls[0][0].chunk.usage.input_tokens"},
        {"{\"targets\": [{\"model\": \"a\", \"calls\": [[]]}, {\"model\": \"b\", \"calls\": [[]]}]}", "$"},
        {"{\"targets\": [{\"fallback\": {}, \"calls\": [[]]}]}", "$.targets[0]"},
        {"{\"targets\": [{\"targets\": [{\"model\": \"m\", \"calls\": [[]]}]}]}", "$.targets[0]"},
        {"{\"retry\": {\"profile\": \"linear\"}, " TARGET "}", "$.retry.profile"},
        {"{\"retry\": {\"max_retries\": 101}, " TARGET "}", "$.retry.max_retries"},
        {"{\"caller\": [{\"read\": \"some\"}], " TARGET "}", "$.caller[0].read"},
        {"{\"caller\": [{\"sing\": true}], " TARGET "}", "$.caller[0]"},
        {"{\"caller\": [{\"close\": true}, {\"close\": 1}], " TARGET "}", "$.caller[1].close"},
        {"{\"request\": {\"messages\": [{\"content\": \"x\"}]}, " TARGET "}", "$.request.messages[0]"},
        {"{\"parallel\": [{" TARGET "}], " TARGET "}", "$.parallel[0]"},
        {"{\"parallel\": [{\"parallel\": []}], " TARGET "}", "$.parallel[0].parallel"},
        {"{\"name\": \"a\\u0000b\", " TARGET "}", "line 1"},
        {"{\"name\": \"a\", \"name\": \"b\", " TARGET "}", "line 1"},
        {"{\"name\": ", "line 1"},
        {"", "line 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gsp__fields_fault fault;
        struct gsp__scenario *s = gsp__scenario_read(rows[i].text, strlen(rows[i].text), &fault);

        if (s)
            fail_msg("%s was read", rows[i].text);
        if (strncmp(fault.path, rows[i].path,
                    strncmp(rows[i].path, "line", 4) == 0 ? 6 : sizeof fault.path) != 0)
            fail_msg("%s: \"%s\" (%s), not \"%s\"", rows[i].text, fault.path, fault.text, rows[i].path);
        assert_true(fault.text[0] != 0);
    }
}

static void nesting_and_size_have_ceilings(void **state)
{
    static char text[5 << 20];
    struct gsp__fields_fault fault;
    size_t n = 0;

    (void)state;
    n += (size_t)snprintf(text, sizeof text, "{\"targets\": ");
    for (int i = 0; i < 6; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "[{\"fallback\": {}, \"targets\": ");
    snprintf(text + n, sizeof text - n, "[]");
    assert_null(gsp__scenario_read(text, strlen(text), &fault)); /* no JSON either way, but no crash */
    memset(text, ' ', sizeof text);
    assert_null(gsp__scenario_read(text, sizeof text, &fault));
    assert_string_equal(fault.text, "larger than 4 MiB");
}

/* Cut anywhere, it is refused with a reason. */
static void a_file_that_breaks_off(void **state)
{
    static const char text[] = "{\"seed\": 1, \"caller\": [{\"read\": \"all\"}], " TARGET "}";

    (void)state;
    for (size_t n = 0; n < strlen(text); n++) {
        struct gsp__fields_fault fault;

        assert_null(gsp__scenario_read(text, n, &fault));
        assert_true(fault.text[0] != 0);
    }
}

static void the_shared_example(void **state)
{
    const char *path = test_shared_file("scenarios/retry-then-success.json");
    struct gsp__scenario *s;
    char *text;
    size_t n;

    (void)state;
    if (!path)
        skip();
    text = test_read_file(path, &n);
    s = read(text);
    assert_int_equal(s->targets[0].n_calls, 2);
    assert_int_equal(s->retry.max_retries, 3);
    assert_int_equal(s->n_expect, 6);
    gsp__scenario_free(s);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_is_a_default_or_absent),
        cmocka_unit_test(a_whole_one),
        cmocka_unit_test(a_fault_is_told_with_its_path),
        cmocka_unit_test(nesting_and_size_have_ceilings),
        cmocka_unit_test(a_file_that_breaks_off),
        cmocka_unit_test(the_shared_example),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
