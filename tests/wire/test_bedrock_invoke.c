/* bedrock.invoke: InvokeModel's answers and streams, of Anthropic and of Nova, and requests. Each at all
 * cuts. */
#include "support/support.h"
#include "wire/decoded.h"
#include "wire/frames.h"

#include <string.h>

#include "wire/bedrock_invoke.h"
#include "wire/registry.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__bedrock_invoke, NULL, "bedrock_invoke");
    return 0;
}

static void whole_answers(void **state)
{
    (void)state;
    expect_fixture("anthropic.json",
                   "response_model=\"claude-example-1-20260101\" response_id=\"msg_bdrk_1\" "
                   "request_id=\"msg_bdrk_1\" finish_reason[0]=\"tool_use\" output_text_bytes=6 "
                   "tool_argument_bytes=2 tool_call_count=1\n"
                   "call[0][1] \"toolu_bdrk_1\" \"get_time\"\n"
                   "usage input=38 output=4 cache_read=30 cache_write=0\n"
                   "events=0 terminal\n"
                   "text[0] \"Hello.\"\n"
                   "arguments[0] \"{}\"\n",
                   &seed);
    expect_fixture("nova.json",
                   "finish_reason[0]=\"tool_use\" output_text_bytes=10 reasoning_bytes=6 "
                   "tool_argument_bytes=27 tool_call_count=2\n"
                   "call[0][0] \"tooluse_1\" \"get_time\"\n"
                   "call[0][1] \"tooluse_2\" \"get_weather\"\n"
                   "usage input=2110 output=6 total=2116 cache_read=100 cache_write=2000\n"
                   "events=0 terminal\n"
                   "reasoning[0] \"Think.\"\n"
                   "text[0] \"Two parts.\"\n"
                   "arguments[0] \"{\"text\":\"no\"}[1, {\"a\":\"}\"}]\"\n",
                   &seed);
    expect_fixture("guardrail.json",
                   "finish_reason[0]=\"end_turn\" safety_block[0]=\"INTERVENED\" output_text_bytes=6\n"
                   "events=0 terminal\n"
                   "text[0] \"Sorry.\"\n",
                   &seed);
    expect_fixture("nulls.json", "events=0 terminal\n", &seed);
}

static void errors(void **state)
{
    (void)state;
    expect_fixture("error.json",
                   "error_message=\"The provided model identifier is invalid.\"\nevents=0 terminal error\n",
                   &seed);
    expect_fixture("error_class.json",
                   "provider_error_type=\"UnrecognizedClientException\" "
                   "error_message=\"The token is invalid.\"\nevents=0 terminal error\n",
                   &seed);
}

/*
 * Streams.
 */

static void expect_stream(struct gsp__buffer *b, const char *expected)
{
    expect_response(b->data, b->n, GSP__FRAMING_EVENTSTREAM, expected, &seed);
    gsp__buffer_deinit(b);
}

static const char claude_start[] = "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_bdrk_2\",\"model\":"
                                   "\"claude-example-1\",\"content\":[],"
                                   "\"usage\":{\"input_tokens\":8,\"cache_creation_input_tokens\":5,\"cache_"
                                   "read_input_tokens\":30,\"output_tokens\":1}}}";
static const char claude_text[] = "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_"
                                  "delta\",\"text\":\"Gr\xc3\xbc\xc3\x9f"
                                  "e\"}}";

/* What Bedrock has counted is what was neither read from a cache nor written to one. */
static void a_stream_of_anthropic(void **state)
{
    struct gsp__buffer b = {0};

    (void)state;
    frames_add_chunk(&b, claude_start);
    frames_add_chunk(
        &b,
        "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
    frames_add_chunk(&b, claude_text);
    frames_add_chunk(&b,
                     "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\","
                     "\"id\":\"toolu_bdrk_2\",\"name\":\"get_time\",\"input\":{}}}");
    frames_add_chunk(&b,
                     "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"partial_json\":\"{}\"}}");
    frames_add_chunk(&b, "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{"
                         "\"output_tokens\":14}}");
    frames_add_chunk(&b,
                     "{\"type\":\"message_stop\",\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":9,"
                     "\"outputTokenCount\":15,\"invocationLatency\":1250,\"firstByteLatency\":300,"
                     "\"cacheReadInputTokenCount\":31,\"cacheWriteInputTokenCount\":6}}");
    expect_stream(&b,
                  "response_id=\"msg_bdrk_2\" request_id=\"msg_bdrk_2\" response_model=\"claude-example-1\" "
                  "finish_reason[0]=\"tool_use\" processing_time=1.25 output_text_bytes=7 "
                  "tool_argument_bytes=2 tool_call_count=1\n"
                  "call[0][1] \"toolu_bdrk_2\" \"get_time\"\n"
                  "usage input=46 output=15 cache_read=31 cache_write=6\n"
                  "marks: eeTCC.e.e\n"
                  "events=7 terminal\n"
                  "text[0] \"Gr\xc3\xbc\xc3\x9f"
                  "e\"\n"
                  "arguments[0] \"{}\"\n");
}

static void a_stream_of_nova(void **state)
{
    struct gsp__buffer b = {0};

    (void)state;
    frames_add_chunk(&b, "{\"messageStart\":{\"role\":\"assistant\"}}");
    frames_add_chunk(&b, "{\"contentBlockDelta\":{\"delta\":{\"reasoningContent\":{\"text\":\"Hm.\"}},"
                         "\"contentBlockIndex\":0}}");
    frames_add_chunk(&b, "{\"contentBlockDelta\":{\"delta\":{\"text\":\"Hello\"},\"contentBlockIndex\":1}}");
    frames_add_chunk(&b, "{\"contentBlockStop\":{\"contentBlockIndex\":1}}");
    for (int i = 0; i < 2; i++) /* twice the same place is the same call */
        frames_add_chunk(&b, "{\"contentBlockStart\":{\"start\":{\"toolUse\":{\"toolUseId\":\"tooluse_3\","
                             "\"name\":\"get_time\"}},"
                             "\"contentBlockIndex\":2}}");
    frames_add_chunk(&b, "{\"contentBlockDelta\":{\"delta\":{\"toolUse\":{\"input\":\"{\\\"a\\\":1}\"}},"
                         "\"contentBlockIndex\":2}}");
    frames_add_chunk(&b, "{\"messageStop\":{\"stopReason\":\"tool_use\"}}");
    frames_add_chunk(
        &b, "{\"metadata\":{\"usage\":{\"inputTokens\":4,\"outputTokens\":6,\"cacheReadInputTokenCount\":20,"
            "\"cacheWriteInputTokenCount\":0},\"metrics\":{},\"trace\":{}},"
            "\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":4,\"outputTokenCount\":6,"
            "\"invocationLatency\":400,\"firstByteLatency\":100,\"cacheReadInputTokenCount\":null}}");
    expect_stream(&b,
                  "finish_reason[0]=\"tool_use\" processing_time=0.4 output_text_bytes=5 reasoning_bytes=3 "
                  "tool_argument_bytes=7 tool_call_count=1\n"
                  "call[0][2] \"tooluse_3\" \"get_time\"\n"
                  "usage input=24 output=6 cache_read=20 cache_write=0\n"
                  "marks: eRTeCCC.ee\n"
                  "events=9 terminal\n"
                  "reasoning[0] \"Hm.\"\n"
                  "text[0] \"Hello\"\n"
                  "arguments[0] \"{\"a\":1}\"\n");
}

/* A long event: its base64 is decoded in pieces. */
static void a_long_chunk(void **state)
{
    struct gsp__buffer b = {0}, json = {0}, expected = {0};

    (void)state;
    gsp__buffer_add_string(&json, "{\"contentBlockDelta\":{\"delta\":{\"text\":\"");
    gsp__buffer_add_string(&expected, "output_text_bytes=1800\nmarks: T\nevents=1\ntext[0] \"");
    for (int i = 0; i < 300; i++) {
        gsp__buffer_add_string(&json, "abc\\n\xc3\xa9");
        gsp__buffer_add_string(&expected, "abc\n\xc3\xa9");
    }
    gsp__buffer_add_string(&json, "\"}}}");
    gsp__buffer_add_string(&expected, "\"\n");
    gsp__buffer_add_char(&json, 0);
    gsp__buffer_add_char(&expected, 0);
    frames_add_chunk(&b, json.data);
    expect_stream(&b, expected.data);
    gsp__buffer_deinit(&json);
    gsp__buffer_deinit(&expected);
}

static void exceptions(void **state)
{
    struct gsp__buffer b = {0};

    (void)state;
    frames_add_chunk(&b, claude_start);
    frames_add_chunk(&b, claude_text);
    frames_add_exception(
        &b, "modelStreamErrorException",
        "{\"message\":\"The model is gone.\",\"originalMessage\":\"no\",\"originalStatusCode\":424}");
    expect_stream(&b,
                  "response_id=\"msg_bdrk_2\" request_id=\"msg_bdrk_2\" response_model=\"claude-example-1\" "
                  "error_message=\"The model is gone.\" provider_error_code=\"424\" "
                  "provider_error_type=\"modelStreamErrorException\" output_text_bytes=7\n"
                  "usage input=43 output=1 cache_read=30 cache_write=5\n"
                  "marks: eTe\n"
                  "events=3 error\n"
                  "text[0] \"Gr\xc3\xbc\xc3\x9f"
                  "e\"\n");
    frames_add_exception(&b, "throttlingException", "{\"message\":null}");
    expect_stream(&b, "provider_error_type=\"throttlingException\"\nmarks: e\nevents=1 error\n");
    /* an error of the vendor's own, in its own words */
    frames_add_chunk(
        &b, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}");
    expect_stream(
        &b,
        "provider_error_type=\"overloaded_error\" error_message=\"Overloaded\"\nmarks: e\nevents=1 error\n");
}

/* What is spoilt is counted, and the rest still decoded. */
static void wrappings_that_are_none(void **state)
{
    static const char *const payloads[] = {
        "{\"bytes\":\"e30\"}",                    /* {} without its padding: the end is missing */
        "{\"bytes\":\"e3=0\"}",                   /* after the end */
        "{\"bytes\":\"e3!9\"}",                   /* no base64 */
        "{\"bytes\":\"e30=\"",                    /* the wrapping is not whole */
        "{\"bytes\":\"e30=\"}}",                  /* more than whole */
        "{\"bytes\":\"W10\",\"bytes\":\"e30=\"}", /* twice */
        "{\"p\":\"abc\"}",                        /* nothing in it */
        "{\"bytes\":null}",
        "{\"bytes\":[\"?\"]}",
        "bytes",
        "{\"bytes\":\"eyJ0eXBlIjo=\"}", /* {"type": */
    };

    (void)state;
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        struct gsp__buffer b = {0};

        frames_add_event(&b, "chunk", payloads[i]);
        frames_add_chunk(&b, claude_text);
        expect_stream(&b, "output_text_bytes=7 decode_errors=1\nmarks: eT\nevents=2 bad=1\n"
                          "text[0] \"Gr\xc3\xbc\xc3\x9f"
                          "e\"\n");
    }
}

/* Other alphabets, escapes and keys in any order are all the same. */
static void wrappings_of_other_kinds(void **state)
{
    struct gsp__buffer b = {0};

    (void)state;
    frames_add_event(&b, "chunk",
                     " { \"p\" : {\"bytes\":[1,2]} , \"bytes\" : "
                     "\"eyJtZXNzYWdlU3RvcCI6eyJzdG9wUmVhc29uIjoiPz8\\/Pz8ifX0=\" } ");
    frames_add_event(&b, "chunk",
                     "{\"bytes\":\"eyJjb250ZW50QmxvY2tEZWx0YSI6eyJkZWx0YSI6eyJ0ZXh0IjoiPz8_fn5-In19fQ==\","
                     "\"p\":\"\\u0061\"}");
    frames_add_event(&b, "novelty", "{\"messageStop\":5}");
    expect_stream(&b, "finish_reason[0]=\"?????\" output_text_bytes=6\nmarks: .eTe\nevents=3 terminal\n"
                      "text[0] \"???~~~\"\n");
}

static void a_stream_that_breaks_off(void **state)
{
    struct gsp__buffer b = {0};

    (void)state;
    frames_add_chunk(&b, claude_text);
    frames_add_chunk(&b, claude_start);
    b.n -= 7;
    expect_stream(&b, "output_text_bytes=7 decode_errors=1\nmarks: T\nevents=1 bad=1\n"
                      "text[0] \"Gr\xc3\xbc\xc3\x9f"
                      "e\"\n");
}

/*
 * Requests.
 */

static void expect(const char *body, const char *expected)
{
    expect_request(body, strlen(body), expected, &seed);
}

static void requests(void **state)
{
    (void)state;
    decode_as(&gsp__bedrock_invoke, "/model/us.anthropic.claude-example-1-v1%3A0/invoke", "bedrock_invoke");
    expect("{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":7,\"messages\":[{}],\"top_k\":3,"
           "\"tools\":[{}],"
           "\"stop_sequences\":[\"END\"],\"output_config\":{\"effort\":\"max\"}}",
           "request_model=\"us.anthropic.claude-example-1-v1:0\" max_tokens=7 message_count=1 top_k=3 "
           "tool_count=1 "
           "stop_sequence[0]=\"END\" reasoning_level=\"max\"\n");
    decode_as(
        &gsp__bedrock_invoke,
        "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Fp/invoke-with-response-stream?x=/",
        "bedrock_invoke");
    expect(
        "{\"schemaVersion\":\"messages-v1\",\"messages\":[{},{}],\"inferenceConfig\":{\"maxTokens\":9,"
        "\"temperature\":0,"
        "\"topP\":0.5,\"topK\":2,\"stopSequences\":[\"a\",\"b\"],\"reasoningConfig\":{\"type\":\"enabled\","
        "\"maxReasoningEffort\":\"low\"}},\"toolConfig\":{\"tools\":[{\"toolSpec\":{}}],\"toolChoice\":{}}}",
        "request_model=\"arn:aws:bedrock:eu-west-1:1:inference-profile/p\" stream=true message_count=2 "
        "max_tokens=9 "
        "temperature=0 top_p=0.5 top_k=2 stop_sequence[0]=\"a\" stop_sequence[1]=\"b\" "
        "reasoning_level=\"low\" "
        "tool_count=1\n");
    expect("{\"inferenceConfig\":{\"max_new_tokens\":5,\"top_p\":1,\"top_k\":1},\"toolConfig\":null}",
           "request_model=\"arn:aws:bedrock:eu-west-1:1:inference-profile/p\" stream=true max_tokens=5 "
           "top_p=1 top_k=1\n");
    decode_as(&gsp__bedrock_invoke, NULL, "bedrock_invoke");
    expect("{\"inferenceConfig\":[],\"messages\":\"no\",\"max_tokens\":-0.5}", "");
}

static void how_it_is_known(void **state)
{
    static const char *const paths[] = {"/model/m/invoke", "/model/a%3Ab/invoke-with-response-stream"};
    const char *host = "bedrock-runtime.us-east-1.amazonaws.com";

    (void)state;
    for (size_t i = 0; i < 2; i++)
        assert_ptr_equal(gsp__registry_find(host, strlen(host), paths[i], strlen(paths[i])),
                         &gsp__bedrock_invoke);
    assert_null(gsp__registry_find(host, strlen(host), "/model/m/invoked", 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_answers),
        cmocka_unit_test(errors),
        cmocka_unit_test(a_stream_of_anthropic),
        cmocka_unit_test(a_stream_of_nova),
        cmocka_unit_test(a_long_chunk),
        cmocka_unit_test(exceptions),
        cmocka_unit_test(wrappings_that_are_none),
        cmocka_unit_test(wrappings_of_other_kinds),
        cmocka_unit_test(a_stream_that_breaks_off),
        cmocka_unit_test(requests),
        cmocka_unit_test(how_it_is_known),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
