/*
 * A recorded exchange as a line of JSON.
 */
#include "cli/exchange_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "wire/registry.h"

static bool read_body(json_t *line, const char *key, const char *key_b64, const char **bytes, size_t *n,
                      char **decoded)
{
    json_t *body = json_object_get(line, key), *coded = json_object_get(line, key_b64);
    struct gsp__base64 b = {0};

    *bytes = json_string_value(body);
    *n = json_string_length(body);
    if (*bytes || !json_is_string(coded))
        return true;
    *decoded = malloc(json_string_length(coded) + 3);
    if (!*decoded)
        return false;
    *n = gsp__base64_decode(&b, *decoded, json_string_value(coded), json_string_length(coded));
    *bytes = *decoded;
    return gsp__base64_finish(&b);
}

static void read_headers(json_t *line, const char **headers)
{
    json_t *value;
    const char *key;
    size_t n = 0;

    json_object_foreach(json_object_get(line, "response_headers"), key, value)
    {
        if (json_is_string(value) && n < 2 * GSP__LINE_HEADERS_MAX) {
            headers[n++] = key;
            headers[n++] = json_string_value(value);
        }
    }
    headers[n] = NULL;
}

bool gsp__exchange_line_open(struct gsp__exchange_line *l, json_t *line)
{
    const char *flavor = json_string_value(json_object_get(line, "flavor"));
    struct gsp__exchange_bytes *x = &l->x;

    memset(l, 0, sizeof *l);
    x->host = json_string_value(json_object_get(line, "host"));
    x->path = json_string_value(json_object_get(line, "path"));
    x->status = (int)json_integer_value(json_object_get(line, "status"));
    if (flavor)
        l->format = gsp__registry_named(flavor);
    else if (x->path)
        l->format = gsp__registry_find(x->host ? x->host : "", x->host ? strlen(x->host) : 0, x->path,
                                       strlen(x->path));
    read_headers(line, l->headers);
    x->headers = l->headers;
    return read_body(line, "request_body", "request_body_b64", &x->request_body, &x->n_request_body,
                     &l->decoded[0]) &&
           read_body(line, "response_body", "response_body_b64", &x->response_body, &x->n_response_body,
                     &l->decoded[1]);
}

void gsp__exchange_line_close(struct gsp__exchange_line *l)
{
    free(l->decoded[0]);
    free(l->decoded[1]);
}
