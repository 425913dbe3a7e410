/*
 * What people write into variables and options. An input is lines: NAME=VALUE sets one of the variables or
 * options below; every other line is read as a traceparent, a list of pairs, a simulator's script, a number.
 * Then a drainer's configuration is made, and a recorder is opened whose ring must be readable.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/number.h"
#include "base/pairs.h"
#include "base/utf8.h"
#include "derive/spans.h"
#include "drain/config.h"
#include "genspan/operation.h"
#include "sim/script.h"

#define VALUE_MAX 6000

static const char *const variables[] = {
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_LOGS_EXPORTER",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_METRICS_EXEMPLAR_FILTER",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
    "GENSPAN_METRIC_SERIES",
    "OTEL_SERVICE_NAME",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    "OTEL_SDK_DISABLED",
    "GENSPAN_DIALECT",
    "GENSPAN_ATTEMPT_SPANS",
    "GENSPAN_EXIT_TIMEOUT",
    "GENSPAN_RECORD_BYTES",
    "GENSPAN_SPOOL_BYTES",
    "GENSPAN_SPOOL_DIR",
    "GENSPAN_TRACES_FILE",
    "XDG_STATE_HOME",
    "HOME",
};

static const char *const options[] = {"endpoint", "headers", "protocol", "compression", "exporters"};

/* The environment keeps these strings themselves, so that a new value costs no memory. */
static char environment[GSP__COUNT_OF(variables)][64 + VALUE_MAX];
static char wishes[GSP__COUNT_OF(options)][VALUE_MAX];

static void clear(void)
{
    static bool is_put;

    for (size_t i = 0; i < GSP__COUNT_OF(variables); i++) {
        snprintf(environment[i], sizeof environment[i], "%s=", variables[i]);
        if (!is_put)
            FUZZ_CHECK(putenv(environment[i]) == 0, "no memory");
    }
    is_put = true;
    for (size_t i = 0; i < GSP__COUNT_OF(options); i++)
        wishes[i][0] = 0;
}

static bool set(const char *line, size_t n_name, const char *value)
{
    for (size_t i = 0; i < GSP__COUNT_OF(variables); i++)
        if (strlen(variables[i]) == n_name && memcmp(line, variables[i], n_name) == 0) {
            snprintf(environment[i], sizeof environment[i], "%s=%s", variables[i], value);
            return true;
        }
    for (size_t i = 0; i < GSP__COUNT_OF(options); i++)
        if (strlen(options[i]) == n_name && memcmp(line, options[i], n_name) == 0) {
            snprintf(wishes[i], sizeof wishes[i], "%s", value);
            return true;
        }
    return false;
}

/*
 * Lines that set nothing.
 */

static void read_traceparent(const char *text)
{
    gsp_context context, again;
    char written[GSP_TRACEPARENT_BYTES];

    if (gsp_context_parse(text, &context) != GSP_OK)
        return;
    gsp_context_format(&context, written);
    FUZZ_CHECK(strlen(written) == GSP_TRACEPARENT_BYTES - 1, "written as \"%s\"", written);
    FUZZ_CHECK(gsp_context_parse(written, &again) == GSP_OK && memcmp(&again, &context, sizeof context) == 0,
               "\"%s\" and \"%s\" differ", text, written);
}

static void read_pairs(const char *list)
{
    size_t caps[] = {1, 16, 4096};

    for (size_t i = 0; i < GSP__COUNT_OF(caps); i++) {
        char *room = malloc(caps[i]);
        const char *rest = list, *key, *value;

        while (gsp__pairs_next(&rest, room, caps[i], &key, &value) == 1)
            FUZZ_CHECK(*key && strlen(key) + strlen(value) + 2 <= caps[i], "a pair without a key");
        free(room);
    }
}

static void read_script(const char *text)
{
    struct gsp__sim_script script;
    gsp_error err = {0};

    if (gsp__sim_script_parse(text, &script, &err) == GSP_OK)
        FUZZ_CHECK(script.n_steps > 0 && script.n_steps <= GSP__SIM_STEPS_MAX, "%u steps", script.n_steps);
    else
        FUZZ_CHECK(err.text && err.offset <= strlen(text), "an error without details");
}

static void read_utf8(const char *text, size_t n)
{
    size_t n_valid = gsp__utf8_valid_prefix(text, n), n_out;
    char *out = malloc(3 * n + 1);

    for (size_t max = 0; max <= n && max < 20; max++) {
        FUZZ_CHECK(gsp__utf8_cut(text, n, max) <= max, "a cut that is longer");
        FUZZ_CHECK(gsp__utf8_chars(text, n, max) <= n, "more bytes than there are");
    }
    n_out = gsp__utf8_sanitize(out, 3 * n, text, n);
    FUZZ_CHECK(n_out <= 3 * n && gsp__utf8_valid_prefix(out, n_out) == n_out, "sanitized, but no UTF-8");
    FUZZ_CHECK(n_valid < n || (n_out == n && memcmp(out, text, n) == 0), "UTF-8 was changed");
    free(out);
}

static void read_line(const char *text, size_t n)
{
    const char *equals = strchr(text, '=');
    uint64_t number;

    if (equals && set(text, (size_t)(equals - text), equals + 1))
        return;
    read_traceparent(text);
    read_pairs(text);
    read_script(text);
    read_utf8(text, n);
    if (gsp__parse_u64(text, 1000, &number))
        FUZZ_CHECK(number <= 1000, "a number above its ceiling");
}

/*
 * What comes of the variables.
 */

static void check_headers(const char *headers, size_t cap)
{
    const char *end = headers + cap;

    while (*headers) {
        const char *next = memchr(headers, 0, (size_t)(end - headers));

        FUZZ_CHECK(next && strchr(headers, ':') > headers && !strpbrk(headers, "\r\n"), "header \"%s\"",
                   headers);
        headers = next + 1;
        FUZZ_CHECK(headers < end, "headers without an end");
    }
}

static void configure_drainer(void)
{
    static struct gsp__drain_config c;
    gsp_drainer_options o = GSP_DRAINER_OPTIONS_INIT;
    gsp_error err = {0};

    o.endpoint = wishes[0];
    o.headers = wishes[1];
    o.protocol = wishes[2];
    o.compression = wishes[3];
    o.traces_exporter = wishes[4];
    if (gsp__drain_config(&o, &c, &err) != GSP_OK) {
        FUZZ_CHECK(err.code == GSP_ERR_INVALID && err.text && *err.text, "an error without details");
        return;
    }
    for (int i = 0; i < GSP__SIGNALS; i++) {
        FUZZ_CHECK(strncasecmp(c.signals[i].endpoint, "http", 4) == 0, "endpoint \"%s\"",
                   c.signals[i].endpoint);
        check_headers(c.signals[i].headers, sizeof c.signals[i].headers);
    }
    FUZZ_CHECK(c.batch_max > 0 && c.metric_interval_ms > 0, "no batch or interval");
}

static void check_resource(const char *path)
{
    struct gsp__resource resource;
    struct gsp__reader *reader;
    struct gsp__arena arena;
    gsp_error err = {0};

    FUZZ_CHECK(gsp__reader_open(path, GSP__READ_ONLY, &reader, &err) == GSP_OK, "%s", err.text);
    FUZZ_CHECK(gsp__arena_init(&arena, (size_t)256 << 10), "no memory");
    FUZZ_CHECK(gsp__resource_derive(reader, &arena, &resource), "a resource needs more than its arena");
    FUZZ_CHECK(resource.attributes.n >= 5, "only %u resource attributes", resource.attributes.n);
    for (uint32_t i = 0; i < resource.attributes.n; i++) {
        const struct gsp__attribute *a = &resource.attributes.items[i];

        FUZZ_CHECK(a->key.n > 0, "an attribute without a key");
        FUZZ_CHECK(gsp__utf8_valid_prefix(a->key.bytes, a->key.n) == a->key.n, "a key is no UTF-8");
        FUZZ_CHECK(a->value.type != GSP__VALUE_STRING ||
                       gsp__utf8_valid_prefix(a->value.u.string.bytes, a->value.u.string.n) ==
                           a->value.u.string.n,
                   "a value is no UTF-8");
    }
    gsp__arena_deinit(&arena);
    gsp__reader_close(reader);
}

static void open_recorder(void)
{
    gsp_recorder_options o = GSP_RECORDER_OPTIONS_INIT;
    gsp_recorder *recorder = NULL;
    gsp_error err = {0};
    char path[512];
    gsp_status status;
    gsp_span span;

    o.directory = fuzz_directory();
    o.ring_bytes = 64 << 10;
    o.content_bytes = 16 << 10;
    status = gsp_recorder_open(&o, &recorder, &err);
    if (status == GSP_ERR_DISABLED)
        return;
    FUZZ_CHECK(status == GSP_OK, "variables are never an error: %s", err.text);
    span = gsp_operation_start(recorder, "chat", NULL);
    gsp_span_set_string(span, GSP_FACT_USER_ID, "somebody with a name");
    gsp_span_end(gsp_attempt_start(span, NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    gsp_span_end(span, GSP_OUTCOME_AUTO, NULL, 0);
    snprintf(path, sizeof path, "%s", gsp_recorder_path(recorder));
    check_resource(path);
    gsp_recorder_close(recorder);
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = data + size;

    clear();
    while (data < end) {
        const uint8_t *newline = memchr(data, '\n', (size_t)(end - data));
        size_t n = (size_t)((newline ? newline : end) - data);
        char *line = malloc(n + 1);

        memcpy(line, data, n);
        line[n] = 0;
        read_line(line, strlen(line));
        free(line);
        data += n + (newline != NULL);
    }
    configure_drainer();
    open_recorder();
    clear();
    return 0;
}
