#!/bin/sh
# Writes src/base/crc32_tables_gen.h. Run by hand; the result is committed.
#
# usage: tools/gen-crc32.sh > src/base/crc32_tables_gen.h
set -eu
cat << 'HEAD'
/* Written by tools/gen-crc32.sh. */
/* clang-format off */
#ifndef GSP_BASE_CRC32_TABLES_GEN_H
#define GSP_BASE_CRC32_TABLES_GEN_H

#include <stdint.h>

static const uint32_t gsp__crc32_tables[8][256] = {
HEAD
bash -c '
for ((i = 0; i < 256; i++)); do
    c=$i
    for ((b = 0; b < 8; b++)); do
        ((c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1))
    done
    t0[i]=$c
    t[i]=$c
done
for ((k = 0; k < 8; k++)); do
    echo "    {"
    for ((i = 0; i < 256; i++)); do
        ((i % 8 == 0)) && printf "       "
        printf " 0x%08x," ${t[i]}
        ((i % 8 == 7)) && echo
        ((t[i] = t[i] >> 8 ^ t0[t[i] & 255]))
    done
    echo "    },"
done'
cat << 'TAIL'
};

#endif
TAIL
