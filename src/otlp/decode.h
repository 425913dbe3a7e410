/*
 * OTLP to the model, from protobuf and from JSON. Unknown fields are passed over; what is malformed, nested
 * too deep or too much for the arena is an error, never a crash.
 *
 * Strings of protobuf point into the input, all else into the arena. Memory: an arena of
 * GSP__OTLP_ARENA_PER_BYTE bytes for each byte of input suffices for any input; the caller chooses. An input
 * of more than 4 GiB is refused.
 */
#ifndef GSP_OTLP_DECODE_H
#define GSP_OTLP_DECODE_H

#include <genspan/types.h>

#include "base/arena.h"
#include "derive/model.h"

#define GSP__OTLP_ARENA_PER_BYTE 128
#define GSP__OTLP_DEPTH_MAX      32 /* of arrays and maps in a value */

/*
 * GSP_ERR_FORMAT (err->offset says where, for protobuf), GSP_ERR_NO_SPACE (the arena is full).
 */
GSP_MUST_USE gsp_status gsp__otlp_traces_from_pb(const void *bytes, size_t n, struct gsp__arena *arena,
                                                 struct gsp__traces *out, gsp_error *err);
GSP_MUST_USE gsp_status gsp__otlp_metrics_from_pb(const void *bytes, size_t n, struct gsp__arena *arena,
                                                  struct gsp__metrics *out, gsp_error *err);
GSP_MUST_USE gsp_status gsp__otlp_logs_from_pb(const void *bytes, size_t n, struct gsp__arena *arena,
                                               struct gsp__logs *out, gsp_error *err);
GSP_MUST_USE gsp_status gsp__otlp_traces_from_json(const char *text, size_t n, struct gsp__arena *arena,
                                                   struct gsp__traces *out, gsp_error *err);
GSP_MUST_USE gsp_status gsp__otlp_metrics_from_json(const char *text, size_t n, struct gsp__arena *arena,
                                                    struct gsp__metrics *out, gsp_error *err);
GSP_MUST_USE gsp_status gsp__otlp_logs_from_json(const char *text, size_t n, struct gsp__arena *arena,
                                                 struct gsp__logs *out, gsp_error *err);

/* What a backend answers to an export: how many items it refused, and why. */
struct gsp__partial_success {
    int64_t n_rejected;
    char message[256];
};

/* An export's response body, in either encoding. False, and `out` zeroed, if it is none (an empty one is:
 * nothing refused). */
bool gsp__otlp_response_from_pb(const void *bytes, size_t n, struct gsp__partial_success *out);
bool gsp__otlp_response_from_json(const char *text, size_t n, struct gsp__partial_success *out);

#endif
