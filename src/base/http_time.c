/*
 * Times as HTTP writes them. The parser takes the three date forms by their fields, without the C
 * library's strptime, which follows the locale.
 */
#include "base/http_time.h"

#include <string.h>

/* A delay longer than this says nothing useful; it also keeps the arithmetic far from overflow. */
#define MAX_SECONDS 1000000000

struct cursor {
    const char *p, *end;
};

static void skip(struct cursor *c, const char *set)
{
    while (c->p < c->end && strchr(set, *c->p))
        c->p++;
}

static bool number(struct cursor *c, int max_digits, int *out)
{
    int n = 0, digits = 0;

    while (c->p < c->end && *c->p >= '0' && *c->p <= '9' && digits < max_digits) {
        n = n * 10 + (*c->p++ - '0');
        digits++;
    }
    *out = n;
    return digits > 0;
}

static bool month(struct cursor *c, int *out)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    if (c->end - c->p < 3)
        return false;
    for (int m = 0; m < 12; m++)
        if (memcmp(c->p, names + 3 * m, 3) == 0) {
            *out = m + 1;
            c->p += 3;
            return true;
        }
    return false;
}

static bool clock_time(struct cursor *c, int *seconds)
{
    int h, m, s;

    if (!number(c, 2, &h) || c->p == c->end || *c->p++ != ':' || !number(c, 2, &m) || c->p == c->end ||
        *c->p++ != ':' || !number(c, 2, &s))
        return false;
    if (h > 23 || m > 59 || s > 60)
        return false;
    *seconds = h * 3600 + m * 60 + s;
    return true;
}

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
static int64_t days_from_civil(int64_t y, int m, int d)
{
    int64_t era, year_of_era, day_of_year, day_of_era;

    y -= m <= 2;
    era = y / 400;
    year_of_era = y - era * 400;
    day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static bool day_month_year(struct cursor *c, int *day, int *mon, int *year)
{
    const char *digits;

    if (!number(c, 2, day))
        return false;
    skip(c, " -");
    if (!month(c, mon))
        return false;
    skip(c, " -");
    digits = c->p;
    if (!number(c, 4, year))
        return false;
    if (c->p - digits == 2) /* RFC 850: two digits, within 50 years of when this was written */
        *year += *year < 76 ? 2000 : 1900;
    return true;
}

bool gsp__http_date(const char *text, size_t n, int64_t *out_unix_s)
{
    struct cursor c = {text, text + n};
    int day, mon, year, seconds;

    /* the name of the day says nothing that the date does not */
    while (c.p < c.end && ((*c.p | 32) >= 'a' && (*c.p | 32) <= 'z'))
        c.p++;
    if (c.p == text)
        return false;
    skip(&c, ", ");
    if (c.p < c.end && *c.p >= '0' && *c.p <= '9') {
        if (!day_month_year(&c, &day, &mon, &year))
            return false;
        skip(&c, " ");
        if (!clock_time(&c, &seconds))
            return false;
    } else { /* asctime: Nov  6 08:49:37 1994 */
        if (!month(&c, &mon))
            return false;
        skip(&c, " ");
        if (!number(&c, 2, &day))
            return false;
        skip(&c, " ");
        if (!clock_time(&c, &seconds))
            return false;
        skip(&c, " ");
        if (!number(&c, 4, &year))
            return false;
    }
    if (day < 1 || day > 31 || year < 1970)
        return false;
    *out_unix_s = days_from_civil(year, mon, day) * 86400 + seconds;
    return true;
}

/* Exactly so many digits. */
static bool digits(struct cursor *c, int n, int *out)
{
    const char *begin = c->p;

    return number(c, n, out) && c->p - begin == n;
}

static bool literal(struct cursor *c, const char *set)
{
    if (c->p == c->end || !*c->p || !strchr(set, *c->p))
        return false;
    c->p++;
    return true;
}

/* Seconds that local time is ahead of UTC. */
static bool offset(struct cursor *c, int *out_s)
{
    int h, m, sign;

    *out_s = 0;
    if (literal(c, "Zz"))
        return c->p == c->end;
    sign = c->p < c->end && *c->p == '-' ? -1 : 1;
    if (!literal(c, "+-") || !digits(c, 2, &h) || !literal(c, ":") || !digits(c, 2, &m) || h > 23 || m > 59)
        return false;
    *out_s = sign * (h * 3600 + m * 60);
    return c->p == c->end;
}

bool gsp__rfc3339_ms(const char *text, size_t n, int64_t *out_unix_ms)
{
    struct cursor c = {text, text + n};
    int year, mon, day, seconds, ahead, ms = 0, unit = 100;

    if (!digits(&c, 4, &year) || !literal(&c, "-") || !digits(&c, 2, &mon) || !literal(&c, "-") ||
        !digits(&c, 2, &day) || !literal(&c, "Tt ") || !clock_time(&c, &seconds))
        return false;
    if (year < 1970 || mon < 1 || mon > 12 || day < 1 || day > 31)
        return false;
    if (literal(&c, "."))
        for (; c.p < c.end && *c.p >= '0' && *c.p <= '9'; c.p++, unit /= 10)
            ms += (*c.p - '0') * unit;
    if (!offset(&c, &ahead))
        return false;
    *out_unix_ms = (days_from_civil(year, mon, day) * 86400 + seconds - ahead) * 1000 + ms;
    return true;
}

static bool decimal_ms(const char *text, size_t n, int64_t *out_ms)
{
    int64_t ms = 0, unit = 100;
    size_t i = 0;

    for (; i < n && text[i] >= '0' && text[i] <= '9'; i++) {
        ms = ms * 10 + (text[i] - '0');
        if (ms > MAX_SECONDS)
            return false;
    }
    if (i == 0)
        return false;
    ms *= 1000;
    if (i < n && text[i] == '.')
        for (i++; i < n && text[i] >= '0' && text[i] <= '9'; i++, unit /= 10)
            ms += (text[i] - '0') * unit;
    if (i != n)
        return false;
    *out_ms = ms;
    return true;
}

bool gsp__retry_after_ms(const char *text, size_t n, uint64_t now_unix_ns, int64_t *out_ms)
{
    int64_t unix_s, ms;

    while (n > 0 && (text[0] == ' ' || text[0] == '\t')) {
        text++;
        n--;
    }
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    if (decimal_ms(text, n, out_ms))
        return true;
    if (!gsp__http_date(text, n, &unix_s))
        return false;
    ms = unix_s * 1000 - (int64_t)(now_unix_ns / 1000000);
    *out_ms = ms < 0 ? 0 : ms;
    return true;
}
