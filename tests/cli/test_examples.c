/* The examples do what they say, with the public headers alone. */
#include "cli/spans_file.h"
#include "support/backend.h"
#include "support/run.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER "The flight recorder keeps what really happened: who answered, when, and at what cost.\n"

static struct test_command c, sim;
static char traces[300], quickstart[600], with_libcurl[600], program[600];

static int set_up(void **state)
{
    char command[] = GSP_TEST_COMMAND;
    const char *build = dirname(command);

    (void)state;
    memset(&c, 0, sizeof c);
    memset(&sim, 0, sizeof sim);
    test_directory_clear();
    snprintf(traces, sizeof traces, "%s/traces.jsonl", test_directory());
    snprintf(quickstart, sizeof quickstart, "%s/examples/quickstart", build);
    snprintf(with_libcurl, sizeof with_libcurl, "%s/examples/with_libcurl", build);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_command_free(&c);
    test_command_free(&sim);
    return 0;
}

static void quickstart_draws_its_call(void **state)
{
    (void)state;
    c.program = quickstart;
    assert_int_equal(test_genspan(&c, TEST_ARGS(NULL)), 0);
    assert_string_equal(c.out, "");
    assert_memory_equal(c.err, "chat gpt-4o-mini  ", 18);
    assert_non_null(strstr(c.err, "provider openai  answered by gpt-4o-mini-2024-07-18"));
    assert_non_null(strstr(c.err, "3 chunks  tokens 12 in, 3 out"));
    assert_non_null(strstr(c.err, "request ids req_0123456789"));
    assert_int_equal(test_directory_count(".ring"), 0);
}

static void quickstart_runs_where_nothing_can_be_recorded(void **state)
{
    (void)state;
    c.program = quickstart;
    c.env = (const char *const[]){"GENSPAN_DIR=/proc/none/x", NULL};
    assert_int_equal(test_genspan(&c, TEST_ARGS(NULL)), 0);
    assert_memory_equal(c.err, "nothing is recorded: ", 21);
    assert_int_equal(test_count(c.err, "\n"), 1);
}

/* An example, against this base URL, its traces in a file. */
static int run_example(const char *path, const char *base)
{
    char url[200], file[400];

    snprintf(url, sizeof url, "OPENAI_BASE_URL=%s", base);
    snprintf(file, sizeof file, "GENSPAN_TRACES_FILE=%s", traces);
    c.program = path;
    c.env = (const char *const[]){
        url, file, "OTEL_TRACES_EXPORTER=file", "OTEL_METRICS_EXPORTER=none", "OPENAI_API_KEY=sk-example",
        NULL};
    return test_genspan(&c, TEST_ARGS(NULL));
}

static int run_with_libcurl(const char *base)
{
    return run_example(with_libcurl, base);
}

static int run_named(const char *name, const char *base)
{
    snprintf(program, sizeof program, "%s/%s", dirname(strdupa(with_libcurl)), name);
    return run_example(program, base);
}

static void with_libcurl_prints_the_answer_and_records_the_call(void **state)
{
    json_t *spans, *operation;

    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "0", "--pace-ms", "1"));
    assert_int_equal(run_with_libcurl(sim.out), 0);
    assert_string_equal(c.out, ANSWER);
    assert_string_equal(c.err, "");
    spans = test_spans_of(traces);
    assert_int_equal(json_array_size(spans), 2);
    operation = test_span_named(spans, "chat gpt-4o-mini", 0);
    assert_string_equal(test_attribute_of(operation, "genspan.outcome"), "completed");
    assert_string_equal(test_attribute_of(operation, "gen_ai.usage.output_tokens"), "18");
    assert_string_equal(test_attribute_of(operation, "genspan.stream.chunks"), "18");
    assert_string_equal(test_attribute_of(operation, "gen_ai.request.stream"), "true");
    assert_string_equal(test_attribute_of(operation, "genspan.provider.request_ids"),
                        "req_sim_000000,chatcmpl-sim-000000");
    json_decref(spans);
    assert_int_equal(test_directory_count(".ring"), 0);
}

static void with_libcurl_sends_the_key(void **state)
{
    struct test_backend *server = test_backend_start();

    (void)state;
    run_with_libcurl(test_backend_url(server));
    assert_string_equal(test_request_header(test_backend_request(server, 0), "Authorization"),
                        "Bearer sk-example");
    assert_string_equal(test_backend_request(server, 0)->path, "/chat/completions");
    test_backend_stop(server);
}

static void with_libcurl_tells_a_failure(void **state)
{
    json_t *spans;

    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "0", "--script", "401"));
    assert_int_equal(run_with_libcurl(sim.out), 1);
    assert_string_equal(c.out, "");
    assert_string_equal(c.err, "auth: Incorrect API key provided\n");
    assert_int_equal(run_with_libcurl(test_nobody_url()), 1);
    assert_memory_equal(c.err, "connection: ", 12);
    spans = test_spans_of(traces);
    assert_string_equal(test_attribute_of(test_span_named(spans, "chat gpt-4o-mini", 0), "error.type"),
                        "auth");
    assert_string_equal(test_attribute_of(test_span_named(spans, "chat gpt-4o-mini", 1), "error.type"),
                        "connection");
    json_decref(spans);
}

/* The line that records changes nothing that the program sees or says. */
static void curl_stream_is_recorded_by_one_line(void **state)
{
    char *before;
    json_t *spans, *operation;

    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "0", "--pace-ms", "1"));
    assert_int_equal(run_named("curl_stream_before", sim.out), 0);
    before = strdup(c.out);
    test_command_free(&c);
    assert_int_equal(test_directory_count("traces.jsonl"), 0);
    assert_int_equal(run_named("curl_stream", sim.out), 0);
    assert_string_equal(c.err, "");
    assert_int_equal(strlen(c.out), strlen(before)); /* the ids in it differ */
    spans = test_spans_of(traces);
    assert_int_equal(json_array_size(spans), 2);
    operation = test_span_named(spans, "chat gpt-4o-mini", 0);
    assert_string_equal(test_attribute_of(operation, "genspan.outcome"), "completed");
    assert_string_equal(test_attribute_of(operation, "gen_ai.usage.output_tokens"), "18");
    assert_string_equal(test_attribute_of(operation, "genspan.stream.chunks"), "18");
    json_decref(spans);
    free(before);
    assert_int_equal(test_directory_count(".ring"), 0);
}

static void curl_stream_records_a_failure(void **state)
{
    json_t *spans;

    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "0", "--script", "401"));
    assert_int_equal(run_named("curl_stream", sim.out), 1);
    assert_int_equal(run_named("curl_stream", test_nobody_url()), 1);
    spans = test_spans_of(traces);
    assert_int_equal(json_array_size(spans), 4);
    assert_string_equal(test_attribute_of(test_span_named(spans, "chat", 0), "error.type"), "auth");
    assert_string_equal(test_attribute_of(test_span_named(spans, "chat", 2), "error.type"), "connection");
    json_decref(spans);
}

static void event_loop_records_several_calls_at_once(void **state)
{
    json_t *spans;

    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "5", "--pace-ms", "2"));
    assert_int_equal(run_named("event_loop", sim.out), 0);
    assert_string_equal(c.err, "");
    assert_int_equal(test_count(c.out, ": answered\n"), 4);
    spans = test_spans_of(traces);
    assert_int_equal(json_array_size(spans), 8);
    for (int i = 0; i < 4; i++) {
        json_t *operation = test_span_named(spans, "chat gpt-4o-mini", i);

        assert_string_equal(test_attribute_of(operation, "genspan.outcome"), "completed");
        assert_string_equal(test_attribute_of(operation, "genspan.stream.chunks"), "18");
    }
    json_decref(spans);
}

static void forked_workers_record_their_own_calls(void **state)
{
    json_t *spans;

    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "5"));
    assert_int_equal(run_named("forked_workers", sim.out), 0);
    assert_string_equal(c.out, "3 of 3 workers are done\n");
    assert_string_equal(c.err, "");
    spans = test_spans_of(traces);
    assert_int_equal(json_array_size(spans), 12);
    assert_int_equal(test_spans_named(spans, "chat gpt-4o-mini"), 6);
    json_decref(spans);
    assert_int_equal(test_directory_count(".ring"), 0);
}

static void the_examples_use_the_public_headers_alone(void **state)
{
    static const char *const names[] = {"quickstart", "with_libcurl", "curl_stream", "event_loop",
                                        "forked_workers"};

    (void)state;
    for (int i = 0; i < 5; i++) {
        char path[600], *text;

        snprintf(path, sizeof path, "%s/../../examples/%s.c", GSP_TEST_FIXTURES, names[i]);
        text = test_read_file(path, NULL);
        assert_non_null(strstr(text, "#include <genspan/genspan.h>"));
        assert_null(strstr(text, "#include \""));
        assert_null(strstr(text, "gsp__"));
        assert_null(strstr(text, "GSP__"));
        free(text);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(quickstart_draws_its_call),
        CASE(quickstart_runs_where_nothing_can_be_recorded),
        CASE(with_libcurl_prints_the_answer_and_records_the_call),
        CASE(with_libcurl_sends_the_key),
        CASE(with_libcurl_tells_a_failure),
        CASE(curl_stream_is_recorded_by_one_line),
        CASE(curl_stream_records_a_failure),
        CASE(event_loop_records_several_calls_at_once),
        CASE(forked_workers_record_their_own_calls),
        CASE(the_examples_use_the_public_headers_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
