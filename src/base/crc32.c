/*
 * CRC-32, eight bytes at a time: table k says what a byte does to the remainder k bytes later. The tables
 * are generated (tools/gen-crc32.sh).
 */
#include "base/crc32.h"

#include <string.h>

#include "base/crc32_tables_gen.h"

uint32_t gsp__crc32(uint32_t crc, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    crc = ~crc;
    while (n >= 8) {
        uint32_t low = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;

        low ^= crc;
        crc = gsp__crc32_tables[7][low & 0xff] ^ gsp__crc32_tables[6][low >> 8 & 0xff] ^
              gsp__crc32_tables[5][low >> 16 & 0xff] ^ gsp__crc32_tables[4][low >> 24] ^
              gsp__crc32_tables[3][p[4]] ^ gsp__crc32_tables[2][p[5]] ^ gsp__crc32_tables[1][p[6]] ^
              gsp__crc32_tables[0][p[7]];
        p += 8;
        n -= 8;
    }
    while (n-- > 0)
        crc = crc >> 8 ^ gsp__crc32_tables[0][(crc ^ *p++) & 0xff];
    return ~crc;
}
