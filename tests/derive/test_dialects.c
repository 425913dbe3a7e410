/*
 * Each dialect's trees: which spans there are, under whom, with which status and keys. One set of calls,
 * recorded once, and what it is in every vocabulary.
 */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derive/derived.h"

static struct test_clock clock;
static gsp_recorder *rec;
static struct test_derived derived;

static int set_up(void **state)
{
    (void)state;
    test_clock_init(&clock);
    rec = test_recorder(&clock, 1 << 20);
    return rec ? 0 : -1;
}

static void let_go(void)
{
    gsp_recorder_close(rec);
    test_derived_free(&derived);
    memset(&derived, 0, sizeof derived);
    test_directory_clear();
}

static int tear_down(void **state)
{
    (void)state;
    let_go();
    return 0;
}

static void wait_ms(int64_t ms)
{
    clock.now_ns += ms * 1000000;
}

static gsp_span start(const char *operation, const char *provider, const char *model)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;

    o.provider = provider;
    o.model = model;
    return gsp_operation_start(rec, operation, &o);
}

static gsp_span attempt(gsp_span op, uint32_t target, const char *provider, const char *model)
{
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;

    o.target_index = target;
    o.provider = provider;
    o.model = model;
    return gsp_attempt_start(op, &o);
}

static void answer(gsp_span at)
{
    wait_ms(10);
    gsp_span_add_string(at, GSP_FACT_REQUEST_ID, 0, "req_b");
    gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    wait_ms(5);
    gsp_stream_mark(at, GSP_MARK_TEXT, 0);
    wait_ms(1);
    gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 100);
    gsp_span_set_usage(at, GSP_USAGE_CACHE_READ_TOKENS, 80);
    gsp_span_set_usage(at, GSP_USAGE_OUTPUT_TOKENS, 7);
    gsp_span_add_string(at, GSP_FACT_FINISH_REASON, 0, "stop");
    gsp_stream_mark(at, GSP_MARK_TERMINAL, 0);
    gsp_stream_end(at, GSP_STREAM_FINISHED, NULL, 0);
}

static void fail_attempt(gsp_span at)
{
    gsp_failure f = GSP_FAILURE_INIT;

    f.type = GSP_ERROR_CONNECTION;
    f.message = "boom";
    wait_ms(20);
    gsp_span_add_string(at, GSP_FACT_REQUEST_ID, 0, "req_a");
    gsp_span_end(at, GSP_OUTCOME_FAILED, &f, 0);
}

/* A retry at one target. */
static void retried(const char *operation)
{
    gsp_span op = start(operation, "prov", "m1");

    gsp_span_set_int(op, GSP_FACT_MESSAGE_COUNT, 3);
    gsp_span_set_string(op, GSP_FACT_TASK_ID, "task-1");
    gsp_span_set_double(op, GSP_FACT_TEMPERATURE, 0.5);
    fail_attempt(attempt(op, 0, "prov", "m1"));
    gsp_event_retry(op, 1, "provider_error", 100, 0, 0);
    wait_ms(100);
    answer(attempt(op, 0, "prov", "m1"));
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
}

/* A fallback from one target to another. */
static void fell_back(const char *operation)
{
    gsp_span op = start(operation, "wrapper", "m1");

    fail_attempt(attempt(op, 0, "prov-a", "m-a"));
    fail_attempt(attempt(op, 0, "prov-a", "m-a"));
    answer(attempt(op, 1, "prov-b", "m-b"));
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
}

static void derive(const char *dialects)
{
    char fault[128];

    if (!gsp__dialects_parse(dialects, &test_dialects, fault))
        fail_msg("%s: %s", dialects, fault);
    test_derived_free(&derived);
    memset(&derived, 0, sizeof derived);
    test_derive(&derived, gsp_recorder_path(rec), 0);
}

/* The spans of the first call as lines: depth by blanks, name, status, duration in ms. */
static const char *tree(void)
{
    static char text[4096];
    const struct test_call *c = &derived.calls[0];
    size_t n = 0;

    text[0] = 0;
    for (uint32_t i = 0; i < c->n_spans; i++) {
        const struct gsp__span_data *s = &c->spans[i], *at = s;

        for (unsigned guard = 0; at->has_parent && guard < 8; guard++) {
            uint32_t k = 0;

            while (k < i && memcmp(c->spans[k].span_id, at->parent_span_id, 8) != 0)
                k++;
            if (k == i) /* parents stand before children, and are all there */
                fail_msg("%.*s: no parent before it", (int)s->name.n, s->name.bytes);
            n += (size_t)snprintf(text + n, sizeof text - n, "  ");
            at = &c->spans[k];
        }
        n += (size_t)snprintf(text + n, sizeof text - n, "%.*s %s %lld\n", (int)s->name.n, s->name.bytes,
                              s->status == GSP__STATUS_ERROR ? "ERROR" : "UNSET",
                              (long long)((s->end_unix_ns - s->start_unix_ns) / 1000000));
    }
    return text;
}

static const struct gsp__attributes *attributes(uint32_t i)
{
    assert_true(i < derived.calls[0].n_spans);
    return &derived.calls[0].spans[i].attributes;
}

/* Every span's id is its own, and a failed one has exactly one exception event (OP-4). */
static void check_spans(void)
{
    const struct test_call *c = &derived.calls[0];

    for (uint32_t i = 0; i < c->n_spans; i++) {
        unsigned n_exceptions = 0;

        for (uint32_t k = 0; k < i; k++)
            assert_memory_not_equal(c->spans[k].span_id, c->spans[i].span_id, 8);
        for (uint32_t k = 0; k < c->spans[i].n_events; k++)
            n_exceptions += c->spans[i].events[k].name.n == 9;
        assert_int_equal(n_exceptions, c->spans[i].status == GSP__STATUS_ERROR);
    }
}

static void a_retry_in_every_dialect(void **state)
{
    static const struct {
        const char *dialect, *tree;
    } rows[] = {
        {"otel", "chat m1 UNSET 136\n  chat attempt ERROR 20\n  chat attempt UNSET 16\n"},
        {"otel-next", "chat m1 UNSET 136\n  chat attempt ERROR 20\n  chat attempt UNSET 16\n"},
        {"livekit", "llm_node UNSET 136\n  llm_request UNSET 136\n    llm_request_run ERROR 20\n"
                    "    llm_request_run UNSET 16\n"},
        {"livekit-js", "llm_node UNSET 136\n  llm_request UNSET 136\n    llm_request_run ERROR 20\n"
                       "    llm_request_run UNSET 16\n"},
        {"ares", "llm.call ERROR 20\nllm.call UNSET 16\n"},
        {"celeste", "chat m1 UNSET 136\n"},
        {"autotel", "chat m1 UNSET 136\n"},
        {"openinference", "chat m1 UNSET 136\n  chat attempt ERROR 20\n  chat attempt UNSET 16\n"},
        {"langfuse", "chat m1 UNSET 136\n  chat attempt ERROR 20\n  chat attempt UNSET 16\n"},
    };

    (void)state;
    retried("chat");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        derive(rows[i].dialect);
        assert_string_equal(tree(), rows[i].tree);
        check_spans();
    }
}

static void a_fallback_in_every_dialect(void **state)
{
    static const struct {
        const char *dialect, *tree;
    } rows[] = {
        {"otel",
         "chat m-b UNSET 56\n  chat attempt ERROR 20\n  chat attempt ERROR 20\n  chat attempt UNSET 16\n"},
        {"livekit", "llm_node UNSET 56\n  llm_fallback_adapter UNSET 56\n    llm_request_run UNSET 56\n"
                    "      llm_request ERROR 40\n      llm_request UNSET 16\n"
                    "        llm_request_run ERROR 20\n        llm_request_run ERROR 20\n"
                    "        llm_request_run UNSET 16\n"},
        {"livekit-js", "llm_node UNSET 56\n  llm_request UNSET 56\n    llm_request_run UNSET 56\n"
                       "      llm_fallback_attempt ERROR 40\n      llm_fallback_attempt UNSET 16\n"
                       "        llm_request ERROR 40\n        llm_request UNSET 16\n"
                       "          llm_request_run ERROR 20\n          llm_request_run ERROR 20\n"
                       "          llm_request_run UNSET 16\n"},
        {"ares", "llm.call ERROR 20\nllm.call ERROR 20\nllm.call UNSET 16\n"},
        {"celeste", "chat m-b UNSET 56\n"},
        {"autotel", "chat m-b UNSET 56\n"},
    };

    (void)state;
    fell_back("chat");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        derive(rows[i].dialect);
        assert_string_equal(tree(), rows[i].tree);
        check_spans();
    }
}

/* OP-6, US-6 in livekit: who answered stands on the node and the adapter; usage on the request that answered.
 */
static void livekit_keys(void **state)
{
    (void)state;
    fell_back("chat");
    derive("livekit");
    assert_string_equal(test_attribute(attributes(0), "gen_ai.request.model"), "\"m-b\"");
    assert_string_equal(test_attribute(attributes(0), "gen_ai.provider.name"), "\"prov-b\"");
    assert_string_equal(test_attribute(attributes(0), "lk.response.ttft"), "0.05"); /* ST-3: spans retries */
    assert_string_equal(test_attribute(attributes(1), "gen_ai.request.model"), "\"m-b\"");
    assert_null(test_attribute(attributes(1), "gen_ai.usage.input_tokens"));
    assert_null(test_attribute(attributes(3), "gen_ai.usage.input_tokens"));
    assert_string_equal(test_attribute(attributes(3), "gen_ai.request.model"), "\"m-a\"");
    assert_string_equal(test_attribute(attributes(3), "gen_ai.operation.name"), "\"chat\"");
    assert_string_equal(test_attribute(attributes(4), "gen_ai.usage.input_tokens"), "100");
    assert_string_equal(test_attribute(attributes(4), "gen_ai.usage.cache_read.input_tokens"), "80");
    assert_string_equal(test_attributes(attributes(5)),
                        "lk.provider_request_ids=[\"req_a\"] lk.retry_count=0"); /* ID-4 */
    assert_string_equal(test_attributes(attributes(6)),
                        "lk.provider_request_ids=[\"req_a\"] lk.retry_count=1");
    assert_string_equal(test_attributes(attributes(7)),
                        "lk.provider_request_ids=[\"req_b\"] lk.retry_count=0");
    assert_int_equal(derived.calls[0].spans[0].kind, GSP_SPAN_INTERNAL);
}

static void livekit_js_keys(void **state)
{
    (void)state;
    fell_back("chat");
    derive("livekit-js");
    assert_string_equal(test_attribute(attributes(0), "langfuse.observation.type"), "\"generation\"");
    assert_string_equal(test_attribute(attributes(0), "gen_ai.usage.output_tokens"), "7");
    assert_string_equal(test_attribute(attributes(1), "langfuse.observation.type"), "\"span\"");
    assert_string_equal(test_attribute(attributes(1), "gen_ai.request.model"), "\"m-b\"");
    assert_string_equal(test_attribute(attributes(3), "lk.fallback.attempt_index"), "0");
    assert_string_equal(test_attribute(attributes(3), "gen_ai.request.model"), "\"m-a\"");
    assert_string_equal(test_attribute(attributes(4), "lk.fallback.attempt_index"), "1");
}

/* Speech has the same tree; a tool's error is no failure of its span. */
static void livekit_speech_and_tools(void **state)
{
    gsp_span op;

    (void)state;
    retried("text_to_speech");
    derive("livekit");
    assert_string_equal(tree(), "tts_node UNSET 136\n  tts_request UNSET 136\n    tts_request_run ERROR 20\n"
                                "    tts_request_run UNSET 16\n");
    assert_string_equal(test_attribute(attributes(0), "lk.response.ttfb"), "0.13");
    let_go();
    rec = test_recorder(&clock, 1 << 20);
    op = start("execute_tool", NULL, NULL);
    gsp_span_set_string(op, GSP_FACT_TOOL_NAME, "get_weather");
    gsp_span_set_string(op, GSP_FACT_TOOL_CALL_ID, "call_1");
    gsp_span_set_bool(op, GSP_FACT_TOOL_IS_ERROR, 1);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    derive("livekit");
    assert_string_equal(tree(), "function_tool UNSET 0\n");
    assert_string_equal(test_attributes(attributes(0)),
                        "lk.function_tool.name=\"get_weather\" lk.function_tool.id=\"call_1\" "
                        "lk.function_tool.is_error=true");
    derive("otel");
    assert_string_equal(tree(), "execute_tool get_weather UNSET 0\n");
    assert_int_equal(derived.calls[0].spans[0].kind, GSP_SPAN_INTERNAL);
}

static void ares_keys(void **state)
{
    (void)state;
    retried("chat");
    derive("ares");
    assert_string_equal(
        test_attributes(attributes(0)),
        "llm.model=\"m1\" llm.message_count=3 task.id=\"task-1\" llm.attempt=0 llm.error=\"boom\" "
        "llm.duration_ms=20");
    /* the uncached part, beside the cached one; reasons as its program prints them */
    assert_string_equal(test_attributes(attributes(1)),
                        "llm.model=\"m1\" llm.message_count=3 task.id=\"task-1\" llm.attempt=1 "
                        "llm.output_tokens=7 llm.cache_read_tokens=80 llm.duration_ms=16 llm.input_tokens=20 "
                        "llm.stop_reason=\"EndTurn\"");
    assert_int_equal(derived.calls[0].spans[0].n_events, 1);
    assert_int_equal(derived.calls[0].spans[1].n_events, 0);
}

static void ares_reasons_that_it_does_not_know(void **state)
{
    gsp_span op = start("chat", "p", "m"), at = attempt(op, 0, "p", "m");

    (void)state;
    gsp_span_add_string(at, GSP_FACT_FINISH_REASON, 0, "pause_turn");
    gsp_span_end(at, GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
    derive("ares");
    assert_string_equal(test_attribute(attributes(0), "llm.stop_reason"), "\"Other(\"pause_turn\")\"");
    assert_null(test_attribute(attributes(0), "llm.input_tokens")); /* US-3: absent, not 0 */
}

static void celeste_keys(void **state)
{
    (void)state;
    retried("chat");
    derive("celeste");
    assert_string_equal(
        test_attributes(attributes(0)),
        "gen_ai.operation.name=\"chat\" gen_ai.provider.name=\"prov\" gen_ai.request.model=\"m1\" "
        "gen_ai.response.finish_reasons=[\"stop\"] gen_ai.usage.input_tokens=100 "
        "gen_ai.usage.output_tokens=7 gen_ai.usage.cached_input_tokens=80 "
        "gen_ai.response.time_to_first_chunk=0.13");
    assert_int_equal(derived.calls[0].spans[0].n_events, 0); /* no lifecycle events of others */
}

static void autotel_has_the_lifecycle_events(void **state)
{
    (void)state;
    retried("chat");
    derive("autotel");
    assert_int_equal(derived.calls[0].spans[0].n_events, 1);
    assert_string_equal(test_attribute(attributes(0), "gen_ai.response.time_to_finish"), "0.136");
    assert_null(test_attribute(attributes(0), "genspan.outcome"));
    derive("otel");
    assert_int_equal(derived.calls[0].spans[0].n_events, 1);
}

static void otel_next_has_its_own_words(void **state)
{
    gsp_span op = start("chat", "p", "m");

    (void)state;
    gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, 300);
    gsp_span_set_usage(op, GSP_USAGE_CACHE_WRITE_TOKENS, 40);
    gsp_span_set_usage(op, GSP_USAGE_IMAGE_INPUT_TOKENS, 200);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    derive("otel-next");
    assert_string_equal(test_attribute(attributes(0), "gen_ai.usage.cache_write.input_tokens"), "40");
    assert_string_equal(test_attribute(attributes(0), "gen_ai.usage.image.input_tokens"), "200");
    derive("otel");
    assert_string_equal(test_attribute(attributes(0), "gen_ai.usage.cache_creation.input_tokens"), "40");
    assert_null(test_attribute(attributes(0), "gen_ai.usage.image.input_tokens"));
}

/* US-6: one generation, whose usage is in disjoint parts; every other span says it is none. */
static void langfuse_joins_otel(void **state)
{
    (void)state;
    retried("chat");
    derive("otel,langfuse");
    assert_string_equal(test_attribute(attributes(0), "langfuse.observation.type"), "\"generation\"");
    assert_string_equal(test_attribute(attributes(0), "langfuse.observation.usage_details"),
                        "\"{\"input_cached_tokens\":80,\"input\":20,\"output\":7,\"total\":107}\"");
    assert_string_equal(test_attribute(attributes(0), "langfuse.observation.model.parameters"),
                        "\"{\"temperature\":0.5}\"");
    assert_string_equal(test_attribute(attributes(0), "langfuse.observation.completion_start_time"),
                        "\"2023-11-14T22:13:20.130000Z\"");
    assert_string_equal(test_attribute(attributes(0), "gen_ai.usage.input_tokens"), "100");
    assert_string_equal(test_attribute(attributes(1), "langfuse.observation.type"), "\"span\"");
    assert_string_equal(test_attribute(attributes(1), "langfuse.observation.level"), "\"ERROR\"");
    assert_string_equal(test_attribute(attributes(2), "langfuse.observation.type"), "\"span\"");
}

static void openinference_joins_otel_and_keys_stand_once(void **state)
{
    gsp_span op = start("chat", "prov", "m1");

    (void)state;
    gsp_span_set_string(op, GSP_FACT_SESSION_ID, "s-1");
    gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, 5);
    gsp_span_set_usage(op, GSP_USAGE_OUTPUT_TOKENS, 2);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    derive("otel,openinference,langfuse");
    assert_string_equal(test_attribute(attributes(0), "openinference.span.kind"), "\"LLM\"");
    assert_string_equal(test_attribute(attributes(0), "llm.model_name"), "\"m1\"");
    assert_string_equal(test_attribute(attributes(0), "llm.token_count.total"), "7");
    assert_string_equal(test_attribute(attributes(0), "session.id"),
                        "\"s-1\""); /* "twice" if there were two */
    assert_string_equal(test_attribute(attributes(0), "langfuse.session.id"), "\"s-1\"");
}

/* US-6: in every tree that langfuse joins, one span is the generation, whichever it is; a key stands once. */
static void one_generation_in_every_tree(void **state)
{
    static const char *const trees[] = {"otel", "otel-next", "livekit", "livekit-js",
                                        "ares", "celeste",   "autotel"};

    (void)state;
    fell_back("chat");
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        unsigned n_generations = 0, n_models = 0;
        char list[80];

        snprintf(list, sizeof list, "%s,langfuse,openinference", trees[i]);
        derive(list);
        for (uint32_t k = 0; k < derived.calls[0].n_spans; k++) {
            const char *type = test_attribute(attributes(k), "langfuse.observation.type");
            const char *kind = test_attribute(attributes(k), "openinference.span.kind");
            bool has_count = test_attribute(attributes(k), "llm.token_count.total") != NULL;

            if (!type || !kind || strcmp(type, "twice") == 0)
                fail_msg("%s: span %u: type %s, kind %s", trees[i], k, type ? type : "none",
                         kind ? kind : "none");
            n_generations += strcmp(type, "\"generation\"") == 0;
            n_models += strcmp(kind, "\"LLM\"") == 0;
            assert_int_equal(has_count, strcmp(type, "\"generation\"") == 0);
        }
        if (n_generations != 1 || n_models != 1)
            fail_msg("%s: %u generations, %u LLM spans", trees[i], n_generations, n_models);
    }
}

/* Parts that overlap, cached audio, are in one place only. */
static void usage_details_add_up(void **state)
{
    gsp_span op = start("chat", "p", "m");

    (void)state;
    gsp_span_set_usage(op, GSP_USAGE_INPUT_TOKENS, 100);
    gsp_span_set_usage(op, GSP_USAGE_CACHE_READ_TOKENS, 80);
    gsp_span_set_usage(op, GSP_USAGE_AUDIO_INPUT_TOKENS, 50);
    gsp_span_set_usage(op, GSP_USAGE_OUTPUT_TOKENS, 2);
    gsp_span_end(op, GSP_OUTCOME_COMPLETED, NULL, 0);
    derive("otel,langfuse");
    assert_string_equal(
        test_attribute(attributes(0), "langfuse.observation.usage_details"),
        "\"{\"input_cached_tokens\":80,\"input_audio_tokens\":20,\"input\":0,\"output\":2,\"total\":102}\"");
}

static void combinations(void **state)
{
    static const struct {
        const char *list, *fault;
        uint32_t n;
        const struct gsp__dialect *first;
    } rows[] = {
        {"", NULL, 1, &gsp__dialect_otel},
        {"otel", NULL, 1, &gsp__dialect_otel},
        {" livekit , langfuse", NULL, 2, &gsp__dialect_livekit},
        {"otel,otel", NULL, 1, &gsp__dialect_otel},
        {"langfuse", NULL, 2, &gsp__dialect_otel},
        {"otel-next,openinference,langfuse", NULL, 3, &gsp__dialect_otel_next},
        {"otel,livekit",
         "livekit has a tree of spans of its own, and so has otel: give it an exporter of its own", 1,
         &gsp__dialect_otel},
        {"ares,celeste",
         "celeste has a tree of spans of its own, and so has ares: give it an exporter of its own", 1,
         &gsp__dialect_ares},
        {"otel,klingon", "klingon is not known", 1, &gsp__dialect_otel},
        {"otel,,langfuse", " is not known", 2, &gsp__dialect_otel},
        {"klingon", "klingon is not known", 1, &gsp__dialect_otel},
        {"livekit,otel,vulcan,langfuse",
         "otel has a tree of spans of its own, and so has livekit: give it an exporter of its own", 2,
         &gsp__dialect_livekit},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gsp__dialects d;
        char fault[128] = "";

        assert_int_equal(gsp__dialects_parse(rows[i].list, &d, fault), rows[i].fault == NULL);
        if (rows[i].fault)
            assert_string_equal(fault, rows[i].fault);
        assert_int_equal(d.n, rows[i].n);
        assert_ptr_equal(d.items[0], rows[i].first);
    }
}

/* The tables hang together: parents before children, names there, one dialect by each name. */
static void tables_are_sound(void **state)
{
    (void)state;
    for (const struct gsp__dialect *const *p = gsp__dialects_all; *p; p++) {
        const struct gsp__dialect *d = *p;
        unsigned seen = 0;

        assert_ptr_equal(gsp__dialect_named(d->name), d);
        assert_non_null(d->schema_url);
        assert_int_equal(d->only_adds, d->n_rows == 0);
        assert_true(d->n_rows <= GSP__ROWS_MAX);
        for (uint32_t i = 0; i < d->n_rows; i++) {
            const struct gsp__span_row *row = &d->rows[i];

            seen |= row->classes;
            assert_true(row->parent >= GSP__UNDER_OPERATION && row->parent < (int)i);
            assert_true(row->role < GSP__ROLES);
            if (row->parent >= 0) /* a parent is there whenever its child is */
                assert_int_equal(d->rows[row->parent].classes & row->classes, row->classes);
        }
        if (!d->only_adds) /* nothing that was recorded is left out */
            assert_int_equal(seen, GSP__CLASSES_ALL);
    }
}

/* ST-2, each row in each dialect: the status of whichever span shows the operation's end, and its usage. */
static void st_2_in_every_dialect(void **state)
{
    static const struct {
        const char *name;
        gsp_stream_exit exit;
        bool has_chunks, has_usage, is_terminal, is_error;
    } rows[] = {
        {"natural end", GSP_STREAM_FINISHED, true, true, true, false},
        {"no terminal event", GSP_STREAM_FINISHED, true, true, false, true},
        {"zero chunks", GSP_STREAM_FINISHED, false, false, false, false},
        {"error before chunks", GSP_STREAM_FAILED, false, false, false, true},
        {"error after chunks", GSP_STREAM_FAILED, true, true, false, true},
        {"closed early", GSP_STREAM_CLOSED, true, false, false, false},
        {"closed early, usage reported", GSP_STREAM_CLOSED, true, true, false, false},
        {"cancelled", GSP_STREAM_CANCELLED, true, false, false, false},
        {"destroyed, never read", GSP_STREAM_DESTROYED, false, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gsp_failure f = GSP_FAILURE_INIT;
        gsp_span op = start("chat", "p", "m"), at = attempt(op, 0, "p", "m");

        f.type = GSP_ERROR_SERVER_ERROR;
        if (rows[i].has_chunks)
            gsp_stream_mark(at, GSP_MARK_TEXT, 0);
        if (rows[i].has_usage)
            gsp_span_set_usage(at, GSP_USAGE_INPUT_TOKENS, 9);
        if (rows[i].is_terminal)
            gsp_stream_mark(at, GSP_MARK_TERMINAL, 0);
        gsp_stream_end(at, rows[i].exit, rows[i].exit == GSP_STREAM_FAILED ? &f : NULL, 0);
        gsp_span_end(op, GSP_OUTCOME_AUTO, NULL, 0);
        for (const struct gsp__dialect *const *d = gsp__dialects_all; *d; d++) {
            unsigned n_usages = 0;

            derive((*d)->name);
            for (uint32_t k = 0; k < derived.calls[0].n_spans; k++) {
                const struct gsp__span_data *s = &derived.calls[0].spans[k];
                const char *usage = test_attribute(&s->attributes, "gen_ai.usage.input_tokens");
                const char *type = test_attribute(&s->attributes, "langfuse.observation.type");

                if (s->status != (rows[i].is_error ? GSP__STATUS_ERROR : GSP__STATUS_UNSET))
                    fail_msg("%s: %s: status %d", (*d)->name, rows[i].name, s->status);
                n_usages += usage && !(type && strcmp(type, "\"span\"") == 0);
            }
            check_spans();
            if (*d != &gsp__dialect_ares &&
                n_usages != rows[i].has_usage) /* US-6: billed once, or not known */
                fail_msg("%s: %s: usage on %u spans", (*d)->name, rows[i].name, n_usages);
        }
        let_go();
        rec = test_recorder(&clock, 1 << 20);
    }
}

/* An attempt without its operation goes out in every dialect: nothing is lost for want of a row. */
static void an_orphan_in_every_dialect(void **state)
{
    gsp_span op = start("chat", "p", "m"), late = attempt(op, 0, "p", "m");

    (void)state;
    (void)late;
    answer(attempt(op, 0, "p", "m"));
    for (const struct gsp__dialect *const *d = gsp__dialects_all; *d; d++) {
        struct gsp__call call;
        struct gsp__snapshot snapshot;
        struct gsp__span_policy policy = {.lone_attempts = true};
        struct gsp__derived out;
        struct gsp__assembler a;
        struct gsp__reader *reader;
        struct gsp__arena arena;
        gsp_error err;
        char fault[128];

        assert_true(gsp__dialects_parse((*d)->name, &policy.dialects, fault));
        assert_true(gsp__arena_init(&arena, 1 << 20));
        assert_int_equal(gsp__reader_open(gsp_recorder_path(rec), GSP__READ_ONLY, &reader, &err), GSP_OK);
        assert_true(gsp__assembler_init(&a, reader->header.n_chunks));
        gsp__assembler_scan(&a, reader);
        assert_int_equal(a.n_records, 3);
        assert_int_equal(gsp__reader_snapshot(reader, &a.records[2].ref, &arena, &snapshot),
                         GSP__SNAPSHOT_OK);
        assert_true(gsp__call_read(&snapshot, 1, false, &arena, &call));
        assert_true(gsp__spans_derive(&call, &policy, &arena, &out));
        assert_int_equal(out.n_spans, 1);
        assert_true(out.spans[0].has_parent);
        gsp__assembler_deinit(&a);
        gsp__reader_close(reader);
        gsp__arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_retry_in_every_dialect, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fallback_in_every_dialect, set_up, tear_down),
        cmocka_unit_test_setup_teardown(livekit_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(livekit_js_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(livekit_speech_and_tools, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ares_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ares_reasons_that_it_does_not_know, set_up, tear_down),
        cmocka_unit_test_setup_teardown(celeste_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(autotel_has_the_lifecycle_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(otel_next_has_its_own_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(langfuse_joins_otel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(openinference_joins_otel_and_keys_stand_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_generation_in_every_tree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(usage_details_add_up, set_up, tear_down),
        cmocka_unit_test(combinations),
        cmocka_unit_test(tables_are_sound),
        cmocka_unit_test_setup_teardown(st_2_in_every_dialect, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_orphan_in_every_dialect, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
