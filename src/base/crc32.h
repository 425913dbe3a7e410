/*
 * CRC-32 as in IEEE 802.3 (reflected, polynomial 0xedb88320), as zlib, PNG and AWS event streams have it.
 */
#ifndef GSP_BASE_CRC32_H
#define GSP_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Of n more bytes after those that gave `crc`; 0 to begin with. */
uint32_t gsp__crc32(uint32_t crc, const void *bytes, size_t n);

#endif
