/*
 * CO-2: what answers say, as pieces of content by choice, part and call, at all cuts. Each exchange is one of
 * the formats' fixtures; what is expected of it is in tests/fixtures/content/DIRECTORY.NAME.said.
 */
#include "support/support.h"
#include "wire/said.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/frames.h"
#include "wire/registry.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    return 0;
}

static const struct answer {
    const char *format, *directory, *name;
} answers[] = {
    {"openai.chat", "openai_chat", "tools.json"},
    {"openai.chat", "openai_chat", "tools.sse"},
    {"openai.chat", "openai_chat", "tools_without_index.sse"},
    {"openai.chat", "openai_chat", "tools_id_repeated.sse"},
    {"openai.chat", "openai_chat", "sorted_keys.sse"},
    {"openai.chat", "openai_chat", "choices.sse"},
    {"openai.chat", "openai_chat", "refusal.sse"},
    {"openai.chat", "openai_chat", "audio.json"},
    {"openai.chat", "openai_chat", "audio.sse"},
    {"openai.chat", "openai_chat", "images.json"},
    {"openai.chat", "openai_chat", "function_call.sse"},
    {"openai.chat", "openai_chat", "mistral.sse"},
    {"openai.completions", "openai_completions", "choices.sse"},
    {"openai.responses", "openai_responses", "stream.sse"},
    {"openai.responses", "openai_responses", "tools.sse"},
    {"openai.responses", "openai_responses", "sorted_keys.sse"},
    {"openai.responses", "openai_responses", "image.json"},
    {"openai.audio", "openai_audio", "stream.sse"},
    {"openai.audio", "openai_audio", "speech.sse"},
    {"anthropic.messages", "anthropic_messages", "tools.json"},
    {"anthropic.messages", "anthropic_messages", "tools.sse"},
    {"anthropic.messages", "anthropic_messages", "interleaved.sse"},
    {"gemini.generate_content", "gemini_generate_content", "thoughts.sse"},
    {"gemini.generate_content", "gemini_generate_content", "tools.sse"},
    {"gemini.generate_content", "gemini_generate_content", "tools_sorted.json"},
    {"gemini.generate_content", "gemini_generate_content", "candidates.sse"},
    {"gemini.generate_content", "gemini_generate_content", "media.sse"},
    {"bedrock.converse", "bedrock_converse", "tools.json"},
    {"bedrock.converse", "bedrock_converse", "reasoning.json"},
    {"bedrock.invoke", "bedrock_invoke", "anthropic.json"},
    {"bedrock.invoke", "bedrock_invoke", "nova.json"},
    {"cohere.v1_chat", "cohere_v1_chat", "tools.ndjson"},
    {"cohere.v1_chat", "cohere_v1_chat", "tools_whole.ndjson"},
    {"cohere.v2_chat", "cohere_v2_chat", "tools.json"},
    {"cohere.v2_chat", "cohere_v2_chat", "tools.sse"},
    {"ollama.chat", "ollama_chat", "tools.ndjson"},
    {"ollama.generate", "ollama_chat", "generate.ndjson"},
    {"elevenlabs.text_to_speech", "elevenlabs", "with_timestamps.json"},
    {"elevenlabs.speech_to_text", "elevenlabs", "channels.json"},
    {"deepgram.listen", "deepgram", "channels.json"},
    {"cartesia.speech", "cartesia_speech", "stream.sse"},
    {"assemblyai.transcript", "assemblyai_transcript", "completed.json"},
};

static void expect_said(const struct answer *a, const char *bytes, size_t n, enum gsp__framing framing)
{
    const struct gsp__format *format = gsp__registry_named(a->format);
    size_t n_expected;
    char path[1024], *expected;

    snprintf(path, sizeof path, "%s/content/%s.%s.said", GSP_TEST_FIXTURES, a->directory, a->name);
    expected = test_read_file(path, &n_expected);
    assert_non_null(format);
    for (size_t way = 0; way < 52 + n; way++) {
        const char *said = said_in_response(format, framing, bytes, n, cuts_of(way, n, &seed));

        if (n_expected != strlen(said) || memcmp(said, expected, n_expected) != 0) {
            print_message("%s, %s\n", a->format, a->name);
            assert_string_equal(said, expected);
        }
    }
    free(expected);
}

static void answers_of_all_formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        const struct answer *a = &answers[i];
        enum gsp__framing framing;
        char *bytes;
        size_t n;

        decode_as(gsp__registry_named(a->format), NULL, a->directory);
        bytes = read_fixture(a->name, &n, &framing);
        expect_said(a, bytes, n, framing);
        free(bytes);
    }
}

/* CO-1: what is off is not kept. */
static void nothing_is_kept_where_capture_is_off(void **state)
{
    static const struct answer secrets[] = {
        {"openai.chat", "openai_chat", "sorted_keys.sse"},
        {"openai.chat", "openai_chat", "images.json"},
        {"openai.responses", "openai_responses", "sorted_keys.sse"},
        {"openai.responses", "openai_responses", "image.json"},
        {"gemini.generate_content", "gemini_generate_content", "tools_sorted.json"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        const struct answer *a = &secrets[i];
        enum gsp__framing framing;
        char *bytes;
        size_t n;

        decode_as(gsp__registry_named(a->format), NULL, a->directory);
        bytes = read_fixture(a->name, &n, &framing);
        assert_non_null(memmem(bytes, n, "s3cret", 6));
        expect_not_kept_of_response(gsp__registry_named(a->format), framing, bytes, n, "s3cret");
        free(bytes);
    }
}

/* Frames of AWS: the events of a stream, and those of another vendor in them. */
static void answers_in_frames(void **state)
{
    static const struct answer converse = {"bedrock.converse_stream", "bedrock_converse", "stream"},
                               invoke = {"bedrock.invoke", "bedrock_invoke", "stream"};
    struct gsp__buffer b = {0};

    (void)state;
    frames_add_event(&b, "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Two \"}}");
    frames_add_event(
        &b, "contentBlockStart",
        "{\"contentBlockIndex\":1,\"start\":{\"toolUse\":{\"name\":\"f\",\"toolUseId\":\"t1\"}}}");
    frames_add_event(
        &b, "contentBlockStart",
        "{\"start\":{\"toolUse\":{\"name\":\"g\",\"toolUseId\":\"t2\"}},\"contentBlockIndex\":2}");
    frames_add_event(&b, "contentBlockDelta",
                     "{\"delta\":{\"toolUse\":{\"input\":\"{\\\"a\\\":\"}},\"contentBlockIndex\":1}");
    frames_add_event(&b, "contentBlockDelta",
                     "{\"contentBlockIndex\":2,\"delta\":{\"toolUse\":{\"input\":\"{}\"}}}");
    frames_add_event(&b, "contentBlockDelta",
                     "{\"contentBlockIndex\":1,\"delta\":{\"toolUse\":{\"input\":\"1}\"}}}");
    frames_add_event(&b, "contentBlockDelta",
                     "{\"contentBlockIndex\":3,\"delta\":{\"reasoningContent\":{\"text\":\"Hm\"}}}");
    expect_said(&converse, b.data, b.n, GSP__FRAMING_EVENTSTREAM);
    gsp__buffer_deinit(&b);

    frames_add_chunk(&b,
                     "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\","
                     "\"id\":\"toolu_1\",\"name\":\"f\",\"input\":{}}}");
    frames_add_chunk(&b,
                     "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\","
                     "\"partial_json\":\"{}\"}}");
    frames_add_chunk(&b, "{\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"text_delta\","
                         "\"text\":\"Gr\u00fc\u00dfe\"}}");
    expect_said(&invoke, b.data, b.n, GSP__FRAMING_EVENTSTREAM);
    gsp__buffer_deinit(&b);
}

/* Audio as it is: its type stands in the head, its size is known at the end. */
static void raw_audio(void **state)
{
    static const struct answer raw = {"openai.audio", "openai_audio", "raw"};

    (void)state;
    expect_said(&raw, "ID3-audio", 9, GSP__FRAMING_RAW);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_all_formats),
        cmocka_unit_test(answers_in_frames),
        cmocka_unit_test(raw_audio),
        cmocka_unit_test(nothing_is_kept_where_capture_is_off),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
