/* bedrock.converse: whole answers, usage, guardrails, errors; and the requests, as ConverseStream's too. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "wire/bedrock_converse.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__bedrock_converse, NULL, "bedrock_converse");
    return 0;
}

static void expect(const char *body, const char *expected)
{
    expect_response(body, strlen(body), GSP__FRAMING_JSON, expected, &seed);
}

static void a_plain_answer(void **state)
{
    (void)state;
    expect_fixture("plain.json",
                   "processing_time=1.25 finish_reason[0]=\"end_turn\" output_text_bytes=19\n"
                   "usage input=21 output=9 total=30\n"
                   "events=0 terminal\n"
                   "text[0] \"Four \xe2\x82\xac, \"please\".\"\n",
                   &seed);
}

/* Server tools are calls of the model's too; what a tool answered is no text of the answer. */
static void tool_calls(void **state)
{
    (void)state;
    expect_fixture("tools.json",
                   "finish_reason[0]=\"tool_use\" processing_time=0.9 output_text_bytes=12 "
                   "tool_argument_bytes=96 tool_call_count=3\n"
                   "call[0][0] \"tooluse_a\" \"get_weather\"\n"
                   "call[0][1] \"tooluse_b\" \"lookup\"\n"
                   "call[0][2] \"tooluse_c\" \"get_time\"\n"
                   "usage input=400 output=80 total=480\n"
                   "events=0 terminal\n"
                   "text[0] \"Let me look.\"\n"
                   "arguments[0] \"{\"city\": \"Oslo\", \"text\": \"no answer\", \"toolUseId\": \"none\"}"
                   "{\"deep\": [{\"name\": \"x\"}, 1.5, null]}{}\"\n",
                   &seed);
}

/* Text with citations is text, what it cites is none. Behind a router another model answers. */
static void reasoning_citations_and_what_else_is_told(void **state)
{
    (void)state;
    expect_fixture("reasoning.json",
                   "finish_reason[0]=\"stop_sequence\" matched_stop=\"END\" processing_time=0 "
                   "service_tier=\"flex\" "
                   "response_model=\"arn:aws:bedrock:us-east-1::foundation-model/example.small-v1:0\" "
                   "output_text_bytes=29 reasoning_bytes=13\n"
                   "usage input=7 output=11 total=18\n"
                   "events=0 terminal\n"
                   "reasoning[0] \"First, think.\"\n"
                   "text[0] \"Then speak. As it is written.\"\n",
                   &seed);
}

/* US-1: what was cached comes on top of inputTokens. */
static void cached_tokens_are_part_of_the_total(void **state)
{
    (void)state;
    expect_fixture("cached.json",
                   "finish_reason[0]=\"end_turn\" processing_time=0.077 output_text_bytes=6\n"
                   "usage input=2162 output=3 total=2165 cache_read=2000 cache_write=150 cache_1h=120\n"
                   "events=0 terminal\n"
                   "text[0] \"Again.\"\n",
                   &seed);
    expect("{\"usage\":{\"inputTokens\":5,\"cacheWriteInputTokens\":3,\"cacheReadInputTokens\":2}}",
           "usage input=10 cache_read=2 cache_write=3\nevents=0 terminal\n");
    /* a total of which a part is missing is none */
    expect("{\"usage\":{\"cacheReadInputTokens\":2,\"cacheWriteInputTokens\":0}}",
           "usage cache_read=2 cache_write=0\nevents=0 terminal\n");
    expect("{\"usage\":{\"inputTokens\":0,\"outputTokens\":0,\"cacheDetails\":[{\"inputTokens\":0,\"ttl\":"
           "\"1h\"}]}}",
           "usage input=0 output=0 cache_1h=0\nevents=0 terminal\n");
    expect("{\"usage\":{\"cacheDetails\":[{\"inputTokens\":4,\"ttl\":\"5m\"},{\"inputTokens\":4},{}]}}",
           "events=0 terminal\n");
    expect("{\"usage\":{\"cacheDetails\":[{\"inputTokens\":4,\"ttl\":\"1h\"},{\"inputTokens\":5},{\"ttl\":"
           "\"1h\"}]}}",
           "usage cache_1h=4\nevents=0 terminal\n");
}

/* US-2, US-3: what is no count changes nothing, and the last count stands. */
static void what_is_no_count_is_skipped(void **state)
{
    (void)state;
    expect("{\"usage\":{\"inputTokens\":5,\"outputTokens\":6,\"totalTokens\":11,\"inputTokens\":null,"
           "\"outputTokens\":-1,\"totalTokens\":\"12\",\"inputTokens\":true,\"outputTokens\":6.5,"
           "\"totalTokens\":{\"a\":1},\"inputTokens\":9223372036854775807,\"outputTokens\":1e40,"
           "\"cacheReadInputTokens\":false,\"cacheWriteInputTokens\":\"\"}}",
           "usage input=5 output=6 total=11\nevents=0 terminal\n");
    expect("{\"usage\":{\"inputTokens\":5,\"cacheReadInputTokens\":9,\"inputTokens\":7.0,"
           "\"cacheReadInputTokens\":1e1}}",
           "usage input=17 cache_read=10\nevents=0 terminal\n");
    expect("{\"usage\":{\"cacheDetails\":[{\"inputTokens\":1152921504606846976,\"ttl\":\"1h\"},"
           "{\"inputTokens\":1152921504606846976,\"ttl\":\"1h\"}]}}",
           "usage cache_1h=1152921504606846976\nevents=0 terminal\n");
}

/* Why something was withheld: what the guardrail found, not what it found it in. */
static void guardrails(void **state)
{
    (void)state;
    expect_fixture("guardrail.json",
                   "finish_reason[0]=\"guardrail_intervened\" safety_block[0]=\"guardrail_intervened\" "
                   "safety_block[0]=\"Investment advice\" safety_block[0]=\"VIOLENCE\" "
                   "safety_block[0]=\"PROFANITY\" safety_block[0]=\"NAME\" safety_block[0]=\"badge\" "
                   "safety_block[0]=\"GROUNDING\" safety_block[0]=\"INSULTS\" processing_time=0.3 "
                   "output_text_bytes=18\n"
                   "usage input=5 output=4 total=9\n"
                   "events=0 terminal\n"
                   "text[0] \"{NAME} cannot say.\"\n",
                   &seed);
    expect("{\"stopReason\":\"content_filtered\"}",
           "finish_reason[0]=\"content_filtered\" safety_block[0]=\"content_filtered\"\nevents=0 terminal\n");
}

static void errors(void **state)
{
    (void)state;
    expect("{\"message\":\"The model is not there.\"}\n",
           "error_message=\"The model is not there.\"\nevents=0 terminal error\n");
    expect("{\"Message\":\"No.\"}", "error_message=\"No.\"\nevents=0 terminal error\n");
    expect("{\"__type\":\"com.example.coral#ThrottlingException:http://x\",\"message\":\"Slow down.\"}",
           "provider_error_type=\"ThrottlingException\" error_message=\"Slow down.\"\n"
           "events=0 terminal error\n");
    expect("{\"__type\":\"ValidationException\"}",
           "provider_error_type=\"ValidationException\"\nevents=0 terminal error\n");
    expect("{\"message\":\"a\",\"message\":\"b\",\"originalStatusCode\":503,\"originalMessage\":\"c\"}",
           "error_message=\"a\" provider_error_code=\"503\"\nevents=0 terminal error\n");
    expect("{\"message\":\"\"}", "events=0 terminal error\n");
    /* these say nothing */
    expect("{\"message\":null,\"__type\":\"\"}", "events=0 terminal\n");
    expect("{\"message\":null,\"__type\":null}", "events=0 terminal\n");
    expect("{\"message\":{\"text\":\"x\"},\"Message\":7,\"__type\":[1]}", "events=0 terminal\n");
    expect("<html>", "decode_errors=1\nevents=0 bad=1\n");
    expect("", "events=0\n");
}

static void values_of_other_types_say_nothing(void **state)
{
    (void)state;
    expect_fixture("strange_shapes.json",
                   "output_text_bytes=1\n"
                   "events=0 terminal\n"
                   "text[0] \"x\"\n",
                   &seed);
    expect_fixture("null_everywhere.json", "events=0 terminal\n", &seed);
    expect("[]", "events=0 terminal\n");
    expect("7", "events=0 terminal\n");
    expect("{\"stopReason\":\"\",\"output\":{\"message\":{\"content\":[{\"text\":\"\"},{\"toolUse\":{}}]}}}",
           "events=0 terminal\n");
}

static void a_tool_call_that_says_half(void **state)
{
    (void)state;
    expect("{\"output\":{\"message\":{\"content\":[{\"toolUse\":{\"name\":\"one\",\"toolUseId\":\"t1\"}},"
           "{\"toolUse\":{\"toolUseId\":\"t1\",\"input\":\"text\"}},{\"toolUse\":{\"name\":\"two\","
           "\"input\":7}}]}}}",
           "tool_argument_bytes=4 tool_call_count=3\n"
           "call[0][0] \"t1\" \"one\"\n"
           "call[0][1] \"t1\" \"\"\n"
           "call[0][2] \"\" \"two\"\n"
           "events=0 terminal\n"
           "arguments[0] \"text\"\n");
}

static void a_document_that_broke_off_is_counted(void **state)
{
    (void)state;
    expect_fixture("broken_off.json",
                   "output_text_bytes=19 decode_errors=1\n"
                   "usage input=3\n"
                   "events=0 bad=1\n"
                   "text[0] \"It breaks off, here\"\n",
                   &seed);
}

static void fixtures_with_random_damage_decode_the_same_at_all_cuts(void **state)
{
    static const char *const fixtures[] = {"plain.json",  "tools.json",     "reasoning.json",
                                           "cached.json", "guardrail.json", "strange_shapes.json"};
    static const char dangerous[] = "\"\\{}[]:,\n \0\xff\xed\x80tfn0-eE.u";

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        enum gsp__framing framing;
        size_t n;
        char *bytes = read_fixture(fixtures[i % (sizeof fixtures / sizeof fixtures[0])], &n, &framing),
             *whole;

        for (uint64_t k = gsp__random_next(&seed) % 8 + 1; k > 0; k--)
            bytes[gsp__random_next(&seed) % n] = dangerous[gsp__random_next(&seed) % (sizeof dangerous - 1)];
        n -= gsp__random_next(&seed) % 50;
        whole = strdup(decoded_response(bytes, n, framing, (struct cuts){n, n, NULL}));
        assert_string_equal(decoded_response(bytes, n, framing, (struct cuts){1, 1, NULL}), whole);
        for (int k = 0; k < 10; k++)
            assert_string_equal(decoded_response(bytes, n, framing, (struct cuts){0, k % 2 ? 5 : 200, &seed}),
                                whole);
        free(whole);
        free(bytes);
    }
}

/*
 * Requests.
 */

static void expect_body(const char *target, const char *body, const char *expected)
{
    decode_as(&gsp__bedrock_converse, target, "bedrock_converse");
    expect_request(body, strlen(body), expected, &seed);
    decode_as(&gsp__bedrock_converse, NULL, "bedrock_converse");
}

static void every_parameter_that_is_known(void **state)
{
    (void)state;
    expect_body(
        "/model/example.large-v1%3A0/converse",
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"},{\"image\":{\"format\":\"png\","
        "\"source\":{\"bytes\":\"AAAA\"}}}]},{\"role\":\"assistant\",\"content\":[]}],"
        "\"system\":[{\"text\":\"Be brief.\"}],\"inferenceConfig\":{\"maxTokens\":512,\"temperature\":0.25,"
        "\"topP\":1,\"stopSequences\":[\"END\",\"\\n\"]},\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":"
        "\"t\",\"inputSchema\":{\"json\":{\"maxTokens\":1}}}},{\"systemTool\":{\"name\":\"s\"}}],"
        "\"toolChoice\":{\"auto\":{}}},\"additionalModelRequestFields\":{\"top_k\":40,\"reasoning_effort\":"
        "\"low\",\"model\":\"no\"},\"additionalModelResponseFieldPaths\":[\"/stop_sequence\"],"
        "\"serviceTier\":{\"type\":\"priority\"},\"outputConfig\":{\"textFormat\":{\"type\":\"json_schema\","
        "\"structure\":{\"jsonSchema\":{\"name\":\"s\",\"schema\":\"{}\"}}}},\"performanceConfig\":"
        "{\"latency\":\"optimized\"},\"requestMetadata\":{\"temperature\":\"no\"}}",
        "request_model=\"example.large-v1:0\" message_count=2 max_tokens=512 temperature=0.25 top_p=1 "
        "stop_sequence[0]=\"END\" stop_sequence[1]=\"\n\" tool_count=2 top_k=40 reasoning_level=\"low\" "
        "request_service_tier=\"priority\" response_format=\"json_schema\"\n");
}

/* Each family of models has its own words for how much it thinks. */
static void parameters_of_the_model_itself(void **state)
{
    static const struct {
        const char *fields, *expected;
    } cases[] = {
        {"{\"output_config\":{\"effort\":\"high\"},\"thinking\":{\"type\":\"adaptive\"}}",
         "reasoning_level=\"high\"\n"},
        {"{\"reasoningConfig\":{\"type\":\"enabled\",\"maxReasoningEffort\":\"medium\"}}",
         "reasoning_level=\"medium\"\n"},
        {"{\"reasoning_config\":\"max\",\"reasoning_effort\":\"low\"}", "reasoning_level=\"max\"\n"},
        {"{\"inferenceConfig\":{\"topK\":20}}", "top_k=20\n"},
        {"{\"reasoning_config\":{\"type\":\"enabled\",\"budget_tokens\":1024}}", ""},
        {"{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}}", ""},
        {"null", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[256];

        snprintf(body, sizeof body, "{\"additionalModelRequestFields\":%s}", cases[i].fields);
        expect_body(NULL, body, cases[i].expected);
    }
}

/* The model is all between /model/ and the last part of the path, decoded. */
static void the_model_in_the_path(void **state)
{
    static const struct {
        const char *target, *expected;
    } cases[] = {
        {"/model/example.small-v1/converse", "request_model=\"example.small-v1\"\n"},
        {"/model/example.small-v1/converse?x=/model/y/converse", "request_model=\"example.small-v1\"\n"},
        {"/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.example/converse",
         "request_model=\"arn:aws:bedrock:us-east-1:1:inference-profile/us.example\"\n"},
        {"/model/arn:aws:bedrock:us-east-1:1:inference-profile/us.example/converse",
         "request_model=\"arn:aws:bedrock:us-east-1:1:inference-profile/us.example\"\n"},
        {"/proxy/model/m/converse", "request_model=\"m\"\n"},
        {"/model/100%/converse", "request_model=\"100%\"\n"},
        {"/model//converse", ""},
        {"/model/converse", ""},
        {"/models/m/converse", ""},
        {"/", ""},
        {"?", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_body(cases[i].target, "{}", cases[i].expected);
}

/* What is not said, or said in a way that means nothing, is absent. */
static void request_values_of_other_types_say_nothing(void **state)
{
    (void)state;
    expect_body(NULL,
                "{\"messages\":\"Hi\",\"inferenceConfig\":{\"maxTokens\":\"512\",\"temperature\":null,"
                "\"topP\":true,\"stopSequences\":[null,7,\"\",\"x\"]},\"toolConfig\":{\"tools\":[]},"
                "\"serviceTier\":\"flex\",\"outputConfig\":{\"textFormat\":\"json\"},"
                "\"additionalModelRequestFields\":[1,\"top_k\"]}",
                "stop_sequence[3]=\"x\"\n");
    expect_body(NULL, "{\"messages\":[],\"inferenceConfig\":{},\"toolConfig\":null}", "message_count=0\n");
    expect_body(NULL, "{\"messages\":[{}],\"inferenceConfig\":{\"maxTok", "message_count=1\n");
    expect_body(NULL, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_answer),
        cmocka_unit_test(tool_calls),
        cmocka_unit_test(reasoning_citations_and_what_else_is_told),
        cmocka_unit_test(cached_tokens_are_part_of_the_total),
        cmocka_unit_test(what_is_no_count_is_skipped),
        cmocka_unit_test(guardrails),
        cmocka_unit_test(errors),
        cmocka_unit_test(values_of_other_types_say_nothing),
        cmocka_unit_test(a_tool_call_that_says_half),
        cmocka_unit_test(a_document_that_broke_off_is_counted),
        cmocka_unit_test(fixtures_with_random_damage_decode_the_same_at_all_cuts),
        cmocka_unit_test(every_parameter_that_is_known),
        cmocka_unit_test(parameters_of_the_model_itself),
        cmocka_unit_test(the_model_in_the_path),
        cmocka_unit_test(request_values_of_other_types_say_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
