/*
 * One chat request over libcurl: sends, streams what comes to an exchange, tells how it ended.
 */
#ifndef GSP_CLI_CHAT_HTTP_H
#define GSP_CLI_CHAT_HTTP_H

#include <genspan/exchange.h>
#include <stdbool.h>
#include <stdint.h>

struct gsp__chat_request {
    const char *url;
    const char *api_key;        /* NULL: none is sent */
    const char *const *headers; /* "Name: value", ended by NULL */
    const char *body;
    size_t n_body;
    uint32_t timeout_ms; /* of the whole request; 0: none */
};

/* A libcurl handle that keeps its connection between requests. */
struct gsp__chat_http;

struct gsp__chat_http *gsp__chat_http_new(void);
void gsp__chat_http_free(struct gsp__chat_http *http);

/*
 * Send the request, feed the exchange, end it. Returns false when it was interrupted by the user. The
 * exchange tells the rest.
 */
bool gsp__chat_http_send(struct gsp__chat_http *http, const struct gsp__chat_request *request,
                         gsp_exchange *exchange);

#endif
