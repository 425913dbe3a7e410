/*
 * A call as a picture in the terminal.
 */
#include "drain/waterfall.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/env.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "derive/seconds.h"
#include "derive/stream_stats.h"

#define NS_PER_MS 1000000
#define NS_PER_S  1000000000

struct gsp__waterfall_style gsp__waterfall_style_of(int fd)
{
    struct gsp__waterfall_style style = {.width = 100};
    const char *locale = gsp__env("LC_ALL");
    struct winsize size;
    uint64_t columns;

    if (!locale)
        locale = gsp__env("LC_CTYPE");
    if (!locale)
        locale = gsp__env("LANG");
    style.is_utf8 = locale && (strcasestr(locale, "utf-8") || strcasestr(locale, "utf8"));
    style.has_colour = isatty(fd) && !gsp__env("NO_COLOR");
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        style.width = size.ws_col;
    else if (gsp__env_u64("COLUMNS", 20, 1000, &columns))
        style.width = (unsigned)columns;
    if (style.width < 60)
        style.width = 60;
    if (style.width > 120)
        style.width = 120;
    return style;
}

void gsp__put_duration(struct gsp__buffer *out, int64_t ns, bool is_utf8)
{
    if (ns < NS_PER_MS)
        gsp__buffer_printf(out, "%" PRId64 " %ss", ns / 1000, is_utf8 ? "\xc2\xb5" : "u");
    else if (ns < 10 * (int64_t)NS_PER_MS)
        gsp__buffer_printf(out, "%.1f ms", (double)ns / NS_PER_MS);
    else if (ns < NS_PER_S)
        gsp__buffer_printf(out, "%" PRId64 " ms", ns / NS_PER_MS);
    else if (ns < 60 * (int64_t)NS_PER_S)
        gsp__buffer_printf(out, "%.2f s", (double)ns / NS_PER_S);
    else
        gsp__buffer_printf(out, "%" PRId64 " m %" PRId64 " s", ns / NS_PER_S / 60, ns / NS_PER_S % 60);
}

/* Whether a character stays where it is put: no control, no line separator, nothing that turns the direction
 * of writing. */
static bool is_tame(const char *text, size_t n)
{
    const unsigned char *c = (const unsigned char *)text;

    if (n == 1)
        return c[0] >= 0x20 && c[0] != 0x7f;
    if (n == 2)
        return c[0] != 0xc2 || c[1] >= 0xa0;
    return n > 3 || c[0] != 0xe2 ||
           !((c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae) ||
             (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

void gsp__put_terminal_text(struct gsp__buffer *out, struct gsp__string s, size_t max, bool is_utf8)
{
    char clean[3 * 256];
    size_t n = gsp__utf8_sanitize(clean, sizeof clean, s.bytes, gsp__utf8_cut(s.bytes, s.n, 256)), step;

    if (n > max)
        n = gsp__utf8_cut(clean, n, max);
    for (size_t i = 0; i < n; i += step) {
        step = gsp__utf8_chars(clean + i, n - i, 1);
        if (!is_tame(clean + i, step))
            gsp__buffer_add_char(out, '.');
        else if (step > 1 && !is_utf8)
            gsp__buffer_add_char(out, '?');
        else
            gsp__buffer_add(out, clean + i, step);
    }
}

struct picture {
    struct gsp__buffer *out;
    const struct gsp__waterfall_style *style;
    int64_t start_ns, end_ns;
};

enum colour {
    PLAIN,
    BOLD,
    DIM,
    RED,
    GREEN,
};

static void colour(struct picture *p, enum colour c)
{
    static const char *const codes[] = {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m"};

    if (p->style->has_colour)
        gsp__buffer_add_string(p->out, codes[c]);
}

static void put_text(struct picture *p, struct gsp__string s, size_t max)
{
    gsp__put_terminal_text(p->out, s, max, p->style->is_utf8);
}

static void put_fact(struct picture *p, const char *before, struct gsp__string s)
{
    if (s.n == 0)
        return;
    gsp__buffer_add_string(p->out, before);
    put_text(p, s, 64);
}

static const struct gsp__head *head_of(const struct gsp__call_record *r)
{
    return &r->parsed.snapshot->head;
}

static const char *outcome_name(unsigned outcome)
{
    static const char *const names[] = {"ended", "completed", "failed", "cancelled", "abandoned", "crashed"};

    return outcome < GSP__COUNT_OF(names) ? names[outcome] : "?";
}

static enum colour outcome_colour(unsigned outcome)
{
    if (outcome == GSP_OUTCOME_COMPLETED)
        return GREEN;
    return outcome == GSP_OUTCOME_FAILED || outcome == GSP_OUTCOME_CRASHED ? RED : DIM;
}

/* The fact of the operation, else of the attempt that speaks for it. */
static struct gsp__string fact_of(const struct gsp__call *call, unsigned fact)
{
    struct gsp__string s = gsp__parsed_string(&call->root->parsed, fact);

    if (s.n == 0 && call->served)
        s = gsp__parsed_string(&call->served->parsed, fact);
    if (s.n == 0 && call->n_attempts > 0)
        s = gsp__parsed_string(&call->attempts[call->n_attempts - 1].parsed, fact);
    return s;
}

static const struct gsp__head *streaming_head(const struct gsp__call *call)
{
    return call->served && head_of(call->root)->stream.n_events == 0 ? head_of(call->served)
                                                                     : head_of(call->root);
}

static const struct gsp__head *usage_head(const struct gsp__call *call)
{
    return call->served && head_of(call->root)->usage_seen == 0 ? head_of(call->served) : head_of(call->root);
}

static void put_head(struct picture *p, const struct gsp__call *call)
{
    const struct gsp__ending *end = &call->root->ending;
    struct gsp__string name = gsp__parsed_string(&call->root->parsed, GSP_FACT_OPERATION);

    colour(p, BOLD);
    if (name.n == 0)
        name = gsp__parsed_string(&call->root->parsed, GSP__FACT_SPAN_NAME);
    put_text(p, name.n ? name : GSP__STRING("attempt"), 64);
    put_fact(p, " ", fact_of(call, GSP_FACT_REQUEST_MODEL));
    colour(p, PLAIN);
    gsp__buffer_add_string(p->out, "  ");
    gsp__put_duration(p->out, gsp__elapsed_ns(head_of(call->root)->start_ns, end->end_ns), p->style->is_utf8);
    gsp__buffer_add_string(p->out, "  ");
    colour(p, outcome_colour(end->outcome));
    gsp__buffer_add_string(p->out, outcome_name(end->outcome));
    put_fact(p, " ", end->error_type);
    colour(p, PLAIN);
    if (call->n_attempts > 1) {
        gsp__buffer_printf(p->out, "  %u attempts", call->n_attempts);
        if (call->wait_ns > 0) {
            gsp__buffer_add_string(p->out, ", ");
            gsp__put_duration(p->out, call->wait_ns, p->style->is_utf8);
            gsp__buffer_add_string(p->out, " waiting");
        }
    }
    gsp__buffer_add_char(p->out, '\n');
}

static void put_tokens(struct picture *p, const struct gsp__head *h)
{
    static const struct {
        gsp_usage part;
        const char *name;
    } parts[] = {{GSP_USAGE_INPUT_TOKENS, "in"},
                 {GSP_USAGE_OUTPUT_TOKENS, "out"},
                 {GSP_USAGE_CACHE_READ_TOKENS, "cached"},
                 {GSP_USAGE_REASONING_TOKENS, "reasoning"}};
    const char *between = "  tokens ";

    for (size_t i = 0; i < GSP__COUNT_OF(parts); i++) {
        bool is_part = i >= 2; /* said only when there are any */

        if (!(h->usage_seen & 1u << parts[i].part) || (is_part && h->usage[parts[i].part] == 0))
            continue;
        gsp__buffer_printf(p->out, "%s%" PRId64 " %s", between, h->usage[parts[i].part], parts[i].name);
        between = ", ";
    }
    if (h->usage_source == GSP_USAGE_MISSING)
        gsp__buffer_add_string(p->out, "  tokens not reported");
    else if (h->usage_source == GSP_USAGE_PARTIAL)
        gsp__buffer_add_string(p->out, " (partial)");
}

static void put_facts(struct picture *p, const struct gsp__call *call)
{
    const struct gsp__head *stream = streaming_head(call), *usage = usage_head(call);
    int64_t first = gsp__stream_first_content_ns(&stream->stream);
    size_t before = p->out->n;
    double rate;

    put_fact(p, "  provider ", fact_of(call, GSP_FACT_PROVIDER));
    put_fact(p, "  answered by ", fact_of(call, GSP_FACT_RESPONSE_MODEL));
    if (first > 0) {
        gsp__buffer_add_string(p->out, "  first chunk after ");
        gsp__put_duration(p->out, gsp__elapsed_ns(head_of(call->root)->start_ns, first), p->style->is_utf8);
        gsp__buffer_printf(p->out, "  %" PRIu64 " chunk%s", stream->stream.n_content,
                           stream->stream.n_content == 1 ? "" : "s");
    }
    put_tokens(p, usage);
    if (call->served && gsp__stream_output_rate(&stream->stream, usage, call->served->ending.end_ns, &rate))
        gsp__buffer_printf(p->out, ", %.1f/s", rate);
    if (p->out->n > before)
        gsp__buffer_add_char(p->out, '\n');
}

/*
 * Bars.
 */

static unsigned column(const struct picture *p, int64_t ns, unsigned width)
{
    int64_t span = gsp__elapsed_ns(p->start_ns, p->end_ns);

    if (span == 0 || ns <= p->start_ns)
        return 0;
    if (ns >= p->end_ns)
        return width;
    return (unsigned)((double)gsp__elapsed_ns(p->start_ns, ns) / (double)span * width);
}

static void put_times(struct picture *p, const char *what, unsigned n)
{
    while (n-- > 0)
        gsp__buffer_add_string(p->out, what);
}

static void put_bar(struct picture *p, int64_t from, int64_t first_chunk, int64_t to, unsigned width)
{
    const char *before = p->style->is_utf8 ? "\xe2\x96\x91" : "-"; /* light shade: nothing yet */
    const char *after = p->style->is_utf8 ? "\xe2\x96\x93" : "=";  /* dark shade: content flows */
    unsigned a = column(p, from, width), c = column(p, to, width);
    unsigned b = first_chunk > 0 ? column(p, first_chunk, width) : c;

    if (a >= width)
        a = width - 1;
    if (c <= a)
        c = a + 1;
    if (b < a)
        b = a;
    if (first_chunk > 0 && b >= c)
        b = c - 1;
    put_times(p, " ", a);
    put_times(p, before, b - a);
    put_times(p, after, c - b);
    put_times(p, " ", width - c);
}

static void put_wait(struct picture *p, int64_t from, int64_t to, unsigned width)
{
    const char *dot = p->style->is_utf8 ? "\xc2\xb7" : ".";
    unsigned a = column(p, from, width), c = column(p, to, width);

    if (c <= a)
        c = a + 1;
    if (c > width)
        c = width;
    if (a >= c)
        a = c - 1;
    put_times(p, " ", a);
    put_times(p, dot, c - a);
    put_times(p, " ", width - c);
}

/* The label of a line, padded to a width in characters. */
static void put_label(struct picture *p, const char *tree, const char *text, unsigned width)
{
    int n = (int)strlen(text);

    gsp__buffer_add_string(p->out, tree);
    gsp__buffer_add_string(p->out, text);
    put_times(p, " ", n < (int)width ? width - (unsigned)n : 1);
}

static void put_attempt_end(struct picture *p, const struct gsp__call_record *r)
{
    const struct gsp__entry_view *status = gsp__parsed_fact(&r->parsed, GSP_FACT_HTTP_STATUS);
    int64_t first = gsp__stream_first_content_ns(&head_of(r)->stream);

    gsp__buffer_add_char(p->out, ' ');
    gsp__put_duration(p->out, gsp__elapsed_ns(head_of(r)->start_ns, r->ending.end_ns), p->style->is_utf8);
    gsp__buffer_add_string(p->out, "  ");
    colour(p, outcome_colour(r->ending.outcome));
    if (r->ending.error_type.n)
        put_text(p, r->ending.error_type, 32);
    else
        gsp__buffer_add_string(p->out, outcome_name(r->ending.outcome));
    colour(p, PLAIN);
    if (status && status->kind == GSP__ENTRY_INT32)
        gsp__buffer_printf(p->out, " (%" PRId64 ")", status->scalar.i);
    if (first > 0) {
        gsp__buffer_add_string(p->out, "  first chunk ");
        gsp__put_duration(p->out, gsp__elapsed_ns(head_of(r)->start_ns, first), p->style->is_utf8);
    }
    gsp__buffer_add_char(p->out, '\n');
}

/* All ids of an attempt, each once. */
static void put_ids(struct picture *p, const char *tree, const struct gsp__parsed *parsed)
{
    const char *between = "request ids ";
    bool has_any = false;

    for (uint16_t i = 0; i < parsed->n_entries; i++) {
        const struct gsp__entry_view *e = &parsed->entries[i];
        bool is_known = false;

        if (e->fact != GSP_FACT_REQUEST_ID || e->kind != GSP__ENTRY_ITEM)
            continue;
        for (uint16_t k = 0; k < i; k++)
            is_known |= parsed->entries[k].fact == e->fact && parsed->entries[k].n_payload == e->n_payload &&
                        memcmp(parsed->entries[k].payload, e->payload, e->n_payload) == 0;
        if (is_known)
            continue;
        if (!has_any) {
            gsp__buffer_add_string(p->out, tree);
            colour(p, DIM);
        }
        gsp__buffer_add_string(p->out, between);
        put_text(p, (struct gsp__string){(const char *)e->payload, e->n_payload}, 64);
        between = ", ";
        has_any = true;
    }
    if (has_any) {
        colour(p, PLAIN);
        gsp__buffer_add_char(p->out, '\n');
    }
}

static void put_attempts(struct picture *p, const struct gsp__call *call)
{
    static const char *const kinds[] = {"attempt", "initial", "retry", "fallback", "probe", "client retry"};
    const unsigned label = 14;
    unsigned width = p->style->width - label - 34;

    for (uint32_t i = 0; i < call->n_attempts; i++) {
        const struct gsp__call_record *r = &call->attempts[i];
        const struct gsp__head *h = head_of(r);
        bool is_last = i + 1 == call->n_attempts;
        const char *branch = p->style->is_utf8 ? (is_last ? "  \xe2\x94\x94 " : "  \xe2\x94\x9c ")
                                               : (is_last ? "  ` " : "  | ");
        const char *below = is_last ? "    " : p->style->is_utf8 ? "  \xe2\x94\x82 " : "  | ";
        char text[32];

        if (i > 0 && h->start_ns > call->attempts[i - 1].ending.end_ns) {
            int64_t from = call->attempts[i - 1].ending.end_ns;

            colour(p, DIM);
            put_label(p, p->style->is_utf8 ? "  \xe2\x94\x82 " : "  | ", "wait", label);
            put_wait(p, from, h->start_ns, width);
            gsp__buffer_add_char(p->out, ' ');
            gsp__put_duration(p->out, gsp__elapsed_ns(from, h->start_ns), p->style->is_utf8);
            colour(p, PLAIN);
            gsp__buffer_add_char(p->out, '\n');
        }
        snprintf(text, sizeof text, "#%u %s", h->attempt_number,
                 h->attempt_kind < GSP__COUNT_OF(kinds) ? kinds[h->attempt_kind] : "?");
        put_label(p, branch, text, label);
        colour(p, outcome_colour(r->ending.outcome));
        put_bar(p, h->start_ns, gsp__stream_first_content_ns(&h->stream), r->ending.end_ns, width);
        colour(p, PLAIN);
        put_attempt_end(p, r);
        if (r->ending.message.n) {
            gsp__buffer_add_string(p->out, below);
            colour(p, DIM);
            put_text(p, r->ending.message, p->style->width - 8);
            colour(p, PLAIN);
            gsp__buffer_add_char(p->out, '\n');
        }
        put_ids(p, below, &r->parsed);
    }
}

void gsp__waterfall(struct gsp__buffer *out, const struct gsp__call *call,
                    const struct gsp__waterfall_style *style)
{
    struct picture p = {out, style, head_of(call->root)->start_ns, call->root->ending.end_ns};
    char trace[33] = "";

    put_head(&p, call);
    put_facts(&p, call);
    put_attempts(&p, call);
    if (call->n_attempts == 0 && call->root->ending.message.n) {
        gsp__buffer_add_string(out, "    ");
        put_text(&p, call->root->ending.message, style->width - 8);
        gsp__buffer_add_char(out, '\n');
    }
    gsp__hex_encode(trace, head_of(call->root)->trace_id, 16);
    colour(&p, DIM);
    gsp__buffer_printf(out, "  trace %s\n", trace);
    colour(&p, PLAIN);
}
