/*
 * Reading JSON objects by tables.
 */
#include "sim/fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Faults and their places.
 */

bool gsp__fields_fault(struct gsp__fields *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(r->fault->text, sizeof r->fault->text, format, args);
    va_end(args);
    return false;
}

size_t gsp__fields_enter_key(struct gsp__fields *r, const char *key)
{
    size_t before = r->n_path, room = sizeof r->fault->path - before;
    int n = snprintf(r->fault->path + before, room, ".%s", key);

    r->n_path += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
    return before;
}

size_t gsp__fields_enter_item(struct gsp__fields *r, size_t i)
{
    size_t before = r->n_path, room = sizeof r->fault->path - before;
    int n = snprintf(r->fault->path + before, room, "[%zu]", i);

    r->n_path += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
    return before;
}

void gsp__fields_leave(struct gsp__fields *r, size_t before)
{
    r->n_path = before;
    r->fault->path[before] = 0;
}

/*
 * Values.
 */

void *gsp__fields_get(struct gsp__fields *r, size_t n, size_t size)
{
    void *p = n > SIZE_MAX / size ? NULL : gsp__arena_get(r->arena, n * size);

    if (p)
        memset(p, 0, n * size);
    else
        gsp__fields_fault(r, "no memory for a scenario of this size");
    return p;
}

bool gsp__fields_string(struct gsp__fields *r, const json_t *value, const char **out)
{
    if (!json_is_string(value))
        return gsp__fields_fault(r, "not a string");
    *out = json_string_value(value);
    return true;
}

bool gsp__fields_number(struct gsp__fields *r, const json_t *value, int64_t min, int64_t max, int64_t *out)
{
    if (!json_is_integer(value))
        return gsp__fields_fault(r, "not a whole number");
    if (json_integer_value(value) < min || json_integer_value(value) > max)
        return gsp__fields_fault(r, "not from %lld to %lld", (long long)min, (long long)max);
    *out = json_integer_value(value);
    return true;
}

static bool read_field(struct gsp__fields *r, const struct gsp__field *f, const json_t *value, void *out)
{
    void *at = (char *)out + f->offset;
    int64_t n;

    switch (f->type) {
    case GSP__FIELD_STRING:
        return gsp__fields_string(r, value, at);
    case GSP__FIELD_BOOL:
        if (!json_is_boolean(value))
            return gsp__fields_fault(r, "neither true nor false");
        *(bool *)at = json_is_true(value);
        return true;
    case GSP__FIELD_INT:
        if (!gsp__fields_number(r, value, f->min, f->max > INT32_MAX ? INT32_MAX : f->max, &n))
            return false;
        *(int *)at = (int)n;
        return true;
    case GSP__FIELD_NUMBER:
        return gsp__fields_number(r, value, f->min, f->max, at);
    case GSP__FIELD_REAL:
        if (!json_is_number(value))
            return gsp__fields_fault(r, "not a number");
        *(double *)at = json_number_value(value);
        return true;
    case GSP__FIELD_CUSTOM:
        return f->read(r, value, out);
    }
    return false;
}

static const struct gsp__field *field_named(const struct gsp__field *fields, const char *key)
{
    for (; fields->key; fields++)
        if (strcmp(fields->key, key) == 0)
            return fields;
    return NULL;
}

bool gsp__fields_object(struct gsp__fields *r, const json_t *value, const struct gsp__field *fields,
                        void *out)
{
    const char *key;
    json_t *member;

    if (!json_is_object(value))
        return gsp__fields_fault(r, "not an object");
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        const struct gsp__field *f = field_named(fields, key);
        size_t before = gsp__fields_enter_key(r, key);

        if (!f)
            return gsp__fields_fault(r, "not known here");
        if (!read_field(r, f, member, out))
            return false;
        gsp__fields_leave(r, before);
    }
    return true;
}

/* Read an array's items, each into its place of a new array. */
bool gsp__fields_items(struct gsp__fields *r, const json_t *value, size_t max, size_t size,
                       bool (*read)(struct gsp__fields *r, const json_t *item, void *out), void **out,
                       uint32_t *n_out)
{
    size_t n = json_array_size(value), i;
    json_t *item;
    char *items;

    if (!json_is_array(value))
        return gsp__fields_fault(r, "not a list");
    if (n > max)
        return gsp__fields_fault(r, "more than %zu", max);
    items = gsp__fields_get(r, n + 1, size);
    if (!items)
        return false;
    json_array_foreach(value, i, item)
    {
        size_t before = gsp__fields_enter_item(r, i);

        if (!read(r, item, items + i * size))
            return false;
        gsp__fields_leave(r, before);
    }
    *out = items;
    *n_out = (uint32_t)n;
    return true;
}

bool gsp__fields_text(struct gsp__fields *r, const json_t *item, void *out)
{
    return gsp__fields_string(r, item, out);
}

/* One of some words; its place among them. */
bool gsp__fields_word(struct gsp__fields *r, const json_t *value, const char *const *words, unsigned n,
                      int *out)
{
    const char *text = "";

    if (!gsp__fields_string(r, value, &text))
        return false;
    for (unsigned i = 0; i < n; i++)
        if (strcmp(words[i], text) == 0) {
            *out = (int)i;
            return true;
        }
    return gsp__fields_fault(r, "\"%.40s\" is none of those it may be", text);
}
