/*
 * CO-2: what requests say, as pieces of content: messages, instructions, tools and media, at all cuts, for
 * each format. Each NAME.json in tests/fixtures/content has what is expected of it in NAME.said.
 */
#include "support/support.h"
#include "wire/said.h"

#include <jansson.h>
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_all_cuts),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
