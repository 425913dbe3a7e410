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
    int content; /* of which choice and kind the last line is content; -1: of none */
    unsigned n_errors, n_marks;
    uint64_t seen[4]; /* facts that come once */
};

static void line(struct log *l)
{
    gsp__buffer_add_char(&l->text, '\n');
    l->content = -1;
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

static void on_tool_call(void *self, unsigned choice, unsigned index, const char *id, size_t n_id,
                         const char *name, size_t n_name)
{
    struct log *l = self;

    line(l);
    gsp__buffer_printf(&l->text, "tool call %u.%u %zu ", choice, index, n_id);
    gsp__buffer_add(&l->text, id, n_id);
    gsp__buffer_printf(&l->text, " %zu ", n_name);
    gsp__buffer_add(&l->text, name, n_name);
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

static void on_content(void *self, unsigned choice, gsp_mark kind, const char *bytes, size_t n)
{
    struct log *l = self;
    int content = (int)(choice & 0xffffff) << 4 | (int)kind;

    FUZZ_CHECK(n > 0, "an empty piece of content");
    if (l->content != content) {
        line(l);
        gsp__buffer_printf(&l->text, "content %u %u ", choice, (unsigned)kind);
        l->content = content;
    }
    gsp__buffer_add(&l->text, bytes, n);
}

static void on_move(void *self, unsigned choice, gsp_mark kind, unsigned to_choice, gsp_mark to_kind,
                    size_t n)
{
    struct log *l = self;

    FUZZ_CHECK(n > 0 && (choice != to_choice || kind != to_kind), "nothing moved");
    line(l);
    gsp__buffer_printf(&l->text, "move %u %u to %u %u: %zu", choice, (unsigned)kind, to_choice,
                       (unsigned)to_kind, n);
}

static const struct gsp__sink sink = {
    on_string,    on_integer, on_real,  on_boolean, on_usage,
    on_tool_call, on_mark,    on_error, on_content, on_move,
};

static bool feed_request(void *self, const char *bytes, size_t n)
{
    gsp__request_body(self, bytes, n);
    return true;
}

static struct gsp__buffer read_request(const struct fuzz_document *d, enum fuzz_cutting cutting)
{
    struct gsp__request_decoder decoder;
    struct log log = {.content = -1};

    memset(&decoder, 0xa5, sizeof decoder); /* what is not initialised is noticed */
    gsp__request_init(&decoder, &FUZZ_FORMAT, &sink, &log);
    fuzz_feed(d, cutting, feed_request, &decoder);
    gsp__request_finish(&decoder);
    return log.text;
}

static bool feed_response(void *self, const char *bytes, size_t n)
{
    gsp__decoder_body(self, bytes, n, 77);
    return true;
}

static struct gsp__buffer read_response(const struct fuzz_document *d, enum fuzz_cutting cutting)
{
    struct gsp__decoder decoder;
    struct log log = {.content = -1};

    memset(&decoder, 0xa5, sizeof decoder);
    gsp__decoder_init(&decoder, &FUZZ_FORMAT, (enum gsp__framing)(d->options % (GSP__FRAMING_OTHER + 1)),
                      &sink, &log);
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

static void compare(const struct fuzz_document *d,
                    struct gsp__buffer (*read)(const struct fuzz_document *d, enum fuzz_cutting cutting))
{
    struct gsp__buffer whole = read(d, FUZZ_WHOLE);

    for (int cutting = FUZZ_CUT; cutting < FUZZ_CUTTINGS; cutting++) {
        struct gsp__buffer cut = read(d, (enum fuzz_cutting)cutting);

        FUZZ_CHECK_SAME("cuts make a difference", &whole, &cut);
        gsp__buffer_deinit(&cut);
    }
    gsp__buffer_deinit(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_document d = fuzz_document(data, size);

    compare(&d, read_response);
    compare(&d, read_request);
    return 0;
}
