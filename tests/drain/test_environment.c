/* From environment variables alone to what a backend sees: recorder and drainer together. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <genspan/export.h>

#include "base/warn.h"
#include "drain/exported.h"
#include "drain/exporting.h"
#include "otlp/decode.h"
#include "support/capture.h"

static struct test_backend *backend;
static gsp_recorder *rec;
static struct gsp__arena arena;
static struct gsp__traces traces;

static int set_up(void **state)
{
    (void)state;
    test_clear_environment();
    test_directory_clear();
    backend = test_backend_start();
    setenv("OTEL_EXPORTER_OTLP_ENDPOINT", test_backend_url(backend), 1);
    setenv("GENSPAN_SPOOL_DIR", "-", 1);
    assert_true(gsp__arena_init(&arena, 4 << 20));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gsp_recorder_close(rec);
    rec = NULL;
    test_backend_stop(backend);
    gsp__arena_deinit(&arena);
    test_clear_environment();
    return 0;
}

static gsp_status open_recorder(void)
{
    gsp_recorder_options options = GSP_RECORDER_OPTIONS_INIT;
    gsp_error err = {0};

    options.directory = test_directory();
    options.ring_bytes = 256 << 10;
    return gsp_recorder_open(&options, &rec, &err);
}

/* Record one span and export all there is. */
static void record_and_export(void)
{
    gsp_drainer *drainer;
    gsp_error err = {0};

    assert_int_equal(open_recorder(), GSP_OK);
    if (gsp_drainer_start(rec, NULL, &drainer, &err) != GSP_OK)
        fail_msg("drainer: %s", err.text);
    gsp_span_end(gsp_span_start(rec, "work", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    assert_int_equal(gsp_drainer_stop(drainer, 30000), GSP_OK);
}

/* The request to a path, or NULL. */
static const struct test_request *request_to(const char *path)
{
    for (size_t i = 0; i < test_backend_count(backend); i++)
        if (strcmp(test_backend_request(backend, i)->path, path) == 0)
            return test_backend_request(backend, i);
    return NULL;
}

/* The resource of the spans that were sent. */
static const struct gsp__attributes *resource_sent(void)
{
    const struct test_request *r = request_to("/v1/traces");

    assert_non_null(r);
    gsp__arena_reset(&arena);
    assert_int_equal(gsp__otlp_traces_from_pb(r->body, r->n_body, &arena, &traces, NULL), GSP_OK);
    assert_int_equal(traces.n_resources, 1);
    return &traces.resources[0].resource.attributes;
}

static void spans_go_where_the_variables_say(void **state)
{
    const struct test_request *r;

    (void)state;
    setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s%3Dcret", 1);
    setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", 1);
    setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", 1);
    record_and_export();
    r = request_to("/v1/traces");
    assert_non_null(r);
    assert_string_equal(test_request_header(r, "api-key"), "s=cret");
    assert_string_equal(test_request_header(r, "Content-Encoding"), "gzip");
    assert_string_equal(test_request_header(r, "Content-Type"), "application/json");
}

static void each_signal_may_go_its_own_way(void **state)
{
    char url[128];

    (void)state;
    snprintf(url, sizeof url, "%s/mine", test_backend_url(backend));
    setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url, 1);
    setenv("OTEL_METRICS_EXPORTER", "none", 1);
    record_and_export();
    assert_non_null(request_to("/mine"));
    assert_int_equal(test_backend_count(backend), 1);
}

/* OpenTelemetry: OTEL_SERVICE_NAME wins over service.name in OTEL_RESOURCE_ATTRIBUTES. */
static void the_resource_is_that_of_the_variables(void **state)
{
    const struct gsp__attributes *resource;

    (void)state;
    setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment=te%20st,a=b", 1);
    setenv("OTEL_SERVICE_NAME", "mine", 1);
    record_and_export();
    resource = resource_sent();
    assert_true(test_is(resource, "service.name", "mine"));
    assert_true(test_is(resource, "deployment.environment", "te st"));
    assert_true(test_is(resource, "a", "b"));
    assert_true(test_is(resource, "telemetry.sdk.language", "c"));
}

static void the_service_name_may_be_a_resource_attribute(void **state)
{
    (void)state;
    setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=from-attributes", 1);
    record_and_export();
    assert_true(test_is(resource_sent(), "service.name", "from-attributes"));
}

static void without_a_name_the_service_is_unknown(void **state)
{
    (void)state;
    record_and_export();
    assert_true(test_is(resource_sent(), "service.name", "unknown_service:test_drain_environment"));
}

/* CX-3: what is not sampled is recorded and measured, but its spans are not exported. */
static void a_sampler_that_is_off_exports_no_span(void **state)
{
    (void)state;
    setenv("OTEL_TRACES_SAMPLER", "always_off", 1);
    record_and_export();
    assert_null(request_to("/v1/traces"));
    gsp_recorder_close(rec);
    setenv("OTEL_TRACES_SAMPLER", "traceidratio", 1);
    setenv("OTEL_TRACES_SAMPLER_ARG", "0", 1);
    record_and_export();
    assert_null(request_to("/v1/traces"));
    gsp_recorder_close(rec);
    setenv("OTEL_TRACES_SAMPLER_ARG", "1", 1);
    record_and_export();
    assert_non_null(request_to("/v1/traces"));
}

static void disabled_is_no_recorder_at_all(void **state)
{
    gsp_drainer *drainer;
    gsp_error err = {0};

    (void)state;
    setenv("OTEL_SDK_DISABLED", "true", 1);
    assert_int_equal(open_recorder(), GSP_ERR_DISABLED);
    assert_null(rec);
    assert_int_equal(gsp_drainer_start(rec, NULL, &drainer, &err), GSP_ERR_INVALID);
    gsp_span_end(gsp_span_start(rec, "work", NULL), GSP_OUTCOME_COMPLETED, NULL, 0); /* a no-op */
    assert_int_equal(test_backend_count(backend), 0);
}

/* Wrong words everywhere: one warning each, and what was recorded still arrives. */
static void wrong_values_do_not_stop_the_export(void **state)
{
    static const char *const wrong[][2] = {
        {"OTEL_TRACES_SAMPLER", "sometimes"},        {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
        {"OTEL_EXPORTER_OTLP_TIMEOUT", "ten"},       {"OTEL_EXPORTER_OTLP_COMPRESSION", "zip"},
        {"OTEL_METRICS_EXPORTER", "prometheus"},     {"OTEL_EXPORTER_OTLP_HEADERS", "novalue"},
        {"OTEL_RESOURCE_ATTRIBUTES", "nothing,a=b"}, {"OTEL_SDK_DISABLED", "perhaps"},
        {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "-1"},    {"OTEL_TRACES_EXPORTER", "zipkin"},
    };
    const size_t n = sizeof wrong / sizeof wrong[0];
    const char *text;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        gsp__warn_reset(wrong[i][0]);
        setenv(wrong[i][0], wrong[i][1], 1);
    }
    test_capture();
    record_and_export();
    text = test_captured();
    assert_int_equal(test_warnings(text), n);
    for (size_t i = 0; i < n; i++)
        assert_non_null(strstr(text, wrong[i][0]));
    assert_non_null(request_to("/v1/traces"));
    assert_null(test_request_header(request_to("/v1/traces"), "novalue"));
}

/* A batch given up to the spool and refused when it is sent from there is lost, and the metrics say so. */
static void what_the_spool_loses_is_in_the_metrics(void **state)
{
    static const struct test_answer away = {.status = 503}, refused = {.status = 400};
    struct gsp__drain_scope scope = {.directory = test_directory()};
    gsp_drainer_options options = GSP_DRAINER_OPTIONS_INIT;
    struct gsp__drainer *d;
    gsp_error err = {0};
    char spool[300];

    (void)state;
    snprintf(spool, sizeof spool, "%s/spool", test_directory());
    options.spool_directory = spool;
    options.traces_exporter = "otlp";
    options.metrics_exporter = "file";
    options.metrics_file = test_metrics_file();
    assert_int_equal(open_recorder(), GSP_OK);
    gsp_span_end(gsp_span_start(rec, "work", NULL), GSP_OUTCOME_COMPLETED, NULL, 0);
    test_backend_answer(backend, &away, 1);
    test_capture();
    assert_int_equal(gsp__drainer_new(&scope, &options, &d, &err), GSP_OK);
    assert_int_equal(gsp__drainer_flush(d, 30000, false), GSP_OK);
    assert_int_equal(gsp__drainer_report(d)->n_spooled, 1);
    assert_int_equal(gsp__drainer_report(d)->n_rejected, 0);
    gsp__drainer_free(d);
    assert_int_equal(test_metric(test_metrics_file(), "genspan.records.spooled", NULL, NULL), 1);
    test_backend_answer(backend, &refused, 1);
    assert_int_equal(gsp__drainer_new(&scope, &options, &d, &err), GSP_OK); /* nothing to wait for any more */
    assert_int_equal(gsp__drainer_flush(d, 30000, false), GSP_OK);
    assert_int_equal(gsp__drainer_report(d)->n_rejected, 1);
    assert_int_equal(gsp__drainer_flush(d, 30000, false), GSP_OK);
    gsp__drainer_free(d);
    test_captured();
    assert_int_equal(
        test_metric(test_metrics_file(), "genspan.records.dropped", "genspan.reason", "rejected"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(spans_go_where_the_variables_say, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_signal_may_go_its_own_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_resource_is_that_of_the_variables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_service_name_may_be_a_resource_attribute, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_name_the_service_is_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sampler_that_is_off_exports_no_span, set_up, tear_down),
        cmocka_unit_test_setup_teardown(disabled_is_no_recorder_at_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_values_do_not_stop_the_export, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_spool_loses_is_in_the_metrics, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
