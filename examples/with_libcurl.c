/*
 * A streamed chat completion over libcurl, recorded from the bytes that go by: model, parameters, chunks and
 * their times, tokens, request ids, errors.
 *
 *     cc with_libcurl.c -o with_libcurl $(pkg-config --cflags --libs genspan-export genspan libcurl)
 *     OPENAI_API_KEY=... ./with_libcurl
 *
 * OPENAI_BASE_URL names another endpoint of the kind; `genspan sim` prints one that needs no key.
 */
#include <curl/curl.h>
#include <genspan/export.h>
#include <genspan/genspan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char request_body[] = "{\"model\":\"gpt-4o-mini\",\"stream\":true,"
                                   "\"stream_options\":{\"include_usage\":true},"
                                   "\"messages\":[{\"role\":\"user\",\"content\":\"Say hello.\"}]}";

/* The exchange is given every byte that libcurl is given. It keeps facts, none of the bytes. */
static size_t on_header(char *line, size_t size, size_t n, void *exchange)
{
    gsp_exchange_response_header(exchange, line, size * n, 0);
    return size * n;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *exchange)
{
    gsp_exchange_response_body(exchange, bytes, size * n, 0);
    return size * n;
}

/* It has to decode the answer anyway, so it can hand over the text. */
static void on_content(void *self, uint32_t choice, gsp_mark kind, const char *bytes, size_t n_bytes)
{
    (void)self;
    if (choice == 0 && kind == GSP_MARK_TEXT) {
        fwrite(bytes, 1, n_bytes, stdout);
        fflush(stdout);
    }
}

/* One request: one attempt of the operation. Returns how it ended. */
static gsp_exchange_result send_request(CURL *curl, const char *url, gsp_span operation)
{
    gsp_exchange *exchange = gsp_exchange_new(gsp_attempt_start(operation, NULL));
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;
    gsp_failure failure = GSP_FAILURE_INIT;
    CURLcode code;

    gsp_exchange_on_content(exchange, on_content, NULL);
    gsp_exchange_request(exchange, "POST", url);
    gsp_exchange_request_body(exchange, request_body, strlen(request_body));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request_body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);

    code = curl_easy_perform(curl);

    /* The end decides the outcome. What only the transport knows, it is told. */
    if (code != CURLE_OK) {
        failure.type = code == CURLE_OPERATION_TIMEDOUT ? GSP_ERROR_TIMEOUT : GSP_ERROR_CONNECTION;
        failure.message = curl_easy_strerror(code);
    }
    gsp_exchange_end(exchange, code == CURLE_OK ? GSP_STREAM_FINISHED : GSP_STREAM_FAILED, &failure, 0);

    /* result.is_retryable and result.retry_after_ms say whether and when to try again; this example does not.
     */
    gsp_exchange_get_result(exchange, &result);
    if (result.outcome == GSP_OUTCOME_COMPLETED)
        putchar('\n');
    else
        fprintf(stderr, "%s: %s\n", result.error_type, result.error_message);
    gsp_exchange_free(exchange);
    return result;
}

int main(void)
{
    const char *base = getenv("OPENAI_BASE_URL"), *key = getenv("OPENAI_API_KEY");
    gsp_operation_options options = GSP_OPERATION_OPTIONS_INIT;
    struct curl_slist *headers = NULL;
    gsp_recorder *recorder;
    gsp_drainer *drainer = NULL;
    gsp_exchange_result result;
    gsp_span operation;
    gsp_error err;
    char line[1000];
    CURL *curl;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    curl = curl_easy_init();
    headers = curl_slist_append(headers, "Content-Type: application/json");
    if (key) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", key);
        headers = curl_slist_append(headers, line);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);

    /* Where it goes is said by OTEL_TRACES_EXPORTER (console, file, otlp) and the variables beside it. */
    if (gsp_recorder_open(NULL, &recorder, &err) != GSP_OK ||
        gsp_drainer_start(recorder, NULL, &drainer, &err) != GSP_OK)
        fprintf(stderr, "genspan: %s\n", err.text);

    options.model = "gpt-4o-mini";
    operation = gsp_operation_start(recorder, "chat", &options);
    snprintf(line, sizeof line, "%s/chat/completions", base ? base : "https://api.openai.com/v1");
    result = send_request(curl, line, operation);
    gsp_span_end(operation, GSP_OUTCOME_AUTO, NULL, 0); /* as its last attempt */

    gsp_drainer_stop(drainer, 5000);
    gsp_recorder_close(recorder);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return result.outcome == GSP_OUTCOME_COMPLETED ? 0 : 1;
}
