/* openai.responses: answers, streams in all their forms, and faults. Each at all cuts. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/openai_responses.h"
#include "wire/registry.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__openai_responses, NULL, "openai_responses");
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
        {"plain.json", "response_id=\"resp_p\" request_id=\"resp_p\" response_model=\"gpt-example-2026\" "
                       "response_status=\"completed\" service_tier=\"default\" web_searches=2 "
                       "output_text_bytes=24 reasoning_bytes=3\n"
                       "usage input=21 output=9 total=30 cache_read=12 cache_write=4 reasoning=3 audio_in=1 "
                       "audio_out=0 text_in=18 text_out=6 image_in=2\n"
                       "events=0 terminal\n"
                       "reasoning[0] \"Hm.\"\n"
                       "text[0] \"Four \xe2\x82\xac, \"please\". Two.\"\n"},
        {"stream.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"gpt-example\" "
                       "response_status=\"completed\" service_tier=\"default\" web_searches=1 "
                       "output_text_bytes=10\n"
                       "usage input=20 output=6 total=26 cache_read=16 reasoning=0\n"
                       "marks: eeeeTTeee.e\n"
                       "events=10 terminal\n"
                       "text[0] \"Hello \xf0\x9f\x98\x80\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* What the provider runs itself is none of the caller's calls; a call may have no name. */
static void tool_calls(void **state)
{
    static const struct expectation cases[] = {
        {"tools.json", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                       "response_status=\"completed\" tool_argument_bytes=18 tool_call_count=3\n"
                       "call[0][1] \"call_1\" \"get_weather\"\n"
                       "call[0][2] \"call_2\" \"get_time\"\n"
                       "call[0][6] \"call_3\" \"\"\n"
                       "events=0 terminal\n"
                       "arguments[0] \"{\"city\": \"Oslo\"}{}{\"c\":3}\"\n"},
        {"tools.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                      "response_status=\"completed\" tool_argument_bytes=17 tool_call_count=2\n"
                      "call[0][0] \"call_1\" \"get_weather\"\n"
                      "call[0][1] \"call_2\" \"run\"\n"
                      "usage input=20 output=6 total=26 cache_read=16 reasoning=0\n"
                      "marks: CCCeeCCee.e\n"
                      "events=10 terminal\n"
                      "arguments[0] \"{\"city\":\"Oslo\"}ls\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void reasoning_is_kept_apart(void **state)
{
    static const struct expectation cases[] = {
        {"reasoning.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                          "response_status=\"completed\" output_text_bytes=4 reasoning_bytes=13\n"
                          "usage input=20 output=6 total=26 cache_read=16 reasoning=5\n"
                          "marks: eeRReT.e\n"
                          "events=7 terminal\n"
                          "reasoning[0] \"Let me think.\"\n"
                          "text[0] \"Yes.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* Where keys are sorted, types come last. */
static void what_a_text_is_may_stand_behind_it(void **state)
{
    static const struct expectation cases[] = {
        {"sorted.json", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                        "response_status=\"completed\" output_text_bytes=11 reasoning_bytes=16\n"
                        "events=0 terminal\n"
                        "reasoning[0] \"Let me think.So.\"\n"
                        "text[0] \"The answer.\"\n"},
        {"sorted.sse", "response_id=\"resp_s\" request_id=\"resp_s\" response_status=\"completed\" "
                       "output_text_bytes=2\n"
                       "marks: T.e\n"
                       "events=2 terminal\n"
                       "text[0] \"Hi\"\n"},
        {"types_last.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" refusal=true "
                           "response_status=\"completed\" output_text_bytes=14 reasoning_bytes=2 "
                           "tool_argument_bytes=2 tool_call_count=1\n"
                           "call[0][2] \"call_1\" \"f\"\n"
                           "usage input=20 output=6 total=26 cache_read=16 reasoning=0\n"
                           "marks: eRTTTeeCC.e\n"
                           "events=10 terminal\n"
                           "reasoning[0] \"Hm\"\n"
                           "text[0] \"So \xe2\x80\x9cit\xe2\x80\x9d is\"\n"
                           "arguments[0] \"{}\"\n"},
        {"names_last.sse", "provider_error_code=\"c\" error_message=\"gone\" response_status=\"completed\" "
                           "output_text_bytes=1\n"
                           "marks: T.ee\n"
                           "events=3 terminal error\n"
                           "text[0] \"a\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* What is neither text nor reasoning after all is not counted. */
static void what_keys_said_wrongly_is_moved(void **state)
{
    static const struct expectation cases[] = {
        {"sorted_odd.json",
         "response_id=\"resp_o\" request_id=\"resp_o\" output_text_bytes=9 reasoning_bytes=2\n"
         "events=0 terminal\n"
         "reasoning[0] \"denothingnothing\"\n"
         "text[0] \"abcfghinothingjk\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void without_deltas_the_ends_count(void **state)
{
    static const struct expectation cases[] = {
        {"ends_only.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                          "response_status=\"completed\" output_text_bytes=7 reasoning_bytes=3 "
                          "tool_argument_bytes=2 tool_call_count=1\n"
                          "call[0][3] \"call_1\" \"f\"\n"
                          "marks: RTTC.C\n"
                          "events=5 terminal\n"
                          "reasoning[0] \"Why\"\n"
                          "text[0] \"Because\"\n"
                          "arguments[0] \"{}\"\n"},
        {"whole_only.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                           "response_status=\"completed\" output_text_bytes=12 tool_argument_bytes=2 "
                           "tool_call_count=1\n"
                           "call[0][1] \"call_1\" \"f\"\n"
                           "marks: e.T\n"
                           "events=2 terminal\n"
                           "text[0] \"All at once.\"\n"
                           "arguments[0] \"{}\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* ST-3: content to the one who waits, but not the answer's text. */
static void refusals_and_other_content(void **state)
{
    static const struct expectation cases[] = {
        {"refusal.json", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" refusal=true "
                         "response_status=\"completed\"\n"
                         "events=0 terminal\n"},
        {"refusal.sse", "refusal=true response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                        "response_status=\"completed\"\n"
                        "marks: TTe.e\n"
                        "events=4 terminal\n"},
        {"other_content.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                              "response_status=\"completed\" output_audio_bytes=6\n"
                              "marks: eCCAAeee.e\n"
                              "events=9 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void answers_that_are_not_complete(void **state)
{
    static const struct expectation cases[] = {
        {"incomplete.json", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                            "finish_reason[0]=\"content_filter\" response_status=\"incomplete\"\n"
                            "events=0 terminal\n"},
        {"incomplete.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                           "finish_reason[0]=\"max_output_tokens\" response_status=\"incomplete\" "
                           "output_text_bytes=11\n"
                           "usage input=20 output=6 total=26 cache_read=16 reasoning=0\n"
                           "marks: eT.e\n"
                           "events=3 terminal\n"
                           "text[0] \"Half a sent\"\n"},
        {"failed.json", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                        "response_status=\"failed\"\n"
                        "events=0 terminal error\n"},
        {"failed.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                       "provider_error_code=\"server_error\" error_message=\"The model failed.\" "
                       "response_status=\"failed\" output_text_bytes=4\n"
                       "marks: T.e\n"
                       "events=2 terminal error\n"
                       "text[0] \"Half\"\n"},
        {"failed_bare.sse", "response_id=\"resp_1\" request_id=\"resp_1\"\n"
                            "marks: .e\n"
                            "events=1 terminal error\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void the_providers_error_as_the_answer(void **state)
{
    static const struct expectation cases[] = {
        {"error.json", "error_message=\"The model 'm' does not exist.\" "
                       "provider_error_type=\"invalid_request_error\" "
                       "provider_error_code=\"model_not_found\"\n"
                       "events=0 terminal error\n"},
        {"error_object.json", "error_message=\"Too busy.\" provider_error_type=\"ServiceUnavailable\" "
                              "provider_error_code=\"503\"\n"
                              "events=0 terminal error\n"},
        {"error_object_sorted.json", "provider_error_code=\"503\" error_message=\"Too busy.\" "
                                     "provider_error_type=\"ServiceUnavailable\"\n"
                                     "events=0 terminal error\n"},
        {"error_string.json", "error_message=\"out of memory\"\n"
                              "events=0 terminal error\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void an_error_inside_a_stream(void **state)
{
    static const struct expectation cases[] = {
        {"error.sse", "provider_error_code=\"rate_limit_exceeded\" error_message=\"Slow down.\" "
                      "output_text_bytes=4\n"
                      "marks: Te\n"
                      "events=2 error\n"
                      "text[0] \"Half\"\n"},
        {"error_nested.sse", "provider_error_type=\"invalid_request_error\" "
                             "provider_error_code=\"context_length_exceeded\" error_message=\"Too long.\"\n"
                             "marks: e\n"
                             "events=1 error\n"},
        {"error_sorted.sse",
         "provider_error_code=\"overloaded\" error_message=\"Busy.\" output_text_bytes=1\n"
         "marks: eeT\n"
         "events=3 error\n"
         "text[0] \"x\"\n"},
        {"error_named.sse", "provider_error_type=\"server_error\" error_message=\"went away\"\n"
                            "marks: e\n"
                            "events=1 error\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-2, US-3: the last number stands. */
static void what_is_no_count_is_skipped(void **state)
{
    static const struct expectation cases[] = {
        {"usage_odd.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                          "provider_cost_usd=0.5 response_status=\"completed\"\n"
                          "usage input=7 output=3 total=8\n"
                          "marks: e.e\n"
                          "events=2 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void what_others_make_of_it(void **state)
{
    static const struct expectation cases[] = {
        {"openrouter.json", "response_id=\"gen-1\" request_id=\"gen-1\" response_model=\"vendor/model\" "
                            "provider_cost_usd=0.025 response_status=\"completed\" service_tier=\"flex\"\n"
                            "usage input=4 output=5 total=9\n"
                            "events=0 terminal\n"},
        {"done_mark.sse", "response_id=\"resp_d\" request_id=\"resp_d\" response_status=\"completed\"\n"
                          "marks: .e.\n"
                          "events=1 terminal\n"},
        {"no_index.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                         "response_status=\"completed\" output_text_bytes=1 tool_argument_bytes=2 "
                         "tool_call_count=1\n"
                         "call[0][0] \"call_1\" \"f\"\n"
                         "marks: eCTe.C\n"
                         "events=5 terminal\n"
                         "arguments[0] \"{}\"\n"
                         "text[0] \"x\"\n"},
        {"other_index.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_status=\"completed\" "
                            "output_text_bytes=1 tool_argument_bytes=4 tool_call_count=1\n"
                            "call[0][0] \"call_1\" \"f\"\n"
                            "marks: CTe.C\n"
                            "events=4 terminal\n"
                            "text[0] \"x\"\n"
                            "arguments[0] \"{}{}\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* What the whole response told does not count again; the end's status stands. */
static void events_out_of_order_and_twice(void **state)
{
    static const struct expectation cases[] = {
        {"out_of_order.sse", "response_id=\"resp_1\" request_id=\"resp_1\" response_model=\"m\" "
                             "response_status=\"completed\" output_text_bytes=2 tool_call_count=2\n"
                             "call[0][5] \"call_1\" \"f\"\n"
                             "call[0][6] \"call_9\" \"late\"\n"
                             "usage input=20 output=6 total=26 cache_read=16 reasoning=0\n"
                             "marks: .TeCeCCe\n"
                             "events=7 terminal\n"
                             "text[0] \"ab\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void broken_streams(void **state)
{
    static const struct expectation cases[] = {
        {"broken.sse", "response_status=\"completed\" output_text_bytes=10 decode_errors=4\n"
                       "usage input=1\n"
                       "marks: TTeeT.e\n"
                       "events=6 bad=4 terminal\n"
                       "text[0] \"onetwthree\"\n"},
        {"cut.sse", "response_id=\"resp_c\" request_id=\"resp_c\" response_model=\"m\" "
                    "response_status=\"in_progress\" service_tier=\"auto\" output_text_bytes=15 "
                    "decode_errors=1\n"
                    "marks: eT\n"
                    "events=2 bad=1\n"
                    "text[0] \"The line went d\"\n"},
        {"strange.json", "output_text_bytes=4\n"
                         "events=0 terminal\n"
                         "text[0] \"deep\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* A delta whose event is told behind it: what is longer than can wait is counted, and its beginning kept. */
static void a_delta_longer_than_what_waits(void **state)
{
    static const size_t sizes[] = {159, 160, 161, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char text[1001] = "", body[1200], expected[1400];

        memset(text, 'x', sizes[i]);
        snprintf(body, sizeof body, "data: {\"delta\":\"%s\",\"type\":\"response.output_text.delta\"}\n\n",
                 text);
        text[sizes[i] < 160 ? sizes[i] : 160] = 0;
        snprintf(expected, sizeof expected, "output_text_bytes=%zu\nmarks: T\nevents=1\ntext[0] \"%s\"\n",
                 sizes[i], text);
        expect_response(body, strlen(body), GSP__FRAMING_SSE, expected, &seed);
    }
}

/* Not in the middle of a character; and a message that is cut says so. */
static void what_waited_is_cut_between_characters(void **state)
{
    char text[200] = "", body[400], expected[400];

    (void)state;
    memset(text, 'x', 159);
    snprintf(body, sizeof body,
             "data: {\"delta\":\"%s\xc3\xa9y\",\"type\":\"response.output_text.delta\"}\n\n", text);
    snprintf(expected, sizeof expected, "output_text_bytes=162\nmarks: T\nevents=1\ntext[0] \"%s\"\n", text);
    expect_response(body, strlen(body), GSP__FRAMING_SSE, expected, &seed);
    snprintf(body, sizeof body, "data: {\"message\":\"%s\xc3\xa9y\",\"type\":\"error\"}\n\n", text);
    snprintf(expected, sizeof expected, "error_message=~\"%s\"\nmarks: e\nevents=1 error\n", text);
    expect_response(body, strlen(body), GSP__FRAMING_SSE, expected, &seed);
}

/* Without its end a stream is never one that ended, and no part of it is an error. */
static void broken_off_at_every_byte(void **state)
{
    enum gsp__framing framing;
    size_t n;
    char *bytes = read_fixture("stream.sse", &n, &framing),
         *last = strstr(bytes, "event: response.completed");

    (void)state;
    assert_non_null(last);
    for (size_t end = 0; end < (size_t)(last - bytes); end++) {
        const char *found = decoded_response(bytes, end, framing, (struct cuts){end, end, NULL});

        assert_null(strstr(found, "error\n"));
        assert_null(strstr(found, "terminal"));
        assert_null(strstr(found, "usage"));
    }
    free(bytes);
}

/* More calls than there are bits to tell them apart: each is still told. */
static void many_tool_calls(void **state)
{
    enum {
        N = 70
    };
    char *body = malloc(N * 128), expected[200];
    size_t n = 0;
    const char *found;

    (void)state;
    for (int i = 0; i < N; i++)
        n += (size_t)snprintf(body + n, 128,
                              "data: {\"type\":\"response.output_item.added\",\"output_index\":%d,"
                              "\"item\":{\"type\":\"function_call\",\"call_id\":\"c%d\",\"name\":\"f\"}}\n\n",
                              i, i);
    found = decoded_response(body, n, GSP__FRAMING_SSE, (struct cuts){n, n, NULL});
    assert_non_null(strstr(found, "tool_call_count=64\n")); /* wire/decoder.h: as many as are told apart */
    for (int i = 0; i < 64; i++) {
        snprintf(expected, sizeof expected, "call[0][%d] \"c%d\" \"f\"\n", i, i);
        assert_non_null(strstr(found, expected));
    }
    free(body);
}

static void requests(void **state)
{
    static const struct {
        const char *body, *expected;
    } cases[] = {
        {"{\"model\":\"gpt-example\",\"input\":[{\"role\":\"user\",\"content\":\"Say \\\"this\\\"\"}],"
         "\"instructions\":\"Be brief.\",\"stream\":true,\"temperature\":0.25,\"top_p\":1,"
         "\"max_output_tokens\":100,\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"},"
         "\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"s\",\"schema\":{\"type\":\"object\"}},"
         "\"verbosity\":\"low\"},\"service_tier\":\"flex\",\"previous_response_id\":\"resp_0\","
         "\"tools\":[{\"type\":\"function\",\"name\":\"f\"},{\"type\":\"web_search\"}],\"store\":false,"
         "\"metadata\":{\"model\":\"not this\"}}",
         "request_model=\"gpt-example\" stream=true temperature=0.25 top_p=1 max_tokens=100 "
         "reasoning_level=\"low\" response_format=\"json_schema\" request_service_tier=\"flex\" "
         "previous_response_id=\"resp_0\" tool_count=2\n"},
        {"{\"input\":\"Hello\",\"model\":\"m\",\"stream\":false,\"presence_penalty\":-0.5,"
         "\"frequency_penalty\":2,\"tools\":[]}",
         "request_model=\"m\" stream=false presence_penalty=-0.5 frequency_penalty=2\n"},
        {"{\"model\":null,\"input\":null,\"stream\":\"true\",\"temperature\":null,\"top_p\":\"1\","
         "\"max_output_tokens\":1.5,\"reasoning\":null,\"text\":{\"format\":null},\"tools\":null,"
         "\"previous_response_id\":null,\"service_tier\":7}",
         ""},
        {"{\"reasoning\":{\"effort\":null},\"text\":\"x\",\"tools\":{\"a\":1},\"model\":{}}", ""},
        {"{\"model\":\"m\",\"model\":\"n\",\"tools\":[1],\"tools\":[1,2]}",
         "request_model=\"m\" tool_count=1\n"},
        {"{\"model\":\"m\",\"inp", "request_model=\"m\"\n"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_request(cases[i].body, strlen(cases[i].body), cases[i].expected, &seed);
}

static void where_they_are_found(void **state)
{
    static const struct {
        const char *host, *path;
        bool is_found;
    } cases[] = {
        {"api.openai.com", "/v1/responses", true},
        {"openrouter.ai", "/api/v1/responses", true},
        {"x.openai.azure.com", "/openai/responses?api-version=preview", true},
        {"api.deepseek.com", "/responses", true},
        {"", "/responses", false},
        {"", "/v1/responses/resp_1", false}, /* asks for one that was made before */
        {"", "/v1/responses/resp_1/cancel", false},
    };
    static const char *const bodies[] = {"{\n  \"id\": \"resp_1\",\n  \"object\": \"response\",",
                                         "event: response.created\ndata: {\"type\":\"response.created\","};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gsp__format *format =
            gsp__registry_find(cases[i].host, strlen(cases[i].host), cases[i].path, strlen(cases[i].path));

        assert_ptr_equal(format, cases[i].is_found ? &gsp__openai_responses : NULL);
    }
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_ptr_equal(gsp__registry_find_by_shape(bodies[i], strlen(bodies[i])), &gsp__openai_responses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_answer),
        cmocka_unit_test(tool_calls),
        cmocka_unit_test(reasoning_is_kept_apart),
        cmocka_unit_test(what_a_text_is_may_stand_behind_it),
        cmocka_unit_test(what_keys_said_wrongly_is_moved),
        cmocka_unit_test(without_deltas_the_ends_count),
        cmocka_unit_test(refusals_and_other_content),
        cmocka_unit_test(answers_that_are_not_complete),
        cmocka_unit_test(the_providers_error_as_the_answer),
        cmocka_unit_test(an_error_inside_a_stream),
        cmocka_unit_test(what_is_no_count_is_skipped),
        cmocka_unit_test(what_others_make_of_it),
        cmocka_unit_test(events_out_of_order_and_twice),
        cmocka_unit_test(broken_streams),
        cmocka_unit_test(a_delta_longer_than_what_waits),
        cmocka_unit_test(what_waited_is_cut_between_characters),
        cmocka_unit_test(broken_off_at_every_byte),
        cmocka_unit_test(many_tool_calls),
        cmocka_unit_test(requests),
        cmocka_unit_test(where_they_are_found),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
