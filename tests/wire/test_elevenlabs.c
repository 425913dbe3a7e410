/* elevenlabs.text_to_speech and elevenlabs.speech_to_text: audio, lines with audio in them, transcripts,
 * every shape of error. Each at all cuts. */
#include "wire/elevenlabs_speech_to_text.h"
#include "wire/elevenlabs_text_to_speech.h"

#include "support/support.h"
#include "wire/decoded.h"

#include <stdlib.h>
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

static void speak(const char *target)
{
    decode_as(&gsp__elevenlabs_text_to_speech, target, "elevenlabs");
}

static void listen(void)
{
    decode_as(&gsp__elevenlabs_speech_to_text, "/v1/speech-to-text", "elevenlabs");
}

static void expect_lines(const char *fixture, enum gsp__framing framing, const char *expected)
{
    enum gsp__framing own;
    size_t n;
    char *bytes = read_fixture(fixture, &n, &own);

    expect_response(bytes, n, framing, expected, &seed);
    free(bytes);
}

static void audio(void **state)
{
    (void)state;
    speak(NULL);
    expect_response("{\"a\":", 5, GSP__FRAMING_RAW, "output_audio_bytes=5\nmarks: A\nevents=0\n", &seed);
    expect_response("\x1f\x8b...", 5, GSP__FRAMING_BYTES, "output_audio_bytes=5\nmarks: A\nevents=0\n",
                    &seed);
}

static void audio_with_timestamps(void **state)
{
    static const struct expectation cases[] = {
        {"with_timestamps.json", "output_audio_bytes=10\nevents=0 terminal\n"},
        /* several lines, and blank ones, are one document all the same */
        {"indented.json", "output_audio_bytes=3\nevents=0 terminal\n"},
        {"odd.json", "events=0 terminal\n"},
    };

    (void)state;
    speak(NULL);
    EXPECT_ALL(cases);
}

/* They are lines whatever their type says, also where it says JSON or SSE. No event ends them. */
static void streams_of_lines(void **state)
{
    static const enum gsp__framing framings[] = {GSP__FRAMING_NDJSON, GSP__FRAMING_SSE, GSP__FRAMING_JSON,
                                                 GSP__FRAMING_UNKNOWN, GSP__FRAMING_TEXT};

    (void)state;
    speak(NULL);
    for (size_t i = 0; i < sizeof framings / sizeof framings[0]; i++) {
        expect_lines("stream.ndjson", framings[i],
                     "output_audio_bytes=10\n"
                     "marks: AAe\n"
                     "events=3\n");
        expect_lines("error.ndjson", framings[i],
                     "provider_error_code=\"system_busy\" error_message=\"busy\" output_audio_bytes=3\n"
                     "marks: Ae\n"
                     "events=2 error\n");
        expect_lines("cut.ndjson", framings[i],
                     "output_audio_bytes=3 decode_errors=2\n"
                     "marks: AeA\n"
                     "events=3 bad=2\n");
    }
    /* with other formats an event stream is one, and a second document a fault */
    listen();
    expect_lines("stream.ndjson", GSP__FRAMING_JSON, "decode_errors=1\nevents=0 bad=1\n");
}

static void take_mark(void *self, gsp_mark mark, int64_t now_ns)
{
    (void)self;
    (void)mark;
    (void)now_ns;
}

/* Whether a body says itself where it ends: only then is one without its end broken off. */
static void ends(void **state)
{
    static const struct {
        const char *body;
        enum gsp__framing framing;
        bool has_end;
    } cases[] = {
        {"x", GSP__FRAMING_RAW, false},         {"{}\n", GSP__FRAMING_NDJSON, false},
        {"{}\n{}\n", GSP__FRAMING_JSON, false}, {"{}\n{}\n", GSP__FRAMING_SSE, false},
        {"{}\n", GSP__FRAMING_JSON, true},      {"data: {}\n\n", GSP__FRAMING_SSE, true},
        {"?", GSP__FRAMING_UNKNOWN, false},
    };
    static const struct gsp__sink sink = {.mark = take_mark};
    struct gsp__decoder *d = malloc(sizeof *d);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gsp__decoder_init(d, &gsp__elevenlabs_text_to_speech, cases[i].framing, &sink, NULL);
        gsp__decoder_body(d, cases[i].body, strlen(cases[i].body), 0);
        assert_int_equal(gsp__decoder_has_end(d), cases[i].has_end);
        assert_false(d->is_terminal);
    }
    free(d);
}

static void errors(void **state)
{
    static const struct expectation cases[] = {
        {"error.json", "provider_error_code=\"quota_exceeded\" "
                       "error_message=\"This request exceeds your quota of 10.\"\n"
                       "events=0 terminal error\n"},
        {"error_typed.json", "provider_error_type=\"authentication_error\" "
                             "provider_error_code=\"invalid_api_key\" error_message=\"Invalid API key\" "
                             "request_id=\"el-req-1\"\n"
                             "events=0 terminal error\n"},
        {"error_string.json", "error_message=\"Not Found\"\n"
                              "events=0 terminal error\n"},
        {"error_list.json", "provider_error_type=\"missing\" error_message=\"Field required\"\n"
                            "events=0 terminal error\n"},
    };

    (void)state;
    speak(NULL);
    EXPECT_ALL(cases);
    listen();
    EXPECT_ALL(cases);
}

static void transcripts(void **state)
{
    static const struct expectation cases[] = {
        {"transcript.json", "response_id=\"el-tr-1\" request_id=\"el-tr-1\" input_audio_seconds=2.75 "
                            "output_text_bytes=12\n"
                            "events=0 terminal\n"
                            "text[0] \"Hello world!\"\n"},
        {"channels.json", "response_id=\"el-tr-2\" request_id=\"el-tr-2\" input_audio_seconds=3 "
                          "output_text_bytes=11\n"
                          "events=0 terminal\n"
                          "text[0] \"Left.\"\n"
                          "text[1] \"Right.\"\n"},
        {"accepted.json", "request_id=\"el-req-2\" response_id=\"el-tr-3\" request_id=\"el-tr-3\"\n"
                          "events=0 terminal\n"},
        {"odd_transcript.json", "request_id=\"a\" request_id=\"b\" output_text_bytes=3\n"
                                "events=0 terminal\n"
                                "text[0] \"one\"\n"},
    };
    static const char cut[] = "{\"text\":\"Half\",\"transcription_id\":\"t\",\"audio_du";

    (void)state;
    listen();
    EXPECT_ALL(cases);
    expect_response(cut, sizeof cut - 1, GSP__FRAMING_JSON,
                    "response_id=\"t\" request_id=\"t\" output_text_bytes=4 decode_errors=1\n"
                    "events=0 bad=1\n"
                    "text[0] \"Half\"\n",
                    &seed);
}

static void texts_that_are_sent(void **state)
{
    (void)state;
    speak("/v1/text-to-speech/voice%201/stream/with-timestamps?output_format=mp3_44100_128&x=/y");
    expect_asked("{\"text\":\"Hello \xf0\x9f\x98\x80\",\"model_id\":\"eleven_example\",\"seed\":7,"
                 "\"voice_settings\":{\"stability\":0.5,\"text\":\"no\"}}",
                 "voice=\"voice 1\" stream=true response_format=\"mp3_44100_128\" input_characters=7 "
                 "request_model=\"eleven_example\" seed=7\n");
    speak("/v1/text-to-speech/v1?optimize=/stream");
    expect_asked("{\"model_id\":null,\"text\":[],\"seed\":\"7\"}", "voice=\"v1\"\n");
    speak("/v1/text-to-speech/v1/with-timestamps");
    expect_asked("", "voice=\"v1\"\n");
    speak("/v1/text-to-speech/v1/stream");
    expect_asked("{\"text\":\"cut off", "voice=\"v1\" stream=true\n");
    speak("/v1/text-to-speech/");
    expect_asked("", "");
}

static void recordings_that_are_sent(void **state)
{
    (void)state;
    listen();
    expect_asked("--q\r\nContent-Disposition: form-data; name=\"model_id\"\r\n\r\nscribe_example\r\n"
                 "--q\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\r\nID3\r\n"
                 "--q\r\nContent-Disposition: form-data; name=\"temperature\"\r\n\r\n0.5\r\n"
                 "--q\r\nContent-Disposition: form-data; name=\"seed\"\r\n\r\n12\r\n--q--\r\n",
                 "request_model=\"scribe_example\" temperature=0.5 seed=12\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(audio),
        cmocka_unit_test(audio_with_timestamps),
        cmocka_unit_test(streams_of_lines),
        cmocka_unit_test(ends),
        cmocka_unit_test(errors),
        cmocka_unit_test(transcripts),
        cmocka_unit_test(texts_that_are_sent),
        cmocka_unit_test(recordings_that_are_sent),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
