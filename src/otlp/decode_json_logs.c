/*
 * Logs from OTLP JSON.
 */
#include "otlp/decode_json.h"

#include "base/status.h"

static void read_log(struct gsp__json_decoder *d, json_t *log, struct gsp__log_data *out)
{
    out->time_unix_ns = gsp__from_json_u64(d, log, "timeUnixNano");
    out->observed_unix_ns = gsp__from_json_u64(d, log, "observedTimeUnixNano");
    out->severity = gsp__from_json_enum(d, log, "severityNumber");
    out->severity_text = gsp__from_json_string(d, log, "severityText");
    gsp__from_json_value(d, log, "body", &out->body);
    gsp__from_json_attributes(d, log, &out->attributes);
    out->flags = gsp__from_json_u32(d, log, "flags");
    out->has_trace_id = gsp__from_json_id(d, log, "traceId", out->trace_id, 16);
    out->has_span_id = gsp__from_json_id(d, log, "spanId", out->span_id, 8);
    out->event_name = gsp__from_json_string(d, log, "eventName");
}

static void read_logs(struct gsp__json_decoder *d, json_t *root, struct gsp__logs *out)
{
    json_t *resources = gsp__from_json_objects(d, root, "resourceLogs", &out->n_resources);
    struct gsp__resource_logs *r = gsp__from_json_items(d, out->n_resources, sizeof *r);

    out->resources = r;
    for (uint32_t i = 0; r && i < out->n_resources; i++) {
        json_t *resource = json_array_get(resources, i);
        json_t *scopes = gsp__from_json_objects(d, resource, "scopeLogs", &r[i].n_scopes);
        struct gsp__scope_logs *s = gsp__from_json_items(d, r[i].n_scopes, sizeof *s);

        gsp__from_json_resource(d, resource, &r[i].resource);
        r[i].schema_url = gsp__from_json_string(d, resource, "schemaUrl");
        r[i].scopes = s;
        for (uint32_t k = 0; s && k < r[i].n_scopes; k++) {
            json_t *scope = json_array_get(scopes, k);
            json_t *logs = gsp__from_json_objects(d, scope, "logRecords", &s[k].n_logs);
            struct gsp__log_data *data = gsp__from_json_items(d, s[k].n_logs, sizeof *data);

            gsp__from_json_scope(d, scope, &s[k].scope);
            s[k].schema_url = gsp__from_json_string(d, scope, "schemaUrl");
            s[k].logs = data;
            for (uint32_t n = 0; data && n < s[k].n_logs; n++)
                read_log(d, json_array_get(logs, n), &data[n]);
        }
    }
}

gsp_status gsp__otlp_logs_from_json(const char *text, size_t n, struct gsp__arena *arena,
                                    struct gsp__logs *out, gsp_error *err)
{
    struct gsp__json_decoder d = {arena, GSP_OK, NULL};
    json_t *root = gsp__from_json_load(text, n, err);
    struct gsp__logs logs = {0};

    if (!root)
        return GSP_ERR_FORMAT;
    read_logs(&d, root, &logs);
    json_decref(root);
    if (d.status != GSP_OK)
        return gsp__fail(err, d.status, d.fault);
    *out = logs;
    return GSP_OK;
}
