/* anthropic.messages: answers as JSON and SSE, errors, usage, and requests. Each at all cuts. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdio.h>
#include <string.h>

#include "wire/anthropic_messages.h"
#include "wire/registry.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__anthropic_messages, NULL, "anthropic_messages");
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

static void whole_answers(void **state)
{
    static const struct expectation cases[] = {
        {"plain.json",
         "response_id=\"msg_plain_1\" request_id=\"msg_plain_1\" "
         "response_model=\"claude-example-1-20260101\" finish_reason[0]=\"stop_sequence\" "
         "matched_stop=\"###\" service_tier=\"priority\" web_searches=2 output_text_bytes=19 "
         "reasoning_bytes=13\n"
         "usage input=1305 output=40 cache_read=1000 cache_write=300 reasoning=12 cache_1h=200\n"
         "events=0 terminal\n"
         "reasoning[0] \"A lake, then.\"\n"
         "text[0] \"It is the \xe2\x82\xac lake.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The counts of the end stand, those that it leaves out are the ones of the beginning. */
static void a_stream(void **state)
{
    static const struct expectation cases[] = {
        {"stream.sse",
         "response_model=\"claude-example-1-20260101\" response_id=\"msg_s_1\" request_id=\"msg_s_1\" "
         "service_tier=\"standard\" finish_reason[0]=\"end_turn\" output_text_bytes=12\n"
         "usage input=29 output=14 cache_read=20 cache_write=0 cache_1h=0\n"
         "marks: eeeTTe.e.e\n"
         "events=8 terminal\n"
         "text[0] \"Bonjour \xf0\x9f\x98\x80\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* What the provider's own tools are asked is content to the one who waits, but no tool call of the caller's.
 * Keys in any order. */
static void tools(void **state)
{
    static const struct expectation cases[] = {
        {"tools.json",
         "response_id=\"msg_t_1\" request_id=\"msg_t_1\" response_model=\"m\" finish_reason[0]=\"tool_use\" "
         "web_searches=0 output_text_bytes=8 tool_argument_bytes=27 tool_call_count=2\n"
         "call[0][5] \"toolu_a\" \"get_weather\"\n"
         "call[0][6] \"toolu_b\" \"get_time\"\n"
         "usage input=1 output=2\n"
         "events=0 terminal\n"
         "text[0] \"Looking.\"\n"
         "arguments[0] \"{\"city\": \"Oslo\",\"id\":\"}\"}{}\"\n"},
        {"tools.sse",
         "response_id=\"msg_t_2\" request_id=\"msg_t_2\" response_model=\"m\" finish_reason[0]=\"tool_use\" "
         "web_searches=1 reasoning_bytes=3 tool_argument_bytes=18 tool_call_count=2\n"
         "call[0][4] \"toolu_a\" \"get_weather\"\n"
         "call[0][5] \"toolu_b\" \"get_time\"\n"
         "usage input=30 output=50 reasoning=8\n"
         "marks: eeReeRCCeCeCCeCC.e.e\n"
         "events=18 terminal\n"
         "reasoning[0] \"Hm.\"\n"
         "arguments[0] \"{\"city\": \"Oslo\"}{}\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The model that answers is the one that the answer's last part comes from. */
static void another_model_takes_over(void **state)
{
    static const struct expectation cases[] = {
        {"fallback.json", "response_model=\"claude-example-1-20260101\" response_id=\"msg_f_2\" "
                          "request_id=\"msg_f_2\" finish_reason[0]=\"end_turn\" output_text_bytes=4\n"
                          "usage input=6 output=9\n"
                          "events=0 terminal\n"
                          "text[0] \"Yes.\"\n"},
        {"fallback.sse",
         "response_id=\"msg_f_1\" request_id=\"msg_f_1\" response_model=\"claude-example-2\" "
         "response_model=\"claude-example-1-20260101\" finish_reason[0]=\"end_turn\" output_text_bytes=10\n"
         "usage input=6 output=9\n"
         "marks: eTeeT.e.e\n"
         "events=7 terminal\n"
         "text[0] \"Well, yes.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* What another model was asked has another price: it is in no total. */
static void iterations_are_in_the_totals_but_for_compaction(void **state)
{
    static const struct expectation cases[] = {
        {"iterations.json", "response_model=\"m\" response_id=\"msg_i_1\" request_id=\"msg_i_1\" "
                            "finish_reason[0]=\"end_turn\" output_text_bytes=5\n"
                            "usage input=1582 output=170 cache_read=53 cache_write=9 cache_1h=3\n"
                            "events=0 terminal\n"
                            "text[0] \"Done.\"\n"},
        {"iterations.sse",
         "response_id=\"msg_i_2\" request_id=\"msg_i_2\" response_model=\"m\" finish_reason[0]=\"end_turn\"\n"
         "usage input=1020 output=109\n"
         "marks: ee.e.e\n"
         "events=4 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void refusals(void **state)
{
    static const struct expectation cases[] = {
        {"refusal.json", "response_id=\"msg_r_2\" request_id=\"msg_r_2\" response_model=\"m\" "
                         "finish_reason[0]=\"refusal\" refusal=true\n"
                         "usage input=4 output=0\n"
                         "events=0 terminal\n"},
        {"refusal.sse", "response_id=\"msg_r_1\" request_id=\"msg_r_1\" response_model=\"m\" "
                        "finish_reason[0]=\"refusal\" refusal=true safety_block[0]=\"bio\"\n"
                        "usage input=4 output=1\n"
                        "marks: e.e.e\n"
                        "events=3 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void errors(void **state)
{
    static const struct expectation cases[] = {
        {"error.json", "provider_error_type=\"not_found_error\" error_message=\"model: claude-exampel\" "
                       "request_id=\"req_e_1\"\n"
                       "events=0 terminal error\n"},
        {"error_vertex.json", "provider_error_code=\"404\" error_message=\"Publisher model was not found.\" "
                              "provider_error_type=\"NOT_FOUND\"\n"
                              "events=0 terminal error\n"},
        {"error_string.json", "error_message=\"upstream is gone\"\n"
                              "events=0 terminal error\n"},
        {"error_bare.json", "error_message=\"no such route\"\n"
                            "events=0 terminal error\n"},
        {"error_in_stream.sse", "response_id=\"msg_e_2\" request_id=\"msg_e_2\" response_model=\"m\" "
                                "provider_error_type=\"overloaded_error\" error_message=\"Overloaded\" "
                                "request_id=\"req_e_2\" output_text_bytes=4\n"
                                "usage input=25 output=1\n"
                                "marks: eTe\n"
                                "events=3 error\n"
                                "text[0] \"Half\"\n"},
        {"error_alone.sse", "marks: e\n"
                            "events=1 error\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* Counts that are not all there say nothing: the rest of a total could be missing. */
static void what_breaks_off(void **state)
{
    static const struct expectation cases[] = {
        {"cut.json", "response_id=\"msg_c_2\" request_id=\"msg_c_2\" response_model=\"m\" "
                     "output_text_bytes=4 decode_errors=1\n"
                     "events=0 bad=1\n"
                     "text[0] \"Half\"\n"},
        {"cut.sse", "response_id=\"msg_c_1\" request_id=\"msg_c_1\" response_model=\"m\" "
                    "output_text_bytes=11 decode_errors=1\n"
                    "usage input=25 output=1\n"
                    "marks: eT\n"
                    "events=2 bad=1\n"
                    "text[0] \"Half an ans\"\n"},
        {"cut_in_usage.sse",
         "response_id=\"msg_c_3\" request_id=\"msg_c_3\" response_model=\"m\" decode_errors=1\n"
         "marks: e\n"
         "events=1 bad=1\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-2, US-3: null, boolean, negative, fraction, text and too much are no report; the last count stands. */
static void usage_that_is_no_report(void **state)
{
    static const struct expectation cases[] = {
        {"usage_odd.sse",
         "response_id=\"msg_u_1\" request_id=\"msg_u_1\" response_model=\"m\" finish_reason[0]=\"end_turn\"\n"
         "usage input=17 output=8 cache_read=0 cache_write=7 reasoning=0 cache_1h=4\n"
         "marks: eeee.e\n"
         "events=5 terminal\n"},
        {"usage_huge.json",
         "response_id=\"msg_u_2\" request_id=\"msg_u_2\"\n"
         "usage input=9223372036854775807 output=0 cache_read=9223372036854775807 cache_write=1\n"
         "events=0 terminal\n"},
        {"usage_without_input.json", "response_id=\"msg_u_3\" request_id=\"msg_u_3\"\n"
                                     "usage output=7 cache_read=5\n"
                                     "events=0 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void shapes_that_nobody_expects(void **state)
{
    static const struct expectation cases[] = {
        {"nulls.json", "events=0 terminal\n"},
        {"wrong_types.json", "matched_stop=\"a\"\n"
                             "events=0 terminal\n"},
        {"wrong_types.sse", "output_text_bytes=10 tool_argument_bytes=1 tool_call_count=1 decode_errors=1\n"
                            "call[0][0] \"\" \"named\"\n"
                            "marks: ee.eCCeT\n"
                            "events=7 bad=1 terminal\n"
                            "arguments[0] \"y\"\n"
                            "text[0] \"still here\"\n"},
        {"unknown.sse", "response_id=\"msg_n_1\" request_id=\"msg_n_1\" response_model=\"m\"\n"
                        "marks: eeeeee\n"
                        "events=6\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* A block that begins twice is one; the place of a block may be high. */
static void events_out_of_order_and_twice(void **state)
{
    static const struct expectation cases[] = {
        {"out_of_order.sse", "finish_reason[0]=\"tool_use\" response_id=\"msg_o_1\" request_id=\"msg_o_1\" "
                             "response_model=\"m\" tool_argument_bytes=4 tool_call_count=2\n"
                             "call[0][0] \"toolu_1\" \"one\"\n"
                             "call[0][70] \"toolu_2\" \"two\"\n"
                             "usage input=2 output=1\n"
                             "marks: .eCCeCCC.eee\n"
                             "events=10 terminal\n"
                             "arguments[0] \"{}[]\"\n"},
        {"interleaved.sse", "tool_argument_bytes=7 tool_call_count=1\n"
                            "call[0][0] \"toolu_1\" \"one\"\n"
                            "marks: CCCCC\n"
                            "events=5\n"
                            "arguments[0] \"{\"a\":1}\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
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
    expect(
        "{\"model\":\"claude-example\",\"max_tokens\":1024,\"system\":[{\"type\":\"text\",\"text\":\"s\"}],"
        "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":[]}],"
        "\"stream\":true,\"temperature\":0.5,\"top_p\":1,\"top_k\":40,\"stop_sequences\":[\"END\",\"\\n\"],"
        "\"service_tier\":\"auto\",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048},"
        "\"output_config\":{\"effort\":\"low\",\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":"
        "\"no\"}}},"
        "\"tools\":[{\"name\":\"t\"},{\"type\":\"web_search_20250305\"}],\"metadata\":{\"model\":\"no\"}}",
        "request_model=\"claude-example\" max_tokens=1024 message_count=2 stream=true temperature=0.5 "
        "top_p=1 "
        "top_k=40 stop_sequence[0]=\"END\" stop_sequence[1]=\"\n\" request_service_tier=\"auto\" "
        "reasoning_level=\"low\" response_format=\"json_schema\" tool_count=2\n");
    expect("{\"output_format\":{\"type\":\"json_schema\"},\"stream\":false,\"tools\":[],\"messages\":[]}",
           "response_format=\"json_schema\" stream=false message_count=0\n");
    expect("{\"model\":null,\"max_tokens\":\"9\",\"messages\":null,\"stream\":\"true\",\"temperature\":null,"
           "\"top_k\":0.5,\"stop_sequences\":[null,3],\"tools\":{\"a\":[1]},\"output_config\":[]}",
           "");
    expect("{\"model\":\"m\",\"mess", "request_model=\"m\"\n");
    expect("", "");
}

/* Vertex has the model in the path, and says there whether the answer is a stream. */
static void the_model_in_the_path(void **state)
{
    static const char path[] = "/v1/projects/p/locations/l/publishers/anthropic/models/";
    char target[128];

    (void)state;
    snprintf(target, sizeof target, "%sclaude-example%%4020260101:streamRawPredict?alt=sse", path);
    decode_as(&gsp__anthropic_messages, target, "anthropic_messages");
    expect("{\"anthropic_version\":\"v\",\"model\":\"other\",\"stream\":true,\"max_tokens\":3}",
           "request_model=\"claude-example@20260101\" stream=true max_tokens=3\n");
    snprintf(target, sizeof target, "%sclaude-example:rawPredict", path);
    expect("{\"max_tokens\":3}", "request_model=\"claude-example\" max_tokens=3\n");
    decode_as(&gsp__anthropic_messages, "/v1/messages?beta=true", "anthropic_messages");
    expect("{\"model\":\"m\"}", "request_model=\"m\"\n");
    decode_as(&gsp__anthropic_messages, NULL, "anthropic_messages");
}

static const struct gsp__format *found(const char *host, const char *path)
{
    return gsp__registry_find(host, strlen(host), path, strlen(path));
}

static const struct gsp__format *found_by_header(const char *name, const char *path)
{
    return gsp__registry_find_by_header(name, strlen(name), path, strlen(path));
}

/* Host and path, or a header that only Anthropic's clients send, or the stream's first event. */
static void how_it_is_known(void **state)
{
    static const char start[] =
        "event: message_start\ndata: {\"type\": \"message_start\",\"message\":{}}\n\n";
    const struct gsp__format *format = &gsp__anthropic_messages;

    (void)state;
    assert_ptr_equal(found("api.anthropic.com", "/v1/messages?beta=true"), format);
    assert_ptr_equal(found("r.services.ai.azure.com", "/anthropic/v1/messages"), format);
    assert_ptr_equal(found("eu-aiplatform.googleapis.com", "/v1/publishers/anthropic/models/m:rawPredict"),
                     format);
    assert_ptr_equal(found("", "/v1/publishers/anthropic/models/m:streamRawPredict"), format);
    assert_null(found("localhost:8080", "/v1/messages"));
    assert_null(found("api.anthropic.com", "/v1/messages/count_tokens"));
    assert_ptr_equal(found_by_header("Anthropic-Version", "/proxy/v1/messages?x=1"), format);
    assert_null(found_by_header("anthropic-version", "/v1/messages/count_tokens"));
    assert_null(found_by_header("anthropic-beta", "/v1/messages"));
    assert_ptr_equal(gsp__registry_find_by_shape(start, sizeof start - 1), format);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_answers),
        cmocka_unit_test(a_stream),
        cmocka_unit_test(tools),
        cmocka_unit_test(another_model_takes_over),
        cmocka_unit_test(iterations_are_in_the_totals_but_for_compaction),
        cmocka_unit_test(refusals),
        cmocka_unit_test(errors),
        cmocka_unit_test(what_breaks_off),
        cmocka_unit_test(usage_that_is_no_report),
        cmocka_unit_test(shapes_that_nobody_expects),
        cmocka_unit_test(events_out_of_order_and_twice),
        cmocka_unit_test(requests),
        cmocka_unit_test(the_model_in_the_path),
        cmocka_unit_test(how_it_is_known),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
