/* bedrock.converse_stream: event streams, which are built here; exceptions, broken frames, broken streams. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "wire/bedrock_converse_stream.h"
#include "wire/frames.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__bedrock_converse_stream, NULL, "bedrock_converse_stream");
    return 0;
}

struct event {
    const char *name, *json; /* with ! before its name it is an exception */
};

static void add_all(struct gsp__buffer *b, const struct event *events, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (*events[i].name == '!')
            frames_add_exception(b, events[i].name + 1, events[i].json);
        else
            frames_add_event(b, events[i].name, events[i].json);
    }
}

/* At all cuts, and empty the buffer. */
static void expect_stream(struct gsp__buffer *b, const char *expected)
{
    assert_false(b->failed);
    expect_response(b->data, b->n, GSP__FRAMING_EVENTSTREAM, expected, &seed);
    gsp__buffer_deinit(b);
    memset(b, 0, sizeof *b);
}

static void expect_events(const struct event *events, size_t n, const char *expected)
{
    struct gsp__buffer b = {0};

    add_all(&b, events, n);
    expect_stream(&b, expected);
}

#define EXPECT(events, expected) expect_events(events, sizeof(events) / sizeof(events)[0], expected)

static const struct event plain[] = {
    {"messageStart", "{\"p\":\"abcd\",\"role\":\"assistant\"}"},
    {"contentBlockDelta",
     "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Four \xe2\x82\xac, \"},\"p\":\"ab\"}"},
    {"contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"\"},\"p\":\"abc\"}"},
    {"contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"\\\"please\\\".\"},\"p\":\"\"}"},
    {"contentBlockStop", "{\"contentBlockIndex\":0,\"p\":\"abcdefg\"}"},
    {"messageStop", "{\"p\":\"abc\",\"stopReason\":\"end_turn\"}"},
    {"metadata", "{\"metrics\":{\"latencyMs\":1250},\"p\":\"ab\",\"usage\":{\"inputTokens\":21,"
                 "\"outputTokens\":9,\"totalTokens\":30}}"},
};

static const char plain_expected[] =
    "finish_reason[0]=\"end_turn\" processing_time=1.25 output_text_bytes=19\n"
    "usage input=21 output=9 total=30\n"
    "marks: eTeTe.ee\n"
    "events=7 terminal\n"
    "text[0] \"Four \xe2\x82\xac, \"please\".\"\n";

static void a_plain_answer(void **state)
{
    struct gsp__buffer b = {0};

    (void)state;
    EXPECT(plain, plain_expected);
    /* also where nobody told the type */
    add_all(&b, plain, sizeof plain / sizeof plain[0]);
    expect_response(b.data, b.n, GSP__FRAMING_UNKNOWN, plain_expected, &seed);
    gsp__buffer_deinit(&b);
}

/* The index of a call's block is the call's; a block without one is a call of its own. */
static void tool_calls(void **state)
{
    static const struct event events[] = {
        {"messageStart", "{\"role\":\"assistant\"}"},
        {"contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Let me look.\"}}"},
        {"contentBlockStop", "{\"contentBlockIndex\":0}"},
        {"contentBlockStart", "{\"contentBlockIndex\":1,\"start\":{\"toolUse\":{\"name\":\"get_weather\","
                              "\"toolUseId\":\"tooluse_a\"}}}"},
        {"contentBlockDelta", "{\"contentBlockIndex\":1,\"delta\":{\"toolUse\":{\"input\":\"\"}}}"},
        {"contentBlockDelta",
         "{\"contentBlockIndex\":1,\"delta\":{\"toolUse\":{\"input\":\"{\\\"city\\\":\"}}}"},
        {"contentBlockStart",
         "{\"start\":{\"toolUse\":{\"toolUseId\":\"tooluse_b\",\"name\":\"lookup\",\"type\":"
         "\"server_tool_use\"}},\"contentBlockIndex\":2}"},
        {"contentBlockDelta",
         "{\"contentBlockIndex\":1,\"delta\":{\"toolUse\":{\"input\":\"\\\"Oslo\\\"}\"}}}"},
        {"contentBlockDelta", "{\"delta\":{\"toolUse\":{\"input\":\"{}\"}},\"contentBlockIndex\":2}"},
        {"contentBlockStop", "{\"contentBlockIndex\":1}"},
        {"contentBlockStart",
         "{\"contentBlockIndex\":3,\"start\":{\"toolResult\":{\"toolUseId\":\"tooluse_b\","
         "\"status\":\"success\"}}}"},
        {"contentBlockDelta", "{\"contentBlockIndex\":3,\"delta\":{\"toolResult\":[{\"text\":\"found\"}]}}"},
        {"contentBlockStart", "{\"start\":{\"toolUse\":{\"toolUseId\":\"tooluse_c\",\"name\":\"last\"}}}"},
        {"messageStop", "{\"stopReason\":\"tool_use\"}"},
    };

    (void)state;
    EXPECT(events,
           "finish_reason[0]=\"tool_use\" output_text_bytes=12 tool_argument_bytes=17 tool_call_count=3\n"
           "call[0][1] \"tooluse_a\" \"get_weather\"\n"
           "call[0][2] \"tooluse_b\" \"lookup\"\n"
           "call[0][3] \"tooluse_c\" \"last\"\n"
           "marks: eTeCeCCCCeeeC.e\n"
           "events=14 terminal\n"
           "text[0] \"Let me look.\"\n"
           "arguments[0] \"{\"city\":\"Oslo\"}{}\"\n");
}

/* The same block twice is one call, and what it did not say it says later; nothing carries over. */
static void blocks_that_begin_twice(void **state)
{
    static const struct event events[] = {
        {"contentBlockStart", "{\"contentBlockIndex\":0,\"start\":{\"toolUse\":{\"toolUseId\":\"t\"}}}"},
        {"contentBlockStop", "{\"contentBlockIndex\":0}"},
        {"contentBlockStart", "{\"contentBlockIndex\":0,\"start\":{\"toolUse\":{\"name\":\"n\"}}}"},
        {"contentBlockStart", "{\"contentBlockIndex\":0,\"start\":{\"toolUse\":{}}}"},
        {"contentBlockStart", "{\"contentBlockIndex\":0,\"start\":{}}"},
        {"contentBlockStart", "{\"contentBlockIndex\":-1,\"start\":{\"toolUse\":{\"name\":\"m\"}}}"},
        {"contentBlockStart", "{\"contentBlockIndex\":\"0\",\"start\":{\"toolUse\":{\"name\":\"m\"}}}"},
    };

    (void)state;
    EXPECT(events, "tool_call_count=3\n"
                   "call[0][0] \"t\" \"n\"\n"
                   "call[0][1] \"\" \"m\"\n"
                   "call[0][2] \"\" \"m\"\n"
                   "marks: CeCeeCC\n"
                   "events=7\n");
}

/* ST-3: reasoning is content; a signature and what is redacted are none. */
static void reasoning_and_what_else_is_told(void **state)
{
    static const struct event events[] = {
        {"contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"text\":\"Hm\"}}}"},
        {"contentBlockDelta",
         "{\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"signature\":\"c2ln\"}}}"},
        {"contentBlockDelta",
         "{\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"redactedContent\":\"c2ln\"}}}"},
        {"contentBlockDelta", "{\"contentBlockIndex\":1,\"delta\":{\"text\":\"Ah\"}}"},
        {"contentBlockDelta",
         "{\"contentBlockIndex\":1,\"delta\":{\"citation\":{\"title\":\"t\",\"sourceContent\":"
         "[{\"text\":\"no answer\"}]}}}"},
        {"messageStop", "{\"stopReason\":\"stop_sequence\",\"additionalModelResponseFields\":"
                        "{\"stop_sequence\":\"END\"}}"},
        {"metadata", "{\"usage\":{\"cacheWriteInputTokens\":4,\"inputTokens\":3,\"cacheReadInputTokens\":2,"
                     "\"outputTokens\":1,\"cacheDetails\":[{\"ttl\":\"1h\",\"inputTokens\":4}]},\"metrics\":"
                     "{\"latencyMs\":5},\"serviceTier\":{\"type\":\"priority\"},\"performanceConfig\":"
                     "{\"latency\":\"standard\"},\"trace\":{\"promptRouter\":{\"invokedModelId\":\"m\"}}}"},
    };

    (void)state;
    EXPECT(events, "finish_reason[0]=\"stop_sequence\" matched_stop=\"END\" processing_time=0.005 "
                   "service_tier=\"priority\" response_model=\"m\" output_text_bytes=2 reasoning_bytes=2\n"
                   "usage input=9 output=1 cache_read=2 cache_write=4 cache_1h=4\n"
                   "marks: ReeTe.ee\n"
                   "events=7 terminal\n"
                   "reasoning[0] \"Hm\"\n"
                   "text[0] \"Ah\"\n");
}

static void guardrails(void **state)
{
    static const struct event events[] = {
        {"contentBlockDelta", "{\"delta\":{\"text\":\"Sorry.\"}}"},
        {"messageStop", "{\"stopReason\":\"guardrail_intervened\"}"},
        {"metadata",
         "{\"usage\":{\"inputTokens\":0,\"outputTokens\":0,\"totalTokens\":0},\"trace\":{\"guardrail\":"
         "{\"inputAssessment\":{\"g\":{\"contentPolicy\":{\"filters\":[{\"type\":\"VIOLENCE\","
         "\"action\":\"BLOCKED\"}]}}},\"outputAssessments\":{\"g\":[{\"topicPolicy\":{\"topics\":"
         "[{\"name\":\"Medicine\",\"type\":\"DENY\",\"action\":\"NONE\"}]}}]}}}}"},
    };

    (void)state;
    EXPECT(events, "finish_reason[0]=\"guardrail_intervened\" safety_block[0]=\"guardrail_intervened\" "
                   "safety_block[0]=\"VIOLENCE\" output_text_bytes=6\n"
                   "usage input=0 output=0 total=0\n"
                   "marks: T.ee\n"
                   "events=3 terminal\n"
                   "text[0] \"Sorry.\"\n");
}

/* US-2, US-3: the last one stands, never a sum; what is no count changes nothing. */
static void usage_that_comes_twice(void **state)
{
    static const struct event events[] = {
        {"metadata",
         "{\"usage\":{\"inputTokens\":10,\"cacheReadInputTokens\":5,\"outputTokens\":1,\"totalTokens\":16,"
         "\"cacheDetails\":[{\"ttl\":\"1h\",\"inputTokens\":4}]}}"},
        {"metadata", "{\"usage\":{\"inputTokens\":null,\"cacheReadInputTokens\":false,\"outputTokens\":\"7\","
                     "\"totalTokens\":-3}}"},
        {"metadata", "{\"usage\":{\"inputTokens\":20,\"outputTokens\":2.5,\"cacheDetails\":[{\"ttl\":\"1h\","
                     "\"inputTokens\":3}]}}"},
        {"metadata", "{\"usage\":{\"outputTokens\":3,\"totalTokens\":28}}"},
    };

    (void)state;
    EXPECT(events, "usage input=25 output=3 total=28 cache_read=5 cache_1h=3\n"
                   "marks: eeee\n"
                   "events=4\n");
}

/* Each exception that a stream can have, after what came before it. */
static void exceptions(void **state)
{
    static const char *const types[] = {"internalServerException",     "modelStreamErrorException",
                                        "validationException",         "throttlingException",
                                        "serviceUnavailableException", "whatComesNextException"};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct gsp__buffer b = {0};
        char expected[512];

        add_all(&b, plain, 2);
        frames_add_exception(&b, types[i], "{\"message\":\"It went wrong.\"}");
        snprintf(expected, sizeof expected,
                 "error_message=\"It went wrong.\" provider_error_type=\"%s\" output_text_bytes=10\n"
                 "marks: eTe\n"
                 "events=3 error\n"
                 "text[0] \"Four \xe2\x82\xac, \"\n",
                 types[i]);
        expect_stream(&b, expected);
    }
}

static void exceptions_that_say_more_or_less(void **state)
{
    static const struct event status[] = {
        {"!modelStreamErrorException",
         "{\"originalStatusCode\":424,\"originalMessage\":\"inner\",\"message\":\"outer\"}"},
        {"!throttlingException", "{\"message\":\"second\"}"},
    };
    static const struct event odd[] = {
        {"!validationException", "{\"message\":null}"},
    };
    static const struct event broken[] = {
        {"!validationException", "it broke"},
        {"messageStop", "{\"stopReason\":\"end_turn\"}"},
    };
    struct gsp__buffer b = {0};

    (void)state;
    EXPECT(status, "provider_error_code=\"424\" error_message=\"outer\" "
                   "provider_error_type=\"modelStreamErrorException\"\n"
                   "marks: ee\nevents=2 error\n");
    EXPECT(odd, "provider_error_type=\"validationException\"\nmarks: e\nevents=1 error\n");
    EXPECT(broken,
           "provider_error_type=\"validationException\" finish_reason[0]=\"end_turn\" decode_errors=1\n"
           "marks: e.e\nevents=2 bad=1 terminal error\n");
    frames_add_exception(&b, "throttlingException", "");
    expect_stream(&b, "provider_error_type=\"throttlingException\"\nmarks: e\nevents=1 error\n");
    frames_add_error(&b, "InternalFailure", "The connection was reset");
    expect_stream(&b, "provider_error_type=\"InternalFailure\" error_message=\"The connection was reset\"\n"
                      "marks: e\nevents=1 error\n");
}

/* A request that is refused at once gets JSON. */
static void errors_instead_of_a_stream(void **state)
{
    static const char body[] = "{\"message\":\"The model is not there.\"}";

    (void)state;
    expect_response(body, strlen(body), GSP__FRAMING_JSON,
                    "error_message=\"The model is not there.\"\nevents=0 terminal error\n", &seed);
    expect_response(body, strlen(body), GSP__FRAMING_UNKNOWN,
                    "error_message=\"The model is not there.\"\nevents=0 terminal error\n", &seed);
}

/* A message in an event that is no exception is no error; events and keys that nobody knows are events. */
static void events_that_nobody_knows(void **state)
{
    static const struct event events[] = {
        {"heartbeat", "{\"message\":\"still here\",\"__type\":\"x\",\"originalStatusCode\":1}"},
        {"audio", "{\"data\":{\"text\":\"x\"},\"deltas\":[{\"text\":\"y\"}]}"},
        {"contentBlockDelta", "{\"delta\":{\"text\":\"x\",\"texts\":\"y\"},\"output\":{\"text\":\"z\"}}"},
        {"messageStop", "{\"stopReason\":\"a_reason_of_tomorrow\"}"},
        {"empty", "{}"},
        {"text", "\"text\""},
        {"list", "[{\"delta\":{\"text\":\"y\"}}]"},
    };

    (void)state;
    EXPECT(events, "finish_reason[0]=\"a_reason_of_tomorrow\" output_text_bytes=2\n"
                   "marks: eeT.eeeT\n"
                   "events=7 terminal\n"
                   "text[0] \"xy\"\n");
}

static void values_of_other_types_say_nothing(void **state)
{
    static const struct event events[] = {
        {"messageStart", "null"},
        {"contentBlockStart", "{\"contentBlockIndex\":null,\"start\":null}"},
        {"contentBlockStart",
         "{\"contentBlockIndex\":{},\"start\":{\"toolUse\":{\"name\":null,\"toolUseId\":7}}}"},
        {"contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":null}"},
        {"contentBlockDelta",
         "{\"delta\":{\"text\":null,\"toolUse\":{\"input\":7},\"reasoningContent\":\"x\"}}"},
        {"contentBlockDelta", "{\"delta\":\"text\"}"},
        {"messageStop", "{\"stopReason\":null,\"additionalModelResponseFields\":7}"},
        {"messageStop", "{\"stopReason\":5}"},
        {"metadata",
         "{\"usage\":null,\"metrics\":{\"latencyMs\":-5},\"serviceTier\":{\"type\":3},\"trace\":true}"},
        {"metadata", "{\"usage\":7,\"metrics\":[],\"serviceTier\":null}"},
    };

    (void)state;
    EXPECT(events, "marks: eeeeeeeeee\nevents=10\n");
}

/* In whatever order they come. */
static void events_out_of_order(void **state)
{
    static const struct event events[] = {
        {"metadata", "{\"usage\":{\"outputTokens\":9,\"inputTokens\":21}}"},
        {"messageStop", "{\"stopReason\":\"end_turn\"}"},
        {"contentBlockStop", "{\"contentBlockIndex\":0}"},
        {"contentBlockDelta", "{\"delta\":{\"text\":\"late\"}}"},
        {"messageStart", "{\"role\":\"assistant\"}"},
    };

    (void)state;
    EXPECT(events, "finish_reason[0]=\"end_turn\" output_text_bytes=4\n"
                   "usage input=21 output=9\n"
                   "marks: e.eeTe\n"
                   "events=5 terminal\n"
                   "text[0] \"late\"\n");
}

/* ST-2: cut at every byte, it has its end once messageStop is whole, and what is not whole is counted. */
static void a_stream_cut_before_its_end(void **state)
{
    struct gsp__buffer b = {0};
    size_t ends[sizeof plain / sizeof plain[0] + 1] = {0}, n_whole = 0;

    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        add_all(&b, plain + i, 1);
        ends[i + 1] = b.n;
    }
    for (size_t n = 1; n <= b.n; n++) {
        const char *text = decoded_response(b.data, n, GSP__FRAMING_EVENTSTREAM, (struct cuts){n, n, NULL});
        char expected[64];

        if (n == ends[n_whole + 1])
            n_whole++;
        snprintf(expected, sizeof expected, "events=%zu%s%s\n", n_whole, n == ends[n_whole] ? "" : " bad=1",
                 n_whole >= 6 ? " terminal" : "");
        if (!strstr(text, expected))
            fail_msg("cut at %zu: not %s in %s", n, expected, text);
        assert_int_equal(strstr(text, "usage") != NULL, n_whole == 7);
        assert_int_equal(strstr(text, "finish_reason") != NULL, n_whole >= 6);
    }
    gsp__buffer_deinit(&b);
}

/* A frame whose checksum is wrong is lost, and counted; after a prelude that is wrong all is lost. */
static void broken_frames(void **state)
{
    struct gsp__buffer b = {0};
    size_t at, end;

    (void)state;
    add_all(&b, plain, 2);
    at = b.n;
    add_all(&b, plain + 2, 2);
    end = b.n;
    add_all(&b, plain + 4, 3);
    b.data[end - 30] ^= 1; /* in the payload of the fourth */
    expect_response(
        b.data, b.n, GSP__FRAMING_EVENTSTREAM,
        "finish_reason[0]=\"end_turn\" processing_time=1.25 output_text_bytes=10 decode_errors=1\n"
        "usage input=21 output=9 total=30\n"
        "marks: eTee.ee\n"
        "events=6 bad=1 terminal\n"
        "text[0] \"Four \xe2\x82\xac, \"\n",
        &seed);
    b.data[at + 2] ^= 1; /* in the length of the third */
    expect_stream(&b, "output_text_bytes=10 decode_errors=1\n"
                      "marks: eT\n"
                      "events=2 bad=1\n"
                      "text[0] \"Four \xe2\x82\xac, \"\n");
}

/* Payloads that are no JSON, or not all of it, are counted, and the stream goes on. */
static void broken_payloads(void **state)
{
    static const struct event events[] = {
        {"contentBlockDelta", "{\"delta\":{\"text\":\"one\"}}"},
        {"contentBlockDelta", "{\"delta\":{\"text\":\"tw"},
        {"contentBlockDelta", "<html>"},
        {"contentBlockDelta", "{\"delta\":{\"text\":\"o\"}} {}"},
        {"contentBlockDelta", "{\"delta\":{\"text\":\"three\"}}"},
        {"messageStop", "{\"stopReason\":\"end_turn\"}"},
    };

    (void)state;
    EXPECT(events, "finish_reason[0]=\"end_turn\" output_text_bytes=11 decode_errors=3\n"
                   "marks: TTeTT.e\n"
                   "events=6 bad=3 terminal\n"
                   "text[0] \"onetwothree\"\n");
}

/* Frames that are larger than what is held of one. */
static void large_frames(void **state)
{
    struct gsp__buffer b = {0}, payload = {0}, expected = {0};

    (void)state;
    gsp__buffer_add_string(&payload, "{\"delta\":{\"text\":\"");
    gsp__buffer_add_string(&expected, "finish_reason[0]=\"end_turn\" output_text_bytes=3002\nmarks: TT.e\n"
                                      "events=3 terminal\ntext[0] \"");
    for (size_t i = 0; i < 3000; i++) {
        gsp__buffer_add_char(&payload, 'x');
        gsp__buffer_add_char(&expected, 'x');
    }
    gsp__buffer_add_string(&expected, "ok\"\n");
    gsp__buffer_add(&payload, "\"}}", 4);
    gsp__buffer_add_char(&expected, 0);
    frames_add_event(&b, "contentBlockDelta", payload.data);
    frames_add_event(&b, "contentBlockDelta", "{\"delta\":{\"text\":\"ok\"}}");
    frames_add_event(&b, "messageStop", "{\"stopReason\":\"end_turn\"}");
    expect_stream(&b, expected.data);
    gsp__buffer_deinit(&payload);
    gsp__buffer_deinit(&expected);
}

static void what_is_no_event_stream(void **state)
{
    static const char text[] = "not frames at all, but bytes enough for a prelude";

    (void)state;
    expect_response(text, strlen(text), GSP__FRAMING_EVENTSTREAM, "decode_errors=1\nevents=0 bad=1\n", &seed);
    expect_response(text, 5, GSP__FRAMING_EVENTSTREAM, "decode_errors=1\nevents=0 bad=1\n", &seed);
    expect_response("", 0, GSP__FRAMING_EVENTSTREAM, "events=0\n", &seed);
}

/* Whatever bytes come in frames whose checksums are right: cuts make no difference. */
static void payloads_with_random_damage_decode_the_same_at_all_cuts(void **state)
{
    static const char dangerous[] = "\"\\{}[]:,\n \0\xff\xed\x80tfn0-eE.u";

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        struct gsp__buffer b = {0};
        char *whole;

        for (size_t k = 0; k < sizeof plain / sizeof plain[0]; k++) {
            size_t at = b.n;

            add_all(&b, plain + k, 1);
            b.data[at + 12 + gsp__random_next(&seed) % (b.n - at - 16)] =
                dangerous[gsp__random_next(&seed) % (sizeof dangerous - 1)];
            if (i % 5)
                frames_seal(&b, at);
        }
        whole =
            strdup(decoded_response(b.data, b.n, GSP__FRAMING_EVENTSTREAM, (struct cuts){b.n, b.n, NULL}));
        assert_string_equal(
            decoded_response(b.data, b.n, GSP__FRAMING_EVENTSTREAM, (struct cuts){1, 1, NULL}), whole);
        for (int k = 0; k < 10; k++)
            assert_string_equal(decoded_response(b.data, b.n, GSP__FRAMING_EVENTSTREAM,
                                                 (struct cuts){0, k % 2 ? 5 : 200, &seed}),
                                whole);
        free(whole);
        gsp__buffer_deinit(&b);
    }
}

/* The path says that it is a stream; the rest is as in Converse. */
static void requests(void **state)
{
    static const char body[] = "{\"messages\":[{}],\"inferenceConfig\":{\"topP\":0.5}}";

    (void)state;
    decode_as(&gsp__bedrock_converse_stream, "/model/example.small-v1%3A0/converse-stream", "");
    expect_request(body, strlen(body),
                   "request_model=\"example.small-v1:0\" stream=true message_count=1 top_p=0.5\n", &seed);
    decode_as(&gsp__bedrock_converse_stream, NULL, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_answer),
        cmocka_unit_test(tool_calls),
        cmocka_unit_test(blocks_that_begin_twice),
        cmocka_unit_test(reasoning_and_what_else_is_told),
        cmocka_unit_test(guardrails),
        cmocka_unit_test(usage_that_comes_twice),
        cmocka_unit_test(exceptions),
        cmocka_unit_test(exceptions_that_say_more_or_less),
        cmocka_unit_test(errors_instead_of_a_stream),
        cmocka_unit_test(events_that_nobody_knows),
        cmocka_unit_test(values_of_other_types_say_nothing),
        cmocka_unit_test(events_out_of_order),
        cmocka_unit_test(a_stream_cut_before_its_end),
        cmocka_unit_test(broken_frames),
        cmocka_unit_test(broken_payloads),
        cmocka_unit_test(large_frames),
        cmocka_unit_test(what_is_no_event_stream),
        cmocka_unit_test(payloads_with_random_damage_decode_the_same_at_all_cuts),
        cmocka_unit_test(requests),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
