/*
 * Walking the entries of a record that was copied out. Lengths are checked against what is left; what
 * does not fit ends the walk.
 */
#include "record/reader.h"

#include <string.h>

static uint32_t pad(uint32_t n)
{
    return (n + 7) & ~7u;
}

static bool take(struct gsp__entries *entries, uint32_t n, const uint8_t **out)
{
    if (n > entries->n || pad(n) < n || pad(n) > entries->n)
        return false;
    *out = entries->bytes;
    entries->bytes += pad(n);
    entries->n -= pad(n);
    return true;
}

static bool take_key(struct gsp__entries *rest, struct gsp__entry_view *out)
{
    const uint8_t *p;
    uint32_t length;

    if (rest->n == 0)
        return false;
    length = rest->bytes[0];
    if (length == 0 || !take(rest, 1 + length, &p))
        return false;
    out->key = (const char *)p + 1;
    out->n_key = length;
    return true;
}

static bool take_value(struct gsp__entries *rest, uint32_t value, struct gsp__entry_view *out)
{
    switch (out->kind) {
    case GSP__ENTRY_INT32:
        out->scalar.i = (int32_t)value;
        return true;
    case GSP__ENTRY_BOOL:
        out->scalar.i = value != 0;
        return true;
    case GSP__ENTRY_INT64:
    case GSP__ENTRY_DOUBLE:
        if (value != 8 || !take(rest, 8, &out->payload))
            return false;
        memcpy(&out->scalar, out->payload, 8);
        return true;
    case GSP__ENTRY_STRING:
    case GSP__ENTRY_ITEM:
    case GSP__ENTRY_STRINGS:
    case GSP__ENTRY_EVENT:
    case GSP__ENTRY_LINK:
        out->n_payload = value;
        return take(rest, value, &out->payload);
    }
    return false;
}

bool gsp__entries_next(struct gsp__entries *entries, struct gsp__entry_view *out)
{
    struct gsp__entries rest = *entries;
    struct gsp__entry e;
    const uint8_t *p;

    if (!take(&rest, sizeof e, &p))
        return false;
    memcpy(&e, p, sizeof e);
    out->fact = e.fact;
    out->kind = (enum gsp__entry_kind)e.kind;
    out->index = e.index;
    out->n_payload = 0;
    if (e.fact == 0 && e.kind < GSP__ENTRY_EVENT && !take_key(&rest, out))
        return false;
    if (!take_value(&rest, e.value, out))
        return false;
    *entries = rest;
    return true;
}

bool gsp__entry_event(const struct gsp__entry_view *entry, struct gsp__event_view *out)
{
    struct gsp__entries rest = {entry->payload, entry->n_payload};
    const uint8_t *p;

    if (!take(&rest, 8, &p))
        return false;
    memcpy(&out->time_ns, p, 8);
    if (rest.n == 0 || !take(&rest, 1u + rest.bytes[0], &p))
        return false;
    out->name = (const char *)p + 1;
    out->n_name = p[0];
    out->attributes = rest;
    return true;
}

bool gsp__entry_link(const struct gsp__entry_view *entry, struct gsp__link_view *out)
{
    struct gsp__entries rest = {entry->payload, entry->n_payload};
    const uint8_t *p;

    if (!take(&rest, 32, &p))
        return false;
    memset(&out->context, 0, sizeof out->context);
    memcpy(out->context.trace_id, p, 16);
    memcpy(out->context.span_id, p + 16, 8);
    out->context.trace_flags = p[24];
    out->context.is_remote = p[25] != 0;
    out->attributes = rest;
    return true;
}

bool gsp__strings_next(const uint8_t **bytes, uint32_t *n, const char **string, uint32_t *n_string)
{
    uint32_t length;

    if (*n < 4)
        return false;
    memcpy(&length, *bytes, 4);
    if (length > *n - 4)
        return false;
    *string = (const char *)*bytes + 4;
    *n_string = length;
    *bytes += 4 + length;
    *n -= 4 + length;
    return true;
}
