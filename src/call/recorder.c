/*
 * Opening and closing a recorder: options, then environment variables, then defaults.
 */
#include "call/recorder_type.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/env.h"
#include "base/status.h"
#include "base/warn.h"
#include "record/directory.h"
#include "record/resource.h"

#define RING_BYTES_DEFAULT   ((uint64_t)8 << 20)
#define RING_BYTES_MIN       ((uint64_t)64 << 10)
#define RING_BYTES_MAX       ((uint64_t)1 << 30)
#define RECORD_BYTES_DEFAULT (64u << 10)
#define RECORD_BYTES_MIN     (4u << 10)
#define RECORD_BYTES_MAX     (1u << 20)
#define COUNT_DEFAULT        128u
#define COUNT_MAX            65535u

/* An option, else the first of its variables that has a good value, else the default. */
static uint64_t pick(uint64_t option, const char *variable, const char *second, uint64_t min, uint64_t max,
                     uint64_t fallback)
{
    uint64_t value = fallback;

    if (option)
        return option;
    if (!gsp__env_u64(variable, min, max, &value) && second)
        gsp__env_u64(second, min, max, &value);
    return value;
}

static uint32_t pick_count(uint32_t option, const char *variable, const char *second)
{
    uint64_t n = pick(option, variable, second, 0, COUNT_MAX, COUNT_DEFAULT);

    return n < COUNT_MAX ? (uint32_t)n : COUNT_MAX;
}

static void set_limits(const gsp_recorder_options *o, struct gsp__limits *l)
{
    l->n_attributes =
        pick_count(o->n_attributes_max, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT");
    l->n_events = pick_count(o->n_events_max, "OTEL_SPAN_EVENT_COUNT_LIMIT", NULL);
    l->n_links = pick_count(o->n_links_max, "OTEL_SPAN_LINK_COUNT_LIMIT", NULL);
    l->n_event_attributes = pick_count(o->n_event_attributes_max, "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", NULL);
    l->n_link_attributes = pick_count(o->n_link_attributes_max, "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", NULL);
    l->value_length =
        (uint32_t)pick(o->value_length_max, "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                       "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", 0, GSP__NO_LIMIT - 1, GSP__NO_LIMIT);
    l->record_bytes = (uint32_t)pick(o->record_bytes, "GENSPAN_RECORD_BYTES", NULL, RECORD_BYTES_MIN,
                                     RECORD_BYTES_MAX, RECORD_BYTES_DEFAULT);
}

static bool capture_of(const char *word, uint32_t *out)
{
    static const char *const words[] = {"NO_CONTENT", "SPAN_ONLY", "EVENT_ONLY", "SPAN_AND_EVENT"};

    for (uint32_t i = 0; i < GSP__COUNT_OF(words); i++)
        if (strcasecmp(word, words[i]) == 0) {
            *out = i;
            return true;
        }
    if (strcasecmp(word, "true") == 0) {
        *out = GSP__CAPTURE_SPAN;
        return true;
    }
    *out = GSP__CAPTURE_NONE;
    return strcasecmp(word, "false") == 0;
}

static gsp_status set_capture(const gsp_recorder_options *o, struct gsp__ring_config *c, gsp_error *err)
{
    static const char name[] = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
    const char *variable = gsp__env(name);

    c->capture = GSP__CAPTURE_NONE;
    if (o->capture && *o->capture) {
        if (!capture_of(o->capture, &c->capture))
            return gsp__fail(err, GSP_ERR_INVALID,
                             "capture: not one of NO_CONTENT, SPAN_ONLY, "
                             "EVENT_ONLY, SPAN_AND_EVENT");
    } else if (variable && !capture_of(variable, &c->capture)) {
        gsp__warn_once(name, "%s=\"%.64s\" is not known: no content is captured", name, variable);
    }
    return GSP_OK;
}

static gsp_status set_sizes(const gsp_recorder_options *o, struct gsp__ring_config *c, gsp_error *err)
{
    c->ring_bytes =
        pick(o->ring_bytes, "GENSPAN_RING_BYTES", NULL, RING_BYTES_MIN, RING_BYTES_MAX, RING_BYTES_DEFAULT);
    if (c->ring_bytes < RING_BYTES_MIN || c->ring_bytes > RING_BYTES_MAX)
        return gsp__fail(err, GSP_ERR_INVALID, "ring_bytes: not from 64 KiB to 1 GiB");
    if (c->limits.record_bytes < RECORD_BYTES_MIN || c->limits.record_bytes > RECORD_BYTES_MAX)
        return gsp__fail(err, GSP_ERR_INVALID, "record_bytes: not from 4 KiB to 1 MiB");
    c->content_bytes = 0;
    if (c->capture != GSP__CAPTURE_NONE)
        c->content_bytes = pick(o->content_bytes, "GENSPAN_CONTENT_BYTES", NULL, GSP__CONTENT_BYTES,
                                RING_BYTES_MAX, c->ring_bytes / 4);
    if (c->content_bytes > RING_BYTES_MAX)
        return gsp__fail(err, GSP_ERR_INVALID, "content_bytes: more than 1 GiB");
    return GSP_OK;
}

static gid_t group_from_env(void)
{
    const char *name = gsp__env("GENSPAN_GROUP");
    struct group *group = name ? getgrnam(name) : NULL;

    if (name && !group)
        gsp__warn_once("GENSPAN_GROUP", "GENSPAN_GROUP=\"%.64s\" is no group here: ignored", name);
    return group ? group->gr_gid : (gid_t)-1;
}

static gsp_status set_dialect(const gsp_recorder_options *o, struct gsp__ring_config *c, gsp_error *err)
{
    const char *dialect = o->dialect && *o->dialect ? o->dialect : NULL;
    const char *variable = dialect ? NULL : gsp__env("GENSPAN_DIALECT");

    if (dialect && strlen(dialect) >= sizeof c->dialect)
        return gsp__fail(err, GSP_ERR_INVALID, "dialect: the list is too long");
    if (variable && strlen(variable) >= sizeof c->dialect) {
        gsp__warn_once("GENSPAN_DIALECT", "GENSPAN_DIALECT is longer than %d bytes: otel is used",
                       (int)sizeof c->dialect - 1);
        variable = NULL;
    }
    if (!dialect)
        dialect = variable ? variable : "otel";
    memcpy(c->dialect, dialect, strlen(dialect) + 1);
    return GSP_OK;
}

/* Whether a lone attempt has no span of its own (OP-2). */
static bool wants_several_attempts(void)
{
    const char *when = gsp__env("GENSPAN_ATTEMPT_SPANS");

    if (when && strcmp(when, "multiple") == 0)
        return true;
    if (when && strcmp(when, "always") != 0)
        gsp__warn_once("GENSPAN_ATTEMPT_SPANS",
                       "GENSPAN_ATTEMPT_SPANS=\"%.64s\" is neither always nor multiple: always is used",
                       when);
    return false;
}

static gsp_status configure(const gsp_recorder_options *o, struct gsp__ring_config *c, gsp_error *err)
{
    gsp_status status;

    set_limits(o, &c->limits);
    status = set_capture(o, c, err);
    if (status == GSP_OK)
        status = set_sizes(o, c, err);
    if (status == GSP_OK)
        status = set_dialect(o, c, err);
    if (status == GSP_OK)
        status = gsp__directory_find(o->directory, c->directory, err);
    if (status != GSP_OK)
        return status;
    c->attempt_spans = wants_several_attempts();
    c->group = group_from_env();
    c->seed = o->seed;
    if (o->clock && o->clock->struct_size >= sizeof *o->clock) {
        c->clock.now_ns = o->clock->now_ns;
        c->clock.now_unix_ns = o->clock->now_unix_ns;
        c->clock.self = o->clock->self;
    }
    c->n_resource =
        gsp__resource_entries(o->service_name, o->resource_attributes, c->resource, sizeof c->resource);
    return GSP_OK;
}

gsp_status gsp_recorder_open(const gsp_recorder_options *options, gsp_recorder **out, gsp_error *err)
{
    gsp_recorder_options defaults = GSP_RECORDER_OPTIONS_INIT;
    const gsp_recorder_options *o = gsp__options(options, &defaults, sizeof defaults);
    struct gsp__ring_config *config;
    gsp_recorder *recorder;
    gsp_status status;

    *out = NULL;
    if (gsp__env_bool("OTEL_SDK_DISABLED"))
        return gsp__fail(err, GSP_ERR_DISABLED, "OTEL_SDK_DISABLED is true: nothing is recorded");
    recorder = calloc(1, sizeof *recorder);
    config = calloc(1, sizeof *config);
    if (!recorder || !config) {
        status = gsp__fail(err, GSP_ERR_NO_MEMORY, "no memory for a recorder");
        goto out;
    }
    if (!gsp__sampler_set(&recorder->sampler, o->sampler, o->sampler_ratio)) {
        status = gsp__fail(err, GSP_ERR_INVALID,
                           "sampler: not one of always_on, always_off, "
                           "traceidratio, or parentbased_ before one of them");
        goto out;
    }
    status = configure(o, config, err);
    if (status == GSP_OK) {
        gsp__directory_tidy(config->directory);
        status = gsp__ring_open(config, &recorder->ring, err);
    }
    if (status == GSP_OK) {
        *out = recorder;
        recorder = NULL;
    }
out:
    free(config);
    free(recorder);
    return status;
}

void gsp_recorder_close(gsp_recorder *recorder)
{
    if (!recorder)
        return;
    if (gsp__ring_is_live(recorder->ring))
        gsp__records_abandon(recorder->ring, 0, 0);
    gsp__ring_close(recorder->ring);
    free(recorder);
}

const char *gsp_recorder_path(const gsp_recorder *recorder)
{
    return recorder ? recorder->ring->path : NULL;
}

uint64_t gsp_recorder_loss(const gsp_recorder *recorder, gsp_loss reason)
{
    if (!recorder || (unsigned)reason >= GSP_LOSS_LIMIT || !gsp__ring_is_live(recorder->ring))
        return 0;
    return atomic_load_explicit(&recorder->ring->map.header->loss[reason], memory_order_relaxed);
}

int64_t gsp_recorder_now_ns(const gsp_recorder *recorder)
{
    return recorder ? gsp__ring_now_ns(recorder->ring) : 0;
}

struct gsp__record gsp__recorder_start(gsp_recorder *recorder, const struct gsp__record_start *start)
{
    struct gsp__record r = {NULL, NULL};
    bool is_sampled;

    if (!recorder)
        return r;
    r = gsp__record_start(recorder->ring, start);
    if (!r.head)
        return r;
    is_sampled = gsp__sampler_decide(&recorder->sampler, r.head->trace_id,
                                     r.head->flags & GSP__FLAG_HAS_PARENT ? start->parent : NULL);
    r.head->trace_flags &= (uint8_t)~GSP_TRACE_FLAG_SAMPLED;
    if (is_sampled)
        r.head->trace_flags |= GSP_TRACE_FLAG_SAMPLED;
    if (!(r.head->flags & GSP__FLAG_HAS_PARENT))
        r.head->trace_flags |= GSP_TRACE_FLAG_RANDOM;
    return r;
}
