/*
 * The transport door's sink: what the decoders find, put on the attempt's record.
 */
#include <string.h>

#include "base/utf8.h"
#include "call/exchange_type.h"

void gsp__exchange_keep(char *to, size_t cap, const char *bytes, size_t n)
{
    n = gsp__utf8_cut(bytes, n, cap - 1);
    memcpy(to, bytes, n);
    to[n] = 0;
}

void gsp__exchange_put_once(struct gsp__record r, unsigned fact, const char *bytes, size_t n)
{
    if (bytes && n > 0 && !gsp__exchange_has_fact(r, fact))
        gsp__record_put_string(r, fact, bytes, n);
}

static void on_string(void *self, unsigned fact, unsigned index, const char *bytes, size_t n, bool is_cut)
{
    struct gsp_exchange *x = self;
    struct gsp__record r = gsp__record_find(x->attempt);

    if (fact == GSP_FACT_PROVIDER_ERROR_TYPE)
        gsp__exchange_keep(x->error_type, sizeof x->error_type, bytes, n);
    else if (fact == GSP_FACT_PROVIDER_ERROR_CODE)
        gsp__exchange_keep(x->error_code, sizeof x->error_code, bytes, n);
    if (fact == GSP__FACT_ERROR_MESSAGE) { /* recorded with the end */
        gsp__exchange_keep(x->error_message, sizeof x->error_message, bytes, n);
        return;
    }
    if (!r.head)
        return;
    if (is_cut)
        gsp__view_count(r.view, GSP_LOSS_CUT);
    if (gsp__fact_types[fact] == GSP__FACT_LIST)
        gsp__record_add_item(r, fact, index, bytes, n);
    else
        gsp__record_put_string(r, fact, bytes, n);
}

static void on_integer(void *self, unsigned fact, int64_t value)
{
    struct gsp__record r = gsp__record_find(((struct gsp_exchange *)self)->attempt);

    if (r.head)
        gsp__record_put_int(r, fact, value);
}

/* RE-2: a wait that the body asks for counts where the head asks for none. */
static bool takes_retry_after(struct gsp_exchange *x, double seconds)
{
    if (x->has_retry_after)
        return false;
    if (seconds >= 0 && seconds < 1e9)
        x->hints.retry_after_ms = (int64_t)(seconds * 1000 + 0.5);
    return true;
}

static void on_real(void *self, unsigned fact, double value)
{
    struct gsp_exchange *x = self;
    struct gsp__record r = gsp__record_find(x->attempt);

    if (fact == GSP_FACT_RETRY_AFTER && !takes_retry_after(x, value))
        return;
    if (r.head)
        gsp__record_put_double(r, fact, value);
}

static void on_boolean(void *self, unsigned fact, bool value)
{
    struct gsp__record r = gsp__record_find(((struct gsp_exchange *)self)->attempt);

    if (r.head)
        gsp__record_put_bool(r, fact, value);
}

static void on_usage(void *self, gsp_usage part, int64_t tokens)
{
    struct gsp_exchange *x = self;

    x->has_usage = true;
    gsp_span_set_usage(x->attempt, part, tokens);
}

static void on_mark(void *self, gsp_mark mark, int64_t now_ns)
{
    struct gsp_exchange *x = self;

    if (mark >= GSP_MARK_TEXT && mark <= GSP_MARK_AUDIO)
        x->n_content++;
    gsp_stream_mark(x->attempt, mark, now_ns);
}

static void on_error(void *self)
{
    (void)self; /* the decoder remembers it */
}

/* What was said is kept where capture is on; the function of the program is told of what is shown of an
 * answer. */
static void on_piece(void *self, const gsp_content_piece *piece)
{
    struct gsp_exchange *x = self;
    gsp_mark kind = piece->kind == GSP_CONTENT_TEXT                  ? GSP_MARK_TEXT
                    : piece->kind == GSP_CONTENT_REASONING           ? GSP_MARK_REASONING
                    : piece->kind == GSP_CONTENT_TOOL_CALL_ARGUMENTS ? GSP_MARK_TOOL_CALL
                                                                     : GSP_MARK_EVENT;
    struct gsp__record r = gsp__record_find(x->attempt);

    if (r.head)
        gsp__record_add_piece(r, piece);
    if (x->content && piece->side == GSP_CONTENT_OUTPUT && kind != GSP_MARK_EVENT)
        x->content(x->content_self, piece->place, kind, piece->bytes, piece->n_bytes);
}

static void on_move(void *self, const gsp_content_piece *from, const gsp_content_piece *to)
{
    struct gsp__record r = gsp__record_find(((struct gsp_exchange *)self)->attempt);

    if (r.head)
        gsp__record_move_content(r, from, to);
}

/* CO-1: where capture is off, and nobody asks for it, no byte of content is looked at. */
static void choose_content(struct gsp_exchange *x)
{
    struct gsp__record r = gsp__record_find(x->attempt);
    bool is_kept = r.head && r.view->ring->capture != GSP__CAPTURE_NONE;

    x->sink.piece = is_kept || x->content ? on_piece : NULL;
    x->sink.move = is_kept ? on_move : NULL;
}

void gsp__exchange_sink_init(struct gsp_exchange *x)
{
    x->sink = (struct gsp__sink){
        .string = on_string,
        .integer = on_integer,
        .real = on_real,
        .boolean = on_boolean,
        .usage = on_usage,
        .mark = on_mark,
        .error = on_error,
    };
    choose_content(x);
}

void gsp_exchange_on_content(gsp_exchange *x, gsp_content_fn *fn, void *self)
{
    if (!x)
        return;
    x->content = fn;
    x->content_self = self;
    choose_content(x);
}
