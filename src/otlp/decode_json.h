/*
 * What decoding the signals from JSON has in common: the decoder's state, values of each type by
 * their key, and the objects that all signals use. A key whose value is null is as good as absent; a value
 * of another type than its own is a fault.
 */
#ifndef GSP_OTLP_DECODE_JSON_H
#define GSP_OTLP_DECODE_JSON_H

#include <jansson.h>

#include "otlp/decode.h"

struct gsp__json_decoder {
    struct gsp__arena *arena;
    gsp_status status;
    const char *fault; /* static text */
};

/* A text that is one object; json_decref() it. NULL, and the failure in err, for any other. */
json_t *gsp__from_json_load(const char *text, size_t n, gsp_error *err);

/* The first fault stands. False, always. */
bool gsp__from_json_fail(struct gsp__json_decoder *d, gsp_status status, const char *fault);

/* Room for items, zeroed; NULL for none of them too. */
void *gsp__from_json_items(struct gsp__json_decoder *d, size_t n, size_t size);

/* What is under a key; NULL for null, too. `object` may be NULL, here and below. */
json_t *gsp__from_json_get(json_t *object, const char *key);
json_t *gsp__from_json_object(struct gsp__json_decoder *d, json_t *object, const char *key);
/* An array, or one of objects only, and its length. */
json_t *gsp__from_json_array(struct gsp__json_decoder *d, json_t *object, const char *key, uint32_t *n);
json_t *gsp__from_json_objects(struct gsp__json_decoder *d, json_t *object, const char *key, uint32_t *n);

/* Numbers that are items of an array. */
uint64_t gsp__from_json_to_u64(struct gsp__json_decoder *d, json_t *value);
double gsp__from_json_to_double(struct gsp__json_decoder *d, json_t *value);

/* The value under a key; 0 or empty if it is absent. */
struct gsp__string gsp__from_json_string(struct gsp__json_decoder *d, json_t *object, const char *key);
int64_t gsp__from_json_i64(struct gsp__json_decoder *d, json_t *object, const char *key);
uint64_t gsp__from_json_u64(struct gsp__json_decoder *d, json_t *object, const char *key);
int32_t gsp__from_json_i32(struct gsp__json_decoder *d, json_t *object, const char *key);
uint32_t gsp__from_json_u32(struct gsp__json_decoder *d, json_t *object, const char *key);
bool gsp__from_json_bool(struct gsp__json_decoder *d, json_t *object, const char *key);
/* An enum is an integer, and nothing else; it is kept in one byte. */
uint8_t gsp__from_json_enum(struct gsp__json_decoder *d, json_t *object, const char *key);
/* Whether it is there. */
bool gsp__from_json_double(struct gsp__json_decoder *d, json_t *object, const char *key, double *out);
/* An id of n bytes in hex. Whether it is there: an empty one is not. */
bool gsp__from_json_id(struct gsp__json_decoder *d, json_t *object, const char *key, uint8_t *out, size_t n);

/* An AnyValue under a key; one without a value if it is absent. */
void gsp__from_json_value(struct gsp__json_decoder *d, json_t *object, const char *key,
                          struct gsp__value *out);
/* Attributes under a key; and "attributes" with "droppedAttributesCount". */
void gsp__from_json_pairs(struct gsp__json_decoder *d, json_t *object, const char *key,
                          struct gsp__attributes *out);
void gsp__from_json_attributes(struct gsp__json_decoder *d, json_t *object, struct gsp__attributes *out);
/* "resource" and "scope" of a parent. */
void gsp__from_json_resource(struct gsp__json_decoder *d, json_t *parent, struct gsp__resource *out);
void gsp__from_json_scope(struct gsp__json_decoder *d, json_t *parent,
                          struct gsp__instrumentation_scope *out);

#endif
