/* cohere.v2_chat: JSON and SSE. Each at all cuts. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdlib.h>

#include "wire/cohere_v2_chat.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__cohere_v2_chat, NULL, "cohere_v2_chat");
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
        {"plain.json", "response_id=\"v2-1\" request_id=\"v2-1\" finish_reason[0]=\"STOP_SEQUENCE\" "
                       "output_text_bytes=8 reasoning_bytes=11\n"
                       "usage input=91 output=11 cache_read=16 billed_in=25 billed_out=9\n"
                       "events=0 terminal\n"
                       "reasoning[0] \"Let me see.\"\n"
                       "text[0] \"Oslo \xe2\x82\xac\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void streams(void **state)
{
    static const struct expectation cases[] = {
        {"stream.sse", "response_id=\"v2-2\" request_id=\"v2-2\" finish_reason[0]=\"COMPLETE\" "
                       "output_text_bytes=4 reasoning_bytes=3\n"
                       "usage input=60 output=4 cache_read=32 billed_in=3 billed_out=2\n"
                       "marks: eeReeTTe.e.\n"
                       "events=9 terminal\n"
                       "reasoning[0] \"Hm.\"\n"
                       "text[0] \"Oslo\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The plan is no text. A call is one call, in whatever order its event says so. */
static void tool_calls(void **state)
{
    static const struct expectation cases[] = {
        {"tools.json", "response_id=\"v2-3\" request_id=\"v2-3\" finish_reason[0]=\"TOOL_CALL\" "
                       "reasoning_bytes=12 tool_argument_bytes=17 tool_call_count=2\n"
                       "call[0][0] \"call-a\" \"get_weather\"\n"
                       "call[0][1] \"call-b\" \"get_time\"\n"
                       "events=0 terminal\n"
                       "reasoning[0] \"I will look.\"\n"
                       "arguments[0] \"{\"city\":\"Oslo\"}{}\"\n"},
        {"tools.sse", "response_id=\"v2-4\" request_id=\"v2-4\" finish_reason[0]=\"TOOL_CALL\" "
                      "reasoning_bytes=6 tool_argument_bytes=17 tool_call_count=2\n"
                      "call[0][0] \"call-a\" \"get_weather\"\n"
                      "call[0][1] \"call-b\" \"get_time\"\n"
                      "marks: eRCCCeCC.e\n"
                      "events=9 terminal\n"
                      "reasoning[0] \"I will\"\n"
                      "arguments[0] \"{\"city\":\"Oslo\"}{}\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void errors(void **state)
{
    static const struct expectation cases[] = {
        {"error.json", "response_id=\"err-1\" request_id=\"err-1\" error_message=\"model 'x' not "
                       "found\"\n"
                       "events=0 terminal error\n"},
        {"error_in_stream.sse",
         "response_id=\"v2-5\" request_id=\"v2-5\" error_message=\"the model broke\" "
         "provider_error_type=\"ERROR\" finish_reason[0]=\"ERROR\" output_text_bytes=2\n"
         "usage input=60 output=1\n"
         "marks: eT.e\n"
         "events=3 terminal error\n"
         "text[0] \"Os\"\n"},
        {"timeout.sse", "provider_error_type=\"TIMEOUT\" finish_reason[0]=\"TIMEOUT\"\n"
                        "marks: .e\n"
                        "events=1 terminal error\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void a_stream_that_broke_off(void **state)
{
    static const struct expectation cases[] = {
        {"cut.sse", "response_id=\"v2-6\" request_id=\"v2-6\" output_text_bytes=2 decode_errors=1\n"
                    "marks: eTe\n"
                    "events=3 bad=1\n"
                    "text[0] \"Os\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-2, US-3, too: the last count stands, and what is none overwrites nothing. */
static void values_of_other_types_say_nothing(void **state)
{
    static const struct expectation cases[] = {
        {"strange.sse", "response_id=\"v2-7\" request_id=\"v2-7\" output_text_bytes=12 "
                        "decode_errors=1\n"
                        "usage input=6 output=0 billed_in=2 billed_out=0\n"
                        "marks: eTeeTe\n"
                        "events=6 bad=1\n"
                        "text[0] \"plain textxy\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void every_parameter_that_is_known(void **state)
{
    (void)state;
    expect_request_fixture("request.json",
                           "request_model=\"command-example\" message_count=2 stream=true tool_count=1 "
                           "temperature=0.3 max_tokens=100 top_k=5 top_p=0.75 seed=7 "
                           "stop_sequence[0]=\"END\" stop_sequence[1]=\"STOP\" frequency_penalty=0.1 "
                           "presence_penalty=0.2 response_format=\"json_object\"\n");
}

static void parameters_of_other_types_say_nothing(void **state)
{
    (void)state;
    expect_request_fixture("request_odd.json", "stop_sequence[0]=\"END\"\n");
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
