/*
 * One chat request over libcurl.
 */
#include "cli/chat_http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

struct gsp__chat_http {
    CURL *curl;
    char error[CURL_ERROR_SIZE];
};

struct gsp__chat_http *gsp__chat_http_new(void)
{
    struct gsp__chat_http *h = calloc(1, sizeof *h);

    if (h)
        h->curl = curl_easy_init();
    if (h && h->curl)
        return h;
    free(h);
    return NULL;
}

void gsp__chat_http_free(struct gsp__chat_http *h)
{
    if (!h)
        return;
    curl_easy_cleanup(h->curl);
    free(h);
}

static size_t on_header(char *line, size_t size, size_t n, void *self)
{
    gsp_exchange_response_header(self, line, size * n, 0);
    return size * n;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *self)
{
    gsp_exchange_response_body(self, bytes, size * n, 0);
    return size * n;
}

static int on_progress(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)self;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return gsp__is_interrupted();
}

static struct curl_slist *headers_of(const struct gsp__chat_request *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    char authorization[4096];
    int n;

    if (request->api_key) {
        n = snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", request->api_key);
        if (n > 0 && (size_t)n < sizeof authorization)
            list = curl_slist_append(list, authorization);
    }
    for (const char *const *h = request->headers; h && *h; h++)
        list = curl_slist_append(list, *h);
    return list;
}

static void describe(CURLcode code, const char *error, gsp_failure *failure)
{
    failure->type = code == CURLE_OPERATION_TIMEDOUT ? GSP_ERROR_TIMEOUT : GSP_ERROR_CONNECTION;
    failure->message = error[0] ? error : curl_easy_strerror(code);
}

bool gsp__chat_http_send(struct gsp__chat_http *h, const struct gsp__chat_request *request,
                         gsp_exchange *exchange)
{
    struct curl_slist *headers = headers_of(request);
    gsp_failure failure = GSP_FAILURE_INIT;
    CURLcode code;

    curl_easy_reset(h->curl);
    h->error[0] = 0;
    curl_easy_setopt(h->curl, CURLOPT_URL, request->url);
    curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h->curl, CURLOPT_USERAGENT, "genspan/" GSP_VERSION);
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->n_body);
    curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->error);
    curl_easy_setopt(h->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(h->curl, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(h->curl, CURLOPT_ACCEPT_ENCODING, "");
    gsp_exchange_request(exchange, "POST", request->url);
    gsp_exchange_request_body(exchange, request->body, request->n_body);
    code = curl_easy_perform(h->curl);
    curl_slist_free_all(headers);
    if (gsp__is_interrupted()) {
        gsp_exchange_end(exchange, GSP_STREAM_CANCELLED, NULL, 0);
        return false;
    }
    if (code == CURLE_OK) {
        gsp_exchange_end(exchange, GSP_STREAM_FINISHED, NULL, 0);
        return true;
    }
    describe(code, h->error, &failure);
    gsp_exchange_end(exchange, GSP_STREAM_FAILED, &failure, 0);
    return true;
}
