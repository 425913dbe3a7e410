/*
 * Observers of libcurl handles.
 *
 * libcurl says nothing when a handle goes away, and gives a debug function's pointer to copies of the handle.
 * So observers are never given back to the system: they lie in buckets by their handle's address, are
 * claimed and let go there by compare and swap, and each call makes sure that the observer it is given is
 * the handle's own. No lock, so that a fork at any moment leaves the child able to go on.
 */
#include <genspan/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "client/transfer.h"

#define N_BUCKETS     256
#define OBSERVERS_MAX 65536
#define DECHUNKED     0x080700u /* from here on libcurl tells of bodies without their chunks */

struct observer {
    _Atomic(CURL *) easy;   /* NULL: free */
    struct observer *next;  /* in its bucket; as it was when it came there */
    gsp_recorder *recorder; /* all from here on belongs to the handle's thread */
    int64_t observed_ns;
    gsp_curl_options options; /* its pointers to names and contexts go to these: */
    char name[64];
    gsp_context parent;
    bool has_ended;                 /* the last transfer, before gsp_curl_done was called for it */
    struct gsp__transfer *transfer; /* NULL: none is on its way */
};

static _Atomic(struct observer *) buckets[N_BUCKETS];
static _Atomic uint32_t n_observers;

static _Atomic(struct observer *) *bucket_of(const CURL *easy)
{
    uint64_t h = (uint64_t)(uintptr_t)easy * 0x9e3779b97f4a7c15u;

    return &buckets[h >> 56];
}

static struct observer *find(CURL *easy)
{
    struct observer *o = atomic_load_explicit(bucket_of(easy), memory_order_acquire);

    while (o && atomic_load_explicit(&o->easy, memory_order_acquire) != easy)
        o = o->next;
    return easy ? o : NULL;
}

static struct observer *claim_free(CURL *easy)
{
    struct observer *o = atomic_load_explicit(bucket_of(easy), memory_order_acquire);

    for (; o; o = o->next) {
        CURL *none = NULL;

        if (atomic_compare_exchange_strong(&o->easy, &none, easy))
            return o;
    }
    return NULL;
}

static gsp_status claim(CURL *easy, struct observer **out)
{
    struct observer *o = find(easy), *first;

    if (!o)
        o = claim_free(easy);
    *out = o;
    if (o)
        return GSP_OK;
    if (atomic_fetch_add(&n_observers, 1) >= OBSERVERS_MAX) {
        atomic_fetch_sub(&n_observers, 1);
        return GSP_ERR_NO_SPACE;
    }
    o = calloc(1, sizeof *o);
    if (!o) {
        atomic_fetch_sub(&n_observers, 1);
        return GSP_ERR_NO_MEMORY;
    }
    atomic_init(&o->easy, easy);
    first = atomic_load_explicit(bucket_of(easy), memory_order_relaxed);
    do {
        o->next = first;
    } while (!atomic_compare_exchange_weak_explicit(bucket_of(easy), &first, o, memory_order_release,
                                                    memory_order_relaxed));
    *out = o;
    return GSP_OK;
}

/*
 * Transfers.
 */

/* When the transfer began: the first that is heard of it comes after the name was looked up. */
static int64_t start_ns(const struct observer *o, CURL *easy)
{
    int64_t now_ns = gsp_recorder_now_ns(o->recorder), start;
    curl_off_t lookup_us = 0;

    if (now_ns == 0 || curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &lookup_us) != CURLE_OK)
        return now_ns;
    start = now_ns - (lookup_us > 0 ? (int64_t)lookup_us * 1000 : 0);
    return start < o->observed_ns ? o->observed_ns : start;
}

static struct gsp__transfer *new_transfer(struct observer *o, int64_t now_ns)
{
    gsp_operation_options options = GSP_OPERATION_OPTIONS_INIT;
    struct gsp__transfer *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->operation = o->options.operation;
    t->content = o->options.content;
    t->content_self = o->options.content_self;
    t->is_dechunked = curl_version_info(CURLVERSION_NOW)->version_num >= DECHUNKED;
    memcpy(t->name, o->name, sizeof t->name);
    if (t->operation.id == 0) {
        options.parent = o->options.parent;
        options.scope = o->options.scope;
        options.now_ns = now_ns;
        t->owns_operation = true;
        t->operation = gsp_operation_start(o->recorder, t->name, &options);
    }
    return t;
}

/* The next request: of the transfer that goes on, or the first of a new one. */
static void begin(struct observer *o, CURL *easy)
{
    int64_t now_ns = 0;
    char *url = NULL;

    o->has_ended = false;
    if (!o->transfer) {
        now_ns = start_ns(o, easy);
        o->transfer = new_transfer(o, now_ns);
    }
    if (!o->transfer)
        return;
    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
    gsp__transfer_begin(o->transfer, url, now_ns);
}

static void end_transfer(struct observer *o)
{
    struct gsp__transfer *t = o->transfer;

    o->transfer = NULL;
    o->has_ended = true;
    if (!t)
        return;
    gsp__transfer_deinit(t);
    free(t);
}

/* The request is over, by what libcurl says or by its length. */
static void end_request(struct observer *o, bool is_closed)
{
    struct gsp__transfer *t = o->transfer;
    bool goes_on = gsp__transfer_goes_on(t);

    gsp__transfer_end_as_known(t, gsp__transfer_exit(t, is_closed));
    if (!goes_on)
        end_transfer(o);
}

/*
 * Something new begins. Whether it is the next request of the transfer: the program says when one is over, or
 * libcurl has said that it goes on.
 */
static void begin_next(struct observer *o, CURL *easy, bool follows)
{
    struct gsp__transfer *t = o->transfer;

    if (t)
        gsp__transfer_end_as_known(t, gsp__transfer_exit(t, !t->is_complete && t->n_length >= 0));
    if (t && !follows && !o->options.waits_for_done)
        end_transfer(o);
    begin(o, easy);
}

static bool is_name_unknown(const char *text, size_t n)
{
    static const char not_resolved[] = "Could not resolve", late[] = "Resolving timed out";

    return (n >= sizeof not_resolved && memcmp(text, not_resolved, sizeof not_resolved - 1) == 0) ||
           (n >= sizeof late && memcmp(text, late, sizeof late - 1) == 0);
}

static void on_failure(struct observer *o, CURL *easy, enum gsp__said said, const char *text, size_t n)
{
    if (!o->transfer && is_name_unknown(text, n)) /* nothing was said before that */
        begin(o, easy);
    if (o->transfer && o->transfer->is_open)
        gsp__transfer_fail(o->transfer, said, text, n);
}

static void on_text(struct observer *o, CURL *easy, const char *text, size_t n)
{
    enum gsp__said said = gsp__verbose_meaning(text, n);
    struct gsp__transfer *t = o->transfer;
    bool ends = t && t->is_open && !o->options.waits_for_done;

    switch (said) {
    case GSP__SAID_NOTHING:
        return;
    case GSP__SAID_BEGINS:
        if (!t || !t->is_open || gsp__transfer_is_sent(t))
            begin_next(o, easy, false);
        return;
    case GSP__SAID_FOLLOWS:
        begin_next(o, easy, true);
        return;
    case GSP__SAID_TRIES_AGAIN:
    case GSP__SAID_WILL_FOLLOW:
        if (t)
            t->will_follow = true;
        if (said == GSP__SAID_TRIES_AGAIN)
            on_failure(o, easy, GSP__SAID_CONNECTION, text, n);
        return;
    case GSP__SAID_LEFT_INTACT:
        if (ends)
            end_request(o, false);
        return;
    case GSP__SAID_CLOSES: /* before a request is sent it may be an old connection */
        if (ends && (gsp__transfer_is_sent(t) || t->failure != GSP__SAID_NOTHING))
            end_request(o, true);
        return;
    default:
        on_failure(o, easy, said, text, n);
        return;
    }
}

static void on_request_head(struct observer *o, CURL *easy, const char *bytes, size_t n)
{
    struct gsp__transfer *t = o->transfer;

    if (!t)
        begin(o, easy);
    else if (!t->is_open)
        begin_next(o, easy, true);
    else if (gsp__transfer_is_sent(t))
        begin_next(o, easy, false);
    if (o->transfer)
        gsp__transfer_request_head(o->transfer, bytes, n);
}

static int on_debug(CURL *easy, curl_infotype type, char *bytes, size_t n, void *self)
{
    struct observer *o = self;
    struct gsp__transfer *t;

    if (atomic_load_explicit(&o->easy, memory_order_acquire) != easy)
        return 0; /* a copy of the handle */
    if (o->options.debug)
        o->options.debug(easy, type, bytes, n, o->options.debug_data);
    t = o->transfer;
    if (type == CURLINFO_TEXT)
        on_text(o, easy, bytes, n);
    else if (type == CURLINFO_HEADER_OUT)
        on_request_head(o, easy, bytes, n);
    else if (!t || !t->is_open)
        return 0;
    else if (type == CURLINFO_DATA_OUT)
        gsp__transfer_request_body(t, bytes, n);
    else if (type == CURLINFO_HEADER_IN)
        gsp__transfer_response_head(t, bytes, n);
    else if (type == CURLINFO_DATA_IN) {
        gsp__transfer_response_body(t, bytes, n);
        if (!o->options.waits_for_done && gsp__transfer_is_complete(t))
            end_request(o, false);
    }
    return 0;
}

/*
 * What the program calls.
 */

static void set_options(struct observer *o, const gsp_curl_options *given)
{
    gsp_curl_options options = GSP_CURL_OPTIONS_INIT;

    if (given)
        memcpy(&options, given, given->struct_size < sizeof options ? given->struct_size : sizeof options);
    memset(o->name, 0, sizeof o->name);
    strncpy(o->name, options.name && *options.name ? options.name : "request", sizeof o->name - 1);
    if (options.parent) {
        o->parent = *options.parent;
        options.parent = &o->parent;
    }
    options.name = o->name;
    o->options = options;
}

gsp_status gsp_curl_observe(CURL *easy, gsp_recorder *recorder, const gsp_curl_options *options)
{
    struct observer *o;
    gsp_status status;

    if (!easy)
        return GSP_ERR_INVALID;
    if (!recorder && !(options && options->operation.id)) {
        gsp_curl_forget(easy);
        return GSP_OK;
    }
    status = claim(easy, &o);
    if (status != GSP_OK)
        return status;
    end_transfer(o);
    set_options(o, options);
    o->recorder = recorder;
    o->observed_ns = gsp_recorder_now_ns(recorder);
    o->has_ended = false;
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, o);
    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    return GSP_OK;
}

static bool is_callers(CURLcode code)
{
    return code == CURLE_WRITE_ERROR || code == CURLE_READ_ERROR || code == CURLE_ABORTED_BY_CALLBACK;
}

static const char *class_of(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return GSP_ERROR_TIMEOUT;
    case CURLE_PARTIAL_FILE:
        return GSP_ERROR_TRUNCATED;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_HTTP3:
    case CURLE_QUIC_CONNECT_ERROR:
    case CURLE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
        return GSP_ERROR_CONNECTION;
    default:
        return NULL;
    }
}

static void end_by_code(struct gsp__transfer *t, CURLcode code)
{
    gsp_failure failure = GSP_FAILURE_INIT;

    if (code == CURLE_OK || code == CURLE_HTTP_RETURNED_ERROR) { /* the status tells */
        gsp__transfer_end_request(t, GSP_STREAM_FINISHED, NULL);
    } else if (is_callers(code)) {
        gsp__transfer_end_request(t, GSP_STREAM_CANCELLED, NULL);
    } else {
        failure.type = class_of(code);
        failure.message = t->message[0] ? t->message : curl_easy_strerror(code);
        gsp__transfer_end_request(t, GSP_STREAM_FAILED, &failure);
    }
}

void gsp_curl_done(CURL *easy, CURLcode code)
{
    struct observer *o = find(easy);

    if (!o)
        return;
    if (!o->transfer && code != CURLE_OK && !o->has_ended) /* it failed before anything was heard of it */
        begin(o, easy);
    if (o->transfer && o->transfer->is_open)
        end_by_code(o->transfer, code);
    end_transfer(o);
    o->has_ended = false;
}

void gsp_curl_forget(CURL *easy)
{
    struct observer *o = find(easy);

    if (!o)
        return;
    if (o->transfer)
        gsp__transfer_end_as_known(o->transfer, GSP_STREAM_CANCELLED);
    end_transfer(o);
    curl_easy_setopt(easy, CURLOPT_VERBOSE, o->options.debug ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, o->options.debug);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, o->options.debug_data);
    atomic_store_explicit(&o->easy, NULL, memory_order_release);
}
