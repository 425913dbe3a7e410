/*
 * The registry of formats.
 *
 * Rows are tried from the top; the first whose host and path match is it. In a pattern a star stands for any
 * characters, also none. A host is compared without its port, unless the pattern has one; NULL is any host:
 * the path alone is telling.
 */
#include "wire/registry.h"

#include <string.h>

#include "base/compiler.h"
#include "wire/anthropic_messages.h"
#include "wire/assemblyai_transcript.h"
#include "wire/bedrock_converse.h"
#include "wire/bedrock_converse_stream.h"
#include "wire/bedrock_invoke.h"
#include "wire/cartesia_speech.h"
#include "wire/cohere_v1_chat.h"
#include "wire/cohere_v2_chat.h"
#include "wire/deepgram_listen.h"
#include "wire/deepgram_speak.h"
#include "wire/elevenlabs_speech_to_text.h"
#include "wire/elevenlabs_text_to_speech.h"
#include "wire/gemini_generate_content.h"
#include "wire/ollama_chat.h"
#include "wire/ollama_generate.h"
#include "wire/openai_audio.h"
#include "wire/openai_chat.h"
#include "wire/openai_completions.h"
#include "wire/openai_embeddings.h"
#include "wire/openai_responses.h"

static const struct {
    const char *host;
    const char *path;
    const struct gsp__format *format;
} routes[] = {
    {NULL, "*/chat/completions", &gsp__openai_chat},
    {NULL, "*/v1/completions", &gsp__openai_completions},
    {NULL, "*/openai/deployments/*/completions", &gsp__openai_completions},
    {"api.deepseek.com", "/beta/completions", &gsp__openai_completions},
    {NULL, "*/v1/embeddings", &gsp__openai_embeddings},
    {NULL, "*/openai/deployments/*/embeddings", &gsp__openai_embeddings},
    {NULL, "*/openai/embeddings", &gsp__openai_embeddings},
    {NULL, "*/v1/responses", &gsp__openai_responses},
    {NULL, "*/openai/responses", &gsp__openai_responses},
    {"api.deepseek.com", "/responses", &gsp__openai_responses},
    {"chatgpt.com", "/backend-api/codex/responses", &gsp__openai_responses},
    {NULL, "*/audio/transcriptions", &gsp__openai_audio},
    {NULL, "*/audio/translations", &gsp__openai_audio},
    {NULL, "*/audio/speech", &gsp__openai_audio},
    {"*.anthropic.com", "/v1/messages", &gsp__anthropic_messages},
    {NULL, "*/anthropic/v1/messages", &gsp__anthropic_messages},
    {NULL, "*/publishers/anthropic/models/*awPredict", &gsp__anthropic_messages},
    {NULL, "*:generateContent", &gsp__gemini_generate_content},
    {NULL, "*:streamGenerateContent", &gsp__gemini_generate_content},
    {NULL, "/model/*/converse", &gsp__bedrock_converse},
    {NULL, "/model/*/converse-stream", &gsp__bedrock_converse_stream},
    {NULL, "/model/*/invoke", &gsp__bedrock_invoke},
    {NULL, "/model/*/invoke-with-response-stream", &gsp__bedrock_invoke},
    {"api.cohere.*", "/v1/chat", &gsp__cohere_v1_chat},
    {"api.cohere.*", "/v2/chat", &gsp__cohere_v2_chat},
    {"*:11434", "/api/chat", &gsp__ollama_chat},
    {"*ollama*", "/api/chat", &gsp__ollama_chat},
    {"*:11434", "/api/generate", &gsp__ollama_generate},
    {"*ollama*", "/api/generate", &gsp__ollama_generate},
    {"*.deepgram.com", "/v1/listen", &gsp__deepgram_listen},
    {"*.deepgram.com", "/v1/speak", &gsp__deepgram_speak},
    {"*.elevenlabs.io", "/v1/text-to-speech/*", &gsp__elevenlabs_text_to_speech},
    {"*.elevenlabs.io", "/v1/speech-to-text", &gsp__elevenlabs_speech_to_text},
    {"api.cartesia.ai", "/tts/*", &gsp__cartesia_speech},
    {"api.cartesia.ai", "/stt", &gsp__cartesia_speech},
    {"*.assemblyai.com", "/v2/transcript", &gsp__assemblyai_transcript},
    {"*.assemblyai.com", "/v2/transcript/*", &gsp__assemblyai_transcript},
};

/* Request headers that only the clients of one format send, and its paths. */
static const struct {
    const char *name;
    const char *path;
    const struct gsp__format *format;
} headers[] = {
    {"anthropic-version", "*/v1/messages", &gsp__anthropic_messages},
};

/* What only one format's responses begin with; the text is searched for in their first bytes, and where that
 * is not enough another one behind it. The first text that is there decides. */
static const struct {
    const char *text;
    const struct gsp__format *format;
    const char *also;
} shapes[] = {
    {"\"object\":\"chat.completion", &gsp__openai_chat},
    {"\"object\":\"text_completion\"", &gsp__openai_completions},
    {"\"object\":\"embedding\"", &gsp__openai_embeddings},
    {"\"object\":\"response\"", &gsp__openai_responses},
    {"\"type\":\"response.created\"", &gsp__openai_responses},
    {"\"type\":\"transcript.text.", &gsp__openai_audio},
    {"\"type\":\"speech.audio.", &gsp__openai_audio},
    {"\"type\":\"message_start\"", &gsp__anthropic_messages},
    {"\"type\":\"message\",\"role\":\"assistant\"", &gsp__anthropic_messages},
    {"\"candidates\":[{\"content\":", &gsp__gemini_generate_content},
    {"\"usageMetadata\":{\"promptTokenCount\":", &gsp__gemini_generate_content},
    {"\"usageMetadata\":{\"trafficType\":", &gsp__gemini_generate_content},
    {"\"metrics\":{\"latencyMs\":", &gsp__bedrock_converse},
    {"\"event_type\":\"stream-start\"", &gsp__cohere_v1_chat},
    {"\"response_id\":\"", &gsp__cohere_v1_chat, "\"generation_id\":\""},
    {"\"type\":\"message-start\"", &gsp__cohere_v2_chat},
    {"\"finish_reason\":\"COMPLETE\"", &gsp__cohere_v2_chat, "\"message\":{"},
    {"\"finish_reason\":\"TOOL_CALL\"", &gsp__cohere_v2_chat, "\"message\":{"},
    {"\"created_at\":\"", &gsp__ollama_chat, "\"message\":{\"role\":\"assistant\""},
    {"\"created_at\":\"", &gsp__ollama_generate, "\"response\":\""},
    {"\"metadata\":{\"transaction_key\":", &gsp__deepgram_listen},
    {"\"language_code\":", &gsp__elevenlabs_speech_to_text, "\"language_probability\":"},
    {"\"acoustic_model\":\"assemblyai_default\"", &gsp__assemblyai_transcript},
};

/* Whether the text matches the pattern; hosts are compared without regard to case. */
static bool matches(const char *pattern, const char *text, size_t n)
{
    const char *star = NULL, *end = text + n, *back = text;

    while (text < end) {
        char c = *text, p = *pattern;

        if (p == '*') {
            star = ++pattern;
            back = text;
        } else if (p && (p == c || (c >= 'A' && c <= 'Z' && p == c + ('a' - 'A')))) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++back;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* Without its query. */
static size_t length_of_path(const char *path, size_t n)
{
    const char *query = memchr(path, '?', n);

    return query ? (size_t)(query - path) : n;
}

const struct gsp__format *gsp__registry_find(const char *host, size_t n_host, const char *path, size_t n_path)
{
    const char *port = memchr(host, ':', n_host);
    size_t n_name = port ? (size_t)(port - host) : n_host;

    n_path = length_of_path(path, n_path);
    for (size_t i = 0; i < GSP__COUNT_OF(routes); i++) {
        const char *wanted = routes[i].host;
        size_t n = wanted && strchr(wanted, ':') ? n_host : n_name;

        if ((!wanted || matches(wanted, host, n)) && matches(routes[i].path, path, n_path))
            return routes[i].format;
    }
    return NULL;
}

const struct gsp__format *gsp__registry_find_by_header(const char *name, size_t n_name, const char *path,
                                                       size_t n_path)
{
    n_path = length_of_path(path, n_path);
    for (size_t i = 0; i < GSP__COUNT_OF(headers); i++)
        if (matches(headers[i].name, name, n_name) && matches(headers[i].path, path, n_path))
            return headers[i].format;
    return NULL;
}

/* Blanks in the JSON are passed over: the text has none outside of its strings. */
static bool begins_here(const char *p, const char *end, const char *text)
{
    bool is_in_string = false;

    for (; p < end && *text; p++) {
        if (!is_in_string && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
            continue;
        if (*p != *text++)
            return false;
        if (*p == '"')
            is_in_string = !is_in_string;
    }
    return !*text;
}

static bool is_behind(const char *p, const char *end, const char *text)
{
    while (p < end && (p = memchr(p, '"', (size_t)(end - p))))
        if (begins_here(p++, end, text))
            return true;
    return false;
}

/* An event stream of AWS, whose first frame is a messageStart: no other service has one. */
static bool is_converse_stream(const char *bytes, size_t n)
{
    static const char header[] = ":event-type\x07\x00\x0cmessageStart";
    const size_t n_header = sizeof header - 1;

    if (n > 256) /* the headers come first */
        n = 256;
    if (n < n_header || (bytes[0] != 0 && bytes[0] != 1))
        return false;
    for (size_t i = 0; i <= n - n_header; i++)
        if (memcmp(bytes + i, header, n_header) == 0)
            return true;
    return false;
}

const struct gsp__format *gsp__registry_find_by_shape(const char *bytes, size_t n)
{
    const char *end = bytes + n;

    if (is_converse_stream(bytes, n))
        return &gsp__bedrock_converse_stream;
    for (const char *p = bytes; p < end && (p = memchr(p, '"', (size_t)(end - p))); p++)
        for (size_t i = 0; i < GSP__COUNT_OF(shapes); i++)
            if (begins_here(p, end, shapes[i].text) && (!shapes[i].also || is_behind(p, end, shapes[i].also)))
                return shapes[i].format;
    return NULL;
}

const struct gsp__format *gsp__registry_named(const char *name)
{
    for (size_t i = 0; i < GSP__COUNT_OF(routes); i++)
        if (strcmp(routes[i].format->name, name) == 0)
            return routes[i].format;
    return NULL;
}

const struct gsp__format *gsp__registry_at(size_t i)
{
    for (size_t k = 0; k < GSP__COUNT_OF(routes); k++) {
        size_t before = 0;

        while (before < k && routes[before].format != routes[k].format)
            before++;
        if (before == k && i-- == 0)
            return routes[k].format;
    }
    return NULL;
}
