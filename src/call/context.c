/*
 * W3C Trace Context: the traceparent header, level 2.
 */
#include <genspan/span.h>
#include <string.h>

#include "base/hex.h"

#define VERSION_00_LENGTH 55

static bool is_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i])
            return false;
    return true;
}

/* Ids and flags are lower-case hex by the specification; upper case is malformed. */
static bool has_upper_case(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] >= 'A' && s[i] <= 'Z')
            return true;
    return false;
}

gsp_status gsp_context_parse(const char *s, gsp_context *out)
{
    gsp_context c = {0};
    uint8_t version;
    size_t n;

    if (!s)
        return GSP_ERR_FORMAT;
    s += strspn(s, " \t");
    n = strnlen(s, 512);
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    if (n < VERSION_00_LENGTH || s[2] != '-' || s[35] != '-' || s[52] != '-' ||
        has_upper_case(s, VERSION_00_LENGTH) || !gsp__hex_decode(&version, 1, s) ||
        !gsp__hex_decode(c.trace_id, 16, s + 3) || !gsp__hex_decode(c.span_id, 8, s + 36) ||
        !gsp__hex_decode(&c.trace_flags, 1, s + 53))
        return GSP_ERR_FORMAT;
    if (version == 0xff || (version == 0 && n != VERSION_00_LENGTH) ||
        (n > VERSION_00_LENGTH && s[VERSION_00_LENGTH] != '-'))
        return GSP_ERR_FORMAT;
    if (is_zero(c.trace_id, 16) || is_zero(c.span_id, 8))
        return GSP_ERR_FORMAT;
    c.trace_flags &= GSP_TRACE_FLAG_SAMPLED | GSP_TRACE_FLAG_RANDOM;
    c.is_remote = 1;
    *out = c;
    return GSP_OK;
}

void gsp_context_format(const gsp_context *context, char out[GSP_TRACEPARENT_BYTES])
{
    uint8_t flags;

    out[0] = 0;
    if (!context || is_zero(context->trace_id, 16) || is_zero(context->span_id, 8))
        return;
    flags = context->trace_flags & (GSP_TRACE_FLAG_SAMPLED | GSP_TRACE_FLAG_RANDOM);
    memcpy(out, "00-", 3);
    gsp__hex_encode(out + 3, context->trace_id, 16);
    out[35] = '-';
    gsp__hex_encode(out + 36, context->span_id, 8);
    out[52] = '-';
    gsp__hex_encode(out + 53, &flags, 1);
    out[55] = 0;
}
