/*
 * How fast the decoders read: per format, over the streamed exchanges of GENSPAN_SHARED's corpus (or our own
 * fixtures where it is absent), capture off. Beside it, in the same run: memchr for every line end of the
 * same bytes, and general JSON readers on each event's JSON.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "wire/decoder.h"
#include "wire/registry.h"

#ifdef HAVE_JSMN
#define JSMN_STATIC
#include <jsmn.h>
#endif
#ifdef HAVE_YAJL
#include <yajl/yajl_parse.h>
#endif
#ifdef HAVE_CJSON
#include <cjson/cJSON.h>
#endif

#define N_BATCHES    15
#define BATCH_BYTES  ((size_t)8 << 20)
#define N_BODIES_MAX 2048
#define CUT          16384 /* as much as a TLS record holds */

struct body {
    char *bytes;
    size_t n;
    enum gsp__framing framing;
};

/* The JSON documents of events. */
struct document {
    const char *bytes;
    size_t n;
};

static struct body bodies[N_BODIES_MAX];
static int n_bodies;
static struct document *documents;
static size_t n_documents, n_document_bytes;
static uint64_t n_seen; /* so that nothing is optimised away */

/*
 * A sink that takes everything and keeps nothing.
 */

static void take_string(void *self, unsigned fact, unsigned index, const char *bytes, size_t n, bool is_cut)
{
    (void)self, (void)fact, (void)index, (void)bytes, (void)is_cut;
    n_seen += n;
}

static void take_integer(void *self, unsigned fact, int64_t value)
{
    (void)self, (void)fact;
    n_seen += (uint64_t)value;
}

static void take_real(void *self, unsigned fact, double value)
{
    (void)self, (void)fact, (void)value;
    n_seen++;
}

static void take_boolean(void *self, unsigned fact, bool value)
{
    (void)self, (void)fact;
    n_seen += value;
}

static void take_usage(void *self, gsp_usage part, int64_t tokens)
{
    (void)self, (void)part;
    n_seen += (uint64_t)tokens;
}

static void take_mark(void *self, gsp_mark mark, int64_t now_ns)
{
    (void)self, (void)now_ns;
    n_seen += mark;
}

static void take_error(void *self)
{
    (void)self;
    n_seen++;
}

static const struct gsp__sink sink = {
    .string = take_string,
    .integer = take_integer,
    .real = take_real,
    .boolean = take_boolean,
    .usage = take_usage,
    .mark = take_mark,
    .error = take_error,
};

/*
 * Input.
 */

static enum gsp__framing framing_named(const char *name)
{
    for (int f = GSP__FRAMING_UNKNOWN + 1; f < GSP__FRAMING_OTHER; f++)
        if (strcmp(gsp__framing_name((enum gsp__framing)f), name) == 0)
            return (enum gsp__framing)f;
    return GSP__FRAMING_OTHER;
}

static void clear_bodies(void)
{
    while (n_bodies > 0)
        free(bodies[--n_bodies].bytes);
}

static void add_body(const char *bytes, size_t n, enum gsp__framing framing)
{
    if (n_bodies == N_BODIES_MAX || n == 0)
        return;
    bodies[n_bodies].bytes = malloc(n);
    if (!bodies[n_bodies].bytes)
        abort();
    memcpy(bodies[n_bodies].bytes, bytes, n);
    bodies[n_bodies].n = n;
    bodies[n_bodies++].framing = framing;
}

/* The exchanges of one file that have this framing. */
static void load_corpus(const char *path, const char *framing)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (!f)
        return;
    while ((n = getline(&line, &room, f)) > 0) {
        json_t *row = json_loadb(line, (size_t)n, 0, NULL);
        json_t *body = json_object_get(row, "response_body");
        const char *of = json_string_value(json_object_get(json_object_get(row, "expect"), "framing"));

        if (body && of && strcmp(of, framing) == 0)
            add_body(json_string_value(body), json_string_length(body), framing_named(framing));
        json_decref(row);
    }
    free(line);
    fclose(f);
}

static void add_document(const char *bytes, size_t n)
{
    if (n == 0 || bytes[0] != '{')
        return;
    documents = realloc(documents, (n_documents + 1) * sizeof *documents);
    if (!documents)
        abort();
    documents[n_documents].bytes = bytes;
    documents[n_documents++].n = n;
    n_document_bytes += n;
}

/* The JSON of each event, as the peers are to read it. */
static void find_documents(void)
{
    n_documents = 0;
    n_document_bytes = 0;
    for (int i = 0; i < n_bodies; i++) {
        const char *p = bodies[i].bytes, *end = p + bodies[i].n;

        if (bodies[i].framing != GSP__FRAMING_SSE) {
            add_document(p, bodies[i].n);
            continue;
        }
        while (p < end) {
            const char *line_end = memchr(p, '\n', (size_t)(end - p));

            if (!line_end)
                line_end = end;
            if (line_end - p > 6 && memcmp(p, "data: ", 6) == 0)
                add_document(p + 6, (size_t)(line_end - p) - 6);
            p = line_end + 1;
        }
    }
}

/*
 * What is measured: one pass over all bodies or documents.
 */

static const struct gsp__format *format;

static void decode_all(void)
{
    static struct gsp__decoder d;

    for (int i = 0; i < n_bodies; i++) {
        gsp__decoder_init(&d, format, bodies[i].framing, &sink, NULL);
        for (size_t at = 0; at < bodies[i].n; at += CUT)
            gsp__decoder_body(&d, bodies[i].bytes + at, bodies[i].n - at < CUT ? bodies[i].n - at : CUT, 1);
        gsp__decoder_finish(&d, 1);
    }
}

static void memchr_all(void)
{
    for (int i = 0; i < n_bodies; i++) {
        const char *p = bodies[i].bytes, *end = p + bodies[i].n;

        while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
            n_seen++;
            p++;
        }
    }
}

#ifdef HAVE_JSMN
static void jsmn_all(void)
{
    static jsmntok_t tokens[65536];

    for (size_t i = 0; i < n_documents; i++) {
        jsmn_parser parser;

        jsmn_init(&parser);
        n_seen += (uint64_t)jsmn_parse(&parser, documents[i].bytes, documents[i].n, tokens, 65536);
    }
}
#endif

#ifdef HAVE_YAJL
static int count_one(void *self)
{
    (void)self;
    n_seen++;
    return 1;
}

static int count_boolean(void *self, int value)
{
    (void)value;
    return count_one(self);
}

static int count_text(void *self, const unsigned char *text, size_t n)
{
    (void)text, (void)n;
    return count_one(self);
}

static int count_number(void *self, const char *text, size_t n)
{
    (void)text, (void)n;
    return count_one(self);
}

static void yajl_all(void)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = count_one,
        .yajl_boolean = count_boolean,
        .yajl_number = count_number,
        .yajl_string = count_text,
        .yajl_start_map = count_one,
        .yajl_map_key = count_text,
        .yajl_end_map = count_one,
        .yajl_start_array = count_one,
        .yajl_end_array = count_one,
    };

    for (size_t i = 0; i < n_documents; i++) {
        yajl_handle handle = yajl_alloc(&callbacks, NULL, NULL);

        yajl_parse(handle, (const unsigned char *)documents[i].bytes, documents[i].n);
        yajl_complete_parse(handle);
        yajl_free(handle);
    }
}
#endif

#ifdef HAVE_CJSON
static void cjson_all(void)
{
    for (size_t i = 0; i < n_documents; i++) {
        cJSON *document = cJSON_ParseWithLength(documents[i].bytes, documents[i].n);

        n_seen += document != NULL;
        cJSON_Delete(document);
    }
}
#endif

static size_t n_body_bytes(void)
{
    size_t n = 0;

    for (int i = 0; i < n_bodies; i++)
        n += bodies[i].n;
    return n;
}

static const struct {
    const char *name;
    void (*pass)(void);
    bool is_of_documents; /* the bytes it reads are those of the documents alone */
} readers[] = {
    {"genspan", decode_all, false}, {"memchr", memchr_all, false},
#ifdef HAVE_JSMN
    {"jsmn", jsmn_all, true},
#endif
#ifdef HAVE_YAJL
    {"yajl", yajl_all, true},
#endif
#ifdef HAVE_CJSON
    {"cJSON", cjson_all, true},
#endif
};

#define N_READERS (sizeof readers / sizeof readers[0])

/* All readers take turns, batch by batch, so that a noisy moment hits them alike. */
static void measure(const char *what)
{
    double ns[N_READERS][N_BATCHES], median[N_READERS];
    size_t n_bytes = n_body_bytes();
    int n_passes = n_bytes ? (int)(BATCH_BYTES / n_bytes) + 1 : 0;

    if (n_bodies == 0)
        return;
    find_documents();
    for (int batch = 0; batch < N_BATCHES; batch++)
        for (size_t r = 0; r < N_READERS; r++) {
            int64_t start = bench_now();

            for (int i = 0; i < n_passes; i++)
                readers[r].pass();
            ns[r][batch] = (double)(bench_now() - start) / n_passes;
        }
    printf("%s: %d bodies, %zu events, %zu bytes each on average\n", what, n_bodies, n_documents,
           n_documents ? n_bytes / n_documents : 0);
    for (size_t r = 0; r < N_READERS; r++) {
        double n = (double)n_bytes;

        median[r] = bench_median(ns[r], N_BATCHES);
        bench_line(readers[r].name, n / median[r], "GB/s",
                   "%.0f ns per event of 256 bytes, %.2f times genspan's time", median[r] * 256 / n,
                   median[r] / median[0]);
    }
}

static const char *shared_directory(void)
{
    const char *shared = getenv("GENSPAN_SHARED");

    return shared ? shared : "../shared";
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);

    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

static int is_corpus(const struct dirent *entry)
{
    return ends_with(entry->d_name, ".jsonl");
}

/* bench_wire [FORMAT]: all formats, or one. */
int main(int argc, char **argv)
{
    static const char *const framings[] = {"sse", "ndjson", "eventstream", "json"};
    struct dirent **files;
    char directory[512];
    int n;

    snprintf(directory, sizeof directory, "%s/corpus", shared_directory());
    n = scandir(directory, &files, is_corpus, alphasort);
    printf("decoding\n");
    if (n <= 0)
        printf("  left out: no corpus in %s (see GENSPAN_SHARED)\n", directory);
    for (int i = 0; i < n; i++) {
        char path[1024], name[300];

        snprintf(path, sizeof path, "%s/%s", directory, files[i]->d_name);
        snprintf(name, sizeof name, "%.*s", (int)strlen(files[i]->d_name) - 6, files[i]->d_name);
        format = argc < 2 || strcmp(argv[1], name) == 0 ? gsp__registry_named(name) : NULL;
        for (size_t f = 0; format && f < sizeof framings / sizeof framings[0]; f++) {
            char what[400];

            load_corpus(path, framings[f]);
            snprintf(what, sizeof what, "%s, %s", name, framings[f]);
            measure(what);
            clear_bodies();
        }
        free(files[i]);
    }
    bench_line("state of a response", (double)sizeof(struct gsp__decoder), "bytes", "goal: under 4096");
    bench_line("state of a request", (double)sizeof(struct gsp__request_decoder), "bytes", "");
    return n_seen == 1;
}
