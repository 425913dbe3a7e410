/*
 * genspan simulate: scenarios of what providers and callers do, run under a clock of their own.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "sim/scenario_run.h"
#include "sim/summary.h"

#define FILE_BYTES_MAX ((size_t)4 << 20)

static const char help[] =
    "usage: genspan simulate [OPTION...] FILE...\n"
    "\n"
    "Runs scenarios: scripts of what providers do and of what the caller does, with the real recorder\n"
    "and a clock of their own. No network, no sleep, no chance. Prints OTLP JSON lines.\n"
    "docs/scenarios.md has the format. Retries and fallbacks are read, and not yet obeyed: each\n"
    "request goes to its first target, once.\n"
    "\n"
    "  --summary         a line per span instead\n"
    "  --check           compare the summary with what each scenario expects; exit 1 on a difference\n"
    "  --dialect NAMES   in this vocabulary, several with commas, not in the scenario's own\n"
    "  --help            this\n"
    "\n"
    "A FILE of - is standard input.\n";

struct options {
    bool is_summary, is_check;
    const char *dialect;
    char directory[64]; /* of the rings; "" as long as there is none */
};

enum {
    SUMMARY = GSP__OPTION_FIRST,
    CHECK,
    DIALECT,
    HELP,
};

/* Returns -1 to go on, else the exit code. */
static int parse(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
        {"summary", no_argument, NULL, SUMMARY},
        {"check", no_argument, NULL, CHECK},
        {"dialect", required_argument, NULL, DIALECT},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    struct gsp__dialects dialects;
    char fault[128];
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (c) {
        case SUMMARY:
            o->is_summary = true;
            break;
        case CHECK:
            o->is_check = true;
            break;
        case DIALECT:
            if (!gsp__dialects_parse(optarg, &dialects, fault))
                return gsp__usage_error("simulate", "--dialect %s: %s", optarg, fault);
            o->dialect = optarg;
            break;
        case '?':
        case ':':
            return gsp__bad_option("simulate", argc, argv, c);
        default:
            fputs(help, stdout);
            return GSP__EXIT_OK;
        }
    }
    if (optind == argc)
        return gsp__usage_error("simulate", "which scenario? name a file, or - for standard input");
    return -1;
}

/* A whole file, or NULL with what is wrong told. */
static char *read_file(const char *name, size_t *n)
{
    FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    char *text = malloc(FILE_BYTES_MAX + 1);

    if (!f || !text) {
        gsp__complain("simulate", "%s: %s", name, f ? "no memory" : strerror(errno));
    } else {
        *n = fread(text, 1, FILE_BYTES_MAX + 1, f);
        if (!ferror(f) && *n <= FILE_BYTES_MAX) {
            if (f != stdin)
                fclose(f);
            return text;
        }
        gsp__complain("simulate", "%s: %s", name, ferror(f) ? strerror(errno) : "larger than 4 MiB");
    }
    if (f && f != stdin)
        fclose(f);
    free(text);
    return NULL;
}

/* The lines around the first that is not as expected. */
static int check(const char *name, const struct gsp__scenario *s, const struct gsp__buffer *summary)
{
    uint32_t expected,
        line = gsp__summary_compare(summary->data, summary->n, s->expect, s->n_expect, &expected);
    const char *at = summary->data, *end = summary->data + summary->n;

    if (s->n_expect == 0) {
        gsp__complain("simulate", "%s: it expects nothing that could be checked", name);
        return GSP__EXIT_FAILED;
    }
    if (line == 0) {
        printf("ok   %s\n", name);
        return GSP__EXIT_OK;
    }
    for (uint32_t i = 1; i < line && at < end; i++)
        at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
    printf("FAIL %s: line %u of the summary\n", name, line);
    printf("  expected %s\n", expected < s->n_expect ? s->expect[expected] : "nothing more");
    printf("  got      %.*s\n", at < end ? (int)strcspn(at, "\n") : 12, at < end ? at : "nothing more");
    return GSP__EXIT_FAILED;
}

static int show(const struct options *o, const char *name, const struct gsp__scenario *s,
                const struct gsp__scenario_result *result)
{
    const struct gsp__buffer *b = o->is_summary ? &result->summary : &result->otlp;

    if (o->is_check)
        return check(name, s, &result->summary);
    fwrite(b->data, 1, b->n, stdout);
    return GSP__EXIT_OK;
}

static int run_scenario(const struct options *o, const char *name, const struct gsp__scenario *s)
{
    const char *list = o->dialect ? o->dialect : s->dialect ? s->dialect : "otel";
    struct gsp__scenario_result result;
    struct gsp__dialects dialects;
    gsp_error err = {0};
    char fault[128];
    int code;

    if (!gsp__dialects_parse(list, &dialects, fault)) {
        gsp__complain("simulate", "%s: $.dialect: %s", name, fault);
        return GSP__EXIT_USAGE;
    }
    if (gsp__scenario_run(s, o->directory, &dialects, &result, &err) != GSP_OK) {
        gsp__complain("simulate", "%s: %s", name, err.text);
        gsp__scenario_result_deinit(&result);
        return err.code == GSP_ERR_INVALID ? GSP__EXIT_USAGE : GSP__EXIT_FAILED;
    }
    code = show(o, name, s, &result);
    gsp__scenario_result_deinit(&result);
    return code;
}

static int simulate(const struct options *o, const char *name)
{
    struct gsp__fields_fault fault;
    struct gsp__scenario *scenario;
    size_t n = 0;
    char *text = read_file(name, &n);
    int code = GSP__EXIT_FAILED;

    if (!text)
        return GSP__EXIT_FAILED;
    scenario = gsp__scenario_read(text, n, &fault);
    if (scenario) {
        code = run_scenario(o, name, scenario);
    } else {
        gsp__complain("simulate", "%s: %s%s%s", name, fault.path, fault.path[0] ? ": " : "", fault.text);
        code = GSP__EXIT_USAGE;
    }
    gsp__scenario_free(scenario);
    free(text);
    return code;
}

int gsp__cmd_simulate(int argc, char **argv)
{
    struct options o = {.directory = ""};
    int code = parse(argc, argv, &o), worst = GSP__EXIT_OK;
    const char *parent = getenv("TMPDIR");

    if (code >= 0)
        return code;
    if (!parent || !*parent || strlen(parent) > 32)
        parent = "/tmp";
    snprintf(o.directory, sizeof o.directory, "%s/genspan-XXXXXX", parent);
    if (!mkdtemp(o.directory)) {
        gsp__complain("simulate", "%s: no directory can be made there: %s", parent, strerror(errno));
        return GSP__EXIT_FAILED;
    }
    for (int i = optind; i < argc; i++) {
        code = simulate(&o, argv[i]);
        if (code > worst)
            worst = code;
    }
    rmdir(o.directory);
    return worst;
}
