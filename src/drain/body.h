/*
 * The body of one export: spans, or log records, of one ring as OTLP, added call by call. Protobuf grows from
 * the end of its room to the front, JSON from the front to the end; what does not fit is left out and
 * counted. It knows nothing of where it goes.
 *
 * Memory: none before the first item, then up to twice what the items take, at most `max_bytes`. It stays for
 * the next batch. While it grows, half as much again.
 */
#ifndef GSP_DRAIN_BODY_H
#define GSP_DRAIN_BODY_H

#include "base/buffer.h"
#include "drain/exporter.h"
#include "otlp/protobuf.h"

#define GSP__BODY_BYTES_MAX ((size_t)64 << 20)

struct gsp__body {
    gsp_signal signal; /* traces or logs */
    bool is_json;
    bool is_closed; /* it is complete: nothing may be added */
    size_t max_bytes;
    const struct gsp__export_origin *origin;
    uint64_t n_items;     /* spans or log records; 0: there is nothing to send */
    uint64_t n_counted;   /* what they count as: the ring's records, or log records */
    uint64_t n_too_large; /* of calls that did not fit, counted likewise */

    uint8_t *room;
    size_t room_bytes;
    struct gsp__pb_writer writer;
    struct gsp__buffer json;
};

/* `max_bytes`: a power of two from 512 KiB to GSP__BODY_BYTES_MAX. */
void gsp__body_init(struct gsp__body *body, gsp_signal signal, bool is_json, size_t max_bytes);
void gsp__body_deinit(struct gsp__body *body);

/* Empty it. The origin must outlive what is added to it. */
void gsp__body_begin(struct gsp__body *body, const struct gsp__export_origin *origin);

/* Add what of a call is of its signal: all of it or, where there is no room, nothing. */
void gsp__body_add(struct gsp__body *body, const struct gsp__derived *derived, uint32_t n_records);

/* Whether it has something, and more bytes than this. */
bool gsp__body_is_over(const struct gsp__body *body, size_t n_bytes);

/* Count as lost, once, what did not fit. */
void gsp__body_count_too_large(struct gsp__body *body, struct gsp__export_counts *counts);

/* Complete it. False, with the body as it was, when there is no memory: it may be tried again. */
bool gsp__body_close(struct gsp__body *body);

/* What is in it. Borrowed until it is changed. */
const void *gsp__body_bytes(const struct gsp__body *body, size_t *n);

/* It was handed over: there is nothing to send any more. */
void gsp__body_end(struct gsp__body *body);

#endif
