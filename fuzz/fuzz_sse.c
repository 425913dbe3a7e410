/*
 * The reader of server-sent events: the same events however a stream is cut, and the same as a plain reading
 * of the specification, line by line, gives.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "wire/sse.h"

/* For each event: its name in brackets, its data, and a bar. */
struct reading {
    struct gsp__sse sse;
    struct gsp__buffer text, data;
};

static void add_event(struct gsp__buffer *text, const char *name, size_t n_name, const char *data, size_t n)
{
    gsp__buffer_printf(text, "(%zu ", n_name);
    gsp__buffer_add(text, name, n_name);
    gsp__buffer_printf(text, ")%zu ", n);
    gsp__buffer_add(text, data, n);
    gsp__buffer_add_char(text, '|');
}

static void take(struct reading *r, enum gsp__sse_token token)
{
    if (token == GSP__SSE_DATA) {
        FUZZ_CHECK(r->sse.n > 0, "an empty piece");
        gsp__buffer_add(&r->data, r->sse.bytes, r->sse.n);
        return;
    }
    FUZZ_CHECK(token == GSP__SSE_EVENT, "refused, though no line is too long");
    FUZZ_CHECK(r->sse.n_name <= GSP__SSE_NAME_MAX, "a name of %u bytes", r->sse.n_name);
    add_event(&r->text, r->sse.name, r->sse.n_name, r->data.data, r->data.n);
    gsp__buffer_clear(&r->data);
}

static bool feed(void *self, const char *bytes, size_t n)
{
    struct reading *r = self;
    enum gsp__sse_token token;

    gsp__sse_feed(&r->sse, bytes, n);
    while ((token = gsp__sse_next(&r->sse)) != GSP__SSE_MORE)
        take(r, token);
    FUZZ_CHECK(r->sse.p == r->sse.end, "not all of the input was used");
    return true;
}

static struct gsp__buffer read_stream(const struct fuzz_document *d, enum fuzz_cutting cutting)
{
    struct reading r;
    enum gsp__sse_token token;

    memset(&r, 0xa5, sizeof r); /* what is not initialised is noticed */
    memset(&r.text, 0, sizeof r.text);
    memset(&r.data, 0, sizeof r.data);
    gsp__sse_init(&r.sse);
    fuzz_feed(d, cutting, feed, &r);
    token = gsp__sse_finish(&r.sse);
    if (token != GSP__SSE_MORE)
        take(&r, token);
    FUZZ_CHECK(gsp__sse_finish(&r.sse) == GSP__SSE_MORE, "ends twice");
    gsp__buffer_deinit(&r.data);
    return r.text;
}

/*
 * The specification, with a whole stream in hand.
 */

struct plain {
    struct gsp__buffer text, data;
    bool has_data;
    char name[GSP__SSE_NAME_MAX];
    size_t n_name;
};

static bool is(const char *bytes, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(bytes, word, n) == 0;
}

static void plain_dispatch(struct plain *p)
{
    if (p->has_data)
        add_event(&p->text, p->name, p->n_name, p->data.data, p->data.n);
    gsp__buffer_clear(&p->data);
    p->has_data = false;
    p->n_name = 0;
}

static void plain_line(struct plain *p, const char *line, size_t n)
{
    const char *colon = n ? memchr(line, ':', n) : NULL;
    size_t n_field = colon ? (size_t)(colon - line) : n;
    const char *value = colon ? colon + 1 : line + n;
    size_t n_value = (size_t)(line + n - value);

    if (n == 0) {
        plain_dispatch(p);
        return;
    }
    if (n_value > 0 && *value == ' ') {
        value++;
        n_value--;
    }
    if (is(line, n_field, "data")) {
        if (p->has_data)
            gsp__buffer_add_char(&p->data, '\n');
        gsp__buffer_add(&p->data, value, n_value);
        p->has_data = true;
    } else if (is(line, n_field, "event")) {
        p->n_name = n_value < sizeof p->name ? n_value : sizeof p->name;
        if (p->n_name)
            memcpy(p->name, value, p->n_name);
    }
}

static struct gsp__buffer read_plainly(const struct fuzz_document *d)
{
    struct plain p = {.n_name = 0};
    const char *at = d->bytes, *end = at + d->n;

    if (d->n >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    while (at < end) {
        const char *line = at;

        while (at < end && *at != '\n' && *at != '\r')
            at++;
        /* a last line without an end counts as far as it has a colon */
        if (at < end || memchr(line, ':', (size_t)(at - line)))
            plain_line(&p, line, (size_t)(at - line));
        if (at < end && *at++ == '\r' && at < end && *at == '\n')
            at++;
    }
    plain_dispatch(&p);
    gsp__buffer_deinit(&p.data);
    return p.text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_document d = fuzz_document(data, size);
    struct gsp__buffer whole = read_stream(&d, FUZZ_WHOLE), plain = read_plainly(&d);

    FUZZ_CHECK_SAME("the specification reads it otherwise", &whole, &plain);
    for (int cutting = FUZZ_CUT; cutting < FUZZ_CUTTINGS; cutting++) {
        struct gsp__buffer cut = read_stream(&d, (enum fuzz_cutting)cutting);

        FUZZ_CHECK_SAME("cuts make a difference", &whole, &cut);
        gsp__buffer_deinit(&cut);
    }
    gsp__buffer_deinit(&whole);
    gsp__buffer_deinit(&plain);
    return 0;
}
