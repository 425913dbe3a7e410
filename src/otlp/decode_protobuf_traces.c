/*
 * Traces from OTLP protobuf.
 */
#include "otlp/decode_protobuf.h"

static void read_event(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                       struct gsp__span_event *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    out->name = (struct gsp__string){"", 0};
    gsp__from_pb_attributes(d, message, 3, &out->attributes);
    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number == 1)
            out->time_unix_ns = gsp__from_pb_fixed64(d, &f);
        else if (f.number == 2)
            out->name = gsp__from_pb_string(d, &f);
        else if (f.number == 4)
            out->attributes.n_dropped = (uint32_t)gsp__from_pb_varint(d, &f);
    }
}

static void read_link(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                      struct gsp__span_link *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    out->trace_state = (struct gsp__string){"", 0};
    gsp__from_pb_attributes(d, message, 4, &out->attributes);
    while (gsp__from_pb_next(d, &r, &f)) {
        switch (f.number) {
        case 1:
            gsp__from_pb_id(d, &f, out->trace_id, 16);
            break;
        case 2:
            gsp__from_pb_id(d, &f, out->span_id, 8);
            break;
        case 3:
            out->trace_state = gsp__from_pb_string(d, &f);
            break;
        case 5:
            out->attributes.n_dropped = (uint32_t)gsp__from_pb_varint(d, &f);
            break;
        case 6:
            out->flags = gsp__from_pb_fixed32(d, &f);
            break;
        default:
            break;
        }
    }
}

static void read_status(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                        struct gsp__span_data *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    out->status_message = (struct gsp__string){"", 0};
    out->status = GSP__STATUS_UNSET;
    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number == 2)
            out->status_message = gsp__from_pb_string(d, &f);
        else if (f.number == 3)
            out->status = gsp__from_pb_enum(d, &f);
    }
}

static void read_span(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                      struct gsp__span_data *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;
    uint32_t n_events = gsp__from_pb_count(message, 11), n_links = gsp__from_pb_count(message, 13);

    out->name = out->trace_state = out->status_message = (struct gsp__string){"", 0};
    out->events = gsp__from_pb_items(d, n_events, sizeof *out->events);
    out->links = gsp__from_pb_items(d, n_links, sizeof *out->links);
    gsp__from_pb_attributes(d, message, 9, &out->attributes);
    while (gsp__from_pb_next(d, &r, &f)) {
        switch (f.number) {
        case 1:
            gsp__from_pb_id(d, &f, out->trace_id, 16);
            break;
        case 2:
            gsp__from_pb_id(d, &f, out->span_id, 8);
            break;
        case 3:
            out->trace_state = gsp__from_pb_string(d, &f);
            break;
        case 4:
            out->has_parent = gsp__from_pb_id(d, &f, out->parent_span_id, 8);
            break;
        case 5:
            out->name = gsp__from_pb_string(d, &f);
            break;
        case 6:
            out->kind = gsp__from_pb_enum(d, &f);
            break;
        case 7:
            out->start_unix_ns = gsp__from_pb_fixed64(d, &f);
            break;
        case 8:
            out->end_unix_ns = gsp__from_pb_fixed64(d, &f);
            break;
        case 10:
            out->attributes.n_dropped = (uint32_t)gsp__from_pb_varint(d, &f);
            break;
        case 11:
            if (gsp__from_pb_is(d, &f, GSP__PB_BYTES))
                read_event(d, &f, &out->events[out->n_events++]);
            break;
        case 12:
            out->n_dropped_events = (uint32_t)gsp__from_pb_varint(d, &f);
            break;
        case 13:
            if (gsp__from_pb_is(d, &f, GSP__PB_BYTES))
                read_link(d, &f, &out->links[out->n_links++]);
            break;
        case 14:
            out->n_dropped_links = (uint32_t)gsp__from_pb_varint(d, &f);
            break;
        case 15:
            if (gsp__from_pb_is(d, &f, GSP__PB_BYTES))
                read_status(d, &f, out);
            break;
        case 16:
            out->flags = gsp__from_pb_fixed32(d, &f);
            break;
        default:
            break;
        }
    }
}

static void read_scope_spans(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                             struct gsp__scope_spans *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__span_data *spans = gsp__from_pb_items(d, gsp__from_pb_count(message, 2), sizeof *spans);
    struct gsp__pb_field f;

    out->scope.name = out->scope.version = out->schema_url = (struct gsp__string){"", 0};
    out->spans = spans;
    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number <= 3 && !gsp__from_pb_is(d, &f, GSP__PB_BYTES))
            break;
        if (f.number == 1)
            gsp__from_pb_scope(d, &f, &out->scope);
        else if (f.number == 2)
            read_span(d, &f, &spans[out->n_spans++]);
        else if (f.number == 3)
            out->schema_url = gsp__from_pb_string(d, &f);
    }
}

static void read_resource_spans(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                                struct gsp__resource_spans *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__scope_spans *scopes = gsp__from_pb_items(d, gsp__from_pb_count(message, 2), sizeof *scopes);
    struct gsp__pb_field f;

    out->schema_url = (struct gsp__string){"", 0};
    out->scopes = scopes;
    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number <= 3 && !gsp__from_pb_is(d, &f, GSP__PB_BYTES))
            break;
        if (f.number == 1)
            gsp__from_pb_resource(d, &f, &out->resource);
        else if (f.number == 2)
            read_scope_spans(d, &f, &scopes[out->n_scopes++]);
        else if (f.number == 3)
            out->schema_url = gsp__from_pb_string(d, &f);
    }
}

gsp_status gsp__otlp_traces_from_pb(const void *bytes, size_t n, struct gsp__arena *arena,
                                    struct gsp__traces *out, gsp_error *err)
{
    struct gsp__pb_field message, f;
    struct gsp__pb_decoder d = gsp__from_pb_begin(bytes, n, arena, &message);
    struct gsp__pb_reader r = gsp__pb_read(bytes, n);
    struct gsp__resource_spans *resources =
        gsp__from_pb_items(&d, gsp__from_pb_count(&message, 1), sizeof *resources);
    uint32_t n_resources = 0;

    while (gsp__from_pb_next(&d, &r, &f))
        if (f.number == 1 && gsp__from_pb_is(&d, &f, GSP__PB_BYTES))
            read_resource_spans(&d, &f, &resources[n_resources++]);
    if (d.status == GSP_OK)
        *out = (struct gsp__traces){resources, n_resources};
    return gsp__from_pb_end(&d, err);
}
