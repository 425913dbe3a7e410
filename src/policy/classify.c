/*
 * Classes of failures, by table: first the provider's own words, then the HTTP status.
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

static const char *class_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return GSP_ERROR_AUTH;
    case 408:
    case 504:
        return GSP_ERROR_TIMEOUT;
    case 429:
        return GSP_ERROR_RATE_LIMIT;
    case 503:
    case 529:
        return GSP_ERROR_OVERLOADED;
    case 400:
    case 404:
    case 405:
    case 413:
    case 415:
    case 422:
        return GSP_ERROR_INVALID_REQUEST;
    default:
        return status >= 500 && status <= 599 ? GSP_ERROR_SERVER_ERROR : NULL;
    }
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
        const char *by_status = class_of_status(s->http_status);

        if (by_status)
            class = by_status;
    }
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

/* Google names the quota, by its period. */
static bool is_quota_spent(const char *word)
{
    return word && (strcmp(word, "insufficient_quota") == 0 || strstr(word, "PerDay") != NULL);
}

bool gsp__is_retryable(const struct gsp__symptoms *s, const char *error_type)
{
    if (s->should_retry)
        return s->should_retry > 0;
    if (is_quota_spent(s->provider_code) || is_quota_spent(s->provider_type))
        return false; /* a 429 that waiting does not mend */
    if (strcmp(error_type, GSP_ERROR_CONTEXT_LENGTH) == 0 || strcmp(error_type, GSP_ERROR_AUTH) == 0 ||
        strcmp(error_type, GSP_ERROR_CONTENT_FILTER) == 0)
        return false;
    if (s->is_connection || s->is_timeout)
        return true;
    if (s->http_status >= 400)
        return s->http_status == 408 || s->http_status == 429 ||
               (s->http_status >= 500 && s->http_status <= 599);
    return strcmp(error_type, GSP_ERROR_RATE_LIMIT) == 0 || strcmp(error_type, GSP_ERROR_OVERLOADED) == 0 ||
           strcmp(error_type, GSP_ERROR_SERVER_ERROR) == 0 || strcmp(error_type, GSP_ERROR_TIMEOUT) == 0 ||
           strcmp(error_type, GSP_ERROR_CONNECTION) == 0 || strcmp(error_type, GSP_ERROR_TRUNCATED) == 0;
}
