/* Whose a host is, which format a path asks for. */
#include "support/support.h"

#include <string.h>

#include "wire/format.h"
#include "wire/provider_name.h"

static void expect_provider(const char *got, const char *expected, const char *host)
{
    if ((!got) != (!expected) || (got && strcmp(got, expected) != 0))
        fail_msg("%s is %s, not %s", host, got ? got : "nobody's", expected ? expected : "nobody's");
}

static void hosts(void **state)
{
    static const struct {
        const char *host, *expected;
    } cases[] = {
        {"api.openai.com", "openai"},
        {"API.OpenAI.com", "openai"},
        {"api.openai.com:443", "openai"},
        {"eu.api.openai.com", "openai"},
        {"mine.openai.azure.com", "azure.ai.openai"},
        {"api.groq.com", "groq"},
        {"openrouter.ai", "openrouter"},
        {"europe-west4-aiplatform.googleapis.com", "gcp.vertex_ai"},
        {"aiplatform.googleapis.com", "gcp.vertex_ai"},
        {"bedrock-runtime.eu-west-1.amazonaws.com", "aws.bedrock"},
        /* nobody's */
        {"", NULL},
        {":443", NULL},
        {"openai.com", NULL},
        {"api.openai.com.example.org", NULL},
        {"notapi.openai.com", NULL},
        {"xapi.openai.com", NULL},
        {".openai.azure.com", NULL},
        {"bedrock-runtime.eu-west-1.amazonaws.com.example.org", NULL},
        {"s3.eu-west-1.amazonaws.com", NULL},
        {"localhost", NULL},
        {"127.0.0.1:11434", NULL},
        {"[::1]:443", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_provider(gsp__provider_of_host(cases[i].host, strlen(cases[i].host)), cases[i].expected,
                        cases[i].host);
    /* only the bytes that are told */
    expect_provider(gsp__provider_of_host("api.openai.com/v1", 14), "openai", "the first 14 bytes");
}

static void servers_of_ones_own(void **state)
{
    static const struct {
        const char *host, *server, *expected;
    } cases[] = {
        {"localhost:11434", NULL, "ollama"},
        {"127.0.0.1:11434", "", "ollama"},
        {"[::1]:11434", "", "ollama"},
        {"[::1]:8080", "llama.cpp", "llama.cpp"},
        {"gpu-box:8000", "uvicorn", "vllm"},
        {"gpu-box:8000", "Uvicorn 0.30", "vllm"},
        /* a port alone, where others use it as well, says nothing */
        {"gpu-box:8000", NULL, NULL},
        {"gpu-box:8000", "nginx", NULL},
        {"gpu-box:8000", "uvi", NULL},
        {"gpu-box:80000", "uvicorn", NULL},
        {"gpu-box:800", "uvicorn", NULL},
        {"gpu-box", "uvicorn", NULL},
        {"gpu-box:", "uvicorn", NULL},
        {"[::1]", "llama.cpp", NULL},
        {"[2001:db8::8080]", "llama.cpp", NULL},
        {"[", "llama.cpp", NULL},
        {"", "uvicorn", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_provider(gsp__provider_of_server(cases[i].host, strlen(cases[i].host), cases[i].server),
                        cases[i].expected, cases[i].host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts),
        cmocka_unit_test(servers_of_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
