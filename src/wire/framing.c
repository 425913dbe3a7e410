/*
 * Framings: their names, and how they are told.
 */
#include "wire/framing.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"

const char *gsp__framing_name(enum gsp__framing framing)
{
    static const char *const names[] = {
        [GSP__FRAMING_UNKNOWN] = "",        [GSP__FRAMING_JSON] = "json",
        [GSP__FRAMING_JSON_ARRAY] = "json", [GSP__FRAMING_SSE] = "sse",
        [GSP__FRAMING_NDJSON] = "ndjson",   [GSP__FRAMING_EVENTSTREAM] = "eventstream",
        [GSP__FRAMING_RAW] = "raw",         [GSP__FRAMING_TEXT] = "text",
        [GSP__FRAMING_BYTES] = "",          [GSP__FRAMING_OTHER] = "",
    };

    return names[framing];
}

enum gsp__framing gsp__framing_of(const char *content_type, size_t n)
{
    static const struct {
        const char *begins;
        enum gsp__framing framing;
    } table[] = {
        {"text/event-stream", GSP__FRAMING_SSE},
        {"application/json", GSP__FRAMING_JSON},
        {"application/problem+json", GSP__FRAMING_JSON},
        {"application/x-ndjson", GSP__FRAMING_NDJSON},
        {"application/ndjson", GSP__FRAMING_NDJSON},
        {"application/jsonl", GSP__FRAMING_NDJSON},
        {"application/stream+json", GSP__FRAMING_NDJSON},
        {"application/vnd.amazon.eventstream", GSP__FRAMING_EVENTSTREAM},
        {"audio/", GSP__FRAMING_RAW},
        {"text/plain", GSP__FRAMING_TEXT},
        {"text/vtt", GSP__FRAMING_TEXT},
        {"text/srt", GSP__FRAMING_TEXT},
        {"application/x-subrip", GSP__FRAMING_TEXT},
        {"application/octet-stream", GSP__FRAMING_BYTES},
    };

    while (n > 0 && (*content_type == ' ' || *content_type == '\t')) {
        content_type++;
        n--;
    }
    if (n == 0)
        return GSP__FRAMING_UNKNOWN;
    for (size_t i = 0; i < GSP__COUNT_OF(table); i++) {
        size_t n_begins = strlen(table[i].begins);

        if (n >= n_begins && strncasecmp(content_type, table[i].begins, n_begins) == 0)
            return table[i].framing;
    }
    return GSP__FRAMING_OTHER;
}

enum gsp__framing gsp__framing_sniff(char first)
{
    if (first == '{' || first == '[')
        return GSP__FRAMING_JSON;
    if (first == ':' || (first >= 'a' && first <= 'z') || first == '\xef')
        return GSP__FRAMING_SSE;
    return GSP__FRAMING_OTHER;
}
