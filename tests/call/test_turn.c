/* Voice turns: VO-1 to VO-3 and ID-3, as they are recorded and as they are exported. */
#include "call/spans_of.h"
#include "support/dump.h"
#include "support/support.h"

#include <genspan/operation.h>
#include <genspan/turn.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

static struct test_clock test_time;
static gsp_recorder *rec;
static int64_t t0;

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    rec = test_recorder(&test_time, 256 << 10);
    t0 = test_time.now_ns;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_recorder_close(rec);
    return 0;
}

static uint32_t spans(void)
{
    return test_spans_of(gsp_recorder_path(rec), false);
}

/* The only span of this name. */
static const struct gsp__span_data *named(uint32_t n, const char *name)
{
    const struct gsp__span_data *found = NULL;

    for (uint32_t i = 0; i < n; i++)
        if (strcmp(test_span_name(test_span(i)), name) == 0) {
            assert_null(found);
            found = test_span(i);
        }
    assert_non_null(found);
    return found;
}

static void mark(gsp_span turn, gsp_turn_moment moment, int64_t ms)
{
    if (ms >= 0)
        gsp_turn_mark(turn, moment, t0 + ms * MS);
}

static void end(gsp_span span)
{
    test_time.now_ns = t0 + 1000 * MS;
    gsp_span_end(span, GSP_OUTCOME_AUTO, NULL, 0);
}

static void is_under(const struct gsp__span_data *child, const struct gsp__span_data *parent)
{
    assert_memory_equal(child->trace_id, parent->trace_id, 16);
    assert_true(child->has_parent);
    assert_memory_equal(child->parent_span_id, parent->span_id, 8);
}

/* VO-1: the turn, what is spoken in it, the detection of its end, and calls beneath. */
static void vo_1_the_tree_of_a_users_turn(void **state)
{
    gsp_turn_options o = GSP_TURN_OPTIONS_INIT;
    gsp_operation_options call = GSP_OPERATION_OPTIONS_INIT;
    const struct gsp__span_data *root;
    gsp_context context;
    gsp_span turn, eou, stt;
    uint32_t n;

    (void)state;
    o.session_id = "s-1";
    o.speech_id = "sp-1";
    o.generation_id = "g-1";
    o.parent_generation_id = "g-0";
    turn = gsp_turn_start(rec, GSP_TURN_USER, &o);
    context = gsp_span_context(turn);
    mark(turn, GSP_TURN_SPEECH_START, 10);
    call.parent = &context;
    stt = gsp_operation_start(rec, "speech_to_text", &call);
    end(stt);
    mark(turn, GSP_TURN_SPEECH_END, 400);
    eou = gsp_eou_start(turn, t0 + 410 * MS);
    gsp_span_set_double(eou, GSP_FACT_EOU_PROBABILITY, 0.75);
    end(eou);
    end(turn);

    n = spans();
    assert_int_equal(n, 4);
    root = named(n, "user_turn");
    assert_false(root->has_parent);
    assert_string_equal(test_value(root, "session.id"), "s-1");
    assert_string_equal(test_value(root, "genspan.turn.speech_id"), "sp-1");
    assert_string_equal(test_value(root, "genspan.turn.generation_id"), "g-1");
    assert_string_equal(test_value(root, "genspan.turn.parent_generation_id"), "g-0");
    is_under(named(n, "user_speaking"), root);
    assert_int_equal(test_span_ns(named(n, "user_speaking")), 390 * MS);
    is_under(named(n, "eou_detection"), root);
    is_under(named(n, "speech_to_text"), root);
}

/* VO-1, VO-3: an agent's turn that was spoken into says so. */
static void vo_1_an_agents_turn(void **state)
{
    gsp_operation_options call = GSP_OPERATION_OPTIONS_INIT;
    gsp_span turn = gsp_turn_start(rec, GSP_TURN_AGENT, NULL);
    gsp_context context = gsp_span_context(turn);
    uint32_t n;

    (void)state;
    call.parent = &context;
    end(gsp_operation_start(rec, "execute_tool", &call));
    mark(turn, GSP_TURN_AGENT_SPEECH_START, 100);
    mark(turn, GSP_TURN_AGENT_SPEECH_START, 200); /* the first counts */
    mark(turn, GSP_TURN_AGENT_SPEECH_END, 300);
    mark(turn, GSP_TURN_AGENT_SPEECH_END, 500); /* the last counts */
    gsp_span_set_bool(turn, GSP_FACT_INTERRUPTED, 1);
    end(turn);
    n = spans();
    assert_int_equal(n, 3);
    assert_string_equal(test_value(named(n, "agent_turn"), "genspan.turn.interrupted"), "true");
    is_under(named(n, "agent_speaking"), named(n, "agent_turn"));
    assert_int_equal(test_span_ns(named(n, "agent_speaking")), 400 * MS);
    is_under(named(n, "execute_tool"), named(n, "agent_turn"));
}

/* VO-2: every anchor missing or impossible in its turn; -1 ms: not marked, "-": absent. */
static void vo_2_delays_from_marks(void **state)
{
    static const struct {
        int start, end, final, commit, stopped, heard;
        const char *transcription, *end_of_turn, *e2e;
    } rows[] = {
        {10, 400, 525, 650, -1, -1, "0.125", "0.25", "-"},
        {10, 400, 525, -1, -1, -1, "0.125", "-", "-"},
        {-1, 400, 525, 650, -1, -1, "-", "-", "-"},
        {10, -1, 525, 650, -1, -1, "-", "-", "-"},
        {10, 400, -1, 650, -1, -1, "-", "-", "-"},
        {500, 400, 525, 650, -1, -1, "-", "-", "-"},   /* the end before the start */
        {10, 400, 300, 650, -1, -1, "0", "0.25", "-"}, /* final before the last word */
        {400, 400, 400, 400, -1, -1, "0", "0", "-"},
        {-1, -1, -1, -1, 400, 900, "-", "-", "0.5"}, /* e2e needs its own two only */
        {500, 400, -1, -1, 400, 900, "-", "-", "0.5"},
        {-1, -1, -1, -1, 400, 400, "-", "-", "0"},
        {-1, -1, -1, -1, 400, -1, "-", "-", "-"},
        {-1, -1, -1, -1, -1, 900, "-", "-", "-"},
        {-1, -1, -1, -1, 900, 400, "-", "-", "-"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gsp__span_data *span;
        gsp_span turn;

        set_up(state);
        turn = gsp_turn_start(rec, rows[i].heard < 0 ? GSP_TURN_USER : GSP_TURN_AGENT, NULL);
        mark(turn, GSP_TURN_SPEECH_START, rows[i].start);
        mark(turn, GSP_TURN_SPEECH_END, rows[i].end);
        mark(turn, GSP_TURN_FINAL_TRANSCRIPT, rows[i].final);
        mark(turn, GSP_TURN_COMMIT, rows[i].commit);
        mark(turn, GSP_TURN_USER_STOPPED, rows[i].stopped);
        mark(turn, GSP_TURN_AGENT_SPEECH_START, rows[i].heard);
        end(turn);
        assert_true(spans() >= 1);
        span = test_span(0);
        assert_string_equal(test_value(span, "genspan.turn.transcription_delay"), rows[i].transcription);
        assert_string_equal(test_value(span, "genspan.turn.end_of_turn_delay"), rows[i].end_of_turn);
        assert_string_equal(test_value(span, "genspan.turn.e2e_latency"), rows[i].e2e);
        tear_down(state);
    }
}

static void vo_2_what_is_set_by_hand_stands(void **state)
{
    gsp_span turn = gsp_turn_start(rec, GSP_TURN_USER, NULL);

    (void)state;
    gsp_span_set_double(turn, GSP_FACT_TRANSCRIPTION_DELAY, 7.5);
    mark(turn, GSP_TURN_SPEECH_START, 10);
    mark(turn, GSP_TURN_SPEECH_END, 400);
    mark(turn, GSP_TURN_FINAL_TRANSCRIPT, 525);
    mark(turn, GSP_TURN_COMMIT, 650);
    end(turn);
    spans();
    assert_string_equal(test_value(test_span(0), "genspan.turn.transcription_delay"), "7.5");
    assert_string_equal(test_value(test_span(0), "genspan.turn.end_of_turn_delay"), "0.25");
}

static void add_id(gsp_span turn, const char *id)
{
    gsp_span_add_string(turn, GSP_FACT_REQUEST_ID, 0, id);
}

/* ID-3: ids collect over the turn, are cleared on clear, and what comes after the commit is none of its. */
static void id_3_ids_of_a_turn(void **state)
{
    gsp_span turn = gsp_turn_start(rec, GSP_TURN_USER, NULL);

    (void)state;
    add_id(turn, "before-1");
    gsp_turn_clear(turn);
    add_id(turn, "before-2");
    gsp_turn_clear(turn);
    add_id(turn, "a");
    add_id(turn, "b");
    add_id(turn, "a");
    mark(turn, GSP_TURN_COMMIT, 650);
    add_id(turn, "after");
    mark(turn, GSP_TURN_COMMIT, 700); /* the first counts */
    end(turn);
    spans();
    assert_string_equal(test_value(test_span(0), "genspan.provider.request_ids"), "[a,b]");
}

/* VO-3: a turn that nobody committed ends with its scope, without ids. */
static void vo_3_an_uncommitted_turn_has_no_ids(void **state)
{
    gsp_turn_options o = GSP_TURN_OPTIONS_INIT;
    gsp_scope scope = gsp_scope_open(rec);
    gsp_span turn;

    (void)state;
    o.scope = scope;
    turn = gsp_turn_start(rec, GSP_TURN_USER, &o);
    add_id(turn, "a");
    gsp_eou_start(turn, 0);
    gsp_scope_close(scope, t0 + 50 * MS);
    assert_int_equal(spans(), 2); /* the detection was in its scope */
    assert_string_equal(test_value(test_span(0), "genspan.provider.request_ids"), "-");
    assert_string_equal(test_value(test_span(0), "genspan.outcome"), "abandoned");
}

/* CO-1: the transcript is content; how sure one is of it is not. */
static void co_1_the_transcript_is_content(void **state)
{
    static const char text[] = "book a table for two";
    gsp_span turn;
    char *bytes;
    size_t n;

    (void)state;
    for (int is_on = 0; is_on < 2; is_on++) {
        gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;

        gsp_recorder_close(rec);
        test_directory_clear();
        o.capture = is_on ? "SPAN_ONLY" : "NO_CONTENT";
        assert_int_equal(gsp_recorder_open(&o, &rec, NULL), GSP_OK);
        turn = gsp_turn_start(rec, GSP_TURN_USER, NULL);
        gsp_turn_set_transcript(turn, text, sizeof text - 1, 0.5);
        gsp_turn_set_transcript(turn, NULL, 0, NAN);
        gsp_span_end(turn, GSP_OUTCOME_AUTO, NULL, 0);
        spans();
        assert_string_equal(test_value(test_span(0), "genspan.turn.transcript"), is_on ? text : "-");
        assert_string_equal(test_value(test_span(0), "genspan.turn.transcript_confidence"), "0.5");
        bytes = test_read_file(gsp_recorder_path(rec), &n);
        assert_int_equal(memmem(bytes, n, text, sizeof text - 1) != NULL, is_on);
        free(bytes);
    }
}

/* What is no turn, and marks that are none, are counted; a late one too. */
static void what_makes_no_sense_is_counted(void **state)
{
    gsp_span turn = gsp_turn_start(rec, GSP_TURN_USER, NULL), op = gsp_operation_start(rec, "chat", NULL);
    gsp_span none = GSP_NO_SPAN_INIT;

    (void)state;
    gsp_turn_mark(op, GSP_TURN_COMMIT, 0);
    gsp_turn_clear(op);
    gsp_turn_set_transcript(op, "x", 1, 1);
    assert_int_equal(gsp_eou_start(op, 0).id, 0);
    gsp_turn_mark(turn, (gsp_turn_moment)0, 0);
    gsp_turn_mark(turn, (gsp_turn_moment)8, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_TYPE), 6);
    end(turn);
    gsp_turn_mark(turn, GSP_TURN_COMMIT, 0);
    assert_int_equal(gsp_recorder_loss(rec, GSP_LOSS_LATE), 1);
    gsp_turn_mark(none, GSP_TURN_COMMIT, 0);
    assert_int_equal(gsp_turn_start(NULL, GSP_TURN_USER, NULL).id, 0);
    assert_int_equal(gsp_eou_start(none, 0).id, 0);
    end(op);
}

/* A crash in the middle of a turn: twice read, the same ids; what was marked is there. */
static void a_crash_in_a_turn_keeps_its_ids(void **state)
{
    gsp_span turn = gsp_turn_start(rec, GSP_TURN_USER, NULL);
    uint8_t ids[2][2][8];

    (void)state;
    mark(turn, GSP_TURN_SPEECH_START, 10);
    mark(turn, GSP_TURN_SPEECH_END, 400);
    mark(turn, GSP_TURN_FINAL_TRANSCRIPT, 525);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(test_spans_of(gsp_recorder_path(rec), true), 2);
        for (uint32_t i = 0; i < 2; i++)
            memcpy(ids[k][i], test_span(i)->span_id, 8);
    }
    assert_memory_equal(ids[0], ids[1], sizeof ids[0]);
    assert_string_equal(test_value(test_span(0), "genspan.outcome"), "crashed");
    assert_string_equal(test_value(test_span(0), "genspan.turn.transcription_delay"), "0.125");
    assert_int_equal(test_span_ns(test_span(0)), 525 * MS);
    end(turn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(vo_1_the_tree_of_a_users_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(vo_1_an_agents_turn, set_up, tear_down),
        cmocka_unit_test(vo_2_delays_from_marks),
        cmocka_unit_test_setup_teardown(vo_2_what_is_set_by_hand_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(id_3_ids_of_a_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(vo_3_an_uncommitted_turn_has_no_ids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(co_1_the_transcript_is_content, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_in_a_turn_keeps_its_ids, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
