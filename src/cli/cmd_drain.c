/*
 * genspan drain and genspan recover: the drainer as a process of its own.
 */
#include <curl/curl.h>
#include <genspan/export.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "cli/command.h"
#include "drain/drainer.h"

static const char options_help[] =
    "  --dir DIR            where rings are (default: GENSPAN_DIR ...)\n"
    "  --traces LIST        exporters: otlp, console, file, none; several with commas\n"
    "                       (default: OTEL_TRACES_EXPORTER, else otlp)\n"
    "  --metrics LIST       the same for metrics (default: OTEL_METRICS_EXPORTER, else otlp)\n"
    "  --logs LIST          the same for log records (default: OTEL_LOGS_EXPORTER, else otlp)\n"
    "  --endpoint URL       OTLP over HTTP (default: OTEL_EXPORTER_OTLP_ENDPOINT, else\n"
    "                       http://localhost:4318)\n"
    "  --headers LIST       key=value,... (default: OTEL_EXPORTER_OTLP_HEADERS)\n"
    "  --protocol P         http/protobuf or http/json\n"
    "  --compression C      none or gzip\n"
    "  --traces-file FILE   for exporter file: OTLP JSON lines\n"
    "  --metrics-file FILE\n"
    "  --logs-file FILE\n"
    "  --spool DIR          batches are kept here while the backend is away; - for none\n"
    "  --timeout MS         how long the last export may take (default 10000)\n"
    "  --help               this\n";

static const char drain_help[] =
    "usage: genspan drain [OPTION...]\n"
    "\n"
    "Exports what programs record, the living and the dead, until it is interrupted. Rings that are\n"
    "drained inside of their program, or by another drain, are left to it.\n"
    "\n"
    "  --once               export what is there now, then end\n"
    "  --dead               only what dead programs left behind\n";

static const char recover_help[] =
    "usage: genspan recover [OPTION...]\n"
    "\n"
    "Exports what dead programs left behind, once, and says what it was: calls that were under way\n"
    "when their program died are exported as they stood, with status ERROR and error.type crashed.\n"
    "The same as genspan drain --dead --once.\n"
    "\n";

struct arguments {
    gsp_drainer_options drainer;
    const char *directory;
    bool is_once, is_dead_only;
    uint64_t timeout_ms;
};

enum {
    ONCE = GSP__OPTION_FIRST,
    DEAD,
    DIRECTORY,
    TRACES,
    METRICS,
    LOGS,
    ENDPOINT,
    HEADERS,
    PROTOCOL,
    COMPRESSION,
    TRACES_FILE,
    METRICS_FILE,
    LOGS_FILE,
    SPOOL,
    TIMEOUT,
    HELP,
};

/* Returns -1 to go on, else the exit code. */
static int parse(const char *command, const char *help, int argc, char **argv, struct arguments *a)
{
    static const struct option options[] = {
        {"once", no_argument, NULL, ONCE},
        {"dead", no_argument, NULL, DEAD},
        {"dir", required_argument, NULL, DIRECTORY},
        {"traces", required_argument, NULL, TRACES},
        {"metrics", required_argument, NULL, METRICS},
        {"logs", required_argument, NULL, LOGS},
        {"endpoint", required_argument, NULL, ENDPOINT},
        {"headers", required_argument, NULL, HEADERS},
        {"protocol", required_argument, NULL, PROTOCOL},
        {"compression", required_argument, NULL, COMPRESSION},
        {"traces-file", required_argument, NULL, TRACES_FILE},
        {"metrics-file", required_argument, NULL, METRICS_FILE},
        {"logs-file", required_argument, NULL, LOGS_FILE},
        {"spool", required_argument, NULL, SPOOL},
        {"timeout", required_argument, NULL, TIMEOUT},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (c) {
        case ONCE:
            a->is_once = true;
            break;
        case DEAD:
            a->is_dead_only = true;
            break;
        case DIRECTORY:
            a->directory = optarg;
            break;
        case TRACES:
            a->drainer.traces_exporter = optarg;
            break;
        case METRICS:
            a->drainer.metrics_exporter = optarg;
            break;
        case LOGS:
            a->drainer.logs_exporter = optarg;
            break;
        case ENDPOINT:
            a->drainer.endpoint = optarg;
            break;
        case HEADERS:
            a->drainer.headers = optarg;
            break;
        case PROTOCOL:
            a->drainer.protocol = optarg;
            break;
        case COMPRESSION:
            a->drainer.compression = optarg;
            break;
        case TRACES_FILE:
            a->drainer.traces_file = optarg;
            break;
        case METRICS_FILE:
            a->drainer.metrics_file = optarg;
            break;
        case LOGS_FILE:
            a->drainer.logs_file = optarg;
            break;
        case SPOOL:
            a->drainer.spool_directory = optarg;
            break;
        case TIMEOUT:
            if (!gsp__option_number(command, "--timeout", optarg, 0, 3600000, &a->timeout_ms))
                return GSP__EXIT_USAGE;
            break;
        case 'h':
        case HELP:
            fputs(help, stdout);
            fputs(options_help, stdout);
            return GSP__EXIT_OK;
        default:
            return gsp__bad_option(command, argc, argv, c);
        }
    }
    if (optind < argc)
        return gsp__usage_error(command, "what is \"%s\"? %s takes only options", argv[optind], command);
    return -1;
}

/* A file that is named is wanted. */
static void imply_exporters(struct arguments *a)
{
    if (a->drainer.traces_file && !a->drainer.traces_exporter && !gsp__env("OTEL_TRACES_EXPORTER"))
        a->drainer.traces_exporter = "file";
    if (a->drainer.metrics_file && !a->drainer.metrics_exporter && !gsp__env("OTEL_METRICS_EXPORTER"))
        a->drainer.metrics_exporter = "file";
    if (a->drainer.logs_file && !a->drainer.logs_exporter && !gsp__env("OTEL_LOGS_EXPORTER"))
        a->drainer.logs_exporter = "file";
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* Nothing where there were none: most programs have no log records. */
static void tell_logs(const struct gsp__drain_report *r)
{
    if (r->n_logs_exported)
        fprintf(stderr, "; %" PRIu64 " log record%s sent", r->n_logs_exported, plural(r->n_logs_exported));
    if (r->n_logs_spooled)
        fprintf(stderr, "; %" PRIu64 " log record%s kept in the spool", r->n_logs_spooled,
                plural(r->n_logs_spooled));
    if (r->n_logs_rejected)
        fprintf(stderr, "; %" PRIu64 " log record%s refused by the backend and lost", r->n_logs_rejected,
                plural(r->n_logs_rejected));
}

static void tell(const struct gsp__drain_report *r)
{
    if (!r->n_calls && !r->n_exported && !r->n_rejected && !r->n_logs_rejected && !r->n_torn && !r->n_rings &&
        !r->n_busy && !r->n_bad) {
        fputs("there was nothing to export\n", stderr);
        return;
    }
    fprintf(stderr, "%" PRIu64 " call%s exported", r->n_calls, plural(r->n_calls));
    if (r->n_crashed)
        fprintf(stderr, ", %" PRIu64 " of them cut short by a crash", r->n_crashed);
    fprintf(stderr, " (%" PRIu64 " record%s sent", r->n_exported, plural(r->n_exported));
    if (r->n_spooled)
        fprintf(stderr, ", %" PRIu64 " kept in the spool", r->n_spooled);
    if (r->n_rejected)
        fprintf(stderr, ", %" PRIu64 " refused by the backend and lost", r->n_rejected);
    if (r->n_torn)
        fprintf(stderr, ", %" PRIu64 " torn and lost", r->n_torn);
    tell_logs(r);
    fprintf(stderr, "); %" PRIu64 " ring%s of dead programs emptied and deleted", r->n_rings,
            plural(r->n_rings));
    if (r->n_busy)
        fprintf(stderr, "; %" PRIu64 " drained by others", r->n_busy);
    if (r->n_bad)
        fprintf(stderr, "; %" PRIu64 " file%s no ring", r->n_bad, r->n_bad == 1 ? " is" : "s are");
    fputc('\n', stderr);
}

static int drain(const char *command, struct arguments *a)
{
    struct gsp__drain_scope scope = {.directory = a->directory, .dead_only = a->is_dead_only};
    const struct gsp__drain_report *report;
    struct gsp__drainer *d;
    gsp_error err = {0};
    gsp_status status;
    int code = GSP__EXIT_OK;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    gsp__catch_signals();
    status = gsp__drainer_new(&scope, &a->drainer, &d, &err);
    if (status == GSP_ERR_INVALID)
        return gsp__usage_error(command, "%s", err.text);
    if (status != GSP_OK) {
        gsp__complain(command, "%s", err.text);
        return GSP__EXIT_FAILED;
    }
    while (!a->is_once && gsp__sleep_ms(100))
        gsp__drainer_tick(d);
    if (gsp__drainer_flush(d, (uint32_t)a->timeout_ms, true) != GSP_OK) {
        gsp__complain(command, "not all could be exported; the rest is kept where it is");
        code = GSP__EXIT_INCOMPLETE;
    }
    report = gsp__drainer_report(d);
    tell(report);
    if (code == GSP__EXIT_OK && report->n_spooled + report->n_logs_spooled > 0)
        code = GSP__EXIT_INCOMPLETE;
    if (code == GSP__EXIT_OK && report->n_rejected + report->n_logs_rejected + report->n_bad > 0)
        code = GSP__EXIT_FAILED;
    gsp__drainer_free(d);
    return code;
}

static int run(const char *command, const char *help, int argc, char **argv, bool is_recovery)
{
    struct arguments a = {.drainer = GSP_DRAINER_OPTIONS_INIT, .timeout_ms = 10000};
    int code;

    a.is_once = a.is_dead_only = is_recovery;
    code = parse(command, help, argc, argv, &a);
    if (code >= 0)
        return code;
    imply_exporters(&a);
    return drain(command, &a);
}

int gsp__cmd_drain(int argc, char **argv)
{
    return run("drain", drain_help, argc, argv, false);
}

int gsp__cmd_recover(int argc, char **argv)
{
    return run("recover", recover_help, argc, argv, true);
}
