/*
 * Warnings to people, each at most once. The keys are kept as hashes in a small fixed table.
 */
#include "base/warn.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"

#define N_KEYS 64

static _Atomic uint64_t seen[N_KEYS];

static uint64_t hash_key(const char *key)
{
    return gsp__fnv1a(GSP__FNV_INIT, key, strlen(key)) | 1;
}

static bool first_time(uint64_t hash)
{
    for (int i = 0; i < N_KEYS; i++) {
        uint64_t empty = 0;

        if (atomic_compare_exchange_strong(&seen[i], &empty, hash))
            return true;
        if (empty == hash)
            return false;
    }
    return false;
}

/* What backends and variables say is quoted in warnings: it must not break the line or move the cursor. */
static void neutralise(char *line)
{
    while (*line) {
        size_t n = strnlen(line, 4), valid = gsp__utf8_valid_prefix(line, n);
        unsigned char c = (unsigned char)line[0];

        n = valid ? gsp__utf8_chars(line, valid, 1) : 1;
        if (c < 0x20 || c == 0x7f || (c == 0xc2 && valid && (unsigned char)line[1] < 0xa0))
            memset(line, '.', n);
        else if (!valid)
            *line = '?';
        line += n;
    }
}

void gsp__warn_once(const char *key, const char *format, ...)
{
    char line[512];
    va_list args;

    if (!first_time(hash_key(key)))
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    neutralise(line);
    fprintf(stderr, "genspan: %s\n", line);
}

void gsp__warn_reset(const char *key)
{
    uint64_t hash = hash_key(key);

    for (int i = 0; i < N_KEYS; i++) {
        uint64_t found = hash;

        if (atomic_compare_exchange_strong(&seen[i], &found, 0))
            return;
    }
}
