/*
 * CO-2: what requests say, as pieces of content: messages, instructions, tools and media, at all cuts, for
 * each format. Each NAME.json in tests/fixtures/content has what is expected of it in NAME.said.
 */
#include "support/support.h"
#include "wire/said.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/registry.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    return 0;
}

static const struct request {
    const char *format, *file;
} requests[] = {
    {"openai.chat", "openai_chat.json"},
    {"openai.completions", "openai_completions.json"},
    {"openai.completions", "openai_completions_list.json"},
    {"openai.completions", "openai_completions_tokens.json"},
    {"openai.responses", "openai_responses.json"},
    {"openai.responses", "openai_responses_text.json"},
    {"openai.embeddings", "openai_embeddings.json"},
    {"openai.audio", "openai_speech.json"},
    {"openai.audio", "openai_transcription.form"},
    {"anthropic.messages", "anthropic_messages.json"},
    {"anthropic.messages", "anthropic_messages_text.json"},
    {"gemini.generate_content", "gemini_generate_content.json"},
    {"bedrock.converse", "bedrock_converse.json"},
    {"bedrock.converse_stream", "bedrock_converse.json"},
    {"bedrock.invoke", "anthropic_messages.json"},
    {"bedrock.invoke", "bedrock_invoke_nova.json"},
    {"cohere.v1_chat", "cohere_v1_chat.json"},
    {"cohere.v2_chat", "cohere_v2_chat.json"},
    {"ollama.chat", "ollama_chat.json"},
    {"ollama.generate", "ollama_generate.json"},
    {"deepgram.listen", "deepgram_listen.json"},
    {"deepgram.speak", "deepgram_speak.json"},
    {"elevenlabs.text_to_speech", "elevenlabs_text_to_speech.json"},
    {"elevenlabs.speech_to_text", "elevenlabs_speech_to_text.form"},
    {"cartesia.speech", "cartesia_speech.json"},
    {"assemblyai.transcript", "assemblyai_transcript.json"},
};

#define N_REQUESTS (sizeof requests / sizeof requests[0])

static char *read_file(const char *file, const char *ending, size_t *n)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/content/%.*s%s", GSP_TEST_FIXTURES,
             (int)(ending ? strcspn(file, ".") : strlen(file)), file, ending ? ending : "");
    return test_read_file(path, n);
}

static void at_all_cuts(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_REQUESTS; i++) {
        const struct gsp__format *format = gsp__registry_named(requests[i].format);
        size_t n, n_expected;
        char *bytes = read_file(requests[i].file, NULL, &n);
        char *expected = read_file(requests[i].file, ".said", &n_expected);

        assert_non_null(format);
        for (size_t way = 0; way < 52 + n; way++) {
            const char *said = said_in_request(format, NULL, bytes, n, cuts_of(way, n, &seed));

            if (n_expected != strlen(said) || memcmp(said, expected, n_expected) != 0) {
                print_message("%s, %s\n", requests[i].format, requests[i].file);
                assert_string_equal(said, expected);
            }
        }
        free(bytes);
        free(expected);
    }
}

/* CO-1: what is off is not even kept for a moment longer than its bytes. */
static void nothing_is_kept_where_capture_is_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_REQUESTS; i++) {
        size_t n;
        char *bytes = read_file(requests[i].file, NULL, &n);

        expect_not_kept_of_request(gsp__registry_named(requests[i].format), bytes, n, "s3cret");
        free(bytes);
    }
}

static void expect_said(const char *format, const char *request, const char *expected)
{
    size_t n = strlen(request);

    for (size_t way = 0; way < 52 + n; way++) {
        const char *said =
            said_in_request(gsp__registry_named(format), NULL, request, n, cuts_of(way, n, &seed));

        if (strcmp(said, expected) != 0) {
            print_message("%s\n", request);
            assert_string_equal(said, expected);
        }
    }
}

/* A URL is a reference, or its bytes stay where they are; what it is a piece of comes with it. */
static void inline_bytes_never_leave(void **state)
{
    static const struct {
        const char *url, *expected;
    } cases[] = {
        {"data:image/png;base64,c2VjcmV0", "mime \"image/png\"\ninput[0].0 size 6\n"},
        {"DATA:image/png;charset=x;Base64,c2VjcmV0cw==", "mime \"image/png\"\ninput[0].0 size 7\n"},
        {"\\n data:image/gif;base64,c2Vj\\r\\ncmV0", "mime \"image/gif\"\ninput[0].0 size 6\n"},
        {"data:text/plain,a%20secret", "mime \"text/plain\"\ninput[0].0 size 8\n"},
        {"data:text/plain;base64;x,secret", "mime \"text/plain\"\ninput[0].0 size 6\n"},
        {"data:;base64,c2VjcmV0", "size 6\n"},
        {"data:,secret", "size 6\n"},
        {"data:image/png;base64", "mime \"image/png\"\ninput[0].0 size 0\n"},
        {"data:", "size 0\n"},
        {"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAf", "size 30\n"},
        {"c2VjcmV0", "size 6\n"},
        {"/9j/4AAQ", "size 6\n"},
        {"c2VjcmV0cw==", "size 7\n"},
        {"https://example.com/a?b=data:image/png;base64,c2Vj",
         "uri \"https://example.com/a?b=data:image/png;base64,c2Vj\"\n"},
        {"dat:a", "uri \"dat:a\"\n"},
        {"datas:a", "uri \"datas:a\"\n"},
        {"file:///tmp/a \\u00fc", "uri \"file:///tmp/a \xc3\xbc\"\n"},
        {"", ""},
        {" ", ""},
    };
    char request[512], expected[512];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(request, sizeof request,
                 "{\"messages\":[{\"role\":\"user\",\"content\":[{\"image_url\":{\"url\":\"%s\"}}]}]}",
                 cases[i].url);
        snprintf(expected, sizeof expected, "input[0] role \"user\"\ninput[0].0 modality \"image\"\n%s%s",
                 *cases[i].expected ? "input[0].0 " : "", cases[i].expected);
        expect_said("openai.chat", request, expected);
    }
}

/* What a text is may stand behind it. */
static void keys_come_in_any_order(void **state)
{
    (void)state;
    expect_said(
        "openai.chat",
        "{\"messages\":[{\"content\":\"4 \\u00b0C\",\"tool_call_id\":\"c1\",\"role\":\"tool\"},"
        "{\"content\":[{\"text\":\"so\",\"type\":\"text\"}],\"name\":\"f\",\"role\":\"function\"}]}",
        "input[0] role \"tool\"\ninput[0].1 response_id \"c1\"\ninput[0].1 response \"4 \xc2\xb0\x43\"\n"
        "input[1] role \"tool\"\ninput[1] name \"f\"\ninput[1].1 response \"so\"\n");
    expect_said(
        "anthropic.messages",
        "{\"messages\":[{\"content\":[{\"content\":\"4\",\"tool_use_id\":\"t\",\"type\":\"tool_result\"},"
        "{\"source\":{\"data\":\"plain\",\"media_type\":\"text/"
        "plain\",\"type\":\"text\"},\"type\":\"document\"},"
        "{\"source\":{\"type\":\"url\",\"url\":\"https://a/b\"},\"type\":\"image\"},"
        "{\"id\":\"t2\",\"input\":{},\"name\":\"f\",\"type\":\"tool_use\"}],\"role\":\"user\"}]}",
        "input[0] role \"user\"\ninput[0].0 response_id \"t\"\ninput[0].0 response \"4\"\n"
        "input[0].1 modality \"document\"\ninput[0].1 mime \"text/plain\"\ninput[0].1 size 5\n"
        "input[0].2 modality \"image\"\ninput[0].2 uri \"https://a/b\"\n"
        "input[0].3 call_id \"t2\"\ninput[0].3 call_name \"f\"\ninput[0].3 arguments \"{}\"\n");
    expect_said("openai.responses",
                "{\"input\":[{\"call_id\":\"c1\",\"output\":\"4\",\"type\":\"function_call_output\"},"
                "{\"call_id\":\"c2\",\"name\":\"f\",\"arguments\":\"{}\",\"type\":\"function_call\"}]}",
                "input[0] role \"tool\"\ninput[0].0 response_id \"c1\"\ninput[0].0 response \"4\"\n"
                "input[1] role \"assistant\"\ninput[1].0 call_id \"c2\"\ninput[1].0 call_name \"f\"\n"
                "input[1].0 arguments \"{}\"\n");
}

static void what_has_no_shape_says_nothing(void **state)
{
    (void)state;
    expect_said("openai.chat",
                "{\"messages\":[null,1,\"x\",[{\"role\":\"user\"}],{}],\"tools\":[null,\"x\",[1],{\"a\":1}]}",
                "tools[2].0 json \"[1]\"\ntools[3].0 json \"{\"a\":1}\"\n");
    expect_said("openai.chat",
                "{\"messages\":{\"role\":\"user\",\"content\":{\"text\":\"one\"}},\"tools\":{\"a\":1}}",
                "input[0] role \"user\"\ninput[0].0 text \"one\"\ntools[0].0 json \"{\"a\":1}\"\n");
    expect_said(
        "openai.chat",
        "{\"messages\":[{\"role\":1,\"content\":2,\"name\":null,\"tool_calls\":[{\"id\":5,\"function\":[]}]},"
        "{\"content\":[\"a\",\"b\",3,{\"text\":null}]}]}",
        "input[0] role \"user\"\ninput[1] role \"user\"\ninput[1].0 text \"a\"\ninput[1].1 text \"b\"\n");
    expect_said("anthropic.messages",
                "{\"system\":null,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":5,\"text\":6,"
                "\"source\":\"x\",\"input\":\"raw\"}]}]}",
                "input[0] role \"user\"\ninput[0].0 arguments \"raw\"\n");
    expect_said("gemini.generate_content",
                "{\"contents\":{\"parts\":{\"thought\":1,\"text\":\"x\",\"inlineData\":{}}}}",
                "input[0] role \"user\"\ninput[0].0 text \"x\"\n");
    expect_said("openai.completions", "{\"prompt\":[[1,2],[\"a\"],{\"b\":\"c\"},\"\"]}",
                "input[0] role \"user\"\ninput[0].0 text \"a\"\ninput[1] role \"user\"\n");
    expect_said("openai.chat", "{\"messages\":[{\"role\":\"user\",\"content\":\"broken o",
                "input[0] role \"user\"\ninput[0].0 text \"broken o\"\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_all_cuts),
        cmocka_unit_test(nothing_is_kept_where_capture_is_off),
        cmocka_unit_test(inline_bytes_never_leave),
        cmocka_unit_test(keys_come_in_any_order),
        cmocka_unit_test(what_has_no_shape_says_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
