/* openai.completions: answers, what those who speak it make of it, and faults. Each at all cuts. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/openai_completions.h"
#include "wire/registry.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__openai_completions, NULL, "openai_completions");
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
        {"plain.json", "response_id=\"cmpl-p-1\" request_id=\"cmpl-p-1\" response_model=\"davinci-example\" "
                       "finish_reason[0]=\"stop\" system_fingerprint=\"fp_c\" service_tier=\"default\" "
                       "output_text_bytes=19\n"
                       "usage input=8 output=16 total=24 cache_read=4 reasoning=0\n"
                       "events=0 terminal\n"
                       "text[0] \"Four \xe2\x82\xac,\n\"please\".\"\n"},
        {"stream.sse", "response_id=\"cmpl-s-1\" request_id=\"cmpl-s-1\" response_model=\"davinci-example\" "
                       "finish_reason[0]=\"stop\" output_text_bytes=5\n"
                       "usage input=5 output=2 total=7\n"
                       "marks: TT.ee.\n"
                       "events=4 terminal\n"
                       "text[0] \"Hello\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* In a stream a choice's text stands before its index, and its place in the array says nothing. */
static void choices_are_kept_apart(void **state)
{
    static const struct expectation cases[] = {
        {"choices.json", "response_id=\"cmpl-n-1\" request_id=\"cmpl-n-1\" response_model=\"m\" "
                         "finish_reason[0]=\"length\" finish_reason[1]=\"stop\" output_text_bytes=3\n"
                         "events=0 terminal\n"
                         "text[0] \"A\"\n"
                         "text[1] \"B\"\n"
                         "text[2] \"C\"\n"},
        {"choices.sse", "response_id=\"cmpl-n-2\" request_id=\"cmpl-n-2\" response_model=\"m\" "
                        "finish_reason[1]=\"stop\" finish_reason[0]=\"length\" output_text_bytes=11\n"
                        "marks: TTT..T.\n"
                        "events=4 terminal\n"
                        "text[0] \"a1a2\"\n"
                        "text[1] \"b1b2\"\n"
                        "text[2] \"c\xc3\xa9\"\n"},
        {"no_index.sse", "response_id=\"cmpl-x-1\" request_id=\"cmpl-x-1\" response_model=\"m\" "
                         "finish_reason[0]=\"stop\" output_text_bytes=7\n"
                         "marks: T.T\n"
                         "events=2 terminal\n"
                         "text[0] \"one!\"\n"
                         "text[1] \"two\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* Of any length. */
static void a_long_text_before_its_index(void **state)
{
    char text[1001] = "", body[1200], expected[1400];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    snprintf(body, sizeof body, "data: {\"choices\":[{\"text\":\"%s\",\"index\":1}]}\n\n", text);
    snprintf(expected, sizeof expected, "output_text_bytes=1000\nmarks: T\nevents=1\ntext[1] \"%s\"\n", text);
    expect_response(body, strlen(body), GSP__FRAMING_SSE, expected, &seed);
}

/* US-2: cumulative usage is never summed. A stop sequence may be the number of a token: that is no text. */
static void what_vllm_adds(void **state)
{
    static const struct expectation cases[] = {
        {"vllm.sse", "response_id=\"cmpl-v-1\" request_id=\"cmpl-v-1\" response_model=\"local/model\" "
                     "matched_stop=\"###\" finish_reason[0]=\"stop\" output_text_bytes=2\n"
                     "usage input=4 output=2 total=6\n"
                     "marks: T.Te.\n"
                     "events=3 terminal\n"
                     "text[0] \"ab\"\n"},
        {"stop_token.json", "response_id=\"cmpl-v-2\" request_id=\"cmpl-v-2\" response_model=\"m\" "
                            "finish_reason[0]=\"stop\" output_text_bytes=1\n"
                            "events=0 terminal\n"
                            "text[0] \"x\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void what_others_add(void **state)
{
    static const struct expectation cases[] = {
        {"deepseek.json", "response_id=\"fim-1\" request_id=\"fim-1\" response_model=\"deepseek-example\" "
                          "finish_reason[0]=\"stop\" output_text_bytes=12\n"
                          "usage input=20 output=5 total=25 cache_read=16\n"
                          "events=0 terminal\n"
                          "text[0] \"return a + b\"\n"},
        {"llama_cpp.json", "finish_reason[0]=\"length\" response_model=\"gguf\" response_id=\"cmpl-l-1\" "
                           "request_id=\"cmpl-l-1\" prompt_time=0.25 output_text_bytes=2\n"
                           "usage input=3 output=1 total=4\n"
                           "events=0 terminal\n"
                           "text[0] \"ok\"\n"},
        {"openrouter.json",
         "response_id=\"gen-c-1\" request_id=\"gen-c-1\" upstream_provider=\"Example Inc\" "
         "response_model=\"vendor/model\" finish_reason[0]=\"stop\" "
         "provider_cost_usd=0.00125 output_text_bytes=7 reasoning_bytes=3\n"
         "usage input=3 output=4 total=7 cache_read=1 cache_write=2 reasoning=2\n"
         "events=0 terminal\n"
         "text[0] \"Because\"\n"
         "reasoning[0] \"Why\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-3 */
static void what_is_no_count_is_skipped(void **state)
{
    static const struct expectation cases[] = {
        {"usage_odd.sse",
         "response_id=\"uo-1\" request_id=\"uo-1\" response_model=\"m\" output_text_bytes=1\n"
         "usage input=7 output=2\n"
         "marks: Tee.\n"
         "events=3 terminal\n"
         "text[0] \"x\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void errors(void **state)
{
    static const struct expectation cases[] = {
        {"error.json", "error_message=\"This model's maximum context length is 4097 tokens.\" "
                       "provider_error_type=\"invalid_request_error\" "
                       "provider_error_code=\"context_length_exceeded\"\n"
                       "events=0 terminal error\n"},
        {"error_object.json", "error_message=\"The model `m` does not exist.\" "
                              "provider_error_type=\"NotFoundError\" provider_error_code=\"404\"\n"
                              "events=0 terminal error\n"},
        {"error_string.json", "error_message=\"queue is full\"\n"
                              "events=0 terminal error\n"},
        {"error_in_stream.sse", "response_id=\"cmpl-e-1\" request_id=\"cmpl-e-1\" response_model=\"m\" "
                                "error_message=\"The server had an error.\" "
                                "provider_error_type=\"server_error\" output_text_bytes=4\n"
                                "marks: Te\n"
                                "events=2 error\n"
                                "text[0] \"Half\"\n"},
        {"error_object.sse", "response_id=\"cmpl-e-2\" request_id=\"cmpl-e-2\" response_model=\"m\" "
                             "error_message=\"engine died\" "
                             "provider_error_code=\"500\" output_text_bytes=5\n"
                             "marks: TeT.\n"
                             "events=3 terminal error\n"
                             "text[0] \"Half!\"\n"},
        {"error_event.sse", "error_message=\"upstream went away\" provider_error_code=\"gone\"\n"
                            "marks: e\n"
                            "events=1 error\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The rest of the stream is still read; of an event that breaks off, what came before the break. */
static void broken_streams(void **state)
{
    static const struct expectation cases[] = {
        {"broken_events.sse", "response_id=\"cmpl-b-1\" request_id=\"cmpl-b-1\" response_model=\"m\" "
                              "finish_reason[0]=\"stop\" output_text_bytes=11 decode_errors=3\n"
                              "marks: TTTe.T\n"
                              "events=5 bad=3 terminal\n"
                              "text[0] \"onetwothree\"\n"},
        {"cut.sse", "response_id=\"cmpl-x-2\" request_id=\"cmpl-x-2\" response_model=\"m\" "
                    "output_text_bytes=15 decode_errors=1\n"
                    "marks: TT\n"
                    "events=2 bad=1\n"
                    "text[0] \"The line went d\"\n"},
        {"strange.json", "response_model=\"m\" output_text_bytes=1\n"
                         "events=0 terminal\n"
                         "text[3] \"a\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void requests(void **state)
{
    static const struct {
        const char *body, *expected;
    } cases[] = {
        {"{\"model\":\"davinci-example\",\"prompt\":\"Say \\\"this\\\"\",\"max_tokens\":7,\"temperature\":0,"
         "\"top_p\":1,\"n\":2,\"stream\":true,\"stop\":[\"END\",\"\\n\"],\"seed\":-3,"
         "\"presence_penalty\":-0.5,\"frequency_penalty\":0.5,\"best_of\":3,\"echo\":true,\"suffix\":\"s\"}",
         "request_model=\"davinci-example\" max_tokens=7 temperature=0 top_p=1 choice_count=2 stream=true "
         "stop_sequence[0]=\"END\" stop_sequence[1]=\"\n\" seed=-3 presence_penalty=-0.5 "
         "frequency_penalty=0.5\n"},
        {"{\"model\":\"m\",\"prompt\":[[1,2],[3]],\"top_k\":40,\"stop\":\"one\",\"service_tier\":\"flex\","
         "\"response_format\":{\"type\":\"json_object\"}}",
         "request_model=\"m\" top_k=40 stop_sequence[0]=\"one\" request_service_tier=\"flex\" "
         "response_format=\"json_object\"\n"},
        {"{\"model\":null,\"prompt\":null,\"max_tokens\":\"7\",\"temperature\":null,\"n\":1.5,\"stop\":null,"
         "\"stream\":\"true\",\"seed\":99999999999999999999,\"response_format\":null}",
         ""},
        {"{\"prompt\":{\"model\":\"not this\"},\"model\":\"m\",\"model\":\"n\",\"max_tokens\":1,"
         "\"max_tokens\":2}",
         "request_model=\"m\" max_tokens=1\n"},
        {"{\"model\":\"m\",\"max_tok", "request_model=\"m\"\n"},
        {"[]", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_request(cases[i].body, strlen(cases[i].body), cases[i].expected, &seed);
}

static const struct gsp__format *format_of(const char *host, const char *path)
{
    return gsp__registry_find(host, strlen(host), path, strlen(path));
}

static void where_they_are_found(void **state)
{
    static const char event[] = "data: {\"id\":\"cmpl-1\",\"object\":\"text_completion\",\"choices\":[";

    (void)state;
    assert_ptr_equal(format_of("", "/v1/completions"), &gsp__openai_completions);
    assert_ptr_equal(format_of("localhost:8000", "/v1/completions"), &gsp__openai_completions);
    assert_ptr_equal(format_of("x.openai.azure.com", "/openai/deployments/d/completions?api-version=1"),
                     &gsp__openai_completions);
    assert_ptr_equal(format_of("api.deepseek.com", "/beta/completions"), &gsp__openai_completions);
    assert_ptr_not_equal(format_of("", "/v1/chat/completions"), &gsp__openai_completions);
    assert_null(format_of("", "/completions"));
    assert_ptr_equal(gsp__registry_find_by_shape(event, sizeof event - 1), &gsp__openai_completions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_answer),
        cmocka_unit_test(choices_are_kept_apart),
        cmocka_unit_test(a_long_text_before_its_index),
        cmocka_unit_test(what_vllm_adds),
        cmocka_unit_test(what_others_add),
        cmocka_unit_test(what_is_no_count_is_skipped),
        cmocka_unit_test(errors),
        cmocka_unit_test(broken_streams),
        cmocka_unit_test(requests),
        cmocka_unit_test(where_they_are_found),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
