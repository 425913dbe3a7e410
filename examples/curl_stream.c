/*
 * A program that streams a chat completion over libcurl, and the one line that records its calls.
 *
 *     cc curl_stream.c -o curl_stream $(pkg-config --cflags --libs genspan-export genspan libcurl)
 *     cc -DBEFORE curl_stream.c -o before $(pkg-config --cflags --libs libcurl)
 *     OPENAI_API_KEY=... ./curl_stream
 *
 * OPENAI_BASE_URL names another endpoint of the kind; `genspan sim` prints one that needs no key.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef BEFORE
#include <genspan/curl.h>
#include <genspan/export.h>
#include <genspan/genspan.h>
#endif

static const char request_body[] = "{\"model\":\"gpt-4o-mini\",\"stream\":true,"
                                   "\"stream_options\":{\"include_usage\":true},"
                                   "\"messages\":[{\"role\":\"user\",\"content\":\"Say hello.\"}]}";

/* What the program does with the stream: here, it shows the events as they come. */
static size_t on_body(char *bytes, size_t size, size_t n, void *self)
{
    (void)self;
    return fwrite(bytes, size, n, stdout);
}

int main(void)
{
    const char *base = getenv("OPENAI_BASE_URL"), *key = getenv("OPENAI_API_KEY");
    struct curl_slist *headers = NULL;
    char line[1000];
    CURLcode code;
    CURL *curl;

    curl_global_init(CURL_GLOBAL_DEFAULT);
#ifndef BEFORE
    /* Once for the whole program. Where calls go is said by OTEL_TRACES_EXPORTER and its like; a failure
     * costs the recording, not the program. */
    gsp_recorder *recorder;
    gsp_drainer *drainer = NULL;
    gsp_error err;

    if (gsp_recorder_open(NULL, &recorder, &err) != GSP_OK ||
        gsp_drainer_start(recorder, NULL, &drainer, &err) != GSP_OK)
        fprintf(stderr, "genspan: %s\n", err.text);
#endif

    curl = curl_easy_init();
    headers = curl_slist_append(headers, "Content-Type: application/json");
    if (key) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", key);
        headers = curl_slist_append(headers, line);
    }
    snprintf(line, sizeof line, "%s/chat/completions", base ? base : "https://api.openai.com/v1");
    curl_easy_setopt(curl, CURLOPT_URL, line);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request_body);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
#ifndef BEFORE
    gsp_curl_observe(curl, recorder, NULL); /* the one line: each transfer of the handle is a recorded call */
#endif

    code = curl_easy_perform(curl);

    if (code != CURLE_OK)
        fprintf(stderr, "%s\n", curl_easy_strerror(code));
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
#ifndef BEFORE
    gsp_drainer_stop(drainer, 5000);
    gsp_recorder_close(recorder);
#endif
    curl_global_cleanup();
    return code == CURLE_OK ? 0 : 1;
}
