/*
 * Building AWS event streams for tests.
 */
#include "wire/frames.h"

#include <string.h>

uint32_t frames_crc32(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < n * 8; i++) {
        uint32_t bit = (crc ^ p[i / 8] >> i % 8) & 1;

        crc = bit ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

static void write_u32(char *to, size_t value)
{
    to[0] = (char)(value >> 24);
    to[1] = (char)(value >> 16);
    to[2] = (char)(value >> 8);
    to[3] = (char)value;
}

static size_t read_u32(const char *from)
{
    const unsigned char *p = (const unsigned char *)from;

    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

void frames_seal(struct gsp__buffer *b, size_t at)
{
    char *frame = b->data + at;
    size_t n = read_u32(frame);

    write_u32(frame + 8, frames_crc32(frame, 8));
    write_u32(frame + n - 4, frames_crc32(frame, n - 4));
}

static void add_header(struct gsp__buffer *b, const struct frame_header *h)
{
    gsp__buffer_add_char(b, (char)strlen(h->name));
    gsp__buffer_add_string(b, h->name);
    gsp__buffer_add_char(b, (char)h->type);
    if (h->type == 6 || h->type == 7) {
        gsp__buffer_add_char(b, (char)(h->n >> 8));
        gsp__buffer_add_char(b, (char)h->n);
    }
    gsp__buffer_add(b, h->value, h->n);
}

void frames_add(struct gsp__buffer *b, const struct frame_header *headers, size_t n_headers,
                const char *payload, size_t n_payload)
{
    size_t at = b->n, n;

    gsp__buffer_add(b, "\0\0\0\0\0\0\0\0\0\0\0", 12);
    for (size_t i = 0; i < n_headers; i++)
        add_header(b, &headers[i]);
    n = b->n - at - 12;
    gsp__buffer_add(b, payload, n_payload);
    gsp__buffer_add(b, "\0\0\0", 4);
    write_u32(b->data + at, b->n - at);
    write_u32(b->data + at + 4, n);
    frames_seal(b, at);
}

static void add_frame(struct gsp__buffer *b, const char *message_type, const char *key, const char *type,
                      const char *json)
{
    const struct frame_header headers[] = {
        {key, 7, type, strlen(type)},
        {":content-type", 7, "application/json", 16},
        {":message-type", 7, message_type, strlen(message_type)},
    };

    frames_add(b, headers, 3, json, strlen(json));
}

void frames_add_event(struct gsp__buffer *b, const char *event_type, const char *json)
{
    add_frame(b, "event", ":event-type", event_type, json);
}

void frames_add_exception(struct gsp__buffer *b, const char *exception_type, const char *json)
{
    add_frame(b, "exception", ":exception-type", exception_type, json);
}

void frames_add_error(struct gsp__buffer *b, const char *code, const char *message)
{
    const struct frame_header headers[] = {
        {":message-type", 7, "error", 5},
        {":error-code", 7, code, strlen(code)},
        {":error-message", 7, message, strlen(message)},
    };

    frames_add(b, headers, 3, "", 0);
}

static void add_base64(struct gsp__buffer *b, const char *text, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < n; i += 3) {
        uint32_t bits = 0;

        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (i + k < n ? (unsigned char)text[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            gsp__buffer_add_char(b, i + k > n ? '=' : digits[bits >> (18 - 6 * k) & 63]);
    }
}

void frames_add_chunk(struct gsp__buffer *b, const char *json)
{
    struct gsp__buffer payload = {0};

    gsp__buffer_add_string(&payload, "{\"bytes\":\"");
    add_base64(&payload, json, strlen(json));
    gsp__buffer_add_string(&payload, "\",\"p\":\"abcdefg\"}");
    gsp__buffer_add_char(&payload, 0);
    frames_add_event(b, "chunk", payload.data);
    gsp__buffer_deinit(&payload);
}
