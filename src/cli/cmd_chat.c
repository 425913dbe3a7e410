/*
 * genspan chat: one call to a model, streamed to the terminal, retried where it may be, recorded and drawn.
 */
#include <curl/curl.h>
#include <genspan/export.h>
#include <genspan/genspan.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/buffer.h"
#include "base/env.h"
#include "base/number.h"
#include "cli/chat_http.h"
#include "cli/command.h"

#define PROMPT_MAX         ((size_t)4 << 20)
#define BACKOFF_BASE_MS    500
#define BACKOFF_CAP_MS     8000
#define RETRY_AFTER_MAX_MS 120000
#define FLUSH_MS           5000
#define HEADERS_MAX        32
#define KEY_MAX            4000

static const char help[] =
    "usage: genspan chat [OPTION...] [PROMPT...]\n"
    "\n"
    "Calls an OpenAI-compatible endpoint, streams the answer to standard output, and shows on\n"
    "standard error what really happened: every attempt, every wait, times, tokens, request ids.\n"
    "Without a PROMPT, standard input is read.\n"
    "\n"
    "  --model NAME        the model to ask for (default: OPENAI_MODEL, else gpt-4o-mini)\n"
    "  --system TEXT       a system message before the prompt\n"
    "  --base-url URL      where to (default: OPENAI_BASE_URL, else https://api.openai.com/v1)\n"
    "  --header NAME:VALUE one more request header; may be repeated\n"
    "  --retries N         how often to try again (default 2): connection errors, timeouts, 408,\n"
    "                      429 and 5xx, after Retry-After or with backoff; never once text came\n"
    "  --timeout S         give up an attempt after S seconds (default 600, 0: never)\n"
    "  --temperature T     and other parameters, as the provider takes them:\n"
    "  --top-p P\n"
    "  --max-tokens N\n"
    "  --seed N\n"
    "  --no-stream         ask for the answer as one document\n"
    "  --quiet             no picture\n"
    "  --traces LIST       exporters: console, otlp, file, none (default: OTEL_TRACES_EXPORTER, else\n"
    "                      console, and otlp too where an endpoint is set)\n"
    "  --traces-file FILE  for exporter file (OTLP JSON lines)\n"
    "  --metrics LIST      the same for metrics (default: OTEL_METRICS_EXPORTER, else none, or otlp\n"
    "                      where an endpoint is set)\n"
    "  --metrics-file FILE\n"
    "  --logs LIST         the same for log records (default: OTEL_LOGS_EXPORTER, else as metrics)\n"
    "  --logs-file FILE\n"
    "  --dir DIR           where the ring is made (default: GENSPAN_DIR ...)\n"
    "  --help              this\n"
    "\n"
    "The key is read from OPENAI_API_KEY.\n"
    "Exit codes: 0 answered; 1 not answered, or not in full; 2 wrong usage; 130 interrupted.\n";

struct chat {
    const char *model;
    const char *system;
    const char *base_url;
    const char *headers[HEADERS_MAX + 1];
    unsigned n_headers;
    uint64_t n_retries;
    uint64_t timeout_s;
    const char *temperature, *top_p;
    uint64_t max_tokens;
    uint64_t seed;
    bool has_max_tokens, has_seed;
    bool is_stream;
    bool is_quiet;
    bool has_answer; /* content of any kind came */
    const char *traces, *traces_file, *metrics, *metrics_file, *logs, *logs_file;
    const char *directory;
    struct gsp__buffer prompt;
};

enum {
    MODEL = GSP__OPTION_FIRST,
    SYSTEM,
    BASE_URL,
    HEADER,
    RETRIES,
    TIMEOUT,
    TEMPERATURE,
    TOP_P,
    MAX_TOKENS,
    SEED,
    NO_STREAM,
    QUIET,
    TRACES,
    TRACES_FILE,
    METRICS,
    METRICS_FILE,
    LOGS,
    LOGS_FILE,
    DIRECTORY,
    HELP,
};

static bool is_number(const char *text)
{
    double d;

    return gsp__parse_double(text, strlen(text), &d);
}

/* Returns -1 to go on, else the exit code. */
static int parse(int argc, char **argv, struct chat *c)
{
    static const struct option options[] = {
        {"model", required_argument, NULL, MODEL},
        {"system", required_argument, NULL, SYSTEM},
        {"base-url", required_argument, NULL, BASE_URL},
        {"header", required_argument, NULL, HEADER},
        {"retries", required_argument, NULL, RETRIES},
        {"timeout", required_argument, NULL, TIMEOUT},
        {"temperature", required_argument, NULL, TEMPERATURE},
        {"top-p", required_argument, NULL, TOP_P},
        {"max-tokens", required_argument, NULL, MAX_TOKENS},
        {"seed", required_argument, NULL, SEED},
        {"no-stream", no_argument, NULL, NO_STREAM},
        {"quiet", no_argument, NULL, QUIET},
        {"traces", required_argument, NULL, TRACES},
        {"traces-file", required_argument, NULL, TRACES_FILE},
        {"metrics", required_argument, NULL, METRICS},
        {"metrics-file", required_argument, NULL, METRICS_FILE},
        {"logs", required_argument, NULL, LOGS},
        {"logs-file", required_argument, NULL, LOGS_FILE},
        {"dir", required_argument, NULL, DIRECTORY},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    int code;

    opterr = 0;
    while ((code = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (code) {
        case MODEL:
            c->model = optarg;
            break;
        case SYSTEM:
            c->system = optarg;
            break;
        case BASE_URL:
            c->base_url = optarg;
            break;
        case HEADER:
            if (!strchr(optarg, ':') || strpbrk(optarg, "\r\n"))
                return gsp__usage_error("chat", "--header %s: not NAME:VALUE", optarg);
            if (c->n_headers == HEADERS_MAX)
                return gsp__usage_error("chat", "--header: more than %d", HEADERS_MAX);
            c->headers[c->n_headers++] = optarg;
            break;
        case RETRIES:
            if (!gsp__option_number("chat", "--retries", optarg, 0, 100, &c->n_retries))
                return GSP__EXIT_USAGE;
            break;
        case TIMEOUT:
            if (!gsp__option_number("chat", "--timeout", optarg, 0, 86400, &c->timeout_s))
                return GSP__EXIT_USAGE;
            break;
        case TEMPERATURE:
            if (!is_number(optarg))
                return gsp__usage_error("chat", "--temperature %s: not a number", optarg);
            c->temperature = optarg;
            break;
        case TOP_P:
            if (!is_number(optarg))
                return gsp__usage_error("chat", "--top-p %s: not a number", optarg);
            c->top_p = optarg;
            break;
        case MAX_TOKENS:
            if (!gsp__option_number("chat", "--max-tokens", optarg, 1, 1 << 30, &c->max_tokens))
                return GSP__EXIT_USAGE;
            c->has_max_tokens = true;
            break;
        case SEED:
            if (!gsp__option_number("chat", "--seed", optarg, 0, INT64_MAX, &c->seed))
                return GSP__EXIT_USAGE;
            c->has_seed = true;
            break;
        case NO_STREAM:
            c->is_stream = false;
            break;
        case QUIET:
            c->is_quiet = true;
            break;
        case TRACES:
            c->traces = optarg;
            break;
        case TRACES_FILE:
            c->traces_file = optarg;
            break;
        case METRICS:
            c->metrics = optarg;
            break;
        case METRICS_FILE:
            c->metrics_file = optarg;
            break;
        case LOGS:
            c->logs = optarg;
            break;
        case LOGS_FILE:
            c->logs_file = optarg;
            break;
        case DIRECTORY:
            c->directory = optarg;
            break;
        case 'h':
        case HELP:
            fputs(help, stdout);
            return GSP__EXIT_OK;
        default:
            return gsp__bad_option("chat", argc, argv, code);
        }
    }
    return -1;
}

/* The words of the command line, else all of standard input. */
static bool read_prompt(int argc, char **argv, struct gsp__buffer *prompt)
{
    char room[4096];
    size_t n;

    prompt->max = PROMPT_MAX;
    for (int i = optind; i < argc; i++) {
        if (i > optind)
            gsp__buffer_add_char(prompt, ' ');
        gsp__buffer_add_string(prompt, argv[i]);
    }
    if (optind == argc) {
        if (isatty(STDIN_FILENO))
            fputs("Prompt (end it with Ctrl-D):\n", stderr);
        while ((n = fread(room, 1, sizeof room, stdin)) > 0)
            gsp__buffer_add(prompt, room, n);
        while (prompt->n > 0 && prompt->data[prompt->n - 1] == '\n')
            prompt->n--;
    }
    return !prompt->failed;
}

/*
 * The request.
 */

static json_t *message(const char *role, const char *text, size_t n)
{
    json_t *content = json_stringn(text, n);

    return content ? json_pack("{s:s, s:o}", "role", role, "content", content) : NULL;
}

static void set_number(json_t *body, const char *key, const char *text)
{
    double d;

    if (text && gsp__parse_double(text, strlen(text), &d))
        json_object_set_new(body, key, json_real(d));
}

/* The body as JSON; free() it. NULL if the prompt, the system message or the model's name is no UTF-8. */
static char *request_body(const struct chat *c)
{
    json_t *body = json_object(), *messages = json_array();
    char *text;

    if ((c->system &&
         json_array_append_new(messages, message("system", c->system, strlen(c->system))) != 0) ||
        json_array_append_new(messages, message("user", c->prompt.data, c->prompt.n)) != 0 ||
        json_object_set_new(body, "model", json_string(c->model)) != 0) {
        json_decref(messages);
        json_decref(body);
        return NULL;
    }
    json_object_set_new(body, "messages", messages);
    json_object_set_new(body, "stream", json_boolean(c->is_stream));
    if (c->is_stream)
        json_object_set_new(body, "stream_options", json_pack("{s:b}", "include_usage", 1));
    set_number(body, "temperature", c->temperature);
    set_number(body, "top_p", c->top_p);
    if (c->has_max_tokens)
        json_object_set_new(body, "max_tokens", json_integer((json_int_t)c->max_tokens));
    if (c->has_seed)
        json_object_set_new(body, "seed", json_integer((json_int_t)c->seed));
    text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
}

/*
 * The call.
 */

struct printer {
    gsp_span operation;
    bool has_text;
    bool is_terminal; /* standard output */
    bool after_c2;    /* the first byte of a control character of two */
};

/* A model's answer is not for the terminal to obey: what could be an escape becomes a dot there. */
static void print_safely(struct printer *p, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];
        bool is_control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;

        if (p->after_c2)
            fputs(c >= 0x80 && c < 0xa0 ? "." : "\xc2", stdout);
        if (c != 0xc2 && !(p->after_c2 && c >= 0x80 && c < 0xa0))
            fputc(is_control ? '.' : c, stdout);
        p->after_c2 = c == 0xc2;
    }
}

static void on_content(void *self, uint32_t choice, gsp_mark kind, const char *bytes, size_t n)
{
    struct printer *p = self;

    if (!p->has_text)
        gsp_event_first_token(p->operation, 1, 0);
    p->has_text = true;
    if (kind == GSP_MARK_TEXT && choice == 0) {
        if (p->is_terminal)
            print_safely(p, bytes, n);
        else
            fwrite(bytes, 1, n, stdout);
        fflush(stdout);
    }
}

static const char *retry_reason(const gsp_exchange_result *r)
{
    if (strcmp(r->error_type, GSP_ERROR_RATE_LIMIT) == 0)
        return "rate_limit";
    return strcmp(r->error_type, GSP_ERROR_TIMEOUT) == 0 ? "timeout" : "provider_error";
}

/* How long to wait before the next try; -1: there is none. RE-1, RE-2, RE-4. */
static int64_t retry_delay_ms(const struct chat *c, const gsp_exchange_result *r, unsigned n_before,
                              uint64_t *random)
{
    if (!r->is_retryable || n_before >= c->n_retries || r->n_content_chunks > 0)
        return -1;
    if (r->retry_after_ms > RETRY_AFTER_MAX_MS)
        return -1;
    if (r->retry_after_ms >= 0)
        return r->retry_after_ms;
    return gsp__backoff_ms(BACKOFF_BASE_MS, BACKOFF_CAP_MS, n_before, random);
}

/* One attempt. False if the user interrupted it. */
static bool attempt(struct gsp__chat_http *http, const struct gsp__chat_request *request, gsp_span operation,
                    struct chat *c, gsp_exchange_result *result, char message_room[1100])
{
    gsp_attempt_options o = GSP_ATTEMPT_OPTIONS_INIT;
    struct printer printer = {.operation = operation, .is_terminal = isatty(STDOUT_FILENO)};
    gsp_exchange *exchange;
    bool goes_on;

    o.model = c->model;
    exchange = gsp_exchange_new(gsp_attempt_start(operation, &o));
    gsp_exchange_on_content(exchange, on_content, &printer);
    goes_on = gsp__chat_http_send(http, request, exchange);
    gsp_exchange_get_result(exchange, result);
    snprintf(message_room, 1100, "%s: %s", result->error_type, result->error_message);
    /* the strings go with the exchange; classes are short and known */
    result->error_type = strcmp(result->error_type, GSP_ERROR_RATE_LIMIT) == 0 ? GSP_ERROR_RATE_LIMIT
                         : strcmp(result->error_type, GSP_ERROR_TIMEOUT) == 0  ? GSP_ERROR_TIMEOUT
                                                                               : "";
    result->error_message = message_room;
    gsp_exchange_free(exchange);
    c->has_answer = printer.has_text;
    if (printer.has_text) {
        fputc('\n', stdout);
        fflush(stdout);
    }
    return goes_on;
}

/* What is wrong with an answer that the protocol finds nothing wrong with; NULL for nothing. */
static const char *fault_of(const struct chat *c, const gsp_exchange_result *r)
{
    if (r->http_status >= 300 && r->http_status < 400)
        return "the server sends elsewhere, which is not followed: give the right --base-url";
    if (!c->has_answer)
        return "the answer is empty: is --base-url that of an OpenAI-compatible endpoint?";
    return NULL;
}

static int call(struct chat *c, gsp_recorder *recorder, const struct gsp__chat_request *request)
{
    gsp_operation_options o = GSP_OPERATION_OPTIONS_INIT;
    gsp_exchange_result result = GSP_EXCHANGE_RESULT_INIT;
    struct gsp__chat_http *http = gsp__chat_http_new();
    char message_room[1100] = "";
    uint64_t random;
    gsp_span operation;
    bool goes_on = true;

    gsp__random_bytes(&random, sizeof random);
    o.model = c->model;
    operation = gsp_operation_start(recorder, "chat", &o);
    gsp_event_prompt_sent(operation, c->model, -1, c->system ? 2 : 1, 0);
    for (unsigned n = 0; http && goes_on; n++) {
        int64_t delay_ms;

        goes_on = attempt(http, request, operation, c, &result, message_room);
        if (!goes_on || result.outcome == GSP_OUTCOME_COMPLETED)
            break;
        delay_ms = retry_delay_ms(c, &result, n, &random);
        if (delay_ms < 0)
            break;
        gsp_event_retry(operation, n + 1, retry_reason(&result), delay_ms, result.http_status, 0);
        goes_on = gsp__sleep_ms(delay_ms);
    }
    gsp__chat_http_free(http);
    if (!goes_on) {
        gsp_span_end(operation, GSP_OUTCOME_CANCELLED, NULL, 0);
        return GSP__EXIT_INTERRUPTED;
    }
    gsp_span_end(operation, GSP_OUTCOME_AUTO, NULL, 0);
    if (result.outcome == GSP_OUTCOME_COMPLETED && !fault_of(c, &result))
        return GSP__EXIT_OK;
    if (result.outcome == GSP_OUTCOME_COMPLETED)
        gsp__complain("chat", "%s", fault_of(c, &result));
    else
        gsp__complain("chat", "%s", http ? message_room : "no memory");
    return GSP__EXIT_FAILED;
}

/*
 * Recording and exporting.
 */

static bool has_endpoint(const char *signal_variable)
{
    return gsp__env("OTEL_EXPORTER_OTLP_ENDPOINT") || gsp__env(signal_variable);
}

/* Of metrics and logs, where nobody says: what is named is wanted. */
static const char *other_exporter(const char *file, const char *endpoint_variable)
{
    return file ? "file" : has_endpoint(endpoint_variable) ? "otlp" : "none";
}

static void set_exporters(const struct chat *c, gsp_drainer_options *o, char traces[128])
{
    bool to_backend = has_endpoint("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");

    o->traces_exporter = c->traces;
    o->metrics_exporter = c->metrics;
    o->logs_exporter = c->logs;
    o->traces_file = c->traces_file;
    o->metrics_file = c->metrics_file;
    o->logs_file = c->logs_file;
    if (!c->traces && !gsp__env("OTEL_TRACES_EXPORTER")) {
        snprintf(traces, 128, "%s%s%s", c->is_quiet ? "none" : "console", to_backend ? ",otlp" : "",
                 c->traces_file ? ",file" : "");
        o->traces_exporter = traces;
    }
    if (!c->metrics && !gsp__env("OTEL_METRICS_EXPORTER"))
        o->metrics_exporter = other_exporter(c->metrics_file, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT");
    if (!c->logs && !gsp__env("OTEL_LOGS_EXPORTER"))
        o->logs_exporter = other_exporter(c->logs_file, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT");
}

/* Start exporting. Returns -1 to go on, also where it cannot be done now, else the exit code. */
static int start_drainer(gsp_recorder *recorder, const gsp_drainer_options *o, gsp_drainer **drainer)
{
    gsp_error err = {0};
    gsp_status status = gsp_drainer_start(recorder, o, drainer, &err);

    if (status == GSP_ERR_INVALID)
        return gsp__usage_error("chat", "%s", err.text);
    if (status != GSP_OK)
        gsp__complain("chat", "nothing is exported: %s; genspan recover does it later", err.text);
    return -1;
}

static int record_and_call(struct chat *c, const struct gsp__chat_request *request)
{
    const char *resource = gsp__env("OTEL_RESOURCE_ATTRIBUTES");
    gsp_recorder_options r = GSP_RECORDER_OPTIONS_INIT;
    gsp_drainer_options o = GSP_DRAINER_OPTIONS_INIT;
    gsp_recorder *recorder = NULL;
    gsp_drainer *drainer = NULL;
    gsp_error err = {0};
    char traces[128];
    int code = -1;

    r.directory = c->directory;
    if (!gsp__env("GENSPAN_RING_BYTES"))
        r.ring_bytes = 1 << 20;
    set_exporters(c, &o, traces);
    if (!gsp__env("OTEL_SERVICE_NAME") && !(resource && strstr(resource, "service.name=")))
        r.service_name = "genspan-chat";
    if (gsp_recorder_open(&r, &recorder, &err) == GSP_OK)
        code = start_drainer(recorder, &o, &drainer);
    else if (err.code == GSP_ERR_INVALID)
        code = gsp__usage_error("chat", "%s", err.text);
    else if (err.code != GSP_ERR_DISABLED) /* that is as the user wants it */
        gsp__complain("chat", "nothing is recorded: %s", err.text);
    if (code < 0)
        code = call(c, recorder, request);
    if (gsp_drainer_stop(drainer, FLUSH_MS) != GSP_OK)
        gsp__complain("chat", "not all could be exported; it is kept: genspan recover sends it");
    gsp_recorder_close(recorder);
    return code;
}

static char *url_of(const char *base)
{
    size_t n = strlen(base) + sizeof "/chat/completions";
    char *url = malloc(n + 1);

    if (url)
        snprintf(url, n + 1, "%s%schat/completions", base, *base && base[strlen(base) - 1] == '/' ? "" : "/");
    return url;
}

/* The key goes into a header as it is: a line end in it would begin another one. It is never shown. */
static bool is_good_key(const char *key)
{
    size_t n = 0;

    for (; key && key[n]; n++)
        if ((unsigned char)key[n] < 0x20 || key[n] == 0x7f)
            return false;
    return n <= KEY_MAX;
}

int gsp__cmd_chat(int argc, char **argv)
{
    struct chat c = {.n_retries = 2, .timeout_s = 600, .is_stream = true};
    struct gsp__chat_request request = {0};
    char *body = NULL, *url = NULL;
    int code;

    c.model = gsp__env("OPENAI_MODEL") ? gsp__env("OPENAI_MODEL") : "gpt-4o-mini";
    c.base_url = gsp__env("OPENAI_BASE_URL") ? gsp__env("OPENAI_BASE_URL") : "https://api.openai.com/v1";
    code = parse(argc, argv, &c);
    if (code >= 0)
        return code;
    if (strncmp(c.base_url, "http://", 7) != 0 && strncmp(c.base_url, "https://", 8) != 0)
        return gsp__usage_error("chat", "%s: not an http:// or https:// URL", c.base_url);
    if (!is_good_key(gsp__env("OPENAI_API_KEY")))
        return gsp__usage_error("chat", "OPENAI_API_KEY is no key: it has a line end or another control "
                                        "character in it, or is longer than 4000 bytes");
    if (!read_prompt(argc, argv, &c.prompt)) {
        gsp__complain("chat", "the prompt is longer than 4 MiB");
        code = GSP__EXIT_FAILED;
        goto out;
    }
    if (c.prompt.n == 0) {
        code = gsp__usage_error("chat", "there is no prompt");
        goto out;
    }
    body = request_body(&c);
    url = url_of(c.base_url);
    if (!body || !url) {
        gsp__complain("chat", "the prompt, the system message or the model's name is not UTF-8");
        code = GSP__EXIT_FAILED;
        goto out;
    }
    request = (struct gsp__chat_request){url,          gsp__env("OPENAI_API_KEY"),    c.headers, body,
                                         strlen(body), (uint32_t)(c.timeout_s * 1000)};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    gsp__catch_signals();
    code = record_and_call(&c, &request);
out:
    gsp__buffer_deinit(&c.prompt);
    free(body);
    free(url);
    return code;
}
