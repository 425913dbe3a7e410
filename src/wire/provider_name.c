/*
 * Who a host belongs to. A row that begins with a dot holds for every host that ends so.
 */
#include "wire/provider_name.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"

static const struct {
    const char *host;
    const char *provider;
} by_host[] = {
    {"api.openai.com", "openai"},
    {".api.openai.com", "openai"},
    {".openai.azure.com", "azure.ai.openai"},
    {".services.ai.azure.com", "azure.ai.inference"},
    {".inference.ai.azure.com", "azure.ai.inference"},
    {"api.anthropic.com", "anthropic"},
    {"generativelanguage.googleapis.com", "gcp.gemini"},
    {"aiplatform.googleapis.com", "gcp.vertex_ai"},
    {"-aiplatform.googleapis.com", "gcp.vertex_ai"},
    {"api.cohere.com", "cohere"},
    {"api.cohere.ai", "cohere"},
    {"api.deepseek.com", "deepseek"},
    {"api.groq.com", "groq"},
    {"api.mistral.ai", "mistral_ai"},
    {"codestral.mistral.ai", "mistral_ai"},
    {"api.moonshot.ai", "moonshot_ai"},
    {"api.moonshot.cn", "moonshot_ai"},
    {"api.perplexity.ai", "perplexity"},
    {"api.x.ai", "x_ai"},
    {"openrouter.ai", "openrouter"},
    {"router.huggingface.co", "huggingface"},
    {"api-inference.huggingface.co", "huggingface"},
    {"api.together.xyz", "together"},
    {"api.together.ai", "together"},
    {"api.cerebras.ai", "cerebras"},
    {"api.z.ai", "zai"},
    {"open.bigmodel.cn", "zai"},
    {"api.fireworks.ai", "fireworks"},
    {"api.deepgram.com", "deepgram"},
    {"api.elevenlabs.io", "elevenlabs"},
    {"api.cartesia.ai", "cartesia"},
    {"api.assemblyai.com", "assemblyai"},
};

/* Programs that people run themselves, by their usual port and how they name themselves. */
static const struct {
    const char *port;
    const char *server; /* what the Server header begins with; NULL: the port alone says it */
    const char *provider;
} by_port[] = {
    {"11434", NULL, "ollama"},
    {"8000", "uvicorn", "vllm"},
    {"8080", "llama.cpp", "llama.cpp"},
};

/* Up to the port's colon; those inside of [::1] are none. */
static size_t name_length(const char *host, size_t n)
{
    const char *end = n > 0 && host[0] == '[' ? memchr(host, ']', n) : NULL;
    size_t n_before = end ? (size_t)(end - host) : 0;
    const char *colon = memchr(host + n_before, ':', n - n_before);

    return colon ? (size_t)(colon - host) : n;
}

static int matches(const char *host, size_t n, const char *row)
{
    size_t n_row = strlen(row);

    if (row[0] == '.' || row[0] == '-')
        return n > n_row && strncasecmp(host + n - n_row, row, n_row) == 0;
    return n == n_row && strncasecmp(host, row, n) == 0;
}

const char *gsp__provider_of_host(const char *host, size_t n)
{
    n = name_length(host, n);
    for (size_t i = 0; i < GSP__COUNT_OF(by_host); i++)
        if (matches(host, n, by_host[i].host))
            return by_host[i].provider;
    /* bedrock-runtime.REGION.amazonaws.com */
    if (n > 16 && strncasecmp(host, "bedrock-runtime.", 16) == 0 && matches(host, n, ".amazonaws.com"))
        return "aws.bedrock";
    return NULL;
}

const char *gsp__provider_of_server(const char *host, size_t n, const char *server)
{
    size_t n_name = name_length(host, n);
    const char *port = n_name < n ? host + n_name + 1 : "";
    size_t n_port = n_name < n ? n - n_name - 1 : 0;

    for (size_t i = 0; i < GSP__COUNT_OF(by_port); i++) {
        const char *wanted = by_port[i].server;

        if (strlen(by_port[i].port) != n_port || memcmp(by_port[i].port, port, n_port) != 0)
            continue;
        if (!wanted || (server && strncasecmp(server, wanted, strlen(wanted)) == 0))
            return by_port[i].provider;
    }
    return NULL;
}
