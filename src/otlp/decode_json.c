/*
 * OTLP JSON to the model, over jansson: what the signals have in common. Numbers may be strings or
 * numbers (a number beyond 2^63 - 1 must be a string), ids are hex of either case, enums must be integers.
 * Unknown keys are passed over.
 */
#include "otlp/decode_json.h"

#include <math.h>
#include <string.h>

#include "base/hex.h"
#include "base/number.h"
#include "base/status.h"

#define NO_ROOM "too much OTLP for the room there is"

json_t *gsp__from_json_load(const char *text, size_t n, gsp_error *err)
{
    json_error_t fault = {.position = 0};
    json_t *root;

    if (n > UINT32_MAX) { /* counts have 32 bits */
        gsp__fail(err, GSP_ERR_FORMAT, "malformed OTLP JSON: longer than 4 GiB");
        return NULL;
    }
    root = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &fault);
    if (json_is_object(root))
        return root;
    gsp__fail_at(err, GSP_ERR_FORMAT, root || fault.position < 0 ? 0 : (uint64_t)fault.position,
                 "malformed OTLP JSON: not one object");
    json_decref(root);
    return NULL;
}

bool gsp__from_json_fail(struct gsp__json_decoder *d, gsp_status status, const char *fault)
{
    if (d->status == GSP_OK) {
        d->status = status;
        d->fault = fault;
    }
    return false;
}

static void malformed(struct gsp__json_decoder *d, const char *fault)
{
    gsp__from_json_fail(d, GSP_ERR_FORMAT, fault);
}

void *gsp__from_json_items(struct gsp__json_decoder *d, size_t n, size_t size)
{
    void *p = n ? gsp__arena_get(d->arena, n * size) : NULL;

    if (n && !p)
        gsp__from_json_fail(d, GSP_ERR_NO_SPACE, NO_ROOM);
    if (p)
        memset(p, 0, n * size);
    return p;
}

json_t *gsp__from_json_get(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    return json_is_null(value) ? NULL : value;
}

json_t *gsp__from_json_object(struct gsp__json_decoder *d, json_t *object, const char *key)
{
    json_t *value = gsp__from_json_get(object, key);

    if (!value || json_is_object(value))
        return value;
    malformed(d, "malformed OTLP JSON: an object is expected");
    return NULL;
}

json_t *gsp__from_json_array(struct gsp__json_decoder *d, json_t *object, const char *key, uint32_t *n)
{
    json_t *value = gsp__from_json_get(object, key);

    *n = 0;
    if (value && !json_is_array(value)) {
        malformed(d, "malformed OTLP JSON: an array is expected");
        return NULL;
    }
    *n = (uint32_t)json_array_size(value);
    return value;
}

json_t *gsp__from_json_objects(struct gsp__json_decoder *d, json_t *object, const char *key, uint32_t *n)
{
    json_t *array = gsp__from_json_array(d, object, key, n);

    for (uint32_t i = 0; i < *n; i++)
        if (!json_is_object(json_array_get(array, i))) {
            malformed(d, "malformed OTLP JSON: an array of objects is expected");
            *n = 0;
            return NULL;
        }
    return array;
}

/*
 * Scalars.
 */

/* A string's text; NULL if it is none or holds a NUL, where C would end it. */
static const char *text_of(json_t *value)
{
    const char *text = json_string_value(value);

    return text && strlen(text) == json_string_length(value) ? text : NULL;
}

static struct gsp__string copy(struct gsp__json_decoder *d, json_t *value)
{
    size_t n = json_string_length(value);
    char *p = n ? gsp__arena_get(d->arena, n) : NULL;

    if (!json_is_string(value))
        malformed(d, "malformed OTLP JSON: a string is expected");
    if (n && !p) {
        gsp__from_json_fail(d, GSP_ERR_NO_SPACE, NO_ROOM);
        n = 0;
    }
    if (n)
        memcpy(p, json_string_value(value), n);
    return (struct gsp__string){p ? p : "", n};
}

struct gsp__string gsp__from_json_string(struct gsp__json_decoder *d, json_t *object, const char *key)
{
    json_t *value = gsp__from_json_get(object, key);

    return value ? copy(d, value) : (struct gsp__string){"", 0};
}

uint64_t gsp__from_json_to_u64(struct gsp__json_decoder *d, json_t *value)
{
    const char *text = text_of(value);
    uint64_t n;

    if (json_is_integer(value) && json_integer_value(value) >= 0)
        return (uint64_t)json_integer_value(value);
    if (text && gsp__parse_u64(text, UINT64_MAX, &n))
        return n;
    malformed(d, "malformed OTLP JSON: an unsigned integer is expected");
    return 0;
}

static int64_t to_i64(struct gsp__json_decoder *d, json_t *value)
{
    const char *text = text_of(value);
    uint64_t n;

    if (json_is_integer(value))
        return json_integer_value(value);
    if (text && *text == '-' && gsp__parse_u64(text + 1, (uint64_t)INT64_MAX + 1, &n))
        return (int64_t)-n;
    if (text && gsp__parse_u64(text, INT64_MAX, &n))
        return (int64_t)n;
    malformed(d, "malformed OTLP JSON: an integer is expected");
    return 0;
}

double gsp__from_json_to_double(struct gsp__json_decoder *d, json_t *value)
{
    const char *text = text_of(value);
    double number;

    if (json_is_number(value))
        return json_number_value(value);
    if (text && strcmp(text, "NaN") == 0)
        return NAN;
    if (text && strcmp(text, "Infinity") == 0)
        return INFINITY;
    if (text && strcmp(text, "-Infinity") == 0)
        return -INFINITY;
    if (text && gsp__parse_double(text, strlen(text), &number))
        return number;
    malformed(d, "malformed OTLP JSON: a number is expected");
    return 0;
}

int64_t gsp__from_json_i64(struct gsp__json_decoder *d, json_t *object, const char *key)
{
    json_t *value = gsp__from_json_get(object, key);

    return value ? to_i64(d, value) : 0;
}

uint64_t gsp__from_json_u64(struct gsp__json_decoder *d, json_t *object, const char *key)
{
    json_t *value = gsp__from_json_get(object, key);

    return value ? gsp__from_json_to_u64(d, value) : 0;
}

int32_t gsp__from_json_i32(struct gsp__json_decoder *d, json_t *object, const char *key)
{
    int64_t n = gsp__from_json_i64(d, object, key);

    if (n < INT32_MIN || n > INT32_MAX)
        malformed(d, "malformed OTLP JSON: a number is out of range");
    return (int32_t)n;
}

uint32_t gsp__from_json_u32(struct gsp__json_decoder *d, json_t *object, const char *key)
{
    uint64_t n = gsp__from_json_u64(d, object, key);

    if (n > UINT32_MAX)
        malformed(d, "malformed OTLP JSON: a number is out of range");
    return (uint32_t)n;
}

static bool to_bool(struct gsp__json_decoder *d, json_t *value)
{
    if (!json_is_boolean(value))
        malformed(d, "malformed OTLP JSON: true or false is expected");
    return json_is_true(value);
}

bool gsp__from_json_bool(struct gsp__json_decoder *d, json_t *object, const char *key)
{
    json_t *value = gsp__from_json_get(object, key);

    return value && to_bool(d, value);
}

uint8_t gsp__from_json_enum(struct gsp__json_decoder *d, json_t *object, const char *key)
{
    json_t *value = gsp__from_json_get(object, key);
    json_int_t n = json_integer_value(value);

    if (value && (!json_is_integer(value) || n < 0 || n > UINT8_MAX)) {
        malformed(d, "malformed OTLP JSON: enums are integers");
        return 0;
    }
    return (uint8_t)n;
}

bool gsp__from_json_double(struct gsp__json_decoder *d, json_t *object, const char *key, double *out)
{
    json_t *value = gsp__from_json_get(object, key);

    if (value)
        *out = gsp__from_json_to_double(d, value);
    return value;
}

bool gsp__from_json_id(struct gsp__json_decoder *d, json_t *object, const char *key, uint8_t *out, size_t n)
{
    json_t *value = gsp__from_json_get(object, key);
    const char *text = text_of(value);

    if (!value || (text && !*text))
        return false;
    if (text && strlen(text) == 2 * n && gsp__hex_decode(out, n, text))
        return true;
    malformed(d, "malformed OTLP JSON: an id is not hex of its length");
    return false;
}

/*
 * Values and attributes.
 */

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* Of either alphabet, with its padding or without; false if it is none. */
static bool decode_base64(const char *text, size_t n, uint8_t *out, size_t *out_n)
{
    uint32_t bits = 0, n_bits = 0;

    if (n % 4 == 0 && n > 0 && text[n - 1] == '=')
        n -= text[n - 2] == '=' ? 2 : 1;
    *out_n = 0;
    for (size_t i = 0; i < n; i++) {
        int digit = base64_digit(text[i]);

        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[(*out_n)++] = (uint8_t)(bits >> n_bits);
        }
    }
    return n % 4 != 1;
}

static struct gsp__string bytes_of(struct gsp__json_decoder *d, json_t *value)
{
    size_t n = json_string_length(value);
    uint8_t *p = gsp__from_json_items(d, n, 1);

    if (!json_is_string(value) || (p && !decode_base64(json_string_value(value), n, p, &n)))
        malformed(d, "malformed OTLP JSON: bytes are not base64");
    return (struct gsp__string){p ? (const char *)p : "", p ? n : 0};
}

static void read_pairs(struct gsp__json_decoder *d, json_t *object, const char *key, unsigned depth,
                       struct gsp__attributes *out);
static void read_value(struct gsp__json_decoder *d, json_t *object, unsigned depth, struct gsp__value *out);

static void read_array(struct gsp__json_decoder *d, json_t *array, unsigned depth, struct gsp__value *out)
{
    uint32_t n;
    json_t *objects = gsp__from_json_objects(d, array, "values", &n);
    struct gsp__value *values = gsp__from_json_items(d, n, sizeof *values);

    out->u.items = values;
    out->n = values ? n : 0;
    for (uint32_t i = 0; i < out->n; i++)
        read_value(d, json_array_get(objects, i), depth + 1, &values[i]);
}

static void read_map(struct gsp__json_decoder *d, json_t *map, unsigned depth, struct gsp__value *out)
{
    struct gsp__attributes pairs;

    read_pairs(d, map, "values", depth + 1, &pairs);
    out->u.pairs = pairs.items;
    out->n = pairs.n;
}

static void read_value(struct gsp__json_decoder *d, json_t *object, unsigned depth, struct gsp__value *out)
{
    json_t *v;

    memset(out, 0, sizeof *out);
    if (depth > GSP__OTLP_DEPTH_MAX) {
        malformed(d, "malformed OTLP JSON: a value is nested too deep");
        return;
    }
    if ((v = gsp__from_json_get(object, "stringValue"))) {
        out->type = GSP__VALUE_STRING;
        out->u.string = copy(d, v);
    } else if ((v = gsp__from_json_get(object, "boolValue"))) {
        out->type = GSP__VALUE_BOOL;
        out->u.boolean = to_bool(d, v);
    } else if ((v = gsp__from_json_get(object, "intValue"))) {
        out->type = GSP__VALUE_INT;
        out->u.integer = to_i64(d, v);
    } else if ((v = gsp__from_json_get(object, "doubleValue"))) {
        out->type = GSP__VALUE_DOUBLE;
        out->u.real = gsp__from_json_to_double(d, v);
    } else if ((v = gsp__from_json_object(d, object, "arrayValue"))) {
        out->type = GSP__VALUE_ARRAY;
        read_array(d, v, depth, out);
    } else if ((v = gsp__from_json_object(d, object, "kvlistValue"))) {
        out->type = GSP__VALUE_MAP;
        read_map(d, v, depth, out);
    } else if ((v = gsp__from_json_get(object, "bytesValue"))) {
        out->type = GSP__VALUE_BYTES;
        out->u.string = bytes_of(d, v);
    }
}

static void read_pairs(struct gsp__json_decoder *d, json_t *object, const char *key, unsigned depth,
                       struct gsp__attributes *out)
{
    uint32_t n;
    json_t *array = gsp__from_json_objects(d, object, key, &n);

    out->n_dropped = 0;
    out->items = gsp__from_json_items(d, n, sizeof *out->items);
    out->n = out->items ? n : 0;
    for (uint32_t i = 0; i < out->n; i++) {
        json_t *pair = json_array_get(array, i);

        out->items[i].key = gsp__from_json_string(d, pair, "key");
        read_value(d, gsp__from_json_object(d, pair, "value"), depth, &out->items[i].value);
    }
}

void gsp__from_json_value(struct gsp__json_decoder *d, json_t *object, const char *key,
                          struct gsp__value *out)
{
    read_value(d, gsp__from_json_object(d, object, key), 0, out);
}

void gsp__from_json_pairs(struct gsp__json_decoder *d, json_t *object, const char *key,
                          struct gsp__attributes *out)
{
    read_pairs(d, object, key, 0, out);
}

void gsp__from_json_attributes(struct gsp__json_decoder *d, json_t *object, struct gsp__attributes *out)
{
    read_pairs(d, object, "attributes", 0, out);
    out->n_dropped = gsp__from_json_u32(d, object, "droppedAttributesCount");
}

void gsp__from_json_resource(struct gsp__json_decoder *d, json_t *parent, struct gsp__resource *out)
{
    gsp__from_json_attributes(d, gsp__from_json_object(d, parent, "resource"), &out->attributes);
}

void gsp__from_json_scope(struct gsp__json_decoder *d, json_t *parent, struct gsp__instrumentation_scope *out)
{
    json_t *scope = gsp__from_json_object(d, parent, "scope");

    out->name = gsp__from_json_string(d, scope, "name");
    out->version = gsp__from_json_string(d, scope, "version");
    gsp__from_json_attributes(d, scope, &out->attributes);
}
