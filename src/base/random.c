/*
 * Random bytes from the kernel.
 */
#include "base/random.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"

static void fill_from_clocks(unsigned char *out, size_t n)
{
    uint64_t state = gsp__clock_realtime_ns() ^ ((uint64_t)getpid() << 32) ^ (uintptr_t)&state;

    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)gsp__random_next(&state);
}

void gsp__random_bytes(void *out, size_t n)
{
    unsigned char *p = out;

    while (n > 0) {
        ssize_t got = getrandom(p, n, GRND_NONBLOCK);

        if (got <= 0) {
            fill_from_clocks(p, n);
            return;
        }
        p += got;
        n -= (size_t)got;
    }
}
