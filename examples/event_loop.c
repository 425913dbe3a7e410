/*
 * Several chat completions at once in one thread, in an event loop: libcurl's multi_socket interface over
 * epoll. Each call is recorded by gsp_curl_observe and, when it is over, gsp_curl_done.
 *
 *     cc event_loop.c -o event_loop $(pkg-config --cflags --libs genspan-export genspan libcurl)
 *     OPENAI_API_KEY=... ./event_loop
 *
 * OPENAI_BASE_URL names another endpoint of the kind; `genspan sim` prints one that needs no key.
 */
#include <curl/curl.h>
#include <genspan/curl.h>
#include <genspan/export.h>
#include <genspan/genspan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define N_CALLS 4

static const char request_body[] = "{\"model\":\"gpt-4o-mini\",\"stream\":true,"
                                   "\"stream_options\":{\"include_usage\":true},"
                                   "\"messages\":[{\"role\":\"user\",\"content\":\"Say hello.\"}]}";

struct loop {
    CURLM *multi;
    int epoll_fd;
    long long wake_ms; /* when libcurl wants to be called; -1: never */
    int n_running;
};

static long long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *self, void *is_known)
{
    struct loop *loop = self;
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    epoll_ctl(loop->epoll_fd, is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    curl_multi_assign(loop->multi, fd, loop);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *self)
{
    (void)multi;
    ((struct loop *)self)->wake_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    return 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *self)
{
    (void)bytes;
    *(size_t *)self += size * n;
    return size * n;
}

static CURL *start_call(struct loop *loop, gsp_recorder *recorder, const char *url,
                        struct curl_slist *headers, size_t *n_received)
{
    gsp_curl_options options = GSP_CURL_OPTIONS_INIT;
    CURL *easy = curl_easy_init();

    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_body);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, n_received);
    options.waits_for_done = 1; /* this program says when a call is over */
    gsp_curl_observe(easy, recorder, &options);
    curl_multi_add_handle(loop->multi, easy);
    return easy;
}

/* What is over: the result is libcurl's word on it. */
static int finish_calls(struct loop *loop)
{
    CURLMsg *message;
    int n_left, n_failed = 0;

    while ((message = curl_multi_info_read(loop->multi, &n_left))) {
        gsp_curl_done(message->easy_handle, message->data.result);
        n_failed += message->data.result != CURLE_OK;
    }
    return n_failed;
}

static int run(struct loop *loop)
{
    struct epoll_event events[16];
    int n_failed = 0;

    do {
        long long left = loop->wake_ms < 0 ? 1000 : loop->wake_ms - now_ms();
        int n = epoll_wait(loop->epoll_fd, events, 16, left < 0 ? 0 : (int)left);

        for (int i = 0; i < n; i++) {
            int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                       (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                       (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

            curl_multi_socket_action(loop->multi, events[i].data.fd, what, &loop->n_running);
        }
        if (loop->wake_ms >= 0 && now_ms() >= loop->wake_ms) {
            loop->wake_ms = -1;
            curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &loop->n_running);
        }
        n_failed += finish_calls(loop);
    } while (loop->n_running > 0);
    return n_failed;
}

int main(void)
{
    const char *base = getenv("OPENAI_BASE_URL"), *key = getenv("OPENAI_API_KEY");
    struct loop loop = {.wake_ms = -1, .n_running = 1};
    struct curl_slist *headers = NULL;
    size_t n_received[N_CALLS] = {0};
    gsp_drainer *drainer = NULL;
    gsp_recorder *recorder;
    CURL *calls[N_CALLS];
    char line[1000];
    gsp_error err;
    int n_failed;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (gsp_recorder_open(NULL, &recorder, &err) != GSP_OK ||
        gsp_drainer_start(recorder, NULL, &drainer, &err) != GSP_OK)
        fprintf(stderr, "genspan: %s\n", err.text);

    headers = curl_slist_append(headers, "Content-Type: application/json");
    if (key) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", key);
        headers = curl_slist_append(headers, line);
    }
    snprintf(line, sizeof line, "%s/chat/completions", base ? base : "https://api.openai.com/v1");
    loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop.multi = curl_multi_init();
    curl_multi_setopt(loop.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(loop.multi, CURLMOPT_SOCKETDATA, &loop);
    curl_multi_setopt(loop.multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(loop.multi, CURLMOPT_TIMERDATA, &loop);
    for (int i = 0; i < N_CALLS; i++)
        calls[i] = start_call(&loop, recorder, line, headers, &n_received[i]);

    n_failed = run(&loop);

    for (int i = 0; i < N_CALLS; i++) {
        printf("call %d: %s\n", i, n_received[i] > 0 ? "answered" : "nothing");
        curl_multi_remove_handle(loop.multi, calls[i]);
        gsp_curl_forget(calls[i]); /* a program that runs for ever has no end of handles */
        curl_easy_cleanup(calls[i]);
    }
    curl_multi_cleanup(loop.multi);
    close(loop.epoll_fd);
    curl_slist_free_all(headers);
    gsp_drainer_stop(drainer, 5000);
    gsp_recorder_close(recorder);
    curl_global_cleanup();
    return n_failed == 0 ? 0 : 1;
}
