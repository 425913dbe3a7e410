/*
 * The two ends of tests/peers/run.sh that stand on either side of a backend.
 *
 * send: models of all signals go through the OTLP exporter to a backend, a scope a batch, in either encoding,
 * plain and under gzip.
 * check: what the backend kept of it, as NUMBER.SIGNAL.pb in the order it came, must be what was sent.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drain/exporter.h"
#include "otlp/codec.h"

#define ARENA_BYTES ((size_t)16 << 20)

/* What is done with each request, in the order in which they are sent. */
struct visitor {
    struct gsp__exporter *exporter; /* NULL: the request is checked */
    const char *folder;
    int n_requests;
    int n_faults;
};

static void check_request(struct visitor *v, const char *name, const struct test_signal *s,
                          const union test_model *sent)
{
    struct gsp__arena arena;
    union test_model kept;
    gsp_error err = {0};
    const char *fault;
    char path[4096];
    size_t n;
    char *bytes;

    snprintf(path, sizeof path, "%s/%d.%s.pb", v->folder, v->n_requests++, name);
    bytes = test_read_file(path, &n);
    assert_true(gsp__arena_init(&arena, ARENA_BYTES));
    fault = s->from_pb(bytes, n, &arena, &kept, &err) == GSP_OK ? s->difference(sent, &kept) : err.text;
    if (fault)
        fprintf(stderr, "%s: %s\n", path, fault);
    v->n_faults += fault != NULL;
    gsp__arena_deinit(&arena);
    free(bytes);
}

static void send_batch(struct visitor *v, const struct gsp__export_origin *origin,
                       const struct gsp__derived *derived)
{
    struct gsp__export_counts counts = {0};

    v->exporter->ops->begin(v->exporter, origin);
    v->exporter->ops->add(v->exporter, NULL, derived, derived->n_spans);
    v->n_faults += v->exporter->ops->commit(v->exporter, &counts) != GSP__EXPORT_DONE ||
                   counts.n_exported != derived->n_spans || counts.n_logs_exported != derived->n_logs;
}

static void visit_traces(struct visitor *v, const struct gsp__traces *traces)
{
    for (uint32_t i = 0; i < traces->n_resources; i++)
        for (uint32_t k = 0; k < traces->resources[i].n_scopes; k++) {
            const struct gsp__scope_spans *scope = &traces->resources[i].scopes[k];
            struct gsp__resource_spans sent = {traces->resources[i].resource, {"", 0}, scope, 1};
            struct gsp__export_origin origin = {sent.resource, scope->scope, scope->schema_url};
            struct gsp__derived derived = {(struct gsp__span_data *)(uintptr_t)scope->spans, scope->n_spans,
                                           NULL, 0};

            if (v->exporter)
                send_batch(v, &origin, &derived);
            else if (scope->n_spans)
                check_request(v, "traces", &test_traces_signal, &(union test_model){.traces = {&sent, 1}});
        }
}

static void visit_logs(struct visitor *v, const struct gsp__logs *logs)
{
    for (uint32_t i = 0; i < logs->n_resources; i++)
        for (uint32_t k = 0; k < logs->resources[i].n_scopes; k++) {
            const struct gsp__scope_logs *scope = &logs->resources[i].scopes[k];
            struct gsp__resource_logs sent = {logs->resources[i].resource, {"", 0}, scope, 1};
            struct gsp__export_origin origin = {sent.resource, scope->scope, scope->schema_url};
            struct gsp__derived derived = {NULL, 0, (struct gsp__log_data *)(uintptr_t)scope->logs,
                                           scope->n_logs};

            if (v->exporter)
                send_batch(v, &origin, &derived);
            else if (scope->n_logs)
                check_request(v, "logs", &test_logs_signal, &(union test_model){.logs = {&sent, 1}});
        }
}

static void visit_metrics(struct visitor *v, const struct gsp__metrics *metrics)
{
    for (uint32_t i = 0; i < metrics->n_resources; i++) {
        const struct gsp__resource_metrics *sent = &metrics->resources[i];
        struct gsp__export_counts counts = {0};

        if (sent->n_scopes == 0)
            continue; /* genspan's own have one */
        if (v->exporter)
            v->n_faults += v->exporter->ops->metrics(v->exporter, sent, false, &counts) != GSP__EXPORT_DONE;
        else
            check_request(v, "metrics", &test_metrics_signal, &(union test_model){.metrics = {sent, 1}});
    }
}

static void visit_models(struct visitor *v, int first, int n_models, uint64_t *seed)
{
    struct gsp__arena arena;

    assert_true(gsp__arena_init(&arena, ARENA_BYTES));
    for (int i = first; i < first + n_models; i++) {
        const struct test_signal *signals[] = {&test_traces_signal, &test_metrics_signal, &test_logs_signal};
        union test_model models[3];

        gsp__arena_reset(&arena);
        for (int k = 0; k < 3; k++)
            models[k] = i == 0 ? signals[k]->sample() : signals[k]->random(seed, &arena);
        visit_traces(v, &models[0].traces);
        visit_metrics(v, &models[1].metrics);
        visit_logs(v, &models[2].logs);
    }
    gsp__arena_deinit(&arena);
}

/* The exporter for one round: both encodings, plain and under gzip, take turns. */
static struct gsp__exporter *exporter_for(struct gsp__export_context *context,
                                          struct gsp__drain_config *config, int round)
{
    for (int i = 0; i < GSP__SIGNALS; i++) {
        config->signals[i].is_json = round & 1;
        config->signals[i].is_gzip = round & 2;
    }
    return gsp__exporter_otlp(context, NULL);
}

int main(int argc, char **argv)
{
    static struct gsp__drain_config config;
    static struct gsp__export_context context = {.config = &config};
    gsp_drainer_options options = GSP_DRAINER_OPTIONS_INIT;
    bool sends = argc == 5 && strcmp(argv[1], "send") == 0;
    struct visitor v = {.folder = argc == 5 ? argv[2] : ""};
    int n_models;
    uint64_t seed;

    if (argc != 5 || (!sends && strcmp(argv[1], "check") != 0)) {
        fprintf(stderr, "usage: otlp_send send|check URL|FOLDER MODELS SEED\n");
        return 2;
    }
    n_models = atoi(argv[3]);
    seed = strtoull(argv[4], NULL, 0);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    options.endpoint = sends ? argv[2] : NULL;
    options.spool_directory = "-";
    if (gsp__drain_config(&options, &config, NULL) != GSP_OK)
        return 1;
    atomic_store(&context.deadline_ns, INT64_MAX);
    for (int round = 0; round < 4 && v.n_faults == 0; round++) {
        if (sends && !(v.exporter = exporter_for(&context, &config, round)))
            return 1;
        visit_models(&v, round * n_models, n_models, &seed);
        if (sends)
            v.exporter->ops->free(v.exporter);
    }
    return v.n_faults > 0;
}
