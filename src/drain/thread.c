/*
 * The drainer in a thread of the process: genspan/export.h.
 */
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/status.h"
#include "drain/config.h"
#include "drain/drainer.h"

#define TICK_NS      100000000
#define DRAINERS_MAX 16

struct gsp_drainer {
    struct gsp__drainer *core;
    pthread_t thread;
    pid_t pid; /* of the process whose thread it is */
    uint32_t exit_timeout_ms;

    pthread_mutex_t lock;
    pthread_cond_t wake; /* something is asked of the thread, or it has done what was asked */
    bool stops;
    uint64_t n_asked; /* flushes */
    uint64_t n_done;
    uint32_t timeout_ms; /* of the flush that is asked for */
    bool is_last;
    bool is_alone; /* stopped, but its thread was stuck in an exporter: that frees it when it comes back */
    gsp_status result;
};

/* The drainers of this process, for exit. In a forked child the list is the parent's: its pids say so. */
static gsp_drainer *_Atomic drainers[DRAINERS_MAX];
static gsp_drainer *_Atomic ended[DRAINERS_MAX]; /* at exit: the program may still hold them */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void at_exit(void);

static void set_up_process(void)
{
    /* libcurl and its TLS library register their own clean-up; ours comes after it, and so runs first */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    atexit(at_exit);
}

static struct timespec after(int64_t ns)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    ns += ts.tv_nsec;
    ts.tv_sec += ns / 1000000000;
    ts.tv_nsec = ns % 1000000000;
    return ts;
}

static void do_flush(gsp_drainer *d)
{
    uint64_t asked = d->n_asked;
    uint32_t timeout_ms = d->timeout_ms;
    bool is_last = d->is_last;
    gsp_status result;

    pthread_mutex_unlock(&d->lock);
    result = gsp__drainer_flush(d->core, timeout_ms, is_last);
    pthread_mutex_lock(&d->lock);
    d->n_done = asked;
    d->result = result;
    pthread_cond_broadcast(&d->wake);
}

static void free_drainer(gsp_drainer *d)
{
    gsp__drainer_free(d->core);
    pthread_mutex_destroy(&d->lock);
    pthread_cond_destroy(&d->wake);
    free(d);
}

static void *run(void *self)
{
    gsp_drainer *d = self;
    bool is_alone;

    prctl(PR_SET_NAME, "genspan-drain");
    pthread_mutex_lock(&d->lock);
    while (!d->stops || d->n_asked != d->n_done) {
        struct timespec until = after(TICK_NS);

        if (d->n_asked != d->n_done) {
            do_flush(d);
            continue;
        }
        pthread_cond_timedwait(&d->wake, &d->lock, &until);
        if (d->stops || d->n_asked != d->n_done)
            continue;
        pthread_mutex_unlock(&d->lock);
        gsp__drainer_tick(d->core);
        pthread_mutex_lock(&d->lock);
    }
    is_alone = d->is_alone;
    pthread_mutex_unlock(&d->lock);
    if (is_alone)
        free_drainer(d);
    return NULL;
}

/* Signals are the program's: none is to be handled on our thread. */
static int start_thread(gsp_drainer *d)
{
    sigset_t all, before;
    int e;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    e = pthread_create(&d->thread, NULL, run, d);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return e;
}

static bool enlist(gsp_drainer *d)
{
    for (int i = 0; i < DRAINERS_MAX; i++) {
        gsp_drainer *nobody = NULL;

        if (atomic_compare_exchange_strong(&drainers[i], &nobody, d))
            return true;
    }
    return false;
}

/* True if it was still listed: then it is for the caller to free. */
static bool delist(gsp_drainer *d)
{
    for (int i = 0; i < DRAINERS_MAX; i++) {
        gsp_drainer *self = d;

        if (atomic_compare_exchange_strong(&drainers[i], &self, NULL))
            return true;
    }
    return false;
}

gsp_status gsp_drainer_start(gsp_recorder *recorder, const gsp_drainer_options *options, gsp_drainer **out,
                             gsp_error *err)
{
    gsp_drainer_options o = GSP_DRAINER_OPTIONS_INIT;
    struct gsp__drain_scope scope = {0};
    char directory[512];
    pthread_condattr_t attributes;
    gsp_drainer *d;
    gsp_status status;

    *out = NULL;
    if (!recorder || !gsp_recorder_path(recorder) || strlen(gsp_recorder_path(recorder)) >= sizeof directory)
        return gsp__fail(err, GSP_ERR_INVALID, "a drainer needs a recorder that is open");
    if (options)
        memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    pthread_once(&once, set_up_process);
    scope.only = gsp_recorder_path(recorder);
    memcpy(directory, scope.only, strlen(scope.only) + 1);
    *strrchr(directory, '/') = 0;
    scope.directory = directory;
    d = calloc(1, sizeof *d);
    if (!d)
        return gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for a drainer");
    pthread_mutex_init(&d->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&d->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    d->pid = getpid();
    status = gsp__drainer_new(&scope, &o, &d->core, err);
    if (status == GSP_OK) {
        d->exit_timeout_ms = gsp__drainer_config(d->core)->exit_timeout_ms;
        if (!enlist(d)) {
            status = gsp__fail(err, GSP_ERR_NO_SPACE, "too many drainers in this process");
        } else if (start_thread(d) != 0) {
            delist(d);
            status = gsp__fail(err, GSP_ERR_NO_MEMORY, "no thread for a drainer");
        }
    }
    if (status != GSP_OK) {
        free_drainer(d);
        return status;
    }
    *out = d;
    return GSP_OK;
}

/* Ask the thread to flush, and wait until it has, or until somewhat after it should have. */
static gsp_status ask(gsp_drainer *d, uint32_t timeout_ms, bool is_last)
{
    struct timespec until = after(((int64_t)timeout_ms + 1500) * 1000000);
    gsp_status result = GSP_ERR_TIMEOUT;
    uint64_t mine;

    pthread_mutex_lock(&d->lock);
    if (d->stops) { /* at exit: what came since is for another drainer */
        pthread_mutex_unlock(&d->lock);
        return GSP_ERR_TIMEOUT;
    }
    if (is_last || d->n_asked == d->n_done) /* not that of a flush that another thread waits for */
        gsp__drainer_set_deadline(d->core, gsp__clock_monotonic_ns() + (int64_t)timeout_ms * 1000000);
    mine = ++d->n_asked;
    d->timeout_ms = timeout_ms;
    d->is_last = is_last;
    d->stops = is_last;
    pthread_cond_broadcast(&d->wake);
    while (d->n_done < mine && pthread_cond_timedwait(&d->wake, &d->lock, &until) != ETIMEDOUT)
        ;
    if (d->n_done >= mine)
        result = d->result;
    pthread_mutex_unlock(&d->lock);
    return result;
}

gsp_status gsp_drainer_flush(gsp_drainer *d, uint32_t timeout_ms)
{
    if (!d || d->pid != getpid()) /* a forked child has no thread */
        return GSP_OK;
    return ask(d, timeout_ms, false);
}

/* Flush a last time and wait for the thread's end; not for longer than the flush may take. False if the
 * thread is stuck in an exporter. With `leaves_alone` that then frees the drainer itself. */
static bool end_thread(gsp_drainer *d, uint32_t timeout_ms, bool leaves_alone, gsp_status *result)
{
    bool is_stuck;

    *result = ask(d, timeout_ms, true);
    pthread_mutex_lock(&d->lock);
    is_stuck = d->n_done != d->n_asked;
    d->is_alone = is_stuck && leaves_alone;
    if (is_stuck)
        pthread_detach(d->thread);
    pthread_mutex_unlock(&d->lock);
    if (!is_stuck)
        pthread_join(d->thread, NULL);
    return !is_stuck;
}

gsp_status gsp_drainer_stop(gsp_drainer *d, uint32_t timeout_ms)
{
    gsp_status result = GSP_OK;

    if (d && d->pid == getpid() && delist(d) && end_thread(d, timeout_ms, true, &result))
        free_drainer(d);
    return result;
}

/* The struct stays: the program may still call stop on it, after us. */
static void at_exit(void)
{
    gsp_status result;

    for (int i = 0; i < DRAINERS_MAX; i++) {
        gsp_drainer *d = atomic_load(&drainers[i]);

        if (!d || d->pid != getpid() || !delist(d))
            continue;
        atomic_store(&ended[i], d);
        if (end_thread(d, d->exit_timeout_ms, false, &result))
            gsp__drainer_let_go(d->core);
    }
}

gsp_status gsp_drainer_take(gsp_drainer *d, gsp_signal signal, void **out, size_t *n_bytes)
{
    *out = NULL;
    *n_bytes = 0;
    return d ? gsp__drainer_take(d->core, signal, out, n_bytes) : GSP_ERR_INVALID;
}
