/*
 * The two ends of tests/peers/run.sh. Model 0 is the hand-made one, the others are random.
 *
 * write: each model in both encodings, as SIGNAL-NUMBER.pb and .json.
 * check: the same models as another program wrote them, SIGNAL-NUMBER.official.pb and .official.json, are
 * read and must be what they were.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otlp/codec.h"

#define ARENA_BYTES ((size_t)16 << 20)

static const struct {
    const char *name;
    const struct test_signal *signal;
} signals[] = {
    {"traces", &test_traces_signal}, {"metrics", &test_metrics_signal}, {"logs", &test_logs_signal}};

static const char *path_of(const char *folder, const char *name, int number, const char *end)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/%s-%d.%s", folder, name, number, end);
    return path;
}

static void write_one(const char *folder, const char *name, int number, const struct test_signal *s,
                      const union test_model *m)
{
    size_t n;
    uint8_t *pb = test_to_pb(s, m, &n);
    char *json = test_to_json(s, m);

    test_write_file(path_of(folder, name, number, "pb"), pb, n);
    test_write_file(path_of(folder, name, number, "json"), json, strlen(json));
    free(pb);
    free(json);
}

/* What is wrong with a file, or NULL. */
static const char *fault_of(const char *path, bool is_json, const struct test_signal *s,
                            const union test_model *m)
{
    static char fault[700];
    struct gsp__arena arena;
    union test_model read;
    gsp_error err = {0};
    gsp_status status;
    const char *difference = NULL;
    size_t n;
    char *bytes = test_read_file(path, &n);

    assert_true(gsp__arena_init(&arena, ARENA_BYTES));
    status =
        is_json ? s->from_json(bytes, n, &arena, &read, &err) : s->from_pb(bytes, n, &arena, &read, &err);
    if (status != GSP_OK)
        difference = err.text;
    else
        difference = s->difference(m, &read);
    if (difference)
        snprintf(fault, sizeof fault, "%s", difference);
    gsp__arena_deinit(&arena);
    free(bytes);
    return difference ? fault : NULL;
}

static int check_one(const char *folder, const char *name, int number, const struct test_signal *s,
                     const union test_model *m)
{
    int n_faults = 0;

    for (int is_json = 0; is_json < 2; is_json++) {
        const char *path = path_of(folder, name, number, is_json ? "official.json" : "official.pb");
        const char *fault = fault_of(path, is_json, s, m);

        if (fault)
            fprintf(stderr, "%s: %s\n", path, fault);
        n_faults += fault != NULL;
    }
    return n_faults;
}

int main(int argc, char **argv)
{
    struct gsp__arena arena;
    bool is_check = argc == 5 && strcmp(argv[1], "check") == 0;
    uint64_t seed;
    int n_models, n_faults = 0;

    if (argc != 5 || (!is_check && strcmp(argv[1], "write") != 0)) {
        fprintf(stderr, "usage: otlp_samples write|check FOLDER MODELS SEED\n");
        return 2;
    }
    n_models = atoi(argv[3]);
    seed = strtoull(argv[4], NULL, 0);
    if (!gsp__arena_init(&arena, ARENA_BYTES))
        return 1;
    for (int i = 0; i < n_models; i++)
        for (size_t k = 0; k < sizeof signals / sizeof signals[0]; k++) {
            const struct test_signal *s = signals[k].signal;
            union test_model m;

            gsp__arena_reset(&arena);
            m = i == 0 ? s->sample() : s->random(&seed, &arena);
            if (is_check)
                n_faults += check_one(argv[2], signals[k].name, i, s, &m);
            else
                write_one(argv[2], signals[k].name, i, s, &m);
        }
    gsp__arena_deinit(&arena);
    return n_faults > 0;
}
