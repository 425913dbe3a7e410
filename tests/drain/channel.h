/*
 * A channel to the test backend, on a clock that stands still.
 */
#ifndef GSP_TESTS_DRAIN_CHANNEL_H
#define GSP_TESTS_DRAIN_CHANNEL_H

#include "support/support.h"

#include "drain/http_channel.h"
#include "support/backend.h"

/* 2023-11-14 22:13:20 UTC, a Tuesday */
#define TEST_UNIX_S 1700000000

struct test_channel {
    struct gsp__drain_config config;
    struct gsp__export_context context;
    struct gsp__http_channel *channel;
    int64_t now_ns;
    struct gsp__partial_success partial;
};

/* Open a channel for traces. Variables of the environment count for nothing. Fails the test if it cannot. */
void test_channel_open(struct test_channel *c, const gsp_drainer_options *options);
/* The same, up to the channel itself. */
void test_channel_init(struct test_channel *c, const gsp_drainer_options *options);
void test_channel_close(struct test_channel *c);

/* Post a short protobuf body. */
enum gsp__post_result test_channel_post(struct test_channel *c);

/* How long from now until it is due, by moving the clock: to the millisecond. -1: more than an hour. */
int64_t test_channel_wait_ms(struct test_channel *c);

/* Unset what would change an exporter: OTEL_*, GENSPAN_*, proxies. */
void test_clear_environment(void);

#endif
