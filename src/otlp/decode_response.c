/*
 * What a backend answers to an export, from protobuf and from JSON.
 */
#include <string.h>

#include "base/utf8.h"
#include "otlp/decode.h"
#include "otlp/decode_json.h"
#include "otlp/protobuf.h"

/* It is shown to people, so that it must be text. */
static void set_message(struct gsp__partial_success *out, const char *bytes, size_t n)
{
    n = gsp__utf8_sanitize(out->message, sizeof out->message - 1, bytes, n);
    out->message[n] = 0;
}

static bool read_partial(const struct gsp__pb_field *message, struct gsp__partial_success *out)
{
    struct gsp__pb_reader r = gsp__pb_read(message->bytes, message->n);
    struct gsp__pb_field f;

    while (gsp__pb_next(&r, &f)) {
        if (f.number == 1 && f.type == GSP__PB_VARINT)
            out->n_rejected = (int64_t)f.scalar;
        else if (f.number == 2 && f.type == GSP__PB_BYTES)
            set_message(out, (const char *)f.bytes, f.n);
        else if (f.number <= 2)
            return false;
    }
    return !r.is_bad;
}

bool gsp__otlp_response_from_pb(const void *bytes, size_t n, struct gsp__partial_success *out)
{
    struct gsp__pb_reader r = gsp__pb_read(bytes, n);
    struct gsp__partial_success found;
    struct gsp__pb_field f;
    bool is_good = true;

    memset(&found, 0, sizeof found);
    memset(out, 0, sizeof *out);
    while (is_good && gsp__pb_next(&r, &f))
        if (f.number == 1)
            is_good = f.type == GSP__PB_BYTES && read_partial(&f, &found);
    if (!is_good || r.is_bad)
        return false;
    *out = found;
    return true;
}

bool gsp__otlp_response_from_json(const char *text, size_t n, struct gsp__partial_success *out)
{
    static const char *const counts[] = {"rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"};
    struct gsp__json_decoder d = {NULL, GSP_OK, NULL};
    json_t *root, *partial, *message;

    memset(out, 0, sizeof *out);
    if (n == 0)
        return true;
    root = gsp__from_json_load(text, n, NULL);
    if (!root)
        return false;
    partial = gsp__from_json_object(&d, root, "partialSuccess");
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (gsp__from_json_get(partial, counts[i]))
            out->n_rejected = gsp__from_json_i64(&d, partial, counts[i]);
    message = gsp__from_json_get(partial, "errorMessage");
    if (json_is_string(message))
        set_message(out, json_string_value(message), json_string_length(message));
    else if (message)
        gsp__from_json_fail(&d, GSP_ERR_FORMAT, "malformed OTLP JSON: a string is expected");
    json_decref(root);
    if (d.status != GSP_OK)
        memset(out, 0, sizeof *out);
    return d.status == GSP_OK;
}
