/*
 * What a drainer is to do: options, then environment variables, then defaults.
 */
#include "drain/config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/env.h"
#include "base/pairs.h"
#include "base/status.h"
#include "base/warn.h"

#define DEFAULT_ENDPOINT "http://localhost:4318"

static const char *const signal_words[GSP__SIGNALS] = {"TRACES", "METRICS", "LOGS"};

const char *gsp__signal_name(gsp_signal signal)
{
    static const char *const names[GSP__SIGNALS] = {"traces", "metrics", "logs"};

    return names[signal];
}

/* OTEL_EXPORTER_OTLP_{TRACES_}NAME: the signal's own variable, else that of all signals. */
static const char *otlp_env(gsp_signal signal, const char *name, char variable[96], bool *is_own)
{
    const char *value;

    snprintf(variable, 96, "OTEL_EXPORTER_OTLP_%s_%s", signal_words[signal], name);
    value = gsp__env(variable);
    *is_own = value != NULL;
    if (value)
        return value;
    snprintf(variable, 96, "OTEL_EXPORTER_OTLP_%s", name);
    return gsp__env(variable);
}

/* A path: the caller's wish, else the variable's value, else `fallback`. */
static gsp_status set_text(const char *wish, const char *variable, const char *value, const char *fallback,
                           char out[GSP__PATH_MAX], gsp_error *err)
{
    bool is_wish = wish && *wish;

    if (is_wish)
        value = wish;
    if (value && strlen(value) >= GSP__PATH_MAX) {
        if (is_wish)
            return gsp__fail(err, GSP_ERR_INVALID, "a path of the exporter is too long");
        gsp__warn_once(variable, "%s is longer than %d bytes: ignored", variable, GSP__PATH_MAX - 1);
        value = NULL;
    }
    snprintf(out, GSP__PATH_MAX, "%s", value ? value : fallback);
    return GSP_OK;
}

/*
 * Exporters.
 */

static bool exporters_of(const char *list, unsigned *out)
{
    static const struct {
        const char *name;
        unsigned bit;
    } known[] = {{"otlp", GSP__EXPORT_OTLP},
                 {"console", GSP__EXPORT_CONSOLE},
                 {"file", GSP__EXPORT_FILE},
                 {"memory", GSP__EXPORT_MEMORY},
                 {"none", 0}};
    unsigned bits = 0;

    while (*list) {
        size_t n, n_word, i;

        list += strspn(list, " ");
        n = n_word = strcspn(list, ",");
        while (n_word > 0 && list[n_word - 1] == ' ')
            n_word--;
        for (i = 0; i < GSP__COUNT_OF(known); i++)
            if (strlen(known[i].name) == n_word && strncasecmp(list, known[i].name, n_word) == 0)
                break;
        if (i == GSP__COUNT_OF(known))
            return false;
        bits |= known[i].bit;
        list += n;
        if (*list == ',')
            list++;
    }
    *out = bits;
    return true;
}

static gsp_status set_exporters(const char *wish, const char *variable, unsigned *out, gsp_error *err)
{
    const char *value = gsp__env(variable);

    *out = GSP__EXPORT_OTLP;
    if (wish && *wish) {
        if (!exporters_of(wish, out))
            return gsp__fail(err, GSP_ERR_INVALID, "exporters: not of otlp, console, file, memory, none");
        return GSP_OK;
    }
    if (value && !exporters_of(value, out)) {
        gsp__warn_once(variable,
                       "%s=\"%.64s\" is not of otlp, console, file, memory, none: otlp is "
                       "used",
                       variable, value);
        *out = GSP__EXPORT_OTLP;
    }
    return GSP_OK;
}

/*
 * Endpoints. One for all signals is a base: the signal's path is added to it. A signal's own is used as it
 * is.
 */

static bool is_http_url(const char *url)
{
    const char *host = strncasecmp(url, "http://", 7) == 0    ? url + 7
                       : strncasecmp(url, "https://", 8) == 0 ? url + 8
                                                              : NULL;

    return host && *host && *host != '/' && strpbrk(url, " \t\r\n") == NULL;
}

/* False if it is no URL, or too long with what is added to it. */
static bool endpoint_of(const char *url, gsp_signal signal, bool is_base, char out[GSP__URL_MAX])
{
    static const char *const paths[GSP__SIGNALS] = {"v1/traces", "v1/metrics", "v1/logs"};
    bool has_path;
    int n;

    if (!is_http_url(url))
        return false;
    has_path = strchr(strstr(url, "://") + 3, '/') != NULL;
    if (is_base)
        n = snprintf(out, GSP__URL_MAX, "%s%s%s", url, url[strlen(url) - 1] == '/' ? "" : "/", paths[signal]);
    else
        n = snprintf(out, GSP__URL_MAX, "%s%s", url, has_path ? "" : "/");
    return n > 0 && n < GSP__URL_MAX;
}

static gsp_status set_endpoint(const char *wish, gsp_signal signal, char out[GSP__URL_MAX], gsp_error *err)
{
    char variable[96];
    bool is_own = false;
    const char *value = otlp_env(signal, "ENDPOINT", variable, &is_own);

    if (wish && *wish) {
        if (!endpoint_of(wish, signal, true, out))
            return gsp__fail(err, GSP_ERR_INVALID, "endpoint: not an http:// or https:// URL, or too long");
        return GSP_OK;
    }
    if (value && endpoint_of(value, signal, !is_own, out))
        return GSP_OK;
    if (value)
        gsp__warn_once(variable,
                       "%s=\"%.128s\" is no http:// or https:// URL%s: " DEFAULT_ENDPOINT " is used",
                       variable, value, strlen(value) > GSP__URL_MAX - 16 ? " of less than 1 KiB" : "");
    endpoint_of(DEFAULT_ENDPOINT, signal, true, out);
    return GSP_OK;
}

/*
 * Headers.
 */

static bool is_header(const char *name, const char *value)
{
    for (; *name; name++)
        if ((unsigned char)*name <= ' ' || *name == ':' || (unsigned char)*name >= 0x7f)
            return false;
    for (; *value; value++)
        if ((unsigned char)*value < ' ' && *value != '\t')
            return false;
    return true;
}

/* "a=b,c=d" to header lines. All or nothing. */
static bool headers_of(const char *list, char *out, size_t cap)
{
    char room[2048];
    const char *name, *value;
    size_t used = 0;
    int got;

    while ((got = gsp__pairs_next(&list, room, sizeof room, &name, &value)) == 1) {
        int n;

        if (!is_header(name, value))
            return false;
        n = snprintf(out + used, cap - used, "%s: %s", name, value);
        if (n < 0 || (size_t)n + 2 > cap - used)
            return false;
        used += (size_t)n + 1;
    }
    out[used] = 0;
    return got == 0;
}

static gsp_status set_headers(const char *wish, gsp_signal signal, struct gsp__signal_config *c,
                              gsp_error *err)
{
    char variable[96];
    bool is_own;
    const char *value = otlp_env(signal, "HEADERS", variable, &is_own);

    c->headers[0] = 0;
    if (wish && *wish) {
        if (!headers_of(wish, c->headers, sizeof c->headers))
            return gsp__fail(err, GSP_ERR_INVALID, "headers: not a list of key=value");
    } else if (value && !headers_of(value, c->headers, sizeof c->headers)) {
        gsp__warn_once(variable, "%s is not a list of key=value: all of it is ignored", variable);
        c->headers[0] = 0;
    }
    return GSP_OK;
}

/*
 * Words and numbers.
 */

/* One of two words. */
static gsp_status set_word(const char *wish, gsp_signal signal, const char *name, const char *plain,
                           const char *special, bool *is_special, gsp_error *err)
{
    char variable[96];
    bool is_own;
    const char *value = otlp_env(signal, name, variable, &is_own);

    *is_special = false;
    if (wish && *wish) {
        *is_special = strcasecmp(wish, special) == 0;
        if (!*is_special && strcasecmp(wish, plain) != 0)
            return gsp__fail(err, GSP_ERR_INVALID,
                             "protocol or compression: not of http/protobuf, http/json; none, gzip");
    } else if (value) {
        *is_special = strcasecmp(value, special) == 0;
        if (!*is_special && strcasecmp(value, plain) != 0)
            gsp__warn_once(variable, "%s=\"%.64s\" is not offered here: %s is used", variable, value, plain);
    }
    return GSP_OK;
}

static uint32_t pick(uint32_t option, const char *variable, uint64_t min, uint64_t max, uint32_t fallback)
{
    uint64_t value = fallback;

    if (option)
        return option;
    gsp__env_u64(variable, min, max, &value);
    return (uint32_t)value;
}

static void set_timeout(uint32_t wish, gsp_signal signal, struct gsp__signal_config *c)
{
    char variable[96];
    bool is_own;

    c->timeout_ms = wish ? wish : 10000;
    if (!wish && otlp_env(signal, "TIMEOUT", variable, &is_own))
        c->timeout_ms = pick(0, variable, 0, 3600000, 10000);
}

static gsp_status set_path(const char *wish, gsp_signal signal, const char *name, char out[GSP__PATH_MAX],
                           gsp_error *err)
{
    char variable[96];
    bool is_own;
    const char *value = otlp_env(signal, name, variable, &is_own);

    return set_text(wish, variable, value, "", out, err);
}

static gsp_status set_file(const char *wish, const char *variable, const char *fallback,
                           char out[GSP__PATH_MAX], gsp_error *err)
{
    return set_text(wish, variable, gsp__env(variable), fallback, out, err);
}

/* Where a program's state belongs on disk; empty if nobody says where home is. */
static void default_spool(char out[GSP__PATH_MAX])
{
    const char *state = gsp__env("XDG_STATE_HOME"), *home = gsp__env("HOME");
    int n = 0;

    out[0] = 0;
    if (state && state[0] == '/')
        n = snprintf(out, GSP__PATH_MAX, "%s/genspan/spool", state);
    else if (home && home[0] == '/')
        n = snprintf(out, GSP__PATH_MAX, "%s/.local/state/genspan/spool", home);
    if (n < 0 || n >= GSP__PATH_MAX)
        out[0] = 0;
}

static gsp_status set_spool(const gsp_drainer_options *o, struct gsp__drain_config *c, gsp_error *err)
{
    uint64_t bytes = (uint64_t)64 << 20;
    char fallback[GSP__PATH_MAX];
    gsp_status status;

    gsp__env_u64("GENSPAN_SPOOL_BYTES", 1, UINT64_MAX / 2, &bytes);
    c->spool_bytes = o->spool_bytes ? o->spool_bytes : bytes;
    default_spool(fallback);
    status = set_text(o->spool_directory, "GENSPAN_SPOOL_DIR", gsp__env("GENSPAN_SPOOL_DIR"), fallback,
                      c->spool_directory, err);
    if (strcmp(c->spool_directory, "-") == 0)
        c->spool_directory[0] = 0;
    return status;
}

static gsp_status set_signal(const gsp_drainer_options *o, gsp_signal signal, struct gsp__signal_config *c,
                             gsp_error *err)
{
    gsp_status status;

    status = set_endpoint(o->endpoint, signal, c->endpoint, err);
    if (status == GSP_OK)
        status = set_headers(o->headers, signal, c, err);
    if (status == GSP_OK)
        status = set_word(o->protocol, signal, "PROTOCOL", "http/protobuf", "http/json", &c->is_json, err);
    if (status == GSP_OK)
        status = set_word(o->compression, signal, "COMPRESSION", "none", "gzip", &c->is_gzip, err);
    if (status == GSP_OK)
        status = set_path(o->certificate, signal, "CERTIFICATE", c->certificate, err);
    if (status == GSP_OK)
        status = set_path(o->client_certificate, signal, "CLIENT_CERTIFICATE", c->client_certificate, err);
    if (status == GSP_OK)
        status = set_path(o->client_key, signal, "CLIENT_KEY", c->client_key, err);
    set_timeout(o->timeout_ms, signal, c);
    return status;
}

/*
 * Metrics.
 */

/* A variable that is one of these words; the first is the default. Returns which. */
static unsigned pick_word(const char *variable, const char *const *words, unsigned n_words)
{
    const char *value = gsp__env(variable);

    for (unsigned i = 0; value && i < n_words; i++)
        if (strcasecmp(value, words[i]) == 0)
            return i;
    if (value)
        gsp__warn_once(variable, "%s=\"%.64s\" is not offered here: %s is used", variable, value, words[0]);
    return 0;
}

static void set_metrics(const gsp_drainer_options *o, struct gsp__drain_config *c)
{
    static const char *const temporalities[] = {"cumulative", "delta", "lowmemory"};
    static const char *const aggregations[] = {"explicit_bucket_histogram"};
    static const char *const filters[] = {"trace_based", "always_on", "always_off"};

    /* of lowmemory counters and histograms are deltas, and there is nothing else */
    c->is_delta = pick_word("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", temporalities, 3) != 0;
    pick_word("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", aggregations, 1);
    c->exemplars = (enum gsp__exemplars)pick_word("OTEL_METRICS_EXEMPLAR_FILTER", filters, 3);
    c->metric_series_max = pick(0, "GENSPAN_METRIC_SERIES", 2, 8000, 2000);
    c->metric_interval_ms = pick(o->metric_interval_ms, "OTEL_METRIC_EXPORT_INTERVAL", 1, 86400000, 60000);
}

gsp_status gsp__drain_config(const gsp_drainer_options *o, struct gsp__drain_config *c, gsp_error *err)
{
    struct gsp__signal_config *traces = &c->signals[GSP_SIGNAL_TRACES];
    struct gsp__signal_config *metrics = &c->signals[GSP_SIGNAL_METRICS];
    struct gsp__signal_config *logs = &c->signals[GSP_SIGNAL_LOGS];
    gsp_status status;

    memset(c, 0, sizeof *c);
    status = set_exporters(o->traces_exporter, "OTEL_TRACES_EXPORTER", &traces->exporters, err);
    if (status == GSP_OK)
        status = set_exporters(o->metrics_exporter, "OTEL_METRICS_EXPORTER", &metrics->exporters, err);
    if (status == GSP_OK)
        status = set_exporters(o->logs_exporter, "OTEL_LOGS_EXPORTER", &logs->exporters, err);
    for (int i = 0; i < GSP__SIGNALS && status == GSP_OK; i++)
        status = set_signal(o, (gsp_signal)i, &c->signals[i], err);
    if (status == GSP_OK)
        status = set_file(o->traces_file, "GENSPAN_TRACES_FILE", "genspan-traces.jsonl", traces->file, err);
    if (status == GSP_OK)
        status =
            set_file(o->metrics_file, "GENSPAN_METRICS_FILE", "genspan-metrics.jsonl", metrics->file, err);
    if (status == GSP_OK)
        status = set_file(o->logs_file, "GENSPAN_LOGS_FILE", "genspan-logs.jsonl", logs->file, err);
    if (status == GSP_OK)
        status = set_spool(o, c, err);
    c->schedule_delay_ms = pick(o->schedule_delay_ms, "OTEL_BSP_SCHEDULE_DELAY", 0, 3600000, 5000);
    c->batch_max = pick(o->batch_max, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, 65536, 512);
    set_metrics(o, c);
    c->exit_timeout_ms = pick(o->exit_timeout_ms, "GENSPAN_EXIT_TIMEOUT", 0, 600000, 5000);
    return status;
}
