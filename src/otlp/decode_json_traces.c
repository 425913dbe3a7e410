/*
 * Traces from OTLP JSON.
 */
#include "otlp/decode_json.h"

#include "base/status.h"

static void read_events(struct gsp__json_decoder *d, json_t *span, struct gsp__span_data *out)
{
    uint32_t n;
    json_t *array = gsp__from_json_objects(d, span, "events", &n);

    out->events = gsp__from_json_items(d, n, sizeof *out->events);
    out->n_events = out->events ? n : 0;
    for (uint32_t i = 0; i < out->n_events; i++) {
        json_t *event = json_array_get(array, i);

        out->events[i].time_unix_ns = gsp__from_json_u64(d, event, "timeUnixNano");
        out->events[i].name = gsp__from_json_string(d, event, "name");
        gsp__from_json_attributes(d, event, &out->events[i].attributes);
    }
}

static void read_links(struct gsp__json_decoder *d, json_t *span, struct gsp__span_data *out)
{
    uint32_t n;
    json_t *array = gsp__from_json_objects(d, span, "links", &n);

    out->links = gsp__from_json_items(d, n, sizeof *out->links);
    out->n_links = out->links ? n : 0;
    for (uint32_t i = 0; i < out->n_links; i++) {
        json_t *link = json_array_get(array, i);

        gsp__from_json_id(d, link, "traceId", out->links[i].trace_id, 16);
        gsp__from_json_id(d, link, "spanId", out->links[i].span_id, 8);
        out->links[i].trace_state = gsp__from_json_string(d, link, "traceState");
        out->links[i].flags = gsp__from_json_u32(d, link, "flags");
        gsp__from_json_attributes(d, link, &out->links[i].attributes);
    }
}

static void read_span(struct gsp__json_decoder *d, json_t *span, struct gsp__span_data *out)
{
    json_t *status = gsp__from_json_object(d, span, "status");

    gsp__from_json_id(d, span, "traceId", out->trace_id, 16);
    gsp__from_json_id(d, span, "spanId", out->span_id, 8);
    out->has_parent = gsp__from_json_id(d, span, "parentSpanId", out->parent_span_id, 8);
    out->trace_state = gsp__from_json_string(d, span, "traceState");
    out->flags = gsp__from_json_u32(d, span, "flags");
    out->name = gsp__from_json_string(d, span, "name");
    out->kind = gsp__from_json_enum(d, span, "kind");
    out->start_unix_ns = gsp__from_json_u64(d, span, "startTimeUnixNano");
    out->end_unix_ns = gsp__from_json_u64(d, span, "endTimeUnixNano");
    gsp__from_json_attributes(d, span, &out->attributes);
    read_events(d, span, out);
    out->n_dropped_events = gsp__from_json_u32(d, span, "droppedEventsCount");
    read_links(d, span, out);
    out->n_dropped_links = gsp__from_json_u32(d, span, "droppedLinksCount");
    out->status_message = gsp__from_json_string(d, status, "message");
    out->status = gsp__from_json_enum(d, status, "code");
}

static void read_traces(struct gsp__json_decoder *d, json_t *root, struct gsp__traces *out)
{
    json_t *resources = gsp__from_json_objects(d, root, "resourceSpans", &out->n_resources);
    struct gsp__resource_spans *r = gsp__from_json_items(d, out->n_resources, sizeof *r);

    out->resources = r;
    for (uint32_t i = 0; r && i < out->n_resources; i++) {
        json_t *resource = json_array_get(resources, i);
        json_t *scopes = gsp__from_json_objects(d, resource, "scopeSpans", &r[i].n_scopes);
        struct gsp__scope_spans *s = gsp__from_json_items(d, r[i].n_scopes, sizeof *s);

        gsp__from_json_resource(d, resource, &r[i].resource);
        r[i].schema_url = gsp__from_json_string(d, resource, "schemaUrl");
        r[i].scopes = s;
        for (uint32_t k = 0; s && k < r[i].n_scopes; k++) {
            json_t *scope = json_array_get(scopes, k);
            json_t *spans = gsp__from_json_objects(d, scope, "spans", &s[k].n_spans);
            struct gsp__span_data *data = gsp__from_json_items(d, s[k].n_spans, sizeof *data);

            gsp__from_json_scope(d, scope, &s[k].scope);
            s[k].schema_url = gsp__from_json_string(d, scope, "schemaUrl");
            s[k].spans = data;
            for (uint32_t n = 0; data && n < s[k].n_spans; n++)
                read_span(d, json_array_get(spans, n), &data[n]);
        }
    }
}

gsp_status gsp__otlp_traces_from_json(const char *text, size_t n, struct gsp__arena *arena,
                                      struct gsp__traces *out, gsp_error *err)
{
    struct gsp__json_decoder d = {arena, GSP_OK, NULL};
    json_t *root = gsp__from_json_load(text, n, err);
    struct gsp__traces traces = {0};

    if (!root)
        return GSP_ERR_FORMAT;
    read_traces(&d, root, &traces);
    json_decref(root);
    if (d.status != GSP_OK)
        return gsp__fail(err, d.status, d.fault);
    *out = traces;
    return GSP_OK;
}
