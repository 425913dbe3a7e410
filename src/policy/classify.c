/*
 * Classes of failures, by table: first the provider's own words, then the HTTP status, then phrases in the
 * message, where a provider has no word for what it means.
 */
#include "policy/classify.h"

#include <genspan/types.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

/* What providers put into error.code and error.type. */
static const struct {
    const char *word;
    const char *class;
} by_word[] = {
    {"context_length_exceeded", GSP_ERROR_CONTEXT_LENGTH},
    {"string_above_max_length", GSP_ERROR_CONTEXT_LENGTH},
    {"content_filter", GSP_ERROR_CONTENT_FILTER},
    {"content_policy_violation", GSP_ERROR_CONTENT_FILTER},
    {"insufficient_quota", GSP_ERROR_RATE_LIMIT},
    {"billing_hard_limit_reached", GSP_ERROR_RATE_LIMIT},
    {"billing_not_active", GSP_ERROR_RATE_LIMIT},
    {"quota_exceeded", GSP_ERROR_RATE_LIMIT},
    {"too_many_concurrent_requests", GSP_ERROR_RATE_LIMIT},
    {"system_busy", GSP_ERROR_OVERLOADED},
    {"capacity_exceeded", GSP_ERROR_OVERLOADED},
    {"rate_limit_exceeded", GSP_ERROR_RATE_LIMIT},
    {"rate_limit_error", GSP_ERROR_RATE_LIMIT},
    {"overloaded_error", GSP_ERROR_OVERLOADED},
    {"engine_overloaded", GSP_ERROR_OVERLOADED},
    {"invalid_api_key", GSP_ERROR_AUTH},
    {"authentication_error", GSP_ERROR_AUTH},
    {"permission_error", GSP_ERROR_AUTH},
    {"server_error", GSP_ERROR_SERVER_ERROR},
    {"api_error", GSP_ERROR_SERVER_ERROR},
    {"timeout", GSP_ERROR_TIMEOUT},
    {"invalid_request_error", GSP_ERROR_INVALID_REQUEST},
    /* exceptions in Bedrock's streams; as answers they have a status */
    {"throttlingException", GSP_ERROR_RATE_LIMIT},
    {"serviceUnavailableException", GSP_ERROR_OVERLOADED},
    {"internalServerException", GSP_ERROR_SERVER_ERROR},
    {"modelStreamErrorException", GSP_ERROR_SERVER_ERROR},
    {"modelTimeoutException", GSP_ERROR_TIMEOUT},
    {"validationException", GSP_ERROR_INVALID_REQUEST},
    /* Google's statuses, also inside a stream */
    {"RESOURCE_EXHAUSTED", GSP_ERROR_RATE_LIMIT},
    {"UNAVAILABLE", GSP_ERROR_OVERLOADED},
    {"DEADLINE_EXCEEDED", GSP_ERROR_TIMEOUT},
    {"INTERNAL", GSP_ERROR_SERVER_ERROR},
    {"UNAUTHENTICATED", GSP_ERROR_AUTH},
    {"PERMISSION_DENIED", GSP_ERROR_AUTH},
    {"INVALID_ARGUMENT", GSP_ERROR_INVALID_REQUEST},
    {"NOT_FOUND", GSP_ERROR_INVALID_REQUEST},
};

static const char *class_of_word(const char *word)
{
    for (size_t i = 0; word && i < GSP__COUNT_OF(by_word); i++)
        if (strcmp(word, by_word[i].word) == 0)
            return by_word[i].class;
    return NULL;
}

/* Statuses; 5xx that are not here are server errors, and retryable; other 4xx are classes of their own. */
static const struct status_row {
    int status;
    const char *provider; /* NULL: any */
    const char *class;
    bool is_retryable;
} by_status[] = {
    {498, "groq", GSP_ERROR_OVERLOADED, true}, /* flex capacity exceeded */
    {400, NULL, GSP_ERROR_INVALID_REQUEST, false},
    {401, NULL, GSP_ERROR_AUTH, false},
    {403, NULL, GSP_ERROR_AUTH, false},
    {404, NULL, GSP_ERROR_INVALID_REQUEST, false},
    {405, NULL, GSP_ERROR_INVALID_REQUEST, false},
    {408, NULL, GSP_ERROR_TIMEOUT, true},
    {413, NULL, GSP_ERROR_INVALID_REQUEST, false},
    {415, NULL, GSP_ERROR_INVALID_REQUEST, false},
    {422, NULL, GSP_ERROR_INVALID_REQUEST, false},
    {429, NULL, GSP_ERROR_RATE_LIMIT, true},
    {503, NULL, GSP_ERROR_OVERLOADED, true},
    {504, NULL, GSP_ERROR_TIMEOUT, true},
    {529, NULL, GSP_ERROR_OVERLOADED, true}, /* Anthropic's */
};

static bool is_provider(const struct gsp__symptoms *s, const char *provider)
{
    return !provider || (s->provider && strcmp(s->provider, provider) == 0);
}

static const struct status_row *row_of_status(const struct gsp__symptoms *s)
{
    static const struct status_row server_error = {0, NULL, GSP_ERROR_SERVER_ERROR, true};

    for (size_t i = 0; i < GSP__COUNT_OF(by_status); i++)
        if (by_status[i].status == s->http_status && is_provider(s, by_status[i].provider))
            return &by_status[i];
    return s->http_status >= 500 && s->http_status <= 599 ? &server_error : NULL;
}

/* Requests that were too long for the model, from those who call that an invalid request. */
static const char *const too_long[] = {
    "prompt is too long",                   /* Anthropic */
    "exceed context limit",                 /* Anthropic */
    "exceeds the maximum number of tokens", /* Gemini */
    "maximum context length",               /* OpenAI, DeepSeek, Mistral, vLLM */
    "exceeds the available context size",   /* llama.cpp */
    "is too long for requested model",      /* Bedrock */
    "too many tokens",                      /* Cohere */
};

static bool is_too_long(const char *message)
{
    for (size_t i = 0; message && i < GSP__COUNT_OF(too_long); i++)
        if (strstr(message, too_long[i]))
            return true;
    return false;
}

const char *gsp__classify(const struct gsp__symptoms *s, char room[4])
{
    const char *class;

    if (s->is_timeout)
        return GSP_ERROR_TIMEOUT;
    if (s->is_connection)
        return GSP_ERROR_CONNECTION;
    class = class_of_word(s->provider_code);
    if (!class)
        class = class_of_word(s->provider_type);
    /* a general word ("invalid_request_error" on a 401) says less than the status does */
    if (s->http_status >= 400 && (!class || strcmp(class, GSP_ERROR_INVALID_REQUEST) == 0)) {
        const struct status_row *row = row_of_status(s);

        if (row)
            class = row->class;
    }
    if (class && strcmp(class, GSP_ERROR_INVALID_REQUEST) == 0 && is_too_long(s->message))
        class = GSP_ERROR_CONTEXT_LENGTH;
    if (class)
        return class;
    if (s->provider_code && *s->provider_code)
        return s->provider_code;
    if (s->http_status >= 300 && s->http_status <= 999) { /* a success names no failure */
        snprintf(room, 4, "%d", s->http_status);
        return room;
    }
    if (s->exception && *s->exception)
        return s->exception;
    return GSP_ERROR_OTHER;
}

/* What providers say of a quota that is spent: a 429 (or another status) that waiting does not mend. */
static const struct {
    const char *provider; /* NULL: any */
    bool is_in_message;   /* a part of the message; else a part of code or type */
    const char *words;
} spent[] = {
    {NULL, false, "insufficient_quota"}, /* OpenAI, Azure and who speaks as they do */
    {NULL, false, "billing_hard_limit_reached"},
    {NULL, false, "billing_not_active"},
    {NULL, false, "quota_exceeded"}, /* ElevenLabs */
    {NULL, false, "PerDay"},         /* Google names the quota, by its period */
    /* Google's message has these words also when only the minute's quota is spent */
    {"openai", true, "exceeded your current quota"},
    {"openai", true, "no credits"},
    {"anthropic", true, "spend limit"},
    {"anthropic", true, "usage limits"},
    {"anthropic", true, "credit balance is too low"},
    {"openrouter", true, "per-day"}, /* free-models-per-day */
    {"cohere", true, "calls / month"},
};

static bool has_part(const char *text, const char *part)
{
    return text && strstr(text, part) != NULL;
}

static bool is_quota_spent(const struct gsp__symptoms *s)
{
    for (size_t i = 0; i < GSP__COUNT_OF(spent); i++) {
        if (!is_provider(s, spent[i].provider))
            continue;
        if (spent[i].is_in_message
                ? has_part(s->message, spent[i].words)
                : has_part(s->provider_code, spent[i].words) || has_part(s->provider_type, spent[i].words))
            return true;
    }
    return false;
}

static bool is_one_of(const char *class, const char *const *classes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(class, classes[i]) == 0)
            return true;
    return false;
}

bool gsp__is_retryable(const struct gsp__symptoms *s, const char *error_type)
{
    static const char *const never[] = {GSP_ERROR_CONTEXT_LENGTH, GSP_ERROR_AUTH, GSP_ERROR_CONTENT_FILTER};
    static const char *const by_class[] = {GSP_ERROR_RATE_LIMIT, GSP_ERROR_OVERLOADED, GSP_ERROR_SERVER_ERROR,
                                           GSP_ERROR_TIMEOUT,    GSP_ERROR_CONNECTION, GSP_ERROR_TRUNCATED};

    if (s->should_retry)
        return s->should_retry > 0;
    if (is_quota_spent(s) || is_one_of(error_type, never, GSP__COUNT_OF(never)))
        return false;
    if (s->is_connection || s->is_timeout)
        return true;
    if (s->http_status >= 400) {
        const struct status_row *row = row_of_status(s);

        return row && row->is_retryable;
    }
    return is_one_of(error_type, by_class, GSP__COUNT_OF(by_class));
}

bool gsp__is_own_fault(const char *error_type)
{
    static const char *const faults[] = {GSP_ERROR_INVALID_REQUEST, GSP_ERROR_CONTEXT_LENGTH,
                                         GSP_ERROR_CONTENT_FILTER};

    return is_one_of(error_type, faults, GSP__COUNT_OF(faults));
}
