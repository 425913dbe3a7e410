/*
 * One signal's way to its backend over HTTP: sends bodies, decides what the answers mean (OTLP's rules), and
 * keeps the time of the next try while the backend is away.
 */
#ifndef GSP_DRAIN_HTTP_CHANNEL_H
#define GSP_DRAIN_HTTP_CHANNEL_H

#include <genspan/export.h>

#include "drain/exporter.h"
#include "otlp/decode.h"

enum gsp__post_result {
    GSP__POST_OK,
    GSP__POST_RETRY,  /* the same body may be sent again, not before gsp__channel_is_due */
    GSP__POST_REJECT, /* it never will be taken */
};

struct gsp__http_channel;

/* GSP_ERR_IO (a certificate cannot be read), GSP_ERR_NO_MEMORY. Memory: a few KiB and libcurl's. */
GSP_MUST_USE gsp_status gsp__channel_open(struct gsp__export_context *context, gsp_signal signal,
                                          struct gsp__http_channel **out, gsp_error *err);
void gsp__channel_close(struct gsp__http_channel *channel);

/* Whether it makes sense to send now. */
bool gsp__channel_is_due(const struct gsp__http_channel *channel);

/*
 * Send a body and wait for the answer, until the signal's timeout or the context's deadline. `partial` is
 * filled in on GSP__POST_OK. Failures are warned of once per outage.
 */
enum gsp__post_result gsp__channel_post(struct gsp__http_channel *channel, bool is_json, const void *bytes,
                                        size_t n_bytes, struct gsp__partial_success *partial);

#endif
