/*
 * multipart/form-data.
 */
#include "wire/multipart.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"

enum state {
    AT_BOUNDARY, /* the body's first line */
    IN_HEADERS,
    IN_VALUE,
    AFTER_BOUNDARY, /* CR LF and another part, or two dashes */
    FAILED,
};

void gsp__multipart_init(struct gsp__multipart *m)
{
    memset(m, 0, offsetof(struct gsp__multipart, line));
    memcpy(m->boundary, "\r\n", 2);
    m->n_boundary = 2;
}

static enum gsp__multipart_token fail(struct gsp__multipart *m)
{
    m->state = FAILED;
    m->p = m->end;
    return GSP__MULTIPART_DONE;
}

/* The boundary is the first line. */
static void take_boundary(struct gsp__multipart *m)
{
    while (m->p < m->end) {
        char c = *m->p++;

        if (c == '\n') {
            if (m->n_boundary > 2 && m->boundary[m->n_boundary - 1] == '\r')
                m->n_boundary--;
            m->state = m->n_boundary > 4 ? IN_HEADERS : FAILED;
            m->n_line = 0;
            return;
        }
        if (m->n_boundary == sizeof m->boundary || (m->n_boundary < 4 && c != '-')) {
            m->state = FAILED;
            return;
        }
        m->boundary[m->n_boundary++] = c;
    }
}

/* The end of a parameter's value: of a quoted one the quote, which a backslash may hide. */
static size_t value_end(const char *line, size_t n, size_t from, bool is_quoted)
{
    size_t i = from;

    if (!is_quoted) {
        while (i < n && line[i] != ';' && line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            i++;
        return i;
    }
    while (i < n && line[i] != '"')
        i += line[i] == '\\' && i + 1 < n ? 2 : 1;
    return i;
}

/* A parameter of Content-Disposition, such as name="model". False if it has none. What stands in quotes is
 * passed over: a file may be called anything. */
static bool parameter(const char *line, size_t n, const char *name, const char **value, size_t *n_value)
{
    const char *semicolon = memchr(line, ';', n);
    size_t n_name = strlen(name), i = semicolon ? (size_t)(semicolon - line) : n;

    while (i < n) {
        size_t key, equals, end;
        bool is_quoted;

        i++; /* the semicolon */
        while (i < n && (line[i] == ' ' || line[i] == '\t'))
            i++;
        key = i;
        while (i < n && line[i] != '=' && line[i] != ';')
            i++;
        if (i == n || line[i] == ';')
            continue;
        equals = i++;
        is_quoted = i < n && line[i] == '"';
        i += is_quoted;
        end = value_end(line, n, i, is_quoted);
        if (equals - key == n_name && strncasecmp(line + key, name, n_name) == 0) {
            *value = line + i;
            *n_value = end - i;
            return true;
        }
        for (i = end; i < n && line[i] != ';'; i++)
            continue;
    }
    return false;
}

/* Its MIME type, without parameters. */
static void take_type(struct gsp__multipart *m, const char *value, size_t n)
{
    while (n > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        n--;
    }
    n = value_end(value, n, 0, false);
    m->n_type = (uint8_t)(n < sizeof m->type ? n : 0);
    memcpy(m->type, value, m->n_type);
}

static void take_header(struct gsp__multipart *m)
{
    static const char disposition[] = "content-disposition:", type[] = "content-type:";
    const char *value;
    size_t n = sizeof type - 1;

    if (m->n_line >= n && strncasecmp(m->line, type, n) == 0)
        take_type(m, m->line + n, m->n_line - n);
    if (m->n_line < sizeof disposition - 1 || strncasecmp(m->line, disposition, sizeof disposition - 1) != 0)
        return;
    if (parameter(m->line, m->n_line, "name", &value, &n)) {
        m->n_name = (uint8_t)(n < sizeof m->name ? n : 0); /* longer than any we know */
        memcpy(m->name, value, m->n_name);
    }
    m->is_file = parameter(m->line, m->n_line, "filename", &value, &n) ||
                 parameter(m->line, m->n_line, "filename*", &value, &n);
}

/* Header lines, to the blank one. True when the part's value comes next. */
static bool take_headers(struct gsp__multipart *m)
{
    while (m->p < m->end) {
        char c = *m->p++;

        if (c != '\n') {
            if (m->n_line < sizeof m->line)
                m->line[m->n_line++] = c;
            continue;
        }
        if (m->n_line == 0 || (m->n_line == 1 && m->line[0] == '\r'))
            return true;
        take_header(m);
        m->n_line = 0;
    }
    return false;
}

/* A piece of the value. What may be the boundary is held back by its count alone: it is handed out from
 * `boundary` if it turns out to be none. */
static enum gsp__multipart_token take_value(struct gsp__multipart *m)
{
    const char *start;

    if (m->n_matched > 0) {
        while (m->p < m->end && m->n_matched < m->n_boundary && *m->p == m->boundary[m->n_matched]) {
            m->n_matched++;
            m->p++;
        }
        if (m->n_matched == m->n_boundary) {
            m->state = AFTER_BOUNDARY;
            m->n_matched = 0;
            m->n_line = 0;
            return GSP__MULTIPART_END;
        }
        if (m->p == m->end)
            return GSP__MULTIPART_MORE;
        /* it was none; CR stands nowhere in a boundary but at its start, so nothing begins inside it */
        m->bytes = m->boundary;
        m->n = m->n_matched;
        m->n_matched = 0;
        return GSP__MULTIPART_PIECE;
    }
    start = m->p;
    m->p = memchr(start, '\r', (size_t)(m->end - start));
    if (!m->p)
        m->p = m->end;
    else
        m->n_matched = 1;
    m->bytes = start;
    m->n = (size_t)(m->p - start);
    if (m->n_matched)
        m->p++;
    return m->n > 0 ? GSP__MULTIPART_PIECE : GSP__MULTIPART_MORE;
}

/* After a boundary: the rest of its line. */
static enum gsp__multipart_token take_line_end(struct gsp__multipart *m)
{
    while (m->p < m->end) {
        char c = *m->p++;

        if (c == '\n') {
            m->state = IN_HEADERS;
            m->n_line = 0;
            m->n_name = 0;
            m->n_type = 0;
            m->is_file = false;
            return GSP__MULTIPART_MORE;
        }
        if (c == '-' && ++m->n_line == 2)
            return fail(m);
    }
    return GSP__MULTIPART_MORE;
}

enum gsp__multipart_token gsp__multipart_next(struct gsp__multipart *m)
{
    enum gsp__multipart_token token = GSP__MULTIPART_MORE;

    while (m->p < m->end && token == GSP__MULTIPART_MORE) {
        switch ((enum state)m->state) {
        case AT_BOUNDARY:
            take_boundary(m);
            if (m->state == FAILED)
                return fail(m);
            break;
        case IN_HEADERS:
            if (!take_headers(m))
                return GSP__MULTIPART_MORE;
            m->state = IN_VALUE;
            return GSP__MULTIPART_PART;
        case IN_VALUE:
            token = take_value(m);
            break;
        case AFTER_BOUNDARY:
            token = take_line_end(m);
            break;
        default: /* FAILED */
            m->p = m->end;
            return GSP__MULTIPART_DONE;
        }
    }
    return token;
}
