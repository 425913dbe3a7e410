/*
 * Targets that say what a script has them say, at times of a virtual clock.
 */
#ifndef GSP_TESTS_SCRIPTED_H
#define GSP_TESTS_SCRIPTED_H

#include <genspan/runner.h>
#include <stdbool.h>

#define MS INT64_C(1000000)

/* What happens at a time after the request began. A script ends with the first END, EOF or FAILED, or hangs.
 */
struct scripted_step {
    int64_t at_ms;
    gsp_read_kind kind; /* GSP_READ_NOTHING ends the list: nothing more ever comes */
    gsp_chunk_kind chunk;
    const char *text;
    const char *error;      /* of FAILED: a class */
    int32_t http_status;    /* of FAILED */
    int64_t retry_after_ms; /* of FAILED; 0: not said */
    int64_t output_tokens;  /* usage, 0: none */
    const char *request_id;
    int32_t should_retry;
    bool has_finish;
};

#define SCRIPTED_CALLS_MAX 8

/* A target: the script of its n-th request; the last one repeats. */
struct scripted {
    struct scripted_step calls[SCRIPTED_CALLS_MAX][8];
    int n_calls;
    bool hides_times;                  /* does not say when what it has came */
    const struct scripted_step *probe; /* of probes, or NULL: as any other */

    int n_requests, n_open, n_probes;
    int64_t last_start_ns;
    gsp_stream_exit last_exit;
    int64_t offset_ns;
    uint32_t has_ended;
    size_t n_input;
    int64_t tokens; /* that the latest request reported, probes apart; -1: none */
    const char *model;
    const void *input;
};

extern const gsp_target_io scripted_io;

/* A target of that name; model and provider too. */
gsp_target scripted_target(const char *name, struct scripted *script);

/* Everything that notices told, one line: "attempt(a) error(a,recoverable) wait(100) avail(a,false)". */
struct told {
    char text[4096];
};
void told(void *self, const gsp_notice *notice);

/* Poll until the end under a virtual clock; what was read goes to `text`. Returns the time of the end. */
int64_t scripted_run(gsp_call *call, int64_t now_ns, char *text, size_t cap, gsp_step *out);

#endif
