/* cartesia.speech: audio, SSE with audio in it, transcripts, errors of both versions. Each at all cuts. */
#include "wire/cartesia_speech.h"

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

static void use(const char *target)
{
    decode_as(&gsp__cartesia_speech, target, "cartesia_speech");
}

/* The context is told once. */
static void streams_of_speech(void **state)
{
    static const struct expectation cases[] = {
        {"stream.sse", "request_id=\"ctx-1\" output_audio_bytes=12\n"
                       "marks: AeA.e\n"
                       "events=4 terminal\n"},
    };

    (void)state;
    use(NULL);
    EXPECT_ALL(cases);
}

static void audio(void **state)
{
    (void)state;
    use(NULL);
    expect_response("{....", 5, GSP__FRAMING_RAW, "output_audio_bytes=5\nmarks: A\nevents=0\n", &seed);
    expect_response("RIFF.", 5, GSP__FRAMING_BYTES, "output_audio_bytes=5\nmarks: A\nevents=0\n", &seed);
}

static void transcripts(void **state)
{
    static const struct expectation cases[] = {
        {"transcript.json", "request_id=\"ca-req-4\" input_audio_seconds=1.25 output_text_bytes=12\n"
                            "events=0 terminal\n"
                            "text[0] \"Hello there.\"\n"},
    };

    (void)state;
    use(NULL);
    EXPECT_ALL(cases);
}

static void errors(void **state)
{
    static const struct expectation cases[] = {
        {"error.json", "provider_error_code=\"concurrency_limited\" error_message=\"Too many at once.\" "
                       "request_id=\"ca-req-2\"\n"
                       "events=0 terminal error\n"},
        {"error_title.json", "request_id=\"ca-req-3\" error_message=\"Not found\"\n"
                             "events=0 terminal error\n"},
        {"error.sse", "request_id=\"ctx-2\" provider_error_code=\"concurrency_limited\" "
                      "error_message=\"You have exceeded your plan's limit.\" request_id=\"ca-req-1\" "
                      "output_audio_bytes=3\n"
                      "marks: Ae\n"
                      "events=2 error\n"},
        {"error_older.sse", "request_id=\"ctx-3\" error_message=\"Invalid model: no such model.\" "
                            "provider_error_code=\"400\"\n"
                            "marks: e\n"
                            "events=1 error\n"},
    };

    (void)state;
    use(NULL);
    EXPECT_ALL(cases);
}

static void what_breaks_off_or_comes_wrong(void **state)
{
    static const struct expectation cases[] = {
        {"cut.sse", "request_id=\"ctx-4\" output_audio_bytes=6 decode_errors=1\n"
                    "marks: AA\n"
                    "events=2 bad=1\n"},
        /* the status of an event that is no error is no code, nor is its message an error's */
        {"nothing_carries_over.sse", "error_message=\"The title\" output_audio_bytes=6\n"
                                     "marks: AeAe\n"
                                     "events=4 error\n"},
        {"odd.sse", "request_id=\"late\" output_audio_bytes=6\n"
                    "marks: A.e.eA\n"
                    "events=4 terminal\n"},
    };
    /* a status is no error by itself, nor is a message */
    static const char answer[] = "{\"status_code\":200,\"message\":\"fine\",\"text\":\"x\"}";

    (void)state;
    use(NULL);
    EXPECT_ALL(cases);
    expect_response(answer, sizeof answer - 1, GSP__FRAMING_JSON,
                    "output_text_bytes=1\nevents=0 terminal\ntext[0] \"x\"\n", &seed);
}

/* ID-1: the context is an id that was sent to the provider. */
static void texts_that_are_sent(void **state)
{
    (void)state;
    use("/tts/sse");
    expect_asked("{\"model_id\":\"sonic-example\",\"transcript\":\"H\xc3\xa9llo\",\"voice\":{\"mode\":\"id\","
                 "\"id\":\"voice-1\"},\"output_format\":{\"container\":\"raw\",\"encoding\":\"pcm_s16le\","
                 "\"sample_rate\":8000},\"context_id\":\"ctx-9\",\"language\":\"en\"}",
                 "stream=true request_model=\"sonic-example\" input_characters=5 voice=\"voice-1\" "
                 "response_format=\"raw\" request_id=\"ctx-9\"\n");
    use("/tts/bytes?x=/tts/sse");
    expect_asked(
        "{\"model_id\":1,\"transcript\":{},\"voice\":\"v\",\"output_format\":null,\"context_id\":\"\"}", "");
}

static void recordings_that_are_sent(void **state)
{
    (void)state;
    use("/stt?encoding=pcm_s16le");
    expect_asked("--q\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n"
                 "--q\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nink-example\r\n--q--\r\n",
                 "request_model=\"ink-example\"\n");
}

static void operations(void **state)
{
    const char *(*operation_of)(const char *target, size_t n) = gsp__cartesia_speech.operation_of;

    (void)state;
    assert_string_equal(operation_of("/tts/bytes", 10), "text_to_speech");
    assert_string_equal(operation_of("/tts/sse?x=1", 12), "text_to_speech");
    assert_string_equal(operation_of("/stt?x=/tts/bytes", 17), "speech_to_text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_of_speech),
        cmocka_unit_test(audio),
        cmocka_unit_test(transcripts),
        cmocka_unit_test(errors),
        cmocka_unit_test(what_breaks_off_or_comes_wrong),
        cmocka_unit_test(texts_that_are_sent),
        cmocka_unit_test(recordings_that_are_sent),
        cmocka_unit_test(operations),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
