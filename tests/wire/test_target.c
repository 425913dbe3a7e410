/* Values in a request's target: query parameters and parts of the path, percent-decoded. */
#include "wire/target.h"

#include "support/support.h"

#include <stdlib.h>
#include <string.h>

/* The target of a block of its own, so that reading outside shows. */
static char *copy_of(const char *target)
{
    size_t n = strlen(target);
    char *copy = malloc(n);

    if (n)
        memcpy(copy, target, n);
    return copy;
}

static void expect_parameter(const char *target, const char *name, const char *expected)
{
    struct gsp__target_value value;
    char *copy = copy_of(target);
    bool is_there;

    memset(&value, 0xa5, sizeof value);
    is_there = gsp__target_parameter(copy, strlen(target), name, &value);
    free(copy);
    if (is_there != (expected != NULL))
        fail_msg("%s in %s: %s", name, target, is_there ? value.bytes : "not found");
    if (!expected)
        return;
    assert_string_equal(value.bytes, expected);
    assert_int_equal(value.n, strlen(expected));
}

static void parameters(void **state)
{
    (void)state;
    expect_parameter("/v1/listen?model=nova-3&tier=base", "model", "nova-3");
    expect_parameter("/v1/listen?model=nova-3&tier=base", "tier", "base");
    expect_parameter("/v1/listen?model=a&model=b", "model", "a");
    expect_parameter("?a=1&b=2&c=3", "b", "2");
    expect_parameter("/x?a==&b", "a", "=");
    expect_parameter("/x?a=b?c=d", "a", "b?c=d");
    expect_parameter("/x?&&a=1", "a", "1");
    /* not there, or of another name */
    expect_parameter("/x?models=a", "model", NULL);
    expect_parameter("/x?xmodel=a", "model", NULL);
    expect_parameter("/x?model", "model", NULL);
    expect_parameter("/x?model=", "model", NULL);
    expect_parameter("/x&model=a", "model", NULL);
    expect_parameter("/model=a", "model", NULL);
    expect_parameter("/x?", "model", NULL);
    expect_parameter("?", "a", NULL);
    expect_parameter("", "a", NULL);
}

static void percent_signs(void **state)
{
    (void)state;
    expect_parameter("/x?a=b%3Ac%2fd", "a", "b:c/d");
    expect_parameter("/x?a=%41%2526", "a", "A%26");
    expect_parameter("/x?a=%C3%A9", "a", "\xc3\xa9");
    expect_parameter("/x?a=%26b&c=1", "a", "&b");
    /* those that are none stand as they are */
    expect_parameter("/x?a=%", "a", "%");
    expect_parameter("/x?a=%4", "a", "%4");
    expect_parameter("/x?a=%4&b=1", "a", "%4");
    expect_parameter("/x?a=%4g%g4%%41", "a", "%4g%g4%A");
}

static void expect_segment(const char *target, const char *before, const char *stops, const char *expected)
{
    struct gsp__target_value value;
    char *copy = copy_of(target);
    bool is_there;

    memset(&value, 0xa5, sizeof value);
    is_there = gsp__target_segment(copy, strlen(target), before, stops, &value);
    free(copy);
    if (is_there != (expected != NULL))
        fail_msg("%s in %s: %s", before, target, is_there ? value.bytes : "not found");
    if (!expected)
        return;
    assert_string_equal(value.bytes, expected);
    assert_int_equal(value.n, strlen(expected));
}

static void parts_of_the_path(void **state)
{
    (void)state;
    expect_segment("/v1beta/models/m-1:generateContent", "/models/", ":", "m-1");
    expect_segment("/v1/models/a/models/b:generateContent?alt=sse", "/models/", ":", "b");
    expect_segment("/model/a%3A0/converse", "/model/", "/", "a:0");
    expect_segment("/model/a%2Fb/converse", "/model/", "/", "a/b"); /* decoded after it is cut out */
    expect_segment("/model/a/b/converse", "/model/", "", "a/b/converse");
    expect_segment("/v1/text-to-speech/voice", "/text-to-speech/", "/", "voice");
    expect_segment("/v1/text-to-speech/voice?x=/text-to-speech/no", "/text-to-speech/", "/", "voice");
    expect_segment("/v1/text-to-speech/voice/stream", "/text-to-speech/", "/:", "voice");
    expect_segment("/model/a", "/model/", "/", "a");
    expect_segment("/model//converse", "/model/", "/", NULL);
    expect_segment("/model/", "/model/", "/", NULL);
    expect_segment("/model", "/model/", "/", NULL);
    expect_segment("/x?y=/model/a", "/model/", "/", NULL);
    expect_segment("", "/model/", "/", NULL);
}

/* A value that does not fit is none: half a name would be another's. */
static void values_that_do_not_fit(void **state)
{
    struct gsp__target_value value;
    char target[1000];

    (void)state;
    memcpy(target, "/x?a=", 5);
    memset(target + 5, 'v', sizeof target - 5);
    assert_true(gsp__target_parameter(target, 5 + sizeof value.bytes - 1, "a", &value));
    assert_int_equal(value.n, sizeof value.bytes - 1);
    assert_int_equal(strlen(value.bytes), sizeof value.bytes - 1);
    assert_false(gsp__target_parameter(target, 5 + sizeof value.bytes, "a", &value));
    assert_false(gsp__target_parameter(target, sizeof target, "a", &value));
    /* what counts is how long it is decoded */
    for (size_t i = 5; i + 2 < sizeof target; i += 3)
        memcpy(target + i, "%41", 3);
    assert_true(gsp__target_parameter(target, 5 + 3 * (sizeof value.bytes - 1), "a", &value));
    assert_int_equal(value.n, sizeof value.bytes - 1);
    assert_false(gsp__target_parameter(target, 5 + 3 * sizeof value.bytes, "a", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters),
        cmocka_unit_test(percent_signs),
        cmocka_unit_test(parts_of_the_path),
        cmocka_unit_test(values_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
