/*
 * genspan decode: the facts in a recorded exchange.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "cli/command.h"
#include "cli/exchange_line.h"
#include "wire/registry.h"

#define FILE_MAX    ((size_t)256 << 20)
#define HEADERS_MAX 256

static const char help[] =
    "usage: genspan decode [OPTION...] [RESPONSE]\n"
    "       genspan decode --jsonl [FILE]\n"
    "\n"
    "Prints what genspan finds in an exchange with a provider, as one line of JSON: models, tokens,\n"
    "finish reasons, tool calls, ids, errors. RESPONSE is a file with the response's body, - for\n"
    "standard input (the default).\n"
    "\n"
    "  --request FILE       the request's body\n"
    "  --url URL            where the request went; decides the format and the provider\n"
    "  --format NAME        the format, before what a URL tells: openai.chat, anthropic.messages ...\n"
    "                       (docs/formats.md lists them)\n"
    "  --status N           the response's status (default 200)\n"
    "  --header NAME:VALUE  a response header; may be repeated\n"
    "  --jsonl              FILE (default: standard input) has one exchange per line, as JSON with\n"
    "                       flavor, host, path, status, response_headers, request_body and\n"
    "                       response_body; one line of facts is printed for each, in order, and\n"
    "                       {\"id\":...,\"unsupported\":true} for formats that are not known\n"
    "  --help               this\n";

struct arguments {
    const char *request, *response;
    const char *url;
    const char *format;
    uint64_t status;
    char *headers[2 * HEADERS_MAX + 1];
    unsigned n_headers;
    bool is_jsonl, has_status;
};

enum {
    REQUEST = GSP__OPTION_FIRST,
    URL,
    FORMAT,
    STATUS,
    HEADER,
    JSONL,
    HELP,
};

static FILE *open_input(const char *path)
{
    FILE *f = !path || strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");

    if (!f)
        gsp__complain("decode", "%s cannot be read: %s", path, strerror(errno));
    return f;
}

/* Close it. False, with a complaint, if reading it came to an end too early: a directory, a bad disk. */
static bool close_input(FILE *f, const char *path)
{
    bool is_bad = ferror(f);

    if (is_bad)
        gsp__complain("decode", "%s cannot be read: %s", path ? path : "standard input", strerror(errno));
    if (f != stdin)
        fclose(f);
    return !is_bad;
}

static bool read_file(const char *path, struct gsp__buffer *out)
{
    FILE *f = open_input(path);
    char room[65536];
    size_t n;

    if (!f)
        return false;
    out->max = FILE_MAX;
    while ((n = fread(room, 1, sizeof room, f)) > 0)
        gsp__buffer_add(out, room, n);
    if (!close_input(f, path))
        return false;
    if (out->failed)
        gsp__complain("decode", "%s is larger than 256 MiB", path ? path : "standard input");
    return !out->failed;
}

static void print(json_t *facts)
{
    json_dumpf(facts, stdout, JSON_COMPACT | JSON_SORT_KEYS);
    putchar('\n');
}

/*
 * Lines of JSON.
 */

static json_t *decode_line(json_t *line)
{
    json_t *id = json_object_get(line, "id"), *facts = NULL;
    struct gsp__exchange_line l;

    if (gsp__exchange_line_open(&l, line)) {
        facts = l.format ? gsp__facts_json(&l.x, l.format, NULL, NULL) : json_pack("{s:b}", "unsupported", 1);
        if (facts && id)
            json_object_set(facts, "id", id);
    }
    gsp__exchange_line_close(&l);
    return facts;
}

static int decode_lines(const char *path)
{
    FILE *f = open_input(path);
    int code = GSP__EXIT_OK;
    char *text = NULL;
    size_t cap = 0, number = 0;
    ssize_t n;

    if (!f)
        return GSP__EXIT_FAILED;
    while ((n = getline(&text, &cap, f)) > 0) {
        json_error_t fault;
        json_t *line, *facts;

        number++;
        if (text[strspn(text, " \t\r\n")] == 0)
            continue;
        line = json_loadb(text, (size_t)n, JSON_ALLOW_NUL, &fault);
        facts = json_is_object(line) ? decode_line(line) : NULL;
        if (facts) {
            print(facts);
        } else {
            gsp__complain("decode", "line %zu: %s", number,
                          !line                  ? fault.text
                          : json_is_object(line) ? "a body is not base64"
                                                 : "not an object");
            puts("{\"unsupported\":true}");
            code = GSP__EXIT_FAILED;
        }
        json_decref(facts);
        json_decref(line);
    }
    free(text);
    return close_input(f, path) ? code : GSP__EXIT_FAILED;
}

/*
 * One exchange from files.
 */

/* HOST and PATH of a URL; `host` is cut at its end. */
static const char *split_url(const char *url, char host[256])
{
    const char *start = strstr(url, "://"), *path;

    start = start ? start + 3 : url;
    path = start + strcspn(start, "/?#");
    snprintf(host, 256, "%.*s", (int)(path - start), start);
    return path;
}

static int decode_files(const struct arguments *a)
{
    struct gsp__buffer request = {0}, response = {0};
    const struct gsp__format *format = a->format ? gsp__registry_named(a->format) : NULL;
    struct gsp__exchange_bytes x = {.status = (int)a->status};
    char host[256] = "";
    json_t *facts;
    int code = GSP__EXIT_FAILED;

    x.path = a->url ? split_url(a->url, host) : "";
    x.host = host;
    x.headers = (const char *const *)a->headers;
    if (!a->format && a->url)
        format =
            gsp__registry_find(x.host ? x.host : "", x.host ? strlen(x.host) : 0, x.path, strlen(x.path));
    if (!format)
        return a->format ? gsp__usage_error("decode", "--format %s: not known; openai.chat is", a->format)
               : a->url  ? gsp__usage_error("decode",
                                            "--url %s: its path tells no format that is known; "
                                             "name one by --format",
                                            a->url)
                         : gsp__usage_error("decode", "tell the format by --url or --format");
    if ((!a->request || read_file(a->request, &request)) && read_file(a->response, &response)) {
        x.request_body = request.data;
        x.n_request_body = request.n;
        x.response_body = response.data;
        x.n_response_body = response.n;
        facts = gsp__facts_json(&x, format, NULL, NULL);
        if (facts) {
            print(facts);
            code = GSP__EXIT_OK;
        }
        json_decref(facts);
    }
    gsp__buffer_deinit(&request);
    gsp__buffer_deinit(&response);
    return code;
}

/* Keep NAME:VALUE apart; the strings are the command line's own. */
static bool add_header(struct arguments *a, char *text)
{
    char *colon = strchr(text, ':');

    if (!colon || colon == text || a->n_headers == 2 * HEADERS_MAX)
        return false;
    *colon = 0;
    a->headers[a->n_headers++] = text;
    a->headers[a->n_headers++] = colon + 1 + strspn(colon + 1, " \t");
    return true;
}

/* Returns -1 to go on, else the exit code. */
static int parse(int argc, char **argv, struct arguments *a)
{
    static const struct option options[] = {
        {"request", required_argument, NULL, REQUEST},
        {"url", required_argument, NULL, URL},
        {"format", required_argument, NULL, FORMAT},
        {"status", required_argument, NULL, STATUS},
        {"header", required_argument, NULL, HEADER},
        {"jsonl", no_argument, NULL, JSONL},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (c) {
        case REQUEST:
            a->request = optarg;
            break;
        case URL:
            a->url = optarg;
            break;
        case FORMAT:
            a->format = optarg;
            break;
        case STATUS:
            if (!gsp__option_number("decode", "--status", optarg, 100, 599, &a->status))
                return GSP__EXIT_USAGE;
            a->has_status = true;
            break;
        case HEADER:
            if (!add_header(a, optarg))
                return gsp__usage_error("decode", "--header %s: not NAME:VALUE", optarg);
            break;
        case JSONL:
            a->is_jsonl = true;
            break;
        case 'h':
        case HELP:
            fputs(help, stdout);
            return GSP__EXIT_OK;
        default:
            return gsp__bad_option("decode", argc, argv, c);
        }
    }
    if (optind < argc)
        a->response = argv[optind++];
    if (optind < argc)
        return gsp__usage_error("decode", "one file at a time: what is \"%s\"?", argv[optind]);
    return -1;
}

int gsp__cmd_decode(int argc, char **argv)
{
    struct arguments a = {.status = 200};
    int code = parse(argc, argv, &a);

    if (code >= 0)
        return code;
    if (a.is_jsonl && (a.request || a.url || a.format || a.has_status || a.n_headers))
        return gsp__usage_error("decode",
                                "with --jsonl, each line tells its own request, URL, format, status "
                                "and headers");
    return a.is_jsonl ? decode_lines(a.response) : decode_files(&a);
}
