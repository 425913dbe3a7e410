/*
 * Random bytes from the kernel, and the mixing functions that turn a seed and a counter into ids and
 * jitter. Nothing here is for secrets.
 */
#ifndef GSP_BASE_RANDOM_H
#define GSP_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fill with random bytes; falls back on clocks and addresses where the kernel has none to give. */
void gsp__random_bytes(void *out, size_t n);

/* A bijection of 64 bits whose every output bit depends on every input bit (splitmix64's finaliser). */
static inline uint64_t gsp__mix64(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    x ^= x >> 31;
    return x;
}

/* The next value of a small generator; `state` is the caller's, any start will do. */
static inline uint64_t gsp__random_next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    return gsp__mix64(*state);
}

#endif
