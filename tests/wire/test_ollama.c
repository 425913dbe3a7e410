/* ollama.chat and ollama.generate: JSON and lines of it. Each at all cuts. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdlib.h>

#include "wire/ollama_chat.h"
#include "wire/ollama_generate.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__ollama_chat, NULL, "ollama_chat");
    return 0;
}

struct expectation {
    const char *fixture, *expected;
};

static void expect_all(const struct expectation *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect_fixture(cases[i].fixture, cases[i].expected, &seed);
}

#define EXPECT_ALL(cases) expect_all(cases, sizeof(cases) / sizeof(cases)[0])

static void expect_request_fixture(const char *name, const char *expected)
{
    enum gsp__framing framing;
    size_t n;
    char *bytes = read_fixture(name, &n, &framing);

    expect_request(bytes, n, expected, &seed);
    free(bytes);
}

static void a_plain_answer(void **state)
{
    static const struct expectation cases[] = {
        {"chat.json", "response_model=\"example:latest\" processing_time=3.5 prompt_time=0.25 "
                      "finish_reason[0]=\"stop\" output_text_bytes=12 reasoning_bytes=11\n"
                      "usage input=21 output=9\n"
                      "events=0 terminal\n"
                      "text[0] \"The sky \xe2\x82\xac.\"\n"
                      "reasoning[0] \"Let me see.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void streams(void **state)
{
    static const struct expectation cases[] = {
        {"chat.ndjson", "response_model=\"example\" processing_time=1.5 prompt_time=0.5 "
                        "finish_reason[0]=\"length\" output_text_bytes=7 reasoning_bytes=2\n"
                        "usage input=17 output=50\n"
                        "marks: RTT.e\n"
                        "events=4 terminal\n"
                        "reasoning[0] \"Hm\"\n"
                        "text[0] \"The sky\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* Each comes whole, whatever index it says. Older servers give no reason with the end. */
static void tool_calls(void **state)
{
    static const struct expectation cases[] = {
        {"tools.ndjson", "response_model=\"example\" tool_argument_bytes=26 tool_call_count=3\n"
                         "call[0][0] \"call-a\" \"get_weather\"\n"
                         "call[0][1] \"\" \"get_time\"\n"
                         "call[0][2] \"\" \"now\"\n"
                         "marks: CC.e\n"
                         "events=3 terminal\n"
                         "arguments[0] \"{\"city\":\"Oslo\",\"days\":2}{}\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void errors(void **state)
{
    static const struct expectation cases[] = {
        {"error.json", "error_message=\"model 'none' not found\"\n"
                       "events=0 terminal error\n"},
        {"error_in_stream.ndjson",
         "response_model=\"example\" error_message=\"an error was encountered while "
         "running the model\" output_text_bytes=3\n"
         "marks: Te\n"
         "events=2 error\n"
         "text[0] \"The\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void a_stream_that_broke_off(void **state)
{
    static const struct expectation cases[] = {
        {"cut.ndjson", "response_model=\"example\" output_text_bytes=6 decode_errors=1\n"
                       "marks: TT\n"
                       "events=2 bad=1\n"
                       "text[0] \"The sk\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-2, US-3, too: the last count stands, and what is none overwrites nothing. */
static void values_of_other_types_say_nothing(void **state)
{
    static const struct expectation cases[] = {
        {"strange.ndjson", "error_message=\"said so\" output_text_bytes=1 tool_argument_bytes=15 "
                           "tool_call_count=1 decode_errors=1\n"
                           "call[0][0] \"call-x\" \"listed\"\n"
                           "usage input=0 output=6\n"
                           "marks: eTeC.ee\n"
                           "events=6 bad=1 terminal error\n"
                           "text[0] \"x\"\n"
                           "arguments[0] \"text[1,{\"a\":2}]\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void every_parameter_that_is_known(void **state)
{
    (void)state;
    expect_request_fixture("request_chat.json",
                           "request_model=\"example:latest\" message_count=2 tool_count=1 stream=true "
                           "response_format=\"json\" reasoning_level=\"high\" temperature=0.5 top_p=0.9 "
                           "top_k=40 seed=42 max_tokens=128 stop_sequence[0]=\"END\" "
                           "stop_sequence[1]=\"STOP\" presence_penalty=0.25 frequency_penalty=-0.25\n");
}

static void parameters_of_other_types_say_nothing(void **state)
{
    (void)state;
    expect_request_fixture("request_odd.json", "");
}

/* The keys are the same; what differs is the operation. */
static void generate_reads_the_same_keys(void **state)
{
    static const struct expectation cases[] = {
        {"generate.ndjson", "response_model=\"example\" processing_time=4 prompt_time=1 "
                            "finish_reason[0]=\"stop\" output_text_bytes=6 reasoning_bytes=2\n"
                            "usage input=17 output=71\n"
                            "marks: RTT.e\n"
                            "events=4 terminal\n"
                            "reasoning[0] \"Hm\"\n"
                            "text[0] \"A joke\"\n"},
        {"prompt_known.json", "response_model=\"example\" processing_time=1 prompt_time=0.125 "
                              "finish_reason[0]=\"stop\" output_text_bytes=7\n"
                              "usage output=38\n"
                              "events=0 terminal\n"
                              "text[0] \"A joke.\"\n"},
        {"error.json", "error_message=\"model 'none' not found\"\n"
                       "events=0 terminal error\n"},
    };

    (void)state;
    decode_as(&gsp__ollama_generate, NULL, "ollama_chat");
    EXPECT_ALL(cases);
    expect_request_fixture("request_generate.json", "request_model=\"example\" stream=false temperature=0 "
                                                    "stop_sequence[0]=\"END\"\n");
    assert_string_equal(gsp__ollama_generate.operation, "text_completion");
    decode_as(&gsp__ollama_chat, NULL, "ollama_chat");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_answer),
        cmocka_unit_test(streams),
        cmocka_unit_test(tool_calls),
        cmocka_unit_test(errors),
        cmocka_unit_test(a_stream_that_broke_off),
        cmocka_unit_test(values_of_other_types_say_nothing),
        cmocka_unit_test(every_parameter_that_is_known),
        cmocka_unit_test(parameters_of_other_types_say_nothing),
        cmocka_unit_test(generate_reads_the_same_keys),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
