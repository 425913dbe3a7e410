/* openai.chat: answers as JSON and SSE, and what those who speak it make of it. Each at all cuts. */
#include "support/support.h"
#include "wire/decoded.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
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

static void a_plain_answer(void **state)
{
    static const struct expectation cases[] = {
        {"plain.json", "response_id=\"chatcmpl-plain-1\" request_id=\"chatcmpl-plain-1\" "
                       "response_model=\"gpt-example-2026\" finish_reason[0]=\"stop\" "
                       "service_tier=\"default\" system_fingerprint=\"fp_plain\" output_text_bytes=19\n"
                       "usage input=21 output=9 total=30 cache_read=16 reasoning=3 audio_in=0 audio_out=0\n"
                       "events=0 terminal\n"
                       "text[0] \"Four \xe2\x82\xac, \"please\".\"\n"},
        {"stream.sse", "response_id=\"chatcmpl-s-1\" request_id=\"chatcmpl-s-1\" "
                       "response_model=\"gpt-example\" service_tier=\"default\" system_fingerprint=\"fp_s\" "
                       "finish_reason[0]=\"stop\" output_text_bytes=10\n"
                       "marks: eTT.e.\n"
                       "events=4 terminal\n"
                       "text[0] \"Hello \xf0\x9f\x98\x80\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The finish reasons stand by choice index, in whatever order they come. */
static void choices_are_kept_apart(void **state)
{
    static const struct expectation cases[] = {
        {"choices.sse", "response_id=\"chatcmpl-n-1\" request_id=\"chatcmpl-n-1\" "
                        "response_model=\"gpt-example\" finish_reason[1]=\"length\" "
                        "finish_reason[0]=\"stop\" finish_reason[2]=\"content_filter\" output_text_bytes=5\n"
                        "marks: TTT.e..T.\n"
                        "events=5 terminal\n"
                        "text[0] \"Aa\"\n"
                        "text[1] \"B\"\n"
                        "text[2] \"Cc\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* What a choice or a tool call does not say, it does not have from the one before. */
static void nothing_carries_over(void **state)
{
    static const struct expectation cases[] = {
        {"nothing_carries_over.sse", "response_id=\"c-1\" request_id=\"c-1\" response_model=\"m\" "
                                     "finish_reason[0]=\"tool_calls\" output_text_bytes=1 "
                                     "tool_argument_bytes=2 tool_call_count=3\n"
                                     "call[0][4] \"call_a\" \"one\"\n"
                                     "call[1][1] \"call_b\" \"\"\n"
                                     "call[1][2] \"\" \"two\"\n"
                                     "marks: .CCT\n"
                                     "events=3 terminal\n"
                                     "arguments[0] \"{}\"\n"
                                     "text[1] \"x\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* ST-3: a tool call, its name or its arguments are content. */
static void tool_calls(void **state)
{
    static const struct expectation cases[] = {
        {"tools.json",
         "response_id=\"chatcmpl-t-4\" request_id=\"chatcmpl-t-4\" response_model=\"gpt-example\" "
         "finish_reason[0]=\"tool_calls\" tool_argument_bytes=18 tool_call_count=2\n"
         "call[0][0] \"call_a\" \"get_weather\"\n"
         "call[0][1] \"call_b\" \"get_time\"\n"
         "events=0 terminal\n"
         "arguments[0] \"{\"city\": \"Oslo\"}{}\"\n"},
        {"tools.sse",
         "response_id=\"chatcmpl-t-1\" request_id=\"chatcmpl-t-1\" response_model=\"gpt-example\" "
         "finish_reason[0]=\"tool_calls\" tool_argument_bytes=17 tool_call_count=2\n"
         "call[0][0] \"call_a\" \"get_weather\"\n"
         "call[0][1] \"call_b\" \"get_time\"\n"
         "marks: CCCCC.e.\n"
         "events=6 terminal\n"
         "arguments[0] \"{\"city\":\"Oslo\"}{}\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The same index in the same choice is the same call; without an index each is a call of its own. Indexes may
 * begin anywhere. */
static void tool_calls_are_told_apart_by_choice_and_index(void **state)
{
    static const struct expectation cases[] = {
        {"tools_id_repeated.sse", "response_id=\"t-3\" request_id=\"t-3\" response_model=\"m\" "
                                  "finish_reason[0]=\"tool_calls\" tool_argument_bytes=2 tool_call_count=1\n"
                                  "call[0][0] \"call_a\" \"one\"\n"
                                  "marks: CC.e.\n"
                                  "events=3 terminal\n"
                                  "arguments[0] \"{}\"\n"},
        {"tools_without_index.sse",
         "response_id=\"t-2\" request_id=\"t-2\" response_model=\"m\" finish_reason[0]=\"tool_calls\" "
         "tool_argument_bytes=9 tool_call_count=3\n"
         "call[0][0] \"call_a\" \"one\"\n"
         "call[0][1] \"call_b\" \"two\"\n"
         "call[0][2] \"call_c\" \"three\"\n"
         "marks: C.C\n"
         "events=2 terminal\n"
         "arguments[0] \"{}{\"x\":1}\"\n"},
        {"tools_other_indexes.sse",
         "response_id=\"t-5\" request_id=\"t-5\" response_model=\"m\" finish_reason[0]=\"tool_calls\" "
         "finish_reason[1]=\"tool_calls\" tool_argument_bytes=6 tool_call_count=3\n"
         "call[0][1] \"call_a\" \"one\"\n"
         "call[1][1] \"call_b\" \"one\"\n"
         "call[0][7] \"call_c\" \"two\"\n"
         "marks: CC..C.\n"
         "events=3 terminal\n"
         "arguments[0] \"{}{}\"\n"
         "arguments[1] \"[]\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void the_older_function_call_is_content_but_is_not_counted(void **state)
{
    static const struct expectation cases[] = {
        {"function_call.json",
         "response_id=\"chatcmpl-f-1\" request_id=\"chatcmpl-f-1\" response_model=\"gpt-old\" "
         "finish_reason[0]=\"function_call\" tool_argument_bytes=15\n"
         "call[0][0] \"\" \"get_weather\"\n"
         "usage input=5 output=6 total=11\n"
         "events=0 terminal\n"
         "arguments[0] \"{\"city\":\"Oslo\"}\"\n"},
        {"function_call.sse",
         "response_id=\"chatcmpl-f-2\" request_id=\"chatcmpl-f-2\" response_model=\"gpt-old\" "
         "finish_reason[0]=\"function_call\" tool_argument_bytes=2\n"
         "call[0][0] \"\" \"get_weather\"\n"
         "marks: CC.e.\n"
         "events=3 terminal\n"
         "arguments[0] \"{}\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void audio_and_refusals_are_content_but_no_text(void **state)
{
    static const struct expectation cases[] = {
        {"audio.json", "response_id=\"chatcmpl-a-1\" request_id=\"chatcmpl-a-1\" "
                       "response_model=\"gpt-audio-example\" finish_reason[0]=\"stop\" "
                       "output_audio_bytes=6\n"
                       "usage input=20 output=30 total=50 cache_read=0 reasoning=0 audio_in=12 audio_out=25 "
                       "text_in=8 text_out=5\n"
                       "events=0 terminal\n"},
        {"audio.sse", "response_id=\"chatcmpl-a-2\" request_id=\"chatcmpl-a-2\" "
                      "response_model=\"gpt-audio-example\" finish_reason[0]=\"stop\" output_audio_bytes=3\n"
                      "marks: AA.e.\n"
                      "events=3 terminal\n"},
        {"refusal.sse", "response_id=\"chatcmpl-r-1\" request_id=\"chatcmpl-r-1\" "
                        "response_model=\"gpt-example\" refusal=true finish_reason[0]=\"stop\"\n"
                        "marks: eTT.e.\n"
                        "events=4 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* ID-1: x_groq.id is an id by which Groq finds the request. */
static void what_groq_adds(void **state)
{
    static const struct expectation cases[] = {
        {"groq.sse",
         "response_id=\"chatcmpl-g-1\" request_id=\"chatcmpl-g-1\" response_model=\"llama-example\" "
         "system_fingerprint=\"fp_g\" request_id=\"req_01groq\" finish_reason[0]=\"stop\" "
         "request_id=\"req_01groq\" queue_time=0.25 processing_time=0.75 output_text_bytes=2\n"
         "usage input=36 output=4 total=40\n"
         "marks: eT.e.\n"
         "events=3 terminal\n"
         "text[0] \"Hi\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void what_deepseek_adds(void **state)
{
    static const struct expectation cases[] = {
        {"deepseek.sse",
         "response_id=\"ds-1\" request_id=\"ds-1\" response_model=\"deepseek-example\" "
         "finish_reason[0]=\"insufficient_system_resource\" output_text_bytes=3 reasoning_bytes=13\n"
         "usage input=100 output=8 total=108 cache_read=64 reasoning=5\n"
         "marks: eRT.e.\n"
         "events=4 terminal\n"
         "reasoning[0] \"Let me think.\"\n"
         "text[0] \"So.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void what_mistral_adds(void **state)
{
    static const struct expectation cases[] = {
        {"mistral.json",
         "response_id=\"mistral-1\" request_id=\"mistral-1\" response_model=\"magistral-example\" "
         "finish_reason[0]=\"model_length\" output_text_bytes=11 reasoning_bytes=13\n"
         "usage input=7 output=11 total=18 cache_read=2\n"
         "events=0 terminal\n"
         "reasoning[0] \"First, think.\"\n"
         "text[0] \"Then speak.\"\n"},
        {"mistral.sse",
         "response_id=\"mistral-2\" request_id=\"mistral-2\" response_model=\"magistral-example\" "
         "finish_reason[0]=\"stop\" output_text_bytes=3 reasoning_bytes=2\n"
         "usage input=7 output=3 total=10\n"
         "marks: eRT.T.\n"
         "events=4 terminal\n"
         "reasoning[0] \"Hm\"\n"
         "text[0] \"Ah!\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void what_openrouter_adds(void **state)
{
    static const struct expectation cases[] = {
        {"openrouter.sse",
         "response_id=\"gen-1\" request_id=\"gen-1\" upstream_provider=\"Example Inc\" "
         "response_model=\"vendor/model\" finish_reason[0]=\"stop\" provider_cost_usd=0.00125 "
         "output_text_bytes=7 reasoning_bytes=3\n"
         "usage input=12 output=6 total=18 cache_read=4 reasoning=2 audio_in=0 image_out=1\n"
         "marks: RT.ee.\n"
         "events=4 terminal\n"
         "reasoning[0] \"Why\"\n"
         "text[0] \"Because\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-1: text, audio, image and cached tokens are parts of the totals. */
static void what_cerebras_and_xai_add(void **state)
{
    static const struct expectation cases[] = {
        {"cerebras.json",
         "response_id=\"chatcmpl-cb-1\" request_id=\"chatcmpl-cb-1\" response_model=\"llama-example\" "
         "finish_reason[0]=\"stop\" queue_time=0.5 processing_time=1.5 output_text_bytes=5\n"
         "usage input=3 output=2 total=5\n"
         "events=0 terminal\n"
         "text[0] \"Fast.\"\n"},
        {"xai.json",
         "response_id=\"x-1\" request_id=\"x-1\" response_model=\"grok-example\" finish_reason[0]=\"stop\" "
         "system_fingerprint=\"fp_x\" output_text_bytes=5 reasoning_bytes=5\n"
         "usage input=32 output=9 total=41 cache_read=6 reasoning=2 audio_in=0 audio_out=0 text_in=20 "
         "text_out=7 image_in=12 image_out=0\n"
         "events=0 terminal\n"
         "text[0] \"Seen.\"\n"
         "reasoning[0] \"Look.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_answer),
        cmocka_unit_test(choices_are_kept_apart),
        cmocka_unit_test(nothing_carries_over),
        cmocka_unit_test(tool_calls),
        cmocka_unit_test(tool_calls_are_told_apart_by_choice_and_index),
        cmocka_unit_test(the_older_function_call_is_content_but_is_not_counted),
        cmocka_unit_test(audio_and_refusals_are_content_but_no_text),
        cmocka_unit_test(what_groq_adds),
        cmocka_unit_test(what_deepseek_adds),
        cmocka_unit_test(what_mistral_adds),
        cmocka_unit_test(what_openrouter_adds),
        cmocka_unit_test(what_cerebras_and_xai_add),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
