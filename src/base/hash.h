/*
 * FNV-1a, 64 bits: for checksums of headers and keys of small tables, never against an adversary.
 */
#ifndef GSP_BASE_HASH_H
#define GSP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define GSP__FNV_INIT  0xcbf29ce484222325u
#define GSP__FNV_PRIME 0x100000001b3u

static inline uint64_t gsp__fnv1a(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * GSP__FNV_PRIME;
    return hash;
}

#endif
