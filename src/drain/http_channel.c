/*
 * One signal's way to its backend over HTTP, with libcurl.
 */
#include "drain/http_channel.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <zlib.h>

#include "base/backoff.h"
#include "base/buffer.h"
#include "base/http_time.h"
#include "base/random.h"
#include "base/status.h"
#include "base/warn.h"

#define BACKOFF_BASE_MS    1000
#define BACKOFF_CAP_MS     30000
#define RETRY_AFTER_MAX_MS 300000 /* a backend that asks for more is asked again after this */
#define RESPONSE_MAX       ((size_t)4 << 20)
#define RESPONSE_KEPT      ((size_t)64 << 10)
#define PACKED_MAX         ((size_t)65 << 20) /* what a body of 64 MiB may grow to */

struct gsp__http_channel {
    struct gsp__export_context *context;
    const struct gsp__signal_config *config;
    const char *name; /* of the signal */
    CURL *curl;
    struct curl_slist *headers[2]; /* protobuf, JSON */
    char error[CURL_ERROR_SIZE];
    struct gsp__buffer response; /* its first RESPONSE_KEPT bytes */
    size_t n_response;
    char response_type[64];
    struct gsp__buffer packed; /* the body under gzip */
    int64_t due_ns;
    unsigned n_failures; /* one after the other */
    uint64_t random;
};

static int64_t now_ns(const struct gsp__http_channel *c)
{
    return gsp__clock_now_ns(&c->context->clock);
}

static size_t on_response(char *bytes, size_t size, size_t n, void *self)
{
    struct gsp__http_channel *c = self;

    n *= size;
    c->n_response += n;
    if (c->n_response > RESPONSE_MAX)
        return 0; /* ends the transfer */
    if (c->response.n < RESPONSE_KEPT)
        gsp__buffer_add(&c->response, bytes,
                        n < RESPONSE_KEPT - c->response.n ? n : RESPONSE_KEPT - c->response.n);
    return n;
}

/* Called now and then while a request is under way: the deadline may have moved closer. */
static int on_progress(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct gsp__http_channel *channel = self;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return now_ns(channel) > atomic_load(&channel->context->deadline_ns);
}

/* Add a line to a list; a NULL list stays one, so that a failure is found at the end. */
static struct curl_slist *add_line(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = list ? curl_slist_append(list, line) : NULL;

    if (!longer)
        curl_slist_free_all(list);
    return longer;
}

static struct curl_slist *headers_for(const struct gsp__signal_config *config, const char *type)
{
    struct curl_slist *list = curl_slist_append(NULL, type);

    list = add_line(list, "Expect:");
    if (config->is_gzip)
        list = add_line(list, "Content-Encoding: gzip");
    for (const char *h = config->headers; *h; h += strlen(h) + 1) {
        char line[GSP__HEADER_LINE_MAX];
        size_t n = strlen(h);

        snprintf(line, sizeof line, "%s", h);
        if (n >= 2 && strcmp(h + n - 2, ": ") == 0)
            snprintf(line + n - 2, 2, ";"); /* libcurl's way to say that the value is empty */
        list = add_line(list, line);
    }
    return list;
}

static gsp_status check_file(const char *path, gsp_error *err)
{
    if (!*path || access(path, R_OK) == 0)
        return GSP_OK;
    gsp__fail_errno(err, "a certificate or key of the exporter cannot be read");
    if (err)
        err->code = GSP_ERR_IO; /* whatever the reason: os_errno has it */
    return GSP_ERR_IO;
}

static void set_options(struct gsp__http_channel *c)
{
    const struct gsp__signal_config *config = c->config;

    curl_easy_setopt(c->curl, CURLOPT_URL, config->endpoint);
    curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(c->curl, CURLOPT_USERAGENT, "genspan/" GSP_VERSION " OTel-OTLP-Exporter-C/" GSP_VERSION);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_response);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(c->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c->curl, CURLOPT_XFERINFODATA, c);
    if (*config->certificate) { /* it, and not the system's authorities beside it */
        curl_easy_setopt(c->curl, CURLOPT_CAINFO, config->certificate);
        curl_easy_setopt(c->curl, CURLOPT_CAPATH, NULL);
    }
    if (*config->client_certificate)
        curl_easy_setopt(c->curl, CURLOPT_SSLCERT, config->client_certificate);
    if (*config->client_key)
        curl_easy_setopt(c->curl, CURLOPT_SSLKEY, config->client_key);
}

gsp_status gsp__channel_open(struct gsp__export_context *context, gsp_signal signal,
                             struct gsp__http_channel **out, gsp_error *err)
{
    const struct gsp__signal_config *config = &context->config->signals[signal];
    struct gsp__http_channel *c;
    gsp_status status;

    status = check_file(config->certificate, err);
    if (status == GSP_OK)
        status = check_file(config->client_certificate, err);
    if (status == GSP_OK)
        status = check_file(config->client_key, err);
    if (status != GSP_OK)
        return status;
    c = calloc(1, sizeof *c);
    if (!c)
        return gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for an exporter");
    c->context = context;
    c->config = config;
    c->name = gsp__signal_name(signal);
    c->response.max = RESPONSE_KEPT;
    c->packed.max = PACKED_MAX;
    gsp__random_bytes(&c->random, sizeof c->random);
    c->curl = curl_easy_init();
    c->headers[0] = headers_for(config, "Content-Type: application/x-protobuf");
    c->headers[1] = headers_for(config, "Content-Type: application/json");
    if (!c->curl || !c->headers[0] || !c->headers[1]) {
        gsp__channel_close(c);
        return gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for an exporter");
    }
    set_options(c);
    *out = c;
    return GSP_OK;
}

void gsp__channel_close(struct gsp__http_channel *c)
{
    if (!c)
        return;
    if (c->curl)
        curl_easy_cleanup(c->curl);
    curl_slist_free_all(c->headers[0]);
    curl_slist_free_all(c->headers[1]);
    gsp__buffer_deinit(&c->response);
    gsp__buffer_deinit(&c->packed);
    free(c);
}

bool gsp__channel_is_due(const struct gsp__http_channel *c)
{
    return now_ns(c) >= c->due_ns;
}

/* The body under gzip, in c->packed. */
static bool pack(struct gsp__http_channel *c, const void *bytes, size_t n)
{
    z_stream z = {0};
    bool is_good;

    if (n > UINT32_MAX ||
        deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    gsp__buffer_clear(&c->packed);
    is_good = gsp__buffer_reserve(&c->packed, deflateBound(&z, (uLong)n));
    if (is_good) {
        z.next_in = (Bytef *)(uintptr_t)bytes;
        z.avail_in = (uInt)n;
        z.next_out = (Bytef *)c->packed.data;
        z.avail_out = (uInt)c->packed.cap;
        is_good = deflate(&z, Z_FINISH) == Z_STREAM_END;
        c->packed.n = z.total_out;
    }
    deflateEnd(&z);
    return is_good;
}

static char *warn_key(const struct gsp__http_channel *c, const char *what, char key[64])
{
    snprintf(key, 64, "export-%s-%s", what, c->name);
    return key;
}

/* A backend that is away is so for all signals: scheme, host and port. */
static char *away_key(const struct gsp__http_channel *c, char key[64])
{
    const char *scheme_end = strstr(c->config->endpoint, "://");
    const char *host = scheme_end ? scheme_end + 3 : c->config->endpoint;

    snprintf(key, 64, "export-away-%.*s", (int)(host - c->config->endpoint + (long)strcspn(host, "/?#")),
             c->config->endpoint);
    return key;
}

/* The backend is away: say so once, and put the next try off. */
static enum gsp__post_result away(struct gsp__http_channel *c, const char *why, int64_t retry_after_ms)
{
    int64_t wait_ms = gsp__backoff_ms(BACKOFF_BASE_MS, BACKOFF_CAP_MS, c->n_failures, &c->random);
    char key[64];

    if (wait_ms < retry_after_ms)
        wait_ms = retry_after_ms < RETRY_AFTER_MAX_MS ? retry_after_ms : RETRY_AFTER_MAX_MS;
    c->n_failures++;
    c->due_ns = now_ns(c) + wait_ms * 1000000;
    gsp__warn_once(away_key(c, key), "%s cannot be exported to %s: %s; they are kept and sent later", c->name,
                   c->config->endpoint, why);
    return GSP__POST_RETRY;
}

static enum gsp__post_result refused(struct gsp__http_channel *c, long status)
{
    char key[64];

    gsp__warn_once(warn_key(c, "refused", key), "%s refuses %s with HTTP status %ld (%.*s): they are dropped",
                   c->config->endpoint, c->name, status, (int)(c->response.n < 200 ? c->response.n : 200),
                   c->response.n ? c->response.data : "");
    return GSP__POST_REJECT;
}

static enum gsp__post_result accepted(struct gsp__http_channel *c, struct gsp__partial_success *partial)
{
    bool is_json = strncasecmp(c->response_type, "application/json", 16) == 0;
    char key[64];

    if (c->n_failures > 0) {
        gsp__warn_reset(away_key(c, key));
        c->n_failures = 0;
    }
    c->due_ns = 0;
    memset(partial, 0, sizeof *partial);
    if (c->response.n > 0) {
        if (is_json)
            gsp__otlp_response_from_json(c->response.data, c->response.n, partial);
        else
            gsp__otlp_response_from_pb(c->response.data, c->response.n, partial);
    }
    if (partial->n_rejected > 0)
        gsp__warn_once(warn_key(c, "partial", key), "%s took only part of the %s: %lld refused (%s)",
                       c->config->endpoint, c->name, (long long)partial->n_rejected, partial->message);
    else if (partial->message[0])
        gsp__warn_once(warn_key(c, "message", key), "%s took the %s and says: %s", c->config->endpoint,
                       c->name, partial->message);
    return GSP__POST_OK;
}

/* What the answer asks for in Retry-After; 0 if it does not, or not in a way that can be understood. */
static int64_t retry_after_ms(const struct gsp__http_channel *c)
{
    struct curl_header *header;
    int64_t ms = 0;

    if (curl_easy_header(c->curl, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        gsp__retry_after_ms(header->value, strlen(header->value), gsp__clock_unix_ns(&c->context->clock),
                            &ms);
    return ms;
}

/* OTLP: 429, 502, 503 and 504 are for later; any other status above 299 is for good. */
static enum gsp__post_result judge(struct gsp__http_channel *c, CURLcode code,
                                   struct gsp__partial_success *partial)
{
    const char *type = NULL;
    char why[CURL_ERROR_SIZE + 64];
    long status = 0;

    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(c->curl, CURLINFO_CONTENT_TYPE, &type);
    snprintf(c->response_type, sizeof c->response_type, "%s", type ? type : "");
    /* a 2xx says that it was taken, whatever becomes of the rest of the answer */
    if (status >= 200 && status <= 299)
        return accepted(c, partial);
    if (status < 200) { /* no answer, or only the promise of one */
        if (now_ns(c) > atomic_load(&c->context->deadline_ns))
            return GSP__POST_RETRY; /* we gave up, not the backend */
        snprintf(why, sizeof why, "%s", c->error[0] ? c->error : curl_easy_strerror(code));
        return away(c, why, 0);
    }
    if (status == 429 || status == 502 || status == 503 || status == 504) {
        snprintf(why, sizeof why, "HTTP status %ld", status);
        return away(c, why, retry_after_ms(c));
    }
    return refused(c, status);
}

enum gsp__post_result gsp__channel_post(struct gsp__http_channel *c, bool is_json, const void *bytes,
                                        size_t n_bytes, struct gsp__partial_success *partial)
{
    int64_t left_ns = atomic_load(&c->context->deadline_ns) - now_ns(c);
    long timeout_ms = (long)c->config->timeout_ms;

    if (left_ns <= 0)
        return GSP__POST_RETRY; /* not the backend's fault: no warning, no backoff */
    if (left_ns / 1000000 < 3600000 && (timeout_ms == 0 || left_ns / 1000000 < timeout_ms))
        timeout_ms = (long)(left_ns / 1000000) + 1;
    if (c->config->is_gzip) {
        if (!pack(c, bytes, n_bytes))
            return away(c, "no memory to compress them", 0);
        bytes = c->packed.data;
        n_bytes = c->packed.n;
    }
    gsp__buffer_clear(&c->response);
    c->n_response = 0;
    c->error[0] = 0;
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers[is_json]);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n_bytes);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, bytes);
    return judge(c, curl_easy_perform(c->curl), partial);
}
