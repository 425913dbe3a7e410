/*
 * A recorded exchange as a line of JSON: `flavor` (the format's name), `host`, `path`, `status`,
 * `response_headers`, `request_body` and `response_body`, or these with `_b64` where they are not UTF-8.
 */
#ifndef GSP_CLI_EXCHANGE_LINE_H
#define GSP_CLI_EXCHANGE_LINE_H

#include "cli/facts_json.h"

#define GSP__LINE_HEADERS_MAX 256

struct gsp__exchange_line {
    struct gsp__exchange_bytes x;
    const struct gsp__format *format; /* NULL: not known */
    char *decoded[2];                 /* bodies that were base64 */
    const char *headers[2 * GSP__LINE_HEADERS_MAX + 1];
};

/* Borrows from `line`. False if there is no memory, or a body is not base64. Close it in any case. */
bool gsp__exchange_line_open(struct gsp__exchange_line *l, json_t *line);
void gsp__exchange_line_close(struct gsp__exchange_line *l);

#endif
