/*
 * One transfer of a handle: its operation, and the attempt of the request that is on its way. It is fed with
 * what a debug function is given, and knows nothing of handles.
 */
#ifndef GSP_CLIENT_TRANSFER_H
#define GSP_CLIENT_TRANSFER_H

#include <genspan/exchange.h>
#include <stdbool.h>

#include "client/chunked.h"
#include "client/coding.h"
#include "client/verbose.h"

#define GSP__TRANSFER_LINE_MAX    1024 /* of a head's line that comes in pieces; a longer one is cut */
#define GSP__TRANSFER_MESSAGE_MAX 256

/* What is seen of the head and body of one direction. */
struct gsp__side {
    bool has_head; /* some of it was seen */
    bool is_head_over;
    bool is_first_line_over;
    bool is_chunked;
    size_t n_line; /* held back of a line that is not over */
    char line[GSP__TRANSFER_LINE_MAX];
    struct gsp__chunked chunks;
};

struct gsp__transfer {
    gsp_span operation;
    bool owns_operation;
    bool is_dechunked; /* libcurl does it before it tells */
    gsp_span attempt;
    gsp_exchange *exchange; /* NULL where there was no memory, too */
    bool is_open;           /* a request is on its way */
    char name[64];          /* of the operation, until its format tells */
    gsp_content_fn *content;
    void *content_self;

    /* of the request that is on its way */
    struct gsp__side out, in;
    bool is_tunnel; /* CONNECT to a proxy: none of ours */
    bool is_http1;
    bool will_follow;
    int status;
    enum gsp__coding coding;
    int64_t n_length; /* Content-Length; -1: not said */
    uint64_t n_body;  /* as it came over the wire */
    bool is_complete; /* the response's own length was reached */
    struct gsp__inflate inflate;
    enum gsp__said failure;
    char message[GSP__TRANSFER_MESSAGE_MAX];
};

/* Begin a request to this URL; one that is on its way has ended. */
void gsp__transfer_begin(struct gsp__transfer *t, const char *url, int64_t now_ns);

/* Whether the bytes of a head that come next belong to another request than the one on its way. */
bool gsp__transfer_is_sent(const struct gsp__transfer *t);

void gsp__transfer_request_head(struct gsp__transfer *t, const char *bytes, size_t n);
void gsp__transfer_request_body(struct gsp__transfer *t, const char *bytes, size_t n);
void gsp__transfer_response_head(struct gsp__transfer *t, const char *bytes, size_t n);
void gsp__transfer_response_body(struct gsp__transfer *t, const char *bytes, size_t n);

/* A text that means a failure: kept for the end. */
void gsp__transfer_fail(struct gsp__transfer *t, enum gsp__said failure, const char *text, size_t n);

/* Whether the request's end is certain by the response's own length, and nothing will follow. */
bool gsp__transfer_is_complete(const struct gsp__transfer *t);

/* Whether another request may belong to the same transfer, as far as can be known. */
bool gsp__transfer_goes_on(const struct gsp__transfer *t);

/* How the request ended, where its connection was kept or closed, by all that is known. */
gsp_stream_exit gsp__transfer_exit(const struct gsp__transfer *t, bool is_closed);

/* End the request on its way, if there is one. */
void gsp__transfer_end_request(struct gsp__transfer *t, gsp_stream_exit how, const gsp_failure *failure);

/* End it by the failure that was noted, if one was, else as told. */
void gsp__transfer_end_as_known(struct gsp__transfer *t, gsp_stream_exit how);

/* All is over: ends the operation, if it is the transfer's own. */
void gsp__transfer_deinit(struct gsp__transfer *t);

#endif
