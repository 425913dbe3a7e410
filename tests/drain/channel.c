/*
 * A channel to the test backend, on a clock that stands still.
 */
#include "drain/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

extern char **environ;

static int64_t now(void *self)
{
    return ((struct test_channel *)self)->now_ns;
}

static uint64_t unix_now(void *self)
{
    return (uint64_t)TEST_UNIX_S * 1000000000 + (uint64_t)now(self);
}

void test_clear_environment(void)
{
    for (char **e = environ; *e;) {
        char name[128];

        snprintf(name, sizeof name, "%.*s", (int)strcspn(*e, "="), *e);
        if (strncmp(*e, "OTEL_", 5) == 0 || strncmp(*e, "GENSPAN_", 8) == 0 || strcasestr(name, "_proxy")) {
            unsetenv(name);
            e = environ;
        } else {
            e++;
        }
    }
}

void test_channel_init(struct test_channel *c, const gsp_drainer_options *options)
{
    gsp_error err = {0};

    test_clear_environment();
    memset(c, 0, sizeof *c);
    if (gsp__drain_config(options, &c->config, &err) != GSP_OK)
        fail_msg("configuration: %s", err.text);
    c->now_ns = 1000000000;
    c->context.config = &c->config;
    c->context.clock = (struct gsp__clock){now, unix_now, c};
    atomic_store(&c->context.deadline_ns, INT64_MAX);
}

void test_channel_open(struct test_channel *c, const gsp_drainer_options *options)
{
    gsp_error err = {0};

    test_channel_init(c, options);
    if (gsp__channel_open(&c->context, GSP_SIGNAL_TRACES, &c->channel, &err) != GSP_OK)
        fail_msg("channel: %s", err.text);
}

void test_channel_close(struct test_channel *c)
{
    gsp__channel_close(c->channel);
    c->channel = NULL;
}

enum gsp__post_result test_channel_post(struct test_channel *c)
{
    memset(&c->partial, 0, sizeof c->partial);
    return gsp__channel_post(c->channel, false, "body", 4, &c->partial);
}

int64_t test_channel_wait_ms(struct test_channel *c)
{
    int64_t start = c->now_ns, low = 0, high = 3600000, found = -1;

    while (low <= high) {
        int64_t middle = (low + high) / 2;

        c->now_ns = start + middle * 1000000;
        if (gsp__channel_is_due(c->channel)) {
            found = middle;
            high = middle - 1;
        } else {
            low = middle + 1;
        }
    }
    c->now_ns = start;
    return found;
}
