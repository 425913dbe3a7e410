/*
 * Response headers, one per line, and every value also as what else it may be: a duration, a date, a
 * Retry-After, a path, a host, a number.
 */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>

#include "base/http_time.h"
#include "base/number.h"
#include "wire/headers.h"
#include "wire/registry.h"
#include "wire/provider_name.h"

#define NOW_UNIX_NS ((uint64_t)1700000000 * 1000000000)

/* Every string that a sink is given is read, so that the sanitizers see it. */
static volatile unsigned sum;

static void on_string(void *self, unsigned fact, unsigned index, const char *bytes, size_t n, bool is_cut)
{
    (void)self;
    (void)index;
    (void)is_cut;
    FUZZ_CHECK(fact > 0 && fact < GSP_FACT_LIMIT && n > 0, "string for fact %u", fact);
    for (size_t i = 0; i < n; i++)
        sum += (unsigned char)bytes[i];
}

static void on_integer(void *self, unsigned fact, int64_t value)
{
    (void)self;
    FUZZ_CHECK(value >= 0, "fact %u below zero", fact);
}

static void on_real(void *self, unsigned fact, double value)
{
    (void)self;
    FUZZ_CHECK(isfinite(value) && value >= 0, "fact %u is %g", fact, value);
}

static void on_usage(void *self, gsp_usage part, int64_t tokens)
{
    (void)self;
    FUZZ_CHECK(part < GSP_USAGE_LIMIT && tokens >= 0, "usage %u is %lld", (unsigned)part, (long long)tokens);
}

static void on_boolean(void *self, unsigned fact, bool value)
{
    (void)self;
    sum += fact + value;
}

static const struct gsp__sink sink = {
    .string = on_string, .integer = on_integer, .real = on_real, .boolean = on_boolean, .usage = on_usage};

static void check_number(const char *text, size_t n)
{
    char again[GSP__NUMBER_TEXT_MAX];
    double value, same;
    size_t n_again;

    if (!gsp__parse_double(text, n, &value))
        return;
    FUZZ_CHECK(isfinite(value), "%.*s is not finite", (int)n, text);
    n_again = gsp__format_double(value, again);
    FUZZ_CHECK(n_again > 0 && n_again <= sizeof again, "%a has no text", value);
    FUZZ_CHECK(gsp__parse_double(again, n_again, &same) && memcmp(&same, &value, sizeof same) == 0,
               "%a is written as %.*s", value, (int)n_again, again);
}

static void check_value(const char *value, size_t n)
{
    double seconds;
    int64_t ms, unix_s;
    char *server = malloc(n + 1);

    memcpy(server, value, n);
    server[n] = 0;
    if (gsp__header_duration(value, n, &seconds))
        FUZZ_CHECK(isfinite(seconds) && seconds >= 0, "a duration of %g s", seconds);
    if (gsp__retry_after_ms(value, n, NOW_UNIX_NS, &ms))
        FUZZ_CHECK(ms >= 0, "retry after %lld ms", (long long)ms);
    if (gsp__http_date(value, n, &unix_s))
        FUZZ_CHECK(unix_s > -100000000000 && unix_s < 1000000000000, "a date of %lld", (long long)unix_s);
    check_number(value, n);
    gsp__framing_of(value, n);
    gsp__registry_find(value, n, value, n);
    gsp__registry_find_by_shape(value, n);
    gsp__provider_of_host(value, n);
    gsp__provider_of_server(value, n, server);
    gsp__provider_of_server("localhost:11434", 15, server);
    free(server);
}

static void read_line(const char *line, size_t n, struct gsp__header_hints *hints)
{
    const char *colon = n ? memchr(line, ':', n) : NULL;
    size_t n_name = colon ? (size_t)(colon - line) : 0, n_value;
    char *name, *value;

    if (!colon)
        return;
    n_value = n - n_name - 1;
    while (n_value > 0 && (colon[1] == ' ' || colon[1] == '\t')) {
        colon++;
        n_value--;
    }
    while (n_value > 0 && (colon[n_value] == ' ' || colon[n_value] == '\t' || colon[n_value] == '\r'))
        n_value--;
    name = fuzz_copy(line, n_name);
    value = fuzz_copy(colon + 1, n_value);
    gsp__header(name, n_name, value, n_value, NOW_UNIX_NS, hints, &sink, NULL);
    check_value(value, n_value);
    free(value);
    free(name);
    FUZZ_CHECK(hints->retry_after_ms >= -1, "retry after %lld ms", (long long)hints->retry_after_ms);
    FUZZ_CHECK(memchr(hints->server, 0, sizeof hints->server), "the server's name has no end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    struct gsp__header_hints hints;

    gsp__header_hints_init(&hints);
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;

        read_line(at, (size_t)(line_end - at), &hints);
        at = newline ? newline + 1 : end;
    }
    return 0;
}
