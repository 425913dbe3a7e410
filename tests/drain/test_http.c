/* What a channel sends, and what answers mean: OTLP/HTTP's rules for success, failure and another try. */
#include "drain/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_time.h"
#include "base/warn.h"
#include "support/capture.h"

static struct test_backend *backend;
static struct test_channel c;
static gsp_drainer_options options;

static void forget_warnings(void)
{
    gsp__warn_reset("export-refused-traces");
    gsp__warn_reset("export-partial-traces");
    gsp__warn_reset("export-message-traces");
}

static int set_up(void **state)
{
    (void)state;
    forget_warnings();
    backend = test_backend_start();
    options = (gsp_drainer_options)GSP_DRAINER_OPTIONS_INIT;
    options.endpoint = test_backend_url(backend);
    options.timeout_ms = 30000;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_channel_close(&c);
    test_backend_stop(backend);
    return 0;
}

static void answer(struct test_answer a)
{
    static struct test_answer kept;

    kept = a;
    test_backend_answer(backend, &kept, 1);
}

static void a_body_arrives_as_it_is(void **state)
{
    static const char body[] = "\x0a\x00\xff binary";
    const struct test_request *r;

    (void)state;
    test_channel_open(&c, &options);
    test_capture();
    assert_int_equal(gsp__channel_post(c.channel, false, body, sizeof body, &c.partial), GSP__POST_OK);
    assert_int_equal(gsp__channel_post(c.channel, true, "{}", 2, &c.partial), GSP__POST_OK);
    assert_string_equal(test_captured(), "");
    r = test_backend_request(backend, 0);
    assert_string_equal(r->method, "POST");
    assert_string_equal(r->path, "/v1/traces");
    assert_int_equal(r->n_body, sizeof body);
    assert_memory_equal(r->body, body, sizeof body);
    assert_string_equal(test_request_header(r, "Content-Type"), "application/x-protobuf");
    assert_null(test_request_header(r, "Content-Encoding"));
    assert_null(test_request_header(r, "Expect"));
    assert_memory_equal(test_request_header(r, "User-Agent"), "genspan/", 8);
    r = test_backend_request(backend, 1);
    assert_string_equal(test_request_header(r, "Content-Type"), "application/json");
    assert_string_equal(r->body, "{}");
}

static void a_large_body_arrives_whole(void **state)
{
    const size_t n = (size_t)8 << 20;
    char *body = malloc(n), *plain;
    size_t n_plain;

    (void)state;
    assert_non_null(body);
    for (size_t i = 0; i < n; i++)
        body[i] = (char)(i * 2654435761u >> 24);
    test_channel_open(&c, &options);
    assert_int_equal(gsp__channel_post(c.channel, false, body, n, &c.partial), GSP__POST_OK);
    assert_int_equal(test_backend_request(backend, 0)->n_body, n);
    assert_memory_equal(test_backend_request(backend, 0)->body, body, n);
    test_channel_close(&c);
    options.compression = "gzip";
    test_channel_open(&c, &options);
    assert_int_equal(gsp__channel_post(c.channel, false, body, n, &c.partial), GSP__POST_OK);
    plain = test_request_unpack(test_backend_request(backend, 1), &n_plain);
    assert_int_equal(n_plain, n);
    assert_memory_equal(plain, body, n);
    free(plain);
    free(body);
}

static void gzip_is_said_and_done(void **state)
{
    const struct test_request *r;
    char *plain;
    size_t n;

    (void)state;
    options.compression = "gzip";
    test_channel_open(&c, &options);
    for (size_t i = 0; i < 2; i++) { /* the buffer is used again */
        const char *text = i ? "short" : "a text that is long long long long long long long enough";

        assert_int_equal(gsp__channel_post(c.channel, false, text, strlen(text), &c.partial), GSP__POST_OK);
        r = test_backend_request(backend, i);
        assert_string_equal(test_request_header(r, "Content-Encoding"), "gzip");
        plain = test_request_unpack(r, &n);
        assert_string_equal(plain, text);
        free(plain);
    }
}

static void headers_of_the_user_are_sent(void **state)
{
    const struct test_request *r;

    (void)state;
    options.headers = "api-key=top%20secret%2C1,X-Empty=,X-Utf8=caf%C3%A9";
    test_channel_open(&c, &options);
    assert_int_equal(test_channel_post(&c), GSP__POST_OK);
    r = test_backend_request(backend, 0);
    assert_string_equal(test_request_header(r, "api-key"), "top secret,1");
    assert_string_equal(test_request_header(r, "X-Empty"), "");
    assert_string_equal(test_request_header(r, "X-Utf8"), "caf\xc3\xa9");
}

/* OTLP: 429, 502, 503 and 504 may be sent again; nothing else may. */
static void only_four_statuses_are_for_another_try(void **state)
{
    static const struct {
        unsigned status;
        enum gsp__post_result expected;
    } cases[] = {
        {200, GSP__POST_OK},     {201, GSP__POST_OK},     {202, GSP__POST_OK},     {204, GSP__POST_OK},
        {429, GSP__POST_RETRY},  {502, GSP__POST_RETRY},  {503, GSP__POST_RETRY},  {504, GSP__POST_RETRY},
        {301, GSP__POST_REJECT}, {304, GSP__POST_REJECT}, {307, GSP__POST_REJECT}, {400, GSP__POST_REJECT},
        {401, GSP__POST_REJECT}, {403, GSP__POST_REJECT}, {404, GSP__POST_REJECT}, {405, GSP__POST_REJECT},
        {408, GSP__POST_REJECT}, {413, GSP__POST_REJECT}, {415, GSP__POST_REJECT}, {422, GSP__POST_REJECT},
        {500, GSP__POST_REJECT}, {501, GSP__POST_REJECT}, {505, GSP__POST_REJECT}, {599, GSP__POST_REJECT}};

    (void)state;
    test_channel_open(&c, &options);
    test_capture();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum gsp__post_result result;

        answer((struct test_answer){.status = cases[i].status});
        result = test_channel_post(&c);
        if (result != cases[i].expected)
            fail_msg("status %u: %d", cases[i].status, result);
        assert_int_equal(test_backend_count(backend), i + 1); /* it never tries again by itself */
    }
    test_captured();
}

static void retry_after_puts_the_next_try_off(void **state)
{
    static const struct {
        const char *value;
        int64_t least_ms, most_ms; /* the backoff of the first failure is up to a second */
    } cases[] = {
        {"7", 7000, 7000},
        {" 7 ", 7000, 7000},
        {"1.5", 1500, 1500},
        {"120", 120000, 120000},
        {"Tue, 14 Nov 2023 22:13:51 GMT", 30000, 30000}, /* 31 s after the start; 1 s of it is over */
        {"Tuesday, 14-Nov-23 22:14:21 GMT", 60000, 60000},
        {"Tue Nov 14 22:14:21 2023", 60000, 60000},
        {"Tue, 14 Nov 2023 22:13:00 GMT", 0, 1000}, /* past */
        {"0", 0, 1000},
        {"-5", 0, 1000},
        {"soon", 0, 1000},
        {"", 0, 1000},
        {"100000", 300000, 300000}, /* a backend that asks for a day is asked again after 5 minutes */
        {"Wed, 31 Dec 2098 00:00:00 GMT", 300000, 300000},
        {"9223372036854775807", 0, 1000}, /* no such time */
        {"99999999999999999999999999", 0, 1000},
        {NULL, 0, 1000},
    };
    static const unsigned statuses[] = {429, 502, 503, 504};

    (void)state;
    test_capture();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t wait;

        test_channel_open(&c, &options);
        answer((struct test_answer){.status = statuses[i % 4], .retry_after = cases[i].value});
        assert_int_equal(test_channel_post(&c), GSP__POST_RETRY);
        wait = test_channel_wait_ms(&c);
        if (wait < cases[i].least_ms || wait > cases[i].most_ms)
            fail_msg("Retry-After: %s gives %lld ms", cases[i].value, (long long)wait);
        test_channel_close(&c);
    }
    test_captured();
}

static void what_one_answer_asks_for_says_nothing_of_the_next(void **state)
{
    (void)state;
    test_channel_open(&c, &options);
    test_capture();
    answer((struct test_answer){.status = 503, .retry_after = "200"});
    assert_int_equal(test_channel_post(&c), GSP__POST_RETRY);
    assert_int_equal(test_channel_wait_ms(&c), 200000);
    answer((struct test_answer){.status = 503});
    assert_int_equal(test_channel_post(&c), GSP__POST_RETRY);
    assert_in_range(test_channel_wait_ms(&c), 0, 2000);
    answer((struct test_answer){.status = 200, .retry_after = "200"}); /* of a success it means nothing */
    assert_int_equal(test_channel_post(&c), GSP__POST_OK);
    assert_int_equal(test_channel_wait_ms(&c), 0);
    test_captured();
}

/* Exponential backoff with jitter: never over 30 s, and over any 1 s soon. */
static void waits_grow_up_to_a_ceiling(void **state)
{
    int64_t longest = 0;

    (void)state;
    test_channel_open(&c, &options);
    answer((struct test_answer){.status = 503});
    test_capture();
    for (int i = 0; i < 60; i++) {
        int64_t wait;

        assert_int_equal(test_channel_post(&c), GSP__POST_RETRY);
        wait = test_channel_wait_ms(&c);
        assert_true(wait >= 0);
        assert_true(i >= 5 || wait <= (int64_t)1000 << i);
        longest = wait > longest ? wait : longest;
    }
    assert_in_range(longest, 5000, 30000); /* 55 draws from [0, 30 s], none over 5: one in 10^42 */
    test_captured();
}

static void an_outage_is_one_warning(void **state)
{
    const char *text;

    (void)state;
    test_channel_open(&c, &options);
    answer((struct test_answer){.status = 503});
    test_capture();
    for (int i = 0; i < 20; i++)
        assert_int_equal(test_channel_post(&c), GSP__POST_RETRY);
    text = test_captured();
    assert_int_equal(test_warnings(text), 1);
    assert_non_null(strstr(text, "HTTP status 503"));
    assert_non_null(strstr(text, options.endpoint));
    answer((struct test_answer){0});
    assert_int_equal(test_channel_post(&c), GSP__POST_OK);
    answer((struct test_answer){.status = 503}); /* another outage */
    test_capture();
    for (int i = 0; i < 5; i++)
        assert_int_equal(test_channel_post(&c), GSP__POST_RETRY);
    assert_int_equal(test_warnings(test_captured()), 1);
}

/* "Kept and sent later", then dropped: that must be told too. */
static void a_refusal_after_an_outage_is_told(void **state)
{
    const char *text;

    (void)state;
    test_channel_open(&c, &options);
    test_capture();
    answer((struct test_answer){.status = 503});
    test_channel_post(&c);
    answer((struct test_answer){.status = 400, .body = "no such tenant"});
    for (int i = 0; i < 5; i++)
        assert_int_equal(test_channel_post(&c), GSP__POST_REJECT);
    text = test_captured();
    assert_int_equal(test_warnings(text), 2);
    assert_non_null(strstr(text, "400 (no such tenant): they are dropped"));
}

static void a_backend_that_is_not_there(void **state)
{
    const char *text;

    (void)state;
    options.endpoint = test_nobody_url();
    test_channel_open(&c, &options);
    test_capture();
    for (int i = 0; i < 10; i++)
        assert_int_equal(test_channel_post(&c), GSP__POST_RETRY);
    text = test_captured();
    assert_int_equal(test_warnings(text), 1);
    assert_non_null(strstr(text, options.endpoint));
    assert_non_null(strstr(text, "sent later"));
}

static void a_slow_backend_is_given_up(void **state)
{
    const char *text;

    (void)state;
    options.timeout_ms = 100;
    test_channel_open(&c, &options);
    answer((struct test_answer){.stalls = true});
    test_capture();
    assert_int_equal(test_channel_post(&c), GSP__POST_RETRY);
    text = test_captured();
    assert_int_equal(test_warnings(text), 1);
    assert_non_null(strstr(text, "timed out"));
}

/* A shutdown's deadline is ours: the backend is not blamed, and may be asked again at once. */
static void our_own_deadline_is_not_the_backends_fault(void **state)
{
    (void)state;
    test_channel_open(&c, &options);
    test_capture();
    atomic_store(&c.context.deadline_ns, c.now_ns - 1);
    assert_int_equal(test_channel_post(&c), GSP__POST_RETRY);
    assert_int_equal(test_backend_count(backend), 0);
    assert_int_equal(test_channel_wait_ms(&c), 0);
    assert_string_equal(test_captured(), "");
    atomic_store(&c.context.deadline_ns, INT64_MAX);
    assert_int_equal(test_channel_post(&c), GSP__POST_OK);
}

static void a_deadline_shortens_the_timeout(void **state)
{
    (void)state;
    test_channel_open(&c, &options);
    c.config.signals[GSP_SIGNAL_TRACES].timeout_ms = 0; /* no limit of its own */
    answer((struct test_answer){.stalls = true});
    atomic_store(&c.context.deadline_ns, c.now_ns + 100000000);
    test_capture();
    assert_int_equal(test_channel_post(&c), GSP__POST_RETRY); /* else it would never come back */
    test_captured();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_body_arrives_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_body_arrives_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gzip_is_said_and_done, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headers_of_the_user_are_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_four_statuses_are_for_another_try, set_up, tear_down),
        cmocka_unit_test_setup_teardown(retry_after_puts_the_next_try_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_one_answer_asks_for_says_nothing_of_the_next, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waits_grow_up_to_a_ceiling, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_outage_is_one_warning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_after_an_outage_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_backend_that_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_backend_is_given_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(our_own_deadline_is_not_the_backends_fault, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_deadline_shortens_the_timeout, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
