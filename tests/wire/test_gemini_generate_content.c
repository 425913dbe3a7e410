/* gemini.generate_content: JSON, SSE and the array that is a stream. Each at all cuts. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdlib.h>
#include <string.h>

#include "wire/gemini_generate_content.h"

#define TARGET "/v1beta/models/gemini-example:streamGenerateContent?alt=sse"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__gemini_generate_content, TARGET, "gemini_generate_content");
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

/* US-1: what tools spent on the prompt is input, thoughts are output. */
static void a_plain_answer(void **state)
{
    static const struct expectation cases[] = {
        {"plain.json", "finish_reason[0]=\"STOP\" service_tier=\"standard\" "
                       "response_model=\"gemini-example\" response_id=\"resp-plain\" "
                       "request_id=\"resp-plain\" output_text_bytes=22\n"
                       "usage input=125 output=37 total=162 cache_read=40 reasoning=30 audio_in=5 "
                       "text_in=105 text_out=7 image_in=15 tool_use=25\n"
                       "events=0 terminal\n"
                       "text[0] \"Oslo, \"of course\" \xe2\x82\xac.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-2: the last value of each part stands, also where chunks leave it out or say null. */
static void streams(void **state)
{
    static const struct expectation cases[] = {
        {"stream.sse", "response_model=\"gemini-example\" response_id=\"s-1\" request_id=\"s-1\" "
                       "finish_reason[0]=\"STOP\" output_text_bytes=6\n"
                       "usage input=9 output=23 total=32 reasoning=20\n"
                       "marks: TT.T\n"
                       "events=3 terminal\n"
                       "text[0] \"Hello.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void an_array_is_a_stream_of_its_elements(void **state)
{
    static const struct expectation cases[] = {
        {"array.json", "response_model=\"gemini-example\" response_id=\"a-1\" request_id=\"a-1\" "
                       "finish_reason[0]=\"MAX_TOKENS\" output_text_bytes=8\n"
                       "usage input=4 output=3 total=7\n"
                       "marks: T.T\n"
                       "events=2 terminal\n"
                       "text[0] \"One two.\"\n"},
        {"array_cut.json", "response_model=\"gemini-example\" response_id=\"a-1\" request_id=\"a-1\" "
                           "finish_reason[0]=\"MAX_TOKENS\" output_text_bytes=8 decode_errors=1\n"
                           "usage input=4 output=3 total=7\n"
                           "marks: T.T\n"
                           "events=2 bad=1 terminal\n"
                           "text[0] \"One two.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* A number where a word should be is the word; 0 says nothing. */
static void enums_as_numbers(void **state)
{
    static const struct expectation cases[] = {
        {"enums_as_numbers.json", "safety_block[0]=\"7\" finish_reason[1]=\"3\" response_id=\"n-1\" "
                                  "request_id=\"n-1\" output_text_bytes=2\n"
                                  "usage input=12 audio_in=1 audio_out=2 text_in=8 image_in=3\n"
                                  "marks: .T\n"
                                  "events=1 terminal\n"
                                  "text[0] \"Hi\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* Thoughts are no text, although they say so only after it. */
static void thoughts_are_told_apart_after_their_text(void **state)
{
    static const struct expectation cases[] = {
        {"thoughts.json", "finish_reason[0]=\"STOP\" response_id=\"t-1\" request_id=\"t-1\" "
                          "output_text_bytes=6 reasoning_bytes=17\n"
                          "usage input=5 output=8 total=13 reasoning=8\n"
                          "events=0 terminal\n"
                          "text[0] \"So: 42\"\n"
                          "reasoning[0] \"Let me see. More.\"\n"},
        {"thoughts.sse", "response_id=\"t-2\" request_id=\"t-2\" finish_reason[0]=\"STOP\" "
                         "output_text_bytes=4 reasoning_bytes=5\n"
                         "marks: RT.T\n"
                         "events=3 terminal\n"
                         "text[0] \"Yes!\"\n"
                         "reasoning[0] \"Hmm.?\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* A candidate says after its content which one it is. */
static void candidates_are_told_apart_after_their_text(void **state)
{
    static const struct expectation cases[] = {
        {"candidates.sse", "response_id=\"c-1\" request_id=\"c-1\" finish_reason[1]=\"MAX_TOKENS\" "
                           "finish_reason[0]=\"STOP\" output_text_bytes=4 reasoning_bytes=3\n"
                           "marks: T.T.T\n"
                           "events=3 terminal\n"
                           "text[0] \"Aa\"\n"
                           "text[1] \"Bb\"\n"
                           "reasoning[1] \"why\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* ST-3: calls are content, with ids and without, and so is what is asked of tools on the other side. */
static void tool_calls(void **state)
{
    static const struct expectation cases[] = {
        {"tools.json", "finish_reason[0]=\"STOP\" response_id=\"f-1\" request_id=\"f-1\" "
                       "tool_argument_bytes=49 tool_call_count=3\n"
                       "call[0][0] \"\" \"get_weather\"\n"
                       "call[0][1] \"call-2\" \"get_time\"\n"
                       "call[0][2] \"\" \"now\"\n"
                       "events=0 terminal\n"
                       "arguments[0] \"{\"city\":\"Oslo\",\"days\":[1, 2],\"note\":\"a } \\\" "
                       "]\"}{}\"\n"},
        {"tools.sse", "response_id=\"f-2\" request_id=\"f-2\" finish_reason[0]=\"STOP\" "
                      "tool_call_count=1\n"
                      "call[0][0] \"call-1\" \"get_weather\"\n"
                      "marks: CCeCe.C\n"
                      "events=6 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void audio_is_content_and_images_are_none(void **state)
{
    static const struct expectation cases[] = {
        {"media.sse", "response_id=\"m-1\" request_id=\"m-1\" finish_reason[0]=\"STOP\" "
                      "output_audio_bytes=8\n"
                      "usage input=3 output=50 audio_out=20 image_out=30\n"
                      "marks: AA.e\n"
                      "events=3 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* Found by fuzzing: padding within the data. */
static void padding_is_no_audio(void **state)
{
    static const struct expectation cases[] = {
        {"media_padding.json", "output_audio_bytes=4\nevents=0 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void what_was_withheld(void **state)
{
    static const struct expectation cases[] = {
        {"blocked_prompt.json", "safety_block[0]=\"PROHIBITED_CONTENT\" "
                                "safety_block[0]=\"HARM_CATEGORY_DANGEROUS_CONTENT\" "
                                "response_model=\"gemini-example\" response_id=\"b-1\" request_id=\"b-1\"\n"
                                "usage input=6 total=6\n"
                                "events=0 terminal\n"},
        {"blocked_prompt.sse", "safety_block[0]=\"SAFETY\" response_id=\"b-3\" request_id=\"b-3\"\n"
                               "usage input=6\n"
                               "marks: .e\n"
                               "events=1 terminal\n"},
        {"blocked_answer.sse", "response_id=\"b-2\" request_id=\"b-2\" "
                               "safety_block[0]=\"HARM_CATEGORY_HATE_SPEECH\" finish_reason[0]=\"SAFETY\" "
                               "output_text_bytes=4\n"
                               "marks: T.e\n"
                               "events=2 terminal\n"
                               "text[0] \"Well\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* RE-2: the wait that RetryInfo asks for. The quota of the day says more than the status. */
static void errors(void **state)
{
    static const struct expectation cases[] = {
        {"error.json", "error_message=\"You exceeded your current quota.\n"
                       "Please retry in 22.5s.\" provider_error_type=\"RESOURCE_EXHAUSTED\" "
                       "retry_after=22.5 provider_error_code=\"RequestsPerDayPerProject-FreeTier\"\n"
                       "events=0 terminal error\n"},
        {"error_in_array.json",
         "error_message=\"API key not valid.\" provider_error_type=\"INVALID_ARGUMENT\" "
         "provider_error_code=\"400\"\n"
         "marks: e\n"
         "events=1 terminal error\n"},
        {"error_in_stream.sse",
         "response_id=\"e-1\" request_id=\"e-1\" error_message=\"The model is "
         "overloaded.\" provider_error_type=\"UNAVAILABLE\" provider_error_code=\"503\" "
         "output_text_bytes=3\n"
         "usage input=5\n"
         "marks: Te\n"
         "events=2 error\n"
         "text[0] \"Par\"\n"},
        {"error_odd.sse", "error_message=\"just words\"\n"
                          "marks: eee\n"
                          "events=3 error\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void a_stream_that_broke_off(void **state)
{
    static const struct expectation cases[] = {
        {"cut.sse", "response_id=\"x-1\" request_id=\"x-1\" output_text_bytes=5 decode_errors=1\n"
                    "usage input=5 output=1\n"
                    "marks: TT\n"
                    "events=2 bad=1\n"
                    "text[0] \"Hello\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-3: null, booleans, text, fractions, and what is below 0 say nothing and overwrite nothing. */
static void what_is_no_count_is_skipped(void **state)
{
    static const struct expectation cases[] = {
        {"usage_odd.sse", "usage input=8 output=7 total=14 cache_read=3 reasoning=3 text_in=7 "
                          "tool_use=1\n"
                          "marks: eeee\n"
                          "events=4\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void strange_shapes(void **state)
{
    static const struct expectation cases[] = {
        {"strange_shapes.json", "finish_reason[0]=\"STOP\" safety_block[0]=\"ALONE\" output_text_bytes=6 "
                                "tool_argument_bytes=4 tool_call_count=1\n"
                                "call[0][0] \"\" \"n\"\n"
                                "events=0 terminal\n"
                                "text[0] \"x\"\n"
                                "arguments[0] \"text\"\n"
                                "text[2] \"alone\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void ids_count_once_and_the_last_finish_stands(void **state)
{
    static const struct expectation cases[] = {
        {"duplicate_ids.sse", "response_id=\"first\" request_id=\"first\" response_model=\"m-1\" "
                              "finish_reason[0]=\"STOP\" finish_reason[0]=\"MAX_TOKENS\" decode_errors=1\n"
                              "usage input=1\n"
                              "marks: .e.eee\n"
                              "events=4 bad=1 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void every_parameter_that_is_known(void **state)
{
    (void)state;
    expect_request_fixture("request.json",
                           "request_model=\"gemini-example\" stream=true message_count=3 tool_count=2 "
                           "temperature=0.5 top_p=0.95 top_k=40 seed=11 choice_count=2 max_tokens=300 "
                           "stop_sequence[0]=\"END\" stop_sequence[1]=\"STOP\" presence_penalty=-0.5 "
                           "frequency_penalty=0.25 response_format=\"application/json\" "
                           "reasoning_level=\"low\" voice=\"Kore\" request_service_tier=\"flex\"\n");
    expect_request_fixture("request_as_declared.json",
                           "request_model=\"gemini-example\" stream=true temperature=1 top_p=0.5 top_k=3 "
                           "choice_count=1 max_tokens=5 stop_sequence[0]=\"X\" presence_penalty=0.5 "
                           "frequency_penalty=0.5 response_format=\"text/plain\" reasoning_level=\"HIGH\" "
                           "voice=\"Puck\" request_service_tier=\"standard\"\n");
}

static void values_of_other_types_say_nothing(void **state)
{
    (void)state;
    expect_request_fixture("request_odd.json",
                           "request_model=\"gemini-example\" stream=true stop_sequence[3]=\"ok\"\n");
}

struct target {
    const char *target, *expected;
};

/* The path says the model, and whether the answer is a stream. */
static void the_path_has_the_model(void **state)
{
    static const struct target cases[] = {
        {"/v1beta/models/gemini-x:generateContent", "request_model=\"gemini-x\"\n"},
        {"/v1/projects/p/locations/l/publishers/google/models/gemini-x:streamGenerateContent?alt=sse",
         "request_model=\"gemini-x\" stream=true\n"},
        {"/v1beta/tunedModels/mine-1:generateContent", "request_model=\"mine-1\"\n"},
        {"/v1/projects/p/locations/l/endpoints/77:streamGenerateContent",
         "request_model=\"77\" stream=true\n"},
        {"/v1beta/models/a%20b:generateContent?key=:streamGenerateContent", "request_model=\"a b\"\n"},
        {":streamGenerateContent", "stream=true\n"},
        {"streamGenerateContent", ""},
        {"/v1beta/models/gemini-x/streamGenerateContent", "request_model=\"gemini-x\"\n"},
        {"/v1beta/models/:generateContent", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        decode_as(&gsp__gemini_generate_content, cases[i].target, "gemini_generate_content");
        assert_string_equal(decoded_request("", 0, (struct cuts){0, 0, NULL}), cases[i].expected);
    }
    decode_as(&gsp__gemini_generate_content, TARGET, "gemini_generate_content");
}

/* At whatever byte a stream breaks off, what came before is told. */
static void broken_off_at_every_byte(void **state)
{
    static const char *const names[] = {"thoughts.sse", "tools.sse", "array.json"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        enum gsp__framing framing;
        size_t n;
        char *bytes = read_fixture(names[i], &n, &framing);

        for (size_t k = 0; k < n; k++) {
            char *whole = strdup(decoded_response(bytes, k, framing, (struct cuts){k, k, NULL}));

            assert_string_equal(decoded_response(bytes, k, framing, (struct cuts){1, 1, NULL}), whole);
            assert_string_equal(decoded_response(bytes, k, framing, (struct cuts){0, 9, &seed}), whole);
            free(whole);
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_answer),
        cmocka_unit_test(streams),
        cmocka_unit_test(an_array_is_a_stream_of_its_elements),
        cmocka_unit_test(enums_as_numbers),
        cmocka_unit_test(thoughts_are_told_apart_after_their_text),
        cmocka_unit_test(candidates_are_told_apart_after_their_text),
        cmocka_unit_test(tool_calls),
        cmocka_unit_test(audio_is_content_and_images_are_none),
        cmocka_unit_test(padding_is_no_audio),
        cmocka_unit_test(what_was_withheld),
        cmocka_unit_test(errors),
        cmocka_unit_test(a_stream_that_broke_off),
        cmocka_unit_test(what_is_no_count_is_skipped),
        cmocka_unit_test(strange_shapes),
        cmocka_unit_test(ids_count_once_and_the_last_finish_stands),
        cmocka_unit_test(every_parameter_that_is_known),
        cmocka_unit_test(values_of_other_types_say_nothing),
        cmocka_unit_test(the_path_has_the_model),
        cmocka_unit_test(broken_off_at_every_byte),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
