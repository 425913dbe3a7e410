/*
 * Times as HTTP writes them: dates (RFC 9110, 5.6.7) and Retry-After; and those of RFC 3339.
 */
#ifndef GSP_BASE_HTTP_TIME_H
#define GSP_BASE_HTTP_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seconds since 1970 of an IMF-fixdate, RFC 850 or asctime date. False if it is none of them. */
bool gsp__http_date(const char *text, size_t n, int64_t *out_unix_s);

/*
 * Milliseconds since 1970 of a time such as 2026-11-21T12:30:05.25Z or 2026-11-21T14:30:05+02:00. False if it
 * is none.
 */
bool gsp__rfc3339_ms(const char *text, size_t n, int64_t *out_unix_ms);

/*
 * Milliseconds that a Retry-After value asks for: whole or decimal seconds, or a date, which is taken
 * against now_unix_ns and gives 0 when past. False for anything else, negative numbers included.
 */
bool gsp__retry_after_ms(const char *text, size_t n, uint64_t now_unix_ns, int64_t *out_ms);

#endif
