/*
 * genspan sim: the simulated provider.
 */
#include <getopt.h>
#include <stdio.h>

#include "cli/command.h"
#include "sim/provider.h"

static const char help[] =
    "usage: genspan sim [OPTION...]\n"
    "\n"
    "A simulated provider on 127.0.0.1 that speaks OpenAI's chat completions, as JSON and as a\n"
    "stream. Prints its base URL on standard output, then answers until it is interrupted.\n"
    "\n"
    "  --port N          listen there (default: any free port)\n"
    "  --latency MS      before an answer begins (default 20)\n"
    "  --pace-ms MS      between the chunks of an answer (default 20)\n"
    "  --chunks N        chunks of text in an answer (default 18)\n"
    "  --chunk-bytes N   text in each chunk (default: one word)\n"
    "  --script STEPS    what each request gets, with commas between; the last step repeats:\n"
    "                      ok           answer (the default)\n"
    "                      429[:S]      refuse, Retry-After S seconds (default 1)\n"
    "                      429ms:N      refuse, retry-after-ms N\n"
    "                      STATUS       refuse with a status from 400 to 599 (529: overloaded)\n"
    "                      drop         close before any answer\n"
    "                      drop-mid     close in the middle of the answer\n"
    "                      stall        stop in the middle, and hold the connection\n"
    "                      malformed    an event that is no JSON\n"
    "                      no-usage     leave the usage out\n"
    "                      error-mid    an error in the middle of the stream\n"
    "                      no-end       no finish reason and no [DONE]\n"
    "                    A request's header x-genspan-sim names a step for itself.\n"
    "  --requests N      end after N requests were answered\n"
    "  --seconds N       end after N seconds\n"
    "  --help            this\n";

struct limits {
    uint64_t n_requests; /* 0: none */
    uint64_t n_seconds;
};

enum {
    PORT = GSP__OPTION_FIRST,
    LATENCY,
    PACE,
    CHUNKS,
    CHUNK_BYTES,
    SCRIPT,
    REQUESTS,
    SECONDS,
    HELP,
};

/* Returns -1 to go on, else the exit code. */
static int parse(int argc, char **argv, struct gsp__sim_options *o, struct limits *limits)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, PORT},
        {"latency", required_argument, NULL, LATENCY},
        {"pace-ms", required_argument, NULL, PACE},
        {"chunks", required_argument, NULL, CHUNKS},
        {"chunk-bytes", required_argument, NULL, CHUNK_BYTES},
        {"script", required_argument, NULL, SCRIPT},
        {"requests", required_argument, NULL, REQUESTS},
        {"seconds", required_argument, NULL, SECONDS},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    static const struct {
        uint64_t min, max;
        const char *name;
    } ranges[] = {{0, 65535, "--port"},       {0, 600000, "--latency"},      {0, 600000, "--pace-ms"},
                  {0, 1000000, "--chunks"},   {0, 1 << 20, "--chunk-bytes"}, {0, 0, "--script"},
                  {1, 1 << 30, "--requests"}, {1, 864000, "--seconds"}};
    gsp_error err = {0};
    uint64_t n = 0;
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        if (c == '?' || c == ':')
            return gsp__bad_option("sim", argc, argv, c);
        if (c != SCRIPT && c != HELP && c != 'h' &&
            !gsp__option_number("sim", ranges[c - PORT].name, optarg, ranges[c - PORT].min,
                                ranges[c - PORT].max, &n))
            return GSP__EXIT_USAGE;
        switch (c) {
        case PORT:
            o->port = (unsigned)n;
            break;
        case LATENCY:
            o->latency_ms = (unsigned)n;
            break;
        case PACE:
            o->pace_ms = (unsigned)n;
            break;
        case CHUNKS:
            o->n_chunks = (unsigned)n;
            break;
        case CHUNK_BYTES:
            o->chunk_bytes = (unsigned)n;
            break;
        case SCRIPT:
            if (gsp__sim_script_parse(optarg, &o->script, &err) != GSP_OK)
                return gsp__usage_error("sim", "--script %s: at character %llu: %s", optarg,
                                        (unsigned long long)err.offset + 1, err.text);
            break;
        case REQUESTS:
            limits->n_requests = n;
            break;
        case SECONDS:
            limits->n_seconds = n;
            break;
        default:
            fputs(help, stdout);
            return GSP__EXIT_OK;
        }
    }
    if (optind < argc)
        return gsp__usage_error("sim", "what is \"%s\"? sim takes only options", argv[optind]);
    return -1;
}

int gsp__cmd_sim(int argc, char **argv)
{
    struct gsp__sim_options o = {.latency_ms = 20, .pace_ms = 20, .n_chunks = 18};
    struct limits limits = {0, 0};
    gsp_error err = {0};
    struct gsp__sim *sim;
    int code;

    o.script.n_steps = 1;
    code = parse(argc, argv, &o, &limits);
    if (code >= 0)
        return code;
    gsp__catch_signals();
    if (gsp__sim_start(&o, &sim, &err) != GSP_OK) {
        gsp__complain("sim", "%s", err.text);
        return GSP__EXIT_FAILED;
    }
    printf("http://127.0.0.1:%u/v1\n", gsp__sim_port(sim));
    if (fflush(stdout) != 0) { /* nobody knows where to find it */
        gsp__sim_stop(sim);
        return GSP__EXIT_FAILED;
    }
    for (uint64_t ms = 0; limits.n_seconds == 0 || ms < limits.n_seconds * 1000; ms += 20) {
        if (limits.n_requests && gsp__sim_requests(sim) >= limits.n_requests)
            break;
        if (!gsp__sleep_ms(20))
            break;
    }
    gsp__sim_stop(sim);
    return GSP__EXIT_OK;
}
