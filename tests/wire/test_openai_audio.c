/* openai.audio: transcripts as JSON, SSE and text; speech as audio and SSE; forms and JSON that ask for them.
 * Each at all cuts. */
#include "wire/openai_audio.h"

#include "support/support.h"
#include "wire/decoded.h"

#include <string.h>

static uint64_t seed;

static int set_up(void **state)
{
    (void)state;
    seed = test_seed();
    decode_as(&gsp__openai_audio, "/v1/audio/transcriptions", "openai_audio");
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

static void expect_body(const char *body, size_t n, enum gsp__framing framing, const char *expected)
{
    expect_response(body, n, framing, expected, &seed);
}

/*
 * Answers.
 */

static void transcripts_that_are_paid_in_tokens(void **state)
{
    static const struct expectation cases[] = {
        {"tokens.json", "output_text_bytes=19\n"
                        "usage input=34 output=7 total=41 audio_in=30 text_in=4\n"
                        "events=0 terminal\n"
                        "text[0] \"Good m\xc3\xb6rning \xf0\x9f\x98\x80.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The seconds that are paid go before the length of the recording, whichever comes first. */
static void transcripts_that_are_paid_by_duration(void **state)
{
    static const struct expectation cases[] = {
        {"verbose.json", "input_audio_seconds=9 output_text_bytes=9\n"
                         "events=0 terminal\n"
                         "text[0] \"One. Two.\"\n"},
        {"duration_alone.json", "input_audio_seconds=2.5 output_text_bytes=2\n"
                                "events=0 terminal\n"
                                "text[0] \"Hi\"\n"},
        {"silence.json", "input_audio_seconds=0\n"
                         "events=0 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void what_others_add(void **state)
{
    static const struct expectation cases[] = {
        {"groq.json", "request_id=\"req_01audio\" output_text_bytes=5\n"
                      "events=0 terminal\n"
                      "text[0] \"Fast.\"\n"},
        {"mistral.json", "response_model=\"voxtral-example\" input_audio_seconds=3 output_text_bytes=8\n"
                         "usage input=4 output=24 total=403\n"
                         "events=0 terminal\n"
                         "text[0] \"Bonjour.\"\n"},
        {"openrouter.json", "provider_cost_usd=0.000508 input_audio_seconds=9.2 output_text_bytes=6\n"
                            "usage input=83 output=30 total=113\n"
                            "events=0 terminal\n"
                            "text[0] \"Hello.\"\n"},
        {"mistral.sse", "response_model=\"voxtral-example\" input_audio_seconds=2 output_text_bytes=8\n"
                        "usage input=4 output=6 total=60\n"
                        "marks: eTTe.e\n"
                        "events=5 terminal\n"
                        "text[0] \"Bonjour.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The text counts once: as it came in deltas, not again in segments or at the end. */
static void streams_of_text(void **state)
{
    static const struct expectation cases[] = {
        {"stream.sse", "output_text_bytes=14\n"
                       "usage input=14 output=5 total=19 audio_in=14 text_in=0\n"
                       "marks: TT.e\n"
                       "events=3 terminal\n"
                       "text[0] \"Good m\xc3\xb6rning.\"\n"},
        {"speakers.sse", "input_audio_seconds=2 output_text_bytes=4\n"
                         "marks: Te.e\n"
                         "events=3 terminal\n"
                         "text[0] \"Yes.\"\n"},
        {"done_alone.sse", "input_audio_seconds=4 output_text_bytes=12\n"
                           "marks: .T.\n"
                           "events=1 terminal\n"
                           "text[0] \"All at once.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* Audio is counted as it is, not as base64, and is no text under whichever name. */
static void streams_of_speech(void **state)
{
    static const struct expectation cases[] = {
        {"speech.sse", "output_audio_bytes=12\n"
                       "usage input=14 output=101 total=115\n"
                       "marks: AA.e\n"
                       "events=3 terminal\n"},
        {"speech_as_delta.sse", "output_audio_bytes=3\n"
                                "marks: A.e\n"
                                "events=2 terminal\n"},
        /* padding is none wherever it stands, and a string that breaks off is not counted on */
        {"speech_odd.sse", "output_audio_bytes=11 decode_errors=1\n"
                           "marks: AAeA\n"
                           "events=4 bad=1\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* A transcript as plain text or as subtitles is all there is. Whether it is whole, the connection says. */
static void answers_in_plain_text(void **state)
{
    static const char text[] = "data is what it begins with.\nAnd \xe2\x82\xac:\n",
                      subtitles[] = "1\n00:00:00,000 --> 00:00:02,000\n{Hi}\n\n",
                      error[] = "{\"error\":{\"message\":\"No.\"}}";

    (void)state;
    expect_body(text, sizeof text - 1, GSP__FRAMING_TEXT,
                "output_text_bytes=38\n"
                "events=0\n"
                "text[0] \"data is what it begins with.\nAnd \xe2\x82\xac:\n\"\n");
    expect_body(subtitles, sizeof subtitles - 1, GSP__FRAMING_TEXT,
                "output_text_bytes=38\n"
                "events=0\n"
                "text[0] \"1\n00:00:00,000 --> 00:00:02,000\n{Hi}\n\n\"\n");
    expect_body(error, sizeof error - 1, GSP__FRAMING_TEXT,
                "error_message=\"No.\"\nevents=0 terminal error\n");
    expect_body("\x1f\x8b\b", 3, GSP__FRAMING_TEXT, "decode_errors=1\nevents=0 bad=1\n");
    expect_body("", 0, GSP__FRAMING_TEXT, "events=0\n");
}

/* Any bytes are audio, also those that other bodies begin with. */
static void answers_in_audio(void **state)
{
    static const char *const bodies[] = {"ID3\4.", "{\"a\":", "data:", "\x1f\x8b\b\b\b", "\n\n\n\n\n"};

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        expect_body(bodies[i], 5, GSP__FRAMING_RAW, "output_audio_bytes=5\nmarks: A\nevents=0\n");
        expect_body(bodies[i], 5, GSP__FRAMING_BYTES, "output_audio_bytes=5\nmarks: A\nevents=0\n");
    }
    expect_body("", 0, GSP__FRAMING_RAW, "events=0\n");
}

static void errors(void **state)
{
    static const struct expectation cases[] = {
        {"error.json", "error_message=\"Audio file might be corrupted or unsupported\" "
                       "provider_error_type=\"invalid_request_error\" provider_error_code=\"invalid_value\"\n"
                       "events=0 terminal error\n"},
        {"error_string.json", "error_message=\"model is loading\"\n"
                              "events=0 terminal error\n"},
        {"error.sse", "error_message=\"The server had an error\" provider_error_type=\"server_error\" "
                      "provider_error_code=\"internal\" output_text_bytes=2\n"
                      "marks: Te\n"
                      "events=2 error\n"
                      "text[0] \"So\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void what_breaks_off_or_comes_wrong(void **state)
{
    static const struct expectation cases[] = {
        {"cut.sse", "output_text_bytes=7 decode_errors=1\n"
                    "marks: Te\n"
                    "events=2 bad=1\n"
                    "text[0] \"Half of\"\n"},
        {"odd.json", "events=0 terminal\n"},
        {"other_shapes.json", "output_text_bytes=1\n"
                              "usage input=2 output=3\n"
                              "events=0 terminal\n"
                              "text[0] \"a\"\n"},
        /* the last report stands; null and what is negative are none */
        {"out_of_order.sse", "output_text_bytes=4\n"
                             "usage input=3 output=6 total=5\n"
                             "marks: .TTeeeT.e\n"
                             "events=7 terminal\n"
                             "text[0] \"abab\"\n"},
    };
    static const char cut[] = "{\"text\":\"Half\",\"usage\":{\"type\":\"duration\",\"seconds\":7";

    (void)state;
    EXPECT_ALL(cases);
    expect_body(cut, sizeof cut - 1, GSP__FRAMING_JSON,
                "output_text_bytes=4 decode_errors=1\nevents=0 bad=1\ntext[0] \"Half\"\n");
}

/*
 * Requests.
 */

#define FIELD(name, value) "--b0\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"

static void forms(void **state)
{
    (void)state;
    expect_asked("--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"model.wav\"\r\n"
                 "Content-Type: audio/wav\r\n\r\nRIFF\r\n--b\r\n\r\n\r\n" FIELD("model", "whisper-example")
                     FIELD("temperature", "0.25") FIELD("stream", "true")
                         FIELD("response_format", "verbose_json") FIELD("timestamp_granularities[]", "word")
                             FIELD("prompt", "input") "--b0--\r\n",
                 "request_model=\"whisper-example\" temperature=0.25 stream=true "
                 "response_format=\"verbose_json\"\n");
    /* a file is no field, whatever its name; numbers and booleans that are none; each once */
    expect_asked("--b0\r\nContent-Disposition: form-data; name=\"model\"; filename=\"a\"\r\n\r\nno\r\n" FIELD(
                     "temperature", "warm") FIELD("stream", "TRUE") FIELD("model", "") FIELD("model", "one")
                     FIELD("model", "two") FIELD("stream", "false") "--b0--",
                 "request_model=\"one\" stream=false\n");
    /* a form that breaks off: the last value is not complete */
    expect_asked(
        FIELD("model", "m") "--b0\r\nContent-Disposition: form-data; name=\"response_format\"\r\n\r\nsr",
        "request_model=\"m\"\n");
}

static void speech_that_is_asked_for(void **state)
{
    (void)state;
    expect_asked(
        "{\"model\":\"tts-example\",\"input\":\"Hello.\",\"voice\":\"alloy\",\"response_format\":\"pcm\","
        "\"speed\":1.25,\"stream_format\":\"sse\"}",
        "request_model=\"tts-example\" input_characters=6 voice=\"alloy\" response_format=\"pcm\" "
        "stream=true\n");
    expect_asked("{\"voice\":{\"id\":\"voice_1\"},\"stream_format\":\"audio\",\"input\":\"\"}",
                 "voice=\"voice_1\" input_characters=0\n");
    expect_asked("{\"model\":7,\"input\":null,\"voice\":[],\"response_format\":{},\"stream\":\"true\"}", "");
}

/* Characters are code points, whether they come as bytes or as escapes, and however they are cut. */
static void characters_of_the_input(void **state)
{
    (void)state;
    expect_asked("{\"input\":\"a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}", "input_characters=4\n");
    expect_asked("{\"input\":\"\\u0061\\u00e4\\u20ac\\ud83d\\ude00\\n\\\"\"}", "input_characters=6\n");
    expect_asked("{\"input\":\"\\ud83d!\"}", "input_characters=2\n"); /* half of a character is still one */
    expect_asked("{\"input\":\"e\xcc\x81\"}", "input_characters=2\n");
    /* a text that breaks off was not sent whole; a second one is not the input */
    expect_asked("{\"input\":\"abc", "");
    expect_asked("{\"input\":\"abc\",\"input\":\"defgh\"}", "input_characters=3\n");
}

static void operations(void **state)
{
    static const struct {
        const char *target, *expected;
    } cases[] = {
        {"/v1/audio/speech", "text_to_speech"},
        {"/openai/deployments/d/audio/speech?api-version=1", "text_to_speech"},
        {"/v1/audio/transcriptions", "speech_to_text"},
        {"/v1/audio/translations?a=/audio/speech", "speech_to_text"},
        {"", "speech_to_text"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(gsp__openai_audio.operation_of(cases[i].target, strlen(cases[i].target)),
                            cases[i].expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transcripts_that_are_paid_in_tokens),
        cmocka_unit_test(transcripts_that_are_paid_by_duration),
        cmocka_unit_test(what_others_add),
        cmocka_unit_test(streams_of_text),
        cmocka_unit_test(streams_of_speech),
        cmocka_unit_test(answers_in_plain_text),
        cmocka_unit_test(answers_in_audio),
        cmocka_unit_test(errors),
        cmocka_unit_test(what_breaks_off_or_comes_wrong),
        cmocka_unit_test(forms),
        cmocka_unit_test(speech_that_is_asked_for),
        cmocka_unit_test(characters_of_the_input),
        cmocka_unit_test(operations),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
