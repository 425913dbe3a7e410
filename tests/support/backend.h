/*
 * A backend for exporters, on loopback, at a port of the kernel's choice: keeps every request and gives the
 * answers it was told to give, also such as no decent backend would.
 */
#ifndef GSP_TESTS_BACKEND_H
#define GSP_TESTS_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

struct test_answer {
    unsigned status;         /* 0: 200 */
    const char *type;        /* Content-Type, or NULL */
    const char *retry_after; /* or NULL */
    const char *body;        /* or NULL */
    size_t n_body;           /* 0: the body ends at its NUL */
    bool stalls;             /* no answer before test_backend_release */
    bool is_endless;         /* the body never ends */
    const char *raw;         /* instead of all that: these bytes, then the connection ends */
};

struct test_request {
    char method[8];
    char path[256];
    char *headers; /* lines "Name: value\n" */
    char *body;    /* NUL-terminated */
    size_t n_body;
    bool has_client_certificate; /* TLS: one that the authority vouches for */
};

struct test_backend;

/* Files in PEM. */
struct test_certificates {
    char authority[300];
    char other_authority[300]; /* has signed none of these */
    char server[300], server_key[300];
    char client[300], client_key[300];
};

/* Make them with the `openssl` command, in a directory of their own. False if there is none (CI set: fails).
 */
bool test_certificates_make(struct test_certificates *out);

/* Answers 200 with an empty body until told otherwise. */
struct test_backend *test_backend_start(void);
/* Over TLS, asking for a client's certificate. */
struct test_backend *test_backend_start_tls(const struct test_certificates *certificates);
void test_backend_stop(struct test_backend *backend);

/* http://127.0.0.1:PORT or https://... */
const char *test_backend_url(const struct test_backend *backend);

/* From now on: one answer for each request, in order; the last one for all that follow. Their texts are
 * borrowed. */
void test_backend_answer(struct test_backend *backend, const struct test_answer *answers, size_t n);

/* Let the requests that stall go, and those that come. */
void test_backend_release(struct test_backend *backend);

/* How many requests have come, whole. */
size_t test_backend_count(struct test_backend *backend);

/* The i-th. Borrowed, until the backend stops. Fails the test if there is none. */
const struct test_request *test_backend_request(struct test_backend *backend, size_t i);

/* A header's value by its name in any case, or NULL. Borrowed until the next call. */
const char *test_request_header(const struct test_request *request, const char *name);

/* The body under gzip, unpacked; free() it. */
char *test_request_unpack(const struct test_request *request, size_t *n);

/* A port of loopback where nobody listens, as a URL. Borrowed until the next call. */
const char *test_nobody_url(void);

#endif
