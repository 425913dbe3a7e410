/*
 * Logs from OTLP protobuf.
 */
#include "otlp/decode_protobuf.h"

static void read_log(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                     struct gsp__log_data *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    out->severity_text = out->event_name = (struct gsp__string){"", 0};
    gsp__from_pb_attributes(d, message, 6, &out->attributes);
    while (gsp__from_pb_next(d, &r, &f)) {
        switch (f.number) {
        case 1:
            out->time_unix_ns = gsp__from_pb_fixed64(d, &f);
            break;
        case 2:
            out->severity = gsp__from_pb_enum(d, &f);
            break;
        case 3:
            out->severity_text = gsp__from_pb_string(d, &f);
            break;
        case 5:
            gsp__from_pb_value(d, &f, &out->body);
            break;
        case 7:
            out->attributes.n_dropped = (uint32_t)gsp__from_pb_varint(d, &f);
            break;
        case 8:
            out->flags = gsp__from_pb_fixed32(d, &f);
            break;
        case 9:
            out->has_trace_id = gsp__from_pb_id(d, &f, out->trace_id, 16);
            break;
        case 10:
            out->has_span_id = gsp__from_pb_id(d, &f, out->span_id, 8);
            break;
        case 11:
            out->observed_unix_ns = gsp__from_pb_fixed64(d, &f);
            break;
        case 12:
            out->event_name = gsp__from_pb_string(d, &f);
            break;
        default:
            break;
        }
    }
}

static void read_scope_logs(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                            struct gsp__scope_logs *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__log_data *logs = gsp__from_pb_items(d, gsp__from_pb_count(message, 2), sizeof *logs);
    struct gsp__pb_field f;

    out->scope.name = out->scope.version = out->schema_url = (struct gsp__string){"", 0};
    out->logs = logs;
    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number <= 3 && !gsp__from_pb_is(d, &f, GSP__PB_BYTES))
            break;
        if (f.number == 1)
            gsp__from_pb_scope(d, &f, &out->scope);
        else if (f.number == 2)
            read_log(d, &f, &logs[out->n_logs++]);
        else if (f.number == 3)
            out->schema_url = gsp__from_pb_string(d, &f);
    }
}

static void read_resource_logs(struct gsp__pb_decoder *d, const struct gsp__pb_field *message,
                               struct gsp__resource_logs *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__scope_logs *scopes = gsp__from_pb_items(d, gsp__from_pb_count(message, 2), sizeof *scopes);
    struct gsp__pb_field f;

    out->schema_url = (struct gsp__string){"", 0};
    out->scopes = scopes;
    while (gsp__from_pb_next(d, &r, &f)) {
        if (f.number <= 3 && !gsp__from_pb_is(d, &f, GSP__PB_BYTES))
            break;
        if (f.number == 1)
            gsp__from_pb_resource(d, &f, &out->resource);
        else if (f.number == 2)
            read_scope_logs(d, &f, &scopes[out->n_scopes++]);
        else if (f.number == 3)
            out->schema_url = gsp__from_pb_string(d, &f);
    }
}

gsp_status gsp__otlp_logs_from_pb(const void *bytes, size_t n, struct gsp__arena *arena,
                                  struct gsp__logs *out, gsp_error *err)
{
    struct gsp__pb_field message, f;
    struct gsp__pb_decoder d = gsp__from_pb_begin(bytes, n, arena, &message);
    struct gsp__pb_reader r = gsp__pb_read(bytes, n);
    struct gsp__resource_logs *resources =
        gsp__from_pb_items(&d, gsp__from_pb_count(&message, 1), sizeof *resources);
    uint32_t n_resources = 0;

    while (gsp__from_pb_next(&d, &r, &f))
        if (f.number == 1 && gsp__from_pb_is(&d, &f, GSP__PB_BYTES))
            read_resource_logs(&d, &f, &resources[n_resources++]);
    if (d.status == GSP_OK)
        *out = (struct gsp__logs){resources, n_resources};
    return gsp__from_pb_end(&d, err);
}
