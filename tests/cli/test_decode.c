/* genspan decode: one exchange from files, and lines of them. What is found in them is tested in wire/. */
#include "support/run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])

static struct test_command c;

static int set_up(void **state)
{
    (void)state;
    memset(&c, 0, sizeof c);
    test_directory_clear();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_command_free(&c);
    return 0;
}

static const char *fixture(const char *name)
{
    static char path[600];

    snprintf(path, sizeof path, "%s/openai_chat/%s", GSP_TEST_FIXTURES, name);
    return path;
}

/* The one line printed. Keys are in order, so that lines can be compared as text. */
static json_t *the_facts(void)
{
    json_t *facts = json_loads(c.out, 0, NULL);
    char *sorted;

    if (!json_is_object(facts))
        fail_msg("no facts: \"%s\" \"%s\"", c.out, c.err);
    assert_int_equal(test_count(c.out, "\n"), 1);
    sorted = json_dumps(facts, JSON_COMPACT | JSON_SORT_KEYS);
    assert_memory_equal(c.out, sorted, strlen(sorted));
    free(sorted);
    return facts;
}

static const char *string_at(json_t *facts, const char *key)
{
    const char *value = json_string_value(json_object_get(facts, key));

    return value ? value : "(none)";
}

static void a_body_is_read_from_standard_input_or_a_file(void **state)
{
    static const char body[] =
        "{\"id\":\"c1\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"message\":{"
        "\"role\":\"assistant\",\"content\":\"Hi\"},\"finish_reason\":\"stop\"}],"
        "\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":2,\"total_tokens\":null}}";
    static const char wanted[] =
        "{\"finish_reasons\":[\"stop\"],\"flavor\":\"openai.chat\",\"framing\":\"json\","
        "\"output_text_bytes\":2,\"output_text_sha256\":\"3639efcd08abb273\","
        "\"provider\":\"openai\",\"provider_request_id_candidates\":[\"c1\"],"
        "\"response_id\":\"c1\",\"response_model\":\"m-1\",\"status\":200,"
        "\"usage\":{\"input_tokens\":0,\"output_tokens\":2}}\n"; /* US-3 */
    char path[300];

    (void)state;
    c.input = body;
    assert_int_equal(test_genspan(&c, TEST_ARGS("decode", "--format", "openai.chat")), 0);
    assert_string_equal(c.out, wanted);
    assert_int_equal(test_genspan(&c, TEST_ARGS("decode", "--format", "openai.chat", "-")), 0);
    assert_string_equal(c.out, wanted);
    c.input = NULL;
    snprintf(path, sizeof path, "%s/body.json", test_directory());
    test_write_file(path, body, strlen(body));
    assert_int_equal(
        test_genspan(&c, TEST_ARGS("decode", "--url", "https://api.openai.com/v1/chat/completions", path)),
        0);
    assert_string_equal(c.out, wanted);
    assert_string_equal(c.err, "");
}

static void the_whole_exchange_tells_more(void **state)
{
    char request[300];
    json_t *facts;

    (void)state;
    snprintf(request, sizeof request, "%s/request.json", test_directory());
    test_write_file(request, "{\"model\":\"asked\",\"stream\":true,\"messages\":[1,2],\"temperature\":1}",
                    64);
    assert_int_equal(test_genspan(&c, TEST_ARGS("decode", "--request", request, "--url",
                                                "https://api.groq.com/openai/v1/chat/completions", "--header",
                                                "x-request-id: req_7", "--header", "Retry-After:2",
                                                fixture("stream.sse"))),
                     0);
    facts = the_facts();
    assert_string_equal(string_at(facts, "provider"), "groq");
    assert_string_equal(string_at(facts, "framing"), "sse");
    assert_string_equal(string_at(facts, "request_model"), "asked");
    assert_string_equal(string_at(facts, "retry_after"), "2");
    assert_int_equal(json_integer_value(json_object_get(facts, "request_message_count")), 2);
    assert_true(json_is_true(json_object_get(facts, "request_stream")));
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(facts, "provider_request_id_candidates"), 0)),
        "req_7");
    json_decref(facts);
}

static void an_error_has_its_status_code_and_message(void **state)
{
    json_t *facts;

    (void)state;
    assert_int_equal(test_genspan(&c, TEST_ARGS("decode", "--format", "openai.chat", "--status", "400",
                                                fixture("error.json"))),
                     0);
    facts = the_facts();
    assert_int_equal(json_integer_value(json_object_get(facts, "status")), 400);
    assert_non_null(json_object_get(facts, "error_message"));
    assert_null(json_object_get(facts, "output_text_bytes"));
    json_decref(facts);
}

static void a_file_that_cannot_be_read_is_a_failure(void **state)
{
    static const struct {
        const char *args[5];
        const char *message;
    } cases[] = {
        {{"decode", "--format", "openai.chat", "/none"}, "/none cannot be read: No such file"},
        {{"decode", "--format", "openai.chat", "/"}, "/ cannot be read: Is a directory"},
        {{"decode", "--format=openai.chat", "--request", "/none"}, "/none cannot be read: No such file"},
        {{"decode", "--jsonl", "/none"}, "/none cannot be read: No such file"},
        {{"decode", "--jsonl", "/"}, "/ cannot be read: Is a directory"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(test_genspan(&c, cases[i].args), 1);
        assert_string_equal(c.out, "");
        assert_non_null(strstr(c.err, cases[i].message));
        assert_int_equal(test_count(c.err, "\n"), 1);
    }
}

/* A line that is bad costs that line alone: lines of output stand for lines of input. */
static void a_bad_line_is_named_and_the_rest_goes_on(void **state)
{
    static const char body[] = "{\\\"model\\\":\\\"m\\\"}";
    char input[2000];
    const char *line;

    (void)state;
    snprintf(input, sizeof input,
             "{\"id\":\"a\",\"flavor\":\"openai.chat\",\"response_body\":\"%s\"}\n"
             "\n"
             "{\"id\":\"b\",\n"
             "[1]\n"
             "{\"id\":\"c\",\"flavor\":\"morse\"}\n"
             "{\"id\":4,\"path\":\"/v1/chat/completions\",\"status\":200,\"response_body\":\"%s\"}\n"
             "{\"path\":\"/v1/none\"}\n"
             "{\"id\":\"\\u0000\",\"flavor\":\"openai.chat\"}\r\n"
             "\"last\"",
             body, body);
    c.input = input;
    assert_int_equal(test_genspan(&c, TEST_ARGS("decode", "--jsonl")), 1);
    line = c.out;
    assert_int_equal(test_count(c.out, "\n"), 8);
    assert_non_null(strstr(line, "\"id\":\"a\",\"output_text_bytes\":0"));
    assert_true(strstr(line, "\"id\":\"a\"") < strchr(line, '\n'));
    line = strchr(line, '\n') + 1;
    assert_memory_equal(line,
                        "{\"unsupported\":true}\n{\"unsupported\":true}\n"
                        "{\"id\":\"c\",\"unsupported\":true}\n",
                        72);
    line += 72;
    assert_non_null(strstr(line, "\"id\":4,"));
    assert_non_null(strstr(line, "\n{\"unsupported\":true}\n{\"flavor\":\"openai.chat\",\"id\":\"\\u0000\""));
    assert_non_null(strstr(c.err, "genspan decode: line 3: "));
    assert_non_null(strstr(c.err, "genspan decode: line 4: not an object\n"));
    assert_non_null(strstr(c.err, "genspan decode: line 9: "));
    assert_int_equal(test_count(c.err, "\n"), 3);
}

static void no_lines_are_no_failure(void **state)
{
    (void)state;
    assert_int_equal(test_genspan(&c, TEST_ARGS("decode", "--jsonl")), 0);
    assert_string_equal(c.out, "");
    assert_string_equal(c.err, "");
}

static void output_that_cannot_be_written_is_a_failure(void **state)
{
    (void)state;
    c.out_path = "/dev/full";
    c.input = "{\"id\":1}\n";
    assert_int_equal(test_genspan(&c, TEST_ARGS("decode", "--jsonl")), 1);
    assert_non_null(strstr(c.err, "standard output cannot be written"));
}

/* A list of ids must have those that are expected, an object its keys; each may have more. */
static bool has_expected(json_t *wanted, json_t *found)
{
    json_t *value;
    const char *key;
    size_t i, k;

    json_object_foreach(wanted, key, value) if (!json_equal(value, json_object_get(found, key))) return false;
    json_array_foreach(wanted, i, value)
    {
        for (k = 0; k < json_array_size(found); k++)
            if (json_equal(value, json_array_get(found, k)))
                break;
        if (k == json_array_size(found))
            return false;
    }
    return true;
}

/* Without the costs, which are priced elsewhere. */
static bool is_expected(json_t *expect, json_t *facts)
{
    json_t *wanted, *found;
    const char *key;
    bool is_good;

    json_object_foreach(expect, key, wanted)
    {
        found = json_object_get(facts, key);
        if (strcmp(key, "usage") == 0 || strcmp(key, "provider_request_id_candidates") == 0)
            is_good = has_expected(wanted, found);
        else
            is_good = strncmp(key, "cost_", 5) == 0 || json_equal(wanted, found);
        if (!is_good) {
            print_message("%s differs\n", key);
            return false;
        }
    }
    return true;
}

/* The command itself, on the corpus as it stands: a line for a line, in order. */
static void the_corpus_comes_out_line_by_line(void **state)
{
    const char *path = test_shared_file("corpus/openai.chat.jsonl");
    char *corpus, *in, *out, corpus_path[1024];
    int n = 0;

    (void)state;
    if (!path)
        skip();
    snprintf(corpus_path, sizeof corpus_path, "%s", path);
    assert_int_equal(test_genspan(&c, TEST_ARGS("decode", "--jsonl", corpus_path)), 0);
    assert_string_equal(c.err, "");
    corpus = test_read_file(corpus_path, NULL);
    for (in = corpus, out = c.out; *in; in += strcspn(in, "\n") + 1, out += strcspn(out, "\n") + 1, n++) {
        json_t *line = json_loadb(in, strcspn(in, "\n"), JSON_ALLOW_NUL, NULL);
        json_t *facts = json_loadb(out, strcspn(out, "\n"), JSON_ALLOW_NUL, NULL);
        const char *id = json_string_value(json_object_get(line, "id"));

        assert_non_null(id);
        assert_string_equal(string_at(facts, "id"), id);
        if (!is_expected(json_object_get(line, "expect"), facts))
            fail_msg("%s is not decoded as expected", id);
        json_decref(line);
        json_decref(facts);
    }
    assert_true(n > 500);
    assert_string_equal(out, "");
    free(corpus);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_body_is_read_from_standard_input_or_a_file), CASE(the_whole_exchange_tells_more),
        CASE(an_error_has_its_status_code_and_message),     CASE(a_file_that_cannot_be_read_is_a_failure),
        CASE(a_bad_line_is_named_and_the_rest_goes_on),     CASE(no_lines_are_no_failure),
        CASE(output_that_cannot_be_written_is_a_failure),   CASE(the_corpus_comes_out_line_by_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
