/* assemblyai.transcript: ordered, completed, failed and refused. Each at all cuts. */
#include "wire/assemblyai_transcript.h"

#include "support/support.h"
#include "wire/decoded.h"

#include <string.h>

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
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

static void expect_asked(const char *body, const char *expected)
{
    expect_request(body, strlen(body), expected, &seed);
}

static void use(void)
{
    decode_as(&gsp__assemblyai_transcript, "/v2/transcript", "assemblyai_transcript");
}

static void transcripts(void **state)
{
    static const struct expectation cases[] = {
        {"queued.json", "response_id=\"aa-1\" request_id=\"aa-1\" response_status=\"queued\"\n"
                        "events=0 terminal\n"},
        {"completed.json", "response_id=\"aa-1\" request_id=\"aa-1\" response_status=\"completed\" "
                           "input_audio_seconds=281 response_model=\"universal-example\" "
                           "output_text_bytes=29\n"
                           "events=0 terminal\n"
                           "text[0] \"Smoke from hundreds of fires.\"\n"},
        /* a list of transcripts is none */
        {"list.json", "events=0 terminal\n"},
    };

    (void)state;
    use();
    EXPECT_ALL(cases);
}

/* One that failed is told with status 200. */
static void errors(void **state)
{
    static const struct expectation cases[] = {
        {"failed.json", "response_id=\"aa-2\" request_id=\"aa-2\" response_status=\"error\" "
                        "error_message=\"Download error, unable to access the file\"\n"
                        "events=0 terminal error\n"},
        {"failed_without_a_word.json", "response_id=\"aa-4\" request_id=\"aa-4\" response_status=\"error\"\n"
                                       "events=0 terminal error\n"},
        {"refused.json", "error_message=\"Authentication error, API token missing/invalid\"\n"
                         "events=0 terminal error\n"},
    };

    (void)state;
    use();
    EXPECT_ALL(cases);
}

static void what_breaks_off_or_comes_wrong(void **state)
{
    static const struct expectation cases[] = {
        {"odd.json", "events=0 terminal\n"},
    };
    static const char cut[] = "{\"id\":\"a\",\"status\":\"completed\",\"text\":\"Half";

    (void)state;
    use();
    EXPECT_ALL(cases);
    expect_response(cut, sizeof cut - 1, GSP__FRAMING_JSON,
                    "response_id=\"a\" request_id=\"a\" response_status=\"completed\" output_text_bytes=4 "
                    "decode_errors=1\n"
                    "events=0 bad=1\n"
                    "text[0] \"Half\"\n",
                    &seed);
}

static void what_is_asked_for(void **state)
{
    (void)state;
    use();
    expect_asked("{\"audio_url\":\"https://example.com/a.wav\",\"speech_model\":\"best-example\"}",
                 "request_model=\"best-example\"\n");
    /* the first is the one that is wanted most */
    expect_asked("{\"speech_models\":[\"pro-example\",\"universal-example\"],\"punctuate\":true}",
                 "request_model=\"pro-example\"\n");
    expect_asked("{\"speech_model\":null,\"speech_models\":[]}", "");
    expect_asked("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transcripts),
        cmocka_unit_test(errors),
        cmocka_unit_test(what_breaks_off_or_comes_wrong),
        cmocka_unit_test(what_is_asked_for),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
