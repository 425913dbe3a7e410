/* Lists of key=value, as in OTEL_RESOURCE_ATTRIBUTES. */
#include "support/support.h"

#include <stdio.h>
#include <string.h>

#include "base/pairs.h"

/* "k=v;k=v;" of what is read, "!" at the end if the list is refused. */
static void read_all(const char *list, size_t cap, char *out)
{
    char room[256];
    const char *key, *value;
    int got;

    *out = 0;
    while ((got = gsp__pairs_next(&list, room, cap, &key, &value)) == 1)
        sprintf(out + strlen(out), "%s=%s;", key, value);
    if (got < 0)
        strcat(out, "!");
}

static void lists(void **state)
{
    static const struct {
        const char *list, *expected;
    } cases[] = {
        {"", ""},
        {"a=1", "a=1;"},
        {"a=1,b=2", "a=1;b=2;"},
        {" a = 1 , , b=2,", "a=1;b=2;"},
        {"a=", "a=;"},
        {"a=b=c", "a=b=c;"},
        {"k%20x=v%2Cw", "k x=v,w;"},
        {"api-key=abc%3D%3D", "api-key=abc==;"},
        {"a=caf%C3%A9", "a=caf\xc3\xa9;"},
        {"a", "!"},
        {"=1", "!"},
        {"a=%4", "!"},
        {"a=%zz", "!"},
        {"a=%00", "!"},
        {"a=1,b", "a=1;!"},
    };
    char out[512];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_all(cases[i].list, 256, out);
        assert_string_equal(out, cases[i].expected);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    char out[512];

    (void)state;
    read_all("abcd=efgh", 10, out); /* both with their NULs: 10 bytes */
    assert_string_equal(out, "abcd=efgh;");
    read_all("abcd=efgh", 9, out);
    assert_string_equal(out, "!");
    read_all("abcd=efgh", 4, out);
    assert_string_equal(out, "!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
