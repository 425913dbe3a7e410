/*
 * Reading JSON objects by tables: what members they may have, of which types, and where these go. The first
 * fault ends the reading, and its place is kept as a path: $.targets[0].calls[1][2].at_ms.
 */
#ifndef GSP_SIM_FIELDS_H
#define GSP_SIM_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"

/* Where a document is wrong, and how. */
struct gsp__fields_fault {
    char path[256];
    char text[160];
};

struct gsp__fields {
    struct gsp__arena *arena;        /* of lists */
    struct gsp__fields_fault *fault; /* its path is that of the value being read */
    size_t n_path;
    int depth; /* for readers that nest */
};

enum gsp__field_type {
    GSP__FIELD_STRING, /* a const char *, into the document */
    GSP__FIELD_BOOL,
    GSP__FIELD_INT,    /* an int */
    GSP__FIELD_NUMBER, /* an int64_t */
    GSP__FIELD_REAL,   /* a double */
    GSP__FIELD_CUSTOM,
};

struct gsp__field {
    const char *key; /* NULL ends a table */
    enum gsp__field_type type;
    size_t offset;
    int64_t min, max;                                                    /* of whole numbers */
    bool (*read)(struct gsp__fields *r, const json_t *value, void *out); /* gets the whole struct */
};

/* A member of a struct; numbers are times in ms, from 0 to a year. */
#define GSP__FIELD_MS_MAX ((int64_t)1000 * 86400 * 366)
#define GSP__FIELD(key, type, of, member)                                                                    \
    {                                                                                                        \
        key, type, offsetof(of, member), 0, GSP__FIELD_MS_MAX, NULL                                          \
    }
#define GSP__FIELD_READ(key, read)                                                                           \
    {                                                                                                        \
        key, GSP__FIELD_CUSTOM, 0, 0, 0, read                                                                \
    }

/* Say what is wrong with the value at hand. Always false. */
GSP__PRINTF(2, 3) bool gsp__fields_fault(struct gsp__fields *r, const char *format, ...);

/* Go into a member or an item; what they return takes leave back to where it was. */
size_t gsp__fields_enter_key(struct gsp__fields *r, const char *key);
size_t gsp__fields_enter_item(struct gsp__fields *r, size_t i);
void gsp__fields_leave(struct gsp__fields *r, size_t before);

/* Zeroed memory for `n` of `size`, or NULL with the fault said. */
void *gsp__fields_get(struct gsp__fields *r, size_t n, size_t size);

/* Values. False, with the fault said, if they are none such. */
bool gsp__fields_string(struct gsp__fields *r, const json_t *value, const char **out);
bool gsp__fields_number(struct gsp__fields *r, const json_t *value, int64_t min, int64_t max, int64_t *out);
bool gsp__fields_word(struct gsp__fields *r, const json_t *value, const char *const *words, unsigned n,
                      int *out);
bool gsp__fields_object(struct gsp__fields *r, const json_t *value, const struct gsp__field *fields,
                        void *out);

/* A list of at most `max` items, each read into its place of a new array. */
bool gsp__fields_items(struct gsp__fields *r, const json_t *value, size_t max, size_t size,
                       bool (*read)(struct gsp__fields *r, const json_t *item, void *out), void **out,
                       uint32_t *n_out);

/* An item that is a string; `out` is a const char **. */
bool gsp__fields_text(struct gsp__fields *r, const json_t *item, void *out);

#endif
