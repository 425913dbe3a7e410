/*
 * Lists of "key=value,key=value" as in OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS: the
 * W3C Baggage form without properties, percent-encoded.
 */
#ifndef GSP_BASE_PAIRS_H
#define GSP_BASE_PAIRS_H

#include <genspan/types.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Take the next pair from *list and decode both sides into buf (`cap` bytes, shared). Blanks around
 * keys and values are dropped; empty members are skipped.
 *
 * Returns 1 and sets *key, *value (in buf, NUL-terminated); 0 at the end; -1 if a member has no "=",
 * an empty key, a bad escape, or does not fit: the whole list is then to be discarded.
 */
int gsp__pairs_next(const char **list, char *buf, size_t cap, const char **key, const char **value);

#endif
