/* openai.chat: requests. Model, parameters, counts of messages and tools; nothing of what was said. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    return 0;
}

struct document {
    const char *body, *expected;
};

static void expect_all(const struct document *documents, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect_request(documents[i].body, strlen(documents[i].body), documents[i].expected, &seed);
}

#define EXPECT_ALL(documents) expect_all(documents, sizeof(documents) / sizeof(documents)[0])

static const char whole_request[] =
    "{\"model\":\"gpt-example\",\"messages\":[{\"role\":\"system\",\"content\":\"Be \\\"brief\\\".\"},"
    "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"What is this?\"},{\"type\":\"image_url\","
    "\"image_url\":{\"url\":\"data:image/"
    "png;base64,AAAA\"}}]}],\"temperature\":0.25,\"top_p\":1,\"seed\":-42,"
    "\"max_completion_tokens\":1024,\"presence_penalty\":-0.5,\"frequency_penalty\":2,\"n\":3,"
    "\"stop\":[\"END\",\"\\n\"],\"stream\":true,\"stream_options\":{\"include_usage\":true},"
    "\"service_tier\":\"flex\",\"reasoning_effort\":\"low\",\"response_format\":{\"type\":\"json_schema\","
    "\"json_schema\":{\"name\":\"s\",\"schema\":{\"type\":\"object\"}}},\"tools\":[{\"type\":\"function\","
    "\"function\":{\"name\":\"get_weather\",\"parameters\":{\"type\":\"object\"}}},{\"type\":\"function\"}],"
    "\"user\":\"u-1\",\"metadata\":{\"model\":\"not this one\"}}";

static void every_parameter_that_is_known(void **state)
{
    static const struct document documents[] = {
        {whole_request,
         "request_model=\"gpt-example\" message_count=2 temperature=0.25 top_p=1 seed=-42 "
         "max_tokens=1024 presence_penalty=-0.5 frequency_penalty=2 choice_count=3 "
         "stop_sequence[0]=\"END\" stop_sequence[1]=\"\n\" stream=true "
         "request_service_tier=\"flex\" reasoning_level=\"low\" response_format=\"json_schema\" "
         "tool_count=2\n"},
        {"{\"model\":\"m\",\"top_k\":40,\"max_tokens\":7,\"stream\":false,\"stop\":\"one\","
         "\"reasoning\":{\"effort\":\"high\"}}",
         "request_model=\"m\" top_k=40 max_tokens=7 stream=false stop_sequence[0]=\"one\" "
         "reasoning_level=\"high\"\n"},
        /* 0 is a value as any other, and whole numbers may be written as 7.0 or 1e3 */
        {"{\"temperature\":0,\"top_p\":0.0,\"seed\":0,\"max_tokens\":0,\"n\":1.0,\"top_k\":1e3}",
         "temperature=0 top_p=0 seed=0 max_tokens=0 choice_count=1 top_k=1000\n"},
        {"{\"seed\":9223372036854775807}", "seed=9223372036854775807\n"},
        {"{}", ""},
    };

    (void)state;
    EXPECT_ALL(documents);
}

/* What is not said, or said in a way that means nothing, is absent. */
static void values_of_other_types_say_nothing(void **state)
{
    static const struct document documents[] = {
        {"{\"model\":null,\"temperature\":null,\"top_p\":\"1\",\"seed\":1.5,\"max_tokens\":\"7\",\"n\":true,"
         "\"stream\":\"true\",\"stop\":null,\"tools\":null,\"messages\":null,\"response_format\":null,"
         "\"reasoning_effort\":3,\"service_tier\":[]}",
         ""},
        {"{\"model\":\"\",\"stop\":\"\",\"stream\":1,\"temperature\":{},\"max_tokens\":99999999999999999999}",
         ""},
        {"{\"model\":{\"name\":\"m\"},\"messages\":\"hello\",\"tools\":{\"a\":1}}", ""},
        {"{\"stop\":[\"a\",null,7,\"\",\"b\"]}", "stop_sequence[0]=\"a\" stop_sequence[4]=\"b\"\n"},
        {"\"model\"", ""},
        {"17 ", ""},
        {"", ""},
    };

    (void)state;
    EXPECT_ALL(documents);
}

/* Of messages and tools only their number: an empty list of messages is one of 0, of tools none at all. */
static void messages_and_tools_are_counted(void **state)
{
    static const struct document documents[] = {
        {"{\"messages\":[]}", "message_count=0\n"},
        {"{\"messages\":[{}]}", "message_count=1\n"},
        {"{\"messages\":[{\"content\":\"]}\\\"\"},[],\"x\",null,{\"messages\":[1,2,3]}]}",
         "message_count=5\n"},
        {"{\"tools\":[]}", ""},
        {"{\"tools\":[{\"model\":\"not this\",\"tools\":[1,2]},{}]}", "tool_count=2\n"},
        /* the same keys deeper down are none of ours */
        {"{\"metadata\":{\"model\":\"x\",\"messages\":[1]},\"model\":\"m\"}", "request_model=\"m\"\n"},
    };

    (void)state;
    EXPECT_ALL(documents);
}

/* The first of a key that stands twice counts: each fact is handed over once. */
static void a_parameter_is_told_once(void **state)
{
    static const struct document documents[] = {
        {"{\"model\":\"a\",\"model\":\"b\",\"stream\":true,\"stream\":false,\"seed\":1,\"seed\":2,"
         "\"top_p\":0.5,\"top_p\":1}",
         "request_model=\"a\" stream=true seed=1 top_p=0.5\n"},
        {"{\"max_tokens\":5,\"max_completion_tokens\":6}", "max_tokens=5\n"},
        {"{\"max_completion_tokens\":6,\"max_tokens\":5}", "max_tokens=6\n"},
        {"{\"reasoning_effort\":\"low\",\"reasoning\":{\"effort\":\"high\"}}", "reasoning_level=\"low\"\n"},
        {"{\"messages\":[1],\"messages\":[1,2],\"tools\":[1],\"tools\":[]}",
         "message_count=1 tool_count=1\n"},
        {"{\"messages\":[1],\"tools\":[1],\"tools\":[1,2]}", "message_count=1 tool_count=1\n"},
    };

    (void)state;
    EXPECT_ALL(documents);
}

/* A request that breaks off or is no JSON tells what came before. */
static void what_breaks_off_tells_what_it_said(void **state)
{
    static const struct document documents[] = {
        {"{\"model\":\"m\",\"seed\":7,\"messages\":[{\"content\":\"", "request_model=\"m\" seed=7\n"},
        {"{\"model\":\"m\",\"seed\":7,,\"top_k\":1}", "request_model=\"m\" seed=7\n"},
        {"{\"model\":\"m", ""},
        {"model=m&seed=7", ""},
        {"{\"model\":\"m\"} {\"seed\":7}", "request_model=\"m\"\n"},
        {"{\"model\":\"m\xff\xc0\",\"seed\":7}", "request_model=\"m\xff\xc0\" seed=7\n"},
    };

    (void)state;
    EXPECT_ALL(documents);
}

static void a_long_model_is_cut_and_marked(void **state)
{
    char body[3000], expected[3000], name[1100];

    (void)state;
    memset(name, 'm', sizeof name);
    name[1023] = 0;
    snprintf(body, sizeof body, "{\"model\":\"%s\xc3\xa9\",\"seed\":1}", name);
    snprintf(expected, sizeof expected, "request_model=~\"%s\" seed=1\n", name);
    expect_request(body, strlen(body), expected, &seed);
}

/* Content is skipped, not kept: a message of any size costs nothing. */
static void large_messages_are_passed_over(void **state)
{
    static const char head[] = "{\"messages\":[{\"content\":\"", tail[] = "\"}],\"model\":\"m\"}";
    size_t n_filling = 8 << 20, n = sizeof head - 1 + n_filling + sizeof tail - 1;
    char *body = malloc(n);

    (void)state;
    memcpy(body, head, sizeof head - 1);
    memset(body + sizeof head - 1, 'x', n_filling);
    memcpy(body + n - (sizeof tail - 1), tail, sizeof tail - 1);
    assert_string_equal(decoded_request(body, n, (struct cuts){16384, 16384, NULL}),
                        "message_count=1 request_model=\"m\"\n");
    free(body);
}

static void random_damage_decodes_the_same_at_all_cuts(void **state)
{
    static const char dangerous[] = "\"\\{}[]:,\n \0\xfftfn0-eE.u";

    (void)state;
    for (size_t i = 0; i < 400; i++) {
        size_t n = sizeof whole_request - 1;
        char *bytes = malloc(n), *whole;

        memcpy(bytes, whole_request, n);
        for (uint64_t k = gsp__random_next(&seed) % 6 + 1; k > 0; k--)
            bytes[gsp__random_next(&seed) % n] = dangerous[gsp__random_next(&seed) % (sizeof dangerous - 1)];
        whole = strdup(decoded_request(bytes, n, (struct cuts){n, n, NULL}));
        assert_string_equal(decoded_request(bytes, n, (struct cuts){1, 1, NULL}), whole);
        for (int k = 0; k < 10; k++)
            assert_string_equal(decoded_request(bytes, n, (struct cuts){0, k % 2 ? 5 : 200, &seed}), whole);
        free(whole);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_parameter_that_is_known),
        cmocka_unit_test(values_of_other_types_say_nothing),
        cmocka_unit_test(messages_and_tools_are_counted),
        cmocka_unit_test(a_parameter_is_told_once),
        cmocka_unit_test(what_breaks_off_tells_what_it_said),
        cmocka_unit_test(a_long_model_is_cut_and_marked),
        cmocka_unit_test(large_messages_are_passed_over),
        cmocka_unit_test(random_damage_decodes_the_same_at_all_cuts),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
