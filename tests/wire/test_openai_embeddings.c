/* openai.embeddings: vectors are counted, never kept. Each at all cuts. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdlib.h>
#include <string.h>

#include "wire/openai_embeddings.h"
#include "wire/registry.h"

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__openai_embeddings, NULL, "openai_embeddings");
    return 0;
}

struct expectation {
    const char *fixture, *expected;
};

static void expect_all(const struct expectation *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect_fixture(cases[i].fixture, cases[i].expected, &seed);
}

#define EXPECT_ALL(cases) expect_all(cases, sizeof(cases) / sizeof(cases)[0])

static void vectors_of_numbers(void **state)
{
    static const struct expectation cases[] = {
        {"numbers.json", "embedding_dimension=4 response_model=\"embed-example\" embedding_count=3\n"
                         "usage input=12 total=12\n"
                         "events=0 terminal\n"},
        {"empty.json", "response_model=\"m\"\n"
                       "usage input=0 total=0\n"
                       "events=0 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* Four bytes for each number: 8 characters are 6 bytes, which are no whole numbers. */
static void vectors_as_base64(void **state)
{
    static const struct expectation cases[] = {
        {"base64.json", "embedding_dimension=3 response_model=\"embed-example\" embedding_count=2\n"
                        "usage input=3 total=3\n"
                        "events=0 terminal\n"},
        {"base64_padded.json", "embedding_dimension=2 response_model=\"embed-example\" embedding_count=1\n"
                               "events=0 terminal\n"},
        {"base64_escaped.json", "embedding_dimension=2 response_model=\"m\" embedding_count=1\n"
                                "events=0 terminal\n"},
        {"base64_pad_inside.json", "embedding_dimension=1 response_model=\"m\" embedding_count=1\n"
                                   "events=0 terminal\n"},
        {"base64_odd.json", "response_model=\"m\" embedding_count=1\n"
                            "events=0 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The length of the first is known only if it is one array of numbers; all are counted as items. */
static void what_is_no_vector_has_no_dimension(void **state)
{
    static const struct expectation cases[] = {
        {"many_vectors.json", "response_model=\"m\" embedding_count=2\n"
                              "events=0 terminal\n"},
        {"strange_vectors.json", "response_model=\"m\" embedding_count=6\n"
                                 "events=0 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void what_others_add(void **state)
{
    static const struct expectation cases[] = {
        {"mistral.json",
         "response_id=\"e-1\" request_id=\"e-1\" embedding_dimension=3 "
         "response_model=\"mistral-embed-example\" input_audio_seconds=2.5 embedding_count=1\n"
         "usage input=10 output=0 total=10 cache_read=4\n"
         "events=0 terminal\n"},
        {"openrouter.json", "response_id=\"gen-emb-1\" request_id=\"gen-emb-1\" embedding_dimension=1 "
                            "response_model=\"vendor/embed\" upstream_provider=\"Example Inc\" "
                            "provider_cost_usd=1e-07 embedding_count=1\n"
                            "usage input=5 total=5\n"
                            "events=0 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-3 */
static void what_is_no_count_is_skipped(void **state)
{
    static const struct expectation cases[] = {
        {"usage_odd.json", "embedding_dimension=1 embedding_count=1\n"
                           "events=0 terminal\n"},
        {"usage_twice.json", "response_model=\"m\"\n"
                             "usage input=4 total=6\n"
                             "events=0 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void the_providers_error_as_the_answer(void **state)
{
    static const struct expectation cases[] = {
        {"error.json",
         "provider_error_code=\"model_not_found\" error_message=\"The model `m` does not exist.\" "
         "provider_error_type=\"invalid_request_error\"\n"
         "events=0 terminal error\n"},
        {"error_object.json", "error_message=\"Input is too long.\" provider_error_type=\"BadRequestError\" "
                              "provider_error_code=\"400\"\n"
                              "events=0 terminal error\n"},
        {"error_string.json", "error_message=\"out of memory\" request_id=\"req-9\"\n"
                              "events=0 terminal error\n"},
        /* it does not say that it is an error: the status does */
        {"error_bare.json", "request_id=\"req-8\"\n"
                            "events=0 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* What was complete before the break counts. */
static void an_answer_that_broke_off(void **state)
{
    static const struct expectation cases[] = {
        {"broken_off.json", "embedding_dimension=2 embedding_count=1 decode_errors=1\n"
                            "events=0 bad=1\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* Never more than a first part of any answer; its facts never contradict those of the whole. */
static void broken_off_at_every_byte(void **state)
{
    enum gsp__framing framing;
    size_t n;
    char *bytes = read_fixture("numbers.json", &n, &framing);

    (void)state;
    for (size_t end = 0; end < n - 2; end++) {
        const char *found = decoded_response(bytes, end, framing, (struct cuts){end, end, NULL});

        assert_null(strstr(found, "error\n"));
        assert_null(strstr(found, "terminal"));
        if (strstr(found, "embedding_dimension"))
            assert_non_null(strstr(found, "embedding_dimension=4"));
    }
    free(bytes);
}

static void a_vector_longer_than_any_buffer(void **state)
{
    static const char before[] = "{\"data\":[{\"embedding\":[", after[] = "0.125]}]}";
    enum {
        N = 40000
    };
    size_t n = sizeof before - 1;
    char *bytes = malloc(n + (size_t)7 * N + sizeof after);

    (void)state;
    memcpy(bytes, before, n);
    for (int i = 0; i < N - 1; i++) {
        memcpy(bytes + n, "-0.025,", 7);
        n += 7;
    }
    memcpy(bytes + n, after, sizeof after - 1);
    n += sizeof after - 1;
    for (size_t cut = 1; cut < 20000; cut = cut * 3 + 1)
        assert_string_equal(decoded_response(bytes, n, GSP__FRAMING_JSON, (struct cuts){cut, cut, NULL}),
                            "embedding_dimension=40000 embedding_count=1\nevents=0 terminal\n");
    free(bytes);
}

static void requests(void **state)
{
    static const struct {
        const char *body, *expected;
    } cases[] = {
        {"{\"input\":[\"one\",\"two\"],\"model\":\"embed-example\",\"encoding_format\":\"base64\","
         "\"dimensions\":256,\"user\":\"u\"}",
         "request_model=\"embed-example\" encoding_format[0]=\"base64\"\n"},
        {"{\"model\":\"m\",\"input\":[[1,2,3]],\"service_tier\":\"flex\"}",
         "request_model=\"m\" request_service_tier=\"flex\"\n"},
        {"{\"model\":null,\"input\":null,\"encoding_format\":null}", ""},
        {"{\"model\":7,\"encoding_format\":\"\",\"service_tier\":true}", ""},
        {"{\"input\":{\"model\":\"not this\"},\"model\":\"m\",\"model\":\"n\"}", "request_model=\"m\"\n"},
        {"{\"model\":\"m\"", "request_model=\"m\"\n"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_request(cases[i].body, strlen(cases[i].body), cases[i].expected, &seed);
}

static const struct gsp__format *format_of(const char *host, const char *path)
{
    return gsp__registry_find(host, strlen(host), path, strlen(path));
}

static void where_they_are_found(void **state)
{
    static const char body[] = "{\"object\": \"list\", \"data\": [{\"object\": \"embedding\", \"index\": 0";

    (void)state;
    assert_ptr_equal(format_of("", "/v1/embeddings"), &gsp__openai_embeddings);
    assert_ptr_equal(format_of("x.openai.azure.com", "/openai/deployments/d/embeddings?api-version=1"),
                     &gsp__openai_embeddings);
    assert_ptr_equal(format_of("generativelanguage.googleapis.com", "/v1beta/openai/embeddings"),
                     &gsp__openai_embeddings);
    assert_null(format_of("", "/embeddings"));
    assert_ptr_equal(gsp__registry_find_by_shape(body, sizeof body - 1), &gsp__openai_embeddings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_numbers),
        cmocka_unit_test(vectors_as_base64),
        cmocka_unit_test(what_is_no_vector_has_no_dimension),
        cmocka_unit_test(what_others_add),
        cmocka_unit_test(what_is_no_count_is_skipped),
        cmocka_unit_test(the_providers_error_as_the_answer),
        cmocka_unit_test(an_answer_that_broke_off),
        cmocka_unit_test(broken_off_at_every_byte),
        cmocka_unit_test(a_vector_longer_than_any_buffer),
        cmocka_unit_test(requests),
        cmocka_unit_test(where_they_are_found),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
