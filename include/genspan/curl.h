/*
 * genspan/curl.h: libcurl transfers, recorded by one line.
 *
 *     CURL *easy = curl_easy_init();
 *     ... the program's own options ...
 *     gsp_curl_observe(easy, recorder, NULL);      the one line
 *     curl_easy_perform(easy);
 *
 * From then on each transfer of the handle (blocking, in a multi handle, in an event loop) is an operation,
 * and each request that libcurl makes for it (a redirect, a second try on a fresh connection) an attempt
 * beneath it, with all that a gsp_exchange finds in the bytes. What the program's own callbacks see does not
 * change: the observer is the handle's CURLOPT_DEBUGFUNCTION, which hears everything and alters nothing.
 *
 * How the end is known. Exactly, if the program says what it was told:
 *
 *     gsp_curl_done(easy, curl_easy_perform(easy));                          blocking
 *     gsp_curl_done(message->easy_handle, message->data.result);             from curl_multi_info_read
 *
 * Without that, from what libcurl says about the connection when a transfer is over, from its words on a
 * failure, and from the response's own length. That is right for whatever ends by itself. It is not exact in
 * these cases: an event stream over HTTP/2 of which libcurl says nothing, because other transfers go on over
 * the same connection, ends with the handle's next request, with gsp_curl_forget, or with its operation or
 * scope; a transfer that the program takes out of a multi handle in mid-stream may be called truncated
 * rather than cancelled, if neither a length nor chunks tell where the response would have ended; failures
 * are told by libcurl's wording. A program that calls gsp_curl_done for each transfer sets waits_for_done.
 *
 * Versions: libcurl 7.84 and later. This header includes <curl/curl.h>; its functions are in
 * libgenspan-export.
 */
#ifndef GENSPAN_CURL_H
#define GENSPAN_CURL_H

#include <curl/curl.h>
#include <genspan/exchange.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Options of gsp_curl_observe. The struct, its name and its context are copied; what content_self and
 * debug_data point to is the program's, and must live until the handle is observed no longer. The functions
 * are called on the handle's thread, inside libcurl. Since 0.1.
 */
typedef struct gsp_curl_options {
    uint32_t struct_size;
    uint32_t waits_for_done;   /* 1: nothing but gsp_curl_done ends a transfer */
    gsp_span operation;        /* its requests are attempts of this operation, which the program ends;
                                  the null handle: each transfer is an operation of its own */
    const char *name;          /* of operations whose format does not tell; 63 bytes; NULL: "request" */
    const gsp_context *parent; /* of operations; NULL: each is a root span */
    gsp_scope scope;           /* of operations */
    gsp_content_fn *content;   /* as gsp_exchange_on_content; NULL: no content byte is copied */
    void *content_self;
    curl_debug_callback debug; /* the program's own debug function, which is called as before */
    void *debug_data;
} gsp_curl_options;

/* All defaults; sets struct_size. Since 0.1. */
#define GSP_CURL_OPTIONS_INIT                                                                                \
    {                                                                                                        \
        (uint32_t)sizeof(gsp_curl_options), 0, GSP_NO_SPAN_INIT, NULL, NULL, GSP_NO_SCOPE_INIT, NULL, NULL,  \
            NULL, NULL                                                                                       \
    }

/*
 * Observe a handle, from its next transfer on. Call it again after curl_easy_reset, and to change options;
 * a copy made by curl_easy_duphandle is not observed.
 *
 *   easy      in  not in the middle of a transfer. Its options VERBOSE, DEBUGFUNCTION and DEBUGDATA are set
 *   recorder  in  must live as long as the handle makes transfers, or until gsp_curl_forget. NULL and no
 *                 operation in the options: the handle is left as it is
 *   options   in  NULL for all defaults
 *
 * Returns GSP_OK; GSP_ERR_INVALID (no handle); GSP_ERR_NO_MEMORY; GSP_ERR_NO_SPACE (65536 handles are
 * observed). A program may ignore it: the handle then works, unrecorded.
 *
 * Nothing is owned by the caller, and the handle may be cleaned up at any time: the observer belongs to the
 * library and is found by the handle's address. Memory: 512 bytes or less for each handle until
 * gsp_curl_forget (or for ever, where the program never says so: an address that is used again has the same
 * observer), less than 20 KiB more during a transfer, and 48 KiB where the response is compressed. Nothing
 * blocks. Thread rule: as libcurl's, one thread at a time for one handle; with an operation in the options,
 * that thread writes to the operation as well. Since 0.1. Source: OP-1, OP-2; CURLOPT_DEBUGFUNCTION.
 */
GSP_API gsp_status gsp_curl_observe(CURL *easy, gsp_recorder *recorder, const gsp_curl_options *options);

/*
 * A transfer is over, and this is what libcurl made of it. Also for a transfer that failed before anything
 * was sent, and for one that the program takes out of its multi handle.
 *
 *   easy  in  NULL, and a handle that is not observed, is passed over
 *   code  in  CURLE_OK, CURLE_HTTP_RETURNED_ERROR: the response tells. CURLE_WRITE_ERROR, CURLE_READ_ERROR,
 *             CURLE_ABORTED_BY_CALLBACK: cancelled by the program. Any other: failed, as what the code says
 *
 * Ends the request's attempt, and the operation if it is the transfer's own. Gives the transfer's memory
 * back. Nothing blocks. Thread rule: one thread at a time for one handle. Since 0.1. Source: ST-1, ST-2,
 * OP-7.
 */
GSP_API void gsp_curl_done(CURL *easy, CURLcode code);

/*
 * Observe no longer: a transfer that goes on ends here, as cancelled. To be called before curl_easy_cleanup
 * by programs that make handles without end; elsewhere it may be left out. The debug function of the options
 * is the handle's own again.
 *
 *   easy  in  not cleaned up yet. NULL, and a handle that is not observed, is passed over
 *
 * The observer's memory is kept for another handle. Nothing blocks. Thread rule: one thread at a time for one
 * handle. Since 0.1. Source: ST-1, ST-2.
 */
GSP_API void gsp_curl_forget(CURL *easy);

#ifdef __cplusplus
}
#endif

#endif
