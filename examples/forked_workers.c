/*
 * A server of the forking kind: the parent opens the recorder and exports, its workers make the calls. Each
 * worker records into a ring of its own, made at its first call, and the parent's drainer finds it there;
 * handles that were made before the fork record nothing in a worker, so nothing is told twice.
 *
 *     cc forked_workers.c -o forked_workers $(pkg-config --cflags --libs genspan-export genspan libcurl)
 *     OPENAI_API_KEY=... ./forked_workers
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
#include <sys/wait.h>
#include <unistd.h>

#define N_WORKERS 3
#define N_CALLS   2 /* of each worker */

static const char request_body[] = "{\"model\":\"gpt-4o-mini\","
                                   "\"messages\":[{\"role\":\"user\",\"content\":\"Say hello.\"}]}";

static size_t on_body(char *bytes, size_t size, size_t n, void *self)
{
    (void)bytes;
    (void)self;
    return size * n;
}

/* The work of one worker. The recorder is the parent's, and is the worker's, too. */
static int work(gsp_recorder *recorder, const char *url, struct curl_slist *headers)
{
    CURL *curl = curl_easy_init();
    int n_failed = 0;

    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request_body);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    gsp_curl_observe(curl, recorder, NULL);
    for (int i = 0; i < N_CALLS; i++)
        n_failed += curl_easy_perform(curl) != CURLE_OK;
    curl_easy_cleanup(curl);
    return n_failed;
}

int main(void)
{
    const char *base = getenv("OPENAI_BASE_URL"), *key = getenv("OPENAI_API_KEY");
    struct curl_slist *headers = NULL;
    gsp_drainer *drainer = NULL;
    gsp_recorder *recorder;
    pid_t workers[N_WORKERS];
    int status, n_failed = 0;
    char line[1000];
    gsp_error err;

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

    for (int i = 0; i < N_WORKERS; i++) {
        workers[i] = fork();
        if (workers[i] == 0) {
            int n = work(recorder, line, headers);

            gsp_recorder_close(recorder); /* the worker's: what it recorded stays until it is exported */
            _exit(n == 0 ? 0 : 1);
        }
    }
    for (int i = 0; i < N_WORKERS; i++)
        if (workers[i] < 0 || waitpid(workers[i], &status, 0) < 0 || status != 0)
            n_failed++;
    printf("%d of %d workers are done\n", N_WORKERS - n_failed, N_WORKERS);

    gsp_drainer_stop(drainer, 5000); /* exports what the workers recorded */
    gsp_recorder_close(recorder);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return n_failed == 0 ? 0 : 1;
}
