/* genspan sim as a command: its port, its limits, what it complains of. What it answers is tested in sim/. */
#include "support/run.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct test_command sim, other;

static int set_up(void **state)
{
    (void)state;
    memset(&sim, 0, sizeof sim);
    memset(&other, 0, sizeof other);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_command_free(&sim);
    test_command_free(&other);
    return 0;
}

static size_t add(char *bytes, size_t size, size_t n, void *self)
{
    char *text = self;
    size_t used = strlen(text);

    assert_true(used + n < 60000);
    memcpy(text + used, bytes, size * n);
    text[used + n] = 0;
    return n;
}

/* POST a chat request; the response's body is in `out` then. Returns the status, 0 when there is none. */
static long ask(const char *base, bool is_stream, char out[60000])
{
    CURL *curl = curl_easy_init();
    char url[200], body[200];
    long status = 0;

    out[0] = 0;
    snprintf(url, sizeof url, "%s/chat/completions", base);
    snprintf(body, sizeof body, "{\"model\":\"m\",\"stream\":%s,\"messages\":[{}]}",
             is_stream ? "true" : "false");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, add);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    return status;
}

static void it_prints_its_url_and_nothing_else_and_ends_with_a_signal(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    unsigned port;
    int n = 0;

    (void)state;
    for (int i = 0; i < 2; i++) {
        test_sim(&sim, NULL);
        assert_int_equal(sscanf(sim.out, "http://127.0.0.1:%u/v1%n", &port, &n), 1);
        assert_int_equal(n, strlen(sim.out));
        assert_true(port > 0 && port < 65536);
        assert_int_equal(test_stop(&sim, signals[i]), 0);
        assert_string_equal(sim.err, "");
    }
}

static void a_port_that_is_taken_is_refused(void **state)
{
    char port[16];

    (void)state;
    test_sim(&sim, NULL);
    snprintf(port, sizeof port, "%u", (unsigned)strtoul(sim.out + strlen("http://127.0.0.1:"), NULL, 10));
    assert_int_equal(test_genspan(&other, TEST_ARGS("sim", "--port", port, "--seconds", "1")), 1);
    assert_string_equal(other.out, "");
    assert_string_equal(other.err,
                        "genspan sim: the port cannot be listened on: choose another with --port\n");
}

static void its_flags_shape_the_answer(void **state)
{
    static char answer[60000], wanted[100];

    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "0", "--pace-ms", "0", "--chunks", "3", "--chunk-bytes", "10",
                             "--script", "ok,503:7,ok"));
    assert_int_equal(ask(sim.out, true, answer), 200);
    assert_int_equal(test_count(answer, "\"delta\":{\"content\":"), 3);
    assert_non_null(strstr(answer, "{\"content\":\"The flight\"}"));
    assert_non_null(strstr(answer, "data: [DONE]\n\n"));
    assert_int_equal(ask(sim.out, true, answer), 503);
    assert_int_equal(ask(sim.out, false, answer), 200);
    snprintf(wanted, sizeof wanted, "\"completion_tokens\":%d,\"total_tokens\":%d", 3, 15);
    assert_non_null(strstr(answer, wanted));
}

static void it_ends_by_itself_when_told_to(void **state)
{
    static char answer[60000];

    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "0", "--pace-ms", "0", "--requests", "1"));
    assert_int_equal(ask(sim.out, false, answer), 200);
    assert_int_equal(test_finish(&sim), 0);
    test_sim(&sim, TEST_ARGS("--seconds", "1"));
    assert_int_equal(test_finish(&sim), 0);
}

/* A stalled answer does not keep it from ending. */
static void it_ends_while_it_answers(void **state)
{
    (void)state;
    test_sim(&sim, TEST_ARGS("--latency", "0", "--pace-ms", "0", "--script", "stall"));
    test_start(&other, TEST_ARGS("chat", "--quiet", "--retries", "0", "--base-url", sim.out, "hi"));
    assert_true(test_wait_out(&other, "The flight"));
    assert_int_equal(test_stop(&sim, SIGTERM), 0);
    assert_int_equal(test_finish(&other), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(it_prints_its_url_and_nothing_else_and_ends_with_a_signal),
        CASE(a_port_that_is_taken_is_refused),
        CASE(its_flags_shape_the_answer),
        CASE(it_ends_by_itself_when_told_to),
        CASE(it_ends_while_it_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
