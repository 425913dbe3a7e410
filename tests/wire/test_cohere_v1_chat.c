/* cohere.v1_chat: JSON and lines of it. Each at all cuts. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdlib.h>

#include "wire/cohere_v1_chat.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__cohere_v1_chat, NULL, "cohere_v1_chat");
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

/* ID-1: both ids are ids of the request. Tokens and billed units are two things. */
static void a_plain_answer(void **state)
{
    static const struct expectation cases[] = {
        {"plain.json", "request_id=\"resp-1\" response_id=\"gen-1\" request_id=\"gen-1\" "
                       "finish_reason[0]=\"COMPLETE\" output_text_bytes=15\n"
                       "usage input=69 output=6 cache_read=48 billed_in=7 billed_out=5\n"
                       "events=0 terminal\n"
                       "text[0] \"Ahoy, \"you\" \xe2\x82\xac\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The last line repeats the answer, which counts once. */
static void streams(void **state)
{
    static const struct expectation cases[] = {
        {"stream.ndjson", "response_id=\"gen-2\" request_id=\"gen-2\" request_id=\"resp-2\" "
                          "finish_reason[0]=\"MAX_TOKENS\" output_text_bytes=4\n"
                          "usage input=69 output=3 billed_in=7 billed_out=2\n"
                          "marks: eTTe.e\n"
                          "events=5 terminal\n"
                          "text[0] \"Ahoy\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* Calls come in pieces and then whole, or whole only: each once, its arguments once. */
static void tool_calls(void **state)
{
    static const struct expectation cases[] = {
        {"tools.ndjson", "response_id=\"gen-3\" request_id=\"gen-3\" request_id=\"resp-3\" "
                         "finish_reason[0]=\"COMPLETE\" reasoning_bytes=12 tool_argument_bytes=15 "
                         "tool_call_count=2\n"
                         "call[0][0] \"\" \"get_weather\"\n"
                         "call[0][1] \"\" \"get_time\"\n"
                         "marks: eRCCCCC.e\n"
                         "events=8 terminal\n"
                         "reasoning[0] \"I will look.\"\n"
                         "arguments[0] \"{\"city\":\"Oslo\"}\"\n"},
        {"tools_whole.ndjson", "tool_argument_bytes=11 tool_call_count=2\n"
                               "call[0][0] \"\" \"one\"\n"
                               "call[0][1] \"\" \"two\"\n"
                               "marks: C.e\n"
                               "events=2 terminal\n"
                               "arguments[0] \"{\"a\":[1]}{}\"\n"},
        {"tools.json", "request_id=\"resp-4\" response_id=\"gen-4\" request_id=\"gen-4\" "
                       "finish_reason[0]=\"COMPLETE\" tool_argument_bytes=17 tool_call_count=2\n"
                       "call[0][0] \"\" \"get_weather\"\n"
                       "call[0][1] \"\" \"get_time\"\n"
                       "usage input=1 output=0\n"
                       "events=0 terminal\n"
                       "arguments[0] \"{\"city\":\"Oslo\"}{}\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void errors(void **state)
{
    static const struct expectation cases[] = {
        {"error.json", "error_message=\"invalid api token\"\n"
                       "events=0 terminal error\n"},
        {"error_toxic.ndjson", "response_id=\"gen-5\" request_id=\"gen-5\" "
                               "provider_error_type=\"ERROR_TOXIC\" safety_block[0]=\"ERROR_TOXIC\" "
                               "finish_reason[0]=\"ERROR_TOXIC\" output_text_bytes=2\n"
                               "marks: eT.e\n"
                               "events=3 terminal error\n"
                               "text[0] \"We\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void a_stream_that_broke_off(void **state)
{
    static const struct expectation cases[] = {
        {"cut.ndjson", "response_id=\"gen-6\" request_id=\"gen-6\" output_text_bytes=3 "
                       "decode_errors=1\n"
                       "marks: eTe\n"
                       "events=3 bad=1\n"
                       "text[0] \"Aho\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-2, US-3, too: the last count stands, and what is none overwrites nothing. */
static void values_of_other_types_say_nothing(void **state)
{
    static const struct expectation cases[] = {
        {"strange.ndjson", "response_id=\"gen-7\" request_id=\"gen-7\" output_text_bytes=10 "
                           "decode_errors=1\n"
                           "usage input=3 output=2\n"
                           "marks: TeeeeTee\n"
                           "events=8 bad=1\n"
                           "text[0] \"early late\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The message is one more than the history has. */
static void every_parameter_that_is_known(void **state)
{
    (void)state;
    expect_request_fixture("request.json",
                           "request_model=\"command-example\" stream=true conversation_id=\"conv-1\" "
                           "temperature=0.3 max_tokens=100 top_k=5 top_p=0.75 seed=7 "
                           "stop_sequence[0]=\"END\" frequency_penalty=0.1 presence_penalty=0.2 "
                           "tool_count=2 response_format=\"json_object\" message_count=3\n");
}

static void parameters_of_other_types_say_nothing(void **state)
{
    (void)state;
    expect_request_fixture("request_odd.json", "");
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
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
