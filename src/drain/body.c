/*
 * The body of one export.
 */
#include "drain/body.h"

#include <stdlib.h>
#include <string.h>

#include "otlp/encode_json.h"
#include "otlp/encode_protobuf.h"

#define ROOM_START   ((size_t)256 << 10)
#define AROUND_BYTES ((size_t)64 << 10) /* kept for the messages around the items */

void gsp__body_init(struct gsp__body *b, gsp_signal signal, bool is_json, size_t max_bytes)
{
    memset(b, 0, sizeof *b);
    b->signal = signal;
    b->is_json = is_json;
    b->max_bytes = max_bytes;
    b->json.max = max_bytes;
}

void gsp__body_deinit(struct gsp__body *b)
{
    gsp__buffer_deinit(&b->json);
    free(b->room);
    b->room = NULL;
}

void gsp__body_begin(struct gsp__body *b, const struct gsp__export_origin *origin)
{
    b->origin = origin;
    b->is_closed = false;
    b->n_items = b->n_counted = b->n_too_large = 0;
    gsp__buffer_clear(&b->json);
    if (b->room)
        gsp__pb_write_init(&b->writer, b->room, b->room_bytes);
}

static size_t used_bytes(const struct gsp__body *b)
{
    return b->is_json ? b->json.n : (size_t)(b->room + b->room_bytes - b->writer.at);
}

/*
 * Protobuf.
 */

static bool grow(struct gsp__body *b)
{
    size_t size = b->room ? b->room_bytes * 2 : ROOM_START, used = b->room ? used_bytes(b) : 0;
    uint8_t *room = size <= b->max_bytes ? malloc(size) : NULL;

    if (!room)
        return false;
    if (used)
        memcpy(room + size - used, b->writer.at, used);
    free(b->room);
    b->room = room;
    b->room_bytes = size;
    b->writer = (struct gsp__pb_writer){room, room + size - used, false};
    return true;
}

static bool write_pb(struct gsp__body *b, const struct gsp__derived *derived)
{
    uint8_t *before = b->writer.at;

    if (b->n_items == 0)
        gsp__otlp_open_pb(&b->writer, b->origin->schema_url);
    if (b->signal == GSP_SIGNAL_TRACES)
        for (uint32_t i = derived->n_spans; i-- > 0;)
            gsp__otlp_span_pb(&b->writer, 2, &derived->spans[i]);
    else
        for (uint32_t i = derived->n_logs; i-- > 0;)
            gsp__otlp_log_pb(&b->writer, 2, &derived->logs[i]);
    if (!b->writer.is_full && used_bytes(b) <= b->max_bytes - AROUND_BYTES)
        return true;
    b->writer.at = before;
    b->writer.is_full = false;
    return false;
}

static bool add_pb(struct gsp__body *b, const struct gsp__derived *derived)
{
    bool is_written = b->room && write_pb(b, derived);

    while (!is_written && grow(b))
        is_written = write_pb(b, derived);
    return is_written;
}

static bool close_pb(struct gsp__body *b)
{
    do {
        uint8_t *before = b->writer.at;

        gsp__otlp_close_pb(&b->writer, b->room + b->room_bytes, &b->origin->resource, &b->origin->scope);
        if (!b->writer.is_full)
            return true;
        b->writer.at = before;
        b->writer.is_full = false;
    } while (grow(b));
    return false;
}

/*
 * JSON.
 */

static bool add_json(struct gsp__body *b, const struct gsp__derived *derived)
{
    bool is_traces = b->signal == GSP_SIGNAL_TRACES;
    size_t before = b->json.n;

    if (b->n_items == 0)
        gsp__otlp_open_json(&b->json, is_traces ? "resourceSpans" : "resourceLogs",
                            is_traces ? "scopeSpans" : "scopeLogs", is_traces ? "spans" : "logRecords",
                            &b->origin->resource, &b->origin->scope, b->origin->schema_url);
    if (is_traces)
        for (uint32_t i = 0; i < derived->n_spans; i++)
            gsp__otlp_span_json(&b->json, &derived->spans[i]);
    else
        for (uint32_t i = 0; i < derived->n_logs; i++)
            gsp__otlp_log_json(&b->json, &derived->logs[i]);
    if (!b->json.failed && b->json.n <= b->max_bytes - AROUND_BYTES)
        return true;
    b->json.n = before;
    b->json.failed = false;
    return false;
}

static bool close_json(struct gsp__body *b)
{
    size_t before = b->json.n;

    gsp__otlp_close_json(&b->json);
    if (!b->json.failed)
        return true;
    b->json.n = before;
    b->json.failed = false;
    return false;
}

void gsp__body_add(struct gsp__body *b, const struct gsp__derived *derived, uint32_t n_records)
{
    bool is_traces = b->signal == GSP_SIGNAL_TRACES;
    uint32_t n = is_traces ? derived->n_spans : derived->n_logs;
    uint32_t n_counted = is_traces ? n_records : n;

    if (n == 0)
        return;
    if (!(b->is_json ? add_json(b, derived) : add_pb(b, derived))) {
        b->n_too_large += n_counted;
        return;
    }
    b->n_items += n;
    b->n_counted += n_counted;
}

bool gsp__body_is_over(const struct gsp__body *b, size_t n_bytes)
{
    return b->n_items > 0 && used_bytes(b) > n_bytes;
}

void gsp__body_count_too_large(struct gsp__body *b, struct gsp__export_counts *counts)
{
    gsp__export_count(counts, b->signal, 0, 0, b->n_too_large);
    b->n_too_large = 0;
}

bool gsp__body_close(struct gsp__body *b)
{
    if (!b->is_closed)
        b->is_closed = b->is_json ? close_json(b) : close_pb(b);
    return b->is_closed;
}

const void *gsp__body_bytes(const struct gsp__body *b, size_t *n)
{
    *n = used_bytes(b);
    return b->is_json ? (const void *)b->json.data : b->writer.at;
}

void gsp__body_end(struct gsp__body *b)
{
    b->n_items = b->n_counted = 0;
}
