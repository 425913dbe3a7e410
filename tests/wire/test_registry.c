/*
 * Which format an exchange has: by host and path, by a header, else by the shape of its response.
 */
#include "wire/registry.h"

#include "support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exchange_line.h"
#include "wire/frames.h"

struct route {
    const char *host, *path;
    const char *expected; /* NULL: none that we know */
};

static void check(const struct route *routes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct route *r = &routes[i];
        const struct gsp__format *format =
            gsp__registry_find(r->host, strlen(r->host), r->path, strlen(r->path));

        if ((!format) != (!r->expected) || (format && strcmp(format->name, r->expected) != 0))
            fail_msg("%s%s is %s", r->host, r->path, format ? format->name : "none");
    }
}

#define CHECK(routes) check(routes, sizeof(routes) / sizeof(routes)[0])

/* OpenAI's formats are spoken at many places: their paths are telling. */
static void openai_and_those_who_speak_like_it(void **state)
{
    static const struct route routes[] = {
        {"api.openai.com", "/v1/chat/completions", "openai.chat"},
        {"api.openai.com", "/v1/completions", "openai.completions"},
        {"api.openai.com", "/v1/responses", "openai.responses"},
        {"api.openai.com", "/v1/embeddings", "openai.embeddings"},
        {"api.openai.com", "/v1/audio/transcriptions", "openai.audio"},
        {"api.openai.com", "/v1/audio/translations", "openai.audio"},
        {"api.openai.com", "/v1/audio/speech", "openai.audio"},
        {"eu.api.openai.com", "/v1/responses?x=1", "openai.responses"},
        {"r.openai.azure.com", "/openai/deployments/d/chat/completions?api-version=2024-10-21",
         "openai.chat"},
        {"r.openai.azure.com", "/openai/deployments/d/completions?api-version=1", "openai.completions"},
        {"r.openai.azure.com", "/openai/deployments/d/embeddings", "openai.embeddings"},
        {"r.openai.azure.com", "/openai/deployments/d/audio/transcriptions", "openai.audio"},
        {"r.openai.azure.com", "/openai/responses?api-version=preview", "openai.responses"},
        {"r.openai.azure.com", "/openai/v1/chat/completions", "openai.chat"},
        {"r.openai.azure.com", "/openai/v1/responses", "openai.responses"},
        {"r.services.ai.azure.com", "/models/chat/completions?api-version=1", "openai.chat"},
        {"api.groq.com", "/openai/v1/chat/completions", "openai.chat"},
        {"api.groq.com", "/openai/v1/audio/transcriptions", "openai.audio"},
        {"api.mistral.ai", "/v1/chat/completions", "openai.chat"},
        {"api.mistral.ai", "/v1/embeddings", "openai.embeddings"},
        {"openrouter.ai", "/api/v1/chat/completions", "openai.chat"},
        {"openrouter.ai", "/api/v1/responses", "openai.responses"},
        {"api.deepseek.com", "/chat/completions", "openai.chat"},
        {"api.deepseek.com", "/beta/completions", "openai.completions"},
        {"api.deepseek.com", "/responses", "openai.responses"},
        {"api.cerebras.ai", "/v1/chat/completions", "openai.chat"},
        {"api.perplexity.ai", "/chat/completions", "openai.chat"},
        {"api.fireworks.ai", "/inference/v1/chat/completions", "openai.chat"},
        {"generativelanguage.googleapis.com", "/v1beta/openai/chat/completions", "openai.chat"},
        {"localhost:8000", "/v1/chat/completions", "openai.chat"},  /* vLLM */
        {"127.0.0.1:8080", "/v1/chat/completions", "openai.chat"},  /* llama.cpp */
        {"localhost:11434", "/v1/chat/completions", "openai.chat"}, /* Ollama's other door */
        {"[::1]:8000", "/v1/completions", "openai.completions"},
        {"", "/v1/chat/completions", "openai.chat"},
        {"", "/chat/completions", "openai.chat"},
        {"", "/api/v1/chat/completions?", "openai.chat"},
        {"API.OpenAI.COM", "/v1/chat/completions", "openai.chat"},
    };

    (void)state;
    CHECK(routes);
}

static void anthropic_google_and_amazon(void **state)
{
    static const struct route routes[] = {
        {"api.anthropic.com", "/v1/messages", "anthropic.messages"},
        {"api.anthropic.com", "/v1/messages?beta=true", "anthropic.messages"},
        {"API.Anthropic.com:443", "/v1/messages", "anthropic.messages"},
        {"r.services.ai.azure.com", "/anthropic/v1/messages", "anthropic.messages"},
        {"us-east5-aiplatform.googleapis.com",
         "/v1/projects/p/locations/us-east5/publishers/anthropic/models/m:rawPredict", "anthropic.messages"},
        {"us-east5-aiplatform.googleapis.com",
         "/v1/projects/p/locations/us-east5/publishers/anthropic/models/m:streamRawPredict",
         "anthropic.messages"},
        {"generativelanguage.googleapis.com", "/v1beta/models/m:generateContent", "gemini.generate_content"},
        {"generativelanguage.googleapis.com", "/v1beta/models/m:streamGenerateContent?alt=sse",
         "gemini.generate_content"},
        {"aiplatform.googleapis.com", "/v1/publishers/google/models/m:generateContent",
         "gemini.generate_content"},
        {"us-central1-aiplatform.googleapis.com",
         "/v1beta1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent",
         "gemini.generate_content"},
        {"bedrock-runtime.us-east-1.amazonaws.com", "/model/m/converse", "bedrock.converse"},
        {"bedrock-runtime.us-east-1.amazonaws.com", "/model/a.b-v1%3A0/converse-stream",
         "bedrock.converse_stream"},
        {"bedrock-runtime.us-east-1.amazonaws.com", "/model/m/invoke", "bedrock.invoke"},
        {"bedrock-runtime.us-east-1.amazonaws.com", "/model/m/invoke-with-response-stream", "bedrock.invoke"},
        {"vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "/model/m/converse", "bedrock.converse"},
        {"", "/model/arn:aws:bedrock:us-east-1:1:inference-profile/p/converse", "bedrock.converse"},
    };

    (void)state;
    CHECK(routes);
}

static void cohere_ollama_and_speech(void **state)
{
    static const struct route routes[] = {
        {"api.cohere.com", "/v1/chat", "cohere.v1_chat"},
        {"api.cohere.ai", "/v1/chat", "cohere.v1_chat"},
        {"api.cohere.com", "/v2/chat", "cohere.v2_chat"},
        {"localhost:11434", "/api/chat", "ollama.chat"},
        {"[::1]:11434", "/api/generate", "ollama.generate"},
        {"ollama.com", "/api/chat", "ollama.chat"},
        {"ollama.internal.example:80", "/api/generate", "ollama.generate"},
        {"api.deepgram.com", "/v1/listen?model=nova-3", "deepgram.listen"},
        {"api.deepgram.com", "/v1/speak?model=aura", "deepgram.speak"},
        {"api.elevenlabs.io", "/v1/text-to-speech/voice", "elevenlabs.text_to_speech"},
        {"api.us.elevenlabs.io", "/v1/text-to-speech/voice/stream?output_format=pcm",
         "elevenlabs.text_to_speech"},
        {"api.elevenlabs.io", "/v1/text-to-speech/voice/with-timestamps", "elevenlabs.text_to_speech"},
        {"api.elevenlabs.io", "/v1/speech-to-text", "elevenlabs.speech_to_text"},
        {"api.cartesia.ai", "/tts/bytes", "cartesia.speech"},
        {"api.cartesia.ai", "/tts/sse", "cartesia.speech"},
        {"api.cartesia.ai", "/stt", "cartesia.speech"},
        {"api.assemblyai.com", "/v2/transcript", "assemblyai.transcript"},
        {"api.eu.assemblyai.com", "/v2/transcript/id", "assemblyai.transcript"},
    };

    (void)state;
    CHECK(routes);
}

/* What is no format that we know is passed over, never guessed. */
static void unknown_traffic(void **state)
{
    static const struct route routes[] = {
        {"", "", NULL},
        {"", "/", NULL},
        {"", "?", NULL},
        {"api.openai.com", "/", NULL},
        {"api.openai.com", "/v1/models", NULL},
        {"api.openai.com", "/v1/models?next=/chat/completions", NULL},
        {"api.openai.com", "/v1/chat/completions/x", NULL},
        {"api.openai.com", "/v1/chat/completion", NULL},
        {"api.openai.com", "chat/completions", NULL},
        {"api.openai.com", "/v1/nochat/completions", NULL},
        {"api.openai.com", "/v1/responses/resp_1/input_items", NULL},
        {"api.openai.com", "/v1/images/generations", NULL},
        {"api.openai.com", "/completions", NULL},
        {"shop.example", "/responses", NULL},
        {"shop.example", "/v1/chat", NULL},
        {"shop.example", "/v1/messages", NULL},
        {"shop.example", "/api/chat", NULL},
        {"shop.example", "/api/generate", NULL},
        {"shop.example", "/stt", NULL},
        {"shop.example", "/v1/listen", NULL},
        {"shop.example", "/v2/transcript", NULL},
        {"api.anthropic.com", "/v1/messages/count_tokens", NULL},
        {"api.anthropic.com", "/v1/messages/batches", NULL},
        {"api.anthropic.com.shop.example", "/v1/messages", NULL},
        {"anthropic.example", "/v1/messages", NULL},
        {"generativelanguage.googleapis.com", "/v1beta/models/m:countTokens", NULL},
        {"generativelanguage.googleapis.com", "/v1beta/models/m:generateContents", NULL},
        {"us-east5-aiplatform.googleapis.com", "/v1/publishers/other/models/m:rawPredict", NULL},
        {"bedrock-runtime.us-east-1.amazonaws.com", "/model/m/count-tokens", NULL},
        {"bedrock-runtime.us-east-1.amazonaws.com", "/model/converse", NULL},
        {"api.cohere.com", "/v2/embed", NULL},
        {"api.deepgram.com", "/v1/projects", NULL},
        {"api.elevenlabs.io", "/v1/text-to-speech", NULL},
        {"api.cartesia.ai", "/voices", NULL},
        {"api.assemblyai.com", "/v2/transcripts", NULL},
    };

    (void)state;
    CHECK(routes);
}

static const char *name_by_header(const char *name, const char *path)
{
    const struct gsp__format *format = gsp__registry_find_by_header(name, strlen(name), path, strlen(path));

    return format ? format->name : "none";
}

/* Anthropic's clients say so, wherever they send it. */
static void formats_by_a_header_of_the_request(void **state)
{
    (void)state;
    assert_string_equal(name_by_header("Anthropic-Version", "/proxy/v1/messages?x"), "anthropic.messages");
    assert_string_equal(name_by_header("anthropic-version", "/v1/messages/count_tokens"), "none");
    assert_string_equal(name_by_header("anthropic-versions", "/v1/messages"), "none");
    assert_string_equal(name_by_header("content-type", "/v1/messages"), "none");
    assert_string_equal(name_by_header("", ""), "none");
}

static void formats_by_name(void **state)
{
    size_t n = 0;

    (void)state;
    assert_ptr_equal(gsp__registry_named("openai.chat"), gsp__registry_find("", 0, "/chat/completions", 17));
    assert_null(gsp__registry_named("openai.cha"));
    assert_null(gsp__registry_named(""));
    for (const struct gsp__format *format; (format = gsp__registry_at(n)); n++) {
        assert_ptr_equal(gsp__registry_named(format->name), format); /* each name once */
        assert_non_null(format->operation);
        assert_non_null(format->provider);
        assert_non_null(format->response);
        for (size_t i = 0; i < n; i++)
            assert_ptr_not_equal(gsp__registry_at(i), format);
    }
    assert_true(n >= 20);
    assert_null(gsp__registry_at(n));
    assert_null(gsp__registry_at(SIZE_MAX));
}

/* Of a block of its own, so that reading outside shows. */
static const char *shape_of(const char *bytes, size_t n)
{
    char *copy = malloc(n);
    const struct gsp__format *format;

    if (n)
        memcpy(copy, bytes, n);
    format = gsp__registry_find_by_shape(copy, n);
    free(copy);
    return format ? format->name : "none";
}

static void formats_by_shape(void **state)
{
    static const struct {
        const char *body, *expected;
    } cases[] = {
        {"{\"id\":\"c\",\"object\":\"chat.completion\",\"choices\":[]}", "openai.chat"},
        {"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\"}\n\n", "openai.chat"},
        {"{\n  \"id\" : \"c\",\n\t\"object\" :\r\n \"chat.completion\"}", "openai.chat"},
        {"{\"id\":\"c\",\"object\":\"text_completion\"}", "openai.completions"},
        {"{\"object\":\"list\",\"data\":[{\"object\":\"embedding\"}]}", "openai.embeddings"},
        {"{\"id\":\"r\",\"object\":\"response\",\"output\":[{\"type\":\"message\",\"role\":\"assistant\"}]}",
         "openai.responses"},
        {"event: response.created\ndata: {\"type\":\"response.created\"}\n\n", "openai.responses"},
        {"data: {\"type\":\"transcript.text.delta\",\"delta\":\"a\"}\n\n", "openai.audio"},
        {"data: {\"type\":\"speech.audio.delta\",\"audio\":\"\"}\n\n", "openai.audio"},
        {"event: message_start\ndata: {\"type\":\"message_start\"}\n\n", "anthropic.messages"},
        {"{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[]}", "anthropic.messages"},
        {"data: {\"candidates\": [{\"content\": {\"parts\": []}}]}\n\n", "gemini.generate_content"},
        {"[{\n  \"candidates\": [\n    {\n      \"content\": {}}]}]", "gemini.generate_content"},
        {"{\"usageMetadata\":{\"trafficType\":\"ON_DEMAND\"}}", "gemini.generate_content"},
        {"{\"usageMetadata\":{\"promptTokenCount\":1}}", "gemini.generate_content"},
        {"{\"metrics\":{\"latencyMs\":5},\"output\":{}}", "bedrock.converse"},
        {"{\"is_finished\":false,\"event_type\":\"stream-start\"}", "cohere.v1_chat"},
        {"{\"response_id\":\"r\",\"text\":\"t\",\"generation_id\":\"g\"}", "cohere.v1_chat"},
        {"data: {\"id\":\"i\",\"type\":\"message-start\"}", "cohere.v2_chat"},
        {"{\"finish_reason\":\"COMPLETE\",\"message\":{}}", "cohere.v2_chat"},
        {"{\"finish_reason\":\"TOOL_CALL\",\"id\":\"i\",\"message\":{}}", "cohere.v2_chat"},
        {"{\"model\":\"m\",\"created_at\":\"2026\",\"message\":{\"role\":\"assistant\"}}", "ollama.chat"},
        {"{\"model\":\"m\",\"created_at\":\"2026\",\"response\":\"a\"}", "ollama.generate"},
        {"{\"metadata\":{\"transaction_key\":\"deprecated\"}}", "deepgram.listen"},
        {"{\"language_code\":\"en\",\"language_probability\":1}", "elevenlabs.speech_to_text"},
        {"{\"id\":\"i\",\"acoustic_model\":\"assemblyai_default\"}", "assemblyai.transcript"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(shape_of(cases[i].body, strlen(cases[i].body)), cases[i].expected) != 0)
            fail_msg("%s is %s", cases[i].body, shape_of(cases[i].body, strlen(cases[i].body)));
}

static void shapes_of_nothing_that_is_known(void **state)
{
    static const char *const cases[] = {
        "",
        "{}",
        "\"",
        "\"object\"",
        "{\"object\":\"chat.completio",
        "{\"object\":\"list\",\"data\":[]}",
        "{\"object\" \"chat.completion\"}",
        "{\"ob ject\":\"chat.completion\"}",
        "{\"object\":\" chat.completion\"}",
        "{\"text\":\"\\\"object\\\":\\\"chat.completion\\\"\"}", /* said by somebody */
        "{\"type\":\"message\",\"id\":\"m\",\"role\":\"assistant\"}",
        "{\"created_at\":\"2026\",\"name\":\"n\"}",
        "{\"created_at\":1,\"message\":{\"role\":\"assistant\"}}",
        "{\"message\":{\"role\":\"assistant\"},\"created_at\":\"2026\"}",
        "{\"finish_reason\":\"COMPLETE\"}",
        "{\"response_id\":\"r\"}",
        "{\"output\":{\"message\":{\"content\":[]}}}", /* Converse's, and a Nova's own */
        "<html><body class=\"x\">",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(shape_of(cases[i], strlen(cases[i])), "none") != 0)
            fail_msg("%s is %s", cases[i], shape_of(cases[i], strlen(cases[i])));
}

static void an_event_stream_by_its_first_event(void **state)
{
    struct gsp__buffer b = {0};
    size_t n_headers;

    (void)state;
    frames_add_event(&b, "messageStart", "{\"role\":\"assistant\"}");
    n_headers = (size_t)(unsigned char)b.data[7];
    assert_string_equal(shape_of(b.data, b.n), "bedrock.converse_stream");
    assert_string_equal(shape_of(b.data, 12 + n_headers), "bedrock.converse_stream");
    assert_string_equal(shape_of(b.data, 20), "none");
    b.data[0] = 2; /* no length of a frame */
    assert_string_equal(shape_of(b.data, b.n), "none");
    gsp__buffer_clear(&b);
    frames_add_event(&b, "chunk", "{\"bytes\":\"\"}");
    assert_string_equal(shape_of(b.data, b.n), "none");
    gsp__buffer_clear(&b);
    frames_add_event(&b, "messageStarts", "{}");
    assert_string_equal(shape_of(b.data, b.n), "none");
    gsp__buffer_deinit(&b);
}

/* How much of a body is seen makes its shape known, or not yet; never another. Returns what all of it tells.
 */
static bool check_shape(json_t *line, const char *expected)
{
    static const size_t sizes[] = {64, 300, 1024, 16384};
    struct gsp__exchange_line l;
    bool is_told = false;

    assert_true(gsp__exchange_line_open(&l, line));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = l.x.n_response_body < sizes[i] ? l.x.n_response_body : sizes[i];
        const char *told = shape_of(l.x.response_body, n);

        is_told = strcmp(told, "none") != 0;
        if (is_told && strcmp(told, expected) != 0)
            fail_msg("%s: thought to be %s", json_string_value(json_object_get(line, "id")), told);
    }
    gsp__exchange_line_close(&l);
    return is_told;
}

static void shapes_of_the_corpus(void **state)
{
    const char *readme = test_shared_file("corpus/README.md");
    const struct gsp__format *format;
    size_t n_told = 0, n_all = 0, cap = 0;
    char *text = NULL;

    (void)state;
    if (!readme)
        skip();
    for (size_t i = 0; (format = gsp__registry_at(i)); i++) {
        char path[1200];
        FILE *f;

        snprintf(path, sizeof path, "%.*s/%s.jsonl", (int)(strrchr(readme, '/') - readme), readme,
                 format->name);
        f = fopen(path, "r"); /* not every format is there */
        while (f && getline(&text, &cap, f) > 0) {
            json_t *line = json_loads(text, 0, NULL);

            assert_non_null(line);
            n_told += check_shape(line, format->name);
            n_all++;
            json_decref(line);
        }
        if (f)
            fclose(f);
    }
    free(text);
    print_message("told by shape: %zu of %zu\n", n_told, n_all);
    assert_true(n_told > n_all / 2);
}

/* A NUL is a character like others: found by fuzzing. */
static void a_nul_in_the_path_ends_nothing(void **state)
{
    (void)state;
    assert_null(gsp__registry_find("api.openai.com", 14, "/v1/chat/completions\0\0\0", 23));
    assert_null(gsp__registry_find("\0\0", 2, "\0", 1));
    assert_ptr_equal(gsp__registry_find("", 0, "/\0/chat/completions", 19),
                     gsp__registry_named("openai.chat"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openai_and_those_who_speak_like_it),
        cmocka_unit_test(anthropic_google_and_amazon),
        cmocka_unit_test(cohere_ollama_and_speech),
        cmocka_unit_test(unknown_traffic),
        cmocka_unit_test(formats_by_a_header_of_the_request),
        cmocka_unit_test(formats_by_name),
        cmocka_unit_test(formats_by_shape),
        cmocka_unit_test(shapes_of_nothing_that_is_known),
        cmocka_unit_test(an_event_stream_by_its_first_event),
        cmocka_unit_test(shapes_of_the_corpus),
        cmocka_unit_test(a_nul_in_the_path_ends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
