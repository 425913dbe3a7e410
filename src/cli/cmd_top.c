/*
 * genspan top: calls in flight, read from the rings of living programs. It looks and changes nothing.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "cli/command.h"
#include "derive/call.h"
#include "derive/seconds.h"
#include "derive/stream_stats.h"
#include "drain/waterfall.h"
#include "record/directory.h"

#define CALLS_MAX   2000
#define RECORDS_MAX 16384

static const char help[] =
    "usage: genspan top [OPTION...]\n"
    "\n"
    "Shows the calls in flight in the programs of this machine, live: model, attempt, age, chunks and\n"
    "their rate.\n"
    "\n"
    "  --once        print them once\n"
    "  --interval S  seconds between looks (default 1)\n"
    "  --dir DIR     where rings are (default: GENSPAN_DIR ...)\n"
    "  --help        this\n";

/* One call in flight. */
struct row {
    uint32_t pid;
    uint64_t generation;
    uint32_t index;
    unsigned n_attempts;
    int64_t age_ns;
    uint64_t n_chunks;
    double rate;     /* chunks per second since the first; negative: not known */
    bool is_waiting; /* no attempt is under way */
    char operation[16 + 1];
    char model[28 + 1];
    char provider[14 + 1];
};

struct look {
    struct row rows[CALLS_MAX];
    unsigned n_rows;
    unsigned n_rings;
    struct gsp__arena arena;
    struct gsp__record_ref refs[RECORDS_MAX];
    unsigned n_refs;
    bool is_utf8; /* the terminal's character set */
};

static bool collect(void *self, const struct gsp__record_ref *ref)
{
    struct look *look = self;

    if (ref->state != GSP__CHUNK_OPEN)
        return true;
    look->refs[look->n_refs++] = *ref;
    return look->n_refs < RECORDS_MAX;
}

/* As much of it as its column has room for; whole characters, and none that moves the cursor. */
static void keep(const struct look *look, char *to, size_t cap, struct gsp__string s)
{
    struct gsp__buffer clean = {0};

    gsp__put_terminal_text(&clean, s, cap - 1, look->is_utf8);
    snprintf(to, cap, "%.*s", (int)clean.n, clean.data ? clean.data : "");
    gsp__buffer_deinit(&clean);
}

static void set_progress(struct row *row, const struct gsp__head *h, int64_t now)
{
    int64_t first = gsp__stream_first_content_ns(&h->stream);

    row->n_chunks = h->stream.n_content;
    row->rate = first > 0 && now > first ? (double)row->n_chunks / ((double)(now - first) * 1e-9) : -1;
}

static void add_operation(struct look *look, const struct gsp__reader *reader, const struct gsp__parsed *p)
{
    const struct gsp__head *h = &p->snapshot->head;
    struct row *row = &look->rows[look->n_rows++];

    memset(row, 0, sizeof *row);
    row->pid = reader->header.pid;
    row->index = p->snapshot->ref.index;
    row->generation = p->snapshot->ref.generation;
    row->n_attempts = h->attempt_number;
    row->is_waiting = true;
    row->age_ns = gsp__elapsed_ns(h->start_ns, gsp__clock_monotonic_ns());
    keep(look, row->operation, sizeof row->operation, gsp__parsed_string(p, GSP_FACT_OPERATION));
    keep(look, row->model, sizeof row->model, gsp__parsed_string(p, GSP_FACT_REQUEST_MODEL));
    set_progress(row, h, gsp__clock_monotonic_ns());
}

/* What the attempt under way tells of its call. */
static void add_attempt(struct look *look, unsigned first_row, const struct gsp__parsed *p)
{
    const struct gsp__head *h = &p->snapshot->head;

    for (unsigned i = first_row; i < look->n_rows; i++) {
        struct row *row = &look->rows[i];

        if (gsp__handle(row->index, row->generation) != h->operation)
            continue;
        row->is_waiting = false;
        keep(look, row->provider, sizeof row->provider, gsp__parsed_string(p, GSP_FACT_PROVIDER));
        if (!row->model[0]) /* its caller named none: what is sent tells it */
            keep(look, row->model, sizeof row->model, gsp__parsed_string(p, GSP_FACT_REQUEST_MODEL));
        if (h->stream.n_content > 0)
            set_progress(row, h, gsp__clock_monotonic_ns());
    }
}

static void look_at_kind(struct look *look, struct gsp__reader *reader, unsigned first_row,
                         enum gsp__record_kind kind)
{
    for (unsigned i = 0; i < look->n_refs && look->n_rows < CALLS_MAX; i++) {
        struct gsp__snapshot snapshot;
        struct gsp__parsed parsed;

        gsp__arena_reset(&look->arena);
        if (look->refs[i].kind != kind ||
            gsp__reader_snapshot(reader, &look->refs[i], &look->arena, &snapshot) != GSP__SNAPSHOT_OK ||
            !gsp__parse(&snapshot, &look->arena, &parsed))
            continue;
        if (kind == GSP__RECORD_OPERATION)
            add_operation(look, reader, &parsed);
        else
            add_attempt(look, first_row, &parsed);
    }
}

static bool visit(void *self, const char *path)
{
    struct look *look = self;
    unsigned first_row = look->n_rows;
    struct gsp__reader *reader;

    if (gsp__reader_open(path, GSP__READ_ONLY, &reader, NULL) != GSP_OK)
        return true;
    if (gsp__reader_is_live(reader)) {
        look->n_rings++;
        look->n_refs = 0;
        gsp__reader_scan(reader, collect, look);
        look_at_kind(look, reader, first_row, GSP__RECORD_OPERATION);
        look_at_kind(look, reader, first_row, GSP__RECORD_ATTEMPT);
    }
    gsp__reader_close(reader);
    return true;
}

static int by_age(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    return (x->age_ns < y->age_ns) - (x->age_ns > y->age_ns);
}

/* False when nobody reads it any more. */
static bool print(struct look *look, bool clears)
{
    struct gsp__buffer out = {0};

    qsort(look->rows, look->n_rows, sizeof look->rows[0], by_age);
    if (clears)
        gsp__buffer_add_string(&out, "\x1b[H\x1b[2J");
    gsp__buffer_printf(&out, "%u call%s in flight, %u program%s recording\n", look->n_rows,
                       look->n_rows == 1 ? "" : "s", look->n_rings, look->n_rings == 1 ? "" : "s");
    if (look->n_rows)
        gsp__buffer_printf(&out, "%8s  %-16s %-28s %-14s %7s %9s %7s %8s\n", "PID", "OPERATION", "MODEL",
                           "PROVIDER", "ATTEMPT", "AGE", "CHUNKS", "PER S");
    for (unsigned i = 0; i < look->n_rows; i++) {
        const struct row *r = &look->rows[i];
        struct gsp__buffer age = {0};

        gsp__put_duration(&age, r->age_ns < 0 ? 0 : r->age_ns, look->is_utf8);
        gsp__buffer_printf(&out, "%8u  %-16s %-28s %-14s ", r->pid, r->operation, r->model, r->provider);
        if (r->is_waiting && r->n_attempts > 0)
            gsp__buffer_printf(&out, "%7s", "wait");
        else if (r->n_attempts > 0)
            gsp__buffer_printf(&out, "%7u", r->n_attempts - 1);
        else
            gsp__buffer_printf(&out, "%7s", "-");
        gsp__buffer_printf(&out, " %9.*s %7" PRIu64, (int)age.n, age.data ? age.data : "", r->n_chunks);
        if (r->rate >= 0)
            gsp__buffer_printf(&out, " %8.1f\n", r->rate);
        else
            gsp__buffer_printf(&out, " %8s\n", "-");
        gsp__buffer_deinit(&age);
    }
    fwrite(out.data, 1, out.n, stdout);
    gsp__buffer_deinit(&out);
    return fflush(stdout) == 0 && !ferror(stdout);
}

enum {
    ONCE = GSP__OPTION_FIRST,
    INTERVAL,
    DIRECTORY,
    HELP,
};

/* Returns -1 to go on, else the exit code. */
static int parse(int argc, char **argv, bool *is_once, uint64_t *interval_s, const char **directory)
{
    static const struct option options[] = {
        {"once", no_argument, NULL, ONCE},
        {"interval", required_argument, NULL, INTERVAL},
        {"dir", required_argument, NULL, DIRECTORY},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (c) {
        case ONCE:
            *is_once = true;
            break;
        case INTERVAL:
            if (!gsp__option_number("top", "--interval", optarg, 1, 3600, interval_s))
                return GSP__EXIT_USAGE;
            break;
        case DIRECTORY:
            *directory = optarg;
            break;
        case 'h':
        case HELP:
            fputs(help, stdout);
            return GSP__EXIT_OK;
        default:
            return gsp__bad_option("top", argc, argv, c);
        }
    }
    if (optind < argc)
        return gsp__usage_error("top", "what is \"%s\"? top takes only options", argv[optind]);
    return -1;
}

int gsp__cmd_top(int argc, char **argv)
{
    char found[GSP__DIRECTORY_MAX];
    const char *directory = NULL;
    uint64_t interval_s = 1;
    bool is_once = false;
    struct look *look;
    gsp_error err = {0};
    int code = parse(argc, argv, &is_once, &interval_s, &directory);

    if (code >= 0)
        return code;
    look = calloc(1, sizeof *look);
    if (!look || !gsp__arena_init(&look->arena, (size_t)4 << 20) ||
        gsp__directory_find(directory, found, &err) != GSP_OK) {
        gsp__complain("top", "%s", err.text ? err.text : "no memory");
        if (look)
            gsp__arena_deinit(&look->arena);
        free(look);
        return GSP__EXIT_FAILED;
    }
    look->is_utf8 = gsp__waterfall_style_of(STDOUT_FILENO).is_utf8;
    gsp__catch_signals();
    code = GSP__EXIT_OK;
    do {
        look->n_rows = look->n_rings = 0;
        if (gsp__directory_list(found, visit, look, &err) != GSP_OK) {
            gsp__complain("top", "%s: %s", found, err.text);
            code = GSP__EXIT_FAILED;
            break;
        }
        if (!print(look, !is_once && isatty(STDOUT_FILENO))) {
            code = GSP__EXIT_FAILED;
            break;
        }
    } while (!is_once && gsp__sleep_ms((int64_t)interval_s * 1000));
    gsp__arena_deinit(&look->arena);
    free(look);
    return code;
}
