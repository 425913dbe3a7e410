/* What a drainer is to do: options, OTEL_* and GENSPAN_* variables, defaults; what wrong values come to. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/warn.h"
#include "drain/config.h"
#include "support/capture.h"

#define TRACES  (&config.signals[GSP_SIGNAL_TRACES])
#define METRICS (&config.signals[GSP_SIGNAL_METRICS])
#define LOGS    (&config.signals[GSP_SIGNAL_LOGS])

extern char **environ;

static struct gsp__drain_config config;
static gsp_drainer_options options;

/* Each test starts from an environment without any of ours, and has not been warned of anything. */
static int set_up(void **state)
{
    (void)state;
    for (char **e = environ; *e;) {
        char name[128];

        snprintf(name, sizeof name, "%.*s", (int)strcspn(*e, "="), *e);
        if (strncmp(*e, "OTEL_", 5) == 0 || strncmp(*e, "GENSPAN_", 8) == 0) {
            gsp__warn_reset(name);
            unsetenv(name);
            e = environ;
        } else {
            e++;
        }
    }
    setenv("HOME", "/home/someone", 1);
    unsetenv("XDG_STATE_HOME");
    options = (gsp_drainer_options)GSP_DRAINER_OPTIONS_INIT;
    return 0;
}

/* Configure, which must go well. Returns what was warned of. */
static const char *configure(void)
{
    gsp_error err = {0};
    gsp_status status;

    test_capture();
    status = gsp__drain_config(&options, &config, &err);
    if (status != GSP_OK)
        fail_msg("%s (%s)", err.text, test_captured());
    return test_captured();
}

static void quietly(void)
{
    assert_string_equal(configure(), "");
}

/* Set a variable to a bad value: one warning, which names it. */
static void badly(const char *variable, const char *value)
{
    const char *text;

    setenv(variable, value, 1);
    text = configure();
    if (test_warnings(text) != 1 || !strstr(text, variable))
        fail_msg("%s=%s: warned of as \"%s\"", variable, value, text);
    assert_string_equal(configure(), ""); /* once */
}

/* The n-th header line of a signal, or "" after the last. */
static const char *header(const struct gsp__signal_config *c, int n)
{
    const char *h = c->headers;

    while (n-- > 0 && *h)
        h += strlen(h) + 1;
    return h;
}

static void defaults(void **state)
{
    (void)state;
    quietly();
    for (int i = 0; i < GSP__SIGNALS; i++) {
        const struct gsp__signal_config *c = &config.signals[i];

        assert_int_equal(c->exporters, GSP__EXPORT_OTLP);
        assert_string_equal(header(c, 0), "");
        assert_false(c->is_json);
        assert_false(c->is_gzip);
        assert_int_equal(c->timeout_ms, 10000);
        assert_string_equal(c->certificate, "");
        assert_string_equal(c->client_certificate, "");
        assert_string_equal(c->client_key, "");
    }
    assert_string_equal(TRACES->endpoint, "http://localhost:4318/v1/traces");
    assert_string_equal(METRICS->endpoint, "http://localhost:4318/v1/metrics");
    assert_string_equal(LOGS->endpoint, "http://localhost:4318/v1/logs");
    assert_string_equal(TRACES->file, "genspan-traces.jsonl");
    assert_string_equal(METRICS->file, "genspan-metrics.jsonl");
    assert_string_equal(LOGS->file, "genspan-logs.jsonl");
    assert_string_equal(config.spool_directory, "/home/someone/.local/state/genspan/spool");
    assert_int_equal(config.spool_bytes, 64 << 20);
    assert_int_equal(config.schedule_delay_ms, 5000);
    assert_int_equal(config.batch_max, 512);
    assert_int_equal(config.metric_interval_ms, 60000);
    assert_int_equal(config.exit_timeout_ms, 5000);
}

static void an_empty_variable_is_an_unset_one(void **state)
{
    static const char *const names[] = {"OTEL_TRACES_EXPORTER",
                                        "OTEL_METRICS_EXPORTER",
                                        "OTEL_LOGS_EXPORTER",
                                        "OTEL_EXPORTER_OTLP_ENDPOINT",
                                        "OTEL_EXPORTER_OTLP_HEADERS",
                                        "OTEL_EXPORTER_OTLP_TIMEOUT",
                                        "OTEL_EXPORTER_OTLP_PROTOCOL",
                                        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                                        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
                                        "OTEL_EXPORTER_OTLP_CERTIFICATE",
                                        "GENSPAN_SPOOL_DIR",
                                        "OTEL_BSP_SCHEDULE_DELAY"};
    struct gsp__drain_config plain;

    (void)state;
    quietly();
    plain = config;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        setenv(names[i], "", 1);
    quietly();
    assert_memory_equal(&plain, &config, sizeof config);
}

static void exporters_are_chosen_for_each_signal(void **state)
{
    static const struct {
        const char *value;
        unsigned bits;
    } cases[] = {
        {"otlp", GSP__EXPORT_OTLP},
        {"console", GSP__EXPORT_CONSOLE},
        {"file", GSP__EXPORT_FILE},
        {"memory", GSP__EXPORT_MEMORY},
        {"none", 0},
        {"Console,FILE", GSP__EXPORT_CONSOLE | GSP__EXPORT_FILE},
        {" otlp , console , file ,memory", 15},
        {"otlp,otlp,", GSP__EXPORT_OTLP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setenv("OTEL_TRACES_EXPORTER", cases[i].value, 1);
        quietly();
        assert_int_equal(TRACES->exporters, cases[i].bits);
        assert_int_equal(METRICS->exporters, GSP__EXPORT_OTLP);
        assert_int_equal(LOGS->exporters, GSP__EXPORT_OTLP);
    }
    setenv("OTEL_METRICS_EXPORTER", "none", 1);
    setenv("OTEL_LOGS_EXPORTER", "file,console", 1);
    quietly();
    assert_int_equal(METRICS->exporters, 0);
    assert_int_equal(LOGS->exporters, GSP__EXPORT_FILE | GSP__EXPORT_CONSOLE);
    options.traces_exporter = "file";
    options.metrics_exporter = "memory";
    options.logs_exporter = "none";
    quietly();
    assert_int_equal(TRACES->exporters, GSP__EXPORT_FILE);
    assert_int_equal(METRICS->exporters, GSP__EXPORT_MEMORY);
    assert_int_equal(LOGS->exporters, 0);
}

static void an_unknown_exporter_is_warned_of_and_otlp_it_is(void **state)
{
    static const char *const bad[] = {"jaeger", "otlp,prometheus", ",", " ", "otlp;file", "consol"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        gsp__warn_reset("OTEL_TRACES_EXPORTER");
        badly("OTEL_TRACES_EXPORTER", bad[i]);
        assert_int_equal(TRACES->exporters, GSP__EXPORT_OTLP);
    }
}

/* OTLP exporter specification: the base endpoint gets the signal's path, a signal's own is used as it is. */
static void paths_of_endpoints(void **state)
{
    static const struct {
        const char *base, *own, *expected;
    } cases[] = {
        {"http://a:4318", NULL, "http://a:4318/v1/traces"},
        {"http://a:4318/", NULL, "http://a:4318/v1/traces"},
        {"https://a/tenant/x", NULL, "https://a/tenant/x/v1/traces"},
        {"https://a/tenant/x/", NULL, "https://a/tenant/x/v1/traces"},
        {"HTTPS://A", NULL, "HTTPS://A/v1/traces"},
        {"http://[::1]:4318", NULL, "http://[::1]:4318/v1/traces"},
        {"http://a/v1/traces", NULL, "http://a/v1/traces/v1/traces"},
        {NULL, "http://b:9", "http://b:9/"},
        {NULL, "http://b:9/", "http://b:9/"},
        {NULL, "http://b/in", "http://b/in"},
        {NULL, "http://b/in/", "http://b/in/"},
        {"http://a", "https://b/in?key=1", "https://b/in?key=1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_up(NULL);
        if (cases[i].base)
            setenv("OTEL_EXPORTER_OTLP_ENDPOINT", cases[i].base, 1);
        if (cases[i].own)
            setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", cases[i].own, 1);
        quietly();
        assert_string_equal(TRACES->endpoint, cases[i].expected);
    }
    assert_string_equal(METRICS->endpoint, "http://a/v1/metrics");
    setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://c/m", 1);
    quietly();
    assert_string_equal(METRICS->endpoint, "http://c/m");
    options.endpoint = "http://option/base"; /* options go before variables, and are a base */
    quietly();
    assert_string_equal(TRACES->endpoint, "http://option/base/v1/traces");
    assert_string_equal(METRICS->endpoint, "http://option/base/v1/metrics");
}

static void what_is_no_url_is_warned_of(void **state)
{
    static const char *const bad[] = {"localhost:4318",  "grpc://a:4317", "http://",  "http:///path",
                                      "http://a b",      "/v1/traces",    "https:/a", "http://a\n",
                                      "\x1b[2Jhttp://a", "file:///etc"};
    char longer[GSP__URL_MAX + 20];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        set_up(NULL);
        badly("OTEL_EXPORTER_OTLP_ENDPOINT", bad[i]);
        assert_string_equal(TRACES->endpoint, "http://localhost:4318/v1/traces");
        assert_string_equal(METRICS->endpoint, "http://localhost:4318/v1/metrics");
        set_up(NULL);
        badly("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", bad[i]);
        assert_string_equal(METRICS->endpoint, "http://localhost:4318/v1/metrics");
    }
    set_up(NULL);
    memset(longer, 'a', sizeof longer);
    memcpy(longer, "http://", 7);
    longer[sizeof longer - 1] = 0;
    badly("OTEL_EXPORTER_OTLP_ENDPOINT", longer);
    assert_string_equal(TRACES->endpoint, "http://localhost:4318/v1/traces");
}

static void headers_are_percent_decoded(void **state)
{
    (void)state;
    setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%2Cb%3Dc, Authorization = Basic%20Zm9v== ,,x=", 1);
    quietly();
    for (int i = 0; i < GSP__SIGNALS; i++) {
        assert_string_equal(header(&config.signals[i], 0), "api-key: a,b=c");
        assert_string_equal(header(&config.signals[i], 1), "Authorization: Basic Zm9v==");
        assert_string_equal(header(&config.signals[i], 2), "x: ");
        assert_string_equal(header(&config.signals[i], 3), "");
    }
    setenv("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "only=this", 1);
    quietly();
    assert_string_equal(header(TRACES, 0), "api-key: a,b=c");
    assert_string_equal(header(METRICS, 0), "only: this");
    assert_string_equal(header(METRICS, 1), "");
    options.headers = "o=1";
    quietly();
    assert_string_equal(header(TRACES, 0), "o: 1");
    assert_string_equal(header(METRICS, 0), "o: 1");
}

/* All or nothing; and no header may bring in another. A header may be a secret: it is not quoted. */
static void bad_headers_are_warned_of(void **state)
{
    static const char *const bad[] = {
        "novalue-topsecret",       "=topsecret",       "a=%zz-topsecret", "good=1,topsecret",
        "a=b%0D%0AEvil:topsecret", "a b=topsecret",    "a%3Ab=topsecret", "a=%00topsecret",
        "a%0Ab=topsecret",         "a=topsecret%7F%0b"};
    char *longer = malloc(8000);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *text;

        set_up(NULL);
        setenv("OTEL_EXPORTER_OTLP_HEADERS", bad[i], 1);
        text = configure();
        assert_int_equal(test_warnings(text), 1);
        assert_non_null(strstr(text, "OTEL_EXPORTER_OTLP_HEADERS"));
        assert_null(strstr(text, "topsecret"));
        assert_string_equal(header(TRACES, 0), "");
        assert_string_equal(header(METRICS, 0), "");
    }
    assert_non_null(longer);
    strcpy(longer, "k=");
    memset(longer + 2, 'v', 7000);
    longer[7002] = 0;
    set_up(NULL);
    badly("OTEL_EXPORTER_OTLP_HEADERS", longer);
    assert_string_equal(header(TRACES, 0), "");
    free(longer);
}

static void protocol_and_compression(void **state)
{
    (void)state;
    setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", 1);
    setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "GZIP", 1);
    quietly();
    assert_true(TRACES->is_json && METRICS->is_json && TRACES->is_gzip && METRICS->is_gzip);
    setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf", 1);
    setenv("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none", 1);
    quietly();
    assert_false(TRACES->is_json || TRACES->is_gzip);
    assert_true(METRICS->is_json && METRICS->is_gzip);
    options.protocol = "http/protobuf";
    options.compression = "none";
    quietly();
    assert_false(METRICS->is_json || METRICS->is_gzip);
    set_up(NULL);
    badly("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    assert_false(TRACES->is_json);
    set_up(NULL);
    badly("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd");
    assert_false(TRACES->is_gzip);
}

static void timeouts(void **state)
{
    static const char *const bad[] = {"-1", "10s", "1.5", "", "99999999999999999999", "3600001"};

    (void)state;
    setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2500", 1);
    quietly();
    assert_int_equal(TRACES->timeout_ms, 2500);
    assert_int_equal(METRICS->timeout_ms, 2500);
    setenv("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "0", 1); /* no limit */
    quietly();
    assert_int_equal(TRACES->timeout_ms, 2500);
    assert_int_equal(METRICS->timeout_ms, 0);
    options.timeout_ms = 7;
    quietly();
    assert_int_equal(TRACES->timeout_ms, 7);
    assert_int_equal(METRICS->timeout_ms, 7);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        set_up(NULL);
        if (*bad[i])
            badly("OTEL_EXPORTER_OTLP_TIMEOUT", bad[i]);
        else
            quietly();
        assert_int_equal(TRACES->timeout_ms, 10000);
    }
}

static void certificates(void **state)
{
    char longer[GSP__PATH_MAX + 10];

    (void)state;
    setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca", 1);
    setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/cert", 1);
    setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key", 1);
    setenv("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/ca2", 1);
    setenv("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "/cert2", 1);
    setenv("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", "/key2", 1);
    quietly();
    assert_string_equal(TRACES->certificate, "/ca2");
    assert_string_equal(METRICS->certificate, "/ca");
    assert_string_equal(TRACES->client_certificate, "/cert2");
    assert_string_equal(METRICS->client_certificate, "/cert");
    assert_string_equal(TRACES->client_key, "/key");
    assert_string_equal(METRICS->client_key, "/key2");
    options.certificate = "/o";
    quietly();
    assert_string_equal(TRACES->certificate, "/o");
    memset(longer, 'p', sizeof longer);
    longer[sizeof longer - 1] = 0;
    set_up(NULL);
    badly("OTEL_EXPORTER_OTLP_CERTIFICATE", longer);
    assert_string_equal(TRACES->certificate, "");
    set_up(NULL);
    badly("GENSPAN_TRACES_FILE", longer);
    assert_string_equal(TRACES->file, "genspan-traces.jsonl");
    set_up(NULL);
    badly("GENSPAN_SPOOL_DIR", longer);
    assert_string_equal(config.spool_directory, "/home/someone/.local/state/genspan/spool");
}

static void where_the_spool_is(void **state)
{
    (void)state;
    setenv("XDG_STATE_HOME", "/state", 1);
    quietly();
    assert_string_equal(config.spool_directory, "/state/genspan/spool");
    setenv("XDG_STATE_HOME", "relative", 1); /* the XDG specification: to be ignored */
    quietly();
    assert_string_equal(config.spool_directory, "/home/someone/.local/state/genspan/spool");
    unsetenv("HOME");
    quietly();
    assert_string_equal(config.spool_directory, "");
    setenv("GENSPAN_SPOOL_DIR", "/spool", 1);
    setenv("GENSPAN_SPOOL_BYTES", "1000", 1);
    quietly();
    assert_string_equal(config.spool_directory, "/spool");
    assert_int_equal(config.spool_bytes, 1000);
    setenv("GENSPAN_SPOOL_DIR", "-", 1);
    quietly();
    assert_string_equal(config.spool_directory, "");
    options.spool_directory = "/mine";
    options.spool_bytes = 5;
    quietly();
    assert_string_equal(config.spool_directory, "/mine");
    assert_int_equal(config.spool_bytes, 5);
}

static void times_and_sizes(void **state)
{
    static const struct {
        const char *name, *good, *bad;
        size_t offset;
        uint32_t expected, fallback;
    } cases[] = {
        {"OTEL_BSP_SCHEDULE_DELAY", "0", "-5", offsetof(struct gsp__drain_config, schedule_delay_ms), 0,
         5000},
        {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1", "0", offsetof(struct gsp__drain_config, batch_max), 1, 512},
        {"OTEL_METRIC_EXPORT_INTERVAL", "250", "0", offsetof(struct gsp__drain_config, metric_interval_ms),
         250, 60000},
        {"GENSPAN_EXIT_TIMEOUT", "0", "soon", offsetof(struct gsp__drain_config, exit_timeout_ms), 0, 5000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint32_t *value = (const void *)((const char *)&config + cases[i].offset);

        setenv(cases[i].name, cases[i].good, 1);
        quietly();
        assert_int_equal(*value, cases[i].expected);
        badly(cases[i].name, cases[i].bad);
        assert_int_equal(*value, cases[i].fallback);
        unsetenv(cases[i].name);
    }
    badly("GENSPAN_SPOOL_BYTES", "64MB");
    assert_int_equal(config.spool_bytes, 64 << 20);
}

/* Options are the program's own words: what is wrong with them is an error, and says what to do. */
/* Logs have all that traces and metrics have: each variable of one signal, before that of all. */
static void logs_have_variables_of_their_own(void **state)
{
    (void)state;
    setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all", 1);
    setenv("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs/in", 1);
    setenv("OTEL_EXPORTER_OTLP_HEADERS", "a=1", 1);
    setenv("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "b=2", 1);
    setenv("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/json", 1);
    setenv("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "gzip", 1);
    setenv("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "77", 1);
    setenv("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", "/ca", 1);
    setenv("OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE", "/cert", 1);
    setenv("OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", "/key", 1);
    setenv("GENSPAN_LOGS_FILE", "/tmp/logs.jsonl", 1);
    quietly();
    assert_string_equal(LOGS->endpoint, "http://logs/in");
    assert_string_equal(header(LOGS, 0), "b: 2");
    assert_string_equal(header(LOGS, 1), "");
    assert_true(LOGS->is_json && LOGS->is_gzip);
    assert_int_equal(LOGS->timeout_ms, 77);
    assert_string_equal(LOGS->certificate, "/ca");
    assert_string_equal(LOGS->client_certificate, "/cert");
    assert_string_equal(LOGS->client_key, "/key");
    assert_string_equal(LOGS->file, "/tmp/logs.jsonl");
    assert_string_equal(TRACES->endpoint, "http://all/v1/traces");
    assert_string_equal(header(TRACES, 0), "a: 1");
    assert_false(TRACES->is_json || TRACES->is_gzip || METRICS->is_json || METRICS->is_gzip);
    assert_int_equal(TRACES->timeout_ms, 10000);
    assert_string_equal(TRACES->certificate, "");
    assert_string_equal(TRACES->file, "genspan-traces.jsonl");
    options.logs_file = "/tmp/other.jsonl";
    quietly();
    assert_string_equal(LOGS->file, "/tmp/other.jsonl");
}

static void wrong_options_are_errors(void **state)
{
    static char longer[2000];
    const gsp_drainer_options none = GSP_DRAINER_OPTIONS_INIT;
    gsp_drainer_options wrong[13];
    gsp_error err;
    size_t n = 0;

    (void)state;
    memset(longer, 'x', sizeof longer - 1);
    memcpy(longer, "http://", 7);
    for (size_t i = 0; i < 13; i++)
        wrong[i] = none;
    wrong[n++].traces_exporter = "jaeger";
    wrong[n++].metrics_exporter = "otlp,,";
    wrong[n++].endpoint = "localhost";
    wrong[n++].endpoint = longer;
    wrong[n++].headers = "a";
    wrong[n++].protocol = "grpc";
    wrong[n++].compression = "br";
    wrong[n++].certificate = longer;
    wrong[n++].client_key = longer;
    wrong[n++].traces_file = longer;
    wrong[n++].logs_exporter = "otlp;file";
    wrong[n++].logs_file = longer;
    wrong[n++].spool_directory = longer;
    for (size_t i = 0; i < n; i++) {
        err = (gsp_error){0};
        test_capture();
        if (gsp__drain_config(&wrong[i], &config, &err) != GSP_ERR_INVALID)
            fail_msg("wrong option %zu was taken", i);
        assert_string_equal(test_captured(), "");
        assert_int_equal(err.code, GSP_ERR_INVALID);
        assert_true(strlen(err.text) > 10);
    }
}

/*
 * Metrics.
 */

static void how_metrics_go_out(void **state)
{
    static const struct {
        const char *word;
        bool is_delta;
    } temporalities[] = {{"cumulative", false}, {"delta", true}, {"LowMemory", true}, {"", false}};
    static const struct {
        const char *word;
        enum gsp__exemplars exemplars;
    } filters[] = {{"always_on", GSP__EXEMPLARS_ALWAYS},
                   {"ALWAYS_OFF", GSP__EXEMPLARS_NEVER},
                   {"trace_based", GSP__EXEMPLARS_SAMPLED}};

    (void)state;
    quietly();
    assert_false(config.is_delta);
    assert_int_equal(config.exemplars, GSP__EXEMPLARS_SAMPLED);
    assert_int_equal(config.metric_series_max, 2000);
    for (size_t i = 0; i < GSP__COUNT_OF(temporalities); i++) {
        setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", temporalities[i].word, 1);
        quietly();
        assert_int_equal(config.is_delta, temporalities[i].is_delta);
    }
    for (size_t i = 0; i < GSP__COUNT_OF(filters); i++) {
        setenv("OTEL_METRICS_EXEMPLAR_FILTER", filters[i].word, 1);
        quietly();
        assert_int_equal(config.exemplars, filters[i].exemplars);
    }
    setenv("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "explicit_bucket_histogram", 1);
    setenv("GENSPAN_METRIC_SERIES", "2", 1);
    quietly();
    assert_int_equal(config.metric_series_max, 2);
}

static void what_is_not_offered_for_metrics_is_warned_of(void **state)
{
    (void)state;
    badly("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram");
    badly("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "sometimes");
    badly("OTEL_METRICS_EXEMPLAR_FILTER", "on");
    badly("GENSPAN_METRIC_SERIES", "1"); /* the overflow, and one */
    assert_false(config.is_delta);
    assert_int_equal(config.exemplars, GSP__EXEMPLARS_SAMPLED);
    assert_int_equal(config.metric_series_max, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults, set_up),
        cmocka_unit_test_setup(an_empty_variable_is_an_unset_one, set_up),
        cmocka_unit_test_setup(exporters_are_chosen_for_each_signal, set_up),
        cmocka_unit_test_setup(an_unknown_exporter_is_warned_of_and_otlp_it_is, set_up),
        cmocka_unit_test_setup(paths_of_endpoints, set_up),
        cmocka_unit_test_setup(what_is_no_url_is_warned_of, set_up),
        cmocka_unit_test_setup(headers_are_percent_decoded, set_up),
        cmocka_unit_test_setup(bad_headers_are_warned_of, set_up),
        cmocka_unit_test_setup(protocol_and_compression, set_up),
        cmocka_unit_test_setup(timeouts, set_up),
        cmocka_unit_test_setup(certificates, set_up),
        cmocka_unit_test_setup(where_the_spool_is, set_up),
        cmocka_unit_test_setup(times_and_sizes, set_up),
        cmocka_unit_test_setup(logs_have_variables_of_their_own, set_up),
        cmocka_unit_test_setup(wrong_options_are_errors, set_up),
        cmocka_unit_test_setup(how_metrics_go_out, set_up),
        cmocka_unit_test_setup(what_is_not_offered_for_metrics_is_warned_of, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
