/* What we write, read by protoc with OTLP's own .proto files and compared with tests/fixtures/otlp. */
#include "otlp/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_protoc_there(void)
{
    if (system("protoc --version >/dev/null 2>&1") == 0)
        return true;
    if (getenv("CI"))
        fail_msg("CI is set and protoc is not there (Debian: protobuf-compiler)");
    print_message("SKIP: protoc is not there (Debian: protobuf-compiler)\n");
    return false;
}

/* `text` may be written instead of compared: GENSPAN_TEST_WRITE=1, and then read it with care. */
static void compare(const char *fixture, const char *text, size_t n)
{
    char path[1024], *expected;

    snprintf(path, sizeof path, "%s/otlp/%s", GSP_TEST_FIXTURES, fixture);
    if (getenv("GENSPAN_TEST_WRITE")) {
        test_write_file(path, text, n);
        return;
    }
    expected = test_read_file(path, NULL);
    if (strcmp(expected, text) != 0) {
        size_t at = 0, line = 1;

        for (; expected[at] == text[at]; at++)
            line += text[at] == '\n';
        fail_msg("%s differs in line %zu: ...%.60s", path, line, text + (at > 20 ? at - 20 : 0));
    }
    free(expected);
}

static void check(const struct test_signal *s, const char *message, const char *proto, const char *fixture)
{
    const char *found = test_shared_file("proto/opentelemetry/proto");
    char include[1024], command[4096], pb_path[512], text_path[512], *text;
    union test_model sample = s->sample();
    uint8_t *pb;
    size_t n;

    if (!found)
        skip();
    snprintf(include, sizeof include, "%.*s", (int)(strlen(found) - strlen("/opentelemetry/proto")), found);
    if (!is_protoc_there())
        skip();
    pb = test_to_pb(s, &sample, &n);
    snprintf(pb_path, sizeof pb_path, "%s/sample.pb", test_directory());
    snprintf(text_path, sizeof text_path, "%s/sample.txt", test_directory());
    test_write_file(pb_path, pb, n);
    snprintf(command, sizeof command, "protoc --decode=opentelemetry.proto.%s -I '%s' '%s' <%s >%s", message,
             include, proto, pb_path, text_path);
    assert_int_equal(system(command), 0);
    text = test_read_file(text_path, &n);
    compare(fixture, text, n);
    free(text);
    free(pb);
}

static void protoc_reads_our_traces(void **state)
{
    (void)state;
    check(&test_traces_signal, "trace.v1.TracesData", "opentelemetry/proto/trace/v1/trace.proto",
          "traces.txt");
}

static void protoc_reads_our_metrics(void **state)
{
    (void)state;
    check(&test_metrics_signal, "metrics.v1.MetricsData", "opentelemetry/proto/metrics/v1/metrics.proto",
          "metrics.txt");
}

static void protoc_reads_our_logs(void **state)
{
    (void)state;
    check(&test_logs_signal, "logs.v1.LogsData", "opentelemetry/proto/logs/v1/logs.proto", "logs.txt");
}

/* The body of an export request is the same bytes. */
static void protoc_reads_our_export_requests(void **state)
{
    (void)state;
    check(&test_traces_signal, "collector.trace.v1.ExportTraceServiceRequest",
          "opentelemetry/proto/collector/trace/v1/trace_service.proto", "traces.txt");
    check(&test_metrics_signal, "collector.metrics.v1.ExportMetricsServiceRequest",
          "opentelemetry/proto/collector/metrics/v1/metrics_service.proto", "metrics.txt");
    check(&test_logs_signal, "collector.logs.v1.ExportLogsServiceRequest",
          "opentelemetry/proto/collector/logs/v1/logs_service.proto", "logs.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protoc_reads_our_traces),
        cmocka_unit_test(protoc_reads_our_metrics),
        cmocka_unit_test(protoc_reads_our_logs),
        cmocka_unit_test(protoc_reads_our_export_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
