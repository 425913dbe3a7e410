/* Metrics as each dialect has them ("Metrics" in semantics.md; seed systems): golden points of one set of
 * calls; several dialects at once; the tables themselves. */
#include "derive/derived.h"
#include "derive/points.h"
#include "support/dump.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"

#define MS INT64_C(1000000)

static struct test_clock test_time;
static gsp_recorder *rec;
static struct test_points points;

static gsp_span start(const char *name, const char *provider, const char *model)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    o.provider = provider;
    o.model = model;
    return gsp_operation_start(rec, name, &o);
}

static void end(gsp_span op, int64_t ms)
{
    test_time.now_ns += ms * MS;
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
}

/* Refused once, then streamed: with a cache, reasoning, and text and audio told apart. */
static void chat(void)
{
    gsp_failure refused = GSP_FAILURE_INIT;
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;
    gsp_span op = start("chat", "openai", "m"), at;

    refused.http_status = 429;
    o.provider = "openai";
    o.model = "m";
    o.server_address = "h";
    o.server_port = 443;
    at = gsp_attempt_start(op, &o);
    test_time.now_ns += 250 * MS;
    gsp_span_end(at, GSP_OUTCOME_AUTO, &refused, 0);
    at = gsp_attempt_start(op, &o);
    gsp_span_set_double(at, GSP_FACT_CONNECTION_TIME, 0.05);
    gsp_span_set_bool(at, GSP_FACT_CONNECTION_REUSED, 0);
    test_time.now_ns += 250 * MS;
    gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    test_time.now_ns += 30 * MS;
    gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    gsp_stream_mark(at, GSP_MARK_TERMINAL, 0);
    gsp_span_set_string(at, GSP_FACT_RESPONSE_MODEL, "m-1");
    gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 100);
    gsp_span_set_usage(at, GSP_USAGE_CACHE_READ_TOKENS, 40);
    gsp_span_set_usage(at, GSP_USAGE_TEXT_INPUT_TOKENS, 70);
    gsp_span_set_usage(at, GSP_USAGE_AUDIO_INPUT_TOKENS, 20);
    gsp_span_set_usage(at, GSP_USAGE_OUTPUT_TOKENS, 50);
    gsp_span_set_usage(at, GSP_USAGE_REASONING_TOKENS, 0);
    gsp_span_set_usage(at, GSP_USAGE_TOTAL_TOKENS, 150); /* US-8: never in a metric */
    gsp_stream_end(at, GSP_STREAM_FINISHED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
}

static void others(void)
{
    gsp_failure failure = GSP_FAILURE_INIT;
    gsp_span op = start("embeddings", "openai", "e");

    gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, 8);
    end(op, 100);
    op = start("execute_tool", NULL, NULL);
    gsp_span_set_string(op, GSP_FACT_TOOL_NAME, "weather");
    gsp_span_set_string(op, GSP_FACT_TOOL_TYPE, "function");
    failure.type = "timeout";
    test_time.now_ns += 500 * MS;
    gsp_span_end(op, GSP_OUTCOME_FAILED, &failure, 0);
    op = start("invoke_agent", NULL, "m");
    gsp_span_set_string(op, GSP_FACT_AGENT_NAME, "planner");
    gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, 1000); /* US-6: its leaves' */
    end(op, 30000);
    op = start("invoke_workflow", NULL, NULL);
    gsp_span_set_string(op, GSP_FACT_WORKFLOW_NAME, "nightly");
    end(op, 1000000);
}

static void voice(void)
{
    gsp_span op = start("text_to_speech", "cartesia", "sonic"), turn;

    gsp_span_set_int(op, GSP_FACT_INPUT_CHARACTERS, 120);
    gsp_span_set_double(op, GSP_FACT_OUTPUT_AUDIO_SECONDS, 7.25);
    test_time.now_ns += 200 * MS;
    gsp_stream_mark(op, GSP_MARK_AUDIO, 0);
    gsp_stream_mark(op, GSP_MARK_TERMINAL, 0);
    gsp_stream_end(op, GSP_STREAM_FINISHED, NULL, 0);
    op = start("speech_to_text", "deepgram", "nova");
    gsp_span_set_double(op, GSP_FACT_INPUT_AUDIO_SECONDS, 3.5);
    end(op, 60);
    turn = gsp_span_start(rec, "user_turn", NULL);
    gsp_span_set_string(turn, GSP_FACT_PROVIDER, "deepgram");
    gsp_span_set_string(turn, GSP_FACT_REQUEST_MODEL, "nova");
    gsp_span_set_double(turn, GSP_FACT_TRANSCRIPTION_DELAY, 0.25);
    gsp_span_set_double(turn, GSP_FACT_END_OF_TURN_DELAY, 0); /* US-3: 0 is a value */
    end(turn, 2000);
    turn = gsp_span_start(rec, "agent_turn", NULL);
    gsp_span_set_string(turn, GSP_FACT_PROVIDER, "openai");
    gsp_span_set_string(turn, GSP_FACT_REQUEST_MODEL, "m");
    gsp_span_set_double(turn, GSP_FACT_E2E_LATENCY, 1.5);
    end(turn, 3000);
}

static int set_up(void **state)
{
    (void)state;
    test_directory_clear();
    test_clock_init(&test_time);
    rec = test_recorder(&test_time, 256 << 10);
    test_points_init(&points, 1 << 20);
    chat();
    others();
    voice();
    test_points_fold(&points, gsp_recorder_path(rec), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_points_free(&points);
    gsp_recorder_close(rec);
    return 0;
}

/* The dialects' own: what stands in the fixtures was read line by line against the calls above. */
static void golden_points(void **state)
{
    static const char *const dialects[] = {"otel", "otel-next", "livekit", "celeste", "autotel"};
    char path[512];

    (void)state;
    for (size_t i = 0; i < GSP__COUNT_OF(dialects); i++) {
        char *expected;
        size_t n;

        snprintf(path, sizeof path, GSP_TEST_FIXTURES "/metrics/%s.txt", dialects[i]);
        expected = test_read_file(path, &n);
        test_points_derive_as(&points, dialects[i]);
        assert_string_equal(test_points_text(&points), expected);
        free(expected);
    }
}

static void livekit_js_has_those_of_livekit(void **state)
{
    (void)state;
    assert_ptr_equal(gsp__metric_table_of("livekit-js"), gsp__metric_table_of("livekit"));
}

static void dialects_without_metrics_have_none(void **state)
{
    static const char *const dialects[] = {"ares", "openinference", "langfuse", "unheard-of", ""};

    (void)state;
    for (size_t i = 0; i < GSP__COUNT_OF(dialects); i++) {
        test_points_derive_as(&points, dialects[i]);
        assert_int_equal(points.n_metrics, 0);
    }
}

/*
 * Several.
 */

/* All metrics of all of them; one of a name that is there already is left out. */
static void several_dialects_have_each_metric_once(void **state)
{
    (void)state;
    test_points_derive_as(&points, "otel,celeste,langfuse");
    assert_int_equal(points.n_metrics, 6); /* those of otel */
    test_points_find(&points, "gen_ai.client.token.usage",
                     "gen_ai.operation.name=\"embeddings\" gen_ai.provider.name=\"openai\" "
                     "gen_ai.request.model=\"e\" gen_ai.token.type=\"input\"");
    test_points_derive_as(&points, "celeste,otel"); /* the first says what is in it */
    assert_int_equal(points.n_metrics, 6);
    assert_int_equal(test_points_metric(&points, "gen_ai.client.token.usage")->n_points, 5);
    test_points_derive_as(&points, "otel,livekit");
    assert_non_null(test_points_metric(&points, "gen_ai.client.token.usage"));
    assert_non_null(test_points_metric(&points, "lk.agents.turn.llm_ttft"));
    test_points_derive_as(&points, "otel,otel-next,livekit,livekit-js,celeste,autotel");
    for (uint32_t i = 0; i < points.n_metrics; i++)
        for (uint32_t k = 0; k < i; k++)
            assert_false(points.metrics[i].name.n == points.metrics[k].name.n &&
                         memcmp(points.metrics[i].name.bytes, points.metrics[k].name.bytes,
                                points.metrics[i].name.n) == 0);
    assert_true(points.views.n < GSP__VIEWS_MAX);
}

/*
 * Views.
 */

static uint32_t key(unsigned class, const char *model, const char *error)
{
    struct gsp__series_key k;

    gsp__series_key_init(&k, class);
    gsp__series_key_add(&k, GSP__DIM_OPERATION, "chat", 4);
    gsp__series_key_add(&k, GSP__DIM_REQUEST_MODEL, model, strlen(model));
    gsp__series_key_add(&k, GSP__DIM_ERROR_TYPE, error, strlen(error));
    return gsp__bank_key(&points.bank, &k);
}

/* Series that differ only in what a view leaves out are one point. */
static void what_a_view_leaves_out_is_added_up(void **state)
{
    static const uint8_t ids[][16] = {{1}, {2}, {3}};
    const struct gsp__point *p;

    (void)state;
    points.n_bytes = 0;
    gsp__bank_clear(&points.bank);
    for (unsigned i = 0; i < 3; i++) {
        struct gsp__exemplar_mark mark = {1003 - i, ids[i], ids[i]};

        gsp__bank_record(&points.bank, key(GSP__CLASS_CHAT, "m", i ? "timeout" : ""),
                         GSP__MEASURE_FIRST_CHUNK, (uint64_t)(i + 1) * 5 * 1000000, &mark);
    }
    test_points_derive_as(&points, "otel");
    assert_string_equal(test_points_text(&points),
                        "gen_ai.client.operation.time_to_first_chunk s\n"
                        "  gen_ai.operation.name=\"chat\" gen_ai.request.model=\"m\" | "
                        "3 0.03 0.005 0.015 | 2 1\n");
    p = &points.metrics[0].points[0];
    assert_int_equal(p->n_exemplars, 2); /* of each bucket the last there was */
    assert_true(p->exemplars[0].trace_id[0] == 1 && p->exemplars[0].time_unix_ns == 1003);
    assert_true(p->exemplars[0].span_id[0] == 1 && p->exemplars[0].value.u.real == 0.005);
    assert_true(p->exemplars[1].trace_id[0] == 3 && p->exemplars[1].value.u.real == 0.015);
    assert_true(p->exemplars[1].has_trace_id && p->exemplars[1].has_span_id);
}

/* What overflows still belongs to its class: text to speech is in no metric of language models. */
static void overflow_keeps_its_class(void **state)
{
    static char model[300];

    (void)state;
    points.n_bytes = 0;
    gsp__bank_clear(&points.bank);
    memset(model, 'x', sizeof model - 1);
    gsp__bank_record(&points.bank, key(GSP__CLASS_TEXT_TO_SPEECH, model, ""), GSP__MEASURE_FIRST_CHUNK,
                     1000000000, NULL);
    gsp__bank_record(&points.bank, key(GSP__CLASS_CHAT, model, ""), GSP__MEASURE_FIRST_CHUNK, 2000000000,
                     NULL);
    test_points_derive_as(&points, "livekit");
    assert_string_equal(test_points_text(&points),
                        "lk.agents.turn.llm_ttft s\n"
                        "  otel.metric.overflow=true | 1 2 2 2 | 0 0 0 0 0 0 0 0 1\n"
                        "lk.agents.turn.tts_ttfb s\n"
                        "  otel.metric.overflow=true | 1 1 1 1 | 0 0 0 0 0 0 0 1\n");
    test_points_derive_as(&points, "otel");
    assert_int_equal(points.metrics[0].n_points, 1);
    assert_int_equal(points.metrics[0].points[0].count, 2);
}

static bool is_name(const char *name)
{
    size_t n = strlen(name);

    return n > 0 && n <= 255 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/") == n;
}

/* What OpenTelemetry asks of instruments, and what the code that reads the tables relies on. */
static void tables_make_sense(void **state)
{
    static const char *const dialects[] = {"otel", "otel-next", "livekit", "celeste", "autotel"};

    (void)state;
    for (size_t d = 0; d < GSP__COUNT_OF(dialects); d++) {
        const struct gsp__metric_table *t = gsp__metric_table_of(dialects[d]);

        for (uint32_t i = 0; i < t->n; i++) {
            const struct gsp__metric_view *v = &t->views[i];
            const struct gsp__measure_info *first = &gsp__measures[v->sources[0].measure];

            assert_true(is_name(v->name) && v->description[0] && strlen(v->unit) <= 63 && v->keys);
            assert_true(v->n_sources > 0);
            for (uint32_t k = 0; k < v->n_sources; k++) {
                const struct gsp__measure_info *info = &gsp__measures[v->sources[k].measure];

                assert_true(info->scale == first->scale);
                assert_true(v->is_counter || (info->bounds && info->bounds == first->bounds));
                assert_true((v->sources[k].word != NULL) == (v->word_key != NULL));
            }
            for (uint32_t k = 0; k < i; k++)
                assert_true(strcasecmp(v->name, t->views[k].name) != 0);
        }
    }
}

/* The recorder's own counters go out under every dialect; those that are 0 do not. */
static void genspans_own_counters(void **state)
{
    (void)state;
    points.n_bytes = 0;
    gsp__bank_clear(&points.bank);
    points.own[GSP__OWN_EXPORTED] = 3;
    points.own[GSP__OWN_SPOOLED] = 4;
    points.own[GSP__OWN_REJECTED] = 1;
    points.own[GSP__OWN_RESENT] = 2;
    points.own[GSP__OWN_LOSS + GSP_LOSS_NO_CHUNK] = 8;
    points.own[GSP__OWN_LOSS + GSP_LOSS_TORN] = 5;
    test_points_derive_as(&points, "ares");
    assert_string_equal(test_points_text(&points), "genspan.records.exported {record}\n"
                                                   "   | 3\n"
                                                   "genspan.records.spooled {record}\n"
                                                   "   | 4\n"
                                                   "genspan.records.dropped {record}\n"
                                                   "  genspan.reason=\"rejected\" | 1\n"
                                                   "  genspan.reason=\"no_chunk\" | 8\n"
                                                   "  genspan.reason=\"torn\" | 5\n"
                                                   "genspan.metrics.resent {window}\n"
                                                   "   | 2\n");
    for (uint32_t i = 0; i < points.n_metrics; i++) {
        assert_int_equal(points.metrics[i].type, GSP__METRIC_SUM);
        assert_true(points.metrics[i].is_monotonic && points.metrics[i].description.n > 0);
        assert_int_equal(points.metrics[i].temporality, GSP__TEMPORALITY_CUMULATIVE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(golden_points, set_up, tear_down),
        cmocka_unit_test_setup_teardown(livekit_js_has_those_of_livekit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dialects_without_metrics_have_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(several_dialects_have_each_metric_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_view_leaves_out_is_added_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(overflow_keeps_its_class, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tables_make_sense, set_up, tear_down),
        cmocka_unit_test_setup_teardown(genspans_own_counters, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
