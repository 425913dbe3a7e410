/* openai.chat: usage, errors, broken streams and bytes that are wrong. Each at all cuts. */
#include "support/support.h"
#include "wire/decoded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "wire/openai_chat.h"

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

/* US-2: the last value wins, and a null overwrites no number. */
static void usage_with_every_chunk_is_never_summed(void **state)
{
    static const struct expectation cases[] = {
        {"usage_every_chunk.sse",
         "response_id=\"chatcmpl-v-1\" request_id=\"chatcmpl-v-1\" response_model=\"local/model\" "
         "finish_reason[0]=\"stop\" output_text_bytes=2\n"
         "usage input=10 output=3 total=13\n"
         "marks: eTT.ee.\n"
         "events=5 terminal\n"
         "text[0] \"ab\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-3: 0 reported is 0 recorded. ST-3: a chunk with usage only is no content. */
static void usage_in_a_chunk_of_its_own_is_no_content(void **state)
{
    static const struct expectation cases[] = {
        {"usage_last.sse", "response_id=\"chatcmpl-u-1\" request_id=\"chatcmpl-u-1\" "
                           "response_model=\"gpt-example\" finish_reason[0]=\"length\" output_text_bytes=4\n"
                           "usage input=0 output=2 total=2 cache_read=0 cache_write=5 reasoning=0\n"
                           "marks: eT.ee.\n"
                           "events=4 terminal\n"
                           "text[0] \"Yes.\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* US-3: null, booleans, text, fractions, and what is below 0 say nothing and overwrite nothing. */
static void what_is_no_count_is_skipped(void **state)
{
    static const struct expectation cases[] = {
        {"usage_odd.sse", "response_id=\"uo-1\" request_id=\"uo-1\" response_model=\"m\" "
                          "finish_reason[0]=\"stop\" output_text_bytes=1\n"
                          "usage input=7 output=6 total=12 cache_read=3\n"
                          "marks: Tee.e.\n"
                          "events=4 terminal\n"
                          "text[0] \"x\"\n"},
        {"usage_all_odd.json", "response_id=\"uo-2\" request_id=\"uo-2\" response_model=\"m\" "
                               "finish_reason[0]=\"stop\" output_text_bytes=1\n"
                               "events=0 terminal\n"
                               "text[0] \"x\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void the_providers_error_as_the_answer(void **state)
{
    static const struct expectation cases[] = {
        {"error.json", "error_message=\"Rate limit reached for gpt-example: try again in 20s.\" "
                       "provider_error_type=\"tokens\" provider_error_code=\"rate_limit_exceeded\"\n"
                       "events=0 terminal error\n"},
        {"error_object.json", "error_message=\"The model `m` does not exist.\" "
                              "provider_error_type=\"NotFoundError\" provider_error_code=\"404\"\n"
                              "events=0 terminal error\n"},
        {"error_in_array.json", "provider_error_code=\"429\" error_message=\"Resource has been exhausted.\"\n"
                                "events=0 terminal error\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* ST-2: what came before it stays; a terminal event after it does not undo it. */
static void an_error_inside_a_stream(void **state)
{
    static const struct expectation cases[] = {
        {"error_in_stream.sse",
         "response_id=\"chatcmpl-e-1\" request_id=\"chatcmpl-e-1\" response_model=\"gpt-example\" "
         "error_message=\"The server had an error.\" provider_error_type=\"server_error\" "
         "provider_error_code=\"500\" output_text_bytes=4\n"
         "marks: Te\n"
         "events=2 error\n"
         "text[0] \"Half\"\n"},
        {"error_object.sse", "response_id=\"cmpl-v-2\" request_id=\"cmpl-v-2\" response_model=\"m\" "
                             "error_message=\"engine died\" provider_error_type=\"InternalServerError\" "
                             "provider_error_code=\"500\" output_text_bytes=4\n"
                             "marks: Te.\n"
                             "events=2 terminal error\n"
                             "text[0] \"Half\"\n"},
        {"error_string.sse", "response_id=\"chatcmpl-e-3\" request_id=\"chatcmpl-e-3\" response_model=\"m\" "
                             "request_id=\"req_02groq\" error_message=\"model overloaded\"\n"
                             "marks: ee.\n"
                             "events=2 terminal error\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void an_event_named_error_is_one(void **state)
{
    static const struct expectation cases[] = {
        {"error_event.sse", "response_id=\"chatcmpl-e-2\" request_id=\"chatcmpl-e-2\" response_model=\"m\" "
                            "error_message=\"upstream went away\" output_text_bytes=4\n"
                            "marks: Te\n"
                            "events=2 error\n"
                            "text[0] \"Half\"\n"},
        {"error_event_odd.sse", "finish_reason[0]=\"stop\" output_text_bytes=1\n"
                                "marks: e.T\n"
                                "events=2 terminal error\n"
                                "text[0] \"k\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void malformed_events_are_counted_and_the_stream_goes_on(void **state)
{
    static const struct expectation cases[] = {
        {"malformed_in_the_middle.sse",
         "response_id=\"chatcmpl-m-1\" request_id=\"chatcmpl-m-1\" response_model=\"m\" "
         "finish_reason[0]=\"stop\" output_text_bytes=10 decode_errors=3\n"
         "usage input=3 output=2\n"
         "marks: TTe.Te.\n"
         "events=5 bad=3 terminal\n"
         "text[0] \"onetwthree\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* ST-2: neither a finish reason nor [DONE] came. */
static void a_stream_without_its_end_is_not_terminal(void **state)
{
    static const struct expectation cases[] = {
        {"no_finish_reason.sse", "response_id=\"chatcmpl-x-1\" request_id=\"chatcmpl-x-1\" "
                                 "response_model=\"m\" output_text_bytes=15\n"
                                 "marks: eT\n"
                                 "events=2\n"
                                 "text[0] \"The line went d\"\n"},
        {"done_cut.sse",
         "response_id=\"dn-1\" request_id=\"dn-1\" response_model=\"m\" output_text_bytes=3 decode_errors=1\n"
         "marks: Te\n"
         "events=2 bad=1\n"
         "text[0] \"cut\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* ST-2: it has no usage, no content, no error. */
static void a_stream_without_chunks(void **state)
{
    static const struct expectation cases[] = {
        {"only_comments.sse", "events=0\n"},
        {"done_alone.sse", "marks: .\n"
                           "events=0 terminal\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void line_ends_comments_and_byte_order_marks(void **state)
{
    static const struct expectation cases[] = {
        {"crlf.sse", "response_id=\"chatcmpl-c-1\" request_id=\"chatcmpl-c-1\" response_model=\"m\" "
                     "finish_reason[0]=\"stop\" output_text_bytes=12\n"
                     "marks: .T.\n"
                     "events=1 terminal\n"
                     "text[0] \"in two lines\"\n"},
        {"cr_and_byte_order_mark.sse", "response_id=\"cr-1\" request_id=\"cr-1\" response_model=\"m\" "
                                       "finish_reason[0]=\"stop\" output_text_bytes=9\n"
                                       "marks: T.T.\n"
                                       "events=2 terminal\n"
                                       "text[0] \"old lines\"\n"},
        {"no_blank_line_at_the_end.sse", "response_id=\"nb-1\" request_id=\"nb-1\" response_model=\"m\" "
                                         "finish_reason[0]=\"stop\" output_text_bytes=5\n"
                                         "usage input=4 output=1\n"
                                         "marks: T.e\n"
                                         "events=2 terminal\n"
                                         "text[0] \"whole\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

/* The recorder hands out what came; those who export make it UTF-8. */
static void bytes_that_are_no_utf8_pass_through(void **state)
{
    static const struct expectation cases[] = {
        {"invalid_utf8.sse", "response_id=\"u8-\xff\xfe\" request_id=\"u8-\xff\xfe\" "
                             "response_model=\"m\xc0\xaf\" finish_reason[0]=\"stop\" output_text_bytes=19\n"
                             "marks: T.T.\n"
                             "events=2 terminal\n"
                             "text[0] \"caf\xe9 \xed\xa0\x80 \xe2\x82\xac \xef\xbf\xbd ok\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void a_document_that_broke_off_is_counted(void **state)
{
    static const struct expectation cases[] = {
        {"broken_off.json", "response_id=\"br-1\" request_id=\"br-1\" response_model=\"m\" "
                            "output_text_bytes=12 decode_errors=1\n"
                            "events=0 bad=1\n"
                            "text[0] \"It breaks of\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void values_of_other_types_say_nothing(void **state)
{
    static const struct expectation cases[] = {
        {"strange_shapes.json", "response_model=\"m\" finish_reason[4]=\"stop\" output_text_bytes=1\n"
                                "events=0 terminal\n"
                                "text[4] \"x\"\n"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void expect_text(const char *body, enum gsp__framing framing, const char *expected)
{
    expect_response(body, strlen(body), framing, expected, &seed);
}

/* Without a Content-Type the first byte that is no blank decides. */
static void what_nobody_told_the_type_of(void **state)
{
    (void)state;
    expect_text(" \r\n\t {\"id\":\"x\"}\n", GSP__FRAMING_UNKNOWN,
                "response_id=\"x\" request_id=\"x\"\nevents=0 terminal\n");
    expect_text("\n\n \ndata: {\"id\":\"x\"}\n\n", GSP__FRAMING_UNKNOWN,
                "response_id=\"x\" request_id=\"x\"\nmarks: e\nevents=1\n");
    expect_text("  data: {\"id\":\"x\"}\n\n", GSP__FRAMING_UNKNOWN,
                "response_id=\"x\" request_id=\"x\"\nmarks: e\nevents=1\n");
    /* what is neither is not decoded, and is no fault of ours to count */
    expect_text("<html>502 Bad Gateway</html>", GSP__FRAMING_UNKNOWN, "events=0\n");
    expect_text(" \n ", GSP__FRAMING_UNKNOWN, "events=0\n");
    expect_text("{\"id\":\"x\"}", GSP__FRAMING_OTHER, "events=0\n");
    expect_text("", GSP__FRAMING_UNKNOWN, "events=0\n");
    expect_text("", GSP__FRAMING_SSE, "events=0\n");
    expect_text("", GSP__FRAMING_JSON, "events=0\n");
    /* told to be JSON, it is a document that cannot be read */
    expect_text("<html>502 Bad Gateway</html>", GSP__FRAMING_JSON, "decode_errors=1\nevents=0 bad=1\n");
    expect_text("{} {}", GSP__FRAMING_JSON, "decode_errors=1\nevents=0 bad=1\n");
}

/* What stands on both sides of a bad event. */
static const char before[] =
    "data: {\"id\":\"b-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}\n\n";
static const char after[] =
    "\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two\"},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";

static char *between(const char *head, char filling, size_t n_filling, const char *tail, size_t *n)
{
    char *stream = malloc(sizeof before + strlen(head) + n_filling + strlen(tail) + sizeof after),
         *p = stream;

    p = stpcpy(p, before);
    p = stpcpy(p, head);
    memset(p, filling, n_filling);
    p = stpcpy(p + n_filling, tail);
    p = stpcpy(p, after);
    *n = (size_t)(p - stream);
    return stream;
}

/* A line of 10 MB is refused at the ceiling, and the stream goes on. */
static void a_line_that_is_too_long_is_refused_and_the_stream_goes_on(void **state)
{
    static const size_t pieces[] = {SIZE_MAX, 1 << 20, 16384, 1439};
    static const char *const expected =
        "response_id=\"b-1\" request_id=\"b-1\" finish_reason[0]=\"stop\" output_text_bytes=6 "
        "decode_errors=1\n"
        "usage input=1 output=2\nmarks: Te.T.\nevents=3 bad=1 terminal\ntext[0] \"onetwo\"\n";
    size_t n;
    char *stream = between("data: {\"junk\":\"", 'x', 10 << 20, "\"}", &n);

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        assert_string_equal(
            decoded_response(stream, n, GSP__FRAMING_SSE, (struct cuts){pieces[i], pieces[i], NULL}),
            expected);
    free(stream);
}

/* Also where the line is one that says nothing: what came of its event stands, and it counts as bad. */
static void a_comment_that_is_too_long_spoils_its_event(void **state)
{
    size_t n;
    char *stream = between("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"-\"}}]}\n: ", 'x',
                           10 << 20, "", &n);

    (void)state;
    assert_string_equal(
        decoded_response(stream, n, GSP__FRAMING_SSE, (struct cuts){16384, 16384, NULL}),
        "response_id=\"b-1\" request_id=\"b-1\" finish_reason[0]=\"stop\" "
        "output_text_bytes=7 decode_errors=1\n"
        "usage input=1 output=2\nmarks: TT.T.\nevents=3 bad=1 terminal\ntext[0] \"one-two\"\n");
    free(stream);
}

/* What is below the ceiling is read, however long: here as text of the answer. */
static void a_long_line_below_the_ceiling_is_read(void **state)
{
    size_t n;
    char *stream = between("data: {\"choices\":[{\"delta\":{\"content\":\"", 'x', 7 << 20, "\"}}]}", &n);
    const char *text;

    (void)state;
    text = decoded_response(stream, n, GSP__FRAMING_SSE, (struct cuts){16384, 16384, NULL});
    assert_non_null(strstr(text, "output_text_bytes=7340038\n"));
    assert_non_null(strstr(text, "marks: TT.T.\nevents=3 terminal\n"));
    free(stream);
}

/* JSON that nests deeper than the reader goes is a bad event, no more. */
static void json_that_is_too_deep_is_counted_and_the_stream_goes_on(void **state)
{
    static const char *const heads[] = {
        "data: {\"junk\":", "data: {\"choices\":", "data: {\"usage\":{\"x\":", "data: "};

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        size_t n;
        char *stream = between(heads[i], '[', 100000, "", &n);

        assert_string_equal(
            decoded_response(stream, n, GSP__FRAMING_SSE, (struct cuts){i ? 999 : n, 999, NULL}),
            "response_id=\"b-1\" request_id=\"b-1\" finish_reason[0]=\"stop\" output_text_bytes=6 "
            "decode_errors=1\n"
            "usage input=1 output=2\nmarks: Te.T.\nevents=3 bad=1 terminal\ntext[0] \"onetwo\"\n");
        free(stream);
    }
}

/* Strings that are longer than is kept of them are cut between characters, and facts say so. */
static void long_strings_are_cut(void **state)
{
    char body[4096], expected[4096], id[1200], name[200];

    (void)state;
    memset(id, 'i', sizeof id);
    id[1023] = 0;
    memset(name, 'n', sizeof name);
    name[GSP__TOOL_NAME_MAX - 2] = 0;
    snprintf(body, sizeof body,
             "{\"id\":\"%s\xe2\x82\xac\",\"choices\":[{\"message\":{\"tool_calls\":[{\"function\":{\"name\":"
             "\"%s\xe2\x82\xac\"}}]},"
             "\"finish_reason\":\"a_reason_that_is_longer_than_any_that_is_known\"}]}",
             id, name);
    snprintf(expected, sizeof expected,
             "response_id=~\"%s\" request_id=~\"%s\" finish_reason[0]=\"a_reason_that_is_longer_than_any\" "
             "tool_call_count=1\ncall[0][0] \"\" \"%s\"\nevents=0 terminal\n",
             id, id, name);
    expect_text(body, GSP__FRAMING_JSON, expected);
}

/* Whatever bytes come: cuts make no difference, and nothing is read outside of them. */
static void fixtures_with_random_damage_decode_the_same_at_all_cuts(void **state)
{
    static const char *const fixtures[] = {
        "stream.sse",      "tools.sse", "plain.json",  "groq.sse", "malformed_in_the_middle.sse",
        "error_event.sse", "crlf.sse",  "mistral.json"};
    static const char dangerous[] = "\"\\{}[]:,\n\r \0\xff\xed\x80tfn0-eE.u";

    (void)state;
    for (size_t i = 0; i < 400; i++) {
        enum gsp__framing framing;
        size_t n;
        char *bytes = read_fixture(fixtures[i % (sizeof fixtures / sizeof fixtures[0])], &n, &framing),
             *whole;

        for (uint64_t k = gsp__random_next(&seed) % 8 + 1; k > 0; k--)
            bytes[gsp__random_next(&seed) % n] = dangerous[gsp__random_next(&seed) % (sizeof dangerous - 1)];
        n -= gsp__random_next(&seed) % 50;
        if (i % 3 == 0)
            framing = GSP__FRAMING_UNKNOWN;
        whole = strdup(decoded_response(bytes, n, framing, (struct cuts){n, n, NULL}));
        assert_string_equal(decoded_response(bytes, n, framing, (struct cuts){1, 1, NULL}), whole);
        for (int k = 0; k < 10; k++)
            assert_string_equal(decoded_response(bytes, n, framing, (struct cuts){0, k % 2 ? 5 : 200, &seed}),
                                whole);
        free(whole);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage_with_every_chunk_is_never_summed),
        cmocka_unit_test(usage_in_a_chunk_of_its_own_is_no_content),
        cmocka_unit_test(what_is_no_count_is_skipped),
        cmocka_unit_test(the_providers_error_as_the_answer),
        cmocka_unit_test(an_error_inside_a_stream),
        cmocka_unit_test(an_event_named_error_is_one),
        cmocka_unit_test(malformed_events_are_counted_and_the_stream_goes_on),
        cmocka_unit_test(a_stream_without_its_end_is_not_terminal),
        cmocka_unit_test(a_stream_without_chunks),
        cmocka_unit_test(line_ends_comments_and_byte_order_marks),
        cmocka_unit_test(bytes_that_are_no_utf8_pass_through),
        cmocka_unit_test(a_document_that_broke_off_is_counted),
        cmocka_unit_test(values_of_other_types_say_nothing),
        cmocka_unit_test(what_nobody_told_the_type_of),
        cmocka_unit_test(a_line_that_is_too_long_is_refused_and_the_stream_goes_on),
        cmocka_unit_test(a_comment_that_is_too_long_spoils_its_event),
        cmocka_unit_test(a_long_line_below_the_ceiling_is_read),
        cmocka_unit_test(json_that_is_too_deep_is_counted_and_the_stream_goes_on),
        cmocka_unit_test(long_strings_are_cut),
        cmocka_unit_test(fixtures_with_random_damage_decode_the_same_at_all_cuts),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
