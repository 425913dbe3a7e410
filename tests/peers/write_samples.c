/*
 * Writes the hand-made models in both encodings to a folder: traces.pb, traces.json, metrics.pb,
 * metrics.json. tests/peers/run.sh lets the official Python package read them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "otlp/encode_json.h"
#include "otlp/encode_protobuf.h"
#include "otlp/sample.h"

static int write_file(const char *folder, const char *name, const void *bytes, size_t n)
{
    char path[4096];
    FILE *f;

    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return 1;
    f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
        perror(path);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static uint8_t room[1 << 20];
    struct gsp__buffer json = {0};
    struct gsp__pb_writer w;
    int failed;

    if (argc != 2) {
        fprintf(stderr, "usage: otlp_samples FOLDER\n");
        return 2;
    }
    gsp__pb_write_init(&w, room, sizeof room);
    gsp__otlp_traces_pb(&w, test_sample_traces());
    gsp__otlp_traces_json(&json, test_sample_traces());
    if (w.is_full || json.failed)
        return 1;
    failed = write_file(argv[1], "traces.pb", w.at, (size_t)(room + sizeof room - w.at));
    failed |= write_file(argv[1], "traces.json", json.data, json.n);

    gsp__buffer_clear(&json);
    gsp__pb_write_init(&w, room, sizeof room);
    gsp__otlp_metrics_pb(&w, test_sample_metrics());
    gsp__otlp_metrics_json(&json, test_sample_metrics());
    if (w.is_full || json.failed)
        return 1;
    failed |= write_file(argv[1], "metrics.pb", w.at, (size_t)(room + sizeof room - w.at));
    failed |= write_file(argv[1], "metrics.json", json.data, json.n);
    gsp__buffer_deinit(&json);
    return failed;
}
