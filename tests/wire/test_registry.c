/*
 * Which format an exchange has: by host and path, else by the shape of its response.
 */
#include "wire/registry.h"

#include "support/support.h"

#include <string.h>

/* What is no format that we know is passed over, never guessed. */
static void formats_by_host_and_path(void **state)
{
    static const struct {
        const char *host, *path;
        const char *expected;
    } cases[] = {
        {"", "/v1/chat/completions", "openai.chat"},
        {"", "/chat/completions", "openai.chat"},
        {"", "/openai/deployments/d/chat/completions?api-version=2024-10-21", "openai.chat"},
        {"", "/api/v1/chat/completions?", "openai.chat"},
        {"", "/v1/chat/completions/x", NULL},
        {"", "/v1/chat/completion", NULL},
        {"", "/v1/models?next=/chat/completions", NULL},
        {"", "chat/completions", NULL},
        {"", "/v1/nochat/completions", NULL},
        {"", "/", NULL},
        {"", "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gsp__format *format =
            gsp__registry_find(cases[i].host, strlen(cases[i].host), cases[i].path, strlen(cases[i].path));

        if ((!format) != (!cases[i].expected) || (format && strcmp(format->name, cases[i].expected) != 0))
            fail_msg("%s%s is %s", cases[i].host, cases[i].path, format ? format->name : "none");
    }
}

static void formats_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(gsp__registry_named("openai.chat"), gsp__registry_find("", 0, "/chat/completions", 17));
    assert_null(gsp__registry_named("openai.cha"));
    assert_null(gsp__registry_named(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_by_host_and_path),
        cmocka_unit_test(formats_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
