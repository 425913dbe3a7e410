/* deepgram.listen and deepgram.speak: transcripts per channel, audio, both kinds of errors. Each at all cuts.
 */
#include "wire/deepgram_listen.h"
#include "wire/deepgram_speak.h"

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

static void listen(const char *target)
{
    decode_as(&gsp__deepgram_listen, target, "deepgram");
}

static void speak(const char *target)
{
    decode_as(&gsp__deepgram_speak, target, "deepgram");
}

/* Of alternatives the first; not again from paragraphs and utterances. The model by its name, not its id. */
static void transcripts(void **state)
{
    static const struct expectation cases[] = {
        {"listen.json", "response_id=\"dg-req-0001\" request_id=\"dg-req-0001\" "
                        "input_audio_seconds=25.933313 response_model=\"general-example\" "
                        "output_text_bytes=28\n"
                        "events=0 terminal\n"
                        "text[0] \"Yeah. As much as it's worth.\"\n"},
        /* each channel is a choice; the tokens of the analyses are added */
        {"channels.json", "response_id=\"dg-req-0002\" request_id=\"dg-req-0002\" input_audio_seconds=61 "
                          "response_model=\"phone-example\" output_text_bytes=16\n"
                          "usage input=190 output=63\n"
                          "events=0 terminal\n"
                          "text[0] \"Hello.\"\n"
                          "text[1] \"Hi, \"\n"
                          "text[3] \"there.\"\n"},
        {"callback.json", "response_id=\"dg-req-0003\" request_id=\"dg-req-0003\"\n"
                          "events=0 terminal\n"},
    };

    (void)state;
    listen(NULL);
    EXPECT_ALL(cases);
}

static void errors(void **state)
{
    static const struct expectation heard[] = {
        {"error.json", "provider_error_code=\"Bad Request\" "
                       "error_message=\"failed to process audio: corrupt or unsupported data\" "
                       "response_id=\"dg-req-0004\" request_id=\"dg-req-0004\"\n"
                       "events=0 terminal error\n"},
        {"error_category.json", "provider_error_type=\"INVALID_JSON\" "
                                "error_message=\"Invalid JSON submitted.\" "
                                "response_id=\"dg-req-0005\" request_id=\"dg-req-0005\"\n"
                                "events=0 terminal error\n"},
    };
    static const struct expectation spoken[] = {
        {"error.json", "provider_error_code=\"Bad Request\" "
                       "error_message=\"failed to process audio: corrupt or unsupported data\" "
                       "request_id=\"dg-req-0004\"\n"
                       "events=0 terminal error\n"},
        {"error_category.json", "provider_error_type=\"INVALID_JSON\" "
                                "error_message=\"Invalid JSON submitted.\" request_id=\"dg-req-0005\"\n"
                                "events=0 terminal error\n"},
        {"odd.json", "events=0 terminal\n"},
    };

    (void)state;
    listen(NULL);
    EXPECT_ALL(heard);
    speak(NULL);
    EXPECT_ALL(spoken);
}

static void what_breaks_off_or_comes_wrong(void **state)
{
    static const struct expectation cases[] = {
        {"odd.json", "events=0 terminal\n"},
        {"twice.json", "response_id=\"first\" request_id=\"first\"\n"
                       "usage input=14\n"
                       "events=0 terminal\n"},
    };
    static const char cut[] =
        "{\"metadata\":{\"request_id\":\"r\",\"duration\":3.5},\"results\":{\"channels\":"
        "[{\"alternatives\":[{\"transcript\":\"Half";

    (void)state;
    listen(NULL);
    EXPECT_ALL(cases);
    expect_response(cut, sizeof cut - 1, GSP__FRAMING_JSON,
                    "response_id=\"r\" request_id=\"r\" input_audio_seconds=3.5 output_text_bytes=4 "
                    "decode_errors=1\n"
                    "events=0 bad=1\n"
                    "text[0] \"Half\"\n",
                    &seed);
}

/* The sum goes no further than it can be counted. */
static void tokens_beyond_counting(void **state)
{
    static const char answer[] =
        "{\"metadata\":{\"summary_info\":{\"input_tokens\":9223372036854775807,\"output_tokens\":1},"
        "\"topics_info\":{\"input_tokens\":1,\"output_tokens\":99999999999999999999}}}";

    (void)state;
    listen(NULL);
    expect_response(answer, sizeof answer - 1, GSP__FRAMING_JSON,
                    "usage input=9223372036854775807 output=1\nevents=0 terminal\n", &seed);
}

static void audio(void **state)
{
    (void)state;
    speak(NULL);
    expect_response("{\"id\"", 5, GSP__FRAMING_RAW, "output_audio_bytes=5\nmarks: A\nevents=0\n", &seed);
    expect_response("ID3..", 5, GSP__FRAMING_BYTES, "output_audio_bytes=5\nmarks: A\nevents=0\n", &seed);
    /* transcripts are none, whatever their type says */
    listen(NULL);
    expect_response("{\"request_id\":\"r\"}", 18, GSP__FRAMING_BYTES,
                    "response_id=\"r\" request_id=\"r\"\nevents=0 terminal\n", &seed);
}

/* The request is the query; the recording, or where it is, says nothing. */
static void recordings_that_are_sent(void **state)
{
    (void)state;
    listen("/v1/listen?smart_format=true&model=nova-example&language=en");
    expect_asked("RIFF{\"model\":\"no\"}", "request_model=\"nova-example\"\n");
    expect_asked("{\"url\":\"https://example.com/a.wav\",\"model\":\"no\"}",
                 "request_model=\"nova-example\"\n");
    expect_asked("--b\r\n", "request_model=\"nova-example\"\n");
    listen("/v1/listen?model=nova%2Dexample");
    expect_asked("", "request_model=\"nova-example\"\n");
    listen("/v1/listen?model=&models=x");
    expect_asked("", "");
}

static void texts_that_are_sent(void **state)
{
    (void)state;
    speak("/v1/speak?model=aura-example-en&encoding=linear16&sample_rate=24000");
    expect_asked("{\"text\":\"Gr\xc3\xbc\xc3\x9f \\u20ac\"}",
                 "request_model=\"aura-example-en\" response_format=\"linear16\" input_characters=6\n");
    speak("/v1/speak");
    expect_asked("{\"text\":\"\"}", "input_characters=0\n");
    expect_asked("{\"text\":5}", "");
    expect_asked("{\"url\":\"https://example.com\"}", "");
    expect_asked("{\"text\":\"never compl", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transcripts),
        cmocka_unit_test(errors),
        cmocka_unit_test(what_breaks_off_or_comes_wrong),
        cmocka_unit_test(tokens_beyond_counting),
        cmocka_unit_test(audio),
        cmocka_unit_test(recordings_that_are_sent),
        cmocka_unit_test(texts_that_are_sent),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
