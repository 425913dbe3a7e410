/*
 * The spans in files of OTLP JSON lines.
 */
#include "cli/spans_file.h"

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_line(json_t *all, const char *line, size_t n)
{
    json_error_t fault;
    json_t *root = json_loadb(line, n, 0, &fault), *resource, *scope;
    size_t i, k;

    if (!root)
        fail_msg("a line is no JSON: %s", fault.text);
    json_array_foreach(json_object_get(root, "resourceSpans"), i, resource)
        json_array_foreach(json_object_get(resource, "scopeSpans"), k, scope)
            json_array_extend(all, json_object_get(scope, "spans"));
    json_decref(root);
}

json_t *test_spans_of(const char *path)
{
    json_t *all = json_array();
    char *text, *p;

    if (access(path, F_OK) != 0)
        return all;
    text = test_read_file(path, NULL);
    for (p = text; *p; p += strcspn(p, "\n") + 1)
        add_line(all, p, strcspn(p, "\n"));
    free(text);
    return all;
}

static bool is_named(json_t *span, const char *name)
{
    const char *own = json_string_value(json_object_get(span, "name"));

    return own && strncmp(own, name, strlen(name)) == 0;
}

int test_spans_named(json_t *spans, const char *name)
{
    json_t *span;
    int found = 0;
    size_t i;

    json_array_foreach(spans, i, span) found += is_named(span, name);
    return found;
}

json_t *test_span_named(json_t *spans, const char *name, int n)
{
    json_t *span;
    size_t i;

    json_array_foreach(spans, i, span) if (is_named(span, name) && n-- == 0) return span;
    fail_msg("there is no such span: %s", name);
    return NULL;
}

static void put_value(char *out, size_t cap, json_t *value)
{
    json_t *part, *item;
    size_t n, i;

    if ((part = json_object_get(value, "stringValue")) || (part = json_object_get(value, "intValue")))
        snprintf(out, cap, "%s", json_string_value(part));
    else if ((part = json_object_get(value, "doubleValue")))
        snprintf(out, cap, "%.9g", json_number_value(part));
    else if ((part = json_object_get(value, "boolValue")))
        snprintf(out, cap, "%s", json_is_true(part) ? "true" : "false");
    json_array_foreach(json_object_get(json_object_get(value, "arrayValue"), "values"), i, item)
    {
        n = strlen(out);
        snprintf(out + n, cap - n, "%s", i ? "," : "");
        n = strlen(out);
        put_value(out + n, cap - n, item);
    }
}

const char *test_attribute_of(json_t *span, const char *key)
{
    static char rooms[4][2048];
    static unsigned next;
    json_t *attribute;
    size_t i;

    json_array_foreach(json_object_get(span, "attributes"), i, attribute)
    {
        char *room = rooms[next % 4];

        if (strcmp(json_string_value(json_object_get(attribute, "key")), key) != 0)
            continue;
        next++;
        room[0] = 0;
        put_value(room, sizeof rooms[0], json_object_get(attribute, "value"));
        return room;
    }
    return NULL;
}

json_t *test_event_of(json_t *span, const char *name, int n)
{
    json_t *event;
    size_t i;

    json_array_foreach(json_object_get(span, "events"), i,
                       event) if (is_named(event, name) && n-- == 0) return event;
    return NULL;
}

int test_status_of(json_t *span)
{
    return (int)json_integer_value(json_object_get(json_object_get(span, "status"), "code"));
}

const char *test_status_text(json_t *span)
{
    const char *text = json_string_value(json_object_get(json_object_get(span, "status"), "message"));

    return text ? text : "";
}
