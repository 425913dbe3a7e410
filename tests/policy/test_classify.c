/* The classes of failures (OP-7) and whether a request may be sent again (RE-1). */
#include "support/support.h"

#include <string.h>

#include "policy/classify.h"

struct row {
    struct gsp__symptoms symptoms;
    const char *class;
    bool is_retryable;
};

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct gsp__symptoms *s = &rows[i].symptoms;
        char room[4];
        const char *class = gsp__classify(s, room);

        if (strcmp(class, rows[i].class) != 0)
            fail_msg("row %zu (status %d, code %s): class %s, not %s", i, s->http_status,
                     s->provider_code ? s->provider_code : "-", class, rows[i].class);
        if (gsp__is_retryable(s, class) != rows[i].is_retryable)
            fail_msg("row %zu (%s): retryable %d", i, class, !rows[i].is_retryable);
    }
}

/* RE-1: connection, timeout, 408, 429, 5xx, 529 are; other 4xx are not, 409 only by a policy. */
static void re_1_by_status(void **state)
{
    static const struct row rows[] = {
        {{.http_status = 400}, "invalid_request", false},
        {{.http_status = 401}, "auth", false},
        {{.http_status = 402}, "402", false},
        {{.http_status = 403}, "auth", false},
        {{.http_status = 404}, "invalid_request", false},
        {{.http_status = 405}, "invalid_request", false},
        {{.http_status = 408}, "timeout", true},
        {{.http_status = 409}, "409", false},
        {{.http_status = 413}, "invalid_request", false},
        {{.http_status = 415}, "invalid_request", false},
        {{.http_status = 418}, "418", false},
        {{.http_status = 422}, "invalid_request", false},
        {{.http_status = 429}, "rate_limit", true},
        {{.http_status = 499}, "499", false},
        {{.http_status = 500}, "server_error", true},
        {{.http_status = 501}, "server_error", true},
        {{.http_status = 502}, "server_error", true},
        {{.http_status = 503}, "overloaded", true},
        {{.http_status = 504}, "timeout", true},
        {{.http_status = 529}, "overloaded", true},
        {{.http_status = 599}, "server_error", true},
        {{.http_status = 302}, "302", false},
    };

    (void)state;
    check(rows, sizeof rows / sizeof rows[0]);
}

/* RE-1: before there is a status. */
static void re_1_without_a_response(void **state)
{
    static const struct row rows[] = {
        {{.is_timeout = true}, "timeout", true},
        {{.is_connection = true}, "connection", true},
        {{.is_timeout = true, .exception = "TimeoutError"}, "timeout", true},
        {{.is_connection = true, .http_status = 200}, "connection", true}, /* dropped in the stream */
        {{.exception = "ValueError"}, "ValueError", false},
        {{.exception = ""}, "_OTHER", false},
        {{0}, "_OTHER", false},
        {{.http_status = 200}, "_OTHER", false}, /* a success is no class of failure */
        {{.http_status = 99999}, "_OTHER", false},
        {{.http_status = -1}, "_OTHER", false},
    };

    (void)state;
    check(rows, sizeof rows / sizeof rows[0]);
}

/* OP-7: the provider's own words say more than the status; where they say little, the status does. */
static void op_7_by_the_providers_words(void **state)
{
    static const struct row rows[] = {
        {{.http_status = 400, .provider_code = "context_length_exceeded"}, "context_length", false},
        {{.http_status = 400, .provider_code = "string_above_max_length"}, "context_length", false},
        {{.http_status = 400, .provider_code = "content_filter"}, "content_filter", false},
        {{.http_status = 400, .provider_code = "content_policy_violation"}, "content_filter", false},
        {{.http_status = 200, .provider_code = "server_error"}, "server_error", true}, /* in a 200 stream */
        {{.http_status = 200, .provider_type = "server_error"}, "server_error", true},
        {{.http_status = 200, .provider_code = "rate_limit_exceeded"}, "rate_limit", true},
        {{.http_status = 200, .provider_type = "overloaded_error"}, "overloaded", true},
        {{.http_status = 200, .provider_type = "throttlingException"}, "rate_limit", true},
        {{.http_status = 200, .provider_type = "serviceUnavailableException"}, "overloaded", true},
        {{.http_status = 200, .provider_type = "internalServerException"}, "server_error", true},
        {{.http_status = 200, .provider_type = "modelStreamErrorException", .provider_code = "500"},
         "server_error",
         true},
        {{.http_status = 200, .provider_type = "modelTimeoutException"}, "timeout", true},
        {{.http_status = 200, .provider_type = "validationException"}, "invalid_request", false},
        {{.http_status = 401, .provider_code = "invalid_api_key"}, "auth", false},
        {{.http_status = 401, .provider_type = "invalid_request_error"}, "auth", false},
        {{.http_status = 404, .provider_type = "invalid_request_error", .provider_code = "model_not_found"},
         "invalid_request",
         false},
        {{.http_status = 429, .provider_code = "tokens", .provider_type = "rate_limit_error"},
         "rate_limit",
         true},
        {{.http_status = 500, .provider_type = "invalid_request_error"}, "server_error", true},
        {{.http_status = 418, .provider_code = "teapot"}, "teapot", false},
        {{.http_status = 200, .provider_code = "teapot", .exception = "E"}, "teapot", false},
        {{.http_status = 418, .provider_code = "", .provider_type = ""}, "418", false},
    };

    (void)state;
    check(rows, sizeof rows / sizeof rows[0]);
}

/* RE-1: a spent quota is a 429 that waiting does not mend, wherever the provider says so. */
static void re_1_a_spent_quota_is_not_retried(void **state)
{
    static const struct row rows[] = {
        {{.http_status = 429, .provider_code = "insufficient_quota"}, "rate_limit", false},
        {{.http_status = 429, .provider_type = "RESOURCE_EXHAUSTED"}, "rate_limit", true},
        {{.http_status = 429,
          .provider_type = "RESOURCE_EXHAUSTED",
          .provider_code = "RequestsPerDayPerProject"},
         "rate_limit",
         false},
        {{.http_status = 200, .provider_type = "UNAVAILABLE"}, "overloaded", true},
        {{.http_status = 200, .provider_type = "INVALID_ARGUMENT"}, "invalid_request", false},
        {{.http_status = 429, .provider_type = "insufficient_quota"}, "rate_limit", false},
        {{.http_status = 200, .provider_code = "insufficient_quota"}, "rate_limit", false},
    };

    (void)state;
    check(rows, sizeof rows / sizeof rows[0]);
}

/* RE-1: each provider's own way of saying it; words that one means so and another does not. */
static void re_1_a_spent_quota_by_provider(void **state)
{
    static const struct row rows[] = {
        {{.http_status = 429,
          .provider = "openai",
          .message = "You exceeded your current quota, please check"},
         "rate_limit",
         false},
        /* Google says the same of a minute's quota */
        {{.http_status = 429,
          .provider = "gcp.gemini",
          .provider_type = "RESOURCE_EXHAUSTED",
          .message = "You exceeded your current quota, please check"},
         "rate_limit",
         true},
        {{.http_status = 429,
          .provider = "gcp.gemini",
          .provider_type = "RESOURCE_EXHAUSTED",
          .provider_code = "GenerateRequestsPerDayPerProjectPerModel"},
         "rate_limit",
         false},
        {{.http_status = 429,
          .provider = "anthropic",
          .provider_type = "rate_limit_error",
          .message = "You have reached your specified API usage limits."},
         "rate_limit",
         false},
        {{.http_status = 429,
          .provider = "anthropic",
          .provider_type = "rate_limit_error",
          .message = "This organization's monthly spend limit is reached"},
         "rate_limit",
         false},
        {{.http_status = 429,
          .provider = "anthropic",
          .provider_type = "rate_limit_error",
          .message = "Number of request tokens has exceeded your per-minute rate limit"},
         "rate_limit",
         true},
        {{.http_status = 529, .provider = "anthropic", .provider_type = "overloaded_error"},
         "overloaded",
         true},
        {{.http_status = 429,
          .provider = "openrouter",
          .message = "Rate limit exceeded: free-models-per-day"},
         "rate_limit",
         false},
        {{.http_status = 429,
          .provider = "openrouter",
          .message = "Rate limit exceeded: free-models-per-min"},
         "rate_limit",
         true},
        {{.http_status = 429,
          .provider = "cohere",
          .message = "You are using a Trial key, which is limited to 1000 API calls / month"},
         "rate_limit",
         false},
        {{.http_status = 401, .provider = "elevenlabs", .provider_code = "quota_exceeded"},
         "rate_limit",
         false},
        {{.http_status = 429, .provider = "elevenlabs", .provider_code = "too_many_concurrent_requests"},
         "rate_limit",
         true},
        {{.http_status = 429, .provider = "elevenlabs", .provider_code = "system_busy"}, "overloaded", true},
        {{.http_status = 402, .provider = "deepseek", .message = "Insufficient Balance"}, "402", false},
        {{.http_status = 498, .provider = "groq"}, "overloaded", true},
        {{.http_status = 498, .provider = "openai"}, "498", false},
        {{.http_status = 498}, "498", false},
    };

    (void)state;
    check(rows, sizeof rows / sizeof rows[0]);
}

/* OP-7, RE-1: too long for the model, from those who call it an invalid request. */
static void op_7_context_length_in_the_message(void **state)
{
    static const struct row rows[] = {
        {{.http_status = 400,
          .provider_type = "invalid_request_error",
          .message = "prompt is too long: 210000 tokens > 200000 maximum"},
         "context_length",
         false},
        {{.http_status = 400,
          .provider_type = "INVALID_ARGUMENT",
          .message =
              "The input token count (1200000) exceeds the maximum number of tokens allowed (1048575)."},
         "context_length",
         false},
        {{.http_status = 400, .message = "This model's maximum context length is 8192 tokens."},
         "context_length",
         false},
        {{.http_status = 400,
          .provider_type = "validationException",
          .message = "Input is too long for requested model."},
         "context_length",
         false},
        /* of a minute, not of the model */
        {{.http_status = 429, .message = "too many tokens"}, "rate_limit", true},
        {{.http_status = 400, .message = "temperature must be below 2"}, "invalid_request", false},
    };

    (void)state;
    check(rows, sizeof rows / sizeof rows[0]);
}

/* FA-1: what is the request's own fault. */
static void fa_1_own_faults(void **state)
{
    static const struct {
        const char *class;
        bool is_own_fault;
    } rows[] = {
        {"invalid_request", true}, {"context_length", true}, {"content_filter", true}, {"auth", false},
        {"rate_limit", false},     {"timeout", false},       {"connection", false},    {"402", false},
        {"_OTHER", false},         {"truncated", false},     {"server_error", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(gsp__is_own_fault(rows[i].class), rows[i].is_own_fault);
}

/* RE-1: authentication, context length and content filter are not, whatever the status. */
static void re_1_what_waiting_does_not_mend(void **state)
{
    static const struct row rows[] = {
        {{.http_status = 500, .provider_code = "context_length_exceeded"}, "context_length", false},
        {{.http_status = 500, .provider_code = "invalid_api_key"}, "auth", false},
        {{.http_status = 429, .provider_code = "content_filter"}, "content_filter", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_false(gsp__is_retryable(&rows[i].symptoms, rows[i].class));
}

/* RE-1: x-should-retry, either way, before all else. */
static void re_1_the_provider_says_whether(void **state)
{
    static const struct row rows[] = {
        {{.http_status = 400, .should_retry = 1}, "invalid_request", true},
        {{.http_status = 409, .should_retry = 1}, "409", true},
        {{.http_status = 429, .should_retry = -1}, "rate_limit", false},
        {{.http_status = 500, .should_retry = -1}, "server_error", false},
        {{.is_connection = true, .should_retry = -1}, "connection", false},
        {{.http_status = 429, .provider_code = "insufficient_quota", .should_retry = 1}, "rate_limit", true},
    };

    (void)state;
    check(rows, sizeof rows / sizeof rows[0]);
}

/* A failure whose class the caller gave, without a status. */
static void re_1_by_class_alone(void **state)
{
    static const struct {
        const char *class;
        bool is_retryable;
    } rows[] = {
        {"timeout", true},         {"connection", true},       {"rate_limit", true},
        {"overloaded", true},      {"server_error", true},     {"truncated", true},
        {"auth", false},           {"invalid_request", false}, {"context_length", false},
        {"content_filter", false}, {"crashed", false},         {"_OTHER", false},
        {"my_own", false},
    };
    const struct gsp__symptoms nothing = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(gsp__is_retryable(&nothing, rows[i].class), rows[i].is_retryable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(re_1_by_status),
        cmocka_unit_test(re_1_without_a_response),
        cmocka_unit_test(op_7_by_the_providers_words),
        cmocka_unit_test(re_1_a_spent_quota_is_not_retried),
        cmocka_unit_test(re_1_a_spent_quota_by_provider),
        cmocka_unit_test(op_7_context_length_in_the_message),
        cmocka_unit_test(fa_1_own_faults),
        cmocka_unit_test(re_1_what_waiting_does_not_mend),
        cmocka_unit_test(re_1_the_provider_says_whether),
        cmocka_unit_test(re_1_by_class_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
