/*
 * The content of a request or a response as text, for tests: a line for each part, in the order in which they
 * are shown, whatever the order in which they came.
 *
 *     input[0] role "user"
 *     input[0].0 text "Look"
 *     input[0].1 modality "image"
 *     input[0].1 size 68
 *     tools[0].0 json "{}"
 *     output[0].1 arguments "{\"city\":\"Oslo\"}"
 *
 * Pieces are joined and moved as wire/sink.h says, and checked against it.
 */
#ifndef GSP_TESTS_SAID_H
#define GSP_TESTS_SAID_H

#include "wire/decoded.h"

/* Good until the next call of any of them. `target`: path and query, or NULL. */
const char *said_in_request(const struct gsp__format *format, const char *target, const char *bytes, size_t n,
                            struct cuts cuts);
const char *said_in_response(const struct gsp__format *format, enum gsp__framing framing, const char *bytes,
                             size_t n, struct cuts cuts);

/*
 * The same where capture is off: fails if a decoder keeps `secret` anywhere in itself.
 */
void expect_not_kept_of_request(const struct gsp__format *format, const char *bytes, size_t n,
                                const char *secret);
void expect_not_kept_of_response(const struct gsp__format *format, enum gsp__framing framing,
                                 const char *bytes, size_t n, const char *secret);

#endif
