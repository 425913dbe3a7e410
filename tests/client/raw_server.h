/*
 * A server on loopback that answers with bytes as they are told: for what no decent server says. One
 * connection after the other, each in a thread of its own; requests are read whole and kept.
 */
#ifndef GSP_TESTS_RAW_SERVER_H
#define GSP_TESTS_RAW_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct raw_answer {
    const char *bytes;
    size_t n;     /* 0: up to its NUL */
    size_t piece; /* bytes in one write, with a breath after each; 0: all at once */
    bool closes;  /* the connection, after it */
    bool stalls;  /* after it, until the server stops */
};

struct raw_server;

/* One answer for each request, in order over all connections; the last one for all that follow. Borrowed. */
struct raw_server *raw_server_start(const struct raw_answer *answers, size_t n);
void raw_server_stop(struct raw_server *server);

/* http://127.0.0.1:PORT */
const char *raw_server_url(const struct raw_server *server);
size_t raw_server_count(struct raw_server *server);

#endif
