/*
 * Media: modality, MIME type, reference or size.
 */
#include "wire/media.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"

enum state {
    START, /* before the string */
    IN_SCHEME,
    IN_REFERENCE,
    IN_TYPE, /* of a data: URL */
    IN_PARAMETER,
    IN_BASE64,
    IN_TEXT, /* percent-encoded */
};

static void put(struct gsp__media *m, gsp_content_kind kind, const char *bytes, size_t n)
{
    gsp__content_put(m->sink, m->self, m->spot, kind, bytes, n);
}

void gsp__media_begin(struct gsp__media *m, const struct gsp__sink *sink, void *self, struct gsp__spot spot,
                      enum gsp__modality modality)
{
    memset(m, 0, offsetof(struct gsp__media, text));
    m->n_bytes = m->n_base64 = 0;
    m->sink = sink;
    m->self = self;
    m->spot = spot;
    gsp__media_modality(m, modality);
}

void gsp__media_modality(struct gsp__media *m, enum gsp__modality modality)
{
    static const char *const names[] = {"", "image", "audio", "video", "document"};

    if (m->modality != GSP__MODALITY_UNKNOWN)
        return;
    m->modality = (uint8_t)modality;
    put(m, GSP_CONTENT_MEDIA_MODALITY, names[modality], strlen(names[modality]));
}

static bool begins_with(struct gsp__json_slice text, const char *word)
{
    size_t n = strlen(word);

    return text.n >= n && strncasecmp(text.bytes, word, n) == 0;
}

void gsp__media_type(struct gsp__media *m, struct gsp__json_slice type)
{
    if (type.n == 0 || m->has_type)
        return;
    m->has_type = true;
    put(m, GSP_CONTENT_MEDIA_MIME_TYPE, type.bytes, type.n);
    gsp__media_modality(m, begins_with(type, "image/")   ? GSP__MODALITY_IMAGE
                           : begins_with(type, "audio/") ? GSP__MODALITY_AUDIO
                           : begins_with(type, "video/") ? GSP__MODALITY_VIDEO
                                                         : GSP__MODALITY_DOCUMENT);
}

/* Formats whose MIME type has another name. */
static const struct {
    uint8_t modality;
    const char *format, *type;
} types[] = {
    {GSP__MODALITY_AUDIO, "mp3", "audio/mpeg"},
    {GSP__MODALITY_VIDEO, "mov", "video/quicktime"},
    {GSP__MODALITY_VIDEO, "mkv", "video/x-matroska"},
    {GSP__MODALITY_VIDEO, "three_gp", "video/3gpp"},
    {GSP__MODALITY_IMAGE, "jpg", "image/jpeg"},
    {GSP__MODALITY_DOCUMENT, "pdf", "application/pdf"},
    {GSP__MODALITY_DOCUMENT, "csv", "text/csv"},
    {GSP__MODALITY_DOCUMENT, "html", "text/html"},
    {GSP__MODALITY_DOCUMENT, "txt", "text/plain"},
    {GSP__MODALITY_DOCUMENT, "md", "text/markdown"},
    {GSP__MODALITY_DOCUMENT, "doc", "application/msword"},
    {GSP__MODALITY_DOCUMENT, "docx",
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {GSP__MODALITY_DOCUMENT, "xls", "application/vnd.ms-excel"},
    {GSP__MODALITY_DOCUMENT, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
};

void gsp__media_format(struct gsp__media *m, struct gsp__json_slice format)
{
    static const char *const families[] = {"", "image/", "audio/", "video/", ""};
    const char *family = families[m->modality];
    size_t n = strlen(family);
    char type[GSP__MEDIA_MIME_MAX];

    for (size_t i = 0; i < GSP__COUNT_OF(types); i++)
        if (types[i].modality == m->modality && strlen(types[i].format) == format.n &&
            begins_with(format, types[i].format)) {
            gsp__media_type(m, (struct gsp__json_slice){types[i].type, strlen(types[i].type)});
            return;
        }
    if (n == 0 || format.n == 0 || n + format.n > sizeof type)
        return;
    memcpy(type, family, n);
    memcpy(type + n, format.bytes, format.n);
    gsp__media_type(m, (struct gsp__json_slice){type, n + format.n});
}

void gsp__media_file_id(struct gsp__media *m, struct gsp__json_slice id)
{
    put(m, GSP_CONTENT_MEDIA_FILE_ID, id.bytes, id.n);
}

void gsp__media_size(struct gsp__media *m, uint64_t n_bytes)
{
    gsp_content_piece piece = gsp__content_piece(m->spot, GSP_CONTENT_MEDIA_SIZE);

    piece.value = n_bytes;
    if (m->sink->piece)
        m->sink->piece(m->self, &piece);
}

/*
 * Data. Nothing of it is looked at: it is counted.
 */

static void count_base64(struct gsp__media *m, const char *p, const char *end)
{
    uint64_t n = 0;

    m->n_bytes += (uint64_t)(end - p);
    for (; p < end; p++)
        n += *p != '=' && (unsigned char)*p > ' ';
    m->n_base64 += n;
}

static void count_text(struct gsp__media *m, const char *p, const char *end)
{
    for (; p < end; p++)
        if (m->n_percent > 0) {
            m->n_percent--;
        } else {
            m->n_bytes++;
            m->n_percent = *p == '%' ? 2 : 0;
        }
}

void gsp__media_base64(struct gsp__media *m, struct gsp__json_slice piece, bool is_last)
{
    count_base64(m, piece.bytes, piece.bytes + piece.n);
    if (is_last)
        gsp__media_size(m, m->n_base64 * 3 / 4);
}

/*
 * URLs: what is not certain to be a reference does not go on.
 */

static bool is_of_scheme(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
}

#define SCHEME_MAX 32

static const char *read_scheme(struct gsp__media *m, const char *p, const char *end)
{
    while (p < end && is_of_scheme(*p) && m->n_text < SCHEME_MAX)
        m->text[m->n_text++] = *p++;
    if (p == end)
        return p;
    if (*p != ':' || m->n_text == 0) { /* none: data without a word of what it is */
        m->state = IN_BASE64;
        count_base64(m, m->text, m->text + m->n_text);
        m->n_text = 0;
        return p;
    }
    if (m->n_text == 4 && strncasecmp(m->text, "data", 4) == 0) {
        m->state = IN_TYPE;
        m->n_text = 0;
        return p + 1;
    }
    m->state = IN_REFERENCE;
    put(m, GSP_CONTENT_MEDIA_URI, m->text, m->n_text);
    return p;
}

/* The MIME type, and whether the parameters behind it end with "base64". */
static const char *read_type(struct gsp__media *m, const char *p, const char *end)
{
    static const char word[] = "base64";

    for (; p < end; p++) {
        if (*p == ',') {
            m->state = m->state == IN_PARAMETER && m->n_word == sizeof word - 1 ? IN_BASE64 : IN_TEXT;
            return p + 1;
        }
        if (*p == ';') {
            m->state = IN_PARAMETER;
            m->n_word = 0;
        } else if (m->state == IN_PARAMETER) {
            bool is_next = m->n_word < sizeof word - 1 && (*p | 0x20) == word[m->n_word];

            m->n_word = (uint8_t)(is_next ? m->n_word + 1u : sizeof word);
        } else if (m->n_text < sizeof m->text) {
            m->text[m->n_text++] = *p;
        }
    }
    return p;
}

static void end_url(struct gsp__media *m)
{
    switch ((enum state)m->state) {
    case IN_SCHEME: /* data that could have been one */
        count_base64(m, m->text, m->text + m->n_text);
        gsp__media_size(m, m->n_base64 * 3 / 4);
        break;
    case IN_TYPE:
    case IN_PARAMETER:
    case IN_BASE64:
    case IN_TEXT:
        gsp__media_type(m, (struct gsp__json_slice){m->text, m->n_text});
        gsp__media_size(m, m->state == IN_BASE64 ? m->n_base64 * 3 / 4 : m->n_bytes);
        break;
    case START:
    case IN_REFERENCE:
        break;
    }
    m->state = START;
}

void gsp__media_url(struct gsp__media *m, struct gsp__json_slice piece, bool is_last)
{
    const char *p = piece.bytes, *end = p + piece.n;

    while (p < end && m->state == START) {
        if ((unsigned char)*p > ' ') {
            m->state = IN_SCHEME;
            m->n_text = 0;
        } else {
            p++;
        }
    }
    if (m->state == IN_SCHEME)
        p = read_scheme(m, p, end);
    if (m->state == IN_TYPE || m->state == IN_PARAMETER)
        p = read_type(m, p, end);
    if (m->state == IN_REFERENCE)
        put(m, GSP_CONTENT_MEDIA_URI, p, (size_t)(end - p));
    else if (m->state == IN_BASE64)
        count_base64(m, p, end);
    else if (m->state == IN_TEXT)
        count_text(m, p, end);
    if (is_last)
        end_url(m);
}
