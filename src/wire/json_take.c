/*
 * The JSON reader's short cuts: what mostly comes, taken whole.
 */
#include "wire/json.h"

#include "base/scan.h"
#include "wire/json_state.h"

bool gsp__json_take_key(struct gsp__json *j, struct gsp__json_slice *key)
{
    const char *p = j->p, *end = j->end, *quote;

    if (j->skip_state != NO_SKIP)
        return false;
    if (j->state == AFTER_VALUE) {
        if (end - p < 4 || *p++ != ',')
            return false;
    } else if (j->state != AT_FIRST_KEY || end - p < 3) {
        return false;
    }
    if (*p++ != '"')
        return false;
    quote = gsp__scan_two(p, end, '"', '\\');
    if (end - quote < 2 || quote[0] != '"' || quote[1] != ':' || quote - p > GSP__JSON_KEY_MAX)
        return false;
    key->bytes = p;
    key->n = (size_t)(quote - p);
    j->p = quote + 2;
    j->state = AT_VALUE;
    return true;
}

bool gsp__json_take_string(struct gsp__json *j, struct gsp__json_slice *out)
{
    const char *p = j->p, *end = j->end, *quote;

    if (p == end || *p != '"')
        return false;
    quote = gsp__scan_two(++p, end, '"', '\\');
    if (quote == end || *quote != '"')
        return false;
    out->bytes = p;
    out->n = (size_t)(quote - p);
    j->p = quote + 1;
    j->state = AFTER_VALUE;
    return true;
}

bool gsp__json_take_nothing(struct gsp__json *j)
{
    const char *p = j->p, *end = j->end;
    struct gsp__json_slice string;

    if (p == end)
        return false;
    switch (*p) {
    case '"':
        return gsp__json_take_string(j, &string);
    case '{':
    case '[':
    case ',':
    case '}':
    case ']':
    case ':':
    case ' ':
    case '\n':
    case '\r':
    case '\t':
        return false;
    default:
        break;
    }
    while (p < end && *p != ',' && *p != '}' && *p != ']' && !is_blank(*p))
        p++;
    if (p == end)
        return false;
    j->p = p;
    j->state = AFTER_VALUE;
    return true;
}
