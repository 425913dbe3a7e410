/*
 * What a drainer exported, read back from the files of the file exporter; drainers that write such files;
 * and an exporter that calls back into the test, to be killed in.
 */
#ifndef GSP_TESTS_DRAIN_EXPORTED_H
#define GSP_TESTS_DRAIN_EXPORTED_H

#include "support/support.h"

#include "derive/model.h"
#include "drain/drainer.h"
#include "drain/ring_drain.h"

/* Files in the test directory. Borrowed, good for the life of the program. */
const char *test_traces_file(void);
const char *test_metrics_file(void);
const char *test_logs_file(void);

/* Options of a drainer that writes these files when it is told to flush, and has no spool. */
gsp_drainer_options test_file_options(void);

/* A drainer over the whole test directory with such options; fails the test if it cannot be made. */
struct gsp__drainer *test_drainer(bool dead_only);

/* The same, used once: flush, free. Returns what it reports. */
struct gsp__drain_report test_drain_once(bool dead_only);

/*
 * All spans of a file, in order; none if it is not there. A last line that was cut off is left out, any
 * other that is not OTLP JSON fails the test. Borrowed until the next call.
 */
const struct gsp__span_data *test_spans(const char *path, int *n);

/* The only span in the file with this id, or NULL; fails the test if there are two. As test_spans. */
const struct gsp__span_data *test_span(const char *path, const uint8_t span_id[8]);

/* Attributes: NULL, or the test fails, where there is none. */
const struct gsp__value *test_attribute(const struct gsp__attributes *attributes, const char *key);
int64_t test_int(const struct gsp__attributes *attributes, const char *key);
bool test_is(const struct gsp__attributes *attributes, const char *key, const char *string);
bool test_has_item(const struct gsp__attributes *attributes, const char *key, const char *string);
const struct gsp__span_event *test_event(const struct gsp__span_data *span, const char *name);

/*
 * A metric's count (histograms) or value (sums), in the last line of a file: of all its points, or of
 * those whose attribute `key` is `value`. 0 where there are none.
 */
uint64_t test_metric(const char *path, const char *name, const char *key, const char *value);

/* How many values a bank has of a measure, and their sum if that is asked for. */
uint64_t test_fold_count(struct gsp__ring_drain *ring, enum gsp__measure measure, uint64_t *sum);

/* One of genspan's own counters. */
uint64_t test_fold_own(struct gsp__ring_drain *ring, enum gsp__own_counter counter);

/* Operations with one attempt each, ended; the context of each operation in `out` if that is given. */
void test_record_calls(gsp_recorder *recorder, int n, gsp_context *out);

/* An exporter whose every step is told to a function, by name: "begin", "add", "commit", "metrics". */
struct test_exporter {
    struct gsp__exporter base;
    void (*on_step)(void *self, const char *step, const struct gsp__span_data *spans, uint32_t n_spans);
    void *self;
    bool waits; /* commits are answered "wait" */
    /* Metrics are shown to it and answered so; NULL: done. */
    enum gsp__export_result (*on_metrics)(void *self, const struct gsp__scope_metrics *metrics);
};

/* A batch with this exporter alone; end it with gsp__batch_deinit. */
void test_batch_init(struct gsp__batch *batch, struct test_exporter *exporter);

/* Run fn in a child; the exit status is what it returns, 1000 + the signal if one ended it. 60 s at most. */
int test_in_child(int (*fn)(void *), void *arg);

/* Wait for a child's end, 60 s at most; the exit status as above. */
int test_wait_child(pid_t pid);

#endif
