#include "client/raw_server.h"
#include "support/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64

struct raw_server {
    const struct raw_answer *answers;
    size_t n_answers;
    int fd;
    char url[64];
    pthread_t thread;
    pthread_t connections[CONNECTIONS_MAX];
    int fds[CONNECTIONS_MAX];
    _Atomic size_t n_connections, n_requests;
    _Atomic bool stops;
};

struct one {
    struct raw_server *server;
    int fd;
};

/* Read a request: its head, and its body by length or chunks. False when the connection is over. */
static bool read_request(int fd)
{
    static const char length[] = "content-length:";
    char bytes[65536];
    size_t n = 0, n_body = 0;
    char *end = NULL, *field;

    while (n < sizeof bytes - 1) {
        ssize_t got = recv(fd, bytes + n, sizeof bytes - 1 - n, 0);

        if (got <= 0)
            return false;
        n += (size_t)got;
        bytes[n] = 0;
        end = strstr(bytes, "\r\n\r\n");
        if (!end)
            continue;
        field = strcasestr(bytes, length);
        if (field && field < end)
            n_body = strtoul(field + sizeof length - 1, NULL, 10);
        if (strcasestr(bytes, "transfer-encoding: chunked")) {
            if (strstr(end, "\r\n0\r\n\r\n"))
                return true;
        } else if (n >= (size_t)(end + 4 - bytes) + n_body) {
            return true;
        }
    }
    return false;
}

static bool write_answer(struct raw_server *s, int fd, const struct raw_answer *a)
{
    size_t n = a->n ? a->n : strlen(a->bytes), piece = a->piece ? a->piece : n;

    for (size_t at = 0; at < n; at += piece) {
        size_t n_piece = piece < n - at ? piece : n - at;

        if (send(fd, a->bytes + at, n_piece, MSG_NOSIGNAL) != (ssize_t)n_piece)
            return false;
        if (a->piece)
            nanosleep(&(struct timespec){0, 200000}, NULL);
    }
    while (a->stalls && !atomic_load(&s->stops))
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    return !a->closes;
}

static void *serve(void *self)
{
    struct one one = *(struct one *)self;
    struct raw_server *s = one.server;

    free(self);
    while (read_request(one.fd)) {
        size_t i = atomic_fetch_add(&s->n_requests, 1);

        if (!write_answer(s, one.fd, &s->answers[i < s->n_answers ? i : s->n_answers - 1]))
            break;
    }
    shutdown(one.fd, SHUT_RDWR);
    return NULL;
}

static void *accept_all(void *self)
{
    struct raw_server *s = self;
    int fd;

    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        size_t i = atomic_load(&s->n_connections);
        struct one *one = malloc(sizeof *one);

        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        if (!one || i == CONNECTIONS_MAX)
            abort();
        *one = (struct one){s, fd};
        s->fds[i] = fd;
        if (pthread_create(&s->connections[i], NULL, serve, one) != 0)
            abort();
        atomic_store(&s->n_connections, i + 1);
    }
    return NULL;
}

struct raw_server *raw_server_start(const struct raw_answer *answers, size_t n)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct raw_server *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->answers = answers;
    s->n_answers = n;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(s->fd, 16), 0);
    getsockname(s->fd, (struct sockaddr *)&address, &size);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, accept_all, s), 0);
    return s;
}

void raw_server_stop(struct raw_server *s)
{
    if (!s)
        return;
    atomic_store(&s->stops, true);
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    for (size_t i = 0; i < s->n_connections; i++)
        shutdown(s->fds[i], SHUT_RDWR);
    for (size_t i = 0; i < s->n_connections; i++) {
        pthread_join(s->connections[i], NULL);
        close(s->fds[i]);
    }
    close(s->fd);
    free(s);
}

const char *raw_server_url(const struct raw_server *s)
{
    return s->url;
}

size_t raw_server_count(struct raw_server *s)
{
    return atomic_load(&s->n_requests);
}
