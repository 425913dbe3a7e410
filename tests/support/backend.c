/*
 * A backend for exporters, with libmicrohttpd: one thread for each connection, so that a request that stalls
 * holds up no other. Answers that no HTTP library would write go straight into its socket.
 */
#include "backend.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "support.h"

#define REQUESTS_MAX 4096
#define BODY_MAX     ((size_t)128 << 20)

struct test_backend {
    struct MHD_Daemon *daemon;
    char url[64];
    char *server, *server_key, *authority; /* PEM, with TLS */

    pthread_mutex_t lock;
    pthread_cond_t released;
    struct test_answer *answers; /* a copy: ours while the server's threads read it */
    size_t n_answers;
    size_t n_given;
    bool is_released;
    struct test_request *requests[REQUESTS_MAX];
    size_t n_requests;
};

/*
 * Requests.
 */

static void append(char **to, size_t *n, const void *bytes, size_t n_bytes)
{
    char *larger = *n + n_bytes < BODY_MAX ? realloc(*to, *n + n_bytes + 1) : NULL;

    if (!larger)
        abort(); /* not on the test's thread: there is no test to fail */
    *to = larger;
    memcpy(larger + *n, bytes, n_bytes);
    *n += n_bytes;
    larger[*n] = 0;
}

static enum MHD_Result keep_header(void *self, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct test_request *r = self;
    size_t n = strlen(r->headers);

    (void)kind;
    append(&r->headers, &n, name, strlen(name));
    append(&r->headers, &n, ": ", 2);
    append(&r->headers, &n, value ? value : "", value ? strlen(value) : 0);
    append(&r->headers, &n, "\n", 1);
    return MHD_YES;
}

static void free_request(struct test_request *r)
{
    free(r->headers);
    free(r->body);
    free(r);
}

/*
 * Whether the peer has shown a certificate of our authority. libmicrohttpd leaves that to GnuTLS, which it is
 * linked to; asking it by name spares the tests its headers.
 */
static bool has_good_certificate(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    int (*verify)(void *session, unsigned *status);
    unsigned status = 1;

    *(void **)&verify = dlsym(RTLD_DEFAULT, "gnutls_certificate_verify_peers2");
    return info && info->tls_session && verify && verify(info->tls_session, &status) == 0 && status == 0;
}

static struct test_request *new_request(struct MHD_Connection *connection, const char *method,
                                        const char *path)
{
    struct test_request *r = calloc(1, sizeof *r);

    if (!r || !(r->headers = calloc(1, 1)) || !(r->body = calloc(1, 1)))
        abort();
    snprintf(r->method, sizeof r->method, "%s", method);
    snprintf(r->path, sizeof r->path, "%s", path);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, keep_header, r);
    return r;
}

/*
 * Answers.
 */

/* Keep a request that has come whole, and find its answer. */
static struct test_answer keep(struct test_backend *b, struct test_request *r)
{
    struct test_answer answer = {0};

    pthread_mutex_lock(&b->lock);
    if (b->n_requests < REQUESTS_MAX)
        b->requests[b->n_requests++] = r;
    else
        free_request(r);
    if (b->n_answers > 0)
        answer = b->answers[b->n_given < b->n_answers ? b->n_given : b->n_answers - 1];
    b->n_given++;
    while (answer.stalls && !b->is_released)
        pthread_cond_wait(&b->released, &b->lock);
    pthread_mutex_unlock(&b->lock);
    return answer;
}

/* Bytes that no library would send: straight into the socket, which is then shut. */
static enum MHD_Result answer_raw(struct MHD_Connection *connection, const char *raw)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (info && *raw && send(info->connect_fd, raw, strlen(raw), MSG_NOSIGNAL) < 0)
        return MHD_NO;
    if (info)
        shutdown(info->connect_fd, SHUT_WR);
    return MHD_NO;
}

static ssize_t more_body(void *self, uint64_t at, char *out, size_t n)
{
    (void)self;
    (void)at;
    memset(out, 'x', n);
    return (ssize_t)n;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, const struct test_answer *a)
{
    const char *body = a->body ? a->body : "";
    struct MHD_Response *response;
    enum MHD_Result result;

    if (a->raw)
        return answer_raw(connection, a->raw);
    if (a->is_endless)
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 64 << 10, more_body, NULL, NULL);
    else
        response = MHD_create_response_from_buffer(a->n_body ? a->n_body : strlen(body),
                                                   (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    if (a->type)
        MHD_add_response_header(response, "Content-Type", a->type);
    if (a->retry_after)
        MHD_add_response_header(response, "Retry-After", a->retry_after);
    result = MHD_queue_response(connection, a->status ? a->status : 200, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *self, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *bytes, size_t *n,
                                  void **state)
{
    struct test_request *r = *state;
    struct test_answer answer;

    (void)version;
    if (!r) {
        *state = new_request(connection, method, path);
        return MHD_YES;
    }
    if (*n > 0) {
        append(&r->body, &r->n_body, bytes, *n);
        *n = 0;
        return MHD_YES;
    }
    r->has_client_certificate = has_good_certificate(connection);
    *state = NULL;
    answer = keep(self, r);
    return send_answer(connection, &answer);
}

/* A request that was broken off has been kept by nobody. */
static void on_end(void *self, struct MHD_Connection *connection, void **state,
                   enum MHD_RequestTerminationCode why)
{
    (void)self;
    (void)connection;
    (void)why;
    if (*state)
        free_request(*state);
    *state = NULL;
}

static void say_nothing(void *self, const char *format, va_list args)
{
    (void)self;
    (void)format;
    (void)args;
}

/*
 * Starting and stopping.
 */

static struct sockaddr_in loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static struct test_backend *start(const struct test_certificates *tls)
{
    struct test_backend *b = calloc(1, sizeof *b);
    struct sockaddr_in address = loopback();
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, NULL},
        {MHD_OPTION_HTTPS_MEM_TRUST, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ERROR_LOG;

    assert_non_null(b);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->released, NULL);
    if (tls) {
        flags |= MHD_USE_TLS;
        options[0].ptr_value = b->server = test_read_file(tls->server, NULL);
        options[1].ptr_value = b->server_key = test_read_file(tls->server_key, NULL);
        options[2].ptr_value = b->authority = test_read_file(tls->authority, NULL);
    } else {
        options[0].option = MHD_OPTION_END;
    }
    b->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, b, MHD_OPTION_EXTERNAL_LOGGER, say_nothing,
                                 NULL, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, on_end,
                                 NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    assert_non_null(b->daemon);
    snprintf(b->url, sizeof b->url, "%s://127.0.0.1:%u", tls ? "https" : "http",
             (unsigned)MHD_get_daemon_info(b->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    return b;
}

struct test_backend *test_backend_start(void)
{
    return start(NULL);
}

struct test_backend *test_backend_start_tls(const struct test_certificates *certificates)
{
    return start(certificates);
}

void test_backend_stop(struct test_backend *b)
{
    if (!b)
        return;
    test_backend_release(b);
    MHD_stop_daemon(b->daemon);
    for (size_t i = 0; i < b->n_requests; i++)
        free_request(b->requests[i]);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->released);
    free(b->answers);
    free(b->server);
    free(b->server_key);
    free(b->authority);
    free(b);
}

const char *test_backend_url(const struct test_backend *b)
{
    return b->url;
}

void test_backend_answer(struct test_backend *b, const struct test_answer *answers, size_t n)
{
    struct test_answer *copy = malloc(n * sizeof *copy);

    if (!copy)
        abort();
    memcpy(copy, answers, n * sizeof *copy);
    pthread_mutex_lock(&b->lock);
    free(b->answers);
    b->answers = copy;
    b->n_answers = n;
    b->n_given = 0;
    pthread_mutex_unlock(&b->lock);
}

void test_backend_release(struct test_backend *b)
{
    pthread_mutex_lock(&b->lock);
    b->is_released = true;
    pthread_cond_broadcast(&b->released);
    pthread_mutex_unlock(&b->lock);
}

size_t test_backend_count(struct test_backend *b)
{
    size_t n;

    pthread_mutex_lock(&b->lock);
    n = b->n_requests;
    pthread_mutex_unlock(&b->lock);
    return n;
}

const struct test_request *test_backend_request(struct test_backend *b, size_t i)
{
    if (i >= test_backend_count(b))
        fail_msg("the backend has no request %zu", i);
    return b->requests[i];
}

const char *test_request_header(const struct test_request *r, const char *name)
{
    static char value[1024];
    size_t n = strlen(name);

    for (const char *line = r->headers; *line; line = strchr(line, '\n') + 1)
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line + n + 2, "\n"), line + n + 2);
            return value;
        }
    return NULL;
}

char *test_request_unpack(const struct test_request *r, size_t *n)
{
    z_stream z = {.next_in = (Bytef *)r->body, .avail_in = (uInt)r->n_body};
    size_t cap = (size_t)16 << 20;
    char *out = malloc(cap + 1);

    assert_non_null(out);
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)cap;
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK); /* gzip and nothing else */
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    *n = z.total_out;
    out[*n] = 0;
    inflateEnd(&z);
    return out;
}

const char *test_nobody_url(void)
{
    static char url[64];
    struct sockaddr_in address = loopback();
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    /* bound but not listening, for as long as the program runs: nobody else gets it */
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return url;
}

/*
 * Certificates.
 */

static char certificate_directory[200];

static void remove_certificates(void)
{
    static const char *const names[] = {"ca", "other", "server", "client"};
    char path[300];

    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s.pem", certificate_directory, names[i]);
        unlink(path);
        snprintf(path, sizeof path, "%s/%s.key", certificate_directory, names[i]);
        unlink(path);
    }
    rmdir(certificate_directory);
}

static bool make(const char *name, const char *more)
{
    char command[1200];
    int status;

    snprintf(command, sizeof command,
             "cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
             "-subj /CN=%s -keyout %s.key -out %s.pem %s >/dev/null 2>&1",
             certificate_directory, name, name, name, more);
    status = system(command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool test_certificates_make(struct test_certificates *out)
{
    const char *tmp = getenv("TMPDIR");
    const char *d = certificate_directory;

    snprintf(certificate_directory, sizeof certificate_directory, "%s/genspan-certs-XXXXXX",
             tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(certificate_directory));
    atexit(remove_certificates);
    if (!make("ca", "") || !make("other", "") ||
        !make("server", "-CA ca.pem -CAkey ca.key -addext subjectAltName=IP:127.0.0.1 "
                        "-addext basicConstraints=critical,CA:FALSE") ||
        !make("client", "-CA ca.pem -CAkey ca.key -addext basicConstraints=critical,CA:FALSE")) {
        if (getenv("CI"))
            fail_msg("CI is set and the openssl command cannot make certificates");
        print_message("SKIP: the openssl command cannot make certificates (version 3 or later is needed)\n");
        return false;
    }
    snprintf(out->authority, sizeof out->authority, "%s/ca.pem", d);
    snprintf(out->other_authority, sizeof out->other_authority, "%s/other.pem", d);
    snprintf(out->server, sizeof out->server, "%s/server.pem", d);
    snprintf(out->server_key, sizeof out->server_key, "%s/server.key", d);
    snprintf(out->client, sizeof out->client, "%s/client.pem", d);
    snprintf(out->client_key, sizeof out->client_key, "%s/client.key", d);
    return true;
}
