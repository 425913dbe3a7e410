/*
 * Collecting what a decoder finds as one JSON object: the keys that the corpus's `expect` has, and no
 * others, so that the two can be compared.
 */
#ifndef GSP_CLI_FACTS_JSON_H
#define GSP_CLI_FACTS_JSON_H

#include <jansson.h>

#include "wire/decoder.h"
#include "wire/headers.h"

/* One exchange as it stands in a file. Absent parts are NULL. */
struct gsp__exchange_bytes {
    const char *host;
    const char *path;
    int status; /* 0: not known */
    const char *request_body;
    size_t n_request_body;
    const char *response_body;
    size_t n_response_body;
    const char *const *headers; /* name, value, name, value, ... NULL */
};

/*
 * Decode an exchange. Returns a new object, or NULL if its format is not known (or there is no memory).
 * `cut` is for tests: how many bytes are fed at once, 0 for all.
 */
json_t *gsp__facts_json(const struct gsp__exchange_bytes *exchange, const struct gsp__format *format,
                        size_t (*cut)(void *self, size_t left), void *cut_self);

#endif
