/*
 * A provider simulator, openai.chat. Which step of the script a request gets is decided by its order; the
 * request header x-genspan-sim names another one for itself.
 */
#include "sim/provider.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/buffer.h"
#include "base/status.h"

#define BODY_MAX      ((size_t)16 << 20)
#define STALL_MAX_S   120
#define N_CONNECTIONS 1024

struct gsp__sim {
    struct gsp__sim_options options;
    struct MHD_Daemon *daemon;
    unsigned port;
    _Atomic uint64_t n_requests;
    _Atomic int stops;
};

/* One request, and the answer to it while it is sent. */
struct exchange {
    struct gsp__sim *sim;
    struct gsp__buffer body;
    uint64_t number; /* from 0 */
    struct gsp__sim_step step;
    char model[128];
    unsigned n_messages;
    bool is_stream;
    bool wants_usage;
    bool is_too_large; /* the body: what is over the ceiling is read and dropped */

    unsigned n_sent;          /* events */
    struct gsp__buffer event; /* that is being sent */
    size_t n_event_sent;
};

static void sleep_ms(const struct gsp__sim *sim, unsigned ms)
{
    while (ms > 0 && !atomic_load(&sim->stops)) {
        unsigned part = ms < 50 ? ms : 50;

        nanosleep(&(struct timespec){0, (long)part * 1000000}, NULL);
        ms -= part;
    }
}

static void free_exchange(void *self)
{
    struct exchange *x = self;

    gsp__buffer_deinit(&x->body);
    gsp__buffer_deinit(&x->event);
    free(x);
}

/*
 * What is said.
 */

/* The text of one chunk: words, as many as it takes, without an end. */
static void put_words(struct gsp__buffer *b, unsigned chunk, unsigned n_bytes)
{
    static const char *const words[] = {"The",       " flight", " recorder", " keeps",    " what", " really",
                                        " happened", ":",       " who",      " answered", ",",     " when",
                                        ",",         " and",    " at",       " what",     " cost", "."};
    size_t end = b->n + n_bytes;

    if (n_bytes == 0) { /* one word */
        gsp__buffer_add_string(b, words[chunk % GSP__COUNT_OF(words)]);
        return;
    }
    for (unsigned i = chunk; b->n < end && !b->failed; i++) {
        const char *word = words[i % GSP__COUNT_OF(words)];
        size_t n = strlen(word);

        gsp__buffer_add(b, word, n < end - b->n ? n : end - b->n);
    }
}

static void put_usage(struct gsp__buffer *b, const struct exchange *x)
{
    unsigned in = 8 * x->n_messages + 4, out = x->sim->options.n_chunks;

    gsp__buffer_printf(b,
                       "{\"prompt_tokens\":%u,\"completion_tokens\":%u,\"total_tokens\":%u,"
                       "\"prompt_tokens_details\":{\"cached_tokens\":0},"
                       "\"completion_tokens_details\":{\"reasoning_tokens\":0}}",
                       in, out, in + out);
}

static void put_start(struct gsp__buffer *b, const struct exchange *x, const char *object)
{
    gsp__buffer_printf(b,
                       "{\"id\":\"chatcmpl-sim-%06" PRIu64 "\",\"object\":\"%s\",\"created\":"
                       "1700000000,\"model\":\"%s\",\"system_fingerprint\":\"fp_sim\",",
                       x->number, object, x->model);
}

/*
 * The answer as one document.
 */

static void put_document(struct gsp__buffer *b, const struct exchange *x)
{
    put_start(b, x, "chat.completion");
    gsp__buffer_add_string(b, "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                              "\"content\":\"");
    for (unsigned i = 0; i < x->sim->options.n_chunks; i++)
        put_words(b, i, x->sim->options.chunk_bytes);
    gsp__buffer_add_string(b, "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}]");
    if (x->step.action != GSP__SIM_NO_USAGE) {
        gsp__buffer_add_string(b, ",\"usage\":");
        put_usage(b, x);
    }
    gsp__buffer_add_char(b, '}');
    if (x->step.action == GSP__SIM_MALFORMED)
        b->n = b->n / 2;
}

/*
 * The answer as a stream: event 0 has the role, then the chunks, then the finish reason, the usage if it was
 * asked for, and [DONE].
 */

static void put_chunk(struct gsp__buffer *b, const struct exchange *x, unsigned chunk)
{
    gsp__buffer_add_string(b, "data: ");
    put_start(b, x, "chat.completion.chunk");
    gsp__buffer_add_string(b, "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"");
    put_words(b, chunk, x->sim->options.chunk_bytes);
    gsp__buffer_add_string(b, "\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n");
}

static bool put_event(struct gsp__buffer *b, const struct exchange *x, unsigned i)
{
    unsigned n = x->sim->options.n_chunks;

    if (i == 0) {
        gsp__buffer_add_string(b, "data: ");
        put_start(b, x, "chat.completion.chunk");
        gsp__buffer_add_string(b, "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
                                  "\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}"
                                  "\n\n");
    } else if (i <= n) {
        put_chunk(b, x, i - 1);
    } else if (i == n + 1) {
        gsp__buffer_add_string(b, "data: ");
        put_start(b, x, "chat.completion.chunk");
        gsp__buffer_add_string(b, "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,"
                                  "\"finish_reason\":\"stop\"}]}\n\n");
    } else if (i == n + 2) {
        if (x->wants_usage && x->step.action != GSP__SIM_NO_USAGE) {
            gsp__buffer_add_string(b, "data: ");
            put_start(b, x, "chat.completion.chunk");
            gsp__buffer_add_string(b, "\"choices\":[],\"usage\":");
            put_usage(b, x);
            gsp__buffer_add_string(b, "}\n\n");
        }
        gsp__buffer_add_string(b, "data: [DONE]\n\n");
    } else {
        return false;
    }
    return true;
}

static void stall(const struct gsp__sim *sim)
{
    sleep_ms(sim, STALL_MAX_S * 1000);
}

/* Prepare the next event. False at the stream's end; *breaks: the connection is to be closed. */
static bool next_event(struct exchange *x, bool *breaks)
{
    unsigned n = x->sim->options.n_chunks, middle = n / 2 + 1, i = x->n_sent++;
    bool in_middle = i == middle;

    *breaks = false;
    gsp__buffer_clear(&x->event);
    x->n_event_sent = 0;
    if (i > 0 && i <= n)
        sleep_ms(x->sim, x->sim->options.pace_ms);
    if (in_middle && x->step.action == GSP__SIM_STALL)
        stall(x->sim);
    if ((in_middle && (x->step.action == GSP__SIM_DROP_MID || x->step.action == GSP__SIM_STALL)) ||
        atomic_load(&x->sim->stops)) {
        *breaks = true;
        return false;
    }
    if (in_middle && x->step.action == GSP__SIM_MALFORMED)
        gsp__buffer_add_string(&x->event, "data: {\"id\":\"chatcmpl-sim\",\"choices\":[{\n\n");
    if (x->step.action == GSP__SIM_ERROR_MID && i >= middle) {
        gsp__buffer_add_string(&x->event,
                               "data: {\"error\":{\"message\":\"The server had an error while "
                               "processing your request\",\"type\":\"server_error\",\"param\":null,"
                               "\"code\":null}}\n\n");
        return i == middle;
    }
    if (x->step.action == GSP__SIM_NO_END && i > n)
        return false;
    return put_event(&x->event, x, i);
}

static ssize_t on_read(void *self, uint64_t pos, char *out, size_t max)
{
    struct exchange *x = self;
    size_t n;

    (void)pos;
    while (x->n_event_sent == x->event.n) {
        bool breaks;

        if (!next_event(x, &breaks))
            return breaks ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    }
    n = x->event.n - x->n_event_sent < max ? x->event.n - x->n_event_sent : max;
    memcpy(out, x->event.data + x->n_event_sent, n);
    x->n_event_sent += n;
    return (ssize_t)n;
}

/*
 * Requests.
 */

static void add_headers(struct MHD_Response *response, const struct exchange *x, const char *type)
{
    char id[64];

    snprintf(id, sizeof id, "req_sim_%06" PRIu64, x->number);
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "x-request-id", id);
    MHD_add_response_header(response, "openai-processing-ms", "12");
    MHD_add_response_header(response, "x-ratelimit-limit-requests", "10000");
    MHD_add_response_header(response, "x-ratelimit-remaining-requests", "9999");
    MHD_add_response_header(response, "x-ratelimit-reset-requests", "6ms");
    MHD_add_response_header(response, "x-ratelimit-limit-tokens", "2000000");
    MHD_add_response_header(response, "x-ratelimit-remaining-tokens", "1999976");
    MHD_add_response_header(response, "x-ratelimit-reset-tokens", "0s");
}

static enum MHD_Result refuse(struct MHD_Connection *connection, const struct exchange *x, int status,
                              const char *message, const char *type, const char *code)
{
    struct MHD_Response *response;
    enum MHD_Result result;
    char body[512], number[32];
    int n = snprintf(body, sizeof body,
                     "{\"error\":{\"message\":\"%s\",\"type\":\"%s\",\"param\":null,\"code\":%s%s%s}}",
                     message, type, code ? "\"" : "", code ? code : "null", code ? "\"" : "");

    response = MHD_create_response_from_buffer((size_t)n, body, MHD_RESPMEM_MUST_COPY);
    add_headers(response, x, "application/json");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "POST");
    if (x->step.action == GSP__SIM_REFUSE && status == x->step.status && x->step.retry_after >= 0) {
        snprintf(number, sizeof number, "%" PRId64, x->step.retry_after);
        MHD_add_response_header(response, x->step.is_retry_ms ? "retry-after-ms" : "Retry-After", number);
    }
    result = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse_as_told(struct MHD_Connection *connection, const struct exchange *x)
{
    switch (x->step.status) {
    case 429:
        return refuse(connection, x, 429, "Rate limit reached for requests", "requests",
                      "rate_limit_exceeded");
    case 529:
        return refuse(connection, x, 529, "Overloaded", "overloaded_error", NULL);
    case 401:
        return refuse(connection, x, 401, "Incorrect API key provided", "invalid_request_error",
                      "invalid_api_key");
    default:
        if (x->step.status >= 500)
            return refuse(connection, x, x->step.status,
                          "The server had an error while processing your request", "server_error", NULL);
        return refuse(connection, x, x->step.status, "The request is not as it should be",
                      "invalid_request_error", NULL);
    }
}

static enum MHD_Result answer(struct MHD_Connection *connection, struct exchange *x)
{
    struct MHD_Response *response;
    enum MHD_Result result;

    if (x->is_stream) {
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, on_read, x, NULL);
        add_headers(response, x, "text/event-stream; charset=utf-8");
    } else {
        sleep_ms(x->sim, x->sim->options.pace_ms * x->sim->options.n_chunks);
        if (x->step.action == GSP__SIM_STALL)
            stall(x->sim);
        put_document(&x->event, x);
        if (x->step.action == GSP__SIM_DROP_MID) {
            x->event.n /= 2;
            x->n_sent = x->sim->options.n_chunks / 2 + 1;
            response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, on_read, x, NULL);
        } else {
            response = MHD_create_response_from_buffer(x->event.n, x->event.data, MHD_RESPMEM_MUST_COPY);
        }
        add_headers(response, x, "application/json");
    }
    result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static bool is_model(const char *name, size_t max)
{
    return name && *name && strlen(name) < max &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@") ==
               strlen(name);
}

/* What of the request matters for the answer. NULL, or what is wrong with it. */
static const char *read_request(struct exchange *x)
{
    json_t *root = json_loadb(x->body.data ? x->body.data : "", x->body.n, 0, NULL);
    json_t *messages = json_object_get(root, "messages");
    const char *name = json_string_value(json_object_get(root, "model")), *wrong = NULL;

    if (!root) {
        wrong = "We could not parse the JSON body of your request";
    } else if (!is_model(name, sizeof x->model)) {
        wrong = "The request needs a model: up to 127 letters, digits and any of -_./:@";
    } else if (!json_is_array(messages)) {
        wrong = "The request needs messages: an array";
    } else {
        snprintf(x->model, sizeof x->model, "%s", name);
        x->n_messages = (unsigned)json_array_size(messages);
        x->is_stream = json_is_true(json_object_get(root, "stream"));
        x->wants_usage =
            json_is_true(json_object_get(json_object_get(root, "stream_options"), "include_usage"));
    }
    json_decref(root);
    return wrong;
}

/* False if the request names a step for itself that is none. */
static bool choose_step(struct exchange *x, struct MHD_Connection *connection)
{
    const char *wish = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "x-genspan-sim");
    const struct gsp__sim_script *script = &x->sim->options.script;
    struct gsp__sim_script own;

    x->number = atomic_fetch_add(&x->sim->n_requests, 1);
    x->step = script->steps[x->number < script->n_steps ? x->number : script->n_steps - 1];
    if (!wish)
        return true;
    if (gsp__sim_script_parse(wish, &own, NULL) != GSP_OK)
        return false;
    x->step = own.steps[0];
    return true;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), n_end = strlen(end);

    return n >= n_end && strcmp(s + n - n_end, end) == 0;
}

static enum MHD_Result respond(struct MHD_Connection *connection, struct exchange *x, const char *url,
                               const char *method)
{
    bool has_step = choose_step(x, connection);
    const char *wrong;

    if (!ends_with(url, "/chat/completions"))
        return refuse(connection, x, 404, "This simulator speaks POST /v1/chat/completions",
                      "invalid_request_error", "not_found");
    if (strcmp(method, "POST") != 0)
        return refuse(connection, x, 405, "This simulator speaks POST", "invalid_request_error", NULL);
    if (!has_step)
        return refuse(connection, x, 400, "x-genspan-sim: the step is not known (genspan sim --help)",
                      "invalid_request_error", NULL);
    if (x->is_too_large)
        return refuse(connection, x, 413, "The body is larger than 16 MiB", "invalid_request_error", NULL);
    sleep_ms(x->sim, x->sim->options.latency_ms);
    if (x->step.action == GSP__SIM_DROP)
        return MHD_NO;
    if (x->step.action == GSP__SIM_REFUSE)
        return refuse_as_told(connection, x);
    wrong = read_request(x);
    if (wrong)
        return refuse(connection, x, 400, wrong, "invalid_request_error", NULL);
    return answer(connection, x);
}

static enum MHD_Result on_request(void *self, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *n_upload, void **per_connection)
{
    struct gsp__sim *sim = self;
    struct exchange *x = *per_connection;

    (void)version;
    if (!x) {
        x = calloc(1, sizeof *x);
        if (!x)
            return MHD_NO;
        x->sim = sim;
        x->body.max = BODY_MAX;
        *per_connection = x;
        return MHD_YES;
    }
    if (*n_upload > 0) {
        if (!x->is_too_large)
            gsp__buffer_add(&x->body, upload, *n_upload);
        if (x->body.failed) {
            gsp__buffer_deinit(&x->body);
            x->is_too_large = true;
        }
        *n_upload = 0;
        return MHD_YES;
    }
    return respond(connection, x, url, method);
}

static void on_completed(void *self, struct MHD_Connection *connection, void **per_connection,
                         enum MHD_RequestTerminationCode code)
{
    (void)self;
    (void)connection;
    (void)code;
    if (*per_connection)
        free_exchange(*per_connection);
    *per_connection = NULL;
}

gsp_status gsp__sim_start(const struct gsp__sim_options *options, struct gsp__sim **out, gsp_error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options->port)};
    struct gsp__sim *sim = calloc(1, sizeof *sim);
    const union MHD_DaemonInfo *info;

    if (!sim)
        return gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for the simulator");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sim->options = *options;
    errno = 0;
    sim->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD,
                                   (uint16_t)options->port, NULL, NULL, on_request, sim, MHD_OPTION_SOCK_ADDR,
                                   (struct sockaddr *)&address, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                                   NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)N_CONNECTIONS,
                                   MHD_OPTION_CONNECTION_TIMEOUT, 120u, MHD_OPTION_END);
    if (!sim->daemon) {
        free(sim);
        return gsp__fail_errno(err, "the port cannot be listened on: choose another with --port");
    }
    info = MHD_get_daemon_info(sim->daemon, MHD_DAEMON_INFO_BIND_PORT);
    sim->port = info ? info->port : options->port;
    *out = sim;
    return GSP_OK;
}

void gsp__sim_stop(struct gsp__sim *sim)
{
    if (!sim)
        return;
    atomic_store(&sim->stops, 1);
    MHD_stop_daemon(sim->daemon);
    free(sim);
}

unsigned gsp__sim_port(const struct gsp__sim *sim)
{
    return sim->port;
}

uint64_t gsp__sim_requests(const struct gsp__sim *sim)
{
    return atomic_load(&sim->n_requests);
}
