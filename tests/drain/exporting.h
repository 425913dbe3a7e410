/*
 * An exporter by itself: batches of made-up spans and log records go in, what comes out is read back.
 */
#ifndef GSP_TESTS_DRAIN_EXPORTING_H
#define GSP_TESTS_DRAIN_EXPORTING_H

#include "drain/channel.h"

typedef struct gsp__exporter *test_maker(struct gsp__export_context *context, gsp_error *err);

struct test_exporting {
    struct test_channel c; /* configuration and clock; its channel is not used */
    struct gsp__exporter *exporter;
    struct gsp__export_counts counts; /* of all commits and ticks so far */
};

void test_exporting_start(struct test_exporting *e, test_maker *make, const gsp_drainer_options *options);
void test_exporting_end(struct test_exporting *e);

/*
 * Begin a batch and add one call for each name in "a B -C": one span, one record; where the name is in
 * capitals a log record, too, and with a dash before it nothing but a log record.
 */
void test_exporting_add(struct test_exporting *e, const char *names);
enum gsp__export_result test_exporting_commit(struct test_exporting *e);
/* All three. */
enum gsp__export_result test_export(struct test_exporting *e, const char *names);

/* Export one counter of this value. */
enum gsp__export_result test_export_metrics(struct test_exporting *e, int64_t value, bool must_keep);

bool test_exporting_tick(struct test_exporting *e);

/* A batch with one span whose only attribute has so many bytes. */
enum gsp__export_result test_export_large(struct test_exporting *e, size_t n_bytes);
/* A batch with one small span, and one log record whose body has so many bytes. */
enum gsp__export_result test_export_large_log(struct test_exporting *e, size_t n_bytes);

/* The names of all spans in a body, as "a b c". Fails the test if it is no OTLP. Borrowed until the next
 * call. */
const char *test_names_in(const void *bytes, size_t n, bool is_json);

/* The same of the log records' event names. */
const char *test_events_in(const void *bytes, size_t n, bool is_json);

/* The only counter's value in a body. */
int64_t test_value_in(const void *bytes, size_t n, bool is_json);

/* What test_exporting_add gives: the resource's service.name, the scope's name, its schema URL. */
#define TEST_SERVICE    "exporting"
#define TEST_SCOPE      "a-scope"
#define TEST_SCHEMA_URL "http://schema/1"

#endif
