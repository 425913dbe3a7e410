/*
 * The decoder of one format (FUZZ_FORMAT), request and response, in every framing: the same facts in the same
 * order however the body is cut.
 */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>

#include "wire/decoder.h"
#include FUZZ_HEADER

/* What a sink was told, as text; pieces of the same content are joined. */
struct log {
    struct gsp__buffer text;
    bool is_content; /* the last line is content, of this place: */
    gsp_content_piece content;
    unsigned n_errors, n_marks;
    uint64_t seen[4]; /* facts that come once */
};

static void line(struct log *l)
{
    gsp__buffer_add_char(&l->text, '\n');
    l->is_content = false;
}

static void first_time(struct log *l, unsigned fact)
{
    FUZZ_CHECK(fact < 256, "fact %u", fact);
    /* another model may take over: wire/sink.h */
    FUZZ_CHECK(fact == GSP_FACT_RESPONSE_MODEL || !(l->seen[fact / 64] >> (fact % 64) & 1), "fact %u twice",
               fact);
    l->seen[fact / 64] |= (uint64_t)1 << (fact % 64);
}

static bool is_list(unsigned fact)
{
    return fact == GSP_FACT_FINISH_REASON || fact == GSP_FACT_STOP_SEQUENCE || fact == GSP_FACT_REQUEST_ID ||
           fact == GSP_FACT_SAFETY_BLOCK || fact == GSP_FACT_ENCODING_FORMAT;
}

static void on_string(void *self, unsigned fact, unsigned index, const char *bytes, size_t n, bool is_cut)
{
    struct log *l = self;

    if (!is_list(fact))
        first_time(l, fact);
    FUZZ_CHECK(n <= GSP__MAP_GATHER_MAX || !is_cut, "a cut string of %zu bytes", n);
    line(l);
    gsp__buffer_printf(&l->text, "string %u[%u]%s ", fact, index, is_cut ? " cut" : "");
    gsp__buffer_add(&l->text, bytes, n);
}

static void on_integer(void *self, unsigned fact, int64_t value)
{
    first_time(self, fact);
    line(self);
    gsp__buffer_printf(&((struct log *)self)->text, "integer %u %lld", fact, (long long)value);
}

static void on_real(void *self, unsigned fact, double value)
{
    FUZZ_CHECK(isfinite(value), "fact %u is not finite", fact);
    first_time(self, fact);
    line(self);
    gsp__buffer_printf(&((struct log *)self)->text, "real %u %a", fact, value);
}

static void on_boolean(void *self, unsigned fact, bool value)
{
    first_time(self, fact);
    line(self);
    gsp__buffer_printf(&((struct log *)self)->text, "boolean %u %d", fact, value);
}

static void on_usage(void *self, gsp_usage part, int64_t tokens)
{
    FUZZ_CHECK(tokens >= 0, "usage below zero"); /* US-3 */
    line(self);
    gsp__buffer_printf(&((struct log *)self)->text, "usage %u %lld", (unsigned)part, (long long)tokens);
}

static void on_mark(void *self, gsp_mark mark, int64_t now_ns)
{
    struct log *l = self;

    l->n_marks++;
    line(l);
    gsp__buffer_printf(&l->text, "mark %u %lld", (unsigned)mark, (long long)now_ns);
}

static void on_error(void *self)
{
    struct log *l = self;

    FUZZ_CHECK(++l->n_errors == 1, "the error twice");
    line(l);
    gsp__buffer_add_string(&l->text, "error");
}

static bool is_joined(unsigned kind)
{
    return kind == GSP_CONTENT_TEXT || kind == GSP_CONTENT_REASONING ||
           kind == GSP_CONTENT_TOOL_CALL_ARGUMENTS || kind == GSP_CONTENT_TOOL_RESPONSE ||
           kind == GSP_CONTENT_MEDIA_URI || kind == GSP_CONTENT_JSON;
}

static void put_place(struct log *l, const gsp_content_piece *p)
{
    gsp__buffer_printf(&l->text, "%u.%u.%u.%u ", p->side, p->kind, p->place, p->part);
}

static bool is_same_place(const gsp_content_piece *a, const gsp_content_piece *b)
{
    return a->side == b->side && a->kind == b->kind && a->place == b->place && a->part == b->part;
}

static void on_piece(void *self, const gsp_content_piece *piece)
{
    struct log *l = self;

    FUZZ_CHECK(piece->struct_size == sizeof *piece, "a piece of size %u", piece->struct_size);
    FUZZ_CHECK(piece->n_bytes > 0 || piece->kind == GSP_CONTENT_MEDIA_SIZE, "an empty piece");
    if (!l->is_content || !is_joined(piece->kind) || !is_same_place(&l->content, piece)) {
        line(l);
        put_place(l, piece);
        gsp__buffer_printf(&l->text, "%llu ", (unsigned long long)piece->value);
        l->content = *piece;
        l->is_content = true;
    }
    gsp__buffer_add(&l->text, piece->bytes, piece->n_bytes);
}

static void on_move(void *self, const gsp_content_piece *from, const gsp_content_piece *to)
{
    struct log *l = self;

    FUZZ_CHECK(from->n_bytes > 0 && from->n_bytes == to->n_bytes && !is_same_place(from, to),
               "nothing moved");
    line(l);
    put_place(l, from);
    gsp__buffer_add_string(&l->text, "to ");
    put_place(l, to);
    gsp__buffer_printf(&l->text, "%zu", from->n_bytes);
}

static void on_unheard_piece(void *self, const gsp_content_piece *piece)
{
    (void)self, (void)piece;
}

#define FACTS                                                                                                \
    .string = on_string, .integer = on_integer, .real = on_real, .boolean = on_boolean, .usage = on_usage,   \
    .mark = on_mark, .error = on_error

/* With capture on and off; and with it on where nothing of it is written down. */
static const struct gsp__sink sink = {FACTS, .piece = on_piece, .move = on_move};
static const struct gsp__sink deaf_sink = {FACTS};
static const struct gsp__sink facts_sink = {FACTS, .piece = on_unheard_piece};

static bool feed_request(void *self, const char *bytes, size_t n)
{
    gsp__request_body(self, bytes, n);
    return true;
}

static struct gsp__buffer read_request(const struct fuzz_document *d, enum fuzz_cutting cutting,
                                       const struct gsp__sink *to)
{
    struct gsp__request_decoder decoder;
    struct log log = {0};

    memset(&decoder, 0xa5, sizeof decoder); /* what is not initialised is noticed */
    gsp__request_init(&decoder, &FUZZ_FORMAT, to, &log);
    fuzz_feed(d, cutting, feed_request, &decoder);
    gsp__request_finish(&decoder);
    return log.text;
}

static bool feed_response(void *self, const char *bytes, size_t n)
{
    gsp__decoder_body(self, bytes, n, 77);
    return true;
}

static struct gsp__buffer read_response(const struct fuzz_document *d, enum fuzz_cutting cutting,
                                        const struct gsp__sink *to)
{
    struct gsp__decoder decoder;
    struct log log = {0};

    memset(&decoder, 0xa5, sizeof decoder);
    gsp__decoder_init(&decoder, &FUZZ_FORMAT, (enum gsp__framing)(d->options % (GSP__FRAMING_OTHER + 1)), to,
                      &log);
    fuzz_feed(d, cutting, feed_response, &decoder);
    gsp__decoder_finish(&decoder, 78);
    FUZZ_CHECK(gsp__framing_is_stream(decoder.framing) || decoder.framing == GSP__FRAMING_RAW ||
                   log.n_marks == 0,
               "marks without a stream");
    line(&log);
    gsp__buffer_printf(
        &log.text, "%s%s%s%s bad %u, tool calls %u, events %llu, bytes %llu %llu %llu",
        gsp__framing_name(decoder.framing), decoder.is_terminal ? " terminal" : "",
        decoder.is_error ? " error" : "", decoder.has_usage ? " usage" : "", decoder.n_bad,
        decoder.n_tool_calls, (unsigned long long)decoder.n_events, (unsigned long long)decoder.n_text_bytes,
        (unsigned long long)decoder.n_reasoning_bytes, (unsigned long long)decoder.n_argument_bytes);
    return log.text;
}

typedef struct gsp__buffer reader(const struct fuzz_document *d, enum fuzz_cutting cutting,
                                  const struct gsp__sink *to);

static void compare(const struct fuzz_document *d, reader *read, const struct gsp__sink *to)
{
    struct gsp__buffer whole = read(d, FUZZ_WHOLE, to);

    for (int cutting = FUZZ_CUT; cutting < FUZZ_CUTTINGS; cutting++) {
        struct gsp__buffer cut = read(d, (enum fuzz_cutting)cutting, to);

        FUZZ_CHECK_SAME("cuts make a difference", &whole, &cut);
        gsp__buffer_deinit(&cut);
    }
    gsp__buffer_deinit(&whole);
}

/* The facts of an answer are the same whoever listens. (Those of a request need not be: what its content
 * breaks is not read any further, and is not looked at where it is skipped.) */
static void compare_capture(const struct fuzz_document *d)
{
    struct gsp__buffer on = read_response(d, FUZZ_WHOLE, &facts_sink);
    struct gsp__buffer off = read_response(d, FUZZ_WHOLE, &deaf_sink);

    FUZZ_CHECK_SAME("capture makes a difference", &on, &off);
    gsp__buffer_deinit(&on);
    gsp__buffer_deinit(&off);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_document d = fuzz_document(data, size);

    compare(&d, read_response, &sink);
    compare(&d, read_request, &sink);
    compare(&d, read_request, &deaf_sink);
    compare_capture(&d);
    return 0;
}
