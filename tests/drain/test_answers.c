/* Backends that answer wrongly: cut short, too long, in no known form, hostile. And partial success. */
#include "drain/channel.h"

#include <stdlib.h>
#include <string.h>

#include "base/warn.h"
#include "support/capture.h"

static struct test_backend *backend;
static struct test_channel c;
static gsp_drainer_options options;

static int set_up(void **state)
{
    (void)state;
    gsp__warn_reset("export-refused-traces");
    gsp__warn_reset("export-partial-traces");
    gsp__warn_reset("export-message-traces");
    backend = test_backend_start();
    options = (gsp_drainer_options)GSP_DRAINER_OPTIONS_INIT;
    options.endpoint = test_backend_url(backend);
    options.timeout_ms = 30000;
    test_channel_open(&c, &options);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_channel_close(&c);
    test_backend_stop(backend);
    return 0;
}

/* Post until `n` answers of one kind have been had; returns what was warned of. */
static const char *answers(struct test_answer a, int n, enum gsp__post_result expected)
{
    test_backend_answer(backend, &a, 1);
    test_capture();
    for (int i = 0; i < n; i++) {
        enum gsp__post_result result = test_channel_post(&c);

        if (result != expected)
            fail_msg("\"%.40s\": %d; %s", a.raw ? a.raw : a.body ? a.body : "", result, test_captured());
    }
    return test_captured();
}

/* A success is one whatever its body says: sending again would double what was taken. */
static void a_success_is_one_whatever_comes_after_its_head(void **state)
{
    static const char *const raw[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",          /* promises more */
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nlonger than that", /* sends more */
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",       /* promises the moon */
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",               /* no length */
        "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",  /* cut in a chunk */
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab", /* no chunk */
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxyz",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nuntil the end",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 50\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++) {
        const char *text = answers((struct test_answer){.raw = raw[i]}, 2, GSP__POST_OK);

        assert_string_equal(text, "");
        assert_int_equal(c.partial.n_rejected, 0);
    }
}

/* Without a status nothing is known: it is sent again, later. One warning for all of it. */
static void what_is_no_answer_is_an_outage(void **state)
{
    static const char *const raw[] = {
        "",
        "\r\n\r\n",
        "HTTP/1.1 ",
        "SSH-2.0-OpenSSH_9\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/9.9 what\r\n\r\n",
        "\x16\x03\x01\x02",
        "<html>ok</html>",
    };
    int n_warnings = 0;

    (void)state;
    for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++)
        n_warnings += test_warnings(answers((struct test_answer){.raw = raw[i]}, 3, GSP__POST_RETRY));
    assert_int_equal(n_warnings, 1);
}

static void a_body_that_is_no_otlp_is_passed_over(void **state)
{
    static const struct {
        const char *type, *body;
        size_t n;
    } cases[] = {
        {"text/html", "<html><body>Welcome</body></html>", 0},
        {"application/x-protobuf", "\xff\xff\xff\xff\xff\xff", 6},
        {"application/x-protobuf", "\x0a\x7f\x08", 3}, /* says 127 bytes, has one */
        {"application/x-protobuf", "{\"partialSuccess\":{\"rejectedSpans\":\"3\"}}", 0},
        {"application/json", "\x0a\x02\x08\x03", 4},
        {"application/json", "{\"partialSuccess\":{\"rejectedSpans\":", 0},
        {"application/json", "[1,2]", 0},
        {"application/json", "{\"partialSuccess\":7}", 0},
        {"application/json", "{\"partialSuccess\":{\"rejectedSpans\":{}}}", 0},
        {"application/json", "{\"partialSuccess\":null}", 0},
        {"application/json", "", 0},
        {NULL, "no type at all", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_answer a = {.type = cases[i].type, .body = cases[i].body, .n_body = cases[i].n};
        const char *text = answers(a, 1, GSP__POST_OK);

        if (*text || c.partial.n_rejected != 0)
            fail_msg("case %zu: %lld, %s", i, (long long)c.partial.n_rejected, text);
    }
}

static void partial_success_in_both_encodings(void **state)
{
    static const char protobuf[] = "\x0a\x0b\x08\x03\x12\x07too old";
    const char *text;

    (void)state;
    text = answers((struct test_answer){.type = "application/x-protobuf", .body = protobuf, .n_body = 13}, 5,
                   GSP__POST_OK);
    assert_int_equal(c.partial.n_rejected, 3);
    assert_string_equal(c.partial.message, "too old");
    assert_int_equal(test_warnings(text), 1);
    assert_non_null(strstr(text, "3 refused (too old)"));
    text = answers((struct test_answer){.type = "application/json; charset=utf-8",
                                        .body = "{\"partialSuccess\":{\"rejectedSpans\":\"4\","
                                                "\"errorMessage\":\"bad\"}}"},
                   1, GSP__POST_OK);
    assert_int_equal(c.partial.n_rejected, 4);
    assert_string_equal(c.partial.message, "bad");
    assert_string_equal(text, ""); /* told already */
}

/* OTLP: nothing rejected and a message is advice, not loss. */
static void advice_is_no_loss(void **state)
{
    const char *text = answers((struct test_answer){.type = "application/json",
                                                    .body = "{\"partialSuccess\":{\"errorMessage\":"
                                                            "\"use the new endpoint\"}}"},
                               3, GSP__POST_OK);

    (void)state;
    assert_int_equal(test_warnings(text), 1);
    assert_non_null(strstr(text, "use the new endpoint"));
    assert_null(strstr(text, "refused"));
}

static void a_refusal_is_one_warning_with_its_reason(void **state)
{
    static const unsigned statuses[] = {400, 401, 404, 413, 500};

    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct test_answer a = {.status = statuses[i], .type = "text/plain", .body = "because"};
        const char *text;
        char expected[64] = "HTTP status 000 (because): they are dropped";

        expected[12] = (char)('0' + statuses[i] / 100);
        expected[13] = (char)('0' + statuses[i] / 10 % 10);
        expected[14] = (char)('0' + statuses[i] % 10);
        gsp__warn_reset("export-refused-traces");
        text = answers(a, 5, GSP__POST_REJECT);
        assert_int_equal(test_warnings(text), 1);
        assert_non_null(strstr(text, expected));
    }
}

/* What a backend says goes to a terminal: one line, which cannot move the cursor. */
static void a_hostile_reason_is_shown_harmless(void **state)
{
    static const char body[] = "\x1b[2J\x1b]0;owned\x07line\nline\r\x9b"
                               "1m \xc2\x9b"
                               "1m caf\xc3\xa9 \xff\xfe \x7f%s%n";
    const char *text = answers((struct test_answer){.status = 400, .body = body, .n_body = sizeof body - 1},
                               2, GSP__POST_REJECT);
    size_t n = strlen(text);

    (void)state;
    assert_int_equal(test_warnings(text), 1);
    assert_non_null(strchr(text, '\n'));
    assert_ptr_equal(strchr(text, '\n'), text + n - 1);
    for (size_t i = 0; i + 1 < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            fail_msg("byte %zu of the warning is %d", i, text[i]);
    assert_non_null(strstr(text, ".[2J.]0;owned.line.line.?1m ..1m caf\xc3\xa9 ?? .%s%n)"));
}

/* Without a limit of time too: what a backend sends is bounded by bytes. */
static void an_endless_answer_is_cut_off(void **state)
{
    struct test_answer a = {.is_endless = true};

    (void)state;
    c.config.signals[GSP_SIGNAL_TRACES].timeout_ms = 0;
    assert_string_equal(answers(a, 1, GSP__POST_OK), "");
    a.status = 400;
    assert_int_equal(test_warnings(answers(a, 2, GSP__POST_REJECT)), 1);
    a.status = 503;
    a.retry_after = "60";
    assert_int_equal(test_warnings(answers(a, 1, GSP__POST_RETRY)), 1);
    assert_int_equal(test_channel_wait_ms(&c), 60000);
}

/* An answer's head is bounded by the HTTP library; that it is, is what we rely on. */
static void an_endless_head_is_an_outage(void **state)
{
    static char raw[((size_t)4 << 20) + 1]; /* the server may still read it when the test is over */
    const size_t n = sizeof raw - 1;
    size_t used;

    (void)state;
    strcpy(raw, "HTTP/1.1 503 Later\r\nX: ");
    used = strlen(raw);
    memset(raw + used, 'h', n - used);
    raw[n] = 0;
    assert_int_equal(test_warnings(answers((struct test_answer){.raw = raw}, 2, GSP__POST_RETRY)), 1);
}

/* The connection may be kept and then found dead: the body is sent anew, and nothing is told. */
static void a_kept_connection_that_ended_is_made_anew(void **state)
{
    static const struct test_answer script[] = {
        {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}, /* promises to stay, and goes */
        {0},
    };

    (void)state;
    test_backend_answer(backend, script, 2);
    test_capture();
    for (int i = 0; i < 4; i++)
        assert_int_equal(test_channel_post(&c), GSP__POST_OK);
    assert_string_equal(test_captured(), "");
    assert_int_equal(test_backend_count(backend), 4);
}

/* Where an answer leads is not followed: headers with keys in them would go there. */
static void redirects_are_not_followed(void **state)
{
    static char raw[256];
    struct test_backend *other = test_backend_start();

    (void)state;
    strcpy(raw, "HTTP/1.1 307 Elsewhere\r\nContent-Length: 0\r\nLocation: ");
    strcat(raw, test_backend_url(other));
    strcat(raw, "/\r\n\r\n");
    answers((struct test_answer){.raw = raw}, 1, GSP__POST_REJECT);
    assert_int_equal(test_backend_count(other), 0);
    test_backend_stop(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_success_is_one_whatever_comes_after_its_head, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_answer_is_an_outage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_body_that_is_no_otlp_is_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(partial_success_in_both_encodings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(advice_is_no_loss, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_is_one_warning_with_its_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hostile_reason_is_shown_harmless, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_endless_answer_is_cut_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_endless_head_is_an_outage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_kept_connection_that_ended_is_made_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(redirects_are_not_followed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
