/*
 * The request's side of an exchange.
 */
#include "wire/request.h"

#include <string.h>

#include "base/number.h"
#include "wire/seen.h"

void gsp__request_init(struct gsp__request_decoder *d, const struct gsp__format *format,
                       const struct gsp__sink *sink, void *self)
{
    memset(d, 0, offsetof(struct gsp__request_decoder, form));
    d->format = format;
    d->sink = sink;
    d->self = self;
    d->root = sink->piece && format->content_root ? format->content_root : format->request_root;
    d->is_over = !d->root;
}

void gsp__request_target(struct gsp__request_decoder *d, const char *target, size_t n)
{
    if (d->format->target)
        d->format->target(d, target, n);
}

static void take(struct gsp__request_decoder *d, enum gsp__map_event event)
{
    if (d->map.action >= GSP__PROMPT_FIRST)
        gsp__prompt_event(d, event);
    else
        d->format->request(d, event);
}

/*
 * A form: each field is handed over as the value of the root's key of that name. A fact that comes in pieces
 * is gathered by the map's means, as are texts that are no content.
 */

static void begin_field(struct gsp__request_decoder *d)
{
    const struct gsp__node *root = d->root;
    const struct gsp__multipart *form = &d->form;

    d->field = NULL;
    d->map.n_gathered = 0;
    d->map.value_is_cut = false;
    d->map.index = 0;
    for (unsigned i = 0; i < root->n_children; i++)
        if (root->children[i].n_key == form->n_name &&
            memcmp(root->children[i].key, form->name, form->n_name) == 0)
            d->field = &root->children[i];
    if (!d->field || form->is_file != (d->field->action == GSP__PROMPT_FILE)) {
        d->field = NULL;
    } else if (form->is_file) {
        d->n_file = 0;
        gsp__prompt_begin_file(d, form->type, form->n_type);
    }
}

static void hand_over(struct gsp__request_decoder *d, const char *bytes, size_t n, bool is_last)
{
    struct gsp__json_map *m = &d->map;

    m->action = d->field->action;
    m->token = is_last ? GSP__JSON_STRING : GSP__JSON_PART;
    m->value = (struct gsp__json_slice){bytes, n};
    take(d, d->field->type == GSP__NODE_TEXT ? GSP__MAP_PIECE : GSP__MAP_VALUE);
}

static void add_to_field(struct gsp__request_decoder *d)
{
    struct gsp__json_map *m = &d->map;
    size_t n = d->form.n, room = sizeof m->gathered - m->n_gathered;

    if (!d->field)
        return;
    if (d->form.is_file) {
        d->n_file += n;
        return;
    }
    if (d->field->type == GSP__NODE_TEXT && d->field->action >= GSP__PROMPT_FIRST) {
        hand_over(d, d->form.bytes, n, false);
        return;
    }
    if (n > room) {
        n = room;
        m->value_is_cut = true;
    }
    memcpy(m->gathered + m->n_gathered, d->form.bytes, n);
    m->n_gathered = (uint16_t)(m->n_gathered + n);
}

static void end_field(struct gsp__request_decoder *d)
{
    if (!d->field)
        return;
    if (d->form.is_file)
        gsp__prompt_end_file(d, d->n_file);
    else
        hand_over(d, d->map.gathered, d->map.n_gathered, true);
}

static void read_form(struct gsp__request_decoder *d, const char *bytes, size_t n)
{
    enum gsp__multipart_token token;

    gsp__multipart_feed(&d->form, bytes, n);
    while ((token = gsp__multipart_next(&d->form)) != GSP__MULTIPART_MORE) {
        switch (token) {
        case GSP__MULTIPART_PART:
            begin_field(d);
            break;
        case GSP__MULTIPART_PIECE:
            add_to_field(d);
            break;
        case GSP__MULTIPART_END:
            end_field(d);
            break;
        default:
            d->is_over = true;
            return;
        }
    }
}

static void read_document(struct gsp__request_decoder *d, const char *bytes, size_t n)
{
    enum gsp__map_event event;

    gsp__json_map_feed(&d->map, bytes, n);
    while ((event = gsp__json_map_next(&d->map)) != GSP__MAP_MORE) {
        if (event < GSP__MAP_ELEMENT) {
            take(d, event);
        } else if (event != GSP__MAP_ELEMENT) {
            d->is_over = true;
            return;
        }
    }
}

void gsp__request_body(struct gsp__request_decoder *d, const char *bytes, size_t n)
{
    if (d->is_over || n == 0)
        return;
    if (!d->is_begun) {
        d->is_begun = true;
        d->is_form = *bytes == '-';
        gsp__multipart_init(&d->form);
        gsp__json_map_init(&d->map, d->root);
    }
    if (d->is_form)
        read_form(d, bytes, n);
    else
        read_document(d, bytes, n);
}

void gsp__request_finish(struct gsp__request_decoder *d)
{
    d->is_over = true;
    if (d->format->end_request)
        d->format->end_request(d);
}

/*
 * Values.
 */

void gsp__request_put_string(struct gsp__request_decoder *d, unsigned fact, const char *bytes, size_t n)
{
    if (n > 0 && gsp__seen_first(d->seen, fact))
        d->sink->string(d->self, fact, 0, bytes, n, false);
}

void gsp__request_put_bool(struct gsp__request_decoder *d, unsigned fact, bool value)
{
    if (gsp__seen_first(d->seen, fact))
        d->sink->boolean(d->self, fact, value);
}

void gsp__request_put_int(struct gsp__request_decoder *d, unsigned fact, int64_t value)
{
    if (gsp__seen_first(d->seen, fact))
        d->sink->integer(d->self, fact, value);
}

void gsp__request_string(struct gsp__request_decoder *d, unsigned fact)
{
    const struct gsp__json_map *m = &d->map;

    if (m->token == GSP__JSON_STRING && m->value.n > 0 && gsp__seen_first(d->seen, fact))
        d->sink->string(d->self, fact, 0, m->value.bytes, m->value.n, m->value_is_cut);
}

void gsp__request_characters(struct gsp__request_decoder *d)
{
    const struct gsp__json_map *m = &d->map;

    for (size_t i = 0; i < m->value.n; i++)
        d->n_counted += ((unsigned char)m->value.bytes[i] & 0xc0) != 0x80; /* code points, however cut */
    if (m->token != GSP__JSON_STRING)
        return;
    if (!d->is_form || !m->value_is_cut)
        gsp__request_put_int(d, GSP_FACT_INPUT_CHARACTERS, (int64_t)d->n_counted);
    d->n_counted = 0;
}

void gsp__request_item(struct gsp__request_decoder *d, unsigned fact)
{
    const struct gsp__json_map *m = &d->map;

    if (m->token == GSP__JSON_STRING && m->value.n > 0)
        d->sink->string(d->self, fact, m->index, m->value.bytes, m->value.n, m->value_is_cut);
}

/* A number of JSON, or the text of a form's field. */
static bool is_number(const struct gsp__request_decoder *d)
{
    return d->map.token == GSP__JSON_NUMBER || (d->is_form && d->map.token == GSP__JSON_STRING);
}

void gsp__request_int(struct gsp__request_decoder *d, unsigned fact)
{
    int64_t value;

    if (is_number(d) && gsp__json_int(d->map.value, &value))
        gsp__request_put_int(d, fact, value);
}

void gsp__request_real(struct gsp__request_decoder *d, unsigned fact)
{
    double value;

    if (is_number(d) && gsp__json_double(d->map.value, &value) && gsp__seen_first(d->seen, fact))
        d->sink->real(d->self, fact, value);
}

static bool is_text(const struct gsp__json_map *m, const char *word)
{
    return m->value.n == strlen(word) && memcmp(m->value.bytes, word, m->value.n) == 0;
}

void gsp__request_bool(struct gsp__request_decoder *d, unsigned fact)
{
    const struct gsp__json_map *m = &d->map;

    if (m->token == GSP__JSON_TRUE || (d->is_form && is_text(m, "true")))
        gsp__request_put_bool(d, fact, true);
    else if (m->token == GSP__JSON_FALSE || (d->is_form && is_text(m, "false")))
        gsp__request_put_bool(d, fact, false);
}
