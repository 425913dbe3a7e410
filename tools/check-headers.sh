#!/bin/sh
# Compiles every public header alone, as C99, C11 and C++17, with all warnings as errors.
#
# usage: check-headers.sh PROJECT CC CXX
set -eu
cd "$1"
cc=$2
cxx=$3
n=0
for header in include/genspan/*.h; do
    name=${header#include/}
    for std in c99 c11; do
        printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" |
            $cc -std=$std -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror \
                -Iinclude -fsyntax-only -x c -
    done
    printf '#include <%s>\n#include <%s>\nint main() { return 0; }\n' "$name" "$name" |
        $cxx -std=c++17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror \
            -Iinclude -fsyntax-only -x c++ -
    n=$((n + 1))
done
# the _INIT macros are used by programs, not by the headers
for std in c99 c11; do
    $cc -std=$std -Wall -Wextra -Wpedantic -Wconversion -Werror -Iinclude -fsyntax-only \
        tools/header-use.c
done
$cxx -std=c++17 -Wall -Wextra -Wpedantic -Wconversion -Werror -Iinclude -fsyntax-only -x c++ \
    tools/header-use.c
echo "$n headers compile alone as C99, C11 and C++17"
